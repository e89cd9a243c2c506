//! Monitors and aliases, from the side of the process that set them.

use super::node::Body;
use super::relations::{Alias, AliasMode, Monitor, Target, Watcher};
use super::{Node, Parcel, ports, send};
use crate::registry::{self, Registered};
use crate::{Process, node};
use corten_term::{Atom, Heap, Pid, RefNumbers, Term, am};

/// How a monitor is to be set.
#[derive(Debug, Default)]
pub struct Options {
    pub alias: Option<AliasMode>,
    pub tag: Option<Box<Parcel>>,
    /// What is told is a priority message.
    pub priority: bool,
}

/// What to watch.
#[derive(Debug, Clone, Copy)]
pub enum What<'h> {
    Process(Pid),
    Port(corten_term::PortId),
    /// A name of this node.
    ProcessName(Atom),
    PortName(Atom),
    TimeOffset,
    /// Something on another node, which we have no connection to.
    Remote(Term<'h>),
}

/// Sets a monitor and returns its reference, made on the heap of `p`.
pub fn monitor<'h>(p: &'h Process, what: What<'_>, options: Options) -> Term<'h> {
    let reference = RefNumbers::fresh();
    let us = p.pid();
    let alias = options.alias;
    let itself = match what {
        What::Process(pid) => pid == us,
        What::ProcessName(name) => registry::whereis(name) == Some(Registered::Process(us)),
        _ => false,
    };
    if itself {
        // Neither a monitor nor an alias.
        return reference_term(p, reference, alias.is_some());
    }
    if let Some(mode) = alias {
        p.with_relations(|r| r.aliases.insert(reference, mode.into()));
    }
    let term = reference_term(p, reference, alias.is_some());
    let (target, name, object) = match what {
        What::Process(pid) => (Target::Process(pid), None, None),
        What::Port(port) => (Target::Port(port), None, None),
        What::ProcessName(name) => match registry::whereis(name) {
            Some(Registered::Process(pid)) => (Target::Process(pid), Some(name), None),
            _ => (Target::Remote, Some(name), None),
        },
        What::PortName(name) => match registry::whereis(name) {
            Some(Registered::Port(port)) => (Target::Port(port), Some(name), None),
            _ => (Target::NoPort, Some(name), None),
        },
        What::TimeOffset => (Target::TimeOffset, None, None),
        What::Remote(t) => {
            let target = if t.is_port() {
                Target::NoPort
            } else {
                Target::Remote
            };
            (target, None, Some(Box::new(Parcel::pack(t))))
        }
    };
    let gone = match &object {
        Some(o) if !is_from_here(o.term()) => am::noconnection,
        _ => am::noproc,
    };
    set(
        p,
        reference,
        Monitor {
            target,
            name,
            pid_reference: alias.is_some(),
            tag: options.tag,
            object,
            priority: options.priority,
        },
    );
    let watcher = Watcher { pid: us, name };
    let there = match target {
        Target::Process(pid) => send::control(pid, Body::Monitor { reference, watcher }),
        Target::Port(port) => ports::get().is_some_and(|t| t.monitor(port, us, reference)),
        Target::TimeOffset => {
            crate::timer::offset::watch(us);
            true
        }
        Target::Remote | Target::NoPort => false,
    };
    if !there {
        send::down(us, reference, Term::atom(gone));
    }
    term
}

/// Whether a pid or port of another node is one of an earlier life of this one.
pub fn is_from_here(t: Term<'_>) -> bool {
    let n = t.as_pid().map(|p| p.node).or(t.as_port().map(|p| p.node));
    n.is_some_and(|n| corten_term::node::resolve(n).0 == node().name())
}

/// Enters a monitor that the target knows of already.
pub fn set(p: &Process, reference: RefNumbers, monitor: Monitor) {
    p.with_relations(|r| r.monitors.insert(reference, monitor));
}

/// The term of a reference: one that names the process if it is an alias.
pub fn reference_term(p: &Process, reference: RefNumbers, alias: bool) -> Term<'_> {
    if alias {
        p.heap.pid_reference(reference, p.pid())
    } else {
        p.heap.reference(reference)
    }
}

/// Ends a monitor. False: there was none.
pub fn demonitor(p: &Process, reference: RefNumbers) -> bool {
    let monitor = p.with_relations(|r| {
        if r.aliases
            .get(&reference)
            .is_some_and(|a| a.ends_with_monitor())
        {
            r.aliases.remove(&reference);
        }
        r.monitors.remove(&reference)
    });
    let Some(monitor) = monitor else { return false };
    tell_target(p.pid(), reference, &monitor);
    true
}

