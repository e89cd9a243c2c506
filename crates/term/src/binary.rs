//! Bytes: reference-counted binaries off the heap, and the view of any bit string's bits.

use crate::Term;
use std::alloc::{self, Layout};
use std::marker::PhantomData;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicUsize, Ordering};

/// What an off-heap binary starts with; the bytes follow.
///
/// Bytes below `used` never change once written. Bytes above belong to whoever raises `used`: that is
/// how `<<Acc/binary, …>>` appends in place, safely even when several processes share the binary.
#[derive(Debug)]
#[repr(C)]
pub struct Shared {
    references: AtomicUsize,
    /// Bits that are in use.
    used: AtomicUsize,
    /// Bytes there is room for.
    capacity: usize,
}

/// One counted reference to an off-heap binary.
#[derive(Debug)]
pub struct Binary(NonNull<Shared>);

// SAFETY: counts are atomic, bytes below `used` are immutable.
unsafe impl Send for Binary {}
// SAFETY: as above.
unsafe impl Sync for Binary {}

static TOTAL_BYTES: AtomicUsize = AtomicUsize::new(0);

/// Bytes held by all off-heap binaries of the node.
pub fn total_bytes() -> usize {
    TOTAL_BYTES.load(Ordering::Relaxed)
}

/// Ends the node as the reference engine does when there is no memory for a binary.
fn out_of_memory(bytes: usize) -> ! {
    crate::heap::fatal(&format!(
        "binary_alloc: Cannot allocate {bytes} bytes of memory (of type \"binary\")."
    ))
}

impl Binary {
    fn layout(capacity: usize) -> Layout {
        Layout::from_size_align(size_of::<Shared>().saturating_add(capacity), 8)
            .unwrap_or_else(|_| out_of_memory(capacity))
    }

    /// A binary with room for `capacity` bytes, `used` bits of which count as written. The bytes are zero.
    pub fn zeroed(capacity: usize, used_bits: usize) -> Binary {
        assert!(used_bits <= capacity * 8);
        let layout = Binary::layout(capacity);
        // SAFETY: the layout is not empty; the header is written before anyone sees it.
        unsafe {
            let p = crate::memory::attempt(|| alloc::alloc_zeroed(layout)).cast::<Shared>();
            let Some(p) = NonNull::new(p) else {
                out_of_memory(capacity)
            };
            p.write(Shared {
                references: AtomicUsize::new(1),
                used: AtomicUsize::new(used_bits),
                capacity,
            });
            TOTAL_BYTES.fetch_add(capacity, Ordering::Relaxed);
            Binary(p)
        }
    }

    /// A binary with room for `capacity` bytes, filled by `f`, which gets zeroed bytes and tells how many of
    /// them it has written. `None` when there is no memory for it.
    pub fn filled<E>(
        capacity: usize,
        f: impl FnOnce(&mut [u8]) -> Result<usize, E>,
    ) -> Option<Result<Binary, E>> {
        let layout = Layout::from_size_align(size_of::<Shared>().checked_add(capacity)?, 8).ok()?;
        // SAFETY: the layout is not empty.
        let p = crate::memory::attempt(|| unsafe { alloc::alloc_zeroed(layout) });
        let p = NonNull::new(p.cast::<Shared>())?;
        // SAFETY: the header is written before anyone sees it.
        unsafe {
            p.write(Shared {
                references: AtomicUsize::new(1),
                used: AtomicUsize::new(0),
                capacity,
            });
        }
        TOTAL_BYTES.fetch_add(capacity, Ordering::Relaxed);
        let binary = Binary(p);
        // SAFETY: the bytes are initialised (zero) and nobody else has the binary.
        let bytes = unsafe { std::slice::from_raw_parts_mut(binary.as_mut_ptr(), capacity) };
        Some(f(bytes).map(|n| {
            let used = n.min(capacity) * 8;
            binary.shared().used.store(used, Ordering::Release);
            binary
        }))
    }

    /// `n` copies of `bytes` behind each other; the size of that does not overflow.
    pub fn of_copies(bytes: &[u8], n: usize) -> Binary {
        let size = bytes.len() * n;
        let b = Binary::zeroed(size, size * 8);
        if !bytes.is_empty() {
            // SAFETY: the bytes are initialised (zero) and nobody else has the binary.
            let to = unsafe { std::slice::from_raw_parts_mut(b.as_mut_ptr(), size) };
            // What is there is doubled, so that copies of few bytes are no slower than of many.
            let mut done = bytes.len().min(size);
            to[..done].copy_from_slice(&bytes[..done]);
            while done < size {
                let piece = done.min(size - done);
                let (from, rest) = to.split_at_mut(done);
                rest[..piece].copy_from_slice(&from[..piece]);
                done += piece;
            }
        }
        b
    }

