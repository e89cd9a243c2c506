//! Module `unicode`: valid text is converted in one go; for text that is not, [`crate::unicode_rest`] tells how far
//! it goes and what is left. Other encodings than Latin-1 and UTF-8 are the business of the module's Erlang code.

use crate::long;
use crate::prelude::*;
use crate::unicode_rest;
use corten_engine::code::export;

pub const BIFS: &[Bif] = bifs![
    unicode:bin_is_7bit/1 => bin_is_7bit,
    unicode:characters_to_binary/2 => characters_to_binary,
    unicode:characters_to_list/2 => characters_to_list,
];

const BYTES_PER_REDUCTION: usize = 8;

fn bin_is_7bit<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(Term::bool(a[0].to_bytes().is_some_and(|b| b.is_ascii())))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Latin1,
    Utf8,
}

fn encoding(t: Term<'_>) -> Option<Encoding> {
    match t.as_atom()? {
        am::latin1 => Some(Encoding::Latin1),
        am::utf8 | am::unicode => Some(Encoding::Utf8),
        _ => None,
    }
}

/// The text of `Data`, when all of it is valid and each binary of it ends with a whole character.
fn text(data: Term<'_>, from: Encoding) -> Option<String> {
    if !data.is_list() && !data.is_bitstring() {
        return None;
    }
    let mut out = String::new();
    walk_characters(data, |piece| {
        match piece {
            Piece::Character(c) if from == Encoding::Latin1 && c > 255 => return None,
            Piece::Character(c) => out.push(char::from_u32(c)?),
            Piece::Bits(bits) => {
                let bytes = bits.is_binary().then(|| bits.to_bytes())?;
                match from {
                    Encoding::Latin1 => out.extend(bytes.iter().map(|b| char::from(*b))),
                    Encoding::Utf8 => out.push_str(std::str::from_utf8(&bytes).ok()?),
                }
            }
        }
        Some(())
    })?;
    Some(out)
}

enum Piece<'h> {
    Character(u32),
    Bits(Bits<'h>),
}

/// Visits the pieces of text in order; `None` for what is no text or when `f` gives up.
fn walk_characters<'h>(data: Term<'h>, mut f: impl FnMut(Piece<'h>) -> Option<()>) -> Option<()> {
    let mut stack = Vec::new();
    let mut at = data;
    loop {
        if let Some((head, tail)) = at.as_cons() {
            at = tail;
            match head.kind() {
                Kind::Small(c) => f(Piece::Character(u32::try_from(c).ok()?))?,
                Kind::Bits(bits) => f(Piece::Bits(bits))?,
                Kind::Nil => {}
                Kind::Cons(..) => {
                    stack.push(tail);
                    at = head;
                }
                _ => return None,
            }
            continue;
        }
        match at.kind() {
            Kind::Nil => {}
            Kind::Bits(bits) => f(Piece::Bits(bits))?,
            _ => return None,
        }
        match stack.pop() {
            Some(t) => at = t,
            None => return Some(()),
        }
    }
}

/// Lets the module's own code find out what is the matter.
fn in_erlang<'h>(function: Atom, a: Args<'h>) -> BifResult<'h> {
    Err(Stop::Trap(export(am::unicode, function, 2), a.to_vec()))
}

fn characters_to_binary<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let Some(from) = encoding(a[1]) else {
        return in_erlang(am::characters_to_binary_int, a);
    };
    long::term(a[0])?;
    if let Some(bytes) = a[0].as_bits().and_then(|b| b.as_bytes()) {
        let same = match from {
            Encoding::Utf8 => std::str::from_utf8(bytes).is_ok(),
            Encoding::Latin1 => bytes.is_ascii(),
        };
        if same {
            p.bump_reductions(bytes.len() / BYTES_PER_REDUCTION);
            return Ok(a[0]);
        }
    }
    match text(a[0], from) {
        Some(s) => {
            p.bump_reductions(s.len() / BYTES_PER_REDUCTION);
            Ok(p.heap.binary(s.as_bytes()))
        }
        None => {
            // A binary that is alone in its list is converted as if it were not in one.
            let data = match a[0].as_cons() {
                Some((binary, tail)) if tail.is_nil() && binary.is_binary() => binary,
                _ => a[0],
            };
            partial(p, data, from, |s| p.heap.binary(s.as_bytes()))
        }
    }
}

/// The list of the characters.
fn as_list<'h>(p: &'h Process, s: &str) -> Term<'h> {
    s.chars()
        .rev()
        .fold(Term::NIL, |t, c| p.heap.cons(Term::small(c as i64), t))
}

/// `{error | incomplete, Converted, Rest}`, or `badarg` for what is no text at all.
fn partial<'h>(
    p: &'h Process,
    data: Term<'h>,
    from: Encoding,
    converted: impl Fn(&str) -> Term<'h>,
) -> BifResult<'h> {
    let part = unicode_rest::convert(p, data, from == Encoding::Latin1).badarg()?;
    p.bump_reductions(part.text.len() / BYTES_PER_REDUCTION);
    Ok(match part.rest {
        None => converted(&part.text),
        Some((tag, rest)) => p
            .heap
            .tuple(&[Term::atom(tag), converted(&part.text), rest]),
    })
}

fn characters_to_list<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let Some(from) = encoding(a[1]) else {
        return in_erlang(am::characters_to_list_int, a);
    };
    long::term(a[0])?;
    match text(a[0], from) {
        Some(s) => {
            p.bump_reductions(s.len() / BYTES_PER_REDUCTION);
            Ok(as_list(p, &s))
        }
        None => partial(p, a[0], from, |s| as_list(p, s)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_text_only() {
        let h = Heap::new();
        let inner = h.list_with_tail(&[Term::small(0xE5)], h.binary("ä€".as_bytes()));
        let t = h.list(&[inner, Term::small(0x10FFFF)]);
        assert_eq!(text(t, Encoding::Utf8).as_deref(), Some("åä€\u{10FFFF}"));
        assert_eq!(text(h.binary(&[0xE2, 0x82]), Encoding::Utf8), None);
        assert_eq!(text(h.list(&[Term::small(0xD800)]), Encoding::Utf8), None);
        assert_eq!(text(h.list(&[Term::small(256)]), Encoding::Latin1), None);
        assert_eq!(
            text(h.binary(&[0xE5]), Encoding::Latin1).as_deref(),
            Some("å")
        );
    }
}
