//! Names that ports get (commands, directories, arguments): characters or raw binaries on the Erlang side,
//! bytes on the native side.

use corten_engine::node::try_node;
use corten_term::Term;
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
    let args = try_node()?
        .config
        .emu_args
        .iter()
        .take_while(|a| a.as_slice() != b"--");
    args.filter_map(|a| a.strip_prefix(b"-fn").or(a.strip_prefix(b"+fn")))
        .last()
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

/// The native bytes of a name: a raw binary, or characters. None of them is zero.
pub fn native(name: Term<'_>) -> Option<Vec<u8>> {
    let bytes = match name.to_bytes() {
        Some(raw) => raw.into_owned(),
        None => encode(name, utf8_names())?,
    };
    (!bytes.contains(&0)).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use corten_term::{Heap, am};

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
