//! Breakpoints: where calls are traced or counted.
//!
//! A *place* is the entry of a function in a module's code, or the trampoline of an export. Who sets the first breakpoint
//! at an entry overwrites the op of the first instruction by [`Op::Breakpoint`] and leaves its operands; the
//! breakpoint's handler does what the place says and then calls the handler of the op that was there. So nothing is paid
//! where there is no breakpoint, and jumps of the first instruction stay right. A trampoline is a piece of code of its
//! own that the export's address is led to while external calls are traced.
//!
//! BIFs are called by an instruction that goes to the native function at once. While one is traced, its export holds a
//! copy of the BIF's table entry that is marked `TRACED`, which sends such calls through the function's entry or the
//! trampoline.
//!
//! All changes are made under one lock; a running process sees a place as it was before or after. Code that goes away
//! loses its breakpoints first.

use super::session::{Session, Spec};
use super::tracer::Tracer;
use crate::bif::{Bif, BifFlags};
use crate::code::{self, Export, Loaded};
use crate::interp::ops::Op;
use crate::process::Mfa;
use corten_term::{Term, Word, am};
use parking_lot::{Mutex, RwLock};
use rustc_hash::FxHashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

/// What a place is.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A function's entry, and the op that was there.
    Entry(Op),
    /// The trampoline of an export, and where it leads.
    Trampoline(&'static Export, *const Word),
}

/// Calls that meta tracing tells of.
#[derive(Debug)]
pub struct Meta {
    /// None once it is gone.
    pub tracer: Mutex<Option<Tracer>>,
    pub spec: Option<Arc<Spec>>,
}

/// `call_count`.
#[derive(Debug, Default)]
pub struct Count {
    pub calls: AtomicU64,
    pub paused: AtomicBool,
}

/// `call_time` or `call_memory`: by process, how many calls, and nanoseconds or words.
#[derive(Debug, Default)]
pub struct Tally {
    pub by_process: Mutex<FxHashMap<Word, (u64, i64)>>,
    pub paused: AtomicBool,
}

impl Tally {
    pub fn add(&self, pid: Word, calls: u64, amount: i64) {
        let mut all = self.by_process.lock();
        let entry = all.entry(pid).or_default();
        entry.0 += calls;
        entry.1 += amount;
    }
}

/// What one session wants at a place.
#[derive(Debug, Clone)]
pub struct Data {
    /// Names it in frames on the stack: the place may be changed or gone when they are looked at.
    pub id: u32,
    pub session: Arc<Session>,
    /// Calls are told to the caller's tracer: with a specification or without. At an entry `local` tracing, at a
    /// trampoline `global`.
    pub calls: Option<Option<Arc<Spec>>>,
    pub meta: Option<Arc<Meta>>,
    pub count: Option<Arc<Count>>,
    pub time: Option<Arc<Tally>>,
    pub memory: Option<Arc<Tally>>,
    /// Calls go to the caller's error handler instead (`erts_debug:breakpoint/2`).
    pub debug: bool,
}

impl Data {
    fn new(session: &Arc<Session>) -> Data {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        Data {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            session: session.clone(),
            calls: None,
            meta: None,
            count: None,
            time: None,
            memory: None,
            debug: false,
        }
    }
    /// Takes all away.
    pub(super) fn clear(&mut self) {
        (self.calls, self.meta) = (None, None);
        (self.count, self.time, self.memory) = (None, None, None);
        self.debug = false;
    }
    fn is_empty(&self) -> bool {
        self.calls.is_none()
            && self.meta.is_none()
            && self.count.is_none()
            && self.time.is_none()
            && self.memory.is_none()
            && !self.debug
    }
}

#[derive(Debug)]
pub struct Place {
    pub mfa: Mfa,
    pub kind: Kind,
    pub sessions: Vec<Data>,
}

// SAFETY: the addresses are of code, which stays while there are breakpoints in it.
unsafe impl Send for Place {}
// SAFETY: as above.
unsafe impl Sync for Place {}

