//! Where trace messages go: a process or a port.
//!
//! A tracer module other than `erl_tracer` has to be native code, which no module here can be yet; such a tracer is
//! refused, as the reference engine refuses a module without natives.

use crate::node;
use crate::signal::{Parcel, ports, send};
use corten_term::{Atom, Heap, Pid, PortId, Term, Word, am};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tracer {
    Process(Pid),
    Port(PortId),
}

impl Tracer {
    /// A process or port of this node.
    pub fn from_term(t: Term<'_>) -> Option<Tracer> {
        match (t.as_local_pid(), t.as_local_port()) {
            (Some(pid), _) => Some(Tracer::Process(pid)),
            (_, Some(port)) => Some(Tracer::Port(port)),
            _ => None,
        }
    }

    /// `{tag, Tracer}` or `{tag, Module, State}`, with `erl_tracer` as the module.
    pub fn from_option(t: Term<'_>, tag: Atom) -> Option<Tracer> {
        match t.as_tuple()? {
            [first, t] if first.is(tag) => Tracer::from_term(*t),
            [first, module, state] if first.is(tag) && module.is(am::erl_tracer) => {
                Tracer::from_term(*state)
            }
            _ => None,
        }
    }

    /// A tracer or `{Module, State}`.
    pub fn of_session(t: Term<'_>) -> Option<Tracer> {
        match t.as_tuple() {
            Some([module, state]) if module.is(am::erl_tracer) => Tracer::from_term(*state),
            Some(_) => None,
            None => Tracer::from_term(t),
        }
    }

    pub fn term(self) -> Term<'static> {
        match self {
            Tracer::Process(pid) => Term::pid(pid),
            Tracer::Port(port) => Term::port(port),
        }
    }

    pub fn word(self) -> Word {
        self.term().raw()
    }

    pub fn is_alive(self) -> bool {
        match self {
            Tracer::Process(pid) => node().processes.is_alive(pid),
            Tracer::Port(port) => ports::get().is_some_and(|t| t.exists(port)),
        }
    }

    /// Whether it can be told of `tracee`: it is alive, and nobody traces himself.
    pub fn wants(self, tracee: Word) -> bool {
        self.word() != tracee && self.is_alive()
    }

    pub fn send(self, build: impl for<'h> FnOnce(&'h Heap) -> Term<'h>) {
        let message = Parcel::build(build);
        match self {
            Tracer::Process(pid) => {
                send::parcel(pid, message);
            }
            Tracer::Port(port) => {
                if let Some(ports) = ports::get() {
                    ports.trace(port, message.term());
                }
            }
        }
    }
}
