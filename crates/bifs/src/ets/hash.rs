//! Hash tables: `set`, `bag`, `duplicate_bag`. Linear hashing: the table grows and shrinks by one bucket at a
//! time, so no insertion ever waits for a rehash of everything.
//!
//! A bucket is a chain of entries in a [`Slab`]. Rows of equal key stand together in it, newest first, and a new key
//! comes first in its bucket: that is the order of traversal, as in the reference engine; so traversals of equal
//! tables see equal orders where hashes agree. While the table is held, it keeps its buckets; while it is fixed,
//! removed rows are only marked, too.

use super::Kind;
use super::slab::{ENTRY_WORDS, Entry, NONE, Slab};
use super::table::Fixation;
use corten_term::{Row, Term, compare, hash, memory};

/// Buckets of an empty table.
const MIN_BUCKETS: usize = 256;

/// See the module page.
#[derive(Debug)]
pub struct HashTable {
    kind: Kind,
    /// First entry of each bucket.
    buckets: Vec<u32>,
    slab: Slab,
    live: usize,
    dead: usize,
    /// Buckets that got a dead entry, perhaps more than once.
    dead_in: Vec<u32>,
    row_words: usize,
}

/// Where a key is: its bucket, the entry before its first one, and that.
struct Found {
    bucket: usize,
    before: u32,
    at: u32,
}

/// The hash that decides on bucket and shard: atoms by name, so that it is the same in every run.
#[inline]
pub fn key_hash(key: Term<'_>) -> u32 {
    match key.as_atom() {
        Some(a) => a.hash_value() & 0x0FFF_FFFF,
        None => hash::internal_hash(key) as u32 & 0x0FFF_FFFF,
    }
}

impl HashTable {
    pub fn new(kind: Kind) -> HashTable {
        HashTable {
            kind,
            buckets: vec![NONE; MIN_BUCKETS],
            slab: Slab::new(),
            live: 0,
            dead: 0,
            dead_in: Vec::new(),
            row_words: 0,
        }
    }
    pub fn len(&self) -> usize {
        self.live
    }
    pub fn words(&self) -> usize {
        self.row_words + (self.live + self.dead) * ENTRY_WORDS + self.buckets.len() / 2
    }
    /// Rows that were removed and stay as long as the table is fixed.
    pub fn dead(&self) -> usize {
        self.dead
    }
    pub fn buckets(&self) -> usize {
        self.buckets.len()
    }

    #[inline(always)]
    fn bucket_of(&self, hash: u32) -> usize {
        let mask = self.buckets.len().next_power_of_two() - 1;
        let i = hash as usize & mask;
        if i < self.buckets.len() {
            i
        } else {
            i & (mask >> 1)
        }
    }

    #[inline(always)]
    fn is_match(e: &Entry, hash: u32, key: Term<'_>) -> bool {
        e.hash() == hash && e.row().is_some_and(|r| compare::exact_eq(r.key(), key))
    }

    #[inline]
    fn find(&self, hash: u32, key: Term<'_>) -> Found {
        let bucket = self.bucket_of(hash);
        let (mut before, mut at) = (NONE, self.buckets[bucket]);
        while at != NONE {
            let e = self.slab.get(at);
            if HashTable::is_match(e, hash, key) {
                break;
            }
            (before, at) = (at, e.next);
        }
        Found { bucket, before, at }
    }

    /// Entries from `at` on to the end of the chain.
    fn chain(&self, at: u32) -> impl Iterator<Item = &Entry> {
        let entry = |i: u32| (i != NONE).then(|| self.slab.get(i));
        std::iter::successors(entry(at), move |e| entry(e.next))
    }

    /// Makes `to` follow `before`, or come first.
    fn link(&mut self, bucket: usize, before: u32, to: u32) {
        if before == NONE {
            self.buckets[bucket] = to;
        } else {
            self.slab.get_mut(before).next = to;
        }
    }

    /// The newest row of a key: of a set, the only one.
    #[inline]
    pub fn get(&self, hash: u32, key: Term<'_>) -> Option<&Row> {
        let found = self.find(hash, key);
        if found.at == NONE {
            return None;
        }
        match self.slab.get(found.at).live() {
            None if !self.kind.is_set() => self
                .chain(found.at)
                .take_while(|e| HashTable::is_match(e, hash, key))
                .find_map(Entry::live),
            row => row,
        }
    }

