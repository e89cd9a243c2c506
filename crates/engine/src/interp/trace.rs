//! Instructions of tracing: the breakpoint, and what traced functions return to.
//!
//! A function whose return is of interest finds a frame below its continuation: the address of one of the pieces of code
//! here and some immediates, then the continuation that was there before. Such frames are skipped in stack traces.
//!
//! | piece | words behind its address |
//! |---|---|
//! | `return_trace`, `exception_trace` | module, function, arity, session, tracer of meta tracing or nil |
//! | `return_to` | session |
//! | `call_trace_return` | session, kinds, what the process was in before (time, memory) |

use super::machine::*;
use super::static_code::{self, TraceCode};
use super::{calls, ops, stacktrace};
use crate::code::{self, Export};
use crate::process::{Class, Mfa, flag};
use crate::trace::breakpoint::{self, Data, Kind, Place};
use crate::trace::call::{self, Returns, What};
use crate::trace::tracer::Tracer;
use crate::{Process, gc};
use corten_term::layout::*;
use corten_term::{Term, Word};
use ops::Op;
use std::sync::atomic::Ordering;

const TIME: i64 = 1;
const MEMORY: i64 = 2;
/// Words that the frames of one session take at most, with their addresses.
const FRAMES: usize = 6 + 6 + 2 + 5;

/// `breakpoint`: does what is to be done at this place and goes on with the op that was there before.
///
/// # Safety
/// As a handler.
#[inline(never)]
pub unsafe extern "C" fn breakpoint(
    pc: *const Word,
    x: *mut Word,
    e: *mut Word,
    hp: *mut Word,
    reds: i64,
    p: *const Process,
) -> Ret {
    // SAFETY: the state of a running process; the op is one of the table.
    unsafe {
        let s = S {
            pc,
            x,
            e,
            hp,
            reds,
            p,
        };
        s.save();
        match hit(&*p, x, pc) {
            Hit::Go(to) => resume(to, x, p),
            Hit::Op(op) => {
                let s = S::load(p, x, pc);
                let handler = (&(*x.cast::<Registers>()).table)[op as usize];
                handler(s.pc, s.x, s.e, s.hp, s.reds, s.p)
            }
        }
    }
}

/// How to go on after a breakpoint.
enum Hit {
    /// At this address; null leaves the interpreter.
    Go(Go),
    /// With this op at the same address.
    Op(Op),
}

#[inline(never)]
unsafe fn hit(p: &Process, x: *mut Word, pc: *const Word) -> Hit {
    // SAFETY: as the caller promises.
    let cx = unsafe { Cx::new(p, x, pc) };
    let Some(place) = breakpoint::at(pc) else {
        // It was taken away meanwhile.
        // SAFETY: `pc` is an instruction.
        return match unsafe { ops::op_at_raw(pc) } {
            Op::Breakpoint => match trampoline(pc) {
                Some(to) => Hit::Go(to),
                None => Hit::Go(pc),
            },
            _ => Hit::Go(pc),
        };
    };
    if p.has_flag(flag::PASSED_BREAKPOINT) {
        // A native function that starts over.
        p.set_flag(flag::PASSED_BREAKPOINT, false);
    } else if !p.has_flag(flag::SENSITIVE) {
        p.pc.set(pc);
        for d in &place.sessions {
            if d.session.is_alive() {
                at_place(cx, &place, d);
            }
        }
        if place.sessions.iter().any(|d| d.debug) {
            return Hit::Go(calls::debugged(cx, place.mfa));
        }
    }
    match place.kind {
        Kind::Trampoline(_, to) => Hit::Go(to),
        Kind::Entry(op) => match op {
            // SAFETY: the operands are those of the op that was there.
            Op::NifBody => native(p, unsafe { calls::nif_body(p, x, pc) }, pc),
            Op::BifBody => native(p, unsafe { calls::bif_body(p, x, pc) }, pc),
            op => Hit::Op(op),
        },
    }
}

/// Where a trampoline without a breakpoint leads.
fn trampoline(pc: *const Word) -> Option<Go> {
    // SAFETY: a trampoline's second word is its export; only its own address leads to it.
    let e = unsafe { &*(*pc.add(1) as *const Export) };
    let to = e.code.load(Ordering::Acquire).cast_const();
    (to != pc).then_some(to)
}

