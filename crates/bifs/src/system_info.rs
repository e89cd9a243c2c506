//! `erlang:system_info/1`: what the node is and how it is set up.
//!
//! Keys are grouped by what they are about; each group answers for its keys and the first group that
//! knows a key wins. What moves (memory, schedulers, processes) is in `memory` and `activity`.

use crate::prelude::*;
use crate::util::{atom, string};
use crate::{activity, dumps, memory, names};
use corten_engine::code::export;
use corten_engine::process::info::max_heap;
use corten_engine::sched::binding::{self, Which};
use corten_engine::sched::topology::{Cpu, Topology};
use corten_engine::settings;
use corten_engine::time as clock;
use corten_engine::trace::seq;
use corten_engine::trace::tracer::Tracer;
use corten_engine::{Node, node};
use corten_term::layout::BIG_MAX_LIMBS;

pub const BIFS: &[Bif] = bifs![
    erlang:system_info/1 => system_info,
];

/// What a process may do in one slice.
const CONTEXT_REDUCTIONS: i64 = 4000;

fn system_info<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    if let Some(key) = a[0].as_atom() {
        if key.name() == "cpu_topology" {
            return cpu_topology(p, atom("used"));
        }
        let groups = [identity, scheduling, limits, clocks, build];
        if let Some(answer) = groups.iter().find_map(|g| g(p, key.name())) {
            return Ok(answer);
        }
        return memory::by_name(p, key)
            .or_else(|| activity::info(p, key.name()))
            .or_else(|| dumps::by_name(p, key.name()))
            .unwrap_or(Err(Stop::BADARG));
    }
    let Some(request) = a[0].as_tuple() else {
        return Err(Stop::BADARG);
    };
    let Some(key) = request.first().and_then(|t| t.as_atom()) else {
        return Err(Stop::BADARG);
    };
    match (key.name(), &request[1..]) {
        ("wordsize", [kind]) if is_word_kind(*kind) => Ok(Term::small(8)),
        ("cpu_topology", [which]) => cpu_topology(p, *which),
        _ => memory::by_request(p, key, &request[1..]).unwrap_or(Err(Stop::BADARG)),
    }
}

fn is_word_kind(t: Term<'_>) -> bool {
    matches!(t.as_atom(), Some(am::internal | am::external))
}

fn count<'h>(n: usize) -> Option<Term<'h>> {
    Some(Term::small(n as i64))
}

fn latin1<'h>(p: &'h Process, s: &str) -> Option<Term<'h>> {
    Some(p.heap.latin1_string(s.as_bytes()))
}

/// A constant by name.
fn name<'h>(s: &str) -> Option<Term<'h>> {
    Some(atom(s))
}

pub fn major_release(n: &Node) -> i64 {
    n.config.otp_release.parse().unwrap_or(27)
}

/// `{Major, Minor, Build}` of the kernel.
fn os_version<'h>(p: &'h Process) -> Term<'h> {
    let uname = rustix::system::uname();
    let release = uname.release().to_string_lossy().into_owned();
    let mut numbers = release
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|n| n.parse::<i64>().ok());
    let mut next = || Term::small(numbers.next().unwrap_or(0));
    p.heap.tuple(&[next(), next(), next()])
}

/// Versions and names.
fn identity<'h>(p: &'h Process, key: &str) -> Option<Term<'h>> {
    let n = node();
    match key {
        "otp_release" => latin1(p, &n.config.otp_release),
        "version" => latin1(p, &n.config.erts_version),
        "system_version" => latin1(p, &corten_engine::version::banner(&n.config)),
        "system_architecture" => latin1(p, ARCHITECTURE),
        "machine" => latin1(p, "BEAM"),
        "os_type" => Some(p.heap.tuple(&[atom("unix"), atom(OS_NAME)])),
        "os_version" => Some(os_version(p)),
        "nif_version" => latin1(
            p,
            if major_release(n) >= 28 {
                "2.18"
            } else {
                "2.17"
            },
        ),
        "driver_version" => latin1(p, "3.3"),
        "compat_rel" => count(n.config.shown.compat_rel as usize),
        "emu_args" => {
            let args: Vec<_> = n
                .config
                .emu_args
                .iter()
                .map(|a| match std::str::from_utf8(a) {
                    Ok(s) => string(p, s),
                    Err(_) => p.heap.latin1_string(a),
                })
                .collect();
            Some(p.heap.list(&args))
        }
        "creation" => Some(p.heap.uint(u64::from(corten_term::node::resolve(0).1))),
        _ => None,
    }
}

