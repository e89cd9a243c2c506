//! The poll thread: tells when a file descriptor can be read or written. One thread for all ports, the terminal
//! and child processes; it starts with the first descriptor to watch.
//!
//! A watch fires once; whoever wants to go on asks again. Callbacks run on the poll thread and must not
//! block. What the system cannot poll (regular files, `/dev/null`) is always ready.

use crate::sys;
use corten_engine::sched::microstate::{self, Kind, State};
use corten_engine::sched::tidy::Idle;
use polling::{Event, Events, Poller};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::os::fd::RawFd;
use std::sync::{LazyLock, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// What a descriptor becomes ready for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Read,
    Write,
}

/// What runs when it is.
pub type Callback = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Watch {
    read: Option<Callback>,
    write: Option<Callback>,
}

impl Watch {
    fn is_empty(&self) -> bool {
        self.read.is_none() && self.write.is_none()
    }
    fn interest(&self, fd: RawFd) -> Event {
        Event::new(fd as usize, self.read.is_some(), self.write.is_some())
    }
}

#[derive(Default)]
struct Table {
    /// By descriptor: their numbers are small and dense. An empty watch is none.
    watches: Vec<Watch>,
    /// To run without waiting.
    ready: Vec<Callback>,
    /// To run at a time; the number tells timers of one time apart.
    timers: BTreeMap<(Instant, u64), Callback>,
    next_timer: u64,
}

impl Table {
    fn watch(&mut self, fd: usize) -> Option<&mut Watch> {
        self.watches.get_mut(fd)
    }
    /// `None` for what is no descriptor.
    fn watch_or_new(&mut self, fd: RawFd) -> Option<&mut Watch> {
        let at = usize::try_from(fd).ok()?;
        if at >= self.watches.len() {
            self.watches.resize_with(at + 1, Watch::default);
        }
        self.watches.get_mut(at)
    }
    fn forget(&mut self, fd: RawFd) -> Option<Watch> {
        let watch = self.watch(usize::try_from(fd).ok()?)?;
        (!watch.is_empty()).then(|| std::mem::take(watch))
    }
    /// Takes what is due; tells how long to wait for the next.
    fn take_due(&mut self, run: &mut Vec<Callback>) -> Option<Duration> {
        let now = Instant::now();
        while let Some(first) = self.timers.first_entry() {
            let due = first.key().0;
            if due > now {
                return Some(due - now);
            }
            run.push(first.remove());
        }
        None
    }
}

/// A timer that was set.
pub type Timer = (Instant, u64);

struct Thread {
    poller: Poller,
    table: Mutex<Table>,
}

thread_local! {
    static POLLS: Cell<bool> = const { Cell::new(false) };
}

/// Whether the caller runs on the poll thread.
pub fn is_poll_thread() -> bool {
    POLLS.get()
}

/// Starts the thread. A system that has no way to poll has no ports: nothing ever becomes ready.
static THREAD: LazyLock<Option<&'static Thread>> = LazyLock::new(|| {
    let thread: &'static Thread = Box::leak(Box::new(Thread {
        poller: Poller::new().ok()?,
        table: Mutex::default(),
    }));
    std::thread::Builder::new()
        .name("erts_poll".into())
        .spawn(|| thread.run())
        .ok()?;
    Some(thread)
});

impl Thread {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(|e| e.into_inner())
    }

    fn run(&self) {
        POLLS.set(true);
        microstate::join(Kind::Poll, 1);
        let mut events = Events::new();
        let mut wait = None;
        let mut idle = Idle::default();
        loop {
            events.clear();
            let longest = [wait, idle.waits()].into_iter().flatten().min();
            // Interrupted or woken: look for what is ready all the same.
            microstate::enter(State::Sleep);
            let _ = self.poller.wait(&mut events, longest);
            microstate::enter(State::CheckIo);
            let mut run = {
                let mut table = self.table();
                let mut run = std::mem::take(&mut table.ready);
                wait = table.take_due(&mut run);
                for event in events.iter() {
                    self.take(&mut table, event, &mut run);
                }
                run
            };
            if !run.is_empty() {
                idle.works();
            }
            run.drain(..).for_each(|f| f());
        }
    }

    /// Moves the callbacks of an event to `run`, and arms the descriptor again for what is left.
    fn take(&self, table: &mut Table, event: Event, run: &mut Vec<Callback>) {
        let (Ok(fd), Some(watch)) = (RawFd::try_from(event.key), table.watch(event.key)) else {
            return;
        };
        if event.readable {
            run.extend(watch.read.take());
        }
        if event.writable {
            run.extend(watch.write.take());
        }
        if !watch.is_empty() {
            let interest = watch.interest(fd);
            self.arm(table, fd, interest);
        }
    }

    fn arm(&self, table: &mut Table, fd: RawFd, interest: Event) {
        let armed = match sys::poll_modify(&self.poller, fd, interest) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                sys::poll_add(&self.poller, fd, interest)
            }
            other => other,
        };
        if armed.is_err() {
            // Not pollable (or not open: the callback's system call will tell).
            if let Some(w) = table.forget(fd) {
                table.ready.extend(w.read);
                table.ready.extend(w.write);
                let _ = self.poller.notify();
            }
        }
    }
}

