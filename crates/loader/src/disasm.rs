//! A module as readable text, one instruction per line, in the notation of OTP's assembly listings.
//!
//! Used by `corten disasm`. Literals are shown by number and size: this crate does not decode terms.

use std::fmt::{self, Write};

use crate::module::{Function, Instr, Module, Operand, Type};
use crate::optab::{Op, Slot};

/// Writes the whole module.
pub fn write_module(out: &mut impl Write, m: &Module) -> fmt::Result {
    writeln!(
        out,
        "{{module, {}}}.  %% md5 {}",
        atom(m.name()),
        hex(&m.md5)
    )?;
    write!(out, "{{exports, [")?;
    for (i, e) in m.exports.iter().enumerate() {
        let comma = if i == 0 { "" } else { ", " };
        write!(out, "{comma}{{{}, {}}}", atom(m.atom(e.function)), e.arity)?;
    }
    writeln!(out, "]}}.")?;
    if !m.records.is_empty() {
        write_records(out, m)?;
    }
    writeln!(out, "{{labels, {}}}.", m.labels.len())?;
    for function in &m.functions {
        writeln!(out)?;
        write_function(out, m, function)?;
    }
    Ok(())
}

fn write_records(out: &mut impl Write, m: &Module) -> fmt::Result {
    write!(out, "{{records, [")?;
    for (i, record) in m.records.iter().enumerate() {
        let comma = if i == 0 { "" } else { ", " };
        let name = atom(m.atom(record.name));
        write!(out, "{comma}{{{name}, {}, [", record.exported)?;
        for (i, (field, default)) in record.fields.iter().enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            let field = atom(m.atom(*field));
            match default {
                Some(value) => {
                    write!(out, "{comma}{{{field}, ")?;
                    write_plain(out, m, *value)?;
                    write!(out, "}}")?;
                }
                None => write!(out, "{comma}{field}")?,
            }
        }
        write!(out, "]}}")?;
    }
    writeln!(out, "]}}.")
}

/// Writes one function.
pub fn write_function(out: &mut impl Write, m: &Module, f: &Function) -> fmt::Result {
    writeln!(
        out,
        "{{function, {}, {}, {}}}.",
        atom(m.atom(f.name)),
        f.arity,
        f.entry_label
    )?;
    for instr in m.code_of(f) {
        write_instr(out, m, instr)?;
        writeln!(out)?;
    }
    Ok(())
}

/// Writes one instruction, without the end of line.
pub fn write_instr(out: &mut impl Write, m: &Module, instr: &Instr) -> fmt::Result {
    let indent = if instr.op == Op::Label { "  " } else { "    " };
    write!(out, "{indent}{{{}", atom(instr.op.name()))?;
    for (slot, operand) in instr.op.slots().iter().zip(m.args(instr)) {
        write!(out, ", ")?;
        write_operand(out, m, *slot, *operand)?;
    }
    write!(out, "}}.")?;
    if instr.op == Op::Line
        && let Some(Operand::U(index)) = m.args(instr).first()
        && let Some(entry) = m.lines.entries.get(*index as usize)
        && *index != 0
    {
        let file = m.lines.files.get(entry.file as usize).map_or("?", |f| f);
        write!(out, "  %% {file}:{}", entry.line)?;
    }
    Ok(())
}

fn write_operand(out: &mut impl Write, m: &Module, slot: Slot, operand: Operand) -> fmt::Result {
    match (slot, operand) {
        (Slot::Import | Slot::Bif, Operand::U(index)) => match m.imports.get(index as usize) {
            Some(i) => {
                let (module, function) = (atom(m.atom(i.module)), atom(m.atom(i.function)));
                write!(out, "{{extfunc, {module}, {function}, {}}}", i.arity)
            }
            None => write!(out, "{{extfunc, {index}}}"),
        },
        (Slot::Lambda | Slot::FunTag, Operand::U(index)) => match m.lambdas.get(index as usize) {
            Some(l) => write!(out, "{{fun, {}, {}}}", atom(m.atom(l.function)), l.arity),
            None => write!(out, "{{fun, {index}}}"),
        },
        (_, Operand::List(range)) => {
            write!(out, "{{list, [")?;
            for (i, element) in m.list(range).iter().enumerate() {
                if i > 0 {
                    write!(out, ", ")?;
                }
                write_operand(out, m, Slot::Any, *element)?;
            }
            write!(out, "]}}")
        }
        (_, operand) => write_plain(out, m, operand),
    }
}

fn write_plain(out: &mut impl Write, m: &Module, operand: Operand) -> fmt::Result {
    match operand {
        Operand::X(n) => write!(out, "{{x, {n}}}"),
        Operand::Y(n) => write!(out, "{{y, {n}}}"),
        Operand::TypedX(n, t) => write!(out, "{{tr, {{x, {n}}}, {}}}", type_text(m, t)),
        Operand::TypedY(n, t) => write!(out, "{{tr, {{y, {n}}}, {}}}", type_text(m, t)),
        Operand::FloatReg(n) => write!(out, "{{fr, {n}}}"),
        Operand::Atom(0) => write!(out, "nil"),
        Operand::Atom(index) => write!(out, "{{atom, {}}}", atom(m.atom(index))),
        Operand::Int(n) => write!(out, "{{integer, {n}}}"),
        Operand::BigInt(index) => match m.big_ints.get(index as usize) {
            Some(big) => {
                let sign = if big.negative { "-" } else { "" };
                write!(out, "{{integer, {sign}16#{}}}", hex(&big.magnitude))
            }
            None => write!(out, "{{integer, bad}}"),
        },
        Operand::Literal(index) => {
            let size = m.literals.get(index).map_or(0, <[u8]>::len);
            write!(out, "{{literal, {index}, {size}}}")
        }
        Operand::Label(label) => write!(out, "{{f, {label}}}"),
        Operand::U(n) => write!(out, "{n}"),
        Operand::Overflow => write!(out, "overflow"),
        Operand::AllocList {
            words,
            floats,
            funs,
        } => {
            write!(
                out,
                "{{alloc, [{{words, {words}}}, {{floats, {floats}}}, {{funs, {funs}}}]}}"
            )
        }
        // Lists do not nest.
        Operand::List(range) => write!(out, "{{list, {}}}", range.len),
    }
}

const TYPE_NAMES: [&str; 13] = [
    "atom",
    "bitstring",
    "cons",
    "float",
    "fun",
    "integer",
    "map",
    "nil",
    "pid",
    "port",
    "reference",
    "tuple",
    "record",
];

fn type_text(m: &Module, index: u32) -> String {
    let t = m.types.get(index as usize).copied().unwrap_or(Type::ANY);
    let mut text = match t.union {
        Type::ALL => "any".to_string(),
        union => {
            let set = TYPE_NAMES
                .iter()
                .enumerate()
                .filter(|(bit, _)| union >> bit & 1 != 0);
            set.map(|(_, name)| *name).collect::<Vec<_>>().join("|")
        }
    };
    if t.min.is_some() || t.max.is_some() {
        let bound = |b: Option<i64>| b.map_or(String::new(), |b| b.to_string());
        text += &format!("({}..{})", bound(t.min), bound(t.max));
    }
    if t.unit != 1 {
        text += &format!(":{}", t.unit);
    }
    text
}

/// An atom as source text, quoted where necessary.
fn atom(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '@');
    if plain {
        text.to_string()
    } else {
        format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
