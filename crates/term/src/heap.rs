//! Where terms are allocated: a bump area, then fragments, then the list of off-heap objects.
//!
//! One concrete type serves processes (the bump area is the free part of the heap block), messages, ETS
//! rows, literal areas and scratch space (no bump area, all in fragments). Allocation takes `&self`, never
//! moves and never frees, so terms made here are valid as long as the heap is borrowed. Only the owner,
//! with `&mut` or inside the collector, empties or merges a heap.
//!
//! Off-heap objects (bin refs and magic references) of a heap form a list through their last word; the
//! collector sweeps it, and dropping a heap releases what is on it.

use crate::binary::Binary;
use crate::layout::{self, *};
use crate::reference::{Magic, RefNumbers};
use crate::usage::{self, Use};
use crate::{Atom, Term};
use std::cell::Cell;
use std::ptr;

/// A block of words outside the heap block. The words follow this header in memory.
#[derive(Debug)]
#[repr(C)]
pub struct Fragment {
    /// The fragment taken before this one.
    pub next: *mut Fragment,
    /// Words there is room for.
    pub capacity: usize,
    /// Words taken; everything below is complete objects.
    pub used: usize,
}

const FRAGMENT_HEADER: usize = size_of::<Fragment>() / 8;

impl Fragment {
    fn layout(capacity: usize) -> std::alloc::Layout {
        std::alloc::Layout::array::<Word>(capacity + FRAGMENT_HEADER)
            .unwrap_or_else(|_| out_of_memory(capacity))
    }

    /// Allocates a fragment of `capacity` words.
    pub fn allocate(capacity: usize) -> *mut Fragment {
        let layout = Fragment::layout(capacity);
        // SAFETY: the layout is not empty; the header is written before use.
        unsafe {
            let f = crate::memory::attempt(|| std::alloc::alloc(layout)).cast::<Fragment>();
            if f.is_null() {
                out_of_memory(capacity);
            }
            usage::add(Use::Heaps, layout.size() as isize);
            f.write(Fragment {
                next: ptr::null_mut(),
                capacity,
                used: 0,
            });
            f
        }
    }

    /// # Safety
    /// `f` came from [`Fragment::allocate`] and nothing refers to its words.
    pub unsafe fn free(f: *mut Fragment) {
        // SAFETY: same layout as at allocation, by the caller's promise.
        unsafe {
            let layout = Fragment::layout((*f).capacity);
            usage::add(Use::Heaps, -(layout.size() as isize));
            std::alloc::dealloc(f.cast(), layout)
        }
    }

    /// First word.
    ///
    /// # Safety
    /// `f` is a live fragment.
    #[inline]
    pub unsafe fn words(f: *mut Fragment) -> *mut Word {
        // SAFETY: the words lie right behind the header.
        unsafe { f.cast::<Word>().add(FRAGMENT_HEADER) }
    }
}

/// Ends the node as the reference engine does when there is no memory for this many words of a heap.
pub fn out_of_memory(words: usize) -> ! {
    fatal(&format!(
        "eheap_alloc: Cannot allocate {} bytes of memory (of type \"heap\").",
        words.saturating_mul(8)
    ))
}

/// Called on conditions that end the node; the engine installs a hook that writes a crash dump.
pub fn fatal(slogan: &str) -> ! {
    if let Some(hook) = FATAL.get() {
        hook(slogan);
    }
    eprintln!("{slogan}");
    std::process::abort()
}

/// The hook of [`fatal`]; set once by the engine.
pub static FATAL: std::sync::OnceLock<fn(&str)> = std::sync::OnceLock::new();

/// See the module page.
#[derive(Debug)]
pub struct Heap {
    top: Cell<*mut Word>,
    limit: Cell<*mut Word>,
    fragments: Cell<*mut Fragment>,
    fragment_words: Cell<usize>,
    off_heap: Cell<*mut Word>,
    /// Bytes that bin refs of this heap hold since the last collection (the virtual binary heap).
    off_heap_bytes: Cell<usize>,
}

// SAFETY: a heap owns all it points to; it is not Sync, so one thread at a time uses it.
unsafe impl Send for Heap {}

impl Default for Heap {
    fn default() -> Heap {
        Heap::new()
    }
}

