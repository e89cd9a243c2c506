//! Actions of match specifications in traces: what the body of a specification does to the traced process.

use super::session::{Session, Spec};
use super::tracee;
use super::tracer::Tracer;
use super::{flags, request, seq};
use crate::match_spec::{Action, Actor, Context, Wanted};
use crate::process::{Mfa, Shared};
use crate::{Process, code, interp, node, sched, settings};
use corten_term::{Heap, Pid, Term, copy, print};
use std::io::Write;
use std::sync::Arc;

struct Acting<'p> {
    p: &'p Process,
    session: &'p Arc<Session>,
}

/// Runs a specification for a process. The result is none if nothing matches.
pub fn run<'s>(
    spec: &'s Spec,
    object: Term<'s>,
    scratch: &'s Heap,
    p: &Process,
    session: &Arc<Session>,
) -> (Option<Term<'s>>, Wanted) {
    let actor = Acting { p, session };
    let context = Context {
        pid: p.pid(),
        actor: Some(&actor),
    };
    match spec.compiled.trace(object, scratch, context) {
        Some((result, wanted)) => (Some(result), wanted),
        None => (None, Wanted::default()),
    }
}

impl Actor for Acting<'_> {
    fn act<'s>(&self, action: Action, args: &[Term<'s>], h: &'s Heap) -> Option<Term<'s>> {
        let p = self.p;
        Some(match action {
            // The specification itself sees to these.
            Action::Message | Action::ReturnTrace | Action::ExceptionTrace => Term::TRUE,
            Action::Display => {
                let mut text = print::to_bytes(args[0], print::NO_LIMIT);
                text.extend(b"\r\n");
                let mut out = std::io::stdout().lock();
                // A closed standard output is no error of the program's.
                let _ = out.write_all(&text).and_then(|()| out.flush());
                Term::TRUE
            }
            Action::GetControlWord => h.uint(u64::from(settings::trace_control_word())),
            Action::SetControlWord => {
                let word = u32::try_from(args[0].as_u64()?).ok()?;
                h.uint(u64::from(settings::set_trace_control_word(word)))
            }
            Action::IsSeqTrace => Term::bool(seq::has_token(p)),
            Action::GetSeqToken => copy::copy(seq::token(p), h),
            Action::SetSeqToken => copy::copy(seq::set(p, args[0], args[1])?, h),
            Action::ProcessDump => h.binary(&sched::executor().backtrace(p)),
            Action::EnableTrace => self.switch(args, true)?,
            Action::DisableTrace => self.switch(args, false)?,
            Action::Trace => match args {
                [off, on] => self.trace(p.pid(), *off, *on)?,
                [who, off, on] => self.trace(self.process(*who)?, *off, *on)?,
                _ => return None,
            },
            Action::Silent => {
                if let Some(on) = args[0].as_bool() {
                    self.adjust(&p.shared, |f| {
                        *f = if on {
                            *f | flags::SILENT
                        } else {
                            *f & !flags::SILENT
                        }
                    });
                }
                Term::TRUE
            }
            Action::Caller => match caller(p) {
                Some(f) => super::event::mfa(h, f),
                None => Term::UNDEFINED,
            },
            Action::CallerLine => caller_line(p, h),
            Action::CurrentStacktrace => {
                let depth = settings::backtrace_depth();
                let wanted = args.first().and_then(|t| t.as_usize());
                interp::stacktrace::of_callers(p, h, wanted.unwrap_or(depth).min(depth))
            }
        })
    }
}

impl Acting<'_> {
    /// The tracer that new tracees get: the session's, or the tracee's own.
    fn tracer(&self) -> Option<Tracer> {
        let own = || tracee::reference(self.p.pid().word(), self.session.id);
        self.session.tracer.or_else(|| own().map(|r| r.tracer))
    }

    fn adjust(&self, who: &Shared, f: impl FnOnce(&mut u32)) {
        tracee::adjust(who, self.session, |flags, tracer| {
            if tracer.is_some() {
                f(flags);
            }
        });
    }

    /// `enable_trace` and `disable_trace` of one flag, of the process itself or another one.
    fn switch<'s>(&self, args: &[Term<'s>], on: bool) -> Option<Term<'s>> {
        let (who, flag) = match args {
            [flag] => (self.p.pid(), *flag),
            [who, flag] => (self.process(*who)?, *flag),
            _ => return None,
        };
        let bit = flags::bit(flag.as_atom()?)?;
        let mine = self.tracer();
        self.with(who, |shared| {
            tracee::adjust(shared, self.session, |flags, tracer| match mine {
                Some(t) if on || *flags != 0 => {
                    *flags = if on { *flags | bit } else { *flags & !bit };
                    *tracer = Some(t);
                }
                Some(_) => {}
                None => *flags = 0,
            });
        })?;
        Some(Term::TRUE)
    }

    /// `trace(Disable, Enable)`: whether anything has changed.
    fn trace<'s>(&self, who: Pid, off: Term<'s>, on: Term<'s>) -> Option<Term<'s>> {
        let off = request::options(self.session, off)?;
        let on = request::options(self.session, on)?;
        if off.cpu_time || on.cpu_time {
            return None;
        }
        let mine = self.tracer();
        let new = on.tracer.or(off.tracer).or(mine);
        if new.is_some_and(|t: Tracer| !t.wants(who.word())) {
            return None;
        }
        let mut changed = false;
        self.with(who, |shared| {
            tracee::adjust(shared, self.session, |flags, tracer| {
                let before = (*flags, *tracer);
                match new {
                    Some(_) => *flags = *flags & !off.flags | on.flags,
                    None => *flags = 0,
                }
                *tracer = new.or(*tracer);
                if *flags == 0 {
                    *tracer = None;
                }
                changed = before != (*flags, *tracer);
            });
        })?;
        Some(Term::bool(changed))
    }

    /// A process by its pid or name.
    fn process(&self, t: Term<'_>) -> Option<Pid> {
        t.as_local_pid()
            .or_else(|| crate::registry::whereis_process(t.as_atom()?))
    }

    fn with(&self, pid: Pid, f: impl FnOnce(&Shared)) -> Option<()> {
        let guard = crossbeam_epoch::pin();
        let shared = node().processes.lookup(pid, &guard)?;
        (!shared.is_exiting()).then(|| f(shared))
    }
}

/// The function that called the one which has just been entered, or rather: the one it will return to.
pub fn caller(p: &Process) -> Option<Mfa> {
    let pc = interp::stacktrace::callers(p).next()?;
    code::locate(pc.wrapping_sub(1)).map(|l| l.mfa)
}

fn caller_line<'s>(p: &Process, h: &'s Heap) -> Term<'s> {
    let caller = interp::stacktrace::callers(p).next();
    let Some(place) = caller.and_then(|pc| code::locate(pc.wrapping_sub(1))) else {
        return Term::UNDEFINED;
    };
    let line = match &place.line {
        Some((file, line)) => {
            let file = h.string(file.chars().map(u32::from).collect::<Vec<_>>().into_iter());
            h.tuple(&[file, Term::small(i64::from(*line))])
        }
        None => Term::UNDEFINED,
    };
    let f = place.mfa;
    let arity = Term::small(i64::from(f.arity));
    h.tuple(&[Term::atom(f.module), Term::atom(f.function), arity, line])
}
