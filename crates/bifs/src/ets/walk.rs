//! Walking a table key by key: `first`, `next`, `last`, `prev`, their `_lookup` forms, `slot`.

use super::registry::{Access, at, table};
use super::table::{Rows, Table};
use corten_engine::bif::OrBadarg;
use corten_engine::{Args, Bif, BifResult, Process, Stop, bifs};
use corten_term::{Key, Row, Term, am, copy};
use std::ops::Bound;

pub const BIFS: &[Bif] = bifs![
    ets:first/1 => first,
    ets:last/1 => last,
    ets:next/2 => next,
    ets:prev/2 => prev,
    ets:first_lookup/1 => first_lookup,
    ets:last_lookup/1 => last_lookup,
    ets:next_lookup/2 => next_lookup,
    ets:prev_lookup/2 => prev_lookup,
    ets:slot/2 => slot,
    erts_internal:ets_raw_first/1 => raw_first,
    erts_internal:ets_raw_next/2 => raw_next,
];

/// What the caller wants of the row found.
#[derive(Clone, Copy, PartialEq)]
enum Want {
    Key,
    /// The key even of a row that was removed while the table was fixed.
    DeadKey,
    Objects,
}

/// Where to look.
#[derive(Clone, Copy)]
enum From<'t> {
    First,
    Last,
    After(Term<'t>),
    Before(Term<'t>),
}

/// What the caller gets. `only`: the row is the only one of its key.
fn answer<'h>(
    p: &'h Process,
    rows: &Rows,
    hash: impl Fn(Term<'_>) -> u32,
    row: Option<&Row>,
    only: bool,
    want: Want,
) -> Option<Term<'h>> {
    let row = row?;
    let key = copy::copy(row.key(), &p.heap);
    if want != Want::Objects {
        return Some(key);
    }
    if only {
        let object = copy::copy(row.object(), &p.heap);
        return Some(p.heap.tuple(&[key, p.heap.list(&[object])]));
    }
    let objects: Vec<_> = rows
        .lookup(hash(row.key()), row.key())
        .iter()
        .map(|r| copy::copy(r.object(), &p.heap))
        .collect();
    Some(p.heap.tuple(&[key, p.heap.list(&objects)]))
}

fn walk<'h>(p: &'h Process, tab: Term<'h>, from: From<'h>, want: Want) -> BifResult<'h> {
    let t = at(p, tab, Access::Read)?;
    let end = Term::atom(am::EOT);
    let hash = |k: Term<'_>| t.place(k).1;
    let only = t.kind().is_set();
    let rows = t.shards()[0].read();
    if let Rows::Tree(tree, _) = &*rows {
        if let From::After(k) | From::Before(k) = from
            && k.is(am::EOT)
        {
            return Err(Stop::BADARG);
        }
        let row = match from {
            From::First => tree.first(),
            From::Last => tree.last(),
            From::After(k) => tree
                .range::<Key, _>((Bound::Excluded(Key::of(&k)), Bound::Unbounded))
                .next(),
            From::Before(k) => tree
                .range::<Key, _>((Bound::Unbounded, Bound::Excluded(Key::of(&k))))
                .next_back(),
        };
        t.there()?;
        return Ok(answer(p, &rows, hash, row, only, want).unwrap_or(end));
    }
    drop(rows);
    let (shard, key) = match from {
        From::First | From::Last => (0, None),
        From::After(k) | From::Before(k) => (t.place(k).0, Some(k)),
    };
    let dead = want == Want::DeadKey;
    for (i, lock) in t.shards().iter().enumerate().skip(shard) {
        let rows = lock.read();
        let Rows::Hash(h) = &*rows else { break };
        let row = match key {
            Some(k) if i == shard => h.next(hash(k), k, dead).map_err(|()| Stop::BADARG)?,
            _ => h.first_from(0, dead),
        };
        if let Some(found) = answer(p, &rows, hash, row, only, want) {
            return Ok(found);
        }
    }
    t.there()?;
    Ok(end)
}

fn first<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    walk(p, a[0], From::First, Want::Key)
}
fn last<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    walk(p, a[0], From::Last, Want::Key)
}
fn next<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    walk(p, a[0], From::After(a[1]), Want::Key)
}
fn prev<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    walk(p, a[0], From::Before(a[1]), Want::Key)
}
fn first_lookup<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    walk(p, a[0], From::First, Want::Objects)
}
fn last_lookup<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    walk(p, a[0], From::Last, Want::Objects)
}
fn next_lookup<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    walk(p, a[0], From::After(a[1]), Want::Objects)
}
fn prev_lookup<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    walk(p, a[0], From::Before(a[1]), Want::Objects)
}

/// Like `first` and `next`, but rows removed while the table is fixed count too.
fn raw_first<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    walk(p, a[0], From::First, Want::DeadKey)
}
fn raw_next<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    walk(p, a[0], From::After(a[1]), Want::DeadKey)
}

/// The bucket of a running number.
fn bucket_rows(t: &Table, mut n: usize) -> Option<(usize, usize)> {
    for (i, shard) in t.shards().iter().enumerate() {
        let Rows::Hash(h) = &*shard.read() else {
            return None;
        };
        if n < h.buckets() {
            return Some((i, n));
        }
        n -= h.buckets();
    }
    None
}

fn slot<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let t = table(p, a[0], Access::Read)?;
    let n = a[1].as_usize().badarg()?;
    let end = Term::atom(am::EOT);
    if let Rows::Tree(tree, _) = &*t.shards()[0].read() {
        return match tree.iter().nth(n) {
            Some(r) => Ok(p.heap.list(&[copy::copy(r.object(), &p.heap)])),
            None if n == tree.len() => Ok(end),
            None => Err(Stop::BADARG),
        };
    }
    let total: usize = t.shards().iter().map(|s| s.read().buckets()).sum();
    if n == total {
        return Ok(end);
    }
    let (shard, b) = bucket_rows(&t, n).badarg()?;
    let rows = t.shards()[shard].read();
    let Rows::Hash(h) = &*rows else {
        return Err(Stop::BADARG);
    };
    let objects: Vec<_> = h
        .bucket(b)
        .map(|r| copy::copy(r.object(), &p.heap))
        .collect();
    Ok(p.heap.list(&objects))
}
