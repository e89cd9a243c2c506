//! Turns: where schedulers and the threads of the pool for long computations are more than there are processors, those of
//! the pool rest after each half millisecond of work.
//!
//! If nobody rested, the system would take a scheduler's processor away for as long as it thinks fit, several milliseconds
//! mostly, and all processes of that scheduler would wait. A native function or a collection is not made to be left and
//! come back to, so a timer interrupts its thread, whatever that does, and the handler of the signal sleeps. Locks that the
//! thread holds meanwhile it would hold no shorter if the system had chosen another one to run.
//!
//! With a processor for each nobody rests. Only on Linux; elsewhere the threads run as the system lets them.

use super::scheduler;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Threads of the pool at work.
static WORKING: AtomicUsize = AtomicUsize::new(0);
/// Processors that this program may use.
static PROCESSORS: OnceLock<usize> = OnceLock::new();

/// Whether more threads want to run than can. Called by the handler of a signal: it only reads.
fn crowded() -> bool {
    let processors = PROCESSORS.get().copied().unwrap_or(usize::MAX);
    scheduler::busy() + WORKING.load(Ordering::Relaxed) > processors
}

/// What a thread of the pool has to take turns.
#[derive(Debug, Default)]
pub(super) struct Turns {
    #[cfg(target_os = "linux")]
    timer: Option<&'static linux::Timer>,
}

impl Turns {
    /// For this thread. Without a timer to be had the thread runs as the system lets it.
    pub(super) fn new() -> Turns {
        PROCESSORS.get_or_init(|| std::thread::available_parallelism().map_or(1, |n| n.get()));
        Turns {
            #[cfg(target_os = "linux")]
            timer: linux::Timer::new(),
        }
    }

    /// Does a piece of work that may take long.
    pub(super) fn work<R>(&self, f: impl FnOnce() -> R) -> R {
        struct Done<'a>(&'a Turns);
        impl Drop for Done<'_> {
            fn drop(&mut self) {
                #[cfg(target_os = "linux")]
                self.0.timer.inspect(|t| t.stop());
                WORKING.fetch_sub(1, Ordering::Relaxed);
            }
        }
        WORKING.fetch_add(1, Ordering::Relaxed);
        #[cfg(target_os = "linux")]
        self.timer.inspect(|t| t.start());
        let _done = Done(self);
        f()
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::mem::zeroed;
    use std::ptr;
    use std::sync::Once;
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

    /// Nanoseconds that a thread works at a time, and rests.
    const WORK: u64 = 500_000;
    const REST: u64 = 500_000;
    /// Between two looks when nobody waits.
    const LOOK: u64 = 1_000_000;

    /// The timer of a thread. Only the thread itself comes here: the signal is sent to it.
    #[derive(Debug)]
    pub(super) struct Timer {
        id: libc::timer_t,
        working: AtomicBool,
        /// The thread's processor time when it began to work or had rested.
        since: AtomicU64,
    }

    // SAFETY: the identifier is a number for the system, whoever uses it.
    unsafe impl Send for Timer {}
    // SAFETY: as above.
    unsafe impl Sync for Timer {}

    fn time(nanoseconds: u64) -> libc::timespec {
        // SAFETY: all zeros are a valid value.
        let mut t: libc::timespec = unsafe { zeroed() };
        // Less than a second.
        t.tv_nsec = nanoseconds as _;
        t
    }

    /// Nanoseconds that this thread has run.
    fn processor_time() -> u64 {
        let mut t = time(0);
        // SAFETY: writes to `t`; may be called by the handler of a signal.
        unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut t) };
        t.tv_sec as u64 * 1_000_000_000 + t.tv_nsec as u64
    }

    impl Timer {
        pub(super) fn new() -> Option<&'static Timer> {
            static HANDLER: Once = Once::new();
            HANDLER.call_once(|| {
                // SAFETY: the handler does only what handlers may; system calls that it interrupts go on.
                unsafe {
                    let mut action: libc::sigaction = zeroed();
                    action.sa_sigaction = handler as *const () as usize;
                    action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART;
                    libc::sigaction(libc::SIGRTMIN(), &action, ptr::null_mut());
                }
            });
            // The handler finds it here, so it stays for ever. A pool has few threads.
            let timer = Box::leak(Box::new(Timer {
                id: ptr::null_mut(),
                working: AtomicBool::new(false),
                since: AtomicU64::new(0),
            }));
            // SAFETY: the event is valid; the signal is this thread's.
            let made = unsafe {
                let mut event: libc::sigevent = zeroed();
                event.sigev_notify = libc::SIGEV_THREAD_ID;
                event.sigev_signo = libc::SIGRTMIN();
                event.sigev_notify_thread_id = libc::gettid();
                event.sigev_value = libc::sigval {
                    sival_ptr: ptr::from_mut(timer).cast(),
                };
                libc::timer_create(libc::CLOCK_MONOTONIC, &mut event, &mut timer.id)
            };
            (made == 0).then_some(timer)
        }

        pub(super) fn start(&self) {
            self.since.store(processor_time(), Ordering::Relaxed);
            self.working.store(true, Ordering::Relaxed);
            self.set(WORK);
        }

        pub(super) fn stop(&self) {
            self.working.store(false, Ordering::Relaxed);
            self.set(0);
        }

        /// Goes off once after this time; never if that is 0.
        fn set(&self, nanoseconds: u64) {
            let when = libc::itimerspec {
                it_interval: time(0),
                it_value: time(nanoseconds),
            };
            // SAFETY: a timer of ours; may be called by the handler of a signal.
            unsafe { libc::timer_settime(self.id, 0, &when, ptr::null_mut()) };
        }

        /// It has gone off: the thread rests if somebody waits and it has not been waiting itself.
        fn over(&self) {
            if !self.working.load(Ordering::Relaxed) {
                return;
            }
            let worked = processor_time().saturating_sub(self.since.load(Ordering::Relaxed));
            let crowded = super::crowded();
            if crowded && worked < WORK * 3 / 4 {
                return self.set(WORK - worked);
            }
            if crowded {
                // SAFETY: may be called by the handler of a signal.
                unsafe { libc::nanosleep(&time(REST), ptr::null_mut()) };
            }
            self.since.store(processor_time(), Ordering::Relaxed);
            self.set(if crowded { WORK } else { LOOK });
        }
    }

    extern "C" fn handler(_: libc::c_int, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
        // SAFETY: the system's own record. Somebody else may send the signal too, but only timers have values.
        unsafe {
            if (*info).si_code != libc::SI_TIMER {
                return;
            }
            let errno = *libc::__errno_location();
            let timer = (*info).si_value().sival_ptr.cast_const().cast::<Timer>();
            (*timer).over();
            *libc::__errno_location() = errno;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    fn processor_time() -> Duration {
        let t = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        Duration::new(t.tv_sec as u64, t.tv_nsec as u32)
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn who_works_among_many_rests_half_of_the_time_and_goes_on() {
        let worked = std::thread::spawn(|| {
            let turns = Turns::new();
            // Nobody else works here: so that it rests there have to be many of them.
            WORKING.fetch_add(1 << 20, Ordering::Relaxed);
            let before = processor_time();
            turns.work(|| {
                let begun = Instant::now();
                while begun.elapsed() < Duration::from_millis(100) {
                    std::hint::spin_loop();
                }
            });
            WORKING.fetch_sub(1 << 20, Ordering::Relaxed);
            processor_time() - before
        })
        .join()
        .expect("a thread that works");
        // Other load makes it less, never more.
        assert!(worked < Duration::from_millis(75), "{worked:?}");
    }
}
