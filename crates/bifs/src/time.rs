//! Clocks: monotonic time, system time, their units; fresh references.

use crate::prelude::*;
use corten_engine::time::{self as clock, UNITS_PER_SECOND};
use corten_term::RefNumbers;
use std::sync::atomic::{AtomicI64, Ordering};

pub const BIFS: &[Bif] = bifs![
    erlang:monotonic_time/0 => monotonic_time_0,
    erlang:monotonic_time/1 => monotonic_time_1,
    erlang:system_time/0 => system_time_0,
    erlang:system_time/1 => system_time_1,
    erlang:time_offset/0 => time_offset_0,
    erlang:time_offset/1 => time_offset_1,
    erlang:timestamp/0 => timestamp,
    erlang:now/0 => now,
    erlang:make_ref/0 => make_ref,
    os:system_time/0 => os_system_time_0,
    os:system_time/1 => os_system_time_1,
    os:timestamp/0 => os_timestamp,
    os:perf_counter/0 => perf_counter,
    erts_internal:time_unit/0 => time_unit,
    erts_internal:perf_counter_unit/0 => time_unit,
];

/// Units per second of a time unit argument.
fn units<'h>(t: Term<'h>) -> Result<i128, Stop<'h>> {
    Ok(match t.as_atom() {
        Some(am::second | am::seconds) => 1,
        Some(am::millisecond | am::milli_seconds) => 1_000,
        Some(am::microsecond | am::micro_seconds) => 1_000_000,
        Some(am::nanosecond | am::nano_seconds) => 1_000_000_000,
        Some(am::native | am::perf_counter) => i128::from(UNITS_PER_SECOND),
        Some(_) => return Err(Stop::BADARG),
        None => i128::from(t.as_i64().filter(|n| *n > 0).badarg()?),
    })
}

fn in_units<'h>(p: &'h Process, native: i64, unit: Term<'h>) -> BifResult<'h> {
    let units = units(unit)?;
    let v = (i128::from(native) * units).div_euclid(i128::from(UNITS_PER_SECOND));
    Ok(p.heap.int128(v))
}

fn monotonic_time_0<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(p.heap.int(clock::monotonic()))
}
fn monotonic_time_1<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    in_units(p, clock::monotonic(), a[0])
}
fn system_time_0<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(p.heap.int(clock::system()))
}
fn system_time_1<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    in_units(p, clock::system(), a[0])
}
fn time_offset_0<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(p.heap.int(clock::offset()))
}
fn time_offset_1<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    in_units(p, clock::offset(), a[0])
}
fn os_system_time_0<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(p.heap.int(clock::os_system()))
}
fn os_system_time_1<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    in_units(p, clock::os_system(), a[0])
}
fn time_unit<'h>(_: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(Term::small(UNITS_PER_SECOND))
}

/// Nanoseconds of a clock that never goes back.
fn perf_counter<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    let t = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    Ok(p.heap.int(t.tv_sec * 1_000_000_000 + t.tv_nsec))
}

/// `{MegaSeconds, Seconds, MicroSeconds}`
fn triple<'h>(p: &'h Process, micro: i64) -> Term<'h> {
    let seconds = micro.div_euclid(1_000_000);
    p.heap.tuple(&[
        Term::small(seconds.div_euclid(1_000_000)),
        Term::small(seconds.rem_euclid(1_000_000)),
        Term::small(micro.rem_euclid(1_000_000)),
    ])
}

fn timestamp<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(triple(p, clock::system() / 1000))
}

fn os_timestamp<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(triple(p, clock::os_system() / 1000))
}

/// Like `timestamp/0`, but every answer is later than the one before.
fn now<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    static LAST: AtomicI64 = AtomicI64::new(0);
    let current = clock::system() / 1000;
    let next = |last: i64| Some(current.max(last + 1));
    let last = LAST.fetch_update(Ordering::AcqRel, Ordering::Acquire, next);
    let last = last.unwrap_or_else(|last| last);
    Ok(triple(p, current.max(last + 1)))
}

fn make_ref<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(p.heap.reference(RefNumbers::fresh()))
}
