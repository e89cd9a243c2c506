//! The process: one allocation with a part that any thread may touch ([`Shared`]) and a part that belongs
//! to the thread that runs the process.
//!
//! Who may hold what:
//! - other threads reach a process through the [`table`], under an epoch guard, and get `&Shared` only;
//! - the thread that has set `RUNNING` in the state word holds `&Process` and may touch everything. BIFs
//!   get this reference. Fields are `Cell`s, so `Process` is not `Sync` and the compiler keeps others out;
//! - the collector moves heap objects. It needs the same reference, but runs only where no `Term` of the
//!   process is alive: at the interpreter's collection points and between slices.
//!
//! Roots, that is all places outside the heap that hold terms of this process: the stack, `x` while
//! it is swapped out, `exception`, `dictionary`, messages marked as on the heap, and what `cold` lists. `gc::roots` visits them all; whoever adds a place adds it there.

pub mod dictionary;
pub mod exit;
pub mod info;
pub mod listing;
pub mod saved_calls;
mod slots;
pub mod spawn;
pub mod state;
pub mod table;
pub mod tasks;

pub use table::ProcessTable;

use crate::signal::Parcel;
use crate::signal::inqueue::{InQueue, Incoming};
use crate::signal::mailbox::Mailbox;
use crate::signal::relations::Relations;
use crate::trace::flags::HIDDEN;
use corten_term::{Atom, Heap, Pid, Term, Word, am};
use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicPtr, AtomicU8, AtomicU32, Ordering};

/// The part of a process that every thread may touch.
#[derive(Debug)]
pub struct Shared {
    pub pid: Pid,
    pub state: AtomicU32,
    /// Scheduler whose run queue it belongs to (index), or the one it is bound to.
    pub home: AtomicU32,
    /// Link of the run queue.
    pub queue_next: AtomicPtr<Process>,
    /// All that others do to this process, in order.
    pub in_queue: InQueue,
    /// Timers of `start_timer` and `send_after` that are to go off for this process.
    pub timers: AtomicU32,
    /// Index of the registered name plus one; 0 is none. Written under the registry's lock.
    name: AtomicU32,
    /// Flags that it is traced for, by whomever: see `trace::tracee`.
    pub trace: AtomicU32,
    /// Times that a process of low priority is passed over yet. Guarded by the lock of its run queue.
    pub passes: AtomicU8,
}

impl Shared {
    pub fn state(&self) -> u32 {
        self.state.load(Ordering::Acquire)
    }
    pub fn is_exiting(&self) -> bool {
        self.state() & (state::EXITING | state::DEAD) != 0
    }
    pub fn priority(&self) -> u32 {
        (self.state() & state::PRIORITY_MASK) >> state::PRIORITY_SHIFT
    }
    /// The priority that it is queued with.
    pub fn urgency(&self) -> u32 {
        let boost = (self.state() & state::BOOST_MASK) >> state::BOOST_SHIFT;
        self.priority().min(3 - boost)
    }
    /// Whether anybody traces it for any of `flags`.
    #[inline(always)]
    pub fn is_traced(&self, flags: u32) -> bool {
        let word = self.trace.load(Ordering::Relaxed);
        word & flags != 0 && word & HIDDEN == 0
    }
    /// All that it is traced for, and what else its word says.
    pub fn trace_flags(&self) -> u32 {
        self.trace.load(Ordering::Acquire)
    }
    /// `process_flag(sensitive, On)`: whoever traces it hears nothing.
    pub fn hide(&self, on: bool) {
        if on {
            self.trace.fetch_or(HIDDEN, Ordering::AcqRel);
        } else {
            self.trace.fetch_and(!HIDDEN, Ordering::AcqRel);
        }
    }
    pub fn traps_exit(&self) -> bool {
        self.state() & state::TRAP_EXIT != 0
    }
    /// `process_flag(trap_exit, On)`; returns what it was.
    pub fn set_trap_exit(&self, on: bool) -> bool {
        let old = if on {
            self.state.fetch_or(state::TRAP_EXIT, Ordering::AcqRel)
        } else {
            self.state.fetch_and(!state::TRAP_EXIT, Ordering::AcqRel)
        };
        old & state::TRAP_EXIT != 0
    }
    /// Gives it another priority; returns the one it had. It counts when the process is queued next.
    pub fn set_priority(&self, priority: u32) -> u32 {
        let bits = priority << state::PRIORITY_SHIFT;
        let old = self
            .state
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |s| {
                Some((s & !state::PRIORITY_MASK) | bits)
            });
        let old = old.unwrap_or_else(|s| s);
        (old & state::PRIORITY_MASK) >> state::PRIORITY_SHIFT
    }
    /// The registered name.
    pub fn name(&self) -> Option<Atom> {
        Atom::at(self.name.load(Ordering::Acquire).checked_sub(1)?)
    }
    /// Gives it a name; false if it has one.
    pub(crate) fn set_name(&self, name: Atom) -> bool {
        self.name
            .compare_exchange(0, name.index() + 1, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok()
    }
    pub(crate) fn clear_name(&self) {
        self.name.store(0, Ordering::Release);
    }
}

