//! How the calls that a process saves (`process::saved_calls`) are noticed: such a process runs with a handler table of
//! its own, in which the instructions that call by name, send and receive note what they do before they do it. Who does
//! not save calls pays one test of a flag for each slice.
//!
//! Fused pairs would pass over the second instruction's entry; in this table they are their first instruction, which
//! dispatches as ever. What finds its callee itself (`apply`, funs of exports) calls [`called`].

use super::machine::{Handler, Registers, Ret};
use super::ops::{ALL, Op, TABLE, op_at_raw};
use crate::Process;
use crate::code::Export;
use crate::process::saved_calls::{Saved, note};
use crate::process::{Mfa, flag};
use corten_term::{Word, am};
use std::sync::LazyLock;

pub type Table = [Handler; ALL.len()];

/// The table of processes that save calls.
static SAVING: LazyLock<Table> = LazyLock::new(|| {
    let mut table = TABLE;
    for (i, op) in ALL.iter().enumerate() {
        let plain = op.first_of_all();
        table[i] = match plain {
            Op::CallExt | Op::CallExtOnly | Op::CallExtLast | Op::CallBif => saves,
            Op::Send | Op::RemoveMessage | Op::Timeout => saves,
            _ => TABLE[plain as usize],
        };
    }
    table
});

/// Lets a process that saves calls run with that table.
pub fn run(registers: &mut Registers, enter: impl FnOnce(&mut Registers) -> Ret) -> Ret {
    registers.table = *SAVING;
    let ret = enter(registers);
    registers.table = TABLE;
    ret
}

/// A function is called that has been found by its name.
#[inline]
pub fn called(p: &Process, mfa: Mfa) {
    if p.has_flag(flag::SAVE_CALLS) {
        note(p, Saved::Call(mfa));
    }
}

/// The handler of the instructions above.
unsafe extern "C" fn saves(
    pc: *const Word,
    x: *mut Word,
    e: *mut Word,
    hp: *mut Word,
    reds: i64,
    p: *const Process,
) -> Ret {
    // SAFETY: as for every handler: the state of a running process, whose `pc` is one of the instructions above.
    unsafe {
        let op = op_at_raw(pc).first_of_all();
        look(&*p, op, pc, reds);
        TABLE[op as usize](pc, x, e, hp, reds, p)
    }
}

/// # Safety
/// `pc` is an instruction of that kind.
#[inline(never)]
unsafe fn look(p: &Process, op: Op, pc: *const Word, reds: i64) {
    let what = match op {
        Op::Send => Saved::Send,
        Op::RemoveMessage => Saved::Receive,
        Op::Timeout => Saved::Timeout,
        // The slice is over, and the instruction comes again.
        Op::CallBif if reds <= 1 => return,
        _ => {
            // SAFETY: word 1 of these is an export, which lives for ever.
            let e = unsafe { &*(*pc.add(1) as *const Export) };
            let mfa = Mfa {
                module: e.module,
                function: e.function,
                arity: e.arity,
            };
            note(p, Saved::Call(mfa));
            if e.module != am::erlang || e.function != am::send {
                return;
            }
            Saved::Send
        }
    };
    note(p, what);
}
