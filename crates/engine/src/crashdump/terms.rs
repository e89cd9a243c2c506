//! Terms in a crash dump, in the notation that OTP's viewer reads: a value is written where it stands, and what it points
//! to is a line of its own, `ADDRESS:OBJECT`, once, in the section of the heap that it lies on.
//!
//! Used by the sections of this module and by those that other rooms add; the heaps that are walked stand still. What
//! has been reached is remembered, up to a bound: the node may be ending for the lack of memory. Objects that are
//! left out are missing in the dump, which the viewer says.

use crate::code::funs::Codec;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use corten_term::etf::{self, EncodeOptions, EtfContext};
use corten_term::layout::{MAP_FLAT, MAP_NODE_BITMAP, header_sub, map_kind, sub};
use corten_term::{Binary, Bits, Kind, Term, Word, literal, map, print};
use std::collections::{BTreeMap, HashSet};
use std::io::{self, Write};

/// Objects of one heap that are written at most.
const MOST_OBJECTS: usize = 1_000_000;
/// Bytes that a fun, a reference or a bit string may take in the external format.
const MOST_EXTERNAL: usize = 64 * 1024;
/// Bytes of binaries that are remembered to be written, all together.
const MOST_BINARY_BYTES: usize = 256 << 20;

/// What has been reached on one heap, and what of it is still to be written.
#[derive(Debug, Default)]
struct Reached {
    seen: HashSet<Word>,
    todo: Vec<Word>,
}

impl Reached {
    fn add(&mut self, w: Word) {
        let room = self.seen.len() < MOST_OBJECTS
            && self.seen.try_reserve(1).is_ok()
            && self.todo.try_reserve(1).is_ok();
        if room && self.seen.insert(w) {
            self.todo.push(w);
        }
    }
}

/// See the module page.
#[derive(Debug, Default)]
pub struct Terms {
    own: Reached,
    literals: Reached,
    binaries: BTreeMap<usize, Binary>,
    binary_bytes: usize,
    made_up: Vec<(usize, [Word; 2])>,
}

impl Terms {
    /// Writes a value.
    pub fn value(&mut self, out: &mut dyn Write, t: Term<'_>) -> io::Result<()> {
        match t.kind() {
            Kind::Small(n) => write!(out, "I{n}"),
            Kind::Nil => out.write_all(b"N"),
            Kind::Atom(a) => write!(out, "A{:X}:{}", a.name().len(), a.name()),
            Kind::Pid(_) if t.is_immediate() => write!(out, "P{}", text(t)),
            Kind::Port(_) if t.is_immediate() => write!(out, "p{}", text(t)),
            Kind::Internal => out.write_all(b"N"),
            _ => {
                let address = t.pointer() as usize;
                let heap = if literal::contains(address) {
                    &mut self.literals
                } else {
                    &mut self.own
                };
                heap.add(t.raw());
                write!(out, "H{address:X}")
            }
        }
    }

    /// Writes a line that points to a tuple which is no object: it is made of words that a process keeps elsewhere, at an
    /// address that no object has.
    pub(super) fn made_up(
        &mut self,
        out: &mut dyn Write,
        address: usize,
        pair: [Word; 2],
    ) -> io::Result<()> {
        self.made_up.push((address, pair));
        writeln!(out, "H{address:X}")
    }

