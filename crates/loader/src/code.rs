//! Decodes the `Code` chunk into instructions, functions and labels, and checks every cross reference.
//!
//! One pass over the bytes. Operands go to one arena; nothing is allocated per instruction. References to
//! labels are checked when their function ends, references to functions when the code ends, because both
//! may point forward.

use crate::error::{CodeError, Fault, LoadError, Table};
use crate::module::{BigInt, Export, Function, Instr, ListRange, MAX_REGS, Module, Operand};
use crate::operands::{self, Context};
use crate::optab::{MAX_OPCODE, MIN_MAX_OPCODE, Op, Slot};
use crate::reader::{Number, Reader, Truncated, tag};

/// Label numbers may exceed the size of the code by this much: compilers may leave gaps.
const LABEL_SLACK: u32 = 1 << 16;

/// The head of the `Code` chunk and the instructions behind it.
pub struct Header<'a> {
    pub max_opcode: u32,
    labels: u32,
    functions: u32,
    code: &'a [u8],
}

impl<'a> Header<'a> {
    /// Reads the head and refuses files for other releases.
    pub fn parse(chunk: &'a [u8]) -> Result<Header<'a>, LoadError> {
        let truncated = LoadError::truncated(Table::Code);
        let mut r = Reader::new(chunk);
        let head_size = r.u32().map_err(&truncated)? as usize;
        let mut head = Reader::new(r.bytes(head_size).map_err(&truncated)?);
        if head.u32().map_err(&truncated)? != 0 {
            return Err(LoadError::Corrupt(Table::Code, "unknown format version"));
        }
        let max_opcode = head.u32().map_err(&truncated)?;
        let labels = head.u32().map_err(&truncated)?;
        let functions = head.u32().map_err(&truncated)?;
        let code = r.rest();
        if max_opcode > u32::from(MAX_OPCODE) {
            return Err(LoadError::TooNew { opcode: max_opcode });
        }
        if max_opcode < u32::from(MIN_MAX_OPCODE) {
            return Err(LoadError::TooOld);
        }
        if u32::try_from(code.len()).is_err() {
            return Err(LoadError::Corrupt(Table::Code, "it is too large"));
        }
        if labels > LABEL_SLACK.saturating_add(code.len() as u32) {
            return Err(LoadError::Corrupt(Table::Code, "its label count is wrong"));
        }
        Ok(Header {
            max_opcode,
            labels,
            functions,
            code,
        })
    }
}

/// Decodes the code into `module`, whose tables must be complete. `typed` says whether the module has a
/// type table; if not, types of registers are dropped.
pub fn decode(header: &Header<'_>, typed: bool, module: &mut Module) -> Result<(), LoadError> {
    let bytes = header.code.len();
    module.labels = vec![Module::UNDEFINED; header.labels as usize];
    module.code = Vec::with_capacity(bytes / 6);
    module.operands = Vec::with_capacity(bytes / 2);
    let mut decoder = Decoder::new(header.code, typed, module);
    let result = decoder.run(header.functions);
    result.map_err(|fault| decoder.locate(fault))
}

/// Where the decoder stands in the pattern of functions.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    /// Before the first function: a label, a line or a `func_info`.
    Function,
    /// Behind `func_info`: the entry label.
    Entry,
    /// Inside a function.
    Body,
}

/// A call whose target cannot be checked before all functions are known.
struct CallRef {
    label: u32,
    arity: u64,
    instr: usize,
}

/// Reads operands and, for the code, instructions.
pub(crate) struct Decoder<'a, 'm> {
    pub(crate) r: Reader<'a>,
    size: usize,
    instr_start: usize,
    op: Option<Op>,
    typed: bool,
    /// Atom index of `erlang`.
    erlang: Option<u32>,
    expect: Expect,
    /// Labels that the current function refers to.
    label_refs: Vec<u32>,
    calls: Vec<CallRef>,
    pub(crate) m: &'m mut Module,
}

impl From<Truncated> for Fault {
    fn from(_: Truncated) -> Fault {
        Fault::Truncated
    }
}

