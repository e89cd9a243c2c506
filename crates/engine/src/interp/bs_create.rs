//! Binary construction: `bs_create_bin`, `bs_init_writable`, and what code of OTP 24 and before uses.

use super::exceptions::raise;
use super::machine::*;
use super::stacktrace::Top;
use crate::Process;
use crate::process::Class;
use corten_term::bits::{self, Field};
use corten_term::layout::*;
use corten_term::{Atom, Binary, Term, Word, am, map};
use std::mem::ManuallyDrop;

/// Kinds of segments.
pub mod kind {
    pub const INTEGER: u64 = 0;
    pub const FLOAT: u64 = 1;
    pub const BINARY: u64 = 2;
    /// A whole bit string.
    pub const ALL: u64 = 3;
    pub const STRING: u64 = 4;
    pub const UTF8: u64 = 5;
    pub const UTF16: u64 = 6;
    pub const UTF32: u64 = 7;
    pub const APPEND: u64 = 8;
    pub const PRIVATE_APPEND: u64 = 9;
    /// A big-endian integer of a constant number of bits, at most 64: the size is a small, the unit 1.
    pub const FIXED: u64 = 10;

    /// Among the flags: its size is constant and among the bits in front of the segments.
    pub const COUNTED: u64 = 1 << 7;

    /// The first word of a segment.
    pub fn word(kind: u64, flags: u64, unit: u64, number: u64) -> u64 {
        kind | (flags << 8) | (unit << 16) | (number << 32)
    }
}

const LAST_BIT: usize = 1 << 62;
/// Words in front of the segments, and words of one.
const HEAD: usize = 4;
/// In the word of the fixed bits: there are segments of other sizes.
pub const VARIES: u64 = 1 << 63;
const SEGMENT: usize = 3;
/// Most words that the result takes on the heap.
const RESULT_WORDS: usize = 2 + HEAP_BITS_MAX_BYTES / 8;

/// One segment, as its three words say.
#[derive(Clone, Copy)]
struct Segment {
    kind: u64,
    flags: u64,
    unit: usize,
    number: u64,
    /// Index of its first word.
    at: usize,
}

impl Segment {
    fn read(cx: Cx<'_>, i: usize) -> Segment {
        let at = HEAD + SEGMENT * i;
        let w = cx.word(at);
        Segment {
            kind: w & 0xFF,
            flags: w >> 8 & 0xFF,
            unit: (w >> 16 & 0xFFFF) as usize,
            number: w >> 32,
            at,
        }
    }
    fn value<'h>(&self, cx: Cx<'h>) -> Term<'h> {
        cx.src(self.at + 1)
    }
    fn field(&self) -> Field {
        Field {
            little: self.flags & super::bs_match::LITTLE != 0,
            signed: self.flags & super::bs_match::SIGNED != 0,
        }
    }
    fn type_name(&self) -> Atom {
        match self.kind {
            kind::INTEGER | kind::FIXED => am::integer,
            kind::FLOAT => am::float,
            kind::STRING => am::string,
            kind::UTF8 => am::utf8,
            kind::UTF16 => am::utf16,
            kind::UTF32 => am::utf32,
            _ => am::binary,
        }
    }
}

/// Why a segment could not be built.
struct Failure<'h> {
    reason: Atom,
    error: Atom,
    value: Term<'h>,
}

/// A failing instruction of old code: there is nothing to tell but the reason.
#[cold]
fn fail_plain(cx: Cx<'_>, f: &Failure<'_>) -> Go {
    match cx.label(1) {
        Some(label) => label,
        None => super::exceptions::error_atom(cx, f.reason),
    }
}

fn badarg<'h>(error: Atom, value: Term<'h>) -> Failure<'h> {
    Failure {
        reason: am::badarg,
        error,
        value,
    }
}

