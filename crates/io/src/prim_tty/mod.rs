//! `prim_tty`: the terminal, or whatever standard input and output are. `termcap` answers questions about
//! the terminal's capabilities, `mode` sets line discipline.
//!
//! The object behind the reference holds the mode to set and the mode to go back to. Input is read by
//! a process that gets `{select, TTY, Ref, ready_input}` when there is something to read.
//!
//! OTP 28 has changed the interface: an object writes to standard output or error, capabilities have their terminfo
//! names (`terminfo`), signals are the signal server's. Both interfaces are here; a release calls its own.

mod mode;
mod termcap;
mod terminfo;

use crate::poll::{self, Direction};
use crate::{args, atoms, deliver, errno, signals, sys};
use corten_engine::bif::OrBadarg;
use corten_engine::{Args, Bif, BifResult, Process, Stop, bifs};
use corten_term::reference::Magic;
use corten_term::{Atom, Pid, RefNumbers, Term, am};
use rustix::io::Errno;
use rustix::termios::Termios;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard};
use unicode_width::UnicodeWidthChar;

pub const BIFS: &[Bif] = bifs![
    prim_tty:isatty/1 => isatty [NIF],
    prim_tty:tty_create/0 => create [NIF],
    prim_tty:tty_init/3 => init [NIF],
    prim_tty:tty_set/1 => set [NIF],
    prim_tty:tty_read_signal/2 => read_signal [NIF],
    prim_tty:setlocale/1 => setlocale [NIF],
    prim_tty:tty_select/3 => select [NIF],
    prim_tty:tty_window_size/1 => window_size [NIF],
    prim_tty:write_nif/2 => write [NIF DIRTY_IO],
    prim_tty:tty_encoding/1 => encoding [NIF],
    prim_tty:read_nif/2 => read [NIF DIRTY_IO],
    prim_tty:isprint/1 => isprint [NIF],
    prim_tty:wcwidth/1 => wcwidth [NIF],
    prim_tty:wcswidth/1 => wcswidth [NIF],
    prim_tty:sizeof_wchar/0 => sizeof_wchar [NIF],
    prim_tty:tgetent_nif/1 => termcap::tgetent [NIF DIRTY_IO],
    prim_tty:tgetnum_nif/1 => termcap::tgetnum [NIF],
    prim_tty:tgetflag_nif/1 => termcap::tgetflag [NIF],
    prim_tty:tgetstr_nif/1 => termcap::tgetstr [NIF],
    prim_tty:tgoto_nif/1 => termcap::tgoto [NIF],
    prim_tty:tgoto_nif/2 => termcap::tgoto [NIF],
    prim_tty:tgoto_nif/3 => termcap::tgoto [NIF],
    prim_tty:tty_create/1 => create_for [NIF],
    prim_tty:tty_init/2 => init_input [NIF],
    prim_tty:tty_is_open/2 => is_open [NIF],
    prim_tty:tty_select/2 => select_reader [NIF],
    prim_tty:read_nif/3 => read_some [NIF DIRTY_IO],
    prim_tty:setupterm_nif/0 => terminfo::setupterm [NIF DIRTY_IO],
    prim_tty:tigetnum_nif/1 => termcap::tgetnum [NIF],
    prim_tty:tigetflag_nif/1 => termcap::tgetflag [NIF],
    prim_tty:tigetstr_nif/1 => terminfo::tigetstr [NIF],
    prim_tty:tinfo_nif/0 => terminfo::tinfo [NIF],
    prim_tty:tputs_nif/2 => terminfo::tputs [NIF],
];

/// Bytes that one read asks for.
const READ: usize = 1024;
/// Binaries that one system call writes.
const VECTOR: usize = 16;

