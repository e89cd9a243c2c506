//! Numbers from and to text.

use crate::long;
use crate::prelude::*;
use crate::util::byte_list;
use corten_term::number::float::{self, Format};
use corten_term::number::{
    ParseError, Scanned, integer_to_text, scan_float, scan_integer, text_to_integer,
};

pub const BIFS: &[Bif] = bifs![
    erlang:integer_to_list/1 => integer_to_list_1,
    erlang:integer_to_list/2 => integer_to_list_2,
    erlang:integer_to_binary/1 => integer_to_binary_1,
    erlang:integer_to_binary/2 => integer_to_binary_2,
    erlang:float_to_list/1 => float_to_list_1,
    erlang:float_to_list/2 => float_to_list_2,
    erlang:float_to_binary/1 => float_to_binary_1,
    erlang:float_to_binary/2 => float_to_binary_2,
    erlang:list_to_float/1 => list_to_float,
    erlang:binary_to_float/1 => binary_to_float,
    erts_internal:list_to_integer/2 => list_to_integer,
    erts_internal:binary_to_integer/2 => binary_to_integer,
    string:list_to_float/1 => string_list_to_float,
];

/// Text that takes longer than this many characters to make is charged for.
const CHARACTERS_PER_REDUCTION: usize = 20;

/// Digits that a scheduler thread converts, and the words of an integer that has so many: the time for them grows
/// faster than their number.
const DIGITS: usize = 10_000;
const LIMBS: usize = DIGITS / 20;

fn integer_text<'h>(p: &'h Process, t: Term<'h>, base: Term<'h>) -> Result<String, Stop<'h>> {
    let base = base
        .as_small()
        .and_then(|b| u32::try_from(b).ok())
        .badarg()?;
    let limbs = t.as_big().map_or(1, |b| b.limbs.len());
    long::amount(limbs, LIMBS)?;
    let text = integer_to_text(t, base).badarg()?;
    p.bump_reductions(text.len() / CHARACTERS_PER_REDUCTION);
    Ok(text)
}

fn integer_to_list_1<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(p.heap
        .latin1_string(integer_text(p, a[0], Term::small(10))?.as_bytes()))
}

fn integer_to_list_2<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(p.heap
        .latin1_string(integer_text(p, a[0], a[1])?.as_bytes()))
}

fn integer_to_binary_1<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(p.heap
        .binary(integer_text(p, a[0], Term::small(10))?.as_bytes()))
}

fn integer_to_binary_2<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(p.heap.binary(integer_text(p, a[0], a[1])?.as_bytes()))
}

fn float_text<'h>(t: Term<'h>, options: Term<'h>) -> Result<String, Stop<'h>> {
    let f = t.as_float().badarg()?;
    let format = Format::from_options(options).badarg()?;
    float::to_text(f, format).badarg()
}

fn float_to_list_1<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(p.heap
        .latin1_string(float_text(a[0], Term::NIL)?.as_bytes()))
}

fn float_to_list_2<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(p.heap.latin1_string(float_text(a[0], a[1])?.as_bytes()))
}

fn float_to_binary_1<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(p.heap.binary(float_text(a[0], Term::NIL)?.as_bytes()))
}

fn float_to_binary_2<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(p.heap.binary(float_text(a[0], a[1])?.as_bytes()))
}

fn list_to_float<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let text = byte_list(a[0]).badarg()?;
    Ok(p.heap.float(float::from_text(&text).badarg()?))
}

fn binary_to_float<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let text = a[0].to_bytes().badarg()?;
    Ok(p.heap.float(float::from_text(&text).badarg()?))
}

fn base<'h>(t: Term<'h>) -> Option<u32> {
    let b = u32::try_from(t.as_small()?).ok()?;
    (2..=36).contains(&b).then_some(b)
}

/// `{Integer, Rest}` or an atom that says why not; the wrappers in `erlang` and `string` explain it.
fn list_to_integer<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let Some(base) = base(a[1]) else {
        return Ok(Term::atom(am::badarg));
    };
    long::list(a[0], DIGITS)?;
    Ok(match scan_integer(&p.heap, a[0], base) {
        Scanned::Number(n, rest) => p.heap.tuple(&[n, rest]),
        Scanned::NoNumber => Term::atom(am::no_integer),
        Scanned::NotAList => Term::atom(am::not_a_list),
        Scanned::SystemLimit => Term::atom(am::big),
    })
}

fn binary_to_integer<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let (Some(text), Some(base)) = (a[0].to_bytes(), base(a[1])) else {
        return Ok(Term::atom(am::badarg));
    };
    long::amount(text.len(), DIGITS)?;
    p.bump_reductions(text.len() / CHARACTERS_PER_REDUCTION);
    Ok(match text_to_integer(&p.heap, &text, base) {
        Ok(n) => n,
        Err(ParseError::BadArg) => Term::atom(am::badarg),
        Err(ParseError::SystemLimit) => Term::atom(am::big),
    })
}

fn string_list_to_float<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let reason = match scan_float(&p.heap, a[0]) {
        Scanned::Number(n, rest) => return Ok(p.heap.tuple(&[n, rest])),
        Scanned::NotAList => am::not_a_list,
        Scanned::NoNumber | Scanned::SystemLimit => am::no_float,
    };
    Ok(p.heap.tuple(&[Term::atom(am::error), Term::atom(reason)]))
}
