//! Searching with match specifications: `select`, `match`, `match_object` and their relatives.
//!
//! Results are collected in front of one another while the table is walked (an ordered set from its end), so
//! lists come out in the reference engine's order. A chunked search hands out a continuation of the shape that
//! `ets:repair_continuation/2` knows: `{Tab, Slot, Limit, Spec, Rest, Length}` for hash tables, `{Tab, LastKey,
//! Reverse, Limit, Spec, [], 0, 0}` for ordered sets.

use super::Kind;
use super::registry::{Access, table};
use super::row::{HasKey, Probe, Row};
use super::table::{Rows, Table, TableRef};
use crate::match_spec::{self, Compiled, Context, Dialect};
use corten_engine::bif::OrBadarg;
use corten_engine::{Args, Bif, BifResult, Process, Stop, bifs};
use corten_term::reference::Magic;
use corten_term::{Heap, Term, am, compare, copy};
use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

pub const BIFS: &[Bif] = bifs![
    ets:select/2 => select_2,
    ets:select/3 => select_3,
    ets:select/1 => continue_search,
    ets:select_reverse/2 => select_reverse_2,
    ets:select_reverse/3 => select_reverse_3,
    ets:select_reverse/1 => continue_search,
    ets:select_count/2 => select_count,
    ets:select_replace/2 => select_replace,
    ets:internal_select_delete/2 => select_delete,
    ets:match/2 => match_2,
    ets:match/3 => match_3,
    ets:match/1 => continue_search,
    ets:match_object/2 => match_object_2,
    ets:match_object/3 => match_object_3,
    ets:match_object/1 => continue_search,
    ets:match_spec_compile/1 => match_spec_compile,
    ets:match_spec_run_r/3 => match_spec_run_r,
    ets:is_compiled_ms/1 => is_compiled_ms,
    ets:internal_request_all/0 => request_all,
    erlang:match_spec_test/3 => match_spec_test,
];

/// A compiled specification and the key that its pattern fixes, if it does.
struct Search<'h> {
    spec: Arc<Magic>,
    key: Option<Term<'h>>,
}

impl<'h> Search<'h> {
    fn compile(t: &Table, spec: Term<'h>) -> Result<Search<'h>, Stop<'h>> {
        let compiled = match_spec::compile(spec, Dialect::Table).map_err(|_| Stop::BADARG)?;
        Ok(Search {
            spec: Magic::new(compiled),
            key: fixed_key(t, spec),
        })
    }
    fn compiled(&self) -> Option<&Compiled> {
        self.spec.get()
    }
}

/// The key, if there is one clause and its pattern says which key it wants.
fn fixed_key<'h>(t: &Table, spec: Term<'h>) -> Option<Term<'h>> {
    let (clause, rest) = spec.as_cons()?;
    if !rest.is_nil() {
        return None;
    }
    let key = *clause
        .as_tuple()?
        .first()?
        .as_tuple()?
        .get(t.keypos() - 1)?;
    match_spec::is_constant(key).then_some(key)
}

/// Where a walk stands.
enum Position<'t> {
    Start,
    /// A running bucket number.
    Slot(usize),
    /// Behind this key.
    Key(Term<'t>),
}

