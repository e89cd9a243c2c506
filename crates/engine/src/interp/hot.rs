//! Instructions that run in machine registers: moves, data access, tests, frames, calls, small integers.
//!
//! Whatever does not fit the fast case goes to a slow instruction with the same operands.

pub mod bits;
pub mod joined;

use super::exceptions::{catch_word, yield_at_call};
use super::machine::*;
use super::slow;
use crate::code::Export;
use bits::{Four, One};
use corten_term::Word;
use corten_term::layout::*;
use std::sync::atomic::Ordering;

// ---- moves ----

op!(move_<A: Loc, B: Loc> |s| {
    let v = A::get(&s, s.a());
    B::set(&s, s.b(), v);
    s.step(1);
});
op!(move_const<B: Loc> |s| {
    let v = s.w(1);
    B::set(&s, s.b(), v);
    s.step(2);
});
op!(
    /// Two moves between registers, in order: `a → b`, then `c → low half of word 1`.
    move_two<A: Loc, B: Loc, D: Loc, F: Loc> |s| {
    let v = A::get(&s, s.a());
    B::set(&s, s.b(), v);
    let v = D::get(&s, s.c());
    F::set(&s, s.w(1) as usize, v);
    s.step(2);
});
op!(swap | s | {
    let (l, r) = (s.a(), s.b());
    let v = D::get(&s, l);
    let w = D::get(&s, r);
    s.put(l, w);
    s.put(r, v);
    s.step(1);
});
op!(init_yregs | s | {
    let n = s.a();
    let mut i = 0;
    while i < n {
        *s.e.add(s.w(1 + i) as usize) = NIL;
        i += 1;
    }
    s.step(1 + n);
});

// ---- tuples and lists ----

#[inline(always)]
unsafe fn field(w: Word, tag: Word, i: usize) -> Word {
    // SAFETY: the compiler has checked the type of `w`.
    unsafe { *((w - tag) as *const Word).add(i) }
}

op!(get_tuple_element<A: Loc, D: Loc> |s| {
    let v = field(A::get(&s, s.a()), PRIMARY_BOXED, 1 + s.b());
    D::set(&s, s.c(), v);
    s.step(1);
});
op!(get_tuple_element_far | s | {
    let v = field(D::get(&s, s.a()), PRIMARY_BOXED, 1 + s.w(1) as usize);
    s.put(s.b(), v);
    s.step(2);
});
op!(get_list<A: Loc, H: Loc, T: Loc> |s| {
    let l = A::get(&s, s.a());
    let head = field(l, PRIMARY_LIST, 0);
    let tail = field(l, PRIMARY_LIST, 1);
    H::set(&s, s.b(), head);
    T::set(&s, s.c(), tail);
    s.step(1);
});
op!(get_hd<A: Loc, D: Loc> |s| {
    let v = field(A::get(&s, s.a()), PRIMARY_LIST, 0);
    D::set(&s, s.b(), v);
    s.step(1);
});
op!(get_tl<A: Loc, D: Loc> |s| {
    let v = field(A::get(&s, s.a()), PRIMARY_LIST, 1);
    D::set(&s, s.b(), v);
    s.step(1);
});
op!(put_list<H: Src, T: Src, A: Loc> |s| {
    *s.hp = H::read(&s, s.w(1));
    *s.hp.add(1) = T::read(&s, s.w(2));
    A::set(&s, s.a(), s.hp as Word | PRIMARY_LIST);
    s.hp = s.hp.add(2);
    s.step(3);
});
op!(put_tuple2<A: Loc> |s| {
    let n = s.b();
    *s.hp = header(sub::TUPLE, n);
    let mut i = 1;
    while i <= n {
        *s.hp.add(i) = s.src(i);
        i += 1;
    }
    A::set(&s, s.a(), s.hp as Word | PRIMARY_BOXED);
    s.hp = s.hp.add(n + 1);
    s.step(n + 1);
});
op!(set_tuple_element | s | {
    let v = s.src(1);
    let tuple = s.src(2);
    *((tuple - PRIMARY_BOXED) as *mut Word).add(1 + s.w(3) as usize) = v;
    s.step(4);
});
op!(
    /// `update_record`: copies a tuple of `a` elements from word 2, with `b` changes (index, source) after it.
    update_record |s| {
    let n = s.a();
    let from = (s.src(2) - PRIMARY_BOXED) as *const Word;
    let to = s.hp;
    let mut i = 0;
    while i <= n {
        keep_apart!();
        *to.add(i) = *from.add(i);
        i += 1;
    }
    let changes = s.b();
    let mut k = 0;
    while k < changes {
        let v = s.src(4 + 2 * k);
        *to.add(s.w(3 + 2 * k) as usize) = v;
        k += 1;
    }
    s.put(s.c(), to as Word | PRIMARY_BOXED);
    s.hp = to.add(n + 1);
    s.step(3 + 2 * changes);
});

