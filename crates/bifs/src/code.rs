//! Loading, deleting and asking about code: thin wrappers over the engine's code server.

use crate::prelude::*;
use crate::util::atom;
use corten_engine::code::server::{self, Prepared};
use corten_engine::code::{Codec, Loaded, export, find_export, funs, literals, lower, nif, purge};
use corten_engine::signal::node::Task;
use corten_engine::{logger, node};
use corten_loader::BeamFile;
use corten_term::Pid;
use corten_term::etf::{self, DecodeOptions, EtfContext};
use corten_term::reference::Magic;

pub const BIFS: &[Bif] = bifs![
    erts_internal:prepare_loading/2 => prepare_loading,
    erlang:has_prepared_code_on_load/1 => has_prepared_code_on_load,
    erlang:finish_loading/1 => finish_loading,
    erlang:call_on_load_function/1 => call_on_load_function,
    erlang:finish_after_on_load/2 => finish_after_on_load,
    erlang:delete_module/1 => delete_module,
    erlang:check_old_code/1 => check_old_code,
    erts_internal:purge_module/2 => purge_module,
    erts_literal_area_collector:release_area_switch/0 => release_area_switch,
    erts_literal_area_collector:send_copy_request/3 => send_copy_request,
    erlang:module_loaded/1 => module_loaded,
    erlang:loaded/0 => loaded,
    erlang:pre_loaded/0 => pre_loaded,
    erlang:function_exported/3 => function_exported,
    erlang:is_builtin/3 => is_builtin,
    erlang:make_fun/3 => make_fun,
    erlang:get_module_info/1 => get_module_info,
    erlang:get_module_info/2 => get_module_info_of,
    erlang:load_nif/2 => load_nif,
    erts_internal:beamfile_module_md5/1 => beamfile_module_md5,
    erts_internal:beamfile_chunk/2 => beamfile_chunk,
];

fn module_arg<'h>(t: Term<'h>) -> Result<Atom, Stop<'h>> {
    t.as_atom().badarg()
}

fn prepare_loading<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let module = module_arg(a[0])?;
    let bytes = a[1].to_bytes().badarg()?;
    p.bump_reductions(bytes.len() / 50);
    match server::prepare(Some(module), &bytes) {
        // As in the reference engine, others get to run before the code is there: a process that was spawned before is in
        // the old code by then.
        Ok(prepared) => Err(Stop::YieldWith(
            p.heap.magic_reference(Magic::new(prepared)),
        )),
        Err(why) => {
            let text = format!("Error loading module {}:\n  {why}\n\n", module.name());
            let text = p
                .heap
                .string(text.chars().map(u32::from).collect::<Vec<_>>().into_iter());
            logger::error_terms(Some(p.pid()), p.group_leader_term(), "~ts", &[text]);
            Ok(p.heap.tuple(&[Term::atom(am::error), atom("badfile")]))
        }
    }
}

fn prepared<'h>(t: Term<'h>) -> Result<&'h Prepared, Stop<'h>> {
    t.as_magic_of::<Prepared>()
        .filter(|prepared| !prepared.is_spent())
        .badarg()
}

fn has_prepared_code_on_load<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    // Of code that has been loaded already it is not known any more.
    let prepared = a[0].as_magic_of::<Prepared>().badarg()?;
    Ok(Term::bool(prepared.has_on_load && !prepared.is_spent()))
}

/// `{Tag, Modules}`
fn refusal<'h>(p: &'h Process, tag: Atom, modules: impl Iterator<Item = Atom>) -> BifResult<'h> {
    let modules: Vec<_> = modules.map(Term::atom).collect();
    let list = p.heap.list(&modules);
    Ok(p.heap.tuple(&[Term::atom(tag), list]))
}

fn finish_loading<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let all = crate::util::elements(a[0])?;
    let all: Vec<&Prepared> = all.into_iter().map(prepared).collect::<Result<_, _>>()?;
    // A module with such a function is loaded alone.
    if all.len() > 1 && all.iter().any(|x| x.has_on_load) {
        return Err(Stop::SYSTEM_LIMIT);
    }
    let twice = |(i, x): (usize, &&Prepared)| {
        all[..i]
            .iter()
            .any(|y| y.module == x.module)
            .then_some(x.module)
    };
    let duplicates: Vec<Atom> = all.iter().enumerate().filter_map(twice).collect();
    if !duplicates.is_empty() {
        return refusal(p, crate::util::named("duplicated"), duplicates.into_iter());
    }
    let blocked = |x: &&&Prepared| {
        let i = server::instances(x.module);
        (i.current.is_some() && i.old.is_some()) || i.pending.is_some()
    };
    let blocked: Vec<Atom> = all.iter().filter(blocked).map(|x| x.module).collect();
    if !blocked.is_empty() {
        return refusal(p, am::not_purged, blocked.into_iter());
    }
    let first_on_load = all.iter().find(|x| x.has_on_load).map(|x| x.module);
    for x in &all {
        server::commit(x);
    }
    p.bump_reductions(all.len() * 100);
    match first_on_load {
        Some(module) => refusal(p, am::on_load, std::iter::once(module)),
        None => Ok(Term::OK),
    }
}

