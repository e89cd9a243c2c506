//! Fun entries: what local funs refer to. One per fun of every version of a module.
//!
//! A fun object holds the address of its entry; the entry holds the code, or null while no code for it is
//! loaded. Funs that came from elsewhere have entries too, so that they work once their module is loaded.
//!
//! An entry lives inside a magic object, which its code and every fun object refer to; closures refer to it by way of
//! one magic reference among the literals of their module, so that making one counts nothing. The collector and the
//! copier treat it like any other term: it is copied out when the literals go. With the last reference the entry goes.

use super::Export;
use corten_term::etf::{ExternalFun, FunCodec, FunIdentity, LocalFun};
use corten_term::fun::FunIdentity as Name;
use corten_term::reference::Magic;
use corten_term::term::Fun;
use corten_term::{Atom, Heap, Term, Word};
use std::collections::HashMap;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};

/// See the module page.
#[derive(Debug)]
pub struct FunEntry {
    /// The body's entry; null while it is not loaded.
    pub code: AtomicPtr<Word>,
    /// Where it led before a purge that goes on; null otherwise.
    held_back: AtomicPtr<Word>,
    pub module: Atom,
    /// How many arguments the fun takes.
    pub arity: u8,
    pub index: u32,
    pub old_index: i64,
    pub old_uniq: i64,
    /// Checksum of the module.
    pub uniq: [u8; 16],
    /// Index of the atom that names the function with the body; 0 while unknown.
    function: AtomicU32,
}

impl FunEntry {
    /// The function that holds the body, once that is known.
    pub fn function(&self) -> Option<Atom> {
        match self.function.load(Ordering::Relaxed) {
            0 => None,
            index => Atom::at(index),
        }
    }
    pub fn set_function(&self, name: Atom) {
        self.function.store(name.index(), Ordering::Relaxed);
    }
    /// A purge begins: the fun leads nowhere, if it has led to code that `is_old`.
    pub(super) fn hold_back(&self, is_old: impl Fn(*const Word) -> bool) -> bool {
        let code = self.code.load(Ordering::Acquire);
        if code.is_null() || !is_old(code) {
            return false;
        }
        self.held_back.store(code, Ordering::Release);
        self.replace(code, std::ptr::null_mut())
    }
    /// The purge has ended; `back` to where the fun led, unless it leads elsewhere by now.
    pub(super) fn let_go(&self, back: bool) {
        let code = self.held_back.swap(std::ptr::null_mut(), Ordering::AcqRel);
        if back {
            self.replace(std::ptr::null_mut(), code);
        }
    }
    /// Whether a purge that goes on keeps it from leading anywhere.
    pub fn is_held_back(&self) -> bool {
        self.code.load(Ordering::Acquire).is_null()
            && !self.held_back.load(Ordering::Acquire).is_null()
    }
    fn replace(&self, from: *mut Word, to: *mut Word) -> bool {
        self.code
            .compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok()
    }
    fn key(&self) -> Key {
        (self.module, self.index, self.uniq, self.old_uniq)
    }
    fn local(&self) -> LocalFun {
        LocalFun {
            module: self.module,
            arity: self.arity,
            uniq: self.uniq,
            index: self.index,
            old_index: self.old_index,
            old_uniq: self.old_uniq,
        }
    }
}

type Key = (Atom, u32, [u8; 16], i64);
static TABLE: LazyLock<Mutex<HashMap<Key, Weak<Magic>>>> = LazyLock::new(Mutex::default);

fn table() -> MutexGuard<'static, HashMap<Key, Weak<Magic>>> {
    TABLE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for FunEntry {
    fn drop(&mut self) {
        let mut table = table();
        // Another one may have been made of this name since the last reference went.
        if table
            .get(&self.key())
            .is_some_and(|e| e.strong_count() == 0)
        {
            table.remove(&self.key());
        }
    }
}

/// A counted reference to a fun entry.
#[derive(Debug, Clone)]
pub struct FunRef(Arc<Magic>);

impl std::ops::Deref for FunRef {
    type Target = FunEntry;
    fn deref(&self) -> &FunEntry {
        self.0.get().expect("made with a fun entry inside")
    }
}

