//! Memory that is free goes back to the system, also when nothing happens afterwards.
//!
//! The allocator gives back what is free as part of later allocations, so what a spike leaves would stay in a node at
//! rest. Two kinds of threads see to it: each that runs processes calls [`Idle`] when it has nothing to do, which a second
//! later collects the thread's own part of the allocator; the housekeeper, as long as processes run, gives back what is free
//! in the node, the process table's part of it included. It does so before the allocator thinks it is time (a second after memory was freed), so that
//! unmapping much is nothing that a scheduler waits for. In a node at rest nobody wakes.

use super::microstate::{self, Kind, State};
use corten_term::memory;
use parking_lot::{Condvar, Mutex};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Between two rounds of the housekeeper.
const ROUND: Duration = Duration::from_millis(900);

/// A thread collects what is its own no more often.
const IDLE: Duration = Duration::from_secs(1);

/// Something was done since the housekeeper's last round.
static BUSY: AtomicBool = AtomicBool::new(false);
static HOUSEKEEPER: Mutex<()> = Mutex::new(());
static WAKE: Condvar = Condvar::new();

/// Something is done that may free memory. Cheap, except after a rest.
#[inline]
pub(super) fn busy() {
    if !BUSY.load(Ordering::Relaxed) {
        wake();
    }
}

#[cold]
fn wake() {
    if !BUSY.swap(true, Ordering::AcqRel) {
        // Under the lock: the housekeeper looks at `BUSY` under it before it waits.
        let _lock = HOUSEKEEPER.lock();
        WAKE.notify_one();
    }
}

/// Starts the housekeeper, at the start of the node.
pub(super) fn start() -> std::io::Result<()> {
    std::thread::Builder::new()
        .name("erts_memory".into())
        .stack_size(1 << 16)
        .spawn(housekeeper)
        .map(drop)
}

fn housekeeper() {
    microstate::join(Kind::Aux, 1);
    let mut lock = HOUSEKEEPER.lock();
    loop {
        microstate::enter(State::Sleep);
        while !BUSY.swap(false, Ordering::AcqRel) {
            WAKE.wait(&mut lock);
        }
        drop(lock);
        std::thread::sleep(ROUND);
        microstate::enter(State::Aux);
        crate::node().processes.give_back();
        memory::collect();
        lock = HOUSEKEEPER.lock();
    }
}

/// What a thread that runs processes knows of its own part of the allocator.
#[derive(Debug, Default)]
pub struct Idle {
    /// When it first had nothing to do after it had something to do, or looked last.
    since: Option<Instant>,
    worked: bool,
    /// It has had nothing to do since then.
    rested: bool,
}

impl Idle {
    /// It runs a process.
    #[inline]
    pub fn works(&mut self) {
        self.worked = true;
        self.rested = false;
        busy();
    }

    /// It has nothing to do, and is going to wait no longer than is told here.
    pub fn waits(&mut self) -> Option<Duration> {
        if !self.worked {
            return None;
        }
        let now = Instant::now();
        self.rested |= self.since.is_none();
        let idle = now.duration_since(*self.since.get_or_insert(now));
        if idle < IDLE {
            return Some(IDLE - idle);
        }
        // What others have let go of is destroyed by whoever comes by.
        for _ in 0..4 {
            crossbeam_epoch::pin().flush();
        }
        if !self.rested {
            // Somebody is going to want the thread soon. What this frees the housekeeper gives back.
            memory::collect_own();
            (self.since, self.rested) = (Some(now), true);
            return Some(IDLE);
        }
        self.since = None;
        self.worked = false;
        memory::collect();
        busy();
        None
    }
}
