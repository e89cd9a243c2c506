//! Sequential tracing: `erlang:seq_trace/2` and its kin.

use crate::prelude::*;
use corten_engine::trace::seq;

pub const BIFS: &[Bif] = bifs![
    erlang:seq_trace/2 => seq_trace,
    erlang:seq_trace_info/1 => seq_trace_info,
    erlang:seq_trace_print/1 => seq_trace_print_1,
    erlang:seq_trace_print/2 => seq_trace_print_2,
];

fn seq_trace<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    seq::set(p, a[0], a[1]).badarg()
}

fn seq_trace_info<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    seq::info(p, a[0]).badarg()
}

fn seq_trace_print_1<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(Term::bool(seq::print(p, None, a[0])))
}

fn seq_trace_print_2<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(Term::bool(seq::print(p, Some(a[0]), a[1])))
}
