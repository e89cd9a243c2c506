//! Terms: what an Erlang value is, in memory and outside of it.
//!
//! Every other crate builds on this one. It knows tagged words and heap objects ([`layout`], [`Term`]),
//! where they are allocated ([`Heap`]), atoms ([`Atom`]), and the operations that need nothing but terms.
//! It knows nothing of processes, schedulers or code.
//!
//! The invariant that everything rests on: a [`Term<'h>`] borrows the heap that its words lie on, so as
//! long as one is alive nothing can move or free them. Words that survive a collection are kept as raw
//! [`Word`]s by their owner, who shows them to the collector as roots.

pub mod arith;
pub mod atom;
pub mod atoms;
pub mod binary;
pub mod bits;
pub mod compare;
pub mod copy;
pub mod copy_sharing;
pub mod etf;
pub mod fun;
pub mod hash;
pub mod heap;
pub mod layout;
pub mod literal;
pub mod literal_area;
pub mod map;
pub mod memory;
pub mod node;
pub mod number;
pub mod owned;
pub mod pid;
pub mod print;
pub mod record;
pub mod reference;
pub mod row;
pub mod term;
#[cfg(test)]
mod testing;
pub mod usage;
pub mod utf8;

pub use atom::{Atom, AtomError};
pub use atoms as am;
pub use binary::{Binary, Bits};
pub use heap::Heap;
pub use layout::Word;
pub use owned::OwnedTerm;
pub use pid::{PID_NUMBER_BITS, Pid, PortId};
pub use reference::RefNumbers;
pub use row::{Keyed, KeyedRow, OwnedKey, Row};
pub use term::{Kind, Term};
