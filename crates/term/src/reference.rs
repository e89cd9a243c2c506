//! References: their numbers, where new ones come from, and magic references that keep an engine object
//! (an ETS table, an atomics array, prepared code, …) alive as long as a term refers to it.

use std::any::{Any, TypeId};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The three numbers of a local reference. Number 2 is the most significant one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RefNumbers {
    /// Numbers 2, then 1, then 0: so that the derived order is the order of terms.
    n2: u32,
    n1: u32,
    n0: u32,
}

/// Bits of number 0: it carries 18.
const NUMBER0_BITS: u32 = 18;
/// References a thread takes from the common counter at a time.
const BATCH: u64 = 1 << 16;

static NEXT: AtomicU64 = AtomicU64::new(0);

impl RefNumbers {
    pub const fn new(n0: u32, n1: u32, n2: u32) -> RefNumbers {
        RefNumbers { n2, n1, n0 }
    }

    /// A reference that was never made before on this node.
    pub fn fresh() -> RefNumbers {
        thread_local! {
            static RANGE: std::cell::Cell<(u64, u64)> = const { std::cell::Cell::new((0, 0)) };
        }
        RANGE.with(|r| {
            let (mut next, mut end) = r.get();
            if next == end {
                next = NEXT.fetch_add(BATCH, Ordering::Relaxed);
                end = next + BATCH;
            }
            r.set((next + 1, end));
            RefNumbers::from_counter(next)
        })
    }

    fn from_counter(c: u64) -> RefNumbers {
        // The counter is scrambled into the upper numbers at start only by its seed; what matters is that
        // all 82 bits together never repeat.
        let n0 = (c & ((1 << NUMBER0_BITS) - 1)) as u32;
        let rest = (c >> NUMBER0_BITS).wrapping_add(SEED.load(Ordering::Relaxed));
        RefNumbers {
            n0,
            n1: rest as u32,
            n2: (rest >> 32) as u32,
        }
    }

    pub const fn numbers(self) -> [u32; 3] {
        [self.n0, self.n1, self.n2]
    }
    pub(crate) const fn low(self) -> u64 {
        self.n0 as u64 | ((self.n1 as u64) << 32)
    }
    pub(crate) const fn high(self) -> u64 {
        self.n2 as u64
    }
    pub(crate) const fn from_words(low: u64, high: u64) -> RefNumbers {
        RefNumbers {
            n0: low as u32,
            n1: (low >> 32) as u32,
            n2: high as u32,
        }
    }
}

static SEED: AtomicU64 = AtomicU64::new(0);

/// Sets where numbers start, so that references of an earlier life of the node are not met again.
pub fn seed(seed: u64) {
    SEED.store(seed, Ordering::Relaxed);
}

/// An engine object behind a reference.
pub struct Magic {
    numbers: RefNumbers,
    /// The type of `value`: asked for in each call of some functions.
    kind: TypeId,
    value: Box<dyn Any + Send + Sync>,
}

impl std::fmt::Debug for Magic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Magic{:?}", self.numbers)
    }
}

impl Magic {
    pub fn new<T: Any + Send + Sync>(value: T) -> Arc<Magic> {
        Arc::new(Magic {
            numbers: RefNumbers::fresh(),
            kind: TypeId::of::<T>(),
            value: Box::new(value),
        })
    }
    pub fn numbers(&self) -> RefNumbers {
        self.numbers
    }
    /// The object, if it is of this type.
    #[inline]
    pub fn get<T: Any>(&self) -> Option<&T> {
        let value: *const (dyn Any + Send + Sync) = &*self.value;
        // SAFETY: `new` has noted the type of the value, which is borrowed with `self`.
        (self.kind == TypeId::of::<T>()).then(|| unsafe { &*value.cast::<T>() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fresh_references_differ_and_grow() {
        let a = RefNumbers::fresh();
        let b = RefNumbers::fresh();
        assert_ne!(a, b);
        assert_eq!(RefNumbers::from_words(a.low(), a.high()), a);
    }
}
