//! Rows of ETS tables: tuples with memory of their own that never moves.
//!
//! One allocation holds a header (the next row of a chain; hash, mark and size) and behind it the tuple and all that it
//! refers to. Nothing outside refers into it but the [`Keyed`] that owns it, and it refers to nothing outside. A hash
//! table is made of chains of rows ([`Link`]); an ordered set holds them in the nodes of its tree with their keys beside
//! them ([`Keyed`]), so that comparing small keys needs no look at rows.

use crate::copy::{self, Literals};
use crate::layout::{
    self, IMMEDIATE_MASK, PRIMARY_BOXED, PRIMARY_HEADER, PRIMARY_IMMEDIATE, PRIMARY_MASK,
    TAG_SMALL, header, header_arity, header_sub, sub,
};
use crate::{Heap, OwnedTerm, Term, Word, compare, heap, memory};
use std::alloc::Layout;
use std::cmp::Ordering;
use std::ptr::NonNull;

/// The first row of the rest of a chain.
pub type Link = Option<Row>;

/// Heads the allocation; the objects follow, the tuple first, then, if there are any, the list of those that hold
/// counted references.
#[repr(C)]
struct Block {
    next: Link,
    /// [`Row::hash`], [`DEAD`], [`COUNTED`], the words of the objects.
    state: u64,
}

const HEADER_WORDS: usize = size_of::<Block>() / 8;
const HASH: u64 = (1 << HASH_BITS) - 1;
/// Removed, and kept as long as the table is fixed.
const DEAD: u64 = 1 << HASH_BITS;
/// The word behind the objects heads the list of those with counted references.
const COUNTED: u64 = DEAD << 1;
const WORDS_SHIFT: u32 = HASH_BITS + 2;

/// Bits of a row's hash.
pub const HASH_BITS: u32 = 28;

