//! Links: symmetric, with an acknowledged `unlink`, so that an exit signal that was on its way when `unlink`
//! returned is ignored.

use super::node::Body;
use super::ports;
use super::relations::Link;
use super::send;
use crate::trace::{event, flags, tracee};
use crate::{Process, node};
use corten_term::{Term, Word, am};

const LINK_FLAGS: u32 = flags::SET_ON_LINK | flags::SET_ON_FIRST_LINK;

/// There is no such process or port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoProcess;

fn peer(word: Word) -> Term<'static> {
    // SAFETY: keys of links are local pids and ports: immediates.
    unsafe { Term::from_raw(word) }
}

/// The term of a link's peer.
pub fn peer_of(key: Word) -> Option<Term<'static>> {
    let t = peer(key);
    (t.as_local_pid().is_some() || t.as_local_port().is_some()).then_some(t)
}

/// Links `p` with a local process or port. `priority`: the exit signal becomes a priority message for `p`.
pub fn link(p: &Process, to: Term<'_>, priority: bool) -> Result<(), NoProcess> {
    let key = to.raw();
    if key == p.pid().word() {
        return Ok(());
    }
    let exists = match (to.as_local_pid(), to.as_local_port()) {
        (Some(pid), _) => node().processes.is_alive(pid),
        (_, Some(port)) => ports::get().is_some_and(|t| t.exists(port)),
        _ => false,
    };
    if !exists {
        return Err(NoProcess);
    }
    let fresh = p.with_relations(|r| match r.links.get_mut(&key) {
        Some(l) => {
            l.priority = priority;
            std::mem::take(&mut l.unlinking) != 0
        }
        None => {
            let link = Link {
                unlinking: 0,
                priority,
            };
            r.links.insert(key, link);
            true
        }
    });
    if !fresh {
        return Ok(());
    }
    if p.shared.is_traced(LINK_FLAGS)
        && let Some(pid) = to.as_local_pid()
    {
        tracee::inherit_link(&p.shared, pid);
    }
    let sent = match (to.as_local_pid(), to.as_local_port()) {
        (Some(pid), _) => send::control(pid, Body::Link(p.pid().word())),
        (_, Some(port)) => ports::get().is_some_and(|t| t.link(port, p.pid())),
        _ => false,
    };
    if sent {
        return Ok(());
    }
    p.with_relations(|r| r.links.remove(&key));
    Err(NoProcess)
}

/// Enters a link that the peer knows of already: between a parent and the child it just made, a process
/// and the port it opened, which may be on a dirty thread.
pub fn establish(p: &Process, to: Word, priority: bool) {
    let link = Link {
        unlinking: 0,
        priority,
    };
    crate::sched::state::with_signals(&p.shared, || {
        p.with_relations(|r| r.links.insert(to, link));
    });
}

/// Ends the link with a local process or port.
pub fn unlink(p: &Process, from: Term<'_>) {
    let key = from.raw();
    let id = p.with_relations(|r| {
        let id = r.unlink_id();
        match r.links.get_mut(&key) {
            Some(l) if l.unlinking == 0 => {
                l.unlinking = id;
                Some(id)
            }
            _ => None,
        }
    });
    let Some(id) = id else { return };
    let from_us = p.pid().word();
    let sent = match (from.as_local_pid(), from.as_local_port()) {
        (Some(pid), _) => send::control(pid, Body::Unlink { from: from_us, id }),
        (_, Some(port)) => {
            // Ports act on signals at once: there is nothing to wait for.
            if let Some(t) = ports::get() {
                t.unlink(port, p.pid());
            }
            false
        }
        _ => false,
    };
    if !sent {
        p.with_relations(|r| r.links.remove(&key));
    }
}

/// The peer linked to us.
pub(super) fn linked(p: &Process, from: Word) {
    let fresh = p.with_relations(|r| {
        let fresh = !r.links.contains(&from);
        if fresh {
            r.links.insert(from, Default::default());
        }
        fresh
    });
    if fresh && p.shared.is_traced(flags::PROCS) {
        event::procs(&p.shared, am::getting_linked, from);
    }
}

/// The peer unlinked.
pub(super) fn unlinked(p: &Process, from: Word, id: u64) {
    let was = p.with_relations(|r| {
        let active = r.links.get(&from).is_some_and(|l| l.unlinking == 0);
        if active {
            r.links.remove(&from);
        }
        active
    });
    if was && p.shared.is_traced(flags::PROCS) {
        event::procs(&p.shared, am::getting_unlinked, from);
    }
    acknowledge(p.pid().word(), from, id);
}

/// Tells a process that its `unlink` has arrived.
pub(super) fn acknowledge(us: Word, to: Word, id: u64) {
    if let Some(pid) = peer(to).as_local_pid() {
        send::control(pid, Body::UnlinkAck { from: us, id });
    }
}

/// The peer has seen our `unlink`.
pub(super) fn acknowledged(p: &Process, from: Word, id: u64) {
    p.with_relations(|r| {
        if r.links.get(&from).is_some_and(|l| l.unlinking == id) {
            r.links.remove(&from);
        }
    });
}

/// An exit signal came along the link: if it counts, whether as a priority message, and the link is gone.
pub(super) fn broken(p: &Process, from: Word) -> Option<bool> {
    p.with_relations(|r| {
        let link = r.links.get(&from).filter(|l| l.unlinking == 0).copied()?;
        r.links.remove(&from);
        Some(link.priority)
    })
}
