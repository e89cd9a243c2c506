//! The table of internal instructions: name, operand layout, handler. The enum, the handler table and the
//! disassembler are derived from it.
//!
//! A layout lists the operands of the first word, then the further words. First word: a letter `a`, `b` or `c` for
//! the quarter and `x`, `y` (register), `d` (packed destination), `f` (float register) or `n` (number); `rel` is a jump
//! and `rn` a number in the upper half. Further words: `S` source, `L` fail offset (0: none), `U` number, `E`
//! export, `F` fun entry, `B` table entry of a native function, `T` term, `P` address. `(…)*q` repeats as often as
//! quarter `q` says, or the upper half for `q` = `r`, or word `n` for a digit.
//!
//! Behind `@fused` come pairs that are frequent in real programs (`interp::count`): the first instruction's number becomes
//! that of the pair, its words and the second instruction stay as they are. A pair may be the first of another.

use super::fused::*;
use super::hot::bits::*;
use super::hot::joined::{self, *};
use super::hot::*;
use super::machine::*;
use super::{bs_create, bs_match, calls, exceptions, receive, records, slow, trace};
use corten_term::Word;

macro_rules! ops {
    (@handler hot $h:expr) => { $h };
    (@handler slow $h:expr) => { slow_handler!($h) };
    (
        $($name:ident $layout:literal $kind:ident $h:expr;)*
        @fused $($first:ident $second:ident => $fused:ident $g:expr;)*
    ) => {
        /// An internal instruction.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u16)]
        pub enum Op { $($name,)* $($fused),* }

        /// Every instruction, in the order of their numbers.
        pub const ALL: &[Op] = &[$(Op::$name,)* $(Op::$fused),*];
        pub(super) static TABLE: [Handler; ALL.len()] = [$(ops!(@handler $kind $h),)* $($g),*];
        static INFO: [(&str, &str); ALL.len()] = [
            $((stringify!($name), $layout),)*
            $((stringify!($fused), "")),*
        ];
        /// The first instruction of each pair.
        static FIRST: &[Op] = &[$(Op::$first),*];

        impl Op {
            /// The instruction that does the work of `first` and of `second` right behind it.
            pub fn fused(first: Op, second: Op) -> Option<Op> {
                match (first, second) {
                    $((Op::$first, Op::$second) => Some(Op::$fused),)*
                    _ => None,
                }
            }
        }
    };
}

