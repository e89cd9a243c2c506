//! Making, filling, reading and dropping tables.

use super::registry::{self, Access, at, table};
use super::rubble;
use super::scan::{self, Op};
use super::table::{Fixation, Heir, Options, Rows, Table, TableRef, WriteConcurrency};
use super::tree::Range;
use super::{Kind, Protection};
use corten_engine::bif::OrBadarg;
use corten_engine::{Args, Bif, BifResult, Process, Stop, bifs};
use corten_term::{OwnedTerm, Row, Term, am, compare, copy};
use std::ops::ControlFlow;

pub const BIFS: &[Bif] = bifs![
    ets:new/2 => new,
    ets:lookup/2 => lookup,
    ets:lookup_element/3 => lookup_element_3,
    ets:lookup_element/4 => lookup_element_4,
    ets:member/2 => member,
    ets:delete/1 => delete_1,
    ets:delete/2 => delete_2,
    ets:delete_object/2 => delete_object,
    ets:take/2 => take,
    ets:rename/2 => rename,
    ets:give_away/3 => give_away,
    ets:setopts/2 => setopts,
    ets:whereis/1 => whereis,
    ets:safe_fixtable/2 => safe_fixtable,
    ets:internal_delete_all/2 => internal_delete_all,
];

/// `{heir, Pid, Data}`.
fn heir_of(pid: Term<'_>, data: Term<'_>) -> Option<Heir> {
    Some(Heir {
        pid: pid.as_local_pid()?,
        data: OwnedTerm::new(data),
    })
}

struct Wanted {
    options: Options,
    heir: Option<Heir>,
}

fn parse_options(list: Term<'_>) -> Option<Wanted> {
    let mut w = Wanted {
        options: Options {
            kind: Kind::Set,
            protection: Protection::Protected,
            keypos: 1,
            named: false,
            compressed: false,
            read_concurrency: false,
            write_concurrency: WriteConcurrency::Off,
            decentralized_counters: false,
        },
        heir: None,
    };
    let mut counters = None;
    for option in list.to_vec()? {
        let o = &mut w.options;
        if let Some(a) = option.as_atom() {
            match a {
                am::bag => o.kind = Kind::Bag,
                am::duplicate_bag => o.kind = Kind::DuplicateBag,
                am::ordered_set => {
                    o.kind = Kind::OrderedSet;
                    o.decentralized_counters = true;
                }
                am::public => o.protection = Protection::Public,
                am::private => o.protection = Protection::Private,
                am::named_table => o.named = true,
                am::compressed => o.compressed = true,
                // Defaults, which do not undo what came before: so it is in the reference engine.
                am::set | am::protected => {}
                _ => return None,
            }
            continue;
        }
        match option.as_tuple()? {
            [k, v] if k.is(am::keypos) => o.keypos = v.as_usize().filter(|n| *n > 0)?,
            [k, v] if k.is(am::write_concurrency) => {
                o.write_concurrency = match (v.as_bool(), v.as_tuple_of::<2>()) {
                    (Some(true), _) => {
                        if o.kind != Kind::OrderedSet {
                            o.decentralized_counters = false;
                        }
                        WriteConcurrency::On
                    }
                    (Some(false), _) => WriteConcurrency::Off,
                    (None, Some([tag, n])) if tag.is(am::debug_hash_fixed_number_of_locks) => {
                        let n = n.as_small().filter(|n| (1..=32768).contains(n))?;
                        o.decentralized_counters = true;
                        // Rounded down to a power of two.
                        WriteConcurrency::Locks(1 << n.ilog2())
                    }
                    _ if v.is(am::auto) => {
                        o.decentralized_counters = true;
                        WriteConcurrency::Auto
                    }
                    _ => return None,
                }
            }
            [k, v] if k.is(am::read_concurrency) => o.read_concurrency = v.as_bool()?,
            [k, v] if k.is(am::decentralized_counters) => counters = Some(v.as_bool()?),
            [k, v] if k.is(am::heir) && v.is(am::none) => w.heir = None,
            [k, pid, data] if k.is(am::heir) => w.heir = Some(heir_of(*pid, *data)?),
            _ => return None,
        }
    }
    if let Some(c) = counters {
        w.options.decentralized_counters = c;
    }
    if w.options.protection == Protection::Private {
        w.options.write_concurrency = WriteConcurrency::Off;
        w.options.read_concurrency = false;
    }
    if w.options.write_concurrency == WriteConcurrency::Off {
        w.options.decentralized_counters = false;
    }
    if w.options.kind == Kind::OrderedSet
        && matches!(w.options.write_concurrency, WriteConcurrency::Locks(_))
    {
        return None;
    }
    Some(w)
}

