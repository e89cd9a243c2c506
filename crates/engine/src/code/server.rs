//! The code server: which instance of each module is current and which is old; loading, deleting, purging.
//!
//! Loading has two steps, as OTP's libraries expect: [`prepare`] decodes and lowers a file without any
//! effect on what runs, [`commit`] makes instances current. A module with an `-on_load` function stays pending
//! until [`finish_on_load`].
//!
//! How old code goes is in [`purge`](super::purge).

use super::Location;
use super::export::{self, Export, find_export};
use super::lower::{self, LowerError};
use super::module::Loaded;
use crate::trace::{breakpoint, pattern};
use corten_loader::LoadError;
use corten_term::{Atom, Word};
use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError, RwLock};

/// The instances of one module.
#[derive(Debug, Default, Clone)]
pub struct Instances {
    pub current: Option<Arc<Loaded>>,
    pub old: Option<Arc<Loaded>>,
    /// Waits for its `-on_load` function.
    pub pending: Option<Arc<Loaded>>,
    /// What is old while code that failed to load is being purged in its place.
    pub(super) set_aside: Option<Arc<Loaded>>,
}

static MODULES: LazyLock<RwLock<HashMap<Atom, Instances>>> = LazyLock::new(RwLock::default);
static RANGES: LazyLock<RwLock<BTreeMap<usize, Arc<Loaded>>>> = LazyLock::new(RwLock::default);

/// Why a file could not be prepared.
#[derive(Debug)]
pub enum PrepareError {
    Load(LoadError),
    Lower(LowerError),
    /// The file holds another module.
    WrongModule(String),
}

impl std::fmt::Display for PrepareError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            PrepareError::Load(e) => e.fmt(f),
            PrepareError::Lower(e) => e.fmt(f),
            PrepareError::WrongModule(name) => write!(f, "module name in object code is {name}"),
        }
    }
}
impl std::error::Error for PrepareError {}

/// Code that is ready to be committed, once.
#[derive(Debug)]
pub struct Prepared {
    pub module: Atom,
    pub has_on_load: bool,
    code: Mutex<Option<Loaded>>,
}

impl Prepared {
    /// Whether it has been committed already.
    pub fn is_spent(&self) -> bool {
        self.code
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_none()
    }
}

/// Decodes and lowers a `.beam` file; it must hold `module`, if one is given.
pub fn prepare(module: Option<Atom>, bytes: &[u8]) -> Result<Prepared, PrepareError> {
    let m = corten_loader::load(bytes).map_err(PrepareError::Load)?;
    if module.is_some_and(|a| a.name() != m.name()) {
        return Err(PrepareError::WrongModule(m.name().to_string()));
    }
    prepare_module(&m)
}

/// The same for a preloaded module, which has no line numbers and tells nothing of how it was compiled.
pub fn prepare_preloaded(bytes: &[u8]) -> Result<Prepared, PrepareError> {
    let mut m = corten_loader::load(bytes).map_err(PrepareError::Load)?;
    m.lines = Default::default();
    m.attributes = Box::default();
    m.compile_info = Box::default();
    prepare_module(&m)
}

fn prepare_module(m: &corten_loader::Module) -> Result<Prepared, PrepareError> {
    let loaded = lower::lower(m).map_err(PrepareError::Lower)?;
    Ok(Prepared {
        module: loaded.module,
        has_on_load: loaded.on_load.is_some(),
        code: Mutex::new(Some(loaded)),
    })
}

/// Makes prepared code current (or pending). The caller has checked that there is no old code and holds
/// no duplicates.
pub fn commit(prepared: &Prepared) -> Option<Arc<Loaded>> {
    let code = prepared
        .code
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take()?;
    let code = Arc::new(code);
    RANGES
        .write()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(code.start() as usize, code.clone());
    if code.on_load.is_some() {
        // Its funs work already: the `-on_load` function may call them.
        connect_funs(&code);
        with_instances(code.module, |i| i.pending = Some(code.clone()));
    } else {
        activate(&code);
    }
    Some(code)
}