/// Shows rows to `f`, a bucket (or a row of an ordered set) at a time, until it breaks. Returns the bucket or `None`
/// when the walk is over. `after` is called between buckets and may break.
fn walk(
    t: &Table,
    from: &Position<'_>,
    reverse: bool,
    mut f: impl FnMut(&Row),
    mut full: impl FnMut() -> bool,
) -> ControlFlow<usize> {
    if t.kind() == Kind::OrderedSet {
        let rows = t.shards()[0].read();
        let Rows::Tree(tree, _) = &*rows else {
            return ControlFlow::Continue(());
        };
        let mut step = |row: &Row| {
            f(row);
            if full() {
                ControlFlow::Break(0)
            } else {
                ControlFlow::Continue(())
            }
        };
        // A plain search walks from the end, because results are put in front of each other.
        let probe = match from {
            Position::Key(k) => Some(Probe(*k)),
            _ => None,
        };
        let bound = probe
            .as_ref()
            .map_or(Bound::Unbounded, |p| Bound::Excluded(p as &dyn HasKey));
        return if reverse {
            tree.range::<dyn HasKey, _>((Bound::Unbounded, bound))
                .rev()
                .try_for_each(&mut step)
        } else {
            tree.range::<dyn HasKey, _>((bound, Bound::Unbounded))
                .try_for_each(&mut step)
        };
    }
    let mut skip = match from {
        Position::Slot(n) => *n,
        _ => 0,
    };
    let mut slot = skip;
    for shard in t.shards() {
        let rows = shard.read();
        let Rows::Hash(h) = &*rows else { break };
        for b in skip.min(h.buckets())..h.buckets() {
            h.bucket(b).for_each(&mut f);
            slot += 1;
            if full() {
                return ControlFlow::Break(slot);
            }
        }
        skip = skip.saturating_sub(h.buckets());
    }
    ControlFlow::Continue(())
}

/// Runs the specification on a row and copies the result out.
fn try_row<'h>(p: &'h Process, spec: &Compiled, row: &Row) -> Option<Term<'h>> {
    let scratch = Heap::new();
    let context = Context { pid: p.pid() };
    spec.run(row.object(), &scratch, context)
        .map(|r| copy::copy(r, &p.heap))
}

fn select_all<'h>(p: &'h Process, t: &Table, search: &Search<'h>, reverse: bool) -> BifResult<'h> {
    let spec = search.compiled().badarg()?;
    if let Some(key) = search.key {
        let (rows, hash) = t.read(key);
        let found: Vec<_> = rows
            .lookup(hash, key)
            .into_iter()
            .filter_map(|r| try_row(p, spec, r))
            .collect();
        return Ok(p.heap.list(&found));
    }
    let mut out = Vec::new();
    let mut seen = 0;
    let _ = walk(
        t,
        &Position::Start,
        reverse,
        |r| {
            seen += 1;
            out.extend(try_row(p, spec, r))
        },
        || false,
    );
    p.bump_reductions(seen / 4);
    Ok(if t.kind() == Kind::OrderedSet {
        p.heap.list(&out)
    } else {
        out.iter().fold(Term::NIL, |l, r| p.heap.cons(*r, l))
    })
}

/// One chunk of a search from `from` on; `found` was found before and not handed out yet.
///
/// Rows of a hash table are met newest first and put in front of each other: a chunk of a bag's rows has the newest
/// ones, oldest first, and programs rely on it.
fn chunk<'h>(
    p: &'h Process,
    t: &TableRef,
    search: &Search<'h>,
    from: Position<'h>,
    limit: usize,
    reverse: bool,
    mut found: Vec<Term<'h>>,
) -> BifResult<'h> {
    use std::cell::{Cell, RefCell};
    let spec = search.compiled().badarg()?;
    let end = Term::atom(am::EOT);
    let tree = t.kind() == Kind::OrderedSet;
    let mut stopped = ControlFlow::Continue(());
    let last_key = Cell::new(Term::NIL);
    if found.len() < limit {
        if let (Some(key), Position::Start) = (search.key, &from) {
            let (rows, hash) = t.read(key);
            found.extend(
                rows.lookup(hash, key)
                    .into_iter()
                    .rev()
                    .filter_map(|r| try_row(p, spec, r)),
            );
        } else {
            let out = RefCell::new(std::mem::take(&mut found));
            let seen = Cell::new(0);
            stopped = walk(
                t,
                &from,
                reverse,
                |r| {
                    seen.set(seen.get() + 1);
                    if let Some(v) = try_row(p, spec, r) {
                        let mut out = out.borrow_mut();
                        out.push(v);
                        if tree && out.len() >= limit {
                            last_key.set(copy::copy(r.key(), &p.heap));
                        }
                    }
                },
                || out.borrow().len() >= limit,
            );
            p.bump_reductions(seen.get() / 4);
            found = out.into_inner();
        }
    } else if let Position::Slot(n) = from {
        stopped = ControlFlow::Break(n);
    }
    if found.is_empty() {
        return Ok(end);
    }
    let mut rest = found.split_off(limit.min(found.len()));
    if !tree {
        found.reverse();
        rest.reverse();
    }
    let list = p.heap.list(&found);
    let ControlFlow::Break(slot) = stopped else {
        let next = if rest.is_empty() {
            end
        } else {
            continuation(p, t, search, usize::MAX >> 8, limit, &rest)
        };
        return Ok(p.heap.tuple(&[list, next]));
    };
    let next = if tree {
        let tab = super::registry::id_term(t, &p.heap);
        let spec = p.heap.magic_reference(search.spec.clone());
        let zero = Term::small(0);
        p.heap.tuple(&[
            tab,
            last_key.get(),
            Term::bool(reverse),
            Term::small(limit as i64),
            spec,
            Term::NIL,
            zero,
            zero,
        ])
    } else {
        continuation(p, t, search, slot, limit, &rest)
    };
    Ok(p.heap.tuple(&[list, next]))
}

