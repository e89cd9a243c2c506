//! Module `atomics`, and the counters that `counters` keeps when write concurrency is asked for.

use crate::prelude::*;
use crate::util::atom;
use corten_term::map;
use corten_term::reference::Magic;
use std::sync::atomic::{AtomicI64, Ordering};

pub const BIFS: &[Bif] = bifs![
    erts_internal:atomics_new/2 => new,
    atomics:put/3 => put,
    atomics:get/2 => get,
    atomics:add/3 => add,
    atomics:add_get/3 => add_get,
    atomics:exchange/3 => exchange,
    atomics:compare_exchange/4 => compare_exchange,
    atomics:info/1 => info,
    erts_internal:counters_new/1 => counters_new,
    erts_internal:counters_get/2 => counters_get,
    erts_internal:counters_add/3 => counters_add,
    erts_internal:counters_put/3 => counters_put,
    erts_internal:counters_info/1 => counters_info,
];

/// Bit of the option word of `atomics_new/2`: the integers are signed.
const SIGNED: i64 = 1;

struct Atomics {
    signed: bool,
    cells: Box<[AtomicI64]>,
}

fn zeroed(n: usize) -> Box<[AtomicI64]> {
    (0..n).map(|_| AtomicI64::new(0)).collect()
}

/// More cells than this cannot be addressed.
const MAX_CELLS: usize = (isize::MAX as usize >> 6) - 8;

fn size<'h>(t: Term<'h>) -> Result<usize, Stop<'h>> {
    let n = match t.as_usize() {
        Some(0) => return Err(Stop::BADARG),
        Some(n) => n,
        None if t.as_big().is_some_and(|b| !b.negative) => return Err(Stop::SYSTEM_LIMIT),
        None => return Err(Stop::BADARG),
    };
    if n > MAX_CELLS {
        return Err(Stop::SYSTEM_LIMIT);
    }
    Ok(n)
}

fn new<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let n = size(a[0])?;
    let options = a[1].as_small().badarg()?;
    let magic = Magic::new(Atomics {
        signed: options & SIGNED != 0,
        cells: zeroed(n),
    });
    Ok(p.heap.magic_reference(magic))
}

/// The array and the cell that a reference and an index name.
fn cell<'h>(a: Args<'h>) -> Result<(&'h Atomics, &'h AtomicI64), Stop<'h>> {
    let array = a[0].as_magic_of::<Atomics>().badarg()?;
    let i = a[1].as_usize().and_then(|i| i.checked_sub(1)).badarg()?;
    Ok((array, array.cells.get(i).badarg()?))
}

/// An integer of the array's range, as the bits that are stored.
fn value<'h>(array: &Atomics, t: Term<'h>) -> Result<i64, Stop<'h>> {
    if array.signed {
        t.as_i64().badarg()
    } else {
        t.as_u64().map(|v| v as i64).badarg()
    }
}

/// What is added: any integer that fits 64 bits, signed or not.
fn increment<'h>(t: Term<'h>) -> Result<i64, Stop<'h>> {
    t.as_i64().or_else(|| t.as_u64().map(|v| v as i64)).badarg()
}

fn shown<'h>(p: &'h Process, array: &Atomics, v: i64) -> Term<'h> {
    if array.signed {
        p.heap.int(v)
    } else {
        p.heap.uint(v as u64)
    }
}

fn put<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let (array, cell) = cell(a)?;
    cell.store(value(array, a[2])?, Ordering::SeqCst);
    Ok(Term::OK)
}

fn get<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let (array, cell) = cell(a)?;
    Ok(shown(p, array, cell.load(Ordering::SeqCst)))
}

fn add<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let (_, cell) = cell(a)?;
    cell.fetch_add(increment(a[2])?, Ordering::SeqCst);
    Ok(Term::OK)
}

fn add_get<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let (array, cell) = cell(a)?;
    let by = increment(a[2])?;
    let v = cell.fetch_add(by, Ordering::SeqCst).wrapping_add(by);
    Ok(shown(p, array, v))
}