#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: &str = "x86_64-pc-linux-gnu";
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: &str = "aarch64-unknown-linux-gnu";
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
const ARCHITECTURE: &str = "unknown-unknown-linux-gnu";
#[cfg(target_os = "linux")]
const OS_NAME: &str = "linux";
#[cfg(target_os = "macos")]
const OS_NAME: &str = "darwin";
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
const OS_NAME: &str = "unix";

/// Processors and the threads that use them.
fn scheduling<'h>(p: &'h Process, key: &str) -> Option<Term<'h>> {
    let c = &node().config;
    match key {
        "schedulers" => count(c.schedulers),
        "schedulers_online" => count(activity::schedulers_online()),
        "schedulers_active" => count(activity::schedulers_active()),
        "schedulers_total" => count(c.schedulers),
        "dirty_cpu_schedulers" => count(c.dirty_cpu),
        "dirty_cpu_schedulers_online" => count(activity::dirty_cpu_online()),
        "dirty_io_schedulers" => count(c.dirty_io),
        "schedulers_state" => {
            let n = [
                c.schedulers,
                activity::schedulers_online(),
                activity::schedulers_active(),
            ];
            Some(p.heap.tuple(&n.map(|n| Term::small(n as i64))))
        }
        "all_schedulers_state" => {
            let online = activity::schedulers_online();
            let state = |kind: &str, total: usize, online: usize, active: usize| {
                let mut e = vec![atom(kind)];
                e.extend([total, online, active].map(|n| Term::small(n as i64)));
                p.heap.tuple(&e)
            };
            let dirty = activity::dirty_cpu_online();
            Some(p.heap.list(&[
                state(
                    "normal",
                    c.schedulers,
                    online,
                    activity::schedulers_active(),
                ),
                state("dirty_cpu", c.dirty_cpu, dirty, dirty),
                state("dirty_io", c.dirty_io, c.dirty_io, c.dirty_io),
            ]))
        }
        "run_queues" => count(c.schedulers),
        "logical_processors" => count(c.shown.processors),
        "logical_processors_available" | "logical_processors_online" | "cpu_quota" => {
            count(c.shown.processors_usable)
        }
        "multi_scheduling" => name(if activity::multi_scheduling_blocked() {
            "blocked"
        } else {
            "enabled"
        }),
        "multi_scheduling_blockers" | "normal_multi_scheduling_blockers" => Some(Term::NIL),
        "scheduler_bind_type" => name(binding::binding().name()),
        "scheduler_bindings" => {
            let each = |cpu: Option<i32>| cpu.map_or(atom("unbound"), |n| Term::small(n.into()));
            let all: Vec<_> = binding::bound().into_iter().map(each).collect();
            Some(p.heap.tuple(&all))
        }
        "update_cpu_info" => name("unchanged"),
        "smp_support" | "threads" => Some(Term::TRUE),
        "thread_pool_size" => count(c.shown.thread_pool_size),
        "context_reductions" => Some(Term::small(CONTEXT_REDUCTIONS)),
        "reader_groups_map" | "decentralized_counter_groups_map" => {
            let groups: Vec<_> = (0..c.schedulers.min(64))
                .map(|i| {
                    p.heap
                        .tuple(&[Term::small(i as i64), Term::small(i as i64 + 1)])
                })
                .collect();
            Some(p.heap.list(&groups))
        }
        _ => None,
    }
}

/// `erlang:format_cpu_topology/1` makes it what programs see.
fn cpu_topology<'h>(p: &'h Process, which: Term<'h>) -> BifResult<'h> {
    let which = match which.as_atom().map(Atom::name) {
        Some("defined") => Which::Defined,
        Some("detected") => Which::Detected,
        Some("used") => Which::Used,
        _ => return Err(Stop::BADARG),
    };
    Err(Stop::Trap(
        export(am::erlang, am::format_cpu_topology, 1),
        vec![internal_topology(p, binding::topology(which))],
    ))
}

