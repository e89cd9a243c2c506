//! The `tcp_inet` driver: streams, and sockets that accept them.
//!
//! [`input`] reads and cuts packets, [`output`] writes and queues, [`accept`] makes ports for new connections,
//! [`sendfile`] sends files.
//! A socket reads only while somebody wants data: an active one its owner, a passive one who has asked.

mod accept;
mod input;
mod output;
mod sendfile;

use super::reply::{Waiting, timer};
use super::socket::{Socket, status};
use super::{Answer, BAD_PORT, Failure, MAGIC, Reader, address, encode, request};
use crate::atoms::intern;
use crate::port::stream::{OutQueue, watch_input, watch_output};
use crate::port::{Core, Driver};
use crate::{deliver, poll};
use corten_term::{PortId, Term};
use input::Input;
use rustix::io::Errno;
use rustix::net::SocketType;
use std::collections::VecDeque;
use std::os::fd::{AsFd, RawFd};

const CLOSED: Failure = Failure("closed");
const TIMEOUT: Failure = Failure("timeout");
/// The number of the timer for a send; others are numbers of requests.
const SEND_TIMER: u64 = 1 << 32;

/// See the module page. Servers hold many of these that are idle: what few need at a time is boxed.
#[derive(Debug)]
pub struct Tcp {
    port: PortId,
    socket: Socket,
    input: Input,
    connecting: Option<Box<Waiting>>,
    receiving: Option<(Waiting, usize)>,
    accepting: VecDeque<Waiting>,
    queue: OutQueue,
    /// A file that goes out before the queue.
    sending: Option<Box<sendfile::Sending>>,
    /// Who has filled the queue and is answered when there is room again.
    sender: Option<Box<output::Sender>>,
    /// Who wants to know when the queue is empty.
    subscribers: Vec<corten_term::Pid>,
    /// Shut the writing side once the queue is empty.
    shut_writing: bool,
    /// The other side has ended; nothing more comes.
    /// The connection has ended while the socket was passive: messages about it have not been sent.
    untold: bool,
    input_ended: bool,
    /// What the next send, the next receive is answered with after the connection broke.
    next_send: Option<Failure>,
    next_receive: Option<Failure>,
    watching_input: bool,
    watching_output: bool,
}

/// See `Port`: the same for its driver.
#[cfg(target_os = "linux")]
const _: () = assert!(size_of::<Tcp>() <= 384);

pub fn start(port: PortId) -> Box<dyn Driver> {
    Box::new(Tcp::new(port, Socket::new(SocketType::STREAM)))
}

/// SCTP is a driver of its own by name, but no socket of it can be opened: `eprotonosupport`.
pub fn start_sctp(port: PortId) -> Box<dyn Driver> {
    Box::new(Tcp::new(port, Socket::new(SocketType::SEQPACKET)))
}

impl Tcp {
    fn new(port: PortId, socket: Socket) -> Tcp {
        Tcp {
            port,
            socket,
            input: Input::default(),
            connecting: None,
            receiving: None,
            accepting: VecDeque::new(),
            queue: OutQueue::default(),
            sending: None,
            sender: None,
            subscribers: Vec::new(),
            shut_writing: false,
            untold: false,
            input_ended: false,
            next_send: None,
            next_receive: None,
            watching_input: false,
            watching_output: false,
        }
    }

    fn is(&self, bit: u32) -> bool {
        self.socket.status & bit != 0
    }

    /// Bytes that wait to be written, without those of a file.
    fn queued(&self) -> usize {
        let before = self.sending.as_ref().map_or(0, |s| s.queued());
        before + self.queue.size()
    }

    fn has_output(&self) -> bool {
        self.sending.is_some() || self.queue.size() > 0
    }

    fn wants_input(&self) -> bool {
        if self.is(status::LISTENING) {
            return !self.accepting.is_empty();
        }
        self.is(status::CONNECTED)
            && !self.input_ended
            && (self.socket.options.is_active() || self.receiving.is_some())
    }

    fn watch(&mut self) {
        let Some(fd) = self.socket.raw() else { return };
        if self.wants_input() && !std::mem::replace(&mut self.watching_input, true) {
            watch_input(self.port, fd);
        }
        let wants_output = self.connecting.is_some() || self.has_output();
        if wants_output && !std::mem::replace(&mut self.watching_output, true) {
            watch_output(self.port, fd);
        }
    }

