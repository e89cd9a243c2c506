//! Why a file is refused.
//!
//! The engine turns every [`LoadError`] into `badfile` and logs the text; the messages therefore say what
//! OTP's say where users and tests look for it.

use std::fmt;

use crate::optab::{MAX_OPCODE, NEWEST_RELEASE, Op, Slot};

/// Why a `.beam` file is refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LoadError {
    /// Not an IFF file of type BEAM, or its chunks do not fit together.
    CorruptHeader(&'static str),
    /// A chunk that every module needs is missing.
    Missing(Table),
    /// A chunk's content is malformed.
    Corrupt(Table, &'static str),
    /// The file uses an opcode that this loader does not know.
    TooNew { opcode: u32 },
    /// The file was compiled by OTP 22 or earlier.
    TooOld,
    /// A malformed or unsupported instruction.
    Code(Box<CodeError>),
}

/// The tables of a `.beam` file, as they are called in error messages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Table {
    Atoms,
    Code,
    Strings,
    Imports,
    Exports,
    Locals,
    Lambdas,
    Literals,
    Lines,
    Types,
    Records,
}

/// Where in the code, and what.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CodeError {
    /// `name/arity` of the function that was being read.
    pub function: Option<String>,
    pub op: Option<Op>,
    /// Byte offset from the first instruction.
    pub offset: usize,
    pub fault: Fault,
}

/// What is wrong with an instruction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    UnknownOpcode(u8),
    Obsolete,
    Truncated,
    /// A tag that no operand has.
    BadTag(u8),
    /// An index or register number beyond its table.
    OutOfRange(&'static str, u64),
    /// Operand number `index` (from 0) may not stand where `Slot` is asked for.
    Operand {
        index: usize,
        slot: Slot,
    },
    /// A list whose elements are not those of its slot.
    List(Slot),
    DuplicateLabel(u32),
    UndefinedLabel(u32),
    /// A jump into another function.
    ForeignLabel(u32),
    /// A call whose target is not a function of that arity.
    BadTarget {
        label: u32,
        arity: u64,
    },
    /// An import whose arity is not that of the call.
    BadImport {
        arity: u64,
    },
    /// A guard BIF that is not an `erlang` function of the instruction's arity.
    BadGuardBif,
    /// An unknown `bs_match` command or `bs_create_bin` segment.
    UnknownCommand(String),
    /// Functions do not follow the pattern label, func_info, label.
    Structure(&'static str),
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Table::Atoms => "atom table",
            Table::Code => "code chunk",
            Table::Strings => "string table",
            Table::Imports => "import table",
            Table::Exports => "export table",
            Table::Locals => "locals table",
            Table::Lambdas => "lambda table",
            Table::Literals => "literal table",
            Table::Lines => "line table",
            Table::Types => "type table",
            Table::Records => "record table",
        })
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadError::CorruptHeader(why) => write!(f, "corrupt file header: {why}"),
            LoadError::Missing(table) => write!(f, "missing {table}"),
            LoadError::Corrupt(table, why) => write!(f, "corrupt {table}: {why}"),
            LoadError::TooNew { opcode } => write!(
                f,
                "This BEAM file was compiled for a later version of the runtime system than the current \
                 (Erlang/OTP {NEWEST_RELEASE}).\n  To fix this, {}.\n  \
                 (Use of opcode {opcode}; this emulator supports only up to {MAX_OPCODE}.)",
                please_recompile()
            ),
            LoadError::TooOld => write!(
                f,
                "This BEAM file was compiled for an old version of the runtime system.\n  \
                 To fix this, please re-compile this module with Erlang/OTP 24 or later."
            ),
            LoadError::Code(error) => error.fmt(f),
        }
    }
}

impl fmt::Display for CodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.fault)?;
        if let Some(op) = self.op {
            write!(f, " in {}/{}", op.name(), op.arity())?;
        }
        if let Some(function) = &self.function {
            write!(f, ", function {function}")?;
        }
        write!(f, " (code offset {})", self.offset)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::UnknownOpcode(number) => write!(f, "invalid opcode {number}"),
            Fault::Obsolete => write!(f, "{}: obsolete instruction", please_recompile()),
            Fault::Truncated => f.write_str("the code ends inside an instruction"),
            Fault::BadTag(tag) => write!(f, "unrecognized operand tag {tag}"),
            Fault::OutOfRange(what, value) => write!(f, "{what} {value} out of range"),
            Fault::Operand { index, slot } => {
                write!(f, "operand {} is not a valid {slot:?}", index + 1)
            }
            Fault::List(slot) => write!(f, "malformed list operand ({slot:?})"),
            Fault::DuplicateLabel(label) => write!(f, "label {label} is defined twice"),
            Fault::UndefinedLabel(label) => write!(f, "label {label} is not resolved"),
            Fault::ForeignLabel(label) => write!(f, "label {label} lies in another function"),
            Fault::BadTarget { label, arity } => {
                write!(f, "label {label} is not a function of arity {arity}")
            }
            Fault::BadImport { arity } => write!(f, "the import does not have arity {arity}"),
            Fault::BadGuardBif => f.write_str("unsupported guard BIF"),
            Fault::UnknownCommand(name) => write!(
                f,
                "invalid sub instruction '{name}' (is this BEAM file generated by a future version of Erlang/OTP?)"
            ),
            Fault::Structure(what) => f.write_str(what),
        }
    }
}

/// What OTP advises for files of other releases.
fn please_recompile() -> String {
    format!(
        "please re-compile this module with an Erlang/OTP {NEWEST_RELEASE} compiler \
         or update your Erlang/OTP version"
    )
}

impl std::error::Error for LoadError {}

impl LoadError {
    /// Shorthand for `map_err` on reader results.
    pub(crate) fn truncated(table: Table) -> impl Fn(crate::reader::Truncated) -> LoadError {
        move |_| LoadError::Corrupt(table, "it ends too early")
    }
}
