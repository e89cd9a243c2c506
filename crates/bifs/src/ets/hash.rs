//! Hash tables: `set`, `bag`, `duplicate_bag`. Linear hashing: the table grows and shrinks by one bucket at a
//! time, so no insertion ever waits for a rehash of everything.
//!
//! Rows of equal key stand together in their bucket, oldest first. A bucket is walked from its end, newest key
//! first, as the reference engine does; so traversals of equal tables see equal orders where hashes agree.
//! While the table is fixed, removed rows are only marked, and the table keeps its buckets.

use super::Kind;
use super::row::{HasKey, Row};
use corten_term::{Term, compare, hash};

/// Buckets of an empty table.
const MIN_BUCKETS: usize = 256;

#[derive(Debug)]
struct Entry {
    hash: u32,
    /// Removed while the table was fixed.
    dead: bool,
    row: Row,
}

/// See the module page.
#[derive(Debug)]
pub struct HashTable {
    kind: Kind,
    buckets: Vec<Vec<Entry>>,
    live: usize,
    dead: usize,
    words: usize,
}

/// The hash that decides on bucket and shard: atoms by name, so that it is the same in every run.
pub fn key_hash(key: Term<'_>) -> u32 {
    match key.as_atom() {
        Some(a) => a.hash_value(),
        None => hash::internal_hash(key) as u32 & 0x0FFF_FFFF,
    }
}

impl HashTable {
    pub fn new(kind: Kind) -> HashTable {
        HashTable {
            kind,
            buckets: (0..MIN_BUCKETS).map(|_| Vec::new()).collect(),
            live: 0,
            dead: 0,
            words: 0,
        }
    }
    pub fn len(&self) -> usize {
        self.live
    }
    pub fn words(&self) -> usize {
        self.words + self.buckets.len() * 3
    }
    pub fn buckets(&self) -> usize {
        self.buckets.len()
    }

    fn bucket_of(&self, hash: u32) -> usize {
        let mask = self.buckets.len().next_power_of_two() - 1;
        let i = hash as usize & mask;
        if i < self.buckets.len() {
            i
        } else {
            i & (mask >> 1)
        }
    }

    fn is_match(e: &Entry, hash: u32, key: Term<'_>) -> bool {
        e.hash == hash && compare::exact_eq(e.row.key(), key)
    }

    /// Positions of the entries of this key in its bucket, dead ones included.
    fn span(&self, hash: u32, key: Term<'_>) -> (usize, std::ops::Range<usize>) {
        let b = self.bucket_of(hash);
        let bucket = &self.buckets[b];
        let Some(from) = bucket
            .iter()
            .position(|e| HashTable::is_match(e, hash, key))
        else {
            return (b, 0..0);
        };
        let len = bucket[from..]
            .iter()
            .take_while(|e| HashTable::is_match(e, hash, key))
            .count();
        (b, from..from + len)
    }

