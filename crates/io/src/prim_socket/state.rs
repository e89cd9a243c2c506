//! A socket, and whose turn it is. Accepting and receiving share one direction, connecting and sending the other; in
//! each, one process is at it and others queue. Who has to wait gets `{'$socket', Socket, select, Handle}`.
//!
//! A socket belongs to a process and is closed when that ends; processes that wait and end are forgotten. Both are
//! found through [`INTEREST`], which a hook looks into when a process ends.

use super::sendfile;
use crate::atoms::intern;
use crate::poll::{self, Direction};
use crate::{args, deliver};
use corten_engine::bif::OrBadarg;
use corten_engine::signal::Parcel;
use corten_engine::{Process, Stop};
use corten_term::reference::{Magic, RefNumbers};
use corten_term::{Atom, Heap, Pid, Term, am};
use rustix::io::Errno;
use std::collections::{HashMap, VecDeque};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, Weak};

/// A process that waits for its turn, or for the socket to be ready.
pub struct Waiting {
    pub pid: Pid,
    pub handle: RefNumbers,
    /// It has been told to try again.
    told: bool,
}

/// One direction.
#[derive(Default)]
pub struct Side {
    pub current: Option<Waiting>,
    pub queue: VecDeque<Waiting>,
}

impl Side {
    fn all(&mut self) -> impl Iterator<Item = Waiting> + '_ {
        self.current.take().into_iter().chain(self.queue.drain(..))
    }
    pub fn waiting(&self) -> usize {
        usize::from(self.current.is_some()) + self.queue.len()
    }
}

/// What has happened on a socket.
#[derive(Default)]
pub struct Counters {
    pub read_pkg: u64,
    pub read_byte: u64,
    pub read_tries: u64,
    pub read_waits: u64,
    pub read_fails: u64,
    pub read_pkg_max: u64,
    pub write_pkg: u64,
    pub write_byte: u64,
    pub write_tries: u64,
    pub write_waits: u64,
    pub write_fails: u64,
    pub write_pkg_max: u64,
    pub acc_success: u64,
    pub acc_tries: u64,
    pub acc_waits: u64,
    pub acc_fails: u64,
}

/// How big buffers are when nobody says.
const RECEIVE_BUFFER: usize = 8192;
const CONTROL_BUFFER: usize = 1024;

pub struct Inner {
    pub fd: Option<OwnedFd>,
    /// Closed for programs, though the descriptor is still there.
    pub closed: bool,
    pub domain: i32,
    pub kind: i32,
    pub protocol: i32,
    pub owner: Pid,
    pub read: Side,
    pub write: Side,
    pub connecting: bool,
    pub connected: bool,
    pub listening: bool,
    /// The first part of a stream's data for a process that wants more.
    pub partial: Vec<u8>,
    pub receive_buffer: usize,
    pub receive_control: usize,
    pub send_control: usize,
    pub debug: bool,
    pub wrap_messages: bool,
    /// A term that a program keeps with the socket.
    pub meta: Option<Parcel>,
    pub counters: Counters,
    /// A file that is on its way out.
    pub file: Option<OwnedFd>,
    pub file_counters: Option<Box<sendfile::Counters>>,
}

pub struct Socket(Mutex<Inner>);

/// What is counted of open sockets: a name, and which of domain, type and protocol it is about.
pub static COUNTED: [(&str, Part, AtomicI64); 11] = [
    ("num_sockets", Part::Any, AtomicI64::new(0)),
    ("num_dinet", Part::Domain(libc::AF_INET), AtomicI64::new(0)),
    (
        "num_dinet6",
        Part::Domain(libc::AF_INET6),
        AtomicI64::new(0),
    ),
    ("num_dlocal", Part::Domain(libc::AF_UNIX), AtomicI64::new(0)),
    (
        "num_tstreams",
        Part::Type(libc::SOCK_STREAM),
        AtomicI64::new(0),
    ),
    (
        "num_tdgrams",
        Part::Type(libc::SOCK_DGRAM),
        AtomicI64::new(0),
    ),
    (
        "num_tseqpkgs",
        Part::Type(libc::SOCK_SEQPACKET),
        AtomicI64::new(0),
    ),
    (
        "num_pip",
        Part::Protocol(libc::IPPROTO_IP),
        AtomicI64::new(0),
    ),
    (
        "num_ptcp",
        Part::Protocol(libc::IPPROTO_TCP),
        AtomicI64::new(0),
    ),
    (
        "num_pudp",
        Part::Protocol(libc::IPPROTO_UDP),
        AtomicI64::new(0),
    ),
    (
        "num_psctp",
        Part::Protocol(libc::IPPROTO_SCTP),
        AtomicI64::new(0),
    ),
];

