//! Between integers and floats: `abs/1`, `float/1`, `trunc/1`, `round/1`, `floor/1`, `ceil/1` and what
//! comparison needs. All of them are `badarg` on what is not a number.

use super::{ArithError, Result};
use crate::term::Big;
use crate::{Heap, Term};

/// Bits behind the point of a float's fraction.
const FRACTION_BITS: u32 = 52;
const EXPONENT_BIAS: i32 = 1023;
/// Limbs of the largest float.
const FLOAT_LIMBS: usize = 16;

/// The float of an integer, limb by limb from the top as the reference engine does it (so not always the
/// nearest one); `None` when it is out of range.
pub fn big_to_f64(big: Big<'_>) -> Option<f64> {
    const BASE: f64 = 18_446_744_073_709_551_616.0;
    let mut f = 0.0;
    for limb in big.limbs.iter().rev() {
        f = f * BASE + *limb as f64;
        if !f.is_finite() {
            return None;
        }
    }
    Some(if big.negative { -f } else { f })
}

/// Any number as a float; `None` for other terms and integers out of range.
#[inline]
pub fn number_to_f64(t: Term<'_>) -> Option<f64> {
    if let Some(f) = t.as_float() {
        return Some(f);
    }
    if let Some(v) = t.as_small() {
        return Some(v as f64);
    }
    big_to_f64(t.as_big()?)
}

/// The integer part of a finite float.
pub fn f64_to_integer(h: &Heap, f: f64) -> Term<'_> {
    let bits = f.to_bits();
    let exponent = ((bits >> FRACTION_BITS) & 0x7FF) as i32 - EXPONENT_BIAS;
    if exponent < 63 {
        return h.int(f as i64);
    }
    let significand = (bits & ((1 << FRACTION_BITS) - 1)) | (1 << FRACTION_BITS);
    let shift = exponent as usize - FRACTION_BITS as usize;
    let mut limbs = [0; FLOAT_LIMBS + 1];
    let wide = u128::from(significand) << (shift % 64);
    limbs[shift / 64] = wide as u64;
    limbs[shift / 64 + 1] = (wide >> 64) as u64;
    h.big(f < 0.0, &limbs)
}

/// Numbers stay what they are if integers; floats go through `whole` first.
#[inline]
fn to_integer<'h>(h: &'h Heap, t: Term<'h>, whole: impl Fn(f64) -> f64) -> Result<'h> {
    match t.as_float() {
        Some(f) => Ok(f64_to_integer(h, whole(f))),
        None if t.is_integer() => Ok(t),
        None => Err(ArithError::BadArg),
    }
}

pub fn trunc<'h>(h: &'h Heap, t: Term<'h>) -> Result<'h> {
    to_integer(h, t, f64::trunc)
}
/// Half away from zero.
pub fn round<'h>(h: &'h Heap, t: Term<'h>) -> Result<'h> {
    to_integer(h, t, f64::round)
}
pub fn floor<'h>(h: &'h Heap, t: Term<'h>) -> Result<'h> {
    to_integer(h, t, f64::floor)
}
pub fn ceil<'h>(h: &'h Heap, t: Term<'h>) -> Result<'h> {
    to_integer(h, t, f64::ceil)
}

pub fn float<'h>(h: &'h Heap, t: Term<'h>) -> Result<'h> {
    if t.is_float() {
        return Ok(t);
    }
    number_to_f64(t)
        .map(|f| h.float(f))
        .ok_or(ArithError::BadArg)
}

pub fn abs<'h>(h: &'h Heap, t: Term<'h>) -> Result<'h> {
    if let Some(v) = t.as_small() {
        return Ok(h.int(v.abs()));
    }
    if let Some(f) = t.as_float() {
        return Ok(if f.is_sign_negative() { h.float(-f) } else { t });
    }
    let big = t.as_big().ok_or(ArithError::BadArg)?;
    Ok(if big.negative {
        h.big(false, big.limbs)
    } else {
        t
    })
}
