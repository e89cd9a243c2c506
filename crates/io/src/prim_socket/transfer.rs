//! Sending and receiving.

use super::calls::invalid;
use super::state::{Call, Turn, closed, socket};
use super::{address, control};
use crate::atoms::intern;
use crate::poll::Direction;
use crate::sys::message::{self, Control};
use crate::{args, errno};
use corten_engine::bif::OrBadarg;
use corten_engine::{Args, BifResult, Process, Stop};
use corten_term::reference::RefNumbers;
use corten_term::{Binary, Term, am, map};
use rustix::io::Errno;
use rustix::net::{self, RecvFlags, SendFlags, SocketAddrAny};
use std::borrow::Cow;
use std::io::IoSlice;
use std::os::fd::BorrowedFd;

/// Parts that the system takes at once.
const VECTOR: usize = 1024;

fn select() -> Term<'static> {
    Term::atom(intern("select"))
}

/// Sends by `f` if it is the process's turn. `size` is what is to be sent, `more` that there is more behind it.
fn sending<'h>(
    p: &'h Process,
    mut call: Call<'_>,
    handle: RefNumbers,
    size: usize,
    more: bool,
    f: impl FnOnce(BorrowedFd<'_>) -> Result<usize, Errno>,
) -> BifResult<'h> {
    if call.inner.closed {
        return Ok(closed(p));
    }
    if call.inner.connecting {
        let why = invalid(p, "state");
        return Ok(p.heap.tuple(&[Term::atom(am::error), why]));
    }
    match call.turn(p, Direction::Write, Some(handle)) {
        Turn::Mine => {}
        Turn::Queued => return Ok(select()),
        Turn::Already => return Ok(args::error(p, intern("already"))),
    }
    call.inner.counters.write_tries += 1;
    let sent = call.inner.fd().and_then(f);
    let written = |n: usize| p.heap.uint(n as u64);
    match sent {
        Ok(n) => {
            let c = &mut call.inner.counters;
            c.write_pkg += 1;
            c.write_byte += n as u64;
            c.write_pkg_max = c.write_pkg_max.max(n as u64);
            p.bump_reductions(n / 256);
            if n == size && more {
                return Ok(p.heap.tuple(&[Term::atom(intern("iov")), written(n)]));
            }
            if n < size && call.inner.is_stream() {
                call.inner.counters.write_waits += 1;
                call.select(p.pid(), Direction::Write, handle);
                return Ok(p.heap.tuple(&[select(), written(n)]));
            }
            call.next(Direction::Write);
            Ok(match n == size {
                true => Term::OK,
                false => args::ok(p, written(n)),
            })
        }
        Err(Errno::AGAIN | Errno::INTR) => {
            call.inner.counters.write_waits += 1;
            call.select(p.pid(), Direction::Write, handle);
            Ok(select())
        }
        Err(e) => {
            call.inner.counters.write_fails += 1;
            call.fail(p, Direction::Write, errno::atom(e));
            Ok(errno::error(p, e))
        }
    }
}

fn send_flags<'h>(t: Term<'h>) -> Result<SendFlags, Stop<'h>> {
    let bits = args::int(t).badarg()?;
    Ok(SendFlags::from_bits_retain(bits as u32) | SendFlags::NOSIGNAL)
}

/// `(Socket, Bytes, Flags, Handle)`.
pub fn send<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let call = socket(a[0])?;
    let data = a[1].to_bytes().badarg()?;
    let flags = send_flags(a[2])?;
    let handle = a[3].as_local_reference().badarg()?;
    sending(p, call, handle, data.len(), false, |fd| {
        net::send(fd, &data, flags)
    })
}

/// `(Socket, Bytes, Address, Flags, Handle)`.
pub fn sendto<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let call = socket(a[0])?;
    let data = a[1].to_bytes().badarg()?;
    let flags = send_flags(a[3])?;
    let handle = a[4].as_local_reference().badarg()?;
    if call.inner.closed {
        return Ok(closed(p));
    }
    let Some(address) = address::read(a[2]) else {
        return Ok(invalid(p, "sockaddr"));
    };
    sending(p, call, handle, data.len(), false, |fd| {
        net::sendto(fd, &data, flags, &address)
    })
}

/// The first [`VECTOR`] binaries of a list, and whether there are more; `None` if it is no list of binaries.
fn vector(t: Term<'_>) -> Option<(Vec<Cow<'_, [u8]>>, bool)> {
    let parts: Option<Vec<_>> = t.to_vec()?.into_iter().map(Term::to_bytes).collect();
    let mut parts = parts?;
    let more = parts.len() > VECTOR;
    parts.truncate(VECTOR);
    Some((parts, more))
}

