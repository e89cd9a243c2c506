//! A safe face of PCRE2 with every option that Erlang's `re` has.
//!
//! `bifs` is the only caller. A [`Regex`] is immutable after compilation and may be used by many threads at
//! once; what a match needs is made for each match. Characters 128 to 255 are Latin-1 outside UTF mode.

mod tables;

use pcre2_sys as sys;
use std::ffi::c_int;
use std::ptr::{self, NonNull};

/// Bits of [`Options::bits`].
pub mod option {
    use pcre2_sys as sys;
    pub const ANCHORED: u32 = sys::PCRE2_ANCHORED;
    pub const CASELESS: u32 = sys::PCRE2_CASELESS;
    pub const DOLLAR_ENDONLY: u32 = sys::PCRE2_DOLLAR_ENDONLY;
    pub const DOTALL: u32 = sys::PCRE2_DOTALL;
    pub const DUPNAMES: u32 = sys::PCRE2_DUPNAMES;
    pub const EXTENDED: u32 = sys::PCRE2_EXTENDED;
    pub const FIRSTLINE: u32 = sys::PCRE2_FIRSTLINE;
    pub const MULTILINE: u32 = sys::PCRE2_MULTILINE;
    pub const NEVER_UTF: u32 = sys::PCRE2_NEVER_UTF;
    pub const NO_AUTO_CAPTURE: u32 = sys::PCRE2_NO_AUTO_CAPTURE;
    pub const NO_START_OPTIMIZE: u32 = sys::PCRE2_NO_START_OPTIMIZE;
    pub const UCP: u32 = sys::PCRE2_UCP;
    pub const UNGREEDY: u32 = sys::PCRE2_UNGREEDY;
    pub const UTF: u32 = sys::PCRE2_UTF;
}

/// Bits for [`Regex::find`]; `option::ANCHORED` is one too.
pub mod match_option {
    use pcre2_sys as sys;
    pub const NOTBOL: u32 = sys::PCRE2_NOTBOL;
    pub const NOTEOL: u32 = sys::PCRE2_NOTEOL;
    pub const NOTEMPTY: u32 = sys::PCRE2_NOTEMPTY;
    pub const NOTEMPTY_ATSTART: u32 = sys::PCRE2_NOTEMPTY_ATSTART;
    /// The subject is known to be valid UTF-8.
    pub const NO_UTF_CHECK: u32 = sys::PCRE2_NO_UTF_CHECK;
}

/// What ends a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(u32)]
pub enum Newline {
    Cr = sys::PCRE2_NEWLINE_CR,
    #[default]
    Lf = sys::PCRE2_NEWLINE_LF,
    Crlf = sys::PCRE2_NEWLINE_CRLF,
    Any = sys::PCRE2_NEWLINE_ANY,
    Anycrlf = sys::PCRE2_NEWLINE_ANYCRLF,
    Nul = sys::PCRE2_NEWLINE_NUL,
}

/// What `\R` matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(u32)]
pub enum Bsr {
    #[default]
    Unicode = sys::PCRE2_BSR_UNICODE,
    Anycrlf = sys::PCRE2_BSR_ANYCRLF,
}

/// How to compile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Options {
    pub bits: u32,
    pub newline: Newline,
    pub bsr: Bsr,
}

/// Why a pattern does not compile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompileError {
    pub message: String,
    /// Byte of the pattern.
    pub offset: usize,
}

/// Why a match was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatchError {
    MatchLimit,
    DepthLimit,
    /// The subject is not UTF-8, or the offset is inside a character.
    BadUtf,
    /// The offset lies behind the subject.
    BadOffset,
    /// Anything else; PCRE2's number.
    Other(i32),
}

impl std::fmt::Display for MatchError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            MatchError::MatchLimit => f.write_str("match limit reached"),
            MatchError::DepthLimit => f.write_str("depth limit reached"),
            MatchError::BadUtf => f.write_str("the subject is not valid UTF-8"),
            MatchError::BadOffset => f.write_str("the offset is outside the subject"),
            MatchError::Other(n) => write!(f, "PCRE2 error {n}"),
        }
    }
}

/// How much a match may do; `None` is the library's default.
#[derive(Debug, Clone, Copy, Default)]
pub struct Limits {
    pub matches: Option<u32>,
    pub depth: Option<u32>,
}

/// Where groups matched: group 0 first, up to the last one that took part.
pub type Captures = Vec<Option<(usize, usize)>>;

/// A compiled pattern.
#[derive(Debug)]
pub struct Regex {
    code: NonNull<sys::pcre2_code_8>,
    groups: u32,
    /// Names with the number of their group, ordered by name.
    names: Vec<(Vec<u8>, usize)>,
}

// SAFETY: compiled code is read only, as PCRE2's documentation promises for code that is not JIT-compiled
// while in use (this crate does not use the JIT).
unsafe impl Send for Regex {}
// SAFETY: as above.
unsafe impl Sync for Regex {}

