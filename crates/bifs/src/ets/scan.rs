//! Searches through whole tables, a step at a time. `select` and its relatives start a [`Scan`]; one that has more
//! rows before it than a time slice is worth goes on in [`step`] (`ets:step/1`, which only traps call), its state in a
//! tuple on the process's heap.
//!
//! Locks are held within a step only. The table is held ([`Fixation::Held`](super::table::Fixation)) from the first step
//! to the last, so that bucket numbers keep their meaning; a process that dies between two steps gives that back as it
//! gives its fixations back.

use super::registry;
use super::rubble;
use super::table::{Rows, Table, TableRef};
use super::tree::Range;
use corten_engine::bif::OrBadarg;
use corten_engine::code::export;
use corten_engine::match_spec::{Compiled, Context, Value};
use corten_engine::{Args, Bif, BifResult, Process, Stop, bifs};
use corten_term::reference::Magic;
use corten_term::{Heap, KeyedRow, OwnedTerm, Row, Term, am, compare, copy};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Kind;

pub const BIFS: &[Bif] = bifs![ets:step/1 => step];

/// Rows and buckets looked at for one reduction.
const PER_REDUCTION: usize = 1;
/// What a step does at least, however little of the slice is left.
const MIN_STEP: usize = 200;

static SHORT_FIRST_STEP: AtomicBool = AtomicBool::new(false);
static UNFORESEEN: AtomicBool = AtomicBool::new(false);

/// Makes the first step of every operation as short as possible, so that tests see what happens between two of them.
/// Without `foreseen`, what goes through a whole table does not know before that it will pause.
pub fn force_steps(on: bool, foreseen: bool) {
    SHORT_FIRST_STEP.store(on, Ordering::Relaxed);
    UNFORESEEN.store(on && !foreseen, Ordering::Relaxed);
}

/// What the first step of an operation may look at.
pub fn first_budget(p: &Process) -> usize {
    if SHORT_FIRST_STEP.load(Ordering::Relaxed) {
        return 1;
    }
    budget(p)
}

/// How many rows the rest of the slice is worth.
pub fn budget(p: &Process) -> usize {
    let left = usize::try_from(p.reductions_left.get()).unwrap_or(0);
    (left * PER_REDUCTION).max(MIN_STEP)
}

/// Charges what a step has used of its budget.
pub fn charge(p: &Process, before: usize, left: usize) {
    p.bump_reductions(before.saturating_sub(left) / PER_REDUCTION);
}

/// Where a walk stands.
#[derive(Debug, Clone, Copy)]
pub enum Position<'t> {
    Start,
    /// Before this running bucket number (behind it, when rows are removed: from the end).
    Slot(usize),
    /// Behind this key.
    Key(Term<'t>),
}

impl<'h> Position<'h> {
    fn to_term(self, heap: &'h Heap) -> Term<'h> {
        match self {
            Position::Start => Term::NIL,
            Position::Slot(n) => heap.uint(n as u64),
            Position::Key(k) => heap.cons(k, Term::NIL),
        }
    }
    fn from_term(t: Term<'h>) -> Option<Position<'h>> {
        match t.as_cons() {
            Some((key, _)) => Some(Position::Key(key)),
            None if t.is_nil() => Some(Position::Start),
            None => t.as_usize().map(Position::Slot),
        }
    }
}

/// Where a search looks.
#[derive(Debug, Clone, Copy)]
pub struct Stretch<'k, 'h> {
    pub from: Position<'h>,
    pub reverse: bool,
    pub keys: Option<&'k KeyRange>,
}

impl<'k, 'h> Stretch<'k, 'h> {
    fn forwards(from: Position<'h>, keys: Option<&'k KeyRange>) -> Self {
        Stretch {
            from,
            reverse: false,
            keys,
        }
    }

    /// The keys of an ordered set that are still to be looked at.
    fn range(&self) -> Range<'_> {
        let mut range = Range::default();
        if let Some((least, greatest)) = self.keys {
            (range.low, range.high) = (Some(least.term()), Some(greatest.term()));
        }
        match self.from {
            Position::Key(k) if self.reverse => range.high = Some(k),
            Position::Key(k) => range.low = Some(k),
            _ => {}
        }
        range
    }
}

/// Shows rows to `f`, and after every bucket (of an ordered set: after every row) asks `full` whether that was enough.
/// Where the walk stopped, or `None` at the end of the table.
pub fn read_rows<'h>(
    p: &'h Process,
    t: &Table,
    stretch: Stretch<'_, 'h>,
    budget: &mut usize,
    mut f: impl FnMut(&Row),
    mut full: impl FnMut() -> bool,
) -> Option<Position<'h>> {
    if t.kind() == Kind::OrderedSet {
        let visit = |row: KeyedRow<'_>| {
            f(row.row());
            *budget = budget.saturating_sub(1);
            if *budget == 0 || full() {
                ControlFlow::Break(Position::Key(copy::copy(row.key(), &p.heap)))
            } else {
                ControlFlow::Continue(())
            }
        };
        let walk = t.walk(stretch.range(), stretch.reverse, false, visit);
        return walk.break_value();
    }
    let mut skip = match stretch.from {
        Position::Slot(n) => n,
        _ => 0,
    };
    let mut slot = skip;
    for shard in t.shards() {
        let rows = shard.read_long();
        let Rows::Hash(h) = &*rows else { break };
        for b in skip.min(h.buckets())..h.buckets() {
            h.approach(b);
            for row in h.bucket(b) {
                f(row);
                *budget = budget.saturating_sub(1);
            }
            slot += 1;
            *budget = budget.saturating_sub(1);
            if *budget == 0 || full() {
                return Some(Position::Slot(slot));
            }
        }
        skip = skip.saturating_sub(h.buckets());
    }
    None
}

