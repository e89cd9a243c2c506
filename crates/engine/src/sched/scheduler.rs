//! The scheduler threads. A thread runs what is in its queue, then what it can steal, then parks until somebody
//! unparks it or its next timer is due. There is no spinning.
//!
//! A thread that parks says so first (`parked`) and looks at the queues once more then; whoever queues a process
//! looks at `parked` afterwards. One of the two sees the other.

use super::microstate::{self, Kind, State};
use super::runqueue::RunQueue;
use super::stats::Counters;
use super::tidy::{self, Idle};
use super::{Outcome, Registers, SLICE, binding, block, dirty, executor, state};
use crate::process::state::{
    ACTIVE, BOOST_MASK, DIRTY_CPU, DIRTY_IO, EXITING, SIGNALS, SUSPENDED, TIMEOUT,
};
use crate::process::table::ProcessPtr;
use crate::process::{Process, exit, flag, tasks};
use crate::signal::handle;
use crate::trace::{call, event, flags, profile};
use crate::{node, sysmon, timer};
use corten_term::{Atom, am};
use std::cell::Cell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// One scheduler.
#[derive(Debug, Default)]
pub struct Scheduler {
    pub queue: RunQueue,
    pub counters: Counters,
    parked: AtomicBool,
    /// It runs a process. Others read it to place processes well; nothing depends on it.
    busy: AtomicBool,
    thread: OnceLock<Thread>,
}

static ALL: OnceLock<Box<[Scheduler]>> = OnceLock::new();
static ONLINE: AtomicUsize = AtomicUsize::new(1);
static PARKED: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static CURRENT: Cell<Option<usize>> = const { Cell::new(None) };
}

/// All schedulers.
pub fn all() -> &'static [Scheduler] {
    ALL.get_or_init(|| {
        (0..node().config.schedulers.max(1))
            .map(|_| Scheduler::default())
            .collect()
    })
}

/// Index of the scheduler whose thread this is.
#[inline]
pub fn current_index() -> Option<usize> {
    CURRENT.get()
}

/// Starts the threads, at the start of the node.
pub fn start() -> std::io::Result<()> {
    ONLINE.store(
        node().config.schedulers_online.clamp(1, all().len()),
        Ordering::SeqCst,
    );
    binding::start();
    tidy::start()?;
    for i in 0..all().len() {
        std::thread::Builder::new()
            .name(format!("erts_sched_{}", i + 1))
            .stack_size(1 << 20)
            .spawn(move || main(i))?;
    }
    Ok(())
}

/// Schedulers online.
pub fn online() -> usize {
    ONLINE.load(Ordering::SeqCst)
}

/// `system_flag(schedulers_online, N)`; returns what it was.
pub fn set_online(n: usize) -> usize {
    let old = ONLINE.swap(n.clamp(1, all().len()), Ordering::SeqCst);
    wake_all();
    old
}

/// Schedulers that run processes now: those online, or one while `multi_scheduling` is blocked.
fn active() -> usize {
    if block::multi_scheduling_blocked() {
        1
    } else {
        online()
    }
}

/// Schedulers that are not parked.
pub(super) fn busy() -> usize {
    let parked = PARKED.load(Ordering::Relaxed);
    ALL.get().map_or(0, |all| all.len().saturating_sub(parked))
}

pub(super) fn wake_all() {
    for s in all() {
        s.unpark();
    }
}

impl Scheduler {
    /// Slices that it has begun.
    pub(super) fn slices(&self) -> u64 {
        self.counters.context_switches.load(Ordering::SeqCst)
    }
    /// Whether it is not in the slice any more that it was in when it had begun `slices`.
    pub(super) fn has_left(&self, slices: u64) -> bool {
        self.parked.load(Ordering::SeqCst) || self.slices() != slices
    }
    /// Unparks the thread if it is parked; whether it was.
    fn unpark(&self) -> bool {
        let was = self.parked.swap(false, Ordering::SeqCst);
        if was {
            PARKED.fetch_sub(1, Ordering::SeqCst);
            if let Some(t) = self.thread.get() {
                t.unpark();
            }
        }
        was
    }
}

