//! An ordered set that many write to at once, with `write_concurrency`: several trees under locks of their own, each for
//! the keys between two bounds. It starts with one; a tree that is often waited for is split (as in the contention
//! adapting search trees of Sagonas and Winblad). Called by [`super::table`].
//!
//! Which keys are where is looked up under a lock that splitting takes for itself alone: who holds a tree holds this lock
//! too, for reading, and reading it costs one write to memory of the thread's own.

use super::table::Rows;
use super::tree::Range;
use corten_engine::biased::BiasedLock;
use corten_term::{Keyed, OwnedKey, Term};

/// Trees at most.
pub const MOST: usize = 64;

/// Which of a table's shards are in use, and for which keys.
#[derive(Debug)]
pub struct Parts {
    /// The shards in the order of their keys.
    order: Vec<u8>,
    /// Between them: not less than all keys in front, not greater than any behind.
    bounds: Keyed<OwnedKey>,
    /// Split at every opportunity: for tests.
    pub always_split: bool,
}

impl Parts {
    pub fn new() -> Parts {
        Parts {
            order: vec![0],
            bounds: Keyed::new(),
            always_split: false,
        }
    }

    /// How many bounds there are.
    pub fn bounds(&self) -> usize {
        self.bounds.len()
    }

    #[inline(always)]
    fn position(&self, key: Term<'_>) -> usize {
        self.bounds.rank(key, true)
    }
    /// The shard of a key.
    #[inline(always)]
    pub fn of(&self, key: Term<'_>) -> usize {
        usize::from(self.order[self.position(key)])
    }
    /// The shards that keys of a range can be in, in order.
    pub fn within(&self, range: Range<'_>) -> impl DoubleEndedIterator<Item = usize> {
        let first = range.low.map_or(0, |k| self.position(k));
        let last = range.high.map_or(self.bounds.len(), |k| self.position(k));
        let order = self.order.get(first..=last).unwrap_or_default();
        order.iter().map(|shard| usize::from(*shard))
    }

    /// Splits the tree of a key, if it is large enough and there is a shard for the other half.
    pub fn split(&mut self, key: Term<'_>, shards: &[BiasedLock<Rows>]) {
        if self.order.len() == shards.len() {
            self.join(shards);
        }
        let i = self.position(key);
        let is_free = |shard: &u8| !self.order.contains(shard);
        let Some(free) = (0..shards.len() as u8).find(is_free) else {
            return;
        };
        let split = match &mut *shards[usize::from(self.order[i])].write() {
            Rows::Tree(tree) => tree.split(),
            Rows::Hash(_) => None,
        };
        if let Some((bound, right)) = split {
            *shards[usize::from(free)].write() = Rows::Tree(right);
            self.order.insert(i + 1, free);
            self.bounds.insert(i, bound);
        }
    }

    /// Makes one of neighbours of which one is empty, or both nearly are.
    fn join(&mut self, shards: &[BiasedLock<Rows>]) {
        let mut i = 0;
        while i + 1 < self.order.len() {
            let [left, right] = [i, i + 1].map(|i| usize::from(self.order[i]));
            let joined = match (&mut *shards[left].write(), &mut *shards[right].write()) {
                (Rows::Tree(left), Rows::Tree(right)) => left.absorb(right),
                _ => false,
            };
            if joined {
                self.order.remove(i + 1);
                self.bounds.remove(i);
            } else {
                i += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::Tree;
    use super::*;
    use corten_term::Row;
    use std::ops::ControlFlow;

    fn insert(parts: &Parts, shards: &[BiasedLock<Rows>], n: i64) {
        let heap = corten_term::Heap::new();
        let row = Row::new(heap.tuple(&[Term::small(n)]), 1).unwrap();
        let mut rows = shards[parts.of(Term::small(n))].write();
        rows.insert(0, row, super::super::table::Fixation::None);
    }
    fn keys(parts: &Parts, shards: &[BiasedLock<Rows>], range: Range<'_>) -> Vec<i64> {
        let mut out = Vec::new();
        for shard in parts.within(range) {
            let rows = shards[shard].read();
            let Rows::Tree(t) = &*rows else { panic!() };
            let _ = t.walk(range, false, |r| {
                out.push(r.key().as_small().unwrap());
                ControlFlow::<()>::Continue(())
            });
        }
        out
    }

    #[test]
    fn all_rows_are_there_in_order_however_often_a_table_is_split() {
        let shards: Vec<_> = (0..MOST)
            .map(|_| BiasedLock::new(Rows::Tree(Tree::new(1))))
            .collect();
        let mut parts = Parts::new();
        for n in 0..20_000 {
            insert(&parts, &shards, n * 7919 % 20_000);
            if n % 100 == 99 {
                parts.split(Term::small(n * 31 % 20_000), &shards);
            }
        }
        assert!(parts.order.len() == MOST && parts.bounds.len() + 1 == MOST);
        let all: Vec<i64> = (0..20_000).collect();
        assert_eq!(keys(&parts, &shards, Range::default()), all);
        for (low, high) in [(-5, 40_000), (77, 78), (77, 80), (500, 12_345), (9, 3)] {
            let range = Range {
                low: Some(Term::small(low)),
                high: Some(Term::small(high)),
            };
            let within: Vec<i64> = all
                .iter()
                .copied()
                .filter(|k| low < *k && *k < high)
                .collect();
            assert_eq!(keys(&parts, &shards, range), within);
        }
        let len: isize = shards.iter().map(|s| s.read().len()).sum();
        assert_eq!(len, 20_000);
        // Without most of the rows, most trees become one with others.
        for n in all.iter().filter(|n| **n % 1000 > 0) {
            let key = Term::small(*n);
            let fix = super::super::table::Fixation::None;
            shards[parts.of(key)].write().remove(0, key, fix, |_| true);
        }
        parts.split(Term::small(1), &shards);
        assert!(parts.order.len() < 3);
        assert_eq!(keys(&parts, &shards, Range::default()).len(), 20);
    }
}
