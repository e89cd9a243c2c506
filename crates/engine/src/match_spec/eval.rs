//! Running the compiled form against one term.

use super::expr::{Action, Expr, Function, Pattern};
use super::{Context, Wanted};
use corten_term::{Heap, Kind, Term, am, arith, compare, map};
use std::cell::Cell;

/// Matches `t`, binding variables.
pub fn matches<'s>(pattern: &'s Pattern, t: Term<'s>, bindings: &mut [Term<'s>]) -> bool {
    match pattern {
        Pattern::Any => true,
        Pattern::Variable(n) => {
            if bindings[*n].is_none() {
                bindings[*n] = t;
                return true;
            }
            compare::exact_eq(bindings[*n], t)
        }
        Pattern::Constant(c) => compare::exact_eq(c.term(), t),
        Pattern::Tuple(patterns) => t.as_tuple().is_some_and(|e| {
            e.len() == patterns.len()
                && patterns
                    .iter()
                    .zip(e)
                    .all(|(p, t)| matches(p, *t, bindings))
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
            Expr::Bindings => {
                let bound: Vec<_> = self
                    .bindings
                    .iter()
                    .copied()
                    .filter(|t| !t.is_none())
                    .collect();
                self.scratch.list(&bound)
            }
            Expr::Tuple(v) => self.with_each(v, |t| Ok(self.scratch.tuple(t)))?,
            Expr::List(heads, tail) => {
                let heads = self.each(heads)?;
                self.scratch.list_with_tail(&heads, self.eval(tail)?)
            }
            Expr::Map(pairs) => {
                let pairs = pairs
                    .iter()
                    .map(|(k, v)| Ok((self.eval(k)?, self.eval(v)?)))
                    .collect::<Result<Vec<_>, Failed>>()?;
                map::from_pairs(self.scratch, &pairs)
            }
            Expr::And(v) => Term::bool(self.booleans(v)?.into_iter().all(|b| b)),
            Expr::Or(v) => Term::bool(self.booleans(v)?.into_iter().any(|b| b)),
            Expr::AndAlso(v) => self.short(v, false)?,
            Expr::OrElse(v) => self.short(v, true)?,
            Expr::Call(f, v) => self.with_each(v, |a| self.call(*f, a))?,
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

    fn each(&self, v: &'s [Expr]) -> Result<Vec<Term<'s>>, Failed> {
        v.iter().map(|e| self.eval(e)).collect()
    }

    /// Shows the values of all to `f`; few take no allocation.
    fn with_each<R>(
        &self,
        v: &'s [Expr],
        f: impl FnOnce(&[Term<'s>]) -> Result<R, Failed>,
    ) -> Result<R, Failed> {
        let mut few = [Term::NIL; 4];
        let Some(values) = few.get_mut(..v.len()) else {
            return f(&self.each(v)?);
        };
        for (place, e) in values.iter_mut().zip(v) {
            *place = self.eval(e)?;
        }
        f(values)
    }

    fn booleans(&self, v: &'s [Expr]) -> Result<Vec<bool>, Failed> {
        v.iter()
            .map(|e| self.eval(e)?.as_bool().ok_or(Failed))
            .collect()
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
