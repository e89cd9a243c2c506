//! What a fun's entry word means: the engine knows, and tells it through one hook.
//!
//! A fun object holds an opaque entry (a fun entry or an export entry of the engine). Order, hash, print
//! and the external format need the name behind it. Two funs of the same code have the same entry word.

use crate::term::Fun;
use crate::{Atom, am};
use std::sync::OnceLock;

/// The name behind a fun's entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FunIdentity {
    pub module: Atom,
    /// `fun M:F/A`: the function. A local fun: the function that holds its body.
    pub function: Atom,
    pub arity: u8,
    /// Local funs: position in the module's table of funs.
    pub index: u32,
    /// Local funs: the compiler's checksum of the fun.
    pub uniq: u32,
}

/// Answers for an entry word and whether it is an export entry.
pub type Resolver = fn(entry: u64, external: bool) -> FunIdentity;

static RESOLVER: OnceLock<Resolver> = OnceLock::new();

/// Sets the hook, once, at start. Says whether it was the first.
pub fn set_resolver(resolver: Resolver) -> bool {
    RESOLVER.set(resolver).is_ok()
}

/// The name behind `fun`. Before the engine has set its hook there is only the entry to tell funs apart.
pub fn identity(fun: &Fun<'_>) -> FunIdentity {
    match RESOLVER.get() {
        Some(resolve) => resolve(fun.entry, fun.external),
        None => FunIdentity {
            module: am::undefined,
            function: am::undefined,
            arity: fun.arity,
            index: fun.entry as u32,
            uniq: (fun.entry >> 32) as u32,
        },
    }
}