// ---- frames ----

op!(allocate | s | {
    let n = s.a();
    if !s.has_room(n + s.c()) {
        tail!(s, slow::ALLOCATE);
    }
    s.e = s.e.sub(n);
    s.step(1);
});
op!(test_heap | s | {
    if !s.has_room(s.rel() as usize) {
        tail!(s, slow::TEST_HEAP);
    }
    s.step(1);
});
op!(deallocate | s | {
    s.e = s.e.add(s.a());
    s.step(1);
});
op!(return_ | s | {
    s.pc = *s.e as *const Word;
    s.e = s.e.add(1);
});
op!(deallocate_return | s | {
    let e = s.e.add(s.a());
    s.pc = *e as *const Word;
    s.e = e.add(1);
});
op!(move_deallocate_return<A: Loc> |s| {
    *s.x = A::get(&s, s.b());
    let e = s.e.add(s.a());
    s.pc = *e as *const Word;
    s.e = e.add(1);
});
op!(move_return | s | {
    *s.x = s.src(1);
    s.pc = *s.e as *const Word;
    s.e = s.e.add(1);
});
op!(
    /// Drops `a` words of the frame and keeps those above.
    trim |s| {
    s.e = s.e.add(s.a());
    s.step(1);
});

// ---- jumps and tests ----

op!(jump | s | {
    s.jump(s.rel());
});

/// A test on one value.
pub trait Test {
    /// # Safety
    /// `w` is a term.
    unsafe fn holds(w: Word) -> bool;
}

/// The subtag of a boxed term; 0xFF for others.
#[inline(always)]
unsafe fn boxed_sub(w: Word) -> u64 {
    if w & PRIMARY_MASK != PRIMARY_BOXED {
        return 0xFF;
    }
    // SAFETY: a boxed term points to a header.
    header_sub(unsafe { *((w - PRIMARY_BOXED) as *const Word) })
}

macro_rules! tests {
    ($($name:ident |$w:ident| $holds:expr;)*) => {$(
        pub struct $name;
        impl Test for $name {
            #[inline(always)]
            unsafe fn holds($w: Word) -> bool {
                // SAFETY: by the caller's promise.
                #[allow(unused_unsafe)]
                unsafe { $holds }
            }
        }
    )*};
}
tests! {
    IsNil |w| w == NIL;
    IsNonemptyList |w| w & PRIMARY_MASK == PRIMARY_LIST;
    IsList |w| w == NIL || w & PRIMARY_MASK == PRIMARY_LIST;
    IsAtom |w| w & IMMEDIATE2_MASK == TAG_ATOM;
    IsBoolean |w| w & !(1 << 6) == TAG_ATOM;
    IsInteger |w| w & IMMEDIATE_MASK == TAG_SMALL || matches!(boxed_sub(w), sub::POS_BIG | sub::NEG_BIG);
    IsFloat |w| boxed_sub(w) == sub::FLOAT;
    IsNumber |w| w & IMMEDIATE_MASK == TAG_SMALL || matches!(boxed_sub(w), sub::POS_BIG | sub::NEG_BIG | sub::FLOAT);
    IsTuple |w| boxed_sub(w) == sub::TUPLE;
    IsMap |w| boxed_sub(w) == sub::MAP;
    IsRecord |w| boxed_sub(w) == sub::RECORD;
    IsFunction |w| boxed_sub(w) == sub::FUN;
    IsBitstr |w| matches!(boxed_sub(w), sub::HEAP_BITS | sub::SUB_BITS);
    IsBinary |w| match boxed_sub(w) {
        sub::HEAP_BITS => (*((w - PRIMARY_BOXED) as *const Word).add(1)).is_multiple_of(8),
        sub::SUB_BITS => {
            let p = (w - PRIMARY_BOXED) as *const Word;
            (*p.add(3) - *p.add(2)).is_multiple_of(8)
        }
        _ => false,
    };
    IsPid |w| w & IMMEDIATE_MASK == TAG_PID || boxed_sub(w) == sub::EXT_PID;
    IsPort |w| w & IMMEDIATE_MASK == TAG_PORT || boxed_sub(w) == sub::EXT_PORT;
    IsReference |w| matches!(boxed_sub(w), sub::REF | sub::EXT_REF);
}

