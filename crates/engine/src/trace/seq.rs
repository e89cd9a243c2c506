//! Sequential tracing: a token that messages carry from process to process.
//!
//! The token is a tuple `{Flags, Label, Serial, Sender, Last}` on the process's heap. A process that has one has `TOKEN`
//! among its trace flags, so that sending looks at one word. A message that carries none takes the token of its
//! receiver away, unless it comes from no process.

use super::flags;
use super::message::Notice;
use super::tracer::Tracer;
use crate::Process;
use crate::process::Cold;
use crate::signal::Body;
use crate::signal::node::Work;
use corten_term::{Term, Word, am};
use parking_lot::RwLock;
use std::sync::atomic::Ordering;

static TRACER: RwLock<Option<Tracer>> = RwLock::new(None);

/// Flags of a token.
const SEND: i64 = 1;
const RECEIVE: i64 = 2;
const PRINT: i64 = 4;
const NOW_TIMESTAMP: i64 = 8;
const STRICT_TIMESTAMP: i64 = 16;
const MONOTONIC_TIMESTAMP: i64 = 32;

/// `system_flag(sequential_tracer, …)`; what it was.
pub fn set_tracer(new: Option<Tracer>) -> Option<Tracer> {
    std::mem::replace(&mut *TRACER.write(), new)
}

/// The system's sequential tracer. One that is gone is none any more.
pub fn tracer() -> Option<Tracer> {
    let tracer = *TRACER.read();
    if tracer.is_some_and(|t| !t.is_alive()) {
        *TRACER.write() = None;
        return None;
    }
    tracer
}

/// Takes the token of every process: of the caller at once, of others before anything that it sends them later.
pub fn reset_all(p: &Process) {
    crate::signal::handle::flush(p);
    Box::new(Reset).run(p);
    for pid in crate::node().processes.pids() {
        if pid != p.pid() {
            crate::signal::send::control(pid, Body::Call(Box::new(Reset)));
        }
    }
}

struct Reset;
impl Work for Reset {
    fn run(self: Box<Self>, p: &Process) {
        if let Some(cold) = p.cold.borrow_mut().as_mut() {
            (cold.seq_clock, cold.seq_last) = (0, 0);
        }
        if has_token(p) {
            store(p, Term::NIL);
        }
        p.mailbox.forget_tokens();
    }
}

pub fn has_token(p: &Process) -> bool {
    p.shared.trace_flags() & flags::TOKEN != 0
}

/// The token, or nil.
pub fn token(p: &Process) -> Term<'_> {
    match p.cold.borrow().as_ref() {
        // SAFETY: a root of the process.
        Some(c) => unsafe { p.root(c.seq_trace_token.get()) },
        None => Term::NIL,
    }
}

fn store(p: &Process, token: Term<'_>) {
    let on = token.is_tuple();
    p.with_cold(|c| c.seq_trace_token.set(token.raw()));
    if on {
        p.shared.trace.fetch_or(flags::TOKEN, Ordering::AcqRel);
    } else {
        p.shared.trace.fetch_and(!flags::TOKEN, Ordering::AcqRel);
    }
}

/// The parts of the token, made if there is none.
fn parts(p: &Process) -> [Term<'_>; 5] {
    if let Some(parts) = token(p).as_tuple_of::<5>() {
        return *parts;
    }
    let last = p.with_cold(|c| c.seq_last);
    [
        Term::small(0),
        Term::small(0),
        Term::small(0),
        Term::pid(p.pid()),
        Term::small(last),
    ]
}

fn flag(name: Term<'_>) -> Option<i64> {
    Some(match name.as_atom()? {
        am::send => SEND,
        am::receive => RECEIVE,
        am::print => PRINT,
        am::timestamp => NOW_TIMESTAMP,
        am::strict_monotonic_timestamp => STRICT_TIMESTAMP,
        am::monotonic_timestamp => MONOTONIC_TIMESTAMP,
        _ => return None,
    })
}

/// `seq_trace/2`: changes a part of the token; what it was. `value` may lie anywhere.
pub fn set<'h>(p: &'h Process, what: Term<'_>, value: Term<'_>) -> Option<Term<'h>> {
    let name = what.as_atom()?;
    if let (Some(bit), Some(on)) = (flag(what), value.as_bool()) {
        let mut all = parts(p);
        let old = all[0].as_small().unwrap_or(0);
        all[0] = Term::small(if on { old | bit } else { old & !bit });
        store(p, p.heap.tuple(&all));
        return Some(Term::bool(old & bit != 0));
    }
    match name {
        am::label => {
            let mut all = parts(p);
            let old = std::mem::replace(&mut all[1], corten_term::copy::copy(value, &p.heap));
            store(p, p.heap.tuple(&all));
            Some(old)
        }
        am::serial => {
            let [last, serial] = value.as_tuple_of::<2>()?;
            let (last, serial) = (last.as_small()?, serial.as_small()?);
            let mut all = parts(p);
            let old = p.heap.tuple(&[all[4], all[2]]);
            all[4] = Term::small(last);
            all[2] = Term::small(serial);
            store(p, p.heap.tuple(&all));
            p.with_cold(|c: &mut Cold| (c.seq_clock, c.seq_last) = (serial, last));
            Some(old)
        }
        am::sequential_trace_token if value.is_nil() => {
            let old = token(p);
            store(p, Term::NIL);
            Some(old)
        }
        _ => None,
    }
}

