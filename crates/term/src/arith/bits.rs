//! Bit operations and shifts. Negative integers are infinite two's complement.

use super::limbs::{build, integer_operand, short_term};
use super::{ArithError, Result, both_small, integers};
use crate::layout::*;
use crate::term::Big;
use crate::{Heap, Term};

#[inline]
pub fn band<'h>(h: &'h Heap, a: Term<'h>, b: Term<'h>) -> Result<'h> {
    if both_small(a, b) {
        return Ok(Term::small((a.raw() & b.raw()) as i64 >> 4));
    }
    bitwise(h, a, b, |x, y| x & y, |x, y| x & y)
}

#[inline]
pub fn bor<'h>(h: &'h Heap, a: Term<'h>, b: Term<'h>) -> Result<'h> {
    if both_small(a, b) {
        return Ok(Term::small((a.raw() | b.raw()) as i64 >> 4));
    }
    bitwise(h, a, b, |x, y| x | y, |x, y| x | y)
}

#[inline]
pub fn bxor<'h>(h: &'h Heap, a: Term<'h>, b: Term<'h>) -> Result<'h> {
    if both_small(a, b) {
        return Ok(Term::small((a.raw() ^ b.raw()) as i64 >> 4));
    }
    bitwise(h, a, b, |x, y| x ^ y, |x, y| x ^ y)
}

#[inline]
pub fn bnot<'h>(h: &'h Heap, a: Term<'h>) -> Result<'h> {
    if let Some(v) = a.as_small() {
        return Ok(Term::small(!v));
    }
    // not X is X xor -1.
    bitwise(h, a, Term::small(-1), |x, y| x ^ y, |x, y| x ^ y)
}

#[inline(never)]
fn bitwise<'h>(
    h: &'h Heap,
    a: Term<'h>,
    b: Term<'h>,
    op: impl Fn(u64, u64) -> u64,
    short: impl Fn(i128, i128) -> i128,
) -> Result<'h> {
    if let (Some(x), Some(y)) = (short_term(a), short_term(b)) {
        return Ok(h.int128(short(x, y)));
    }
    let (mut x, mut y) = (0, 0);
    let (a, b) = integers(a, b, &mut x, &mut y)?;
    let n = a.limbs.len().max(b.limbs.len()) + 1;
    build(h, n, |out| {
        let (mut a, mut b) = (Complement::new(a), Complement::new(b));
        for o in out.iter_mut() {
            *o = op(a.next(), b.next());
        }
        let negative = out[n - 1] >> 63 == 1;
        if negative {
            negate(out);
        }
        negative
    })
}

/// The limbs of an integer in two's complement, one after the other, without end.
struct Complement<'a> {
    integer: Big<'a>,
    at: usize,
    /// Still to be added, when the integer is negative: 1 until a limb did not overflow.
    carry: bool,
}

impl<'a> Complement<'a> {
    fn new(integer: Big<'a>) -> Complement<'a> {
        Complement {
            integer,
            at: 0,
            carry: true,
        }
    }
    fn next(&mut self) -> u64 {
        let limb = self.integer.limbs.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        if !self.integer.negative {
            return limb;
        }
        let (limb, carry) = (!limb).overflowing_add(u64::from(self.carry));
        self.carry = carry;
        limb
    }
}

/// Two's complement to magnitude of a negative integer.
fn negate(limbs: &mut [u64]) {
    let mut carry = true;
    for l in limbs {
        let (v, c) = (!*l).overflowing_add(u64::from(carry));
        *l = v;
        carry = c;
    }
}

#[inline]
pub fn bsl<'h>(h: &'h Heap, a: Term<'h>, b: Term<'h>) -> Result<'h> {
    if let (Some(v), Some(n @ 0..=58)) = (a.as_small(), b.as_small()) {
        let shifted = v << n;
        if shifted >> n == v && (SMALL_MIN..=SMALL_MAX).contains(&shifted) {
            return Ok(Term::small(shifted));
        }
    }
    shift(h, a, b, false)
}

#[inline]
pub fn bsr<'h>(h: &'h Heap, a: Term<'h>, b: Term<'h>) -> Result<'h> {
    if let (Some(v), Some(n @ 0..)) = (a.as_small(), b.as_small()) {
        return Ok(Term::small(v >> n.min(63)));
    }
    shift(h, a, b, true)
}

#[inline(never)]
fn shift<'h>(h: &'h Heap, a: Term<'h>, b: Term<'h>, right: bool) -> Result<'h> {
    if let (Some(v), Some(n @ 0..=62)) = (short_term(a), b.as_small()) {
        return Ok(h.int128(if right { v >> n } else { v << n }));
    }
    let mut room = 0;
    let value = integer_operand(a, &mut room).ok_or(ArithError::BadArith)?;
    // How far to the left: what does not fit is as good as the largest small.
    let by = match (b.as_small(), b.as_big()) {
        (Some(n), _) => n,
        (None, Some(n)) if n.negative => SMALL_MIN,
        (None, Some(_)) => SMALL_MAX,
        _ => return Err(ArithError::BadArith),
    };
    let left = if right { -by } else { by };
    if left == 0 || value.limbs.is_empty() {
        Ok(a)
    } else if left > 0 {
        shift_left(h, value, left.unsigned_abs())
    } else {
        shift_right(h, value, left.unsigned_abs())
    }
}

fn shift_left<'h>(h: &'h Heap, value: Big<'_>, by: u64) -> Result<'h> {
    let words = by / 64;
    if words + value.limbs.len() as u64 > BIG_MAX_LIMBS as u64 {
        return Err(ArithError::SystemLimit);
    }
    let (words, bits) = (words as usize, by % 64);
    build(h, words + value.limbs.len() + 1, |out| {
        let mut carry = 0;
        for (o, l) in out[words..].iter_mut().zip(value.limbs) {
            *o = (l << bits) | carry;
            carry = if bits == 0 { 0 } else { l >> (64 - bits) };
        }
        out[words + value.limbs.len()] = carry;
        value.negative
    })
}

/// Rounds towards minus infinity.
fn shift_right<'h>(h: &'h Heap, value: Big<'_>, by: u64) -> Result<'h> {
    let words = usize::try_from(by / 64).unwrap_or(usize::MAX);
    if words >= value.limbs.len() {
        return Ok(Term::small(if value.negative { -1 } else { 0 }));
    }
    let bits = by % 64;
    let (gone, kept) = value.limbs.split_at(words);
    let inexact = gone.iter().any(|l| *l != 0) || kept[0] & ((1 << bits) - 1) != 0;
    build(h, kept.len() + 1, |out| {
        for (i, o) in out[..kept.len()].iter_mut().enumerate() {
            let above = kept.get(i + 1).copied().unwrap_or(0);
            *o = (kept[i] >> bits) | if bits == 0 { 0 } else { above << (64 - bits) };
        }
        if value.negative && inexact {
            let mut i = 0;
            loop {
                let (v, carry) = out[i].overflowing_add(1);
                out[i] = v;
                i += 1;
                if !carry {
                    break;
                }
            }
        }
        value.negative
    })
}