    fn set_options(&mut self, core: &mut Core, arguments: &[u8]) -> Answer {
        let Socket {
            fd,
            options,
            family,
            ..
        } = &mut self.socket;
        let changes = options.set(fd.as_ref().map(AsFd::as_fd), *family, arguments)?;
        core.limits = options.limits();
        if changes.passive {
            self.tell(core, "tcp_passive");
        }
        if changes.active && std::mem::take(&mut self.untold) {
            self.tell_late(core);
        } else if changes.active {
            self.deliver_buffered(core);
        }
        self.watch();
        Ok(Vec::new())
    }

    /// The connection ended while the socket was passive: its owner, who wants messages from now on, gets the last ones.
    fn tell_late(&mut self, core: &mut Core) {
        let why = self.next_receive.take().filter(|why| *why != CLOSED);
        self.tell_closed(core, why);
        if self.socket.options.exits_on_close() {
            core.exit_quietly();
        }
    }

    /// `{Tag, Port}` to the owner.
    fn tell(&self, core: &Core, tag: &str) {
        let port = self.port;
        deliver::message(core.connected, |h| {
            h.tuple(&[Term::atom(intern(tag)), Term::port(port)])
        });
    }

    fn connect(&mut self, core: &Core, arguments: &[u8]) -> Answer {
        let mut r = Reader(arguments);
        let time = r.i32().ok_or(Errno::INVAL)?;
        let to = address::read(&mut r, self.socket.family).ok_or(Errno::INVAL)?;
        if self.connecting.is_some() {
            return Err(Errno::INVAL.into());
        }
        if self.is(status::CONNECTED) {
            return Err(Errno::ISCONN.into());
        }
        let connected = rustix::net::connect(self.socket.fd()?, &to.to_system()?);
        let number = self.socket.next_number();
        let waiting = |time| Waiting::new(self.port, number, core.caller, time);
        match connected {
            Ok(()) => {
                self.socket.status |= status::CONNECTED;
                waiting(-1).answer(self.port, |_| Term::OK);
            }
            Err(Errno::INPROGRESS) => {
                self.connecting = Some(Box::new(waiting(time)));
                self.socket.status |= status::CONNECTING;
            }
            Err(e) => return Err(e.into()),
        }
        self.watch();
        Ok(number.to_be_bytes().to_vec())
    }

    /// The connection is there, or is not going to be.
    fn connected(&mut self) {
        if self.connecting.is_none() {
            return;
        }
        let Ok(fd) = self.socket.fd() else { return };
        let outcome = match rustix::net::sockopt::socket_error(fd) {
            Ok(Ok(())) if rustix::net::getpeername(fd).is_err() => return,
            Ok(outcome) => outcome,
            Err(e) => Err(e),
        };
        let Some(waiting) = self.connecting.take() else {
            return;
        };
        self.socket.status &= !status::CONNECTING;
        match outcome {
            Ok(()) => {
                self.socket.status |= status::CONNECTED;
                waiting.answer(self.port, |_| Term::OK);
            }
            Err(e) => waiting.fail(self.port, e.into()),
        }
    }

    fn listen(&mut self, arguments: &[u8]) -> Answer {
        let backlog = Reader(arguments).u16().ok_or(Errno::INVAL)?;
        rustix::net::listen(self.socket.fd()?, backlog.into())?;
        self.socket.status |= status::LISTENING;
        Ok(Vec::new())
    }

    /// 0 reading, 1 writing, 2 both. Writing ends when everything queued is written.
    fn shutdown(&mut self, arguments: &[u8]) -> Answer {
        use rustix::net::Shutdown;
        if !self.is(status::CONNECTED) {
            return Err(self.next_send.take().unwrap_or(Errno::NOTCONN.into()));
        }
        let how = match arguments.first() {
            Some(0) => Shutdown::Read,
            Some(1) => Shutdown::Write,
            Some(2) => Shutdown::Both,
            _ => return Err(Errno::INVAL.into()),
        };
        if how != Shutdown::Read && self.has_output() {
            self.shut_writing = true;
            return Ok(Vec::new());
        }
        rustix::net::shutdown(self.socket.fd()?, how)?;
        Ok(Vec::new())
    }

    fn subscribe(&mut self, core: &Core, arguments: &[u8]) -> Answer {
        let pending = u32::try_from(self.queued()).unwrap_or(u32::MAX);
        if pending > 0 {
            self.subscribers.push(core.caller);
        }
        let mut out = Vec::new();
        for event in arguments {
            out.push(*event);
            out.extend(pending.to_be_bytes());
        }
        Ok(out)
    }

