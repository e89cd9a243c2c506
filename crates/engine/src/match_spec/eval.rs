//! Running the compiled form against one term.

use super::expr::{Action, Expr, Function, Pattern};
use super::{Context, Value, Wanted};
use corten_term::{Heap, Kind, Term, am, arith, compare, copy, map};
use std::cell::Cell;

/// Matches `t`, binding variables.
pub fn matches<'s>(pattern: &'s Pattern, t: Term<'s>, bindings: &mut [Term<'s>]) -> bool {
    match pattern {
        Pattern::Any => true,
        Pattern::Bind(n) => {
            bindings[*n] = t;
            true
        }
        Pattern::Same(n) => compare::exact_eq(bindings[*n], t),
        Pattern::Constant(c) => compare::exact_eq(c.term(), t),
        Pattern::Tuple(size, parts) => t.as_tuple().is_some_and(|e| {
            // What is met most is decided here, without a call of itself.
            e.len() == *size
                && parts.iter().all(|(i, p)| match p {
                    Pattern::Bind(n) => {
                        bindings[*n] = e[*i];
                        true
                    }
                    Pattern::Constant(c) => compare::exact_eq(c.term(), e[*i]),
                    p => matches(p, e[*i], bindings),
                })
        }),
        Pattern::List(heads, tail) => {
            let mut t = t;
            for p in heads {
                let Some((head, rest)) = t.as_cons() else {
                    return false;
                };
                if !matches(p, head, bindings) {
                    return false;
                }
                t = rest;
            }
            matches(tail, t, bindings)
        }
        Pattern::Map(pairs) => {
            t.is_map()
                && pairs
                    .iter()
                    .all(|(k, p)| map::get(t, k.term()).is_some_and(|v| matches(p, v, bindings)))
        }
    }
}

/// What an expression can see.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'f, 's> {
    pub object: Term<'s>,
    pub bindings: &'f [Term<'s>],
    pub scratch: &'s Heap,
    pub context: Context<'f>,
    pub notes: &'f Notes<'s>,
}

/// What actions have said so far.
#[derive(Debug, Default)]
pub struct Notes<'s> {
    pub message: Cell<Option<Term<'s>>>,
    pub wanted: Cell<Wanted>,
}

/// A function failed: a guard is false then, a body's value is `'EXIT'`.
struct Failed;

impl From<arith::ArithError> for Failed {
    fn from(_: arith::ArithError) -> Failed {
        Failed
    }
}

