//! The last step of PER encoding: a list of small instructions, as generated code writes it, becomes bits.

/// Bits, the most significant first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    /// Free bits of the last byte.
    free: u32,
}

impl Bits {
    /// The lowest `n` bits (at most 8) of `value`.
    fn push(&mut self, value: u8, n: u32) {
        let value = u16::from(value) & ((1 << n) - 1);
        if self.free == 0 && n > 0 {
            self.bytes.push(0);
            self.free = 8;
        }
        let fits = n.min(self.free);
        let over = n - fits;
        if let Some(last) = self.bytes.last_mut() {
            self.free -= fits;
            *last |= ((value >> over) << self.free) as u8;
        }
        if over > 0 {
            self.bytes.push((value << (8 - over)) as u8);
            self.free = 8 - over;
        }
    }
    fn align(&mut self) {
        self.free = 0;
    }
    fn octets(&mut self, octets: &[u8]) {
        octets.iter().for_each(|o| self.push(*o, 8));
    }
    fn zeros(&mut self, n: usize) {
        (0..n).for_each(|_| self.push(0, 1));
    }
    /// The first `n` bits of the octets, with zeros behind them if they are fewer.
    fn first(&mut self, n: usize, octets: &[u8]) {
        let whole = (n / 8).min(octets.len());
        self.octets(&octets[..whole]);
        match octets.get(whole) {
            Some(last) => {
                let rest = (n - 8 * whole) as u32;
                self.push((u16::from(*last) >> (8 - rest)) as u8, rest);
            }
            None => self.zeros(n - 8 * whole),
        }
    }
    /// One bit of each octet, which has to be 0 or 1; `n` bits in all.
    fn each(&mut self, n: usize, octets: &[u8]) -> Option<()> {
        for octet in octets.iter().take(n) {
            self.push(*octet, if *octet <= 1 { 1 } else { return None });
        }
        self.zeros(n.saturating_sub(octets.len()));
        Some(())
    }
}

struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn byte(&mut self) -> Option<usize> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(usize::from(*first))
    }
    /// A number of two bytes if `wide`, else of one.
    fn number(&mut self, wide: bool) -> Option<usize> {
        let high = if wide { self.byte()? } else { 0 };
        Some(high << 8 | self.byte()?)
    }
    fn bytes(&mut self, n: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(bytes)
    }
}

/// The bytes that the instructions make, the last one filled up with zeros; `None` if they are none.
pub fn complete(instructions: &[u8]) -> Option<Vec<u8>> {
    let mut input = Input(instructions);
    let mut out = Bits::default();
    while let Some(instruction) = input.byte() {
        match instruction {
            bit @ (0 | 1) => out.push(bit as u8, 1),
            2 => out.align(),
            10 => {
                let n = input.byte().filter(|n| *n <= 8)?;
                out.push(input.byte()? as u8, n as u32);
            }
            20 | 21 => {
                let n = input.number(instruction == 21)?;
                out.align();
                out.octets(input.bytes(n)?);
            }
            30 | 31 => {
                let unused = input.byte().filter(|n| *n < 8)?;
                let n = input.number(instruction == 31)?;
                let octets = input.bytes(n)?;
                out.first((8 * n).checked_sub(unused)?, octets);
            }
            40..=43 | 45..=47 => {
                let (wide_bits, wide_octets) = match instruction {
                    40 | 45 => (false, false),
                    41 => (false, true),
                    42 | 46 => (true, false),
                    _ => (true, true),
                };
                let bits = input.number(wide_bits)?;
                let n = input.number(wide_octets)?;
                let octets = input.bytes(n)?;
                if instruction < 45 {
                    out.each(bits, octets)?;
                } else {
                    out.first(bits, octets);
                }
            }
            _ => return None,
        }
    }
    if out.bytes.is_empty() && !instructions.is_empty() {
        out.bytes.push(0);
    }
    Some(out.bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_octets_and_padding() {
        assert_eq!(complete(&[]), Some(vec![]));
        assert_eq!(complete(&[2]), Some(vec![0]));
        assert_eq!(complete(&[1, 0, 1]), Some(vec![0b1010_0000]));
        assert_eq!(
            complete(&[1, 20, 2, 0xAB, 0xCD]),
            Some(vec![0x80, 0xAB, 0xCD])
        );
        assert_eq!(complete(&[1, 10, 8, 0xFF]), Some(vec![0xFF, 0x80]));
        assert_eq!(
            complete(&[10, 3, 5, 30, 4, 2, 0xAB, 0xC0]),
            Some(vec![0b1011_0101, 0b0111_1000])
        );
        assert_eq!(complete(&[40, 4, 2, 1, 1]), Some(vec![0b1100_0000]));
        assert_eq!(complete(&[45, 12, 1, 0xFF]), Some(vec![0xFF, 0]));
        assert_eq!(complete(&[40, 1, 1, 2]), None);
        assert_eq!(complete(&[20, 5, 1]), None);
        assert_eq!(complete(&[99]), None);
    }
}
