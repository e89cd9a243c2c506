//! Processes as things: who there is, what they are like, flags, group leaders, suspending, system tasks.

use crate::prelude::*;
use crate::spawn::{fullsweep_after, max_heap_size, off_heap};
use corten_engine::code::export;
use corten_engine::process::info::{self, Item, Request, priority_name, priority_number};
use corten_engine::process::spawn::MaxHeap;
use corten_engine::process::{flag, saved_calls, state};
use corten_engine::signal::dirty::{self, Handled};
use corten_engine::signal::node::{Body, Reply, SuspendReply, Task};
use corten_engine::signal::suspend::{self, Asked};
use corten_engine::signal::{Parcel, send};
use corten_engine::signal::{handle, receive};
use corten_engine::{gc, node, sched};
use corten_term::{Pid, RefNumbers};
use std::sync::atomic::Ordering;

pub const BIFS: &[Bif] = bifs![
    erlang:is_process_alive/1 => is_process_alive,
    erts_internal:is_process_alive/2 => is_process_alive_2,
    erlang:process_info/1 => process_info_1,
    erlang:process_info/2 => process_info_2,
    erlang:process_flag/2 => process_flag_2,
    erts_internal:process_flag/3 => process_flag_3,
    erlang:group_leader/0 => group_leader,
    erts_internal:group_leader/2 => group_leader_2,
    erts_internal:group_leader/3 => group_leader_3,
    erts_internal:suspend_process/2 => suspend_process,
    erlang:resume_process/1 => resume_process,
    erts_internal:request_system_task/3 => request_system_task_3,
    erts_internal:request_system_task/4 => request_system_task_4,
    erts_internal:check_process_code/1 => check_process_code,
    erts_internal:garbage_collect/1 => garbage_collect,
    erts_internal:is_system_process/1 => is_system_process,
    erts_internal:dirty_process_handle_signals/1 => dirty_process_handle_signals,
    erts_internal:check_dirty_process_code/2 => check_dirty_process_code,
    erts_internal:is_process_executing_dirty/1 => is_process_executing_dirty,
    erts_internal:process_display/2 => process_display,
    erlang:hibernate/0 => hibernate_here,
    erlang:hibernate/3 => hibernate,
    erlang:yield/0 => yield_now,
];

// ---- who there is ----

fn local_pid<'h>(t: Term<'h>) -> Result<Pid, Stop<'h>> {
    t.as_local_pid().badarg()
}

/// The state word of a process.
fn state_of(pid: Pid) -> Option<u32> {
    let guard = corten_engine::pin();
    Some(node().processes.lookup(pid, &guard)?.state())
}

fn is_process_alive<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    let pid = local_pid(args[0])?;
    if pid == p.pid() {
        return Ok(Term::TRUE);
    }
    match state_of(pid) {
        None => Ok(Term::FALSE),
        Some(s) if s & (state::EXITING | state::DEAD) != 0 => Ok(Term::FALSE),
        Some(s) if s & state::SIGNALS == 0 => Ok(Term::TRUE),
        // A signal on its way may end it: the question takes its turn behind it.
        Some(_) => {
            let to = export(am::erts_internal, am::is_process_alive, 1);
            Err(Stop::Trap(to, vec![args[0]]))
        }
    }
}

fn reply_to(p: &Process, reference: Term<'_>) -> Reply {
    Reply {
        pid: p.pid(),
        reference: Parcel::pack_whole(reference),
    }
}

fn is_process_alive_2<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    let pid = local_pid(args[0])?;
    args[1].as_reference().badarg()?;
    let reply = Box::new(reply_to(p, args[1]));
    if send::urgent(pid, Body::IsAlive(reply), p.shared.urgency()).is_err() {
        send::answer_atom(reply_to(p, args[1]), am::false_);
    }
    Ok(Term::OK)
}

// ---- information ----

fn item(t: Term<'_>) -> Option<Item> {
    if let Some(name) = t.as_atom() {
        return info::is_item(name).then_some(Item { name, key: None });
    }
    let [name, key] = t.as_tuple_of::<2>()?;
    name.is(am::dictionary).then(|| Item {
        name: am::dictionary,
        key: Some(Parcel::pack_whole(*key)),
    })
}

