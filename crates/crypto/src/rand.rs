//! Random bytes and numbers.

use crate::args;
use corten_engine::bif::OrBadarg;
use corten_engine::{Args, Bif, BifResult, Process, Stop, bifs};
use corten_term::Term;
use openssl::bn::BigNum;

pub const BIFS: &[Bif] = bifs![
    crypto:strong_rand_bytes_nif/1 => strong_rand_bytes [NIF],
    crypto:strong_rand_range_nif/1 => strong_rand_range [NIF],
    crypto:rand_uniform_nif/2 => rand_uniform [NIF],
    crypto:rand_seed_nif/1 => rand_seed [NIF],
];

fn strong_rand_bytes<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let n = args::uint(a[0]).map(|n| n as usize);
    let n = n.filter(|n| *n <= args::MOST).badarg()?;
    args::charge(p, n);
    let bytes = args::filled(p, n, |out| openssl::rand::rand_bytes(out).map(|()| n));
    Ok(match bytes {
        Some(Ok(bytes)) => bytes,
        _ => Term::FALSE,
    })
}

/// A number below the given one.
fn strong_rand_range<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let range = args::plain_number(a[0])?;
    let drawn = BigNum::new().and_then(|mut n| range.rand_range(&mut n).map(|()| n));
    Ok(drawn.map_or(Term::FALSE, |n| args::number_term(p, &n)))
}

/// A number with its length in front, as four bytes say it.
fn prefixed(t: Term<'_>) -> Option<BigNum> {
    let bytes = args::binary(t)?;
    let (length, bytes) = bytes.split_first_chunk::<4>()?;
    (u32::from_be_bytes(*length) as usize == bytes.len()).then(|| BigNum::from_slice(bytes).ok())?
}

/// A number from the first up to the second, both prefixed by their length, as is the answer.
fn rand_uniform<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let (from, to) = (prefixed(a[0]).badarg()?, prefixed(a[1]).badarg()?);
    let draw = || {
        let mut drawn = BigNum::new()?;
        (&to - &from).rand_range(&mut drawn)?;
        Ok::<_, openssl::error::ErrorStack>(&drawn + &from)
    };
    let drawn = draw().map_err(|_| Stop::BADARG)?.to_vec();
    let mut out = (drawn.len() as u32).to_be_bytes().to_vec();
    out.extend(drawn);
    Ok(p.heap.binary(&out))
}

/// OpenSSL seeds its generator from the system and needs no help; a seed is checked and let go.
fn rand_seed<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    args::binary(a[0])
        .filter(|b| b.len() <= args::MOST)
        .badarg()?;
    Ok(Term::OK)
}
