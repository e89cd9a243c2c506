//! `spawn/3`, `spawn_link/3`, `spawn_opt/4`, `spawn_request` and system processes.

use crate::prelude::*;
use corten_engine::process::Mfa;
use corten_engine::process::info::priority_number;
use corten_engine::process::spawn::{
    MaxHeap, MonitorOptions, SpawnOptions, Spawned, spawn as spawn_process, spawn_and,
};
use corten_engine::signal::relations::AliasMode;
use corten_engine::signal::{Parcel, monitor, send};
use corten_engine::{gc, node};
use corten_term::{RefNumbers, map};

pub const BIFS: &[Bif] = bifs![
    erlang:spawn/3 => spawn,
    erlang:spawn_link/3 => spawn_link,
    erlang:spawn_opt/4 => spawn_opt,
    erts_internal:spawn_request/4 => spawn_request,
    erts_internal:dist_spawn_request/4 => dist_spawn_request,
    erlang:spawn_request_abandon/1 => spawn_request_abandon,
    erts_internal:spawn_system_process/3 => spawn_system_process,
];

/// What a `spawn_request` is told, and how.
struct ReplyOptions<'h> {
    success: bool,
    error: bool,
    tag: Term<'h>,
}

/// What an option list says; why it does not.
enum BadOptions {
    NotAList,
    Option,
}

/// The priority, size, link and monitor options of `spawn_opt`; those of `spawn_request` go to `reply`.
fn options<'h>(
    list: Term<'h>,
    mut reply: Option<&mut ReplyOptions<'h>>,
) -> Result<SpawnOptions, BadOptions> {
    let mut o = SpawnOptions::default();
    let mut it = list.iter();
    let mut ok = true;
    for t in it.by_ref() {
        ok &= option(t, &mut o, &mut reply).is_some();
    }
    if !it.tail().is_nil() {
        return Err(BadOptions::NotAList);
    }
    let min = o.min_heap_size.map_or(0, |n| n as usize);
    if o.max_heap
        .is_some_and(|m| m.words != 0 && m.words < min.max(233))
    {
        ok = false;
    }
    if ok { Ok(o) } else { Err(BadOptions::Option) }
}

fn option<'h>(
    t: Term<'h>,
    o: &mut SpawnOptions,
    reply: &mut Option<&mut ReplyOptions<'h>>,
) -> Option<()> {
    if t.is(am::link) {
        o.link = true;
        return Some(());
    }
    if t.is(am::monitor) {
        o.monitor = Some(MonitorOptions::default());
        return Some(());
    }
    let [name, value] = t.as_tuple_of::<2>()?;
    let size = || u32::try_from(value.as_small()?).ok();
    match name.as_atom()? {
        am::link if node().config.release() >= 28 => {
            o.link = true;
            o.link_priority = priority_option(*value)?;
        }
        am::priority => o.priority = Some(priority_number(value.as_atom()?)?),
        am::min_heap_size => o.min_heap_size = Some(size()?.max(233)),
        am::min_bin_vheap_size => {
            let words = gc::next_size(size()? as usize);
            o.min_bin_vheap_size = Some(u32::try_from(words).ok()?.max(46_422));
        }
        am::max_heap_size => o.max_heap = Some(max_heap_size(*value)?),
        am::fullsweep_after => o.fullsweep_after = Some(fullsweep_after(*value)?),
        am::message_queue_data => o.off_heap_messages = Some(off_heap(*value)?),
        am::async_dist => o.async_dist = value.as_bool()?,
        am::scheduler => {
            let n = value.as_usize()?;
            if n > node().config.schedulers {
                return None;
            }
            o.scheduler = n;
        }
        am::monitor => o.monitor = Some(monitor_options(*value)?),
        am::reply => {
            let r = reply.as_mut()?;
            (r.success, r.error) = match value.as_atom()? {
                am::yes => (true, true),
                am::no => (false, false),
                am::error_only => (false, true),
                am::success_only => (true, false),
                _ => return None,
            };
        }
        am::reply_tag => reply.as_mut()?.tag = *value,
        _ => return None,
    }
    Some(())
}

