//! Signals: everything that one process does to another, in one ordered in-queue per process.
//!
//! A sender makes a [`Signal`], with its own copy of every term in it, and pushes it on the receiver's
//! in-queue; it never touches the receiver's private part. The receiver takes the whole in-queue at safe points
//! (between slices and in `receive`), moves messages to its mailbox and acts on everything else, in order.
//! So the order of signals between two processes is the order in which they were sent.

pub mod inqueue;
pub mod mailbox;
pub mod relations;

use corten_term::{Heap, Word};

/// A term with the heap that it lies on: how terms travel between processes.
#[derive(Debug, Default)]
pub struct Parcel {
    pub heap: Heap,
    pub term: Word,
}

impl Parcel {
    /// A copy of `t` of its own.
    pub fn pack(t: corten_term::Term<'_>) -> Parcel {
        if t.is_immediate() {
            return Parcel {
                heap: Heap::new(),
                term: t.raw(),
            };
        }
        let heap = Heap::with_capacity(corten_term::copy::size(t));
        let term = corten_term::copy::copy(t, &heap).raw();
        Parcel { heap, term }
    }
    /// The term, while the parcel is borrowed.
    pub fn term(&self) -> corten_term::Term<'_> {
        // SAFETY: the term lies on our heap (or is immediate or a literal).
        unsafe { corten_term::Term::from_raw(self.term) }
    }
}

/// One signal. Nodes are boxed and linked by the queues.
#[derive(Debug)]
pub struct Signal {
    pub next: *mut Signal,
    pub body: Body,
}

/// What a signal does.
#[derive(Debug)]
pub enum Body {
    Message(Message),
}

/// A message, in the in-queue and in the mailbox.
#[derive(Debug)]
pub struct Message {
    pub parcel: Parcel,
    /// The term has been moved to the receiver's heap by a collection: it is a root now.
    pub on_heap: bool,
    /// Sequential trace token, on the same heap; nil if none.
    pub token: Word,
}
