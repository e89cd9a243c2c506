//! Slow instructions that are the second half of a hot one, or too rare to deserve more.

use super::calls;
use super::exceptions::{error, error_atom, error_pair};
use super::machine::*;
use crate::process::Apart;
use crate::{Bif, Process, Stop};
use corten_term::layout::*;
use corten_term::{Term, Word, am, arith, compare, map};
use std::cmp::Ordering;

pub const ALLOCATE: Handler = slow_handler!(allocate);
pub const TEST_HEAP: Handler = slow_handler!(test_heap);
pub const IS_EQ_EXACT: Handler = slow_handler!(is_eq_exact);
pub const IS_NE_EXACT: Handler = slow_handler!(is_ne_exact);
pub const IS_EQ: Handler = slow_handler!(is_eq);
pub const IS_NE: Handler = slow_handler!(is_ne);
pub const IS_LT: Handler = slow_handler!(is_lt);
pub const IS_GE: Handler = slow_handler!(is_ge);
pub const GUARD_BIF: Handler = slow_handler!(guard_bif);
pub const GET_MAP_ELEMENTS: Handler = slow_handler!(get_map_elements);
pub const HAS_MAP_FIELDS: Handler = slow_handler!(has_map_fields);
pub const MAP_GET: Handler = slow_handler!(map_get);
pub const IS_MAP_KEY: Handler = slow_handler!(is_map_key);
pub const PUT_MAP: Handler = slow_handler!(put_map_either);
pub const CALL_FUN2: Handler = slow_handler!(calls::call_fun2);
pub const CALL_FUN2_LAST: Handler = slow_handler!(calls::call_fun2_last);
pub const BS_START: Handler = slow_handler!(super::bs_match::start);
pub const BS_GET_TAIL: Handler = slow_handler!(super::bs_match::get_tail);
pub const BS_CREATE: Handler = slow_handler!(super::bs_create::create);
pub const BS_GET_UTF: Handler = slow_handler!(super::bs_match::get_utf);
pub const FCONV: Handler = slow_handler!(fconv);
pub const FLOAT_ERROR: Handler = slow_handler!(float_error);

/// `a` words of stack, `b` live registers, `c` words of heap: after a collection.
///
/// # Safety
/// All functions here: called as slow instructions.
#[cold]
#[inline(never)]
pub unsafe fn allocate(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as the caller promises.
    let cx = unsafe { Cx::new(p, x, pc) };
    if let Err(go) = cx.make_room(cx.a() + cx.c(), cx.b()) {
        return go;
    }
    p.stack_top.set(p.stack_top.get().wrapping_sub(cx.a()));
    cx.skip(1)
}

/// # Safety
/// As above.
#[cold]
#[inline(never)]
pub unsafe fn test_heap(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    match cx.make_room(rel(cx.word(0)) as usize, cx.a()) {
        Ok(()) => cx.skip(1),
        Err(go) => go,
    }
}

macro_rules! comparisons {
    ($($name:ident |$l:ident, $r:ident| $holds:expr;)*) => {$(
        /// # Safety
        /// As above.
        #[inline(never)]
        pub unsafe fn $name(p: &Process, x: *mut Word, pc: *const Word) -> Go {
            // SAFETY: as above.
            let cx = unsafe { Cx::new(p, x, pc) };
            let ($l, $r) = (cx.src(1), cx.src(2));
            if $holds { cx.skip(3) } else { cx.at(rel(cx.word(0))) }
        }
    )*};
}
comparisons! {
    is_eq_exact |l, r| compare::exact_eq(l, r);
    is_ne_exact |l, r| !compare::exact_eq(l, r);
    is_eq |l, r| compare::eq(l, r);
    is_ne |l, r| !compare::eq(l, r);
    is_lt |l, r| compare::cmp(l, r) == Ordering::Less;
    is_ge |l, r| compare::cmp(l, r) != Ordering::Less;
}

