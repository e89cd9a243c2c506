//! A table: its attributes, its rows in shards under locks, its owner, heir and fixations.
//!
//! Lock order: the registry's lock is never held while a shard is locked; which keys are in which part of an ordered set
//! is locked before any shard; of the shards, at most all, in ascending order. No code of programs runs under a lock.

use super::hash::{HashTable, key_hash};
use super::parts::{self, Parts};
use super::tree::{Range, Tree};
use super::{Kind, Protection};
use corten_engine::Stop;
use corten_engine::biased::{BiasedLock, ReadGuard, WriteGuard};
use corten_term::reference::{Magic, RefNumbers};
use corten_term::row::ElementsMut;
use corten_term::{Atom, KeyedRow, OwnedTerm, Pid, Row, Term, am};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::ops::{ControlFlow, Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

/// Words of a table without its rows, roughly.
pub const TABLE_WORDS: usize = 60;
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
    Tree(Tree),
}

/// A key's shard, locked.
pub struct Reading<'t> {
    rows: ReadGuard<'t, Rows>,
    /// What the choice of the shard rests on; only kept.
    _parts: Option<ReadGuard<'t, Parts>>,
}

/// The same for changes.
pub struct Writing<'t> {
    rows: WriteGuard<'t, Rows>,
    _parts: Option<ReadGuard<'t, Parts>>,
}

/// All shards, locked for changes that others are to see as one.
pub struct WritingAll<'t> {
    shards: Vec<WriteGuard<'t, Rows>>,
    parts: Option<ReadGuard<'t, Parts>>,
}

impl Deref for Reading<'_> {
    type Target = Rows;
    #[inline(always)]
    fn deref(&self) -> &Rows {
        &self.rows
    }
}
impl Deref for Writing<'_> {
    type Target = Rows;
    fn deref(&self) -> &Rows {
        &self.rows
    }
}
impl DerefMut for Writing<'_> {
    fn deref_mut(&mut self) -> &mut Rows {
        &mut self.rows
    }
}
impl WritingAll<'_> {
    /// The rows among which a key's are.
    pub fn of(&mut self, key: Term<'_>, hash: u32) -> &mut Rows {
        let shard = shard_of(self.parts.as_deref(), self.shards.len(), key, hash);
        &mut self.shards[shard]
    }
}

