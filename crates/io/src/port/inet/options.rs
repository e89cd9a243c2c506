//! Options of sockets: those of the driver are kept here, those of the system are passed on.

use super::{Answer, BAD_PORT, Failure, Reader};
use crate::sys;
use corten_engine::packet::{self, Packets};
use rustix::io::Errno;
use rustix::net::{AddressFamily, sockopt};
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::time::Duration;

/// Most bytes of a datagram.
pub const DATAGRAM: usize = 64 << 10;

/// Most bytes of an option that is read by number: with its numbers it fills the reference engine's buffer.
const RAW_SIZE: usize = (64 << 10) - 13;

/// Numbers of options.
pub mod number {
    pub const REUSEADDR: u8 = 0;
    pub const KEEPALIVE: u8 = 1;
    pub const DONTROUTE: u8 = 2;
    pub const LINGER: u8 = 3;
    pub const BROADCAST: u8 = 4;
    pub const OOBINLINE: u8 = 5;
    pub const SNDBUF: u8 = 6;
    pub const RCVBUF: u8 = 7;
    pub const PRIORITY: u8 = 8;
    pub const TOS: u8 = 9;
    pub const NODELAY: u8 = 10;
    pub const MULTICAST_TTL: u8 = 12;
    pub const MULTICAST_LOOP: u8 = 13;
    pub const ADD_MEMBERSHIP: u8 = 14;
    pub const DROP_MEMBERSHIP: u8 = 15;
    pub const V6ONLY: u8 = 16;
    pub const REUSEPORT: u8 = 17;
    pub const REUSEPORT_LB: u8 = 18;
    pub const EXCLUSIVEADDRUSE: u8 = 19;
    pub const BUFFER: u8 = 20;
    pub const HEADER: u8 = 21;
    pub const ACTIVE: u8 = 22;
    pub const PACKET: u8 = 23;
    pub const MODE: u8 = 24;
    pub const DELIVER: u8 = 25;
    pub const EXIT_ON_CLOSE: u8 = 26;
    pub const HIGH_WATERMARK: u8 = 27;
    pub const LOW_WATERMARK: u8 = 28;
    pub const SEND_TIMEOUT: u8 = 30;
    pub const DELAY_SEND: u8 = 31;
    pub const PACKET_SIZE: u8 = 32;
    pub const READ_PACKETS: u8 = 33;
    pub const RAW: u8 = 34;
    pub const SEND_TIMEOUT_CLOSE: u8 = 35;
    pub const MSGQ_HIGH: u8 = 36;
    pub const MSGQ_LOW: u8 = 37;
    pub const SHOW_ECONNRESET: u8 = 39;
    pub const LINE_DELIMITER: u8 = 40;
    pub const TCLASS: u8 = 41;
    pub const RECVTOS: u8 = 43;
    pub const RECVTCLASS: u8 = 44;
    pub const PKTOPTIONS: u8 = 45;
    pub const TTL: u8 = 46;
    pub const RECVTTL: u8 = 47;
    pub const NOPUSH: u8 = 48;
    pub const READ_AHEAD: u8 = 49;
    pub const DEBUG: u8 = 99;
}
use number::*;

/// Options that only streams have.
const STREAM_ONLY: [u8; 10] = [
    PACKET,
    EXIT_ON_CLOSE,
    HIGH_WATERMARK,
    LOW_WATERMARK,
    SEND_TIMEOUT,
    DELAY_SEND,
    PACKET_SIZE,
    SEND_TIMEOUT_CLOSE,
    SHOW_ECONNRESET,
    LINE_DELIMITER,
];

/// Options that a socket of another kind does not have, which does not matter: a program sets `nodelay` without
/// asking whether the socket is one of TCP.
const FORGIVEN: [u8; 11] = [
    REUSEADDR,
    REUSEPORT,
    REUSEPORT_LB,
    KEEPALIVE,
    DONTROUTE,
    BROADCAST,
    OOBINLINE,
    SNDBUF,
    LINGER,
    NODELAY,
    NOPUSH,
];

/// Options that make datagrams come with ancillary data.
const ANCILLARY_ON: [u8; 3] = [RECVTOS, RECVTCLASS, RECVTTL];

