//! A table: its attributes, its rows in shards under locks, its owner, heir and fixations.
//!
//! Lock order: the registry's lock is never held while a shard is locked; of the shards, at most all, in
//! ascending order. No code of programs runs under a lock.

use super::hash::{HashTable, key_hash};
use super::row::{HasKey, Probe, Row};
use super::{Kind, Protection};
use corten_term::reference::{Magic, RefNumbers};
use corten_term::{Atom, OwnedTerm, Pid, Term};
use parking_lot::{Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};

/// Shards of a hash table with `write_concurrency`.
const SHARDS: usize = 32;

/// What `ets:new/2` was told.
#[derive(Debug, Clone)]
pub struct Options {
    pub kind: Kind,
    pub protection: Protection,
    pub keypos: usize,
    pub named: bool,
    pub compressed: bool,
    pub read_concurrency: bool,
    /// `false`, `true`, `auto` or a number of locks, as `info` shows it.
    pub write_concurrency: WriteConcurrency,
    pub decentralized_counters: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteConcurrency {
    Off,
    On,
    Auto,
    Locks(i64),
}

/// Who inherits a table.
#[derive(Debug)]
pub struct Heir {
    pub pid: Pid,
    pub data: OwnedTerm,
}

/// The rows of a shard.
#[derive(Debug)]
pub enum Rows {
    Hash(HashTable),
    Tree(BTreeSet<Row>, usize),
}

/// A table. Reached through its magic reference or its name.
#[derive(Debug)]
pub struct Table {
    pub options: Options,
    pub name: Mutex<Atom>,
    owner: AtomicU64,
    protection: AtomicU8,
    pub heir: Mutex<Option<Heir>>,
    pub deleted: AtomicBool,
    shards: Box<[RwLock<Rows>]>,
    /// Fixations by process, and when the table was first fixed (nanoseconds, Erlang system time).
    fixes: Mutex<Fixes>,
    fix_count: AtomicUsize,
}

#[derive(Debug, Default)]
pub struct Fixes {
    pub since: i64,
    pub since_monotonic: i64,
    pub by: BTreeMap<Pid, usize>,
}

/// A table together with the handle that keeps it alive.
#[derive(Debug, Clone)]
pub struct TableRef(Arc<Magic>);

impl TableRef {
    pub fn new(table: Table) -> TableRef {
        TableRef(Magic::new(table))
    }
    pub fn from_magic(m: Arc<Magic>) -> Option<TableRef> {
        m.get::<Table>()?;
        Some(TableRef(m))
    }
    pub fn numbers(&self) -> RefNumbers {
        self.0.numbers()
    }
    pub fn magic(&self) -> Arc<Magic> {
        self.0.clone()
    }
}

impl std::ops::Deref for TableRef {
    type Target = Table;
    fn deref(&self) -> &Table {
        match self.0.get() {
            Some(t) => t,
            // Checked when the reference was made.
            None => unreachable!("a table reference that holds no table"),
        }
    }
}

impl Table {
    pub fn new(name: Atom, options: Options, owner: Pid, heir: Option<Heir>) -> Table {
        let shards = match (options.kind, options.write_concurrency, options.protection) {
            (Kind::OrderedSet, _, _)
            | (_, WriteConcurrency::Off, _)
            | (_, _, Protection::Private) => 1,
            _ => SHARDS,
        };
        let rows = || match options.kind {
            Kind::OrderedSet => Rows::Tree(BTreeSet::new(), 0),
            kind => Rows::Hash(HashTable::new(kind)),
        };
        Table {
            name: Mutex::new(name),
            owner: AtomicU64::new(owner.data()),
            protection: AtomicU8::new(options.protection as u8),
            heir: Mutex::new(heir),
            deleted: AtomicBool::new(false),
            shards: (0..shards).map(|_| RwLock::new(rows())).collect(),
            fixes: Mutex::default(),
            fix_count: AtomicUsize::new(0),
            options,
        }
    }

    pub fn owner(&self) -> Pid {
        Pid::from_data(self.owner.load(Ordering::Acquire))
    }
    pub fn set_owner(&self, pid: Pid) {
        self.owner.store(pid.data(), Ordering::Release);
    }
    pub fn protection(&self) -> Protection {
        Protection::from_u8(self.protection.load(Ordering::Acquire))
    }
    pub fn set_protection(&self, p: Protection) {
        self.protection.store(p as u8, Ordering::Release);
    }
    pub fn kind(&self) -> Kind {
        self.options.kind
    }
    pub fn keypos(&self) -> usize {
        self.options.keypos
    }
    pub fn shards(&self) -> &[RwLock<Rows>] {
        &self.shards
    }
    pub fn is_deleted(&self) -> bool {
        self.deleted.load(Ordering::Acquire)
    }

