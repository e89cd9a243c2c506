//! The machine behind the order of terms.
//!
//! Types are ordered number, atom, reference, fun, port, pid, tuple, native record, map, nil, list, bit string. Maps are
//! ordered by size, then by their keys, then by the values of the keys in order; keys compare exactly. A
//! large map's pairs lie in hash order, so its comparison collects what differs and looks for the least
//! key among it.
//!
//! What is still to be compared waits on an explicit stack, the comparison of large maps included.
//!
//! Known difference: the reference engine (27.3) goes on comparing exactly after it met two flat maps with
//! different keys among the values of atom keys, so that `-0.0` and `0.0`, or `1` and `1.0`, behind a lesser
//! atom then decide although they are equal. That is a slip of its state; we do not follow it.

use super::number::{self, Number};
use super::{atoms, bits, cmp, exact_eq, quick, reference_numbers, with_tuple};
use crate::fun;
use crate::layout::*;
use crate::map::{self, Leaves};
use crate::node;
use crate::record::Record;
use crate::term::{Fun, PidTerm, PortTerm, RefTerm};
use crate::{PID_NUMBER_BITS, Term};
use std::cmp::Ordering;

/// What happens when the comparison in progress comes out equal; large maps want to know either way.
enum Pending<'t> {
    Pair(Term<'t>, Term<'t>),
    /// Elements of two arrays of the same length.
    Arrays(&'t [Term<'t>], &'t [Term<'t>]),
    /// Pairs in the order from last to first.
    Pairs(Vec<(Term<'t>, Term<'t>)>),
    /// Atoms among the keys of two flat maps.
    AtomKeys(&'t [Term<'t>], &'t [Term<'t>]),
    /// The keys of a map are done: numbers compare by value again.
    ByValue,
    Map(LargeMaps<'t>),
}

struct Machine<'t> {
    stack: Vec<Pending<'t>>,
    exact: bool,
}

/// The order of two terms; `exact` is the order of map keys.
pub fn compare<'t>(a: Term<'t>, b: Term<'t>, exact: bool) -> Ordering {
    if let Some(o) = b.as_tuple().and_then(|b| with_tuple(a, b)) {
        return o;
    }
    // Keys of maps and tables are often such.
    if let (Some(x), Some(y)) = (a.as_bits(), b.as_bits()) {
        return bits(x, y);
    }
    let mut machine = Machine {
        stack: Vec::new(),
        exact,
    };
    let (mut a, mut b) = (a, b);
    loop {
        let result = machine.step(a, b);
        match machine.resume(result) {
            Ok(pair) => (a, b) = pair,
            Err(result) => return result,
        }
    }
}

/// Rank of a term's type; what is no value comes first or last.
fn rank(t: Term<'_>) -> i8 {
    match t.raw() & PRIMARY_MASK {
        PRIMARY_LIST => return 10,
        PRIMARY_BOXED => {}
        _ => {
            return match t.raw() & IMMEDIATE_MASK {
                TAG_SMALL => 0,
                TAG_PORT => 4,
                TAG_PID => 5,
                _ if t.is_atom() => 1,
                _ if t.is_nil() => 9,
                _ if t.raw() == LEAST => -1,
                _ => i8::MAX,
            };
        }
    }
    match t.boxed_sub() {
        Some(sub::POS_BIG | sub::NEG_BIG | sub::FLOAT) => 0,
        Some(sub::REF | sub::EXT_REF) => 2,
        Some(sub::FUN) => 3,
        Some(sub::EXT_PORT) => 4,
        Some(sub::EXT_PID) => 5,
        Some(sub::TUPLE) => 6,
        Some(sub::RECORD) => 7,
        Some(sub::MAP) => 8,
        Some(sub::HEAP_BITS | sub::SUB_BITS) => 11,
        _ => i8::MAX,
    }
}