/// Any guard BIF: `a` live (0xFFFF: no collection allowed), `b` number of arguments and, from bit 8, words behind
/// them, `c` destination; fail offset, export, sources.
///
/// # Safety
/// As above.
#[inline(never)]
pub unsafe fn guard_bif(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    let n = cx.b() & 0xFF;
    if cx.a() != NO_LIVE {
        cx.collect_if_due(cx.a());
    }
    let mut args = [Term::NIL; 3];
    for (i, arg) in args.iter_mut().take(n).enumerate() {
        *arg = cx.src(3 + i);
    }
    // SAFETY: word 2 is an export entry, which lives for ever.
    let export = unsafe { &*(cx.word(2) as *const crate::code::Export) };
    // SAFETY: the arguments live until the next collection.
    let args: &[Term<'_>] = unsafe { std::mem::transmute::<&[Term<'_>], &[Term<'_>]>(&args[..n]) };
    let result = match export.native() {
        Some(Bif { function, .. }) => function(p, args),
        None => Err(Stop::NOTSUP),
    };
    match result {
        Ok(value) => {
            cx.put(cx.c(), value);
            cx.skip(3 + n + (cx.b() >> 8))
        }
        Err(Stop::Pool) if cx.a() != NO_LIVE => cx.leave_for(Apart::Guard, pc, cx.a()),
        Err(Stop::Again) if cx.a() != NO_LIVE => cx.leave(pc, cx.a(), super::Outcome::Yield),
        Err(stop) => match cx.label(1) {
            Some(fail) => fail,
            None => calls::guard_failed(cx, export, args, stop),
        },
    }
}

/// Heap words that arithmetic makes room for: an integer of a few limbs.
const ARITHMETIC_WORDS: usize = 8;

macro_rules! arithmetic {
    ($($handler:ident $body:ident $f:path, $long:literal;)*) => {$(
        pub const $handler: Handler = slow_handler!($body);
        /// # Safety
        /// As above.
        unsafe fn $body(p: &Process, x: *mut Word, pc: *const Word) -> Go {
            // SAFETY: as above.
            let cx = unsafe { Cx::new(p, x, pc) };
            if cx.a() != NO_LIVE
                && (crate::gc::is_due(p) || super::stress() || !super::has_room(p, ARITHMETIC_WORDS))
            {
                if let Err(go) = cx.make_room(ARITHMETIC_WORDS, cx.a()) {
                    return go;
                }
            }
            if $long && cx.a() != NO_LIVE && is_long_product(cx.src(3), cx.src(4)) {
                return cx.leave_for(Apart::Guard, pc, cx.a());
            }
            match $f(&p.heap, cx.src(3), cx.src(4)) {
                Ok(t) => {
                    cx.put(cx.c(), t);
                    cx.skip(5)
                }
                // Once more, for the error or the jump.
                // SAFETY: as above.
                Err(_) => unsafe { guard_bif(p, x, pc) },
            }
        }
    )*};
}
// The last column: whether it takes more than time in proportion to the length of the integers.
arithmetic! {
    ADD add arith::add, false;
    SUB sub arith::sub, false;
    MUL mul arith::mul, true;
    DIV div arith::int_div, true;
    REM rem arith::rem, true;
    BAND band arith::band, false;
    BOR bor arith::bor, false;
    BXOR bxor arith::bxor, false;
    BSL bsl arith::bsl, false;
    BSR bsr arith::bsr, false;
    DIV_FLOAT div_float arith::div_float, false;
}

/// Whether multiplying or dividing these is too much for a scheduler thread, and this is one.
fn is_long_product(l: Term<'_>, r: Term<'_>) -> bool {
    const STEPS: usize = 1 << 19;
    match (l.as_big(), r.as_big()) {
        (Some(l), Some(r)) => {
            l.limbs.len().saturating_mul(r.limbs.len()) > STEPS
                && crate::sched::current_index().is_some()
        }
        _ => false,
    }
}

/// `map_get`.
///
/// # Safety
/// As above.
pub unsafe fn map_get(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    match map::get(cx.src(4), cx.src(3)) {
        Some(v) => {
            cx.put(cx.c(), v);
            cx.skip(5)
        }
        // SAFETY: as above.
        None => unsafe { guard_bif(p, x, pc) },
    }
}

/// `is_map_key`; what is no map is for the BIF to complain of.
///
/// # Safety
/// As above.
pub unsafe fn is_map_key(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    let m = cx.src(4);
    if !m.is_map() {
        // SAFETY: as above.
        return unsafe { guard_bif(p, x, pc) };
    }
    cx.put(cx.c(), Term::bool(map::is_key(m, cx.src(3))));
    cx.skip(7)
}

/// In place of the number of live registers: no collection.
pub const NO_LIVE: usize = 0xFFFF;

/// # Safety
/// As above.
#[cold]
#[inline(never)]
unsafe fn float_error(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    match cx.label(1) {
        Some(fail) => fail,
        None => error_atom(cx, am::badarith),
    }
}

/// `fconv`: a number (word 1) to float register `a`.
///
/// # Safety
/// As above.
unsafe fn fconv(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    let t = cx.src(1);
    let value = match (t.as_small(), t.as_float()) {
        (Some(v), _) => Some(v as f64),
        (_, Some(v)) => Some(v),
        _ => corten_term::arith::number_to_f64(t).filter(|v| v.is_finite()),
    };
    match value {
        Some(v) => {
            cx.registers().f[cx.a()] = v;
            cx.skip(2)
        }
        None => error_atom(cx, am::badarith),
    }
}

// ---- tests ----

/// `is_function2`: words source, arity source; `rel` the failure.
///
/// # Safety
/// As above.
pub unsafe fn is_function2(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    let arity = cx.src(2).as_small();
    let holds = cx
        .src(1)
        .as_fun()
        .is_some_and(|f| arity == Some(i64::from(f.arity)));
    if holds {
        cx.skip(3)
    } else {
        cx.at(rel(cx.word(0)))
    }
}

// ---- errors ----

/// Raises the pair of the atom in word 1 and the source in word 2.
///
/// # Safety
/// As above.
#[cold]
pub unsafe fn error_with(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above; word 1 is an atom.
    let cx = unsafe { Cx::new(p, x, pc) };
    let tag = cx.src(1).as_atom().unwrap_or(am::error);
    error_pair(cx, tag, cx.src(2))
}

/// Raises the term of word 1.
///
/// # Safety
/// As above.
#[cold]
pub unsafe fn error_plain(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    error(cx, cx.src(1))
}

// ---- maps ----

fn pairs<'h>(cx: Cx<'h>, from: usize, n: usize) -> Vec<(Term<'h>, Term<'h>)> {
    (0..n)
        .map(|i| (cx.src(from + 2 * i), cx.src(from + 2 * i + 1)))
        .collect()
}

