//! Lowering of moves, lists, tuples, maps, funs, guard BIFs and floats.

use super::*;
use crate::interp::encoding::NO_LIVE;
use corten_term::am;
use corten_term::layout::{IMMEDIATE_MASK, PRIMARY_IMMEDIATE, PRIMARY_MASK, TAG_SMALL};

/// Whether a register is a Y register, and its number; nothing for constants.
fn register(o: Operand) -> Option<(bool, usize)> {
    match o.untyped() {
        Operand::X(r) => Some((false, usize::from(r))),
        Operand::Y(r) => Some((true, usize::from(r))),
        _ => None,
    }
}

/// Picks among the variants by which of the operands are Y registers, the last one varying fastest.
fn pick(ops: &[Op], ys: &[bool]) -> Op {
    let index = ys.iter().fold(0, |i, y| i * 2 + usize::from(*y));
    ops[index]
}

impl Lowering<'_> {
    pub(super) fn data(
        &mut self,
        op: Gen,
        args: &[Operand],
        rest: &[Instr],
    ) -> Result<Option<usize>, LowerError> {
        match (op, args) {
            (Gen::Move, [from, to]) => return self.move_(*from, *to, rest).map(Some),
            (Gen::Swap, [l, r]) => {
                self.push_op(Op::Swap, packed(*l), packed(*r), 0);
            }
            (Gen::InitYregs, [list]) => {
                let m = self.m;
                let ys = list_of(*list).map_or(&[][..], |r| m.list(r));
                self.push_op(Op::InitYregs, ys.len(), 0, 0);
                self.out
                    .extend(ys.iter().map(|y| (packed(*y) & !DST_Y) as Word));
            }
            (Gen::GetTupleElement, [from, index, to]) => {
                if let Some(taken) = self.get_elements(*from, number(*index), *to, rest) {
                    return Ok(Some(taken));
                }
                self.get_tuple_element(*from, number(*index), *to)?;
            }
            (Gen::GetList, [from, head, tail]) => {
                let [l, h, t] = self.registers([*from, *head, *tail]);
                let ops = [
                    Op::GetListXXX,
                    Op::GetListXXY,
                    Op::GetListXYX,
                    Op::GetListXYY,
                    Op::GetListYXX,
                    Op::GetListYXY,
                    Op::GetListYYX,
                    Op::GetListYYY,
                ];
                self.push_op(pick(&ops, &[l.0, h.0, t.0]), l.1, h.1, t.1);
            }
            (Gen::GetHd, [from, to]) => {
                let [l, d] = self.registers([*from, *to]);
                let ops = [Op::GetHdXX, Op::GetHdXY, Op::GetHdYX, Op::GetHdYY];
                self.push_op(pick(&ops, &[l.0, d.0]), l.1, d.1, 0);
            }
            (Gen::GetTl, [from, to]) => {
                let [l, d] = self.registers([*from, *to]);
                let ops = [Op::GetTlXX, Op::GetTlXY, Op::GetTlYX, Op::GetTlYY];
                self.push_op(pick(&ops, &[l.0, d.0]), l.1, d.1, 0);
            }
            (Gen::PutList, [head, tail, to]) => {
                let op = match (register(*head), register(*tail)) {
                    _ if packed(*to) & DST_Y != 0 => Op::PutListAny,
                    (Some((false, _)), Some((false, _))) => Op::PutListXX,
                    (Some((false, _)), Some((true, _))) => Op::PutListXY,
                    (Some((true, _)), Some((false, _))) => Op::PutListYX,
                    (Some((true, _)), Some((true, _))) => Op::PutListYY,
                    (Some((false, _)), None) => Op::PutListXC,
                    (Some((true, _)), None) => Op::PutListYC,
                    (None, Some((false, _))) => Op::PutListCX,
                    (None, Some((true, _))) => Op::PutListCY,
                    (None, None) => Op::PutListCC,
                };
                self.push_op(op, packed(*to), 0, 0);
                self.push_source(*head)?;
                self.push_source(*tail)?;
            }
            (Gen::PutTuple2, [to, list]) => {
                let m = self.m;
                let elements = list_of(*list).map_or(&[][..], |r| m.list(r));
                if elements.len() > 0xFFFF {
                    self.push_op(Op::PutTupleLarge, packed(*to), 0, 0);
                    self.out.push(elements.len() as Word);
                } else {
                    let op = if packed(*to) & DST_Y == 0 {
                        Op::PutTuple2
                    } else {
                        Op::PutTuple2Any
                    };
                    self.push_op(op, packed(*to), elements.len(), 0);
                }
                for e in elements {
                    self.push_source(*e)?;
                }
            }
            (Gen::SetTupleElement, [v, tuple, index]) => {
                self.push_op(Op::SetTupleElement, 0, 0, 0);
                self.push_source(*v)?;
                self.push_source(*tuple)?;
                self.out.push(number(*index) as Word);
            }
            (Gen::UpdateRecord, [_, size, from, to, list]) => {
                let m = self.m;
                let changes = list_of(*list).map_or(&[][..], |r| m.list(r));
                let (size, n) = (number(*size), changes.len() / 2);
                if size > 0xFFFF {
                    return Err(LowerError::TooLarge("record"));
                }
                self.push_op(Op::UpdateRecord, size, n, packed(*to));
                self.out.push(0);
                self.push_source(*from)?;
                for change in changes.chunks_exact(2) {
                    self.out.push(number(change[0]) as Word);
                    self.push_source(change[1])?;
                }
            }
            (Gen::MakeFun3, [lambda, to, list]) => {
                let m = self.m;
                let free = list_of(*list).map_or(&[][..], |r| m.list(r));
                let (entry, literal) = self.funs[number(*lambda)].clone();
                if free.is_empty() {
                    return self.move_(Operand::Literal(literal), *to, rest).map(Some);
                }
                // Behind the free variables comes the owner of the entry.
                self.push_op(Op::MakeFun, packed(*to), free.len() + 1, 0);
                self.out
                    .push(std::ptr::from_ref::<FunEntry>(&entry) as Word);
                for v in free {
                    self.push_source(*v)?;
                }
                self.push_source(Operand::Literal(literal))?;
            }
            (Gen::PutMapAssoc | Gen::PutMapExact, [fail, map, to, live, list]) => {
                let m = self.m;
                let pairs = list_of(*list).map_or(&[][..], |r| m.list(r));
                let constant = !self.stress && self.distinct_immediates(pairs.iter().step_by(2))?;
                let one = !self.stress && pairs.len() == 2;
                let op = match (op, constant) {
                    (Gen::PutMapAssoc, false) if one => Op::PutMapAssocOne,
                    (_, false) if one => Op::PutMapExactOne,
                    (Gen::PutMapAssoc, false) => Op::PutMapAssoc,
                    (Gen::PutMapAssoc, true) => Op::PutMapAssocConst,
                    (_, false) => Op::PutMapExact,
                    (_, true) => Op::PutMapExactConst,
                };
                let start = self.push_op(op, number(*live), pairs.len() / 2, packed(*to));
                self.push_label(start, label_of(*fail));
                let words = self.sorted_pairs(pairs)?;
                match *map {
                    Operand::Literal(i) if constant && op == Op::PutMapAssocConst => {
                        let keys: Vec<Word> = words.iter().step_by(2).copied().collect();
                        let from = self.constants.map_to_fill(i, &keys)?;
                        self.out.push(from);
                    }
                    map => self.push_source(map)?,
                }
                self.out.extend(words);
            }
            (Gen::HasMapFields, [fail, map, list]) => {
                let m = self.m;
                let keys = list_of(*list).map_or(&[][..], |r| m.list(r));
                let op = if self.distinct_immediates(keys.iter())? {
                    Op::HasMapFieldsConst
                } else {
                    Op::HasMapFields
                };
                let start = self.push_op(op, keys.len(), 0, 0);
                self.push_fail(start, *fail);
                self.push_source(*map)?;
                let from = self.out.len();
                for key in keys {
                    self.push_source(*key)?;
                }
                if op == Op::HasMapFieldsConst {
                    self.out[from..].sort_by(|a, b| flat_order(*a, *b));
                }
            }
            (Gen::GetMapElements, [fail, map, list]) => {
                let m = self.m;
                let pairs = list_of(*list).map_or(&[][..], |r| m.list(r));
                let constant = self.distinct_immediates(pairs.iter().step_by(2))?;
                let op = if constant {
                    Op::GetMapElementsConst
                } else {
                    Op::GetMapElements
                };
                let start = self.push_op(op, pairs.len() / 2, 0, 0);
                self.push_fail(start, *fail);
                self.push_source(*map)?;
                let mut words = Vec::with_capacity(pairs.len() / 2);
                for pair in pairs.chunks_exact(2) {
                    words.push([self.source(pair[0])?, packed(pair[1]) as Word]);
                }
                if constant {
                    words.sort_by(|a, b| flat_order(a[0], b[0]));
                }
                self.out.extend(words.concat());
            }
            (Gen::Bif0, [bif, to]) => {
                let e = self.imports[number(*bif)];
                if e.function == am::self_ {
                    self.push_op(Op::BifSelf, packed(*to), 0, 0);
                } else {
                    self.guard_bif(Operand::Label(0), NO_LIVE, e, &[], *to)?;
                }
            }
            (Gen::Bif1 | Gen::Bif2 | Gen::Bif3, [fail, bif, sources @ .., to]) => {
                let e = self.imports[number(*bif)];
                self.guard_bif(*fail, NO_LIVE, e, sources, *to)?;
            }
            (Gen::GcBif1 | Gen::GcBif2 | Gen::GcBif3, [fail, live, bif, sources @ .., to]) => {
                let e = self.imports[number(*bif)];
                self.guard_bif(*fail, number(*live), e, sources, *to)?;
            }
            _ => return self.floats(op, args),
        }
        Ok(Some(0))
    }

    /// Whether these map keys are immediate constants, each there once.
    fn distinct_immediates<'a>(
        &mut self,
        keys: impl Iterator<Item = &'a Operand>,
    ) -> Result<bool, LowerError> {
        let mut words = Vec::new();
        for key in keys {
            let w = self.source(*key)?;
            if w & PRIMARY_MASK != PRIMARY_IMMEDIATE || words.contains(&w) {
                return Ok(false);
            }
            words.push(w);
        }
        Ok(!words.is_empty())
    }

    /// Keys and values as source words; constant keys in the order of flat maps, which says what error comes first.
    fn sorted_pairs(&mut self, pairs: &[Operand]) -> Result<Vec<Word>, LowerError> {
        let mut words = Vec::with_capacity(pairs.len() / 2);
        for pair in pairs.chunks_exact(2) {
            words.push([self.source(pair[0])?, self.source(pair[1])?]);
        }
        if pairs.iter().step_by(2).all(|k| register(*k).is_none()) {
            words.sort_by(|a, b| flat_order(a[0], b[0]));
        }
        Ok(words.concat())
    }

    fn registers<const N: usize>(&self, operands: [Operand; N]) -> [(bool, usize); N] {
        operands.map(|o| register(o).unwrap_or((false, 0)))
    }

    pub(super) fn move_(
        &mut self,
        from: Operand,
        to: Operand,
        rest: &[Instr],
    ) -> Result<usize, LowerError> {
        let m = self.m;
        let Some((from_y, f)) = register(from) else {
            if to == Operand::X(0) && rest.first().is_some_and(|i| i.op == Gen::Return) {
                self.push_op(Op::MoveReturn, 0, 0, 0);
                self.push_source(from)?;
                return Ok(1);
            }
            let [(to_y, t)] = self.registers([to]);
            let op = if to_y { Op::MoveCY } else { Op::MoveCX };
            self.push_op(op, 0, t, 0);
            self.push_source(from)?;
            return Ok(0);
        };
        if to == Operand::X(0) {
            match rest {
                [r, ..] if r.op == Gen::Return => {
                    self.push_op(Op::MoveReturn, 0, 0, 0);
                    self.push_source(from)?;
                    return Ok(1);
                }
                [d, r, ..] if d.op == Gen::Deallocate && r.op == Gen::Return => {
                    let op = if from_y {
                        Op::MoveDeallocateReturnY
                    } else {
                        Op::MoveDeallocateReturnX
                    };
                    self.push_op(op, number(m.args(d)[0]), f, 0);
                    return Ok(2);
                }
                [c, ..] if c.op == Gen::Call => {
                    let op = if from_y { Op::MoveCallY } else { Op::MoveCallX };
                    self.push_jump(op, f, label_of(m.args(c)[1]));
                    return Ok(1);
                }
                [l, c, ..] if l.op == Gen::Line && c.op == Gen::Call => {
                    self.line(m.args(l)[0]);
                    let op = if from_y { Op::MoveCallY } else { Op::MoveCallX };
                    self.push_jump(op, f, label_of(m.args(c)[1]));
                    return Ok(2);
                }
                _ => {}
            }
        }
        let [(to_y, t)] = self.registers([to]);
        // Two moves in a row.
        if let Some(next) = rest.first().filter(|i| i.op == Gen::Move) {
            let [a, b] = [m.args(next)[0], m.args(next)[1]];
            if let (Some((a_y, a)), Some((b_y, b))) = (register(a), register(b))
                && !self.starts_call(&rest[1..], b_y, b)
            {
                let ops = [
                    Op::Move2XXXX,
                    Op::Move2XXXY,
                    Op::Move2XXYX,
                    Op::Move2XXYY,
                    Op::Move2XYXX,
                    Op::Move2XYXY,
                    Op::Move2XYYX,
                    Op::Move2XYYY,
                    Op::Move2YXXX,
                    Op::Move2YXXY,
                    Op::Move2YXYX,
                    Op::Move2YXYY,
                    Op::Move2YYXX,
                    Op::Move2YYXY,
                    Op::Move2YYYX,
                    Op::Move2YYYY,
                ];
                self.push_op(pick(&ops, &[from_y, to_y, a_y, b_y]), f, t, a);
                self.out.push(b as Word);
                return Ok(1);
            }
        }
        let ops = [Op::MoveXX, Op::MoveXY, Op::MoveYX, Op::MoveYY];
        self.push_op(pick(&ops, &[from_y, to_y]), f, t, 0);
        Ok(0)
    }

    /// Whether a move to this register is better joined with the call or return behind it.
    fn starts_call(&self, rest: &[Instr], to_y: bool, to: usize) -> bool {
        !to_y
            && to == 0
            && rest
                .iter()
                .find(|i| i.op != Gen::Line)
                .is_some_and(|i| matches!(i.op, Gen::Call | Gen::Return | Gen::Deallocate))
    }

    /// Two or three elements of the same tuple in a row; how many further instructions that takes.
    fn get_elements(
        &mut self,
        from: Operand,
        index: usize,
        to: Operand,
        rest: &[Instr],
    ) -> Option<usize> {
        let m = self.m;
        let from = from.untyped();
        let mut parts = vec![(index, to.untyped())];
        for next in rest.iter().take(2) {
            let before = parts.last().map(|p| p.1);
            match (next.op, m.args(next)) {
                (Gen::GetTupleElement, [f, i, to])
                    if f.untyped() == from && before != Some(from) =>
                {
                    parts.push((number(*i), to.untyped()));
                }
                _ => break,
            }
        }
        if parts.len() < 2 || parts.iter().any(|(i, _)| *i > 0xFFFF) {
            return None;
        }
        let (y, f) = register(from)?;
        let to_x = parts.iter().all(|(_, to)| packed(*to) & DST_Y == 0);
        let op = match (parts.len(), y, to_x) {
            (2, false, true) => Op::GetTwoElementsX,
            (2, false, false) => Op::GetTwoElementsXAny,
            (2, true, _) => Op::GetTwoElementsY,
            (_, false, true) => Op::GetThreeElementsX,
            (_, false, false) => Op::GetThreeElementsXAny,
            (_, true, _) => Op::GetThreeElementsY,
        };
        self.push_op(op, f, parts[0].0, packed(parts[0].1));
        let further = parts[1..].iter().rev();
        self.out.push(further.fold(0, |w, (i, to)| {
            w << 32 | (packed(*to) as Word) << 16 | *i as Word
        }));
        Some(parts.len() - 1)
    }

    fn get_tuple_element(
        &mut self,
        from: Operand,
        index: usize,
        to: Operand,
    ) -> Result<(), LowerError> {
        if index > 0xFFFF {
            self.push_op(Op::GetTupleElementFar, packed(from), packed(to), 0);
            self.out.push(index as Word);
            return Ok(());
        }
        let [f, t] = self.registers([from, to]);
        let ops = [
            Op::GetTupleElementXX,
            Op::GetTupleElementXY,
            Op::GetTupleElementYX,
            Op::GetTupleElementYY,
        ];
        self.push_op(pick(&ops, &[f.0, t.0]), f.1, index, t.1);
        Ok(())
    }

    fn guard_bif(
        &mut self,
        fail: Operand,
        live: usize,
        e: &'static Export,
        sources: &[Operand],
        to: Operand,
    ) -> Result<(), LowerError> {
        let mut words = Vec::with_capacity(3);
        for s in sources {
            words.push(self.source(*s)?);
        }
        // Instructions for usual kinds of operands have constants that are small integers, and put their result into an
        // X register. Those for any kind are what two Y registers get.
        let mut kinds: Vec<_> = sources.iter().map(|o| register(*o).map(|r| r.0)).collect();
        let usual =
            |(kind, w): (&Option<bool>, &Word)| kind.is_some() || w & IMMEDIATE_MASK == TAG_SMALL;
        if packed(to) & DST_Y != 0 || !kinds.iter().zip(&words).all(usual) {
            kinds.fill(Some(true));
        }
        let op = special(e, &kinds);
        let extra = if matches!(op, Op::BifSame | Op::BifIsMapKey) {
            2
        } else {
            0
        };
        let start = self.push_op(op, live, sources.len() | extra << 8, packed(to));
        self.push_label(start, label_of(fail));
        self.push_export(e);
        self.out.extend(words);
        if extra > 0 {
            let equal = e.function.name() != "=/=";
            self.out
                .extend([Term::bool(equal).raw(), Term::bool(!equal).raw()]);
        }
        Ok(())
    }

    fn floats(&mut self, op: Gen, args: &[Operand]) -> Result<Option<usize>, LowerError> {
        let fr = |o: Operand| match o {
            Operand::FloatReg(r) => usize::from(r),
            _ => 0,
        };
        let is_fr = |o: Operand| matches!(o, Operand::FloatReg(_));
        match (op, args) {
            (Gen::Fmove, [from, to]) if is_fr(*from) && is_fr(*to) => {
                self.push_op(Op::Fmove, fr(*from), fr(*to), 0);
            }
            (Gen::Fmove, [from, to]) if is_fr(*from) => {
                self.push_op(Op::FmoveOut, fr(*from), packed(*to), 0);
            }
            (Gen::Fmove, [from, to]) => {
                self.push_op(Op::FmoveIn, fr(*to), 0, 0);
                self.push_source(*from)?;
            }
            (Gen::Fconv, [from, to]) => {
                self.push_op(Op::Fconv, fr(*to), 0, 0);
                self.push_source(*from)?;
            }
            (Gen::Fadd | Gen::Fsub | Gen::Fmul | Gen::Fdiv, [fail, l, r, to]) => {
                let op = match op {
                    Gen::Fadd => Op::FaddOp,
                    Gen::Fsub => Op::FsubOp,
                    Gen::Fmul => Op::FmulOp,
                    _ => Op::FdivOp,
                };
                let start = self.push_op(op, fr(*l), fr(*r), fr(*to));
                self.push_label(start, label_of(*fail));
            }
            (Gen::Fnegate, [fail, v, to]) => {
                let start = self.push_op(Op::FnegateOp, fr(*v), fr(*v), fr(*to));
                self.push_label(start, label_of(*fail));
            }
            _ => return Ok(None),
        }
        Ok(Some(0))
    }
}

