//! Unique integers. Those that need not grow strictly are made without a word between threads: the low bits name
//! the scheduler, the rest is its own count; threads that are no schedulers share count 0. All start at the smallest
//! small integer, positive ones at 1. The parts and their order are what OTP's tests expect to find.

use crate::prelude::*;
use crate::util::elements;
use corten_engine::node;
use corten_engine::sched::scheduler;
use corten_term::layout::SMALL_MIN;
use std::cell::Cell;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

pub const BIFS: &[Bif] = bifs![
    erlang:unique_integer/0 => unique_integer_0,
    erlang:unique_integer/1 => unique_integer_1,
];

/// How many strictly growing integers were handed out.
static MONOTONIC: AtomicI64 = AtomicI64::new(0);
/// How many the threads that are no schedulers have.
static SHARED: AtomicU64 = AtomicU64::new(0);
thread_local! {
    /// How many this scheduler has.
    static OWN: Cell<u64> = const { Cell::new(0) };
}

/// Bits that hold every thread's number.
static THREAD_BITS: LazyLock<u32> = LazyLock::new(|| {
    let c = &node().config;
    let threads = c.schedulers + c.dirty_cpu + c.dirty_io;
    usize::BITS - threads.leading_zeros()
});

/// The integer of a thread's number and count.
pub fn compose<'h>(p: &'h Process, thread: u64, count: u64, positive: bool) -> Term<'h> {
    let value = (i128::from(count) << *THREAD_BITS) | i128::from(thread);
    let first = if positive { 1 } else { SMALL_MIN };
    p.heap.int128(value + i128::from(first))
}

fn unique<'h>(p: &'h Process, positive: bool) -> Term<'h> {
    match scheduler::current_index() {
        Some(i) => {
            let count = OWN.get();
            OWN.set(count.wrapping_add(1));
            compose(p, i as u64 + 1, count, positive)
        }
        None => compose(p, 0, SHARED.fetch_add(1, Ordering::Relaxed), positive),
    }
}

fn monotonic<'h>(p: &'h Process, positive: bool) -> Term<'h> {
    let n = MONOTONIC.fetch_add(1, Ordering::AcqRel);
    p.heap.int(if positive { n + 1 } else { SMALL_MIN + 1 + n })
}

fn unique_integer_0<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(unique(p, false))
}

fn unique_integer_1<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let (mut grows, mut positive) = (false, false);
    for modifier in elements(a[0])? {
        match modifier.as_atom() {
            Some(am::monotonic) => grows = true,
            Some(am::positive) => positive = true,
            _ => return Err(Stop::BADARG),
        }
    }
    Ok(if grows {
        monotonic(p, positive)
    } else {
        unique(p, positive)
    })
}
