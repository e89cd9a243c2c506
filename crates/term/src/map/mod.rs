//! Maps: lookup, change, building, merging and iteration, with the reference engine's key order.
//!
//! A map of up to 32 keys is flat: a sorted tuple of keys, shared between maps with the same keys, and
//! the values. A larger one is a tree over the hash of its keys ([`hamt`]), four bits a level. Both
//! shapes depend on the keys alone, which comparison and iteration rely on; every function here keeps that,
//! switching between the shapes at 32 and 33 keys.
//!
//! The interpreter's map instructions, the `maps` BIFs, the external format and ETS call this. Maps are
//! values: a change makes a new map on the given heap that shares what it can with the old one.

mod flat;
mod hamt;
mod iter;
mod next;
mod node;
mod shape;

pub use iter::{Iter, Leaves};
pub use next::{Chunk, Collect, next_chunk};
pub use node::children;
pub use shape::{Shape, shape};

use crate::layout::*;
use crate::{Heap, Term};

/// Why a map could not be changed.
#[derive(Debug, Clone, Copy)]
pub enum MapError<'h> {
    /// `{badmap, Term}`
    BadMap(Term<'h>),
    /// `{badkey, Key}`
    BadKey(Term<'h>),
}

/// The value of `key`, or nothing: also when `map` is not a map.
#[inline]
pub fn get<'h>(map: Term<'h>, key: Term<'_>) -> Option<Term<'h>> {
    if let Some((keys, values)) = map.as_flat_map() {
        return flat::position(keys, key).map(|i| values[i]);
    }
    get_hashed(map, key, key_hash(key))
}

/// The value of a `key` whose [`crate::hash::internal_hash`] is known, as an instruction with a literal key knows it.
#[inline]
pub fn get_hashed<'h>(map: Term<'h>, key: Term<'_>, hash: u64) -> Option<Term<'h>> {
    match map.boxed_header() {
        Some(HEADER_FLATMAP) => get(map, key),
        Some(h) if header_sub(h) == sub::MAP => hamt::get(map, key, hash),
        _ => None,
    }
}

/// Whether the map has the key.
#[inline]
pub fn is_key(map: Term<'_>, key: Term<'_>) -> bool {
    get(map, key).is_some()
}

/// The empty map.
pub fn empty(heap: &Heap) -> Term<'_> {
    flat::build(heap, heap.tuple(&[]), &[])
}

/// A map with the keys of a flat map's keys tuple, which it shares, and as many values.
pub fn with_keys<'h>(heap: &'h Heap, keys: Term<'h>, values: &[Term<'h>]) -> Term<'h> {
    debug_assert_eq!(keys.as_tuple().map(<[_]>::len), Some(values.len()));
    flat::build(heap, keys, values)
}

/// `Map#{Key => Value}`
pub fn put<'h>(
    heap: &'h Heap,
    map: Term<'h>,
    key: Term<'h>,
    value: Term<'h>,
) -> Result<Term<'h>, MapError<'h>> {
    if let Some((keys, values)) = map.as_flat_map() {
        return Ok(match flat::position(keys, key) {
            Some(i) => flat::replace(heap, map, i, value),
            None if keys.len() < MAP_FLAT_MAX => flat::insert(heap, keys, values, key, value),
            None => {
                let pairs = keys.iter().copied().zip(values.iter().copied());
                hamt::build(heap, pairs.chain([(key, value)]))
            }
        });
    }
    size_of_tree(map).ok_or(MapError::BadMap(map))?;
    Ok(hamt::put(heap, map, key, value, hamt::Mode::Put).unwrap_or(map))
}

/// `Map#{Key := Value}`
pub fn update<'h>(
    heap: &'h Heap,
    map: Term<'h>,
    key: Term<'h>,
    value: Term<'h>,
) -> Result<Term<'h>, MapError<'h>> {
    if let Some((keys, _)) = map.as_flat_map() {
        let i = flat::position(keys, key).ok_or(MapError::BadKey(key))?;
        return Ok(flat::replace(heap, map, i, value));
    }
    size_of_tree(map).ok_or(MapError::BadMap(map))?;
    hamt::put(heap, map, key, value, hamt::Mode::Update).ok_or(MapError::BadKey(key))
}