fn process_info_1<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    let pid = local_pid(args[0])?;
    ask(p, pid, Request::Default)
}

fn process_info_2<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    let pid = local_pid(args[0])?;
    let request = if args[1].is_list() {
        let items = args[1].to_vec().badarg()?;
        let items: Option<Vec<_>> = items.into_iter().map(item).collect();
        Request::List(items.badarg()?)
    } else {
        Request::One(item(args[1]).badarg()?)
    };
    ask(p, pid, request)
}

fn ask<'h>(p: &'h Process, pid: Pid, request: Request) -> BifResult<'h> {
    if pid == p.pid() {
        if handle::has_signals(p) {
            handle::flush(p);
            if p.shared.is_exiting() {
                return Err(Stop::YieldWith(Term::UNDEFINED));
            }
        }
        return Ok(info::gather(p, &request, &p.heap, true));
    }
    if !node().processes.is_alive(pid) {
        return Ok(Term::UNDEFINED);
    }
    let reference = p.heap.reference(RefNumbers::fresh());
    let body = Body::ProcessInfo {
        reply: Box::new(reply_to(p, reference)),
        request: Box::new(request),
    };
    if send::urgent(pid, body, p.shared.urgency()).is_err() {
        return Ok(Term::UNDEFINED);
    }
    receive::skip_present(p);
    let to = export(am::erts_internal, am::await_result, 1);
    Err(Stop::Trap(to, vec![reference]))
}

fn is_system_process<'h>(_: &'h Process, args: Args<'h>) -> BifResult<'h> {
    let pid = local_pid(args[0])?;
    let s = state_of(pid).unwrap_or(0);
    Ok(Term::bool(s & state::SYSTEM != 0))
}

fn is_process_executing_dirty<'h>(_: &'h Process, args: Args<'h>) -> BifResult<'h> {
    let s = args[0].as_local_pid().and_then(state_of).unwrap_or(0);
    Ok(Term::bool(s & state::RUNNING_DIRTY != 0))
}

/// Handles signals of a process on a dirty thread.
fn dirty_process_handle_signals<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    let pid = local_pid(args[0])?;
    p.bump_reductions(500);
    Ok(Term::atom(match dirty::handle(pid) {
        Handled::Gone => am::noproc,
        Handled::NotDirty => am::normal,
        Handled::Done => am::ok,
        Handled::More => am::more,
    }))
}

/// Only the handlers of dirty processes may ask. Here a dirty process's signals and tasks are seen to together
/// (`signal::dirty`), so their answer is that the process will do it itself.
fn check_dirty_process_code<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    if !node::helpers().is_some_and(|h| h.dirty_handlers.contains(&p.pid())) {
        return Err(Stop::NOTSUP);
    }
    let target = local_pid(args[0])?;
    args[1].as_atom().badarg()?;
    let lives = target == p.pid() || state_of(target).is_some();
    Ok(Term::atom(if lives { am::normal } else { am::false_ }))
}

/// `badarg`, `badopt`, `true`, or a reference that the answer comes with.
fn process_display<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    if !args[1].is(am::backtrace) {
        return Ok(Term::atom(am::badopt));
    }
    let Some(pid) = args[0].as_local_pid() else {
        return Ok(Term::atom(am::badarg));
    };
    if pid == p.pid() {
        print_backtrace(p);
        return Ok(Term::TRUE);
    }
    let reference = p.heap.reference(RefNumbers::fresh());
    let work = Box::new(Display(reply_to(p, reference)));
    if send::control(pid, Body::Call(work)) {
        receive::skip_present(p);
        Ok(reference)
    } else {
        Ok(Term::atom(am::badarg))
    }
}

fn print_backtrace(p: &Process) {
    let text = sched::executor().backtrace(p);
    eprintln!("{}", String::from_utf8_lossy(&text));
}

