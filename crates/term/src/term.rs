//! [`Term<'h>`]: a tagged word whose objects live as long as `'h`, and safe ways to look into it.

use crate::binary::Bits;
use crate::layout::*;
use crate::record::Record;
use crate::reference::{Magic, RefNumbers};
use crate::{Atom, Pid, PortId, am};
use std::marker::PhantomData;

/// An Erlang value on a heap borrowed for `'h`.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Term<'h>(Word, PhantomData<&'h ()>);

/// What a term is, for matching.
#[derive(Clone, Copy)]
pub enum Kind<'h> {
    Small(i64),
    Big(Big<'h>),
    Float(f64),
    Atom(Atom),
    Nil,
    Cons(Term<'h>, Term<'h>),
    Tuple(&'h [Term<'h>]),
    Map,
    Record(Record<'h>),
    Bits(Bits<'h>),
    Fun(Fun<'h>),
    Pid(PidTerm),
    Port(PortTerm),
    Ref(RefTerm<'h>),
    /// A catch tag, a header or nothing: never in a value that a program can see.
    Internal,
}

/// An integer beyond the small range.
#[derive(Debug, Clone, Copy)]
pub struct Big<'h> {
    pub negative: bool,
    /// Least significant first; the last one is not zero.
    pub limbs: &'h [u64],
}

/// A process identifier, local or of another node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PidTerm {
    /// `creation << 32 | atom index`; 0 for the local node.
    pub node: u64,
    /// Number (28 bits for local ones, 32 for others) and serial above it.
    pub data: u64,
}

/// A port identifier, local or of another node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortTerm {
    pub node: u64,
    pub data: u64,
}

/// A reference.
#[derive(Debug, Clone, Copy)]
pub struct RefTerm<'h> {
    /// 0 for the local node.
    pub node: u64,
    numbers: [u32; 5],
    count: usize,
    /// The process that a local pid reference names.
    pub pid: Option<Pid>,
    marker: PhantomData<&'h ()>,
}

impl RefTerm<'_> {
    /// All numbers, number 0 first. A local pid reference shows its pid as numbers 3 and 4.
    pub fn numbers(&self) -> &[u32] {
        &self.numbers[..self.count]
    }
    /// The three numbers of a local reference.
    pub fn local(&self) -> Option<RefNumbers> {
        (self.node == 0).then(|| RefNumbers::new(self.numbers[0], self.numbers[1], self.numbers[2]))
    }
}

/// A fun.
#[derive(Clone, Copy)]
pub struct Fun<'h> {
    /// What the engine calls it by: a fun entry or an export entry.
    pub entry: u64,
    pub arity: u8,
    /// Whether it is `fun M:F/A`.
    pub external: bool,
    pub free: &'h [Term<'h>],
}

impl Fun<'_> {
    /// The meta word of a fun object.
    pub const fn meta(arity: u8, external: bool) -> u64 {
        arity as u64 | ((external as u64) << 8)
    }
}

impl std::fmt::Debug for Term<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Term({:#x})", self.0)
    }
}

impl Term<'static> {
    pub const NIL: Term<'static> = Term(NIL, PhantomData);
    /// Not a value.
    pub const NONE: Term<'static> = Term(NONE, PhantomData);
    /// Not a value; less than all of them.
    pub const LEAST: Term<'static> = Term(LEAST, PhantomData);
    pub const TRUE: Term<'static> = Term::atom(am::true_);
    pub const FALSE: Term<'static> = Term::atom(am::false_);
    pub const OK: Term<'static> = Term::atom(am::ok);
    pub const UNDEFINED: Term<'static> = Term::atom(am::undefined);

    #[inline(always)]
    pub const fn atom(a: Atom) -> Term<'static> {
        Term(((a.index() as u64) << 6) | TAG_ATOM, PhantomData)
    }
    #[inline(always)]
    pub const fn bool(b: bool) -> Term<'static> {
        if b { Term::TRUE } else { Term::FALSE }
    }
    /// A small integer; the value must be in range (60 bits).
    #[inline(always)]
    pub const fn small(v: i64) -> Term<'static> {
        debug_assert!(v >= SMALL_MIN && v <= SMALL_MAX);
        Term(((v as u64) << 4) | TAG_SMALL, PhantomData)
    }
    pub const fn pid(p: Pid) -> Term<'static> {
        Term(p.word(), PhantomData)
    }
    pub const fn port(p: PortId) -> Term<'static> {
        Term(p.word(), PhantomData)
    }
}

