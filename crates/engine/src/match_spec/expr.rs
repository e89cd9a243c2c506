//! The compiled form: patterns, guards and bodies as trees. Constants are owned copies.

use super::Dialect;
use corten_term::OwnedTerm;

/// A compiled match specification.
#[derive(Debug)]
pub struct Compiled {
    pub clauses: Vec<Clause>,
    /// One more than the highest variable number used.
    pub variables: usize,
    /// Least and greatest key that it can find in an ordered table (exclusive), if its caller has worked them out.
    pub keys: Option<(OwnedTerm, OwnedTerm)>,
}

#[derive(Debug)]
pub struct Clause {
    pub pattern: Pattern,
    pub guards: Vec<Expr>,
    pub body: Vec<Expr>,
}

#[derive(Debug)]
pub enum Pattern {
    Any,
    /// The first time that the variable is met in its clause.
    Bind(usize),
    /// A further time.
    Same(usize),
    /// No variables inside: compared exactly.
    Constant(OwnedTerm),
    /// The size, and what is at which position (from 0); without those where all matches.
    Tuple(usize, Vec<(usize, Pattern)>),
    /// Elements and tail.
    List(Vec<Pattern>, Box<Pattern>),
    /// Keys have no variables; all must be there.
    Map(Vec<(OwnedTerm, Pattern)>),
}

#[derive(Debug)]
pub enum Expr {
    Constant(OwnedTerm),
    Variable(usize),
    /// `'$_'`
    Object,
    Tuple(Vec<Expr>),
    /// Elements and tail.
    List(Vec<Expr>, Box<Expr>),
    Map(Vec<(Expr, Expr)>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    AndAlso(Vec<Expr>),
    OrElse(Vec<Expr>),
    Call(Function, Vec<Expr>),
    /// An action of a trace.
    Act(Action, Vec<Expr>),
}

/// Declares the actions that specifications of traces may call: variant, name, arities, the first dialect that allows it,
/// whether guards may.
macro_rules! actions {
    ($($id:ident $name:literal $low:literal..=$high:literal $dialect:ident $guard:literal),* $(,)?) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Action { $($id),* }
        impl Action {
            /// The action of this name that takes that many arguments, if it may be called there.
            pub fn find(name: &str, arity: usize, dialect: Dialect, in_guard: bool) -> Option<Action> {
                match name {
                    $($name if ($low..=$high).contains(&arity)
                        && dialect >= Dialect::$dialect
                        && ($guard || !in_guard) => Some(Action::$id),)*
                    _ => None,
                }
            }
        }
    };
}

actions! {
    Message "message" 1..=1 Receive false, ReturnTrace "return_trace" 0..=0 Receive false,
    ExceptionTrace "exception_trace" 0..=0 Receive false, Display "display" 1..=1 Receive false,
    SetControlWord "set_tcw" 1..=1 Receive false, GetControlWord "get_tcw" 0..=0 Receive true,
    IsSeqTrace "is_seq_trace" 0..=0 Send true, SetSeqToken "set_seq_token" 2..=2 Send false,
    GetSeqToken "get_seq_token" 0..=0 Send false, ProcessDump "process_dump" 0..=0 Send false,
    EnableTrace "enable_trace" 1..=2 Send false, DisableTrace "disable_trace" 1..=2 Send false,
    Trace "trace" 2..=3 Send false, Silent "silent" 1..=1 Send false,
    Caller "caller" 0..=0 Call false, CallerLine "caller_line" 0..=0 Call false,
    CurrentStacktrace "current_stacktrace" 0..=1 Call false,
}

/// Declares the functions that guards and bodies may call: variant, name, arities.
macro_rules! functions {
    ($($id:ident $name:literal $low:literal..=$high:literal),* $(,)?) => {
        // The names are those that programs write (`is_function` among them).
        #[allow(clippy::enum_variant_names)]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Function { $($id),* }
        impl Function {
            /// The function of this name that takes that many arguments.
            pub fn find(name: &str, arity: usize) -> Option<Function> {
                match name {
                    $($name if ($low..=$high).contains(&arity) => Some(Function::$id),)*
                    _ => None,
                }
            }
        }
    };
}

functions! {
    IsAtom "is_atom" 1..=1, IsFloat "is_float" 1..=1, IsInteger "is_integer" 1..=1, IsList "is_list" 1..=1,
    IsNumber "is_number" 1..=1, IsPid "is_pid" 1..=1, IsPort "is_port" 1..=1, IsReference "is_reference" 1..=1,
    IsTuple "is_tuple" 1..=1, IsMap "is_map" 1..=1, IsBinary "is_binary" 1..=1, IsBitstring "is_bitstring" 1..=1,
    IsBoolean "is_boolean" 1..=1, IsFunction "is_function" 1..=2, IsRecord "is_record" 2..=3,
    Abs "abs" 1..=1, Element "element" 2..=2, Hd "hd" 1..=1, Tl "tl" 1..=1, Length "length" 1..=1,
    Max "max" 2..=2, Min "min" 2..=2, Node "node" 0..=1, Self_ "self" 0..=0,
    Round "round" 1..=1, Trunc "trunc" 1..=1, Float "float" 1..=1, Ceil "ceil" 1..=1, Floor "floor" 1..=1,
    Size "size" 1..=1, MapSize "map_size" 1..=1, MapGet "map_get" 2..=2, IsMapKey "is_map_key" 2..=2,
    BitSize "bit_size" 1..=1, ByteSize "byte_size" 1..=1, TupleSize "tuple_size" 1..=1,
    BinaryPart "binary_part" 2..=3,
    Plus "+" 1..=2, Minus "-" 1..=2, Times "*" 2..=2, Divide "/" 2..=2, Div "div" 2..=2, Rem "rem" 2..=2,
    Band "band" 2..=2, Bor "bor" 2..=2, Bxor "bxor" 2..=2, Bnot "bnot" 1..=1, Bsl "bsl" 2..=2, Bsr "bsr" 2..=2,
    Greater ">" 2..=2, GreaterEqual ">=" 2..=2, Less "<" 2..=2, LessEqual "=<" 2..=2,
    Same "=:=" 2..=2, Equal "==" 2..=2, NotSame "=/=" 2..=2, NotEqual "/=" 2..=2,
    Not "not" 1..=1, Xor "xor" 2..=2,
}
