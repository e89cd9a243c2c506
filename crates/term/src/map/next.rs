//! `erts_internal:map_next/3`: a map's pairs a chunk at a time, with a resumption that is a plain term.
//!
//! The resumption of a large map is a path: an integer whose hexadecimal digits, lowest first, are
//! the positions of the children on the way to the next pair. `maps:next/1` and `maps:to_list/1` hand it
//! back with the map.

use super::get;
use super::iter::Iter;
use super::node::{LEVELS, children, is_collision};
use crate::layout::MAP_FLAT_MAX;
use crate::{Heap, Term, am};

/// In what form the pairs are wanted.
#[derive(Debug, Clone, Copy)]
pub enum Collect<'h> {
    /// `{K1, V1, {K2, V2, none | [Path | Map]}}`
    Iterator,
    /// `[{K2, V2}, {K1, V1} | Rest]`, and `[Path, Map | …]` in front if there are more. The pairs of a flat
    /// map come in their order, those of a large one in the opposite.
    List(Term<'h>),
}

/// A chunk of pairs.
#[derive(Debug, Clone, Copy)]
pub struct Chunk<'h> {
    pub term: Term<'h>,
    /// How many pairs it holds, for whoever counts reductions.
    pub pairs: usize,
}

/// The pairs of `map` from `path` on, at most `limit` of them from a large map. The path is 0 at first; for
/// an iterator it may be a list of keys that tells their order. `None` is `badarg`.
pub fn next_chunk<'h>(
    heap: &'h Heap,
    path: Term<'h>,
    map: Term<'h>,
    collect: Collect<'h>,
    limit: usize,
) -> Option<Chunk<'h>> {
    let size = map.map_size()?;
    if path.is_list() && matches!(collect, Collect::Iterator) {
        return ordered(heap, path, map, limit.max(1));
    }
    if map.is_flat_map() {
        if path.as_usize()? > size {
            return None;
        }
        let mut pairs: Vec<_> = Iter::new(map).collect();
        if let Collect::List(_) = collect {
            pairs.reverse();
        }
        return Some(chunk(heap, &pairs, collect, None));
    }
    let mut limit = limit.clamp(1, size);
    if path.as_small() == Some(0) {
        limit = limit.min(MAP_FLAT_MAX);
    }
    let mut walk = Walk::from(map, path)?;
    let pairs = walk.take(limit);
    let rest = walk.path(heap).map(|p| (p, map));
    Some(chunk(heap, &pairs, collect, rest))
}

/// The pairs of the keys in a list.
fn ordered<'h>(heap: &'h Heap, keys: Term<'h>, map: Term<'h>, limit: usize) -> Option<Chunk<'h>> {
    let mut it = keys.iter();
    let mut pairs = Vec::new();
    while pairs.len() < limit
        && let Some(key) = it.next()
    {
        pairs.push((key, get(map, key)?));
    }
    let rest = it.tail();
    if !rest.is_list() {
        return None;
    }
    let more = rest.is_cons().then_some((rest, map));
    Some(chunk(heap, &pairs, Collect::Iterator, more))
}

fn chunk<'h>(
    heap: &'h Heap,
    pairs: &[(Term<'h>, Term<'h>)],
    collect: Collect<'h>,
    more: Option<(Term<'h>, Term<'h>)>,
) -> Chunk<'h> {
    let term = match collect {
        Collect::Iterator => {
            let end = match more {
                Some((path, map)) => heap.cons(path, map),
                None => Term::atom(am::none),
            };
            let link = |rest, (k, v): &(Term<'h>, Term<'h>)| heap.tuple(&[*k, *v, rest]);
            pairs.iter().rev().fold(end, link)
        }
        Collect::List(end) => {
            let push = |rest, (k, v): &(Term<'h>, Term<'h>)| heap.cons(heap.tuple(&[*k, *v]), rest);
            let list = pairs.iter().fold(end, push);
            match more {
                Some((path, map)) => heap.cons(path, heap.cons(map, list)),
                None => list,
            }
        }
    };
    Chunk {
        term,
        pairs: pairs.len(),
    }
}

/// Where we are in a large map: nodes from the head down, and the next child of each.
struct Walk<'h> {
    steps: Vec<(&'h [Term<'h>], usize)>,
    /// Whether the last node is a collision node, which is never left half way.
    collision: bool,
}

impl<'h> Walk<'h> {
    /// Goes down the path; where it ends above a leaf, on along the first children.
    fn from(map: Term<'h>, path: Term<'h>) -> Option<Walk<'h>> {
        let small;
        let limbs: &[u64] = match path.as_big() {
            Some(big) if !big.negative => big.limbs,
            Some(_) => return None,
            None => {
                small = [path.as_small()? as u64];
                &small
            }
        };
        let mut node = map;
        let mut steps = Vec::with_capacity(8);
        for level in 0..=LEVELS as usize {
            let limb = limbs.get(level / 16).copied().unwrap_or(0);
            let at = (limb >> (4 * (level % 16)) & 15) as usize;
            let all = children(node);
            let child = *all.get(at)?;
            if child.is_cons() {
                steps.push((all, at));
                let collision = is_collision(node);
                return Some(Walk { steps, collision });
            }
            steps.push((all, at + 1));
            node = child;
        }
        None
    }

    /// The next pairs: `limit`, or a few more where that would part a collision node.
    fn take(&mut self, mut limit: usize) -> Vec<(Term<'h>, Term<'h>)> {
        let mut pairs = Vec::with_capacity(limit);
        while limit > 0 {
            let Some((all, at)) = self.steps.last_mut() else {
                break;
            };
            if self.collision && *at == 0 {
                limit = limit.max(all.len());
            }
            match all.get(*at) {
                None => {
                    self.steps.pop();
                    self.collision = false;
                }
                Some(child) => {
                    *at += 1;
                    if let Some(pair) = child.as_cons() {
                        pairs.push(pair);
                        limit -= 1;
                    } else {
                        self.collision = is_collision(*child);
                        self.steps.push((children(*child), 0));
                    }
                }
            }
        }
        pairs
    }

    /// The path to the next pair, if there is one.
    fn path(mut self, heap: &'h Heap) -> Option<Term<'h>> {
        while let Some((all, at)) = self.steps.last()
            && *at >= all.len()
        {
            self.steps.pop();
        }
        let last = self.steps.len().checked_sub(1)?;
        let mut limbs = [0u64; 2];
        for (level, (_, at)) in self.steps.iter().enumerate() {
            // Above the last node `at` already points behind the child that we are in.
            let digit = if level == last { *at } else { at - 1 } as u64;
            limbs[level / 16] |= digit << (4 * (level % 16));
        }
        Some(heap.big(false, &limbs))
    }
}