/// Bounds, exclusive, of the keys that a search of an ordered set can find.
pub type KeyRange = (OwnedTerm, OwnedTerm);

/// What is done with the rows that the specification finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    Select,
    SelectReverse,
    Count,
    Delete,
    Replace,
    /// Deletes without looking: there is no specification.
    DeleteAll,
}

impl Op {
    const ALL: [Op; 6] = [
        Op::Select,
        Op::SelectReverse,
        Op::Count,
        Op::Delete,
        Op::Replace,
        Op::DeleteAll,
    ];
}

/// A search under way.
struct Scan<'h> {
    op: Op,
    table: TableRef,
    spec: Option<Arc<Magic>>,
    at: Position<'h>,
    /// Results so far: a list, or for the others their number.
    found: Term<'h>,
    held: bool,
}

/// What a search has found before it begins.
fn nothing<'h>(op: Op) -> Term<'h> {
    match op {
        Op::Select | Op::SelectReverse => Term::NIL,
        _ => Term::small(0),
    }
}

/// Does `op` on the whole table.
pub fn all<'h>(p: &'h Process, op: Op, t: &TableRef, spec: Option<Arc<Magic>>) -> BifResult<'h> {
    let budget = first_budget(p);
    // One that cannot begin again (`go_on`) is held in any case.
    let pauses = || !UNFORESEEN.load(Ordering::Relaxed) && t.is_larger_than(budget);
    let held = t.kind() != Kind::OrderedSet && (op == Op::Replace || pauses());
    if held {
        hold(p, t);
    }
    go_on(
        p,
        budget,
        Scan {
            op,
            table: t.clone(),
            spec,
            at: Position::Start,
            found: nothing(op),
            held,
        },
    )
}

/// Keeps the table's buckets for a search of `p` that may pause. An ordered set has none: a search goes on behind a key.
pub fn hold(p: &Process, t: &TableRef) {
    if t.kind() == Kind::OrderedSet {
        return;
    }
    t.hold(p.pid());
    registry::note_interest(p.pid(), t);
}

fn go_on<'h>(p: &'h Process, start: usize, mut scan: Scan<'h>) -> BifResult<'h> {
    let mut left = start;
    let next = scan.advance(p, &mut left);
    charge(p, start, left);
    match scan.table.there().and(next) {
        Ok(Some(at)) => {
            scan.at = at;
            if !scan.held {
                hold(p, &scan.table);
                scan.held = true;
                // The table has grown meanwhile, so the place counts buckets that have changed: from the beginning.
                if scan.table.kind() != Kind::OrderedSet {
                    scan.at = Position::Start;
                    if !matches!(scan.op, Op::Delete | Op::DeleteAll) {
                        scan.found = nothing(scan.op);
                    }
                }
            }
            Err(scan.pause(p))
        }
        Ok(None) => {
            scan.release(p);
            Ok(scan.found)
        }
        Err(stop) => {
            scan.release(p);
            Err(stop)
        }
    }
}

fn step<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    resume(p, a[0])
}

/// Goes on with a search that has paused.
pub fn resume<'h>(p: &'h Process, state: Term<'h>) -> BifResult<'h> {
    let [op, tab, spec, at, found, held] = state.as_tuple_of::<6>().badarg()?;
    let op = *Op::ALL.get(op.as_usize().badarg()?).badarg()?;
    let table = tab.magic_handle().and_then(TableRef::from_magic).badarg()?;
    let held = held.is(am::true_);
    if table.is_deleted() {
        return Err(Stop::badarg_because(am::id));
    }
    go_on(
        p,
        budget(p),
        Scan {
            op,
            table,
            spec: spec.magic_handle(),
            at: Position::from_term(*at).badarg()?,
            found: *found,
            held,
        },
    )
}

