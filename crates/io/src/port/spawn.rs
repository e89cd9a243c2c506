//! The spawn driver: a program whose standard input and output are pipes to the port.
//!
//! A child is waited for whether or not anybody wants its exit status; who watches it is the poll thread,
//! through a descriptor for the process, or a thread of its own where the system has none.

use super::options::Options;
use super::stream::{self, OutQueue, Read};
use super::{Core, Driver, table};
use crate::poll::{self, Direction};
use crate::{errno, sys};
use corten_engine::environment;
use corten_engine::sched::binding;
use corten_term::PortId;
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};

const SHELL: &str = "/bin/sh";

/// See the module page.
pub struct Spawn {
    input: Option<OwnedFd>,
    output: Option<OwnedFd>,
    queue: OutQueue,
    report: bool,
    status: Option<i32>,
}

/// What is to be run.
pub enum Program<'a> {
    /// A command line for the shell.
    Shell(&'a [u8]),
    File(&'a [u8]),
}

fn os(bytes: &[u8]) -> OsString {
    OsString::from_vec(bytes.to_vec())
}

fn command(program: &Program<'_>, o: &Options) -> Result<Command, Errno> {
    let mut c = match program {
        Program::Shell(line) => {
            let mut c = Command::new(SHELL);
            let line = [b"exec ".as_slice(), line].concat();
            c.arg("-c").arg(OsString::from_vec(line));
            c
        }
        Program::File(file) => {
            rustix::fs::access(*file, rustix::fs::Access::EXEC_OK)?;
            // A name without a slash is a file here, not one to search for.
            let path = if file.contains(&b'/') {
                file.to_vec()
            } else {
                [b"./".as_slice(), file].concat()
            };
            let mut c = Command::new(OsString::from_vec(path));
            c.arg0(os(o.arg0.as_deref().unwrap_or(file)));
            c.args(o.args.iter().flatten().map(|a| os(a)));
            c
        }
    };
    let mut variables: BTreeMap<Vec<u8>, Vec<u8>> = environment::all().into_iter().collect();
    for (name, value) in &o.env {
        match value {
            Some(v) => variables.insert(name.clone(), v.clone()),
            None => variables.remove(name),
        };
    }
    c.env_clear();
    let named = variables.iter().filter(|(k, _)| !k.is_empty());
    c.envs(named.map(|(k, v)| (os(k), os(v))));
    if let Some(dir) = &o.cd {
        if let Err(e) = rustix::fs::access(dir.as_slice(), rustix::fs::Access::EXEC_OK) {
            return Ok(failing(dir, e));
        }
        c.current_dir(os(dir));
    }
    // Signals from the terminal are for the node alone.
    c.process_group(0);
    Ok(c)
}

/// A program that cannot start where it should: it says so and ends.
fn failing(dir: &[u8], e: Errno) -> Command {
    let mut c = Command::new(SHELL);
    let script = r#"printf 'spawn: Could not cd to %s\r\n' "$1" >&2; exit "$2""#;
    c.args(["-c", script, "sh"])
        .arg(os(dir))
        .arg(e.raw_os_error().to_string());
    c
}

/// Starts a program. One that the system cannot execute counts as started: it ends with the error's number.
fn started(c: &mut Command) -> Result<Child, Errno> {
    let failure = match c.spawn() {
        Ok(child) => return Ok(child),
        Err(e) => errno::of(&e),
    };
    if matches!(
        failure,
        Errno::AGAIN | Errno::NOMEM | Errno::MFILE | Errno::NFILE
    ) {
        return Err(failure);
    }
    let mut stand_in = Command::new(SHELL);
    stand_in.args(["-c", "exit \"$0\""]);
    stand_in.arg(failure.raw_os_error().to_string());
    stand_in.stdin(Stdio::null()).stdout(Stdio::null());
    stand_in.env_clear().process_group(0);
    stand_in.spawn().map_err(|e| errno::of(&e))
}

/// A pipe, both ends closed in programs started by others.
fn pipe() -> Result<(OwnedFd, OwnedFd), Errno> {
    rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)
}

fn nonblocking(fd: &OwnedFd) -> Result<(), Errno> {
    let flags = rustix::fs::fcntl_getfl(fd)?;
    rustix::fs::fcntl_setfl(fd, flags | rustix::fs::OFlags::NONBLOCK)
}

