//! From the term of a match specification to its compiled form.

use super::Dialect;
use super::expr::{Action, Clause, Compiled, Expr, Function, Pattern};
use crate::bif::Stop;
use corten_term::OwnedTerm;
use corten_term::{Term, am, map};

/// Why a specification is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invalid {
    /// It is not one. Without a reason: the reference engine answers `badarg` too.
    Malformed,
    /// Its terms are nested so deeply that a thread's stack might not do.
    TooDeep,
}

impl From<Invalid> for Stop<'_> {
    fn from(why: Invalid) -> Self {
        match why {
            Invalid::Malformed => Stop::BADARG,
            Invalid::TooDeep => Stop::SYSTEM_LIMIT,
        }
    }
}

/// Most levels of tuples, list elements and maps within each other.
const MAX_NESTING: usize = 2000;

fn check_nesting(t: Term<'_>) -> Result<(), Invalid> {
    let mut stack = vec![(t, 0)];
    while let Some((t, depth)) = stack.pop() {
        if depth > MAX_NESTING {
            return Err(Invalid::TooDeep);
        }
        if let Some((head, tail)) = t.as_cons() {
            stack.push((head, depth + 1));
            stack.push((tail, depth));
        } else if let Some(e) = t.as_tuple() {
            stack.extend(e.iter().map(|t| (*t, depth + 1)));
        } else if t.is_map() {
            stack.extend(map::iter(t).flat_map(|(k, v)| [(k, depth + 1), (v, depth + 1)]));
        }
    }
    Ok(())
}

/// Highest variable number: `'$0'` to `'$100000000'`.
const MAX_VARIABLE: usize = 100_000_000;