fn continuation<'h>(
    p: &'h Process,
    t: &TableRef,
    s: &Search<'h>,
    slot: usize,
    limit: usize,
    rest: &[Term<'h>],
) -> Term<'h> {
    p.heap.tuple(&[
        super::registry::id_term(t, &p.heap),
        p.heap.uint(slot as u64),
        Term::small(limit as i64),
        p.heap.magic_reference(s.spec.clone()),
        p.heap.list(rest),
        Term::small(rest.len() as i64),
    ])
}

fn spec_of<'h>(t: Term<'h>) -> Option<Search<'h>> {
    t.as_magic_of::<Compiled>()?;
    Some(Search {
        spec: t.magic_handle()?,
        key: None,
    })
}

fn continue_search<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    if a[0].is(am::EOT) {
        return Ok(a[0]);
    }
    let c = a[0].as_tuple().badarg()?;
    match c {
        [tab, slot, limit, spec, rest, _] => {
            let t = table(p, *tab, Access::Read)?;
            let limit = limit.as_usize().filter(|n| *n > 0).badarg()?;
            let search = spec_of(*spec).badarg()?;
            if t.kind() == Kind::OrderedSet {
                return Err(Stop::BADARG);
            }
            let mut rest = rest.to_vec().badarg()?;
            rest.reverse();
            chunk(
                p,
                &t,
                &search,
                Position::Slot(slot.as_usize().badarg()?),
                limit,
                false,
                rest,
            )
        }
        [tab, key, reverse, limit, spec, _, _, _] => {
            let t = table(p, *tab, Access::Read)?;
            let limit = limit.as_usize().filter(|n| *n > 0).badarg()?;
            let search = spec_of(*spec).badarg()?;
            if t.kind() != Kind::OrderedSet {
                return Err(Stop::BADARG);
            }
            chunk(
                p,
                &t,
                &search,
                Position::Key(*key),
                limit,
                reverse.as_bool().badarg()?,
                Vec::new(),
            )
        }
        _ => Err(Stop::BADARG),
    }
}

fn limit_of<'h>(t: Term<'h>) -> Result<usize, Stop<'h>> {
    t.as_small()
        .and_then(|n| usize::try_from(n).ok())
        .filter(|n| *n > 0)
        .badarg()
}

fn select_2<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let t = table(p, a[0], Access::Read)?;
    select_all(p, &t, &Search::compile(&t, a[1])?, false)
}
fn select_3<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let t = table(p, a[0], Access::Read)?;
    chunk(
        p,
        &t,
        &Search::compile(&t, a[1])?,
        Position::Start,
        limit_of(a[2])?,
        false,
        Vec::new(),
    )
}
fn select_reverse_2<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let t = table(p, a[0], Access::Read)?;
    select_all(p, &t, &Search::compile(&t, a[1])?, true)
}
fn select_reverse_3<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let t = table(p, a[0], Access::Read)?;
    chunk(
        p,
        &t,
        &Search::compile(&t, a[1])?,
        Position::Start,
        limit_of(a[2])?,
        true,
        Vec::new(),
    )
}