#[derive(Default)]
struct Places {
    by_address: FxHashMap<usize, Arc<Place>>,
    /// Where the data of an id is.
    by_id: FxHashMap<u32, usize>,
    /// Trampolines that were ever made: they stay, for a call may be on its way.
    trampolines: FxHashMap<usize, &'static [AtomicU64; 6]>,
    /// Marked copies of BIF entries.
    marked: FxHashMap<usize, (&'static Bif, &'static Bif)>,
}

static PLACES: LazyLock<RwLock<Places>> = LazyLock::new(RwLock::default);

/// The place whose breakpoint is at `pc`.
pub fn at(pc: *const Word) -> Option<Arc<Place>> {
    PLACES.read().by_address.get(&(pc as usize)).cloned()
}

/// The data of an id, if it is still there.
pub fn data(id: u32) -> Option<Data> {
    let places = PLACES.read();
    let place = places.by_address.get(places.by_id.get(&id)?)?;
    place.sessions.iter().find(|d| d.id == id).cloned()
}

/// The op that a breakpoint hides.
pub fn hidden(pc: *const Word) -> Option<Op> {
    match at(pc)?.kind {
        Kind::Entry(op) => Some(op),
        Kind::Trampoline(..) => None,
    }
}

/// The entry of a function in the module's current code.
pub fn entry_of(mfa: Mfa) -> Option<*mut Word> {
    let code = code::find(mfa.module)?;
    let f = code.find(mfa.function, mfa.arity)?;
    Some(entry_in(&code, f))
}

/// The same of a function that is known. `erlang:apply/2` and `apply/3` run in the stubs of their exports, whatever the
/// module has.
fn entry_in(code: &Loaded, f: &code::module::Function) -> *mut Word {
    let mfa = code.mfa(f);
    if mfa.module == am::erlang
        && mfa.function == am::apply
        && matches!(mfa.arity, 2 | 3)
        && let Some(e) = code::find_export(mfa.module, mfa.function, mfa.arity)
    {
        return e.stub_entry();
    }
    code.at(f.entry())
}

/// What a session has at a function's entry.
pub fn at_entry(mfa: Mfa, session: u32) -> Option<Data> {
    of_session(entry_of(mfa)?, session)
}

/// What a session has at an export's trampoline.
pub fn at_export(mfa: Mfa, session: u32) -> Option<Data> {
    let e = code::find_export(mfa.module, mfa.function, mfa.arity)?;
    let trampoline = *PLACES.read().trampolines.get(&address(e))?;
    of_session(trampoline[4].as_ptr(), session)
}

fn of_session(pc: *const Word, session: u32) -> Option<Data> {
    let place = at(pc)?;
    place
        .sessions
        .iter()
        .find(|d| d.session.id == session)
        .cloned()
}

/// Sessions with anything at the function or its export.
pub fn sessions_of(mfa: Mfa) -> Vec<Arc<Session>> {
    let mut places = Vec::new();
    places.extend(entry_of(mfa).and_then(|pc| at(pc)));
    if let Some(e) = code::find_export(mfa.module, mfa.function, mfa.arity) {
        let trampoline = PLACES.read().trampolines.get(&address(e)).copied();
        places.extend(trampoline.and_then(|t| at(t[4].as_ptr())));
    }
    let all = places.iter().flat_map(|p| &p.sessions);
    all.map(|d| d.session.clone()).collect()
}

fn address(e: &'static Export) -> usize {
    std::ptr::from_ref(e) as usize
}

/// A change of breakpoints under way: the lock.
pub struct Change<'a>(parking_lot::RwLockWriteGuard<'a, Places>);

/// Begins to change breakpoints.
pub fn change() -> Change<'static> {
    Change(PLACES.write())
}

