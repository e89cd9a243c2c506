//! A lock for what is read far more often than written: [`BiasedLock`], for ETS.
//!
//! Readers of an ordinary lock count themselves in one word, whose cache line then wanders between all processors. This
//! one can be *biased*: then a reader only notes the lock's address in a place of its own thread, which nobody else
//! writes. A writer takes the ordinary lock, ends the bias, and waits until no thread has the address in a place. After
//! some reads through the ordinary lock without a write in between the lock is biased again, so writing often does
//! not mean revoking often. (The idea is that of BRAVO, Dice and Kogan 2019, with one place per thread instead of a
//! table that all hash into.)
//!
//! Who is about to stay long reads by [`BiasedLock::read_long`]: writers wait for it asleep, where they wait for the
//! others by giving up the processor. Locks do not nest with themselves: a second read by the same thread waits for a
//! writer that waits for the first.
//!
//! Why no writer meets a reader. Let R be a reader by bias and W a writer.
//! - R writes its place (1), then reads the bias (2), and stays only if it is set. W, who has the ordinary lock, clears
//!   the bias (3), then reads all places (4). All four are sequentially consistent, so either (2) comes after (3), and R
//!   sees that there is no bias and turns to the ordinary lock, or (1) comes before (4), and W sees R and waits.
//! - The bias is set only under the ordinary lock held for reading, so not while a writer has it: between (3) and W's
//!   end nobody sets it.
//! - R sees what earlier writers did: who set the bias it saw had the ordinary lock after them, and stored with release
//!   what R loads with acquire. W sees R gone by a load with acquire of what R stored with release, so R's reads are over.
//! - A place that is written after (4) belongs to a reader that comes to (2) after (3), or to one of another lock.

use parking_lot::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::cell::Cell;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

/// Threads that can read by bias; others use the ordinary lock.
const THREADS: usize = 256;
/// Locks that a thread can read at once in this way.
const NESTED: usize = 2;
/// Reads without a write that a lock is biased after.
const PATIENCE: u32 = 32;

/// What a thread reads: addresses of locks, or zero. Alone in its cache lines: processors fetch lines in pairs.
#[repr(align(128))]
struct Places([AtomicUsize; NESTED]);

static PLACES: [Places; THREADS] =
    [const { Places([const { AtomicUsize::new(0) }; NESTED]) }; THREADS];
/// How many of them threads have taken.
static TAKEN: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// The number of this thread's places, if it has them. A thread keeps them: those that read are few and stay.
    static MINE: Cell<Option<&'static Places>> = const { Cell::new(None) };
}

#[cold]
fn take_places() -> Option<&'static Places> {
    let n = TAKEN
        .fetch_update(Ordering::SeqCst, Ordering::Relaxed, |n| {
            (n < THREADS).then_some(n + 1)
        })
        .ok()?;
    MINE.set(Some(&PLACES[n]));
    MINE.get()
}

/// A free place of this thread.
#[inline(always)]
fn free_place() -> Option<&'static AtomicUsize> {
    let mine = MINE.get().or_else(take_places)?;
    // Only this thread writes here.
    mine.0.iter().find(|p| p.load(Ordering::Relaxed) == 0)
}

/// See the module page.
#[derive(Debug)]
#[repr(align(64))]
pub struct BiasedLock<T> {
    biased: AtomicBool,
    /// Reads that are still to come until the lock is biased again; exactness does not matter.
    patience: AtomicU32,
    inner: RwLock<T>,
}

/// Who has this reads.
#[derive(Debug)]
pub struct ReadGuard<'l, T> {
    data: &'l T,
    held: Held<'l, T>,
}

#[derive(Debug)]
enum Held<'l, T> {
    Place(&'static AtomicUsize),
    /// Only kept.
    Lock {
        _guard: RwLockReadGuard<'l, T>,
    },
}

pub type WriteGuard<'l, T> = RwLockWriteGuard<'l, T>;

impl<T> Deref for ReadGuard<'_, T> {
    type Target = T;
    #[inline(always)]
    fn deref(&self) -> &T {
        self.data
    }
}

impl<T> Drop for ReadGuard<'_, T> {
    #[inline(always)]
    fn drop(&mut self) {
        if let Held::Place(place) = self.held {
            place.store(0, Ordering::Release);
        }
    }
}

impl<T> BiasedLock<T> {
    pub const fn new(data: T) -> BiasedLock<T> {
        BiasedLock {
            biased: AtomicBool::new(false),
            patience: AtomicU32::new(PATIENCE),
            inner: RwLock::new(data),
        }
    }

