//! The `tcp_inet` driver: listening, connecting, and streams of bytes cut into packets.
//!
//! Whatever has to wait (a connection, an accept, a receive) gets a number at once and its answer later. Input
//! is active (messages to the owner) or by request. What the system does not take at once is queued. When the
//! other side closes, an active socket's port ends; a passive one stays without a descriptor.

use super::options::{Active, number};
use super::packet::Packet;
use super::socket::{Socket, status};
use super::{
    Answer, BAD_PORT, Failure, MAGIC, Reader, address, answer_later, encode, failure, request,
};
use crate::atoms::intern;
use crate::port::core::data;
use crate::port::stream::{OutQueue, Read, read, watch_input, watch_output};
use crate::port::{Core, Driver, Ending, Port, expire, table};
use crate::{deliver, errno, poll};
use corten_term::etf::{self, DecodeOptions, EtfContext, NoFuns};
use corten_term::{Heap, Pid, PortId, Term, am};
use rustix::io::Errno;
use rustix::net::{Shutdown, SocketFlags, SocketType, sockopt};
use std::collections::VecDeque;
use std::os::fd::{AsFd, RawFd};
use std::time::Duration;

/// A request that is not answered yet.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    number: u16,
    caller: Pid,
    timer: Option<poll::Timer>,
    /// Bytes that a receive wants; 0 = what there is, or a packet.
    length: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Open, perhaps bound.
    Idle,
    Listening,
    Connecting,
    Connected,
    /// The other side has closed: nothing more comes.
    Closed,
}

#[derive(Debug)]
pub struct Tcp {
    port: PortId,
    socket: Socket,
    state: State,
    /// Accepts, receives or the one connect.
    waiting: VecDeque<Waiting>,
    watching_input: bool,
    watching_output: bool,
    input: Vec<u8>,
    queue: OutQueue,
    /// Shut down writing as soon as the queue is empty.
    shut_down_write: bool,
    /// Who wants to hear when the queue is empty.
    subscribers: Vec<Pid>,
    /// A receive has said already that the socket is closed.
    closed_told: bool,
}

pub fn start(port: PortId) -> Box<dyn Driver> {
    Box::new(Tcp::new(port, Socket::new(SocketType::STREAM), State::Idle))
}

/// What one step of delivering did.
enum Step {
    Delivered,
    NeedsMore,
}

impl Tcp {
    fn new(port: PortId, socket: Socket, state: State) -> Tcp {
        Tcp {
            port,
            socket,
            state,
            waiting: VecDeque::new(),
            watching_input: false,
            watching_output: false,
            input: Vec::new(),
            queue: OutQueue::default(),
            shut_down_write: false,
            subscribers: Vec::new(),
            closed_told: false,
        }
    }

    fn kept(&self, option: u8) -> i32 {
        self.socket.options.kept(option)
    }

    fn packet(&self) -> Packet {
        // What cannot be cut is refused when the option is set.
        Packet::of_number(self.kept(number::PACKET)).unwrap_or(Packet::Raw)
    }

    fn is_active(&self) -> bool {
        self.socket.options.active != Active::Passive
    }

    fn watch(&mut self) {
        let wants = match self.state {
            State::Listening => !self.waiting.is_empty(),
            State::Connected => self.is_active() || !self.waiting.is_empty(),
            _ => false,
        };
        if let Some(fd) = self.socket.raw() {
            if wants && !std::mem::replace(&mut self.watching_input, true) {
                watch_input(self.port, fd);
            }
            let writes = self.state == State::Connecting || self.queue.size() > 0;
            if writes && !std::mem::replace(&mut self.watching_output, true) {
                watch_output(self.port, fd);
            }
        }
    }

    /// Enters a request that is answered later.
    fn enter(&mut self, core: &Core, time: i32, length: usize) -> Answer {
        let number = self.socket.next_number();
        let port = self.port;
        let timer = u64::try_from(time).ok().map(|ms| {
            let expire = move || expire(port, number.into());
            poll::after(Duration::from_millis(ms), Box::new(expire))
        });
        self.waiting.push_back(Waiting {
            number,
            caller: core.caller,
            timer,
            length,
        });
        Ok(number.to_be_bytes().to_vec())
    }

