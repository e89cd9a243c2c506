//! Patterns as terms, and the node's cache of compiled code.
//!
//! [`Stored`] is what the binary in a compiled pattern holds: a mark, the options and the source. It is the
//! cache's key too. The cache is a convenience: whatever falls out is compiled again when it is used.

use super::error_text::{self, LONGEST_NAME, UNKNOWN_ESCAPE};
use super::options::{Parsed, newline, separator};
use super::translate::translate;
use crate::prelude::*;
use crate::util::string;
use corten_pcre::{Code, Flags, Options};
use parking_lot::RwLock;
use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, OnceLock};

/// What stored patterns begin with; the last byte is the version of the format.
const MARK: &[u8; 4] = b"CRE\x01";
/// Mark, newline, separator, flags; the source follows.
const HEADER: usize = 10;
const NEWLINE: usize = 4;
const SEPARATOR: usize = 5;
const FLAGS: std::ops::Range<usize> = 6..HEADER;

/// Options and source of a pattern in one run of bytes.
#[derive(Debug, Clone)]
pub struct Stored<'b>(Cow<'b, [u8]>);

impl<'b> Stored<'b> {
    /// The pattern `source` under `options`. A zero byte ends a pattern, as in OTP.
    pub fn new(source: &[u8], options: &Parsed<'_>) -> Stored<'static> {
        let end = memchr::memchr(0, source).unwrap_or(source.len());
        let mut bytes = Vec::with_capacity(HEADER + end);
        bytes.extend_from_slice(MARK);
        bytes.extend_from_slice(&[options.newline, options.separator]);
        bytes.extend_from_slice(&options.flags.0.to_le_bytes());
        bytes.extend_from_slice(&source[..end]);
        Stored(Cow::Owned(bytes))
    }

    fn from_bytes(bytes: Cow<'b, [u8]>) -> Option<Stored<'b>> {
        (bytes.len() >= HEADER && bytes.starts_with(MARK)).then_some(Stored(bytes))
    }

    /// The same pattern with the newline and separator settings that a run asks for.
    pub fn with_run_options(mut self, options: &Parsed<'_>) -> Stored<'b> {
        for (at, wanted) in [(NEWLINE, options.newline), (SEPARATOR, options.separator)] {
            if wanted != 0 && self.0[at] != wanted {
                self.0.to_mut()[at] = wanted;
            }
        }
        self
    }

    fn source(&self) -> &[u8] {
        &self.0[HEADER..]
    }
    fn flags(&self) -> Flags {
        let mut bits = [0; 4];
        bits.copy_from_slice(&self.0[FLAGS]);
        Flags(u32::from_le_bytes(bits))
    }
    fn options(&self) -> Option<Options> {
        Some(Options {
            flags: self.flags(),
            newline: newline(self.0[NEWLINE])?,
            separator: separator(self.0[SEPARATOR])?,
        })
    }

    /// `{re_pattern, Groups, Unicode, CrLf, Binary}`.
    pub fn term<'h>(&self, p: &'h Process, entry: &Entry, unicode: bool) -> Term<'h> {
        let code = entry.code();
        p.heap.tuple(&[
            Term::atom(am::re_pattern),
            Term::small(code.captures() as i64),
            Term::small(i64::from(unicode)),
            Term::small(i64::from(code.crlf_is_newline())),
            p.heap.binary(&self.0),
        ])
    }

    /// Compiles it.
    fn compile(&self, jit: bool) -> Result<Code, Failure> {
        let Some(mut options) = self.options() else {
            return Err(Failure {
                text: "inconsistent NEWLINE options".into(),
                offset: 0,
            });
        };
        let source = {
            let flag = |f| options.flags.contains(f);
            translate(self.source(), flag(Flags::EXTENDED), flag(Flags::UTF))
        };
        let first = Code::compile(&source.bytes, &options, jit);
        let made = match first {
            Err(e) if e.code == UNKNOWN_ESCAPE => {
                options.flags |= Flags::BAD_ESCAPE_IS_LITERAL;
                Code::compile(&source.bytes, &options, jit)
            }
            other => other,
        };
        let code = made.map_err(|e| error_text::describe(&e, &source))?;
        let names = code.names();
        match names.iter().find(|(name, _)| name.len() > LONGEST_NAME) {
            Some((name, _)) => Err(error_text::long_name(name, self.source())),
            None => Ok(code),
        }
    }
}

/// Why a pattern does not compile, as OTP says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub text: String,
    pub offset: usize,
}

impl Failure {
    /// `{Text, Offset}`.
    pub fn term<'h>(&self, p: &'h Process) -> Term<'h> {
        p.heap
            .tuple(&[string(p, &self.text), p.heap.uint(self.offset as u64)])
    }
}

/// A term `{re_pattern, …}`.
pub struct Compiled<'h> {
    pub unicode: bool,
    binary: Bits<'h>,
}

impl<'h> Compiled<'h> {
    pub fn from_term(t: Term<'h>) -> Option<Compiled<'h>> {
        let [tag, groups, unicode, crlf, binary] = t.as_tuple_of::<5>()?;
        groups.as_small()?;
        crlf.as_small()?;
        let compiled = Compiled {
            unicode: unicode.as_small()? != 0,
            binary: binary.as_bits()?,
        };
        tag.is(am::re_pattern).then_some(compiled)
    }
    pub fn stored(&self) -> Option<Stored<'h>> {
        if !self.binary.is_binary() {
            return None;
        }
        Stored::from_bytes(self.binary.to_bytes())
    }
}