fn send_vector<'h>(
    p: &'h Process,
    call: Call<'_>,
    handle: RefNumbers,
    list: Term<'h>,
    flags: SendFlags,
    to: Option<SocketAddrAny>,
    control: &[Control],
) -> BifResult<'h> {
    let Some((parts, more)) = vector(list).filter(|(_, more)| !more || call.inner.is_stream())
    else {
        return Ok(invalid(p, "iov"));
    };
    let size = parts.iter().map(|b| b.len()).sum();
    sending(p, call, handle, size, more, |fd| {
        let slices: Vec<_> = parts.iter().map(|b| IoSlice::new(b)).collect();
        message::send(fd, &slices, to.as_ref(), control, flags.bits() as i32)
    })
}

/// `(Socket, Message, Flags, Handle, Vector)`.
pub fn sendmsg<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let call = socket(a[0])?;
    let flags = send_flags(a[2])?;
    let handle = a[3].as_local_reference().badarg()?;
    if call.inner.closed {
        return Ok(closed(p));
    }
    let part = |name: &str| map::get(a[1], Term::atom(intern(name)));
    let Some(control) = part("ctrl").map_or(Some(Vec::new()), control::read) else {
        return Ok(invalid(p, "ctrl"));
    };
    let to = match part("addr") {
        None => None,
        Some(t) => match address::read(t) {
            None => return Ok(invalid(p, "addr")),
            some => some,
        },
    };
    send_vector(p, call, handle, a[4], flags, to, &control)
}

/// `(Socket, Vector, Handle)`.
pub fn sendv<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let call = socket(a[0])?;
    let handle = a[2].as_local_reference().badarg()?;
    if vector(a[1]).is_none() {
        return Err(Stop::BADARG);
    }
    send_vector(p, call, handle, a[1], SendFlags::NOSIGNAL, None, &[])
}

/// How a receiving call goes on.
enum Receiving<'h> {
    Go,
    Answer(Term<'h>),
}

fn may_receive<'h>(
    p: &'h Process,
    call: &mut Call<'_>,
    handle: Option<RefNumbers>,
) -> Receiving<'h> {
    if call.inner.closed {
        return Receiving::Answer(closed(p));
    }
    match call.turn(p, Direction::Read, handle) {
        Turn::Mine => Receiving::Go,
        Turn::Queued if handle.is_none() => Receiving::Answer(Term::atom(intern("timeout"))),
        Turn::Queued => Receiving::Answer(select()),
        Turn::Already => Receiving::Answer(args::error(p, intern("already"))),
    }
}

/// Nothing there yet: waits, or gives up if the program does not want to.
fn not_yet<'h>(p: &'h Process, call: &mut Call<'_>, handle: Option<RefNumbers>) -> Term<'h> {
    let Some(handle) = handle else {
        call.next(Direction::Read);
        return Term::atom(intern("timeout"));
    };
    call.inner.counters.read_waits += 1;
    call.select(p.pid(), Direction::Read, handle);
    let _ = p;
    select()
}

/// What was received before an error goes with it.
fn failed<'h>(p: &'h Process, call: &mut Call<'_>, reason: corten_term::Atom) -> Term<'h> {
    call.inner.counters.read_fails += 1;
    call.fail(p, Direction::Read, reason);
    let partial = std::mem::take(&mut call.inner.partial);
    if partial.is_empty() {
        return args::error(p, reason);
    }
    let why = p.heap.tuple(&[Term::atom(reason), p.heap.binary(&partial)]);
    p.heap.tuple(&[Term::atom(am::error), why])
}

fn received(p: &Process, call: &mut Call<'_>, n: usize) {
    let c = &mut call.inner.counters;
    c.read_pkg += 1;
    c.read_byte += n as u64;
    c.read_pkg_max = c.read_pkg_max.max(n as u64);
    p.bump_reductions(n / 256);
    call.next(Direction::Read);
}

fn recv_flags<'h>(t: Term<'h>) -> Result<RecvFlags, Stop<'h>> {
    Ok(RecvFlags::from_bits_retain(args::int(t).badarg()? as u32))
}

/// `(Socket, Length, Flags, Handle | zero)`: for a stream all of `Length` or, if that is 0, what there is.
pub fn recv<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let mut call = socket(a[0])?;
    let length = a[1].as_usize().badarg()?;
    let flags = recv_flags(a[2])?;
    let handle = a[3].as_local_reference();
    if let Receiving::Answer(t) = may_receive(p, &mut call, handle) {
        return Ok(t);
    }
    let stream = call.inner.is_stream();
    let mut have = std::mem::take(&mut call.inner.partial);
    if stream && !have.is_empty() && (length == 0 || length <= have.len()) {
        let rest = match length {
            0 => Vec::new(),
            n => have.split_off(n),
        };
        received(p, &mut call, have.len());
        call.inner.partial = rest;
        return Ok(args::ok(p, p.heap.binary(&have)));
    }
    let wanted = match length {
        0 => call.inner.receive_buffer,
        n => n - have.len().min(n),
    };
    call.inner.counters.read_tries += 1;
    let filled = Binary::filled(wanted, |buffer| {
        let fd = call.inner.fd()?;
        net::recv(fd, buffer, flags).map(|(n, _)| n.min(wanted))
    });
    let Some(result) = filled else {
        return Ok(args::error(p, intern("enomem")));
    };
    match result {
        Ok(bytes) if stream && bytes.is_empty() && wanted > 0 => {
            call.inner.partial = have;
            Ok(failed(p, &mut call, intern("closed")))
        }
        Ok(bytes) if have.is_empty() && (!stream || length == 0 || bytes.len() == wanted) => {
            received(p, &mut call, bytes.len());
            Ok(args::ok(p, args::binary_of(p, bytes)))
        }
        Ok(bytes) => {
            have.extend_from_slice(bytes.as_bytes());
            if have.len() == length {
                received(p, &mut call, length);
                return Ok(args::ok(p, p.heap.binary(&have)));
            }
            call.inner.partial = have;
            Ok(not_yet(p, &mut call, handle))
        }
        Err(Errno::AGAIN | Errno::INTR) => {
            call.inner.partial = have;
            Ok(not_yet(p, &mut call, handle))
        }
        Err(e) => {
            call.inner.partial = have;
            Ok(failed(p, &mut call, errno::atom(e)))
        }
    }
}