/// Function that a process was started with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mfa {
    pub module: Atom,
    pub function: Atom,
    pub arity: u8,
}

/// Class of an exception.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    Error,
    Exit,
    Throw,
}

/// The exception being raised or last raised: terms are roots.
#[derive(Debug)]
pub struct Exception {
    pub class: Cell<Class>,
    pub reason: Cell<Word>,
    /// Raw stack trace: see `interp::stacktrace`.
    pub trace: Cell<Word>,
}

/// Flags of the private part.
pub mod flag {
    pub const SENSITIVE: u32 = 1 << 1;
    /// Message data off heap.
    pub const OFF_HEAP_MESSAGES: u32 = 1 << 2;
    /// The next collection is a major one.
    pub const NEED_FULLSWEEP: u32 = 1 << 3;
    /// Collect as soon as it is safe.
    pub const FORCE_GC: u32 = 1 << 4;
    /// Waits in `receive` with a timer set.
    pub const IN_TIMEOUT: u32 = 1 << 5;
    /// The receive timer fired.
    pub const TIMED_OUT: u32 = 1 << 6;
    pub const HIBERNATED: u32 = 1 << 7;
    /// A test has said that system tasks which collect have to wait.
    pub const GC_DISABLED: u32 = 1;
    pub const ASYNC_DIST: u32 = 1 << 8;
    pub const MAX_HEAP_KILL: u32 = 1 << 9;
    pub const MAX_HEAP_LOG: u32 = 1 << 10;
    pub const MAX_HEAP_BINARIES: u32 = 1 << 11;
    /// It goes on at a breakpoint whose work is done.
    pub const PASSED_BREAKPOINT: u32 = 1 << 12;
    /// Frames of tracing were put on its stack.
    pub const TRACE_FRAMES: u32 = 1 << 13;
    /// It saves its calls.
    pub const SAVE_CALLS: u32 = 1 << 14;
    /// Some session has counted the memory of its functions: what messages take counts when they are received.
    pub const COUNTS_MEMORY: u32 = 1 << 15;
    /// The last collection found more survivors than the heap block had room for.
    pub const GREW: u32 = 1 << 30;
    /// The system monitor was told that its message queue is long.
    pub const LONG_QUEUE: u32 = 1 << 31;
}

/// What a process went to a dirty thread for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Apart {
    /// The native function at whose call it stopped.
    Native,
    /// The guard BIF or arithmetic instruction at which it stopped.
    Guard,
    /// A long collection.
    Collection,
}

/// Registers kept in the structure while swapped out; more go to `more_x`.
pub const INLINE_X: usize = 4;

/// See the module page.
#[derive(Debug)]
#[repr(C)]
pub struct Process {
    pub shared: Shared,

    // ---- memory: `heap` bumps between its top and the stack ----
    pub heap: Heap,
    /// Stack top: the lowest word in use.
    pub stack_top: Cell<*mut Word>,
    /// The heap block: its first word and one past its last (where the stack starts).
    pub block_start: Cell<*mut Word>,
    pub block_end: Cell<*mut Word>,
    /// Objects below this survived a collection: they move to the old heap at the next one.
    pub high_water: Cell<*mut Word>,
    pub old_start: Cell<*mut Word>,
    pub old_top: Cell<*mut Word>,
    pub old_end: Cell<*mut Word>,
    /// Words; `max_heap_size` 0 is none.
    pub min_heap_size: Cell<u32>,
    pub max_heap_size: Cell<usize>,
    /// Off-heap binary sizes (words) at which a collection is forced.
    pub bin_vheap_limit: Cell<u32>,
    pub bin_old_vheap: Cell<u32>,
    pub bin_old_vheap_limit: Cell<u32>,
    pub min_bin_vheap_size: Cell<u32>,
    pub minor_collections: Cell<u16>,
    pub fullsweep_after: Cell<u16>,

    // ---- execution ----
    /// Where it goes on.
    pub pc: Cell<*const Word>,
    /// Live registers while swapped out.
    pub live: Cell<u16>,
    /// What a dirty thread is to do with it.
    pub apart: Cell<Apart>,
    /// Changed by who runs it; who answers for it while it is on a dirty thread reads them.
    flags: AtomicU32,
    pub x: [Cell<Word>; INLINE_X],
    pub more_x: RefCell<Vec<Word>>,
    /// Reductions left in the slice, while running.
    pub reductions_left: Cell<i32>,
    pub suspend_count: Cell<u32>,
    /// Reductions executed before this slice.
    pub reductions: Cell<u64>,
    pub exception: Exception,

