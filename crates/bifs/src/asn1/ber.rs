//! BER: bytes to and from `{Tag, Value}`, where `Tag` is the number with the class in bits 16 and 17, and `Value` the
//! bytes of a primitive or the list of what a constructed one holds.

use crate::prelude::*;
use corten_term::Heap;

/// How deep values may be nested.
const DEPTH: usize = 400;

const CLASS: u8 = 0xC0;
const CONSTRUCTED: u8 = 0x20;
const LONG_TAG: u8 = 0x1F;
const INDEFINITE: u8 = 0x80;

/// What is wrong with the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Tag,
    Length,
    Value,
    TooDeep,
}

impl Fault {
    pub fn name(self) -> &'static str {
        match self {
            Fault::Tag => "invalid_tag",
            Fault::Length => "invalid_length",
            Fault::Value => "invalid_value",
            Fault::TooDeep => "unknown",
        }
    }
}

/// Reads values one after the other; its position tells where it stopped.
pub struct Decoder<'h, 'b> {
    heap: &'h Heap,
    bytes: &'b [u8],
    at: usize,
}

impl<'h, 'b> Decoder<'h, 'b> {
    pub fn new(heap: &'h Heap, bytes: &'b [u8]) -> Decoder<'h, 'b> {
        Decoder { heap, bytes, at: 0 }
    }
    pub fn position(&self) -> usize {
        self.at
    }
    pub fn rest(&self) -> &'b [u8] {
        &self.bytes[self.at..]
    }

    /// One value that ends at `end` at the latest (`end` is within the bytes).
    pub fn decode(&mut self, end: usize, depth: usize) -> Result<Term<'h>, Fault> {
        if self.at + 2 > end {
            return Err(Fault::Value);
        }
        let (tag, constructed) = self.tag(end)?;
        if self.at >= end {
            return Err(Fault::Tag);
        }
        if depth > DEPTH {
            return Err(Fault::TooDeep);
        }
        let value = self.value(end, constructed, depth)?;
        Ok(self.heap.tuple(&[Term::small(tag), value]))
    }

    fn tag(&mut self, end: usize) -> Result<(i64, bool), Fault> {
        let first = self.bytes[self.at];
        let constructed = first & CONSTRUCTED != 0;
        let class = i64::from(first & CLASS) << 10;
        let short = first & LONG_TAG;
        if short < LONG_TAG {
            self.at += 1;
            return Ok((class | i64::from(short), constructed));
        }
        if self.at + 3 > end {
            return Err(Fault::Value);
        }
        // Two bytes at most: 14 bits.
        self.at += 1;
        let mut number = 0;
        if self.bytes[self.at] >= 128 {
            number = i64::from(self.bytes[self.at] & 0x7F) << 7;
            self.at += 1;
        }
        if self.bytes[self.at] >= 128 {
            return Err(Fault::Tag);
        }
        number |= i64::from(self.bytes[self.at]);
        self.at += 1;
        Ok((class | number, constructed))
    }

    fn value(&mut self, end: usize, constructed: bool, depth: usize) -> Result<Term<'h>, Fault> {
        let first = self.bytes[self.at];
        if first == INDEFINITE {
            return self.indefinite(end, constructed, depth);
        }
        let mut length = usize::from(first);
        if first & 0x80 != 0 {
            let bytes = usize::from(first & 0x7F);
            if bytes > end - (self.at + 1) {
                return Err(Fault::Length);
            }
            length = 0;
            for _ in 0..bytes {
                self.at += 1;
                if length >= 1 << 24 {
                    return Err(Fault::Length);
                }
                length = length << 8 | usize::from(self.bytes[self.at]);
            }
        }
        if length > end - (self.at + 1) {
            return Err(Fault::Value);
        }
        self.at += 1;
        let value_end = self.at + length;
        if !constructed {
            let bytes = &self.bytes[self.at..value_end];
            self.at = value_end;
            return Ok(self.heap.binary(bytes));
        }
        let mut parts = Vec::new();
        while self.at < value_end {
            parts.push(self.decode(value_end, depth + 1)?);
        }
        Ok(self.heap.list(&parts))
    }

    /// Values up to two zeros.
    fn indefinite(
        &mut self,
        end: usize,
        constructed: bool,
        depth: usize,
    ) -> Result<Term<'h>, Fault> {
        self.at += 1;
        if self.at + 1 >= end || !constructed {
            return Err(Fault::Length);
        }
        let mut parts = Vec::new();
        while self.bytes[self.at..self.at + 2] != [0, 0] {
            parts.push(self.decode(end, depth + 1)?);
            if self.at + 1 >= end {
                return Err(Fault::Length);
            }
        }
        self.at += 2;
        Ok(self.heap.list(&parts))
    }
}

/// Appends the encoding of `{Tag, Value}` back to front: lengths are known when they are written.
pub fn encode(t: Term<'_>, out: &mut Vec<u8>, depth: usize) -> Option<()> {
    let [tag, value] = t.as_tuple_of::<2>()?;
    let before = out.len();
    let mut form = 0;
    if value.is_list() {
        form = CONSTRUCTED;
        if depth > DEPTH {
            return None;
        }
        for part in value.to_vec()?.into_iter().rev() {
            encode(part, out, depth + 1)?;
        }
    } else {
        out.extend(value.to_bytes()?.iter().rev());
    }
    let length = out.len() - before;
    if length < 128 {
        out.push(length as u8);
    } else {
        let digits = (usize::BITS - length.leading_zeros()).div_ceil(8);
        (0..digits).for_each(|i| out.push((length >> (8 * i)) as u8));
        out.push(0x80 | digits as u8);
    }
    let tag = u32::try_from(tag.as_small()?).ok()?;
    let head = form | ((tag & 0x3_0000) >> 10) as u8;
    let number = tag & 0xFFFF;
    if number < u32::from(LONG_TAG) {
        out.push(head | number as u8);
        return Some(());
    }
    out.push((number & 0x7F) as u8);
    let mut rest = number >> 7;
    while rest > 0 {
        out.push((rest & 0x7F) as u8 | 0x80);
        rest >>= 7;
    }
    out.push(head | LONG_TAG);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded<'h>(h: &'h Heap, bytes: &[u8]) -> Result<Term<'h>, Fault> {
        Decoder::new(h, bytes).decode(bytes.len(), 0)
    }

    #[test]
    fn what_is_encoded_comes_back() {
        let h = Heap::new();
        let leaf = |tag, n| h.tuple(&[Term::small(tag), h.binary(&vec![7; n])]);
        let inner = h.list(&[leaf(2, 1), leaf(0x20000 | 31, 200), leaf(0x10000 | 300, 0)]);
        let t = h.tuple(&[Term::small(16), inner]);
        let mut out = Vec::new();
        encode(t, &mut out, 0).unwrap();
        out.reverse();
        assert!(corten_term::compare::exact_eq(
            decoded(&h, &out).unwrap(),
            t
        ));
        for cut in 0..out.len() {
            assert!(decoded(&h, &out[..cut]).is_err(), "{cut}");
        }
    }

    #[test]
    fn indefinite_lengths_and_deep_nesting() {
        let h = Heap::new();
        let t = decoded(&h, &[0x30, 0x80, 0x02, 0x01, 0x05, 0x00, 0x00]).unwrap();
        assert_eq!(t.as_tuple().unwrap()[1].list_len(), Some(1));
        assert_eq!(decoded(&h, &[0x02, 0x80, 0, 0]).err(), Some(Fault::Length));
        let deep = [0x30, 0x80].repeat(10_000);
        assert_eq!(decoded(&h, &deep).err(), Some(Fault::TooDeep));
    }
}
