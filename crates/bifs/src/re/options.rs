//! The option lists of `re:compile` and `re:run`.

use crate::iolist;
use crate::prelude::*;
use corten_pcre::{Bsr, Newline, Options, Regex, match_option, option};

/// An option list, read.
#[derive(Default)]
pub struct Parsed<'h> {
    pub compile: Options,
    newline: Option<Newline>,
    bsr: Option<Bsr>,
    pub run_bits: u32,
    pub offset: usize,
    pub global: bool,
    pub report_errors: bool,
    pub match_limit: Option<u32>,
    pub depth_limit: Option<u32>,
    pub capture: Option<Capture<'h>>,
    /// An option was there that only `compile` has.
    pub only_compile: bool,
    /// An option was there that only `run` has.
    pub only_run: bool,
}

impl Parsed<'_> {
    pub fn unicode(&self) -> bool {
        self.compile.bits & option::UTF != 0
    }
    /// Options of a compiled pattern, as this run changes them.
    pub fn for_stored(&self, stored: Options) -> Options {
        Options {
            bits: stored.bits,
            newline: self.newline.unwrap_or(stored.newline),
            bsr: self.bsr.unwrap_or(stored.bsr),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaptureType {
    Index,
    List,
    Binary,
}

/// `{capture, Values, Type}`
pub struct Capture<'h> {
    values: Term<'h>,
    pub kind: CaptureType,
}

/// Which groups are wanted.
pub enum Wanted {
    None,
    /// All that took part, from this one on.
    AllFrom(usize),
    /// Each of these: the first of the groups that took part; none of them may be a group at all.
    These(Vec<Vec<usize>>),
}

/// A capture specification for a certain pattern.
pub struct Resolved {
    pub wanted: Wanted,
    pub kind: CaptureType,
}

/// Reads an option list; `None` if something in it is no option.
pub fn parse(list: Term<'_>) -> Option<Parsed<'_>> {
    let mut o = Parsed::default();
    let mut it = list.iter();
    for t in it.by_ref() {
        match t.as_tuple() {
            Some(e) => tuple(&mut o, e)?,
            None => plain(&mut o, t.as_atom()?)?,
        }
    }
    if !it.tail().is_nil() {
        return None;
    }
    o.compile.newline = o.newline.unwrap_or_default();
    o.compile.bsr = o.bsr.unwrap_or_default();
    Some(o)
}

fn tuple<'h>(o: &mut Parsed<'h>, e: &'h [Term<'h>]) -> Option<()> {
    let limit = |t: Term<'_>| t.as_u64().and_then(|n| u32::try_from(n).ok());
    match (e.first()?.as_atom()?, &e[1..]) {
        (am::newline, [kind]) => {
            o.newline = Some(match kind.as_atom()? {
                am::cr => Newline::Cr,
                am::lf => Newline::Lf,
                am::crlf => Newline::Crlf,
                am::any => Newline::Any,
                am::anycrlf => Newline::Anycrlf,
                _ => return None,
            });
            return Some(());
        }
        (am::offset, [n]) => o.offset = n.as_usize()?,
        (am::match_limit, [n]) => o.match_limit = Some(limit(*n)?),
        (am::match_limit_recursion, [n]) => o.depth_limit = Some(limit(*n)?),
        (am::capture, [values]) => {
            o.capture = Some(Capture {
                values: *values,
                kind: CaptureType::Index,
            });
        }
        (am::capture, [values, kind]) => {
            o.capture = Some(Capture {
                values: *values,
                kind: match kind.as_atom() {
                    Some(am::index) => CaptureType::Index,
                    Some(am::list) => CaptureType::List,
                    Some(am::binary) => CaptureType::Binary,
                    _ => return bad_capture(o),
                },
            });
        }
        _ => return None,
    }
    o.only_run = true;
    Some(())
}