fn new<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let name = a[0].as_atom().badarg()?;
    let w = parse_options(a[1]).badarg()?;
    let t = TableRef::new(Table::new(name, w.options, p.pid()));
    registry::add(t.clone())
        .map_err(|registry::NameTaken| Stop::badarg_because(am::already_exists))?;
    registry::set_heir(&t, w.heir);
    Ok(registry::id_term(&t, &p.heap))
}

fn copies<'h>(p: &'h Process, rows: &[&Row]) -> Term<'h> {
    p.bump_reductions(rows.len() / 8);
    rows.iter()
        .rev()
        .fold(Term::NIL, |tail, r| p.heap.cons(r.copy_to(&p.heap), tail))
}

fn lookup<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let t = at(p, a[0], Access::Read)?;
    let (rows, hash) = t.read(a[1])?;
    if t.kind().is_set() {
        return Ok(match rows.get(hash, a[1]) {
            Some(r) => p.heap.cons(r.copy_to(&p.heap), Term::NIL),
            None => Term::NIL,
        });
    }
    Ok(copies(p, &rows.lookup(hash, a[1])))
}

fn lookup_element<'h>(p: &'h Process, a: Args<'h>, default: Option<Term<'h>>) -> BifResult<'h> {
    let t = at(p, a[0], Access::Read)?;
    let pos = a[2].as_usize().filter(|n| *n > 0).badarg()?;
    let element = |r: &Row| -> BifResult<'h> {
        Ok(copy::copy(*r.elements().get(pos - 1).badarg()?, &p.heap))
    };
    let (rows, hash) = t.read(a[1])?;
    if t.kind().is_set() {
        return match (rows.get(hash, a[1]), default) {
            (Some(row), _) => element(row),
            (None, Some(default)) => Ok(default),
            (None, None) => Err(Stop::badarg_because(am::badkey)),
        };
    }
    let found = rows.lookup(hash, a[1]);
    if found.is_empty() {
        return default.ok_or(Stop::badarg_because(am::badkey));
    }
    let out: Vec<_> = found.into_iter().map(element).collect::<Result<_, _>>()?;
    Ok(p.heap.list(&out))
}

fn lookup_element_3<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    lookup_element(p, a, None)
}
fn lookup_element_4<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    lookup_element(p, a, Some(a[3]))
}

fn member<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let t = at(p, a[0], Access::Read)?;
    let (rows, hash) = t.read(a[1])?;
    Ok(Term::bool(rows.get(hash, a[1]).is_some()))
}

fn delete_1<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let t = table(p, a[0], Access::Write)?;
    registry::remove(&t);
    rubble::clear(p, t.take_rows(), Term::TRUE)
}

fn delete_2<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let t = at(p, a[0], Access::Write)?;
    let (mut rows, hash) = t.write(a[1])?;
    rows.remove(hash, a[1], t.fixation(), |_| true);
    Ok(Term::TRUE)
}

fn delete_object<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let t = at(p, a[0], Access::Write)?;
    let key = t.key_of(a[1]).badarg()?;
    let (mut rows, hash) = t.write(key)?;
    rows.remove(hash, key, t.fixation(), |r| {
        compare::exact_eq(r.object(), a[1])
    });
    Ok(Term::TRUE)
}

