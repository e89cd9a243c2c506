//! Large maps: a tree over the hash of the keys, four bits a level, with collision nodes below the last.
//!
//! The tree is canonical: a leaf lies as high as it can (a node below the head always holds two pairs at
//! least), so equal key sets make equal trees. Recursion here goes down the tree, seventeen levels at
//! most. A head's size is right whenever this module hands it out; it may be 32 or less only on the way
//! into a merge.

use super::flat::removed;
use super::iter::Leaves;
use super::key_hash;
use super::node::{self, LEVELS, bit, bitmap, children, index};
use crate::compare::{cmp_exact_order, exact_eq};
use crate::{Heap, Term};

/// The value of a key with this hash.
pub fn get<'h>(map: Term<'h>, key: Term<'_>, hash: u64) -> Option<Term<'h>> {
    let mut node = map;
    for level in 0..LEVELS {
        node = node::child(node, level, hash)?;
        if let Some((k, v)) = node.as_cons() {
            return exact_eq(k, key).then_some(v);
        }
    }
    children(node)
        .iter()
        .filter_map(|leaf| leaf.as_cons())
        .find(|(k, _)| exact_eq(*k, key))
        .map(|(_, v)| v)
}

/// What putting a pair may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Add the key or replace its value.
    Put,
    /// Replace the value of a key that is there.
    Update,
    /// Add a key that is not there.
    Keep,
}

/// What became of a child.
enum Put<'h> {
    /// It has this very pair.
    Same,
    /// The key's value is replaced.
    Replaced(Term<'h>),
    /// The key is new.
    Added(Term<'h>),
    Refused,
}

/// A pair on its way into the tree.
#[derive(Clone, Copy)]
struct Pair<'h> {
    hash: u64,
    key: Term<'h>,
    value: Term<'h>,
    mode: Mode,
}

impl<'h> Pair<'h> {
    fn leaf(&self, heap: &'h Heap) -> Term<'h> {
        heap.cons(self.key, self.value)
    }
    /// The leaf as an addition, if additions are wanted.
    fn added(&self, make: impl FnOnce() -> Term<'h>) -> Put<'h> {
        match self.mode {
            Mode::Put | Mode::Keep => Put::Added(make()),
            Mode::Update => Put::Refused,
        }
    }
    /// Whether the pair changes nothing where the key has value `old`.
    fn keeps(&self, old: Term<'h>) -> bool {
        self.mode == Mode::Keep || old.same(self.value)
    }
}

/// The map with a pair put in; nothing if the mode is `Update` and the key is not there.
pub fn put<'h>(
    heap: &'h Heap,
    map: Term<'h>,
    key: Term<'h>,
    value: Term<'h>,
    mode: Mode,
) -> Option<Term<'h>> {
    let size = map.map_size()?;
    let pair = Pair {
        hash: key_hash(key),
        key,
        value,
        mode,
    };
    match put_in(heap, map, 0, &pair) {
        Put::Same => Some(map),
        Put::Replaced(head) => Some(node::set_size(head, size)),
        Put::Added(head) => Some(node::set_size(head, size + 1)),
        Put::Refused => None,
    }
}

/// Puts a pair into a head, node, collision node or leaf of `level`.
fn put_in<'h>(heap: &'h Heap, child: Term<'h>, level: u32, pair: &Pair<'h>) -> Put<'h> {
    if let Some((k, v)) = child.as_cons() {
        if !exact_eq(k, pair.key) {
            return pair.added(|| {
                let mut two = [(key_hash(k), child), (pair.hash, pair.leaf(heap))];
                join(heap, level, &mut two)
            });
        }
        return if pair.keeps(v) {
            Put::Same
        } else {
            Put::Replaced(pair.leaf(heap))
        };
    }
    if node::is_collision(child) {
        return put_in_collision(heap, children(child), pair);
    }
    let (present, bit) = (bitmap(child), bit(pair.hash, level));
    let (old, at) = (children(child), index(present, bit));
    if present & bit == 0 {
        return pair.added(|| {
            let leaf = pair.leaf(heap);
            node::spliced(heap, level, present | bit, old, at, 0, leaf)
        });
    }
    let with = |new| node::spliced(heap, level, present, old, at, 1, new);
    match put_in(heap, old[at], level + 1, pair) {
        Put::Added(new) => Put::Added(with(new)),
        Put::Replaced(new) => Put::Replaced(with(new)),
        other => other,
    }
}

