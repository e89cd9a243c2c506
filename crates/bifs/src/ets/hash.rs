//! Hash tables: `set`, `bag`, `duplicate_bag`. Linear hashing: the table grows and shrinks by one bucket at a
//! time, so no insertion ever waits for a rehash of everything.
//!
//! A bucket is a chain of rows. Rows of equal key stand together in it, newest first, and a new key
//! comes first in its bucket: that is the order of traversal, as in the reference engine; so traversals of equal
//! tables see equal orders where hashes agree. While the table is held, it keeps its buckets; while it is fixed,
//! removed rows are only marked, too.

use super::Kind;
use super::buckets::Buckets;
use super::table::Fixation;
use corten_term::row::{HASH_BITS, Link};
use corten_term::{Row, Term, compare, hash};

/// Buckets of an empty table.
const MIN_BUCKETS: usize = 256;

/// See the module page.
#[derive(Debug)]
pub struct HashTable {
    kind: Kind,
    keypos: usize,
    buckets: Buckets,
    live: usize,
    dead: usize,
    /// Buckets that got a removed row which stays, perhaps more than once.
    dead_in: Vec<u32>,
    row_words: usize,
}

/// The hash that decides on bucket and shard: atoms by name, so that it is the same in every run.
#[inline]
pub fn key_hash(key: Term<'_>) -> u32 {
    let hash = match key.as_atom() {
        Some(a) => a.hash_value(),
        None => hash::internal_hash(key) as u32,
    };
    hash & ((1 << HASH_BITS) - 1)
}

/// The row, if programs see it.
fn live(row: &Row) -> Option<&Row> {
    (!row.is_dead()).then_some(row)
}

/// A row and those behind it.
fn chain(first: Option<&Row>) -> impl Iterator<Item = &Row> {
    std::iter::successors(first, |row| row.next())
}

