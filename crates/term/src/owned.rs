//! Terms with memory of their own that never moves: [`OwnedTerm`] (compiled constants, an heir's data).
//!
//! One allocation holds a header (root term, list of off-heap objects, size) and behind it all objects of the term,
//! so an owned term is one pointer. Nothing outside refers into it, and it refers to nothing outside.

use crate::copy::{self, Literals};
use crate::{Heap, Term, Word, heap};
use std::alloc::Layout;
use std::ptr::NonNull;

/// Heads the allocation; the words of the objects follow.
#[repr(C)]
struct Block {
    root: Word,
    /// Bin refs and magic references among the objects.
    off_heap: *mut Word,
    words: usize,
}

const HEADER_WORDS: usize = size_of::<Block>() / 8;

impl Block {
    fn layout(words: usize) -> Layout {
        Layout::array::<Word>(words + HEADER_WORDS).unwrap_or_else(|_| heap::out_of_memory(words))
    }
}

/// See the module page. Dropping it releases everything the term holds.
#[derive(Debug)]
pub struct OwnedTerm(NonNull<Block>);

// SAFETY: the block belongs to this value alone; reference counts of off-heap objects are atomic.
unsafe impl Send for OwnedTerm {}
// SAFETY: through a shared borrow the block is only read.
unsafe impl Sync for OwnedTerm {}

impl OwnedTerm {
    /// A deep copy of `t`, literals included: it must not refer to code that may be purged.
    pub fn new(t: Term<'_>) -> OwnedTerm {
        let words = copy::size_with(t, Literals::Copy);
        let layout = Block::layout(words);
        // SAFETY: the layout is not empty. The bump area is the fresh words behind the header, which are
        // ours; the heap gives its list away before it is dropped, so that only we release it.
        unsafe {
            let Some(block) = NonNull::new(std::alloc::alloc(layout).cast::<Block>()) else {
                heap::out_of_memory(words)
            };
            let area = block.as_ptr().cast::<Word>().add(HEADER_WORDS);
            let heap = Heap::new();
            heap.set_area(area, area.add(words));
            let root = copy::copy_with(t, &heap, Literals::Copy).raw();
            assert!(!heap.has_fragments(), "a copy is as large as its size");
            block.write(Block {
                root,
                off_heap: heap.off_heap(),
                words,
            });
            heap.set_off_heap(std::ptr::null_mut(), 0);
            OwnedTerm(block)
        }
    }

    /// The term, while this is borrowed.
    #[inline(always)]
    pub fn term(&self) -> Term<'_> {
        // SAFETY: the block is ours; the term lies in it or is an immediate.
        unsafe { Term::from_raw(self.0.as_ref().root) }
    }

    /// Words of the objects.
    pub fn words(&self) -> usize {
        // SAFETY: the block is ours.
        unsafe { self.0.as_ref().words }
    }
}

impl Drop for OwnedTerm {
    fn drop(&mut self) {
        // SAFETY: nothing borrows the block any more; same layout as at allocation.
        unsafe {
            let Block {
                off_heap, words, ..
            } = *self.0.as_ref();
            heap::release_off_heap(off_heap);
            std::alloc::dealloc(self.0.as_ptr().cast(), Block::layout(words));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn immediates_are_owned_too() {
        assert_eq!(OwnedTerm::new(Term::small(-3)).term().as_small(), Some(-3));
        assert_eq!(OwnedTerm::new(Term::NIL).words(), 0);
    }
}