    fn answer(&self, w: Waiting, result: impl for<'h> FnOnce(&'h Heap) -> Term<'h>) {
        if let Some(timer) = w.timer {
            poll::cancel(timer);
        }
        answer_later(w.caller, self.port, w.number, result);
    }

    fn answer_all(&mut self, reason: corten_term::Atom) {
        for w in std::mem::take(&mut self.waiting) {
            self.answer(w, |h| failure(h, reason));
        }
    }

    fn set_options(&mut self, core: &mut Core, arguments: &[u8]) -> Answer {
        let before = self.kept(number::PACKET);
        let Socket {
            fd,
            options,
            family,
            ..
        } = &mut self.socket;
        let changes = options.set(fd.as_ref().map(AsFd::as_fd), *family, arguments)?;
        if Packet::of_number(self.kept(number::PACKET)).is_none() {
            self.socket.options.keep(number::PACKET, before);
            return Err(Errno::INVAL.into());
        }
        let limit = |n: i32| usize::try_from(n).unwrap_or(0);
        core.limits.high = limit(self.kept(number::HIGH_WATERMARK)).max(1);
        core.limits.low = limit(self.kept(number::LOW_WATERMARK));
        if changes.passive {
            self.tell_passive(core);
        }
        if self.state == State::Connected {
            self.deliver_input(core);
        }
        self.watch();
        Ok(Vec::new())
    }

    /// `{tcp_passive, Port}`, `{tcp_closed, Port}`.
    fn tell(&self, core: &Core, what: &'static str) {
        let port = self.port;
        deliver::message(core.connected, |h| {
            h.tuple(&[Term::atom(intern(what)), Term::port(port)])
        });
    }

    fn tell_passive(&self, core: &Core) {
        self.tell(core, "tcp_passive");
    }

    fn listen(&mut self, arguments: &[u8]) -> Answer {
        let backlog = Reader(arguments).u16().ok_or(Errno::INVAL)?;
        if self.state != State::Idle {
            return Err(Errno::INVAL.into());
        }
        rustix::net::listen(self.socket.fd()?, i32::from(backlog as i16))?;
        self.state = State::Listening;
        self.socket.status |= status::LISTENING;
        Ok(Vec::new())
    }

    fn accept_request(&mut self, core: &mut Core, arguments: &[u8]) -> Answer {
        let time = Reader(arguments).i32().ok_or(Errno::INVAL)?;
        if self.state != State::Listening {
            return Err(Errno::INVAL.into());
        }
        let answer = self.enter(core, time, 0);
        self.accept();
        self.watch();
        answer
    }

    /// Gives connections to those who wait for them.
    fn accept(&mut self) {
        while !self.waiting.is_empty() {
            let Ok(fd) = self.socket.fd() else { return };
            let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
            match rustix::net::accept_with(fd, flags) {
                Ok(stream) => self.hand_over(stream),
                Err(Errno::INTR | Errno::CONNABORTED) => {}
                Err(Errno::AGAIN) => return,
                Err(e) => {
                    if let Some(w) = self.waiting.pop_front() {
                        self.answer(w, |h| failure(h, errno::atom(e)));
                    }
                }
            }
        }
    }

    /// Makes a port for an accepted stream. One who waited and is gone is passed over.
    fn hand_over(&mut self, stream: std::os::fd::OwnedFd) {
        let mut socket = Socket::new(SocketType::STREAM);
        socket.fd = Some(stream);
        socket.family = self.socket.family;
        socket.options = self.socket.options.clone();
        socket.options.active = Active::Passive;
        socket.status = status::OPEN | status::BOUND | status::CONNECTED;
        let Some(id) = table::reserve() else {
            if let Some(w) = self.waiting.pop_front() {
                self.answer(w, |h| failure(h, am::system_limit));
            }
            return;
        };
        while let Some(w) = self.waiting.pop_front() {
            if !deliver::link(w.caller, id) {
                if let Some(timer) = w.timer {
                    poll::cancel(timer);
                }
                continue;
            }
            let core = Core::new(id, b"tcp_inet".to_vec(), w.caller);
            table::insert(Port::new(
                id,
                core,
                Box::new(Tcp::new(id, socket, State::Connected)),
            ));
            self.answer(w, |h| h.tuple(&[Term::OK, Term::port(id)]));
            return;
        }
    }

    fn connect(&mut self, core: &Core, arguments: &[u8]) -> Answer {
        let mut r = Reader(arguments);
        let time = r.i32().ok_or(Errno::INVAL)?;
        let to = address::read(&mut r, self.socket.family).ok_or(Errno::INVAL)?;
        match self.state {
            State::Idle => {}
            State::Connected => return Err(Errno::ISCONN.into()),
            _ => return Err(Errno::INVAL.into()),
        }
        match rustix::net::connect(self.socket.fd()?, &to) {
            Ok(()) => {
                let answer = self.enter(core, -1, 0);
                self.connected(Ok(()));
                answer
            }
            Err(Errno::INPROGRESS | Errno::INTR) => {
                self.state = State::Connecting;
                let answer = self.enter(core, time, 0);
                self.watch();
                answer
            }
            Err(e) => Err(e.into()),
        }
    }

    /// The outcome of a connect.
    fn connected(&mut self, outcome: Result<(), Errno>) {
        self.state = if outcome.is_ok() {
            State::Connected
        } else {
            State::Idle
        };
        if outcome.is_ok() {
            self.socket.status |= status::CONNECTED;
        }
        if let Some(w) = self.waiting.pop_front() {
            self.answer(w, |h| match outcome {
                Ok(()) => Term::OK,
                Err(e) => failure(h, errno::atom(e)),
            });
        }
        self.watch();
    }

    fn receive_request(&mut self, core: &mut Core, arguments: &[u8]) -> Answer {
        let mut r = Reader(arguments);
        let time = r.i32().ok_or(Errno::INVAL)?;
        let length = r
            .i32()
            .and_then(|n| usize::try_from(n).ok())
            .ok_or(Errno::INVAL)?;
        match self.state {
            State::Connected => {}
            State::Closed if !self.closed_told => {
                self.closed_told = true;
                return Err(Failure("closed"));
            }
            _ => return Err(Errno::NOTCONN.into()),
        }
        if self.is_active() || length > 64 << 20 {
            return Err(Errno::INVAL.into());
        }
        let answer = self.enter(core, time, length);
        self.deliver_input(core);
        // What has come meanwhile is read at once, without a way over the poll thread.
        if !self.waiting.is_empty() {
            self.read_once(core);
        }
        self.watch();
        answer
    }

    /// Delivers what is in the buffer to whoever wants it.
    fn deliver_input(&mut self, core: &mut Core) {
        while self.state == State::Connected && (self.is_active() || !self.waiting.is_empty()) {
            match self.deliver_one(core) {
                Ok(Step::Delivered) => {}
                Ok(Step::NeedsMore) => return,
                Err(e) => return self.failed(core, e),
            }
        }
    }

    fn deliver_one(&mut self, core: &mut Core) -> Result<Step, Errno> {
        let packet = self.packet();
        let wanted = self.waiting.front().map_or(0, |w| w.length);
        let found = if packet == Packet::Raw && wanted > 0 {
            (self.input.len() >= wanted).then_some((0, wanted))
        } else {
            let limit = usize::try_from(self.kept(number::PACKET_SIZE)).unwrap_or(0);
            let delimiter = self.kept(number::LINE_DELIMITER) as u8;
            packet.find(
                &self.input,
                limit,
                delimiter,
                self.socket.options.buffer.max(1),
            )?
        };
        let Some((skip, end)) = found else {
            return Ok(Step::NeedsMore);
        };
        let rest = self.input.split_off(end);
        let bytes = std::mem::replace(&mut self.input, rest);
        self.deliver(core, &bytes[skip..]);
        Ok(Step::Delivered)
    }

    fn deliver(&mut self, core: &mut Core, bytes: &[u8]) {
        core.input += bytes.len() as u64;
        self.socket.received.add(bytes.len());
        let options = &self.socket.options;
        let (binary, header) = (options.binary, options.header.min(bytes.len()));
        let (head, body) = bytes.split_at(if binary { header } else { 0 });
        let head: Vec<Term<'static>> = head.iter().map(|b| Term::small((*b).into())).collect();
        if let Some(w) = self.waiting.pop_front() {
            return self.answer(w, |h| {
                h.tuple(&[Term::OK, h.list_with_tail(&head, data(h, body, binary))])
            });
        }
        let port = self.port;
        deliver::message(core.connected, |h| {
            let body = h.list_with_tail(&head, data(h, body, binary));
            h.tuple(&[Term::atom(intern("tcp")), Term::port(port), body])
        });
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

    fn read_once(&mut self, core: &mut Core) -> bool {
        let Ok(fd) = self.socket.fd() else {
            return false;
        };
        match read(fd) {
            Read::Data(bytes) => {
                self.input.extend_from_slice(&bytes);
                self.deliver_input(core);
                true
            }
            Read::Nothing => false,
            Read::End => {
                self.ended(core);
                false
            }
            Read::Failed(Errno::CONNRESET) if self.kept(number::SHOW_ECONNRESET) == 0 => {
                self.ended(core);
                false
            }
            Read::Failed(e) => {
                self.failed(core, e);
                false
            }
        }
    }

    /// The other side has closed the stream.
    fn ended(&mut self, core: &mut Core) {
        let active = self.is_active();
        let exit = self.kept(number::EXIT_ON_CLOSE) != 0;
        self.state = State::Closed;
        self.input.clear();
        if exit {
            self.let_go();
        }
        if active {
            self.tell(core, "tcp_closed");
            if exit {
                core.ending = Some(Ending::Normal);
            }
        } else {
            self.closed_told = !self.waiting.is_empty();
            self.answer_all(am::closed);
        }
    }

    /// Reading failed: tell, and end as if the other side had closed.
    fn failed(&mut self, core: &mut Core, e: Errno) {
        let error = errno::atom(e);
        if self.is_active() {
            let port = self.port;
            deliver::message(core.connected, |h| {
                h.tuple(&[
                    Term::atom(intern("tcp_error")),
                    Term::port(port),
                    Term::atom(error),
                ])
            });
        } else {
            self.answer_all(error);
        }
        self.ended(core);
    }

    fn let_go(&mut self) {
        self.queue.clear();
        self.empty();
        self.watching_input = false;
        self.watching_output = false;
        self.socket.close();
    }

    /// The queue is empty.
    fn empty(&mut self) {
        if std::mem::take(&mut self.shut_down_write)
            && let Ok(fd) = self.socket.fd()
        {
            // The other side may be gone already.
            let _ = rustix::net::shutdown(fd, Shutdown::Write);
        }
        let port = self.port;
        for pid in std::mem::take(&mut self.subscribers) {
            deliver::message(pid, |h| {
                h.tuple(&[Term::atom(intern("empty_out_q")), Term::port(port)])
            });
        }
    }

    fn write(&mut self) -> Result<(), Errno> {
        let (Some(raw), Some(fd)) = (self.socket.raw(), self.socket.fd.as_ref()) else {
            return Ok(());
        };
        self.queue.write(fd.as_fd(), raw, false)?;
        if self.queue.size() == 0 {
            self.empty();
        }
        self.watch();
        Ok(())
    }

    /// The caller's reference, in external format, then data.
    fn send(&mut self, bytes: &[u8]) -> Option<(Vec<u8>, Result<(), Failure>)> {
        let mut r = Reader(bytes);
        let size = r.u16()?;
        let reference = r.bytes(size.into())?.to_vec();
        Some((reference, self.send_data(r.0)))
    }

    fn send_data(&mut self, data: &[u8]) -> Result<(), Failure> {
        match self.state {
            State::Connected => {}
            State::Closed => {
                // A stream that is only half closed still takes data.
                if self.socket.fd.is_none() {
                    return Err(Failure("closed"));
                }
            }
            _ => return Err(Errno::NOTCONN.into()),
        }
        let mut message = self
            .packet()
            .header(data.len())
            .map_err(|_| Failure::from(Errno::INVAL))?;
        message.extend_from_slice(data);
        self.socket.sent.add(message.len());
        self.queue.push(message);
        self.write().map_err(|e| {
            self.queue.clear();
            match e {
                Errno::CONNRESET if self.kept(number::SHOW_ECONNRESET) != 0 => e.into(),
                Errno::CONNRESET | Errno::PIPE => Failure("closed"),
                e => e.into(),
            }
        })
    }

    fn shut_down(&mut self, arguments: &[u8]) -> Answer {
        let how = match arguments {
            [0] => Shutdown::Read,
            [1] => Shutdown::Write,
            [2] => Shutdown::Both,
            _ => return Err(Errno::INVAL.into()),
        };
        if self.state != State::Connected && self.state != State::Closed {
            return Err(Errno::NOTCONN.into());
        }
        if how == Shutdown::Write && self.queue.size() > 0 {
            self.shut_down_write = true;
            return Ok(Vec::new());
        }
        rustix::net::shutdown(
            self.socket
                .fd()
                .map_err(|_| Failure::from(Errno::NOTCONN))?,
            how,
        )?;
        Ok(Vec::new())
    }

    /// Data that the program gives back comes again before what follows.
    fn unreceive(&mut self, core: &mut Core, bytes: &[u8]) -> Answer {
        if self.state != State::Connected {
            return Err(Errno::NOTCONN.into());
        }
        self.input.splice(0..0, bytes.iter().copied());
        self.deliver_input(core);
        Ok(Vec::new())
    }

    fn subscribe(&mut self, core: &Core, what: &[u8]) -> Answer {
        const EMPTY_OUT_QUEUE: u8 = 1;
        let mut out = Vec::new();
        for &w in what {
            if w != EMPTY_OUT_QUEUE {
                return Err(Errno::INVAL.into());
            }
            if self.queue.size() > 0 {
                self.subscribers.push(core.caller);
            }
            out.push(w);
            out.extend(
                u32::try_from(self.queue.size())
                    .unwrap_or(u32::MAX)
                    .to_be_bytes(),
            );
        }
        Ok(out)
    }
}

