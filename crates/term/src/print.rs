//! Terms as text, the way the emulator itself prints them: `erlang:display/1`, `erts_internal:term_to_string/2`,
//! crash dumps, messages about exits at start. (`io_lib` has a printer of its own, in Erlang.)
//!
//! Output is bytes: atoms are UTF-8, while characters of strings above 127 are single Latin-1 bytes, as in
//! the reference engine. A limit counts terms, characters of strings and bytes of binaries and atom names.
//! Uses an explicit stack, so depth is bounded by memory only.

use crate::map;
use crate::term::Fun;
use crate::{Atom, Bits, Kind, PID_NUMBER_BITS, Term, fun, node, number};

/// The limit of those who want all.
pub const NO_LIMIT: i64 = i64::MAX;

/// The printed form of `t`, cut off with `...` when `limit` is used up.
pub fn to_bytes(t: Term<'_>, limit: i64) -> Vec<u8> {
    let mut out = Vec::new();
    print(&mut out, t, limit);
    out
}

/// Appends the printed form of `t`.
pub fn print(out: &mut Vec<u8>, t: Term<'_>, limit: i64) {
    let mut printer = Printer {
        out,
        left: limit,
        stack: vec![Step::Term(t)],
    };
    while let Some(step) = printer.stack.pop() {
        if printer.step(step).is_none() {
            break;
        }
    }
    if printer.left <= 0 {
        out.extend_from_slice(b"... ");
    }
}

