//! The collector: generational, copying, one process at a time.
//!
//! A process allocates in its heap block, between the end of its objects and its stack. What survives a
//! minor collection stays in the (new) block below the high-water mark; what survives the next one moves to
//! the old heap. When that is full, a collection moves its survivors to a fresh old heap. A major collection, which is
//! asked for or due after many minor ones, moves everything into a fresh block and drops the old heap. Fragments
//! (from BIFs and adopted messages) are merged by each kind.
//!
//! Called by the interpreter at instructions that state their live registers, by the scheduler
//! between slices, and by system tasks. No `Term` of the process may be alive. See [`roots`] for what is visited.

mod block;
mod cheney;
pub mod literals;
mod roots;

pub use block::{heap_sizes, next_size, release_kept};

use crate::Process;
use crate::process::flag;
use crate::sched::microstate::{self, State};
use crate::trace::{event, flags};
use block::{allocate_block, free_block};
use cheney::{Copier, Range};
use corten_term::{Word, am};
use std::ptr;

/// Words between heap and stack that no heap check hands out: pushes of continuation pointers and the
/// few words that error handling needs.
pub const RESERVED: usize = 8;

/// Words of the heap block of a process that has not collected yet.
pub const INITIAL_WORDS: usize = 32;

/// What one collection did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Words copied, a measure of its cost.
    pub copied: usize,
    /// The process is larger than its `max_heap_size` allows.
    pub too_large: bool,
}

/// What a collection goes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The old heap stays, and mature objects move there.
    Minor,
    /// Objects of the old heap, and mature ones, move to a new one of so many words.
    Old(usize),
    /// Everything moves to the block.
    Major,
    /// A major one that copies objects of dying literal areas too.
    Evacuating,
}

/// Gives a new process its heap block, with room for `words` words (rounded up).
pub fn new_block(p: &Process, words: usize) {
    let size = if words + RESERVED <= INITIAL_WORDS {
        INITIAL_WORDS
    } else {
        next_size(words + RESERVED)
    };
    install_block(p, allocate_block(size), size);
}

/// Makes an empty block the process's own.
fn install_block(p: &Process, start: *mut Word, size: usize) {
    let end = start.wrapping_add(size);
    p.block_start.set(start);
    p.block_end.set(end);
    p.high_water.set(start);
    p.stack_top.set(end);
    // SAFETY: the block is fresh.
    unsafe { p.heap.set_area(start, end.wrapping_sub(RESERVED)) };
}

/// Frees all memory of a process that will not run again: heap block, old heap, fragments, and what
/// its off-heap objects refer to.
pub fn free(p: &Process) {
    // SAFETY: nothing refers to the process's terms any more, by the caller's promise to call this last.
    unsafe {
        corten_term::heap::release_off_heap(p.heap.off_heap());
        p.heap.set_off_heap(ptr::null_mut(), 0);
        p.heap.set_area(ptr::null_mut(), ptr::null_mut());
        free_fragments(p);
        free_block(p.block_start.get(), block_words(p));
        free_block(p.old_start.get(), old_block_words(p));
    }
    for c in [
        &p.block_start,
        &p.block_end,
        &p.high_water,
        &p.old_start,
        &p.old_top,
        &p.old_end,
        &p.stack_top,
    ] {
        c.set(ptr::null_mut());
    }
}

/// # Safety
/// Nothing refers to words in the fragments.
unsafe fn free_fragments(p: &Process) {
    let mut f = p.heap.take_fragments();
    while !f.is_null() {
        // SAFETY: taken off the list; ours.
        unsafe {
            let next = (*f).next;
            corten_term::heap::Fragment::free(f);
            f = next;
        }
    }
}

fn words_between(from: *mut Word, to: *mut Word) -> usize {
    (to as usize - from as usize) / size_of::<Word>()
}

