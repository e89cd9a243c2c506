//! Tags and the layout of heap objects: the one place that knows which bit means what.
//!
//! A term is one 64-bit word. Its low two bits say what it is: `00` header (never a term by itself; also
//! a continuation pointer on the stack), `01` cons, `10` boxed, `11` immediate. A boxed term points to a
//! header word that tells the kind and size of the object behind it.
//!
//! | object | words behind the header |
//! |---|---|
//! | tuple | elements |
//! | float | IEEE bits |
//! | bignum | limbs, least significant first; the sign is in the header |
//! | heap bits | size in bits, then the bytes, zero padded |
//! | bin ref | `*mut Binary`, next off-heap object |
//! | sub bits | base address of the bytes, start bit, end bit, term it slices (bin ref or heap bits); flags in the header's upper half |
//! | fun | code entry, meta word, free variables; local funs end with the magic reference that owns the entry |
//! | native record | definition (see [`crate::record`]), values |
//! | map | see `MAP_*`: flat map `size, keys tuple, values…`; hash map nodes |
//! | reference | numbers 0 and 1, number 2 and kind; pid refs add a pid, magic refs a pointer and next off-heap object |
//! | external pid/port | node word, data |
//! | external reference | node word, count, numbers two to a word |
//!
//! A node word is `creation << 32 | atom index`.

/// A raw tagged word.
pub type Word = u64;

pub const PRIMARY_MASK: Word = 3;
pub const PRIMARY_HEADER: Word = 0;
pub const PRIMARY_LIST: Word = 1;
pub const PRIMARY_BOXED: Word = 2;
pub const PRIMARY_IMMEDIATE: Word = 3;

pub const IMMEDIATE_MASK: Word = 0xF;
pub const TAG_PID: Word = 0x3;
pub const TAG_PORT: Word = 0x7;
pub const TAG_SMALL: Word = 0xF;

pub const IMMEDIATE2_MASK: Word = 0x3F;
pub const TAG_ATOM: Word = 0x0B;
pub const TAG_CATCH: Word = 0x1B;
/// The empty list.
pub const NIL: Word = 0x3B;
/// Not a term: what a register holds when it holds nothing (`THE_NON_VALUE`).
pub const NONE: Word = 0;
/// No value either: sorts before all values, as [`NONE`] sorts behind them. Both bound searches in ordered tables.
pub const LEAST: Word = 1 << 8;

pub const SMALL_BITS: u32 = 60;
pub const SMALL_MAX: i64 = (1 << 59) - 1;
pub const SMALL_MIN: i64 = -(1 << 59);
/// A bignum has at most this many limbs; more is `system_limit`.
pub const BIG_MAX_LIMBS: usize = 65_535;
pub const TUPLE_MAX_ARITY: usize = (1 << 24) - 1;
/// Binaries up to this many bytes live on the heap.
pub const HEAP_BITS_MAX_BYTES: usize = 64;

/// What a header word heads: bits 2 to 5.
pub mod sub {
    pub const TUPLE: u64 = 0x0;
    pub const POS_BIG: u64 = 0x2;
    pub const NEG_BIG: u64 = 0x3;
    pub const REF: u64 = 0x4;
    pub const FUN: u64 = 0x5;
    pub const FLOAT: u64 = 0x6;
    pub const RECORD: u64 = 0x7;
    pub const HEAP_BITS: u64 = 0x8;
    pub const SUB_BITS: u64 = 0x9;
    pub const BIN_REF: u64 = 0xA;
    pub const MAP: u64 = 0xB;
    pub const EXT_PID: u64 = 0xC;
    pub const EXT_PORT: u64 = 0xD;
    pub const EXT_REF: u64 = 0xE;
}

/// Header of an object of `arity` words behind the header.
#[inline(always)]
pub const fn header(subtag: u64, arity: usize) -> Word {
    ((arity as u64) << 6) | (subtag << 2)
}
#[inline(always)]
pub const fn header_sub(h: Word) -> u64 {
    (h >> 2) & 0xF
}
/// Number of words behind the header. Not for maps and sub bits.
#[inline(always)]
pub const fn header_arity(h: Word) -> usize {
    (h >> 6) as usize
}
#[inline(always)]
pub const fn is_header(w: Word) -> bool {
    w & PRIMARY_MASK == PRIMARY_HEADER
}

