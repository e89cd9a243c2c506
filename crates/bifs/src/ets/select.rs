//! Searching with match specifications: `select`, `match`, `match_object` and their relatives.
//!
//! What goes through a whole table is in [`scan`]. Here: one key, chunks, match specifications by themselves. A
//! chunked search hands out a continuation of the shape that `ets:repair_continuation/2` knows: `{Tab, Slot, Limit,
//! Spec, Rest, Length}` for hash tables, `{Tab, LastKey, Reverse, Limit, Spec, Rest, Length, 0}` for ordered sets.

use super::registry::{Access, table};
use super::scan::{self, Op, Position, Runner};
use super::table::{Table, TableRef};
use super::{Kind, keeps_key};
use corten_engine::bif::OrBadarg;
use corten_engine::code::export;
use corten_engine::match_spec::{self, Action, Actor, Compiled, Context, Dialect, Invalid, Wanted};
use corten_engine::{Args, Bif, BifResult, Process, Stop, bifs};
use corten_term::reference::Magic;
use corten_term::{Atom, Heap, OwnedTerm, Term, am, copy};
use std::cell::Cell;
use std::sync::Arc;

pub const BIFS: &[Bif] = bifs![
    ets:select/2 => select_2,
    ets:select/3 => select_3,
    ets:select/1 => continue_search,
    ets:chunk_step/1 => chunk_step,
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
        let mut compiled = match_spec::compile(spec, Dialect::Table)?;
        let pattern = key_pattern(t, spec);
        if t.kind() == Kind::OrderedSet {
            compiled.keys = pattern.and_then(key_range);
        }
        Ok(Search {
            spec: Magic::new(compiled),
            key: pattern.filter(|k| match_spec::is_constant(*k)),
        })
    }
    fn compiled(&self) -> Option<&Compiled> {
        self.spec.get()
    }
}

/// What the pattern says of the key, if there is one clause.
fn key_pattern<'h>(t: &Table, spec: Term<'h>) -> Option<Term<'h>> {
    let (clause, rest) = spec.as_cons()?;
    if !rest.is_nil() {
        return None;
    }
    clause
        .as_tuple()?
        .first()?
        .as_tuple()?
        .get(t.keypos() - 1)
        .copied()
}

/// Keys between which all are that a pattern finds: tuples whose first elements the pattern fixes.
fn key_range(pattern: Term<'_>) -> Option<(OwnedTerm, OwnedTerm)> {
    let elements = pattern.as_tuple()?;
    let fixed = elements.iter().position(|e| !match_spec::is_constant(*e))?;
    let scratch = Heap::new();
    let bound = |filler| {
        let mut key = elements[..fixed].to_vec();
        key.resize(elements.len(), filler);
        OwnedTerm::new(scratch.tuple(&key))
    };
    Some((bound(Term::LEAST), bound(Term::NONE)))
}

/// All results at once, of one key or of the whole table.
fn select_all<'h>(
    p: &'h Process,
    t: &TableRef,
    search: &Search<'h>,
    reverse: bool,
) -> BifResult<'h> {
    let Some(key) = search.key else {
        let op = if reverse {
            Op::SelectReverse
        } else {
            Op::Select
        };
        return scan::all(p, op, t, Some(search.spec.clone()));
    };
    let mut runner = Runner::new(p, search.compiled().badarg()?);
    let (rows, hash) = t.read(key)?;
    let found: Vec<_> = rows
        .lookup(hash, key)
        .into_iter()
        .filter_map(|r| runner.value(r))
        .collect();
    Ok(p.heap.list(&found))
}

/// One chunk of a search from `from` on; `found` was found before and not handed out yet.
///
/// Rows of a hash table are met newest first and put in front of each other: a chunk of a bag's rows has the newest
/// ones, oldest first, and programs rely on it. A search that does not fill its chunk within the time slice goes on in
/// [`chunk_step`] with a continuation that has what it found as its rest.
struct Chunk<'h> {
    table: TableRef,
    search: Search<'h>,
    from: Position<'h>,
    limit: usize,
    reverse: bool,
    /// Results that were not handed out yet, the newest first, and how many they are: a search that pauses often adds
    /// to them and leaves the others alone.
    found: Term<'h>,
    count: usize,
    held: bool,
}

