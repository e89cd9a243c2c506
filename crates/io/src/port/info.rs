//! `port_info`.

use super::{Core, Driver};
use crate::args::list;
use corten_engine::Process;
use corten_term::{Atom, Term, am};

/// What `port_info/1` tells, in its order.
const ITEMS: [Atom; 8] = [
    am::registered_name,
    am::name,
    am::links,
    am::id,
    am::connected,
    am::input,
    am::output,
    am::os_pid,
];

/// Everything; without a registered name that item is left out.
pub fn all<'h>(p: &'h Process, core: &Core, driver: &dyn Driver) -> Term<'h> {
    let items = ITEMS
        .iter()
        .filter_map(|i| item(p, core, driver, *i))
        .filter(|t| !t.is_nil())
        .collect::<Vec<_>>();
    p.heap.list(&items)
}

/// One item; `None` if there is no such item.
pub fn item<'h>(p: &'h Process, core: &Core, driver: &dyn Driver, item: Atom) -> Option<Term<'h>> {
    let h = &p.heap;
    let value = match item {
        am::registered_name => match core.name {
            Some(name) => Term::atom(name),
            None => return Some(Term::NIL),
        },
        am::name => h.latin1_string(&core.command),
        am::links => {
            let links: Vec<_> = core.links.iter().map(|(l, ())| Term::pid(*l)).collect();
            h.list(&links)
        }
        am::id => h.uint(core.id.data() << 3),
        am::connected => Term::pid(core.connected),
        am::input => h.uint(core.input),
        am::output => h.uint(core.output),
        am::os_pid => core
            .os_pid
            .map_or(Term::UNDEFINED, |n| Term::small(n.into())),
        am::monitors => Term::NIL,
        am::monitored_by => list(p, core.watchers.iter().map(|(_, w)| Term::pid(*w))),
        am::queue_size => h.uint(driver.pending() as u64),
        am::memory => h.uint((size_of::<Core>() + driver.pending()) as u64),
        am::parallelism => Term::bool(core.parallelism),
        _ if item.name() == "locking" => Term::atom(super::atom("port_level")),
        _ => return None,
    };
    Some(h.tuple(&[Term::atom(item), value]))
}
