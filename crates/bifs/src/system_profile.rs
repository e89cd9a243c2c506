//! `erlang:system_profile/0,2`.

use crate::prelude::*;
use corten_engine::trace::flags;
use corten_engine::trace::profile::{self, Settings};
use corten_engine::trace::tracer::Tracer;

pub const BIFS: &[Bif] = bifs![
    erlang:system_profile/0 => system_profile_0,
    erlang:system_profile/2 => system_profile_2,
];

/// The options, in the order in which they are shown.
const OPTIONS: [(u32, Atom); 4] = [
    (profile::EXCLUSIVE, am::exclusive),
    (profile::SCHEDULER, am::scheduler),
    (profile::RUNNABLE_PROCESSES, am::runnable_procs),
    (profile::RUNNABLE_PORTS, am::runnable_ports),
];

fn system_profile_0<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(show(p, profile::get()))
}

fn system_profile_2<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    if a[0].is(am::undefined) || a[1].is_nil() {
        return Ok(show(p, profile::set(None)));
    }
    let receiver = Tracer::from_term(a[0]).filter(|t| t.is_alive()).badarg()?;
    let mut s = Settings {
        receiver,
        what: 0,
        time: flags::NOW_TIMESTAMP,
    };
    for o in a[1].to_vec().badarg()? {
        let name = o.as_atom().badarg()?;
        if let Some((bit, _)) = OPTIONS.iter().find(|o| o.1 == name) {
            s.what |= bit;
        } else {
            s.time = profile::time_flag(name).badarg()?;
        }
    }
    Ok(show(p, profile::set(Some(s))))
}

/// `undefined` or `{Receiver, Options}`, those about time left out.
fn show(p: &Process, s: Option<Settings>) -> Term<'_> {
    let Some(s) = s else {
        return Term::UNDEFINED;
    };
    let on = OPTIONS.iter().filter(|o| s.what & o.0 != 0);
    let all: Vec<_> = on.map(|o| Term::atom(o.1)).collect();
    p.heap.tuple(&[s.receiver.term(), p.heap.list(&all)])
}