impl<'a, 'm> Decoder<'a, 'm> {
    /// Reads `bytes`; big integers go to `module`, whose tables bound all indices.
    pub(crate) fn new(bytes: &'a [u8], typed: bool, module: &'m mut Module) -> Decoder<'a, 'm> {
        let erlang = module.atoms.iter().position(|a| &**a == "erlang");
        Decoder {
            r: Reader::new(bytes),
            size: bytes.len(),
            instr_start: 0,
            op: None,
            typed,
            erlang: erlang.map(|i| i as u32),
            expect: Expect::Function,
            label_refs: Vec::new(),
            calls: Vec::new(),
            m: module,
        }
    }
}

impl Decoder<'_, '_> {
    fn run(&mut self, function_count: u32) -> Result<(), Fault> {
        loop {
            self.instr_start = self.size - self.r.remaining();
            self.op = None;
            let number = self.r.u8()?;
            let op = Op::from_u8(number).ok_or(Fault::UnknownOpcode(number))?;
            self.op = Some(op);
            if op.is_obsolete() {
                return Err(Fault::Obsolete);
            }
            let first = self.m.operands.len();
            self.operands(op, first)?;
            self.m.code.push(Instr {
                op,
                first: first as u32,
            });
            match op {
                Op::Label => self.label(first)?,
                Op::FuncInfo => self.func_info(first)?,
                Op::IntCodeEnd => break,
                _ if self.expect == Expect::Body => {}
                Op::Line if self.expect == Expect::Function => {}
                _ => return Err(Fault::Structure("an instruction outside of a function")),
            }
            match op {
                Op::Call | Op::CallLast | Op::CallOnly => self.local_call(first)?,
                Op::CallExt | Op::CallExtLast | Op::CallExtOnly => self.external_call(first)?,
                Op::MakeFun3 => self.make_fun(first)?,
                Op::OnLoad => self.on_load()?,
                _ => {}
            }
        }
        self.finish(function_count)
    }

    /// Reads the operands of `op` and checks them against its slots.
    fn operands(&mut self, op: Op, first: usize) -> Result<(), Fault> {
        for (index, slot) in op.slots().iter().enumerate() {
            let operand = self.operand()?;
            if let Operand::List(list) = operand {
                if index + 1 != op.slots().len() {
                    return Err(Fault::Operand { index, slot: *slot });
                }
                self.m.operands.push(operand);
                self.list(*slot, list.len)?;
                return Ok(());
            }
            let ok = operands::fits(*slot, operand, &self.context(op));
            let operand =
                ok.map_err(|fault| fault.unwrap_or(Fault::Operand { index, slot: *slot }))?;
            if let (Slot::Fail | Slot::Jump | Slot::FailOrAtom, Operand::Label(label)) =
                (slot, operand)
            {
                self.label_refs.push(label);
            }
            self.m.operands.push(operand);
            if *slot == Slot::StrOff {
                self.string_operand(first, index)?;
            }
        }
        Ok(())
    }

