//! Links and monitors of a process.

/// Made when a process first links or monitors.
#[derive(Debug, Default)]
pub struct Relations {}
