//! `erlang:halt/2`.

use crate::prelude::*;
use corten_engine::halt;

pub const BIFS: &[Bif] = bifs![erlang:halt/2 => halt_2];

/// Longest slogan that the reference engine takes.
const SLOGAN_MAX: usize = 1023;

fn halt_2<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let bad_option = || Stop::badarg_because(am::badopt);
    for option in a[1].to_vec().ok_or_else(bad_option)? {
        match option.as_tuple() {
            Some([k, v]) if k.is(am::flush) && v.as_bool().is_some() => {}
            Some([k, v])
                if k.is(am::flush_timeout)
                    && v.as_u64().is_some_and(|n| u32::try_from(n).is_ok()) => {}
            _ => return Err(bad_option()),
        }
    }
    if let Some(status) = a[0].as_u64() {
        // The operating system keeps eight bits of it.
        halt::halt((status & i32::MAX as u64) as i32)
    }
    if a[0].is(am::abort) {
        halt::abort()
    }
    let characters = a[0]
        .is_list()
        .then(|| crate::util::characters(a[0]))
        .flatten()
        .badarg()?;
    if characters.len() > SLOGAN_MAX {
        return Err(Stop::BADARG);
    }
    let text = characters
        .into_iter()
        .map(char::from_u32)
        .collect::<Option<String>>()
        .badarg()?;
    halt::halt_with_slogan(text.as_bytes())
}