impl From<Atom> for Term<'static> {
    fn from(a: Atom) -> Self {
        Term::atom(a)
    }
}
impl From<Pid> for Term<'static> {
    fn from(p: Pid) -> Self {
        Term::pid(p)
    }
}
impl From<bool> for Term<'static> {
    fn from(b: bool) -> Self {
        Term::bool(b)
    }
}

impl<'h> Term<'h> {
    /// # Safety
    /// `w` is a term whose objects are complete and live as long as `'h`.
    #[inline(always)]
    pub const unsafe fn from_raw(w: Word) -> Term<'h> {
        Term(w, PhantomData)
    }
    #[inline(always)]
    pub const fn raw(self) -> Word {
        self.0
    }
    /// Same word: identical immediates or the same object.
    #[inline(always)]
    pub fn same(self, other: Term<'_>) -> bool {
        self.0 == other.0
    }

    #[inline(always)]
    pub fn is_none(self) -> bool {
        self.0 == NONE
    }
    #[inline(always)]
    pub fn is_immediate(self) -> bool {
        self.0 & PRIMARY_MASK == PRIMARY_IMMEDIATE
    }
    #[inline(always)]
    pub fn is_small(self) -> bool {
        self.0 & IMMEDIATE_MASK == TAG_SMALL
    }
    #[inline(always)]
    pub fn is_atom(self) -> bool {
        self.0 & IMMEDIATE2_MASK == TAG_ATOM
    }
    #[inline(always)]
    pub fn is_nil(self) -> bool {
        self.0 == NIL
    }
    #[inline(always)]
    pub fn is_cons(self) -> bool {
        self.0 & PRIMARY_MASK == PRIMARY_LIST
    }
    /// Nil or cons.
    #[inline(always)]
    pub fn is_list(self) -> bool {
        self.is_nil() || self.is_cons()
    }
    #[inline(always)]
    pub fn is_boxed(self) -> bool {
        self.0 & PRIMARY_MASK == PRIMARY_BOXED
    }
    #[inline(always)]
    pub fn is(self, a: Atom) -> bool {
        self.0 == Term::atom(a).0
    }

    #[inline(always)]
    pub fn as_small(self) -> Option<i64> {
        self.is_small().then_some(self.0 as i64 >> 4)
    }
    #[inline(always)]
    pub fn as_atom(self) -> Option<Atom> {
        self.is_atom()
            .then_some(Atom::from_index((self.0 >> 6) as u32))
    }
    pub fn as_bool(self) -> Option<bool> {
        if self.0 == Term::TRUE.0 {
            Some(true)
        } else if self.0 == Term::FALSE.0 {
            Some(false)
        } else {
            None
        }
    }
    /// A local process identifier.
    #[inline(always)]
    pub fn as_local_pid(self) -> Option<Pid> {
        (self.0 & IMMEDIATE_MASK == TAG_PID).then_some(Pid::from_data(self.0 >> 4))
    }
    #[inline(always)]
    pub fn as_local_port(self) -> Option<PortId> {
        (self.0 & IMMEDIATE_MASK == TAG_PORT).then_some(PortId::from_data(self.0 >> 4))
    }
    #[inline(always)]
    pub fn as_cons(self) -> Option<(Term<'h>, Term<'h>)> {
        if !self.is_cons() {
            return None;
        }
        let p = (self.0 & !PRIMARY_MASK) as *const Term<'h>;
        // SAFETY: a cons has two term words, live as long as 'h.
        Some(unsafe { (*p, *p.add(1)) })
    }

    /// Address of the object behind a boxed or list term.
    #[inline(always)]
    pub fn pointer(self) -> *mut Word {
        (self.0 & !PRIMARY_MASK) as *mut Word
    }
    /// The header of a boxed term.
    #[inline(always)]
    pub fn boxed_header(self) -> Option<Word> {
        // SAFETY: a boxed term points to a header.
        self.is_boxed().then(|| unsafe { *self.pointer() })
    }
    /// The subtag of a boxed term.
    #[inline(always)]
    pub fn boxed_sub(self) -> Option<u64> {
        self.boxed_header().map(header_sub)
    }

    #[inline(always)]
    pub fn as_tuple(self) -> Option<&'h [Term<'h>]> {
        let h = self.boxed_header()?;
        if header_sub(h) != sub::TUPLE {
            return None;
        }
        // SAFETY: a tuple's elements follow its header; Term is a transparent word.
        Some(unsafe { std::slice::from_raw_parts(self.pointer().add(1).cast(), header_arity(h)) })
    }
    /// The elements of a tuple of exactly `N`.
    #[inline(always)]
    pub fn as_tuple_of<const N: usize>(self) -> Option<&'h [Term<'h>; N]> {
        self.as_tuple()?.try_into().ok()
    }
    pub fn is_tuple(self) -> bool {
        self.boxed_sub() == Some(sub::TUPLE)
    }
    #[inline(always)]
    pub fn as_float(self) -> Option<f64> {
        // SAFETY: a float has one word behind its header.
        (self.boxed_header()? == HEADER_FLOAT)
            .then(|| f64::from_bits(unsafe { *self.pointer().add(1) }))
    }
    pub fn is_float(self) -> bool {
        self.boxed_header() == Some(HEADER_FLOAT)
    }
    pub fn as_big(self) -> Option<Big<'h>> {
        let h = self.boxed_header()?;
        let negative = match header_sub(h) {
            sub::POS_BIG => false,
            sub::NEG_BIG => true,
            _ => return None,
        };
        // SAFETY: the limbs follow the header.
        let limbs = unsafe { std::slice::from_raw_parts(self.pointer().add(1), header_arity(h)) };
        Some(Big { negative, limbs })
    }
    pub fn is_integer(self) -> bool {
        self.is_small() || matches!(self.boxed_sub(), Some(sub::POS_BIG | sub::NEG_BIG))
    }
    pub fn is_number(self) -> bool {
        self.is_integer() || self.is_float()
    }
    /// An integer that fits 64 bits, signed.
    pub fn as_i64(self) -> Option<i64> {
        if let Some(v) = self.as_small() {
            return Some(v);
        }
        let big = self.as_big()?;
        match (big.negative, big.limbs) {
            (false, [l]) => i64::try_from(*l).ok(),
            (true, [l]) => 0i64.checked_sub_unsigned(*l),
            _ => None,
        }
    }
    /// An integer that fits 64 bits, unsigned.
    pub fn as_u64(self) -> Option<u64> {
        if let Some(v) = self.as_small() {
            return u64::try_from(v).ok();
        }
        match self.as_big()? {
            Big {
                negative: false,
                limbs: [l],
            } => Some(*l),
            _ => None,
        }
    }
    pub fn as_usize(self) -> Option<usize> {
        self.as_u64().and_then(|v| usize::try_from(v).ok())
    }

    pub fn is_map(self) -> bool {
        self.boxed_sub() == Some(sub::MAP)
    }
    pub fn is_flat_map(self) -> bool {
        self.boxed_header() == Some(HEADER_FLATMAP)
    }
    /// Keys and values of a flat map.
    #[inline]
    pub fn as_flat_map(self) -> Option<(&'h [Term<'h>], &'h [Term<'h>])> {
        if self.boxed_header()? != HEADER_FLATMAP {
            return None;
        }
        // SAFETY: a flat map is size, keys tuple, values.
        unsafe {
            let p = self.pointer();
            let n = *p.add(1) as usize;
            let keys = Term::from_raw(*p.add(2)).as_tuple()?;
            Some((keys, std::slice::from_raw_parts(p.add(3).cast(), n)))
        }
    }
    /// The keys tuple of a flat map.
    pub fn flat_map_keys(self) -> Option<Term<'h>> {
        // SAFETY: as above.
        self.is_flat_map()
            .then(|| unsafe { Term::from_raw(*self.pointer().add(2)) })
    }
    /// Number of associations of a map.
    pub fn map_size(self) -> Option<usize> {
        // SAFETY: flat maps and hash map heads have their size behind the header.
        self.is_map()
            .then(|| unsafe { *self.pointer().add(1) as usize })
    }

    /// The bits of a bit string (or match context).
    #[inline]
    pub fn as_bits(self) -> Option<Bits<'h>> {
        let h = self.boxed_header()?;
        let p = self.pointer();
        // SAFETY: layouts as `layout` tells; the bytes live as long as the term.
        unsafe {
            match header_sub(h) {
                sub::HEAP_BITS => Some(Bits::new(p.add(2).cast(), 0, *p.add(1) as usize, self)),
                sub::SUB_BITS => {
                    let (start, end) = (*p.add(2) as usize, *p.add(3) as usize);
                    Some(Bits::new(
                        *p.add(1) as *const u8,
                        start,
                        end - start,
                        Term::from_raw(*p.add(4)),
                    ))
                }
                _ => None,
            }
        }
    }
    pub fn is_bitstring(self) -> bool {
        matches!(self.boxed_sub(), Some(sub::HEAP_BITS | sub::SUB_BITS))
    }
    pub fn is_binary(self) -> bool {
        self.as_bits().is_some_and(|b| b.is_binary())
    }
    /// The bytes of a binary (whole bytes; shifted into a copy when unaligned).
    pub fn to_bytes(self) -> Option<std::borrow::Cow<'h, [u8]>> {
        self.as_bits()
            .filter(|b| b.is_binary())
            .map(|b| b.to_bytes())
    }

    pub fn as_fun(self) -> Option<Fun<'h>> {
        let h = self.boxed_header()?;
        if header_sub(h) != sub::FUN {
            return None;
        }
        // SAFETY: entry, meta and free variables follow the header.
        unsafe {
            let p = self.pointer();
            let meta = *p.add(2);
            let external = meta >> 8 & 1 == 1;
            // The last word of a local one is the owner of its entry.
            let n = 1 + header_arity(h) - FUN_FIXED - usize::from(!external);
            let free = std::slice::from_raw_parts(p.add(FUN_FIXED).cast(), n);
            Some(Fun {
                entry: *p.add(1),
                arity: meta as u8,
                external,
                free,
            })
        }
    }
    pub fn is_fun(self) -> bool {
        self.boxed_sub() == Some(sub::FUN)
    }

    pub fn as_pid(self) -> Option<PidTerm> {
        if let Some(p) = self.as_local_pid() {
            return Some(PidTerm {
                node: 0,
                data: p.data(),
            });
        }
        let (node, data) = self.external(sub::EXT_PID)?;
        Some(PidTerm { node, data })
    }
    pub fn is_pid(self) -> bool {
        self.0 & IMMEDIATE_MASK == TAG_PID || self.boxed_sub() == Some(sub::EXT_PID)
    }
    pub fn as_port(self) -> Option<PortTerm> {
        if let Some(p) = self.as_local_port() {
            return Some(PortTerm {
                node: 0,
                data: p.data(),
            });
        }
        let (node, data) = self.external(sub::EXT_PORT)?;
        Some(PortTerm { node, data })
    }
    pub fn is_port(self) -> bool {
        self.0 & IMMEDIATE_MASK == TAG_PORT || self.boxed_sub() == Some(sub::EXT_PORT)
    }
    fn external(self, subtag: u64) -> Option<(u64, u64)> {
        (self.boxed_sub()? == subtag).then(|| {
            let p = self.pointer();
            // SAFETY: node word and data follow the header.
            unsafe { (*p.add(1), *p.add(2)) }
        })
    }
    pub fn is_reference(self) -> bool {
        matches!(self.boxed_sub(), Some(sub::REF | sub::EXT_REF))
    }
    pub fn as_reference(self) -> Option<RefTerm<'h>> {
        let h = self.boxed_header()?;
        let p = self.pointer();
        let mut r = RefTerm {
            node: 0,
            numbers: [0; 5],
            count: 3,
            pid: None,
            marker: PhantomData,
        };
        // SAFETY: layouts as `layout` tells.
        unsafe {
            match header_sub(h) {
                sub::REF => {
                    let (low, high) = (*p.add(1), *p.add(2));
                    r.numbers = [low as u32, (low >> 32) as u32, high as u32, 0, 0];
                    if high >> 32 == REF_PID {
                        let pid = Pid::from_data(*p.add(3) >> 4);
                        r.pid = Some(pid);
                        r.count = 5;
                        r.numbers[3] = pid.number();
                        r.numbers[4] = pid.serial();
                    }
                }
                sub::EXT_REF => {
                    r.node = *p.add(1);
                    r.count = (*p.add(2) as usize).min(5);
                    for i in 0..r.count {
                        r.numbers[i] = (*p.add(3 + i / 2) >> (32 * (i % 2))) as u32;
                    }
                }
                _ => return None,
            }
        }
        Some(r)
    }
    /// The numbers of a local reference.
    pub fn as_local_reference(self) -> Option<RefNumbers> {
        if self.boxed_sub()? != sub::REF {
            return None;
        }
        // SAFETY: two number words follow the header.
        unsafe {
            Some(RefNumbers::from_words(
                *self.pointer().add(1),
                *self.pointer().add(2),
            ))
        }
    }
    /// The engine object behind a magic reference.
    pub fn as_magic(self) -> Option<&'h Magic> {
        if self.boxed_sub()? != sub::REF {
            return None;
        }
        let p = self.pointer();
        // SAFETY: a magic reference owns a count of the object it points to.
        unsafe { (*p.add(2) >> 32 == REF_MAGIC).then(|| &*(*p.add(3) as *const Magic)) }
    }
    /// The engine object of this type behind a magic reference.
    pub fn as_magic_of<T: 'static>(self) -> Option<&'h T> {
        self.as_magic()?.get()
    }
    /// A counted handle of the object behind a magic reference.
    pub fn magic_handle(self) -> Option<std::sync::Arc<Magic>> {
        let m: *const Magic = self.as_magic()?;
        // SAFETY: the pointer came from `Arc::into_raw`, and the term keeps a count.
        unsafe {
            std::sync::Arc::increment_strong_count(m);
            Some(std::sync::Arc::from_raw(m))
        }
    }

    /// For matching on what the term is.
    pub fn kind(self) -> Kind<'h> {
        match self.0 & PRIMARY_MASK {
            PRIMARY_LIST => match self.as_cons() {
                Some((h, t)) => Kind::Cons(h, t),
                None => Kind::Internal,
            },
            PRIMARY_IMMEDIATE => match self.0 & IMMEDIATE_MASK {
                TAG_SMALL => Kind::Small(self.0 as i64 >> 4),
                TAG_PID => Kind::Pid(PidTerm {
                    node: 0,
                    data: self.0 >> 4,
                }),
                TAG_PORT => Kind::Port(PortTerm {
                    node: 0,
                    data: self.0 >> 4,
                }),
                _ if self.is_nil() => Kind::Nil,
                _ => self.as_atom().map_or(Kind::Internal, Kind::Atom),
            },
            PRIMARY_BOXED => self.boxed_kind().unwrap_or(Kind::Internal),
            _ => Kind::Internal,
        }
    }

    fn boxed_kind(self) -> Option<Kind<'h>> {
        Some(match self.boxed_sub()? {
            sub::TUPLE => Kind::Tuple(self.as_tuple()?),
            sub::POS_BIG | sub::NEG_BIG => Kind::Big(self.as_big()?),
            sub::REF | sub::EXT_REF => Kind::Ref(self.as_reference()?),
            sub::FUN => Kind::Fun(self.as_fun()?),
            sub::FLOAT => Kind::Float(self.as_float()?),
            sub::HEAP_BITS | sub::SUB_BITS => Kind::Bits(self.as_bits()?),
            sub::MAP => Kind::Map,
            sub::RECORD => Kind::Record(self.as_record()?),
            sub::EXT_PID => Kind::Pid(self.as_pid()?),
            sub::EXT_PORT => Kind::Port(self.as_port()?),
            _ => return None,
        })
    }

    /// Walks a list; ask [`ListIter::tail`] afterwards whether it was proper.
    pub fn iter(self) -> ListIter<'h> {
        ListIter { rest: self }
    }
    /// The elements of a proper list.
    pub fn to_vec(self) -> Option<Vec<Term<'h>>> {
        let mut it = self.iter();
        let v: Vec<_> = it.by_ref().collect();
        it.tail().is_nil().then_some(v)
    }
    /// Length of a proper list.
    pub fn list_len(self) -> Option<usize> {
        let mut it = self.iter();
        let n = it.by_ref().count();
        it.tail().is_nil().then_some(n)
    }
}