/// Appends an atom as it is written in source: quoted if need be.
pub fn push_atom(out: &mut Vec<u8>, atom: Atom) {
    let name = atom.name();
    if !needs_quotes(name) {
        out.extend_from_slice(name.as_bytes());
        return;
    }
    out.push(b'\'');
    for c in name.chars() {
        match c {
            '\'' => out.extend_from_slice(b"\\'"),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\x0C' => out.extend_from_slice(b"\\f"),
            '\t' => out.extend_from_slice(b"\\t"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\x08' => out.extend_from_slice(b"\\b"),
            '\x0B' => out.extend_from_slice(b"\\v"),
            '\0'..'\x20' | '\u{80}'..'\u{A0}' => {
                out.extend_from_slice(format!("\\{:03o}", c as u32).as_bytes());
            }
            _ => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out.push(b'\'');
}

fn is_lower(c: char) -> bool {
    matches!(c, 'a'..='z' | '\u{DF}'..='\u{FF}') && c != '\u{F7}'
}
fn is_upper(c: char) -> bool {
    matches!(c, 'A'..='Z' | '\u{C0}'..='\u{DE}') && c != '\u{D7}'
}

fn needs_quotes(name: &str) -> bool {
    let mut chars = name.chars();
    !chars.next().is_some_and(is_lower)
        || !chars.all(|c| is_lower(c) || is_upper(c) || c.is_ascii_digit() || c == '_')
}

/// A character of a string in the printer's eyes: not a control character, or white space.
fn is_printable(c: i64) -> bool {
    match c {
        9 | 10 | 13 => true,
        0..32 | 127..160 => false,
        _ => c < 256,
    }
}

fn is_printable_string(list: Term<'_>) -> bool {
    let mut it = list.iter();
    it.by_ref()
        .all(|t| t.as_small().is_some_and(|c| c >= 0 && is_printable(c)))
        && it.tail().is_nil()
}

/// The number that stands for a node: 0 for this one, in whatever life, and the name's index for others.
fn channel(node: u64) -> u32 {
    let name = node as u32;
    if name == node::local() as u32 {
        0
    } else {
        name
    }
}

enum Step<'h> {
    Term(Term<'h>),
    /// The rest of a list that is not printed as a string: its cons.
    List(Term<'h>),
    Elements(&'h [Term<'h>]),
    Pairs(&'h [Term<'h>], &'h [Term<'h>]),
    /// Names and values of a native record.
    Fields(&'h [Term<'h>], &'h [Term<'h>]),
    /// A node of a hash map, or a leaf.
    Node(Term<'h>),
    Text(&'static str),
}

struct Printer<'a, 'h> {
    out: &'a mut Vec<u8>,
    left: i64,
    stack: Vec<Step<'h>>,
}

impl<'h> Printer<'_, 'h> {
    /// `None` when the limit is reached.
    fn step(&mut self, step: Step<'h>) -> Option<()> {
        match step {
            Step::Text(text) => self.text(text),
            Step::Term(t) => return self.term(t),
            Step::Node(t) => self.node(t),
            Step::List(list) => {
                let (head, tail) = list.as_cons()?;
                if tail.is_cons() {
                    self.stack.push(Step::List(tail));
                    self.stack.push(Step::Text(","));
                } else if !tail.is_nil() {
                    self.stack.push(Step::Term(tail));
                    self.stack.push(Step::Text("|"));
                }
                return self.term(head);
            }
            Step::Elements(elements) => {
                let (first, rest) = elements.split_first()?;
                if !rest.is_empty() {
                    self.stack.push(Step::Elements(rest));
                    self.stack.push(Step::Text(","));
                }
                return self.term(*first);
            }
            Step::Fields(names, values) => {
                let ((name, names), (value, values)) =
                    (names.split_first()?, values.split_first()?);
                if !names.is_empty() {
                    self.stack.push(Step::Fields(names, values));
                    self.stack.push(Step::Text(","));
                }
                self.stack.push(Step::Term(*value));
                self.stack.push(Step::Text("="));
                self.stack.push(Step::Term(*name));
            }
            Step::Pairs(keys, values) => {
                let ((key, keys), (value, values)) = (keys.split_first()?, values.split_first()?);
                if !keys.is_empty() {
                    self.stack.push(Step::Pairs(keys, values));
                    self.stack.push(Step::Text(","));
                }
                self.pair(*key, *value);
            }
        }
        Some(())
    }

    fn text(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    /// Counts one; `None` if nothing was left.
    fn count(&mut self) -> Option<()> {
        self.left -= 1;
        (self.left >= 0).then_some(())
    }

    fn term(&mut self, t: Term<'h>) -> Option<()> {
        self.count()?;
        match t.kind() {
            Kind::Nil => self.text("[]"),
            Kind::Small(v) => self.text(&v.to_string()),
            Kind::Big(_) => self.text(&number::integer_to_text(t, 10).unwrap_or_default()),
            Kind::Float(f) => {
                self.text(&number::float::scientific(f, 6).unwrap_or_default());
            }
            Kind::Atom(a) => {
                self.left = self.left.saturating_sub(a.name().len() as i64);
                push_atom(self.out, a);
                if self.left <= 0 {
                    return None;
                }
            }
            Kind::Cons(..) if is_printable_string(t) => return self.string(t),
            Kind::Cons(..) => {
                self.text("[");
                self.stack.push(Step::Text("]"));
                self.stack.push(Step::List(t));
            }
            Kind::Tuple(elements) => {
                self.text("{");
                self.stack.push(Step::Text("}"));
                if !elements.is_empty() {
                    self.stack.push(Step::Elements(elements));
                }
            }
            Kind::Record(r) => {
                let definition = r.definition();
                self.text("#");
                for (name, separator) in [(definition.module(), ":"), (definition.name(), "{")] {
                    if let Some(name) = name.as_atom() {
                        self.left = self.left.saturating_sub(name.name().len() as i64);
                        push_atom(self.out, name);
                    }
                    self.text(separator);
                }
                self.stack.push(Step::Text("}"));
                if !r.values().is_empty() {
                    self.stack
                        .push(Step::Fields(definition.fields(), r.values()));
                }
            }
            Kind::Map => {
                self.text("#{");
                self.stack.push(Step::Text("}"));
                match t.as_flat_map() {
                    Some((keys, values)) if !keys.is_empty() => {
                        self.stack.push(Step::Pairs(keys, values));
                    }
                    Some(_) => {}
                    None => self.children(t),
                }
            }
            Kind::Bits(bits) => return self.bits(bits),
            Kind::Fun(fun) => self.fun(&fun),
            Kind::Pid(p) => {
                let bits = if p.node == 0 { PID_NUMBER_BITS } else { 32 };
                let (number, serial) = (p.data & ((1 << bits) - 1), p.data >> bits);
                self.text(&format!("<{}.{number}.{serial}>", channel(p.node)));
            }
            Kind::Port(p) => self.text(&format!("#Port<{}.{}>", channel(p.node), p.data)),
            Kind::Ref(r) => {
                self.text(&format!("#Ref<{}", channel(r.node)));
                for n in r.numbers().iter().rev() {
                    self.text(&format!(".{n}"));
                }
                self.text(">");
            }
            Kind::Internal if t.is_none() => {
                self.text("<TNV>");
                return None;
            }
            Kind::Internal => self.text(&format!("<unknown:{:#018x}>", t.raw())),
        }
        Some(())
    }

    fn pair(&mut self, key: Term<'h>, value: Term<'h>) {
        self.stack.push(Step::Term(value));
        self.stack.push(Step::Text("=>"));
        self.stack.push(Step::Term(key));
    }

    fn string(&mut self, list: Term<'h>) -> Option<()> {
        self.text("\"");
        for t in list.iter() {
            self.count()?;
            match t.as_small().unwrap_or_default() as u8 {
                b'\n' => self.text("\\n"),
                b'"' => self.text("\\\""),
                c => self.out.push(c),
            }
        }
        self.text("\"");
        Some(())
    }

    fn bits(&mut self, bits: Bits<'h>) -> Option<()> {
        let (bytes, rest) = (bits.size / 8, bits.size % 8);
        let printable = |i| matches!(bits.byte(i), b' '..127);
        if rest == 0 && bytes > 0 && (0..bytes).all(printable) {
            self.text("<<\"");
            for i in 0..bytes {
                let c = bits.byte(i);
                if c == b'"' {
                    self.text("\\");
                }
                self.out.push(c);
                self.count()?;
            }
            self.text("\">>");
            return Some(());
        }
        self.text("<<");
        let mut separator = "";
        for i in 0..bytes {
            self.text(separator);
            separator = ",";
            self.text(&bits.byte(i).to_string());
            self.count()?;
        }
        if rest > 0 {
            let last = bits.byte(bytes) >> (8 - rest);
            self.text(&format!("{separator}{last}:{rest}"));
        }
        self.text(">>");
        Some(())
    }

    fn fun(&mut self, fun: &Fun<'h>) {
        let name = fun::identity(fun);
        if fun.external {
            self.text("fun ");
            for (atom, separator) in [(name.module, ":"), (name.function, "/")] {
                self.left = self.left.saturating_sub(atom.name().len() as i64);
                push_atom(self.out, atom);
                self.text(separator);
            }
            self.text(&name.arity.to_string());
        } else {
            // Both numbers are signed to the reference engine.
            let (index, uniq) = (name.index as i32, name.uniq as i32);
            self.text(&format!("#Fun<{}.{index}.{uniq}>", name.module.name()));
        }
    }

    /// Pushes the children of a hash map's node, so that the first comes out first.
    fn children(&mut self, node: Term<'h>) {
        for (i, child) in map::children(node).iter().enumerate().rev() {
            self.stack.push(Step::Node(*child));
            if i > 0 {
                self.stack.push(Step::Text(","));
            }
        }
    }

    fn node(&mut self, node: Term<'h>) {
        if let Some((key, value)) = node.as_cons() {
            self.pair(key, value);
        } else {
            self.left -= 1;
            self.children(node);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Heap, Pid, am};

    fn text(t: Term<'_>, limit: i64) -> String {
        String::from_utf8_lossy(&to_bytes(t, limit)).into_owned()
    }

    #[test]
    fn atoms() {
        for (atom, printed) in [
            ("abc", "abc"),
            ("ABC", "'ABC'"),
            ("a b", "'a b'"),
            ("å", "å"),
            ("Åa", "'Åa'"),
            ("aÅ", "aÅ"),
            ("日本", "'日本'"),
            ("", "''"),
            ("a@b", "'a@b'"),
            (
                "x\n\t\u{b}\u{8}\u{1b}\u{c}\r\\'",
                r"'x\n\t\v\b\033\f\r\\\''",
            ),
            ("a\u{80}b", r"'a\200b'"),
            ("aÿ÷", "'aÿ÷'"),
            ("ab\u{100}", "'abĀ'"),
            ("_a", "'_a'"),
        ] {
            assert_eq!(
                text(Term::atom(Atom::new(atom).unwrap()), NO_LIMIT),
                printed
            );
        }
    }

    #[test]
    fn terms() {
        let h = Heap::new();
        let string = |s: &str| h.latin1_string(s.as_bytes());
        let t = h.tuple(&[
            Term::atom(am::ok),
            string("a\nb\t\"q\\"),
            h.list(&[Term::small(1), Term::NIL, string("x")]),
            h.list_with_tail(&[Term::small(1)], Term::small(2)),
            h.binary(b"a\"b\\"),
            h.binary(&[1, 2, 3]),
            h.bitstring(&[97, 98, 0x60], 19),
            h.binary(b""),
            h.float(1.5),
            h.float(1e100),
            Term::pid(Pid::from_data(10)),
            h.external_pid(u64::from(am::ok.index()), 5 | 6 << 32),
            h.fun(0, Fun::meta(2, true), &[]),
            h.fun(77 << 32 | 1, Fun::meta(2, false), &[Term::NIL]),
            h.big(true, &[0, 64]),
            h.tuple(&[]),
        ]);
        assert_eq!(
            text(t, NO_LIMIT),
            format!(
                "{{ok,\"a\\nb\t\\\"q\\\",[1,[],\"x\"],[1|2],<<\"a\\\"b\\\">>,<<1,2,3>>,<<97,98,3:3>>,<<>>,\
                 1.500000e+00,1.000000e+100,<0.10.0>,<{}.5.6>,fun undefined:undefined/2,#Fun<undefined.1.77>,\
                 -1180591620717411303424,{{}}}}",
                am::ok.index()
            )
        );
        assert_eq!(to_bytes(string("\u{e9}"), NO_LIMIT).len(), 4);
        assert_eq!(text(h.list(&[Term::small(27)]), NO_LIMIT), "[27]");
    }

    #[test]
    fn limits_cut_where_the_reference_cuts() {
        let h = Heap::new();
        let atom = |n| Term::atom(Atom::new(n).unwrap());
        let abcde = h.list(&["a", "b", "c", "d", "e"].map(atom));
        let nested = h.tuple(&[atom("aa"), h.tuple(&[atom("bb"), h.list(&[atom("cc")])])]);
        let string = h.latin1_string(b"abcdef");
        for (t, limit, printed) in [
            (atom("abcdef"), 2, "abcdef... "),
            (atom("abcdef"), 7, "abcdef... "),
            (abcde, 3, "[a... "),
            (abcde, 7, "[a,b,c... "),
            (string, 2, "\"a... "),
            (string, 7, "\"abcdef\"... "),
            (h.binary(b"abcdef"), 3, "<<\"abc... "),
            (h.binary(b"abcdef"), 7, "<<\"abcdef\">>... "),
            (h.binary(&[1, 2, 3, 4]), 4, "<<1,2,3,4... "),
            (h.binary(&[1, 2, 3, 4]), 6, "<<1,2,3,4>>"),
            (nested, 4, "{aa... "),
            (nested, 5, "{aa,{... "),
            (nested, 7, "{aa,{bb... "),
            (
                h.list_with_tail(&[Term::small(1)], Term::small(2)),
                2,
                "[1|... ",
            ),
            (
                h.list_with_tail(&[Term::small(1)], Term::small(2)),
                3,
                "[1|2]... ",
            ),
            (
                h.list_with_tail(&[Term::small(1)], Term::small(2)),
                4,
                "[1|2]",
            ),
            (
                h.fun(0, Fun::meta(2, true), &[]),
                2,
                "fun undefined:undefined/2... ",
            ),
        ] {
            assert_eq!(text(t, limit), printed, "limit {limit}");
        }
    }
}
