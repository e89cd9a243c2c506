//! What all sockets of the inet drivers share: the descriptor, options, counters, and the requests that do not
//! depend on the kind of socket.

use super::address::Address;
use super::options::Options;
use super::{Answer, BAD_PORT, Failure, Reader, address, interfaces, request, services};
use crate::poll;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

/// Bits of the status.
pub mod status {
    pub const OPEN: u32 = 0x0001;
    pub const BOUND: u32 = 0x0002;
    pub const CONNECTED: u32 = 0x0004;
    pub const LISTENING: u32 = 0x0008;
    pub const CONNECTING: u32 = 0x0010;
    /// Processes wait for connections; more than one.
    pub const ACCEPTING: u32 = 0x0020;
    pub const SEVERAL: u32 = 0x0100;
}

/// Numbers of statistics.
mod stat {
    pub const RECV_CNT: u8 = 1;
    pub const RECV_MAX: u8 = 2;
    pub const RECV_AVG: u8 = 3;
    pub const RECV_DVI: u8 = 4;
    pub const SEND_CNT: u8 = 5;
    pub const SEND_MAX: u8 = 6;
    pub const SEND_AVG: u8 = 7;
    pub const SEND_PEND: u8 = 8;
    pub const RECV_OCT: u8 = 9;
    pub const SEND_OCT: u8 = 10;
}

/// Counters of one direction.
#[derive(Debug, Default, Clone, Copy)]
pub struct Traffic {
    count: u32,
    max: u32,
    average: f64,
    deviation: f64,
    bytes: u64,
}

impl Traffic {
    pub fn add(&mut self, n: usize) {
        let n = n as f64;
        self.bytes += n as u64;
        self.count = self.count.wrapping_add(1);
        self.max = self.max.max(n as u32);
        let before = self.average;
        self.average += (n - before) / f64::from(self.count.max(1));
        self.deviation +=
            ((n - self.average).abs() - self.deviation) / f64::from(self.count.max(1));
    }
}

#[derive(Debug)]
pub struct Socket {
    pub fd: Option<OwnedFd>,
    pub family: AddressFamily,
    kind: SocketType,
    pub status: u32,
    pub options: Options,
    pub received: Traffic,
    pub sent: Traffic,
    next: u16,
    /// A program has taken the descriptor over: do not close it.
    ignore: bool,
    /// The descriptor that a program has opened otherwise and keeps; the socket's own is a copy.
    given: Option<BorrowedFd<'static>>,
}

impl Socket {
    pub fn new(kind: SocketType) -> Socket {
        Socket {
            fd: None,
            family: AddressFamily::INET,
            kind,
            status: 0,
            options: Options::new(kind == SocketType::STREAM),
            received: Traffic::default(),
            sent: Traffic::default(),
            next: 0,
            ignore: false,
            given: None,
        }
    }

