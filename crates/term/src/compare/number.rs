//! Numbers compared by value: integers of any size and floats, without rounding.

use crate::Term;
use crate::term::Big;
use std::cmp::Ordering;

/// A number taken from a term.
#[derive(Clone, Copy)]
pub enum Number<'t> {
    Small(i64),
    Big(Big<'t>),
    Float(f64),
}

impl<'t> Number<'t> {
    pub fn of(t: Term<'t>) -> Option<Number<'t>> {
        if let Some(v) = t.as_small() {
            return Some(Number::Small(v));
        }
        if let Some(f) = t.as_float() {
            return Some(Number::Float(f));
        }
        t.as_big().map(Number::Big)
    }
}

/// The order of `<` on numbers.
pub fn cmp(a: Number<'_>, b: Number<'_>) -> Ordering {
    use Number::{Big, Float, Small};
    match (a, b) {
        (Small(x), Small(y)) => x.cmp(&y),
        (Float(x), Float(y)) => floats(x, y),
        (Big(x), Big(y)) => bigs(x, y),
        // A bignum lies outside the range of small ones.
        (Small(_), Big(y)) => beyond(y).reverse(),
        (Big(x), Small(_)) => beyond(x),
        (Small(x), Float(y)) => small_and_float(x, y),
        (Float(x), Small(y)) => small_and_float(y, x).reverse(),
        (Big(x), Float(y)) => big_and_float(x, y),
        (Float(x), Big(y)) => big_and_float(y, x).reverse(),
    }
}

/// The exact order: integers before floats, `-0.0` before `0.0`.
pub fn cmp_exact(a: Number<'_>, b: Number<'_>) -> Ordering {
    match (a, b) {
        (Number::Float(x), Number::Float(y)) => x.total_cmp(&y),
        (Number::Float(_), _) => Ordering::Greater,
        (_, Number::Float(_)) => Ordering::Less,
        _ => cmp(a, b),
    }
}

/// No term holds a NaN, so floats are totally ordered.
fn floats(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or(Ordering::Equal)
}

fn bigs(a: Big<'_>, b: Big<'_>) -> Ordering {
    match (a.negative, b.negative) {
        (false, true) => Ordering::Greater,
        (true, false) => Ordering::Less,
        (false, false) => magnitudes(a.limbs, b.limbs),
        (true, true) => magnitudes(b.limbs, a.limbs),
    }
}

fn magnitudes(a: &[u64], b: &[u64]) -> Ordering {
    let by_length = a.len().cmp(&b.len());
    by_length.then_with(|| a.iter().rev().cmp(b.iter().rev()))
}

/// Where a number of this sign that is out of everybody's range lies.
fn beyond(b: Big<'_>) -> Ordering {
    if b.negative {
        Ordering::Less
    } else {
        Ordering::Greater
    }
}

fn small_and_float(i: i64, f: f64) -> Ordering {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0; // 2^63
    if f >= LIMIT {
        return Ordering::Less;
    }
    if f < -LIMIT {
        return Ordering::Greater;
    }
    let whole = f.trunc();
    i.cmp(&(whole as i64)).then_with(|| floats(whole, f))
}

/// `b` against `f`: signs, then the number of bits before the point, then the bits that the float has.
fn big_and_float(b: Big<'_>, f: f64) -> Ordering {
    if f == 0.0 || b.negative != (f < 0.0) {
        return beyond(b);
    }
    let magnitude = big_and_positive(b.limbs, f.abs());
    if b.negative {
        magnitude.reverse()
    } else {
        magnitude
    }
}

fn big_and_positive(limbs: &[u64], f: f64) -> Ordering {
    const MANTISSA: i64 = 53;
    let Some(last) = limbs.last() else {
        return Ordering::Less;
    };
    let length = limbs.len() as i64 * 64 - i64::from(last.leading_zeros());
    // f = mantissa * 2^exponent; floats that matter here are far from subnormal.
    let raw = f.to_bits();
    let float_length = (raw >> 52) as i64 - 1022;
    if length != float_length {
        return length.cmp(&float_length);
    }
    let mantissa = raw & ((1 << 52) - 1) | (1 << 52);
    let exponent = length - MANTISSA;
    // A bignum has 60 bits at least, so there are bits below the mantissa.
    let Ok(shift) = usize::try_from(exponent) else {
        return Ordering::Less;
    };
    let (limb, bit) = (shift / 64, shift % 64);
    let low = limbs.get(limb).copied().unwrap_or(0);
    let high = limbs.get(limb + 1).copied().unwrap_or(0);
    let top = ((u128::from(high) << 64 | u128::from(low)) >> bit) as u64;
    top.cmp(&mantissa).then_with(|| {
        let rest = low & ((1u64 << bit) - 1) != 0 || limbs.iter().take(limb).any(|l| *l != 0);
        if rest {
            Ordering::Greater
        } else {
            Ordering::Equal
        }
    })
}
