//! File names between Erlang and the operating system, and the encodings that the node assumes.
//!
//! `os`, `prim_file` and whoever else passes names goes through [`to_native`] and [`from_native`].

use crate::prelude::*;
use corten_engine::{environment, node};
use std::sync::LazyLock;

pub const BIFS: &[Bif] = bifs![
    file:native_name_encoding/0 => native_name_encoding,
    io:printable_range/0 => printable_range,
    prim_file:internal_name2native/1 => internal_name2native,
    prim_file:internal_native2name/1 => internal_native2name,
    prim_file:internal_normalize_utf8/1 => internal_normalize_utf8,
    prim_file:is_translatable/1 => is_translatable,
];

/// What a name that is no valid text turns into: set by the last letter of `+fn`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Untranslatable {
    Warn,
    Ignore,
    Error,
}

#[derive(Debug, Clone, Copy)]
struct Encoding {
    utf8: bool,
    untranslatable: Untranslatable,
}

static ENCODING: LazyLock<Encoding> = LazyLock::new(|| {
    let flag = emulator_flag(b"fn");
    let mut encoding = Encoding {
        utf8: locale_is_utf8(),
        untranslatable: Untranslatable::Warn,
    };
    let mut letters = flag.as_deref().unwrap_or_default().iter();
    match letters.next() {
        Some(b'u') => encoding.utf8 = true,
        Some(b'l') => encoding.utf8 = false,
        _ => {}
    }
    match letters.next() {
        Some(b'i') => encoding.untranslatable = Untranslatable::Ignore,
        Some(b'e') => encoding.untranslatable = Untranslatable::Error,
        _ => {}
    }
    encoding
});

/// The rest of the last emulator flag that begins with `name`; its value follows directly or as the next
/// argument.
fn emulator_flag(name: &[u8]) -> Option<Vec<u8>> {
    let args = &node().config.emu_args;
    let end = args.iter().position(|a| a == b"--").unwrap_or(args.len());
    let at = args[..end].iter().rposition(|a| {
        matches!(a.first(), Some(b'+' | b'-')) && a.get(1..).is_some_and(|f| f.starts_with(name))
    })?;
    let rest = &args[at][1 + name.len()..];
    if rest.is_empty() {
        return args.get(at + 1).cloned();
    }
    Some(rest.to_vec())
}

/// What the C library would say of the environment's character type.
fn locale_is_utf8() -> bool {
    let set = [b"LC_ALL".as_slice(), b"LC_CTYPE", b"LANG"]
        .into_iter()
        .filter_map(environment::get)
        .find(|v| !v.is_empty());
    set.is_some_and(|v| {
        let v = v.to_ascii_uppercase();
        v.windows(5).any(|w| w == b"UTF-8") || v.windows(4).any(|w| w == b"UTF8")
    })
}

fn native_name_encoding<'h>(_: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(Term::atom(if ENCODING.utf8 {
        am::utf8
    } else {
        am::latin1
    }))
}

fn printable_range<'h>(_: &'h Process, _: Args<'h>) -> BifResult<'h> {
    let unicode = emulator_flag(b"pc").is_some_and(|v| v == b"unicode");
    Ok(Term::atom(if unicode { am::unicode } else { am::latin1 }))
}

/// A name (list of characters, nested, or binary) in the system's bytes; `None` for what is no name, or
/// holds a zero.
pub fn to_native(t: Term<'_>) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    match t.to_bytes() {
        Some(b) => out.extend_from_slice(&b),
        None => push_characters(t, &mut out)?,
    }
    (!out.contains(&0)).then_some(out)
}

fn push_characters(t: Term<'_>, out: &mut Vec<u8>) -> Option<()> {
    let utf8 = ENCODING.utf8;
    let mut push = |c: u32| {
        if utf8 {
            let c = char::from_u32(c)?;
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        } else {
            out.push(u8::try_from(c).ok()?);
        }
        Some(())
    };
    let mut stack = vec![t];
    while let Some(mut at) = stack.pop() {
        while let Some((head, tail)) = at.as_cons() {
            match head.kind() {
                Kind::Small(c) => push(u32::try_from(c).ok()?)?,
                Kind::Cons(..) | Kind::Nil => {
                    stack.push(tail);
                    at = head;
                    continue;
                }
                Kind::Atom(a) => a.name().chars().try_for_each(|c| push(u32::from(c)))?,
                _ => return None,
            }
            at = tail;
        }
        if !at.is_nil() {
            return None;
        }
    }
    Some(())
}

/// The system's bytes as a list of characters; `None` if they are not text in the node's encoding.
pub fn from_native<'h>(p: &'h Process, bytes: &[u8]) -> Option<Term<'h>> {
    if ENCODING.utf8 {
        Some(crate::util::string(p, std::str::from_utf8(bytes).ok()?))
    } else {
        Some(p.heap.latin1_string(bytes))
    }
}

/// The name as the natives of `prim_file` want it: with a zero at the end.
fn internal_name2native<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    if a[0].is_atom() {
        return Err(Stop::BADARG);
    }
    let mut name = to_native(a[0]).badarg()?;
    name.push(0);
    Ok(p.heap.binary(&name))
}

fn internal_native2name<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let bytes = a[0].to_bytes().badarg()?;
    if let Some(name) = from_native(p, &bytes) {
        return Ok(name);
    }
    let what = match ENCODING.untranslatable {
        Untranslatable::Warn => am::warning,
        Untranslatable::Ignore => am::ignore,
        Untranslatable::Error => am::error,
    };
    Ok(p.heap.tuple(&[Term::atom(am::error), Term::atom(what)]))
}

/// UTF-8 to characters, composed as the file systems of macOS want it.
fn internal_normalize_utf8<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    use unicode_normalization::UnicodeNormalization;
    let bytes = a[0].to_bytes().badarg()?;
    let text = std::str::from_utf8(&bytes).ok().badarg()?;
    let composed: String = text.nfc().collect();
    Ok(crate::util::string(p, &composed))
}

fn is_translatable<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let bytes = a[0].to_bytes().badarg()?;
    Ok(Term::bool(
        !ENCODING.utf8 || std::str::from_utf8(&bytes).is_ok(),
    ))
}