    pub fn fd(&self) -> Result<BorrowedFd<'_>, Failure> {
        self.fd.as_ref().map(AsFd::as_fd).ok_or(BAD_PORT)
    }
    pub fn raw(&self) -> Option<RawFd> {
        self.fd.as_ref().map(AsRawFd::as_raw_fd)
    }
    /// The number of the next request that is answered later.
    pub fn next_number(&mut self) -> u16 {
        self.next = self.next.wrapping_add(1);
        self.next
    }

    /// Answers a request that all kinds of sockets answer alike; `None` for others.
    pub fn control(&mut self, operation: u32, data: &[u8]) -> Option<Answer> {
        Some(match operation {
            request::OPEN => self.open(data),
            request::FDOPEN => self.adopt(data),
            request::BIND => self.bind(data),
            request::NAME => self.name(),
            request::GETLADDRS => self.own_address().map(|a| a.to_bytes()),
            request::GETPADDRS => self.peer(),
            request::PEER => self.peer(),
            request::GETOPTS => self.get_options(data),
            request::GETSTAT => Ok(self.statistics(data, 0)),
            request::GETHOSTNAME => Ok(hostname()),
            request::GETFD => self
                .raw()
                .map(|fd| self.given.map_or(fd, |given| given.as_raw_fd()))
                .map(|fd| fd.to_be_bytes().to_vec())
                .ok_or(BAD_PORT),
            request::IGNOREFD => {
                self.ignore = data.first() == Some(&1);
                Ok(Vec::new())
            }
            request::GETTYPE => self.type_(),
            // The reference engine does not tell of being bound either.
            request::GETSTATUS => Ok((self.status & !status::BOUND).to_be_bytes().to_vec()),
            request::GETSERVBYNAME => services::by_name(data),
            request::GETSERVBYPORT => services::by_port(data),
            request::GETIFADDRS => interfaces::addresses(),
            // What is sent is handed to the system at once: nothing is queued.
            request::SUBSCRIBE => Ok(data.iter().flat_map(|d| [*d, 0, 0, 0, 0]).collect()),
            request::SETNAME | request::SETPEER => Err(Errno::NOTSUP.into()),
            _ => return None,
        })
    }

    fn get_options(&self, data: &[u8]) -> Answer {
        let stream = self.kind == SocketType::STREAM;
        self.options.get(self.fd()?, self.family, stream, data)
    }

    fn open(&mut self, data: &[u8]) -> Answer {
        let [family, kind, ..] = data else {
            return Err(Errno::INVAL.into());
        };
        if self.kind == SocketType::SEQPACKET {
            return Err(Errno::PROTONOSUPPORT.into());
        }
        let wanted = if self.kind == SocketType::STREAM {
            1
        } else {
            2
        };
        if self.fd.is_some() || *kind != wanted {
            return Err(Errno::INVAL.into());
        }
        let family = address::family(*family).ok_or(Errno::AFNOSUPPORT)?;
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let fd = rustix::net::socket_with(family, self.kind, flags, None)?;
        self.fd = Some(fd);
        self.family = family;
        self.status |= status::OPEN;
        Ok(Vec::new())
    }

    /// A socket that the program has opened otherwise. It stays open for the program when this one is closed.
    fn adopt(&mut self, data: &[u8]) -> Answer {
        let mut r = Reader(data);
        let arguments = (r.u8(), r.u8(), r.i32(), r.i32());
        let (Some(family), Some(_), Some(number), bound) = arguments else {
            return Err(Errno::INVAL.into());
        };
        let family = address::family(family).ok_or(Errno::AFNOSUPPORT)?;
        let borrowed = crate::sys::borrow_fd(number).ok_or(Errno::BADF)?;
        rustix::net::getsockname(borrowed)?;
        let flags = rustix::fs::fcntl_getfl(borrowed)?;
        rustix::fs::fcntl_setfl(borrowed, flags | rustix::fs::OFlags::NONBLOCK)?;
        self.fd = Some(rustix::io::fcntl_dupfd_cloexec(borrowed, 0)?);
        self.given = Some(borrowed);
        self.family = family;
        self.status |= status::OPEN;
        if bound == Some(1) {
            self.status |= status::BOUND;
        }
        Ok(Vec::new())
    }

    fn bind(&mut self, data: &[u8]) -> Answer {
        let to = address::read(&mut Reader(data), self.family).ok_or(Errno::INVAL)?;
        let fd = self.fd()?;
        rustix::net::bind(fd, &to.to_system()?)?;
        let port = self.own_address()?.port();
        self.status |= status::BOUND;
        Ok(port.to_be_bytes().to_vec())
    }

    fn own_address(&self) -> Result<Address, Failure> {
        Ok(Address::of_system(rustix::net::getsockname(self.fd()?)?)?)
    }

    fn name(&self) -> Answer {
        Ok(self.own_address()?.to_bytes())
    }

    /// Whether it is connected already, as a descriptor that a program brings may be.
    pub fn has_peer(&self) -> bool {
        self.peer().is_ok()
    }

    /// Whether the program wants output dropped that is not sent when it closes: `{linger, {true, 0}}`.
    pub fn drops_at_end(&self) -> bool {
        let linger = self.fd().ok().map(rustix::net::sockopt::socket_linger);
        matches!(linger, Some(Ok(Some(time))) if time.is_zero())
    }

    fn peer(&self) -> Answer {
        let peer = rustix::net::getpeername(self.fd()?)?.ok_or(Errno::NOTCONN)?;
        Ok(Address::of_system(peer)?.to_bytes())
    }

    fn type_(&self) -> Answer {
        self.fd()?;
        let family = i32::from(address::family_code(self.family));
        let kind: i32 = if self.kind == SocketType::STREAM {
            1
        } else {
            2
        };
        Ok([family.to_be_bytes(), kind.to_be_bytes()].concat())
    }

    /// Counters by their numbers. `pending` bytes of output are queued.
    pub fn statistics(&self, which: &[u8], pending: usize) -> Vec<u8> {
        let mut out = Vec::new();
        for &w in which {
            let value = match w {
                stat::RECV_OCT | stat::SEND_OCT => {
                    let t = if w == stat::RECV_OCT {
                        &self.received
                    } else {
                        &self.sent
                    };
                    out.push(w);
                    out.extend(t.bytes.to_be_bytes());
                    continue;
                }
                stat::RECV_CNT => self.received.count,
                stat::RECV_MAX => self.received.max,
                stat::RECV_AVG => self.received.average as u32,
                stat::RECV_DVI => self.received.deviation as u32,
                stat::SEND_CNT => self.sent.count,
                stat::SEND_MAX => self.sent.max,
                stat::SEND_AVG => self.sent.average as u32,
                stat::SEND_PEND => u32::try_from(pending).unwrap_or(u32::MAX),
                _ => continue,
            };
            out.push(w);
            out.extend(value.to_be_bytes());
        }
        out
    }

    /// Lets go of the descriptor.
    pub fn close(&mut self) {
        self.status = 0;
        if let Some(fd) = self.fd.take() {
            poll::forget(fd.as_raw_fd());
            if self.ignore {
                // Whoever took it over closes it.
                let _ = std::os::fd::IntoRawFd::into_raw_fd(fd);
            }
        }
    }
}

/// The name of this machine.
pub fn hostname() -> Vec<u8> {
    rustix::system::uname().nodename().to_bytes().to_vec()
}