ops! {
    FuncInfo "T T U" slow exceptions::func_info;
    Breakpoint "" hot trace::breakpoint;
    FunctionEntry "" hot function_entry;
    ReturnTrace "" slow trace::return_trace;
    ReturnTo "" slow trace::return_to;
    CallTraceReturn "" slow trace::call_return;

    MoveXX "ax bx" hot move_::<X, X>;
    MoveXY "ax by" hot move_::<X, Y>;
    MoveYX "ay bx" hot move_::<Y, X>;
    MoveYY "ay by" hot move_::<Y, Y>;
    MoveCX "bx T" hot move_const::<X>;
    MoveCY "by T" hot move_const::<Y>;
    Move2XXXX "ax bx cx U" hot move_two::<X, X, X, X>;
    Move2XXXY "ax bx cx U" hot move_two::<X, X, X, Y>;
    Move2XXYX "ax bx cy U" hot move_two::<X, X, Y, X>;
    Move2XXYY "ax bx cy U" hot move_two::<X, X, Y, Y>;
    Move2XYXX "ax by cx U" hot move_two::<X, Y, X, X>;
    Move2XYXY "ax by cx U" hot move_two::<X, Y, X, Y>;
    Move2XYYX "ax by cy U" hot move_two::<X, Y, Y, X>;
    Move2XYYY "ax by cy U" hot move_two::<X, Y, Y, Y>;
    Move2YXXX "ay bx cx U" hot move_two::<Y, X, X, X>;
    Move2YXXY "ay bx cx U" hot move_two::<Y, X, X, Y>;
    Move2YXYX "ay bx cy U" hot move_two::<Y, X, Y, X>;
    Move2YXYY "ay bx cy U" hot move_two::<Y, X, Y, Y>;
    Move2YYXX "ay by cx U" hot move_two::<Y, Y, X, X>;
    Move2YYXY "ay by cx U" hot move_two::<Y, Y, X, Y>;
    Move2YYYX "ay by cy U" hot move_two::<Y, Y, Y, X>;
    Move2YYYY "ay by cy U" hot move_two::<Y, Y, Y, Y>;
    Swap "ad bd" hot swap;
    InitYregs "an (U)*a" hot init_yregs;

    GetTupleElementXX "ax bn cx" hot get_tuple_element::<X, X>;
    GetTupleElementXY "ax bn cy" hot get_tuple_element::<X, Y>;
    GetTupleElementYX "ay bn cx" hot get_tuple_element::<Y, X>;
    GetTupleElementYY "ay bn cy" hot get_tuple_element::<Y, Y>;
    GetTupleElementFar "ad bd U" hot get_tuple_element_far;
    GetListXXX "ax bx cx" hot get_list::<X, X, X>;
    GetListXXY "ax bx cy" hot get_list::<X, X, Y>;
    GetListXYX "ax by cx" hot get_list::<X, Y, X>;
    GetListXYY "ax by cy" hot get_list::<X, Y, Y>;
    GetListYXX "ay bx cx" hot get_list::<Y, X, X>;
    GetListYXY "ay bx cy" hot get_list::<Y, X, Y>;
    GetListYYX "ay by cx" hot get_list::<Y, Y, X>;
    GetListYYY "ay by cy" hot get_list::<Y, Y, Y>;
    NonemptyGetListXXX "ax rel U" hot nonempty_get_list_x;
    NonemptyGetListX "ax rel U" hot nonempty_get_list::<X>;
    NonemptyGetListY "ay rel U" hot nonempty_get_list::<Y>;
    IsTupleOfArityX "ax rel U" hot is_tuple_of_arity::<X>;
    IsTupleOfArityY "ay rel U" hot is_tuple_of_arity::<Y>;
    GetTwoElementsX "ax bn cx U" hot get_two_elements::<X, X>;
    GetTwoElementsXAny "ax bn cd U" hot get_two_elements::<X, D>;
    GetThreeElementsXAny "ax bn cd U" hot get_three_elements::<X, D>;
    GetTwoElementsY "ay bn cd U" hot get_two_elements::<Y, D>;
    GetThreeElementsX "ax bn cx U" hot get_three_elements::<X, X>;
    GetThreeElementsY "ay bn cd U" hot get_three_elements::<Y, D>;
    GetHdXX "ax bx" hot get_hd::<X, X>;
    GetHdXY "ax by" hot get_hd::<X, Y>;
    GetHdYX "ay bx" hot get_hd::<Y, X>;
    GetHdYY "ay by" hot get_hd::<Y, Y>;
    GetTlXX "ax bx" hot get_tl::<X, X>;
    GetTlXY "ax by" hot get_tl::<X, Y>;
    GetTlYX "ay bx" hot get_tl::<Y, X>;
    GetTlYY "ay by" hot get_tl::<Y, Y>;
    PutListXX "ax S S" hot put_list::<X, X, X>;
    PutListXY "ax S S" hot put_list::<X, Y, X>;
    PutListYX "ax S S" hot put_list::<Y, X, X>;
    PutListYY "ax S S" hot put_list::<Y, Y, X>;
    PutListXC "ax S S" hot put_list::<X, C, X>;
    PutListYC "ax S S" hot put_list::<Y, C, X>;
    PutListCX "ax S S" hot put_list::<C, X, X>;
    PutListCY "ax S S" hot put_list::<C, Y, X>;
    PutListCC "ax S S" hot put_list::<C, C, X>;
    PutListAny "ad S S" hot put_list::<G, G, D>;
    PutTuple2 "ax bn (S)*b" hot put_tuple2::<X>;
    PutTuple2Any "ad bn (S)*b" hot put_tuple2::<D>;
    PutTupleLarge "ad U (S)*1" slow slow::put_tuple_large;
    SetTupleElement "S S U" hot set_tuple_element;
    UpdateRecord "an bn cd U S (US)*b" hot update_record;

    Allocate "an bn cn" hot allocate;
    AllocateStress "an bn cn" slow slow::allocate;
    TestHeap "an rn" hot test_heap;
    TestHeapStress "an rn" slow slow::test_heap;
    Deallocate "an" hot deallocate;
    Return "" hot return_;
    DeallocateReturn "an" hot deallocate_return;
    MoveDeallocateReturnX "an bx" hot move_deallocate_return::<X>;
    MoveDeallocateReturnY "an by" hot move_deallocate_return::<Y>;
    MoveReturn "S" hot move_return;
    Trim "an" hot trim;

    Jump "rel" hot jump;
    IsNilX "ax rel" hot test::<IsNil, X>;
    IsNilY "ay rel" hot test::<IsNil, Y>;
    IsNonemptyListX "ax rel" hot test::<IsNonemptyList, X>;
    IsNonemptyListY "ay rel" hot test::<IsNonemptyList, Y>;
    IsListX "ax rel" hot test::<IsList, X>;
    IsListY "ay rel" hot test::<IsList, Y>;
    IsAtomX "ax rel" hot test::<IsAtom, X>;
    IsAtomY "ay rel" hot test::<IsAtom, Y>;
    IsBooleanX "ax rel" hot test::<IsBoolean, X>;
    IsBooleanY "ay rel" hot test::<IsBoolean, Y>;
    IsIntegerX "ax rel" hot test::<IsInteger, X>;
    IsIntegerY "ay rel" hot test::<IsInteger, Y>;
    IsFloatX "ax rel" hot test::<IsFloat, X>;
    IsFloatY "ay rel" hot test::<IsFloat, Y>;
    IsNumberX "ax rel" hot test::<IsNumber, X>;
    IsNumberY "ay rel" hot test::<IsNumber, Y>;
    IsTupleX "ax rel" hot test::<IsTuple, X>;
    IsTupleY "ay rel" hot test::<IsTuple, Y>;
    IsMapX "ax rel" hot test::<IsMap, X>;
    IsMapY "ay rel" hot test::<IsMap, Y>;
    IsRecordX "ax rel" hot test::<IsRecord, X>;
    IsRecordY "ay rel" hot test::<IsRecord, Y>;
    IsFunctionX "ax rel" hot test::<IsFunction, X>;
    IsFunctionY "ay rel" hot test::<IsFunction, Y>;
    IsBitstrX "ax rel" hot test::<IsBitstr, X>;
    IsBitstrY "ay rel" hot test::<IsBitstr, Y>;
    IsBinaryX "ax rel" hot test::<IsBinary, X>;
    IsBinaryY "ay rel" hot test::<IsBinary, Y>;
    IsPidX "ax rel" hot test::<IsPid, X>;
    IsPidY "ay rel" hot test::<IsPid, Y>;
    IsPortX "ax rel" hot test::<IsPort, X>;
    IsPortY "ay rel" hot test::<IsPort, Y>;
    IsReferenceX "ax rel" hot test::<IsReference, X>;
    IsReferenceY "ay rel" hot test::<IsReference, Y>;
    TestArityX "ax rel U" hot test_arity::<X>;
    TestArityY "ay rel U" hot test_arity::<Y>;
    IsTaggedTupleX "ax rel U T" hot is_tagged_tuple::<X>;
    IsTaggedTupleY "ay rel U T" hot is_tagged_tuple::<Y>;
    IsFunction2 "rel S S" slow slow::is_function2;

    EqImmediateX "ax rel T" hot eq_immediate::<X>;
    EqImmediateY "ay rel T" hot eq_immediate::<Y>;
    NeImmediateX "ax rel T" hot ne_immediate::<X>;
    NeImmediateY "ay rel T" hot ne_immediate::<Y>;
    IsEqExact "rel S S" hot is_eq_exact::<G, G>;
    IsEqExactXX "rel S S" hot is_eq_exact::<X, X>;
    IsEqExactXC "rel S S" hot is_eq_exact::<X, C>;
    IsNeExact "rel S S" hot is_ne_exact::<G, G>;
    IsNeExactXX "rel S S" hot is_ne_exact::<X, X>;
    IsEq "rel S S" hot is_eq;
    IsNe "rel S S" hot is_ne;
    IsLt "rel S S" hot is_lt::<G, G>;
    IsLtXC "rel S S" hot is_lt::<X, K>;
    IsLtCX "rel S S" hot is_lt::<K, X>;
    IsLtXX "rel S S" hot is_lt::<X, X>;
    IsGe "rel S S" hot is_ge::<G, G>;
    IsGeXC "rel S S" hot is_ge::<X, K>;
    IsGeCX "rel S S" hot is_ge::<K, X>;
    IsGeXX "rel S S" hot is_ge::<X, X>;

    SelectValX "ax rn L (T)*r (U)*r" hot select_val::<X>;
    SelectValY "ay rn L (T)*r (U)*r" hot select_val::<Y>;
    JumpTableX "ax rn L T U (U)*r" hot jump_table::<X>;
    JumpTableY "ay rn L T U (U)*r" hot jump_table::<Y>;
    Member "ax rel T U" hot member::<One>;
    MemberWide "ax rel T U U U U" hot member::<Four>;
    NotMember "ax rel T U" hot not_member::<One>;
    NotMemberWide "ax rel T U U U U" hot not_member::<Four>;
    SelectTupleArityX "ax rn L (U)*r (U)*r" hot select_tuple_arity::<X>;
    SelectTupleArityY "ay rn L (U)*r (U)*r" hot select_tuple_arity::<Y>;

    Call "rel" hot call;
    CallOnly "rel" hot call_only;
    CallLast "an rel" hot call_last;
    MoveCallX "ax rel" hot move_call::<X>;
    MoveCallY "ay rel" hot move_call::<Y>;
    CallExt "E" hot call_ext;
    CallExtOnly "E" hot call_ext_only;
    CallExtLast "an E" hot call_ext_last;
    CallBif "an E" slow calls::call_bif;
    BifBody "E" slow calls::bif_body;
    NifBody "B" slow calls::nif_body;
    NifStart "U" hot nif_start;
    CallStub "E" slow calls::call_stub;
    ApplyFirst "" slow calls::apply_first;
    ApplyList "" slow calls::apply_list;
    ApplyListLast "bn" slow calls::apply_list_last;
    ApplyFun "" slow calls::apply_fun;
    Apply "an" slow calls::apply;
    ApplyLast "an bn" slow calls::apply_last;
    CallFun2 "an S" hot call_fun2;
    CallFun2Last "an bn S" hot call_fun2_last;
    NormalExit "" slow calls::normal_exit;
    MakeFun "ad bn F (S)*b" slow slow::make_fun;

    Catch "ay rel" hot catch;
    CatchEnd "ay" slow exceptions::catch_end;
    TryEnd "ay" hot try_end;
    TryCase "ay" hot try_case;
    Raise "S S" slow exceptions::raise_again;
    RawRaise "" slow exceptions::raw_raise;
    BuildStacktrace "" slow exceptions::build_stacktrace;
    ErrorWith "T S" slow slow::error_with;
    ErrorPlain "T" slow slow::error_plain;

    GuardBif "an bn cd L E (S)*b" slow slow::guard_bif;
    Add "an bn cd L E S S" hot small2::<Add, G, G, D>;
    AddXC "an bn cx L E S S" hot small2::<Add, X, K, X>;
    AddXX "an bn cx L E S S" hot small2::<Add, X, X, X>;
    AddXY "an bn cx L E S S" hot small2::<Add, X, Y, X>;
    AddYX "an bn cx L E S S" hot small2::<Add, Y, X, X>;
    Sub "an bn cd L E S S" hot small2::<Sub, G, G, D>;
    SubXC "an bn cx L E S S" hot small2::<Sub, X, K, X>;
    SubYC "an bn cx L E S S" hot small2::<Sub, Y, K, X>;
    SubCX "an bn cx L E S S" hot small2::<Sub, K, X, X>;
    SubXX "an bn cx L E S S" hot small2::<Sub, X, X, X>;
    Mul "an bn cd L E S S" hot small2::<Mul, G, G, D>;
    MulXX "an bn cx L E S S" hot small2::<Mul, X, X, X>;
    MulXC "an bn cx L E S S" hot small2::<Mul, X, K, X>;
    Div "an bn cd L E S S" hot small2::<Div, G, G, D>;
    DivXX "an bn cx L E S S" hot small2::<Div, X, X, X>;
    DivXC "an bn cx L E S S" hot small2::<Div, X, K, X>;
    Rem "an bn cd L E S S" hot small2::<Rem, G, G, D>;
    RemXX "an bn cx L E S S" hot small2::<Rem, X, X, X>;
    RemXC "an bn cx L E S S" hot small2::<Rem, X, K, X>;
    Band "an bn cd L E S S" hot small2::<Band, G, G, D>;
    BandXX "an bn cx L E S S" hot small2::<Band, X, X, X>;
    BandXC "an bn cx L E S S" hot small2::<Band, X, K, X>;
    Bor "an bn cd L E S S" hot small2::<Bor, G, G, D>;
    BorXX "an bn cx L E S S" hot small2::<Bor, X, X, X>;
    BorXC "an bn cx L E S S" hot small2::<Bor, X, K, X>;
    Bxor "an bn cd L E S S" hot small2::<Bxor, G, G, D>;
    BxorXX "an bn cx L E S S" hot small2::<Bxor, X, X, X>;
    BxorXC "an bn cx L E S S" hot small2::<Bxor, X, K, X>;
    Bsl "an bn cd L E S S" hot small2::<Bsl, G, G, D>;
    BslXX "an bn cx L E S S" hot small2::<Bsl, X, X, X>;
    BslXC "an bn cx L E S S" hot small2::<Bsl, X, K, X>;
    Bsr "an bn cd L E S S" hot small2::<Bsr, G, G, D>;
    BsrXX "an bn cx L E S S" hot small2::<Bsr, X, X, X>;
    BsrXC "an bn cx L E S S" hot small2::<Bsr, X, K, X>;
    DivFloat "an bn cd L E S S" hot slow::DIV_FLOAT;
    BifAbs "an bn cd L E S" hot bif_abs::<G, D>;
    BifAbsX "an bn cx L E S" hot bif_abs::<X, X>;
    BifNegate "an bn cd L E S" hot bif_negate;
    BifMax "an bn cd L E S S" hot bif_max;
    BifMin "an bn cd L E S S" hot bif_min;
    BifByteSize "an bn cd L E S" hot bif_byte_size;
    BifMapGet "an bn cd L E S S" hot joined::map_get;
    BifIsMapKey "an bn cd L E S S T T" hot joined::is_map_key;
    BifElement "an bn cd L E S S" hot bif_element::<G, G, D>;
    BifElementXX "an bn cx L E S S" hot bif_element::<X, X, X>;
    BifHd "an bn cd L E S" hot bif_hd;
    BifTl "an bn cd L E S" hot bif_tl;
    BifTupleSize "an bn cd L E S" hot bif_tuple_size;
    BifMapSize "an bn cd L E S" hot bif_map_size;
    BifSelf "ad" hot bif_self;
    BifSame "an bn cd L E S S T T" hot bif_same;

    FmoveIn "af S" hot fmove_in;
    FmoveOut "af bd" hot fmove_out;
    Fmove "af bf" hot fmove;
    Fconv "af S" hot fconv;
    FaddOp "af bf cf L" hot float2::<Fadd>;
    FsubOp "af bf cf L" hot float2::<Fsub>;
    FmulOp "af bf cf L" hot float2::<Fmul>;
    FdivOp "af bf cf L" hot float2::<Fdiv>;
    FnegateOp "af bf cf L" hot float2::<Fnegate>;

    PutMapAssocConst "an bn cd L S (SS)*b" hot joined::put_map;
    PutMapExactConst "an bn cd L S (SS)*b" hot joined::put_map;
    PutMapAssocOne "an bn cd L S S S" hot joined::put_map_one;
    PutMapExactOne "an bn cd L S S S" hot joined::put_map_one;
    HasMapFieldsConst "an L S (S)*a" hot joined::has_map_fields;
    GetMapElementsConst "an L S (SU)*a" hot joined::get_map_elements;
    PutMapAssoc "an bn cd L S (SS)*b" slow slow::put_map_assoc;
    PutMapExact "an bn cd L S (SS)*b" slow slow::put_map_exact;
    HasMapFields "an L S (S)*a" slow slow::has_map_fields;
    GetMapElements "an L S (SU)*a" slow slow::get_map_elements;

    IsNativeRecord "rel S T T" slow records::is_native_record;
    IsRecordAccessible "rel S T" slow records::is_accessible;
    GetRecordField "ad L S S T" slow records::get_field;
    GetRecordElements "an L S (TU)*a" slow records::get_elements;
    MakeRecord "an bn cd T (S)*b" slow records::make;
    CreateRecord "an bn cd L T (TS)*b" slow records::create;
    UpdateNativeRecord "an bn cd L S (TS)*b" slow records::update;

    Send "an E" slow receive::send;
    LoopRec "ad rel" hot receive::next_message;
    LoopRecEnd "rel" hot receive::no_match;
    RemoveMessage "" slow receive::remove_message;
    Timeout "" slow receive::timeout;
    Wait "rel" slow receive::wait;
    WaitTimeout "rel S" slow receive::wait_timeout;
    MarkerReserve "ad" slow receive::marker_reserve;
    MarkerBind "S S" slow receive::marker_bind;
    MarkerClear "S" slow receive::marker_clear;
    MarkerUse "S" slow receive::marker_use;

    BsStart "an cx L S" hot bs_start::<X, X>;
    BsStartAny "an cd L S" hot bs_start::<G, D>;
    BsStartStress "an cd L S" slow bs_match::start;
    BsGetPosition "ad S" slow bs_match::get_position;
    BsGetPositionX "ax bd" hot bs_get_position;
    BsSetPosition "S S" slow bs_match::set_position;
    BsSetPositionX "ax bd" hot bs_set_position;
    BsGetTail "an cd S" hot bs_get_tail;
    BsGetTailStress "an cd S" slow bs_match::get_tail;
    BsEnsureAtLeast "ax rel U U" hot bs_ensure_at_least;
    BsEnsureByte "ax rel U U" hot bs_ensure_byte;
    BsEnsureBytes "ax rel U U U (U)*3" hot bs_ensure_bytes;
    BsEnsureExactly "ax rel U" hot bs_ensure_exactly;
    BsByte "ax bx U" hot bs_bytes::<One>;
    BsTwoBytes "ax bx U" hot bs_bytes::<Two>;
    BsFourBytes "ax bx U" hot bs_bytes::<Four>;
    BsInteger "ax bx U" hot bs_integer::<Big>;
    BsIntegerLittle "ax bx U" hot bs_integer::<Little>;
    BsIntegerSigned "ax bx U" hot bs_integer::<SignedBig>;
    BsIntegerSignedLittle "ax bx U" hot bs_integer::<SignedLittle>;
    BsEqual "ax rel U U" hot bs_equal;
    BsEqualString "ax rel U U" hot bs_equal_string;
    BsSkip "ax U" hot bs_skip;
    BsGetInteger "an cd L S S U" slow bs_match::get_integer;
    BsGetFloat "an cd L S S U" slow bs_match::get_float;
    BsGetBinary "an cd L S S U" slow bs_match::get_binary;
    BsSkipBits "L S S U" slow bs_match::skip_bits;
    BsTestTail "L S U" slow bs_match::test_tail;
    BsTestUnit "L S U" slow bs_match::test_unit;
    BsTestUnitX "ax rel U" hot bs_test_unit;
    BsMatchString "L S U P" slow bs_match::match_string;
    BsGetUtf "an bn cd L S U U" slow bs_match::get_utf;
    BsGetUtf8 "an bn cd L S U U" hot bs_get_utf8;
    BsMatch "an bn L S (UUU)*b" slow bs_match::bs_match;
    BsCreateBin "an bn cd L U U (USS)*b" slow bs_create::create;
    BsAppendIntegers "an bn cd L U U (USS)*b" hot bs_append_integers;
    BsInitWritable "" slow bs_create::init_writable;
    BsInit "an bn cd L U S" slow bs_create::init;
    BsInitAppend "an bn cd L U S S" slow bs_create::init_append;
    BsPut "L U S S" slow bs_create::put;
    BsAdd "an cd L S S" slow bs_create::add;
    BsUtfSize "an cd S" slow bs_create::utf_size;

    @fused
    Allocate MoveXY => AllocateMove allocate::then::<ThenMoveXY>;
    AllocateMove Call => AllocateMoveCall allocate::then::<ThenMoveXYCall>;
    Allocate Move2XYXY => AllocateMove2 allocate::then::<ThenMove2XYXY>;
    AllocateMove2 MoveXY => AllocateMove3 allocate::then::<ThenMove3XY>;
    AllocateMove2 Move2XYXY => AllocateMove4 allocate::then::<ThenMove4XY>;
    Allocate InitYregs => AllocateInit allocate::then::<ThenInit>;
    AllocateInit MoveXY => AllocateInitMove allocate::then::<ThenInitMoveXY>;
    AllocateInit Move2XYXY => AllocateInitMove2 allocate::then::<ThenInitMove2>;
    AllocateInitMove2 MoveXY => AllocateInitMove3 allocate::then::<ThenInitMove3>;
    AllocateInitMove2 Move2XYXY => AllocateInitMove4 allocate::then::<ThenInitMove4>;
    IsNonemptyListX Allocate => IsNonemptyListAllocate test::then::<IsNonemptyList, X, ThenAllocate>;
    IsNonemptyListAllocate MoveXY => IsNonemptyListAllocateMove test::then::<IsNonemptyList, X, ThenAllocateMoveXY>;
    IsNonemptyListAllocate InitYregs => IsNonemptyListAllocateInit test::then::<IsNonemptyList, X, ThenAllocateInit>;
    IsTaggedTupleX Allocate => IsTaggedTupleAllocate is_tagged_tuple::then::<X, ThenAllocate>;
    EqImmediateX Allocate => EqImmediateAllocate eq_immediate::then::<X, ThenAllocate>;
    InitYregs Move2XYXY => InitYregsMove2 init_yregs::then::<ThenMove2XYXY>;
    Move2XYXY MoveXY => Move3XY move_two::then::<X, Y, X, Y, ThenMoveXY>;
    Move2XYXY Move2XYXY => Move4XY move_two::then::<X, Y, X, Y, ThenMove2XYXY>;
    MoveXY GetListXXY => MoveGetListXXY move_::then::<X, Y, ThenGetListXXY>;
    MoveXY GetListXYY => MoveGetListXYY move_::then::<X, Y, ThenGetListXYY>;

    TestHeap PutTuple2 => TestHeapPutTuple test_heap::then::<ThenPutTuple>;
    TestHeapPutTuple Return => TestHeapPutTupleReturn test_heap::then::<ThenPutTupleReturn>;
    TestHeapPutTuple DeallocateReturn => TestHeapPutTupleDeallocateReturn test_heap::then::<ThenPutTupleDeallocateReturn>;
    TestHeapPutTuple PutListXX => TestHeapPutTuplePutList test_heap::then::<ThenPutTuplePutListXX>;
    TestHeap PutListYX => TestHeapPutListYX test_heap::then::<ThenPutListYX>;
    TestHeapPutListYX DeallocateReturn => TestHeapPutListYXDeallocateReturn test_heap::then::<ThenPutListYXDeallocateReturn>;
    TestHeap PutListXC => TestHeapPutListXC test_heap::then::<ThenPutListXC>;
    TestHeapPutListXC PutListXX => TestHeapPutListXCPutList test_heap::then::<ThenPutListXCPutListXX>;
    TestHeap PutListXX => TestHeapPutListXX test_heap::then::<ThenPutListXX>;
    TestHeapPutListXX CallOnly => TestHeapPutListXXCallOnly test_heap::then::<ThenPutListXXCallOnly>;
    TestHeap UpdateRecord => TestHeapUpdateRecord test_heap::then::<ThenUpdateRecord>;
    TestHeap GetTupleElementXX => TestHeapGetElement test_heap::then::<ThenGetElement>;
    TestHeap GetTwoElementsX => TestHeapGetTwoElements test_heap::then::<ThenGetTwoElements>;
    PutTuple2 DeallocateReturn => PutTupleDeallocateReturn put_tuple2::then::<X, ThenDeallocateReturn>;
    PutTuple2 Return => PutTupleReturn put_tuple2::then::<X, ThenReturn>;
    PutTuple2 PutListXX => PutTuplePutList put_tuple2::then::<X, ThenPutListXX>;
    PutTuple2 PutTuple2 => PutTuplePutTuple put_tuple2::then::<X, ThenPutTuple>;
    PutListXX Return => PutListXXReturn put_list::then::<X, X, X, ThenReturn>;
    PutListXX DeallocateReturn => PutListXXDeallocateReturn put_list::then::<X, X, X, ThenDeallocateReturn>;
    PutListYX DeallocateReturn => PutListYXDeallocateReturn put_list::then::<Y, X, X, ThenDeallocateReturn>;
    PutListCX DeallocateReturn => PutListCXDeallocateReturn put_list::then::<C, X, X, ThenDeallocateReturn>;
    PutListXX CallOnly => PutListXXCallOnly put_list::then::<X, X, X, ThenCallOnly>;
    PutListXC PutListXX => PutListXCPutList put_list::then::<X, C, X, ThenPutListXX>;

    IsTupleX SelectTupleArityX => IsTupleSelectArity test::then::<IsTuple, X, ThenSelectArity>;
    IsTaggedTupleX GetTupleElementXX => IsTaggedTupleGetElement is_tagged_tuple::then::<X, ThenGetElement>;
    IsTaggedTupleX GetTwoElementsX => IsTaggedTupleGetTwo is_tagged_tuple::then::<X, ThenGetTwoElements>;
    IsTaggedTupleX GetThreeElementsX => IsTaggedTupleGetThree is_tagged_tuple::then::<X, ThenGetThreeElements>;
    IsTaggedTupleX TestHeap => IsTaggedTupleTestHeap is_tagged_tuple::then::<X, ThenTestHeap>;
    IsTupleOfArityX GetTupleElementXX => IsTupleOfArityGetElement is_tuple_of_arity::then::<X, ThenGetElement>;
    IsTupleOfArityX GetTwoElementsX => IsTupleOfArityGetTwo is_tuple_of_arity::then::<X, ThenGetTwoElements>;
    IsTupleOfArityX GetThreeElementsX => IsTupleOfArityGetThree is_tuple_of_arity::then::<X, ThenGetThreeElements>;
    LoopRec IsTaggedTupleX => LoopRecIsTaggedTuple receive::next_tagged_message;
    NonemptyGetListXXX IsTaggedTupleX => NonemptyGetListIsTaggedTuple nonempty_get_list_x::then::<ThenIsTaggedTuple>;
    NonemptyGetListXXX IsTupleOfArityX => NonemptyGetListIsTupleOfArity nonempty_get_list_x::then::<ThenIsTupleOfArity>;
    NonemptyGetListXXX EqImmediateX => NonemptyGetListEqImmediate nonempty_get_list_x::then::<ThenEqImmediate>;
    NonemptyGetListXXX SelectValX => NonemptyGetListSelectVal nonempty_get_list_x::then::<ThenSelectVal>;
    NonemptyGetListXXX IsLtXX => NonemptyGetListIsLt nonempty_get_list_x::then::<ThenIsLtXX>;
    GetTupleElementXX SelectValX => GetElementSelectVal get_tuple_element::then::<X, X, ThenSelectVal>;
    GetTupleElementXX EqImmediateX => GetElementEqImmediate get_tuple_element::then::<X, X, ThenEqImmediate>;
    GetTupleElementXX IsTaggedTupleX => GetElementIsTaggedTuple get_tuple_element::then::<X, X, ThenIsTaggedTuple>;
    GetTupleElementXX IsTupleX => GetElementIsTuple get_tuple_element::then::<X, X, ThenIsTuple>;
    GetTupleElementXX IsNonemptyListX => GetElementIsNonemptyList get_tuple_element::then::<X, X, ThenIsNonemptyList>;
    GetTupleElementXX Return => GetElementReturn get_tuple_element::then::<X, X, ThenReturn>;
    GetTwoElementsX SelectValX => GetTwoSelectVal get_two_elements::then::<X, X, ThenSelectVal>;
    GetThreeElementsX SelectValX => GetThreeSelectVal get_three_elements::then::<X, X, ThenSelectVal>;
    IsNilX MoveReturn => IsNilMoveReturn test::then::<IsNil, X, ThenMoveReturn>;
    IsNilX Return => IsNilReturn test::then::<IsNil, X, ThenReturn>;
    IsNilX TestHeap => IsNilTestHeap test::then::<IsNil, X, ThenTestHeap>;
    EqImmediateX TestHeap => EqImmediateTestHeap eq_immediate::then::<X, ThenTestHeap>;

    Trim Call => TrimCall trim::then::<ThenCall>;
    MoveYY Trim => MoveYYTrim move_::then::<Y, Y, ThenTrim>;
    MoveYYTrim Call => MoveYYTrimCall move_::then::<Y, Y, ThenTrimCall>;
    MoveYX Trim => MoveYXTrim move_::then::<Y, X, ThenTrim>;
    MoveYXTrim Call => MoveYXTrimCall move_::then::<Y, X, ThenTrimCall>;
    MoveXY Call => MoveXYCall move_::then::<X, Y, ThenCall>;
    MoveXX CallOnly => MoveXXCallOnly move_::then::<X, X, ThenCallOnly>;
    MoveCX CallOnly => MoveCXCallOnly move_const::then::<X, ThenCallOnly>;
    MoveYX CallLast => MoveYXCallLast move_::then::<Y, X, ThenCallLast>;
    MoveXX CallExt => MoveXXCallExt move_::then::<X, X, ThenCallExt>;
    MoveYX CallExt => MoveYXCallExt move_::then::<Y, X, ThenCallExt>;
    MoveYX CallFun2 => MoveYXCallFun move_::then::<Y, X, ThenCallFun>;
    Move2YXYX CallLast => Move2YXCallLast move_two::then::<Y, X, Y, X, ThenCallLast>;
    Move2XXYX CallLast => Move2XXYXCallLast move_two::then::<X, X, Y, X, ThenCallLast>;
    Move2XXYX CallExt => Move2XXYXCallExt move_two::then::<X, X, Y, X, ThenCallExt>;
    Move2XXXX CallOnly => Move2XXCallOnly move_two::then::<X, X, X, X, ThenCallOnly>;
    Swap CallExt => SwapCallExt swap::then::<ThenCallExt>;
    Swap Call => SwapCall swap::then::<ThenCall>;
    GetListXXY Call => GetListXXYCall get_list::then::<X, X, Y, ThenCall>;
    GetListXXY MoveYX => GetListXXYMove get_list::then::<X, X, Y, ThenMoveYX>;
    GetListXXYMove CallFun2 => GetListXXYMoveCallFun get_list::then::<X, X, Y, ThenMoveYXCallFun>;
    AddXC CallOnly => AddXCCallOnly small2::then::<Add, X, K, X, ThenCallOnly>;
    AddXC MoveXX => AddXCMove small2::then::<Add, X, K, X, ThenMoveXX>;
    AddXCMove CallOnly => AddXCMoveCallOnly small2::then::<Add, X, K, X, ThenMoveXXCallOnly>;
    IsGeCX AddXC => IsGeCXAddXC is_ge::then::<K, X, ThenAddXC>;
    IsGeXC IsGeCX => IsGeXCIsGeCX is_ge::then::<X, K, ThenIsGeCX>;

    BsStart BsEnsureByte => BsStartEnsureByte bs_start::then::<X, X, ThenEnsureByte>;
    BsStart BsEnsureAtLeast => BsStartEnsureAtLeast bs_start::then::<X, X, ThenEnsureAtLeast>;
    BsStart BsGetPositionX => BsStartGetPosition bs_start::then::<X, X, ThenGetPosition>;
    BsStartGetPosition BsEnsureByte => BsStartGetPositionEnsureByte bs_start::then::<X, X, ThenGetPositionEnsureByte>;
    BsGetPositionX BsEnsureByte => BsGetPositionEnsureByte bs_get_position::then::<ThenEnsureByte>;
    BsGetPositionX BsGetUtf8 => BsGetPositionGetUtf8 bs_get_position::then::<ThenGetUtf8>;
    BsSetPositionX CallOnly => BsSetPositionCallOnly bs_set_position::then::<ThenCallOnly>;
    BsByte BsByte => BsByteByte bs_bytes::then::<One, ThenByte>;
    BsInteger BsInteger => BsIntegerInteger bs_integer::then::<Big, ThenInteger>;
    BsEnsureAtLeast BsInteger => BsEnsureAtLeastInteger bs_ensure_at_least::then::<ThenInteger>;
    BsEnsureAtLeast BsByte => BsEnsureAtLeastByte bs_ensure_at_least::then::<ThenByte>;
    BsEnsureByte Member => BsEnsureByteMember bs_ensure_byte::then::<ThenMember>;
    BsEnsureByte MemberWide => BsEnsureByteMemberWide bs_ensure_byte::then::<ThenMemberWide>;
    BsEnsureBytes MemberWide => BsEnsureBytesMemberWide bs_ensure_bytes::then::<ThenMemberWide>;
    BsEnsureByte NotMember => BsEnsureByteNotMember bs_ensure_byte::then::<ThenNotMember>;
    BsEnsureByte NotMemberWide => BsEnsureByteNotMemberWide bs_ensure_byte::then::<ThenNotMemberWide>;
    MemberWide MemberWide => MemberWideTwo member::then::<Four, ThenMemberWide>;
    MemberWide AddXC => MemberWideAddXC member::then::<Four, ThenAddXC>;
    BsEnsureByte JumpTableX => BsEnsureByteJumpTable bs_ensure_byte::then::<ThenJumpTable>;
    BsEnsureByte SelectValX => BsEnsureByteSelectVal bs_ensure_byte::then::<ThenSelectVal>;
    BsEnsureByte IsGeXC => BsEnsureByteIsGe bs_ensure_byte::then::<ThenIsGeXC>;
    BsEnsureByte EqImmediateX => BsEnsureByteEqImmediate bs_ensure_byte::then::<ThenEqImmediate>;

    IsTupleX TestArityX => IsTupleTestArity test::then::<IsTuple, X, ThenTestArity>;
    TestArityX GetTwoElementsX => TestArityGetTwo test_arity::then::<X, ThenGetTwoElements>;
    BifElementXX IsTupleX => BifElementIsTuple bif_element::then::<X, X, X, ThenIsTuple>;
    BifElementXX AddXX => BifElementAdd bif_element::then::<X, X, X, ThenAddXX>;
    EqImmediateX SubXC => EqImmediateSub eq_immediate::then::<X, ThenSubXC>;
    AddXX CallOnly => AddXXCallOnly small2::then::<Add, X, X, X, ThenCallOnly>;
    AddXX MoveXX => AddXXMove small2::then::<Add, X, X, X, ThenMoveXX>;
    AddXXMove CallOnly => AddXXMoveCallOnly small2::then::<Add, X, X, X, ThenMoveXXCallOnly>;
    AddXX AddXX => AddXXAddXX small2::then::<Add, X, X, X, ThenAddXX>;
    MulXX AddXX => MulXXAddXX small2::then::<Mul, X, X, X, ThenAddXX>;

    SubXC Allocate => SubXCAllocate small2::then::<Sub, X, K, X, ThenAllocate>;
    SubXCAllocate MoveXY => SubXCAllocateMove small2::then::<Sub, X, K, X, ThenAllocateMoveXY>;
    SubXC CallOnly => SubXCCallOnly small2::then::<Sub, X, K, X, ThenCallOnly>;
    SubXC SubXC => SubXCSubXC small2::then::<Sub, X, K, X, ThenSubXC>;
    SubXC BsAppendIntegers => SubXCAppend small2::then::<Sub, X, K, X, ThenAppend>;
    IsGeXC SubXC => IsGeXCSubXC is_ge::then::<X, K, ThenSubXC>;
    IsLtXC SubXC => IsLtXCSubXC is_lt::then::<X, K, ThenSubXC>;
    EqImmediateX AddXC => EqImmediateAdd eq_immediate::then::<X, ThenAddXC>;
    AddXC Return => AddXCReturn small2::then::<Add, X, K, X, ThenReturn>;
    AddXC TestHeap => AddXCTestHeap small2::then::<Add, X, K, X, ThenTestHeap>;
    AddYX MoveYX => AddYXMove small2::then::<Add, Y, X, X, ThenMoveYX>;
    AddYX DeallocateReturn => AddYXDeallocateReturn small2::then::<Add, Y, X, X, ThenDeallocateReturn>;
    BifMapGet TestHeap => BifMapGetTestHeap joined::map_get::then::<ThenTestHeap>;
    TestArityGetTwo SelectValX => TestArityGetTwoSelectVal test_arity::then::<X, ThenGetTwoSelectVal>;

    MoveXY MoveCallX => MoveXYMoveCall move_::then::<X, Y, ThenMoveCallX>;
    AllocateMove MoveCallX => AllocateMoveMoveCall allocate::then::<ThenMoveXYMoveCallX>;
    Trim MoveCallX => TrimMoveCall trim::then::<ThenMoveCallX>;
    MoveXX Call => MoveXXCall move_::then::<X, X, ThenCall>;
    MoveCX MoveXX => MoveCXMoveXX move_const::then::<X, ThenMoveXX>;
    MoveCX MoveCX => MoveCXMoveCX move_const::then::<X, ThenMoveCX>;
    MoveYX MoveCX => MoveYXMoveCX move_::then::<Y, X, ThenMoveCX>;
    PutListXX MoveXX => PutListXXMove put_list::then::<X, X, X, ThenMoveXX>;
    PutListXC PutListCX => PutListXCPutListCX put_list::then::<X, C, X, ThenPutListCX>;
    PutListCX PutListXX => PutListCXPutListXX put_list::then::<C, X, X, ThenPutListXX>;
    PutListCX Return => PutListCXReturn put_list::then::<C, X, X, ThenReturn>;
    NonemptyGetListXXX NonemptyGetListXXX => NonemptyGetListTwo nonempty_get_list_x::then::<ThenNonemptyGetList>;
    BsGetPositionX BsEnsureBytes => BsGetPositionEnsureBytes bs_get_position::then::<ThenEnsureBytes>;
    BsStartGetPosition BsEnsureBytes => BsStartGetPositionEnsureBytes bs_start::then::<X, X, ThenGetPositionEnsureBytes>;
    MemberWideAddXC CallOnly => MemberWideAddXCCallOnly member::then::<Four, ThenAddXCCallOnly>;
    BsAppendIntegers CallOnly => AppendCallOnly bs_append_integers::then::<ThenCallOnly>;
    BsAppendIntegers MoveXX => AppendMove bs_append_integers::then::<ThenMoveXX>;

    FmoveIn FmoveIn => FmoveInIn fmove_in::then::<ThenFmoveIn>;
    FmoveInIn FaddOp => FmoveInInFadd fmove_in::then::<ThenFmoveInFadd>;
    FmoveInIn FsubOp => FmoveInInFsub fmove_in::then::<ThenFmoveInFsub>;
    FmoveInIn FmulOp => FmoveInInFmul fmove_in::then::<ThenFmoveInFmul>;
    FmoveInIn FdivOp => FmoveInInFdiv fmove_in::then::<ThenFmoveInFdiv>;
    FmoveIn FaddOp => FmoveInFadd fmove_in::then::<ThenFadd>;
    FmoveIn FsubOp => FmoveInFsub fmove_in::then::<ThenFsub>;
    FmoveIn FmulOp => FmoveInFmul fmove_in::then::<ThenFmul>;
    FmoveIn FdivOp => FmoveInFdiv fmove_in::then::<ThenFdiv>;
    Fconv FmoveIn => FconvFmoveIn fconv::then::<ThenFmoveIn>;
    TestHeap FmoveOut => TestHeapFmoveOut test_heap::then::<ThenFmoveOut>;
    TestHeapFmoveOut FmoveOut => TestHeapFmoveOutOut test_heap::then::<ThenFmoveOutOut>;
    FaddOp TestHeap => FaddTestHeap float2::then::<Fadd, ThenTestHeap>;
    FaddTestHeap FmoveOut => FaddTestHeapFmoveOut float2::then::<Fadd, ThenTestHeapFmoveOut>;
}

