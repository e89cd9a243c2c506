//! A decoded, validated `.beam` file.
//!
//! [`crate::load()`] makes it, the engine's lowering and [`crate::disasm`] read it. It holds no terms:
//! atoms are strings, literals are bytes in the external term format, and all cross references are
//! indices.
//!
//! Invariants (established by the decoder; readers may index without looking):
//! - every operand fits its [`crate::Slot`]; lists have the shape that the slot names;
//! - every atom, import, lambda, literal, type and line index is in range, string operands lie within
//!   `strings`, registers are below [`MAX_REGS`];
//! - every referenced label is defined; `Jump` and `Fail` labels lie in the same function, and the labels
//!   of exports, lambdas and local calls are entry labels of functions of the right arity;
//! - code is a sequence of functions, `label, [line], func_info, label, …`, closed by `int_code_end`.

use std::ops::Range;

use crate::optab::Op;

/// X, Y and float registers have numbers below this.
pub const MAX_REGS: u16 = 1024;
/// The highest arity of a function.
pub const MAX_ARITY: u32 = 255;

/// One operand. An `Atom` with index 0 is nil (the empty list).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operand {
    X(u16),
    Y(u16),
    /// An X register and what the compiler knows of its type (index into [`Module::types`]).
    TypedX(u16, u32),
    TypedY(u16, u32),
    FloatReg(u16),
    /// Index into [`Module::atoms`]; 0 is nil.
    Atom(u32),
    Int(i64),
    /// An integer that does not fit `Int`: index into [`Module::big_ints`].
    BigInt(u32),
    /// Index into [`Module::literals`].
    Literal(u32),
    /// A label; 0 means "no label".
    Label(u32),
    U(u64),
    /// An unsigned number that does not fit 63 bits.
    Overflow,
    /// Elements of a list: [`Module::list`].
    List(ListRange),
    AllocList {
        words: u32,
        floats: u32,
        funs: u32,
    },
}

impl Operand {
    /// Nil.
    pub const NIL: Operand = Operand::Atom(0);

    /// The register without its type, if this is an X or Y register.
    pub fn untyped(self) -> Operand {
        match self {
            Operand::TypedX(r, _) => Operand::X(r),
            Operand::TypedY(r, _) => Operand::Y(r),
            other => other,
        }
    }

    /// The index of the register's type; 0 ("any") for everything that has no type.
    pub fn type_index(self) -> u32 {
        match self {
            Operand::TypedX(_, t) | Operand::TypedY(_, t) => t,
            _ => 0,
        }
    }
}

/// Where the elements of a list operand lie in the operand arena.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ListRange {
    pub(crate) start: u32,
    pub len: u32,
}

/// One generic instruction; [`Module::args`] gives its operands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Instr {
    pub op: Op,
    pub(crate) first: u32,
}

/// An integer outside `i64`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BigInt {
    pub negative: bool,
    /// Big-endian, without leading zeros.
    pub magnitude: Box<[u8]>,
}

/// A function of another module that this one refers to. Names are atom indices.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Import {
    pub module: u32,
    pub function: u32,
    pub arity: u8,
}

/// An exported or local function and its entry label.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Export {
    pub function: u32,
    pub arity: u8,
    pub label: u32,
}

/// A fun expression.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lambda {
    /// Atom index of the name of the function that holds its body.
    pub function: u32,
    /// Arity of that function: the fun's own arity plus `num_free`.
    pub arity: u8,
    pub label: u32,
    pub index: u32,
    pub num_free: u32,
    pub old_uniq: u32,
}

impl Lambda {
    /// How many arguments the fun takes.
    pub fn fun_arity(&self) -> u8 {
        // The decoder has checked that num_free ≤ arity ≤ 255.
        self.arity - self.num_free as u8
    }
}

/// One function and where its code lies.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Function {
    /// Atom index.
    pub name: u32,
    pub arity: u8,
    /// The label of `func_info`: where a failing clause match goes.
    pub info_label: u32,
    pub entry_label: u32,
    /// Index of the line entry given for `func_info`; 0 if there is none.
    pub line: u32,
    /// Instruction indices, from the first `label` on.
    pub code: Range<u32>,
    /// Index of the first instruction behind the entry label.
    pub body: u32,
}

/// The definition of a native record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecordDef {
    /// Atom index.
    pub name: u32,
    pub exported: bool,
    /// Names (atom indices, all different) and default values; a value is an atom, an integer or a literal.
    pub fields: Vec<(u32, Option<Operand>)>,
}

/// A source position: file index into [`Lines::files`] and line number.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LineEntry {
    pub file: u32,
    pub line: u32,
}

/// The line table. Empty when the file has none.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Lines {
    /// Bit 0: has `executable_line` instructions; bit 1: force line counters.
    pub flags: u32,
    /// How many `line` instructions the compiler counted.
    pub instructions: u32,
    /// File names; index 0 is the implicit `Module.erl`.
    pub files: Vec<Box<str>>,
    /// Positions; entry 0 is "unknown".
    pub entries: Vec<LineEntry>,
}