/// Words of a tuple of such elements, if they are immediates, or objects that refer to nothing.
#[inline]
fn flat_words(elements: &[Term<'_>]) -> Option<usize> {
    let mut words = 1 + elements.len();
    for e in elements {
        if e.is_immediate() {
            continue;
        }
        let h = e.boxed_header()?;
        match header_sub(h) {
            sub::HEAP_BITS | sub::FLOAT | sub::POS_BIG | sub::NEG_BIG => {}
            sub::TUPLE if e.as_tuple()?.iter().all(|e| e.is_immediate()) => {}
            _ => return None,
        }
        words += 1 + header_arity(h);
    }
    Some(words)
}

/// See the module page. Dropping it releases everything the row holds, and the rows behind it in its chain.
#[derive(Debug)]
#[repr(transparent)]
pub struct Row(NonNull<Block>);

// SAFETY: the block belongs to this value alone; reference counts of off-heap objects are atomic.
unsafe impl Send for Row {}
// SAFETY: through a shared borrow the block is only read.
unsafe impl Sync for Row {}

impl Row {
    /// A copy of `object`, if it is a tuple with an element at `keypos` (from 1). Literals are copied too: a row must
    /// not refer to code that may be purged.
    pub fn new(object: Term<'_>, keypos: usize) -> Option<Row> {
        let elements = object.as_tuple()?;
        elements.get(keypos.checked_sub(1)?)?;
        if let Some(words) = flat_words(elements) {
            return Some(Row::flat(elements, words));
        }
        let size = copy::measure(object, Literals::Copy);
        let block = Row::allocate(size.words, size.counted);
        // SAFETY: the bump area is the fresh words behind the header, which are ours; the heap gives its list away before
        // it is dropped, so that only we release it. The word behind the objects is part of the allocation if any of them
        // can be on the list.
        unsafe {
            let area = Row::area(block);
            let heap = Heap::new();
            heap.set_area(area, area.add(size.words));
            let root = copy::copy_with(object, &heap, Literals::Copy);
            assert!(
                !heap.has_fragments() && root.raw() == area as Word | PRIMARY_BOXED,
                "a copy is as large as its size and begins with its root"
            );
            let mut state = (size.words as u64) << WORDS_SHIFT;
            if size.counted {
                state |= COUNTED;
                *area.add(size.words) = heap.off_heap() as Word;
            }
            assert!(size.counted || heap.off_heap().is_null());
            block.write(Block { next: None, state });
            heap.set_off_heap(std::ptr::null_mut(), 0);
            Some(Row(block))
        }
    }

    /// A row of elements that take so many words by [`flat_words`].
    fn flat(elements: &[Term<'_>], words: usize) -> Row {
        let block = Row::allocate(words, false);
        // SAFETY: the fresh words behind the header are ours, as many as are written: the tuple's, then those of each
        // object in turn. Objects that are copied have no reference to others.
        unsafe {
            let area = Row::area(block);
            *area = header(sub::TUPLE, elements.len());
            let mut top = area.add(1 + elements.len());
            for (i, e) in elements.iter().enumerate() {
                let mut word = e.raw();
                if !e.is_immediate() {
                    let from = e.pointer();
                    let n = 1 + header_arity(*from);
                    (0..n).for_each(|i| *top.add(i) = *from.add(i));
                    word = top as Word | PRIMARY_BOXED;
                    top = top.add(n);
                }
                *area.add(1 + i) = word;
            }
            debug_assert!(top == area.add(words));
            let state = (words as u64) << WORDS_SHIFT;
            block.write(Block { next: None, state });
        }
        Row(block)
    }

    fn allocate(words: usize, counted: bool) -> NonNull<Block> {
        let layout = Row::layout(words, counted);
        // SAFETY: the layout is not empty.
        let block = unsafe { std::alloc::alloc(layout) };
        NonNull::new(block.cast()).unwrap_or_else(|| heap::out_of_memory(words))
    }

    fn layout(words: usize, counted: bool) -> Layout {
        let all = words + HEADER_WORDS + usize::from(counted);
        Layout::array::<Word>(all)
            .ok()
            .filter(|_| words < 1 << (u64::BITS - WORDS_SHIFT))
            .unwrap_or_else(|| heap::out_of_memory(words))
    }

    /// The first word of the objects.
    ///
    /// # Safety
    /// `block` is the start of a row's allocation.
    #[inline(always)]
    unsafe fn area(block: NonNull<Block>) -> *mut Word {
        // SAFETY: the header is part of the allocation.
        unsafe { block.as_ptr().cast::<Word>().add(HEADER_WORDS) }
    }

    #[inline(always)]
    fn block(&self) -> &Block {
        // SAFETY: the block is ours.
        unsafe { self.0.as_ref() }
    }
    #[inline(always)]
    fn block_mut(&mut self) -> &mut Block {
        // SAFETY: the block is ours; the borrow is of the header only.
        unsafe { self.0.as_mut() }
    }

    /// The tuple.
    #[inline(always)]
    pub fn object(&self) -> Term<'_> {
        // SAFETY: the tuple is the first of the objects, as `new` has made sure, and lives as long as this.
        unsafe { Term::from_raw(Row::area(self.0) as Word | PRIMARY_BOXED) }
    }
    /// A copy of the tuple. All it refers to lies beside it, so that words are copied one after the other.
    #[inline]
    pub fn copy_to<'d>(&self, to: &'d Heap) -> Term<'d> {
        let state = self.block().state;
        if state & COUNTED != 0 {
            return copy::copy(self.object(), to);
        }
        let words = (state >> WORDS_SHIFT) as usize;
        // SAFETY: the objects of a row lie behind one another, `words` in all, and what they refer to is in there or an
        // immediate; none of them has to be known to the heap it is on. So the copy is complete if each word that is a
        // term and no immediate moves with the objects. Words that are no terms are those before `terms_from` of an
        // object, which begins with a header; a word with a header's tag that is none of those begins an object.
        unsafe {
            let (from, new) = (Row::area(self.0), to.alloc(words));
            let distance = (new as Word).wrapping_sub(from as Word);
            let mut i = 0;
            while i < words {
                let w = *from.add(i);
                match w & PRIMARY_MASK {
                    PRIMARY_IMMEDIATE => *new.add(i) = w,
                    PRIMARY_HEADER => {
                        *new.add(i) = w;
                        if header_sub(w) != sub::TUPLE {
                            let end = i + layout::shape(from.add(i)).terms_from;
                            while i + 1 < end {
                                i += 1;
                                *new.add(i) = *from.add(i);
                            }
                        }
                    }
                    _ => *new.add(i) = w.wrapping_add(distance),
                }
                i += 1;
            }
            Term::from_raw(new as Word | PRIMARY_BOXED)
        }
    }
    #[inline(always)]
    pub fn elements(&self) -> &[Term<'_>] {
        // SAFETY: the first object is a tuple: its elements follow its header. A term is a transparent word.
        unsafe {
            let area = Row::area(self.0);
            std::slice::from_raw_parts(area.add(1).cast(), header_arity(*area))
        }
    }
    /// The element at the table's key position (from 1), which the row was made for.
    #[inline(always)]
    pub fn key(&self, keypos: usize) -> Term<'_> {
        let key = self.elements().get(keypos.wrapping_sub(1));
        debug_assert!(key.is_some(), "a row is looked at in the way it was made");
        key.copied().unwrap_or(Term::NIL)
    }
    /// What a hash table has noted here: [`HASH_BITS`] bits.
    #[inline(always)]
    pub fn hash(&self) -> u32 {
        (self.block().state & HASH) as u32
    }
    pub fn set_hash(&mut self, hash: u32) {
        let b = self.block_mut();
        b.state = (b.state & !HASH) | (u64::from(hash) & HASH);
    }
    /// Whether the row was removed while its table was fixed.
    #[inline(always)]
    pub fn is_dead(&self) -> bool {
        self.block().state & DEAD != 0
    }
    pub fn set_dead(&mut self) {
        self.block_mut().state |= DEAD;
    }
    /// The next row of the chain.
    #[inline(always)]
    pub fn next(&self) -> Option<&Row> {
        self.block().next.as_ref()
    }
    #[inline(always)]
    pub fn next_mut(&mut self) -> &mut Link {
        &mut self.block_mut().next
    }

    /// Words that the row takes in memory, header included.
    pub fn words(&self) -> usize {
        let counted = usize::from(self.block().state & COUNTED != 0);
        self.object_words() + HEADER_WORDS + counted
    }
    fn object_words(&self) -> usize {
        (self.block().state >> WORDS_SHIFT) as usize
    }
    /// The row is going to be read soon.
    #[inline(always)]
    pub fn prefetch(&self) {
        memory::prefetch(self.0.as_ptr());
        memory::prefetch(self.0.as_ptr().wrapping_byte_add(64));
    }
    /// For changes in place.
    #[inline(always)]
    pub fn elements_mut(&mut self) -> ElementsMut<'_> {
        ElementsMut(self)
    }
}