impl<'h> Scan<'h> {
    fn pause(&self, p: &'h Process) -> Stop<'h> {
        let h = &p.heap;
        let state = h.tuple(&[
            Term::small(self.op as i64),
            h.magic_reference(self.table.magic()),
            self.spec
                .as_ref()
                .map_or(Term::NIL, |s| h.magic_reference(s.clone())),
            self.at.to_term(h),
            self.found,
            Term::bool(self.held),
        ]);
        match self.op {
            Op::DeleteAll => rubble::delete_all_again(state, Term::UNDEFINED),
            _ => Stop::Trap(export(am::ets, am::step, 1), vec![state]),
        }
    }

    fn release(&self, p: &Process) {
        if self.held {
            self.table.release(p.pid());
        }
    }

    /// Adds to the number of rows.
    fn count(&mut self, p: &'h Process, n: usize) {
        let before = self.found.as_usize().unwrap_or(0);
        self.found = p.heap.uint((before + n) as u64);
    }

    fn advance(
        &mut self,
        p: &'h Process,
        budget: &mut usize,
    ) -> Result<Option<Position<'h>>, Stop<'h>> {
        let spec = self.spec.clone();
        let spec = spec.as_ref().and_then(|m| m.get::<Compiled>());
        if self.op == Op::DeleteAll {
            return Ok(self.delete(p, budget, None, |_| true));
        }
        let spec = spec.badarg()?;
        match self.op {
            Op::Select | Op::SelectReverse => {
                let mut found = self.found;
                let mut runner = Runner::new(p, spec);
                // Results are put in front of one another: an ordered set is walked from its other end.
                let reverse = self.op == Op::Select;
                let next = read_rows(
                    p,
                    &self.table,
                    Stretch {
                        from: self.at,
                        reverse,
                        keys: spec.keys.as_ref(),
                    },
                    budget,
                    |row| {
                        if let Some(v) = runner.value(row) {
                            found = p.heap.cons(v, found);
                        }
                    },
                    || false,
                );
                self.found = found;
                Ok(next)
            }
            Op::Count => {
                let mut n = 0;
                let mut runner = Runner::new(p, spec);
                let next = read_rows(
                    p,
                    &self.table,
                    Stretch::forwards(self.at, spec.keys.as_ref()),
                    budget,
                    |row| n += usize::from(runner.says_true(row)),
                    || false,
                );
                self.count(p, n);
                Ok(next)
            }
            Op::Delete => {
                let keys = spec.keys.as_ref();
                let mut runner = Runner::new(p, spec);
                Ok(self.delete(p, budget, keys, |row| runner.says_true(row)))
            }
            Op::Replace => self.replace(p, budget, spec),
            Op::DeleteAll => Ok(None),
        }
    }

    fn delete(
        &mut self,
        p: &'h Process,
        budget: &mut usize,
        keys: Option<&KeyRange>,
        mut which: impl FnMut(&Row) -> bool,
    ) -> Option<Position<'h>> {
        let table = self.table.clone();
        if table.kind() == Kind::OrderedSet {
            let stretch = Stretch::forwards(self.at, keys);
            let mut removed = 0;
            let stopped = table.change_trees(stretch.range(), |tree| {
                let scratch = Heap::new();
                let mut doomed = Vec::new();
                let walk = tree.walk(stretch.range(), false, |row| {
                    *budget = budget.saturating_sub(1);
                    if which(row.row()) {
                        doomed.push(copy::copy(row.key(), &scratch));
                    }
                    if *budget == 0 {
                        return ControlFlow::Break(Position::Key(copy::copy(row.key(), &p.heap)));
                    }
                    ControlFlow::Continue(())
                });
                for key in &doomed {
                    tree.remove(*key, |_| true);
                }
                removed += doomed.len();
                walk
            });
            self.count(p, removed);
            return stopped.break_value();
        }
        // From the end: a table that gets smaller moves rows to buckets that are still to come only.
        let mut removed = 0;
        let end = match self.at {
            Position::Slot(n) => n,
            _ => usize::MAX,
        };
        let sizes: Vec<usize> = table.shards().iter().map(|s| s.read().buckets()).collect();
        let mut first: usize = sizes.iter().sum();
        let mut stopped = None;
        'shards: for (shard, size) in table.shards().iter().zip(sizes).rev() {
            first -= size;
            let mut rows = shard.write();
            let Rows::Hash(h) = &mut *rows else { break };
            // It may have grown since, if nobody holds it.
            let size = if self.held { size } else { h.buckets() };
            for b in (0..size.min(end.saturating_sub(first))).rev() {
                let n = h.remove_from_bucket(b, table.fixation(), &mut which);
                removed += n;
                *budget = budget.saturating_sub(n + 1);
                if *budget == 0 && first + b > 0 {
                    stopped = Some(Position::Slot(first + b));
                    break 'shards;
                }
            }
        }
        self.count(p, removed);
        stopped
    }

    fn replace(
        &mut self,
        p: &'h Process,
        budget: &mut usize,
        spec: &Compiled,
    ) -> Result<Option<Position<'h>>, Stop<'h>> {
        let table = self.table.clone();
        let tree = table.kind() == Kind::OrderedSet;
        let keys = spec.keys.as_ref();
        let mut n = 0;
        let mut new_row = |row: &Row| -> Result<Option<Row>, Stop<'h>> {
            let scratch = Heap::new();
            let Some(new) = spec.run(
                row.object(),
                &scratch,
                Context {
                    pid: p.pid(),
                    actor: None,
                },
            ) else {
                return Ok(None);
            };
            let same_key = table.key_of(new).is_some_and(|k| {
                let old = row.key(table.keypos());
                if tree {
                    compare::eq(k, old)
                } else {
                    compare::exact_eq(k, old)
                }
            });
            if !same_key {
                return Err(Stop::BADARG);
            }
            n += 1;
            Row::new(new, table.keypos()).map(Some).badarg()
        };
        let mut stopped = None;
        if tree {
            let stretch = Stretch::forwards(self.at, keys);
            let walk = table.change_trees(stretch.range(), |tree| {
                let mut fresh = Vec::new();
                let walk = tree.walk(stretch.range(), false, |row| {
                    *budget = budget.saturating_sub(1);
                    match new_row(row.row()) {
                        Ok(new) => fresh.extend(new),
                        Err(stop) => return ControlFlow::Break(Err(stop)),
                    }
                    if *budget == 0 {
                        let key = copy::copy(row.key(), &p.heap);
                        return ControlFlow::Break(Ok(Position::Key(key)));
                    }
                    ControlFlow::Continue(())
                });
                fresh.into_iter().for_each(|row| tree.insert(row));
                walk
            });
            stopped = walk.break_value().transpose()?;
        } else {
            let mut skip = match self.at {
                Position::Slot(n) => n,
                _ => 0,
            };
            let mut slot = skip;
            'shards: for shard in table.shards() {
                let mut rows = shard.write();
                let Rows::Hash(h) = &mut *rows else { break };
                for b in skip.min(h.buckets())..h.buckets() {
                    let mut seen = 0;
                    h.replace_in_bucket(b, |row| {
                        seen += 1;
                        new_row(row)
                    })?;
                    slot += 1;
                    *budget = budget.saturating_sub(seen + 1);
                    if *budget == 0 {
                        stopped = Some(Position::Slot(slot));
                        break 'shards;
                    }
                }
                skip = skip.saturating_sub(h.buckets());
            }
        }
        self.count(p, n);
        Ok(stopped)
    }
}

