//! `erl_tracer`: the tracer module used when trace messages go to a process or a port. The engine asks
//! `enabled` whether to make a trace message and hands the message to `trace`.

use crate::atoms::intern;
use corten_engine::{Args, Bif, BifResult, Process, Stop, bifs};
use corten_term::{Term, am};

pub const BIFS: &[Bif] = bifs![
    erl_tracer:enabled/3 => enabled [NIF],
    erl_tracer:trace/5 => trace [NIF],
];

/// A tracer that is no local process or port counts as dead.
fn enabled<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let alive = a[1].as_local_pid().is_some() || a[1].as_local_port().is_some();
    Ok(Term::atom(if !alive && a[0].is(am::trace_status) {
        am::remove
    } else if !alive || a[1].same(a[2]) {
        am::discard
    } else {
        am::trace
    }))
}

/// Trace messages are built and sent by the engine's trace room; a direct call has nothing to send by.
fn trace<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    if a[1].as_local_pid().is_none() && a[1].as_local_port().is_none() {
        return Ok(Term::OK);
    }
    Err(Stop::error_tuple(
        p,
        am::notsup,
        Term::atom(intern("erl_tracer:trace/5")),
    ))
}
