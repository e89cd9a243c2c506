//! File names: lists of characters or raw binaries on the Erlang side, bytes on the native side.

use corten_engine::bif::OrBadarg;
use corten_engine::{Args, BifResult, Process, Stop, node};
use corten_term::{Term, am};
use std::sync::LazyLock;

/// Whether native file names are UTF-8: `+fnu`, `+fnl`, or else (`+fna`) the locale decides.
pub fn utf8_names() -> bool {
    static UTF8: LazyLock<bool> = LazyLock::new(|| match flag() {
        Some(f) if f.starts_with(b"u") => true,
        Some(f) if f.starts_with(b"l") => false,
        _ => crate::sys::locale_is_utf8(),
    });
    *UTF8
}

/// What follows `+fn` on the command line, if it is there.
fn flag() -> Option<&'static [u8]> {
    let args = node()
        .config
        .emu_args
        .iter()
        .take_while(|a| a.as_slice() != b"--");
    args.filter_map(|a| a.strip_prefix(b"-fn").or(a.strip_prefix(b"+fn")))
        .last()
}

/// What a name that is not valid UTF-8 does in a listing: `+fnui`, `+fnue`, otherwise `warning`.
fn on_invalid() -> corten_term::Atom {
    match flag() {
        Some([_, b'i']) => am::ignore,
        Some([_, b'e']) => am::error,
        _ => am::warning,
    }
}

pub fn internal_name2native<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    if a[0].is_atom() {
        return Err(Stop::BADARG);
    }
    let mut native = match a[0].to_bytes() {
        Some(raw) => raw.into_owned(),
        None => encode(a[0], utf8_names()).badarg()?,
    };
    if native.contains(&0) {
        return Err(Stop::BADARG);
    }
    native.push(0);
    Ok(p.heap.binary(&native))
}

/// The native bytes of a deep list of characters and atoms.
pub fn encode(name: Term<'_>, utf8: bool) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut pending = vec![name];
    while let Some(t) = pending.pop() {
        if let Some((head, tail)) = t.as_cons() {
            pending.push(tail);
            pending.push(head);
        } else if let Some(c) = t.as_small() {
            // A character may stand inside lists only; the caller's argument is never an integer.
            put(&mut out, u32::try_from(c).ok()?, utf8)?;
        } else if let Some(atom) = t.as_atom() {
            for c in atom.name().chars() {
                put(&mut out, c as u32, utf8)?;
            }
        } else if !t.is_nil() {
            return None;
        }
    }
    (name.is_list() || name.is_atom()).then_some(out)
}

fn put(out: &mut Vec<u8>, c: u32, utf8: bool) -> Option<()> {
    if utf8 {
        let c = char::from_u32(c)?;
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    } else {
        out.push(u8::try_from(c).ok()?);
    }
    Some(())
}

pub fn internal_native2name<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let bytes = a[0].to_bytes().badarg()?;
    if !utf8_names() {
        return Ok(p.heap.latin1_string(&bytes));
    }
    match std::str::from_utf8(&bytes) {
        Ok(s) => Ok(p.heap.string(s.chars().map(u32::from))),
        Err(_) => Ok(crate::args::error(p, on_invalid())),
    }
}

pub fn internal_normalize_utf8<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    use unicode_normalization::UnicodeNormalization;
    let bytes = a[0].to_bytes().badarg()?;
    let text = std::str::from_utf8(&bytes).ok().badarg()?;
    let composed: Vec<u32> = text.nfc().map(u32::from).collect();
    Ok(p.heap.string(composed.into_iter()))
}

pub fn is_translatable<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let bytes = a[0].to_bytes().badarg()?;
    Ok(Term::bool(
        !utf8_names() || std::str::from_utf8(&bytes).is_ok(),
    ))
}

pub fn native_name_encoding<'h>(_: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(Term::atom(if utf8_names() { am::utf8 } else { am::latin1 }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use corten_term::Heap;

    #[test]
    fn names_are_encoded() {
        let h = Heap::new();
        let deep = h.list(&[
            h.latin1_string(b"a/"),
            Term::atom(am::ok),
            Term::small(0xE9),
        ]);
        assert_eq!(encode(deep, true).unwrap(), "a/oké".as_bytes());
        assert_eq!(encode(deep, false).unwrap(), b"a/ok\xE9");
        assert_eq!(encode(h.list(&[Term::small(0x1F600)]), false), None);
        assert_eq!(encode(h.list(&[Term::small(0xD800)]), true), None);
    }
}
