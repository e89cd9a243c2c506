//! `erlang:phash2`: Bob Jenkins' mixing over a walk of the term. Its values never change between versions.

use crate::fun;
use crate::layout::*;
use crate::map::Iter;
use crate::{Atom, Bits, Term};

/// The golden ratio; kinds of terms are told apart by multiples of it.
const GOLDEN: u32 = 0x9E37_79B9;
/// The hash of the empty list alone.
const NIL_ALONE: u32 = 3_468_870_702;

/// Multiples of the golden ratio.
const fn golden(n: u32) -> u32 {
    GOLDEN.wrapping_mul(n)
}

/// Mixes three words; the last one is the result.
#[inline]
fn mix(a: &mut u32, b: &mut u32, c: &mut u32) {
    macro_rules! round {
        ($a:ident, $b:ident, $c:ident, $shifted:expr) => {
            *$a = $a.wrapping_sub(*$b).wrapping_sub(*$c) ^ $shifted;
        };
    }
    round!(a, b, c, *c >> 13);
    round!(b, c, a, *a << 8);
    round!(c, a, b, *b >> 13);
    round!(a, b, c, *c >> 12);
    round!(b, c, a, *a << 16);
    round!(c, a, b, *b >> 5);
    round!(a, b, c, *c >> 3);
    round!(b, c, a, *a << 10);
    round!(c, a, b, *b >> 15);
}

/// The hash of bytes, started with an earlier hash.
pub fn block_hash(bytes: &[u8], initial: u32) -> u32 {
    let (mut a, mut b, mut c) = (GOLDEN, GOLDEN, initial);
    let word = |w: &[u8]| {
        w.iter()
            .rev()
            .fold(0u32, |v, byte| v << 8 | u32::from(*byte))
    };
    let mut blocks = bytes.chunks_exact(12);
    for k in &mut blocks {
        a = a.wrapping_add(word(&k[0..4]));
        b = b.wrapping_add(word(&k[4..8]));
        c = c.wrapping_add(word(&k[8..12]));
        mix(&mut a, &mut b, &mut c);
    }
    let rest = blocks.remainder();
    let part = |from: usize, to: usize| word(&rest[from.min(rest.len())..to.min(rest.len())]);
    a = a.wrapping_add(part(0, 4));
    b = b.wrapping_add(part(4, 8));
    // The lowest byte of the last word is the length's.
    c = c
        .wrapping_add(bytes.len() as u32)
        .wrapping_add(part(8, 11) << 8);
    mix(&mut a, &mut b, &mut c);
    c
}

/// What is still to be hashed.
enum Pending<'t> {
    Term(Term<'t>),
    /// A map's pair is done: its hash goes into the map's sum.
    PairDone,
    /// A map is done: back to the hash and the sum around it.
    MapDone {
        hash: u32,
        sum: u32,
    },
}

struct State<'t> {
    hash: u32,
    /// The pairs so far of the map that we are in, in any order.
    sum: u32,
    stack: Vec<Pending<'t>>,
}

/// All 32 bits of the hash; `phash2/1` shows the lowest 27 of them.
pub fn phash2(t: Term<'_>) -> u32 {
    if let Some(a) = t.as_atom() {
        return a.hash_value();
    }
    let mut s = State {
        hash: 0,
        sum: 0,
        stack: Vec::new(),
    };
    let mut next = Some(t);
    while let Some(t) = next {
        let more = if t.is_cons() {
            s.list(t)
        } else if t.is_boxed() {
            s.boxed(t)
        } else {
            s.immediate(t);
            None
        };
        next = more.or_else(|| s.pop());
    }
    s.hash
}

impl<'t> State<'t> {
    fn two(&mut self, x: u32, y: u32, kind: u32) {
        let (mut a, mut b) = (kind.wrapping_add(x), kind.wrapping_add(y));
        mix(&mut a, &mut b, &mut self.hash);
    }

    fn one(&mut self, x: u32, kind: u32) {
        self.two(x, 0, kind);
    }

    /// 64 bits, low half first.
    fn wide(&mut self, x: u64, kind: u32) {
        self.two(x as u32, (x >> 32) as u32, kind);
    }