/// A process prints its own stack for another one.
struct Display(Reply);

impl corten_engine::signal::node::Work for Display {
    fn run(self: Box<Self>, p: &Process) {
        print_backtrace(p);
        send::answer_atom(self.0, am::true_);
    }
    fn gone(self: Box<Self>) {
        send::answer_atom(self.0, am::badarg);
    }
}

// ---- flags ----

fn swap_bool<'h>(p: &Process, f: u32, value: Term<'h>) -> Result<Term<'h>, Stop<'h>> {
    let on = value.as_bool().badarg()?;
    let old = p.has_flag(f);
    p.set_flag(f, on);
    Ok(Term::bool(old))
}

fn process_flag_2<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    let value = args[1];
    let words = || {
        value
            .as_small()
            .and_then(|n| u32::try_from(n).ok())
            .badarg()
    };
    let number = |n: u32| Term::small(i64::from(n));
    Ok(match args[0].as_atom() {
        Some(am::trap_exit) => Term::bool(p.shared.set_trap_exit(value.as_bool().badarg()?)),
        Some(am::async_dist) => swap_bool(p, flag::ASYNC_DIST, value)?,
        Some(am::sensitive) => {
            let old = swap_bool(p, flag::SENSITIVE, value)?;
            p.shared.hide(p.has_flag(flag::SENSITIVE));
            old
        }
        Some(am::error_handler) => {
            let name = value.as_atom().badarg()?;
            let old = p.error_handler();
            p.with_cold(|c| c.error_handler = name);
            Term::atom(old)
        }
        Some(am::priority) => {
            let n = value.as_atom().and_then(priority_number).badarg()?;
            let old = p.shared.set_priority(n);
            Term::atom(priority_name(old))
        }
        Some(am::fullsweep_after) => {
            let old = p.fullsweep_after.replace(fullsweep_after(value).badarg()?);
            number(u32::from(old))
        }
        Some(am::min_heap_size) => {
            let size = gc::next_size(words()?.max(233) as usize);
            number(
                p.min_heap_size
                    .replace(u32::try_from(size).unwrap_or(u32::MAX)),
            )
        }
        Some(am::min_bin_vheap_size) => {
            let size = gc::next_size(words()?.max(46_422) as usize);
            number(
                p.min_bin_vheap_size
                    .replace(u32::try_from(size).unwrap_or(u32::MAX)),
            )
        }
        Some(am::max_heap_size) => {
            let fresh = max_heap_size(value).badarg()?;
            if fresh.words != 0 && fresh.words < p.min_heap_size.get() as usize {
                return Err(Stop::BADARG);
            }
            let old = info::max_heap(&p.heap, MaxHeap::of(p));
            fresh.apply(p);
            old
        }
        Some(am::message_queue_data) => {
            let on = off_heap(value).badarg()?;
            let old = p.has_flag(flag::OFF_HEAP_MESSAGES);
            p.set_flag(flag::OFF_HEAP_MESSAGES, on);
            Term::atom(if old { am::off_heap } else { am::on_heap })
        }
        Some(am::scheduler) => {
            let n = words()? as usize;
            if n > node().config.schedulers {
                return Err(Stop::BADARG);
            }
            if n > 0 {
                p.shared.home.store((n - 1) as u32, Ordering::Relaxed);
            }
            Term::small(0)
        }
        Some(am::save_calls) => {
            let n = Some(words()? as usize).filter(|n| *n <= MOST_SAVED_CALLS);
            let old = saved_calls::set(p, n.badarg()?);
            // The interpreter notices at the beginning of a slice.
            return Err(Stop::YieldWith(Term::small(old as i64)));
        }
        // Nodes come and go only where there is distribution; there is nothing to subscribe to yet.
        Some(am::monitor_nodes) => monitor_nodes(p, value)?,
        _ if is_monitor_nodes(args[0]) => monitor_nodes(p, value)?,
        _ => return Err(Stop::badarg_because(am::badopt)),
    })
}

