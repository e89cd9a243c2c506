//! `ets:info/1,2` and what introspection asks of tables.

use super::Kind;
use super::registry::{Access, table};
use super::table::{Fixes, Rows, TableRef, WriteConcurrency};
use corten_engine::bif::OrBadarg;
use corten_engine::{Args, Bif, BifResult, Process, bifs};
use corten_term::{Atom, Term, am};

pub const BIFS: &[Bif] = bifs![
    ets:info/1 => info_1,
    ets:info/2 => info_2,
    erts_internal:ets_lookup_binary_info/2 => lookup_binary_info,
    erts_internal:ets_super_user/1 => super_user,
];

/// Items of `info/1`, in the reference engine's order.
const ITEMS: [Atom; 13] = [
    am::id,
    am::decentralized_counters,
    am::read_concurrency,
    am::write_concurrency,
    am::compressed,
    am::memory,
    am::owner,
    am::heir,
    am::name,
    am::size,
    am::node,
    am::named_table,
    am::type_,
];
const MORE: [Atom; 2] = [am::keypos, am::protection];

fn item<'h>(p: &'h Process, t: &TableRef, what: Atom) -> Option<Term<'h>> {
    let o = &t.options;
    Some(match what {
        am::id => p.heap.magic_reference(t.magic()),
        am::decentralized_counters => Term::bool(o.decentralized_counters),
        am::read_concurrency => Term::bool(o.read_concurrency),
        am::write_concurrency => match o.write_concurrency {
            WriteConcurrency::Off => Term::FALSE,
            WriteConcurrency::On => Term::TRUE,
            WriteConcurrency::Auto => Term::atom(am::auto),
            WriteConcurrency::Locks(n) => p.heap.tuple(&[
                Term::atom(am::debug_hash_fixed_number_of_locks),
                Term::small(n),
            ]),
        },
        am::compressed => Term::bool(o.compressed),
        am::memory => p.heap.uint(t.words() as u64),
        am::owner => Term::pid(t.owner()),
        am::heir => t
            .heir
            .lock()
            .as_ref()
            .map_or(Term::atom(am::none), |h| Term::pid(h.pid)),
        am::name => Term::atom(*t.name.lock()),
        am::size => p.heap.uint(t.len() as u64),
        am::node => Term::atom(corten_term::node::resolve(0).0),
        am::named_table => Term::bool(o.named),
        am::type_ => Term::atom(o.kind.atom()),
        am::keypos => Term::small(o.keypos as i64),
        am::protection => Term::atom(t.protection().atom()),
        am::binary => binaries(p, t),
        am::fixed => Term::bool(t.is_fixed()),
        am::safe_fixed => fixes(p, t, |f| timestamp(p, f.since)),
        am::safe_fixed_monotonic_time => fixes(p, t, |f| p.heap.int(f.since_monotonic)),
        am::stats => stats(p, t),
        _ => return None,
    })
}

/// `{Time, [{Pid, Count}]}`, or `false` if nobody fixes the table.
fn fixes<'h>(p: &'h Process, t: &TableRef, time: impl Fn(&Fixes) -> Term<'h>) -> Term<'h> {
    t.with_fixes(|f| {
        if f.by.is_empty() {
            return Term::FALSE;
        }
        let by: Vec<_> =
            f.by.iter()
                .map(|(pid, n)| p.heap.tuple(&[Term::pid(*pid), Term::small(*n as i64)]))
                .collect();
        p.heap.tuple(&[time(f), p.heap.list(&by)])
    })
}

/// Nanoseconds as `{Mega, Sec, Micro}`.
fn timestamp(p: &Process, nanoseconds: i64) -> Term<'_> {
    let micro = nanoseconds / 1000;
    let parts = [
        micro / 1_000_000_000_000,
        micro / 1_000_000 % 1_000_000,
        micro % 1_000_000,
    ];
    p.heap.tuple(&parts.map(|v| p.heap.int(v)))
}

