//! What natives and ports send to processes: the one place where this crate meets the engine's signals.

use corten_engine::signal::node::ExitKind;
use corten_engine::signal::{Body, Parcel, link, send};
use corten_engine::{Process, registry};
use corten_term::{Atom, Heap, Pid, PortId, RefNumbers, Term};

/// Sends a message built on its own heap. False: there is no such process.
pub fn message(to: Pid, build: impl for<'h> FnOnce(&'h Heap) -> Term<'h>) -> bool {
    parcel(to, Parcel::build(build))
}

/// A message that is there already.
pub fn parcel(to: Pid, message: Parcel) -> bool {
    send::parcel(to, message)
}

/// Several messages that the receiver finds at the same time.
pub fn messages(to: Pid, messages: Vec<Parcel>) {
    send::parcels(to, messages);
}

/// One message, to a registered process.
pub fn to_name(name: Atom, build: impl for<'h> FnOnce(&'h Heap) -> Term<'h>) -> bool {
    let parcel = Parcel::build(build);
    send::to_name(name, parcel.term())
}

/// A port that the process is linked to has ended.
pub fn link_exit(to: Pid, from: PortId, reason: Term<'_>) {
    send::link_exit(to, from.word(), reason);
}

/// An exit signal that needs no link: a bad message to a port.
pub fn exit(to: Pid, from: PortId, reason: Term<'_>) {
    send::exit(to, from.word(), Parcel::pack(reason), ExitKind::Sent);
}

/// A port that the process watches has ended.
pub fn down(to: Pid, reference: RefNumbers, reason: Term<'_>) {
    send::down(to, reference, reason);
}

/// Links a process to a port. False: there is no such process.
pub fn link(to: Pid, from: PortId) -> bool {
    send::control(to, Body::Link(from.word()))
}

/// Ends the link of a process to a port from the port's side.
pub fn unlink(to: Pid, from: PortId) {
    // Ports wait for no acknowledgement, so the number does not matter.
    send::control(
        to,
        Body::Unlink {
            from: from.word(),
            id: 1,
        },
    );
}

/// Enters the link of a running process to the port that it opens.
pub fn establish(p: &Process, port: PortId) {
    link::establish(p, port.word(), false);
}

/// A registered port has ended: its name is free.
pub fn forget_name(name: Atom, port: PortId) {
    registry::port_closed(port, name);
}

/// The port of this registered name.
pub fn port_of_name(name: Atom) -> Option<PortId> {
    match registry::whereis(name) {
        Some(registry::Registered::Port(port)) => Some(port),
        _ => None,
    }
}
