//! `erlang:system_flag/2`: settings that change while the node runs. Answers what a setting was.

use crate::activity;
use crate::prelude::*;
use crate::system_info::internal_topology;
use crate::util::{atom, is_atom_named};
use corten_engine::code::export;
use corten_engine::logger::{self, Receiver};
use corten_engine::process::info::max_heap;
use corten_engine::process::spawn::MaxHeap;
use corten_engine::sched::topology::{Binding, Cpu, Topology};
use corten_engine::sched::{binding, block, microstate, scheduler};
use corten_engine::trace::seq;
use corten_engine::trace::tracer::Tracer;
use corten_engine::{gc, node, settings};
use corten_term::map;

pub const BIFS: &[Bif] = bifs![
    erlang:system_flag/2 => system_flag,
];

fn number<'h>(t: Term<'h>) -> Result<usize, Stop<'h>> {
    t.as_usize().badarg()
}

fn small<'h>(n: usize) -> BifResult<'h> {
    Ok(Term::small(n as i64))
}

fn system_flag<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let value = a[1];
    let unknown = Stop::badarg_because(am::badopt);
    match a[0].as_atom().ok_or(unknown)?.name() {
        "backtrace_depth" => small(settings::set_backtrace_depth(number(value)?.min(1024))),
        "fullsweep_after" => {
            let n = u16::try_from(number(value)?).unwrap_or(u16::MAX);
            small(usize::from(settings::set_fullsweep_after(n)))
        }
        "min_heap_size" => small(settings::set_min_heap_size(gc::next_size(number(value)?))),
        "min_bin_vheap_size" => small(settings::set_min_bin_vheap_size(number(value)?)),
        "max_heap_size" => {
            let wanted = heap_limit(value, settings::max_heap_size()).badarg()?;
            Ok(max_heap(&p.heap, settings::set_max_heap_size(wanted)))
        }
        "schedulers_online" => {
            let n = number(value)?;
            if n == 0 || n > node().config.schedulers {
                return Err(Stop::BADARG);
            }
            small(scheduler::set_online(n))
        }
        "dirty_cpu_schedulers_online" => {
            let n = number(value)?;
            if n == 0 || n > activity::schedulers_online() {
                return Err(Stop::BADARG);
            }
            small(activity::dirty_cpu_online())
        }
        "multi_scheduling" => multi_scheduling(value),
        "scheduler_wall_time" => {
            value.as_bool().badarg()?;
            trap(am::system_flag_scheduler_wall_time, value)
        }
        "system_logger" => system_logger(value),
        "time_offset" if is_atom_named(value, "finalize") => Ok(atom("volatile")),
        "trace_control_word" => {
            let n = value
                .as_u64()
                .and_then(|n| u32::try_from(n).ok())
                .badarg()?;
            Ok(p.heap.uint(u64::from(settings::set_trace_control_word(n))))
        }
        "outstanding_system_requests_limit" => {
            let n = number(value)?;
            if n == 0 {
                return Err(Stop::BADARG);
            }
            small(settings::set_outstanding_system_requests_limit(n))
        }
        "microstate_accounting" => {
            let was_on = match value.as_atom().map(Atom::name) {
                Some("reset") => microstate::reset(),
                _ => microstate::set(value.as_bool().badarg()?),
            };
            Ok(Term::bool(was_on))
        }
        "reset_seq_trace" if value.is(am::true_) => {
            seq::reset_all(p);
            Ok(Term::TRUE)
        }
        "sequential_tracer" => {
            let new = if value.is(am::false_) {
                None
            } else {
                Some(
                    Tracer::of_session(value)
                        .filter(|t| t.is_alive())
                        .badarg()?,
                )
            };
            Ok(seq::set_tracer(new).map_or(Term::FALSE, Tracer::term))
        }
        "scheduling_statistics" => match value.as_atom().map(Atom::name) {
            Some("enable" | "disable" | "clear") => Ok(Term::TRUE),
            _ => Err(Stop::BADARG),
        },
        "debug_flags" => Ok(Term::TRUE),
        "scheduler_bind_type" => {
            deprecated(p, "scheduler_bind_type");
            let how = Binding::of_name(value.as_atom().badarg()?.name()).badarg()?;
            Ok(atom(binding::set_binding(how).badarg()?.name()))
        }
        "cpu_topology" => {
            deprecated(p, "cpu_topology");
            Err(Stop::Trap(
                export(am::erlang, am::set_cpu_topology, 1),
                vec![value],
            ))
        }
        "internal_cpu_topology" => {
            let new = if value.is(am::undefined) {
                None
            } else {
                let cpus: Option<Vec<Cpu>> = value.to_vec().badarg()?.iter().map(cpu).collect();
                Some(Topology::new(cpus.badarg()?).ok().badarg()?)
            };
            Ok(internal_topology(p, binding::define(new)))
        }
        // A known flag with a value that is none for it.
        "reset_seq_trace" => Err(Stop::BADARG),
        _ => Err(Stop::badarg_because(am::badopt)),
    }
}

