//! The literal range: one reserved stretch of addresses in which all literal areas lie, so that "is this
//! a literal" is one subtraction and one comparison.
//!
//! The code server and `persistent_term` allocate areas here; the collector and the copier ask
//! [`contains`]. Addresses are reserved without a right to use them and get it as the range fills, so that a system which
//! promises no more memory than it has ([`commit`]) counts only what is used. Freed stretches are joined and used again, the
//! smallest that fits first; whole pages of them go back to the system.
//!
//! Areas may be *dying*: no name leads to them any more, and every process is asked to copy what it still
//! refers to. From then on copies of terms do not share what lies there ([`is_shared`]). A map with one byte to
//! eight words, which are the unit of allocation, says which words are in dying areas.

use crate::layout::Word;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicPtr, AtomicU8, AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex};

/// Bytes of addresses to reserve: the first of these that there are.
const SIZES: [usize; 4] = [1 << 36, 1 << 34, 1 << 32, 1 << 30];
/// Bytes that become usable at a time; a multiple of every system's pages, and so is its share of the marks.
const STEP: usize = 1 << 24;

static BASE: AtomicUsize = AtomicUsize::new(0);
/// Bytes reserved; 0 until there is a range.
static RESERVED: AtomicUsize = AtomicUsize::new(0);

/// Areas begin at multiples of this many words.
const UNIT: usize = 8;

/// One byte for each unit of the range: 1 in dying areas. Null until there is a range.
static MARKS: AtomicPtr<AtomicU8> = AtomicPtr::new(std::ptr::null_mut());
/// How many areas are dying.
static DYING: AtomicUsize = AtomicUsize::new(0);

struct Range {
    next: usize,
    /// Up to here the range is usable.
    usable: usize,
    end: usize,
    /// Freed stretches by start address: length in words.
    free: BTreeMap<usize, usize>,
    /// The same by length.
    by_length: BTreeSet<(usize, usize)>,
    used_words: usize,
    page: usize,
}

impl Range {
    fn insert(&mut self, start: usize, words: usize) {
        self.free.insert(start, words);
        self.by_length.insert((words, start));
    }
    fn remove(&mut self, start: usize) -> Option<usize> {
        let words = self.free.remove(&start)?;
        self.by_length.remove(&(words, start));
        Some(words)
    }
    /// The address of a stretch of so many words, which is not free any more.
    fn take(&mut self, words: usize) -> Option<usize> {
        let fit = self.by_length.range((words, 0)..).next().copied();
        if let Some((have, at)) = fit {
            self.remove(at);
            if have > words {
                self.insert(at + words * 8, have - words);
            }
            return Some(at);
        }
        if self.end - self.next < words * 8 {
            return None;
        }
        let (at, next) = (self.next, self.next + words * 8);
        if next > self.usable {
            let more = (next - self.usable).next_multiple_of(STEP);
            let marks = mark(self.usable) as usize;
            (commit(self.usable, more) && commit(marks, more / 8 / UNIT)).then_some(())?;
            self.usable += more;
        }
        self.next = next;
        Some(at)
    }
    /// A stretch is free again; the free stretch that it is part of now.
    fn give(&mut self, at: usize, words: usize) -> (usize, usize) {
        let (mut start, mut len) = (at, words);
        if let Some((&before, &w)) = self.free.range(..start).next_back()
            && before + w * 8 == start
        {
            self.remove(before);
            start = before;
            len += w;
        }
        if let Some(w) = self.remove(start + len * 8) {
            len += w;
        }
        self.insert(start, len);
        (start, len)
    }
}

static RANGE: LazyLock<Mutex<Range>> = LazyLock::new(|| {
    let (mut next, mut end) = (0, 0);
    let found = SIZES.iter().find_map(|n| {
        let range = reserve(*n, libc::PROT_NONE)?;
        // Whoever looks for pointers into dying areas asks for words that only look like pointers too: all marks
        // can be read, which takes no memory.
        Some((*n, range, reserve(n / 8 / UNIT, libc::PROT_READ)?))
    });
    if let Some((size, range, marks)) = found {
        (next, end) = (range, range + size);
        MARKS.store(marks as *mut AtomicU8, Ordering::Release);
        BASE.store(next, Ordering::Release);
        RESERVED.store(size, Ordering::Release);
    }
    Mutex::new(Range {
        next,
        usable: next,
        end,
        free: BTreeMap::new(),
        by_length: BTreeSet::new(),
        used_words: 0,
        page: page_size(),
    })
});

/// Addresses that nobody may write to yet.
fn reserve(bytes: usize, rights: libc::c_int) -> Option<usize> {
    // SAFETY: a fresh anonymous mapping; nobody else knows its addresses.
    let p = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            bytes,
            rights,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
            -1,
            0,
        )
    };
    (p != libc::MAP_FAILED).then_some(p as usize)
}

/// Makes reserved addresses usable; false if the system has no memory for them.
fn commit(at: usize, bytes: usize) -> bool {
    let rights = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: a part of what `reserve` has mapped, whole pages.
    unsafe { libc::mprotect(at as *mut libc::c_void, bytes, rights) == 0 }
}

fn page_size() -> usize {
    // SAFETY: asks for a number.
    let n = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(n).unwrap_or(4096).max(8)
}

