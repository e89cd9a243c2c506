//! Options: those of the operating system by level and number, in one table, and OTP's own (level `otp`).

use super::calls::{DOMAINS, TYPES, invalid, name_of};
use super::state::{self, Call, closed, socket};
use crate::atoms::intern;
use crate::port::ip_term;
use crate::{args, errno, sys};
use corten_engine::bif::OrBadarg;
use corten_engine::{Args, BifResult, Process, Stop};
use corten_term::{Term, map};
use rustix::io::Errno;
use std::net::Ipv4Addr;
use std::os::fd::{AsRawFd, BorrowedFd};

/// What an option's value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Flag,
    Number,
    Text,
    Linger,
    Domain,
    Type,
    Discover,
    Service,
    Interface,
    Membership,
    Membership6,
}
use Kind::*;

#[derive(Debug)]
pub struct Opt {
    pub name: &'static str,
    pub number: i32,
    pub kind: Kind,
}

/// The options of one level.
#[derive(Debug)]
pub struct Level {
    pub name: &'static str,
    pub number: i32,
    pub options: &'static [Opt],
    /// Names that programs may ask for though there is nothing behind them here.
    pub missing: &'static [&'static str],
}

impl Level {
    /// The level's key in tables: its number, or `socket`.
    pub fn key(&self) -> Term<'static> {
        match self.name {
            "socket" => Term::atom(intern("socket")),
            _ => Term::small(self.number.into()),
        }
    }
}

macro_rules! levels {
    ($($level:literal $n:expr => { $($name:literal $number:literal $kind:ident)* } $missing:literal;)*) => {
        pub static LEVELS: &[Level] = &[$(Level {
            name: $level,
            number: $n,
            options: &[$(Opt { name: $name, number: $number, kind: $kind }),*],
            missing: &words($missing),
        }),*];
    };
}

/// The words of a text of at most [`WORDS`] of them.
const WORDS: usize = 25;
const fn words(text: &'static str) -> [&'static str; WORDS] {
    let bytes = text.as_bytes();
    let mut out = [""; WORDS];
    let (mut rest, mut n, mut i) = (text, 0, 0);
    let mut taken = 0;
    while i <= bytes.len() {
        if i == bytes.len() || bytes[i] == b' ' {
            let (word, after) = rest.split_at(i - taken);
            if !word.is_empty() {
                out[n] = word;
                n += 1;
            }
            rest = if after.is_empty() {
                after
            } else {
                after.split_at(1).1
            };
            taken = i + 1;
        }
        i += 1;
    }
    out
}

levels! {
    "socket" libc::SOL_SOCKET => {
        "acceptconn" 30 Flag "bindtodevice" 25 Text "broadcast" 6 Flag "debug" 1 Number "domain" 39 Domain
        "dontroute" 5 Flag "keepalive" 9 Flag "linger" 13 Linger "oobinline" 10 Flag "passcred" 16 Flag
        "priority" 12 Number "protocol" 38 Number "rcvbuf" 8 Number "rcvlowat" 18 Number "reuseaddr" 2 Flag
        "reuseport" 15 Flag "sndbuf" 7 Number "sndlowat" 19 Number "timestamp" 29 Flag "type" 3 Type
    } "acceptfilter bsp_state busy_poll error exclusiveaddruse mark max_msg_size maxdg peek_off peercred rcvbufforce rcvtimeo rxq_ovfl setfib sndbufforce sndtimeo";
    "ip" libc::IPPROTO_IP => {
        "add_membership" 35 Membership "drop_membership" 36 Membership "freebind" 15 Flag "hdrincl" 3 Flag
        "minttl" 21 Number "mtu" 14 Number "mtu_discover" 10 Discover "multicast_all" 49 Flag
        "multicast_if" 32 Interface "multicast_loop" 34 Flag "multicast_ttl" 33 Number "nodefrag" 22 Flag
        "pktinfo" 8 Flag "recverr" 11 Flag "recvopts" 6 Flag "recvorigdstaddr" 20 Flag "recvtos" 13 Flag
        "recvttl" 12 Flag "retopts" 7 Flag "router_alert" 5 Number "tos" 1 Service "transparent" 19 Flag
        "ttl" 2 Number
    } "add_source_membership block_source dontfrag drop_source_membership msfilter options pktoptions recvdstaddr recvif sendsrcaddr unblock_source";
    "ipv6" libc::IPPROTO_IPV6 => {
        "add_membership" 20 Membership6 "drop_membership" 21 Membership6 "flowinfo" 11 Flag "hoplimit" 52 Flag
        "mtu" 24 Number "mtu_discover" 23 Discover "multicast_hops" 18 Number "multicast_if" 17 Number
        "multicast_loop" 19 Flag "recverr" 25 Flag "recvhoplimit" 51 Flag "recvpktinfo" 49 Flag "recvtclass" 66 Flag
        "router_alert" 22 Number "tclass" 67 Number "unicast_hops" 16 Number "v6only" 26 Flag
    } "addrform auth_level authhdr checksum dstopts esp_network_level esp_trans_level faith hopopts ipcomp_level join_group leave_group pktoptions portrange rthdr use_min_mtu";
    "tcp" libc::IPPROTO_TCP => {
        "congestion" 13 Text "cork" 3 Flag "keepcnt" 6 Number "keepidle" 4 Number "keepintvl" 5 Number
        "maxseg" 2 Number "nodelay" 1 Flag
    } "info md5sig noopt nopush syncnt user_timeout";
    "udp" libc::IPPROTO_UDP => { "cork" 1 Flag } "";
}

