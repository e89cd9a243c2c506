//! Decoders of all chunks but the code: atoms, imports, exports, lambdas, literals, lines, types.
//!
//! Called by [`crate::load()`] only. Every count is checked against the bytes that are left before memory
//! is reserved, and every atom index against the atom table.

use std::ops::Range;

use crate::chunks;
use crate::error::{LoadError, Table};
use crate::module::{Export, Import, Lambda, LineEntry, Lines, Literals, Type};
use crate::reader::{Number, Reader, tag};

/// The most characters that an atom may have.
const MAX_ATOM_CHARACTERS: usize = 255;

/// The `AtU8` chunk. Entry 0 of the result stands for nil.
pub fn atoms_utf8(chunk: &[u8]) -> Result<Vec<Box<str>>, LoadError> {
    let truncated = LoadError::truncated(Table::Atoms);
    let mut r = Reader::new(chunk);
    // OTP 28 and later store the count negated and the lengths as compact numbers.
    let count = r.u32().map_err(&truncated)? as i32;
    let long = count < 0;
    let count = atom_count(count.unsigned_abs(), &r)?;
    let mut atoms = Vec::with_capacity(count + 1);
    atoms.push(Box::default());
    for _ in 0..count {
        let length = if long {
            let length = r.compact_u32(tag::U).map_err(&truncated)?;
            length.ok_or(LoadError::Corrupt(
                Table::Atoms,
                "an atom's length is malformed",
            ))? as usize
        } else {
            usize::from(r.u8().map_err(&truncated)?)
        };
        let bytes = r.bytes(length).map_err(&truncated)?;
        let text = std::str::from_utf8(bytes)
            .map_err(|_| LoadError::Corrupt(Table::Atoms, "an atom is not UTF-8"))?;
        if length > MAX_ATOM_CHARACTERS && text.chars().count() > MAX_ATOM_CHARACTERS {
            return Err(LoadError::Corrupt(Table::Atoms, "an atom is too long"));
        }
        atoms.push(text.into());
    }
    Ok(atoms)
}

/// The `Atom` chunk of old files, in Latin-1.
pub fn atoms_latin1(chunk: &[u8]) -> Result<Vec<Box<str>>, LoadError> {
    let truncated = LoadError::truncated(Table::Atoms);
    let mut r = Reader::new(chunk);
    let count = r.u32().map_err(&truncated)?;
    let count = atom_count(count, &r)?;
    let mut atoms = Vec::with_capacity(count + 1);
    atoms.push(Box::default());
    for _ in 0..count {
        let length = usize::from(r.u8().map_err(&truncated)?);
        let bytes = r.bytes(length).map_err(&truncated)?;
        atoms.push(
            bytes
                .iter()
                .map(|b| char::from(*b))
                .collect::<String>()
                .into(),
        );
    }
    Ok(atoms)
}

/// Every atom takes at least its length byte; a module has at least its own name.
fn atom_count(count: u32, rest: &Reader<'_>) -> Result<usize, LoadError> {
    let count = count as usize;
    if count == 0 || count > rest.remaining() {
        return Err(LoadError::Corrupt(Table::Atoms, "its count is wrong"));
    }
    Ok(count)
}

/// Reads index and arity fields that several tables share.
struct Fields<'a> {
    r: Reader<'a>,
    table: Table,
    atoms: usize,
}

impl<'a> Fields<'a> {
    /// A table of 32-bit fields, `item_size` bytes per item, and its item count.
    fn new(
        chunk: &'a [u8],
        table: Table,
        atoms: usize,
        item_size: usize,
    ) -> Result<(Self, usize), LoadError> {
        let mut r = Reader::new(chunk);
        let count = r.count(item_size).map_err(LoadError::truncated(table))?;
        Ok((Fields { r, table, atoms }, count))
    }

    fn number(&mut self) -> Result<u32, LoadError> {
        self.r.u32().map_err(LoadError::truncated(self.table))
    }

    fn atom(&mut self) -> Result<u32, LoadError> {
        let index = self.number()?;
        if index == 0 || index as usize >= self.atoms {
            return Err(LoadError::Corrupt(
                self.table,
                "an atom index is out of range",
            ));
        }
        Ok(index)
    }

