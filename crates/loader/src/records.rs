//! The `Recs` chunk: definitions of native records (OTP 29).
//!
//! A version, the number of records and that of all fields; then each record in the form of an instruction: the opcode
//! of `call_last`, name, whether it is exported, and a list of pairs of a field and its default value.
//!
//! Called by [`crate::load()`] when all tables are there that operands refer to.

use std::collections::HashSet;

use crate::code::Decoder;
use crate::error::{LoadError, Table};
use crate::module::{Module, Operand, RecordDef};
use crate::optab::Op;
use crate::reader::Reader;

/// What a record takes at least: opcode, two atoms, head of the list.
const RECORD_MIN: usize = 5;

/// Decodes the chunk into `module`.
pub fn decode(chunk: &[u8], module: &mut Module) -> Result<(), LoadError> {
    let truncated = LoadError::truncated(Table::Records);
    let mut head = Reader::new(chunk);
    if head.u32().map_err(&truncated)? != 0 {
        return Err(corrupt("its version is unknown"));
    }
    let records = head.u32().map_err(&truncated)? as usize;
    let fields = head.u32().map_err(&truncated)? as usize;
    // A field takes two bytes at least.
    if records > head.remaining() / RECORD_MIN || fields > head.remaining() / 2 {
        return Err(corrupt("its counts are wrong"));
    }
    let mut decoded = Vec::with_capacity(records);
    let mut decoder = Decoder::new(head.rest(), false, module);
    let mut left = fields;
    for _ in 0..records {
        let record = record(&mut decoder)?;
        left = left
            .checked_sub(record.fields.len())
            .ok_or(corrupt("its counts are wrong"))?;
        decoded.push(record);
    }
    if left != 0 || !decoder.r.is_empty() {
        return Err(corrupt("its counts are wrong"));
    }
    module.records = decoded;
    Ok(())
}

fn corrupt(why: &'static str) -> LoadError {
    LoadError::Corrupt(Table::Records, why)
}

fn record(decoder: &mut Decoder<'_, '_>) -> Result<RecordDef, LoadError> {
    let op = decoder
        .r
        .u8()
        .map_err(LoadError::truncated(Table::Records))?;
    if op != Op::CallLast as u8 {
        return Err(corrupt("a record is malformed"));
    }
    let name = atom(decoder)?;
    let exported = atom(decoder)?;
    let exported = match decoder.m.atom(exported) {
        "true" => true,
        "false" => false,
        _ => return Err(corrupt("a record is neither exported nor not")),
    };
    let Operand::List(list) = operand(decoder)? else {
        return Err(corrupt("a record has no list of fields"));
    };
    if !list.len.is_multiple_of(2) {
        return Err(corrupt("a field has no value"));
    }
    let mut seen = HashSet::new();
    let mut fields = Vec::with_capacity(list.len as usize / 2);
    for _ in 0..list.len / 2 {
        let field = atom(decoder)?;
        if !seen.insert(field) {
            return Err(corrupt("a field occurs twice"));
        }
        let default = match operand(decoder)? {
            Operand::U(0) => None,
            value @ (Operand::Atom(_)
            | Operand::Int(_)
            | Operand::BigInt(_)
            | Operand::Literal(_)) => Some(value),
            _ => return Err(corrupt("a default value is malformed")),
        };
        fields.push((field, default));
    }
    Ok(RecordDef {
        name,
        exported,
        fields,
    })
}

fn operand(decoder: &mut Decoder<'_, '_>) -> Result<Operand, LoadError> {
    decoder
        .operand()
        .map_err(|_| corrupt("an operand is malformed"))
}

fn atom(decoder: &mut Decoder<'_, '_>) -> Result<u32, LoadError> {
    match operand(decoder)? {
        Operand::Atom(index) if index != 0 => Ok(index),
        _ => Err(corrupt("a name is not an atom")),
    }
}