/// The mode in which the terminal was found, once it has been changed.
static FOUND: Mutex<Option<(BorrowedFd<'static>, Termios)>> = Mutex::new(None);

/// Keeps the first mode that is found.
fn keep_found(fd: BorrowedFd<'static>, found: &Termios) {
    FOUND
        .lock()
        .unwrap_or_else(|e| e.into_inner())
        .get_or_insert_with(|| (fd, found.clone()));
}

/// Gives the terminal back as it was found: before the node ends.
pub fn reset() {
    let found = FOUND.lock().unwrap_or_else(|e| e.into_inner()).take();
    if let Some((fd, found)) = found {
        let now = rustix::termios::OptionalActions::Now;
        // The terminal may be gone.
        let _ = rustix::termios::tcsetattr(fd, now, &found);
    }
}

#[derive(Default)]
struct State {
    /// The mode to set, and the one found at first.
    modes: Option<(Termios, Termios)>,
    /// Signals of the terminal, one byte each: `w`indow size, `c`ontinued.
    signals: Option<(OwnedFd, Arc<OwnedFd>)>,
}

struct Tty {
    state: Mutex<State>,
    /// Where output goes.
    out: BorrowedFd<'static>,
    /// Which descriptor's mode is set.
    control: BorrowedFd<'static>,
}

impl Drop for Tty {
    fn drop(&mut self) {
        if let Some((_, found)) = &self.state().modes {
            let _ = rustix::termios::tcsetattr(
                self.control,
                rustix::termios::OptionalActions::Now,
                found,
            );
        }
    }
}

impl Tty {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|e| e.into_inner())
    }
}

fn tty<'h>(t: Term<'h>) -> Result<&'h Tty, Stop<'h>> {
    t.as_magic_of::<Tty>().badarg()
}

/// `{error, {Function, Posix}}`.
fn failed<'h>(p: &'h Process, function: &str, e: Errno) -> Term<'h> {
    let what = p.heap.tuple(&[
        Term::atom(atoms::intern(function)),
        Term::atom(errno::atom(e)),
    ]);
    p.heap.tuple(&[Term::atom(am::error), what])
}

/// The descriptor that an atom names.
fn descriptor(t: Term<'_>) -> Option<BorrowedFd<'static>> {
    match t.as_atom()?.name() {
        "stdin" => Some(rustix::stdio::stdin()),
        "stdout" => Some(rustix::stdio::stdout()),
        "stderr" => Some(rustix::stdio::stderr()),
        _ => None,
    }
}

fn isatty<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let fd = descriptor(a[0]).badarg()?;
    Ok(match rustix::termios::tcgetwinsize(fd) {
        _ if rustix::termios::isatty(fd) => Term::TRUE,
        Err(Errno::BADF) => Term::atom(errno::atom(Errno::BADF)),
        _ => Term::FALSE,
    })
}

fn create<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    let magic = Magic::new(Tty {
        state: Mutex::default(),
        out: rustix::stdio::stdout(),
        control: rustix::stdio::stdin(),
    });
    Ok(args::ok(p, p.heap.magic_reference(magic)))
}

/// For standard output or error; the mode in which the terminal is found is kept.
fn create_for<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let out = descriptor(a[0]).filter(|fd| fd.as_raw_fd() != 0).badarg()?;
    let found = rustix::termios::tcgetattr(out).ok();
    let magic = Magic::new(Tty {
        state: Mutex::new(State {
            modes: found.map(|found| (found.clone(), found)),
            signals: None,
        }),
        out,
        control: out,
    });
    Ok(args::ok(p, p.heap.magic_reference(magic)))
}

/// Raw input, or the terminal as it was found.
fn init_input<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let tty = tty(a[0])?;
    let input = corten_term::map::get(a[1], Term::atom(am::input)).filter(|_| a[1].is_map());
    let raw = input.badarg()?.is(atoms::intern("raw"));
    let mut state = tty.state();
    let Some((now, found)) = &mut state.modes else {
        return Ok(if raw {
            args::error(p, errno::atom(Errno::NOTSUP))
        } else {
            Term::OK
        });
    };
    if !raw && !mode::is_raw(now) {
        return Ok(Term::OK);
    }
    *now = if raw { mode::raw(found) } else { found.clone() };
    keep_found(tty.control, found);
    let set = rustix::termios::tcsetattr(tty.control, rustix::termios::OptionalActions::Now, now);
    Ok(set.map_or_else(|e| failed(p, "tcsetattr", e), |()| Term::OK))
}

