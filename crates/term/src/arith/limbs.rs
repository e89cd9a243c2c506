//! Integers as sign and limbs: addition, multiplication and division beyond small integers.
//!
//! Short operands are worked on here, long ones go to `dashu-int`, whose algorithms are subquadratic.
//! Limbs are least significant first; zero has none.

use super::{ArithError, Result};
use crate::layout::BIG_MAX_LIMBS;
use crate::term::Big;
use crate::{Heap, Term};
use dashu_int::UBig;
use dashu_int::ops::DivRem;
use std::cmp::Ordering;

/// Limbs of a scratch area that lies on the stack.
const SCRATCH: usize = 32;
/// Up to this many limbs in the shorter factor, multiplication is the school's.
const SCHOOL_LIMBS: usize = 16;

/// A number to compute with.
pub(crate) enum Operand<'a> {
    Integer(Big<'a>),
    Float(f64),
}

/// The number in `t`; a small integer borrows its limb from `room`.
pub(crate) fn operand<'a>(t: Term<'a>, room: &'a mut u64) -> Option<Operand<'a>> {
    match t.as_float() {
        Some(f) => Some(Operand::Float(f)),
        None => integer_operand(t, room).map(Operand::Integer),
    }
}

/// The integer in `t` as sign and limbs; a small integer borrows its limb from `room`.
pub(crate) fn integer_operand<'a>(t: Term<'a>, room: &'a mut u64) -> Option<Big<'a>> {
    let Some(v) = t.as_small() else {
        return t.as_big();
    };
    *room = v.unsigned_abs();
    let limbs: &[u64] = if v == 0 {
        &[]
    } else {
        std::slice::from_ref(room)
    };
    Some(Big {
        negative: v < 0,
        limbs,
    })
}

pub(super) fn negated(a: Big<'_>) -> Big<'_> {
    Big {
        negative: !a.negative,
        ..a
    }
}

/// Runs `f` on `n` zero limbs and makes the integer that it leaves there.
pub(super) fn build(h: &Heap, n: usize, f: impl FnOnce(&mut [u64]) -> bool) -> Result<'_> {
    let mut on_stack = [0; SCRATCH];
    let mut on_heap = Vec::new();
    let out = if n <= SCRATCH {
        &mut on_stack[..n]
    } else {
        on_heap.resize(n, 0);
        &mut on_heap[..]
    };
    let negative = f(out);
    finish(h, negative, out)
}

/// The integer of sign and limbs, if it is not too large.
pub(super) fn finish<'h>(h: &'h Heap, negative: bool, limbs: &[u64]) -> Result<'h> {
    let limbs = trimmed(limbs);
    if limbs.len() > BIG_MAX_LIMBS {
        return Err(ArithError::SystemLimit);
    }
    Ok(h.big(negative, limbs))
}

pub(super) fn trimmed(limbs: &[u64]) -> &[u64] {
    let n = limbs.iter().rposition(|l| *l != 0).map_or(0, |i| i + 1);
    &limbs[..n]
}

fn compare(a: &[u64], b: &[u64]) -> Ordering {
    a.len()
        .cmp(&b.len())
        .then_with(|| a.iter().rev().cmp(b.iter().rev()))
}

/// The value of a small integer or one of a single limb.
#[inline]
pub(super) fn short_term(t: Term<'_>) -> Option<i128> {
    match t.as_small() {
        Some(v) => Some(i128::from(v)),
        None => t.as_big().and_then(short),
    }
}

/// The product of two such values.
#[inline]
pub(super) fn mul_short(h: &Heap, a: i128, b: i128) -> Term<'_> {
    let m = a.unsigned_abs() * b.unsigned_abs();
    h.big((a < 0) != (b < 0), &[m as u64, (m >> 64) as u64])
}

/// Signed values of at most one limb.
fn short(a: Big<'_>) -> Option<i128> {
    let magnitude = match a.limbs {
        [] => 0,
        [l] => i128::from(*l),
        _ => return None,
    };
    Some(if a.negative { -magnitude } else { magnitude })
}

