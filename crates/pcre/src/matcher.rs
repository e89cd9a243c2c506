//! Matching: one [`Matcher`] per thread holds the memory that matches need and is used over and over.

use crate::code::Code;
use pcre2_sys as sys;
use std::ptr::{self, NonNull};

/// What to match against. Code in UTF mode takes text only.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'s> {
    Bytes(&'s [u8]),
    Text(&'s str),
}

impl<'s> Subject<'s> {
    pub fn bytes(self) -> &'s [u8] {
        match self {
            Subject::Bytes(b) => b,
            Subject::Text(t) => t.as_bytes(),
        }
    }
}

/// Where and under which conditions a match may start and end.
#[derive(Debug, Clone, Copy, Default)]
pub struct Start {
    pub offset: usize,
    pub anchored: bool,
    pub notbol: bool,
    pub noteol: bool,
    pub notempty: bool,
    pub notempty_atstart: bool,
}

impl Start {
    fn bits(&self) -> u32 {
        [
            (self.anchored, sys::PCRE2_ANCHORED),
            (self.notbol, sys::PCRE2_NOTBOL),
            (self.noteol, sys::PCRE2_NOTEOL),
            (self.notempty, sys::PCRE2_NOTEMPTY),
            (self.notempty_atstart, sys::PCRE2_NOTEMPTY_ATSTART),
        ]
        .iter()
        .fold(0, |bits, (on, b)| if *on { bits | b } else { bits })
    }
}

/// How much work a match may be.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Backtracking points.
    pub steps: u32,
    /// How deep they may nest.
    pub depth: u32,
}

/// Why a match was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatchError {
    /// More steps than [`Limits::steps`].
    Steps,
    /// Deeper than [`Limits::depth`], or more memory than a match may take.
    Depth,
    /// The pattern calls itself at one place for ever.
    Loop,
    /// A subject that is not text for code in UTF mode, or an offset inside a character or behind the end.
    Subject,
    /// Anything else: PCRE2's number.
    Other(i32),
}

/// Where a group matched; `None` if it took no part. The end may lie before the start (`\K` in a lookahead).
pub type Span = Option<(usize, usize)>;

/// Memory for backtracking that a match may take, in KiB.
const HEAP_LIMIT: u32 = 1 << 20;
/// Memory for backtracking that is kept for the next match.
const KEEP: usize = 1 << 20;
/// Groups that the first match data has room for.
const FIRST_GROUPS: usize = 32;
/// The machine stack for matching by machine code, at the start and at most.
const JIT_STACK: (usize, usize) = (32 << 10, 1 << 20);

/// The memory that a match works in.
#[derive(Debug)]
pub struct Matcher {
    data: Data,
    context: NonNull<sys::pcre2_match_context_8>,
    jit_stack: Option<NonNull<sys::pcre2_jit_stack_8>>,
}

// SAFETY: nothing in it is tied to a thread; `&mut` is needed to use it.
unsafe impl Send for Matcher {}

impl Drop for Matcher {
    fn drop(&mut self) {
        // SAFETY: ours, freed once.
        unsafe {
            sys::pcre2_match_context_free_8(self.context.as_ptr());
            if let Some(stack) = self.jit_stack {
                sys::pcre2_jit_stack_free_8(stack.as_ptr());
            }
        }
    }
}

/// PCRE2's match data with room for `groups` spans.
#[derive(Debug)]
struct Data {
    data: NonNull<sys::pcre2_match_data_8>,
    groups: usize,
}

impl Data {
    fn new(groups: usize) -> Option<Data> {
        let n = u32::try_from(groups).ok()?;
        // SAFETY: creates a fresh object.
        let data = NonNull::new(unsafe { sys::pcre2_match_data_create_8(n, ptr::null_mut()) })?;
        Some(Data { data, groups })
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        // SAFETY: ours, freed once.
        unsafe { sys::pcre2_match_data_free_8(self.data.as_ptr()) }
    }
}

impl Matcher {
    /// `None` when there is no memory.
    pub fn new() -> Option<Matcher> {
        let data = Data::new(FIRST_GROUPS)?;
        // SAFETY: creates a fresh object.
        let context = NonNull::new(unsafe { sys::pcre2_match_context_create_8(ptr::null_mut()) })?;
        // SAFETY: ours.
        unsafe { sys::pcre2_set_heap_limit_8(context.as_ptr(), HEAP_LIMIT) };
        Some(Matcher {
            data,
            context,
            jit_stack: None,
        })
    }

