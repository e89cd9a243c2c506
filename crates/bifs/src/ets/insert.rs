//! `ets:insert/2` and `ets:insert_new/2`. One tuple goes in at once. A list is copied first, in steps if it is long, and
//! then goes in under the locks of the whole table: others see all of it or nothing.

use super::registry::{Access, at, table};
use super::scan;
use super::table::{Table, TableRef};
use corten_engine::bif::OrBadarg;
use corten_engine::code::export;
use corten_engine::{Args, Bif, BifResult, Process, Stop, bifs};
use corten_term::reference::Magic;
use corten_term::{Row, Term, am};
use parking_lot::Mutex;

pub const BIFS: &[Bif] = bifs![
    ets:insert/2 => insert,
    ets:insert_new/2 => insert_new,
    ets:insert_step/4 => insert_step,
];

/// What a step copies at least.
const MIN_STEP: usize = 200;

/// Rows that wait for the others of their list.
#[derive(Debug)]
struct Copied(Mutex<Vec<Row>>);

fn insert<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    if a[1].is_list() {
        return insert_list(p, &table(p, a[0], Access::Write)?, a[1], false);
    }
    let t = at(p, a[0], Access::Write)?;
    let row = Row::new(a[1], t.keypos()).badarg()?;
    let (mut rows, hash) = t.write(row.key(t.keypos()))?;
    rows.insert(hash, row, t.fixation());
    Ok(Term::TRUE)
}

fn insert_new<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    if a[1].is_list() {
        return insert_list(p, &table(p, a[0], Access::Write)?, a[1], true);
    }
    let t = at(p, a[0], Access::Write)?;
    let key = t.key_of(a[1]).badarg()?;
    let (mut rows, hash) = t.write(key)?;
    if rows.get(hash, key).is_some() {
        return Ok(Term::FALSE);
    }
    rows.insert(hash, Row::new(a[1], t.keypos()).badarg()?, t.fixation());
    Ok(Term::TRUE)
}

fn insert_list<'h>(p: &'h Process, t: &TableRef, list: Term<'h>, new: bool) -> BifResult<'h> {
    let mut it = list.iter();
    let fit = it.by_ref().all(|o| t.key_of(o).is_some());
    if !fit || !it.tail().is_nil() {
        return Err(Stop::BADARG);
    }
    let mut rows = Vec::new();
    let rest = copy_some(p, t, list, &mut rows);
    if rest.is_nil() {
        return Ok(Term::bool(insert_all(t, rows, new)?));
    }
    let copied = p.heap.magic_reference(Magic::new(Copied(Mutex::new(rows))));
    let tab = p.heap.magic_reference(t.magic());
    Err(Stop::Trap(
        export(am::ets, am::insert_step, 4),
        vec![tab, copied, rest, Term::bool(new)],
    ))
}

fn insert_step<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let t = table(p, a[0], Access::Write)?;
    let copied = a[1].as_magic_of::<Copied>().badarg()?;
    let mut rows = copied.0.lock();
    let rest = copy_some(p, &t, a[2], &mut rows);
    if rest.is_nil() {
        let new = a[3].as_bool().badarg()?;
        return Ok(Term::bool(insert_all(&t, std::mem::take(&mut rows), new)?));
    }
    let args = vec![a[0], a[1], rest, a[3]];
    Err(Stop::Trap(export(am::ets, am::insert_step, 4), args))
}

/// Copies as many tuples as the rest of the slice is worth; the list that is left.
fn copy_some<'h>(p: &Process, t: &Table, list: Term<'h>, rows: &mut Vec<Row>) -> Term<'h> {
    // Nobody sees a copied row: there is nothing to be gained from shorter steps.
    let start = scan::budget(p).max(MIN_STEP);
    let (mut left, mut list) = (start, list);
    while left > 0
        && let Some((object, rest)) = list.as_cons()
    {
        rows.extend(Row::new(object, t.keypos()));
        list = rest;
        left -= 1;
    }
    scan::charge(p, start, left);
    list
}

/// Inserts rows that all go in together; with `new`, only if none of their keys is there.
fn insert_all<'h>(t: &Table, rows: Vec<Row>, new: bool) -> Result<bool, Stop<'h>> {
    let mut all = t.write_all()?;
    let mut is_there = |row: &Row| {
        let key = row.key(t.keypos());
        let hash = t.hash(key);
        all.of(key, hash).get(hash, key).is_some()
    };
    if new && rows.iter().any(&mut is_there) {
        return Ok(false);
    }
    let fix = t.fixation();
    for row in rows {
        let key = row.key(t.keypos());
        let hash = t.hash(key);
        all.of(key, hash).insert(hash, row, fix);
    }
    Ok(true)
}
