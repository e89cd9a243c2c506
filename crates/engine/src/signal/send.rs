//! What senders call. A signal goes into the receiver's in-queue; then the receiver is woken if it sleeps.

use super::node::{Body, ExitKind, ExitSignal, Node, Reply};
use super::{Parcel, ports};
use crate::process::Shared;
use crate::trace::{event, flags, seq};
use crate::{Process, node, registry, sched};
use corten_term::{Atom, Pid, RefNumbers, Term, Word, am};

/// Puts a signal into the in-queue of a process, and gives it back when the process is gone.
pub fn deliver(to: Pid, signal: Node) -> Result<(), Node> {
    let guard = crossbeam_epoch::pin();
    match node().processes.lookup(to, &guard) {
        Some(shared) => deliver_to(shared, signal),
        None => Err(signal),
    }
}

/// The same, when the receiver was already looked up.
pub fn deliver_to(shared: &Shared, signal: Node) -> Result<(), Node> {
    let message = signal.is_message();
    shared.in_queue.push(signal)?;
    sched::state::signal_arrived(shared, message);
    Ok(())
}

/// A signal that is no message; false when the process is gone.
pub fn control(to: Pid, body: Body) -> bool {
    deliver(to, Node::control(body)).is_ok()
}

/// A signal that somebody of priority `priority` (0 is max) waits to be acted on; given back when the process is gone.
pub fn urgent(to: Pid, body: Body, priority: u32) -> Result<(), Node> {
    let guard = crossbeam_epoch::pin();
    let signal = Node::control(body);
    let Some(shared) = node().processes.lookup(to, &guard) else {
        return Err(signal);
    };
    deliver_to(shared, signal)?;
    sched::state::boost(shared, priority);
    Ok(())
}

/// Sends a copy of `t`, in nobody's name. False: there is no such process.
pub fn message(to: Pid, t: Term<'_>) -> bool {
    message_from(Term::UNDEFINED, to, t).is_some()
}

/// The same; `carried` is what the message says of its sender: a pid, a sequential trace token, or nothing. The words that
/// the copy takes, or none if there is no such process.
#[inline]
pub fn message_from(carried: Term<'_>, to: Pid, t: Term<'_>) -> Option<usize> {
    let guard = crossbeam_epoch::pin();
    let shared = node().processes.lookup(to, &guard)?;
    if shared.is_exiting() {
        return None;
    }
    let message = Node::message_from(carried, t);
    let words = message.words();
    deliver_to(shared, message).is_ok().then_some(words)
}

/// Sends a term that already lies on a heap of its own.
pub fn parcel(to: Pid, parcel: Parcel) -> bool {
    deliver(to, Node::message_of(parcel)).is_ok()
}

/// Sends several messages, and wakes the receiver when all of them are there.
pub fn parcels(to: Pid, parcels: Vec<Parcel>) {
    let guard = crossbeam_epoch::pin();
    let Some(shared) = node().processes.lookup(to, &guard) else {
        return;
    };
    let all_in = parcels
        .into_iter()
        .all(|p| shared.in_queue.push(Node::message_of(p)).is_ok());
    if all_in {
        sched::state::signal_arrived(shared, true);
    }
}

/// Sends to a registered process. False: the name means no process.
pub fn to_name(name: Atom, t: Term<'_>) -> bool {
    match registry::whereis(name) {
        Some(registry::Registered::Process(pid)) => message(pid, t),
        _ => false,
    }
}

/// Sends to an alias of a process.
fn to_alias(carried: Term<'_>, pid: Pid, reference: RefNumbers, t: Term<'_>, priority: bool) {
    let body = Body::AliasMessage {
        reference,
        message: Node::message_from(carried, t),
        priority,
    };
    control(pid, body);
}

/// How a send ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    Done,
    /// An unregistered name.
    BadName,
    /// Not something one can send to.
    BadDestination,
    /// A process of another node, or a name there.
    Remote,
}

/// `To ! T` by the process `p`, for every kind of destination.
pub fn send(p: &Process, to: Term<'_>, t: Term<'_>) -> Sent {
    send_as(p, to, t, false)
}

/// The same; `priority`: a priority message, if it goes to an alias that takes them.
pub fn send_as(p: &Process, to: Term<'_>, t: Term<'_>, priority: bool) -> Sent {
    if p.shared.is_traced(flags::SEND | flags::TOKEN) {
        return send_traced(p, to, t, priority);
    }
    route(p.pid(), Term::pid(p.pid()), to, t, priority)
}

