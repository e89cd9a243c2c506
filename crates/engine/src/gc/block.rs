//! Heap blocks: their sizes and where they come from.

use corten_term::heap::out_of_memory;
use corten_term::{Word, memory};
use std::alloc::{self, Layout};
use std::sync::LazyLock;

/// Sizes that blocks have, in words: like the reference engine's, Fibonacci-like first, then growing by a fifth.
static SIZES: LazyLock<Vec<usize>> = LazyLock::new(|| {
    let mut sizes = vec![12, 38];
    while sizes.len() < 23 {
        let n = sizes.len();
        sizes.push(sizes[n - 1] + sizes[n - 2] + 1);
    }
    while let Some(&last) = sizes.last()
        && last < 1 << 44
    {
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

/// A block of `words` words; contents undefined.
pub fn allocate_block(words: usize) -> *mut Word {
    debug_assert!(words > 0);
    // SAFETY: not empty.
    let p = memory::attempt(|| unsafe { alloc::alloc(layout(words)) }).cast::<Word>();
    if p.is_null() {
        out_of_memory(words);
    }
    p
}

/// # Safety
/// `start` came from [`allocate_block`] with the same size (or is null), and nothing refers to it.
pub unsafe fn free_block(start: *mut Word, words: usize) {
    if !start.is_null() {
        // SAFETY: by the caller's promise.
        unsafe { alloc::dealloc(start.cast(), layout(words)) }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn sizes_are_the_reference_engines() {
        assert_eq!(
            &super::heap_sizes()[..11],
            &[12, 38, 51, 90, 142, 233, 376, 610, 987, 1598, 2586]
        );
        assert_eq!(super::next_size(300), 376);
    }
}
