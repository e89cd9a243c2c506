//! Ports: what Erlang programs reach other programs, descriptors and drivers through.
//!
//! A port is an object under a lock: its [`Core`] (owner, links, options, counters) and a [`Driver`]. Whoever
//! has something for it takes the lock: a process that calls a BIF, a process that sends it a signal (through
//! the engine's `Ports` interface, [`signals`]), or the poll thread when a descriptor is ready. Drivers never
//! block. What goes to processes are signals, which never wait for a process, so no lock is ever taken in
//! the other direction.
//!
//! Life: [`open`] makes a port and links it to its owner. It ends when its driver says so (end of input, an
//! error), by `port_close`, or by an exit signal; links and monitors are told at once, output that is still queued is
//! written before the driver is let go.

mod bifs;
mod core;
mod driver;
mod dump;
mod fd;
mod frame;
mod inet;
mod info;
mod open;
mod options;
mod ram_file;
mod signals;
mod spawn;
mod stream;
mod table;
mod trace_file;

pub use bifs::BIFS;
pub use core::{Core, Ending, Io, Limits};
pub use driver::{DRIVERS, Driver};
pub use dump::crash_dump;
pub use inet::{ip_term, service_name, service_port};
pub use table::{flush, pending_output};

use crate::deliver;
use corten_engine::sched::microstate::{self, State};
use corten_term::{Atom, Pid, PortId, Term, am};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

/// A port.
pub struct Port {
    pub id: PortId,
    /// Programs can still find it.
    open: AtomicBool,
    /// Flags that it is traced for.
    trace: AtomicU32,
    inner: Mutex<Inner>,
}

/// Servers hold tens of thousands of connections; the allocator's next larger size is a quarter more.
#[cfg(target_os = "linux")]
const _: () = assert!(size_of::<Port>() + 2 * size_of::<usize>() <= 320);

struct Inner {
    core: Core,
    /// Gone once the port has ended and its output is written.
    driver: Option<Box<dyn Driver>>,
}

impl std::fmt::Debug for Port {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.id)
    }
}

impl Port {
    fn new(id: PortId, core: Core, driver: Box<dyn Driver>) -> Arc<Port> {
        Arc::new(Port {
            id,
            open: AtomicBool::new(true),
            trace: AtomicU32::new(0),
            inner: Mutex::new(Inner {
                core,
                driver: Some(driver),
            }),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(|e| e.into_inner())
    }

    fn is_open(&self) -> bool {
        self.open.load(Ordering::Acquire)
    }

    /// Runs `f` with the open port; `None` if it has ended. Afterwards does what `f` made necessary: ends the
    /// port, lets waiting writers go on.
    pub fn with<R>(&self, f: impl FnOnce(&mut Core, &mut dyn Driver) -> R) -> Option<R> {
        let mut inner = self.lock();
        let Inner { core, driver } = &mut *inner;
        if core.ended {
            return None;
        }
        let was_at = microstate::enter(State::Port);
        let result = driver.as_mut().map(|d| f(core, d.as_mut()));
        self.settle(inner);
        microstate::enter(was_at);
        result
    }

    /// The same for what a descriptor or a child has to tell: goes on while queued output is written after the end.
    fn with_lingering(&self, f: impl FnOnce(&mut Core, &mut dyn Driver)) {
        let mut inner = self.lock();
        let Inner { core, driver } = &mut *inner;
        let was_at = microstate::enter(State::Port);
        if let Some(d) = driver {
            f(core, d.as_mut());
        }
        self.settle(inner);
        microstate::enter(was_at);
    }

    /// Does what an operation made necessary, and unlocks. The name is given up last: the names' lock is taken
    /// before a port's, never after.
    fn settle(&self, mut inner: MutexGuard<'_, Inner>) {
        let Inner { core, driver } = &mut *inner;
        if let Some(d) = driver {
            core.release_writers(d.as_mut());
        }
        let mut name = None;
        if let Some(reason) = core.ending.take() {
            name = core.name.take();
            self.end(core, reason);
        }
        if core.ended && driver.as_ref().is_some_and(|d| !d.lingers() || core.broken) {
            if let Some(mut d) = driver.take() {
                d.stop();
            }
            if let Some(to) = core.close_reply.take() {
                core.message(to, |_| Term::atom(am::closed));
            }
            table::remove(self.id);
        }
        drop(inner);
        if let Some(name) = name {
            deliver::forget_name(name, self.id);
        }
    }

    /// The end: nobody finds the port any more; links and monitors are told.
    fn end(&self, core: &mut Core, ending: Ending) {
        if core.ended {
            core.broken |= ending.is_failure();
            return;
        }
        core.ended = true;
        core.broken = ending.is_failure();
        self.open.store(false, Ordering::Release);
        let reason = ending.reason();
        for (pid, ()) in core.links.take() {
            deliver::link_exit(pid, self.id, reason.term());
        }
        for (reference, pid) in std::mem::take(&mut core.watchers) {
            deliver::down(pid, reference, reason.term());
        }
        for w in std::mem::take(&mut core.writers) {
            deliver::message(w.pid, |h| {
                h.tuple(&[h.reference(w.reference), Term::atom(am::badarg)])
            });
        }
    }

    /// Closes the port. `reply_to` gets `{Port, closed}` once output is written.
    fn close(&self, ending: Ending, reply_to: Option<Pid>) {
        let mut inner = self.lock();
        if inner.core.ended {
            return;
        }
        inner.core.close_reply = reply_to;
        inner.core.ending = Some(ending);
        self.settle(inner);
    }
}

/// The open port with this identifier.
pub fn find(id: PortId) -> Option<Arc<Port>> {
    table::find(id).filter(|p| p.is_open())
}

/// A descriptor of the port can be read.
fn ready_input(id: PortId, fd: i32) {
    if let Some(port) = table::find(id) {
        port.with_lingering(|core, driver| driver.ready_input(core, fd));
    }
}

/// A descriptor of the port can be written.
fn ready_output(id: PortId, fd: i32) {
    if let Some(port) = table::find(id) {
        port.with_lingering(|core, driver| driver.ready_output(core, fd));
    }
}

/// Makes the ports known to the engine and opens the first one, the one that starts programs.
/// Called once, when the first process exists.
pub fn init(first: Pid) {
    signals::install();
    open::forker(first);
}

/// An atom that only ports use.
fn atom(name: &str) -> Atom {
    crate::atoms::intern(name)
}

/// Writes a trace message to a port, in external format. A port that has ended takes none.
pub fn trace_output(id: PortId, message: Term<'_>) {
    use corten_engine::code::Codec;
    use corten_term::etf::{EncodeOptions, EtfContext, encode};
    let context = EtfContext::new(&Codec);
    if let (Some(port), Ok(bytes)) = (
        find(id),
        encode(message, &EncodeOptions::default(), &context),
    ) {
        port.with(|core, driver| core.write(driver, &bytes));
    }
}
