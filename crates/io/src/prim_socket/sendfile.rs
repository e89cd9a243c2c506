//! Sending a file: the system copies from the file to the socket. Who sends has the writing side until all is out; the
//! socket keeps a descriptor of its own meanwhile, so the program may close the file.

use super::calls::invalid;
use super::state::{Call, Turn, closed, socket};
use crate::atoms::intern;
use crate::poll::Direction;
use crate::{args, errno, prim_file};
use corten_engine::bif::OrBadarg;
use corten_engine::{Args, BifResult, Process, Stop};
use corten_term::reference::RefNumbers;
use corten_term::{Term, am};
use rustix::io::Errno;
use std::os::fd::AsFd;

/// Most bytes of one system call.
const CHUNK: u64 = 1 << 29;

/// What has happened; shown once a file was sent.
#[derive(Default)]
pub struct Counters {
    pub calls: u64,
    pub bytes: u64,
    pub fails: u64,
    pub max: u64,
    pub packages: u64,
    pub package_max: u64,
    pub tries: u64,
    pub waits: u64,
    /// Of the file that is on its way.
    sent: u64,
}

/// How far a call came.
enum Outcome {
    Done(u64),
    Waits(u64),
    Failed(Errno),
}

/// Sends until the socket takes no more. `count` 0: to the end of the file.
fn write(call: &mut Call<'_>, mut offset: u64, count: u64) -> Outcome {
    let inner = &mut *call.inner;
    let (Some(file), Some(fd)) = (&inner.file, &inner.fd) else {
        return Outcome::Failed(Errno::BADF);
    };
    let counters = inner.file_counters.get_or_insert_default();
    let mut sent = 0;
    loop {
        let chunk = if count > 0 {
            CHUNK.min(count - sent)
        } else {
            CHUNK
        };
        let size = usize::try_from(chunk).unwrap_or(usize::MAX);
        let result = rustix::fs::sendfile(fd.as_fd(), file.as_fd(), Some(&mut offset), size);
        counters.calls += 1;
        match result {
            Ok(0) => return Outcome::Done(sent),
            Ok(n) => {
                sent += n as u64;
                counters.packages += 1;
                counters.bytes += n as u64;
                counters.package_max = counters.package_max.max(sent);
                counters.sent += n as u64;
                counters.max = counters.max.max(counters.sent);
                if count > 0 && sent >= count {
                    return Outcome::Done(sent);
                }
            }
            Err(Errno::AGAIN) => return Outcome::Waits(sent),
            Err(Errno::INTR) => {}
            Err(e) => return Outcome::Failed(e),
        }
    }
}

fn go_on<'h>(
    p: &'h Process,
    mut call: Call<'_>,
    handle: RefNumbers,
    offset: u64,
    count: u64,
) -> BifResult<'h> {
    let sent = |n: u64| p.heap.uint(n);
    Ok(match write(&mut call, offset, count) {
        Outcome::Done(n) => {
            call.next(Direction::Write);
            args::ok(p, sent(n))
        }
        Outcome::Waits(n) => {
            call.inner.file_counters.get_or_insert_default().waits += 1;
            call.select(p.pid(), Direction::Write, handle);
            p.heap.tuple(&[Term::atom(intern("select")), sent(n)])
        }
        Outcome::Failed(e) => {
            call.inner.file_counters.get_or_insert_default().fails += 1;
            call.inner.file = None;
            call.fail(p, Direction::Write, errno::atom(e));
            errno::error(p, e)
        }
    })
}

/// The answer for a socket that cannot send now.
fn unusable<'h>(p: &'h Process, call: &Call<'_>) -> Option<Term<'h>> {
    match (call.inner.closed, call.inner.connecting) {
        (true, _) => Some(closed(p)),
        (false, true) => Some(wrong_state(p)),
        (false, false) => None,
    }
}

fn wrong_state(p: &Process) -> Term<'_> {
    p.heap.tuple(&[Term::atom(am::error), invalid(p, "state")])
}

/// `(Socket, Handle, Offset, Count, File)`: `{ok, Sent}`, or `{select, Sent}` when there is more to come.
pub fn start<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let mut call = socket(a[0])?;
    let handle = a[1].as_local_reference().badarg()?;
    let (offset, count) = (a[2].as_u64().badarg()?, a[3].as_u64().badarg()?);
    if let Some(why) = unusable(p, &call) {
        return Ok(why);
    }
    match call.turn(p, Direction::Write, Some(handle)) {
        Turn::Mine => {}
        Turn::Queued => return Ok(Term::atom(intern("select"))),
        Turn::Already => return Ok(args::error(p, intern("already"))),
    }
    if call.inner.file.is_some() {
        return Ok(wrong_state(p));
    }
    match prim_file::duplicate(a[4]) {
        None => {
            let why = invalid(p, "efile");
            return Ok(p.heap.tuple(&[Term::atom(am::error), why]));
        }
        Some(Err(e)) => return Ok(errno::error(p, e)),
        Some(Ok(file)) => call.inner.file = Some(file),
    }
    let counters = call.inner.file_counters.get_or_insert_default();
    counters.tries += 1;
    counters.sent = 0;
    go_on(p, call, handle, offset, count)
}

/// `(Socket, Handle, Offset, Count)`, after the message that the socket takes more.
pub fn again<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let call = socket(a[0])?;
    let handle = a[1].as_local_reference().badarg()?;
    let (offset, count) = (a[2].as_u64().badarg()?, a[3].as_u64().badarg()?);
    if let Some(why) = unusable(p, &call) {
        return Ok(why);
    }
    let writer = call.inner.write.current.as_ref();
    if call.inner.file.is_none() || writer.is_none_or(|w| w.pid != p.pid()) {
        return Err(Stop::error(invalid(p, "state")));
    }
    go_on(p, call, handle, offset, count)
}

/// `(Socket)`: lets go of the file.
pub fn close<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let mut call = socket(a[0])?;
    Ok(match call.inner.file.take() {
        Some(_) => Term::OK,
        None => closed(p),
    })
}
