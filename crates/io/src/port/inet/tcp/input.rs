//! Receiving: bytes are read while somebody wants data, cut into packets, and given to the owner (active) or to
//! who has asked (passive).

use super::super::options::Active;
use super::super::reply::Waiting;
use super::super::socket::status;
use super::super::{Answer, Failure, Reader};
use super::{CLOSED, TIMEOUT, Tcp, reason};
use crate::atoms::intern;
use crate::deliver;
use crate::port::Core;
use crate::port::core::data;
use corten_engine::packet::{self, Extent, Packets};
use corten_term::{Heap, Term, am};
use rustix::io::Errno;
use rustix::net::RecvFlags;

/// Most bytes that a program may ask for at once, and of a packet: longer lengths are taken for garbage.
const MAX_RECEIVE: usize = 64 << 20;
const MAX_PACKET: usize = i32::MAX as usize;
/// Most bytes of one system call, unless the program says more: what a peer announces may never come.
const MAX_READ: usize = 1 << 20;

/// Bytes that have been read and not been given to anybody.
#[derive(Debug, Default)]
pub struct Input {
    bytes: Vec<u8>,
    start: usize,
    /// In HTTP: the next line is a header.
    headers: bool,
}

impl Input {
    fn waiting(&self) -> &[u8] {
        &self.bytes[self.start..]
    }
    fn take(&mut self, n: usize) -> Vec<u8> {
        let taken = self.bytes[self.start..self.start + n].to_vec();
        self.start += n;
        if self.start == self.bytes.len() {
            self.bytes.clear();
            self.start = 0;
        }
        taken
    }
    fn add(&mut self, bytes: &[u8]) {
        if self.start > self.bytes.len() / 2 {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }
    /// Puts bytes in front.
    pub fn put_back(&mut self, bytes: &[u8]) {
        let rest = self.waiting();
        self.bytes = [bytes, rest].concat();
        self.start = 0;
    }
}

/// What the buffered bytes have to offer.
enum Next {
    Packet(Vec<u8>),
    /// At least so many bytes are missing.
    Missing(usize),
    Invalid,
}

impl Tcp {
    pub(super) fn receive_request(&mut self, core: &mut Core, arguments: &[u8]) -> Answer {
        if self.input_ended {
            return Err(CLOSED);
        }
        if !self.is(status::CONNECTED) {
            let Some(why) = self.next_receive.take() else {
                return Err(Errno::NOTCONN.into());
            };
            self.next_send = None;
            return Err(why);
        }
        let mut r = Reader(arguments);
        let (Some(time), Some(length)) = (r.i32(), r.i32()) else {
            return Err(Errno::INVAL.into());
        };
        let length = usize::try_from(length).map_err(|_| Errno::INVAL)?;
        let raw = self.socket.options.packets().0 == Packets::Raw;
        if self.socket.options.is_active() || (!raw && length != 0) {
            return Err(Errno::INVAL.into());
        }
        if length > MAX_RECEIVE {
            return Err(Errno::NOMEM.into());
        }
        if self.receiving.is_some() {
            return Err(Errno::ALREADY.into());
        }
        let number = self.socket.next_number();
        let answer = number.to_be_bytes().to_vec();
        self.receiving = Some((Waiting::new(self.port, number, core.caller, -1), length));
        self.deliver_buffered(core);
        if self.receiving.is_some() {
            self.read(core);
        }
        // The timer starts only if there is something to wait for.
        if let Some((waiting, _)) = &mut self.receiving {
            if time == 0 {
                let waiting = *waiting;
                self.receiving = None;
                waiting.fail(self.port, TIMEOUT);
            } else {
                *waiting = Waiting::new(self.port, number, core.caller, time);
            }
        }
        self.watch();
        Ok(answer)
    }

    fn next(&self) -> Next {
        let bytes = self.input.waiting();
        let wanted = match &self.receiving {
            Some((_, length)) => *length,
            None => 0,
        };
        let (kind, _) = self.packets();
        if kind == Packets::Raw {
            return match bytes.len() {
                n if wanted > n => Next::Missing(wanted - n),
                0 => Next::Missing(1),
                n => Next::Packet(bytes[..if wanted > 0 { wanted } else { n }].to_vec()),
            };
        }
        match packet::extent(kind, bytes, &self.socket.options.packet_limits()) {
            Extent::Whole(n) if n > MAX_PACKET => Next::Invalid,
            Extent::Whole(n) if n <= bytes.len() => Next::Packet(bytes[..n].to_vec()),
            Extent::Whole(n) => Next::Missing(n - bytes.len()),
            Extent::Unknown => Next::Missing(1),
            Extent::Invalid => Next::Invalid,
        }
    }

    /// Kind of packets; whether strings of HTTP are binaries.
    fn packets(&self) -> (Packets, bool) {
        match self.socket.options.packets() {
            (Packets::Http { headers }, binaries) => {
                let headers = headers || self.input.headers;
                (Packets::Http { headers }, binaries)
            }
            other => other,
        }
    }

    /// Gives away packets as long as somebody wants them and there are whole ones. Tells how many bytes are
    /// missing for the next.
    pub(super) fn deliver_buffered(&mut self, core: &mut Core) -> usize {
        while !core.ended && core.ending.is_none() && self.wants_input() {
            match self.next() {
                Next::Packet(bytes) => {
                    self.input.take(bytes.len());
                    self.deliver(core, &bytes);
                }
                Next::Missing(n) => return n,
                Next::Invalid => {
                    self.broken(core, Errno::MSGSIZE);
                    return 1;
                }
            }
        }
        1
    }