    // ---- relations ----
    /// Signals taken out of the in-queue that were not acted on yet.
    pub incoming: Incoming,
    pub mailbox: Mailbox,
    pub relations: RefCell<Option<Box<Relations>>>,
    pub dictionary: dictionary::Dictionary,
    /// A local pid, or a term kept alive by `cold.group_leader`: not a root.
    pub group_leader: Cell<Word>,
    pub parent: Cell<Word>,
    pub initial_call: Cell<Mfa>,
    pub receive_timer: Cell<Option<crate::timer::Handle>>,
    pub cold: RefCell<Option<Box<Cold>>>,
}

/// What few processes have.
#[derive(Debug)]
pub struct Cold {
    pub error_handler: Atom,
    /// Where a group leader of another node lies.
    pub group_leader: Parcel,
    /// Sequential trace token, a term of the process heap (root), or nil.
    pub seq_trace_token: Cell<Word>,
    /// Numbers of sequential tracing: the last one given, and the last one seen in a message.
    pub seq_clock: i64,
    pub seq_last: i64,
    /// Words allocated up to the last collection, while some session counts them; what sessions count.
    pub allocated: i64,
    pub accounts: Vec<crate::trace::call::Accounts>,
    /// Terms that a native function keeps until it is called again (roots).
    pub saved: RefCell<Vec<Word>>,
    /// `process_flag(save_calls, N)`.
    pub saved_calls: Option<Box<saved_calls::SavedCalls>>,
    /// `processes/0` under way, and whether the table has been looked through.
    pub listing: Option<(Box<listing::Listing>, bool)>,
    /// Subscriptions of `net_kernel:monitor_nodes`.
    pub node_monitors: u32,
}

impl Default for Cold {
    fn default() -> Cold {
        Cold {
            error_handler: am::error_handler,
            group_leader: Parcel::default(),
            seq_trace_token: Cell::new(corten_term::layout::NIL),
            seq_clock: 0,
            seq_last: 0,
            allocated: 0,
            accounts: Vec::new(),
            saved: RefCell::default(),
            saved_calls: None,
            listing: None,
            node_monitors: 0,
        }
    }
}

impl Process {
    /// A process without a heap block, in no table, in no queue. `gc::new_block` comes next.
    pub fn new(pid: Pid, config: &crate::node::Config) -> Box<Process> {
        let null = || std::ptr::null_mut::<Word>();
        let mut flags = 0;
        for (on, f) in [
            (config.off_heap_messages, flag::OFF_HEAP_MESSAGES),
            (config.max_heap_kill, flag::MAX_HEAP_KILL),
            (config.max_heap_log, flag::MAX_HEAP_LOG),
            (config.max_heap_include_binaries, flag::MAX_HEAP_BINARIES),
        ] {
            flags |= if on { f } else { 0 };
        }
        let vheap = u32::try_from(config.min_bin_vheap_size).unwrap_or(u32::MAX);
        Box::new(Process {
            shared: Shared {
                pid,
                state: AtomicU32::new(2 << state::PRIORITY_SHIFT),
                home: AtomicU32::new(0),
                queue_next: AtomicPtr::new(std::ptr::null_mut()),
                in_queue: InQueue::default(),
                timers: AtomicU32::new(0),
                name: AtomicU32::new(0),
                trace: AtomicU32::new(0),
                passes: AtomicU8::new(0),
            },
            heap: Heap::new(),
            stack_top: Cell::new(null()),
            block_start: Cell::new(null()),
            block_end: Cell::new(null()),
            high_water: Cell::new(null()),
            old_start: Cell::new(null()),
            old_top: Cell::new(null()),
            old_end: Cell::new(null()),
            min_heap_size: Cell::new(u32::try_from(config.min_heap_size).unwrap_or(u32::MAX)),
            max_heap_size: Cell::new(config.max_heap_size),
            bin_vheap_limit: Cell::new(vheap),
            bin_old_vheap: Cell::new(0),
            bin_old_vheap_limit: Cell::new(vheap),
            min_bin_vheap_size: Cell::new(vheap),
            minor_collections: Cell::new(0),
            fullsweep_after: Cell::new(config.fullsweep_after),
            pc: Cell::new(std::ptr::null()),
            live: Cell::new(0),
            apart: Cell::new(Apart::Native),
            flags: AtomicU32::new(flags),
            x: std::array::from_fn(|_| Cell::new(corten_term::layout::NIL)),
            more_x: RefCell::default(),
            reductions_left: Cell::new(0),
            suspend_count: Cell::new(0),
            reductions: Cell::new(0),
            exception: Exception {
                class: Cell::new(Class::Error),
                reason: Cell::new(corten_term::layout::NIL),
                trace: Cell::new(corten_term::layout::NIL),
            },
            incoming: Incoming::default(),
            mailbox: Mailbox::default(),
            relations: RefCell::default(),
            dictionary: dictionary::Dictionary::default(),
            group_leader: Cell::new(corten_term::layout::NIL),
            parent: Cell::new(Term::UNDEFINED.raw()),
            initial_call: Cell::new(Mfa {
                module: am::undefined,
                function: am::undefined,
                arity: 0,
            }),
            receive_timer: Cell::new(None),
            cold: RefCell::default(),
        })
    }

