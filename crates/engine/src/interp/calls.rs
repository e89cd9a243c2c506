//! Calls that are more than a jump: BIFs and NIFs, `apply`, funs, names that are not loaded.

use super::exceptions::{
    error_atom, error_info, error_pair, is_raiser, mfa_of, native_raised, raise,
};
use super::machine::*;
use super::ops::Op;
use super::stacktrace::Top;
use super::{Outcome, saving, static_code};
use crate::bif::{BifFlags, BifResult};
use crate::code::{Export, FunEntry, export, find_export, purge};
use crate::process::{Apart, Class, Mfa, flag, state};
use crate::{Bif, Process, Stop};
use corten_term::layout::*;
use corten_term::{Atom, Term, Word, am};
use std::sync::atomic::Ordering;

/// Where a native function's caller goes on.
#[derive(Clone, Copy)]
enum Next {
    /// The instruction behind the call.
    Here(Go),
    /// The function was called as one: its caller's continuation is on the stack.
    Return,
    /// A tail call: drops so many words of frame, then as above.
    Drop(usize),
}

// ---- BIFs and NIFs ----

/// A call of the BIF of export word 1, with a continuation here.
///
/// # Safety
/// All functions below that take `pc`: called as slow instructions.
pub unsafe fn call_bif(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as the caller promises; exports live for ever.
    let (cx, e) = unsafe { (Cx::new(p, x, pc), &*(*pc.add(1) as *const Export)) };
    run_export(cx, e, Next::Here(cx.skip(2)))
}

/// The body of a function that is the BIF of export word 1.
///
/// # Safety
/// As above.
pub unsafe fn bif_body(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let (cx, e) = unsafe { (Cx::new(p, x, pc), &*(*pc.add(1) as *const Export)) };
    match e.native() {
        // Breakpoints are in front of the body.
        Some(bif) => run_with(
            cx,
            bif,
            bif.flags.without(BifFlags::TRACED),
            mfa_of(e),
            Next::Return,
        ),
        None => undefined(cx, e.module, e.function, usize::from(e.arity), Next::Return),
    }
}

/// The body of a function that a NIF has replaced: word 1 is its table entry, the header names it.
///
/// # Safety
/// As above.
pub unsafe fn nif_body(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above; NIF bodies start at the function's entry, behind the header.
    let (cx, bif, mfa) = unsafe {
        let mfa = crate::code::header_mfa(pc);
        (Cx::new(p, x, pc), &*(*pc.add(1) as *const Bif), mfa)
    };
    run(cx, bif, mfa, Next::Return)
}

fn run_export(cx: Cx<'_>, e: &'static Export, next: Next) -> Go {
    match e.native() {
        Some(bif) => run(cx, bif, mfa_of(e), next),
        None => undefined(cx, e.module, e.function, usize::from(e.arity), next),
    }
}

#[inline]
fn run(cx: Cx<'_>, bif: &'static Bif, mfa: Mfa, next: Next) -> Go {
    run_with(cx, bif, bif.flags, mfa, next)
}

/// A call of a BIF that is traced goes through its function, where the breakpoints are.
#[cold]
#[inline(never)]
fn run_traced(cx: Cx<'_>, bif: &'static Bif, mfa: Mfa, next: Next) -> Go {
    let export = export(mfa.module, mfa.function, mfa.arity);
    match crate::trace::breakpoint::traced_entry(export) {
        Some(entry) => {
            push_continuation(cx, next);
            entry
        }
        None => run_with(cx, bif, bif.flags.without(BifFlags::TRACED), mfa, next),
    }
}

#[inline]
fn run_with(cx: Cx<'_>, bif: &'static Bif, flags: BifFlags, mfa: Mfa, next: Next) -> Go {
    let p = cx.p;
    let n = usize::from(mfa.arity);
    let reds = p.reductions_left.get() - 1;
    p.reductions_left.set(reds);
    if reds <= 0 {
        return cx.leave(cx.pc, n, Outcome::Yield);
    }
    if flags.0 != 0 {
        if flags.contains(BifFlags::TRACED) {
            return run_traced(cx, bif, mfa, next);
        }
        if flags.contains(BifFlags::DIRTY_IO) {
            p.apart.set(Apart::Native);
            return cx.leave(cx.pc, n, Outcome::DirtyIo);
        }
        if flags.contains(BifFlags::DIRTY_CPU) {
            return cx.leave_for(Apart::Native, cx.pc, n);
        }
    }
    p.pc.set(cx.pc);
    let args = cx.args(n);
    let result = (bif.function)(p, args);
    finish(cx, mfa, args, result, next)
}

