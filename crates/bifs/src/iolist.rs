//! I/O lists: nested lists of bytes and binaries, flattened to one binary, measured or made a vector.
//!
//! [`walk`] is the one traversal; depth costs memory, never native stack. What others need of I/O lists
//! (`io`, `binary`, `md5`, `crc32`, …) goes through [`to_bytes`].

use crate::long;
use crate::prelude::*;
use crate::util::slice;
use std::borrow::Cow;

pub const BIFS: &[Bif] = bifs![
    erlang:iolist_size/1 => iolist_size,
    erlang:iolist_to_binary/1 => iolist_to_binary,
    erlang:list_to_binary/1 => list_to_binary,
    erlang:list_to_bitstring/1 => list_to_bitstring,
    erlang:iolist_to_iovec/1 => iolist_to_iovec,
    binary:list_to_bin/1 => list_to_binary,
];

/// Cells of a list that take about a millisecond to join: more go to the pool.
const CELLS: usize = 150_000;
/// Bytes copied, or list cells walked, for one reduction.
const BYTES_PER_REDUCTION: usize = 128;
const CELLS_PER_REDUCTION: usize = 8;

/// A leaf of an I/O list.
pub enum Leaf<'h> {
    Byte(u8),
    Bits(Bits<'h>),
}

/// Calls `f` with every leaf in order; `None` when the term is not an I/O list (bit strings of any size
/// count as leaves here) or `f` gives up.
pub fn walk<'h>(list: Term<'h>, f: impl FnMut(Leaf<'h>) -> Option<()>) -> Option<()> {
    walk_some(list, usize::MAX, f).ok()?
}

/// More to do than allowed.
struct TooLong;

/// As [`walk`], as long as there are no more than `most` list cells, a few bytes of binaries counting as one.
#[inline(always)]
fn walk_some<'h>(
    list: Term<'h>,
    most: usize,
    mut f: impl FnMut(Leaf<'h>) -> Option<()>,
) -> Result<Option<()>, TooLong> {
    let mut stack: Vec<Term<'h>> = Vec::new();
    let mut left = most;
    let mut at = list;
    macro_rules! or_wrong {
        ($e:expr) => {
            match $e {
                Some(v) => v,
                None => return Ok(None),
            }
        };
    }
    macro_rules! spend {
        ($n:expr) => {
            left = left.checked_sub($n).ok_or(TooLong)?
        };
    }
    loop {
        if let Some((head, tail)) = at.as_cons() {
            spend!(1);
            if let Some(b) = head.as_small() {
                or_wrong!(f(Leaf::Byte(or_wrong!(u8::try_from(b).ok()))));
            } else if head.is_cons() {
                if !tail.is_nil() {
                    stack.push(tail);
                }
                at = head;
                continue;
            } else if let Some(bits) = head.as_bits() {
                spend!(bits.size / (8 * long::BYTES / long::PARTS));
                or_wrong!(f(Leaf::Bits(bits)));
            } else if !head.is_nil() {
                return Ok(None);
            }
            at = tail;
            continue;
        }
        if let Some(bits) = at.as_bits() {
            spend!(bits.size / (8 * long::BYTES / long::PARTS));
            or_wrong!(f(Leaf::Bits(bits)));
        } else if !at.is_nil() {
            return Ok(None);
        }
        match stack.pop() {
            Some(t) => at = t,
            None => return Ok(Some(())),
        }
    }
}

/// All bytes of an I/O list or binary; `None` when it is neither.
pub fn to_bytes<'h>(t: Term<'h>) -> Option<Cow<'h, [u8]>> {
    if t.as_bits().is_some() {
        return t.to_bytes();
    }
    bytes_within(t, usize::MAX).ok()?.map(Cow::Owned)
}

/// The bytes of an I/O list that is not longer than [`walk_some`] may go.
fn bytes_within(t: Term<'_>, most: usize) -> Result<Option<Vec<u8>>, TooLong> {
    let mut out = Vec::new();
    let done = walk_some(t, most, |leaf| {
        match leaf {
            Leaf::Byte(b) => out.push(b),
            Leaf::Bits(bits) => return push_bits(&mut out, &bits),
        }
        Some(())
    })?;
    Ok(done.map(|()| out))
}

/// Never inlined, so that what is done for a single byte is.
#[inline(never)]
fn push_bits(out: &mut Vec<u8>, bits: &Bits<'_>) -> Option<()> {
    match bits.as_bytes() {
        Some(bytes) => out.extend_from_slice(bytes),
        None if bits.is_binary() => out.extend_from_slice(&bits.to_bytes()),
        None => return None,
    }
    Some(())
}

/// As [`to_bytes`], charging the process for the work; long ones go to the pool.
pub fn charged<'h>(p: &'h Process, t: Term<'h>) -> Result<Cow<'h, [u8]>, Stop<'h>> {
    let bytes = match t.as_bits() {
        Some(bits) => {
            long::amount(bits.size / 8, long::BYTES)?;
            t.to_bytes().badarg()?
        }
        // Whether it is long shows on the way.
        None => {
            let most = if long::matters() { CELLS } else { usize::MAX };
            let bytes = bytes_within(t, most).map_err(|TooLong| Stop::Pool)?;
            p.bump_reductions(t.iter().count() / CELLS_PER_REDUCTION);
            Cow::Owned(bytes.badarg()?)
        }
    };
    p.bump_reductions(bytes.len() / BYTES_PER_REDUCTION);
    Ok(bytes)
}