/// `[{Pattern, [], [Result]}]`.
fn simple_spec<'h>(p: &'h Process, pattern: Term<'h>, result: corten_term::Atom) -> Term<'h> {
    let body = p.heap.list(&[Term::atom(result)]);
    p.heap.list(&[p.heap.tuple(&[pattern, Term::NIL, body])])
}

fn match_2<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let t = table(p, a[0], Access::Read)?;
    select_all(
        p,
        &t,
        &Search::compile(&t, simple_spec(p, a[1], am::DollarDollar))?,
        false,
    )
}
fn match_3<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let t = table(p, a[0], Access::Read)?;
    let search = Search::compile(&t, simple_spec(p, a[1], am::DollarDollar))?;
    chunk(
        p,
        &t,
        &search,
        Position::Start,
        limit_of(a[2])?,
        false,
        Vec::new(),
    )
}
fn match_object_2<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let t = table(p, a[0], Access::Read)?;
    select_all(
        p,
        &t,
        &Search::compile(&t, simple_spec(p, a[1], am::DollarUnderscore))?,
        false,
    )
}
fn match_object_3<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let t = table(p, a[0], Access::Read)?;
    let search = Search::compile(&t, simple_spec(p, a[1], am::DollarUnderscore))?;
    chunk(
        p,
        &t,
        &search,
        Position::Start,
        limit_of(a[2])?,
        false,
        Vec::new(),
    )
}

/// Whether the specification's value for a row is `true`.
fn says_true(p: &Process, spec: &Compiled, row: &Row) -> bool {
    let scratch = Heap::new();
    spec.run(row.object(), &scratch, Context { pid: p.pid() })
        .is_some_and(|v| v.is(am::true_))
}

fn select_count<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let t = table(p, a[0], Access::Read)?;
    let search = Search::compile(&t, a[1])?;
    let spec = search.compiled().badarg()?;
    let mut n = 0u64;
    if let Some(key) = search.key {
        let (rows, hash) = t.read(key);
        n = rows
            .lookup(hash, key)
            .into_iter()
            .filter(|r| says_true(p, spec, r))
            .count() as u64;
    } else {
        let _ = walk(
            &t,
            &Position::Start,
            false,
            |r| n += u64::from(says_true(p, spec, r)),
            || false,
        );
        p.bump_reductions(t.len() / 4);
    }
    Ok(p.heap.uint(n))
}

fn select_delete<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let t = table(p, a[0], Access::Write)?;
    let search = Search::compile(&t, a[1])?;
    let spec = search.compiled().badarg()?;
    let fixed = t.is_fixed();
    if let Some(key) = search.key {
        let (mut rows, hash) = t.write(key);
        return Ok(p
            .heap
            .uint(rows.remove(hash, key, fixed, |r| says_true(p, spec, r)) as u64));
    }
    p.bump_reductions(t.len() / 4);
    let mut removed = 0;
    for shard in t.shards() {
        match &mut *shard.write() {
            Rows::Hash(h) => {
                // From the end: joining buckets only moves rows to buckets that are still to come.
                for b in (0..h.buckets()).rev() {
                    removed += h.remove_from_bucket(b, fixed, |r| says_true(p, spec, r));
                }
            }
            Rows::Tree(tree, words) => {
                let before = tree.len();
                tree.retain(|r| {
                    let keep = !says_true(p, spec, r);
                    if !keep {
                        *words -= r.words();
                    }
                    keep
                });
                removed += before - tree.len();
            }
        }
    }
    Ok(p.heap.uint(removed as u64))
}

