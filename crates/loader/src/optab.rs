//! The table of generic opcodes: one line per opcode says its number, name and operands.
//!
//! Everything that must know an opcode (decoder, validator, disassembler, the engine's lowering) reads
//! this table; nothing else lists opcodes. The numbers are those of OTP's BEAM format 0, releases 25 to
//! 29. Opcodes that OTP 27 retired keep their number and name so that errors can name them; they have no
//! operand signature, because no accepted file contains one.
//!
//! Invariant: opcodes are dense, 1..=[`MAX_OPCODE`].

/// What one operand may be. The decoder refuses a file in which an operand does not fit its slot, so
/// whoever reads a [`crate::Module`] can rely on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Slot {
    /// The number of the label being defined, as `U`.
    LabelDef,
    /// A label of the same function, or `Label(0)` for "raise an exception instead".
    Fail,
    /// A label of the same function.
    Jump,
    /// The entry label of a function of this module.
    Fun,
    /// A `Fail` label, or the atom `no_fail` or `resume`.
    FailOrAtom,
    /// Any value: register, atom or nil, integer, literal.
    Src,
    /// An X or Y register that is read.
    Reg,
    /// An X or Y register that is written (never typed).
    Dst,
    /// A Y register.
    Y,
    /// A register, or `U` for a constant.
    RegOrU,
    /// A float register.
    Fr,
    /// A float register or any value.
    SrcFr,
    /// A float register or an X or Y register that is written.
    DstFr,
    /// An unsigned number that fits 32 bits.
    U,
    /// An unsigned number of any size; `Overflow` when it does not fit 63 bits.
    Big,
    /// `U` ≤ 255.
    Arity,
    /// `U` ≤ 1024: how many X registers hold live values.
    Live,
    /// `U` ≤ 1024: words of a stack frame.
    Frame,
    /// `U` heap words, or `AllocList`.
    Heap,
    /// An atom (not nil).
    Atom,
    /// `U`: index of an import.
    Import,
    /// `U`: index of an import from the module `erlang` whose arity is that of the instruction.
    Bif,
    /// `U`: index of a lambda.
    Lambda,
    /// `U`: index of a lambda, or the atom `safe` or `unsafe`.
    FunTag,
    /// `U`: bit count of a string operand that the following `StrOff` locates.
    StrBits,
    /// `U`: byte count of a string operand that the following `StrOff` locates.
    StrBytes,
    /// `U`: offset into the string table.
    StrOff,
    /// `U`: index into the line table.
    Line,
    /// Anything but a list.
    Any,
    /// A list of `Src`.
    ListSrc,
    /// A list of `Y`.
    ListY,
    /// Pairs of a constant and a `Jump`.
    ListSelect,
    /// Pairs of `U` (tuple arity) and a `Jump`.
    ListArity,
    /// Pairs of `Src` (key, value).
    ListMapPut,
    /// Pairs of `Src` (key) and `Dst`.
    ListMapGet,
    /// Pairs of `U` (1-based position) and `Src`.
    ListUpdate,
    /// The six-part segments of `bs_create_bin`.
    ListBin,
    /// The commands of `bs_match`.
    ListMatch,
}

macro_rules! optab {
    (@arity [$($slot:ident)*]) => { 0u8 $(+ { let _ = Slot::$slot; 1u8 })* };
    (@arity $arity:literal) => { $arity };
    (@slots [$($slot:ident)*]) => { &[$(Slot::$slot),*] };
    (@slots $arity:literal) => { &[] };
    (@obsolete [$($slot:ident)*]) => { false };
    (@obsolete $arity:literal) => { true };
    ($($num:literal $variant:ident $name:literal $operands:tt)*) => {
        /// A generic opcode.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u8)]
        pub enum Op { $($variant = $num,)* }

        /// The highest opcode that this loader accepts.
        pub const MAX_OPCODE: u8 = [$($num),*].len() as u8;

        /// Every opcode in numeric order.
        pub const ALL: [Op; MAX_OPCODE as usize] = [$(Op::$variant),*];

        static INFO: [OpInfo; MAX_OPCODE as usize] = [$(
            OpInfo {
                name: $name,
                arity: optab!(@arity $operands),
                slots: optab!(@slots $operands),
                obsolete: optab!(@obsolete $operands),
            },
        )*];
    };
}

struct OpInfo {
    name: &'static str,
    arity: u8,
    slots: &'static [Slot],
    obsolete: bool,
}

