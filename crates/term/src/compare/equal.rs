//! The machine behind `=:=` and `==`: walks two terms side by side and stops at the first difference.
//!
//! Equal maps have equal shape: flat maps keep their keys in one order, and the tree of a large map depends
//! on its keys only. So maps are compared piece by piece, without a lookup.

use super::number::{self, Number};
use super::{bits, exact_eq, reference_numbers};
use crate::Term;
use crate::layout::*;
use crate::map::{Leaves, children};

/// What is still to be compared.
enum Pending<'t> {
    Pair(Term<'t>, Term<'t>),
    /// Elements of two arrays of the same length.
    Arrays(&'t [Term<'t>], &'t [Term<'t>]),
}

/// How deep [`bounded`] goes.
const DEPTH: u32 = 12;

/// `=:=` of what is made of tuples and lists, no deeper than so many levels, which takes no memory: keys and patterns are
/// like this. Nothing if there is more to it.
fn bounded<'t>(mut a: Term<'t>, mut b: Term<'t>, depth: u32) -> Option<bool> {
    /// The answer for two parts, if it is a difference.
    macro_rules! part {
        ($x:expr, $y:expr) => {
            if !$x.same($y) {
                if $x.is_immediate() || $y.is_immediate() {
                    return Some(false);
                }
                if !bounded($x, $y, depth.checked_sub(1)?)? {
                    return Some(false);
                }
            }
        };
    }
    loop {
        if let (Some((x, xs)), Some((y, ys))) = (a.as_cons(), b.as_cons()) {
            part!(x, y);
            if xs.same(ys) {
                return Some(true);
            }
            if xs.is_immediate() || ys.is_immediate() {
                return Some(false);
            }
            (a, b) = (xs, ys);
            continue;
        }
        let (Some(x), Some(y)) = (a.as_tuple(), b.as_tuple()) else {
            return shallow::<true>(a, b);
        };
        if x.len() != y.len() {
            return Some(false);
        }
        for (x, y) in x.iter().zip(y) {
            part!(*x, *y);
        }
        return Some(true);
    }
}

/// Whether the terms are equal; `EXACT` is `=:=`.
pub fn equal<'t, const EXACT: bool>(a: Term<'t>, b: Term<'t>) -> bool {
    if EXACT && let Some(same) = bounded(a, b, DEPTH) {
        return same;
    }
    general::<EXACT>(a, b)
}

fn general<'t, const EXACT: bool>(mut a: Term<'t>, mut b: Term<'t>) -> bool {
    let mut stack: Vec<Pending<'t>> = Vec::new();
    loop {
        let same = match shallow::<EXACT>(a, b) {
            Some(same) => same,
            None => match (a.as_cons(), b.as_cons()) {
                (Some((x, xs)), Some((y, ys))) => match shallow::<EXACT>(x, y) {
                    Some(false) => return false,
                    Some(true) => {
                        (a, b) = (xs, ys);
                        continue;
                    }
                    None => {
                        stack.push(Pending::Pair(xs, ys));
                        (a, b) = (x, y);
                        continue;
                    }
                },
                _ => container::<EXACT>(a, b, &mut stack),
            },
        };
        if !same {
            return false;
        }
        match next(&mut stack) {
            Some(pair) => (a, b) = pair,
            None => return true,
        }
    }
}

/// The next pair that is not the same word.
fn next<'t>(stack: &mut Vec<Pending<'t>>) -> Option<(Term<'t>, Term<'t>)> {
    loop {
        match stack.last_mut()? {
            Pending::Pair(a, b) => {
                let pair = (*a, *b);
                stack.pop();
                return Some(pair);
            }
            Pending::Arrays(xs, ys) => {
                match xs.iter().zip(ys.iter()).position(|(x, y)| !x.same(*y)) {
                    Some(i) => {
                        let pair = (xs[i], ys[i]);
                        (*xs, *ys) = (&xs[i + 1..], &ys[i + 1..]);
                        if xs.is_empty() {
                            stack.pop();
                        }
                        return Some(pair);
                    }
                    None => {
                        stack.pop();
                    }
                }
            }
        }
    }
}