    fn context(&self, op: Op) -> Context<'_> {
        Context {
            op,
            erlang: self.erlang,
            module: self.m,
        }
    }

    /// Reads the elements of a list operand, which is always the last one of its instruction.
    fn list(&mut self, slot: Slot, len: u32) -> Result<(), Fault> {
        let start = self.m.operands.len();
        for _ in 0..len {
            let operand = self.operand()?;
            if matches!(operand, Operand::List(_) | Operand::AllocList { .. }) {
                return Err(Fault::List(slot));
            }
            self.m.operands.push(operand);
        }
        let (operands, module) = operands::split_list(self.m, start);
        operands::check_list(slot, operands, &module, &mut self.label_refs)
    }

    /// Reads one operand. For a list this is only its head: the elements follow.
    #[inline]
    pub(crate) fn operand(&mut self) -> Result<Operand, Fault> {
        let (kind, number) = self.r.compact()?;
        match kind {
            tag::U => Ok(number.unsigned().map_or(Operand::Overflow, Operand::U)),
            tag::I => Ok(self.integer(number)),
            tag::A => self
                .index("atom", number, self.m.atoms.len())
                .map(Operand::Atom),
            tag::X => self.register(number).map(Operand::X),
            tag::Y => self.register(number).map(Operand::Y),
            tag::F => match number.unsigned() {
                Some(0) => Ok(Operand::Label(0)),
                _ => self
                    .index("label", number, self.m.labels.len())
                    .map(Operand::Label),
            },
            tag::Z => self.extended(number),
            other => Err(Fault::BadTag(other)),
        }
    }

    fn extended(&mut self, number: Number<'_>) -> Result<Operand, Fault> {
        match number {
            Number::Small(1) => {
                let (_, len) = self.unsigned()?;
                // Every element takes at least a byte.
                let len = u32::try_from(len)
                    .ok()
                    .filter(|n| *n as usize <= self.r.remaining());
                let start = self.m.operands.len() as u32 + 1;
                Ok(Operand::List(ListRange {
                    start,
                    len: len.ok_or(Fault::Truncated)?,
                }))
            }
            Number::Small(2) => {
                let (number, _) = self.unsigned()?;
                self.register(number).map(Operand::FloatReg)
            }
            Number::Small(3) => self.alloc_list(),
            Number::Small(4) => {
                let (number, _) = self.unsigned()?;
                self.index("literal", number, self.m.literals.len())
                    .map(Operand::Literal)
            }
            Number::Small(5) => self.typed_register(),
            other => Err(Fault::OutOfRange(
                "extended tag",
                other.unsigned().unwrap_or(u64::MAX),
            )),
        }
    }

    fn typed_register(&mut self) -> Result<Operand, Fault> {
        let (kind, number) = self.r.compact()?;
        let register = self.register(number)?;
        let (number, _) = self.unsigned()?;
        let index = match self.typed {
            true => Some(self.index("type", number, self.m.types.len())?),
            false => None,
        };
        match (kind, index) {
            (tag::X, Some(index)) => Ok(Operand::TypedX(register, index)),
            (tag::Y, Some(index)) => Ok(Operand::TypedY(register, index)),
            (tag::X, None) => Ok(Operand::X(register)),
            (tag::Y, None) => Ok(Operand::Y(register)),
            _ => Err(Fault::BadTag(kind)),
        }
    }

    fn alloc_list(&mut self) -> Result<Operand, Fault> {
        const MAX: u64 = 1 << 24;
        let mut needs = [0u64; 3];
        let (_, count) = self.unsigned()?;
        if count > 3 {
            return Err(Fault::OutOfRange("size of an allocation list", count));
        }
        for _ in 0..count {
            let (_, kind) = self.unsigned()?;
            let (_, amount) = self.unsigned()?;
            let need = needs
                .get_mut(kind as usize)
                .ok_or(Fault::OutOfRange("allocation kind", kind))?;
            *need += amount.min(MAX);
        }
        if let Some(need) = needs.iter().find(|n| **n >= MAX) {
            return Err(Fault::OutOfRange("allocation size", *need));
        }
        let [words, floats, funs] = needs.map(|n| n as u32);
        Ok(Operand::AllocList {
            words,
            floats,
            funs,
        })
    }

    fn unsigned(&mut self) -> Result<(Number<'static>, u64), Fault> {
        let (kind, number) = self.r.compact()?;
        let value = number
            .unsigned()
            .filter(|_| kind == tag::U)
            .ok_or(Fault::BadTag(kind))?;
        let small = u32::try_from(value).map_err(|_| Fault::OutOfRange("number", value))?;
        Ok((Number::Small(small), value))
    }

    fn integer(&mut self, number: Number<'_>) -> Operand {
        if let Some(int) = number.signed() {
            return Operand::Int(int);
        }
        let Number::Bytes(bytes) = number else {
            return Operand::Int(0);
        };
        self.m.big_ints.push(big_int(bytes));
        Operand::BigInt(self.m.big_ints.len() as u32 - 1)
    }

    fn index(&self, what: &'static str, number: Number<'_>, count: usize) -> Result<u32, Fault> {
        let value = number.unsigned().unwrap_or(u64::MAX);
        if value >= count as u64 {
            return Err(Fault::OutOfRange(what, value));
        }
        Ok(value as u32)
    }

    fn register(&self, number: Number<'_>) -> Result<u16, Fault> {
        self.index("register", number, usize::from(MAX_REGS))
            .map(|n| n as u16)
    }

    /// The operands `index - 1` (size) and `index` (offset) must lie within the string table.
    fn string_operand(&self, first: usize, index: usize) -> Result<(), Fault> {
        let &[.., Operand::U(size), Operand::U(offset)] = &self.m.operands[first..] else {
            return Err(Fault::Operand {
                index,
                slot: Slot::StrOff,
            });
        };
        let bytes = if self.op == Some(Op::BsPutString) {
            size
        } else {
            size.div_ceil(8)
        };
        if offset
            .checked_add(bytes)
            .is_none_or(|end| end > self.m.strings.len() as u64)
        {
            return Err(Fault::OutOfRange("string", offset));
        }
        Ok(())
    }

    /// A number operand of the instruction that begins at `first`; its slot has been checked.
    fn number_at(&self, first: usize) -> u64 {
        match self.m.operands.get(first) {
            Some(Operand::U(n)) => *n,
            _ => 0,
        }
    }

    fn label(&mut self, first: usize) -> Result<(), Fault> {
        let number = self.number_at(first);
        let here = self.m.code.len() as u32 - 1;
        let label = self.index("label", Number::Small(number as u32), self.m.labels.len())?;
        let at = &mut self.m.labels[label as usize];
        if *at != Module::UNDEFINED || label == 0 {
            return Err(Fault::DuplicateLabel(label));
        }
        *at = here;
        if self.expect == Expect::Entry
            && let Some(function) = self.m.functions.last_mut()
        {
            function.entry_label = label;
            function.body = here + 1;
            self.expect = Expect::Body;
        }
        Ok(())
    }

    /// A new function begins at the label before this `func_info`; a line may be in between.
    fn func_info(&mut self, first: usize) -> Result<(), Fault> {
        if self.expect == Expect::Entry {
            return Err(Fault::Structure("func_info behind func_info"));
        }
        let here = self.m.code.len() - 1;
        let before = |n: usize| here.checked_sub(n).map(|i| self.m.code[i]);
        let (start, line) = match (before(1), before(2)) {
            (Some(label), _) if label.op == Op::Label => (here - 1, 0),
            (Some(line), Some(label)) if line.op == Op::Line && label.op == Op::Label => {
                (here - 2, self.number_at(line.first as usize) as u32)
            }
            _ => return Err(Fault::Structure("func_info without a label")),
        };
        let info_label = self.number_at(self.m.code[start].first as usize) as u32;
        let &[
            Operand::Atom(module),
            Operand::Atom(name),
            Operand::U(arity),
        ] = &self.m.operands[first..]
        else {
            return Err(Fault::Structure("malformed func_info"));
        };
        if module != 1 {
            return Err(Fault::Structure("func_info names another module"));
        }
        self.end_function(start)?;
        self.m.functions.push(Function {
            name,
            arity: arity as u8,
            info_label,
            entry_label: 0,
            line,
            code: start as u32..0,
            body: 0,
        });
        self.expect = Expect::Entry;
        Ok(())
    }

    /// Closes the current function, if there is one, before instruction `end` and checks its labels.
    fn end_function(&mut self, end: usize) -> Result<(), Fault> {
        let Some(function) = self.m.functions.last_mut() else {
            return match end {
                0 => Ok(()),
                _ => Err(Fault::Structure("an instruction outside of a function")),
            };
        };
        if function.body as usize > end {
            return Err(Fault::Structure("a function without an entry"));
        }
        function.code.end = end as u32;
        for label in self.label_refs.drain(..) {
            if label == 0 {
                continue;
            }
            match self.m.labels[label as usize] {
                Module::UNDEFINED => return Err(Fault::UndefinedLabel(label)),
                at if !function.code.contains(&at) => return Err(Fault::ForeignLabel(label)),
                _ => {}
            }
        }
        Ok(())
    }

    fn local_call(&mut self, first: usize) -> Result<(), Fault> {
        if let &[Operand::U(arity), Operand::Label(label), ..] = &self.m.operands[first..] {
            self.calls.push(CallRef {
                label,
                arity,
                instr: self.instr_start,
            });
        }
        Ok(())
    }

    fn external_call(&mut self, first: usize) -> Result<(), Fault> {
        if let &[Operand::U(arity), Operand::U(import), ..] = &self.m.operands[first..]
            && u64::from(self.m.imports[import as usize].arity) != arity
        {
            return Err(Fault::BadImport { arity });
        }
        Ok(())
    }

    fn make_fun(&mut self, first: usize) -> Result<(), Fault> {
        if let &[Operand::U(lambda), _, Operand::List(list), ..] = &self.m.operands[first..]
            && self.m.lambdas[lambda as usize].num_free != list.len
        {
            return Err(Fault::List(Slot::ListSrc));
        }
        Ok(())
    }

    fn on_load(&mut self) -> Result<(), Fault> {
        match self.m.functions.last() {
            Some(function) if function.arity == 0 && self.m.on_load.is_none() => {
                self.m.on_load = Some(function.entry_label);
                Ok(())
            }
            _ => Err(Fault::Structure("a second or malformed on_load function")),
        }
    }

    /// At `int_code_end`: everything that had to wait for the last function.
    fn finish(&mut self, function_count: u32) -> Result<(), Fault> {
        if self.expect == Expect::Entry {
            return Err(Fault::Structure("a function without an entry"));
        }
        self.end_function(self.m.code.len() - 1)?;
        if self.m.functions.len() != function_count as usize {
            return Err(Fault::Structure(
                "the number of functions is not the stated one",
            ));
        }
        for call in &self.calls {
            let target = self
                .m
                .function_at(call.label)
                .map(|i| u64::from(self.m.functions[i].arity));
            if target != Some(call.arity) {
                self.instr_start = call.instr;
                self.op = None;
                return Err(Fault::BadTarget {
                    label: call.label,
                    arity: call.arity,
                });
            }
        }
        self.op = None;
        let m = &*self.m;
        let lambdas = m.lambdas.iter().map(|l| Export {
            function: l.function,
            arity: l.arity,
            label: l.label,
        });
        for entry in m.exports.iter().chain(&m.locals).copied().chain(lambdas) {
            let function = m.function_at(entry.label).map(|i| &m.functions[i]);
            if function.is_none_or(|f| (f.name, f.arity) != (entry.function, entry.arity)) {
                return Err(Fault::BadTarget {
                    label: entry.label,
                    arity: u64::from(entry.arity),
                });
            }
        }
        Ok(())
    }

    fn locate(&self, fault: Fault) -> LoadError {
        let function = self
            .m
            .functions
            .last()
            .map(|f| format!("{}/{}", self.m.atom(f.name), f.arity));
        let (op, offset) = (self.op, self.instr_start);
        LoadError::Code(Box::new(CodeError {
            function,
            op,
            offset,
            fault,
        }))
    }
}

/// From two's complement to sign and magnitude.
fn big_int(bytes: &[u8]) -> BigInt {
    let negative = bytes.first().is_some_and(|b| b & 0x80 != 0);
    let mut magnitude = bytes.to_vec();
    if negative {
        let mut carry = true;
        for byte in magnitude.iter_mut().rev() {
            (*byte, carry) = (!*byte).overflowing_add(u8::from(carry));
        }
    }
    let zeros = magnitude.iter().take_while(|b| **b == 0).count();
    BigInt {
        negative,
        magnitude: magnitude[zeros..].into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn big_integers() {
        let two_to_64 = [1, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(
            big_int(&two_to_64),
            BigInt {
                negative: false,
                magnitude: two_to_64.into()
            }
        );
        let minus = [0xff, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(
            big_int(&minus),
            BigInt {
                negative: true,
                magnitude: two_to_64.into()
            }
        );
        let lowest = [0x80, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(
            big_int(&lowest),
            BigInt {
                negative: true,
                magnitude: lowest.into()
            }
        );
    }
}
