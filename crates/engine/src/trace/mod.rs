//! Tracing: what processes do, told to others. `bifs` reads what programs ask for (`erlang:trace`, `trace_pattern`, the
//! module `trace`, `seq_trace`); this room keeps who is traced for what and makes the messages.
//!
//! The design: nobody who is not traced pays.
//!
//! - A process has one word of flags that every thread may read, [`Shared::trace`](crate::process::Shared): the union of
//!   what all sessions trace it for. It is looked at only where things are slow anyway: when a process is scheduled,
//!   collects, spawns, links, ends, takes a message in; and in `send`, which is a slow instruction too. Who traces it,
//!   for what, is in a table beside the processes ([`tracee`]).
//! - Calls are traced by overwriting the op at a function's entry ([`breakpoint`], `interp::trace`); external calls by
//!   leading an export elsewhere; BIFs by an exchanged entry of their export.
//! - What a traced function returns to is a frame on the stack of the traced process (`interp::trace`).
//! - Sequential tracing is a token in the process and in messages ([`seq`]); the word of a message that holds it holds
//!   the sender's pid otherwise, which specifications for `receive` see.
//!
//! Sessions ([`session`]) have tracees and patterns of their own; the control word is one for all. What `erlang:trace` does belongs
//! to the static session, which is one among others in all that follows.
//!
//! A message goes to its tracer at once, as one from the tracee: in order with everything else that the tracee sends
//! there. So `trace_delivered` has nothing to wait for but the tracee's present step.
//!
//! - [`flags`]; [`session`]; [`tracer`]: where messages go; [`tracee`]: who is traced; [`request`]: `trace/3`;
//! - [`event`]: what happens to processes; [`message`]: what is said about it; [`actions`]: of match specifications;
//! - [`pattern`]: `trace_pattern`; [`breakpoint`]: places in code; [`call`]: what is done there; [`info`]: `trace_info`;
//! - [`seq`]: sequential tracing; [`profile`]: `system_profile`.

pub mod actions;
pub mod breakpoint;
pub mod call;
pub mod event;
pub mod flags;
pub mod info;
pub mod message;
pub mod pattern;
pub mod profile;
pub mod request;
pub mod seq;
pub mod session;
pub mod tracee;
pub mod tracer;
