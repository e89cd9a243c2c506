//! Knowing that every scheduler thread has finished the slice that it was in at some moment: what was made
//! unreachable before that moment is then held by no thread, only by processes that are swapped out.
//!
//! Nobody is stopped (compare [`super::block`]): the slices of each scheduler are counted anyway. Dirty threads do not
//! take part. A process that one of them runs answers requests afterwards, and what it shows to others until then
//! is copied at once. One that is killed meanwhile cannot be asked any more, while a native function may still look at
//! its terms: there is no progress before that has returned.

use super::scheduler::{all, current_index};
use super::state;
use crate::{Process, Stop, node, timer};
use corten_term::Pid;
use std::sync::atomic::{AtomicUsize, Ordering, fence};

/// Looks at it so many times, a slice apart, before it sleeps between looks.
const EAGER: u32 = 10;

/// Processes that are gone for others and still on a dirty thread.
static GHOSTS: AtomicUsize = AtomicUsize::new(0);

pub(crate) fn ghost_appears() {
    GHOSTS.fetch_add(1, Ordering::SeqCst);
}

pub(crate) fn ghost_leaves() {
    GHOSTS.fetch_sub(1, Ordering::SeqCst);
}

/// Slices that the schedulers had begun at a moment.
#[derive(Debug)]
pub struct Progress {
    slices: Vec<u64>,
    looks: u32,
}

impl Progress {
    /// From now on.
    pub fn begin() -> Progress {
        fence(Ordering::SeqCst);
        let slices = all().iter().map(|s| s.slices()).collect();
        Progress { slices, looks: 0 }
    }

    /// Whether every scheduler has been between two slices. The caller is a native function: its own scheduler
    /// has been, if that is asked in a later slice.
    pub fn is_made(&self) -> bool {
        fence(Ordering::SeqCst);
        let here = current_index();
        let passed = |(i, s): (usize, &super::scheduler::Scheduler)| {
            Some(i) == here || s.has_left(self.slices.get(i).copied().unwrap_or(0))
        };
        GHOSTS.load(Ordering::SeqCst) == 0 && all().iter().enumerate().all(passed)
    }

    /// What the native function that waits for it does: it is called again, soon or, when somebody takes long, later.
    pub fn wait(&mut self, p: &Process) -> Stop<'static> {
        self.looks += 1;
        if self.looks <= EAGER {
            return Stop::Again;
        }
        let pid = p.pid();
        timer::call(1, move || wake(pid));
        Stop::Wait
    }
}

/// Has a process that waits for no message look again.
fn wake(pid: Pid) {
    let guard = crossbeam_epoch::pin();
    if let Some(shared) = node().processes.lookup(pid, &guard) {
        state::signal_arrived(shared, true);
    }
}