/// The library's version and date.
pub fn version() -> String {
    let mut buffer = [0u8; 64];
    // SAFETY: the library writes at most 24 bytes, which the documentation asks room for.
    let n = unsafe { sys::pcre2_config_8(sys::PCRE2_CONFIG_VERSION, buffer.as_mut_ptr().cast()) };
    text(&buffer, n)
}

/// The text that the library wrote, `n` bytes at most.
fn text(buffer: &[u8], n: c_int) -> String {
    let n = usize::try_from(n).unwrap_or(0).min(buffer.len());
    let bytes = buffer[..n].split(|b| *b == 0).next().unwrap_or_default();
    String::from_utf8_lossy(bytes).into_owned()
}

fn message(code: c_int) -> String {
    let mut buffer = [0u8; 256];
    // SAFETY: the size is the buffer's.
    let n = unsafe { sys::pcre2_get_error_message_8(code, buffer.as_mut_ptr(), buffer.len()) };
    text(&buffer, n)
}

/// A compile context, freed when dropped.
struct Context(NonNull<sys::pcre2_compile_context_8>);

impl Context {
    fn new(o: &Options) -> Option<Context> {
        // SAFETY: a null general context means the default one; the setters take valid constants and a
        // table that lives for ever.
        unsafe {
            let c = NonNull::new(sys::pcre2_compile_context_create_8(ptr::null_mut()))?;
            sys::pcre2_set_newline_8(c.as_ptr(), o.newline as u32);
            sys::pcre2_set_bsr_8(c.as_ptr(), o.bsr as u32);
            sys::pcre2_set_character_tables_8(c.as_ptr(), tables::latin1().as_ptr());
            Some(Context(c))
        }
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: ours, and not used afterwards.
        unsafe { sys::pcre2_compile_context_free_8(self.0.as_ptr()) }
    }
}

impl Regex {
    pub fn compile(pattern: &[u8], options: &Options) -> Result<Regex, CompileError> {
        let out_of_memory = || CompileError {
            message: "failed to allocate heap memory".into(),
            offset: 0,
        };
        let context = Context::new(options).ok_or_else(out_of_memory)?;
        let (mut error, mut offset) = (0, 0);
        // SAFETY: pattern and size belong together; the out parameters are ours.
        let code = unsafe {
            sys::pcre2_compile_8(
                pattern.as_ptr(),
                pattern.len(),
                options.bits,
                &mut error,
                &mut offset,
                context.0.as_ptr(),
            )
        };
        let Some(code) = NonNull::new(code) else {
            return Err(CompileError {
                message: message(error),
                offset,
            });
        };
        let mut regex = Regex {
            code,
            groups: 0,
            names: Vec::new(),
        };
        regex.groups = regex.info(sys::PCRE2_INFO_CAPTURECOUNT);
        regex.names = regex.read_names();
        Ok(regex)
    }

    fn info(&self, what: u32) -> u32 {
        let mut n: u32 = 0;
        // SAFETY: the items asked for are 32-bit numbers.
        unsafe { sys::pcre2_pattern_info_8(self.code.as_ptr(), what, (&raw mut n).cast()) };
        n
    }

    fn read_names(&self) -> Vec<(Vec<u8>, usize)> {
        let count = self.info(sys::PCRE2_INFO_NAMECOUNT) as usize;
        let size = self.info(sys::PCRE2_INFO_NAMEENTRYSIZE) as usize;
        let mut table: *const u8 = ptr::null();
        // SAFETY: this item is a pointer to `count` entries of `size` bytes, which lives with the code.
        let bytes = unsafe {
            let what = sys::PCRE2_INFO_NAMETABLE;
            sys::pcre2_pattern_info_8(self.code.as_ptr(), what, (&raw mut table).cast());
            if count == 0 || table.is_null() || size < 3 {
                return Vec::new();
            }
            std::slice::from_raw_parts(table, count * size)
        };
        bytes
            .chunks_exact(size)
            .map(|e| {
                let name = e[2..].split(|b| *b == 0).next().unwrap_or_default();
                (name.to_vec(), usize::from(e[0]) << 8 | usize::from(e[1]))
            })
            .collect()
    }

    /// How many groups the pattern has, the whole match not counted.
    pub fn groups(&self) -> usize {
        self.groups as usize
    }

    /// Names with the number of their group, ordered by name; a name may have several groups.
    pub fn names(&self) -> &[(Vec<u8>, usize)] {
        &self.names
    }

