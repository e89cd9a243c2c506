//! Who is told when the time offset changes: processes that monitor `time_offset`.

use crate::signal::{Body, Parcel, send};
use crate::time;
use corten_term::Pid;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::LazyLock;

static WATCHERS: LazyLock<Mutex<HashMap<Pid, usize>>> = LazyLock::new(Mutex::default);

/// One more monitor of this process.
pub fn watch(pid: Pid) {
    *WATCHERS.lock().entry(pid).or_default() += 1;
}

/// One less.
pub fn unwatch(pid: Pid) {
    let mut all = WATCHERS.lock();
    if let Some(n) = all.get_mut(&pid) {
        *n -= 1;
        if *n == 0 {
            all.remove(&pid);
        }
    }
}

/// Takes the operating system's time into the offset and tells the watchers if it jumped.
pub fn refresh() {
    if !time::refresh_offset() {
        return;
    }
    let pids: Vec<Pid> = WATCHERS.lock().keys().copied().collect();
    for pid in pids {
        let offset = Box::new(Parcel::build(|h| h.int(time::offset())));
        send::control(pid, Body::TimeOffset(offset));
    }
}
