//! Binaries that are known to be UTF-8, so that whoever goes through one in many calls checks it once.
//!
//! Used by module `re`. The bytes of an off-heap binary never change once written, and [`CheckedText`] counts
//! as a reference to it: what was text stays text.

use crate::{Binary, Bits};

/// A part of an off-heap binary that is UTF-8.
#[derive(Debug)]
pub struct CheckedText {
    binary: Binary,
    start: usize,
    size: usize,
}

impl CheckedText {
    /// Checks `bits`; `None` if they are not text, not off the heap, or not whole bytes.
    pub fn new(bits: &Bits<'_>) -> Option<CheckedText> {
        std::str::from_utf8(bits.as_bytes()?).ok()?;
        let checked = CheckedText {
            binary: bits.counted()?,
            start: bits.start / 8,
            size: bits.size / 8,
        };
        checked.is_of(bits).then_some(checked)
    }

    /// Whether these are the very bits that were checked.
    pub fn is_of(&self, bits: &Bits<'_>) -> bool {
        bits.base() == self.binary.as_ptr()
            && bits.start == self.start * 8
            && bits.size == self.size * 8
    }

    pub fn as_str(&self) -> &str {
        let bytes = &self.binary.as_bytes()[self.start..self.start + self.size];
        // SAFETY: `new` has checked these bytes, and bytes in use never change.
        unsafe { std::str::from_utf8_unchecked(bytes) }
    }
}
