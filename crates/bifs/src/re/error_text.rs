//! Compile errors as OTP 27 words and places them: PCRE 8.45's texts and offsets, where PCRE2's differ.
//!
//! PCRE2 finds some errors in another pass, and so elsewhere in the pattern. [`describe`] looks at the pattern
//! around PCRE2's offset and gives the place where 8.45 stops. What is not listed here is the same in both.

use super::pattern::Failure;
use super::translate::{Translated, group_end};
use corten_pcre::CompileError;

/// PCRE2's number for an unknown escape such as `\j`.
pub const UNKNOWN_ESCAPE: i32 = 103;
/// The longest name of a group in 8.45.
pub const LONGEST_NAME: usize = 32;

const OPTION_LETTER: &str = "unrecognized character after (? or (?-";
const NO_ZERO: &str = "a numbered reference must not be zero";
const CALL_END: &str = "(?R or (?[+-]digits must be followed by )";
const CONDITION: &str = "assertion expected after (?( or (?(?C)";
const CONDITION_NAME: &str = "malformed number or name after (?(";

/// What 8.45 says, and where, when PCRE2 says `e` about a translated pattern.
pub fn describe(e: &CompileError, translated: &Translated<'_>) -> Failure {
    let source: &[u8] = &translated.bytes;
    let at = e.offset.min(source.len());
    let (text, at) = match e.code {
        114 => unclosed(source, at),
        115 => (
            "reference to non-existent subpattern",
            reference(source, at),
        ),
        125 | 135 | 187 | 200 => (
            "lookbehind assertion is not fixed length",
            group_end(source, at),
        ),
        127 => (
            "conditional group contains more than two branches",
            condition_end(source, at),
        ),
        154 => (
            "DEFINE group contains more than one branch",
            condition_end(source, at),
        ),
        113 => (
            "POSIX collating elements are not supported",
            find_back(source, at, b"[.")
                .or(find_back(source, at, b"[="))
                .unwrap_or(at),
        ),
        130 => {
            let name = find_back(source, at, b"[:").map_or(at, |i| i + 2);
            let negated = usize::from(source.get(name) == Some(&b'^'));
            ("unknown POSIX class name", name + negated)
        }
        142 if ends_with_any(
            &source[..name_start(source, at)],
            &[b"(?(", b"(?(<", b"(?('"],
        ) =>
        {
            (CONDITION_NAME, at)
        }
        157 if at > 0 && source[at - 1] == b'g' => (NO_ZERO, at - 1),
        162 if source[..at].ends_with(b"(?<") => ("unrecognized character after (?<", at),
        178 if source[..at].ends_with(b"\\x{") && source.get(at) != Some(&b'}') => {
            ("non-hex character in \\x{} (closing brace missing?)", at)
        }
        178 if source[..at].ends_with(b"\\o{") => (DIGITS_MISSING, at - 2),
        174 => ("setting UTF is disabled by the application", 0),
        129 => ("digit expected after (?+", at + 1),
        128 => (CONDITION, at + 1),
        code => {
            let one_less = matches!(code, 137 | 143 | 147 | 150 | 151 | 165 | 169 | 171);
            let Some(text) = same_place(code) else {
                return Failure {
                    text: e.text(),
                    offset: translated.original_offset(at - usize::from(one_less && at > 0)),
                };
            };
            (text, at - usize::from(one_less && at > 0))
        }
    };
    Failure {
        text: text.to_string(),
        offset: translated.original_offset(at),
    }
}

const DIGITS_MISSING: &str = "digits missing in \\x{} or \\o{}";

