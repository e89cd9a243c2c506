//! `os:set_signal/2`, and signals of the operating system as messages to `erl_signal_server`.

use crate::deliver;
use crate::poll::{self, Direction};
use crate::sys::signals::{self, Action};
use corten_engine::{Args, Bif, BifResult, Process, Stop, bifs, node};
use corten_term::{Atom, Term, am};
use std::sync::{Mutex, Once};

pub const BIFS: &[Bif] = bifs![os:set_signal/2 => set_signal];

const SIGNALS: [(Atom, i32); 12] = [
    (am::sighup, libc::SIGHUP),
    (am::sigquit, libc::SIGQUIT),
    (am::sigabrt, libc::SIGABRT),
    (am::sigalrm, libc::SIGALRM),
    (am::sigterm, libc::SIGTERM),
    (am::sigusr1, libc::SIGUSR1),
    (am::sigusr2, libc::SIGUSR2),
    (am::sigchld, libc::SIGCHLD),
    (am::sigstop, libc::SIGSTOP),
    (am::sigtstp, libc::SIGTSTP),
    (am::sigcont, libc::SIGCONT),
    (am::sigwinch, libc::SIGWINCH),
];

/// Since OTP 28 programs may handle these too; before, they were the terminal's alone.
const SINCE_28: [i32; 2] = [libc::SIGCONT, libc::SIGWINCH];

/// Whether the signal is one for programs.
fn is_public(signal: i32) -> bool {
    !SINCE_28.contains(&signal) || node().config.release() >= 28
}

/// Others who want to know of a signal: the terminal.
type Listener = Box<dyn Fn() + Send>;
static LISTENERS: Mutex<Vec<(i32, Listener)>> = Mutex::new(Vec::new());

/// What the node handles from the start on: `SIGTERM`, `SIGUSR1` and `SIGQUIT`.
pub fn init() {
    watch();
    for signal in [libc::SIGTERM, libc::SIGUSR1, libc::SIGQUIT] {
        // A signal that cannot be caught keeps doing what it does.
        let _ = signals::set(signal, Action::Notify);
    }
}

/// Calls `f` on the poll thread for every such signal; replaces an earlier one.
pub fn listen(signal: i32, f: Listener) {
    watch();
    let mut listeners = LISTENERS.lock().unwrap_or_else(|e| e.into_inner());
    listeners.retain(|(s, _)| *s != signal);
    listeners.push((signal, f));
    let _ = signals::set(signal, Action::Notify);
}

/// Reads signals from now on.
fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(watch_again);
}

fn watch_again() {
    if let Ok(fd) = signals::read_end() {
        poll::once(fd, Direction::Read, Box::new(arrived));
    }
}

fn arrived() {
    let mut numbers = [0u8; 64];
    let n = signals::read_end()
        .ok()
        .and_then(crate::sys::borrow_fd)
        .map_or(0, |fd| rustix::io::read(fd, &mut numbers).unwrap_or(0));
    for number in &numbers[..n] {
        dispatch(i32::from(*number));
    }
    watch_again();
}

fn dispatch(signal: i32) {
    if let Some((name, _)) = SIGNALS.iter().find(|(_, n)| *n == signal)
        && is_public(signal)
    {
        let name = Term::atom(*name);
        deliver::to_name(am::erl_signal_server, |h| {
            h.tuple(&[Term::atom(am::notify), name])
        });
    }
    let listeners = LISTENERS.lock().unwrap_or_else(|e| e.into_inner());
    for (_, f) in listeners.iter().filter(|(s, _)| *s == signal) {
        f();
    }
}

fn set_signal<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let action = match a[1].as_atom() {
        Some(am::ignore) => Action::Ignore,
        Some(am::default) => Action::Default,
        Some(am::handle) => Action::Notify,
        _ => return Err(Stop::badarg_because(am::badopt)),
    };
    let signal = a[0]
        .as_atom()
        .and_then(|name| SIGNALS.iter().find(|(n, _)| *n == name));
    let Some((_, number)) = signal.filter(|(_, n)| is_public(*n)) else {
        return Err(Stop::BADARG);
    };
    watch();
    // Children are waited for by the ports: what the program asks for must not make them vanish.
    let action = match (*number, action) {
        (libc::SIGCHLD, Action::Ignore) => Action::Default,
        (_, a) => a,
    };
    // The reference engine does not look at the result either (SIGSTOP cannot be changed).
    let _ = signals::set(*number, action);
    Ok(Term::OK)
}
