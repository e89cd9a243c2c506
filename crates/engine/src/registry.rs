//! Registered names of processes and ports.

use crate::process::Process;
use crate::signal::ports;
use crate::trace::{event, flags};
use crate::{node, signal};
use corten_term::{Atom, Pid, PortId, Term, am};
use parking_lot::RwLock;
use std::collections::HashMap;
use std::sync::LazyLock;

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registered {
    Process(Pid),
    Port(PortId),
}

static NAMES: LazyLock<RwLock<HashMap<Atom, Registered>>> = LazyLock::new(RwLock::default);

/// What the name stands for now.
pub fn whereis(name: Atom) -> Option<Registered> {
    NAMES.read().get(&name).copied()
}

/// The process of this name.
pub fn whereis_process(name: Atom) -> Option<Pid> {
    match whereis(name) {
        Some(Registered::Process(pid)) => Some(pid),
        _ => None,
    }
}

/// All names.
pub fn names() -> Vec<Atom> {
    NAMES.read().keys().copied().collect()
}

/// The name of a process that is looked at from outside.
pub fn name_of(what: Registered) -> Option<Atom> {
    NAMES
        .read()
        .iter()
        .find_map(|(n, r)| (*r == what).then_some(*n))
}

/// Why a name could not be given or taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameError {
    /// The name stands for something already.
    Taken,
    /// The process or port has a name already.
    Named,
    /// There is no such process or port.
    Gone,
    /// Nothing has this name.
    Unknown,
}

/// Gives `name` to a process or port of this node.
pub fn register(name: Atom, what: Registered) -> Result<(), NameError> {
    let mut names = NAMES.write();
    if names.contains_key(&name) {
        return Err(NameError::Taken);
    }
    // Under the lock, so that the exit of the process either finds the name or was seen here.
    let guard = crossbeam_epoch::pin();
    match what {
        Registered::Process(pid) => {
            let shared = node()
                .processes
                .lookup(pid, &guard)
                .filter(|s| !s.is_exiting())
                .ok_or(NameError::Gone)?;
            if !shared.set_name(name) {
                return Err(NameError::Named);
            }
            if shared.is_traced(flags::PROCS) {
                event::procs(shared, am::register, Term::atom(name).raw());
            }
        }
        Registered::Port(port) => {
            let ports = ports::get()
                .filter(|t| t.exists(port))
                .ok_or(NameError::Gone)?;
            if !ports.registered(port, Some(name)) {
                return Err(NameError::Named);
            }
        }
    }
    names.insert(name, what);
    Ok(())
}

/// Takes the name from whatever has it.
pub fn unregister(name: Atom) -> Result<(), NameError> {
    let mut names = NAMES.write();
    match names.remove(&name).ok_or(NameError::Unknown)? {
        Registered::Process(pid) => {
            let guard = crossbeam_epoch::pin();
            if let Some(shared) = node().processes.lookup(pid, &guard) {
                if shared.is_traced(flags::PROCS) {
                    event::procs(shared, am::unregister, Term::atom(name).raw());
                }
                shared.clear_name();
            }
        }
        Registered::Port(port) => {
            if let Some(ports) = ports::get() {
                ports.registered(port, None);
            }
        }
    }
    Ok(())
}

/// The process exits: it is marked as exiting already, so it can get no other name.
pub(crate) fn process_exits(p: &Process) {
    let mut names = NAMES.write();
    if let Some(name) = p.shared.name() {
        names.remove(&name);
        p.shared.clear_name();
        if p.shared.is_traced(flags::PROCS) {
            event::procs(&p.shared, am::unregister, Term::atom(name).raw());
        }
    }
}

/// The port is closed.
pub fn port_closed(port: PortId, name: Atom) {
    let mut names = NAMES.write();
    if names.get(&name) == Some(&Registered::Port(port)) {
        names.remove(&name);
    }
}

/// Sends to a name, if it stands for a process.
pub fn send(name: Atom, t: corten_term::Term<'_>) -> bool {
    signal::send::to_name(name, t)
}
