//! The `udp_inet` driver: datagrams.
//!
//! Sending never waits: the system takes a datagram or refuses it. Receiving is active (messages to the
//! owner) or by request, with a time limit.

use super::address::Address;
use super::options::Active;
use super::reply::{Waiting, sent};
use super::socket::{Socket, status};
use super::{Answer, BAD_PORT, Failure, MAGIC, Reader, address, encode, request};
use crate::atoms::intern;
use crate::port::core::data;
use crate::port::stream::watch_input;
use crate::port::{Core, Driver};
use crate::{deliver, errno};
use corten_term::{PortId, Term};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, SocketType};
use std::os::fd::{AsFd, RawFd};

/// Most bytes of a datagram.
const DATAGRAM: usize = 64 << 10;

#[derive(Debug)]
pub struct Udp {
    port: PortId,
    socket: Socket,
    waiting: Vec<Waiting>,
    watching: bool,
}

pub fn start(port: PortId) -> Box<dyn Driver> {
    Box::new(Udp {
        port,
        socket: Socket::new(SocketType::DGRAM),
        waiting: Vec::new(),
        watching: false,
    })
}

impl Udp {
    fn wants_input(&self) -> bool {
        self.socket.options.active != Active::Passive || !self.waiting.is_empty()
    }

    fn watch(&mut self) {
        if let Some(fd) = self.socket.raw().filter(|_| self.wants_input())
            && !std::mem::replace(&mut self.watching, true)
        {
            watch_input(self.port, fd);
        }
    }

    fn set_options(&mut self, core: &mut Core, arguments: &[u8]) -> Answer {
        let Socket {
            fd,
            options,
            family,
            ..
        } = &mut self.socket;
        let fd = fd.as_ref().map(AsFd::as_fd);
        let changes = options.set(fd, *family, arguments)?;
        if changes.passive {
            self.tell_passive(core);
        }
        self.watch();
        Ok(Vec::new())
    }

    /// `{udp_passive, Port}`.
    fn tell_passive(&self, core: &Core) {
        let port = self.port;
        deliver::message(core.connected, |h| {
            h.tuple(&[Term::atom(intern("udp_passive")), Term::port(port)])
        });
    }

    /// Sets or takes away the only peer; answered with a number like every connection.
    fn connect(&mut self, core: &Core, arguments: &[u8]) -> Answer {
        let mut r = Reader(arguments);
        r.i32().ok_or(Errno::INVAL)?;
        let to = address::read(&mut r, self.socket.family).ok_or(Errno::INVAL)?;
        rustix::net::connect(self.socket.fd()?, &to.to_system()?)?;
        self.socket.status |= status::CONNECTED;
        let number = self.socket.next_number();
        Waiting::new(self.port, number, core.caller, -1).answer(self.port, |_| Term::OK);
        Ok(number.to_be_bytes().to_vec())
    }

    fn receive_request(&mut self, core: &Core, arguments: &[u8]) -> Answer {
        let time = Reader(arguments).i32().ok_or(Errno::INVAL)?;
        self.socket.fd()?;
        if self.socket.options.active != Active::Passive {
            return Err(Errno::INVAL.into());
        }
        let number = self.socket.next_number();
        let waiting = Waiting::new(self.port, number, core.caller, time);
        self.waiting.push(waiting);
        self.watch();
        Ok(number.to_be_bytes().to_vec())
    }

    fn expire(&mut self, number: u16) {
        if let Some(i) = self.waiting.iter().position(|w| w.number == number) {
            self.waiting.remove(i).fail(self.port, Failure("timeout"));
        }
    }

    /// A datagram goes to whoever asked first, or to the owner.
    fn deliver(&mut self, core: &mut Core, from: &Address, bytes: &[u8]) {
        core.input += bytes.len() as u64;
        self.socket.received.add(bytes.len());
        let options = &self.socket.options;
        let (binary, header) = (options.binary, options.header.min(bytes.len()));
        // Header bytes come as list elements in front of a binary.
        let (head, body) = bytes.split_at(if binary { header } else { 0 });
        if !self.waiting.is_empty() {
            let prefix = from.to_bytes();
            self.waiting.remove(0).answer(self.port, |h| {
                let body = h.list_with_tail(&small(head), data(h, body, binary));
                h.tuple(&[Term::OK, h.list_with_tail(&small(&prefix), body)])
            });
            return;
        }
        let port = self.port;
        deliver::message(core.connected, |h| {
            let body = h.list_with_tail(&small(head), data(h, body, binary));
            let udp = Term::atom(intern("udp"));
            let number = Term::small(from.port().into());
            h.tuple(&[udp, Term::port(port), from.term(h), number, body])
        });
        self.count_active(core);
    }