/// `Map#{K1 => V1, …}`: the pairs in their order.
pub fn put_all<'h>(
    heap: &'h Heap,
    map: Term<'h>,
    pairs: &[(Term<'h>, Term<'h>)],
) -> Result<Term<'h>, MapError<'h>> {
    if let [(key, value)] = pairs {
        return put(heap, map, *key, *value);
    }
    if let Some((keys, values)) = map.as_flat_map() {
        if keys.is_empty() {
            return Ok(from_pairs(heap, pairs));
        }
        let more = flat::sorted_unique(pairs);
        return Ok(flat::merge(heap, (map, keys, values), &more));
    }
    size_of_tree(map).ok_or(MapError::BadMap(map))?;
    Ok(pairs.iter().fold(map, |m, (k, v)| {
        hamt::put(heap, m, *k, *v, hamt::Mode::Put).unwrap_or(m)
    }))
}

/// `Map#{K1 => V1, …}` with distinct keys in the order of flat maps, at least one of which is new; nothing if the map is
/// no flat one, or becomes none.
pub fn put_ordered<'h>(
    heap: &'h Heap,
    map: Term<'h>,
    pairs: &[(Term<'h>, Term<'h>)],
) -> Option<Term<'h>> {
    flat::merge_ordered(heap, map.as_flat_map()?, pairs)
}

/// `Map#{K1 := V1, …}`: the first key that is missing is the error's.
pub fn update_all<'h>(
    heap: &'h Heap,
    map: Term<'h>,
    pairs: &[(Term<'h>, Term<'h>)],
) -> Result<Term<'h>, MapError<'h>> {
    if let Some((keys, values)) = map.as_flat_map()
        && let Some(tuple) = map.flat_map_keys()
    {
        let mut new: Vec<Term<'h>> = values.to_vec();
        for (key, value) in pairs {
            let i = flat::position(keys, *key).ok_or(MapError::BadKey(*key))?;
            new[i] = *value;
        }
        let unchanged = new.iter().zip(values).all(|(x, y)| x.same(*y));
        return Ok(if unchanged {
            map
        } else {
            flat::build(heap, tuple, &new)
        });
    }
    pairs
        .iter()
        .try_fold(map, |m, (k, v)| update(heap, m, *k, *v))
}

/// The map without the key, and the value that it had; the map itself and nothing if it lacks it.
pub fn take<'h>(
    heap: &'h Heap,
    map: Term<'h>,
    key: Term<'h>,
) -> Result<(Term<'h>, Option<Term<'h>>), MapError<'h>> {
    if let Some((keys, values)) = map.as_flat_map() {
        return Ok(match flat::position(keys, key) {
            Some(i) => (flat::without(heap, keys, values, i), Some(values[i])),
            None => (map, None),
        });
    }
    let size = size_of_tree(map).ok_or(MapError::BadMap(map))?;
    if size > MAP_FLAT_MAX + 1 {
        return Ok(match hamt::remove(heap, map, key) {
            Some((rest, value)) => (rest, Some(value)),
            None => (map, None),
        });
    }
    let Some(value) = hamt::get(map, key, key_hash(key)) else {
        return Ok((map, None));
    };
    let rest: Vec<_> = Leaves::new(map)
        .filter(|(k, _)| !crate::compare::exact_eq(*k, key))
        .collect();
    Ok((from_pairs(heap, &rest), Some(value)))
}

/// The map without the key.
pub fn remove<'h>(heap: &'h Heap, map: Term<'h>, key: Term<'h>) -> Result<Term<'h>, MapError<'h>> {
    take(heap, map, key).map(|(rest, _)| rest)
}

