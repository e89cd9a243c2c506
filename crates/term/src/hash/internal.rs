//! The hash that places keys in large maps (and rows in hash tables): MurmurHash3's 128-bit mixing, fed
//! with the pieces of the term one after the other.

use crate::fun;
use crate::layout::*;
use crate::map::children;
use crate::{Bits, PID_NUMBER_BITS, Term};
use std::sync::atomic::{AtomicU32, Ordering};

const C1: u64 = 0x87C3_7B91_1142_53D5;
const C2: u64 = 0x4CF5_AD43_2745_937F;

/// What a piece of input is.
mod kind {
    pub const IMMEDIATE: u64 = 1;
    pub const ELEMENT: u64 = 2;
    pub const CAR: u64 = 3;
    pub const CDR: u64 = 4;
    pub const STRING: u64 = 5;
    pub const TUPLE: u64 = 6;
    pub const FLAT_MAP: u64 = 7;
    pub const HEAD_ARRAY: u64 = 8;
    pub const HEAD_BITMAP: u64 = 9;
    pub const NODE: u64 = 10;
    pub const BITS: u64 = 11;
    pub const LOCAL_FUN: u64 = 12;
    pub const EXTERNAL_FUN: u64 = 13;
    pub const NEGATIVE: u64 = 14;
    pub const POSITIVE: u64 = 15;
    pub const REF: u64 = 16;
    pub const EXT_REF: u64 = 17;
    pub const EXT_PID: u64 = 18;
    pub const EXT_PORT: u64 = 19;
    pub const FLOAT: u64 = 20;
    pub const RECORD: u64 = 21;
}

/// The hash of a term.
#[inline]
pub fn internal_hash(t: Term<'_>) -> u64 {
    if t.is_immediate() {
        return finish(word(t));
    }
    hash_object(t, 0)
}

/// The hash with a salt, for tables whose order must not be foreseeable.
#[inline]
pub fn salted_hash(t: Term<'_>, salt: u64) -> u64 {
    if t.is_immediate() {
        return finish(word(t).wrapping_add(salt));
    }
    hash_object(t, salt)
}

/// The final scramble of 64 bits.
#[inline]
fn finish(mut h: u64) -> u64 {
    h ^= h >> 33;
    h = h.wrapping_mul(0xFF51_AFD7_ED55_8CCD);
    h ^= h >> 33;
    h = h.wrapping_mul(0xC4CE_B9FE_1A85_EC53);
    h ^ h >> 33
}

/// Widths of the slot numbers of the process and the port table, in bits.
static SLOT_BITS: [AtomicU32; 2] = [AtomicU32::new(20), AtomicU32::new(16)];

/// Tells how many processes and ports there may be (`+P`, `+Q`): hashes of local identifiers depend on it.
pub fn set_table_sizes(processes: usize, ports: usize) {
    for (bits, size) in SLOT_BITS.iter().zip([processes, ports]) {
        let width = size.next_power_of_two().trailing_zeros();
        bits.store(width.clamp(4, PID_NUMBER_BITS), Ordering::Relaxed);
    }
}

/// The word of an immediate as the reference engine has it.
#[inline]
fn word(t: Term<'_>) -> u64 {
    // Of the immediates only local pids and ports lack this bit.
    if t.raw() & 8 == 0 {
        slot_word(t.raw())
    } else {
        t.raw()
    }
}

/// In the reference engine's identifiers the slot number is turned by three bits, which puts neighbours in
/// different cache lines of the table.
fn slot_word(w: u64) -> u64 {
    let which = usize::from(w & IMMEDIATE_MASK == TAG_PORT);
    let bits = SLOT_BITS[which].load(Ordering::Relaxed);
    let data = w >> 4;
    let slot = data & ((1 << bits) - 1);
    let turned = (slot << 3 | slot >> (bits - 3)) & ((1 << bits) - 1);
    (data - slot + turned) << 4 | w & IMMEDIATE_MASK
}

/// Two 32-bit pieces in one.
fn two(low: u64, high: u64) -> u64 {
    low | high << 32
}

fn scramble_alpha(piece: u64) -> u64 {
    piece.wrapping_mul(C1).rotate_left(31).wrapping_mul(C2)
}

fn scramble_beta(piece: u64) -> u64 {
    piece.wrapping_mul(C2).rotate_left(33).wrapping_mul(C1)
}

