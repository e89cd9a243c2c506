//! What the engine's threads spend their time on: `msacc`, and how long each was awake for `scheduler_wall_time`.
//!
//! A thread that takes part calls [`join`] once, and [`enter`] whenever it turns to something else. How long it was awake is
//! counted always. The states are told apart only while somebody asks for that, since each change looks at the clock then.
//! Only the thread itself changes its state; others read it.

use crate::time;
use parking_lot::Mutex;
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

/// What a thread is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Aux,
    DirtyCpu,
    DirtyIo,
    Poll,
    Scheduler,
}

impl Kind {
    /// As `msacc` calls it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Aux => "aux",
            Kind::DirtyCpu => "dirty_cpu_scheduler",
            Kind::DirtyIo => "dirty_io_scheduler",
            Kind::Poll => "poll",
            Kind::Scheduler => "scheduler",
        }
    }
}

/// What a thread does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// Chores of the engine's own.
    Aux,
    /// Looks for descriptors and timers that are due.
    CheckIo,
    /// Runs processes.
    Emulator,
    Gc,
    Other,
    Port,
    Sleep,
}

impl State {
    pub const ALL: [State; 7] = [
        State::Aux,
        State::CheckIo,
        State::Emulator,
        State::Gc,
        State::Other,
        State::Port,
        State::Sleep,
    ];
    /// As `msacc` calls it.
    pub fn name(self) -> &'static str {
        match self {
            State::Aux => "aux",
            State::CheckIo => "check_io",
            State::Emulator => "emulator",
            State::Gc => "gc",
            State::Other => "other",
            State::Port => "port",
            State::Sleep => "sleep",
        }
    }
    fn from_number(n: u8) -> State {
        State::ALL[usize::from(n).min(State::ALL.len() - 1)]
    }
}

/// Nanoseconds in each state, as in [`State::ALL`].
pub type Spent = [u64; State::ALL.len()];

#[derive(Debug, Default)]
struct Times {
    /// When the state was entered, or the times were last brought up to date; `None` while nothing is measured.
    since: Option<u64>,
    spent: Spent,
}

impl Times {
    /// What has passed since then went into `state`.
    fn bring_up_to_date(&mut self, state: State) {
        if let Some(since) = self.since {
            let now = now();
            self.spent[state as usize] += now.saturating_sub(since);
            self.since = Some(now);
        }
    }
}

/// One thread's account.
#[derive(Debug)]
struct Account {
    kind: Kind,
    /// From 1 on, as schedulers are numbered.
    id: usize,
    state: AtomicU8,
    /// Nanoseconds awake, up to `woke`.
    awake: AtomicU64,
    /// When it woke; 0 while it sleeps.
    woke: AtomicU64,
    times: Mutex<Times>,
}

static ACCOUNTS: Mutex<Vec<&'static Account>> = Mutex::new(Vec::new());
/// Whether states are told apart.
static ON: AtomicBool = AtomicBool::new(false);

thread_local! {
    static MINE: Cell<Option<&'static Account>> = const { Cell::new(None) };
}

fn now() -> u64 {
    u64::try_from(time::since_start().as_nanos())
        .unwrap_or(u64::MAX)
        .max(1)
}

/// The calling thread, which lives as long as the node, takes part from now on; it is awake.
pub fn join(kind: Kind, id: usize) {
    let mut all = ACCOUNTS.lock();
    let account: &'static Account = Box::leak(Box::new(Account {
        kind,
        id,
        state: AtomicU8::new(State::Other as u8),
        awake: AtomicU64::new(0),
        woke: AtomicU64::new(now()),
        times: Mutex::new(Times {
            since: ON.load(Ordering::Relaxed).then(now),
            spent: Spent::default(),
        }),
    }));
    all.push(account);
    MINE.set(Some(account));
}

/// The calling thread turns to `state`; what it did before. A thread that takes no part is always at something else.
#[inline]
pub fn enter(state: State) -> State {
    MINE.get().map_or(State::Other, |a| a.enter(state))
}