/// Runs a specification on one row after the other.
pub struct Runner<'s, 'h> {
    p: &'h Process,
    spec: &'s Compiled,
    /// For what a row takes: made once for all of them.
    scratch: Heap,
}

impl<'s, 'h> Runner<'s, 'h> {
    pub fn new(p: &'h Process, spec: &'s Compiled) -> Self {
        Runner {
            p,
            spec,
            scratch: Heap::new(),
        }
    }

    #[inline]
    fn context(&self) -> Context<'static> {
        Context {
            pid: self.p.pid(),
            actor: None,
        }
    }
    /// The specification's value for a row, on the process's heap.
    #[inline]
    pub fn value(&mut self, row: &Row) -> Option<Term<'h>> {
        self.scratch.clear();
        let heap = &self.p.heap;
        let made = self
            .spec
            .make(row.object(), &self.scratch, self.context(), heap)?;
        Some(match made {
            Value::Object => row.copy_to(heap),
            Value::Made(t) => t,
        })
    }
    /// Whether the specification's value for a row is `true`.
    #[inline]
    pub fn says_true(&mut self, row: &Row) -> bool {
        self.scratch.clear();
        self.spec
            .run(row.object(), &self.scratch, self.context())
            .is_some_and(|v| v.is(am::true_))
    }
}