    #[inline(always)]
    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// For a short look.
    #[inline(always)]
    pub fn read(&self) -> ReadGuard<'_, T> {
        if self.biased.load(Ordering::Relaxed)
            && let Some(guard) = self.read_by_bias()
        {
            return guard;
        }
        self.read_and_count()
    }

    #[inline(always)]
    fn read_by_bias(&self) -> Option<ReadGuard<'_, T>> {
        let place = free_place()?;
        place.swap(self.address(), Ordering::SeqCst); // (1)
        if !self.biased.load(Ordering::SeqCst) {
            // (2)
            place.store(0, Ordering::Release);
            return None;
        }
        // SAFETY: the lock is biased and the place says so: as the module page has it, no writer has access until the
        // guard clears the place.
        let data = unsafe { &*self.inner.data_ptr() };
        Some(ReadGuard {
            data,
            held: Held::Place(place),
        })
    }

    #[inline(never)]
    fn read_and_count(&self) -> ReadGuard<'_, T> {
        let guard = self.read_long();
        match self.patience.load(Ordering::Relaxed) {
            0 => self.biased.store(true, Ordering::Release),
            n => self.patience.store(n - 1, Ordering::Relaxed),
        }
        guard
    }

    /// For a look that takes longer.
    pub fn read_long(&self) -> ReadGuard<'_, T> {
        let guard = self.inner.read();
        // SAFETY: the guard goes with the borrow: it is let go when the latter ends.
        let data = unsafe { &*self.inner.data_ptr() };
        ReadGuard {
            data,
            held: Held::Lock { _guard: guard },
        }
    }

    #[inline]
    pub fn write(&self) -> WriteGuard<'_, T> {
        let guard = self.inner.write();
        self.end_bias();
        guard
    }
    /// If nobody has the lock; readers by bias are waited for.
    #[inline]
    pub fn try_write(&self) -> Option<WriteGuard<'_, T>> {
        let guard = self.inner.try_write()?;
        self.end_bias();
        Some(guard)
    }

    /// For a writer that has the ordinary lock.
    #[inline(always)]
    fn end_bias(&self) {
        if self.patience.load(Ordering::Relaxed) != PATIENCE {
            self.patience.store(PATIENCE, Ordering::Relaxed);
        }
        // Set under the ordinary lock only, so this is what it is.
        if self.biased.load(Ordering::Relaxed) {
            self.revoke();
        }
    }

    #[cold]
    fn revoke(&self) {
        self.biased.store(false, Ordering::SeqCst); // (3)
        // A thread that takes its places later reads the bias after this.
        let taken = TAKEN.load(Ordering::SeqCst);
        for place in PLACES[..taken].iter().flat_map(|p| &p.0) {
            let mut tries = 0;
            // (4)
            while place.load(Ordering::SeqCst) == self.address() {
                tries += 1;
                if tries < 100 {
                    std::hint::spin_loop();
                } else {
                    std::thread::yield_now();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU64;

    /// Two numbers that are equal but while somebody writes.
    #[test]
    fn readers_never_meet_a_writer() {
        let (reads, writes) = if cfg!(miri) {
            (400, 20)
        } else {
            (60_000, 3000)
        };
        let lock = BiasedLock::new((0u64, 0u64));
        let (other, by_bias) = (BiasedLock::new(7u64), AtomicU64::new(0));
        std::thread::scope(|s| {
            for reader in 0..3u64 {
                let (lock, other, by_bias) = (&lock, &other, &by_bias);
                s.spawn(move || {
                    for n in 0..reads {
                        let outer = (n % 3 == 0).then(|| other.read());
                        let pair = if (n + reader) % 50 == 0 {
                            lock.read_long()
                        } else {
                            lock.read()
                        };
                        let first = std::hint::black_box(pair.0);
                        assert_eq!(first, std::hint::black_box(pair.1));
                        let fast = matches!(pair.held, Held::Place(_));
                        by_bias.fetch_add(u64::from(fast), Ordering::Relaxed);
                        assert!(outer.is_none_or(|o| *o == 7));
                    }
                });
            }
            for _ in 0..2 {
                s.spawn(|| {
                    for n in 0..writes {
                        let mut pair = match n % 2 {
                            0 => Some(lock.write()),
                            _ => lock.try_write(),
                        };
                        if let Some(p) = &mut pair {
                            p.0 += 1;
                            std::hint::black_box(&mut **p);
                            p.1 += 1;
                        }
                        drop(pair);
                        (0..n % 400 * 10).for_each(|_| std::hint::spin_loop());
                    }
                });
            }
        });
        assert!(by_bias.into_inner() > 0);
        let pair = lock.write();
        assert!(pair.0 == pair.1 && pair.0 >= writes);
    }

    #[test]
    fn what_is_only_read_is_biased_until_it_is_written() {
        let lock = BiasedLock::new(1);
        let is_biased = || matches!(lock.read().held, Held::Place(_));
        assert!((0..PATIENCE).all(|_| !is_biased()));
        lock.read();
        assert!(is_biased());
        // Places are few: the third lock is read in the ordinary way.
        let (a, b, c) = (lock.read(), lock.read(), lock.read());
        assert!(matches!(b.held, Held::Place(_)) && matches!(c.held, Held::Lock { .. }));
        drop((a, b, c));
        *lock.write() = 2;
        assert!(!is_biased());
        assert_eq!(*lock.read(), 2);
    }
}
