//! A term with a heap of its own that never changes again: ETS rows, compiled constants, persistent terms.

use crate::copy::{self, Literals};
use crate::{Heap, Term, Word};

/// See the module page. Dropping it releases everything the term holds.
#[derive(Debug)]
pub struct OwnedTerm {
    heap: Heap,
    term: Word,
}

// SAFETY: nobody can reach the heap to allocate on it after construction, terms are read only, and
// reference counts of off-heap objects are atomic.
unsafe impl Sync for OwnedTerm {}

impl OwnedTerm {
    /// A deep copy of `t`, literals included: it must not refer to code that may be purged.
    pub fn new(t: Term<'_>) -> OwnedTerm {
        if t.is_immediate() {
            return OwnedTerm {
                heap: Heap::new(),
                term: t.raw(),
            };
        }
        let heap = Heap::with_capacity(copy::size_with(t, Literals::Copy));
        let term = copy::copy_with(t, &heap, Literals::Copy).raw();
        OwnedTerm { heap, term }
    }

    /// The term, while this is borrowed.
    #[inline(always)]
    pub fn term(&self) -> Term<'_> {
        // SAFETY: the term lies on our heap, or is an immediate or a literal.
        unsafe { Term::from_raw(self.term) }
    }

    /// Words on the heap.
    pub fn words(&self) -> usize {
        self.heap.used_fragment_words()
    }
}
