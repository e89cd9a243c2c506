//! Accepting: each new connection becomes a port of its own, owned by and linked to who has asked for it.

use super::super::reply::Waiting;
use super::super::socket::{Socket, status};
use super::super::{Answer, Reader};
use super::Tcp;
use crate::deliver;
use crate::port::{Core, Port, table};
use corten_term::{PortId, Term};
use rustix::io::Errno;
use rustix::net::SocketFlags;
use std::borrow::Cow;
use std::os::fd::OwnedFd;

impl Tcp {
    pub(super) fn accept_request(&mut self, core: &Core, arguments: &[u8]) -> Answer {
        let time = Reader(arguments).i32().ok_or(Errno::INVAL)?;
        if !self.is(status::LISTENING) {
            return Err(Errno::INVAL.into());
        }
        let number = self.socket.next_number();
        let waiting = Waiting::new(self.port, number, core.caller, time);
        self.accepting.push_back(waiting);
        self.accept_all();
        self.watch();
        Ok(number.to_be_bytes().to_vec())
    }

    /// Those who have ended wait no longer.
    fn forget_dead_acceptors(&mut self) {
        let processes = &corten_engine::node().processes;
        self.accepting.retain(|w| {
            let alive = processes.is_alive(w.caller);
            if !alive {
                w.forget();
            }
            alive
        });
    }

    /// Notes in the status whether one or several processes wait.
    pub(super) fn note_acceptors(&mut self) {
        self.forget_dead_acceptors();
        let waiting = self.accepting.len();
        let bits = [
            (waiting > 0, status::ACCEPTING),
            (waiting > 1, status::SEVERAL),
        ];
        for (on, bit) in bits {
            self.socket.status = (self.socket.status & !bit) | if on { bit } else { 0 };
        }
    }

    /// Gives connections to those who wait, in their order.
    pub(super) fn accept_all(&mut self) {
        self.forget_dead_acceptors();
        while !self.accepting.is_empty() {
            let Ok(fd) = self.socket.fd() else { return };
            let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
            match rustix::net::accept_with(fd, flags) {
                Ok(new) => {
                    if let Some(waiting) = self.accepting.pop_front() {
                        self.accepted(waiting, new);
                    }
                }
                Err(Errno::AGAIN) => return,
                // The connection was gone before it was accepted.
                Err(Errno::INTR | Errno::CONNABORTED) => {}
                Err(e) => {
                    if let Some(waiting) = self.accepting.pop_front() {
                        waiting.fail(self.port, e.into());
                    }
                }
            }
        }
    }

    fn accepted(&mut self, waiting: Waiting, fd: OwnedFd) {
        let Some(id) = table::reserve() else {
            return waiting.fail(self.port, super::Failure("system_limit"));
        };
        let mut core = Core::new(id, Cow::Borrowed(b"tcp_inet"), waiting.caller);
        core.binary = true;
        core.limits = self.socket.options.limits();
        let driver = Tcp::new(id, self.socket.connection(fd));
        table::insert(Port::new(id, core, Box::new(driver)));
        if !deliver::link(waiting.caller, id) {
            // Nobody waits any more: the connection ends with the port.
            return close(id);
        }
        waiting.answer(self.port, |h| h.tuple(&[Term::OK, Term::port(id)]));
    }
}

fn close(id: PortId) {
    if let Some(port) = crate::port::find(id) {
        port.close(crate::port::Ending::Normal, None);
    }
}

impl Socket {
    /// The socket of a connection that this one has accepted.
    fn connection(&self, fd: OwnedFd) -> Socket {
        let mut socket = Socket::new(rustix::net::SocketType::STREAM);
        socket.fd = Some(fd);
        socket.family = self.family;
        socket.status = status::OPEN | status::CONNECTED;
        socket.options = self.options.for_connection();
        socket
    }
}
