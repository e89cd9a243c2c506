//! Ordered sets: a B+ tree. Rows are in the leaves, in order, with their keys beside them; inner nodes have keys that
//! divide their children. Called by [`super::table`], for one tree or, of a table that many write to, for each of
//! several trees ([`super::parts`]).
//!
//! All leaves are at the same depth and none is empty but a root. A dividing key is a copy, so that it needs no row: it
//! is greater than all keys in front of it and not greater than any behind.

use corten_term::row::ElementsMut;
use corten_term::{Keyed, KeyedRow, OwnedKey, Row, Term, compare};
use std::cell::Cell;
use std::ops::ControlFlow;

/// Rows in a leaf, and children of an inner node, at most.
const FULL: usize = 64;
/// Neighbours that have no more than this together become one.
const FEW: usize = FULL / 2;
/// When a tree is [crowded](Tree::crowded), and what waiting for it counts.
const CROWD: i32 = 1000;
const WAITED: i32 = 200;
/// Words of a place for a row, of which most nodes have some to spare.
const ROW_WORDS: usize = 3;

thread_local! {
    /// Where this thread's last search for a neighbour ended, in whichever tree: only a guess, which is looked at.
    static LAST: Cell<Path> = const { Cell::new(Path { inner: 0, level: 0, last: 0 }) };
}

/// The way from a root to a row.
#[derive(Clone, Copy, Default)]
struct Path {
    /// Which child of the root, of that child, and so on, a byte each. What is deeper than there are bytes is lost.
    inner: u64,
    level: u32,
    /// Which row of the leaf.
    last: u8,
}

impl Path {
    fn goes_on(self, i: usize) -> Path {
        let step = (i as u64 & 0xFF).checked_shl(8 * self.level).unwrap_or(0);
        Path {
            inner: self.inner | step,
            level: self.level + 1,
            ..self
        }
    }
    fn ends(self, i: usize) -> Path {
        Path {
            last: i as u8,
            ..self
        }
    }
    fn moved(self, reverse: bool) -> Path {
        self.ends(step(usize::from(self.last), reverse))
    }
}

/// One further, or back.
fn step(i: usize, reverse: bool) -> usize {
    match reverse {
        false => i + 1,
        true => i.wrapping_sub(1),
    }
}

#[derive(Debug)]
pub struct Tree {
    root: Node,
    keypos: usize,
    /// Rows and words. Of several trees only the sum means something: one that is split keeps all for itself.
    len: isize,
    words: isize,
    /// How much it was waited for of late: see [`Tree::crowded`].
    crowd: i32,
}

#[derive(Debug)]
enum Node {
    Leaf(Keyed<Row>),
    Inner(Inner),
}

#[derive(Debug)]
struct Inner {
    /// Between the children: one less than there are.
    keys: Keyed<OwnedKey>,
    children: Vec<Node>,
}

/// What came of an insertion.
struct Inserted {
    old: Option<Row>,
    /// A new node that is to follow, and the least key that is in it.
    split: Option<(OwnedKey, Node)>,
}

/// Bounds of keys, exclusive.
#[derive(Clone, Copy, Default)]
pub struct Range<'t> {
    pub low: Option<Term<'t>>,
    pub high: Option<Term<'t>>,
}

impl Range<'_> {
    /// Whether no key can be within.
    pub fn is_empty(self) -> bool {
        matches!((self.low, self.high), (Some(l), Some(h)) if compare::cmp(l, h).is_ge())
    }
}

impl Inner {
    /// Which child a key belongs to.
    #[inline(always)]
    fn child_of(&self, key: Term<'_>) -> usize {
        self.keys.rank(key, true)
    }
}

impl Node {
    const EMPTY: Node = Node::Leaf(Keyed::new());

    fn len(&self) -> usize {
        match self {
            Node::Leaf(rows) => rows.len(),
            Node::Inner(inner) => inner.children.len(),
        }
    }

    fn insert(&mut self, new: Row, keypos: usize) -> Inserted {
        match self {
            Node::Leaf(rows) => insert_into_leaf(rows, new, keypos),
            Node::Inner(inner) => {
                let i = inner.child_of(new.key(keypos));
                let mut inserted = inner.children[i].insert(new, keypos);
                if let Some((key, node)) = inserted.split.take() {
                    inserted.split = inner.add(i, key, node);
                }
                inserted
            }
        }
    }

    /// Removes the row of a key if `which` says so.
    fn remove(&mut self, key: Term<'_>, which: &mut impl FnMut(&Row) -> bool) -> Option<Row> {
        match self {
            Node::Leaf(rows) => {
                let i = rows.search(key).ok()?;
                which(rows.row(i)?).then(|| rows.remove(i))
            }
            Node::Inner(inner) => {
                let i = inner.child_of(key);
                let removed = inner.children[i].remove(key, which)?;
                inner.tidy(i);
                Some(removed)
            }
        }
    }

