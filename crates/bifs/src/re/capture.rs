//! Which parts of a match `re:run` returns, and as what.

use crate::iolist;
use crate::prelude::*;
use crate::util::slice;
use corten_pcre::{Code, Span};

/// As what a part is returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Index,
    List,
    Binary,
}

/// One wanted part.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Group(usize),
    /// Of several groups with one name, the first that took part in the match.
    FirstOf(Vec<usize>),
    /// A name that the pattern does not have.
    Unknown,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Parts {
    None,
    /// All groups up to the last that took part, from this one on.
    From(usize),
    These(Vec<Part>),
}

/// A capture specification that has been checked against a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    parts: Parts,
    kind: Kind,
}

impl Capture {
    /// What is returned when nothing is said.
    pub const ALL: Capture = Capture {
        parts: Parts::From(0),
        kind: Kind::Index,
    };

    /// Reads `{capture, Values, Type}`.
    pub fn new(values: Term<'_>, kind: Term<'_>, code: &Code) -> Option<Capture> {
        let kind = match kind.as_atom()? {
            am::index => Kind::Index,
            am::list => Kind::List,
            am::binary => Kind::Binary,
            _ => return None,
        };
        let parts = match values.as_atom() {
            Some(am::all) => Parts::From(0),
            Some(am::all_but_first) => Parts::From(1),
            Some(am::first) => Parts::These(vec![Part::Group(0)]),
            Some(am::none) => Parts::None,
            Some(am::all_names) => all_names(code),
            Some(_) => return None,
            None if values.is_nil() => Parts::None,
            None => Parts::These(listed(values, code)?),
        };
        Some(Capture { parts, kind })
    }

    /// `match` or `{match, Parts}`.
    pub fn result<'h>(&self, p: &'h Process, subject: &Source<'h, '_>, spans: &[Span]) -> Term<'h> {
        let part = |span: Span| subject.part(p, span, self.kind);
        let group = |n: usize| spans.get(n).copied().flatten();
        let parts: Vec<Term<'h>> = match &self.parts {
            Parts::None => return Term::atom(am::match_),
            Parts::From(n) => spans.iter().skip(*n).map(|s| part(*s)).collect(),
            Parts::These(parts) => parts
                .iter()
                .map(|wanted| {
                    part(match wanted {
                        Part::Group(n) => group(*n),
                        Part::FirstOf(groups) => groups.iter().find_map(|n| group(*n)),
                        Part::Unknown => None,
                    })
                })
                .collect(),
        };
        p.heap.tuple(&[Term::atom(am::match_), p.heap.list(&parts)])
    }
}

fn all_names(code: &Code) -> Parts {
    let names = code.names();
    if names.is_empty() {
        return Parts::None;
    }
    if !code.has_dupnames() {
        return Parts::These(names.iter().map(|(_, n)| Part::Group(*n)).collect());
    }
    let same_name = names.chunk_by(|a, b| a.0 == b.0);
    Parts::These(same_name.map(of_one_name).collect())
}

/// The entries of one name as a part.
fn of_one_name(entries: &[(&[u8], usize)]) -> Part {
    match entries {
        [] => Part::Unknown,
        [(_, n)] => Part::Group(*n),
        several => Part::FirstOf(several.iter().map(|(_, n)| *n).collect()),
    }
}

/// A list of group numbers and names.
fn listed(values: Term<'_>, code: &Code) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut it = values.iter();
    for value in it.by_ref() {
        parts.push(match super::options::number(value) {
            Some(n) => Part::Group(n as usize),
            None => named(value, code)?,
        });
    }
    (it.tail().is_nil() && values.is_list()).then_some(parts)
}

fn named(value: Term<'_>, code: &Code) -> Option<Part> {
    let name = match value.as_atom() {
        Some(a) => a.name().as_bytes().into(),
        None if value.is_list() || value.is_bitstring() => iolist::to_bytes(value)?,
        None => return None,
    };
    let end = memchr::memchr(0, &name).unwrap_or(name.len());
    let names = code.names();
    let entries: Vec<_> = names.into_iter().filter(|e| *e.0 == name[..end]).collect();
    Some(match (&entries[..], code.has_dupnames()) {
        ([first, ..], false) => Part::Group(first.1),
        (all, _) => of_one_name(all),
    })
}

/// Where returned parts are cut from.
pub struct Source<'h, 'b> {
    /// The subject, if it is a binary of whole bytes: parts may share its bytes.
    pub bits: Option<Bits<'h>>,
    pub bytes: &'b [u8],
}

impl<'h> Source<'h, '_> {
    fn part(&self, p: &'h Process, span: Span, kind: Kind) -> Term<'h> {
        if kind == Kind::Index {
            let (start, length) = span.map_or((-1, 0), |(s, e)| (s as i64, e as i64 - s as i64));
            return p.heap.tuple(&[Term::small(start), Term::small(length)]);
        }
        // A match may end before it starts (`\K` in a lookahead): that is empty.
        let (start, end) = span.filter(|(s, e)| s <= e).unwrap_or((0, 0));
        match (kind, &self.bits) {
            (Kind::Binary, Some(bits)) => slice(p, bits, start * 8, (end - start) * 8),
            (Kind::Binary, None) => p.heap.binary(&self.bytes[start..end]),
            _ => p.heap.latin1_string(&self.bytes[start..end]),
        }
    }
}
