//! Compiled patterns: options, compiling, and what a compiled pattern tells of itself.

use crate::tables::LATIN1;
use pcre2_sys as sys;
use std::ptr::{self, NonNull};

/// Compile-time switches, as a set of bits. The bits are this crate's own, so they may be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Flags(pub u32);

impl Flags {
    pub const ANCHORED: Flags = Flags(1);
    pub const CASELESS: Flags = Flags(1 << 1);
    pub const DOLLAR_ENDONLY: Flags = Flags(1 << 2);
    pub const DOTALL: Flags = Flags(1 << 3);
    pub const EXTENDED: Flags = Flags(1 << 4);
    pub const FIRSTLINE: Flags = Flags(1 << 5);
    pub const MULTILINE: Flags = Flags(1 << 6);
    pub const NO_AUTO_CAPTURE: Flags = Flags(1 << 7);
    pub const DUPNAMES: Flags = Flags(1 << 8);
    pub const UNGREEDY: Flags = Flags(1 << 9);
    pub const UCP: Flags = Flags(1 << 10);
    pub const NEVER_UTF: Flags = Flags(1 << 11);
    pub const NO_START_OPTIMIZE: Flags = Flags(1 << 12);
    pub const UTF: Flags = Flags(1 << 13);
    /// An unknown escape such as `\j` means the character itself.
    pub const BAD_ESCAPE_IS_LITERAL: Flags = Flags(1 << 14);

    pub fn contains(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }

    /// PCRE2's bits for these.
    fn bits(self) -> u32 {
        const MAP: [(Flags, u32); 14] = [
            (Flags::ANCHORED, sys::PCRE2_ANCHORED),
            (Flags::CASELESS, sys::PCRE2_CASELESS),
            (Flags::DOLLAR_ENDONLY, sys::PCRE2_DOLLAR_ENDONLY),
            (Flags::DOTALL, sys::PCRE2_DOTALL),
            (Flags::EXTENDED, sys::PCRE2_EXTENDED),
            (Flags::FIRSTLINE, sys::PCRE2_FIRSTLINE),
            (Flags::MULTILINE, sys::PCRE2_MULTILINE),
            (Flags::NO_AUTO_CAPTURE, sys::PCRE2_NO_AUTO_CAPTURE),
            (Flags::DUPNAMES, sys::PCRE2_DUPNAMES),
            (Flags::UNGREEDY, sys::PCRE2_UNGREEDY),
            (Flags::UCP, sys::PCRE2_UCP),
            (Flags::NEVER_UTF, sys::PCRE2_NEVER_UTF),
            (Flags::NO_START_OPTIMIZE, sys::PCRE2_NO_START_OPTIMIZE),
            (Flags::UTF, sys::PCRE2_UTF),
        ];
        MAP.iter()
            .filter(|(f, _)| self.contains(*f))
            .fold(0, |bits, (_, b)| bits | b)
    }
}

impl std::ops::BitOr for Flags {
    type Output = Flags;
    fn bitor(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }
}
impl std::ops::BitOrAssign for Flags {
    fn bitor_assign(&mut self, other: Flags) {
        self.0 |= other.0;
    }
}

/// What ends a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Newline {
    Cr,
    #[default]
    Lf,
    CrLf,
    AnyCrLf,
    Any,
}

impl Newline {
    fn number(self) -> u32 {
        match self {
            Newline::Cr => sys::PCRE2_NEWLINE_CR,
            Newline::Lf => sys::PCRE2_NEWLINE_LF,
            Newline::CrLf => sys::PCRE2_NEWLINE_CRLF,
            Newline::AnyCrLf => sys::PCRE2_NEWLINE_ANYCRLF,
            Newline::Any => sys::PCRE2_NEWLINE_ANY,
        }
    }
}

/// What `\R` matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Separator {
    AnyCrLf,
    #[default]
    Unicode,
}

/// How to compile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Options {
    pub flags: Flags,
    pub newline: Newline,
    pub separator: Separator,
}

/// Why a pattern does not compile: PCRE2's number (negative: the pattern is not UTF-8), and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompileError {
    pub code: i32,
    pub offset: usize,
}

/// Groups nest this deep; more is an error, as the compiler recurses on the native stack.
const NESTING: u32 = 798;

/// A compile context, freed when dropped.
struct Context(NonNull<sys::pcre2_compile_context_8>);
impl Context {
    fn new(options: &Options) -> Option<Context> {
        // SAFETY: the context is fresh and ours; the tables live for ever.
        unsafe {
            let c = Context(NonNull::new(sys::pcre2_compile_context_create_8(
                ptr::null_mut(),
            ))?);
            let p = c.0.as_ptr();
            sys::pcre2_set_character_tables_8(p, LATIN1.as_ptr());
            sys::pcre2_set_newline_8(p, options.newline.number());
            let separator = match options.separator {
                Separator::AnyCrLf => sys::PCRE2_BSR_ANYCRLF,
                Separator::Unicode => sys::PCRE2_BSR_UNICODE,
            };
            sys::pcre2_set_bsr_8(p, separator);
            sys::pcre2_set_parens_nest_limit_8(p, NESTING);
            sys::pcre2_set_max_varlookbehind_8(p, 0);
            let mut extra = sys::PCRE2_EXTRA_ALLOW_LOOKAROUND_BSK;
            if options.flags.contains(Flags::BAD_ESCAPE_IS_LITERAL) {
                extra |= sys::PCRE2_EXTRA_BAD_ESCAPE_IS_LITERAL;
            }
            sys::pcre2_set_compile_extra_options_8(p, extra);
            Some(c)
        }
    }
}
impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: ours, freed once.
        unsafe { sys::pcre2_compile_context_free_8(self.0.as_ptr()) }
    }
}