impl Change<'_> {
    /// Changes what a session has at a function's entry. `create`: make it, if there is nothing yet.
    pub fn entry(
        &mut self,
        code: &Loaded,
        f: &code::module::Function,
        session: &Arc<Session>,
        create: bool,
        edit: impl FnOnce(&mut Data),
    ) {
        let pc = entry_in(code, f);
        let mfa = code.mfa(f);
        // SAFETY: a function's entry is an instruction.
        let kind = Kind::Entry(unsafe { raw_op(pc) });
        self.edit(pc, mfa, kind, session, create, edit);
        self.mark_bif(mfa);
    }

    /// The same for calls through an export.
    pub fn export(
        &mut self,
        e: &'static Export,
        session: &Arc<Session>,
        create: bool,
        edit: impl FnOnce(&mut Data),
    ) {
        let known = self.0.trampolines.get(&address(e)).copied();
        let trampoline = match known {
            Some(t) => t,
            None if !create => return,
            None => self.trampoline(e),
        };
        let pc = trampoline[4].as_ptr();
        let mfa = Mfa {
            module: e.module,
            function: e.function,
            arity: e.arity,
        };
        // Where it leads now; of a BIF, its body in the module if there is one, as for calls that are not traced.
        let to = match e.native() {
            Some(_) => entry_of(mfa).unwrap_or(e.stub_entry()),
            None => e.code.load(Ordering::Acquire),
        };
        let kind = Kind::Trampoline(e, to);
        self.edit(pc, mfa, kind, session, create, edit);
        if e.native().is_some() {
            self.mark_bif(mfa);
            return;
        }
        match self.0.by_address.get(&(pc as usize)).map(|p| p.kind) {
            Some(_) => e.code.store(pc, Ordering::Release),
            None if e.code.load(Ordering::Acquire) == pc => {
                let to = entry_of(mfa).unwrap_or(e.stub_entry());
                e.code.store(to, Ordering::Release);
            }
            None => {}
        }
    }

    fn trampoline(&mut self, e: &'static Export) -> &'static [AtomicU64; 6] {
        let words = [
            Op::FuncInfo as Word,
            Term::atom(e.module).raw(),
            Term::atom(e.function).raw(),
            Word::from(e.arity),
            Op::Breakpoint as Word,
            std::ptr::from_ref(e) as Word,
        ];
        let t: &'static _ = Box::leak(Box::new(words.map(AtomicU64::new)));
        self.0.trampolines.insert(address(e), t);
        t
    }

    fn edit(
        &mut self,
        pc: *mut Word,
        mfa: Mfa,
        kind: Kind,
        session: &Arc<Session>,
        create: bool,
        edit: impl FnOnce(&mut Data),
    ) {
        let old = self.0.by_address.get(&(pc as usize));
        let (kind, mut sessions) = match old {
            Some(place) => (place.kind, place.sessions.clone()),
            None if !create => return,
            None => (kind, Vec::new()),
        };
        let is_new = old.is_none();
        let i = match sessions.iter().position(|d| d.session.id == session.id) {
            Some(i) => i,
            None if !create => return,
            None => {
                sessions.push(Data::new(session));
                sessions.len() - 1
            }
        };
        edit(&mut sessions[i]);
        if sessions[i].is_empty() {
            let gone = sessions.remove(i);
            self.0.by_id.remove(&gone.id);
        } else {
            self.0.by_id.insert(sessions[i].id, pc as usize);
        }
        if sessions.is_empty() {
            if !is_new {
                self.remove(pc, kind);
            }
            return;
        }
        let place = Arc::new(Place {
            mfa,
            kind,
            sessions,
        });
        self.0.by_address.insert(pc as usize, place);
        if let (Kind::Entry(_), true) = (kind, is_new) {
            // SAFETY: the entry of code that is loaded.
            unsafe { set_op(pc, Op::Breakpoint) };
        }
    }

    fn remove(&mut self, pc: *mut Word, kind: Kind) {
        if let Kind::Entry(op) = kind {
            // SAFETY: as above: code with breakpoints is loaded.
            unsafe { set_op(pc, op) };
        }
        self.0.by_address.remove(&(pc as usize));
    }

    /// Calls of a BIF look for breakpoints if there are any.
    fn mark_bif(&mut self, mfa: Mfa) {
        let Some(e) = code::find_export(mfa.module, mfa.function, mfa.arity) else {
            return;
        };
        let Some(bif) = e.native() else {
            return;
        };
        let trampoline = self.0.trampolines.get(&address(e));
        let traced = trampoline.is_some_and(|t| self.is_place(t[4].as_ptr()))
            || entry_of(mfa).is_some_and(|pc| self.is_place(pc));
        let marked = bif.flags.contains(BifFlags::TRACED);
        if traced == marked {
            return;
        }
        let known = self.0.marked.get(&address(e)).copied();
        let (plain, copy) = known.unwrap_or_else(|| {
            let flags = bif.flags.or(BifFlags::TRACED);
            let copy: &'static Bif = Box::leak(Box::new(Bif { flags, ..*bif }));
            self.0.marked.insert(address(e), (bif, copy));
            (bif, copy)
        });
        let new = if traced { copy } else { plain };
        e.bif
            .store(std::ptr::from_ref(new).cast_mut(), Ordering::Release);
    }

    fn is_place(&self, pc: *const Word) -> bool {
        self.0.by_address.contains_key(&(pc as usize))
    }
}

