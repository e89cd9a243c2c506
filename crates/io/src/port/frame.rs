//! Cutting a stream of bytes into messages: packets with a length in front, or lines.

/// Packets: the bytes of a length, and the input that is not whole yet.
#[derive(Debug)]
pub struct Packets {
    header: usize,
    partial: Vec<u8>,
}

/// How input is cut and output is marked.
#[derive(Debug)]
pub enum Frames {
    /// As it comes.
    Stream,
    /// A big-endian length of this many bytes (1, 2 or 4) in front of each.
    Packet(Box<Packets>),
}

impl Frames {
    pub fn packet(header: usize) -> Frames {
        Frames::Packet(Box::new(Packets {
            header,
            partial: Vec::new(),
        }))
    }

    /// The messages that are complete with these bytes.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let Frames::Packet(packets) = self else {
            return vec![bytes.to_vec()];
        };
        let Packets { header, partial } = &mut **packets;
        partial.extend_from_slice(bytes);
        let (mut out, mut at) = (Vec::new(), 0);
        while let Some(head) = partial.get(at..at + *header) {
            let size = head.iter().fold(0usize, |n, b| n << 8 | usize::from(*b));
            let start = at + *header;
            let Some(body) = partial.get(start..start.saturating_add(size)) else {
                break;
            };
            out.push(body.to_vec());
            at = start + size;
        }
        partial.drain(..at);
        out
    }

    /// The length to put in front of a message; `None` when it is too long for it.
    pub fn header(&self, size: usize) -> Option<Vec<u8>> {
        match self {
            Frames::Stream => Some(Vec::new()),
            Frames::Packet(packets) => {
                let bytes = (size as u64).to_be_bytes();
                let (zero, head) = bytes.split_at(8 - packets.header);
                zero.iter().all(|b| *b == 0).then(|| head.to_vec())
            }
        }
    }
}

/// Lines of at most `max` bytes. A carriage return before the line feed belongs to the end of the line.
#[derive(Debug)]
pub struct Lines {
    max: usize,
    line: Vec<u8>,
    /// A carriage return was seen that may belong to the end of the line.
    held: bool,
}

/// Whether it ends with a line feed, and the line without it.
pub type Line = (bool, Vec<u8>);

impl Lines {
    pub fn new(max: usize) -> Lines {
        Lines {
            max,
            line: Vec::new(),
            held: false,
        }
    }

    pub fn push(&mut self, bytes: &[u8]) -> Vec<Line> {
        let mut out = Vec::new();
        for &b in bytes {
            if b == b'\n' {
                self.held = false;
                out.push((true, std::mem::take(&mut self.line)));
                continue;
            }
            if std::mem::take(&mut self.held) {
                self.add(b'\r', &mut out);
            }
            if b == b'\r' {
                self.held = true;
            } else {
                self.add(b, &mut out);
            }
        }
        out
    }

    fn add(&mut self, b: u8, out: &mut Vec<Line>) {
        if self.line.len() == self.max {
            out.push((false, std::mem::take(&mut self.line)));
        }
        self.line.push(b);
    }

    /// What is left at the end of input.
    pub fn flush(&mut self) -> Vec<Line> {
        let mut out = Vec::new();
        if std::mem::take(&mut self.held) {
            self.add(b'\r', &mut out);
        }
        if !self.line.is_empty() {
            out.push((false, std::mem::take(&mut self.line)));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_cut_wherever_reads_end() {
        let mut f = Frames::packet(2);
        assert!(f.push(&[0]).is_empty());
        assert!(f.push(&[3, b'a', b'b']).is_empty());
        assert_eq!(
            f.push(b"c\0\0\0\x01xz"),
            [b"abc".to_vec(), vec![], b"x".to_vec()]
        );
        assert_eq!(f.header(0x1234), Some(vec![0x12, 0x34]));
        assert_eq!(f.header(0x1_0000), None);
        assert_eq!(Frames::Stream.header(5), Some(vec![]));
    }

    #[test]
    fn lines_end_at_line_feeds_and_at_the_limit() {
        let mut l = Lines::new(4);
        let eol = |s: &str| (true, s.as_bytes().to_vec());
        let part = |s: &str| (false, s.as_bytes().to_vec());
        assert_eq!(l.push(b"ab\ncd\r\nab"), [eol("ab"), eol("cd")]);
        assert_eq!(l.push(b"cdef\n"), [part("abcd"), eol("ef")]);
        assert_eq!(l.push(b"abcd\n\nx\ry"), [eol("abcd"), eol("")]);
        assert_eq!(l.flush(), [part("x\ry")]);
        assert!(l.flush().is_empty());
    }
}
