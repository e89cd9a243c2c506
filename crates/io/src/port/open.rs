//! `erts_internal:open_port/2`.

use super::core::Core;
use super::driver::{self, Driver};
use super::fd::Fd;
use super::frame::{Frames, Lines};
use super::options::{Bad, Options, What};
use super::spawn::{Program, Spawn};
use super::{Port, table, trace_file};
use crate::{deliver, errno};
use corten_engine::{Args, BifResult, Process};
use corten_term::{Atom, Pid, PortId, Term, am};
use std::borrow::Cow;

/// The port, or an atom that says why there is none.
pub fn open_port<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(match open(p, a[0], a[1]) {
        Ok(id) => Term::port(id),
        Err(reason) => Term::atom(reason),
    })
}

fn open(p: &Process, what: Term<'_>, options: Term<'_>) -> Result<PortId, Atom> {
    let bad = |b| match b {
        Bad::Argument => am::badarg,
        Bad::Option => am::badopt,
    };
    let options = Options::parse(options).map_err(bad)?;
    let what = What::parse(what).map_err(bad)?;
    let is_program = !matches!(what, What::Descriptors(..));
    let has_arguments = options.args.is_some() || options.arg0.is_some();
    if (has_arguments && !matches!(what, What::Executable(_)))
        || (options.exit_status && !is_program)
    {
        return Err(am::badarg);
    }
    let id = table::reserve().ok_or(am::system_limit)?;
    let mut core = Core::new(id, command_name(&what), p.pid());
    core.binary = options.binary;
    core.soft_eof = options.eof;
    core.parallelism = options.parallelism;
    core.limits = options.limits;
    core.lines = options.line.map(|n| Box::new(Lines::new(n)));
    if options.packet > 0 {
        core.frames = Frames::packet(options.packet);
    }
    // In the table before its driver starts: a descriptor may be ready at once.
    let port = Port::new(id, core, Box::new(Nothing));
    let mut inner = port.lock();
    table::insert(port.clone());
    match start(id, &what, &options) {
        Ok((driver, os_pid)) => {
            inner.driver = Some(driver);
            inner.core.os_pid = os_pid;
            deliver::establish(p, id);
            Ok(id)
        }
        Err(reason) => {
            port.open.store(false, std::sync::atomic::Ordering::Release);
            inner.core.ended = true;
            inner.driver = None;
            table::remove(id);
            Err(reason)
        }
    }
}

fn command_name(what: &What) -> Cow<'static, [u8]> {
    match what {
        What::Spawn(n) | What::Driver(n) | What::Executable(n) => n.clone().into(),
        What::Descriptors(i, o) => format!("{i}/{o}").into_bytes().into(),
    }
}

type Started = (Box<dyn Driver>, Option<u32>);

fn start(id: PortId, what: &What, o: &Options) -> Result<Started, Atom> {
    let program = match what {
        What::Descriptors(input, output) => {
            let valid = |used: bool, fd: i32| !used || usable(fd);
            if !valid(o.input, *input) || !valid(o.output, *output) {
                return Err(am::einval);
            }
            let fd = Fd::start(id, o.input.then_some(*input), o.output.then_some(*output));
            return Ok((Box::new(fd), None));
        }
        What::Driver(name) => {
            let d = driver::built_in(name).ok_or(am::badarg)?;
            return Ok(((d.start)(id), None));
        }
        What::Spawn(command) => match driver::built_in(command) {
            Some(d) => return Ok(((d.start)(id), None)),
            None => match trace_file::start(id, command) {
                Some(driver) => return Ok((driver?, None)),
                None => Program::Shell(command),
            },
        },
        What::Executable(file) => Program::File(file),
    };
    let (spawn, os_pid) = Spawn::start(id, &program, o).map_err(errno::atom)?;
    Ok((Box::new(spawn), Some(os_pid)))
}

/// Whether a descriptor may have this number. That it is open shows when it is used.
fn usable(fd: i32) -> bool {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    u64::try_from(fd).is_ok_and(|n| limit.is_none_or(|l| n < l))
}

/// A driver that does nothing: until the real one is started, and for the first port.
struct Nothing;

impl Driver for Nothing {
    fn output(&mut self, _: &mut Core, _: &[u8]) {}
}

/// The first port of every node. The reference engine starts programs through it; here it only has its place
/// among the ports.
pub fn forker(owner: Pid) {
    let Some(id) = table::reserve() else { return };
    let core = Core::new(id, Cow::Borrowed(b"forker"), owner);
    table::insert(Port::new(id, core, Box::new(Nothing)));
}
