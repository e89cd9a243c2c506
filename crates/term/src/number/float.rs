//! Floats and text: the formats of `float_to_list/2` and the syntax of `list_to_float/1`.
//!
//! The reference engine formats into a buffer of 256 characters; what does not fit is an error, and so it is
//! here. Digits come from `ryu` (shortest) and the standard library (exact).

use crate::{Term, am};

/// Room for text and its end in the reference engine's buffer.
const BUFFER: usize = 256;
/// Digits behind the point unless told.
const DEFAULT_DECIMALS: i32 = 20;
/// Integers up to here are exact.
const EXACT: f64 = 9_007_199_254_740_992.0;
/// From this many decimals on the fast way is not taken.
const FAST_DECIMALS: usize = 19;

/// How to write a float.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// The fewest digits that read back as the same float.
    Short,
    /// Digits, point, that many digits; trailing zeros dropped if compact.
    Decimals { digits: i32, compact: bool },
    /// Digit, point, that many digits, exponent.
    Scientific { digits: i32 },
}

impl Default for Format {
    fn default() -> Format {
        Format::Scientific {
            digits: DEFAULT_DECIMALS,
        }
    }
}

impl Format {
    /// The format that an option list of `float_to_list/2` asks for: the last option of a kind wins.
    pub fn from_options(list: Term<'_>) -> Option<Format> {
        let (mut digits, mut compact) = (DEFAULT_DECIMALS, false);
        let mut kind = am::scientific;
        let mut options = list.iter();
        for option in options.by_ref() {
            if let Some(atom) = option.as_atom() {
                match atom {
                    am::compact => compact = true,
                    am::short => kind = atom,
                    _ => return None,
                }
            } else {
                let [key, n] = option.as_tuple_of()?;
                kind = key
                    .as_atom()
                    .filter(|k| *k == am::decimals || *k == am::scientific)?;
                // The reference engine keeps the low 32 bits.
                digits = n.as_small()? as i32;
            }
        }
        if !options.tail().is_nil() {
            return None;
        }
        Some(match kind {
            am::short => Format::Short,
            am::decimals => Format::Decimals { digits, compact },
            _ => Format::Scientific { digits },
        })
    }
}

/// The float as text, unless it is too long.
pub fn to_text(f: f64, format: Format) -> Option<String> {
    let text = match format {
        Format::Short => short(f),
        Format::Decimals { digits, compact } => {
            decimals(f, usize::try_from(digits).ok()?, compact)?
        }
        // What C's printf does with a negative precision: it takes its default.
        Format::Scientific { digits } => scientific(f, usize::try_from(digits).unwrap_or(6))?,
    };
    (text.len() < BUFFER).then_some(text)
}

/// Like C's `%.*e`.
pub fn scientific(f: f64, digits: usize) -> Option<String> {
    if digits >= BUFFER {
        return None;
    }
    let text = format!("{f:.digits$e}");
    let (mantissa, exponent) = text.split_once('e')?;
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(e) => ('-', e),
        None => ('+', exponent),
    };
    Some(format!("{mantissa}e{sign}{exponent:0>2}"))
}

fn decimals(f: f64, digits: usize, compact: bool) -> Option<String> {
    if digits >= BUFFER {
        return None;
    }
    let magnitude = f.abs();
    let mut text = if magnitude > EXACT || digits >= FAST_DECIMALS {
        // Too long is too long, even if it would be short once compact.
        Some(format!("{f:.digits$}")).filter(|t| t.len() < BUFFER)?
    } else {
        // Rounds as the reference engine's fast way does, not to the nearest decimal.
        let sign = if f.is_sign_negative() { "-" } else { "" };
        if digits == 0 {
            return Some(format!("{sign}{}", magnitude.round() as u64));
        }
        let scale = 10u64.pow(digits as u32);
        let mut whole = magnitude.floor();
        let mut fraction = ((magnitude - whole) * scale as f64).round();
        if fraction >= scale as f64 {
            whole += 1.0;
            fraction = 0.0;
        }
        format!("{sign}{}.{:0>digits$}", whole as u64, fraction as u64)
    };
    if compact {
        text.truncate(text.trim_end_matches('0').len());
        if text.ends_with('.') {
            text.push('0');
        }
    }
    Some(text)
}

/// The fewest digits that read back as the same float, in OTP's choice of notation.
pub fn short(f: f64) -> String {
    let mut out = String::new();
    push_short(&mut out, f);
    out
}

/// See [`short`].
pub fn push_short(out: &mut String, f: f64) {
    if f.is_sign_negative() {
        out.push('-');
    }
    let f = f.abs();
    if f == 0.0 {
        out.push_str("0.0");
        return;
    }
    let (digits, exponent) = shortest_digits(f);
    let count = digits.len() as i32;
    let scientific_exponent = exponent + count - 1;
    let (lower, upper) = if count == 1 {
        (-4, 2)
    } else if scientific_exponent >= 10 {
        (-(count + 2), 2)
    } else {
        (-(count + 2), 1)
    };
    if (lower..=upper).contains(&exponent) && f < EXACT {
        push_fixed(out, &digits, exponent);
    } else {
        let (first, rest) = digits.split_at(1);
        let rest = if rest.is_empty() { "0" } else { rest };
        out.push_str(&format!("{first}.{rest}e{scientific_exponent}"));
    }
}

