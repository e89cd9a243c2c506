//! `process_flag(save_calls, N)`: the last N calls by name of a process, and when it sent, received and timed out.
//!
//! The interpreter notes them (`interp::saving`), `process_info(P, last_calls)` and the crash dump show them.

use super::{Mfa, Process, flag};
use corten_term::{Heap, Term, am};
use std::collections::VecDeque;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saved {
    Call(Mfa),
    Send,
    Receive,
    Timeout,
}

/// The newest `limit` of them, oldest first.
#[derive(Debug)]
pub struct SavedCalls {
    limit: usize,
    calls: VecDeque<Saved>,
}

/// Saves so many from now on, beginning with none; 0 ends it. Returns how many it was. The interpreter sees this when the
/// process's next slice begins.
pub fn set(p: &Process, limit: usize) -> usize {
    p.set_flag(flag::SAVE_CALLS, limit > 0);
    let new = (limit > 0).then(|| SavedCalls {
        limit,
        calls: VecDeque::new(),
    });
    let old = p.with_cold(|c| std::mem::replace(&mut c.saved_calls, new.map(Box::new)));
    old.map_or(0, |s| s.limit)
}

/// A process that saves calls, and is not sensitive, does this.
pub fn note(p: &Process, what: Saved) {
    if p.flags() & (flag::SAVE_CALLS | flag::SENSITIVE) != flag::SAVE_CALLS {
        return;
    }
    p.with_cold(|c| {
        if let Some(s) = &mut c.saved_calls {
            if s.calls.len() == s.limit {
                s.calls.pop_front();
            }
            s.calls.push_back(what);
        }
    });
}

/// What was saved, oldest first; none if nothing is.
pub fn all(p: &Process) -> Option<Vec<Saved>> {
    let cold = p.cold.borrow();
    let saved = cold.as_ref()?.saved_calls.as_ref()?;
    Some(saved.calls.iter().copied().collect())
}

/// The value of `last_calls`.
pub fn term<'h>(p: &Process, heap: &'h Heap) -> Term<'h> {
    let Some(saved) = all(p) else {
        return Term::FALSE;
    };
    let terms: Vec<_> = saved
        .into_iter()
        .map(|s| match s {
            Saved::Call(f) => heap.tuple(&[
                Term::atom(f.module),
                Term::atom(f.function),
                Term::small(i64::from(f.arity)),
            ]),
            Saved::Send => Term::atom(am::send),
            Saved::Receive => Term::atom(am::receive),
            Saved::Timeout => Term::atom(am::timeout),
        })
        .collect();
    heap.list(&terms)
}