/// Header of a float.
pub const HEADER_FLOAT: Word = header(sub::FLOAT, 1);
pub const HEADER_BIN_REF: Word = header(sub::BIN_REF, 2);
/// Header of a sub bits without its flags.
pub const HEADER_SUB_BITS: Word = header(sub::SUB_BITS, 4);
/// Flag in a sub bits' header: this is a match context, never visible as a term.
pub const SUB_BITS_CONTEXT: Word = 1 << 32;

/// Words of a fun object before its free variables (header, entry, meta).
pub const FUN_FIXED: usize = 3;

/// Map headers: `value << 16 | arity << 8 | kind << 6 | MAP`. `kind` is one of these; `value` is the
/// bitmap of present children for the bitmap nodes.
pub const MAP_FLAT: u64 = 0;
pub const MAP_NODE_BITMAP: u64 = 1;
pub const MAP_HEAD_ARRAY: u64 = 2;
pub const MAP_HEAD_BITMAP: u64 = 3;
/// A map with more keys than this is a hash map.
pub const MAP_FLAT_MAX: usize = 32;
pub const HEADER_FLATMAP: Word = sub::MAP << 2;
pub const HEADER_MAP_HEAD_ARRAY: Word = (0xFFFF << 16) | (MAP_HEAD_ARRAY << 6) | (sub::MAP << 2);
/// A full node is a bitmap node with all sixteen bits set.
#[inline(always)]
pub const fn map_header(kind: u64, bitmap: u16) -> Word {
    ((bitmap as u64) << 16) | (kind << 6) | (sub::MAP << 2)
}
#[inline(always)]
pub const fn map_kind(h: Word) -> u64 {
    (h >> 6) & 3
}
#[inline(always)]
pub const fn map_bitmap(h: Word) -> u16 {
    (h >> 16) as u16
}

/// Reference kinds, in bits 32 and up of a reference's second data word.
pub const REF_ORDINARY: u64 = 0;
pub const REF_PID: u64 = 1;
pub const REF_MAGIC: u64 = 2;

/// How the words of a heap object are to be read by whoever walks it (collector, copier).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// All words of the object, header included.
    pub words: usize,
    /// Index of the first word that is a term; everything from there to the end is.
    pub terms_from: usize,
}

/// Shape of the object that starts at `p`.
///
/// # Safety
/// `p` points to the header of a complete heap object.
#[inline]
pub unsafe fn shape(p: *const Word) -> Shape {
    // SAFETY: the caller promises a header here.
    let h = unsafe { *p };
    match header_sub(h) {
        sub::TUPLE | sub::RECORD => Shape {
            words: 1 + header_arity(h),
            terms_from: 1,
        },
        sub::FUN => Shape {
            words: 1 + header_arity(h),
            terms_from: FUN_FIXED,
        },
        sub::SUB_BITS => Shape {
            words: 5,
            terms_from: 4,
        },
        sub::MAP => match map_kind(h) {
            // SAFETY: a flat map has its size behind the header.
            MAP_FLAT => Shape {
                words: 3 + unsafe { *p.add(1) } as usize,
                terms_from: 2,
            },
            MAP_NODE_BITMAP => Shape {
                words: 1 + map_bitmap(h).count_ones() as usize,
                terms_from: 1,
            },
            _ => Shape {
                words: 2 + map_bitmap(h).count_ones() as usize,
                terms_from: 2,
            },
        },
        _ => {
            let words = 1 + header_arity(h);
            Shape {
                words,
                terms_from: words,
            }
        }
    }
}

/// The word after the off-heap pointer of a bin ref or a magic reference that links the off-heap list.
///
/// # Safety
/// `p` points to the header of a bin ref or magic reference.
#[inline]
pub unsafe fn off_heap_link(p: *mut Word) -> *mut Word {
    // SAFETY: both objects are complete; the link is their last word.
    unsafe {
        if header_sub(*p) == sub::BIN_REF {
            p.add(2)
        } else {
            p.add(4)
        }
    }
}