impl Drop for Row {
    fn drop(&mut self) {
        // One by one: a chain can be long.
        let mut rest = self.next_mut().take();
        while let Some(mut row) = rest {
            rest = row.next_mut().take();
        }
        let words = self.object_words();
        let counted = self.block().state & COUNTED != 0;
        // SAFETY: nothing borrows the block any more; same layout as at allocation; the list is of our objects.
        unsafe {
            if counted {
                heap::release_off_heap(*Row::area(self.0).add(words) as *mut Word);
            }
            std::alloc::dealloc(self.0.as_ptr().cast(), Row::layout(words, counted));
        }
    }
}

/// A row's elements, of which some can be changed in place.
#[derive(Debug)]
pub struct ElementsMut<'r>(&'r mut Row);

impl ElementsMut<'_> {
    #[inline(always)]
    pub fn get(&self) -> &[Term<'_>] {
        self.0.elements()
    }
    /// Replaces an element (counted from 0), which works if the old and the new value both are immediates. It must not
    /// be the key, or the row is not found any more. Tells whether it did.
    pub fn set_immediate(&mut self, index: usize, value: Term<'_>) -> bool {
        let old = match self.get().get(index) {
            Some(t) => t.is_immediate() && value.is_immediate(),
            None => false,
        };
        if old {
            // SAFETY: the elements follow the tuple's header, and there are more than `index`. They are words of our
            // block, which nobody else sees while it is borrowed mutably.
            unsafe { *Row::area(self.0.0).add(1 + index) = value.raw() };
        }
        old
    }
}

/// A row in its place among others, and its key.
#[derive(Debug, Clone, Copy)]
pub struct KeyedRow<'r> {
    key: Term<'r>,
    row: &'r Row,
}

impl<'r> KeyedRow<'r> {
    #[inline(always)]
    pub fn key(self) -> Term<'r> {
        self.key
    }
    #[inline(always)]
    pub fn row(self) -> &'r Row {
        self.row
    }
}

/// A key without a row, for what divides rows.
#[derive(Debug)]
pub struct OwnedKey {
    /// Part of `_holds`, or an immediate.
    key: Word,
    _holds: Option<OwnedTerm>,
}

impl OwnedKey {
    pub fn new(key: Term<'_>) -> OwnedKey {
        let holds = (!key.is_immediate()).then(|| OwnedTerm::new(key));
        OwnedKey {
            key: holds.as_ref().map_or(key.raw(), |t| t.term().raw()),
            _holds: holds,
        }
    }
    #[inline(always)]
    pub fn term(&self) -> Term<'_> {
        // SAFETY: an owned term does not move its objects; see the field.
        unsafe { Term::from_raw(self.key) }
    }
}

