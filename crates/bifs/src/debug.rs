//! Module `erts_debug`: sizes of terms and what tests of the emulator look at.

use crate::prelude::*;
use crate::util::{atom as named, is_atom_named};
use corten_engine::process::flag;
use corten_engine::signal::node::{Body, Work};
use corten_engine::signal::send;
use corten_term::copy::{self, Literals};
use corten_term::copy_sharing;
use corten_term::reference::Magic;
use corten_term::{atom, binary, map};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub const BIFS: &[Bif] = bifs![
    erts_debug:flat_size/1 => flat_size,
    erts_debug:size_shared/1 => size_shared,
    erts_debug:copy_shared/2 => copy_shared,
    erts_debug:same/2 => same,
    erts_debug:get_internal_state/1 => get_internal_state,
    erts_debug:set_internal_state/2 => set_internal_state,
    erts_debug:interpreter_size/0 => interpreter_size,
    erts_debug:instructions/0 => instructions,
    erts_debug:disassemble/1 => disassemble,
    erts_debug:lcnt_control/1 => badarg,
    erts_debug:lcnt_control/2 => badarg,
    erts_debug:lcnt_collect/0 => not_counting,
    erts_debug:lcnt_clear/0 => not_counting,
];

fn flat_size<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(p.heap.uint(copy::size_with(a[0], Literals::Copy) as u64))
}

fn size_shared<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    // What lies among the literals takes nothing of the process.
    Ok(p.heap
        .uint(copy_sharing::size(a[0], Literals::Share) as u64))
}

/// The second argument says whether literals are copied.
fn copy_shared<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let literals = match a[1].as_bool().badarg()? {
        true => Literals::Copy,
        false => Literals::Share,
    };
    Ok(copy_sharing::copy(a[0], &p.heap, literals))
}

/// Whether two terms are the same word.
fn same<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(Term::bool(a[0].same(a[1])))
}

/// A test has said that it wants to see the emulator's insides.
static AVAILABLE: AtomicBool = AtomicBool::new(false);

/// Slices between two rounds of the reference engine's balancing of its run queues.
const SLICES_PER_ROUND: u64 = 16;

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
    // Rounds of balancing. Here every thread that has nothing to do steals; this counts the time in such rounds.
    if is_atom_named(a[0], "nbalance") {
        let slices = corten_engine::sched::stats::context_switches();
        return Ok(p.heap.uint(slices / SLICES_PER_ROUND));
    }
    // Whether hashes are made to collide, and whether everything is allocated in fragments.
    if ["hashmap_collision_bonanza", "force_heap_frags"]
        .iter()
        .any(|k| is_atom_named(a[0], k))
    {
        return Ok(Term::FALSE);
    }
    if is_atom_named(a[0], "node_and_dist_references") {
        return Ok(node_references(p));
    }
    if is_atom_named(a[0], "memory") {
        return Ok(crate::memory::all(p));
    }
    if let Some([key, thread, count]) = a[0].as_tuple_of::<3>()
        && is_atom_named(*key, "make_unique_integer")
    {
        let (thread, count) = (thread.as_u64().badarg()?, count.as_u64().badarg()?);
        return Ok(crate::unique::compose(p, thread, count, false));
    }
    if let Some([key, value]) = a[0].as_tuple_of::<2>() {
        if is_atom_named(*key, "atom") {
            return atom_of_index(*value);
        }
        if is_atom_named(*key, "magic_ref") {
            return Ok(magic_reference(p, *value));
        }
        if is_atom_named(*key, "binary_info") {
            return binary_info(p, *value);
        }
        if is_atom_named(*key, "internal_hash") {
            return Ok(p.heap.uint(corten_term::hash::internal_hash(*value)));
        }
        if is_atom_named(*key, "hashmap_collision_bonus") {
            return Ok(Term::small(0));
        }
    }
    if let Some(answer) = crate::ets::debug::get(p, a[0]) {
        return Ok(answer);
    }
    crate::process_debug::get(p, a[0]).badarg()
}

/// The nodes that terms can be of, and how often each is referred to: nobody counts that, because terms of other nodes
/// hold the node's name and nothing that would have to be freed.
fn node_references<'h>(p: &'h Process) -> Term<'h> {
    let h = &p.heap;
    let (name, creation) = corten_term::node::resolve(0);
    let this = h.tuple(&[Term::atom(name), h.uint(u64::from(creation))]);
    let uncounted = h.list(&[h.tuple(&[this, Term::small(0), Term::NIL])]);
    h.tuple(&[
        h.tuple(&[named("node_references"), uncounted]),
        h.tuple(&[named("dist_references"), Term::NIL]),
    ])
}

