//! The process dictionary. Keys and values are roots.
//!
//! Pairs lie in a vector; beyond a few of them an index by hash of the key finds them. Hashes do not depend on
//! addresses, so a collection leaves the index as it is.

use corten_term::{Term, Word, compare, hash};
use std::cell::RefCell;
use std::collections::HashMap;

/// Up to this many pairs are searched one by one.
const LINEAR: usize = 12;

#[derive(Debug, Default)]
struct Pairs {
    pairs: Vec<(Word, Word)>,
    /// Hash of a key to the positions of pairs with that hash; empty while there are few pairs.
    index: HashMap<u64, Vec<u32>>,
}

/// See the module page. The caller of everything here runs the process that owns the dictionary, so words
/// taken from it are valid terms until the next collection.
#[derive(Debug, Default)]
pub struct Dictionary(RefCell<Option<Box<Pairs>>>);

/// # Safety
/// `w` is a root of the process that is borrowed for `'h`.
unsafe fn term<'h>(w: Word) -> Term<'h> {
    // SAFETY: by the caller's promise.
    unsafe { Term::from_raw(w) }
}

impl Pairs {
    fn is_key(&self, i: usize, key: Term<'_>) -> bool {
        // SAFETY: roots, compared while no collection can happen.
        compare::exact_eq(unsafe { term(self.pairs[i].0) }, key)
    }

    fn find(&self, key: Term<'_>) -> Option<usize> {
        if self.pairs.len() <= LINEAR {
            return (0..self.pairs.len()).find(|i| self.is_key(*i, key));
        }
        let places = self.index.get(&hash::internal_hash(key))?;
        places
            .iter()
            .map(|i| *i as usize)
            .find(|i| self.is_key(*i, key))
    }

    fn push(&mut self, key: Term<'_>, value: Word) {
        self.pairs.push((key.raw(), value));
        let n = self.pairs.len();
        if n == LINEAR + 1 {
            self.reindex();
        } else if n > LINEAR {
            self.index
                .entry(hash::internal_hash(key))
                .or_default()
                .push((n - 1) as u32);
        }
    }

    fn reindex(&mut self) {
        self.index.clear();
        if self.pairs.len() > LINEAR {
            for (i, (k, _)) in self.pairs.iter().enumerate() {
                // SAFETY: a root.
                let h = hash::internal_hash(unsafe { term(*k) });
                self.index.entry(h).or_default().push(i as u32);
            }
        }
    }

    fn remove(&mut self, i: usize) -> Word {
        let last = self.pairs.len() - 1;
        if self.pairs.len() > LINEAR {
            // SAFETY: roots.
            let (hi, hl) = unsafe {
                (
                    hash::internal_hash(term(self.pairs[i].0)),
                    hash::internal_hash(term(self.pairs[last].0)),
                )
            };
            if let Some(v) = self.index.get_mut(&hi) {
                v.retain(|p| *p as usize != i);
            }
            if let Some(p) = self
                .index
                .get_mut(&hl)
                .and_then(|v| v.iter_mut().find(|p| **p as usize == last))
            {
                *p = i as u32;
            }
        }
        let value = self.pairs.swap_remove(i).1;
        if self.pairs.len() == LINEAR {
            self.index.clear();
        }
        value
    }
}

impl Dictionary {
    /// The value of a key.
    pub fn get<'h>(&self, key: Term<'h>) -> Option<Term<'h>> {
        let d = self.0.borrow();
        let d = d.as_ref()?;
        // SAFETY: a root of the process whose term `key` is.
        d.find(key).map(|i| unsafe { term(d.pairs[i].1) })
    }

    /// Sets the value of a key; the old one.
    pub fn put<'h>(&self, key: Term<'h>, value: Term<'h>) -> Option<Term<'h>> {
        let mut d = self.0.borrow_mut();
        let d = d.get_or_insert_default();
        match d.find(key) {
            // SAFETY: as in `get`.
            Some(i) => Some(unsafe { term(std::mem::replace(&mut d.pairs[i].1, value.raw())) }),
            None => {
                d.push(key, value.raw());
                None
            }
        }
    }

    /// Removes a key; its value.
    pub fn erase<'h>(&self, key: Term<'h>) -> Option<Term<'h>> {
        let mut d = self.0.borrow_mut();
        let d = d.as_mut()?;
        let i = d.find(key)?;
        // SAFETY: as in `get`.
        Some(unsafe { term(d.remove(i)) })
    }

    /// Removes everything.
    pub fn clear(&self) {
        *self.0.borrow_mut() = None;
    }

    /// The pairs, as terms of the owning process.
    ///
    /// # Safety
    /// The caller runs the process that owns the dictionary and borrows it for `'h`.
    pub unsafe fn pairs<'h>(&self) -> Vec<(Term<'h>, Term<'h>)> {
        let d = self.0.borrow();
        // SAFETY: roots are valid until the next collection, which `'h` excludes.
        d.iter()
            .flat_map(|d| d.pairs.iter())
            .map(|(k, v)| unsafe { (term(*k), term(*v)) })
            .collect()
    }

    /// Where each pair lies, and the pair, for a crash dump; `None` in the middle of a change.
    pub(crate) fn try_pairs(&self) -> Option<Vec<(usize, [Word; 2])>> {
        let d = self.0.try_borrow().ok()?;
        let pairs = d.iter().flat_map(|d| d.pairs.iter());
        Some(
            pairs
                .map(|pair| (std::ptr::from_ref(pair) as usize, [pair.0, pair.1]))
                .collect(),
        )
    }

    /// Shows every root to `f`.
    pub fn roots(&self, mut f: impl FnMut(&mut Word)) {
        if let Some(d) = self.0.borrow_mut().as_mut() {
            for (k, v) in &mut d.pairs {
                f(k);
                f(v);
            }
        }
    }
    pub fn len(&self) -> usize {
        self.0.borrow().as_ref().map_or(0, |d| d.pairs.len())
    }
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl crate::Process {
    /// The pairs of the process dictionary.
    pub fn dictionary_pairs(&self) -> Vec<(Term<'_>, Term<'_>)> {
        // SAFETY: whoever has the reference runs the process, and borrows it for the result.
        unsafe { self.dictionary.pairs() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behaves_like_a_map() {
        let d = Dictionary::default();
        for i in 0..100 {
            assert!(d.put(Term::small(i), Term::small(i * 2)).is_none());
        }
        for i in (0..100).step_by(3) {
            assert_eq!(
                d.erase(Term::small(i)).and_then(|t| t.as_small()),
                Some(i * 2)
            );
        }
        for i in 0..100 {
            assert_eq!(d.get(Term::small(i)).is_some(), i % 3 != 0, "{i}");
        }
        assert_eq!(d.len(), 66);
    }
}
