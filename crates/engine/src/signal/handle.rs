//! What a process does with the signals that have arrived. Runs on the thread that runs the process, between
//! slices and in `receive` (or for a process on a dirty thread: see [`super::dirty`]); nothing here allocates on
//! the process's heap or collects, so terms stay where they are.
//!
//! However many signals there are, each call does a bounded amount of work: what is left stays in
//! `Process::incoming`, in order, with `SIGNALS` set, for the next slice.

use super::node::{Body, ExitKind, ExitSignal, Node};
use super::{Parcel, link, monitor, send, suspend};
use crate::Process;
use crate::process::tasks::Pending;
use crate::process::{exit, flag, state};
use crate::trace::{event, flags};
use corten_term::{Pid, Term, am};
use std::sync::atomic::Ordering;

/// What acting on signals costs, in steps, and how many of them one call takes.
const STEPS: usize = 8000;
const SIGNAL_STEPS: usize = 8;
const STEPS_PER_REDUCTION: usize = 16;

/// What a round of handling came to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Round {
    steps: usize,
    /// Signals are left.
    pub more: bool,
}

/// Acts on the signals that have arrived, up to a limit; true if some are left. Afterwards look at the state word: the
/// process may be exiting or suspended.
pub fn arrived(p: &Process) -> bool {
    let round = act_on_some(p, false);
    p.bump_reductions(round.steps / STEPS_PER_REDUCTION);
    round.more
}

/// Acts on all signals that have arrived by now, not on those that arrive meanwhile: the process asks about itself.
pub fn flush(p: &Process) {
    let mut steps = act_on(p, false, usize::MAX, |p| p.incoming.next()).steps;
    if !p.shared.is_exiting() {
        p.incoming.put(p.shared.in_queue.take());
        steps += act_on(p, false, usize::MAX, |p| p.incoming.next()).steps;
    }
    p.bump_reductions(steps / STEPS_PER_REDUCTION);
}

/// Whether there are signals to act on.
pub fn has_signals(p: &Process) -> bool {
    !p.incoming.is_empty() || !p.shared.in_queue.is_empty()
}

fn next(p: &Process) -> Option<Node> {
    if p.incoming.is_empty() {
        p.incoming.put(p.shared.in_queue.take());
    }
    p.incoming.next()
}

/// `elsewhere`: the process itself is on a dirty thread.
pub(super) fn act_on_some(p: &Process, elsewhere: bool) -> Round {
    act_on(p, elsewhere, STEPS, next)
}

fn act_on(
    p: &Process,
    elsewhere: bool,
    most: usize,
    next: impl Fn(&Process) -> Option<Node>,
) -> Round {
    let mut steps = 0;
    let mut active = false;
    // What comes behind a signal that ends the process is for `process::exit` to refuse.
    let mut exiting = p.shared.is_exiting();
    while !exiting && steps < most {
        let Some(signal) = next(p) else { break };
        match signal.into_body() {
            Err(message) => {
                arrive(p, message);
                active = true;
                steps += 1;
            }
            Ok(body) => {
                active |= act(p, body, elsewhere);
                exiting = p.shared.is_exiting();
                steps += SIGNAL_STEPS;
            }
        }
    }
    // Not before they were acted on: who asks whether the process is alive looks at the state word. A sender raises the
    // flag after its signal is in the queue, so what came meanwhile is seen here or raises it again.
    p.shared.state.fetch_and(!state::SIGNALS, Ordering::AcqRel);
    let more = !exiting && has_signals(p);
    let bits = [(active, state::ACTIVE), (more, state::SIGNALS)];
    let bits = bits.iter().filter(|b| b.0).fold(0, |all, b| all | b.1);
    if bits != 0 {
        p.shared.state.fetch_or(bits, Ordering::AcqRel);
    }
    if active && let Some(s) = crate::sysmon::get() {
        crate::sysmon::queue_length(p, &s);
    }
    Round { steps, more }
}

/// A message goes to the mailbox.
#[inline]
pub(super) fn arrive(p: &Process, message: Node) {
    if p.shared.is_traced(flags::RECEIVE) {
        arrives_traced(p, &message);
    }
    p.mailbox.push(message);
}

/// The same; `priority`: in front of all ordinary ones.
pub(super) fn arrive_as(p: &Process, message: Node, priority: bool) {
    if !priority {
        return arrive(p, message);
    }
    if p.shared.is_traced(flags::RECEIVE) {
        arrives_traced(p, &message);
    }
    p.mailbox.push_first(message);
}

/// A priority message that the process itself makes, behind the signals that have arrived.
pub fn arrive_first(p: &Process, message: Parcel) {
    flush(p);
    if !p.shared.is_exiting() {
        arrive_as(p, Node::message_of(message), true);
        p.shared.state.fetch_or(state::ACTIVE, Ordering::AcqRel);
    }
}

#[cold]
fn arrives_traced(p: &Process, message: &Node) {
    if p.has_flag(flag::SENSITIVE) {
        return;
    }
    // SAFETY: terms of a message that we hold.
    let (term, token) = unsafe {
        (
            Term::from_raw(message.term()),
            Term::from_raw(message.token()),
        )
    };
    let from = match token.as_tuple_of::<5>() {
        Some(token) => event::From::Process(token[3]),
        None if token.is_pid() => event::From::Process(token),
        None => event::From::System,
    };
    event::receives(p, from, term);
}