/// Emulator flags are there for it.
fn deprecated(p: &Process, flag: &str) {
    let text = format!("erlang:system_flag({flag}, _) is deprecated: use +sbt and +sct\n");
    logger::warning(Some(p.pid()), &text);
}

/// What `erlang:set_cpu_topology/1` makes of a processor.
fn cpu(t: &Term<'_>) -> Option<Cpu> {
    let [tag, levels @ ..] = &t.as_tuple_of::<7>()?;
    let id = |t: &Term<'_>| t.as_small().and_then(|n| i32::try_from(n).ok());
    let levels: Vec<i32> = levels.iter().map(id).collect::<Option<_>>()?;
    let &[node, processor, processor_node, core, thread, logical] = &levels[..] else {
        return None;
    };
    tag.as_atom().filter(|a| a.name() == "cpu")?;
    Some(Cpu {
        node,
        processor,
        processor_node,
        core,
        thread,
        logical,
    })
}

fn trap<'h>(function: Atom, value: Term<'h>) -> BifResult<'h> {
    Err(Stop::Trap(
        export(am::erts_internal, function, 1),
        vec![value],
    ))
}

/// Words, or a map; keys that are not there keep their value.
fn heap_limit(t: Term<'_>, now: MaxHeap) -> Option<MaxHeap> {
    if let Some(words) = t.as_usize() {
        return Some(MaxHeap { words, ..now });
    }
    t.map_size()?;
    let mut m = now;
    for (k, v) in map::iter(t) {
        match k.as_atom()? {
            am::size => m.words = v.as_usize()?,
            am::kill => m.kill = v.as_bool()?,
            am::error_logger => m.log = v.as_bool()?,
            am::include_shared_binaries => m.include_binaries = v.as_bool()?,
            _ => {}
        }
    }
    Some(m)
}

fn multi_scheduling<'h>(value: Term<'h>) -> BifResult<'h> {
    let blocked = match value.as_atom().map(Atom::name) {
        Some("block") => "blocked",
        Some("block_normal") => "blocked_normal",
        Some("unblock" | "unblock_normal") => "",
        _ => return Err(Stop::BADARG),
    };
    if blocked.is_empty() {
        block::unblock_multi_scheduling();
        let still = activity::multi_scheduling_blocked();
        return Ok(atom(if still { "blocked" } else { "enabled" }));
    }
    block::block_multi_scheduling();
    Ok(atom(blocked))
}

fn system_logger<'h>(value: Term<'h>) -> BifResult<'h> {
    let to = match value.kind() {
        Kind::Atom(am::undefined) => Receiver::Undefined,
        Kind::Atom(name) if name == am::logger => Receiver::Name(name),
        Kind::Pid(_) => Receiver::Process(value.as_local_pid().badarg()?),
        _ => return Err(Stop::BADARG),
    };
    let old = activity::logger_receiver();
    logger::set_receiver(to);
    Ok(old)
}
