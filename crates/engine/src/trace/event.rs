//! What happens to processes, told to those who trace them. Every function here is called where the process's word of
//! flags asks for it, and only then.

use super::message::Notice;
use super::session::{EventPattern, Spec};
use super::tracee::{self, Reference};
use super::{actions, flags};
use crate::process::{Mfa, Shared, info};
use crate::{Process, code, node, sched};
use corten_term::{Atom, Heap, Pid, Term, Word, am};

/// Tells all who trace `who` for any of `bits`. `what` makes the data, and what comes behind it.
pub fn tell(
    who: &Shared,
    bits: u32,
    tag: Atom,
    what: impl for<'h> Fn(&'h Heap) -> (Term<'h>, Option<Term<'h>>),
) {
    for r in tracee::references(who.pid.word(), bits) {
        if usable(who, &r) {
            let scratch = Heap::new();
            let (data, extra) = what(&scratch);
            let notice = Notice::new(tag, Term::pid(who.pid), data);
            let notice = Notice { extra, ..notice };
            r.tracer.send(|h| notice.build(h, r.flags));
        }
    }
}

/// Whether there is somebody to tell. A reference whose tracer is gone goes too.
pub fn usable(who: &Shared, r: &Reference) -> bool {
    if !r.session.is_alive() {
        return false;
    }
    if !r.tracer.is_alive() {
        tracee::drop_tracer(who.pid.word(), r.session.id, Some(&who.trace));
        return false;
    }
    r.tracer.word() != who.pid.word()
}

/// An event of `procs` with an immediate as its data: a pid, a port, a name.
pub fn procs(who: &Shared, tag: Atom, data: Word) {
    // SAFETY: an immediate, as the caller promises by what these events are about.
    tell(who, flags::PROCS, tag, |_| {
        (unsafe { Term::from_raw(data) }, None)
    });
}

/// The process ends with this reason.
pub fn exits(p: &Process, reason: Term<'_>) {
    tell(&p.shared, flags::PROCS, am::exit, |h| {
        (corten_term::copy::copy(reason, h), None)
    });
}

/// Parent and child tell of a spawn.
pub fn spawned(
    parent: Option<&Shared>,
    child: &Shared,
    m: Atom,
    f: Atom,
    arguments: Term<'_>,
    linked: bool,
) {
    let both = |who: &Shared, tag: Atom, other: Pid| {
        tell(who, flags::PROCS, tag, |h| {
            let mfa = h.tuple(&[Term::atom(m), Term::atom(f), copy(arguments, h)]);
            (Term::pid(other), Some(mfa))
        });
    };
    if let Some(parent) = parent
        && parent.is_traced(flags::PROCS)
    {
        both(parent, am::spawn, child.pid);
        if linked {
            procs(parent, am::link, child.pid.word());
        }
    }
    if let Some(parent) = parent
        && child.is_traced(flags::PROCS)
    {
        both(child, am::spawned, parent.pid);
        if linked {
            procs(child, am::getting_linked, parent.pid.word());
        }
    }
}

/// The process comes to a scheduler or leaves it.
pub fn scheduled(p: &Process, tag: Atom, bits: u32) {
    let place = match p.shared.is_exiting() {
        true => None,
        false => current(p),
    };
    tell(&p.shared, bits, tag, |h| match place {
        Some(f) => (mfa(h, f), None),
        None => (Term::small(0), None),
    });
}

/// The function that a swapped out process is in.
fn current(p: &Process) -> Option<Mfa> {
    let pc = p.pc.get();
    if pc == sched::executor().spawn_entry() {
        return Some(p.initial_call.get());
    }
    sched::executor()
        .current_function(p)
        .or_else(|| code::locate(pc).map(|l| l.mfa))
}

pub(super) fn mfa(h: &Heap, f: Mfa) -> Term<'_> {
    let arity = Term::small(i64::from(f.arity));
    h.tuple(&[Term::atom(f.module), Term::atom(f.function), arity])
}