/// The order of two constant keys in a flat map.
fn flat_order(a: Word, b: Word) -> std::cmp::Ordering {
    // SAFETY: constants of the module.
    let key = |w| unsafe { Term::from_raw(w) };
    corten_term::compare::cmp_flat_keys(key(a), key(b))
}

/// The instruction for a guard BIF; `kinds` says for each source whether it is a Y register, nothing for constants.
fn special(e: &Export, kinds: &[Option<bool>]) -> Op {
    const X: Option<bool> = Some(false);
    const Y: Option<bool> = Some(true);
    const C: Option<bool> = None;
    match (e.function.name(), kinds) {
        ("+", [X, C]) => Op::AddXC,
        ("+", [X, X]) => Op::AddXX,
        ("+", [X, Y]) => Op::AddXY,
        ("+", [Y, X]) => Op::AddYX,
        ("+", [_, _]) => Op::Add,
        ("-", [X, C]) => Op::SubXC,
        ("-", [Y, C]) => Op::SubYC,
        ("-", [C, X]) => Op::SubCX,
        ("-", [X, X]) => Op::SubXX,
        ("-", [_, _]) => Op::Sub,
        ("*", [X, X]) => Op::MulXX,
        ("*", [X, C]) => Op::MulXC,
        ("*", [_, _]) => Op::Mul,
        ("div", [X, X]) => Op::DivXX,
        ("div", [X, C]) => Op::DivXC,
        ("div", [_, _]) => Op::Div,
        ("rem", [X, X]) => Op::RemXX,
        ("rem", [X, C]) => Op::RemXC,
        ("rem", [_, _]) => Op::Rem,
        ("band", [X, X]) => Op::BandXX,
        ("band", [X, C]) => Op::BandXC,
        ("band", [_, _]) => Op::Band,
        ("bor", [X, X]) => Op::BorXX,
        ("bor", [X, C]) => Op::BorXC,
        ("bor", [_, _]) => Op::Bor,
        ("bxor", [X, X]) => Op::BxorXX,
        ("bxor", [X, C]) => Op::BxorXC,
        ("bxor", [_, _]) => Op::Bxor,
        ("bsl", [X, X]) => Op::BslXX,
        ("bsl", [X, C]) => Op::BslXC,
        ("bsl", [_, _]) => Op::Bsl,
        ("bsr", [X, X]) => Op::BsrXX,
        ("bsr", [X, C]) => Op::BsrXC,
        ("bsr", [_, _]) => Op::Bsr,
        ("/", [_, _]) => Op::DivFloat,
        ("abs", [X]) => Op::BifAbsX,
        ("abs", [_]) => Op::BifAbs,
        ("-", [_]) => Op::BifNegate,
        ("max", [_, _]) => Op::BifMax,
        ("min", [_, _]) => Op::BifMin,
        ("byte_size", [_]) => Op::BifByteSize,
        ("map_get", [_, _]) => Op::BifMapGet,
        ("is_map_key", [_, _]) => Op::BifIsMapKey,
        ("element", [X, X]) => Op::BifElementXX,
        ("element", [_, _]) => Op::BifElement,
        ("hd", [_]) => Op::BifHd,
        ("tl", [_]) => Op::BifTl,
        ("tuple_size", [_]) => Op::BifTupleSize,
        ("map_size", [_]) => Op::BifMapSize,
        ("=:=" | "=/=", [_, _]) => Op::BifSame,
        _ => Op::GuardBif,
    }
}
