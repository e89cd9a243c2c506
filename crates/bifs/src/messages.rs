//! Sending, and registered names.

use crate::prelude::*;
use corten_engine::node;
use corten_engine::registry::{self, NameError, Registered};
use corten_engine::signal::send::{self, Sent};

pub const BIFS: &[Bif] = bifs![
    erlang:"!"/2 => send_2,
    erlang:send/2 => send_2,
    erlang:send/3 => send_3,
    erlang:register/2 => register,
    erlang:unregister/1 => unregister,
    erlang:whereis/1 => whereis,
    erlang:registered/0 => registered,
];

fn send_2<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    p.bump_reductions(4);
    match send::send(p, args[0], args[1]) {
        Sent::Done | Sent::Remote => Ok(args[1]),
        Sent::BadName | Sent::BadDestination => Err(Stop::BADARG),
    }
}

fn send_3<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    let bad = || Stop::badarg_because(am::badopt);
    let (mut connect, mut priority) = (true, false);
    for o in args[2].to_vec().ok_or(bad())? {
        match o.as_atom() {
            Some(am::noconnect) => connect = false,
            Some(am::nosuspend) => {}
            Some(am::priority) if node().config.release() >= 28 => priority = true,
            _ => return Err(bad()),
        }
    }
    p.bump_reductions(4);
    match send::send_as(p, args[0], args[1], priority) {
        Sent::Remote if !connect => Ok(Term::atom(am::noconnect)),
        Sent::Done | Sent::Remote => Ok(Term::OK),
        Sent::BadName | Sent::BadDestination => Err(Stop::BADARG),
    }
}

fn register<'h>(_: &'h Process, args: Args<'h>) -> BifResult<'h> {
    let bad = || Stop::badarg_because(am::none);
    let name = args[0].as_atom().filter(|n| *n != am::undefined);
    let name = name.ok_or(bad())?;
    let what = match (args[1].as_local_pid(), args[1].as_local_port()) {
        (Some(pid), _) => Registered::Process(pid),
        (_, Some(port)) => Registered::Port(port),
        _ => return Err(bad()),
    };
    match registry::register(name, what) {
        Ok(()) => Ok(Term::TRUE),
        Err(NameError::Named) => Err(Stop::badarg_because(am::registered_name)),
        Err(NameError::Gone) if args[1].is_pid() => Err(Stop::badarg_because(am::notalive)),
        Err(NameError::Taken | NameError::Gone | NameError::Unknown) => {
            Err(Stop::badarg_because(am::none))
        }
    }
}

fn unregister<'h>(_: &'h Process, args: Args<'h>) -> BifResult<'h> {
    let name = args[0].as_atom().badarg()?;
    registry::unregister(name).map_err(|_| Stop::BADARG)?;
    Ok(Term::TRUE)
}

fn whereis<'h>(_: &'h Process, args: Args<'h>) -> BifResult<'h> {
    Ok(match registry::whereis(args[0].as_atom().badarg()?) {
        Some(Registered::Process(pid)) => Term::pid(pid),
        Some(Registered::Port(port)) => Term::port(port),
        None => Term::UNDEFINED,
    })
}

fn registered<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    let names: Vec<_> = registry::names().into_iter().map(Term::atom).collect();
    Ok(p.heap.list(&names))
}
