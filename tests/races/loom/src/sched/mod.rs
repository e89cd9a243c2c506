//! The transitions of the state word, and a run queue.

pub mod models;

#[path = "../../../../../crates/engine/src/sched/state.rs"]
#[allow(dead_code)]
pub mod state;

pub mod scheduler {
    //! A run queue that blocks who finds it empty: a wakeup that gets lost is a deadlock, which loom reports.
    use crate::process::table::ProcessPtr;
    use loom::sync::{Condvar, Mutex};

    #[derive(Debug, Default)]
    pub struct RunQueue {
        length: Mutex<usize>,
        filled: Condvar,
    }

    impl RunQueue {
        pub fn pop(&self) {
            let mut length = self.length.lock().expect("no thread has panicked");
            while *length == 0 {
                length = self.filled.wait(length).expect("no thread has panicked");
            }
            *length -= 1;
        }
        pub fn is_empty(&self) -> bool {
            *self.length.lock().expect("no thread has panicked") == 0
        }
    }

    pub fn enqueue(p: ProcessPtr) {
        // SAFETY: models keep their process until all threads are done.
        let queue = unsafe { &p.0.as_ref().queue };
        let mut length = queue.length.lock().expect("no thread has panicked");
        *length += 1;
        assert_eq!(*length, 1, "a process is in its queue once");
        queue.filled.notify_one();
    }

    pub fn enqueue_first(p: ProcessPtr) {
        enqueue(p);
    }

    pub fn promote(_: ProcessPtr) {}
}