/// `put_map_assoc`: `a` live, `b` pairs, `c` destination; fail offset, map, pairs.
///
/// # Safety
/// As above.
pub unsafe fn put_map_assoc(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    cx.collect_if_due(cx.a());
    let n = cx.b();
    let result = if n == 1 {
        map::put(&p.heap, cx.src(2), cx.src(3), cx.src(4))
    } else {
        map::put_all(&p.heap, cx.src(2), &pairs(cx, 3, n))
    };
    put_map(cx, n, result)
}

/// # Safety
/// As above.
pub unsafe fn put_map_exact(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    // A copy of a flat map fits the block then.
    if (crate::gc::is_due(p) || super::stress() || !super::has_room(p, 3 + MAP_FLAT_MAX))
        && let Err(go) = cx.make_room(3 + MAP_FLAT_MAX, cx.a())
    {
        return go;
    }
    let n = cx.b();
    let result = if n == 1 {
        map::update(&p.heap, cx.src(2), cx.src(3), cx.src(4))
    } else {
        map::update_all(&p.heap, cx.src(2), &pairs(cx, 3, n))
    };
    put_map(cx, n, result)
}

/// `put_map_assoc` of one key of any kind.
///
/// # Safety
/// As above.
unsafe fn put_map_assoc_one(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    // Keys and values of a flat map fit the block then.
    let need = 4 + 2 * (MAP_FLAT_MAX + 1);
    if (crate::gc::is_due(p) || !super::has_room(p, need))
        && let Err(go) = cx.make_room(need, cx.a())
    {
        return go;
    }
    put_map(cx, 1, map::put(&p.heap, cx.src(2), cx.src(3), cx.src(4)))
}

