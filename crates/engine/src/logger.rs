//! What the engine itself has to report goes as a message to the process registered as `logger` (or whatever
//! `system_flag(system_logger, _)` says): `{log, Level, Format, Arguments, Metadata}`. Before there is one, to
//! standard error.

use crate::signal::{Parcel, send};
use crate::time;
use crate::{node, registry};
use corten_term::{Atom, Heap, Pid, Term, am};
use parking_lot::RwLock;

/// Who gets the reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receiver {
    Name(Atom),
    Process(Pid),
    /// Nobody: they are dropped.
    Undefined,
}

static RECEIVER: RwLock<Receiver> = RwLock::new(Receiver::Name(am::logger));

/// `system_flag(system_logger, Receiver)`; returns the previous one.
pub fn set_receiver(r: Receiver) -> Receiver {
    std::mem::replace(&mut RECEIVER.write(), r)
}
pub fn receiver() -> Receiver {
    *RECEIVER.read()
}

/// An error report of a format and its arguments. `leader` is nil if there is none.
pub fn error_terms(from: Option<Pid>, leader: Term<'_>, format: &str, arguments: &[Term<'_>]) {
    report(am::error, from, leader, format, arguments);
}

/// A warning, as text.
pub fn warning(from: Option<Pid>, text: &str) {
    let heap = Heap::new();
    let text = heap.string(text.chars().map(u32::from));
    report(am::warning, from, Term::NIL, "~s~n", &[text]);
}

/// An error, as text.
pub fn error(from: Option<Pid>, leader: Term<'_>, text: &str) {
    let heap = Heap::new();
    let text = heap.string(text.chars().map(u32::from));
    report(am::error, from, leader, "~s~n", &[text]);
}

fn report(level: Atom, from: Option<Pid>, leader: Term<'_>, format: &str, arguments: &[Term<'_>]) {
    let to = match receiver() {
        Receiver::Undefined => return,
        Receiver::Process(pid) if node().processes.is_alive(pid) => Some(pid),
        // Whoever it was is gone: as at the start.
        Receiver::Process(_) => {
            set_receiver(Receiver::Name(am::logger));
            registry::whereis_process(am::logger)
        }
        Receiver::Name(name) => registry::whereis_process(name),
    };
    let message = Parcel::build(|h| {
        let tag = if level == am::warning {
            am::warning_msg
        } else {
            level
        };
        let mut metadata = vec![
            (
                am::error_logger,
                map(
                    h,
                    vec![(am::emulator, Term::TRUE), (am::tag, Term::atom(tag))],
                ),
            ),
            (am::time, h.int(time::os_system() / 1000)),
        ];
        if !leader.is_nil() {
            metadata.push((am::gl, corten_term::copy::copy(leader, h)));
        }
        if let Some(pid) = from {
            metadata.push((am::pid, Term::pid(pid)));
        }
        let arguments: Vec<_> = arguments
            .iter()
            .map(|t| corten_term::copy::copy(*t, h))
            .collect();
        h.tuple(&[
            Term::atom(am::log),
            Term::atom(level),
            h.string(format.chars().map(u32::from)),
            h.list(&arguments),
            map(h, metadata),
        ])
    });
    match to.filter(|to| Some(*to) != from) {
        Some(to) => {
            send::parcel(to, message);
        }
        None => no_logger(message.term()),
    }
}

/// As the reference engine says it while the logger is not up.
fn no_logger(message: Term<'_>) {
    let mut text = b"(no logger present) unexpected logger message: ".to_vec();
    corten_term::print::print(&mut text, message, i64::MAX);
    text.push(b'\n');
    // Nobody is left to tell when standard error is closed.
    let _ = std::io::Write::write_all(&mut std::io::stderr(), &text);
}

/// A map with atoms as keys.
pub fn map<'h>(heap: &'h Heap, pairs: Vec<(Atom, Term<'h>)>) -> Term<'h> {
    let pairs: Vec<_> = pairs.into_iter().map(|(k, v)| (Term::atom(k), v)).collect();
    corten_term::map::from_pairs(heap, &pairs)
}
