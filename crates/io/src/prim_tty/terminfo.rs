//! Capabilities of the terminal by their terminfo names: what OTP 28 and later ask for.

use super::termcap::{TERMINAL, c_string, without_padding};
use crate::{args, atoms};
use corten_engine::bif::OrBadarg;
use corten_engine::{Args, BifResult, Process};
use corten_term::{Binary, Term, am, map};
use terminfo::capability::Value;
use terminfo::expand::{Context, Expand, Parameter};
use terminfo::{Database, names};

/// Parameters that a capability may have.
const PARAMETERS: usize = 9;

/// Finds the terminal that the environment names.
pub fn setupterm<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(match Database::from_env() {
        Ok(found) => {
            *TERMINAL.lock().unwrap_or_else(|e| e.into_inner()) = Some(found);
            Term::OK
        }
        Err(_) => {
            let what = [
                Term::atom(atoms::intern("setupterm")),
                Term::atom(atoms::intern("enoent")),
            ];
            p.heap.tuple(&[Term::atom(am::error), p.heap.tuple(&what)])
        }
    })
}

/// A text capability: false if the terminal has none of this name, an error if no terminal has.
pub fn tigetstr<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let name = c_string(a[0]).badarg()?;
    let long = names::ALIASES.get(name.as_str()).badarg()?;
    let known = names::TERMINFO.get(long) == Some(&name.as_str());
    names::STRING_INDEX.get(long).filter(|_| known).badarg()?;
    let terminal = TERMINAL.lock().unwrap_or_else(|e| e.into_inner());
    Ok(match terminal.as_ref().and_then(|t| t.raw(long)) {
        Some(Value::String(s)) => args::ok(p, p.heap.binary(s)),
        _ => Term::FALSE,
    })
}

/// Fills in the parameters, if there are any, and leaves delays out.
pub fn tputs<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let mut capability = args::iolist(a[0]).badarg()?;
    capability.truncate(
        capability
            .iter()
            .position(|b| *b == 0)
            .unwrap_or(capability.len()),
    );
    let given = a[1].to_vec().badarg()?;
    let numbers = given.iter().map(|t| args::int(*t));
    let mut parameters = numbers.collect::<Option<Vec<i32>>>().badarg()?;
    if !parameters.is_empty() {
        parameters.resize(PARAMETERS, 0);
        let parameters: Vec<_> = parameters.into_iter().map(Parameter::Number).collect();
        let mut out = Vec::new();
        let filled = capability[..].expand(&mut out, &parameters, &mut Context::default());
        if filled.is_err() {
            return Ok(args::error(p, am::badarg));
        }
        capability = out;
    }
    let bytes = Binary::from_bytes(&without_padding(&capability));
    Ok(args::ok(p, args::binary_of(p, bytes)))
}

/// The names of all capabilities there may be, by what their values are.
pub fn tinfo<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    let kinds = [
        ("bool", &names::BOOLEAN),
        ("num", &names::NUMBER),
        ("str", &names::STRING),
    ];
    let pairs = kinds.map(|(kind, table)| {
        let count = table.entries().map(|(i, _)| usize::from(*i) + 1).max();
        let mut list = Term::NIL;
        for i in 0..count.unwrap_or(0) {
            let Some(long) = table.get(&(i as u16)) else {
                continue;
            };
            if let (Some(name), Some(code)) = (names::TERMINFO.get(long), names::TERMCAP.get(long))
            {
                list = p.heap.cons(capability(p, name, code, long), list);
            }
        }
        (Term::atom(atoms::intern(kind)), list)
    });
    Ok(map::from_pairs(&p.heap, &pairs))
}

fn capability<'h>(p: &'h Process, name: &str, code: &str, full_name: &str) -> Term<'h> {
    let pairs = [("name", name), ("code", code), ("full_name", full_name)].map(|(key, text)| {
        let text = p.heap.latin1_string(text.as_bytes());
        (Term::atom(atoms::intern(key)), text)
    });
    map::from_pairs(&p.heap, &pairs)
}
