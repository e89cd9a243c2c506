//! What starting a program needs beyond `std::process`: descriptors at fixed numbers in the child.

use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

/// The child gets `fds[i].0` as its descriptor `fds[i].1`.
pub fn place_descriptors(command: &mut Command, fds: Vec<(OwnedFd, i32)>) {
    // SAFETY: between fork and exec only `dup2` and `fcntl` are called, which are async-signal-safe.
    unsafe {
        command.pre_exec(move || {
            for (fd, to) in &fds {
                let from = fd.as_raw_fd();
                let placed = if from == *to {
                    libc::fcntl(from, libc::F_SETFD, 0)
                } else {
                    libc::dup2(from, *to)
                };
                if placed < 0 {
                    return Err(std::io::Error::last_os_error());
                }
            }
            Ok(())
        });
    }
}
