//! Lists: the operators `++` and `--`, and the BIFs of module `lists`.

use crate::long;
use crate::prelude::*;
use crate::util::{elements, order, same};
use corten_engine::code::export;
use corten_engine::sched::SLICE;
use std::cmp::Ordering;
use std::collections::BTreeMap;

pub const BIFS: &[Bif] = bifs![
    erlang:"++"/2 => append,
    erlang:append/2 => append,
    erlang:"--"/2 => subtract,
    erlang:subtract/2 => subtract,
    erlang:length/1 => length [GUARD],
    erlang:hd/1 => hd [GUARD],
    erlang:tl/1 => tl [GUARD],
    lists:reverse/2 => reverse,
    lists:member/2 => member,
    lists:keyfind/3 => keyfind,
    lists:keymember/3 => keymember,
    lists:keysearch/3 => keysearch,
];

/// List cells walked for one reduction, compared with a term, and whose tuples are looked into.
const CELLS_PER_REDUCTION: usize = 40;
const COMPARED_PER_REDUCTION: usize = 16;
const TUPLES_PER_REDUCTION: usize = 10;

/// Cells that a call may walk before it continues in the next slice.
fn cells_left(p: &Process, per_reduction: usize) -> usize {
    let reductions = usize::try_from(p.reductions_left.get()).unwrap_or(0);
    reductions.max(10) * per_reduction
}

/// Goes on with the rest of the list by another call of the same function.
fn continued<'h>(name: Atom, arguments: Vec<Term<'h>>) -> Stop<'h> {
    let arity = arguments.len() as u8;
    Stop::Trap(export(am::lists, name, arity), arguments)
}

fn append<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    if a[0].is_nil() {
        return Ok(a[1]);
    }
    long::list(a[0], long::PARTS)?;
    let left = elements(a[0])?;
    p.bump_reductions(left.len() / CELLS_PER_REDUCTION);
    Ok(p.heap.list_with_tail(&left, a[1]))
}

/// A term ordered by exact term order, for the multiset of `--`.
struct Exact<'h>(Term<'h>);
impl PartialEq for Exact<'_> {
    fn eq(&self, other: &Self) -> bool {
        same(self.0, other.0)
    }
}
impl Eq for Exact<'_> {}
impl PartialOrd for Exact<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Exact<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        corten_term::compare::cmp_exact_order(self.0, other.0)
    }
}

fn subtract<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    // Sorting the right list takes longer than walking it.
    long::list(a[0], long::PARTS / 2)?;
    long::list(a[1], long::PARTS / 4)?;
    let left = elements(a[0])?;
    let right = elements(a[1])?;
    if left.is_empty() || right.is_empty() {
        return Ok(a[0]);
    }
    p.bump_reductions((left.len() + right.len()) / TUPLES_PER_REDUCTION);
    if right.len() <= 8 {
        return Ok(subtract_few(p, a[0], left, right));
    }
    let mut counts: BTreeMap<Exact<'h>, usize> = BTreeMap::new();
    for r in &right {
        *counts.entry(Exact(*r)).or_default() += 1;
    }
    let kept: Vec<_> = left
        .into_iter()
        .filter(|t| match counts.get_mut(&Exact(*t)) {
            Some(n) if *n > 0 => {
                *n -= 1;
                false
            }
            _ => true,
        })
        .collect();
    Ok(p.heap.list(&kept))
}

fn subtract_few<'h>(
    p: &'h Process,
    whole: Term<'h>,
    left: Vec<Term<'h>>,
    mut right: Vec<Term<'h>>,
) -> Term<'h> {
    let n = left.len();
    let mut rest = whole;
    let mut kept = Vec::with_capacity(n);
    for t in left {
        if right.is_empty() {
            return p.heap.list_with_tail(&kept, rest);
        }
        rest = rest.as_cons().map_or(Term::NIL, |(_, tail)| tail);
        match right.iter().position(|r| same(*r, t)) {
            Some(i) => drop(right.swap_remove(i)),
            None => kept.push(t),
        }
    }
    if kept.len() == n {
        return whole;
    }
    p.heap.list(&kept)
}

/// Cells walked, copied and compared in a slice, for each of its reductions: that is charged less than it takes where
/// the cells are far apart in memory, as in a list that was built just now.
const WALKED_IN_SLICE: usize = 4;
const COPIED_IN_SLICE: usize = 10;