/// A collection begins (`words` are needed) or has ended (`words` were reclaimed).
pub fn collection(p: &Process, tag: Atom, words: usize) {
    tell(&p.shared, flags::GARBAGE_COLLECTION, tag, |h| {
        let size = Term::small(i64::try_from(words).unwrap_or(0));
        let size = h.tuple(&[Term::atom(am::wordsize), size]);
        (h.cons(size, info::collection_info(p, h)), None)
    });
}

/// What a pattern of messages says: whether to tell, and with what result.
fn passes<'h>(
    who: &Shared,
    pattern: &'h EventPattern,
    r: &Reference,
    run: impl FnOnce(&'h Spec) -> Option<Term<'h>>,
) -> Option<Option<Term<'h>>> {
    match pattern {
        EventPattern::Off => None,
        EventPattern::All => Some(None),
        EventPattern::Matching(spec) => {
            let result = run(spec)?;
            // Actions may have changed the tracing.
            let now = tracee::reference(who.pid.word(), r.session.id);
            let silent = now.is_some_and(|r| r.flags & flags::SILENT != 0);
            if result.is(am::false_) || silent {
                return None;
            }
            Some((!result.is(am::true_)).then_some(result))
        }
    }
}

/// The process sends a message. `to` is what it sends to.
#[cold]
pub fn sends(p: &Process, to: Term<'_>, message: Term<'_>) {
    let gone = to.as_local_pid().is_some_and(|pid| !exists(pid))
        || to.is_pid() && crate::signal::monitor::is_from_here(to) && to.as_local_pid().is_none();
    let tag = if gone {
        am::send_to_non_existing_process
    } else {
        am::send
    };
    for r in tracee::references(p.pid().word(), flags::SEND) {
        let scratch = Heap::new();
        let pattern = r.session.send.read().clone();
        let result = passes(&p.shared, &pattern, &r, |spec| {
            let arguments = scratch.list(&[copy(to, &scratch), copy(message, &scratch)]);
            actions::run(spec, arguments, &scratch, p, &r.session).0
        });
        let Some(result) = result else {
            continue;
        };
        if usable(&p.shared, &r) {
            let notice = Notice {
                extra: Some(to),
                result,
                ..Notice::new(tag, Term::pid(p.pid()), message)
            };
            r.tracer.send(|h| notice.build(h, r.flags));
        }
    }
}

/// Where a message comes from.
#[derive(Debug, Clone, Copy)]
pub enum From<'t> {
    Process(Term<'t>),
    System,
    /// The `after` of a `receive`.
    Clock,
}

/// A message has arrived in the mailbox, or a `receive` has waited long enough.
#[cold]
pub fn receives(p: &Process, from: From<'_>, message: Term<'_>) {
    for r in tracee::references(p.pid().word(), flags::RECEIVE) {
        let scratch = Heap::new();
        let pattern = r.session.receive.read().clone();
        let result = passes(&p.shared, &pattern, &r, |spec| {
            let (name, from) = match from {
                From::Process(from) => (Term::atom(node().name()), copy(from, &scratch)),
                From::System => (Term::atom(am::system), Term::UNDEFINED),
                From::Clock => (Term::atom(am::clock_service), Term::UNDEFINED),
            };
            let arguments = scratch.list(&[name, from, copy(message, &scratch)]);
            actions::run(spec, arguments, &scratch, p, &r.session).0
        });
        let Some(result) = result else {
            continue;
        };
        if usable(&p.shared, &r) {
            let notice = Notice {
                result,
                ..Notice::new(am::receive, Term::pid(p.pid()), message)
            };
            r.tracer.send(|h| notice.build(h, r.flags));
        }
    }
}

fn copy<'h>(t: Term<'_>, h: &'h Heap) -> Term<'h> {
    corten_term::copy::copy(t, h)
}

fn exists(pid: Pid) -> bool {
    let guard = crossbeam_epoch::pin();
    node().processes.lookup(pid, &guard).is_some()
}

/// The process has ended: nobody traces it any more.
pub fn ended(p: &Process) {
    if p.shared.is_traced(flags::EXITING) {
        scheduled(p, am::out_exited, flags::EXITING);
    }
    tracee::forget(p.pid().word());
}