/// Goes on in the function; what it returns is what the BIF returns.
fn call_on_load_function<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let e = server::on_load_export(module_arg(a[0])?).badarg()?;
    Err(Stop::Trap(e, Vec::new()))
}

fn finish_after_on_load<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let module = module_arg(a[0])?;
    let keep = a[1].as_bool().badarg()?;
    if server::instances(module).pending.is_none() {
        return Err(Stop::BADARG);
    }
    if keep {
        server::finish_on_load(module);
    }
    Ok(Term::TRUE)
}

fn delete_module<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    match server::delete(module_arg(a[0])?) {
        None => Err(Stop::BADARG),
        Some(true) => Err(Stop::YieldWith(Term::TRUE)),
        Some(false) => Ok(Term::UNDEFINED),
    }
}

fn check_old_code<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(Term::bool(server::has_old(module_arg(a[0])?)))
}

/// Raises `notsup` unless the caller is this helper of OTP's.
fn only<'h>(p: &'h Process, helper: impl Fn(&node::Helpers) -> Pid) -> Result<(), Stop<'h>> {
    match node::helpers() {
        Some(h) if helper(h) == p.pid() => Ok(()),
        _ => Err(Stop::NOTSUP),
    }
}

fn purge_module<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    only(p, |h| h.code_purger)?;
    let module = module_arg(a[0])?;
    Ok(Term::bool(match a[1].as_atom().badarg()?.name() {
        "prepare" => purge::prepare(p, module)?,
        "prepare_on_load" => purge::prepare_pending(p, module)?,
        "abort" => {
            purge::abort(module);
            // Given up, so not done.
            false
        }
        "complete" => purge::complete(module),
        _ => return Err(Stop::BADARG),
    }))
}

// ---- literal areas ----

fn release_area_switch<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    only(p, |h| h.literal_collector)?;
    Ok(Term::bool(literals::switch(p)?))
}

/// The answer is `{copy_literals, {Area, How, Process}, ok | need_gc}`.
fn send_copy_request<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    only(p, |h| h.literal_collector)?;
    let to = a[0].as_local_pid().badarg()?;
    if !(a[2].is(am::init) || a[2].is(am::check_gc) || a[2].is(am::need_gc)) {
        return Err(Stop::BADARG);
    }
    let id = p.heap.tuple(&[a[1], a[2], a[0]]);
    let request = p.heap.tuple(&[Term::atom(am::copy_literals), id, a[2]]);
    Task::new(p.pid(), p.shared.priority(), request).send(to);
    Ok(Term::OK)
}

fn module_loaded<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    Ok(Term::bool(server::is_loaded(module_arg(a[0])?)))
}

fn loaded<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    let all: Vec<_> = server::names().into_iter().map(Term::atom).collect();
    Ok(p.heap.list(&all))
}

fn pre_loaded<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    let all: Vec<_> = server::preloaded()
        .into_iter()
        .rev()
        .map(Term::atom)
        .collect();
    Ok(p.heap.list(&all))
}

fn function_exported<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let (m, f) = (module_arg(a[0])?, module_arg(a[1])?);
    let arity = a[2].as_small().badarg()?;
    let e = u8::try_from(arity).ok().and_then(|n| find_export(m, f, n));
    Ok(Term::bool(
        e.is_some_and(|e| e.is_loaded() || lower::is_bif(e)),
    ))
}

fn is_builtin<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let (m, f) = (module_arg(a[0])?, module_arg(a[1])?);
    let arity = a[2].as_small().badarg()?;
    let e = u8::try_from(arity).ok().and_then(|n| find_export(m, f, n));
    let is_yield = m == am::erlang && f.name() == "yield" && arity == 0;
    let release = corten_engine::node()
        .config
        .otp_release
        .parse()
        .unwrap_or(27);
    let is_missing =
        u8::try_from(arity).is_ok_and(|n| crate::names::is_known(m.name(), f.name(), n, release));
    Ok(Term::bool(
        is_yield || is_missing || e.is_some_and(lower::is_bif),
    ))
}

