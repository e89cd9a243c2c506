//! `erlang:system_monitor`, and `trace:system` for each trace session: somebody is told when processes collect for long,
//! run for long without a pause, grow large or let messages pile up. Off unless somebody asks; then the scheduler and the
//! collector look here.

use crate::process::Mfa;
use crate::trace::tracer::Tracer;
use crate::{Process, gc};
use corten_term::{Atom, Heap, Pid, Term, am};
use parking_lot::{Mutex, RwLock};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// What is to be told, and to whom. Zero and none are off.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The trace session; 0 is `erlang:system_monitor`.
    pub session: u32,
    pub receiver: Tracer,
    /// Milliseconds.
    pub long_gc: u64,
    pub long_schedule: u64,
    /// Words.
    pub large_heap: usize,
    /// Messages below which a queue counts as short again, and from which on it is long.
    pub long_message_queue: Option<(usize, usize)>,
    pub busy_port: bool,
    pub busy_dist_port: bool,
    /// Processes whose long queue has been told and that have `flag::LONG_QUEUE`; some are gone.
    long: Arc<Mutex<BTreeSet<Pid>>>,
}

impl Settings {
    pub fn new(session: u32, receiver: Tracer) -> Settings {
        Settings {
            session,
            receiver,
            long_gc: 0,
            long_schedule: 0,
            large_heap: 0,
            long_message_queue: None,
            busy_port: false,
            busy_dist_port: false,
            long: Arc::default(),
        }
    }
}

static ON: AtomicBool = AtomicBool::new(false);
/// One for each session that asks.
static SETTINGS: LazyLock<RwLock<Arc<Vec<Settings>>>> = LazyLock::new(RwLock::default);

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

/// Sets what a session is to be told; returns what was.
pub fn set(session: u32, new: Option<Settings>) -> Option<Settings> {
    let mut all = SETTINGS.write();
    let was = all.iter().find(|s| s.session == session).cloned();
    let new = new.map(|mut new| {
        // What it has been told of queues, it knows.
        new.long = was.as_ref().map_or(new.long, |w| w.long.clone());
        new
    });
    let others = all.iter().filter(|s| s.session != session).cloned();
    let now: Vec<_> = new.into_iter().chain(others).collect();
    ON.store(!now.is_empty(), Ordering::Release);
    *all = Arc::new(now);
    was
}

/// What a session is told.
pub fn of(session: u32) -> Option<Settings> {
    let all = SETTINGS.read();
    all.iter().find(|s| s.session == session).cloned()
}

/// What is to be told.
#[inline]
pub fn get() -> Option<Arc<Vec<Settings>>> {
    if !ON.load(Ordering::Relaxed) {
        return None;
    }
    Some(SETTINGS.read().clone())
}

/// `{monitor, Pid, What, Info}`. It is not told of itself.
fn tell(s: &Settings, about: Pid, what: Atom, info: impl for<'h> FnOnce(&'h Heap) -> Term<'h>) {
    if s.receiver.word() == about.word() {
        return;
    }
    if s.session == 0 && !s.receiver.is_alive() {
        set(0, None);
        return;
    }
    s.receiver.send(|h| {
        h.tuple(&[
            Term::atom(am::monitor),
            about.into(),
            Term::atom(what),
            info(h),
        ])
    });
}

fn number(n: usize) -> Term<'static> {
    Term::small(i64::try_from(n).unwrap_or(0))
}

/// A process ran from `before` to where it is now without a pause.
pub(crate) fn ran(p: &Process, all: &[Settings], before: Option<Mfa>, took: Duration) {
    for s in all {
        tell_ran(p, s, before, took);
    }
}

fn tell_ran(p: &Process, s: &Settings, before: Option<Mfa>, took: Duration) {
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
pub(crate) fn collected(p: &Process, all: &[Settings], took: Duration) {
    let ms = took.as_millis() as usize;
    for s in all {
        if s.long_gc > 0 && ms as u64 >= s.long_gc {
            tell(s, p.pid(), am::long_gc, |h| sizes(p, h, Some(ms)));
        }
        if s.large_heap > 0 && gc::block_words(p) + gc::old_block_words(p) >= s.large_heap {
            tell(s, p.pid(), am::large_heap, |h| sizes(p, h, None));
        }
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

/// Above this many, those that are gone are forgotten.
const MANY_LONG: usize = 256;

/// Messages have arrived at a process, or it took some.
pub(crate) fn queue_length(p: &Process, all: &[Settings]) {
    let len = p.mailbox.len();
    let any_long = p.has_flag(crate::process::flag::LONG_QUEUE);
    let mut still_long = false;
    for s in all {
        let Some((off, on)) = s.long_message_queue else {
            continue;
        };
        if !any_long && len < on {
            continue;
        }
        let mut long = s.long.lock();
        let was = any_long && long.contains(&p.pid());
        let is = if was { len > off } else { len >= on };
        still_long |= is;
        if was == is {
            continue;
        }
        if is {
            if long.len() >= MANY_LONG {
                long.retain(|pid| crate::node().processes.is_alive(*pid));
            }
            long.insert(p.pid());
        } else {
            long.remove(&p.pid());
        }
        drop(long);
        tell(s, p.pid(), am::long_message_queue, |_| Term::bool(is));
    }
    if any_long != still_long {
        p.set_flag(crate::process::flag::LONG_QUEUE, still_long);
    }
}
