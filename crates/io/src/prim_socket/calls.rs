//! Opening, binding, connecting, accepting, closing.

use super::address;
use super::state::{self, Call, Turn, closed, socket};
use crate::atoms::intern;
use crate::poll::Direction;
use crate::{args, errno, sys};
use corten_engine::bif::OrBadarg;
use corten_engine::{Args, BifResult, Process, Stop};
use corten_term::{Term, am, map};
use rustix::io::Errno;
use rustix::net::{self, AddressFamily, Protocol, Shutdown, SocketFlags, SocketType};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Names of domains and types, and what the system calls them.
pub const DOMAINS: [(&str, i32); 4] = [
    ("inet", libc::AF_INET),
    ("inet6", libc::AF_INET6),
    ("local", libc::AF_UNIX),
    ("unix", libc::AF_UNIX),
];
pub const TYPES: [(&str, i32); 5] = [
    ("stream", libc::SOCK_STREAM),
    ("dgram", libc::SOCK_DGRAM),
    ("raw", libc::SOCK_RAW),
    ("seqpacket", libc::SOCK_SEQPACKET),
    ("rdm", libc::SOCK_RDM),
];

fn number_of(names: &[(&str, i32)], t: Term<'_>) -> Option<i32> {
    match t.as_atom() {
        Some(a) => names.iter().find(|n| n.0 == a.name()).map(|n| n.1),
        None => args::int(t),
    }
}

/// A number as its name, if it has one.
pub fn name_of(names: &[(&str, i32)], n: i32) -> Term<'static> {
    let name = names.iter().find(|x| x.1 == n);
    name.map_or(Term::small(n.into()), |n| Term::atom(intern(n.0)))
}

/// `{invalid, What}`.
pub fn invalid<'h>(p: &'h Process, what: &str) -> Term<'h> {
    let tag = Term::atom(intern("invalid"));
    p.heap.tuple(&[tag, Term::atom(intern(what))])
}

/// A socket's own option that is a number.
pub fn number_option(fd: BorrowedFd<'_>, name: i32) -> Result<i32, Errno> {
    let mut value = [0; 4];
    sys::socket_option::get(fd, libc::SOL_SOCKET, name, &mut value)?;
    Ok(i32::from_ne_bytes(value))
}

fn opened<'h>(p: &'h Process, fd: OwnedFd, domain: i32, kind: i32) -> Term<'h> {
    let protocol = number_option(fd.as_fd(), libc::SO_PROTOCOL).unwrap_or(0);
    args::ok(p, state::new(p, fd, domain, kind, protocol).0)
}

/// `(Domain, Type, Protocol, Options)`.
pub fn open<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    if !a[3].is_map() {
        return Err(Stop::BADARG);
    }
    if map::get(a[3], Term::atom(intern("netns"))).is_some() {
        return Ok(args::error(p, intern("enotsup")));
    }
    let Some(domain) = number_of(&DOMAINS, a[0]) else {
        return Ok(invalid(p, "domain"));
    };
    let Some(kind) = number_of(&TYPES, a[1]) else {
        return Ok(invalid(p, "type"));
    };
    let protocol = args::uint(a[2]).badarg()?;
    let made = net::socket_with(
        AddressFamily::from_raw(domain as u16),
        SocketType::from_raw(kind as u32),
        SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
        std::num::NonZero::new(protocol).map(Protocol::from_raw),
    );
    Ok(match made {
        Ok(fd) => opened(p, fd, domain, kind),
        Err(e) => errno::error(p, e),
    })
}

