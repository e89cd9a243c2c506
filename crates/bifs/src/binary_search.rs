//! Searching in binaries: `binary:match`, `matches`, `split` and compiled patterns.
//!
//! One pattern is searched with `memchr`'s two-way search, several with `aho-corasick`. Of several patterns
//! the one that begins first counts, and of those the longest.

use crate::long;
use crate::prelude::*;
use crate::util::{atom, elements, is_atom_named, slice};
use aho_corasick::{AhoCorasick, MatchKind};
use corten_term::reference::Magic;
use memchr::memmem::Finder;
use std::borrow::Cow;

pub const BIFS: &[Bif] = bifs![
    binary:compile_pattern/1 => compile_pattern,
    binary:match/2 => match_2,
    binary:match/3 => match_3,
    binary:matches/2 => matches_2,
    binary:matches/3 => matches_3,
    binary:split/2 => split_2,
    binary:split/3 => split_3,
];

/// Bytes searched for one reduction.
const BYTES_PER_REDUCTION: usize = 100;

/// What to look for.
enum Pattern {
    One(Box<Finder<'static>>),
    Many(AhoCorasick),
}

impl Pattern {
    /// The first match at or behind `from`.
    fn find(&self, hay: &[u8], from: usize) -> Option<(usize, usize)> {
        let rest = &hay[from..];
        match self {
            Pattern::One(f) => f.find(rest).map(|at| (from + at, f.needle().len())),
            Pattern::Many(ac) => ac.find(rest).map(|m| (from + m.start(), m.len())),
        }
    }
}

/// A pattern that lives in a compiled one or was made for this call.
enum Found<'h> {
    Shared(&'h Pattern),
    Own(Pattern),
}

impl std::ops::Deref for Found<'_> {
    type Target = Pattern;
    fn deref(&self) -> &Pattern {
        match self {
            Found::Shared(p) => p,
            Found::Own(p) => p,
        }
    }
}

/// Compiles a binary, or a list of them; none of them may be empty.
fn compile<'h>(t: Term<'h>) -> Result<Pattern, Stop<'h>> {
    let one = |b: &[u8]| Pattern::One(Box::new(Finder::new(b).into_owned()));
    if t.is_bitstring() {
        let bytes = t.to_bytes().badarg()?;
        return (!bytes.is_empty()).then(|| one(&bytes)).badarg();
    }
    let words: Option<Vec<Cow<'_, [u8]>>> =
        elements(t)?.into_iter().map(|t| t.to_bytes()).collect();
    let words = words.badarg()?;
    if words.is_empty() || words.iter().any(|w| w.is_empty()) {
        return Err(Stop::BADARG);
    }
    if let [word] = &words[..] {
        return Ok(one(word));
    }
    AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostLongest)
        .build(&words)
        .map(Pattern::Many)
        .map_err(|_| Stop::SYSTEM_LIMIT)
}

fn pattern<'h>(t: Term<'h>) -> Result<Found<'h>, Stop<'h>> {
    if let Some([kind, compiled]) = t.as_tuple_of::<2>() {
        let compiled = compiled.as_magic_of::<Pattern>().badarg()?;
        let expected = match compiled {
            Pattern::One(_) => kind.as_atom() == Some(am::bm),
            Pattern::Many(_) => is_atom_named(*kind, "ac"),
        };
        return expected.then_some(Found::Shared(compiled)).badarg();
    }
    compile(t).map(Found::Own)
}

fn compile_pattern<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let compiled = compile(a[0])?;
    let kind = match compiled {
        Pattern::One(_) => Term::atom(am::bm),
        Pattern::Many(_) => atom("ac"),
    };
    let reference = p.heap.magic_reference(Magic::new(compiled));
    Ok(p.heap.tuple(&[kind, reference]))
}

/// Where to look, and what `split` is to do.
#[derive(Default)]
struct Options {
    start: usize,
    end: usize,
    global: bool,
    trim: bool,
    trim_all: bool,
}

fn options<'h>(list: Term<'h>, size: usize, split: bool) -> Result<Options, Stop<'h>> {
    let mut o = Options {
        end: size,
        ..Options::default()
    };
    for option in elements(list)? {
        if let Some([key, scope]) = option.as_tuple_of::<2>() {
            let [position, n] = scope.as_tuple_of::<2>().badarg()?;
            if key.as_atom() != Some(am::scope) {
                return Err(Stop::BADARG);
            }
            let (start, n) = crate::binaries::part_range(size, *position, *n).badarg()?;
            (o.start, o.end) = (start, start + n);
            continue;
        }
        match option.as_atom() {
            Some(am::global) if split => o.global = true,
            Some(am::trim) if split => o.trim = true,
            Some(am::trim_all) if split => o.trim_all = true,
            _ => return Err(Stop::BADARG),
        }
    }
    Ok(o)
}

