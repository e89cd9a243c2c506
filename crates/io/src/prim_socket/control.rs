//! Ancillary data as maps `#{level, type, data, value}`: bytes, and for what is known a value too.

use super::options::{SERVICES, named};
use crate::args;
use crate::atoms::intern;
use crate::port::ip_term;
use crate::sys::message::Control;
use corten_engine::Process;
use corten_term::{Term, map};
use std::net::{Ipv4Addr, Ipv6Addr};

/// What a value is.
#[derive(Clone, Copy)]
enum Kind {
    Number,
    /// A byte, with names for some.
    Service,
    Time,
    Packet,
    Packet6,
    Bytes,
}

/// Level, number, name, value, and whether programs may send a value of it.
const KNOWN: [(i32, i32, &str, Kind, bool); 14] = [
    (
        libc::SOL_SOCKET,
        libc::SCM_TIMESTAMP,
        "timestamp",
        Kind::Time,
        true,
    ),
    (
        libc::SOL_SOCKET,
        libc::SCM_RIGHTS,
        "rights",
        Kind::Bytes,
        false,
    ),
    (
        libc::SOL_SOCKET,
        libc::SCM_CREDENTIALS,
        "credentials",
        Kind::Bytes,
        false,
    ),
    (libc::IPPROTO_IP, libc::IP_TOS, "tos", Kind::Service, true),
    (
        libc::IPPROTO_IP,
        libc::IP_RECVTOS,
        "recvtos",
        Kind::Service,
        false,
    ),
    (libc::IPPROTO_IP, libc::IP_TTL, "ttl", Kind::Number, true),
    (
        libc::IPPROTO_IP,
        libc::IP_PKTINFO,
        "pktinfo",
        Kind::Packet,
        false,
    ),
    (
        libc::IPPROTO_IP,
        libc::IP_ORIGDSTADDR,
        "origdstaddr",
        Kind::Bytes,
        false,
    ),
    (
        libc::IPPROTO_IP,
        libc::IP_RECVERR,
        "recverr",
        Kind::Bytes,
        false,
    ),
    (
        libc::IPPROTO_IPV6,
        libc::IPV6_PKTINFO,
        "pktinfo",
        Kind::Packet6,
        false,
    ),
    (
        libc::IPPROTO_IPV6,
        libc::IPV6_HOPLIMIT,
        "hoplimit",
        Kind::Number,
        true,
    ),
    (
        libc::IPPROTO_IPV6,
        libc::IPV6_TCLASS,
        "tclass",
        Kind::Number,
        true,
    ),
    (
        libc::IPPROTO_IPV6,
        libc::IPV6_RECVTCLASS,
        "recvtclass",
        Kind::Number,
        false,
    ),
    (
        libc::IPPROTO_IPV6,
        libc::IPV6_RECVERR,
        "recverr",
        Kind::Bytes,
        false,
    ),
];

fn key(name: &str) -> Term<'static> {
    Term::atom(intern(name))
}

/// Ancillary data that a program sends; `None` if it is not in order.
pub fn read(list: Term<'_>) -> Option<Vec<Control>> {
    list.to_vec()?.into_iter().map(piece).collect()
}

fn piece(t: Term<'_>) -> Option<Control> {
    let get = |name: &str| map::get(t, key(name));
    let level = get("level")?;
    let level = match level.as_atom().map(|a| a.name()) {
        Some("socket") => libc::SOL_SOCKET,
        Some(_) => return None,
        None => args::int(level)?,
    };
    let given = get("type")?;
    let name = given.as_atom();
    let known = KNOWN.iter().find(|k| match name {
        Some(name) => (k.0, k.2) == (level, name.name()),
        None => args::int(given) == Some(k.1) && k.0 == level,
    });
    let kind = known.map(|k| k.1).or_else(|| args::int(given))?;
    let data = match get("value") {
        Some(v) => value_bytes(v, known.filter(|k| k.4)?.3)?,
        None => match get("data")? {
            data if data.as_bits().is_some() => data.to_bytes()?.to_vec(),
            number => args::int(number)?.to_ne_bytes().to_vec(),
        },
    };
    Some(Control { level, kind, data })
}

fn value_bytes(v: Term<'_>, kind: Kind) -> Option<Vec<u8>> {
    Some(match kind {
        Kind::Number => args::int(v)?.to_ne_bytes().to_vec(),
        Kind::Service => named(v, &SERVICES)?.to_ne_bytes().to_vec(),
        Kind::Time => {
            let part = |name: &str| map::get(v, key(name))?.as_i64();
            [part("sec")?.to_ne_bytes(), part("usec")?.to_ne_bytes()].concat()
        }
        Kind::Packet | Kind::Packet6 | Kind::Bytes => return None,
    })
}

/// Ancillary data that was received, as a list.
pub fn list<'h>(p: &'h Process, pieces: &[Control]) -> Term<'h> {
    let all: Vec<_> = pieces.iter().map(|c| term(p, c)).collect();
    p.heap.list(&all)
}

fn term<'h>(p: &'h Process, c: &Control) -> Term<'h> {
    let known = KNOWN.iter().find(|k| (k.0, k.1) == (c.level, c.kind));
    let level = match c.level {
        libc::SOL_SOCKET => key("socket"),
        n => Term::small(n.into()),
    };
    let kind = known.map_or(Term::small(c.kind.into()), |k| key(k.2));
    let mut pairs = vec![
        (key("level"), level),
        (key("type"), kind),
        (key("data"), p.heap.binary(&c.data)),
    ];
    if let Some(value) = known.and_then(|k| value(p, &c.data, k.3)) {
        pairs.push((key("value"), value));
    }
    map::from_pairs(&p.heap, &pairs)
}

fn value<'h>(p: &'h Process, data: &[u8], kind: Kind) -> Option<Term<'h>> {
    let number = |at: usize| Some(i32::from_ne_bytes(data.get(at..at + 4)?.try_into().ok()?));
    let ip = |at: usize| {
        let bytes: [u8; 4] = data.get(at..at + 4)?.try_into().ok()?;
        Some(ip_term(&p.heap, Ipv4Addr::from(bytes).into()))
    };
    Some(match kind {
        Kind::Number => Term::small(number(0)?.into()),
        Kind::Service => {
            let first = i32::from(*data.first()?);
            let name = SERVICES.iter().find(|s| s.1 == first);
            name.map_or(Term::small(first.into()), |s| key(s.0))
        }
        Kind::Time => {
            let part = |at: usize| {
                let bytes = data.get(at..at + 8)?.try_into().ok()?;
                Some(p.heap.int(i64::from_ne_bytes(bytes)))
            };
            map::from_pairs(&p.heap, &[(key("sec"), part(0)?), (key("usec"), part(8)?)])
        }
        Kind::Packet => {
            let index = Term::small(number(0)?.into());
            let pairs = [
                (key("ifindex"), index),
                (key("spec_dst"), ip(4)?),
                (key("addr"), ip(8)?),
            ];
            map::from_pairs(&p.heap, &pairs)
        }
        Kind::Packet6 => {
            let bytes: [u8; 16] = data.get(..16)?.try_into().ok()?;
            let pairs = [
                (key("addr"), ip_term(&p.heap, Ipv6Addr::from(bytes).into())),
                (key("ifindex"), Term::small(number(16)?.into())),
            ];
            map::from_pairs(&p.heap, &pairs)
        }
        Kind::Bytes => return None,
    })
}
