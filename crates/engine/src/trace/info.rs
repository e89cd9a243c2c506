//! `trace_info`: who traces a process, a function, an event.

use super::breakpoint::{self, Data, Tally};
use super::session::{EventPattern, ForNew, Session, Spec};
use super::tracer::Tracer;
use super::{flags, pattern, session, tracee};
use crate::node;
use crate::process::Mfa;
use crate::signal::ports;
use corten_term::{Atom, Heap, Term, Word, am, copy};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bad {
    /// Not something that can be asked about.
    Subject,
    /// No such item.
    Item,
}

/// The value of `key` for `what`, for one session. `Ok(None)`: the subject is unknown, and the whole answer `undefined`.
pub fn of_session<'h>(
    session: &Arc<Session>,
    what: Term<'h>,
    key: Term<'h>,
    h: &'h Heap,
) -> Result<Option<Term<'h>>, Bad> {
    let item = key.as_atom().ok_or(Bad::Item)?;
    if let Some(who) = tracee_word(what) {
        let Some(alive) = who else { return Ok(None) };
        let r = tracee::reference(alive, session.id).filter(|r| r.tracer.is_alive());
        let (flags, tracer) = r.map_or((0, None), |r| (r.flags, Some(r.tracer)));
        return tracing(item, flags, tracer, h).map(Some);
    }
    if let Some(mfa) = mfa_of(what)? {
        return function(session, mfa, item, h).map(Some);
    }
    let new = |n: ForNew| {
        let tracer = n.tracer.filter(|t| t.is_alive());
        let flags = tracer.map_or(0, |_| n.flags);
        tracing(item, flags, tracer, h).map(Some)
    };
    match what.as_atom().ok_or(Bad::Subject)? {
        am::new | am::new_processes => new(*session.new_processes.read()),
        am::new_ports => new(*session.new_ports.read()),
        am::on_load => on_load(session, item, h).map(Some),
        am::send => event(&session.send.read(), item, h).map(Some),
        am::receive => event(&session.receive.read(), item, h).map(Some),
        _ => Err(Bad::Subject),
    }
}

/// The sessions that trace `what`.
pub fn sessions<'h>(what: Term<'h>, h: &'h Heap) -> Result<Option<Term<'h>>, Bad> {
    let list = |all: Vec<Arc<Session>>| {
        let all: Vec<_> = all.iter().map(|s| s.weak(h)).collect();
        Ok(Some(h.list(&all)))
    };
    if let Some(who) = tracee_word(what) {
        let Some(who) = who else { return Ok(None) };
        let all = tracee::references(who, u32::MAX);
        let alive = all.into_iter().filter(|r| r.session.is_alive());
        return list(alive.map(|r| r.session).rev().collect());
    }
    if let Some(mfa) = mfa_of(what)? {
        if !pattern::is_function(mfa) {
            return Ok(Some(Term::UNDEFINED));
        }
        return list(breakpoint::sessions_of(mfa));
    }
    let which: fn(&Session) -> bool = match what.as_atom().ok_or(Bad::Subject)? {
        am::any => |_| true,
        am::on_load => |s| s.on_load.read().is_on,
        am::send => |s| !matches!(*s.send.read(), EventPattern::Off),
        am::receive => |s| !matches!(*s.receive.read(), EventPattern::Off),
        am::new | am::new_processes => |s| s.new_processes.read().flags != 0,
        am::new_ports => |s| s.new_ports.read().flags != 0,
        _ => return Err(Bad::Subject),
    };
    let mut all = session::all();
    all.retain(|s| which(s));
    all.reverse();
    list(all)
}

/// A process or port: its word, or nothing if it is gone.
fn tracee_word(t: Term<'_>) -> Option<Option<Word>> {
    if let Some(pid) = t.as_local_pid() {
        return Some(node().processes.is_alive(pid).then_some(pid.word()));
    }
    if let Some(port) = t.as_local_port() {
        let there = ports::get().is_some_and(|t| t.exists(port));
        return Some(there.then_some(port.word()));
    }
    if t.is_pid() && crate::signal::monitor::is_from_here(t) {
        return Some(None);
    }
    None
}

fn mfa_of(t: Term<'_>) -> Result<Option<Mfa>, Bad> {
    let Some(elements) = t.as_tuple() else {
        return Ok(None);
    };
    let [m, f, a] = elements else {
        return Err(Bad::Item);
    };
    let (Some(module), Some(function), Some(arity)) = (m.as_atom(), f.as_atom(), a.as_small())
    else {
        return Err(Bad::Item);
    };
    Ok(Some(Mfa {
        module,
        function,
        arity: u8::try_from(arity).unwrap_or(u8::MAX),
    }))
}

fn tracing(item: Atom, flags: u32, tracer: Option<Tracer>, h: &Heap) -> Result<Term<'_>, Bad> {
    match item {
        am::flags => Ok(flags::list(flags, h)),
        am::tracer => Ok(tracer.map_or(Term::NIL, Tracer::term)),
        _ => Err(Bad::Item),
    }
}

fn source<'h>(spec: &Option<Arc<Spec>>, h: &'h Heap) -> Term<'h> {
    match spec {
        Some(spec) => copy::copy(spec.source.term(), h),
        None => Term::NIL,
    }
}

