//! The state word of a process: who may move it where.
//!
//! ```text
//!            start / signal / timer                taken by a scheduler
//!   waiting ----------------------> IN_QUEUE ---------------------------> RUNNING
//!      ^                             ^    ^                                 | | |
//!      |          nothing arrived    |    |            Yield                | | |
//!      +-----------------------------|----|---------------------------------+ | |
//!      |                             |    +-----------------------------------+ |
//!      |        RUNNING_DIRTY -------+                                          |
//!      |              ^   taken by a dirty thread                               |
//!      |              +---------- IN_QUEUE | DIRTY_* <--------- DirtyIo/DirtyCpu +--> EXITING … DEAD
//! ```
//!
//! - At most one of `IN_QUEUE`, `RUNNING`, `RUNNING_DIRTY` is set; whoever sets `IN_QUEUE` puts the process into
//!   exactly one queue. `DEAD` keeps `RUNNING`, so nobody queues a process that is gone.
//! - A sender pushes its signal first and sets `SIGNALS` then; who finds it set before has nothing more to do, because
//!   the process is going to look. The receiver clears `SIGNALS` first and takes the in-queue then.
//! - A process goes to sleep by one compare-and-swap that fails when `SIGNALS`, `TIMEOUT` or `EXITING` came in between.

use super::scheduler;
use crate::process::state::*;
use crate::process::table::ProcessPtr;
use crate::process::{Process, Shared};
use std::sync::atomic::Ordering;

const OWNED: u32 = IN_QUEUE | RUNNING | RUNNING_DIRTY | DEAD;

/// The process that a public part belongs to.
pub(crate) fn process_of(shared: &Shared) -> ProcessPtr {
    // `Process` is `repr(C)` and begins with its public part.
    ProcessPtr(std::ptr::NonNull::from(shared).cast::<Process>())
}

/// A signal was pushed: wakes the process if it sleeps.
#[inline]
pub fn signal_arrived(shared: &Shared, message: bool) {
    // What a process waits for counts as something to do at once, so that its status shows it.
    let bits = if message { SIGNALS | ACTIVE } else { SIGNALS };
    let old = shared.state.fetch_or(bits, Ordering::AcqRel);
    if old & SIGNALS == 0 && old & OWNED == 0 {
        queue(shared);
    }
}

/// The timer of a `receive` fired.
pub(crate) fn timed_out(shared: &Shared) {
    let old = shared.state.fetch_or(TIMEOUT | ACTIVE, Ordering::AcqRel);
    if old & OWNED == 0 {
        queue(shared);
    }
}

/// Puts a process into its run queue unless somebody has it.
fn queue(shared: &Shared) {
    let taken = shared
        .state
        .fetch_update(Ordering::AcqRel, Ordering::Acquire, |s| {
            (s & OWNED == 0).then_some(s | IN_QUEUE)
        });
    if taken.is_ok() {
        scheduler::enqueue(process_of(shared));
    }
}

/// A new process, published just now, may run.
pub(crate) fn start(p: ProcessPtr) {
    // SAFETY: nobody has run it yet, so it is alive.
    let shared = unsafe { &p.0.as_ref().shared };
    queue(shared);
}

/// A thread takes a process out of a queue.
pub(super) fn run(shared: &Shared) {
    let old = shared
        .state
        .fetch_update(Ordering::AcqRel, Ordering::Acquire, |s| {
            Some((s & !IN_QUEUE) | RUNNING)
        });
    debug_assert!(old.is_ok_and(|s| s & OWNED == IN_QUEUE));
}

/// A dirty thread does.
pub(super) fn run_dirty(shared: &Shared) {
    let old = shared
        .state
        .fetch_update(Ordering::AcqRel, Ordering::Acquire, |s| {
            Some((s & !(IN_QUEUE | DIRTY_IO | DIRTY_CPU)) | RUNNING_DIRTY)
        });
    debug_assert!(old.is_ok_and(|s| s & OWNED == IN_QUEUE));
}

/// The process has nothing to do: false if something came in between, and then it is still ours.
pub(super) fn wait(shared: &Shared) -> bool {
    sleep(shared, RUNNING | RUNNING_DIRTY | ACTIVE)
}

/// The process is suspended: what it was doing it does later.
pub(super) fn suspend(shared: &Shared) -> bool {
    sleep(shared, RUNNING | RUNNING_DIRTY)
}

fn sleep(shared: &Shared, clear: u32) -> bool {
    shared
        .state
        .fetch_update(Ordering::AcqRel, Ordering::Acquire, |s| {
            (s & (SIGNALS | TIMEOUT | EXITING) == 0).then_some(s & !clear)
        })
        .is_ok()
}

/// The process goes back into a queue; `dirty` are the bits of a pool, or none.
pub(super) fn requeue(shared: &Shared, dirty: u32) {
    let old = shared
        .state
        .fetch_update(Ordering::AcqRel, Ordering::Acquire, |s| {
            Some((s & !(RUNNING | RUNNING_DIRTY)) | IN_QUEUE | dirty)
        });
    debug_assert!(old.is_ok_and(|s| s & (RUNNING | RUNNING_DIRTY) != 0));
}
