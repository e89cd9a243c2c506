//! Nodes of large maps: a head at level 0, bitmap nodes below, collision nodes at the bottom.
//!
//! A child is a leaf (a cons of key and value), a node, or a collision node (a tuple of leaves in exact key
//! order), in the order of the hash bits that lead there.

use crate::layout::*;
use crate::{Heap, Term};

/// Levels of nodes: four bits of the hash each. Below the last one keys collide.
pub const LEVELS: u32 = 16;

/// The children of a head, a node or a collision node; none of anything else.
#[inline]
pub fn children<'h>(node: Term<'h>) -> &'h [Term<'h>] {
    let Some(h) = node.boxed_header() else {
        return &[];
    };
    let (from, n) = match header_sub(h) {
        sub::TUPLE => (1, header_arity(h)),
        sub::MAP if map_kind(h) == MAP_NODE_BITMAP => (1, map_bitmap(h).count_ones() as usize),
        sub::MAP if map_kind(h) != MAP_FLAT => (2, map_bitmap(h).count_ones() as usize),
        _ => return &[],
    };
    // SAFETY: so many children lie behind the header, and behind the size word of a head.
    unsafe { std::slice::from_raw_parts(node.pointer().add(from).cast(), n) }
}

/// Which of the sixteen children a head or node has.
#[inline]
pub fn bitmap(node: Term<'_>) -> u16 {
    node.boxed_header().map_or(0, map_bitmap)
}

pub fn is_collision(node: Term<'_>) -> bool {
    node.is_tuple()
}

/// The bit of a hash at a level.
#[inline]
pub fn bit(hash: u64, level: u32) -> u16 {
    1 << (hash >> (4 * level) & 15)
}

/// How many children lie before the one of `bit`.
#[inline]
pub fn index(bitmap: u16, bit: u16) -> usize {
    (bitmap & (bit - 1)).count_ones() as usize
}

/// The child of a head (level 0) or a node that a hash leads to.
#[inline(always)]
pub fn child<'h>(node: Term<'h>, level: u32, hash: u64) -> Option<Term<'h>> {
    let present = map_bitmap(node.boxed_header()?);
    let bit = bit(hash, level);
    if present & bit == 0 {
        return None;
    }
    let from = if level == 0 { 2 } else { 1 };
    // SAFETY: children lie behind the header, and behind the size word of a head, one for each bit.
    unsafe {
        let at = node.pointer().add(from + index(present, bit));
        Some(Term::from_raw(*at))
    }
}

/// A node as [`build`] makes it, of the children `old` with `new` at `at` in the place of the `gone` ones there.
#[inline]
pub fn spliced<'h>(
    heap: &'h Heap,
    level: u32,
    bitmap: u16,
    old: &[Term<'h>],
    at: usize,
    gone: usize,
    new: Term<'h>,
) -> Term<'h> {
    let node = empty(heap, level, bitmap);
    let from = if level == 0 { 2 } else { 1 };
    debug_assert_eq!(old.len() + 1 - gone, bitmap.count_ones() as usize);
    // SAFETY: fresh words for as many children.
    unsafe { super::flat::splice(node.pointer().add(from), old, at, gone, new) };
    node
}

/// A node of which everything but its children is written.
#[inline(always)]
fn empty(heap: &Heap, level: u32, bitmap: u16) -> Term<'_> {
    let n = bitmap.count_ones() as usize;
    let head = level == 0;
    let kind = match (head, bitmap) {
        (false, _) => MAP_NODE_BITMAP,
        (true, 0xFFFF) => MAP_HEAD_ARRAY,
        (true, _) => MAP_HEAD_BITMAP,
    };
    let p = heap.alloc(if head { 2 } else { 1 } + n);
    // SAFETY: fresh words.
    unsafe {
        *p = map_header(kind, bitmap);
        if head {
            *p.add(1) = 0;
        }
        Term::from_raw(p as Word | PRIMARY_BOXED)
    }
}

/// Writes a node. At level 0 it is a head, whose size word the caller sets with [`set_size`].
/// There is a child for every bit.
pub fn build<'h>(
    heap: &'h Heap,
    level: u32,
    bitmap: u16,
    children: impl IntoIterator<Item = Term<'h>>,
) -> Term<'h> {
    let node = empty(heap, level, bitmap);
    let from = if level == 0 { 2 } else { 1 };
    let mut children = children.into_iter();
    // SAFETY: fresh words, all written.
    unsafe {
        let p = node.pointer().add(from);
        for i in 0..bitmap.count_ones() as usize {
            *p.add(i) = children.next().unwrap_or(Term::NIL).raw();
        }
    }
    node
}

/// Sets the number of pairs of a head that nobody has seen yet.
pub fn set_size<'h>(head: Term<'h>, size: usize) -> Term<'h> {
    debug_assert!(head.is_map() && !head.is_flat_map());
    // SAFETY: a head, fresh by the caller's word, has its size behind the header.
    unsafe { *head.pointer().add(1) = size as Word };
    head
}

/// A collision node.
pub fn collision<'h>(heap: &'h Heap, leaves: &[Term<'h>]) -> Term<'h> {
    heap.tuple(leaves)
}