/// The atom of this number; fresh ones fill the table up to it.
fn atom_of_index<'h>(index: Term<'h>) -> BifResult<'h> {
    let index = index
        .as_u64()
        .and_then(|n| u32::try_from(n).ok())
        .badarg()?;
    while atom::count() <= index {
        let name = format!("am{:x}", atom::count());
        Atom::new(&name).map_err(|_| Stop::SYSTEM_LIMIT)?;
    }
    Ok(Term::atom(Atom::at(index).badarg()?))
}

/// Whether a reference is one that the emulator knows a thing by: `{Address, Holders, MadeForTests}`, or `true` for
/// one that has lost it.
fn magic_reference<'h>(p: &'h Process, t: Term<'h>) -> Term<'h> {
    let Some(m) = t.magic_handle() else {
        return Term::FALSE;
    };
    let address = p.heap.uint(Arc::as_ptr(&m) as u64);
    // Not counting ours.
    let holders = Arc::strong_count(&m) - 1;
    let test = Term::bool(m.get::<MadeForTests>().is_some());
    p.heap.tuple(&[address, Term::small(holders as i64), test])
}

/// What a reference made by `set_internal_state(make, magic_ref)` stands for.
struct MadeForTests;

fn make_magic<'h>(p: &'h Process) -> Term<'h> {
    let m = Magic::new(MadeForTests);
    let address = p.heap.uint(Arc::as_ptr(&m) as u64);
    p.heap.tuple(&[p.heap.magic_reference(m), address])
}

/// `heap_binary`, or `{refc_binary, Size, {binary, Allocated}, Flags}`.
fn binary_info<'h>(p: &'h Process, t: Term<'h>) -> BifResult<'h> {
    let bits = t.as_bits().badarg()?;
    let Some(whole) = binary::off_heap_of(t).first().map(|b| b.bytes) else {
        return Ok(named("heap_binary"));
    };
    let storage = p
        .heap
        .tuple(&[Term::atom(am::binary), p.heap.uint(whole as u64)]);
    let size = p.heap.uint(bits.size.div_ceil(8) as u64);
    let info = [named("refc_binary"), size, storage, Term::small(0)];
    Ok(p.heap.tuple(&info))
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
    // Nothing is put off here that could be waited for; but others get to run, as they do while one waits.
    if is_atom_named(a[0], "wait") {
        let known = [
            "deallocations",
            "thread_progress",
            "aux_work",
            "timer_cancellations",
        ];
        return match known.iter().any(|k| is_atom_named(a[1], k)) {
            true => Err(Stop::YieldWith(Term::OK)),
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
    if is_atom_named(a[0], "force_gc")
        && let Some(pid) = a[1].as_local_pid()
    {
        if pid == p.pid() {
            return Err(Stop::Collect {
                major: true,
                value: Term::TRUE,
            });
        }
        return Ok(Term::bool(send::control(
            pid,
            Body::Call(Box::new(ForceGc)),
        )));
    }
    if is_atom_named(a[0], "make") && is_atom_named(a[1], "magic_ref") {
        return Ok(make_magic(p));
    }
    // A copy in a fragment of its own, as everything that a BIF makes.
    if is_atom_named(a[0], "mbuf") {
        return Ok(copy::copy(a[1], &p.heap));
    }
    if is_atom_named(a[0], "re_loop_limit") {
        let steps = a[1].as_small().and_then(|n| u32::try_from(n).ok());
        return Ok(Term::small(i64::from(crate::re::set_slice(
            steps.filter(|n| *n > 0),
        ))));
    }
    if let Some(answer) = crate::ets::debug::set(p, a[0], a[1]) {
        return Ok(answer);
    }
    // What is allocated next does not fit the heap block.
    if is_atom_named(a[0], "fill_heap") {
        let room = (p.heap.limit() as usize - p.heap.top() as usize) / 8;
        if room > 1 {
            p.heap.tuple(&vec![Term::NIL; room - 1]);
        }
        if on == Some(true) {
            p.set_flag(flag::NEED_FULLSWEEP, true);
        }
        return Ok(Term::OK);
    }
    // A binary off the heap, however small.
    if is_atom_named(a[0], "binary")
        && let Some(n) = a[1].as_usize()
    {
        let binary = corten_term::Binary::zeroed(n, n * 8);
        return Ok(p.heap.refc_binary(binary, 0, n * 8));
    }
    crate::process_debug::set(p, a[0], a[1]).badarg()
}

/// Has another process collect before it goes on.
struct ForceGc;
impl Work for ForceGc {
    fn run(self: Box<Self>, p: &Process) {
        p.set_flag(flag::FORCE_GC | flag::NEED_FULLSWEEP, true);
    }
}

/// The reference engine answers with the size of its instruction loop, and 0 when it has none.
fn interpreter_size<'h>(_: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(Term::small(0))
}

/// The names of the instructions of the interpreter.
fn instructions<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    let names: Vec<_> = corten_engine::interp::ops::ALL
        .iter()
        .map(|op| p.heap.latin1_string(op.name().as_bytes()))
        .collect();
    Ok(p.heap.list(&names))
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
