//! Stack traces: captured as addresses when an exception is raised, turned into names and lines on demand.
//!
//! The raw form is a tuple `{Class, Current, Arguments, Info, Address…}`: `Current` is an address or `{M, F, A}`,
//! `Arguments` a list or `true`, `Info` the `error_info` map or nil. Addresses are small integers (shifted right,
//! they are words). A trace that the program itself gave to `erlang:raise/3` is `{Class, raised, List}`.

use super::exceptions::{class_atom, class_of};
use super::static_code::TraceCode;
use crate::Process;
use crate::code::{self, Location};
use crate::process::{Class, Mfa};
use corten_term::layout::*;
use corten_term::{Atom, Term, Word, am};

/// Frames kept: the current function is always one of them.
fn depth() -> usize {
    crate::settings::backtrace_depth().max(1)
}

/// The first frame of a trace.
#[derive(Debug, Clone, Copy)]
pub struct Top<'h> {
    /// Where the exception happened.
    pub pc: *const Word,
    /// The native function that raised it, called from there.
    pub native: Option<Mfa>,
    /// Shown in place of the arity.
    pub arguments: Option<Term<'h>>,
    /// The `error_info` map.
    pub info: Option<Term<'h>>,
    /// Arguments of the native function.
    pub(super) native_arguments: Option<(*const Term<'h>, usize)>,
}

impl<'h> Top<'h> {
    pub fn here(pc: *const Word) -> Top<'h> {
        Top {
            pc,
            native: None,
            arguments: None,
            info: None,
            native_arguments: None,
        }
    }
    pub fn native(pc: *const Word, mfa: Mfa, args: &[Term<'h>], info: Option<Term<'h>>) -> Top<'h> {
        Top {
            native: Some(mfa),
            native_arguments: Some((args.as_ptr(), args.len())),
            info,
            ..Top::here(pc)
        }
    }
}

fn address(pc: *const Word) -> Term<'static> {
    Term::small((pc as usize >> 3) as i64)
}

/// The raw trace of an exception that is being raised now.
///
/// A native function that was applied runs in a stub, which is nowhere: its caller takes the stub's place.
#[cold]
pub fn capture<'h>(p: &'h Process, class: Class, top: Top<'h>) -> Term<'h> {
    /// Elements in front of the addresses.
    const HEAD: usize = 4;
    const FEW: usize = 16;
    let most = depth() - 1;
    let (mut few, mut many) = ([Term::NIL; HEAD + FEW], Vec::new());
    let raw = if most <= FEW {
        &mut few[..]
    } else {
        many.resize(HEAD + most, Term::NIL);
        &mut many[..]
    };
    let mut frames = continuations(p, top.pc);
    let somewhere = code::server::is_code(top.pc);
    let mut n = HEAD;
    raw[1] = match top.native {
        Some(mfa) => {
            if most > 0 && somewhere {
                raw[n] = address(top.pc);
                n += 1;
            }
            mfa_tuple(p, mfa)
        }
        None if somewhere => address(top.pc),
        None => frames.next().unwrap_or(address(top.pc)),
    };
    for (slot, frame) in raw[n..HEAD + most].iter_mut().zip(frames) {
        *slot = frame;
        n += 1;
    }
    let arguments = top.arguments.or_else(|| {
        // SAFETY: the arguments of the call that is failing.
        let (at, n) = top.native_arguments?;
        Some(p.heap.list(unsafe { std::slice::from_raw_parts(at, n) }))
    });
    raw[0] = Term::atom(class_atom(class));
    raw[2] = arguments.unwrap_or(Term::TRUE);
    raw[3] = top.info.unwrap_or(Term::NIL);
    p.heap.tuple(&raw[..n])
}

/// The calls that the continuation pointers on the stack lead back to, without repetitions.
fn continuations(p: &Process, from: *const Word) -> impl Iterator<Item = Term<'static>> {
    let (mut at, end) = (p.stack_top.get(), p.block_end.get());
    let mut previous = from as Word;
    let traced = TraceCode::range();
    std::iter::from_fn(move || {
        while at < end {
            // SAFETY: words of the stack.
            let w = unsafe { *at };
            at = at.wrapping_add(1);
            let pc = w as *const Word;
            if is_header(w) && w != previous && w != 0 && !traced.contains(&pc) {
                previous = w;
                // The call is before its continuation.
                return Some(address(pc.wrapping_sub(1)));
            }
        }
        None
    })
}

/// The continuations on the stack of a process at the entry of a function, innermost first.
pub fn callers(p: &Process) -> impl Iterator<Item = *const Word> {
    let (mut at, end) = (
        p.stack_top.get().cast_const(),
        p.block_end.get().cast_const(),
    );
    std::iter::from_fn(move || {
        while at < end {
            // SAFETY: words of the stack.
            let w = unsafe { *at };
            at = at.wrapping_add(1);
            if is_header(w) && w != 0 && TraceCode::at(w as *const Word).is_none() {
                return Some(w as *const Word);
            }
        }
        None
    })
}

/// The functions that will be returned to, as a stack trace.
pub fn of_callers<'h>(p: &Process, heap: &'h corten_term::Heap, most: usize) -> Term<'h> {
    let places = callers(p).filter_map(|pc| code::locate(pc.wrapping_sub(1)));
    let frames = places.take(most).map(|l| frame_on(heap, &l, None, &[]));
    heap.list(&frames.collect::<Vec<_>>())
}

