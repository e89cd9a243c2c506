//! `erts_debug:dirty_cpu/2` and friends: work on the dirty pools that OTP's tests ask for.

use crate::prelude::*;
use crate::util::atom;
use corten_engine::code::export;
use corten_engine::registry;
use corten_engine::signal::send;
use corten_term::copy;
use std::time::{Duration, Instant};

pub const BIFS: &[Bif] = bifs![
    erts_debug:dirty_cpu/2 => dirty_cpu [DIRTY_CPU],
    erts_debug:dirty_io/2 => dirty_io [DIRTY_IO],
    erts_debug:dirty/3 => dirty,
];

/// Where the work runs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Normal,
    Cpu,
    Io,
}

impl Place {
    fn name(self) -> &'static str {
        match self {
            Place::Normal => "normal",
            Place::Cpu => "dirty_cpu",
            Place::Io => "dirty_io",
        }
    }
    fn of(name: &str) -> Option<Place> {
        [Place::Normal, Place::Cpu, Place::Io]
            .into_iter()
            .find(|p| p.name() == name)
    }
    /// Continues there.
    fn go<'h>(self, what: Term<'h>, argument: Term<'h>) -> BifResult<'h> {
        if self == Place::Normal {
            let arguments = vec![atom("normal"), what, argument];
            return Err(Stop::Trap(export(am::erts_debug, am::dirty, 3), arguments));
        }
        let Ok(name) = Atom::new(self.name()) else {
            return Err(Stop::SYSTEM_LIMIT);
        };
        Err(Stop::Trap(
            export(am::erts_debug, name, 2),
            vec![what, argument],
        ))
    }
}

fn dirty_cpu<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    work(p, Place::Cpu, a[0], a[1])
}

fn dirty_io<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    work(p, Place::Io, a[0], a[1])
}

fn dirty<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    match Place::of(a[0].as_atom().badarg()?.name()).badarg()? {
        Place::Normal => work(p, Place::Normal, a[1], a[2]),
        place => place.go(a[1], a[2]),
    }
}

/// Sleeps, or computes for as long.
fn wait<'h>(t: Term<'h>, busy: bool) -> Result<(), Stop<'h>> {
    let time = Duration::from_millis(t.as_u64().badarg()?);
    if !busy {
        std::thread::sleep(time);
        return Ok(());
    }
    let begun = Instant::now();
    while begun.elapsed() < time {
        std::hint::spin_loop();
    }
    Ok(())
}

/// Sends `{Tag, Self}` to a process or name.
fn tell<'h>(p: &'h Process, to: Term<'h>, tag: Term<'h>) -> Result<(), Stop<'h>> {
    let message = p.heap.tuple(&[tag, Term::pid(p.pid())]);
    match to.as_local_pid() {
        Some(pid) => send::message(pid, message),
        None => registry::send(to.as_atom().badarg()?, message),
    };
    Ok(())
}

fn work<'h>(p: &'h Process, place: Place, what: Term<'h>, argument: Term<'h>) -> BifResult<'h> {
    match what.as_atom().badarg()?.name() {
        "scheduler" if argument.is(am::type_) => Ok(atom(place.name())),
        "error" => Err(match argument.as_atom() {
            Some(
                reason @ (am::notsup | am::undef | am::badarith | am::noproc | am::system_limit),
            ) => Stop::error(Term::atom(reason)),
            _ => Stop::BADARG,
        }),
        "copy" => Ok((0..1000).fold(Term::NIL, |tail, _| {
            p.heap.cons(copy::copy(argument, &p.heap), tail)
        })),
        "send" => {
            tell(p, argument, Term::OK)?;
            Ok(Term::OK)
        }
        "wait" => {
            wait(argument, place == Place::Cpu)?;
            Ok(Term::OK)
        }
        "reschedule" => {
            let n = argument.as_small().filter(|n| *n >= 0).badarg()?;
            if n == 0 {
                return Ok(Term::OK);
            }
            let next = match place {
                _ if n % 4 != 0 => place,
                Place::Cpu => Place::Io,
                Place::Io => Place::Normal,
                Place::Normal => Place::Cpu,
            };
            next.go(what, Term::small(n - 2))
        }
        "ready_wait6_done" => {
            tell(p, argument, atom("ready"))?;
            std::thread::sleep(Duration::from_secs(6));
            tell(p, argument, atom("done"))?;
            Ok(Term::OK)
        }
        "alive_waitexiting" | "alive_waitexitingonly" if p.shared.is_exiting() => Err(Stop::BADARG),
        how @ ("alive_waitexiting" | "alive_waitexitingonly") => {
            tell(p, argument, atom("alive"))?;
            while !p.shared.is_exiting() {
                match place {
                    Place::Io => std::thread::sleep(Duration::from_millis(100)),
                    _ => std::thread::yield_now(),
                }
            }
            if how == "alive_waitexiting" {
                std::thread::sleep(Duration::from_secs(1));
                // The heap of a process that is dead to all others can still be written.
                p.heap.list(&[Term::NIL; 10_000]);
            }
            Ok(Term::OK)
        }
        _ => Err(Stop::BADARG),
    }
}