/// Whether system tasks wait to be executed between slices.
pub fn has_tasks(p: &Process) -> bool {
    let relations = p.relations.borrow();
    let Some(r) = relations.as_ref() else {
        return false;
    };
    !r.tasks.is_empty() && (!p.has_flag(flag::GC_DISABLED) || r.tasks.any(|t| !t.collects()))
}

/// Acts on one signal; true if a waiting process has to look again.
fn act(p: &Process, body: Body, elsewhere: bool) -> bool {
    match body {
        Body::Exit(signal) => return exit_signal(p, *signal),
        Body::Link(from) => link::linked(p, from),
        Body::Unlink { from, id } => link::unlinked(p, from, id),
        Body::UnlinkAck { from, id } => link::acknowledged(p, from, id),
        Body::Monitor { reference, watcher } => {
            p.with_relations(|r| r.watchers.insert(reference, watcher));
        }
        Body::Demonitor(reference) => {
            p.with_relations(|r| r.watchers.remove(&reference));
        }
        Body::Down { reference, reason } => return monitor::down(p, reference, *reason),
        Body::TimeOffset(offset) => return monitor::time_offset(p, &offset),
        Body::AliasMessage {
            reference,
            message,
            priority,
        } => return monitor::alias_message(p, reference, message, priority),
        Body::GroupLeader { leader, reply } => {
            p.set_group_leader(*leader);
            if let Some(reply) = reply {
                send::answer_atom(*reply, am::true_);
            }
        }
        Body::IsAlive(reply) => send::answer_atom(*reply, am::true_),
        // The stack can only be looked at between slices.
        Body::ProcessInfo { reply, request } => {
            let priority = p.shared.urgency();
            p.with_relations(|r| r.tasks.add(priority, Pending::Info(reply, request)));
        }
        Body::Suspend(request) => suspend::suspended(p, *request),
        Body::Resume { by } => suspend::resumed(p, by),
        Body::Task(task) => {
            let priority = task.priority;
            p.with_relations(|r| r.tasks.add(priority, Pending::Task(task)));
        }
        Body::Call(work) if elsewhere && !work.anywhere() => {
            let priority = p.shared.priority();
            p.with_relations(|r| r.tasks.add(priority, Pending::Call(work)));
        }
        Body::Call(work) => {
            work.run(p);
            return true;
        }
    }
    false
}
/// An exit signal: ignored, turned into a message, or the end.
fn exit_signal(p: &Process, signal: ExitSignal) -> bool {
    let priority = match (signal.kind, signal.alias) {
        (ExitKind::Link, _) => link::broken(p, signal.from),
        (ExitKind::Sent, None) => Some(false),
        // An alias that is none any more is nobody's.
        (ExitKind::Sent, Some((reference, priority))) => p
            .with_relations(|r| r.aliases.get(&reference).copied())
            .map(|a| a.priority && priority),
    };
    let Some(priority) = priority else {
        return false;
    };
    let reason = signal.parcel.term();
    let sent = signal.kind == ExitKind::Sent;
    if sent && reason.is(am::kill) {
        exit::request(p, Parcel::pack(Term::atom(am::killed)));
        return true;
    }
    let normal = reason.is(am::normal) && !(sent && signal.from == p.pid().word());
    if !sent && (normal || p.shared.traps_exit()) && p.shared.is_traced(flags::PROCS) {
        // Only who lives on is told to lose a link.
        event::procs(&p.shared, am::getting_unlinked, signal.from);
    }
    if p.shared.traps_exit() {
        let heap = signal.parcel.heap;
        let term = {
            // SAFETY: `from` and the reason are immediates or lie on the heap that we just took.
            let (from, reason) = unsafe {
                (
                    Term::from_raw(signal.from),
                    Term::from_raw(signal.parcel.term),
                )
            };
            heap.tuple(&[Term::atom(am::EXIT), from, reason]).raw()
        };
        arrive_as(p, Node::message_of(Parcel { heap, term }), priority);
        return true;
    }
    // A process may end itself with `exit(self(), normal)`; from others it means nothing.
    if normal {
        return false;
    }
    exit::request(p, signal.parcel);
    true
}

/// What senders are told when the receiver `us` is gone, or going.
pub fn refuse(body: Body, us: Pid, reason: Term<'_>) {
    let word = us.word();
    match body {
        Body::Link(from) => {
            // SAFETY: links come from pids and ports, which are immediates.
            let from = unsafe { Term::from_raw(from) };
            if let Some(pid) = from.as_local_pid() {
                send::link_exit(pid, word, reason);
            } else if let (Some(port), Some(t)) = (from.as_local_port(), super::ports::get()) {
                t.exit(port, us, Parcel::pack(reason));
            }
        }
        Body::Unlink { from, id } => link::acknowledge(word, from, id),
        Body::Monitor { reference, watcher } => send::down(watcher.pid, reference, reason),
        Body::GroupLeader {
            reply: Some(reply), ..
        } => send::answer_atom(*reply, am::badarg),
        Body::IsAlive(reply) => send::answer_atom(*reply, am::false_),
        Body::ProcessInfo { reply, .. } => send::answer_atom(*reply, am::undefined),
        Body::Suspend(request) => {
            if let Some(reply) = request.reply {
                send::answer_atom(reply.reply, reply.gone);
            }
        }
        Body::Task(task) => task.refuse(),
        Body::Call(work) => work.gone(),
        Body::Exit(_)
        | Body::UnlinkAck { .. }
        | Body::Demonitor(_)
        | Body::Down { .. }
        | Body::TimeOffset(_)
        | Body::AliasMessage { .. }
        | Body::GroupLeader { .. }
        | Body::Resume { .. } => {}
    }
}