/// What to do with a native function's answer.
#[inline(always)]
fn finish<'h>(cx: Cx<'h>, mfa: Mfa, args: &'h [Term<'h>], result: BifResult<'h>, next: Next) -> Go {
    match result {
        Ok(value) => {
            cx.set_x(0, value.raw());
            cx.collect_if_due(1);
            proceed(cx, next)
        }
        Err(stop) => stopped(cx, mfa, args, stop, next),
    }
}

#[inline(always)]
fn proceed(cx: Cx<'_>, next: Next) -> Go {
    match next {
        Next::Here(go) => go,
        Next::Return => pop(cx.p),
        Next::Drop(n) => {
            drop_frame(cx.p, n);
            pop(cx.p)
        }
    }
}

fn pop(p: &Process) -> Go {
    let e = p.stack_top.get();
    p.stack_top.set(e.wrapping_add(1));
    // SAFETY: a function is called with its continuation on the stack.
    unsafe { *e as Go }
}

fn drop_frame(p: &Process, words: usize) {
    p.stack_top.set(p.stack_top.get().wrapping_add(words));
}

/// Makes `next` the continuation on the stack.
fn push_continuation(cx: Cx<'_>, next: Next) {
    match next {
        Next::Here(go) => {
            let e = cx.p.stack_top.get().wrapping_sub(1);
            cx.p.stack_top.set(e);
            // SAFETY: some words between heap and stack are always free.
            unsafe { *e = go as Word };
        }
        Next::Return => {}
        Next::Drop(n) => drop_frame(cx.p, n),
    }
}

#[cold]
#[inline(never)]
fn stopped<'h>(cx: Cx<'h>, mfa: Mfa, args: &'h [Term<'h>], stop: Stop<'h>, next: Next) -> Go {
    let p = cx.p;
    let arity = usize::from(mfa.arity);
    match stop {
        Stop::Trap(to, args) => {
            for (i, t) in args.iter().enumerate() {
                cx.set_x(i, t.raw());
            }
            push_continuation(cx, next);
            // A function that goes on in steps leaves the state of each behind.
            cx.collect_if_due(args.len());
            if to
                .native()
                .is_some_and(|b| b.flags.contains(BifFlags::TRACED))
                && mfa_of(to) == mfa
            {
                return goes_on_traced(p, to);
            }
            to.code.load(Ordering::Acquire)
        }
        Stop::Again => cx.leave(cx.pc, arity, Outcome::Yield),
        Stop::Pool => cx.leave_for(Apart::Native, cx.pc, arity),
        Stop::Wait => cx.leave(cx.pc, arity, Outcome::Wait),
        Stop::YieldWith(value) => {
            cx.set_x(0, value.raw());
            let to = proceed(cx, next);
            cx.leave(to, 1, Outcome::Yield)
        }
        Stop::Collect { major, value } => {
            cx.set_x(0, value.raw());
            p.set_flag(
                flag::NEED_FULLSWEEP,
                major || p.has_flag(flag::NEED_FULLSWEEP),
            );
            if super::is_long_here(p) {
                let to = proceed(cx, next);
                return cx.leave_for(Apart::Collection, to, 1);
            }
            cx.collect(0, 1);
            proceed(cx, next)
        }
        Stop::Hibernate {
            module,
            function,
            arguments,
        } => hibernate(cx, module, function, arguments),
        Stop::HibernateHere => {
            crate::gc::hibernate(p, cx.live(arity));
            cx.leave(cx.pc, arity, Outcome::Wait)
        }
        stop => native_raised(cx, mfa, args, stop),
    }
}

/// A traced function that goes on in steps was called once: its body is next, whatever breakpoints are on the way.
#[cold]
fn goes_on_traced(p: &Process, to: &'static Export) -> Go {
    match crate::trace::breakpoint::entry_of(mfa_of(to)) {
        Some(entry) => {
            if crate::trace::breakpoint::at(entry).is_some() {
                p.set_flag(flag::PASSED_BREAKPOINT, true);
            }
            entry
        }
        None => to.code.load(Ordering::Acquire),
    }
}

