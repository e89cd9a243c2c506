//! `erlang:suspend_process` and `resume_process`: counted by the suspender, acted on by the suspendee.

use super::node::{Body, Suspend, SuspendReply};
use super::relations::Suspended;
use super::send;
use crate::Process;
use crate::process::state;
use corten_term::Pid;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// How a request to suspend was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// The signal is on its way.
    Sent,
    /// We had asked before, and nothing was sent.
    Again,
    NoProcess,
}

/// Asks `who` to suspend. With `unless`, only if we have not asked it already; but an answer comes only when it is suspended.
pub fn suspend(p: &Process, who: Pid, unless: bool, reply: Option<SuspendReply>) -> Asked {
    let (before, active) = p.with_relations(|r| match r.suspending.get(&who) {
        Some(s) => (s.count, s.active.clone()),
        None => (0, Arc::default()),
    });
    let is_active = before > 0 && active.load(Ordering::Acquire);
    if before > 0 && unless && (is_active || reply.is_none()) {
        return Asked::Again;
    }
    let wanted = before == 0 || reply.is_some();
    if wanted {
        let request = Suspend {
            by: p.pid(),
            active: active.clone(),
            reply,
        };
        if !send::control(who, Body::Suspend(Box::new(request))) {
            return Asked::NoProcess;
        }
    }
    if before == 0 || !unless {
        let count = before + 1;
        p.with_relations(|r| r.suspending.insert(who, Suspended { count, active }));
    }
    if wanted { Asked::Sent } else { Asked::Again }
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

pub(super) fn suspended(p: &Process, request: Suspend) {
    let fresh = p.with_relations(|r| r.suspended_by.insert(request.by, ()).is_none());
    if fresh {
        suspend_one(p);
    }
    request.active.store(true, Ordering::Release);
    if let Some(reply) = request.reply {
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