    fn arity(&mut self) -> Result<u8, LoadError> {
        u8::try_from(self.number()?)
            .map_err(|_| LoadError::Corrupt(self.table, "an arity is too high"))
    }
}

/// The `ImpT` chunk.
pub fn imports(chunk: &[u8], atoms: usize) -> Result<Vec<Import>, LoadError> {
    let (mut f, count) = Fields::new(chunk, Table::Imports, atoms, 12)?;
    (0..count)
        .map(|_| {
            Ok(Import {
                module: f.atom()?,
                function: f.atom()?,
                arity: f.arity()?,
            })
        })
        .collect()
}

/// The `ExpT` or `LocT` chunk.
pub fn exports(chunk: &[u8], table: Table, atoms: usize) -> Result<Vec<Export>, LoadError> {
    let (mut f, count) = Fields::new(chunk, table, atoms, 12)?;
    (0..count)
        .map(|_| {
            Ok(Export {
                function: f.atom()?,
                arity: f.arity()?,
                label: f.number()?,
            })
        })
        .collect()
}

/// The `FunT` chunk.
pub fn lambdas(chunk: &[u8], atoms: usize) -> Result<Vec<Lambda>, LoadError> {
    let (mut f, count) = Fields::new(chunk, Table::Lambdas, atoms, 24)?;
    let mut lambdas = Vec::with_capacity(count);
    for _ in 0..count {
        let lambda = Lambda {
            function: f.atom()?,
            arity: f.arity()?,
            label: f.number()?,
            index: f.number()?,
            num_free: f.number()?,
            old_uniq: f.number()?,
        };
        if lambda.num_free > u32::from(lambda.arity) {
            return Err(LoadError::Corrupt(
                Table::Lambdas,
                "more free variables than arguments",
            ));
        }
        lambdas.push(lambda);
    }
    Ok(lambdas)
}

/// The `LitT` chunk: a size and zlib data, or (since OTP 28) zero and plain data.
pub fn literals(chunk: &[u8]) -> Result<Literals, LoadError> {
    let corrupt = |why| LoadError::Corrupt(Table::Literals, why);
    let mut r = Reader::new(chunk);
    let size = r.u32().map_err(LoadError::truncated(Table::Literals))? as usize;
    let bytes = match size {
        0 => r.rest().to_vec(),
        _ => chunks::inflate(r.rest(), size).map_err(corrupt)?,
    };
    let ranges = literal_ranges(&bytes)?;
    Ok(Literals {
        bytes: bytes.into(),
        ranges,
    })
}

/// The parts of a literal table that are terms. Each must at least begin like one.
fn literal_ranges(bytes: &[u8]) -> Result<Vec<Range<u32>>, LoadError> {
    const VERSION_MAGIC: u8 = 131;
    let truncated = LoadError::truncated(Table::Literals);
    if bytes.len() > chunks::MAX_INFLATED {
        return Err(LoadError::Corrupt(Table::Literals, "it is too large"));
    }
    let mut r = Reader::new(bytes);
    let count = r.count(4).map_err(&truncated)?;
    let mut ranges = Vec::with_capacity(count);
    for _ in 0..count {
        let size = r.u32().map_err(&truncated)?;
        let start = (bytes.len() - r.remaining()) as u32;
        let term = r.bytes(size as usize).map_err(&truncated)?;
        if term.first() != Some(&VERSION_MAGIC) {
            return Err(LoadError::Corrupt(
                Table::Literals,
                "a literal is not an external term",
            ));
        }
        ranges.push(start..start + size);
    }
    Ok(ranges)
}