/// `bs_create_bin`: `a` live, `b` segments, `c` destination; fail offset, heap words that must be free afterwards,
/// the bits of all segments whose size is constant.
///
/// # Safety
/// Called as a slow instruction.
pub unsafe fn create(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as the caller promises.
    let cx = unsafe { Cx::new(p, x, pc) };
    let n = cx.b();
    let fixed = cx.word(3);
    let started = match append_privately(cx, fixed, n) {
        Some(started) => started,
        None => {
            let need = cx.word(2) as usize + RESULT_WORDS;
            if (crate::gc::is_due(p) || super::stress() || !super::has_room(p, need))
                && let Err(go) = cx.make_room(need, cx.a())
            {
                return go;
            }
            // What does not vary and appends in place, or is short, needs none of the machinery for errors.
            match quick_start(cx, fixed, n) {
                Some(started) => started,
                None => match start(cx, n) {
                    Ok(started) => started,
                    Err((segment, failure)) => return fail(cx, &segment, failure),
                },
            }
        }
    };
    let (t, base, mut at, mut i) = started;
    while i < n {
        let k = HEAD + SEGMENT * i;
        // SAFETY: the sizes of all segments were added up to allocate the result.
        let written = unsafe { write_usual(cx, cx.word(k), k, base, at) };
        at += match written {
            Some(n) => n,
            None => {
                let s = Segment::read(cx, i);
                // SAFETY: as above.
                match unsafe { write(cx, &s, base, at) } {
                    Ok(n) => n,
                    Err(f) => return fail(cx, &s, f),
                }
            }
        };
        i += 1;
    }
    cx.put(cx.c(), t);
    cx.skip(HEAD + SEGMENT * n)
}

/// Where a result is written: the term, its base, the next bit, the next segment.
type Started<'h> = (Term<'h>, *mut u8, usize, usize);

/// `private_append` of what does not vary, in place: nothing else refers to the bit string (the compiler has seen to
/// that), so it becomes longer itself and the heap needs no room.
#[inline(always)]
fn append_privately<'h>(cx: Cx<'h>, fixed: u64, n: usize) -> Option<Started<'h>> {
    if fixed & VARIES != 0 || n == 0 || cx.word(HEAD) & 0xFF != kind::PRIVATE_APPEND {
        return None;
    }
    let (t, more) = (cx.src(HEAD + 1), fixed as usize);
    if t.boxed_header() != Some(HEADER_SUB_BITS) {
        return None;
    }
    let b = t.as_bits()?;
    let unit = cx.word(HEAD) >> 16 & 0xFFFF;
    if unit > 1 && (unit != 8 || b.size % 8 != 0) {
        return None;
    }
    let (base, end) = claim_behind(&b, more)?;
    // SAFETY: a sub bits: base, start, end, original.
    unsafe { *t.pointer().add(3) = (end + more) as Word };
    Some((t, base, end, 1))
}

/// The usual starts: a short binary, or whole bytes behind a binary that was appended to last.
#[inline(always)]
fn quick_start<'h>(cx: Cx<'h>, fixed: u64, n: usize) -> Option<Started<'h>> {
    if fixed & VARIES != 0 || n == 0 {
        return None;
    }
    let size = fixed as usize;
    let w = cx.word(HEAD);
    if !matches!(w & 0xFF, kind::APPEND | kind::PRIVATE_APPEND) {
        if size > HEAP_BITS_MAX_BYTES * 8 {
            return None;
        }
        let (t, base) = cx.p.heap.heap_bits_padded(size);
        return Some((t, base, 0, 0));
    }
    let b = cx.src(HEAD + 1).as_bits()?;
    let unit = w >> 16 & 0xFFFF;
    if unit > 1 && (unit != 8 || b.size % 8 != 0) {
        return None;
    }
    let (t, base, end) = append_in_place(cx, &b, size)?;
    Some((t, base, end, 1))
}

