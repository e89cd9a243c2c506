//! Bytes to terms.
//!
//! A reader that never reads past the end, and a stack of terms that wait for their parts. Every announced
//! number of parts is held against the bytes that are left, at least one each, before anything is kept
//! for it.

use super::{EtfContext, ExternalFun, LocalFun, VERSION, local, packed, tag};
use crate::layout::{BIG_MAX_LIMBS, SMALL_MAX, SMALL_MIN, TUPLE_MAX_ARITY};
use crate::number::float;
use crate::record::{Definition, DuplicateField};
use crate::term::Fun;
use crate::{Atom, AtomError, Heap, PID_NUMBER_BITS, Pid, PortId, RefNumbers, Term};

/// Numbers a reference may have.
const REF_NUMBERS_MAX: usize = 5;
/// First number of references of this node, and of all in the old forms, are below this.
const REF_NUMBER_LIMIT: u32 = 1 << 18;
/// Creations in the old forms are below this.
const OLD_CREATION_LIMIT: u8 = 4;
/// As many definitions of records are looked for among those met before.
const DEFINITIONS_KEPT: usize = 16;
/// Bytes of a float in its text form.
const FLOAT_TEXT: usize = 31;

/// Why bytes are not a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecodeError {
    /// The first byte is not 131.
    Version,
    /// Ends too early, or announces more than there is.
    Truncated,
    /// No kind of term begins with this byte here.
    Tag(u8),
    /// The compressed form is damaged.
    Compressed,
    /// In its local form, but not written by this node.
    Local,
    /// A value that no term of this kind has; the tag tells the kind.
    Value(u8),
    /// A key occurs twice.
    DuplicateKey,
    /// The name cannot be an atom, or there is no room for it.
    Atom(AtomError),
    /// An atom or function that does not exist already, in safe mode.
    Unsafe,
    /// The engine did not take the fun.
    Fun,
}

/// The options of `binary_to_term/2`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DecodeOptions {
    /// Make no new atoms and exports.
    pub safe: bool,
}

/// A term and how many bytes it took. As in the reference engine it is no error if there are more.
#[derive(Debug, Clone, Copy)]
pub struct Decoded<'h> {
    pub term: Term<'h>,
    pub used: usize,
}

type Result<T> = std::result::Result<T, DecodeError>;

/// Reads the term that `bytes` begin with: version byte, then the term, perhaps compressed.
pub fn decode<'h>(
    h: &'h Heap,
    bytes: &[u8],
    options: DecodeOptions,
    context: &EtfContext<'_>,
) -> Result<Decoded<'h>> {
    let (&version, rest) = bytes.split_first().ok_or(DecodeError::Truncated)?;
    if version != VERSION {
        return Err(DecodeError::Version);
    }
    let [tag::COMPRESSED, a, b, c, d, stream @ ..] = rest else {
        let decoded = decode_bare(h, rest, options, context)?;
        return Ok(Decoded {
            used: decoded.used + 1,
            ..decoded
        });
    };
    let size = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
    let (inside, used) = packed::inflate(stream, size).ok_or(DecodeError::Compressed)?;
    let decoded = decode_bare(h, &inside, options, context)?;
    Ok(Decoded {
        term: decoded.term,
        used: used + 6,
    })
}

/// Reads a term without the version byte.
pub fn decode_bare<'h>(
    h: &'h Heap,
    bytes: &[u8],
    options: DecodeOptions,
    context: &EtfContext<'_>,
) -> Result<Decoded<'h>> {
    let mut decoder = Decoder {
        h,
        input: Reader { bytes, at: 0 },
        options,
        context,
        local: false,
        definitions: Vec::new(),
    };
    if bytes.first() != Some(&tag::LOCAL) {
        let term = decoder.run()?;
        return Ok(Decoded {
            term,
            used: decoder.input.at,
        });
    }
    decoder.input.at = 1;
    let seal = decoder.input.u32()?;
    let from = decoder.input.at;
    decoder.local = true;
    let term = decoder.run()?;
    let used = decoder.input.at;
    if local::seal(&bytes[from..used]) != seal {
        return Err(DecodeError::Local);
    }
    Ok(Decoded { term, used })
}

struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Reader<'b> {
    fn left(&self) -> usize {
        self.bytes.len() - self.at
    }
    #[inline]
    fn take(&mut self, n: usize) -> Result<&'b [u8]> {
        let end = self.at.checked_add(n).ok_or(DecodeError::Truncated)?;
        let taken = self.bytes.get(self.at..end).ok_or(DecodeError::Truncated)?;
        self.at = end;
        Ok(taken)
    }
    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.take(N)?.try_into().map_err(|_| DecodeError::Truncated)
    }
    #[inline]
    fn u8(&mut self) -> Result<u8> {
        self.array::<1>().map(|[b]| b)
    }
    fn u16(&mut self) -> Result<usize> {
        self.array().map(|b| usize::from(u16::from_be_bytes(b)))
    }
    fn u32(&mut self) -> Result<u32> {
        self.array().map(u32::from_be_bytes)
    }
    fn u64(&mut self) -> Result<u64> {
        self.array().map(u64::from_be_bytes)
    }
    /// A number of parts, each of at least `bytes` bytes.
    fn count(&mut self, bytes: usize) -> Result<usize> {
        let n = self.u32()? as usize;
        if n > self.left() / bytes {
            return Err(DecodeError::Truncated);
        }
        Ok(n)
    }
}

/// What a term with parts becomes when they are all there.
enum Shape<'h> {
    Tuple,
    /// The last part is the tail.
    List,
    Map,
    /// The values in the order of the definition.
    Record(Definition<'h>),
    /// The last part is what keeps the entry alive.
    Fun {
        entry: u64,
        meta: u64,
    },
}

/// What the next bytes are.
enum Item<'h> {
    Whole(Term<'h>),
    /// A term of that many parts, which follow.
    Open(Shape<'h>, usize),
    /// The same, and there is a last part already.
    OpenWith(Shape<'h>, usize, Term<'h>),
}

struct Frame<'h> {
    shape: Shape<'h>,
    /// Parts still to come.
    missing: usize,
    /// Where its parts begin on the stack of values.
    base: usize,
    /// Comes behind them.
    last: Option<Term<'h>>,
}

struct Decoder<'a, 'b, 'h> {
    h: &'h Heap,
    input: Reader<'b>,
    options: DecodeOptions,
    context: &'a EtfContext<'a>,
    /// Inside the local form, where identifiers of this node have no name.
    local: bool,
    /// Definitions of records met so far: equal records share one.
    definitions: Vec<(DefinitionKey, Definition<'h>)>,
}

/// Module, name, whether exported, fields.
type DefinitionKey = (Atom, Atom, bool, Vec<Atom>);

