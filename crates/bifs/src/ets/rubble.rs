//! Rows that are in no table any more and take long to drop: the caller drops some, gives up its time slice and goes
//! on. What is left when the process dies goes with the reference that holds it.

use super::scan;
use super::table::Rows;
use corten_engine::bif::OrBadarg;
use corten_engine::code::export;
use corten_engine::{Args, Bif, BifResult, Process, Stop, bifs};
use corten_term::reference::Magic;
use corten_term::{Term, am};
use parking_lot::Mutex;

pub const BIFS: &[Bif] = bifs![ets:drop_rows/2 => drop_rows];

#[derive(Debug)]
struct Rubble(Mutex<Vec<Rows>>);

/// Drops the rows of a table that is gone, now or in steps, then returns `result`.
pub fn clear<'h>(p: &'h Process, rows: Vec<Rows>, result: Term<'h>) -> BifResult<'h> {
    match drop_first(p, rows) {
        None => Ok(result),
        Some(rest) => Err(Stop::Trap(
            export(am::ets, am::drop_rows, 2),
            vec![rest, result],
        )),
    }
}

/// The same for the rows that `delete_all_objects` took out.
pub fn clear_all<'h>(p: &'h Process, rows: Vec<Rows>, count: Term<'h>) -> BifResult<'h> {
    match drop_first(p, rows) {
        None => Ok(count),
        Some(rest) => Err(delete_all_again(rest, count)),
    }
}

/// `delete_all_objects` goes on: the function is the one that who traces the process sees in the reference engine.
pub fn delete_all_again<'h>(rest: Term<'h>, count: Term<'h>) -> Stop<'h> {
    let function = export(am::ets, am::internal_delete_all, 2);
    Stop::Trap(function, vec![rest, count])
}

/// What is left of `rows` after the first step.
fn drop_first<'h>(p: &'h Process, mut rows: Vec<Rows>) -> Option<Term<'h>> {
    let all = drop_some(p, scan::first_budget(p), &mut rows);
    (!all).then(|| p.heap.magic_reference(Magic::new(Rubble(Mutex::new(rows)))))
}

/// Whether this is what is left of rows.
pub fn is_rest(t: Term<'_>) -> bool {
    t.as_magic_of::<Rubble>().is_some()
}

/// More rows than this are not dropped by a process that exits, which cannot do it in steps.
const MANY: isize = 20_000;

/// Drops the rows of a table whose owner exits: many of them on a thread of their own.
pub fn discard(rows: Vec<Rows>) {
    if rows.iter().map(Rows::len).sum::<isize>() > MANY {
        let thread = std::thread::Builder::new().name("erts_ets_drop".into());
        // Without a thread the rows go here: the closure that has them is dropped.
        drop(thread.spawn(move || drop(rows)));
    }
}

/// Goes on with `clear` or `clear_all`.
pub fn drop_rows<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let rubble = a[0].as_magic_of::<Rubble>().badarg()?;
    if drop_some(p, scan::budget(p), &mut rubble.0.lock()) {
        Ok(a[1])
    } else {
        Err(Stop::Again)
    }
}

/// Drops as many rows as `start` is worth; whether that were all.
fn drop_some(p: &Process, start: usize, rows: &mut Vec<Rows>) -> bool {
    let mut left = start;
    while left > 0 {
        let Some(last) = rows.last_mut() else { break };
        match last.drop_some() {
            Some(n) => left = left.saturating_sub(n),
            None => drop(rows.pop()),
        }
    }
    scan::charge(p, start, left);
    rows.is_empty()
}
