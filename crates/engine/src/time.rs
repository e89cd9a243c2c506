//! Clocks: Erlang monotonic time, system time and the offset between them.
//!
//! Native time unit is the nanosecond. Erlang monotonic time starts at a large negative number, as the
//! reference engine's does (`system_info(start_time)`), so programs cannot rely on its sign.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// `system_info(start_time)`.
pub const START_TIME: i64 = -576_460_752_000_000_000;
/// `system_info(end_time)`.
pub const END_TIME: i64 = 8_646_911_283_000_000_000;
/// Native time units per second.
pub const UNITS_PER_SECOND: i64 = 1_000_000_000;

static START: OnceLock<Instant> = OnceLock::new();
static OFFSET: AtomicI64 = AtomicI64::new(0);

/// Fixes the start of monotonic time and the first time offset. Called once, first.
pub fn init() {
    let now = Instant::now();
    if START.set(now).is_ok() {
        refresh_offset();
    }
}

fn start() -> Instant {
    *START.get_or_init(Instant::now)
}

/// Erlang monotonic time, nanoseconds.
#[inline]
pub fn monotonic() -> i64 {
    START_TIME.saturating_add(i64::try_from(start().elapsed().as_nanos()).unwrap_or(i64::MAX))
}

/// Nanoseconds since the node started.
pub fn since_start() -> Duration {
    start().elapsed()
}

/// OS system time, nanoseconds since 1970.
pub fn os_system() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(d) => i64::try_from(d.as_nanos()).unwrap_or(i64::MAX),
        Err(e) => -i64::try_from(e.duration().as_nanos()).unwrap_or(i64::MAX),
    }
}

/// Nanoseconds of processor time that the node has used.
pub fn cpu() -> i64 {
    let t = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    t.tv_sec * 1_000_000_000 + t.tv_nsec
}

/// What to add to monotonic time to get Erlang system time.
pub fn offset() -> i64 {
    OFFSET.load(Ordering::Relaxed)
}

/// Erlang system time, nanoseconds since 1970.
pub fn system() -> i64 {
    monotonic().saturating_add(offset())
}

/// Takes the current OS time into the offset (multi time warp mode); returns whether it jumped by more
/// than a millisecond, in which case `time_offset` monitors are to be told.
pub fn refresh_offset() -> bool {
    let fresh = os_system().saturating_sub(monotonic());
    let old = OFFSET.swap(fresh, Ordering::Relaxed);
    (fresh - old).abs() > 1_000_000
}
