//! Text that is wrong or incomplete somewhere: what could be converted, and the rest in the shape it came in.
//!
//! Called by [`crate::unicode`] when plain conversion has failed. A character may be cut between two binaries of
//! a list; what is cut at the very end makes the text incomplete, anything else that is no character is an error.

use crate::prelude::*;

/// What came of a conversion.
pub struct Part<'h> {
    pub text: String,
    /// `error` or `incomplete`, and what was not converted.
    pub rest: Option<(Atom, Term<'h>)>,
}

/// Converts as much as there is; `None` for what has not the shape of text.
pub fn convert<'h>(p: &'h Process, data: Term<'h>, latin1: bool) -> Option<Part<'h>> {
    if !has_shape(data) {
        return None;
    }
    let mut c = Converter {
        p,
        latin1,
        text: String::new(),
        cut: Vec::new(),
        wrong: false,
    };
    let rest = c.run(data);
    Some(Part { text: c.text, rest })
}

/// Whether this is a binary or a nested list of integers and binaries.
fn has_shape(data: Term<'_>) -> bool {
    let mut stack = vec![data];
    let mut first = true;
    while let Some(mut t) = stack.pop() {
        loop {
            if let Some((head, tail)) = t.as_cons() {
                match head.kind() {
                    Kind::Small(_) | Kind::Big(_) => {}
                    Kind::Bits(b) if b.is_binary() => {}
                    Kind::Nil => {}
                    Kind::Cons(..) => stack.push(head),
                    _ => return false,
                }
                t = tail;
                first = false;
                continue;
            }
            let fits = t.is_nil() || t.is_binary();
            if !fits {
                return false;
            }
            break;
        }
        if first && !data.is_list() && !data.is_binary() {
            return false;
        }
    }
    true
}

/// Bytes of a character that begins with this one; 0 if none does.
fn length_from(first: u8) -> usize {
    match first {
        0xC0..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF7 => 4,
        _ => 0,
    }
}

/// Whether these bytes could be the beginning of a character by their number and kind alone: what the character would
/// be is looked at only when all of it is there.
fn is_beginning(bytes: &[u8]) -> bool {
    let [first, rest @ ..] = bytes else {
        return false;
    };
    bytes.len() < length_from(*first) && rest.iter().all(|b| b & 0xC0 == 0x80)
}

/// What came of one binary.
enum Bytes<'h> {
    Good,
    /// What is left of it from the first wrong byte on.
    Bad(Term<'h>),
    /// It does not go on with the character that was cut before it.
    NotContinued,
}

struct Converter<'h> {
    p: &'h Process,
    latin1: bool,
    text: String,
    /// The beginning of a character that the end of a binary cut off.
    cut: Vec<u8>,
    /// What was cut off is no beginning of a character either. That is an error, but told in the same way.
    wrong: bool,
}

impl<'h> Converter<'h> {
    /// Converts; what is left, if not all went well.
    fn run(&mut self, data: Term<'h>) -> Option<(Atom, Term<'h>)> {
        let mut tails: Vec<Term<'h>> = Vec::new();
        let mut at = data;
        loop {
            if let Some((head, tail)) = at.as_cons() {
                match head.kind() {
                    Kind::Small(c) if self.cut.is_empty() && self.push(c) => {}
                    Kind::Small(_) | Kind::Big(_) => return Some(self.error(at, &tails)),
                    Kind::Bits(bits) => match self.bytes(&bits) {
                        Bytes::Good => {}
                        Bytes::Bad(bad) => {
                            let rest = self.p.heap.cons(bad, tail);
                            return Some((am::error, self.wrap(rest, &tails)));
                        }
                        Bytes::NotContinued => return Some(self.error(at, &tails)),
                    },
                    Kind::Cons(..) => {
                        tails.push(tail);
                        at = head;
                        continue;
                    }
                    _ => {}
                }
                at = tail;
                continue;
            }
            if let Some(bits) = at.as_bits() {
                match self.bytes(&bits) {
                    Bytes::Good => {}
                    Bytes::Bad(bad) => return Some((am::error, self.wrap(bad, &tails))),
                    Bytes::NotContinued => return Some(self.error(at, &tails)),
                }
            }
            match tails.pop() {
                Some(t) => at = t,
                None => break,
            }
        }
        let tag = if self.wrong {
            am::error
        } else {
            am::incomplete
        };
        (!self.cut.is_empty()).then(|| (tag, self.p.heap.binary(&self.cut)))
    }

    fn push(&mut self, c: i64) -> bool {
        let limit = if self.latin1 { 255 } else { 0x10_FFFF };
        match u32::try_from(c)
            .ok()
            .filter(|c| *c <= limit)
            .and_then(char::from_u32)
        {
            Some(c) => {
                self.text.push(c);
                true
            }
            None => false,
        }
    }

    /// Converts a binary.
    fn bytes(&mut self, bits: &Bits<'h>) -> Bytes<'h> {
        let bytes = bits.to_bytes();
        if self.latin1 {
            self.text.extend(bytes.iter().map(|b| char::from(*b)));
            return Bytes::Good;
        }
        if let Some(first) = self.cut.first()
            && self.cut.len() + bytes.len() < length_from(*first)
        {
            self.cut.extend_from_slice(&bytes);
            self.wrong = !is_beginning(&self.cut);
            return Bytes::Good;
        }
        if self.wrong {
            return Bytes::NotContinued;
        }
        let all = [&self.cut[..], &bytes[..]].concat();
        match std::str::from_utf8(&all) {
            Ok(s) => {
                self.text.push_str(s);
                self.cut.clear();
                Bytes::Good
            }
            Err(e) if !self.cut.is_empty() && e.valid_up_to() == 0 && !is_beginning(&all) => {
                Bytes::NotContinued
            }
            Err(e) => {
                let (good, bad) = all.split_at(e.valid_up_to());
                self.text.push_str(&String::from_utf8_lossy(good));
                if bad.len() < bad.first().map_or(0, |b| length_from(*b)) {
                    self.wrong = !is_beginning(bad);
                    self.cut = bad.to_vec();
                    return Bytes::Good;
                }
                self.cut.clear();
                Bytes::Bad(self.p.heap.binary(bad))
            }
        }
    }

    /// The list from `at` on is wrong at its head, or a character was cut before it.
    fn error(&mut self, at: Term<'h>, tails: &[Term<'h>]) -> (Atom, Term<'h>) {
        let rest = self.wrap(at, tails);
        if self.cut.is_empty() {
            return (am::error, rest);
        }
        let cut = self.p.heap.binary(&self.cut);
        (am::error, self.p.heap.list(&[cut, rest]))
    }

    /// What is left, inside of the lists that it came in.
    fn wrap(&self, inner: Term<'h>, tails: &[Term<'h>]) -> Term<'h> {
        tails
            .iter()
            .rev()
            .fold(inner, |rest, tail| self.p.heap.cons(rest, *tail))
    }
}