/// Drops the stack and waits; then applies.
fn hibernate(cx: Cx<'_>, module: Atom, function: Atom, arguments: Term<'_>) -> Go {
    let p = cx.p;
    cx.set_x(0, Term::atom(module).raw());
    cx.set_x(1, Term::atom(function).raw());
    cx.set_x(2, arguments.raw());
    p.stack_top.set(p.block_end.get());
    crate::signal::receive::reset(p);
    crate::gc::hibernate(p, cx.live(3));
    p.set_flag(flag::HIBERNATED, true);
    if crate::signal::receive::has_message(p) {
        return cx.leave(static_code::hibernate_entry(), 3, Outcome::Yield);
    }
    cx.leave(static_code::hibernate_entry(), 3, Outcome::Wait)
}

/// A guard BIF failed outside of a guard.
#[cold]
pub fn guard_failed<'h>(cx: Cx<'h>, e: &Export, args: &[Term<'h>], stop: Stop<'h>) -> Go {
    native_raised(cx, mfa_of(e), args, stop)
}

/// Does on a dirty thread what the process left the interpreter for. The process is then ready to go on on a
/// normal one.
pub fn run_dirty(p: &Process, registers: &mut Registers) -> Outcome {
    match p.apart.get() {
        Apart::Native => run_native(p, registers),
        Apart::Guard => {
            crate::sched::state::claim(&p.shared);
            run_guard(p, registers)
        }
        Apart::Collection => {
            crate::sched::state::claim(&p.shared);
            crate::gc::collect_swapped_out_for(p, super::APART_ROOM);
            Outcome::Yield
        }
    }
}

/// The guard BIF or arithmetic instruction at which the process stopped: all have the layout of `GuardBif`.
fn run_guard(p: &Process, registers: &mut Registers) -> Outcome {
    super::swap_in(p, registers);
    let (x, pc) = (registers.x.as_mut_ptr(), p.pc.get());
    // SAFETY: the process left at the instruction; its state is in its fields.
    let cx = unsafe { Cx::new(p, x, pc) };
    let mut live = cx.a();
    // The destination may lie beyond the live registers.
    if cx.c() & DST_Y == 0 {
        for i in live..=cx.c() {
            cx.set_x(i, NIL);
        }
        live = live.max(cx.c() + 1);
    }
    // SAFETY: as above.
    let to = unsafe { super::slow::guard_bif(p, x, pc) };
    if to.is_null() {
        return Outcome::from_ret(registers.outcome);
    }
    // Where an exception is caught x0 to x3 matter.
    if cx.x(0).is_none() {
        live = live.max(4);
    }
    super::swap_out(p, registers, to, live);
    Outcome::Yield
}

/// The native function that works for the process on a dirty thread, or is going to.
pub fn native_elsewhere(p: &Process) -> Option<Mfa> {
    const DIRTY: u32 = state::RUNNING_DIRTY | state::DIRTY_IO | state::DIRTY_CPU;
    if p.shared.state() & DIRTY == 0 || p.apart.get() != Apart::Native {
        return None;
    }
    let pc = p.pc.get();
    // SAFETY: a process is at an instruction; word 1 of those that call natives by name is the export.
    unsafe {
        match super::ops::op_at(pc) {
            Op::NifBody => Some(crate::code::header_mfa(pc)),
            Op::CallBif | Op::CallStub => Some(mfa_of(&*(*pc.add(1) as *const Export))),
            _ => None,
        }
    }
}

