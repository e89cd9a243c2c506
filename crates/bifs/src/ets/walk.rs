//! Walking a table key by key: `first`, `next`, `last`, `prev`, their `_lookup` forms, `slot`.

use super::Kind;
use super::registry::{Access, at, table};
use super::table::{Rows, Table};
use super::tree::Range;
use corten_engine::bif::OrBadarg;
use corten_engine::{Args, Bif, BifResult, Process, Stop, bifs};
use corten_term::{KeyedRow, Term, am, copy};
use std::ops::ControlFlow;

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

/// What the caller gets. `objects`: those of the row's key.
fn answer<'h>(
    p: &'h Process,
    key: Term<'_>,
    want: Want,
    objects: impl FnOnce() -> Vec<Term<'h>>,
) -> Term<'h> {
    let key = copy::copy(key, &p.heap);
    match want {
        Want::Objects => p.heap.tuple(&[key, p.heap.list(&objects())]),
        Want::Key | Want::DeadKey => key,
    }
}

fn walk<'h>(p: &'h Process, tab: Term<'h>, from: From<'h>, want: Want) -> BifResult<'h> {
    let t = at(p, tab, Access::Read)?;
    let found = if t.kind() == Kind::OrderedSet {
        walk_in_order(p, &t, from, want)
    } else {
        walk_buckets(p, &t, from, want)
    };
    t.there()?;
    Ok(found?.unwrap_or(Term::atom(am::EOT)))
}

fn walk_in_order<'h>(
    p: &'h Process,
    t: &Table,
    from: From<'h>,
    want: Want,
) -> Result<Option<Term<'h>>, Stop<'h>> {
    let show = |row: KeyedRow<'_>| {
        let object = || vec![row.row().copy_to(&p.heap)];
        answer(p, row.key(), want, object)
    };
    let end = |reverse| {
        let first = t.walk(Range::default(), reverse, true, |row| {
            ControlFlow::Break(show(row))
        });
        first.break_value()
    };
    match from {
        From::After(k) | From::Before(k) if k.is(am::EOT) => Err(Stop::BADARG),
        From::First => Ok(end(false)),
        From::Last => Ok(end(true)),
        From::After(k) => Ok(t.neighbour(k, false, show)),
        From::Before(k) => Ok(t.neighbour(k, true, show)),
    }
}

fn walk_buckets<'h>(
    p: &'h Process,
    t: &Table,
    from: From<'h>,
    want: Want,
) -> Result<Option<Term<'h>>, Stop<'h>> {
    let (shard, key) = match from {
        From::First | From::Last => (0, None),
        From::After(k) | From::Before(k) => {
            let hash = t.hash(k);
            (t.shard(hash), Some((k, hash)))
        }
    };
    let dead = want == Want::DeadKey;
    for (i, lock) in t.shards().iter().enumerate().skip(shard) {
        let rows = lock.read();
        let Rows::Hash(h) = &*rows else { break };
        let row = match key {
            Some((k, hash)) if i == shard => h.next(hash, k, dead).map_err(|()| Stop::BADARG)?,
            _ => h.first_from(0, dead),
        };
        if let Some(row) = row {
            let key = row.key(t.keypos());
            let objects = || {
                let all = h.lookup(row.hash(), key).into_iter();
                all.map(|r| r.copy_to(&p.heap)).collect()
            };
            return Ok(Some(answer(p, key, want, objects)));
        }
    }
    Ok(None)
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
    if t.kind() == Kind::OrderedSet {
        let mut before = 0;
        let found = t.walk(Range::default(), false, false, |row| {
            if before == n {
                return ControlFlow::Break(row.row().copy_to(&p.heap));
            }
            before += 1;
            ControlFlow::Continue(())
        });
        return match found.break_value() {
            Some(object) => Ok(p.heap.list(&[object])),
            None if n == before => Ok(end),
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
    let objects: Vec<_> = h.bucket(b).map(|r| r.copy_to(&p.heap)).collect();
    Ok(p.heap.list(&objects))
}
