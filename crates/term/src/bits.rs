//! Reading and writing bits: integers, floats, characters and runs of bits at any bit offset.
//!
//! The interpreter's binary instructions are built on this, and BIFs that cut or join bit strings. Offsets
//! count bits from a base address, most significant bit of a byte first.

use crate::layout::*;
use crate::term::Kind;
use crate::{Bits, Heap, Term};
use std::ptr;

/// Byte order and sign of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Field {
    pub little: bool,
    pub signed: bool,
}

fn low_mask(bits: usize) -> u64 {
    if bits >= 64 {
        u64::MAX
    } else {
        (1 << bits) - 1
    }
}

/// The `n` (at most 64) bits at `bit`, as an unsigned number, first bit most significant.
///
/// # Safety
/// The bits lie in initialised memory.
#[inline]
pub unsafe fn get(base: *const u8, bit: usize, n: usize) -> u64 {
    debug_assert!(n <= 64);
    if n == 0 {
        return 0;
    }
    // SAFETY: only bytes that hold one of the bits are read.
    unsafe {
        let p = base.add(bit / 8);
        let shift = bit % 8;
        let bytes = (shift + n).div_ceil(8);
        if bytes <= 8 {
            let mut v = 0u64;
            for i in 0..bytes {
                v = (v << 8) | u64::from(*p.add(i));
            }
            (v >> (bytes * 8 - shift - n)) & low_mask(n)
        } else {
            let mut v = 0u128;
            for i in 0..bytes {
                v = (v << 8) | u128::from(*p.add(i));
            }
            ((v >> (bytes * 8 - shift - n)) as u64) & low_mask(n)
        }
    }
}

/// Writes the low `n` (at most 64) bits of `value` at `bit`; bits around them stay.
///
/// # Safety
/// The bits lie in writable memory, initialised up to the byte of the first bit.
#[inline]
pub unsafe fn put(base: *mut u8, bit: usize, value: u64, n: usize) {
    debug_assert!(n <= 64);
    // SAFETY: only bytes that hold one of the bits are touched.
    unsafe {
        let mut p = base.add(bit / 8);
        let shift = bit % 8;
        let mut left = n;
        if shift != 0 && left > 0 {
            let room = 8 - shift;
            let take = room.min(left);
            let part = ((value >> (left - take)) & low_mask(take)) as u8;
            let at = room - take;
            *p = (*p & !((low_mask(take) as u8) << at)) | (part << at);
            left -= take;
            p = p.add(1);
        }
        while left >= 8 {
            left -= 8;
            *p = (value >> left) as u8;
            p = p.add(1);
        }
        if left > 0 {
            let keep = 0xFFu8 >> left;
            *p = (*p & keep) | (((value & low_mask(left)) as u8) << (8 - left));
        }
    }
}

/// Copies `n` bits.
///
/// # Safety
/// Source bits are initialised, target bits writable, and they do not overlap.
pub unsafe fn copy(from: *const u8, from_bit: usize, to: *mut u8, to_bit: usize, n: usize) {
    // SAFETY: by the caller's promise.
    unsafe {
        if from_bit.is_multiple_of(8) && to_bit.is_multiple_of(8) {
            let whole = n / 8;
            ptr::copy_nonoverlapping(from.add(from_bit / 8), to.add(to_bit / 8), whole);
            if !n.is_multiple_of(8) {
                let v = get(from, from_bit + whole * 8, n % 8);
                put(to, to_bit + whole * 8, v, n % 8);
            }
            return;
        }
        let mut done = 0;
        while done < n {
            let take = (n - done).min(56);
            let v = get(from, from_bit + done, take);
            put(to, to_bit + done, v, take);
            done += take;
        }
    }
}

/// Reverses the bytes of an `n`-bit number whose last, partial byte holds the most significant bits.
fn swap_order(value: u64, n: usize) -> u64 {
    let partial = n % 8;
    let mut out = 0;
    let mut v = value;
    for _ in 0..n / 8 {
        out = (out << 8) | (v & 0xFF);
        v >>= 8;
    }
    if partial > 0 {
        out = (out << partial) | (v & low_mask(partial));
    }
    out
}

