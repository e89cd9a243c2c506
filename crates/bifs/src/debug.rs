//! Module `erts_debug`: sizes of terms and what tests of the emulator look at.

use crate::prelude::*;
use crate::util::is_atom_named;
use corten_term::copy::{self, Literals};
use corten_term::map;
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

pub const BIFS: &[Bif] = bifs![
    erts_debug:flat_size/1 => flat_size,
    erts_debug:size_shared/1 => size_shared,
    erts_debug:copy_shared/2 => copy_shared,
    erts_debug:same/2 => same,
    erts_debug:get_internal_state/1 => get_internal_state,
    erts_debug:set_internal_state/2 => set_internal_state,
    erts_debug:interpreter_size/0 => interpreter_size,
    erts_debug:disassemble/1 => disassemble,
    erts_debug:lcnt_control/1 => badarg,
    erts_debug:lcnt_control/2 => badarg,
    erts_debug:lcnt_collect/0 => not_counting,
    erts_debug:lcnt_clear/0 => not_counting,
];

fn flat_size<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(p.heap.uint(copy::size_with(a[0], Literals::Copy) as u64))
}

/// Words of a term where what is reached twice counts once.
fn shared_words(t: Term<'_>) -> usize {
    let mut seen = HashSet::new();
    let mut stack = vec![t];
    let mut words = 0;
    while let Some(t) = stack.pop() {
        if t.is_immediate() || !seen.insert(t.pointer()) {
            continue;
        }
        match t.kind() {
            Kind::Cons(head, tail) => {
                words += 2;
                stack.extend([head, tail]);
            }
            Kind::Tuple(e) => {
                words += 1 + e.len();
                stack.extend_from_slice(e);
            }
            Kind::Map => {
                let pairs: Vec<_> = map::iter(t).flat_map(|(k, v)| [k, v]).collect();
                let parts: usize = pairs.iter().map(|e| whole(*e)).sum();
                words += whole(t) - parts;
                stack.extend(pairs);
            }
            Kind::Fun(f) => {
                let parts: usize = f.free.iter().map(|e| whole(*e)).sum();
                words += whole(t) - parts;
                stack.extend_from_slice(f.free);
            }
            _ => words += whole(t),
        }
    }
    words
}

fn whole(t: Term<'_>) -> usize {
    copy::size_with(t, Literals::Copy)
}

fn size_shared<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(p.heap.uint(shared_words(a[0]) as u64))
}

fn copy_shared<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(copy::copy(a[0], &p.heap))
}

/// Whether two terms are the same word.
fn same<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(Term::bool(a[0].same(a[1])))
}

/// A test has said that it wants to see the emulator's insides.
static AVAILABLE: AtomicBool = AtomicBool::new(false);

fn undefined<'h>() -> Stop<'h> {
    Stop::error(Term::atom(am::undef))
}

fn get_internal_state<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    if !AVAILABLE.load(Ordering::Acquire) {
        return Err(undefined());
    }
    if is_atom_named(a[0], "reds_left") {
        return Ok(Term::small(i64::from(p.reductions_left.get())));
    }
    if is_atom_named(a[0], "persistent_term") {
        let size = Term::small(crate::persistent_term::table_size() as i64);
        return Ok(map::from_pairs(&p.heap, &[(Term::atom(am::table), size)]));
    }
    if is_atom_named(a[0], "available_internal_state") {
        return Ok(Term::TRUE);
    }
    // Whether hashes are made to collide.
    if is_atom_named(a[0], "hashmap_collision_bonanza") {
        return Ok(Term::FALSE);
    }
    if let Some([key, value]) = a[0].as_tuple_of::<2>() {
        if is_atom_named(*key, "force_heap_frags") {
            return Ok(Term::FALSE);
        }
        if is_atom_named(*key, "internal_hash") {
            return Ok(p.heap.uint(corten_term::hash::internal_hash(*value)));
        }
        if is_atom_named(*key, "hashmap_collision_bonus") {
            return Ok(Term::small(0));
        }
    }
    crate::process_debug::get(p, a[0]).badarg()
}

fn set_internal_state<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let on = a[1].as_bool();
    if is_atom_named(a[0], "available_internal_state")
        && let Some(on) = on
    {
        return Ok(Term::bool(AVAILABLE.swap(on, Ordering::AcqRel)));
    }
    if !AVAILABLE.load(Ordering::Acquire) {
        return Err(undefined());
    }
    // Nothing is put off here that could be waited for.
    if is_atom_named(a[0], "wait") {
        let known = [
            "deallocations",
            "thread_progress",
            "aux_work",
            "timer_cancellations",
        ];
        return match known.iter().any(|k| is_atom_named(a[1], k)) {
            true => Ok(Term::OK),
            false => Err(Stop::BADARG),
        };
    }
    if is_atom_named(a[0], "reds_left")
        && let Some(n) = a[1].as_small()
    {
        let n = i32::try_from(n).unwrap_or(i32::MAX).max(0);
        p.reductions_left.set(n.min(p.reductions_left.get()));
        return Ok(Term::TRUE);
    }
    // Searching and converting are not cut into pieces here, so these limits are kept and do nothing.
    if ["binary_loop_limit", "unicode_loop_limit"]
        .iter()
        .any(|k| is_atom_named(a[0], k))
    {
        static LIMIT: std::sync::atomic::AtomicI64 = std::sync::atomic::AtomicI64::new(-1);
        let new = match a[1].as_small() {
            Some(n) if n > 0 => n,
            _ => -1,
        };
        return Ok(Term::small(LIMIT.swap(new, Ordering::Relaxed)));
    }
    if is_atom_named(a[0], "re_loop_limit") {
        let steps = a[1].as_small().and_then(|n| u32::try_from(n).ok());
        return Ok(Term::small(i64::from(crate::re::set_slice(
            steps.filter(|n| *n > 0),
        ))));
    }
    crate::process_debug::set(a[0], a[1]).badarg()
}

/// The reference engine answers with the size of its instruction loop, and 0 when it has none.
fn interpreter_size<'h>(_: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(Term::small(0))
}

/// As an engine that has no disassembler for what it runs.
fn disassemble<'h>(_: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(Term::FALSE)
}

/// Locks are not counted in this build, and these say so as the reference engine does.
fn badarg<'h>(_: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Err(Stop::BADARG)
}
fn not_counting<'h>(_: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(Term::atom(am::error))
}
