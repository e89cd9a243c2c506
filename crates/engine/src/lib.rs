//! The engine: processes, their memory and mailboxes, schedulers, timers, code, the interpreter.
//!
//! `bifs` and `io` give it their tables of functions at start ([`node::Node`]); it never calls them by
//! name. The rooms, from the bottom up:
//!
//! - [`bif`]: how native functions are declared, called, and how they stop;
//! - [`process`]: the process structure, its table, spawn, exit, information, dictionary; [`registry`]: names;
//! - [`gc`]: the collector; [`biased`]: a lock for what is mostly read; [`environment`]: environment variables; [`cmath`]: functions of the system's library; [`logger`]: reports;
//! - [`signal`]: signals between processes, mailbox, links, monitors, exit;
//! - [`timer`]: timer wheels; [`time`]: clocks;
//! - [`code`]: exports, fun entries, loaded modules, lowering, code loading and purge;
//! - [`interp`]: the instruction handlers, exceptions and stack traces;
//! - [`sched`]: scheduler threads, run queues, dirty pools;
//! - [`match_spec`]: match specifications; [`trace`]: tracing;
//! - [`node`]: what there is one of.

pub mod biased;
pub mod bif;
pub mod boot;
pub mod cmath;
pub mod code;
pub mod counters;
pub mod crashdump;
pub mod environment;
pub mod gc;
pub mod halt;
pub mod interp;
pub mod logger;
pub mod match_spec;
pub mod node;
pub mod packet;
pub mod process;
pub mod registry;
pub mod sched;
pub mod settings;
pub mod signal;
pub mod sysmon;
pub mod time;
pub mod timer;
pub mod trace;
pub mod version;

pub use bif::{Args, Bif, BifFlags, BifResult, Stop};
/// Processes and their public parts stay in memory while such a guard lives.
pub use crossbeam_epoch::pin;
pub use node::{Node, node};
pub use process::Process;