    /// Drops the last leaf; how many rows it had. An inner node without children may be left.
    fn drop_leaf(&mut self) -> usize {
        match self {
            Node::Leaf(rows) => std::mem::take(rows).len(),
            Node::Inner(inner) => {
                let Some(last) = inner.children.last_mut() else {
                    return 0;
                };
                let n = last.drop_leaf();
                if last.len() == 0 {
                    inner.children.pop();
                    inner.keys.pop();
                }
                n
            }
        }
    }

    fn walk<B>(
        &self,
        range: Range<'_>,
        reverse: bool,
        visit: &mut impl FnMut(KeyedRow<'_>) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let Range { low, high } = range;
        match self {
            Node::Leaf(rows) => {
                let to = high.map_or(rows.len(), |k| rows.rank(k, false));
                let from = low.map_or(0, |k| rows.rank(k, true));
                let mut show = |i: usize, soon: usize| {
                    rows.row(soon).map(Row::prefetch);
                    rows.get(i).map_or(ControlFlow::Continue(()), &mut *visit)
                };
                if reverse {
                    (from..to)
                        .rev()
                        .try_for_each(|i| show(i, i.wrapping_sub(6)))
                } else {
                    (from..to).try_for_each(|i| show(i, i + 6))
                }
            }
            Node::Inner(inner) => {
                let first = low.map_or(0, |k| inner.child_of(k));
                let last = high.map_or(inner.keys.len(), |k| inner.keys.rank(k, false));
                let mut child = |i: usize| {
                    let range = Range {
                        low: low.filter(|_| i == first),
                        high: high.filter(|_| i == last),
                    };
                    inner.children[i].walk(range, reverse, visit)
                };
                if reverse {
                    (first..=last).rev().try_for_each(&mut child)
                } else {
                    (first..=last).try_for_each(&mut child)
                }
            }
        }
    }
}

fn insert_into_leaf(rows: &mut Keyed<Row>, new: Row, keypos: usize) -> Inserted {
    let mut inserted = Inserted {
        old: None,
        split: None,
    };
    match rows.search(new.key(keypos)) {
        Ok(i) => inserted.old = Some(rows.replace(i, new, keypos)),
        Err(i) if rows.len() < FULL => rows.insert(i, new, keypos),
        Err(i) => {
            // Rows that come in order fill leaves completely.
            let at = if i == 0 || i == FULL { i } else { FULL / 2 };
            let mut right = rows.split_off(at);
            if i > at || at == FULL {
                right.insert(i - at, new, keypos);
            } else {
                rows.insert(i, new, keypos);
            }
            inserted.split = right
                .key(0)
                .map(OwnedKey::new)
                .map(|key| (key, Node::Leaf(right)));
        }
    }
    inserted
}

impl Inner {
    /// Adds a node behind child `i`; what has to go to a new node if there is no room.
    fn add(&mut self, i: usize, key: OwnedKey, node: Node) -> Option<(OwnedKey, Node)> {
        self.keys.insert(i, key);
        self.children.insert(i + 1, node);
        if self.children.len() <= FULL {
            return None;
        }
        let last = i + 2 == self.children.len();
        self.split(if last { FULL } else { FULL / 2 })
    }

    /// Keeps the first `at` children, gives the others away.
    fn split(&mut self, at: usize) -> Option<(OwnedKey, Node)> {
        let children = self.children.split_off(at);
        let keys = self.keys.split_off(at);
        let key = self.keys.pop()?;
        Some((key, Node::Inner(Inner { keys, children })))
    }

    /// After a removal from child `i`: it goes if it is empty, or becomes one with a neighbour if both have little.
    fn tidy(&mut self, i: usize) {
        let len = self.children[i].len();
        if len == 0 {
            self.children.remove(i);
            if !self.keys.is_empty() {
                self.keys.remove(i.saturating_sub(1));
            }
        } else if len < FEW {
            let fits = |j: usize| self.children.get(j).is_some_and(|n| n.len() + len <= FEW);
            if fits(i + 1) {
                self.join(i);
            } else if i > 0 && fits(i - 1) {
                self.join(i - 1);
            }
        }
    }

