//! Links, monitors, aliases and exit signals.

use crate::prelude::*;
use crate::spawn::{monitor_options, priority_option};
use corten_engine::code::export;
use corten_engine::node;
use corten_engine::signal::link::NoProcess;
use corten_engine::signal::monitor::{self as monitors, Options, What};
use corten_engine::signal::node::ExitKind;
use corten_engine::signal::relations::{Alias, AliasMode, Target};
use corten_engine::signal::{Parcel, handle, link as links, ports, send};
use corten_engine::trace::{event, flags};

pub const BIFS: &[Bif] = bifs![
    erlang:link/1 => link,
    erlang:unlink/1 => unlink,
    erlang:monitor/2 => monitor_2,
    erlang:monitor/3 => monitor_3,
    erlang:demonitor/1 => demonitor_1,
    erlang:demonitor/2 => demonitor_2,
    erlang:alias/1 => alias,
    erlang:unalias/1 => unalias,
    erlang:exit/2 => exit,
    erlang:exit_signal/2 => exit_signal,
    erlang:exit/3 => exit_3,
    erlang:exit_signal/3 => exit_signal_3,
    erlang:link/2 => link_2,
];

fn link<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    link_as(p, args[0], false)
}

fn link_2<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    link_as(p, args[0], is_priority(args[1])?)
}

/// The options of functions that know only one: it asks for priority messages.
fn is_priority<'h>(list: Term<'h>) -> Result<bool, Stop<'h>> {
    priority_option(list).ok_or(Stop::badarg_because(am::badopt))
}

fn link_as<'h>(p: &'h Process, to: Term<'h>, priority: bool) -> BifResult<'h> {
    if to.as_local_pid().is_some() || to.as_local_port().is_some() {
        if p.shared.is_traced(flags::PROCS) {
            event::procs(&p.shared, am::link, to.raw());
        }
        return match links::link(p, to, priority) {
            Ok(()) => Ok(Term::TRUE),
            Err(NoProcess) => nobody(p, to, am::noproc, priority),
        };
    }
    if monitors::is_from_here(to) {
        return nobody(p, to, am::noproc, priority);
    }
    if to.is_pid() {
        // No connection to other nodes can be made: the link breaks at once.
        return exit_to_self(p, to, am::noconnection, priority);
    }
    Err(Stop::BADARG)
}

/// A process that traps exits is told; to others it is an error.
fn nobody<'h>(p: &'h Process, to: Term<'h>, why: Atom, priority: bool) -> BifResult<'h> {
    if p.shared.traps_exit() {
        exit_to_self(p, to, why, priority)
    } else {
        Err(Stop::error(Term::atom(why)))
    }
}

fn exit_to_self<'h>(p: &'h Process, from: Term<'h>, why: Atom, priority: bool) -> BifResult<'h> {
    if p.shared.traps_exit() {
        let message = p.heap.tuple(&[Term::atom(am::EXIT), from, Term::atom(why)]);
        if priority {
            handle::arrive_first(p, Parcel::pack(message));
            return Ok(Term::TRUE);
        }
        send::message(p.pid(), message);
        return Ok(Term::TRUE);
    }
    let reason = Parcel::pack(Term::atom(why));
    send::exit(p.pid(), from.raw(), reason, ExitKind::Sent);
    Err(Stop::YieldWith(Term::TRUE))
}

fn unlink<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    let from = args[0];
    if from.as_local_pid().is_some() || from.as_local_port().is_some() {
        if p.shared.is_traced(flags::PROCS) {
            event::procs(&p.shared, am::unlink, from.raw());
        }
        links::unlink(p, from);
    } else if !from.is_pid() {
        return Err(Stop::BADARG);
    }
    Ok(Term::TRUE)
}

fn monitor_2<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    monitor(p, args[0], args[1], Options::default())
}

fn monitor_3<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    let o = monitor_options(args[2]).ok_or(Stop::badarg_because(am::badopt))?;
    monitor(p, args[0], args[1], o.into())
}

fn monitor<'h>(p: &'h Process, kind: Term<'h>, item: Term<'h>, o: Options) -> BifResult<'h> {
    let what = match kind.as_atom() {
        Some(am::process) => process_to_watch(item).badarg()?,
        Some(am::port) => port_to_watch(item).badarg()?,
        Some(am::time_offset) if item.is(am::clock_service) => What::TimeOffset,
        Some(am::time_offset) => return Err(Stop::BADARG),
        _ => return Err(Stop::badarg_because(am::badtype)),
    };
    Ok(monitors::monitor(p, what, o))
}

