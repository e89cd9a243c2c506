//! Binaries and bit strings: sizes, slices, conversion to lists.

use crate::long;
use crate::prelude::*;
use crate::util::slice;

pub const BIFS: &[Bif] = bifs![
    erlang:byte_size/1 => byte_size [GUARD],
    erlang:bit_size/1 => bit_size [GUARD],
    erlang:size/1 => size [GUARD],
    erlang:binary_part/2 => binary_part_2 [GUARD],
    erlang:binary_part/3 => binary_part_3 [GUARD],
    erlang:split_binary/2 => split_binary,
    erlang:binary_to_list/1 => binary_to_list_1,
    erlang:binary_to_list/3 => binary_to_list_3,
    erlang:bitstring_to_list/1 => bitstring_to_list,
    erts_debug:unaligned_bitstring/2 => unaligned_bitstring,
];

/// Bytes that cost one reduction when they become list cells.
const BYTES_PER_REDUCTION: usize = 160;

fn byte_size<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(Term::small(a[0].as_bits().badarg()?.size.div_ceil(8) as i64))
}

fn bit_size<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(Term::small(a[0].as_bits().badarg()?.size as i64))
}

fn size<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let n = match a[0].as_tuple() {
        Some(e) => e.len(),
        None => a[0].as_bits().badarg()?.size / 8,
    };
    Ok(Term::small(n as i64))
}

/// The bytes that a position and a length (negative: backwards) name, as start and count.
pub fn part_range(size: usize, position: Term<'_>, length: Term<'_>) -> Option<(usize, usize)> {
    let position = usize::try_from(position.as_small()?).ok()?;
    let length = length.as_small()?;
    let n = usize::try_from(length.unsigned_abs()).ok()?;
    let start = if length < 0 {
        position.checked_sub(n)?
    } else {
        position
    };
    (position <= size && start.checked_add(n)? <= size).then_some((start, n))
}

/// `binary_part`, and `binary:part`, which raises the same errors.
pub fn part<'h>(p: &'h Process, binary: Term<'h>, at: Term<'h>, n: Term<'h>) -> BifResult<'h> {
    let bits = binary.as_bits().badarg()?;
    if !bits.is_binary() {
        return Err(Stop::BADARG);
    }
    let (start, n) = part_range(bits.size / 8, at, n).badarg()?;
    Ok(slice(p, &bits, start * 8, n * 8))
}

fn binary_part_2<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let [at, n] = a[1].as_tuple_of::<2>().badarg()?;
    part(p, a[0], *at, *n)
}

fn binary_part_3<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    part(p, a[0], a[1], a[2])
}

fn split_binary<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let bits = a[0].as_bits().badarg()?;
    let at = a[1].as_usize().badarg()?;
    if at > bits.size / 8 {
        return Err(Stop::BADARG);
    }
    let head = slice(p, &bits, 0, at * 8);
    let tail = slice(p, &bits, at * 8, bits.size - at * 8);
    Ok(p.heap.tuple(&[head, tail]))
}

fn binary_to_list_1<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let bytes = a[0].to_bytes().badarg()?;
    long::amount(bytes.len(), long::PARTS)?;
    p.bump_reductions(bytes.len() / BYTES_PER_REDUCTION);
    Ok(p.heap.latin1_string(&bytes))
}

fn binary_to_list_3<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let bytes = a[0].to_bytes().badarg()?;
    let start = a[1].as_usize().and_then(|n| n.checked_sub(1)).badarg()?;
    let stop = a[2].as_usize().badarg()?;
    if start >= stop || stop > bytes.len() {
        return Err(Stop::BADARG);
    }
    long::amount(stop - start, long::PARTS)?;
    p.bump_reductions((stop - start) / BYTES_PER_REDUCTION);
    Ok(p.heap.latin1_string(&bytes[start..stop]))
}

fn bitstring_to_list<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let bits = a[0].as_bits().badarg()?;
    let whole = bits.size / 8;
    long::amount(whole, long::PARTS)?;
    let bytes = bits.slice(0, whole * 8).to_bytes();
    p.bump_reductions(whole / BYTES_PER_REDUCTION);
    let tail = if bits.is_binary() {
        Term::NIL
    } else {
        p.heap
            .cons(slice(p, &bits, whole * 8, bits.size - whole * 8), Term::NIL)
    };
    Ok(bytes
        .iter()
        .rev()
        .fold(tail, |t, b| p.heap.cons(Term::small(i64::from(*b)), t)))
}

/// A copy of the bit string that starts at bit `Offset` of a byte.
fn unaligned_bitstring<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let bits = a[0].as_bits().badarg()?;
    let offset = a[1].as_usize().badarg()?;
    if offset >= 8 {
        return Err(Stop::BADARG);
    }
    let bytes = bits.to_bytes();
    let mut shifted = vec![0u8; (bits.size + offset).div_ceil(8)];
    for (i, b) in bytes.iter().enumerate() {
        shifted[i] |= b >> offset;
        if offset > 0 && i + 1 < shifted.len() {
            shifted[i + 1] |= b << (8 - offset);
        }
    }
    let padded = p.heap.bitstring(&shifted, bits.size + offset);
    let all = padded.as_bits().badarg()?;
    Ok(slice(p, &all, offset, bits.size))
}
