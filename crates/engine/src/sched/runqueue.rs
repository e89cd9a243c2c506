//! The run queue of a scheduler: processes of three priorities in order of arrival. Low priority shares the
//! list of normal priority, but a process of low priority is passed over seven times of eight. A process whose time has
//! come is put in front of others of its priority, but no more often than every second one that is taken.

use crate::process::Process;
use crate::process::table::ProcessPtr;
use parking_lot::Mutex;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicUsize, Ordering};

const LOW: u32 = 3;
const LISTS: usize = 3;
/// Times that a process of low priority is passed over.
const PASSES: u8 = 7;

#[derive(Debug)]
struct List {
    first: *mut Process,
    last: *mut Process,
}

#[derive(Debug)]
struct Lists {
    lists: [List; LISTS],
    /// Processes to be taken before another one may be put in front.
    jumped: u8,
}

/// See the module page.
#[derive(Debug)]
pub struct RunQueue {
    lists: Mutex<Lists>,
    /// Processes of each priority: read without the lock by thieves and by statistics.
    lengths: [AtomicUsize; LISTS],
}

// SAFETY: the pointers are only touched under the lock; a process in a queue is alive.
unsafe impl Send for RunQueue {}
// SAFETY: as above.
unsafe impl Sync for RunQueue {}

impl Default for RunQueue {
    fn default() -> RunQueue {
        RunQueue {
            lists: Mutex::new(Lists {
                lists: std::array::from_fn(|_| List {
                    first: ptr::null_mut(),
                    last: ptr::null_mut(),
                }),
                jumped: 0,
            }),
            lengths: Default::default(),
        }
    }
}

impl List {
    /// # Safety
    /// `p` is alive, in no list, and stays so until it is popped.
    unsafe fn push(&mut self, p: *mut Process) {
        // SAFETY: by the caller's promise; links of queued processes are only touched under the lock.
        unsafe {
            (*p).shared
                .queue_next
                .store(ptr::null_mut(), Ordering::Relaxed);
            if self.last.is_null() {
                self.first = p;
            } else {
                (*self.last).shared.queue_next.store(p, Ordering::Relaxed);
            }
        }
        self.last = p;
    }

    /// Puts a process in front.
    ///
    /// # Safety
    /// As above.
    unsafe fn push_first(&mut self, p: *mut Process) {
        // SAFETY: by the caller's promise, as above.
        unsafe { (*p).shared.queue_next.store(self.first, Ordering::Relaxed) };
        self.first = p;
        if self.last.is_null() {
            self.last = p;
        }
    }

    /// Takes a process out, if it is in the list.
    fn unlink(&mut self, p: *mut Process) -> bool {
        let (mut before, mut at) = (ptr::null_mut::<Process>(), self.first);
        while !at.is_null() {
            // SAFETY: queued processes are alive; links are only touched under the lock.
            let next = unsafe { (*at).shared.queue_next.load(Ordering::Relaxed) };
            if at == p {
                if before.is_null() {
                    self.first = next;
                } else {
                    // SAFETY: as above.
                    unsafe { (*before).shared.queue_next.store(next, Ordering::Relaxed) };
                }
                if self.last == p {
                    self.last = before;
                }
                return true;
            }
            (before, at) = (at, next);
        }
        false
    }

    fn pop(&mut self) -> Option<*mut Process> {
        let p = self.first;
        if p.is_null() {
            return None;
        }
        // SAFETY: queued processes are alive.
        self.first = unsafe { (*p).shared.queue_next.load(Ordering::Relaxed) };
        if self.first.is_null() {
            self.last = ptr::null_mut();
        }
        Some(p)
    }

    /// The next one; those of low priority have to be met several times.
    fn pop_fair(&mut self) -> Option<*mut Process> {
        loop {
            let p = self.pop()?;
            // SAFETY: as above; `passes` is guarded by the lock.
            let shared = unsafe { &(*p).shared };
            let left = shared.passes.load(Ordering::Relaxed);
            if shared.urgency() != LOW || left == 0 {
                return Some(p);
            }
            shared.passes.store(left - 1, Ordering::Relaxed);
            // SAFETY: just popped.
            unsafe { self.push(p) };
        }
    }
}

impl RunQueue {
    /// Processes in the queue.
    pub fn len(&self) -> usize {
        self.lengths.iter().map(|l| l.load(Ordering::Relaxed)).sum()
    }
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Processes of each priority, from max to low.
    pub fn lengths_by_priority(&self) -> [usize; 4] {
        let length = |l: &AtomicUsize| l.load(Ordering::Relaxed);
        let mut all = [0; 4];
        for (n, l) in all.iter_mut().zip(&self.lengths) {
            *n = length(l);
        }
        all
    }

    /// Appends a process, which has `IN_QUEUE` set; returns how many there are now.
    pub(crate) fn push(&self, p: ProcessPtr) -> usize {
        self.insert(p, false)
    }

    /// The same for a process whose time has come.
    pub(crate) fn push_first(&self, p: ProcessPtr) -> usize {
        self.insert(p, true)
    }

