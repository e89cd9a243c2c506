//! Lowering of calls, frames, jumps, tests, selection, exceptions and receive.

use super::*;
use corten_term::am;
use corten_term::layout::*;

/// The X and Y variants of a test on one register.
fn test_ops(op: Gen) -> Option<(Op, Op)> {
    Some(match op {
        Gen::IsNil => (Op::IsNilX, Op::IsNilY),
        Gen::IsNonemptyList => (Op::IsNonemptyListX, Op::IsNonemptyListY),
        Gen::IsList => (Op::IsListX, Op::IsListY),
        Gen::IsAtom => (Op::IsAtomX, Op::IsAtomY),
        Gen::IsBoolean => (Op::IsBooleanX, Op::IsBooleanY),
        Gen::IsInteger => (Op::IsIntegerX, Op::IsIntegerY),
        Gen::IsFloat => (Op::IsFloatX, Op::IsFloatY),
        Gen::IsNumber => (Op::IsNumberX, Op::IsNumberY),
        Gen::IsTuple => (Op::IsTupleX, Op::IsTupleY),
        Gen::IsMap => (Op::IsMapX, Op::IsMapY),
        Gen::IsAnyNativeRecord => (Op::IsRecordX, Op::IsRecordY),
        Gen::IsFunction => (Op::IsFunctionX, Op::IsFunctionY),
        Gen::IsBitstr => (Op::IsBitstrX, Op::IsBitstrY),
        Gen::IsBinary => (Op::IsBinaryX, Op::IsBinaryY),
        Gen::IsPid => (Op::IsPidX, Op::IsPidY),
        Gen::IsPort => (Op::IsPortX, Op::IsPortY),
        Gen::IsReference => (Op::IsReferenceX, Op::IsReferenceY),
        _ => return None,
    })
}

/// `erlang:apply/3`: a tail call of it has an instruction of its own.
fn is_apply_list(e: &Export) -> bool {
    e.module == am::erlang && e.function == am::apply && e.arity == 3
}

/// The outcome of a test on a constant.
fn holds(op: Gen, t: Term<'_>) -> bool {
    match op {
        Gen::IsNil => t.is_nil(),
        Gen::IsNonemptyList => t.is_cons(),
        Gen::IsList => t.is_list(),
        Gen::IsAtom => t.is_atom(),
        Gen::IsBoolean => t.as_bool().is_some(),
        Gen::IsInteger => t.is_integer(),
        Gen::IsFloat => t.is_float(),
        Gen::IsNumber => t.is_number(),
        Gen::IsTuple => t.is_tuple(),
        Gen::IsMap => t.is_map(),
        Gen::IsAnyNativeRecord => t.is_record(),
        Gen::IsFunction => t.is_fun(),
        Gen::IsBitstr => t.is_bitstring(),
        Gen::IsBinary => t.is_binary(),
        Gen::IsPid => t.is_pid(),
        Gen::IsPort => t.is_port(),
        Gen::IsReference => t.is_reference(),
        _ => false,
    }
}

