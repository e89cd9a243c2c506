//! Who is traced, by which sessions, for what. The table is beside the processes, so that one that nobody traces pays
//! for a word of flags only ([`crate::process::Shared::trace`]): the union of what all sessions ask for.
//!
//! A process reads its flags without a lock and then, if it is traced, its references under the lock of its part of the
//! table. Changes are made under that lock, by any thread.

use super::session::{ForNew, Session};
use super::tracer::Tracer;
use super::{flags, session};
use crate::node;
use crate::process::Shared;
use corten_term::{Pid, PortId, Term, Word};
use parking_lot::{Mutex, MutexGuard};
use rustc_hash::FxHashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};

/// What one session traces a process or port for.
#[derive(Debug, Clone)]
pub struct Reference {
    pub session: Arc<Session>,
    pub flags: u32,
    pub tracer: Tracer,
}

type Part = FxHashMap<Word, Vec<Reference>>;
const PARTS: usize = 32;
static TABLE: LazyLock<[Mutex<Part>; PARTS]> = LazyLock::new(Default::default);

fn part(who: Word) -> MutexGuard<'static, Part> {
    TABLE[(who >> 4) as usize % PARTS].lock()
}

fn union(refs: &[Reference]) -> u32 {
    refs.iter().fold(0, |all, r| all | r.flags)
}

fn store(word: &AtomicU32, flags: u32) {
    let keep = |w: u32| Some(w & (flags::TOKEN | flags::HIDDEN) | flags);
    let _ = word.fetch_update(Ordering::AcqRel, Ordering::Acquire, keep);
}

/// The references of a process or port that are for any of `bits`.
pub fn references(who: Word, bits: u32) -> Vec<Reference> {
    let part = part(who);
    let all = part.get(&who).into_iter().flatten();
    all.filter(|r| r.flags & bits != 0).cloned().collect()
}

/// The reference of one session.
pub fn reference(who: Word, session: u32) -> Option<Reference> {
    let part = part(who);
    let mut all = part.get(&who)?.iter();
    all.find(|r| r.session.id == session).cloned()
}

/// A traced thing may have one tracer per session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    AlreadyTraced,
    Gone,
}

/// Turns flags on or off. `word` is the tracee's own word of flags, `gone` tells whether it is going away.
fn change(
    who: Word,
    word: &AtomicU32,
    gone: impl FnOnce() -> bool,
    session: &Arc<Session>,
    tracer: Option<Tracer>,
    on: bool,
    mask: u32,
) -> Result<(), Refused> {
    let mut part = part(who);
    if gone() {
        return Err(Refused::Gone);
    }
    let refs = part.entry(who).or_default();
    let at = refs.iter().position(|r| r.session.id == session.id);
    match (at, on, tracer) {
        (Some(i), true, Some(tracer)) => {
            let r = &mut refs[i];
            if r.tracer != tracer && r.tracer.is_alive() {
                return Err(Refused::AlreadyTraced);
            }
            r.flags |= mask;
            r.tracer = tracer;
        }
        (Some(i), _, _) => {
            let r = &mut refs[i];
            r.flags = if on { r.flags | mask } else { r.flags & !mask };
        }
        (None, true, Some(tracer)) => refs.push(Reference {
            session: session.clone(),
            flags: mask,
            tracer,
        }),
        (None, ..) => {}
    }
    refs.retain(|r| r.flags != 0);
    store(word, union(refs));
    if refs.is_empty() {
        part.remove(&who);
    }
    Ok(())
}

fn with_process<R>(pid: Pid, f: impl FnOnce(&Shared) -> R) -> Option<R> {
    let guard = crossbeam_epoch::pin();
    node().processes.lookup(pid, &guard).map(f)
}

/// Turns flags of a process on or off.
pub fn change_process(
    pid: Pid,
    session: &Arc<Session>,
    tracer: Option<Tracer>,
    on: bool,
    mask: u32,
) -> Result<(), Refused> {
    let f = |s: &Shared| {
        let gone = || s.is_exiting();
        change(pid.word(), &s.trace, gone, session, tracer, on, mask)
    };
    with_process(pid, f).unwrap_or(Err(Refused::Gone))
}

/// Turns flags of a port on or off; `word` is the port's own word of flags.
pub fn change_port(
    port: PortId,
    word: &AtomicU32,
    session: &Arc<Session>,
    tracer: Option<Tracer>,
    on: bool,
    mask: u32,
) -> Result<(), Refused> {
    change(port.word(), word, || false, session, tracer, on, mask)
}

