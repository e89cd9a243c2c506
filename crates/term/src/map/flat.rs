//! Flat maps: a keys tuple in the order of `cmp_flat_keys`, and the values behind size and tuple.

use super::hamt;
use crate::compare::{cmp_flat_keys, exact_eq};
use crate::layout::*;
use crate::{Heap, Term};
use std::cmp::Ordering;

/// Where the key is.
#[inline]
pub fn position(keys: &[Term<'_>], key: Term<'_>) -> Option<usize> {
    if key.is_immediate() {
        keys.iter().position(|k| k.same(key))
    } else {
        keys.iter().position(|k| exact_eq(*k, key))
    }
}

/// Writes `n` terms at `p`.
///
/// # Safety
/// `p` points to `n` fresh words.
unsafe fn fill<'h>(p: *mut Word, n: usize, mut terms: impl Iterator<Item = Term<'h>>) {
    for i in 0..n {
        let t = terms.next().unwrap_or(Term::NIL);
        // SAFETY: by the caller's promise.
        unsafe { *p.add(i) = t.raw() };
    }
}

/// Writes terms at `p`: all of `old`, but `new` at `at` in the place of the `gone` ones there.
///
/// # Safety
/// `p` points to as many fresh words.
#[inline(always)]
pub unsafe fn splice<'h>(p: *mut Word, old: &[Term<'h>], at: usize, gone: usize, new: Term<'h>) {
    // SAFETY: by the caller's promise; a term is a word.
    unsafe {
        for (i, t) in old[..at].iter().enumerate() {
            *p.add(i) = t.raw();
        }
        *p.add(at) = new.raw();
        for (i, t) in old[at + gone..].iter().enumerate() {
            *p.add(at + 1 + i) = t.raw();
        }
    }
}

/// Writes a tuple of `n` terms.
fn tuple<'h>(heap: &'h Heap, n: usize, terms: impl Iterator<Item = Term<'h>>) -> Term<'h> {
    let p = heap.alloc(1 + n);
    // SAFETY: fresh words, all written.
    unsafe {
        *p = header(sub::TUPLE, n);
        fill(p.add(1), n, terms);
        Term::from_raw(p as Word | PRIMARY_BOXED)
    }
}

/// Writes a flat map of a keys tuple and its `n` values.
fn map_of<'h>(
    heap: &'h Heap,
    keys: Term<'h>,
    n: usize,
    values: impl Iterator<Item = Term<'h>>,
) -> Term<'h> {
    let p = heap.alloc(3 + n);
    // SAFETY: fresh words, all written.
    unsafe {
        *p = HEADER_FLATMAP;
        *p.add(1) = n as Word;
        *p.add(2) = keys.raw();
        fill(p.add(3), n, values);
        Term::from_raw(p as Word | PRIMARY_BOXED)
    }
}

/// Writes a flat map.
pub fn build<'h>(heap: &'h Heap, keys: Term<'h>, values: &[Term<'h>]) -> Term<'h> {
    map_of(heap, keys, values.len(), values.iter().copied())
}

/// Writes a flat map with the values `old`, but `new` at `at` in the place of the `gone` ones there.
fn spliced<'h>(
    heap: &'h Heap,
    keys: Term<'h>,
    old: &[Term<'h>],
    at: usize,
    gone: usize,
    new: Term<'h>,
) -> Term<'h> {
    let n = old.len() + 1 - gone;
    let p = heap.alloc(3 + n);
    // SAFETY: fresh words, all written.
    unsafe {
        *p = HEADER_FLATMAP;
        *p.add(1) = n as Word;
        *p.add(2) = keys.raw();
        splice(p.add(3), old, at, gone, new);
        Term::from_raw(p as Word | PRIMARY_BOXED)
    }
}

/// The flat map with another value at position `i`.
pub fn replace<'h>(heap: &'h Heap, map: Term<'h>, i: usize, value: Term<'h>) -> Term<'h> {
    let (Some((_, values)), Some(keys)) = (map.as_flat_map(), map.flat_map_keys()) else {
        return map;
    };
    if values[i].same(value) {
        return map;
    }
    spliced(heap, keys, values, i, 1, value)
}

/// The flat map with one more key, which it lacks.
pub fn insert<'h>(
    heap: &'h Heap,
    keys: &[Term<'h>],
    values: &[Term<'h>],
    key: Term<'h>,
    value: Term<'h>,
) -> Term<'h> {
    let at = keys.partition_point(|k| cmp_flat_keys(*k, key).is_lt());
    let n = keys.len() + 1;
    let p = heap.alloc(1 + n);
    // SAFETY: fresh words, all written.
    let keys = unsafe {
        *p = header(sub::TUPLE, n);
        splice(p.add(1), keys, at, 0, key);
        Term::from_raw(p as Word | PRIMARY_BOXED)
    };
    spliced(heap, keys, values, at, 0, value)
}

/// The flat map without position `i`.
pub fn without<'h>(heap: &'h Heap, keys: &[Term<'h>], values: &[Term<'h>], i: usize) -> Term<'h> {
    let n = keys.len() - 1;
    let keys = tuple(heap, n, removed(keys, i));
    map_of(heap, keys, n, removed(values, i))
}