pub(super) fn add<'h>(h: &'h Heap, a: Big<'_>, b: Big<'_>) -> Result<'h> {
    if let (Some(x), Some(y)) = (short(a), short(b)) {
        return Ok(h.int128(x + y));
    }
    let n = a.limbs.len().max(b.limbs.len()) + 1;
    build(h, n, |out| {
        if a.negative == b.negative {
            add_magnitudes(out, a.limbs, b.limbs);
            a.negative
        } else if compare(a.limbs, b.limbs) == Ordering::Less {
            sub_magnitudes(out, b.limbs, a.limbs);
            b.negative
        } else {
            sub_magnitudes(out, a.limbs, b.limbs);
            a.negative
        }
    })
}

/// `out = a + b`; `out` has room for the carry.
fn add_magnitudes(out: &mut [u64], a: &[u64], b: &[u64]) {
    let mut carry = false;
    for (i, o) in out.iter_mut().enumerate() {
        let x = a.get(i).copied().unwrap_or(0);
        let y = b.get(i).copied().unwrap_or(0);
        let (s, c1) = x.overflowing_add(y);
        let (s, c2) = s.overflowing_add(u64::from(carry));
        *o = s;
        carry = c1 | c2;
    }
}

/// `out = a - b`, where `a >= b`.
fn sub_magnitudes(out: &mut [u64], a: &[u64], b: &[u64]) {
    let mut borrow = false;
    for (i, (o, x)) in out.iter_mut().zip(a).enumerate() {
        let y = b.get(i).copied().unwrap_or(0);
        let (d, c1) = x.overflowing_sub(y);
        let (d, c2) = d.overflowing_sub(u64::from(borrow));
        *o = d;
        borrow = c1 | c2;
    }
}

pub(super) fn mul<'h>(h: &'h Heap, a: Big<'_>, b: Big<'_>) -> Result<'h> {
    if a.limbs.is_empty() || b.limbs.is_empty() {
        return Ok(Term::small(0));
    }
    let n = a.limbs.len() + b.limbs.len();
    // The product has n or n - 1 limbs.
    if n - 1 > BIG_MAX_LIMBS {
        return Err(ArithError::SystemLimit);
    }
    let negative = a.negative != b.negative;
    if a.limbs.len().min(b.limbs.len()) <= SCHOOL_LIMBS {
        return build(h, n, |out| {
            mul_school(out, a.limbs, b.limbs);
            negative
        });
    }
    let product = UBig::from_words(a.limbs) * UBig::from_words(b.limbs);
    finish(h, negative, product.as_words())
}

fn mul_school(out: &mut [u64], a: &[u64], b: &[u64]) {
    for (i, x) in b.iter().enumerate() {
        let mut carry = 0u64;
        for (o, y) in out[i..].iter_mut().zip(a) {
            let t = u128::from(*x) * u128::from(*y) + u128::from(*o) + u128::from(carry);
            *o = t as u64;
            carry = (t >> 64) as u64;
        }
        out[i + a.len()] = carry;
    }
}

/// Quotient and remainder; `d` is not zero. `whole` is the term of `n`, given back when it is the remainder.
pub(super) fn div_rem<'h>(
    h: &'h Heap,
    n: Big<'_>,
    d: Big<'_>,
    whole: Term<'h>,
) -> (Term<'h>, Term<'h>) {
    let negative = n.negative != d.negative;
    if compare(n.limbs, d.limbs) == Ordering::Less {
        return (Term::small(0), whole);
    }
    if n.limbs.len() <= 2 {
        let (x, y) = (two(n.limbs), two(d.limbs));
        return (wide(h, negative, x / y), wide(h, n.negative, x % y));
    }
    if let [d] = d.limbs {
        let mut quotient = n.limbs.to_vec();
        let mut rest = 0u64;
        for q in quotient.iter_mut().rev() {
            let t = (u128::from(rest) << 64) | u128::from(*q);
            *q = (t / u128::from(*d)) as u64;
            rest = (t % u128::from(*d)) as u64;
        }
        return (h.big(negative, &quotient), h.big(n.negative, &[rest]));
    }
    let (q, r) = UBig::from_words(n.limbs).div_rem(UBig::from_words(d.limbs));
    (
        h.big(negative, q.as_words()),
        h.big(n.negative, r.as_words()),
    )
}

fn two(limbs: &[u64]) -> u128 {
    let limb = |i: usize| limbs.get(i).map_or(0, |l| u128::from(*l));
    limb(0) | (limb(1) << 64)
}

fn wide(h: &Heap, negative: bool, v: u128) -> Term<'_> {
    h.big(negative, &[v as u64, (v >> 64) as u64])
}