/// The `Line` chunk. An unknown version is not an error, it just gives no lines.
pub fn lines(chunk: &[u8], module_name: &str) -> Result<Lines, LoadError> {
    let truncated = LoadError::truncated(Table::Lines);
    let corrupt = |why| LoadError::Corrupt(Table::Lines, why);
    let mut r = Reader::new(chunk);
    if r.u32().map_err(&truncated)? != 0 {
        return Ok(Lines::default());
    }
    let flags = r.u32().map_err(&truncated)?;
    let instructions = r.u32().map_err(&truncated)?;
    let items = r.u32().map_err(&truncated)? as usize;
    let names = r.u32().map_err(&truncated)? as usize;
    if items > r.remaining() || names > r.remaining() / 2 {
        return Err(corrupt("its counts are wrong"));
    }
    let mut entries = Vec::with_capacity(items + 1);
    entries.push(LineEntry::default());
    let mut file = 0u32;
    while entries.len() <= items {
        let (kind, number) = r.compact().map_err(&truncated)?;
        let value = number.unsigned().and_then(|n| u32::try_from(n).ok());
        match (kind, value) {
            (tag::A, Some(index)) if index as usize <= names => file = index,
            (tag::A, _) => return Err(corrupt("a file index is out of range")),
            (tag::I, Some(line)) if !is_negative(number) => entries.push(LineEntry { file, line }),
            _ => return Err(corrupt("a line number is malformed")),
        }
    }
    let mut files = Vec::with_capacity(names + 1);
    files.push(format!("{module_name}.erl").into_boxed_str());
    for _ in 0..names {
        let length = r.u16().map_err(&truncated)?;
        let name = r.bytes(usize::from(length)).map_err(&truncated)?;
        let name = std::str::from_utf8(name).map_err(|_| corrupt("a file name is not UTF-8"))?;
        // An empty name means the module's own file.
        files.push(if name.is_empty() {
            files[0].clone()
        } else {
            name.into()
        });
    }
    Ok(Lines {
        flags,
        instructions,
        files,
        entries,
    })
}

fn is_negative(number: Number<'_>) -> bool {
    matches!(number, Number::Bytes(bytes) if bytes.first().is_some_and(|b| b & 0x80 != 0))
}

/// The `Type` chunk, or `None` if its version is unknown (then no register has a known type).
pub fn types(chunk: &[u8]) -> Result<Option<Vec<Type>>, LoadError> {
    let truncated = LoadError::truncated(Table::Types);
    let mut r = Reader::new(chunk);
    let version = r.u32().map_err(&truncated)?;
    if !(1..=4).contains(&version) {
        return Ok(None);
    }
    let count = r.count(2).map_err(&truncated)?;
    let mut types = Vec::with_capacity(count);
    for _ in 0..count {
        types.push(if version == 1 {
            type_v1(&mut r)?
        } else {
            type_entry(&mut r, version)?
        });
    }
    if types.first() != Some(&Type::ANY) {
        return Err(LoadError::Corrupt(
            Table::Types,
            "its first entry is not 'any'",
        ));
    }
    Ok(Some(types))
}

/// OTP 25: bounds are always there and mean nothing if they are the wrong way round.
fn type_v1(r: &mut Reader<'_>) -> Result<Type, LoadError> {
    let truncated = LoadError::truncated(Table::Types);
    let union = merge_match_context(r.u16().map_err(&truncated)?);
    let (min, max) = (r.i64().map_err(&truncated)?, r.i64().map_err(&truncated)?);
    let bounded = min <= max;
    finish_type(Type {
        union,
        min: bounded.then_some(min),
        max: bounded.then_some(max),
        unit: 1,
    })
}

/// OTP 26 to 29: flags above the type bits say which of minimum, maximum and unit follow.
fn type_entry(r: &mut Reader<'_>, version: u32) -> Result<Type, LoadError> {
    let truncated = LoadError::truncated(Table::Types);
    let word = r.u16().map_err(&truncated)?;
    let (type_bits, union) = match version {
        2 => (13, merge_match_context(word & 0x1fff)),
        3 => (12, word & 0x0fff),
        _ => (13, word & 0x1fff),
    };
    let flag = |n: u32| word >> (type_bits + n) & 1 != 0;
    let min = if flag(0) {
        Some(r.i64().map_err(&truncated)?)
    } else {
        None
    };
    let max = if flag(1) {
        Some(r.i64().map_err(&truncated)?)
    } else {
        None
    };
    let unit = if flag(2) {
        u16::from(r.u8().map_err(&truncated)?) + 1
    } else {
        1
    };
    finish_type(Type {
        union,
        min,
        max,
        unit,
    })
}

/// Until OTP 26 bit 2 meant "match context". That is a bitstring too; the bits above move down.
fn merge_match_context(bits: u16) -> u16 {
    let context = if bits & 4 != 0 { Type::BITSTRING } else { 0 };
    (bits & 3) | context | (bits >> 1 & !3)
}

