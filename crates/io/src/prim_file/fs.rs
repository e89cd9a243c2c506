//! What works on file names.

use super::handle::open_for_reading;
use super::info::{self, Access};
use super::path;
use crate::{args, errno};
use corten_engine::bif::OrBadarg;
use corten_engine::{Args, BifResult, Process};
use corten_term::{Binary, Term};
use rustix::fs::{Dir, Mode, Timespec, Timestamps};
use rustix::io::Errno;
use std::ffi::CString;

/// Bytes that a file of unknown size is read by at first.
const FIRST_READ: usize = 16 << 10;

/// The result of an operation, or `{error, Posix}`.
fn answer<'h>(p: &'h Process, result: Result<Term<'h>, Errno>) -> BifResult<'h> {
    Ok(result.unwrap_or_else(|e| errno::error(p, e)))
}

fn on_path<'h>(
    p: &'h Process,
    name: Term<'h>,
    operation: impl FnOnce(&CString) -> Result<Term<'h>, Errno>,
) -> BifResult<'h> {
    answer(p, path(name).and_then(|n| operation(&n)))
}

fn on_two_paths<'h>(
    p: &'h Process,
    a: Args<'h>,
    operation: impl FnOnce(&CString, &CString) -> Result<(), Errno>,
) -> BifResult<'h> {
    let names = path(a[0]).and_then(|old| Ok((old, path(a[1])?)));
    answer(
        p,
        names.and_then(|(old, new)| operation(&old, &new).map(|()| Term::OK)),
    )
}

pub fn make_hard_link<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    on_two_paths(p, a, |old, new| rustix::fs::link(old, new))
}

pub fn make_soft_link<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    on_two_paths(p, a, |old, new| rustix::fs::symlink(old, new))
}

pub fn rename<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    on_two_paths(p, a, |old, new| {
        rustix::fs::rename(old, new).map_err(|e| match e {
            Errno::NOTEMPTY => Errno::EXIST,
            _ if old.as_bytes() == b"/" => Errno::INVAL,
            e => e,
        })
    })
}

pub fn read_info<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let follow = args::int(a[1]).badarg()? != 0;
    on_path(p, a[0], |name| {
        let stat = if follow {
            rustix::fs::stat(name)?
        } else {
            rustix::fs::lstat(name)?
        };
        let may = |access| rustix::fs::access(name, access).is_ok();
        let access = Access {
            read: may(rustix::fs::Access::READ_OK),
            write: may(rustix::fs::Access::WRITE_OK),
        };
        Ok(info::record(p, &stat, access))
    })
}

pub fn set_permissions<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let wanted = args::uint(a[1]).badarg()? & 0o6777;
    on_path(p, a[0], |name| {
        let set = |mode| rustix::fs::chmod(name, Mode::from_raw_mode(mode));
        // Some file systems refuse the set-id bits.
        set(wanted).or_else(|_| set(wanted & 0o777))?;
        Ok(Term::OK)
    })
}

pub fn set_owner<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let user = args::int(a[1]).badarg()? as u32;
    let group = args::int(a[2]).badarg()? as u32;
    on_path(p, a[0], |name| {
        // All bits set stands for "leave as it is", on both sides.
        let user = (user != u32::MAX).then(|| rustix::fs::Uid::from_raw(user));
        let group = (group != u32::MAX).then(|| rustix::fs::Gid::from_raw(group));
        rustix::fs::chown(name, user, group)?;
        Ok(Term::OK)
    })
}

pub fn set_time<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let accessed = a[1].as_i64().badarg()?;
    let modified = a[2].as_i64().badarg()?;
    a[3].as_i64().badarg()?;
    on_path(p, a[0], |name| {
        let at = |tv_sec| Timespec { tv_sec, tv_nsec: 0 };
        let times = Timestamps {
            last_access: at(accessed),
            last_modification: at(modified),
        };
        rustix::fs::utimensat(rustix::fs::CWD, name, &times, rustix::fs::AtFlags::empty())?;
        Ok(Term::OK)
    })
}

