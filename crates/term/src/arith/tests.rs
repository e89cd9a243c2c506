//! What the reference engine answers, case by case, and laws on random integers.

use super::*;
use crate::bits::power_of_two;
use crate::testing::fewer;
use dashu_int::IBig;

fn of<'h>(h: &'h Heap, v: &IBig) -> Term<'h> {
    let (sign, words) = v.as_sign_words();
    h.big(sign == dashu_int::Sign::Negative, words)
}

fn value(t: Term<'_>) -> IBig {
    let mut room = 0;
    let b = integer_operand(t, &mut room).unwrap();
    let sign = if b.negative {
        dashu_int::Sign::Negative
    } else {
        dashu_int::Sign::Positive
    };
    IBig::from_sign_words(sign, b.limbs)
}

fn pow2(n: usize) -> IBig {
    IBig::from(1) << n
}

#[test]
fn agrees_with_dashu() {
    let mut seed = 88_172_645_463_325_252u64;
    let mut next = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    for _ in 0..fewer(4000) {
        let h = Heap::new();
        let mut number = || {
            let words: Vec<u64> = (0..next() % 40).map(|_| next()).collect();
            let v =
                IBig::from_sign_words(dashu_int::Sign::Positive, &words) >> (next() % 64) as usize;
            if next() % 2 == 0 { -v } else { v }
        };
        let (x, y) = (number(), number());
        let (a, b) = (of(&h, &x), of(&h, &y));
        assert_eq!(value(add(&h, a, b).unwrap()), &x + &y);
        assert_eq!(value(sub(&h, a, b).unwrap()), &x - &y);
        assert_eq!(value(mul(&h, a, b).unwrap()), &x * &y);
        assert_eq!(value(band(&h, a, b).unwrap()), &x & &y);
        assert_eq!(value(bor(&h, a, b).unwrap()), &x | &y);
        assert_eq!(value(bxor(&h, a, b).unwrap()), &x ^ &y);
        assert_eq!(value(bnot(&h, a).unwrap()), !&x);
        assert_eq!(value(neg(&h, a).unwrap()), -&x);
        if y != IBig::from(0) {
            assert_eq!(value(int_div(&h, a, b).unwrap()), &x / &y);
            assert_eq!(value(rem(&h, a, b).unwrap()), &x % &y);
        }
        let n = (next() % 300) as usize;
        let by = Term::small(n as i64);
        assert_eq!(value(bsl(&h, a, by).unwrap()), &x << n);
        assert_eq!(value(bsr(&h, a, by).unwrap()), &x >> n);
        assert_eq!(
            value(bsl(&h, a, Term::small(-(n as i64))).unwrap()),
            &x >> n
        );
    }
}

#[test]
#[cfg_attr(miri, ignore = "numbers of half a megabyte")]
fn limits() {
    let h = Heap::new();
    let one = Term::small(1);
    let huge = of(&h, &pow2(100));
    let m = bsl(&h, one, Term::small(4_194_239)).unwrap();
    assert_eq!(m.as_big().unwrap().limbs.len(), 65_535);
    let limit = Err(ArithError::SystemLimit);
    let err = |r: Result<'_>| r.map(|_| ());
    assert_eq!(err(bsl(&h, one, Term::small(4_194_240))), limit);
    assert_eq!(err(bsl(&h, one, huge)), limit);
    assert_eq!(err(bsr(&h, one, neg(&h, huge).unwrap())), limit);
    assert_eq!(bsl(&h, Term::small(0), huge).unwrap().as_small(), Some(0));
    assert_eq!(bsr(&h, Term::small(-1), huge).unwrap().as_small(), Some(-1));
    assert_eq!(err(add(&h, m, m)), limit);
    assert_eq!(err(mul(&h, m, Term::small(-2))), limit);
    let largest = add(&h, m, sub(&h, m, one).unwrap()).unwrap();
    assert_eq!(err(bnot(&h, largest)), limit);
    assert_eq!(err(mul(&h, m, h.float(1.0))), Err(ArithError::BadArith));
    assert_eq!(err(div_float(&h, m, m)), Err(ArithError::BadArith));
    assert_eq!(err(float(&h, of(&h, &pow2(1024)))), Err(ArithError::BadArg));
}