    pub fn from_bytes(bytes: &[u8]) -> Binary {
        let b = Binary::zeroed(bytes.len(), bytes.len() * 8);
        // SAFETY: fresh, with room for exactly these bytes.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), b.as_mut_ptr(), bytes.len()) };
        b
    }

    #[inline]
    fn shared(&self) -> &Shared {
        // SAFETY: the reference that we count keeps it alive.
        unsafe { self.0.as_ref() }
    }
    #[inline]
    pub fn as_ptr(&self) -> *const u8 {
        self.as_mut_ptr()
    }
    /// Where the bytes lie. Writing is for whoever made the binary, or claimed the bits with [`Binary::claim`].
    #[inline]
    pub fn as_mut_ptr(&self) -> *mut u8 {
        // SAFETY: the bytes follow the header.
        unsafe { self.0.as_ptr().add(1).cast() }
    }
    /// Bytes in use, rounded up.
    #[inline]
    pub fn len(&self) -> usize {
        self.shared().used.load(Ordering::Acquire).div_ceil(8)
    }
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    #[inline]
    pub fn used_bits(&self) -> usize {
        self.shared().used.load(Ordering::Acquire)
    }
    #[inline]
    pub fn capacity(&self) -> usize {
        self.shared().capacity
    }
    pub fn references(&self) -> usize {
        self.shared().references.load(Ordering::Relaxed)
    }
    pub fn as_bytes(&self) -> &[u8] {
        // SAFETY: bytes below `used` are initialised and never change.
        unsafe { std::slice::from_raw_parts(self.as_ptr(), self.len()) }
    }

    /// Claims `more` bits right behind bit `end`, if that is where the written bits end and there is room.
    /// The caller then writes exactly these bits.
    #[inline]
    pub fn claim(&self, end: usize, more: usize) -> bool {
        let s = self.shared();
        if end + more > s.capacity * 8 {
            return false;
        }
        if s.references.load(Ordering::Acquire) == 1 {
            // Nobody else has it, and nobody else can get it meanwhile.
            let last = s.used.load(Ordering::Relaxed) == end;
            if last {
                s.used.store(end + more, Ordering::Release);
            }
            return last;
        }
        s.used
            .compare_exchange(end, end + more, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok()
    }

    #[inline]
    pub fn into_raw(self) -> *mut Shared {
        let p = self.0.as_ptr();
        std::mem::forget(self);
        p
    }
    /// # Safety
    /// `p` came from [`Binary::into_raw`] and carries one count.
    #[inline]
    pub unsafe fn from_raw(p: *mut Shared) -> Binary {
        // SAFETY: pointers of `into_raw` are not null.
        Binary(unsafe { NonNull::new_unchecked(p) })
    }
    /// Another reference to what `p` points to, without taking its count.
    ///
    /// # Safety
    /// `p` points to a live binary.
    pub unsafe fn clone_raw(p: *mut Shared) -> Binary {
        // SAFETY: the binary is alive, so its count is at least one.
        unsafe {
            (*p).references.fetch_add(1, Ordering::Relaxed);
            Binary(NonNull::new_unchecked(p))
        }
    }
}

impl Clone for Binary {
    fn clone(&self) -> Binary {
        // SAFETY: we hold a count.
        unsafe { Binary::clone_raw(self.0.as_ptr()) }
    }
}

impl Drop for Binary {
    fn drop(&mut self) {
        if self.shared().references.fetch_sub(1, Ordering::Release) != 1 {
            return;
        }
        // Orders what others did to the bytes before; a load, as checkers of races know no fences.
        self.shared().references.load(Ordering::Acquire);
        let capacity = self.shared().capacity;
        TOTAL_BYTES.fetch_sub(capacity, Ordering::Relaxed);
        // SAFETY: that was the last reference; same layout as at allocation.
        unsafe { alloc::dealloc(self.0.as_ptr().cast(), Binary::layout(capacity)) }
    }
}

/// The bits of a bit string: `size` bits from bit `start` of the bytes at `base`.
#[derive(Debug, Clone, Copy)]
pub struct Bits<'h> {
    base: *const u8,
    pub start: usize,
    pub size: usize,
    /// The bin ref or heap bits that holds the bytes.
    pub orig: Term<'h>,
    marker: PhantomData<&'h [u8]>,
}

