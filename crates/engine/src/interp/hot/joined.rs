//! Sequences of the compiler that are one instruction here, and map access with constant keys.
//!
//! Lowering fuses what it finds side by side (`code::lower`); nothing jumps between the parts, a label would lie
//! there.

use super::super::machine::*;
use super::super::slow;
use super::{boxed_sub, field};
use corten_term::Word;
use corten_term::layout::*;

#[inline(always)]
fn part(w: Word, i: usize) -> usize {
    (w >> (16 * i)) as u16 as usize
}

op!(
    /// `is_nonempty_list`, `get_list`: word 1 has the packed destinations of head and tail.
    nonempty_get_list<A: Loc> |s| {
    let l = A::get(&s, s.a());
    if l & PRIMARY_MASK != PRIMARY_LIST {
        fail!(s);
    }
    let head = field(l, PRIMARY_LIST, 0);
    let tail = field(l, PRIMARY_LIST, 1);
    s.put(part(s.w(1), 0), head);
    s.put(part(s.w(1), 1), tail);
    s.step(2);
});
op!(
    /// The same between X registers.
    nonempty_get_list_x |s| {
    let l = X::get(&s, s.a());
    if l & PRIMARY_MASK != PRIMARY_LIST {
        fail!(s);
    }
    let head = field(l, PRIMARY_LIST, 0);
    let tail = field(l, PRIMARY_LIST, 1);
    X::set(&s, part(s.w(1), 0), head);
    X::set(&s, part(s.w(1), 1), tail);
    s.step(2);
});
op!(
    /// `is_tuple`, `test_arity`: word 1 is the header.
    is_tuple_of_arity<A: Loc> |s| {
    let w = A::get(&s, s.a());
    if w & PRIMARY_MASK != PRIMARY_BOXED || *((w - PRIMARY_BOXED) as *const Word) != s.w(1) {
        fail!(s);
    }
    s.step(2);
});
op!(
    /// Two elements of a tuple: `b` and `c` are the first's index and destination, word 1 has the second's.
    get_two_elements<A: Loc, T: Loc> |s| {
    let t = A::get(&s, s.a());
    let v = field(t, PRIMARY_BOXED, 1 + s.b());
    let w = field(t, PRIMARY_BOXED, 1 + part(s.w(1), 0));
    T::set(&s, s.c(), v);
    T::set(&s, part(s.w(1), 1), w);
    s.step(2);
});
op!(
    /// Three of them.
    get_three_elements<A: Loc, T: Loc> |s| {
    let t = A::get(&s, s.a());
    let v = field(t, PRIMARY_BOXED, 1 + s.b());
    T::set(&s, s.c(), v);
    let v = field(t, PRIMARY_BOXED, 1 + part(s.w(1), 0));
    T::set(&s, part(s.w(1), 1), v);
    let v = field(t, PRIMARY_BOXED, 1 + part(s.w(1), 2));
    T::set(&s, part(s.w(1), 3), v);
    s.step(2);
});

// ---- guard BIFs of one or two small integers; words as for `GuardBif` ----

op!(bif_abs<A: Src, T: Loc> |s| {
    let v = A::read(&s, s.w(3));
    if v & IMMEDIATE_MASK != TAG_SMALL || (v as i64) >> 4 == SMALL_MIN {
        tail!(s, slow::GUARD_BIF);
    }
    let n = (v as i64) >> 4;
    T::set(&s, s.c(), (n.unsigned_abs() << 4) | TAG_SMALL);
    s.step(4);
});
op!(bif_negate | s | {
    let v = s.src(3);
    if v & IMMEDIATE_MASK != TAG_SMALL || (v as i64) >> 4 == SMALL_MIN {
        tail!(s, slow::GUARD_BIF);
    }
    s.put(
        s.c(),
        (((v as i64 >> 4).wrapping_neg() as u64) << 4) | TAG_SMALL,
    );
    s.step(4);
});
op!(bif_max | s | {
    let (l, r) = (s.src(3), s.src(4));
    if l & r & IMMEDIATE_MASK != TAG_SMALL {
        tail!(s, slow::GUARD_BIF);
    }
    s.put(s.c(), if (l as i64) >= (r as i64) { l } else { r });
    s.step(5);
});
op!(bif_min | s | {
    let (l, r) = (s.src(3), s.src(4));
    if l & r & IMMEDIATE_MASK != TAG_SMALL {
        tail!(s, slow::GUARD_BIF);
    }
    s.put(s.c(), if (l as i64) <= (r as i64) { l } else { r });
    s.step(5);
});
op!(bif_byte_size | s | {
    let t = s.src(3);
    let kind = boxed_sub(t);
    let p = (t - PRIMARY_BOXED) as *const Word;
    let bits;
    if kind == sub::HEAP_BITS {
        bits = *p.add(1);
    } else if kind == sub::SUB_BITS && *p & SUB_BITS_CONTEXT == 0 {
        bits = *p.add(3) - *p.add(2);
    } else {
        tail!(s, slow::GUARD_BIF);
    }
    s.put(s.c(), ((bits + 7) >> 3) << 4 | TAG_SMALL);
    s.step(4);
});

// ---- maps ----

