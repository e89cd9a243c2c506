//! Primitives for the `receive` instructions. The interpreter calls them for the process it runs.
//!
//! `loop_rec` is [`peek`], `remove_message` is [`remove`], `loop_rec_end` is [`advance`], `wait` leaves with
//! `Outcome::Wait` and comes back to `loop_rec`; `wait_timeout` is [`wait_timeout`] and `timeout` is
//! [`timed_out`].

use super::handle;
use crate::process::{flag, state};
use crate::trace::{call, event, flags, seq};
use crate::{Process, timer};
use corten_term::{RefNumbers, Term, Word, am};
use std::sync::atomic::Ordering;

/// What `loop_rec` finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peek {
    /// The next message: it stays in the mailbox.
    Message(Word),
    /// No more messages: wait.
    Empty,
    /// A signal wants something else first: swap out at `loop_rec` and leave with `Outcome::Yield`.
    Leave,
}

#[inline]
fn settle_first(p: &Process) {
    if !p.has_flag(flag::COUNTS_MEMORY) {
        p.mailbox.settle_first(&p.heap);
    }
}

/// The message at the save pointer; signals that have arrived are handled when the mailbox is at its end.
#[inline]
pub fn peek(p: &Process) -> Peek {
    settle_first(p);
    match p.mailbox.examine() {
        Some(w) => Peek::Message(w),
        None => peek_arrived(p),
    }
}

#[cold]
fn peek_arrived(p: &Process) -> Peek {
    if !handle::has_signals(p) {
        return if p.shared.state() & (state::EXITING | state::SUSPENDED) != 0 {
            Peek::Leave
        } else {
            Peek::Empty
        };
    }
    let more = handle::arrived(p);
    if p.shared.state() & (state::EXITING | state::SUSPENDED) != 0 || handle::has_tasks(p) {
        return Peek::Leave;
    }
    settle_first(p);
    match p.mailbox.examine() {
        Some(w) => Peek::Message(w),
        // The rest of them in the next slice.
        None if more => Peek::Leave,
        None => Peek::Empty,
    }
}

/// Whether there is a message for a process that is to hibernate: other signals do not wake it.
pub fn has_message(p: &Process) -> bool {
    peek(p);
    p.mailbox.examine().is_some()
}

/// Whether there is any message, those that a `receive` has passed over included.
pub fn is_any_message(p: &Process) -> bool {
    has_message(p) || !p.mailbox.is_empty()
}

/// The examined message matches: takes it out of the mailbox. Its terms belong to the heap from now on; the
/// next `receive` starts at the first message, and a timer that was set is cancelled.
#[inline]
pub fn remove(p: &Process) {
    if let Some(node) = p.mailbox.remove() {
        let on_heap = node.is_on_heap();
        let (token, term) = (node.token(), node.adopt(&p.heap));
        if on_heap && p.has_flag(flag::COUNTS_MEMORY) {
            // SAFETY: it lies on the process's heap.
            call::received(p, unsafe { p.root(term) });
        }
        // SAFETY: the token lies on the process's heap now.
        if p.shared.is_traced(flags::TOKEN) || unsafe { p.root(token) }.is_tuple() {
            seq::received(p, token, term);
        }
    }
    p.mailbox.reset();
    let flags = p.flags();
    if flags & (flag::IN_TIMEOUT | flag::TIMED_OUT) != 0 {
        cancel_timeout(p);
    }
    if flags & flag::LONG_QUEUE != 0
        && let Some(s) = crate::sysmon::get()
    {
        crate::sysmon::queue_length(p, &s);
    }
}

/// The examined message does not match.
#[inline]
pub fn advance(p: &Process) {
    p.mailbox.advance();
}

/// What is in the mailbox now cannot be what the next `receive` waits for: it starts behind that. The caller goes
/// straight to such a `receive`, for an answer to a request that it has sent just now.
pub fn skip_present(p: &Process) {
    p.mailbox.skip_present();
}

/// Starts over at the first message.
pub fn reset(p: &Process) {
    p.mailbox.reset();
}

/// What `wait_timeout` has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timeout {
    /// Wait: a timer is set (or the timeout is `infinity`).
    Wait,
    /// The time is over: go on behind the instruction.
    Expired,
    /// Not a timeout: `timeout_value`.
    Bad,
}

/// Sets the timer at the first call, and tells at a later one whether it fired.
pub fn wait_timeout(p: &Process, time: Term<'_>) -> Timeout {
    if p.has_flag(flag::TIMED_OUT) {
        return Timeout::Expired;
    }
    if p.has_flag(flag::IN_TIMEOUT) {
        return Timeout::Wait;
    }
    if time.is(am::infinity) {
        // The register that says so may hold anything when a message brings the process back here.
        p.set_flag(flag::IN_TIMEOUT, true);
        return Timeout::Wait;
    }
    let Some(ms) = time.as_u64().filter(|ms| *ms <= u64::from(u32::MAX)) else {
        // The `receive` ends here.
        p.mailbox.reset();
        return Timeout::Bad;
    };
    if ms == 0 {
        return Timeout::Expired;
    }
    p.set_flag(flag::IN_TIMEOUT, true);
    p.receive_timer.set(Some(timer::wake(p.pid(), ms)));
    Timeout::Wait
}

/// `timeout`: the `after` branch begins; the next `receive` starts at the first message.
pub fn timed_out(p: &Process) {
    if p.shared.is_traced(flags::RECEIVE) && !p.has_flag(flag::SENSITIVE) {
        event::receives(p, event::From::Clock, Term::atom(am::timeout));
    }
    p.mailbox.reset();
    cancel_timeout(p);
}

/// Ends the timer of a `receive`, fired or not.
pub fn cancel_timeout(p: &Process) {
    if let Some(h) = p.receive_timer.take() {
        timer::cancel_wake(h);
    }
    p.shared.state.fetch_and(!state::TIMEOUT, Ordering::AcqRel);
    p.set_flag(flag::IN_TIMEOUT | flag::TIMED_OUT, false);
}

/// `recv_marker_reserve`: a marker at the end of the mailbox.
pub fn marker_reserve(p: &Process) -> Term<'static> {
    Term::small(i64::from(p.mailbox.reserve_marker()))
}

fn marker_number(marker: Term<'_>) -> Option<u32> {
    marker.as_small().and_then(|n| u32::try_from(n).ok())
}

/// `recv_marker_bind`: the marker stands for the reference (or goes, when it is no reference).
pub fn marker_bind(p: &Process, marker: Term<'_>, reference: Term<'_>) {
    let Some(id) = marker_number(marker) else {
        return;
    };
    match numbers(reference) {
        Some(r) => p.mailbox.bind_marker(id, r),
        None => p.mailbox.clear_marker(Ok(id)),
    }
}

/// `recv_marker_clear`: takes a reference or what `marker_reserve` gave.
pub fn marker_clear(p: &Process, which: Term<'_>) {
    match (numbers(which), marker_number(which)) {
        (Some(r), _) => p.mailbox.clear_marker(Err(r)),
        (None, Some(id)) => p.mailbox.clear_marker(Ok(id)),
        (None, None) => {}
    }
}

/// `recv_marker_use`: the next `receive` starts at the marker of the reference, if there is one.
pub fn marker_use(p: &Process, reference: Term<'_>) {
    if let Some(r) = numbers(reference) {
        p.mailbox.use_marker(r);
    }
}

fn numbers(reference: Term<'_>) -> Option<RefNumbers> {
    reference.as_reference()?.local()
}
