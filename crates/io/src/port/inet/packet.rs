//! Where a packet ends in a stream: option `packet` of TCP sockets.

use rustix::io::Errno;

/// How a stream is cut. The numbers are `prim_inet`'s.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packet {
    Raw,
    /// A length of so many bytes in front, which is not delivered.
    Length(usize),
    Line,
    Tpkt,
    Tls,
}

impl Packet {
    /// `None`: a kind that this driver cannot cut.
    pub fn of_number(n: i32) -> Option<Packet> {
        Some(match n {
            0 => Packet::Raw,
            1 => Packet::Length(1),
            2 => Packet::Length(2),
            3 => Packet::Length(4),
            8 => Packet::Line,
            9 => Packet::Tpkt,
            12 => Packet::Tls,
            _ => return None,
        })
    }

    /// The header of a message that is sent; an error if the message is too long for it.
    pub fn header(self, size: usize) -> Result<Vec<u8>, Errno> {
        let Packet::Length(n) = self else {
            return Ok(Vec::new());
        };
        let bytes = (size as u64).to_be_bytes();
        let (zero, head) = bytes.split_at(8 - n);
        if zero.iter().all(|b| *b == 0) {
            Ok(head.to_vec())
        } else {
            Err(Errno::MSGSIZE)
        }
    }

    /// The first packet in `buffer`: bytes to leave out in front, and its end. `None`: more is needed.
    /// `limit` is the largest packet (0 = none), `delimiter` ends a line, `line_max` cuts an endless one.
    pub fn find(
        self,
        buffer: &[u8],
        limit: usize,
        delimiter: u8,
        line_max: usize,
    ) -> Result<Option<(usize, usize)>, Errno> {
        let number = |bytes: &[u8]| bytes.iter().fold(0usize, |n, b| n << 8 | usize::from(*b));
        let whole = |skip: usize, size: usize| {
            if limit > 0 && size > limit {
                return Err(Errno::MSGSIZE);
            }
            let end = skip.saturating_add(size);
            Ok((end <= buffer.len()).then_some((skip, end)))
        };
        match self {
            Packet::Raw => Ok((!buffer.is_empty()).then_some((0, buffer.len()))),
            Packet::Length(n) => match buffer.get(..n) {
                Some(head) => whole(n, number(head)),
                None => Ok(None),
            },
            Packet::Line => match buffer.iter().position(|b| *b == delimiter) {
                Some(at) => Ok(Some((0, (at + 1).min(line_max)))),
                None => Ok((buffer.len() >= line_max).then_some((0, line_max))),
            },
            Packet::Tpkt => match buffer.get(..4) {
                Some([3, _, high, low]) => {
                    let size = usize::from(u16::from_be_bytes([*high, *low]));
                    if size < 4 {
                        Err(Errno::MSGSIZE)
                    } else {
                        whole(0, size)
                    }
                }
                Some(_) => Err(Errno::MSGSIZE),
                None => Ok(None),
            },
            Packet::Tls => match buffer.get(3..5) {
                Some(size) => whole(0, 5 + number(size)),
                None => Ok(None),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_found_and_marked() {
        let find = |p: Packet, b: &[u8]| p.find(b, 10, b'\n', 6);
        assert_eq!(find(Packet::Raw, b""), Ok(None));
        assert_eq!(find(Packet::Raw, b"ab"), Ok(Some((0, 2))));
        assert_eq!(find(Packet::Length(2), b"\0"), Ok(None));
        assert_eq!(find(Packet::Length(2), b"\0\x02ab!"), Ok(Some((2, 4))));
        assert_eq!(
            find(Packet::Length(4), b"\xff\xff\xff\xff"),
            Err(Errno::MSGSIZE)
        );
        assert_eq!(find(Packet::Line, b"ab\ncd"), Ok(Some((0, 3))));
        assert_eq!(find(Packet::Line, b"abcdefgh"), Ok(Some((0, 6))));
        assert_eq!(find(Packet::Tpkt, &[3, 0, 0, 5, 1]), Ok(Some((0, 5))));
        assert_eq!(find(Packet::Tls, &[22, 3, 3, 0, 1, 9]), Ok(Some((0, 6))));
        assert_eq!(Packet::Length(1).header(256), Err(Errno::MSGSIZE));
        assert_eq!(Packet::Length(2).header(258), Ok(vec![1, 2]));
    }
}