impl Driver for Tcp {
    fn output(&mut self, core: &mut Core, bytes: &[u8]) {
        let Some((reference, sent)) = self.send(bytes) else {
            return core.fail(Errno::INVAL);
        };
        let port = self.port;
        let closed = matches!(sent, Err(Failure("closed")));
        deliver::message(core.caller, |h| {
            let context = EtfContext::new(&NoFuns);
            let decoded = etf::decode(h, &reference, DecodeOptions::default(), &context);
            let reference = decoded.map_or(Term::UNDEFINED, |d| d.term);
            let result = match sent {
                Ok(()) => Term::OK,
                Err(Failure(name)) => failure(h, intern(name)),
            };
            h.tuple(&[
                Term::atom(intern("inet_reply")),
                Term::port(port),
                result,
                reference,
            ])
        });
        if closed && self.state == State::Connected {
            self.ended(core);
        }
    }

    fn control(&mut self, core: &mut Core, operation: u32, arguments: &[u8]) -> Option<Vec<u8>> {
        let Some(operation) = operation.checked_sub(MAGIC) else {
            return Some(encode(Err(BAD_PORT)));
        };
        let answer = match operation {
            request::SETOPTS => self.set_options(core, arguments),
            request::CONNECT => self.connect(core, arguments),
            request::LISTEN => self.listen(arguments),
            request::ACCEPT => self.accept_request(core, arguments),
            request::TCP_RECV => self.receive_request(core, arguments),
            request::TCP_UNRECV => self.unreceive(core, arguments),
            request::TCP_SHUTDOWN => self.shut_down(arguments),
            request::TCP_SENDFILE => Err(Errno::NOTSUP.into()),
            request::SUBSCRIBE => self.subscribe(core, arguments),
            request::CLOSE => {
                self.stop();
                Ok(Vec::new())
            }
            _ => {
                let answer = self
                    .socket
                    .control(operation, arguments)
                    .unwrap_or(Err(BAD_PORT));
                if operation == request::FDOPEN && answer.is_ok() && self.socket.peer().is_ok() {
                    self.state = State::Connected;
                    self.socket.status |= status::CONNECTED;
                }
                answer
            }
        };
        Some(encode(answer))
    }