fn select_replace<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let t = table(p, a[0], Access::Write)?;
    if t.kind() == Kind::Bag {
        return Err(Stop::badarg_because(am::table_type));
    }
    let search = Search::compile(&t, a[1])?;
    let spec = search.compiled().badarg()?;
    let fixed = t.is_fixed();
    let mut replaced = 0u64;
    for shard in t.shards() {
        let mut rows = shard.write();
        let mut fresh: Vec<(Row, Row)> = Vec::new();
        let mut visit = |r: &Row| -> Result<(), Stop<'h>> {
            let scratch = Heap::new();
            let Some(new) = spec.run(r.object(), &scratch, Context { pid: p.pid() }) else {
                return Ok(());
            };
            let same_key = t.key_of(new).is_some_and(|k| match t.kind() {
                Kind::OrderedSet => compare::eq(k, r.key()),
                _ => compare::exact_eq(k, r.key()),
            });
            if !same_key {
                return Err(Stop::BADARG);
            }
            fresh.push((Row::new(r.object(), t.keypos()), Row::new(new, t.keypos())));
            Ok(())
        };
        match &*rows {
            Rows::Hash(h) => {
                (0..h.buckets()).try_for_each(|b| h.bucket(b).try_for_each(&mut visit))?
            }
            Rows::Tree(tree, _) => tree.iter().try_for_each(&mut visit)?,
        }
        for (old, new) in fresh {
            replaced += 1;
            let hash = t.place(old.key()).1;
            if t.kind() == Kind::DuplicateBag {
                let mut one = true;
                rows.remove(hash, old.key(), fixed, |r| {
                    let hit = one && compare::exact_eq(r.object(), old.object());
                    one &= !hit;
                    hit
                });
                rows.insert(hash, new, fixed);
            } else {
                rows.replace(hash, new, fixed);
            }
        }
    }
    Ok(p.heap.uint(replaced))
}

fn match_spec_compile<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let compiled = match_spec::compile(a[0], Dialect::Table).map_err(|_| Stop::BADARG)?;
    Ok(p.heap.magic_reference(Magic::new(compiled)))
}

fn is_compiled_ms<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(Term::bool(a[0].as_magic_of::<Compiled>().is_some()))
}

fn match_spec_run_r<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let spec = a[1].as_magic_of::<Compiled>().badarg()?;
    let list = a[0].to_vec().badarg()?;
    p.bump_reductions(list.len() / 4);
    let mut out = a[2];
    for object in list {
        if let Some(v) = spec.run(object, &p.heap, Context { pid: p.pid() }) {
            out = p.heap.cons(copy_constants(p, v), out);
        }
    }
    Ok(out)
}

/// A result may refer to constants of the specification, which the process's heap must not.
fn copy_constants<'h>(p: &'h Process, v: Term<'_>) -> Term<'h> {
    copy::copy(v, &p.heap)
}

fn match_spec_test<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let dialect = match a[2].as_atom() {
        Some(am::table) if a[0].is_tuple() => Dialect::Table,
        Some(am::trace) if a[0].is_list() => Dialect::Trace,
        _ => return Err(Stop::BADARG),
    };
    let (tag, value) = match match_spec::compile(a[1], dialect) {
        Ok(spec) => {
            let scratch = Heap::new();
            let v = spec.run(a[0], &scratch, Context { pid: p.pid() });
            (am::ok, v.map_or(Term::FALSE, |v| copy::copy(v, &p.heap)))
        }
        Err(_) => {
            let text = p
                .heap
                .latin1_string(b"Match specification cannot be compiled");
            let errors = p.heap.list(&[p.heap.tuple(&[Term::atom(am::error), text])]);
            return Ok(p.heap.tuple(&[Term::atom(am::error), errors]));
        }
    };
    Ok(p.heap
        .tuple(&[Term::atom(tag), value, Term::NIL, Term::NIL]))
}

/// `ets:all/0` collects one answer from each scheduler; the first one names all tables.
fn request_all<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    let reference = p.heap.reference(corten_term::RefNumbers::fresh());
    for i in 0..corten_engine::node().config.schedulers {
        let tables: Vec<_> = if i == 0 {
            super::registry::all()
                .iter()
                .map(|t| super::registry::id_term(t, &p.heap))
                .collect()
        } else {
            Vec::new()
        };
        let message = p.heap.tuple(&[reference, p.heap.list(&tables)]);
        corten_engine::signal::send::message(p.pid(), message);
    }
    Ok(reference)
}
