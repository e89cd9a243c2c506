//! Character tables for ISO 8859-1: OTP matches bytes as Latin-1 when a pattern is not in Unicode mode.
//!
//! Used by `code`, for all patterns. The layout is the one of PCRE2's `pcre2_maketables`: lower case, other
//! case, ten bit sets of classes, class flags per character.

use std::sync::LazyLock;

const CLASSES: usize = 512;
const TYPES: usize = CLASSES + 320;
const LENGTH: usize = TYPES + 256;

const SPACE: u8 = 0x01;
const LETTER: u8 = 0x02;
const LOWER: u8 = 0x04;
const DIGIT: u8 = 0x08;
const WORD: u8 = 0x10;

/// The tables.
pub(crate) static LATIN1: LazyLock<[u8; LENGTH]> = LazyLock::new(build);

fn upper(c: u8) -> bool {
    c.is_ascii_uppercase() || matches!(c, 0xC0..=0xD6 | 0xD8..=0xDE)
}
/// The feminine and masculine ordinals and the micro sign count as lower case; they have no upper case here.
fn lower(c: u8) -> bool {
    c.is_ascii_lowercase() || matches!(c, 0xAA | 0xB5 | 0xBA | 0xDF..=0xF6 | 0xF8..=0xFF)
}
fn to_lower(c: u8) -> u8 {
    if upper(c) { c + 32 } else { c }
}
fn to_upper(c: u8) -> u8 {
    let has_upper = lower(c) && !matches!(c, 0xAA | 0xB5 | 0xBA | 0xDF | 0xFF);
    if has_upper { c - 32 } else { c }
}

/// The classes of a character in the order of the bit sets.
fn classes(c: u8) -> [bool; 10] {
    let letter = upper(c) || lower(c);
    let digit = c.is_ascii_digit();
    let control = c.is_ascii_control() || matches!(c, 0x80..=0x9F);
    let space = matches!(c, 9..=13 | 32);
    let graph = !control && c != b' ';
    [
        space,
        c.is_ascii_hexdigit(),
        digit,
        upper(c),
        lower(c),
        letter || digit || c == b'_',
        graph,
        graph || c == b' ',
        graph && !letter && !digit,
        control,
    ]
}

fn build() -> [u8; LENGTH] {
    let mut t = [0; LENGTH];
    for c in 0..=255u8 {
        let i = usize::from(c);
        t[i] = to_lower(c);
        t[256 + i] = if upper(c) { to_lower(c) } else { to_upper(c) };
        let member = classes(c);
        for (n, _) in member.iter().enumerate().filter(|(_, m)| **m) {
            t[CLASSES + n * 32 + i / 8] |= 1 << (i % 8);
        }
        let [space, _, digit, up, low, word, ..] = member;
        for (flag, holds) in [
            (SPACE, space),
            (LETTER, up || low),
            (LOWER, low),
            (DIGIT, digit),
            (WORD, word),
        ] {
            if holds {
                t[TYPES + i] |= flag;
            }
        }
    }
    t
}