/// How data comes to the owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Active {
    Passive,
    Always,
    Once,
    /// This many messages, then passive.
    Count(u16),
}

/// Options that the driver itself keeps.
#[derive(Debug, Clone)]
pub struct Options {
    pub active: Active,
    pub binary: bool,
    pub header: u32,
    pub buffer: u32,
    pub buffer_set: bool,
    pub read_packets: i32,
    /// Which options that make datagrams come with ancillary data are on: bits in the order of `ANCILLARY_ON`.
    ancillary: u8,
    stream: bool,
    /// Those of 32 bits that are only remembered. Connections share those of the socket that accepted them until they
    /// differ.
    kept: Arc<[(u8, i32); 15]>,
}

impl Options {
    pub fn new(stream: bool) -> Options {
        Options {
            active: Active::Passive,
            binary: false,
            header: 0,
            buffer: if stream { 1460 } else { 8 * 1024 },
            buffer_set: false,
            read_packets: 5,
            ancillary: 0,
            stream,
            kept: Arc::new([
                (PACKET, 0),
                (DELIVER, 1),
                (EXIT_ON_CLOSE, 1),
                (HIGH_WATERMARK, 8192),
                (LOW_WATERMARK, 4096),
                (SEND_TIMEOUT, -1),
                (DELAY_SEND, 0),
                (PACKET_SIZE, 0),
                (SEND_TIMEOUT_CLOSE, 0),
                (MSGQ_HIGH, 8192),
                (MSGQ_LOW, 4096),
                (SHOW_ECONNRESET, 0),
                (LINE_DELIMITER, 10),
                (READ_AHEAD, 1),
                (DEBUG, 0),
            ]),
        }
    }
}

impl Options {
    fn kept(&self, option: u8) -> i32 {
        let found = self.kept.iter().find(|(o, _)| *o == option);
        found.map_or(0, |(_, v)| *v)
    }
    /// Whether what is received comes with ancillary data, were it empty.
    pub fn has_ancillary(&self) -> bool {
        self.ancillary != 0
    }
    pub fn is_active(&self) -> bool {
        self.active != Active::Passive
    }
    pub fn exits_on_close(&self) -> bool {
        self.kept(EXIT_ON_CLOSE) != 0
    }
    pub fn shows_reset(&self) -> bool {
        self.kept(SHOW_ECONNRESET) != 0
    }
    pub fn closes_on_timeout(&self) -> bool {
        self.kept(SEND_TIMEOUT_CLOSE) != 0
    }
    pub fn delays_sending(&self) -> bool {
        self.kept(DELAY_SEND) != 0
    }
    /// Milliseconds; negative is for ever.
    pub fn send_timeout(&self) -> i32 {
        self.kept(SEND_TIMEOUT)
    }
    /// Bytes of queued output at which the port is busy, and is not any more.
    pub fn limits(&self) -> crate::port::Limits {
        let size = |o| usize::try_from(self.kept(o)).unwrap_or(0);
        crate::port::Limits {
            low: size(LOW_WATERMARK),
            high: size(HIGH_WATERMARK),
        }
    }
    /// Kind of packets; whether strings of HTTP are binaries.
    pub fn packets(&self) -> (Packets, bool) {
        let http = |headers| Packets::Http { headers };
        match self.kept(PACKET) {
            1 => (Packets::Length(1), false),
            2 => (Packets::Length(2), false),
            3 => (Packets::Length(4), false),
            4 => (Packets::Asn1, false),
            5 => (Packets::SunRpc, false),
            6 => (Packets::Cdr, false),
            7 => (Packets::FastCgi, false),
            8 => (Packets::Line, false),
            9 => (Packets::Tpkt, false),
            10 => (http(false), false),
            11 => (http(true), false),
            12 => (Packets::SslTls, false),
            13 => (http(false), true),
            14 => (http(true), true),
            _ => (Packets::Raw, false),
        }
    }
    /// A line longer than the buffer is cut.
    pub fn packet_limits(&self) -> packet::Limits {
        packet::Limits {
            packet: usize::try_from(self.kept(PACKET_SIZE)).unwrap_or(0),
            line: self.buffer as usize,
            delimiter: self.kept(LINE_DELIMITER) as u8,
        }
    }
    /// What an accepted connection starts with.
    pub fn for_connection(&self) -> Options {
        Options {
            active: Active::Passive,
            ..self.clone()
        }
    }
}

