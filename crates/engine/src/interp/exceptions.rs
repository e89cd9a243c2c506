//! Exceptions: how they are raised, how a handler is found, and the instructions around them.
//!
//! A handler starts with x0 = no value, x1 = reason, x2 = raw stack trace, x3 = class. The raw trace (see
//! [`stacktrace`]) is a term of the process; `build_stacktrace` turns it into what programs see.

use super::machine::*;
use super::{Outcome, stacktrace};
use crate::code::Export;
use crate::process::{Class, Mfa, flag};
use crate::{Process, Stop};
use corten_term::layout::*;
use corten_term::{Atom, Term, Word, am, map};
use stacktrace::Top;

/// What a Y register holds while a catch is open.
#[inline(always)]
pub fn catch_word(handler: *const Word) -> Word {
    ((handler as Word >> 3) << 6) | TAG_CATCH
}
fn catch_handler(word: Word) -> Go {
    ((word >> 6) << 3) as Go
}

pub fn class_atom(class: Class) -> Atom {
    match class {
        Class::Error => am::error,
        Class::Exit => am::exit,
        Class::Throw => am::throw,
    }
}
pub fn class_of(atom: Atom) -> Option<Class> {
    match atom {
        am::error => Some(Class::Error),
        am::exit => Some(Class::Exit),
        am::throw => Some(Class::Throw),
        _ => None,
    }
}

/// Raises an error in the current function.
#[cold]
pub fn error(cx: Cx<'_>, reason: Term<'_>) -> Go {
    raise(cx, Class::Error, reason, Top::here(cx.pc))
}
#[cold]
pub fn error_atom(cx: Cx<'_>, reason: Atom) -> Go {
    error(cx, Term::atom(reason))
}
/// Raises `{Tag, Value}`.
#[cold]
pub fn error_pair(cx: Cx<'_>, tag: Atom, value: Term<'_>) -> Go {
    let reason = cx.p.heap.tuple(&[Term::atom(tag), value]);
    error(cx, reason)
}

/// Raises an exception whose trace starts at `top`.
#[cold]
#[inline(never)]
pub fn raise(cx: Cx<'_>, class: Class, reason: Term<'_>, top: Top<'_>) -> Go {
    let trace = stacktrace::capture(cx.p, class, top);
    throw(cx, class, reason, trace)
}

/// Goes to the innermost handler, or ends the process.
#[cold]
#[inline(never)]
pub fn throw(cx: Cx<'_>, class: Class, reason: Term<'_>, trace: Term<'_>) -> Go {
    let p = cx.p;
    let found = find_handler(p);
    if p.has_flag(flag::TRACE_FRAMES) {
        let frame = found.map(|f| f.0);
        if frame.is_none() && class == Class::Throw {
            let nocatch = p.heap.tuple(&[Term::atom(am::nocatch), reason]);
            super::trace::unwinds(p, None, Class::Error, nocatch);
        } else {
            super::trace::unwinds(p, frame, class, reason);
        }
    }
    match found {
        Some((frame, handler)) => {
            p.stack_top.set(frame);
            cx.set_x(0, NONE);
            cx.set_x(1, reason.raw());
            cx.set_x(2, trace.raw());
            cx.set_x(3, Term::atom(class_atom(class)).raw());
            handler
        }
        None => {
            p.exception.class.set(class);
            p.exception.reason.set(reason.raw());
            p.exception.trace.set(trace.raw());
            cx.leave(cx.pc, 0, Outcome::Exited)
        }
    }
}

/// The innermost catch: the start of its frame and the handler.
fn find_handler(p: &Process) -> Option<(*mut Word, Go)> {
    let (mut at, end) = (p.stack_top.get(), p.block_end.get());
    let mut frame = at;
    while at < end {
        // SAFETY: between stack top and end of the block lie initialised words.
        let w = unsafe { *at };
        at = at.wrapping_add(1);
        if is_header(w) {
            frame = at;
        } else if w & IMMEDIATE2_MASK == TAG_CATCH {
            return Some((frame, catch_handler(w)));
        }
    }
    None
}

/// `error/1,2,3`, `exit/1` and `throw/1`: they do not show up in the trace themselves.
pub fn is_raiser(module: Atom, function: Atom, arity: u8) -> bool {
    module == am::erlang
        && matches!(
            (function, arity),
            (am::error, 1..=3) | (am::exit, 1) | (am::throw, 1)
        )
}

/// A BIF or NIF did not return a value but raises. `args` are those of the call.
#[cold]
#[inline(never)]
pub fn native_raised<'h>(cx: Cx<'h>, mfa: Mfa, args: &[Term<'h>], stop: Stop<'h>) -> Go {
    let p = cx.p;
    let raising = |class, reason| {
        if is_raiser(mfa.module, mfa.function, mfa.arity) {
            return raise(cx, class, reason, Top::here(raiser(cx)));
        }
        let info = error_info(p, mfa.module, None);
        raise(cx, class, reason, Top::native(raiser(cx), mfa, args, info))
    };
    match stop {
        Stop::Error {
            reason,
            cause: None,
        } => raising(Class::Error, reason),
        Stop::Error { reason, cause } => {
            let info = error_info(p, mfa.module, cause);
            raise(
                cx,
                Class::Error,
                reason,
                Top::native(raiser(cx), mfa, args, info),
            )
        }
        Stop::ErrorWith {
            reason,
            arguments,
            info,
        } => {
            let top = Top {
                arguments: arguments.filter(|a| a.is_list()),
                info,
                ..Top::here(raiser(cx))
            };
            raise(cx, Class::Error, reason, top)
        }
        Stop::Exit(reason) => raising(Class::Exit, reason),
        Stop::Throw(reason) => raising(Class::Throw, reason),
        Stop::Raise {
            class,
            reason,
            stacktrace,
        } => {
            let class = class_of(class).unwrap_or(Class::Error);
            let trace = stacktrace::given(p, class, stacktrace);
            throw(cx, class, reason, trace)
        }
        _ => raising(Class::Error, Term::atom(am::internal_error)),
    }
}

