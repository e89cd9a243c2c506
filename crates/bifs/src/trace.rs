//! Tracing: `erts_internal:trace`, `trace_pattern`, sessions, `erlang:trace_info/2`, and what `erts_trace_cleaner` calls.

use crate::prelude::*;
use corten_engine::match_spec::{Dialect, Invalid};
use corten_engine::trace::pattern::{self, Functions, How, Kinds};
use corten_engine::trace::request::{self, Bad};
use corten_engine::trace::session::{self, EventPattern, Handle, Session, Spec};
use corten_engine::trace::tracer::Tracer;
use corten_engine::trace::{info, message};
use corten_engine::{logger, node};
use corten_term::reference::Magic;
use std::sync::Arc;

pub const BIFS: &[Bif] = bifs![
    erts_internal:trace/3 => trace_3,
    erts_internal:trace/4 => trace_4,
    erts_internal:trace_pattern/3 => trace_pattern_3,
    erts_internal:trace_pattern/4 => trace_pattern_4,
    erlang:trace_info/2 => trace_info_2,
    erts_internal:trace_info/3 => trace_info_3,
    erts_internal:trace_session_create/3 => session_create,
    erts_internal:trace_session_destroy/1 => session_destroy,
    erlang:trace_delivered/1 => trace_delivered,
    erts_trace_cleaner:check/0 => cleaner_check,
    erts_trace_cleaner:send_trace_clean_signal/1 => cleaner_signal,
    erts_debug:breakpoint/2 => breakpoint_2,
];

const BAD_OPTION: Stop<'static> = Stop::badarg_because(am::badopt);

/// The session that a term names: `{Reference, {Name, Number}}` or `{Name, Number}`.
fn session_of(t: Term<'_>) -> Option<Arc<Session>> {
    let [first, second] = t.as_tuple_of::<2>()?;
    if let (Some(name), Some(number)) = (first.as_atom(), second.as_small()) {
        return session::find(name, number);
    }
    let handle = first.as_magic_of::<Handle>()?;
    let [name, number] = second.as_tuple_of::<2>()?;
    let same = name.is(handle.0.name) && number.as_small() == Some(i64::from(handle.0.id) - 1);
    same.then(|| handle.0.clone())
}

pub fn living<'h>(t: Term<'h>) -> Result<Arc<Session>, Stop<'h>> {
    let session = session_of(t).filter(|s| s.is_alive());
    session.ok_or(Stop::badarg_because(am::session))
}

// ---- trace ----

fn trace_3<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    trace(p, &session::legacy(), a)
}

fn trace_4<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    trace(p, &living(a[0])?, &a[1..])
}

fn trace<'h>(p: &'h Process, session: &Arc<Session>, a: Args<'h>) -> BifResult<'h> {
    if request::options(session, a[2]).is_none() {
        return Err(BAD_OPTION);
    }
    let on = a[1].as_bool().badarg()?;
    match request::trace(p, session, a[0], on, a[2]) {
        Ok(n) => Ok(p.heap.uint(n as u64)),
        Err(Bad::Options) => Err(BAD_OPTION),
        Err(Bad::Who) => Err(Stop::BADARG),
        Err(Bad::AlreadyTraced) => {
            let text = "** can only have one tracer per process\n";
            logger::error_terms(Some(p.pid()), p.group_leader_term(), text, &[]);
            Err(Stop::BADARG)
        }
    }
}

// ---- trace_pattern ----

fn trace_pattern_3<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    trace_pattern(p, &session::legacy(), a)
}

fn trace_pattern_4<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    trace_pattern(p, &living(a[0])?, &a[1..])
}

/// Kinds of breakpoints that a list asks for.
fn kinds(p: &Process, session: &Session, list: Term<'_>) -> Option<Kinds> {
    let mut k = Kinds::default();
    let mut global = false;
    for item in list.to_vec()? {
        match item.as_atom() {
            Some(am::global) if k.is_global() => {
                global = true;
                continue;
            }
            Some(am::local) => k.local = true,
            Some(am::meta) => {
                let own = session.tracer.unwrap_or(Tracer::Process(p.pid()));
                k.meta = k.meta.or(Some(own));
            }
            Some(am::call_count) => k.count = true,
            Some(am::call_time) => k.time = true,
            Some(am::call_memory) => k.memory = true,
            None if session.tracer.is_none() => {
                k.meta = Some(Tracer::from_option(item, am::meta)?);
            }
            _ => return None,
        }
        if global {
            return None;
        }
    }
    Some(k)
}