/// See [`COUNTED`].
pub enum Part {
    Any,
    Domain(i32),
    Type(i32),
    Protocol(i32),
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close_descriptor();
    }
}

impl Inner {
    /// One open socket more or less.
    fn count(&self, n: i64) {
        for (_, part, count) in &COUNTED {
            let counts = match part {
                Part::Any => true,
                Part::Domain(d) => *d == self.domain,
                Part::Type(t) => *t == self.kind,
                Part::Protocol(p) => *p == self.protocol,
            };
            if counts {
                count.fetch_add(n, Ordering::Relaxed);
            }
        }
    }
    pub fn fd(&self) -> Result<BorrowedFd<'_>, Errno> {
        self.fd.as_ref().map(AsFd::as_fd).ok_or(Errno::BADF)
    }
    pub fn close_descriptor(&mut self) {
        if let Some(fd) = self.fd.take() {
            poll::forget(fd.as_raw_fd());
            self.count(-1);
        }
    }
    pub fn side(&mut self, d: Direction) -> &mut Side {
        match d {
            Direction::Read => &mut self.read,
            Direction::Write => &mut self.write,
        }
    }
    pub fn is_stream(&self) -> bool {
        self.kind == libc::SOCK_STREAM
    }
}

/// What a call finds.
pub enum Turn {
    /// It may go on.
    Mine,
    /// Others were first.
    Queued,
    /// This process waits already.
    Already,
}

/// A socket in a call: its state, locked, and the reference to it.
pub struct Call<'h> {
    pub inner: MutexGuard<'h, Inner>,
    pub magic: Arc<Magic>,
}

/// The socket that the reference is; `badarg` for other terms.
pub fn socket<'h>(t: Term<'h>) -> Result<Call<'h>, Stop<'h>> {
    let socket = t.as_magic_of::<Socket>().badarg()?;
    Ok(Call {
        inner: socket.0.lock().unwrap_or_else(|e| e.into_inner()),
        magic: t.magic_handle().badarg()?,
    })
}

/// `{error, closed}`.
pub fn closed(p: &Process) -> Term<'_> {
    args::error(p, intern("closed"))
}

/// Makes a socket of a descriptor.
pub fn new<'h>(
    p: &'h Process,
    fd: OwnedFd,
    domain: i32,
    kind: i32,
    protocol: i32,
) -> (Term<'h>, Arc<Magic>) {
    let inner = Inner {
        fd: Some(fd),
        closed: false,
        domain,
        kind,
        protocol,
        owner: p.pid(),
        read: Side::default(),
        write: Side::default(),
        connecting: false,
        connected: false,
        listening: false,
        partial: Vec::new(),
        receive_buffer: RECEIVE_BUFFER,
        receive_control: CONTROL_BUFFER,
        send_control: CONTROL_BUFFER,
        debug: false,
        wrap_messages: false,
        meta: None,
        counters: Counters::default(),
        file: None,
        file_counters: None,
    };
    inner.count(1);
    let magic = Magic::new(Socket(Mutex::new(inner)));
    note_interest(p.pid(), &magic);
    (p.heap.magic_reference(magic.clone()), magic)
}

fn tell(magic: &Arc<Magic>, to: Pid, tag: Atom, info: impl for<'h> FnOnce(&'h Heap) -> Term<'h>) {
    let magic = magic.clone();
    deliver::message(to, |h| {
        let name = Term::atom(intern("$socket"));
        let socket = h.tuple(&[name, h.magic_reference(magic)]);
        h.tuple(&[name, socket, Term::atom(tag), info(h)])
    });
}

/// The poll thread: the socket is worth a try.
fn ready(magic: &Arc<Magic>, d: Direction) {
    let Some(socket) = magic.get::<Socket>() else {
        return;
    };
    let mut inner = socket.0.lock().unwrap_or_else(|e| e.into_inner());
    if let Some(w) = inner.side(d).current.as_mut().filter(|w| !w.told) {
        w.told = true;
        let handle = w.handle;
        tell(magic, w.pid, intern("select"), |h| h.reference(handle));
    }
}