/// Compiles `[{Pattern, Guards, Body}, …]`; without clauses it matches nothing.
pub fn compile(spec: Term<'_>, dialect: Dialect) -> Result<Compiled, Invalid> {
    check_nesting(spec)?;
    let clauses = spec.to_vec().ok_or(Invalid::Malformed)?;
    let mut c = Compiler { names: Vec::new() };
    let mut out = Vec::with_capacity(clauses.len());
    for clause in clauses {
        let [pattern, guards, body] = clause.as_tuple_of::<3>().ok_or(Invalid::Malformed)?;
        let bound_from = c.names.len();
        let pattern = match dialect {
            Dialect::Table => c.pattern(*pattern)?,
            _ => c.arguments(*pattern)?,
        };
        let mut bound: Vec<usize> = c.names.split_off(bound_from);
        bound.sort_unstable();
        let mut e = ExprCompiler {
            bound: &bound,
            dialect,
            guard: true,
        };
        let guards = e.all(*guards)?;
        e.guard = false;
        let body = e.all(*body)?;
        if body.is_empty() && dialect == Dialect::Table {
            return Err(Invalid::Malformed);
        }
        out.push((
            Clause {
                pattern,
                guards,
                body,
            },
            bound,
        ));
    }
    // Variables are numbered densely across clauses, in the order of their names.
    let mut numbers: Vec<usize> = out.iter().flat_map(|(_, b)| b.iter().copied()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let mut clauses: Vec<Clause> = out.into_iter().map(|(c, _)| c).collect();
    for clause in &mut clauses {
        renumber_pattern(&mut clause.pattern, &numbers);
        clause
            .guards
            .iter_mut()
            .chain(&mut clause.body)
            .for_each(|e| renumber(e, &numbers));
    }
    Ok(Compiled {
        clauses,
        variables: numbers.len(),
        keys: None,
    })
}

/// The number of a variable atom.
pub fn variable(t: Term<'_>) -> Option<usize> {
    let digits = t.as_atom()?.name().strip_prefix('$')?;
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().filter(|n| *n <= MAX_VARIABLE)
}

/// Whether a pattern stands for one term only: it holds no variable, no `'_'` and no map. A map in a pattern
/// matches every map that has its elements, as in Erlang code.
pub fn is_constant(t: Term<'_>) -> bool {
    holds_none(t, true)
}

/// Whether a key of a map pattern holds variables or `'_'`.
fn has_variables(t: Term<'_>) -> bool {
    !holds_none(t, false)
}

fn holds_none(t: Term<'_>, or_maps: bool) -> bool {
    let mut stack = vec![t];
    while let Some(t) = stack.pop() {
        if t.is(am::Underscore) || variable(t).is_some() || (or_maps && t.is_map()) {
            return false;
        }
        if let Some((h, rest)) = t.as_cons() {
            stack.push(h);
            stack.push(rest);
        } else if let Some(e) = t.as_tuple() {
            stack.extend(e);
        } else if t.is_map() {
            for (k, v) in map::iter(t) {
                stack.push(k);
                stack.push(v);
            }
        }
    }
    true
}

struct Compiler {
    names: Vec<usize>,
}

impl Compiler {
    /// A pattern for the arguments of a trace: a list, a tuple of as many elements, or something that matches all.
    fn arguments(&mut self, t: Term<'_>) -> Result<Pattern, Invalid> {
        if let Some(elements) = t.as_tuple() {
            let all = elements.iter().map(|t| self.pattern(*t));
            let nil = Pattern::Constant(OwnedTerm::new(Term::NIL));
            return Ok(Pattern::List(all.collect::<Result<_, _>>()?, Box::new(nil)));
        }
        if !(t.is_list() || variable(t).is_some() || t.is(am::Underscore)) {
            return Err(Invalid::Malformed);
        }
        self.pattern(t)
    }

    fn pattern(&mut self, t: Term<'_>) -> Result<Pattern, Invalid> {
        if t.is(am::Underscore) {
            return Ok(Pattern::Any);
        }
        if let Some(n) = variable(t) {
            if self.names.contains(&n) {
                return Ok(Pattern::Same(n));
            }
            self.names.push(n);
            return Ok(Pattern::Bind(n));
        }
        if is_constant(t) {
            return Ok(Pattern::Constant(OwnedTerm::new(t)));
        }
        if let Some(e) = t.as_tuple() {
            let mut parts = Vec::new();
            for (i, t) in e.iter().enumerate() {
                match self.pattern(*t)? {
                    Pattern::Any => {}
                    pattern => parts.push((i, pattern)),
                }
            }
            return Ok(Pattern::Tuple(e.len(), parts));
        }
        if t.is_cons() {
            // Lists may be long: no recursion along the tail.
            let mut it = t.iter();
            let heads = it
                .by_ref()
                .map(|h| self.pattern(h))
                .collect::<Result<Vec<_>, _>>()?;
            let tail = self.pattern(it.tail())?;
            return Ok(Pattern::List(heads, Box::new(tail)));
        }
        map::iter(t)
            .map(|(k, v)| {
                if has_variables(k) {
                    return Err(Invalid::Malformed);
                }
                Ok((OwnedTerm::new(k), self.pattern(v)?))
            })
            .collect::<Result<_, _>>()
            .map(Pattern::Map)
    }
}

struct ExprCompiler<'a> {
    /// The variables of the clause's pattern, in order.
    bound: &'a [usize],
    dialect: Dialect,
    guard: bool,
}

