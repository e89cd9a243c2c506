//! A table: its attributes, its rows in shards under locks, its owner, heir and fixations.
//!
//! Lock order: the registry's lock is never held while a shard is locked; of the shards, at most all, in
//! ascending order. No code of programs runs under a lock.

use super::hash::{HashTable, key_hash};
use super::{Kind, Protection};
use corten_engine::Stop;
use corten_term::reference::{Magic, RefNumbers};
use corten_term::{Atom, Key, OwnedTerm, Pid, Row, Term, am};
use parking_lot::{Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

/// Words of a table without its rows, roughly.
pub const TABLE_WORDS: usize = 60;
/// Words of a tree's node for each row: places are two thirds full on average.
const TREE_WORDS: usize = 1;
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
    /// The [`Fixation`] that follows from `fixes`.
    fixation: AtomicU8,
}

/// How much a table must stay as it is. Ask under the lock of the rows that are to change: who fixes a table does it
/// before looking at rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Fixation {
    None,
    /// A search pauses between two buckets: buckets stay, rows may go.
    Held,
    /// A program goes from key to key: removed rows stay as marked ones.
    Fixed,
}

#[derive(Debug, Default)]
pub struct Fixes {
    pub since: i64,
    pub since_monotonic: i64,
    /// Programs' fixations: how many by whom.
    pub by: BTreeMap<Pid, usize>,
    /// Processes whose searches pause.
    held: Vec<Pid>,
}

impl Fixes {
    fn fixation(&self) -> Fixation {
        match (self.by.is_empty(), self.held.is_empty()) {
            (false, _) => Fixation::Fixed,
            (true, false) => Fixation::Held,
            (true, true) => Fixation::None,
        }
    }
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
    pub fn new(name: Atom, options: Options, owner: Pid) -> Table {
        let shards = match (options.kind, options.write_concurrency, options.protection) {
            (Kind::OrderedSet, _, _)
            | (_, WriteConcurrency::Off, _)
            | (_, _, Protection::Private) => 1,
            _ => SHARDS,
        };
        let kind = options.kind;
        Table {
            name: Mutex::new(name),
            owner: AtomicU64::new(owner.data()),
            protection: AtomicU8::new(options.protection as u8),
            heir: Mutex::new(None),
            deleted: AtomicBool::new(false),
            shards: (0..shards)
                .map(|_| RwLock::new(Table::empty_rows(kind)))
                .collect(),
            fixes: Mutex::default(),
            fixation: AtomicU8::new(Fixation::None as u8),
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

    /// The rows among which a key's are. Looked at under their lock, a table is there or all its rows are gone.
    pub fn read<'h>(&self, key: Term<'_>) -> Result<(RwLockReadGuard<'_, Rows>, u32), Stop<'h>> {
        let (shard, hash) = self.place(key);
        let rows = self.shards[shard].read();
        self.there()?;
        Ok((rows, hash))
    }
    pub fn write<'h>(&self, key: Term<'_>) -> Result<(RwLockWriteGuard<'_, Rows>, u32), Stop<'h>> {
        let (shard, hash) = self.place(key);
        let rows = self.shards[shard].write();
        self.there()?;
        Ok((rows, hash))
    }
    /// Locks every shard for writing: for operations on many rows that must be seen as one.
    pub fn write_all<'h>(&self) -> Result<Vec<RwLockWriteGuard<'_, Rows>>, Stop<'h>> {
        let all = self.lock_all();
        self.there()?;
        Ok(all)
    }
    fn lock_all(&self) -> Vec<RwLockWriteGuard<'_, Rows>> {
        self.shards.iter().map(|s| s.write()).collect()
    }
    /// Somebody may have deleted the table since it was found.
    pub fn there<'h>(&self) -> Result<(), Stop<'h>> {
        match self.is_deleted() {
            false => Ok(()),
            true => Err(Stop::badarg_because(am::id)),
        }
    }

    pub fn len(&self) -> usize {
        self.shards.iter().map(|s| s.read().len()).sum()
    }
    /// Whether a walk through all rows and buckets takes more than so many steps.
    pub fn is_larger_than(&self, steps: usize) -> bool {
        let mut sum = 0;
        self.shards.iter().any(|s| {
            let rows = s.read();
            sum += rows.len() + rows.buckets();
            sum > steps
        })
    }
    /// Words of memory.
    pub fn words(&self) -> usize {
        TABLE_WORDS + self.shards.iter().map(|s| s.read().words()).sum::<usize>()
    }

