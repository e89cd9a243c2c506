//! Match specifications: compiled once, run against many terms.
//!
//! ETS runs them over rows, tracing over call arguments. [`compile`] turns the term into [`Compiled`], which owns
//! everything it needs, so it can be kept behind a magic reference; [`Compiled::run`] matches one
//! term. Results and intermediate values are built on a scratch heap of the caller, who copies what it
//! keeps. Nothing here knows tables or processes beyond the caller's pid.

mod compile;
mod eval;
mod expr;

pub use compile::{compile, is_constant};
pub use expr::Compiled;

use corten_term::{Heap, Pid, Term};

/// What a match specification is for: it decides what patterns and functions are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Patterns are tuples or one variable; no side effects.
    Table,
    /// Patterns are argument lists; trace actions are allowed.
    Trace,
}

/// What a run needs to know of its surroundings.
#[derive(Debug, Clone, Copy)]
pub struct Context {
    pub pid: Pid,
}

impl Compiled {
    /// Matches `object` against the clauses; the value of the first that matches.
    pub fn run<'s>(
        &'s self,
        object: Term<'s>,
        scratch: &'s Heap,
        context: Context,
    ) -> Option<Term<'s>> {
        let mut bindings = vec![Term::NONE; self.variables];
        self.clauses.iter().find_map(|clause| {
            bindings.fill(Term::NONE);
            if !eval::matches(&clause.pattern, object, &mut bindings) {
                return None;
            }
            let frame = eval::Frame {
                object,
                bindings: &bindings,
                scratch,
                context,
            };
            clause
                .guards
                .iter()
                .all(|g| frame.guard(g))
                .then(|| frame.body(&clause.body))
        })
    }
}

#[cfg(test)]
mod tests;
