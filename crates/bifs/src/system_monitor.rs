//! `erlang:system_monitor/0,1,2`.

use crate::prelude::*;
use corten_engine::node;
use corten_engine::sysmon::{self, Settings};

pub const BIFS: &[Bif] = bifs![
    erlang:system_monitor/0 => system_monitor_0,
    erlang:system_monitor/1 => system_monitor_1,
    erlang:system_monitor/2 => system_monitor_2,
];

/// Smaller heaps than this are not worth a message.
const LEAST_LARGE_HEAP: usize = 16_384;

fn system_monitor_0<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(show(p, sysmon::get()))
}

fn system_monitor_1<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    if args[0].is(am::undefined) {
        return Ok(show(p, sysmon::set(None)));
    }
    let [receiver, options] = args[0].as_tuple_of::<2>().badarg()?;
    set(p, *receiver, *options)
}

fn system_monitor_2<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    set(p, args[0], args[1])
}

fn set<'h>(p: &'h Process, receiver: Term<'h>, options: Term<'h>) -> BifResult<'h> {
    if receiver.is(am::undefined) || options.is_nil() {
        return Ok(show(p, sysmon::set(None)));
    }
    let receiver = receiver
        .as_local_pid()
        .filter(|pid| node().processes.is_alive(*pid))
        .badarg()?;
    let mut s = Settings {
        receiver,
        long_gc: 0,
        long_schedule: 0,
        large_heap: 0,
        long_message_queue: None,
        busy_port: false,
        busy_dist_port: false,
    };
    for o in options.to_vec().badarg()? {
        option(o, &mut s).badarg()?;
    }
    Ok(show(p, sysmon::set(Some(s))))
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
    match name.as_atom()? {
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
    let Some(s) = s.filter(|s| node().processes.is_alive(s.receiver)) else {
        return Term::UNDEFINED;
    };
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
    if s.busy_dist_port {
        all.push(Term::atom(am::busy_dist_port));
    }
    if s.busy_port {
        all.push(Term::atom(am::busy_port));
    }
    h.tuple(&[s.receiver.into(), h.list(&all)])
}