#[cold]
fn fail(cx: Cx<'_>, segment: &Segment, f: Failure<'_>) -> Go {
    if let Some(label) = cx.label(1) {
        return label;
    }
    let heap = &cx.p.heap;
    let cause = heap.tuple(&[
        Term::small(segment.number as i64),
        Term::atom(segment.type_name()),
        Term::atom(f.error),
        f.value,
    ]);
    let info = map::from_pairs(
        heap,
        &[
            (Term::atom(am::cause), cause),
            (Term::atom(am::function), Term::atom(am::format_bs_fail)),
            (Term::atom(am::module), Term::atom(am::erl_erts_errors)),
        ],
    );
    let top = Top {
        info: Some(info),
        ..Top::here(cx.pc)
    };
    raise(cx, Class::Error, Term::atom(f.reason), top)
}

/// The bits of all segments.
fn total_bits<'h>(cx: Cx<'h>, n: usize) -> Result<usize, (Segment, Failure<'h>)> {
    let fixed = cx.word(3);
    if fixed & VARIES == 0 {
        return Ok(fixed as usize);
    }
    let mut size = (fixed & !VARIES) as usize;
    for i in 0..n {
        let s = Segment::read(cx, i);
        if matches!(s.kind, kind::FIXED | kind::STRING) || s.flags & kind::COUNTED != 0 {
            continue;
        }
        let bits = segment_bits(cx, &s).map_err(|f| (s, f))?;
        size = size
            .checked_add(bits)
            .filter(|n| *n < LAST_BIT)
            .ok_or_else(|| {
                let f = Failure {
                    reason: am::system_limit,
                    error: am::size,
                    value: Term::NIL,
                };
                (s, f)
            })?;
    }
    Ok(size)
}

/// Any start.
#[inline(never)]
fn start<'h>(cx: Cx<'h>, n: usize) -> Result<Started<'h>, (Segment, Failure<'h>)> {
    let heap = &cx.p.heap;
    let size = total_bits(cx, n)?;
    if n > 0 {
        let first = Segment::read(cx, 0);
        if matches!(first.kind, kind::APPEND | kind::PRIVATE_APPEND) {
            let (t, base, end) = append(cx, &first, size).map_err(|f| (first, f))?;
            return Ok((t, base, end, 1));
        }
    }
    if size <= HEAP_BITS_MAX_BYTES * 8 {
        let (t, base) = heap.heap_bits_padded(size);
        return Ok((t, base, 0, 0));
    }
    let binary = Binary::zeroed(size.div_ceil(8), size);
    let base = binary.as_mut_ptr();
    cx.p.bump_reductions(size / 8 / 64);
    Ok((heap.refc_binary(binary, 0, size), base, 0, 0))
}

/// Writes the segment whose first word is `w`, word `i` of the instruction, if it is of a usual kind and right; how
/// many bits it has.
///
/// # Safety
/// As for [`write`].
#[inline(always)]
unsafe fn write_usual(cx: Cx<'_>, w: Word, i: usize, base: *mut u8, at: usize) -> Option<usize> {
    // SAFETY: by the caller's promise.
    unsafe {
        match w & 0xFF {
            kind::FIXED => {
                let v = cx.raw(i + 1);
                if v & IMMEDIATE_MASK != TAG_SMALL {
                    return None;
                }
                let n = (cx.word(i + 2) >> 4) as usize;
                let v = ((v as i64) >> 4) as u64;
                if !(at | n).is_multiple_of(8) {
                    bits::put(base, at, v & (u64::MAX >> (64 - n)), n);
                    return Some(n);
                }
                let to = base.add(at / 8);
                match n {
                    8 => *to = v as u8,
                    16 => to.cast::<u16>().write_unaligned((v as u16).to_be()),
                    32 => to.cast::<u32>().write_unaligned((v as u32).to_be()),
                    64 => to.cast::<u64>().write_unaligned(v.to_be()),
                    _ => bits::put(base, at, v, n),
                }
                Some(n)
            }
            kind::ALL => {
                let b = cx.src(i + 1).as_bits()?;
                let unit = (w >> 16 & 0xFFFF) as usize;
                let fits = unit <= 1 || unit == 8 && b.size % 8 == 0;
                if !fits || !(at | b.start | b.size).is_multiple_of(8) {
                    return None;
                }
                let from = b.base().add(b.start / 8);
                std::ptr::copy_nonoverlapping(from, base.add(at / 8), b.size / 8);
                Some(b.size)
            }
            kind::UTF8 => {
                let v = cx.raw(i + 1);
                if v & IMMEDIATE_MASK != TAG_SMALL || v >> 4 >= 0x80 || !at.is_multiple_of(8) {
                    return None;
                }
                *base.add(at / 8) = (v >> 4) as u8;
                Some(8)
            }
            _ => None,
        }
    }
}