    /// Lets go of the socket; the port stays.
    fn close_socket(&mut self) {
        self.queue.clear();
        self.sending = None;
        self.input = Input::default();
        self.socket.close();
    }

    fn fail_waiting(&mut self, why: Failure) {
        let waiting = self
            .accepting
            .drain(..)
            .chain(self.connecting.take().map(|w| *w))
            .chain(self.receiving.take().map(|(w, _)| w));
        let port = self.port;
        waiting.for_each(|w| w.fail(port, why));
    }
}

impl Driver for Tcp {
    fn output(&mut self, core: &mut Core, data: &[u8]) {
        self.send(core, data);
        self.watch();
    }

    fn control(&mut self, core: &mut Core, operation: u32, arguments: &[u8]) -> Option<Vec<u8>> {
        let Some(operation) = operation.checked_sub(MAGIC) else {
            return Some(encode(Err(BAD_PORT)));
        };
        if operation == request::GETSTATUS {
            self.note_acceptors();
        }
        let answer = match operation {
            request::SETOPTS => self.set_options(core, arguments),
            request::CONNECT => self.connect(core, arguments),
            request::LISTEN => self.listen(arguments),
            request::ACCEPT => self.accept_request(core, arguments),
            request::TCP_RECV => self.receive_request(core, arguments),
            request::TCP_UNRECV => {
                self.input.put_back(arguments);
                self.deliver_buffered(core);
                Ok(Vec::new())
            }
            request::TCP_SHUTDOWN => self.shutdown(arguments),
            request::SUBSCRIBE => self.subscribe(core, arguments),
            request::TCP_SENDFILE => self.send_file(core, arguments),
            request::GETSTAT => Ok(self.socket.statistics(arguments, self.queued())),
            request::CLOSE => {
                self.close_socket();
                Ok(Vec::new())
            }
            _ => self
                .socket
                .control(operation, arguments)
                .unwrap_or(Err(BAD_PORT)),
        };
        if operation == request::FDOPEN && answer.is_ok() && self.socket.has_peer() {
            self.socket.status |= status::CONNECTED;
        }
        Some(encode(answer))
    }

    fn ready_input(&mut self, core: &mut Core, _: RawFd) {
        self.watching_input = false;
        if self.is(status::LISTENING) {
            self.accept_all();
        } else if !core.ended && self.wants_input() {
            self.read(core);
        }
        self.watch();
    }

    fn ready_output(&mut self, core: &mut Core, _: RawFd) {
        self.watching_output = false;
        if self.connecting.is_some() {
            self.connected();
            self.deliver_buffered(core);
        }
        self.write_queued(core);
        self.watch();
    }

    fn timeout(&mut self, core: &mut Core, what: u64) {
        if what == SEND_TIMER {
            return self.send_timed_out(core);
        }
        let Ok(number) = u16::try_from(what) else {
            return;
        };
        let port = self.port;
        if let Some(i) = self.accepting.iter().position(|w| w.number == number) {
            if let Some(w) = self.accepting.remove(i) {
                w.fail(port, TIMEOUT);
            }
        } else if let Some((w, _)) = self.receiving.take_if(|(w, _)| w.number == number) {
            w.fail(port, TIMEOUT);
        } else if let Some(w) = self.connecting.take_if(|w| w.number == number) {
            w.fail(port, TIMEOUT);
            self.close_socket();
        }
    }

    fn takes_data_while_busy(&self) -> bool {
        true
    }

    fn decides_busy(&self) -> bool {
        true
    }

    fn pending(&self) -> usize {
        self.queued()
    }

    /// Neither a file nor what the program wants dropped holds the port back.
    fn lingers(&self) -> bool {
        self.queued() > 0 && self.sending.is_none() && !self.socket.drops_at_end()
    }

    fn stop(&mut self) {
        self.fail_waiting(CLOSED);
        self.answer_sender(Err(CLOSED));
        self.close_socket();
    }
}

/// Sets a timer for a send.
fn send_timer(port: PortId, milliseconds: i32) -> Option<poll::Timer> {
    let ms = u64::try_from(milliseconds).ok()?;
    Some(timer(port, ms, SEND_TIMER))
}

/// `{error, closed}` and the like, for messages.
fn reason(why: Failure) -> Term<'static> {
    Term::atom(intern(why.0))
}
