//! Bits of the state word. See `sched::state` for the transitions.

/// A thread runs it: it owns the private part.
pub const RUNNING: u32 = 1;
/// It sits in a run queue.
pub const IN_QUEUE: u32 = 1 << 1;
/// It has something to execute: it did not wait when it last ran, or something came that it waits for.
pub const ACTIVE: u32 = 1 << 2;
/// Signals have arrived since the in-queue was last emptied.
pub const SIGNALS: u32 = 1 << 3;
/// It is going away: only its exit is executed from now on.
pub const EXITING: u32 = 1 << 4;
/// Its identity is gone from the table.
pub const DEAD: u32 = 1 << 5;
/// Suspended by `erlang:suspend_process`.
pub const SUSPENDED: u32 = 1 << 6;
/// Its next execution is on a dirty pool.
pub const DIRTY_IO: u32 = 1 << 7;
pub const DIRTY_CPU: u32 = 1 << 8;
/// A system process (`is_system_process`).
pub const SYSTEM: u32 = 1 << 9;
/// Traps exits: here because whoever handles its signals has to know.
pub const TRAP_EXIT: u32 = 1 << 10;
/// A dirty thread runs it.
pub const RUNNING_DIRTY: u32 = 1 << 11;
/// Collecting garbage: for `process_info(P, status)`.
pub const COLLECTING: u32 = 1 << 12;
/// The timer of a `receive` fired.
pub const TIMEOUT: u32 = 1 << 13;
/// Somebody owns its signals while it is on a dirty thread or waits for one: another process that handles them,
/// or the dirty thread once the native function has returned. See `signal::dirty`.
pub const DIRTY_SIGNALS: u32 = 1 << 14;
/// A handler of signals of dirty processes was told that there are some.
pub const DIRTY_NOTIFIED: u32 = 1 << 15;
/// Priority, two bits: 0 max, 1 high, 2 normal, 3 low.
pub const PRIORITY_SHIFT: u32 = 16;
pub const PRIORITY_MASK: u32 = 3 << PRIORITY_SHIFT;
/// Two bits: a process of this priority (3 stands for max) waits for it to act on a signal. It is queued as
/// one of that priority meanwhile.
pub const BOOST_SHIFT: u32 = 18;
pub const BOOST_MASK: u32 = 3 << BOOST_SHIFT;