fn event<'h>(pattern: &EventPattern, item: Atom, h: &'h Heap) -> Result<Term<'h>, Bad> {
    if item != am::match_spec {
        return Err(Bad::Item);
    }
    Ok(match pattern {
        EventPattern::Off => Term::FALSE,
        EventPattern::All => Term::TRUE,
        EventPattern::Matching(spec) => copy::copy(spec.source.term(), h),
    })
}

/// The items of `all`, in order.
const ALL: [Atom; 7] = [
    am::traced,
    am::match_spec,
    am::meta,
    am::meta_match_spec,
    am::call_memory,
    am::call_time,
    am::call_count,
];

fn function<'h>(session: &Session, mfa: Mfa, item: Atom, h: &'h Heap) -> Result<Term<'h>, Bad> {
    let global = breakpoint::at_export(mfa, session.id).filter(|d| d.calls.is_some());
    let (how, data) = match global {
        Some(d) => (am::global, d),
        None if !pattern::is_function(mfa) => return Ok(Term::UNDEFINED),
        None => match breakpoint::at_entry(mfa, session.id) {
            Some(d) if d.calls.is_some() => (am::local, d),
            Some(d) => (am::false_, d),
            None => return Ok(Term::FALSE),
        },
    };
    if item == am::all {
        let pair = |name: Atom| {
            let value = function_item(&data, how, name, h)?;
            Some(h.tuple(&[Term::atom(name), value]))
        };
        let pairs: Option<Vec<_>> = ALL.into_iter().map(pair).collect();
        return pairs.map(|p| h.list(&p)).ok_or(Bad::Item);
    }
    let value = function_item(&data, how, item, h).ok_or(Bad::Item)?;
    // An old peculiarity: without meta tracing this one is an empty list, when it is asked for alone.
    if item == am::meta && value.is(am::false_) {
        return Ok(Term::NIL);
    }
    Ok(value)
}

fn function_item<'h>(d: &Data, how: Atom, item: Atom, h: &'h Heap) -> Option<Term<'h>> {
    Some(match item {
        am::traced => Term::atom(how),
        am::match_spec => match &d.calls {
            Some(spec) => source(spec, h),
            None => Term::FALSE,
        },
        am::meta => {
            let tracer = d.meta.as_ref().and_then(|m| *m.tracer.lock());
            tracer.map_or(Term::FALSE, Tracer::term)
        }
        am::meta_match_spec => match &d.meta {
            Some(meta) => source(&meta.spec, h),
            None => Term::FALSE,
        },
        am::call_count => match &d.count {
            Some(count) => h.uint(count.calls.load(Ordering::Relaxed)),
            None => Term::FALSE,
        },
        am::call_time => match &d.time {
            Some(tally) => tallied(tally, h, |calls, nanoseconds| {
                let micro = nanoseconds / 1000;
                vec![calls, micro / 1_000_000, micro % 1_000_000]
            }),
            None => Term::FALSE,
        },
        am::call_memory => match &d.memory {
            Some(tally) => tallied(tally, h, |calls, words| vec![calls, words]),
            None => Term::FALSE,
        },
        _ => return None,
    })
}

/// `[{Pid, Calls, …}]`.
fn tallied<'h>(tally: &Tally, h: &'h Heap, show: impl Fn(i64, i64) -> Vec<i64>) -> Term<'h> {
    let all = tally.by_process.lock();
    let line = |(pid, (calls, amount)): (&Word, &(u64, i64))| {
        // SAFETY: pids are immediates.
        let mut parts = vec![unsafe { Term::from_raw(*pid) }];
        parts.extend(show(*calls as i64, *amount).into_iter().map(|n| h.int(n)));
        h.tuple(&parts)
    };
    let lines: Vec<_> = all.iter().map(line).collect();
    h.list(&lines)
}

fn on_load<'h>(session: &Session, item: Atom, h: &'h Heap) -> Result<Term<'h>, Bad> {
    let o = session.on_load.read();
    if !o.is_on {
        return Ok(Term::FALSE);
    }
    let kinds = o.kinds;
    let one = |name: Atom| {
        Some(match name {
            am::traced if kinds.is_global() => Term::atom(am::global),
            am::traced if kinds.local => Term::atom(am::local),
            am::traced => Term::FALSE,
            am::match_spec if kinds.is_global() || kinds.local => source(&o.spec, h),
            am::match_spec => Term::FALSE,
            am::meta => kinds.meta.map_or(Term::FALSE, Tracer::term),
            am::meta_match_spec if kinds.meta.is_some() => source(&o.meta_spec, h),
            am::meta_match_spec => Term::FALSE,
            am::call_count => Term::bool(kinds.count),
            am::call_time => Term::bool(kinds.time),
            am::call_memory => Term::bool(kinds.memory),
            _ => return None,
        })
    };
    if item != am::all {
        return one(item).ok_or(Bad::Item);
    }
    let shown = ALL
        .into_iter()
        .filter(|a| !matches!(*a, am::call_memory | am::call_time));
    let pair = |name: Atom| Some(h.tuple(&[Term::atom(name), one(name)?]));
    let pairs: Option<Vec<_>> = shown.map(pair).collect();
    pairs.map(|p| h.list(&p)).ok_or(Bad::Item)
}