impl<'s> Frame<'_, 's> {
    pub fn guard(&self, e: &'s Expr) -> bool {
        self.eval(e).is_ok_and(|t| t.is(am::true_))
    }

    /// The value of the last expression.
    pub fn body(&self, body: &'s [Expr]) -> Term<'s> {
        let mut value = Term::TRUE;
        for e in body {
            value = self.eval(e).unwrap_or(Term::atom(am::EXIT));
        }
        value
    }

    fn eval(&self, e: &'s Expr) -> Result<Term<'s>, Failed> {
        Ok(match e {
            Expr::Constant(c) => c.term(),
            Expr::Variable(n) => self.bindings[*n],
            Expr::Object => self.object,
            Expr::Tuple(v) => self.with_each(v, |t| Ok(self.scratch.tuple(t)))?,
            Expr::List(heads, tail) => self.with_each(heads, |heads| {
                Ok(self.scratch.list_with_tail(heads, self.operand(tail)?))
            })?,
            Expr::Map(pairs) => {
                let pairs = pairs
                    .iter()
                    .map(|(k, v)| Ok((self.eval(k)?, self.eval(v)?)))
                    .collect::<Result<Vec<_>, Failed>>()?;
                map::from_pairs(self.scratch, &pairs)
            }
            Expr::And(v) => Term::bool(self.booleans(v)?.0),
            Expr::Or(v) => Term::bool(self.booleans(v)?.1),
            Expr::AndAlso(v) => self.short(v, false)?,
            Expr::OrElse(v) => self.short(v, true)?,
            Expr::Call(f, v) => match &v[..] {
                [x] => self.call(*f, &[self.operand(x)?])?,
                [x, y] => self.call(*f, &[self.operand(x)?, self.operand(y)?])?,
                _ => self.with_each(v, |a| self.call(*f, a))?,
            },
            Expr::Act(action, v) => self.act(*action, &self.each(v)?)?,
        })
    }

    fn act(&self, action: Action, args: &[Term<'s>]) -> Result<Term<'s>, Failed> {
        let mut wanted = self.notes.wanted.get();
        match action {
            Action::Message => self.notes.message.set(args.first().copied()),
            Action::ReturnTrace => wanted.return_trace = true,
            Action::ExceptionTrace => wanted.exception_trace = true,
            _ => {
                let actor = self.context.actor.ok_or(Failed)?;
                return actor.act(action, args, self.scratch).ok_or(Failed);
            }
        }
        self.notes.wanted.set(wanted);
        Ok(Term::TRUE)
    }

    /// The same for what is no more than a variable or a constant, as most arguments are.
    #[inline(always)]
    fn operand(&self, e: &'s Expr) -> Result<Term<'s>, Failed> {
        match e {
            Expr::Variable(n) => Ok(self.bindings[*n]),
            Expr::Constant(c) => Ok(c.term()),
            e => self.eval(e),
        }
    }

    /// The value of the last expression, on `heap`. The others' are not asked for: they do nothing.
    #[inline]
    pub fn value<'h>(&self, body: &'s [Expr], heap: &'h Heap) -> Value<'h> {
        match body.last() {
            None => Value::Made(Term::TRUE),
            Some(Expr::Object) => Value::Object,
            Some(e) => Value::Made(self.build(e, heap).unwrap_or(Term::atom(am::EXIT))),
        }
    }

    /// The value of an expression, built where it is to be.
    fn build<'h>(&self, e: &'s Expr, heap: &'h Heap) -> Result<Term<'h>, Failed> {
        let to = |e| self.build_part(e, heap);
        match e {
            Expr::Tuple(v) => values(v, to, |t| Ok(heap.tuple(t))),
            Expr::List(heads, tail) => values(heads, to, |t| Ok(heap.list_with_tail(t, to(tail)?))),
            e => Ok(copy::copy(self.operand(e)?, heap)),
        }
    }
    #[inline(always)]
    fn build_part<'h>(&self, e: &'s Expr, heap: &'h Heap) -> Result<Term<'h>, Failed> {
        match e {
            Expr::Variable(n) => Ok(copy::copy(self.bindings[*n], heap)),
            e => self.build(e, heap),
        }
    }

    fn each(&self, v: &'s [Expr]) -> Result<Vec<Term<'s>>, Failed> {
        v.iter().map(|e| self.eval(e)).collect()
    }

    #[inline]
    fn with_each<R>(
        &self,
        v: &'s [Expr],
        f: impl FnOnce(&[Term<'s>]) -> Result<R, Failed>,
    ) -> Result<R, Failed> {
        values(v, |e| self.operand(e), f)
    }

    /// Whether all are true, and whether any is.
    fn booleans(&self, v: &'s [Expr]) -> Result<(bool, bool), Failed> {
        let (mut all, mut any) = (true, false);
        for e in v {
            let b = self.operand(e)?.as_bool().ok_or(Failed)?;
            (all, any) = (all & b, any | b);
        }
        Ok((all, any))
    }

    /// `andalso` and `orelse`: the last operand may be anything.
    fn short(&self, v: &'s [Expr], stop: bool) -> Result<Term<'s>, Failed> {
        let mut value = Term::bool(!stop);
        for (i, e) in v.iter().enumerate() {
            value = self.eval(e)?;
            if value.as_bool() == Some(stop) {
                break;
            }
            if value.as_bool().is_none() && i + 1 < v.len() {
                return Err(Failed);
            }
        }
        Ok(value)
    }

    fn call(&self, f: Function, a: &[Term<'s>]) -> Result<Term<'s>, Failed> {
        use Function::*;
        let h = self.scratch;
        let order = || compare::cmp(a[0], a[1]);
        Ok(match f {
            IsAtom => Term::bool(a[0].is_atom()),
            IsFloat => Term::bool(a[0].is_float()),
            IsInteger => Term::bool(a[0].is_integer()),
            IsList => Term::bool(a[0].is_list()),
            IsNumber => Term::bool(a[0].is_number()),
            IsPid => Term::bool(a[0].is_pid()),
            IsPort => Term::bool(a[0].is_port()),
            IsReference => Term::bool(a[0].is_reference()),
            IsTuple => Term::bool(a[0].is_tuple()),
            IsMap => Term::bool(a[0].is_map()),
            IsBinary => Term::bool(a[0].is_binary()),
            IsBitstring => Term::bool(a[0].is_bitstring()),
            IsBoolean => Term::bool(a[0].as_bool().is_some()),
            IsFunction => match a {
                [t] => Term::bool(t.is_fun()),
                _ => {
                    let arity = a[1].as_small().filter(|n| *n >= 0).ok_or(Failed)?;
                    Term::bool(a[0].as_fun().is_some_and(|f| i64::from(f.arity) == arity))
                }
            },
            IsRecord => {
                let tag = a[1].as_atom().ok_or(Failed)?;
                let size = a.get(2).map(|n| n.as_usize().ok_or(Failed)).transpose()?;
                Term::bool(a[0].as_tuple().is_some_and(|e| {
                    e.first().is_some_and(|t| t.is(tag)) && size.is_none_or(|n| n == e.len())
                }))
            }
            Abs => arith::abs(h, a[0])?,
            Element => {
                let i = a[0].as_usize().filter(|i| *i > 0).ok_or(Failed)?;
                *a[1].as_tuple().and_then(|e| e.get(i - 1)).ok_or(Failed)?
            }
            Hd => a[0].as_cons().ok_or(Failed)?.0,
            Tl => a[0].as_cons().ok_or(Failed)?.1,
            Length => int(h, a[0].list_len())?,
            Max => {
                if order().is_lt() {
                    a[1]
                } else {
                    a[0]
                }
            }
            Min => {
                if order().is_gt() {
                    a[1]
                } else {
                    a[0]
                }
            }
            Self_ => Term::pid(self.context.pid),
            Node => self.node(a)?,
            Round => arith::round(h, a[0])?,
            Trunc => arith::trunc(h, a[0])?,
            Float => arith::float(h, a[0])?,
            Ceil => arith::ceil(h, a[0])?,
            Floor => arith::floor(h, a[0])?,
            Size => int(
                h,
                a[0].as_tuple()
                    .map(|e| e.len())
                    .or_else(|| a[0].as_bits().map(|b| b.size / 8)),
            )?,
            MapSize => int(h, a[0].map_size())?,
            MapGet => a[1]
                .is_map()
                .then(|| map::get(a[1], a[0]))
                .flatten()
                .ok_or(Failed)?,
            IsMapKey => {
                if !a[1].is_map() {
                    return Err(Failed);
                }
                Term::bool(map::get(a[1], a[0]).is_some())
            }
            BitSize => int(h, a[0].as_bits().map(|b| b.size))?,
            ByteSize => int(h, a[0].as_bits().map(|b| b.size.div_ceil(8)))?,
            TupleSize => int(h, a[0].as_tuple().map(|e| e.len()))?,
            BinaryPart => binary_part(h, a)?,
            Plus if a.len() == 1 => arith::plus(a[0])?,
            Minus if a.len() == 1 => arith::neg(h, a[0])?,
            Plus => arith::add(h, a[0], a[1])?,
            Minus => arith::sub(h, a[0], a[1])?,
            Times => arith::mul(h, a[0], a[1])?,
            Divide => arith::div_float(h, a[0], a[1])?,
            Div => arith::int_div(h, a[0], a[1])?,
            Rem => arith::rem(h, a[0], a[1])?,
            Band => arith::band(h, a[0], a[1])?,
            Bor => arith::bor(h, a[0], a[1])?,
            Bxor => arith::bxor(h, a[0], a[1])?,
            Bnot => arith::bnot(h, a[0])?,
            Bsl => arith::bsl(h, a[0], a[1])?,
            Bsr => arith::bsr(h, a[0], a[1])?,
            Greater => Term::bool(order().is_gt()),
            GreaterEqual => Term::bool(order().is_ge()),
            Less => Term::bool(order().is_lt()),
            LessEqual => Term::bool(order().is_le()),
            Same => Term::bool(compare::exact_eq(a[0], a[1])),
            NotSame => Term::bool(!compare::exact_eq(a[0], a[1])),
            Equal => Term::bool(compare::eq(a[0], a[1])),
            NotEqual => Term::bool(!compare::eq(a[0], a[1])),
            Not => Term::bool(!a[0].as_bool().ok_or(Failed)?),
            Xor => Term::bool(a[0].as_bool().ok_or(Failed)? != a[1].as_bool().ok_or(Failed)?),
        })
    }

    fn node(&self, a: &[Term<'s>]) -> Result<Term<'s>, Failed> {
        let word = match a {
            [] => 0,
            [t] => match t.kind() {
                Kind::Pid(p) => p.node,
                Kind::Port(p) => p.node,
                Kind::Ref(r) => r.node,
                _ => return Err(Failed),
            },
            _ => return Err(Failed),
        };
        Ok(Term::atom(corten_term::node::resolve(word).0))
    }
}

/// Shows the values of all expressions to `f`; few take no allocation.
#[inline(always)]
fn values<'s, 't, R>(
    v: &'s [Expr],
    value: impl Fn(&'s Expr) -> Result<Term<'t>, Failed>,
    f: impl FnOnce(&[Term<'t>]) -> Result<R, Failed>,
) -> Result<R, Failed> {
    let mut few = [Term::NIL; 4];
    let Some(places) = few.get_mut(..v.len()) else {
        let many: Vec<_> = v.iter().map(value).collect::<Result<_, _>>()?;
        return f(&many);
    };
    for (place, e) in places.iter_mut().zip(v) {
        *place = value(e)?;
    }
    f(places)
}

fn int(h: &Heap, n: Option<usize>) -> Result<Term<'_>, Failed> {
    n.map(|n| h.uint(n as u64)).ok_or(Failed)
}

fn binary_part<'s>(h: &'s Heap, a: &[Term<'s>]) -> Result<Term<'s>, Failed> {
    let (from, len) = match a {
        [_, range] => {
            let [f, l] = range.as_tuple_of::<2>().ok_or(Failed)?;
            (*f, *l)
        }
        _ => (a[1], a[2]),
    };
    let bits = a[0].as_bits().filter(|b| b.is_binary()).ok_or(Failed)?;
    let (mut from, mut len) = (
        from.as_small().ok_or(Failed)?,
        len.as_small().ok_or(Failed)?,
    );
    if len < 0 {
        from = from.checked_add(len).ok_or(Failed)?;
        len = -len;
    }
    let end = from.checked_add(len).ok_or(Failed)?;
    if from < 0 || end as u64 > (bits.size / 8) as u64 {
        return Err(Failed);
    }
    let start = bits.start + from as usize * 8;
    Ok(h.sub_bits(bits.orig, bits.base(), start, start + len as usize * 8))
}