/// Whether the address lies in the literal range.
#[inline(always)]
pub fn contains(address: usize) -> bool {
    address.wrapping_sub(BASE.load(Ordering::Relaxed)) < RESERVED.load(Ordering::Relaxed)
}

/// Whether a copy of a term may refer to the object there: it is a literal that stays.
#[inline(always)]
pub fn is_shared(address: usize) -> bool {
    contains(address) && !is_dying(address)
}

/// Whether the address, in the literal range, lies in a dying area.
#[inline]
pub fn is_dying(address: usize) -> bool {
    DYING.load(Ordering::Acquire) != 0 && is_marked(address)
}

fn is_marked(address: usize) -> bool {
    // SAFETY: in the literal range, so the map is there and has a byte for it.
    unsafe { (*mark(address)).load(Ordering::Relaxed) != 0 }
}

fn mark(address: usize) -> *const AtomicU8 {
    let unit = (address - BASE.load(Ordering::Relaxed)) / 8 / UNIT;
    MARKS.load(Ordering::Relaxed).wrapping_add(unit)
}

/// Says that an area, live and in one piece, is dying, or that it is gone. Threads that copy a term at the moment may
/// not have seen it yet.
pub fn set_dying(at: *mut Word, words: usize, dying: bool) {
    let first = mark(at as usize);
    for i in 0..units(words) {
        // SAFETY: the map has a byte for each unit of the area.
        unsafe { (*first.add(i)).store(u8::from(dying), Ordering::Relaxed) };
    }
    if dying {
        DYING.fetch_add(1, Ordering::SeqCst);
    } else {
        DYING.fetch_sub(1, Ordering::SeqCst);
    }
}

fn units(words: usize) -> usize {
    words.max(1).div_ceil(UNIT)
}

/// Takes `words` words from the range; `None` when it is exhausted.
pub fn allocate(words: usize) -> Option<*mut Word> {
    if words > SIZES[0] / 8 {
        return None;
    }
    let words = units(words) * UNIT;
    let mut range = RANGE.lock().unwrap_or_else(|e| e.into_inner());
    let at = range.take(words)?;
    range.used_words += words;
    Some(at as *mut Word)
}

/// Gives an area back.
///
/// # Safety
/// `at` came from [`allocate`] with the same `words`, and nothing refers to it any more.
pub unsafe fn release(at: *mut Word, words: usize) {
    let mut range = RANGE.lock().unwrap_or_else(|e| e.into_inner());
    let words = units(words) * UNIT;
    range.used_words -= words;
    let (start, len) = range.give(at as usize, words);
    // Pages that this area had a part in and that are free altogether now; others went back before.
    let page = range.page;
    let first = start.next_multiple_of(page).max(at as usize / page * page);
    let last =
        ((start + len * 8) / page * page).min((at as usize + words * 8).next_multiple_of(page));
    if first < last {
        // SAFETY: free pages of our mapping; they read as zeroes afterwards. Failing leaves them as they are.
        unsafe { libc::madvise(first as *mut _, last - first, libc::MADV_DONTNEED) };
    }
}

/// Words in live areas.
pub fn used_words() -> usize {
    RANGE.lock().unwrap_or_else(|e| e.into_inner()).used_words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn freed_stretches_are_joined_and_used_again() {
        let mut r = Range {
            next: 8000,
            usable: 1 << 20,
            end: 1 << 20,
            free: BTreeMap::new(),
            by_length: BTreeSet::new(),
            used_words: 0,
            page: 4096,
        };
        let all: Vec<_> = (0..64).map(|_| r.take(1000).unwrap()).collect();
        for at in all.iter().skip(1).step_by(2) {
            assert_eq!(r.give(*at, 1000), (*at, 1000));
        }
        // The smallest that fits.
        assert_eq!(r.take(992), Some(all[1]));
        assert_eq!(r.take(8), Some(all[1] + 992 * 8));
        r.give(all[1], 1000);
        for at in all.iter().step_by(2) {
            r.give(*at, 1000);
        }
        assert_eq!(r.take(64_000), Some(8000));
        assert!(r.take(1 << 20).is_none());
        assert!(allocate(usize::MAX / 8).is_none());
    }

    #[test]
    fn only_dying_areas_are_not_shared() {
        let [a, b, c] = [10, 20, 30].map(|n| allocate(n).unwrap());
        set_dying(a, 10, true);
        set_dying(c, 30, true);
        assert!(!is_shared(a as usize) && !is_shared(a as usize + 72));
        assert!(is_shared(b as usize) && is_shared(b as usize + 19 * 8));
        assert!(!is_shared(c as usize + 29 * 8));
        // Where nothing can be yet there is an answer too.
        let last = BASE.load(Ordering::Relaxed) + RESERVED.load(Ordering::Relaxed) - 8;
        assert!(contains(last) && is_shared(last));
        set_dying(a, 10, false);
        assert!(is_shared(a as usize) && !is_shared(c as usize));
        set_dying(c, 30, false);
        assert!(is_shared(c as usize) && !is_shared(&raw const a as usize));
        // SAFETY: fresh areas that nobody uses.
        unsafe {
            release(a, 10);
            release(b, 20);
            release(c, 30);
        }
    }
}
