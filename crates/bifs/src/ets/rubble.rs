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

/// Drops `rows`, now or in steps, then returns `result`.
pub fn clear<'h>(p: &'h Process, mut rows: Vec<Rows>, result: Term<'h>) -> BifResult<'h> {
    if drop_some(p, scan::first_budget(p), &mut rows) {
        return Ok(result);
    }
    let rest = p.heap.magic_reference(Magic::new(Rubble(Mutex::new(rows))));
    Err(Stop::Trap(
        export(am::ets, am::drop_rows, 2),
        vec![rest, result],
    ))
}

/// More rows than this are not dropped by a process that exits, which cannot do it in steps.
const MANY: usize = 20_000;

/// Drops the rows of a table whose owner exits: many of them on a thread of their own.
pub fn discard(rows: Vec<Rows>) {
    if rows.iter().map(Rows::len).sum::<usize>() > MANY {
        let thread = std::thread::Builder::new().name("erts_ets_drop".into());
        // Without a thread the rows go here: the closure that has them is dropped.
        drop(thread.spawn(move || drop(rows)));
    }
}

fn drop_rows<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
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
