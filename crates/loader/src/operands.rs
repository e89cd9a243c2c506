//! Which operands fit which slots, and the shapes of list operands.
//!
//! Called by the code decoder for every operand. It establishes the first half of the invariants that
//! [`crate::module`] promises.

use crate::error::Fault;
use crate::module::{MAX_REGS, Module, Operand};
use crate::optab::{Op, Slot};

/// What the check of an operand may look at.
pub struct Context<'a> {
    pub op: Op,
    /// Atom index of `erlang`, if the module uses it.
    pub erlang: Option<u32>,
    pub module: &'a Module,
}

/// The operand as it is stored (a written register loses its type), if it fits the slot.
/// `Err(None)` means "wrong kind".
#[inline]
pub fn fits(slot: Slot, operand: Operand, cx: &Context<'_>) -> Result<Operand, Option<Fault>> {
    use Operand::*;
    let m = cx.module;
    let ok = match (slot, operand) {
        (Slot::Src, operand) => is_source(operand),
        (Slot::Dst, X(_) | Y(_)) => true,
        (Slot::Dst | Slot::DstFr, TypedX(..) | TypedY(..)) => return Ok(operand.untyped()),
        (Slot::Y, TypedY(..)) => return Ok(operand.untyped()),
        (Slot::Reg, operand) => is_register(operand),
        (Slot::Fail, Label(_)) => true,
        (Slot::Jump | Slot::Fun, Label(label)) => label != 0,
        (Slot::Arity, U(n)) => n <= 255,
        (Slot::Live | Slot::Frame, U(n)) => n <= u64::from(MAX_REGS),
        (Slot::U | Slot::StrBits | Slot::StrBytes | Slot::StrOff, U(n)) => n <= u64::from(u32::MAX),
        (Slot::LabelDef, U(n)) => n <= u64::from(u32::MAX),
        (Slot::Import, U(n)) => in_table(n, m.imports.len()),
        (Slot::Bif, U(n)) => return guard_bif(n, operand, cx),
        (Slot::Lambda, U(n)) => in_table(n, m.lambdas.len()),
        // Without a line table the numbers mean nothing.
        (Slot::Line, U(n)) => m.lines.entries.is_empty() || in_table(n, m.lines.entries.len()),
        (Slot::Heap, U(n)) => n < 1 << 24,
        (Slot::Heap, AllocList { .. }) => true,
        (Slot::Atom, Atom(index)) => index != 0,
        (Slot::Y, Y(_)) => true,
        (Slot::Fr | Slot::SrcFr | Slot::DstFr, FloatReg(_)) => true,
        (Slot::SrcFr, operand) => is_source(operand),
        (Slot::DstFr, X(_) | Y(_)) => true,
        (Slot::RegOrU, U(n)) => n <= u64::from(u32::MAX),
        (Slot::RegOrU, operand) => is_source(operand),
        (Slot::Big, U(_) | Overflow) => true,
        (Slot::FailOrAtom, Label(_)) => true,
        (Slot::FailOrAtom, Atom(index)) => matches!(m.atom(index), "no_fail" | "resume"),
        (Slot::FunTag, U(n)) => in_table(n, m.lambdas.len()),
        (Slot::FunTag, Atom(index)) => matches!(m.atom(index), "safe" | "unsafe"),
        (Slot::Any, operand) => !matches!(operand, List(_) | AllocList { .. }),
        _ => false,
    };
    if ok { Ok(operand) } else { Err(None) }
}

fn in_table(index: u64, count: usize) -> bool {
    index < count as u64
}

fn is_register(operand: Operand) -> bool {
    matches!(
        operand,
        Operand::X(_) | Operand::Y(_) | Operand::TypedX(..) | Operand::TypedY(..)
    )
}

fn is_source(operand: Operand) -> bool {
    is_register(operand)
        || matches!(
            operand,
            Operand::Atom(_) | Operand::Int(_) | Operand::BigInt(_) | Operand::Literal(_)
        )
}

/// A guard BIF must come from `erlang` and take as many arguments as the instruction has.
fn guard_bif(index: u64, operand: Operand, cx: &Context<'_>) -> Result<Operand, Option<Fault>> {
    let arity = match cx.op {
        Op::Bif0 => 0,
        Op::Bif1 | Op::GcBif1 => 1,
        Op::Bif2 | Op::GcBif2 => 2,
        _ => 3,
    };
    let import = cx.module.imports.get(index as usize).ok_or(None)?;
    if Some(import.module) != cx.erlang || import.arity != arity {
        return Err(Some(Fault::BadGuardBif));
    }
    Ok(operand)
}

/// Separates the list elements that were just read from the tables that they refer to.
pub fn split_list(module: &mut Module, start: usize) -> (&mut [Operand], Tables<'_>) {
    let Module {
        operands,
        atoms,
        strings,
        ..
    } = module;
    (&mut operands[start..], Tables { atoms, strings })
}

/// The tables that list elements refer to.
pub struct Tables<'a> {
    atoms: &'a [Box<str>],
    strings: &'a [u8],
}