fn trace_pattern<'h>(p: &'h Process, session: &Arc<Session>, a: Args<'h>) -> BifResult<'h> {
    let [what, spec, options] = [a[0], a[1], a[2]];
    let kinds = kinds(p, session, options).ok_or(BAD_OPTION)?;
    let dialect = match what.as_atom() {
        Some(am::receive) => Dialect::Receive,
        Some(am::send) => Dialect::Send,
        _ => Dialect::Call,
    };
    let how = if spec.is_nil() || spec.is(am::true_) {
        How::On(None)
    } else {
        match spec.as_atom() {
            Some(am::false_) => How::Off,
            Some(am::restart) => How::Restart,
            Some(am::pause) => How::Pause,
            _ => How::On(Some(Arc::new(Spec::new(spec, dialect).map_err(bad_spec)?))),
        }
    };
    let bad = || Stop::badarg_because(am::none);
    let counts = kinds.count || kinds.time || kinds.memory;
    if matches!(how, How::On(Some(_))) && counts && !kinds.local && kinds.meta.is_none() {
        return Err(Stop::badarg_because(am::call_count));
    }
    if let Some(elements) = what.as_tuple() {
        let which = functions(elements).ok_or_else(bad)?;
        let places = pattern::set(session, which, &how, kinds);
        // Others run meanwhile, as they do while OTP waits for all schedulers to see the change.
        return Err(Stop::YieldWith(p.heap.uint(places as u64)));
    }
    let event = match what.as_atom() {
        Some(am::on_load) => {
            session.on_load.write().change(&how, kinds);
            return Ok(Term::small(0));
        }
        Some(am::send) => &session.send,
        Some(am::receive) => &session.receive,
        _ => return Err(bad()),
    };
    if options.to_vec().is_some_and(|o| !o.is_empty()) {
        return Err(bad());
    }
    *event.write() = match how {
        How::On(None) => EventPattern::All,
        How::On(Some(spec)) => EventPattern::Matching(spec),
        How::Off => EventPattern::Off,
        How::Restart | How::Pause => return Err(bad()),
    };
    Ok(Term::small(1))
}

fn bad_spec(why: Invalid) -> Stop<'static> {
    match why {
        Invalid::Malformed => Stop::badarg_because(am::match_spec),
        Invalid::TooDeep => Stop::SYSTEM_LIMIT,
    }
}

/// `{Module, Function, Arity}`, with `'_'` from some element on.
fn functions(elements: &[Term<'_>]) -> Option<Functions> {
    let [m, f, a] = elements else { return None };
    let any = |t: &Term<'_>| t.is(am::Underscore);
    let name = |t: &Term<'_>| t.as_atom().map(|n| (n != am::Underscore).then_some(n));
    let (module, function) = (name(m)?, name(f)?);
    let arity = match (any(a), a.as_small()) {
        (true, _) => None,
        // No function has so many arguments.
        (_, Some(n)) => Some(u8::try_from(n).ok()),
        _ => return None,
    };
    if module.is_none() && function.is_some() || function.is_none() && arity.is_some() {
        return None;
    }
    Some(Functions {
        module,
        function,
        arity: arity.map(|a| a.unwrap_or(u8::MAX)),
    })
}

/// How many functions calls of which now go to `error_handler:breakpoint/3`, or do so no more.
fn breakpoint_2<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let how = match a[1].as_bool().badarg()? {
        true => How::On(None),
        false => How::Off,
    };
    let which = a[0].as_tuple().and_then(functions).badarg()?;
    let kinds = Kinds {
        debug: true,
        ..Kinds::default()
    };
    let meant = pattern::set(&session::legacy(), which, &how, kinds);
    Ok(p.heap.uint(meant as u64))
}

// ---- trace_info ----

fn trace_info_2<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    answer(
        p,
        a[1],
        info::of_session(&session::legacy(), a[0], a[1], &p.heap),
    )
}

fn trace_info_3<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    if a[0].is(am::any) {
        if !a[2].is(am::session) {
            return Err(Stop::BADARG);
        }
        return answer(p, a[2], info::sessions(a[1], &p.heap));
    }
    let session = living(a[0])?;
    if a[1].is(am::system) && a[2].is(am::all) && node().config.release() >= 28 {
        return Ok(crate::system_monitor::info(p, &session));
    }
    answer(p, a[2], info::of_session(&session, a[1], a[2], &p.heap))
}

fn answer<'h>(
    p: &'h Process,
    key: Term<'h>,
    found: Result<Option<Term<'h>>, info::Bad>,
) -> BifResult<'h> {
    match found {
        Ok(Some(value)) => Ok(p.heap.tuple(&[key, value])),
        Ok(None) => Ok(Term::UNDEFINED),
        Err(info::Bad::Subject) => Err(BAD_OPTION),
        Err(info::Bad::Item) => Err(Stop::BADARG),
    }
}

// ---- sessions ----

fn session_create<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let [name, tracer, options] = [a[0], a[1], a[2]];
    let name = name.as_atom().filter(|_| options.is_nil()).badarg()?;
    let tracer = if tracer.is(am::undefined) {
        None
    } else {
        Some(Tracer::of_session(tracer).badarg()?)
    };
    let session = session::create(name, tracer);
    let weak = session.weak(&p.heap);
    let handle = p.heap.magic_reference(Magic::new(Handle(session)));
    Ok(p.heap.tuple(&[handle, weak]))
}

fn session_destroy<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    match session_of(a[0]) {
        Some(session) => Ok(Term::bool(session.destroy())),
        // One that has ended is not found by its weak name.
        None => Err(BAD_OPTION),
    }
}

/// Sessions that end are cleaned up at once: there is never anything left for the cleaner.
fn cleaner_check<'h>(_: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(Term::FALSE)
}

fn cleaner_signal<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let cleaner = node::helpers().map(|h| h.trace_cleaner);
    if cleaner != Some(p.pid()) {
        return Err(Stop::NOTSUP);
    }
    if !a[0].is_pid() && !a[0].is_port() {
        return Err(Stop::BADARG);
    }
    Ok(Term::FALSE)
}

fn trace_delivered<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let all = a[0].is(am::all);
    if !all && a[0].as_local_pid().is_none() && !a[0].is_pid() {
        return Err(Stop::BADARG);
    }
    let numbers = corten_term::RefNumbers::fresh();
    message::delivered(p.pid(), a[0], numbers);
    Ok(p.heap.reference(numbers))
}