op!(
    /// Where a NIF is patched in; until then the function's own body follows.
    nif_start |s| {
    s.step(2);
});

op!(
    /// In front of a first instruction that jumps lead to: a breakpoint here is for calls only.
    function_entry |s| {
    s.step(1);
});

impl Op {
    pub fn name(self) -> &'static str {
        INFO[self as usize].0
    }
    pub fn layout(self) -> &'static str {
        match self.first() {
            Some(first) => first.layout(),
            None => INFO[self as usize].1,
        }
    }
    /// The first instruction of a fused pair.
    fn first(self) -> Option<Op> {
        let pair = (self as usize).checked_sub(ALL.len() - FIRST.len())?;
        FIRST.get(pair).copied()
    }
    /// The first instruction of a fused pair or of what that is itself the first of; any other is its own.
    pub(super) fn first_of_all(self) -> Op {
        self.first().map_or(self, Op::first_of_all)
    }
    /// How many instructions of the compiler's it stands for, apart from what lowering joins.
    #[cfg(test)]
    fn parts(self) -> usize {
        1 + self.first().map_or(0, Op::parts)
    }
    pub fn from_index(index: u16) -> Option<Op> {
        ALL.get(usize::from(index)).copied()
    }
}

/// The instruction at `pc`.
///
/// # Safety
/// `pc` is the address of an instruction.
pub unsafe fn op_at(pc: *const Word) -> Op {
    // SAFETY: by the caller's promise.
    match unsafe { op_at_raw(pc) } {
        Op::Breakpoint => crate::trace::breakpoint::hidden(pc).unwrap_or(Op::Breakpoint),
        op => op,
    }
}