/// What the compiler knows of a register's value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Type {
    /// Union of the `Type::ATOM`… bits.
    pub union: u16,
    /// Bounds; they hold if the value is a number.
    pub min: Option<i64>,
    pub max: Option<i64>,
    /// The size in bits is a multiple of this, if the value is a bitstring (1..=256).
    pub unit: u16,
}

impl Type {
    pub const ATOM: u16 = 1 << 0;
    pub const BITSTRING: u16 = 1 << 1;
    pub const CONS: u16 = 1 << 2;
    pub const FLOAT: u16 = 1 << 3;
    pub const FUN: u16 = 1 << 4;
    pub const INTEGER: u16 = 1 << 5;
    pub const MAP: u16 = 1 << 6;
    pub const NIL: u16 = 1 << 7;
    pub const PID: u16 = 1 << 8;
    pub const PORT: u16 = 1 << 9;
    pub const REFERENCE: u16 = 1 << 10;
    pub const TUPLE: u16 = 1 << 11;
    /// Native records (OTP 29).
    pub const RECORD: u16 = 1 << 12;
    pub const ALL: u16 = (1 << 13) - 1;
    /// No knowledge.
    pub const ANY: Type = Type {
        union: Type::ALL,
        min: None,
        max: None,
        unit: 1,
    };

    /// The value is certainly an integer (of any size).
    pub fn is_integer(&self) -> bool {
        self.union == Type::INTEGER
    }
}

/// Byte strings stored back to back.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Literals {
    pub(crate) bytes: Box<[u8]>,
    pub(crate) ranges: Vec<Range<u32>>,
}

impl Literals {
    pub fn len(&self) -> usize {
        self.ranges.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// The literal in external term format, with its leading version byte.
    pub fn get(&self, index: u32) -> Option<&[u8]> {
        let range = self.ranges.get(index as usize)?;
        self.bytes.get(range.start as usize..range.end as usize)
    }

    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.ranges
            .iter()
            .filter_map(|r| self.bytes.get(r.start as usize..r.end as usize))
    }
}

/// A decoded `.beam` file.
#[derive(Clone, Debug)]
pub struct Module {
    /// Entry 0 stands for nil and is empty; entry 1 is the module's name.
    pub atoms: Vec<Box<str>>,
    pub imports: Vec<Import>,
    pub exports: Vec<Export>,
    pub locals: Vec<Export>,
    pub lambdas: Vec<Lambda>,
    pub literals: Literals,
    pub strings: Box<[u8]>,
    pub lines: Lines,
    /// Entry 0 is "any".
    pub types: Vec<Type>,
    pub big_ints: Vec<BigInt>,
    /// The `Attr` chunk: a list in external term format, or empty.
    pub attributes: Box<[u8]>,
    /// The `CInf` chunk: a list in external term format, or empty.
    pub compile_info: Box<[u8]>,
    /// Native record definitions (`Recs` chunk, OTP 29).
    pub records: Vec<RecordDef>,
    pub md5: [u8; 16],
    /// Entry label of the function that `on_load` marks.
    pub on_load: Option<u32>,
    pub max_opcode: u32,
    pub functions: Vec<Function>,
    pub code: Vec<Instr>,
    /// Label → index of its `label` instruction in `code`; [`Module::UNDEFINED`] for unused numbers.
    pub labels: Vec<u32>,
    pub(crate) operands: Vec<Operand>,
}

impl Module {
    /// In `labels`: no instruction defines this label.
    pub const UNDEFINED: u32 = u32::MAX;

    /// The module's name.
    pub fn name(&self) -> &str {
        self.atom(1)
    }

    /// The text of an atom; empty for nil.
    pub fn atom(&self, index: u32) -> &str {
        self.atoms.get(index as usize).map_or("", |a| a)
    }

    /// The operands of an instruction: exactly `instr.op.arity()` of them.
    pub fn args(&self, instr: &Instr) -> &[Operand] {
        let start = instr.first as usize;
        &self.operands[start..start + usize::from(instr.op.arity())]
    }

    /// The elements of a list operand.
    pub fn list(&self, range: ListRange) -> &[Operand] {
        let start = range.start as usize;
        &self.operands[start..start + range.len as usize]
    }

    /// The instructions of a function.
    pub fn code_of(&self, function: &Function) -> &[Instr] {
        &self.code[function.code.start as usize..function.code.end as usize]
    }

    /// Index of the function that this is the entry label of.
    pub fn function_at(&self, entry_label: u32) -> Option<usize> {
        let at = *self.labels.get(entry_label as usize)?;
        let index = self.functions.partition_point(|f| f.code.end <= at);
        (self.functions.get(index)?.entry_label == entry_label).then_some(index)
    }
}
