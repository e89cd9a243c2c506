//! Having the world to oneself: `exclusively` waits until every other scheduler thread is between two slices (or
//! parked) and keeps them there. Rare: code purge, crash dumps, `multi_scheduling`.
//!
//! A scheduler thread is *inside* while it may run processes. It comes out when it parks and at the checkpoint
//! between slices when somebody wants the world. Dirty threads are not stopped: they touch one process each.

use parking_lot::{Condvar, Mutex};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

#[derive(Debug)]
struct World {
    inside: usize,
    taken: bool,
    waiting: usize,
}

static WORLD: Mutex<World> = Mutex::new(World {
    inside: 0,
    taken: false,
    waiting: 0,
});
static CHANGED: Condvar = Condvar::new();
static WANTED: AtomicBool = AtomicBool::new(false);
static MULTI_SCHEDULING_BLOCKERS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

pub(super) fn wanted() -> bool {
    WANTED.load(Ordering::Acquire)
}

/// The thread is going to run processes: waits while somebody has the world.
pub(super) fn enter() {
    let mut w = WORLD.lock();
    while w.taken || w.waiting > 0 {
        CHANGED.wait(&mut w);
    }
    w.inside += 1;
    INSIDE.set(true);
}

/// The thread is not going to run processes for a while.
pub(super) fn leave() {
    let mut w = WORLD.lock();
    w.inside -= 1;
    INSIDE.set(false);
    if w.waiting > 0 {
        CHANGED.notify_all();
    }
}

/// Between two slices.
#[inline]
pub(super) fn checkpoint() {
    if wanted() {
        leave();
        enter();
    }
}

/// Runs `f` while no other scheduler thread runs a process.
pub fn exclusively<R>(f: impl FnOnce() -> R) -> R {
    let inside = INSIDE.get();
    let mut w = WORLD.lock();
    if inside {
        w.inside -= 1;
        CHANGED.notify_all();
    }
    w.waiting += 1;
    WANTED.store(true, Ordering::Release);
    while w.taken || w.inside > 0 {
        CHANGED.wait(&mut w);
    }
    w.taken = true;
    w.waiting -= 1;
    drop(w);
    let result = f();
    let mut w = WORLD.lock();
    w.taken = false;
    if inside {
        w.inside += 1;
    }
    if w.waiting == 0 {
        WANTED.store(false, Ordering::Release);
    }
    CHANGED.notify_all();
    drop(w);
    result
}

/// The node ends: scheduler threads stop between two slices, for good. Waits no longer than `limit`; true if all stand
/// still. May be called by any thread, also one that has the world already.
pub fn stop_for_good(limit: Duration) -> bool {
    let deadline = Instant::now() + limit;
    let Some(mut w) = WORLD.try_lock_until(deadline) else {
        return false;
    };
    if INSIDE.replace(false) {
        w.inside -= 1;
    }
    w.waiting += 1;
    WANTED.store(true, Ordering::Release);
    CHANGED.notify_all();
    while w.inside > 0 {
        if CHANGED.wait_until(&mut w, deadline).timed_out() {
            break;
        }
    }
    w.taken = true;
    w.inside == 0
}

/// Whether only one scheduler runs processes.
pub fn multi_scheduling_blocked() -> bool {
    MULTI_SCHEDULING_BLOCKERS.load(Ordering::SeqCst) > 0
}

/// `system_flag(multi_scheduling, block)`.
pub fn block_multi_scheduling() {
    MULTI_SCHEDULING_BLOCKERS.fetch_add(1, Ordering::SeqCst);
}

/// `system_flag(multi_scheduling, unblock)`; false if it was not blocked.
pub fn unblock_multi_scheduling() -> bool {
    let ok = MULTI_SCHEDULING_BLOCKERS
        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1))
        .is_ok();
    if ok && !multi_scheduling_blocked() {
        super::scheduler::wake_all();
    }
    ok
}