fn push_fixed(out: &mut String, digits: &str, exponent: i32) {
    let whole = digits.len() as i32 + exponent;
    if exponent >= 0 {
        out.push_str(digits);
        out.extend(std::iter::repeat_n('0', exponent as usize));
        out.push_str(".0");
    } else if whole > 0 {
        let (whole, fraction) = digits.split_at(whole as usize);
        out.push_str(whole);
        out.push('.');
        out.push_str(fraction);
    } else {
        out.push_str("0.");
        out.extend(std::iter::repeat_n('0', -whole as usize));
        out.push_str(digits);
    }
}

/// Digits without zeros at either end, and the power of ten that the last one counts.
fn shortest_digits(f: f64) -> (String, i32) {
    let mut buffer = ryu::Buffer::new();
    let text = buffer.format_finite(f);
    let (mantissa, mut exponent) = match text.split_once('e') {
        Some((m, e)) => (m, e.parse().unwrap_or(0)),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut digits = String::with_capacity(24);
    digits.push_str(whole);
    digits.push_str(fraction);
    exponent -= fraction.len() as i32;
    let kept = digits.trim_end_matches('0').len();
    exponent += (digits.len() - kept) as i32;
    digits.truncate(kept);
    (digits.trim_start_matches('0').to_string(), exponent)
}

/// How much of `text` is a float: sign, digits, point or comma, digits, exponent.
fn scan(text: &[u8]) -> Option<usize> {
    let run = |from: usize| {
        text[from..]
            .iter()
            .take_while(|c| c.is_ascii_digit())
            .count()
    };
    let sign = |at: usize| usize::from(matches!(text.get(at), Some(b'+' | b'-')));
    let mut at = sign(0);
    let whole = run(at);
    at += whole;
    if whole == 0 || !matches!(text.get(at), Some(b'.' | b',')) {
        return None;
    }
    at += 1;
    let fraction = run(at);
    if fraction == 0 {
        return None;
    }
    at += fraction;
    if matches!(text.get(at), Some(b'e' | b'E')) {
        let digits_at = at + 1 + sign(at + 1);
        let digits = run(digits_at.min(text.len()));
        if digits > 0 {
            at = digits_at + digits;
        }
    }
    Some(at)
}

/// The float that `text` begins with and how long it is; `None` also when it overflows.
pub fn prefix(text: &[u8]) -> Option<(f64, usize)> {
    let n = scan(text)?;
    let text = std::str::from_utf8(&text[..n]).ok()?;
    let f: f64 = if text.contains(',') {
        text.replace(',', ".").parse().ok()?
    } else {
        text.parse().ok()?
    };
    f.is_finite().then_some((f, n))
}

/// The float that `text` is; a zero byte ends it, as in C.
pub fn from_text(text: &[u8]) -> Option<f64> {
    let text = text.split(|c| *c == 0).next()?;
    let (f, n) = prefix(text)?;
    (n == text.len()).then_some(f)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded from OTP 27: `S bits short default`, `D bits digits text compact`, `E bits digits text`.
    const CASES: &str = include_str!("float_cases.txt");

    #[test]
    fn texts_are_those_of_otp() {
        for line in CASES.lines() {
            let f: Vec<&str> = line.split(' ').collect();
            let x = f64::from_bits(u64::from_str_radix(f[1], 16).unwrap());
            let text = |format| to_text(x, format).unwrap_or("badarg".into());
            let digits = || f[2].parse().unwrap();
            match f[0] {
                "S" => {
                    assert_eq!(text(Format::Short), f[2]);
                    assert_eq!(text(Format::default()), f[3]);
                    assert_eq!(
                        from_text(f[2].as_bytes()).map(f64::to_bits),
                        Some(x.to_bits())
                    );
                }
                "D" => {
                    let d = |compact| Format::Decimals {
                        digits: digits(),
                        compact,
                    };
                    assert_eq!(text(d(false)), f[3], "{line}");
                    assert_eq!(text(d(true)), f[4], "{line}");
                }
                _ => assert_eq!(
                    text(Format::Scientific { digits: digits() }),
                    f[3],
                    "{line}"
                ),
            }
        }
    }

    #[test]
    fn syntax_is_strict() {
        for (text, value) in [
            ("+1.5", 1.5),
            ("-1.5e3", -1500.0),
            ("1.5E+3", 1500.0),
            ("1,5", 1.5),
            ("1.0e-400", 0.0),
            ("1.0e-310", 1.0e-310),
            ("0.0e99999999999999999999", 0.0),
            ("1.5\0", 1.5),
        ] {
            assert_eq!(from_text(text.as_bytes()), Some(value), "{text}");
        }
        for text in [
            "1",
            "1.",
            "1.e3",
            ".5",
            "1.5e",
            "1.0e400",
            "inf",
            "nan",
            " 1.0",
            "1.0 ",
            "+-1.0",
            "1_0.0",
            "",
            "1.0e+",
            "1.0e9999999999999999999999",
            "\u{ff}1.0",
        ] {
            assert_eq!(from_text(text.as_bytes()), None, "{text}");
        }
        assert_eq!(prefix(b"2.3e+x"), Some((2.3, 3)));
    }
}
