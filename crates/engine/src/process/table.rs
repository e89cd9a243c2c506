//! The process table: identifiers to processes.
//!
//! Identifiers are handed out in order: the number part grows by one with each process and carries into the
//! serial. The low bits of an identifier are its slot (`slots`), so a lookup is one load and one comparison. A slot in
//! use is passed over. Readers take no lock: a process that was looked up stays in memory as long as the
//! reader's epoch guard lives.

use super::slots::Slots;
use super::{Process, Shared};
use corten_term::Pid;
use crossbeam_epoch::Guard;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering};

/// See the module page.
#[derive(Debug)]
pub struct ProcessTable {
    slots: Slots,
    next: AtomicU64,
    count: AtomicUsize,
    /// Slots from here on were never used. A multiple of [`ROUND`].
    used: AtomicUsize,
}

/// The bits of an identifier.
const PID_DATA: u64 = (1 << 60) - 1;

/// So that the extent of the table is seldom written.
const ROUND: usize = 64;

/// The table has no free slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableFull;

/// A process that was looked up and may be handed to another thread: run queues hold these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessPtr(pub ptr::NonNull<Process>);
// SAFETY: who may use the parts of a process is told by its state word, not by the pointer.
unsafe impl Send for ProcessPtr {}
// SAFETY: as above.
unsafe impl Sync for ProcessPtr {}

/// What a slot holds while its process is being made.
fn reserved() -> *mut Process {
    ptr::without_provenance_mut(1)
}

/// A slot that was taken for a new process.
#[derive(Debug)]
pub struct Reserved<'t> {
    table: &'t ProcessTable,
    pub pid: Pid,
}

impl ProcessTable {
    /// A table for `limit` processes, rounded up to a power of two as the reference engine does.
    pub fn new(limit: usize) -> ProcessTable {
        ProcessTable {
            slots: Slots::new(limit.clamp(1024, 1 << 27).next_power_of_two()),
            next: AtomicU64::new(0),
            count: AtomicUsize::new(0),
            used: AtomicUsize::new(0),
        }
    }