impl HashTable {
    /// One of so many that a table is made of.
    pub fn new(kind: Kind, keypos: usize, shards: usize) -> HashTable {
        HashTable {
            kind,
            keypos,
            buckets: Buckets::new(MIN_BUCKETS / shards),
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
        self.row_words + self.buckets.words()
    }
    /// Rows that were removed and stay as long as the table is fixed.
    pub fn dead(&self) -> usize {
        self.dead
    }
    pub fn buckets(&self) -> usize {
        self.buckets.len()
    }

    #[inline(always)]
    fn is_match(&self, row: &Row, hash: u32, key: Term<'_>) -> bool {
        row.hash() == hash && compare::exact_eq(row.key(self.keypos), key)
    }

    /// The first row of a key, that is the newest, removed or not.
    #[inline(always)]
    fn find(&self, hash: u32, key: Term<'_>) -> Option<&Row> {
        let mut at = self.buckets.first(self.buckets.of(hash));
        while let Some(row) = at {
            if self.is_match(row, hash, key) {
                break;
            }
            at = row.next();
        }
        at
    }

    /// Where the first row of a key is, if it has one; else the bucket's end.
    #[inline(always)]
    fn find_mut(&mut self, hash: u32, key: Term<'_>) -> &mut Link {
        let keypos = self.keypos;
        let other = |row: &Row| row.hash() != hash || !compare::exact_eq(row.key(keypos), key);
        let bucket = self.buckets.of(hash);
        skip_while(self.buckets.link(bucket), other)
    }

    /// The newest row of a key: of a set, the only one.
    #[inline]
    pub fn get(&self, hash: u32, key: Term<'_>) -> Option<&Row> {
        let first = self.find(hash, key)?;
        match live(first) {
            None if !self.kind.is_set() => chain(Some(first))
                .take_while(|row| self.is_match(row, hash, key))
                .find_map(live),
            row => row,
        }
    }

    /// The same, for changes that leave key and size alone.
    #[inline]
    pub fn get_mut(&mut self, hash: u32, key: Term<'_>) -> Option<&mut Row> {
        let first = self.find_mut(hash, key).as_mut()?;
        (!first.is_dead()).then_some(first)
    }

    /// The live rows of a key, oldest first.
    pub fn lookup(&self, hash: u32, key: Term<'_>) -> Vec<&Row> {
        let mut rows: Vec<&Row> = chain(self.find(hash, key))
            .take_while(|row| self.is_match(row, hash, key))
            .filter_map(live)
            .collect();
        rows.reverse();
        rows
    }

    /// Inserts a row as the kind of table has it.
    pub fn insert(&mut self, hash: u32, mut row: Row, fix: Fixation) {
        row.set_hash(hash);
        let (kind, keypos, words) = (self.kind, self.keypos, row.words());
        let bucket = self.buckets.of(hash);
        let place = self.find_mut(hash, row.key(keypos));
        match place {
            Some(old) if kind == Kind::Set => {
                let old_words = old.words();
                let was_dead = replace(place, row);
                self.replaced(was_dead, words, old_words);
                return;
            }
            Some(old) => {
                if kind == Kind::Bag && has_object(old, keypos, &row) {
                    return;
                }
                // In front of the key's other rows.
                put_before(place, row);
            }
            None => put_before(self.buckets.link(bucket), row),
        }
        self.row_words += words;
        self.live += 1;
        if fix == Fixation::None && self.live > self.buckets.len() {
            self.grow();
        }
    }

    /// Counts a row that took the place of one of its key.
    fn replaced(&mut self, was_dead: bool, words: usize, old_words: usize) {
        if was_dead {
            self.dead -= 1;
            self.live += 1;
        }
        self.row_words = self.row_words + words - old_words;
    }

    /// Removes the rows of a key that `which` chooses.
    pub fn remove(
        &mut self,
        hash: u32,
        key: Term<'_>,
        fix: Fixation,
        which: impl FnMut(&Row) -> bool,
    ) -> usize {
        let bucket = self.buckets.of(hash);
        let keypos = self.keypos;
        let is_key = |row: &Row| row.hash() == hash && compare::exact_eq(row.key(keypos), key);
        let place = self.find_mut(hash, key);
        let removed = remove_from(place, fix, is_key, which);
        self.removed(bucket, removed, fix);
        removed.rows
    }

    /// Removes the rows of one bucket that `which` chooses.
    pub fn remove_from_bucket(
        &mut self,
        bucket: usize,
        fix: Fixation,
        which: impl FnMut(&Row) -> bool,
    ) -> usize {
        if bucket >= self.buckets.len() {
            return 0;
        }
        let removed = remove_from(self.buckets.link(bucket), fix, |_| true, which);
        self.removed(bucket, removed, fix);
        removed.rows
    }

    fn removed(&mut self, bucket: usize, Removed { rows, words }: Removed, fix: Fixation) {
        if rows == 0 {
            return;
        }
        self.live -= rows;
        self.row_words -= words;
        match fix {
            Fixation::Fixed => {
                self.dead += rows;
                self.dead_in.push(bucket as u32);
            }
            Fixation::Held => {}
            Fixation::None => self.shrink(),
        }
    }

    /// Offers each live row of a bucket to `new`, which may give a row of the same key to take its place.
    pub fn replace_in_bucket<E>(
        &mut self,
        bucket: usize,
        mut new: impl FnMut(&Row) -> Result<Option<Row>, E>,
    ) -> Result<(), E> {
        if bucket >= self.buckets.len() {
            return Ok(());
        }
        let (mut words, mut old_words) = (0, 0);
        let mut at = self.buckets.link(bucket);
        let mut result = Ok(());
        while let Some(row) = at {
            match live(row).map_or(Ok(None), &mut new) {
                Ok(None) => {}
                Ok(Some(mut fresh)) => {
                    words += fresh.words();
                    old_words += row.words();
                    fresh.set_hash(row.hash());
                    replace(at, fresh);
                }
                Err(e) => {
                    result = Err(e);
                    break;
                }
            }
            at = behind(at);
        }
        self.replaced(false, words, old_words);
        result
    }

    /// The live rows of a bucket in the order of traversal.
    pub fn bucket(&self, b: usize) -> impl Iterator<Item = &Row> {
        self.kept(b).filter_map(live)
    }

    /// All rows of a bucket that take memory.
    pub fn kept(&self, b: usize) -> impl Iterator<Item = &Row> {
        chain(self.buckets.first(b))
    }

    /// For a walk that has come to this bucket: fetches what it sees soon, so that it need not wait for it; the second row
    /// of a bucket too, which two rows in five are at or behind.
    #[inline]
    pub fn approach(&self, b: usize) {
        if let Some(row) = self.buckets.first(b + 12) {
            row.prefetch();
        }
        if let Some(row) = self.buckets.first(b + 5).and_then(Row::next) {
            row.prefetch();
        }
    }

    /// The first row at or behind bucket `b`; with `dead`, one that was removed counts too.
    pub fn first_from(&self, b: usize, dead: bool) -> Option<&Row> {
        let mut found = None;
        for i in b..self.buckets.len() {
            found = self.first_in(self.buckets.first(i), dead);
            if found.is_some() {
                // Who asks for rows one by one asks for the next ones soon.
                (i + 1..i + 4)
                    .filter_map(|i| self.buckets.first(i))
                    .for_each(Row::prefetch);
                break;
            }
        }
        found
    }

    fn first_in<'t>(&self, at: Option<&'t Row>, dead: bool) -> Option<&'t Row> {
        chain(at).find(|row| dead || !row.is_dead())
    }

    /// The row of the key that follows `key` in traversal; `Err` if `key` is not there.
    pub fn next(&self, hash: u32, key: Term<'_>, dead: bool) -> Result<Option<&Row>, ()> {
        let mut rest = self.find(hash, key);
        if rest.is_none() {
            return Err(());
        }
        while let Some(row) = rest
            && self.is_match(row, hash, key)
        {
            rest = row.next();
        }
        let found = self.first_in(rest, dead);
        Ok(found.or_else(|| self.first_from(self.buckets.of(hash) + 1, dead)))
    }

    /// Drops what was removed while the table was fixed.
    pub fn purge(&mut self) {
        for bucket in std::mem::take(&mut self.dead_in) {
            let mut at = self.buckets.link(bucket as usize);
            while let Some(row) = at {
                if row.is_dead() {
                    self.row_words -= row.words();
                    self.dead -= 1;
                    unlink(at);
                } else {
                    at = behind(at);
                }
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

    /// Drops some rows of a table that is nobody's any more; how many places it looked at, or `None` when none is left.
    pub fn drop_some(&mut self) -> Option<usize> {
        const ROWS: usize = 512;
        let mut seen = 0;
        while seen < ROWS {
            let last = self.buckets.len().checked_sub(1);
            let Some(last) = last else { break };
            let first = self.buckets.link(last);
            while seen < ROWS && first.is_some() {
                unlink(first);
                seen += 1;
            }
            if first.is_none() {
                self.buckets.pop();
                seen += 1;
            }
        }
        (seen > 0).then_some(seen)
    }

    /// Splits one bucket: some of its rows move to a new one, all keep their order.
    fn grow(&mut self) {
        // The fixation is over and whoever ended it has not been here yet: `dead_in` speaks of the buckets of before.
        self.purge();
        let new = self.buckets.len();
        let from = Buckets::parent(new);
        let mask = ((new + 1).next_power_of_two() - 1) as u32;
        self.buckets.push();
        let mut stay = self.buckets.link(from).take();
        let mut moved = None;
        // Both chains are built at their ends.
        {
            let mut rest = stay.take();
            let (mut stay_end, mut moved_end) = (&mut stay, &mut moved);
            while let Some(mut row) = rest {
                rest = row.next_mut().take();
                if (row.hash() & mask) as usize == new {
                    moved_end = moved_end.insert(row).next_mut();
                } else {
                    stay_end = stay_end.insert(row).next_mut();
                }
            }
        }
        *self.buckets.link(from) = stay;
        *self.buckets.link(new) = moved;
    }

    /// Joins buckets while the table is mostly empty.
    fn shrink(&mut self) {
        if !self.buckets.may_shrink() || self.live + self.dead >= self.buckets.len() / 2 {
            return;
        }
        self.purge(); // as in `grow`
        while self.buckets.may_shrink() && self.live + self.dead < self.buckets.len() / 2 {
            let mut first = self.buckets.pop();
            if first.is_none() {
                continue;
            }
            let into = self.buckets.link(Buckets::parent(self.buckets.len()));
            *skip_while(&mut first, |_| true) = into.take();
            *into = first;
        }
    }
}

/// Whether a bag has this very row among those of its key.
fn has_object(first: &Row, keypos: usize, new: &Row) -> bool {
    let key = new.key(keypos);
    chain(Some(first))
        .take_while(|r| r.hash() == new.hash() && compare::exact_eq(r.key(keypos), key))
        .filter_map(live)
        .any(|r| compare::exact_eq(r.object(), new.object()))
}

/// The place behind the rows that are to be skipped.
#[inline(always)]
fn skip_while(mut at: &mut Link, mut skip: impl FnMut(&Row) -> bool) -> &mut Link {
    while at.as_ref().is_some_and(&mut skip) {
        at = behind(at);
    }
    at
}

/// The place behind the row that is here.
#[inline(always)]
fn behind(at: &mut Link) -> &mut Link {
    match at {
        Some(row) => row.next_mut(),
        none => none,
    }
}

/// Puts a row before what is here.
fn put_before(at: &mut Link, mut row: Row) {
    *row.next_mut() = at.take();
    *at = Some(row);
}

/// Takes the row that is here out of its chain and drops it.
fn unlink(at: &mut Link) -> Link {
    let mut row = at.take()?;
    *at = row.next_mut().take();
    Some(row)
}

/// Puts a row in the place of the one that is here; whether that was a removed one.
fn replace(at: &mut Link, mut row: Row) -> bool {
    let old = unlink(at);
    *row.next_mut() = at.take();
    *at = Some(row);
    old.is_some_and(|old| old.is_dead())
}

#[derive(Debug, Clone, Copy, Default)]
struct Removed {
    rows: usize,
    /// Of those that went at once.
    words: usize,
}

/// Removes rows from here on, as long as `go_on` says so, that `which` chooses.
fn remove_from(
    mut at: &mut Link,
    fix: Fixation,
    go_on: impl Fn(&Row) -> bool,
    mut which: impl FnMut(&Row) -> bool,
) -> Removed {
    let mut removed = Removed::default();
    while let Some(row) = at
        && go_on(row)
    {
        if row.is_dead() || !which(row) {
            at = behind(at);
            continue;
        }
        removed.rows += 1;
        if fix == Fixation::Fixed {
            row.set_dead();
            at = behind(at);
        } else {
            removed.words += row.words();
            unlink(at);
        }
    }
    removed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: i64) -> HashTable {
        let mut t = HashTable::new(Kind::Set, 1, 1);
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

    #[test]
    fn every_row_is_found_whatever_the_number_of_buckets() {
        let mut t = table(20_000);
        let words = t.words();
        for n in 0..20_000 {
            let key = Term::small(n);
            assert!(t.get(key_hash(key), key).is_some(), "{n}");
        }
        (10_000..20_000).for_each(|n| remove(&mut t, n, Fixation::None));
        (0..10_000).for_each(|n| remove(&mut t, n, Fixation::None));
        assert_eq!((t.len(), t.row_words), (0, 0));
        assert!(t.words() < words / 20, "buckets are given back");
    }

    #[test]
    fn a_table_is_dropped_in_steps_even_if_all_is_in_one_bucket() {
        let mut t = HashTable::new(Kind::DuplicateBag, 1, 1);
        let heap = corten_term::Heap::new();
        let object = heap.tuple(&[Term::small(1)]);
        let n = 10_000;
        for _ in 0..n {
            t.insert(7, Row::new(object, 1).unwrap(), Fixation::Fixed);
        }
        let mut sum = 0;
        while let Some(seen) = t.drop_some() {
            assert!(seen <= 513);
            sum += seen;
        }
        assert!(sum >= n);
    }
}
