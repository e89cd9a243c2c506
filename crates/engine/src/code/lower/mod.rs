//! Lowering: from a decoded `.beam` file to internal code.
//!
//! One pass over the instructions writes code words; jumps are relative to the start of their instruction and
//! patched at the end. Specialised instructions are chosen by the kinds of operands, a few common
//! sequences become one instruction. Literals are decoded into an area of the literal range.
//!
//! Called by the code server with a module that the loader has validated.

mod binaries;
mod constants;
mod control;
mod data;
mod matching;
mod records;

use super::export::{Export, export};
use super::funs::{self, FunEntry, FunRef};
use super::module::{Function, LineMark, Loaded, Parts};
use super::records::RecordEntry;
use crate::interp::encoding::{DST_Y, source_x, source_y};
use crate::interp::ops::Op;
use constants::Constants;
use corten_loader::module::{ListRange, Module, Operand};
use corten_loader::{Instr, Op as Gen};
use corten_term::etf::{self, DecodeOptions, EtfContext, LocalFun};
use corten_term::layout::NIL;
use corten_term::{Atom, AtomError, Heap, Term, Word};

/// Why a valid file cannot become code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LowerError {
    /// An atom could not be made.
    Atom(AtomError),
    /// A literal is not a term.
    Literal(String),
    /// Attributes or compiler options are not a term.
    Information(&'static str),
    /// Two fields of the record with this atom index have the same name.
    Record(u32),
    /// The literal range is exhausted.
    NoRoom,
    /// A size that internal code cannot express.
    TooLarge(&'static str),
}

impl From<AtomError> for LowerError {
    fn from(e: AtomError) -> LowerError {
        LowerError::Atom(e)
    }
}

impl std::fmt::Display for LowerError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            LowerError::Atom(e) => e.fmt(f),
            LowerError::Literal(why) => write!(f, "bad literal: {why}"),
            LowerError::Information(chunk) => write!(f, "bad {chunk} chunk"),
            LowerError::Record(_) => f.write_str("corrupt record table: a field occurs twice"),
            LowerError::NoRoom => f.write_str("no room for literals"),
            LowerError::TooLarge(what) => write!(f, "{what} too large"),
        }
    }
}

impl std::error::Error for LowerError {}

/// Where a jump is to be patched in.
enum Fixup {
    /// A whole word, relative to the instruction at `start`.
    Word { at: usize, start: usize, label: u32 },
    /// The upper half of the instruction's first word.
    Upper { start: usize, label: u32 },
}

const UNSET: u32 = u32::MAX;

struct Lowering<'m> {
    m: &'m Module,
    out: Vec<Word>,
    /// Label → offset.
    labels: Vec<u32>,
    fixups: Vec<Fixup>,
    atoms: Vec<Word>,
    imports: Vec<&'static Export>,
    /// With the literal that is the fun, if it has no free variables, or that owns the entry.
    funs: Vec<(FunRef, u32)>,
    constants: Constants,
    functions: Vec<Function>,
    lines: Vec<LineMark>,
    /// `func_info` label of the current function: where failing without a label goes.
    info_label: u32,
    strings: Box<[u8]>,
    on_load: Option<u32>,
    records: Vec<RecordEntry>,
    stress: bool,
    /// The instruction before: where it is, and its number.
    before: Option<(usize, Op)>,
}

/// Lowers a module.
pub fn lower(m: &Module) -> Result<Loaded, LowerError> {
    let mut atoms = vec![NIL];
    for name in &m.atoms[1..] {
        atoms.push(Term::atom(Atom::new(name)?).raw());
    }
    let atom = |i: u32| atom_of(&atoms, i);
    let module = atom(1);
    let imports = m
        .imports
        .iter()
        .map(|i| export(atom(i.module), atom(i.function), i.arity))
        .collect();
    for (chunk, bytes) in [("Attr", &m.attributes), ("CInf", &m.compile_info)] {
        if !bytes.is_empty() && !is_term(bytes) {
            return Err(LowerError::Information(chunk));
        }
    }
    let mut constants = Constants::new(m)?;
    let mut funs = Vec::with_capacity(m.lambdas.len());
    for (position, l) in m.lambdas.iter().enumerate() {
        let entry = funs::entry(&LocalFun {
            module,
            arity: l.fun_arity(),
            uniq: m.md5,
            index: position as u32,
            old_index: i64::from(l.index),
            old_uniq: i64::from(l.old_uniq),
        });
        entry.set_function(atom(l.function));
        let heap = Heap::new();
        let literal = match l.num_free {
            0 => constants.add(entry.build(&heap))?,
            _ => constants.add(entry.owner(&heap))?,
        };
        funs.push((entry, literal));
    }
    let mut l = Lowering {
        m,
        out: Vec::with_capacity(m.code.len() * 3),
        labels: vec![UNSET; m.labels.len()],
        fixups: Vec::new(),
        constants,
        atoms,
        imports,
        funs,
        functions: Vec::with_capacity(m.functions.len()),
        lines: Vec::new(),
        info_label: 0,
        strings: m.strings.clone(),
        on_load: None,
        records: Vec::new(),
        stress: crate::interp::stress(),
        before: None,
    };
    l.record_entries()?;
    for f in &m.functions {
        l.function(f)?;
    }
    l.patch();
    Ok(l.finish())
}