pub(super) fn with_instances<R>(module: Atom, f: impl FnOnce(&mut Instances) -> R) -> R {
    let mut modules = MODULES.write().unwrap_or_else(PoisonError::into_inner);
    f(modules.entry(module).or_default())
}

/// The instances of a module.
pub fn instances(module: Atom) -> Instances {
    let modules = MODULES.read().unwrap_or_else(PoisonError::into_inner);
    modules.get(&module).cloned().unwrap_or_default()
}

/// The current code of a module.
pub fn find(module: Atom) -> Option<Arc<Loaded>> {
    instances(module).current
}

pub fn is_loaded(module: Atom) -> bool {
    let modules = MODULES.read().unwrap_or_else(PoisonError::into_inner);
    modules.get(&module).is_some_and(|i| i.current.is_some())
}

pub fn has_old(module: Atom) -> bool {
    let modules = MODULES.read().unwrap_or_else(PoisonError::into_inner);
    modules.get(&module).is_some_and(|i| i.old.is_some())
}

static PRELOADED: Mutex<Vec<Atom>> = Mutex::new(Vec::new());

/// Notes a module as one that the emulator loads before it starts.
pub fn note_preloaded(module: Atom) {
    PRELOADED
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(module);
}

/// Modules loaded before the start.
pub fn preloaded() -> Vec<Atom> {
    PRELOADED
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone()
}

/// The current code of every module.
pub fn all_loaded() -> Vec<Arc<Loaded>> {
    let modules = MODULES.read().unwrap_or_else(PoisonError::into_inner);
    modules.values().filter_map(|i| i.current.clone()).collect()
}

/// Bytes of all code that is loaded, old code included.
pub fn code_bytes() -> usize {
    let modules = MODULES.read().unwrap_or_else(PoisonError::into_inner);
    let code = |i: &Instances| {
        i.current
            .iter()
            .chain(&i.old)
            .map(|m| m.bytes())
            .sum::<usize>()
    };
    modules.values().map(code).sum()
}

/// The old code that there is.
pub fn all_old() -> Vec<Arc<Loaded>> {
    let modules = MODULES.read().unwrap_or_else(PoisonError::into_inner);
    modules.values().filter_map(|i| i.old.clone()).collect()
}

/// Every module that has code, be it old.
pub fn names() -> Vec<Atom> {
    let modules = MODULES.read().unwrap_or_else(PoisonError::into_inner);
    let has_code = |i: &Instances| i.current.is_some() || i.old.is_some();
    let all = modules.iter().filter(|(_, i)| has_code(i));
    all.map(|(module, _)| *module).collect()
}

/// Makes an instance the current one; what was current becomes old. Whoever sees the module loaded sees its exports:
/// `error_handler` calls a function as soon as another process has loaded its module.
fn activate(code: &Arc<Loaded>) {
    let before = with_instances(code.module, |i| {
        connect_funs(code);
        for (name, arity, offset) in &code.exports {
            let e = export::export(code.module, *name, *arity);
            if !lower::is_bif(e) {
                e.code.store(code.at(*offset), Ordering::Release);
            }
        }
        let before = i.current.replace(code.clone());
        if before.is_some() {
            i.old = before.clone();
        }
        before
    });
    if let Some(before) = before {
        leaves(&before, code);
    }
    pattern::loaded(code);
}

/// What was current has become old.
fn leaves(before: &Loaded, code: &Loaded) {
    breakpoint::code_leaves(before);
    for (name, arity, _) in &before.exports {
        let kept = code.exports.iter().any(|(n, a, _)| n == name && a == arity);
        if !kept {
            unexport(code.module, *name, *arity);
        }
    }
}

/// Funs of the code lead to it.
pub(super) fn connect_funs(code: &Loaded) {
    for (entry, offset) in &code.funs {
        entry.code.store(code.at(*offset), Ordering::Release);
    }
}

/// Calls of the name go to the stub again.
fn unexport(module: Atom, name: Atom, arity: u8) {
    if let Some(e) = find_export(module, name, arity) {
        e.code.store(e.stub_entry(), Ordering::Release);
    }
}