    fn pop(&mut self) -> Option<Term<'t>> {
        loop {
            match self.stack.pop()? {
                Pending::Term(t) => return Some(t),
                Pending::PairDone => {
                    self.sum ^= self.hash;
                    self.hash = 0;
                }
                Pending::MapDone { hash, sum } => {
                    self.hash = hash;
                    self.one(self.sum, golden(19));
                    self.sum = sum;
                }
            }
        }
    }

    fn immediate(&mut self, t: Term<'_>) {
        if let Some(v) = t.as_small() {
            self.small(v);
        } else if let Some(a) = t.as_atom() {
            self.atom(a);
        } else if let Some(p) = t.as_local_pid() {
            self.one(p.number(), golden(5));
        } else if let Some(p) = t.as_local_port() {
            self.wide(p.data(), golden(6));
        } else if self.hash == 0 {
            self.hash = NIL_ALONE;
        } else {
            // The reference engine's tag of nil.
            self.one(2, golden(2));
        }
    }

    fn atom(&mut self, a: Atom) {
        if self.hash == 0 {
            self.hash = a.hash_value();
        } else {
            self.one(a.hash_value(), golden(3));
        }
    }

    fn small(&mut self, v: i64) {
        const MAX28: i64 = (1 << 27) - 1;
        match v {
            0..=MAX28 => self.one(v as u32, GOLDEN),
            v if (-MAX28 - 1..0).contains(&v) => {
                // Negative ones are mixed in twice, as they always were.
                self.one(v.unsigned_abs() as u32, GOLDEN);
                self.one(v as u32, GOLDEN);
            }
            v => self.wide(v.unsigned_abs(), sign_kind(v < 0)),
        }
    }

    /// A list, byte characters four at a time.
    fn list(&mut self, mut t: Term<'t>) -> Option<Term<'t>> {
        let (mut value, mut bytes) = (0u32, 0);
        let mut stopped_at = None;
        while let Some((head, tail)) = t.as_cons() {
            let Some(c @ 0..=255) = head.as_small() else {
                stopped_at = Some((head, tail));
                break;
            };
            value = value << 8 | c as u32;
            bytes += 1;
            if bytes == 4 {
                self.one(value, golden(4));
                (value, bytes) = (0, 0);
            }
            t = tail;
        }
        if bytes > 0 {
            self.one(value, golden(4));
        }
        let Some((head, tail)) = stopped_at else {
            return Some(t);
        };
        self.stack.push(Pending::Term(tail));
        Some(head)
    }

    fn boxed(&mut self, t: Term<'t>) -> Option<Term<'t>> {
        let h = t.boxed_header()?;
        match header_sub(h) {
            sub::TUPLE => {
                let all = t.as_tuple()?;
                self.one(all.len() as u32, golden(9));
                return self.elements(all);
            }
            sub::RECORD => {
                let r = t.as_record()?;
                let values = r.values();
                self.two(values.len() as u32, r.definition().hash(), golden(23));
                return self.elements(values);
            }
            sub::MAP => self.map(t)?,
            sub::FUN => return self.fun(t),
            sub::HEAP_BITS | sub::SUB_BITS => self.bits(t.as_bits()?),
            sub::POS_BIG | sub::NEG_BIG => {
                let b = t.as_big()?;
                for limb in b.limbs {
                    self.wide(*limb, sign_kind(b.negative));
                }
            }
            sub::FLOAT => {
                // Adding a positive zero makes a negative one positive.
                let bits = (t.as_float()? + 0.0).to_bits();
                self.two((bits >> 32) as u32, bits as u32, golden(12));
            }
            sub::REF | sub::EXT_REF => {
                let first = t.as_reference()?.numbers().first().copied();
                self.one(first.unwrap_or(0), golden(7));
            }
            sub::EXT_PID => self.one(t.as_pid()?.data as u32, golden(5)),
            sub::EXT_PORT => self.wide(t.as_port()?.data, golden(6)),
            _ => {}
        }
        None
    }

    /// The first element comes next, the others wait.
    fn elements(&mut self, all: &[Term<'t>]) -> Option<Term<'t>> {
        let (first, others) = all.split_first()?;
        let waiting = others.iter().rev().map(|t| Pending::Term(*t));
        self.stack.extend(waiting);
        Some(*first)
    }

    /// Pairs are hashed each by itself and summed up, so that their order does not matter.
    fn map(&mut self, t: Term<'t>) -> Option<()> {
        let size = t.map_size()?;
        self.one(size as u32, golden(16));
        if size == 0 {
            return Some(());
        }
        self.stack.push(Pending::MapDone {
            hash: self.hash,
            sum: self.sum,
        });
        (self.hash, self.sum) = (0, 0);
        for (key, value) in Iter::new(t) {
            self.stack.push(Pending::PairDone);
            self.stack.push(Pending::Term(value));
            self.stack.push(Pending::Term(key));
        }
        Some(())
    }

    fn fun(&mut self, t: Term<'t>) -> Option<Term<'t>> {
        let f = t.as_fun()?;
        let id = fun::identity(&f);
        if f.external {
            self.two(id.arity.into(), id.module.hash_value(), GOLDEN);
            self.one(id.function.hash_value(), golden(14));
            return None;
        }
        self.two(f.free.len() as u32, id.module.hash_value(), GOLDEN);
        self.two(id.index, id.uniq, GOLDEN);
        self.elements(f.free)
    }

    fn bits(&mut self, b: Bits<'_>) {
        let initial = golden(13).wrapping_add(self.hash);
        if b.size == 0 {
            self.hash = initial;
            return;
        }
        // As ever, only the low 32 bits of the number of bytes count.
        let whole = (b.size / 8) & 0xFFFF_FFFF;
        self.hash = block_hash(&b.slice(0, whole * 8).to_bytes(), initial);
        let tail = b.size % 8;
        if tail != 0 {
            let last = b.byte(whole) >> (8 - tail);
            self.two(tail as u32, last.into(), golden(15));
        }
    }
}

fn sign_kind(negative: bool) -> u32 {
    golden(if negative { 10 } else { 11 })
}