fn make_fun<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let (m, f) = (module_arg(a[0])?, module_arg(a[1])?);
    let arity = a[2].as_small().badarg()?;
    let arity = u8::try_from(arity).ok().badarg()?;
    Ok(funs::external(&p.heap, export(m, f, arity)))
}

// ---- module information ----

fn names_and_arities<'h>(p: &'h Process, all: impl Iterator<Item = (Atom, u8)>) -> Term<'h> {
    let pair = |(name, arity)| {
        p.heap
            .tuple(&[Term::atom(name), Term::small(i64::from(arity))])
    };
    let all: Vec<_> = all.map(pair).collect();
    p.heap.list(&all)
}

/// A term that the compiler left in the file; nil when there is none.
fn stored<'h>(p: &'h Process, bytes: &[u8]) -> Term<'h> {
    if bytes.is_empty() {
        return Term::NIL;
    }
    let context = EtfContext::new(&Codec);
    etf::decode(&p.heap, bytes, DecodeOptions::default(), &context).map_or(Term::NIL, |d| d.term)
}

fn info<'h>(p: &'h Process, code: &Loaded, item: Atom) -> Option<Term<'h>> {
    Some(match item.name() {
        "module" => Term::atom(code.module),
        "md5" => p.heap.binary(&code.md5),
        "exports" => {
            // Latest first, as the reference engine walks its table.
            let serial = |(n, a, _): &(Atom, u8, u32)| {
                std::cmp::Reverse(find_export(code.module, *n, *a).map_or(0, |e| e.serial))
            };
            let mut all = code.exports.clone();
            all.sort_by_key(serial);
            names_and_arities(p, all.iter().map(|(n, a, _)| (*n, *a)))
        }
        "functions" => names_and_arities(p, code.functions.iter().map(|f| (f.name, f.arity))),
        "nifs" => {
            let nifs = code.nif_names();
            let all = code.functions.iter().map(|f| (f.name, f.arity));
            names_and_arities(p, all.filter(|f| nifs.contains(f)))
        }
        "attributes" => stored(p, &code.attributes),
        "compile" => stored(p, &code.compile_info),
        "native" => Term::FALSE,
        "native_addresses" => Term::NIL,
        _ => return None,
    })
}

fn get_module_info<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let code = server::find(module_arg(a[0])?).badarg()?;
    let items: Vec<_> = ["module", "exports", "attributes", "compile", "md5"]
        .into_iter()
        .filter_map(|name| {
            let key = crate::util::named(name);
            Some(p.heap.tuple(&[Term::atom(key), info(p, &code, key)?]))
        })
        .collect();
    Ok(p.heap.list(&items))
}

fn get_module_info_of<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let code = server::find(module_arg(a[0])?).badarg()?;
    info(p, &code, module_arg(a[1])?).badarg()
}

// ---- native functions ----

/// The library of a static native module is named like the module; there are no others.
fn load_nif<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let path = crate::util::characters(a[0]).badarg()?;
    let path: String = path.into_iter().filter_map(char::from_u32).collect();
    let failed = |reason: &str, text: String| {
        let text = p
            .heap
            .string(text.chars().map(u32::from).collect::<Vec<_>>().into_iter());
        let why = p.heap.tuple(&[atom(reason), text]);
        Ok(p.heap.tuple(&[Term::atom(am::error), why]))
    };
    let Some(code) = server::at(p.pc.get()) else {
        return failed("bad_lib", "load_nif must be called from a module".into());
    };
    // A static library goes by the module, whatever the path says: `prim_net` asks for "net".
    if !nif::is_static(code.module) {
        let text = format!(
            "Failed to load NIF library: '{path}.so: no static native module of that name'"
        );
        return failed("load_failed", text);
    }
    nif::load(&code);
    Ok(Term::OK)
}

// ---- files ----

fn beamfile_module_md5<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let bytes = a[0].to_bytes().badarg()?;
    let md5 = BeamFile::parse(&bytes).and_then(|f| f.md5());
    Ok(md5.map_or(Term::UNDEFINED, |md5| p.heap.binary(&md5)))
}

fn beamfile_chunk<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let bytes = a[0].to_bytes().badarg()?;
    let id = crate::util::byte_list(a[1]).badarg()?;
    let id: [u8; 4] = id.try_into().ok().badarg()?;
    let file = BeamFile::parse(&bytes);
    let chunk = file.as_ref().ok().and_then(|f| f.chunk(&id));
    Ok(chunk.map_or(Term::UNDEFINED, |c| p.heap.binary(c)))
}