impl Account {
    fn state(&self) -> State {
        State::from_number(self.state.load(Ordering::Relaxed))
    }

    #[inline]
    fn enter(&self, to: State) -> State {
        let from = self.state();
        if ON.load(Ordering::Relaxed) {
            self.times.lock().bring_up_to_date(from);
        }
        self.state.store(to as u8, Ordering::Relaxed);
        match (from, to) {
            (State::Sleep, State::Sleep) => {}
            (State::Sleep, _) => self.woke.store(now(), Ordering::Relaxed),
            (_, State::Sleep) => {
                let passed = now().saturating_sub(self.woke.swap(0, Ordering::Relaxed));
                self.awake.fetch_add(passed, Ordering::Relaxed);
            }
            _ => {}
        }
        from
    }

    fn time_awake(&self, now: u64) -> u64 {
        let running = match self.woke.load(Ordering::Relaxed) {
            0 => 0,
            woke => now.saturating_sub(woke),
        };
        (self.awake.load(Ordering::Relaxed) + running).min(now)
    }
}

/// Whether a thread is awake; `id` counts from 1.
pub fn is_awake(kind: Kind, id: usize) -> bool {
    let all = ACCOUNTS.lock();
    let account = all.iter().find(|a| a.kind == kind && a.id == id);
    account.is_some_and(|a| a.woke.load(Ordering::Relaxed) != 0)
}

/// `(Awake, Total)` nanoseconds of `count` threads; those that have not been started have slept.
pub fn wall_times(kind: Kind, count: usize) -> Vec<(u64, u64)> {
    let total = now();
    let mut times = vec![(0, total); count];
    for a in ACCOUNTS.lock().iter().filter(|a| a.kind == kind) {
        if let Some(time) = times.get_mut(a.id - 1) {
            time.0 = a.time_awake(total);
        }
    }
    times
}

/// Begins or ends telling states apart; what it was.
pub fn set(on: bool) -> bool {
    let all = ACCOUNTS.lock();
    let before = ON.swap(on, Ordering::Relaxed);
    if before != on {
        for a in all.iter() {
            let mut times = a.times.lock();
            times.bring_up_to_date(a.state());
            times.since = on.then(now);
        }
    }
    before
}

/// Forgets what was measured; whether states are told apart.
pub fn reset() -> bool {
    let all = ACCOUNTS.lock();
    for a in all.iter() {
        let mut times = a.times.lock();
        times.bring_up_to_date(a.state());
        times.spent = Spent::default();
    }
    ON.load(Ordering::Relaxed)
}

/// What every thread has spent its time on while that was measured, by kind and number.
pub fn spent() -> Vec<(Kind, usize, Spent)> {
    let mut out: Vec<_> = ACCOUNTS
        .lock()
        .iter()
        .map(|a| {
            let mut times = a.times.lock();
            times.bring_up_to_date(a.state());
            (a.kind, a.id, times.spent)
        })
        .collect();
    out.sort_unstable_by_key(|(kind, id, _)| (*kind, *id));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The threads here are no scheduler's; a kind that nothing else in the tests uses.
    #[test]
    fn only_what_is_measured_counts() {
        let mine = || {
            let all = spent();
            all.iter().find(|a| a.0 == Kind::Aux).map(|a| a.2)
        };
        let pass = || {
            let begin = now();
            while now() == begin {}
        };
        join(Kind::Aux, 1);
        assert_eq!(enter(State::Gc), State::Other);
        pass();
        assert_eq!(mine(), Some(Spent::default()));
        assert!(!set(true));
        pass();
        assert_eq!(enter(State::Emulator), State::Gc);
        let measured = mine().unwrap_or_default();
        assert!(measured[State::Gc as usize] > 0);
        enter(State::Sleep);
        pass();
        assert!(!is_awake(Kind::Aux, 1));
        assert!(set(false));
        let frozen = mine().unwrap_or_default();
        assert!(frozen[State::Sleep as usize] > 0);
        pass();
        assert_eq!(mine(), Some(frozen));
        assert!(!reset());
        assert_eq!(mine(), Some(Spent::default()));
    }
}
