//! What other rooms count and `erlang:statistics/1` and `erlang:system_info/1` tell.

use std::sync::atomic::AtomicU64;

/// Open ports: raised and lowered by whoever opens and closes them.
pub static PORTS: AtomicU64 = AtomicU64::new(0);
/// Number of the port that is opened next, at the earliest.
pub static NEXT_PORT: AtomicU64 = AtomicU64::new(0);
/// Bytes that ports have received.
pub static INPUT_BYTES: AtomicU64 = AtomicU64::new(0);
/// Bytes that ports have sent.
pub static OUTPUT_BYTES: AtomicU64 = AtomicU64::new(0);
