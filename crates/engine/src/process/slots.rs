//! The slots of the process table, and how the memory of those that nobody uses goes back to the system.
//!
//! Identifiers are handed out in order, so a crowd that has gone leaves a stretch of the table behind that comes into use
//! again only when the identifiers have gone round. A *chunk* of slots counts those in use: a chunk in which there are
//! none may be forgotten by the system, which makes all of it null pointers, as it is already. Who looks a process up
//! does not notice; who takes a slot first counts itself, so that it waits for, or prevents, what happens to the chunk.

use super::Process;
use std::alloc::Layout;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

type Slot = AtomicPtr<Process>;

/// Slots of a chunk: as many as are several pages.
const CHUNK: usize = 1 << 14;

/// The low half of a chunk's state counts slots in use, and threads that are about to take one.
const ONE: u64 = 1;
/// The chunk is being given back.
const GIVING: u64 = 1 << 32;
/// The bits above count how often a slot was taken.
const TAKEN: u64 = 1 << 33;

#[derive(Debug, Default)]
struct Chunk {
    state: AtomicU64,
    /// How often a slot had been taken when the chunk was given back last.
    given: AtomicU64,
}

/// See the module page.
#[derive(Debug)]
pub(super) struct Slots {
    slots: Box<[Slot]>,
    chunks: Box<[Chunk]>,
}

impl Slots {
    pub fn new(n: usize) -> Slots {
        let layout =
            Layout::array::<Slot>(n).unwrap_or_else(|_| corten_term::heap::out_of_memory(n));
        // SAFETY: zeroed memory is a valid array of null pointers; pages are not touched until used. The layout
        // is that of the boxed slice.
        let slots = unsafe {
            let p = std::alloc::alloc_zeroed(layout).cast::<Slot>();
            if p.is_null() {
                corten_term::heap::out_of_memory(n);
            }
            Box::from_raw(ptr::slice_from_raw_parts_mut(p, n))
        };
        let chunks = (0..n.div_ceil(CHUNK)).map(|_| Chunk::default()).collect();
        Slots { slots, chunks }
    }

    pub fn len(&self) -> usize {
        self.slots.len()
    }
    #[inline]
    pub fn at(&self, index: usize) -> &Slot {
        &self.slots[index]
    }

    /// Puts `p`, which is not null, into a slot if that is free; whether it was.
    pub fn take(&self, index: usize, p: *mut Process) -> bool {
        let slot = &self.slots[index];
        if !slot.load(Ordering::Relaxed).is_null() {
            return false;
        }
        let chunk = &self.chunks[index / CHUNK].state;
        let mut state = chunk.fetch_add(TAKEN + ONE, Ordering::Acquire);
        while state & GIVING != 0 {
            std::thread::yield_now();
            state = chunk.load(Ordering::Acquire);
        }
        let taken = slot
            .compare_exchange(ptr::null_mut(), p, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok();
        if !taken {
            chunk.fetch_sub(ONE, Ordering::Release);
        }
        taken
    }

    /// Empties a slot that was taken.
    pub fn clear(&self, index: usize) {
        self.slots[index].store(ptr::null_mut(), Ordering::Release);
        self.chunks[index / CHUNK]
            .state
            .fetch_sub(ONE, Ordering::Release);
    }

    /// Gives the memory of chunks back that were used and are not now; how many.
    pub fn give_back(&self) -> usize {
        let given = self.chunks.iter().enumerate().filter(|(i, chunk)| {
            let state = chunk.state.load(Ordering::Relaxed);
            let taken = state / TAKEN;
            if state % GIVING != 0 || taken == chunk.given.load(Ordering::Relaxed) {
                return false;
            }
            let claimed = chunk.state.compare_exchange(
                state,
                state + GIVING,
                Ordering::Acquire,
                Ordering::Relaxed,
            );
            if claimed.is_err() {
                return false;
            }
            let from = i * CHUNK;
            forget(&self.slots[from..self.slots.len().min(from + CHUNK)]);
            chunk.given.store(taken, Ordering::Relaxed);
            chunk.state.fetch_sub(GIVING, Ordering::Release);
            true
        });
        given.count()
    }
}

/// Has the system forget the pages that hold nothing but these slots, which are null and which nobody writes.
fn forget(slots: &[Slot]) {
    #[cfg(all(target_os = "linux", not(miri)))]
    {
        // SAFETY: asks the system only.
        let page = usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(0);
        let Some(first) = (slots.as_ptr() as usize).checked_next_multiple_of(page) else {
            return;
        };
        let end = slots.as_ptr_range().end as usize;
        let length = end.saturating_sub(first) / page * page;
        if length > 0 {
            // SAFETY: the pages are part of the slots, which lie in memory that the allocator has from the system and no
            // file is behind: they read as zeros afterwards, which is what they hold. That it may fail does no harm.
            unsafe { libc::madvise(first as *mut libc::c_void, length, libc::MADV_DONTNEED) };
        }
    }
    #[cfg(not(all(target_os = "linux", not(miri))))]
    let _ = slots;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicBool;

    fn mark(n: usize) -> *mut Process {
        ptr::without_provenance_mut(n)
    }

    #[test]
    fn chunks_that_nobody_uses_are_given_back_once() {
        let s = Slots::new(4 * CHUNK);
        assert_eq!(s.give_back(), 0);
        for i in 0..3 * CHUNK {
            assert!(s.take(i, mark(1)));
        }
        assert!(!s.take(7, mark(2)));
        assert_eq!(s.give_back(), 0);
        for i in (0..3 * CHUNK).filter(|i| *i != CHUNK + 5) {
            s.clear(i);
        }
        // One slot of the second chunk is in use.
        assert_eq!(s.give_back(), 2);
        assert_eq!(s.give_back(), 0);
        assert_eq!(s.at(CHUNK + 5).load(Ordering::Relaxed), mark(1));
        assert!((0..CHUNK).all(|i| s.at(i).load(Ordering::Relaxed).is_null()));
        assert!(s.take(0, mark(3)));
        assert_eq!(s.at(0).load(Ordering::Relaxed), mark(3));
        s.clear(0);
        s.clear(CHUNK + 5);
        assert_eq!(s.give_back(), 2);
    }

    #[test]
    fn slots_taken_meanwhile_are_not_forgotten() {
        let (s, done) = (Slots::new(2 * CHUNK), AtomicBool::new(false));
        std::thread::scope(|scope| {
            let takers: Vec<_> = (1..3)
                .map(|who| {
                    let s = &s;
                    scope.spawn(move || {
                        for round in 0..20_000 {
                            // Each its own: every second slot of all pages of the first chunk.
                            let i = (round * 1021 * 2 + who) % CHUNK;
                            assert!(s.take(i, mark(who)));
                            assert_eq!(s.at(i).load(Ordering::Relaxed), mark(who));
                            s.clear(i);
                        }
                    })
                })
                .collect();
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    s.give_back();
                }
            });
            let ends: Vec<_> = takers.into_iter().map(|t| t.join()).collect();
            done.store(true, Ordering::Relaxed);
            assert!(ends.iter().all(Result::is_ok));
        });
    }
}
