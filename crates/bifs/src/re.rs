//! Module `re`: regular expressions, matched by PCRE2.
//!
//! A compiled pattern is `{re_pattern, Groups, Unicode, UseCrlf, Code}`. Programs store such terms in files and
//! in code, so `Code` is a binary that holds source and options; what PCRE2 makes of it is kept in a
//! cache of this node and made again where it is missing. `re`'s own Erlang code does global matching and
//! conversions from characters: there the BIFs trap to it.

mod code;
mod options;
mod result;

use crate::iolist;
use crate::prelude::*;
use code::Code;
use corten_engine::code::export;
use corten_pcre::{Limits, MatchError, match_option, option};
use corten_term::Binary;
use options::{CaptureType, Parsed};
use std::cell::RefCell;

pub const BIFS: &[Bif] = bifs![
    re:version/0 => version,
    re:compile/1 => compile_1,
    re:compile/2 => compile_2,
    re:run/2 => run_2,
    re:run/3 => run_3,
    re:internal_run/4 => internal_run,
    re:inspect/2 => inspect,
];

/// Bytes of a subject for one reduction.
const BYTES_PER_REDUCTION: usize = 50;

/// PCRE2's version, and that compiled patterns are of our own kind: who stores them compares this.
fn version<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    let text = format!("{} corten", corten_pcre::version());
    Ok(p.heap.binary(text.as_bytes()))
}

fn bad_option<'h>() -> Stop<'h> {
    Stop::badarg_because(am::badopt)
}

fn in_erlang<'h>(function: Atom, arguments: Vec<Term<'h>>) -> BifResult<'h> {
    let arity = arguments.len() as u8;
    Err(Stop::Trap(export(am::re, function, arity), arguments))
}

fn compile_1<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    compile(p, a[0], Term::NIL)
}

fn compile_2<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    compile(p, a[0], a[1])
}

fn compile<'h>(p: &'h Process, pattern: Term<'h>, list: Term<'h>) -> BifResult<'h> {
    let o = options::parse(list).ok_or_else(bad_option)?;
    if o.only_run {
        return Err(bad_option());
    }
    if o.unicode() && !pattern.is_bitstring() {
        return in_erlang(am::ucompile, vec![pattern, list]);
    }
    let source = iolist::charged(p, pattern)?;
    Ok(match Code::new(&source, o.compile) {
        Ok(code) => p.heap.tuple(&[Term::OK, result::pattern(p, &code)]),
        Err(e) => result::compile_error(p, &e),
    })
}

fn run_2<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    run(p, a[0], a[1], Term::NIL, true)
}

fn run_3<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    run(p, a[0], a[1], a[2], true)
}

/// As `run/3`; the last argument says whether the subject is seen for the first time, and so unchecked.
fn internal_run<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    run(p, a[0], a[1], a[2], a[3].as_bool().badarg()?)
}

/// What is to be matched, or the answer that is there already.
enum Prepared<'h> {
    Code(Code),
    Answer(Term<'h>),
}

fn run<'h>(
    p: &'h Process,
    subject: Term<'h>,
    pattern: Term<'h>,
    list: Term<'h>,
    first: bool,
) -> BifResult<'h> {
    let o = options::parse(list).ok_or_else(bad_option)?;
    let prepared = match pattern.as_tuple_of::<5>() {
        Some(_) => compiled(p, pattern, subject, list, &o)?,
        None => fresh(p, pattern, subject, list, &o)?,
    };
    let code = match prepared {
        Prepared::Code(code) => code,
        Prepared::Answer(t) => return Ok(t),
    };
    let capture = match &o.capture {
        Some(spec) => Some(spec.resolve(&code.regex).badarg()?),
        None => None,
    };
    let bytes = iolist::to_bytes(subject).badarg()?;
    if o.offset > bytes.len() {
        return Err(Stop::BADARG);
    }
    let mut bits = o.run_bits;
    if code.is_unicode() {
        if !is_utf8(subject, &bytes, first) {
            return Err(Stop::BADARG);
        }
        // The offset must not be inside a character either.
        if bytes.get(o.offset).is_some_and(|b| b & 0xC0 == 0x80) {
            return Err(Stop::BADARG);
        }
        bits |= match_option::NO_UTF_CHECK;
    }
    let limits = Limits {
        matches: o.match_limit,
        depth: o.depth_limit,
    };
    let found = code.regex.find(&bytes, o.offset, bits, limits);
    let looked = match &found {
        Ok(Some(groups)) => groups.first().copied().flatten().map_or(0, |(_, to)| to),
        _ => bytes.len(),
    };
    p.bump_reductions(looked.saturating_sub(o.offset) / BYTES_PER_REDUCTION);
    match found {
        Ok(Some(groups)) => {
            let subject_bits = subject.as_bits().filter(Bits::is_binary);
            let found = result::Found {
                groups: &groups,
                bytes: &bytes,
                binary: subject_bits,
            };
            Ok(result::captured(p, &found, capture.as_ref()))
        }
        Ok(None) => Ok(Term::atom(am::nomatch)),
        Err(MatchError::MatchLimit) => Ok(limit_reached(p, &o, am::match_limit)),
        Err(MatchError::DepthLimit) => Ok(limit_reached(p, &o, am::match_limit_recursion)),
        Err(MatchError::BadUtf | MatchError::BadOffset) => Err(Stop::BADARG),
        Err(MatchError::Other(_)) => Ok(Term::atom(am::nomatch)),
    }
}

