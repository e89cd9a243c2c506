//! Integers and text, in bases 2 to 36; `float` has the same for floats.
//!
//! Called by the BIFs that convert numbers and by the printer. Short integers are worked on here, long
//! ones by `dashu-int`, which is subquadratic in both directions.

pub mod float;

use crate::arith::integer_operand;
use crate::layout::BIG_MAX_LIMBS;
use crate::{Heap, Term};
use dashu_int::UBig;

/// Why a text is not an integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParseError {
    BadArg,
    SystemLimit,
}

const DIGITS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
/// Digits that fit a `u128` in every base up to 36, with room to spare.
const SHORT_DIGITS: usize = 24;

/// The integer as text in `base`, with capital digits; `None` for other terms and bases.
pub fn integer_to_text(t: Term<'_>, base: u32) -> Option<String> {
    let mut out = String::new();
    push_integer(&mut out, t, base).then_some(out)
}

/// Appends the text of an integer; false, and nothing appended, for other terms and bases.
pub fn push_integer(out: &mut String, t: Term<'_>, base: u32) -> bool {
    if !(2..=36).contains(&base) {
        return false;
    }
    let mut room = 0;
    let Some(integer) = integer_operand(t, &mut room) else {
        return false;
    };
    if integer.negative {
        out.push('-');
    }
    match integer.limbs {
        [] => out.push('0'),
        [limb] => push_limb(out, *limb, base),
        limbs => {
            use std::fmt::Write;
            let n = UBig::from_words(limbs);
            // Writing to a string does not fail.
            let _ = write!(out, "{:#}", n.in_radix(base as u8));
        }
    }
    true
}

/// Appends an unsigned number.
pub fn push_limb(out: &mut String, mut v: u64, base: u32) {
    let mut digits = [0; 64];
    let mut at = digits.len();
    let base = u64::from(base.clamp(2, 36));
    loop {
        at -= 1;
        digits[at] = DIGITS[(v % base) as usize];
        v /= base;
        if v == 0 {
            break;
        }
    }
    out.extend(digits[at..].iter().map(|d| char::from(*d)));
}

fn digit(c: u8, base: u32) -> Option<u32> {
    char::from(c).to_digit(base)
}

fn sign(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    }
}

/// The integer that `text` is: an optional sign and digits, nothing else.
pub fn text_to_integer<'h>(h: &'h Heap, text: &[u8], base: u32) -> Result<Term<'h>, ParseError> {
    let (negative, digits) = sign(text);
    if !(2..=36).contains(&base)
        || digits.is_empty()
        || !digits.iter().all(|c| digit(*c, base).is_some())
    {
        return Err(ParseError::BadArg);
    }
    from_digits(h, negative, digits, base)
}

/// `digits` are digits of `base`.
fn from_digits<'h>(
    h: &'h Heap,
    negative: bool,
    digits: &[u8],
    base: u32,
) -> Result<Term<'h>, ParseError> {
    let zeros = digits.iter().take_while(|c| **c == b'0').count();
    let digits = &digits[zeros..];
    if digits.len() <= SHORT_DIGITS {
        let v = digits.iter().fold(0u128, |v, c| {
            v * u128::from(base) + u128::from(digit(*c, base).unwrap_or(0))
        });
        return Ok(h.big(negative, &[v as u64, (v >> 64) as u64]));
    }
    // Each digit carries at least floor(log2(base)) bits.
    let least_bits = (digits.len() - 1) as u64 * u64::from(base.ilog2());
    if least_bits > BIG_MAX_LIMBS as u64 * 64 {
        return Err(ParseError::SystemLimit);
    }
    let text = std::str::from_utf8(digits).map_err(|_| ParseError::BadArg)?;
    let n = UBig::from_str_radix(text, base).map_err(|_| ParseError::BadArg)?;
    if n.as_words().len() > BIG_MAX_LIMBS {
        return Err(ParseError::SystemLimit);
    }
    Ok(h.big(negative, n.as_words()))
}

/// What begins a list of characters.
#[derive(Debug, Clone, Copy)]
pub enum Scanned<'h> {
    /// The number, and the list behind it.
    Number(Term<'h>, Term<'h>),
    NoNumber,
    NotAList,
    SystemLimit,
}

