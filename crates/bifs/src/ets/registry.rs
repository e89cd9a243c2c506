//! Which tables there are: by reference, by name, by owner; what happens when an owner goes away.

use super::table::{Heir, Table, TableRef};
use super::{Protection, rubble};
use corten_engine::{Process, Stop};
use corten_term::reference::RefNumbers;
use corten_term::{Atom, OwnedTerm, Pid, Term, am};
use parking_lot::RwLock;
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::LazyLock;
use std::sync::atomic::Ordering;

#[derive(Debug, Default)]
struct Registry {
    tables: HashMap<RefNumbers, TableRef>,
    names: HashMap<Atom, TableRef>,
    /// Tables that a process owns, fixes or may inherit.
    by_process: HashMap<Pid, Vec<RefNumbers>>,
}

static REGISTRY: LazyLock<RwLock<Registry>> = LazyLock::new(RwLock::default);

/// What a BIF wants to do with a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Read,
    Write,
    /// Only the identity is needed (`info`, `whereis`).
    Any,
}

/// The name of a table is another one's already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NameTaken;

/// Enters a new table.
pub fn add(table: TableRef) -> Result<(), NameTaken> {
    let mut r = REGISTRY.write();
    if table.options.named {
        let name = *table.name.lock();
        if r.names.contains_key(&name) {
            return Err(NameTaken);
        }
        r.names.insert(name, table.clone());
    }
    r.by_process
        .entry(table.owner())
        .or_default()
        .push(table.numbers());
    r.tables.insert(table.numbers(), table);
    Ok(())
}

/// Finds a table by reference or name and checks access; the error is what the BIF raises.
pub fn table<'h>(p: &Process, t: Term<'_>, access: Access) -> Result<TableRef, Stop<'h>> {
    let found = match t.as_atom() {
        Some(name) => REGISTRY.read().names.get(&name).cloned(),
        None => Some(by_reference(t).ok_or(Stop::badarg_because(am::type_))?)
            .filter(|t| !t.is_deleted()),
    };
    let table = found.ok_or(Stop::badarg_because(am::id))?;
    check(p, &table, access)?;
    Ok(table)
}

/// Whether a process may do that by who it is and what the table says.
#[inline(always)]
fn may(p: &Process, table: &Table, access: Access) -> bool {
    let allowed = match access {
        Access::Any => true,
        Access::Read => table.protection() != Protection::Private,
        Access::Write => table.protection() == Protection::Public,
    };
    allowed || table.owner() == p.pid()
}

fn check<'h>(p: &Process, table: &Table, access: Access) -> Result<(), Stop<'h>> {
    if may(p, table, access) || (access == Access::Read && is_super_user(p.pid())) {
        Ok(())
    } else {
        Err(Stop::badarg_because(am::access))
    }
}

/// Whether this is the reference of a table, deleted or not.
pub fn was_table(t: Term<'_>) -> bool {
    by_reference(t).is_some()
}

/// The table of a reference, even if it is deleted.
fn by_reference(t: Term<'_>) -> Option<TableRef> {
    let magic = t.magic_handle().and_then(TableRef::from_magic);
    magic.or_else(|| {
        // A reference that went through text or the external format is not magic any more.
        let numbers = t.as_local_reference()?;
        REGISTRY.read().tables.get(&numbers).cloned()
    })
}

/// A table for the time of a call. A magic reference keeps its table alive, so nothing has to be counted.
pub enum Handle<'h> {
    Lent(&'h Table),
    Counted(TableRef),
}

impl Deref for Handle<'_> {
    type Target = Table;
    #[inline(always)]
    fn deref(&self) -> &Table {
        match self {
            Handle::Lent(t) => t,
            Handle::Counted(t) => t,
        }
    }
}

/// As [`table`], for calls that only look at rows.
#[inline]
pub fn at<'h>(p: &Process, t: Term<'h>, access: Access) -> Result<Handle<'h>, Stop<'h>> {
    match t.as_magic_of::<Table>() {
        Some(table) if !table.is_deleted() && may(p, table, access) => Ok(Handle::Lent(table)),
        _ => by_any(p, t, access),
    }
}

#[inline(never)]
fn by_any<'h>(p: &Process, t: Term<'h>, access: Access) -> Result<Handle<'h>, Stop<'h>> {
    table(p, t, access).map(Handle::Counted)
}

/// Processes that may read all tables.
static SUPER_USERS: RwLock<Vec<Pid>> = RwLock::new(Vec::new());

fn is_super_user(pid: Pid) -> bool {
    SUPER_USERS.read().contains(&pid)
}

/// Lets a process read private tables of others, or not any more.
pub fn set_super_user(pid: Pid, on: bool) {
    let mut users = SUPER_USERS.write();
    users.retain(|p| *p != pid);
    if on {
        users.push(pid);
        // For the exit hook.
        REGISTRY.write().by_process.entry(pid).or_default();
    }
}

pub fn whereis(name: Atom) -> Option<TableRef> {
    REGISTRY.read().names.get(&name).cloned()
}

