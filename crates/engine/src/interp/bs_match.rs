//! Binary matching. A match context is a sub bits with a flag in its header; its start is the position.

use super::exceptions::error_atom;
use super::machine::*;
use crate::Process;
use corten_term::bits::{self, Field};
use corten_term::layout::*;
use corten_term::{Bits, Term, Word, am};

/// Flags of a segment, as lowering packs them.
pub const LITTLE: u64 = 2;
pub const SIGNED: u64 = 4;

fn field(flags: u64) -> Field {
    Field {
        little: flags & LITTLE != 0,
        signed: flags & SIGNED != 0,
    }
}

/// A match context in a register.
#[derive(Clone, Copy)]
struct Context(*mut Word);

impl Context {
    fn of(t: Term<'_>) -> Context {
        Context(t.pointer())
    }
    fn position(self) -> usize {
        // SAFETY: a context is a sub bits: base, start, end, original (also below).
        unsafe { *self.0.add(2) as usize }
    }
    fn set_position(self, bit: usize) {
        // SAFETY: as above.
        unsafe { *self.0.add(2) = bit as Word }
    }
    fn advance(self, bits: usize) {
        self.set_position(self.position() + bits);
    }
    fn end(self) -> usize {
        // SAFETY: as above.
        unsafe { *self.0.add(3) as usize }
    }
    fn remaining(self) -> usize {
        self.end() - self.position()
    }
    fn base(self) -> *const u8 {
        // SAFETY: as above.
        unsafe { *self.0.add(1) as *const u8 }
    }
    fn bits<'h>(self, size: usize) -> Bits<'h> {
        // SAFETY: as above; the context keeps the bytes alive.
        unsafe {
            Bits::new(
                self.base(),
                self.position(),
                size,
                Term::from_raw(*self.0.add(4)),
            )
        }
    }
}

/// `bs_start_match`: `a` live, `c` destination; fail offset, source.
///
/// # Safety
/// All functions here: called as slow instructions.
pub unsafe fn start(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as the caller promises.
    let cx = unsafe { Cx::new(p, x, pc) };
    cx.collect_if_due(cx.a());
    let t = cx.src(2);
    let Some(b) = t.as_bits() else {
        return match cx.label(1) {
            Some(fail) => fail,
            None => error_atom(cx, am::badarg),
        };
    };
    if t.boxed_header().is_some_and(|h| h & SUB_BITS_CONTEXT != 0) {
        cx.put(cx.c(), t);
        return cx.skip(3);
    }
    let context = p.heap.sub_bits(b.orig, b.base(), b.start, b.start + b.size);
    // SAFETY: a fresh sub bits.
    unsafe { *context.pointer() |= SUB_BITS_CONTEXT };
    cx.put(cx.c(), context);
    cx.skip(3)
}

/// `bs_get_position`: `a` destination, word 1 the context.
///
/// # Safety
/// As above.
pub unsafe fn get_position(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    let position = Context::of(cx.src(1)).position();
    cx.put(cx.a(), Term::small(position as i64));
    cx.skip(2)
}

/// `bs_set_position`: words context and position.
///
/// # Safety
/// As above.
pub unsafe fn set_position(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    if let Some(v) = cx.src(2).as_small() {
        Context::of(cx.src(1)).set_position(v as usize);
    }
    cx.skip(3)
}

/// `bs_get_tail`: `a` live (as part of a `bs_match` none, room has been made), `c` destination; context.
///
/// # Safety
/// As above.
pub unsafe fn get_tail(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    if cx.a() != super::slow::NO_LIVE {
        cx.collect_if_due(cx.a());
    }
    let c = Context::of(cx.src(1));
    let tail = bits::extract(&p.heap, &c.bits(c.remaining()));
    cx.put(cx.c(), tail);
    cx.skip(2)
}

/// The size of a segment in bits, if it fits what remains.
fn size_of(c: Context, size: Term<'_>, unit: u64) -> Option<usize> {
    let n = size.as_usize()?.checked_mul(unit as usize)?;
    (n <= c.remaining()).then_some(n)
}

/// Bits from which an integer is made room for.
const WIDE: usize = 1024;

