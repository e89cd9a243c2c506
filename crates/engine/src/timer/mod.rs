//! Timers: hierarchical wheels, one per scheduler, with a tick of a millisecond.
//!
//! A timer sits on the wheel of the scheduler that set it; any thread may cancel it there. The thread of the
//! scheduler fires what is due between slices and parks no longer than until the next timer. What a timer
//! does (wake a `receive`, send a message) is done under the lock of its wheel, so that a timer which could not be
//! cancelled has done it.

pub mod offset;
mod wheel;

use crate::process::state;
use crate::sched::{self, scheduler};
use crate::signal::{Node, Parcel, send};
use crate::{node, registry, time};
use corten_term::{Atom, Pid, RefNumbers};
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use wheel::{Key, Wheel};

/// Nanoseconds of a tick.
const TICK: i64 = 1_000_000;

/// Names the timer of a `receive`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handle {
    wheel: u32,
    key: Key,
}

/// Who gets the message of a timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receiver {
    Process(Pid),
    Name(Atom),
}

#[derive(Debug)]
enum Action {
    /// Ends the wait of a `receive`.
    Wake(Pid),
    Send {
        to: Receiver,
        message: Parcel,
        reference: RefNumbers,
    },
    /// Calls something of the engine or of the ports.
    Call(Callback),
}

/// A function to call.
struct Callback(Box<dyn FnOnce() + Send>);

impl std::fmt::Debug for Callback {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Callback")
    }
}

/// The timers of one scheduler.
#[derive(Debug, Default)]
struct Timers {
    wheel: Wheel<Action>,
    by_reference: FxHashMap<RefNumbers, Named>,
    /// The timers that send to a process.
    by_owner: FxHashMap<Pid, Vec<RefNumbers>>,
}

/// A timer that has a reference: where it is on the wheel and in its owner's list.
#[derive(Debug, Clone, Copy)]
struct Named {
    key: Key,
    owned: usize,
}

#[derive(Debug)]
struct Shard {
    timers: Mutex<Timers>,
    /// Tick at which the wheel has to be looked at; `u64::MAX` if it is empty.
    next: AtomicU64,
}

static SHARDS: OnceLock<Box<[Shard]>> = OnceLock::new();

fn shards() -> &'static [Shard] {
    SHARDS.get_or_init(|| {
        (0..node().config.schedulers.max(1))
            .map(|_| Shard {
                timers: Mutex::default(),
                next: AtomicU64::new(u64::MAX),
            })
            .collect()
    })
}

/// Nanoseconds since the node started.
fn elapsed() -> i64 {
    time::monotonic() - time::START_TIME
}
/// Ticks that have passed wholly.
fn now() -> u64 {
    u64::try_from(elapsed() / TICK).unwrap_or(0)
}
/// The first tick that is not before this monotonic time.
fn tick_of(monotonic: i64) -> u64 {
    let since = monotonic.saturating_sub(time::START_TIME);
    u64::try_from(since).unwrap_or(0).div_ceil(TICK as u64)
}

/// Puts a timer on the wheel of this thread's scheduler.
fn set(at: u64, action: Action) -> Handle {
    let index = scheduler::current_index().unwrap_or(0);
    let shard = &shards()[index];
    let mut t = shard.timers.lock();
    let owner = match &action {
        Action::Send { to, reference, .. } => Some((*to, *reference)),
        Action::Wake(_) | Action::Call(_) => None,
    };
    let current = now();
    let key = t.wheel.insert(at, current, action);
    if let Some((to, reference)) = owner {
        let mut owned = 0;
        if let Receiver::Process(pid) = to {
            let list = t.by_owner.entry(pid).or_default();
            owned = list.len();
            list.push(reference);
        }
        t.by_reference.insert(reference, Named { key, owned });
    }
    let next = t.wheel.next_due().unwrap_or(u64::MAX);
    let before = shard.next.swap(next, Ordering::SeqCst);
    drop(t);
    if next < before && scheduler::current_index() != Some(index) {
        scheduler::timer_changed(index);
    }
    Handle {
        wheel: index as u32,
        key,
    }
}

// ---- receive timeouts ----

/// Ends the wait of `pid` in this many milliseconds.
pub fn wake(pid: Pid, milliseconds: u64) -> Handle {
    let at = time::monotonic().saturating_add(
        i64::try_from(milliseconds)
            .unwrap_or(i64::MAX)
            .saturating_mul(TICK),
    );
    set(tick_of(at), Action::Wake(pid))
}

/// The wait is over: the timer, fired or not, is gone afterwards, and so is what it did.
pub fn cancel_wake(h: Handle) {
    let shard = &shards()[h.wheel as usize];
    shard.timers.lock().wheel.remove(h.key);
}

// ---- timers with a message ----

/// Sends `message` at `at`, nanoseconds of monotonic time.
pub fn start(at: i64, to: Receiver, reference: RefNumbers, message: Parcel) {
    if let Receiver::Process(pid) = to {
        let guard = crossbeam_epoch::pin();
        match node().processes.lookup(pid, &guard) {
            Some(shared) if !shared.is_exiting() => {
                shared.timers.fetch_add(1, Ordering::AcqRel);
            }
            // Nobody is going to get it.
            _ => return,
        }
    }
    let action = Action::Send {
        to,
        message,
        reference,
    };
    set(tick_of(at), action);
}

/// Calls `f` in this many milliseconds, on a scheduler thread; it must be short.
pub fn call(milliseconds: u64, f: impl FnOnce() + Send + 'static) -> Handle {
    let at = time::monotonic().saturating_add(
        i64::try_from(milliseconds)
            .unwrap_or(i64::MAX)
            .saturating_mul(TICK),
    );
    set(tick_of(at), Action::Call(Callback(Box::new(f))))
}

