//! Atoms from and to lists and binaries.

use crate::prelude::*;
use crate::util::{characters, string};
use corten_term::AtomError;

pub const BIFS: &[Bif] = bifs![
    erlang:atom_to_list/1 => atom_to_list,
    erlang:atom_to_binary/2 => atom_to_binary,
    erlang:list_to_atom/1 => list_to_atom,
    erlang:list_to_existing_atom/1 => list_to_existing_atom,
    erlang:binary_to_atom/2 => binary_to_atom,
    erlang:binary_to_existing_atom/2 => binary_to_existing_atom,
];

fn atom_to_list<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(string(p, a[0].as_atom().badarg()?.name()))
}

fn atom_to_binary<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let name = a[0].as_atom().badarg()?.name();
    match a[1].as_atom() {
        Some(am::utf8 | am::unicode) => Ok(p.heap.binary(name.as_bytes())),
        Some(am::latin1) => {
            let latin1: Option<Vec<u8>> = name.chars().map(|c| u8::try_from(c).ok()).collect();
            Ok(p.heap.binary(&latin1.badarg()?))
        }
        _ => Err(Stop::badarg_because(am::badopt)),
    }
}

/// The name that a list of characters spells; more than 255 characters are `system_limit`.
fn name_of_list<'h>(list: Term<'h>) -> Result<String, Stop<'h>> {
    let cs = characters(list).badarg()?;
    let name: Option<String> = cs.iter().map(|c| char::from_u32(*c)).collect();
    let name = name.badarg()?;
    if cs.len() > corten_term::atom::MAX_CHARACTERS {
        return Err(Stop::SYSTEM_LIMIT);
    }
    Ok(name)
}

/// The text; where it goes wrong only behind too many characters, that is what is wrong.
fn utf8<'h>(bytes: &[u8]) -> Result<&str, Stop<'h>> {
    std::str::from_utf8(bytes).map_err(|e| {
        let good = &bytes[..e.valid_up_to()];
        let characters = good.iter().filter(|b| **b & 0xC0 != 0x80).count();
        if characters > corten_term::atom::MAX_CHARACTERS {
            Stop::SYSTEM_LIMIT
        } else {
            Stop::BADARG
        }
    })
}

fn name_of_binary<'h>(binary: Term<'h>, encoding: Term<'h>) -> Result<String, Stop<'h>> {
    let bytes = binary.to_bytes().badarg()?;
    let name = match encoding.as_atom() {
        Some(am::utf8 | am::unicode) => utf8(&bytes)?.to_owned(),
        Some(am::latin1) => bytes.iter().map(|b| char::from(*b)).collect(),
        _ => return Err(Stop::badarg_because(am::badopt)),
    };
    if name.chars().count() > corten_term::atom::MAX_CHARACTERS {
        return Err(Stop::SYSTEM_LIMIT);
    }
    Ok(name)
}

fn intern<'h>(name: &str) -> BifResult<'h> {
    match Atom::new(name) {
        Ok(a) => Ok(Term::atom(a)),
        Err(AtomError::TooLong) => Err(Stop::SYSTEM_LIMIT),
        Err(AtomError::NotUtf8) => Err(Stop::BADARG),
    }
}

fn existing<'h>(name: &str) -> BifResult<'h> {
    Ok(Term::atom(Atom::existing(name).badarg()?))
}

fn list_to_atom<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    intern(&name_of_list(a[0])?)
}

fn list_to_existing_atom<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    match name_of_list(a[0]) {
        Ok(name) => existing(&name),
        Err(_) => Err(Stop::BADARG),
    }
}

fn binary_to_atom<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    intern(&name_of_binary(a[0], a[1])?)
}

fn binary_to_existing_atom<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    match name_of_binary(a[0], a[1]) {
        Ok(name) => existing(&name),
        Err(Stop::Error { cause, .. }) => Err(Stop::Error {
            reason: Term::atom(am::badarg),
            cause,
        }),
        Err(e) => Err(e),
    }
}