/// Changes the flags that one session has for a process, from within: `f` gets them and the tracer.
pub fn adjust(
    shared: &Shared,
    session: &Arc<Session>,
    f: impl FnOnce(&mut u32, &mut Option<Tracer>),
) {
    let who = shared.pid.word();
    let mut part = part(who);
    let refs = part.entry(who).or_default();
    let at = refs.iter().position(|r| r.session.id == session.id);
    let (mut flags, mut tracer) = match at {
        Some(i) => (refs[i].flags, Some(refs[i].tracer)),
        None => (0, None),
    };
    f(&mut flags, &mut tracer);
    if let Some(i) = at {
        refs.remove(i);
    }
    if let Some(tracer) = tracer
        && flags != 0
    {
        let session = session.clone();
        let new = Reference {
            session,
            flags,
            tracer,
        };
        refs.insert(at.unwrap_or(refs.len()), new);
    }
    store(&shared.trace, union(refs));
    if refs.is_empty() {
        part.remove(&who);
    }
}

/// Takes a reference away whose tracer is gone.
pub fn drop_tracer(who: Word, session: u32, word: Option<&AtomicU32>) {
    let mut part = part(who);
    let Some(refs) = part.get_mut(&who) else {
        return;
    };
    refs.retain(|r| r.session.id != session);
    if let Some(word) = word {
        store(word, union(refs));
    }
    if refs.is_empty() {
        part.remove(&who);
    }
}

/// The tracee is gone.
pub fn forget(who: Word) {
    part(who).remove(&who);
}

/// A session has ended.
pub fn forget_session(id: u32) {
    for part in TABLE.iter() {
        let mut part = part.lock();
        part.retain(|who, refs| {
            let before = refs.len();
            refs.retain(|r| r.session.id != id);
            if refs.len() != before {
                update_word(*who, union(refs));
            }
            !refs.is_empty()
        });
    }
}

fn update_word(who: Word, flags: u32) {
    // SAFETY: keys are pids and ports: immediates.
    let t = unsafe { Term::from_raw(who) };
    if let Some(pid) = t.as_local_pid() {
        with_process(pid, |s| store(&s.trace, flags));
    } else if let (Some(port), Some(ports)) = (t.as_local_port(), crate::signal::ports::get()) {
        ports.set_trace_flags(port, flags);
    }
}

/// A new process inherits from its parent, and from sessions that trace new processes. Nobody knows the child yet.
pub fn inherit(parent: Option<&Shared>, child: &Shared, linked: bool) {
    let mut mine: Vec<Reference> = Vec::new();
    if session::traces_new_processes() {
        mine = of_new(|s| *s.new_processes.read());
    }
    if let Some(parent) = parent
        && flags::passes_on_spawn(parent.trace_flags())
    {
        for r in pass_on(parent, |f| flags::for_child(f, linked)) {
            mine.retain(|m| m.session.id != r.session.id);
            mine.push(r);
        }
    }
    enter(child.pid.word(), &child.trace, mine);
}

/// A new port is traced by sessions that trace new ports.
pub fn enter_port(port: PortId, word: &AtomicU32) {
    enter(port.word(), word, of_new(|s| *s.new_ports.read()));
}

fn of_new(which: impl Fn(&Session) -> ForNew) -> Vec<Reference> {
    let sessions = session::all();
    let new = sessions.into_iter().filter_map(|session| {
        let ForNew { flags, tracer } = which(&session);
        let tracer = tracer.filter(|t| flags != 0 && t.is_alive())?;
        Some(Reference {
            session,
            flags,
            tracer,
        })
    });
    new.collect()
}

fn enter(who: Word, word: &AtomicU32, refs: Vec<Reference>) {
    if refs.is_empty() {
        return;
    }
    store(word, union(&refs));
    part(who).insert(who, refs);
}

/// What others inherit of the references of a process, which may lose flags by that.
fn pass_on(from: &Shared, rule: impl Fn(u32) -> Option<(u32, u32)>) -> Vec<Reference> {
    let who = from.pid.word();
    let mut part = part(who);
    let Some(refs) = part.get_mut(&who) else {
        return Vec::new();
    };
    let mut out = Vec::new();
    for r in refs.iter_mut() {
        if let Some((theirs, left)) = rule(r.flags) {
            r.flags = left;
            let flags = theirs;
            out.push(Reference { flags, ..r.clone() });
        }
    }
    store(&from.trace, union(refs));
    out
}

/// `from` has linked to `to`, which inherits.
pub fn inherit_link(from: &Shared, to: Pid) {
    for r in pass_on(from, flags::for_link) {
        let _ = change_process(to, &r.session, Some(r.tracer), true, r.flags);
    }
}
