//! The copying itself: forward a word, scan what was copied, sweep the off-heap list.
//!
//! An object that has been copied leaves its new address behind: in a boxed object's header (a boxed word is
//! no header), in a cons cell `NONE` and the new word. Whatever is neither a literal nor in the old heap (in
//! a minor collection) is copied, wherever it lies: block, fragment, old heap.

use corten_term::layout::{self, *};
use corten_term::{heap, literal};
use std::collections::HashMap;

/// Addresses from `start` up to `end`.
#[derive(Debug, Clone, Copy)]
pub struct Range {
    start: usize,
    bytes: usize,
}

impl Range {
    pub const EMPTY: Range = Range { start: 0, bytes: 0 };
    pub fn new(start: *mut Word, end: *mut Word) -> Range {
        Range {
            start: start as usize,
            bytes: end as usize - start as usize,
        }
    }
    #[inline(always)]
    pub fn contains(self, p: *const Word) -> bool {
        (p as usize).wrapping_sub(self.start) < self.bytes
    }
}

/// Most objects are small: for these a loop beats the general way.
///
/// # Safety
/// `n` words at `from` may be read, at `to` be written, and the two do not overlap.
#[inline(always)]
unsafe fn copy_words(from: *const Word, to: *mut Word, n: usize) {
    const SMALL: usize = 12;
    // SAFETY: by the caller's promise.
    unsafe {
        if n > SMALL {
            return std::ptr::copy_nonoverlapping(from, to, n);
        }
        let mut i = 0;
        while i + 2 <= n {
            let pair = from.add(i).cast::<[Word; 2]>().read();
            to.add(i).cast::<[Word; 2]>().write(pair);
            i += 2;
        }
        if i < n {
            *to.add(i) = *from.add(i);
        }
    }
}

/// One collection's state.
#[derive(Debug)]
pub struct Copier {
    new_start: *mut Word,
    top: *mut Word,
    scan: *mut Word,
    /// Objects here move to the new block: most of those that move.
    young: Range,
    /// Objects here stay where they are.
    old: Range,
    /// Objects here move to the old heap.
    mature: Range,
    /// So do objects here: the old heap that is being left, if it is.
    aged: Range,
    old_start: *mut Word,
    old_top: *mut Word,
    old_scan: *mut Word,
    /// Whether objects of dying literal areas are copied.
    evacuating: bool,
    /// Where objects of it were copied to. Other processes read them, so nothing can be left behind there.
    evacuated: HashMap<*mut Word, *mut Word>,
    /// Those among the copies that belong on the off-heap list.
    adopted: Vec<*mut Word>,
}

impl Copier {
    /// Copies to `new`, and what is mature or aged to `old_top`; `young` is part of neither.
    pub fn new(
        new: *mut Word,
        young: Range,
        old: Range,
        mature: Range,
        aged: Range,
        old_top: *mut Word,
        evacuating: bool,
    ) -> Copier {
        Copier {
            new_start: new,
            top: new,
            scan: new,
            young,
            old,
            mature,
            aged,
            old_start: old_top,
            old_top,
            old_scan: old_top,
            evacuating,
            evacuated: HashMap::new(),
            adopted: Vec::new(),
        }
    }
    /// End of what was copied to the new block.
    pub fn top(&self) -> *mut Word {
        self.top
    }
    pub fn old_top(&self) -> *mut Word {
        self.old_top
    }
    pub fn copied(&self) -> usize {
        (self.top as usize - self.new_start as usize + self.old_top as usize
            - self.old_start as usize)
            / 8
    }

    /// # Safety
    /// As [`Copier::forward`], for every word that is not an immediate or a continuation pointer.
    pub unsafe fn forward_all(&mut self, words: &mut [Word]) {
        for w in words {
            // SAFETY: by the caller's promise.
            unsafe { self.forward(w) };
        }
    }

    /// Whether the object behind `w`, at `p`, stays where it is; `w` is right then.
    ///
    /// # Safety
    /// As [`Copier::forward`].
    #[inline(always)]
    unsafe fn stays(&mut self, p: *mut Word, w: &mut Word) -> bool {
        if self.old.contains(p) {
            return true;
        }
        if !literal::contains(p as usize) {
            return false;
        }
        if self.evacuating && literal::is_dying(p as usize) {
            // SAFETY: by the caller's promise.
            unsafe { self.evacuate(p, w) };
        }
        true
    }

    /// Copies the object at `p`, in a dying area, once. `w` points to the copy afterwards.
    ///
    /// # Safety
    /// As [`Copier::forward`].
    #[cold]
    unsafe fn evacuate(&mut self, p: *mut Word, w: &mut Word) {
        let tag = *w & PRIMARY_MASK;
        let to = match self.evacuated.get(&p) {
            Some(to) => *to,
            // SAFETY: a complete object, and there is room.
            None => unsafe {
                let n = match tag {
                    PRIMARY_LIST => 2,
                    _ => layout::shape(p).words,
                };
                let to = self.top;
                self.top = to.add(n);
                std::ptr::copy_nonoverlapping(p, to, n);
                if tag == PRIMARY_BOXED && heap::share_object(to) {
                    self.adopted.push(to);
                }
                self.evacuated.insert(p, to);
                to
            },
        };
        *w = to as Word | tag;
    }