fn level(t: Term<'_>) -> Option<&'static Level> {
    LEVELS.iter().find(|l| l.key().same(t))
}

/// OTP's own options.
mod otp {
    pub const DEBUG: i32 = 1001;
    pub const WRAP: i32 = 1002;
    pub const OWNER: i32 = 1003;
    pub const RECEIVE_BUFFER: i32 = 1004;
    pub const RECEIVE_CONTROL: i32 = 1006;
    pub const SEND_CONTROL: i32 = 1007;
    pub const DESCRIPTOR: i32 = 1008;
    pub const META: i32 = 1009;
    pub const REGISTRY: i32 = 1010;
    pub const DOMAIN: i32 = 1999;
}

const DISCOVER: [(&str, i32); 4] = [("dont", 0), ("want", 1), ("do", 2), ("probe", 3)];
pub const SERVICES: [(&str, i32); 4] = [
    ("lowdelay", 0x10),
    ("throughput", 0x08),
    ("reliability", 0x04),
    ("mincost", 0x02),
];

fn ipv4(t: Term<'_>) -> Option<Ipv4Addr> {
    match t.as_atom().map(|a| a.name()) {
        Some("any") => return Some(Ipv4Addr::UNSPECIFIED),
        Some("loopback") => return Some(Ipv4Addr::LOCALHOST),
        _ => {}
    }
    let parts: Option<Vec<u8>> = t
        .as_tuple()?
        .iter()
        .map(|n| n.as_small().and_then(|n| u8::try_from(n).ok()))
        .collect();
    Some(Ipv4Addr::from(<[u8; 4]>::try_from(parts?).ok()?))
}

/// A number, or the name of one.
pub fn named(t: Term<'_>, names: &[(&str, i32)]) -> Option<i32> {
    match t.as_atom() {
        Some(a) => names.iter().find(|n| n.0 == a.name()).map(|n| n.1),
        None => args::int(t),
    }
}

/// The bytes for the system.
fn encode(kind: Kind, t: Term<'_>) -> Option<Vec<u8>> {
    let number = |n: i32| n.to_ne_bytes().to_vec();
    let get = |key: &str| map::get(t, Term::atom(intern(key)));
    Some(match kind {
        Flag => number(t.as_bool()?.into()),
        Number => match t.as_bool() {
            Some(b) => number(b.into()),
            None => number(args::int(t)?),
        },
        Text => args::iolist(t)?,
        Discover => number(named(t, &DISCOVER)?),
        Service => number(named(t, &SERVICES)?),
        Linger => {
            let on = get("onoff")?.as_bool()?;
            let seconds = args::int(get("linger")?).filter(|n| *n >= 0)?;
            [i32::from(on).to_ne_bytes(), seconds.to_ne_bytes()].concat()
        }
        Interface => ipv4(t)?.octets().to_vec(),
        Membership => {
            let (group, interface) = (ipv4(get("multiaddr")?)?, ipv4(get("interface")?)?);
            [group.octets(), interface.octets()].concat()
        }
        Membership6 => {
            let parts: Option<Vec<u16>> = get("multiaddr")?
                .as_tuple()?
                .iter()
                .map(|n| n.as_small().and_then(|n| u16::try_from(n).ok()))
                .collect();
            let mut out: Vec<u8> = parts?.iter().flat_map(|n| n.to_be_bytes()).collect();
            out.extend(args::uint(get("interface")?)?.to_ne_bytes());
            out
        }
        Domain | Type => return None,
    })
}

fn decode<'h>(p: &'h Process, kind: Kind, bytes: &[u8]) -> Option<Term<'h>> {
    let number = |at: usize| {
        bytes
            .get(at..at + 4)?
            .try_into()
            .ok()
            .map(i32::from_ne_bytes)
    };
    // Some options of the system are one byte.
    let first = number(0).or_else(|| bytes.first().map(|b| i32::from(*b)));
    let key = |name: &str| Term::atom(intern(name));
    Some(match kind {
        Flag => Term::bool(first? != 0),
        Number => Term::small(first?.into()),
        Text => p.heap.latin1_string(bytes),
        Domain => name_of(&DOMAINS, first?),
        Type => name_of(&TYPES, first?),
        Discover => name_of(&DISCOVER, first?),
        Service => name_of(&SERVICES, first?),
        Linger => map::from_pairs(
            &p.heap,
            &[
                (key("onoff"), Term::bool(number(0)? != 0)),
                (key("linger"), Term::small(number(4)?.into())),
            ],
        ),
        Interface => {
            let octets: [u8; 4] = bytes.get(..4)?.try_into().ok()?;
            ip_term(&p.heap, Ipv4Addr::from(octets).into())
        }
        Membership | Membership6 => return None,
    })
}

