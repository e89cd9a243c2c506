//! From PCRE 8.45's syntax to PCRE2's, where the same characters mean different things.
//!
//! - `{,n}` and braces with spaces are literal text in 8.45 and quantifiers in PCRE2: they get a backslash.
//! - In a class, a hyphen behind `\d`, `[:alpha:]` and the like is literal in 8.45 and an error in PCRE2: it
//!   gets a backslash.
//! - In a class, escapes that make no sense there, as `\z`, mean their letter in 8.45: an empty quotation (`\E`)
//!   comes before the letter.
//! - In UTF mode `\w` becomes `[\w]`: PCRE2's search for a place to start forgets letters from 128 to 255, which
//!   the character tables of OTP have, when a pattern begins with it.
//! - `\8` and `\9` are digits in 8.45 when there are not that many groups before them: `\E` goes in as above.
//! - `\x` without digits is a zero byte in 8.45: it gets zeros.
//!
//! Everything else is left to PCRE2's options (see `corten_pcre`).

use std::borrow::Cow;

/// A translated pattern.
#[derive(Debug)]
pub struct Translated<'a> {
    pub bytes: Cow<'a, [u8]>,
    /// What went in, as offsets in the original.
    inserted: Vec<(usize, &'static [u8])>,
}

impl Translated<'_> {
    /// The offset in the original that corresponds to one in the translation.
    pub fn original_offset(&self, offset: usize) -> usize {
        let mut more = 0;
        for (at, what) in &self.inserted {
            if at + more >= offset {
                break;
            }
            more += what.len();
        }
        offset.saturating_sub(more)
    }
}

/// Translates a pattern; `extended`: `#` starts a comment; `utf`: for UTF mode.
pub fn translate(source: &[u8], extended: bool, utf: bool) -> Translated<'_> {
    let utf = utf || source.starts_with(b"(*");
    let mut inserted = Vec::new();
    if memchr::memchr3(b'{', b'[', b'\\', source).is_some() {
        let mut at = 0;
        let mut groups = 0;
        while at < source.len() {
            match source[at] {
                b'(' if is_capturing(&source[at..]) => groups += 1,
                b'\\' if is_digit_escape(&source[at + 1..], groups) => {
                    inserted.push((at + 1, &b"E"[..]));
                }
                b'{' if is_new_quantifier(&source[at + 1..]) => inserted.push((at, &b"\\"[..])),
                b'[' => class_items(source, at, &mut inserted),
                b'\\' if utf && source.get(at + 1) == Some(&b'w') => {
                    inserted.push((at, &b"["[..]));
                    inserted.push((at + 2, &b"]"[..]));
                }
                _ if is_bare_hex(source, at) => inserted.push((at + 2, &b"00"[..])),
                _ => {}
            }
            at = next(source, at, extended);
        }
    }
    let mut bytes = Cow::Borrowed(source);
    for (at, what) in inserted.iter().rev() {
        bytes.to_mut().splice(at..at, what.iter().copied());
    }
    Translated { bytes, inserted }
}

/// Where the group that starts at `at` ends: its closing parenthesis, or the end of the pattern.
pub fn group_end(source: &[u8], at: usize) -> usize {
    let mut depth = 0usize;
    let mut i = at;
    while i < source.len() {
        match source[i] {
            b'(' if !source[i..].starts_with(b"(*") && !source[i..].starts_with(b"(?#") => {
                depth += 1;
            }
            b')' if depth <= 1 => return i,
            b')' => depth -= 1,
            _ => {}
        }
        i = next(source, i, false);
    }
    source.len()
}

/// Whether a group that starts here is numbered.
fn is_capturing(s: &[u8]) -> bool {
    match s {
        [b'(', b'*', ..] => false,
        [b'(', b'?', b'<', next, ..] => !matches!(next, b'=' | b'!'),
        [b'(', b'?', b'P', b'<', ..] | [b'(', b'?', b'\'', ..] => true,
        [b'(', b'?', ..] => false,
        _ => true,
    }
}

/// Whether what follows a backslash is a number with 8 or 9 in front that names none of the `groups`.
fn is_digit_escape(s: &[u8], groups: usize) -> bool {
    let digits = s.iter().take_while(|b| b.is_ascii_digit());
    let number = digits.fold(0usize, |n, b| {
        n.saturating_mul(10).saturating_add(usize::from(b - b'0'))
    });
    matches!(s.first(), Some(b'8' | b'9')) && number > groups
}

/// Whether `\x` at `at` has neither digits nor a brace.
fn is_bare_hex(s: &[u8], at: usize) -> bool {
    let digit = |b: &u8| b.is_ascii_hexdigit() || *b == b'{';
    s[at] == b'\\' && s.get(at + 1) == Some(&b'x') && !s.get(at + 2).is_some_and(digit)
}

