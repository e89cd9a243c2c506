//! Module `persistent_term`: terms that all processes share without copying.
//!
//! A pair `{Key, Value}` lies in an area of the literal range, so reading is a look-up and no copy. What is replaced
//! or erased goes the way of literals of purged code: processes copy what they still hold, then it is freed.

use crate::prelude::*;
use crate::util::same;
use corten_engine::code::literals::Shared;
use corten_term::hash::internal_hash;
use corten_term::map;
use std::collections::HashMap;
use std::sync::{LazyLock, PoisonError, RwLock};

pub const BIFS: &[Bif] = bifs![
    persistent_term:get/0 => get_0,
    persistent_term:get/1 => get_1,
    persistent_term:get/2 => get_2,
    persistent_term:put/2 => put,
    persistent_term:put_new/2 => put_new,
    persistent_term:erase/1 => erase,
    persistent_term:info/0 => info,
    erts_internal:erase_persistent_terms/0 => erase_all,
];

/// One `{Key, Value}`.
struct Entry(Shared);

impl Entry {
    fn has_key(&self, key: Term<'_>) -> bool {
        let pair = self.0.term().as_tuple_of::<2>();
        pair.is_some_and(|[k, _]| same(*k, key))
    }
    fn value<'h>(&self, p: &'h Process) -> Option<Term<'h>> {
        let [_, value] = self.0.term_for(p).as_tuple_of::<2>()?;
        Some(*value)
    }
}

/// Entries by the hash of their key.
#[derive(Default)]
struct Table {
    slots: HashMap<u64, Vec<Entry>>,
    count: usize,
    words: usize,
}

impl Table {
    fn find<'h>(&self, p: &'h Process, key: Term<'_>) -> Option<Term<'h>> {
        let slot = self.slots.get(&internal_hash(key))?;
        slot.iter().find(|e| e.has_key(key))?.value(p)
    }
    fn remove(&mut self, key: Term<'_>) -> Option<Entry> {
        let hash = internal_hash(key);
        let slot = self.slots.get_mut(&hash)?;
        let i = slot.iter().position(|e| e.has_key(key))?;
        let old = slot.swap_remove(i);
        if slot.is_empty() {
            self.slots.remove(&hash);
        }
        self.count -= 1;
        self.words -= old.0.words();
        Some(old)
    }
    fn insert(&mut self, key: Term<'_>, entry: Entry) {
        self.count += 1;
        self.words += entry.0.words();
        self.slots
            .entry(internal_hash(key))
            .or_default()
            .push(entry);
    }
}

static TABLE: LazyLock<RwLock<Table>> = LazyLock::new(RwLock::default);

fn with_table<R>(f: impl FnOnce(&Table) -> R) -> R {
    f(&TABLE.read().unwrap_or_else(PoisonError::into_inner))
}

fn change_table<R>(f: impl FnOnce(&mut Table) -> R) -> R {
    f(&mut TABLE.write().unwrap_or_else(PoisonError::into_inner))
}

fn get_1<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    with_table(|t| t.find(p, a[0])).badarg()
}

fn get_2<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(with_table(|t| t.find(p, a[0])).unwrap_or(a[1]))
}

fn get_0<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    let pairs: Vec<Term<'h>> = with_table(|t| {
        t.slots
            .values()
            .flatten()
            .map(|e| e.0.term_for(p))
            .collect()
    });
    Ok(p.heap.list(&pairs))
}

fn store<'h>(p: &'h Process, key: Term<'h>, value: Term<'h>) -> BifResult<'h> {
    let pair = Shared::new(p.heap.tuple(&[key, value])).ok_or(Stop::SYSTEM_LIMIT)?;
    p.bump_reductions(pair.words() / 16);
    // What was there goes when the table is not locked any more.
    let _old = change_table(|t| {
        let old = t.remove(key);
        t.insert(key, Entry(pair));
        old
    });
    Ok(Term::OK)
}

fn put<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    match with_table(|t| t.find(p, a[0])) {
        Some(old) if same(old, a[1]) => Ok(Term::OK),
        _ => store(p, a[0], a[1]),
    }
}

fn put_new<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    match with_table(|t| t.find(p, a[0])) {
        Some(old) if same(old, a[1]) => Ok(Term::OK),
        Some(_) => Err(Stop::BADARG),
        None => store(p, a[0], a[1]),
    }
}

fn erase<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let old = change_table(|t| t.remove(a[0]));
    Ok(Term::bool(old.is_some()))
}

fn erase_all<'h>(_: &'h Process, _: Args<'h>) -> BifResult<'h> {
    drop(change_table(std::mem::take));
    Ok(Term::OK)
}

/// Shows every key and value to `f`, for a crash dump; nothing while the table is being changed.
pub fn try_for_each(mut f: impl FnMut(Term<'_>, Term<'_>)) {
    let Ok(table) = TABLE.try_read() else { return };
    for entry in table.slots.values().flatten() {
        if let Some([key, value]) = entry.0.term().as_tuple_of::<2>() {
            f(*key, *value);
        }
    }
}

/// How many entries there is room for without growing, as tests look at it.
pub fn table_size() -> usize {
    with_table(|t| (t.count * 2).next_power_of_two().max(8))
}

/// Bytes of the hash table and its bookkeeping per entry, as a program may see them.
const ENTRY_BYTES: usize = 64;

fn info<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    let (count, words) = with_table(|t| (t.count, t.words));
    let pairs = [
        (Term::atom(am::count), Term::small(count as i64)),
        (
            Term::atom(am::memory),
            Term::small((words * 8 + count * ENTRY_BYTES) as i64),
        ),
    ];
    Ok(map::from_pairs(&p.heap, &pairs))
}