/// Rows, or keys without rows, in the order of their keys, which lie side by side: a search looks at nothing else as long
/// as they are small numbers.
#[derive(Debug)]
pub struct Keyed<T> {
    /// Each is part of the owner at the same place, or an immediate. Owners do not move what they own.
    keys: Vec<Word>,
    owners: Vec<T>,
    /// All keys are numbers that are [near](is_near). `false` says nothing.
    near: bool,
}

impl<T> Default for Keyed<T> {
    fn default() -> Self {
        Keyed::new()
    }
}

impl<T> Keyed<T> {
    pub const fn new() -> Self {
        Keyed {
            keys: Vec::new(),
            owners: Vec::new(),
            near: true,
        }
    }
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.keys.len()
    }
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
    #[inline(always)]
    pub fn key(&self, i: usize) -> Option<Term<'_>> {
        // SAFETY: see the field; the owner is borrowed with `self`.
        self.keys.get(i).map(|w| unsafe { Term::from_raw(*w) })
    }

    /// `key` must be part of `owner`.
    fn put(&mut self, i: usize, key: Word, owner: T) {
        self.near &= is_near(key);
        self.keys.insert(i, key);
        self.owners.insert(i, owner);
    }
    pub fn remove(&mut self, i: usize) -> T {
        self.keys.remove(i);
        self.owners.remove(i)
    }
    pub fn pop(&mut self) -> Option<T> {
        self.keys.pop()?;
        self.owners.pop()
    }
    /// Keeps the first `at`, gives the others away.
    pub fn split_off(&mut self, at: usize) -> Self {
        Keyed {
            keys: self.keys.split_off(at),
            owners: self.owners.split_off(at),
            near: self.near,
        }
    }
    /// Takes all of `other`, whose keys are greater.
    pub fn append(&mut self, other: &mut Self) {
        self.near &= other.near;
        self.keys.append(&mut other.keys);
        self.owners.append(&mut other.owners);
    }

    /// How many of the first keys are not greater than `key` (less, without `or_equal`).
    #[inline(always)]
    pub fn rank(&self, key: Term<'_>, or_equal: bool) -> usize {
        if self.near && is_near(key.raw()) {
            let bound = key.raw().wrapping_add(Word::from(or_equal));
            return rank_of_near(&self.keys, bound);
        }
        if let Some(elements) = key.as_tuple() {
            return self.rank_of_tuple(key, elements, or_equal);
        }
        self.rank_of_any(key, or_equal)
    }
    #[inline(never)]
    fn rank_of_tuple(&self, key: Term<'_>, elements: &[Term<'_>], or_equal: bool) -> usize {
        self.rank_by(or_equal, |other| {
            let quick = compare::with_tuple(other, elements);
            quick.unwrap_or_else(|| compare::cmp(other, key))
        })
    }
    #[inline(never)]
    fn rank_of_any(&self, key: Term<'_>, or_equal: bool) -> usize {
        self.rank_by(or_equal, |other| compare::cmp(other, key))
    }
    #[inline(always)]
    fn rank_by(&self, or_equal: bool, order: impl Fn(Term<'_>) -> Ordering) -> usize {
        self.keys.partition_point(|word| {
            // SAFETY: as in `key`.
            match order(unsafe { Term::from_raw(*word) }) {
                Ordering::Less => true,
                Ordering::Equal => or_equal,
                Ordering::Greater => false,
            }
        })
    }
    /// Where a key is, or where it would be.
    #[inline(always)]
    pub fn search(&self, key: Term<'_>) -> Result<usize, usize> {
        let i = self.rank(key, false);
        match self.key(i) {
            Some(other) if compare::cmp(other, key).is_eq() => Ok(i),
            _ => Err(i),
        }
    }
}

/// Whether a word is a small number whose word, too, is not too large: such words are ordered as their numbers are, and
/// the difference of two fits a word.
#[inline(always)]
fn is_near(word: Word) -> bool {
    word & IMMEDIATE_MASK == TAG_SMALL && (word ^ (word << 1)) as i64 >= 0
}