/// Takes back what [`call`] was to do; false if it is done.
pub fn cancel_call(h: Handle) -> bool {
    shards()[h.wheel as usize]
        .timers
        .lock()
        .wheel
        .remove(h.key)
        .is_some()
}

fn milliseconds_left(at: u64) -> u64 {
    let left = (at as i64).saturating_mul(TICK).saturating_sub(elapsed());
    // A tick begins not before the time that was asked for, so rounding down gives that.
    u64::try_from(left).unwrap_or(0) / TICK as u64
}

/// Shards in the order in which a timer of this thread is likely to be found.
fn search() -> impl Iterator<Item = &'static Shard> {
    let all = shards();
    let first = scheduler::current_index().unwrap_or(0);
    (0..all.len()).map(move |i| &all[(first + i) % all.len()])
}

/// Cancels a timer; the milliseconds that were left, or none if there is no such timer (any more).
pub fn cancel(reference: RefNumbers) -> Option<u64> {
    search().find_map(|shard| {
        let mut t = shard.timers.lock();
        let named = t.by_reference.remove(&reference)?;
        let (at, action) = t.wheel.remove(named.key)?;
        if let Action::Send {
            to: Receiver::Process(pid),
            ..
        } = action
        {
            t.disown(pid, named.owned);
        }
        Some(milliseconds_left(at))
    })
}

/// Milliseconds left of a timer.
pub fn read(reference: RefNumbers) -> Option<u64> {
    search().find_map(|shard| {
        let t = shard.timers.lock();
        let at = t.wheel.due(t.by_reference.get(&reference)?.key)?;
        Some(milliseconds_left(at))
    })
}

/// The process ends: its timers go.
pub(crate) fn cancel_all_of(pid: Pid) {
    for shard in shards() {
        let mut t = shard.timers.lock();
        for reference in t.by_owner.remove(&pid).unwrap_or_default() {
            if let Some(named) = t.by_reference.remove(&reference) {
                t.wheel.remove(named.key);
            }
        }
    }
}

impl Timers {
    /// The timer at place `owned` of the list of `pid` is no more.
    fn disown(&mut self, pid: Pid, owned: usize) {
        if let Some(list) = self.by_owner.get_mut(&pid) {
            if owned < list.len() {
                list.swap_remove(owned);
            }
            if let Some(moved) = list.get(owned).and_then(|r| self.by_reference.get_mut(r)) {
                moved.owned = owned;
            }
            if list.is_empty() {
                self.by_owner.remove(&pid);
            }
        }
        let guard = crossbeam_epoch::pin();
        if let Some(shared) = node().processes.lookup(pid, &guard) {
            shared.timers.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// Does what the timer was set for; a function comes back, to be called without the lock.
    fn fire(&mut self, action: Action) -> Option<Callback> {
        match action {
            Action::Wake(pid) => {
                let guard = crossbeam_epoch::pin();
                if let Some(shared) = node().processes.lookup(pid, &guard)
                    && shared.state() & state::DEAD == 0
                {
                    sched::state::timed_out(shared);
                }
            }
            Action::Send {
                to,
                message,
                reference,
            } => {
                let named = self.by_reference.remove(&reference);
                let pid = match to {
                    Receiver::Process(pid) => {
                        if let Some(named) = named {
                            self.disown(pid, named.owned);
                        }
                        Some(pid)
                    }
                    Receiver::Name(name) => registry::whereis_process(name),
                };
                if let Some(pid) = pid {
                    // A receiver that is gone needs no message.
                    let _ = send::deliver(pid, Node::message_of(message));
                }
            }
            Action::Call(f) => return Some(f),
        }
        None
    }
}

/// Timers with a message that are set, and the bytes that each takes at least.
pub fn usage() -> (usize, usize) {
    let set = shards().iter().map(|s| s.timers.lock().by_reference.len());
    let each = size_of::<Action>() + 2 * size_of::<(RefNumbers, Key)>();
    (set.sum(), each)
}

/// Shows the timers with a message to `f`, with the milliseconds that are left. Those on a wheel that another thread
/// holds are left out: the node may be ending.
pub(crate) fn for_each_message(mut f: impl FnMut(Receiver, &Parcel, u64)) {
    let current = now();
    for shard in shards() {
        let Some(timers) = shard.timers.try_lock() else {
            continue;
        };
        for (due, action) in timers.wheel.iter() {
            if let Action::Send { to, message, .. } = action {
                f(*to, message, due.saturating_sub(current));
            }
        }
    }
}

// ---- for the scheduler threads ----

/// Fires what is due on the wheel of a scheduler.
#[inline]
pub(crate) fn run_due(index: usize) {
    let shard = &shards()[index];
    let next = shard.next.load(Ordering::SeqCst);
    if next == u64::MAX {
        return;
    }
    let now = now();
    if next > now {
        return;
    }
    let mut calls = Vec::new();
    let mut t = shard.timers.lock();
    while let Some(action) = t.wheel.pop_due(now) {
        calls.extend(t.fire(action));
    }
    let next = t.wheel.next_due().unwrap_or(u64::MAX);
    shard.next.store(next, Ordering::SeqCst);
    drop(t);
    // These may set timers.
    for f in calls {
        (f.0)();
    }
}

/// How long until the wheel of a scheduler has to be looked at.
pub(crate) fn next_due(index: usize) -> Option<Duration> {
    let next = shards()[index].next.load(Ordering::SeqCst);
    if next == u64::MAX {
        return None;
    }
    let left = i64::try_from(next)
        .unwrap_or(i64::MAX)
        .saturating_mul(TICK)
        .saturating_sub(elapsed());
    Some(Duration::from_nanos(u64::try_from(left).unwrap_or(0)))
}