/// Whether bytes are a term in external form.
fn is_term(bytes: &[u8]) -> bool {
    let context = EtfContext::new(&funs::Codec);
    etf::decode(&Heap::new(), bytes, DecodeOptions::default(), &context).is_ok()
}

fn atom_of(atoms: &[Word], index: u32) -> Atom {
    // SAFETY: an immediate.
    let t = atoms
        .get(index as usize)
        .map(|w| unsafe { Term::from_raw(*w) });
    t.and_then(Term::as_atom)
        .unwrap_or(corten_term::am::undefined)
}

impl Lowering<'_> {
    fn function(&mut self, f: &corten_loader::module::Function) -> Result<(), LowerError> {
        let m = self.m;
        let code = m.code_of(f);
        let name = atom_of(&self.atoms, f.name);
        self.info_label = f.info_label;
        let native = super::find_export(self.module(), name, f.arity).filter(|e| is_bif(e));
        // The compiler may have moved other instructions in front of `nif_start`; what is replaced is the function, so
        // its place is the entry.
        let mut replaceable = code.iter().any(|i| i.op == Gen::NifStart);
        let mut i = 0;
        while i < code.len() {
            let instr = &code[i];
            i += 1;
            if instr.op == Gen::FuncInfo {
                let start = self.out.len();
                self.functions.push(Function {
                    name,
                    arity: f.arity,
                    start: start as u32,
                });
                let module = self.atoms[1];
                self.push_op(Op::FuncInfo, 0, 0, 0);
                let name = Term::atom(name).raw();
                self.out.extend([module, name, Word::from(f.arity)]);
                if let Some(e) = native {
                    // The body is the emulator's.
                    self.label(f.entry_label);
                    self.push_op(Op::BifBody, 0, 0, 0);
                    self.push_export(e);
                    return Ok(());
                }
                self.entry_of_loop(&code[i..]);
                continue;
            }
            i += self.instruction(instr, &code[i..])?;
            if replaceable && self.labels[f.entry_label as usize] != UNSET {
                replaceable = false;
                self.push_op(Op::NifStart, 0, 0, 0);
                self.out.push(0);
            }
        }
        Ok(())
    }

    /// A function that begins with a label which its own jumps lead to, as loops around `receive` do: a breakpoint at the
    /// entry must not be hit by them.
    fn entry_of_loop(&mut self, code: &[Instr]) {
        let is_label = |i: Option<&Instr>| i.is_some_and(|i| i.op == Gen::Label);
        let is_nothing = |i: &Instr| {
            i.op == Gen::Line || i.op == Gen::BsStartMatch4 && self.is_resumed(self.m.args(i))
        };
        let mut rest = code.iter().filter(|i| !is_nothing(i));
        if is_label(rest.next())
            && is_label(rest.next())
            && let Some(Operand::U(entry)) = self.m.args(&code[0]).first()
        {
            self.label(*entry as u32);
            self.push_op(Op::FunctionEntry, 0, 0, 0);
        }
    }

    /// A label lies here. What is in front of it may still be fused with what follows: jumps lead to the second
    /// instruction of a pair as it is.
    fn label(&mut self, label: u32) {
        self.labels[label as usize] = self.out.len() as u32;
    }

    /// An instruction begins here: it is fused with the one before if there is an instruction for both.
    fn begin(&mut self, op: Op) {
        let start = self.out.len();
        let fused = self.before.and_then(|(_, before)| Op::fused(before, op));
        self.before = match (self.before, fused) {
            (Some((at, _)), Some(both)) if cfg!(not(feature = "op-counts")) => {
                self.out[at] = self.out[at] & !0xFFFF | both as Word;
                Some((at, both))
            }
            _ => Some((start, op)),
        };
    }

    fn module(&self) -> Atom {
        atom_of(&self.atoms, 1)
    }

    /// Lowers one instruction; answers how many of the following ones it has taken with it.
    fn instruction(&mut self, instr: &Instr, rest: &[Instr]) -> Result<usize, LowerError> {
        let m = self.m;
        let args = m.args(instr);
        match instr.op {
            Gen::Label => {
                if let Operand::U(label) = args[0]
                    && self.labels[label as usize] == UNSET
                {
                    self.label(label as u32);
                }
            }
            Gen::Line => self.line(args[0]),
            Gen::ExecutableLine | Gen::DebugLine | Gen::IntCodeEnd | Gen::NifStart => {}
            Gen::OnLoad => {
                self.on_load = self.functions.last().map(Function::entry);
            }
            _ => {
                if let Some(taken) = self.control(instr.op, args, rest)? {
                    return Ok(taken);
                }
                if let Some(taken) = self.data(instr.op, args, rest)? {
                    return Ok(taken);
                }
                if !self.binaries(instr.op, args)? && !self.records(instr.op, args)? {
                    self.unsupported(instr.op)?;
                }
            }
        }
        Ok(0)
    }

    /// An instruction that nobody has written yet: raises `{notsup, Name}` when it is reached.
    fn unsupported(&mut self, op: Gen) -> Result<(), LowerError> {
        let name = Term::atom(Atom::new(op.name())?).raw();
        self.push_op(Op::ErrorWith, 0, 0, 0);
        self.out
            .extend([Term::atom(corten_term::am::notsup).raw(), name]);
        Ok(())
    }

    fn line(&mut self, operand: Operand) {
        if let Operand::U(entry) = operand
            && !self.m.lines.entries.is_empty()
        {
            let offset = self.out.len() as u32;
            if let Some(last) = self.lines.last_mut().filter(|l| l.offset == offset) {
                last.entry = entry as u32;
            } else {
                self.lines.push(LineMark {
                    offset,
                    entry: entry as u32,
                });
            }
        }
    }

    // ---- operands ----

    /// A source word.
    fn source(&mut self, o: Operand) -> Result<Word, LowerError> {
        Ok(match o.untyped() {
            Operand::X(r) => source_x(r),
            Operand::Y(r) => source_y(r),
            Operand::Atom(i) => self.atoms[i as usize],
            Operand::Int(v) => self.constants.int(v)?,
            Operand::U(v) => self.constants.int(v as i64)?,
            Operand::BigInt(i) => self.constants.big(self.m, i)?,
            Operand::Literal(i) => self.constants.literal(i),
            _ => NIL,
        })
    }
    fn push_source(&mut self, o: Operand) -> Result<(), LowerError> {
        let w = self.source(o)?;
        self.out.push(w);
        Ok(())
    }
    fn push_export(&mut self, e: &'static Export) {
        self.out.push(e as *const Export as Word);
    }

    /// Pushes the first word of an instruction; answers where it is.
    fn push_op(&mut self, op: Op, a: usize, b: usize, c: usize) -> usize {
        self.begin(op);
        self.out
            .push(op as Word | (a as Word) << 16 | (b as Word) << 32 | (c as Word) << 48);
        self.out.len() - 1
    }
    /// Makes the last instruction, at `start`, another one with the same operands.
    fn replace_op(&mut self, start: usize, op: Op) {
        self.out[start] = self.out[start] & !0xFFFF | op as Word;
        self.before = Some((start, op));
    }
    /// Pushes the first word of an instruction with a jump in its upper half.
    fn push_jump(&mut self, op: Op, a: usize, label: u32) -> usize {
        let start = self.push_op(op, a, 0, 0);
        self.fixups.push(Fixup::Upper { start, label });
        start
    }
    /// Pushes the first word of an instruction with a number in its upper half.
    fn push_wide(&mut self, op: Op, a: usize, n: usize) -> Result<usize, LowerError> {
        let n = u32::try_from(n).ok().filter(|n| *n < 1 << 31);
        let n = n.ok_or(LowerError::TooLarge("count"))?;
        self.begin(op);
        self.out
            .push(op as Word | (a as Word) << 16 | Word::from(n) << 32);
        Ok(self.out.len() - 1)
    }
    /// Pushes a jump word; label 0 becomes 0.
    fn push_label(&mut self, start: usize, label: u32) {
        if label != 0 {
            let at = self.out.len();
            self.fixups.push(Fixup::Word { at, start, label });
        }
        self.out.push(0);
    }
    /// Pushes the jump word of an instruction that must have one.
    fn push_fail(&mut self, start: usize, o: Operand) {
        let label = self.must(o);
        self.push_label(start, label);
    }
    /// The label, or the function's own failure.
    fn must(&self, o: Operand) -> u32 {
        match o {
            Operand::Label(l) if l != 0 => l,
            _ => self.info_label,
        }
    }

    fn patch(&mut self) {
        let offset = |labels: &[u32], label: u32, start: usize| -> i64 {
            i64::from(labels[label as usize]) - start as i64
        };
        for fixup in &self.fixups {
            match *fixup {
                Fixup::Word { at, start, label } => {
                    self.out[at] = offset(&self.labels, label, start) as Word;
                }
                Fixup::Upper { start, label } => {
                    let to = offset(&self.labels, label, start) as Word;
                    self.out[start] = (self.out[start] & 0xFFFF_FFFF) | to << 32;
                }
            }
        }
    }

    fn finish(self) -> Loaded {
        let m = self.m;
        let offset = |label: u32| self.labels[label as usize];
        let exports = m
            .exports
            .iter()
            .map(|e| (atom_of(&self.atoms, e.function), e.arity, offset(e.label)))
            .collect();
        let funs = m
            .lambdas
            .iter()
            .zip(&self.funs)
            .map(|(l, (entry, _))| (entry.clone(), offset(l.label)))
            .collect();
        let module = self.module();
        Loaded::new(
            self.out,
            Parts {
                module,
                md5: m.md5,
                functions: self.functions,
                lines: self.lines,
                line_entries: m.lines.entries.clone(),
                files: m.lines.files.clone(),
                exports,
                literals: self.constants.areas,
                strings: self.strings,
                attributes: m.attributes.clone(),
                compile_info: m.compile_info.clone(),
                funs,
                on_load: self.on_load,
                records: self.records,
            },
        )
    }
}

