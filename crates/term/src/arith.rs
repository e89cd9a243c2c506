//! Arithmetic on terms, as the interpreter's instructions, guard BIFs and operator BIFs need it.
//!
//! Every operation has a small inlined part for small integers and an out-of-line part for the rest. Rules
//! are OTP's: mixed operands become floats, a float that overflows is `badarith`, an integer of more than
//! [`BIG_MAX_LIMBS`] limbs is `system_limit`, bit operations see negative numbers as infinite two's
//! complement, division truncates. Nothing here compares or prints; `compare.rs` and `number.rs` do.

mod bits;
mod convert;
mod limbs;

pub use bits::{band, bnot, bor, bsl, bsr, bxor};
pub use convert::{
    abs, big_to_f64, ceil, f64_to_integer, float, floor, number_to_f64, round, trunc,
};
pub(crate) use limbs::{Operand, integer_operand};

use crate::layout::*;
use crate::term::Big;
use crate::{Heap, Term};
use limbs::operand;

/// Why an operation has no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArithError {
    /// Not numbers, not integers where integers are needed, a division by zero, a float that overflows.
    BadArith,
    /// The integer would be too large.
    SystemLimit,
    /// An argument that a conversion (`abs/1`, `trunc/1`, …) does not take.
    BadArg,
}

impl std::fmt::Display for ArithError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            ArithError::BadArith => "badarith",
            ArithError::SystemLimit => "system_limit",
            ArithError::BadArg => "badarg",
        })
    }
}

/// What arithmetic gives.
pub type Result<'h> = std::result::Result<Term<'h>, ArithError>;

/// Whether both are small integers.
#[inline(always)]
pub(crate) fn both_small(a: Term<'_>, b: Term<'_>) -> bool {
    a.raw() & b.raw() & IMMEDIATE_MASK == TAG_SMALL
}

/// A float result, which must be finite.
#[inline]
fn finite(h: &Heap, f: f64) -> Result<'_> {
    if f.is_finite() {
        Ok(h.float(f))
    } else {
        Err(ArithError::BadArith)
    }
}

/// Operands of a binary operation on numbers, brought to one kind.
enum Pair<'a> {
    Integers(Big<'a>, Big<'a>),
    Floats(f64, f64),
}

/// Looks at both operands; small integers borrow their limb from `x` and `y`.
fn pair<'a>(
    a: Term<'a>,
    b: Term<'a>,
    x: &'a mut u64,
    y: &'a mut u64,
) -> std::result::Result<Pair<'a>, ArithError> {
    use Operand::{Float, Integer};
    let bad = ArithError::BadArith;
    let to_float = |i: Big<'_>| big_to_f64(i).ok_or(bad);
    Ok(
        match (operand(a, x).ok_or(bad)?, operand(b, y).ok_or(bad)?) {
            (Integer(a), Integer(b)) => Pair::Integers(a, b),
            (Float(a), Float(b)) => Pair::Floats(a, b),
            (Integer(a), Float(b)) => Pair::Floats(to_float(a)?, b),
            (Float(a), Integer(b)) => Pair::Floats(a, to_float(b)?),
        },
    )
}

/// Both operands as integers, or `badarith`.
fn integers<'a>(
    a: Term<'a>,
    b: Term<'a>,
    x: &'a mut u64,
    y: &'a mut u64,
) -> std::result::Result<(Big<'a>, Big<'a>), ArithError> {
    match (integer_operand(a, x), integer_operand(b, y)) {
        (Some(a), Some(b)) => Ok((a, b)),
        _ => Err(ArithError::BadArith),
    }
}

#[inline]
pub fn add<'h>(h: &'h Heap, a: Term<'h>, b: Term<'h>) -> Result<'h> {
    if both_small(a, b) {
        let (sum, overflow) = (a.raw() as i64).overflowing_add((b.raw() & !IMMEDIATE_MASK) as i64);
        if !overflow {
            return Ok(Term::small(sum >> 4));
        }
    }
    add_slow(h, a, b)
}

#[inline(never)]
fn add_slow<'h>(h: &'h Heap, a: Term<'h>, b: Term<'h>) -> Result<'h> {
    if let (Some(x), Some(y)) = (limbs::short_term(a), limbs::short_term(b)) {
        return Ok(h.int128(x + y));
    }
    let (mut x, mut y) = (0, 0);
    match pair(a, b, &mut x, &mut y)? {
        Pair::Integers(a, b) => limbs::add(h, a, b),
        Pair::Floats(a, b) => finite(h, a + b),
    }
}

