//! Native code coverage, which this engine does not have: the answers are those of an emulator without it.

use crate::prelude::*;

pub const BIFS: &[Bif] = bifs![
    code:coverage_support/0 => coverage_support,
    code:get_coverage_mode/0 => mode,
    code:get_coverage_mode/1 => mode,
    code:set_coverage_mode/1 => set_mode,
    code:get_coverage/2 => none,
    code:reset_coverage/1 => none,
];

fn coverage_support<'h>(_: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(Term::FALSE)
}

fn mode<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    if let Some(module) = a.first() {
        module.as_atom().badarg()?;
    }
    Ok(Term::atom(am::none))
}

fn set_mode<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    match a[0].as_atom() {
        Some(am::none) => Ok(Term::atom(am::none)),
        _ => Err(Stop::BADARG),
    }
}

fn none<'h>(_: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Err(Stop::BADARG)
}