fn take<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let t = at(p, a[0], Access::Write)?;
    let (mut rows, hash) = t.write(a[1])?;
    let out = copies(p, &rows.lookup(hash, a[1]));
    rows.remove(hash, a[1], t.fixation(), |_| true);
    Ok(out)
}

fn rename<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let t = table(p, a[0], Access::Write)?;
    let name = a[1].as_atom().badarg()?;
    registry::rename(&t, name).map_err(|registry::NameTaken| Stop::BADARG)?;
    Ok(registry::id_term(&t, &p.heap))
}

fn give_away<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let t = table(p, a[0], Access::Write)?;
    let to = a[1].as_local_pid().badarg()?;
    if !corten_engine::node().processes.is_alive(to) {
        return Err(Stop::BADARG);
    }
    if t.owner() != p.pid() {
        return Err(Stop::badarg_because(am::not_owner));
    }
    if to == p.pid() {
        return Err(Stop::badarg_because(am::owner));
    }
    registry::change_owner(&t, to);
    registry::transfer_message(&t, p.pid(), to, a[2]);
    Ok(Term::TRUE)
}

fn setopts<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let t = table(p, a[0], Access::Write)?;
    let options = if a[1].is_tuple() {
        vec![a[1]]
    } else {
        a[1].to_vec().badarg()?
    };
    let (mut heir, mut protection) = (None, None);
    for o in options {
        match o.as_tuple().badarg()? {
            [k, v] if k.is(am::heir) && v.is(am::none) && heir.is_none() => heir = Some(None),
            [k, pid, data] if k.is(am::heir) && heir.is_none() => {
                heir = Some(Some(heir_of(*pid, *data).badarg()?))
            }
            [k, v] if k.is(am::protection) && protection.is_none() => {
                protection = Some(match v.as_atom().badarg()? {
                    am::private => Protection::Private,
                    am::protected => Protection::Protected,
                    am::public => Protection::Public,
                    _ => return Err(Stop::BADARG),
                })
            }
            _ => return Err(Stop::BADARG),
        }
    }
    if t.owner() != p.pid() {
        return Err(Stop::BADARG);
    }
    if let Some(h) = heir {
        registry::set_heir(&t, h);
    }
    if let Some(pr) = protection {
        t.set_protection(pr);
    }
    Ok(Term::TRUE)
}

fn whereis<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let found = registry::whereis(a[0].as_atom().badarg()?);
    Ok(found.map_or(Term::UNDEFINED, |t| p.heap.magic_reference(t.magic())))
}

fn safe_fixtable<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let t = table(p, a[0], Access::Read)?;
    if a[1].as_bool().badarg()? {
        t.fix(
            p.pid(),
            (
                corten_engine::time::monotonic(),
                corten_engine::time::system(),
            ),
        );
        registry::note_interest(p.pid(), &t);
    } else {
        t.unfix(p.pid());
    }
    Ok(Term::TRUE)
}

/// `delete_all_objects` calls this with the table: how many rows there were. With what it has left it calls itself.
fn internal_delete_all<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    if rubble::is_rest(a[0]) {
        return rubble::drop_rows(p, a);
    }
    if a[0].is_tuple() {
        return scan::resume(p, a[0]);
    }
    let t = table(p, a[0], Access::Write)?;
    if t.fixation() != Fixation::None {
        return scan::all(p, Op::DeleteAll, &t, None);
    }
    let rows = t.take_rows();
    let n: isize = rows.iter().map(Rows::len).sum();
    rubble::clear_all(p, rows, p.heap.int(n as i64))
}

/// Shows every row that takes memory, removed ones that a fixation keeps included.
pub fn for_each_row(t: &Table, mut f: impl FnMut(&Row)) {
    for shard in t.shards() {
        if let Rows::Hash(h) = &*shard.read_long() {
            (0..h.buckets()).for_each(|b| h.kept(b).for_each(&mut f));
        }
    }
    let _ = t.walk(Range::default(), false, false, |row| {
        f(row.row());
        ControlFlow::<()>::Continue(())
    });
}
