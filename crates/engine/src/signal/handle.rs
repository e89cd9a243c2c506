//! What a process does with the signals that have arrived. Runs on the thread that runs the process, between
//! slices and in `receive`; nothing here allocates on the process's heap or collects, so terms stay where they are.

use super::node::{Body, ExitKind, ExitSignal, Node};
use super::{Parcel, link, monitor, send, suspend};
use crate::Process;
use crate::process::tasks::Pending;
use crate::process::{exit, flag, state};
use corten_term::{Pid, Term, am};
use std::sync::atomic::Ordering;

/// Reductions that handling signals costs at most, each time.
const MOST_REDUCTIONS: usize = 1000;

/// Takes the in-queue and acts on all of it. Afterwards look at the state word: the process may be exiting or
/// suspended.
pub fn arrived(p: &Process) {
    p.shared.state.fetch_and(!state::SIGNALS, Ordering::AcqRel);
    let mut handled = 0;
    let mut active = false;
    for signal in p.shared.in_queue.take() {
        handled += 1;
        if p.shared.state() & state::EXITING != 0 {
            // What comes behind the signal that ended us finds nobody.
            if let Ok(body) = signal.into_body() {
                refuse(body, p.pid(), Term::atom(am::noproc));
            }
            continue;
        }
        match signal.into_body() {
            Err(message) => {
                p.mailbox.push(message);
                active = true;
            }
            Ok(body) => active |= act(p, body),
        }
    }
    if active {
        p.shared.state.fetch_or(state::ACTIVE, Ordering::AcqRel);
    }
    // However many there were, the process itself gets to run too.
    p.bump_reductions((handled / 4).min(MOST_REDUCTIONS));
}

/// Whether system tasks wait to be executed between slices.
pub fn has_tasks(p: &Process) -> bool {
    p.cold
        .borrow()
        .as_ref()
        .is_some_and(|c| !c.tasks.is_empty())
}

/// Acts on one signal; true if a waiting process has to look again.
fn act(p: &Process, body: Body) -> bool {
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
        Body::AliasMessage { reference, message } => {
            return monitor::alias_message(p, reference, message);
        }
        Body::GroupLeader { leader, reply } => {
            p.set_group_leader(*leader);
            if let Some(reply) = reply {
                send::answer_atom(*reply, am::true_);
            }
        }
        Body::IsAlive(reply) => send::answer_atom(*reply, am::true_),
        // The stack can only be looked at between slices.
        Body::ProcessInfo { reply, request } => {
            p.with_cold(|c| c.tasks.push(Pending::Info(reply, request)));
        }
        Body::Suspend { by, reply } => suspend::suspended(p, by, reply),
        Body::Resume { by } => suspend::resumed(p, by),
        Body::Task(task) => p.with_cold(|c| c.tasks.push(Pending::Task(task))),
        Body::Call(work) => {
            work.run(p);
            return true;
        }
    }
    false
}

/// An exit signal: ignored, turned into a message, or the end.
fn exit_signal(p: &Process, signal: ExitSignal) -> bool {
    if signal.kind == ExitKind::Link && !link::broken(p, signal.from) {
        return false;
    }
    let reason = signal.parcel.term();
    let sent = signal.kind == ExitKind::Sent;
    if sent && reason.is(am::kill) {
        exit::request(p, Parcel::pack(Term::atom(am::killed)));
        return true;
    }
    if p.has_flag(flag::TRAP_EXIT) {
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
        p.mailbox.push(Node::message_of(Parcel { heap, term }));
        return true;
    }
    // A process may end itself with `exit(self(), normal)`; from others it means nothing.
    if reason.is(am::normal) && !(sent && signal.from == p.pid().word()) {
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
        Body::Suspend {
            reply: Some(reply), ..
        } => send::answer_atom(reply.reply, reply.gone),
        Body::Task(task) => task.refuse(),
        Body::Call(work) => work.gone(),
        Body::Exit(_)
        | Body::UnlinkAck { .. }
        | Body::Demonitor(_)
        | Body::Down { .. }
        | Body::TimeOffset(_)
        | Body::AliasMessage { .. }
        | Body::GroupLeader { .. }
        | Body::Suspend { .. }
        | Body::Resume { .. } => {}
    }
}