/// Bytes that are searched for all matches on a scheduler thread: there may be as many.
const MANY: usize = 64 << 10;

fn position<'h>(p: &'h Process, (at, n): (usize, usize)) -> Term<'h> {
    p.heap
        .tuple(&[Term::small(at as i64), Term::small(n as i64)])
}

fn find_one<'h>(p: &'h Process, a: Args<'h>, list: Term<'h>) -> BifResult<'h> {
    let hay = a[0].to_bytes().badarg()?;
    let o = options(list, hay.len(), false)?;
    long::amount(o.end - o.start, long::BYTES)?;
    let found = pattern(a[1])?.find(&hay[..o.end], o.start);
    let looked = found.map_or(o.end, |(at, n)| at + n) - o.start;
    p.bump_reductions(looked / BYTES_PER_REDUCTION);
    Ok(found.map_or(Term::atom(am::nomatch), |m| position(p, m)))
}

fn match_2<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    find_one(p, a, Term::NIL)
}

fn match_3<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    find_one(p, a, a[2])
}

/// All matches that do not overlap.
fn find_all(hay: &[u8], from: usize, pattern: &Pattern) -> Vec<(usize, usize)> {
    let mut all = Vec::new();
    let mut at = from;
    while let Some((start, n)) = pattern.find(hay, at) {
        all.push((start, n));
        at = start + n;
    }
    all
}

fn matches<'h>(p: &'h Process, a: Args<'h>, list: Term<'h>) -> BifResult<'h> {
    let hay = a[0].to_bytes().badarg()?;
    let o = options(list, hay.len(), false)?;
    long::amount(o.end - o.start, MANY)?;
    let all = find_all(&hay[..o.end], o.start, &*pattern(a[1])?);
    p.bump_reductions((o.end - o.start) / BYTES_PER_REDUCTION + all.len() / 2);
    let all: Vec<_> = all.into_iter().map(|m| position(p, m)).collect();
    Ok(p.heap.list(&all))
}

fn matches_2<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    matches(p, a, Term::NIL)
}

fn matches_3<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    matches(p, a, a[2])
}

/// The pieces between matches, as start and end, after trimming.
fn pieces(size: usize, found: &[(usize, usize)], o: &Options) -> Vec<(usize, usize)> {
    let mut all = Vec::with_capacity(found.len() + 1);
    let mut from = 0;
    for (at, n) in found {
        all.push((from, *at));
        from = at + n;
    }
    all.push((from, size));
    if o.trim_all {
        all.retain(|(from, to)| from < to);
    } else if o.trim {
        let kept = all.iter().rposition(|(from, to)| from < to);
        all.truncate(kept.map_or(0, |i| i + 1));
    }
    all
}

fn split<'h>(p: &'h Process, a: Args<'h>, list: Term<'h>) -> BifResult<'h> {
    let bits = a[0].as_bits().filter(Bits::is_binary).badarg()?;
    let hay = bits.to_bytes();
    let o = options(list, hay.len(), true)?;
    long::amount(o.end - o.start, if o.global { MANY } else { long::BYTES })?;
    let pattern = pattern(a[1])?;
    let found = if o.global {
        find_all(&hay[..o.end], o.start, &pattern)
    } else {
        pattern.find(&hay[..o.end], o.start).into_iter().collect()
    };
    p.bump_reductions(hay.len() / BYTES_PER_REDUCTION + found.len() / 4);
    if found.is_empty() && !((o.trim || o.trim_all) && hay.is_empty()) {
        return Ok(p.heap.cons(a[0], Term::NIL));
    }
    let parts: Vec<_> = pieces(hay.len(), &found, &o)
        .into_iter()
        .map(|(from, to)| slice(p, &bits, from * 8, (to - from) * 8))
        .collect();
    Ok(p.heap.list(&parts))
}

fn split_2<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    split(p, a, Term::NIL)
}

fn split_3<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    split(p, a, a[2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn earliest_then_longest() {
        let h = Heap::new();
        let list = h.list(&[h.binary(b"ab"), h.binary(b"abc"), h.binary(b"ca")]);
        let Ok(p) = compile(list) else { panic!() };
        assert_eq!(find_all(b"abcabc", 0, &p), [(0, 3), (3, 3)]);
        assert!(compile(h.list(&[])).is_err());
        assert!(compile(h.binary(b"")).is_err());
    }

    #[test]
    fn trimming() {
        let trim = Options {
            trim: true,
            ..Options::default()
        };
        assert_eq!(
            pieces(4, &[(0, 1), (2, 1), (3, 1)], &trim),
            [(0, 0), (1, 2)]
        );
        let all = Options {
            trim_all: true,
            ..Options::default()
        };
        assert_eq!(pieces(3, &[(0, 1)], &all), [(1, 3)]);
    }
}
