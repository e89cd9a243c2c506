//! ETS: tables that processes share.
//!
//! - [`hash`] on [`buckets`]: set, bag, duplicate_bag; [`tree`]: ordered_set, in [`parts`] if many write to it; a row is
//!   `corten_term::Row`;
//! - [`table`]: attributes, locks, owner, fixations;
//! - [`registry`]: which tables there are; owners that exit;
//! - [`basic`], [`insert`], [`update`], [`walk`], [`select`] ([`keeps_key`]), [`info`]: the BIFs;
//! - [`scan`]: whole-table searches step by step; [`rubble`]: many rows that go away step by step.
//!
//! Rows are owned copies: nothing in a table refers to a process's heap, and what is read is copied out under
//! the lock.

pub mod basic;
mod buckets;
pub mod debug;
mod hash;
pub mod info;
pub mod insert;
mod keeps_key;
mod parts;
pub mod registry;
pub mod rubble;
pub mod scan;
pub mod select;
mod table;
mod tree;
pub mod update;
pub mod walk;

pub use registry::{process_exited, table_count, total_words};

use corten_term::{Atom, am};

/// The four kinds of tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Set,
    OrderedSet,
    Bag,
    DuplicateBag,
}

impl Kind {
    pub fn atom(self) -> Atom {
        match self {
            Kind::Set => am::set,
            Kind::OrderedSet => am::ordered_set,
            Kind::Bag => am::bag,
            Kind::DuplicateBag => am::duplicate_bag,
        }
    }
    /// Whether a key has at most one row.
    pub fn is_set(self) -> bool {
        matches!(self, Kind::Set | Kind::OrderedSet)
    }
}

/// Who may do what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Protection {
    Private,
    Protected,
    Public,
}

impl Protection {
    fn from_u8(n: u8) -> Protection {
        match n {
            0 => Protection::Private,
            1 => Protection::Protected,
            _ => Protection::Public,
        }
    }
    pub fn atom(self) -> Atom {
        match self {
            Protection::Private => am::private,
            Protection::Protected => am::protected,
            Protection::Public => am::public,
        }
    }
}
