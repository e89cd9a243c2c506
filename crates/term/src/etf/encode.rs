//! Terms to bytes.
//!
//! One walk with an explicit stack writes to a sink: a vector, or a counter for the size alone. The order
//! in which maps are written is that of the reference engine: flat maps by their keys tuple, trees from the
//! last child to the first, `deterministic` ones sorted.

use super::{EtfContext, FunIdentity, LocalFun, VERSION, local, packed, tag};
use crate::compare::cmp_exact_order;
use crate::number::float;
use crate::record::Record;
use crate::term::{Big, Fun, PidTerm, PortTerm, RefTerm};
use crate::{Atom, Bits, Kind, PID_NUMBER_BITS, Pid, Term, am};

/// Longest list of bytes that is written as a string.
const STRING_MAX: usize = 65_535;
/// Bytes of a float in its text form.
const FLOAT_TEXT: usize = 31;
/// zlib's own default level.
const DEFAULT_LEVEL: u32 = 6;

/// Why a term has no external form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncodeError {
    /// Something has more than 2^32 - 1 parts.
    SystemLimit,
    /// The engine does not know the fun.
    UnknownFun,
    /// Not a value.
    NotATerm,
}

/// The options of `term_to_binary/2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EncodeOptions {
    /// zlib level; 0 does not compress.
    pub compressed: u32,
    /// 0: floats as text and Latin-1 atoms; 1: Latin-1 atoms; 2: neither.
    pub minor_version: u8,
    pub deterministic: bool,
    pub local: bool,
}

impl Default for EncodeOptions {
    fn default() -> EncodeOptions {
        EncodeOptions {
            compressed: 0,
            minor_version: 2,
            deterministic: false,
            local: false,
        }
    }
}

impl EncodeOptions {
    /// Reads an option list; nothing if it is not one.
    pub fn from_terms(list: Term<'_>) -> Option<EncodeOptions> {
        let mut options = EncodeOptions::default();
        let mut rest = list.iter();
        for option in rest.by_ref() {
            if let Some([key, value]) = option.as_tuple_of() {
                let value = value.as_small()?;
                match key.as_atom()? {
                    am::minor_version if (0..=2).contains(&value) => {
                        options.minor_version = value as u8;
                    }
                    am::compressed if (0..=9).contains(&value) => options.compressed = value as u32,
                    _ => return None,
                }
                continue;
            }
            match option.as_atom()? {
                am::compressed => options.compressed = DEFAULT_LEVEL,
                am::deterministic => options.deterministic = true,
                am::local => options.local = true,
                _ => return None,
            }
        }
        (rest.tail().is_nil() && !(options.local && options.deterministic)).then_some(options)
    }
}

/// What `term_to_binary/2` gives.
pub fn encode(
    t: Term<'_>,
    options: &EncodeOptions,
    context: &EtfContext<'_>,
) -> Result<Vec<u8>, EncodeError> {
    let mut out = vec![VERSION];
    encode_bare(&mut out, t, options, context)?;
    if options.compressed == 0 {
        return Ok(out);
    }
    let inside = out.len() - 1;
    let Ok(size) = u32::try_from(inside) else {
        return Ok(out);
    };
    Ok(match packed::deflate(&out[1..], options.compressed) {
        Some(stream) => {
            let mut wrapped = Vec::with_capacity(stream.len() + 6);
            wrapped.extend_from_slice(&[VERSION, tag::COMPRESSED]);
            wrapped.extend_from_slice(&size.to_be_bytes());
            wrapped.extend_from_slice(&stream);
            wrapped
        }
        None => out,
    })
}

/// Appends the term without the version byte and uncompressed.
pub fn encode_bare(
    out: &mut Vec<u8>,
    t: Term<'_>,
    options: &EncodeOptions,
    context: &EtfContext<'_>,
) -> Result<(), EncodeError> {
    if !options.local {
        return write(out, t, options, context);
    }
    out.push(tag::LOCAL);
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    write(out, t, options, context)?;
    let seal = local::seal(&out[at + 4..]);
    out.patch(at, seal);
    Ok(())
}

/// What `external_size/2` gives: the size without compression.
pub fn external_size(
    t: Term<'_>,
    options: &EncodeOptions,
    context: &EtfContext<'_>,
) -> Result<usize, EncodeError> {
    let mut count = Count(if options.local { 6 } else { 1 });
    write(&mut count, t, options, context)?;
    Ok(count.0)
}