#[cold]
fn send_traced(p: &Process, to: Term<'_>, t: Term<'_>, priority: bool) -> Sent {
    // Aliases are not seen by who traces.
    if p.shared.is_traced(flags::SEND)
        && !to.is_reference()
        && !p.has_flag(crate::process::flag::SENSITIVE)
    {
        event::sends(p, to, t);
    }
    let carried = if p.shared.is_traced(flags::TOKEN) {
        seq::sends(p, to, t)
    } else {
        Term::pid(p.pid())
    };
    route(p.pid(), carried, to, t, priority)
}

/// `carried`: what the message says of its sender, the pid or a sequential trace token.
fn route(from: Pid, carried: Term<'_>, to: Term<'_>, t: Term<'_>, priority: bool) -> Sent {
    if let Some(pid) = to.as_local_pid() {
        message_from(carried, pid, t);
        return Sent::Done;
    }
    if let Some(name) = to.as_atom() {
        return send_to_name(from, carried, name, t);
    }
    if let Some(port) = to.as_local_port() {
        if let Some(ports) = ports::get() {
            ports.message(port, from, t);
        }
        return Sent::Done;
    }
    if let Some(r) = to.as_reference() {
        return match (r.local(), r.pid) {
            (Some(numbers), Some(pid)) => {
                to_alias(carried, pid, numbers, t, priority);
                Sent::Done
            }
            (Some(_), None) => Sent::Done,
            (None, _) => Sent::Remote,
        };
    }
    if let Some([name, host]) = to.as_tuple_of::<2>()
        && let (Some(name), Some(host)) = (name.as_atom(), host.as_atom())
    {
        if host != node().name() {
            return Sent::Remote;
        }
        // A name that nobody has is no error in this form.
        send_to_name(from, carried, name, t);
        return Sent::Done;
    }
    if to.is_pid() || to.is_port() {
        return Sent::Remote;
    }
    Sent::BadDestination
}

fn send_to_name(from: Pid, carried: Term<'_>, name: Atom, t: Term<'_>) -> Sent {
    match registry::whereis(name) {
        Some(registry::Registered::Process(pid)) => {
            message_from(carried, pid, t);
            Sent::Done
        }
        Some(registry::Registered::Port(port)) => {
            if let Some(ports) = ports::get() {
                ports.message(port, from, t);
            }
            Sent::Done
        }
        None => Sent::BadName,
    }
}

/// An exit signal to a process. `from` is an immediate pid or port.
pub fn exit(to: Pid, from: Word, reason: Parcel, kind: ExitKind) -> bool {
    let signal = ExitSignal {
        kind,
        alias: None,
        from,
        parcel: reason,
    };
    control(to, Body::Exit(Box::new(signal)))
}

/// An exit signal to an alias of the process `to`; `priority`: it becomes a priority message, if the alias takes them.
pub fn exit_alias(to: Pid, reference: RefNumbers, from: Pid, reason: Parcel, priority: bool) {
    let signal = ExitSignal {
        kind: ExitKind::Sent,
        alias: Some((reference, priority)),
        from: from.word(),
        parcel: reason,
    };
    control(to, Body::Exit(Box::new(signal)));
}

/// A linked process or port ended.
pub fn link_exit(to: Pid, from: Word, reason: Term<'_>) -> bool {
    exit(to, from, Parcel::pack(reason), ExitKind::Link)
}

/// What was watched ended.
pub fn down(to: Pid, reference: RefNumbers, reason: Term<'_>) {
    let reason = Box::new(Parcel::pack(reason));
    control(to, Body::Down { reference, reason });
}

/// `{Reference, Answer}`.
pub fn answer(reply: Reply, build: impl for<'h> FnOnce(&'h corten_term::Heap) -> Term<'h>) {
    let heap = reply.reference.heap;
    let term = {
        // SAFETY: the reference lies on the heap that we just took.
        let reference = unsafe { Term::from_raw(reply.reference.term) };
        let answer = build(&heap);
        heap.tuple(&[reference, answer]).raw()
    };
    parcel(reply.pid, Parcel { heap, term });
}

/// `{Reference, Atom}`.
pub fn answer_atom(reply: Reply, atom: Atom) {
    answer(reply, |_| Term::atom(atom));
}

/// What a process that is gone answers to a signal sent to it.
pub fn refused(signal: Node, to: Pid) {
    match signal.into_body() {
        Ok(body) => super::handle::refuse(body, to, Term::atom(am::noproc)),
        Err(message) => drop(message),
    }
}