/// The same, or the breakpoint that hides it.
///
/// # Safety
/// As above.
pub unsafe fn op_at_raw(pc: *const Word) -> Op {
    // SAFETY: by the caller's promise.
    Op::from_index(unsafe { *pc } as u16).unwrap_or(Op::FuncInfo)
}

/// Whether `pc` looks like a function's entry: a header lies in front of it.
///
/// # Safety
/// `pc` is an instruction of a module or stub, which has at least a header before it.
pub unsafe fn is_entry(pc: *const Word) -> bool {
    use corten_term::layout::{IMMEDIATE2_MASK, TAG_ATOM};
    // SAFETY: by the caller's promise.
    unsafe {
        *pc.sub(4) == Op::FuncInfo as Word
            && *pc.sub(3) & IMMEDIATE2_MASK == TAG_ATOM
            && *pc.sub(2) & IMMEDIATE2_MASK == TAG_ATOM
            && *pc.sub(1) <= 1024
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fused_pair_looks_like_its_first_instruction() {
        let pairs: Vec<_> = ALL.iter().filter(|op| op.parts() > 1).collect();
        assert_eq!(pairs.len(), FIRST.len());
        for op in pairs {
            let first = op.first().map(Op::layout);
            assert_eq!(Some(op.layout()), first, "{}", op.name());
        }
        assert_eq!(Op::fused(Op::Allocate, Op::MoveXY), Some(Op::AllocateMove));
        assert_eq!(Op::fused(Op::Return, Op::Return), None);
    }
}