impl Heap {
    /// An empty heap without a bump area.
    pub const fn new() -> Heap {
        Heap {
            top: Cell::new(ptr::null_mut()),
            limit: Cell::new(ptr::null_mut()),
            fragments: Cell::new(ptr::null_mut()),
            fragment_words: Cell::new(0),
            off_heap: Cell::new(ptr::null_mut()),
            off_heap_bytes: Cell::new(0),
        }
    }

    /// Drops all terms; some of the room for them is kept. For heaps without a bump area.
    #[inline]
    pub fn clear(&mut self) {
        debug_assert!(self.top.get().is_null());
        let first = self.fragments.get();
        if !first.is_null() {
            self.clear_fragments(first);
        }
    }
    fn clear_fragments(&mut self, first: *mut Fragment) {
        // SAFETY: the heap is borrowed mutably, so no term of it is alive; fragments on the list are live and ours.
        unsafe {
            release_off_heap(self.off_heap.replace(ptr::null_mut()));
            self.off_heap_bytes.set(0);
            let mut f = std::mem::replace(&mut (*first).next, ptr::null_mut());
            while !f.is_null() {
                let next = (*f).next;
                Fragment::free(f);
                f = next;
            }
            (*first).used = 0;
            self.fragment_words.set((*first).capacity);
        }
    }

    /// A heap with one fragment of `words` words.
    pub fn with_capacity(words: usize) -> Heap {
        let heap = Heap::new();
        if words > 0 {
            heap.add_fragment(words);
        }
        heap
    }

    /// Makes the first `words` words of a fresh fragment the bump area: taking them is quicker so. What does not fit goes
    /// to fragments as always. [`Heap::close_area`] ends it.
    pub(crate) fn open_area(&self) -> *mut Fragment {
        let f = self.fragments.get();
        // SAFETY: fragments on the list are live and ours.
        unsafe {
            debug_assert!(!f.is_null() && (*f).used == 0);
            let at = Fragment::words(f);
            self.top.set(at);
            self.limit.set(at.add((*f).capacity));
            (*f).used = (*f).capacity;
        }
        f
    }
    /// Ends what [`Heap::open_area`] began with fragment `f`.
    pub(crate) fn close_area(&self, f: *mut Fragment) {
        let top = self.top.replace(ptr::null_mut());
        self.limit.set(ptr::null_mut());
        // SAFETY: the area lies in `f`, which is live and ours.
        unsafe { (*f).used = top.offset_from(Fragment::words(f)) as usize };
    }

    /// Takes `words` words; their contents are undefined until written.
    #[inline(always)]
    pub fn alloc(&self, words: usize) -> *mut Word {
        let top = self.top.get();
        if (self.limit.get() as usize).wrapping_sub(top as usize) >= words * 8 {
            self.top.set(top.wrapping_add(words));
            top
        } else {
            self.alloc_in_fragment(words)
        }
    }

    #[cold]
    #[inline(never)]
    fn alloc_in_fragment(&self, words: usize) -> *mut Word {
        let f = self.fragments.get();
        // SAFETY: fragments on the list are live and ours.
        unsafe {
            if f.is_null() || (*f).capacity - (*f).used < words {
                self.add_fragment(words.max((self.fragment_words.get() / 2).clamp(32, 1 << 16)));
            }
            let f = self.fragments.get();
            let at = Fragment::words(f).add((*f).used);
            (*f).used += words;
            at
        }
    }

    fn add_fragment(&self, capacity: usize) {
        let f = Fragment::allocate(capacity);
        // SAFETY: fresh and ours.
        unsafe { (*f).next = self.fragments.get() };
        self.fragments.set(f);
        self.fragment_words
            .set(self.fragment_words.get() + capacity);
    }

    /// The bump area: next free word and end. The interpreter and the collector move them.
    #[inline(always)]
    pub fn top(&self) -> *mut Word {
        self.top.get()
    }
    #[inline(always)]
    pub fn limit(&self) -> *mut Word {
        self.limit.get()
    }
    /// Sets the bump area.
    ///
    /// # Safety
    /// `top..limit` is free memory that this heap may hand out.
    #[inline(always)]
    pub unsafe fn set_area(&self, top: *mut Word, limit: *mut Word) {
        self.top.set(top);
        self.limit.set(limit);
    }