/// Whether a descriptor is still open at its other end.
fn is_open<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    tty(a[0])?;
    let fd = descriptor(a[1]).badarg()?;
    let flags = rustix::event::PollFlags::HUP;
    let mut fds = [rustix::event::PollFd::from_borrowed_fd(fd, flags)];
    let none = rustix::event::Timespec::default();
    match rustix::event::poll(&mut fds, Some(&none)) {
        Ok(0) => Ok(Term::TRUE),
        Ok(_) if fds[0].revents().contains(flags) => Ok(Term::FALSE),
        Ok(_) => Err(Stop::BADARG),
        Err(e) => Ok(failed(p, "tty_is_open", e)),
    }
}

fn select_reader<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    tty(a[0])?;
    let handle = a[0].magic_handle().badarg()?;
    let reference = a[1].as_local_reference().badarg()?;
    select_input(p.pid(), handle, reference, 0);
    Ok(Term::OK)
}

fn init<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let fd = descriptor(a[1]).badarg()?;
    let options = mode::Options::of(a[2]).badarg()?;
    let tty = tty(a[0])?;
    Ok(match rustix::termios::tcgetattr(fd) {
        Ok(found) => {
            tty.state().modes = Some((options.apply(&found), found));
            Term::OK
        }
        Err(e) => failed(p, "tcgetattr", e),
    })
}

fn set<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let state = tty(a[0])?.state();
    let set = state.modes.as_ref().map_or(Ok(()), |(wanted, found)| {
        keep_found(rustix::stdio::stdin(), found);
        let now = rustix::termios::OptionalActions::Now;
        rustix::termios::tcsetattr(rustix::stdio::stdin(), now, wanted)
    });
    Ok(set.map_or_else(|e| failed(p, "tcsetattr", e), |()| Term::OK))
}

fn setlocale<'h>(_: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(Term::bool(sys::locale_is_utf8()))
}

fn encoding<'h>(_: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(Term::atom(am::utf8))
}

/// `{select, TTY, Reference, ready_input}` to the process as soon as `fd` can be read.
fn select_input(to: Pid, tty: Arc<Magic>, reference: RefNumbers, fd: i32) {
    let notify = move || {
        deliver::message(to, |h| {
            h.tuple(&[
                Term::atom(am::select),
                h.magic_reference(tty),
                h.reference(reference),
                Term::atom(am::ready_input),
            ])
        });
    };
    poll::once(fd, Direction::Read, Box::new(notify));
}

fn select<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let tty = tty(a[0])?;
    let handle = a[0].magic_handle().badarg()?;
    let signal_reference = a[1].as_local_reference().badarg()?;
    let reader_reference = a[2].as_local_reference().badarg()?;
    let flags = rustix::pipe::PipeFlags::CLOEXEC | rustix::pipe::PipeFlags::NONBLOCK;
    let (reading, writing) = match rustix::pipe::pipe_with(flags) {
        Ok((r, w)) => (r, Arc::new(w)),
        Err(e) => return Ok(failed(p, "pipe", e)),
    };
    for (signal, byte) in [(libc::SIGWINCH, b"w"), (libc::SIGCONT, b"c")] {
        let pipe = writing.clone();
        let tell = move || {
            // A full pipe holds signals enough.
            let _ = rustix::io::write(&*pipe, byte);
        };
        signals::listen(signal, Box::new(tell));
    }
    let fd = reading.as_raw_fd();
    tty.state().signals = Some((reading, writing));
    select_input(p.pid(), handle.clone(), signal_reference, fd);
    select_input(p.pid(), handle, reader_reference, 0);
    Ok(Term::OK)
}

fn read_signal<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let state = tty(a[0])?.state();
    let handle = a[0].magic_handle().badarg()?;
    let reference = a[1].as_local_reference().badarg()?;
    let (pipe, _) = state.signals.as_ref().badarg()?;
    let mut byte = [0];
    let name = match rustix::io::read(pipe, &mut byte) {
        Ok(0) => return Ok(args::error(p, atoms::empty())),
        Ok(_) if byte[0] == b'w' => "winch",
        Ok(_) => "cont",
        Err(e) => return Ok(failed(p, "read", e)),
    };
    select_input(p.pid(), handle, reference, pipe.as_raw_fd());
    Ok(args::ok(p, Term::atom(atoms::intern(name))))
}

fn read<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    read_up_to(p, a, READ)
}

fn read_some<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let most = a[2].as_usize().badarg()?;
    read_up_to(p, a, most.min(READ))
}

