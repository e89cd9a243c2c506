//! A process and literal areas that are dying: does it refer to them, and copying what it refers to.
//!
//! Looking is done without reading objects: every word of the process's memory that could be a pointer into
//! such an area counts. A bignum that looks like one costs a collection and nothing else.

use super::{copy_all, resize, upper_bound};
use crate::Process;
use crate::process::flag;
use corten_term::heap::Fragment;
use corten_term::layout::{PRIMARY_BOXED, PRIMARY_LIST, PRIMARY_MASK};
use corten_term::{Word, literal};

#[inline]
fn is_dying(w: Word) -> bool {
    let tag = w & PRIMARY_MASK;
    let at = (w & !PRIMARY_MASK) as usize;
    (tag == PRIMARY_LIST || tag == PRIMARY_BOXED) && literal::contains(at) && literal::is_dying(at)
}

/// # Safety
/// `from..to` is memory of the process, which this thread runs.
unsafe fn any_in(from: *const Word, to: *const Word) -> bool {
    let mut at = from;
    while at < to {
        // SAFETY: by the caller's promise. Words that were allocated and never written have some value too.
        if is_dying(unsafe { at.read_volatile() }) {
            return true;
        }
        at = at.wrapping_add(1);
    }
    false
}

/// # Safety
/// `f` is null or the first of a list of fragments of the process, which this thread runs.
unsafe fn any_in_fragments(mut f: *mut Fragment) -> bool {
    // SAFETY: by the caller's promise.
    unsafe {
        while !f.is_null() {
            let words = Fragment::words(f);
            if any_in(words, words.add((*f).used)) {
                return true;
            }
            f = (*f).next;
        }
    }
    false
}

/// Whether a process, swapped out, refers to dying areas. Messages that do become part of its heap first.
pub fn refers_to_dying(p: &Process) -> bool {
    // SAFETY: nodes and fragments of messages of this process.
    let adopted = p.mailbox.adopt_where(&p.heap, |terms, fragments| unsafe {
        terms.iter().any(|w| is_dying(*w)) || any_in_fragments(fragments)
    });
    if adopted {
        return true;
    }
    let mut found = false;
    super::roots::visit(p, |w| found |= is_dying(*w));
    let live = p.live.get() as usize;
    found |= p.x.iter().take(live).any(|c| is_dying(c.get()));
    let more = live.saturating_sub(p.x.len());
    found |= p.more_x.borrow().iter().take(more).any(|w| is_dying(*w));
    // SAFETY: these are the process's memory: stack, heap block, old heap, fragments.
    found
        || unsafe {
            any_in(p.stack_top.get(), p.block_end.get())
                || any_in(p.block_start.get(), p.heap.top())
                || any_in(p.old_start.get(), p.old_top.get())
                || any_in_fragments(p.heap.fragments())
        }
}

/// Collects a process, swapped out, so that it refers to dying areas no more; there are `words` words in them.
pub fn copy_out(p: &Process, words: usize) {
    let mut x = super::live_registers(p);
    // At worst it comes to hold all of them.
    let size = super::next_size(upper_bound(p) + super::stack_words(p) + super::RESERVED + words);
    let copied = copy_all(p, size, &mut x, super::Kind::Evacuating);
    p.minor_collections.set(0);
    p.set_flag(flag::NEED_FULLSWEEP, false);
    let copied = copied + resize(p, 0, &mut x);
    super::keep_registers(p, x);
    if super::exceeds_max_heap(p) {
        let words = super::block_words(p) + super::old_block_words(p);
        crate::process::exit::heap_too_large(p, words);
    }
    p.bump_reductions(copied / 16);
}
