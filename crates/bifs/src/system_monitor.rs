//! `erlang:system_monitor/0,1,2`, and what `trace:system/3` calls.

use crate::prelude::*;
use corten_engine::node;
use corten_engine::sysmon::{self, Settings};
use corten_engine::trace::session::Session;
use corten_engine::trace::tracer::Tracer;

pub const BIFS: &[Bif] = bifs![
    erlang:system_monitor/0 => system_monitor_0,
    erlang:system_monitor/1 => system_monitor_1,
    erlang:system_monitor/2 => system_monitor_2,
    erts_internal:system_monitor/3 => of_session,
];

/// The session of `erlang:system_monitor`.
const LEGACY: u32 = 0;

/// Smaller heaps than this are not worth a message.
const LEAST_LARGE_HEAP: usize = 16_384;

fn system_monitor_0<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(show(p, sysmon::of(LEGACY)))
}

fn system_monitor_1<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    if args[0].is(am::undefined) {
        return Ok(show(p, sysmon::set(LEGACY, None)));
    }
    let [receiver, options] = args[0].as_tuple_of::<2>().badarg()?;
    set(p, *receiver, *options)
}

fn system_monitor_2<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    set(p, args[0], args[1])
}

fn set<'h>(p: &'h Process, receiver: Term<'h>, options: Term<'h>) -> BifResult<'h> {
    if receiver.is(am::undefined) || options.is_nil() {
        return Ok(show(p, sysmon::set(LEGACY, None)));
    }
    let receiver = receiver
        .as_local_pid()
        .filter(|pid| node().processes.is_alive(*pid))
        .badarg()?;
    let mut s = Settings::new(LEGACY, Tracer::Process(receiver));
    for o in options.to_vec().badarg()? {
        option(o, &mut s).badarg()?;
    }
    Ok(show(p, sysmon::set(LEGACY, Some(s))))
}

/// `(Session, session, [{Event, Value}])`, with `false` for what is not to be told any more.
fn of_session<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let session = crate::trace::living(a[0])?;
    let receiver = session.tracer.filter(|_| a[1].is(am::session)).badarg()?;
    let mut s = sysmon::of(session.id).unwrap_or_else(|| Settings::new(session.id, receiver));
    for o in a[2].to_vec().badarg()? {
        let [name, value] = o.as_tuple_of::<2>().badarg()?;
        change(*name, *value, &mut s).badarg()?;
    }
    let any = s.busy_port
        || s.busy_dist_port
        || s.long_message_queue.is_some()
        || s.long_gc + s.long_schedule + s.large_heap as u64 > 0;
    sysmon::set(session.id, any.then_some(s));
    Ok(Term::OK)
}

fn change(name: Term<'_>, value: Term<'_>, s: &mut Settings) -> Option<()> {
    match name.as_atom()? {
        am::busy_port => s.busy_port = value.as_bool()?,
        am::busy_dist_port => s.busy_dist_port = value.as_bool()?,
        name if value.is(am::false_) => match name {
            am::long_gc => s.long_gc = 0,
            am::long_schedule => s.long_schedule = 0,
            am::large_heap => s.large_heap = 0,
            am::long_message_queue => s.long_message_queue = None,
            _ => return None,
        },
        name => limit(name, value, s)?,
    }
    Some(())
}

/// `{system, [Event | {Event, Value}]}`, for `trace:info(Session, system, all)`.
pub fn info<'h>(p: &'h Process, session: &Session) -> Term<'h> {
    let mut all = sysmon::of(session.id).map_or(Vec::new(), |s| events(p, &s));
    all.reverse();
    p.heap.tuple(&[Term::atom(am::system), p.heap.list(&all)])
}

fn option(t: Term<'_>, s: &mut Settings) -> Option<()> {
    if t.is(am::busy_port) {
        s.busy_port = true;
        return Some(());
    }
    if t.is(am::busy_dist_port) {
        s.busy_dist_port = true;
        return Some(());
    }
    let [name, value] = t.as_tuple_of::<2>()?;
    limit(name.as_atom()?, *value, s)
}

fn limit(name: Atom, value: Term<'_>, s: &mut Settings) -> Option<()> {
    match name {
        am::long_gc => s.long_gc = value.as_u64()?.max(1),
        am::long_schedule => s.long_schedule = value.as_u64()?.max(1),
        am::large_heap => s.large_heap = value.as_usize()?.max(LEAST_LARGE_HEAP),
        am::long_message_queue => {
            let [off, on] = value.as_tuple_of::<2>()?;
            let (off, on) = (off.as_usize()?, on.as_usize()?);
            if off >= on {
                return None;
            }
            s.long_message_queue = Some((off, on));
        }
        _ => return None,
    }
    Some(())
}

/// `undefined` or `{Pid, Options}`.
fn show(p: &Process, s: Option<Settings>) -> Term<'_> {
    // One that is gone monitors nothing any more.
    let Some(s) = s.filter(|s| s.receiver.is_alive()) else {
        return Term::UNDEFINED;
    };
    let mut all = events(p, &s);
    if node().config.release() >= 28 {
        all.reverse();
    }
    p.heap.tuple(&[s.receiver.term(), p.heap.list(&all)])
}

fn events<'h>(p: &'h Process, s: &Settings) -> Vec<Term<'h>> {
    let h = &p.heap;
    let mut all = Vec::new();
    let number = |n: u64| h.uint(n);
    if let Some((off, on)) = s.long_message_queue {
        let value = h.tuple(&[number(off as u64), number(on as u64)]);
        all.push(h.tuple(&[Term::atom(am::long_message_queue), value]));
    }
    for (name, n) in [
        (am::large_heap, s.large_heap as u64),
        (am::long_schedule, s.long_schedule),
        (am::long_gc, s.long_gc),
    ] {
        if n > 0 {
            all.push(h.tuple(&[Term::atom(name), number(n)]));
        }
    }
    for (name, on) in [
        (am::busy_dist_port, s.busy_dist_port),
        (am::busy_port, s.busy_port),
    ] {
        if on {
            all.push(Term::atom(name));
        }
    }
    all
}