fn iolist_size<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    long::term(a[0])?;
    let mut size = 0;
    let mut leaves = 0;
    walk(a[0], |leaf| {
        leaves += 1;
        size += match leaf {
            Leaf::Byte(_) => 1,
            Leaf::Bits(bits) if bits.is_binary() => bits.size / 8,
            Leaf::Bits(_) => return None,
        };
        Some(())
    })
    .badarg()?;
    p.bump_reductions(leaves / BYTES_PER_REDUCTION);
    Ok(p.heap.uint(size as u64))
}

fn iolist_to_binary<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    if a[0].is_binary() {
        return Ok(a[0]);
    }
    if a[0].is_bitstring() {
        return Err(Stop::BADARG);
    }
    list_to_binary(p, a)
}

fn list_to_binary<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    if !a[0].is_list() {
        return Err(Stop::BADARG);
    }
    Ok(p.heap.binary(&charged(p, a[0])?))
}

/// Bits appended one leaf after the other.
struct BitWriter {
    bytes: Vec<u8>,
    bits: usize,
}

impl BitWriter {
    fn push_byte(&mut self, b: u8, size: usize) {
        let shift = self.bits % 8;
        if shift == 0 {
            self.bytes.push(b);
        } else {
            if let Some(last) = self.bytes.last_mut() {
                *last |= b >> shift;
            }
            if size > 8 - shift {
                self.bytes.push(b << (8 - shift));
            }
        }
        self.bits += size;
    }
    fn push_bits(&mut self, bits: &Bits<'_>) {
        let bytes = bits.to_bytes();
        if self.bits.is_multiple_of(8) {
            self.bytes.extend_from_slice(&bytes);
            self.bits += bits.size;
            return;
        }
        let mut left = bits.size;
        for b in bytes.iter() {
            self.push_byte(*b, left.min(8));
            left = left.saturating_sub(8);
        }
    }
}

fn list_to_bitstring<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    if !a[0].is_list() {
        return Err(Stop::BADARG);
    }
    long::term(a[0])?;
    let mut out = BitWriter {
        bytes: Vec::new(),
        bits: 0,
    };
    walk(a[0], |leaf| {
        match leaf {
            Leaf::Byte(b) => out.push_byte(b, 8),
            Leaf::Bits(bits) => out.push_bits(&bits),
        }
        Some(())
    })
    .badarg()?;
    p.bump_reductions(out.bytes.len() / BYTES_PER_REDUCTION);
    Ok(p.heap.bitstring(&out.bytes, out.bits))
}

/// Binaries at least this long stay as they are in an I/O vector; shorter ones are joined.
const VECTOR_ELEMENT: usize = 64;

fn iolist_to_iovec<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    if let Some(bits) = a[0].as_bits() {
        return match (bits.is_binary(), bits.size) {
            (true, 0) => Ok(Term::NIL),
            (true, _) => Ok(p.heap.cons(a[0], Term::NIL)),
            _ => Err(Stop::BADARG),
        };
    }
    long::term(a[0])?;
    let mut vector: Vec<Term<'h>> = Vec::new();
    let mut joined: Vec<u8> = Vec::new();
    let mut leaves = 0;
    walk(a[0], |leaf| {
        leaves += 1;
        match leaf {
            Leaf::Byte(b) => joined.push(b),
            Leaf::Bits(bits) if !bits.is_binary() => return None,
            Leaf::Bits(bits) if bits.size / 8 <= VECTOR_ELEMENT => {
                joined.extend_from_slice(&bits.to_bytes());
            }
            Leaf::Bits(bits) => {
                if !joined.is_empty() {
                    vector.push(p.heap.binary(&std::mem::take(&mut joined)));
                }
                vector.push(slice(p, &bits, 0, bits.size));
            }
        }
        Some(())
    })
    .badarg()?;
    if !joined.is_empty() {
        vector.push(p.heap.binary(&joined));
    }
    p.bump_reductions(leaves / BYTES_PER_REDUCTION);
    Ok(p.heap.list(&vector))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_joined_across_byte_borders() {
        let h = Heap::new();
        let mut w = BitWriter {
            bytes: vec![],
            bits: 0,
        };
        w.push_bits(&h.bitstring(&[0b1010_0000], 3).as_bits().unwrap());
        w.push_byte(0xFF, 8);
        w.push_bits(&h.bitstring(&[0b1000_0000], 1).as_bits().unwrap());
        assert_eq!(
            (w.bytes.as_slice(), w.bits),
            (&[0b1011_1111, 0b1111_0000][..], 12)
        );
    }

    #[test]
    fn deep_and_improper_lists() {
        let h = Heap::new();
        let inner = h.list_with_tail(&[Term::small(1)], h.binary(b"ab"));
        let t = h.list(&[inner, Term::NIL, h.binary(b"c")]);
        assert_eq!(to_bytes(t).unwrap().as_ref(), b"\x01abc");
        assert!(to_bytes(h.list(&[Term::small(256)])).is_none());
        assert!(to_bytes(h.list(&[h.bitstring(&[0], 3)])).is_none());
    }
}
