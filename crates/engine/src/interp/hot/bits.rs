//! Binary matching in machine registers. Lowering splits `bs_match` into these, one for each command; what does
//! not fit (odd sizes, contexts in Y registers, short tails) is left to `interp::bs_match`.
//!
//! In all of them `a` is the X register of the match context. A number of up to 57 bits is read with one load of
//! the eight bytes that *end* with its last byte: bytes of a bit string always have a header in front of them, but
//! nothing need follow them.

use super::super::machine::*;
use super::super::slow;
use super::boxed_sub;
use corten_term::layout::*;
use corten_term::{Binary, Word};
use std::mem::ManuallyDrop;

/// The widest number that one load can give at any bit offset.
pub const WINDOW: usize = 57;

/// The match context in X register `a`.
#[derive(Clone, Copy)]
struct Context(*mut Word);

impl Context {
    #[inline(always)]
    unsafe fn of(s: &S) -> Context {
        // SAFETY: the compiler puts a context here.
        unsafe { Context((*s.x.add(s.a()) - PRIMARY_BOXED) as *mut Word) }
    }
    #[inline(always)]
    unsafe fn start(self) -> u64 {
        // SAFETY: a context is a sub bits: base, start, end, original (also below).
        unsafe { *self.0.add(2) }
    }
    #[inline(always)]
    unsafe fn set_start(self, bit: u64) {
        // SAFETY: as above.
        unsafe { *self.0.add(2) = bit }
    }
    #[inline(always)]
    unsafe fn left(self) -> u64 {
        // SAFETY: as above.
        unsafe { *self.0.add(3) - *self.0.add(2) }
    }
    /// The byte of bit `bit`.
    #[inline(always)]
    unsafe fn byte(self, bit: u64) -> *const u8 {
        // SAFETY: as above.
        unsafe { (*self.0.add(1) + (bit >> 3)) as *const u8 }
    }
    /// The `n` bits at `start`, of which there are 1 to [`WINDOW`].
    #[inline(always)]
    unsafe fn window(self, start: u64, n: u64) -> u64 {
        let end = start + n;
        // SAFETY: an `ensure` has checked the end; for the bytes before see the module page.
        unsafe {
            let v = u64::from_be(self.byte(end + 7).sub(8).cast::<u64>().read_unaligned());
            (v >> (end.wrapping_neg() & 7)) & (u64::MAX >> (64 - n))
        }
    }
}

#[inline(always)]
fn small(v: u64) -> Word {
    v << 4 | TAG_SMALL
}

op!(
    /// At least word 1 bits are left, and those behind them are a multiple of a power of two (word 2: less one).
    bs_ensure_at_least |s| {
    let left = Context::of(&s).left();
    let size = s.w(1);
    if left < size || (left - size) & s.w(2) != 0 {
        fail!(s);
    }
    s.step(3);
});
op!(
    /// Exactly word 1 bits are left.
    bs_ensure_exactly |s| {
    if Context::of(&s).left() != s.w(1) {
        fail!(s);
    }
    s.step(2);
});
op!(
    /// What is left is a multiple of a power of two (word 1: less one).
    bs_test_unit |s| {
    if Context::of(&s).left() & s.w(1) != 0 {
        fail!(s);
    }
    s.step(2);
});

/// How a number's bits are read.
pub trait Reading {
    /// # Safety
    /// `n` bits are left, 1 to [`WINDOW`].
    unsafe fn read(v: u64, n: u64) -> Word;
}
pub struct Big;
pub struct Little;
pub struct SignedBig;
pub struct SignedLittle;
/// Sign of an `n` bit number; as a small.
#[inline(always)]
fn signed(v: u64, n: u64) -> Word {
    let up = 64 - n;
    ((((v << up) as i64) >> up) as u64) << 4 | TAG_SMALL
}
impl Reading for Big {
    #[inline(always)]
    unsafe fn read(v: u64, _: u64) -> Word {
        small(v)
    }
}
impl Reading for Little {
    #[inline(always)]
    unsafe fn read(v: u64, n: u64) -> Word {
        small(v.swap_bytes() >> (64 - n))
    }
}
impl Reading for SignedBig {
    #[inline(always)]
    unsafe fn read(v: u64, n: u64) -> Word {
        signed(v, n)
    }
}
impl Reading for SignedLittle {
    #[inline(always)]
    unsafe fn read(v: u64, n: u64) -> Word {
        signed(v.swap_bytes() >> (64 - n), n)
    }
}

