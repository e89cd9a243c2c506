//! The literal range: one reserved stretch of addresses in which all literal areas lie, so that "is this
//! a literal" is one subtraction and one comparison.
//!
//! The code server and `persistent_term` allocate areas here; the collector and the copier ask
//! [`contains`]. Pages cost nothing until they are written. Freed areas are kept for reuse by size.

use crate::layout::Word;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex};

/// Bytes reserved: 64 GiB of addresses.
const RESERVED: usize = 1 << 36;

static BASE: AtomicUsize = AtomicUsize::new(usize::MAX - RESERVED);

struct Range {
    next: usize,
    end: usize,
    /// Freed stretches by start address: length in words.
    free: BTreeMap<usize, usize>,
    used_words: usize,
}

static RANGE: LazyLock<Mutex<Range>> = LazyLock::new(|| {
    // SAFETY: a fresh anonymous mapping; nobody else knows its addresses.
    let p = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            RESERVED,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
            -1,
            0,
        )
    };
    let (next, end) = if p == libc::MAP_FAILED {
        (0, 0)
    } else {
        (p as usize, p as usize + RESERVED)
    };
    if end != 0 {
        BASE.store(next, Ordering::Release);
    }
    Mutex::new(Range {
        next,
        end,
        free: BTreeMap::new(),
        used_words: 0,
    })
});

/// Whether the address lies in the literal range.
#[inline(always)]
pub fn contains(address: usize) -> bool {
    address.wrapping_sub(BASE.load(Ordering::Relaxed)) < RESERVED
}

/// Takes `words` words from the range; `None` when it is exhausted.
pub fn allocate(words: usize) -> Option<*mut Word> {
    let bytes = words.max(1) * 8;
    let mut range = RANGE.lock().unwrap_or_else(|e| e.into_inner());
    let fit = range
        .free
        .iter()
        .find(|(_, w)| **w >= words.max(1))
        .map(|(a, w)| (*a, *w));
    range.used_words += words.max(1);
    if let Some((at, have)) = fit {
        range.free.remove(&at);
        if have > words.max(1) {
            range.free.insert(at + bytes, have - words.max(1));
        }
        return Some(at as *mut Word);
    }
    if range.end - range.next < bytes {
        range.used_words -= words.max(1);
        return None;
    }
    let at = range.next;
    range.next += bytes;
    Some(at as *mut Word)
}

/// Gives an area back.
///
/// # Safety
/// `at` came from [`allocate`] with the same `words`, and nothing refers to it any more.
pub unsafe fn release(at: *mut Word, words: usize) {
    let mut range = RANGE.lock().unwrap_or_else(|e| e.into_inner());
    range.used_words -= words.max(1);
    let (mut start, mut len) = (at as usize, words.max(1));
    if let Some((&before, &w)) = range.free.range(..start).next_back()
        && before + w * 8 == start
    {
        range.free.remove(&before);
        start = before;
        len += w;
    }
    if let Some(w) = range.free.remove(&(start + len * 8)) {
        len += w;
    }
    range.free.insert(start, len);
}

/// Words in live areas.
pub fn used_words() -> usize {
    RANGE.lock().unwrap_or_else(|e| e.into_inner()).used_words
}
