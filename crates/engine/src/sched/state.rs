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
//! - While a process is on a dirty thread or waits for one, whoever sets `DIRTY_SIGNALS` owns its signals, mailbox and
//!   relations: another process that handles them, or the dirty thread itself when its native function has
//!   returned (`claim`). The dirty thread cannot let go of the process before it has it.
//! - A process goes to sleep by one compare-and-swap that fails when `SIGNALS`, `TIMEOUT` or `EXITING` came in between.
//!
//! `tests/races/loom` tries these out in every order of events.

use super::scheduler;
use crate::process::state::*;
use crate::process::table::ProcessPtr;
use crate::process::{Process, Shared};
use crate::trace::profile;
use std::sync::atomic::Ordering;

const OWNED: u32 = IN_QUEUE | RUNNING | RUNNING_DIRTY | DEAD;
/// On a dirty thread, or waiting for one.
const DIRTY: u32 = RUNNING_DIRTY | DIRTY_IO | DIRTY_CPU;

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
        queue(shared, scheduler::enqueue);
    } else if !message && old & DIRTY != 0 {
        dirty_signals_arrived(shared);
    }
}

/// Tells a process that handles signals of dirty processes about this one.
#[cold]
fn dirty_signals_arrived(shared: &Shared) {
    let old = shared.state.fetch_or(DIRTY_NOTIFIED, Ordering::AcqRel);
    if old & DIRTY_NOTIFIED == 0 {
        crate::signal::dirty::notify(shared);
    }
}

/// Takes hold of the signals of a process that is on a dirty thread or waits for one. `None`: it is not.
/// `Some(false)`: another one has them.
pub(crate) fn lock_dirty(shared: &Shared) -> Option<bool> {
    let old = shared
        .state
        .fetch_update(Ordering::AcqRel, Ordering::Acquire, |s| {
            (s & DIRTY != 0 && s & DIRTY_SIGNALS == 0)
                .then_some((s | DIRTY_SIGNALS) & !DIRTY_NOTIFIED)
        });
    match old {
        Ok(_) => Some(true),
        Err(s) if s & DIRTY != 0 => Some(false),
        Err(_) => None,
    }
}

/// Gives them back. The process may be gone right afterwards.
pub(crate) fn unlock_dirty(shared: &Shared) {
    shared.state.fetch_and(!DIRTY_SIGNALS, Ordering::AcqRel);
}

/// On the dirty thread that runs the process, once the native function has returned: the process is this thread's alone
/// from here on. Whoever handles its signals is waited for.
pub fn claim(shared: &Shared) {
    let mut turns = 0;
    while lock_dirty(shared) == Some(false) {
        turns += 1;
        relax(turns);
    }
}

/// Lets time pass in a loop that waits for another thread.
fn relax(turns: u32) {
    #[cfg(loom)]
    loom::thread::yield_now();
    if turns < 100 {
        std::hint::spin_loop();
    } else if cfg!(not(loom)) {
        std::thread::sleep(std::time::Duration::from_micros(50));
    }
}

/// Runs `f`, which touches relations of the process that the calling native function works for.
pub(crate) fn with_signals<R>(shared: &Shared, f: impl FnOnce() -> R) -> R {
    let dirty = shared.state() & RUNNING_DIRTY != 0;
    if dirty {
        claim(shared);
    }
    let result = f();
    if dirty {
        unlock_dirty(shared);
    }
    result
}

/// Somebody of priority `priority` waits for the process to act on a signal that was sent just now.
pub(crate) fn boost(shared: &Shared, priority: u32) {
    let bits = 3u32.saturating_sub(priority);
    let old = shared
        .state
        .fetch_update(Ordering::AcqRel, Ordering::Acquire, |s| {
            let less = priority < (s & PRIORITY_MASK) >> PRIORITY_SHIFT
                && (s & BOOST_MASK) >> BOOST_SHIFT < bits;
            (less && s & DEAD == 0).then_some((s & !BOOST_MASK) | (bits << BOOST_SHIFT))
        });
    match old {
        // Whoever was told of its signals before may be less urgent than the one who waits.
        Ok(s) if s & DIRTY != 0 => crate::signal::dirty::notify(shared),
        Ok(s) if s & IN_QUEUE != 0 => scheduler::promote(process_of(shared)),
        _ => {}
    }
}

