//! The nodes that this node knows. Without distribution that is itself.

use crate::prelude::*;
use crate::util::elements;
use corten_term::{am, map, node};

pub const BIFS: &[Bif] = bifs![
    erlang:nodes/0 => nodes_0,
    erlang:nodes/1 => nodes_1,
    erlang:nodes/2 => nodes_2,
    erlang:setnode/2 => setnode,
    erlang:monitor_node/2 => monitor_node,
    erlang:monitor_node/3 => monitor_node_3,
];

fn nodes_0<'h>(_: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(Term::NIL)
}

/// Whether the kinds of nodes asked for include this one.
fn includes_this<'h>(kinds: Term<'h>) -> Result<bool, Stop<'h>> {
    let kinds = if kinds.is_list() {
        elements(kinds)?
    } else {
        vec![kinds]
    };
    let mut this = false;
    for kind in kinds {
        match kind.as_atom().badarg()?.name() {
            "this" | "known" => this = true,
            "visible" | "hidden" | "connected" => {}
            _ => return Err(Stop::BADARG),
        }
    }
    Ok(this)
}

fn this_node() -> Term<'static> {
    Term::atom(node::resolve(0).0)
}

fn nodes_1<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    if includes_this(a[0])? {
        return Ok(p.heap.cons(this_node(), Term::NIL));
    }
    Ok(Term::NIL)
}

fn nodes_2<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let this = includes_this(a[0])?;
    a[1].map_size().badarg()?;
    let mut info = Vec::new();
    for (key, wanted) in map::iter(a[1]) {
        let value = match key.as_atom() {
            Some(am::connection_id) => Term::UNDEFINED,
            Some(am::node_type) => Term::atom(am::this),
            _ => return Err(Stop::BADARG),
        };
        if wanted.as_bool().badarg()? {
            info.push((key, value));
        }
    }
    if !this {
        return Ok(Term::NIL);
    }
    let entry = p
        .heap
        .tuple(&[this_node(), map::from_pairs(&p.heap, &info)]);
    Ok(p.heap.cons(entry, Term::NIL))
}

/// A node that is not alive cannot watch others.
fn monitor_node<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let name = a[0].as_atom().badarg()?;
    a[1].as_bool().badarg()?;
    let this = node::resolve(0).0;
    if this == am::Noname && name != this {
        return Err(Stop::error(Term::atom(am::notalive)));
    }
    Ok(Term::TRUE)
}

fn monitor_node_3<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let mut options = a[2].iter();
    let known = options.by_ref().all(|o| o.is(am::allow_passive_connect));
    if !known {
        return Err(Stop::badarg_because(am::badopt));
    }
    options.tail().is_nil().then_some(()).badarg()?;
    monitor_node(p, a)
}

/// `name@host` with one `@`: letters, digits, `-` and `_`, then anything.
fn is_node_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    name.split_once('@').is_some_and(|(short, host)| {
        !short.is_empty() && short.chars().all(plain) && !host.is_empty() && !host.contains('@')
    })
}

/// The node gets a name, once. It can be told apart from others then, and listens if `net_kernel` has it listen;
/// connections to other nodes are not there yet.
fn setnode<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let name = a[0].as_atom().badarg()?;
    let creation = a[1].as_u64().and_then(|n| u32::try_from(n).ok()).badarg()?;
    if !is_node_name(name.name()) || node::resolve(0).0 != am::Noname {
        return Err(Stop::BADARG);
    }
    node::set_local(name, creation);
    Ok(Term::TRUE)
}

#[cfg(test)]
mod tests {
    use super::is_node_name;

    #[test]
    fn names_of_nodes() {
        assert!(is_node_name("a@b") && is_node_name("A-z_9@host.example") && is_node_name("a@é"));
        for bad in ["", "a", "@", "a@", "@b", "a@b@c", "a b@c", "é@c"] {
            assert!(!is_node_name(bad), "{bad}");
        }
    }
}
