//! `erlang:processes/0`: a listing that goes on, slice by slice, in a function that has no name in programs.

use crate::prelude::*;
use corten_engine::code::export;
use corten_engine::node;
use corten_engine::process::listing::{CHUNK, Listing};

pub const BIFS: &[Bif] = bifs![
    erlang:processes/0 => processes,
    erlang:ptab_list_continue/2 => go_on,
    erts_internal:processes_next/1 => next,
];

/// Reductions for a chunk of the table, or of the resulting list.
const CHUNK_REDUCTIONS: i32 = 40;
/// What the call does not begin without.
const START_REDUCTIONS: i32 = 10;

fn processes<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    if p.reductions_left.get() < START_REDUCTIONS {
        return Err(Stop::Again);
    }
    let listing = Box::new(Listing::begin(&node().processes));
    p.with_cold(|c| c.listing = Some((listing, false)));
    proceed(p, Term::NIL)
}

/// A chunk of what `processes_iterator/0` walks: `{Next, Pids}`, or `none`.
fn next<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    let table = &node().processes;
    let from = args[0].as_small().and_then(|n| usize::try_from(n).ok());
    let from = from.filter(|n| *n <= table.limit()).badarg()?;
    let Some((to, pids)) = table.chunk(from, CHUNK) else {
        return Ok(Term::atom(am::none));
    };
    p.bump_reductions(CHUNK_REDUCTIONS as usize);
    let pids: Vec<_> = pids.into_iter().map(Term::pid).collect();
    let next = Term::small(to as i64);
    Ok(p.heap.tuple(&[next, p.heap.list(&pids)]))
}

/// The rest: the arguments are the end of the list, as far as it is made, and nothing.
fn go_on<'h>(p: &'h Process, args: Args<'h>) -> BifResult<'h> {
    proceed(p, args[0])
}

fn proceed<'h>(p: &'h Process, mut tail: Term<'h>) -> BifResult<'h> {
    // Known to us alone: a program that calls the function by itself has no listing under way.
    let (mut listing, mut all_seen) = p.with_cold(|c| c.listing.take()).badarg()?;
    loop {
        let left = p.reductions_left.get();
        if left < CHUNK_REDUCTIONS {
            p.with_cold(|c| c.listing = Some((listing, all_seen)));
            // It continues in the next slice.
            p.reductions_left.set(0);
            let to = export(am::erlang, am::ptab_list_continue, 2);
            return Err(Stop::Trap(to, vec![tail, Term::NIL]));
        }
        p.reductions_left.set(left - CHUNK_REDUCTIONS);
        if !all_seen {
            all_seen = listing.step(&node().processes);
            continue;
        }
        let last = listing.take(CHUNK);
        for pid in last.iter().rev() {
            tail = p.heap.cons(Term::pid(*pid), tail);
        }
        if last.len() < CHUNK {
            return Ok(tail);
        }
    }
}

/// `erts_debug:get_internal_state(processes_bif_info)`: what a call costs.
pub fn info(p: &Process) -> Term<'_> {
    let limit = node().processes.limit();
    let number = |n: usize| Term::small(i64::try_from(n).unwrap_or(0));
    let reductions = CHUNK_REDUCTIONS as usize;
    let Ok(name) = Atom::new("ptab_list_bif_info") else {
        return Term::NIL;
    };
    p.heap.tuple(&[
        Term::atom(name),
        number(START_REDUCTIONS as usize),
        number(limit.div_ceil(CHUNK)),
        number(CHUNK),
        number(CHUNK / reductions),
        // Processes that end meanwhile are put into the list at once.
        number(0),
        number(CHUNK),
        number(reductions),
        number(CHUNK / reductions),
        number(0),
    ])
}