/// The number whose little-endian form reads as `value` big-endian.
fn unswap_order(value: u64, n: usize) -> u64 {
    let partial = n % 8;
    let mut v = value >> partial;
    let mut out = value & low_mask(partial);
    for _ in 0..n / 8 {
        out = (out << 8) | (v & 0xFF);
        v >>= 8;
    }
    out
}

/// Writes the low `n` bits of an integer. Says whether the term is one.
///
/// # Safety
/// As for [`put`].
pub unsafe fn put_integer(base: *mut u8, bit: usize, n: usize, t: Term<'_>, f: Field) -> bool {
    // SAFETY: by the caller's promise.
    unsafe {
        if let Some(v) = t.as_small()
            && n <= 64
        {
            let v = v as u64 & low_mask(n);
            put(base, bit, if f.little { swap_order(v, n) } else { v }, n);
            return true;
        }
        let (negative, small);
        let limbs: &[u64] = match t.kind() {
            Kind::Small(v) => {
                negative = v < 0;
                small = [v.unsigned_abs()];
                &small
            }
            Kind::Big(b) => {
                negative = b.negative;
                b.limbs
            }
            _ => return false,
        };
        // Bytes of the two's complement, least significant first.
        let count = n.div_ceil(8);
        let mut bytes = vec![0u8; count];
        let mut carry = true;
        for (i, byte) in bytes.iter_mut().enumerate() {
            let b = limbs.get(i / 8).map_or(0, |l| (l >> (i % 8 * 8)) as u8);
            *byte = if negative {
                let (v, c) = (!b).overflowing_add(u8::from(carry));
                carry = c;
                v
            } else {
                b
            };
        }
        let partial = n % 8;
        let mut at = bit;
        if f.little {
            for (i, b) in bytes.iter().enumerate() {
                let size = if i + 1 == count && partial != 0 {
                    partial
                } else {
                    8
                };
                put(base, at, u64::from(*b), size);
                at += size;
            }
        } else {
            for (i, b) in bytes.iter().enumerate().rev() {
                let size = if i + 1 == count && partial != 0 {
                    partial
                } else {
                    8
                };
                put(base, at, u64::from(*b), size);
                at += size;
            }
        }
        true
    }
}

/// The integer in `n` bits at `bit`; nothing if it is larger than integers are.
///
/// # Safety
/// As for [`get`].
pub unsafe fn get_integer<'h>(
    heap: &'h Heap,
    base: *const u8,
    bit: usize,
    n: usize,
    f: Field,
) -> Option<Term<'h>> {
    // SAFETY: by the caller's promise.
    unsafe {
        if n <= 64 {
            let v = get(base, bit, n);
            let v = if f.little { unswap_order(v, n) } else { v };
            if f.signed && n > 0 {
                let up = 64 - n;
                return Some(heap.int(((v << up) as i64) >> up));
            }
            return Some(heap.uint(v));
        }
        // Limbs, least significant first.
        let mut limbs = vec![0u64; n.div_ceil(64)];
        if f.little {
            let mut at = 0;
            while at < n {
                let size = (n - at).min(8);
                limbs[at / 64] |= get(base, bit + at, size) << (at % 64);
                at += size;
            }
        } else {
            for (i, limb) in limbs.iter_mut().enumerate() {
                let high = n - i * 64;
                let size = high.min(64);
                *limb = get(base, bit + high - size, size);
            }
        }
        let top = (n - 1) % 64;
        let last = limbs.len() - 1;
        let negative = f.signed && limbs[last] >> top & 1 == 1;
        if negative {
            limbs[last] |= !low_mask(top + 1);
            let mut carry = true;
            for limb in &mut limbs {
                let (v, c) = (!*limb).overflowing_add(u64::from(carry));
                *limb = v;
                carry = c;
            }
        }
        let used = limbs.iter().rposition(|l| *l != 0).map_or(0, |i| i + 1);
        (used <= BIG_MAX_LIMBS).then(|| heap.big(negative, &limbs[..used]))
    }
}

/// The float in 16, 32 or 64 bits at `bit`; nothing for other sizes and for what is not a finite number.
///
/// # Safety
/// As for [`get`].
pub unsafe fn get_float(base: *const u8, bit: usize, n: usize, little: bool) -> Option<f64> {
    if !matches!(n, 16 | 32 | 64) {
        return None;
    }
    // SAFETY: by the caller's promise.
    let v = unsafe { get(base, bit, n) };
    let v = if little { unswap_order(v, n) } else { v };
    let value = match n {
        16 => f16_to_f64(v as u16),
        32 => f64::from(f32::from_bits(v as u32)),
        _ => f64::from_bits(v),
    };
    value.is_finite().then_some(value)
}

