//! The dirty pools: threads for native functions that block (IO) or compute for long (CPU). Threads are made when
//! there is work and no idle one, up to the pool's size, and then stay.

use super::binding;
use super::microstate::{self, Kind, State};
use super::scheduler::{self, enqueue};
use super::tidy::Idle;
use super::turns::Turns;
use super::{Outcome, Registers, SLICE, executor, state};
use crate::node;
use crate::process::table::ProcessPtr;
use parking_lot::{Condvar, Mutex, MutexGuard};
use std::collections::VecDeque;

/// Which pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pool {
    Io,
    Cpu,
}

#[derive(Debug)]
struct Inner {
    work: VecDeque<ProcessPtr>,
    idle: usize,
    threads: usize,
}

#[derive(Debug)]
struct Threads {
    inner: Mutex<Inner>,
    wake: Condvar,
}

impl Threads {
    const fn new() -> Threads {
        Threads {
            inner: Mutex::new(Inner {
                work: VecDeque::new(),
                idle: 0,
                threads: 0,
            }),
            wake: Condvar::new(),
        }
    }
}

static IO: Threads = Threads::new();
static CPU: Threads = Threads::new();

impl Pool {
    fn threads(self) -> &'static Threads {
        match self {
            Pool::Io => &IO,
            Pool::Cpu => &CPU,
        }
    }
    fn limit(self) -> usize {
        match self {
            Pool::Io => node().config.dirty_io.max(1),
            Pool::Cpu => node().config.dirty_cpu_online.max(1),
        }
    }
    /// Processes that wait for a thread.
    pub fn queue_length(self) -> usize {
        self.threads().inner.lock().work.len()
    }
}

/// Hands a process, whose state says so, to a pool.
pub(super) fn submit(pool: Pool, p: ProcessPtr) {
    let t = pool.threads();
    let mut inner = t.inner.lock();
    inner.work.push_back(p);
    if inner.idle >= inner.work.len() || inner.threads >= pool.limit() {
        t.wake.notify_one();
        return;
    }
    inner.threads += 1;
    let number = inner.threads;
    drop(inner);
    let name = match pool {
        Pool::Io => format!("erts_dios_{number}"),
        Pool::Cpu => format!("erts_dcpus_{number}"),
    };
    let thread = std::thread::Builder::new().name(name);
    let started = binding::freely(|| thread.spawn(move || main(pool, number)));
    if started.is_err() {
        // No thread to be had: one that is there takes the work; with none, the node cannot go on.
        let mut inner = t.inner.lock();
        inner.threads -= 1;
        if inner.threads == 0 {
            corten_term::heap::fatal("cannot create a dirty scheduler thread");
        }
    }
}

fn main(pool: Pool, number: usize) {
    let kind = match pool {
        Pool::Cpu => Kind::DirtyCpu,
        Pool::Io => Kind::DirtyIo,
    };
    microstate::join(kind, number);
    let t = pool.threads();
    let mut registers = Registers::new();
    let mut idle = Idle::default();
    let turns = match pool {
        Pool::Cpu => Some(Turns::new()),
        Pool::Io => None,
    };
    loop {
        let mut inner = t.inner.lock();
        let p = loop {
            if let Some(p) = inner.work.pop_front() {
                break p;
            }
            inner.idle += 1;
            microstate::enter(State::Sleep);
            let leave = || {
                crate::gc::release_kept();
                idle.waits()
            };
            match MutexGuard::unlocked(&mut inner, leave) {
                // Whoever came meanwhile has notified nobody.
                _ if !inner.work.is_empty() => {}
                Some(longest) => drop(t.wake.wait_for(&mut inner, longest)),
                None => t.wake.wait(&mut inner),
            }
            inner.idle -= 1;
        };
        drop(inner);
        microstate::enter(State::Emulator);
        idle.works();
        run(p, &mut registers, turns.as_ref());
    }
}

fn run(ptr: ProcessPtr, registers: &mut Registers, turns: Option<&Turns>) {
    // SAFETY: it came from the pool's queue, so it is alive, and from here on it is ours.
    let p = unsafe { ptr.0.as_ref() };
    state::run_dirty(&p.shared);
    p.reductions_left.set(SLICE);
    scheduler::traced_in(p);
    // One that was killed while it waited for this thread does not begin.
    let outcome = if p.shared.is_exiting() {
        state::claim(&p.shared);
        Outcome::Yield
    } else {
        match turns {
            Some(turns) => turns.work(|| executor().run_dirty(p, registers)),
            None => executor().run_dirty(p, registers),
        }
    };
    let used = SLICE.saturating_sub(p.reductions_left.get());
    p.reductions.set(
        p.reductions
            .get()
            .wrapping_add(u64::try_from(used).unwrap_or(0)),
    );
    scheduler::traced_out(p);
    if outcome == Outcome::Wait && state::wait(&p.shared) {
        return;
    }
    if outcome == Outcome::Exited && !p.shared.is_exiting() {
        crate::process::exit::normal(p);
    }
    // Signals that came meanwhile, the exit, and everything else are for a scheduler.
    let _ = state::requeue(&p.shared, 0);
    enqueue(ptr);
    debug_assert!(scheduler::current_index().is_none());
}
