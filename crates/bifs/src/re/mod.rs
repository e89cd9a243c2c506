//! Module `re`: regular expressions. PCRE2 (`corten_pcre`) does the matching; what OTP 27's library of
//! another generation (PCRE 8.45) does differently is settled in [`translate`] and [`error_text`].
//!
//! - [`options`]: option lists. [`pattern`]: compiled patterns as terms, and the shared cache of code.
//! - [`capture`]: what of a match is returned. [`run`]: `run/2,3` and `internal_run/4`.
//!
//! A compiled pattern is `{re_pattern, Groups, Unicode, CrLf, Binary}`. The binary holds source and options,
//! never code, so it may be stored, sent and tampered with. `re:version/0` is PCRE2's with our
//! name, which tells Elixir that patterns compiled into `.beam` files by another engine need compiling anew.
//!
//! Known differences to PCRE 8.45: recursion into a group is not atomic; PCRE2's newer syntax (`(?^`, `(*pla:`,
//! `\N{U+…}`) is accepted; empty group names (`(?''…)`) and `\c` before a control character are errors; of several
//! errors in a pattern another one may be reported; limits of steps count alike, not the same. An offset behind
//! the subject is `badarg` (OTP 27 kills the process).

mod capture;
mod error_text;
mod options;
mod pattern;
mod run;
mod translate;

use crate::iolist;
use crate::prelude::*;
use crate::util::is_atom_named;
use corten_engine::code::export;
use options::Parsed;
use pattern::Stored;
pub use run::set_slice;

pub const BIFS: &[Bif] = bifs![
    re:version/0 => version,
    re:compile/1 => compile_1,
    re:compile/2 => compile_2,
    re:inspect/2 => inspect,
    re:import/1 => import,
    re:run/2 => run::run_2,
    re:run/3 => run::run_3,
    re:internal_run/4 => run::internal_run,
    erlang:re_run_trap/3 => run::long_run [DIRTY_CPU],
];

fn version<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    let text = format!("{} corten", corten_pcre::version());
    Ok(p.heap.binary(text.as_bytes()))
}

fn compile_1<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    compile(p, a[0], Term::NIL)
}
fn compile_2<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    compile(p, a[0], a[1])
}

fn compile<'h>(p: &'h Process, re: Term<'h>, options: Term<'h>) -> BifResult<'h> {
    let parsed = Parsed::from_list(options)?;
    if parsed.run_only {
        return Err(Stop::badarg_because(am::badopt));
    }
    if parsed.is_unicode() && !re.is_bitstring() {
        return Err(trap(am::ucompile, &[re, options]));
    }
    let source = iolist::charged(p, re)?;
    let stored = Stored::new(&source, &parsed);
    Ok(match pattern::code(&stored) {
        Ok(_) if parsed.export => {
            let exported = exported(p, &source, options, parsed.is_unicode());
            p.heap.tuple(&[Term::atom(am::ok), exported])
        }
        Ok(entry) => {
            let term = stored.term(p, &entry, parsed.is_unicode());
            p.heap.tuple(&[Term::atom(am::ok), term])
        }
        Err(e) => p.heap.tuple(&[Term::atom(am::error), e.term(p)]),
    })
}

/// `import({re_exported_pattern, Header, Source, Options, Code})`, since OTP 28: a pattern that another node
/// has compiled, maybe long ago. Its code is not for us, so source and options are compiled.
fn import<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let [tag, header, source, options, code] = a[0].as_tuple_of::<5>().badarg()?;
    let header = header.to_bytes().badarg()?;
    let good = is_atom_named(*tag, "re_exported_pattern")
        && header.starts_with(EXPORT_MARK)
        && header.len() == EXPORT_HEADER
        && source.is_binary()
        && code.is_binary();
    if !good {
        return Err(Stop::BADARG);
    }
    let mut options = options.to_vec().badarg()?;
    options.retain(|o| !is_atom_named(*o, "export"));
    let compiled = compile(p, *source, p.heap.list(&options))?;
    match compiled.as_tuple() {
        Some([ok, pattern]) if ok.is(am::ok) => Ok(*pattern),
        _ => Err(Stop::BADARG),
    }
}

/// Header, source, options, and no code: who imports the pattern compiles it, as it does whenever the code is not its
/// own.
fn exported<'h>(p: &'h Process, source: &[u8], options: Term<'h>, unicode: bool) -> Term<'h> {
    let mut header = EXPORT_MARK.to_vec();
    // A checksum of the code; a version that no engine has, so that each compiles the source; whether it is UTF-8.
    header.extend_from_slice(&[0, 0, 0, 0, 0, u8::from(unicode)]);
    p.heap.tuple(&[
        crate::util::atom("re_exported_pattern"),
        p.heap.binary(&header),
        p.heap.binary(source),
        options,
        p.heap.binary(&[]),
    ])
}

/// What the header of an exported pattern begins with, and its bytes.
const EXPORT_MARK: &[u8] = b"re-PCRE2";
const EXPORT_HEADER: usize = EXPORT_MARK.len() + 6;

/// Continues in the Erlang code of the module.
fn trap<'h>(function: Atom, args: &[Term<'h>]) -> Stop<'h> {
    let arity = args.len() as u8;
    Stop::Trap(export(am::re, function, arity), args.to_vec())
}

/// `inspect(Pattern, namelist)`: the names of groups, each once, sorted.
fn inspect<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let compiled = pattern::Compiled::from_term(a[0]).badarg()?;
    if !a[1].is(am::namelist) {
        return Err(Stop::BADARG);
    }
    let stored = compiled.stored().badarg()?;
    let entry = pattern::code(&stored).map_err(|_| Stop::BADARG)?;
    let mut names: Vec<&[u8]> = entry.code().names().iter().map(|(n, _)| *n).collect();
    if entry.code().has_dupnames() {
        names.dedup();
    }
    let names: Vec<_> = names.iter().map(|n| p.heap.binary(n)).collect();
    Ok(p.heap
        .tuple(&[Term::atom(am::namelist), p.heap.list(&names)]))
}
