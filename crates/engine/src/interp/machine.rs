//! The machine: its registers, how an instruction finds the next one, how operands are encoded.
//!
//! A handler gets the whole state in six arguments and ends in a call of the next handler, which optimised
//! builds turn into a jump (`corten_tail`, set by the build script). Other builds store the state and
//! return to a loop. Handlers must not take the address of a local, or that call stops being a jump: what needs
//! more than registers is a *slow* instruction, a plain function between [`S::save`] and [`resume`].
//!
//! The first word of an instruction: op in bits 0..16, operands `a`, `b`, `c` in the other three quarters, or
//! `a` and a 32-bit relative jump `rel`. Jumps count words from the start of the instruction.
//!
//! A *source word* is a constant term, or a register: bits 0..3 zero for `x`, 4 for `y`, and the number
//! above. Terms never have `00` in their low bits, so the two cannot be confused. A *packed destination* has
//! the number and bit 15 for `y`.

use super::ops::TABLE;
use crate::Process;
use crate::gc::RESERVED;
use crate::process::{Apart, flag};
use corten_term::layout::{IMMEDIATE_MASK, TAG_SMALL};
use corten_term::{Term, Word};

/// What a handler returns: an [`super::Outcome`] as a number, or [`CONTINUE`].
pub type Ret = u64;
pub type Handler =
    unsafe extern "C" fn(*const Word, *mut Word, *mut Word, *mut Word, i64, *const Process) -> Ret;

/// To the loop of unoptimised builds: go on with the state in the registers.
pub const CONTINUE: Ret = 0;

/// How many X and float registers there are.
pub const MAX_REGS: usize = 1024;

/// Registers of one scheduler thread. The `x` pointer of the handlers points to the start.
#[repr(C)]
pub struct Registers {
    pub x: [Word; MAX_REGS],
    pub f: [f64; MAX_REGS],
    /// A copy of the handler table: `x` is at hand in every handler, so the next one is one load away.
    pub(super) table: [Handler; TABLE.len()],
    /// Set by slow instructions that leave the interpreter.
    pub outcome: Ret,
    /// The binary that code of OTP 24 and before is building: its bytes, and the bit that comes next.
    pub building: (*mut u8, usize),
    pc: *const Word,
    e: *mut Word,
    hp: *mut Word,
    reds: i64,
}

impl std::fmt::Debug for Registers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Registers")
    }
}

impl Default for Registers {
    fn default() -> Registers {
        Registers {
            x: [corten_term::layout::NIL; MAX_REGS],
            f: [0.0; MAX_REGS],
            table: TABLE,
            outcome: CONTINUE,
            building: (std::ptr::null_mut(), 0),
            pc: std::ptr::null(),
            e: std::ptr::null_mut(),
            hp: std::ptr::null_mut(),
            reds: 0,
        }
    }
}

impl Registers {
    pub fn new() -> Box<Registers> {
        Box::default()
    }
}

/// The machine state. Lives in machine registers only.
#[derive(Clone, Copy)]
pub struct S {
    pub pc: *const Word,
    pub x: *mut Word,
    pub e: *mut Word,
    pub hp: *mut Word,
    pub reds: i64,
    pub p: *const Process,
}

/// Goes on with the instruction at `s.pc`.
///
/// # Safety
/// `s` is the state of a running process, and `pc` the address of an instruction.
#[cfg(corten_tail)]
#[inline(always)]
pub unsafe fn next(s: S) -> Ret {
    // SAFETY: op indexes in code come from the table.
    unsafe {
        let table = (&raw const (*s.x.cast::<Registers>()).table).cast::<Handler>();
        let handler = *table.add(*s.pc as u16 as usize);
        handler(s.pc, s.x, s.e, s.hp, s.reds, s.p)
    }
}

