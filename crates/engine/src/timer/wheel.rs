//! A hierarchical wheel: four levels of 256 slots, each a doubly linked list of entries in a slab. Setting and
//! cancelling take constant time, and a cancelled entry is free at once. Timers of the same tick fire in the order in
//! which they were set.
//!
//! Invariant: `current` is the last tick that was looked at. An entry of level 0 is due within 256 ticks and
//! sits in the slot of its tick; one of level `k` sits in the slot of its tick divided by `256^k` and moves
//! down when the wheel reaches the beginning of that slot's span.

const SLOTS: usize = 256;
const LEVELS: usize = 4;
const NIL: u32 = u32::MAX;
/// Spans longer than the wheel's are kept in its last slot and sorted in again.
const SPAN: u64 = 1 << (8 * LEVELS);

/// Names an entry as long as it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    index: u32,
    generation: u32,
}

#[derive(Debug)]
struct Entry<T> {
    /// The last entry of the slot, if this is its first.
    previous: u32,
    next: u32,
    generation: u32,
    /// Level and slot; `FREE` in the free list.
    place: u32,
    due: u64,
    value: Option<T>,
}

const FREE: u32 = u32::MAX;

/// See the module page.
#[derive(Debug)]
pub struct Wheel<T> {
    entries: Vec<Entry<T>>,
    free: u32,
    /// Generation that new entries begin with.
    generation: u32,
    count: usize,
    /// First entry of each slot, level by level; made with the first timer.
    slots: Vec<u32>,
    /// Which slots are in use.
    occupied: [[u64; SLOTS / 64]; LEVELS],
    current: u64,
}

impl<T> Default for Wheel<T> {
    fn default() -> Wheel<T> {
        Wheel {
            entries: Vec::new(),
            free: NIL,
            generation: 0,
            count: 0,
            slots: Vec::new(),
            occupied: [[0; SLOTS / 64]; LEVELS],
            current: 0,
        }
    }
}

impl<T> Wheel<T> {
    /// Sets a timer for tick `due`; `now` is the present tick.
    pub fn insert(&mut self, due: u64, now: u64, value: T) -> Key {
        if self.slots.is_empty() {
            self.slots = vec![NIL; SLOTS * LEVELS];
        }
        if self.count == 0 {
            self.current = now;
        }
        let index = if self.free == NIL {
            self.entries.push(Entry {
                previous: NIL,
                next: NIL,
                generation: self.generation,
                place: FREE,
                due,
                value: None,
            });
            (self.entries.len() - 1) as u32
        } else {
            let i = self.free;
            self.free = self.entries[i as usize].next;
            i
        };
        let e = &mut self.entries[index as usize];
        e.due = due;
        e.value = Some(value);
        let generation = e.generation;
        self.count += 1;
        self.place(index);
        Key { index, generation }
    }

    /// Puts an entry into the slot where it belongs now.
    fn place(&mut self, index: u32) {
        // What is due already fires with the next tick looked at.
        let due = self.entries[index as usize].due.max(self.current + 1);
        let delta = (due - self.current).min(SPAN - 1);
        let at = self.current + delta;
        let mut level = 0;
        while level + 1 < LEVELS && delta >> (8 * (level + 1)) != 0 {
            level += 1;
        }
        self.link(index, level, (at >> (8 * level)) as usize % SLOTS);
    }

    /// Puts an entry behind those of a slot.
    fn link(&mut self, index: u32, level: usize, slot: usize) {
        let place = level * SLOTS + slot;
        let first = self.slots[place];
        let last = if first == NIL {
            self.slots[place] = index;
            self.occupied[level][slot / 64] |= 1 << (slot % 64);
            index
        } else {
            let last = std::mem::replace(&mut self.entries[first as usize].previous, index);
            self.entries[last as usize].next = index;
            last
        };
        let e = &mut self.entries[index as usize];
        e.place = place as u32;
        e.previous = last;
        e.next = NIL;
    }

