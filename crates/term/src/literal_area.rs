//! Areas of the literal range: terms that all processes share, never moved or copied.
//!
//! A module's literals and each persistent term lie in one. An area is filled once and never changes; it goes when
//! its owner drops it, and the engine sees to it that no process refers to it then.

use crate::copy::Literals;
use crate::copy_sharing;
use crate::layout::Word;
use crate::{Heap, Term, literal};

/// See the module page.
#[derive(Debug)]
pub struct LiteralArea {
    start: *mut Word,
    words: usize,
    /// Owns what the off-heap objects of the area refer to; its bump area is the stretch.
    heap: Heap,
}

// SAFETY: literals never change once made.
unsafe impl Send for LiteralArea {}
// SAFETY: as above; the heap is only touched when the area is made and when it goes.
unsafe impl Sync for LiteralArea {}

impl LiteralArea {
    /// Room for `words` words. `None` when the literal range is exhausted.
    pub fn new(words: usize) -> Option<LiteralArea> {
        let start = literal::allocate(words)?;
        let heap = Heap::new();
        // SAFETY: fresh memory of that size.
        unsafe { heap.set_area(start, start.add(words)) };
        Some(LiteralArea { start, words, heap })
    }

    /// An area with deep copies of the terms, and their words. What is shared within one stays so. `None` when the
    /// literal range is exhausted.
    pub fn holding(terms: &[Term<'_>]) -> Option<(LiteralArea, Vec<Word>)> {
        let size = |t: &Term<'_>| copy_sharing::size(*t, Literals::Copy);
        let area = LiteralArea::new(terms.iter().map(size).sum())?;
        let copies = terms
            .iter()
            .map(|t| copy_sharing::copy(*t, &area.heap, Literals::Copy).raw())
            .collect();
        debug_assert!(!area.heap.has_fragments());
        Some((area, copies))
    }

    pub fn start(&self) -> *mut Word {
        self.start
    }
    pub fn words(&self) -> usize {
        self.words
    }
}

impl Drop for LiteralArea {
    fn drop(&mut self) {
        // The heap releases its off-heap objects by walking the area, so it goes first.
        self.heap = Heap::new();
        // SAFETY: allocated with this size; whoever drops an area has made sure that nothing refers to it.
        unsafe { literal::release(self.start, self.words) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_literals_and_go_with_their_area() {
        let h = Heap::new();
        let t = h.tuple(&[h.binary(&[3; 100]), h.list(&[h.float(1.5)])]);
        let (area, words) = LiteralArea::holding(&[t]).unwrap();
        drop(h);
        // SAFETY: the area is alive.
        let copy = unsafe { Term::from_raw(words[0]) };
        assert!(literal::contains(copy.pointer() as usize));
        assert_eq!(area.words(), copy_sharing::size(copy, Literals::Copy));
        assert_eq!(copy.as_tuple().unwrap()[0].to_bytes().unwrap().len(), 100);
        let before = crate::binary::total_bytes();
        drop(area);
        assert!(crate::binary::total_bytes() < before);
    }
}