fn segment_bits<'h>(cx: Cx<'h>, s: &Segment) -> Result<usize, Failure<'h>> {
    let v = |s: &Segment| s.value(cx);
    match s.kind {
        kind::APPEND | kind::PRIVATE_APPEND => Ok(0),
        kind::STRING => Ok(cx.word(s.at + 2) as usize * 8),
        kind::ALL => {
            let value = v(s);
            value
                .as_bits()
                .map(|b| b.size)
                .ok_or(badarg(am::type_, value))
        }
        kind::UTF8 => Ok(match v(s).as_small() {
            Some(..0x80) => 8,
            Some(..0x800) => 16,
            Some(..0x10000) => 24,
            _ => 32,
        }),
        kind::UTF16 => Ok(match v(s).as_small() {
            Some(..0x10000) => 16,
            _ => 32,
        }),
        kind::UTF32 => {
            let value = v(s);
            match value.as_small() {
                Some(c) if bits::is_character(c) => Ok(32),
                _ => Err(badarg(am::type_, value)),
            }
        }
        _ => field_size(cx.src(s.at + 2), s.unit),
    }
}

fn field_size<'h>(size: Term<'h>, unit: usize) -> Result<usize, Failure<'h>> {
    let limit = Failure {
        reason: am::system_limit,
        error: am::size,
        value: size,
    };
    match size.as_small() {
        Some(n) if n >= 0 => (n as usize)
            .checked_mul(unit)
            .filter(|n| *n < LAST_BIT)
            .ok_or(limit),
        None if size.as_big().is_some_and(|b| !b.negative) => Err(limit),
        _ => Err(badarg(am::size, size)),
    }
}

/// Takes `more` bits behind a bit string, if nobody has appended to it and there is room: the base and the end of what
/// there was.
#[inline(always)]
fn claim_behind(b: &corten_term::Bits<'_>, more: usize) -> Option<(*mut u8, usize)> {
    let end = b.start + b.size;
    if b.orig.boxed_header() != Some(HEADER_BIN_REF) {
        return None;
    }
    // SAFETY: a bin ref owns a reference to its binary; this handle takes none.
    let binary = ManuallyDrop::new(unsafe { Binary::from_raw(*b.orig.pointer().add(1) as *mut _) });
    let base = binary.as_mut_ptr();
    (base.cast_const() == b.base() && binary.claim(end, more)).then_some((base, end))
}

/// The same, and a bit string of all.
#[inline(always)]
fn append_in_place<'h>(
    cx: Cx<'h>,
    b: &corten_term::Bits<'h>,
    more: usize,
) -> Option<(Term<'h>, *mut u8, usize)> {
    let (base, end) = claim_behind(b, more)?;
    let t = cx.p.heap.sub_bits(b.orig, base, b.start, end + more);
    Some((t, base, end))
}

