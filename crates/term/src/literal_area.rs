//! Terms in the literal range: shared by all processes, never moved or copied.
//!
//! `persistent_term` keeps its values here. An area is filled once, with a deep copy, and lives for ever:
//! nobody knows which processes still hold terms of it.

use crate::copy::{self, Literals};
use crate::{Heap, Term, literal};

/// A deep copy of `t` that every process may use for ever, and its size in words. `None` when the literal
/// range is exhausted.
pub fn immortal(t: Term<'_>) -> Option<(Term<'static>, usize)> {
    if t.is_immediate() {
        // SAFETY: an immediate has no objects.
        return Some((unsafe { Term::from_raw(t.raw()) }, 0));
    }
    let words = copy::size_with(t, Literals::Copy);
    let start = literal::allocate(words)?;
    let heap = Heap::new();
    // SAFETY: the area is fresh and ours, and exactly as large as the copy.
    unsafe { heap.set_area(start, start.add(words)) };
    let copied = copy::copy_with(t, &heap, Literals::Copy).raw();
    debug_assert!(!heap.has_fragments());
    // What the area holds off the heap stays alive with it.
    std::mem::forget(heap);
    // SAFETY: the area is never released and never written again.
    Some((unsafe { Term::from_raw(copied) }, words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_literals() {
        let h = Heap::new();
        let t = h.tuple(&[h.binary(&[3; 100]), h.list(&[h.float(1.5)])]);
        let (copy, words) = immortal(t).unwrap();
        drop(h);
        assert!(literal::contains(copy.pointer() as usize));
        assert_eq!(words, copy::size_with(copy, Literals::Copy));
        assert_eq!(copy.as_tuple().unwrap()[0].to_bytes().unwrap().len(), 100);
    }
}