/// `(Descriptor, Options)`: a socket that a program has, copied unless it says `dup => false`.
pub fn open_descriptor<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let number = args::int(a[0]).badarg()?;
    if !a[1].is_map() {
        return Err(Stop::BADARG);
    }
    let option = |name: &str| map::get(a[1], Term::atom(intern(name)));
    let Some(given) = sys::borrow_fd(number) else {
        return Ok(args::error(p, intern("ebadf")));
    };
    let said = |name, names: &[(&str, i32)]| option(name).and_then(|t| number_of(names, t));
    let kinds = || {
        let domain =
            said("domain", &DOMAINS).map_or_else(|| number_option(given, libc::SO_DOMAIN), Ok)?;
        let kind = said("type", &TYPES).map_or_else(|| number_option(given, libc::SO_TYPE), Ok)?;
        Ok::<_, Errno>((domain, kind))
    };
    let (domain, kind) = match kinds() {
        Ok(kinds) => kinds,
        Err(e) => return Ok(errno::error(p, e)),
    };
    let copy = option("dup").and_then(Term::as_bool).unwrap_or(true);
    let fd = match copy {
        true => rustix::io::fcntl_dupfd_cloexec(given, 0),
        false => sys::adopt_fd(number).ok_or(Errno::BADF),
    };
    let fd = fd.and_then(|fd| rustix::io::ioctl_fionbio(&fd, true).map(|()| fd));
    Ok(match fd {
        Ok(fd) => opened(p, fd, domain, kind),
        Err(e) => errno::error(p, e),
    })
}

fn outcome<'h>(p: &'h Process, result: Result<(), Errno>) -> Term<'h> {
    match result {
        Ok(()) => Term::OK,
        Err(e) => errno::error(p, e),
    }
}

pub fn bind<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let call = socket(a[0])?;
    if call.inner.closed {
        return Ok(closed(p));
    }
    let Some(address) = address::read(a[1]) else {
        return Ok(invalid(p, "sockaddr"));
    };
    let bound = call.inner.fd().and_then(|fd| net::bind(fd, &address));
    Ok(outcome(p, bound))
}

pub fn listen<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let mut call = socket(a[0])?;
    let backlog = args::int(a[1]).badarg()?;
    if call.inner.closed {
        return Ok(closed(p));
    }
    let done = call.inner.fd().and_then(|fd| net::listen(fd, backlog));
    call.inner.listening |= done.is_ok();
    Ok(outcome(p, done))
}

/// `{error, {invalid, state}}`, as an answer.
fn wrong_state(p: &Process) -> Term<'_> {
    p.heap.tuple(&[Term::atom(am::error), invalid(p, "state")])
}

/// `(Socket, Handle, Address)`.
pub fn connect<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let mut call = socket(a[0])?;
    let handle = a[1].as_local_reference().badarg()?;
    if call.inner.closed {
        return Ok(closed(p));
    }
    let Some(address) = address::read(a[2]) else {
        return Ok(invalid(p, "sockaddr"));
    };
    if call.inner.connecting {
        let mine = call
            .inner
            .write
            .current
            .as_ref()
            .is_some_and(|w| w.pid == p.pid());
        return match mine {
            true => finish(p, call),
            false => Ok(args::error(p, intern("already"))),
        };
    }
    if call.inner.write.current.is_some() {
        return Ok(wrong_state(p));
    }
    Ok(
        match call.inner.fd().and_then(|fd| net::connect(fd, &address)) {
            Ok(()) => {
                call.inner.connected = true;
                Term::OK
            }
            Err(Errno::INPROGRESS) => {
                call.inner.connecting = true;
                call.select(p.pid(), Direction::Write, handle);
                Term::atom(intern("select"))
            }
            Err(e) => errno::error(p, e),
        },
    )
}

/// After the message that a connection is made or refused.
pub fn connect_finish<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let call = socket(a[0])?;
    if call.inner.closed {
        return Ok(closed(p));
    }
    let mine = call
        .inner
        .write
        .current
        .as_ref()
        .is_some_and(|w| w.pid == p.pid());
    if !call.inner.connecting || !mine {
        let why = p
            .heap
            .tuple(&[Term::atom(intern("invalid")), Term::atom(intern("state"))]);
        return Err(Stop::error(why));
    }
    finish(p, call)
}

fn finish<'h>(p: &'h Process, mut call: Call<'_>) -> BifResult<'h> {
    call.inner.connecting = false;
    call.next(Direction::Write);
    let outcome = call
        .inner
        .fd()
        .and_then(|fd| number_option(fd, libc::SO_ERROR));
    Ok(match outcome {
        Ok(0) => {
            call.inner.connected = true;
            Term::OK
        }
        Ok(code) => errno::error(p, Errno::from_raw_os_error(code)),
        Err(e) => errno::error(p, e),
    })
}