    /// Whether anything was allocated outside the bump area.
    #[inline(always)]
    pub fn has_fragments(&self) -> bool {
        !self.fragments.get().is_null()
    }
    /// Words in fragments (capacity).
    pub fn fragment_words(&self) -> usize {
        self.fragment_words.get()
    }
    pub fn fragments(&self) -> *mut Fragment {
        self.fragments.get()
    }
    /// Takes all fragments from the heap; the caller frees them.
    pub fn take_fragments(&self) -> *mut Fragment {
        self.fragment_words.set(0);
        self.fragments.replace(ptr::null_mut())
    }

    pub fn off_heap(&self) -> *mut Word {
        self.off_heap.get()
    }
    /// Replaces the off-heap list, as the collector does after a sweep.
    pub fn set_off_heap(&self, list: *mut Word, bytes: usize) {
        self.off_heap.set(list);
        self.off_heap_bytes.set(bytes);
    }
    pub fn off_heap_bytes(&self) -> usize {
        self.off_heap_bytes.get()
    }

    /// Puts a bin ref or magic reference on the off-heap list.
    ///
    /// # Safety
    /// `object` is a complete object of this heap that is on no list.
    pub unsafe fn link_off_heap(&self, object: *mut Word, bytes: usize) {
        // SAFETY: by the caller's promise.
        unsafe { *layout::off_heap_link(object) = self.off_heap.get() as Word };
        self.off_heap.set(object);
        self.off_heap_bytes.set(self.off_heap_bytes.get() + bytes);
    }

    /// A heap of these fragments and off-heap objects.
    ///
    /// # Safety
    /// The lists are complete, belong together and are nobody else's from now on.
    pub unsafe fn from_parts(
        fragments: *mut Fragment,
        off_heap: *mut Word,
        off_heap_bytes: usize,
    ) -> Heap {
        let heap = Heap::new();
        let (mut f, mut words) = (fragments, 0);
        while !f.is_null() {
            // SAFETY: fragments on the list are live.
            unsafe {
                words += (*f).capacity;
                f = (*f).next;
            }
        }
        heap.fragments.set(fragments);
        heap.fragment_words.set(words);
        heap.set_off_heap(off_heap, off_heap_bytes);
        heap
    }

    /// Fragments, off-heap list and its bytes; the caller owns them now.
    pub fn into_parts(self) -> (*mut Fragment, *mut Word, usize) {
        let parts = (
            self.take_fragments(),
            self.off_heap.get(),
            self.off_heap_bytes.get(),
        );
        self.set_off_heap(ptr::null_mut(), 0);
        parts
    }

    /// Takes over everything that `other` holds outside a bump area, as a receiver adopts a message.
    pub fn adopt(&self, other: Heap) {
        debug_assert!(
            other.top.get().is_null(),
            "only heaps without a bump area can be adopted"
        );
        self.fragment_words
            .set(self.fragment_words.get() + other.fragment_words.get());
        self.off_heap_bytes
            .set(self.off_heap_bytes.get() + other.off_heap_bytes.get());
        let list = other.fragments.replace(ptr::null_mut());
        if !list.is_null() {
            // SAFETY: both lists are ours now.
            unsafe {
                let mut last = list;
                while !(*last).next.is_null() {
                    last = (*last).next;
                }
                (*last).next = self.fragments.get();
            }
            // Room left in the adopted fragment is not used: ours stays in front while it has some.
            self.fragments.set(list);
        }
        let list = other.off_heap.replace(ptr::null_mut());
        if !list.is_null() {
            // SAFETY: as above; links of off-heap objects are valid until swept.
            unsafe {
                let mut last = list;
                loop {
                    let next = *layout::off_heap_link(last) as *mut Word;
                    if next.is_null() {
                        break;
                    }
                    last = next;
                }
                *layout::off_heap_link(last) = self.off_heap.get() as Word;
            }
            self.off_heap.set(list);
        }
    }

    /// Words handed out in fragments.
    pub fn used_fragment_words(&self) -> usize {
        let (mut f, mut n) = (self.fragments.get(), 0);
        while !f.is_null() {
            // SAFETY: fragments on the list are live.
            unsafe {
                n += (*f).used;
                f = (*f).next;
            }
        }
        n
    }

