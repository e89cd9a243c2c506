//! What funs tell about themselves.

use crate::prelude::*;
use corten_engine::code::funs::{entry_of, references};
use corten_engine::code::purge::fun_is_loaded;
use corten_term::Pid;
use corten_term::fun::identity;
use corten_term::term::Fun;

pub const BIFS: &[Bif] = bifs![
    erlang:fun_info/2 => fun_info,
    erlang:fun_info_mfa/1 => fun_info_mfa,
];

/// Who made a fun is not kept; the reference engine names the first process.
const CREATOR: Pid = Pid::from_data(0);

/// Items that every fun has.
fn common<'h>(p: &'h Process, f: &Fun<'h>, item: &str) -> Option<Term<'h>> {
    let id = identity(f);
    Some(match item {
        "type" => crate::util::atom(if f.external { "external" } else { "local" }),
        "module" => Term::atom(id.module),
        // Without its code a fun does not know the name of its function.
        "name" if entry_of(f).is_some_and(|e| !fun_is_loaded(e)) => Term::NIL,
        "name" => Term::atom(id.function),
        "arity" => Term::small(i64::from(f.arity)),
        "env" => p.heap.list(f.free),
        _ => return None,
    })
}

/// Items that only local funs have; external ones answer `undefined`.
fn local<'h>(p: &'h Process, f: &Fun<'h>, item: &str) -> Option<Term<'h>> {
    if !matches!(
        item,
        "pid" | "index" | "uniq" | "new_index" | "new_uniq" | "refc"
    ) {
        return None;
    }
    let Some(entry) = entry_of(f) else {
        return Some(Term::UNDEFINED);
    };
    Some(match item {
        "pid" => Term::pid(CREATOR),
        "index" => p.heap.int(entry.old_index),
        "uniq" => p.heap.int(entry.old_uniq),
        "new_index" => Term::small(i64::from(entry.index)),
        "new_uniq" => p.heap.binary(&entry.uniq),
        _ => Term::small(references(entry) as i64),
    })
}

fn fun_info<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let f = a[0].as_fun().badarg()?;
    let item = a[1].as_atom().badarg()?.name();
    let value = common(p, &f, item)
        .or_else(|| local(p, &f, item))
        .badarg()?;
    Ok(p.heap.tuple(&[a[1], value]))
}

fn fun_info_mfa<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let f = a[0].as_fun().badarg()?;
    let id = identity(&f);
    Ok(p.heap.tuple(&[
        Term::atom(id.module),
        Term::atom(id.function),
        Term::small(i64::from(f.arity)),
    ]))
}
