//! `erl_debugger` (OTP 28). There is no debugging by the engine yet, which is what tools ask first; the other functions of
//! the module raise the error that names them.

use crate::prelude::*;

pub const BIFS: &[Bif] = bifs![
    erl_debugger:supported/0 => supported,
];

fn supported<'h>(_: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(Term::FALSE)
}