impl FunRef {
    fn address(&self) -> u64 {
        std::ptr::from_ref::<FunEntry>(self) as u64
    }
    /// The term that keeps the entry alive: the last one in fun objects.
    pub fn owner<'h>(&self, heap: &'h Heap) -> Term<'h> {
        heap.magic_reference(self.0.clone())
    }
    /// A fun object without free variables.
    pub fn build<'h>(&self, heap: &'h Heap) -> Term<'h> {
        heap.fun(
            self.address(),
            Fun::meta(self.arity, false),
            &[self.owner(heap)],
        )
    }
}

/// The entry of a fun, made if need be.
pub fn entry(f: &LocalFun) -> FunRef {
    let mut table = table();
    let key = (f.module, f.index, f.uniq, f.old_uniq);
    if let Some(found) = table.get(&key).and_then(Weak::upgrade) {
        return FunRef(found);
    }
    let made = Magic::new(FunEntry {
        code: AtomicPtr::new(std::ptr::null_mut()),
        held_back: AtomicPtr::new(std::ptr::null_mut()),
        module: f.module,
        arity: f.arity,
        index: f.index,
        old_index: f.old_index,
        old_uniq: f.old_uniq,
        uniq: f.uniq,
        function: AtomicU32::new(0),
    });
    table.insert(key, Arc::downgrade(&made));
    FunRef(made)
}

/// How many references to the entry there are: by its code and by terms.
pub fn references(f: &FunEntry) -> usize {
    table().get(&f.key()).map_or(0, Weak::strong_count)
}

/// `fun M:F/A`
pub fn external<'h>(heap: &'h Heap, e: &'static Export) -> Term<'h> {
    heap.fun(e as *const Export as u64, Fun::meta(e.arity, true), &[])
}

/// The export behind an external fun.
pub fn export_of(f: &Fun<'_>) -> Option<&'static Export> {
    // SAFETY: external funs hold an export entry, which lives for ever.
    f.external.then(|| unsafe { &*(f.entry as *const Export) })
}

/// The entry behind a local fun.
pub fn entry_of<'h>(f: &Fun<'h>) -> Option<&'h FunEntry> {
    // SAFETY: local funs hold a fun entry, which lives as long as they do.
    (!f.external).then(|| unsafe { &*(f.entry as *const FunEntry) })
}

/// What the external term format asks of the engine.
#[derive(Debug)]
pub struct Codec;

impl FunCodec for Codec {
    fn identity(&self, f: &Fun<'_>) -> Option<FunIdentity> {
        Some(match (export_of(f), entry_of(f)) {
            (Some(e), _) => FunIdentity::External(ExternalFun {
                module: e.module,
                function: e.function,
                arity: e.arity,
            }),
            (None, Some(entry)) => FunIdentity::Local(entry.local()),
            (None, None) => return None,
        })
    }
    fn local_entry(&self, f: &LocalFun) -> Option<(u64, Arc<Magic>)> {
        let entry = entry(f);
        Some((entry.address(), entry.0))
    }
    fn export_entry(&self, f: &ExternalFun, existing: bool) -> Option<u64> {
        let e = if existing {
            super::find_export(f.module, f.function, f.arity)?
        } else {
            super::export(f.module, f.function, f.arity)
        };
        Some(e as *const Export as u64)
    }
    fn magic(
        &self,
        _: corten_term::RefNumbers,
    ) -> Option<std::sync::Arc<corten_term::reference::Magic>> {
        None
    }
}

/// What comparison, hashing and printing ask of the engine.
pub fn resolve(word: u64, external: bool) -> Name {
    // SAFETY: entry words of funs point to entries of their kind, which live as long as the
    // funs or for ever.
    unsafe {
        if external {
            let e = &*(word as *const Export);
            return Name {
                module: e.module,
                function: e.function,
                arity: e.arity,
                index: 0,
                uniq: 0,
            };
        }
        let f = &*(word as *const FunEntry);
        Name {
            module: f.module,
            function: f.function().unwrap_or(corten_term::am::undefined),
            arity: f.arity,
            index: f.old_index as u32,
            uniq: f.old_uniq as u32,
        }
    }
}
