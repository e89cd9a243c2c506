//! Compiled patterns: as binaries that programs keep, and as PCRE2 code in a cache.

use corten_pcre::{Bsr, CompileError, Newline, Options, Regex, option};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// What the binary of a compiled pattern begins with.
const MAGIC: &[u8; 8] = b"cortenRE";
/// More patterns than this are not kept.
const CACHE_SIZE: usize = 2000;

type Cache = HashMap<(Vec<u8>, Options), Arc<Regex>>;
static CACHE: LazyLock<Mutex<Cache>> = LazyLock::new(Mutex::default);

/// A pattern ready to match, with what it was made of.
pub struct Code {
    pub regex: Arc<Regex>,
    pub source: Vec<u8>,
    pub options: Options,
}

impl Code {
    /// Compiles, or finds what was compiled before.
    pub fn new(source: &[u8], options: Options) -> Result<Code, CompileError> {
        let key = (source.to_vec(), options);
        let known = {
            let cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
            cache.get(&key).cloned()
        };
        let regex = match known {
            Some(regex) => regex,
            None => {
                let regex = Arc::new(Regex::compile(source, &options)?);
                let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
                if cache.len() >= CACHE_SIZE {
                    cache.clear();
                }
                cache.insert(key, regex.clone());
                regex
            }
        };
        Ok(Code {
            regex,
            source: source.to_vec(),
            options,
        })
    }

    pub fn is_unicode(&self) -> bool {
        self.options.bits & option::UTF != 0
    }

    /// Whether CR LF counts as one end of line.
    pub fn uses_crlf(&self) -> bool {
        matches!(
            self.options.newline,
            Newline::Crlf | Newline::Any | Newline::Anycrlf
        )
    }

    /// The binary that [`Stored::decode`] reads.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(&self.options.bits.to_le_bytes());
        out.push(self.options.newline as u8);
        out.push(self.options.bsr as u8);
        out.extend_from_slice(&self.source);
        out
    }
}

/// Source and options of a compiled pattern.
pub struct Stored {
    pub source: Vec<u8>,
    pub options: Options,
}

impl Stored {
    /// Reads what [`Code::encode`] wrote; `None` for everything else.
    pub fn decode(bytes: &[u8]) -> Option<Stored> {
        let rest = bytes.strip_prefix(MAGIC)?;
        let (bits, rest) = rest.split_first_chunk::<4>()?;
        let ([newline, bsr], source) = rest.split_first_chunk::<2>()?;
        let newlines = [
            Newline::Cr,
            Newline::Lf,
            Newline::Crlf,
            Newline::Any,
            Newline::Anycrlf,
            Newline::Nul,
        ];
        let newline = newlines.into_iter().find(|n| *n as u8 == *newline)?;
        let bsr = [Bsr::Unicode, Bsr::Anycrlf]
            .into_iter()
            .find(|b| *b as u8 == *bsr)?;
        Some(Stored {
            source: source.to_vec(),
            options: Options {
                bits: u32::from_le_bytes(*bits),
                newline,
                bsr,
            },
        })
    }

    /// Makes it ready; a stored pattern compiled once, so it does again unless somebody forged it.
    pub fn compile(&self, options: Options) -> Option<Code> {
        Code::new(&self.source, options).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_patterns_come_back() {
        let options = Options {
            bits: option::CASELESS,
            newline: Newline::Anycrlf,
            bsr: Bsr::Anycrlf,
        };
        let code = Code::new(b"a(b)", options).unwrap();
        let back = Stored::decode(&code.encode()).unwrap();
        assert_eq!((&back.source[..], back.options), (&b"a(b)"[..], options));
        assert!(Stored::decode(b"cortenRE\0\0").is_none());
        assert!(Stored::decode(b"ERCP and more").is_none());
    }
}
