//! Counters of the schedulers, for `erlang:statistics/1`. Each thread counts for itself.

use super::scheduler::all;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Counters of one scheduler.
#[derive(Debug, Default)]
pub struct Counters {
    pub reductions: AtomicU64,
    pub context_switches: AtomicU64,
}

static SPAWNED: AtomicU64 = AtomicU64::new(0);
static LAST_REDUCTIONS: AtomicU64 = AtomicU64::new(0);
static COLLECTIONS: AtomicU64 = AtomicU64::new(0);
static RECLAIMED: AtomicU64 = AtomicU64::new(0);
static WALL_TIME: AtomicBool = AtomicBool::new(false);

pub(crate) fn spawned() {
    SPAWNED.fetch_add(1, Ordering::Relaxed);
}
/// Processes made so far.
pub fn spawned_count() -> u64 {
    SPAWNED.load(Ordering::Relaxed)
}

/// A collection reclaimed this many words.
pub fn collected(words: usize) {
    COLLECTIONS.fetch_add(1, Ordering::Relaxed);
    RECLAIMED.fetch_add(words as u64, Ordering::Relaxed);
}
/// Collections and words reclaimed by them.
pub fn collections() -> (u64, u64) {
    (
        COLLECTIONS.load(Ordering::Relaxed),
        RECLAIMED.load(Ordering::Relaxed),
    )
}

/// Reductions of all schedulers.
pub fn reductions() -> u64 {
    sum(|c| c.reductions.load(Ordering::Relaxed))
}
/// `statistics(reductions)`: total, and since the last call.
pub fn reductions_since_last() -> (u64, u64) {
    let total = reductions();
    let last = LAST_REDUCTIONS.swap(total, Ordering::Relaxed);
    (total, total.saturating_sub(last))
}
pub fn context_switches() -> u64 {
    sum(|c| c.context_switches.load(Ordering::Relaxed))
}
/// Length of each run queue by priority, from max to low.
pub fn queue_lengths_by_priority() -> Vec<[usize; 4]> {
    all()
        .iter()
        .map(|s| s.queue.lengths_by_priority())
        .collect()
}
/// Length of each run queue.
pub fn run_queue_lengths() -> Vec<usize> {
    all().iter().map(|s| s.queue.len()).collect()
}

/// Switches `scheduler_wall_time` on or off; returns what it was. The times are measured anyway.
pub fn set_wall_time(on: bool) -> bool {
    WALL_TIME.swap(on, Ordering::Relaxed)
}
pub fn wall_time() -> bool {
    WALL_TIME.load(Ordering::Relaxed)
}
fn sum(f: impl Fn(&Counters) -> u64) -> u64 {
    all().iter().map(|s| f(&s.counters)).sum()
}
