//! Copies that keep what is shared within a term shared: persistent terms, `erts_debug:copy_shared/2`. Slower than
//! [`copy`](crate::copy), which everything else uses.

use crate::copy::{self, Literals};
use crate::layout::{self, *};
use crate::{Heap, Term, literal};
use std::collections::{HashMap, HashSet};

/// Whether a word is copied by itself: an immediate, or a literal that stays.
fn is_plain(w: Word, literals: Literals) -> bool {
    let tag = w & PRIMARY_MASK;
    tag == PRIMARY_IMMEDIATE
        || tag == PRIMARY_HEADER
        || literals == Literals::Share && literal::is_shared((w & !PRIMARY_MASK) as usize)
}

/// Words that such a copy takes.
pub fn size(t: Term<'_>, literals: Literals) -> usize {
    let mut seen = HashSet::new();
    let mut stack = vec![t.raw()];
    let mut words = 0;
    while let Some(w) = stack.pop() {
        if is_plain(w, literals) || !seen.insert(w) {
            continue;
        }
        let p = (w & !PRIMARY_MASK) as *const Word;
        // SAFETY: a term points to a complete object.
        unsafe {
            let (from, n) = match w & PRIMARY_MASK {
                PRIMARY_LIST => (0, 2),
                _ if header_sub(*p) == sub::SUB_BITS => {
                    words += copy::sub_bits_size(p);
                    continue;
                }
                _ => {
                    let shape = layout::shape(p);
                    (shape.terms_from, shape.words)
                }
            };
            words += n;
            stack.extend((from..n).map(|i| *p.add(i)));
        }
    }
    words
}

/// A deep copy of `t` on `to`.
pub fn copy<'d>(t: Term<'_>, to: &'d Heap, literals: Literals) -> Term<'d> {
    let mut copies: HashMap<Word, Word> = HashMap::new();
    let mut root: Word = 0;
    let mut stack = copy::ToFill::places();
    stack.push((&raw mut root, t.raw()));
    while let Some((at, w)) = stack.pop() {
        let p = (w & !PRIMARY_MASK) as *const Word;
        // SAFETY: `at` is a fresh word of `to` (or `root`); `p` a complete object of the source, whose terms are
        // filled in through `stack`, which is drained before anybody sees the copy.
        unsafe {
            if is_plain(w, literals) {
                *at = w;
            } else if let Some(copy) = copies.get(&w) {
                *at = *copy;
            } else {
                *at = if w & PRIMARY_MASK == PRIMARY_LIST {
                    let cell = to.alloc(2);
                    stack.push((cell, *p));
                    stack.push((cell.add(1), *p.add(1)));
                    cell as Word | PRIMARY_LIST
                } else {
                    copy::copy_boxed(p, to, &mut stack) as Word | PRIMARY_BOXED
                };
                copies.insert(w, *at);
            }
        }
    }
    // SAFETY: everything reachable from `root` is a literal or lies on `to`.
    unsafe { Term::from_raw(root) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shared_stays_shared() {
        let h = Heap::new();
        let pair = h.tuple(&[h.float(1.0), h.binary(&[7; 100])]);
        let t = (0..10).fold(pair, |t, _| h.cons(t, t));
        let n = size(t, Literals::Copy);
        assert_eq!(n, 3 + 2 + 8 + 20);
        let to = Heap::with_capacity(n);
        let c = copy(t, &to, Literals::Copy);
        assert_eq!(to.used_fragment_words(), n);
        assert_eq!(size(c, Literals::Copy), n);
        assert!(crate::compare::exact_eq(t, c));
    }
}