/// What setting options changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes {
    pub active: bool,
    /// A count of messages fell to zero or below.
    pub passive: bool,
}

type Fd<'a> = BorrowedFd<'a>;

impl Options {
    /// Sets options, each a number and a value.
    pub fn set(
        &mut self,
        fd: Option<Fd<'_>>,
        family: AddressFamily,
        data: &[u8],
    ) -> Result<Changes, Failure> {
        let mut r = Reader(data);
        let mut changes = Changes::default();
        while let Some(option) = r.u8() {
            let value = r.i32().ok_or(Errno::INVAL)?;
            match option {
                ACTIVE => {
                    self.set_active(value, &mut r, &mut changes)?;
                    changes.active = true;
                }
                MODE => self.binary = value == 1,
                HEADER => self.header = u32::try_from(value).map_err(|_| Errno::INVAL)?,
                BUFFER => {
                    self.buffer = u32::try_from(value)
                        .map_err(|_| Errno::INVAL)?
                        .clamp(1, 64 << 20);
                    self.buffer_set = true;
                }
                READ_PACKETS => self.read_packets = value.max(1),
                _ => match self.kept.iter().position(|(o, _)| *o == option) {
                    Some(i) if self.kept[i].1 == value => {}
                    Some(i) => Arc::make_mut(&mut self.kept)[i].1 = value,
                    // Those of the driver can be set before there is a socket.
                    None => {
                        let fd = fd.ok_or(BAD_PORT)?;
                        match self.set_system(fd, family, option, value, &mut r) {
                            Err(Errno::OPNOTSUPP | Errno::NOPROTOOPT)
                                if FORGIVEN.contains(&option) => {}
                            // Programs that name an option by number look themselves whether it is set.
                            Err(_) if option == RAW => {}
                            outcome => outcome?,
                        }
                        self.note_ancillary(option, value != 0);
                    }
                },
            }
        }
        Ok(changes)
    }

    fn note_ancillary(&mut self, option: u8, on: bool) {
        if let Some(i) = ANCILLARY_ON.iter().position(|o| *o == option) {
            self.ancillary = (self.ancillary & !(1 << i)) | (u8::from(on) << i);
        }
    }

    fn set_active(
        &mut self,
        value: i32,
        r: &mut Reader<'_>,
        changes: &mut Changes,
    ) -> Result<(), Errno> {
        self.active = match value {
            0 => Active::Passive,
            1 => Active::Always,
            2 => Active::Once,
            _ => {
                let more = i32::from(r.u16().ok_or(Errno::INVAL)? as i16);
                let now = match self.active {
                    Active::Count(n) => i32::from(n),
                    _ => 0,
                };
                let total = now + more;
                if total > i32::from(i16::MAX) {
                    return Err(Errno::INVAL);
                }
                changes.passive = total <= 0;
                match u16::try_from(total) {
                    Ok(n) if n > 0 => Active::Count(n),
                    _ => Active::Passive,
                }
            }
        };
        Ok(())
    }

