//! What starting a program needs beyond `std::process`: descriptors at fixed numbers in the child, and no others.

use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Programs that the node starts do not get the descriptors that it has been started with, but the standard ones.
pub fn keep_inherited_descriptors() {
    let Ok(open) = std::fs::read_dir("/dev/fd") else {
        return;
    };
    let numbers = open.filter_map(|e| e.ok()?.file_name().to_str()?.parse::<i32>().ok());
    for fd in numbers.filter(|fd| *fd > 2) {
        // SAFETY: sets a flag of a descriptor; of one that has been closed meanwhile this is an error, no more.
        unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) };
    }
}

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