impl<'h> Chunk<'h> {
    fn start(
        p: &'h Process,
        tab: Term<'h>,
        spec: Term<'h>,
        limit: Term<'h>,
        reverse: bool,
    ) -> BifResult<'h> {
        let table = table(p, tab, Access::Read)?;
        let search = Search::compile(&table, spec)?;
        let limit = limit_of(limit)?;
        Chunk {
            table,
            search,
            from: Position::Start,
            limit,
            reverse,
            found: Term::NIL,
            count: 0,
            held: false,
        }
        .run(p)
    }

    fn is_tree(&self) -> bool {
        self.table.kind() == Kind::OrderedSet
    }

    fn run(mut self, p: &'h Process) -> BifResult<'h> {
        let mut stopped = None;
        if self.count >= self.limit {
            if matches!(self.from, Position::Slot(n) if n < END_SLOT) {
                stopped = Some(self.from);
            }
        } else if let (Some(key), Position::Start) = (self.search.key, self.from) {
            let mut runner = Runner::new(p, self.search.compiled().badarg()?);
            let (rows, hash) = self.table.read(key)?;
            let rows = rows.lookup(hash, key);
            for v in rows.into_iter().rev().filter_map(|r| runner.value(r)) {
                self.found = p.heap.cons(v, self.found);
                self.count += 1;
            }
        } else {
            stopped = self.search_on(p)?;
            if stopped.is_some() && self.count < self.limit {
                return Err(self.pause(p, stopped));
            }
        }
        if self.held {
            self.table.release(p.pid());
        }
        Ok(self.hand_out(p, stopped))
    }

    /// Looks at rows until there are enough results, the time slice is used up or the table ends.
    fn search_on(&mut self, p: &'h Process) -> Result<Option<Position<'h>>, Stop<'h>> {
        let spec = self.search.compiled().badarg()?;
        let mut runner = Runner::new(p, spec);
        let count = Cell::new(self.count);
        let mut found = self.found;
        let start = match self.held {
            true => scan::budget(p),
            false => scan::first_budget(p),
        };
        let mut left = start;
        let stopped = scan::read_rows(
            p,
            &self.table,
            scan::Stretch {
                from: self.from,
                reverse: self.reverse,
                keys: spec.keys.as_ref(),
            },
            &mut left,
            |r| {
                if let Some(v) = runner.value(r) {
                    found = p.heap.cons(v, found);
                    count.set(count.get() + 1);
                }
            },
            || count.get() >= self.limit,
        );
        scan::charge(p, start, left);
        self.table.there()?;
        (self.found, self.count) = (found, count.get());
        Ok(stopped)
    }

    fn pause(&mut self, p: &'h Process, at: Option<Position<'h>>) -> Stop<'h> {
        if !self.held {
            scan::hold(p, &self.table);
        }
        // By reference: the search goes on whatever becomes of the table's name.
        let tab = p.heap.magic_reference(self.table.magic());
        let state = self.continuation(p, tab, at, self.found, self.count);
        Stop::Trap(export(am::ets, am::chunk_step, 1), vec![state])
    }

    fn hand_out(&mut self, p: &'h Process, stopped: Option<Position<'h>>) -> Term<'h> {
        let end = Term::atom(am::EOT);
        if self.count == 0 {
            return end;
        }
        let surplus = self.count.saturating_sub(self.limit);
        let (list, rest) = if self.is_tree() {
            let mut all: Vec<_> = self.found.iter().collect();
            let rest: Vec<_> = all.drain(..surplus.min(all.len())).collect();
            all.reverse();
            (p.heap.list(&all), p.heap.list(&rest))
        } else {
            let mut it = self.found.iter();
            let rest: Vec<_> = it.by_ref().take(surplus).collect();
            (it.tail(), p.heap.list(&rest))
        };
        let next = if stopped.is_none() && surplus == 0 {
            end
        } else {
            // A named hash table is known by reference from here on, an ordered set by its name, as programs can see.
            let tab = match self.is_tree() {
                true => super::registry::id_term(&self.table, &p.heap),
                false => p.heap.magic_reference(self.table.magic()),
            };
            self.continuation(p, tab, stopped, rest, surplus)
        };
        p.heap.tuple(&[list, next])
    }

    /// What `ets:select/1` and `ets:repair_continuation/2` know.
    fn continuation(
        &self,
        p: &'h Process,
        tab: Term<'h>,
        at: Option<Position<'h>>,
        rest: Term<'h>,
        len: usize,
    ) -> Term<'h> {
        let h = &p.heap;
        let spec = h.magic_reference(self.search.spec.clone());
        let limit = Term::small(self.limit as i64);
        let len = Term::small(len as i64);
        match at {
            Some(Position::Key(key)) => {
                let reverse = Term::bool(self.reverse);
                h.tuple(&[tab, key, reverse, limit, spec, rest, len, Term::small(0)])
            }
            Some(Position::Slot(n)) => h.tuple(&[tab, h.uint(n as u64), limit, spec, rest, len]),
            _ => h.tuple(&[tab, h.uint(END_SLOT as u64), limit, spec, rest, len]),
        }
    }
}