impl<'h> Decoder<'_, '_, 'h> {
    fn run(&mut self) -> Result<Term<'h>> {
        let mut frames: Vec<Frame<'h>> = Vec::new();
        let mut values: Vec<Term<'h>> = Vec::new();
        loop {
            let mut value = match self.item()? {
                Item::Whole(term) => term,
                Item::Open(shape, 0) => self.close(&shape, &[])?,
                Item::OpenWith(shape, 0, last) => self.close(&shape, &[last])?,
                Item::Open(shape, missing) => {
                    frames.push(Frame {
                        shape,
                        missing,
                        base: values.len(),
                        last: None,
                    });
                    continue;
                }
                Item::OpenWith(shape, missing, last) => {
                    frames.push(Frame {
                        shape,
                        missing,
                        base: values.len(),
                        last: Some(last),
                    });
                    continue;
                }
            };
            loop {
                let Some(frame) = frames.last_mut() else {
                    return Ok(value);
                };
                values.push(value);
                frame.missing -= 1;
                if frame.missing > 0 {
                    break;
                }
                values.extend(frame.last);
                value = self.close(&frame.shape, &values[frame.base..])?;
                values.truncate(frame.base);
                frames.pop();
            }
        }
    }

    /// The term made of its parts.
    fn close(&self, shape: &Shape<'h>, parts: &[Term<'h>]) -> Result<Term<'h>> {
        Ok(match shape {
            Shape::Tuple => self.h.tuple(parts),
            Shape::List => match parts.split_last() {
                Some((tail, heads)) => self.h.list_with_tail(heads, *tail),
                None => Term::NIL,
            },
            Shape::Map => {
                let pairs: Vec<_> = parts.chunks_exact(2).map(|p| (p[0], p[1])).collect();
                crate::map::from_unique_pairs(self.h, &pairs).ok_or(DecodeError::DuplicateKey)?
            }
            Shape::Record(definition) => definition.make_ordered(self.h, parts),
            Shape::Fun { entry, meta } => self.h.fun(*entry, *meta, parts),
        })
    }

    fn item(&mut self) -> Result<Item<'h>> {
        let tag = self.input.u8()?;
        Ok(Item::Whole(match tag {
            tag::SMALL_INTEGER => Term::small(i64::from(self.input.u8()?)),
            tag::INTEGER => Term::small(i64::from(self.input.u32()? as i32)),
            tag::SMALL_BIG | tag::LARGE_BIG => self.big(tag)?,
            tag::ATOM | tag::SMALL_ATOM | tag::ATOM_UTF8 | tag::SMALL_ATOM_UTF8 => {
                Term::atom(self.atom_body(tag)?)
            }
            tag::NIL => Term::NIL,
            tag::SMALL_TUPLE => {
                let n = usize::from(self.input.u8()?);
                return Ok(Item::Open(Shape::Tuple, n));
            }
            tag::LARGE_TUPLE => {
                let n = self.input.count(1)?;
                if n > TUPLE_MAX_ARITY {
                    return Err(DecodeError::Value(tag));
                }
                return Ok(Item::Open(Shape::Tuple, n));
            }
            tag::LIST => {
                let n = self.input.count(1)?;
                return Ok(Item::Open(Shape::List, n + 1));
            }
            tag::MAP => {
                let n = self.input.count(2)?;
                return Ok(Item::Open(Shape::Map, 2 * n));
            }
            tag::NATIVE_RECORD => return self.record(),
            tag::NEW_FUN => return self.fun(),
            tag::STRING => {
                let n = self.input.u16()?;
                self.h.latin1_string(self.input.take(n)?)
            }
            tag::BINARY => {
                let n = self.input.u32()? as usize;
                self.h.binary(self.input.take(n)?)
            }
            tag::BIT_BINARY => {
                let n = self.input.u32()? as usize;
                let last = usize::from(self.input.u8()?);
                if n == 0 || !(1..=8).contains(&last) {
                    return Err(DecodeError::Value(tag));
                }
                let bytes = self.input.take(n)?;
                self.h.bitstring(bytes, (n - 1) * 8 + last)
            }
            tag::FLOAT => {
                let text = self.input.take(FLOAT_TEXT)?;
                let f = float::from_text(text).ok_or(DecodeError::Value(tag))?;
                self.h.float(f)
            }
            tag::NEW_FLOAT => {
                let f = f64::from_bits(self.input.u64()?);
                if !f.is_finite() {
                    return Err(DecodeError::Value(tag));
                }
                self.h.float(f)
            }
            tag::PID | tag::NEW_PID => self.pid(tag)?,
            tag::PORT | tag::NEW_PORT | tag::V4_PORT => self.port(tag)?,
            tag::REFERENCE | tag::NEW_REFERENCE | tag::NEWER_REFERENCE => self.reference(tag)?,
            tag::EXPORT => self.export()?,
            _ => return Err(DecodeError::Tag(tag)),
        }))
    }

    /// A native record as far as its values, which follow.
    fn record(&mut self) -> Result<Item<'h>> {
        // Each field takes two bytes for its name and one for its value at least.
        let n = self.input.count(3)?;
        if n > TUPLE_MAX_ARITY {
            return Err(DecodeError::Value(tag::NATIVE_RECORD));
        }
        let exported = match self.input.u8()? {
            0 => false,
            1 => true,
            // The other bits are reserved.
            _ => return Err(DecodeError::Value(tag::NATIVE_RECORD)),
        };
        let (module, name) = (self.atom()?, self.atom()?);
        let fields = (0..n).map(|_| self.atom()).collect::<Result<Vec<_>>>()?;
        let key = (module, name, exported, fields);
        let known = self.definitions.iter().find(|(k, _)| *k == key);
        let definition = match known {
            Some((_, definition)) => *definition,
            None => {
                let made = Definition::new(self.h, module, name, exported, &key.3)
                    .map_err(|DuplicateField| DecodeError::DuplicateKey)?;
                if self.definitions.len() < DEFINITIONS_KEPT {
                    self.definitions.push((key, made));
                }
                made
            }
        };
        Ok(Item::Open(Shape::Record(definition), n))
    }

    fn big(&mut self, tag: u8) -> Result<Term<'h>> {
        let n = match tag {
            tag::SMALL_BIG => usize::from(self.input.u8()?),
            _ => self.input.u32()? as usize,
        };
        if n > BIG_MAX_LIMBS * 8 {
            return Err(DecodeError::Value(tag));
        }
        let negative = self.input.u8()? != 0;
        let bytes = self.input.take(n)?;
        let limb = |chunk: &[u8]| {
            let mut limb = [0; 8];
            limb[..chunk.len()].copy_from_slice(chunk);
            u64::from_le_bytes(limb)
        };
        if n <= 8 {
            return Ok(self.h.big(negative, &[limb(bytes)]));
        }
        let limbs: Vec<u64> = bytes.chunks(8).map(limb).collect();
        Ok(self.h.big(negative, &limbs))
    }

    /// An atom behind its tag.
    fn atom_body(&mut self, tag: u8) -> Result<Atom> {
        let n = match tag {
            tag::ATOM | tag::ATOM_UTF8 => self.input.u16()?,
            tag::SMALL_ATOM | tag::SMALL_ATOM_UTF8 => usize::from(self.input.u8()?),
            _ => return Err(DecodeError::Tag(tag)),
        };
        let bytes = self.input.take(n)?;
        let mut latin1 = String::new();
        let name = if bytes.is_ascii() || matches!(tag, tag::ATOM_UTF8 | tag::SMALL_ATOM_UTF8) {
            std::str::from_utf8(bytes).map_err(|_| DecodeError::Atom(AtomError::NotUtf8))?
        } else {
            latin1.extend(bytes.iter().map(|b| char::from(*b)));
            &latin1
        };
        if self.options.safe {
            Atom::existing(name).ok_or(DecodeError::Unsafe)
        } else {
            Atom::new(name).map_err(DecodeError::Atom)
        }
    }

    fn atom(&mut self) -> Result<Atom> {
        let tag = self.input.u8()?;
        self.atom_body(tag)
    }

    /// A node's name; nothing stands for this node, in the local form.
    fn node_name(&mut self) -> Result<Option<Atom>> {
        match self.input.u8()? {
            tag::NIL if self.local => Ok(None),
            tag => self.atom_body(tag).map(Some),
        }
    }

    /// The node word: 0 for this node.
    fn node(&self, name: Option<Atom>, creation: u32) -> u64 {
        match name {
            None => 0,
            Some(n) if n == self.context.node && creation == self.context.creation => 0,
            Some(n) => u64::from(creation) << 32 | u64::from(n.index()),
        }
    }

    fn old_creation(&mut self, tag: u8) -> Result<u32> {
        let creation = self.input.u8()?;
        if creation >= OLD_CREATION_LIMIT {
            return Err(DecodeError::Value(tag));
        }
        Ok(u32::from(creation))
    }

    fn pid(&mut self, tag: u8) -> Result<Term<'h>> {
        let name = self.node_name()?;
        let (number, serial) = (self.input.u32()?, self.input.u32()?);
        let creation = match tag {
            tag::PID => self.old_creation(tag)?,
            _ => self.input.u32()?,
        };
        let (number, serial) = (u64::from(number), u64::from(serial));
        match self.node(name, creation) {
            0 if number >> PID_NUMBER_BITS != 0 => Err(DecodeError::Value(tag)),
            0 => Ok(Term::pid(Pid::from_data(
                serial << PID_NUMBER_BITS | number,
            ))),
            node => Ok(self.h.external_pid(node, serial << 32 | number)),
        }
    }

    fn port(&mut self, tag: u8) -> Result<Term<'h>> {
        let name = self.node_name()?;
        let number = match tag {
            tag::V4_PORT => self.input.u64()?,
            _ => u64::from(self.input.u32()?),
        };
        let creation = match tag {
            tag::PORT => self.old_creation(tag)?,
            _ => self.input.u32()?,
        };
        match self.node(name, creation) {
            // An immediate has room for 60 bits.
            0 if number >> 60 != 0 => Err(DecodeError::Value(tag)),
            0 => Ok(Term::port(PortId::from_data(number))),
            node => Ok(self.h.external_port(node, number)),
        }
    }

    fn reference(&mut self, tag: u8) -> Result<Term<'h>> {
        let count = match tag {
            tag::REFERENCE => 1,
            _ => self.input.u16()?,
        };
        if count > REF_NUMBERS_MAX {
            return Err(DecodeError::Value(tag));
        }
        let name = self.node_name()?;
        let mut numbers = [0; REF_NUMBERS_MAX];
        let creation = match tag {
            // The one number comes first here.
            tag::REFERENCE => {
                numbers[0] = self.input.u32()?;
                self.old_creation(tag)?
            }
            tag::NEW_REFERENCE => self.old_creation(tag)?,
            _ => self.input.u32()?,
        };
        if tag != tag::REFERENCE {
            for n in &mut numbers[..count] {
                *n = self.input.u32()?;
            }
        }
        let node = self.node(name, creation);
        if (node == 0 || tag != tag::NEWER_REFERENCE) && numbers[0] >= REF_NUMBER_LIMIT {
            return Err(DecodeError::Value(tag));
        }
        if node != 0 {
            return Ok(self.h.external_reference(node, &numbers[..count]));
        }
        let [n0, n1, n2, number, serial] = numbers;
        let r = RefNumbers::new(n0, n1, n2);
        if count == REF_NUMBERS_MAX {
            if number >> PID_NUMBER_BITS != 0 {
                return Err(DecodeError::Value(tag));
            }
            let data = u64::from(serial) << PID_NUMBER_BITS | u64::from(number);
            return Ok(self.h.pid_reference(r, Pid::from_data(data)));
        }
        Ok(match self.context.funs.magic(r) {
            Some(magic) => self.h.magic_reference(magic),
            None => self.h.reference(r),
        })
    }

    /// A small integer, in any of the forms that it may have.
    fn small(&mut self) -> Result<i64> {
        let tag = self.input.u8()?;
        let v = match tag {
            tag::SMALL_INTEGER => i64::from(self.input.u8()?),
            tag::INTEGER => i64::from(self.input.u32()? as i32),
            tag::SMALL_BIG | tag::LARGE_BIG => {
                let big = self.big(tag)?;
                big.as_small().ok_or(DecodeError::Value(tag))?
            }
            _ => return Err(DecodeError::Tag(tag)),
        };
        debug_assert!((SMALL_MIN..=SMALL_MAX).contains(&v));
        Ok(v)
    }

    fn export(&mut self) -> Result<Term<'h>> {
        let (module, function) = (self.atom()?, self.atom()?);
        let arity = u8::try_from(self.small()?).map_err(|_| DecodeError::Value(tag::EXPORT))?;
        let fun = ExternalFun {
            module,
            function,
            arity,
        };
        let entry = self
            .context
            .funs
            .export_entry(&fun, self.options.safe)
            .ok_or(if self.options.safe {
                DecodeError::Unsafe
            } else {
                DecodeError::Fun
            })?;
        Ok(self.h.fun(entry, Fun::meta(arity, true), &[]))
    }

    fn fun(&mut self) -> Result<Item<'h>> {
        // The size is not to be trusted: some releases wrote it wrong.
        self.input.u32()?;
        let arity = self.input.u8()?;
        let uniq = self.input.array()?;
        let index = self.input.u32()?;
        let free = self.input.count(1)?;
        if free > usize::from(u8::MAX) {
            return Err(DecodeError::Value(tag::NEW_FUN));
        }
        let fun = LocalFun {
            module: self.atom()?,
            arity,
            uniq,
            index,
            old_index: self.small()?,
            old_uniq: self.small()?,
        };
        // Who made it is read and forgotten.
        match self.input.u8()? {
            tag @ (tag::PID | tag::NEW_PID) => self.pid(tag)?,
            tag => return Err(DecodeError::Tag(tag)),
        };
        let local = self.context.funs.local_entry(&fun);
        let (entry, owner) = local.ok_or(DecodeError::Fun)?;
        let meta = Fun::meta(arity, false);
        let owner = self.h.magic_reference(owner);
        Ok(Item::OpenWith(Shape::Fun { entry, meta }, free, owner))
    }
}