/// Runs `f` on the poll thread once `fd` is ready; replaces an earlier watch of the same direction.
pub fn once(fd: RawFd, direction: Direction, f: Callback) {
    let Some(thread) = *THREAD else { return };
    let mut table = thread.table();
    let Some(watch) = table.watch_or_new(fd) else {
        return;
    };
    match direction {
        Direction::Read => watch.read = Some(f),
        Direction::Write => watch.write = Some(f),
    }
    let interest = watch.interest(fd);
    thread.arm(&mut table, fd, interest);
}

/// Forgets a descriptor. Comes before it is closed.
pub fn forget(fd: RawFd) {
    let Some(thread) = *THREAD else { return };
    let removed = thread.table().forget(fd);
    sys::poll_delete(&thread.poller, fd);
    // Dropped outside of the lock: callbacks may own ports.
    drop(removed);
}

/// Runs `f` on the poll thread soon.
pub fn soon(f: Callback) {
    let Some(thread) = *THREAD else { return };
    thread.table().ready.push(f);
    let _ = thread.poller.notify();
}

/// Runs `f` on the poll thread after a time.
pub fn after(time: Duration, f: Callback) -> Timer {
    let now = Instant::now();
    // Times beyond the clock's range are as good as for ever.
    let due = now
        .checked_add(time)
        .unwrap_or(now + Duration::from_secs(1 << 32));
    let Some(thread) = *THREAD else {
        return (due, 0);
    };
    let mut table = thread.table();
    table.next_timer += 1;
    let timer = (due, table.next_timer);
    table.timers.insert(timer, f);
    let first = table
        .timers
        .first_key_value()
        .is_some_and(|(t, _)| *t == timer);
    drop(table);
    if first {
        let _ = thread.poller.notify();
    }
    timer
}

/// Forgets a timer.
pub fn cancel(timer: Timer) {
    let Some(thread) = *THREAD else { return };
    let removed = thread.table().timers.remove(&timer);
    drop(removed);
}

/// Whether a write of up to `PIPE_BUF` bytes would not block now.
pub fn writable_now(fd: RawFd) -> bool {
    ready_now(fd, rustix::event::PollFlags::OUT)
}

/// Whether a read would not block now.
pub fn readable_now(fd: RawFd) -> bool {
    ready_now(fd, rustix::event::PollFlags::IN)
}

fn ready_now(fd: RawFd, flags: rustix::event::PollFlags) -> bool {
    let Some(fd) = sys::borrow_fd(fd) else {
        return true;
    };
    let mut fds = [rustix::event::PollFd::from_borrowed_fd(fd, flags)];
    let now = rustix::event::Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // Failing and hung-up descriptors are ready: the call that follows tells how.
    !matches!(rustix::event::poll(&mut fds, Some(&now)), Ok(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsRawFd;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    #[test]
    fn pipes_and_files_become_ready() {
        let (r, w) = rustix::pipe::pipe().unwrap();
        let (tx, rx) = channel();
        let done = tx.clone();
        let fd = r.as_raw_fd();
        once(fd, Direction::Read, Box::new(move || done.send(1).unwrap()));
        assert!(rx.recv_timeout(Duration::from_millis(30)).is_err());
        assert!(writable_now(w.as_raw_fd()) && !readable_now(fd));
        rustix::io::write(&w, b"x").unwrap();
        assert_eq!(rx.recv_timeout(Duration::from_secs(5)), Ok(1));
        let done = tx.clone();
        once(fd, Direction::Read, Box::new(move || done.send(2).unwrap()));
        assert_eq!(rx.recv_timeout(Duration::from_secs(5)), Ok(2));
        forget(fd);
        let file = std::fs::File::open("/dev/null").unwrap();
        let f = file.as_raw_fd();
        once(f, Direction::Read, Box::new(move || tx.send(3).unwrap()));
        assert_eq!(rx.recv_timeout(Duration::from_secs(5)), Ok(3));
    }
}
