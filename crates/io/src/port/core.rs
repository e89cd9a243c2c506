//! What every port has, whatever its driver: owner, links, monitors, options, counters, and how data
//! becomes messages.

use super::driver::Driver;
use super::frame::{Frames, Lines};
use super::table;
use crate::deliver;
use corten_engine::signal::Parcel;
use corten_engine::signal::relations::SmallMap;
use corten_term::{Atom, Heap, Pid, PortId, RefNumbers, Term, am};
use std::borrow::Cow;

/// Direction of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Io {
    In,
    Out,
}

/// Why a port ends.
#[derive(Debug)]
pub enum Ending {
    /// Closed, or at the end of its input.
    Normal,
    /// A system call failed.
    Posix(Atom),
    /// An exit signal.
    Reason(Box<Parcel>),
}

impl Ending {
    pub fn is_failure(&self) -> bool {
        matches!(self, Ending::Posix(_))
    }
    pub fn reason(self) -> Parcel {
        match self {
            Ending::Normal => Parcel::pack(Term::atom(am::normal)),
            Ending::Posix(e) => Parcel::pack(Term::atom(e)),
            Ending::Reason(p) => *p,
        }
    }
}

/// A process that waits until a busy port takes its data.
#[derive(Debug)]
pub struct Writer {
    pub pid: Pid,
    pub reference: RefNumbers,
    pub data: Vec<u8>,
}

/// Bytes of queued output at which a port is busy, and at which it stops being so.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub low: usize,
    pub high: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            low: 4096,
            high: 8192,
        }
    }
}

/// Messages for the owner that wait for each other, see `Core::together`.
#[derive(Debug, Default)]
struct Held {
    messages: Vec<Parcel>,
}

/// See the module page. There are many ports in some nodes: what few of them need is boxed.
#[derive(Debug)]
pub struct Core {
    pub id: PortId,
    /// Command, or driver's name, or descriptors.
    pub command: Cow<'static, [u8]>,
    pub connected: Pid,
    /// Whose request the driver is carrying out.
    pub caller: Pid,
    pub links: SmallMap<Pid, ()>,
    pub watchers: Vec<(RefNumbers, Pid)>,
    /// The registered name.
    pub name: Option<Atom>,
    /// What `port_set_data` has stored.
    pub data: Option<Box<Parcel>>,
    pub input: u64,
    pub output: u64,
    pub os_pid: Option<u32>,
    pub parallelism: bool,
    /// Data goes as binaries, not as lists.
    pub binary: bool,
    /// The port stays open at the end of input.
    pub soft_eof: bool,
    pub eof_told: bool,
    pub frames: Frames,
    pub lines: Option<Box<Lines>>,
    pub limits: Limits,
    pub busy: bool,
    pub writers: Vec<Writer>,
    /// Set by a driver that wants the port to end.
    pub ending: Option<Ending>,
    pub ended: bool,
    /// What is still queued cannot be written.
    pub broken: bool,
    pub close_reply: Option<Pid>,
    held: std::cell::RefCell<Option<Box<Held>>>,
}

impl Core {
    pub fn new(id: PortId, command: Cow<'static, [u8]>, connected: Pid) -> Core {
        let mut links = SmallMap::default();
        links.insert(connected, ());
        Core {
            id,
            command,
            connected,
            caller: connected,
            links,
            watchers: Vec::new(),
            name: None,
            data: None,
            input: 0,
            output: 0,
            os_pid: None,
            parallelism: false,
            binary: false,
            soft_eof: false,
            eof_told: false,
            frames: Frames::Stream,
            lines: None,
            limits: Limits::default(),
            busy: false,
            writers: Vec::new(),
            ending: None,
            ended: false,
            broken: false,
            close_reply: None,
            held: std::cell::RefCell::new(None),
        }
    }