    /// All that is set, in no order: when it is due, and the value.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &T)> {
        let set = self.entries.iter().filter(|e| e.place != FREE);
        set.filter_map(|e| Some((e.due, e.value.as_ref()?)))
    }

    fn entry(&self, key: Key) -> Option<&Entry<T>> {
        self.entries
            .get(key.index as usize)
            .filter(|e| e.generation == key.generation && e.place != FREE)
    }

    /// When the timer is due.
    pub fn due(&self, key: Key) -> Option<u64> {
        self.entry(key).map(|e| e.due)
    }

    /// Cancels a timer.
    pub fn remove(&mut self, key: Key) -> Option<(u64, T)> {
        self.entry(key)?;
        self.take(key.index)
    }

    fn unlink(&mut self, index: u32) {
        let (previous, next, place) = {
            let e = &self.entries[index as usize];
            (e.previous, e.next, e.place as usize)
        };
        let first = self.slots[place];
        if index != first {
            self.entries[previous as usize].next = next;
            let behind = if next == NIL { first } else { next };
            self.entries[behind as usize].previous = previous;
            return;
        }
        self.slots[place] = next;
        if next == NIL {
            let slot = place % SLOTS;
            self.occupied[place / SLOTS][slot / 64] &= !(1 << (slot % 64));
        } else {
            self.entries[next as usize].previous = previous;
        }
    }

    fn take(&mut self, index: u32) -> Option<(u64, T)> {
        self.unlink(index);
        let free = self.free;
        let e = &mut self.entries[index as usize];
        e.place = FREE;
        e.generation = e.generation.wrapping_add(1);
        e.next = free;
        self.free = index;
        self.count -= 1;
        let taken = e.value.take().map(|v| (e.due, v));
        if self.count == 0 && self.entries.len() > 1024 {
            // A burst is over: its memory goes. Old keys must find nothing in what comes after it.
            let newest = self.entries.iter().map(|e| e.generation).max();
            self.generation = newest.unwrap_or(0).wrapping_add(1);
            self.entries = Vec::new();
            self.free = NIL;
        }
        taken
    }

    /// The first occupied slot of a level from `from` on, in the order of time: how many slots away.
    fn distance(&self, level: usize, from: usize) -> Option<u64> {
        let bits = &self.occupied[level];
        let mut i = 0;
        while i < SLOTS {
            let slot = (from + i) % SLOTS;
            let word = bits[slot / 64] >> (slot % 64);
            if word != 0 {
                return Some(i as u64 + u64::from(word.trailing_zeros()));
            }
            i += 64 - slot % 64;
        }
        None
    }

    /// The tick at which there is something to do: a timer is due, or a slot is to be sorted in again.
    pub fn next_due(&self) -> Option<u64> {
        if self.count == 0 {
            return None;
        }
        (0..LEVELS)
            .filter_map(|level| {
                let span = 8 * level;
                let next = (self.current >> span) + 1;
                let away = self.distance(level, next as usize % SLOTS)?;
                Some((next + away) << span)
            })
            .min()
    }

    /// A timer that is due at tick `now`, or none; to be called until there is none.
    pub fn pop_due(&mut self, now: u64) -> Option<T> {
        loop {
            if self.count == 0 {
                self.current = now;
                return None;
            }
            // What is left of the present tick.
            let slot = self.current as usize % SLOTS;
            let first = self.slots[slot];
            if first != NIL && self.entries[first as usize].due <= self.current {
                return self.take(first).map(|(_, v)| v);
            }
            match self.next_due() {
                Some(at) if at <= now => self.advance(at),
                _ => {
                    self.current = now.max(self.current);
                    return None;
                }
            }
        }
    }

    /// Goes to tick `at`, which is not behind the next thing to do, and sorts in what reaches its span.
    fn advance(&mut self, at: u64) {
        self.current = at;
        for level in (1..LEVELS).rev() {
            if at.trailing_zeros() < 8 * level as u32 {
                continue;
            }
            let slot = (at >> (8 * level)) as usize % SLOTS;
            let mut index = self.slots[level * SLOTS + slot];
            while index != NIL {
                let next = self.entries[index as usize].next;
                self.unlink(index);
                self.sort_in(index);
                index = next;
            }
        }
    }

    /// As `place`, but what is due at the present tick goes to the present slot.
    fn sort_in(&mut self, index: u32) {
        if self.entries[index as usize].due > self.current {
            return self.place(index);
        }
        self.link(index, 0, self.current as usize % SLOTS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_of_a_tick_fire_in_the_order_of_setting() {
        for due in [5, 300, 70_000] {
            let mut w = Wheel::default();
            let keys: Vec<Key> = (0..10).map(|n| w.insert(due, 0, n)).collect();
            for gone in [0, 4, 9] {
                assert_eq!(w.remove(keys[gone]), Some((due, gone)));
            }
            w.insert(due, 0, 10);
            let fired: Vec<usize> = std::iter::from_fn(|| w.pop_due(due)).collect();
            assert_eq!(fired, [1, 2, 3, 5, 6, 7, 8, 10]);
        }
    }

    #[test]
    fn timers_fire_at_their_tick_and_not_after_they_were_cancelled() {
        let mut w = Wheel::default();
        let mut seed = 1u64;
        let mut now = 5000u64;
        let mut model: Vec<(u64, u64, Key)> = Vec::new();
        for n in 0..20_000u64 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(n);
            let r = seed >> 33;
            match r % 4 {
                0 | 1 => {
                    let due = now + (r >> 4) % [3, 300, 70_000, 20_000_000][(r >> 2) as usize % 4];
                    model.push((due, n, w.insert(due, now, n)));
                }
                2 if !model.is_empty() => {
                    let i = (r >> 4) as usize % model.len();
                    let (due, n, key) = model.swap_remove(i);
                    assert_eq!(w.remove(key), Some((due, n)));
                    assert_eq!(w.remove(key), None);
                }
                _ => {
                    now += (r >> 4) % [2, 40, 600, 100_000][(r >> 2) as usize % 4];
                    let mut fired: Vec<u64> = std::iter::from_fn(|| w.pop_due(now)).collect();
                    let mut expected: Vec<u64> =
                        model.iter().filter(|m| m.0 <= now).map(|m| m.1).collect();
                    // What was set for the present tick fires with the next one.
                    fired.sort_unstable();
                    expected.sort_unstable();
                    let late: Vec<_> = expected
                        .iter()
                        .filter(|n| !fired.contains(n))
                        .copied()
                        .collect();
                    assert!(fired.iter().all(|n| expected.contains(n)));
                    assert!(model.iter().all(|m| !late.contains(&m.1) || m.0 == now));
                    model.retain(|m| m.0 > now || late.contains(&m.1));
                    assert!(w.next_due().is_none_or(|t| t > now));
                }
            }
        }
    }
}
