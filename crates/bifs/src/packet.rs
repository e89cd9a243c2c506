//! `erlang:decode_packet/3`.

use crate::prelude::*;
use crate::util::{elements, slice};
use corten_engine::packet::{self, Extent, Limits, Packets};

pub const BIFS: &[Bif] = bifs![
    erlang:decode_packet/3 => decode_packet,
];

/// The kind of packets, and whether HTTP strings are to be binaries.
fn packets(t: Term<'_>) -> Option<(Packets, bool)> {
    let http = |headers, binaries| (Packets::Http { headers }, binaries);
    let kind = match t.kind() {
        Kind::Small(0) | Kind::Atom(am::raw) => Packets::Raw,
        Kind::Small(n @ (1 | 2 | 4)) => Packets::Length(n as usize),
        Kind::Atom(am::asn1) => Packets::Asn1,
        Kind::Atom(am::sunrm) => Packets::SunRpc,
        Kind::Atom(am::line) => Packets::Line,
        Kind::Atom(am::tpkt) => Packets::Tpkt,
        Kind::Atom(am::fcgi) => Packets::FastCgi,
        Kind::Atom(am::ssl_tls) => Packets::SslTls,
        Kind::Atom(am::http) => return Some(http(false, false)),
        Kind::Atom(am::httph) => return Some(http(true, false)),
        Kind::Atom(am::http_bin) => return Some(http(false, true)),
        Kind::Atom(am::httph_bin) => return Some(http(true, true)),
        Kind::Atom(a) if a.name() == "cdr" => Packets::Cdr,
        _ => return None,
    };
    Some((kind, false))
}

fn limits<'h>(list: Term<'h>, kind: Packets) -> Result<Limits, Stop<'h>> {
    let mut l = Limits::default();
    for option in elements(list)? {
        let [key, value] = option.as_tuple_of::<2>().badarg()?;
        let n = value
            .as_u64()
            .and_then(|n| u32::try_from(n).ok())
            .badarg()?;
        match key.as_atom() {
            Some(am::packet_size) => l.packet = n as usize,
            Some(am::line_length) => l.line = n as usize,
            Some(am::line_delimiter) if kind == Packets::Line => {
                l.delimiter = u8::try_from(n).ok().badarg()?;
            }
            _ => return Err(Stop::BADARG),
        }
    }
    Ok(l)
}

fn decode_packet<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let (kind, binaries) = packets(a[0]).ok_or(Stop::badarg_because(am::badopt))?;
    let bits = a[1].as_bits().filter(Bits::is_binary).badarg()?;
    let limits = limits(a[2], kind)?;
    let bytes = bits.to_bytes();
    let invalid = || {
        p.heap
            .tuple(&[Term::atom(am::error), Term::atom(am::invalid)])
    };
    let more = |size| p.heap.tuple(&[Term::atom(am::more), size]);
    let size = match packet::extent(kind, &bytes, &limits) {
        Extent::Invalid => return Ok(invalid()),
        Extent::Unknown => return Ok(more(Term::UNDEFINED)),
        Extent::Whole(n) if n > bytes.len() => return Ok(more(Term::small(n as i64))),
        Extent::Whole(n) => n,
    };
    let whole = &bytes[..size];
    let packet = match kind {
        Packets::Http { headers } => packet::parse_http(&p.heap, whole, headers, binaries).0,
        Packets::SslTls => ssl_tls(p, whole),
        _ => {
            let body = packet::body(kind, whole);
            slice(p, &bits, body.start * 8, body.len() * 8)
        }
    };
    let rest = slice(p, &bits, size * 8, bits.size - size * 8);
    Ok(p.heap.tuple(&[Term::OK, packet, rest]))
}

/// The content type of a handshake.
const HANDSHAKE: i64 = 22;

/// `{ssl_tls, [], ContentType, {Major, Minor}, Data}`; a greeting of SSL 2 is shown as a handshake.
fn ssl_tls<'h>(p: &'h Process, packet: &[u8]) -> Term<'h> {
    let (kind, version, data) = if packet::is_ssl2_hello(packet) {
        let data = &packet[3..];
        let mut shown = vec![1];
        shown.extend_from_slice(&(data.len() as u32).to_be_bytes()[1..]);
        shown.extend_from_slice(data);
        (HANDSHAKE, &packet[3..5], p.heap.binary(&shown))
    } else {
        (
            i64::from(packet[0]),
            &packet[1..3],
            p.heap.binary(&packet[5..]),
        )
    };
    let version = p.heap.tuple(&[
        Term::small(i64::from(version[0])),
        Term::small(i64::from(version[1])),
    ]);
    p.heap.tuple(&[
        Term::atom(am::ssl_tls),
        Term::NIL,
        Term::small(kind),
        version,
        data,
    ])
}
