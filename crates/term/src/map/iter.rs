//! Walking a map's pairs in its own order, without allocating.

use super::node::{LEVELS, children};
use crate::Term;
use std::slice;

/// Nodes on the way to a leaf: sixteen levels and a collision node.
const DEPTH: usize = LEVELS as usize + 1;

/// The pairs of a large map (or of a node of one) in hash order: the order of `maps:next/1`.
#[derive(Debug, Clone)]
pub struct Leaves<'h> {
    /// What is left of the children on each level.
    path: [slice::Iter<'h, Term<'h>>; DEPTH],
    depth: usize,
}

impl<'h> Leaves<'h> {
    pub fn new(map: Term<'h>) -> Leaves<'h> {
        let mut path = std::array::from_fn(|_| [].iter());
        path[0] = children(map).iter();
        Leaves { path, depth: 1 }
    }
}

impl<'h> Iterator for Leaves<'h> {
    type Item = (Term<'h>, Term<'h>);
    fn next(&mut self) -> Option<Self::Item> {
        while self.depth > 0 {
            match self.path[self.depth - 1].next() {
                None => self.depth -= 1,
                Some(child) => match child.as_cons() {
                    Some(leaf) => return Some(leaf),
                    None if self.depth < DEPTH => {
                        self.path[self.depth] = children(*child).iter();
                        self.depth += 1;
                    }
                    None => {}
                },
            }
        }
        None
    }
}

/// The pairs of any map in the order of `maps:next/1`; none of what is no map.
#[derive(Debug, Clone)]
pub enum Iter<'h> {
    Flat(slice::Iter<'h, Term<'h>>, slice::Iter<'h, Term<'h>>),
    Large(Box<Leaves<'h>>),
}

impl<'h> Iter<'h> {
    pub fn new(map: Term<'h>) -> Iter<'h> {
        match map.as_flat_map() {
            Some((keys, values)) => Iter::Flat(keys.iter(), values.iter()),
            None => Iter::Large(Box::new(Leaves::new(map))),
        }
    }
}

impl<'h> Iterator for Iter<'h> {
    type Item = (Term<'h>, Term<'h>);
    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Iter::Flat(keys, values) => Some((*keys.next()?, *values.next()?)),
            Iter::Large(leaves) => leaves.next(),
        }
    }
}