    /// `system_info(process_limit)`.
    pub fn limit(&self) -> usize {
        self.slots.len()
    }
    /// `system_info(process_count)`.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    fn index(&self, pid: Pid) -> usize {
        pid.data() as usize & (self.slots.len() - 1)
    }
    fn slot(&self, pid: Pid) -> &AtomicPtr<Process> {
        self.slots.at(self.index(pid))
    }

    /// Takes a slot and its identifier for a new process.
    pub fn reserve(&self) -> Result<Reserved<'_>, TableFull> {
        if self.count.fetch_add(1, Ordering::AcqRel) >= self.limit() {
            self.count.fetch_sub(1, Ordering::AcqRel);
            return Err(TableFull);
        }
        // There are fewer processes than slots, so the search ends.
        loop {
            let pid = Pid::from_data(self.next.fetch_add(1, Ordering::Relaxed) & PID_DATA);
            let index = self.index(pid);
            if self.slots.take(index, reserved()) {
                if self.used.load(Ordering::Relaxed) <= index {
                    let used = (index + 1).next_multiple_of(ROUND);
                    self.used
                        .fetch_max(used.min(self.limit()), Ordering::AcqRel);
                }
                return Ok(Reserved { table: self, pid });
            }
        }
    }

    /// Data of the identifier that is tried next; tests look at it, and set it to see one used again.
    pub fn next_data(&self) -> u64 {
        self.next.load(Ordering::Relaxed) & PID_DATA
    }
    pub fn set_next_data(&self, data: u64) {
        self.next.store(data, Ordering::Relaxed);
    }

    fn at(&self, index: usize) -> Option<&Process> {
        let p = self.slots.at(index).load(Ordering::Acquire);
        if p.is_null() || p == reserved() {
            return None;
        }
        // SAFETY: entries are live until `remove`, and freed only after all guards of that time are gone;
        // callers hold one.
        Some(unsafe { &*p })
    }

    /// The public part of a process, whether it is exiting or not.
    #[inline]
    pub fn lookup<'g>(&self, pid: Pid, guard: &'g Guard) -> Option<&'g Shared> {
        self.lookup_process(pid, guard).map(|p| {
            // SAFETY: a process in the table is alive as long as the guard.
            unsafe { &(*p.0.as_ptr()).shared }
        })
    }

    /// The process itself, for the scheduler.
    #[inline]
    pub(crate) fn lookup_process(&self, pid: Pid, _guard: &Guard) -> Option<ProcessPtr> {
        let p = self.slot(pid).load(Ordering::Acquire);
        if p.is_null() || p == reserved() {
            return None;
        }
        // SAFETY: as in `at`.
        (unsafe { (*p).shared.pid } == pid)
            .then_some(ProcessPtr(unsafe { ptr::NonNull::new_unchecked(p) }))
    }

    /// Whether there is such a process and it is not exiting.
    pub fn is_alive(&self, pid: Pid) -> bool {
        let guard = crossbeam_epoch::pin();
        self.lookup(pid, &guard).is_some_and(|s| !s.is_exiting())
    }

    /// Slots that were ever used, and the identifier that the next process gets at the earliest.
    pub(super) fn extent(&self) -> (usize, u64) {
        let next = self.next.load(Ordering::SeqCst);
        (self.used.load(Ordering::SeqCst), next)
    }

    /// Identifiers of the processes in a chunk of the table from slot `from` on, and where the next chunk begins; nothing
    /// behind the last slot that was ever used.
    pub fn chunk(&self, from: usize, slots: usize) -> Option<(usize, Vec<Pid>)> {
        let used = self.extent().0;
        if from >= used {
            return None;
        }
        let to = used.min(from.saturating_add(slots));
        let mut pids = Vec::new();
        self.pids_in(from..to, &mut pids);
        Some((to, pids))
    }

    /// Adds the identifiers of some slots.
    pub(super) fn pids_in(&self, slots: std::ops::Range<usize>, to: &mut Vec<Pid>) {
        let _guard = crossbeam_epoch::pin();
        to.extend(slots.filter_map(|i| Some(self.at(i)?.shared.pid)));
    }

    /// All identifiers, exiting processes included, oldest slot first.
    pub fn pids(&self) -> Vec<Pid> {
        let _guard = crossbeam_epoch::pin();
        let used = self.used.load(Ordering::Acquire);
        let mut all: Vec<Pid> = (0..used)
            .filter_map(|i| Some(self.at(i)?.shared.pid))
            .collect();
        all.sort_unstable();
        all
    }

    /// Takes a process out, once. It stays in memory until [`ProcessTable::retire`].
    pub(crate) fn unlink(&self, pid: Pid) {
        super::listing::leaves(pid);
        self.slots.clear(self.index(pid));
        self.count.fetch_sub(1, Ordering::AcqRel);
    }

    /// Gives memory back to the system that a crowd of processes has left behind.
    pub(crate) fn give_back(&self) {
        self.slots.give_back();
    }

    /// Frees a process that was taken out, when nobody can look at it any more.
    ///
    /// # Safety
    /// The caller runs the process for the last time, and no queue holds it.
    pub(crate) unsafe fn retire(&self, p: ProcessPtr) {
        let guard = crossbeam_epoch::pin();
        // SAFETY: it came from a box (`Reserved::publish`) and is in no table or queue now. What it owns may be
        // dropped by any thread.
        unsafe {
            guard.defer_unchecked(move || {
                let p = p;
                drop(Box::from_raw(p.0.as_ptr()));
            });
        }
    }
}

impl Reserved<'_> {
    /// Enters the process under the identifier it was made with.
    pub fn publish(self, process: Box<Process>) -> ProcessPtr {
        debug_assert_eq!(process.shared.pid, self.pid);
        let p = ptr::NonNull::from(Box::leak(process));
        self.table
            .slot(self.pid)
            .store(p.as_ptr(), Ordering::Release);
        ProcessPtr(p)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::Config;

    #[test]
    fn numbers_grow_and_slots_are_found_again() {
        let t = ProcessTable::new(1024);
        let add = || {
            let r = t.reserve().unwrap();
            let p = Process::new(r.pid, &Config::default());
            r.publish(p)
        };
        let all: Vec<_> = (0..1024).map(|_| add()).collect();
        assert_eq!(t.reserve().err(), Some(TableFull));
        assert!(t.is_alive(Pid::from_data(5)));
        let remove = |p: ProcessPtr| {
            // SAFETY: nobody else knows these processes.
            unsafe {
                t.unlink(p.0.as_ref().shared.pid);
                t.retire(p);
            }
        };
        remove(all[5]);
        assert!(!t.is_alive(Pid::from_data(5)));
        let again = t.reserve().unwrap();
        assert_eq!(again.pid.data(), 1024 + 5);
        assert_eq!(t.pids().len(), 1023);
        for (i, p) in all.into_iter().enumerate() {
            if i != 5 {
                remove(p);
            }
        }
    }
}