    /// The same, for changes that leave key and size alone.
    pub fn get_mut(&mut self, hash: u32, key: Term<'_>) -> Option<&mut Row> {
        let found = self.find(hash, key);
        if found.at == NONE {
            return None;
        }
        self.slab.get_mut(found.at).live_mut()
    }

    /// The live rows of a key, oldest first.
    pub fn lookup(&self, hash: u32, key: Term<'_>) -> Vec<&Row> {
        let found = self.find(hash, key);
        let mut rows: Vec<&Row> = self
            .chain(found.at)
            .take_while(|e| HashTable::is_match(e, hash, key))
            .filter_map(Entry::live)
            .collect();
        rows.reverse();
        rows
    }

    /// Inserts a row as the kind of table has it.
    pub fn insert(&mut self, hash: u32, row: Row, fix: Fixation) {
        let found = self.find(hash, row.key());
        if found.at != NONE {
            if self.kind == Kind::Set {
                return self.put(found.at, row);
            }
            if self.kind == Kind::Bag && self.has_object(found.at, hash, &row) {
                return;
            }
            // In front of the key's other rows.
            self.row_words += row.words();
            let new = self.slab.add(hash, row, found.at);
            self.link(found.bucket, found.before, new);
        } else {
            self.row_words += row.words();
            let new = self.slab.add(hash, row, self.buckets[found.bucket]);
            self.buckets[found.bucket] = new;
        }
        self.live += 1;
        if fix == Fixation::None && self.live > self.buckets.len() {
            self.grow();
        }
    }

    /// Puts a row of the same key into an entry.
    fn put(&mut self, at: u32, row: Row) {
        let e = self.slab.get_mut(at);
        if e.is_dead() {
            self.dead -= 1;
            self.live += 1;
        }
        self.row_words += row.words();
        self.row_words -= e.set(row).map_or(0, |old| old.words());
    }

    /// Whether a bag has this very row.
    fn has_object(&self, from: u32, hash: u32, row: &Row) -> bool {
        self.chain(from)
            .take_while(|e| HashTable::is_match(e, hash, row.key()))
            .filter_map(Entry::live)
            .any(|r| compare::exact_eq(r.object(), row.object()))
    }

    /// Replaces the only row of a key (`set`).
    pub fn replace(&mut self, hash: u32, row: Row) {
        let found = self.find(hash, row.key());
        if found.at != NONE {
            self.put(found.at, row);
        }
    }

    /// Removes the rows of a key that `which` chooses.
    pub fn remove(
        &mut self,
        hash: u32,
        key: Term<'_>,
        fix: Fixation,
        mut which: impl FnMut(&Row) -> bool,
    ) -> usize {
        let Found {
            bucket,
            mut before,
            mut at,
        } = self.find(hash, key);
        let mut removed = 0;
        while at != NONE && HashTable::is_match(self.slab.get(at), hash, key) {
            let gone = self.remove_at(bucket, before, at, fix, &mut which);
            removed += usize::from(gone.is_some());
            (before, at) = gone.unwrap_or_else(|| (at, self.slab.get(at).next));
        }
        self.removed(removed, fix);
        removed
    }

    /// Removes the row of an entry if `which` says so; then where to go on: the entry before and the next one.
    fn remove_at(
        &mut self,
        bucket: usize,
        before: u32,
        at: u32,
        fix: Fixation,
        which: &mut impl FnMut(&Row) -> bool,
    ) -> Option<(u32, u32)> {
        let e = self.slab.get_mut(at);
        if !e.live().is_some_and(which) {
            return None;
        }
        let next = e.next;
        if fix == Fixation::Fixed {
            e.set_dead(true);
            self.dead_in.push(bucket as u32);
            return Some((at, next));
        }
        self.link(bucket, before, next);
        self.row_words -= self.slab.remove(at).map_or(0, |row| row.words());
        Some((before, next))
    }

