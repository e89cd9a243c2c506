//! Match specifications: compiled once, run against many terms.
//!
//! ETS runs them over rows, tracing over call arguments. [`compile`] turns the term into [`Compiled`], which owns
//! everything it needs, so it can be kept behind a magic reference; [`Compiled::run`] matches one
//! term. Results and intermediate values are built on a scratch heap of the caller, who copies what it
//! keeps. Nothing here knows tables or processes beyond the caller's pid.

mod compile;
mod eval;
mod expr;

pub use compile::{Invalid, compile, is_constant};
pub use expr::{Action, Compiled};

use corten_term::{Heap, Pid, Term};

/// What a match specification is for: it decides what patterns and functions are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dialect {
    /// Patterns are tuples or one variable; no side effects.
    Table,
    /// Patterns are lists of what is known of a message received; actions only say what is told.
    Receive,
    /// Lists of receiver and message; actions that look at the sender or change its tracing.
    Send,
    /// Argument lists of a traced call; all actions.
    Call,
}

/// What a run needs to know of its surroundings.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    pub pid: Pid,
    /// Who carries out actions of traces, if there are any.
    pub actor: Option<&'a dyn Actor>,
}

impl std::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("pid", &self.pid).finish()
    }
}

/// Carries out actions of traces that reach beyond the specification itself.
pub trait Actor {
    /// The value of an action; none if it fails.
    fn act<'s>(&self, action: Action, args: &[Term<'s>], scratch: &'s Heap) -> Option<Term<'s>>;
}

/// What the actions of a trace's specification say is to be done.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    pub return_trace: bool,
    pub exception_trace: bool,
}

impl Compiled {
    /// Matches `object` against the clauses; the value of the first that matches.
    pub fn run<'s>(
        &'s self,
        object: Term<'s>,
        scratch: &'s Heap,
        context: Context<'_>,
    ) -> Option<Term<'s>> {
        let notes = eval::Notes::default();
        self.run_noting(object, scratch, context, &notes)
    }

    /// The same for a trace: what `message` said last (`true` if nothing), and what else is wanted.
    pub fn trace<'s>(
        &'s self,
        object: Term<'s>,
        scratch: &'s Heap,
        context: Context<'_>,
    ) -> Option<(Term<'s>, Wanted)> {
        let notes = eval::Notes::default();
        self.run_noting(object, scratch, context, &notes)?;
        Some((
            notes.message.get().unwrap_or(Term::TRUE),
            notes.wanted.get(),
        ))
    }

    /// Matches a row; the value of the first clause that matches, on `heap`. For tables, whose bodies do nothing but have
    /// a value.
    #[inline]
    pub fn make<'h>(
        &self,
        object: Term<'_>,
        scratch: &Heap,
        context: Context<'_>,
        heap: &'h Heap,
    ) -> Option<Value<'h>> {
        let notes = eval::Notes::default();
        self.first_match(object, scratch, context, &notes, |frame, body| {
            frame.value(body, heap)
        })
    }

    fn run_noting<'s>(
        &'s self,
        object: Term<'s>,
        scratch: &'s Heap,
        context: Context<'_>,
        notes: &eval::Notes<'s>,
    ) -> Option<Term<'s>> {
        self.first_match(object, scratch, context, notes, |frame, body| {
            frame.body(body)
        })
    }

    /// Shows the body of the first clause that matches to `f`.
    #[inline]
    fn first_match<'s, R>(
        &'s self,
        object: Term<'s>,
        scratch: &'s Heap,
        context: Context<'_>,
        notes: &eval::Notes<'s>,
        f: impl FnOnce(eval::Frame<'_, 's>, &'s [expr::Expr]) -> R,
    ) -> Option<R> {
        // This is done for each row of a table: few variables take no allocation.
        let (mut few, mut many);
        let bindings: &mut [Term<'s>] = if self.variables <= 8 {
            few = [Term::NONE; 8];
            &mut few[..self.variables]
        } else {
            many = vec![Term::NONE; self.variables];
            &mut many
        };
        for clause in &self.clauses {
            if !eval::matches(&clause.pattern, object, bindings) {
                continue;
            }
            let frame = eval::Frame {
                object,
                bindings,
                scratch,
                context,
                notes,
            };
            if clause.guards.iter().all(|g| frame.guard(g)) {
                return Some(f(frame, &clause.body));
            }
        }
        None
    }
}

/// What a row gives.
#[derive(Debug, Clone, Copy)]
pub enum Value<'h> {
    /// Itself: its owner knows best how to copy it.
    Object,
    Made(Term<'h>),
}

#[cfg(test)]
mod tests;