/// The integer that a list of characters begins with, as `string:to_integer/1` reads it.
pub fn scan_integer<'h>(h: &'h Heap, list: Term<'h>, base: u32) -> Scanned<'h> {
    if !list.is_list() {
        return Scanned::NotAList;
    }
    let byte = |t: Term<'_>| t.as_small().and_then(|c| u8::try_from(c).ok());
    let mut rest = list;
    let mut negative = false;
    if let Some((head, tail)) = list.as_cons()
        && let Some(c @ (b'+' | b'-')) = byte(head)
    {
        negative = c == b'-';
        rest = tail;
    }
    let mut digits = Vec::new();
    while let Some((head, tail)) = rest.as_cons()
        && let Some(c) = byte(head).filter(|c| digit(*c, base.clamp(2, 36)).is_some())
    {
        digits.push(c);
        rest = tail;
    }
    if digits.is_empty() {
        return Scanned::NoNumber;
    }
    match from_digits(h, negative, &digits, base.clamp(2, 36)) {
        Ok(n) => Scanned::Number(n, rest),
        Err(_) => Scanned::SystemLimit,
    }
}

/// The float that a list of characters begins with, as `string:to_float/1` reads it.
pub fn scan_float<'h>(h: &'h Heap, list: Term<'h>) -> Scanned<'h> {
    if !list.is_list() {
        return Scanned::NotAList;
    }
    let text: Vec<u8> = list
        .iter()
        .map_while(|t| t.as_small().and_then(|c| u8::try_from(c).ok()))
        .collect();
    match float::prefix(&text) {
        Some((f, n)) => {
            let mut rest = list.iter();
            rest.by_ref().take(n).for_each(drop);
            Scanned::Number(h.float(f), rest.tail())
        }
        None => Scanned::NoNumber,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_to_text() {
        let h = Heap::new();
        let text = |t, base| integer_to_text(t, base).unwrap();
        assert_eq!(text(Term::small(0), 10), "0");
        assert_eq!(text(Term::small(-255), 16), "-FF");
        assert_eq!(text(h.int(i64::MIN), 10), "-9223372036854775808");
        let n = h.big(false, &[0, 0, 0, 256]);
        assert_eq!(text(n, 36), "BNKLG118COMHA6GQURY14067GUR54N8WON6GUF4");
        assert_eq!(
            text(n, 10),
            "1606938044258990275541962092341162602522202993782792835301376"
        );
        assert_eq!(integer_to_text(n, 37), None);
        assert_eq!(integer_to_text(Term::OK, 10), None);
    }

    #[test]
    fn text_to_integers() {
        let h = Heap::new();
        let back = |text: &str, base| {
            let t = text_to_integer(&h, text.as_bytes(), base).ok()?;
            integer_to_text(t, 10)
        };
        assert_eq!(back("-0", 10).as_deref(), Some("0"));
        assert_eq!(back("+5", 10).as_deref(), Some("5"));
        assert_eq!(back("zZ", 36).as_deref(), Some("1295"));
        for bad in ["", "-", "+", "12a", "1_000", " 1", "1 ", "--1"] {
            assert_eq!(back(bad, 10), None, "{bad}");
        }
        let long = "9".repeat(5000);
        assert_eq!(back(&long, 10).as_deref(), Some(&long[..]));
        let zeros = format!("{}7", "0".repeat(2_000_000));
        assert_eq!(back(&zeros, 10).as_deref(), Some("7"));
        let huge = text_to_integer(&h, "9".repeat(1_262_611).as_bytes(), 10);
        assert_eq!(huge.err(), Some(ParseError::SystemLimit));
    }

    #[test]
    fn numbers_at_the_start_of_lists() {
        let h = Heap::new();
        let rest = |text: &str| match scan_integer(&h, h.latin1_string(text.as_bytes()), 10) {
            Scanned::Number(n, rest) => Some((n.as_small()?, rest.list_len()?)),
            _ => None,
        };
        assert_eq!(rest("12abc"), Some((12, 3)));
        assert_eq!(rest("-5a"), Some((-5, 1)));
        assert_eq!(rest("-x"), None);
        match scan_float(&h, h.latin1_string(b"-1,5e3x")) {
            Scanned::Number(f, rest) => {
                assert_eq!((f.as_float(), rest.list_len()), (Some(-1500.0), Some(1)));
            }
            other => panic!("{other:?}"),
        }
        assert!(matches!(scan_float(&h, Term::OK), Scanned::NotAList));
    }
}
