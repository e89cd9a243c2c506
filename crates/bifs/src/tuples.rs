//! Tuples: elements, building, converting.

use crate::prelude::*;
use crate::util::elements;
use corten_term::layout::TUPLE_MAX_ARITY;

pub const BIFS: &[Bif] = bifs![
    erlang:element/2 => element [GUARD],
    erlang:setelement/3 => setelement,
    erlang:make_tuple/2 => make_tuple_2,
    erlang:make_tuple/3 => make_tuple_3,
    erlang:append_element/2 => append_element,
    erlang:insert_element/3 => insert_element,
    erlang:delete_element/2 => delete_element,
    erlang:tuple_to_list/1 => tuple_to_list,
    erlang:list_to_tuple/1 => list_to_tuple,
    erlang:tuple_size/1 => tuple_size [GUARD],
];

/// A position counted from one, as an index below `limit`.
fn index(t: Term<'_>, limit: usize) -> Option<usize> {
    let i = usize::try_from(t.as_small()?).ok()?.checked_sub(1)?;
    (i < limit).then_some(i)
}

fn element<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let e = a[1].as_tuple().badarg()?;
    Ok(e[index(a[0], e.len()).badarg()?])
}

fn setelement<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let e = a[1].as_tuple().badarg()?;
    let i = index(a[0], e.len()).badarg()?;
    let mut new = e.to_vec();
    new[i] = a[2];
    Ok(p.heap.tuple(&new))
}

fn arity<'h>(t: Term<'h>) -> Result<usize, Stop<'h>> {
    let n = t
        .as_small()
        .and_then(|n| usize::try_from(n).ok())
        .badarg()?;
    if n > TUPLE_MAX_ARITY {
        return Err(Stop::BADARG);
    }
    Ok(n)
}

fn make_tuple_2<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let n = arity(a[0])?;
    Ok(p.heap.tuple(&vec![a[1]; n]))
}

fn make_tuple_3<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let mut e = vec![a[1]; arity(a[0])?];
    for item in elements(a[2])? {
        let [at, value] = item.as_tuple_of::<2>().badarg()?;
        let i = index(*at, e.len()).badarg()?;
        e[i] = *value;
    }
    Ok(p.heap.tuple(&e))
}

fn grown<'h>(p: &'h Process, e: &[Term<'h>], at: usize, value: Term<'h>) -> BifResult<'h> {
    if e.len() >= TUPLE_MAX_ARITY {
        return Err(Stop::BADARG);
    }
    let mut new = Vec::with_capacity(e.len() + 1);
    new.extend_from_slice(&e[..at]);
    new.push(value);
    new.extend_from_slice(&e[at..]);
    Ok(p.heap.tuple(&new))
}

fn append_element<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let e = a[0].as_tuple().badarg()?;
    grown(p, e, e.len(), a[1])
}

fn insert_element<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let e = a[1].as_tuple().badarg()?;
    let at = index(a[0], e.len() + 1).badarg()?;
    grown(p, e, at, a[2])
}

fn delete_element<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let e = a[1].as_tuple().badarg()?;
    let mut new = e.to_vec();
    new.remove(index(a[0], e.len()).badarg()?);
    Ok(p.heap.tuple(&new))
}

fn tuple_to_list<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(p.heap.list(a[0].as_tuple().badarg()?))
}

fn list_to_tuple<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let e = elements(a[0])?;
    if e.len() > TUPLE_MAX_ARITY {
        return Err(Stop::BADARG);
    }
    Ok(p.heap.tuple(&e))
}

fn tuple_size<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(Term::small(a[0].as_tuple().badarg()?.len() as i64))
}
