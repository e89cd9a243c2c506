//! What follows in fused pairs: the table of instructions names pairs whose first handler ends in the handler of the
//! second instead of a dispatch. That is a jump that needs no prediction, or no jump at all.

use super::hot::bits::*;
use super::hot::joined::*;
use super::hot::*;
use super::machine::*;

macro_rules! then {
    ($($name:ident $h:expr;)*) => {$(
        pub struct $name;
        impl Then for $name {
            #[inline(always)]
            unsafe fn then(s: S) -> Ret {
                // SAFETY: the instruction at `s.pc` is one of this handler.
                unsafe { $h(s.pc, s.x, s.e, s.hp, s.reds, s.p) }
            }
        }
    )*};
}

then! {
    ThenMoveXX move_::<X, X>;
    ThenMoveXY move_::<X, Y>;
    ThenMoveYX move_::<Y, X>;
    ThenMove2XYXY move_two::<X, Y, X, Y>;
    ThenMove3XY move_two::then::<X, Y, X, Y, ThenMoveXY>;
    ThenMove4XY move_two::then::<X, Y, X, Y, ThenMove2XYXY>;
    ThenMoveXYCall move_::then::<X, Y, ThenCall>;
    ThenMoveXXCallOnly move_::then::<X, X, ThenCallOnly>;
    ThenMoveYXCallFun move_::then::<Y, X, ThenCallFun>;
    ThenInit init_yregs;
    ThenInitMoveXY init_yregs::then::<ThenMoveXY>;
    ThenInitMove2 init_yregs::then::<ThenMove2XYXY>;
    ThenInitMove3 init_yregs::then::<ThenMove3XY>;
    ThenInitMove4 init_yregs::then::<ThenMove4XY>;
    ThenAllocate allocate;
    ThenAllocateMoveXY allocate::then::<ThenMoveXY>;
    ThenAllocateInit allocate::then::<ThenInit>;
    ThenTestHeap test_heap;

    ThenGetListXXY get_list::<X, X, Y>;
    ThenGetListXYY get_list::<X, Y, Y>;
    ThenGetElement get_tuple_element::<X, X>;
    ThenGetTwoElements get_two_elements::<X, X>;
    ThenGetThreeElements get_three_elements::<X, X>;
    ThenPutTuple put_tuple2::<X>;
    ThenPutTupleReturn put_tuple2::then::<X, ThenReturn>;
    ThenPutTupleDeallocateReturn put_tuple2::then::<X, ThenDeallocateReturn>;
    ThenPutTuplePutListXX put_tuple2::then::<X, ThenPutListXX>;
    ThenPutListXX put_list::<X, X, X>;
    ThenPutListXXCallOnly put_list::then::<X, X, X, ThenCallOnly>;
    ThenPutListXC put_list::<X, C, X>;
    ThenPutListXCPutListXX put_list::then::<X, C, X, ThenPutListXX>;
    ThenPutListYX put_list::<Y, X, X>;
    ThenPutListYXDeallocateReturn put_list::then::<Y, X, X, ThenDeallocateReturn>;
    ThenUpdateRecord update_record;

    ThenIsNonemptyList test::<IsNonemptyList, X>;
    ThenIsTuple test::<IsTuple, X>;
    ThenIsTupleOfArity is_tuple_of_arity::<X>;
    ThenIsTaggedTuple is_tagged_tuple::<X>;
    ThenEqImmediate eq_immediate::<X>;
    ThenIsLtXX is_lt::<X, X>;
    ThenIsGeXC is_ge::<X, K>;
    ThenIsGeCX is_ge::<K, X>;
    ThenSelectVal select_val::<X>;
    ThenSelectArity select_tuple_arity::<X>;
    ThenJumpTable jump_table::<X>;
    ThenMember member::<One>;
    ThenMemberWide member::<Four>;
    ThenNotMember not_member::<One>;
    ThenNotMemberWide not_member::<Four>;
    ThenAddXC small2::<Add, X, K, X>;

    ThenMoveCX move_const::<X>;
    ThenMoveCallX move_call::<X>;
    ThenMoveXYMoveCallX move_::then::<X, Y, ThenMoveCallX>;
    ThenAddXCCallOnly small2::then::<Add, X, K, X, ThenCallOnly>;
    ThenGetTwoSelectVal get_two_elements::then::<X, X, ThenSelectVal>;
    ThenNonemptyGetList nonempty_get_list_x;
    ThenPutListCX put_list::<C, X, X>;
    ThenEnsureBytes bs_ensure_bytes;
    ThenGetPositionEnsureBytes bs_get_position::then::<ThenEnsureBytes>;
    ThenAppend bs_append_integers;

    ThenReturn return_;
    ThenMoveReturn move_return;
    ThenDeallocateReturn deallocate_return;
    ThenTrim trim;
    ThenTrimCall trim::then::<ThenCall>;
    ThenCall call;
    ThenCallOnly call_only;
    ThenCallLast call_last;
    ThenCallExt call_ext;
    ThenCallFun call_fun2;

    ThenEnsureByte bs_ensure_byte;
    ThenEnsureAtLeast bs_ensure_at_least;
    ThenGetPosition bs_get_position;
    ThenGetPositionEnsureByte bs_get_position::then::<ThenEnsureByte>;
    ThenGetUtf8 bs_get_utf8;
    ThenByte bs_bytes::<One>;
    ThenInteger bs_integer::<Big>;
    ThenTestArity test_arity::<X>;
    ThenAddXX small2::<Add, X, X, X>;
    ThenSubXC small2::<Sub, X, K, X>;
    ThenFmoveIn fmove_in;
    ThenFmoveInFadd fmove_in::then::<ThenFadd>;
    ThenFmoveInFsub fmove_in::then::<ThenFsub>;
    ThenFmoveInFmul fmove_in::then::<ThenFmul>;
    ThenFmoveInFdiv fmove_in::then::<ThenFdiv>;
    ThenFadd float2::<Fadd>;
    ThenFsub float2::<Fsub>;
    ThenFmul float2::<Fmul>;
    ThenFdiv float2::<Fdiv>;
    ThenFmoveOut fmove_out;
    ThenFmoveOutOut fmove_out::then::<ThenFmoveOut>;
    ThenTestHeapFmoveOut test_heap::then::<ThenFmoveOut>;
}