    fn count_active(&mut self, core: &Core) {
        let active = &mut self.socket.options.active;
        match *active {
            Active::Once => *active = Active::Passive,
            Active::Count(n) if n > 1 => *active = Active::Count(n - 1),
            Active::Count(_) => {
                *active = Active::Passive;
                self.tell_passive(core);
            }
            Active::Always | Active::Passive => {}
        }
    }

    fn receive_failed(&mut self, core: &mut Core, e: Errno) {
        let error = errno::atom(e);
        if !self.waiting.is_empty() {
            self.waiting.remove(0).fail(self.port, e.into());
            return;
        }
        let port = self.port;
        deliver::message(core.connected, |h| {
            let kind = Term::atom(intern("udp_error"));
            h.tuple(&[kind, Term::port(port), Term::atom(error)])
        });
        self.count_active(core);
    }

    /// The caller's reference, in external format; the address; ancillary data; the datagram.
    fn send(&mut self, bytes: &[u8]) -> Option<(Vec<u8>, Result<usize, Failure>)> {
        let mut r = Reader(bytes);
        let size = r.u16()?;
        let reference = r.bytes(size.into())?.to_vec();
        let connected = self.socket.status & status::CONNECTED != 0;
        // `{any, 0}` stands for the peer of a connected socket.
        let to = address::read(&mut r, self.socket.family)?;
        let ancillary = usize::try_from(r.i32()?).ok()?;
        r.bytes(ancillary)?;
        let datagram = r.0;
        let sent = self.socket.fd().and_then(|fd| {
            let peer = to.to_system()?;
            let flags = SendFlags::NOSIGNAL;
            Ok(rustix::io::retry_on_intr(|| {
                if connected && to.port() == 0 {
                    rustix::net::send(fd, datagram, flags)
                } else {
                    rustix::net::sendto(fd, datagram, flags, &peer)
                }
            })?)
        });
        if sent.is_ok() {
            self.socket.sent.add(datagram.len());
        }
        Some((reference, sent))
    }
}

/// Bytes as list elements.
fn small(bytes: &[u8]) -> Vec<Term<'static>> {
    bytes.iter().map(|b| Term::small((*b).into())).collect()
}

impl Driver for Udp {
    fn output(&mut self, core: &mut Core, bytes: &[u8]) {
        let Some((reference, outcome)) = self.send(bytes) else {
            return core.fail(Errno::INVAL);
        };
        sent(core.caller, self.port, &reference, outcome.map(|_| ()));
    }

    fn control(&mut self, core: &mut Core, operation: u32, arguments: &[u8]) -> Option<Vec<u8>> {
        let Some(operation) = operation.checked_sub(MAGIC) else {
            return Some(encode(Err(BAD_PORT)));
        };
        let answer = match operation {
            request::SETOPTS => self.set_options(core, arguments),
            request::CONNECT => self.connect(core, arguments),
            request::PACKET_RECV => self.receive_request(core, arguments),
            request::CLOSE => {
                self.stop();
                Ok(Vec::new())
            }
            _ => self
                .socket
                .control(operation, arguments)
                .unwrap_or(Err(BAD_PORT)),
        };
        Some(encode(answer))
    }

    fn ready_input(&mut self, core: &mut Core, _: RawFd) {
        self.watching = false;
        for _ in 0..self.socket.options.read_packets {
            if core.ended || !self.wants_input() {
                break;
            }
            let mut buffer = vec![0; self.socket.options.buffer.min(DATAGRAM)];
            let Ok(fd) = self.socket.fd() else { return };
            match rustix::net::recvfrom(fd, buffer.as_mut_slice(), RecvFlags::empty()) {
                Ok((n, _, from)) => {
                    buffer.truncate(n);
                    let from = from.and_then(|a| Address::of_system(a).ok());
                    self.deliver(core, &from.unwrap_or(Address::Unspecified), &buffer);
                }
                Err(Errno::AGAIN) => break,
                Err(Errno::INTR) => {}
                Err(e) => self.receive_failed(core, e),
            }
        }
        self.watch();
    }

    fn timeout(&mut self, _: &mut Core, what: u64) {
        if let Ok(number) = u16::try_from(what) {
            self.expire(number);
        }
    }

    fn stop(&mut self) {
        for w in self.waiting.drain(..) {
            w.fail(self.port, Failure("closed"));
        }
        self.socket.close();
    }
}