    // ---- building terms ----

    #[inline]
    pub fn cons<'h>(&'h self, head: Term<'h>, tail: Term<'h>) -> Term<'h> {
        let p = self.alloc(2);
        // SAFETY: two fresh words.
        unsafe {
            *p = head.raw();
            *p.add(1) = tail.raw();
            Term::from_raw(p as Word | PRIMARY_LIST)
        }
    }

    #[inline]
    pub fn tuple<'h>(&'h self, elements: &[Term<'h>]) -> Term<'h> {
        let p = self.alloc(elements.len() + 1);
        // SAFETY: fresh words, as many as written.
        unsafe {
            *p = header(sub::TUPLE, elements.len());
            for (i, e) in elements.iter().enumerate() {
                *p.add(i + 1) = e.raw();
            }
            Term::from_raw(p as Word | PRIMARY_BOXED)
        }
    }

    /// A native record; see [`crate::record`].
    pub(crate) fn record<'h>(
        &'h self,
        definition: Term<'h>,
        values: impl ExactSizeIterator<Item = Term<'h>>,
    ) -> Term<'h> {
        let n = values.len();
        let p = self.alloc(n + 2);
        // SAFETY: fresh words; whatever the iterator gives, each becomes a term.
        unsafe {
            *p = header(sub::RECORD, n + 1);
            *p.add(1) = definition.raw();
            for (i, v) in values
                .chain(std::iter::repeat(Term::NIL))
                .take(n)
                .enumerate()
            {
                *p.add(i + 2) = v.raw();
            }
            Term::from_raw(p as Word | PRIMARY_BOXED)
        }
    }

    /// A proper list of the elements, in their order.
    pub fn list<'h>(&'h self, elements: &[Term<'h>]) -> Term<'h> {
        self.list_with_tail(elements, Term::NIL)
    }

    pub fn list_with_tail<'h>(&'h self, elements: &[Term<'h>], tail: Term<'h>) -> Term<'h> {
        elements.iter().rev().fold(tail, |t, e| self.cons(*e, t))
    }

    /// A list of small integers: a string.
    pub fn string<'h>(&'h self, characters: impl DoubleEndedIterator<Item = u32>) -> Term<'h> {
        characters
            .rev()
            .fold(Term::NIL, |t, c| self.cons(Term::small(i64::from(c)), t))
    }

    pub fn latin1_string<'h>(&'h self, bytes: &[u8]) -> Term<'h> {
        self.string(bytes.iter().map(|b| u32::from(*b)))
    }

    #[inline]
    pub fn float(&self, value: f64) -> Term<'_> {
        let p = self.alloc(2);
        // SAFETY: two fresh words.
        unsafe {
            *p = HEADER_FLOAT;
            *p.add(1) = value.to_bits();
            Term::from_raw(p as Word | PRIMARY_BOXED)
        }
    }

    #[inline]
    pub fn int(&self, value: i64) -> Term<'_> {
        if (SMALL_MIN..=SMALL_MAX).contains(&value) {
            Term::small(value)
        } else {
            self.big(value < 0, &[value.unsigned_abs()])
        }
    }

    #[inline]
    pub fn uint(&self, value: u64) -> Term<'_> {
        if value <= SMALL_MAX as u64 {
            Term::small(value as i64)
        } else {
            self.big(false, &[value])
        }
    }

    #[inline]
    pub fn int128(&self, value: i128) -> Term<'_> {
        match i64::try_from(value) {
            Ok(v) if (SMALL_MIN..=SMALL_MAX).contains(&v) => Term::small(v),
            Ok(v) => {
                let p = self.alloc(2);
                // SAFETY: two fresh words.
                unsafe {
                    *p = header(if v < 0 { sub::NEG_BIG } else { sub::POS_BIG }, 1);
                    *p.add(1) = v.unsigned_abs();
                    Term::from_raw(p as Word | PRIMARY_BOXED)
                }
            }
            Err(_) => {
                let m = value.unsigned_abs();
                self.big(value < 0, &[m as u64, (m >> 64) as u64])
            }
        }
    }

    /// An integer of sign and limbs (least significant first); leading zero limbs are dropped and what
    /// fits a small becomes one. The caller checks `BIG_MAX_LIMBS`.
    pub fn big(&self, negative: bool, limbs: &[u64]) -> Term<'_> {
        let n = limbs.iter().rposition(|l| *l != 0).map_or(0, |i| i + 1);
        if n == 0 {
            return Term::small(0);
        }
        if n == 1 {
            let v = limbs[0];
            if !negative && v <= SMALL_MAX as u64 {
                return Term::small(v as i64);
            }
            if negative && v <= SMALL_MAX as u64 + 1 {
                return Term::small((v as i64).wrapping_neg());
            }
        }
        let p = self.alloc(n + 1);
        // SAFETY: n + 1 fresh words.
        unsafe {
            *p = header(if negative { sub::NEG_BIG } else { sub::POS_BIG }, n);
            ptr::copy_nonoverlapping(limbs.as_ptr(), p.add(1), n);
            Term::from_raw(p as Word | PRIMARY_BOXED)
        }
    }

    /// A binary with these bytes: on the heap up to 64 bytes, reference counted above.
    pub fn binary(&self, bytes: &[u8]) -> Term<'_> {
        if bytes.len() <= HEAP_BITS_MAX_BYTES {
            self.heap_bits(bytes, bytes.len() * 8)
        } else {
            self.refc_binary(Binary::from_bytes(bytes), 0, bytes.len() * 8)
        }
    }

    /// A binary of `n` copies of `bytes`; the size of that does not overflow.
    pub fn binary_of_copies(&self, bytes: &[u8], n: usize) -> Term<'_> {
        let size = bytes.len() * n;
        if size <= HEAP_BITS_MAX_BYTES {
            self.heap_bits(&bytes.repeat(n), size * 8)
        } else {
            self.refc_binary(Binary::of_copies(bytes, n), 0, size * 8)
        }
    }

    /// A bit string of the first `bits` bits of `bytes`.
    pub fn bitstring(&self, bytes: &[u8], bits: usize) -> Term<'_> {
        debug_assert!(bits <= bytes.len() * 8);
        if bits <= HEAP_BITS_MAX_BYTES * 8 {
            self.heap_bits(&bytes[..bits.div_ceil(8)], bits)
        } else {
            self.refc_binary(Binary::from_bytes(&bytes[..bits.div_ceil(8)]), 0, bits)
        }
    }

    fn heap_bits(&self, bytes: &[u8], bits: usize) -> Term<'_> {
        let words = bytes.len().div_ceil(8);
        let p = self.alloc(2 + words);
        // SAFETY: fresh words; the last one is zeroed so that padding is defined.
        unsafe {
            *p = header(sub::HEAP_BITS, 1 + words);
            *p.add(1) = bits as Word;
            if words > 0 {
                *p.add(1 + words) = 0;
            }
            ptr::copy_nonoverlapping(bytes.as_ptr(), p.add(2).cast::<u8>(), bytes.len());
            if !bits.is_multiple_of(8) {
                let last = p.add(2).cast::<u8>().add(bytes.len() - 1);
                *last &= 0xFFu8 << (8 - bits % 8);
            }
            Term::from_raw(p as Word | PRIMARY_BOXED)
        }
    }

    /// A heap binary of `bits` bits (at most 64 bytes), zeroed, and where its bytes lie.
    pub fn heap_bits_zeroed(&self, bits: usize) -> (Term<'_>, *mut u8) {
        let (t, p) = self.heap_bits_padded(bits);
        // SAFETY: fresh words.
        unsafe { ptr::write_bytes(p.cast::<Word>(), 0, bits.div_ceil(64)) };
        (t, p)
    }

    /// The same with only the last word zeroed, for who writes all of the bits.
    #[inline]
    pub fn heap_bits_padded(&self, bits: usize) -> (Term<'_>, *mut u8) {
        debug_assert!(bits <= HEAP_BITS_MAX_BYTES * 8);
        let words = bits.div_ceil(64);
        let p = self.alloc(2 + words);
        // SAFETY: fresh words; the last one is that of the size if there are no bits.
        unsafe {
            *p = header(sub::HEAP_BITS, 1 + words);
            *p.add(1 + words) = 0;
            *p.add(1) = bits as Word;
            (Term::from_raw(p as Word | PRIMARY_BOXED), p.add(2).cast())
        }
    }

    /// A bit string that slices a reference-counted binary; takes over one reference.
    pub fn refc_binary(&self, binary: Binary, start: usize, end: usize) -> Term<'_> {
        let base = binary.as_ptr();
        let size = binary.len();
        let p = self.alloc(3);
        // SAFETY: fresh words; the bin ref owns the reference that `into_raw` gives.
        let orig = unsafe {
            *p = HEADER_BIN_REF;
            *p.add(1) = binary.into_raw() as Word;
            self.link_off_heap(p, size);
            Term::from_raw(p as Word | PRIMARY_BOXED)
        };
        self.sub_bits(orig, base, start, end)
    }

    /// A slice of `orig` (a bin ref or heap bits whose bytes lie at `base`), from bit `start` to `end`.
    #[inline]
    pub fn sub_bits<'h>(
        &'h self,
        orig: Term<'h>,
        base: *const u8,
        start: usize,
        end: usize,
    ) -> Term<'h> {
        debug_assert!(start <= end);
        let p = self.alloc(5);
        // SAFETY: fresh words.
        unsafe {
            *p = HEADER_SUB_BITS;
            *p.add(1) = base as Word;
            *p.add(2) = start as Word;
            *p.add(3) = end as Word;
            *p.add(4) = orig.raw();
            Term::from_raw(p as Word | PRIMARY_BOXED)
        }
    }

    /// A process identifier; `node` is `creation << 32 | atom index`, 0 for the local node.
    pub fn external_pid(&self, node: u64, data: u64) -> Term<'_> {
        self.external(sub::EXT_PID, node, data)
    }
    pub fn external_port(&self, node: u64, data: u64) -> Term<'_> {
        self.external(sub::EXT_PORT, node, data)
    }
    fn external(&self, subtag: u64, node: u64, data: u64) -> Term<'_> {
        let p = self.alloc(3);
        // SAFETY: three fresh words.
        unsafe {
            *p = header(subtag, 2);
            *p.add(1) = node;
            *p.add(2) = data;
            Term::from_raw(p as Word | PRIMARY_BOXED)
        }
    }

    /// A reference of another node: up to five numbers.
    pub fn external_reference(&self, node: u64, numbers: &[u32]) -> Term<'_> {
        let data = numbers.len().div_ceil(2);
        let p = self.alloc(3 + data);
        // SAFETY: fresh words.
        unsafe {
            *p = header(sub::EXT_REF, 2 + data);
            *p.add(1) = node;
            *p.add(2) = numbers.len() as Word;
            for i in 0..data {
                let high = numbers.get(2 * i + 1).map_or(0, |n| u64::from(*n));
                *p.add(3 + i) = u64::from(numbers[2 * i]) | (high << 32);
            }
            Term::from_raw(p as Word | PRIMARY_BOXED)
        }
    }

    /// A local reference.
    pub fn reference(&self, numbers: RefNumbers) -> Term<'_> {
        let p = self.alloc(3);
        // SAFETY: three fresh words.
        unsafe {
            *p = header(sub::REF, 2);
            *p.add(1) = numbers.low();
            *p.add(2) = numbers.high() | (REF_ORDINARY << 32);
            Term::from_raw(p as Word | PRIMARY_BOXED)
        }
    }

    /// A local reference that names a process: an alias, or the reference of a spawn or monitor with one.
    pub fn pid_reference(&self, numbers: RefNumbers, pid: crate::Pid) -> Term<'_> {
        let p = self.alloc(4);
        // SAFETY: four fresh words.
        unsafe {
            *p = header(sub::REF, 3);
            *p.add(1) = numbers.low();
            *p.add(2) = numbers.high() | (REF_PID << 32);
            *p.add(3) = pid.word();
            Term::from_raw(p as Word | PRIMARY_BOXED)
        }
    }

    /// A reference that keeps an engine object alive and reaches it.
    pub fn magic_reference(&self, magic: std::sync::Arc<Magic>) -> Term<'_> {
        let numbers = magic.numbers();
        let p = self.alloc(5);
        // SAFETY: five fresh words; the list owns the count that `into_raw` gives.
        unsafe {
            *p = header(sub::REF, 4);
            *p.add(1) = numbers.low();
            *p.add(2) = numbers.high() | (REF_MAGIC << 32);
            *p.add(3) = std::sync::Arc::into_raw(magic) as Word;
            self.link_off_heap(p, 0);
            Term::from_raw(p as Word | PRIMARY_BOXED)
        }
    }

    /// A fun: `entry` is what the engine calls it by, `meta` is arity, number of free variables and kind
    /// as [`crate::term::Fun`] reads them. The last term of a local fun is no free variable, but the magic reference
    /// that keeps the entry alive.
    pub fn fun<'h>(&'h self, entry: u64, meta: u64, free: &[Term<'h>]) -> Term<'h> {
        self.fun_with(entry, meta, free.iter().copied())
    }
    /// The same.
    #[inline]
    pub fn fun_with<'h>(
        &'h self,
        entry: u64,
        meta: u64,
        free: impl ExactSizeIterator<Item = Term<'h>>,
    ) -> Term<'h> {
        let n = free.len();
        let p = self.alloc(FUN_FIXED + n);
        // SAFETY: fresh words.
        unsafe {
            *p = header(sub::FUN, FUN_FIXED - 1 + n);
            *p.add(1) = entry;
            *p.add(2) = meta;
            for (i, t) in free.enumerate().take(n) {
                *p.add(FUN_FIXED + i) = t.raw();
            }
            Term::from_raw(p as Word | PRIMARY_BOXED)
        }
    }

    pub fn atom(&self, name: &str) -> Result<Term<'static>, crate::AtomError> {
        Atom::new(name).map(Term::atom)
    }
}

