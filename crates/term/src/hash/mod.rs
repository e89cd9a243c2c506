//! Hashes of terms: `phash2` and `phash`, whose values are promised to programs for ever, and
//! [`internal_hash`], which places the keys of large maps.
//!
//! `internal_hash` is not promised to programs, but the iteration order of large maps shows it, so it is the
//! reference engine's too. All three run over the term with an explicit stack, not by recursion.

mod internal;
mod portable;
mod portable1;

pub use internal::{internal_hash, salted_hash, set_table_sizes};
pub use portable::{block_hash, phash2};
pub use portable1::phash;

#[cfg(test)]
mod tests;
