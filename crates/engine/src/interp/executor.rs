//! The interpreter as the scheduler knows it.

use super::{calls, machine, stacktrace, static_code};
use crate::code::{self, purge};
use crate::process::{Class, Mfa, exit};
use crate::sched::{Executor, Outcome, Registers};
use crate::{Process, sched};
use corten_term::{Atom, Heap, Term, Word, am};

/// See the module page.
#[derive(Debug)]
pub struct Interpreter;

/// Hands the interpreter to the scheduler. Once, when the node starts.
pub fn install() {
    sched::install(&Interpreter);
}

/// Settles why a process ended.
fn settle(p: &Process, outcome: Outcome) -> Outcome {
    if outcome == Outcome::Exited {
        // SAFETY: both are roots of the process.
        let (reason, trace) = unsafe {
            (
                p.root(p.exception.reason.get()),
                p.root(p.exception.trace.get()),
            )
        };
        let class = p.exception.class.get();
        let trace = match class {
            Class::Exit => Term::NIL,
            _ => stacktrace::build(p, trace),
        };
        exit::uncaught(p, class, reason, trace);
    }
    outcome
}

impl Executor for Interpreter {
    fn run(&self, p: &Process, registers: &mut Registers) -> Outcome {
        settle(p, super::run(p, registers))
    }

    fn run_dirty(&self, p: &Process, registers: &mut Registers) -> Outcome {
        settle(p, super::run_dirty(p, registers))
    }

    fn spawn_entry(&self) -> *const Word {
        static_code::spawn_entry()
    }

    fn uses_old_code(&self, p: &Process, module: Atom) -> bool {
        purge::uses(p, module)
    }

    fn current_function(&self, p: &Process) -> Option<Mfa> {
        let pc = p.pc.get();
        if let Some(called) = calls::native_elsewhere(p) {
            return Some(called);
        }
        let mfa = code::locate(pc).map(|l| l.mfa);
        let asks = |f: &Mfa| f.module == am::erlang && f.function == am::process_info;
        if mfa.as_ref().is_some_and(asks) {
            // It asks about itself, by a call that is traced: the caller is meant.
            let caller = stacktrace::callers(p).next();
            return caller
                .and_then(|pc| code::locate(pc.wrapping_sub(1)))
                .map(|l| l.mfa);
        }
        mfa.or_else(|| {
            // SAFETY: a process goes on at an instruction that is there.
            unsafe { static_code::stub_of(pc) }
        })
    }

    fn stacktrace<'h>(&self, p: &Process, heap: &'h Heap, depth: usize) -> Term<'h> {
        stacktrace::current(p, heap, depth)
    }

    fn backtrace(&self, p: &Process) -> Vec<u8> {
        let mut out = String::new();
        for (i, pc) in stacktrace::addresses(p, machine::MAX_REGS)
            .into_iter()
            .enumerate()
        {
            let what = if i == 0 {
                "Program counter:"
            } else {
                "Return addr"
            };
            let name = match code::locate(pc) {
                Some(code::Location { mfa, .. }) => {
                    let (m, f) = (mfa.module.name(), mfa.function.name());
                    format!("({m}:{f}/{} + 0)", mfa.arity)
                }
                None => "(<terminate process normally>)".to_string(),
            };
            out.push_str(&format!("{what} {:#018x} {name}\n", pc as usize));
        }
        out.into_bytes()
    }
}
