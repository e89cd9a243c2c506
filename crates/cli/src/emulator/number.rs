//! Numbers and choices as C's library reads them, because scripts rely on what it lets pass
//! (`+A 5x` is 5, `+hms` of nonsense is 0 and therefore out of range).
//!
//! Used by the setters in `table` and `alloc`.

use std::ops::RangeInclusive;

/// Why a value was refused.
#[derive(Debug, PartialEq, Eq)]
pub enum Bad {
    /// The flag's own message with the value in it.
    Value,
    /// A message of its own.
    Says(String),
}

/// The leading number of `text` and what follows it; `None` where there is no digit.
pub fn leading(text: &str) -> Option<(i64, &str)> {
    let text = text.trim_start();
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let end = digits
        .bytes()
        .position(|b| !b.is_ascii_digit())
        .unwrap_or(digits.len());
    if end == 0 {
        return None;
    }
    let size = digits[..end].bytes().fold(0i64, |n, b| {
        n.saturating_mul(10).saturating_add(i64::from(b - b'0'))
    });
    Some((if negative { -size } else { size }, &digits[end..]))
}

/// `atoi`: 0 where there is no number.
pub fn atoi(text: &str) -> i64 {
    leading(text).map_or(0, |(n, _)| n)
}

/// A number of the range, trailing text ignored.
pub fn within<T: TryFrom<i64>>(text: &str, range: RangeInclusive<i64>) -> Result<T, Bad> {
    let n = atoi(text);
    if !range.contains(&n) {
        return Err(Bad::Value);
    }
    T::try_from(n).map_err(|_| Bad::Value)
}

/// `within`, but there must be a number.
pub fn within_strict<T: TryFrom<i64>>(text: &str, range: RangeInclusive<i64>) -> Result<T, Bad> {
    leading(text).ok_or(Bad::Value)?;
    within(text, range)
}

pub fn boolean(text: &str) -> Result<bool, Bad> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Bad::Value),
    }
}

pub fn one_of(text: &str, names: &[&'static str]) -> Result<&'static str, Bad> {
    names
        .iter()
        .copied()
        .find(|name| *name == text)
        .ok_or(Bad::Value)
}

/// `Total`, `Total:Online` or `:Online`.
#[derive(Debug, PartialEq, Eq)]
pub enum Pair {
    Total(i64),
    Online(i64),
    Both(i64, i64),
}

pub fn pair(text: &str) -> Option<Pair> {
    if let Some((total, rest)) = leading(text) {
        let online = rest.strip_prefix(':').and_then(leading);
        return Some(online.map_or(Pair::Total(total), |(online, _)| Pair::Both(total, online)));
    }
    text.strip_prefix(':')
        .and_then(leading)
        .map(|(online, _)| Pair::Online(online))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_c_reads_them() {
        assert_eq!(atoi("12abc"), 12);
        assert_eq!(atoi("abc"), 0);
        assert_eq!(atoi(" -3"), -3);
        assert_eq!(atoi("99999999999999999999"), i64::MAX);
        assert_eq!(within::<u32>("7", 1..=10), Ok(7));
        assert_eq!(within::<u32>("11", 1..=10), Err(Bad::Value));
        assert_eq!(within_strict::<u32>("x", 0..=10), Err(Bad::Value));
    }

    #[test]
    fn pairs() {
        assert_eq!(pair("4:2"), Some(Pair::Both(4, 2)));
        assert_eq!(pair("4:x"), Some(Pair::Total(4)));
        assert_eq!(pair(":2"), Some(Pair::Online(2)));
        assert_eq!(pair("x"), None);
    }
}
