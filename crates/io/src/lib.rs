//! The natives that OTP writes in C: files, buffers, zlib, zstd, terminal, ports and their drivers, OS signals.
//!
//! Each module has `BIFS`; [`TABLES`] lists them all and `cli` hands it to the node. The engine never calls
//! this crate by name: what it needs (sending to a port) it reaches through hooks registered in [`init`].
//! Native objects (open files, buffers, zlib streams, …) are magic references. Whatever may block
//! is flagged `DIRTY_IO`. `unsafe` is allowed in [`sys`] only: the thin layer over libc, zlib and zstd.

#![deny(unsafe_code)]

use corten_engine::{Bif, halt};

pub mod args;
pub mod atoms;
mod break_menu;
pub mod deliver;
pub mod erl_ddll;
pub mod erl_tracer;
pub mod errno;
pub mod poll;
pub mod port;
pub mod prim_buffer;
pub mod prim_file;
pub mod prim_net;
pub mod prim_socket;
pub mod prim_tty;
pub mod queue;
pub mod signals;
pub mod sys;
mod unix_address;
pub mod zlib;
pub mod zstd;

/// All native functions of this crate.
pub const TABLES: &[&[Bif]] = &[
    prim_file::BIFS,
    prim_buffer::BIFS,
    zlib::BIFS,
    zstd::BIFS,
    erl_ddll::BIFS,
    erl_tracer::BIFS,
    prim_tty::BIFS,
    prim_net::BIFS,
    prim_socket::BIFS,
    port::BIFS,
    signals::BIFS,
];

/// Opens the first port, for the first process, and handles the signals that a node handles from its start on.
/// Called once, before the first process runs.
pub fn init(first: corten_term::Pid) {
    sys::process::keep_inherited_descriptors();
    port::init(first);
    signals::init();
    corten_engine::process::exit::add_hook(|p, _| prim_socket::process_exited(p.pid()));
    halt::set_flusher(port::flush);
    halt::at_halt(prim_tty::reset);
    break_menu::init(&corten_engine::node().config);
}