    fn removed(&mut self, n: usize, fix: Fixation) {
        self.live -= n;
        match fix {
            Fixation::Fixed => self.dead += n,
            Fixation::Held => {}
            Fixation::None if n > 0 => self.shrink(),
            Fixation::None => {}
        }
    }

    /// Removes the rows of one bucket that `which` chooses.
    pub fn remove_from_bucket(
        &mut self,
        bucket: usize,
        fix: Fixation,
        mut which: impl FnMut(&Row) -> bool,
    ) -> usize {
        let mut before = NONE;
        let mut at = self.buckets.get(bucket).copied().unwrap_or(NONE);
        let mut removed = 0;
        while at != NONE {
            let gone = self.remove_at(bucket, before, at, fix, &mut which);
            removed += usize::from(gone.is_some());
            (before, at) = gone.unwrap_or_else(|| (at, self.slab.get(at).next));
        }
        self.removed(removed, fix);
        removed
    }

    /// Offers each live row of a bucket to `new`, which may give a row of the same key to take its place.
    pub fn replace_in_bucket<E>(
        &mut self,
        bucket: usize,
        mut new: impl FnMut(&Row) -> Result<Option<Row>, E>,
    ) -> Result<(), E> {
        let mut at = self.buckets.get(bucket).copied().unwrap_or(NONE);
        while at != NONE {
            let e = self.slab.get(at);
            let next = e.next;
            if let Some(row) = e.live().map_or(Ok(None), &mut new)? {
                self.put(at, row);
            }
            at = next;
        }
        Ok(())
    }

    /// The live rows of a bucket in the order of traversal.
    pub fn bucket(&self, b: usize) -> impl Iterator<Item = &Row> {
        let first = self.buckets.get(b).copied().unwrap_or(NONE);
        self.chain(first).filter_map(Entry::live)
    }

    /// For a walk that has come to this bucket: fetches what it sees soon, so that it need not wait for it; the second entry
    /// of a bucket too, which two rows in five are at or behind.
    #[inline]
    pub fn approach(&self, b: usize) {
        let first = |b: usize| self.buckets.get(b).copied().unwrap_or(NONE);
        let entry = |i: u32| (i != NONE).then(|| self.slab.get(i));
        if let Some(e) = entry(first(b + 14)) {
            memory::prefetch(e);
        }
        if let Some(e) = entry(first(b + 10)).and_then(|e| entry(e.next)) {
            memory::prefetch(e);
        }
        self.chain(first(b + 6))
            .take(2)
            .filter_map(Entry::row)
            .for_each(Row::prefetch);
    }

    /// All rows of a bucket that take memory.
    pub fn kept(&self, b: usize) -> impl Iterator<Item = &Row> {
        let first = self.buckets.get(b).copied().unwrap_or(NONE);
        self.chain(first).filter_map(Entry::row)
    }

    /// The first row at or behind bucket `b`; with `dead`, one that was removed counts too.
    pub fn first_from(&self, b: usize, dead: bool) -> Option<&Row> {
        let found = self
            .buckets
            .get(b..)?
            .iter()
            .enumerate()
            .find_map(|(i, first)| Some((b + i, self.first_in(*first, dead)?)));
        let (b, row) = found?;
        // Who asks for rows one by one asks for the next one soon.
        let next = self.buckets.get(b + 1..).and_then(|rest| {
            let i = rest.iter().take(4).find(|i| **i != NONE)?;
            Some(self.slab.get(*i))
        });
        next.inspect(|e| memory::prefetch(*e));
        Some(row)
    }

    fn first_in(&self, at: u32, dead: bool) -> Option<&Row> {
        self.chain(at)
            .find_map(|e| if dead { e.row() } else { e.live() })
    }

    /// The row of the key that follows `key` in traversal; `Err` if `key` is not there.
    pub fn next(&self, hash: u32, key: Term<'_>, dead: bool) -> Result<Option<&Row>, ()> {
        let found = self.find(hash, key);
        if found.at == NONE {
            return Err(());
        }
        let rest = self
            .chain(found.at)
            .skip_while(|e| HashTable::is_match(e, hash, key))
            .find_map(|e| if dead { e.row() } else { e.live() });
        Ok(rest.or_else(|| self.first_from(found.bucket + 1, dead)))
    }

