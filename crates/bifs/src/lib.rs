//! Native functions (BIFs) of the Erlang modules that the emulator serves: one file per module or topic.
//!
//! Each file declares a table `BIFS`; [`TABLES`] lists them all and the `corten` program hands them to the
//! node at start. BIFs build terms on the caller's heap and answer with a value or a
//! [`Stop`](corten_engine::Stop); they never panic on what a program passes. [`names`] knows every name that
//! ought to exist.

#![forbid(unsafe_code)]

pub mod names;

mod activity;
mod asn1;
mod atomics;
mod atoms;
mod binaries;
mod binary;
mod binary_search;
mod calendar;
mod code;
mod coverage;
mod debug;
mod debug_dirty;
mod dictionary;
mod display;
pub mod dumps;
mod erl_debugger;
mod errors;
pub mod ets;
mod filenames;
mod funs;
mod halt;
mod hashes;
mod identity;
pub mod iolist;
mod links;
mod lists;
mod long;
mod maps;

mod math;
mod memory;
mod messages;
mod misc;
mod nodes;
mod numbers;
mod operators;
mod os;
mod packet;
mod persistent_term;
mod process;
mod process_debug;
mod process_list;
mod re;
mod records;
mod seq_trace;
mod spawn;
mod system_flag;
mod system_info;
mod system_monitor;
mod system_profile;
mod terms;
mod time;
mod timers;
mod trace;
mod tuples;
mod types;
mod unicode;
mod unicode_rest;
mod unique;
mod util;

/// What nearly every file here uses.
mod prelude {
    pub use corten_engine::bif::OrBadarg;
    pub use corten_engine::{Args, Bif, BifResult, Process, Stop, bifs};
    #[cfg(test)]
    pub use corten_term::Heap;
    pub use corten_term::{Atom, Bits, Kind, Term, am};
}

use corten_engine::Bif;

/// All tables of this crate.
pub const TABLES: &[&[Bif]] = &[
    activity::BIFS,
    asn1::BIFS,
    atomics::BIFS,
    atoms::BIFS,
    binaries::BIFS,
    binary::BIFS,
    binary_search::BIFS,
    calendar::BIFS,
    code::BIFS,
    coverage::BIFS,
    debug::BIFS,
    debug_dirty::BIFS,
    dictionary::BIFS,
    display::BIFS,
    erl_debugger::BIFS,
    errors::BIFS,
    ets::basic::BIFS,
    ets::info::BIFS,
    ets::insert::BIFS,
    ets::rubble::BIFS,
    ets::scan::BIFS,
    ets::select::BIFS,
    ets::update::BIFS,
    ets::walk::BIFS,
    filenames::BIFS,
    funs::BIFS,
    halt::BIFS,
    hashes::BIFS,
    identity::BIFS,
    iolist::BIFS,
    links::BIFS,
    lists::BIFS,
    maps::BIFS,
    math::BIFS,
    memory::BIFS,
    messages::BIFS,
    misc::BIFS,
    nodes::BIFS,
    numbers::BIFS,
    operators::BIFS,
    os::BIFS,
    packet::BIFS,
    persistent_term::BIFS,
    process::BIFS,
    process_list::BIFS,
    re::BIFS,
    records::BIFS,
    seq_trace::BIFS,
    spawn::BIFS,
    system_flag::BIFS,
    system_info::BIFS,
    system_monitor::BIFS,
    system_profile::BIFS,
    terms::BIFS,
    time::BIFS,
    timers::BIFS,
    trace::BIFS,
    tuples::BIFS,
    types::BIFS,
    unicode::BIFS,
    unique::BIFS,
];
