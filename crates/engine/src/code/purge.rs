//! Taking old code away, as OTP's process `erts_code_purger` directs it: [`prepare`], then it asks every process
//! whether it [`uses`] the code (those that do are killed, or the purge is given up), then [`complete`] or [`abort`].
//!
//! Code can be entered through exports, which lead to other code by now, and through funs. From [`prepare`] on the
//! funs of the code lead nowhere, and a process that calls one is suspended until the purge ends ([`suspend_caller`]):
//! so a process that has answered "no" cannot get into the code any more. New processes neither: whoever starts them
//! cannot get there itself. Then nobody reads the code, and its memory goes at once; its literals go the
//! way of [`literals`](super::literals).

use super::literals;
use super::module::Loaded;
use super::server::{self, with_instances};
use super::{FunEntry, FunRef};
use crate::sched::progress::Progress;
use crate::signal::node::{Body, Work};
use crate::signal::send;
use crate::{Process, Stop, signal};
use corten_term::layout::{IMMEDIATE2_MASK, TAG_CATCH, is_header};
use corten_term::{Atom, Pid, Term, Word};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

/// The purge that goes on; there is one at a time, because one process directs them.
#[derive(Debug)]
struct Purge {
    module: Atom,
    /// Funs that lead nowhere for now.
    funs: Vec<FunRef>,
    /// Processes that have called one of them.
    suspended: Vec<Pid>,
    progress: Progress,
}

static PURGE: Mutex<Option<Purge>> = Mutex::new(None);

fn purge() -> std::sync::MutexGuard<'static, Option<Purge>> {
    PURGE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Begins the purge of the old code of a module; false if there is none. Called again until all schedulers have
/// finished the slice in which they might have read where a fun leads.
pub fn prepare(p: &Process, module: Atom) -> Result<bool, Stop<'static>> {
    let mut slot = purge();
    if slot.as_ref().is_none_or(|g| g.module != module) {
        let Some(old) = server::instances(module).old else {
            return Ok(false);
        };
        let mut purge = Purge {
            module,
            funs: Vec::new(),
            suspended: Vec::new(),
            progress: Progress::begin(),
        };
        for (entry, _) in &old.funs {
            if entry.hold_back(|code| old.contains(code)) {
                purge.funs.push(entry.clone());
            }
        }
        purge.progress = Progress::begin();
        *slot = Some(purge);
    }
    match slot.as_mut() {
        Some(purge) if !purge.progress.is_made() => Err(purge.progress.wait(p)),
        _ => Ok(true),
    }
}

/// The same for code whose `-on_load` function failed: it takes the place of old code, to be purged.
pub fn prepare_pending(p: &Process, module: Atom) -> Result<bool, Stop<'static>> {
    let begun = purge().as_ref().is_some_and(|g| g.module == module);
    if !begun && !server::set_aside_pending(module) {
        return Ok(false);
    }
    prepare(p, module)
}

/// The code is not taken away after all. False: nothing was going on.
pub fn abort(module: Atom) -> bool {
    let mut slot = purge();
    let Some(purge) = slot.take_if(|g| g.module == module) else {
        return false;
    };
    for entry in &purge.funs {
        entry.let_go(true);
    }
    resume(purge.suspended);
    true
}

/// Forgets the old code, which no process uses. False: nothing was going on.
pub fn complete(module: Atom) -> bool {
    let mut slot = purge();
    let Some(purge) = slot.take_if(|g| g.module == module) else {
        return false;
    };
    let (old, current) = with_instances(module, |i| {
        let old = i.old.take();
        i.old = i.set_aside.take();
        (old, i.current.clone())
    });
    for entry in &purge.funs {
        entry.let_go(false);
    }
    if let Some(old) = old {
        forget(&old, current.as_deref());
    }
    resume(purge.suspended);
    true
}

/// Makes an instance unreachable and frees it.
fn forget(old: &Arc<Loaded>, current: Option<&Loaded>) {
    server::remove_range(old);
    // The same file loaded twice has the same funs.
    if let Some(current) = current {
        server::connect_funs(current);
    }
    literals::retire(old.take_literals());
}

fn resume(suspended: Vec<Pid>) {
    for pid in suspended {
        send::control(pid, Body::Call(Box::new(Resume)));
    }
}

/// The purge has ended.
struct Resume;
impl Work for Resume {
    fn run(self: Box<Self>, p: &Process) {
        signal::suspend::resume_one(p);
    }
}

/// Suspends the process, which runs, until the purge ends, if that is what keeps a fun from being called.
pub fn suspend_caller(p: &Process, entry: &FunEntry) -> bool {
    let mut slot = purge();
    // Only now: the purge may have ended since the fun was found to lead nowhere.
    let Some(purge) = slot.as_mut().filter(|_| entry.is_held_back()) else {
        return false;
    };
    purge.suspended.push(p.pid());
    signal::suspend::suspend_one(p);
    true
}

/// Whether the process, which this thread runs or which is swapped out, would go on in or return to the old code of
/// `module`.
pub fn uses(p: &Process, module: Atom) -> bool {
    let Some(old) = server::instances(module).old else {
        return false;
    };
    if old.contains(p.pc.get()) {
        return true;
    }
    let (mut at, end) = (p.stack_top.get(), p.block_end.get());
    while at < end {
        // SAFETY: words of the stack of the process that this thread runs.
        let w = unsafe { *at };
        at = at.wrapping_add(1);
        let code = if is_header(w) {
            w as *const Word
        } else if w & IMMEDIATE2_MASK == TAG_CATCH {
            ((w >> 6) << 3) as *const Word
        } else {
            continue;
        };
        if old.contains(code) {
            return true;
        }
    }
    forget_trace(p, &old);
    false
}

/// The last exception's trace may name places in code that goes: they would soon be somewhere else.
fn forget_trace(p: &Process, old: &Loaded) {
    // SAFETY: a root of the process.
    let raw = unsafe { p.root(p.exception.trace.get()) };
    if crate::interp::stacktrace::trace_addresses(raw).any(|pc| old.contains(pc)) {
        p.exception.trace.set(Term::NIL.raw());
        p.exception.reason.set(Term::NIL.raw());
    }
}

/// Whether `f` is the entry of code that is loaded, and not being purged.
pub fn fun_is_loaded(f: &FunEntry) -> bool {
    !f.code.load(Ordering::Acquire).is_null()
}
