//! What trace messages look like.

use super::flags;
use crate::signal::{Parcel, send};
use crate::{sched, time};
use corten_term::{Atom, Heap, Pid, RefNumbers, Term, am, copy};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

/// `cpu_timestamp` is on: what else would be the time of day is the processor's time.
pub static CPU_TIME: AtomicBool = AtomicBool::new(false);

/// One event, as it is told to a tracer.
#[derive(Debug, Clone, Copy)]
pub struct Notice<'t> {
    pub tag: Atom,
    /// Process or port; the label in sequential tracing.
    pub tracee: Term<'t>,
    pub data: Term<'t>,
    pub extra: Option<Term<'t>>,
    /// What a match specification answered, other than `true`.
    pub result: Option<Term<'t>>,
}

impl<'t> Notice<'t> {
    pub fn new(tag: Atom, tracee: Term<'t>, data: Term<'t>) -> Notice<'t> {
        Notice {
            tag,
            tracee,
            data,
            extra: None,
            result: None,
        }
    }

    /// The message, of copies on `h`, in the form that the trace flags ask for.
    pub fn build<'h>(&self, h: &'h Heap, with: u32) -> Term<'h> {
        let id = (with & flags::SCHEDULER_ID != 0).then(scheduler_id);
        self.compose(h, id, timestamp(h, with))
    }

    /// The message with a scheduler and a time, if there are any.
    pub fn compose<'h>(
        &self,
        h: &'h Heap,
        scheduler: Option<i64>,
        time: Option<Term<'h>>,
    ) -> Term<'h> {
        let own = |t: Term<'_>| copy::copy(t, h);
        let sequential = self.tag == am::seq_trace && self.extra.is_none();
        let mut out = if sequential {
            vec![Term::atom(self.tag), own(self.tracee), own(self.data)]
        } else {
            let kind = if time.is_some() {
                am::trace_ts
            } else {
                am::trace
            };
            let tag = Term::atom(self.tag);
            vec![Term::atom(kind), own(self.tracee), tag, own(self.data)]
        };
        out.extend(self.extra.map(own));
        out.extend(self.result.map(own));
        out.extend(scheduler.map(Term::small));
        out.extend(time);
        h.tuple(&out)
    }
}

/// The scheduler that this thread is; 0 for others.
fn scheduler_id() -> i64 {
    sched::current_index().map_or(0, |i| i as i64 + 1)
}

/// The time as the flags ask for it.
pub fn timestamp(h: &Heap, with: u32) -> Option<Term<'_>> {
    if with & flags::NOW_TIMESTAMP != 0 {
        Some(if CPU_TIME.load(Ordering::Relaxed) {
            parts(h, time::cpu() / 1000)
        } else {
            parts(h, unique_now())
        })
    } else if with & flags::STRICT_TIMESTAMP != 0 {
        Some(strict(h))
    } else if with & flags::MONOTONIC_TIMESTAMP != 0 {
        Some(h.int(time::monotonic()))
    } else {
        None
    }
}

/// Monotonic time and a number that orders equal times.
fn strict(h: &Heap) -> Term<'_> {
    static SEQUENCE: AtomicI64 = AtomicI64::new(0);
    let now = time::monotonic();
    let number = SEQUENCE.fetch_add(1, Ordering::Relaxed);
    h.tuple(&[h.int(now), h.int(number)])
}

/// `{MegaSeconds, Seconds, MicroSeconds}`.
fn parts(h: &Heap, micro: i64) -> Term<'_> {
    let split = [
        micro / 1_000_000_000_000,
        micro / 1_000_000 % 1_000_000,
        micro % 1_000_000,
    ];
    h.tuple(&split.map(|n| h.int(n)))
}

/// Microseconds, never the same twice.
fn unique_now() -> i64 {
    static LAST: AtomicI64 = AtomicI64::new(0);
    let now = time::system() / 1000;
    let last = LAST.fetch_update(Ordering::AcqRel, Ordering::Acquire, |last| {
        Some(now.max(last + 1))
    });
    now.max(last.unwrap_or(now) + 1)
}

/// `{trace_delivered, Tracee, Reference}` to `to`, behind all that the tracee (a pid, or `all`) has caused so far:
/// messages of traces are sent before what they tell of goes on, so there is nothing to wait for.
pub fn delivered(to: Pid, tracee: Term<'_>, reference: RefNumbers) {
    let answer = Parcel::build(|h| {
        let tracee = copy::copy(tracee, h);
        h.tuple(&[
            Term::atom(am::trace_delivered),
            tracee,
            h.reference(reference),
        ])
    });
    send::parcel(to, answer);
}
