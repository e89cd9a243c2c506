//! Terms with memory of their own that never moves: [`OwnedTerm`] (compiled constants, an heir's data) and
//! [`Row`], a tuple in an ETS table with its key.
//!
//! One allocation holds a header (root term, list of off-heap objects, size) and behind it all objects of the term,
//! so an owned term is one pointer. Nothing outside refers into it, and it refers to nothing outside.

use crate::copy::{self, Literals};
use crate::{Heap, Term, Word, compare, heap};
use std::alloc::Layout;
use std::borrow::Borrow;
use std::cmp::Ordering;
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

/// A tuple in a table, with its key at hand: comparing small keys needs no look at the tuple.
#[derive(Debug)]
pub struct Row {
    key: Key,
    object: OwnedTerm,
}

impl Row {
    /// A copy of `object`, if it is a tuple with an element at `keypos` (from 1).
    pub fn new(object: Term<'_>, keypos: usize) -> Option<Row> {
        object.as_tuple()?.get(keypos.checked_sub(1)?)?;
        let object = OwnedTerm::new(object);
        let key = Key(object.term().as_tuple()?.get(keypos - 1)?.raw());
        Some(Row { key, object })
    }
    #[inline]
    pub fn object(&self) -> Term<'_> {
        self.object.term()
    }
    #[inline]
    pub fn elements(&self) -> &[Term<'_>] {
        self.object.term().as_tuple().unwrap_or_default()
    }
    #[inline(always)]
    pub fn key(&self) -> Term<'_> {
        self.key.term()
    }
    /// The tuple is going to be read soon.
    #[inline(always)]
    pub fn prefetch(&self) {
        crate::memory::prefetch(self.object.0.as_ptr());
    }
    /// Words that the row takes in memory, header and key included.
    pub fn words(&self) -> usize {
        self.object.words() + HEADER_WORDS + 2
    }
    /// Replaces an element (counted from 0) in place, which works if the old and the new value both are immediates
    /// and it is not the key. Tells whether it did.
    pub fn set_immediate(&mut self, index: usize, value: Term<'_>) -> bool {
        let old = match self.elements().get(index) {
            Some(t) if t.is_immediate() && value.is_immediate() => std::ptr::from_ref(t),
            _ => return false,
        };
        // SAFETY: the element is a word of our block, which nobody else sees while we are borrowed mutably.
        // The block was reached through its `NonNull`, so writing is allowed.
        unsafe {
            let offset = old
                .cast::<Word>()
                .offset_from(self.object.0.as_ptr().cast::<Word>());
            *self.object.0.as_ptr().cast::<Word>().offset(offset) = value.raw();
        }
        true
    }
}

/// What rows are ordered by and found by: a term of whoever lends it.
#[derive(Debug)]
#[repr(transparent)]
pub struct Key(Word);

impl Key {
    /// A term as a key to look for.
    #[inline(always)]
    pub fn of<'a>(t: &'a Term<'_>) -> &'a Key {
        // SAFETY: both are one word; a key is as good as the term while that is borrowed.
        unsafe { &*std::ptr::from_ref(t).cast::<Key>() }
    }
    #[inline(always)]
    pub fn term(&self) -> Term<'_> {
        // SAFETY: a key is only ever borrowed from a row or from a living term.
        unsafe { Term::from_raw(self.0) }
    }
}

impl Ord for Key {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        compare::cmp(self.term(), other.term())
    }
}
impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Key {}

impl Borrow<Key> for Row {
    #[inline(always)]
    fn borrow(&self) -> &Key {
        &self.key
    }
}
impl Ord for Row {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }
}
impl PartialOrd for Row {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}
impl Eq for Row {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_own_what_they_hold_and_are_found_by_key() {
        let h = Heap::new();
        let big = h.binary(&[7; 300]);
        let nested = h.list(&[Term::small(1), h.float(2.5), big]);
        let t = h.tuple(&[nested, Term::small(5), Term::small(9)]);
        let mut row = Row::new(t, 2).unwrap();
        assert!(Row::new(t, 4).is_none() && Row::new(nested, 1).is_none());
        drop(h);
        assert_eq!(row.key().as_small(), Some(5));
        assert_eq!(
            row.elements()[0]
                .iter()
                .nth(2)
                .unwrap()
                .to_bytes()
                .unwrap()
                .len(),
            300
        );
        assert!(row.set_immediate(2, Term::small(10)));
        assert!(
            !row.set_immediate(0, Term::small(10)),
            "the old value is no immediate"
        );
        assert!(!row.set_immediate(3, Term::small(10)), "no such element");
        assert_eq!(row.elements()[2].as_small(), Some(10));
        let set = std::collections::BTreeSet::from([row]);
        assert!(set.contains(Key::of(&Term::small(5))));
        assert!(!set.contains(Key::of(&Term::small(6))));
    }

    #[test]
    fn immediates_are_owned_too() {
        assert_eq!(OwnedTerm::new(Term::small(-3)).term().as_small(), Some(-3));
        assert_eq!(OwnedTerm::new(Term::NIL).words(), 0);
    }
}