    /// Reads once, and gives away what that completes.
    pub(super) fn read(&mut self, core: &mut Core) {
        let missing = match self.next() {
            Next::Missing(n) => n,
            _ => 1,
        };
        let raw = self.socket.options.packets().0 == Packets::Raw;
        let wanted = match &self.receiving {
            Some((_, n)) if raw && *n > 0 => missing,
            _ => missing.max(self.socket.options.buffer as usize),
        };
        let mut buffer = vec![0; wanted.min(MAX_READ.max(self.socket.options.buffer as usize))];
        let Ok(fd) = self.socket.fd() else { return };
        match rustix::net::recv(fd, buffer.as_mut_slice(), RecvFlags::empty()) {
            Ok((0, _)) => self.other_side_ended(core),
            Ok((n, _)) => {
                self.input.add(&buffer[..n]);
                self.deliver_buffered(core);
            }
            Err(Errno::AGAIN | Errno::INTR) => {}
            Err(Errno::CONNRESET) if !self.socket.options.shows_reset() => {
                self.other_side_ended(core);
            }
            Err(e) => self.broken(core, e),
        }
    }

    fn deliver(&mut self, core: &mut Core, bytes: &[u8]) {
        core.input += bytes.len() as u64;
        self.socket.received.add(bytes.len());
        let (kind, binaries) = self.packets();
        let options = &self.socket.options;
        let shape = Shape {
            kind,
            binaries,
            binary: options.binary,
            header: options.header as usize,
        };
        let port = self.port;
        let headers = &mut self.input.headers;
        if let Some((waiting, _)) = self.receiving.take() {
            waiting.answer(port, |h| {
                let (data, _) = shape.term(h, bytes, headers);
                h.tuple(&[Term::OK, data])
            });
        } else {
            let tag = if matches!(kind, Packets::Http { .. }) {
                "http"
            } else {
                "tcp"
            };
            deliver::message(core.connected, |h| {
                let (data, tls) = shape.term(h, bytes, headers);
                if let Some(parts) = tls {
                    // `{ssl_tls, Port, Type, Version, Data}`.
                    let tag = Term::atom(am::ssl_tls);
                    return h.tuple(&[tag, Term::port(port), parts[0], parts[1], parts[2]]);
                }
                h.tuple(&[Term::atom(intern(tag)), Term::port(port), data])
            });
            self.count_active(core);
        }
    }

    fn count_active(&mut self, core: &Core) {
        let active = &mut self.socket.options.active;
        match *active {
            Active::Once => *active = Active::Passive,
            Active::Count(n) if n > 1 => *active = Active::Count(n - 1),
            Active::Count(_) => {
                *active = Active::Passive;
                self.tell(core, "tcp_passive");
            }
            Active::Always | Active::Passive => {}
        }
    }

    /// No more input will come.
    fn other_side_ended(&mut self, core: &mut Core) {
        let file = self.abort_file(core, CLOSED);
        if core.busy && self.sender.is_some() {
            self.queue.clear();
            core.busy = false;
            self.answer_sender(Err(CLOSED));
        } else if !file {
            self.next_send = Some(CLOSED);
        }
        self.input = Input::default();
        let exits = self.socket.options.exits_on_close();
        if self.socket.options.is_active() {
            self.tell_closed(core, None);
            if exits {
                core.exit_quietly();
            } else {
                self.input_ended = true;
            }
            return;
        }
        self.untold = true;
        if let Some((waiting, _)) = self.receiving.take() {
            waiting.fail(self.port, CLOSED);
        }
        if exits {
            self.close_socket();
        } else {
            self.input_ended = true;
        }
    }

    /// Reading has failed.
    fn broken(&mut self, core: &mut Core, e: Errno) {
        let why = Failure::from(e);
        self.answer_sender(Err(why));
        self.abort_file(core, why);
        self.input = Input::default();
        if self.socket.options.is_active() {
            self.tell_closed(core, Some(why));
            if self.socket.options.exits_on_close() {
                core.exit_quietly();
            } else {
                self.close_socket();
            }
            return;
        }
        self.untold = true;
        if let Some((waiting, _)) = self.receiving.take() {
            waiting.answer(self.port, |h| {
                h.tuple(&[Term::atom(am::error), reason(why)])
            });
        }
        self.close_socket();
    }
}

/// How a packet becomes a term.
struct Shape {
    kind: Packets,
    binaries: bool,
    binary: bool,
    header: usize,
}

type Tls<'h> = [Term<'h>; 3];

impl Shape {
    /// The term, and of TLS records the parts. In HTTP notes whether headers follow.
    fn term<'h>(
        &self,
        h: &'h Heap,
        bytes: &[u8],
        follow: &mut bool,
    ) -> (Term<'h>, Option<Tls<'h>>) {
        match self.kind {
            Packets::Http { headers } => {
                let (line, headers) = packet::parse_http(h, bytes, headers, self.binaries);
                *follow = headers;
                (line, None)
            }
            Packets::SslTls if bytes.len() >= 5 && !packet::is_ssl2_hello(bytes) => {
                let version = [bytes[1], bytes[2]].map(|n| Term::small(n.into()));
                let parts = [
                    Term::small(bytes[0].into()),
                    h.tuple(&version),
                    h.binary(&bytes[5..]),
                ];
                let [kind, version, data] = parts;
                let tuple = [Term::atom(am::ssl_tls), Term::NIL, kind, version, data];
                (h.tuple(&tuple), Some(parts))
            }
            kind => {
                let body = &bytes[packet::body(kind, bytes)];
                if !self.binary || self.header == 0 {
                    return (data(h, body, self.binary), None);
                }
                let (head, rest) = body.split_at(self.header.min(body.len()));
                let head: Vec<_> = head.iter().map(|b| Term::small((*b).into())).collect();
                (h.list_with_tail(&head, h.binary(rest)), None)
            }
        }
    }
}
