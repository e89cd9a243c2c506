//! The mailbox: messages in order of arrival, the save pointer of `receive`, receive markers.

use super::Signal;
use std::cell::Cell;
use std::ptr;

/// Owned by the process; only the thread that runs it comes here.
///
/// `save` is the address of the link that points to the message which `receive` looks at next, so that the
/// message can be unlinked without a search. `last` is the address of the link at the end.
#[derive(Debug)]
pub struct Mailbox {
    pub first: Cell<*mut Signal>,
    /// Null stands for `&first` (the process may not have its final address when it is made).
    pub last: Cell<*mut *mut Signal>,
    pub save: Cell<*mut *mut Signal>,
    pub len: Cell<usize>,
    /// `loop_rec` has put the message at the save pointer into a register: the collector adopts it if it comes by.
    pub examining: Cell<bool>,
    /// Messages that the collector has moved to the heap and that are roots since.
    pub on_heap: Cell<usize>,
}

impl Default for Mailbox {
    fn default() -> Mailbox {
        Mailbox {
            first: Cell::new(ptr::null_mut()),
            last: Cell::new(ptr::null_mut()),
            save: Cell::new(ptr::null_mut()),
            len: Cell::new(0),
            examining: Cell::new(false),
            on_heap: Cell::new(0),
        }
    }
}