fn is_monitor_nodes(t: Term<'_>) -> bool {
    t.as_tuple_of::<2>().is_some_and(|[name, options]| {
        name.is(am::monitor_nodes) && (options.is_list() || options.is_map())
    })
}

fn monitor_nodes<'h>(p: &Process, value: Term<'h>) -> BifResult<'h> {
    let on = value.as_bool().badarg()?;
    let old = p.with_cold(|c| {
        let old = c.node_monitors;
        c.node_monitors = if on { old + 1 } else { 0 };
        old
    });
    Ok(Term::small(i64::from(old)))
}

const MOST_SAVED_CALLS: usize = 10_000;

/// For any process; `badtype` (not one here), `badarg`, a value, or a reference that the answer comes with.
fn process_flag_3<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    let gone = Ok(Term::atom(am::badtype));
    let Some(pid) = args[0].as_local_pid() else {
        return gone;
    };
    if !node().processes.is_alive(pid) {
        return gone;
    }
    if !args[1].is(am::save_calls) {
        return Ok(Term::atom(am::badarg));
    }
    let calls = args[2].as_small().and_then(|n| usize::try_from(n).ok());
    let Some(calls) = calls.filter(|n| *n <= MOST_SAVED_CALLS) else {
        return Ok(Term::atom(am::badarg));
    };
    if pid == p.pid() {
        return process_flag_2(p, args.get(1..).unwrap_or(&[]));
    }
    let reference = p.heap.reference(RefNumbers::fresh());
    let work = SaveCalls {
        calls,
        reply: reply_to(p, reference),
    };
    if send::control(pid, Body::Call(Box::new(work))) {
        receive::skip_present(p);
        Ok(reference)
    } else {
        gone
    }
}

struct SaveCalls {
    calls: usize,
    reply: Reply,
}

impl corten_engine::signal::node::Work for SaveCalls {
    fn run(self: Box<Self>, p: &Process) {
        let old = saved_calls::set(p, self.calls);
        send::answer(self.reply, |_| Term::small(old as i64));
    }
    fn gone(self: Box<Self>) {
        send::answer_atom(self.reply, am::badtype);
    }
}

// ---- group leaders ----

fn group_leader<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(corten_term::copy::copy(p.group_leader_term(), &p.heap))
}

/// `true`, `badarg`, or `false`: ask by a signal.
fn group_leader_2<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    if !args[0].is_pid() {
        return Ok(Term::atom(am::badarg));
    }
    let Some(pid) = args[1].as_local_pid() else {
        let remote = args[1].is_pid();
        return Ok(if remote {
            Term::TRUE
        } else {
            Term::atom(am::badarg)
        });
    };
    if pid == p.pid() {
        p.set_group_leader(Parcel::pack_whole(args[0]));
        return Ok(Term::TRUE);
    }
    if !node().processes.is_alive(pid) {
        return Ok(Term::atom(am::badarg));
    }
    Ok(Term::FALSE)
}

fn group_leader_3<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    if !args[0].is_pid() {
        return Err(Stop::BADARG);
    }
    let pid = local_pid(args[1])?;
    args[2].as_reference().badarg()?;
    let body = Body::GroupLeader {
        leader: Box::new(Parcel::pack_whole(args[0])),
        reply: Some(Box::new(reply_to(p, args[2]))),
    };
    if send::urgent(pid, body, p.shared.urgency()).is_err() {
        send::answer_atom(reply_to(p, args[2]), am::badarg);
    }
    Ok(Term::OK)
}

// ---- suspending ----

