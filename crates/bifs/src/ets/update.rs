//! Changing rows in place: `update_element`, `update_counter`.

use super::Kind;
use super::registry::{Access, at};
use super::table::{Rows, Table};
use corten_engine::bif::OrBadarg;
use corten_engine::{Args, Bif, BifResult, Process, Stop, bifs};
use corten_term::layout::{SMALL_MAX, SMALL_MIN};
use corten_term::row::ElementsMut;
use corten_term::{Heap, Row, Term, am, arith, compare, copy};

pub const BIFS: &[Bif] = bifs![
    ets:update_element/3 => update_element_3,
    ets:update_element/4 => update_element_4,
    ets:update_counter/3 => update_counter_3,
    ets:update_counter/4 => update_counter_4,
];

/// `{Pos, Value}` or a list of them, checked in order against the table and a row of `arity` elements.
fn positions<'h>(
    t: &Table,
    arity: usize,
    spec: Term<'h>,
) -> Result<Vec<(usize, Term<'h>)>, Stop<'h>> {
    let items = if spec.is_tuple() {
        vec![spec]
    } else {
        spec.to_vec().badarg()?
    };
    let mut out = Vec::with_capacity(items.len());
    for item in items {
        let [pos, value] = item.as_tuple_of::<2>().badarg()?;
        out.push((position(t, arity, *pos)?, *value));
    }
    Ok(out)
}

/// A position that may be changed in a row of `arity` elements, from 1.
fn position<'h>(t: &Table, arity: usize, pos: Term<'h>) -> Result<usize, Stop<'h>> {
    let pos = pos.as_small().badarg()?;
    match usize::try_from(pos) {
        Ok(pos) if pos == t.keypos() => Err(Stop::badarg_because(am::keypos)),
        Ok(pos) if (1..=arity).contains(&pos) => Ok(pos),
        _ => Err(Stop::badarg_because(am::position)),
    }
}

/// The row to change: the one of the key, or a copy of the default with this key.
fn base<'s>(
    t: &Table,
    rows: &'s Rows,
    hash: u32,
    key: Term<'s>,
    default: Option<Term<'s>>,
) -> Result<Option<Vec<Term<'s>>>, ()> {
    if let Some(row) = rows.get(hash, key) {
        return Ok(Some(row.elements().to_vec()));
    }
    match default {
        None => Ok(None),
        Some(d) => {
            let mut e = d
                .as_tuple()
                .filter(|e| e.len() >= t.keypos())
                .ok_or(())?
                .to_vec();
            e[t.keypos() - 1] = key;
            Ok(Some(e))
        }
    }
}

fn is_set(t: &Table) -> bool {
    matches!(t.kind(), Kind::Set | Kind::OrderedSet)
}

fn update_element<'h>(p: &'h Process, a: Args<'h>, default: Option<Term<'h>>) -> BifResult<'h> {
    let t = at(p, a[0], Access::Write)?;
    is_set(&t).then_some(()).badarg()?;
    let (mut rows, hash) = t.write(a[1])?;
    if rows
        .get_mut(hash, a[1])
        .is_some_and(|mut row| set_in_place(&t, &mut row, a[2]).is_some())
    {
        return Ok(Term::TRUE);
    }
    set_elements(&t, &mut rows, hash, (a[1], a[2]), default)
}

/// The general case: makes the row anew.
#[cold]
#[inline(never)]
fn set_elements<'h>(
    t: &Table,
    rows: &mut Rows,
    hash: u32,
    (key, spec): (Term<'h>, Term<'h>),
    default: Option<Term<'h>>,
) -> BifResult<'h> {
    let scratch = Heap::new();
    let row = {
        let Some(mut e) = base(t, rows, hash, key, default).map_err(|()| Stop::BADARG)? else {
            return Ok(Term::FALSE);
        };
        for (pos, value) in positions(t, e.len(), spec)? {
            e[pos - 1] = value;
        }
        Row::new(scratch.tuple(&e), t.keypos()).badarg()?
    };
    rows.insert(hash, row, t.fixation());
    Ok(Term::TRUE)
}

fn update_element_3<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    update_element(p, a, None)
}
fn update_element_4<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    update_element(p, a, Some(a[3]))
}

/// One increment: position, by how much, and where it wraps.
struct Increment<'h> {
    pos: usize,
    by: Term<'h>,
    limit: Option<(Term<'h>, Term<'h>)>,
}

/// `{Pos, Incr}` or `{Pos, Incr, Threshold, SetValue}`, checked against the table and the row.
fn increment<'h>(t: &Table, row: &[Term<'_>], spec: Term<'h>) -> Result<Increment<'h>, Stop<'h>> {
    let e = spec.as_tuple().badarg()?;
    let (pos, by, limit) = match e {
        [pos, by] => (pos, by, None),
        [pos, by, threshold, set] if threshold.is_integer() && set.is_integer() => {
            (pos, by, Some((*threshold, *set)))
        }
        _ => return Err(Stop::BADARG),
    };
    if !pos.is_small() || !by.is_integer() {
        return Err(Stop::BADARG);
    }
    let pos = position(t, row.len(), *pos)?;
    if !row[pos - 1].is_integer() {
        return Err(Stop::BADARG);
    }
    Ok(Increment {
        pos,
        by: *by,
        limit,
    })
}