op!(
    /// `get_map_elements` with immediate keys in the order of flat maps: one walk over the keys of a flat map.
    get_map_elements |s| {
    let m = s.src(2);
    let p = (m - PRIMARY_BOXED) as *const Word;
    if m & PRIMARY_MASK != PRIMARY_BOXED || *p != HEADER_FLATMAP {
        tail!(s, slow::GET_MAP_ELEMENTS);
    }
    let keys = (*p.add(2) - PRIMARY_BOXED) as *const Word;
    let size = *p.add(1) as usize;
    let n = s.a();
    let (mut i, mut k) = (0, 0);
    while i < n {
        let key = s.w(3 + 2 * i);
        loop {
            if k == size {
                s.jump(s.w(1) as isize);
                return next(s);
            }
            k += 1;
            if *keys.add(k) == key {
                break;
            }
        }
        s.put(s.w(4 + 2 * i) as usize & 0xFFFF, *p.add(2 + k));
        i += 1;
    }
    s.step(3 + 2 * n);
});
op!(
    /// `has_map_fields` with such keys.
    has_map_fields |s| {
    let m = s.src(2);
    let p = (m - PRIMARY_BOXED) as *const Word;
    if m & PRIMARY_MASK != PRIMARY_BOXED || *p != HEADER_FLATMAP {
        tail!(s, slow::HAS_MAP_FIELDS);
    }
    let keys = (*p.add(2) - PRIMARY_BOXED) as *const Word;
    let size = *p.add(1) as usize;
    let n = s.a();
    let (mut i, mut k) = (0, 0);
    while i < n {
        let key = s.w(3 + i);
        loop {
            if k == size {
                s.jump(s.w(1) as isize);
                return next(s);
            }
            k += 1;
            if *keys.add(k) == key {
                break;
            }
        }
        i += 1;
    }
    s.step(3 + n);
});
op!(
    /// `put_map_exact` and `put_map_assoc` with such keys, all of which a flat map has already, when the heap has room:
    /// a copy with other values and the same keys.
    put_map |s| {
    let m = s.src(2);
    let p = (m - PRIMARY_BOXED) as *const Word;
    if m & PRIMARY_MASK != PRIMARY_BOXED || *p != HEADER_FLATMAP || !s.has_room(3 + MAP_FLAT_MAX) {
        tail!(s, slow::PUT_MAP);
    }
    let keys = (*p.add(2) - PRIMARY_BOXED) as *const Word;
    let size = *p.add(1) as usize;
    let n = s.b();
    let to = s.hp;
    let (mut i, mut k, mut changed) = (0, 0, 0);
    while i < n {
        let key = s.w(3 + 2 * i);
        loop {
            if k == size {
                tail!(s, slow::PUT_MAP);
            }
            k += 1;
            if *keys.add(k) == key {
                break;
            }
            *to.add(2 + k) = *p.add(2 + k);
        }
        let v = s.src(4 + 2 * i);
        changed |= v ^ *p.add(2 + k);
        *to.add(2 + k) = v;
        i += 1;
    }
    if changed == 0 {
        s.put(s.c(), m);
        s.step(3 + 2 * n);
        return next(s);
    }
    while k < size {
        keep_apart!();
        k += 1;
        *to.add(2 + k) = *p.add(2 + k);
    }
    *to = HEADER_FLATMAP;
    *to.add(1) = size as Word;
    *to.add(2) = *p.add(2);
    s.hp = to.add(3 + size);
    s.put(s.c(), to as Word | PRIMARY_BOXED);
    s.step(3 + 2 * n);
});

/// Where a flat map has an immediate key: its position from 1 on, 0 if it lacks it.
#[inline(always)]
unsafe fn position(map: *const Word, key: Word) -> usize {
    // SAFETY: a flat map.
    unsafe {
        let keys = (*map.add(2) - PRIMARY_BOXED) as *const Word;
        let mut k = *map.add(1) as usize;
        while k > 0 && *keys.add(k) != key {
            k -= 1;
        }
        k
    }
}
/// Whether `m` is a flat map and `key` an immediate.
#[inline(always)]
unsafe fn is_plain(m: Word, key: Word) -> bool {
    // SAFETY: both are terms.
    unsafe {
        key & PRIMARY_MASK == PRIMARY_IMMEDIATE
            && m & PRIMARY_MASK == PRIMARY_BOXED
            && *((m - PRIMARY_BOXED) as *const Word) == HEADER_FLATMAP
    }
}
op!(
    /// `map_get(Key, Map)`; words as for `GuardBif`.
    map_get |s| {
    let (key, m) = (s.src(3), s.src(4));
    if !is_plain(m, key) {
        tail!(s, slow::MAP_GET);
    }
    let p = (m - PRIMARY_BOXED) as *const Word;
    let k = position(p, key);
    if k == 0 {
        tail!(s, slow::MAP_GET);
    }
    s.put(s.c(), *p.add(2 + k));
    s.step(5);
});
op!(
    /// `is_map_key(Key, Map)`: words 5 and 6 are the results.
    is_map_key |s| {
    let (key, m) = (s.src(3), s.src(4));
    if !is_plain(m, key) {
        tail!(s, slow::IS_MAP_KEY);
    }
    let k = position((m - PRIMARY_BOXED) as *const Word, key);
    s.put(s.c(), s.w(if k == 0 { 6 } else { 5 }));
    s.step(7);
});
op!(
    /// `put_map` of one key that is no constant.
    put_map_one |s| {
    let (m, key) = (s.src(2), s.src(3));
    if !is_plain(m, key) || !s.has_room(3 + MAP_FLAT_MAX) {
        tail!(s, slow::PUT_MAP);
    }
    let p = (m - PRIMARY_BOXED) as *const Word;
    let at = position(p, key);
    if at == 0 {
        tail!(s, slow::PUT_MAP);
    }
    let v = s.src(4);
    if *p.add(2 + at) == v {
        s.put(s.c(), m);
        s.step(5);
        return next(s);
    }
    let to = s.hp;
    let words = 3 + *p.add(1) as usize;
    let mut i = 0;
    while i < words {
        keep_apart!();
        *to.add(i) = *p.add(i);
        i += 1;
    }
    *to.add(2 + at) = v;
    s.hp = to.add(words);
    s.put(s.c(), to as Word | PRIMARY_BOXED);
    s.step(5);
});
