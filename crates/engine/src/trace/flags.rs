//! Trace flags: their bits and names, in one table.

use corten_term::{Atom, Heap, Term, am};

macro_rules! flags {
    ($($(#[$doc:meta])* $id:ident = $bit:literal, $name:ident;)*) => {
        $($(#[$doc])* pub const $id: u32 = 1 << $bit;)*
        const NAMES: &[(u32, Atom)] = &[$(($id, am::$name)),*];
    };
}

// In the order that the reference engine lists them in, last one first.
flags! {
    NOW_TIMESTAMP = 0, timestamp;
    STRICT_TIMESTAMP = 1, strict_monotonic_timestamp;
    MONOTONIC_TIMESTAMP = 2, monotonic_timestamp;
    SEND = 3, send;
    RECEIVE = 4, receive;
    SET_ON_SPAWN = 5, set_on_spawn;
    CALL = 6, call;
    PROCS = 7, procs;
    SET_ON_FIRST_SPAWN = 8, set_on_first_spawn;
    SET_ON_LINK = 9, set_on_link;
    SET_ON_FIRST_LINK = 10, set_on_first_link;
    RUNNING = 11, running;
    EXITING = 12, exiting;
    GARBAGE_COLLECTION = 13, garbage_collection;
    ARITY = 14, arity;
    RETURN_TO = 15, return_to;
    SILENT = 16, silent;
    SCHEDULER_ID = 17, scheduler_id;
    PORTS = 18, ports;
    RUNNING_PORTS = 19, running_ports;
    RUNNING_PROCS = 20, running_procs;
}

/// In a process's word of flags: it has a sequential trace token.
pub const TOKEN: u32 = 1 << 30;
/// It is sensitive, and nothing of it is told.
pub const HIDDEN: u32 = 1 << 31;

pub const TIMESTAMPS: u32 = NOW_TIMESTAMP | STRICT_TIMESTAMP | MONOTONIC_TIMESTAMP;
/// Everything that `all` means.
pub const ALL: u32 = (1 << 21) - 1;
/// What makes sense for processes and ports.
pub const COMMON: u32 = SILENT | TIMESTAMPS | SCHEDULER_ID | SEND | RECEIVE;
/// What makes sense for a port.
pub const OF_PORTS: u32 = COMMON | PORTS | RUNNING_PORTS;
/// What makes sense for a process.
pub const OF_PROCESSES: u32 = ALL & !OF_PORTS | COMMON;
const SPAWN: u32 = SET_ON_SPAWN | SET_ON_FIRST_SPAWN;
const LINK: u32 = SET_ON_LINK | SET_ON_FIRST_LINK;

/// The bit of a flag's name.
pub fn bit(name: Atom) -> Option<u32> {
    if name == am::all {
        return Some(ALL);
    }
    NAMES.iter().find(|f| f.1 == name).map(|f| f.0)
}

/// The list of names.
pub fn list(flags: u32, h: &Heap) -> Term<'_> {
    let on = NAMES.iter().rev().filter(|f| flags & f.0 != 0);
    let names: Vec<_> = on.map(|f| Term::atom(f.1)).collect();
    h.list(&names)
}

/// What a child inherits, which may be linked to its parent, and what is left of the flags of the parent. None: it
/// inherits nothing.
pub fn for_child(flags: u32, linked: bool) -> Option<(u32, u32)> {
    let by_link = if linked { flags & LINK } else { 0 };
    if flags & SPAWN | by_link == 0 {
        return None;
    }
    let mut left = flags;
    if flags & SET_ON_FIRST_SPAWN != 0 {
        left &= !SPAWN;
    }
    if by_link & SET_ON_FIRST_LINK != 0 {
        left &= !LINK;
    }
    Some((left, left))
}

/// What the other end of a new link inherits, and what is left here.
pub fn for_link(flags: u32) -> Option<(u32, u32)> {
    if flags & LINK == 0 {
        return None;
    }
    let left = if flags & SET_ON_FIRST_LINK != 0 {
        flags & !LINK
    } else {
        flags
    };
    Some((left, left))
}

/// Whether anything may be passed on to a child.
pub fn passes_on_spawn(flags: u32) -> bool {
    flags & (SPAWN | LINK) != 0
}

/// Whether anything is passed on along links.
pub fn passes_on_link(flags: u32) -> bool {
    flags & LINK != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_listed_with_the_last_one_first() {
        let h = Heap::new();
        let names = list(SEND | CALL | SCHEDULER_ID, &h);
        let names: Vec<_> = names.iter().filter_map(|t| t.as_atom()).collect();
        assert_eq!(names, [am::scheduler_id, am::call, am::send]);
        assert_eq!(bit(am::all), Some(ALL));
        assert_eq!(bit(am::undefined), None);
    }

    #[test]
    fn first_children_and_links_take_the_flag_away() {
        assert_eq!(for_child(CALL, true), None);
        let first = CALL | SET_ON_FIRST_SPAWN;
        assert_eq!(for_child(first, false), Some((CALL, CALL)));
        let always = CALL | SET_ON_SPAWN;
        assert_eq!(for_child(always, false), Some((always, always)));
        assert_eq!(for_child(CALL | SET_ON_LINK, false), None);
        let by_link = CALL | SET_ON_FIRST_LINK;
        assert_eq!(for_child(by_link, true), Some((CALL, CALL)));
        assert_eq!(for_link(by_link), Some((CALL, CALL)));
        assert_eq!(for_link(first), None);
    }
}