/// A list of options of which there is only one, since OTP 28: whether it is there.
pub fn priority_option(list: Term<'_>) -> Option<bool> {
    let options = list.to_vec()?;
    let all = options.iter().all(|o| o.is(am::priority));
    all.then_some(!options.is_empty())
}

/// `[{alias, Mode}, {tag, Tag}, priority]`.
pub fn monitor_options(list: Term<'_>) -> Option<MonitorOptions> {
    let mut o = MonitorOptions::default();
    for t in list.to_vec()? {
        if t.is(am::priority) && node().config.release() >= 28 {
            o.priority = true;
            continue;
        }
        let [name, value] = t.as_tuple_of::<2>()?;
        match name.as_atom()? {
            am::alias => {
                o.alias = Some(match value.as_atom()? {
                    am::explicit_unalias => AliasMode::Explicit,
                    am::demonitor => AliasMode::Demonitor,
                    am::reply_demonitor => AliasMode::ReplyDemonitor,
                    _ => return None,
                });
            }
            am::tag => o.tag = Some(Box::new(Parcel::pack_whole(*value))),
            _ => return None,
        }
    }
    Some(o)
}

/// A number of words, or a map.
pub fn max_heap_size(t: Term<'_>) -> Option<MaxHeap> {
    let c = &node().config;
    let mut m = MaxHeap {
        words: 0,
        kill: c.max_heap_kill,
        log: c.max_heap_log,
        include_binaries: c.max_heap_include_binaries,
    };
    if t.is_small() {
        m.words = t.as_usize()?;
        return Some(m);
    }
    if !t.is_map() {
        return None;
    }
    let get = |name| map::get(t, Term::atom(name));
    m.words = get(am::size)?
        .as_small()
        .and_then(|n| usize::try_from(n).ok())?;
    if let Some(v) = get(am::kill) {
        m.kill = v.as_bool()?;
    }
    if let Some(v) = get(am::error_logger) {
        m.log = v.as_bool()?;
    }
    if let Some(v) = get(am::include_shared_binaries) {
        m.include_binaries = v.as_bool()?;
    }
    Some(m)
}

/// A number of collections; what is too much counts as the most.
pub fn fullsweep_after(t: Term<'_>) -> Option<u16> {
    let n = t.as_small().filter(|n| *n >= 0)?;
    Some(u16::try_from(n).unwrap_or(u16::MAX))
}

/// `off_heap` or `on_heap`.
pub fn off_heap(t: Term<'_>) -> Option<bool> {
    match t.as_atom()? {
        am::off_heap => Some(true),
        am::on_heap => Some(false),
        _ => None,
    }
}

/// Module, function and a proper list of arguments.
fn mfa<'h>(m: Term<'h>, f: Term<'h>, a: Term<'h>) -> Option<(Atom, Atom, usize)> {
    Some((m.as_atom()?, f.as_atom()?, a.list_len()?))
}

fn make<'h>(p: &'h Process, args: Args<'h>, o: SpawnOptions) -> Result<Spawned, Stop<'h>> {
    let (m, f, _) = mfa(args[0], args[1], args[2]).badarg()?;
    p.bump_reductions(4);
    spawn_process(Some(p), m, f, args[2], o).map_err(|_| Stop::SYSTEM_LIMIT)
}

fn spawn<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    Ok(make(p, args, SpawnOptions::default())?.pid.into())
}

fn spawn_link<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    let o = SpawnOptions {
        link: true,
        ..SpawnOptions::default()
    };
    Ok(make(p, args, o)?.pid.into())
}

fn spawn_opt<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    let o = options(args[3], None).map_err(|_| Stop::badarg_because(am::badopt))?;
    let made = make(p, args, o)?;
    Ok(match made.monitor {
        Some((reference, alias)) => {
            let reference = monitor::reference_term(p, reference, alias);
            p.heap.tuple(&[made.pid.into(), reference])
        }
        None => made.pid.into(),
    })
}