/// Addresses on the stack of a process that is not running, innermost first, and its `pc`.
pub fn addresses(p: &Process, most: usize) -> Vec<*const Word> {
    let frames = continuations(p, p.pc.get()).take(most.saturating_sub(1));
    let all = std::iter::once(address(p.pc.get())).chain(frames);
    all.filter_map(to_address).collect()
}

/// The stack of a process that is not running, as `process_info(P, current_stacktrace)` shows it.
pub fn current<'h>(of: &Process, heap: &'h corten_term::Heap, most: usize) -> Term<'h> {
    let frames: Vec<Term<'h>> = addresses(of, most.saturating_add(1))
        .into_iter()
        .filter_map(code::locate)
        .take(most)
        .map(|l| frame_on(heap, &l, None, &[]))
        .collect();
    heap.list(&frames)
}

fn to_address(t: Term<'_>) -> Option<*const Word> {
    t.as_small().map(|a| ((a as usize) << 3) as *const Word)
}

/// The addresses in a raw trace.
pub fn trace_addresses(raw: Term<'_>) -> impl Iterator<Item = *const Word> {
    let parts = match raw.as_tuple() {
        Some([_, current, _, _, frames @ ..]) => (Some(*current), frames),
        _ => (None, &[][..]),
    };
    let all = parts.0.into_iter().chain(parts.1.iter().copied());
    all.filter_map(to_address)
}

fn mfa_tuple(p: &Process, mfa: Mfa) -> Term<'_> {
    p.heap.tuple(&[
        Term::atom(mfa.module),
        Term::atom(mfa.function),
        Term::small(i64::from(mfa.arity)),
    ])
}

/// A raw trace from a list given by the program: shortened, and every frame with a place.
pub fn given<'h>(p: &'h Process, class: Class, list: Term<'h>) -> Term<'h> {
    let frames: Vec<Term<'h>> = list
        .iter()
        .take(depth())
        .map(|frame| match frame.as_tuple() {
            Some([m, f, a]) => p.heap.tuple(&[*m, *f, *a, Term::NIL]),
            Some([f, a]) => p.heap.tuple(&[*f, *a, Term::NIL]),
            _ => frame,
        })
        .collect();
    p.heap.tuple(&[
        Term::atom(class_atom(class)),
        Term::atom(am::raise),
        p.heap.list(&frames),
    ])
}

/// The raw trace, for an exception of another class.
pub fn with_class<'h>(p: &'h Process, class: Class, raw: Term<'h>) -> Term<'h> {
    match raw.as_tuple() {
        Some([_, rest @ ..]) => {
            let mut all = vec![Term::atom(class_atom(class))];
            all.extend_from_slice(rest);
            p.heap.tuple(&all)
        }
        _ => given(p, class, raw),
    }
}

/// The class that a raw trace was captured for.
pub fn class(raw: Term<'_>) -> Class {
    raw.as_tuple()
        .and_then(|t| t.first()?.as_atom())
        .and_then(class_of)
        .unwrap_or(Class::Error)
}

/// What programs see: a list of `{M, F, ArityOrArguments, Info}`.
pub fn build<'h>(p: &'h Process, raw: Term<'h>) -> Term<'h> {
    let Some(parts) = raw.as_tuple() else {
        return if raw.is_list() { raw } else { Term::NIL };
    };
    let (current, arguments, info, frames) = match parts {
        [_, _, list] => return *list,
        [_, current, arguments, info, frames @ ..] => (*current, *arguments, *info, frames),
        _ => return Term::NIL,
    };
    let mut out: Vec<Term<'h>> = Vec::with_capacity(frames.len() + 1);
    let arguments = arguments.is_list().then_some(arguments);
    let info: Vec<Term<'h>> = if info.is_nil() {
        Vec::new()
    } else {
        vec![p.heap.tuple(&[Term::atom(am::error_info), info])]
    };
    if let Some([m, f, a]) = current.as_tuple_of::<3>() {
        let rest = p.heap.list(&info);
        out.push(p.heap.tuple(&[*m, *f, arguments.unwrap_or(*a), rest]));
    } else if let Some(l) = to_address(current).and_then(code::locate) {
        out.push(frame_on(&p.heap, &l, arguments, &info));
    }
    let locations = frames.iter().filter_map(|t| code::locate(to_address(*t)?));
    out.extend(locations.map(|l| frame_on(&p.heap, &l, None, &[])));
    p.heap.list(&out)
}

fn frame_on<'h>(
    heap: &'h corten_term::Heap,
    l: &Location,
    arguments: Option<Term<'h>>,
    info: &[Term<'h>],
) -> Term<'h> {
    let info = heap.list(info);
    let place = match &l.line {
        None => info,
        Some((file, line)) => {
            let file = heap.string(file.chars().map(u32::from).collect::<Vec<_>>().into_iter());
            let pair = |a: Atom, t| heap.tuple(&[Term::atom(a), t]);
            heap.list_with_tail(
                &[
                    pair(am::file, file),
                    pair(am::line, Term::small(i64::from(*line))),
                ],
                info,
            )
        }
    };
    heap.tuple(&[
        Term::atom(l.mfa.module),
        Term::atom(l.mfa.function),
        arguments.unwrap_or(Term::small(i64::from(l.mfa.arity))),
        place,
    ])
}