pub fn read_link<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    on_path(p, a[0], |name| {
        let target = rustix::fs::readlink(name, Vec::new())?;
        Ok(args::ok(p, p.heap.binary(target.as_bytes())))
    })
}

/// Names in reverse order of what the system gives: the reference engine's order.
pub fn list_dir<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    on_path(p, a[0], |name| {
        let flags = rustix::fs::OFlags::RDONLY
            | rustix::fs::OFlags::DIRECTORY
            | rustix::fs::OFlags::CLOEXEC;
        let fd = rustix::fs::open(name, flags, Mode::empty())?;
        let mut names = Term::NIL;
        for entry in Dir::new(fd)? {
            let Ok(entry) = entry else { break };
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                names = p.heap.cons(p.heap.binary(name), names);
            }
        }
        Ok(args::ok(p, names))
    })
}

pub fn make_dir<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    on_path(p, a[0], |name| {
        rustix::fs::mkdir(name, Mode::from_raw_mode(0o777))?;
        Ok(Term::OK)
    })
}

pub fn del_file<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    on_path(p, a[0], |name| {
        rustix::fs::unlink(name).map_err(|e| if e == Errno::ISDIR { Errno::PERM } else { e })?;
        Ok(Term::OK)
    })
}

pub fn del_dir<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    on_path(p, a[0], |name| {
        rustix::fs::rmdir(name).map_err(|e| match e {
            Errno::NOTEMPTY | Errno::EXIST if is_cwd(name) => Errno::INVAL,
            Errno::NOTEMPTY => Errno::EXIST,
            e => e,
        })?;
        Ok(Term::OK)
    })
}

fn is_cwd(name: &CString) -> bool {
    match (rustix::fs::stat(name), rustix::fs::stat(".")) {
        (Ok(a), Ok(b)) => (a.st_ino, a.st_dev) == (b.st_ino, b.st_dev),
        _ => false,
    }
}

/// Only systems with drive letters have a directory per device.
pub fn get_device_cwd<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    args::int(a[0]).badarg()?;
    answer(p, Err(Errno::NOTSUP))
}

pub fn set_cwd<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    on_path(p, a[0], |name| {
        rustix::process::chdir(name)?;
        Ok(Term::OK)
    })
}

pub fn get_cwd<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    let cwd = rustix::process::getcwd(Vec::new());
    answer(p, cwd.map(|c| args::ok(p, p.heap.binary(c.as_bytes()))))
}

/// Only systems with short names have a second name for a file.
pub fn altname<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    on_path(p, a[0], |_| Err(Errno::NOTSUP))
}

pub fn read_file<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    on_path(p, a[0], |name| {
        let bytes = slurp(&open_for_reading(name)?)?;
        Ok(args::ok(p, args::binary_of(p, bytes)))
    })
}

/// Reads as much as the file has when it is opened; files that do not tell (pipes, `/proc`) to their end.
fn slurp(fd: &std::os::fd::OwnedFd) -> Result<Binary, Errno> {
    let size = rustix::fs::fstat(fd).map_or(0, |s| usize::try_from(s.st_size).unwrap_or(0));
    if size > 0 {
        let read = |buffer: &mut [u8]| {
            let mut done = 0;
            while done < buffer.len() {
                match rustix::io::retry_on_intr(|| rustix::io::read(fd, &mut buffer[done..]))? {
                    0 => break,
                    n => done += n,
                }
            }
            Ok(done)
        };
        return Binary::filled(size, read).unwrap_or(Err(Errno::NOMEM));
    }
    let mut bytes = Vec::new();
    let mut buffer = vec![0; FIRST_READ];
    loop {
        match rustix::io::retry_on_intr(|| rustix::io::read(fd, &mut buffer))? {
            0 => return Ok(Binary::from_bytes(&bytes)),
            n => bytes.extend_from_slice(&buffer[..n]),
        }
    }
}
