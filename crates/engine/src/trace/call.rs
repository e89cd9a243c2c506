//! What is told of calls: when a breakpoint is hit, when a traced function returns or is left by an exception.

use super::breakpoint::{Data, Tally};
use super::message::Notice;
use super::session::Spec;
use super::tracee::{self, Reference};
use super::tracer::Tracer;
use super::{actions, breakpoint, event, flags};
use crate::match_spec::Wanted;
use crate::process::{Class, Mfa, flag};
use crate::{Process, time};
use corten_term::{Atom, Heap, Term, am, copy};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What is to be done when the function returns.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Returns {
    pub wanted: Wanted,
    pub return_to: bool,
    /// Of meta tracing, which goes on whatever becomes of the tracee's own tracer.
    pub meta: Option<Tracer>,
}

/// The caller's own tracer in a session, if calls are to be told.
pub fn reference(p: &Process, session: u32) -> Option<Reference> {
    if !p.shared.is_traced(flags::CALL) {
        return None;
    }
    let r = tracee::reference(p.pid().word(), session).filter(|r| r.flags & flags::CALL != 0)?;
    if !r.tracer.is_alive() {
        tracee::drop_tracer(p.pid().word(), session, Some(&p.shared.trace));
        return None;
    }
    Some(r)
}

/// A call of `mfa` that the tracee's own tracer is told of.
pub fn called<'h>(
    p: &'h Process,
    mfa: Mfa,
    args: &[Term<'h>],
    spec: Option<&Arc<Spec>>,
    r: &Reference,
    local: bool,
) -> Returns {
    if !event::usable(&p.shared, r) {
        return Returns::default();
    }
    let scratch = Heap::new();
    let mut flags = r.flags;
    let (result, wanted) = match spec {
        None => (Some(Term::TRUE), Wanted::default()),
        Some(spec) => {
            let object = scratch.list(args);
            let out = actions::run(spec, object, &scratch, p, &r.session);
            // Actions may have changed the tracing.
            let now = tracee::reference(p.pid().word(), r.session.id);
            flags = now.map_or(0, |r| r.flags);
            out
        }
    };
    if flags & flags::SILENT != 0 {
        return Returns::default();
    }
    let mut returns = Returns {
        wanted,
        ..Returns::default()
    };
    let Some(result) = result.filter(|t| !t.is(am::false_)) else {
        return returns;
    };
    returns.return_to = local && flags & flags::RETURN_TO != 0;
    tell_call(p, mfa, args, r.tracer, flags, result);
    returns
}

/// A call of `mfa` that meta tracing tells of.
pub fn called_meta<'h>(
    p: &'h Process,
    mfa: Mfa,
    args: &[Term<'h>],
    meta: &breakpoint::Meta,
    d: &Data,
) -> Returns {
    let Some(tracer) = *meta.tracer.lock() else {
        return Returns::default();
    };
    if !tracer.is_alive() {
        *meta.tracer.lock() = None;
        return Returns::default();
    }
    if tracer.word() == p.pid().word() {
        return Returns::default();
    }
    let scratch = Heap::new();
    let (result, wanted) = match &meta.spec {
        None => (Some(Term::TRUE), Wanted::default()),
        Some(spec) => actions::run(spec, scratch.list(args), &scratch, p, &d.session),
    };
    let returns = Returns {
        wanted,
        meta: Some(tracer),
        return_to: false,
    };
    if let Some(result) = result.filter(|t| !t.is(am::false_)) {
        tell_call(p, mfa, args, tracer, flags::NOW_TIMESTAMP, result);
    }
    returns
}

