//! Making processes.

use super::table::TableFull;
use super::{Mfa, Process, flag, state};
use crate::signal::Parcel;
use crate::signal::monitor::{self, Options};
use crate::signal::relations::{AliasMode, Monitor, Target, Watcher};
use crate::trace::{event, seq, session, tracee};
use crate::{gc, node, sched};
use corten_term::{Atom, Pid, RefNumbers, Term, am, copy};
use std::sync::atomic::Ordering;

/// How a process is to be made; everything has a default.
#[derive(Debug, Default)]
pub struct SpawnOptions {
    pub link: bool,
    /// The exit signal of the new process becomes a priority message.
    pub link_priority: bool,
    pub monitor: Option<MonitorOptions>,
    /// 0 max to 3 low.
    pub priority: Option<u32>,
    pub min_heap_size: Option<u32>,
    pub min_bin_vheap_size: Option<u32>,
    pub fullsweep_after: Option<u16>,
    pub max_heap: Option<MaxHeap>,
    pub off_heap_messages: Option<bool>,
    pub async_dist: bool,
    /// A system process.
    pub system: bool,
    /// Scheduler to start on, from 1; 0 is any.
    pub scheduler: usize,
    /// Reference of a `spawn_request`, which becomes the monitor's.
    pub reference: Option<RefNumbers>,
    /// What `initial_call` shows, if it is not the function that is called.
    pub initial_call: Option<Mfa>,
}

/// `{monitor, Options}`.
#[derive(Debug, Default)]
pub struct MonitorOptions {
    pub alias: Option<AliasMode>,
    pub tag: Option<Box<Parcel>>,
    pub priority: bool,
}

impl From<MonitorOptions> for Options {
    fn from(o: MonitorOptions) -> Options {
        Options {
            alias: o.alias,
            tag: o.tag,
            priority: o.priority,
        }
    }
}

/// `max_heap_size`.
#[derive(Debug, Clone, Copy)]
pub struct MaxHeap {
    pub words: usize,
    pub kill: bool,
    pub log: bool,
    pub include_binaries: bool,
}

impl MaxHeap {
    /// Makes it the limit of a process.
    pub fn apply(self, p: &Process) {
        p.max_heap_size.set(self.words);
        p.set_flag(flag::MAX_HEAP_KILL, self.kill);
        p.set_flag(flag::MAX_HEAP_LOG, self.log);
        p.set_flag(flag::MAX_HEAP_BINARIES, self.include_binaries);
    }
    /// The limit of a process.
    pub fn of(p: &Process) -> MaxHeap {
        MaxHeap {
            words: p.max_heap_size.get(),
            kill: p.has_flag(flag::MAX_HEAP_KILL),
            log: p.has_flag(flag::MAX_HEAP_LOG),
            include_binaries: p.has_flag(flag::MAX_HEAP_BINARIES),
        }
    }
}

/// What was made.
#[derive(Debug, Clone, Copy)]
pub struct Spawned {
    pub pid: Pid,
    /// The monitor's reference, if one was asked for, and whether it is an alias.
    pub monitor: Option<(RefNumbers, bool)>,
}

/// Makes a process that runs `apply(Module, Function, Arguments)`. `parent` is none for the first ones.
/// `arguments` is a proper list, checked by the caller.
pub fn spawn(
    parent: Option<&Process>,
    module: Atom,
    function: Atom,
    arguments: Term<'_>,
    options: SpawnOptions,
) -> Result<Spawned, TableFull> {
    spawn_and(parent, module, function, arguments, options, |_| {})
}

/// The same; `before` is called when everything is ready, right before the process may run.
pub fn spawn_and(
    parent: Option<&Process>,
    module: Atom,
    function: Atom,
    arguments: Term<'_>,
    options: SpawnOptions,
    before: impl FnOnce(&Spawned),
) -> Result<Spawned, TableFull> {
    let node = node();
    let slot = node.processes.reserve()?;
    let pid = slot.pid;
    let process = Process::new(pid, &node.config);
    let p = &*process;
    crate::settings::apply(p);
    apply_options(p, parent, &options);
    // `x(0)`, `x(1)`, `x(2)` are what `apply` wants.
    let words = copy::size(arguments);
    gc::new_block(
        p,
        words.max(if options.min_heap_size.is_some() {
            p.min_heap_size.get() as usize
        } else {
            0
        }),
    );
    p.x[0].set(Term::atom(module).raw());
    p.x[1].set(Term::atom(function).raw());
    p.x[2].set(copy::copy(arguments, &p.heap).raw());
    p.live.set(3);
    p.pc.set(sched::executor().spawn_entry());
    p.initial_call.set(options.initial_call.unwrap_or(Mfa {
        module,
        function,
        arity: u8::try_from(arguments.list_len().unwrap_or(0)).unwrap_or(u8::MAX),
    }));
    inherit(p, parent);
    let linked = options.link;
    // What is called in the end, where something else is called first.
    let request = options.initial_call.is_some();
    let monitor = relate(p, parent, options);
    sched::stats::spawned();
    let spawned = Spawned { pid, monitor };
    if parent.is_some_and(|p| p.shared.trace_flags() != 0) || session::traces_new_processes() {
        traced(p, parent, [module, function], arguments, linked, request);
    }
    // Somebody who guesses the identifier may end the process before it is started.
    let _guard = crossbeam_epoch::pin();
    let ptr = slot.publish(process);
    before(&spawned);
    sched::state::start(ptr);
    Ok(spawned)
}

