//! Code that belongs to no module: the stubs of exports, `apply`, the end of a process.

use super::ops::Op;
use crate::code::Export;
use crate::process::Mfa;
use corten_term::{Atom, Term, Word, am};
use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::Ordering;

/// Words of the pieces below, each with a function header.
struct Code {
    spawn: [Word; 6],
    hibernate: [Word; 6],
    normal_exit: [Word; 6],
    trace: [[Word; 6]; 4],
}

static CODE: OnceLock<&'static Code> = OnceLock::new();

fn header(module: Atom, function: Atom, arity: u8, op: Op) -> [Word; 6] {
    [
        Op::FuncInfo as Word,
        Term::atom(module).raw(),
        Term::atom(function).raw(),
        Word::from(arity),
        op as Word,
        0,
    ]
}

fn code() -> &'static Code {
    CODE.get_or_init(|| {
        Box::leak(Box::new(Code {
            spawn: header(am::erlang, am::apply, 3, Op::ApplyFirst),
            hibernate: header(am::erlang, am::hibernate, 3, Op::ApplyFirst),
            normal_exit: header(am::erlang, am::apply, 0, Op::NormalExit),
            trace: [
                header(am::erlang, am::return_trace, 0, Op::ReturnTrace),
                header(am::erlang, am::exception_trace, 0, Op::ReturnTrace),
                header(am::erlang, am::return_to_trace, 0, Op::ReturnTo),
                header(am::erlang, am::call_trace_return, 0, Op::CallTraceReturn),
            ],
        }))
    })
}

/// With an empty stack, calls the function named in x0 and x1 with the list in x2; then the process ends.
pub fn spawn_entry() -> *const Word {
    &raw const code().spawn[4]
}

/// The same, for a process that has hibernated.
pub fn hibernate_entry() -> *const Word {
    &raw const code().hibernate[4]
}

/// Ends the process normally.
pub fn normal_exit() -> *const Word {
    &raw const code().normal_exit[4]
}

/// What traced functions return to: see `interp::trace`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TraceCode {
    ReturnTrace,
    ExceptionTrace,
    ReturnTo,
    CallReturn,
}

/// Words of the largest frame of tracing.
pub const FRAME_WORDS_MOST: usize = 5;

impl TraceCode {
    const ALL: [TraceCode; 4] = [
        TraceCode::ReturnTrace,
        TraceCode::ExceptionTrace,
        TraceCode::ReturnTo,
        TraceCode::CallReturn,
    ];
    /// The continuation that leads there.
    pub fn address(self) -> *const Word {
        &raw const code().trace[self as usize][4]
    }
    /// What a continuation leads to, if it is one of these.
    #[inline]
    pub fn at(pc: *const Word) -> Option<TraceCode> {
        if !TraceCode::range().contains(&pc) {
            return None;
        }
        TraceCode::ALL.into_iter().find(|c| c.address() == pc)
    }
    /// Where all of them are.
    pub fn range() -> Range<*const Word> {
        let pieces = code().trace.as_ptr_range();
        pieces.start.cast()..pieces.end.cast()
    }
    /// Words that lie behind the address on the stack.
    pub fn words(self) -> usize {
        match self {
            TraceCode::ReturnTrace | TraceCode::ExceptionTrace => FRAME_WORDS_MOST,
            TraceCode::ReturnTo => 1,
            TraceCode::CallReturn => 4,
        }
    }
}

/// Writes the code words of an export's stub: it runs the BIF of that name, or calls the error handler.
pub fn write_stub(e: &'static Export) {
    let op = match (e.module, e.function, e.arity) {
        (am::erlang, am::apply, 2) => Op::ApplyFun,
        (am::erlang, am::apply, 3) => Op::ApplyList,
        _ => Op::CallStub,
    };
    let mut words = header(e.module, e.function, e.arity, op);
    words[5] = e as *const Export as Word;
    for (slot, w) in e.stub.iter().zip(words) {
        slot.store(w, Ordering::Release);
    }
}

/// The function whose export's stub begins here: a BIF that is in no module.
///
/// # Safety
/// An instruction begins here.
pub unsafe fn stub_of(pc: *const Word) -> Option<Mfa> {
    // SAFETY: by the caller's promise; a stub starts with a header.
    unsafe { (super::ops::op_at(pc) == Op::CallStub).then(|| crate::code::header_mfa(pc)) }
}

/// The function whose code here holds the address.
pub fn locate(pc: *const Word) -> Option<Mfa> {
    let c = code();
    let pieces = [&c.spawn, &c.hibernate];
    let piece = pieces
        .into_iter()
        .find(|p| p.as_ptr_range().contains(&pc))?;
    // SAFETY: the piece starts with a header.
    Some(unsafe { crate::code::header_mfa(&raw const piece[4]) })
}
