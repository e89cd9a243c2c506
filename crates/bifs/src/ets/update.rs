//! Changing rows in place: `update_element`, `update_counter`.

use super::Kind;
use super::registry::{Access, table};
use super::row::Row;
use super::table::{Rows, Table};
use corten_engine::bif::OrBadarg;
use corten_engine::{Args, Bif, BifResult, Process, Stop, bifs};
use corten_term::{Heap, Term, am, arith, compare, copy};

pub const BIFS: &[Bif] = bifs![
    ets:update_element/3 => update_element_3,
    ets:update_element/4 => update_element_4,
    ets:update_counter/3 => update_counter_3,
    ets:update_counter/4 => update_counter_4,
];

/// `{Pos, Value}` or a list of them, checked against the table.
fn positions<'h>(t: &Table, spec: Term<'h>) -> Result<Vec<(usize, Term<'h>)>, Stop<'h>> {
    let items = if spec.is_tuple() {
        vec![spec]
    } else {
        spec.to_vec().badarg()?
    };
    let mut out = Vec::with_capacity(items.len());
    for item in items {
        let [pos, value] = item.as_tuple_of::<2>().badarg()?;
        let pos = pos.as_usize().filter(|n| *n > 0).badarg()?;
        if pos == t.keypos() {
            return Err(Stop::badarg_because(am::keypos));
        }
        out.push((pos, *value));
    }
    Ok(out)
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

fn require_set<'h>(t: &Table) -> Result<(), Stop<'h>> {
    if matches!(t.kind(), Kind::Set | Kind::OrderedSet) {
        Ok(())
    } else {
        Err(Stop::badarg_because(am::table_type))
    }
}

fn update_element<'h>(p: &'h Process, a: Args<'h>, default: Option<Term<'h>>) -> BifResult<'h> {
    let t = table(p, a[0], Access::Write)?;
    require_set(&t)?;
    let updates = positions(&t, a[2])?;
    let fixed = t.is_fixed();
    let scratch = Heap::new();
    let (mut rows, hash) = t.write(a[1]);
    let existed = rows.get(hash, a[1]).is_some();
    let row = {
        let Some(mut e) = base(&t, &rows, hash, a[1], default).map_err(|()| Stop::BADARG)? else {
            return Ok(Term::FALSE);
        };
        for (pos, value) in &updates {
            *e.get_mut(pos - 1)
                .ok_or(Stop::badarg_because(am::position))? = *value;
        }
        Row::new(scratch.tuple(&e), t.keypos())
    };
    if existed {
        rows.replace(hash, row, fixed)
    } else {
        rows.insert(hash, row, fixed)
    }
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

fn increment<'h>(t: &Table, spec: Term<'h>) -> Result<Increment<'h>, Stop<'h>> {
    let e = spec.as_tuple().badarg()?;
    let (pos, by, limit) = match e {
        [pos, by] => (pos, by, None),
        [pos, by, threshold, set] if threshold.is_integer() && set.is_integer() => {
            (pos, by, Some((*threshold, *set)))
        }
        _ => return Err(Stop::BADARG),
    };
    let pos = pos.as_usize().filter(|n| *n > 0).badarg()?;
    if !by.is_integer() {
        return Err(Stop::BADARG);
    }
    if pos == t.keypos() {
        return Err(Stop::badarg_because(am::keypos));
    }
    Ok(Increment {
        pos,
        by: *by,
        limit,
    })
}

fn update_counter<'h>(p: &'h Process, a: Args<'h>, default: Option<Term<'h>>) -> BifResult<'h> {
    let t = table(p, a[0], Access::Write)?;
    require_set(&t)?;
    let (increments, single) = if a[2].is_integer() {
        (
            vec![Increment {
                pos: t.keypos() + 1,
                by: a[2],
                limit: None,
            }],
            true,
        )
    } else if a[2].is_tuple() {
        (vec![increment(&t, a[2])?], true)
    } else {
        (
            a[2].to_vec()
                .badarg()?
                .into_iter()
                .map(|s| increment(&t, s))
                .collect::<Result<_, _>>()?,
            false,
        )
    };
    let fixed = t.is_fixed();
    let scratch = Heap::new();
    let mut results = Vec::with_capacity(increments.len());
    let (mut rows, hash) = t.write(a[1]);
    let existed = rows.get(hash, a[1]).is_some();
    let row = {
        let Some(mut e) = base(&t, &rows, hash, a[1], default).map_err(|()| Stop::BADARG)? else {
            return Err(Stop::badarg_because(am::badkey));
        };
        for i in &increments {
            let slot = e
                .get_mut(i.pos - 1)
                .ok_or(Stop::badarg_because(am::position))?;
            if !slot.is_integer() {
                return Err(Stop::BADARG);
            }
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
        Row::new(scratch.tuple(&e), t.keypos())
    };
    if existed {
        rows.replace(hash, row, fixed)
    } else {
        rows.insert(hash, row, fixed)
    }
    Ok(if single {
        results[0]
    } else {
        p.heap.list(&results)
    })
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