op!(test<T: Test, A: Loc> |s| {
    if !(T::holds(A::get(&s, s.a()))) {
        fail!(s);
    }
    s.step(1);
});
op!(test_arity<A: Loc> |s| {
    let w = A::get(&s, s.a());
    if *((w - PRIMARY_BOXED) as *const Word) != s.w(1) {
        fail!(s);
    }
    s.step(2);
});
op!(is_tagged_tuple<A: Loc> |s| {
    let w = A::get(&s, s.a());
    let p = (w - PRIMARY_BOXED) as *const Word;
    if w & PRIMARY_MASK != PRIMARY_BOXED || *p != s.w(1) || *p.add(1) != s.w(2) {
        fail!(s);
    }
    s.step(3);
});

// ---- comparisons ----

op!(eq_immediate<A: Loc> |s| {
    if A::get(&s, s.a()) != s.w(1) {
        fail!(s);
    }
    s.step(2);
});
op!(ne_immediate<A: Loc> |s| {
    if A::get(&s, s.a()) == s.w(1) {
        fail!(s);
    }
    s.step(2);
});
op!(is_eq_exact<A: Src, B: Src> |s| {
    let l = A::read(&s, s.w(1));
    let r = B::read(&s, s.w(2));
    if l != r {
        if l & 3 != PRIMARY_IMMEDIATE && r & 3 != PRIMARY_IMMEDIATE {
            tail!(s, slow::IS_EQ_EXACT);
        }
        fail!(s);
    }
    s.step(3);
});
op!(is_ne_exact<A: Src, B: Src> |s| {
    let l = A::read(&s, s.w(1));
    let r = B::read(&s, s.w(2));
    if l == r {
        fail!(s);
    }
    if l & 3 != PRIMARY_IMMEDIATE && r & 3 != PRIMARY_IMMEDIATE {
        tail!(s, slow::IS_NE_EXACT);
    }
    s.step(3);
});
op!(is_eq | s | {
    let l = s.src(1);
    let r = s.src(2);
    if l != r {
        if l & r & 15 != TAG_SMALL {
            tail!(s, slow::IS_EQ);
        }
        fail!(s);
    }
    s.step(3);
});
op!(is_ne | s | {
    let l = s.src(1);
    let r = s.src(2);
    if l & r & 15 == TAG_SMALL && l != r {
        s.step(3);
    } else {
        tail!(s, slow::IS_NE);
    }
});
op!(is_lt<A: Src, B: Src> |s| {
    let l = A::read(&s, s.w(1));
    let r = B::read(&s, s.w(2));
    if !both_small::<A, B>(l, r) {
        tail!(s, slow::IS_LT);
    }
    if (l as i64) >= (r as i64) {
        fail!(s);
    }
    s.step(3);
});
op!(is_ge<A: Src, B: Src> |s| {
    let l = A::read(&s, s.w(1));
    let r = B::read(&s, s.w(2));
    if !both_small::<A, B>(l, r) {
        tail!(s, slow::IS_GE);
    }
    if (l as i64) < (r as i64) {
        fail!(s);
    }
    s.step(3);
});

