//! A process with nothing but what others touch.

#[path = "../../../../../crates/engine/src/process/state.rs"]
#[allow(dead_code)]
pub mod state;

use crate::sched::scheduler::RunQueue;
use crate::signal::inqueue::InQueue;
use loom::sync::atomic::{AtomicU32, Ordering};

#[derive(Debug)]
pub struct Shared {
    pub state: AtomicU32,
    pub in_queue: InQueue,
}

impl Shared {
    pub fn state(&self) -> u32 {
        self.state.load(Ordering::Acquire)
    }
}

#[derive(Debug)]
#[repr(C)]
pub struct Process {
    pub shared: Shared,
    /// The run queue, if it is there.
    pub queue: RunQueue,
    /// Times that a handler of dirty processes was told of it.
    pub told: AtomicU32,
}

pub mod table {
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct ProcessPtr(pub std::ptr::NonNull<super::Process>);
}