impl ExprCompiler<'_> {
    fn all(&mut self, list: Term<'_>) -> Result<Vec<Expr>, Invalid> {
        list.to_vec()
            .ok_or(Invalid::Malformed)?
            .into_iter()
            .map(|t| self.expr(t))
            .collect()
    }

    fn expr(&mut self, t: Term<'_>) -> Result<Expr, Invalid> {
        if let Some(n) = variable(t) {
            // An unbound variable is an error only when it is used: the reference engine refuses it here.
            return if self.bound.contains(&n) {
                Ok(Expr::Variable(n))
            } else {
                Err(Invalid::Malformed)
            };
        }
        if t.is(am::DollarUnderscore) {
            return Ok(Expr::Object);
        }
        if t.is(am::DollarDollar) {
            let all = self.bound.iter().map(|n| Expr::Variable(*n)).collect();
            let nil = Expr::Constant(OwnedTerm::new(Term::NIL));
            return Ok(Expr::List(all, Box::new(nil)));
        }
        if let Some(e) = t.as_tuple() {
            return self.tuple(e);
        }
        if t.is_cons() {
            let mut it = t.iter();
            let heads = it
                .by_ref()
                .map(|h| self.expr(h))
                .collect::<Result<Vec<_>, _>>()?;
            let tail = self.expr(it.tail())?;
            return Ok(Expr::List(heads, Box::new(tail)));
        }
        if t.is_map() {
            let pairs = map::iter(t)
                .map(|(k, v)| Ok((self.expr(k)?, self.expr(v)?)))
                .collect::<Result<_, _>>()?;
            return Ok(Expr::Map(pairs));
        }
        Ok(Expr::Constant(OwnedTerm::new(t)))
    }

    fn tuple(&mut self, e: &[Term<'_>]) -> Result<Expr, Invalid> {
        if let [inner] = e
            && let Some(elements) = inner.as_tuple()
        {
            return elements
                .iter()
                .map(|t| self.expr(*t))
                .collect::<Result<_, _>>()
                .map(Expr::Tuple);
        }
        let name = e
            .first()
            .and_then(|t| t.as_atom())
            .ok_or(Invalid::Malformed)?;
        if name == am::const_ && e.len() == 2 {
            return Ok(Expr::Constant(OwnedTerm::new(e[1])));
        }
        let arguments = e[1..]
            .iter()
            .map(|t| self.expr(*t))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(match name.name() {
            "and" if arguments.len() == 2 => Expr::And(arguments),
            "or" if arguments.len() == 2 => Expr::Or(arguments),
            "andalso" if !arguments.is_empty() => Expr::AndAlso(arguments),
            "orelse" if !arguments.is_empty() => Expr::OrElse(arguments),
            // `and` and `or` take any number too.
            "and" if !arguments.is_empty() => Expr::And(arguments),
            "or" if !arguments.is_empty() => Expr::Or(arguments),
            n => match Function::find(n, arguments.len()) {
                Some(f) => Expr::Call(f, arguments),
                None => Expr::Act(self.action(n, &e[1..])?, arguments),
            },
        })
    }
}

impl ExprCompiler<'_> {
    fn action(&self, name: &str, args: &[Term<'_>]) -> Result<Action, Invalid> {
        let action = Action::find(name, args.len(), self.dialect, self.guard);
        let depth = args.first().map(|t| t.as_usize());
        if action == Some(Action::CurrentStacktrace) && depth == Some(None) {
            return Err(Invalid::Malformed);
        }
        action.ok_or(Invalid::Malformed)
    }
}

fn renumber_pattern(p: &mut Pattern, numbers: &[usize]) {
    let mut stack = vec![p];
    while let Some(p) = stack.pop() {
        match p {
            Pattern::Bind(n) | Pattern::Same(n) => *n = numbers.binary_search(n).unwrap_or(0),
            Pattern::Tuple(_, parts) => stack.extend(parts.iter_mut().map(|(_, p)| p)),
            Pattern::List(heads, tail) => {
                stack.extend(heads);
                stack.push(tail);
            }
            Pattern::Map(m) => stack.extend(m.iter_mut().map(|(_, p)| p)),
            Pattern::Any | Pattern::Constant(_) => {}
        }
    }
}

fn renumber(e: &mut Expr, numbers: &[usize]) {
    let mut stack = vec![e];
    while let Some(e) = stack.pop() {
        match e {
            Expr::Variable(n) => *n = numbers.binary_search(n).unwrap_or(0),
            Expr::Tuple(v)
            | Expr::And(v)
            | Expr::Or(v)
            | Expr::AndAlso(v)
            | Expr::OrElse(v)
            | Expr::Call(_, v)
            | Expr::Act(_, v) => stack.extend(v),
            Expr::List(heads, tail) => {
                stack.extend(heads);
                stack.push(tail);
            }
            Expr::Map(m) => {
                for (k, v) in m {
                    stack.push(k);
                    stack.push(v);
                }
            }
            Expr::Constant(_) | Expr::Object => {}
        }
    }
}