    /// The first match at or behind `start`.
    pub fn find(
        &self,
        subject: &[u8],
        start: usize,
        bits: u32,
        limits: Limits,
    ) -> Result<Option<Captures>, MatchError> {
        if start > subject.len() {
            return Err(MatchError::BadOffset);
        }
        let scratch = Scratch::new(self, limits).ok_or(MatchError::Other(-48))?;
        // SAFETY: subject and size belong together, the offset is inside, the scratch memory was made for
        // this pattern. `NO_UTF_CHECK` is the caller's promise about the subject.
        let n = unsafe {
            sys::pcre2_match_8(
                self.code.as_ptr(),
                subject.as_ptr(),
                subject.len(),
                start,
                bits,
                scratch.data.as_ptr(),
                scratch.context.as_ptr(),
            )
        };
        match n {
            1.. => Ok(Some(scratch.captures(n as usize))),
            sys::PCRE2_ERROR_NOMATCH => Ok(None),
            sys::PCRE2_ERROR_MATCHLIMIT => Err(MatchError::MatchLimit),
            sys::PCRE2_ERROR_DEPTHLIMIT => Err(MatchError::DepthLimit),
            sys::PCRE2_ERROR_UTF8_ERR21..=sys::PCRE2_ERROR_UTF8_ERR1
            | sys::PCRE2_ERROR_BADUTFOFFSET => Err(MatchError::BadUtf),
            n => Err(MatchError::Other(n)),
        }
    }
}

impl Drop for Regex {
    fn drop(&mut self) {
        // SAFETY: ours, and not used afterwards.
        unsafe { sys::pcre2_code_free_8(self.code.as_ptr()) }
    }
}

/// What one match needs.
struct Scratch {
    data: NonNull<sys::pcre2_match_data_8>,
    context: NonNull<sys::pcre2_match_context_8>,
}

impl Scratch {
    fn new(regex: &Regex, limits: Limits) -> Option<Scratch> {
        let none = ptr::null_mut();
        // SAFETY: a null general context means the default one; what was made is freed by `drop`.
        unsafe {
            let data = sys::pcre2_match_data_create_from_pattern_8(regex.code.as_ptr(), none);
            let data = NonNull::new(data)?;
            let Some(context) = NonNull::new(sys::pcre2_match_context_create_8(none)) else {
                sys::pcre2_match_data_free_8(data.as_ptr());
                return None;
            };
            if let Some(n) = limits.matches {
                sys::pcre2_set_match_limit_8(context.as_ptr(), n);
            }
            if let Some(n) = limits.depth {
                sys::pcre2_set_depth_limit_8(context.as_ptr(), n);
            }
            Some(Scratch { data, context })
        }
    }

    /// The first `n` groups.
    fn captures(&self, n: usize) -> Captures {
        // SAFETY: the vector has room for all groups of the pattern, and `n` pairs of it are set.
        let vector = unsafe {
            let at = sys::pcre2_get_ovector_pointer_8(self.data.as_ptr());
            std::slice::from_raw_parts(at, 2 * n)
        };
        vector
            .chunks_exact(2)
            .map(|pair| (pair[0] != usize::MAX).then_some((pair[0], pair[1])))
            .collect()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // SAFETY: ours, and not used afterwards.
        unsafe {
            sys::pcre2_match_data_free_8(self.data.as_ptr());
            sys::pcre2_match_context_free_8(self.context.as_ptr());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(pattern: &str, bits: u32, subject: &[u8]) -> Option<Captures> {
        let options = Options {
            bits,
            ..Options::default()
        };
        let regex = Regex::compile(pattern.as_bytes(), &options).unwrap();
        regex.find(subject, 0, 0, Limits::default()).unwrap()
    }

    #[test]
    fn groups_and_names() {
        assert_eq!(
            find("(a)|(b)(c)?", 0, b"xb"),
            Some(vec![Some((1, 2)), None, Some((1, 2))])
        );
        assert_eq!(find("a", option::ANCHORED, b"ba"), None);
        let r = Regex::compile(b"(?<year>\\d+)-(?<day>\\d)", &Options::default()).unwrap();
        assert_eq!(r.names(), [(b"day".to_vec(), 2), (b"year".to_vec(), 1)]);
    }

    #[test]
    fn latin1_letters_have_case() {
        assert!(find("\\x{e5}", option::CASELESS, b"\xC5").is_some());
        assert!(find("^\\w$", 0, b"\xE5").is_some());
        assert!(find("å", option::UTF | option::CASELESS, "Å".as_bytes()).is_some());
    }

    #[test]
    fn errors() {
        let e = Regex::compile(b"(a", &Options::default()).unwrap_err();
        assert_eq!(
            (e.message.as_str(), e.offset),
            ("missing closing parenthesis", 2)
        );
        let options = Options {
            bits: option::UTF,
            ..Options::default()
        };
        let r = Regex::compile(b"a", &options).unwrap();
        let bad = r.find(b"\xFF", 0, 0, Limits::default());
        assert_eq!(bad, Err(MatchError::BadUtf));
        assert_eq!(
            r.find(b"", 1, 0, Limits::default()),
            Err(MatchError::BadOffset)
        );
    }
}