/// `bs_get_integer2`, `bs_get_float2`, `bs_get_binary2`: `a` live, `c` destination; fail offset, context, size,
/// `unit | flags << 32`.
///
/// # Safety
/// As above.
pub unsafe fn get_integer(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    cx.collect_if_due(cx.a());
    let mut c = Context::of(cx.src(2));
    let spec = cx.word(4);
    let Some(n) = size_of(c, cx.src(3), spec & 0xFFFF_FFFF) else {
        return cx.at(cx.word(1) as isize);
    };
    // A wide one goes to the heap, not into a fragment that nobody may look at before the process ends.
    let need = n / 64 + 2;
    if n > WIDE && !super::has_room(p, need) {
        if let Err(go) = cx.make_room(need, cx.a()) {
            return go;
        }
        c = Context::of(cx.src(2));
    }
    // SAFETY: within the context's bits.
    let value = unsafe { bits::get_integer(&p.heap, c.base(), c.position(), n, field(spec >> 32)) };
    let Some(value) = value else {
        return cx.at(cx.word(1) as isize);
    };
    c.advance(n);
    cx.put(cx.c(), value);
    cx.skip(5)
}

/// # Safety
/// As above.
pub unsafe fn get_float(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    cx.collect_if_due(cx.a());
    let c = Context::of(cx.src(2));
    let spec = cx.word(4);
    let value = size_of(c, cx.src(3), spec & 0xFFFF_FFFF).and_then(|n| {
        // SAFETY: within the context's bits.
        let v = unsafe { bits::get_float(c.base(), c.position(), n, field(spec >> 32).little) };
        v.map(|v| (v, n))
    });
    match value {
        Some((v, n)) => {
            c.advance(n);
            cx.put(cx.c(), p.heap.float(v));
            cx.skip(5)
        }
        None => cx.at(cx.word(1) as isize),
    }
}

/// A size of `all` takes the rest, if the unit divides it.
///
/// # Safety
/// As above.
pub unsafe fn get_binary(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    cx.collect_if_due(cx.a());
    let c = Context::of(cx.src(2));
    let unit = cx.word(4) & 0xFFFF_FFFF;
    let size = cx.src(3);
    let n = if size.is(am::all) {
        Some(c.remaining()).filter(|n| unit == 0 || (*n as u64).is_multiple_of(unit))
    } else {
        size_of(c, size, unit)
    };
    match n {
        Some(n) => {
            let value = bits::extract(&p.heap, &c.bits(n));
            c.advance(n);
            cx.put(cx.c(), value);
            cx.skip(5)
        }
        None => cx.at(cx.word(1) as isize),
    }
}

/// `bs_skip_bits2`: fail offset, context, size, unit.
///
/// # Safety
/// As above.
pub unsafe fn skip_bits(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    let c = Context::of(cx.src(2));
    let unit = cx.word(4) & 0xFFFF_FFFF;
    let size = cx.src(3);
    let n = if size.is(am::all) {
        Some(c.remaining()).filter(|n| unit == 0 || (*n as u64).is_multiple_of(unit))
    } else {
        size_of(c, size, unit)
    };
    match n {
        Some(n) => {
            c.advance(n);
            cx.skip(5)
        }
        None => cx.at(cx.word(1) as isize),
    }
}

/// `bs_test_tail2`: exactly word 3 bits are left; fail offset, context.
///
/// # Safety
/// As above.
pub unsafe fn test_tail(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    if Context::of(cx.src(2)).remaining() as u64 == cx.word(3) {
        cx.skip(4)
    } else {
        cx.at(cx.word(1) as isize)
    }
}

/// `bs_test_unit`: what is left is a multiple of word 3.
///
/// # Safety
/// As above.
pub unsafe fn test_unit(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    if (Context::of(cx.src(2)).remaining() as u64).is_multiple_of(cx.word(3).max(1)) {
        cx.skip(4)
    } else {
        cx.at(cx.word(1) as isize)
    }
}

/// `bs_match_string`: fail offset, context, bits, address.
///
/// # Safety
/// As above.
pub unsafe fn match_string(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    let c = Context::of(cx.src(2));
    let n = cx.word(3) as usize;
    let string = cx.word(4) as *const u8;
    let same = n <= c.remaining()
        && (0..n.div_ceil(64)).all(|i| {
            let size = (n - i * 64).min(64);
            // SAFETY: within the context and within the module's strings.
            unsafe {
                bits::get(c.base(), c.position() + i * 64, size) == bits::get(string, i * 64, size)
            }
        });
    if same {
        c.advance(n);
        cx.skip(5)
    } else {
        cx.at(cx.word(1) as isize)
    }
}