/// Words of the heap block.
pub fn block_words(p: &Process) -> usize {
    words_between(p.block_start.get(), p.block_end.get())
}
/// Words of the old heap's block.
pub fn old_block_words(p: &Process) -> usize {
    words_between(p.old_start.get(), p.old_end.get())
}
/// Words of objects in the heap block.
pub fn used_words(p: &Process) -> usize {
    words_between(p.block_start.get(), p.heap.top())
}
/// Words of objects in the old heap.
pub fn old_used_words(p: &Process) -> usize {
    words_between(p.old_start.get(), p.old_top.get())
}
/// Words on the stack.
pub fn stack_words(p: &Process) -> usize {
    words_between(p.stack_top.get(), p.block_end.get())
}

/// Whether a collection is due although the block is not full: fragments or off-heap binaries have piled up.
#[inline]
pub fn is_due(p: &Process) -> bool {
    p.has_flag(flag::FORCE_GC)
        || (p.heap.has_fragments() && p.heap.fragment_words() > block_words(p).max(233) / 2)
        || p.heap.off_heap_bytes() / 8 > p.bin_vheap_limit.get() as usize
}

/// Whether a process that begins a slice should collect first: it may receive and forget messages for ever without making
/// anything of its own.
pub fn is_crowded(p: &Process) -> bool {
    const WORDS: usize = 1 << 13;
    p.heap.fragment_words() > block_words(p).max(WORDS)
}

/// Words that a collection copies at most, or nearly so, on a scheduler thread: one or two milliseconds' work.
const LONG: usize = 1 << 17;

/// Whether a collection is likely to copy so much that a scheduler thread should not be kept with it.
pub fn is_long(p: &Process) -> bool {
    let young = used_words(p) - mature_words(p);
    if block_words(p) + old_block_words(p) + p.heap.fragment_words() < LONG {
        return false;
    }
    let old = if is_major(p) || !old_heap_has_room(p) {
        old_used_words(p)
    } else {
        0
    };
    // Most of what is young dies, messages included; where most survived the last time it is going to again.
    let survives = if p.has_flag(flag::GREW) {
        young
    } else {
        young / 4
    };
    mature_words(p) + survives + p.heap.fragment_words() / 4 + stack_words(p) + old > LONG
}

fn is_major(p: &Process) -> bool {
    p.has_flag(flag::NEED_FULLSWEEP)
        || p.minor_collections.get() >= p.fullsweep_after.get()
        || p.bin_old_vheap.get() > p.bin_old_vheap_limit.get()
}

/// Collects, so that afterwards at least `need` words are free. `live_x` are the live registers.
pub fn collect(p: &Process, need: usize, live_x: &mut [Word]) -> Outcome {
    let was_at = microstate::enter(State::Gc);
    let monitor = crate::sysmon::get().map(|s| (s, std::time::Instant::now()));
    crate::trace::call::before_collection(p);
    let before = used_words(p) + old_used_words(p) + p.heap.used_fragment_words();
    let major = is_major(p);
    let size = block_words(p);
    let old_fits = old_heap_has_room(p);
    let traced = p.shared.is_traced(flags::GARBAGE_COLLECTION);
    if traced {
        let tag = if major || !old_fits {
            am::gc_major_start
        } else {
            am::gc_minor_start
        };
        event::collection(p, tag, need);
    }
    let copied = if major {
        collect_major(p, need, live_x)
    } else if old_fits {
        collect_minor(p, need, live_x)
    } else {
        collect_old(p, need, live_x)
    };
    p.set_flag(flag::GREW, is_tight(p, need, size));
    let moved = resize(p, need, live_x);
    let mut out = Outcome {
        copied: copied + moved,
        too_large: false,
    };
    p.set_flag(flag::FORCE_GC, false);
    crate::sched::stats::collected(before.saturating_sub(used_words(p) + old_used_words(p)));
    if traced {
        let tag = if major || !old_fits {
            am::gc_major_end
        } else {
            am::gc_minor_end
        };
        let left = used_words(p) + old_used_words(p);
        event::collection(p, tag, before.saturating_sub(left));
    }
    if let Some((settings, begun)) = monitor {
        crate::sysmon::prolong();
        crate::sysmon::collected(p, &settings, begun.elapsed());
    }
    out.too_large = exceeds_max_heap(p);
    if out.too_large {
        crate::process::exit::heap_too_large(p, block_words(p) + old_block_words(p));
    }
    // As the reference engine does, which charges less for what only moves to a block of another size.
    p.bump_reductions(copied / 16 + moved / 100);
    microstate::enter(was_at);
    out
}