/// Goes on with the instruction at `s.pc`, by way of the loop.
///
/// # Safety
/// As above.
#[cfg(not(corten_tail))]
#[inline(always)]
pub unsafe fn next(s: S) -> Ret {
    // SAFETY: `x` points to `Registers`.
    unsafe {
        let r = &mut *s.x.cast::<Registers>();
        r.pc = s.pc;
        r.e = s.e;
        r.hp = s.hp;
        r.reds = s.reds;
        CONTINUE
    }
}

/// Runs until a handler leaves the interpreter.
///
/// # Safety
/// As for [`next`].
pub unsafe fn enter(s: S) -> Ret {
    // SAFETY: by the caller's promise.
    unsafe {
        let mut ret = next(s);
        while ret == CONTINUE {
            let r = &*s.x.cast::<Registers>();
            #[cfg(feature = "op-counts")]
            super::count::note(r.pc);
            debug_assert!(r.hp as usize <= r.e as usize, "heap and stack have met");
            let handler = r.table.get_unchecked(*r.pc as u16 as usize);
            ret = handler(r.pc, s.x, r.e, r.hp, r.reds, s.p);
        }
        ret
    }
}

impl S {
    /// Puts heap top, stack top and reductions where the rest of the engine expects them.
    ///
    /// # Safety
    /// `s` is the state of a running process.
    #[inline(always)]
    pub unsafe fn save(self) {
        // SAFETY: by the caller's promise.
        unsafe {
            let p = &*self.p;
            let limit = self.e.wrapping_sub(RESERVED);
            p.heap.set_area(
                self.hp,
                if (limit as usize) < self.hp as usize {
                    self.hp
                } else {
                    limit
                },
            );
            p.stack_top.set(self.e);
            p.reductions_left.set(self.reds as i32);
        }
    }

    /// The state of a process whose registers are in `x`.
    ///
    /// # Safety
    /// The process is being run by this thread; `pc` is an instruction.
    #[inline(always)]
    pub unsafe fn load(p: *const Process, x: *mut Word, pc: *const Word) -> S {
        // SAFETY: by the caller's promise.
        unsafe {
            S {
                pc,
                x,
                e: (*p).stack_top.get(),
                hp: (*p).heap.top(),
                reds: i64::from((*p).reductions_left.get()),
                p,
            }
        }
    }

    /// The instruction's word `i`.
    ///
    /// # Safety
    /// It has that many words.
    #[inline(always)]
    pub unsafe fn w(&self, i: usize) -> Word {
        // SAFETY: by the caller's promise.
        unsafe { *self.pc.add(i) }
    }
    /// # Safety
    /// `pc` is an instruction.
    #[inline(always)]
    pub unsafe fn a(&self) -> usize {
        // SAFETY: by the caller's promise.
        unsafe { a(*self.pc) }
    }
    /// # Safety
    /// `pc` is an instruction.
    #[inline(always)]
    pub unsafe fn b(&self) -> usize {
        // SAFETY: by the caller's promise.
        unsafe { b(*self.pc) }
    }
    /// # Safety
    /// `pc` is an instruction.
    #[inline(always)]
    pub unsafe fn c(&self) -> usize {
        // SAFETY: by the caller's promise.
        unsafe { c(*self.pc) }
    }
    /// # Safety
    /// `pc` is an instruction.
    #[inline(always)]
    pub unsafe fn rel(&self) -> isize {
        // SAFETY: by the caller's promise.
        unsafe { rel(*self.pc) }
    }

    /// The value of the source word `i`.
    ///
    /// # Safety
    /// Word `i` is a source word.
    #[inline(always)]
    pub unsafe fn src(&self, i: usize) -> Word {
        // SAFETY: by the caller's promise; registers are in range by the loader's checks.
        unsafe { source(self.w(i), self.x, self.e) }
    }
    /// Writes a packed destination.
    ///
    /// # Safety
    /// `d` is a packed destination.
    #[inline(always)]
    pub unsafe fn put(&self, d: usize, value: Word) {
        // SAFETY: by the caller's promise.
        unsafe {
            if d & DST_Y == 0 {
                *self.x.add(d) = value;
            } else {
                *self.e.add(d & !DST_Y) = value;
            }
        }
    }
    #[inline(always)]
    pub fn step(&mut self, words: usize) {
        self.pc = self.pc.wrapping_add(words);
    }
    #[inline(always)]
    pub fn jump(&mut self, offset: isize) {
        self.pc = self.pc.wrapping_offset(offset);
    }
    /// Whether `words` fit between heap and stack.
    #[inline(always)]
    pub fn has_room(&self, words: usize) -> bool {
        self.hp as usize + (words + RESERVED) * 8 <= self.e as usize
    }
}

