//! Trace sessions. Each has its own tracees and patterns. Number 0, the static one, is what
//! `erlang:trace` and `erlang:trace_pattern` work with; others come from `trace:session_create`.

use super::tracer::Tracer;
use super::{pattern, tracee};
use crate::match_spec::{self, Compiled, Dialect, Invalid};
use corten_term::{Atom, OwnedTerm, Term, am};
use parking_lot::RwLock;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};

/// A match specification of a pattern, with the term it was made of.
#[derive(Debug)]
pub struct Spec {
    pub compiled: Compiled,
    pub source: OwnedTerm,
}

impl Spec {
    pub fn new(source: Term<'_>, dialect: Dialect) -> Result<Spec, Invalid> {
        Ok(Spec {
            compiled: match_spec::compile(source, dialect)?,
            source: OwnedTerm::new(source),
        })
    }
}

/// Which messages sent or received are traced.
#[derive(Debug, Clone)]
pub enum EventPattern {
    Off,
    All,
    Matching(Arc<Spec>),
}

/// What new processes or ports are traced for.
#[derive(Debug, Default, Clone, Copy)]
pub struct ForNew {
    pub flags: u32,
    pub tracer: Option<Tracer>,
}

/// See the module page.
#[derive(Debug)]
pub struct Session {
    pub id: u32,
    pub name: Atom,
    /// The tracer of all its tracees; the static session has none, each tracee its own.
    pub tracer: Option<Tracer>,
    alive: AtomicBool,
    pub new_processes: RwLock<ForNew>,
    pub new_ports: RwLock<ForNew>,
    pub send: RwLock<EventPattern>,
    pub receive: RwLock<EventPattern>,
    pub on_load: RwLock<pattern::OnLoad>,
}

static ALL: LazyLock<RwLock<Vec<Arc<Session>>>> =
    LazyLock::new(|| RwLock::new(vec![Arc::new(Session::new(0, am::legacy, None))]));
static NEXT: AtomicU32 = AtomicU32::new(0);
/// Some session traces processes, or ports, from their beginning.
static NEW_PROCESSES: AtomicBool = AtomicBool::new(false);
static NEW_PORTS: AtomicBool = AtomicBool::new(false);

/// The session of `erlang:trace/3`.
pub fn legacy() -> Arc<Session> {
    ALL.read()[0].clone()
}

/// All living sessions, the static one first, then the latest first.
pub fn all() -> Vec<Arc<Session>> {
    ALL.read().clone()
}

pub fn find(name: Atom, number: i64) -> Option<Arc<Session>> {
    let all = ALL.read();
    let mut later = all[1..].iter();
    later
        .find(|s| s.name == name && i64::from(s.id) - 1 == number)
        .cloned()
}

/// The session with this identity.
pub fn by_id(id: u32) -> Option<Arc<Session>> {
    ALL.read().iter().find(|s| s.id == id).cloned()
}

pub fn create(name: Atom, tracer: Option<Tracer>) -> Arc<Session> {
    let id = NEXT.fetch_add(1, Ordering::Relaxed) + 1;
    let session = Arc::new(Session::new(id, name, tracer));
    ALL.write().insert(1, session.clone());
    session
}

impl Session {
    fn new(id: u32, name: Atom, tracer: Option<Tracer>) -> Session {
        Session {
            id,
            name,
            tracer,
            alive: AtomicBool::new(true),
            new_processes: RwLock::default(),
            new_ports: RwLock::default(),
            send: RwLock::new(EventPattern::All),
            receive: RwLock::new(EventPattern::All),
            on_load: RwLock::default(),
        }
    }

    pub fn is_alive(&self) -> bool {
        self.alive.load(Ordering::Acquire)
    }

    /// `{Name, Number}`, which names the session without keeping it.
    pub fn weak<'h>(&self, h: &'h corten_term::Heap) -> Term<'h> {
        let number = match self.id {
            0 => Term::atom(am::default),
            id => Term::small(i64::from(id) - 1),
        };
        h.tuple(&[Term::atom(self.name), number])
    }

    /// Ends the session: nothing is traced by it any more. False: it had ended before.
    pub fn destroy(&self) -> bool {
        if self.id == 0 || !self.alive.swap(false, Ordering::AcqRel) {
            return false;
        }
        ALL.write().retain(|s| s.id != self.id);
        *self.new_processes.write() = ForNew::default();
        *self.new_ports.write() = ForNew::default();
        note_new();
        crate::sysmon::set(self.id, None);
        pattern::clear_all(self);
        tracee::forget_session(self.id);
        true
    }

    /// Changes what new processes (or ports) are traced for.
    pub fn change_new(&self, ports: bool, on: bool, mask: u32, tracer: Option<Tracer>) {
        let slot = if ports {
            &self.new_ports
        } else {
            &self.new_processes
        };
        let mut new = slot.write();
        if on {
            new.flags |= mask;
            new.tracer = tracer.or(new.tracer);
        } else {
            new.flags &= !mask;
        }
        if new.flags == 0 || new.tracer.is_none() {
            *new = ForNew::default();
        }
        drop(new);
        note_new();
    }
}

/// Keeps the two switches right.
fn note_new() {
    let all = ALL.read();
    let processes = all.iter().any(|s| s.new_processes.read().flags != 0);
    let ports = all.iter().any(|s| s.new_ports.read().flags != 0);
    NEW_PROCESSES.store(processes, Ordering::Release);
    NEW_PORTS.store(ports, Ordering::Release);
}

/// Whether anybody traces new processes.
#[inline]
pub fn traces_new_processes() -> bool {
    NEW_PROCESSES.load(Ordering::Acquire)
}

/// Whether anybody traces new ports.
#[inline]
pub fn traces_new_ports() -> bool {
    NEW_PORTS.load(Ordering::Acquire)
}

/// What a session's reference holds: with the last one the session ends.
#[derive(Debug)]
pub struct Handle(pub Arc<Session>);

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.destroy();
    }
}