/// How many of the words, which all are [near](is_near), are less than `bound`. Without a jump that depends on which are,
/// and most of the loads do not wait for each other: first it counts eighths, then single words of one.
#[inline(always)]
fn rank_of_near(words: &[Word], bound: Word) -> usize {
    let counts = |word: Word| (word.wrapping_sub(bound) >> 63) as usize;
    let (eighths, rest) = words.as_chunks::<8>();
    let before: usize = eighths.iter().map(|e| counts(e[7])).sum();
    let within: usize = match eighths.get(before) {
        Some(eighth) => eighth.iter().map(|w| counts(*w)).sum(),
        None => rest.iter().map(|w| counts(*w)).sum(),
    };
    before * 8 + within
}

impl Keyed<Row> {
    #[inline(always)]
    pub fn get(&self, i: usize) -> Option<KeyedRow<'_>> {
        let (key, row) = (self.key(i)?, self.owners.get(i)?);
        Some(KeyedRow { key, row })
    }
    #[inline(always)]
    pub fn row(&self, i: usize) -> Option<&Row> {
        self.owners.get(i)
    }
    pub fn insert(&mut self, i: usize, row: Row, keypos: usize) {
        self.put(i, row.key(keypos).raw(), row);
    }
    /// Puts a row in the place of another.
    pub fn replace(&mut self, i: usize, row: Row, keypos: usize) -> Row {
        let key = row.key(keypos).raw();
        self.near &= is_near(key);
        self.keys[i] = key;
        std::mem::replace(&mut self.owners[i], row)
    }
    #[inline(always)]
    pub fn elements_mut(&mut self, i: usize) -> Option<ElementsMut<'_>> {
        self.owners.get_mut(i).map(Row::elements_mut)
    }
}