/// What has to go into the class at `at`.
fn class_items(s: &[u8], at: usize, inserted: &mut Vec<(usize, &'static [u8])>) {
    let end = after_class(s, at);
    let mut i = class_start(s, at);
    while i < end {
        let behind = after_class_item(s, i);
        let escape = s.get(i + 1).filter(|_| s[i] == b'\\');
        if is_bare_hex(s, i) {
            inserted.push((i + 2, &b"00"[..]));
        } else if escape.is_some_and(|b| b"ABCGKRXZgkz".contains(b)) {
            inserted.push((i + 1, &b"E"[..]));
        }
        let set = match escape {
            Some(b) => b"dDwWsShHvVpP".contains(b),
            None => s[i] == b'[' && behind > i + 1,
        };
        if set && s.get(behind) == Some(&b'-') && !matches!(s.get(behind + 1), None | Some(b']')) {
            inserted.push((behind, &b"\\"[..]));
        }
        i = behind;
    }
}

/// Where the next syntactic unit starts.
fn next(s: &[u8], at: usize, extended: bool) -> usize {
    match s[at] {
        b'\\' => after_escape(s, at),
        b'[' => after_class(s, at),
        b'(' if s[at..].starts_with(b"(?#") => after(s, at, b")"),
        b'(' if s[at..].starts_with(b"(*") => after(s, at, b")"),
        b'#' if extended => after(s, at, b"\n"),
        _ => at + 1,
    }
}

/// Behind the first `end` from `at` on, or the end of the pattern.
fn after(s: &[u8], at: usize, end: &[u8]) -> usize {
    memchr::memmem::find(&s[at..], end).map_or(s.len(), |i| at + i + end.len())
}

fn after_escape(s: &[u8], at: usize) -> usize {
    match s.get(at + 1) {
        Some(b'Q') => after(s, at + 2, b"\\E"),
        Some(b'x' | b'o' | b'p' | b'P' | b'g' | b'k' | b'N') if s.get(at + 2) == Some(&b'{') => {
            after(s, at, b"}")
        }
        _ => at + 2,
    }
}

/// Where the items of the class at `at` start: a bracket that comes first is an item.
fn class_start(s: &[u8], at: usize) -> usize {
    let negated = s.get(at + 1) == Some(&b'^');
    at + 1 + usize::from(negated)
}

fn after_class(s: &[u8], at: usize) -> usize {
    let mut i = class_start(s, at);
    if s.get(i) == Some(&b']') {
        i += 1;
    }
    while i < s.len() {
        if s[i] == b']' {
            return i + 1;
        }
        i = after_class_item(s, i);
    }
    s.len()
}

fn after_class_item(s: &[u8], i: usize) -> usize {
    match s[i] {
        b'\\' => match s.get(i + 1) {
            Some(b'p' | b'P') if s.get(i + 2) != Some(&b'{') => i + 3,
            _ => after_escape(s, i),
        },
        b'[' if matches!(s.get(i + 1), Some(b':' | b'.' | b'=')) => {
            let end = [s[i + 1], b']'];
            let behind = after(s, i + 2, &end);
            // Without an end the bracket is an ordinary character.
            if s[..behind].ends_with(&end) {
                behind
            } else {
                i + 1
            }
        }
        _ => i + 1,
    }
}

/// Whether what follows a `{` makes it a quantifier for PCRE2 but not for 8.45.
fn is_new_quantifier(s: &[u8]) -> bool {
    let Some(end) = memchr::memchr(b'}', s) else {
        return false;
    };
    let inner = &s[..end];
    let digits = |b: &[u8]| !b.is_empty() && b.iter().all(u8::is_ascii_digit);
    let (low, high) = match memchr::memchr(b',', inner) {
        Some(i) => (&inner[..i], Some(&inner[i + 1..])),
        None => (inner, None),
    };
    let classic = digits(low) && high.is_none_or(|h| h.is_empty() || digits(h));
    let (low, high) = (blank_trimmed(low), high.map(blank_trimmed));
    let new = match high {
        None => digits(low),
        Some(h) => (digits(low) && (h.is_empty() || digits(h))) || (low.is_empty() && digits(h)),
    };
    new && !classic
}

fn blank_trimmed(mut s: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = s {
        s = rest;
    }
    s
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_new_quantifiers_are_escaped() {
        let t =
            |s: &str| String::from_utf8(translate(s.as_bytes(), true, false).bytes.into_owned());
        for (from, to) in [
            ("a{,3}b", "a\\{,3}b"),
            ("a{ 1 , 2 }", "a\\{ 1 , 2 }"),
            ("a{1,2}b{3}c{4,}", "a{1,2}b{3}c{4,}"),
            ("[{,3}]x{,3}", "[{,3}]x\\{,3}"),
            ("\\Q{,3}\\E", "\\Q{,3}\\E"),
            ("\\{,3}{x}", "\\{,3}{x}"),
            (
                "[\\w-.][]\\d-a][a-z-][\\s-]",
                "[\\w\\-.][]\\d\\-a][a-z-][\\s-]",
            ),
            ("[\\z\\C-\\b]", "[\\Ez\\EC-\\b]"),
            ("(*UTF)\\w\\W", "(*UTF)[\\w]\\W"),
            ("^A\\8B\\9C$", "^A\\E8B\\E9C$"),
            (
                "(1)((?:2))(?<a>3)((((8))))(9)\\8\\9",
                "(1)((?:2))(?<a>3)((((8))))(9)\\8\\E9",
            ),
            ("\\x-[\\x]\\x41", "\\x00-[\\x00]\\x41"),
            ("[[:alpha:]{,1}]#{,2}\n{,3}", "[[:alpha:]{,1}]#{,2}\n\\{,3}"),
        ] {
            assert_eq!(t(from).as_deref(), Ok(to));
        }
        let x = translate(b"a{,3}b{,4}", false, false);
        assert_eq!(x.original_offset(1), 1);
        assert_eq!(x.original_offset(2), 1);
        assert_eq!(x.original_offset(12), 10);
    }
}