/// Hash tables: `{Buckets, ExpectedLength, …}` figures of chains, then how many removed
/// rows a fixation keeps, and the number of locks; ordered sets have others.
fn stats<'h>(p: &'h Process, t: &TableRef) -> Term<'h> {
    if t.kind() == Kind::OrderedSet {
        // Bounds between parts, parts, bounds that are compared with a key on the way to its part.
        return t.bounds().map_or(Term::FALSE, |n| {
            let depth = usize::BITS - n.leading_zeros();
            let parts = [n, n + 1, depth as usize];
            p.heap.tuple(&parts.map(|n| Term::small(n as i64)))
        });
    }
    let mut lengths = Vec::new();
    let mut dead = 0;
    for shard in t.shards() {
        if let Rows::Hash(h) = &*shard.read_long() {
            lengths.extend((0..h.buckets()).map(|b| h.bucket(b).count()));
            dead += h.dead();
        }
    }
    let n = lengths.len().max(1) as f64;
    let average = lengths.iter().sum::<usize>() as f64 / n;
    let deviation = (lengths
        .iter()
        .map(|l| (*l as f64 - average).powi(2))
        .sum::<f64>()
        / n)
        .sqrt();
    let int = |v: usize| Term::small(v as i64);
    p.heap.tuple(&[
        int(lengths.len()),
        p.heap.float(average),
        p.heap.float(deviation),
        p.heap.float(average.sqrt()),
        int(lengths.iter().copied().min().unwrap_or(0)),
        int(lengths.iter().copied().max().unwrap_or(0)),
        int(dead),
        int(t.shards().len()),
    ])
}

/// `[{Address, Size, References}]` of the off-heap binaries that rows hold.
fn binaries<'h>(p: &'h Process, t: &TableRef) -> Term<'h> {
    let mut out = Term::NIL;
    super::basic::for_each_row(t, |row| {
        for b in corten_term::binary::off_heap_of(row.object()) {
            let info = [
                p.heap.uint(b.address),
                p.heap.uint(b.bytes as u64),
                p.heap.uint(b.references as u64),
            ];
            out = p.heap.cons(p.heap.tuple(&info), out);
        }
    });
    out
}

fn info_1<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let t = match table(p, a[0], Access::Any) {
        Ok(t) => t,
        Err(stop) => return gone(a[0]).ok_or(stop),
    };
    let pairs: Vec<_> = ITEMS
        .iter()
        .chain(&MORE)
        .filter_map(|k| item(p, &t, *k).map(|v| p.heap.tuple(&[Term::atom(*k), v])))
        .collect();
    Ok(p.heap.list(&pairs))
}

/// What `info` says of a table that is not there: `undefined`, if this is a name or was a table.
fn gone(t: Term<'_>) -> Option<Term<'static>> {
    (t.is_atom() || super::registry::was_table(t)).then_some(Term::UNDEFINED)
}

fn info_2<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let what = a[1].as_atom().badarg()?;
    match table(p, a[0], Access::Any) {
        Ok(t) => item(p, &t, what).badarg(),
        Err(stop) => gone(a[0]).ok_or(stop),
    }
}

fn lookup_binary_info<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let t = table(p, a[0], Access::Read)?;
    let (rows, hash) = t.read(a[1])?;
    let mut out = Term::NIL;
    for row in rows.lookup(hash, a[1]) {
        for b in corten_term::binary::off_heap_of(row.object()) {
            let info = [
                p.heap.uint(b.address),
                p.heap.uint(b.bytes as u64),
                p.heap.uint(b.references as u64),
            ];
            out = p.heap.cons(p.heap.tuple(&info), out);
        }
    }
    Ok(out)
}

/// Lets the caller read private tables (crash dump viewer, observer), or not any more.
fn super_user<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    super::registry::set_super_user(p.pid(), a[0].as_bool().badarg()?);
    Ok(Term::TRUE)
}