    fn set_system(
        &mut self,
        fd: Fd<'_>,
        family: AddressFamily,
        option: u8,
        value: i32,
        r: &mut Reader<'_>,
    ) -> Result<(), Errno> {
        let on = value != 0;
        let size = || usize::try_from(value).map_err(|_| Errno::INVAL);
        let v6 = family == AddressFamily::INET6;
        match option {
            REUSEADDR => sockopt::set_socket_reuseaddr(fd, on),
            // The system balances load between those who share a port.
            REUSEPORT | REUSEPORT_LB => sockopt::set_socket_reuseport(fd, on),
            // Of another system.
            EXCLUSIVEADDRUSE => Ok(()),
            KEEPALIVE => sockopt::set_socket_keepalive(fd, on),
            BROADCAST => sockopt::set_socket_broadcast(fd, on),
            LINGER => {
                let seconds = r.i32().ok_or(Errno::INVAL)?;
                let time = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
                sockopt::set_socket_linger(fd, on.then_some(time))
            }
            SNDBUF => sockopt::set_socket_send_buffer_size(fd, size()?),
            RCVBUF => {
                // A program that says nothing of the driver's buffer gets one as large as the system's.
                if !self.buffer_set {
                    let most = if self.stream {
                        u32::MAX
                    } else {
                        DATAGRAM as u32
                    };
                    let size = u32::try_from(value).map_err(|_| Errno::INVAL)?;
                    self.buffer = self.buffer.max(size.min(most));
                }
                sockopt::set_socket_recv_buffer_size(fd, size()?)
            }
            TOS => sockopt::set_ip_tos(fd, value as u8),
            TTL => sockopt::set_ip_ttl(fd, value as u32),
            NODELAY => sockopt::set_tcp_nodelay(fd, on),
            MULTICAST_TTL if v6 => sockopt::set_ipv6_multicast_hops(fd, value as u32),
            MULTICAST_TTL => sockopt::set_ip_multicast_ttl(fd, value as u32),
            MULTICAST_LOOP if v6 => sockopt::set_ipv6_multicast_loop(fd, on),
            MULTICAST_LOOP => sockopt::set_ip_multicast_loop(fd, on),
            V6ONLY => sockopt::set_ipv6_v6only(fd, on),
            ADD_MEMBERSHIP | DROP_MEMBERSHIP => membership(fd, option, value, r),
            // Level, option, bytes; the level was read as the value.
            RAW => {
                let name = r.i32().ok_or(Errno::INVAL)?;
                let size = r.i32().and_then(|n| usize::try_from(n).ok());
                let bytes = size.and_then(|n| r.bytes(n)).ok_or(Errno::INVAL)?;
                sys::socket_option::set(fd, value, name, bytes)
            }
            _ => match by_number(option) {
                Some((level, name)) => {
                    sys::socket_option::set(fd, level, name, &value.to_ne_bytes())
                }
                None => Err(Errno::INVAL),
            },
        }
    }

    /// Values of options: number, value each. What the system does not have is left out.
    pub fn get(&self, fd: Fd<'_>, family: AddressFamily, stream: bool, data: &[u8]) -> Answer {
        let mut out = Vec::new();
        let mut r = Reader(data);
        while let Some(option) = r.u8() {
            let value = match option {
                RAW => {
                    out.extend(get_raw(fd, &mut r)?);
                    continue;
                }
                ACTIVE => match self.active {
                    Active::Passive => 0,
                    Active::Always => 1,
                    Active::Once => 2,
                    Active::Count(n) => {
                        out.push(option);
                        out.extend(3i32.to_be_bytes());
                        out.extend(n.to_be_bytes());
                        continue;
                    }
                },
                LINGER => {
                    let linger = sockopt::socket_linger(fd)?;
                    out.push(option);
                    out.extend(i32::from(linger.is_some()).to_be_bytes());
                    linger
                        .map_or(0, |l| l.as_secs() as i32)
                        .to_be_bytes()
                        .iter()
                        .for_each(|b| out.push(*b));
                    continue;
                }
                PKTOPTIONS => {
                    if let Ok(pieces) = packet_options(fd, family) {
                        out.push(option);
                        out.extend((5 * pieces.len() as u32).to_be_bytes());
                        for (option, value) in pieces {
                            out.push(option);
                            out.extend(value.to_be_bytes());
                        }
                    }
                    continue;
                }
                MODE => i32::from(self.binary),
                HEADER => self.header as i32,
                BUFFER => self.buffer as i32,
                READ_PACKETS if stream => continue,
                READ_PACKETS => self.read_packets,
                // Of another system, and one that can only be set.
                EXCLUSIVEADDRUSE => 0,
                LINE_DELIMITER => return Err(Errno::INVAL.into()),
                _ => match self.kept.iter().find(|(o, _)| *o == option) {
                    Some(_) if !stream && STREAM_ONLY.contains(&option) => continue,
                    Some((_, v)) => *v,
                    None => match get_system(fd, family, option) {
                        Ok(v) => v,
                        Err(Errno::INVAL) => return Err(Errno::INVAL.into()),
                        // The socket is of another kind.
                        Err(_) => continue,
                    },
                },
            };
            out.push(option);
            out.extend(value.to_be_bytes());
        }
        Ok(out)
    }
}