/// `put_map_assoc` with a few constant keys, not all of which the map has.
///
/// # Safety
/// As above.
unsafe fn put_map_new_keys(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    const MOST: usize = 8;
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    let n = cx.b();
    // The copy of the fast path may have failed for want of room.
    let need = 2 * (MAP_FLAT_MAX + MOST);
    if (crate::gc::is_due(p) || !super::has_room(p, need))
        && let Err(go) = cx.make_room(need, cx.a())
    {
        return go;
    }
    if n <= MOST {
        let mut pairs = [(Term::NIL, Term::NIL); MOST];
        for (i, pair) in pairs.iter_mut().take(n).enumerate() {
            *pair = (cx.src(3 + 2 * i), cx.src(4 + 2 * i));
        }
        let m = cx.src(2);
        let has = |key: Term<'_>| map::get(m, key).is_some();
        if !pairs[..n].iter().all(|(k, _)| has(*k))
            && let Some(t) = map::put_ordered(&p.heap, m, &pairs[..n])
        {
            cx.put(cx.c(), t);
            return cx.skip(3 + 2 * n);
        }
    }
    // SAFETY: as above.
    unsafe { put_map_assoc(p, x, pc) }
}

/// What is left of `put_map_assoc` or `put_map_exact` when [`super::hot::joined::put_map`] and `put_map_one` do not
/// apply.
///
/// # Safety
/// As above.
unsafe fn put_map_either(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    unsafe {
        match super::ops::op_at(pc) {
            super::ops::Op::PutMapExactConst | super::ops::Op::PutMapExactOne => {
                put_map_exact(p, x, pc)
            }
            super::ops::Op::PutMapAssocOne => put_map_assoc_one(p, x, pc),
            _ => put_map_new_keys(p, x, pc),
        }
    }
}

fn put_map<'h>(cx: Cx<'h>, n: usize, result: Result<Term<'h>, map::MapError<'h>>) -> Go {
    match result {
        Ok(m) => {
            cx.put(cx.c(), m);
            cx.skip(3 + 2 * n)
        }
        Err(e) => match (cx.label(1), e) {
            (Some(fail), _) => fail,
            (None, map::MapError::BadMap(t)) => error_pair(cx, am::badmap, t),
            (None, map::MapError::BadKey(t)) => error_pair(cx, am::badkey, t),
        },
    }
}

/// `has_map_fields`: `a` keys; fail offset, map, keys.
///
/// # Safety
/// As above.
pub unsafe fn has_map_fields(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    let m = cx.src(2);
    let n = cx.a();
    if (0..n).all(|i| map::get(m, cx.src(3 + i)).is_some()) {
        cx.skip(3 + n)
    } else {
        cx.at(cx.word(1) as isize)
    }
}

/// `get_map_elements`: `a` pairs; fail offset, map, pairs of key and destination.
///
/// # Safety
/// As above.
pub unsafe fn get_map_elements(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    let m = cx.src(2);
    let n = cx.a();
    for i in 0..n {
        // A destination may be the register of the map: `m` was read before.
        let Some(v) = map::get(m, cx.src(3 + 2 * i)) else {
            return cx.at(cx.word(1) as isize);
        };
        cx.put(cx.word(4 + 2 * i) as usize, v);
    }
    cx.skip(3 + 2 * n)
}

// ---- funs ----

/// `make_fun3`: `a` destination, `b` free variables and the owner of the entry; fun entry, sources. The compiler has reserved the words, but
/// counts them by its own layout, so the heap is asked.
///
/// # Safety
/// As above.
pub unsafe fn make_fun(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    // SAFETY: word 1 is a fun entry, which lives as long as the code.
    let entry = unsafe { &*(cx.word(1) as *const crate::code::FunEntry) };
    let n = cx.b();
    let entry_word = std::ptr::from_ref(entry) as u64;
    let meta = corten_term::term::Fun::meta(entry.arity, false);
    let fun = p
        .heap
        .fun_with(entry_word, meta, (0..n).map(|i| cx.src(2 + i)));
    cx.put(cx.a(), fun);
    cx.skip(2 + n)
}

/// `put_list` and friends of constants only never occur; what is left is a tuple too large for its packed count.
///
/// # Safety
/// As above. Words: count, sources; `a` destination.
pub unsafe fn put_tuple_large(p: &Process, x: *mut Word, pc: *const Word) -> Go {
    // SAFETY: as above.
    let cx = unsafe { Cx::new(p, x, pc) };
    let n = cx.word(1) as usize;
    let at = p.heap.alloc(n + 1);
    // SAFETY: fresh words.
    unsafe {
        *at = header(sub::TUPLE, n);
        for i in 0..n {
            *at.add(1 + i) = cx.raw(2 + i);
        }
        cx.put(cx.a(), Term::from_raw(at as Word | PRIMARY_BOXED));
    }
    cx.skip(2 + n)
}