impl Keyed<OwnedKey> {
    pub fn insert(&mut self, i: usize, key: OwnedKey) {
        self.put(i, key.key, key);
    }
    pub fn push(&mut self, key: OwnedKey) {
        self.insert(self.len(), key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_own_what_they_hold() {
        let h = Heap::new();
        let big = h.binary(&[7; 300]);
        let nested = h.list(&[Term::small(1), h.float(2.5), big]);
        let t = h.tuple(&[nested, Term::small(5), Term::small(9)]);
        let mut row = Row::new(t, 2).unwrap();
        assert!(Row::new(t, 4).is_none() && Row::new(nested, 1).is_none());
        assert!(Row::new(t, 0).is_none());
        drop(h);
        assert_eq!(row.key(2).as_small(), Some(5));
        let kept = row.elements()[0].iter().nth(2).unwrap();
        assert_eq!(kept.to_bytes().unwrap().len(), 300);
        let mut e = row.elements_mut();
        assert!(e.set_immediate(2, Term::small(10)));
        let no_immediate = !e.set_immediate(0, Term::small(10));
        assert!(no_immediate && !e.set_immediate(3, Term::small(10)));
        assert_eq!(row.elements()[2].as_small(), Some(10));
    }

    #[test]
    fn hash_mark_and_size_do_not_disturb_each_other() {
        let h = Heap::new();
        let mut row = Row::new(h.tuple(&[Term::small(1), h.float(1.5)]), 1).unwrap();
        assert_eq!((row.hash(), row.is_dead()), (0, false));
        let words = row.words();
        row.set_hash(u32::MAX);
        row.set_dead();
        assert_eq!((row.hash(), row.is_dead()), (u32::MAX >> 4, true));
        row.set_hash(5);
        assert_eq!((row.hash(), row.is_dead(), row.words()), (5, true, words));
        assert_eq!(words, 2 + 3 + 2);
    }

    /// Objects of every layout, so that no word is taken for what it is not.
    #[test]
    fn a_copy_is_the_same_term_on_another_heap() {
        let h = Heap::new();
        let bits = h.binary(&[0xF2; 40]);
        let large = h.binary(&[1; 500]);
        let pairs: Vec<_> = (0..100).map(|n| (Term::small(n), h.float(0.5))).collect();
        let slice = |of: Term<'_>| {
            let b = of.as_bits().unwrap();
            h.sub_bits(b.orig, b.base(), 3, 31).raw()
        };
        // SAFETY: the terms are on `h`.
        let slices = [bits, large].map(|b| unsafe { Term::from_raw(slice(b)) });
        let plain = [
            h.int(i64::MAX),
            h.float(-2.5),
            bits,
            slices[0],
            h.list(&[Term::small(1), h.tuple(&[h.int(i64::MIN)]), Term::NIL]),
            crate::map::from_pairs(&h, &pairs[..3]),
            crate::map::from_pairs(&h, &pairs),
            h.reference(crate::RefNumbers::fresh()),
            h.tuple(&[]),
            slices[1],
        ];
        let mut counted = plain.to_vec();
        counted.push(large);
        for (elements, is_counted) in [(&plain[..], false), (&counted, true)] {
            let row = Row::new(h.tuple(elements), 1).unwrap();
            let to = Heap::new();
            let copy = row.copy_to(&to);
            assert!(crate::compare::exact_eq(copy, h.tuple(elements)));
            let (has, words) = (row.block().state & COUNTED != 0, row.object_words());
            assert!(has || !is_counted);
            assert_eq!(to.used_fragment_words(), words);
            drop(row);
            assert!(crate::compare::exact_eq(copy, h.tuple(elements)));
        }
    }

    /// Were the rows dropped one within another, the stack would not do.
    #[test]
    fn long_chains_are_dropped_step_by_step() {
        let h = Heap::new();
        let t = h.tuple(&[Term::small(1)]);
        let mut chain: Link = None;
        for _ in 0..if cfg!(miri) { 1000 } else { 300_000 } {
            let mut row = Row::new(t, 1).unwrap();
            *row.next_mut() = chain.take();
            chain = Some(row);
        }
        drop(chain);
    }

    #[test]
    fn keys_stay_with_their_rows() {
        let h = Heap::new();
        let key = h.tuple(&[Term::small(1), h.binary(b"long enough to be no immediate")]);
        let t = h.tuple(&[Term::small(3), key]);
        let mut rows = Keyed::<Row>::new();
        rows.insert(0, Row::new(t, 2).unwrap(), 2);
        let mut keys = Keyed::<OwnedKey>::new();
        keys.push(OwnedKey::new(Term::small(3)));
        keys.push(OwnedKey::new(key));
        let scratch = Heap::new();
        let same = copy::copy(key, &scratch);
        drop(h);
        let moved = rows;
        assert!(compare::exact_eq(moved.get(0).unwrap().key(), same));
        assert_eq!(moved.search(same), Ok(0));
        assert_eq!(keys.rank(same, true), 2);
        assert_eq!(keys.key(0).and_then(|k| k.as_small()), Some(3));
    }

    #[test]
    fn ranks_are_the_same_by_whichever_way() {
        use crate::layout::{SMALL_MAX, SMALL_MIN};
        let far = 1 << 58;
        for (n, least, most) in
            (0..70).flat_map(|n| [(n, SMALL_MIN, SMALL_MAX), (n, -far, far - 1)])
        {
            let mut keys = Keyed::<OwnedKey>::new();
            let all = (0..n).map(|i| match i {
                0 => least,
                i if i + 1 == n => most,
                i => (i - 35) * 2,
            });
            all.for_each(|i| keys.push(OwnedKey::new(Term::small(i))));
            assert_eq!(keys.near, n == 0 || least == -far);
            let asked = (-80..80).chain([SMALL_MIN, SMALL_MAX, -far - 1, -far, far - 1, far]);
            for key in asked.map(Term::small) {
                for or_equal in [false, true] {
                    let rank = keys.rank(key, or_equal);
                    assert_eq!(rank, keys.rank_of_any(key, or_equal), "{n} {key:?}");
                }
            }
        }
    }

    #[test]
    fn ranks_among_tuples_are_those_of_any_order() {
        let h = Heap::new();
        let atom = Term::TRUE;
        let tuple = |a: i64, b: i64| h.tuple(&[Term::small(a), Term::small(b)]);
        let mut all: Vec<Term<'_>> = (0..20).map(|n| tuple(n / 5, n % 5 * 2)).collect();
        all.extend([Term::small(3), atom, h.float(1.5), Term::NIL, h.tuple(&[])]);
        all.push(h.tuple(&[h.float(2.0), Term::small(4)]));
        all.push(h.tuple(&[atom, h.list(&[atom])]));
        all.extend([h.tuple(&[atom]), h.list(&[atom]), h.binary(b"x")]);
        all.extend([h.tuple(&[atom, atom, atom]), tuple(2, 5), h.int(i64::MAX)]);
        let mut keys = Keyed::<OwnedKey>::new();
        for key in &all {
            if let Err(i) = keys.search(*key) {
                keys.insert(i, OwnedKey::new(*key));
            }
        }
        // Two of them are equal.
        assert_eq!(keys.len() + 1, all.len());
        for key in all.iter().copied().chain([tuple(9, 9), tuple(-1, 0)]) {
            for or_equal in [false, true] {
                let rank = keys.rank(key, or_equal);
                assert_eq!(rank, keys.rank_of_any(key, or_equal), "{key:?}");
            }
        }
    }
}
