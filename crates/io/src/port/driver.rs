//! What a driver does for its port. Every call comes with the port locked; none may block.

use super::Core;
use super::{inet, ram_file};
use corten_term::PortId;
use std::os::fd::RawFd;

/// A driver's state for one port.
pub trait Driver: Send {
    /// Data from a process, all of it in one go.
    fn output(&mut self, core: &mut Core, data: &[u8]);
    /// `port_control`: an answer, or `None` for `badarg`.
    fn control(&mut self, core: &mut Core, operation: u32, data: &[u8]) -> Option<Vec<u8>> {
        let _ = (core, operation, data);
        None
    }
    /// Whether answers of `control` are binaries.
    fn control_is_binary(&self) -> bool {
        false
    }
    /// A descriptor that the driver watches can be read.
    fn ready_input(&mut self, core: &mut Core, fd: RawFd) {
        let _ = (core, fd);
    }
    /// A descriptor that the driver watches can be written.
    fn ready_output(&mut self, core: &mut Core, fd: RawFd) {
        let _ = (core, fd);
    }
    /// A timer that the driver has set.
    fn timeout(&mut self, core: &mut Core, what: u64) {
        let _ = (core, what);
    }
    /// The program that the driver started has ended.
    fn child_exited(&mut self, core: &mut Core, status: i32) {
        let _ = (core, status);
    }
    /// Whether data can be forced on it while the port is busy.
    fn takes_data_while_busy(&self) -> bool {
        false
    }
    /// Whether the driver itself says when its port is busy.
    fn decides_busy(&self) -> bool {
        false
    }
    /// Bytes of output that are queued.
    fn pending(&self) -> usize {
        0
    }
    /// Whether the port has to wait with its end until output is written.
    fn lingers(&self) -> bool {
        self.pending() > 0
    }
    /// The port has ended: let go of descriptors.
    fn stop(&mut self) {}
}

/// A driver that is built in and started by name.
pub struct BuiltIn {
    pub name: &'static str,
    pub start: fn(PortId) -> Box<dyn Driver>,
}

/// In the order in which `erl_ddll:loaded_drivers/0` lists them.
pub const DRIVERS: &[BuiltIn] = &[
    BuiltIn {
        name: "tcp_inet",
        start: inet::start_tcp,
    },
    BuiltIn {
        name: "udp_inet",
        start: inet::start_udp,
    },
    BuiltIn {
        name: "sctp_inet",
        start: inet::start_sctp,
    },
    BuiltIn {
        name: "ram_file_drv",
        start: ram_file::start,
    },
];

/// The driver that a command's first word names.
pub fn built_in(command: &[u8]) -> Option<&'static BuiltIn> {
    let end = command.iter().position(u8::is_ascii_whitespace);
    let word = &command[..end.unwrap_or(command.len())];
    DRIVERS.iter().find(|d| d.name.as_bytes() == word)
}