    /// Room for `n` words where the object at `p` belongs.
    #[inline(always)]
    fn place(&mut self, p: *const Word, young: bool, n: usize) -> *mut Word {
        let top = if young {
            &mut self.top
        } else if self.mature.contains(p) || self.aged.contains(p) {
            &mut self.old_top
        } else {
            &mut self.top
        };
        let at = *top;
        *top = at.wrapping_add(n);
        at
    }

    /// Copies the object behind `w`, if it has to move, and makes `w` point to the copy.
    ///
    /// # Safety
    /// `w` is a root or a word of a copied object: a term, a continuation pointer or nothing. There is room.
    #[inline(always)]
    pub unsafe fn forward(&mut self, w: &mut Word) {
        let p = (*w & !PRIMARY_MASK) as *mut Word;
        // SAFETY: pointers lead to complete objects or to forwarding addresses left by us.
        unsafe {
            match *w & PRIMARY_MASK {
                PRIMARY_LIST => {
                    let young = self.young.contains(p);
                    if !young && self.stays(p, w) {
                        return;
                    }
                    let head = *p;
                    if head == NONE {
                        *w = *p.add(1);
                        return;
                    }
                    let to = self.place(p, young, 2);
                    *to = head;
                    *to.add(1) = *p.add(1);
                    let new = to as Word | PRIMARY_LIST;
                    *p = NONE;
                    *p.add(1) = new;
                    *w = new;
                }
                PRIMARY_BOXED => {
                    let young = self.young.contains(p);
                    if !young && self.stays(p, w) {
                        return;
                    }
                    let head = *p;
                    if !is_header(head) {
                        *w = head;
                        return;
                    }
                    let n = if header_sub(head) == sub::TUPLE {
                        1 + header_arity(head)
                    } else {
                        layout::shape(p).words
                    };
                    let to = self.place(p, young, n);
                    copy_words(p, to, n);
                    let new = to as Word | PRIMARY_BOXED;
                    *p = new;
                    *w = new;
                }
                _ => {}
            }
        }
    }

    /// Visits everything that was copied until nothing new turns up.
    ///
    /// # Safety
    /// All roots have been forwarded.
    pub unsafe fn scan(&mut self) {
        loop {
            // SAFETY: objects between scan and top are complete copies.
            unsafe {
                while self.scan < self.top {
                    let at = self.scan;
                    self.scan = at.add(self.scan_word(at));
                }
                while self.old_scan < self.old_top {
                    let at = self.old_scan;
                    self.old_scan = at.add(self.scan_word(at));
                }
            }
            if self.scan == self.top {
                return;
            }
        }
    }

    /// Handles the word at `at`; returns how many words to advance.
    #[inline(always)]
    unsafe fn scan_word(&mut self, at: *mut Word) -> usize {
        // SAFETY: `at` is within a complete copy, at a term or a header.
        unsafe {
            let w = *at;
            match w & PRIMARY_MASK {
                PRIMARY_IMMEDIATE => 1,
                PRIMARY_HEADER => match header_sub(w) {
                    sub::TUPLE => 1,
                    sub::SUB_BITS => {
                        self.forward(&mut *at.add(4));
                        let orig = (*at.add(4) & !PRIMARY_MASK) as *mut Word;
                        if header_sub(*orig) == sub::HEAP_BITS {
                            *at.add(1) = orig.add(2) as Word;
                        }
                        5
                    }
                    _ => layout::shape(at).terms_from,
                },
                _ => {
                    self.forward(&mut *at);
                    1
                }
            }
        }
    }

    /// Keeps on the list what was copied or stays, releases the rest. Returns the list, the bytes that
    /// its binaries hold and how many of these belong to objects in the old heap.
    ///
    /// # Safety
    /// The scan is done; `list` is the process's list as it was before.
    pub unsafe fn sweep_off_heap(&self, list: *mut Word) -> (*mut Word, usize, usize) {
        let mut first: *mut Word = std::ptr::null_mut();
        let mut link: *mut *mut Word = &raw mut first;
        let (mut bytes, mut old_bytes) = (0, 0);
        let mut object = list;
        let new_old = Range::new(self.old_start, self.old_top);
        while !object.is_null() {
            // SAFETY: listed objects are complete; a moved one has left its address in the header and its
            // other words are as they were.
            unsafe {
                let head = *object;
                let moved = !is_header(head);
                let now = if moved {
                    (head & !PRIMARY_MASK) as *mut Word
                } else {
                    object
                };
                let next = *layout::off_heap_link(if moved { now } else { object }) as *mut Word;
                if moved || self.old.contains(object) {
                    *link = now;
                    link = layout::off_heap_link(now).cast();
                    let size = heap::off_heap_size(now);
                    bytes += size;
                    if self.old.contains(now) || new_old.contains(now) {
                        old_bytes += size;
                    }
                } else {
                    heap::release_object(object);
                }
                object = next;
            }
        }
        for &object in &self.adopted {
            // SAFETY: copies that `evacuate` has made.
            unsafe {
                *link = object;
                link = layout::off_heap_link(object).cast();
                bytes += heap::off_heap_size(object);
            }
        }
        // SAFETY: `link` is `first` or the link word of the last kept object.
        unsafe { *link = std::ptr::null_mut() };
        (first, bytes, old_bytes)
    }
}
