//! Bytes that the node has allocated and not freed, counted exactly.
//!
//! [`crate::memory::Allocator`] counts everything, whoever allocates heap blocks and fragments counts those apart;
//! `erlang:memory` and the crash dump read. A thread adds to counters of its own, which is a load and a store; memory
//! that another thread frees makes a counter negative, so only sums mean something.

use std::cell::Cell;
use std::sync::atomic::{AtomicIsize, AtomicUsize, Ordering::Relaxed};

/// What is counted.
#[derive(Debug, Clone, Copy)]
pub enum Use {
    /// Everything that comes from the allocator.
    All,
    /// Of that, heap blocks of processes, and fragments: messages and what was made outside a block.
    Heaps,
}

/// A cache line apart from the next thread's.
#[derive(Debug)]
#[repr(align(128))]
struct Counters([AtomicIsize; 2]);

/// Threads with counters of their own; those that come later share the last ones.
const THREADS: usize = 256;
const SHARED: usize = THREADS - 1;

static COUNTERS: [Counters; THREADS] =
    [const { Counters([const { AtomicIsize::new(0) }; 2]) }; THREADS];
static STARTED: AtomicUsize = AtomicUsize::new(0);

const NONE: usize = usize::MAX;

thread_local! {
    /// Index of this thread's counters.
    static MINE: Cell<usize> = const { Cell::new(NONE) };
}

#[cold]
fn first_time() -> usize {
    let index = STARTED.fetch_add(1, Relaxed).min(SHARED);
    MINE.set(index);
    index
}

/// Adds so many bytes, or takes them away.
#[inline]
pub fn add(of: Use, bytes: isize) {
    let index = match MINE.get() {
        NONE => first_time(),
        known => known,
    };
    // The index is below the length: said here once more, so that nothing can panic inside an allocation.
    let counter = &COUNTERS[index % THREADS].0[of as usize];
    if index == SHARED {
        counter.fetch_add(bytes, Relaxed);
    } else {
        counter.store(counter.load(Relaxed).wrapping_add(bytes), Relaxed);
    }
}

/// Bytes in use. 0 for [`Use::All`] in a program that has another allocator.
pub fn bytes(of: Use) -> usize {
    let sum: isize = COUNTERS
        .iter()
        .map(|c| c.0[of as usize].load(Relaxed))
        .sum();
    sum.max(0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_thread_frees_is_subtracted() {
        // More threads than there are counters of their own, each giving back what another has taken.
        let one = |bytes| std::thread::spawn(move || add(Use::Heaps, bytes));
        let before = bytes(Use::Heaps) as isize;
        add(Use::Heaps, 1 << 40);
        for _ in 0..THREADS {
            one(1024).join().expect("a thread that adds");
            one(-1024).join().expect("a thread that subtracts");
        }
        let more = bytes(Use::Heaps) as isize - before;
        add(Use::Heaps, -(1 << 40));
        // Other tests allocate meanwhile.
        assert!((more - (1 << 40)).abs() < 1 << 30, "{more}");
    }
}