/// Where bytes go.
trait Sink {
    fn put(&mut self, bytes: &[u8]);
    fn position(&self) -> usize;
    /// Replaces four bytes.
    fn patch(&mut self, at: usize, value: u32);
}

impl Sink for Vec<u8> {
    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
    fn position(&self) -> usize {
        self.len()
    }
    fn patch(&mut self, at: usize, value: u32) {
        if let Some(place) = self.get_mut(at..at + 4) {
            place.copy_from_slice(&value.to_be_bytes());
        }
    }
}

struct Count(usize);

impl Sink for Count {
    fn put(&mut self, bytes: &[u8]) {
        self.0 += bytes.len();
    }
    fn position(&self) -> usize {
        self.0
    }
    fn patch(&mut self, _: usize, _: u32) {}
}

/// What is still to be written.
enum Work<'h> {
    Term(Term<'h>),
    /// The rest of a list whose length is written already.
    List(Term<'h>),
    Elements(&'h [Term<'h>]),
    Pairs(&'h [Term<'h>], &'h [Term<'h>]),
    Sorted(std::vec::IntoIter<(Term<'h>, Term<'h>)>),
    /// A node of a hash map, or a leaf.
    Node(Term<'h>),
    /// The size of a fun, to be patched in where it begins.
    FunSize(usize),
}

struct Encoder<'a, 'h, S> {
    out: &'a mut S,
    options: &'a EncodeOptions,
    context: &'a EtfContext<'a>,
    stack: Vec<Work<'h>>,
}

fn write<S: Sink>(
    out: &mut S,
    t: Term<'_>,
    options: &EncodeOptions,
    context: &EtfContext<'_>,
) -> Result<(), EncodeError> {
    let mut encoder = Encoder {
        out,
        options,
        context,
        stack: Vec::new(),
    };
    encoder.term(t)?;
    while let Some(work) = encoder.stack.pop() {
        encoder.step(work)?;
    }
    Ok(())
}

fn length(n: usize) -> Result<[u8; 4], EncodeError> {
    u32::try_from(n)
        .map(u32::to_be_bytes)
        .map_err(|_| EncodeError::SystemLimit)
}

