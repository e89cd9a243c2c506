//! The exceptions of module `crypto`: `{badarg | notsup | error, #{c_file_name, c_file_line_num,
//! c_function_arg_num}, Text}`. `crypto.erl` makes the documented form of them. Programs match on files and texts, so
//! both are OTP's; the line is one of this crate.

use corten_engine::{Process, Stop};
use corten_term::{Term, map};
use std::panic::Location;

/// An atom of this crate's own.
pub fn atom(name: &str) -> Term<'static> {
    corten_term::Atom::new(name).map_or(Term::UNDEFINED, Term::atom)
}

/// The file of OTP's library that does what a file of this crate does.
const FILES: [(&str, &str); 9] = [
    ("aead.rs", "aead.c"),
    ("curves.rs", "ec.c"),
    ("dh.rs", "dh.c"),
    ("digest.rs", "hash.c"),
    ("ec.rs", "ec.c"),
    ("keys.rs", "pkey.c"),
    ("mac.rs", "mac.c"),
    ("raw_keys.rs", "evp.c"),
    ("stream.rs", "api_ng.c"),
];

#[cold]
fn raise<'h>(
    p: &'h Process,
    class: &str,
    argument: i64,
    text: &str,
    at: &Location<'_>,
) -> Stop<'h> {
    let h = &p.heap;
    let file = at.file().rsplit('/').next().unwrap_or_default();
    let known = FILES.iter().find(|f| f.0 == file);
    let file = known.map_or("pkey.c", |f| f.1);
    let string = |s: &str| h.string(s.chars().map(u32::from));
    let info = map::from_pairs(
        h,
        &[
            (atom("c_file_name"), string(file)),
            (atom("c_file_line_num"), Term::small(at.line().into())),
            (atom("c_function_arg_num"), Term::small(argument)),
        ],
    );
    Stop::error(h.tuple(&[atom(class), info, string(text)]))
}

/// Argument number `argument` (from 0) is wrong.
#[track_caller]
pub fn badarg<'h>(p: &'h Process, argument: i64, text: &str) -> Stop<'h> {
    raise(p, "badarg", argument, text, Location::caller())
}

/// Argument number `argument` names something that this library does not have.
#[track_caller]
pub fn notsup<'h>(p: &'h Process, argument: i64, text: &str) -> Stop<'h> {
    raise(p, "notsup", argument, text, Location::caller())
}

/// Something failed that no argument is to blame for.
#[track_caller]
pub fn error<'h>(p: &'h Process, text: &str) -> Stop<'h> {
    raise(p, "error", -1, text, Location::caller())
}

/// Something failed with argument number `argument`.
#[track_caller]
pub fn error_at<'h>(p: &'h Process, argument: i64, text: &str) -> Stop<'h> {
    raise(p, "error", argument, text, Location::caller())
}