    fn insert(&self, p: ProcessPtr, first: bool) -> usize {
        // SAFETY: the process has `IN_QUEUE` set, so it is alive and this is the only queue.
        let shared = unsafe { &p.0.as_ref().shared };
        let mut lists = self.lists.lock();
        let priority = shared.urgency();
        let list = (priority as usize).min(LISTS - 1);
        if priority == LOW {
            shared.passes.store(PASSES, Ordering::Relaxed);
        }
        // SAFETY: as above.
        unsafe {
            if first && lists.jumped == 0 && priority != LOW {
                lists.jumped = 2;
                lists.lists[list].push_first(p.0.as_ptr());
            } else {
                lists.lists[list].push(p.0.as_ptr());
            }
        }
        self.lengths[list].fetch_add(1, Ordering::SeqCst);
        drop(lists);
        self.len()
    }

    /// Moves a process that has become more urgent to the list where it belongs now. False: it is not in this queue.
    pub(crate) fn promote(&self, p: ProcessPtr) -> bool {
        let lists = &mut self.lists.lock().lists;
        let Some(from) = lists.iter_mut().position(|l| l.unlink(p.0.as_ptr())) else {
            return false;
        };
        // SAFETY: it was in the queue, so it is alive and in no other one.
        let to = unsafe { p.0.as_ref() }.shared.urgency() as usize;
        // SAFETY: as above.
        unsafe { lists[to.min(LISTS - 1)].push(p.0.as_ptr()) };
        self.lengths[from].fetch_sub(1, Ordering::SeqCst);
        self.lengths[to.min(LISTS - 1)].fetch_add(1, Ordering::SeqCst);
        true
    }

    /// Takes the process that is to run next.
    pub(crate) fn pop(&self) -> Option<ProcessPtr> {
        if self.is_empty() {
            return None;
        }
        let mut lists = self.lists.lock();
        lists.jumped = lists.jumped.saturating_sub(1);
        for (i, list) in lists.lists.iter_mut().enumerate() {
            let next = if i == LISTS - 1 {
                list.pop_fair()
            } else {
                list.pop()
            };
            if let Some(p) = next {
                self.lengths[i].fetch_sub(1, Ordering::SeqCst);
                return NonNull::new(p).map(ProcessPtr);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::Config;
    use crate::process::state::{BOOST_SHIFT, PRIORITY_SHIFT};
    use corten_term::Pid;

    #[test]
    fn priorities_are_served_as_the_reference_engine_does() {
        let q = RunQueue::default();
        let make = |n, priority: u32| {
            let p = Process::new(Pid::from_data(n), &Config::default());
            p.shared
                .state
                .store(priority << PRIORITY_SHIFT, Ordering::Relaxed);
            ProcessPtr(NonNull::from(Box::leak(p)))
        };
        let all = [make(0, 3), make(1, 2), make(2, 1), make(3, 0)];
        all.iter().for_each(|p| {
            q.push(*p);
        });
        // SAFETY: leaked above, nobody else has them.
        let number = |p: ProcessPtr| unsafe { p.0.as_ref() }.shared.pid.data();
        let order: Vec<_> = std::iter::from_fn(|| q.pop()).map(number).collect();
        assert_eq!(order, [3, 2, 1, 0]);
        // Low priority gets one turn in eight.
        q.push(all[0]);
        q.push(all[1]);
        let mut turns = 0;
        while number(q.pop().unwrap()) == 1 {
            turns += 1;
            q.push(all[1]);
        }
        assert_eq!(turns, 7);
        q.pop();
        for p in all {
            // SAFETY: as above.
            drop(unsafe { Box::from_raw(p.0.as_ptr()) });
        }
    }

    #[test]
    fn whose_time_has_come_is_next_but_not_always() {
        let q = RunQueue::default();
        let make = |n| {
            let p = Process::new(Pid::from_data(n), &Config::default());
            ProcessPtr(NonNull::from(Box::leak(p)))
        };
        let all = [make(0), make(1), make(2), make(3), make(4)];
        // SAFETY: leaked above, nobody else has them.
        let number = |p: ProcessPtr| unsafe { p.0.as_ref() }.shared.pid.data();
        let next = || q.pop().map(number);
        q.push(all[0]);
        q.push(all[1]);
        q.push_first(all[2]);
        q.push_first(all[3]);
        assert_eq!(next(), Some(2));
        q.push_first(all[4]);
        assert_eq!(next(), Some(0));
        q.push_first(all[2]);
        let order: Vec<_> = std::iter::from_fn(next).collect();
        assert_eq!(order, [2, 1, 3, 4]);
        q.push_first(all[0]);
        assert_eq!((next(), next()), (Some(0), None));
        for p in all {
            // SAFETY: as above.
            drop(unsafe { Box::from_raw(p.0.as_ptr()) });
        }
    }

    #[test]
    fn who_has_become_urgent_moves_up() {
        let q = RunQueue::default();
        let make = |n| {
            let p = Process::new(Pid::from_data(n), &Config::default());
            ProcessPtr(NonNull::from(Box::leak(p)))
        };
        let all = [make(0), make(1), make(2)];
        for p in &all {
            q.push(*p);
        }
        // SAFETY: leaked above, nobody else has them.
        let shared = |p: ProcessPtr| unsafe { &(*p.0.as_ptr()).shared };
        shared(all[2])
            .state
            .fetch_or(2 << BOOST_SHIFT, Ordering::Relaxed);
        assert!(q.promote(all[2]));
        assert!(!RunQueue::default().promote(all[2]));
        assert_eq!(q.len(), 3);
        let order: Vec<u64> = std::iter::from_fn(|| q.pop())
            .map(|p| shared(p).pid.data())
            .collect();
        assert_eq!(order, [2, 0, 1]);
    }
}