/// Writes a float in 16, 32 or 64 bits; what is too large becomes infinite. Says whether the size is one of these.
///
/// # Safety
/// As for [`put`].
pub unsafe fn put_float(base: *mut u8, bit: usize, n: usize, value: f64, little: bool) -> bool {
    let v = match n {
        16 => u64::from(f64_to_f16(value)),
        32 => u64::from((value as f32).to_bits()),
        64 => value.to_bits(),
        _ => return false,
    };
    // SAFETY: by the caller's promise.
    unsafe { put(base, bit, if little { swap_order(v, n) } else { v }, n) };
    true
}

/// Two to the power of an exponent of a normal float: exact, which `powi` does not promise.
pub(crate) fn power_of_two(exponent: i32) -> f64 {
    debug_assert!((-1022..=1023).contains(&exponent));
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

fn f16_to_f64(v: u16) -> f64 {
    let sign = if v >> 15 == 1 { -1.0 } else { 1.0 };
    let exponent = i32::from(v >> 10 & 0x1F);
    let fraction = f64::from(v & 0x3FF);
    sign * match exponent {
        0 => fraction * power_of_two(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        e => (1024.0 + fraction) * power_of_two(e - 25),
    }
}

/// Rounds to nearest, ties to even.
fn f64_to_f16(value: f64) -> u16 {
    let sign = if value.is_sign_negative() { 0x8000 } else { 0 };
    let a = value.abs();
    if a == 0.0 {
        return sign;
    }
    let mut exponent = ((a.to_bits() >> 52) as i32 - 1023).max(-14);
    let mut fraction = (a * power_of_two(10 - exponent)).round_ties_even();
    if fraction >= 2048.0 {
        fraction /= 2.0;
        exponent += 1;
    }
    if exponent > 15 {
        return sign | 0x7C00;
    }
    let f = fraction as u16;
    if f < 1024 {
        sign | f
    } else {
        sign | ((exponent + 15) as u16) << 10 | (f - 1024)
    }
}

/// Whether the number is a Unicode scalar value.
pub fn is_character(v: i64) -> bool {
    u32::try_from(v).is_ok_and(|v| char::from_u32(v).is_some())
}

/// The character at the start of `bits` in UTF-8, and how many bits it takes.
pub fn get_utf8(bits: &Bits<'_>) -> Option<(u32, usize)> {
    let available = bits.size / 8;
    let byte = |i: usize| (i < available).then(|| bits.slice(i * 8, 8).byte(0));
    let first = byte(0)?;
    let (length, start) = match first {
        0..=0x7F => return Some((u32::from(first), 8)),
        0xC2..=0xDF => (2, u32::from(first & 0x1F)),
        0xE0..=0xEF => (3, u32::from(first & 0x0F)),
        0xF0..=0xF4 => (4, u32::from(first & 0x07)),
        _ => return None,
    };
    let mut v = start;
    for i in 1..length {
        let b = byte(i)?;
        if b & 0xC0 != 0x80 {
            return None;
        }
        v = (v << 6) | u32::from(b & 0x3F);
    }
    let least = [0, 0, 0x80, 0x800, 0x10000][length];
    (v >= least && char::from_u32(v).is_some()).then_some((v, length * 8))
}

/// The character at the start of `bits` in UTF-16, and how many bits it takes.
pub fn get_utf16(bits: &Bits<'_>, little: bool) -> Option<(u32, usize)> {
    let unit = |i: usize| {
        (bits.size >= (i + 1) * 16).then(|| {
            let (a, b) = (
                bits.slice(i * 16, 8).byte(0),
                bits.slice(i * 16 + 8, 8).byte(0),
            );
            if little {
                u16::from_le_bytes([a, b])
            } else {
                u16::from_be_bytes([a, b])
            }
        })
    };
    let first = unit(0)?;
    match first {
        0xD800..=0xDBFF => {
            let second = unit(1)?;
            if !(0xDC00..=0xDFFF).contains(&second) {
                return None;
            }
            let v = 0x10000 + (u32::from(first & 0x3FF) << 10) + u32::from(second & 0x3FF);
            Some((v, 32))
        }
        0xDC00..=0xDFFF => None,
        v => Some((u32::from(v), 16)),
    }
}

/// Writes a character in UTF-8; how many bits it took.
///
/// # Safety
/// As for [`put`], for up to 32 bits.
pub unsafe fn put_utf8(base: *mut u8, bit: usize, c: char) -> usize {
    let mut buffer = [0; 4];
    let bytes = c.encode_utf8(&mut buffer).as_bytes();
    for (i, b) in bytes.iter().enumerate() {
        // SAFETY: by the caller's promise.
        unsafe { put(base, bit + i * 8, u64::from(*b), 8) };
    }
    bytes.len() * 8
}

/// Writes a character in UTF-16; how many bits it took.
///
/// # Safety
/// As for [`put`], for up to 32 bits.
pub unsafe fn put_utf16(base: *mut u8, bit: usize, c: char, little: bool) -> usize {
    let mut buffer = [0; 2];
    let units = c.encode_utf16(&mut buffer);
    for (i, u) in units.iter().enumerate() {
        let v = if little { u.swap_bytes() } else { *u };
        // SAFETY: by the caller's promise.
        unsafe { put(base, bit + i * 16, u64::from(v), 16) };
    }
    units.len() * 16
}

/// `bits` as a term: copied when small, otherwise a slice of what holds them.
pub fn extract<'h>(heap: &'h Heap, bits: &Bits<'h>) -> Term<'h> {
    if bits.size <= HEAP_BITS_MAX_BYTES * 8 {
        let (t, to) = heap.heap_bits_zeroed(bits.size);
        // SAFETY: fresh, and as large as what is copied.
        unsafe { copy(bits.base(), bits.start, to, 0, bits.size) };
        return t;
    }
    heap.sub_bits(bits.orig, bits.base(), bits.start, bits.start + bits.size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_can_be_got_at_any_offset() {
        let heap = Heap::new();
        let values = [0, 1, -1, 5, -77, i64::MAX >> 5, i64::MIN >> 5];
        for v in values {
            for n in [1usize, 7, 8, 12, 16, 31, 32, 33, 57, 64, 65, 100, 128, 129] {
                for offset in [0usize, 1, 5, 8] {
                    for little in [false, true] {
                        let f = Field {
                            little,
                            signed: true,
                        };
                        let mut buffer = [0xA5u8; 40];
                        // SAFETY: the buffer is large enough.
                        let got = unsafe {
                            assert!(put_integer(buffer.as_mut_ptr(), offset, n, heap.int(v), f));
                            get_integer(&heap, buffer.as_ptr(), offset, n, f)
                        };
                        let up = 128 - n.min(128) as u32;
                        let want = ((i128::from(v) << up) >> up) as i64;
                        if n <= 64 || n >= 60 {
                            assert_eq!(
                                got.and_then(|t| t.as_i64()),
                                Some(want),
                                "{v} {n} {offset} {little}"
                            );
                        }
                        assert_eq!(
                            buffer[0] >> (8 - offset.min(8)).min(7) >> 1,
                            (0xA5u8 >> (8 - offset.min(8)).min(7)) >> 1
                        );
                    }
                }
            }
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "numbers of half a megabyte")]
    fn an_integer_is_refused_for_its_value_not_for_its_field() {
        let heap = Heap::new();
        let mut bytes = vec![0u8; BIG_MAX_LIMBS * 8 + 2];
        let get = |bytes: &[u8]| {
            let f = Field::default();
            // SAFETY: the whole buffer.
            unsafe { get_integer(&heap, bytes.as_ptr(), 0, bytes.len() * 8, f) }
        };
        assert!(get(&bytes).is_some_and(|t| t.as_small() == Some(0)));
        bytes[2] = 1;
        assert!(get(&bytes).is_some());
        bytes[1] = 1;
        assert!(get(&bytes).is_none());
    }

    #[test]
    fn half_precision() {
        for (v, bits) in [
            (1.0, 0x3C00),
            (-2.0, 0xC000),
            (65504.0, 0x7BFF),
            (5.960464477539063e-8, 1),
        ] {
            assert_eq!(f64_to_f16(v), bits);
            assert_eq!(f16_to_f64(bits), v);
        }
        assert_eq!(f64_to_f16(65536.0), 0x7C00);
    }
}
