//! Random garbage and survivors, checked against a model after each collection.

use super::*;
use crate::node::Config;
use crate::signal::Parcel;
use corten_term::layout::PRIMARY_MASK;
use corten_term::{Heap, Pid, Term};

fn process() -> Box<Process> {
    let p = Process::new(Pid::from_data(1), &Config::default());
    new_block(&p, 10);
    p
}

struct Dice(u64);
impl Dice {
    fn roll(&mut self, n: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

/// A term that depends only on the seed.
fn build<'h>(h: &'h Heap, dice: &mut Dice, depth: u32) -> Term<'h> {
    match dice.roll(if depth == 0 { 5 } else { 9 }) {
        0 => Term::small(dice.roll(1000) as i64),
        1 => h.float(dice.roll(1000) as f64 / 8.0),
        2 => h.big(dice.roll(2) == 0, &[dice.roll(1 << 30), 1 + dice.roll(9)]),
        3 => h.binary(&vec![dice.roll(256) as u8; dice.roll(200) as usize]),
        4 => {
            let b = h
                .binary(&vec![dice.roll(256) as u8; 40 + dice.roll(100) as usize])
                .as_bits()
                .unwrap();
            h.sub_bits(b.orig, b.base(), b.start + 3, b.start + 27)
        }
        5 | 6 => {
            let n = dice.roll(6);
            let elements: Vec<_> = (0..n).map(|_| build(h, dice, depth - 1)).collect();
            h.tuple(&elements)
        }
        _ => {
            let n = dice.roll(6);
            let elements: Vec<_> = (0..n).map(|_| build(h, dice, depth - 1)).collect();
            h.list_with_tail(&elements, Term::small(3))
        }
    }
}

fn equal(a: Term<'_>, b: Term<'_>) -> bool {
    if let (Some(x), Some(y)) = (a.as_cons(), b.as_cons()) {
        return equal(x.0, y.0) && equal(x.1, y.1);
    }
    if let (Some(x), Some(y)) = (a.as_tuple(), b.as_tuple()) {
        return x.len() == y.len() && x.iter().zip(y).all(|(x, y)| equal(*x, *y));
    }
    if let (Some(x), Some(y)) = (a.as_bits(), b.as_bits()) {
        return x.size == y.size && x.to_bytes() == y.to_bytes();
    }
    if let (Some(x), Some(y)) = (a.as_big(), b.as_big()) {
        return x.negative == y.negative && x.limbs == y.limbs;
    }
    if let (Some(x), Some(y)) = (a.as_float(), b.as_float()) {
        return x == y;
    }
    a.raw() & PRIMARY_MASK == b.raw() & PRIMARY_MASK && a.same(b)
}

#[test]
fn survivors_survive_and_memory_is_bounded() {
    let p = process();
    let mut dice = Dice(7);
    let mut x: Vec<Word> = vec![Term::NIL.raw(); 8];
    let mut model: Vec<Parcel> = (0..8).map(|_| Parcel::pack(Term::NIL)).collect();
    for round in 0..3000 {
        let t = build(&p.heap, &mut dice, 4);
        let slot = dice.roll(8) as usize;
        model[slot] = Parcel::pack(t);
        x[slot] = t.raw();
        if dice.roll(3) == 0 {
            if dice.roll(20) == 0 {
                p.set_flag(flag::NEED_FULLSWEEP, true);
            }
            let need = dice.roll(100) as usize;
            collect(&p, need, &mut x);
            assert!(words_between(p.heap.top(), p.heap.limit()) >= need);
            for (w, m) in x.iter().zip(&model) {
                // SAFETY: live registers after a collection.
                assert!(equal(unsafe { p.root(*w) }, m.term()), "round {round}");
            }
        }
    }
    assert!(block_words(&p) < 1 << 20);
    hibernate(&p, &mut x);
    for (w, m) in x.iter().zip(&model) {
        // SAFETY: as above.
        assert!(equal(unsafe { p.root(*w) }, m.term()));
    }
    let before = corten_term::binary::total_bytes();
    free(&p);
    assert!(corten_term::binary::total_bytes() <= before);
}

#[test]
fn the_stack_moves_with_its_roots() {
    let p = process();
    let t = p.heap.list(&[Term::small(1), Term::small(2)]).raw();
    // SAFETY: two words below the top of a fresh block are free.
    unsafe {
        let e = p.stack_top.get().sub(2);
        *e = t;
        *e.add(1) = 0x1000; // a continuation pointer
        p.stack_top.set(e);
    }
    collect(&p, 5000, &mut []);
    // SAFETY: the stack is live.
    unsafe {
        let e = p.stack_top.get();
        assert_eq!(p.root(*e).list_len(), Some(2));
        assert_eq!(*e.add(1), 0x1000);
    }
    free(&p);
}