#[test]
fn small_borders() {
    let h = Heap::new();
    let (min, max) = (Term::small(SMALL_MIN), Term::small(SMALL_MAX));
    let (one, minus) = (Term::small(1), Term::small(-1));
    assert_eq!(add(&h, max, one).unwrap().as_i64(), Some(SMALL_MAX + 1));
    assert_eq!(sub(&h, min, one).unwrap().as_i64(), Some(SMALL_MIN - 1));
    assert_eq!(mul(&h, min, minus).unwrap().as_i64(), Some(-SMALL_MIN));
    assert_eq!(int_div(&h, min, minus).unwrap().as_i64(), Some(-SMALL_MIN));
    assert_eq!(neg(&h, min).unwrap().as_i64(), Some(-SMALL_MIN));
    assert_eq!(
        bsl(&h, minus, Term::small(59)).unwrap().as_small(),
        Some(SMALL_MIN)
    );
    assert!(bsl(&h, one, Term::small(59)).unwrap().as_big().is_some());
    assert_eq!(
        rem(&h, Term::small(-7), Term::small(2)).unwrap().as_small(),
        Some(-1)
    );
    assert_eq!(
        int_div(&h, one, Term::small(0)).err(),
        Some(ArithError::BadArith)
    );
    assert_eq!(rem(&h, h.float(1.0), one).err(), Some(ArithError::BadArith));
}

#[test]
fn floats() {
    let h = Heap::new();
    let f = |r: Result<'_>| r.unwrap().as_float().unwrap();
    assert_eq!(
        mul(&h, h.float(1e308), Term::small(10)).err(),
        Some(ArithError::BadArith)
    );
    assert!(f(mul(&h, h.float(0.0), Term::small(-1))).is_sign_negative());
    assert!(f(neg(&h, h.float(0.0))).is_sign_negative());
    assert!(f(abs(&h, h.float(-0.0))).is_sign_positive());
    assert_eq!(
        f(div_float(&h, of(&h, &pow2(1000)), of(&h, &pow2(999)))),
        2.0
    );
    assert_eq!(
        f(float(&h, Term::small(9_007_199_254_740_993))),
        9_007_199_254_740_992.0
    );
    // Not the nearest float, but the one that OTP gives.
    let near = pow2(200) + pow2(147) + IBig::from(1);
    assert_eq!(f(float(&h, of(&h, &near))), power_of_two(200));
    let int = |r: Result<'_>| value(r.unwrap());
    assert_eq!(int(round(&h, h.float(2.5))), IBig::from(3));
    assert_eq!(int(round(&h, h.float(-2.5))), IBig::from(-3));
    assert_eq!(
        int(round(&h, h.float(0.499_999_999_999_999_94))),
        IBig::from(0)
    );
    assert_eq!(int(ceil(&h, h.float(-0.5))), IBig::from(0));
    assert_eq!(int(floor(&h, h.float(-0.5))), IBig::from(-1));
    assert_eq!(
        int(trunc(&h, h.float(-1e300))) % IBig::from(1_000_007),
        IBig::from(-345_933)
    );
    assert_eq!(
        int(trunc(&h, h.float(f64::MAX))) % IBig::from(1009),
        IBig::from(885)
    );
    for e in 50..1023 {
        let x = 1.75 * power_of_two(e);
        assert_eq!(int(trunc(&h, h.float(x))), IBig::from(7) << e as usize >> 2);
    }
    assert_eq!(trunc(&h, Term::OK).err(), Some(ArithError::BadArg));
}