/// A timer on the wheel of this scheduler is due earlier than it knew.
pub(crate) fn timer_changed(index: usize) {
    if let Some(s) = all().get(index) {
        s.unpark();
    }
}

/// Puts a process, which has `IN_QUEUE` set, into the queue it belongs to.
pub(crate) fn enqueue(p: ProcessPtr) {
    put(p, RunQueue::push);
}

/// The same for a process whose time has come.
pub(super) fn enqueue_first(p: ProcessPtr) {
    put(p, RunQueue::push_first);
}

#[inline]
fn put(p: ProcessPtr, push: impl FnOnce(&RunQueue, ProcessPtr) -> usize) {
    // SAFETY: queued processes are alive.
    let home = unsafe { p.0.as_ref() }.shared.home.load(Ordering::Relaxed) as usize;
    let active = active();
    let s = &all()[place(home, active)];
    let length = push(&s.queue, p);
    fence(Ordering::SeqCst);
    if !s.unpark() && length > 1 {
        wake_thief(active);
    }
}

/// The scheduler that a process is queued at: the one that ran it last, unless that one runs nothing and the present
/// one has next to nothing to do next. Two processes that talk to each other then come to share a thread, and
/// nobody has to be woken for each message. In a node with little to do, who is told something runs behind those that
/// were started before, as with OTP, where programs have come to expect it; a second one in the queue calls a thief.
fn place(home: usize, active: usize) -> usize {
    let home = if home < active { home } else { home % active };
    match current_index() {
        Some(here)
            if here != home
                && here < active
                && !all()[home].busy.load(Ordering::Relaxed)
                && all()[here].queue.len() <= FEW =>
        {
            here
        }
        _ => home,
    }
}

/// As many may be queued before another one goes to a scheduler that runs nothing.
const FEW: usize = 1;

/// A process in a queue has become more urgent.
pub(super) fn promote(p: ProcessPtr) {
    if all().iter().any(|s| s.queue.promote(p)) {
        // Its scheduler may be busy with less urgent ones; another one may come for it.
        wake_thief(active());
    }
}

/// There is more to do than one thread does: another one may come and steal.
fn wake_thief(active: usize) {
    if PARKED.load(Ordering::SeqCst) > 0 {
        all()[..active].iter().any(Scheduler::unpark);
    }
}

/// Reductions after which a scheduler looks at the clock for timers that are due: a tenth of a slice. With messages slices are
/// short, and looking takes as long as sending one.
const LOOK: u64 = SLICE as u64 / 10;
/// What it counts for a slice besides.
const SWITCH: u64 = 10;

fn main(index: usize) {
    CURRENT.set(Some(index));
    block::enter();
    let me = &all()[index];
    // Before it can park: whoever unparks it needs the handle. Set once, as threads are started once.
    let _ = me.thread.set(std::thread::current());
    microstate::join(Kind::Scheduler, index + 1);
    microstate::enter(State::Emulator);
    let mut registers = Registers::new();
    let mut seen = 0;
    let mut idle = Idle::default();
    let mut worked = LOOK;
    loop {
        binding::check(index, &mut seen);
        block::checkpoint();
        if worked >= LOOK {
            worked = 0;
            timer::run_due(index);
        }
        if index >= active() {
            hand_over(me);
            park(index, &mut idle);
            worked = LOOK;
            continue;
        }
        match me.queue.pop().or_else(|| steal(index)) {
            Some(p) => {
                idle.works();
                let before = me.counters.reductions.load(Ordering::Relaxed);
                me.busy.store(true, Ordering::Relaxed);
                run(p, index, &mut registers);
                me.busy.store(false, Ordering::Relaxed);
                let after = me.counters.reductions.load(Ordering::Relaxed);
                worked += SWITCH + after.wrapping_sub(before);
            }
            None => {
                park(index, &mut idle);
                worked = LOOK;
            }
        }
    }
}

/// What an offline scheduler still has goes to the others.
fn hand_over(me: &Scheduler) {
    // If this scheduler comes online meanwhile, some come back to it: so only what is there now.
    for _ in 0..me.queue.len() {
        if let Some(p) = me.queue.pop() {
            enqueue(p);
        }
    }
}