/// `{cpu, Node, Processor, ProcessorNode, Core, Thread, Logical}` of each.
pub fn internal_topology<'h>(p: &'h Process, topology: Option<Topology>) -> Term<'h> {
    let Some(topology) = topology else {
        return Term::UNDEFINED;
    };
    let cpu = |c: &Cpu| {
        let levels = [
            c.node,
            c.processor,
            c.processor_node,
            c.core,
            c.thread,
            c.logical,
        ];
        let levels = levels.map(|n| Term::small(n.into()));
        p.heap.tuple(&[&[atom("cpu")], &levels[..]].concat())
    };
    let all: Vec<_> = topology.cpus().iter().map(cpu).collect();
    p.heap.list(&all)
}

/// `{Key, Value}`
fn pair<'h>(p: &'h Process, key: &str, value: usize) -> Term<'h> {
    p.heap.tuple(&[atom(key), Term::small(value as i64)])
}

/// The largest integer: as many limbs as an integer may have, less the sign's bit.
fn max_integer<'h>(p: &'h Process) -> Term<'h> {
    let limbs = vec![u64::MAX; BIG_MAX_LIMBS];
    p.heap.big(false, &limbs)
}

/// Limits and defaults.
fn limits<'h>(p: &'h Process, key: &str) -> Option<Term<'h>> {
    let c = &node().config;
    match key {
        "atom_limit" => count(corten_term::atom::limit() as usize),
        "atom_count" => count(corten_term::atom::count() as usize),
        "process_limit" => count(c.process_limit),
        "port_limit" => count(c.port_limit),
        "ets_limit" => count(c.shown.ets_limit),
        "max_integer" => Some(max_integer(p)),
        "wordsize" => count(8),
        "endian" => name(if cfg!(target_endian = "big") {
            "big"
        } else {
            "little"
        }),
        "fullsweep_after" => Some(pair(p, key, usize::from(settings::fullsweep_after()))),
        "min_heap_size" => Some(pair(p, key, settings::min_heap_size())),
        "min_bin_vheap_size" => Some(pair(p, key, settings::min_bin_vheap_size())),
        "max_heap_size" => Some(max_heap(&p.heap, settings::max_heap_size())),
        "garbage_collection" => Some(p.heap.list(&[
            pair(p, "max_heap_size", settings::max_heap_size().words),
            pair(p, "min_bin_vheap_size", settings::min_bin_vheap_size()),
            pair(p, "min_heap_size", settings::min_heap_size()),
            pair(
                p,
                "fullsweep_after",
                usize::from(settings::fullsweep_after()),
            ),
        ])),
        "heap_sizes" => {
            let sizes: Vec<_> = corten_engine::gc::heap_sizes()
                .iter()
                .map(|n| p.heap.uint(*n as u64))
                .collect();
            Some(p.heap.list(&sizes))
        }
        "message_queue_data" => name(if c.off_heap_messages {
            "off_heap"
        } else {
            "on_heap"
        }),
        "dist_buf_busy_limit" => count(c.shown.dist_buf_busy_limit),
        "delayed_node_table_gc" => match c.shown.delayed_node_table_gc {
            Some(seconds) => count(seconds as usize),
            None => Some(Term::atom(am::infinity)),
        },
        "outstanding_system_requests_limit" => count(settings::outstanding_system_requests_limit()),
        "halt_flush_timeout" => match c.shown.halt_flush_timeout {
            Some(ms) => count(ms as usize),
            None => Some(Term::atom(am::infinity)),
        },
        "async_dist" => Some(Term::bool(c.shown.async_dist)),
        "trace_control_word" => Some(p.heap.uint(u64::from(settings::trace_control_word()))),
        "sequential_tracer" => {
            let tracer = seq::tracer().map_or(Term::FALSE, Tracer::term);
            Some(p.heap.tuple(&[Term::atom(am::sequential_tracer), tracer]))
        }
        "break_ignored" => Some(Term::bool(
            c.break_handler == corten_engine::node::BreakMode::Ignore,
        )),
        "dist_ctrl" => Some(Term::NIL),
        _ => None,
    }
}