fn exchange<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let (array, cell) = cell(a)?;
    let old = cell.swap(value(array, a[2])?, Ordering::SeqCst);
    Ok(shown(p, array, old))
}

fn compare_exchange<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let (array, cell) = cell(a)?;
    let (expected, desired) = (value(array, a[2])?, value(array, a[3])?);
    Ok(
        match cell.compare_exchange(expected, desired, Ordering::SeqCst, Ordering::SeqCst) {
            Ok(_) => Term::OK,
            Err(actual) => shown(p, array, actual),
        },
    )
}

/// Bytes of an array besides its cells.
const OVERHEAD: usize = 40;

fn info<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let array = a[0].as_magic_of::<Atomics>().badarg()?;
    let (min, max) = if array.signed {
        (p.heap.int(i64::MIN), p.heap.int(i64::MAX))
    } else {
        (Term::small(0), p.heap.uint(u64::MAX))
    };
    let n = array.cells.len();
    let pairs = [
        (Term::atom(am::size), Term::small(n as i64)),
        (Term::atom(am::max), max),
        (Term::atom(am::min), min),
        (
            Term::atom(am::memory),
            Term::small((n * 8 + OVERHEAD) as i64),
        ),
    ];
    Ok(map::from_pairs(&p.heap, &pairs))
}

/// Stripes of a counter array: writers on different schedulers do not meet.
fn stripes() -> usize {
    corten_engine::node().config.schedulers.max(1) + 1
}

struct Counters {
    size: usize,
    /// Stripe after stripe, each padded to whole cache lines.
    cells: Box<[AtomicI64]>,
    stride: usize,
}

impl Counters {
    fn of<'h>(a: Args<'h>) -> Result<(&'h Counters, usize), Stop<'h>> {
        let c = a[0].as_magic_of::<Counters>().badarg()?;
        let i = a[1].as_usize().and_then(|i| i.checked_sub(1)).badarg()?;
        if i >= c.size {
            return Err(Stop::BADARG);
        }
        Ok((c, i))
    }
    fn all(&self, i: usize) -> impl Iterator<Item = &AtomicI64> {
        self.cells.iter().skip(i).step_by(self.stride)
    }
}

fn stripe() -> usize {
    use std::sync::atomic::AtomicUsize;
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local!(static MINE: usize = NEXT.fetch_add(1, Ordering::Relaxed));
    MINE.with(|m| *m) % stripes()
}

fn counters_new<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let n = size(a[0])?;
    if n > MAX_CELLS / stripes() - 8 {
        return Err(Stop::SYSTEM_LIMIT);
    }
    let stride = n.next_multiple_of(8);
    let magic = Magic::new(Counters {
        size: n,
        cells: zeroed(stride * stripes()),
        stride,
    });
    Ok(p.heap.magic_reference(magic))
}

fn counters_get<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let (c, i) = Counters::of(a)?;
    let sum = c.all(i).fold(0i64, |sum, cell| {
        sum.wrapping_add(cell.load(Ordering::SeqCst))
    });
    Ok(p.heap.int(sum))
}

fn counters_add<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let (c, i) = Counters::of(a)?;
    let by = increment(a[2])?;
    if let Some(cell) = c.all(i).nth(stripe()) {
        cell.fetch_add(by, Ordering::SeqCst);
    }
    Ok(Term::OK)
}

fn counters_put<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let (c, i) = Counters::of(a)?;
    let v = a[2].as_i64().badarg()?;
    let mut cells = c.all(i);
    if let Some(first) = cells.next() {
        first.store(v, Ordering::SeqCst);
    }
    cells.for_each(|cell| cell.store(0, Ordering::SeqCst));
    Ok(Term::OK)
}

fn counters_info<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let c = a[0].as_magic_of::<Counters>().badarg()?;
    let memory = c.cells.len() * 8 + OVERHEAD;
    let pairs = [
        (Term::atom(am::size), Term::small(c.size as i64)),
        (atom("memory"), Term::small(memory as i64)),
    ];
    Ok(map::from_pairs(&p.heap, &pairs))
}