impl<'h, S: Sink> Encoder<'_, 'h, S> {
    fn step(&mut self, work: Work<'h>) -> Result<(), EncodeError> {
        match work {
            Work::Term(t) => self.term(t),
            Work::List(list) => match list.as_cons() {
                Some((head, tail)) => {
                    self.stack.push(Work::List(tail));
                    self.term(head)
                }
                None => self.term(list),
            },
            Work::Elements(elements) => {
                let Some((first, rest)) = elements.split_first() else {
                    return Ok(());
                };
                self.stack.push(Work::Elements(rest));
                self.term(*first)
            }
            Work::Pairs(keys, values) => {
                let (Some((key, keys)), Some((value, values))) =
                    (keys.split_first(), values.split_first())
                else {
                    return Ok(());
                };
                self.stack.push(Work::Pairs(keys, values));
                self.stack.push(Work::Term(*value));
                self.term(*key)
            }
            Work::Sorted(mut pairs) => {
                let Some((key, value)) = pairs.next() else {
                    return Ok(());
                };
                self.stack.push(Work::Sorted(pairs));
                self.stack.push(Work::Term(value));
                self.term(key)
            }
            Work::Node(node) => {
                if let Some((key, value)) = node.as_cons() {
                    self.stack.push(Work::Term(value));
                    self.term(key)
                } else {
                    self.children(node);
                    Ok(())
                }
            }
            Work::FunSize(at) => {
                let size = length(self.out.position() - at)?;
                self.out.patch(at, u32::from_be_bytes(size));
                Ok(())
            }
        }
    }

    fn term(&mut self, t: Term<'h>) -> Result<(), EncodeError> {
        match t.kind() {
            Kind::Small(v) => self.small(v),
            Kind::Atom(a) => self.atom(a),
            Kind::Nil => self.out.put(&[tag::NIL]),
            Kind::Cons(..) => self.list(t)?,
            Kind::Tuple(elements) => {
                match u8::try_from(elements.len()) {
                    Ok(n) => self.out.put(&[tag::SMALL_TUPLE, n]),
                    Err(_) => self.tagged(tag::LARGE_TUPLE, length(elements.len())?),
                }
                self.stack.push(Work::Elements(elements));
            }
            Kind::Map => self.map(t)?,
            Kind::Record(r) => self.record(r)?,
            Kind::Bits(bits) => self.bits(bits)?,
            Kind::Big(big) => self.big(big)?,
            Kind::Float(f) => self.float(f),
            Kind::Pid(p) => self.pid(p),
            Kind::Port(p) => self.port(p),
            Kind::Ref(r) => self.reference(&r),
            Kind::Fun(fun) => self.fun(&fun)?,
            Kind::Internal => return Err(EncodeError::NotATerm),
        }
        Ok(())
    }

    fn tagged(&mut self, tag: u8, size: [u8; 4]) {
        self.out.put(&[tag, size[0], size[1], size[2], size[3]]);
    }

    fn small(&mut self, v: i64) {
        if let Ok(v) = u8::try_from(v) {
            self.out.put(&[tag::SMALL_INTEGER, v]);
        } else if let Ok(v) = i32::try_from(v) {
            self.tagged(tag::INTEGER, v.to_be_bytes());
        } else {
            self.small_big(v < 0, &v.unsigned_abs().to_le_bytes());
        }
    }

    /// Digits of an integer of less than 256 bytes.
    fn small_big(&mut self, negative: bool, bytes: &[u8]) {
        let n = bytes.iter().rposition(|b| *b != 0).map_or(0, |i| i + 1);
        self.out.put(&[tag::SMALL_BIG, n as u8, u8::from(negative)]);
        self.out.put(&bytes[..n]);
    }

    fn big(&mut self, big: Big<'h>) -> Result<(), EncodeError> {
        let bytes: Vec<u8> = big.limbs.iter().flat_map(|l| l.to_le_bytes()).collect();
        let n = bytes.iter().rposition(|b| *b != 0).map_or(0, |i| i + 1);
        if n < 256 {
            self.small_big(big.negative, &bytes[..n]);
        } else {
            self.tagged(tag::LARGE_BIG, length(n)?);
            self.out.put(&[u8::from(big.negative)]);
            self.out.put(&bytes[..n]);
        }
        Ok(())
    }

    fn float(&mut self, f: f64) {
        if self.options.minor_version == 0 {
            let mut text = [0; FLOAT_TEXT];
            let digits = float::scientific(f, 20).unwrap_or_default();
            let n = digits.len().min(FLOAT_TEXT);
            text[..n].copy_from_slice(&digits.as_bytes()[..n]);
            self.out.put(&[tag::FLOAT]);
            self.out.put(&text);
        } else {
            self.out.put(&[tag::NEW_FLOAT]);
            self.out.put(&f.to_bits().to_be_bytes());
        }
    }

    fn atom(&mut self, atom: Atom) {
        let name = atom.name();
        if self.options.minor_version < 2 && name.chars().all(|c| (c as u32) < 256) {
            let latin1: Vec<u8> = name.chars().map(|c| c as u8).collect();
            // At most 255 characters.
            self.out.put(&[tag::ATOM, 0, latin1.len() as u8]);
            self.out.put(&latin1);
            return;
        }
        match u8::try_from(name.len()) {
            Ok(n) => self.out.put(&[tag::SMALL_ATOM_UTF8, n]),
            Err(_) => {
                let [high, low] = (name.len() as u16).to_be_bytes();
                self.out.put(&[tag::ATOM_UTF8, high, low]);
            }
        }
        self.out.put(name.as_bytes());
    }

    fn list(&mut self, list: Term<'h>) -> Result<(), EncodeError> {
        let mut bytes = Vec::new();
        let mut rest = list;
        while let Some((head, tail)) = rest.as_cons() {
            match head.as_small().map(u8::try_from) {
                Some(Ok(byte)) if bytes.len() < STRING_MAX => bytes.push(byte),
                _ => break,
            }
            rest = tail;
        }
        if rest.is_nil() {
            let [high, low] = (bytes.len() as u16).to_be_bytes();
            self.out.put(&[tag::STRING, high, low]);
            self.out.put(&bytes);
            return Ok(());
        }
        let n = bytes.len() + rest.iter().count();
        self.tagged(tag::LIST, length(n)?);
        self.stack.push(Work::List(list));
        Ok(())
    }

    fn bits(&mut self, bits: Bits<'h>) -> Result<(), EncodeError> {
        let bytes = bits.to_bytes();
        let n = length(bytes.len())?;
        if bits.is_binary() {
            self.tagged(tag::BINARY, n);
        } else {
            self.tagged(tag::BIT_BINARY, n);
            self.out.put(&[(bits.size % 8) as u8]);
        }
        if let Some((last, whole)) = bytes.split_last().filter(|_| !bits.is_binary()) {
            // What is behind the last bit must not leak.
            self.out.put(whole);
            self.out.put(&[last & (0xFF << (8 - bits.size % 8))]);
        } else {
            self.out.put(&bytes);
        }
        Ok(())
    }

    fn map(&mut self, map: Term<'h>) -> Result<(), EncodeError> {
        let size = map.map_size().ok_or(EncodeError::NotATerm)?;
        self.tagged(tag::MAP, length(size)?);
        if self.options.deterministic {
            let mut pairs: Vec<_> = crate::map::iter(map).collect();
            pairs.sort_by(|a, b| cmp_exact_order(a.0, b.0));
            self.stack.push(Work::Sorted(pairs.into_iter()));
        } else if let Some((keys, values)) = map.as_flat_map() {
            self.stack.push(Work::Pairs(keys, values));
        } else {
            self.children(map);
        }
        Ok(())
    }

    /// Names of the fields, then the values, in the order of the definition.
    fn record(&mut self, r: Record<'h>) -> Result<(), EncodeError> {
        let definition = r.definition();
        self.tagged(tag::NATIVE_RECORD, length(r.values().len())?);
        self.out.put(&[u8::from(definition.exported())]);
        let fields = r.ordered().map(|(name, _)| name);
        for name in [definition.module(), definition.name()]
            .into_iter()
            .chain(fields)
        {
            self.atom(name.as_atom().ok_or(EncodeError::NotATerm)?);
        }
        let values = r.ordered().rev().map(|(_, value)| Work::Term(value));
        self.stack.extend(values);
        Ok(())
    }

    /// Pushes the children of a hash map's node; the last one is written first.
    fn children(&mut self, node: Term<'h>) {
        let children = crate::map::children(node).iter();
        self.stack.extend(children.map(|c| Work::Node(*c)));
    }

    /// The node of an identifier, and its creation; those of this node have no name in the local form.
    fn node(&mut self, node: u64) -> u32 {
        if node != 0 {
            // Node words are made of atoms that exist.
            self.atom(Atom::at(node as u32).unwrap_or(am::Noname));
            (node >> 32) as u32
        } else if self.options.local {
            self.out.put(&[tag::NIL]);
            0
        } else {
            self.atom(self.context.node);
            self.context.creation
        }
    }

    fn numbers(&mut self, numbers: &[u32]) {
        for n in numbers {
            self.out.put(&n.to_be_bytes());
        }
    }

    fn pid(&mut self, p: PidTerm) {
        let bits = if p.node == 0 { PID_NUMBER_BITS } else { 32 };
        let (number, serial) = (p.data & ((1 << bits) - 1), p.data >> bits);
        self.out.put(&[tag::NEW_PID]);
        let creation = self.node(p.node);
        self.numbers(&[number as u32, serial as u32, creation]);
    }

    fn port(&mut self, p: PortTerm) {
        self.out.put(&[tag::V4_PORT]);
        let creation = self.node(p.node);
        self.out.put(&p.data.to_be_bytes());
        self.numbers(&[creation]);
    }

    fn reference(&mut self, r: &RefTerm<'h>) {
        // At most five numbers.
        self.out
            .put(&[tag::NEWER_REFERENCE, 0, r.numbers().len() as u8]);
        let creation = self.node(r.node);
        self.numbers(&[creation]);
        self.numbers(r.numbers());
    }

    fn fun(&mut self, fun: &Fun<'h>) -> Result<(), EncodeError> {
        match self
            .context
            .funs
            .identity(fun)
            .ok_or(EncodeError::UnknownFun)?
        {
            FunIdentity::External(f) => {
                self.out.put(&[tag::EXPORT]);
                self.atom(f.module);
                self.atom(f.function);
                self.small(i64::from(f.arity));
                Ok(())
            }
            FunIdentity::Local(f) => self.local_fun(&f, fun.free),
        }
    }

    fn local_fun(&mut self, f: &LocalFun, free: &'h [Term<'h>]) -> Result<(), EncodeError> {
        self.out.put(&[tag::NEW_FUN]);
        self.stack.push(Work::FunSize(self.out.position()));
        self.out.put(&[0, 0, 0, 0, f.arity]);
        self.out.put(&f.uniq);
        self.out.put(&f.index.to_be_bytes());
        self.out.put(&length(free.len())?);
        self.atom(f.module);
        self.small(f.old_index);
        self.small(f.old_uniq);
        // The creator is not kept any more: it is always the first process.
        let init = Pid::from_data(0);
        self.pid(PidTerm {
            node: 0,
            data: init.data(),
        });
        self.stack.push(Work::Elements(free));
        Ok(())
    }
}
