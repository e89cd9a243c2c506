//! Open files. The object behind the reference holds the descriptor until it is closed; every operation takes
//! its lock, so operations of several processes on one file come one after the other. A file is
//! closed by `close`, by the helper process that gets it after its owner's death, or with the last reference.

use super::info::{self, Access};
use crate::{args, atoms, errno};
use corten_engine::bif::OrBadarg;
use corten_engine::{Args, BifResult, Process, Stop};
use corten_term::reference::Magic;
use corten_term::{Binary, Term, am};
use rustix::fs::{Advice, FallocateFlags, Mode, OFlags, SeekFrom};
use rustix::io::Errno;
use std::io::IoSlice;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::Mutex;

/// Binaries that one write takes from its list; it answers `{continue, …}` when there are more.
const VECTOR: usize = 64;

/// An open file, or one that was closed.
#[derive(Debug)]
pub struct Handle(Mutex<Option<OwnedFd>>);

fn handle<'h>(t: Term<'h>) -> Result<&'h Handle, Stop<'h>> {
    t.as_magic_of::<Handle>().badarg()
}

/// Runs an operation on the descriptor; a closed file is `einval`.
fn with<'h>(
    p: &'h Process,
    t: Term<'h>,
    operation: impl FnOnce(BorrowedFd<'_>) -> Result<Term<'h>, Errno>,
) -> BifResult<'h> {
    let file = handle(t)?.0.lock().unwrap_or_else(|e| e.into_inner());
    let result = match file.as_ref() {
        Some(fd) => operation(fd.as_fd()),
        None => Err(Errno::INVAL),
    };
    Ok(result.unwrap_or_else(|e| errno::error(p, e)))
}

/// A descriptor of one's own for the file that a term is; `None` for other terms.
pub fn duplicate(t: Term<'_>) -> Option<Result<OwnedFd, Errno>> {
    let file = t
        .as_magic_of::<Handle>()?
        .0
        .lock()
        .unwrap_or_else(|e| e.into_inner());
    Some(match file.as_ref() {
        Some(fd) => rustix::io::fcntl_dupfd_cloexec(fd, 0),
        None => Err(Errno::INVAL),
    })
}

fn reference(p: &Process, fd: OwnedFd) -> Term<'_> {
    let magic = Magic::new(Handle(Mutex::new(Some(fd))));
    args::ok(p, p.heap.magic_reference(magic))
}

#[derive(Default)]
struct Modes {
    read: bool,
    write: bool,
    append: bool,
    exclusive: bool,
    sync: bool,
    skip_type_check: bool,
    directory: bool,
}

impl Modes {
    /// Modes that are none of ours (`raw`, `delayed_write`, …) are handled further up.
    fn parse(list: Term<'_>) -> Modes {
        let mut m = Modes::default();
        for t in list.iter() {
            match t.as_atom().map_or("", |a| a.name()) {
                "read" => m.read = true,
                "write" => m.write = true,
                "append" => m.append = true,
                "exclusive" => m.exclusive = true,
                "sync" => m.sync = true,
                "skip_type_check" => m.skip_type_check = true,
                "directory" => m.directory = true,
                _ => {}
            }
        }
        if m.append || m.exclusive {
            m.write = true;
        } else if !m.write {
            m.read = true;
        }
        m
    }

    fn flags(&self) -> OFlags {
        let mut f = match (self.read, self.write) {
            (true, false) => OFlags::RDONLY,
            (false, _) => OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC,
            (true, true) => OFlags::RDWR | OFlags::CREATE,
        };
        if self.append {
            f.remove(OFlags::TRUNC);
            f |= OFlags::APPEND;
        }
        f.set(OFlags::EXCL, self.exclusive);
        f.set(OFlags::SYNC, self.sync);
        f.set(OFlags::DIRECTORY, self.directory);
        f | OFlags::CLOEXEC
    }
}

/// Opens a file for `modes`; a directory only if they say so.
fn open_path(path: &std::ffi::CStr, modes: &Modes) -> Result<OwnedFd, Errno> {
    let permissions = if modes.directory { 0o777 } else { 0o666 };
    let fd = rustix::io::retry_on_intr(|| {
        rustix::fs::open(path, modes.flags(), Mode::from_raw_mode(permissions))
    })?;
    let is_directory = || {
        rustix::fs::fstat(&fd)
            .is_ok_and(|s| rustix::fs::FileType::from_raw_mode(s.st_mode).is_dir())
    };
    if !modes.skip_type_check && !modes.directory && is_directory() {
        return Err(Errno::ISDIR);
    }
    Ok(fd)
}

/// Opens a file for reading.
pub(super) fn open_for_reading(path: &std::ffi::CStr) -> Result<OwnedFd, Errno> {
    let modes = Modes {
        read: true,
        ..Modes::default()
    };
    open_path(path, &modes)
}