/// A map of the pairs; of several values of one key the last counts.
pub fn from_pairs<'h>(heap: &'h Heap, pairs: &[(Term<'h>, Term<'h>)]) -> Term<'h> {
    if pairs.len() <= MAP_FLAT_MAX {
        return flat::from_sorted(heap, &flat::sorted_unique(pairs));
    }
    let tree = hamt::build(heap, pairs.iter().copied());
    if size_of_tree(tree).is_some_and(|n| n <= MAP_FLAT_MAX) {
        let few: Vec<_> = Leaves::new(tree).collect();
        return flat::from_sorted(heap, &flat::sorted_unique(&few));
    }
    tree
}

/// A map of the pairs; nothing if a key occurs twice, as the external format forbids.
pub fn from_unique_pairs<'h>(heap: &'h Heap, pairs: &[(Term<'h>, Term<'h>)]) -> Option<Term<'h>> {
    let map = from_pairs(heap, pairs);
    (map.map_size() == Some(pairs.len())).then_some(map)
}

/// A map of all pairs of both; where both have a key the value of `b` counts.
pub fn merge<'h>(heap: &'h Heap, a: Term<'h>, b: Term<'h>) -> Result<Term<'h>, MapError<'h>> {
    let size_a = a.map_size().ok_or(MapError::BadMap(a))?;
    let size_b = b.map_size().ok_or(MapError::BadMap(b))?;
    if a.same(b) || size_a == 0 {
        return Ok(b);
    }
    if size_b == 0 {
        return Ok(a);
    }
    Ok(match (a.as_flat_map(), b.as_flat_map()) {
        (Some((ka, _)), Some((kb, _))) if flat::contains(kb, ka) => {
            flat::share_keys(a, b);
            b
        }
        (Some((ka, va)), Some((kb, vb))) => {
            let more: Vec<_> = kb.iter().copied().zip(vb.iter().copied()).collect();
            flat::merge(heap, (a, ka, va), &more)
        }
        (Some(_), None) => hamt::merge(heap, hamt::build(heap, Iter::new(a)), b),
        (None, Some(_)) => hamt::merge(heap, a, hamt::build(heap, Iter::new(b))),
        (None, None) => hamt::merge(heap, a, b),
    })
}

/// The pairs in the order of `maps:next/1`.
pub fn iter(map: Term<'_>) -> Iter<'_> {
    Iter::new(map)
}

/// `maps:keys/1`: for a large map in the opposite of the order of [`iter`].
pub fn keys<'h>(heap: &'h Heap, map: Term<'h>) -> Option<Term<'h>> {
    list(heap, map, |(k, _)| k)
}

/// `maps:values/1`, in the order of [`keys`].
pub fn values<'h>(heap: &'h Heap, map: Term<'h>) -> Option<Term<'h>> {
    list(heap, map, |(_, v)| v)
}

/// `maps:to_list/1`, in the order of [`keys`].
pub fn to_list<'h>(heap: &'h Heap, map: Term<'h>) -> Option<Term<'h>> {
    list(heap, map, |(k, v)| heap.tuple(&[k, v]))
}

fn list<'h>(
    heap: &'h Heap,
    map: Term<'h>,
    element: impl Fn((Term<'h>, Term<'h>)) -> Term<'h>,
) -> Option<Term<'h>> {
    map.map_size()?;
    let push = |tail, pair| heap.cons(element(pair), tail);
    Some(match map.as_flat_map() {
        Some((keys, values)) => {
            let pairs = keys.iter().copied().zip(values.iter().copied());
            pairs.rev().fold(Term::NIL, push)
        }
        None => Leaves::new(map).fold(Term::NIL, push),
    })
}

/// The hash that places a key.
#[cfg(not(test))]
use crate::hash::internal_hash as key_hash;
#[cfg(test)]
use tests::key_hash;

/// Number of pairs of a large map.
fn size_of_tree(map: Term<'_>) -> Option<usize> {
    if map.is_flat_map() {
        return None;
    }
    map.map_size()
}

#[cfg(test)]
mod tests;
