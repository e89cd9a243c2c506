//! Module `binary`, except searching, which is in `binary_search`.

use crate::binaries::part;
use crate::long;
use crate::prelude::*;
use crate::util::elements;
use std::borrow::Cow;

pub const BIFS: &[Bif] = bifs![
    binary:at/2 => at,
    binary:first/1 => first,
    binary:last/1 => last,
    binary:part/2 => part_2,
    binary:part/3 => part_3,
    binary:copy/1 => copy_1,
    binary:copy/2 => copy_2,
    binary:encode_unsigned/1 => encode_unsigned_1,
    binary:encode_unsigned/2 => encode_unsigned_2,
    binary:decode_unsigned/1 => decode_unsigned_1,
    binary:decode_unsigned/2 => decode_unsigned_2,
    binary:longest_common_prefix/1 => longest_common_prefix,
    binary:longest_common_suffix/1 => longest_common_suffix,
    binary:referenced_byte_size/1 => referenced_byte_size,
];

const BYTES_PER_REDUCTION: usize = 64;

fn at<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let bits = a[0].as_bits().filter(Bits::is_binary).badarg()?;
    let i = a[1].as_usize().badarg()?;
    if i >= bits.size / 8 {
        return Err(Stop::BADARG);
    }
    Ok(Term::small(i64::from(bits.byte(i))))
}

fn first<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let bits = a[0].as_bits().filter(Bits::is_binary).badarg()?;
    if bits.size == 0 {
        return Err(Stop::BADARG);
    }
    Ok(Term::small(i64::from(bits.byte(0))))
}

fn last<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let bits = a[0].as_bits().filter(Bits::is_binary).badarg()?;
    let i = (bits.size / 8).checked_sub(1).badarg()?;
    Ok(Term::small(i64::from(bits.byte(i))))
}

fn part_2<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let [position, n] = a[1].as_tuple_of::<2>().badarg()?;
    part(p, a[0], *position, *n)
}

fn part_3<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    part(p, a[0], a[1], a[2])
}

fn copies<'h>(p: &'h Process, t: Term<'h>, n: usize) -> BifResult<'h> {
    let bytes = t.to_bytes().badarg()?;
    let size = bytes.len().checked_mul(n).ok_or(Stop::SYSTEM_LIMIT)?;
    // Sizes are counted in bits, in one word.
    if size > (1 << 60) {
        return Err(Stop::SYSTEM_LIMIT);
    }
    long::amount(size, 4 * long::BYTES)?;
    p.bump_reductions(size / BYTES_PER_REDUCTION);
    if n == 1 {
        return Ok(p.heap.binary(&bytes));
    }
    Ok(p.heap.binary_of_copies(&bytes, n))
}

fn copy_1<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    copies(p, a[0], 1)
}

fn copy_2<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    copies(p, a[0], a[1].as_usize().badarg()?)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Endian {
    Big,
    Little,
}

fn endian<'h>(t: Term<'h>) -> Result<Endian, Stop<'h>> {
    match t.as_atom() {
        Some(am::big) => Ok(Endian::Big),
        Some(am::little) => Ok(Endian::Little),
        _ => Err(Stop::BADARG),
    }
}

fn encode<'h>(p: &'h Process, t: Term<'h>, endian: Endian) -> BifResult<'h> {
    let mut bytes: Vec<u8> = match t.kind() {
        Kind::Small(v) if v >= 0 => v.to_le_bytes().to_vec(),
        Kind::Big(b) if !b.negative => b.limbs.iter().flat_map(|l| l.to_le_bytes()).collect(),
        _ => return Err(Stop::BADARG),
    };
    let used = bytes.iter().rposition(|b| *b != 0).map_or(1, |i| i + 1);
    bytes.truncate(used);
    if endian == Endian::Big {
        bytes.reverse();
    }
    Ok(p.heap.binary(&bytes))
}

fn encode_unsigned_1<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    encode(p, a[0], Endian::Big)
}

fn encode_unsigned_2<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    encode(p, a[0], endian(a[1])?)
}

fn decode<'h>(p: &'h Process, t: Term<'h>, endian: Endian) -> BifResult<'h> {
    let bytes = t.to_bytes().badarg()?;
    long::amount(bytes.len(), long::BYTES)?;
    let little: Cow<'_, [u8]> = match endian {
        Endian::Little => bytes,
        Endian::Big => Cow::Owned(bytes.iter().rev().copied().collect()),
    };
    let used = little.iter().rposition(|b| *b != 0).map_or(0, |i| i + 1);
    let limbs: Vec<u64> = little[..used]
        .chunks(8)
        .map(|c| {
            let mut word = [0; 8];
            word[..c.len()].copy_from_slice(c);
            u64::from_le_bytes(word)
        })
        .collect();
    if limbs.len() > corten_term::layout::BIG_MAX_LIMBS {
        return Err(Stop::SYSTEM_LIMIT);
    }
    Ok(p.heap.big(false, &limbs))
}

fn decode_unsigned_1<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    decode(p, a[0], Endian::Big)
}

fn decode_unsigned_2<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    decode(p, a[0], endian(a[1])?)
}

/// How many bytes all binaries of a list have in common, counted by `common`.
fn longest_common<'h>(
    p: &'h Process,
    list: Term<'h>,
    common: fn(&[u8], &[u8]) -> usize,
    keep: fn(&[u8], usize) -> &[u8],
) -> BifResult<'h> {
    let binaries: Option<Vec<_>> = elements(list)?.into_iter().map(|t| t.to_bytes()).collect();
    let binaries = binaries.badarg()?;
    long::amount(binaries.iter().map(|b| b.len()).sum(), long::BYTES)?;
    let (head, rest) = binaries.split_first().badarg()?;
    let mut shared: &[u8] = head;
    for b in rest {
        shared = keep(shared, common(shared, b));
    }
    p.bump_reductions(binaries.len() * shared.len() / BYTES_PER_REDUCTION);
    Ok(Term::small(shared.len() as i64))
}

fn longest_common_prefix<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let common = |a: &[u8], b: &[u8]| a.iter().zip(b).take_while(|(x, y)| x == y).count();
    longest_common(p, a[0], common, |s, n| &s[..n])
}

fn longest_common_suffix<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let common = |a: &[u8], b: &[u8]| {
        let pairs = a.iter().rev().zip(b.iter().rev());
        pairs.take_while(|(x, y)| x == y).count()
    };
    longest_common(p, a[0], common, |s, n| &s[s.len() - n..])
}

/// Bytes of the off-heap binary behind the term. For binaries on the heap OTP 27 answers with their bits.
fn referenced_byte_size<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let bits = a[0].as_bits().badarg()?;
    let n = bits.counted().map_or(bits.size, |b| b.len());
    Ok(p.heap.uint(n as u64))
}
