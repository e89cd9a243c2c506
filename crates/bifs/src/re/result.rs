//! What `re`'s BIFs answer with.

use super::code::Code;
use super::options::{CaptureType, Resolved, Wanted};
use crate::prelude::*;
use crate::util::slice;
use corten_pcre::CompileError;

/// `{re_pattern, Groups, Unicode, UseCrlf, Code}`
pub fn pattern<'h>(p: &'h Process, code: &Code) -> Term<'h> {
    let flag = |b: bool| Term::small(i64::from(b));
    p.heap.tuple(&[
        Term::atom(am::re_pattern),
        Term::small(code.regex.groups() as i64),
        flag(code.is_unicode()),
        flag(code.uses_crlf()),
        p.heap.binary(&code.encode()),
    ])
}

/// PCRE2's messages that the older library, which OTP 27 has, words in another way.
const WORDING: &[(&str, &str)] = &[
    ("missing closing parenthesis", "missing )"),
    (
        "quantifier does not follow a repeatable item",
        "nothing to repeat",
    ),
    ("unmatched closing parenthesis", "unmatched parentheses"),
    (
        "two named subpatterns have the same name (PCRE2_DUPNAMES not set)",
        "two named subpatterns have the same name",
    ),
    (
        "length of lookbehind assertion is not limited",
        "lookbehind assertion is not fixed length",
    ),
    (
        "unknown property after \\P or \\p",
        "unknown property name after \\P or \\p",
    ),
    ("missing ) after (?# comment", "missing ) after comment"),
    (
        "conditional subpattern contains more than two branches",
        "conditional group contains more than two branches",
    ),
];

/// `{error, {Message, Position}}`
pub fn compile_error<'h>(p: &'h Process, e: &CompileError) -> Term<'h> {
    let known = WORDING.iter().find(|(new, _)| *new == e.message);
    let message = known.map_or(e.message.as_str(), |(_, old)| old);
    let reason = p.heap.tuple(&[
        p.heap.latin1_string(message.as_bytes()),
        Term::small(e.offset as i64),
    ]);
    p.heap.tuple(&[Term::atom(am::error), reason])
}

/// A match: where its groups are, and in what.
pub struct Found<'a, 'h> {
    pub groups: &'a [Option<(usize, usize)>],
    pub bytes: &'a [u8],
    /// The subject, if pieces can share its bytes.
    pub binary: Option<Bits<'h>>,
}

impl<'h> Found<'_, 'h> {
    fn group(&self, i: usize) -> Option<(usize, usize)> {
        self.groups.get(i).copied().flatten()
    }

    /// One group as the caller wants to see it. With `\K` a match may end before it begins.
    fn shown(&self, p: &'h Process, at: Option<(usize, usize)>, kind: CaptureType) -> Term<'h> {
        let (from, to) = match at {
            Some((from, to)) => (from.min(to), to),
            None if kind == CaptureType::Index => {
                return p.heap.tuple(&[Term::small(-1), Term::small(0)]);
            }
            None => (0, 0),
        };
        match (kind, &self.binary) {
            (CaptureType::Index, _) => p
                .heap
                .tuple(&[Term::small(from as i64), Term::small((to - from) as i64)]),
            (CaptureType::List, _) => p.heap.latin1_string(&self.bytes[from..to]),
            (CaptureType::Binary, Some(bits)) => slice(p, bits, from * 8, (to - from) * 8),
            (CaptureType::Binary, None) => p.heap.binary(&self.bytes[from..to]),
        }
    }
}

/// `{match, Captured}` or `match`.
pub fn captured<'h>(p: &'h Process, found: &Found<'_, 'h>, capture: Option<&Resolved>) -> Term<'h> {
    let (wanted, kind) = match capture {
        Some(c) => (&c.wanted, c.kind),
        None => (&Wanted::AllFrom(0), CaptureType::Index),
    };
    let shown: Vec<Term<'h>> = match wanted {
        Wanted::None => return Term::atom(am::match_),
        Wanted::AllFrom(first) => (*first..found.groups.len())
            .map(|i| found.shown(p, found.group(i), kind))
            .collect(),
        Wanted::These(groups) => groups
            .iter()
            .map(|same_name| {
                let at = same_name.iter().find_map(|i| found.group(*i));
                found.shown(p, at, kind)
            })
            .collect(),
    };
    p.heap.tuple(&[Term::atom(am::match_), p.heap.list(&shown)])
}