// ---- selection ----

// Where a selection goes depends on the value, and everything behind waits for the address. A branch that is predicted
// does not wait: few values are looked at one by one, and a table has a target that its entries are compared with.

/// The most values that are looked at one by one.
const FEW: usize = 8;

op!(
    /// Words: fail offset, `rel` sorted values, as many offsets.
    select_val<A: Loc> |s| {
    let v = A::get(&s, s.a());
    let n = s.rel() as usize;
    let values = s.pc.add(2);
    if n > FEW {
        tail!(s, select_many::<A>);
    }
    let mut i = 0;
    while i < n {
        if *values.add(i) == v {
            keep_apart!();
            s.jump(*values.add(n + i) as isize);
            return next(s);
        }
        i += 1;
    }
    s.jump(s.w(1) as isize);
});
op!(
    /// The same by binary search.
    #[inline(never)]
    select_many<A: Loc> |s| {
    let v = A::get(&s, s.a());
    let n = s.rel() as usize;
    let values = s.pc.add(2);
    let (mut low, mut size) = (0, n);
    while size > 1 {
        let half = size / 2;
        if *values.add(low + half) <= v {
            low += half;
        }
        size -= half;
    }
    if *values.add(low) == v {
        s.jump(*values.add(n + low) as isize);
    } else {
        s.jump(s.w(1) as isize);
    }
});
/// How far a term is from a small integer `base`; a very large number if it is less or no small integer.
#[inline(always)]
fn distance(v: Word, base: Word) -> u64 {
    v.wrapping_sub(base).rotate_right(4)
}

op!(
    /// Words: fail offset, lowest integer as a term, the most frequent of the offsets, then `rel` offsets.
    jump_table<A: Loc> |s| {
    let index = distance(A::get(&s, s.a()), s.w(2));
    if index >= s.rel() as u64 {
        keep_apart!();
        s.jump(s.w(1) as isize);
        return next(s);
    }
    let to = s.w(4 + index as usize);
    if to == s.w(3) {
        // Read again, so that what follows does not wait for what was looked up in the table.
        let predicted = s.pc.add(3).read_volatile();
        s.jump(predicted as isize);
        return next(s);
    }
    s.jump(to as isize);
});
/// Whether a term is in a set of integers: the lowest as a term, then words with a bit for each from the lowest on.
#[inline(always)]
unsafe fn is_in<N: Words>(v: Word, set: *const Word) -> bool {
    // SAFETY: the instruction has `N` words for the set.
    unsafe {
        let index = distance(v, *set);
        index < 64 * N::WORDS as u64 && *set.add(1 + (index / 64) as usize) >> (index % 64) & 1 != 0
    }
}
op!(
    /// Whether an integer is in a set (`is_in`): a selection with one target.
    member<N: Words> |s| {
    if !is_in::<N>(X::get(&s, s.a()), s.pc.add(1)) {
        fail!(s);
    }
    s.step(2 + N::WORDS);
});
op!(
    /// Jumps if it is in the set.
    not_member<N: Words> |s| {
    if is_in::<N>(X::get(&s, s.a()), s.pc.add(1)) {
        fail!(s);
    }
    s.step(2 + N::WORDS);
});
/// How many words a set has.
pub trait Words {
    const WORDS: usize;
}
impl Words for One {
    const WORDS: usize = 1;
}
impl Words for Four {
    const WORDS: usize = 4;
}

op!(
    /// As `select_val`, on the header of a tuple.
    select_tuple_arity<A: Loc> |s| {
    let w = A::get(&s, s.a());
    let h = if w & PRIMARY_MASK == PRIMARY_BOXED { *((w - PRIMARY_BOXED) as *const Word) } else { !0 };
    let n = s.rel() as usize;
    let mut i = 0;
    while i < n && s.w(2 + i) != h {
        i += 1;
    }
    if i < n {
        s.jump(s.w(2 + n + i) as isize);
    } else {
        s.jump(s.w(1) as isize);
    }
});

