//! BIFs of ports. Those of `erts_internal` answer errors as atoms, which `erlang` turns into exceptions.

use super::core::Writer;
use super::{Ending, Port, find, info, open, signals, table};
use crate::args;
use corten_engine::bif::OrBadarg;
use corten_engine::signal::Parcel;
use corten_engine::{Args, Bif, BifResult, Process, Stop, bifs};
use corten_term::{RefNumbers, Term, am};
use std::sync::Arc;

pub const BIFS: &[Bif] = bifs![
    erts_internal:open_port/2 => open::open_port [DIRTY_IO],
    erts_internal:port_command/3 => port_command,
    erts_internal:port_control/3 => port_control,
    erts_internal:port_call/3 => port_call,
    erts_internal:port_close/1 => port_close,
    erts_internal:port_connect/2 => port_connect,
    erts_internal:port_info/1 => port_info_1,
    erts_internal:port_info/2 => port_info_2,
    erlang:port_set_data/2 => port_set_data,
    erlang:port_get_data/1 => port_get_data,
    erlang:ports/0 => ports,
];

/// The open port that an identifier or a registered name means.
fn lookup(t: Term<'_>) -> Option<Arc<Port>> {
    if let Some(id) = t.as_local_port() {
        return find(id);
    }
    crate::deliver::port_of_name(t.as_atom()?).and_then(find)
}

const BADARG: Term<'static> = Term::atom(am::badarg);

/// `true`, `false` (busy and `nosuspend`), an error, or a reference: the answer comes when the port has room.
fn port_command<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let (mut force, mut nosuspend) = (false, false);
    for option in a[2].to_vec().unwrap_or(vec![Term::NIL]) {
        match option.as_atom() {
            Some(am::force) => force = true,
            Some(am::nosuspend) => nosuspend = true,
            _ => return Ok(Term::atom(am::badopt)),
        }
    }
    let Some(port) = lookup(a[0]) else {
        return Ok(BADARG);
    };
    let Some(data) = args::iolist(a[1]) else {
        return Ok(BADARG);
    };
    p.bump_reductions(1 + data.len() / 256);
    let done = port.with(|core, driver| {
        if force && !driver.takes_data_while_busy() {
            return Term::atom(am::notsup);
        }
        core.caller = p.pid();
        if !core.busy || force {
            core.write(driver, &data);
            return Term::TRUE;
        }
        if nosuspend {
            return Term::FALSE;
        }
        let reference = RefNumbers::fresh();
        let pid = p.pid();
        core.writers.push(Writer {
            pid,
            reference,
            data,
        });
        p.heap.reference(reference)
    });
    Ok(done.unwrap_or(BADARG))
}

fn operation(t: Term<'_>) -> Option<u32> {
    t.as_u64().and_then(|n| u32::try_from(n).ok())
}

fn port_control<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let request = || Some((lookup(a[0])?, operation(a[1])?, args::iolist(a[2])?));
    let Some((port, operation, data)) = request() else {
        return Ok(BADARG);
    };
    let answer = port.with(|core, driver| {
        core.caller = p.pid();
        let answer = driver.control(core, operation, &data)?;
        Some(if driver.control_is_binary() {
            p.heap.binary(&answer)
        } else {
            p.heap.latin1_string(&answer)
        })
    });
    Ok(answer.flatten().unwrap_or(BADARG))
}

/// No built-in driver has calls.
fn port_call<'h>(_: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(BADARG)
}

fn port_close<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(match lookup(a[0]) {
        Some(port) => {
            port.close(Ending::Normal, None);
            Term::TRUE
        }
        None => BADARG,
    })
}

fn port_connect<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let done = lookup(a[0])
        .zip(a[1].as_local_pid())
        .is_some_and(|(port, new)| signals::connect(&port, new));
    Ok(if done { Term::TRUE } else { BADARG })
}

fn port_info_1<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    if a[0].as_local_port().is_none() && !a[0].is_atom() {
        return Ok(BADARG);
    }
    let all = lookup(a[0]).and_then(|port| port.with(|core, driver| info::all(p, core, driver)));
    Ok(all.unwrap_or(Term::UNDEFINED))
}

fn port_info_2<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    if a[0].as_local_port().is_none() && !a[0].is_atom() {
        return Ok(Term::atom(am::badtype));
    }
    let Some(item) = a[1].as_atom() else {
        return Ok(BADARG);
    };
    let found =
        lookup(a[0]).and_then(|port| port.with(|core, driver| info::item(p, core, driver, item)));
    Ok(match found {
        Some(Some(t)) => t,
        Some(None) => BADARG,
        None => Term::UNDEFINED,
    })
}

fn port_set_data<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let data = Parcel::pack_whole(a[1]);
    let port = lookup(a[0]).badarg()?;
    port.with(|core, _| core.data = Some(Box::new(data)))
        .badarg()?;
    Ok(Term::TRUE)
}

fn port_get_data<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let port = lookup(a[0]).badarg()?;
    port.with(|core, _| match &core.data {
        Some(data) => corten_term::copy::copy(data.term(), &p.heap),
        None => Term::UNDEFINED,
    })
    .ok_or(Stop::BADARG)
}

fn ports<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    let all = table::all();
    Ok(args::list(p, all.iter().map(|port| Term::port(port.id))))
}