#[inline(always)]
pub fn a(w: Word) -> usize {
    (w >> 16) as u16 as usize
}
#[inline(always)]
pub fn b(w: Word) -> usize {
    (w >> 32) as u16 as usize
}
#[inline(always)]
pub fn c(w: Word) -> usize {
    (w >> 48) as usize
}
#[inline(always)]
pub fn rel(w: Word) -> isize {
    ((w as i64) >> 32) as isize
}

/// In a packed destination: a Y register.
pub const DST_Y: usize = 0x8000;

/// Source word of an X register.
pub const fn source_x(i: u16) -> Word {
    (i as Word) << 3
}
/// Source word of a Y register.
pub const fn source_y(i: u16) -> Word {
    ((i as Word) << 3) | 4
}

/// # Safety
/// `w` is a source word, its register exists.
#[inline(always)]
pub unsafe fn source(w: Word, x: *const Word, e: *const Word) -> Word {
    // SAFETY: by the caller's promise.
    unsafe {
        if w & 3 != 0 {
            w
        } else if w & 4 == 0 {
            *x.byte_add(w as usize)
        } else {
            *e.byte_add(w as usize - 4)
        }
    }
}

/// A place named by a register number: X or Y.
pub trait Loc {
    /// # Safety
    /// The register exists.
    unsafe fn get(s: &S, i: usize) -> Word;
    /// # Safety
    /// The register exists.
    unsafe fn set(s: &S, i: usize, value: Word);
}
/// A source word whose kind the handler knows.
pub trait Src {
    /// Whether it is a small integer always.
    const SMALL: bool = false;
    /// # Safety
    /// `w` is a source word of this kind.
    unsafe fn read(s: &S, w: Word) -> Word;
}

pub struct X;
pub struct Y;
/// A constant.
pub struct C;
/// A constant that is a small integer.
pub struct K;
/// Any source word.
pub struct G;
/// A packed register.
pub struct D;

impl Loc for X {
    #[inline(always)]
    unsafe fn get(s: &S, i: usize) -> Word {
        // SAFETY: by the caller's promise.
        unsafe { *s.x.add(i) }
    }
    #[inline(always)]
    unsafe fn set(s: &S, i: usize, value: Word) {
        // SAFETY: by the caller's promise.
        unsafe { *s.x.add(i) = value }
    }
}
impl Loc for Y {
    #[inline(always)]
    unsafe fn get(s: &S, i: usize) -> Word {
        // SAFETY: by the caller's promise.
        unsafe { *s.e.add(i) }
    }
    #[inline(always)]
    unsafe fn set(s: &S, i: usize, value: Word) {
        // SAFETY: by the caller's promise.
        unsafe { *s.e.add(i) = value }
    }
}
impl Loc for D {
    #[inline(always)]
    unsafe fn get(s: &S, i: usize) -> Word {
        // SAFETY: by the caller's promise.
        unsafe {
            if i & DST_Y == 0 {
                *s.x.add(i)
            } else {
                *s.e.add(i & !DST_Y)
            }
        }
    }
    #[inline(always)]
    unsafe fn set(s: &S, i: usize, value: Word) {
        // SAFETY: by the caller's promise.
        unsafe { s.put(i, value) }
    }
}
impl Src for X {
    #[inline(always)]
    unsafe fn read(s: &S, w: Word) -> Word {
        // SAFETY: by the caller's promise.
        unsafe { *s.x.byte_add(w as usize) }
    }
}
impl Src for Y {
    #[inline(always)]
    unsafe fn read(s: &S, w: Word) -> Word {
        // SAFETY: by the caller's promise.
        unsafe { *s.e.byte_add(w as usize - 4) }
    }
}
impl Src for C {
    #[inline(always)]
    unsafe fn read(_: &S, w: Word) -> Word {
        w
    }
}
impl Src for K {
    const SMALL: bool = true;
    #[inline(always)]
    unsafe fn read(_: &S, w: Word) -> Word {
        w
    }
}
impl Src for G {
    #[inline(always)]
    unsafe fn read(s: &S, w: Word) -> Word {
        // SAFETY: by the caller's promise.
        unsafe { source(w, s.x, s.e) }
    }
}

