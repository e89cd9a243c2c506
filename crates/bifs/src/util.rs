//! Small helpers that the BIF files share: reading arguments and building results.

use crate::prelude::*;
use corten_term::layout::HEAP_BITS_MAX_BYTES;
use std::cmp::Ordering;

/// Exact equality (`=:=`).
#[inline]
pub fn same(a: Term<'_>, b: Term<'_>) -> bool {
    corten_term::compare::exact_eq(a, b)
}

/// Term order in which integers and floats compare by value (`<`, `==`).
#[inline]
pub fn order(a: Term<'_>, b: Term<'_>) -> Ordering {
    corten_term::compare::cmp(a, b)
}

/// An atom that the engine's own table has no constant for.
pub fn atom(name: &str) -> Term<'static> {
    Atom::new(name).map_or(Term::UNDEFINED, Term::atom)
}

/// The atom of a name that the program has written down: never too long or the one too many.
pub fn named(name: &str) -> Atom {
    Atom::new(name).unwrap_or(am::undefined)
}

/// Whether `t` is the atom of this name.
pub fn is_atom_named(t: Term<'_>, name: &str) -> bool {
    t.as_atom().is_some_and(|a| a.name() == name)
}

/// The elements of a proper list argument, or `badarg`.
pub fn elements<'h>(t: Term<'h>) -> Result<Vec<Term<'h>>, Stop<'h>> {
    t.to_vec().badarg()
}

/// Bits `from..from + size` of `bits`: on the heap if they are few, else sharing the bytes.
pub fn slice<'h>(p: &'h Process, bits: &Bits<'h>, from: usize, size: usize) -> Term<'h> {
    if size <= HEAP_BITS_MAX_BYTES * 8 {
        return p.heap.bitstring(&bits.slice(from, size).to_bytes(), size);
    }
    let start = bits.start + from;
    p.heap.sub_bits(bits.orig, bits.base(), start, start + size)
}

/// The code points of a string: a proper list of characters.
pub fn characters(t: Term<'_>) -> Option<Vec<u32>> {
    let mut it = t.iter();
    let mut out = Vec::new();
    for c in it.by_ref() {
        out.push(u32::try_from(c.as_small()?).ok()?);
    }
    it.tail().is_nil().then_some(out)
}

/// The bytes of a proper list of bytes.
pub fn byte_list(t: Term<'_>) -> Option<Vec<u8>> {
    let mut it = t.iter();
    let mut out = Vec::new();
    for c in it.by_ref() {
        out.push(u8::try_from(c.as_small()?).ok()?);
    }
    it.tail().is_nil().then_some(out)
}

/// An UTF-8 string as a list of code points.
pub fn string<'h>(p: &'h Process, s: &str) -> Term<'h> {
    let cs: Vec<u32> = s.chars().map(u32::from).collect();
    p.heap.string(cs.into_iter())
}