/// The dirty native function at whose call it stopped.
fn run_native(p: &Process, registers: &mut Registers) -> Outcome {
    super::swap_in(p, registers);
    let pc = p.pc.get();
    let x = registers.x.as_mut_ptr();
    // SAFETY: the process left at a native call; its state is in its fields.
    let (cx, bif, mfa, next) = unsafe {
        let cx = Cx::new(p, x, pc);
        match super::ops::op_at(pc) {
            Op::NifBody => (
                cx,
                Some(&*(cx.word(1) as *const Bif)),
                crate::code::header_mfa(pc),
                Next::Return,
            ),
            op => {
                let e = &*(cx.word(1) as *const Export);
                let next = if op == Op::CallBif {
                    Next::Here(cx.skip(2))
                } else {
                    Next::Return
                };
                (cx, e.native(), mfa_of(e), next)
            }
        }
    };
    registers.outcome = CONTINUE;
    let passed = p.has_flag(flag::PASSED_BREAKPOINT);
    p.set_flag(flag::PASSED_BREAKPOINT, false);
    let to = match bif {
        Some(bif) => {
            let args = cx.args(usize::from(mfa.arity));
            let result = (bif.function)(p, args);
            crate::sched::state::claim(&p.shared);
            if p.shared.is_exiting() {
                return Outcome::Yield;
            }
            finish(cx, mfa, args, result, next)
        }
        None => {
            crate::sched::state::claim(&p.shared);
            undefined(cx, mfa.module, mfa.function, usize::from(mfa.arity), next)
        }
    };
    if to.is_null() {
        p.set_flag(flag::PASSED_BREAKPOINT, passed && p.pc.get() == pc);
        return Outcome::from_ret(registers.outcome);
    }
    // At a handler x0..x3 are live, at a continuation x0, at a trap the callee's arguments.
    let live = live_at(cx, to);
    super::swap_out(p, registers, to, live);
    Outcome::Yield
}

/// How many X registers matter at an address that a native function went on to.
fn live_at(cx: Cx<'_>, to: Go) -> usize {
    if cx.x(0).is_none() {
        return 4;
    }
    // It looks like an entry too, but the value is on its way to what is behind it on the stack.
    if static_code::TraceCode::at(to).is_some() {
        return 1;
    }
    // SAFETY: only an entry has a header in front of it; four words before other instructions are code too.
    unsafe {
        if super::ops::is_entry(to) {
            *to.sub(1) as usize
        } else {
            1
        }
    }
}

// ---- names that have no code ----

/// The stub of an export: word 1 is the export.
///
/// # Safety
/// As above.
#[cold]
pub unsafe fn call_stub(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let (cx, e) = unsafe { (Cx::new(p, x, pc), &*(*pc.add(1) as *const Export)) };
    run_export(cx, e, Next::Return)
}

/// Calls `error_handler:undefined_function(M, F, Args)`, or raises `undef`.
#[cold]
fn undefined(cx: Cx<'_>, m: Atom, f: Atom, arity: usize, next: Next) -> Go {
    let mfa = Mfa {
        module: m,
        function: f,
        arity: arity as u8,
    };
    handled(cx, am::undefined_function, mfa, next)
}

/// A function with a breakpoint of `erts_debug:breakpoint/2` is entered: `error_handler:breakpoint(M, F, Args)`.
#[cold]
pub fn debugged(cx: Cx<'_>, mfa: Mfa) -> Go {
    handled(cx, am::breakpoint, mfa, Next::Return)
}

/// Calls the process's error handler for a function, or raises `undef`.
fn handled(cx: Cx<'_>, how: Atom, mfa: Mfa, next: Next) -> Go {
    let p = cx.p;
    let arguments = p.heap.list(cx.args(usize::from(mfa.arity)));
    match find_export(p.error_handler(), how, 3) {
        Some(h) if h.is_loaded() => {
            cx.set_x(0, Term::atom(mfa.module).raw());
            cx.set_x(1, Term::atom(mfa.function).raw());
            cx.set_x(2, arguments.raw());
            push_continuation(cx, next);
            h.code.load(Ordering::Acquire)
        }
        _ => {
            let top = Top::native(cx.pc, mfa, cx.args(usize::from(mfa.arity)), None);
            raise(cx, Class::Error, Term::atom(am::undef), top)
        }
    }
}

// ---- apply ----

/// The first thing that a process does: `apply(M, F, Args)` on an empty stack.
///
/// # Safety
/// As above.
pub unsafe fn apply_first(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    let e = p.stack_top.get().wrapping_sub(1);
    p.stack_top.set(e);
    // SAFETY: some words between heap and stack are always free; the rest as above.
    unsafe {
        *e = static_code::normal_exit() as Word;
        apply_list(p, x, pc)
    }
}

/// `apply(M, F, Args)` with the three in x0 to x2, as a tail call (also the body of `erlang:apply/3`).
///
/// # Safety
/// As above.
pub unsafe fn apply_list(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    apply_terms(cx, [cx.x(0), cx.x(1), cx.x(2)], None)
}

/// A tail call of `erlang:apply/3` with the three in x0 to x2: drops `b` words of frame first.
///
/// # Safety
/// As above.
pub unsafe fn apply_list_last(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    drop_frame(p, cx.b());
    apply_terms(cx, [cx.x(0), cx.x(1), cx.x(2)], Some(cx.skip(1)))
}