/// Stands for the end of the table where only results are left to be handed out.
const END_SLOT: usize = usize::MAX >> 8;

fn spec_of<'h>(t: Term<'h>) -> Option<Search<'h>> {
    t.as_magic_of::<Compiled>()?;
    Some(Search {
        spec: t.magic_handle()?,
        key: None,
    })
}

fn continue_search<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    resume(p, a[0], false)
}

/// Only a search that has paused calls this.
fn chunk_step<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    resume(p, a[0], true)
}

fn resume<'h>(p: &'h Process, state: Term<'h>, held: bool) -> BifResult<'h> {
    if state.is(am::EOT) {
        return Ok(state);
    }
    let (tab, from, limit, spec, found, len, reverse, tree) = match state.as_tuple().badarg()? {
        [tab, slot, limit, spec, rest, len] => {
            let slot = Position::Slot(slot.as_usize().badarg()?);
            (tab, slot, limit, spec, rest, len, false, false)
        }
        [tab, key, reverse, limit, spec, rest, len, _] => {
            let reverse = reverse.as_bool().badarg()?;
            (
                tab,
                Position::Key(*key),
                limit,
                spec,
                rest,
                len,
                reverse,
                true,
            )
        }
        _ => return Err(Stop::BADARG),
    };
    let table = table(p, *tab, Access::Read)?;
    let limit = limit_of(*limit)?;
    let search = spec_of(*spec).badarg()?;
    if tree != (table.kind() == Kind::OrderedSet) {
        return Err(Stop::BADARG);
    }
    // A pausing search knows how many it has; what a program hands in is looked at.
    let count = match held {
        true => len.as_usize().badarg()?,
        false => found.list_len().badarg()?,
    };
    Chunk {
        table,
        search,
        from,
        limit,
        reverse,
        found: *found,
        count,
        held,
    }
    .run(p)
}

fn limit_of<'h>(t: Term<'h>) -> Result<usize, Stop<'h>> {
    t.as_small()
        .and_then(|n| usize::try_from(n).ok())
        .filter(|n| *n > 0)
        .badarg()
}

fn select_2<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    everything(p, a[0], a[1], false)
}
fn select_3<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Chunk::start(p, a[0], a[1], a[2], false)
}
fn select_reverse_2<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    everything(p, a[0], a[1], true)
}
fn select_reverse_3<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Chunk::start(p, a[0], a[1], a[2], true)
}

fn everything<'h>(p: &'h Process, tab: Term<'h>, spec: Term<'h>, reverse: bool) -> BifResult<'h> {
    let t = table(p, tab, Access::Read)?;
    select_all(p, &t, &Search::compile(&t, spec)?, reverse)
}

/// `[{Pattern, [], [Result]}]`: what `match` (`'$$'`) and `match_object` (`'$_'`) search for.
fn simple_spec<'h>(p: &'h Process, pattern: Term<'h>, result: Atom) -> Term<'h> {
    let body = p.heap.list(&[Term::atom(result)]);
    p.heap.list(&[p.heap.tuple(&[pattern, Term::NIL, body])])
}

fn match_2<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    everything(p, a[0], simple_spec(p, a[1], am::DollarDollar), false)
}
fn match_3<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Chunk::start(p, a[0], simple_spec(p, a[1], am::DollarDollar), a[2], false)
}
fn match_object_2<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    everything(p, a[0], simple_spec(p, a[1], am::DollarUnderscore), false)
}
fn match_object_3<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let spec = simple_spec(p, a[1], am::DollarUnderscore);
    Chunk::start(p, a[0], spec, a[2], false)
}

