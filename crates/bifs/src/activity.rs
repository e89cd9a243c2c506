//! What the node is doing: schedulers, run queues, counts of processes and tables; `erlang:statistics/1`.

use crate::ets;
use crate::prelude::*;
use crate::util::atom;
use corten_engine::counters;
use corten_engine::logger::{self, Receiver};
use corten_engine::node;
use corten_engine::sched::microstate::{self, Kind, Spent, State};
use corten_engine::sched::{block, dirty::Pool, scheduler, stats};
use corten_engine::time as clock;
use corten_term::map;
use std::sync::atomic::{AtomicU64, Ordering};

pub const BIFS: &[Bif] = bifs![
    erlang:statistics/1 => statistics,
    erts_internal:scheduler_wall_time/1 => scheduler_wall_time,
    erts_internal:system_check/1 => system_check,
];

pub fn schedulers_online() -> usize {
    scheduler::online()
}
pub fn schedulers_active() -> usize {
    if multi_scheduling_blocked() {
        1
    } else {
        schedulers_online()
    }
}
pub fn dirty_cpu_online() -> usize {
    node().config.dirty_cpu_online
}
pub fn multi_scheduling_blocked() -> bool {
    block::multi_scheduling_blocked()
}

/// Who gets the engine's log events, as a term.
pub fn logger_receiver() -> Term<'static> {
    match logger::receiver() {
        Receiver::Name(name) => Term::atom(name),
        Receiver::Process(pid) => Term::pid(pid),
        Receiver::Undefined => Term::UNDEFINED,
    }
}

/// The keys of `system_info/1` that this file knows.
pub fn info<'h>(p: &'h Process, key: &str) -> Option<BifResult<'h>> {
    Some(Ok(match key {
        "process_count" => number(p, node().processes.count() as u64),
        "port_count" => number(p, counters::PORTS.load(Ordering::Relaxed)),
        "ets_count" => number(p, ets::registry::table_count() as u64),
        "system_logger" => logger_receiver(),
        "scheduler_id" => number(p, scheduler::current_index().map_or(0, |i| i as u64 + 1)),
        _ => return None,
    }))
}

fn number<'h>(p: &'h Process, n: u64) -> Term<'h> {
    p.heap.uint(n)
}

fn numbers<'h>(p: &'h Process, list: &[u64]) -> Term<'h> {
    let terms: Vec<_> = list.iter().map(|n| number(p, *n)).collect();
    p.heap.list(&terms)
}

/// `{Total, SinceLastCall}`
fn with_difference<'h>(p: &'h Process, total: u64, last: &AtomicU64) -> Term<'h> {
    let before = last.swap(total, Ordering::Relaxed);
    p.heap
        .tuple(&[number(p, total), number(p, total.saturating_sub(before))])
}

/// Milliseconds of processor time of all threads.
fn runtime() -> u64 {
    let t = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    (t.tv_sec * 1000 + t.tv_nsec / 1_000_000) as u64
}

/// Lengths of the run queues; the queue for dirty computations is the next to last of all.
fn queue_lengths(all: bool) -> Vec<u64> {
    let mut n: Vec<u64> = stats::run_queue_lengths()
        .iter()
        .map(|n| *n as u64)
        .collect();
    n.push(Pool::Cpu.queue_length() as u64);
    if all {
        n.push(Pool::Io.queue_length() as u64);
    }
    n
}

/// Queued and running: a scheduler that is not parked runs something.
fn active_tasks(all: bool) -> Vec<u64> {
    let mut n = queue_lengths(all);
    for (i, n) in n.iter_mut().enumerate() {
        *n += u64::from(microstate::is_awake(Kind::Scheduler, i + 1));
    }
    n
}