fn suspend_process<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    let badarg = Ok(Term::atom(am::badarg));
    let Some(pid) = args[0].as_local_pid().filter(|pid| *pid != p.pid()) else {
        return badarg;
    };
    let badopt = Ok(Term::atom(am::badopt));
    let Some(options) = args[1].to_vec() else {
        return badopt;
    };
    let (mut unless, mut asynchronous, mut tag) = (false, false, None);
    for o in options {
        match (o.as_atom(), o.as_tuple_of::<2>()) {
            (Some(am::unless_suspending), _) => unless = true,
            (Some(am::asynchronous), _) => asynchronous = true,
            (_, Some([name, t])) if name.is(am::asynchronous) => {
                asynchronous = true;
                tag = Some(*t);
            }
            _ => return badopt,
        }
    }
    let fresh = p.with_relations(|r| !r.suspending.contains(&pid));
    let result = fresh || !unless;
    if !asynchronous {
        // The answer says when it has stopped, and what this call was to return.
        let reference = p.heap.reference(RefNumbers::fresh());
        let reply = SuspendReply {
            reply: reply_to(p, reference),
            done: Atom::from_bool(result),
            gone: am::badarg,
        };
        return match suspend::suspend(p, pid, unless, Some(reply)) {
            Asked::NoProcess => badarg,
            Asked::Again => Ok(Term::FALSE),
            Asked::Sent => {
                receive::skip_present(p);
                Ok(reference)
            }
        };
    }
    let reply = |tag| SuspendReply {
        reply: reply_to(p, tag),
        done: am::suspended,
        gone: am::exited,
    };
    let asked = suspend::suspend(p, pid, unless, tag.map(reply));
    if asked == Asked::NoProcess
        && let Some(t) = tag
    {
        send::answer_atom(reply_to(p, t), am::exited);
    }
    Ok(Term::bool(result))
}

fn resume_process<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    let pid = local_pid(args[0])?;
    if suspend::resume(p, pid) {
        Ok(Term::TRUE)
    } else {
        Err(Stop::BADARG)
    }
}

// ---- system tasks ----

fn request_system_task_3<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    request_system_task(p, p.pid(), args[0], args[1], args[2])
}

fn request_system_task_4<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    request_system_task(p, local_pid(args[0])?, args[1], args[2], args[3])
}

fn request_system_task<'h>(
    p: &'h Process,
    requester: Pid,
    target: Term<'h>,
    priority: Term<'h>,
    request: Term<'h>,
) -> BifResult<'h> {
    let pid = local_pid(target)?;
    let priority = priority.as_atom().badarg()?;
    let priority = if priority == am::inherit {
        p.shared.priority()
    } else {
        priority_number(priority).badarg()?
    };
    let task = Task::new(requester, priority, request);
    let argument = task.argument();
    let ok = match task.operation() {
        Some(am::garbage_collect) => argument.is_some_and(|t| t.is(am::major) || t.is(am::minor)),
        Some(am::check_process_code) => argument.is_some_and(|t| t.is_atom()),
        Some(am::copy_literals) => argument.is_some(),
        Some(name) => name.name() == "system_task_test",
        _ => false,
    };
    if !ok {
        return Err(Stop::BADARG);
    }
    task.send(pid);
    Ok(Term::OK)
}

/// Whether the caller itself runs old code of a module.
fn check_process_code<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    let module = args[0].as_atom().badarg()?;
    Ok(Term::bool(sched::executor().uses_old_code(p, module)))
}

fn garbage_collect<'h>(_: &'h Process, args: Args<'h>) -> BifResult<'h> {
    let major = match args[0].as_atom() {
        Some(am::major) => true,
        Some(am::minor) => false,
        _ => return Err(Stop::BADARG),
    };
    Err(Stop::Collect {
        major,
        value: Term::TRUE,
    })
}

// ---- waiting ----

/// Any message ends it, looked at or not.
fn hibernate_here<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    if receive::is_any_message(p) {
        return Ok(Term::OK);
    }
    Err(Stop::HibernateHere)
}

fn hibernate<'h>(_: &'h Process, args: Args<'h>) -> BifResult<'h> {
    let (module, function) = (args[0].as_atom().badarg()?, args[1].as_atom().badarg()?);
    let arity = args[2].list_len().badarg()?;
    if arity > 255 {
        return Err(Stop::SYSTEM_LIMIT);
    }
    Err(Stop::Hibernate {
        module,
        function,
        arguments: args[2],
    })
}

/// An instruction in OTP: the function in module `erlang` calls itself.
fn yield_now<'h>(_: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Err(Stop::YieldWith(Term::TRUE))
}