/// Compiled code in the cache.
#[derive(Debug)]
pub struct Entry {
    code: Code,
    key: Box<[u8]>,
    uses: AtomicU32,
    machine: OnceLock<Option<Code>>,
}

/// Uses after which a pattern is worth being compiled to machine code.
const HOT: u32 = 50;

impl Entry {
    /// The code for PCRE2's interpreter, which counts steps and depth exactly.
    pub fn code(&self) -> &Code {
        &self.code
    }
    /// Says that a match takes long, so that the next one deserves machine code.
    pub fn heat(&self) {
        self.uses.store(HOT, Ordering::Relaxed);
    }
    /// The fastest code there is: machine code for patterns that are used a lot.
    pub fn fast(&self) -> &Code {
        if self.uses.load(Ordering::Relaxed) < HOT {
            self.uses.fetch_add(1, Ordering::Relaxed);
            return &self.code;
        }
        self.machine
            .get_or_init(|| {
                let again = Stored(Cow::Borrowed(&self.key[..]));
                again.compile(true).ok().filter(Code::has_jit)
            })
            .as_ref()
            .unwrap_or(&self.code)
    }
}

type Generation = HashMap<Box<[u8]>, Arc<Entry>, RandomState>;

/// Two generations: what is used moves to the young one; when that is full it becomes the old one and what
/// the old one still had is gone.
#[derive(Debug, Default)]
struct Shard {
    young: Generation,
    old: Generation,
    weight: usize,
}

const SHARDS: usize = 16;
/// Bytes of source (and a constant per pattern) that a generation of a shard may hold.
const CAPACITY: usize = 32 << 10;
const PER_PATTERN: usize = 256;

struct Cache {
    shards: [RwLock<Shard>; SHARDS],
    hasher: RandomState,
}

static CACHE: LazyLock<Cache> = LazyLock::new(|| Cache {
    shards: Default::default(),
    hasher: RandomState::new(),
});

impl Shard {
    fn insert(&mut self, entry: &Arc<Entry>) {
        let weight = PER_PATTERN + entry.key.len();
        if self.weight + weight > CAPACITY {
            self.old = std::mem::take(&mut self.young);
            self.weight = 0;
        }
        self.weight += weight;
        self.young.insert(entry.key.clone(), entry.clone());
    }
}

/// The compiled code of a pattern, from the cache or made now.
pub fn code(stored: &Stored<'_>) -> Result<Arc<Entry>, Failure> {
    let key = &stored.0[..];
    let cache = &*CACHE;
    let shard = &cache.shards[cache.hasher.hash_one(key) as usize % SHARDS];
    if let Some(entry) = shard.read().young.get(key) {
        return Ok(entry.clone());
    }
    let old = shard.write().old.remove(key);
    let entry = match old {
        Some(entry) => entry,
        None => Arc::new(Entry {
            code: stored.compile(false)?,
            key: key.into(),
            uses: AtomicU32::new(0),
            machine: OnceLock::new(),
        }),
    };
    shard.write().insert(&entry);
    Ok(entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compile(source: &str, flags: Flags) -> Result<Arc<Entry>, Failure> {
        let options = Parsed {
            flags,
            ..Parsed::default()
        };
        code(&Stored::new(source.as_bytes(), &options))
    }

    #[test]
    fn the_cache_gives_what_it_was_given() {
        let a = compile("(a)(b)", Flags::default()).unwrap();
        let b = compile("(a)(b)", Flags::default()).unwrap();
        assert!(Arc::ptr_eq(&a, &b));
        assert_eq!(a.code().captures(), 2);
        let c = compile("(a)(b)", Flags::NO_AUTO_CAPTURE).unwrap();
        assert_eq!(c.code().captures(), 0);
        for i in 0..100_000 {
            compile(&format!("x{i}"), Flags::default()).unwrap();
            if i > 1000 {
                break;
            }
        }
    }

    #[test]
    fn errors_read_as_in_otp_27() {
        let failure = |s: &str| {
            let f = compile(s, Flags::default()).unwrap_err();
            (f.text, f.offset)
        };
        for (pattern, text, offset) in RECORDED {
            assert_eq!(
                failure(pattern),
                ((*text).to_string(), *offset),
                "{pattern}"
            );
        }
    }

    /// Recorded from the reference engine.
    const RECORDED: &[(&str, &str, usize)] = &[
        ("(", "missing )", 1),
        ("a)", "unmatched parentheses", 1),
        ("[a", "missing terminating ] for character class", 2),
        ("*a", "nothing to repeat", 0),
        ("a**", "nothing to repeat", 2),
        (
            "(?<n>a)(?<n>b)",
            "two named subpatterns have the same name",
            11,
        ),
        ("x(?<=a*)", "lookbehind assertion is not fixed length", 7),
        ("(?z)", "unrecognized character after (? or (?-", 2),
        ("(?#", "missing ) after comment", 3),
        ("[b-a]", "range out of order in character class", 3),
        ("a{3,2}", "numbers out of order in {} quantifier", 5),
        ("\\", "\\ at end of pattern", 1),
        ("(a)\\2", "reference to non-existent subpattern", 5),
        ("(?P>foo)", "reference to non-existent subpattern", 7),
        ("(?(1)a|b|c)", "reference to non-existent subpattern", 5),
        (
            "(?(?=a)b|c|d)",
            "conditional group contains more than two branches",
            12,
        ),
        ("[[:foo:]]", "unknown POSIX class name", 3),
        ("(?i", "unrecognized character after (? or (?-", 3),
    ];
}