/// Takes a table away from its names and owners; its rows go when the last user drops it.
pub fn remove(table: &TableRef) {
    table.deleted.store(true, Ordering::Release);
    let mut r = REGISTRY.write();
    r.tables.remove(&table.numbers());
    let name = *table.name.lock();
    if table.options.named
        && r.names
            .get(&name)
            .is_some_and(|t| t.numbers() == table.numbers())
    {
        r.names.remove(&name);
    }
    forget(&mut r, table.owner(), table.numbers());
}

fn forget(r: &mut Registry, pid: Pid, table: RefNumbers) {
    if let Some(v) = r.by_process.get_mut(&pid) {
        v.retain(|n| *n != table);
        if v.is_empty() {
            r.by_process.remove(&pid);
        }
    }
}

/// Renames a named table (or just changes the name that `info` shows).
pub fn rename(table: &TableRef, to: Atom) -> Result<(), NameTaken> {
    let mut r = REGISTRY.write();
    let mut name = table.name.lock();
    if table.options.named {
        if r.names.contains_key(&to) {
            return Err(NameTaken);
        }
        r.names.remove(&name);
        r.names.insert(to, table.clone());
    }
    *name = to;
    Ok(())
}

pub fn change_owner(table: &TableRef, to: Pid) {
    let mut r = REGISTRY.write();
    forget(&mut r, table.owner(), table.numbers());
    table.set_owner(to);
    r.by_process.entry(to).or_default().push(table.numbers());
}

/// Notes that a process fixes a table or may inherit it, so that its exit takes that back.
pub fn note_interest(pid: Pid, table: &TableRef) {
    let mut r = REGISTRY.write();
    let v = r.by_process.entry(pid).or_default();
    if !v.contains(&table.numbers()) {
        v.push(table.numbers());
    }
}

/// Says who gets the table when its owner exits; a process that is gone is nobody.
pub fn set_heir(table: &TableRef, heir: Option<Heir>) {
    let is_alive = |pid| corten_engine::node().processes.is_alive(pid);
    let heir = heir.filter(|h| is_alive(h.pid));
    let pid = heir.as_ref().map(|h| h.pid);
    *table.heir.lock() = heir;
    let Some(pid) = pid else { return };
    note_interest(pid, table);
    // Its exit may have come before the note.
    if !is_alive(pid) {
        table.heir.lock().take_if(|h| h.pid == pid);
    }
}

pub fn all() -> Vec<TableRef> {
    REGISTRY.read().tables.values().cloned().collect()
}

/// Number of tables, for `system_info(ets_count)`.
pub fn table_count() -> usize {
    REGISTRY.read().tables.len()
}

/// Words of all tables, for `memory`.
pub fn total_words() -> usize {
    all().iter().map(|t| t.words()).sum()
}

/// The exit hook: gives the tables of a process to their heirs or deletes them, and takes its fixations back.
pub fn process_exited(pid: Pid) {
    let tables: Vec<TableRef> = {
        let r = REGISTRY.read();
        let Some(v) = r.by_process.get(&pid) else {
            return;
        };
        v.iter().filter_map(|n| r.tables.get(n).cloned()).collect()
    };
    for table in tables {
        table.unfix_all(pid);
        {
            let mut heir = table.heir.lock();
            if heir.as_ref().is_some_and(|h| h.pid == pid) {
                *heir = None;
            }
        }
        if table.owner() == pid && !inherit(&table, pid) {
            remove(&table);
            rubble::discard(table.take_rows());
        }
    }
    if is_super_user(pid) {
        set_super_user(pid, false);
    }
    REGISTRY.write().by_process.remove(&pid);
}

/// Gives the table to its heir, if there is one alive.
fn inherit(table: &TableRef, from: Pid) -> bool {
    let heir = table.heir.lock().take();
    let Some(heir) = heir else { return false };
    if heir.pid == from || !corten_engine::node().processes.is_alive(heir.pid) {
        return false;
    }
    change_owner(table, heir.pid);
    let (to, data) = (heir.pid, OwnedTerm::new(heir.data.term()));
    // Before the message: who has it may ask for the heir.
    *table.heir.lock() = Some(heir);
    transfer_message(table, from, to, data.term());
    true
}

/// Sends `{'ETS-TRANSFER', Table, From, Data}`.
pub fn transfer_message(table: &TableRef, from: Pid, to: Pid, data: Term<'_>) {
    let scratch = corten_term::Heap::new();
    let id = id_term(table, &scratch);
    let message = scratch.tuple(&[
        Term::atom(am::ETS_TRANSFER),
        id,
        Term::pid(from),
        corten_term::copy::copy(data, &scratch),
    ]);
    corten_engine::signal::send::message(to, message);
}

/// How programs name the table: its name if it is a named one.
pub fn id_term<'h>(table: &TableRef, heap: &'h corten_term::Heap) -> Term<'h> {
    if table.options.named {
        return Term::atom(*table.name.lock());
    }
    heap.magic_reference(table.magic())
}