#[inline]
pub fn sub<'h>(h: &'h Heap, a: Term<'h>, b: Term<'h>) -> Result<'h> {
    if both_small(a, b) {
        let (d, overflow) = (a.raw() as i64).overflowing_sub((b.raw() & !IMMEDIATE_MASK) as i64);
        if !overflow {
            return Ok(Term::small(d >> 4));
        }
    }
    sub_slow(h, a, b)
}

#[inline(never)]
fn sub_slow<'h>(h: &'h Heap, a: Term<'h>, b: Term<'h>) -> Result<'h> {
    if let (Some(x), Some(y)) = (limbs::short_term(a), limbs::short_term(b)) {
        return Ok(h.int128(x - y));
    }
    let (mut x, mut y) = (0, 0);
    match pair(a, b, &mut x, &mut y)? {
        Pair::Integers(a, b) => limbs::add(h, a, limbs::negated(b)),
        Pair::Floats(a, b) => finite(h, a - b),
    }
}

#[inline]
pub fn mul<'h>(h: &'h Heap, a: Term<'h>, b: Term<'h>) -> Result<'h> {
    if both_small(a, b) {
        let (p, overflow) =
            (a.raw() as i64 >> 4).overflowing_mul((b.raw() & !IMMEDIATE_MASK) as i64);
        if !overflow {
            return Ok(Term::small(p >> 4));
        }
    }
    mul_slow(h, a, b)
}

#[inline(never)]
fn mul_slow<'h>(h: &'h Heap, a: Term<'h>, b: Term<'h>) -> Result<'h> {
    if let (Some(x), Some(y)) = (limbs::short_term(a), limbs::short_term(b)) {
        return Ok(limbs::mul_short(h, x, y));
    }
    let (mut x, mut y) = (0, 0);
    match pair(a, b, &mut x, &mut y)? {
        Pair::Integers(a, b) => limbs::mul(h, a, b),
        Pair::Floats(a, b) => finite(h, a * b),
    }
}

/// `/`: always a float.
#[inline(never)]
pub fn div_float<'h>(h: &'h Heap, a: Term<'h>, b: Term<'h>) -> Result<'h> {
    let float = |t| number_to_f64(t).ok_or(ArithError::BadArith);
    let (a, b) = (float(a)?, float(b)?);
    if b == 0.0 {
        return Err(ArithError::BadArith);
    }
    finite(h, a / b)
}

/// `div`.
#[inline]
pub fn int_div<'h>(h: &'h Heap, a: Term<'h>, b: Term<'h>) -> Result<'h> {
    if let (Some(x), Some(y)) = (a.as_small(), b.as_small())
        && y != 0
    {
        return Ok(h.int(x / y));
    }
    Ok(div_rem_slow(h, a, b)?.0)
}

/// `rem`.
#[inline]
pub fn rem<'h>(h: &'h Heap, a: Term<'h>, b: Term<'h>) -> Result<'h> {
    if let (Some(x), Some(y)) = (a.as_small(), b.as_small())
        && y != 0
    {
        return Ok(Term::small(x % y));
    }
    Ok(div_rem_slow(h, a, b)?.1)
}

/// Quotient and remainder at once.
#[inline]
pub fn div_rem<'h>(
    h: &'h Heap,
    a: Term<'h>,
    b: Term<'h>,
) -> std::result::Result<(Term<'h>, Term<'h>), ArithError> {
    if let (Some(x), Some(y)) = (a.as_small(), b.as_small())
        && y != 0
    {
        return Ok((h.int(x / y), Term::small(x % y)));
    }
    div_rem_slow(h, a, b)
}

#[inline(never)]
fn div_rem_slow<'h>(
    h: &'h Heap,
    a: Term<'h>,
    b: Term<'h>,
) -> std::result::Result<(Term<'h>, Term<'h>), ArithError> {
    let (mut x, mut y) = (0, 0);
    let (n, d) = integers(a, b, &mut x, &mut y)?;
    if d.limbs.is_empty() {
        return Err(ArithError::BadArith);
    }
    Ok(limbs::div_rem(h, n, d, a))
}

/// Unary `-`.
#[inline]
pub fn neg<'h>(h: &'h Heap, a: Term<'h>) -> Result<'h> {
    if let Some(v) = a.as_small() {
        return Ok(h.int(-v));
    }
    if let Some(f) = a.as_float() {
        return Ok(h.float(-f));
    }
    let big = a.as_big().ok_or(ArithError::BadArith)?;
    Ok(h.big(!big.negative, big.limbs))
}

/// Unary `+`.
#[inline]
pub fn plus<'h>(a: Term<'h>) -> Result<'h> {
    if a.is_number() {
        Ok(a)
    } else {
        Err(ArithError::BadArith)
    }
}

#[cfg(test)]
mod tests;
