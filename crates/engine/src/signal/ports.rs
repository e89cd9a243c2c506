//! What ports have to offer so that processes can link to them, watch them and be told of their end. The
//! room that has the ports installs one implementation at start; before that there are no ports.

use super::Parcel;
use corten_term::{Pid, PortId, RefNumbers, Term};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// The ports of the node. Every call may come from any thread.
pub trait Ports: Send + Sync {
    fn exists(&self, port: PortId) -> bool;
    /// `from` links to the port. False: there is none.
    fn link(&self, port: PortId, from: Pid) -> bool;
    fn unlink(&self, port: PortId, from: Pid);
    /// `from` watches the port. False: there is none.
    fn monitor(&self, port: PortId, from: Pid, reference: RefNumbers) -> bool;
    fn demonitor(&self, port: PortId, reference: RefNumbers);
    /// An exit signal: from a linked process that ended, or `exit/2`.
    fn exit(&self, port: PortId, from: Pid, reason: Parcel);
    /// `Port ! Message`.
    fn message(&self, port: PortId, from: Pid, message: Term<'_>);
    /// All open ports.
    fn all(&self) -> Vec<PortId>;
    /// Writes a trace message to a port, in external format.
    fn trace(&self, port: PortId, message: Term<'_>);
    /// Calls `f` with the port's own word of trace flags. False: there is no such port.
    fn with_trace_flags(&self, port: PortId, f: &mut dyn FnMut(&AtomicU32)) -> bool;
    /// Stores what is left of its trace flags.
    fn set_trace_flags(&self, port: PortId, flags: u32) {
        self.with_trace_flags(port, &mut |word| word.store(flags, Ordering::Release));
    }
    /// The name of the port was taken or given.
    fn registered(&self, port: PortId, name: Option<corten_term::Atom>) -> bool;
}

static PORTS: OnceLock<&'static dyn Ports> = OnceLock::new();

/// Installs the ports. Once, at start.
pub fn install(ports: &'static dyn Ports) {
    // A second set of ports would be a mistake of the node's start; the first one stays.
    let _ = PORTS.set(ports);
}

/// The ports, if the node has any.
pub fn get() -> Option<&'static dyn Ports> {
    PORTS.get().copied()
}
