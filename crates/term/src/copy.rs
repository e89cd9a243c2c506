//! Deep copies of terms between heaps: messages, ETS rows, spawn arguments, literals.
//!
//! Copies are flat (sharing within a term is lost, as in the reference engine), literals are shared unless asked
//! otherwise, off-heap binaries gain a reference. Both passes use an explicit stack, so depth is
//! bounded by memory and not by the thread's stack.

use crate::binary::Binary;
use crate::layout::{self, *};
use crate::literal;
use crate::reference::Magic;
use crate::{Heap, Term};

/// Whether literals are copied or shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Literals {
    /// But for those of a dying area.
    Share,
    Copy,
}

/// A heap with a copy of `t`, literals shared, and with room for `spare` words behind it.
pub fn pack(t: Term<'_>, spare: usize) -> (Heap, Word) {
    let words = size(t);
    let heap = Heap::with_capacity(words + spare);
    if words == 0 {
        return (heap, t.raw());
    }
    let area = heap.open_area();
    let copy = copy(t, &heap).raw();
    heap.close_area(area);
    (heap, copy)
}

/// Words that a flat copy of the term takes, literals shared.
pub fn size(t: Term<'_>) -> usize {
    size_with(t, Literals::Share)
}

/// Words that a flat copy of the term takes.
pub fn size_with(t: Term<'_>, literals: Literals) -> usize {
    measure(t, literals).words
}

/// What a flat copy of a term takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    pub words: usize,
    /// Whether a copy may hold references that are counted: to binaries outside of heaps, or to the engine's objects.
    pub counted: bool,
}

/// See [`Size`].
pub fn measure(t: Term<'_>, literals: Literals) -> Size {
    let mut size = Size {
        words: 0,
        counted: false,
    };
    if t.is_immediate() {
        return size;
    }
    let mut stack = Waiting::new(0);
    let mut next = t.raw();
    loop {
        match next & PRIMARY_MASK {
            PRIMARY_LIST => {
                let p = (next & !PRIMARY_MASK) as *const Word;
                if literals == Literals::Copy || !literal::is_shared(p as usize) {
                    // SAFETY: `p` is a cons.
                    unsafe { next = size_cells(p, literals, &mut size.words, &mut stack) };
                    if next & PRIMARY_MASK != PRIMARY_IMMEDIATE {
                        continue;
                    }
                }
            }
            PRIMARY_BOXED => {
                let p = (next & !PRIMARY_MASK) as *const Word;
                if literals == Literals::Copy || !literal::is_shared(p as usize) {
                    // SAFETY: a boxed term points to a complete object.
                    unsafe { size_boxed(p, &mut size, &mut stack) };
                }
            }
            _ => {}
        }
        match stack.pop() {
            Some(w) => next = w,
            None => return size,
        }
    }
}

/// Adds the words of one object; its terms go on the stack.
///
/// # Safety
/// `p` is a complete object.
#[inline(always)]
unsafe fn size_boxed(p: *const Word, size: &mut Size, stack: &mut Waiting<Word>) {
    // SAFETY: by the caller's promise.
    unsafe {
        let shape = layout::shape(p);
        match header_sub(*p) {
            sub::SUB_BITS => {
                size.counted |= *p.add(3) - *p.add(2) > HEAP_BITS_MAX_BYTES as Word * 8;
                size.words += sub_bits_size(p);
                return;
            }
            sub::BIN_REF | sub::REF => size.counted = true,
            _ => {}
        }
        size.words += shape.words;
        for i in shape.terms_from..shape.words {
            let w = *p.add(i);
            if w & PRIMARY_MASK != PRIMARY_IMMEDIATE {
                stack.push(w);
            }
        }
    }
}

/// Where the cell after one at `p` is expected: `stride` further on. Lists lie in order in memory for the most part, and a
/// guess that the processor can go on with is worth more than an address that it has to wait for.
#[inline(always)]
fn guess(p: *const Word, rest: Word, stride: &mut usize) -> *const Word {
    let next = (rest & !PRIMARY_MASK) as usize;
    let expected = own_word((p as usize).wrapping_add(*stride));
    if next == expected {
        return expected as *const Word;
    }
    *stride = next.wrapping_sub(p as usize);
    next as *const Word
}

/// Has the compiler know nothing about an address: it would take the other one of two that are equal.
#[inline(always)]
fn own_word(address: usize) -> usize {
    #[cfg(all(any(target_arch = "x86_64", target_arch = "aarch64"), not(miri)))]
    {
        let mut own = address;
        // SAFETY: no instruction at all.
        unsafe {
            std::arch::asm!("/* {0} */", inout(reg) own, options(pure, nomem, nostack, preserves_flags));
        }
        own
    }
    #[cfg(not(all(any(target_arch = "x86_64", target_arch = "aarch64"), not(miri))))]
    address
}