/// `(Socket, BufferSize, Flags, Handle | zero)`: `{ok, {Address, Bytes}}`.
pub fn recvfrom<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let mut call = socket(a[0])?;
    let size = a[1].as_usize().badarg()?;
    let flags = recv_flags(a[2])?;
    let handle = a[3].as_local_reference();
    if let Receiving::Answer(t) = may_receive(p, &mut call, handle) {
        return Ok(t);
    }
    let size = if size == 0 {
        call.inner.receive_buffer
    } else {
        size
    };
    call.inner.counters.read_tries += 1;
    let mut from = None;
    let filled = Binary::filled(size, |buffer| {
        let fd = call.inner.fd()?;
        let (n, _, address) = net::recvfrom(fd, buffer, flags)?;
        from = address;
        Ok(n.min(size))
    });
    Ok(match filled {
        None => args::error(p, intern("enomem")),
        Some(Ok(bytes)) => {
            received(p, &mut call, bytes.len());
            let from = address::source(&p.heap, from.as_ref());
            args::ok(p, p.heap.tuple(&[from, args::binary_of(p, bytes)]))
        }
        Some(Err(Errno::AGAIN | Errno::INTR)) => not_yet(p, &mut call, handle),
        Some(Err(e)) => failed(p, &mut call, errno::atom(e)),
    })
}

/// Flags of a received message.
const RECEIVED: [(&str, i32); 5] = [
    ("eor", libc::MSG_EOR),
    ("trunc", libc::MSG_TRUNC),
    ("ctrunc", libc::MSG_CTRUNC),
    ("oob", libc::MSG_OOB),
    ("errqueue", libc::MSG_ERRQUEUE),
];

/// `(Socket, BufferSize, ControlSize, Flags, Handle | zero)`: `{ok, #{addr, iov, ctrl, flags}}`.
pub fn recvmsg<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let mut call = socket(a[0])?;
    let size = a[1].as_usize().badarg()?;
    let flags = recv_flags(a[3])?;
    let handle = a[4].as_local_reference();
    if let Receiving::Answer(t) = may_receive(p, &mut call, handle) {
        return Ok(t);
    }
    let size = if size == 0 {
        call.inner.receive_buffer
    } else {
        size
    };
    call.inner.counters.read_tries += 1;
    let control_size = match a[2].as_usize().badarg()? {
        0 => call.inner.receive_control,
        n => n,
    };
    let (mut from, mut seen, mut control) = (None, 0, Vec::new());
    let filled = Binary::filled(size, |buffer| {
        let fd = call.inner.fd()?;
        let got = message::receive(fd, buffer, control_size, flags.bits() as i32)?;
        (from, seen, control) = (got.from, got.flags, got.control);
        Ok(got.bytes.min(size))
    });
    let stream = call.inner.is_stream();
    Ok(match filled {
        None => args::error(p, intern("enomem")),
        Some(Ok(bytes)) if stream && bytes.is_empty() => failed(p, &mut call, intern("closed")),
        Some(Ok(bytes)) => {
            received(p, &mut call, bytes.len());
            let key = |name: &str| Term::atom(intern(name));
            let flags = RECEIVED.iter().filter(|f| seen & f.1 != 0);
            let flags: Vec<_> = flags.map(|f| key(f.0)).collect();
            let mut pairs = vec![
                (key("iov"), p.heap.list(&[args::binary_of(p, bytes)])),
                (key("ctrl"), control::list(p, &control)),
                (key("flags"), p.heap.list(&flags)),
            ];
            if let Some(a) = from {
                pairs.push((key("addr"), address::term(&p.heap, &a)));
            }
            args::ok(p, map::from_pairs(&p.heap, &pairs))
        }
        Some(Err(Errno::AGAIN | Errno::INTR)) => not_yet(p, &mut call, handle),
        Some(Err(e)) => failed(p, &mut call, errno::atom(e)),
    })
}
