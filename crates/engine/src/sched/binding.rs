//! Schedulers bound to processors: `+sbt`, `+sct`, `system_flag(scheduler_bind_type, …)`.
//!
//! Each scheduler's thread binds itself when it starts and after a change ([`check`]). A processor that this program may
//! not use is passed over; schedulers for which none is left run unbound. Dirty threads are never bound.

use super::scheduler;
use super::topology::{Binding, Topology};
use crate::node;
use parking_lot::Mutex;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

struct State {
    detected: Option<Topology>,
    /// By the user.
    defined: Option<Topology>,
    binding: Binding,
    /// By scheduler: the processor that it should be bound to, and the one that it is bound to.
    wanted: Vec<Option<i32>>,
    bound: Vec<Option<i32>>,
    /// The processors that this program may use; `None` where the system does not say.
    usable: Option<CpuSet>,
}

impl State {
    fn used(&self) -> Option<&Topology> {
        self.defined.as_ref().or(self.detected.as_ref())
    }

    fn assign(&mut self) {
        let order = match (self.used(), self.binding) {
            (_, Binding::Unbound) | (None, _) => Vec::new(),
            (Some(t), binding) => t.order(binding),
        };
        let may_use = |cpu: &i32| self.usable.is_some_and(|set| is_set(&set, *cpu));
        let mut free = order.into_iter().filter(may_use);
        self.wanted = (0..self.bound.len()).map(|_| free.next()).collect();
    }
}

fn is_set(set: &CpuSet, cpu: i32) -> bool {
    usize::try_from(cpu).is_ok_and(|cpu| cpu < CpuSet::MAX_CPU && set.is_set(cpu))
}

/// Counts changes; schedulers compare it with what they know.
static CHANGES: AtomicU32 = AtomicU32::new(0);

static STATE: LazyLock<Mutex<State>> = LazyLock::new(|| {
    let c = &node().config;
    let mut state = State {
        detected: (!c.skip_topology).then(Topology::detect).flatten(),
        defined: c.topology.clone(),
        binding: c.binding,
        wanted: Vec::new(),
        bound: vec![None; c.schedulers.max(1)],
        usable: sched_getaffinity(None).ok(),
    };
    state.assign();
    Mutex::new(state)
});

/// Called at the start of the node, before there are threads: a node that binds nothing has nothing to do.
pub(super) fn start() {
    if node().config.binding != Binding::Unbound {
        changed();
    }
}

fn changed() {
    CHANGES.fetch_add(1, Ordering::Release);
    scheduler::wake_all();
}

/// Binds the thread of scheduler `index` if something has changed since it looked last (`seen`).
#[inline]
pub(super) fn check(index: usize, seen: &mut u32) {
    let now = CHANGES.load(Ordering::Acquire);
    if now != *seen {
        *seen = now;
        bind(index);
    }
}

#[cold]
fn bind(index: usize) {
    let mut state = STATE.lock();
    let (wanted, usable) = (state.wanted[index], state.usable);
    let set = match wanted.and_then(|cpu| usize::try_from(cpu).ok()) {
        None => usable,
        Some(cpu) => {
            let mut one = CpuSet::new();
            one.set(cpu);
            Some(one)
        }
    };
    let done = set.is_some_and(|set| sched_setaffinity(None, &set).is_ok());
    state.bound[index] = wanted.filter(|_| done);
}

/// Which topology is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    Detected,
    Defined,
    Used,
}

pub fn topology(which: Which) -> Option<Topology> {
    let state = STATE.lock();
    match which {
        Which::Detected => state.detected.clone(),
        Which::Defined => state.defined.clone(),
        Which::Used => state.used().cloned(),
    }
}

/// Defines the topology, or goes back to the detected one; what was used before.
pub fn define(topology: Option<Topology>) -> Option<Topology> {
    let mut state = STATE.lock();
    let old = state.used().cloned();
    state.defined = topology;
    state.assign();
    drop(state);
    changed();
    old
}

pub fn binding() -> Binding {
    STATE.lock().binding
}

/// Changes how schedulers are bound; what it was. `None`: there is no topology to go by.
pub fn set_binding(binding: Binding) -> Option<Binding> {
    let mut state = STATE.lock();
    state.used()?;
    let old = std::mem::replace(&mut state.binding, binding);
    state.assign();
    drop(state);
    changed();
    Some(old)
}

/// By scheduler, the processor that it is bound to.
pub fn bound() -> Vec<Option<i32>> {
    STATE.lock().bound.clone()
}

/// Runs `f` with this thread bound to nothing: threads and programs that it starts inherit that.
pub fn freely<R>(f: impl FnOnce() -> R) -> R {
    let Some(index) = scheduler::current_index() else {
        return f();
    };
    if CHANGES.load(Ordering::Acquire) == 0 {
        return f();
    }
    if let Some(usable) = STATE.lock().usable {
        // A thread that stays bound does its work all the same.
        let _ = sched_setaffinity(None, &usable);
    }
    let result = f();
    bind(index);
    result
}