// ---- calls ----

/// A call's reduction; the last thing before the callee, whose address is in `pc`.
macro_rules! charge {
    ($s:ident) => {
        $s.reds -= 1;
        // Below zero rather than zero: one machine instruction less in every call.
        if $s.reds < 0 {
            tail!($s, yield_at_call);
        }
    };
}

op!(call | s | {
    s.e = s.e.sub(1);
    *s.e = s.pc.add(1) as Word;
    s.jump(s.rel());
    charge!(s);
});
op!(call_only | s | {
    s.jump(s.rel());
    charge!(s);
});
op!(call_last | s | {
    s.e = s.e.add(s.a());
    s.jump(s.rel());
    charge!(s);
});
op!(
    /// A move to x0, then a call.
    move_call<A: Loc> |s| {
    *s.x = A::get(&s, s.a());
    s.e = s.e.sub(1);
    *s.e = s.pc.add(1) as Word;
    s.jump(s.rel());
    charge!(s);
});

#[inline(always)]
unsafe fn export_code(s: &S) -> *const Word {
    // SAFETY: word 1 is an export entry, which lives for ever.
    unsafe { (*(s.w(1) as *const Export)).code.load(Ordering::Relaxed) }
}

op!(call_ext | s | {
    s.e = s.e.sub(1);
    *s.e = s.pc.add(2) as Word;
    s.pc = export_code(&s);
    charge!(s);
});
op!(call_ext_only | s | {
    s.pc = export_code(&s);
    charge!(s);
});
op!(call_ext_last | s | {
    s.e = s.e.add(s.a());
    s.pc = export_code(&s);
    charge!(s);
});
op!(
    /// `call_fun2` of a local fun of the right arity; `a` is the arity, word 1 the fun.
    call_fun2 |s| {
    let f = s.src(1);
    if boxed_sub(f) != sub::FUN {
        tail!(s, slow::CALL_FUN2);
    }
    let object = (f - PRIMARY_BOXED) as *const Word;
    let n = s.a();
    if *object.add(2) & 0x1FF != n as Word {
        tail!(s, slow::CALL_FUN2);
    }
    let code = (*(*object.add(1) as *const crate::code::FunEntry)).code.load(Ordering::Relaxed);
    if code.is_null() {
        tail!(s, slow::CALL_FUN2);
    }
    let free = header_arity(*object) - FUN_FIXED;
    let mut i = 0;
    while i < free {
        keep_apart!();
        *s.x.add(n + i) = *object.add(FUN_FIXED + i);
        i += 1;
    }
    s.e = s.e.sub(1);
    *s.e = s.pc.add(2) as Word;
    s.pc = code;
    charge!(s);
});

op!(
    /// The same as a tail call: drops `b` words of frame.
    call_fun2_last |s| {
    let f = s.src(1);
    if boxed_sub(f) != sub::FUN {
        tail!(s, slow::CALL_FUN2_LAST);
    }
    let object = (f - PRIMARY_BOXED) as *const Word;
    let n = s.a();
    if *object.add(2) & 0x1FF != n as Word {
        tail!(s, slow::CALL_FUN2_LAST);
    }
    let code = (*(*object.add(1) as *const crate::code::FunEntry)).code.load(Ordering::Relaxed);
    if code.is_null() {
        tail!(s, slow::CALL_FUN2_LAST);
    }
    let free = header_arity(*object) - FUN_FIXED;
    let mut i = 0;
    while i < free {
        keep_apart!();
        *s.x.add(n + i) = *object.add(FUN_FIXED + i);
        i += 1;
    }
    s.e = s.e.add(s.b());
    s.pc = code;
    charge!(s);
});

// ---- catches ----

