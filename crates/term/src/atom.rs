//! The atom table: names to indexes and back. Append only, shared by all threads; an index is for ever.
//!
//! Reading a name by index takes no lock; interning takes the lock of one shard, and a new name the lock
//! that orders indexes. The table ends at a limit (`+t`) that the node sets at start.

use crate::atoms::NAMES;
use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex, RwLock};

/// An interned name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(transparent)]
pub struct Atom(u32);

/// Why a name could not become an atom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtomError {
    /// More than 255 characters.
    TooLong,
    /// Not valid UTF-8.
    NotUtf8,
}

impl fmt::Display for AtomError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AtomError::TooLong => "atom longer than 255 characters",
            AtomError::NotUtf8 => "atom name is not UTF-8",
        })
    }
}

/// Most characters an atom may have.
pub const MAX_CHARACTERS: usize = 255;
const CHUNK_BITS: u32 = 12;
const CHUNK: usize = 1 << CHUNK_BITS;
const CHUNKS: usize = 1 << 15;
const SHARDS: usize = 16;

struct Entry {
    name: &'static str,
    hash: u32,
}

#[derive(Default)]
struct Fnv(u64);
impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for &b in bytes {
            self.0 = (self.0 ^ u64::from(b)).wrapping_mul(0x100_0000_01b3);
        }
    }
}
type Names = HashMap<&'static str, u32, BuildHasherDefault<Fnv>>;

struct Table {
    chunks: Box<[AtomicPtr<Entry>]>,
    shards: [RwLock<Names>; SHARDS],
    /// Guards growth; holds the next index.
    next: Mutex<u32>,
    count: AtomicU32,
    limit: AtomicU32,
    bytes: AtomicU32,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let table = Table {
        chunks: (0..CHUNKS)
            .map(|_| AtomicPtr::new(std::ptr::null_mut()))
            .collect(),
        shards: std::array::from_fn(|_| RwLock::default()),
        next: Mutex::new(0),
        count: AtomicU32::new(0),
        limit: AtomicU32::new(1_048_576),
        bytes: AtomicU32::new(0),
    };
    for name in NAMES {
        // The names of the table are distinct, short and few.
        let _ = table.intern(name);
    }
    table
});

/// OTP's hash of an atom's name, the one that `phash2` builds on: the PJW hash, with characters 128 to
/// 255 hashed as single bytes.
fn name_hash(name: &str) -> u32 {
    let mut h: u32 = 0;
    let bytes = name.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        let mut v = bytes[i];
        if v & 0xFE == 0xC2 && i + 1 < bytes.len() && bytes[i + 1] & 0xC0 == 0x80 {
            v = (v << 6) | (bytes[i + 1] & 0x3F);
            i += 1;
        }
        i += 1;
        h = (h << 4).wrapping_add(u32::from(v));
        let g = h & 0xF000_0000;
        if g != 0 {
            h ^= g >> 24;
            h ^= g;
        }
    }
    h
}

fn shard_of(name: &str) -> usize {
    let mut f = Fnv::default();
    f.write(name.as_bytes());
    (f.finish() >> 40) as usize % SHARDS
}

impl Table {
    fn find(&self, name: &str) -> Option<u32> {
        let shard = self.shards[shard_of(name)]
            .read()
            .unwrap_or_else(|e| e.into_inner());
        shard.get(name).copied()
    }

    /// The index of a name, new or old. A full table ends the node, as it does in the reference engine.
    fn intern(&self, name: &str) -> Result<u32, AtomError> {
        if let Some(i) = self.find(name) {
            return Ok(i);
        }
        if name.chars().count() > MAX_CHARACTERS {
            return Err(AtomError::TooLong);
        }
        let mut shard = self.shards[shard_of(name)]
            .write()
            .unwrap_or_else(|e| e.into_inner());
        if let Some(&i) = shard.get(name) {
            return Ok(i);
        }
        let mut next = self.next.lock().unwrap_or_else(|e| e.into_inner());
        let index = *next;
        if index >= self.limit.load(Ordering::Relaxed) {
            drop((next, shard));
            crate::heap::fatal(&format!(
                "no more index entries in atom_tab (max={})",
                limit()
            ));
        }
        let name: &'static str = Box::leak(Box::from(name));
        let chunk = &self.chunks[(index >> CHUNK_BITS) as usize];
        let mut base = chunk.load(Ordering::Acquire);
        if base.is_null() {
            let fresh: Box<[Entry]> = (0..CHUNK).map(|_| Entry { name: "", hash: 0 }).collect();
            base = Box::leak(fresh).as_mut_ptr();
            chunk.store(base, Ordering::Release);
        }
        // SAFETY: the slot is within its chunk, and nobody reads it before `index` is published below.
        unsafe {
            *base.add(index as usize & (CHUNK - 1)) = Entry {
                name,
                hash: name_hash(name),
            }
        };
        *next += 1;
        self.count.store(*next, Ordering::Release);
        self.bytes.fetch_add(name.len() as u32, Ordering::Relaxed);
        shard.insert(name, index);
        Ok(index)
    }