fn outcome<'h>(p: &'h Process, result: Result<(), Errno>) -> Term<'h> {
    match result {
        Ok(()) => Term::OK,
        Err(e) => errno::error(p, e),
    }
}

fn level_number(t: Term<'_>) -> Option<i32> {
    match t.as_atom() {
        Some(a) if a.name() == "socket" => Some(libc::SOL_SOCKET),
        _ => args::int(t),
    }
}

/// `(Socket, Level, Option, Value, IsNative)`.
pub fn set<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let call = socket(a[0])?;
    let number = args::int(a[2]).badarg()?;
    let native = args::int(a[4]).badarg()? != 0;
    if call.inner.closed {
        return Ok(closed(p));
    }
    if a[1].as_atom().is_some_and(|l| l.name() == "otp") {
        return set_otp(p, call, number, a[3]);
    }
    let bytes = if native {
        match (a[3].as_bool(), args::int(a[3])) {
            (Some(b), _) => Some(i32::from(b).to_ne_bytes().to_vec()),
            (None, Some(n)) => Some(n.to_ne_bytes().to_vec()),
            _ => a[3].to_bytes().map(|b| b.into_owned()),
        }
    } else {
        let option = level(a[1]).and_then(|l| l.options.iter().find(|o| o.number == number));
        let Some(option) = option.filter(|o| !matches!(o.kind, Domain | Type)) else {
            return Ok(invalid(p, "socket_option"));
        };
        encode(option.kind, a[3])
    };
    let (Some(bytes), Some(level)) = (bytes, level_number(a[1])) else {
        return Ok(invalid(p, "value"));
    };
    let set = |fd: BorrowedFd<'_>| sys::socket_option::set(fd, level, number, &bytes);
    Ok(outcome(p, call.inner.fd().and_then(set)))
}

fn set_otp<'h>(p: &'h Process, mut call: Call<'_>, number: i32, value: Term<'h>) -> BifResult<'h> {
    let wrong = || Ok(invalid(p, "value"));
    if number == otp::OWNER {
        let Some(pid) = value.as_local_pid() else {
            return wrong();
        };
        if call.inner.owner != p.pid() {
            let why = invalid(p, "not_owner");
            return Ok(p.heap.tuple(&[Term::atom(corten_term::am::error), why]));
        }
        call.inner.owner = pid;
        let magic = call.magic.clone();
        drop(call);
        state::note_interest(pid, &magic);
        if !corten_engine::node().processes.is_alive(pid) {
            state::process_exited(pid);
        }
        return Ok(Term::OK);
    }
    let size = value.as_usize().filter(|n| *n > 0);
    match number {
        otp::DEBUG | otp::WRAP => {
            let Some(on) = value.as_bool() else {
                return wrong();
            };
            match number {
                otp::DEBUG => call.inner.debug = on,
                _ => call.inner.wrap_messages = on,
            }
        }
        otp::RECEIVE_BUFFER => {
            // `{Reads, Size}`: one read is all that a call does here.
            let size = match value.as_tuple_of::<2>() {
                Some([_, size]) => size.as_usize().filter(|n| *n > 0),
                None if value.as_atom().is_some_and(|a| a.name() == "default") => Some(8192),
                None => size,
            };
            let Some(size) = size else { return wrong() };
            call.inner.receive_buffer = size;
        }
        otp::RECEIVE_CONTROL | otp::SEND_CONTROL => {
            let default = value.as_atom().is_some_and(|a| a.name() == "default");
            let Some(size) = size.or(default.then_some(1024)) else {
                return wrong();
            };
            match number {
                otp::RECEIVE_CONTROL => call.inner.receive_control = size,
                _ => call.inner.send_control = size,
            }
        }
        otp::META => call.inner.meta = Some(corten_engine::signal::Parcel::pack_whole(value)),
        _ => return Ok(invalid(p, "socket_option")),
    }
    Ok(Term::OK)
}

