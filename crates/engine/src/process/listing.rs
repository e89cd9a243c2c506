//! `processes/0` in pieces: all processes that are alive when it begins, although it goes on for many slices.
//!
//! The table is looked through a chunk at a time. Processes that leave it meanwhile are noted by whoever takes them
//! out, as long as there is a listing; processes made later are told by their identifiers.

use super::table::ProcessTable;
use corten_term::Pid;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Slots looked at in a step.
pub const CHUNK: usize = 1000;

/// Listings under way: whoever takes a process out looks here first.
static UNDER_WAY: AtomicUsize = AtomicUsize::new(0);

/// Processes that have left the table since the oldest listing began.
static LEFT: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

/// Called before a process leaves the table.
pub(super) fn leaves(pid: Pid) {
    if UNDER_WAY.load(Ordering::SeqCst) > 0 {
        let mut left = LEFT.lock();
        if UNDER_WAY.load(Ordering::SeqCst) > 0 {
            left.push(pid);
        }
    }
}

/// See the module page. Whoever drops it before the end gives it up.
#[derive(Debug)]
pub struct Listing {
    /// Slots that were looked at, of so many.
    at: usize,
    used: usize,
    /// Identifiers from here to what comes next in the end are too new.
    end: u64,
    /// Length of the list of those who left when we began.
    left_before: usize,
    found: Vec<Pid>,
}

impl Listing {
    /// All that are in the table now.
    pub fn begin(table: &ProcessTable) -> Listing {
        let left = LEFT.lock();
        UNDER_WAY.fetch_add(1, Ordering::SeqCst);
        let (used, end) = table.extent();
        Listing {
            at: 0,
            used,
            end,
            left_before: left.len(),
            found: Vec::new(),
        }
    }

    /// Looks at the next chunk; true when that was the last one. Then [`Listing::take`] has the result.
    pub fn step(&mut self, table: &ProcessTable) -> bool {
        let to = self.used.min(self.at + CHUNK);
        table.pids_in(self.at..to, &mut self.found);
        self.at = to;
        if to < self.used {
            return false;
        }
        self.found
            .extend_from_slice(&LEFT.lock()[self.left_before..]);
        let new = self.end..table.extent().1;
        self.found.retain(|p| !new.contains(&p.data()));
        self.found.sort_unstable();
        self.found.dedup();
        true
    }

    /// Takes up to `n` of the result, the last ones.
    pub fn take(&mut self, n: usize) -> Vec<Pid> {
        self.found.split_off(self.found.len().saturating_sub(n))
    }
}

impl Drop for Listing {
    fn drop(&mut self) {
        let mut left = LEFT.lock();
        if UNDER_WAY.fetch_sub(1, Ordering::SeqCst) == 1 {
            *left = Vec::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Process;
    use crate::node::Config;

    #[test]
    fn a_listing_has_all_that_were_alive_when_it_began() {
        let table = ProcessTable::new(4096);
        let add = || {
            let slot = table.reserve().unwrap();
            let p = Process::new(slot.pid, &Config::default());
            slot.publish(p)
        };
        let all: Vec<_> = (0..1500).map(|_| add()).collect();
        let remove = |i: usize| {
            // SAFETY: nobody else knows these processes, and each is removed once.
            unsafe {
                table.unlink(all[i].0.as_ref().shared.pid);
                table.retire(all[i]);
            }
        };
        remove(7);
        let mut listing = Listing::begin(&table);
        assert!(!listing.step(&table));
        [3, 1400].into_iter().for_each(remove);
        let late = add();
        assert!(listing.step(&table));
        let numbers: Vec<u64> = listing.take(9999).iter().map(|p| p.data()).collect();
        let expected: Vec<u64> = (0..1500).filter(|n| *n != 7).collect();
        assert_eq!(numbers, expected);
        drop(listing);
        assert!(LEFT.lock().is_empty());
        (0..1500)
            .filter(|i| ![3, 7, 1400].contains(i))
            .for_each(remove);
        // SAFETY: as above.
        unsafe {
            table.unlink(late.0.as_ref().shared.pid);
            table.retire(late);
        }
    }
}
