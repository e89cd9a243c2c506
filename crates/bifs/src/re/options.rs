//! The option lists of `re:compile` and `re:run`: one parser for both, as in OTP, so that each also checks
//! what only concerns the other.

use crate::prelude::*;
use corten_pcre::{Flags, Newline, Separator, Start};

/// Parsed options.
#[derive(Debug, Clone, Default)]
pub struct Parsed<'h> {
    pub flags: Flags,
    /// As PCRE 8 encodes it, where several settings combine: 1 CR, 2 LF, 3 CRLF, 4 any, 5 CR, LF or CRLF.
    pub newline: u8,
    /// 1: CR, LF or CRLF; 2: Unicode.
    pub separator: u8,
    pub start: Start,
    /// `{capture, Values, Type}`.
    pub capture: Option<(Term<'h>, Term<'h>)>,
    pub match_limit: Option<u32>,
    pub depth_limit: Option<u32>,
    pub global: bool,
    pub report_errors: bool,
    /// An option that only `run` knows was there.
    pub run_only: bool,
    /// An option that only `compile` knows was there.
    pub compile_only: bool,
    /// The pattern is to be used elsewhere (since OTP 28).
    pub export: bool,
}

impl<'h> Parsed<'h> {
    /// Reads an option list; `badopt` if something is wrong with it.
    pub fn from_list(list: Term<'h>) -> Result<Parsed<'h>, Stop<'h>> {
        let mut parsed = Parsed::default();
        let mut it = list.iter();
        for option in it.by_ref() {
            parsed
                .option(option)
                .ok_or(Stop::badarg_because(am::badopt))?;
        }
        if !it.tail().is_nil() {
            return Err(Stop::badarg_because(am::badopt));
        }
        Ok(parsed)
    }

    pub fn is_unicode(&self) -> bool {
        self.flags.contains(Flags::UTF)
    }
    /// Whether captures are returned as lists of characters.
    pub fn captures_lists(&self) -> bool {
        self.capture.is_some_and(|(_, kind)| kind.is(am::list))
    }

    fn option(&mut self, option: Term<'h>) -> Option<()> {
        if let Some(name) = option.as_atom() {
            return self.plain(name);
        }
        match option.as_tuple()? {
            [key, value] => self.pair(key.as_atom()?, *value),
            [key, values, kind] if key.is(am::capture) => {
                self.capture = Some((*values, *kind));
                self.run_only = true;
                Some(())
            }
            _ => None,
        }
    }

    fn pair(&mut self, key: Atom, value: Term<'h>) -> Option<()> {
        match key {
            am::capture => self.capture = Some((value, Term::atom(am::index))),
            am::offset => self.start.offset = number(value)? as usize,
            am::match_limit => self.match_limit = Some(number(value)?),
            am::match_limit_recursion => self.depth_limit = Some(number(value)?),
            am::newline => {
                self.newline |= match value.as_atom()? {
                    am::cr => 1,
                    am::lf => 2,
                    am::crlf => 3,
                    am::any => 4,
                    am::anycrlf => 5,
                    _ => return None,
                };
                return Some(());
            }
            _ => return None,
        }
        self.run_only = true;
        Some(())
    }

    fn plain(&mut self, name: Atom) -> Option<()> {
        match name {
            am::anchored => {
                self.flags |= Flags::ANCHORED;
                self.start.anchored = true;
            }
            am::bsr_anycrlf => self.separator |= 1,
            am::bsr_unicode => self.separator |= 2,
            _ => return self.run_option(name).or_else(|| self.compile_option(name)),
        }
        Some(())
    }

    fn run_option(&mut self, name: Atom) -> Option<()> {
        let switch = match name {
            am::notempty => &mut self.start.notempty,
            am::notempty_atstart => &mut self.start.notempty_atstart,
            am::notbol => &mut self.start.notbol,
            am::noteol => &mut self.start.noteol,
            am::report_errors => &mut self.report_errors,
            am::global => &mut self.global,
            _ => return None,
        };
        *switch = true;
        self.run_only = true;
        Some(())
    }

    fn compile_option(&mut self, name: Atom) -> Option<()> {
        if name.name() == "export" && corten_engine::node().config.release() >= 28 {
            self.export = true;
            self.compile_only = true;
            return Some(());
        }
        self.flags |= match name {
            am::no_start_optimize => Flags::NO_START_OPTIMIZE,
            am::caseless => Flags::CASELESS,
            am::dollar_endonly => Flags::DOLLAR_ENDONLY,
            am::dotall => Flags::DOTALL,
            am::extended => Flags::EXTENDED,
            am::firstline => Flags::FIRSTLINE,
            am::multiline => Flags::MULTILINE,
            am::no_auto_capture => Flags::NO_AUTO_CAPTURE,
            am::dupnames => Flags::DUPNAMES,
            am::ungreedy => Flags::UNGREEDY,
            am::ucp => Flags::UCP,
            am::never_utf => Flags::NEVER_UTF,
            am::unicode => Flags::UTF,
            _ => return None,
        };
        self.compile_only = true;
        Some(())
    }
}

/// A number that C's `int` can hold and that is not negative.
pub fn number(t: Term<'_>) -> Option<u32> {
    let n = t.as_small()?;
    i32::try_from(n).ok()?.try_into().ok()
}

/// The newline convention of this encoding; `None` for contradictions.
pub fn newline(encoded: u8) -> Option<Newline> {
    Some(match encoded {
        0 | 2 => Newline::Lf,
        1 => Newline::Cr,
        3 => Newline::CrLf,
        4 => Newline::Any,
        5 => Newline::AnyCrLf,
        _ => return None,
    })
}

/// What `\R` matches by this encoding; `None` for contradictions.
pub fn separator(encoded: u8) -> Option<Separator> {
    match encoded {
        0 | 2 => Some(Separator::Unicode),
        1 => Some(Separator::AnyCrLf),
        _ => None,
    }
}
