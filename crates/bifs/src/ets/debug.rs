//! What `erts_debug:get_internal_state/1` and `set_internal_state/2` tell OTP's tests about tables.

use super::registry::{self, Access};
use super::{scan, table};
use crate::prelude::*;

/// The answer to `get_internal_state(Key)`, if it is about tables.
pub fn get<'h>(p: &'h Process, key: Term<'h>) -> Option<Term<'h>> {
    match key.as_atom()?.name() {
        // Words of a table, and of what it has beyond that per extension of its buckets: nothing.
        "DbTable_words" => Some(
            p.heap
                .tuple(&[Term::small(table::TABLE_WORDS as i64), Term::small(0)]),
        ),
        // Counters are with the rows they count.
        "flxctr_memory_usage" => Some(Term::atom(am::notsup)),
        _ => None,
    }
}

/// The answer to `set_internal_state(Name, Value)`, if it is about tables.
pub fn set<'h>(p: &'h Process, name: Term<'h>, value: Term<'h>) -> Option<Term<'h>> {
    match name.as_atom()?.name() {
        "ets_force_trap" => {
            scan::force_steps(value.as_bool()?, true);
            Some(Term::OK)
        }
        // Our own: the reference engine knows nothing of it.
        "ets_force_unforeseen_trap" => {
            scan::force_steps(value.as_bool()?, false);
            Some(Term::OK)
        }
        "ets_force_split" | "ets_debug_random_split_join" => {
            let [tab, on] = value.as_tuple_of::<2>()?;
            let table = registry::table(p, *tab, Access::Any).ok()?;
            table.always_split(on.as_bool()?);
            Some(Term::OK)
        }
        // Names are found by their own hash: none collides more than others.
        "colliding_names" => {
            let [name, n] = value.as_tuple_of::<2>()?;
            let (base, n) = (name.as_atom()?, n.as_usize().filter(|n| *n <= 1000)?);
            let others = (1..n).map(|i| crate::util::named(&format!("{}{i}", base.name())));
            let names: Vec<_> = std::iter::once(base)
                .chain(others)
                .map(Term::atom)
                .collect();
            Some(p.heap.list(&names))
        }
        _ => None,
    }
}
