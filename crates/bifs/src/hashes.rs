//! Checksums and hashes: `phash`, `phash2`, MD5, CRC-32 and Adler-32.

use crate::iolist;
use crate::long;
use crate::prelude::*;
use corten_term::hash;
use md5::Md5;
use md5::digest::Digest;
use md5::digest::common::hazmat::SerializableState;
use std::borrow::Cow;

pub const BIFS: &[Bif] = bifs![
    erlang:phash/2 => phash,
    erlang:phash2/1 => phash2_1,
    erlang:phash2/2 => phash2_2,
    erlang:md5/1 => md5_1,
    erlang:md5_init/0 => md5_init,
    erlang:md5_update/2 => md5_update,
    erlang:md5_final/1 => md5_final,
    erlang:crc32/1 => crc32_1,
    erlang:crc32/2 => crc32_2,
    erlang:crc32_combine/3 => crc32_combine,
    erlang:adler32/1 => adler32_1,
    erlang:adler32/2 => adler32_2,
    erlang:adler32_combine/3 => adler32_combine,
];

/// The default range of `phash2/1`.
const PHASH2_RANGE: u32 = 1 << 27;

/// A range up to 2^32; that many is 0 here.
fn range<'h>(t: Term<'h>) -> Result<u32, Stop<'h>> {
    match t.as_u64().badarg()? {
        0 => Err(Stop::BADARG),
        n if n == 1 << 32 => Ok(0),
        n => u32::try_from(n).ok().badarg(),
    }
}

fn phash<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let range = range(a[1])?;
    long::term(a[0])?;
    let h = hash::phash(a[0]);
    let v = if range == 0 {
        u64::from(h)
    } else {
        u64::from(h % range)
    };
    Ok(p.heap.uint(v + 1))
}

/// Parts of a term that are hashed for one reduction.
const PARTS_PER_REDUCTION: usize = 20;

fn phash2_1<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    p.bump_reductions(long::term(a[0])? / PARTS_PER_REDUCTION);
    Ok(Term::small(i64::from(
        hash::phash2(a[0]) & (PHASH2_RANGE - 1),
    )))
}

fn phash2_2<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let range = range(a[1])?;
    p.bump_reductions(long::term(a[0])? / PARTS_PER_REDUCTION);
    let h = hash::phash2(a[0]);
    Ok(Term::small(i64::from(if range == 0 {
        h
    } else {
        h % range
    })))
}

/// The bytes to sum up. Like the reference engine, which does a hundred of them in a slice whatever is left of it, but
/// does them no faster: that is what is charged.
fn md5_data<'h>(p: &'h Process, t: Term<'h>) -> Result<Cow<'h, [u8]>, Stop<'h>> {
    const IN_A_SLICE: usize = 100;
    let bytes = iolist::charged(p, t)?;
    match bytes.len().saturating_sub(1) / IN_A_SLICE {
        0 => p.bump_reductions(bytes.len()),
        slices => p.charge_slices(slices - 1),
    }
    Ok(bytes)
}

fn md5_1<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(p.heap.binary(&Md5::digest(&*md5_data(p, a[0])?)))
}

/// A context travels as a binary, as programs expect of it.
fn md5_context<'h>(t: Term<'h>) -> Result<Md5, Stop<'h>> {
    let bytes = t.to_bytes().badarg()?;
    let state = bytes.as_ref().try_into().ok().badarg()?;
    Md5::deserialize(state).ok().badarg()
}

fn md5_init<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(p.heap.binary(&Md5::new().serialize()))
}

fn md5_update<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let mut context = md5_context(a[0])?;
    context.update(&*md5_data(p, a[1])?);
    Ok(p.heap.binary(&context.serialize()))
}

fn md5_final<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(p.heap.binary(&md5_context(a[0])?.finalize()))
}

fn checksum<'h>(t: Term<'h>) -> Result<u32, Stop<'h>> {
    t.as_u64().and_then(|n| u32::try_from(n).ok()).badarg()
}

fn word<'h>(v: u32) -> BifResult<'h> {
    Ok(Term::small(i64::from(v)))
}

/// Bytes of a checksum for one reduction, beside those that any list of bytes costs.
const SUMMED_PER_REDUCTION: usize = 16;

fn crc32<'h>(p: &'h Process, old: u32, data: Term<'h>) -> BifResult<'h> {
    let mut h = crc32fast::Hasher::new_with_initial(old);
    let bytes = iolist::charged(p, data)?;
    p.bump_reductions(bytes.len() / SUMMED_PER_REDUCTION);
    h.update(&bytes);
    word(h.finalize())
}

fn crc32_1<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    crc32(p, 0, a[0])
}

fn crc32_2<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    crc32(p, checksum(a[0])?, a[1])
}

fn crc32_combine<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let size = u64::from(checksum(a[2])?);
    let mut first = crc32fast::Hasher::new_with_initial_len(checksum(a[0])?, 0);
    let second = crc32fast::Hasher::new_with_initial_len(checksum(a[1])?, size);
    first.combine(&second);
    word(first.finalize())
}

fn adler32<'h>(p: &'h Process, old: u32, data: Term<'h>) -> BifResult<'h> {
    let mut h = simd_adler32::Adler32::from_checksum(old);
    h.write(&iolist::charged(p, data)?);
    word(h.finish())
}

fn adler32_1<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    adler32(p, 1, a[0])
}

fn adler32_2<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    adler32(p, checksum(a[0])?, a[1])
}

/// The checksum of two pieces from theirs: sums modulo the largest prime below 2^16.
fn combined_adler32(first: u32, second: u32, second_size: u64) -> u32 {
    const BASE: u64 = 65_521;
    let (a1, b1) = (u64::from(first & 0xFFFF), u64::from(first >> 16));
    let (a2, b2) = (u64::from(second & 0xFFFF), u64::from(second >> 16));
    let size = second_size % BASE;
    let a = (a1 + a2 + BASE - 1) % BASE;
    let b = (b1 + b2 + size * (a1 % BASE) + BASE - size) % BASE;
    (b << 16 | a) as u32
}

fn adler32_combine<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let size = u64::from(checksum(a[2])?);
    word(combined_adler32(checksum(a[0])?, checksum(a[1])?, size))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adler(bytes: &[u8]) -> u32 {
        let mut h = simd_adler32::Adler32::new();
        h.write(bytes);
        h.finish()
    }

    #[test]
    fn checksums_combine() {
        let (x, y) = (b"hello ".as_slice(), b"world".as_slice());
        let both = [x, y].concat();
        assert_eq!(combined_adler32(adler(x), adler(y), 5), adler(&both));
    }

    #[test]
    fn md5_contexts_survive_as_bytes() {
        let mut h = Md5::new();
        h.update(b"hel");
        let mut h = Md5::deserialize(&h.serialize()).unwrap();
        h.update(b"lo");
        assert_eq!(h.finalize()[..4], [0x5d, 0x41, 0x40, 0x2a]);
    }
}