impl Lowering<'_> {
    /// Lowers an instruction of control flow; `None` if it is none.
    pub(super) fn control(
        &mut self,
        op: Gen,
        args: &[Operand],
        rest: &[Instr],
    ) -> Result<Option<usize>, LowerError> {
        match (op, args) {
            (Gen::Call, [_, f]) => {
                self.push_jump(Op::Call, 0, label_of(*f));
            }
            (Gen::CallOnly, [_, f]) => {
                self.push_jump(Op::CallOnly, 0, label_of(*f));
            }
            (Gen::CallLast, [_, f, d]) => {
                self.push_jump(Op::CallLast, number(*d), label_of(*f));
            }
            (Gen::CallExt, [_, import]) => {
                let e = self.imports[number(*import)];
                let op = if e.native().is_some() {
                    Op::CallBif
                } else {
                    Op::CallExt
                };
                self.push_op(op, usize::from(e.arity), 0, 0);
                self.push_export(e);
            }
            (Gen::CallExtOnly, [_, import]) => {
                let e = self.imports[number(*import)];
                if is_apply_list(e) {
                    self.push_op(Op::ApplyListLast, 0, 0, 0);
                } else if e.native().is_some() {
                    self.push_op(Op::CallBif, usize::from(e.arity), 0, 0);
                    self.push_export(e);
                    self.push_op(Op::Return, 0, 0, 0);
                } else {
                    self.push_op(Op::CallExtOnly, 0, 0, 0);
                    self.push_export(e);
                }
            }
            (Gen::CallExtLast, [_, import, d]) => {
                let e = self.imports[number(*import)];
                if is_apply_list(e) {
                    self.push_op(Op::ApplyListLast, 0, number(*d), 0);
                } else if e.native().is_some() {
                    self.push_op(Op::CallBif, usize::from(e.arity), 0, 0);
                    self.push_export(e);
                    self.push_op(Op::DeallocateReturn, number(*d), 0, 0);
                } else {
                    self.push_op(Op::CallExtLast, number(*d), 0, 0);
                    self.push_export(e);
                }
            }
            (Gen::Apply, [n]) => {
                self.push_op(Op::Apply, number(*n), 0, 0);
            }
            (Gen::ApplyLast, [n, d]) => {
                self.push_op(Op::ApplyLast, number(*n), number(*d), 0);
            }
            (Gen::CallFun, [n]) => {
                return self
                    .call_fun(*n, Operand::X(number(*n) as u16), rest)
                    .map(Some);
            }
            (Gen::CallFun2, [_, n, f]) => return self.call_fun(*n, *f, rest).map(Some),
            (Gen::Return, []) => {
                self.push_op(Op::Return, 0, 0, 0);
            }
            (Gen::Deallocate, [n]) => {
                if rest.first().is_some_and(|i| i.op == Gen::Return) {
                    self.push_op(Op::DeallocateReturn, number(*n), 0, 0);
                    return Ok(Some(1));
                }
                self.push_op(Op::Deallocate, number(*n), 0, 0);
            }
            (Gen::Allocate, [frame, live]) => self.allocate(*frame, 0, *live)?,
            (Gen::AllocateHeap, [frame, heap, live]) => {
                self.allocate(*frame, heap_words(*heap), *live)?;
            }
            (Gen::TestHeap, [heap, live]) => self.test_heap(heap_words(*heap), *live)?,
            (Gen::Trim, [n, _]) => {
                self.push_op(Op::Trim, number(*n), 0, 0);
            }
            (Gen::Jump, [to]) => {
                self.push_jump(Op::Jump, 0, label_of(*to));
            }
            (Gen::Catch | Gen::Try, [y, to]) => {
                self.push_jump(Op::Catch, packed(*y) & !DST_Y, label_of(*to));
            }
            (Gen::CatchEnd, [y]) => {
                self.push_op(Op::CatchEnd, packed(*y) & !DST_Y, 0, 0);
            }
            (Gen::TryEnd, [y]) => {
                self.push_op(Op::TryEnd, packed(*y) & !DST_Y, 0, 0);
            }
            (Gen::TryCase, [y]) => {
                self.push_op(Op::TryCase, packed(*y) & !DST_Y, 0, 0);
            }
            (Gen::Raise, [trace, reason]) => {
                self.push_op(Op::Raise, 0, 0, 0);
                self.push_source(*trace)?;
                self.push_source(*reason)?;
            }
            (Gen::RawRaise, _) => {
                self.push_op(Op::RawRaise, 0, 0, 0);
            }
            (Gen::BuildStacktrace, _) => {
                self.push_op(Op::BuildStacktrace, 0, 0, 0);
            }
            (Gen::Badmatch, [v]) => self.error_with(am::badmatch, *v)?,
            (Gen::CaseEnd, [v]) => self.error_with(am::case_clause, *v)?,
            (Gen::TryCaseEnd, [v]) => self.error_with(am::try_clause, *v)?,
            (Gen::Badrecord, [v]) => self.error_with(am::badrecord, *v)?,
            (Gen::IfEnd, []) => {
                self.push_op(Op::ErrorPlain, 0, 0, 0);
                self.out.push(Term::atom(am::if_clause).raw());
            }
            (Gen::SelectVal, [v, fail, list]) => self.select_val(*v, *fail, *list, rest)?,
            (Gen::SelectTupleArity, [v, fail, list]) => self.select_arity(*v, *fail, *list)?,
            (Gen::Send, []) => {
                // OTP names this one in stack traces of `!`.
                let e = export(am::erlang, am::send, 2);
                self.push_op(Op::Send, 2, 0, 0);
                self.push_export(e);
            }
            (Gen::LoopRec, [to, d]) => {
                self.push_jump(Op::LoopRec, packed(*d), label_of(*to));
            }
            (Gen::LoopRecEnd, [to]) => {
                self.push_jump(Op::LoopRecEnd, 0, label_of(*to));
            }
            (Gen::Wait, [to]) => {
                self.push_jump(Op::Wait, 0, label_of(*to));
            }
            (Gen::WaitTimeout, [to, time]) => {
                self.push_jump(Op::WaitTimeout, 0, label_of(*to));
                self.push_source(*time)?;
            }
            (Gen::RemoveMessage, _) => {
                self.push_op(Op::RemoveMessage, 0, 0, 0);
            }
            (Gen::Timeout, _) => {
                self.push_op(Op::Timeout, 0, 0, 0);
            }
            (Gen::RecvMarkerReserve, [d]) => {
                self.push_op(Op::MarkerReserve, packed(*d), 0, 0);
            }
            (Gen::RecvMarkerBind, [marker, reference]) => {
                self.push_op(Op::MarkerBind, 0, 0, 0);
                self.push_source(*marker)?;
                self.push_source(*reference)?;
            }
            (Gen::RecvMarkerClear, [r]) => {
                self.push_op(Op::MarkerClear, 0, 0, 0);
                self.push_source(*r)?;
            }
            (Gen::RecvMarkerUse, [r]) => {
                self.push_op(Op::MarkerUse, 0, 0, 0);
                self.push_source(*r)?;
            }
            _ => return self.tests(op, args, rest),
        }
        Ok(Some(0))
    }

    /// The compiler has no tail call of a fun: what it writes instead becomes one here.
    fn call_fun(&mut self, n: Operand, f: Operand, rest: &[Instr]) -> Result<usize, LowerError> {
        let m = self.m;
        if let [d, r, ..] = rest
            && d.op == Gen::Deallocate
            && r.op == Gen::Return
        {
            let frame = number(m.args(d)[0]);
            self.push_op(Op::CallFun2Last, number(n), frame, 0);
            self.push_source(f)?;
            return Ok(2);
        }
        self.push_op(Op::CallFun2, number(n), 0, 0);
        self.push_source(f)?;
        Ok(0)
    }

    fn error_with(&mut self, tag: Atom, v: Operand) -> Result<(), LowerError> {
        self.push_op(Op::ErrorWith, 0, 0, 0);
        self.out.push(Term::atom(tag).raw());
        self.push_source(v)
    }

    fn allocate(&mut self, frame: Operand, heap: usize, live: Operand) -> Result<(), LowerError> {
        let op = if self.stress {
            Op::AllocateStress
        } else {
            Op::Allocate
        };
        let fits = heap <= 0xFFFF;
        let here = if fits { heap } else { 0 };
        self.push_op(op, number(frame), number(live), here);
        if !fits {
            self.test_heap(heap, live)?;
        }
        Ok(())
    }

    pub(super) fn test_heap(&mut self, heap: usize, live: Operand) -> Result<(), LowerError> {
        let op = if self.stress {
            Op::TestHeapStress
        } else {
            Op::TestHeap
        };
        self.push_wide(op, number(live), heap)?;
        Ok(())
    }

    /// A type test and the access behind it that it allows, as one instruction.
    fn test_and_access(&mut self, op: Gen, args: &[Operand], rest: &[Instr]) -> bool {
        let m = self.m;
        let ([fail, v], Some(next)) = (args, rest.first()) else {
            return false;
        };
        let (fail, v, more) = (self.must(*fail), v.untyped(), m.args(next));
        let (on_y, r) = match v {
            Operand::X(r) => (false, usize::from(r)),
            Operand::Y(r) => (true, usize::from(r)),
            _ => return false,
        };
        match (op, next.op, more) {
            (Gen::IsNonemptyList, Gen::GetList, [from, head, tail]) if from.untyped() == v => {
                let (head, tail) = (packed(*head), packed(*tail));
                let op = match (on_y, (head | tail) & DST_Y) {
                    (false, 0) => Op::NonemptyGetListXXX,
                    (false, _) => Op::NonemptyGetListX,
                    _ => Op::NonemptyGetListY,
                };
                self.push_jump(op, r, fail);
                self.out.push((head | tail << 16) as Word);
            }
            (Gen::IsTuple, Gen::TestArity, [other, w, n])
                if w.untyped() == v && self.must(*other) == fail =>
            {
                let op = if on_y {
                    Op::IsTupleOfArityY
                } else {
                    Op::IsTupleOfArityX
                };
                self.push_jump(op, r, fail);
                self.out.push(header(sub::TUPLE, number(*n)));
            }
            _ => return false,
        }
        true
    }

    fn tests(
        &mut self,
        op: Gen,
        args: &[Operand],
        rest: &[Instr],
    ) -> Result<Option<usize>, LowerError> {
        if self.test_and_access(op, args, rest) {
            return Ok(Some(1));
        }
        if let (Some((on_x, on_y)), [fail, v]) = (test_ops(op), args) {
            let fail = self.must(*fail);
            match v.untyped() {
                Operand::X(r) => {
                    self.push_jump(on_x, usize::from(r), fail);
                }
                Operand::Y(r) => {
                    self.push_jump(on_y, usize::from(r), fail);
                }
                constant => {
                    let w = self.source(constant)?;
                    // SAFETY: a constant of the module.
                    if !holds(op, unsafe { Term::from_raw(w) }) {
                        self.push_jump(Op::Jump, 0, fail);
                    }
                }
            }
            return Ok(Some(0));
        }
        match (op, args) {
            (Gen::TestArity, [fail, v, n]) => {
                let w = header(sub::TUPLE, number(*n));
                self.on_register(*fail, *v, (Op::TestArityX, Op::TestArityY), &[w])?;
            }
            (Gen::IsTaggedTuple, [fail, v, n, tag]) => {
                let words = [header(sub::TUPLE, number(*n)), self.source(*tag)?];
                self.on_register(*fail, *v, (Op::IsTaggedTupleX, Op::IsTaggedTupleY), &words)?;
            }
            (Gen::IsFunction2, [fail, v, n]) => {
                let fail = self.must(*fail);
                self.push_jump(Op::IsFunction2, 0, fail);
                self.push_source(*v)?;
                self.push_source(*n)?;
            }
            (Gen::IsEqExact, [fail, l, r]) => {
                let ops = (Op::EqImmediateX, Op::EqImmediateY);
                self.equality(*fail, *l, *r, Op::IsEqExact, ops)?;
            }
            (Gen::IsNeExact, [fail, l, r]) => {
                let ops = (Op::NeImmediateX, Op::NeImmediateY);
                self.equality(*fail, *l, *r, Op::IsNeExact, ops)?;
            }
            (Gen::IsEq, [fail, l, r]) => self.compare(Op::IsEq, *fail, *l, *r)?,
            (Gen::IsNe, [fail, l, r]) => self.compare(Op::IsNe, *fail, *l, *r)?,
            (Gen::IsLt, [fail, l, r]) => {
                let ops = [Op::IsLt, Op::IsLtXC, Op::IsLtCX, Op::IsLtXX];
                self.order(ops, *fail, *l, *r)?;
            }
            (Gen::IsGe, [fail, l, r]) => {
                let ops = [Op::IsGe, Op::IsGeXC, Op::IsGeCX, Op::IsGeXX];
                self.order(ops, *fail, *l, *r)?;
            }
            _ => return Ok(None),
        }
        Ok(Some(0))
    }

    /// A test on one register, with more words behind.
    fn on_register(
        &mut self,
        fail: Operand,
        v: Operand,
        (on_x, on_y): (Op, Op),
        words: &[Word],
    ) -> Result<(), LowerError> {
        let fail = self.must(fail);
        match v.untyped() {
            Operand::X(r) => {
                self.push_jump(on_x, usize::from(r), fail);
            }
            Operand::Y(r) => {
                self.push_jump(on_y, usize::from(r), fail);
            }
            constant => {
                let w = self.source(constant)?;
                // SAFETY: a constant of the module.
                let t = unsafe { Term::from_raw(w) };
                let tag = words.get(1);
                let same = t.boxed_header() == words.first().copied()
                    && tag.is_none_or(|tag| {
                        t.as_tuple()
                            .and_then(<[_]>::first)
                            .is_some_and(|e| e.raw() == *tag)
                    });
                if !same {
                    self.push_jump(Op::Jump, 0, fail);
                }
                return Ok(());
            }
        }
        self.out.extend(words);
        Ok(())
    }

    fn equality(
        &mut self,
        fail: Operand,
        l: Operand,
        r: Operand,
        general: Op,
        immediate: (Op, Op),
    ) -> Result<(), LowerError> {
        for (register, constant) in [(l, r), (r, l)] {
            if matches!(register.untyped(), Operand::X(_) | Operand::Y(_)) {
                let w = self.source(constant)?;
                if w & PRIMARY_MASK == PRIMARY_IMMEDIATE {
                    return self.on_register(fail, register, immediate, &[w]);
                }
            }
        }
        let general = match general {
            Op::IsEqExact => order_op(l, r, [general, Op::IsEqExactXC, general, Op::IsEqExactXX]),
            _ => order_op(l, r, [general, general, general, Op::IsNeExactXX]),
        };
        self.compare(general, fail, l, r)
    }

    /// A comparison that has instructions for constants that are small integers.
    fn order(
        &mut self,
        ops: [Op; 4],
        fail: Operand,
        l: Operand,
        r: Operand,
    ) -> Result<(), LowerError> {
        let mut op = order_op(l, r, ops);
        if (op == ops[1] && self.source(r)? & IMMEDIATE_MASK != TAG_SMALL)
            || (op == ops[2] && self.source(l)? & IMMEDIATE_MASK != TAG_SMALL)
        {
            op = ops[0];
        }
        self.compare(op, fail, l, r)
    }

    fn compare(&mut self, op: Op, fail: Operand, l: Operand, r: Operand) -> Result<(), LowerError> {
        let fail = self.must(fail);
        self.push_jump(op, 0, fail);
        self.push_source(l)?;
        self.push_source(r)
    }

    /// The selection on the same value that a selection fails to, if that is what its label has.
    fn next_selection(&self, v: Operand, fail: u32, rest: &[Instr]) -> Option<[Operand; 2]> {
        let m = self.m;
        let is_label = |i: &Instr| i.op == Gen::Label && m.args(i) == [Operand::U(fail.into())];
        let at = rest.iter().position(is_label)?;
        let next = rest.get(at + 1).filter(|i| i.op == Gen::SelectVal)?;
        match m.args(next) {
            [w, fail, list] if w.untyped() == v.untyped() => Some([*fail, *list]),
            _ => None,
        }
    }

    fn select_val(
        &mut self,
        v: Operand,
        fail: Operand,
        list: Operand,
        rest: &[Instr],
    ) -> Result<(), LowerError> {
        let m = self.m;
        let mut cases: Vec<(Word, u32)> = Vec::new();
        let (mut fail, mut list) = (self.must(fail), list);
        let mut first = true;
        // The compiler splits large selections: one of all cases is faster.
        loop {
            let pairs = list_of(list).map_or(&[][..], |r| m.list(r));
            for pair in pairs.chunks_exact(2) {
                let w = self.source(pair[0])?;
                if first || cases.iter().all(|c| c.0 != w) {
                    cases.push((w, label_of(pair[1])));
                }
            }
            let Some([further, more]) = self.next_selection(v, fail, rest) else {
                break;
            };
            (fail, list, first) = (self.must(further), more, false);
        }
        let simple = cases
            .iter()
            .all(|(w, _)| w & PRIMARY_MASK == PRIMARY_IMMEDIATE);
        let register = matches!(v.untyped(), Operand::X(_) | Operand::Y(_));
        if !simple || !register || cases.is_empty() {
            for (w, label) in cases {
                // Jumps when the two are equal.
                self.push_jump(Op::IsNeExact, 0, label);
                self.push_source(v)?;
                self.out.push(w);
            }
            self.push_jump(Op::Jump, 0, fail);
            return Ok(());
        }
        if let Operand::X(r) = v.untyped()
            && self.membership(usize::from(r), fail, &cases, rest)
        {
            return Ok(());
        }
        let is_y = matches!(v.untyped(), Operand::Y(_));
        let number = packed(v) & !DST_Y;
        if let Some((low, span)) = dense(&cases) {
            let op = if is_y { Op::JumpTableY } else { Op::JumpTableX };
            let start = self.push_wide(op, number, span)?;
            self.push_label(start, fail);
            self.out.push(Term::small(low).raw());
            let mut targets = vec![fail; span];
            for (w, label) in &cases {
                targets[((*w as i64 >> 4) - low) as usize] = *label;
            }
            self.push_label(start, most_frequent(&targets));
            for to in targets {
                self.push_label(start, to);
            }
            return Ok(());
        }
        cases.sort_unstable_by_key(|(w, _)| *w);
        let op = if is_y { Op::SelectValY } else { Op::SelectValX };
        let start = self.push_wide(op, number, cases.len())?;
        self.push_label(start, fail);
        self.out.extend(cases.iter().map(|(w, _)| *w));
        for (_, label) in cases {
            self.push_label(start, label);
        }
        Ok(())
    }

    /// Lowers a selection of integers close to each other that all lead to the same place to a test; whether it is one.
    fn membership(&mut self, x: usize, fail: u32, cases: &[(Word, u32)], rest: &[Instr]) -> bool {
        let Some((low, high)) = integers(cases) else {
            return false;
        };
        let to = cases[0].1;
        let bits = match high.checked_sub(low) {
            Some(0..=63) => 64,
            Some(0..=255) => 256,
            _ => return false,
        };
        if cases.len() < 2 || cases.iter().any(|c| c.1 != to) {
            return false;
        }
        let m = self.m;
        let is_next = |label: u32| {
            let labels = rest.iter().take_while(|i| i.op == Gen::Label);
            labels
                .into_iter()
                .any(|i| m.args(i) == [Operand::U(label.into())])
        };
        let ops = match (is_next(fail) && !is_next(to), bits) {
            (false, 64) => (Op::Member, fail),
            (false, _) => (Op::MemberWide, fail),
            (true, 64) => (Op::NotMember, to),
            (true, _) => (Op::NotMemberWide, to),
        };
        self.push_jump(ops.0, x, ops.1);
        self.out.push(Term::small(low).raw());
        let mut set = vec![0; bits / 64];
        for (w, _) in cases {
            let i = ((*w as i64 >> 4) - low) as usize;
            set[i / 64] |= 1 << (i % 64);
        }
        self.out.extend(set);
        if ops.1 == fail && !is_next(to) {
            self.push_jump(Op::Jump, 0, to);
        }
        true
    }

    fn select_arity(&mut self, v: Operand, fail: Operand, list: Operand) -> Result<(), LowerError> {
        let m = self.m;
        let pairs = list_of(list).map_or(&[][..], |r| m.list(r));
        let op = match v.untyped() {
            Operand::Y(_) => Op::SelectTupleArityY,
            _ => Op::SelectTupleArityX,
        };
        let start = self.push_wide(op, packed(v) & !DST_Y, pairs.len() / 2)?;
        self.push_fail(start, fail);
        for pair in pairs.chunks_exact(2) {
            self.out.push(header(sub::TUPLE, number(pair[0])));
        }
        for pair in pairs.chunks_exact(2) {
            self.push_label(start, label_of(pair[1]));
        }
        Ok(())
    }
}

