//! A row: one tuple with a heap of its own, and how rows are found by their key.

use corten_term::{OwnedTerm, Term, compare};
use std::borrow::Borrow;
use std::cmp::Ordering;

/// A tuple in a table. Boxed, so that moving it within a table is moving one pointer.
#[derive(Debug)]
pub struct Row {
    object: Box<OwnedTerm>,
    /// Position of the key, from 1.
    keypos: usize,
}

impl Row {
    /// A copy of `object`, which is a tuple that has a key at `keypos`.
    pub fn new(object: Term<'_>, keypos: usize) -> Row {
        debug_assert!(object.as_tuple().is_some_and(|e| e.len() >= keypos));
        Row {
            object: Box::new(OwnedTerm::new(object)),
            keypos,
        }
    }
    pub fn object(&self) -> Term<'_> {
        self.object.term()
    }
    pub fn elements(&self) -> &[Term<'_>] {
        self.object.term().as_tuple().unwrap_or_default()
    }
    /// Words that the row takes, for `info(memory)`.
    pub fn words(&self) -> usize {
        self.object.words() + 12
    }
}

/// Whatever has a key: rows, and probes that look for one.
pub trait HasKey {
    fn key(&self) -> Term<'_>;
}

impl HasKey for Row {
    #[inline]
    fn key(&self) -> Term<'_> {
        self.elements()
            .get(self.keypos - 1)
            .copied()
            .unwrap_or(Term::NIL)
    }
}

/// A key to look for.
#[derive(Debug, Clone, Copy)]
pub struct Probe<'t>(pub Term<'t>);

impl HasKey for Probe<'_> {
    #[inline]
    fn key(&self) -> Term<'_> {
        self.0
    }
}

impl<'a> Borrow<dyn HasKey + 'a> for Row {
    fn borrow(&self) -> &(dyn HasKey + 'a) {
        self
    }
}
impl Ord for dyn HasKey + '_ {
    fn cmp(&self, other: &Self) -> Ordering {
        compare::cmp(self.key(), other.key())
    }
}
impl PartialOrd for dyn HasKey + '_ {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl PartialEq for dyn HasKey + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for dyn HasKey + '_ {}
impl Ord for Row {
    fn cmp(&self, other: &Self) -> Ordering {
        compare::cmp(self.key(), other.key())
    }
}
impl PartialOrd for Row {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Row {}
