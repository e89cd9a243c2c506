//! The in-queue: many senders push, the receiver takes all. Lock free; one word.

use super::Signal;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

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
    pub fn push(&self, signal: Box<Signal>) -> Result<(), Box<Signal>> {
        let node = Box::into_raw(signal);
        let mut head = self.0.load(Ordering::Relaxed);
        loop {
            if head == closed() {
                // SAFETY: nobody else has seen the node.
                return Err(unsafe { Box::from_raw(node) });
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

    pub fn is_empty(&self) -> bool {
        let head = self.0.load(Ordering::Acquire);
        head.is_null() || head == closed()
    }

    /// Takes everything, oldest first.
    pub fn take(&self) -> *mut Signal {
        if self.is_empty() {
            return ptr::null_mut();
        }
        reverse(self.0.swap(ptr::null_mut(), Ordering::AcqRel))
    }

    /// Takes everything, oldest first, and refuses what comes later.
    pub fn close(&self) -> *mut Signal {
        let head = self.0.swap(closed(), Ordering::AcqRel);
        if head == closed() {
            ptr::null_mut()
        } else {
            reverse(head)
        }
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