fn tell_call(p: &Process, f: Mfa, args: &[Term<'_>], tracer: Tracer, with: u32, result: Term<'_>) {
    let scratch = Heap::new();
    let own = |t: &Term<'_>| copy::copy(*t, &scratch);
    let arguments = if with & flags::ARITY != 0 {
        Term::small(i64::from(f.arity))
    } else {
        scratch.list(&args.iter().map(own).collect::<Vec<_>>())
    };
    let mfa = scratch.tuple(&[Term::atom(f.module), Term::atom(f.function), arguments]);
    let notice = Notice {
        result: (!result.is(am::true_)).then_some(result),
        ..Notice::new(am::call, Term::pid(p.pid()), mfa)
    };
    tracer.send(|h| notice.build(h, with));
}

/// Whom a return is told, and how: the tracer of meta tracing, or the tracee's own if calls are still told.
fn told(p: &Process, session: u32, meta: Option<Tracer>) -> Option<(Tracer, u32)> {
    if p.has_flag(flag::SENSITIVE) {
        return None;
    }
    match meta {
        Some(tracer) => tracer.is_alive().then_some((tracer, flags::NOW_TIMESTAMP)),
        None => {
            let r = reference(p, session)?;
            event::usable(&p.shared, &r).then_some((r.tracer, r.flags))
        }
    }
}

fn leaves(p: &Process, f: Mfa, how: (Tracer, u32), tag: Atom, value: Term<'_>) {
    let scratch = Heap::new();
    let notice = Notice {
        extra: Some(value),
        ..Notice::new(tag, Term::pid(p.pid()), event::mfa(&scratch, f))
    };
    how.0.send(|h| notice.build(h, how.1));
}

/// A traced function returns.
pub fn returned(p: &Process, f: Mfa, session: u32, meta: Option<Tracer>, value: Term<'_>) {
    if let Some(how) = told(p, session, meta) {
        leaves(p, f, how, am::return_from, value);
    }
}

/// A traced function is left by an exception.
pub fn raised(
    p: &Process,
    f: Mfa,
    session: u32,
    meta: Option<Tracer>,
    class: Class,
    reason: Term<'_>,
) {
    if let Some(how) = told(p, session, meta) {
        let scratch = Heap::new();
        let class = Term::atom(crate::interp::exceptions::class_atom(class));
        let pair = scratch.tuple(&[class, copy::copy(reason, &scratch)]);
        leaves(p, f, how, am::exception_from, pair);
    }
}

/// Execution is back in a function (or nowhere known) after a traced one.
pub fn returned_to(p: &Process, session: u32, to: Option<Mfa>) {
    if p.has_flag(flag::SENSITIVE) {
        return;
    }
    let Some(r) = tracee::reference(p.pid().word(), session) else {
        return;
    };
    if r.flags & flags::RETURN_TO == 0 || !event::usable(&p.shared, &r) {
        return;
    }
    let scratch = Heap::new();
    let data = to.map_or(Term::UNDEFINED, |f| event::mfa(&scratch, f));
    let notice = Notice::new(am::return_to, Term::pid(p.pid()), data);
    r.tracer.send(|h| notice.build(h, r.flags));
}

// ---- time and memory ----

/// What a process is in, as far as `call_time` or `call_memory` of a session goes.
#[derive(Debug, Default, Clone, Copy)]
pub struct Running {
    /// The data of the breakpoint hit last, plus one; 0 is none.
    pub in_data: u32,
    /// Nanoseconds or words at which that was entered or gone on with.
    pub since: i64,
}

/// What a process has for each session that counts its time or memory.
#[derive(Debug, Default, Clone, Copy)]
pub struct Accounts {
    pub session: u32,
    pub time: Option<Running>,
    pub memory: Option<Running>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Time,
    Memory,
}

impl What {
    fn tally(self, d: &Data) -> Option<Arc<Tally>> {
        match self {
            What::Time => d.time.clone(),
            What::Memory => d.memory.clone(),
        }
    }
    fn slot(self, a: &mut Accounts) -> &mut Option<Running> {
        match self {
            What::Time => &mut a.time,
            What::Memory => &mut a.memory,
        }
    }
}

/// Words that the process has allocated since they are counted.
pub fn allocated(p: &Process) -> i64 {
    let counted = p.cold.borrow().as_ref().map_or(0, |c| c.allocated);
    let block = (p.heap.top() as usize).saturating_sub(p.high_water.get() as usize) / 8;
    counted + (block + p.heap.used_fragment_words()) as i64
}

/// A message has been received that lay on the heap already, where it did not count.
#[cold]
pub fn received(p: &Process, message: Term<'_>) {
    let words = copy::size(message) as i64;
    p.with_cold(|c| c.allocated += words);
}

/// The collector is about to move the high water mark: words allocated before are noted.
pub fn before_collection(p: &Process) {
    let counting = |c: &crate::process::Cold| c.accounts.iter().any(|a| a.memory.is_some());
    if p.cold.borrow().as_ref().is_some_and(|c| counting(c)) {
        let now = allocated(p);
        p.with_cold(|c| c.allocated = now);
    }
}

/// Adds what has been spent to the breakpoint that the process was in, and has it be in another one from now on. The
/// one before, as `in_data`.
fn switch(p: &Process, session: u32, what: What, to: u32, now: i64) -> u32 {
    let before = p.with_cold(|c| {
        let i = c.accounts.iter().position(|a| a.session == session);
        let i = i.unwrap_or_else(|| {
            c.accounts.push(Accounts {
                session,
                ..Accounts::default()
            });
            c.accounts.len() - 1
        });
        let new = Running {
            in_data: to,
            since: now,
        };
        what.slot(&mut c.accounts[i]).replace(new)
    });
    let Some(before) = before else { return 0 };
    charge(p, what, before, now);
    before.in_data
}

fn charge(p: &Process, what: What, running: Running, now: i64) {
    if let Some(id) = running.in_data.checked_sub(1)
        && let Some(tally) = breakpoint::data(id).and_then(|d| what.tally(&d))
    {
        tally.add(p.pid().word(), 0, now - running.since);
    }
}

/// A function whose time or memory is counted is entered; what the process was in before.
pub fn enter(p: &Process, mfa: Mfa, arguments: &[Term<'_>], d: &Data, what: What) -> u32 {
    let now = match what {
        What::Time => time::monotonic(),
        // What the process got at its start counts for the function that it begins with: a list of its arguments.
        What::Memory if is_first(p, mfa, d.session.id) => {
            p.set_flag(flag::COUNTS_MEMORY, true);
            let given: usize = arguments.iter().map(|t| 2 + copy::size(*t)).sum();
            allocated(p) - given as i64
        }
        What::Memory => {
            p.set_flag(flag::COUNTS_MEMORY, true);
            allocated(p)
        }
    };
    let before = switch(p, d.session.id, what, d.id + 1, now);
    if let Some(tally) = what.tally(d) {
        tally.add(p.pid().word(), 1, 0);
    }
    before
}

fn is_first(p: &Process, mfa: Mfa, session: u32) -> bool {
    let cold = p.cold.borrow();
    let mut all = cold.iter().flat_map(|c| &c.accounts);
    let known = all.any(|a| a.session == session && a.memory.is_some());
    !known && p.initial_call.get() == mfa
}

/// The function is left: the process is in `before` again.
pub fn leave(p: &Process, session: u32, what: What, before: u32) {
    let counting = {
        let cold = p.cold.borrow();
        let mut all = cold.iter().flat_map(|c| &c.accounts);
        all.any(|a| a.session == session)
    };
    if counting {
        let now = match what {
            What::Time => time::monotonic(),
            What::Memory => allocated(p),
        };
        switch(p, session, what, before, now);
    }
}

/// The process leaves its scheduler (`out`) or comes back: the time between is nobody's.
pub fn scheduled(p: &Process, out: bool) {
    let accounts: Vec<Running> = {
        let cold = p.cold.borrow();
        let all = cold.iter().flat_map(|c| &c.accounts);
        all.filter_map(|a| a.time).collect()
    };
    if accounts.is_empty() {
        return;
    }
    let now = time::monotonic();
    if out {
        for running in accounts {
            charge(p, What::Time, running, now);
        }
    }
    p.with_cold(|c| {
        for a in &mut c.accounts {
            if let Some(t) = &mut a.time {
                t.since = now;
            }
        }
    });
}

/// Whether a tally counts now.
pub fn counts(tally: &Option<Arc<Tally>>) -> bool {
    tally
        .as_ref()
        .is_some_and(|t| !t.paused.load(Ordering::Acquire))
}
