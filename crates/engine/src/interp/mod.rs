//! The interpreter: runs a process until it yields, waits, needs a dirty thread or ends.
//!
//! The scheduler calls [`run`] with the registers of its thread; a dirty thread calls [`run_dirty`]. How
//! instructions are encoded and handled says [`machine`]; what there is, the table in [`ops`].
//!
//! While a process runs, its heap top, stack top and reductions are in machine registers; before anything outside
//! of the interpreter is called they are put into the process ([`machine::S::save`]), and its X registers are
//! in [`Registers`]. While it does not run they are in `Process::x` and `more_x`, as many as `live` says.

mod bs_create;
mod bs_match;
mod calls;
#[cfg(feature = "op-counts")]
pub mod count;
pub mod disasm;
pub mod exceptions;
pub mod executor;
mod fused;
mod hot;
pub mod machine;
pub mod ops;
mod receive;
mod records;
mod saving;
mod slow;
pub mod stacktrace;
pub mod static_code;
mod trace;

/// What the lowering of code needs to know about operands.
pub mod encoding {
    pub mod segment {
        pub use super::super::bs_create::VARIES;
        pub use super::super::bs_create::kind::*;
    }
    pub use super::bs_match::{LITTLE, SIGNED, command};
    pub use super::hot::bits::{WINDOW, unit_mask};
    pub use super::machine::{DST_Y, source_x, source_y};
    pub use super::slow::NO_LIVE;
}

pub use calls::run_dirty;
pub use machine::Registers;
pub use static_code::write_stub;

use crate::Process;
use crate::gc::RESERVED;
use crate::process::{Apart, INLINE_X};
use corten_term::Word;
use machine::{Ret, S};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Why the interpreter returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub enum Outcome {
    /// The time slice is over.
    Yield = 1,
    /// Nothing to do until a signal arrives.
    Wait = 2,
    /// The next thing is a native function for the pool of blocking calls.
    DirtyIo = 3,
    /// The same for long computations.
    DirtyCpu = 4,
    /// The process has ended: `Process::exception` says how.
    Exited = 5,
}

impl Outcome {
    fn from_ret(ret: Ret) -> Outcome {
        match ret {
            2 => Outcome::Wait,
            3 => Outcome::DirtyIo,
            4 => Outcome::DirtyCpu,
            5 => Outcome::Exited,
            _ => Outcome::Yield,
        }
    }
}

/// Runs the process until it stops, for at most `reductions_left`.
pub fn run(p: &Process, registers: &mut Registers) -> Outcome {
    swap_in(p, registers);
    if p.has_flag(crate::process::flag::FORCE_GC) || crate::gc::is_crowded(p) {
        if is_long_here(p) {
            p.apart.set(Apart::Collection);
            return Outcome::DirtyCpu;
        }
        let live = usize::from(p.live.get());
        collect(p, 0, &mut registers.x[..live]);
    }
    let enter = |registers: &mut Registers| {
        let x = registers as *mut Registers;
        // SAFETY: this thread runs the process; `pc` is where it stopped.
        unsafe { machine::enter(S::load(p, x.cast(), p.pc.get())) }
    };
    Outcome::from_ret(match p.has_flag(crate::process::flag::SAVE_CALLS) {
        true => saving::run(registers, enter),
        false => enter(registers),
    })
}

/// Saves the first `live` X registers and where to go on.
fn swap_out(p: &Process, registers: &mut Registers, pc: *const Word, live: usize) {
    let live = live.min(machine::MAX_REGS);
    p.pc.set(pc);
    p.live.set(live as u16);
    for (slot, w) in p.x.iter().zip(&registers.x[..live.min(INLINE_X)]) {
        slot.set(*w);
    }
    let mut more = p.more_x.borrow_mut();
    more.clear();
    if live > INLINE_X {
        more.extend_from_slice(&registers.x[INLINE_X..live]);
    } else if more.capacity() > 0 {
        *more = Vec::new();
    }
}

fn swap_in(p: &Process, registers: &mut Registers) {
    let live = usize::from(p.live.get());
    for (slot, w) in p.x.iter().zip(&mut registers.x[..live.min(INLINE_X)]) {
        *w = slot.get();
    }
    let more = p.more_x.borrow();
    registers.x[INLINE_X..INLINE_X + more.len()].copy_from_slice(&more);
}

/// Words that are free after a collection on a dirty thread; what needs more collects where it is.
const APART_ROOM: usize = 1 << 12;

/// Whether a collection should not be made by this thread because it would keep a scheduler.
#[cold]
fn is_long_here(p: &Process) -> bool {
    crate::gc::is_long(p) && crate::sched::current_index().is_some() && !stress()
}

/// Collects garbage: afterwards `need` words are free. `live` are the live X registers.
fn collect(p: &Process, need: usize, live: &mut [Word]) {
    if stress() && has_room(p, need) && !crate::gc::is_due(p) && !stress_turn(p) {
        return;
    }
    crate::gc::collect(p, need, live);
}

/// Whether a collection that only `CORTEN_GC_STRESS` asks for is made: always while stack and block are small. With a
/// deep stack or a large block every collection is long, and one at each allocation would never come to an end.
fn stress_turn(p: &Process) -> bool {
    static TURN: AtomicUsize = AtomicUsize::new(0);
    const SMALL: usize = 1 << 9;
    let size = crate::gc::stack_words(p) + crate::gc::block_words(p) / 8;
    TURN.fetch_add(1, Ordering::Relaxed)
        .is_multiple_of(1 + size / SMALL)
}

#[inline(always)]
pub(crate) fn has_room(p: &Process, words: usize) -> bool {
    p.heap.top() as usize + (words + RESERVED) * size_of::<Word>() <= p.stack_top.get() as usize
}

/// Whether to collect wherever it is allowed (`CORTEN_GC_STRESS`).
#[inline]
pub fn stress() -> bool {
    static STRESS: OnceLock<bool> = OnceLock::new();
    *STRESS.get_or_init(|| std::env::var_os("CORTEN_GC_STRESS").is_some_and(|v| v == "1"))
}