fn statistics<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    static LAST_RUNTIME: AtomicU64 = AtomicU64::new(0);
    static LAST_WALL: AtomicU64 = AtomicU64::new(0);
    static LAST_EXACT: AtomicU64 = AtomicU64::new(0);
    Ok(match a[0].as_atom().badarg()?.name() {
        "active_tasks" => numbers(p, &active_tasks(false)),
        "active_tasks_all" => numbers(p, &active_tasks(true)),
        "total_active_tasks" => number(p, active_tasks(false).iter().sum()),
        "total_active_tasks_all" => number(p, active_tasks(true).iter().sum()),
        "run_queue" | "total_run_queue_lengths" => number(p, queue_lengths(false).iter().sum()),
        "total_run_queue_lengths_all" => number(p, queue_lengths(true).iter().sum()),
        "run_queue_lengths" => numbers(p, &queue_lengths(false)),
        "run_queue_lengths_all" => numbers(p, &queue_lengths(true)),
        "run_queues" => {
            let n: Vec<_> = queue_lengths(true).iter().map(|n| number(p, *n)).collect();
            p.heap.tuple(&n)
        }
        "context_switches" => p
            .heap
            .tuple(&[number(p, stats::context_switches()), Term::small(0)]),
        "reductions" => {
            let (total, since) = stats::reductions_since_last();
            p.heap.tuple(&[number(p, total), number(p, since)])
        }
        "exact_reductions" => with_difference(p, stats::reductions(), &LAST_EXACT),
        "garbage_collection" => {
            let (count, words) = stats::collections();
            p.heap
                .tuple(&[number(p, count), number(p, words), Term::small(0)])
        }
        "io" => {
            let item = |key: &str, n: &AtomicU64| {
                let n = number(p, n.load(Ordering::Relaxed));
                p.heap.tuple(&[atom(key), n])
            };
            p.heap.tuple(&[
                item("input", &counters::INPUT_BYTES),
                item("output", &counters::OUTPUT_BYTES),
            ])
        }
        "runtime" => with_difference(p, runtime(), &LAST_RUNTIME),
        "wall_clock" => {
            let total = u64::try_from(clock::since_start().as_millis()).unwrap_or(u64::MAX);
            with_difference(p, total, &LAST_WALL)
        }
        "scheduler_wall_time" => wall_times(p, false),
        "scheduler_wall_time_all" => wall_times(p, true),
        "microstate_accounting" => microstates(p),
        _ => return Err(Stop::BADARG),
    })
}

/// `{Id, Active, Total}` of every scheduler; dirty ones are numbered behind the others.
fn wall_times<'h>(p: &'h Process, all: bool) -> Term<'h> {
    if !stats::wall_time() {
        return Term::UNDEFINED;
    }
    let c = &node().config;
    let mut times = microstate::wall_times(Kind::Scheduler, scheduler::all().len());
    times.extend(microstate::wall_times(Kind::DirtyCpu, c.dirty_cpu));
    if all {
        times.extend(microstate::wall_times(Kind::DirtyIo, c.dirty_io));
    }
    let entries: Vec<_> = times
        .iter()
        .enumerate()
        .map(|(i, (active, total))| {
            let id = Term::small(i as i64 + 1);
            p.heap.tuple(&[id, number(p, *active), number(p, *total)])
        })
        .collect();
    p.heap.list(&entries)
}

/// Switches the measurement; what it was.
fn scheduler_wall_time<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(Term::bool(stats::set_wall_time(a[0].as_bool().badarg()?)))
}

/// What threads spend their time on: `[#{type, id, counters}]`.
fn microstates<'h>(p: &'h Process) -> Term<'h> {
    let counters = |spent: Spent| {
        let names = State::ALL.iter().map(|s| atom(s.name()));
        let pairs: Vec<_> = names.zip(spent.map(|n| number(p, n))).collect();
        map::from_pairs(&p.heap, &pairs)
    };
    let entry = |(kind, id, spent): (Kind, usize, Spent)| {
        let pairs = [
            (atom("type"), atom(kind.name())),
            (atom("id"), Term::small(id as i64)),
            (atom("counters"), counters(spent)),
        ];
        map::from_pairs(&p.heap, &pairs)
    };
    let entries: Vec<_> = microstate::spent().into_iter().map(entry).collect();
    p.heap.list(&entries)
}

/// Whether all schedulers answer. They share what is to be checked here, so asking one is enough.
fn system_check<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    match a[0].as_atom().map(Atom::name) {
        Some("schedulers") => Ok(Term::OK),
        _ => Err(Stop::BADARG),
    }
}