/// The order of two terms unless both are lists, tuples, records, maps or funs.
#[inline]
fn shallow(a: Term<'_>, b: Term<'_>, exact: bool) -> Option<Ordering> {
    if let Some(o) = quick(a, b) {
        return Some(o);
    }
    let (ra, rb) = (rank(a), rank(b));
    if ra != rb {
        return Some(ra.cmp(&rb));
    }
    Some(match ra {
        0 => {
            let (x, y) = (Number::of(a)?, Number::of(b)?);
            if exact {
                number::cmp_exact(x, y)
            } else {
                number::cmp(x, y)
            }
        }
        2 => references(&a.as_reference()?, &b.as_reference()?),
        4 => ports(a.as_port()?, b.as_port()?),
        5 => pids(a.as_pid()?, b.as_pid()?),
        11 => bits(a.as_bits()?, b.as_bits()?),
        3 | 6 | 7 | 8 | 10 => return None,
        _ => a.raw().cmp(&b.raw()),
    })
}

impl<'t> Machine<'t> {
    /// Compares two terms as far as their own words tell. What they hold goes on the stack, and the
    /// answer is `Equal` for the time being.
    fn step(&mut self, mut a: Term<'t>, mut b: Term<'t>) -> Ordering {
        loop {
            if let Some(o) = shallow(a, b, self.exact) {
                return o;
            }
            let (Some((x, xs)), Some((y, ys))) = (a.as_cons(), b.as_cons()) else {
                return self.container(a, b).unwrap_or(Ordering::Equal);
            };
            (a, b) = match shallow(x, y, self.exact) {
                Some(Ordering::Equal) => (xs, ys),
                Some(o) => return o,
                None => {
                    self.stack.push(Pending::Pair(xs, ys));
                    (x, y)
                }
            };
        }
    }

    /// Two different funs, tuples, records or maps.
    fn container(&mut self, a: Term<'t>, b: Term<'t>) -> Option<Ordering> {
        if let (Some(x), Some(y)) = (a.as_tuple(), b.as_tuple()) {
            return Some(self.arrays(x, y));
        }
        if let (Some(x), Some(y)) = (a.as_fun(), b.as_fun()) {
            return Some(self.funs(x, y));
        }
        if let (Some(x), Some(y)) = (a.as_record(), b.as_record()) {
            return Some(self.records(x, y));
        }
        let by_size = a.map_size()?.cmp(&b.map_size()?);
        if by_size.is_eq() {
            match (a.as_flat_map(), b.as_flat_map()) {
                (Some(x), Some(y)) => self.flat_maps(x, y),
                _ => {
                    let large = LargeMaps::new(a, b, self.exact);
                    self.stack.push(Pending::Map(large));
                }
            }
        }
        Some(by_size)
    }