fn select_count<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let t = table(p, a[0], Access::Read)?;
    let search = Search::compile(&t, a[1])?;
    let Some(key) = search.key else {
        return scan::all(p, Op::Count, &t, Some(search.spec));
    };
    let mut runner = Runner::new(p, search.compiled().badarg()?);
    let (rows, hash) = t.read(key)?;
    let hits = rows
        .lookup(hash, key)
        .into_iter()
        .filter(|r| runner.says_true(r));
    Ok(p.heap.uint(hits.count() as u64))
}

fn select_delete<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let t = table(p, a[0], Access::Write)?;
    let search = Search::compile(&t, a[1])?;
    let Some(key) = search.key else {
        return scan::all(p, Op::Delete, &t, Some(search.spec));
    };
    let mut runner = Runner::new(p, search.compiled().badarg()?);
    let (mut rows, hash) = t.write(key)?;
    let removed = rows.remove(hash, key, t.fixation(), |r| runner.says_true(r));
    Ok(p.heap.uint(removed as u64))
}

fn select_replace<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let t = table(p, a[0], Access::Write)?;
    if t.kind() == Kind::Bag {
        return Err(Stop::badarg_because(am::table_type));
    }
    let search = Search::compile(&t, a[1])?;
    if !keeps_key::always(a[1], t.keypos()) {
        return Err(Stop::BADARG);
    }
    scan::all(p, Op::Replace, &t, Some(search.spec))
}

/// Where no table is searched and no function traced, a specification without clauses is none.
fn compile_some(spec: Term<'_>, dialect: Dialect) -> Result<Compiled, Invalid> {
    if spec.is_nil() {
        return Err(Invalid::Malformed);
    }
    match_spec::compile(spec, dialect)
}

fn match_spec_compile<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let compiled = compile_some(a[0], Dialect::Table)?;
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
        if let Some(v) = spec.run(
            object,
            &p.heap,
            Context {
                pid: p.pid(),
                actor: None,
            },
        ) {
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
        Some(am::table) => Dialect::Table,
        Some(am::trace) if a[0].is_list() => return match_spec_test_trace(p, a),
        _ => return Err(Stop::BADARG),
    };
    let (tag, value) = match compile_some(a[1], dialect) {
        Ok(spec) => {
            let scratch = Heap::new();
            let v = spec.run(
                a[0],
                &scratch,
                Context {
                    pid: p.pid(),
                    actor: None,
                },
            );
            (am::ok, v.map_or(Term::FALSE, |v| copy::copy(v, &p.heap)))
        }
        Err(_) => return Ok(cannot_be_compiled(p)),
    };
    Ok(p.heap
        .tuple(&[Term::atom(tag), value, Term::NIL, Term::NIL]))
}

fn cannot_be_compiled(p: &Process) -> Term<'_> {
    let text = p
        .heap
        .latin1_string(b"Match specification cannot be compiled");
    let errors = p.heap.list(&[p.heap.tuple(&[Term::atom(am::error), text])]);
    p.heap.tuple(&[Term::atom(am::error), errors])
}

/// The same for a trace: the last element but one names what the actions want.
fn match_spec_test_trace<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let Ok(spec) = compile_some(a[1], Dialect::Call) else {
        return Ok(cannot_be_compiled(p));
    };
    let scratch = Heap::new();
    let context = Context {
        pid: p.pid(),
        actor: Some(&Nobody),
    };
    let (value, wanted) = match spec.trace(a[0], &scratch, context) {
        Some((value, wanted)) => (copy::copy(value, &p.heap), wanted),
        None => (Term::FALSE, Wanted::default()),
    };
    let mut names = Vec::new();
    if wanted.exception_trace {
        names.push(Term::atom(am::exception_trace));
    }
    if wanted.return_trace {
        names.push(Term::atom(am::return_trace));
    }
    let names = p.heap.list(&names);
    Ok(p.heap.tuple(&[Term::atom(am::ok), value, names, Term::NIL]))
}

/// Carries out actions for a test: nothing is changed.
struct Nobody;

impl Actor for Nobody {
    fn act<'s>(&self, action: Action, _: &[Term<'s>], _: &'s Heap) -> Option<Term<'s>> {
        Some(match action {
            Action::GetControlWord | Action::SetControlWord => Term::small(0),
            Action::IsSeqTrace => Term::FALSE,
            Action::GetSeqToken | Action::CurrentStacktrace => Term::NIL,
            Action::Caller | Action::CallerLine => Term::UNDEFINED,
            _ => Term::TRUE,
        })
    }
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