    fn ready_input(&mut self, core: &mut Core, _: RawFd) {
        self.watching_input = false;
        match self.state {
            State::Listening => self.accept(),
            State::Connected if !core.ended => {
                if self.is_active() || !self.waiting.is_empty() {
                    self.read_once(core);
                }
            }
            _ => {}
        }
        if !core.ended {
            self.watch();
        }
    }

    fn ready_output(&mut self, core: &mut Core, _: RawFd) {
        self.watching_output = false;
        if self.state == State::Connecting {
            let outcome = self
                .socket
                .fd()
                .map(|fd| sockopt::socket_error(fd).and_then(|r| r));
            return self.connected(outcome.unwrap_or(Err(Errno::BADF)));
        }
        if let Err(e) = self.write() {
            self.queue.clear();
            if core.ended {
                core.broken = true;
            } else if self.state == State::Connected {
                match e {
                    Errno::PIPE | Errno::CONNRESET => self.ended(core),
                    e => self.failed(core, e),
                }
            }
        }
    }

    fn timeout(&mut self, _: &mut Core, what: u64) {
        let Some(at) = self
            .waiting
            .iter()
            .position(|w| u64::from(w.number) == what)
        else {
            return;
        };
        let Some(w) = self.waiting.remove(at) else {
            return;
        };
        if self.state == State::Connecting {
            self.state = State::Closed;
            self.let_go();
        }
        answer_later(w.caller, self.port, w.number, |h| failure(h, am::timeout));
    }

    fn pending(&self) -> usize {
        self.queue.size()
    }

    fn stop(&mut self) {
        self.answer_all(am::closed);
        self.let_go();
    }
}