/// A process of the longest queue. One that is alone there is its scheduler's: the process that runs there often waits for
/// it next. If not, the two are more than one at the end of the slice, and somebody is called ([`requeue`]).
fn steal(index: usize) -> Option<ProcessPtr> {
    let victim = all()
        .iter()
        .enumerate()
        .filter(|(i, s)| *i != index && s.queue.len() > 1)
        .max_by_key(|(_, s)| s.queue.len())?
        .1;
    victim.queue.pop()
}

fn park(index: usize, idle: &mut Idle) {
    let me = &all()[index];
    microstate::enter(State::Other);
    me.parked.store(true, Ordering::SeqCst);
    PARKED.fetch_add(1, Ordering::SeqCst);
    fence(Ordering::SeqCst);
    let nothing = if index < active() {
        me.queue.is_empty() && all().iter().all(|s| s.queue.len() <= 1)
    } else {
        me.queue.is_empty()
    };
    if nothing && !block::wanted() {
        if profile::wants(profile::SCHEDULER) {
            profile::scheduler(index, false);
        }
        microstate::enter(State::Sleep);
        crate::gc::release_kept();
        block::leave();
        // A wakeup between the store above and here makes it return at once.
        if me.parked.load(Ordering::SeqCst) {
            let chores = idle.waits();
            match [timer::next_due(index), chores].into_iter().flatten().min() {
                Some(after) if after.is_zero() => {}
                Some(after) => std::thread::park_timeout(after.min(Duration::from_secs(3600))),
                None => std::thread::park(),
            }
        }
        block::enter();
        microstate::enter(State::Other);
        if profile::wants(profile::SCHEDULER) {
            profile::scheduler(index, true);
        }
    }
    microstate::enter(State::Emulator);
    if me.parked.swap(false, Ordering::SeqCst) {
        PARKED.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Runs a process for a slice.
fn run(ptr: ProcessPtr, index: usize, registers: &mut Registers) {
    // SAFETY: it came from a queue, so it is alive, and from here on it is ours.
    let p = unsafe { ptr.0.as_ref() };
    let counters = &all()[index].counters;
    // Ordered: whoever waits for the slice before to end (`progress`) knows that this one sees what was changed.
    counters.context_switches.fetch_add(1, Ordering::SeqCst);
    p.shared.home.store(index as u32, Ordering::Relaxed);
    state::run(&p.shared);
    p.reductions_left.set(SLICE);
    // Reductions used in this slice before the process wanted to wait and could not.
    let mut slice = 0;
    traced_in(p);
    loop {
        let more = prepare(p);
        let word = p.shared.state();
        if word & EXITING != 0 {
            account(p, counters);
            // SAFETY: we run it, and it is in no queue.
            if !unsafe { exit::finish(ptr) } {
                traced_out(p);
                account(p, counters);
                requeue(ptr, p, index);
            }
            return;
        }
        let outcome =
            if more && (word & (ACTIVE | SUSPENDED) != ACTIVE || p.reductions_left.get() <= 0) {
                Outcome::Yield
            } else if word & SUSPENDED != 0 {
                account(p, counters);
                traced_out(p);
                if state::suspend(&p.shared) {
                    return;
                }
                traced_in(p);
                continue;
            } else if word & ACTIVE == 0 {
                Outcome::Wait
            } else {
                super::note_running(Some(p));
                let outcome = run_watched(p, registers);
                super::note_running(None);
                outcome
            };
        match outcome {
            Outcome::Wait => {
                // Once asleep it is not ours any more: what was used is booked before.
                let left = p.reductions_left.get();
                account(p, counters);
                traced_out(p);
                // A task may have come up while the process was running.
                let tasks = handle::has_tasks(p);
                let profiled = !tasks && profile::wants(profile::RUNNABLE_PROCESSES);
                if profiled {
                    profile::process(p, false);
                }
                if !tasks && state::wait(&p.shared) {
                    return;
                }
                if profiled {
                    profile::process(p, true);
                }
                // It does wait: whether it has something to do is for what arrived to say. (A process that hibernates
                // must not begin its function for a task.)
                p.shared.state.fetch_and(!ACTIVE, Ordering::AcqRel);
                if tasks {
                    return requeue(ptr, p, index);
                }
                slice += SLICE.saturating_sub(left);
                if slice < SLICE {
                    traced_in(p);
                    continue;
                }
                return requeue(ptr, p, index);
            }
            Outcome::Yield => {
                account(p, counters);
                traced_out(p);
                return requeue(ptr, p, index);
            }
            Outcome::DirtyIo => {
                account(p, counters);
                traced_out(p);
                state::go_dirty(&p.shared, DIRTY_IO);
                return dirty::submit(dirty::Pool::Io, ptr);
            }
            Outcome::DirtyCpu => {
                account(p, counters);
                traced_out(p);
                state::go_dirty(&p.shared, DIRTY_CPU);
                return dirty::submit(dirty::Pool::Cpu, ptr);
            }
            Outcome::Exited => {
                // Whoever said so has settled the reason; if not, it ended normally.
                if p.shared.state() & EXITING == 0 {
                    exit::normal(p);
                }
            }
        }
    }
}

const SCHEDULED: u32 = flags::RUNNING | flags::RUNNING_PROCS;

/// What makes it matter when a process comes and goes; with `call` time may be counted.
const TRACED: u32 = SCHEDULED | flags::EXITING | flags::CALL;

/// A process comes to its scheduler, if somebody traces that.
#[inline]
pub(super) fn traced_in(p: &Process) {
    if p.shared.is_traced(TRACED) {
        tell_scheduled(p, [am::in_, am::in_exiting]);
        call::scheduled(p, false);
    }
}

/// It leaves it.
#[inline]
pub(super) fn traced_out(p: &Process) {
    if p.shared.is_traced(TRACED) {
        call::scheduled(p, true);
        tell_scheduled(p, [am::out, am::out_exiting]);
    }
}

#[cold]
fn tell_scheduled(p: &Process, [tag, exiting]: [Atom; 2]) {
    if p.shared.is_exiting() {
        event::scheduled(p, exiting, flags::EXITING);
    } else if p.shared.is_traced(SCHEDULED) {
        event::scheduled(p, tag, SCHEDULED);
    }
}

/// Runs the process, under the eyes of the system monitor if there is one.
fn run_watched(p: &Process, registers: &mut Registers) -> Outcome {
    let Some(settings) = sysmon::get() else {
        return executor().run(p, registers);
    };
    sysmon::queue_length(p, &settings);
    let before = executor().current_function(p);
    let begun = Instant::now();
    let outcome = executor().run(p, registers);
    sysmon::ran(p, &settings, before, begun.elapsed());
    outcome
}

/// What comes before the process's own code: its timer, its signals, its system tasks. True if there is more of that
/// than a slice takes.
fn prepare(p: &Process) -> bool {
    let word = p.shared.state();
    if word & TIMEOUT != 0 {
        p.shared.state.fetch_and(!TIMEOUT, Ordering::AcqRel);
        p.shared.state.fetch_or(ACTIVE, Ordering::AcqRel);
        p.receive_timer.set(None);
        if p.has_flag(flag::IN_TIMEOUT) {
            p.set_flag(flag::TIMED_OUT, true);
        }
    }
    let mut more = word & SIGNALS != 0 && handle::arrived(p);
    if p.shared.state() & EXITING != 0 {
        return more;
    }
    if handle::has_tasks(p) {
        more |= tasks::run(p);
    }
    if p.shared.state() & BOOST_MASK != 0 {
        let urgent = p.with_relations(|r| r.tasks.priority());
        state::set_boost(&p.shared, urgent);
    }
    more
}

/// Books the reductions of the slice, before the process is let go.
fn account(p: &Process, counters: &Counters) {
    let used = SLICE.saturating_sub(p.reductions_left.replace(SLICE));
    let used = u64::try_from(used).unwrap_or(0);
    p.reductions.set(p.reductions.get().wrapping_add(used));
    counters.reductions.fetch_add(used, Ordering::Relaxed);
}

fn requeue(ptr: ProcessPtr, p: &Process, index: usize) {
    let _ = state::requeue(&p.shared, 0);
    let active = active();
    if index >= active {
        return enqueue(ptr);
    }
    if all()[index].queue.push(ptr) > 1 {
        wake_thief(active);
    }
}