/// Like [`collect`], for a process that is swapped out.
pub fn collect_swapped_out(p: &Process, major: bool) -> Outcome {
    if major {
        p.set_flag(flag::NEED_FULLSWEEP, true);
    }
    collect_swapped_out_for(p, 0)
}

/// The same; `need` words are free afterwards.
pub fn collect_swapped_out_for(p: &Process, need: usize) -> Outcome {
    let mut x = live_registers(p);
    let out = collect(p, need, &mut x);
    keep_registers(p, x);
    out
}

/// The live registers of a process that is swapped out.
fn live_registers(p: &Process) -> Vec<Word> {
    let live = p.live.get() as usize;
    p.x.iter()
        .map(|c| c.get())
        .chain(p.more_x.borrow().iter().copied())
        .take(live)
        .collect()
}

/// Puts them back.
fn keep_registers(p: &Process, x: Vec<Word>) {
    for (i, w) in x.into_iter().enumerate() {
        match p.x.get(i) {
            Some(c) => c.set(w),
            None => p.more_x.borrow_mut()[i - p.x.len()] = w,
        }
    }
}

/// Collects and leaves the process with as little memory as its live data needs (`hibernate`).
pub fn hibernate(p: &Process, live_x: &mut [Word]) -> Outcome {
    let live = copy_all(
        p,
        upper_bound(p) + stack_words(p) + RESERVED,
        live_x,
        Kind::Major,
    );
    let exact = used_words(p) + stack_words(p) + RESERVED;
    let again = copy_all(p, exact, live_x, Kind::Major);
    p.set_flag(flag::FORCE_GC, false);
    Outcome {
        copied: live + again,
        too_large: false,
    }
}

/// Words in the block that move to the old heap if they survive.
fn mature_words(p: &Process) -> usize {
    words_between(p.block_start.get(), p.high_water.get())
}

fn old_heap_has_room(p: &Process) -> bool {
    p.old_start.get().is_null()
        || words_between(p.old_top.get(), p.old_end.get()) >= mature_words(p)
}

/// Words outside of block and old heap that a collection brings there.
fn outside_words(p: &Process) -> usize {
    p.heap.used_fragment_words() + roots::on_heap_to_be(p)
}

/// No collection can leave more live words than this.
fn upper_bound(p: &Process) -> usize {
    used_words(p) + old_used_words(p) + outside_words(p)
}

fn collect_minor(p: &Process, need: usize, live_x: &mut [Word]) -> usize {
    // A block that has not reached its least size yet is an economy of ours: its growing is no collection.
    let young = block_words(p) < p.min_heap_size.get() as usize;
    let mature = mature_words(p);
    if mature > 0 && p.old_start.get().is_null() {
        // With room for what the next collections bring.
        install_old_heap(p, next_size((2 * mature).max(used_words(p))));
    }
    let copied = copy_all(p, block_for(p, need), live_x, Kind::Minor);
    let count = u16::from(!young);
    p.minor_collections
        .set(p.minor_collections.get().saturating_add(count));
    copied
}

/// The old heap is full.
fn collect_old(p: &Process, need: usize, live_x: &mut [Word]) -> usize {
    let most = old_used_words(p) + mature_words(p);
    let room = next_size(most + most / 2);
    let copied = copy_all(p, block_for(p, need), live_x, Kind::Old(room));
    p.minor_collections.set(0);
    copied
}

fn collect_major(p: &Process, need: usize, live_x: &mut [Word]) -> usize {
    let room = upper_bound(p) + stack_words(p) + need + RESERVED;
    let copied = copy_all(p, next_size(room), live_x, Kind::Major);
    p.minor_collections.set(0);
    p.set_flag(flag::NEED_FULLSWEEP, false);
    copied
}

