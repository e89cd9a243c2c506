//! The native records that loaded modules define: what external creation and module `records` look up.
//!
//! Everything that an entry holds is a literal of its module. Whoever has found one in current code may keep it, as
//! any literal that code has given it: a purge asks all processes.

use super::server;
use crate::Process;
use corten_term::layout::NONE;
use corten_term::record::Definition;
use corten_term::{Atom, Term, Word};

/// A record that a module defines.
#[derive(Debug)]
pub struct RecordEntry {
    pub name: Atom,
    /// A term of [`Definition::term`].
    pub definition: Word,
    /// In the order in which fields lie; `NONE` where there is no default value.
    pub defaults: Box<[Word]>,
}

/// A definition and its default values, in the order in which fields lie.
pub struct Found<'h> {
    pub definition: Definition<'h>,
    pub defaults: Vec<Option<Term<'h>>>,
}

/// The definition of a record in the current code of a module.
pub fn find<'h>(p: &'h Process, module: Atom, name: Atom) -> Option<Found<'h>> {
    let code = server::find(module)?;
    let entry = code.records.iter().rev().find(|r| r.name == name)?;
    // SAFETY: literals of current code; see the module page.
    let definition = unsafe { p.root(entry.definition) };
    let defaults = entry.defaults.iter().map(|w| {
        // SAFETY: as above.
        (*w != NONE).then(|| unsafe { p.root(*w) })
    });
    Some(Found {
        definition: Definition::kept(definition)?,
        defaults: defaults.collect(),
    })
}