fn read_up_to<'h>(p: &'h Process, a: Args<'h>, most: usize) -> BifResult<'h> {
    tty(a[0])?;
    let handle = a[0].magic_handle().badarg()?;
    let reference = a[1].as_local_reference().badarg()?;
    let mut buffer = [0; READ];
    let n = match rustix::io::read(rustix::stdio::stdin(), &mut buffer[..most]) {
        Ok(0) => return Ok(args::error(p, am::closed)),
        Ok(n) => n,
        Err(Errno::AGAIN | Errno::INTR) => 0,
        Err(e) => return Ok(failed(p, "read", e)),
    };
    select_input(p.pid(), handle, reference, 0);
    Ok(args::ok(p, p.heap.binary(&buffer[..n])))
}

fn write<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let tty = tty(a[0])?;
    let mut rest = a[1];
    while !rest.is_nil() {
        let (chunks, tail) = args::iovec(rest, VECTOR).badarg()?;
        for chunk in &chunks {
            if let Err(e) = write_all(tty.out, chunk) {
                return Ok(args::error(p, errno::atom(e)));
            }
        }
        rest = tail;
    }
    Ok(Term::OK)
}

fn write_all(out: BorrowedFd<'_>, mut bytes: &[u8]) -> Result<(), Errno> {
    while !bytes.is_empty() {
        match rustix::io::write(out, bytes) {
            Ok(n) => bytes = &bytes[n..],
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => wait_writable(out),
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

/// Waits on this (dirty) thread until the terminal takes more.
fn wait_writable(out: BorrowedFd<'_>) {
    let flags = rustix::event::PollFlags::OUT;
    let mut fds = [rustix::event::PollFd::from_borrowed_fd(out, flags)];
    // Whatever it answers, the next write tells what is the matter.
    let _ = rustix::event::poll(&mut fds, None);
}

fn window_size<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let tty = tty(a[0])?;
    let size = rustix::termios::tcgetwinsize(rustix::stdio::stdin())
        .or_else(|_| rustix::termios::tcgetwinsize(tty.out));
    let known = |n: u16| if n > 0 { i64::from(n) } else { -1 };
    Ok(match size {
        Ok(s) if s.ws_col > 0 || s.ws_row > 0 => {
            let size = [Term::small(known(s.ws_col)), Term::small(known(s.ws_row))];
            args::ok(p, p.heap.tuple(&size))
        }
        _ => args::error(p, errno::atom(Errno::NOTSUP)),
    })
}

fn isprint<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let c = args::int(a[0]).badarg()?;
    Ok(Term::bool(
        u8::try_from(c).is_ok_and(sys::character_is_printable),
    ))
}

/// Columns of a character; `None` for one that cannot be shown.
fn width(c: u32) -> Option<usize> {
    char::from_u32(c).and_then(|c| if c == '\0' { Some(0) } else { c.width() })
}

fn not_printable(p: &Process) -> Term<'_> {
    args::error(p, atoms::intern("not_printable"))
}

fn wcwidth<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let c = args::int(a[0]).badarg()?;
    Ok(match u32::try_from(c).ok().and_then(width) {
        Some(w) => Term::small(w as i64),
        None => not_printable(p),
    })
}

/// The argument is an array of C's wide characters.
fn wcswidth<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let bytes = args::iolist(a[0]).badarg()?;
    let widths: Option<usize> = bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|c| width(u32::from_ne_bytes(*c)))
        .sum();
    Ok(match widths {
        Some(w) => args::ok(p, Term::small(w as i64)),
        None => not_printable(p),
    })
}

fn sizeof_wchar<'h>(_: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(Term::small(size_of::<libc::wchar_t>() as i64))
}

/// An option of `tty_init`: true, false or left as it is.
fn flag(t: Term<'_>, key: Atom) -> Option<bool> {
    let (keys, values) = t.as_flat_map()?;
    let i = keys.iter().position(|k| k.is(key))?;
    values[i].as_bool()
}

#[cfg(test)]
mod tests {
    use super::width;

    #[test]
    fn widths() {
        assert_eq!(width('a' as u32), Some(1));
        assert_eq!(width(0x4E2D), Some(2));
        assert_eq!(width(0x301), Some(0));
        assert_eq!(width(7), None);
        assert_eq!(width(0xD800), None);
    }
}