/// The number of a key's shard.
#[inline(always)]
fn shard_of(parts: Option<&Parts>, shards: usize, key: Term<'_>, hash: u32) -> usize {
    match parts {
        Some(parts) => parts.of(key),
        // The low bits choose the bucket, so others choose the shard.
        None => (hash >> 20) as usize & (shards - 1),
    }
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
    /// As many as a power of two.
    shards: Box<[BiasedLock<Rows>]>,
    /// Of an ordered set that may be in several parts.
    parts: Option<BiasedLock<Parts>>,
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
        let alone = options.write_concurrency == WriteConcurrency::Off
            || options.protection == Protection::Private;
        let parted = options.kind == Kind::OrderedSet && !alone;
        let shards = match (alone, parted) {
            (true, _) => 1,
            (_, true) => parts::MOST,
            _ => SHARDS,
        };
        Table {
            name: Mutex::new(name),
            owner: AtomicU64::new(owner.data()),
            protection: AtomicU8::new(options.protection as u8),
            heir: Mutex::new(None),
            deleted: AtomicBool::new(false),
            shards: (0..shards)
                .map(|_| BiasedLock::new(Table::empty_rows(&options, shards)))
                .collect(),
            parts: parted.then(|| BiasedLock::new(Parts::new())),
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
    pub fn shards(&self) -> &[BiasedLock<Rows>] {
        &self.shards
    }
    pub fn is_deleted(&self) -> bool {
        self.deleted.load(Ordering::Acquire)
    }

    /// The key of a tuple that may be inserted here.
    pub fn key_of<'t>(&self, object: Term<'t>) -> Option<Term<'t>> {
        object.as_tuple()?.get(self.keypos() - 1).copied()
    }

    /// The hash that finds a key's rows.
    #[inline(always)]
    pub fn hash(&self, key: Term<'_>) -> u32 {
        if self.options.kind == Kind::OrderedSet {
            0
        } else {
            key_hash(key)
        }
    }
    /// The shard of a hash in a table that is no ordered set.
    pub fn shard(&self, hash: u32) -> usize {
        shard_of(None, self.shards.len(), Term::NIL, hash)
    }

    /// The rows among which a key's are. Looked at under their lock, a table is there or all its rows are gone.
    #[inline(always)]
    pub fn read<'h>(&self, key: Term<'_>) -> Result<(Reading<'_>, u32), Stop<'h>> {
        let hash = self.hash(key);
        let parts = self.parts.as_ref().map(BiasedLock::read);
        let shard = shard_of(parts.as_deref(), self.shards.len(), key, hash);
        let rows = Reading {
            rows: self.shards[shard].read(),
            _parts: parts,
        };
        self.there()?;
        Ok((rows, hash))
    }
    #[inline(always)]
    pub fn write<'h>(&self, key: Term<'_>) -> Result<(Writing<'_>, u32), Stop<'h>> {
        let hash = self.hash(key);
        let rows = match &self.parts {
            None => Writing {
                rows: self.shards[shard_of(None, self.shards.len(), key, hash)].write(),
                _parts: None,
            },
            Some(parts) => self.write_part(parts, key),
        };
        self.there()?;
        Ok((rows, hash))
    }

    /// Locks the part of a key; one that is often waited for is split before.
    #[inline(never)]
    fn write_part<'t>(&'t self, all: &'t BiasedLock<Parts>, key: Term<'_>) -> Writing<'t> {
        let mut may_split = true;
        loop {
            let parts = all.read();
            let part = parts.of(key);
            let now = self.shards[part].try_write();
            let waited = now.is_none();
            let mut rows = now.unwrap_or_else(|| self.shards[part].write());
            let crowded = match &mut *rows {
                Rows::Tree(tree) => tree.crowded(waited) || parts.always_split,
                Rows::Hash(_) => false,
            };
            if !(crowded && may_split) {
                return Writing {
                    rows,
                    _parts: Some(parts),
                };
            }
            may_split = false;
            drop((rows, parts));
            // Who looks at the whole table goes before.
            if let Some(mut parts) = all.try_write() {
                parts.split(key, &self.shards);
            }
        }
    }

    /// Bounds between the parts of an ordered set that can have them.
    pub fn bounds(&self) -> Option<usize> {
        self.parts.as_ref().map(|parts| parts.read().bounds())
    }
    /// Makes each change split an ordered set that has parts, or not any more: for tests.
    pub fn always_split(&self, on: bool) {
        if let Some(parts) = &self.parts {
            parts.write().always_split = on;
        }
    }

    /// Locks every shard for writing: for operations on many rows that must be seen as one.
    pub fn write_all<'h>(&self) -> Result<WritingAll<'_>, Stop<'h>> {
        let all = self.lock_all();
        self.there()?;
        Ok(all)
    }
    fn lock_all(&self) -> WritingAll<'_> {
        let parts = self.parts.as_ref().map(BiasedLock::read_long);
        WritingAll {
            shards: self.shards.iter().map(BiasedLock::write).collect(),
            parts,
        }
    }

    /// Shows rows of an ordered set in order, or in the other one. `short`: it will be one row or two.
    pub fn walk<B>(
        &self,
        range: Range<'_>,
        reverse: bool,
        short: bool,
        mut visit: impl FnMut(KeyedRow<'_>) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let mut walk = |shard: usize| {
            let shard = &self.shards[shard];
            let rows = if short {
                shard.read()
            } else {
                shard.read_long()
            };
            match &*rows {
                Rows::Tree(tree) => tree.walk(range, reverse, &mut visit),
                Rows::Hash(_) => ControlFlow::Continue(()),
            }
        };
        let Some(parts) = &self.parts else {
            return walk(0);
        };
        let parts = if short {
            parts.read()
        } else {
            parts.read_long()
        };
        let mut within = parts.within(range);
        if reverse {
            within.rev().try_for_each(walk)
        } else {
            within.try_for_each(walk)
        }
    }
    /// Shows the row behind a key of an ordered set, or in front of it.
    pub fn neighbour<R>(
        &self,
        key: Term<'_>,
        reverse: bool,
        visit: impl Fn(KeyedRow<'_>) -> R,
    ) -> Option<R> {
        {
            let parts = self.parts.as_ref().map(BiasedLock::read);
            let shard = shard_of(parts.as_deref(), 1, key, 0);
            if let Rows::Tree(tree) = &*self.shards[shard].read()
                && let Some(row) = tree.neighbour(key, reverse)
            {
                return Some(visit(row));
            }
        }
        // It is in another leaf.
        let mut range = Range::default();
        match reverse {
            false => range.low = Some(key),
            true => range.high = Some(key),
        }
        let found = self.walk(range, reverse, true, |row| ControlFlow::Break(visit(row)));
        found.break_value()
    }
    /// Lets `change` have the trees of an ordered set one after the other, as far as they have keys of a range.
    pub fn change_trees<B>(
        &self,
        range: Range<'_>,
        mut change: impl FnMut(&mut Tree) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let mut change = |shard: usize| match &mut *self.shards[shard].write() {
            Rows::Tree(tree) => change(tree),
            Rows::Hash(_) => ControlFlow::Continue(()),
        };
        match &self.parts {
            None => change(0),
            Some(parts) => parts.read_long().within(range).try_for_each(change),
        }
    }

    /// Somebody may have deleted the table since it was found.
    #[inline(always)]
    pub fn there<'h>(&self) -> Result<(), Stop<'h>> {
        match self.is_deleted() {
            false => Ok(()),
            true => Err(Stop::badarg_because(am::id)),
        }
    }

    pub fn len(&self) -> usize {
        self.sum(Rows::len)
    }
    /// Of all shards. Those of an ordered set may have negative numbers each.
    fn sum(&self, of: impl Fn(&Rows) -> isize) -> usize {
        let sum: isize = self.shards.iter().map(|s| of(&s.read())).sum();
        usize::try_from(sum).unwrap_or(0)
    }
    /// Whether a walk through all rows and buckets takes more than so many steps.
    pub fn is_larger_than(&self, steps: usize) -> bool {
        let mut sum = 0;
        self.shards.iter().any(|s| {
            let rows = s.read();
            sum += rows.len() + rows.buckets() as isize;
            sum > steps.cast_signed()
        })
    }
    /// Words of memory.
    pub fn words(&self) -> usize {
        TABLE_WORDS + self.sum(Rows::words)
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

    fn empty_rows(options: &Options, shards: usize) -> Rows {
        match options.kind {
            Kind::OrderedSet => Rows::Tree(Tree::new(options.keypos)),
            kind => Rows::Hash(HashTable::new(kind, options.keypos, shards)),
        }
    }

    /// Takes all rows out at once. The table must not be held: its buckets go too.
    pub fn take_rows(&self) -> Vec<Rows> {
        let shards = self.shards.len();
        let empty = || Table::empty_rows(&self.options, shards);
        let mut all = self.lock_all();
        all.shards
            .iter_mut()
            .map(|rows| std::mem::replace(&mut **rows, empty()))
            .collect()
    }
}

impl Rows {
    /// Rows; of the parts of an ordered set, only the sum of all is right.
    pub fn len(&self) -> isize {
        match self {
            Rows::Hash(h) => h.len().cast_signed(),
            Rows::Tree(t) => t.len(),
        }
    }
    /// Words of memory; the same.
    pub fn words(&self) -> isize {
        match self {
            Rows::Hash(h) => h.words().cast_signed(),
            Rows::Tree(t) => t.words(),
        }
    }

    /// Buckets of a hash table.
    pub fn buckets(&self) -> usize {
        match self {
            Rows::Hash(h) => h.buckets(),
            Rows::Tree(_) => 0,
        }
    }

    /// The rows of a key, oldest first.
    pub fn lookup(&self, hash: u32, key: Term<'_>) -> Vec<&Row> {
        match self {
            Rows::Hash(h) => h.lookup(hash, key),
            Rows::Tree(t) => t.get(key).into_iter().collect(),
        }
    }
    /// A row of a key: the only one, in a set.
    #[inline(always)]
    pub fn get(&self, hash: u32, key: Term<'_>) -> Option<&Row> {
        match self {
            Rows::Hash(h) => h.get(hash, key),
            Rows::Tree(t) => t.get(key),
        }
    }
    /// The row of a key for changes in place.
    pub fn get_mut(&mut self, hash: u32, key: Term<'_>) -> Option<ElementsMut<'_>> {
        match self {
            Rows::Hash(h) => h.get_mut(hash, key).map(Row::elements_mut),
            Rows::Tree(t) => t.get_mut(key),
        }
    }
    pub fn insert(&mut self, hash: u32, row: Row, fix: Fixation) {
        match self {
            Rows::Hash(h) => h.insert(hash, row, fix),
            Rows::Tree(t) => t.insert(row),
        }
    }
    /// Removes those rows of a key that `which` chooses.
    pub fn remove(
        &mut self,
        hash: u32,
        key: Term<'_>,
        fix: Fixation,
        which: impl FnMut(&Row) -> bool,
    ) -> usize {
        match self {
            Rows::Hash(h) => h.remove(hash, key, fix, which),
            Rows::Tree(t) => usize::from(t.remove(key, which)),
        }
    }
    /// Drops some rows that are no table's any more; how many, or `None` when none is left.
    pub fn drop_some(&mut self) -> Option<usize> {
        match self {
            Rows::Hash(h) => h.drop_some(),
            Rows::Tree(t) => t.drop_some(),
        }
    }
}
