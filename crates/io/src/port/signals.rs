//! Signals from processes to ports: links, monitors, exits, messages.

use super::{Ending, Port, find};
use crate::{args, deliver};
use corten_engine::signal::Parcel;
use corten_engine::signal::ports::{self, Ports};
use corten_term::{Atom, Pid, PortId, RefNumbers, Term, am};
use std::sync::atomic::AtomicU32;

struct Table;

/// Makes the ports known to the engine.
pub fn install() {
    ports::install(&Table);
}

impl Ports for Table {
    fn exists(&self, port: PortId) -> bool {
        find(port).is_some()
    }
    fn link(&self, port: PortId, from: Pid) -> bool {
        with(port, |p| p.with(|core, _| core.links.insert(from, ())))
    }
    fn unlink(&self, port: PortId, from: Pid) {
        with(port, |p| p.with(|core, _| core.links.remove(&from)));
    }
    fn monitor(&self, port: PortId, from: Pid, reference: RefNumbers) -> bool {
        with(port, |p| {
            p.with(|core, _| core.watchers.push((reference, from)))
        })
    }
    fn demonitor(&self, port: PortId, reference: RefNumbers) {
        with(port, |p| {
            p.with(|core, _| core.watchers.retain(|(r, _)| *r != reference))
        });
    }
    fn exit(&self, port: PortId, from: Pid, reason: Parcel) {
        if let Some(port) = find(port) {
            exit(&port, from, reason);
        }
    }
    fn message(&self, port: PortId, from: Pid, message: Term<'_>) {
        if let Some(port) = find(port) {
            self::message(&port, from, message);
        }
    }
    fn all(&self) -> Vec<PortId> {
        super::table::all().iter().map(|p| p.id).collect()
    }
    fn trace(&self, port: PortId, message: Term<'_>) {
        super::trace_output(port, message);
    }
    fn with_trace_flags(&self, port: PortId, f: &mut dyn FnMut(&AtomicU32)) -> bool {
        with(port, |p| {
            f(&p.trace);
            Some(())
        })
    }
    fn registered(&self, port: PortId, name: Option<Atom>) -> bool {
        let set = |core: &mut super::Core| {
            let taken = core.name.is_some() && name.is_some();
            if !taken {
                core.name = name;
            }
            !taken
        };
        find(port).and_then(|p| p.with(|core, _| set(core))) == Some(true)
    }
}

fn with<R>(port: PortId, f: impl FnOnce(&Port) -> Option<R>) -> bool {
    find(port).is_some_and(|p| f(&p).is_some())
}

/// An exit signal ends the port, unless it says `normal` and comes from a process that is not the owner. Who sent it
/// by `exit/2` keeps its link; who ended has none any more.
fn exit(port: &Port, from: Pid, reason: Parcel) {
    let normal = reason.term().is(am::normal);
    let ends = port.with(|core, _| {
        if !corten_engine::node().processes.is_alive(from) {
            core.links.remove(&from);
        }
        !normal || core.connected == from
    });
    if ends != Some(true) {
        return;
    }
    let ending = if reason.term().is(am::kill) {
        Ending::Reason(Box::new(Parcel::pack(Term::atom(am::killed))))
    } else {
        Ending::Reason(Box::new(reason))
    };
    port.close(ending, None);
}

/// `{Owner, {command, Data}}`, `{Owner, {connect, Pid}}` or `{Owner, close}`. Who sends anything else, or in the
/// name of another owner, gets `badsig`.
fn message(port: &Port, from: Pid, message: Term<'_>) {
    let request = message
        .as_tuple_of::<2>()
        .and_then(|[owner, request]| Some((owner.as_local_pid()?, *request)));
    let Some((owner, request)) = request else {
        return badsig(port, from);
    };
    let connected = port.with(|core, _| core.connected == owner);
    match connected {
        None => return,
        Some(false) => return badsig(port, from),
        Some(true) => {}
    }
    if request.is(am::close) {
        return port.close(Ending::Normal, Some(owner));
    }
    let Some([kind, argument]) = request.as_tuple_of::<2>() else {
        return badsig(port, from);
    };
    if kind.is(am::command) {
        match args::iolist(*argument) {
            Some(data) => {
                port.with(|core, driver| {
                    core.caller = owner;
                    core.write(driver, &data);
                });
            }
            None => badsig(port, from),
        }
    } else if kind.is(am::connect) {
        match argument.as_local_pid() {
            Some(new) if connect(port, new) => {
                port.with(|core, _| core.message(owner, |_| Term::atom(am::connected)));
            }
            _ => badsig(port, from),
        }
    } else {
        badsig(port, from);
    }
}

fn badsig(port: &Port, to: Pid) {
    deliver::exit(to, port.id, Term::atom(am::badsig));
}

/// Gives the port a new owner and links it. False: there is no such process.
pub fn connect(port: &Port, new: Pid) -> bool {
    if !deliver::link(new, port.id) {
        return false;
    }
    port.with(|core, _| {
        core.links.insert(new, ());
        core.connected = new;
    })
    .is_some()
}
