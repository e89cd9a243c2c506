//! `ets:select_replace/2` takes only match specifications whose text shows that a row keeps its key, whatever the rows
//! are: one that would happen to give equal keys is an error too.

use corten_engine::match_spec;
use corten_term::{Term, am, compare};

/// Whether every clause of a specification gives objects with the key of the row that it was given.
pub fn always(spec: Term<'_>, keypos: usize) -> bool {
    let clause_keeps = |clause: Term<'_>| {
        let Some([head, _, body]) = clause.as_tuple_of::<3>() else {
            return false;
        };
        let Some((result, rest)) = body.as_cons() else {
            return false;
        };
        rest.is_nil() && gives_key(*head, result, keypos)
    };
    spec.iter().all(clause_keeps)
}

fn gives_key(head: Term<'_>, result: Term<'_>, keypos: usize) -> bool {
    if result.is(am::DollarUnderscore) {
        return true;
    }
    let Some(old) = head.as_tuple().and_then(|e| e.get(keypos - 1)) else {
        return false;
    };
    let key_of = |elements: &[Term<'_>], gives: fn(Term<'_>, Term<'_>) -> bool| {
        elements
            .get(keypos - 1)
            .is_some_and(|new| is_element(*new, keypos) || gives(*old, *new))
    };
    match (
        constructed(result),
        constant(result).and_then(|t| t.as_tuple()),
    ) {
        (Some(new), _) => key_of(new, gives),
        (None, Some(new)) => key_of(new, is_same_constant),
        (None, None) => false,
    }
}

/// What `{const, Term}` stands for.
fn constant<'h>(t: Term<'h>) -> Option<Term<'h>> {
    let [tag, value] = t.as_tuple_of::<2>()?;
    tag.is(am::const_).then_some(*value)
}

fn is_same_constant(pattern: Term<'_>, value: Term<'_>) -> bool {
    match_spec::is_constant(pattern) && compare::exact_eq(pattern, value)
}

/// The elements of `{{…}}`, which constructs a tuple.
fn constructed<'h>(t: Term<'h>) -> Option<&'h [Term<'h>]> {
    t.as_tuple_of::<1>()?[0].as_tuple()
}

/// `{element, KeyPos, '$_'}`.
fn is_element(t: Term<'_>, keypos: usize) -> bool {
    t.as_tuple_of::<3>().is_some_and(|[f, n, whole]| {
        f.is(am::element) && n.as_usize() == Some(keypos) && whole.is(am::DollarUnderscore)
    })
}

/// Whether an expression of a body gives what a pattern has matched.
fn gives(pattern: Term<'_>, expression: Term<'_>) -> bool {
    let (mut pattern, mut expression) = (pattern, expression);
    // Along a list without recursion: specifications nested too deeply have been refused when compiled.
    while let (Some((p, ps)), Some((e, es))) = (pattern.as_cons(), expression.as_cons()) {
        if !gives(p, e) {
            return false;
        }
        (pattern, expression) = (ps, es);
    }
    if let Some(value) = constant(expression) {
        return is_same_constant(pattern, value);
    }
    match (pattern.as_tuple(), expression.as_tuple()) {
        (Some(ps), Some(_)) => constructed(expression).is_some_and(|es| {
            es.len() == ps.len() && ps.iter().zip(es).all(|(p, e)| gives(*p, *e))
        }),
        (None, None) => {
            // These say something else in an expression, and a map matches others than itself.
            let other = [am::Underscore, am::DollarUnderscore, am::DollarDollar];
            !other.iter().any(|a| pattern.is(*a))
                && !pattern.is_map()
                && compare::exact_eq(pattern, expression)
        }
        _ => false,
    }
}