fn update_counter<'h>(p: &'h Process, a: Args<'h>, default: Option<Term<'h>>) -> BifResult<'h> {
    let t = at(p, a[0], Access::Write)?;
    if !is_set(&t) {
        return Err(Stop::badarg_because(am::table_type));
    }
    let (mut rows, hash) = t.write(a[1])?;
    let row = rows.get_mut(hash, a[1]);
    if let Some(sum) = row.and_then(|mut row| count_in_place(&t, &mut row, a[2])) {
        return Ok(Term::small(sum));
    }
    count(p, &t, &mut rows, hash, (a[1], a[2]), default)
}

/// The general case: makes the row anew.
#[cold]
#[inline(never)]
fn count<'h>(
    p: &'h Process,
    t: &Table,
    rows: &mut Rows,
    hash: u32,
    (key, spec): (Term<'h>, Term<'h>),
    default: Option<Term<'h>>,
) -> BifResult<'h> {
    let scratch = Heap::new();
    let mut results = Vec::new();
    let row = {
        let Some(mut e) = base(t, rows, hash, key, default).map_err(|()| Stop::BADARG)? else {
            return Err(Stop::badarg_because(am::badkey));
        };
        for i in increments(t, &e, spec)? {
            let slot = &mut e[i.pos - 1];
            let mut sum = arith::add(&scratch, *slot, i.by).map_err(|_| Stop::SYSTEM_LIMIT)?;
            if let Some((threshold, set)) = i.limit {
                let over = if is_negative(i.by) {
                    compare::cmp(sum, threshold).is_lt()
                } else {
                    compare::cmp(sum, threshold).is_gt()
                };
                if over {
                    sum = set;
                }
            }
            *slot = sum;
            results.push(copy::copy(sum, &p.heap));
        }
        Row::new(scratch.tuple(&e), t.keypos()).badarg()?
    };
    rows.insert(hash, row, t.fixation());
    Ok(if spec.is_list() {
        p.heap.list(&results)
    } else {
        results[0]
    })
}

/// The usual case of `update_element`: one immediate in place of another. `None`: not done.
fn set_in_place(t: &Table, row: &mut ElementsMut<'_>, spec: Term<'_>) -> Option<()> {
    let [pos, value] = spec.as_tuple_of::<2>()?;
    let pos = pos.as_usize().filter(|n| *n > 0 && *n != t.keypos())?;
    row.set_immediate(pos - 1, *value).then_some(())
}

/// The usual case of `update_counter`: one small number that stays small. `None`: not done.
fn count_in_place(t: &Table, row: &mut ElementsMut<'_>, spec: Term<'_>) -> Option<i64> {
    let (pos, by, limit) = match spec.as_small() {
        Some(by) => (t.keypos() + 1, by, None),
        None => match spec.as_tuple()? {
            [pos, by] => (pos.as_usize()?, by.as_small()?, None),
            [pos, by, threshold, set] => {
                let limit = (threshold.as_small()?, set.as_small()?);
                (pos.as_usize()?, by.as_small()?, Some(limit))
            }
            _ => return None,
        },
    };
    if pos == t.keypos() {
        return None;
    }
    let index = pos.checked_sub(1)?;
    let mut sum = row.get().get(index)?.as_small()?.checked_add(by)?;
    if let Some((threshold, set)) = limit
        && ((by < 0 && sum < threshold) || (by >= 0 && sum > threshold))
    {
        sum = set;
    }
    let fits = (SMALL_MIN..=SMALL_MAX).contains(&sum);
    (fits && row.set_immediate(index, Term::small(sum))).then_some(sum)
}

/// What `update_counter` was told to do: a number for the element behind the key, one operation, or a list.
fn increments<'h>(
    t: &Table,
    row: &[Term<'_>],
    spec: Term<'h>,
) -> Result<Vec<Increment<'h>>, Stop<'h>> {
    if spec.is_integer() {
        let pos = position(t, row.len(), Term::small((t.keypos() + 1) as i64))?;
        if !row[pos - 1].is_integer() {
            return Err(Stop::BADARG);
        }
        return Ok(vec![Increment {
            pos,
            by: spec,
            limit: None,
        }]);
    }
    if spec.is_tuple() {
        return Ok(vec![increment(t, row, spec)?]);
    }
    let all = spec.to_vec().badarg()?.into_iter();
    all.map(|s| increment(t, row, s)).collect()
}

fn is_negative(t: Term<'_>) -> bool {
    t.as_small()
        .map_or_else(|| t.as_big().is_some_and(|b| b.negative), |v| v < 0)
}

fn update_counter_3<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    update_counter(p, a, None)
}
fn update_counter_4<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    update_counter(p, a, Some(a[3]))
}