/// The most urgent of the tasks that are left has this priority; none are left.
pub(super) fn set_boost(shared: &Shared, priority: Option<u32>) {
    let bits = 3 - priority.unwrap_or(3).min(3);
    // With signals on their way somebody may have asked for more just now.
    let _ = shared
        .state
        .fetch_update(Ordering::AcqRel, Ordering::Acquire, |s| {
            (s & SIGNALS == 0).then_some((s & !BOOST_MASK) | (bits << BOOST_SHIFT))
        });
}

/// The timer of a `receive` fired.
pub(crate) fn timed_out(shared: &Shared) {
    let old = shared.state.fetch_or(TIMEOUT | ACTIVE, Ordering::AcqRel);
    if old & OWNED == 0 {
        queue(shared, scheduler::enqueue_first);
    }
}

/// Puts a process into its run queue unless somebody has it.
fn queue(shared: &Shared, enqueue: impl FnOnce(ProcessPtr)) {
    let taken = shared
        .state
        .fetch_update(Ordering::AcqRel, Ordering::Acquire, |s| {
            (s & OWNED == 0).then_some(s | IN_QUEUE)
        });
    if taken.is_ok() {
        let p = process_of(shared);
        if profile::wants(profile::RUNNABLE_PROCESSES) {
            // SAFETY: alive, as `shared` is; nobody else has it before it is in the queue.
            profile::process(unsafe { p.0.as_ref() }, true);
        }
        enqueue(p);
    }
}

/// A new process, published just now, may run.
pub(crate) fn start(p: ProcessPtr) {
    // SAFETY: nobody has run it yet, so it is alive.
    let shared = unsafe { &p.0.as_ref().shared };
    queue(shared, scheduler::enqueue);
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
    sleep(shared, RUNNING | RUNNING_DIRTY | DIRTY_SIGNALS | ACTIVE)
}

/// The process is suspended: what it was doing it does later.
pub(super) fn suspend(shared: &Shared) -> bool {
    sleep(shared, RUNNING | RUNNING_DIRTY | DIRTY_SIGNALS)
}

fn sleep(shared: &Shared, clear: u32) -> bool {
    shared
        .state
        .fetch_update(Ordering::AcqRel, Ordering::Acquire, |s| {
            (s & (SIGNALS | TIMEOUT | EXITING) == 0).then_some(s & !clear)
        })
        .is_ok()
}

/// The process goes to a dirty pool, and its signals to who handles those of dirty processes.
pub(super) fn go_dirty(shared: &Shared, pool: u32) {
    // It cannot go away before it has been in the pool's queue, where the caller puts it afterwards.
    if requeue(shared, pool) {
        dirty_signals_arrived(shared);
    }
}

/// The process goes back into a queue; `dirty` are the bits of a pool, or none. True: with signals to a pool.
pub(super) fn requeue(shared: &Shared, dirty: u32) -> bool {
    let old = shared
        .state
        .fetch_update(Ordering::AcqRel, Ordering::Acquire, |s| {
            Some((s & !(RUNNING | RUNNING_DIRTY | DIRTY_SIGNALS)) | IN_QUEUE | dirty)
        });
    debug_assert!(old.is_ok_and(|s| s & (RUNNING | RUNNING_DIRTY) != 0));
    // Senders that saw it running have left the signals to it.
    if dirty != 0 && old.is_ok_and(|s| s & SIGNALS != 0) {
        return true;
    }
    false
}