op!(
    /// An integer of word 1 bits, whole bytes if little-endian.
    bs_integer<R: Reading> |s| {
    let c = Context::of(&s);
    let (start, n) = (c.start(), s.w(1));
    let v = c.window(start, n);
    c.set_start(start + n);
    X::set(&s, s.b(), R::read(v, n));
    s.step(2);
});

/// A number of 8, 16 or 32 bits that begins at a byte's border.
pub trait Bytes {
    const BITS: u64;
    /// # Safety
    /// Reads as many bytes.
    unsafe fn at(p: *const u8) -> u64;
}
pub struct One;
pub struct Two;
pub struct Four;
impl Bytes for One {
    const BITS: u64 = 8;
    #[inline(always)]
    unsafe fn at(p: *const u8) -> u64 {
        // SAFETY: by the caller's promise.
        unsafe { u64::from(*p) }
    }
}
impl Bytes for Two {
    const BITS: u64 = 16;
    #[inline(always)]
    unsafe fn at(p: *const u8) -> u64 {
        // SAFETY: by the caller's promise.
        unsafe { u64::from(u16::from_be(p.cast::<u16>().read_unaligned())) }
    }
}
impl Bytes for Four {
    const BITS: u64 = 32;
    #[inline(always)]
    unsafe fn at(p: *const u8) -> u64 {
        // SAFETY: by the caller's promise.
        unsafe { u64::from(u32::from_be(p.cast::<u32>().read_unaligned())) }
    }
}