    #[inline]
    pub fn pid(&self) -> Pid {
        self.shared.pid
    }
    pub fn has_flag(&self, f: u32) -> bool {
        self.flags() & f != 0
    }
    pub fn flags(&self) -> u32 {
        self.flags.load(Ordering::Relaxed)
    }
    pub fn set_flag(&self, f: u32, on: bool) {
        let flags = self.flags();
        let flags = if on { flags | f } else { flags & !f };
        self.flags.store(flags, Ordering::Relaxed);
    }
    /// Charges `n` reductions to the running slice.
    #[inline]
    pub fn bump_reductions(&self, n: usize) {
        let n = i32::try_from(n).unwrap_or(i32::MAX);
        self.reductions_left
            .set(self.reductions_left.get().saturating_sub(n));
    }
    /// Takes `n` reductions of the running slice without charging them.
    pub fn spend_reductions(&self, n: usize) {
        self.bump_reductions(n);
        // What is gone from the slice when it ends counts as used: see `sched::scheduler`.
        self.reductions
            .set(self.reductions.get().wrapping_sub(n as u64));
    }
    /// Charges the rest of the slice, which ends with that, and `slices` more.
    pub fn charge_slices(&self, slices: usize) {
        self.reductions_left.set(0.min(self.reductions_left.get()));
        let more = slices as u64 * crate::sched::SLICE as u64;
        self.reductions
            .set(self.reductions.get().wrapping_add(more));
    }
    /// Keeps terms for a native function that answers [`crate::Stop::Again`].
    pub fn keep_terms(&self, terms: &[Term<'_>]) {
        self.with_cold(|c| *c.saved.borrow_mut() = terms.iter().map(|t| t.raw()).collect());
    }
    /// What it has kept, once.
    #[inline]
    pub fn kept_terms(&self) -> Vec<Term<'_>> {
        let words = match self.cold.borrow().as_ref() {
            Some(cold) => cold.saved.take(),
            None => Vec::new(),
        };
        // SAFETY: current roots of this process.
        words.into_iter().map(|w| unsafe { self.root(w) }).collect()
    }
    /// A word that this process keeps as a root, as a term.
    ///
    /// # Safety
    /// `w` is a current root of this process, so that it is valid until the next collection.
    #[inline]
    pub unsafe fn root(&self, w: Word) -> Term<'_> {
        // SAFETY: the borrow of the process keeps the collector away.
        unsafe { Term::from_raw(w) }
    }
    /// The group leader from now on.
    pub fn set_group_leader(&self, leader: Parcel) {
        self.group_leader.set(leader.term);
        if leader.term().is_immediate() {
            if let Some(cold) = self.cold.borrow_mut().as_mut() {
                cold.group_leader = Parcel::default();
            }
        } else {
            self.with_cold(|c| c.group_leader = leader);
        }
    }
    /// Kept for sending to others: see [`Process::group_leader`].
    pub fn group_leader_term(&self) -> Term<'_> {
        // SAFETY: an immediate, or on a heap that lives as long as it is the group leader.
        unsafe { Term::from_raw(self.group_leader.get()) }
    }
    pub fn registered_name(&self) -> Option<Atom> {
        self.shared.name()
    }
    pub fn error_handler(&self) -> Atom {
        self.cold
            .borrow()
            .as_ref()
            .map_or(am::error_handler, |c| c.error_handler)
    }
    /// Runs `f` on the rarely used part, made if need be.
    pub fn with_cold<R>(&self, f: impl FnOnce(&mut Cold) -> R) -> R {
        f(self.cold.borrow_mut().get_or_insert_with(Box::default))
    }
    /// Runs `f` on links and monitors, made if need be.
    pub fn with_relations<R>(&self, f: impl FnOnce(&mut Relations) -> R) -> R {
        f(self.relations.borrow_mut().get_or_insert_with(Box::default))
    }
}
