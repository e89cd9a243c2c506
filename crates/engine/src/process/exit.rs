//! How a process ends: the reason is settled first ([`request`], [`uncaught`], [`normal`]), the end itself
//! ([`finish`]) is done by the scheduler once the process is swapped out.

use super::table::ProcessPtr;
use super::{Class, Process, flag, info, state};
use crate::signal::node::ExitKind;
use crate::signal::relations::Relations;
use crate::signal::{Parcel, monitor, ports, receive, send, suspend};
use crate::{gc, logger, node, registry, sched, timer};
use corten_term::{Heap, Term, Word, am};
use parking_lot::RwLock;
use std::sync::atomic::Ordering;

/// Called for every process that ends, before links and monitors hear of it: ETS gives its tables away.
pub type Hook = fn(&Process, Term<'_>);
static HOOKS: RwLock<Vec<Hook>> = RwLock::new(Vec::new());

/// Adds a hook, at start.
pub fn add_hook(hook: Hook) {
    HOOKS.write().push(hook);
}

/// An exit signal ends the process.
pub(crate) fn request(p: &Process, reason: Parcel) {
    p.heap.adopt(reason.heap);
    settle(p, reason.term);
}

fn settle(p: &Process, reason: Word) {
    p.exception.reason.set(reason);
    p.exception.trace.set(Term::NIL.raw());
    p.shared.state.fetch_or(state::EXITING, Ordering::AcqRel);
    // Nothing it was going to execute is executed any more.
    p.live.set(0);
}

/// The function that the process was started with has returned.
pub fn normal(p: &Process) {
    settle(p, Term::atom(am::normal).raw());
}

/// An exception that nothing caught. `reason` and `stacktrace` (built, a list) are terms of `p`. Afterwards the
/// interpreter leaves with `Outcome::Exited`.
pub fn uncaught(p: &Process, class: Class, reason: Term<'_>, stacktrace: Term<'_>) {
    // SAFETY: terms of the process, moved nowhere while we are here.
    let (reason, stacktrace) = unsafe { (p.root(reason.raw()), p.root(stacktrace.raw())) };
    let value = match class {
        Class::Exit => reason,
        Class::Error => p.heap.tuple(&[reason, stacktrace]),
        Class::Throw => {
            let nocatch = p.heap.tuple(&[Term::atom(am::nocatch), reason]);
            p.heap.tuple(&[nocatch, stacktrace])
        }
    };
    if class != Class::Exit {
        report(p, value);
    }
    settle(p, value.raw());
}

fn report(p: &Process, value: Term<'_>) {
    let name = node().name();
    let pid = Term::pid(p.pid());
    let leader = p.group_leader_term();
    let from = Some(p.pid());
    if name == am::Noname {
        let format = "Error in process ~p with exit value:~n~p~n";
        logger::error_terms(from, leader, format, &[pid, value]);
    } else {
        let format = "Error in process ~p on node ~p with exit value:~n~p~n";
        logger::error_terms(from, leader, format, &[pid, Term::atom(name), value]);
    }
}

/// A collection left more than `max_heap_size` allows.
pub(crate) fn heap_too_large(p: &Process, words: usize) {
    let kill = p.has_flag(flag::MAX_HEAP_KILL);
    if p.has_flag(flag::MAX_HEAP_LOG) {
        report_heap(p, words, kill);
    }
    if kill {
        // It runs on until it looks at its signals, soon; this is told once.
        p.max_heap_size.set(0);
        let reason = Parcel::pack(Term::atom(am::kill));
        send::exit(p.pid(), p.pid().word(), reason, ExitKind::Sent);
        p.reductions_left.set(0);
    }
}

fn report_heap(p: &Process, words: usize, kill: bool) {
    let heap = Heap::new();
    let word = |n: usize| Term::small(i64::try_from(n).unwrap_or(0));
    let mut arguments = vec![Term::pid(p.pid())];
    let name = node().name();
    let on_node = if name == am::Noname {
        ""
    } else {
        arguments.push(Term::atom(name));
        "on node ~p"
    };
    arguments.extend([
        word(p.max_heap_size.get()),
        word(words),
        Term::bool(kill),
        Term::TRUE,
        word(p.mailbox.len()),
        info::collection_info(p, &heap),
        sched::executor().stacktrace(p, &heap, 8),
    ]);
    let format = [
        "     Process:            ~p ",
        on_node,
        "~n     Context:            maximum heap size reached~n",
        "     Max Heap Size:      ~p~n",
        "     Total Heap Size:    ~p~n",
        "     Kill:               ~p~n",
        "     Error Logger:       ~p~n",
        "     Message Queue Len:  ~p~n",
        "     GC Info:            ~p~n",
        "     Stacktrace:         ~p~n",
    ];
    logger::error_terms(
        Some(p.pid()),
        p.group_leader_term(),
        &format.concat(),
        &arguments,
    );
}

/// The end. Nothing may use the process afterwards.
///
/// # Safety
/// The caller runs the process (its state has `RUNNING` and `EXITING`), which is in no queue.
pub(crate) unsafe fn finish(ptr: ProcessPtr) {
    // The process stays in memory until this guard goes, although it leaves the table below.
    let _guard = crossbeam_epoch::pin();
    // SAFETY: alive, and ours to run.
    let p = unsafe { ptr.0.as_ref() };
    debug_assert!(p.shared.state() & state::EXITING != 0);
    // SAFETY: settled by whoever set `EXITING`, and kept as a root since.
    let reason = unsafe { p.root(p.exception.reason.get()) };
    receive::cancel_timeout(p);
    if p.shared.timers.load(Ordering::Acquire) > 0 {
        timer::cancel_all_of(p.pid());
    }
    registry::process_exits(p);
    for hook in HOOKS.read().iter() {
        hook(p, reason);
    }
    // SAFETY: by our caller's promise.
    unsafe { node().processes.remove(ptr) };
    for signal in p.shared.in_queue.close() {
        send::refused(signal, p.pid());
    }
    if let Some(cold) = p.cold.borrow_mut().as_mut() {
        for task in std::mem::take(&mut cold.tasks) {
            task.refuse();
        }
    }
    if let Some(relations) = p.relations.take() {
        tell_others(p, *relations, reason);
    }
    p.mailbox.clear();
    p.shared.state.fetch_or(state::DEAD, Ordering::AcqRel);
    gc::free(p);
}

fn tell_others(p: &Process, mut r: Relations, reason: Term<'_>) {
    let us = p.pid();
    for (reference, watcher) in r.watchers.take() {
        send::down(watcher.pid, reference, reason);
    }
    monitor::demonitor_all(us, r.monitors.take());
    let suspended = r.suspending.take().into_iter().map(|(pid, _)| pid);
    suspend::resume_all(us, suspended.collect());
    for (peer, link) in r.links.take() {
        if link.unlinking != 0 {
            continue;
        }
        // SAFETY: links are to pids and ports, which are immediates.
        let peer = unsafe { Term::from_raw(peer) };
        if let Some(pid) = peer.as_local_pid() {
            send::link_exit(pid, us.word(), reason);
        } else if let (Some(port), Some(ports)) = (peer.as_local_port(), ports::get()) {
            ports.exit(port, us, Parcel::pack(reason));
        }
    }
}
