//! Signals: everything that one process does to another, in one ordered in-queue per process.
//!
//! A sender makes a [`Node`], with its own copy of every term in it, and pushes it on the receiver's
//! in-queue; it never touches the receiver's private part. The receiver takes the whole in-queue at safe points
//! (between slices and in `receive`), moves messages to its mailbox and acts on everything else, in order.
//! So the order of signals between two processes is the order in which they were sent.
//!
//! - [`node`]: the nodes themselves; [`inqueue`]: many senders, one receiver; [`mailbox`]: what `receive` reads;
//! - [`send`]: what senders call; [`handle`]: what the receiver does with what it got;
//! - [`receive`]: primitives for the `receive` instructions;
//! - [`relations`]: links, monitors, aliases; [`link`], [`monitor`], [`suspend`]: the operations on them;
//! - [`dirty`]: signals of a process that is on a dirty thread;
//! - [`ports`]: what ports have to offer to take part.

pub mod dirty;
pub mod handle;
pub mod inqueue;
pub mod link;
pub mod mailbox;
pub mod monitor;
pub mod node;
pub mod ports;
pub mod receive;
pub mod relations;
pub mod send;
pub mod suspend;

pub use node::{Body, Node, Signal};

use corten_term::{Heap, Term, Word};

/// A term with the heap that it lies on: how terms travel between processes.
#[derive(Debug, Default)]
pub struct Parcel {
    pub heap: Heap,
    pub term: Word,
}

impl Parcel {
    /// A copy of `t` of its own.
    pub fn pack(t: Term<'_>) -> Parcel {
        if t.is_immediate() {
            return Parcel {
                heap: Heap::new(),
                term: t.raw(),
            };
        }
        let (heap, term) = corten_term::copy::pack(t, 0);
        Parcel { heap, term }
    }
    /// A copy that refers to nothing outside, literals neither: for what is kept and not passed on at once.
    pub fn pack_whole(t: Term<'_>) -> Parcel {
        Parcel::build(|h| corten_term::copy::copy_with(t, h, corten_term::copy::Literals::Copy))
    }
    /// A term built by `f` on a heap of its own.
    pub fn build(f: impl for<'h> FnOnce(&'h Heap) -> Term<'h>) -> Parcel {
        let heap = Heap::new();
        let term = f(&heap).raw();
        Parcel { heap, term }
    }
    /// The term, while the parcel is borrowed.
    pub fn term(&self) -> Term<'_> {
        // SAFETY: the term lies on our heap (or is immediate or a literal).
        unsafe { Term::from_raw(self.term) }
    }
    /// Another copy.
    pub fn duplicate(&self) -> Parcel {
        Parcel::pack(self.term())
    }
}
