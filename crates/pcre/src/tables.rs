//! PCRE2's character tables for Latin-1: which of the 256 characters are letters, digits and so on, and
//! what their other case is. The layout is PCRE2's (`pcre2_maketables`), the facts are ISO 8859-1's.

use std::sync::LazyLock;

const LOWER_CASE: usize = 0;
const FLIPPED_CASE: usize = 256;
const CLASSES: usize = 512;
const CLASSES_SIZE: usize = 320;
const TYPES: usize = CLASSES + CLASSES_SIZE;
const SIZE: usize = TYPES + 256;

/// Offsets of the bit maps among the classes.
mod class {
    pub const SPACE: usize = 0;
    pub const XDIGIT: usize = 32;
    pub const DIGIT: usize = 64;
    pub const UPPER: usize = 96;
    pub const LOWER: usize = 128;
    pub const WORD: usize = 160;
    pub const GRAPH: usize = 192;
    pub const PRINT: usize = 224;
    pub const PUNCT: usize = 256;
    pub const CNTRL: usize = 288;
}

fn is_upper(c: u8) -> bool {
    c.is_ascii_uppercase() || (matches!(c, 0xC0..=0xDE) && c != 0xD7)
}
fn is_lower(c: u8) -> bool {
    c.is_ascii_lowercase()
        || (matches!(c, 0xDF..=0xFF) && c != 0xF7)
        || matches!(c, 0xAA | 0xB5 | 0xBA)
}
fn is_word(c: u8) -> bool {
    is_upper(c) || is_lower(c) || c.is_ascii_digit() || c == b'_'
}
fn to_lower(c: u8) -> u8 {
    if is_upper(c) { c + 0x20 } else { c }
}
/// The other case, where Latin-1 has it.
fn flipped(c: u8) -> u8 {
    match c {
        0xDF | 0xFF | 0xAA | 0xB5 | 0xBA => c,
        c if is_lower(c) => c - 0x20,
        c => to_lower(c),
    }
}
fn is_space(c: u8) -> bool {
    matches!(c, 9..=13 | b' ')
}
fn is_control(c: u8) -> bool {
    c < 0x20 || (0x7F..=0x9F).contains(&c)
}

static TABLES: LazyLock<[u8; SIZE]> = LazyLock::new(|| {
    let mut t = [0; SIZE];
    for c in 0..=255u8 {
        let i = usize::from(c);
        t[LOWER_CASE + i] = to_lower(c);
        t[FLIPPED_CASE + i] = flipped(c);
        let graph = !is_control(c) && !is_space(c) && c != 0xA0;
        let classes = [
            (class::SPACE, is_space(c)),
            (class::XDIGIT, c.is_ascii_hexdigit()),
            (class::DIGIT, c.is_ascii_digit()),
            (class::UPPER, is_upper(c)),
            (class::LOWER, is_lower(c)),
            (class::WORD, is_word(c)),
            (class::GRAPH, graph),
            (class::PRINT, graph || c == b' ' || c == 0xA0),
            (class::PUNCT, graph && (!is_word(c) || c == b'_')),
            (class::CNTRL, is_control(c)),
        ];
        for (class, member) in classes {
            t[CLASSES + class + i / 8] |= u8::from(member) << (i & 7);
        }
        t[TYPES + i] = u8::from(is_space(c))
            | u8::from(is_upper(c) || is_lower(c)) << 1
            | u8::from(is_lower(c)) << 2
            | u8::from(c.is_ascii_digit()) << 3
            | u8::from(is_word(c)) << 4;
    }
    t
});

/// The tables; they live for ever, as compiled patterns refer to them.
pub fn latin1() -> &'static [u8] {
    &*TABLES
}
