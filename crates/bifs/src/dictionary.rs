//! The process dictionary.

use crate::prelude::*;
use crate::util::same;

pub const BIFS: &[Bif] = bifs![
    erlang:get/0 => get_0,
    erlang:get/1 => get_1,
    erlang:get_keys/0 => get_keys_0,
    erlang:get_keys/1 => get_keys_1,
    erlang:put/2 => put,
    erlang:erase/0 => erase_0,
    erlang:erase/1 => erase_1,
];

fn all<'h>(p: &'h Process) -> Term<'h> {
    let pairs: Vec<_> = p
        .dictionary_pairs()
        .into_iter()
        .map(|(k, v)| p.heap.tuple(&[k, v]))
        .collect();
    p.heap.list(&pairs)
}

fn get_0<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(all(p))
}

fn get_1<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(p.dictionary.get(a[0]).unwrap_or(Term::UNDEFINED))
}

fn keys<'h>(p: &'h Process, wanted: impl Fn(Term<'h>) -> bool) -> Term<'h> {
    let keys: Vec<_> = p
        .dictionary_pairs()
        .into_iter()
        .filter(|(_, v)| wanted(*v))
        .map(|(k, _)| k)
        .collect();
    p.heap.list(&keys)
}

fn get_keys_0<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(keys(p, |_| true))
}

fn get_keys_1<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(keys(p, |v| same(v, a[0])))
}

fn put<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(p.dictionary.put(a[0], a[1]).unwrap_or(Term::UNDEFINED))
}

fn erase_0<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    let pairs = all(p);
    p.dictionary.clear();
    Ok(pairs)
}

fn erase_1<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(p.dictionary.erase(a[0]).unwrap_or(Term::UNDEFINED))
}
