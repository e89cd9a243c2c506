//! Packets in a stream of bytes: where one ends, what is its body, and HTTP lines as terms.
//!
//! `erlang:decode_packet/3` and the sockets of `io` share this. Nothing here keeps state; what a parser of
//! HTTP has to remember between lines (whether headers follow) its caller keeps.

mod http;
pub use http::parse as parse_http;

use std::ops::Range;

/// How packets are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packets {
    Raw,
    /// A big-endian length of 1, 2 or 4 bytes in front.
    Length(usize),
    Line,
    Asn1,
    SunRpc,
    Cdr,
    FastCgi,
    Tpkt,
    SslTls,
    /// A line of HTTP; `headers`: the next one is a header, not the first line.
    Http {
        headers: bool,
    },
}

/// Limits and the end of a line; 0 is no limit.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub packet: usize,
    pub line: usize,
    pub delimiter: u8,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            packet: 0,
            line: 0,
            delimiter: b'\n',
        }
    }
}

/// What is known of the first packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All its bytes, header included. There may be fewer bytes yet.
    Whole(usize),
    /// More bytes are needed to tell.
    Unknown,
    Invalid,
}

fn big_endian(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |n, b| n << 8 | usize::from(*b))
}

/// A header of `header` bytes and `size` bytes behind it.
fn counted(header: usize, size: usize, limits: &Limits) -> Extent {
    if (limits.packet != 0 && size > limits.packet) || header + size > i32::MAX as usize {
        return Extent::Invalid;
    }
    Extent::Whole(header + size)
}

/// Runs `f` on the first `n` bytes, if they are there.
fn with_header(bytes: &[u8], n: usize, f: impl FnOnce(&[u8]) -> Extent) -> Extent {
    bytes.get(..n).map_or(Extent::Unknown, f)
}

/// How long the first packet of `bytes` is.
pub fn extent(kind: Packets, bytes: &[u8], limits: &Limits) -> Extent {
    match kind {
        Packets::Raw if bytes.is_empty() => Extent::Unknown,
        Packets::Raw => Extent::Whole(bytes.len()),
        Packets::Length(n) => with_header(bytes, n, |h| counted(n, big_endian(h), limits)),
        Packets::SunRpc => with_header(bytes, 4, |h| {
            counted(4, big_endian(h) & 0x7FFF_FFFF, limits)
        }),
        Packets::Line => line(bytes, limits),
        Packets::Asn1 => asn1(bytes, limits),
        Packets::Cdr => with_header(bytes, 12, |h| {
            let size = &h[8..12];
            if !h.starts_with(b"GIOP") {
                Extent::Invalid
            } else if h[6] & 1 == 1 {
                let reversed: Vec<u8> = size.iter().rev().copied().collect();
                counted(12, big_endian(&reversed), limits)
            } else {
                counted(12, big_endian(size), limits)
            }
        }),
        Packets::FastCgi => with_header(bytes, 8, |h| {
            if h[0] == 1 {
                counted(8, big_endian(&h[4..6]) + usize::from(h[6]), limits)
            } else {
                Extent::Invalid
            }
        }),
        Packets::Tpkt => with_header(bytes, 4, |h| {
            match (h[0], big_endian(&h[2..4]).checked_sub(4)) {
                (3, Some(size)) => counted(4, size, limits),
                _ => Extent::Invalid,
            }
        }),
        Packets::SslTls => with_header(bytes, 5, |h| {
            if is_ssl2_hello(h) {
                match (big_endian(&h[..2]) & 0x7FFF).checked_sub(3) {
                    Some(size) => counted(5, size, limits),
                    None => Extent::Invalid,
                }
            } else {
                counted(5, big_endian(&h[3..5]), limits)
            }
        }),
        Packets::Http { headers } => http_line(bytes, headers, limits),
    }
}

/// A client's greeting in the format of SSL 2.
pub fn is_ssl2_hello(packet: &[u8]) -> bool {
    packet.len() >= 3 && packet[0] & 0x80 != 0 && packet[2] == 1
}

