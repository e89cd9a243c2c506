//! `erlang:suspend_process` and `resume_process`: counted by the suspender, acted on by the suspendee.

use super::node::{Body, SuspendReply};
use super::send;
use crate::Process;
use crate::process::state;
use corten_term::Pid;
use std::sync::atomic::Ordering;

/// How a request to suspend was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// The signal is on its way.
    Sent,
    /// It was suspended by us before.
    Again,
    NoProcess,
}

/// Asks `who` to suspend. With `unless`, only if we have not suspended it already.
pub fn suspend(p: &Process, who: Pid, unless: bool, reply: Option<Box<SuspendReply>>) -> Asked {
    let before = p.with_relations(|r| r.suspending.get(&who).map_or(0, |s| s.count));
    if before > 0 && unless {
        return Asked::Again;
    }
    let reply_wanted = reply.is_some();
    if before == 0 || reply_wanted {
        let by = p.pid();
        if !send::control(who, Body::Suspend { by, reply }) {
            return Asked::NoProcess;
        }
    }
    p.with_relations(|r| {
        r.suspending
            .insert(who, super::relations::Suspended { count: before + 1 })
    });
    if before == 0 {
        Asked::Sent
    } else {
        Asked::Again
    }
}

/// Takes one suspension back. False: there was none.
pub fn resume(p: &Process, who: Pid) -> bool {
    let left = p.with_relations(|r| {
        let s = r.suspending.get_mut(&who)?;
        s.count -= 1;
        let left = s.count;
        if left == 0 {
            r.suspending.remove(&who);
        }
        Some(left)
    });
    match left {
        None => false,
        Some(0) => {
            send::control(who, Body::Resume { by: p.pid() });
            true
        }
        Some(_) => true,
    }
}

pub(super) fn suspended(p: &Process, by: Pid, reply: Option<Box<SuspendReply>>) {
    let fresh = p.with_relations(|r| r.suspended_by.insert(by, ()).is_none());
    if fresh {
        suspend_one(p);
    }
    if let Some(reply) = reply {
        send::answer_atom(reply.reply, reply.done);
    }
}

pub(super) fn resumed(p: &Process, by: Pid) {
    if p.with_relations(|r| r.suspended_by.remove(&by).is_none()) {
        return;
    }
    resume_one(p);
}

/// One reason more to be suspended, of a process that this thread runs. It counts from the end of its slice.
pub(crate) fn suspend_one(p: &Process) {
    p.suspend_count.set(p.suspend_count.get() + 1);
    p.shared.state.fetch_or(state::SUSPENDED, Ordering::AcqRel);
}

/// One reason less to be suspended.
pub(crate) fn resume_one(p: &Process) {
    let left = p.suspend_count.get().saturating_sub(1);
    p.suspend_count.set(left);
    if left == 0 {
        p.shared
            .state
            .fetch_and(!state::SUSPENDED, Ordering::AcqRel);
    }
}