/// Size of the new block for a collection that leaves mature objects in the old heap: everything that can survive
/// fits. If the last collection had to enlarge the block this one has to as well, most likely: then it does so
/// before it copies and not afterwards. What survived the last collection says how much is alive.
fn block_for(p: &Process, need: usize) -> usize {
    let room = used_words(p) - mature_words(p) + outside_words(p) + stack_words(p) + RESERVED;
    // What comes from outside is alive for the most part, too.
    let grows = p.has_flag(flag::GREW) || outside_words(p) > block_words(p);
    let wanted = if grows {
        (room + need) / 2 * 3
    } else if need > block_words(p) / 4 {
        room + need
    } else {
        room
    };
    let mature = mature_words(p);
    let least = least_block(
        p,
        mature + stack_words(p) + need + RESERVED,
        mature + old_used_words(p),
    );
    let size = block_words(p).max(least);
    if wanted > size {
        next_size(wanted)
    } else {
        size
    }
}

/// Words that are in use or going to be.
fn wanted_words(p: &Process, need: usize) -> usize {
    used_words(p) + stack_words(p) + need + RESERVED
}

/// Whether less than a quarter of a block of `size` words would be left.
fn is_tight(p: &Process, need: usize, size: usize) -> bool {
    wanted_words(p, need) > size / 4 * 3
}

/// A block of less words is not made smaller after a minor collection: what a process has used once it uses again.
const KEPT: usize = 8000;

/// The least size of the block. Collections are to be few where much is alive: each goes over stack and other roots,
/// and copies what is young, however little dies. `wanted` words are going to be in use, `live` are alive in the
/// block and the old heap.
fn least_block(p: &Process, wanted: usize, live: usize) -> usize {
    const CACHED: usize = 1 << 16;
    /// Of processes with less the block is as large as it was or has to be: there are many of them.
    const FEW: usize = 1 << 9;
    let room = if live < FEW {
        0
    } else {
        live.min(CACHED).max(live / 8)
    };
    next_size(wanted + room).max(p.min_heap_size.get() as usize)
}

/// Moves to a larger block when less than a quarter is left after `need`, to a smaller one when less
/// than a quarter is used; an old heap of which less than a fifth is used becomes smaller too. Returns words copied.
fn resize(p: &Process, need: usize, live_x: &mut [Word]) -> usize {
    let wanted = wanted_words(p, need);
    let size = block_words(p);
    let min = least_block(p, wanted, used_words(p) + old_used_words(p));
    let kept = if p.old_start.get().is_null() {
        min
    } else {
        KEPT
    };
    let target = if is_tight(p, need, size) {
        next_size(wanted + wanted / 2).max(min)
    } else if wanted < size / 4 && size > kept.max(min) {
        next_size(wanted * 3).max(min).min(size)
    } else {
        // If it is less than it should be, the next collection enlarges it while it copies.
        size.max(p.min_heap_size.get() as usize)
    };
    let old = old_used_words(p);
    let kind = if old < old_block_words(p) / 5 && old_block_words(p) > KEPT {
        Kind::Old(next_size(old * 2).max(KEPT / 2))
    } else {
        Kind::Minor
    };
    if target == size && kind == Kind::Minor {
        return 0;
    }
    // Everything here survived just now: none of it is to grow old by the move.
    p.high_water.set(p.block_start.get());
    copy_all(p, target, live_x, kind)
}

fn install_old_heap(p: &Process, words: usize) {
    let start = allocate_block(words);
    p.old_start.set(start);
    p.old_top.set(start);
    p.old_end.set(start.wrapping_add(words));
}