/// Charges for cells; the slice is shorter by what they may have taken.
fn charge(p: &Process, cells: usize, per_reduction: usize, in_slice: usize) {
    let charged = cells / per_reduction;
    p.bump_reductions(charged);
    p.spend_reductions(cells / in_slice - charged);
}

fn length<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let most = if long::matters() {
        cells_left(p, WALKED_IN_SLICE)
    } else {
        usize::MAX
    };
    let (before, start) = match p.kept_terms()[..] {
        [list, rest, n] if list.raw() == a[0].raw() => (n.as_usize().unwrap_or(0), rest),
        _ => (0, a[0]),
    };
    let mut cells = start.iter();
    let walked = cells.by_ref().take(most).count();
    charge(p, walked, COMPARED_PER_REDUCTION, WALKED_IN_SLICE);
    let n = Term::small((before + walked) as i64);
    match cells.tail() {
        rest if rest.is_nil() => Ok(n),
        rest if rest.is_cons() => {
            p.keep_terms(&[a[0], rest, n]);
            Err(Stop::Again)
        }
        _ => Err(Stop::BADARG),
    }
}

fn hd<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(a[0].as_cons().badarg()?.0)
}

fn tl<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(a[0].as_cons().badarg()?.1)
}

fn reverse<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let most = cells_left(p, COPIED_IN_SLICE);
    let mut it = a[0].iter();
    let mut walked = 0;
    let done = it.by_ref().take(most).fold(a[1], |tail, t| {
        walked += 1;
        p.heap.cons(t, tail)
    });
    charge(p, walked, CELLS_PER_REDUCTION, COPIED_IN_SLICE);
    match it.tail() {
        rest if rest.is_nil() => Ok(done),
        rest if rest.is_cons() => Err(continued(am::reverse, vec![rest, done])),
        _ => Err(Stop::BADARG),
    }
}

fn member<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let mut it = a[1].iter();
    let mut walked = 0;
    let mut slice = it
        .by_ref()
        .take(cells_left(p, WALKED_IN_SLICE))
        .inspect(|_| walked += 1);
    let found = slice.any(|t| same(t, a[0]));
    charge(p, walked, COMPARED_PER_REDUCTION, WALKED_IN_SLICE);
    match it.tail() {
        _ if found => Ok(Term::TRUE),
        rest if rest.is_nil() => Ok(Term::FALSE),
        rest if rest.is_cons() => Err(continued(am::member, vec![a[0], rest])),
        _ => Err(Stop::BADARG),
    }
}

/// The first tuple of the list whose element at the position equals the key (`==`). `name`: the caller's.
fn find<'h>(p: &'h Process, name: Atom, a: Args<'h>) -> Result<Option<Term<'h>>, Stop<'h>> {
    let position = match a[1].as_small() {
        Some(n) if n >= 1 => (n - 1) as usize,
        _ if a[1].as_big().is_some_and(|b| !b.negative) => usize::MAX,
        _ => return Err(Stop::BADARG),
    };
    let most = cells_left(p, WALKED_IN_SLICE);
    let mut it = a[2].iter();
    let mut walked = 0;
    let mut slice = it.by_ref().take(most).inspect(|_| walked += 1);
    let found = slice.find(|t| {
        t.as_tuple()
            .and_then(|e| e.get(position))
            .is_some_and(|e| order(*e, a[0]) == Ordering::Equal)
    });
    let rest = it.tail();
    let continues = found.is_none() && rest.is_cons();
    // As in the reference engine only a list that needs more than a slice is charged. Slices are not longer for that.
    if continues && most > SLICE as usize / 10 * 9 * WALKED_IN_SLICE {
        charge(p, walked, TUPLES_PER_REDUCTION, WALKED_IN_SLICE);
    } else {
        p.spend_reductions(walked / WALKED_IN_SLICE);
    }
    match rest {
        _ if found.is_some() => Ok(found),
        rest if rest.is_nil() => Ok(None),
        rest if rest.is_cons() => Err(continued(name, vec![a[0], a[1], rest])),
        _ => Err(Stop::BADARG),
    }
}

fn keyfind<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(find(p, am::keyfind, a)?.unwrap_or(Term::FALSE))
}

fn keymember<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(Term::bool(find(p, am::keymember, a)?.is_some()))
}

fn keysearch<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(match find(p, am::keysearch, a)? {
        Some(t) => p.heap.tuple(&[Term::atom(am::value), t]),
        None => Term::FALSE,
    })
}