    fn entry(&self, index: u32) -> &'static Entry {
        let chunk = self.chunks[(index >> CHUNK_BITS) as usize].load(Ordering::Acquire);
        assert!(
            index < self.count.load(Ordering::Acquire),
            "atom index {index} was never handed out"
        );
        // SAFETY: entries below `count` are written once, before `count` was raised, and never change.
        unsafe { &*chunk.add(index as usize & (CHUNK - 1)) }
    }
}

impl Atom {
    pub(crate) const fn from_index(index: u32) -> Atom {
        Atom(index)
    }

    /// Interns `name`.
    pub fn new(name: &str) -> Result<Atom, AtomError> {
        TABLE.intern(name).map(Atom)
    }

    /// Interns UTF-8 bytes.
    pub fn from_utf8(name: &[u8]) -> Result<Atom, AtomError> {
        Atom::new(std::str::from_utf8(name).map_err(|_| AtomError::NotUtf8)?)
    }

    /// Interns Latin-1 bytes.
    pub fn from_latin1(name: &[u8]) -> Result<Atom, AtomError> {
        if name.is_ascii() {
            return Atom::from_utf8(name);
        }
        Atom::new(&name.iter().map(|&b| b as char).collect::<String>())
    }

    /// The atom of this name, if there is one already.
    pub fn existing(name: &str) -> Option<Atom> {
        TABLE.find(name).map(Atom)
    }

    pub fn name(self) -> &'static str {
        TABLE.entry(self.0).name
    }

    /// Position in the table: what orders the keys of small maps.
    #[inline(always)]
    pub const fn index(self) -> u32 {
        self.0
    }

    /// The atom at `index`, if it was ever handed out.
    pub fn at(index: u32) -> Option<Atom> {
        (index < TABLE.count.load(Ordering::Acquire)).then_some(Atom(index))
    }

    /// OTP's stable hash of the name.
    pub fn hash_value(self) -> u32 {
        TABLE.entry(self.0).hash
    }

    pub const fn from_bool(b: bool) -> Atom {
        if b {
            crate::atoms::true_
        } else {
            crate::atoms::false_
        }
    }
}

impl fmt::Debug for Atom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How many atoms there are.
pub fn count() -> u32 {
    TABLE.count.load(Ordering::Acquire)
}

/// How many there may be.
pub fn limit() -> u32 {
    TABLE.limit.load(Ordering::Relaxed)
}

/// Sets the limit, at start (`+t`).
pub fn set_limit(limit: u32) {
    TABLE.limit.store(
        limit.clamp(NAMES.len() as u32, (CHUNKS * CHUNK) as u32 - 1),
        Ordering::Relaxed,
    );
}

/// Bytes that the names take.
pub fn name_bytes() -> usize {
    TABLE.bytes.load(Ordering::Relaxed) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::am;

    #[test]
    fn constants_are_their_names() {
        assert_eq!(am::ok.name(), "ok");
        assert_eq!(am::true_.name(), "true");
        assert_eq!(Atom::new("ok"), Ok(am::ok));
    }

    #[test]
    fn names_are_interned_once_and_bounded() {
        let a = Atom::new("a name of a test").unwrap();
        assert_eq!(Atom::new("a name of a test"), Ok(a));
        assert_eq!(Atom::existing("never made in any test"), None);
        assert_eq!(Atom::new(&"ö".repeat(255)).map(|a| a.name().len()), Ok(510));
        assert_eq!(Atom::new(&"x".repeat(256)), Err(AtomError::TooLong));
    }
}