    /// The live rows of a key, oldest first.
    pub fn lookup<'s>(
        &'s self,
        hash: u32,
        key: Term<'_>,
    ) -> impl DoubleEndedIterator<Item = &'s Row> + use<'s> {
        let (b, span) = self.span(hash, key);
        self.buckets[b][span]
            .iter()
            .filter(|e| !e.dead)
            .map(|e| &e.row)
    }

    pub fn contains(&self, hash: u32, key: Term<'_>) -> bool {
        self.lookup(hash, key).next().is_some()
    }

    /// Inserts a row as the kind of table has it.
    pub fn insert(&mut self, hash: u32, row: Row, fixed: bool) {
        let (b, span) = self.span(hash, row.key());
        let words = row.words();
        let entry = Entry {
            hash,
            dead: false,
            row,
        };
        let bucket = &mut self.buckets[b];
        match self.kind {
            Kind::Set if !span.is_empty() => {
                let old = &mut bucket[span.start];
                if old.dead {
                    self.dead -= 1;
                    self.live += 1;
                } else {
                    self.words -= old.row.words();
                }
                *old = entry;
                self.words += words;
                return;
            }
            Kind::Bag => {
                let same = bucket[span.clone()]
                    .iter_mut()
                    .find(|e| compare::exact_eq(e.row.object(), entry.row.object()));
                if let Some(e) = same {
                    if e.dead {
                        e.dead = false;
                        self.dead -= 1;
                        self.live += 1;
                        self.words += words;
                    }
                    return;
                }
            }
            _ => {}
        }
        if span.is_empty() {
            bucket.push(entry);
        } else {
            bucket.insert(span.end, entry);
        }
        self.live += 1;
        self.words += words;
        if !fixed && self.live > self.buckets.len() {
            self.grow();
        }
    }

    /// Replaces the only row of a key (`set`).
    pub fn replace(&mut self, hash: u32, row: Row) {
        let (b, span) = self.span(hash, row.key());
        if let Some(e) = self.buckets[b].get_mut(span.start) {
            self.words = self.words - e.row.words() + row.words();
            e.row = row;
        }
    }

    /// Removes the rows of a key that `which` chooses.
    pub fn remove(
        &mut self,
        hash: u32,
        key: Term<'_>,
        fixed: bool,
        mut which: impl FnMut(&Row) -> bool,
    ) -> usize {
        let (b, span) = self.span(hash, key);
        self.remove_in(b, span, fixed, |r| which(r))
    }

    fn remove_in(
        &mut self,
        b: usize,
        span: std::ops::Range<usize>,
        fixed: bool,
        mut which: impl FnMut(&Row) -> bool,
    ) -> usize {
        let bucket = &mut self.buckets[b];
        let mut removed = 0;
        for i in span.rev() {
            let e = &mut bucket[i];
            if e.dead || !which(&e.row) {
                continue;
            }
            self.words -= e.row.words();
            removed += 1;
            if fixed {
                e.dead = true;
            } else {
                bucket.remove(i);
            }
        }
        self.live -= removed;
        if fixed {
            self.dead += removed;
        } else {
            self.shrink();
        }
        removed
    }

    /// Removes the rows of one bucket that `which` chooses.
    pub fn remove_from_bucket(
        &mut self,
        b: usize,
        fixed: bool,
        which: impl FnMut(&Row) -> bool,
    ) -> usize {
        let len = self.buckets.get(b).map_or(0, Vec::len);
        if len == 0 {
            0
        } else {
            self.remove_in(b, 0..len, fixed, which)
        }
    }

    /// The live rows of a bucket in the order of traversal.
    pub fn bucket(&self, b: usize) -> impl Iterator<Item = &Row> {
        self.buckets
            .get(b)
            .into_iter()
            .flat_map(|v| v.iter().rev())
            .filter(|e| !e.dead)
            .map(|e| &e.row)
    }

    /// The first row at or behind bucket `b`.
    pub fn first_from(&self, b: usize) -> Option<&Row> {
        (b..self.buckets.len()).find_map(|b| self.bucket(b).next())
    }

    /// The row of the key that follows `key` in traversal; `Err` if `key` is not there.
    pub fn next(&self, hash: u32, key: Term<'_>) -> Result<Option<&Row>, ()> {
        let (b, span) = self.span(hash, key);
        if span.is_empty() {
            return Err(());
        }
        let before = self.buckets[b][..span.start].iter().rev().find(|e| !e.dead);
        Ok(before.map(|e| &e.row).or_else(|| self.first_from(b + 1)))
    }

    /// Drops what was removed while the table was fixed.
    pub fn purge(&mut self) {
        if self.dead > 0 {
            for bucket in &mut self.buckets {
                bucket.retain(|e| !e.dead);
            }
            self.dead = 0;
        }
    }

    pub fn clear(&mut self) {
        *self = HashTable::new(self.kind);
    }

    /// Splits one bucket.
    fn grow(&mut self) {
        let new = self.buckets.len();
        let from = new - (new + 1).next_power_of_two() / 2;
        let mask = ((new + 1).next_power_of_two() - 1) as u32;
        let (moved, stay) = std::mem::take(&mut self.buckets[from])
            .into_iter()
            .partition(|e| (e.hash & mask) as usize == new);
        self.buckets[from] = stay;
        self.buckets.push(moved);
    }

    /// Joins buckets while the table is mostly empty.
    fn shrink(&mut self) {
        while self.buckets.len() > MIN_BUCKETS && self.live + self.dead < self.buckets.len() / 2 {
            let last = self.buckets.pop().unwrap_or_default();
            let into = self.buckets.len() - (self.buckets.len() + 1).next_power_of_two() / 2;
            self.buckets[into].extend(last);
        }
    }
}
