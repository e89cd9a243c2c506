//! Reading arguments the way OTP's natives do, and the few shapes of results that all of them build.

use corten_engine::{Process, Stop};
use corten_term::{Atom, Binary, Term, am, binary::Bits};
use std::borrow::Cow;

/// An integer that fits a C `int`.
pub fn int(t: Term<'_>) -> Option<i32> {
    t.as_small().and_then(|v| i32::try_from(v).ok())
}

/// An integer that fits a C `unsigned int`.
pub fn uint(t: Term<'_>) -> Option<u32> {
    t.as_small().and_then(|v| u32::try_from(v).ok())
}

/// `{ok, Value}`.
pub fn ok<'h>(p: &'h Process, value: Term<'h>) -> Term<'h> {
    p.heap.tuple(&[Term::OK, value])
}

/// `{error, Reason}`.
pub fn error<'h>(p: &'h Process, reason: Atom) -> Term<'h> {
    p.heap.tuple(&[Term::atom(am::error), Term::atom(reason)])
}

/// An exception of class `error` whose reason is an atom.
pub fn raise<'h>(reason: Atom) -> Stop<'h> {
    Stop::error(Term::atom(reason))
}

/// A binary of these bytes, without copying when that pays.
pub fn binary_of(p: &Process, bytes: Binary) -> Term<'_> {
    let used = bytes.len();
    if used * 2 < bytes.capacity() || used <= corten_term::layout::HEAP_BITS_MAX_BYTES {
        p.heap.binary(bytes.as_bytes())
    } else {
        p.heap.refc_binary(bytes, 0, used * 8)
    }
}

/// Takes up to `max` binaries from the front of a list, which has to hold binaries only up to there. Returns
/// their bytes and the rest of the list.
pub fn iovec<'h>(list: Term<'h>, max: usize) -> Option<(Vec<Cow<'h, [u8]>>, Term<'h>)> {
    let (mut out, mut rest) = (Vec::new(), list);
    while out.len() < max {
        let Some((head, tail)) = rest.as_cons() else {
            break;
        };
        out.push(head.to_bytes()?);
        rest = tail;
    }
    rest.is_list().then_some((out, rest))
}

/// The bytes of an iolist: a binary or a (deep, possibly improper) list of bytes and binaries.
pub fn iolist(t: Term<'_>) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut pending = vec![t];
    while let Some(t) = pending.pop() {
        if let Some(bits) = t.as_bits() {
            append(&mut out, bits)?;
        } else if let Some((head, tail)) = t.as_cons() {
            if tail.is_cons() || tail.is_bitstring() {
                pending.push(tail);
            } else if !tail.is_nil() {
                return None;
            }
            match head.as_small() {
                Some(byte) => out.push(u8::try_from(byte).ok()?),
                None if head.is_cons() || head.is_nil() || head.is_bitstring() => {
                    pending.push(head)
                }
                None => return None,
            }
        } else if !t.is_nil() {
            return None;
        }
    }
    Some(out)
}

fn append(out: &mut Vec<u8>, bits: Bits<'_>) -> Option<()> {
    if !bits.is_binary() {
        return None;
    }
    out.extend_from_slice(&bits.to_bytes());
    Some(())
}

/// A list of the elements, in their order.
pub fn list<'h>(p: &'h Process, items: impl DoubleEndedIterator<Item = Term<'h>>) -> Term<'h> {
    items
        .rev()
        .fold(Term::NIL, |tail, head| p.heap.cons(head, tail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use corten_term::Heap;

    #[test]
    fn iolists() {
        let h = Heap::new();
        let inner = h.list_with_tail(&[Term::small(2), h.binary(b"xy")], h.binary(b"z"));
        let t = h.list(&[Term::small(1), inner, Term::NIL, Term::small(255)]);
        assert_eq!(iolist(t), Some(vec![1, 2, b'x', b'y', b'z', 255]));
        assert_eq!(iolist(h.list(&[Term::small(256)])), None);
        assert_eq!(iolist(Term::atom(am::ok)), None);
    }

    #[test]
    fn vectors_stop_at_their_limit() {
        let h = Heap::new();
        let t = h.list(&[h.binary(b"a"), h.binary(b"b"), Term::atom(am::ok)]);
        let (v, rest) = iovec(t, 2).unwrap();
        assert_eq!(v.concat(), b"ab");
        assert!(rest.is_cons());
        assert!(iovec(t, 3).is_none());
    }
}