fn put_in_collision<'h>(heap: &'h Heap, leaves: &[Term<'h>], pair: &Pair<'h>) -> Put<'h> {
    for (i, leaf) in leaves.iter().enumerate() {
        let Some((k, v)) = leaf.as_cons() else {
            continue;
        };
        if exact_eq(k, pair.key) {
            if pair.keeps(v) {
                return Put::Same;
            }
            let mut new = leaves.to_vec();
            new[i] = pair.leaf(heap);
            return Put::Replaced(node::collision(heap, &new));
        }
    }
    pair.added(|| {
        let mut new = leaves.to_vec();
        new.push(pair.leaf(heap));
        sort_collision(&mut new);
        node::collision(heap, &new)
    })
}

fn sort_collision(leaves: &mut [Term<'_>]) {
    leaves.sort_by(|x, y| match (x.as_cons(), y.as_cons()) {
        (Some((kx, _)), Some((ky, _))) => cmp_exact_order(kx, ky),
        _ => std::cmp::Ordering::Equal,
    });
}

/// A map without one key, and the value that the key had.
pub fn remove<'h>(heap: &'h Heap, map: Term<'h>, key: Term<'h>) -> Option<(Term<'h>, Term<'h>)> {
    let size = map.map_size()?;
    let (rest, value) = remove_from(heap, map, 0, key_hash(key), key)?;
    Some((node::set_size(rest?, size - 1), value))
}

/// What is left of a child of `level` without the key, and the key's value; nothing if it lacks the key.
fn remove_from<'h>(
    heap: &'h Heap,
    child: Term<'h>,
    level: u32,
    hash: u64,
    key: Term<'h>,
) -> Option<(Option<Term<'h>>, Term<'h>)> {
    if let Some((k, v)) = child.as_cons() {
        return exact_eq(k, key).then_some((None, v));
    }
    let old = children(child);
    if node::is_collision(child) {
        let (at, value) = old.iter().enumerate().find_map(|(i, leaf)| {
            let (k, v) = leaf.as_cons()?;
            exact_eq(k, key).then_some((i, v))
        })?;
        let left = [&old[..at], &old[at + 1..]].concat();
        let rest = match left[..] {
            [one] => one,
            _ => node::collision(heap, &left),
        };
        return Some((Some(rest), value));
    }
    let (present, bit) = (bitmap(child), bit(hash, level));
    if present & bit == 0 {
        return None;
    }
    let at = index(present, bit);
    let (rest, value) = remove_from(heap, *old.get(at)?, level + 1, hash, key)?;
    let new = match rest {
        Some(rest) if level > 0 && old.len() == 1 && rest.is_cons() => rest,
        Some(rest) => node::spliced(heap, level, present, old, at, 1, rest),
        None => {
            let mut left = removed(old, at);
            match (old.len(), left.next()) {
                (2, Some(one)) if level > 0 && one.is_cons() => one,
                (1, _) if level > 0 => return Some((None, value)),
                _ => node::build(heap, level, present & !bit, removed(old, at)),
            }
        }
    };
    Some((Some(new), value))
}

/// A head over these pairs; of several values of one key the last counts.
pub fn build<'h>(heap: &'h Heap, pairs: impl Iterator<Item = (Term<'h>, Term<'h>)>) -> Term<'h> {
    let mut leaves: Vec<Hashed<'h>> = pairs.map(|(k, v)| (key_hash(k), heap.cons(k, v))).collect();
    sort(&mut leaves);
    keep_last(&mut leaves);
    let head = grow(heap, 0, &leaves);
    node::set_size(head, leaves.len())
}

/// A leaf and its key's hash.
type Hashed<'h> = (u64, Term<'h>);

/// The key by which hashes sort as their leaves lie in the tree: lowest four bits first.
fn path(hash: u64) -> u64 {
    let bytes = hash.swap_bytes();
    (bytes & 0xF0F0_F0F0_F0F0_F0F0) >> 4 | (bytes & 0x0F0F_0F0F_0F0F_0F0F) << 4
}

fn sort(leaves: &mut [Hashed<'_>]) {
    leaves.sort_by_key(|(hash, _)| path(*hash));
}

/// Of sorted leaves with equal keys keeps the last; sorts those that only share a hash.
fn keep_last(leaves: &mut Vec<Hashed<'_>>) {
    let mut from = 0;
    while from + 1 < leaves.len() {
        let hash = leaves[from].0;
        let run = leaves[from..].iter().take_while(|l| l.0 == hash).count();
        if run == 1 {
            from += 1;
            continue;
        }
        let group = &mut leaves[from..from + run];
        group.sort_by(|x, y| cmp_exact_order(key(x.1), key(y.1)));
        let mut kept = 0;
        for i in 0..run {
            if i + 1 < run && exact_eq(key(group[i].1), key(group[i + 1].1)) {
                continue;
            }
            group[kept] = group[i];
            kept += 1;
        }
        leaves.drain(from + kept..from + run);
        from += kept;
    }
}

fn key<'h>(leaf: Term<'h>) -> Term<'h> {
    leaf.as_cons().map_or(Term::NIL, |(k, _)| k)
}