    /// The shorter array is less; otherwise element by element.
    fn arrays(&mut self, x: &'t [Term<'t>], y: &'t [Term<'t>]) -> Ordering {
        let by_length = x.len().cmp(&y.len());
        if by_length.is_ne() {
            return by_length;
        }
        for (i, (a, b)) in x.iter().zip(y).enumerate() {
            match shallow(*a, *b, self.exact) {
                Some(Ordering::Equal) => {}
                Some(o) => return o,
                None => {
                    self.stack.push(Pending::Arrays(&x[i..], &y[i..]));
                    break;
                }
            }
        }
        Ordering::Equal
    }

    /// By definition: module, name, whether exported, number of fields, their names; then by the values. Fields come
    /// in the order of the definition.
    fn records(&mut self, x: Record<'t>, y: Record<'t>) -> Ordering {
        let (a, b) = (x.definition(), y.definition());
        let names = |r: Record<'t>| r.ordered().filter_map(|(name, _)| name.as_atom());
        let by_definition = if a.term().same(b.term()) {
            Ordering::Equal
        } else {
            cmp(a.module(), b.module())
                .then_with(|| cmp(a.name(), b.name()))
                .then_with(|| a.exported().cmp(&b.exported()))
                .then_with(|| a.fields().len().cmp(&b.fields().len()))
                .then_with(|| {
                    let mut pairs = names(x).zip(names(y)).map(|(i, j)| atoms(i, j));
                    pairs.find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
                })
        };
        if by_definition.is_eq() {
            let values = x.ordered().rev().zip(y.ordered().rev());
            let pairs = values.map(|((_, v), (_, w))| (v, w)).collect();
            self.stack.push(Pending::Pairs(pairs));
        }
        by_definition
    }

    fn funs(&mut self, x: Fun<'t>, y: Fun<'t>) -> Ordering {
        let by_kind = x.external.cmp(&y.external);
        if by_kind.is_ne() {
            return by_kind;
        }
        let by_code = if x.entry == y.entry {
            Ordering::Equal
        } else {
            let (i, j) = (fun::identity(&x), fun::identity(&y));
            let by_module = atoms(i.module, j.module);
            if x.external {
                return by_module
                    .then_with(|| atoms(i.function, j.function))
                    .then(i.arity.cmp(&j.arity));
            }
            let uniq = (i.uniq as i32).cmp(&(j.uniq as i32));
            by_module.then(i.index.cmp(&j.index)).then(uniq)
        };
        by_code.then_with(|| self.arrays(x.free, y.free))
    }

    /// Flat maps of the same size. Keys are sorted, atoms by index: numbers come first, then the atoms,
    /// then the rest.
    fn flat_maps(
        &mut self,
        (ka, va): (&'t [Term<'t>], &'t [Term<'t>]),
        (kb, vb): (&'t [Term<'t>], &'t [Term<'t>]),
    ) {
        if self.exact {
            // The order of maps that are keys is only there to be some order: keys as they lie.
            self.stack.push(Pending::Arrays(va, vb));
            self.stack.push(Pending::Arrays(ka, kb));
            return;
        }
        let n = ka.len();
        let atoms_from = (0..n)
            .find(|&i| ka[i].is_atom() && kb[i].is_atom())
            .unwrap_or(n);
        let rest_from = (atoms_from..n)
            .find(|&i| !ka[i].is_atom() && !kb[i].is_atom())
            .unwrap_or(n);
        let s = &mut self.stack;
        s.push(Pending::Arrays(&va[rest_from..], &vb[rest_from..]));
        if ka.iter().zip(kb).all(|(x, y)| !x.is_atom() || x.same(*y)) {
            // Only if the atoms are the same do their values count.
            let mut named: Vec<_> = (atoms_from..rest_from)
                .filter(|&i| !va[i].same(vb[i]))
                .filter_map(|i| Some((ka[i].as_atom()?.name(), (va[i], vb[i]))))
                .collect();
            named.sort_unstable_by(|x, y| y.0.cmp(x.0));
            s.push(Pending::Pairs(named.into_iter().map(|(_, v)| v).collect()));
        }
        s.push(Pending::Arrays(&va[..atoms_from], &vb[..atoms_from]));
        s.push(Pending::ByValue);
        s.push(Pending::Arrays(&ka[rest_from..], &kb[rest_from..]));
        s.push(Pending::AtomKeys(
            &ka[atoms_from..rest_from],
            &kb[atoms_from..rest_from],
        ));
        s.push(Pending::Arrays(&ka[..atoms_from], &kb[..atoms_from]));
        self.exact = true;
    }

    /// Goes on after a comparison: the next pair to compare, or the answer to everything.
    fn resume(&mut self, mut result: Ordering) -> Result<(Term<'t>, Term<'t>), Ordering> {
        loop {
            let Some(top) = self.stack.last_mut() else {
                return Err(result);
            };
            match top {
                Pending::Map(maps) => match maps.answer(result) {
                    Ok((a, b, exact)) => {
                        self.exact = exact;
                        return Ok((a, b));
                    }
                    Err(verdict) => {
                        self.exact = maps.exact;
                        result = verdict;
                    }
                },
                _ if result.is_ne() => {}
                Pending::Pair(a, b) => {
                    let pair = (*a, *b);
                    self.stack.pop();
                    return Ok(pair);
                }
                Pending::Arrays(xs, ys) => {
                    let differs = xs.iter().zip(ys.iter()).position(|(x, y)| !x.same(*y));
                    if let Some(i) = differs {
                        let pair = (xs[i], ys[i]);
                        (*xs, *ys) = (&xs[i + 1..], &ys[i + 1..]);
                        return Ok(pair);
                    }
                }
                Pending::Pairs(pairs) => {
                    if let Some(pair) = pairs.pop() {
                        return Ok(pair);
                    }
                }
                Pending::AtomKeys(x, y) => result = atom_keys(x, y),
                Pending::ByValue => self.exact = false,
            }
            self.stack.pop();
        }
    }
}

