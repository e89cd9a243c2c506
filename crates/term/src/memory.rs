//! The node's allocator: another one, and the node's end when that has no more memory.
//!
//! The program installs [`Checked`] as its global allocator. Whoever can say better what the memory was for asks by
//! [`attempt`] and handles the null pointer.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;

thread_local! {
    /// A null pointer goes back to the caller.
    static ATTEMPT: Cell<bool> = const { Cell::new(false) };
}

/// Calls `f`, which allocates: without memory it gets a null pointer.
#[inline]
pub fn attempt<R>(f: impl FnOnce() -> R) -> R {
    let outer = ATTEMPT.replace(true);
    let r = f();
    ATTEMPT.set(outer);
    r
}

/// Tells the processor that what is there is going to be read soon. The address need not be one.
#[inline(always)]
pub fn prefetch<T>(address: *const T) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: a hint; no memory is accessed.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(address.cast());
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = address;
}

/// See the module page.
#[derive(Debug)]
pub struct Checked<A>(pub A);

#[cold]
fn exhausted(bytes: usize) {
    // What comes now allocates too, and does not come here again.
    attempt(|| {
        crate::heap::fatal(&format!(
            "sys_alloc: Cannot allocate {bytes} bytes of memory (of type \"engine\")."
        ))
    })
}

#[inline(always)]
fn checked(p: *mut u8, bytes: usize) -> *mut u8 {
    if p.is_null() && !ATTEMPT.get() {
        exhausted(bytes);
    }
    p
}

// SAFETY: all that this adds to the other allocator is to look at its results.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Checked<A> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: by the caller's promise, here and below.
        checked(unsafe { self.0.alloc(layout) }, layout.size())
    }
    #[inline]
    unsafe fn dealloc(&self, p: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { self.0.dealloc(p, layout) }
    }
    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        checked(unsafe { self.0.alloc_zeroed(layout) }, layout.size())
    }
    #[inline]
    unsafe fn realloc(&self, p: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above.
        checked(unsafe { self.0.realloc(p, layout, size) }, size)
    }
}