    /// Sends `{Port, What}`.
    pub fn message(&self, to: Pid, what: impl for<'h> FnOnce(&'h Heap) -> Term<'h>) {
        let id = self.id;
        let message = Parcel::build(|h| h.tuple(&[Term::port(id), what(h)]));
        match &mut *self.held.borrow_mut() {
            Some(held) if to == self.connected => held.messages.push(message),
            _ => {
                deliver::parcel(to, message);
            }
        }
    }

    /// What `f` sends to the owner arrives at once: the owner never runs between two of the messages.
    pub fn together(&mut self, f: impl FnOnce(&mut Core)) {
        *self.held.borrow_mut() = Some(Box::default());
        f(self);
        if let Some(held) = self.held.borrow_mut().take() {
            deliver::messages(self.connected, held.messages);
        }
    }

    /// Input from the driver: whole messages by frame or line.
    pub fn input(&mut self, bytes: &[u8]) {
        if self.ended {
            return;
        }
        if let Some(lines) = &mut self.lines {
            for (end_of_line, line) in lines.push(bytes) {
                self.deliver_line(end_of_line, &line);
            }
            return;
        }
        if let Frames::Stream = self.frames {
            return self.deliver(bytes);
        }
        for frame in self.frames.push(bytes) {
            self.deliver(&frame);
        }
    }

    fn count_input(&mut self, n: usize) {
        self.input += n as u64;
        table::count(Io::In, n);
    }

    /// `{Port, {data, Data}}`.
    pub fn deliver(&mut self, bytes: &[u8]) {
        self.count_input(bytes.len());
        let binary = self.binary;
        self.message(self.connected, |h| {
            h.tuple(&[Term::atom(am::data), data(h, bytes, binary)])
        });
    }

    /// The same with bytes in front that are list elements even if data goes as binaries. Without data there
    /// is only the list of them.
    pub fn deliver_with_header(&mut self, header: &[u8], body: Option<&[u8]>) {
        self.count_input(header.len() + body.map_or(0, <[u8]>::len));
        let binary = self.binary;
        self.message(self.connected, |h| {
            let tail = body.map_or(Term::NIL, |b| data(h, b, binary));
            let head: Vec<_> = header.iter().map(|b| Term::small((*b).into())).collect();
            h.tuple(&[Term::atom(am::data), h.list_with_tail(&head, tail)])
        });
    }

    fn deliver_line(&mut self, end_of_line: bool, line: &[u8]) {
        self.count_input(line.len());
        let binary = self.binary;
        let kind = if end_of_line { am::eol } else { am::noeol };
        self.message(self.connected, |h| {
            let what = h.tuple(&[Term::atom(kind), data(h, line, binary)]);
            h.tuple(&[Term::atom(am::data), what])
        });
    }

    /// The input has ended.
    pub fn eof(&mut self) {
        if let Some(lines) = &mut self.lines {
            for (end_of_line, line) in lines.flush() {
                self.deliver_line(end_of_line, &line);
            }
        }
        if !self.soft_eof {
            self.ending = Some(Ending::Normal);
        } else if !std::mem::replace(&mut self.eof_told, true) {
            self.message(self.connected, |_| Term::atom(am::eof));
        }
    }

    /// The program has ended.
    pub fn exit_status(&mut self, status: i32) {
        self.message(self.connected, |h| {
            h.tuple(&[Term::atom(am::exit_status), Term::small(status.into())])
        });
    }

    /// The port ends, and its owner has been told otherwise: no exit signal for it.
    pub fn exit_quietly(&mut self) {
        if self.links.remove(&self.connected).is_some() {
            deliver::unlink(self.connected, self.id);
        }
        self.ending = Some(Ending::Normal);
    }

    /// A system call failed: the port ends.
    pub fn fail(&mut self, error: rustix::io::Errno) {
        self.ending = Some(Ending::Posix(crate::errno::atom(error)));
    }

    /// Hands data to the driver.
    pub fn write(&mut self, driver: &mut dyn Driver, bytes: &[u8]) {
        self.output += bytes.len() as u64;
        table::count(Io::Out, bytes.len());
        driver.output(self, bytes);
        self.busy |= !driver.decides_busy() && driver.pending() >= self.limits.high;
    }

    /// Lets writers go on that wait for a port which has room again.
    pub fn release_writers(&mut self, driver: &mut dyn Driver) {
        if self.busy && !driver.decides_busy() && driver.pending() <= self.limits.low {
            self.busy = false;
        }
        while !self.busy && !self.ended && !self.writers.is_empty() {
            let w = self.writers.remove(0);
            self.caller = w.pid;
            self.write(driver, &w.data);
            deliver::message(w.pid, |h| h.tuple(&[h.reference(w.reference), Term::TRUE]));
        }
    }
}

/// Bytes as a binary or a list.
pub fn data<'h>(h: &'h Heap, bytes: &[u8], binary: bool) -> Term<'h> {
    if binary {
        h.binary(bytes)
    } else {
        h.latin1_string(bytes)
    }
}