// A bare number in place of the operands marks an obsolete opcode and gives its arity.
optab! {
      1 Label                "label"                  [LabelDef]
      2 FuncInfo             "func_info"              [Atom Atom Arity]
      3 IntCodeEnd           "int_code_end"           []
      4 Call                 "call"                   [Arity Fun]
      5 CallLast             "call_last"              [Arity Fun Frame]
      6 CallOnly             "call_only"              [Arity Fun]
      7 CallExt              "call_ext"               [Arity Import]
      8 CallExtLast          "call_ext_last"          [Arity Import Frame]
      9 Bif0                 "bif0"                   [Bif Dst]
     10 Bif1                 "bif1"                   [Fail Bif Src Dst]
     11 Bif2                 "bif2"                   [Fail Bif Src Src Dst]
     12 Allocate             "allocate"               [Frame Live]
     13 AllocateHeap         "allocate_heap"          [Frame Heap Live]
     14 AllocateZero         "allocate_zero"          2
     15 AllocateHeapZero     "allocate_heap_zero"     3
     16 TestHeap             "test_heap"              [Heap Live]
     17 Init                 "init"                   1
     18 Deallocate           "deallocate"             [Frame]
     19 Return               "return"                 []
     20 Send                 "send"                   []
     21 RemoveMessage        "remove_message"         []
     22 Timeout              "timeout"                []
     23 LoopRec              "loop_rec"               [Jump Dst]
     24 LoopRecEnd           "loop_rec_end"           [Jump]
     25 Wait                 "wait"                   [Jump]
     26 WaitTimeout          "wait_timeout"           [Jump Src]
     27 MPlus                "m_plus"                 4
     28 MMinus               "m_minus"                4
     29 MTimes               "m_times"                4
     30 MDiv                 "m_div"                  4
     31 IntDiv               "int_div"                4
     32 IntRem               "int_rem"                4
     33 IntBand              "int_band"               4
     34 IntBor               "int_bor"                4
     35 IntBxor              "int_bxor"               4
     36 IntBsl               "int_bsl"                4
     37 IntBsr               "int_bsr"                4
     38 IntBnot              "int_bnot"               3
     39 IsLt                 "is_lt"                  [Fail Src Src]
     40 IsGe                 "is_ge"                  [Fail Src Src]
     41 IsEq                 "is_eq"                  [Fail Src Src]
     42 IsNe                 "is_ne"                  [Fail Src Src]
     43 IsEqExact            "is_eq_exact"            [Fail Src Src]
     44 IsNeExact            "is_ne_exact"            [Fail Src Src]
     45 IsInteger            "is_integer"             [Fail Src]
     46 IsFloat              "is_float"               [Fail Src]
     47 IsNumber             "is_number"              [Fail Src]
     48 IsAtom               "is_atom"                [Fail Src]
     49 IsPid                "is_pid"                 [Fail Src]
     50 IsReference          "is_reference"           [Fail Src]
     51 IsPort               "is_port"                [Fail Src]
     52 IsNil                "is_nil"                 [Fail Src]
     53 IsBinary             "is_binary"              [Fail Src]
     54 IsConstant           "is_constant"            2
     55 IsList               "is_list"                [Fail Src]
     56 IsNonemptyList       "is_nonempty_list"       [Fail Src]
     57 IsTuple              "is_tuple"               [Fail Src]
     58 TestArity            "test_arity"             [Fail Src U]
     59 SelectVal            "select_val"             [Src Jump ListSelect]
     60 SelectTupleArity     "select_tuple_arity"     [Src Jump ListArity]
     61 Jump                 "jump"                   [Jump]
     62 Catch                "catch"                  [Y Jump]
     63 CatchEnd             "catch_end"              [Y]
     64 Move                 "move"                   [Src Dst]
     65 GetList              "get_list"               [Reg Dst Dst]
     66 GetTupleElement      "get_tuple_element"      [Reg U Dst]
     67 SetTupleElement      "set_tuple_element"      [Src Reg U]
     68 PutString            "put_string"             3
     69 PutList              "put_list"               [Src Src Dst]
     70 PutTuple             "put_tuple"              2
     71 Put                  "put"                    1
     72 Badmatch             "badmatch"               [Src]
     73 IfEnd                "if_end"                 []
     74 CaseEnd              "case_end"               [Src]
     75 CallFun              "call_fun"               [Arity]
     76 MakeFun              "make_fun"               3
     77 IsFunction           "is_function"            [Fail Src]
     78 CallExtOnly          "call_ext_only"          [Arity Import]
     79 BsStartMatch         "bs_start_match"         2
     80 BsGetInteger         "bs_get_integer"         5
     81 BsGetFloat           "bs_get_float"           5
     82 BsGetBinary          "bs_get_binary"          5
     83 BsSkipBits           "bs_skip_bits"           4
     84 BsTestTail           "bs_test_tail"           2
     85 BsSave               "bs_save"                1
     86 BsRestore            "bs_restore"             1
     87 BsInit               "bs_init"                2
     88 BsFinal              "bs_final"               2
     89 BsPutInteger         "bs_put_integer"         [Fail Src U U Src]
     90 BsPutBinary          "bs_put_binary"          [Fail Src U U Src]
     91 BsPutFloat           "bs_put_float"           [Fail Src U U Src]
     92 BsPutString          "bs_put_string"          [StrBytes StrOff]
     93 BsNeedBuf            "bs_need_buf"            1
     94 Fclearerror          "fclearerror"            0
     95 Fcheckerror          "fcheckerror"            1
     96 Fmove                "fmove"                  [SrcFr DstFr]
     97 Fconv                "fconv"                  [Src Fr]
     98 Fadd                 "fadd"                   [Fail Fr Fr Fr]
     99 Fsub                 "fsub"                   [Fail Fr Fr Fr]
    100 Fmul                 "fmul"                   [Fail Fr Fr Fr]
    101 Fdiv                 "fdiv"                   [Fail Fr Fr Fr]
    102 Fnegate              "fnegate"                [Fail Fr Fr]
    103 MakeFun2             "make_fun2"              1
    104 Try                  "try"                    [Y Jump]
    105 TryEnd               "try_end"                [Y]
    106 TryCase              "try_case"               [Y]
    107 TryCaseEnd           "try_case_end"           [Src]
    108 Raise                "raise"                  [Src Src]
    109 BsInit2              "bs_init2"               [Fail RegOrU Heap Live U Dst]
    110 BsBitsToBytes        "bs_bits_to_bytes"       3
    111 BsAdd                "bs_add"                 [Fail Src Src U Dst]
    112 Apply                "apply"                  [Arity]
    113 ApplyLast            "apply_last"             [Arity Frame]
    114 IsBoolean            "is_boolean"             [Fail Src]
    115 IsFunction2          "is_function2"           [Fail Src Src]
    116 BsStartMatch2        "bs_start_match2"        5
    117 BsGetInteger2        "bs_get_integer2"        [Fail Reg Live Src U U Dst]
    118 BsGetFloat2          "bs_get_float2"          [Fail Reg Live Src U U Dst]
    119 BsGetBinary2         "bs_get_binary2"         [Fail Reg Live Src U U Dst]
    120 BsSkipBits2          "bs_skip_bits2"          [Fail Reg Src U U]
    121 BsTestTail2          "bs_test_tail2"          [Fail Reg Big]
    122 BsSave2              "bs_save2"               2
    123 BsRestore2           "bs_restore2"            2
    124 GcBif1               "gc_bif1"                [Fail Live Bif Src Dst]
    125 GcBif2               "gc_bif2"                [Fail Live Bif Src Src Dst]
    126 BsFinal2             "bs_final2"              2
    127 BsBitsToBytes2       "bs_bits_to_bytes2"      2
    128 PutLiteral           "put_literal"            2
    129 IsBitstr             "is_bitstr"              [Fail Src]
    130 BsContextToBinary    "bs_context_to_binary"   1
    131 BsTestUnit           "bs_test_unit"           [Fail Reg U]
    132 BsMatchString        "bs_match_string"        [Fail Reg StrBits StrOff]
    133 BsInitWritable       "bs_init_writable"       []
    134 BsAppend             "bs_append"              [Fail Src Heap Live U Src U Dst]
    135 BsPrivateAppend      "bs_private_append"      [Fail Src U Src U Dst]
    136 Trim                 "trim"                   [Frame Frame]
    137 BsInitBits           "bs_init_bits"           [Fail RegOrU Heap Live U Dst]
    138 BsGetUtf8            "bs_get_utf8"            [Fail Reg Live U Dst]
    139 BsSkipUtf8           "bs_skip_utf8"           [Fail Reg Live U]
    140 BsGetUtf16           "bs_get_utf16"           [Fail Reg Live U Dst]
    141 BsSkipUtf16          "bs_skip_utf16"          [Fail Reg Live U]
    142 BsGetUtf32           "bs_get_utf32"           [Fail Reg Live U Dst]
    143 BsSkipUtf32          "bs_skip_utf32"          [Fail Reg Live U]
    144 BsUtf8Size           "bs_utf8_size"           [Fail Src Dst]
    145 BsPutUtf8            "bs_put_utf8"            [Fail U Src]
    146 BsUtf16Size          "bs_utf16_size"          [Fail Src Dst]
    147 BsPutUtf16           "bs_put_utf16"           [Fail U Src]
    148 BsPutUtf32           "bs_put_utf32"           [Fail U Src]
    149 OnLoad               "on_load"                []
    150 RecvMark             "recv_mark"              1
    151 RecvSet              "recv_set"               1
    152 GcBif3               "gc_bif3"                [Fail Live Bif Src Src Src Dst]
    153 Line                 "line"                   [Line]
    154 PutMapAssoc          "put_map_assoc"          [Fail Src Dst Live ListMapPut]
    155 PutMapExact          "put_map_exact"          [Fail Src Dst Live ListMapPut]
    156 IsMap                "is_map"                 [Fail Src]
    157 HasMapFields         "has_map_fields"         [Fail Src ListSrc]
    158 GetMapElements       "get_map_elements"       [Fail Src ListMapGet]
    159 IsTaggedTuple        "is_tagged_tuple"        [Fail Src U Atom]
    160 BuildStacktrace      "build_stacktrace"       []
    161 RawRaise             "raw_raise"              []
    162 GetHd                "get_hd"                 [Reg Dst]
    163 GetTl                "get_tl"                 [Reg Dst]
    164 PutTuple2            "put_tuple2"             [Dst ListSrc]
    165 BsGetTail            "bs_get_tail"            [Reg Dst Live]
    166 BsStartMatch3        "bs_start_match3"        [Fail Src Live Dst]
    167 BsGetPosition        "bs_get_position"        [Reg Dst Live]
    168 BsSetPosition        "bs_set_position"        [Reg Src]
    169 Swap                 "swap"                   [Dst Dst]
    170 BsStartMatch4        "bs_start_match4"        [FailOrAtom Live Src Dst]
    171 MakeFun3             "make_fun3"              [Lambda Dst ListSrc]
    172 InitYregs            "init_yregs"             [ListY]
    173 RecvMarkerBind       "recv_marker_bind"       [Reg Reg]
    174 RecvMarkerClear      "recv_marker_clear"      [Reg]
    175 RecvMarkerReserve    "recv_marker_reserve"    [Dst]
    176 RecvMarkerUse        "recv_marker_use"        [Reg]
    177 BsCreateBin          "bs_create_bin"          [Fail Heap Live U Dst ListBin]
    178 CallFun2             "call_fun2"              [FunTag Arity Src]
    179 NifStart             "nif_start"              []
    180 Badrecord            "badrecord"              [Src]
    181 UpdateRecord         "update_record"          [Atom U Src Dst ListUpdate]
    182 BsMatch              "bs_match"               [Fail Reg ListMatch]
    183 ExecutableLine       "executable_line"        [Line U]
    // OTP 28
    184 DebugLine            "debug_line"             [Any Line U Live]
    // OTP 29
    185 Bif3                 "bif3"                   [Fail Bif Src Src Src Dst]
    186 IsAnyNativeRecord    "is_any_native_record"   [Fail Src]
    187 IsNativeRecord       "is_native_record"       [Fail Src Src Src]
    188 GetRecordElements    "get_record_elements"    [Fail Src ListMapGet]
    189 PutRecord            "put_record"             [Fail Src Src Dst Live ListMapPut]
    190 IsRecordAccessible   "is_record_accessible"   [Fail Src Src]
    191 GetRecordField       "get_record_field"       [Fail Src Src Src Dst]
}

