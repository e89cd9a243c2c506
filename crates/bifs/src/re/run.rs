//! `re:run/2,3` and `re:internal_run/4`.
//!
//! A match cannot be interrupted and continued. So a scheduler thread gives it a limited number of steps and
//! a subject of limited size; what needs more starts over on the pool for long computations, as
//! `erlang:re_run_trap/3`, with the limits that the program has set (or OTP's defaults).

use super::capture::{Capture, Source};
use super::options::Parsed;
use super::pattern::{self, Compiled, Entry, Stored};
use super::trap;
use crate::iolist;
use crate::prelude::*;
use corten_engine::code::export;
use corten_pcre::{Limits, MatchError, Matcher, Span, Subject};
use corten_term::utf8::CheckedText;
use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Steps, and their depth, when the program sets no limit: PCRE 8.45's defaults.
const DEFAULT_LIMIT: u32 = 10_000_000;
/// Steps on a scheduler thread: about a millisecond.
const SLICE: u32 = 20_000;
/// [`SLICE`], unless a test has said otherwise.
static SLICE_NOW: AtomicU32 = AtomicU32::new(SLICE);
/// Bytes left in the subject from which on a match runs on the pool.
const LONG_SUBJECT: usize = 256 << 10;
const BYTES_PER_REDUCTION: usize = 16;
/// Subjects this long are remembered as text while a program goes through them match by match.
const REMEMBER: usize = 1 << 10;

thread_local! {
    static MATCHER: RefCell<Option<Matcher>> = const { RefCell::new(None) };
    /// The subject that this thread last found to be text.
    static TEXT: RefCell<Option<CheckedText>> = const { RefCell::new(None) };
}

/// Where a call runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Scheduler,
    Pool,
}

/// Sets how many steps a match may take on a scheduler thread (`None`: as usual) and returns what it was.
/// For OTP's own tests, by way of `erts_debug:set_internal_state(re_loop_limit, …)`.
pub fn set_slice(steps: Option<u32>) -> u32 {
    SLICE_NOW.swap(steps.unwrap_or(SLICE), Ordering::Relaxed)
}

pub fn run_2<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    run(p, &[a[0], a[1], Term::NIL], Place::Scheduler)
}
pub fn run_3<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    run(p, a, Place::Scheduler)
}
/// The last argument says whether this is the first run on the subject. OTP spares itself checking it again
/// if not; here [`TEXT`] knows better.
pub fn internal_run<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    a[3].as_bool().badarg()?;
    run(p, &a[..3], Place::Scheduler)
}
pub fn long_run<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    run(p, a, Place::Pool)
}

fn run<'h>(p: &'h Process, a: &[Term<'h>], place: Place) -> BifResult<'h> {
    let &[subject, re, options] = a else {
        return Err(Stop::BADARG);
    };
    let parsed = Parsed::from_list(options)?;
    let entry = match Compiled::from_term(re) {
        Some(compiled) => compiled_pattern(p, &compiled, a, &parsed)?,
        None => match source_pattern(p, a, &parsed)? {
            Ok(entry) => entry,
            Err(error) => return Ok(error),
        },
    };
    let capture = match parsed.capture {
        Some((values, kind)) => Capture::new(values, kind, entry.code()).badarg()?,
        None => Capture::ALL,
    };
    let bits = subject.as_bits().filter(|b| b.as_bytes().is_some());
    let bytes = match &bits {
        Some(b) => b.to_bytes(),
        None => iolist::charged(p, subject)?,
    };
    let offset = parsed.start.offset;
    let left = bytes.len().saturating_sub(offset);
    if place == Place::Scheduler && left > LONG_SUBJECT {
        return Err(on_pool(a));
    }
    let outcome = match_it(&entry, &bits, &bytes, &parsed, place);
    let source = Source {
        bits,
        bytes: &bytes,
    };
    match outcome {
        Ok(Some(spans)) => {
            let end = spans.first().copied().flatten().map_or(0, |(_, end)| end);
            p.bump_reductions(end.saturating_sub(offset) / BYTES_PER_REDUCTION);
            Ok(capture.result(p, &source, &spans))
        }
        Ok(None) => {
            p.bump_reductions(left / BYTES_PER_REDUCTION);
            Ok(Term::atom(am::nomatch))
        }
        Err(MatchError::Steps) if place == Place::Scheduler && steps(&parsed) > slice() => {
            entry.heat();
            Err(on_pool(a))
        }
        Err(e) => gave_up(p, e, parsed.report_errors),
    }
}

/// Starts over on the pool for long computations.
fn on_pool<'h>(a: &[Term<'h>]) -> Stop<'h> {
    Stop::Trap(export(am::erlang, am::re_run_trap, 3), a.to_vec())
}