/// A native function that has left the interpreter to be called again must not be traced again.
fn native(p: &Process, to: Go, pc: *const Word) -> Hit {
    if to.is_null() && p.pc.get() == pc {
        p.set_flag(flag::PASSED_BREAKPOINT, true);
    }
    Hit::Go(to)
}

/// What one session wants at a place.
fn at_place(cx: Cx<'_>, place: &Place, d: &Data) {
    let p = cx.p;
    let n = usize::from(place.mfa.arity);
    let local = matches!(place.kind, Kind::Entry(_));
    let reference = call::reference(p, d.session.id);
    if reference.is_some() || d.meta.is_some() {
        reserve(cx, n);
    }
    if let (Some(spec), Some(r)) = (&d.calls, &reference) {
        let returns = call::called(p, place.mfa, cx.args(n), spec.as_ref(), r, local);
        push_frames(p, place.mfa, d.session.id, returns);
    }
    if let Some(meta) = &d.meta {
        let returns = call::called_meta(p, place.mfa, cx.args(n), meta, d);
        push_frames(p, place.mfa, d.session.id, returns);
    }
    if let Some(count) = &d.count
        && !count.paused.load(Ordering::Acquire)
    {
        count.calls.fetch_add(1, Ordering::Relaxed);
    }
    if reference.is_some() {
        account(cx, place.mfa, d);
    }
}

/// Makes room for frames.
fn reserve(cx: Cx<'_>, live: usize) {
    if !super::has_room(cx.p, FRAMES) {
        cx.collect(FRAMES, live);
    }
}

fn push(p: &Process, words: &[Word]) {
    let mut e = p.stack_top.get();
    for w in words.iter().rev() {
        e = e.wrapping_sub(1);
        // SAFETY: `reserve` has made room.
        unsafe { *e = *w };
    }
    p.stack_top.set(e);
    let limit = e.wrapping_sub(gc::RESERVED).max(p.heap.top());
    // SAFETY: what lies between the heap's top and the stack is free.
    unsafe { p.heap.set_area(p.heap.top(), limit) };
    p.set_flag(flag::TRACE_FRAMES, true);
}

fn push_frames(p: &Process, f: Mfa, session: u32, returns: Returns) {
    let session = Term::small(i64::from(session)).raw();
    if returns.return_to && !has_return_to(p, session) {
        push(p, &[TraceCode::ReturnTo.address() as Word, session]);
    }
    if returns.wanted.return_trace || returns.wanted.exception_trace {
        let code = if returns.wanted.exception_trace {
            TraceCode::ExceptionTrace
        } else {
            TraceCode::ReturnTrace
        };
        push(
            p,
            &[
                code.address() as Word,
                Term::atom(f.module).raw(),
                Term::atom(f.function).raw(),
                Term::small(i64::from(f.arity)).raw(),
                session,
                returns.meta.map_or(NIL, Tracer::word),
            ],
        );
    }
}

/// Whether the function that will be returned to is told of already: there is such a frame of the session among those on
/// top.
fn has_return_to(p: &Process, session: Word) -> bool {
    let mut at = p.stack_top.get().cast_const();
    // SAFETY: a continuation is on top, and behind every frame of tracing another one.
    unsafe {
        while let Some(code) = TraceCode::at(*at as Go) {
            if code == TraceCode::ReturnTo && *at.add(1) == session {
                return true;
            }
            at = at.add(1 + code.words());
        }
    }
    false
}

fn account(cx: Cx<'_>, f: Mfa, d: &Data) {
    let p = cx.p;
    let arguments = cx.args(usize::from(f.arity));
    let time = call::counts(&d.time);
    let memory = call::counts(&d.memory);
    if !time && !memory {
        return;
    }
    let mut kinds = 0;
    let (mut before_time, mut before_memory) = (0, 0);
    if time {
        kinds |= TIME;
        before_time = call::enter(p, f, arguments, d, What::Time);
    }
    if memory {
        kinds |= MEMORY;
        before_memory = call::enter(p, f, arguments, d, What::Memory);
    }
    // SAFETY: a continuation is on top.
    if TraceCode::at(unsafe { *p.stack_top.get() } as Go).is_some() {
        return;
    }
    let number = |n: i64| Term::small(n).raw();
    push(
        p,
        &[
            TraceCode::CallReturn.address() as Word,
            number(i64::from(d.session.id)),
            number(kinds),
            number(i64::from(before_time)),
            number(i64::from(before_memory)),
        ],
    );
}

fn pop(p: &Process, words: usize) {
    p.stack_top.set(p.stack_top.get().wrapping_add(words));
}

