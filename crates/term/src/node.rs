//! The local node's name and creation, as the order of identifiers needs them.
//!
//! Identifiers of this node carry no node word (0 stands for "here"), so that they stay the same terms when
//! the node becomes alive. Whoever starts or stops distribution sets the word here; comparison,
//! printing and the external format read it.

use crate::{Atom, am};
use std::cmp::Ordering;
use std::sync::atomic::{AtomicU64, Ordering as Memory};

static LOCAL: AtomicU64 = AtomicU64::new(am::Noname.index() as u64);

/// The node word of a name and a creation.
pub const fn word(name: Atom, creation: u32) -> u64 {
    (creation as u64) << 32 | name.index() as u64
}

/// The local node's word.
#[inline]
pub fn local() -> u64 {
    LOCAL.load(Memory::Relaxed)
}

/// Sets the local node's name and creation.
pub fn set_local(name: Atom, creation: u32) {
    LOCAL.store(word(name, creation), Memory::Relaxed);
}

/// Name and creation of the node that an identifier's node word means; 0 is the local node.
pub fn resolve(node: u64) -> (Atom, u32) {
    let w = if node == 0 { local() } else { node };
    (Atom::at(w as u32).unwrap_or(am::Noname), (w >> 32) as u32)
}

/// The order of nodes: by name, then by creation.
pub fn order(a: u64, b: u64) -> Ordering {
    if a == b {
        return Ordering::Equal;
    }
    let ((a_name, a_creation), (b_name, b_creation)) = (resolve(a), resolve(b));
    let by_name = a_name.name().cmp(b_name.name());
    by_name.then(a_creation.cmp(&b_creation))
}
