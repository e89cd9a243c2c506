//! Module `os`: environment variables and the process identifier. (Its clocks are in `time`.)

use crate::filenames::{from_native, to_native};
use crate::prelude::*;
use corten_engine::environment;

pub const BIFS: &[Bif] = bifs![
    os:env/0 => env,
    os:getenv/1 => getenv,
    os:putenv/2 => putenv,
    os:unsetenv/1 => unsetenv,
    os:getpid/0 => getpid,
];

/// A value or name as characters; bytes that are no text are shown one by one.
fn text<'h>(p: &'h Process, bytes: &[u8]) -> Term<'h> {
    from_native(p, bytes).unwrap_or_else(|| p.heap.latin1_string(bytes))
}

fn env<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    let pairs: Vec<_> = environment::all()
        .iter()
        .map(|(k, v)| p.heap.tuple(&[text(p, k), text(p, v)]))
        .collect();
    Ok(p.heap.list(&pairs))
}

fn getenv<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let name = to_native(a[0]).badarg()?;
    Ok(match environment::get(&name) {
        Some(v) => text(p, &v),
        None => Term::FALSE,
    })
}

/// A name that can be set: not empty, and no `=` in it.
fn settable<'h>(t: Term<'h>) -> Result<Vec<u8>, Stop<'h>> {
    let name = to_native(t).badarg()?;
    if name.is_empty() || name.contains(&b'=') {
        return Err(Stop::BADARG);
    }
    Ok(name)
}

fn putenv<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    environment::set(settable(a[0])?, to_native(a[1]).badarg()?);
    Ok(Term::TRUE)
}

fn unsetenv<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    environment::unset(&settable(a[0])?);
    Ok(Term::TRUE)
}

fn getpid<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(p.heap
        .latin1_string(std::process::id().to_string().as_bytes()))
}
