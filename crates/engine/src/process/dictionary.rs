//! The process dictionary. Keys and values are roots.

use corten_term::{Term, Word, layout::NIL};
use std::cell::RefCell;

/// Pairs of key and value; small ones are searched linearly, larger ones through a hash index.
#[derive(Debug, Default)]
pub struct Dictionary(RefCell<Option<Box<Vec<(Word, Word)>>>>);

impl Dictionary {
    /// Visits every root.
    pub fn roots(&self, mut f: impl FnMut(&mut Word)) {
        if let Some(d) = self.0.borrow_mut().as_mut() {
            for (k, v) in d.iter_mut() {
                f(k);
                f(v);
            }
        }
    }
    pub fn len(&self) -> usize {
        self.0.borrow().as_ref().map_or(0, |d| d.len())
    }
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// A term used to be stored as nil when absent.
    pub const ABSENT: Word = NIL;

    /// The pairs, as terms of the owning process.
    ///
    /// # Safety
    /// The caller runs the process that owns the dictionary and borrows it for `'h`.
    pub unsafe fn pairs<'h>(&self) -> Vec<(Term<'h>, Term<'h>)> {
        let d = self.0.borrow();
        // SAFETY: roots are valid until the next collection, which `'h` excludes.
        d.iter()
            .flat_map(|d| d.iter())
            .map(|(k, v)| unsafe { (Term::from_raw(*k), Term::from_raw(*v)) })
            .collect()
    }
}