pub fn open<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    if !a[1].is_list() {
        return Err(Stop::BADARG);
    }
    let modes = Modes::parse(a[1]);
    let opened = super::path(a[0]).and_then(|path| open_path(&path, &modes));
    Ok(match opened {
        Ok(fd) => reference(p, fd),
        Err(e) => errno::error(p, e),
    })
}

pub fn from_descriptor<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let number = args::int(a[0]).badarg()?;
    let valid = crate::sys::borrow_fd(number)
        .ok_or(Errno::BADF)
        .and_then(rustix::fs::fcntl_getfl);
    Ok(match (valid, crate::sys::adopt_fd(number)) {
        (Ok(_), Some(fd)) => reference(p, fd),
        (valid, fd) => {
            // Not an open descriptor: nothing to close.
            fd.map(std::os::fd::IntoRawFd::into_raw_fd);
            errno::error(p, valid.err().unwrap_or(Errno::BADF))
        }
    })
}

pub fn close<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let fd = handle(a[0])?
        .0
        .lock()
        .unwrap_or_else(|e| e.into_inner())
        .take();
    Ok(match fd {
        Some(fd) => {
            drop(fd);
            Term::OK
        }
        None => errno::error(p, Errno::INVAL),
    })
}

/// Called by the helper process with files whose owner died.
pub fn delayed_close<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let fd = handle(a[0])?
        .0
        .lock()
        .unwrap_or_else(|e| e.into_inner())
        .take();
    drop(fd);
    Ok(Term::OK)
}

/// The descriptor as bytes, for drivers that take one over.
pub fn get_handle<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    with(p, a[0], |fd| {
        Ok(p.heap.binary(&fd.as_raw_fd().to_ne_bytes()))
    })
}

/// Fills the buffer as far as the file reaches. A failure after some bytes is a failure.
fn fill(
    buffer: &mut [u8],
    mut read: impl FnMut(&mut [u8], u64) -> Result<usize, Errno>,
) -> Result<usize, Errno> {
    let mut done = 0;
    while done < buffer.len() {
        match read(&mut buffer[done..], done as u64) {
            Ok(0) => break,
            Ok(n) => done += n,
            Err(Errno::INTR) => {}
            Err(e) => return Err(e),
        }
    }
    Ok(done)
}

fn read_some(fd: BorrowedFd<'_>, size: usize, offset: Option<u64>) -> Result<Binary, Errno> {
    Binary::filled(size, |buffer| match offset {
        None => fill(buffer, |b, _| rustix::io::read(fd, b)),
        Some(at) => fill(buffer, |b, done| {
            rustix::io::pread(fd, b, at.checked_add(done).ok_or(Errno::OVERFLOW)?)
        }),
    })
    .unwrap_or(Err(Errno::NOMEM))
}

/// `{ok, Data}` or `eof`.
fn data<'h>(p: &'h Process, read: Binary) -> Term<'h> {
    if read.is_empty() {
        return Term::atom(am::eof);
    }
    args::ok(p, args::binary_of(p, read))
}

/// A number that has to be an integer of 64 bits and not negative; other numbers are `einval`.
fn natural(t: Term<'_>) -> Result<Result<u64, Errno>, Stop<'_>> {
    if !t.is_number() {
        return Err(Stop::BADARG);
    }
    Ok(t.as_i64()
        .and_then(|v| u64::try_from(v).ok())
        .ok_or(Errno::INVAL))
}

pub fn read<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let size = natural(a[1])?;
    with(p, a[0], |fd| {
        Ok(data(p, read_some(fd, size? as usize, None)?))
    })
}

pub fn pread<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let (offset, size) = (natural(a[1])?, natural(a[2])?);
    with(p, a[0], |fd| {
        Ok(data(p, read_some(fd, size? as usize, Some(offset?))?))
    })
}

