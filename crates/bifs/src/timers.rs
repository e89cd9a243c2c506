//! `start_timer`, `send_after`, `cancel_timer`, `read_timer`.

use crate::prelude::*;
use corten_engine::signal::{Parcel, send};
use corten_engine::time;
use corten_engine::timer::{self, Receiver};
use corten_term::RefNumbers;

pub const BIFS: &[Bif] = bifs![
    erlang:start_timer/3 => start_timer_3,
    erlang:start_timer/4 => start_timer_4,
    erlang:send_after/3 => send_after_3,
    erlang:send_after/4 => send_after_4,
    erlang:cancel_timer/1 => cancel_timer_1,
    erlang:cancel_timer/2 => cancel_timer_2,
    erlang:read_timer/1 => read_timer_1,
    erlang:read_timer/2 => read_timer_2,
];

const NANOSECONDS: i64 = 1_000_000;

fn start_timer_3<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    start(p, args, false, true)
}
fn start_timer_4<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    start(p, args, absolute(args[3])?, true)
}
fn send_after_3<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    start(p, args, false, false)
}
fn send_after_4<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    start(p, args, absolute(args[3])?, false)
}

/// `[{abs, Bool}]`.
fn absolute<'h>(options: Term<'h>) -> Result<bool, Stop<'h>> {
    let bad = || Stop::badarg_because(am::badopt);
    let mut abs = false;
    for o in options.to_vec().ok_or(bad())? {
        match o.as_tuple_of::<2>() {
            Some([name, value]) if name.is(am::abs) => abs = value.as_bool().ok_or(bad())?,
            _ => return Err(bad()),
        }
    }
    Ok(abs)
}

/// When a timer is to go off, in monotonic nanoseconds.
fn due(time: Term<'_>, absolute: bool) -> Option<i64> {
    let ms = time.as_i64()?;
    if absolute {
        return ms
            .checked_mul(NANOSECONDS)
            .filter(|at| *at <= time::END_TIME);
    }
    let at = ms.checked_mul(NANOSECONDS).filter(|_| ms >= 0)?;
    time::monotonic()
        .checked_add(at)
        .filter(|at| *at <= time::END_TIME)
}

fn start<'h>(p: &'h Process, args: Args<'h>, absolute: bool, wrap: bool) -> BifResult<'h> {
    let at = due(args[0], absolute).ok_or(Stop::badarg_because(am::time))?;
    let to = match (args[1].as_local_pid(), args[1].as_atom()) {
        (Some(pid), _) => Receiver::Process(pid),
        (_, Some(name)) => Receiver::Name(name),
        _ => return Err(Stop::BADARG),
    };
    let reference = RefNumbers::fresh();
    // The timer may run for long, so it owns literals too.
    let message = if wrap {
        let timeout = Term::atom(am::timeout);
        Parcel::pack_whole(
            p.heap
                .tuple(&[timeout, p.heap.reference(reference), args[2]]),
        )
    } else {
        Parcel::pack_whole(args[2])
    };
    timer::start(at, to, reference, message);
    p.bump_reductions(2);
    Ok(p.heap.reference(reference))
}

fn number(left: Option<u64>) -> Term<'static> {
    left.map_or(Term::FALSE, |ms| {
        Term::small(i64::try_from(ms).unwrap_or(corten_term::layout::SMALL_MAX))
    })
}

fn cancel_timer_1<'h>(_: &'h Process, args: Args<'h>) -> BifResult<'h> {
    let r = args[0].as_reference().badarg()?;
    Ok(number(r.local().and_then(timer::cancel)))
}

fn read_timer_1<'h>(_: &'h Process, args: Args<'h>) -> BifResult<'h> {
    let r = args[0].as_reference().badarg()?;
    Ok(number(r.local().and_then(timer::read)))
}

/// `[{async, Bool}, {info, Bool}]`.
fn flags<'h>(options: Term<'h>, info_allowed: bool) -> Result<(bool, bool), Stop<'h>> {
    let bad = || Stop::badarg_because(am::badopt);
    let (mut asynchronous, mut info) = (false, true);
    for o in options.to_vec().ok_or(bad())? {
        match o.as_tuple_of::<2>() {
            Some([name, v]) if name.is(am::async_) => asynchronous = v.as_bool().ok_or(bad())?,
            Some([name, v]) if info_allowed && name.is(am::info) => {
                info = v.as_bool().ok_or(bad())?;
            }
            _ => return Err(bad()),
        }
    }
    Ok((asynchronous, info))
}

/// `{Tag, Reference, Result}` to the caller itself.
fn tell(p: &Process, tag: Atom, reference: Term<'_>, result: Term<'static>) {
    let message = Parcel::build(|h| {
        let reference = corten_term::copy::copy(reference, h);
        h.tuple(&[Term::atom(tag), reference, result])
    });
    send::parcel(p.pid(), message);
}

fn cancel_timer_2<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    let (asynchronous, info) = flags(args[1], true)?;
    let left = cancel_timer_1(p, args)?.as_small();
    let left = number(left.and_then(|n| u64::try_from(n).ok()));
    if asynchronous && info {
        tell(p, am::cancel_timer, args[0], left);
    }
    Ok(if asynchronous || !info {
        Term::OK
    } else {
        left
    })
}

fn read_timer_2<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    let (asynchronous, _) = flags(args[1], false)?;
    let left = read_timer_1(p, args)?.as_small();
    let left = number(left.and_then(|n| u64::try_from(n).ok()));
    if asynchronous {
        tell(p, am::read_timer, args[0], left);
        return Ok(Term::OK);
    }
    Ok(left)
}