/// `(Socket, Handle)`.
pub fn accept<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let mut call = socket(a[0])?;
    if call.inner.closed {
        return Ok(closed(p));
    }
    let handle = a[1].as_local_reference();
    let select = Term::atom(intern("select"));
    match call.turn(p, Direction::Read, handle) {
        Turn::Mine => {}
        Turn::Queued => return Ok(select),
        Turn::Already => return Ok(args::error(p, intern("already"))),
    }
    call.inner.counters.acc_tries += 1;
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let accepted = call.inner.fd().and_then(|fd| net::accept_with(fd, flags));
    Ok(match accepted {
        Ok(fd) => {
            call.inner.counters.acc_success += 1;
            call.next(Direction::Read);
            let (domain, kind, protocol) =
                (call.inner.domain, call.inner.kind, call.inner.protocol);
            drop(call);
            let (term, magic) = state::new(p, fd, domain, kind, protocol);
            if let Ok(mut new) = socket(term) {
                new.inner.connected = true;
            }
            drop(magic);
            args::ok(p, term)
        }
        Err(Errno::AGAIN | Errno::INTR) => match handle {
            Some(handle) => {
                call.inner.counters.acc_waits += 1;
                call.select(p.pid(), Direction::Read, handle);
                select
            }
            None => Term::atom(intern("timeout")),
        },
        Err(e) => {
            call.inner.counters.acc_fails += 1;
            call.next(Direction::Read);
            errno::error(p, e)
        }
    })
}

pub fn close<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let mut call = socket(a[0])?;
    if call.inner.closed {
        return Ok(closed(p));
    }
    call.close();
    Ok(Term::OK)
}

/// May wait for `linger`.
pub fn finalize_close<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let mut call = socket(a[0])?;
    if !call.inner.closed || call.inner.fd.is_none() {
        return Ok(closed(p));
    }
    call.inner.close_descriptor();
    Ok(Term::OK)
}

pub fn shutdown<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let call = socket(a[0])?;
    let how = match a[1].as_atom().map(|a| a.name()) {
        Some("read") => Shutdown::Read,
        Some("write") => Shutdown::Write,
        Some("read_write") => Shutdown::Both,
        _ => return Err(Stop::BADARG),
    };
    if call.inner.closed {
        return Ok(closed(p));
    }
    Ok(outcome(
        p,
        call.inner.fd().and_then(|fd| net::shutdown(fd, how)),
    ))
}

pub fn sockname<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let call = socket(a[0])?;
    if call.inner.closed {
        return Ok(closed(p));
    }
    Ok(match call.inner.fd().and_then(net::getsockname) {
        Ok(address) => args::ok(p, address::term(&p.heap, &address)),
        Err(e) => errno::error(p, e),
    })
}

pub fn peername<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let call = socket(a[0])?;
    if call.inner.closed {
        return Ok(closed(p));
    }
    Ok(match call.inner.fd().and_then(net::getpeername) {
        Ok(Some(address)) => args::ok(p, address::term(&p.heap, &address)),
        Ok(None) => {
            let path = (Term::atom(intern("path")), p.heap.binary(b""));
            let family = (Term::atom(intern("family")), Term::atom(intern("local")));
            args::ok(p, map::from_pairs(&p.heap, &[family, path]))
        }
        Err(e) => errno::error(p, e),
    })
}

/// `(Socket, Operation, Handle)`.
pub fn cancel<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let mut call = socket(a[0])?;
    let direction = match a[1].as_atom().badarg()?.name() {
        "accept" | "recv" | "recvfrom" | "recvmsg" => Direction::Read,
        "connect" | "send" | "sendto" | "sendmsg" | "sendv" | "sendfile" => Direction::Write,
        _ => return Err(Stop::BADARG),
    };
    let handle = a[2].as_local_reference().badarg()?;
    if call.inner.closed {
        return Ok(closed(p));
    }
    Ok(Term::atom(call.cancel(direction, handle)))
}
