//! The in-queue, and signals that are numbers.

#[path = "../../../../../crates/engine/src/signal/inqueue.rs"]
#[allow(dead_code)]
pub mod inqueue;

pub mod node {
    //! A signal is a number.
    use std::ptr;

    #[derive(Debug)]
    pub struct Signal {
        pub(in crate::signal) next: *mut Signal,
        pub number: u32,
    }

    #[derive(Debug)]
    pub struct Node(Box<Signal>);

    impl Node {
        pub fn new(number: u32) -> Node {
            Node(Box::new(Signal {
                next: ptr::null_mut(),
                number,
            }))
        }
        pub fn number(&self) -> u32 {
            self.0.number
        }
        pub fn into_raw(self) -> *mut Signal {
            Box::into_raw(self.0)
        }
        /// # Safety
        /// `raw` came from `into_raw`, and nobody else has it.
        pub unsafe fn from_raw(raw: *mut Signal) -> Node {
            // SAFETY: by the caller's promise.
            Node(unsafe { Box::from_raw(raw) })
        }
    }
}

pub mod dirty {
    use crate::process::Shared;
    use crate::sched::state::process_of;
    use loom::sync::atomic::Ordering;

    pub fn notify(shared: &Shared) {
        // SAFETY: models keep their process until all threads are done.
        let p = unsafe { process_of(shared).0.as_ref() };
        p.told.fetch_add(1, Ordering::AcqRel);
    }
}
