//! Reading arguments: binaries, I/O lists, big-endian numbers, atoms; and where long calls run.

use corten_engine::bif::OrBadarg;
use corten_engine::sched::scheduler;
use corten_engine::{Process, Stop};
use corten_term::layout::HEAP_BITS_MAX_BYTES;
use corten_term::{Binary, Term};
use openssl::bn::{BigNum, BigNumRef};
use std::borrow::Cow;

pub use corten_bifs::iolist::to_bytes as iolist;

/// Bytes that one call handles on a scheduler; more go to the pool.
pub const SHORT: usize = 20_000;
/// OpenSSL counts bytes with a C `int`.
pub const MOST: usize = i32::MAX as usize;

/// Sends a call with more than [`SHORT`] bytes to the dirty CPU pool. Asked before anything is changed.
pub fn long<'h>(bytes: usize) -> Result<(), Stop<'h>> {
    pool_if(bytes > SHORT)
}

/// Sends a call to the dirty CPU pool if it is long and a scheduler runs it.
pub fn pool_if<'h>(long: bool) -> Result<(), Stop<'h>> {
    if long && scheduler::current_index().is_some() {
        return Err(Stop::Pool);
    }
    Ok(())
}

/// Charges the process for work on so many bytes: a whole slice for [`SHORT`].
pub fn charge(p: &Process, bytes: usize) {
    p.bump_reductions((bytes / (SHORT / 4000)).min(4000));
}

/// A binary's bytes; no I/O list.
pub fn binary(t: Term<'_>) -> Option<Cow<'_, [u8]>> {
    t.as_bits()?;
    t.to_bytes()
}

/// A number as a binary, big-endian.
pub fn number(t: Term<'_>) -> Option<BigNum> {
    let bytes = binary(t).filter(|b| b.len() <= MOST)?;
    BigNum::from_slice(&bytes).ok()
}

/// [`number`] for functions that raise a plain `badarg`.
pub fn plain_number<'h>(t: Term<'h>) -> Result<BigNum, Stop<'h>> {
    number(t).badarg()
}

/// The numbers in a list of exactly so many binaries.
pub fn numbers<const N: usize>(t: Term<'_>) -> Option<[BigNum; N]> {
    let all: Option<Vec<_>> = t.to_vec()?.into_iter().map(number).collect();
    all?.try_into().ok()
}

/// The number's bytes, big-endian, as few as possible.
pub fn number_term<'h>(p: &'h Process, n: &BigNumRef) -> Term<'h> {
    p.heap.binary(&n.to_vec())
}

/// A binary of at most `most` bytes that `f` writes; it tells how many it has written.
pub fn filled<'h, E>(
    p: &'h Process,
    most: usize,
    f: impl FnOnce(&mut [u8]) -> Result<usize, E>,
) -> Option<Result<Term<'h>, E>> {
    if most <= HEAP_BITS_MAX_BYTES {
        let mut bytes = [0; HEAP_BITS_MAX_BYTES];
        return Some(f(&mut bytes[..most]).map(|n| p.heap.binary(&bytes[..n])));
    }
    Some(Binary::filled(most, f)?.map(|binary| {
        let bits = binary.len() * 8;
        match binary.len() {
            0..=HEAP_BITS_MAX_BYTES => p.heap.binary(binary.as_bytes()),
            _ => p.heap.refc_binary(binary, 0, bits),
        }
    }))
}

/// A C `unsigned int`.
pub fn uint(t: Term<'_>) -> Option<u32> {
    t.as_small().and_then(|n| u32::try_from(n).ok())
}

/// The name of an atom.
pub fn name(t: Term<'_>) -> Option<&str> {
    t.as_atom().map(|a| a.name())
}