/// `badarg`, `badopt` or the request's reference; what became of it is a message.
fn spawn_request<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    let Some((module, function, arity)) = mfa(args[0], args[1], args[2]) else {
        return Ok(Term::atom(am::badarg));
    };
    let reference = RefNumbers::fresh();
    let mut reply = ReplyOptions {
        success: true,
        error: true,
        tag: Term::atom(am::spawn_reply),
    };
    let mut o = match options(args[3], Some(&mut reply)) {
        Ok(o) => o,
        Err(BadOptions::NotAList) => return Ok(Term::atom(am::badopt)),
        Err(BadOptions::Option) => return Ok(request_failed(p, &reply, reference, am::badopt)),
    };
    let alias = o.monitor.as_ref().is_some_and(|m| m.alias.is_some());
    o.reference = Some(reference);
    o.initial_call = Some(Mfa {
        module,
        function,
        arity: u8::try_from(arity).unwrap_or(u8::MAX),
    });
    let request = p.heap.tuple(&[args[0], args[1], args[2]]);
    let arguments = p.heap.list(&[request]);
    p.bump_reductions(4);
    let made = spawn_and(
        Some(p),
        am::erts_internal,
        am::spawn_init,
        arguments,
        o,
        |made| {
            if reply.success {
                tell(p, &reply, reference, alias, am::ok, made.pid.into());
            }
        },
    );
    Ok(match made {
        Ok(_) => monitor::reference_term(p, reference, alias),
        Err(_) => request_failed(p, &reply, reference, am::system_limit),
    })
}

/// A request to another node, as `spawn_request` or for `spawn_opt` (which is told whether there is a monitor too).
/// No other node can be reached yet: each ends with `noconnection`.
fn dist_spawn_request<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    let badarg = Ok(Term::atom(am::badarg));
    let Some(host) = args[0].as_atom() else {
        return badarg;
    };
    let request = args[1].as_tuple_of::<3>();
    if host == corten_term::node::resolve(0).0
        || request.is_none_or(|[m, f, a]| mfa(*m, *f, *a).is_none())
    {
        return badarg;
    }
    let for_request = args[3].is(am::spawn_request);
    let mut reply = ReplyOptions {
        success: true,
        error: true,
        tag: Term::atom(am::spawn_reply),
    };
    let (monitor, why) = match options(args[2], for_request.then_some(&mut reply)) {
        Ok(o) => (o.monitor.is_some(), am::noconnection),
        Err(BadOptions::NotAList) => return badarg,
        Err(BadOptions::Option) => (false, am::badopt),
    };
    let reference = request_failed(p, &reply, RefNumbers::fresh(), why);
    if for_request {
        return Ok(reference);
    }
    Ok(p.heap.tuple(&[reference, Term::bool(monitor)]))
}

fn request_failed<'h>(
    p: &'h Process,
    reply: &ReplyOptions<'_>,
    reference: RefNumbers,
    why: Atom,
) -> Term<'h> {
    if reply.error {
        tell(p, reply, reference, false, am::error, Term::atom(why));
    }
    p.heap.reference(reference)
}

/// `{Tag, Reference, ok | error, PidOrReason}`.
fn tell(
    p: &Process,
    reply: &ReplyOptions<'_>,
    reference: RefNumbers,
    alias: bool,
    how: Atom,
    what: Term<'_>,
) {
    let message = Parcel::build(|h| {
        let reference = if alias {
            h.pid_reference(reference, p.pid())
        } else {
            h.reference(reference)
        };
        h.tuple(&[
            corten_term::copy::copy(reply.tag, h),
            reference,
            Term::atom(how),
            corten_term::copy::copy(what, h),
        ])
    });
    send::parcel(p.pid(), message);
}

/// Local requests are settled when `spawn_request` returns: there is nothing to abandon.
fn spawn_request_abandon<'h>(_: &'h Process, args: Args<'h>) -> BifResult<'h> {
    args[0].as_reference().badarg()?;
    Ok(Term::FALSE)
}

fn spawn_system_process<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    let o = SpawnOptions {
        system: true,
        ..SpawnOptions::default()
    };
    Ok(make(p, args, o)?.pid.into())
}