fn finish_type(mut t: Type) -> Result<Type, LoadError> {
    let corrupt = |why| Err(LoadError::Corrupt(Table::Types, why));
    if t.union == 0 {
        return corrupt("an entry is empty");
    }
    if (t.min.is_some() || t.max.is_some()) && t.union & (Type::INTEGER | Type::FLOAT) == 0 {
        return corrupt("bounds on something that is not a number");
    }
    if t.unit != 1 && t.union & Type::BITSTRING == 0 {
        return corrupt("a unit on something that is not a bitstring");
    }
    if t.union & !Type::RECORD == Type::ALL & !Type::RECORD {
        // "Any" of a release that did not know native records.
        t.union = Type::ALL;
    }
    Ok(t)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_atom_encodings() {
        let short = atoms_utf8(b"\0\0\0\x02\x01m\x03abc").unwrap();
        let long = atoms_utf8(b"\xff\xff\xff\xfe\x10m\x30abc").unwrap();
        assert_eq!(short, long);
        assert_eq!(&*short[2], "abc");
        assert_eq!(&*atoms_latin1(b"\0\0\0\x01\x01\xe5").unwrap()[1], "å");
        assert!(atoms_utf8(b"\0\0\0\0").is_err());
        assert!(atoms_utf8(b"\x7f\xff\xff\xff\x01m").is_err());
        assert!(atoms_utf8(b"\0\0\0\x01\x01\xe5").is_err());
    }

    #[test]
    fn plain_and_compressed_literals() {
        let table = b"\0\0\0\x01\0\0\0\x03\x83\x61\x05";
        let mut plain = vec![0; 4];
        plain.extend_from_slice(table);
        assert_eq!(literals(&plain).unwrap().get(0), Some(&[131, 97, 5][..]));
        let mut packed = (table.len() as u32).to_be_bytes().to_vec();
        let mut encoder =
            flate2::write::ZlibEncoder::new(&mut packed, flate2::Compression::default());
        std::io::Write::write_all(&mut encoder, table).unwrap();
        drop(encoder);
        assert_eq!(literals(&packed).unwrap(), literals(&plain).unwrap());
        packed[3] -= 1;
        assert!(literals(&packed).is_err());
    }

    #[test]
    fn type_versions_agree() {
        let v = |version: u8, body: &[u8]| {
            let count = [0, 0, 0, 2];
            types(&[&[0, 0, 0, version][..], &count, body].concat())
                .unwrap()
                .unwrap()
        };
        let two_to_five = [&2i64.to_be_bytes()[..], &5i64.to_be_bytes()].concat();
        let none = [&1i64.to_be_bytes()[..], &0i64.to_be_bytes()].concat();
        let v1 = v(
            1,
            &[&[0x1f, 0xff][..], &none, &[0, 0x40], &two_to_five].concat(),
        );
        let v2 = v(2, &[&[0x1f, 0xff, 0x60, 0x40][..], &two_to_five].concat());
        let v3 = v(3, &[&[0x0f, 0xff, 0x30, 0x20][..], &two_to_five].concat());
        let v4 = v(4, &[&[0x1f, 0xff, 0x60, 0x20][..], &two_to_five].concat());
        assert_eq!(
            v3[1],
            Type {
                union: Type::INTEGER,
                min: Some(2),
                max: Some(5),
                unit: 1
            }
        );
        assert!(v1 == v3 && v2 == v3 && v4 == v3);
        assert_eq!(types(&[0, 0, 0, 9]).unwrap(), None);
    }

    #[test]
    fn line_table_with_a_second_file() {
        let head = |items: u8, names: u8| {
            [
                [0, 0, 0, 0],
                [0, 0, 0, 0],
                [0, 0, 0, 9],
                [0, 0, 0, items],
                [0, 0, 0, names],
            ]
            .concat()
        };
        let body = b"\x51\x12\x61\0\x03x.y";
        let table = lines(&[&head(2, 1)[..], body].concat(), "m").unwrap();
        assert_eq!(table.entries[1], LineEntry { file: 0, line: 5 });
        assert_eq!(table.entries[2], LineEntry { file: 1, line: 6 });
        assert_eq!(
            table.files.iter().map(|f| &**f).collect::<Vec<_>>(),
            ["m.erl", "x.y"]
        );
        assert!(lines(&[&head(3, 1)[..], body].concat(), "m").is_err());
        assert!(lines(&[&head(2, 0)[..], body].concat(), "m").is_err());
    }
}
