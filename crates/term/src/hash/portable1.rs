//! `erlang:phash`, the older portable hash: multiply and add, byte by byte.

use super::portable::phash2;
use crate::fun;
use crate::layout::*;
use crate::{Bits, Term};

/// The primes just above 2^28 that it multiplies with.
mod prime {
    pub const P1: u32 = 268_440_163;
    pub const P2: u32 = 268_439_161;
    pub const P3: u32 = 268_435_459;
    pub const P4: u32 = 268_436_141;
    pub const P5: u32 = 268_438_633;
    pub const P6: u32 = 268_437_017;
    pub const P8: u32 = 268_437_511;
    pub const P9: u32 = 268_439_627;
    pub const P10: u32 = 268_440_479;
    pub const P11: u32 = 268_440_577;
    pub const P12: u32 = 268_440_581;
    pub const P13: u32 = 268_440_593;
    pub const P14: u32 = 268_440_611;
}
use prime::*;

/// What is still to be hashed.
enum Pending<'t> {
    Term(Term<'t>),
    /// The rest of a list.
    Tail(Term<'t>),
    /// The end of a list.
    ListDone,
    /// The end of a tuple of this arity.
    TupleDone(u32),
}

struct State<'t> {
    hash: u32,
    stack: Vec<Pending<'t>>,
}

/// The hash before it is brought into the range that `phash/2` is asked for.
pub fn phash(t: Term<'_>) -> u32 {
    let mut s = State {
        hash: 0,
        stack: vec![Pending::Term(t)],
    };
    while let Some(p) = s.stack.pop() {
        match p {
            Pending::Term(t) if t.is_cons() => s.list(t),
            Pending::Term(t) => s.term(t),
            Pending::Tail(t) if t.is_cons() => s.list(t),
            Pending::Tail(t) => {
                s.stack.push(Pending::ListDone);
                s.term(t);
            }
            Pending::ListDone => s.hash = s.hash.wrapping_mul(P8),
            Pending::TupleDone(arity) => s.step(arity, P9),
        }
    }
    s.hash
}

impl<'t> State<'t> {
    fn step(&mut self, x: u32, prime: u32) {
        self.hash = self.hash.wrapping_mul(prime).wrapping_add(x);
    }

    /// The four bytes of a word, lowest first.
    fn word(&mut self, x: u32, prime: u32) {
        for byte in x.to_le_bytes() {
            self.step(byte.into(), prime);
        }
    }

    fn scale(&mut self, prime: u32) {
        self.hash = self.hash.wrapping_mul(prime);
    }

    /// An integer's magnitude in 32-bit words, then its sign.
    fn integer(&mut self, limbs: &[u64], negative: bool) {
        let last = limbs.len().saturating_sub(1);
        for (i, limb) in limbs.iter().enumerate() {
            self.word(*limb as u32, P2);
            if i < last || limb >> 32 != 0 {
                self.word((limb >> 32) as u32, P2);
            }
        }
        self.scale(if negative { P4 } else { P3 });
    }

    /// Byte characters are stepped in directly; another head is hashed as a term of its own.
    fn list(&mut self, mut t: Term<'t>) {
        while let Some((head, tail)) = t.as_cons() {
            let Some(c @ 0..=255) = head.as_small() else {
                self.stack.push(Pending::Tail(tail));
                self.stack.push(Pending::Term(head));
                return;
            };
            self.step(c as u32, P2);
            t = tail;
        }
        self.stack.push(Pending::ListDone);
        self.stack.push(Pending::Term(t));
    }

    fn term(&mut self, t: Term<'t>) {
        if t.is_boxed() {
            // Every boxed term of a program is one of those that `boxed` knows.
            let _ = self.boxed(t);
        } else if let Some(v) = t.as_small() {
            self.integer(&[v.unsigned_abs()], v < 0);
        } else if let Some(a) = t.as_atom() {
            self.step(a.hash_value(), P1);
        } else if let Some(p) = t.as_local_pid() {
            self.word(p.number(), P5);
            self.scale(P6);
        } else if let Some(p) = t.as_local_port() {
            self.port(p.data());
        } else {
            self.step(1, P3);
        }
    }

    fn boxed(&mut self, t: Term<'t>) -> Option<()> {
        match t.boxed_sub()? {
            sub::TUPLE => {
                let all = t.as_tuple()?;
                self.stack.push(Pending::TupleDone(all.len() as u32));
                self.stack
                    .extend(all.iter().rev().map(|t| Pending::Term(*t)));
            }
            sub::MAP => {
                self.step(P14, P13);
                self.hash = self.hash.wrapping_add(phash2(t));
            }
            sub::FUN => self.fun(t)?,
            sub::HEAP_BITS | sub::SUB_BITS => self.bits(t.as_bits()?),
            sub::POS_BIG | sub::NEG_BIG => {
                let b = t.as_big()?;
                self.integer(b.limbs, b.negative);
            }
            sub::FLOAT => {
                let bits = (t.as_float()? + 0.0).to_bits();
                self.step(bits as u32 ^ (bits >> 32) as u32, P6);
            }
            sub::REF | sub::EXT_REF => {
                let first = t.as_reference()?.numbers().first().copied();
                self.word(first.unwrap_or(0), P9);
                self.scale(P10);
            }
            sub::EXT_PID => {
                self.word(t.as_pid()?.data as u32, P5);
                self.scale(P6);
            }
            sub::EXT_PORT => self.port(t.as_port()?.data),
            _ => {}
        }
        Some(())
    }

    fn port(&mut self, data: u64) {
        let high = (data >> 32) as u32;
        if high != 0 {
            self.word(high, P11);
        }
        self.word(data as u32, P9);
        self.scale(P10);
    }

    fn fun(&mut self, t: Term<'t>) -> Option<()> {
        let f = t.as_fun()?;
        let id = fun::identity(&f);
        if f.external {
            self.step(id.arity.into(), P11);
            self.step(id.module.hash_value(), P1);
            self.step(id.function.hash_value(), P1);
            return Some(());
        }
        self.step(f.free.len() as u32, P10);
        self.step(id.module.hash_value(), P1);
        self.step(id.index, P2);
        self.step(id.uniq, P2);
        let waiting = f.free.iter().rev().map(|t| Pending::Term(*t));
        self.stack.extend(waiting);
        Some(())
    }

    fn bits(&mut self, b: Bits<'_>) {
        let whole = b.size / 8;
        for byte in b.slice(0, whole * 8).to_bytes().iter() {
            self.step((*byte).into(), P1);
        }
        let tail = b.size % 8;
        if tail != 0 {
            self.step((b.byte(whole) >> (8 - tail)).into(), P1);
            self.step(tail as u32, P12);
        }
        self.step(whole as u32, P4);
    }
}