/// `seq_trace_info/1`: `{Item, Value}`, or nil.
pub fn info<'h>(p: &'h Process, item: Term<'h>) -> Option<Term<'h>> {
    let name = item.as_atom()?;
    let token = token(p).as_tuple_of::<5>().copied();
    let value = match (flag(item), token) {
        (Some(bit), Some(t)) => Term::bool(t[0].as_small().unwrap_or(0) & bit != 0),
        (Some(_), None) => Term::FALSE,
        (None, None) if name == am::spawn => Term::FALSE,
        (None, Some(t)) if name == am::label => t[1],
        (None, Some(t)) if name == am::serial => p.heap.tuple(&[t[4], t[2]]),
        (None, None) if matches!(name, am::label | am::serial) => return Some(Term::NIL),
        _ => return None,
    };
    Some(p.heap.tuple(&[item, value]))
}

/// Something is about to be done with the token: its serial number grows.
fn advance(p: &Process) {
    if !has_token(p) {
        return;
    }
    let (clock, last) = p.with_cold(|c| {
        c.seq_clock += 1;
        (c.seq_clock, c.seq_last)
    });
    let mut all = parts(p);
    all[3] = Term::pid(p.pid());
    all[2] = Term::small(clock);
    all[4] = Term::small(last);
    store(p, p.heap.tuple(&all));
}

/// Tells the sequential tracer, if the token asks for it.
fn output(p: &Process, token: Term<'_>, kind: i64, receiver: Term<'_>, message: Term<'_>) {
    let Some(tracer) = tracer() else {
        return;
    };
    let Some(&[bits, label, serial, sender, last]) = token.as_tuple_of::<5>() else {
        return;
    };
    let bits = bits.as_small().unwrap_or(0);
    let sensitive = p.has_flag(crate::process::flag::SENSITIVE);
    if bits & kind == 0 || sensitive || tracer.word() == p.pid().word() {
        return;
    }
    let name = match kind {
        SEND => am::send,
        RECEIVE => am::receive,
        _ => am::print,
    };
    let with = [
        (NOW_TIMESTAMP, flags::NOW_TIMESTAMP),
        (STRICT_TIMESTAMP, flags::STRICT_TIMESTAMP),
        (MONOTONIC_TIMESTAMP, flags::MONOTONIC_TIMESTAMP),
    ];
    let with = with.iter().filter(|w| bits & w.0 != 0);
    let with = with.fold(0, |all, w| all | w.1);
    tracer.send(|h| {
        let own = |t: Term<'_>| corten_term::copy::copy(t, h);
        let numbers = h.tuple(&[last, serial]);
        let all = [
            Term::atom(name),
            numbers,
            own(sender),
            own(receiver),
            own(message),
        ];
        Notice::new(am::seq_trace, label, h.tuple(&all)).build(h, with)
    });
}

/// `seq_trace_print/1,2`: whether there is a token (with this label).
pub fn print(p: &Process, label: Option<Term<'_>>, message: Term<'_>) -> bool {
    let Some(&[_, mine, ..]) = token(p).as_tuple_of::<5>() else {
        return false;
    };
    if label.is_some_and(|l| !corten_term::compare::exact_eq(l, mine)) {
        return false;
    }
    advance(p);
    output(p, token(p), PRINT, Term::NIL, message);
    true
}

/// The process, which has a token, sends: the token as the message carries it.
pub fn sends<'h>(p: &'h Process, to: Term<'_>, message: Term<'_>) -> Term<'h> {
    // A process of this node is told by its pid, whatever name it was sent to by.
    let named = to.as_atom().and_then(crate::registry::whereis_process);
    advance(p);
    let token = token(p);
    match named {
        Some(pid) => output(p, token, SEND, Term::pid(pid), message),
        None => output(p, token, SEND, to, message),
    }
    token
}

/// A message was taken out of the mailbox. `carried` is what stands in its token, on the process's heap: a token, the
/// sender's pid, or something else if it comes from no process.
#[cold]
pub fn received(p: &Process, carried: Word, message: Word) {
    // SAFETY: both were adopted by the process's heap just now.
    let (carried, message) = unsafe { (p.root(carried), p.root(message)) };
    if carried.is_pid() {
        store(p, Term::NIL);
        return;
    }
    let Some(&[_, _, serial, ..]) = carried.as_tuple_of::<5>() else {
        return;
    };
    store(p, carried);
    let serial = serial.as_small().unwrap_or(0);
    p.with_cold(|c| {
        c.seq_last = serial;
        c.seq_clock = c.seq_clock.max(serial);
    });
    output(p, carried, RECEIVE, Term::pid(p.pid()), message);
}

/// A child gets its parent's token.
pub fn inherit(parent: &Process, child: &Process, request: impl FnOnce() -> crate::signal::Parcel) {
    advance(parent);
    let token = token(parent);
    let request = request();
    let to = Term::pid(child.pid());
    output(parent, token, SEND, to, request.term());
    output(parent, token, RECEIVE, to, request.term());
    let serial = parts(parent)[2].as_small().unwrap_or(0);
    store(child, corten_term::copy::copy(token, &child.heap));
    child.with_cold(|c| (c.seq_clock, c.seq_last) = (serial, serial));
}
