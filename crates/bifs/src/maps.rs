//! Module `maps`, the map guards, and what `erts_internal` shows of maps.

use crate::long;
use crate::prelude::*;
use crate::util::{atom as named, elements};
use corten_term::map::{self, MapError};

pub const BIFS: &[Bif] = bifs![
    maps:find/2 => find,
    maps:from_keys/2 => from_keys,
    maps:from_list/1 => from_list,
    maps:get/2 => get,
    maps:is_key/2 => is_key,
    maps:keys/1 => keys,
    maps:merge/2 => merge,
    maps:put/3 => put,
    maps:remove/2 => remove,
    maps:take/2 => take,
    maps:update/3 => update,
    maps:values/1 => values,
    erlang:map_get/2 => map_get [GUARD],
    erlang:is_map_key/2 => is_map_key [GUARD],
    erlang:map_size/1 => map_size [GUARD],
    erts_internal:map_next/3 => map_next,
    erts_internal:map_to_tuple_keys/1 => map_to_tuple_keys,
    erts_internal:map_hashmap_children/1 => map_hashmap_children,
    erts_debug:map_info/1 => map_info,
];

/// Associations handled for one reduction.
const PAIRS_PER_REDUCTION: usize = 10;
/// Associations that are hashed on a scheduler thread.
const MANY: usize = 5_000;
/// Associations of a large map that one step of an iterator gives.
const CHUNK: usize = 100;

#[cold]
fn bad_map<'h>(p: &'h Process, t: Term<'h>) -> Stop<'h> {
    Stop::error_tuple(p, am::badmap, t)
}

fn stop<'h>(p: &'h Process, e: MapError<'h>) -> Stop<'h> {
    match e {
        MapError::BadMap(t) => bad_map(p, t),
        MapError::BadKey(t) => Stop::error_tuple(p, am::badkey, t),
    }
}

fn require_map<'h>(p: &'h Process, t: Term<'h>) -> Result<usize, Stop<'h>> {
    t.map_size().ok_or_else(|| bad_map(p, t))
}

fn find<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    require_map(p, a[1])?;
    Ok(match map::get(a[1], a[0]) {
        Some(v) => p.heap.tuple(&[Term::OK, v]),
        None => Term::atom(am::error),
    })
}

fn get<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    require_map(p, a[1])?;
    map::get(a[1], a[0]).ok_or_else(|| stop(p, MapError::BadKey(a[0])))
}

/// The guard has the same errors; a guard turns them into failure.
fn map_get<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    get(p, a)
}

fn is_key<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    require_map(p, a[1])?;
    Ok(Term::bool(map::is_key(a[1], a[0])))
}

fn is_map_key<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    is_key(p, a)
}

fn map_size<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(Term::small(require_map(p, a[0])? as i64))
}

fn from_pairs<'h>(p: &'h Process, pairs: &[(Term<'h>, Term<'h>)]) -> Term<'h> {
    // Building a map takes longer than walking one.
    p.bump_reductions(pairs.len() + pairs.len() / 2);
    map::from_pairs(&p.heap, pairs)
}

fn from_list<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    long::list(a[0], MANY)?;
    let mut it = a[0].iter();
    let mut pairs = Vec::new();
    for t in it.by_ref() {
        let [k, v] = t.as_tuple_of::<2>().badarg()?;
        pairs.push((*k, *v));
    }
    if !it.tail().is_nil() {
        return Err(Stop::BADARG);
    }
    Ok(from_pairs(p, &pairs))
}

fn from_keys<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    long::list(a[0], MANY)?;
    let pairs: Vec<_> = elements(a[0])?.into_iter().map(|k| (k, a[1])).collect();
    Ok(from_pairs(p, &pairs))
}

fn keys<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let n = require_map(p, a[0])?;
    long::amount(n, long::PARTS)?;
    p.bump_reductions(n / PAIRS_PER_REDUCTION);
    map::keys(&p.heap, a[0]).ok_or_else(|| bad_map(p, a[0]))
}

fn values<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let n = require_map(p, a[0])?;
    long::amount(n, long::PARTS)?;
    p.bump_reductions(n / PAIRS_PER_REDUCTION);
    map::values(&p.heap, a[0]).ok_or_else(|| bad_map(p, a[0]))
}

fn merge<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let n = require_map(p, a[0])? + require_map(p, a[1])?;
    long::amount(n, MANY)?;
    p.bump_reductions(n / PAIRS_PER_REDUCTION);
    map::merge(&p.heap, a[0], a[1]).map_err(|e| stop(p, e))
}

fn put<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    map::put(&p.heap, a[2], a[0], a[1]).map_err(|e| stop(p, e))
}

fn update<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    map::update(&p.heap, a[2], a[0], a[1]).map_err(|e| stop(p, e))
}

fn remove<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    map::remove(&p.heap, a[1], a[0]).map_err(|e| stop(p, e))
}

fn take<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let (rest, value) = map::take(&p.heap, a[1], a[0]).map_err(|e| stop(p, e))?;
    Ok(match value {
        Some(v) => p.heap.tuple(&[v, rest]),
        None => Term::atom(am::error),
    })
}

fn map_next<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    require_map(p, a[1])?;
    let collect = match a[2].as_atom() {
        Some(am::iterator) => map::Collect::Iterator,
        None if a[2].is_list() => map::Collect::List(a[2]),
        _ => return Err(Stop::BADARG),
    };
    let chunk = map::next_chunk(&p.heap, a[0], a[1], collect, CHUNK).badarg()?;
    p.bump_reductions(chunk.pairs / PAIRS_PER_REDUCTION);
    Ok(chunk.term)
}

fn map_to_tuple_keys<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    require_map(p, a[0])?;
    a[0].flat_map_keys().badarg()
}

/// The subtrees of a large map's head, each as a map (a lone leaf as `[Key | Value]`), for viewers that do
/// not want all of it at once.
fn map_hashmap_children<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    require_map(p, a[0])?;
    if a[0].is_flat_map() {
        return Err(Stop::BADARG);
    }
    let mut children: [Vec<(Term<'h>, Term<'h>)>; 16] = Default::default();
    for (k, v) in map::iter(a[0]) {
        children[corten_term::hash::internal_hash(k) as usize % 16].push((k, v));
    }
    let shown: Vec<_> = children
        .iter()
        .rev()
        .filter(|c| !c.is_empty())
        .map(|c| match c[..] {
            [(k, v)] => p.heap.cons(k, v),
            _ => map::from_pairs(&p.heap, c),
        })
        .collect();
    Ok(p.heap.list(&shown))
}

/// Shape figures of a large map; nothing is known of small ones.
fn map_info<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    require_map(p, a[0])?;
    let shape = map::shape(a[0]).badarg()?;
    let h = &p.heap;
    let counts = |counts: &[usize]| {
        let terms: Vec<_> = counts.iter().map(|n| h.uint(*n as u64)).collect();
        h.tuple(&terms)
    };
    let figure = |name, total: usize, parts| h.tuple(&[named(name), h.uint(total as u64), parts]);
    let all = |n: &[usize]| n.iter().sum();
    Ok(h.list(&[
        h.tuple(&[named("depth"), h.uint(shape.depth as u64)]),
        figure("arrays", shape.full_heads, Term::NIL),
        figure(
            "collisions",
            all(&shape.collisions),
            counts(&shape.collisions),
        ),
        figure("bitmaps", all(&shape.nodes), counts(&shape.nodes)),
        figure("leafs", all(&shape.leaves), counts(&shape.leaves)),
    ]))
}
