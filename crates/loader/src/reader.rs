//! A bounds-checked cursor over bytes, and the compact number encoding of `.beam` files.
//!
//! Used by every table decoder. Nothing here allocates or recurses.

/// There are fewer bytes left than asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Truncated;

/// Tags of compact terms.
pub mod tag {
    pub const U: u8 = 0;
    pub const I: u8 = 1;
    pub const A: u8 = 2;
    pub const X: u8 = 3;
    pub const Y: u8 = 4;
    pub const F: u8 = 5;
    pub const Z: u8 = 7;
}

/// The number in a compact term.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Number<'a> {
    /// It was small enough for one or two bytes; never negative.
    Small(u32),
    /// Big-endian bytes; two's complement if the tag is `I`.
    Bytes(&'a [u8]),
}

impl Number<'_> {
    /// The number as an unsigned one, if it fits 63 bits.
    pub fn unsigned(self) -> Option<u64> {
        match self {
            Number::Small(n) => Some(u64::from(n)),
            Number::Bytes(bytes) if bytes.len() <= 8 => {
                let n = bytes.iter().fold(0u64, |n, b| n << 8 | u64::from(*b));
                (n >> 63 == 0).then_some(n)
            }
            Number::Bytes(_) => None,
        }
    }

    /// The number as a signed one, if it fits 64 bits.
    pub fn signed(self) -> Option<i64> {
        match self {
            Number::Small(n) => Some(i64::from(n)),
            Number::Bytes(bytes) => {
                let negative = bytes.first().is_some_and(|b| b & 0x80 != 0);
                let fill = if negative { 0xff } else { 0 };
                let excess = bytes.len().saturating_sub(8);
                let (padding, rest) = bytes.split_at(excess);
                let sign_kept = rest.first().is_none_or(|b| (b & 0x80 != 0) == negative);
                if padding.iter().any(|b| *b != fill) || !sign_kept {
                    return None;
                }
                let start = if negative { -1i64 } else { 0 };
                Some(rest.iter().fold(start, |n, b| n << 8 | i64::from(*b)))
            }
        }
    }
}

/// A cursor that never leaves its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Reader { rest: bytes }
    }

    pub fn remaining(&self) -> usize {
        self.rest.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Everything that has not been read.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub fn u8(&mut self) -> Result<u8, Truncated> {
        let (first, rest) = self.rest.split_first().ok_or(Truncated)?;
        self.rest = rest;
        Ok(*first)
    }

    pub fn bytes(&mut self, count: usize) -> Result<&'a [u8], Truncated> {
        let (bytes, rest) = self.rest.split_at_checked(count).ok_or(Truncated)?;
        self.rest = rest;
        Ok(bytes)
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Truncated> {
        let (bytes, rest) = self.rest.split_first_chunk::<N>().ok_or(Truncated)?;
        self.rest = rest;
        Ok(*bytes)
    }

    pub fn u16(&mut self) -> Result<u16, Truncated> {
        self.array().map(u16::from_be_bytes)
    }

    pub fn u32(&mut self) -> Result<u32, Truncated> {
        self.array().map(u32::from_be_bytes)
    }

    pub fn i64(&mut self) -> Result<i64, Truncated> {
        self.array().map(i64::from_be_bytes)
    }

    /// A count of items of at least `item_size` bytes each: refused unless that many can follow, so that
    /// it is safe to reserve memory for them.
    pub fn count(&mut self, item_size: usize) -> Result<usize, Truncated> {
        let count = self.u32()? as usize;
        if count > self.rest.len() / item_size {
            Err(Truncated)
        } else {
            Ok(count)
        }
    }

    /// A compact term: its tag and number.
    #[inline]
    pub fn compact(&mut self) -> Result<(u8, Number<'a>), Truncated> {
        let first = self.u8()?;
        let number = if first & 0x08 == 0 {
            Number::Small(u32::from(first >> 4))
        } else if first & 0x10 == 0 {
            Number::Small(u32::from(first >> 5) << 8 | u32::from(self.u8()?))
        } else {
            let size = match first >> 5 {
                7 => self.long_size()?,
                code => usize::from(code) + 2,
            };
            Number::Bytes(self.bytes(size)?)
        };
        Ok((first & 0x07, number))
    }

    /// A compact term that must have this tag and an unsigned 32-bit number.
    pub fn compact_u32(&mut self, wanted: u8) -> Result<Option<u32>, Truncated> {
        let (tag, number) = self.compact()?;
        Ok(number
            .unsigned()
            .filter(|_| tag == wanted)
            .and_then(|n| u32::try_from(n).ok()))
    }

    /// The size of a number of nine bytes or more. The size is a compact term too; it never needs the
    /// long form itself, so one level suffices.
    fn long_size(&mut self) -> Result<usize, Truncated> {
        let first = self.u8()?;
        if first & 0x07 != tag::U {
            return Err(Truncated);
        }
        let size = if first & 0x08 == 0 {
            u64::from(first >> 4)
        } else if first & 0x10 == 0 {
            u64::from(first >> 5) << 8 | u64::from(self.u8()?)
        } else if first >> 5 < 7 {
            let bytes = self.bytes(usize::from(first >> 5) + 2)?;
            Number::Bytes(bytes).unsigned().ok_or(Truncated)?
        } else {
            return Err(Truncated);
        };
        usize::try_from(size)
            .ok()
            .and_then(|n| n.checked_add(9))
            .ok_or(Truncated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(bytes: &[u8]) -> (u8, Number<'_>) {
        Reader::new(bytes).compact().unwrap()
    }

    #[test]
    fn compact_numbers() {
        assert_eq!(one(&[0x73]), (tag::X, Number::Small(7)));
        assert_eq!(one(&[0b1110_1000, 0xff]), (tag::U, Number::Small(0x7ff)));
        let (t, n) = one(&[0b0001_1001, 0xff, 0xfe]);
        assert_eq!((t, n.signed()), (tag::I, Some(-2)));
        assert_eq!(n.unsigned(), Some(0xfffe));
        // 2^63 needs nine bytes: the long form with size 0 + 9.
        let (t, n) = one(&[0b1111_1001, 0x00, 0, 0x80, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!((t, n.signed(), n.unsigned()), (tag::I, None, None));
        // -2^63 in nine bytes still fits.
        let (_, n) = one(&[0b1111_1001, 0x00, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(n.signed(), Some(i64::MIN));
    }

    #[test]
    fn endless_size_prefixes_are_refused() {
        assert_eq!(Reader::new(&[0xf8; 64]).compact(), Err(Truncated));
        assert_eq!(Reader::new(&[]).compact(), Err(Truncated));
        assert_eq!(
            Reader::new(&[0xff, 0xff, 0xff, 0xff, 0]).count(1),
            Err(Truncated)
        );
    }
}