    /// Joins child `i` and the next one.
    fn join(&mut self, i: usize) {
        let key = self.keys.remove(i);
        match (self.children.remove(i + 1), &mut self.children[i]) {
            (Node::Leaf(mut right), Node::Leaf(left)) => left.append(&mut right),
            (Node::Inner(mut right), Node::Inner(left)) => {
                left.keys.push(key);
                left.keys.append(&mut right.keys);
                left.children.append(&mut right.children);
            }
            _ => unreachable!("neighbours are at the same depth"),
        }
    }
}

impl Tree {
    pub fn new(keypos: usize) -> Tree {
        Tree {
            root: Node::EMPTY,
            keypos,
            len: 0,
            words: 0,
            crowd: 0,
        }
    }
    /// Notes that somebody locks the tree for changes, and whether that took waiting. Whether it should be split: it
    /// was waited for more often than once in two hundred times, and has more than a leaf.
    pub fn crowded(&mut self, waited: bool) -> bool {
        self.crowd = if waited {
            self.crowd + WAITED
        } else {
            (self.crowd - 1).max(-CROWD)
        };
        let crowded = self.crowd > CROWD;
        if crowded {
            self.crowd = 0;
        }
        crowded && matches!(self.root, Node::Inner(_))
    }
    /// Rows; of trees that were split, only the sum of all is right.
    pub fn len(&self) -> isize {
        self.len
    }
    /// Words of memory; the same.
    pub fn words(&self) -> isize {
        self.words
    }
    pub fn is_empty(&self) -> bool {
        self.root.len() == 0
    }