/// Makes current code old. `None`: there is old code already; `Some(false)`: no code.
pub fn delete(module: Atom) -> Option<bool> {
    let current = with_instances(module, |i| match (&i.current, &i.old) {
        (None, None) => Some(None),
        (_, Some(_)) => None,
        (Some(_), None) => {
            i.old = i.current.take();
            Some(i.old.clone())
        }
    })?;
    let Some(code) = current else {
        return Some(false);
    };
    breakpoint::code_leaves(&code);
    for (name, arity, _) in &code.exports {
        unexport(module, *name, *arity);
    }
    Some(true)
}

/// Lets code whose `-on_load` function failed take the place of old code, to be purged.
pub(super) fn set_aside_pending(module: Atom) -> bool {
    let moved = with_instances(module, |i| {
        let Some(pending) = i.pending.take() else {
            return false;
        };
        i.set_aside = i.old.replace(pending);
        true
    });
    if moved {
        unexport_on_load(module);
    }
    moved
}

/// No address leads to the instance any more.
pub(super) fn remove_range(code: &Loaded) {
    RANGES
        .write()
        .unwrap_or_else(PoisonError::into_inner)
        .remove(&(code.start() as usize));
    REMOVED.fetch_add(1, Ordering::Release);
}

/// The entry of the `-on_load` function that waits to be called.
pub fn on_load_entry(module: Atom) -> Option<*mut Word> {
    let code = instances(module).pending?;
    code.on_load.map(|offset| code.at(offset))
}

/// The `-on_load` function has succeeded: makes the code current.
pub fn finish_on_load(module: Atom) -> bool {
    let Some(code) = with_instances(module, |i| i.pending.take()) else {
        return false;
    };
    unexport_on_load(module);
    activate(&code);
    true
}

/// The `-on_load` function has done its work.
fn unexport_on_load(module: Atom) {
    if let Some(name) = Atom::existing(ON_LOAD) {
        unexport(module, name, 0);
    }
}

/// How often an instance has gone.
static REMOVED: AtomicUsize = AtomicUsize::new(0);

/// Whether the address is in the code of a module. Exceptions ask for each, mostly about the same code: the range that
/// held the last address is remembered until an instance goes.
pub fn is_code(pc: *const Word) -> bool {
    thread_local! {
        static LAST: Cell<(usize, usize, usize)> = const { Cell::new((0, 0, 0)) };
    }
    let removed = REMOVED.load(Ordering::Acquire);
    let (at, start, end) = LAST.get();
    if at == removed && (start..end).contains(&(pc as usize)) {
        return true;
    }
    let Some(code) = self::at(pc) else {
        return false;
    };
    let start = code.start() as usize;
    LAST.set((removed, start, start + size_of_val(code.code())));
    true
}

/// The instance that holds an address.
pub fn at(pc: *const Word) -> Option<Arc<Loaded>> {
    let ranges = RANGES.read().unwrap_or_else(PoisonError::into_inner);
    let (_, code) = ranges.range(..=pc as usize).next_back()?;
    code.contains(pc).then(|| code.clone())
}

/// Names the function and line of an address.
pub fn locate(pc: *const Word) -> Option<Location> {
    let Some(code) = at(pc) else {
        return static_location(pc);
    };
    let f = code.function_at(pc)?;
    Some(Location {
        mfa: code.mfa(f),
        line: code
            .line_at(pc)
            .map(|(file, line)| (file.to_string(), line)),
    })
}

fn static_location(pc: *const Word) -> Option<Location> {
    let mfa = crate::interp::static_code::locate(pc)?;
    Some(Location { mfa, line: None })
}

const ON_LOAD: &str = "-on_load";

/// The hidden export through which a BIF calls the `-on_load` function of a module.
pub fn on_load_export(module: Atom) -> Option<&'static Export> {
    let entry = on_load_entry(module)?;
    let e = export::export(module, Atom::new(ON_LOAD).ok()?, 0);
    e.code.store(entry, Ordering::Release);
    Some(e)
}