impl<'h> Bits<'h> {
    /// # Safety
    /// Bits `start..start + size` at `base` are initialised, immutable and live as long as `'h`.
    #[inline]
    pub unsafe fn new(base: *const u8, start: usize, size: usize, orig: Term<'h>) -> Bits<'h> {
        Bits {
            base,
            start,
            size,
            orig,
            marker: PhantomData,
        }
    }
    #[inline]
    pub fn base(&self) -> *const u8 {
        self.base
    }
    /// Whether the size is whole bytes, that is, whether this is a binary.
    #[inline]
    pub fn is_binary(&self) -> bool {
        self.size.is_multiple_of(8)
    }
    /// The bytes, if the bits start at a byte's border and are whole bytes.
    #[inline]
    pub fn as_bytes(&self) -> Option<&'h [u8]> {
        if !self.start.is_multiple_of(8) || !self.size.is_multiple_of(8) {
            return None;
        }
        // SAFETY: by the promise made to `new`.
        Some(unsafe { std::slice::from_raw_parts(self.base.add(self.start / 8), self.size / 8) })
    }
    /// The reference-counted binary that holds the bytes, if they are off the heap.
    pub fn counted(&self) -> Option<Binary> {
        if self.orig.boxed_header()? != crate::layout::HEADER_BIN_REF {
            return None;
        }
        // SAFETY: a bin ref owns a count of the binary that its first word points to.
        unsafe { Some(Binary::clone_raw(*self.orig.pointer().add(1) as *mut Shared)) }
    }
    /// The bytes, copied and shifted when they do not start at a byte's border. A last partial byte is
    /// padded with zero bits.
    pub fn to_bytes(&self) -> std::borrow::Cow<'h, [u8]> {
        if let Some(b) = self.as_bytes() {
            return b.into();
        }
        let n = self.size.div_ceil(8);
        let mut out: Vec<u8> = (0..n).map(|i| self.byte(i)).collect();
        if !self.size.is_multiple_of(8)
            && let Some(last) = out.last_mut()
        {
            *last &= 0xFF << (8 - self.size % 8);
        }
        out.into()
    }
    /// Byte `i` counted from `start`; bits beyond the end are undefined, those read are in bounds.
    #[inline]
    pub fn byte(&self, i: usize) -> u8 {
        let bit = self.start + i * 8;
        let shift = bit % 8;
        // SAFETY: the first byte holds a bit of ours; the second is read only if it does too.
        unsafe {
            let high = *self.base.add(bit / 8);
            if shift == 0 {
                return high;
            }
            let end = self.start + self.size;
            let low = if (bit / 8 + 1) * 8 < end {
                *self.base.add(bit / 8 + 1)
            } else {
                0
            };
            (high << shift) | (low >> (8 - shift))
        }
    }
    /// Bit `i`.
    pub fn bit(&self, i: usize) -> bool {
        let bit = self.start + i;
        debug_assert!(i < self.size);
        // SAFETY: in bounds.
        unsafe { *self.base.add(bit / 8) >> (7 - bit % 8) & 1 == 1 }
    }
    /// Bits `from..from + size` of these.
    #[inline]
    pub fn slice(&self, from: usize, size: usize) -> Bits<'h> {
        assert!(from + size <= self.size, "slice outside the bit string");
        Bits {
            start: self.start + from,
            size,
            ..*self
        }
    }
}

/// What introspection tells of one off-heap binary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OffHeapInfo {
    pub address: u64,
    /// Room that it has.
    pub bytes: usize,
    pub references: usize,
}

/// The off-heap binaries that a term refers to, each slice counted.
pub fn off_heap_of(t: Term<'_>) -> Vec<OffHeapInfo> {
    let (mut out, mut stack) = (Vec::new(), vec![t]);
    while let Some(t) = stack.pop() {
        if let Some((h, rest)) = t.as_cons() {
            stack.extend([h, rest]);
        } else if let Some(bits) = t.as_bits() {
            out.extend(off_heap_info(bits.orig));
        } else if let Some(e) = t.as_tuple() {
            stack.extend(e);
        } else if let Some(f) = t.as_fun() {
            stack.extend(f.free);
        } else if t.is_map() {
            stack.extend(crate::map::iter(t).flat_map(|(k, v)| [k, v]));
        }
    }
    out
}

fn off_heap_info(orig: Term<'_>) -> Option<OffHeapInfo> {
    if orig.boxed_header()? != crate::layout::HEADER_BIN_REF {
        return None;
    }
    // SAFETY: a bin ref owns a count of the binary it points to.
    let b = unsafe {
        std::mem::ManuallyDrop::new(Binary::from_raw(*orig.pointer().add(1) as *mut Shared))
    };
    Some(OffHeapInfo {
        address: b.as_ptr() as u64,
        bytes: b.capacity(),
        references: b.references(),
    })
}