/// The code of a term `{re_pattern, …}`, or the way to the Erlang code that handles the options.
fn compiled_pattern<'h>(
    p: &'h Process,
    compiled: &Compiled<'h>,
    a: &[Term<'h>],
    parsed: &Parsed<'h>,
) -> Result<Arc<Entry>, Stop<'h>> {
    if parsed.compile_only {
        return Err(Stop::BADARG);
    }
    let lists = parsed.captures_lists() && !parsed.global;
    if compiled.unicode && (!a[0].is_bitstring() || lists) {
        return Err(trap(am::urun, a));
    }
    if parsed.global {
        return Err(global(p, a[0], a[1], &[a[2], Term::bool(false)]));
    }
    let stored = compiled.stored().badarg()?.with_run_options(parsed);
    pattern::code(&stored).map_err(|_| Stop::BADARG)
}

/// The code of a pattern given as text; `Err` inside is the answer to an erroneous one.
fn source_pattern<'h>(
    p: &'h Process,
    a: &[Term<'h>],
    parsed: &Parsed<'h>,
) -> Result<Result<Arc<Entry>, Term<'h>>, Stop<'h>> {
    let [subject, re, options] = [a[0], a[1], a[2]];
    if !re.is_bitstring() && !re.is_list() {
        return Err(Stop::BADARG);
    }
    let lists = parsed.captures_lists() && !parsed.global;
    let unicode = parsed.is_unicode();
    if unicode && (!re.is_bitstring() || !subject.is_bitstring() || lists) {
        return Err(trap(am::urun, a));
    }
    let stored = Stored::new(&iolist::charged(p, re)?, parsed);
    let entry = match pattern::code(&stored) {
        Ok(entry) => entry,
        Err(failure) if parsed.report_errors => {
            let why = p.heap.tuple(&[Term::atom(am::compile), failure.term(p)]);
            return Ok(Err(p.heap.tuple(&[Term::atom(am::error), why])));
        }
        Err(_) => return Err(Stop::BADARG),
    };
    if parsed.global {
        let compiled = stored.term(p, &entry, unicode);
        let clean = Term::bool(parsed.compile_only);
        return Err(global(p, subject, compiled, &[options, clean, re]));
    }
    Ok(Ok(entry))
}

/// The loop over all matches is Erlang code; what it needs to know comes in a tuple.
fn global<'h>(p: &'h Process, subject: Term<'h>, re: Term<'h>, rest: &[Term<'h>]) -> Stop<'h> {
    trap(am::grun, &[subject, re, p.heap.tuple(rest)])
}

fn steps(parsed: &Parsed<'_>) -> u32 {
    parsed.match_limit.unwrap_or(DEFAULT_LIMIT)
}

fn slice() -> u32 {
    SLICE_NOW.load(Ordering::Relaxed)
}

/// One match.
fn match_it(
    entry: &Entry,
    bits: &Option<Bits<'_>>,
    bytes: &[u8],
    parsed: &Parsed<'_>,
    place: Place,
) -> Result<Option<Vec<Span>>, MatchError> {
    let limit = match place {
        Place::Scheduler => steps(parsed).min(slice()),
        Place::Pool => steps(parsed),
    };
    let limits = Limits {
        steps: limit,
        depth: parsed.depth_limit.unwrap_or(DEFAULT_LIMIT),
    };
    // Machine code counts differently, so whoever wants to know about limits gets the interpreter.
    let exact =
        parsed.match_limit.is_some() || parsed.depth_limit.is_some() || parsed.report_errors;
    let code = if exact { entry.code() } else { entry.fast() };
    let go = |subject: Subject<'_>| {
        MATCHER.with_borrow_mut(|m| {
            if m.is_none() {
                *m = Matcher::new();
            }
            let matcher = m.as_mut().ok_or(MatchError::Depth)?;
            matcher.run(code, subject, &parsed.start, limits)
        })
    };
    if !code.is_utf() {
        return go(Subject::Bytes(bytes));
    }
    let counted = bits.filter(|_| bytes.len() >= REMEMBER);
    let Some(bits) = counted.filter(|b| b.counted().is_some()) else {
        let text = std::str::from_utf8(bytes).map_err(|_| MatchError::Subject)?;
        return go(Subject::Text(text));
    };
    TEXT.with_borrow_mut(|known| {
        if !known.as_ref().is_some_and(|t| t.is_of(&bits)) {
            *known = CheckedText::new(&bits);
        }
        let text = known.as_ref().ok_or(MatchError::Subject)?;
        let outcome = go(Subject::Text(text.as_str()));
        if !matches!(outcome, Ok(Some(_))) {
            *known = None;
        }
        outcome
    })
}

/// The answer when a match was given up.
fn gave_up<'h>(p: &'h Process, e: MatchError, report: bool) -> BifResult<'h> {
    let why = match e {
        MatchError::Subject => return Err(Stop::BADARG),
        MatchError::Other(_) => return Err(Stop::error(Term::atom(am::internal_error))),
        MatchError::Steps => am::match_limit,
        MatchError::Depth => am::match_limit_recursion,
        MatchError::Loop => return Ok(Term::atom(am::nomatch)),
    };
    if report {
        return Ok(p.heap.tuple(&[Term::atom(am::error), Term::atom(why)]));
    }
    Ok(Term::atom(am::nomatch))
}
