//! All ports by identifier, those included that only write what is left.

use super::{Port, core::Io};
use corten_engine::{counters, node};
use corten_term::PortId;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

static PORTS: RwLock<BTreeMap<u64, Arc<Port>>> = RwLock::new(BTreeMap::new());

/// A new identifier; `None` when there are as many ports as there may be. After the last number come the first ones
/// again, those that are in use excepted.
pub fn reserve() -> Option<PortId> {
    let ports = PORTS.read().unwrap_or_else(|e| e.into_inner());
    if ports.len() >= node().config.port_limit {
        return None;
    }
    loop {
        let number = counters::NEXT_PORT.fetch_add(1, Ordering::Relaxed) & PortId::MAX;
        if !ports.contains_key(&number) {
            return Some(PortId::from_data(number));
        }
    }
}

pub fn insert(port: Arc<Port>) {
    let mut ports = PORTS.write().unwrap_or_else(|e| e.into_inner());
    if ports.insert(port.id.data(), port).is_none() {
        counters::PORTS.fetch_add(1, Ordering::Relaxed);
    }
}

pub fn remove(id: PortId) {
    let port = PORTS
        .write()
        .unwrap_or_else(|e| e.into_inner())
        .remove(&id.data());
    if port.is_some() {
        counters::PORTS.fetch_sub(1, Ordering::Relaxed);
    }
    // Dropped here, without the lock.
    drop(port);
}

/// A port, even one that has ended but still writes.
pub fn find(id: PortId) -> Option<Arc<Port>> {
    let ports = PORTS.read().unwrap_or_else(|e| e.into_inner());
    ports.get(&id.data()).cloned()
}

/// All open ports.
pub fn all() -> Vec<Arc<Port>> {
    let ports = PORTS.read().unwrap_or_else(|e| e.into_inner());
    ports.values().filter(|p| p.is_open()).cloned().collect()
}

/// All of them, unless somebody is changing the table.
pub fn try_all() -> Vec<Arc<Port>> {
    PORTS
        .try_read()
        .map_or_else(|_| Vec::new(), |ports| ports.values().cloned().collect())
}

/// Counts bytes for `statistics(io)`.
pub fn count(io: Io, bytes: usize) {
    let counter = match io {
        Io::In => &counters::INPUT_BYTES,
        Io::Out => &counters::OUTPUT_BYTES,
    };
    counter.fetch_add(bytes as u64, Ordering::Relaxed);
}

/// Whether any port has output that is not written yet.
pub fn pending_output() -> bool {
    let ports: Vec<_> = {
        let ports = PORTS.read().unwrap_or_else(|e| e.into_inner());
        ports.values().cloned().collect()
    };
    ports
        .iter()
        .any(|p| p.lock().driver.as_ref().is_some_and(|d| d.lingers()))
}

/// Waits until all output is written, at most this long: what `halt` does before it ends the node.
pub fn flush(timeout: Option<Duration>) {
    // The poll thread cannot wait for itself.
    let start = Instant::now();
    while !crate::poll::is_poll_thread()
        && pending_output()
        && timeout.is_none_or(|t| start.elapsed() < t)
    {
        std::thread::sleep(Duration::from_millis(1));
    }
}