/// Where a native function was called: its own body, where calls that are traced go, is nowhere.
fn raiser(cx: Cx<'_>) -> Go {
    // SAFETY: an instruction that is being executed.
    match unsafe { super::ops::op_at(cx.pc) } {
        super::ops::Op::BifBody => std::ptr::null(),
        _ => cx.pc,
    }
}

/// The `error_info` map of a frame: which module explains errors of the BIF's module.
pub fn error_info<'h>(p: &'h Process, module: Atom, cause: Option<Term<'h>>) -> Option<Term<'h>> {
    let format = match module {
        am::atomics | am::counters | am::erlang | am::erts_internal | am::persistent_term => {
            am::erl_erts_errors
        }
        am::code | am::os => am::erl_kernel_errors,
        am::binary | am::ets | am::lists | am::maps | am::math | am::re | am::unicode => {
            am::erl_stdlib_errors
        }
        _ => return None,
    };
    let module = (Term::atom(am::module), Term::atom(format));
    Some(match cause {
        Some(cause) => map::from_pairs(&p.heap, &[(Term::atom(am::cause), cause), module]),
        None => map::from_pairs(&p.heap, &[module]),
    })
}

/// A call found that the time slice is over: `pc` is the callee's entry.
///
/// # Safety
/// As a handler.
#[cold]
#[inline(never)]
pub unsafe extern "C" fn yield_at_call(
    pc: *const Word,
    x: *mut Word,
    e: *mut Word,
    hp: *mut Word,
    reds: i64,
    p: *const Process,
) -> Ret {
    // SAFETY: the word before an entry is its arity.
    unsafe {
        S {
            pc,
            x,
            e,
            hp,
            reds,
            p,
        }
        .save();
        let live = *pc.sub(1) as usize;
        super::swap_out(&*p, &mut *x.cast::<Registers>(), pc, live);
        // Opaque: knowing it, the compiler would make a call and a constant of every jump to here.
        std::hint::black_box(Outcome::Yield as Ret)
    }
}

// ---- instructions; all are slow ones ----

/// # Safety
/// All functions below: called as slow instructions.
#[cold]
pub unsafe fn func_info(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as the caller promises; the header has four words.
    let cx = unsafe { Cx::new(p, x, pc) };
    let arity = cx.word(3) as usize;
    let arguments = p.heap.list(cx.args(arity));
    let top = Top {
        arguments: Some(arguments),
        ..Top::here(pc)
    };
    raise(cx, Class::Error, Term::atom(am::function_clause), top)
}

/// `catch_end`: `a` is the Y register.
///
/// # Safety
/// As above.
pub unsafe fn catch_end(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    cx.put_raw(cx.a() | DST_Y, NIL);
    if cx.x(0).is_none() {
        let (reason, trace, class) = (cx.x(1), cx.x(2), cx.x(3));
        let exit = |r| p.heap.tuple(&[Term::atom(am::EXIT), r]);
        let value = if class.is(am::throw) {
            reason
        } else if class.is(am::error) {
            exit(p.heap.tuple(&[reason, stacktrace::build(p, trace)]))
        } else {
            exit(reason)
        };
        cx.set_x(0, value.raw());
        cx.collect_if_due(1);
    }
    cx.skip(1)
}

/// `raise`: words trace and reason; the class is in the trace.
///
/// # Safety
/// As above.
#[cold]
pub unsafe fn raise_again(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    let (trace, reason) = (cx.src(1), cx.src(2));
    throw(cx, stacktrace::class(trace), reason, trace)
}

/// `raw_raise`: class, reason and raw trace in x0 to x2.
///
/// # Safety
/// As above.
#[cold]
pub unsafe fn raw_raise(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    let (class, reason, trace) = (cx.x(0), cx.x(1), cx.x(2));
    match class.as_atom().and_then(class_of) {
        Some(class) => throw(cx, class, reason, stacktrace::with_class(p, class, trace)),
        None => {
            cx.set_x(0, Term::atom(am::badarg).raw());
            cx.skip(1)
        }
    }
}

/// `build_stacktrace`: raw trace in x0.
///
/// # Safety
/// As above.
pub unsafe fn build_stacktrace(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    let list = stacktrace::build(p, cx.x(0));
    cx.set_x(0, list.raw());
    cx.collect_if_due(1);
    cx.skip(1)
}

/// A function of an export that is not loaded: for errors that name it.
pub fn mfa_of(e: &Export) -> Mfa {
    Mfa {
        module: e.module,
        function: e.function,
        arity: e.arity,
    }
}
