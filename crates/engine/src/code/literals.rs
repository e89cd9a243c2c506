//! Giving literal areas back: OTP's process `erts_literal_area_collector` has every process copy what it still
//! refers to, and this is the state between its calls.
//!
//! An area comes here when no name leads to it any more: code was purged, a persistent term was replaced. All that
//! wait, up to some size, go together.
//! 1. They are published as dying ([`literal::set_dying`]): copies of terms share them no more. Once all schedulers
//!    have finished the slice they were in, no message that refers to them can be on its way.
//! 2. The collector asks every process. What had been sent before lies in the process's own mailbox then.
//! 3. All have answered. A process that was ending answers without having copied; it is gone at the end of the slice.
//!    So once more all schedulers finish a slice; then the areas go.
//!
//! Whatever keeps terms for longer and is no process (ETS, timers, ports, requests) owns its copies
//! wholly, literals included.

use crate::sched::progress::Progress;
use crate::signal::send;
use crate::{Process, Stop, node};
use corten_term::literal_area::LiteralArea;
use corten_term::{Term, Word, am, literal};
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// Areas of more words do not go together: a process that refers to one may need room for all.
const TOGETHER: usize = 1 << 20;

/// Areas that go together.
#[derive(Debug)]
struct Batch {
    areas: Vec<LiteralArea>,
    words: usize,
}

#[derive(Debug)]
enum Phase {
    Idle,
    /// Step 1.
    Publishing(Batch, Progress),
    /// Step 2.
    Copying(Batch),
    /// Step 3.
    Leaving(Batch, Progress),
}

#[derive(Debug)]
struct State {
    phase: Phase,
    waiting: VecDeque<LiteralArea>,
}

impl State {
    fn next(&mut self) -> Option<Batch> {
        let (mut areas, mut words) = (Vec::new(), 0);
        while let Some(area) = self.waiting.front() {
            words += area.words();
            if words > TOGETHER && !areas.is_empty() {
                words -= area.words();
                break;
            }
            areas.extend(self.waiting.pop_front());
        }
        (!areas.is_empty()).then_some(Batch { areas, words })
    }
}

impl Batch {
    fn set_dying(&self, dying: bool) {
        for a in &self.areas {
            literal::set_dying(a.start(), a.words(), dying);
        }
    }
}

static STATE: Mutex<State> = Mutex::new(State {
    phase: Phase::Idle,
    waiting: VecDeque::new(),
});

fn state() -> std::sync::MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Frees areas as soon as no process refers to them. Nobody can find them by name.
pub fn retire(areas: impl IntoIterator<Item = LiteralArea>) {
    let mut s = state();
    let before = s.waiting.len();
    s.waiting.extend(areas);
    let idle = before == 0 && matches!(s.phase, Phase::Idle) && !s.waiting.is_empty();
    drop(s);
    if idle && let Some(helpers) = node::helpers() {
        send::message(helpers.literal_collector, Term::atom(am::copy_literals));
    }
}

/// `erts_literal_area_collector:release_area_switch/0`: frees the areas that all processes have answered for; true if
/// there are others to ask them about.
pub fn switch(p: &Process) -> Result<bool, Stop<'static>> {
    let mut s = state();
    loop {
        s.phase = match std::mem::replace(&mut s.phase, Phase::Idle) {
            Phase::Idle => {
                let Some(batch) = s.next() else {
                    return Ok(false);
                };
                batch.set_dying(true);
                Phase::Publishing(batch, Progress::begin())
            }
            Phase::Publishing(batch, mut progress) => {
                if progress.is_made() {
                    s.phase = Phase::Copying(batch);
                    return Ok(true);
                }
                let wait = progress.wait(p);
                s.phase = Phase::Publishing(batch, progress);
                return Err(wait);
            }
            Phase::Copying(batch) => Phase::Leaving(batch, Progress::begin()),
            Phase::Leaving(batch, mut progress) => {
                if !progress.is_made() {
                    let wait = progress.wait(p);
                    s.phase = Phase::Leaving(batch, progress);
                    return Err(wait);
                }
                batch.set_dying(false);
                Phase::Idle
            }
        };
    }
}

/// How many words lie in the areas that processes are asked about, if they are asked.
pub fn dying_words() -> Option<usize> {
    match &state().phase {
        Phase::Copying(batch) => Some(batch.words),
        _ => None,
    }
}

/// Whether no area waits to be freed.
pub fn is_idle() -> bool {
    let s = state();
    s.waiting.is_empty() && matches!(s.phase, Phase::Idle)
}

/// A term in an area of its own, which processes hold without copying it. Dropping it retires the area.
#[derive(Debug)]
pub struct Shared {
    /// Always there, until it is dropped.
    area: Option<LiteralArea>,
    term: Word,
}

impl Shared {
    /// A deep copy of `t`; `None` when the literal range is exhausted.
    pub fn new(t: Term<'_>) -> Option<Shared> {
        let (area, words) = LiteralArea::holding(&[t])?;
        Some(Shared {
            term: words[0],
            area: Some(area),
        })
    }
    pub fn term(&self) -> Term<'_> {
        // SAFETY: lies in our area (or is an immediate).
        unsafe { Term::from_raw(self.term) }
    }
    /// The term for a process that runs: it may keep it, even when this is dropped in the same slice.
    pub fn term_for<'h>(&self, p: &'h Process) -> Term<'h> {
        // SAFETY: the area does not go before this slice has ended, and not before the process was asked.
        unsafe { p.root(self.term) }
    }
    /// Words of the area.
    pub fn words(&self) -> usize {
        self.area.as_ref().map_or(0, LiteralArea::words)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        retire(self.area.take());
    }
}