/// Room for `more` bits behind a bit string: in place if nobody has appended to it, else in a copy with
/// room to grow. The new bit string, its base, and the bit behind the old ones.
fn append<'h>(
    cx: Cx<'h>,
    s: &Segment,
    more: usize,
) -> Result<(Term<'h>, *mut u8, usize), Failure<'h>> {
    let heap = &cx.p.heap;
    let value = s.value(cx);
    let Some(b) = value.as_bits() else {
        return Err(badarg(am::type_, value));
    };
    if s.unit > 1 && b.size % s.unit != 0 {
        return Err(badarg(am::unit, value));
    }
    if let Some(appended) = append_in_place(cx, &b, more) {
        return Ok(appended);
    }
    let total = b.size + more;
    let capacity = (total.div_ceil(8) * 2).max(256);
    let binary = Binary::zeroed(capacity, total);
    let base = binary.as_mut_ptr();
    // SAFETY: fresh, and large enough.
    unsafe { bits::copy(b.base(), b.start, base, 0, b.size) };
    cx.p.bump_reductions(b.size / 8 / 64);
    Ok((heap.refc_binary(binary, 0, total), base, b.size))
}

/// Writes one segment; how many bits it has.
///
/// # Safety
/// There is room at `at` for what [`segment_bits`] said.
unsafe fn write<'h>(
    cx: Cx<'h>,
    s: &Segment,
    base: *mut u8,
    at: usize,
) -> Result<usize, Failure<'h>> {
    // SAFETY: by the caller's promise.
    unsafe {
        if s.kind == kind::STRING {
            let n = cx.word(s.at + 2) as usize * 8;
            bits::copy(cx.word(s.at + 1) as *const u8, 0, base, at, n);
            return Ok(n);
        }
        let value = s.value(cx);
        let wrong = badarg(am::type_, value);
        let character = || {
            let c = value.as_small().and_then(|v| u32::try_from(v).ok());
            c.and_then(char::from_u32)
        };
        match s.kind {
            kind::ALL => {
                let b = value.as_bits().ok_or(wrong)?;
                if s.unit > 1 && b.size % s.unit != 0 {
                    return Err(badarg(am::unit, value));
                }
                bits::copy(b.base(), b.start, base, at, b.size);
                Ok(b.size)
            }
            kind::BINARY => {
                let b = value.as_bits().ok_or(wrong)?;
                let n = field_size(cx.src(s.at + 2), s.unit)?;
                if n > b.size {
                    return Err(badarg(am::short, value));
                }
                bits::copy(b.base(), b.start, base, at, n);
                Ok(n)
            }
            kind::INTEGER | kind::FIXED => {
                let n = field_size(cx.src(s.at + 2), s.unit)?;
                if bits::put_integer(base, at, n, value, s.field()) {
                    Ok(n)
                } else {
                    Err(wrong)
                }
            }
            kind::UTF32 => {
                bits::put_integer(base, at, 32, value, s.field());
                Ok(32)
            }
            kind::FLOAT => {
                let n = field_size(cx.src(s.at + 2), s.unit)?;
                write_float(value, n, base, at, s.field().little)
            }
            kind::UTF8 => character()
                .map(|c| bits::put_utf8(base, at, c))
                .ok_or(wrong),
            _ => character()
                .map(|c| bits::put_utf16(base, at, c, s.field().little))
                .ok_or(wrong),
        }
    }
}

/// # Safety
/// As for [`write`].
unsafe fn write_float<'h>(
    value: Term<'h>,
    n: usize,
    base: *mut u8,
    at: usize,
    little: bool,
) -> Result<usize, Failure<'h>> {
    if !value.is_number() {
        return Err(badarg(am::type_, value));
    }
    if n == 0 {
        return Ok(0);
    }
    let number = corten_term::arith::number_to_f64(value).filter(|v| v.is_finite());
    // SAFETY: by the caller's promise.
    let written = number.is_some_and(|v| unsafe { bits::put_float(base, at, n, v, little) });
    if written {
        Ok(n)
    } else if matches!(n, 16 | 32 | 64) {
        Err(badarg(am::no_float, value))
    } else {
        Err(badarg(am::invalid, Term::small(n as i64)))
    }
}

/// `bs_init_writable`: an empty binary to append to; x0 is how many bytes to make room for.
///
/// # Safety
/// Called as a slow instruction.
pub unsafe fn init_writable(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as the caller promises.
    let cx = unsafe { Cx::new(p, x, pc) };
    cx.collect_if_due(1);
    let capacity = cx
        .x(0)
        .as_usize()
        .filter(|n| (0..1 << 24).contains(n))
        .unwrap_or(1024);
    let t = p.heap.refc_binary(Binary::zeroed(capacity, 0), 0, 0);
    cx.set_x(0, t.raw());
    cx.skip(1)
}

// ---- code of OTP 24 and before: the size first, then one instruction a segment ----

