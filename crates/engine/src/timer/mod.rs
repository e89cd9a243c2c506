//! Timers: hierarchical wheels, one per scheduler.

/// Names one set timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handle(pub u64);
