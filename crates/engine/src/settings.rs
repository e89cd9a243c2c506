//! What `erlang:system_flag/2` changes while the node runs. Starts as the configuration says.

use crate::process::spawn::MaxHeap;
use crate::{Process, node};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU32, AtomicUsize, Ordering::Relaxed};

struct Settings {
    backtrace_depth: AtomicUsize,
    fullsweep_after: AtomicU16,
    min_heap_size: AtomicUsize,
    min_bin_vheap_size: AtomicUsize,
    max_heap_words: AtomicUsize,
    max_heap_kill: AtomicBool,
    max_heap_log: AtomicBool,
    max_heap_binaries: AtomicBool,
    outstanding_system_requests_limit: AtomicUsize,
    trace_control_word: AtomicU32,
}

/// Frames of a stack trace at first, the current function included.
pub const BACKTRACE_DEPTH: usize = 8;

static SETTINGS: LazyLock<Settings> = LazyLock::new(|| {
    let c = &node().config;
    Settings {
        backtrace_depth: AtomicUsize::new(BACKTRACE_DEPTH),
        fullsweep_after: AtomicU16::new(c.fullsweep_after),
        min_heap_size: AtomicUsize::new(c.min_heap_size),
        min_bin_vheap_size: AtomicUsize::new(c.min_bin_vheap_size),
        max_heap_words: AtomicUsize::new(c.max_heap_size),
        max_heap_kill: AtomicBool::new(c.max_heap_kill),
        max_heap_log: AtomicBool::new(c.max_heap_log),
        max_heap_binaries: AtomicBool::new(c.max_heap_include_binaries),
        outstanding_system_requests_limit: AtomicUsize::new(2 * c.schedulers),
        trace_control_word: AtomicU32::new(0),
    }
});

macro_rules! plain {
    ($($(#[$doc:meta])* $name:ident, $set:ident: $type:ty;)*) => {$(
        $(#[$doc])*
        pub fn $name() -> $type {
            SETTINGS.$name.load(Relaxed)
        }
        /// Sets it; what it was.
        pub fn $set(value: $type) -> $type {
            SETTINGS.$name.swap(value, Relaxed)
        }
    )*};
}
plain! {
    /// Frames of a stack trace.
    backtrace_depth, set_backtrace_depth: usize;
    /// Minor collections between two major ones.
    fullsweep_after, set_fullsweep_after: u16;
    /// Words of the smallest heap.
    min_heap_size, set_min_heap_size: usize;
    /// Words of binaries off the heap before a collection.
    min_bin_vheap_size, set_min_bin_vheap_size: usize;
    /// Requests that the code purger has open at a time.
    outstanding_system_requests_limit, set_outstanding_system_requests_limit: usize;
    trace_control_word, set_trace_control_word: u32;
}

pub fn max_heap_size() -> MaxHeap {
    MaxHeap {
        words: SETTINGS.max_heap_words.load(Relaxed),
        kill: SETTINGS.max_heap_kill.load(Relaxed),
        log: SETTINGS.max_heap_log.load(Relaxed),
        include_binaries: SETTINGS.max_heap_binaries.load(Relaxed),
    }
}

/// Sets the limit that new processes get; what it was.
pub fn set_max_heap_size(m: MaxHeap) -> MaxHeap {
    let old = max_heap_size();
    SETTINGS.max_heap_words.store(m.words, Relaxed);
    SETTINGS.max_heap_kill.store(m.kill, Relaxed);
    SETTINGS.max_heap_log.store(m.log, Relaxed);
    SETTINGS
        .max_heap_binaries
        .store(m.include_binaries, Relaxed);
    old
}

/// Gives a new process the defaults of the moment.
pub fn apply(p: &Process) {
    let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    p.fullsweep_after.set(fullsweep_after());
    p.min_heap_size.set(small(min_heap_size()));
    p.min_bin_vheap_size.set(small(min_bin_vheap_size()));
    max_heap_size().apply(p);
}