/// Where a call of a traced BIF goes: the trampoline or the entry of its function. None: no breakpoint is left.
pub fn traced_entry(e: &'static Export) -> Option<*const Word> {
    let mfa = Mfa {
        module: e.module,
        function: e.function,
        arity: e.arity,
    };
    let entry = entry_of(mfa);
    let places = PLACES.read();
    let place = |pc: *const Word| places.by_address.contains_key(&(pc as usize)).then_some(pc);
    let trampoline = places.trampolines.get(&address(e));
    trampoline
        .and_then(|t| place(t[4].as_ptr()))
        .or(entry.and_then(|pc| place(pc)))
}

/// The op at an entry, whatever breakpoint hides it.
///
/// # Safety
/// `pc` is an instruction.
unsafe fn raw_op(pc: *const Word) -> Op {
    // SAFETY: by the caller's promise.
    Op::from_index(unsafe { *pc } as u16).unwrap_or(Op::FuncInfo)
}

/// Changes the op of an instruction.
///
/// # Safety
/// `pc` is an instruction of loaded code.
unsafe fn set_op(pc: *mut Word, op: Op) {
    // SAFETY: aligned words of code, changed atomically; readers see one op or the other.
    let word = unsafe { AtomicU64::from_ptr(pc) };
    let old = word.load(Ordering::Relaxed);
    word.store(old & !0xFFFF | op as Word, Ordering::Release);
}

/// An instance of a module is not current any more: its breakpoints go, and those of its exports.
pub fn code_leaves(code: &Loaded) {
    let mut change = change();
    let leaving: Vec<(usize, Kind)> = {
        let all = change.0.by_address.iter();
        let of_module = all.filter(|(pc, place)| match place.kind {
            Kind::Entry(_) => code.contains(**pc as *const Word),
            Kind::Trampoline(e, _) => e.module == code.module,
        });
        of_module.map(|(pc, place)| (*pc, place.kind)).collect()
    };
    for (pc, kind) in leaving {
        let place = change.0.by_address.get(&pc).cloned();
        change.remove(pc as *mut Word, kind);
        for d in place.iter().flat_map(|p| &p.sessions) {
            change.0.by_id.remove(&d.id);
        }
        if let Some(place) = place {
            change.mark_bif(place.mfa);
        }
    }
}

/// Changes the op that lies under a breakpoint, if there is one: `load_nif` replaces a function's body. False: none.
pub fn replace_hidden(pc: *const Word, op: Op) -> bool {
    let mut change = change();
    let Some(place) = change.0.by_address.get(&(pc as usize)) else {
        return false;
    };
    let new = Place {
        mfa: place.mfa,
        kind: Kind::Entry(op),
        sessions: place.sessions.clone(),
    };
    change.0.by_address.insert(pc as usize, Arc::new(new));
    true
}

/// Every place, to take a session away from.
pub fn forget_session(session: &Session) {
    let mut change = change();
    let all: Vec<usize> = change.0.by_address.keys().copied().collect();
    for pc in all {
        let Some(place) = change.0.by_address.get(&pc).cloned() else {
            continue;
        };
        let Some(mine) = place.sessions.iter().find(|d| d.session.id == session.id) else {
            continue;
        };
        let owner = mine.session.clone();
        match place.kind {
            Kind::Entry(_) => {
                change.edit(
                    pc as *mut Word,
                    place.mfa,
                    place.kind,
                    &owner,
                    false,
                    Data::clear,
                );
                change.mark_bif(place.mfa);
            }
            Kind::Trampoline(e, _) => change.export(e, &owner, false, Data::clear),
        }
    }
}