impl Call<'_> {
    /// Whether it is this process's turn; if not, it queues.
    pub fn turn(&mut self, p: &Process, d: Direction, handle: Option<RefNumbers>) -> Turn {
        let me = p.pid();
        let side = self.inner.side(d);
        if side.current.as_ref().is_none_or(|w| w.pid == me) {
            return Turn::Mine;
        }
        if side.queue.iter().any(|w| w.pid == me) {
            return Turn::Already;
        }
        if let Some(handle) = handle {
            side.queue.push_back(Waiting {
                pid: me,
                handle,
                told: false,
            });
            note_interest(me, &self.magic);
        }
        Turn::Queued
    }

    /// The process waits until the socket is ready.
    pub fn select(&mut self, pid: Pid, d: Direction, handle: RefNumbers) {
        self.inner.side(d).current = Some(Waiting {
            pid,
            handle,
            told: false,
        });
        note_interest(pid, &self.magic);
        self.watch(d);
    }

    fn watch(&mut self, d: Direction) {
        if let Some(fd) = &self.inner.fd {
            let magic = self.magic.clone();
            poll::once(fd.as_raw_fd(), d, Box::new(move || ready(&magic, d)));
        }
    }

    /// The process is done with the direction: the next one's turn.
    pub fn next(&mut self, d: Direction) {
        if d == Direction::Write {
            self.inner.file = None;
        }
        let side = self.inner.side(d);
        side.current = side.queue.pop_front();
        if side.current.is_some() {
            self.watch(d);
        }
    }

    /// Nothing more will come of this direction: all who wait hear of it.
    pub fn fail(&mut self, p: &Process, d: Direction, reason: Atom) {
        let me = p.pid();
        let waiting: Vec<_> = self.inner.side(d).all().collect();
        for w in waiting.into_iter().filter(|w| w.pid != me) {
            self.abort(&w, reason);
        }
    }

    fn abort(&self, w: &Waiting, reason: Atom) {
        let handle = w.handle;
        tell(&self.magic, w.pid, intern("abort"), |h| {
            h.tuple(&[h.reference(handle), Term::atom(reason)])
        });
    }

    /// Closes it for programs; who waits hears of it.
    pub fn close(&mut self) {
        self.inner.closed = true;
        self.inner.file = None;
        let mut waiting: Vec<_> = self.inner.read.all().collect();
        waiting.extend(self.inner.write.all());
        for w in &waiting {
            self.abort(w, intern("closed"));
        }
    }

    /// Takes a wait back: `ok`, `select_sent` if the message is on its way, `not_found`.
    pub fn cancel(&mut self, d: Direction, handle: RefNumbers) -> Atom {
        let side = self.inner.side(d);
        if let Some(w) = side.current.as_ref().filter(|w| w.handle == handle) {
            let told = w.told;
            if d == Direction::Write {
                self.inner.connecting = false;
            }
            self.next(d);
            return if told { intern("select_sent") } else { am::ok };
        }
        let before = side.queue.len();
        side.queue.retain(|w| w.handle != handle);
        match side.queue.len() < before {
            true => am::ok,
            false => intern("not_found"),
        }
    }

    fn forget(&mut self, pid: Pid) {
        if self.inner.owner == pid && !self.inner.closed {
            self.close();
            self.inner.close_descriptor();
            return;
        }
        for d in [Direction::Read, Direction::Write] {
            let side = self.inner.side(d);
            side.queue.retain(|w| w.pid != pid);
            if side.current.as_ref().is_some_and(|w| w.pid == pid) {
                self.next(d);
            }
        }
    }
}

/// Sockets that a process owns or waits for.
type Interest = HashMap<Pid, Vec<Weak<Magic>>>;
static INTEREST: LazyLock<Mutex<Interest>> = LazyLock::new(Mutex::default);
/// Whether there has been any: exits of nodes without such sockets cost nothing.
static USED: AtomicBool = AtomicBool::new(false);

pub fn note_interest(pid: Pid, magic: &Arc<Magic>) {
    USED.store(true, Ordering::Release);
    let mut all = INTEREST.lock().unwrap_or_else(|e| e.into_inner());
    let sockets = all.entry(pid).or_default();
    if sockets
        .iter()
        .any(|s| std::ptr::eq(s.as_ptr(), Arc::as_ptr(magic)))
    {
        return;
    }
    if sockets.len() == sockets.capacity() {
        sockets.retain(|s| s.strong_count() > 0);
    }
    sockets.push(Arc::downgrade(magic));
}

/// A process has ended: its sockets are closed, and others wait no longer behind it.
pub fn process_exited(pid: Pid) {
    if !USED.load(Ordering::Acquire) {
        return;
    }
    let sockets = match INTEREST.lock() {
        Ok(mut all) => all.remove(&pid),
        Err(e) => e.into_inner().remove(&pid),
    };
    for magic in sockets.iter().flatten().filter_map(Weak::upgrade) {
        let held = magic.clone();
        if let Some(socket) = held.get::<Socket>() {
            let inner = socket.0.lock().unwrap_or_else(|e| e.into_inner());
            Call { inner, magic }.forget(pid);
        }
    }
}