/// The release whose compiler emits the highest opcode.
pub const NEWEST_RELEASE: u32 = 29;

/// The lowest "highest opcode" that an accepted file may state: `swap`, which every compiler since
/// OTP 23 claims to use.
pub const MIN_MAX_OPCODE: u8 = Op::Swap as u8;

impl Op {
    /// The opcode with this number.
    pub fn from_u8(number: u8) -> Option<Op> {
        ALL.get(usize::from(number).checked_sub(1)?).copied()
    }

    /// The name that OTP gives it.
    pub fn name(self) -> &'static str {
        self.info().name
    }

    /// How many operands follow it in a file; a list counts as one.
    pub fn arity(self) -> u8 {
        self.info().arity
    }

    /// What the operands may be; empty for obsolete opcodes.
    pub fn slots(self) -> &'static [Slot] {
        self.info().slots
    }

    /// Retired before OTP 25; files that contain one are refused.
    pub fn is_obsolete(self) -> bool {
        self.info().obsolete
    }

    fn info(self) -> &'static OpInfo {
        &INFO[self as usize - 1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_is_dense_and_counts_match_the_format() {
        assert_eq!(MAX_OPCODE, 191);
        for (i, op) in ALL.iter().enumerate() {
            assert_eq!(*op as usize, i + 1);
            assert_eq!(Op::from_u8(*op as u8), Some(*op));
        }
        let up_to_27 = &ALL[..183];
        assert_eq!(up_to_27.iter().filter(|op| op.is_obsolete()).count(), 44);
        assert_eq!(Op::from_u8(0), None);
        assert_eq!(Op::from_u8(192), None);
    }

    #[test]
    fn signature_length_is_the_arity() {
        for op in ALL {
            assert!(
                op.is_obsolete() || op.slots().len() == usize::from(op.arity()),
                "{}",
                op.name()
            );
        }
        assert_eq!(Op::BsAppend.arity(), 8);
        assert_eq!(Op::FuncInfo.arity(), 3);
    }
}