    /// Drops what was removed while the table was fixed.
    pub fn purge(&mut self) {
        for bucket in std::mem::take(&mut self.dead_in) {
            let bucket = bucket as usize;
            let (mut before, mut at) = (NONE, self.buckets[bucket]);
            while at != NONE {
                let e = self.slab.get(at);
                let (next, dead) = (e.next, e.is_dead());
                if dead {
                    self.link(bucket, before, next);
                    self.row_words -= self.slab.remove(at).map_or(0, |row| row.words());
                    self.dead -= 1;
                } else {
                    before = at;
                }
                at = next;
            }
        }
    }

    /// Takes the number of buckets that the table should have: nobody holds it any more.
    pub fn resize(&mut self) {
        while self.live > self.buckets.len() {
            self.grow();
        }
        self.shrink();
    }

    /// Drops some rows of a table that is nobody's any more; how many, or `None` when none is left.
    pub fn drop_some(&mut self) -> Option<usize> {
        self.slab.drop_chunk()
    }

    /// Splits one bucket: some of its entries move to a new one, all keep their order.
    fn grow(&mut self) {
        // The fixation is over and whoever ended it has not been here yet: `dead_in` speaks of the buckets of before.
        self.purge();
        let new = self.buckets.len();
        let from = new - (new + 1).next_power_of_two() / 2;
        let mask = ((new + 1).next_power_of_two() - 1) as u32;
        self.buckets.push(NONE);
        let mut at = std::mem::replace(&mut self.buckets[from], NONE);
        let (mut last_stay, mut last_moved) = (NONE, NONE);
        while at != NONE {
            let e = self.slab.get_mut(at);
            let next = std::mem::replace(&mut e.next, NONE);
            if (e.hash() & mask) as usize == new {
                self.link(new, last_moved, at);
                last_moved = at;
            } else {
                self.link(from, last_stay, at);
                last_stay = at;
            }
            at = next;
        }
    }

    /// Joins buckets while the table is mostly empty.
    fn shrink(&mut self) {
        self.purge(); // as in `grow`
        while self.buckets.len() > MIN_BUCKETS && self.live + self.dead < self.buckets.len() / 2 {
            let Some(first) = self.buckets.pop() else {
                break;
            };
            if first == NONE {
                continue;
            }
            let into = self.buckets.len() - (self.buckets.len() + 1).next_power_of_two() / 2;
            let mut last = first;
            loop {
                let next = self.slab.get(last).next;
                if next == NONE {
                    break;
                }
                last = next;
            }
            self.slab.get_mut(last).next = self.buckets[into];
            self.buckets[into] = first;
        }
        // Chunks are given back only when the table is empty.
        if self.live + self.dead == 0 && self.slab.is_large() {
            self.slab = Slab::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: i64) -> HashTable {
        let mut t = HashTable::new(Kind::Set);
        (0..rows).for_each(|n| add(&mut t, n, Fixation::None));
        t
    }
    fn add(t: &mut HashTable, n: i64, fix: Fixation) {
        let heap = corten_term::Heap::new();
        let row = Row::new(heap.tuple(&[Term::small(n)]), 1).unwrap();
        t.insert(key_hash(Term::small(n)), row, fix);
    }
    fn remove(t: &mut HashTable, n: i64, fix: Fixation) {
        t.remove(key_hash(Term::small(n)), Term::small(n), fix, |_| true);
    }

    /// The fixation is over, and others change the table before the removed rows have gone.
    #[test]
    fn removed_rows_go_although_the_table_grows_or_shrinks_first() {
        for grows in [true, false] {
            let mut t = table(3000);
            (0..2990).for_each(|n| remove(&mut t, n, Fixation::Fixed));
            assert_eq!((t.len(), t.dead()), (10, 2990));
            if grows {
                (3000..9000).for_each(|n| add(&mut t, n, Fixation::None));
            } else {
                (2990..3000).for_each(|n| remove(&mut t, n, Fixation::None));
            }
            t.purge();
            assert_eq!(t.dead(), 0);
            let left = (0..t.buckets()).map(|b| t.kept(b).count()).sum::<usize>();
            assert_eq!((t.len(), left), if grows { (6010, 6010) } else { (0, 0) });
        }
    }
}