/// Tells what was watched that it is not any more.
pub(crate) fn tell_target(us: Pid, reference: RefNumbers, monitor: &Monitor) {
    match monitor.target {
        Target::Process(pid) => {
            send::control(pid, Body::Demonitor(reference));
        }
        Target::Port(port) => {
            if let Some(t) = ports::get() {
                t.demonitor(port, reference);
            }
        }
        Target::TimeOffset => crate::timer::offset::unwatch(us),
        Target::Remote | Target::NoPort => {}
    }
}

/// A new alias.
pub fn alias(p: &Process, alias: Alias) -> Term<'_> {
    let reference = RefNumbers::fresh();
    p.with_relations(|r| r.aliases.insert(reference, alias));
    reference_term(p, reference, true)
}

/// Ends an alias. False: it was none.
pub fn unalias(p: &Process, reference: RefNumbers) -> bool {
    p.with_relations(|r| r.aliases.remove(&reference).is_some())
}

/// A message came for an alias; `priority`: as a priority message, if the alias takes them.
pub(super) fn alias_message(
    p: &Process,
    reference: RefNumbers,
    message: Node,
    priority: bool,
) -> bool {
    let alias = p.with_relations(|r| {
        let alias = r.aliases.get(&reference).copied();
        if alias.is_some_and(|a| a.ends_with_message()) {
            r.aliases.remove(&reference);
        }
        alias
    });
    let Some(alias) = alias else { return false };
    if alias.mode == AliasMode::ReplyDemonitor {
        demonitor(p, reference);
    }
    super::handle::arrive_as(p, message, priority && alias.priority);
    true
}

/// What we watched ended: `{Tag, Reference, Type, Object, Reason}`, if the monitor is still set.
pub(super) fn down(p: &Process, reference: RefNumbers, reason: Parcel) -> bool {
    let monitor = p.with_relations(|r| {
        let m = r.monitors.remove(&reference)?;
        if r.aliases
            .get(&reference)
            .is_some_and(|a| a.ends_with_monitor())
        {
            r.aliases.remove(&reference);
        }
        Some(m)
    });
    let Some(monitor) = monitor else { return false };
    let heap = reason.heap;
    let term = {
        // SAFETY: the reason lies on the heap that we just took.
        let reason = unsafe { Term::from_raw(reason.term) };
        down_message(p.pid(), &heap, reference, &monitor, reason).raw()
    };
    let message = Node::message_of(Parcel { heap, term });
    super::handle::arrive_as(p, message, monitor.priority);
    true
}

fn down_message<'h>(
    us: Pid,
    heap: &'h Heap,
    reference: RefNumbers,
    monitor: &Monitor,
    reason: Term<'h>,
) -> Term<'h> {
    let copy = |p: &Parcel| corten_term::copy::copy(p.term(), heap);
    let reference = if monitor.pid_reference {
        heap.pid_reference(reference, us)
    } else {
        heap.reference(reference)
    };
    let kind = match monitor.target {
        Target::Port(_) | Target::NoPort => am::port,
        Target::TimeOffset => am::time_offset,
        _ => am::process,
    };
    let object = match (&monitor.object, monitor.name, monitor.target) {
        (Some(o), _, _) => copy(o),
        (None, Some(name), _) => heap.tuple(&[Term::atom(name), Term::atom(node().name())]),
        (None, None, Target::Process(pid)) => Term::pid(pid),
        (None, None, Target::Port(port)) => Term::port(port),
        (None, None, Target::TimeOffset) => Term::atom(am::clock_service),
        (None, None, Target::Remote | Target::NoPort) => Term::UNDEFINED,
    };
    let tag = monitor
        .tag
        .as_ref()
        .map_or(Term::atom(am::DOWN), |t| copy(t));
    heap.tuple(&[tag, reference, Term::atom(kind), object, reason])
}

/// The time offset changed: `{'CHANGE', Reference, time_offset, clock_service, Offset}` for each monitor of it.
pub(super) fn time_offset(p: &Process, offset: &Parcel) -> bool {
    let watching: Vec<(RefNumbers, bool)> = p.with_relations(|r| {
        r.monitors
            .iter()
            .filter(|(_, m)| m.target == Target::TimeOffset)
            .map(|(r, m)| (*r, m.pid_reference))
            .collect()
    });
    for (reference, alias) in &watching {
        let heap = Heap::new();
        let term = {
            let reference = if *alias {
                heap.pid_reference(*reference, p.pid())
            } else {
                heap.reference(*reference)
            };
            heap.tuple(&[
                Term::atom(am::CHANGE),
                reference,
                Term::atom(am::time_offset),
                Term::atom(am::clock_service),
                corten_term::copy::copy(offset.term(), &heap),
            ])
            .raw()
        };
        super::handle::arrive(p, Node::message_of(Parcel { heap, term }));
    }
    !watching.is_empty()
}
