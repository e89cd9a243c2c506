//! Operating system signals: a handler that writes the signal's number to a pipe, and who reads it.
//!
//! The handler is async-signal-safe: one `write`, `errno` kept. The pipe's other end is watched by the poll thread.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI32, Ordering};

/// What the process does on a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Default,
    Ignore,
    /// Write its number to the pipe.
    Notify,
}

static WRITE_END: AtomicI32 = AtomicI32::new(-1);
static PIPE: OnceLock<(OwnedFd, OwnedFd)> = OnceLock::new();

extern "C" fn notify(signal: libc::c_int) {
    let fd = WRITE_END.load(Ordering::Relaxed);
    let byte = signal as u8;
    // SAFETY: `write` is async-signal-safe; errno is put back so that the interrupted code does not see it.
    unsafe {
        let errno = libc::__errno_location();
        let saved = *errno;
        libc::write(fd, (&raw const byte).cast(), 1);
        *errno = saved;
    }
}

/// The end to read signal numbers from, one byte each; not blocking.
pub fn read_end() -> io::Result<RawFd> {
    if let Some((r, _)) = PIPE.get() {
        return Ok(r.as_raw_fd());
    }
    let flags = rustix::pipe::PipeFlags::CLOEXEC | rustix::pipe::PipeFlags::NONBLOCK;
    let pipe = rustix::pipe::pipe_with(flags)?;
    let (r, w) = PIPE.get_or_init(|| pipe);
    WRITE_END.store(w.as_raw_fd(), Ordering::Relaxed);
    Ok(r.as_raw_fd())
}

/// Sets what the process does on a signal.
pub fn set(signal: i32, action: Action) -> io::Result<()> {
    read_end()?;
    // SAFETY: the struct is plain data, fully set; the handler is async-signal-safe.
    let result = unsafe {
        let mut sa: libc::sigaction = std::mem::zeroed();
        sa.sa_sigaction = match action {
            Action::Default => libc::SIG_DFL,
            Action::Ignore => libc::SIG_IGN,
            Action::Notify => notify as extern "C" fn(libc::c_int) as usize,
        };
        sa.sa_flags = libc::SA_RESTART;
        libc::sigemptyset(&mut sa.sa_mask);
        libc::sigaction(signal, &sa, std::ptr::null_mut())
    };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}