impl Spawn {
    /// Starts the program. Also gives its process identifier.
    pub fn start(port: PortId, program: &Program<'_>, o: &Options) -> Result<(Spawn, u32), Errno> {
        let mut c = command(program, o)?;
        let (from_child, child_out) = pipe()?;
        let (child_in, to_child) = pipe()?;
        nonblocking(&from_child)?;
        nonblocking(&to_child)?;
        if o.use_stdio {
            if o.stderr_to_stdout {
                c.stderr(Stdio::from(
                    child_out.try_clone().map_err(|e| errno::of(&e))?,
                ));
            }
            c.stdin(if o.output {
                Stdio::from(child_in)
            } else {
                Stdio::null()
            });
            if o.input {
                c.stdout(Stdio::from(child_out));
            }
        } else {
            c.stdin(Stdio::null());
            // Out of the way of 3 and 4, where they are to go.
            let high = |fd: &OwnedFd| rustix::io::fcntl_dupfd_cloexec(fd, 10);
            let mut places = Vec::new();
            if o.output {
                places.push((high(&child_in)?, 3));
            }
            if o.input {
                places.push((high(&child_out)?, 4));
            }
            sys::process::place_descriptors(&mut c, places);
        }
        let child = binding::freely(|| started(&mut c))?;
        // Closes our copies of the child's ends.
        drop(c);
        let os_pid = child.id();
        let spawn = Spawn {
            input: o.input.then_some(from_child),
            output: o.output.then_some(to_child),
            queue: OutQueue::default(),
            report: o.exit_status,
            status: None,
        };
        if let Some(fd) = &spawn.input {
            stream::watch_input(port, fd.as_raw_fd());
        }
        watch_child(port, child);
        Ok((spawn, os_pid))
    }

    fn write(&mut self, core: &mut Core) {
        let Some(fd) = &self.output else {
            self.queue.clear();
            return;
        };
        if let Err(e) = self.queue.write(fd.as_fd(), fd.as_raw_fd(), false) {
            self.queue.clear();
            return core.fail(e);
        }
        if self.queue.size() > 0 {
            stream::watch_output(core.id, fd.as_raw_fd());
        }
    }

    /// The end of input, and of the program if its status is wanted.
    fn finish(&mut self, core: &mut Core) {
        if self.report {
            let Some(status) = self.status else { return };
            self.report = false;
            // A program that has the status looks for the rest of a line only once, and does not wait for it.
            return core.together(|core| {
                core.exit_status(status);
                core.eof();
            });
        }
        core.eof();
    }

    fn close_input(&mut self) {
        if let Some(fd) = self.input.take() {
            poll::forget(fd.as_raw_fd());
        }
    }
}

impl Driver for Spawn {
    fn output(&mut self, core: &mut Core, data: &[u8]) {
        if stream::enqueue(core, &mut self.queue, data) {
            self.write(core);
        }
    }

    fn ready_input(&mut self, core: &mut Core, raw: RawFd) {
        let Some(fd) = self.input.as_ref().filter(|f| f.as_raw_fd() == raw) else {
            return;
        };
        if core.ended {
            return;
        }
        match stream::read(fd.as_fd()) {
            Read::Data(data) => core.input(&data),
            Read::Nothing => {}
            Read::End => {
                self.close_input();
                return self.finish(core);
            }
            Read::Failed(e) => {
                self.close_input();
                return core.fail(e);
            }
        }
        stream::watch_input(core.id, raw);
    }

    fn ready_output(&mut self, core: &mut Core, _: RawFd) {
        self.write(core);
    }

    fn child_exited(&mut self, core: &mut Core, status: i32) {
        self.status = Some(status);
        if self.report && self.input.is_none() {
            self.finish(core);
        }
    }

    fn pending(&self) -> usize {
        self.queue.size()
    }

    fn stop(&mut self) {
        self.close_input();
        if let Some(fd) = self.output.take() {
            poll::forget(fd.as_raw_fd());
        }
    }
}

/// A shell's number for how a program ended.
fn code(status: ExitStatus) -> i32 {
    match (status.code(), status.signal()) {
        (Some(code), _) => code,
        (None, Some(signal)) => 128 + signal,
        (None, None) => 255,
    }
}

fn exited(port: PortId, status: std::io::Result<ExitStatus>) {
    let status = status.map_or(255, code);
    if let Some(port) = table::find(port) {
        port.with_lingering(|core, driver| driver.child_exited(core, status));
    }
}

fn watch_child(port: PortId, mut child: Child) {
    let descriptor = rustix::process::Pid::from_raw(child.id() as i32).and_then(|pid| {
        rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).ok()
    });
    let Some(fd) = descriptor else {
        let wait = move || exited(port, child.wait());
        // Without a thread the child stays a zombie and its status unknown: as when the system is out of threads.
        let _ = std::thread::Builder::new()
            .name("erts_wait".into())
            .spawn(wait);
        return;
    };
    let raw = fd.as_raw_fd();
    let reap = move || {
        let status = child.wait();
        poll::forget(raw);
        drop(fd);
        exited(port, status);
    };
    poll::once(raw, Direction::Read, Box::new(reap));
}