/// Whether the subject is UTF-8. A global match asks for every piece of the same subject, so the thread
/// remembers the last large one that it found good.
fn is_utf8(subject: Term<'_>, bytes: &[u8], first: bool) -> bool {
    type Good = (Binary, usize, usize);
    thread_local!(static LAST: RefCell<Option<Good>> = const { RefCell::new(None) });
    let key = subject
        .as_bits()
        .and_then(|b| Some((b.counted()?, b.start, b.size)));
    let Some((binary, start, size)) = key else {
        return std::str::from_utf8(bytes).is_ok();
    };
    let known = LAST.with_borrow(|last| {
        last.as_ref()
            .is_some_and(|(b, at, n)| b.as_ptr() == binary.as_ptr() && *at == start && *n == size)
    });
    if known && !first {
        return true;
    }
    let good = std::str::from_utf8(bytes).is_ok();
    LAST.set(good.then_some((binary, start, size)));
    good
}

fn limit_reached<'h>(p: &'h Process, o: &Parsed<'h>, limit: Atom) -> Term<'h> {
    if !o.report_errors {
        return Term::atom(am::nomatch);
    }
    p.heap.tuple(&[Term::atom(am::error), Term::atom(limit)])
}

/// Whether lists of characters are wanted: those of Unicode subjects are made by Erlang code.
fn wants_lists(o: &Parsed<'_>) -> bool {
    matches!(&o.capture, Some(c) if c.kind == CaptureType::List)
}

/// Compiles the source of a pattern for this call.
fn fresh<'h>(
    p: &'h Process,
    pattern: Term<'h>,
    subject: Term<'h>,
    list: Term<'h>,
    o: &Parsed<'h>,
) -> Result<Prepared<'h>, Stop<'h>> {
    if !pattern.is_bitstring() && !pattern.is_list() {
        return Err(Stop::BADARG);
    }
    let binaries = pattern.is_bitstring() && subject.is_bitstring();
    if o.unicode() && (!binaries || (wants_lists(o) && !o.global)) {
        return in_erlang(am::urun, vec![subject, pattern, list]).map(Prepared::Answer);
    }
    let source = iolist::charged(p, pattern)?;
    let code = match Code::new(&source, o.compile) {
        Ok(code) => code,
        Err(e) if o.report_errors => {
            let inner = result::compile_error(p, &e);
            let reason = inner.as_tuple().map_or(Term::NIL, |e| e[1]);
            let wrapped = p.heap.tuple(&[Term::atom(am::compile), reason]);
            let answer = p.heap.tuple(&[Term::atom(am::error), wrapped]);
            return Ok(Prepared::Answer(answer));
        }
        Err(_) => return Err(Stop::BADARG),
    };
    if o.global {
        let compiled = result::pattern(p, &code);
        let cleaned = Term::bool(o.only_compile);
        let rest = p.heap.tuple(&[list, cleaned, pattern]);
        return in_erlang(am::grun, vec![subject, compiled, rest]).map(Prepared::Answer);
    }
    Ok(Prepared::Code(code))
}

/// A compiled pattern: fetched from the cache or made anew.
fn compiled<'h>(
    p: &'h Process,
    pattern: Term<'h>,
    subject: Term<'h>,
    list: Term<'h>,
    o: &Parsed<'h>,
) -> Result<Prepared<'h>, Stop<'h>> {
    if o.only_compile {
        return Err(Stop::BADARG);
    }
    let stored = stored_code(pattern).badarg()?;
    let unicode = stored.options.bits & option::UTF != 0;
    if unicode && (!subject.is_bitstring() || (wants_lists(o) && !o.global)) {
        return in_erlang(am::urun, vec![subject, pattern, list]).map(Prepared::Answer);
    }
    if o.global {
        let rest = p.heap.tuple(&[list, Term::FALSE]);
        return in_erlang(am::grun, vec![subject, pattern, rest]).map(Prepared::Answer);
    }
    let options = o.for_stored(stored.options);
    stored.compile(options).map(Prepared::Code).badarg()
}

/// What the binary of a compiled pattern says.
fn stored_code(pattern: Term<'_>) -> Option<code::Stored> {
    let [tag, groups, unicode, crlf, code] = pattern.as_tuple_of::<5>()?;
    let numbers = [groups, unicode, crlf].iter().all(|t| t.is_small());
    if !tag.is(am::re_pattern) || !numbers {
        return None;
    }
    code::Stored::decode(&code.to_bytes()?)
}

/// `{namelist, Names}`
fn inspect<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    if !a[1].is(am::namelist) {
        return Err(Stop::BADARG);
    }
    let stored = stored_code(a[0]).badarg()?;
    let code = stored.compile(stored.options).badarg()?;
    let mut names: Vec<&[u8]> = code.regex.names().iter().map(|(n, _)| &n[..]).collect();
    names.dedup();
    let names: Vec<_> = names.into_iter().map(|n| p.heap.binary(n)).collect();
    Ok(p.heap
        .tuple(&[Term::atom(am::namelist), p.heap.list(&names)]))
}