/// Errors that differ in words only (or by one character in place).
fn same_place(code: i32) -> Option<&'static str> {
    Some(match code {
        ..0 => "invalid UTF-8 string",
        107 => "invalid escape sequence in character class",
        109 => "nothing to repeat",
        111 | 194 => OPTION_LETTER,
        118 => "missing ) after comment",
        119 => "regular expression is too complicated",
        122 => "unmatched parentheses",
        124 => CONDITION_NAME,
        126 => NO_ZERO,
        134 => "character value in \\x{} or \\o{} is too large",
        136 => "\\C not allowed in lookbehind assertion",
        137 => "PCRE does not support \\L, \\l, \\N{name}, \\U, or \\u",
        138 => "number after (?C is > 255",
        139 | 182 => "closing ) for (?C expected",
        142 => "syntax error in subpattern name (missing terminator)",
        143 => "two named subpatterns have the same name",
        144 => "group name must start with a non-digit",
        147 => "unknown property name after \\P or \\p",
        148 => "subpattern name is too long (maximum 32 characters)",
        149 => "too many named subpatterns (maximum 10000)",
        158 => CALL_END,
        161 => "number is too big",
        168 => "\\c must be followed by an ASCII character",
        178 => DIGITS_MISSING,
        195 => "(*VERB) not recognized or malformed",
        _ => return None,
    })
}

/// A group's name that 8.45 would not take, as a failure.
pub fn long_name(name: &[u8], source: &[u8]) -> Failure {
    let at = memchr::memmem::find(source, name).unwrap_or(0);
    Failure {
        text: "subpattern name is too long (maximum 32 characters)".to_string(),
        offset: at + name.len(),
    }
}

/// The pattern ends inside a group: 8.45 complains of what it misses first.
fn unclosed(source: &[u8], at: usize) -> (&'static str, usize) {
    let start = find_back(source, source.len(), b"(?");
    let inside = start.map(|i| &source[i + 2..]);
    let text = match inside {
        Some(b"P") => "unrecognized character after (?P",
        Some(b"(") => CONDITION,
        Some(rest) if rest.iter().all(|b| b"imsxJUX-".contains(b)) => OPTION_LETTER,
        Some([b'0'..=b'9', ..]) => CALL_END,
        _ => "missing )",
    };
    (text, at)
}

/// Where 8.45 notices a reference to a group that does not exist.
fn reference(source: &[u8], at: usize) -> usize {
    let before = &source[..at];
    if ends_with_any(before, &[b"(?(", b"(?(<", b"(?('", b"(?(R"]) || before.ends_with(b"(?") {
        let close = memchr::memchr(b')', &source[at..]).map(|i| at + i);
        return match close {
            Some(i) if source[at..].starts_with(b"(") || !before.ends_with(b"(?") => i + 1,
            Some(i) => i,
            None => at,
        };
    }
    if before.ends_with(b"\\") {
        return match source.get(at) {
            Some(b'0'..=b'9') => source.len(),
            _ => memchr::memchr(b'}', &source[at..]).map_or(at, |i| at + i),
        };
    }
    if source[at.saturating_sub(1)..]
        .first()
        .is_some_and(u8::is_ascii_digit)
    {
        return if before.starts_with(b"\\") || !before.contains(&b'(') {
            source.len()
        } else {
            at
        };
    }
    let rest = source[at..].iter();
    at + rest
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+'))
        .count()
}

/// The end of the conditional group that `at` is in.
fn condition_end(source: &[u8], at: usize) -> usize {
    let start = find_back(source, (at + 3).min(source.len()), b"(?(").unwrap_or(at);
    group_end(source, start)
}

/// The last occurrence of `what` that ends at or before `end`.
fn find_back(source: &[u8], end: usize, what: &[u8]) -> Option<usize> {
    memchr::memmem::rfind(&source[..end], what)
}

fn ends_with_any(s: &[u8], ends: &[&[u8]]) -> bool {
    ends.iter().any(|e| s.ends_with(e))
}

/// Where the name that ends at `at` starts.
fn name_start(source: &[u8], at: usize) -> usize {
    let name = source[..at].iter().rev();
    at - name
        .take_while(|b| b.is_ascii_alphanumeric() || **b == b'_')
        .count()
}