    #[inline]
    pub fn get(&self, key: Term<'_>) -> Option<&Row> {
        let mut node = &self.root;
        loop {
            match node {
                Node::Leaf(rows) => return rows.row(rows.search(key).ok()?),
                Node::Inner(inner) => node = &inner.children[inner.child_of(key)],
            }
        }
    }
    /// The row of a key, for changes that leave key and size alone.
    pub fn get_mut(&mut self, key: Term<'_>) -> Option<ElementsMut<'_>> {
        let mut node = &mut self.root;
        loop {
            match node {
                Node::Leaf(rows) => {
                    let i = rows.search(key).ok()?;
                    return rows.elements_mut(i);
                }
                Node::Inner(inner) => {
                    let i = inner.child_of(key);
                    node = &mut inner.children[i];
                }
            }
        }
    }

    /// The row behind a key, or in front of it, if both would be in the same leaf. Who goes through the keys one by one
    /// is where the last search of its thread has ended.
    pub fn neighbour(&self, key: Term<'_>, reverse: bool) -> Option<KeyedRow<'_>> {
        if let Some(found) = self.at(LAST.get(), key, reverse) {
            LAST.set(LAST.get().moved(reverse));
            return Some(found);
        }
        let (mut node, mut path) = (&self.root, Path::default());
        loop {
            match node {
                Node::Leaf(rows) => {
                    let i = match reverse {
                        false => rows.rank(key, true),
                        true => rows.rank(key, false).checked_sub(1)?,
                    };
                    let found = rows.get(i)?;
                    LAST.set(path.ends(i));
                    return Some(found);
                }
                Node::Inner(inner) => {
                    let i = inner.child_of(key);
                    path = path.goes_on(i);
                    node = inner.children.get(i)?;
                }
            }
        }
    }
    /// The neighbour in the leaf of a key that is at the end of a path.
    #[inline]
    fn at(&self, path: Path, key: Term<'_>, reverse: bool) -> Option<KeyedRow<'_>> {
        let (mut node, mut inner_steps) = (&self.root, path.inner);
        loop {
            match node {
                Node::Leaf(rows) => {
                    let i = usize::from(path.last);
                    let is_it = compare::cmp(rows.key(i)?, key).is_eq();
                    return rows.get(step(i, reverse)).filter(|_| is_it);
                }
                Node::Inner(inner) => {
                    node = inner.children.get((inner_steps & 0xFF) as usize)?;
                    inner_steps >>= 8;
                }
            }
        }
    }

    fn count(&mut self, added: Option<usize>, removed: Option<usize>) {
        let words = |row: Option<usize>| row.map_or(0, |words| (words + ROW_WORDS) as isize);
        self.len += added.map_or(0, |_| 1) - removed.map_or(0, |_| 1);
        self.words += words(added) - words(removed);
    }

    /// Inserts a row, in place of the one of an equal key.
    pub fn insert(&mut self, row: Row) {
        let words = row.words();
        let Inserted { old, split } = self.root.insert(row, self.keypos);
        self.count(Some(words), old.as_ref().map(Row::words));
        if let Some((key, node)) = split {
            let left = std::mem::replace(&mut self.root, Node::EMPTY);
            let mut keys = Keyed::new();
            keys.push(key);
            self.root = Node::Inner(Inner {
                keys,
                children: vec![left, node],
            });
        }
    }

    /// Removes the row of a key if `which` says so; whether it did.
    pub fn remove(&mut self, key: Term<'_>, mut which: impl FnMut(&Row) -> bool) -> bool {
        let Some(row) = self.root.remove(key, &mut which) else {
            return false;
        };
        self.count(None, Some(row.words()));
        self.lower();
        true
    }

    /// Takes roots away that divide nothing.
    fn lower(&mut self) {
        while let Node::Inner(inner) = &mut self.root
            && inner.children.len() < 2
        {
            self.root = inner.children.pop().unwrap_or(Node::EMPTY);
        }
    }

    /// Shows the rows of a range in order, or in the other one.
    pub fn walk<B>(
        &self,
        range: Range<'_>,
        reverse: bool,
        mut visit: impl FnMut(KeyedRow<'_>) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        if range.is_empty() {
            return ControlFlow::Continue(());
        }
        self.root.walk(range, reverse, &mut visit)
    }

    /// Drops some rows of a tree that is no table's any more; how many, or `None` when none is left.
    pub fn drop_some(&mut self) -> Option<usize> {
        let n = self.root.drop_leaf();
        (n > 0).then_some(n)
    }

    /// Gives about half of the rows away, with the least key that is among them.
    pub fn split(&mut self) -> Option<(OwnedKey, Tree)> {
        let (key, node) = match &mut self.root {
            Node::Leaf(rows) if rows.len() < 2 => return None,
            Node::Leaf(rows) => {
                let right = rows.split_off(rows.len() / 2);
                (OwnedKey::new(right.key(0)?), Node::Leaf(right))
            }
            Node::Inner(root) => root.split(root.children.len() / 2)?,
        };
        let mut right = Tree::new(self.keypos);
        right.root = node;
        right.lower();
        self.lower();
        Some((key, right))
    }

    /// Takes all rows of a tree whose keys are greater, if that is easily done; whether it did.
    pub fn absorb(&mut self, right: &mut Tree) -> bool {
        match (&mut self.root, &mut right.root) {
            (Node::Leaf(rows), Node::Leaf(more)) if rows.len() + more.len() <= FEW => {
                rows.append(more);
            }
            (_, Node::Leaf(more)) if more.is_empty() => {}
            (Node::Leaf(rows), _) if rows.is_empty() => {
                std::mem::swap(&mut self.root, &mut right.root);
            }
            _ => return false,
        }
        self.len += std::mem::take(&mut right.len);
        self.words += std::mem::take(&mut right.words);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn row(n: i64, value: i64, floats: bool) -> Row {
        let heap = corten_term::Heap::new();
        // Half of the keys are immediates, or all.
        let key = match floats && n % 2 > 0 {
            false => Term::small(n),
            true => heap.float(n as f64),
        };
        Row::new(heap.tuple(&[key, Term::small(value)]), 1).unwrap()
    }
    fn number(key: Term<'_>) -> i64 {
        let f = key.as_float();
        f.map_or_else(|| key.as_small().unwrap(), |f| f as i64)
    }
    fn key(r: KeyedRow<'_>) -> i64 {
        number(r.key())
    }
    fn keys(t: &Tree, low: Option<i64>, high: Option<i64>, reverse: bool) -> Vec<i64> {
        let mut out = Vec::new();
        let range = Range {
            low: low.map(Term::small),
            high: high.map(Term::small),
        };
        let _ = t.walk(range, reverse, |r| {
            out.push(key(r));
            ControlFlow::<()>::Continue(())
        });
        out
    }

    /// Depth, order, dividing keys, sizes.
    fn check(node: &Node, root: bool) -> usize {
        match node {
            Node::Leaf(rows) => {
                assert!(root || !rows.is_empty());
                assert!(
                    rows.len() <= FULL
                        && (1..rows.len())
                            .all(|i| key(rows.get(i - 1).unwrap()) < key(rows.get(i).unwrap()))
                );
                0
            }
            Node::Inner(inner) => {
                assert_eq!(inner.keys.len() + 1, inner.children.len());
                assert!(inner.children.len() <= FULL && (!root || inner.children.len() > 1));
                let all = |node: &Node| {
                    let mut out = Vec::new();
                    let _ = node.walk(Range::default(), false, &mut |r| {
                        out.push(key(r));
                        ControlFlow::<()>::Continue(())
                    });
                    out
                };
                for i in 0..inner.keys.len() {
                    let k = number(inner.keys.key(i).unwrap());
                    assert!(all(&inner.children[i]).last().is_none_or(|l| *l < k));
                    assert!(all(&inner.children[i + 1]).first().is_none_or(|f| *f >= k));
                }
                let depths: Vec<_> = inner.children.iter().map(|c| check(c, false)).collect();
                assert!(depths.iter().all(|d| *d == depths[0]));
                depths[0] + 1
            }
        }
    }

    /// Against the standard library's tree, with insertions and removals in several orders.
    #[test]
    fn a_tree_is_what_an_ordered_map_is() {
        let mut seed = 1u64;
        let mut random = |n: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            ((seed >> 33) % n) as i64
        };
        for (round, floats) in (0..6).flat_map(|round| [(round, false), (round, true)]) {
            let (mut t, mut m) = (Tree::new(1), BTreeMap::new());
            for i in 0..9000 {
                let n = match round {
                    0 => i,
                    1 => 9000 - i,
                    _ => random(6000),
                };
                t.insert(row(n, i, floats));
                m.insert(n, i);
                if round > 2 && i % 3 > 0 {
                    let n = random(6000);
                    let removed = t.remove(Term::small(n), |_| true);
                    assert_eq!(removed, m.remove(&n).is_some());
                }
            }
            check(&t.root, true);
            assert_eq!(t.len(), m.len() as isize);
            assert_eq!(
                keys(&t, None, None, false),
                m.keys().copied().collect::<Vec<_>>()
            );
            for _ in 0..300 {
                let (a, b) = (random(7000) - 500, random(7000) - 500);
                let within: Vec<i64> = m.keys().copied().filter(|k| a < *k && *k < b).collect();
                assert_eq!(keys(&t, Some(a), Some(b), false), within);
                let back: Vec<i64> = within.into_iter().rev().collect();
                assert_eq!(keys(&t, Some(a), Some(b), true), back);
                let found = t
                    .get(Term::small(a))
                    .and_then(|r| r.elements()[1].as_small());
                assert_eq!(found, m.get(&a).copied());
            }
            for reverse in [false, true] {
                let mut at = random(6000);
                // One after the other, from anywhere; the end of a leaf is no neighbour.
                for _ in 0..3000 {
                    let found = t.neighbour(Term::small(at), reverse).map(key);
                    let mut all = m.range(at + 1..).map(|(k, _)| *k);
                    let mut back = m.range(..at).map(|(k, _)| *k).rev();
                    let right = if reverse { back.next() } else { all.next() };
                    assert!(found.is_none() || found == right);
                    at = right.unwrap_or_else(|| random(6000));
                }
            }
            let mut rest: Vec<i64> = m.keys().copied().collect();
            while !rest.is_empty() {
                let i = match round {
                    0 => 0,
                    1 => rest.len() - 1,
                    _ => random(rest.len() as u64) as usize,
                };
                let n = rest.remove(i);
                assert!(!t.remove(Term::small(n), |_| false));
                assert!(t.remove(Term::small(n), |_| true));
                if rest.len().is_multiple_of(500) {
                    check(&t.root, true);
                    assert_eq!(keys(&t, None, None, false), rest);
                }
            }
            assert_eq!((t.len(), t.words(), t.is_empty()), (0, 0, true));
        }
    }

    #[test]
    fn rows_in_order_fill_their_leaves() {
        let mut t = Tree::new(1);
        (0..64 * 64).for_each(|n| t.insert(row(n, 0, true)));
        let Node::Inner(root) = &t.root else { panic!() };
        assert_eq!(root.children.len(), 64);
    }

    #[test]
    fn a_tree_is_split_and_joined() {
        let mut t = Tree::new(1);
        assert!(t.split().is_none());
        t.insert(row(1, 0, true));
        assert!(t.split().is_none());
        (0..5000).for_each(|n| t.insert(row(n * 7919 % 5000, 0, true)));
        let (k, mut right) = t.split().unwrap();
        let (left, rest) = (keys(&t, None, None, false), keys(&right, None, None, false));
        assert!(left.len() > 1000 && rest.len() > 1000 && left.len() + rest.len() == 5000);
        assert_eq!(t.len() + right.len(), 5000);
        assert!(compare::cmp(k.term(), Term::small(rest[0])).is_le());
        assert!(!t.absorb(&mut right));
        for n in &rest[10..] {
            right.remove(Term::small(*n), |_| true);
        }
        for n in &left[10..] {
            t.remove(Term::small(*n), |_| true);
        }
        assert!(t.absorb(&mut right));
        assert_eq!((t.len(), right.len()), (20, 0));
        assert_eq!(keys(&t, None, None, false).len(), 20);
        let mut dropped = 0;
        while let Some(n) = t.drop_some() {
            dropped += n;
        }
        assert_eq!(dropped, 20);
    }
}
