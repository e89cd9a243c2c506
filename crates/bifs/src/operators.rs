//! Operators as functions: arithmetic, comparison and booleans, for `apply` and for guards.

use crate::prelude::*;
use crate::util::{order, same};
use corten_term::arith::{self, ArithError};
use std::cmp::Ordering;

pub const BIFS: &[Bif] = bifs![
    erlang:"+"/1 => plus [GUARD],
    erlang:"-"/1 => minus [GUARD],
    erlang:"+"/2 => add [GUARD],
    erlang:"-"/2 => sub [GUARD],
    erlang:"*"/2 => mul [GUARD],
    erlang:"/"/2 => div_float [GUARD],
    erlang:div/2 => int_div [GUARD],
    erlang:rem/2 => rem [GUARD],
    erlang:band/2 => band [GUARD],
    erlang:bor/2 => bor [GUARD],
    erlang:bxor/2 => bxor [GUARD],
    erlang:bnot/1 => bnot [GUARD],
    erlang:bsl/2 => bsl [GUARD],
    erlang:bsr/2 => bsr [GUARD],
    erlang:abs/1 => abs [GUARD],
    erlang:float/1 => float [GUARD],
    erlang:trunc/1 => trunc [GUARD],
    erlang:round/1 => round [GUARD],
    erlang:floor/1 => floor [GUARD],
    erlang:ceil/1 => ceil [GUARD],
    erlang:"=:="/2 => exactly_equal [GUARD],
    erlang:"=/="/2 => exactly_unequal [GUARD],
    erlang:"=="/2 => equal [GUARD],
    erlang:"/="/2 => unequal [GUARD],
    erlang:"<"/2 => less [GUARD],
    erlang:"=<"/2 => less_or_equal [GUARD],
    erlang:">"/2 => greater [GUARD],
    erlang:">="/2 => greater_or_equal [GUARD],
    erlang:min/2 => min [GUARD],
    erlang:max/2 => max [GUARD],
    erlang:and/2 => and [GUARD],
    erlang:or/2 => or [GUARD],
    erlang:xor/2 => xor [GUARD],
    erlang:not/1 => not [GUARD],
    erts_internal:cmp_term/2 => cmp_term,
];

fn arithmetic<'h>(r: arith::Result<'h>) -> BifResult<'h> {
    r.map_err(|e| match e {
        ArithError::BadArith => Stop::BADARITH,
        ArithError::SystemLimit => Stop::SYSTEM_LIMIT,
        ArithError::BadArg => Stop::BADARG,
    })
}

macro_rules! unary {
    ($($name:ident)*) => {$(
        fn $name<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
            arithmetic(arith::$name(&p.heap, a[0]))
        }
    )*};
}
macro_rules! binary {
    ($($name:ident)*) => {$(
        fn $name<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
            arithmetic(arith::$name(&p.heap, a[0], a[1]))
        }
    )*};
}
unary!(bnot abs float trunc round floor ceil);
binary!(add sub mul div_float int_div rem band bor bxor bsl bsr);

fn plus<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    arithmetic(arith::plus(a[0]))
}

fn minus<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    arithmetic(arith::neg(&p.heap, a[0]))
}

macro_rules! comparison {
    ($($name:ident = $test:expr;)*) => {$(
        fn $name<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
            let test: fn(Ordering) -> bool = $test;
            Ok(Term::bool(test(order(a[0], a[1]))))
        }
    )*};
}
comparison! {
    equal = Ordering::is_eq;
    unequal = Ordering::is_ne;
    less = Ordering::is_lt;
    less_or_equal = Ordering::is_le;
    greater = Ordering::is_gt;
    greater_or_equal = Ordering::is_ge;
}

fn exactly_equal<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(Term::bool(same(a[0], a[1])))
}

fn exactly_unequal<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(Term::bool(!same(a[0], a[1])))
}

fn min<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(if order(a[0], a[1]).is_le() {
        a[0]
    } else {
        a[1]
    })
}

fn max<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(if order(a[0], a[1]).is_ge() {
        a[0]
    } else {
        a[1]
    })
}

/// Exact term order: integers sort before floats.
fn cmp_term<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(Term::small(
        match corten_term::compare::cmp_exact_order(a[0], a[1]) {
            Ordering::Less => -1,
            Ordering::Equal => 0,
            Ordering::Greater => 1,
        },
    ))
}

fn booleans<'h>(a: Args<'h>) -> Result<(bool, bool), Stop<'h>> {
    Ok((a[0].as_bool().badarg()?, a[1].as_bool().badarg()?))
}

fn and<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let (x, y) = booleans(a)?;
    Ok(Term::bool(x && y))
}

fn or<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let (x, y) = booleans(a)?;
    Ok(Term::bool(x || y))
}

fn xor<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let (x, y) = booleans(a)?;
    Ok(Term::bool(x != y))
}

fn not<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(Term::bool(!a[0].as_bool().badarg()?))
}