    /// Matches `code` against `subject`: the spans up to the last group that took part, or `None`.
    pub fn run(
        &mut self,
        code: &Code,
        subject: Subject<'_>,
        start: &Start,
        limits: Limits,
    ) -> Result<Option<Vec<Span>>, MatchError> {
        let bytes = subject.bytes();
        if start.offset > bytes.len() {
            return Err(MatchError::Subject);
        }
        let mut bits = start.bits();
        if code.is_utf() {
            match subject {
                Subject::Text(t) if t.is_char_boundary(start.offset) => {
                    bits |= sys::PCRE2_NO_UTF_CHECK;
                }
                _ => return Err(MatchError::Subject),
            }
        }
        self.make_room(code)?;
        let mut rc = self.call(code, bytes, start.offset, bits, limits);
        if rc == sys::PCRE2_ERROR_JIT_STACKLIMIT {
            rc = self.call(code, bytes, start.offset, bits | sys::PCRE2_NO_JIT, limits);
        }
        let outcome = match rc {
            n if n > 0 => Ok(Some(self.spans(usize::try_from(n).unwrap_or(0)))),
            sys::PCRE2_ERROR_NOMATCH => Ok(None),
            sys::PCRE2_ERROR_MATCHLIMIT => Err(MatchError::Steps),
            sys::PCRE2_ERROR_DEPTHLIMIT
            | sys::PCRE2_ERROR_HEAPLIMIT
            | sys::PCRE2_ERROR_NOMEMORY => Err(MatchError::Depth),
            sys::PCRE2_ERROR_RECURSELOOP => Err(MatchError::Loop),
            other => Err(MatchError::Other(other)),
        };
        self.give_back();
        outcome
    }

    fn call(&mut self, code: &Code, bytes: &[u8], at: usize, bits: u32, limits: Limits) -> i32 {
        // SAFETY: code, data and context are live; bytes and length belong together; in UTF mode the bytes
        // are text and `at` is a character's border (checked by `run`). The subject's address that the data
        // keeps is not used after this call.
        unsafe {
            let context = self.context.as_ptr();
            sys::pcre2_set_match_limit_8(context, limits.steps);
            sys::pcre2_set_depth_limit_8(context, limits.depth);
            sys::pcre2_match_8(
                code.pointer(),
                bytes.as_ptr(),
                bytes.len(),
                at,
                bits,
                self.data.data.as_ptr(),
                context,
            )
        }
    }

    /// Room for the groups of `code`, and a machine stack if it has machine code.
    fn make_room(&mut self, code: &Code) -> Result<(), MatchError> {
        let groups = code.captures() + 1;
        if groups > self.data.groups {
            self.data = Data::new(groups).ok_or(MatchError::Depth)?;
        }
        if code.has_jit() && self.jit_stack.is_none() {
            // SAFETY: the stack is ours and lives as long as the context that it is assigned to.
            unsafe {
                let made = sys::pcre2_jit_stack_create_8(JIT_STACK.0, JIT_STACK.1, ptr::null_mut());
                self.jit_stack = NonNull::new(made);
                let stack = made.cast::<std::ffi::c_void>();
                sys::pcre2_jit_stack_assign_8(self.context.as_ptr(), None, stack.cast());
            }
        }
        Ok(())
    }

    /// Drops what a large match has taken.
    fn give_back(&mut self) {
        // SAFETY: the data is live.
        let held = unsafe { sys::pcre2_get_match_data_heapframes_size_8(self.data.data.as_ptr()) };
        if held > KEEP
            && let Some(fresh) = Data::new(FIRST_GROUPS)
        {
            self.data = fresh;
        }
    }

    fn spans(&self, n: usize) -> Vec<Span> {
        // SAFETY: the vector has `groups` pairs, and PCRE2 has set all of them up to `n`.
        let pairs = unsafe {
            let v = sys::pcre2_get_ovector_pointer_8(self.data.data.as_ptr());
            std::slice::from_raw_parts(v, 2 * n.min(self.data.groups))
        };
        pairs
            .chunks_exact(2)
            .map(|p| (p[0] != sys::PCRE2_UNSET).then_some((p[0], p[1])))
            .collect()
    }
}