/// Ancillary data that programs see: level, kind, its name in messages, and the option that sets it.
pub const ANCILLARY: [(i32, i32, &str, u8); 3] = [
    (libc::IPPROTO_IP, libc::IP_TOS, "tos", TOS),
    (libc::IPPROTO_IPV6, libc::IPV6_TCLASS, "tclass", TCLASS),
    (libc::IPPROTO_IP, libc::IP_TTL, "ttl", TTL),
];

/// The number that a piece of ancillary data is.
pub fn ancillary_number(data: &[u8]) -> i32 {
    match *data {
        [n] => n.into(),
        [a, b, c, d, ..] => i32::from_ne_bytes([a, b, c, d]),
        _ => 0,
    }
}

/// Ancillary data of a stream, as options with numbers.
fn packet_options(fd: Fd<'_>, family: AddressFamily) -> Result<Vec<(u8, i32)>, Errno> {
    let (level, name) = match family {
        AddressFamily::INET => (libc::IPPROTO_IP, libc::IP_PKTOPTIONS),
        AddressFamily::INET6 => (libc::IPPROTO_IPV6, libc::IPV6_2292PKTOPTIONS),
        _ => return Err(Errno::OPNOTSUPP),
    };
    let mut bytes = [0; 64];
    let size = sys::socket_option::get(fd, level, name, &mut bytes)?;
    let pieces = sys::message::read(&bytes[..size.min(64)]);
    let known = pieces.iter().filter_map(|c| {
        let kind = ANCILLARY.iter().find(|k| (k.0, k.1) == (c.level, c.kind))?;
        Some((kind.3, ancillary_number(&c.data)))
    });
    Ok(known.collect())
}

fn get_system(fd: Fd<'_>, family: AddressFamily, option: u8) -> Result<i32, Errno> {
    let v6 = family == AddressFamily::INET6;
    let flag = |r: Result<bool, Errno>| r.map(i32::from);
    let size = |r: Result<usize, Errno>| r.map(|n| n as i32);
    match option {
        REUSEADDR => flag(sockopt::socket_reuseaddr(fd)),
        REUSEPORT | REUSEPORT_LB => flag(sockopt::socket_reuseport(fd)),
        KEEPALIVE => flag(sockopt::socket_keepalive(fd)),
        BROADCAST => flag(sockopt::socket_broadcast(fd)),
        SNDBUF => size(sockopt::socket_send_buffer_size(fd)),
        RCVBUF => size(sockopt::socket_recv_buffer_size(fd)),
        TOS => sockopt::ip_tos(fd).map(i32::from),
        TTL => sockopt::ip_ttl(fd).map(|n| n as i32),
        NODELAY => flag(sockopt::tcp_nodelay(fd)),
        MULTICAST_TTL if v6 => sockopt::ipv6_multicast_hops(fd).map(|n| n as i32),
        MULTICAST_TTL => sockopt::ip_multicast_ttl(fd).map(|n| n as i32),
        MULTICAST_LOOP if v6 => flag(sockopt::ipv6_multicast_loop(fd)),
        MULTICAST_LOOP => flag(sockopt::ip_multicast_loop(fd)),
        V6ONLY => flag(sockopt::ipv6_v6only(fd)),
        _ => {
            let (level, name) = by_number(option).ok_or(Errno::INVAL)?;
            let mut value = [0; 4];
            sys::socket_option::get(fd, level, name, &mut value)?;
            Ok(i32::from_ne_bytes(value))
        }
    }
}

