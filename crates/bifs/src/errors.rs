//! Raising exceptions, and ending the node.

use crate::prelude::*;

pub const BIFS: &[Bif] = bifs![
    erlang:error/1 => error_1,
    erlang:error/2 => error_2,
    erlang:error/3 => error_3,
    erlang:nif_error/1 => error_1,
    erlang:nif_error/2 => error_2,
    erlang:exit/1 => exit,
    erlang:throw/1 => throw,
    erlang:raise/3 => raise,
];

fn error<'h>(reason: Term<'h>, arguments: Term<'h>, info: Option<Term<'h>>) -> Stop<'h> {
    Stop::ErrorWith {
        reason,
        arguments: arguments.is_list().then_some(arguments),
        info,
    }
}

fn error_1<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Err(error(a[0], Term::atom(am::none), None))
}

fn error_2<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Err(error(a[0], a[1], None))
}

/// Options that are not understood are ignored.
fn error_3<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let mut info = None;
    for option in a[2].iter() {
        match option.as_tuple_of::<2>() {
            Some([k, v]) if k.is(am::error_info) && v.is_map() => info = Some(*v),
            _ => {
                info = None;
                break;
            }
        }
    }
    Err(error(a[0], a[1], info))
}

fn exit<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Err(Stop::Exit(a[0]))
}

fn throw<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Err(Stop::Throw(a[0]))
}

/// Whether the term is a stack trace: items are `{M, F, A}` or `{Fun, Args}`, with or without a location.
fn is_stack_trace(t: Term<'_>) -> bool {
    let mut it = t.iter();
    it.by_ref().all(is_frame) && it.tail().is_nil()
}

fn is_frame(t: Term<'_>) -> bool {
    let arity = |t: Term<'_>| t.is_list() || t.as_small().is_some_and(|n| n >= 0);
    match t.as_tuple() {
        Some([m, f, a]) if m.is_atom() => f.is_atom() && arity(*a),
        Some([m, f, a, location]) => m.is_atom() && f.is_atom() && arity(*a) && location.is_list(),
        Some([fun, a]) => fun.is_fun() && a.is_list(),
        Some([fun, a, location]) => fun.is_fun() && a.is_list() && location.is_list(),
        _ => false,
    }
}

/// Answers `badarg` instead of raising when the arguments do not make an exception.
fn raise<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    match a[0].as_atom() {
        Some(class @ (am::error | am::exit | am::throw)) if is_stack_trace(a[2]) => {
            Err(Stop::Raise {
                class,
                reason: a[1],
                stacktrace: a[2],
            })
        }
        _ => Ok(Term::atom(am::badarg)),
    }
}