/// Releases everything on an off-heap list (not the objects' words).
///
/// # Safety
/// The list is complete and nothing uses its objects afterwards.
pub unsafe fn release_off_heap(mut object: *mut Word) {
    while !object.is_null() {
        // SAFETY: objects on the list are complete; each is released once.
        unsafe {
            let next = *layout::off_heap_link(object) as *mut Word;
            release_object(object);
            object = next;
        }
    }
}

/// Releases what one off-heap object holds.
///
/// # Safety
/// `object` is a complete bin ref or magic reference that is not used afterwards.
pub unsafe fn release_object(object: *mut Word) {
    // SAFETY: by the caller's promise the pointer word owns one count.
    unsafe {
        if header_sub(*object) == sub::BIN_REF {
            drop(Binary::from_raw(*object.add(1) as *mut _));
        } else {
            drop(std::sync::Arc::from_raw(*object.add(3) as *const Magic));
        }
    }
}

/// Takes another count for a copy of an object, word for word, that is still to be put on an off-heap list. False if
/// it is no object of such a list.
///
/// # Safety
/// `object` is a complete copy of an object that is alive.
pub unsafe fn share_object(object: *mut Word) -> bool {
    // SAFETY: by the caller's promise the pointer word is alive.
    unsafe {
        match header_sub(*object) {
            sub::BIN_REF => std::mem::forget(Binary::clone_raw(*object.add(1) as *mut _)),
            sub::REF if header_arity(*object) == 4 => {
                std::sync::Arc::increment_strong_count(*object.add(3) as *const Magic);
            }
            _ => return false,
        }
    }
    true
}

/// Bytes that an off-heap object holds.
///
/// # Safety
/// `object` is a complete bin ref or magic reference.
pub unsafe fn off_heap_size(object: *mut Word) -> usize {
    // SAFETY: by the caller's promise.
    unsafe {
        if header_sub(*object) != sub::BIN_REF {
            return 0;
        }
        std::mem::ManuallyDrop::new(Binary::from_raw(*object.add(1) as *mut _)).len()
    }
}

impl Drop for Heap {
    fn drop(&mut self) {
        // SAFETY: the heap is not borrowed any more, so no term of it is alive.
        unsafe {
            release_off_heap(self.off_heap.replace(ptr::null_mut()));
            let mut f = self.take_fragments();
            while !f.is_null() {
                let next = (*f).next;
                Fragment::free(f);
                f = next;
            }
        }
    }
}