/// Copies what is alive into a fresh block of `size` words and, as `kind` says, to the old heap; then frees what was
/// left behind. Returns words copied.
fn copy_all(p: &Process, size: usize, live_x: &mut [Word], kind: Kind) -> usize {
    roots::adopt_examined_message(p);
    let none = Range::EMPTY;
    let mature = Range::new(p.block_start.get(), p.high_water.get());
    let young = Range::new(p.high_water.get(), p.heap.top());
    let all = Range::new(p.block_start.get(), p.heap.top());
    let old_block = (p.block_start.get(), block_words(p));
    let old_heap = (p.old_start.get(), old_block_words(p));
    let old = Range::new(p.old_start.get(), p.old_top.get());
    if let Kind::Old(words) = kind {
        install_old_heap(p, words);
    }
    let new = allocate_block(size);
    let mut copier = match kind {
        Kind::Minor => Copier::new(new, young, old, mature, none, p.old_top.get(), false),
        Kind::Old(_) => Copier::new(new, young, none, mature, old, p.old_top.get(), false),
        Kind::Major | Kind::Evacuating => {
            let evacuating = kind == Kind::Evacuating;
            Copier::new(new, all, none, none, none, ptr::null_mut(), evacuating)
        }
    };

    // The stack moves first: continuation pointers and immediates as they are, the rest as roots.
    let depth = stack_words(p);
    let end = new.wrapping_add(size);
    let top = end.wrapping_sub(depth);
    // SAFETY: the new block has room for the stack beyond everything that can survive.
    unsafe { ptr::copy_nonoverlapping(p.stack_top.get(), top, depth) };
    // SAFETY: these are all the roots; from here to the end nobody uses the process's terms.
    let copied = unsafe {
        copier.forward_all(std::slice::from_raw_parts_mut(top, depth));
        copier.forward_all(live_x);
        roots::visit(p, |w| copier.forward(w));
        copier.scan();
        let copied = copier.copied();
        let (list, bytes, old_bytes) = copier.sweep_off_heap(p.heap.off_heap());
        p.heap.set_off_heap(list, bytes);
        p.bin_old_vheap
            .set(u32::try_from(old_bytes / 8).unwrap_or(u32::MAX));
        p.bin_vheap_limit.set(
            p.min_bin_vheap_size
                .get()
                .max(u32::try_from(bytes / 4).unwrap_or(u32::MAX)),
        );
        p.bin_old_vheap_limit.set(
            p.min_bin_vheap_size
                .get()
                .max(u32::try_from(bytes / 4).unwrap_or(u32::MAX)),
        );
        free_fragments(p);
        free_block(old_block.0, old_block.1);
        copied
    };
    if kind != Kind::Minor {
        // SAFETY: everything alive has left the old heap that there was.
        unsafe { free_block(old_heap.0, old_heap.1) };
    }
    if matches!(kind, Kind::Major | Kind::Evacuating) {
        for c in [&p.old_start, &p.old_top, &p.old_end] {
            c.set(ptr::null_mut());
        }
    } else {
        p.old_top.set(copier.old_top());
        debug_assert!(p.old_top.get() <= p.old_end.get(), "the old heap overflows");
    }
    p.block_start.set(new);
    p.block_end.set(end);
    p.stack_top.set(top);
    p.high_water.set(copier.top());
    debug_assert!(copier.top() <= top, "survivors do not fit the block");
    // SAFETY: what lies between the survivors and the stack is free.
    unsafe { p.heap.set_area(copier.top(), top.wrapping_sub(RESERVED)) };
    copied
}

/// Whether the process is over its `max_heap_size`.
fn exceeds_max_heap(p: &Process) -> bool {
    let max = p.max_heap_size.get();
    if max == 0 {
        return false;
    }
    let mut total = block_words(p) + old_block_words(p);
    // Messages stay where they are, but count as parts of the heap unless the process wants them elsewhere.
    if !p.has_flag(flag::OFF_HEAP_MESSAGES) {
        total += p.mailbox.payload_words();
    }
    if p.has_flag(flag::MAX_HEAP_BINARIES) {
        total += p.heap.off_heap_bytes() / 8;
    }
    total > max
}

#[cfg(test)]
mod tests;