/// Whether both sources are small integers.
#[inline(always)]
pub fn both_small<A: Src, B: Src>(l: Word, r: Word) -> bool {
    let tag = match (A::SMALL, B::SMALL) {
        (true, _) => r,
        (_, true) => l,
        _ => l & r,
    };
    tag & IMMEDIATE_MASK == TAG_SMALL
}

/// What a handler does last: [`Next`], or the handler of the instruction that always follows this one (`interp::fused`).
pub trait Then {
    /// # Safety
    /// As for [`next`].
    unsafe fn then(s: S) -> Ret;
}
pub struct Next;
impl Then for Next {
    #[inline(always)]
    unsafe fn then(s: S) -> Ret {
        // SAFETY: by the caller's promise.
        unsafe { next(s) }
    }
}

/// Defines a handler: `op!(name<A: Loc> |s| { … })`. The body changes `s`; then the next instruction runs.
/// It may `return` the call of another handler. `name::then::<A, K>` is the same with `K` instead of the next instruction.
macro_rules! op {
    ($(#[$m:meta])* $name:ident $(<$($g:ident: $b:path),+>)? |$s:ident| $body:block) => {
        $(#[$m])*
        /// # Safety
        /// Called with the state of a running process.
        pub unsafe extern "C" fn $name $(<$($g: $b),+>)? (
            pc: *const corten_term::Word,
            x: *mut corten_term::Word,
            e: *mut corten_term::Word,
            hp: *mut corten_term::Word,
            reds: i64,
            p: *const $crate::Process,
        ) -> $crate::interp::machine::Ret {
            // SAFETY: by the caller's promise.
            unsafe {
                $name::then::<$($($g,)+)? $crate::interp::machine::Next>(pc, x, e, hp, reds, p)
            }
        }
        pub mod $name {
            #[allow(unused_imports)]
            use super::*;
            /// # Safety
            /// As above.
            #[inline(always)]
            pub unsafe extern "C" fn then<$($($g: $b,)+)? K: $crate::interp::machine::Then>(
                pc: *const corten_term::Word,
                x: *mut corten_term::Word,
                e: *mut corten_term::Word,
                hp: *mut corten_term::Word,
                reds: i64,
                p: *const $crate::Process,
            ) -> $crate::interp::machine::Ret {
                #[allow(unused_mut)]
                let mut $s = $crate::interp::machine::S { pc, x, e, hp, reds, p };
                // SAFETY: the loader has checked operands, the compiler's code keeps registers live.
                unsafe {
                    $body;
                    K::then($s)
                }
            }
        }
    };
}
pub(super) use op;

/// Calls another handler with the state `s`, as the last thing that a handler does.
macro_rules! tail {
    ($s:ident, $handler:expr) => {
        return $handler($s.pc, $s.x, $s.e, $s.hp, $s.reds, $s.p)
    };
}
pub(super) use tail;

/// The handler of a slow instruction: a function `fn(&Process, x, pc) -> *const Word` that finds the state in
/// the process and answers where to go on, or null to leave with `Registers::outcome`.
macro_rules! slow_handler {
    ($f:expr) => {{
        // Never inlined: what it keeps on the native stack would keep the handler from ending in a jump, and
        // the native stack would grow with every instruction.
        #[inline(never)]
        unsafe fn body(
            p: &$crate::Process,
            x: *mut corten_term::Word,
            pc: *const corten_term::Word,
        ) -> $crate::interp::machine::Go {
            // SAFETY: as for the handler.
            unsafe { $f(p, x, pc) }
        }
        // Never inlined: a hot handler that falls back to it must not save registers for its sake.
        #[inline(never)]
        unsafe extern "C" fn handler(
            pc: *const corten_term::Word,
            x: *mut corten_term::Word,
            e: *mut corten_term::Word,
            hp: *mut corten_term::Word,
            reds: i64,
            p: *const $crate::Process,
        ) -> $crate::interp::machine::Ret {
            // SAFETY: the state of a running process.
            unsafe {
                $crate::interp::machine::S {
                    pc,
                    x,
                    e,
                    hp,
                    reds,
                    p,
                }
                .save();
                let to = body(&*p, x, pc);
                $crate::interp::machine::resume(to, x, p)
            }
        }
        handler
    }};
}
pub(super) use slow_handler;

/// Keeps the compiler from merging two ways of a handler into one with a conditional move, and from making a library
/// call of a loop: an instruction that is not there.
macro_rules! keep_apart {
    () => {
        core::arch::asm!("", options(nomem, nostack, preserves_flags))
    };
}
pub(super) use keep_apart;

/// Takes the jump of an instruction. A real branch with a dispatch of its own is predicted, a selected address is
/// waited for.
macro_rules! fail {
    ($s:ident) => {{
        $crate::interp::machine::keep_apart!();
        $s.jump($s.rel());
        return $crate::interp::machine::next($s);
    }};
}
pub(super) use fail;

/// Goes on after a slow instruction.
///
/// # Safety
/// As for [`next`], or `to` is null.
#[inline(always)]
pub unsafe fn resume(to: *const Word, x: *mut Word, p: *const Process) -> Ret {
    // SAFETY: `x` points to `Registers`.
    unsafe {
        if to.is_null() {
            return (*x.cast::<Registers>()).outcome;
        }
        next(S::load(p, x, to))
    }
}

/// What slow instructions see: the process, with heap and stack in their fields, the registers, the
/// instruction.
#[derive(Clone, Copy)]
pub struct Cx<'h> {
    pub p: &'h Process,
    pub x: *mut Word,
    pub pc: *const Word,
}

/// A slow instruction: where to go on.
pub type Go = *const Word;

impl<'h> Cx<'h> {
    /// # Safety
    /// Everything belongs to the process that this thread runs. Terms got through the context must not be
    /// used after [`Cx::collect`].
    #[inline(always)]
    pub unsafe fn new(p: &'h Process, x: *mut Word, pc: *const Word) -> Cx<'h> {
        Cx { p, x, pc }
    }
    #[inline(always)]
    pub fn word(&self, i: usize) -> Word {
        // SAFETY: instructions have the words that their layout says.
        unsafe { *self.pc.add(i) }
    }
    #[inline(always)]
    pub fn a(&self) -> usize {
        a(self.word(0))
    }
    #[inline(always)]
    pub fn b(&self) -> usize {
        b(self.word(0))
    }
    #[inline(always)]
    pub fn c(&self) -> usize {
        c(self.word(0))
    }
    #[inline(always)]
    pub fn e(&self) -> *mut Word {
        self.p.stack_top.get()
    }
    /// The raw value of source word `i`.
    #[inline(always)]
    pub fn raw(&self, i: usize) -> Word {
        // SAFETY: a source word by the instruction's layout.
        unsafe { source(self.word(i), self.x, self.e()) }
    }
    #[inline(always)]
    pub fn src(&self, i: usize) -> Term<'h> {
        // SAFETY: registers named by code hold terms; no collection while the term is used.
        unsafe { Term::from_raw(self.raw(i)) }
    }
    #[inline(always)]
    pub fn put(&self, d: usize, t: Term<'_>) {
        self.put_raw(d, t.raw());
    }
    #[inline(always)]
    pub fn put_raw(&self, d: usize, w: Word) {
        // SAFETY: a packed destination by the instruction's layout.
        unsafe {
            if d & DST_Y == 0 {
                *self.x.add(d) = w;
            } else {
                *self.e().add(d & !DST_Y) = w;
            }
        }
    }
    /// X register `i`.
    #[inline(always)]
    pub fn x(&self, i: usize) -> Term<'h> {
        // SAFETY: as for `src`.
        unsafe { Term::from_raw(*self.x.add(i)) }
    }
    #[inline(always)]
    pub fn set_x(&self, i: usize, w: Word) {
        // SAFETY: register numbers are in range.
        unsafe { *self.x.add(i) = w }
    }
    /// The first `n` X registers as arguments.
    #[inline(always)]
    pub fn args(&self, n: usize) -> &'h [Term<'h>] {
        // SAFETY: `Term` is a transparent word; registers are not written while the slice is used.
        unsafe { std::slice::from_raw_parts(self.x.cast(), n) }
    }
    pub fn live(&self, n: usize) -> &'h mut [Word] {
        // SAFETY: `x` points to `MAX_REGS` words.
        unsafe { std::slice::from_raw_parts_mut(self.x, n) }
    }
    #[inline(always)]
    pub fn registers(&self) -> &'h mut Registers {
        // SAFETY: `x` points to `Registers`.
        unsafe { &mut *self.x.cast::<Registers>() }
    }
    /// The address `offset` words from the instruction.
    #[inline(always)]
    pub fn at(&self, offset: isize) -> Go {
        self.pc.wrapping_offset(offset)
    }
    #[inline(always)]
    pub fn skip(&self, words: usize) -> Go {
        self.pc.wrapping_add(words)
    }
    /// The target of the relative jump in word `i`, if there is one.
    pub fn label(&self, i: usize) -> Option<Go> {
        match self.word(i) as isize {
            0 => None,
            offset => Some(self.at(offset)),
        }
    }
    /// What an instruction does before anything else: collects garbage, so that `need` words are free then. If that
    /// takes long, the process leaves (`Err`) to have it done elsewhere and comes back to the instruction.
    #[cold]
    #[inline(never)]
    pub fn make_room(&self, need: usize, live: usize) -> Result<(), Go> {
        if need <= super::APART_ROOM && super::is_long_here(self.p) {
            return Err(self.leave_for(Apart::Collection, self.pc, live));
        }
        self.collect(need, live);
        Ok(())
    }
    /// Leaves the interpreter for a dirty thread.
    pub fn leave_for(&self, what: Apart, pc: *const Word, live: usize) -> Go {
        self.p.apart.set(what);
        self.leave(pc, live, super::Outcome::DirtyCpu)
    }
    /// Collects garbage; `need` words are free then.
    #[cold]
    #[inline(never)]
    pub fn collect(&self, need: usize, live: usize) {
        super::collect(self.p, need, self.live(live));
    }
    /// Collects if fragments have piled up: what slow instructions do first that allocate.
    #[inline(always)]
    pub fn collect_if_due(&self, live: usize) {
        if crate::gc::is_due(self.p) || super::stress() {
            self.collect_soon(live);
        }
    }
    /// Collects, or, if that takes long, has it done when the process is swapped out, which is soon.
    #[cold]
    #[inline(never)]
    fn collect_soon(&self, live: usize) {
        if super::is_long_here(self.p) {
            self.collect_at_call();
        } else {
            self.collect(0, live);
        }
    }
    /// Has a collection done at the next call, when the process is swapped out.
    pub fn collect_at_call(&self) {
        self.p.set_flag(flag::FORCE_GC, true);
        self.p.reductions_left.set(0);
    }
    /// Leaves the interpreter, to go on at `pc` with `live` registers.
    pub fn leave(&self, pc: *const Word, live: usize, outcome: super::Outcome) -> Go {
        super::swap_out(self.p, self.registers(), pc, live);
        self.registers().outcome = outcome as Ret;
        std::ptr::null()
    }
}
