//! How many processors there are and how many of them this program may use.
//!
//! Asked once, by the emulator's flag parser. "Usable" counts the affinity mask and the quota of the
//! control group, as OTP does, so that a container with two cores' worth of time gets two schedulers online.

use std::fs;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cpus {
    pub configured: u32,
    pub usable: u32,
}

impl Cpus {
    pub fn of_this_machine() -> Cpus {
        // The standard library looks at the affinity mask and at the quotas of both kinds of control group.
        let usable = std::thread::available_parallelism().map_or(1, |n| n.get() as u32);
        let configured = configured().unwrap_or(usable).max(usable);
        Cpus { configured, usable }
    }
}

/// Linux has one directory `cpu<N>` for each configured processor.
fn configured() -> Option<u32> {
    let is_cpu = |name: &str| {
        name.strip_prefix("cpu")
            .is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
    };
    let count = fs::read_dir("/sys/devices/system/cpu")
        .ok()?
        .flatten()
        .filter(|entry| entry.file_name().to_str().is_some_and(is_cpu))
        .count();
    u32::try_from(count).ok().filter(|n| *n > 0)
}
