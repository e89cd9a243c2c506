//! How native functions (BIFs and the static NIFs) are declared, what they get, how they stop.
//!
//! A BIF is `fn(&'h Process, Args<'h>) -> BifResult<'h>`. The process is borrowed for `'h`, so no
//! collection can happen while the BIF runs and every term it sees or makes stays valid. It builds its
//! result on `process.heap`, which grows by fragments. Errors are values ([`Stop`]), never panics.
//!
//! Each crate that has BIFs declares them per Erlang module with [`bifs!`](crate::bifs):
//!
//! ```ignore
//! pub const BIFS: &[Bif] = bifs![
//!     lists:reverse/2 => reverse_2,
//!     prim_file:open_nif/2 => open [DIRTY_IO],
//! ];
//! ```

use crate::Process;
use crate::code::Export;
use corten_term::{Atom, Term, am};

/// The arguments of a call.
pub type Args<'h> = &'h [Term<'h>];
/// A native function.
pub type BifFn = for<'h> fn(&'h Process, Args<'h>) -> BifResult<'h>;
/// A value, or why there is none.
pub type BifResult<'h> = Result<Term<'h>, Stop<'h>>;

/// Where and how a native function runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BifFlags(pub u8);
impl BifFlags {
    pub const NONE: BifFlags = BifFlags(0);
    /// Runs on the pool for blocking calls.
    pub const DIRTY_IO: BifFlags = BifFlags(1);
    /// Runs on the pool for long computations.
    pub const DIRTY_CPU: BifFlags = BifFlags(2);
    /// A guard BIF: no side effects, may be called by `bif`/`gc_bif` instructions.
    pub const GUARD: BifFlags = BifFlags(4);
    /// A static NIF: replaces the body of an exported or local Erlang function once `load_nif` names its module.
    pub const NIF: BifFlags = BifFlags(8);
    /// A copy of an entry that says: look for breakpoints first. See `trace::breakpoint`.
    pub const TRACED: BifFlags = BifFlags(16);
    pub const fn contains(self, other: BifFlags) -> bool {
        self.0 & other.0 != 0
    }
    pub const fn without(self, other: BifFlags) -> BifFlags {
        BifFlags(self.0 & !other.0)
    }
    pub const fn or(self, other: BifFlags) -> BifFlags {
        BifFlags(self.0 | other.0)
    }
}

/// One native function.
#[derive(Clone, Copy)]
pub struct Bif {
    pub module: &'static str,
    pub name: &'static str,
    pub arity: u8,
    pub flags: BifFlags,
    pub function: BifFn,
}

impl std::fmt::Debug for Bif {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}/{}", self.module, self.name, self.arity)
    }
}

/// Declares native functions: `module:name/arity => function [FLAG FLAG]`; odd names as strings.
#[macro_export]
macro_rules! bifs {
    (@n $n:ident) => { stringify!($n) };
    (@n $n:literal) => { $n };
    ($($m:ident : $n:tt / $a:literal => $f:path $([$($flag:ident)+])?),* $(,)?) => {
        &[$($crate::Bif {
            module: stringify!($m),
            name: $crate::bifs!(@n $n),
            arity: $a,
            flags: $crate::BifFlags::NONE $($(.or($crate::BifFlags::$flag))+)?,
            function: $f,
        }),*]
    };
}

/// Why a native function did not return a value.
#[derive(Debug)]
pub enum Stop<'h> {
    /// Raises an exception of class `error`; the arguments of the call go into the stack trace. `cause`
    /// goes into the `error_info` of the frame.
    Error {
        reason: Term<'h>,
        cause: Option<Term<'h>>,
    },
    /// `erlang:error/2,3`: the arguments to show (a list, or `none`) and an `error_info` map.
    ErrorWith {
        reason: Term<'h>,
        arguments: Option<Term<'h>>,
        info: Option<Term<'h>>,
    },
    Exit(Term<'h>),
    Throw(Term<'h>),
    /// `erlang:raise/3` with checked arguments.
    Raise {
        class: Atom,
        reason: Term<'h>,
        stacktrace: Term<'h>,
    },
    /// Continue by calling this function with these arguments instead.
    Trap(&'static Export, Vec<Term<'h>>),
    /// Give up the time slice, then call the same function with the same arguments again.
    Again,
    /// Too long for a scheduler thread: call the same function with the same arguments again on the pool for long
    /// computations.
    Pool,
    /// Wait until a signal arrives, then call the same function with the same arguments again.
    Wait,
    /// Collect garbage (`major` or minor), then return `value` (an immediate).
    Collect {
        major: bool,
        value: Term<'static>,
    },
    /// `erlang:hibernate/3`: drop the stack, collect, wait for a message, then apply.
    Hibernate {
        module: Atom,
        function: Atom,
        arguments: Term<'h>,
    },
    /// `erlang:hibernate/0`: collect, wait for a message, then call the same function again.
    HibernateHere,
    /// Give up the time slice after returning this value (`erlang:yield/0`, `bump_reductions`).
    YieldWith(Term<'h>),
}

impl<'h> Stop<'h> {
    pub const BADARG: Stop<'static> = Stop::error(Term::atom(am::badarg));
    pub const BADARITH: Stop<'static> = Stop::error(Term::atom(am::badarith));
    pub const SYSTEM_LIMIT: Stop<'static> = Stop::error(Term::atom(am::system_limit));
    pub const NOTSUP: Stop<'static> = Stop::error(Term::atom(am::notsup));

    pub const fn error(reason: Term<'h>) -> Stop<'h> {
        Stop::Error {
            reason,
            cause: None,
        }
    }
    /// `badarg` with a cause that `erl_erts_errors` and friends explain.
    pub const fn badarg_because(cause: Atom) -> Stop<'static> {
        Stop::Error {
            reason: Term::atom(am::badarg),
            cause: Some(Term::atom(cause)),
        }
    }
    /// `{Reason, Value}`, as `{badmap, M}` and `{badkey, K}`.
    pub fn error_tuple(p: &'h Process, reason: Atom, value: Term<'h>) -> Stop<'h> {
        Stop::error(p.heap.tuple(&[Term::atom(reason), value]))
    }
}

/// `Ok(value)` or `badarg`: for `let x = t.as_small().badarg()?`.
pub trait OrBadarg<T> {
    fn badarg<'h>(self) -> Result<T, Stop<'h>>;
}
impl<T> OrBadarg<T> for Option<T> {
    fn badarg<'h>(self) -> Result<T, Stop<'h>> {
        self.ok_or(Stop::BADARG)
    }
}