/// Adds the words of cells that follow one another, of which the first is at `p`; their heads go on the stack. The rest of
/// the list.
///
/// # Safety
/// `p` is a cons cell.
#[inline]
unsafe fn size_cells(
    mut p: *const Word,
    literals: Literals,
    words: &mut usize,
    stack: &mut Waiting<Word>,
) -> Word {
    let mut stride = 0;
    loop {
        *words += 2;
        // SAFETY: a cons has two words.
        let (head, rest) = unsafe { (*p, *p.add(1)) };
        if head & PRIMARY_MASK != PRIMARY_IMMEDIATE {
            stack.push(head);
        }
        if rest & PRIMARY_MASK != PRIMARY_LIST {
            return rest;
        }
        p = guess(p, rest, &mut stride);
        if literals == Literals::Share && literal::is_shared(p as usize) {
            return rest;
        }
    }
}

/// Words of a copied slice: small ones become heap bits of their own, others keep a bin ref.
///
/// # Safety
/// `p` is a sub bits.
pub(crate) unsafe fn sub_bits_size(p: *const Word) -> usize {
    // SAFETY: by the caller's promise.
    let bits = unsafe { *p.add(3) - *p.add(2) } as usize;
    if bits <= HEAP_BITS_MAX_BYTES * 8 {
        2 + bits.div_ceil(64)
    } else {
        5 + 3
    }
}

/// A deep copy of `t` on `to`, literals shared.
#[inline]
pub fn copy<'d>(t: Term<'_>, to: &'d Heap) -> Term<'d> {
    if t.is_immediate() {
        // SAFETY: it refers to nothing.
        return unsafe { Term::from_raw(t.raw()) };
    }
    copy_with(t, to, Literals::Share)
}

/// A deep copy of `t` on `to`.
pub fn copy_with<'d>(t: Term<'_>, to: &'d Heap, literals: Literals) -> Term<'d> {
    let mut root: Word = 0;
    let mut stack = ToFill::places();
    let mut next = Some((&raw mut root, t.raw()));
    while let Some((mut at, mut w)) = next {
        loop {
            let p = (w & !PRIMARY_MASK) as *const Word;
            let primary = w & PRIMARY_MASK;
            let shared = primary == PRIMARY_IMMEDIATE
                || primary == PRIMARY_HEADER
                || (literals == Literals::Share && literal::is_shared(p as usize));
            // SAFETY: `at` is a fresh word of `to` (or `root`); `p` a complete object of the source.
            unsafe {
                if shared {
                    *at = w;
                    break;
                }
                if primary == PRIMARY_LIST {
                    (at, w) = copy_cells(p, to, literals, at, &mut stack);
                    continue;
                }
                *at = copy_boxed(p, to, &mut stack) as Word | PRIMARY_BOXED;
                break;
            }
        }
        next = stack.pop();
    }
    // SAFETY: everything reachable from `root` is a literal or lies on `to`.
    unsafe { Term::from_raw(root) }
}

/// Places still to be filled: where, and with a copy of what.
pub(crate) type ToFill = Waiting<(*mut Word, Word)>;

impl ToFill {
    #[inline]
    pub(crate) fn places() -> ToFill {
        Waiting::new((std::ptr::null_mut(), 0))
    }
}

/// What is still to be done. Most terms are shallow, so the first few need no allocation.
pub(crate) struct Waiting<T> {
    few: [T; FEW],
    len: usize,
    more: Vec<T>,
}

const FEW: usize = 6;

impl<T: Copy> Waiting<T> {
    /// Nothing; `any` is what free places hold.
    #[inline]
    pub(crate) fn new(any: T) -> Waiting<T> {
        Waiting {
            few: [any; FEW],
            len: 0,
            more: Vec::new(),
        }
    }
    #[inline]
    pub(crate) fn push(&mut self, item: T) {
        if let Some(place) = self.few.get_mut(self.len) {
            *place = item;
            self.len += 1;
        } else {
            self.more.push(item);
        }
    }
    /// The latest one.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<T> {
        if self.len == FEW
            && let Some(item) = self.more.pop()
        {
            return Some(item);
        }
        self.len = self.len.checked_sub(1)?;
        Some(self.few[self.len])
    }
}

