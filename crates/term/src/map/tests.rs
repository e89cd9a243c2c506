//! Maps against a model: random changes around the border of the two shapes, with good and with bad hashes.

use super::*;
use crate::compare::{cmp, eq, exact_eq};
use crate::hash::{internal_hash, phash2};
use crate::testing::{Random, fewer};
use std::cell::Cell;
use std::cmp::Ordering;
use std::collections::BTreeMap;

thread_local! {
    /// Bits of the hash that count; fewer make collisions.
    static MASK: Cell<u64> = const { Cell::new(u64::MAX) };
}

pub fn key_hash(key: Term<'_>) -> u64 {
    internal_hash(key) & MASK.get()
}

/// Keys of several types; `n` tells them apart.
fn key(heap: &Heap, n: i64) -> Term<'_> {
    match n % 5 {
        0 => Term::small(n),
        1 => heap.float(n as f64),
        2 => heap.binary(n.to_string().as_bytes()),
        3 => heap.tuple(&[Term::OK, Term::small(n)]),
        _ => heap.list(&[Term::small(n), heap.int(i64::MAX - n)]),
    }
}

/// Checks everything that a map answers.
fn check(map: Term<'_>, model: &BTreeMap<i64, i64>) {
    let heap = Heap::new();
    assert_eq!(map.map_size(), Some(model.len()));
    assert_eq!(map.is_flat_map(), model.len() <= MAP_FLAT_MAX);
    for (k, v) in model {
        let found = get(map, key(&heap, *k)).and_then(|t| t.as_small());
        assert_eq!(found, Some(*v));
    }
    assert!(get(map, key(&heap, 1 << 40)).is_none());
    // However it came to be, it is the map that its pairs make.
    let pairs: Vec<_> = model
        .iter()
        .map(|(k, v)| (key(&heap, *k), Term::small(*v)))
        .collect();
    let fresh = from_pairs(&heap, &pairs);
    assert!(exact_eq(map, fresh) && eq(map, fresh));
    assert_eq!(cmp(map, fresh), Ordering::Equal);
    assert_eq!(phash2(map), phash2(fresh));
    assert_eq!(internal_hash(map), internal_hash(fresh));
    assert_eq!(iter(map).count(), model.len());
    let walked: Vec<_> = iter(map).map(|(k, _)| k.raw()).collect();
    assert_eq!(walked, by_chunks(&heap, map, 5));
}

/// The keys as `maps:next/1` finds them, a few at a time.
fn by_chunks<'h>(heap: &'h Heap, map: Term<'h>, limit: usize) -> Vec<Word> {
    let mut keys = Vec::new();
    let mut path = Term::small(0);
    loop {
        let mut rest = next_chunk(heap, path, map, Collect::Iterator, limit)
            .unwrap()
            .term;
        while let Some([k, _, next]) = rest.as_tuple_of() {
            keys.push(k.raw());
            rest = *next;
        }
        match rest.as_cons() {
            Some((next, _)) => path = next,
            None => return keys,
        }
    }
}

fn random_changes(seed: u64, keys: u64, steps: usize, mask: u64) {
    MASK.set(mask);
    let heap = Heap::new();
    let mut random = Random::new(seed);
    let mut model = BTreeMap::new();
    let mut map = empty(&heap);
    for step in 0..fewer(steps) {
        let (n, v) = (random.below(keys) as i64, random.below(3) as i64);
        let (k, value) = (key(&heap, n), Term::small(v));
        let old = model.get(&n).copied();
        match random.below(10) {
            0..=4 => {
                map = put(&heap, map, k, value).unwrap();
                model.insert(n, v);
            }
            5..=6 => {
                let (rest, taken) = take(&heap, map, k).unwrap();
                assert_eq!(taken.and_then(|t| t.as_small()), old);
                assert!(old.is_some() || rest.same(map));
                map = rest;
                model.remove(&n);
            }
            7 => match update(&heap, map, k, value) {
                Ok(new) => {
                    assert!(old.is_some());
                    map = new;
                    model.insert(n, v);
                }
                Err(e) => assert!(old.is_none() && matches!(e, MapError::BadKey(_))),
            },
            8 => {
                let pairs: Vec<_> = (0..random.below(8))
                    .map(|i| ((n + i as i64 * 3) % keys as i64, v + i as i64))
                    .collect();
                model.extend(pairs.iter().copied());
                let pairs: Vec<_> = pairs
                    .iter()
                    .map(|(k, v)| (key(&heap, *k), Term::small(*v)))
                    .collect();
                map = put_all(&heap, map, &pairs).unwrap();
            }
            _ => {
                let other: BTreeMap<i64, i64> = (0..random.below(60))
                    .map(|_| (random.below(keys) as i64, v))
                    .collect();
                let pairs: Vec<_> = other
                    .iter()
                    .map(|(k, v)| (key(&heap, *k), Term::small(*v)))
                    .collect();
                let more = from_pairs(&heap, &pairs);
                if random.below(2) == 0 {
                    map = merge(&heap, map, more).unwrap();
                    model.extend(other);
                } else {
                    map = merge(&heap, more, map).unwrap();
                    let mine = std::mem::replace(&mut model, other);
                    model.extend(mine);
                }
                // Back to the border.
                while model.len() > 40 {
                    let Some((n, _)) = model.pop_first() else {
                        break;
                    };
                    map = remove(&heap, map, key(&heap, n)).unwrap();
                }
            }
        }
        if step % 7 == 0 || model.len().abs_diff(MAP_FLAT_MAX) < 2 {
            check(map, &model);
        }
    }
    MASK.set(u64::MAX);
}

