//! `erl_tracer`: the tracer module used when trace messages go to a process or a port. The engine asks
//! `enabled` whether to make a trace message; `trace` makes it and sends it.

use crate::{deliver, port};
use corten_engine::trace::flags;
use corten_engine::trace::message::{self, Notice};
use corten_engine::{Args, Bif, BifResult, Process, bifs, node};
use corten_term::{Heap, Term, am, map};

pub const BIFS: &[Bif] = bifs![
    erl_tracer:enabled/3 => enabled [NIF],
    erl_tracer:trace/5 => trace [NIF],
];

/// A tracer that is no living local process or port is dead.
fn alive(tracer: Term<'_>) -> bool {
    match (tracer.as_local_pid(), tracer.as_local_port()) {
        (Some(pid), _) => node().processes.is_alive(pid),
        (_, Some(id)) => port::find(id).is_some(),
        _ => false,
    }
}

/// `enabled(Tag, Tracer, Tracee)`.
fn enabled<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let alive = alive(a[1]);
    Ok(Term::atom(if !alive && a[0].is(am::trace_status) {
        am::remove
    } else if !alive || a[1].same(a[2]) {
        // Nobody traces himself.
        am::discard
    } else {
        am::trace
    }))
}

/// `trace(Tag, Tracer, Tracee, Message, Options)`.
fn trace<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let message = build(&p.heap, a[0], a[2], a[3], a[4]);
    if let Some(pid) = a[1].as_local_pid() {
        deliver::message(pid, |h| corten_term::copy::copy(message, h));
    } else if let Some(id) = a[1].as_local_port() {
        port::trace_output(id, message);
    }
    Ok(Term::OK)
}

fn build<'h>(
    h: &'h Heap,
    tag: Term<'h>,
    tracee: Term<'h>,
    what: Term<'h>,
    options: Term<'h>,
) -> Term<'h> {
    let option = |key| map::get(options, Term::atom(key));
    let time = option(am::timestamp).and_then(|kind| timestamp(h, kind));
    let scheduler = option(am::scheduler_id).and_then(Term::as_small);
    let notice = Notice {
        extra: option(am::extra),
        result: option(am::match_spec_result),
        ..Notice::new(tag.as_atom().unwrap_or(am::undefined), tracee, what)
    };
    notice.compose(h, scheduler, time)
}

fn timestamp<'h>(h: &'h Heap, kind: Term<'_>) -> Option<Term<'h>> {
    let flag = match kind.as_atom()? {
        am::monotonic => flags::MONOTONIC_TIMESTAMP,
        am::strict_monotonic => flags::STRICT_TIMESTAMP,
        am::timestamp | am::cpu_timestamp => flags::NOW_TIMESTAMP,
        _ => return None,
    };
    message::timestamp(h, flag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_the_parts_that_options_ask_for() {
        let h = Heap::new();
        let (tag, who, what) = (Term::atom(am::call), Term::small(1), Term::small(2));
        let plain = build(&h, tag, who, what, map::empty(&h));
        let parts = plain.as_tuple().unwrap();
        assert!(parts.len() == 4 && parts[0].is(am::trace) && parts[2].same(tag));
        let options = map::from_pairs(
            &h,
            &[
                (Term::atom(am::extra), Term::small(3)),
                (Term::atom(am::scheduler_id), Term::small(4)),
            ],
        );
        let full = build(&h, tag, who, what, options);
        let parts = full.as_tuple().unwrap();
        assert_eq!(parts[4].as_small(), Some(3));
        assert_eq!(parts[5].as_small(), Some(4));
    }
}