/// Copies cells that follow one another; the first is at `p`, and `at` comes to point to it. Where the rest of the list
/// is to be, and what it is a copy of.
///
/// # Safety
/// `p` is a cons cell, `at` a fresh word.
#[inline]
unsafe fn copy_cells(
    mut p: *const Word,
    to: &Heap,
    literals: Literals,
    mut at: *mut Word,
    stack: &mut ToFill,
) -> (*mut Word, Word) {
    let mut stride = 0;
    // The bump area stays in registers meanwhile.
    let (mut top, limit) = (to.top(), to.limit());
    // SAFETY: by the caller's promise; fresh words between top and limit are written once, and taken in the end.
    unsafe {
        loop {
            let cell;
            if limit as usize - top as usize >= 2 * size_of::<Word>() {
                cell = top;
                top = top.add(2);
            } else {
                // There is no more room in the area: this does not come back to it.
                to.set_area(top, limit);
                cell = to.alloc(2);
            }
            *at = cell as Word | PRIMARY_LIST;
            let head = *p;
            if head & PRIMARY_MASK == PRIMARY_IMMEDIATE {
                *cell = head;
            } else {
                stack.push((cell, head));
            }
            at = cell.add(1);
            let rest = *p.add(1);
            p = guess(p, rest, &mut stride);
            if rest & PRIMARY_MASK != PRIMARY_LIST
                || (literals == Literals::Share && literal::is_shared(p as usize))
            {
                to.set_area(top, limit);
                return (at, rest);
            }
        }
    }
}

/// Copies one object; its terms are pushed to be filled later.
///
/// # Safety
/// `p` is a complete object.
pub(crate) unsafe fn copy_boxed(p: *const Word, to: &Heap, stack: &mut ToFill) -> *mut Word {
    // SAFETY: layouts as `layout` tells; fresh words are filled completely here or through `stack`,
    // which is drained before anybody sees the copy.
    unsafe {
        let shape = layout::shape(p);
        match header_sub(*p) {
            sub::SUB_BITS => return copy_sub_bits(p, to),
            sub::REF if shape.words == 5 => {
                let magic = *p.add(3) as *const Magic;
                std::sync::Arc::increment_strong_count(magic);
                return to
                    .magic_reference(std::sync::Arc::from_raw(magic))
                    .pointer();
            }
            _ => {}
        }
        let new = to.alloc(shape.words);
        for i in 0..shape.terms_from {
            *new.add(i) = *p.add(i);
        }
        for i in shape.terms_from..shape.words {
            let w = *p.add(i);
            if w & PRIMARY_MASK == PRIMARY_IMMEDIATE {
                *new.add(i) = w;
            } else {
                stack.push((new.add(i), w));
            }
        }
        new
    }
}

/// # Safety
/// `p` is a sub bits.
unsafe fn copy_sub_bits(p: *const Word, to: &Heap) -> *mut Word {
    // SAFETY: by the caller's promise; `orig` is a bin ref or heap bits.
    unsafe {
        let (start, end) = (*p.add(2) as usize, *p.add(3) as usize);
        let orig = (*p.add(4) & !PRIMARY_MASK) as *const Word;
        if end - start > HEAP_BITS_MAX_BYTES * 8 && header_sub(*orig) == sub::BIN_REF {
            let binary = Binary::clone_raw(*orig.add(1) as *mut _);
            return to.refc_binary(binary, start, end).pointer();
        }
        let bits = crate::Bits::new(*p.add(1) as *const u8, start, end - start, Term::NIL);
        let (t, bytes) = to.heap_bits_zeroed(end - start);
        let from = bits.to_bytes();
        std::ptr::copy_nonoverlapping(from.as_ptr(), bytes, from.len());
        t.pointer()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_complete_and_has_the_size_that_was_told() {
        let from = Heap::new();
        let big = from.binary(&[1; 1000]);
        let slice = {
            let b = big.as_bits().unwrap();
            from.sub_bits(b.orig, b.base(), 8, 24)
        };
        let t = from.tuple(&[
            from.list(&[Term::small(1), from.float(1.0)]),
            big,
            slice,
            from.int(i64::MAX),
        ]);
        let n = size(t);
        let to = Heap::with_capacity(n);
        let c = copy(t, &to);
        assert_eq!(to.used_fragment_words(), n);
        drop(from);
        let e = c.as_tuple().unwrap();
        assert_eq!(e[0].iter().nth(1).and_then(|t| t.as_float()), Some(1.0));
        assert_eq!(e[1].to_bytes().unwrap().as_ref(), &[1; 1000]);
        assert_eq!(e[2].to_bytes().unwrap().as_ref(), &[1, 1]);
        assert_eq!(e[3].as_i64(), Some(i64::MAX));
    }
}