#[test]
fn random_changes_around_the_border() {
    random_changes(1, 60, 3000, u64::MAX);
}

#[test]
fn random_changes_with_collisions() {
    random_changes(2, 60, 3000, 0x0F00_0000_0000_0003);
    random_changes(3, 80, 1500, 0);
}

#[test]
fn a_large_map_grows_and_shrinks() {
    let heap = Heap::new();
    let n = fewer(5000) as i64;
    let mut map = empty(&heap);
    for i in 0..n {
        map = put(&heap, map, key(&heap, i), Term::small(i)).unwrap();
    }
    assert_eq!(map.map_size(), Some(n as usize));
    assert_eq!(
        keys(&heap, map).and_then(|l| l.list_len()),
        Some(n as usize)
    );
    for i in 0..n {
        let (rest, value) = take(&heap, map, key(&heap, i)).unwrap();
        assert_eq!(value.and_then(|v| v.as_small()), Some(i));
        map = rest;
    }
    assert!(exact_eq(map, empty(&heap)));
}

#[test]
fn large_maps_order_by_their_least_difference() {
    let heap = Heap::new();
    let of = |skip: i64, value: i64| {
        let pairs: Vec<_> = (0..50)
            .filter(|i| *i != skip)
            .map(|i| (Term::small(i), Term::small(if i == 7 { value } else { i })))
            .collect();
        from_pairs(&heap, &pairs)
    };
    // The map that has key 3 is less than the one that has key 9 instead.
    assert_eq!(cmp(of(9, 0), of(3, 0)), Ordering::Less);
    assert_eq!(cmp(of(9, 1), of(9, 2)), Ordering::Less);
    assert_eq!(cmp(of(9, 2), of(9, 2)), Ordering::Equal);
}

#[test]
fn errors_name_their_terms() {
    let heap = Heap::new();
    let k = Term::atom(crate::am::error);
    assert!(matches!(put(&heap, k, k, k), Err(MapError::BadMap(t)) if t.same(k)));
    assert!(matches!(update(&heap, empty(&heap), k, k), Err(MapError::BadKey(t)) if t.same(k)));
    assert!(from_unique_pairs(&heap, &[(k, k), (k, k)]).is_none());
    assert!(get(k, k).is_none() && keys(&heap, k).is_none());
}

#[test]
fn recorded_iteration_orders() {
    let heap = Heap::new();
    let facts = crate::testing::recorded(&heap)[2];
    for fact in facts.iter() {
        let Some([inserted, listed, value_list, walked, path]) = fact.as_tuple_of() else {
            panic!("not a fact: {fact:?}");
        };
        let pairs: Vec<_> = inserted
            .iter()
            .zip(1..)
            .map(|(k, i)| (k, Term::small(i)))
            .collect();
        let mut map = empty(&heap);
        for (k, v) in &pairs {
            map = put(&heap, map, *k, *v).unwrap();
        }
        let walk: Vec<_> = iter(map).map(|(_, v)| v).collect();
        assert!(exact_eq(heap.list(&walk), *walked));
        assert!(exact_eq(values(&heap, map).unwrap(), *value_list));
        let list: Vec<_> = to_list(&heap, map)
            .unwrap()
            .iter()
            .filter_map(|p| p.as_tuple().map(|p| p[1]))
            .collect();
        assert!(exact_eq(heap.list(&list), *listed));
        assert!(exact_eq(map, from_pairs(&heap, &pairs)));
        let mut rest = next_chunk(&heap, Term::small(0), map, Collect::Iterator, 1000)
            .unwrap()
            .term;
        while let Some([_, _, next]) = rest.as_tuple_of() {
            rest = *next;
        }
        assert!(exact_eq(rest.as_cons().map_or(rest, |(p, _)| p), *path));
    }
}
