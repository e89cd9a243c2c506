//! The `udp_inet` driver: datagrams.
//!
//! Sending never waits: the system takes a datagram or refuses it. Receiving is active (messages to the
//! owner) or by request, with a time limit.

use super::address::Address;
use super::options::{ANCILLARY, Active, DATAGRAM, ancillary_number};
use super::reply::{Waiting, sent};
use super::socket::{Socket, status};
use super::{Answer, BAD_PORT, Failure, MAGIC, Reader, address, encode, request};
use crate::atoms::intern;
use crate::port::core::data;
use crate::port::stream::watch_input;
use crate::port::{Core, Driver};
use crate::sys::message::Control;
use crate::{deliver, errno, sys};
use corten_term::{Heap, PortId, Term};
use rustix::io::Errno;
use rustix::net::SocketType;
use std::io::IoSlice;
use std::os::fd::{AsFd, RawFd};

/// Bytes of ancillary data that a datagram may come with.
const ANCILLARY_SIZE: usize = 256;

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

    /// Nobody is the only peer any more.
    fn disconnect(&mut self) -> Result<(), Failure> {
        self.socket.status &= !status::CONNECTED;
        Ok(rustix::net::connect_unspec(self.socket.fd()?)?)
    }

    /// Sets or takes away the only peer; answered with a number like every connection.
    fn connect(&mut self, core: &Core, arguments: &[u8]) -> Answer {
        if arguments.is_empty() {
            return self.disconnect().map(|()| Vec::new());
        }
        let mut r = Reader(arguments);
        r.i32().ok_or(Errno::INVAL)?;
        let to = address::read(&mut r, self.socket.family).ok_or(Errno::INVAL)?;
        if self.socket.status & status::CONNECTED != 0 {
            // Linux keeps the source address of the earlier peer otherwise.
            self.disconnect()?;
        }
        rustix::net::connect(self.socket.fd()?, &to.to_system()?)?;
        self.socket.status |= status::CONNECTED;
        let number = self.socket.next_number();
        Waiting::new(self.port, number, core.caller, -1).answer(self.port, |_| Term::OK);
        Ok(number.to_be_bytes().to_vec())
    }

    fn receive_request(&mut self, core: &mut Core, arguments: &[u8]) -> Answer {
        let time = Reader(arguments).i32().ok_or(Errno::INVAL)?;
        self.socket.fd()?;
        if self.socket.options.active != Active::Passive {
            return Err(Errno::INVAL.into());
        }
        let number = self.socket.next_number();
        self.waiting
            .push(Waiting::new(self.port, number, core.caller, -1));
        // What is there already comes even if the program does not want to wait.
        self.receive(core, 1);
        if let Some(waiting) = self.waiting.iter_mut().find(|w| w.number == number) {
            *waiting = Waiting::new(self.port, number, core.caller, time);
        }
        self.watch();
        Ok(number.to_be_bytes().to_vec())
    }

    fn expire(&mut self, number: u16) {
        if let Some(i) = self.waiting.iter().position(|w| w.number == number) {
            self.waiting.remove(i).fail(self.port, Failure("timeout"));
        }
    }

    /// Receives at most so many datagrams.
    fn receive(&mut self, core: &mut Core, most: i32) {
        for _ in 0..most {
            if core.ended || !self.wants_input() {
                break;
            }
            let mut buffer = vec![0; (self.socket.options.buffer as usize).min(DATAGRAM)];
            let Ok(fd) = self.socket.fd() else { return };
            let size = if self.socket.options.has_ancillary() {
                ANCILLARY_SIZE
            } else {
                0
            };
            match sys::message::receive(fd, &mut buffer, size, 0) {
                Ok(got) => {
                    let from = got.from.and_then(|a| Address::of_system(a).ok());
                    let from = from.unwrap_or(Address::Unspecified);
                    self.deliver(core, &from, &got.control, &buffer[..got.bytes]);
                }
                Err(Errno::AGAIN) => break,
                Err(Errno::INTR) => {}
                Err(e) => self.receive_failed(core, e),
            }
        }
    }

    /// A datagram goes to whoever asked first, or to the owner.
    fn deliver(&mut self, core: &mut Core, from: &Address, control: &[Control], bytes: &[u8]) {
        core.input += bytes.len() as u64;
        self.socket.received.add(bytes.len());
        let options = &self.socket.options;
        let (binary, header) = (options.binary, (options.header as usize).min(bytes.len()));
        let with_ancillary = options.has_ancillary();
        // Header bytes come as list elements in front of a binary.
        let (head, body) = bytes.split_at(if binary { header } else { 0 });
        if !self.waiting.is_empty() {
            let prefix = from.to_bytes();
            self.waiting.remove(0).answer(self.port, |h| {
                let body = h.list_with_tail(&small(head), data(h, body, binary));
                let data = h.list_with_tail(&small(&prefix), body);
                let data = match with_ancillary {
                    true => h.tuple(&[data, ancillary(h, control)]),
                    false => data,
                };
                h.tuple(&[Term::OK, data])
            });
            return;
        }
        let port = self.port;
        deliver::message(core.connected, |h| {
            let body = h.list_with_tail(&small(head), data(h, body, binary));
            let udp = Term::atom(intern("udp"));
            let number = Term::small(from.port().into());
            let source = [udp, Term::port(port), from.term(h), number];
            match with_ancillary {
                true => h.tuple(&[&source[..], &[ancillary(h, control), body]].concat()),
                false => h.tuple(&[&source[..], &[body]].concat()),
            }
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
        let size = usize::try_from(r.i32()?).ok()?;
        let control = read_ancillary(Reader(r.bytes(size)?));
        let datagram = r.0;
        let sent = self.socket.fd().and_then(|fd| {
            let control = control.ok_or(Errno::INVAL)?;
            let implied = connected && to.port() == 0 && matches!(to, Address::Ip(_));
            let peer = if implied { None } else { Some(to.to_system()?) };
            let parts = [IoSlice::new(datagram)];
            Ok(rustix::io::retry_on_intr(|| {
                sys::message::send(fd, &parts, peer.as_ref(), &control, libc::MSG_NOSIGNAL)
            })?)
        });
        if sent.is_ok() {
            self.socket.sent.add(datagram.len());
        }
        Some((reference, sent))
    }
}

/// Ancillary data for `sendmsg`: options, each with a number. `None` if there is one that cannot go with a datagram.
fn read_ancillary(mut r: Reader<'_>) -> Option<Vec<Control>> {
    let mut all = Vec::new();
    while let Some(option) = r.u8() {
        let (level, kind, ..) = *ANCILLARY.iter().find(|k| k.3 == option)?;
        let data = r.i32()?.to_ne_bytes().to_vec();
        all.push(Control { level, kind, data });
    }
    Some(all)
}

/// Ancillary data of a datagram: a list of names and numbers.
fn ancillary<'h>(h: &'h Heap, control: &[Control]) -> Term<'h> {
    let known = control.iter().filter_map(|c| {
        let kind = ANCILLARY.iter().find(|k| (k.0, k.1) == (c.level, c.kind))?;
        let value = ancillary_number(&c.data).into();
        Some(h.tuple(&[Term::atom(intern(kind.2)), Term::small(value)]))
    });
    h.list(&known.collect::<Vec<_>>())
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
        self.receive(core, self.socket.options.read_packets);
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