    /// Writes a pair as a line.
    pub fn pair(&mut self, out: &mut dyn Write, [key, value]: [Term<'_>; 2]) -> io::Result<()> {
        self.value(out, key)?;
        out.write_all(b"|")?;
        self.value(out, value)?;
        writeln!(out)
    }

    fn values(&mut self, out: &mut dyn Write, all: &[Term<'_>]) -> io::Result<()> {
        for (i, t) in all.iter().enumerate() {
            if i > 0 {
                out.write_all(b",")?;
            }
            self.value(out, *t)?;
        }
        Ok(())
    }

    /// Writes the objects of the process's own heap that values have pointed to, and forgets them.
    pub fn heap(&mut self, out: &mut dyn Write) -> io::Result<()> {
        for (address, pair) in std::mem::take(&mut self.made_up) {
            // SAFETY: as in `object`.
            let pair = pair.map(|w| unsafe { Term::from_raw(w) });
            write!(out, "{address:X}:t2:")?;
            self.values(out, &pair)?;
            writeln!(out)?;
        }
        while let Some(w) = self.own.todo.pop() {
            self.object(out, w)?;
        }
        self.own.seen.clear();
        Ok(())
    }

    /// Writes the literals that values have pointed to.
    pub fn literals(&mut self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "=literals")?;
        while let Some(w) = self.literals.todo.pop() {
            self.object(out, w)?;
        }
        Ok(())
    }

    /// Writes the counted binaries that objects have referred to.
    pub fn binaries(&mut self, out: &mut dyn Write) -> io::Result<()> {
        for (address, binary) in std::mem::take(&mut self.binaries) {
            writeln!(out, "=binary:{address:X}")?;
            bytes(out, binary.as_bytes())?;
            writeln!(out)?;
        }
        Ok(())
    }

    fn object(&mut self, out: &mut dyn Write, w: Word) -> io::Result<()> {
        // SAFETY: a pointer that a value of a heap that stands still had; the caller keeps that heap.
        let t: Term<'_> = unsafe { Term::from_raw(w) };
        if let Kind::Fun(_) | Kind::Ref(_) | Kind::Pid(_) | Kind::Port(_) | Kind::Record(_) =
            t.kind()
        {
            return external(out, t);
        }
        let address = t.pointer() as usize;
        match t.kind() {
            Kind::Bits(bits) => return self.bits(out, t, &bits),
            Kind::Cons(head, tail) => {
                write!(out, "{address:X}:l")?;
                self.value(out, head)?;
                out.write_all(b"|")?;
                self.value(out, tail)?;
            }
            Kind::Tuple(elements) => {
                write!(out, "{address:X}:t{:X}:", elements.len())?;
                self.values(out, elements)?;
            }
            Kind::Float(f) => {
                let digits = format!("{f:.20e}");
                write!(out, "{address:X}:F{:X}:{digits}", digits.len())?;
            }
            Kind::Big(big) => {
                let sign = if big.negative { "-" } else { "" };
                write!(out, "{address:X}:B{sign}16#")?;
                let mut limbs = big.limbs.iter().rev();
                if let Some(first) = limbs.next() {
                    write!(out, "{first:X}")?;
                }
                limbs.try_for_each(|limb| write!(out, "{limb:016X}"))?;
            }
            Kind::Map => {
                write!(out, "{address:X}:")?;
                self.map(out, t)?;
            }
            _ => return Ok(()),
        }
        writeln!(out)
    }

    /// A flat map, or a node of a large one.
    fn map(&mut self, out: &mut dyn Write, t: Term<'_>) -> io::Result<()> {
        let kind = t
            .boxed_header()
            .filter(|h| header_sub(*h) == sub::MAP)
            .map(map_kind);
        let children = map::children(t);
        match (kind, t.flat_map_keys(), t.as_flat_map()) {
            (Some(MAP_FLAT), Some(keys), Some((_, values))) => {
                write!(out, "Mf{:X}:", values.len())?;
                self.value(out, keys)?;
                out.write_all(b":")?;
                return self.values(out, values);
            }
            (Some(MAP_NODE_BITMAP), ..) => write!(out, "Mn{:X}:", children.len())?,
            _ => write!(
                out,
                "Mh{:X}:{:X}:",
                t.map_size().unwrap_or(0),
                children.len()
            )?,
        }
        self.values(out, children)
    }

    fn bits(&mut self, out: &mut dyn Write, t: Term<'_>, bits: &Bits<'_>) -> io::Result<()> {
        if !bits.is_binary() {
            return external(out, t);
        }
        write!(out, "{:X}:", t.pointer() as usize)?;
        match (bits.counted(), bits.as_bytes()) {
            (Some(binary), Some(part)) => {
                let at = binary.as_ptr() as usize;
                let offset = (part.as_ptr() as usize).saturating_sub(at);
                writeln!(out, "Yc{at:X}:{offset:X}:{:X}", part.len())?;
                if !self.binaries.contains_key(&at)
                    && self.binary_bytes + binary.len() <= MOST_BINARY_BYTES
                {
                    self.binary_bytes += binary.len();
                    self.binaries.insert(at, binary);
                }
                Ok(())
            }
            _ => {
                out.write_all(b"Yh")?;
                bytes(out, &bits.to_bytes())?;
                writeln!(out)
            }
        }
    }
}

fn text(t: Term<'_>) -> String {
    String::from_utf8_lossy(&print::to_bytes(t, 100)).into_owned()
}

/// An object in the external term format, if it is not long.
fn external(out: &mut dyn Write, t: Term<'_>) -> io::Result<()> {
    let (options, context) = (EncodeOptions::default(), EtfContext::new(&Codec));
    let short = etf::external_size(t, &options, &context).is_ok_and(|n| n <= MOST_EXTERNAL);
    if let Some(encoded) = short
        .then(|| etf::encode(t, &options, &context).ok())
        .flatten()
    {
        write!(out, "{:X}:E", t.pointer() as usize)?;
        bytes(out, &encoded)?;
        writeln!(out)?;
    }
    Ok(())
}

/// `SIZE:BASE64`.
fn bytes(out: &mut dyn Write, all: &[u8]) -> io::Result<()> {
    write!(out, "{:X}:", all.len())?;
    base64(out, all)
}

/// The text of bytes in base 64.
pub(super) fn base64(out: &mut dyn Write, all: &[u8]) -> io::Result<()> {
    // A multiple of three, so that only the last piece is padded.
    all.chunks(3 * 1024)
        .try_for_each(|piece| out.write_all(STANDARD.encode(piece).as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use corten_term::Heap;

    fn dump(t: Term<'_>) -> (String, String) {
        let mut terms = Terms::default();
        let (mut value, mut heap) = (Vec::new(), Vec::new());
        let written = terms
            .value(&mut value, t)
            .and_then(|()| terms.heap(&mut heap));
        assert!(written.is_ok());
        let text = |b| String::from_utf8(b).unwrap_or_default();
        (text(value), text(heap))
    }

    #[test]
    fn immediates_stand_where_they_are() {
        assert_eq!(dump(Term::small(-7)).0, "I-7");
        assert_eq!(dump(Term::NIL).0, "N");
        assert_eq!(dump(Term::TRUE), ("A4:true".to_string(), String::new()));
    }

    #[test]
    fn objects_are_lines() {
        let h = Heap::new();
        let inner = h.cons(Term::small(1), Term::NIL);
        let t = h.tuple(&[inner, inner, h.float(2.5), h.binary(b"abc")]);
        let (value, heap) = dump(t);
        assert!(value.starts_with('H'));
        assert_eq!(heap.lines().filter(|l| l.ends_with(":lI1|N")).count(), 1);
        assert!(heap.contains(":F18:2.50000000000000000000e0\n"));
        assert!(heap.contains(":Yh3:YWJj\n"));
        assert_eq!(heap.lines().count(), 4);
    }

    #[test]
    fn large_maps_are_nodes() {
        let h = Heap::new();
        let pairs: Vec<_> = (0..100).map(|i| (Term::small(i), Term::NIL)).collect();
        let (_, heap) = dump(map::from_pairs(&h, &pairs));
        assert_eq!(heap.lines().filter(|l| l.contains(":Mh64:")).count(), 1);
        assert_eq!(heap.lines().filter(|l| l.contains(":lI")).count(), 100);
    }
}
