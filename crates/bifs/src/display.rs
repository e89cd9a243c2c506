//! Terms as the emulator prints them, and printing to the standard streams.

use crate::prelude::*;
use corten_term::print::{self, NO_LIMIT};
use std::io::Write;

pub const BIFS: &[Bif] = bifs![
    erlang:display/1 => display,
    erlang:display_string/2 => display_string [DIRTY_IO],
    erts_internal:term_to_string/2 => term_to_string,
];

/// The printed form of a term.
pub fn printed(t: Term<'_>) -> Vec<u8> {
    limited(t, NO_LIMIT)
}

fn limited(t: Term<'_>, limit: i64) -> Vec<u8> {
    print::to_bytes(t, limit)
}

fn display<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let mut text = printed(a[0]);
    text.extend(b"\r\n");
    let mut out = std::io::stdout().lock();
    // A closed standard output is no error of the program's.
    let _ = out.write_all(&text).and_then(|()| out.flush());
    Ok(Term::TRUE)
}

/// Writes characters or bytes to a stream, as they are.
fn display_string<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let bytes = match a[1].to_bytes() {
        Some(b) => b.into_owned(),
        None => {
            let cs = crate::util::characters(a[1]).badarg()?;
            let text: Option<String> = cs.into_iter().map(char::from_u32).collect();
            text.badarg()?.into_bytes()
        }
    };
    let written = match a[0].as_atom().map(Atom::name) {
        Some("stdout") => {
            let mut out = std::io::stdout().lock();
            out.write_all(&bytes).and_then(|()| out.flush())
        }
        Some("stderr") => std::io::stderr().lock().write_all(&bytes),
        // As the reference engine: standard input can be written to when it is a terminal.
        Some("stdin") => std::fs::OpenOptions::new()
            .write(true)
            .open("/dev/stdin")
            .and_then(|mut f| f.write_all(&bytes)),
        _ => return Err(Stop::BADARG),
    };
    match written {
        Ok(()) => Ok(Term::TRUE),
        Err(_) => Err(Stop::error(crate::util::atom("eio"))),
    }
}

fn term_to_string<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let limit = match a[1].as_atom() {
        Some(am::undefined) => NO_LIMIT,
        Some(_) => return Err(Stop::BADARG),
        None => a[1].as_small().filter(|n| *n >= 0).badarg()?,
    };
    Ok(p.heap.latin1_string(&limited(a[0], limit)))
}
