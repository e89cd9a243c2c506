//! Sending: what the system does not take at once is queued. The first message in the queue may be of any size;
//! who fills it beyond its limit with another one is answered only when it has drained.

use super::super::reply::sent;
use super::super::socket::status;
use super::super::{Failure, Reader};
use super::{CLOSED, TIMEOUT, Tcp, reason, send_timer};
use crate::atoms::intern;
use crate::port::Core;
use crate::{deliver, poll};
use corten_engine::packet::Packets;
use corten_term::{Pid, Term};
use rustix::io::Errno;
use std::io::IoSlice;
use std::os::fd::{AsFd, AsRawFd};

/// Who waits for room in the queue.
#[derive(Debug)]
pub struct Sender {
    caller: Pid,
    /// In external format.
    reference: Vec<u8>,
    timer: Option<poll::Timer>,
}

impl Tcp {
    pub(super) fn answer_sender(&mut self, outcome: Result<(), Failure>) {
        if let Some(s) = self.sender.take() {
            if let Some(t) = s.timer {
                poll::cancel(t);
            }
            sent(s.caller, self.port, &s.reference, outcome);
        }
    }

    /// A reference in external format with its length in front, then the data.
    pub(super) fn send(&mut self, core: &mut Core, bytes: &[u8]) {
        let mut r = Reader(bytes);
        let reference = r.u16().and_then(|n| r.bytes(n.into()));
        let Some(reference) = reference else {
            return core.fail(Errno::INVAL);
        };
        let data = r.0;
        let caller = core.caller;
        if !self.is(status::CONNECTED) {
            let why = self.next_send.take().unwrap_or(Errno::NOTCONN.into());
            return sent(caller, self.port, reference, Err(why));
        }
        let length = (data.len() as u64).to_be_bytes();
        let header = self.header(&length);
        self.socket.sent.add(header.len() + data.len());
        let first = !self.has_output();
        let sender = || {
            Some(Box::new(Sender {
                caller,
                reference: reference.to_vec(),
                timer: None,
            }))
        };
        if first && !core.busy && !self.socket.options.delays_sending() {
            match self.write_at_once(header, data) {
                Ok(rest) => {
                    self.queue.push(rest);
                    return sent(caller, self.port, reference, Ok(()));
                }
                Err(e) => {
                    self.sender = sender();
                    return self.send_failed(core, e);
                }
            }
        }
        self.queue.push([header, data].concat());
        // An earlier sender that still waits has forced its way in: it need not wait for this one.
        self.answer_sender(Ok(()));
        self.sender = sender();
        let full = self.queued() >= self.socket.options.limits().high;
        core.busy |= full && !first;
        if !self.socket.options.delays_sending() {
            self.write_queued(core);
        } else if !core.busy {
            // Goes out when the socket is found writable, together with what comes until then.
            self.answer_sender(Ok(()));
        }
        let time = self.socket.options.send_timeout();
        if let Some(s) = &mut self.sender {
            s.timer = send_timer(self.port, time);
        }
    }

    /// The length in front of a message, of its bytes those that there is room for: as in the reference engine one that
    /// is too long is cut.
    fn header<'a>(&self, length: &'a [u8; 8]) -> &'a [u8] {
        match self.socket.options.packets().0 {
            Packets::Length(n) => &length[8 - n..],
            _ => &[],
        }
    }

    /// Writes a message that nothing is before. Returns what the system did not take.
    fn write_at_once(&self, header: &[u8], data: &[u8]) -> Result<Vec<u8>, Errno> {
        let Some(fd) = &self.socket.fd else {
            return Err(Errno::NOTCONN);
        };
        let slices = [IoSlice::new(header), IoSlice::new(data)];
        let done = match rustix::io::writev(fd, &slices) {
            Err(Errno::AGAIN | Errno::INTR) => 0,
            other => other?,
        };
        let (head, rest) = (done.min(header.len()), done.saturating_sub(header.len()));
        Ok([&header[head..], &data[rest..]].concat())
    }

    /// Writes what the system takes, and does what was waiting for it.
    pub(super) fn write_queued(&mut self, core: &mut Core) {
        match self.write_file(core) {
            Ok(true) => {}
            // Room that the queue has is of no use to anybody before the file is out.
            Ok(false) if core.busy => return,
            Ok(false) => return self.answer_sender(Ok(())),
            Err(e) => {
                self.abort_file(core, e.into());
                return self.send_failed(core, e);
            }
        }
        if let Some(fd) = &self.socket.fd
            && self.socket.status & status::CONNECTED != 0
            && let Err(e) = self.queue.write(fd.as_fd(), fd.as_raw_fd(), false)
        {
            return self.send_failed(core, e);
        }
        let pending = self.queue.size();
        core.busy &= pending > self.socket.options.limits().low;
        if !core.busy {
            self.answer_sender(Ok(()));
        }
        if pending > 0 {
            return;
        }
        let port = self.port;
        for to in self.subscribers.drain(..) {
            deliver::message(to, |h| {
                h.tuple(&[Term::atom(intern("empty_out_q")), Term::port(port)])
            });
        }
        if std::mem::take(&mut self.shut_writing)
            && let Ok(fd) = self.socket.fd()
        {
            // A connection that is gone needs no shutting.
            let _ = rustix::net::shutdown(fd, rustix::net::Shutdown::Write);
        }
    }

    /// The connection is broken. In passive mode the next receive tells so too.
    fn send_failed(&mut self, core: &mut Core, e: Errno) {
        self.queue.clear();
        let show = e == Errno::CONNRESET && self.socket.options.shows_reset();
        let why = if show { e.into() } else { CLOSED };
        let active = self.socket.options.is_active();
        if active {
            self.tell_closed(core, show.then_some(why));
        }
        if self.sender.is_some() {
            self.answer_sender(Err(why));
        } else {
            self.next_send = Some(why);
        }
        if active && self.socket.options.exits_on_close() {
            core.exit_quietly();
            return;
        }
        self.untold = !active;
        self.fail_waiting(why);
        self.next_receive = Some(why);
        self.close_socket();
    }

    /// `{tcp_error, Port, Reason}` if there is one, then `{tcp_closed, Port}`.
    pub(super) fn tell_closed(&self, core: &Core, why: Option<Failure>) {
        let port = self.port;
        if let Some(why) = why {
            deliver::message(core.connected, |h| {
                let tag = Term::atom(intern("tcp_error"));
                h.tuple(&[tag, Term::port(port), reason(why)])
            });
        }
        self.tell(core, "tcp_closed");
    }

    pub(super) fn send_timed_out(&mut self, core: &mut Core) {
        if self.sender.is_none() {
            return;
        }
        self.answer_sender(Err(TIMEOUT));
        core.busy = false;
        if self.socket.options.closes_on_timeout() {
            self.next_receive = Some(CLOSED);
            self.next_send = Some(CLOSED);
            self.abort_file(core, CLOSED);
            self.fail_waiting(CLOSED);
            self.close_socket();
        }
    }
}