/// Compares two terms that hold no others; nothing if both are containers of the same type.
#[inline]
fn shallow<const EXACT: bool>(a: Term<'_>, b: Term<'_>) -> Option<bool> {
    if a.same(b) {
        return Some(true);
    }
    if a.is_immediate() && b.is_immediate() {
        return Some(false);
    }
    if a.is_cons() && b.is_cons() {
        return None;
    }
    let (Some(ha), Some(hb)) = (a.boxed_header(), b.boxed_header()) else {
        return Some(!EXACT && numbers(a, b));
    };
    Some(match header_sub(ha) {
        kind @ (sub::TUPLE | sub::RECORD | sub::MAP | sub::FUN) => {
            return (header_sub(hb) != kind).then_some(false);
        }
        sub::FLOAT | sub::POS_BIG | sub::NEG_BIG => {
            if !EXACT {
                return Some(numbers(a, b));
            }
            // SAFETY: both are floats or bignums of the same size, which hold nothing but bits.
            ha == hb && unsafe { words(a, 1, header_arity(ha)) == words(b, 1, header_arity(hb)) }
        }
        sub::HEAP_BITS | sub::SUB_BITS => match (a.as_bits(), b.as_bits()) {
            (Some(x), Some(y)) => x.size == y.size && bits(x, y).is_eq(),
            _ => false,
        },
        // SAFETY: identifiers of other nodes hold nothing but bits; their size is in the header.
        sub::EXT_PID | sub::EXT_PORT => {
            ha == hb && unsafe { words(a, 1, header_arity(ha)) == words(b, 1, header_arity(hb)) }
        }
        sub::REF | sub::EXT_REF => match (a.as_reference(), b.as_reference()) {
            (Some(x), Some(y)) => {
                x.node == y.node && reference_numbers(x.numbers(), y.numbers()).is_eq()
            }
            _ => false,
        },
        _ => false,
    })
}

/// Compares two tuples, records, maps or funs. What they hold goes on the stack as far as it is not settled at once;
/// `false` is a difference.
fn container<'t, const EXACT: bool>(
    a: Term<'t>,
    b: Term<'t>,
    stack: &mut Vec<Pending<'t>>,
) -> bool {
    if let (Some(x), Some(y)) = (a.as_tuple(), b.as_tuple()) {
        return arrays::<EXACT>(x, y, stack);
    }
    if let (Some(x), Some(y)) = (a.as_fun(), b.as_fun()) {
        return x.entry == y.entry
            && x.external == y.external
            && arrays::<EXACT>(x.free, y.free, stack);
    }
    if let (Some(x), Some(y)) = (a.as_record(), b.as_record()) {
        // Definitions hold atoms and small integers only.
        return arrays::<EXACT>(x.parts(), y.parts(), stack);
    }
    maps::<EXACT>(a, b, stack)
}

fn numbers(a: Term<'_>, b: Term<'_>) -> bool {
    match (Number::of(a), Number::of(b)) {
        (Some(x), Some(y)) => number::cmp(x, y).is_eq(),
        _ => false,
    }
}

fn arrays<'t, const EXACT: bool>(
    x: &'t [Term<'t>],
    y: &'t [Term<'t>],
    stack: &mut Vec<Pending<'t>>,
) -> bool {
    if x.len() != y.len() {
        return false;
    }
    for (i, (a, b)) in x.iter().zip(y).enumerate() {
        match shallow::<EXACT>(*a, *b) {
            Some(true) => {}
            Some(false) => return false,
            None => {
                stack.push(Pending::Arrays(&x[i..], &y[i..]));
                break;
            }
        }
    }
    true
}

/// Words `from..from + n` of a boxed object.
///
/// # Safety
/// The object has them.
unsafe fn words(t: Term<'_>, from: usize, n: usize) -> &[Word] {
    // SAFETY: by the caller's promise.
    unsafe { std::slice::from_raw_parts(t.pointer().add(from), n) }
}

/// Maps, and nodes of maps.
fn maps<'t, const EXACT: bool>(a: Term<'t>, b: Term<'t>, stack: &mut Vec<Pending<'t>>) -> bool {
    if a.boxed_header() != b.boxed_header() {
        return false;
    }
    if let (Some((ka, va)), Some((kb, vb))) = (a.as_flat_map(), b.as_flat_map()) {
        let (Some(keys_a), Some(keys_b)) = (a.flat_map_keys(), b.flat_map_keys()) else {
            return false;
        };
        let same_keys = if keys_a.same(keys_b) {
            true
        } else if EXACT {
            arrays::<true>(ka, kb, stack)
        } else {
            exact_eq(keys_a, keys_b)
        };
        return same_keys && arrays::<EXACT>(va, vb, stack);
    }
    if EXACT {
        // Heads and nodes with the same bitmap: children by children. Leaves are conses, collision
        // nodes tuples; both compare as such.
        return arrays::<true>(children(a), children(b), stack);
    }
    if a.map_size() != b.map_size() {
        return false;
    }
    Leaves::new(a)
        .zip(Leaves::new(b))
        .all(|((ka, va), (kb, vb))| {
            let same_key = exact_eq(ka, kb);
            if same_key && !va.same(vb) {
                stack.push(Pending::Pair(va, vb));
            }
            same_key
        })
}
