//! Matching, guards and bodies on terms made by hand.

use super::*;
use corten_term::{Atom, am};

fn atom(name: &str) -> Term<'static> {
    Term::atom(Atom::new(name).unwrap_or(am::undefined))
}

#[test]
fn binds_guards_and_builds() {
    let h = Heap::new();
    let one = atom("$1");
    let pattern = h.tuple(&[atom("k"), one, one]);
    let guard = h.tuple(&[Term::atom(am::Gt), one, Term::small(3)]);
    let body = h.tuple(&[h.tuple(&[atom("found"), one])]);
    let spec = h.list(&[h.tuple(&[pattern, h.list(&[guard]), h.list(&[body])])]);
    let compiled = compile(spec, Dialect::Table).unwrap();
    let context = Context {
        pid: Pid::from_data(1),
        actor: None,
    };
    let run = |a: i64, b: i64| {
        let row = h.tuple(&[atom("k"), Term::small(a), Term::small(b)]);
        compiled
            .run(row, &h, context)
            .and_then(|t| t.as_tuple().map(|e| e[1].as_small()))
    };
    assert_eq!(run(5, 5), Some(Some(5)));
    assert_eq!(run(5, 6), None);
    assert_eq!(run(2, 2), None);
}

#[test]
fn refuses_what_is_no_specification() {
    let h = Heap::new();
    let unbound =
        h.list(&[h.tuple(&[Term::atom(am::Underscore), Term::NIL, h.list(&[atom("$1")])])]);
    assert!(compile(unbound, Dialect::Table).is_err());
    assert!(compile(Term::small(1), Dialect::Table).is_err());
    let unknown = h.tuple(&[atom("no_such_function"), Term::small(1)]);
    let spec = h.list(&[h.tuple(&[
        Term::atom(am::Underscore),
        h.list(&[unknown]),
        h.list(&[Term::TRUE]),
    ])]);
    assert!(compile(spec, Dialect::Table).is_err());
}