op!(
    /// The same for unsigned, big-endian numbers of usual sizes.
    bs_bytes<N: Bytes> |s| {
    let c = Context::of(&s);
    let start = c.start();
    if start & 7 != 0 {
        tail!(s, bs_integer::<Big>);
    }
    c.set_start(start + N::BITS);
    X::set(&s, s.b(), small(N::at(c.byte(start))));
    s.step(2);
});
op!(
    /// The second half of `bs_ensure_byte` where a byte does not begin at a byte's border.
    #[inline(never)]
    bs_ensure_byte_unaligned |s| {
    let c = Context::of(&s);
    let start = c.start();
    let v = c.window(start, 8);
    c.set_start(start + 8);
    X::set(&s, s.w(1) as usize, small(v));
    s.step(3);
});
op!(
    /// `bs_ensure_at_least` of 8 bits, then `bs_bytes` of one byte: words destination, unit less one, which is at most 7.
    bs_ensure_byte |s| {
    let c = Context::of(&s);
    let left = c.left();
    if left < 8 || left & s.w(2) != 0 {
        fail!(s);
    }
    let start = c.start();
    if start & 7 != 0 {
        tail!(s, bs_ensure_byte_unaligned);
    }
    c.set_start(start + 8);
    X::set(&s, s.w(1) as usize, small(u64::from(*c.byte(start))));
    s.step(3);
});
op!(
    /// The second half of `bs_ensure_bytes` where bytes do not begin at a byte's border.
    #[inline(never)]
    bs_ensure_bytes_unaligned |s| {
    let c = Context::of(&s);
    let start = c.start();
    let n = s.w(3);
    let mut i = 0;
    while i < n {
        let v = c.window(start + 8 * i, 8);
        X::set(&s, s.w(4 + i as usize) as usize, small(v));
        i += 1;
    }
    c.set_start(start + 8 * n);
    s.step(4 + n as usize);
});
op!(
    /// `bs_ensure_at_least`, then several bytes: words size, unit less one, number of bytes, destinations.
    bs_ensure_bytes |s| {
    let c = Context::of(&s);
    let left = c.left();
    let size = s.w(1);
    if left < size || (left - size) & s.w(2) != 0 {
        fail!(s);
    }
    let start = c.start();
    if start & 7 != 0 {
        tail!(s, bs_ensure_bytes_unaligned);
    }
    let n = s.w(3) as usize;
    c.set_start(start + 8 * n as u64);
    let from = c.byte(start);
    let mut i = 0;
    while i < n {
        keep_apart!();
        X::set(&s, s.w(4 + i) as usize, small(u64::from(*from.add(i))));
        i += 1;
    }
    s.step(4 + n);
});
op!(
    /// The next word 1 bits are the number of word 2.
    bs_equal |s| {
    let c = Context::of(&s);
    let (start, n) = (c.start(), s.w(1));
    if c.window(start, n) != s.w(2) {
        fail!(s);
    }
    c.set_start(start + n);
    s.step(3);
});
op!(
    /// The same if there are as many bits.
    bs_equal_string |s| {
    let c = Context::of(&s);
    let (start, n) = (c.start(), s.w(1));
    if !(c.left() >= n && c.window(start, n) == s.w(2)) {
        fail!(s);
    }
    c.set_start(start + n);
    s.step(3);
});
op!(bs_skip | s | {
    let c = Context::of(&s);
    c.set_start(c.start() + s.w(1));
    s.step(2);
});
op!(bs_get_position | s | {
    let v = small(Context::of(&s).start());
    s.put(s.b(), v);
    s.step(1);
});
op!(
    /// The position in register `b`.
    bs_set_position |s| {
    let v = D::get(&s, s.b());
    Context::of(&s).set_start(v >> 4);
    s.step(1);
});

/// Words of a sub bits.
const SUB_WORDS: usize = 5;

/// Writes a sub bits; the heap has room for it.
#[inline(always)]
unsafe fn push_sub_bits(
    s: &mut S,
    flags: Word,
    base: Word,
    start: u64,
    end: u64,
    orig: Word,
) -> Word {
    // SAFETY: by the caller's check.
    unsafe {
        let p = s.hp;
        *p = HEADER_SUB_BITS | flags;
        *p.add(1) = base;
        *p.add(2) = start;
        *p.add(3) = end;
        *p.add(4) = orig;
        s.hp = p.add(SUB_WORDS);
        p as Word | PRIMARY_BOXED
    }
}