/// Checks the elements of a list operand and notes the labels that it mentions.
pub fn check_list(
    slot: Slot,
    list: &mut [Operand],
    tables: &Tables<'_>,
    labels: &mut Vec<u32>,
) -> Result<(), Fault> {
    let malformed = Err(Fault::List(slot));
    let is_label = |o: &Operand| matches!(o, Operand::Label(label) if *label != 0);
    let ok = match slot {
        Slot::ListSrc => list.iter().all(|o| is_source(*o)),
        Slot::ListY => list.iter().all(|o| matches!(o, Operand::Y(_))),
        Slot::ListSelect => pairs(list, |key, to| {
            is_source(*key) && !is_register(*key) && is_label(to)
        }),
        Slot::ListArity => pairs(list, |key, to| is_small(*key) && is_label(to)),
        Slot::ListMapPut => pairs(list, |key, value| is_source(*key) && is_source(*value)),
        Slot::ListMapGet => pairs(list, |key, dst| is_source(*key) && written(dst)),
        Slot::ListUpdate => pairs(list, |at, value| {
            matches!(at, Operand::U(n) if (1..1 << 24).contains(n)) && is_source(*value)
        }),
        Slot::ListBin => return segments(list, tables),
        Slot::ListMatch => return commands(list, tables),
        _ => false,
    };
    if !ok {
        return malformed;
    }
    if matches!(slot, Slot::ListSelect | Slot::ListArity) {
        labels.extend(list.iter().filter_map(|o| match o {
            Operand::Label(label) => Some(*label),
            _ => None,
        }));
    }
    Ok(())
}

fn pairs(list: &mut [Operand], mut ok: impl FnMut(&mut Operand, &mut Operand) -> bool) -> bool {
    list.len().is_multiple_of(2)
        && list.chunks_exact_mut(2).all(|pair| match pair {
            [a, b] => ok(a, b),
            _ => false,
        })
}

fn is_small(operand: Operand) -> bool {
    matches!(operand, Operand::U(n) if n <= u64::from(u32::MAX))
}

/// A destination: drops its type.
fn written(operand: &mut Operand) -> bool {
    *operand = operand.untyped();
    matches!(operand, Operand::X(_) | Operand::Y(_))
}

fn is_flags(operand: Operand) -> bool {
    matches!(operand, Operand::Literal(_) | Operand::Atom(0))
}

fn is_live(operand: Operand) -> bool {
    matches!(operand, Operand::U(n) if n <= u64::from(MAX_REGS))
}

fn is_size(operand: Operand) -> bool {
    matches!(
        operand,
        Operand::U(_) | Operand::Int(_) | Operand::BigInt(_) | Operand::Overflow
    )
}

impl Tables<'_> {
    fn atom(&self, operand: Operand) -> &str {
        match operand {
            Operand::Atom(index) => self.atoms.get(index as usize).map_or("", |a| a),
            _ => "",
        }
    }
}

/// `bs_create_bin` segments: type, segment number, unit, flags, value, size.
fn segments(list: &[Operand], tables: &Tables<'_>) -> Result<(), Fault> {
    let malformed = Err(Fault::List(Slot::ListBin));
    if !list.len().is_multiple_of(6) {
        return malformed;
    }
    for segment in list.chunks_exact(6) {
        let &[kind, number, unit, flags, value, size] = segment else {
            return malformed;
        };
        if !is_small(number) || !is_small(unit) || !is_flags(flags) {
            return malformed;
        }
        let ok = match tables.atom(kind) {
            "string" => match (value, size) {
                (Operand::U(offset), Operand::Int(size)) => u64::try_from(size)
                    .ok()
                    .and_then(|size| offset.checked_add(size))
                    .is_some_and(|end| end <= tables.strings.len() as u64),
                _ => false,
            },
            "integer" | "float" | "binary" | "append" | "private_append" | "utf8" | "utf16"
            | "utf32" => is_source(value) && is_source(size),
            name => return Err(Fault::UnknownCommand(name.to_string())),
        };
        if !ok {
            return malformed;
        }
    }
    Ok(())
}

/// `bs_match` commands: a name and its operands, back to back.
fn commands(mut list: &mut [Operand], tables: &Tables<'_>) -> Result<(), Fault> {
    while let Some((name, rest)) = list.split_first_mut() {
        let name = tables.atom(*name);
        let (len, ok) = match (name, &mut *rest) {
            ("ensure_at_least", [size, unit, ..]) => (2, is_size(*size) && is_small(*unit)),
            ("ensure_exactly" | "skip", [size, ..]) => (1, is_size(*size)),
            ("integer" | "binary", [live, flags, size, unit, dst, ..]) => (
                5,
                is_live(*live)
                    && is_flags(*flags)
                    && is_size(*size)
                    && is_small(*unit)
                    && written(dst),
            ),
            ("get_tail", [live, unit, dst, ..]) => {
                (3, is_live(*live) && is_small(*unit) && written(dst))
            }
            ("=:=", [live, size, value, ..]) => (
                3,
                (is_live(*live) || *live == Operand::NIL) && is_size(*size) && is_size(*value),
            ),
            (
                "ensure_at_least" | "ensure_exactly" | "skip" | "integer" | "binary" | "get_tail"
                | "=:=",
                _,
            ) => (0, false),
            _ => return Err(Fault::UnknownCommand(name.to_string())),
        };
        if !ok {
            return Err(Fault::List(Slot::ListMatch));
        }
        list = &mut rest[len..];
    }
    Ok(())
}