/// Applies. `tail`: the instruction behind a tail call, which a trace shows if what is applied only raises.
fn apply_terms<'h>(cx: Cx<'h>, mfargs: [Term<'h>; 3], tail: Option<Go>) -> Go {
    let [mut m, mut f, mut args] = mfargs;
    loop {
        let (Some(module), Some(function)) = (m.as_atom(), f.as_atom()) else {
            return bad_apply(cx, Term::atom(am::badarg), [m, f, args]);
        };
        if module == am::erlang && function == am::apply {
            // `apply(erlang, apply, [M, F, Args])`
            if let Some([m2, f2, a2]) = args.to_vec().as_deref() {
                (m, f, args) = (*m2, *f2, *a2);
                continue;
            }
        }
        let Some(n) = spread(cx, args, 0) else {
            return bad_apply(cx, Term::atom(am::badarg), [m, f, args]);
        };
        let Ok(arity) = u8::try_from(n) else {
            return bad_apply(cx, Term::atom(am::system_limit), [m, f, args]);
        };
        show_raiser(cx, module, function, arity, tail);
        return enter(cx, module, function, arity);
    }
}

/// `error`, `exit` and `throw` show the function that calls them as the one that raises: so a tail call of them
/// leaves a continuation, which nothing ever returns to.
fn show_raiser(cx: Cx<'_>, module: Atom, function: Atom, arity: u8, tail: Option<Go>) {
    if let Some(go) = tail
        && is_raiser(module, function, arity)
    {
        push_continuation(cx, Next::Here(go));
    }
}

/// `args`: those of the innermost `apply/3`, which need not be in the registers.
fn bad_apply<'h>(cx: Cx<'h>, reason: Term<'h>, args: [Term<'h>; 3]) -> Go {
    let mfa = Mfa {
        module: am::erlang,
        function: am::apply,
        arity: 3,
    };
    let info = error_info(cx.p, am::erlang, None);
    let top = Top::native(cx.pc, mfa, &args, info);
    raise(cx, Class::Error, reason, top)
}

/// Puts the elements of a proper list into X registers.
fn spread(cx: Cx<'_>, list: Term<'_>, from: usize) -> Option<usize> {
    if list.list_len()? + from > MAX_REGS - 1 {
        return Some(MAX_REGS);
    }
    let mut n = from;
    for t in list.iter() {
        cx.set_x(n, t.raw());
        n += 1;
    }
    Some(n)
}

fn enter(cx: Cx<'_>, module: Atom, function: Atom, arity: u8) -> Go {
    charge(cx.p);
    let mfa = Mfa {
        module,
        function,
        arity,
    };
    saving::called(cx.p, mfa);
    export(module, function, arity).code.load(Ordering::Acquire)
}

fn charge(p: &Process) {
    // The callee notices at its next call when the slice is over.
    p.reductions_left.set(p.reductions_left.get() - 1);
}

/// `apply`: `a` arguments, then module and function; continues here.
///
/// # Safety
/// As above.
pub unsafe fn apply(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    apply_fixed(cx, Some(cx.skip(1)))
}

/// `apply_last`: drops `b` words of frame first.
///
/// # Safety
/// As above.
pub unsafe fn apply_last(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    if cx.x(cx.a()).as_atom().is_some() && cx.x(cx.a() + 1).as_atom().is_some() {
        drop_frame(p, cx.b());
    }
    apply_fixed(cx, None)
}

/// Continues at `next`, or is a tail call.
fn apply_fixed(cx: Cx<'_>, next: Option<Go>) -> Go {
    let arity = cx.a();
    let (m, f) = (cx.x(arity), cx.x(arity + 1));
    let (Some(module), Some(function)) = (m.as_atom(), f.as_atom()) else {
        let args = cx.p.heap.list(cx.args(arity));
        return bad_apply(cx, Term::atom(am::badarg), [m, f, args]);
    };
    let tail = match next {
        Some(go) => {
            push_continuation(cx, Next::Here(go));
            None
        }
        None => Some(cx.skip(1)),
    };
    if module == am::erlang && function == am::apply && arity == 3 {
        return apply_terms(cx, [cx.x(0), cx.x(1), cx.x(2)], tail);
    }
    show_raiser(cx, module, function, arity as u8, tail);
    enter(cx, module, function, arity as u8)
}

