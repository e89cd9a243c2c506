//! Ending the node: on request, on conditions that nothing can go on after, on a panic of the engine itself.
//!
//! Whoever holds output back or has changed the terminal registers a hook; hooks run once, newest first.

use crate::crashdump;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

type Hook = fn();
static HOOKS: Mutex<Vec<Hook>> = Mutex::new(Vec::new());
static ENDING: AtomicBool = AtomicBool::new(false);

/// Adds a hook: `flush` what is still to be written, give the terminal back.
pub fn at_halt(hook: Hook) {
    HOOKS.lock().unwrap_or_else(|e| e.into_inner()).push(hook);
}

/// Writes what ports still hold back, for at most this long.
type Flusher = fn(Option<Duration>);
static FLUSHER: OnceLock<Flusher> = OnceLock::new();

/// Installs the flusher. Once, at start.
pub fn set_flusher(f: Flusher) {
    // The first one stays.
    let _ = FLUSHER.set(f);
}

/// Whether the output of ports is written before the node ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flush {
    No,
    /// For at most this long, if there is a limit.
    Yes(Option<Duration>),
}

fn run_hooks() {
    let hooks = std::mem::take(&mut *HOOKS.lock().unwrap_or_else(|e| e.into_inner()));
    hooks.into_iter().rev().for_each(|h| h());
}

/// The thread that ends the node.
static ENDER: OnceLock<std::thread::ThreadId> = OnceLock::new();

/// Lets only one thread end the node; others wait for the end. When that thread itself comes here again, there is no memory for
/// the crash dump either: the dump ends where it is.
fn claim() {
    let us = std::thread::current().id();
    if ENDING.swap(true, Ordering::AcqRel) {
        if ENDER.get() == Some(&us) {
            std::process::exit(1);
        }
        loop {
            std::thread::park();
        }
    }
    // Only the first thread comes here.
    let _ = ENDER.set(us);
}

/// `halt(Status)`.
pub fn halt(status: i32) -> ! {
    let limit = crate::node::try_node().and_then(|n| n.config.shown.halt_flush_timeout);
    halt_with(status, Flush::Yes(limit.map(Duration::from_millis)))
}

/// `halt(Status, Options)`.
pub fn halt_with(status: i32, flush: Flush) -> ! {
    claim();
    if let (Flush::Yes(limit), Some(f)) = (flush, FLUSHER.get()) {
        f(limit);
    }
    run_hooks();
    #[cfg(feature = "op-counts")]
    crate::interp::count::dump();
    std::process::exit(status)
}

/// `halt(Slogan)`: leaves a crash dump, status 1.
pub fn halt_with_slogan(slogan: &[u8]) -> ! {
    claim();
    run_hooks();
    let slogan = String::from_utf8_lossy(slogan).into_owned();
    eprintln!("{slogan}\r");
    crashdump::write(&slogan);
    std::process::exit(1)
}

/// `halt(abort)`: ends the operating system process with a core dump, if it is allowed to have one.
pub fn abort() -> ! {
    claim();
    run_hooks();
    std::process::abort()
}

/// A condition that the node cannot go on after (memory exhausted, atom table full).
fn fatal(slogan: &str) {
    claim();
    run_hooks();
    eprintln!("{slogan}\r");
    crashdump::write(slogan);
    std::process::exit(1)
}

/// Installs the reports of fatal conditions and panics. Once, first.
pub fn install() {
    // The first one stays.
    let _ = corten_term::heap::FATAL.set(fatal);
    std::panic::set_hook(Box::new(|info| {
        if ENDING.swap(true, Ordering::AcqRel) {
            // A panic while ending, or of a second thread: the first report is the one that counts.
            eprintln!("corten: and also: {info}");
            std::process::abort();
        }
        let place = crate::sched::with_running(|p| {
            let at = crate::sched::executor().current_function(p);
            let at = at.map_or_else(String::new, |f| {
                format!(" in {}:{}/{}", f.module.name(), f.function.name(), f.arity)
            });
            format!(" while running process {:?}{at}", p.pid())
        });
        let place = place.unwrap_or_default();
        let slogan = format!("corten: internal error{place}: {info}");
        eprintln!(
            "\r\n{slogan}\r\n{}\r",
            std::backtrace::Backtrace::force_capture()
        );
        crashdump::write(&slogan);
        std::process::abort()
    }));
}