fn line(bytes: &[u8], limits: &Limits) -> Extent {
    let over = |n: usize, limit: usize| limit != 0 && n > limit;
    match bytes.iter().position(|b| *b == limits.delimiter) {
        None if over(bytes.len(), limits.packet) => Extent::Invalid,
        None if limits.line != 0 && bytes.len() >= limits.line => Extent::Whole(limits.line),
        None => Extent::Unknown,
        Some(at) if over(at + 1, limits.packet) => Extent::Invalid,
        Some(at) if over(at + 1, limits.line) => Extent::Whole(limits.line),
        Some(at) => Extent::Whole(at + 1),
    }
}

fn asn1(bytes: &[u8], limits: &Limits) -> Extent {
    let Some((tag, mut rest)) = bytes.split_first() else {
        return Extent::Unknown;
    };
    if tag & 0x1F == 0x1F {
        let Some(end) = rest.iter().position(|b| b & 0x80 == 0) else {
            return Extent::Unknown;
        };
        rest = &rest[end + 1..];
    }
    let Some((first, rest)) = rest.split_first() else {
        return Extent::Unknown;
    };
    if first & 0x80 == 0 {
        return counted(bytes.len() - rest.len(), usize::from(*first), limits);
    }
    let n = usize::from(first & 0x7F);
    match rest.get(..n) {
        None => Extent::Unknown,
        Some(_) if n > 4 => Extent::Invalid,
        Some(size) => counted(bytes.len() - rest.len() + n, big_endian(size), limits),
    }
}

/// A line, and behind a header all lines that continue it.
fn http_line(bytes: &[u8], headers: bool, limits: &Limits) -> Extent {
    if bytes == b"\n" || bytes == b"\r\n" {
        return Extent::Whole(bytes.len());
    }
    let limit = if limits.packet != 0 {
        limits.packet
    } else {
        limits.line
    };
    let mut from = 0;
    loop {
        let Some(at) = bytes[from..].iter().position(|b| *b == b'\n') else {
            return if limit != 0 && bytes.len() >= limit {
                Extent::Invalid
            } else {
                Extent::Unknown
            };
        };
        let end = from + at + 1;
        let too_long = limit != 0 && end > limit;
        if headers {
            match bytes.get(end) {
                Some(b' ' | b'\t') if end > 2 => {
                    from = end;
                    continue;
                }
                None if !too_long => return Extent::Unknown,
                _ => {}
            }
        }
        return if too_long {
            Extent::Invalid
        } else {
            Extent::Whole(end)
        };
    }
}

/// Where the body of a whole packet lies: behind a plain length, before padding, else all of it.
pub fn body(kind: Packets, packet: &[u8]) -> Range<usize> {
    match kind {
        Packets::Length(n) => n.min(packet.len())..packet.len(),
        Packets::FastCgi => {
            let padding = packet.get(6).map_or(0, |n| usize::from(*n));
            0..packet.len().saturating_sub(padding)
        }
        _ => 0..packet.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths() {
        let l = Limits::default();
        assert_eq!(extent(Packets::Length(2), &[0, 5, 1], &l), Extent::Whole(7));
        assert_eq!(extent(Packets::Length(4), &[0, 5, 1], &l), Extent::Unknown);
        assert_eq!(
            extent(Packets::Asn1, &[0x30, 0x82, 1, 0], &l),
            Extent::Whole(260)
        );
        assert_eq!(
            extent(Packets::Asn1, &[0x30, 0x85, 1, 0, 0, 0, 0], &l),
            Extent::Invalid
        );
        assert_eq!(extent(Packets::Line, b"ab\ncd", &l), Extent::Whole(3));
        let short = Limits { line: 2, ..l };
        assert_eq!(extent(Packets::Line, b"abc\n", &short), Extent::Whole(2));
        let tiny = Limits { packet: 3, ..l };
        assert_eq!(extent(Packets::Length(1), &[4], &tiny), Extent::Invalid);
    }

    #[test]
    fn http_headers_may_go_on() {
        let l = Limits::default();
        let header = Packets::Http { headers: true };
        assert_eq!(extent(header, b"A: b\r\n c\r\nX", &l), Extent::Whole(10));
        assert_eq!(extent(header, b"A: b\r\n", &l), Extent::Unknown);
        assert_eq!(extent(header, b"\r\n", &l), Extent::Whole(2));
        let first = Packets::Http { headers: false };
        assert_eq!(extent(first, b"GET / HTTP/1.1\r\n", &l), Extent::Whole(16));
    }
}
