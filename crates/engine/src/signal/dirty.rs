//! Signals of a process that is on a dirty thread, or waits for one, are handled by others: system processes
//! (`erts_dirty_process_signal_handler`) that hear of such a process by a message and call [`handle`] for it. So it can
//! be killed, asked, linked to and monitored although its native function takes long.
//!
//! `DIRTY_SIGNALS` in its state word says who owns its mailbox, relations and system tasks meanwhile; see
//! `sched::state`. The heap stays the dirty thread's: what needs it waits until the process is back.

use super::handle;
use super::send;
use crate::node;
use crate::process::info::{self, Request};
use crate::process::tasks::{self, Pending};
use crate::process::{Process, Shared, exit, state};
use crate::sched::progress;
use crate::sched::state::{lock_dirty, unlock_dirty};
use corten_term::{Pid, Term};
use std::sync::atomic::Ordering;

/// What handling the signals of a dirty process came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handled {
    /// There is no such process.
    Gone,
    /// It is not dirty any more, and sees to its signals itself.
    NotDirty,
    Done,
    /// Signals are left, or somebody else is at it: again, later.
    More,
}

/// Tells the handler of the process's priority. Called once until somebody has looked.
pub(crate) fn notify(shared: &Shared) {
    let Some(helpers) = node::helpers() else {
        return;
    };
    let [normal, high, max] = helpers.dirty_handlers;
    let handler = match shared.urgency() {
        0 => max,
        1 => high,
        _ => normal,
    };
    send::message(handler, Term::pid(shared.pid));
}

/// Handles some of the signals of a process that is dirty.
pub fn handle(pid: Pid) -> Handled {
    let guard = crossbeam_epoch::pin();
    let Some(ptr) = node().processes.lookup_process(pid, &guard) else {
        return Handled::Gone;
    };
    // SAFETY: alive as long as the guard; of the private part we only touch what `DIRTY_SIGNALS` gives us.
    let p = unsafe { ptr.0.as_ref() };
    // First, so that whoever sends a signal after we have looked tells a handler again.
    p.shared
        .state
        .fetch_and(!state::DIRTY_NOTIFIED, Ordering::AcqRel);
    match lock_dirty(&p.shared) {
        None => return Handled::NotDirty,
        Some(false) => return Handled::More,
        Some(true) => {}
    }
    let more = handle::act_on_some(p, true).more;
    let killed = p.with_relations(|r| r.killed.is_some());
    if killed {
        // All at once: the process cannot be found for another round.
        if !p.with_relations(|r| std::mem::replace(&mut r.ghost, true)) {
            progress::ghost_appears();
        }
        let mut unlimited = usize::MAX;
        while !exit::tell_others(p, &mut unlimited) {}
    } else if !p.shared.is_exiting() {
        run_tasks(p);
    }
    unlock_dirty(&p.shared);
    if more { Handled::More } else { Handled::Done }
}

/// Answers questions about the process that do not need its heap. Its stack stays as it is until the dirty thread has
/// got hold of its signals.
fn run_tasks(p: &Process) {
    let answerable = |task: &Pending| match task {
        Pending::Info(_, request) => !needs_heap(p, request),
        Pending::Task(_) => task.is_about_code(),
        Pending::Call(_) => false,
    };
    while let Some(task) = p.with_relations(|r| r.tasks.take_that(answerable)) {
        match task {
            Pending::Info(reply, request) => info::answer(p, *reply, &request),
            Pending::Task(task) => task.answer(tasks::execute(p, &task)),
            Pending::Call(_) => {}
        }
    }
}

/// The native function may be allocating just now. While the process waits for a thread nobody touches its heap; but it
/// could get one at any time.
fn needs_heap(p: &Process, request: &Request) -> bool {
    debug_assert!(p.shared.state() & state::DIRTY_SIGNALS != 0);
    match request {
        Request::One(item) => info::is_about_heap(item.name),
        Request::List(items) => items.iter().any(|i| info::is_about_heap(i.name)),
        Request::Default => true,
    }
}