// ---- funs ----

/// `call_fun2`: `a` arguments; word 1 is the fun.
///
/// # Safety
/// As above.
pub unsafe fn call_fun2(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    enter_fun(cx, cx.src(1), cx.a(), Next::Here(cx.skip(2)))
}

/// The same as a tail call: drops `b` words of frame.
///
/// # Safety
/// As above.
pub unsafe fn call_fun2_last(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    enter_fun(cx, cx.src(1), cx.a(), Next::Drop(cx.b()))
}

/// `apply(Fun, Args)` with the two in x0 and x1: the body of `erlang:apply/2`.
///
/// # Safety
/// As above.
pub unsafe fn apply_fun(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    let (fun, args) = (cx.x(0), cx.x(1));
    match args.list_len() {
        Some(n) if n <= 255 => {
            spread(cx, args, 0);
            enter_fun(cx, fun, n, Next::Return)
        }
        Some(_) => error_atom(cx, am::system_limit),
        None => {
            let mfa = Mfa {
                module: am::erlang,
                function: am::apply,
                arity: 2,
            };
            let info = error_info(cx.p, am::erlang, None);
            let top = Top::native(cx.pc, mfa, cx.args(2), info);
            raise(cx, Class::Error, Term::atom(am::badarg), top)
        }
    }
}

fn enter_fun(cx: Cx<'_>, fun: Term<'_>, n: usize, next: Next) -> Go {
    let Some(f) = fun.as_fun() else {
        return error_pair(cx, am::badfun, fun);
    };
    if usize::from(f.arity) != n {
        let args = cx.p.heap.list(cx.args(n));
        let pair = cx.p.heap.tuple(&[fun, args]);
        return error_pair(cx, am::badarity, pair);
    }
    charge(cx.p);
    push_continuation(cx, next);
    if f.external {
        // SAFETY: external funs hold an export entry, which lives for ever.
        let e = unsafe { &*(f.entry as *const Export) };
        saving::called(cx.p, mfa_of(e));
        return e.code.load(Ordering::Acquire);
    }
    // SAFETY: local funs hold a fun entry, which lives as long as they do.
    let entry = unsafe { &*(f.entry as *const FunEntry) };
    let code = entry.code.load(Ordering::Acquire);
    if code.is_null() {
        return match purge::suspend_caller(cx.p, entry) {
            true => pending_purge(cx, fun, entry, n),
            false => undefined_lambda(cx, fun, entry, n),
        };
    }
    for (i, t) in f.free.iter().enumerate() {
        cx.set_x(n + i, t.raw());
    }
    code
}

/// The code of a fun is being purged: once that is over, the purger's function calls the fun again.
#[cold]
fn pending_purge(cx: Cx<'_>, fun: Term<'_>, entry: &FunEntry, n: usize) -> Go {
    let args = cx.p.heap.list(cx.args(n));
    cx.set_x(0, Term::atom(entry.module).raw());
    cx.set_x(1, fun.raw());
    cx.set_x(2, args.raw());
    let to = export(am::erts_code_purger, am::pending_purge_lambda, 3);
    cx.leave(to.code.load(Ordering::Acquire), 3, Outcome::Yield)
}

/// The module of a fun is not loaded: the error handler may load it. The continuation is on the stack.
#[cold]
fn undefined_lambda(cx: Cx<'_>, fun: Term<'_>, entry: &FunEntry, n: usize) -> Go {
    if crate::code::is_loaded(entry.module) {
        return error_pair(cx, am::badfun, fun);
    }
    let args = cx.p.heap.list(cx.args(n));
    match find_export(cx.p.error_handler(), am::undefined_lambda, 3) {
        Some(h) if h.is_loaded() => {
            cx.set_x(0, Term::atom(entry.module).raw());
            cx.set_x(1, fun.raw());
            cx.set_x(2, args.raw());
            h.code.load(Ordering::Acquire)
        }
        _ => error_atom(cx, am::undef),
    }
}

// ---- the ends of a process ----

/// What the first function of a process returns to.
///
/// # Safety
/// As above.
pub unsafe fn normal_exit(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    p.exception.class.set(Class::Exit);
    p.exception.reason.set(Term::atom(am::normal).raw());
    p.exception.trace.set(NIL);
    cx.leave(pc, 0, Outcome::Exited)
}
