//! BIFs that belong to no larger topic.

use crate::prelude::*;
use corten_engine::node;
use corten_engine::node::WarningMap;

pub const BIFS: &[Bif] = bifs![
    error_logger:warning_map/0 => warning_map,
    net_kernel:dflag_unicode_io/1 => dflag_unicode_io,
    erlang:dt_put_tag/1 => no_tag,
    erlang:dt_get_tag/0 => no_tag,
    erlang:dt_get_tag_data/0 => no_tag,
    erlang:dt_spread_tag/1 => done,
    erlang:dt_restore_tag/1 => done,
    erlang:dt_prepend_vm_tag_data/1 => untouched,
    erlang:dt_append_vm_tag_data/1 => untouched,
    erlang:bump_reductions/1 => bump_reductions,
    erts_internal:no_aux_work_threads/0 => no_aux_work_threads,
    erts_internal:get_creation/0 => get_creation,
    erts_internal:get_dflags/0 => get_dflags,
];

fn warning_map<'h>(_: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(Term::atom(match node().config.warning_map {
        WarningMap::Error => am::error,
        WarningMap::Warning => am::warning,
        WarningMap::Info => am::info,
    }))
}

/// Every node that can be connected understands Unicode I/O.
fn dflag_unicode_io<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    a[0].as_pid().badarg()?;
    Ok(Term::TRUE)
}

/// There is no dynamic tracing in this build; these answer as the reference engine without it.
fn no_tag<'h>(_: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(Term::UNDEFINED)
}
fn done<'h>(_: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(Term::TRUE)
}
fn untouched<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(a[0])
}

fn bump_reductions<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let n = match a[0].as_small() {
        Some(n) => usize::try_from(n).ok().badarg()?,
        None if a[0].as_big().is_some_and(|b| !b.negative) => usize::MAX,
        None => return Err(Stop::BADARG),
    };
    p.bump_reductions(n);
    Err(Stop::YieldWith(Term::TRUE))
}

/// How many threads answer questions about memory, plus one: see `memory.rs`.
fn no_aux_work_threads<'h>(_: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(Term::small(2))
}

fn get_creation<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    let (_, creation) = corten_term::node::resolve(0);
    if creation == 0 {
        return Ok(Term::UNDEFINED);
    }
    Ok(p.heap.uint(u64::from(creation)))
}

/// Capabilities that this node announces, demands, and adds or refuses, as OTP 27 has them.
const DISTRIBUTION_FLAGS: [u64; 5] = [
    55_966_662_588,
    17_230_663_572,
    55_966_662_588,
    8_396_866,
    8_192,
];

fn get_dflags<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    let mut e = vec![Term::atom(am::erts_dflags)];
    e.extend(DISTRIBUTION_FLAGS.iter().map(|f| p.heap.uint(*f)));
    Ok(p.heap.tuple(&e))
}
