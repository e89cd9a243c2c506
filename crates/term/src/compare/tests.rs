//! Order and equality where the rules meet.

use super::*;
use crate::Heap;
use crate::testing::fewer;
use Ordering::{Equal, Greater, Less};

#[test]
fn numbers_compare_by_value_or_exactly() {
    let h = Heap::new();
    let big = h.int128(1 << 100);
    let float = h.float((1u128 << 100) as f64);
    assert_eq!(cmp(big, float), Equal);
    assert!(eq(big, float) && !exact_eq(big, float));
    assert_eq!(cmp_exact_order(big, float), Less);
    assert_eq!(cmp(h.int128((1 << 100) + 1), float), Greater);
    assert_eq!(cmp(h.int128(-(1 << 100) - 1), h.float(-1e30)), Less);
    let odd = (1i64 << 53) + 1;
    assert_eq!(cmp(Term::small(odd), h.float((1i64 << 53) as f64)), Greater);
    assert_eq!(cmp(h.float(0.5), Term::small(0)), Greater);
    let (minus, plus) = (h.float(-0.0), h.float(0.0));
    assert!(eq(minus, plus) && !exact_eq(minus, plus));
    assert_eq!(cmp(minus, plus), Equal);
    assert_eq!(cmp_exact_order(minus, plus), Less);
    assert!(eq(minus, Term::small(0)));
}

#[test]
fn deep_terms_do_not_exhaust_the_stack() {
    let h = Heap::new();
    let deep = |n: usize, end: Term<'static>| {
        (0..n).fold(end, |t, i| match i % 3 {
            0 => h.cons(t, Term::NIL),
            1 => h.tuple(&[t]),
            _ => crate::map::from_pairs(&h, &[(Term::OK, t)]),
        })
    };
    let n = fewer(300_000);
    let (a, b) = (deep(n, Term::TRUE), deep(n, Term::FALSE));
    assert_eq!(cmp(a, b), Greater);
    assert!(exact_eq(a, deep(n, Term::TRUE)));
    assert_ne!(crate::hash::phash2(a), crate::hash::phash2(b));
    assert_ne!(crate::hash::internal_hash(a), crate::hash::internal_hash(b));
    assert_ne!(crate::hash::phash(a), crate::hash::phash(b));
}

#[test]
fn recorded_orders() {
    let h = Heap::new();
    let Some([terms, facts]) = crate::testing::recorded(&h)[1].as_tuple_of() else {
        panic!("no orders recorded");
    };
    let terms = terms.as_tuple().unwrap();
    let mut n = 0;
    for fact in facts.iter() {
        let Some([i, j, order, exact_order, equal, exact]) = fact.as_tuple_of() else {
            panic!("not a fact: {fact:?}");
        };
        let (a, b) = (
            terms[i.as_usize().unwrap() - 1],
            terms[j.as_usize().unwrap() - 1],
        );
        let sign = |o: Ordering| Some(o as i64);
        let about = || {
            format!(
                "{} and {}",
                crate::testing::show(a),
                crate::testing::show(b)
            )
        };
        assert_eq!(sign(cmp(a, b)), order.as_small(), "order of {}", about());
        assert_eq!(
            sign(cmp(b, a)),
            order.as_small().map(|o| -o),
            "reverse order of {}",
            about()
        );
        assert_eq!(
            sign(cmp_exact_order(a, b)),
            exact_order.as_small(),
            "exact order of {}",
            about()
        );
        assert_eq!(Some(eq(a, b)), equal.as_bool(), "equality of {}", about());
        assert_eq!(
            Some(exact_eq(a, b)),
            exact.as_bool(),
            "exact equality of {}",
            about()
        );
        n += 1;
    }
    assert!(n > 100);
}