/// The two running halves, and the terms that are still to come.
struct State<'t> {
    alpha: u64,
    beta: u64,
    pieces: u64,
    stack: Vec<Term<'t>>,
}

/// On the stack before the improper tail of a list.
const TAIL_MARK: Term<'static> = Term::NONE;

fn hash_object(t: Term<'_>, salt: u64) -> u64 {
    let mut s = State {
        alpha: salt,
        beta: salt,
        pieces: 0,
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
    s.result()
}

impl<'t> State<'t> {
    #[inline]
    fn alpha(&mut self, piece: u64) {
        self.alpha = (self.alpha ^ scramble_alpha(piece))
            .rotate_left(27)
            .wrapping_add(self.beta)
            .wrapping_mul(5)
            .wrapping_add(0x52DC_E729);
        self.pieces += 1;
    }

    #[inline]
    fn beta(&mut self, piece: u64) {
        self.beta = (self.beta ^ scramble_beta(piece))
            .rotate_left(31)
            .wrapping_add(self.alpha)
            .wrapping_mul(5)
            .wrapping_add(0x3849_5AB5);
        self.pieces += 1;
    }

    fn immediate(&mut self, t: Term<'_>) {
        self.alpha(kind::IMMEDIATE);
        self.beta(word(t));
    }

    /// An element of something larger: immediates are hashed at once, others wait.
    fn element(&mut self, t: Term<'t>) {
        if t.is_immediate() {
            self.immediate(t);
        } else {
            self.alpha(kind::ELEMENT);
            self.stack.push(t);
        }
    }

    /// All elements; the last one is the term to go on with.
    fn elements(&mut self, all: &[Term<'t>]) -> Option<Term<'t>> {
        let (last, others) = all.split_last()?;
        for t in others {
            self.element(*t);
        }
        Some(*last)
    }

    fn pop(&mut self) -> Option<Term<'t>> {
        let t = self.stack.pop()?;
        if t.is_none() {
            self.beta(kind::CDR);
            return self.stack.pop();
        }
        Some(t)
    }

    /// A list, byte characters four at a time. Goes on with the head or the tail.
    fn list(&mut self, mut t: Term<'t>) -> Option<Term<'t>> {
        let (mut value, mut bytes) = (0, 0);
        while let Some((head, tail)) = t.as_cons() {
            match head.as_small() {
                Some(c @ 0..=255) => {
                    value = value << 8 | c as u64;
                    bytes += 1;
                    if bytes == 4 {
                        self.alpha(two(kind::STRING | bytes << 8, value));
                        (value, bytes) = (0, 0);
                    }
                    t = tail;
                }
                _ => break,
            }
        }
        if bytes > 0 {
            self.alpha(two(kind::STRING | bytes << 8, value));
        }
        let Some((head, tail)) = t.as_cons() else {
            return Some(t);
        };
        if head.is_immediate() {
            self.alpha(two(kind::IMMEDIATE, kind::CAR));
            self.beta(word(head));
            if !tail.is_cons() {
                self.alpha(kind::CDR);
            }
            return Some(tail);
        }
        self.stack.push(tail);
        if !tail.is_cons() {
            self.stack.push(TAIL_MARK);
        }
        self.alpha(kind::CAR);
        Some(head)
    }

    /// A boxed object; what it holds comes next or waits.
    fn boxed(&mut self, t: Term<'t>) -> Option<Term<'t>> {
        let h = t.boxed_header()?;
        match header_sub(h) {
            sub::TUPLE => {
                let all = t.as_tuple()?;
                self.alpha(kind::TUPLE);
                self.beta(all.len() as u64);
                return self.elements(all);
            }
            sub::RECORD => {
                let r = t.as_record()?;
                self.alpha(kind::RECORD);
                self.beta(u64::from(r.definition().hash()));
                return self.elements(r.values());
            }
            sub::MAP => return self.map(t, h),
            sub::FUN => return self.fun(t),
            sub::HEAP_BITS | sub::SUB_BITS => self.bits(t.as_bits()?),
            sub::POS_BIG | sub::NEG_BIG => self.big(t)?,
            sub::FLOAT => {
                self.alpha(kind::FLOAT);
                self.beta(t.as_float()?.to_bits());
            }
            sub::REF | sub::EXT_REF => self.reference(t)?,
            sub::EXT_PID => {
                let p = t.as_pid()?;
                self.alpha(kind::EXT_PID);
                self.beta(p.node);
                self.alpha(p.data);
            }
            sub::EXT_PORT => {
                let p = t.as_port()?;
                self.alpha(kind::EXT_PORT);
                self.beta(p.node);
                self.alpha(p.data);
            }
            _ => self.immediate(t),
        }
        None
    }

    fn map(&mut self, t: Term<'t>, h: Word) -> Option<Term<'t>> {
        if let Some((keys, values)) = t.as_flat_map() {
            self.alpha(kind::FLAT_MAP);
            self.beta(keys.len() as u64);
            let last = keys.len().checked_sub(1)?;
            for i in 0..last {
                self.element(values[i]);
                self.element(keys[i]);
            }
            self.element(values[last]);
            return Some(keys[last]);
        }
        match map_kind(h) {
            MAP_NODE_BITMAP => self.alpha(kind::NODE),
            head => {
                self.alpha(if head == MAP_HEAD_ARRAY {
                    kind::HEAD_ARRAY
                } else {
                    kind::HEAD_BITMAP
                });
                self.beta(t.map_size()? as u64);
            }
        }
        for child in children(t) {
            match child.as_cons() {
                Some((key, value)) => {
                    self.element(value);
                    self.element(key);
                }
                None => self.stack.push(*child),
            }
        }
        None
    }

    fn fun(&mut self, t: Term<'t>) -> Option<Term<'t>> {
        let f = t.as_fun()?;
        if f.external {
            self.alpha(kind::EXTERNAL_FUN);
            self.beta(f.entry);
            return None;
        }
        let id = fun::identity(&f);
        self.alpha(two(kind::LOCAL_FUN, f.free.len() as u64));
        self.beta(two(id.index.into(), id.uniq.into()));
        self.immediate(Term::atom(id.module));
        self.elements(f.free)
    }

    fn big(&mut self, t: Term<'t>) -> Option<()> {
        let b = t.as_big()?;
        let sign = if b.negative {
            kind::NEGATIVE
        } else {
            kind::POSITIVE
        };
        self.alpha(two(sign, b.limbs.len() as u64));
        let mut pairs = b.limbs.chunks_exact(2);
        for pair in &mut pairs {
            self.alpha(pair[0]);
            self.beta(pair[1]);
        }
        for limb in pairs.remainder() {
            self.beta(*limb);
        }
        Some(())
    }

    fn reference(&mut self, t: Term<'t>) -> Option<()> {
        let r = t.as_reference()?;
        let n = r.numbers();
        let number = |i: usize| u64::from(n.get(i).copied().unwrap_or(0));
        if r.node == 0 {
            self.alpha(two(kind::REF, number(0)));
            self.beta(two(number(1), number(2)));
            if n.len() > 3 {
                self.alpha(two(number(3), number(4)));
            }
            return Some(());
        }
        self.alpha(two(kind::EXT_REF, n.len() as u64));
        for i in (0..n.len()).step_by(2) {
            self.beta(two(number(i), number(i + 1)));
        }
        self.alpha(r.node);
        Some(())
    }

    /// Sixteen bytes a round, what is left folded in at the end.
    fn bits(&mut self, b: Bits<'_>) {
        self.alpha(kind::BITS);
        self.beta(b.size as u64);
        if b.size == 0 {
            return;
        }
        let bytes = b.slice(0, b.size / 8 * 8).to_bytes();
        let word = |w: &[u8]| {
            w.iter()
                .rev()
                .fold(0u64, |v, byte| v << 8 | u64::from(*byte))
        };
        let mut rounds = bytes.chunks_exact(16);
        for round in &mut rounds {
            self.alpha(word(&round[..8]));
            self.beta(word(&round[8..]));
        }
        let rest = rounds.remainder();
        if rest.len() > 8 {
            self.beta ^= scramble_beta(word(&rest[8..]));
        }
        if !rest.is_empty() {
            self.alpha ^= scramble_alpha(word(&rest[..rest.len().min(8)]));
        }
        let tail = b.size % 8;
        if tail != 0 {
            self.alpha(u64::from(b.byte(b.size / 8) >> (8 - tail)));
        }
    }

    fn result(&self) -> u64 {
        let mut alpha = self.alpha ^ self.pieces;
        let mut beta = self.beta ^ self.pieces;
        alpha = alpha.wrapping_add(beta);
        beta = beta.wrapping_add(alpha);
        alpha = finish(alpha);
        beta = finish(beta);
        alpha = alpha.wrapping_add(beta);
        beta = beta.wrapping_add(alpha);
        alpha ^ beta
    }
}
