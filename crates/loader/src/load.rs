//! From bytes to a [`Module`]: puts the decoders of the single chunks together.
//!
//! This is the crate's main entry, called by the code server for every module that is loaded and by
//! `corten disasm`.

use crate::chunks::{self, BeamFile};
use crate::code;
use crate::error::{LoadError, Table};
use crate::module::{Literals, Module, Type};
use crate::records;
use crate::tables;

/// Decodes and validates a `.beam` file, which may be gzip-compressed.
pub fn load(bytes: &[u8]) -> Result<Module, LoadError> {
    let bytes = chunks::decompress(bytes)?;
    load_chunks(&BeamFile::parse(&bytes)?)
}

/// Decodes and validates the chunks of a `.beam` file.
pub fn load_chunks(file: &BeamFile<'_>) -> Result<Module, LoadError> {
    // An empty chunk counts as a missing one, as it does in OTP.
    let optional = |id| file.chunk(id).filter(|chunk| !chunk.is_empty());
    let required = |id, table| optional(id).ok_or(LoadError::Missing(table));
    let bytes = |id| file.chunk(id).unwrap_or_default().into();

    let header = code::Header::parse(required(b"Code", Table::Code)?)?;
    let atoms = match optional(b"AtU8") {
        Some(chunk) => tables::atoms_utf8(chunk)?,
        None => tables::atoms_latin1(required(b"Atom", Table::Atoms)?)?,
    };
    let count = atoms.len();
    let imports = tables::imports(required(b"ImpT", Table::Imports)?, count)?;
    let exports = tables::exports(required(b"ExpT", Table::Exports)?, Table::Exports, count)?;
    let locals = match optional(b"LocT") {
        Some(chunk) => tables::exports(chunk, Table::Locals, count)?,
        None => Vec::new(),
    };
    let lambdas = match optional(b"FunT") {
        Some(chunk) => tables::lambdas(chunk, count)?,
        None => Vec::new(),
    };
    let literals = match optional(b"LitT") {
        Some(chunk) => tables::literals(chunk)?,
        None => Literals::default(),
    };
    let lines = match optional(b"Line") {
        Some(chunk) => tables::lines(chunk, &atoms[1])?,
        None => Default::default(),
    };
    let types = match optional(b"Type") {
        Some(chunk) => tables::types(chunk)?,
        None => None,
    };

    let typed = types.is_some();

    let mut module = Module {
        md5: file.md5()?,
        strings: bytes(b"StrT"),
        attributes: bytes(b"Attr"),
        compile_info: bytes(b"CInf"),
        records: Vec::new(),
        max_opcode: header.max_opcode,
        atoms,
        imports,
        exports,
        locals,
        lambdas,
        literals,
        lines,
        // Without a type table, typed registers are read as plain ones.
        types: types.unwrap_or_else(|| vec![Type::ANY]),
        big_ints: Vec::new(),
        on_load: None,
        functions: Vec::new(),
        code: Vec::new(),
        labels: Vec::new(),
        operands: Vec::new(),
    };
    if let Some(chunk) = optional(b"Recs") {
        records::decode(chunk, &mut module)?;
    }
    code::decode(&header, typed, &mut module)?;
    Ok(module)
}