/// `bs_get_utf8` and its kin: `a` live, `b` 0 for UTF-8, 1 for UTF-16, 2 for UTF-32, `c` destination; fail offset,
/// context, flags, 1 to skip only.
///
/// # Safety
/// As above.
pub unsafe fn get_utf(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    let c = Context::of(cx.src(2));
    let f = field(cx.word(3));
    let rest = c.bits(c.remaining());
    let got = match cx.b() {
        0 => bits::get_utf8(&rest),
        1 => bits::get_utf16(&rest, f.little),
        _ if rest.size >= 32 => {
            // SAFETY: within the context.
            let v = unsafe { bits::get(c.base(), c.position(), 32) } as u32;
            let v = if f.little { v.swap_bytes() } else { v };
            char::from_u32(v).map(|_| (v, 32))
        }
        _ => None,
    };
    match got {
        Some((v, n)) => {
            c.advance(n);
            if cx.word(4) == 0 {
                cx.put(cx.c(), Term::small(i64::from(v)));
            }
            cx.skip(5)
        }
        None => cx.at(cx.word(1) as isize),
    }
}

/// Commands of `bs_match`.
pub mod command {
    pub const ENSURE_AT_LEAST: u64 = 0;
    pub const ENSURE_EXACTLY: u64 = 1;
    pub const INTEGER: u64 = 2;
    pub const BINARY: u64 = 3;
    pub const SKIP: u64 = 4;
    pub const GET_TAIL: u64 = 5;
    pub const EQUAL: u64 = 6;

    /// The first word of a command.
    pub fn word(kind: u64, flags: u64, dst: u64, unit: u64) -> u64 {
        kind | (flags << 8) | (dst << 16) | (unit << 32)
    }
}

/// `bs_match`: `a` live, `b` commands; fail offset, context, then three words a command: as
/// [`command::word`] packs it, bits, value.
///
/// # Safety
/// As above.
pub unsafe fn bs_match(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    let n = cx.b();
    if cx.a() != super::slow::NO_LIVE {
        cx.collect_if_due(cx.a());
    }
    let c = Context::of(cx.src(2));
    let fail = || cx.at(cx.word(1) as isize);
    for i in 0..n {
        let at = 3 + 3 * i;
        let (w, size) = (cx.word(at), cx.word(at + 1) as usize);
        let (flags, dst, unit) = (w >> 8 & 0xFF, w as usize >> 16 & 0xFFFF, w >> 32);
        match w & 0xFF {
            command::ENSURE_AT_LEAST => {
                let left = c.remaining();
                if left < size || !((left - size) as u64).is_multiple_of(unit.max(1)) {
                    return fail();
                }
            }
            command::ENSURE_EXACTLY => {
                if c.remaining() != size {
                    return fail();
                }
            }
            command::SKIP => c.advance(size),
            command::EQUAL => {
                // SAFETY: an `ensure` has checked the size.
                let v = unsafe { bits::get(c.base(), c.position(), size.min(64)) };
                if v != cx.word(at + 2) {
                    return fail();
                }
                c.advance(size);
            }
            command::INTEGER => {
                // SAFETY: as above.
                let v = unsafe {
                    bits::get_integer(&p.heap, c.base(), c.position(), size, field(flags))
                };
                let Some(v) = v else {
                    return fail();
                };
                // It lies in a fragment, which counts before the process calls anything.
                if size > WIDE && p.max_heap_size.get() != 0 {
                    cx.collect_at_call();
                }
                c.advance(size);
                cx.put(dst, v);
            }
            command::BINARY => {
                let v = bits::extract(&p.heap, &c.bits(size));
                c.advance(size);
                cx.put(dst, v);
            }
            _ => {
                let left = c.remaining();
                if !(left as u64).is_multiple_of(unit.max(1)) {
                    return fail();
                }
                let v = bits::extract(&p.heap, &c.bits(left));
                cx.put(dst, v);
            }
        }
    }
    cx.skip(3 + 3 * n)
}
