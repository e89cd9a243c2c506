//! Scheduler threads: each takes processes from its run queue and has the interpreter run them for a slice.
//!
//! - [`state`] has the transitions of a process's state word;
//! - [`runqueue`] holds the processes that wait for a thread, by priority;
//! - [`scheduler`] has the threads, stealing, parking;
//! - [`dirty`] has the pools for native functions that block or take long;
//! - [`block`] is for having the world to oneself;
//! - [`progress`] is for knowing that all have finished a slice;
//! - [`stats`] has the counters, [`microstate`] what threads spend their time on;
//! - [`topology`] knows the processors, [`binding`] binds schedulers to them;
//! - `turns` has the threads of the pools leave room for the schedulers;
//! - [`tidy`] gives free memory back to the system.
//!
//! The scheduler knows the interpreter only as an [`Executor`], installed at start.

pub mod binding;
pub mod block;
pub mod dirty;
pub mod microstate;
pub mod progress;
pub mod runqueue;
pub mod scheduler;
pub mod state;
pub mod stats;
pub mod tidy;
pub mod topology;
mod turns;

pub use scheduler::{current_index, online, set_online, start};

use crate::Process;
use crate::process::Mfa;
use corten_term::{Atom, Heap, Term, Word};
use std::sync::OnceLock;

/// Reductions in a slice.
pub const SLICE: i32 = 4000;

pub use crate::interp::{Outcome, Registers};

/// What runs processes: the interpreter.
pub trait Executor: Sync {
    /// Runs `p`, which is swapped out, until it leaves.
    fn run(&self, p: &Process, registers: &mut Registers) -> Outcome;
    /// On a dirty thread: executes the native function that made `run` answer `DirtyIo` or `DirtyCpu`, and comes back.
    /// Others may handle the signals of the process while that function runs: it does not touch mailbox, relations (but for
    /// `link::establish`) or flags, and `state::claim` comes between it and everything else.
    fn run_dirty(&self, p: &Process, registers: &mut Registers) -> Outcome;
    /// Where a new process starts: code that applies `x(0):x(1)` to the list `x(2)` and then ends normally.
    fn spawn_entry(&self) -> *const Word;
    /// Whether a process, swapped out, can still run old code of a module.
    fn uses_old_code(&self, p: &Process, module: Atom) -> bool;
    /// What a process, swapped out, is executing.
    fn current_function(&self, p: &Process) -> Option<Mfa>;
    /// `{Module, Function, Arity, Location}` of it, and of those that called it.
    fn stacktrace<'h>(&self, p: &Process, heap: &'h Heap, depth: usize) -> Term<'h>;
    /// The text of `process_info(P, backtrace)`.
    fn backtrace(&self, p: &Process) -> Vec<u8>;
}

static EXECUTOR: OnceLock<&'static dyn Executor> = OnceLock::new();

/// Installs the interpreter. Once, before [`start`].
pub fn install(e: &'static dyn Executor) {
    // The first one stays.
    let _ = EXECUTOR.set(e);
}

/// The interpreter. Panics before [`install`], which comes before any process.
pub fn executor() -> &'static dyn Executor {
    *EXECUTOR
        .get()
        .expect("the interpreter is installed before anything runs")
}

thread_local! {
    static RUNNING: std::cell::Cell<*const Process> = const { std::cell::Cell::new(std::ptr::null()) };
}

/// Notes which process the thread runs, for the report of a panic.
pub(crate) fn note_running(p: Option<&Process>) {
    RUNNING.set(p.map_or(std::ptr::null(), |p| p));
}

/// Shows the process that this thread runs, if it runs one, to `f`.
pub fn with_running<R>(f: impl FnOnce(&Process) -> R) -> Option<R> {
    let p = RUNNING.get();
    // SAFETY: set while the process is run by this thread, cleared before it leaves.
    unsafe { p.as_ref() }.map(f)
}
