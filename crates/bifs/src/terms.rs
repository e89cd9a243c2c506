//! The external term format as BIFs.

use crate::long;
use crate::prelude::*;
use crate::util::elements;
use corten_engine::code::funs::Codec;
use corten_term::etf::{self, DecodeOptions, EncodeError, EncodeOptions, EtfContext};

pub const BIFS: &[Bif] = bifs![
    erlang:term_to_binary/1 => term_to_binary_1,
    erlang:term_to_binary/2 => term_to_binary_2,
    erlang:term_to_iovec/1 => term_to_iovec_1,
    erlang:term_to_iovec/2 => term_to_iovec_2,
    erlang:external_size/1 => external_size_1,
    erlang:external_size/2 => external_size_2,
    erlang:binary_to_term/1 => binary_to_term_1,
    erlang:binary_to_term/2 => binary_to_term_2,
];

/// The tag of a compressed term.
const COMPRESSED: u8 = 80;
const BYTES_PER_REDUCTION: usize = 64;

fn context() -> EtfContext<'static> {
    EtfContext::new(&Codec)
}

fn failure<'h>(e: EncodeError) -> Stop<'h> {
    match e {
        EncodeError::SystemLimit => Stop::SYSTEM_LIMIT,
        EncodeError::UnknownFun | EncodeError::NotATerm => Stop::BADARG,
    }
}

fn encoded<'h>(p: &'h Process, t: Term<'h>, options: &EncodeOptions) -> Result<Vec<u8>, Stop<'h>> {
    long::term(t)?;
    let bytes = etf::encode(t, options, &context()).map_err(failure)?;
    p.bump_reductions(bytes.len() / BYTES_PER_REDUCTION);
    Ok(bytes)
}

fn encode_options<'h>(t: Term<'h>) -> Result<EncodeOptions, Stop<'h>> {
    EncodeOptions::from_terms(t).badarg()
}

fn term_to_binary_1<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let bytes = encoded(p, a[0], &EncodeOptions::default())?;
    Ok(p.heap.binary(&bytes))
}

fn term_to_binary_2<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let bytes = encoded(p, a[0], &encode_options(a[1])?)?;
    Ok(p.heap.binary(&bytes))
}

fn term_to_iovec_1<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(p.heap.cons(term_to_binary_1(p, a)?, Term::NIL))
}

fn term_to_iovec_2<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(p.heap.cons(term_to_binary_2(p, a)?, Term::NIL))
}

fn size<'h>(p: &'h Process, t: Term<'h>, options: &EncodeOptions) -> BifResult<'h> {
    long::term(t)?;
    let n = etf::external_size(t, options, &context()).map_err(failure)?;
    Ok(p.heap.uint(n as u64))
}

fn external_size_1<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    size(p, a[0], &EncodeOptions::default())
}

fn external_size_2<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    size(p, a[0], &encode_options(a[1])?)
}

fn decoded<'h>(
    p: &'h Process,
    binary: Term<'h>,
    options: DecodeOptions,
) -> Result<(Term<'h>, usize), Stop<'h>> {
    let bytes = binary.to_bytes().badarg()?;
    // A compressed term may be many times as long.
    let packed = bytes.get(1) == Some(&COMPRESSED);
    long::amount(bytes.len(), if packed { 4 << 10 } else { 64 << 10 })?;
    // Decoding is quicker than encoding.
    p.bump_reductions(bytes.len() / (4 * BYTES_PER_REDUCTION));
    let d = etf::decode(&p.heap, &bytes, options, &context()).map_err(|_| Stop::BADARG)?;
    Ok((d.term, d.used))
}

fn binary_to_term_1<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(decoded(p, a[0], DecodeOptions::default())?.0)
}

fn binary_to_term_2<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let mut options = DecodeOptions::default();
    let mut tell_used = false;
    let list = elements(a[1]).map_err(|_| Stop::badarg_because(am::badopt))?;
    for option in list {
        match option.as_atom() {
            Some(am::safe) => options.safe = true,
            Some(am::used) => tell_used = true,
            _ => return Err(Stop::badarg_because(am::badopt)),
        }
    }
    let (t, used) = decoded(p, a[0], options)?;
    if tell_used {
        return Ok(p.heap.tuple(&[t, p.heap.uint(used as u64)]));
    }
    Ok(t)
}
