//! `erlang:system_monitor`: one process is told when others collect for long, run for long without a pause, grow
//! large or let messages pile up. Off unless somebody asks; then the scheduler and the collector look here.

use crate::process::Mfa;
use crate::signal::{Parcel, send};
use crate::{Process, gc};
use corten_term::{Atom, Heap, Pid, Term, am};
use parking_lot::RwLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// What is to be told, and to whom. Zero and none are off.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    pub receiver: Pid,
    /// Milliseconds.
    pub long_gc: u64,
    pub long_schedule: u64,
    /// Words.
    pub large_heap: usize,
    /// Messages below which a queue counts as short again, and from which on it is long.
    pub long_message_queue: Option<(usize, usize)>,
    pub busy_port: bool,
    pub busy_dist_port: bool,
}

static ON: AtomicBool = AtomicBool::new(false);
static SETTINGS: RwLock<Option<Settings>> = RwLock::new(None);

/// Milliseconds that every collection is made to last longer, so that OTP's tests have long ones.
static LONGER: AtomicU64 = AtomicU64::new(0);

pub fn prolong_collections(ms: u64) {
    LONGER.store(ms, Ordering::Relaxed);
}

/// The end of a collection, while somebody watches.
pub(crate) fn prolong() {
    let ms = LONGER.load(Ordering::Relaxed);
    if ms > 0 {
        std::thread::sleep(Duration::from_millis(ms));
    }
}

/// Sets what is to be told; returns what was.
pub fn set(new: Option<Settings>) -> Option<Settings> {
    let mut s = SETTINGS.write();
    ON.store(new.is_some(), Ordering::Release);
    std::mem::replace(&mut s, new)
}

/// What is to be told.
#[inline]
pub fn get() -> Option<Settings> {
    if !ON.load(Ordering::Relaxed) {
        return None;
    }
    *SETTINGS.read()
}

/// `{monitor, Pid, What, Info}`. It is not told of itself.
fn tell(s: &Settings, about: Pid, what: Atom, info: impl for<'h> FnOnce(&'h Heap) -> Term<'h>) {
    if s.receiver == about {
        return;
    }
    let message = Parcel::build(|h| {
        h.tuple(&[
            Term::atom(am::monitor),
            about.into(),
            Term::atom(what),
            info(h),
        ])
    });
    if !send::parcel(s.receiver, message) {
        set(None);
    }
}

fn number(n: usize) -> Term<'static> {
    Term::small(i64::try_from(n).unwrap_or(0))
}

/// A process ran from `before` to where it is now without a pause.
pub(crate) fn ran(p: &Process, s: &Settings, before: Option<Mfa>, took: Duration) {
    let ms = took.as_millis() as usize;
    if s.long_schedule == 0 || (ms as u64) < s.long_schedule {
        return;
    }
    let after = crate::sched::executor().current_function(p);
    tell(s, p.pid(), am::long_schedule, |h| {
        let mfa = |f: Option<Mfa>| match f {
            Some(f) => h.tuple(&[
                Term::atom(f.module),
                Term::atom(f.function),
                number(usize::from(f.arity)),
            ]),
            None => Term::UNDEFINED,
        };
        h.list(&[
            h.tuple(&[Term::atom(am::timeout), number(ms)]),
            h.tuple(&[Term::atom(am::in_), mfa(before)]),
            h.tuple(&[Term::atom(am::out), mfa(after)]),
        ])
    });
}

/// A process has collected.
pub(crate) fn collected(p: &Process, s: &Settings, took: Duration) {
    let ms = took.as_millis() as usize;
    if s.long_gc > 0 && ms as u64 >= s.long_gc {
        tell(s, p.pid(), am::long_gc, |h| sizes(p, h, Some(ms)));
    }
    if s.large_heap > 0 && gc::block_words(p) + gc::old_block_words(p) >= s.large_heap {
        tell(s, p.pid(), am::large_heap, |h| sizes(p, h, None));
    }
}

fn sizes<'h>(p: &Process, heap: &'h Heap, ms: Option<usize>) -> Term<'h> {
    let all = [
        (am::old_heap_block_size, gc::old_block_words(p)),
        (am::heap_block_size, gc::block_words(p)),
        (am::mbuf_size, p.heap.fragment_words()),
        (am::stack_size, gc::stack_words(p)),
        (am::old_heap_size, gc::old_used_words(p)),
        (am::heap_size, gc::used_words(p)),
    ];
    let pairs: Vec<_> = ms
        .map(|ms| (am::timeout, ms))
        .into_iter()
        .chain(all)
        .map(|(name, n)| heap.tuple(&[Term::atom(name), number(n)]))
        .collect();
    heap.list(&pairs)
}

/// Messages have arrived at a process, or it took some.
pub(crate) fn queue_length(p: &Process, s: &Settings) {
    let Some((off, on)) = s.long_message_queue else {
        return;
    };
    let len = p.mailbox.len();
    let long = p.has_flag(crate::process::flag::LONG_QUEUE);
    if !long && len >= on || long && len <= off {
        p.set_flag(crate::process::flag::LONG_QUEUE, !long);
        tell(s, p.pid(), am::long_message_queue, |_| Term::bool(!long));
    }
}
