//! How a process ends: the reason is settled first ([`request`], [`uncaught`], [`normal`]), the end itself
//! ([`finish`]) is done by the scheduler once the process is swapped out, some of it in each slice: a process may have
//! a hundred thousand links. Others hear of the end of a process on a dirty thread before it is back.

use super::table::ProcessPtr;
use super::{Class, Process, flag, info, state};
use crate::sched::progress;
use crate::signal::relations::Ending;
use crate::signal::{Body, Parcel, monitor, ports, receive, send};
use crate::trace::{event, flags, profile};
use crate::{gc, logger, node, registry, sched, timer};
use corten_term::{Heap, Pid, Term, Word, am};
use parking_lot::RwLock;
use std::sync::atomic::Ordering;

/// Signals refused and relations told in a slice.
const STEPS: usize = 2000;

/// Called for every process that ends, before links and monitors hear of it: ETS gives its tables away.
pub type Hook = fn(&Process, Term<'_>);
static HOOKS: RwLock<Vec<Hook>> = RwLock::new(Vec::new());

/// Adds a hook, at start.
pub fn add_hook(hook: Hook) {
    HOOKS.write().push(hook);
}

/// An exit signal ends the process. It may be on a dirty thread, so nothing of its heap is touched.
pub(crate) fn request(p: &Process, reason: Parcel) {
    p.with_relations(|r| r.killed = Some(Box::new(reason)));
    p.shared.state.fetch_or(state::EXITING, Ordering::AcqRel);
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
        // Whatever it comes to do before its slice ends, this is what it ends with. It is told once.
        p.max_heap_size.set(0);
        request(p, Parcel::pack(Term::atom(am::killed)));
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

/// Goes on with the end of a process for a slice; true when it is over: nothing may use the process then.
///
/// # Safety
/// The caller runs the process (its state has `RUNNING` and `EXITING`), which is in no queue.
pub(crate) unsafe fn finish(ptr: ProcessPtr) -> bool {
    // SAFETY: alive until `retire` below, and ours to run.
    let p = unsafe { ptr.0.as_ref() };
    debug_assert!(p.shared.state() & state::EXITING != 0);
    let mut budget = STEPS;
    if !tell_others(p, &mut budget) {
        p.reductions_left.set(0);
        return false;
    }
    receive::cancel_timeout(p);
    p.mailbox.clear();
    if p.relations.take().is_some_and(|r| r.ghost) {
        progress::ghost_leaves();
    }
    if p.shared.trace_flags() != 0 {
        event::ended(p);
    }
    if profile::wants(profile::RUNNABLE_PROCESSES) {
        profile::ended(p);
    }
    p.shared.state.fetch_or(state::DEAD, Ordering::AcqRel);
    gc::free(p);
    // SAFETY: by our caller's promise; it left the table with the first step.
    unsafe { node().processes.retire(ptr) };
    true
}

/// Everything about the end of a process that others see, in steps; true when all of it is done. The caller owns the
/// process's signals: it runs the process, or holds `DIRTY_SIGNALS`.
pub(crate) fn tell_others(p: &Process, budget: &mut usize) -> bool {
    if p.relations.borrow().is_none() && p.incoming.is_empty() {
        // The most frequent case: nobody is related to it, and no signals are on their way.
        // SAFETY: settled by whoever set `EXITING`, and kept as a root since.
        leave(p, unsafe { p.root(p.exception.reason.get()) });
        let late = p.shared.in_queue.close();
        if late.is_empty() {
            return true;
        }
        p.incoming.put(late);
        advance(p, Ending::Refuses);
    }
    let (stage, links) = p.with_relations(|r| (r.ending, !r.links.is_empty()));
    // A native function on a dirty thread may have opened a port after others were told.
    if stage == Ending::Told && !links {
        return true;
    }
    let killed = p.with_relations(|r| r.killed.take());
    let reason = match &killed {
        Some(parcel) => parcel.term(),
        // SAFETY: settled by whoever set `EXITING`, and kept as a root since.
        None => unsafe { p.root(p.exception.reason.get()) },
    };
    if stage == Ending::Begins {
        leave(p, reason);
        advance(p, Ending::Refuses);
    }
    let done = refuse_signals(p, budget) && tell_relations(p, reason, budget);
    // Nobody waits for a process that is ending to copy literals out of areas that go: it keeps the reason wholly.
    let keep = match stage {
        Ending::Begins if !done => Some(Box::new(Parcel::pack_whole(reason))),
        _ => killed,
    };
    p.with_relations(|r| r.killed = keep);
    if done {
        advance(p, Ending::Told);
    }
    done
}

fn advance(p: &Process, to: Ending) {
    p.with_relations(|r| r.ending = to);
}

/// It is in no table from now on.
fn leave(p: &Process, reason: Term<'_>) {
    if p.shared.timers.load(Ordering::Acquire) > 0 {
        timer::cancel_all_of(p.pid());
    }
    if p.shared.is_traced(flags::PROCS) {
        event::exits(p, reason);
    }
    registry::process_exits(p);
    for hook in HOOKS.read().iter() {
        hook(p, reason);
    }
    node().processes.unlink(p.pid());
}

/// What the process has not acted on finds nobody.
fn refuse_signals(p: &Process, budget: &mut usize) -> bool {
    if p.with_relations(|r| r.ending) > Ending::Refuses {
        return true;
    }
    loop {
        while let Some(signal) = p.incoming.next() {
            send::refused(signal, p.pid());
            if spent(budget) {
                return false;
            }
        }
        let late = p.shared.in_queue.close();
        if late.is_empty() {
            break;
        }
        p.incoming.put(late);
    }
    while let Some(task) = p.with_relations(|r| r.tasks.take()) {
        task.refuse();
    }
    advance(p, Ending::Tells);
    true
}

/// Whether the slice is over.
fn spent(budget: &mut usize) -> bool {
    *budget = budget.saturating_sub(1);
    *budget == 0
}

/// Those that are linked first, those that monitor last, as OTP does: who has been told that a worker is gone and asks
/// its supervisor finds one that has been told before.
fn tell_relations(p: &Process, reason: Term<'_>, budget: &mut usize) -> bool {
    let us = p.pid();
    // One at a time: nothing is borrowed while others are told.
    while let Some((peer, link)) = p.with_relations(|r| r.links.pop()) {
        if link.unlinking == 0 {
            break_link(us, peer, reason);
        }
        if spent(budget) {
            return false;
        }
    }
    while let Some((reference, monitor)) = p.with_relations(|r| r.monitors.pop()) {
        monitor::tell_target(us, reference, &monitor);
        if spent(budget) {
            return false;
        }
    }
    while let Some((who, _)) = p.with_relations(|r| r.suspending.pop()) {
        send::control(who, Body::Resume { by: us });
        if spent(budget) {
            return false;
        }
    }
    while let Some((reference, watcher)) = p.with_relations(|r| r.watchers.pop()) {
        send::down(watcher.pid, reference, reason);
        if spent(budget) {
            return false;
        }
    }
    true
}

fn break_link(us: Pid, peer: Word, reason: Term<'_>) {
    // SAFETY: links are to pids and ports, which are immediates.
    let peer = unsafe { Term::from_raw(peer) };
    if let Some(pid) = peer.as_local_pid() {
        send::link_exit(pid, us.word(), reason);
    } else if let (Some(port), Some(ports)) = (peer.as_local_port(), ports::get()) {
        ports.exit(port, us, Parcel::pack(reason));
    }
}