/// A child of a traced process, or one that somebody traces from its beginning.
#[cold]
fn traced(
    p: &Process,
    parent: Option<&Process>,
    [module, function]: [Atom; 2],
    arguments: Term<'_>,
    linked: bool,
    request: bool,
) {
    let inner = arguments.as_cons().and_then(|(first, _)| first.as_tuple());
    let (module, function, arguments) = match inner {
        Some([m, f, a]) if request => (
            m.as_atom().unwrap_or(module),
            f.as_atom().unwrap_or(function),
            *a,
        ),
        _ => (module, function, arguments),
    };
    let from = parent.map(|p| &p.shared);
    tracee::inherit(from, &p.shared, linked);
    if let Some(parent) = parent.filter(|p| seq::has_token(p)) {
        seq::inherit(parent, p, || {
            Parcel::build(|h| {
                let arity = Term::small(arguments.list_len().unwrap_or(0) as i64);
                let mfa = h.tuple(&[Term::atom(module), Term::atom(function), arity]);
                let options = if linked {
                    h.list(&[Term::atom(am::link)])
                } else {
                    Term::NIL
                };
                h.tuple(&[
                    Term::atom(am::spawn_request),
                    h.reference(RefNumbers::fresh()),
                    Term::pid(parent.pid()),
                    copy::copy(parent.group_leader_term(), h),
                    mfa,
                    options,
                    Term::atom(am::spawn_reply),
                    copy::copy(arguments, h),
                ])
            })
        });
    }
    event::spawned(from, &p.shared, module, function, arguments, linked);
}

fn apply_options(p: &Process, parent: Option<&Process>, o: &SpawnOptions) {
    let priority = o.priority.unwrap_or(2);
    let mut word = state::ACTIVE | (priority << state::PRIORITY_SHIFT);
    if o.system {
        word |= state::SYSTEM;
    }
    p.shared.state.store(word, Ordering::Relaxed);
    if let Some(n) = o.min_heap_size {
        p.min_heap_size
            .set(u32::try_from(gc::next_size(n as usize)).unwrap_or(u32::MAX));
    }
    if let Some(n) = o.min_bin_vheap_size {
        p.min_bin_vheap_size.set(n);
        p.bin_vheap_limit.set(n);
        p.bin_old_vheap_limit.set(n);
    }
    if let Some(n) = o.fullsweep_after {
        p.fullsweep_after.set(n);
    }
    if let Some(m) = o.max_heap {
        m.apply(p);
    }
    if let Some(on) = o.off_heap_messages {
        p.set_flag(flag::OFF_HEAP_MESSAGES, on);
    }
    p.set_flag(
        flag::ASYNC_DIST,
        o.async_dist || parent.is_some_and(|p| p.has_flag(flag::ASYNC_DIST)),
    );
    let home = if o.scheduler > 0 {
        o.scheduler - 1
    } else {
        sched::current_index().unwrap_or(0)
    };
    p.shared.home.store(home as u32, Ordering::Relaxed);
}

fn inherit(p: &Process, parent: Option<&Process>) {
    match parent {
        Some(parent) => {
            p.parent.set(parent.pid().word());
            p.set_group_leader(Parcel::pack_whole(parent.group_leader_term()));
            let handler = parent.error_handler();
            if handler != am::error_handler {
                p.with_cold(|c| c.error_handler = handler);
            }
        }
        None => p.set_group_leader(Parcel::pack(Term::pid(p.pid()))),
    }
}

/// Links and monitors are there before the new process runs, on both sides.
fn relate(
    p: &Process,
    parent: Option<&Process>,
    options: SpawnOptions,
) -> Option<(RefNumbers, bool)> {
    let parent = parent?;
    if options.link {
        crate::signal::link::establish(parent, p.pid().word(), options.link_priority);
        crate::signal::link::establish(p, parent.pid().word(), false);
    }
    let m = options.monitor?;
    let reference = options.reference.unwrap_or_else(RefNumbers::fresh);
    if let Some(mode) = m.alias {
        parent.with_relations(|r| r.aliases.insert(reference, mode.into()));
    }
    let alias = m.alias.is_some();
    monitor::set(
        parent,
        reference,
        Monitor {
            target: Target::Process(p.pid()),
            name: None,
            pid_reference: alias,
            tag: m.tag,
            object: None,
            priority: m.priority,
        },
    );
    let watcher = Watcher {
        pid: parent.pid(),
        name: None,
    };
    p.with_relations(|r| r.watchers.insert(reference, watcher));
    Some((reference, alias))
}