fn process_to_watch(item: Term<'_>) -> Option<What<'_>> {
    if let Some(pid) = item.as_local_pid() {
        return Some(What::Process(pid));
    }
    if let Some(name) = item.as_atom() {
        return Some(What::ProcessName(name));
    }
    if item.is_pid() {
        return Some(What::Remote(item));
    }
    let [name, host] = item.as_tuple_of::<2>()?;
    let (name, host) = (name.as_atom()?, host.as_atom()?);
    if host == node().name() {
        return Some(What::ProcessName(name));
    }
    // A node that is not distributed knows no other nodes.
    (host == am::Noname || node().name() != am::Noname).then_some(What::Remote(item))
}

fn port_to_watch(item: Term<'_>) -> Option<What<'_>> {
    if let Some(port) = item.as_local_port() {
        return Some(What::Port(port));
    }
    if let Some(name) = item.as_atom() {
        return Some(What::PortName(name));
    }
    if monitors::is_from_here(item) {
        return item.is_port().then_some(What::Remote(item));
    }
    let [name, host] = item.as_tuple_of::<2>()?;
    let (name, host) = (name.as_atom()?, host.as_atom()?);
    (host == node().name()).then_some(What::PortName(name))
}

/// Ends the monitor; whether there was one, and whether it sends many messages.
fn end<'h>(p: &'h Process, reference: Term<'h>) -> Result<(bool, bool), Stop<'h>> {
    let r = reference.as_reference().badarg()?;
    if r.pid.is_some_and(|pid| pid != p.pid()) {
        return Err(Stop::BADARG);
    }
    let Some(numbers) = r.local() else {
        return Ok((false, false));
    };
    let many = p.with_relations(|r| {
        r.monitors
            .get(&numbers)
            .is_some_and(|m| m.target == Target::TimeOffset)
    });
    Ok((monitors::demonitor(p, numbers), many))
}

fn demonitor_1<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    end(p, args[0])?;
    Ok(Term::TRUE)
}

fn demonitor_2<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    let (mut flush, mut info) = (false, false);
    for o in args[1].to_vec().badarg()? {
        match o.as_atom() {
            Some(am::flush) => flush = true,
            Some(am::info) => info = true,
            _ => return Err(Stop::BADARG),
        }
    }
    let (found, many) = end(p, args[0])?;
    let result = Term::bool(found || !info);
    if flush && (!found || many) {
        let to = export(am::erts_internal, am::flush_monitor_messages, 3);
        return Err(Stop::Trap(to, vec![args[0], Term::bool(many), result]));
    }
    Ok(result)
}

fn alias<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    let mut alias = Alias::from(AliasMode::Explicit);
    for o in args[0].to_vec().badarg()? {
        match o.as_atom() {
            Some(am::explicit_unalias) => alias.mode = AliasMode::Explicit,
            Some(am::reply) => alias.mode = AliasMode::Reply,
            Some(am::priority) if node().config.release() >= 28 => alias.priority = true,
            _ => return Err(Stop::BADARG),
        }
    }
    Ok(monitors::alias(p, alias))
}

fn unalias<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    let r = args[0].as_reference().badarg()?;
    let ours = r.pid == Some(p.pid());
    let ended = r.local().filter(|_| ours);
    Ok(Term::bool(ended.is_some_and(|n| monitors::unalias(p, n))))
}

fn exit<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    exit_as(p, args[0], args[1], false)
}

fn exit_3<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    exit_as(p, args[0], args[1], is_priority(args[2])?)
}

fn exit_as<'h>(p: &'h Process, to: Term<'h>, reason: Term<'h>, priority: bool) -> BifResult<'h> {
    if to.as_local_pid() == Some(p.pid()) && (reason.is(am::kill) || !p.shared.traps_exit()) {
        send::exit(
            p.pid(),
            p.pid().word(),
            Parcel::pack(reason),
            ExitKind::Sent,
        );
        // The signal is handled before the call returns.
        return Err(Stop::YieldWith(Term::TRUE));
    }
    send_exit(p, to, reason, priority)
}

fn exit_signal<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    exit_signal_as(p, args[0], args[1], false)
}

fn exit_signal_3<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    exit_signal_as(p, args[0], args[1], is_priority(args[2])?)
}

fn exit_signal_as<'h>(
    p: &'h Process,
    to: Term<'h>,
    reason: Term<'h>,
    priority: bool,
) -> BifResult<'h> {
    if to.as_local_pid() == Some(p.pid()) && reason.is(am::normal) && !p.shared.traps_exit() {
        // Unlike `exit/2`, this one is ignored.
        return Ok(Term::TRUE);
    }
    send_exit(p, to, reason, priority)
}

fn send_exit<'h>(p: &'h Process, to: Term<'h>, reason: Term<'h>, priority: bool) -> BifResult<'h> {
    if let Some(pid) = to.as_local_pid() {
        send::exit(pid, p.pid().word(), Parcel::pack(reason), ExitKind::Sent);
    } else if let Some(port) = to.as_local_port() {
        if let Some(t) = ports::get() {
            t.exit(port, p.pid(), Parcel::pack(reason));
        }
    } else if let Some(r) = to.as_reference()
        && node().config.release() >= 28
    {
        // An alias; other references are nobody's.
        if let (Some(numbers), Some(pid)) = (r.local(), r.pid) {
            send::exit_alias(pid, numbers, p.pid(), Parcel::pack(reason), priority);
        }
        if r.pid == Some(p.pid()) {
            return Err(Stop::YieldWith(Term::TRUE));
        }
    } else if !to.is_pid() {
        return Err(Stop::BADARG);
    }
    Ok(Term::TRUE)
}
