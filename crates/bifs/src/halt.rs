//! `erlang:halt/2`.

use crate::prelude::*;
use corten_engine::halt::{self, Flush};
use corten_engine::node;
use std::time::Duration;

pub const BIFS: &[Bif] = bifs![erlang:halt/2 => halt_2];

/// Characters of a slogan that are shown; the rest is cut off.
const SLOGAN_MAX: usize = 1023;

fn halt_2<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let bad_option = || Stop::badarg_because(am::badopt);
    let (mut flush, mut limit) = (true, node().config.shown.halt_flush_timeout);
    for option in a[1].to_vec().ok_or_else(bad_option)? {
        match option.as_tuple() {
            Some([k, v]) if k.is(am::flush) => flush = v.as_bool().ok_or_else(bad_option)?,
            Some([k, v]) if k.is(am::flush_timeout) && v.is(am::infinity) => limit = None,
            Some([k, v]) if k.is(am::flush_timeout) => {
                let time = v.as_u64().and_then(|n| u32::try_from(n).ok());
                limit = Some(time.ok_or_else(bad_option)?.into());
            }
            _ => return Err(bad_option()),
        }
    }
    if let Some(status) = a[0].as_u64() {
        // The operating system keeps eight bits of it.
        let flush = if flush {
            Flush::Yes(limit.map(Duration::from_millis))
        } else {
            Flush::No
        };
        halt::halt_with((status & i32::MAX as u64) as i32, flush)
    }
    if a[0].is(am::abort) {
        halt::abort()
    }
    let mut characters = a[0]
        .is_list()
        .then(|| crate::util::characters(a[0]))
        .flatten()
        .badarg()?;
    characters.truncate(SLOGAN_MAX);
    let text = characters
        .into_iter()
        .map(char::from_u32)
        .collect::<Option<String>>()
        .badarg()?;
    halt::halt_with_slogan(text.as_bytes())
}
