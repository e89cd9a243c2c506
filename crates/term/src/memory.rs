//! The node's allocator: mimalloc, and the node's end when that has no more memory.
//!
//! The program installs [`Allocator`] as its global allocator. Whoever can say better what the memory was for asks by
//! [`attempt`] and handles the null pointer. mimalloc keeps what is freed for a while, and looks after that only when
//! somebody allocates: [`collect`] is for the engine's housekeeper and for threads that have nothing to do.

use crate::usage::{self, Use};
use mimalloc::MiMalloc;
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

/// Frees what the allocator keeps for this thread and needs no more, and gives to the system what is free in the node.
/// In a program that has another allocator nothing happens.
pub fn collect() {
    // SAFETY: it may be called by any thread at any time.
    unsafe { libmimalloc_sys::mi_collect(true) }
}

/// Frees what the allocator keeps for this thread and needs no more, for other threads: takes a few microseconds, where
/// [`collect`] may unmap much.
pub fn collect_own() {
    // SAFETY: it may be called by any thread at any time.
    unsafe { libmimalloc_sys::mi_collect(false) }
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
pub struct Allocator;

#[cold]
fn exhausted(bytes: usize) {
    // What comes now allocates too, and does not come here again.
    attempt(|| {
        crate::heap::fatal(&format!(
            "sys_alloc: Cannot allocate {bytes} bytes of memory (of type \"engine\")."
        ))
    })
}

/// A result of the allocator: `bytes` more, of which `old` were there before.
#[inline(always)]
fn checked(p: *mut u8, bytes: usize, old: usize) -> *mut u8 {
    if !p.is_null() {
        usage::add(Use::All, bytes as isize - old as isize);
    } else if !ATTEMPT.get() {
        exhausted(bytes);
    }
    p
}

/// Whether mimalloc aligns all its blocks so: then it need not be told, and is quicker.
#[inline(always)]
fn is_usual(layout: Layout) -> bool {
    layout.align() <= size_of::<usize>()
}

// SAFETY: all that this adds to the other allocator is to look at its results and to count, and to ask it in the shorter
// way where it aligns its blocks well enough in any case.
unsafe impl GlobalAlloc for Allocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let bytes = layout.size();
        let p = if is_usual(layout) {
            // SAFETY: it may be called by any thread at any time.
            unsafe { libmimalloc_sys::mi_malloc(bytes).cast() }
        } else {
            // SAFETY: by the caller's promise, here and below.
            unsafe { MiMalloc.alloc(layout) }
        };
        checked(p, bytes, 0)
    }
    #[inline]
    unsafe fn dealloc(&self, p: *mut u8, layout: Layout) {
        usage::add(Use::All, -(layout.size() as isize));
        // SAFETY: as above.
        unsafe { MiMalloc.dealloc(p, layout) }
    }
    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        checked(unsafe { MiMalloc.alloc_zeroed(layout) }, layout.size(), 0)
    }
    #[inline]
    unsafe fn realloc(&self, p: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above.
        checked(
            unsafe { MiMalloc.realloc(p, layout, size) },
            size,
            layout.size(),
        )
    }
}