pub fn removed<'a, 'h>(
    all: &'a [Term<'h>],
    i: usize,
) -> impl Iterator<Item = Term<'h>> + use<'a, 'h> {
    all[..i].iter().chain(&all[i + 1..]).copied()
}

/// The pairs in key order, of several values of one key only the last.
pub fn sorted_unique<'h>(pairs: &[(Term<'h>, Term<'h>)]) -> Vec<(Term<'h>, Term<'h>)> {
    let mut sorted = pairs.to_vec();
    sorted.sort_by(|x, y| cmp_flat_keys(x.0, y.0));
    // Equal keys lie in their old order; `dedup_by` keeps the first of them, so hand it the last value.
    sorted.dedup_by(|later, kept| {
        let same = exact_eq(later.0, kept.0);
        if same {
            kept.1 = later.1;
        }
        same
    });
    sorted
}

/// A flat map of pairs that are in order and not too many.
pub fn from_sorted<'h>(heap: &'h Heap, pairs: &[(Term<'h>, Term<'h>)]) -> Term<'h> {
    let n = pairs.len();
    let keys = tuple(heap, n, pairs.iter().map(|p| p.0));
    map_of(heap, keys, n, pairs.iter().map(|p| p.1))
}

/// Whether all of the keys `part` are among `keys`.
pub fn contains(keys: &[Term<'_>], part: &[Term<'_>]) -> bool {
    let mut rest = keys.iter();
    part.len() <= keys.len() && part.iter().all(|k| rest.any(|r| exact_eq(*r, *k)))
}

/// If two flat maps have the same keys and those of `from` are a literal, `to` gets the same tuple: one copy less
/// of it in memory.
pub fn share_keys(from: Term<'_>, to: Term<'_>) {
    let (Some(a), Some(b)) = (from.flat_map_keys(), to.flat_map_keys()) else {
        return;
    };
    let literal = |t: Term<'_>| crate::literal::contains(t.pointer() as usize);
    if from.map_size() == to.map_size() && literal(a) && !literal(b) {
        // SAFETY: a map whose keys are no literal is none either, so it lies on the process's own heap; no
        // reference to its words is alive, and it means the same with an equal tuple.
        unsafe { *to.pointer().add(2) = a.raw() };
    }
}

/// A flat map and pairs in order, which win; a tree if they are too many together.
pub fn merge<'h>(
    heap: &'h Heap,
    (map, keys, values): (Term<'h>, &[Term<'h>], &[Term<'h>]),
    more: &[(Term<'h>, Term<'h>)],
) -> Term<'h> {
    let mut all = Vec::with_capacity(keys.len() + more.len());
    let (mut i, mut j) = (0, 0);
    while i < keys.len() && j < more.len() {
        let order = if keys[i].same(more[j].0) {
            Ordering::Equal
        } else {
            cmp_flat_keys(keys[i], more[j].0)
        };
        if order.is_lt() {
            all.push((keys[i], values[i]));
            i += 1;
        } else {
            all.push(more[j]);
            j += 1;
            i += usize::from(order.is_eq());
        }
    }
    all.extend((i..keys.len()).map(|i| (keys[i], values[i])));
    all.extend_from_slice(&more[j..]);
    if all.len() > MAP_FLAT_MAX {
        return hamt::build(heap, all.into_iter());
    }
    match map.flat_map_keys() {
        // No new keys: the tuple is shared, and with the old values the whole map.
        Some(tuple) if all.len() == keys.len() => {
            if all.iter().zip(values).all(|(p, old)| p.1.same(*old)) {
                map
            } else {
                map_of(heap, tuple, all.len(), all.iter().map(|p| p.1))
            }
        }
        _ => from_sorted(heap, &all),
    }
}

/// A flat map and pairs with distinct keys in order, which win; nothing if they are too many together. No scratch memory
/// is taken: instructions with constant keys come here.
pub fn merge_ordered<'h>(
    heap: &'h Heap,
    (keys, values): (&[Term<'h>], &[Term<'h>]),
    more: &[(Term<'h>, Term<'h>)],
) -> Option<Term<'h>> {
    let (mut k, mut v) = ([Term::NIL; MAP_FLAT_MAX], [Term::NIL; MAP_FLAT_MAX]);
    let (mut n, mut i) = (0, 0);
    let mut push = |key: Term<'h>, value: Term<'h>| {
        *k.get_mut(n)? = key;
        v[n] = value;
        n += 1;
        Some(())
    };
    for (key, value) in more {
        while let Some(old) = keys.get(i) {
            let order = if old.same(*key) {
                Ordering::Equal
            } else {
                cmp_flat_keys(*old, *key)
            };
            if order.is_gt() {
                break;
            }
            i += 1;
            if order.is_eq() {
                break;
            }
            push(*old, values[i - 1])?;
        }
        push(*key, *value)?;
    }
    for j in i..keys.len() {
        push(keys[j], values[j])?;
    }
    let tuple = tuple(heap, n, k[..n].iter().copied());
    Some(map_of(heap, tuple, n, v[..n].iter().copied()))
}