/// A compiled pattern.
#[derive(Debug)]
pub struct Code {
    code: NonNull<sys::pcre2_code_8>,
    captures: usize,
    utf: bool,
    dupnames: bool,
    newline: u32,
    jit: bool,
}

// SAFETY: compiled code is only read after `compile`; PCRE2 documents it as shareable between threads.
unsafe impl Send for Code {}
// SAFETY: as above.
unsafe impl Sync for Code {}

impl Drop for Code {
    fn drop(&mut self) {
        // SAFETY: ours, freed once.
        unsafe { sys::pcre2_code_free_8(self.code.as_ptr()) }
    }
}

impl Code {
    /// Compiles `pattern`; with `jit` to machine code where the system allows that.
    pub fn compile(pattern: &[u8], options: &Options, jit: bool) -> Result<Code, CompileError> {
        const NO_MEMORY: CompileError = CompileError {
            code: sys::PCRE2_ERROR_HEAP_FAILED as i32,
            offset: 0,
        };
        let context = Context::new(options).ok_or(NO_MEMORY)?;
        let (mut code, mut offset) = (0, 0);
        // SAFETY: pattern and length belong together; the context lives until the end of this function.
        let compiled = unsafe {
            sys::pcre2_compile_8(
                pattern.as_ptr(),
                pattern.len(),
                options.flags.bits(),
                &mut code,
                &mut offset,
                context.0.as_ptr(),
            )
        };
        let Some(compiled) = NonNull::new(compiled) else {
            return Err(CompileError { code, offset });
        };
        let mut c = Code {
            code: compiled,
            captures: 0,
            utf: false,
            dupnames: false,
            newline: 0,
            jit: false,
        };
        let all = c.number(sys::PCRE2_INFO_ALLOPTIONS);
        c.captures = c.number(sys::PCRE2_INFO_CAPTURECOUNT) as usize;
        c.newline = c.number(sys::PCRE2_INFO_NEWLINE);
        c.utf = all & sys::PCRE2_UTF != 0;
        c.dupnames = all & sys::PCRE2_DUPNAMES != 0;
        if jit {
            // SAFETY: nobody else has the code yet.
            let rc =
                unsafe { sys::pcre2_jit_compile_8(compiled.as_ptr(), sys::PCRE2_JIT_COMPLETE) };
            c.jit = rc == 0;
        }
        Ok(c)
    }

    pub(crate) fn pointer(&self) -> *const sys::pcre2_code_8 {
        self.code.as_ptr()
    }

    /// A fact that is a 32-bit number.
    fn number(&self, what: u32) -> u32 {
        let mut value = 0u32;
        // SAFETY: all `what` passed here are `uint32_t`s.
        unsafe { sys::pcre2_pattern_info_8(self.code.as_ptr(), what, (&raw mut value).cast()) };
        value
    }

    /// The number of capturing groups.
    pub fn captures(&self) -> usize {
        self.captures
    }
    /// Whether subjects must be UTF-8 (by option, or because the pattern itself says so).
    pub fn is_utf(&self) -> bool {
        self.utf
    }
    /// Whether several groups may have one name.
    pub fn has_dupnames(&self) -> bool {
        self.dupnames
    }
    /// Whether there is machine code.
    pub fn has_jit(&self) -> bool {
        self.jit
    }
    /// Whether CR LF counts as one line end.
    pub fn crlf_is_newline(&self) -> bool {
        matches!(
            self.newline,
            sys::PCRE2_NEWLINE_CRLF | sys::PCRE2_NEWLINE_ANY | sys::PCRE2_NEWLINE_ANYCRLF
        )
    }

    /// Names and the numbers of their groups, sorted by name.
    pub fn names(&self) -> Vec<(&[u8], usize)> {
        let count = self.number(sys::PCRE2_INFO_NAMECOUNT) as usize;
        let size = self.number(sys::PCRE2_INFO_NAMEENTRYSIZE) as usize;
        let mut table: *const u8 = ptr::null();
        // SAFETY: the table's address is asked for; it lives in the code, which is borrowed.
        let bytes = unsafe {
            sys::pcre2_pattern_info_8(
                self.code.as_ptr(),
                sys::PCRE2_INFO_NAMETABLE,
                (&raw mut table).cast(),
            );
            if table.is_null() || count == 0 || size < 3 {
                return Vec::new();
            }
            std::slice::from_raw_parts(table, count * size)
        };
        let entry = |e: &'_ [u8]| usize::from(e[0]) << 8 | usize::from(e[1]);
        bytes
            .chunks_exact(size)
            .map(|e| {
                let name = &e[2..];
                let end = name.iter().position(|b| *b == 0).unwrap_or(name.len());
                (&name[..end], entry(e))
            })
            .collect()
    }
}

impl CompileError {
    /// PCRE2's own words for it.
    pub fn text(&self) -> String {
        let mut text = [0u8; 256];
        // SAFETY: the buffer has the length that is passed; the text is cut to fit.
        let n = unsafe { sys::pcre2_get_error_message_8(self.code, text.as_mut_ptr(), text.len()) };
        let n = usize::try_from(n).unwrap_or(0).min(text.len());
        String::from_utf8_lossy(&text[..n]).into_owned()
    }
}
