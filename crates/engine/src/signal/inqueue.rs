//! The in-queue: many senders push, the receiver takes all. Lock free; one word. `tests/races/loom` checks it.

use super::node::{Node, Signal};
#[cfg(loom)]
use loom::sync::atomic::AtomicPtr;
use std::cell::Cell;
use std::ptr;
#[cfg(not(loom))]
use std::sync::atomic::AtomicPtr;
use std::sync::atomic::Ordering;

/// A stack of signals, newest first, or the closed mark of a process that is gone.
#[derive(Debug)]
pub struct InQueue(AtomicPtr<Signal>);

fn closed() -> *mut Signal {
    ptr::without_provenance_mut(usize::MAX)
}

impl Default for InQueue {
    fn default() -> InQueue {
        InQueue(AtomicPtr::new(ptr::null_mut()))
    }
}

impl InQueue {
    /// Pushes a signal. Gives it back when the receiver is gone.
    pub fn push(&self, signal: Node) -> Result<(), Node> {
        let node = signal.into_raw();
        let mut head = self.0.load(Ordering::Relaxed);
        loop {
            if head == closed() {
                // SAFETY: nobody else has seen the node.
                return Err(unsafe { Node::from_raw(node) });
            }
            // SAFETY: as above.
            unsafe { (*node).next = head };
            match self
                .0
                .compare_exchange_weak(head, node, Ordering::AcqRel, Ordering::Relaxed)
            {
                Ok(_) => return Ok(()),
                Err(now) => head = now,
            }
        }
    }

    #[inline]
    pub fn is_empty(&self) -> bool {
        let head = self.0.load(Ordering::Acquire);
        head.is_null() || head == closed()
    }

    /// Takes everything, oldest first.
    pub fn take(&self) -> Taken {
        if self.is_empty() {
            return Taken(ptr::null_mut());
        }
        Taken(reverse(self.0.swap(ptr::null_mut(), Ordering::AcqRel)))
    }

    /// Takes everything, oldest first, and refuses what comes later.
    pub fn close(&self) -> Taken {
        let head = self.0.swap(closed(), Ordering::AcqRel);
        if head == closed() {
            Taken(ptr::null_mut())
        } else {
            Taken(reverse(head))
        }
    }
}

impl Drop for InQueue {
    fn drop(&mut self) {
        drop(self.close());
    }
}

/// Signals taken from an in-queue, oldest first.
#[derive(Debug)]
pub struct Taken(*mut Signal);

impl Taken {
    pub fn is_empty(&self) -> bool {
        self.0.is_null()
    }
}

impl Iterator for Taken {
    type Item = Node;
    fn next(&mut self) -> Option<Node> {
        if self.0.is_null() {
            return None;
        }
        let node = self.0;
        // SAFETY: the list was taken whole and is ours.
        unsafe {
            self.0 = (*node).next;
            (*node).next = ptr::null_mut();
            Some(Node::from_raw(node))
        }
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.for_each(drop);
    }
}

/// Signals that the receiver has taken and puts off, oldest first.
#[derive(Debug, Default)]
pub struct Incoming(Cell<Option<ptr::NonNull<Signal>>>);

impl Incoming {
    pub fn is_empty(&self) -> bool {
        self.0.get().is_none()
    }
    /// The oldest one.
    pub fn next(&self) -> Option<Node> {
        let mut taken = Taken(self.0.take()?.as_ptr());
        let node = taken.next();
        self.put(taken);
        node
    }
    /// Keeps signals for later. It has to be empty.
    pub fn put(&self, mut signals: Taken) {
        debug_assert!(self.is_empty());
        let first = std::mem::replace(&mut signals.0, ptr::null_mut());
        self.0.set(ptr::NonNull::new(first));
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        while self.next().is_some() {}
    }
}

fn reverse(mut node: *mut Signal) -> *mut Signal {
    let mut done = ptr::null_mut();
    while !node.is_null() {
        // SAFETY: the list was taken whole and is ours.
        unsafe {
            let next = (*node).next;
            (*node).next = done;
            done = node;
            node = next;
        }
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;
    use corten_term::Term;

    #[test]
    fn signals_come_out_in_order_and_a_closed_queue_refuses() {
        let q = InQueue::default();
        let heap = corten_term::Heap::new();
        std::thread::scope(|s| {
            for _ in 0..2 {
                s.spawn(|| {
                    for i in 0..1000 {
                        q.push(Node::message(Term::small(i))).unwrap();
                    }
                });
            }
        });
        let all: Vec<_> = q.take().map(|n| n.adopt(&heap)).collect();
        assert_eq!(all.len(), 2000);
        q.push(Node::message(Term::small(1))).unwrap();
        assert_eq!(q.close().count(), 1);
        assert!(q.push(Node::message(Term::small(2))).is_err());
    }
}