fn get_otp<'h>(p: &'h Process, call: &Call<'_>, number: i32) -> Option<Term<'h>> {
    let size = |n: usize| Some(p.heap.uint(n as u64));
    let inner = &call.inner;
    match number {
        otp::DEBUG => Some(Term::bool(inner.debug)),
        otp::WRAP => Some(Term::bool(inner.wrap_messages)),
        otp::OWNER => Some(Term::pid(inner.owner)),
        otp::RECEIVE_BUFFER => size(inner.receive_buffer),
        otp::RECEIVE_CONTROL => size(inner.receive_control),
        otp::SEND_CONTROL => size(inner.send_control),
        otp::DESCRIPTOR => Some(Term::small(inner.fd.as_ref()?.as_raw_fd().into())),
        otp::META => Some(match &inner.meta {
            Some(parcel) => corten_term::copy::copy(parcel.term(), &p.heap),
            None => Term::UNDEFINED,
        }),
        otp::REGISTRY => Some(Term::FALSE),
        otp::DOMAIN => Some(name_of(&DOMAINS, inner.domain)),
        _ => None,
    }
}

/// Room for the longest option.
const LONGEST: usize = 256;

/// `(Socket, Level, Option)`.
pub fn get<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let call = socket(a[0])?;
    let number = args::int(a[2]).badarg()?;
    if call.inner.closed {
        return Ok(closed(p));
    }
    if a[1].as_atom().is_some_and(|l| l.name() == "otp") {
        return Ok(match get_otp(p, &call, number) {
            Some(value) => args::ok(p, value),
            None => invalid(p, "socket_option"),
        });
    }
    let found = level(a[1]).and_then(|l| Some((l, l.options.iter().find(|o| o.number == number)?)));
    let found = found.filter(|(_, o)| !matches!(o.kind, Membership | Membership6));
    let Some((level, option)) = found else {
        return Ok(invalid(p, "socket_option"));
    };
    let mut bytes = [0; LONGEST];
    let length = match option.kind {
        Text => 16,
        Linger => 8,
        _ => 4,
    };
    let got = call
        .inner
        .fd()
        .and_then(|fd| sys::socket_option::get(fd, level.number, number, &mut bytes[..length]));
    Ok(match got {
        Ok(n) => {
            let mut value = &bytes[..n.min(length)];
            if option.kind == Text {
                value = value.strip_suffix(&[0]).unwrap_or(value);
            }
            match decode(p, option.kind, value) {
                Some(t) => args::ok(p, t),
                None => args::error(p, intern("einval")),
            }
        }
        Err(e) => errno::error(p, e),
    })
}

/// `(Socket, Level, Option, integer | boolean | Size | Binary)`: the system's bytes, read as that.
pub fn get_native<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let call = socket(a[0])?;
    let level = level_number(a[1]).badarg()?;
    let number = args::int(a[2]).badarg()?;
    if call.inner.closed {
        return Ok(closed(p));
    }
    let kind = a[3].as_atom().map(|a| a.name());
    let mut bytes = match kind {
        Some("integer" | "boolean") => vec![0; 4],
        Some(_) => return Ok(invalid(p, "value")),
        None => match (a[3].as_usize().filter(|n| *n <= 1 << 16), a[3].to_bytes()) {
            (Some(n), _) => vec![0; n],
            (None, Some(b)) => b.into_owned(),
            _ => return Ok(invalid(p, "value")),
        },
    };
    let got = call
        .inner
        .fd()
        .and_then(|fd| sys::socket_option::get(fd, level, number, &mut bytes));
    Ok(match got {
        Ok(n) => {
            bytes.truncate(n);
            let value = match kind {
                Some("integer") => decode(p, Number, &bytes),
                Some(_) => decode(p, Flag, &bytes),
                None => Some(p.heap.binary(&bytes)),
            };
            match value {
                Some(t) => args::ok(p, t),
                None => return Err(Stop::BADARG),
            }
        }
        Err(e) => errno::error(p, e),
    })
}
