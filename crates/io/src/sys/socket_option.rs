//! Socket options by number, for those that `rustix` does not name and those that programs give as numbers.

use rustix::io::Errno;
use std::os::fd::{AsRawFd, BorrowedFd};

fn outcome(code: libc::c_int) -> Result<(), Errno> {
    if code == 0 {
        return Ok(());
    }
    let e = std::io::Error::last_os_error();
    Err(Errno::from_io_error(&e).unwrap_or(Errno::INVAL))
}

/// `setsockopt` with these bytes.
pub fn set(fd: BorrowedFd<'_>, level: i32, name: i32, value: &[u8]) -> Result<(), Errno> {
    let size = libc::socklen_t::try_from(value.len()).map_err(|_| Errno::INVAL)?;
    // SAFETY: the system reads `size` bytes and takes no pointer further than that.
    outcome(unsafe { libc::setsockopt(fd.as_raw_fd(), level, name, value.as_ptr().cast(), size) })
}

/// `getsockopt`: how many bytes of `value` were written.
pub fn get(fd: BorrowedFd<'_>, level: i32, name: i32, value: &mut [u8]) -> Result<usize, Errno> {
    let mut size = libc::socklen_t::try_from(value.len()).map_err(|_| Errno::INVAL)?;
    // SAFETY: the system writes at most `size` bytes.
    outcome(unsafe {
        libc::getsockopt(
            fd.as_raw_fd(),
            level,
            name,
            value.as_mut_ptr().cast(),
            &mut size,
        )
    })?;
    Ok(size as usize)
}