    /// The key of a tuple that may be inserted here.
    pub fn key_of<'t>(&self, object: Term<'t>) -> Option<Term<'t>> {
        object.as_tuple()?.get(self.keypos() - 1).copied()
    }

    /// Where rows of this key are, and the hash that finds them there.
    pub fn place(&self, key: Term<'_>) -> (usize, u32) {
        if self.options.kind == Kind::OrderedSet {
            return (0, 0);
        }
        let hash = key_hash(key);
        // The low bits choose the bucket, so others choose the shard.
        ((hash >> 20) as usize % self.shards.len(), hash)
    }

    pub fn read(&self, key: Term<'_>) -> (RwLockReadGuard<'_, Rows>, u32) {
        let (shard, hash) = self.place(key);
        (self.shards[shard].read(), hash)
    }
    pub fn write(&self, key: Term<'_>) -> (RwLockWriteGuard<'_, Rows>, u32) {
        let (shard, hash) = self.place(key);
        (self.shards[shard].write(), hash)
    }
    /// Locks every shard for writing: for operations on many rows that must be seen as one.
    pub fn write_all(&self) -> Vec<RwLockWriteGuard<'_, Rows>> {
        self.shards.iter().map(|s| s.write()).collect()
    }

    pub fn len(&self) -> usize {
        self.shards.iter().map(|s| s.read().len()).sum()
    }
    /// Words of memory.
    pub fn words(&self) -> usize {
        60 + self.shards.iter().map(|s| s.read().words()).sum::<usize>()
    }

    pub fn is_fixed(&self) -> bool {
        self.fix_count.load(Ordering::Acquire) > 0
    }
    pub fn fix(&self, pid: Pid, now: (i64, i64)) {
        let mut fixes = self.fixes.lock();
        if fixes.by.is_empty() {
            (fixes.since_monotonic, fixes.since) = now;
        }
        *fixes.by.entry(pid).or_default() += 1;
        self.fix_count.store(fixes.by.len(), Ordering::Release);
    }
    /// Takes one fixation of the process back (or all of them); purges when none is left.
    pub fn unfix(&self, pid: Pid, all: bool) {
        let mut fixes = self.fixes.lock();
        let Some(n) = fixes.by.get_mut(&pid) else {
            return;
        };
        *n -= 1;
        if all || *n == 0 {
            fixes.by.remove(&pid);
        }
        let last = fixes.by.is_empty();
        self.fix_count.store(fixes.by.len(), Ordering::Release);
        drop(fixes);
        if last {
            for shard in &self.shards {
                if let Rows::Hash(h) = &mut *shard.write() {
                    h.purge();
                }
            }
        }
    }
    pub fn with_fixes<R>(&self, f: impl FnOnce(&Fixes) -> R) -> R {
        f(&self.fixes.lock())
    }

    /// Drops all rows.
    pub fn clear(&self) -> usize {
        let mut guards = self.write_all();
        let n = guards.iter().map(|r| r.len()).sum();
        let fixed = self.is_fixed();
        for rows in &mut guards {
            match &mut **rows {
                Rows::Hash(h) if fixed => {
                    for b in 0..h.buckets() {
                        h.remove_from_bucket(b, true, |_| true);
                    }
                }
                Rows::Hash(h) => h.clear(),
                Rows::Tree(t, words) => {
                    t.clear();
                    *words = 0;
                }
            }
        }
        n
    }
}

impl Rows {
    pub fn len(&self) -> usize {
        match self {
            Rows::Hash(h) => h.len(),
            Rows::Tree(t, _) => t.len(),
        }
    }
    pub fn words(&self) -> usize {
        match self {
            Rows::Hash(h) => h.words(),
            Rows::Tree(_, words) => *words,
        }
    }

    /// The rows of a key, oldest first.
    pub fn lookup(&self, hash: u32, key: Term<'_>) -> Vec<&Row> {
        match self {
            Rows::Hash(h) => h.lookup(hash, key).collect(),
            Rows::Tree(t, _) => t.get(&Probe(key) as &dyn HasKey).into_iter().collect(),
        }
    }
    /// The first row of a key.
    pub fn get(&self, hash: u32, key: Term<'_>) -> Option<&Row> {
        match self {
            Rows::Hash(h) => h.lookup(hash, key).next(),
            Rows::Tree(t, _) => t.get(&Probe(key) as &dyn HasKey),
        }
    }
    pub fn insert(&mut self, hash: u32, row: Row, fixed: bool) {
        match self {
            Rows::Hash(h) => h.insert(hash, row, fixed),
            Rows::Tree(t, words) => {
                *words += row.words();
                if let Some(old) = t.replace(row) {
                    *words -= old.words();
                }
            }
        }
    }
    /// Puts `row` in place of the row that has its key (`set`, `ordered_set`).
    pub fn replace(&mut self, hash: u32, row: Row, fixed: bool) {
        match self {
            Rows::Hash(h) => h.replace(hash, row),
            Rows::Tree(..) => self.insert(hash, row, fixed),
        }
    }
    /// Removes those rows of a key that `which` chooses.
    pub fn remove(
        &mut self,
        hash: u32,
        key: Term<'_>,
        fixed: bool,
        mut which: impl FnMut(&Row) -> bool,
    ) -> usize {
        match self {
            Rows::Hash(h) => h.remove(hash, key, fixed, which),
            Rows::Tree(t, words) => {
                let probe = Probe(key);
                let probe: &dyn HasKey = &probe;
                if !t.get(probe).is_some_and(&mut which) {
                    return 0;
                }
                if let Some(row) = t.take(probe) {
                    *words -= row.words();
                }
                1
            }
        }
    }
}
