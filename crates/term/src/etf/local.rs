//! The seal of the `local` option: only the node that wrote a term in its local form reads it back.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::LazyLock;

/// A key that is new in every life of the node.
static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// Keyed checksum of the encoded term.
pub fn seal(bytes: &[u8]) -> u32 {
    let mut hasher = KEY.build_hasher();
    hasher.write(bytes);
    hasher.finish() as u32
}
