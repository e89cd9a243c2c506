//! Lowering of binary matching and construction.

use super::*;
use crate::interp::encoding::{LITTLE, NO_LIVE, SIGNED, WINDOW, segment, unit_mask};
use corten_term::am;

impl Lowering<'_> {
    /// Lowers a binary instruction; says whether it is one.
    pub(super) fn binaries(&mut self, op: Gen, args: &[Operand]) -> Result<bool, LowerError> {
        match (op, args) {
            (Gen::BsStartMatch3, [fail, v, live, to]) => {
                self.start_match(label_of(*fail), *v, *live, *to)?;
            }
            (Gen::BsStartMatch4, [.., v, to]) if self.is_resumed(args) => {
                if v.untyped() != to.untyped() {
                    self.move_(*v, *to, &[])?;
                }
            }
            (Gen::BsStartMatch4, [fail, live, v, to]) => {
                self.start_match(label_of(*fail), *v, *live, *to)?;
            }
            (Gen::BsGetPosition, [Operand::X(c), to, _]) => {
                self.push_op(Op::BsGetPositionX, usize::from(*c), packed(*to), 0);
            }
            (Gen::BsSetPosition, [Operand::X(c), Operand::X(_) | Operand::Y(_)]) => {
                self.push_op(Op::BsSetPositionX, usize::from(*c), packed(args[1]), 0);
            }
            (Gen::BsGetPosition, [context, to, _]) => {
                self.push_op(Op::BsGetPosition, packed(*to), 0, 0);
                self.push_source(*context)?;
            }
            (Gen::BsSetPosition, [context, position]) => {
                self.push_op(Op::BsSetPosition, 0, 0, 0);
                self.push_source(*context)?;
                self.push_source(*position)?;
            }
            (Gen::BsGetTail, [context, to, live]) => {
                let op = if self.stress {
                    Op::BsGetTailStress
                } else {
                    Op::BsGetTail
                };
                self.push_op(op, number(*live), 0, packed(*to));
                self.push_source(*context)?;
            }
            (
                Gen::BsGetInteger2 | Gen::BsGetFloat2 | Gen::BsGetBinary2,
                [fail, context, live, size, unit, flags, to],
            ) => {
                let op = match op {
                    Gen::BsGetInteger2 => Op::BsGetInteger,
                    Gen::BsGetFloat2 => Op::BsGetFloat,
                    _ => Op::BsGetBinary,
                };
                let start = self.push_op(op, number(*live), 0, packed(*to));
                self.push_fail(start, *fail);
                self.push_source(*context)?;
                self.push_source(*size)?;
                let spec = number(*unit) as Word | generic_flags(*flags) << 32;
                self.out.push(spec);
            }
            (Gen::BsSkipBits2, [fail, context, size, unit, _]) => {
                let start = self.push_op(Op::BsSkipBits, 0, 0, 0);
                self.push_fail(start, *fail);
                self.push_source(*context)?;
                self.push_source(*size)?;
                self.out.push(number(*unit) as Word);
            }
            (Gen::BsTestTail2, [fail, Operand::X(c), Operand::U(n)]) => {
                let fail = self.must(*fail);
                self.push_jump(Op::BsEnsureExactly, usize::from(*c), fail);
                self.out.push(*n);
            }
            (Gen::BsTestUnit, [fail, Operand::X(c), unit])
                if unit_mask(number(*unit) as u64).is_some() =>
            {
                let fail = self.must(*fail);
                self.push_jump(Op::BsTestUnitX, usize::from(*c), fail);
                self.out.extend(unit_mask(number(*unit) as u64));
            }
            (Gen::BsTestTail2, [fail, context, n]) => {
                let start = self.push_op(Op::BsTestTail, 0, 0, 0);
                self.push_fail(start, *fail);
                self.push_source(*context)?;
                self.out.push(match n {
                    Operand::U(n) => *n,
                    _ => Word::MAX,
                });
            }
            (Gen::BsTestUnit, [fail, context, unit]) => {
                let start = self.push_op(Op::BsTestUnit, 0, 0, 0);
                self.push_fail(start, *fail);
                self.push_source(*context)?;
                self.out.push(number(*unit) as Word);
            }
            (Gen::BsMatchString, [fail, Operand::X(c), bits, offset])
                if (1..=WINDOW).contains(&number(*bits)) =>
            {
                let (n, offset) = (number(*bits), number(*offset));
                let fail = self.must(*fail);
                self.push_jump(Op::BsEqualString, usize::from(*c), fail);
                let bytes = &self.strings[offset..offset + n.div_ceil(8)];
                let v = bytes.iter().fold(0u64, |v, b| v << 8 | u64::from(*b));
                self.out.extend([n as u64, v >> (bytes.len() * 8 - n)]);
            }
            (Gen::BsMatchString, [fail, context, bits, offset]) => {
                let start = self.push_op(Op::BsMatchString, 0, 0, 0);
                self.push_fail(start, *fail);
                self.push_source(*context)?;
                self.out.push(number(*bits) as Word);
                let at = self.string(number(*offset));
                self.out.push(at);
            }
            (
                Gen::BsGetUtf8 | Gen::BsGetUtf16 | Gen::BsGetUtf32,
                [fail, context, live, flags, to],
            ) => {
                let kind = match op {
                    Gen::BsGetUtf8 => 0,
                    Gen::BsGetUtf16 => 1,
                    _ => 2,
                };
                let get = if kind == 0 {
                    Op::BsGetUtf8
                } else {
                    Op::BsGetUtf
                };
                let start = self.push_op(get, number(*live), kind, packed(*to));
                self.push_fail(start, *fail);
                self.push_source(*context)?;
                self.out.extend([generic_flags(*flags), 0]);
            }
            (
                Gen::BsSkipUtf8 | Gen::BsSkipUtf16 | Gen::BsSkipUtf32,
                [fail, context, live, flags],
            ) => {
                let kind = match op {
                    Gen::BsSkipUtf8 => 0,
                    Gen::BsSkipUtf16 => 1,
                    _ => 2,
                };
                let start = self.push_op(Op::BsGetUtf, number(*live), kind, 0);
                self.push_fail(start, *fail);
                self.push_source(*context)?;
                self.out.extend([generic_flags(*flags), 1]);
            }
            (Gen::BsMatch, [fail, context, list]) => self.bs_match(*fail, *context, *list)?,
            (Gen::BsCreateBin, [fail, heap, live, _, to, list]) => {
                self.create_bin(*fail, heap_words(*heap), *live, *to, *list)?;
            }
            (Gen::BsInitWritable, _) => {
                self.push_op(Op::BsInitWritable, 0, 0, 0);
            }
            _ => return self.old_construction(op, args),
        }
        Ok(true)
    }

    /// Construction as compilers before OTP 25 wrote it.
    fn old_construction(&mut self, op: Gen, args: &[Operand]) -> Result<bool, LowerError> {
        match (op, args) {
            (Gen::BsInit2 | Gen::BsInitBits, [fail, size, heap, live, _, to]) => {
                let unit = if op == Gen::BsInit2 { 8 } else { 1 };
                let start = self.push_op(Op::BsInit, number(*live), unit, packed(*to));
                self.push_label(start, label_of(*fail));
                self.out.push(heap_words(*heap) as Word);
                self.push_source(*size)?;
            }
            (Gen::BsAppend, [fail, size, heap, live, unit, v, _, to]) => {
                let (live, unit) = (number(*live), number(*unit));
                let start = self.push_op(Op::BsInitAppend, live, unit, packed(*to));
                self.push_label(start, label_of(*fail));
                self.out.push(heap_words(*heap) as Word);
                self.push_source(*size)?;
                self.push_source(*v)?;
            }
            (Gen::BsPrivateAppend, [fail, size, unit, v, _, to]) => {
                let start = self.push_op(Op::BsInitAppend, NO_LIVE, number(*unit), packed(*to));
                self.push_label(start, label_of(*fail));
                self.out.push(0);
                self.push_source(*size)?;
                self.push_source(*v)?;
            }
            (
                Gen::BsPutInteger | Gen::BsPutFloat | Gen::BsPutBinary,
                [fail, size, unit, flags, v],
            ) => {
                let whole = matches!(size, Operand::Atom(i) if self.m.atom(*i) == "all");
                let kind = match op {
                    Gen::BsPutInteger => segment::INTEGER,
                    Gen::BsPutFloat => segment::FLOAT,
                    _ if whole => segment::ALL,
                    _ => segment::BINARY,
                };
                let w = segment::word(kind, generic_flags(*flags), number(*unit) as u64, 0);
                self.put_segment(*fail, w, *v, *size)?;
            }
            (Gen::BsPutUtf8 | Gen::BsPutUtf16 | Gen::BsPutUtf32, [fail, flags, v]) => {
                let kind = match op {
                    Gen::BsPutUtf8 => segment::UTF8,
                    Gen::BsPutUtf16 => segment::UTF16,
                    _ => segment::UTF32,
                };
                let w = segment::word(kind, generic_flags(*flags), 1, 0);
                self.put_segment(*fail, w, *v, Operand::NIL)?;
            }
            (Gen::BsPutString, [length, offset]) => {
                let at = self.string(number(*offset));
                self.push_op(Op::BsPut, 0, 0, 0);
                self.out.push(0);
                self.out.push(segment::word(segment::STRING, 0, 8, 0));
                self.out.extend([at, number(*length) as Word]);
            }
            (Gen::BsAdd, [fail, l, r, unit, to]) => {
                let start = self.push_op(Op::BsAdd, number(*unit), 0, packed(*to));
                self.push_label(start, label_of(*fail));
                self.push_source(*l)?;
                self.push_source(*r)?;
            }
            (Gen::BsUtf8Size | Gen::BsUtf16Size, [_, v, to]) => {
                let kind = if op == Gen::BsUtf8Size {
                    segment::UTF8
                } else {
                    segment::UTF16
                };
                self.push_op(Op::BsUtfSize, kind as usize, 0, packed(*to));
                self.push_source(*v)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn put_segment(
        &mut self,
        fail: Operand,
        segment: Word,
        v: Operand,
        size: Operand,
    ) -> Result<(), LowerError> {
        let start = self.push_op(Op::BsPut, 0, 0, 0);
        self.push_label(start, label_of(fail));
        self.out.push(segment);
        self.push_source(v)?;
        self.push_source(size)
    }

    /// Whether a `bs_start_match4` goes on with what is a match context already.
    pub(super) fn is_resumed(&self, args: &[Operand]) -> bool {
        args.first().is_some_and(|o| self.name_of(*o) == "resume")
    }

    fn start_match(
        &mut self,
        fail: u32,
        v: Operand,
        live: Operand,
        to: Operand,
    ) -> Result<(), LowerError> {
        let op = if self.stress {
            Op::BsStartStress
        } else if matches!((v.untyped(), to.untyped()), (Operand::X(_), Operand::X(_))) {
            Op::BsStart
        } else {
            Op::BsStartAny
        };
        let start = self.push_op(op, number(live), 0, packed(to));
        self.push_label(start, fail);
        self.push_source(v)
    }

    /// Address of a byte of the module's strings, which do not move.
    fn string(&self, offset: usize) -> Word {
        self.strings[offset..].as_ptr() as Word
    }

    /// The flags of a segment, from a list of atoms.
    pub(super) fn flags(&self, o: Operand) -> u64 {
        let Operand::Literal(i) = o else {
            return 0;
        };
        self.constants
            .literal_term(i)
            .iter()
            .fold(0, |f, t| match t.as_atom().map(Atom::name) {
                Some("little") => f | LITTLE,
                Some("native") if cfg!(target_endian = "little") => f | LITTLE,
                Some("signed") => f | SIGNED,
                _ => f,
            })
    }

    pub(super) fn name_of(&self, o: Operand) -> &str {
        match o {
            Operand::Atom(i) => self.m.atom(i),
            _ => "",
        }
    }

    fn create_bin(
        &mut self,
        fail: Operand,
        heap: usize,
        live: Operand,
        to: Operand,
        list: Operand,
    ) -> Result<(), LowerError> {
        let m = self.m;
        let list = list_of(list).map_or(&[][..], |r| m.list(r));
        let n = list.len() / 6;
        if n > 0xFFFF {
            return Err(LowerError::TooLarge("binary"));
        }
        let start = self.push_op(Op::BsCreateBin, number(live), n, packed(to));
        self.push_label(start, label_of(fail));
        self.out.push(heap as Word);
        let fixed_at = self.out.len();
        self.out.push(0);
        // Bits of the segments that have a constant size, and whether there are others.
        let mut fixed = 0;
        // Whether integers of usual sizes are appended to a bit string that nothing else refers to, and nothing else is.
        let mut plain = !self.stress && n > 1;
        for (i, s) in list.chunks_exact(6).enumerate() {
            let [kind, position, unit, flags, value, size] = [s[0], s[1], s[2], s[3], s[4], s[5]];
            let whole = matches!(size, Operand::Atom(i) if self.m.atom(i) == "all");
            let name = self.name_of(kind);
            let kind = match name {
                "integer" => segment::INTEGER,
                "float" => segment::FLOAT,
                "binary" if whole => segment::ALL,
                "binary" => segment::BINARY,
                "string" => segment::STRING,
                "utf8" => segment::UTF8,
                "utf16" => segment::UTF16,
                "utf32" => segment::UTF32,
                "append" => segment::APPEND,
                _ => segment::PRIVATE_APPEND,
            };
            let flags = self.flags(flags);
            let (unit, position) = (number(unit) as u64, number(position) as u64);
            let bits = match size {
                Operand::U(n) => n.checked_mul(unit),
                Operand::Int(n) => u64::try_from(n).ok().and_then(|n| n.checked_mul(unit)),
                _ => None,
            };
            if let (segment::INTEGER, Some(bits @ 1..=64)) = (kind, bits)
                && (flags & LITTLE == 0 || bits == 8)
            {
                fixed += bits;
                plain &= i > 0 && matches!(bits, 8 | 16 | 32 | 64);
                self.out.push(segment::word(segment::FIXED, 0, 1, position));
                self.push_source(value)?;
                self.out.push(Term::small(bits as i64).raw());
                continue;
            }
            plain &= i == 0 && kind == segment::PRIVATE_APPEND && matches!(unit, 1 | 8);
            let mut flags = flags;
            match (kind, bits) {
                (segment::STRING, _) => fixed += number(size) as u64 * 8,
                (segment::APPEND | segment::PRIVATE_APPEND, _) => {}
                (segment::INTEGER | segment::FLOAT | segment::BINARY, Some(bits @ 0..=0xFFFF)) => {
                    fixed += bits;
                    flags |= segment::COUNTED;
                }
                _ => fixed |= segment::VARIES,
            }
            self.out.push(segment::word(kind, flags, unit, position));
            if kind == segment::STRING {
                let at = self.string(number(value));
                self.out.extend([at, number(size) as Word]);
            } else {
                self.push_source(value)?;
                if matches!(kind, segment::INTEGER | segment::FLOAT | segment::BINARY) {
                    self.push_source(size)?;
                } else {
                    self.out.push(Term::atom(am::all).raw());
                }
            }
        }
        self.out[fixed_at] = fixed;
        if plain {
            self.replace_op(start, Op::BsAppendIntegers);
        }
        Ok(())
    }
}

/// Flags as `bs_get_*` instructions give them: bit 1 little, bit 2 signed, bit 4 native.
fn generic_flags(o: Operand) -> u64 {
    let f = number(o) as u64;
    let native = if f & 16 != 0 && cfg!(target_endian = "little") {
        LITTLE
    } else {
        0
    };
    (f & (LITTLE | SIGNED)) | native
}
