//! `erlang:system_profile`: one process or port is told when processes become runnable or not, and when schedulers go to
//! sleep or wake. Off unless somebody asks.

use super::message;
use super::tracer::Tracer;
use super::{event, flags};
use crate::process::{Mfa, Process};
use crate::sched;
use corten_term::{Atom, Heap, Term, am};
use parking_lot::RwLock;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

pub const RUNNABLE_PROCESSES: u32 = 1;
pub const RUNNABLE_PORTS: u32 = 2;
pub const SCHEDULER: u32 = 4;
pub const EXCLUSIVE: u32 = 8;

/// What is to be told, to whom, with what kind of time.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    pub receiver: Tracer,
    pub what: u32,
    /// One of the flags of timestamps.
    pub time: u32,
}

static WHAT: AtomicU32 = AtomicU32::new(0);
static SETTINGS: RwLock<Option<Settings>> = RwLock::new(None);
static AWAKE: AtomicUsize = AtomicUsize::new(0);

pub fn get() -> Option<Settings> {
    *SETTINGS.read()
}

/// Sets what is to be told; what it was.
pub fn set(new: Option<Settings>) -> Option<Settings> {
    let mut s = SETTINGS.write();
    AWAKE.store(sched::online(), Ordering::Relaxed);
    WHAT.store(new.map_or(0, |s| s.what), Ordering::Release);
    std::mem::replace(&mut s, new)
}

#[inline]
pub fn wants(what: u32) -> bool {
    WHAT.load(Ordering::Relaxed) & what != 0
}

fn tell(build: impl for<'h> FnOnce(&'h Heap, Term<'h>) -> Term<'h>) {
    let Some(s) = get() else { return };
    if !s.receiver.is_alive() {
        set(None);
        return;
    }
    s.receiver.send(|h| {
        let time = message::timestamp(h, s.time).unwrap_or(Term::UNDEFINED);
        build(h, time)
    });
}

/// `{profile, Pid, active | inactive, Where, Time}`. The caller owns the process.
pub fn process(p: &Process, active: bool) {
    at(p, active, sched::executor().current_function(p));
}

/// The process has come to its end.
pub fn ended(p: &Process) {
    at(p, false, None);
}

fn at(p: &Process, active: bool, place: Option<Mfa>) {
    let own = get().is_some_and(|s| s.receiver == Tracer::Process(p.pid()));
    if own {
        return;
    }
    tell(|h, time| {
        let place = place.map_or(Term::small(0), |f| event::mfa(h, f));
        let state = Term::atom(state(active));
        h.tuple(&[
            Term::atom(am::profile),
            Term::pid(p.pid()),
            state,
            place,
            time,
        ])
    });
}

/// `{profile, scheduler, Id, active | inactive, Awake, Time}`.
pub fn scheduler(index: usize, active: bool) {
    let awake = if active {
        AWAKE.fetch_add(1, Ordering::Relaxed) + 1
    } else {
        let less = |n: usize| Some(n.saturating_sub(1));
        let old = AWAKE.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        old.unwrap_or(1).saturating_sub(1)
    };
    tell(|h, time| {
        let number = |n: usize| Term::small(n as i64);
        h.tuple(&[
            Term::atom(am::profile),
            Term::atom(am::scheduler),
            number(index + 1),
            Term::atom(state(active)),
            number(awake.min(sched::online())),
            time,
        ])
    });
}

fn state(active: bool) -> Atom {
    if active { am::active } else { am::inactive }
}

/// The kind of time of an option.
pub fn time_flag(name: Atom) -> Option<u32> {
    Some(match name {
        am::timestamp => flags::NOW_TIMESTAMP,
        am::monotonic_timestamp => flags::MONOTONIC_TIMESTAMP,
        am::strict_monotonic_timestamp => flags::STRICT_TIMESTAMP,
        _ => return None,
    })
}
