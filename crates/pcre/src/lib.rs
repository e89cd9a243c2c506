//! PCRE2 as safe functions: compiling with every option that module `re` needs, and matching.
//!
//! Called by `crates/bifs` (`re`). A thin layer over `pcre2-sys`, because the safe crate reaches neither
//! newline conventions and character tables nor match limits, start options and error codes.
//!
//! Invariants: a [`Code`] never changes once made, so threads share it; a [`Matcher`] belongs to one thread
//! at a time. Code in UTF mode is matched with `&str` only, so PCRE2's own check can be left out.

mod code;
mod matcher;
mod tables;

pub use code::{Code, CompileError, Flags, Newline, Options, Separator};
pub use matcher::{Limits, MatchError, Matcher, Span, Start, Subject};

/// Version and date of the library, as `10.46 2025-08-27`.
pub fn version() -> String {
    let mut text = [0u8; 64];
    // SAFETY: a version needs at most 24 bytes; the length asked for first says so for sure.
    let used = unsafe {
        let config = pcre2_sys::pcre2_config_8;
        let need = config(pcre2_sys::PCRE2_CONFIG_VERSION, std::ptr::null_mut());
        if usize::try_from(need).is_ok_and(|n| n <= text.len()) {
            config(
                pcre2_sys::PCRE2_CONFIG_VERSION,
                text.as_mut_ptr().cast::<std::ffi::c_void>().cast(),
            )
        } else {
            0
        }
    };
    let used = usize::try_from(used).unwrap_or(0).saturating_sub(1);
    String::from_utf8_lossy(text.get(..used).unwrap_or_default()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        steps: 10_000,
        depth: 10_000,
    };

    fn run(pattern: &str, flags: Flags, subject: Subject<'_>) -> Result<Vec<Span>, MatchError> {
        let options = Options {
            flags,
            ..Options::default()
        };
        let mut spans = Vec::new();
        for jit in [false, true] {
            let code = Code::compile(pattern.as_bytes(), &options, jit).unwrap();
            let mut matcher = Matcher::new().unwrap();
            let found = matcher.run(&code, subject, &Start::default(), LIMITS)?;
            let found = found.unwrap_or_default();
            assert!(!jit || found == spans);
            spans = found;
        }
        Ok(spans)
    }

    #[test]
    fn groups_are_found() {
        let spans = run("(a)|(b)(c)?", Flags::default(), Subject::Bytes(b"xb"));
        assert_eq!(spans, Ok(vec![Some((1, 2)), None, Some((1, 2))]));
        let code = Code::compile(b"(?<y>\\d+)-(?<d>\\d)", &Options::default(), false).unwrap();
        assert_eq!(code.names(), [(&b"d"[..], 2), (&b"y"[..], 1)]);
    }

    #[test]
    fn bytes_are_latin1() {
        let caseless = run("\\x{e5}", Flags::CASELESS, Subject::Bytes(b"\xC5"));
        assert_eq!(caseless, Ok(vec![Some((0, 1))]));
        let word = run("^\\w$", Flags::default(), Subject::Bytes(b"\xE5"));
        assert_eq!(word, Ok(vec![Some((0, 1))]));
    }

    #[test]
    fn utf_code_takes_text_only() {
        assert_eq!(
            run("a", Flags::UTF, Subject::Bytes(b"a")),
            Err(MatchError::Subject)
        );
        let found = run("å", Flags::UTF | Flags::CASELESS, Subject::Text("Å"));
        assert_eq!(found, Ok(vec![Some((0, 2))]));
    }

    #[test]
    fn limits_hold() {
        let subject = Subject::Bytes(b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaz");
        let code = Code::compile(b"(a+)*zz", &Options::default(), false).unwrap();
        let mut matcher = Matcher::new().unwrap();
        let found = matcher.run(&code, subject, &Start::default(), LIMITS);
        assert_eq!(found, Err(MatchError::Steps));
    }
}
