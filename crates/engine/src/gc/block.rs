//! Heap blocks: their sizes and where they come from.
//!
//! Every collection takes a block and gives one back, mostly of the same size. A large one that was given back is kept for
//! the thread's next collection: its pages are in use and in the cache, where those of a fresh block would have to come
//! from the system. Threads that have nothing to do give it up ([`release_kept`]).

use corten_term::heap::out_of_memory;
use corten_term::usage::{self, Use};
use corten_term::{Word, memory};
use std::alloc::{self, Layout};
use std::cell::Cell;
use std::ops::RangeInclusive;
use std::ptr;
use std::sync::LazyLock;

/// As many sizes as the reference engine has: the largest is more than there are addresses.
const COUNT: usize = 137;

/// Sizes that blocks have, in words: like the reference engine's, Fibonacci-like first, then growing by a fifth.
static SIZES: LazyLock<Vec<usize>> = LazyLock::new(|| {
    let mut sizes = vec![12, 38];
    while sizes.len() < 23 {
        let n = sizes.len();
        sizes.push(sizes[n - 1] + sizes[n - 2] + 1);
    }
    while sizes.len() < COUNT {
        let last = sizes[sizes.len() - 1];
        sizes.push(last + last / 5);
    }
    sizes
});

/// All block sizes, for `system_info(heap_sizes)`.
pub fn heap_sizes() -> &'static [usize] {
    &SIZES
}

/// The smallest block size of at least `words`.
pub fn next_size(words: usize) -> usize {
    match SIZES.binary_search(&words) {
        Ok(i) => SIZES[i],
        Err(i) => SIZES.get(i).copied().unwrap_or(words),
    }
}

fn layout(words: usize) -> Layout {
    Layout::array::<Word>(words).unwrap_or_else(|_| out_of_memory(words))
}

/// Words of blocks that are kept: smaller ones the allocator has at hand, larger ones are too much to hold back.
const KEPT: RangeInclusive<usize> = 1 << 13..=1 << 18;

/// A block that was given back and its words; null if there is none.
struct Kept(Cell<*mut Word>, Cell<usize>);

impl Kept {
    fn take(&self, words: usize) -> Option<*mut Word> {
        let fits = !self.0.get().is_null() && self.1.get() == words;
        fits.then(|| self.0.replace(ptr::null_mut()))
    }
    fn release(&self) {
        let start = self.0.replace(ptr::null_mut());
        if !start.is_null() {
            // SAFETY: `free_block` has put it here.
            unsafe { give_back(start, self.1.get()) }
        }
    }
}
impl Drop for Kept {
    fn drop(&mut self) {
        self.release();
    }
}

thread_local! {
    static LAST: Kept = const { Kept(Cell::new(ptr::null_mut()), Cell::new(0)) };
}

/// Gives up the block that this thread keeps.
pub fn release_kept() {
    let _ = LAST.try_with(Kept::release);
}

/// A block of `words` words; contents undefined.
pub fn allocate_block(words: usize) -> *mut Word {
    debug_assert!(words > 0);
    if KEPT.contains(&words)
        && let Ok(Some(start)) = LAST.try_with(|k| k.take(words))
    {
        return start;
    }
    // SAFETY: not empty.
    let p = memory::attempt(|| unsafe { alloc::alloc(layout(words)) }).cast::<Word>();
    if p.is_null() {
        out_of_memory(words);
    }
    usage::add(Use::Heaps, (words * size_of::<Word>()) as isize);
    p
}

/// # Safety
/// `start` came from [`allocate_block`] with the same size (or is null), and nothing refers to it.
pub unsafe fn free_block(start: *mut Word, words: usize) {
    if start.is_null() {
        return;
    }
    let keep = |k: &Kept| {
        k.release();
        k.0.set(start);
        k.1.set(words);
    };
    if !KEPT.contains(&words) || LAST.try_with(keep).is_err() {
        // SAFETY: by the caller's promise.
        unsafe { give_back(start, words) }
    }
}

/// # Safety
/// As [`free_block`]; the block is not null.
unsafe fn give_back(start: *mut Word, words: usize) {
    let layout = layout(words);
    usage::add(Use::Heaps, -(layout.size() as isize));
    // SAFETY: by the caller's promise.
    unsafe { alloc::dealloc(start.cast(), layout) }
}

#[cfg(test)]
mod tests {
    #[test]
    fn sizes_are_the_reference_engines() {
        assert_eq!(
            &super::heap_sizes()[..11],
            &[12, 38, 51, 90, 142, 233, 376, 610, 987, 1598, 2586]
        );
        assert_eq!(super::heap_sizes().last(), Some(&885_767_171_276_247));
        assert_eq!(super::next_size(300), 376);
    }
}
