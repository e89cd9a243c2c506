//! Equality and order of terms: `=:=`, `==`, `<` and the order of map keys.
//!
//! Everybody who looks into terms calls this: the interpreter's tests and guards, maps, ETS, sorting.
//! Nothing here allocates on a term heap, and nothing recurses with the depth of a term: what is still to
//! be compared waits on an explicit stack. The functions of this page answer the common cases (same
//! word, small integers, atoms, floats) at once; [`equal`] and [`order`] hold the machines behind them.
//!
//! Numbers compare by value except where the order is exact: there an integer is below every float and
//! `-0.0` below `0.0`. Keys of maps always compare exactly.

mod equal;
mod number;
mod order;

use crate::binary::Bits;
use crate::{Atom, Term};
use std::cmp::Ordering;

/// `a =:= b`.
#[inline]
pub fn exact_eq<'t>(a: Term<'t>, b: Term<'t>) -> bool {
    a.same(b) || (!(a.is_immediate() || b.is_immediate()) && equal::equal::<true>(a, b))
}

/// `a == b`.
#[inline]
pub fn eq<'t>(a: Term<'t>, b: Term<'t>) -> bool {
    a.same(b) || (!(a.is_immediate() && b.is_immediate()) && equal::equal::<false>(a, b))
}

/// The order of `<`, `=<`, `lists:sort/1` and `ordered_set`: numbers by value.
#[inline]
pub fn cmp<'t>(a: Term<'t>, b: Term<'t>) -> Ordering {
    match quick(a, b) {
        Some(o) => o,
        None => order::compare(a, b, false),
    }
}

/// The order of map keys (`erts_internal:cmp_term/2`): every integer below every float.
#[inline]
pub fn cmp_exact_order<'t>(a: Term<'t>, b: Term<'t>) -> Ordering {
    match quick(a, b) {
        Some(o) => o,
        None => order::compare(a, b, true),
    }
}

/// The order in which a flat map keeps its keys: atoms by index, everything else as [`cmp_exact_order`].
#[inline]
pub fn cmp_flat_keys<'t>(a: Term<'t>, b: Term<'t>) -> Ordering {
    if a.is_atom() && b.is_atom() {
        return a.raw().cmp(&b.raw());
    }
    cmp_exact_order(a, b)
}

/// Answers that need no look at the heap.
#[inline(always)]
fn quick(a: Term<'_>, b: Term<'_>) -> Option<Ordering> {
    if a.same(b) {
        return Some(Ordering::Equal);
    }
    if a.is_small() && b.is_small() {
        return Some((a.raw() as i64).cmp(&(b.raw() as i64)));
    }
    match (a.as_atom(), b.as_atom()) {
        (Some(x), Some(y)) => Some(atoms(x, y)),
        _ => None,
    }
}

/// The order of a term and a tuple of these elements, as far as immediates decide it.
#[inline(always)]
pub(crate) fn with_tuple(a: Term<'_>, tuple: &[Term<'_>]) -> Option<Ordering> {
    if a.is_small() {
        return Some(Ordering::Less);
    }
    let elements = a.as_tuple()?;
    if elements.len() != tuple.len() {
        return Some(elements.len().cmp(&tuple.len()));
    }
    for (a, b) in elements.iter().zip(tuple) {
        match quick(*a, *b)? {
            Ordering::Equal => {}
            o => return Some(o),
        }
    }
    Some(Ordering::Equal)
}

/// The order of atoms: by the characters of their names.
#[inline]
fn atoms(a: Atom, b: Atom) -> Ordering {
    // UTF-8 sorts by bytes as by code points.
    a.name().cmp(b.name())
}

/// The order of bit strings: bit by bit, a prefix first.
#[inline]
fn bits(a: Bits<'_>, b: Bits<'_>) -> Ordering {
    match (a.as_bytes(), b.as_bytes()) {
        (Some(x), Some(y)) => x.cmp(y),
        _ => odd_bits(a, b),
    }
}

/// The same for what is not whole bytes at bytes' borders.
fn odd_bits(a: Bits<'_>, b: Bits<'_>) -> Ordering {
    let common = a.size.min(b.size);
    let whole = common / 8;
    let (x, y) = (a.slice(0, whole * 8), b.slice(0, whole * 8));
    let bytes = match (x.as_bytes(), y.as_bytes()) {
        (Some(x), Some(y)) => x.cmp(y),
        _ => (0..whole)
            .map(|i| x.byte(i).cmp(&y.byte(i)))
            .find(|o| o.is_ne())
            .unwrap_or(Ordering::Equal),
    };
    let rest = common % 8;
    bytes
        .then_with(|| {
            if rest == 0 {
                return Ordering::Equal;
            }
            let mask = 0xFFu8 << (8 - rest);
            (a.byte(whole) & mask).cmp(&(b.byte(whole) & mask))
        })
        .then(a.size.cmp(&b.size))
}

/// The order of reference numbers: the last one counts most, missing ones are zero.
fn reference_numbers(a: &[u32], b: &[u32]) -> Ordering {
    (0..a.len().max(b.len()))
        .rev()
        .map(|i| {
            let at = |n: &[u32]| n.get(i).copied().unwrap_or(0);
            at(a).cmp(&at(b))
        })
        .find(|o| o.is_ne())
        .unwrap_or(Ordering::Equal)
}

#[cfg(test)]
mod tests;