/// Clocks, as the operating system describes them.
fn clocks<'h>(p: &'h Process, key: &str) -> Option<Term<'h>> {
    match key {
        "start_time" => Some(p.heap.int(clock::START_TIME)),
        "end_time" => Some(p.heap.int(clock::END_TIME)),
        "time_correction" => Some(Term::bool(node().config.shown.time_correction)),
        "time_offset" => name("volatile"),
        "time_warp_mode" => name("multi_time_warp"),
        "tolerant_timeofday" => name("disabled"),
        "modified_timing_level" => match node().config.shown.modified_timing_level {
            Some(level) => count(usize::from(level)),
            None => Some(Term::UNDEFINED),
        },
        "os_monotonic_time_source" => {
            let t = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
            let now = t.tv_sec * 1_000_000_000 + t.tv_nsec;
            Some(clock_source(p, "CLOCK_MONOTONIC", true, now))
        }
        "os_system_time_source" => {
            Some(clock_source(p, "CLOCK_REALTIME", false, clock::os_system()))
        }
        _ => None,
    }
}

fn clock_source<'h>(p: &'h Process, id: &str, monotonic: bool, now: i64) -> Term<'h> {
    let pair = |k: &str, v: Term<'h>| p.heap.tuple(&[atom(k), v]);
    let resolution = Term::small(1_000_000_000);
    let mut items = vec![
        pair("function", atom("clock_gettime")),
        pair("clock_id", atom(id)),
        pair("resolution", resolution),
    ];
    if monotonic {
        items.push(pair("used_resolution", resolution));
        items.push(pair("extended", atom("no")));
    }
    items.push(pair("parallel", atom("yes")));
    items.push(pair("time", p.heap.int(now)));
    p.heap.list(&items)
}

/// `{Module, Function, Arity}` of every BIF.
fn built_in<'h>(p: &'h Process) -> Term<'h> {
    let more: &[Bif] = if major_release(node()) >= 28 {
        names::SINCE_29
    } else {
        &[]
    };
    let all: Vec<_> = names::OTP_27
        .iter()
        .chain(more)
        .map(|b| {
            let arity = Term::small(i64::from(b.arity));
            p.heap.tuple(&[atom(b.module), atom(b.name), arity])
        })
        .collect();
    p.heap.list(&all)
}

/// How the engine was built, and what it does not have.
fn build<'h>(p: &'h Process, key: &str) -> Option<Term<'h>> {
    match key {
        "emu_flavor" => name("jit"),
        "emu_type" | "build_type" => name("opt"),
        "build_flavor" => name("smp"),
        "debug_compiled"
        | "lock_checking"
        | "lock_counting"
        | "dynamic_trace_probes"
        | "io_thread" => Some(Term::FALSE),
        "ets_always_compress" => Some(Term::bool(node().config.shown.ets_always_compress)),
        "ets_realloc_moves" => Some(Term::bool(node().config.shown.ets_realloc_moves)),
        "port_parallelism" => Some(Term::bool(node().config.shown.port_parallelism)),
        "beam_jump_table"
        | "constant_pool_support"
        | "eager_check_io"
        | "kernel_poll"
        | "port_tasks" => Some(Term::TRUE),
        "dynamic_trace" => name("none"),
        "heap_type" => name("private"),
        "literal_test" => name("range"),
        "ethread_used_tse" => count(0),
        "taints" => Some(Term::NIL),
        "snifs" => Some(built_in(p)),
        "c_compiler_used" => Some(p.heap.tuple(&[Term::UNDEFINED, Term::UNDEFINED])),
        "compile_info" => {
            let item = |k: &str| p.heap.tuple(&[atom(k), Term::NIL]);
            Some(
                p.heap
                    .list(&[item("ldflags"), item("cflags"), item("config_h")]),
            )
        }
        "ethread_info" | "check_io" => Some(Term::NIL),
        "total_scheduling_statistics" | "scheduling_statistics" => Some(Term::NIL),
        _ => None,
    }
}
