//! What `erts_debug:get_internal_state/1` and `set_internal_state/2` tell OTP's tests about processes.

use crate::prelude::*;
use corten_engine::node;
use corten_engine::process::{flag, info, state};
use corten_engine::signal::node::{Body, Work};
use corten_engine::signal::send;
use corten_engine::{counters, sysmon};
use corten_term::PortId;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// The answer to `get_internal_state(Key)`, if it is about processes.
pub fn get<'h>(p: &'h Process, key: Term<'h>) -> Option<Term<'h>> {
    if let Some(name) = key.as_atom() {
        return match name.name() {
            "process_info_args" => {
                let all: Vec<_> = info::items().iter().map(|a| Term::atom(*a)).collect();
                Some(p.heap.list(&all))
            }
            "next_pid" => Some(p.heap.uint(node().processes.next_data())),
            "next_port" => Some(p.heap.uint(next_port())),
            "processes_bif_info" => Some(crate::process_list::info(p)),
            "processes" => {
                let pids = node().processes.pids();
                let all: Vec<_> = pids.into_iter().map(Term::pid).collect();
                Some(p.heap.list(&all))
            }
            _ => None,
        };
    }
    let [key, value] = key.as_tuple_of::<2>()?;
    match key.as_atom()?.name() {
        "process_status" => status(value.as_local_pid()?),
        "link_list" if value.as_local_pid() == Some(p.pid()) => {
            let all: Vec<Term<'h>> = p.with_relations(|r| {
                let pids = r.links.iter().filter(|(_, l)| l.unlinking == 0);
                pids.filter_map(|(w, _)| corten_engine::signal::link::peer_of(*w))
                    .collect()
            });
            Some(p.heap.list(&all))
        }
        _ => None,
    }
}

fn status(pid: corten_term::Pid) -> Option<Term<'static>> {
    let guard = corten_engine::pin();
    let Some(shared) = node().processes.lookup(pid, &guard) else {
        return Some(Term::UNDEFINED);
    };
    let s = shared.state();
    Some(Term::atom(if s & (state::EXITING | state::DEAD) != 0 {
        am::exiting
    } else if s & state::SUSPENDED != 0 {
        am::suspended
    } else if s & state::ACTIVE != 0 {
        am::runnable
    } else {
        am::waiting
    }))
}

fn next_port() -> u64 {
    counters::NEXT_PORT.load(Ordering::Relaxed) & PortId::MAX
}

/// Keeps its receiver busy.
struct Block(Duration);
impl Work for Block {
    fn run(self: Box<Self>, _: &Process) {
        std::thread::sleep(self.0);
    }
    fn anywhere(&self) -> bool {
        true
    }
}

/// Timers of no time that the test sets, each from the one before.
const ZERO_TIMERS: u32 = 10;

/// Sets timers from timers, all due at once, and tells `to` after the last one.
fn timer_in_timer(to: corten_term::Pid, left: u32) {
    if left > 0 {
        corten_engine::timer::call(0, move || timer_in_timer(to, left - 1));
    } else if let Ok(done) = Atom::new("multizero_timeout_in_timeout_done") {
        send::message(to, Term::atom(done));
    }
}

/// The answer to `set_internal_state(Name, Value)`, if it is about processes.
pub fn set<'h>(caller: &'h Process, name: Term<'_>, value: Term<'_>) -> Option<Term<'h>> {
    let p = caller.pid();
    let sleep = |t: Term<'_>| {
        let ms = t.as_small().filter(|ms| *ms >= 0)?;
        Some(Duration::from_millis(u64::try_from(ms).ok()?))
    };
    match name.as_atom()?.name() {
        // Everything is done by the time that the call which asked for it returns.
        "wait" => value.as_atom().map(|_| Term::OK),
        "sleep" | "block_scheduler" => {
            std::thread::sleep(sleep(value)?);
            Some(Term::TRUE)
        }
        "block" => {
            let time = sleep(value)?;
            corten_engine::sched::block::exclusively(|| std::thread::sleep(time));
            Some(Term::TRUE)
        }
        // A process is never left with a heap that cannot be walked, so there is none to be made.
        "inconsistent_heap" => Some(Term::OK),
        "next_pid" => {
            node().processes.set_next_data(value.as_u64()?);
            Some(caller.heap.uint(node().processes.next_data()))
        }
        "next_port" => {
            counters::NEXT_PORT.store(value.as_u64()?, Ordering::Relaxed);
            Some(caller.heap.uint(next_port()))
        }
        "test_long_gc_sleep" => {
            sysmon::prolong_collections(value.as_u64()?);
            Some(Term::TRUE)
        }
        // Receive markers are not numbered by this counter.
        "process_uniq_counter" => value.as_i64().map(|_| Term::OK),
        // In-queues take many senders as they are.
        "proc_sig_buffers" => value.as_bool().map(|_| Term::TRUE),
        "multizero_timeout_in_timeout" => {
            let ms = value.as_small().filter(|ms| *ms >= 0)?;
            let after = u64::try_from(ms).ok()?;
            corten_engine::timer::call(after, move || timer_in_timer(p, ZERO_TIMERS));
            Some(Term::OK)
        }
        "gc_state" => {
            let on = value.as_bool()?;
            let was = !caller.has_flag(flag::GC_DISABLED);
            caller.set_flag(flag::GC_DISABLED, !on);
            Some(Term::bool(was))
        }
        "proc_sig_block" => {
            let [pid, ms] = value.as_tuple_of::<2>()?;
            let work = Box::new(Block(sleep(*ms)?));
            send::control(pid.as_local_pid()?, Body::Call(work));
            Some(Term::TRUE)
        }
        _ => None,
    }
}