/// The continuation behind the frame that was popped.
fn proceed(p: &Process) -> Go {
    let e = p.stack_top.get();
    pop(p, 1);
    // SAFETY: a continuation is behind every frame of tracing.
    unsafe { *e as Go }
}

fn small(w: Word) -> i64 {
    // SAFETY: the caller knows it is a small integer.
    unsafe { Term::from_raw(w) }.as_small().unwrap_or(0)
}

/// The parts of a frame of `return_trace`.
///
/// # Safety
/// `at` are the words behind the address of such a frame.
unsafe fn frame(at: *const Word) -> (Mfa, u32, Option<Tracer>) {
    // SAFETY: by the caller's promise: five immediates.
    unsafe {
        let term = |i: usize| Term::from_raw(*at.add(i));
        let atom = |i: usize| term(i).as_atom().unwrap_or(corten_term::am::undefined);
        let mfa = Mfa {
            module: atom(0),
            function: atom(1),
            arity: small(*at.add(2)) as u8,
        };
        (mfa, small(*at.add(3)) as u32, Tracer::from_term(term(4)))
    }
}

/// What a function returns to whose return is traced: the value is in x0.
///
/// # Safety
/// All functions below: called as slow instructions.
pub unsafe fn return_trace(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as the caller promises; the frame's words are on top.
    unsafe {
        let cx = Cx::new(p, x, pc);
        let (mfa, session, meta) = frame(p.stack_top.get());
        call::returned(p, mfa, session, meta, cx.x(0));
    }
    pop(p, TraceCode::ReturnTrace.words());
    proceed(p)
}

/// # Safety
/// As above.
pub unsafe fn return_to(p: &Process, _: *mut Word, _: *const Word) -> Go {
    // SAFETY: as above.
    let session = small(unsafe { *p.stack_top.get() }) as u32;
    pop(p, TraceCode::ReturnTo.words());
    let to = stacktrace::callers(p).next();
    let to = to.and_then(|pc| code::locate(pc.wrapping_sub(1)));
    call::returned_to(p, session, to.map(|l| l.mfa));
    proceed(p)
}

/// # Safety
/// As above.
pub unsafe fn call_return(p: &Process, _: *mut Word, _: *const Word) -> Go {
    let at = p.stack_top.get();
    // SAFETY: as above: four small integers.
    let word = |i: usize| small(unsafe { *at.add(i) });
    let session = word(0) as u32;
    if word(1) & TIME != 0 {
        call::leave(p, session, What::Time, word(2) as u32);
    }
    if word(1) & MEMORY != 0 {
        call::leave(p, session, What::Memory, word(3) as u32);
    }
    pop(p, TraceCode::CallReturn.words());
    proceed(p)
}

/// An exception leaves the frames below `to` (all of them, if nothing catches it).
#[cold]
pub fn unwinds(p: &Process, to: Option<*mut Word>, class: Class, reason: Term<'_>) {
    let mut at = p.stack_top.get().cast_const();
    let end = to.unwrap_or(p.block_end.get()).cast_const();
    let mut sessions = Vec::new();
    while at < end {
        // SAFETY: words of the stack.
        let w = unsafe { *at };
        let Some(code) = is_header(w).then(|| TraceCode::at(w as Go)).flatten() else {
            at = at.wrapping_add(1);
            continue;
        };
        // SAFETY: the words of the frame follow.
        unsafe {
            match code {
                TraceCode::ExceptionTrace => {
                    let (mfa, session, meta) = frame(at.add(1));
                    call::raised(p, mfa, session, meta, class, reason);
                }
                TraceCode::ReturnTo => sessions.push(small(*at.add(1)) as u32),
                TraceCode::ReturnTrace | TraceCode::CallReturn => {}
            }
        }
        at = at.wrapping_add(1 + code.words());
    }
    let Some(to) = to.filter(|_| !sessions.is_empty()) else {
        return;
    };
    // The continuation that the handler's frame was made under names its function.
    // SAFETY: the word below a frame is the continuation of a call that it made.
    let caller = unsafe { *to.wrapping_sub(1) } as Go;
    let back = code::locate(caller.wrapping_sub(1)).map(|l| l.mfa);
    sessions.sort_unstable();
    sessions.dedup();
    for session in sessions {
        call::returned_to(p, session, back);
    }
}

const _: () = assert!(static_code::FRAME_WORDS_MOST < FRAMES);