/// The label that occurs most often.
fn most_frequent(labels: &[u32]) -> u32 {
    let mut sorted = labels.to_vec();
    sorted.sort_unstable();
    let runs = sorted.chunk_by(|a, b| a == b);
    runs.max_by_key(|run| run.len()).map_or(0, |run| run[0])
}

/// The least and the greatest of the cases if all are small integers.
fn integers(cases: &[(Word, u32)]) -> Option<(i64, i64)> {
    if cases.iter().any(|(w, _)| w & IMMEDIATE_MASK != TAG_SMALL) {
        return None;
    }
    let values = || cases.iter().map(|(w, _)| *w as i64 >> 4);
    Some((values().min()?, values().max()?))
}

/// Lowest value and length of a jump table, if the cases are integers close enough to each other.
fn dense(cases: &[(Word, u32)]) -> Option<(i64, usize)> {
    let (low, high) = integers(cases).filter(|_| cases.len() > 2)?;
    let span = usize::try_from(high.checked_sub(low)?)
        .ok()?
        .checked_add(1)?;
    (span <= cases.len() * 3 + 4).then_some((low, span))
}

/// Of general, X and constant, constant and X, X and X.
fn order_op(l: Operand, r: Operand, [general, xc, cx, xx]: [Op; 4]) -> Op {
    let is_x = |o: Operand| matches!(o.untyped(), Operand::X(_));
    let is_y = |o: Operand| matches!(o.untyped(), Operand::Y(_));
    match (is_x(l), is_x(r)) {
        (true, true) => xx,
        (true, false) if !is_y(r) => xc,
        (false, true) if !is_y(l) => cx,
        _ => general,
    }
}
