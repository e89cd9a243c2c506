//! Type tests as functions.

use crate::prelude::*;

pub const BIFS: &[Bif] = bifs![
    erlang:is_atom/1 => is_atom [GUARD],
    erlang:is_binary/1 => is_binary [GUARD],
    erlang:is_bitstring/1 => is_bitstring [GUARD],
    erlang:is_boolean/1 => is_boolean [GUARD],
    erlang:is_float/1 => is_float [GUARD],
    erlang:is_function/1 => is_function_1 [GUARD],
    erlang:is_function/2 => is_function_2 [GUARD],
    erlang:is_integer/1 => is_integer [GUARD],
    erlang:is_integer/3 => is_integer_3 [GUARD],
    erlang:is_list/1 => is_list [GUARD],
    erlang:is_map/1 => is_map [GUARD],
    erlang:is_number/1 => is_number [GUARD],
    erlang:is_pid/1 => is_pid [GUARD],
    erlang:is_port/1 => is_port [GUARD],
    erlang:is_record/1 => is_record_1 [GUARD],
    erlang:is_record/2 => is_record_2 [GUARD],
    erlang:is_record/3 => is_record_3 [GUARD],
    erlang:is_reference/1 => is_reference [GUARD],
    erlang:is_tuple/1 => is_tuple [GUARD],
    erts_internal:term_type/1 => term_type,
];

macro_rules! tests {
    ($($name:ident = $test:expr;)*) => {$(
        fn $name<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
            let test: fn(Term<'h>) -> bool = $test;
            Ok(Term::bool(test(a[0])))
        }
    )*};
}
tests! {
    is_atom = |t| t.is_atom();
    is_binary = |t| t.is_binary();
    is_bitstring = |t| t.is_bitstring();
    is_boolean = |t| t.as_bool().is_some();
    is_float = |t| t.is_float();
    is_function_1 = |t| t.is_fun();
    is_integer = |t| t.is_integer();
    is_list = |t| t.is_list();
    is_map = |t| t.is_map();
    is_number = |t| t.is_number();
    is_pid = |t| t.is_pid();
    is_port = |t| t.is_port();
    is_record_1 = |t| t.is_record();
    is_reference = |t| t.is_reference();
    is_tuple = |t| t.is_tuple();
}

fn is_function_2<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let arity = match a[1].as_small() {
        Some(n) if n >= 0 => n,
        None if a[1].as_big().is_some_and(|b| !b.negative) => i64::MAX,
        _ => return Err(Stop::BADARG),
    };
    Ok(Term::bool(
        a[0].as_fun().is_some_and(|f| i64::from(f.arity) == arity),
    ))
}

fn is_integer_3<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    if !a[1].is_integer() || !a[2].is_integer() {
        return Err(Stop::BADARG);
    }
    Ok(Term::bool(
        a[0].is_integer()
            && crate::util::order(a[1], a[0]).is_le()
            && crate::util::order(a[0], a[2]).is_le(),
    ))
}

fn is_record_2<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let tag = a[1].as_atom().badarg()?;
    let name = match a[0].as_record() {
        Some(r) => Some(r.definition().name()),
        None => a[0].as_tuple().and_then(|e| e.first().copied()),
    };
    Ok(Term::bool(name.is_some_and(|t| t.is(tag))))
}

fn is_record_3<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let tag = a[1].as_atom().badarg()?;
    if a[2].is_atom() && crate::system_info::major_release(corten_engine::node()) >= 29 {
        // Module and name of a native record.
        let record = a[0].as_record();
        return Ok(Term::bool(
            record.is_some_and(|r| r.definition().is(a[1], a[2])),
        ));
    }
    let size = a[2].as_small();
    if !a[2].is_integer() {
        return Err(Stop::BADARG);
    }
    let hit = a[0].as_tuple().is_some_and(|e| {
        Some(e.len() as i64) == size && e.first().and_then(|t| t.as_atom()) == Some(tag)
    });
    Ok(Term::bool(hit))
}

/// What the runtime calls the representation of a term.
fn term_type<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let name = match a[0].kind() {
        Kind::Small(_) => "fixnum",
        Kind::Big(_) => "bignum",
        Kind::Float(_) => "hfloat",
        Kind::Atom(_) => "atom",
        Kind::Nil => "nil",
        Kind::Cons(..) => "list",
        Kind::Tuple(_) => "tuple",
        Kind::Map if a[0].is_flat_map() => "flatmap",
        Kind::Map => "hashmap",
        Kind::Bits(_) if corten_term::binary::off_heap_of(a[0]).is_empty() => "heap_binary",
        Kind::Bits(_) => "sub_binary",
        Kind::Fun(f) if f.external => "export",
        Kind::Fun(_) => "fun",
        Kind::Pid(p) if p.node == 0 => "pid",
        Kind::Pid(_) => "external_pid",
        Kind::Port(p) if p.node == 0 => "port",
        Kind::Port(_) => "external_port",
        Kind::Ref(r) if r.node == 0 => "reference",
        Kind::Ref(_) => "external_reference",
        // The reference engine has no name for these; its emulator ends.
        Kind::Record(_) => "native_record",
        Kind::Internal => return Err(Stop::BADARG),
    };
    Ok(crate::util::atom(name))
}
