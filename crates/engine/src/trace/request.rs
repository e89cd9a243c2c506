//! `trace`: who is traced for what.

use super::flags;
use super::message::CPU_TIME;
use super::session::Session;
use super::tracee::{self, Refused};
use super::tracer::Tracer;
use crate::signal::ports;
use crate::{Process, node};
use corten_term::{PortId, Term, am};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What a list of flags says.
#[derive(Debug, Default, Clone, Copy)]
pub struct Options {
    pub flags: u32,
    pub tracer: Option<Tracer>,
    pub cpu_time: bool,
}

/// Reads a list of flags; none if it is not one. A tracer may be named only where the session has none.
pub fn options(session: &Session, list: Term<'_>) -> Option<Options> {
    let mut o = Options::default();
    for item in list.to_vec()? {
        match item.as_atom() {
            Some(am::cpu_timestamp) => o.cpu_time = true,
            Some(name) => o.flags |= flags::bit(name)?,
            None if session.tracer.is_none() => {
                o.tracer = Some(Tracer::from_option(item, am::tracer)?);
            }
            None => return None,
        }
    }
    Some(o)
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bad {
    /// No list of flags.
    Options,
    /// There is no such process or port, or no such set of them.
    Who,
    /// Somebody else traces it.
    AlreadyTraced,
}

impl From<Refused> for Bad {
    fn from(why: Refused) -> Bad {
        match why {
            Refused::AlreadyTraced => Bad::AlreadyTraced,
            Refused::Gone => Bad::Who,
        }
    }
}

/// Turns flags on or off; how many processes and ports there were to do it for.
pub fn trace(
    p: &Process,
    session: &Arc<Session>,
    who: Term<'_>,
    on: bool,
    list: Term<'_>,
) -> Result<usize, Bad> {
    let o = options(session, list).ok_or(Bad::Options)?;
    let own = Tracer::Process(p.pid());
    let tracer = on.then(|| o.tracer.or(session.tracer).unwrap_or(own));
    if let Some(pid) = who.as_local_pid() {
        refuse(o.cpu_time)?;
        tracee::change_process(pid, session, tracer, on, o.flags)?;
        return Ok(1);
    }
    if let Some(port) = who.as_local_port() {
        refuse(o.cpu_time)?;
        change_port(port, session, tracer, on, o.flags)?;
        return Ok(1);
    }
    let name = who.as_atom().ok_or(Bad::Who)?;
    refuse(o.cpu_time && name != am::all)?;
    let (existing, new, processes, ports) = match name {
        am::all => (true, true, true, true),
        am::existing => (true, false, true, true),
        am::new => (false, true, true, true),
        am::processes => (true, true, true, false),
        am::existing_processes => (true, false, true, false),
        am::new_processes => (false, true, true, false),
        am::ports => (true, true, false, true),
        am::existing_ports => (true, false, false, true),
        am::new_ports => (false, true, false, true),
        _ => return Err(Bad::Who),
    };
    if o.cpu_time {
        CPU_TIME.store(on, Ordering::Relaxed);
    }
    let mut n = 0;
    let wants = |of: u32, explicit: bool| {
        let special = of & !flags::COMMON;
        o.flags & special != 0 || o.flags & flags::COMMON != 0 || explicit && o.flags != 0
    };
    if existing && processes && wants(flags::OF_PROCESSES, !ports) {
        for pid in node().processes.pids() {
            let done = tracee::change_process(pid, session, tracer, on, o.flags);
            n += usize::from(done.is_ok());
        }
    }
    if existing && ports && wants(flags::OF_PORTS, !processes) {
        for port in ports::get().map(|t| t.all()).unwrap_or_default() {
            n += usize::from(change_port(port, session, tracer, on, o.flags).is_ok());
        }
    }
    if new && processes && o.flags & flags::OF_PROCESSES != 0 {
        session.change_new(false, on, o.flags & flags::OF_PROCESSES, tracer);
    }
    if new && ports && o.flags & flags::OF_PORTS != 0 {
        session.change_new(true, on, o.flags & flags::OF_PORTS, tracer);
    }
    Ok(n)
}

fn refuse(bad: bool) -> Result<(), Bad> {
    if bad { Err(Bad::Who) } else { Ok(()) }
}

fn change_port(
    port: PortId,
    session: &Arc<Session>,
    tracer: Option<Tracer>,
    on: bool,
    mask: u32,
) -> Result<(), Bad> {
    let table = ports::get().ok_or(Bad::Who)?;
    let mut result = Err(Bad::Who);
    table.with_trace_flags(port, &mut |word| {
        let done = tracee::change_port(port, word, session, tracer, on, mask);
        result = done.map_err(Bad::from);
    });
    result
}