/// The child of `level` over leaves that are sorted and distinct and share all hash bits above.
fn grow<'h>(heap: &'h Heap, level: u32, leaves: &[Hashed<'h>]) -> Term<'h> {
    if level > 0
        && let [(_, leaf)] = leaves
    {
        return *leaf;
    }
    if level == LEVELS {
        let all: Vec<_> = leaves.iter().map(|l| l.1).collect();
        return node::collision(heap, &all);
    }
    let mut present = 0;
    let mut new = [Term::NIL; 16];
    let mut n = 0;
    for group in leaves.chunk_by(|x, y| bit(x.0, level) == bit(y.0, level)) {
        present |= bit(group[0].0, level);
        new[n] = grow(heap, level + 1, group);
        n += 1;
    }
    node::build(heap, level, present, new[..n].iter().copied())
}

/// The child of `level` over two leaves with different keys.
fn join<'h>(heap: &'h Heap, level: u32, two: &mut [Hashed<'h>; 2]) -> Term<'h> {
    sort(two);
    if two[0].0 == two[1].0 && cmp_exact_order(key(two[0].1), key(two[1].1)).is_gt() {
        two.swap(0, 1);
    }
    grow(heap, level, two)
}

/// All pairs of two heads; the values of `b` win.
pub fn merge<'h>(heap: &'h Heap, a: Term<'h>, b: Term<'h>) -> Term<'h> {
    let sizes = a.map_size().unwrap_or(0) + b.map_size().unwrap_or(0);
    let mut twice = 0;
    let merged = merge_in(heap, a, b, 0, &mut twice);
    if merged.same(a) || merged.same(b) {
        return merged;
    }
    node::set_size(merged, sizes - twice)
}

/// Merges two children of `level`, counting the keys that both have.
fn merge_in<'h>(
    heap: &'h Heap,
    a: Term<'h>,
    b: Term<'h>,
    level: u32,
    twice: &mut usize,
) -> Term<'h> {
    if a.same(b) {
        *twice += if a.is_cons() {
            1
        } else {
            Leaves::new(a).count()
        };
        return b;
    }
    match (a.as_cons(), b.as_cons()) {
        (None, None) => {}
        (None, Some(leaf)) => return merge_leaf(heap, a, leaf, level, Mode::Put, twice),
        (Some((key, _)), Some((other, _))) if exact_eq(key, other) => {
            *twice += 1;
            return b;
        }
        (Some(leaf), _) => return merge_leaf(heap, b, leaf, level, Mode::Keep, twice),
    }
    if level == LEVELS {
        return merge_collisions(heap, a, b, twice);
    }
    let (in_a, in_b) = (bitmap(a), bitmap(b));
    let mut new = [Term::NIL; 16];
    let mut n = 0;
    for i in 0..16 {
        let bit = 1u16 << i;
        let from = |t, present: u16| children(t)[index(present, bit)];
        new[n] = match (in_a & bit != 0, in_b & bit != 0) {
            (true, true) => merge_in(heap, from(a, in_a), from(b, in_b), level + 1, twice),
            (true, false) => from(a, in_a),
            (false, true) => from(b, in_b),
            (false, false) => continue,
        };
        n += 1;
    }
    let same = |t| {
        let old = children(t);
        old.len() == n && old.iter().zip(&new).all(|(x, y)| x.same(*y))
    };
    if same(b) {
        return b;
    }
    if same(a) {
        return a;
    }
    node::build(heap, level, in_a | in_b, new[..n].iter().copied())
}

fn merge_leaf<'h>(
    heap: &'h Heap,
    into: Term<'h>,
    (key, value): (Term<'h>, Term<'h>),
    level: u32,
    mode: Mode,
    twice: &mut usize,
) -> Term<'h> {
    let pair = Pair {
        hash: key_hash(key),
        key,
        value,
        mode,
    };
    match put_in(heap, into, level, &pair) {
        Put::Added(new) => new,
        Put::Replaced(new) => {
            *twice += 1;
            new
        }
        Put::Same | Put::Refused => {
            *twice += 1;
            into
        }
    }
}

fn merge_collisions<'h>(heap: &'h Heap, a: Term<'h>, b: Term<'h>, twice: &mut usize) -> Term<'h> {
    children(b)
        .iter()
        .filter_map(|leaf| leaf.as_cons())
        .fold(a, |all, leaf| {
            merge_leaf(heap, all, leaf, LEVELS, Mode::Put, twice)
        })
}