/// See [`Term::iter`].
#[derive(Debug, Clone)]
pub struct ListIter<'h> {
    rest: Term<'h>,
}

impl<'h> ListIter<'h> {
    /// What is left: nil after a proper list.
    pub fn tail(&self) -> Term<'h> {
        self.rest
    }
}

impl<'h> Iterator for ListIter<'h> {
    type Item = Term<'h>;
    #[inline]
    fn next(&mut self) -> Option<Term<'h>> {
        let (head, tail) = self.rest.as_cons()?;
        self.rest = tail;
        Some(head)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Heap;

    #[test]
    fn immediates() {
        assert_eq!(Term::small(-5).as_small(), Some(-5));
        assert_eq!(Term::small(SMALL_MIN).as_small(), Some(SMALL_MIN));
        assert_eq!(Term::atom(am::ok).as_atom(), Some(am::ok));
        assert!(Term::NIL.is_list() && !Term::NIL.is_cons());
    }

    #[test]
    fn objects() {
        let h = Heap::new();
        let t = h.tuple(&[Term::small(1), h.float(2.5), h.int(i64::MIN)]);
        let e = t.as_tuple().unwrap();
        assert_eq!(e[1].as_float(), Some(2.5));
        assert_eq!(e[2].as_i64(), Some(i64::MIN));
        assert_eq!(h.int(SMALL_MAX + 1).as_i64(), Some(SMALL_MAX + 1));
        let l = h.list(&[Term::small(1), Term::small(2)]);
        assert_eq!(l.list_len(), Some(2));
        let b = h.binary(&[7; 100]);
        assert_eq!(b.to_bytes().unwrap().as_ref(), &[7; 100]);
        let bits = b.as_bits().unwrap().slice(4, 16);
        assert_eq!(bits.to_bytes().as_ref(), &[0x70, 0x70]);
        let r = h.magic_reference(Magic::new(17u32));
        assert_eq!(r.as_magic_of::<u32>(), Some(&17));
    }
}
