//! Who and where: this process, this node, the nodes it knows; identifiers as text.

use crate::prelude::*;
use crate::util::byte_list;
use corten_term::layout::SMALL_BITS;
use corten_term::pid::PID_NUMBER_BITS;
use corten_term::{Pid, PortId, RefNumbers, node};

pub const BIFS: &[Bif] = bifs![
    erlang:self/0 => self_0 [GUARD],
    erlang:node/0 => node_0 [GUARD],
    erlang:node/1 => node_1 [GUARD],
    erlang:pid_to_list/1 => pid_to_list,
    erlang:list_to_pid/1 => list_to_pid,
    erlang:port_to_list/1 => port_to_list,
    erlang:list_to_port/1 => list_to_port,
    erlang:ref_to_list/1 => ref_to_list,
    erlang:list_to_ref/1 => list_to_ref,
    erlang:fun_to_list/1 => fun_to_list,
];

fn self_0<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(Term::pid(p.pid()))
}

fn node_0<'h>(_: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(Term::atom(node::resolve(0).0))
}

fn node_1<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let word = match a[0].kind() {
        Kind::Pid(p) => p.node,
        Kind::Port(p) => p.node,
        Kind::Ref(r) => r.node,
        _ => return Err(Stop::BADARG),
    };
    Ok(Term::atom(node::resolve(word).0))
}

fn printed<'h>(p: &'h Process, t: Term<'h>) -> Term<'h> {
    p.heap.latin1_string(&crate::display::printed(t))
}

fn pid_to_list<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    a[0].as_pid().badarg()?;
    Ok(printed(p, a[0]))
}

fn port_to_list<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    a[0].as_port().badarg()?;
    Ok(printed(p, a[0]))
}

fn ref_to_list<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    a[0].as_reference().badarg()?;
    Ok(printed(p, a[0]))
}

fn fun_to_list<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    a[0].as_fun().badarg()?;
    Ok(printed(p, a[0]))
}

/// The numbers between `prefix` and `>`, separated by dots.
fn numbers(t: Term<'_>, prefix: &[u8]) -> Option<Vec<u64>> {
    let text = byte_list(t)?;
    let inner = text.strip_prefix(prefix)?.strip_suffix(b">")?;
    inner
        .split(|b| *b == b'.')
        .map(|n| {
            let digits = !n.is_empty() && n.iter().all(u8::is_ascii_digit);
            digits.then(|| std::str::from_utf8(n).ok()?.parse().ok())?
        })
        .collect()
}

/// The node word for the first number of an identifier's text: 0 is this node, others are atom indexes of
/// names met before. The creation is not in the text, so it is the one of any identifier.
fn node_word(number: u64) -> Option<u64> {
    if number == 0 {
        return Some(0);
    }
    let name = Atom::at(u32::try_from(number).ok()?)?;
    name.name().contains('@').then(|| node::word(name, 0))
}

fn list_to_pid<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let n = numbers(a[0], b"<").badarg()?;
    let [at, number, serial] = n[..] else {
        return Err(Stop::BADARG);
    };
    let word = node_word(at).badarg()?;
    if word != 0 {
        return Ok(p.heap.external_pid(word, number | serial << 32));
    }
    if number >> PID_NUMBER_BITS != 0 || serial >> (SMALL_BITS - PID_NUMBER_BITS) != 0 {
        return Err(Stop::BADARG);
    }
    Ok(Term::pid(Pid::from_data(
        number | serial << PID_NUMBER_BITS,
    )))
}

fn list_to_port<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let n = numbers(a[0], b"#Port<").badarg()?;
    let [at, number] = n[..] else {
        return Err(Stop::BADARG);
    };
    let word = node_word(at).badarg()?;
    if word != 0 {
        return Ok(p.heap.external_port(word, number));
    }
    if number >> SMALL_BITS != 0 {
        return Err(Stop::BADARG);
    }
    Ok(Term::port(PortId::from_data(number)))
}

/// The text has the most significant number first.
fn list_to_ref<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let n = numbers(a[0], b"#Ref<").badarg()?;
    let (at, rest) = n.split_first().badarg()?;
    let rest: Option<Vec<u32>> = rest.iter().rev().map(|v| u32::try_from(*v).ok()).collect();
    let rest = rest.badarg()?;
    if rest.is_empty() || rest.len() > 5 {
        return Err(Stop::BADARG);
    }
    let word = node_word(*at).badarg()?;
    if word != 0 {
        return Ok(p.heap.external_reference(word, &rest));
    }
    match rest[..] {
        [n0, n1, n2] => Ok(p.heap.reference(RefNumbers::new(n0, n1, n2))),
        [n0, n1, n2, number, serial] => {
            let pid = Pid::from_data(u64::from(number) | u64::from(serial) << PID_NUMBER_BITS);
            Ok(p.heap.pid_reference(RefNumbers::new(n0, n1, n2), pid))
        }
        _ => Err(Stop::BADARG),
    }
}