/// `bs_init2` and `bs_init_bits`: `a` live, `b` bits a unit of size has, `c` destination; fail offset, heap words
/// that must be free afterwards, size.
///
/// # Safety
/// Called as a slow instruction (also below).
pub unsafe fn init(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as the caller promises.
    let cx = unsafe { Cx::new(p, x, pc) };
    let need = cx.word(2) as usize + RESULT_WORDS;
    let size = match field_size(cx.src(3), cx.b()) {
        Ok(n) => n,
        Err(f) => return fail_plain(cx, &f),
    };
    if (crate::gc::is_due(p) || super::stress() || !super::has_room(p, need))
        && let Err(go) = cx.make_room(need, cx.a())
    {
        return go;
    }
    let (t, base) = if size <= HEAP_BITS_MAX_BYTES * 8 {
        p.heap.heap_bits_zeroed(size)
    } else {
        let binary = Binary::zeroed(size.div_ceil(8), size);
        let base = binary.as_mut_ptr();
        (p.heap.refc_binary(binary, 0, size), base)
    };
    cx.registers().building = (base, 0);
    cx.put(cx.c(), t);
    cx.skip(4)
}

/// `bs_append` and `bs_private_append`: `a` live, `b` unit, `c` destination; fail offset, heap words, bits to add,
/// bit string.
///
/// # Safety
/// As above.
pub unsafe fn init_append(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    let need = cx.word(2) as usize + RESULT_WORDS;
    if cx.a() != super::slow::NO_LIVE
        && (crate::gc::is_due(p) || super::stress() || !super::has_room(p, need))
        && let Err(go) = cx.make_room(need, cx.a())
    {
        return go;
    }
    let segment = Segment {
        kind: kind::APPEND,
        flags: 0,
        unit: cx.b(),
        number: 0,
        at: 3,
    };
    let built = field_size(cx.src(3), 1).and_then(|more| append(cx, &segment, more));
    match built {
        Ok((t, base, at)) => {
            cx.registers().building = (base, at);
            cx.put(cx.c(), t);
            cx.skip(5)
        }
        Err(f) => fail_plain(cx, &f),
    }
}

/// `bs_put_*`: fail offset, segment as [`kind::word`] packs it, value, size.
///
/// # Safety
/// As above.
pub unsafe fn put(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    let w = cx.word(2);
    let segment = Segment {
        kind: w & 0xFF,
        flags: w >> 8 & 0xFF,
        unit: (w >> 16 & 0xFFFF) as usize,
        number: 0,
        at: 2,
    };
    let (base, at) = cx.registers().building;
    // SAFETY: the compiler has made the binary as large as its segments; `segment_bits` checks the rest.
    let written = segment_bits(cx, &segment).and_then(|_| unsafe { write(cx, &segment, base, at) });
    match written {
        Ok(n) => {
            cx.registers().building.1 = at + n;
            cx.skip(5)
        }
        Err(f) => fail_plain(cx, &f),
    }
}

/// `bs_add`: `a` unit, `c` destination; fail offset, number, number of units to add.
///
/// # Safety
/// As above.
pub unsafe fn add(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    let sum = field_size(cx.src(2), 1).and_then(|l| field_size(cx.src(3), cx.a()).map(|r| l + r));
    match sum {
        Ok(n) => {
            cx.put(cx.c(), Term::small(n as i64 & SMALL_MAX));
            cx.skip(4)
        }
        Err(f) => fail_plain(cx, &f),
    }
}

/// `bs_utf8_size` and `bs_utf16_size` (`a` says which, as a kind), in bytes: `c` destination; value. What is no
/// character gets a size too and fails when it is written.
///
/// # Safety
/// As above.
pub unsafe fn utf_size(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    let segment = Segment {
        kind: cx.a() as u64,
        flags: 0,
        unit: 1,
        number: 0,
        at: 0,
    };
    let bits = segment_bits(cx, &segment).unwrap_or(32);
    cx.put(cx.c(), Term::small((bits / 8) as i64));
    cx.skip(2)
}