/// An option by level and number, and a size or bytes that the system finds in the buffer. Empty if the system does not
/// have it.
fn get_raw(fd: Fd<'_>, r: &mut Reader<'_>) -> Result<Vec<u8>, Errno> {
    let (level, name) = r.i32().zip(r.i32()).ok_or(Errno::INVAL)?;
    let kind = r.u8();
    let size = r.i32().and_then(|n| usize::try_from(n).ok());
    let size = size.filter(|n| *n <= RAW_SIZE).ok_or(Errno::INVAL)?;
    let mut value = match kind {
        Some(0) => vec![0; size],
        _ => r.bytes(size).ok_or(Errno::INVAL)?.to_vec(),
    };
    let Ok(size) = sys::socket_option::get(fd, level, name, &mut value) else {
        return Ok(Vec::new());
    };
    value.truncate(size);
    let mut out = vec![RAW];
    out.extend(level.to_be_bytes());
    out.extend(name.to_be_bytes());
    out.extend((value.len() as u32).to_be_bytes());
    out.extend(value);
    Ok(out)
}

/// Options of one integer that are passed on as they are: level and name.
fn by_number(option: u8) -> Option<(i32, i32)> {
    Some(match option {
        DONTROUTE => (libc::SOL_SOCKET, libc::SO_DONTROUTE),
        OOBINLINE => (libc::SOL_SOCKET, libc::SO_OOBINLINE),
        PRIORITY => (libc::SOL_SOCKET, libc::SO_PRIORITY),
        TCLASS => (libc::IPPROTO_IPV6, libc::IPV6_TCLASS),
        RECVTOS => (libc::IPPROTO_IP, libc::IP_RECVTOS),
        RECVTCLASS => (libc::IPPROTO_IPV6, libc::IPV6_RECVTCLASS),
        RECVTTL => (libc::IPPROTO_IP, libc::IP_RECVTTL),
        NOPUSH => (libc::IPPROTO_TCP, libc::TCP_CORK),
        _ => return None,
    })
}

/// `value` is the family; interface and addresses follow.
fn membership(fd: Fd<'_>, option: u8, value: i32, r: &mut Reader<'_>) -> Result<(), Errno> {
    let interface = r.i32().ok_or(Errno::INVAL)? as u32;
    if value == 1 {
        let group = r.array::<4>().ok_or(Errno::INVAL)?.into();
        let local = r.array::<4>().ok_or(Errno::INVAL)?.into();
        return match option {
            ADD_MEMBERSHIP => {
                sockopt::set_ip_add_membership_with_ifindex(fd, &group, &local, interface)
            }
            _ => sockopt::set_ip_drop_membership_with_ifindex(fd, &group, &local, interface),
        };
    }
    let group = r.array::<16>().ok_or(Errno::INVAL)?.into();
    match option {
        ADD_MEMBERSHIP => sockopt::set_ipv6_add_membership(fd, &group, interface),
        _ => sockopt::set_ipv6_drop_membership(fd, &group, interface),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;

    #[test]
    fn options_are_set_and_read() {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let mut o = Options::new(false);
        let v4 = AddressFamily::INET;
        let data = [
            MODE, 0, 0, 0, 1, ACTIVE, 0, 0, 0, 3, 0, 5, BROADCAST, 0, 0, 0, 1,
        ];
        assert!(o.set(Some(socket.as_fd()), v4, &data).unwrap().active);
        assert_eq!(o.active, Active::Count(5));
        let got = o
            .get(socket.as_fd(), v4, false, &[ACTIVE, MODE, BROADCAST])
            .unwrap();
        assert_eq!(got, [22, 0, 0, 0, 3, 0, 5, 24, 0, 0, 0, 1, 4, 0, 0, 0, 1]);
        let fewer = [ACTIVE, 0, 0, 0, 3, 0xFF, 0xFB];
        assert!(o.set(Some(socket.as_fd()), v4, &fewer).unwrap().passive);
        assert_eq!(o.active, Active::Passive);
        let large = |n: u32| {
            let numbers = [&[RAW, 0, 0, 0, 1, 0, 0, 0, 3, 0], &n.to_be_bytes()[..]].concat();
            o.get(socket.as_fd(), v4, false, &numbers)
        };
        assert_eq!(large(65536), Err(Errno::INVAL.into()));
        assert_eq!(large(1000).unwrap().len(), 13 + 4);
        assert_eq!(
            o.set(Some(socket.as_fd()), v4, &[200, 0, 0, 0, 1]),
            Err(Errno::INVAL.into())
        );
    }
}
