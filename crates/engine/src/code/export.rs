//! Export entries: what `M:F/A` calls go through. One per name for ever; hot code loading stores one pointer.

use crate::bif::Bif;
use corten_term::{Atom, Word};
use std::collections::HashMap;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{LazyLock, RwLock};

/// See the module page.
#[derive(Debug)]
pub struct Export {
    /// Where a call goes: the function's entry, or this entry's own stub, which calls the BIF or the
    /// error handler.
    pub code: AtomicPtr<Word>,
    /// The native function of this name, if it is one.
    pub bif: AtomicPtr<Bif>,
    pub module: Atom,
    pub function: Atom,
    pub arity: u8,
    /// How many entries were made before.
    pub serial: u32,
    /// Code words of the stub, laid out like a function: four words of header, then the entry.
    pub stub: [std::sync::atomic::AtomicU64; 6],
}

impl Export {
    /// The native function behind this name.
    pub fn native(&self) -> Option<&'static Bif> {
        // SAFETY: only pointers to table entries, which live for ever, are stored.
        unsafe { self.bif.load(Ordering::Acquire).as_ref() }
    }
    /// Where the stub's code starts.
    pub fn stub_entry(&self) -> *mut Word {
        self.stub[4].as_ptr()
    }
    /// Whether code of a module (not the stub) is behind this name.
    pub fn is_loaded(&self) -> bool {
        self.code.load(Ordering::Acquire) != self.stub_entry()
    }
}

type Table = HashMap<(Atom, Atom, u8), &'static Export>;
static TABLE: LazyLock<RwLock<Table>> = LazyLock::new(RwLock::default);

/// The entry of this name, if there is one.
pub fn find_export(module: Atom, function: Atom, arity: u8) -> Option<&'static Export> {
    TABLE
        .read()
        .unwrap_or_else(|e| e.into_inner())
        .get(&(module, function, arity))
        .copied()
}

/// The entry of this name, made if need be.
pub fn export(module: Atom, function: Atom, arity: u8) -> &'static Export {
    if let Some(e) = find_export(module, function, arity) {
        return e;
    }
    let mut table = TABLE.write().unwrap_or_else(|e| e.into_inner());
    let serial = table.len() as u32;
    table.entry((module, function, arity)).or_insert_with(|| {
        let e: &'static Export = Box::leak(Box::new(Export {
            code: AtomicPtr::new(std::ptr::null_mut()),
            bif: AtomicPtr::new(std::ptr::null_mut()),
            module,
            function,
            arity,
            serial,
            stub: Default::default(),
        }));
        crate::interp::write_stub(e);
        e.code.store(e.stub_entry(), Ordering::Release);
        e
    })
}

/// Calls `f` with every entry.
pub fn for_each(mut f: impl FnMut(&'static Export)) {
    let all: Vec<_> = TABLE
        .read()
        .unwrap_or_else(|e| e.into_inner())
        .values()
        .copied()
        .collect();
    all.into_iter().for_each(&mut f);
}
