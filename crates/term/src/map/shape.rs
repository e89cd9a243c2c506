//! Figures of the shape of a large map, for `erts_debug:map_info/1`.

use super::node::{LEVELS, bitmap, children, is_collision};
use crate::Term;

/// How many nodes and leaves there are, by size and depth.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// Nodes on the longest way to a leaf.
    pub depth: usize,
    /// Heads with all sixteen children: 1 or 0.
    pub full_heads: usize,
    /// Other nodes, by the number of children less one.
    pub nodes: [usize; 16],
    /// Collision nodes, by the number of leaves less one; larger ones are with the last.
    pub collisions: [usize; 16],
    /// Leaves, by the number of nodes above them.
    pub leaves: [usize; LEVELS as usize + 2],
}

/// The shape of a large map; nothing of any other term.
pub fn shape(map: Term<'_>) -> Option<Shape> {
    if !map.is_map() || map.is_flat_map() {
        return None;
    }
    let mut shape = Shape::default();
    let mut stack = vec![(map, 0)];
    while let Some((t, depth)) = stack.pop() {
        if t.as_cons().is_some() {
            shape.leaves[depth.min(shape.leaves.len() - 1)] += 1;
            shape.depth = shape.depth.max(depth);
            continue;
        }
        let below = children(t);
        let size = below.len().clamp(1, 16) - 1;
        if is_collision(t) {
            shape.collisions[size] += 1;
        } else if depth == 0 && bitmap(t) == u16::MAX {
            shape.full_heads += 1;
        } else {
            shape.nodes[size] += 1;
        }
        stack.extend(below.iter().map(|c| (*c, depth + 1)));
    }
    Some(shape)
}
