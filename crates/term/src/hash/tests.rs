//! Hashes as the reference engine gives them.

use super::*;
use crate::testing::show;
use crate::{Heap, Term, am, map};

#[test]
fn phash2_of_the_contract() {
    let h = Heap::new();
    let a = Term::atom(crate::Atom::new("a").unwrap());
    let b = Term::atom(crate::Atom::new("b").unwrap());
    let terms = [
        a,
        Term::small(1),
        h.float(1.0),
        h.latin1_string(b"abc"),
        h.binary(b"abc"),
        h.tuple(&[a, b]),
        map::from_pairs(&h, &[(a, Term::small(1))]),
        Term::NIL,
        Term::small(-1),
        h.int128(1 << 70),
    ];
    let hashes = [
        97, 2614250, 77147068, 117343302, 98228475, 101277806, 59617982, 113427502, 44071773,
        131422029,
    ];
    for (t, expected) in terms.iter().zip(hashes) {
        assert_eq!(phash2(*t) & ((1 << 27) - 1), expected);
    }
    assert_eq!(am::true_.index(), 1);
}

#[test]
fn recorded_hashes() {
    let h = Heap::new();
    let facts = crate::testing::recorded(&h)[0];
    for fact in facts.iter() {
        let Some([t, two, one, internal]) = fact.as_tuple_of() else {
            panic!("not a fact: {fact:?}");
        };
        assert_eq!(
            Some(phash2(*t).into()),
            two.as_u64(),
            "phash2 of {}",
            show(*t)
        );
        assert_eq!(
            Some(phash(*t).into()),
            one.as_u64(),
            "phash of {}",
            show(*t)
        );
        if let Some(expected) = internal.as_u64() {
            assert_eq!(internal_hash(*t), expected, "internal hash of {}", show(*t));
        }
    }
    assert!(facts.iter().count() >= 100);
}