/// A type that there is not is found when the capture is resolved, after the options were accepted.
fn bad_capture(o: &mut Parsed<'_>) -> Option<()> {
    o.capture = Some(Capture {
        values: Term::NONE,
        kind: CaptureType::Index,
    });
    o.only_run = true;
    Some(())
}

fn plain(o: &mut Parsed<'_>, name: Atom) -> Option<()> {
    let run = match name {
        am::notbol => match_option::NOTBOL,
        am::noteol => match_option::NOTEOL,
        am::notempty => match_option::NOTEMPTY,
        am::notempty_atstart => match_option::NOTEMPTY_ATSTART,
        _ => 0,
    };
    if run != 0 {
        o.run_bits |= run;
        o.only_run = true;
        return Some(());
    }
    match name {
        am::global => {
            o.global = true;
            o.only_run = true;
        }
        am::report_errors => {
            o.report_errors = true;
            o.only_run = true;
        }
        am::bsr_anycrlf => o.bsr = Some(Bsr::Anycrlf),
        am::bsr_unicode => o.bsr = Some(Bsr::Unicode),
        // These two are for both.
        am::anchored => {
            o.compile.bits |= option::ANCHORED;
            o.run_bits |= option::ANCHORED;
        }
        am::no_start_optimize => o.compile.bits |= option::NO_START_OPTIMIZE,
        _ => {
            o.compile.bits |= compile_bit(name)?;
            o.only_compile = true;
        }
    }
    Some(())
}

fn compile_bit(name: Atom) -> Option<u32> {
    Some(match name {
        am::caseless => option::CASELESS,
        am::dollar_endonly => option::DOLLAR_ENDONLY,
        am::dotall => option::DOTALL,
        am::dupnames => option::DUPNAMES,
        am::extended => option::EXTENDED,
        am::firstline => option::FIRSTLINE,
        am::multiline => option::MULTILINE,
        am::never_utf => option::NEVER_UTF,
        am::no_auto_capture => option::NO_AUTO_CAPTURE,
        am::ucp => option::UCP,
        am::ungreedy => option::UNGREEDY,
        am::unicode => option::UTF,
        _ => return None,
    })
}

/// The groups of a name.
fn named(regex: &Regex, name: &[u8]) -> Vec<usize> {
    let all = regex.names().iter().filter(|(n, _)| n == name);
    all.map(|(_, group)| *group).collect()
}

impl Capture<'_> {
    /// What is meant for this pattern; `None` if the specification is none.
    pub fn resolve(&self, regex: &Regex) -> Option<Resolved> {
        let wanted = match self.values.kind() {
            Kind::Atom(am::all) => Wanted::AllFrom(0),
            Kind::Atom(am::all_but_first) => Wanted::AllFrom(1),
            Kind::Atom(am::first) => Wanted::These(vec![vec![0]]),
            Kind::Atom(am::none) | Kind::Nil => Wanted::None,
            Kind::Atom(am::all_names) => {
                let mut names: Vec<&Vec<u8>> = regex.names().iter().map(|(n, _)| n).collect();
                names.dedup();
                if names.is_empty() {
                    Wanted::None
                } else {
                    Wanted::These(names.into_iter().map(|n| named(regex, n)).collect())
                }
            }
            Kind::Cons(..) => {
                let items = self.values.to_vec()?;
                let groups: Option<_> = items.iter().map(|t| groups_of(regex, *t)).collect();
                Wanted::These(groups?)
            }
            _ => return None,
        };
        Some(Resolved {
            wanted,
            kind: self.kind,
        })
    }
}

/// The groups that a number or a name means.
fn groups_of(regex: &Regex, t: Term<'_>) -> Option<Vec<usize>> {
    match t.kind() {
        Kind::Small(n) => Some(usize::try_from(n).into_iter().collect()),
        Kind::Atom(name) => Some(named(regex, name.name().as_bytes())),
        Kind::Bits(_) | Kind::Cons(..) | Kind::Nil => Some(named(regex, &iolist::to_bytes(t)?)),
        _ => None,
    }
}