/// Writes all of the vector; returns how many bytes that was.
fn write_all(
    chunks: &[std::borrow::Cow<'_, [u8]>],
    mut write: impl FnMut(&[IoSlice<'_>], u64) -> Result<usize, Errno>,
) -> Result<u64, Errno> {
    let mut slices: Vec<_> = chunks
        .iter()
        .filter(|c| !c.is_empty())
        .map(|c| IoSlice::new(c))
        .collect();
    let (mut rest, mut done) = (slices.as_mut_slice(), 0);
    while !rest.is_empty() {
        match write(rest, done) {
            Ok(0) => break,
            Ok(n) => {
                IoSlice::advance_slices(&mut rest, n);
                done += n as u64;
            }
            Err(Errno::INTR) => {}
            Err(e) => return Err(e),
        }
    }
    Ok(done)
}

pub fn write<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let (chunks, rest) = args::iovec(a[1], VECTOR).badarg()?;
    with(p, a[0], |fd| {
        write_all(&chunks, |v, _| rustix::io::writev(fd, v))?;
        Ok(if rest.is_nil() {
            Term::OK
        } else {
            p.heap.tuple(&[Term::atom(atoms::continue_()), rest])
        })
    })
}

pub fn pwrite<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let (chunks, rest) = args::iovec(a[2], VECTOR).badarg()?;
    let offset = natural(a[1])?;
    with(p, a[0], |fd| {
        let offset = offset?;
        let written = write_all(&chunks, |v, done| {
            rustix::io::pwritev(fd, v, offset.checked_add(done).ok_or(Errno::OVERFLOW)?)
        })?;
        Ok(if rest.is_nil() {
            Term::OK
        } else {
            p.heap
                .tuple(&[Term::atom(atoms::continue_()), p.heap.uint(written), rest])
        })
    })
}

pub fn seek<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let offset = a[2].as_i64().badarg()?;
    let whence = a[1].as_atom().badarg()?;
    if ![atoms::bof(), atoms::cur(), am::eof].contains(&whence) {
        return Err(Stop::BADARG);
    }
    with(p, a[0], |fd| {
        let to = if whence == atoms::bof() {
            SeekFrom::Start(u64::try_from(offset).map_err(|_| Errno::INVAL)?)
        } else if whence == atoms::cur() {
            SeekFrom::Current(offset)
        } else {
            SeekFrom::End(offset)
        };
        let position = rustix::fs::seek(fd, to)?;
        Ok(args::ok(p, p.heap.uint(position)))
    })
}

pub fn sync<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let data_only = args::int(a[1]).badarg()? != 0;
    with(p, a[0], |fd| {
        if data_only {
            rustix::fs::fdatasync(fd)?;
        } else {
            rustix::fs::fsync(fd)?;
        }
        Ok(Term::OK)
    })
}

/// Cuts the file at its position.
pub fn truncate<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    with(p, a[0], |fd| {
        let position = rustix::fs::tell(fd)?;
        rustix::fs::ftruncate(fd, position)?;
        Ok(Term::OK)
    })
}

pub fn allocate<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let (offset, length) = (natural(a[1])?, natural(a[2])?);
    with(p, a[0], |fd| {
        let (offset, length) = (offset?, length?);
        rustix::io::retry_on_intr(|| {
            rustix::fs::fallocate(fd, FallocateFlags::empty(), offset, length)
        })?;
        Ok(Term::OK)
    })
}

pub fn advise<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let (offset, length) = (natural(a[1])?, natural(a[2])?);
    with(p, a[0], |fd| {
        let (offset, length) = (offset?, length?);
        let advice = match a[3].as_atom().map_or("", |a| a.name()) {
            "normal" => Advice::Normal,
            "random" => Advice::Random,
            "sequential" => Advice::Sequential,
            "will_need" => Advice::WillNeed,
            "dont_need" => Advice::DontNeed,
            "no_reuse" => Advice::NoReuse,
            _ => return Err(Errno::INVAL),
        };
        // The reference engine looks for a negative result, which this call never has.
        let _ = rustix::fs::fadvise(fd, offset, std::num::NonZeroU64::new(length), advice);
        Ok(Term::OK)
    })
}

pub fn read_info<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    with(p, a[0], |fd| {
        let stat = rustix::fs::fstat(fd)?;
        Ok(info::record(p, &stat, Access::of_mode(&stat)))
    })
}

/// Reads a pointer (`<<Size:32, Offset:32>>`) at a position, then the block that it points to.
pub fn ipread<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    if !a[1].is_number() || !a[2].is_number() {
        return Err(Stop::BADARG);
    }
    with(p, a[0], |fd| {
        let position = natural(a[1]).unwrap_or(Err(Errno::INVAL))?;
        let max = a[2].as_i64().ok_or(Errno::INVAL)?;
        if max >= 1 << 31 {
            return Err(Errno::INVAL);
        }
        let pointer = read_some(fd, 8, Some(position))?;
        let Ok(pointer) = <[u8; 8]>::try_from(pointer.as_bytes()) else {
            return Ok(Term::atom(am::eof));
        };
        let pointer = u64::from_be_bytes(pointer);
        let (size, offset) = (pointer >> 32, pointer & 0xFFFF_FFFF);
        if size as i64 > max {
            return Ok(Term::atom(am::eof));
        }
        let block = read_some(fd, size as usize, Some(offset))?;
        let block = if block.is_empty() {
            Term::atom(am::eof)
        } else {
            args::binary_of(p, block)
        };
        let result = p
            .heap
            .tuple(&[p.heap.uint(size), p.heap.uint(offset), block]);
        Ok(args::ok(p, result))
    })
}