op!(
    /// `catch` and `try`: `a` is the Y register, `rel` the handler.
    catch |s| {
    let handler = s.pc.wrapping_offset(s.rel());
    *s.e.add(s.a()) = catch_word(handler);
    s.step(1);
});
op!(try_end | s | {
    *s.e.add(s.a()) = NIL;
    s.step(1);
});
op!(
    /// Class to x0; reason and trace stay in x1 and x2.
    try_case |s| {
    *s.e.add(s.a()) = NIL;
    *s.x = *s.x.add(3);
    s.step(1);
});

// ---- small integers: words are fail offset, BIF, sources; `a` live, `c` destination ----

/// The operation on two small terms; `None` for whatever the slow path must decide.
pub trait Small2 {
    /// What to do when there is none.
    const SLOW: Handler;
    fn apply(l: Word, r: Word) -> Option<Word>;
}
macro_rules! small2 {
    ($($name:ident $slow:ident |$l:ident, $r:ident| $value:expr;)*) => {$(
        pub struct $name;
        impl Small2 for $name {
            const SLOW: Handler = slow::$slow;
            #[inline(always)]
            fn apply($l: Word, $r: Word) -> Option<Word> {
                $value
            }
        }
    )*};
}
small2! {
    Add ADD |l, r| (l.wrapping_sub(TAG_SMALL) as i64).checked_add(r as i64).map(|v| v as Word);
    Sub SUB |l, r| (l as i64).checked_sub((r & !15) as i64).map(|v| v as Word);
    Mul MUL |l, r| ((l & !15) as i64).checked_mul((r as i64) >> 4).map(|v| v as Word | 15);
    Div DIV |l, r| match ((l as i64) >> 4, (r as i64) >> 4) {
        (_, 0 | -1) => None,
        (l, r) => Some(((l / r) as Word) << 4 | 15),
    };
    Rem REM |l, r| match ((l as i64) >> 4, (r as i64) >> 4) {
        (_, 0 | -1) => None,
        (l, r) => Some(((l % r) as Word) << 4 | 15),
    };
    Band BAND |l, r| Some(l & r);
    Bor BOR |l, r| Some(l | r);
    Bxor BXOR |l, r| Some((l ^ r) | 15);
    Bsr BSR |l, r| match (r as i64) >> 4 {
        n @ 0..=63 => Some(((l as i64) >> n) as Word | 15),
        _ => None,
    };
    Bsl BSL |l, r| match (r as i64) >> 4 {
        n @ 0..=58 => {
            let v = (l & !15) as i64;
            let shifted = v << n;
            (shifted >> n == v).then_some(shifted as Word | 15)
        }
        _ => None,
    };
}

op!(small2<O: Small2, A: Src, B: Src, T: Loc> |s| {
    let l = A::read(&s, s.w(3));
    let r = B::read(&s, s.w(4));
    if !both_small::<A, B>(l, r) {
        tail!(s, O::SLOW);
    }
    let Some(v) = O::apply(l, r) else {
        tail!(s, O::SLOW);
    };
    T::set(&s, s.c(), v);
    s.step(5);
});

// ---- guard BIFs worth a path of their own; same layout ----