/// Sets of atoms, sorted by index, with other keys strewn in where the other side has atoms. The set that
/// holds the least atom that the other lacks is less.
fn atom_keys(x: &[Term<'_>], y: &[Term<'_>]) -> Ordering {
    let only = |these: &[Term<'_>], those: &[Term<'_>]| {
        these
            .iter()
            .filter(|k| !those.iter().any(|o| o.same(**k)))
            .filter_map(|k| k.as_atom().map(|a| a.name()))
            .min()
    };
    match (only(x, y), only(y, x)) {
        (Some(a), Some(b)) => a.cmp(b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}

fn references(a: &RefTerm<'_>, b: &RefTerm<'_>) -> Ordering {
    node::order(a.node, b.node).then_with(|| reference_numbers(a.numbers(), b.numbers()))
}

fn ports(a: PortTerm, b: PortTerm) -> Ordering {
    node::order(a.node, b.node).then(a.data.cmp(&b.data))
}

/// By serial, number and, last, node.
fn pids(a: PidTerm, b: PidTerm) -> Ordering {
    let parts = |p: PidTerm| {
        let bits = if p.node == 0 { PID_NUMBER_BITS } else { 32 };
        (p.data >> bits, p.data & ((1 << bits) - 1))
    };
    parts(a)
        .cmp(&parts(b))
        .then_with(|| node::order(a.node, b.node))
}

/// Two large maps of the same size: what differs between them, and the least differing key so far.
struct LargeMaps<'t> {
    differences: Vec<Difference<'t>>,
    least: Option<(Term<'t>, Ordering)>,
    asked: Asked,
    /// How values are compared.
    exact: bool,
}

struct Difference<'t> {
    key: Term<'t>,
    verdict: Verdict<'t>,
}

/// What the maps' order is if this difference is the least.
enum Verdict<'t> {
    /// Only one map has the key: that map is less.
    Known(Ordering),
    /// The order of the values.
    Values(Term<'t>, Term<'t>),
}

/// What the machine compares for us; always about the last difference.
enum Asked {
    Nothing,
    /// Its key with the least one.
    Key,
    Values,
}

impl<'t> LargeMaps<'t> {
    fn new(a: Term<'t>, b: Term<'t>, exact: bool) -> LargeMaps<'t> {
        let mut differences = Vec::new();
        let mut same_keys = true;
        for ((ka, va), (kb, vb)) in Leaves::new(a).zip(Leaves::new(b)) {
            if !exact_eq(ka, kb) {
                same_keys = false;
                break;
            }
            if !va.same(vb) {
                differences.push(Difference {
                    key: ka,
                    verdict: Verdict::Values(va, vb),
                });
            }
        }
        if !same_keys {
            // Values do not matter any more.
            differences.clear();
            differences.extend(only_in(a, b, Ordering::Less));
            differences.extend(only_in(b, a, Ordering::Greater));
        }
        LargeMaps {
            differences,
            least: None,
            asked: Asked::Nothing,
            exact,
        }
    }

    /// Takes the answer to the question asked before. Asks the next one (with its exactness), or tells
    /// the order of the maps.
    fn answer(&mut self, result: Ordering) -> Result<(Term<'t>, Term<'t>, bool), Ordering> {
        let mut known_less = match self.asked {
            Asked::Nothing => false,
            Asked::Key if result.is_lt() => true,
            Asked::Key => {
                self.differences.pop();
                false
            }
            Asked::Values => {
                if let Some(d) = self.differences.pop()
                    && result.is_ne()
                {
                    self.least = Some((d.key, result));
                }
                false
            }
        };
        while let Some(d) = self.differences.last() {
            match (self.least, &d.verdict) {
                (Some((least, _)), _) if !known_less => {
                    self.asked = Asked::Key;
                    return Ok((d.key, least, true));
                }
                (_, Verdict::Known(o)) => {
                    self.least = Some((d.key, *o));
                    self.differences.pop();
                }
                (_, Verdict::Values(x, y)) => {
                    self.asked = Asked::Values;
                    return Ok((*x, *y, self.exact));
                }
            }
            known_less = false;
        }
        Err(self.least.map_or(Ordering::Equal, |(_, o)| o))
    }
}

fn only_in<'t>(
    these: Term<'t>,
    those: Term<'t>,
    order: Ordering,
) -> impl Iterator<Item = Difference<'t>> {
    Leaves::new(these)
        .filter(move |(k, _)| map::get(those, *k).is_none())
        .map(move |(key, _)| Difference {
            key,
            verdict: Verdict::Known(order),
        })
}
