//! `erl_ddll`: the drivers that are built in, and why no others can be loaded. They are there from the start,
//! for good and for all processes.

use crate::atoms::intern;
use crate::port::DRIVERS;
use crate::{args, deliver};
use corten_engine::bif::OrBadarg;
use corten_engine::signal::Parcel;
use corten_engine::{Args, Bif, BifResult, Process, Stop, bifs};
use corten_term::{RefNumbers, Term, am, copy};

pub const BIFS: &[Bif] = bifs![
    erl_ddll:loaded_drivers/0 => loaded_drivers,
    erl_ddll:try_load/3 => try_load [DIRTY_IO],
    erl_ddll:try_unload/2 => try_unload,
    erl_ddll:info/2 => info,
    erl_ddll:format_error_int/1 => format_error,
    erl_ddll:monitor/2 => monitor,
    erl_ddll:demonitor/1 => demonitor,
];

/// The reference engine's number for a library that cannot be opened.
const CANNOT_OPEN: i64 = -10;

fn built_in(name: &str) -> bool {
    DRIVERS.iter().any(|d| d.name == name)
}

/// A driver's name: an atom or an I/O list.
fn name(t: Term<'_>) -> Option<String> {
    match t.as_atom() {
        Some(a) => Some(a.name().to_string()),
        None => String::from_utf8(args::iolist(t)?).ok(),
    }
}

fn linked_in() -> Term<'static> {
    Term::atom(am::linked_in_driver)
}

fn failed<'h>(p: &'h Process, why: Term<'h>) -> Term<'h> {
    p.heap.tuple(&[Term::atom(am::error), why])
}

fn loaded_drivers<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    let names = DRIVERS
        .iter()
        .map(|d| p.heap.latin1_string(d.name.as_bytes()));
    Ok(args::ok(p, args::list(p, names)))
}

/// Options are `{driver_options, _}`, `{monitor, _}` and `{reload, _}`.
fn load_options(list: Term<'_>) -> Option<()> {
    for option in list.to_vec()? {
        let [key, _] = option.as_tuple_of::<2>()?;
        let key = key.as_atom()?;
        if ![am::driver_options, am::monitor, intern("reload")].contains(&key) {
            return None;
        }
    }
    Some(())
}

fn try_load<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    args::iolist(a[0]).badarg()?;
    let name = name(a[1]).badarg()?;
    load_options(a[2]).badarg()?;
    if built_in(&name) {
        return Ok(failed(p, linked_in()));
    }
    let why = [Term::atom(am::open_error), Term::small(CANNOT_OPEN)];
    Ok(failed(p, p.heap.tuple(&why)))
}

fn try_unload<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let name = name(a[0]).badarg()?;
    for option in a[1].to_vec().badarg()? {
        let known = option.is(am::kill_ports)
            || option
                .as_tuple_of::<2>()
                .is_some_and(|[key, _]| key.is(am::monitor));
        if !known {
            return Err(Stop::BADARG);
        }
    }
    Ok(failed(
        p,
        if built_in(&name) {
            linked_in()
        } else {
            Term::atom(am::not_loaded)
        },
    ))
}

fn info<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    if !built_in(&name(a[0]).badarg()?) {
        return Err(Stop::BADARG);
    }
    match a[1].as_atom() {
        Some(am::linked_in_driver) => Ok(Term::TRUE),
        Some(am::permanent) => Ok(Term::FALSE),
        Some(
            am::processes
            | am::driver_options
            | am::port_count
            | am::awaiting_load
            | am::awaiting_unload,
        ) => Ok(linked_in()),
        _ => Err(Stop::BADARG),
    }
}

fn format_error<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let text = match (a[0].as_atom(), a[0].as_tuple_of::<2>()) {
        (Some(am::linked_in_driver), _) => {
            "Driver is statically linked and cannot be loaded/unloaded"
        }
        (Some(am::not_loaded), _) => "The driver is not loaded",
        (None, Some([kind, number]))
            if kind.is(am::open_error) && number.as_small() == Some(CANNOT_OPEN) =>
        {
            "cannot open shared object file: drivers in native code are not supported"
        }
        _ => return Err(Stop::BADARG),
    };
    Ok(p.heap.latin1_string(text.as_bytes()))
}

/// `monitor(driver, {Name, loaded | unloaded | unloaded_only})`: what is built in is loaded for good, all else is
/// not and will not be; so the answer comes at once.
fn monitor<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let [driver, when] = a[1].as_tuple_of::<2>().badarg()?;
    let known = built_in(&name(*driver).badarg()?);
    let when = when.as_atom().badarg()?;
    if !a[0].is(am::driver) || ![am::loaded, am::unloaded, intern("unloaded_only")].contains(&when)
    {
        return Err(Stop::BADARG);
    }
    let (tag, state) = if known {
        (am::UP, am::permanent)
    } else {
        (am::DOWN, am::unloaded)
    };
    let reference = RefNumbers::fresh();
    let driver = Parcel::pack_whole(*driver);
    deliver::message(p.pid(), |h| {
        h.tuple(&[
            Term::atom(tag),
            h.reference(reference),
            Term::atom(am::driver),
            copy::copy(driver.term(), h),
            Term::atom(state),
        ])
    });
    Ok(p.heap.reference(reference))
}

/// Monitors have ended by the time that one could be taken back.
fn demonitor<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    a[0].as_local_reference().badarg()?;
    Ok(Term::TRUE)
}
