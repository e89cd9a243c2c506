//! The external term format: what `term_to_binary/2` writes and `binary_to_term/2` reads, literals in `.beam`
//! files, distribution.
//!
//! [`encode`] gives the bytes that OTP gives. [`decode`] takes bytes from anywhere: whatever they are, it
//! answers with a term or an error, uses memory in proportion to what is really there, and does not
//! recurse. What only the engine knows (the code behind funs, objects behind references) is asked through
//! [`FunCodec`].

mod decode;
mod encode;
mod local;
mod packed;
mod tag;

pub use decode::{DecodeError, DecodeOptions, Decoded, decode, decode_bare};
pub use encode::{EncodeError, EncodeOptions, encode, encode_bare, external_size};

use crate::reference::{Magic, RefNumbers};
use crate::term::Fun;
use crate::{Atom, node};
use std::sync::Arc;

/// The first byte.
pub const VERSION: u8 = 131;

/// What identifies a local fun everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalFun {
    pub module: Atom,
    pub arity: u8,
    /// Checksum of the module's code.
    pub uniq: [u8; 16],
    /// Position in the module's table of funs.
    pub index: u32,
    /// The same by the rules of old.
    pub old_index: i64,
    pub old_uniq: i64,
}

/// What identifies `fun M:F/A`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExternalFun {
    pub module: Atom,
    pub function: Atom,
    pub arity: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FunIdentity {
    Local(LocalFun),
    External(ExternalFun),
}

/// What the engine knows about funs and references.
pub trait FunCodec {
    /// The name of a fun, by its entry word.
    fn identity(&self, fun: &Fun<'_>) -> Option<FunIdentity>;
    /// The entry word of a local fun, whether its code is loaded or not, and what keeps the entry alive.
    fn local_entry(&self, fun: &LocalFun) -> Option<(u64, Arc<Magic>)>;
    /// The entry word of an export; only of a function that exists, if asked so.
    fn export_entry(&self, fun: &ExternalFun, existing: bool) -> Option<u64>;
    /// The live engine object behind a local reference, if it has one.
    fn magic(&self, numbers: RefNumbers) -> Option<Arc<Magic>> {
        let _ = numbers;
        None
    }
}

/// Knows no funs: terms with funs in them are errors, both ways.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFuns;

impl FunCodec for NoFuns {
    fn identity(&self, _: &Fun<'_>) -> Option<FunIdentity> {
        None
    }
    fn local_entry(&self, _: &LocalFun) -> Option<(u64, Arc<Magic>)> {
        None
    }
    fn export_entry(&self, _: &ExternalFun, _: bool) -> Option<u64> {
        None
    }
}

/// Who writes or reads.
#[derive(Clone, Copy)]
pub struct EtfContext<'a> {
    /// The local node's name; `nonode@nohost` while it is not alive.
    pub node: Atom,
    pub creation: u32,
    pub funs: &'a dyn FunCodec,
}

impl<'a> EtfContext<'a> {
    /// The node as it is now.
    pub fn new(funs: &'a dyn FunCodec) -> EtfContext<'a> {
        let (node, creation) = node::resolve(0);
        EtfContext {
            node,
            creation,
            funs,
        }
    }
}

#[cfg(test)]
mod tests;
