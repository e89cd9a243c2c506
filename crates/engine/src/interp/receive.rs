//! The `receive` instructions, on the primitives of [`crate::signal::receive`], and `send`.

use super::Outcome;
use super::calls;
use super::exceptions::error_atom;
use super::machine::*;
use super::ops::Op;
use crate::signal::receive::{self, Peek, Timeout};
use crate::trace::flags;
use crate::{Process, signal};
use corten_term::layout::{PRIMARY_BOXED, PRIMARY_MASK};
use corten_term::{Term, Word, am};

/// Words of a message that are copied for one reduction.
const WORDS_PER_REDUCTION: usize = 64;

/// `send`: the destination in x0, the message in x1, which is also the result.
///
/// # Safety
/// All functions here: called as slow instructions.
pub unsafe fn send(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as the caller promises.
    let cx = unsafe { Cx::new(p, x, pc) };
    match cx.x(0).as_local_pid() {
        Some(pid) => {
            let mut words = 0;
            if p.shared.is_traced(flags::SEND | flags::TOKEN) {
                p.pc.set(pc);
                signal::send::send(p, cx.x(0), cx.x(1));
            } else {
                let sent = signal::send::message_from(Term::pid(p.pid()), pid, cx.x(1));
                words = sent.unwrap_or(0);
            }
            cx.set_x(0, cx.x(1).raw());
            p.bump_reductions(3 + words / WORDS_PER_REDUCTION);
            cx.skip(2)
        }
        // SAFETY: as the caller promises; word 1 is the export of `erlang:'!'/2`.
        None => unsafe { calls::call_bif(p, x, pc) },
    }
}

const LOOP_REC: Handler = slow_handler!(loop_rec);
const LOOP_REC_END: Handler = slow_handler!(loop_rec_end);

op!(
    /// [`loop_rec`], if there is a message.
    next_message | s | {
    let Some(w) = (*s.p).mailbox.examine_quickly() else {
        tail!(s, LOOP_REC);
    };
    s.put(s.a(), w);
    s.step(1);
});
op!(
    /// [`next_message`] in front of `is_tagged_tuple`. If that is the only pattern of the `receive`, messages that
    /// do not match are passed over here, as many as the slice allows: a search of a long queue is this loop.
    next_tagged_message | s | {
    let mailbox = &(*s.p).mailbox;
    let Some(w) = mailbox.examine_quickly() else {
        tail!(s, LOOP_REC);
    };
    s.put(s.a(), w);
    let test = s.pc.add(1);
    let other = test.offset(rel(*test));
    let searches = *other as u16 == Op::LoopRecEnd as u16
        && other.offset(rel(*other)) == s.pc
        && a(*test) == s.a();
    if searches {
        let (header, tag) = (*test.add(1), *test.add(2));
        let matches = |w: Word| {
            let p = (w & !PRIMARY_MASK) as *const Word;
            w & PRIMARY_MASK == PRIMARY_BOXED && *p == header && *p.add(1) == tag
        };
        let (passed, next) = mailbox.pass_over_others(s.reds - 1, matches);
        s.reds -= passed;
        let Some(w) = next else {
            tail!(s, LOOP_REC);
        };
        s.put(s.a(), w);
    }
    s.step(1);
});
op!(
    /// [`loop_rec_end`], if the slice is not over.
    no_match | s | {
    if s.reds <= 1 {
        tail!(s, LOOP_REC_END);
    }
    (*s.p).mailbox.pass_over();
    s.reds -= 1;
    s.jump(s.rel());
});

/// `loop_rec`: `a` is the destination, `rel` where to wait.
///
/// # Safety
/// As above.
pub unsafe fn loop_rec(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    match receive::peek(p) {
        Peek::Message(w) => {
            cx.put_raw(cx.a(), w);
            cx.skip(1)
        }
        Peek::Empty => cx.at(rel(cx.word(0))),
        Peek::Leave => cx.leave(pc, 0, Outcome::Yield),
    }
}

/// `loop_rec_end`: the message does not match; `rel` goes back to `loop_rec`.
///
/// # Safety
/// As above.
pub unsafe fn loop_rec_end(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    receive::advance(p);
    let back = cx.at(rel(cx.word(0)));
    p.bump_reductions(1);
    if p.reductions_left.get() <= 0 {
        return cx.leave(back, 0, Outcome::Yield);
    }
    back
}

/// # Safety
/// As above.
pub unsafe fn remove_message(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    receive::remove(p);
    cx.skip(1)
}

/// `wait`: `rel` goes back to `loop_rec` when something has arrived.
///
/// # Safety
/// As above.
pub unsafe fn wait(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    cx.leave(cx.at(rel(cx.word(0))), 0, Outcome::Wait)
}

/// `wait_timeout`: word 1 is the time. The process goes on at `loop_rec` when something has arrived and comes back
/// here when the mailbox is empty, also when the timer has fired.
///
/// # Safety
/// As above.
pub unsafe fn wait_timeout(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    match receive::wait_timeout(p, cx.src(1)) {
        Timeout::Wait => cx.leave(cx.at(rel(cx.word(0))), 0, Outcome::Wait),
        Timeout::Expired => cx.skip(2),
        Timeout::Bad => {
            // The next `receive` starts at the first message.
            receive::reset(p);
            error_atom(cx, am::timeout_value)
        }
    }
}

/// # Safety
/// As above.
pub unsafe fn timeout(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    receive::timed_out(p);
    cx.skip(1)
}

/// `recv_marker_reserve`: `a` is the destination.
///
/// # Safety
/// As above.
pub unsafe fn marker_reserve(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    cx.put(cx.a(), receive::marker_reserve(p));
    cx.skip(1)
}

/// `recv_marker_bind`: words marker and reference.
///
/// # Safety
/// As above.
pub unsafe fn marker_bind(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    receive::marker_bind(p, cx.src(1), cx.src(2));
    cx.skip(3)
}

/// # Safety
/// As above.
pub unsafe fn marker_clear(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    receive::marker_clear(p, cx.src(1));
    cx.skip(2)
}

/// # Safety
/// As above.
pub unsafe fn marker_use(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    receive::marker_use(p, cx.src(1));
    cx.skip(2)
}