op!(bif_element<A: Src, B: Src, T: Loc> |s| {
    let index = A::read(&s, s.w(3));
    let tuple = B::read(&s, s.w(4));
    if boxed_sub(tuple) != sub::TUPLE || index & 15 != TAG_SMALL {
        tail!(s, slow::GUARD_BIF);
    }
    let object = (tuple - PRIMARY_BOXED) as *const Word;
    let i = ((index as i64) >> 4) as u64;
    if i.wrapping_sub(1) >= header_arity(*object) as u64 {
        tail!(s, slow::GUARD_BIF);
    }
    T::set(&s, s.c(), *object.add(i as usize));
    s.step(5);
});
op!(bif_hd | s | {
    let l = s.src(3);
    if l & PRIMARY_MASK != PRIMARY_LIST {
        tail!(s, slow::GUARD_BIF);
    }
    s.put(s.c(), field(l, PRIMARY_LIST, 0));
    s.step(4);
});
op!(bif_tl | s | {
    let l = s.src(3);
    if l & PRIMARY_MASK != PRIMARY_LIST {
        tail!(s, slow::GUARD_BIF);
    }
    s.put(s.c(), field(l, PRIMARY_LIST, 1));
    s.step(4);
});
op!(bif_tuple_size | s | {
    let t = s.src(3);
    if boxed_sub(t) != sub::TUPLE {
        tail!(s, slow::GUARD_BIF);
    }
    let n = header_arity(*((t - PRIMARY_BOXED) as *const Word)) as Word;
    s.put(s.c(), n << 4 | TAG_SMALL);
    s.step(4);
});
op!(bif_map_size | s | {
    let t = s.src(3);
    if boxed_sub(t) != sub::MAP {
        tail!(s, slow::GUARD_BIF);
    }
    let n = *((t - PRIMARY_BOXED) as *const Word).add(1);
    s.put(s.c(), n << 4 | TAG_SMALL);
    s.step(4);
});
op!(bif_self | s | {
    s.put(s.a(), (*s.p).shared.pid.word());
    s.step(1);
});
op!(
    /// `=:=` and `=/=` as values: word 1 is the result if equal.
    bif_same |s| {
    let l = s.src(3);
    let r = s.src(4);
    if l != r && l & 3 != PRIMARY_IMMEDIATE && r & 3 != PRIMARY_IMMEDIATE {
        tail!(s, slow::GUARD_BIF);
    }
    // Word 5: the value if they are the same, word 6: if not.
    s.put(s.c(), s.w(if l == r { 5 } else { 6 }));
    s.step(7);
});

// ---- floats: `a`, `b`, `c` are float registers; operations have a fail offset behind ----

#[inline(always)]
unsafe fn fr(s: &S, i: usize) -> *mut f64 {
    // SAFETY: `x` points to `Registers`.
    unsafe { (&raw mut (*s.x.cast::<Registers>()).f).cast::<f64>().add(i) }
}

op!(
    /// A float in a register or constant (word 1) to float register `a`.
    fmove_in |s| {
    let w = s.src(1);
    *fr(&s, s.a()) = f64::from_bits(field(w, PRIMARY_BOXED, 1));
    s.step(2);
});
op!(
    /// Float register `a` to a fresh float in destination `b`.
    fmove_out |s| {
    *s.hp = HEADER_FLOAT;
    *s.hp.add(1) = (*fr(&s, s.a())).to_bits();
    s.put(s.b(), s.hp as Word | PRIMARY_BOXED);
    s.hp = s.hp.add(2);
    s.step(1);
});
op!(fmove | s | {
    *fr(&s, s.b()) = *fr(&s, s.a());
    s.step(1);
});

op!(
    /// A number (word 1) to float register `a`.
    fconv |s| {
    let w = s.src(1);
    if w & IMMEDIATE_MASK == TAG_SMALL {
        *fr(&s, s.a()) = ((w as i64) >> 4) as f64;
    } else if boxed_sub(w) == sub::FLOAT {
        *fr(&s, s.a()) = f64::from_bits(field(w, PRIMARY_BOXED, 1));
    } else {
        tail!(s, slow::FCONV);
    }
    s.step(2);
});

/// An operation on floats.
pub trait Float2 {
    fn apply(l: f64, r: f64) -> f64;
}
macro_rules! float2 {
    ($($name:ident |$l:ident, $r:ident| $value:expr;)*) => {$(
        pub struct $name;
        impl Float2 for $name {
            #[inline(always)]
            fn apply($l: f64, $r: f64) -> f64 {
                $value
            }
        }
    )*};
}
float2! {
    Fadd |l, r| l + r;
    Fsub |l, r| l - r;
    Fmul |l, r| l * r;
    Fdiv |l, r| l / r;
    Fnegate |l, _r| -l;
}
op!(float2<O: Float2> |s| {
    let v = O::apply(*fr(&s, s.a()), *fr(&s, s.b()));
    if !v.is_finite() {
        tail!(s, slow::FLOAT_ERROR);
    }
    *fr(&s, s.c()) = v;
    s.step(2);
});