    pub fn fixation(&self) -> Fixation {
        match self.fixation.load(Ordering::Acquire) {
            0 => Fixation::None,
            1 => Fixation::Held,
            _ => Fixation::Fixed,
        }
    }
    pub fn is_fixed(&self) -> bool {
        self.fixation() == Fixation::Fixed
    }
    pub fn fix(&self, pid: Pid, now: (i64, i64)) {
        self.change_fixes(|fixes| {
            if fixes.by.is_empty() {
                (fixes.since_monotonic, fixes.since) = now;
            }
            *fixes.by.entry(pid).or_default() += 1;
        });
    }
    /// Takes one fixation of the process back.
    pub fn unfix(&self, pid: Pid) {
        self.change_fixes(|fixes| {
            if let Some(n) = fixes.by.get_mut(&pid) {
                *n -= 1;
                if *n == 0 {
                    fixes.by.remove(&pid);
                }
            }
        });
    }
    /// Keeps the buckets until [`release`](Table::release) of the same process, whose search pauses.
    pub fn hold(&self, pid: Pid) {
        self.change_fixes(|fixes| fixes.held.push(pid));
    }
    pub fn release(&self, pid: Pid) {
        self.change_fixes(|fixes| {
            if let Some(i) = fixes.held.iter().position(|p| *p == pid) {
                fixes.held.swap_remove(i);
            }
        });
    }
    /// Takes all back that the process has here: it exits.
    pub fn unfix_all(&self, pid: Pid) {
        self.change_fixes(|fixes| {
            fixes.by.remove(&pid);
            fixes.held.retain(|p| *p != pid);
        });
    }

    /// What waited for the end of a fixation is done when it ends.
    fn change_fixes(&self, change: impl FnOnce(&mut Fixes)) {
        let mut fixes = self.fixes.lock();
        let before = fixes.fixation();
        change(&mut fixes);
        let now = fixes.fixation();
        self.fixation.store(now as u8, Ordering::Release);
        drop(fixes);
        if before == now {
            return;
        }
        for shard in &self.shards {
            if let Rows::Hash(h) = &mut *shard.write() {
                // Asked again under the lock: somebody may have fixed the table since.
                let now = self.fixation();
                if now != Fixation::Fixed {
                    h.purge();
                }
                if now == Fixation::None {
                    h.resize();
                }
            }
        }
    }
    pub fn with_fixes<R>(&self, f: impl FnOnce(&Fixes) -> R) -> R {
        f(&self.fixes.lock())
    }

    fn empty_rows(kind: Kind) -> Rows {
        match kind {
            Kind::OrderedSet => Rows::Tree(BTreeSet::new(), 0),
            kind => Rows::Hash(HashTable::new(kind)),
        }
    }

    /// Takes all rows out at once. The table must not be held: its buckets go too.
    pub fn take_rows(&self) -> Vec<Rows> {
        let mut guards = self.lock_all();
        guards
            .iter_mut()
            .map(|rows| std::mem::replace(&mut **rows, Table::empty_rows(self.kind())))
            .collect()
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

    /// Buckets of a hash table.
    pub fn buckets(&self) -> usize {
        match self {
            Rows::Hash(h) => h.buckets(),
            Rows::Tree(..) => 0,
        }
    }

    /// The rows of a key, oldest first.
    pub fn lookup(&self, hash: u32, key: Term<'_>) -> Vec<&Row> {
        match self {
            Rows::Hash(h) => h.lookup(hash, key),
            Rows::Tree(t, _) => t.get(Key::of(&key)).into_iter().collect(),
        }
    }
    /// A row of a key: the only one, in a set.
    #[inline]
    pub fn get(&self, hash: u32, key: Term<'_>) -> Option<&Row> {
        match self {
            Rows::Hash(h) => h.get(hash, key),
            Rows::Tree(t, _) => t.get(Key::of(&key)),
        }
    }
    /// The row of a key for changes in place, where that is possible.
    pub fn get_mut(&mut self, hash: u32, key: Term<'_>) -> Option<&mut Row> {
        match self {
            Rows::Hash(h) => h.get_mut(hash, key),
            // Rows of a tree are shared with nobody, but the tree does not lend them for writing.
            Rows::Tree(..) => None,
        }
    }
    pub fn insert(&mut self, hash: u32, row: Row, fix: Fixation) {
        match self {
            Rows::Hash(h) => h.insert(hash, row, fix),
            Rows::Tree(t, words) => {
                *words += row.words() + TREE_WORDS;
                if let Some(old) = t.replace(row) {
                    *words -= old.words() + TREE_WORDS;
                }
            }
        }
    }
    /// Removes those rows of a key that `which` chooses.
    pub fn remove(
        &mut self,
        hash: u32,
        key: Term<'_>,
        fix: Fixation,
        mut which: impl FnMut(&Row) -> bool,
    ) -> usize {
        match self {
            Rows::Hash(h) => h.remove(hash, key, fix, which),
            Rows::Tree(t, words) => {
                let key = Key::of(&key);
                if !t.get(key).is_some_and(&mut which) {
                    return 0;
                }
                if let Some(row) = t.take(key) {
                    *words -= row.words() + TREE_WORDS;
                }
                1
            }
        }
    }
    /// Drops some rows that are no table's any more; how many, or `None` when none is left.
    pub fn drop_some(&mut self) -> Option<usize> {
        match self {
            Rows::Hash(h) => h.drop_some(),
            Rows::Tree(t, _) => t.pop_first().map(|_| 1),
        }
    }
}