op!(
    /// `bs_start_match`: a context stays what it is; `a` live, `c` destination; fail offset, source.
    bs_start<A: Src, T: Loc> |s| {
    let t = A::read(&s, s.w(2));
    let p = (t - PRIMARY_BOXED) as *const Word;
    if t & PRIMARY_MASK != PRIMARY_BOXED {
        tail!(s, slow::BS_START);
    }
    if *p != HEADER_SUB_BITS | SUB_BITS_CONTEXT {
        tail!(s, bs_start_new);
    }
    T::set(&s, s.c(), t);
    s.step(3);
});
op!(
    /// The same for what is no context yet.
    #[inline(never)]
    bs_start_new |s| {
    let t = s.src(2);
    let kind = boxed_sub(t);
    if !s.has_room(SUB_WORDS) {
        tail!(s, slow::BS_START);
    }
    let p = (t - PRIMARY_BOXED) as *const Word;
    if kind == sub::SUB_BITS {
        let c = push_sub_bits(&mut s, SUB_BITS_CONTEXT, *p.add(1), *p.add(2), *p.add(3), *p.add(4));
        s.put(s.c(), c);
    } else if kind == sub::HEAP_BITS {
        let c = push_sub_bits(&mut s, SUB_BITS_CONTEXT, p.add(2) as Word, 0, *p.add(1), t);
        s.put(s.c(), c);
    } else {
        tail!(s, slow::BS_START);
    }
    s.step(3);
});
op!(
    /// `bs_get_tail`: `a` live, `c` destination; context. Short tails are copied, which is slow.
    bs_get_tail |s| {
    let p = (s.src(1) - PRIMARY_BOXED) as *const Word;
    let (start, end) = (*p.add(2), *p.add(3));
    if end - start <= HEAP_BITS_MAX_BYTES as u64 * 8 || !s.has_room(SUB_WORDS) {
        tail!(s, slow::BS_GET_TAIL);
    }
    let t = push_sub_bits(&mut s, 0, *p.add(1), start, end, *p.add(4));
    s.put(s.c(), t);
    s.step(2);
});
op!(
    /// `bs_get_utf8` of an ASCII character at a byte's border; see `bs_match::get_utf`.
    bs_get_utf8 |s| {
    let p = (s.src(2) - PRIMARY_BOXED) as *mut Word;
    let start = *p.add(2);
    if start & 7 != 0 || *p.add(3) - start < 8 {
        tail!(s, slow::BS_GET_UTF);
    }
    let byte = *((*p.add(1) + (start >> 3)) as *const u8);
    if byte >= 0x80 {
        tail!(s, slow::BS_GET_UTF);
    }
    *p.add(2) = start + 8;
    s.put(s.c(), small(u64::from(byte)));
    s.step(5);
});

op!(
    /// `bs_create_bin` of a `private_append` (`bs_create::append_privately`) and integers of 8, 16, 32 or 64 bits, if
    /// that is in place and at bytes' borders.
    bs_append_integers |s| {
    let t = s.src(5);
    if t & PRIMARY_MASK != PRIMARY_BOXED || *((t - PRIMARY_BOXED) as *const Word) != HEADER_SUB_BITS {
        tail!(s, slow::BS_CREATE);
    }
    let p = (t - PRIMARY_BOXED) as *mut Word;
    let orig = (*p.add(4) - PRIMARY_BOXED) as *const Word;
    let (start, end) = (*p.add(2), *p.add(3));
    if *orig != HEADER_BIN_REF || (start | end) & 7 != 0 {
        tail!(s, slow::BS_CREATE);
    }
    let n = s.b();
    let mut i = 1;
    while i < n {
        if s.src(5 + 3 * i) & IMMEDIATE_MASK != TAG_SMALL {
            tail!(s, slow::BS_CREATE);
        }
        i += 1;
    }
    let binary = ManuallyDrop::new(Binary::from_raw(*orig.add(1) as *mut _));
    let base = binary.as_mut_ptr();
    let more = s.w(3);
    if base as Word != *p.add(1) || !binary.claim(end as usize, more as usize) {
        tail!(s, slow::BS_CREATE);
    }
    *p.add(3) = end + more;
    let mut to = base.add(end as usize / 8);
    let mut i = 1;
    while i < n {
        let v = ((s.src(5 + 3 * i) as i64) >> 4) as u64;
        let bits = s.w(6 + 3 * i) >> 4;
        if bits == 8 {
            *to = v as u8;
        } else if bits == 16 {
            to.cast::<u16>().write_unaligned((v as u16).to_be());
        } else if bits == 32 {
            to.cast::<u32>().write_unaligned((v as u32).to_be());
        } else {
            to.cast::<u64>().write_unaligned(v.to_be());
        }
        to = to.add(bits as usize / 8);
        i += 1;
    }
    s.put(s.c(), t);
    s.step(4 + 3 * n);
});

/// Whether a unit can be tested with a mask: the mask.
pub fn unit_mask(unit: u64) -> Option<u64> {
    unit.max(1).is_power_of_two().then(|| unit.max(1) - 1)
}
