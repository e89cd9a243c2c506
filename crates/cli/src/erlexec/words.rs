//! Arguments from places other than the command line: environment variables and `-args_file` files.
//!
//! Used by `gather`. Splitting follows OTP's rules: white space separates, both kinds of quotes group,
//! a backslash takes the next byte as it is, and in files `#` starts a comment.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

/// Splits `text`. A `--` is added at the end, so that flags of one source do not swallow those of the next,
/// unless an `-extra` says that the rest is not for the emulator.
pub fn split(text: &[u8], comments: bool) -> Vec<OsString> {
    let mut words: Vec<Vec<u8>> = Vec::new();
    let mut bytes = text.iter().copied().peekable();
    while let Some(b) = bytes.peek().copied() {
        if is_space(b) {
            bytes.next();
        } else if comments && b == b'#' {
            while bytes.next_if(|b| *b != b'\n').is_some() {}
        } else {
            words.push(word(&mut bytes, comments));
        }
    }
    if !words.is_empty() && !words.iter().any(|word| word == b"-extra") {
        words.push(b"--".to_vec());
    }
    words.into_iter().map(OsString::from_vec).collect()
}

fn word(bytes: &mut std::iter::Peekable<impl Iterator<Item = u8>>, comments: bool) -> Vec<u8> {
    let mut word = Vec::new();
    while let Some(b) = bytes.next_if(|b| !(is_space(*b) || (comments && *b == b'#'))) {
        match b {
            b'"' | b'\'' => {
                while let Some(inner) = bytes.next_if(|inner| *inner != b) {
                    word.push(inner);
                }
                bytes.next();
            }
            b'\\' => word.extend(bytes.next()),
            _ => word.push(b),
        }
    }
    word
}

fn is_space(b: u8) -> bool {
    matches!(b, b'\n' | 0x0c | b'\r' | b'\t' | 0x0b | b' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str, comments: bool) -> Vec<String> {
        split(text.as_bytes(), comments)
            .into_iter()
            .filter_map(|word| word.into_string().ok())
            .collect()
    }

    #[test]
    fn quotes_escapes_and_comments() {
        assert_eq!(
            words("+S 2 -eval 'a b'\"c d\" e\\ f", false),
            ["+S", "2", "-eval", "a bc d", "e f", "--"]
        );
        assert_eq!(words("-a b#c # x\n -d", true), ["-a", "b", "-d", "--"]);
        assert_eq!(words("-a b#c", false), ["-a", "b#c", "--"]);
        assert_eq!(words("-x -extra y", false), ["-x", "-extra", "y"]);
        assert_eq!(words("  ", false), Vec::<String>::new());
        assert_eq!(words("'open \\", false), ["open \\", "--"]);
    }
}