/// Whether calls of this name go to a native function whatever is loaded.
pub fn is_bif(e: &Export) -> bool {
    e.native().is_some()
        || (e.module == corten_term::am::erlang
            && e.function == corten_term::am::apply
            && matches!(e.arity, 2 | 3))
}

/// A packed destination.
fn packed(o: Operand) -> usize {
    match o.untyped() {
        Operand::X(r) => usize::from(r),
        Operand::Y(r) => usize::from(r) | DST_Y,
        _ => 0,
    }
}

fn number(o: Operand) -> usize {
    match o {
        Operand::U(n) => n as usize,
        Operand::Int(n) => n.max(0) as usize,
        _ => 0,
    }
}

fn list_of(o: Operand) -> Option<ListRange> {
    match o {
        Operand::List(r) => Some(r),
        _ => None,
    }
}

fn label_of(o: Operand) -> u32 {
    match o {
        Operand::Label(l) => l,
        _ => 0,
    }
}

/// Words of a local fun but its free variables, which the compiler has counted: the last one is what keeps its code.
const LOCAL_FUN: usize = corten_term::layout::FUN_FIXED + 1;

/// Heap words that an allocation asks for, in our layout.
fn heap_words(o: Operand) -> usize {
    match o {
        Operand::U(n) => n as usize,
        Operand::AllocList {
            words,
            floats,
            funs,
        } => words as usize + 2 * floats as usize + LOCAL_FUN * funs as usize,
        _ => 0,
    }
}

/// A number of up to 64 bits.
fn big_number(m: &Module, o: Operand) -> u64 {
    match o {
        Operand::U(n) => n,
        Operand::Int(n) => n as u64,
        Operand::BigInt(i) => m.big_ints[i as usize]
            .magnitude
            .iter()
            .fold(0, |v, b| v << 8 | u64::from(*b)),
        _ => u64::MAX,
    }
}
