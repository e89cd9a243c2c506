//! Memory of the node, in the shapes that `erlang:memory/0,1` and tools take apart.
//!
//! Counted exactly: all that is allocated, and of it heaps of processes, atoms, binaries off the heap, ETS, code and
//! literals. Memory that the allocator keeps for later, and that of C libraries, belongs to nobody; a program that embeds the
//! engine with an allocator of its own is told its resident memory. `erlang:memory` is Erlang code that asks by
//! `system_info({memory_internal, Ref, Allocators})` and collects messages, one for each thread that has
//! allocators of its own; here that is one.

use crate::ets;
use crate::prelude::*;
use crate::util::atom;
use corten_engine::code::{export, server};
use corten_engine::signal::send;
use corten_term::atom as atoms;
use corten_term::usage::{self, Use};
use corten_term::{binary, literal};

pub const BIFS: &[Bif] = bifs![
    erts_internal:gather_alloc_histograms/1 => gather,
    erts_internal:gather_carrier_info/1 => gather,
];

/// Allocators of the reference engine, whose names programs ask for.
const ALLOCATORS: [&str; 10] = [
    "temp_alloc",
    "sl_alloc",
    "std_alloc",
    "ll_alloc",
    "eheap_alloc",
    "ets_alloc",
    "fix_alloc",
    "literal_alloc",
    "binary_alloc",
    "driver_alloc",
];

/// Bytes of the atom table per atom, besides the name.
const ATOM_ENTRY_BYTES: usize = 24;

/// Bytes by use.
struct Usage {
    total: usize,
    processes: usize,
    atom_names: usize,
    atom_table: usize,
    binaries: usize,
    ets: usize,
    /// Loaded code with its literals and those of `persistent_term`.
    code: usize,
}

impl Usage {
    fn now() -> Usage {
        let processes = &corten_engine::node().processes;
        let literals = literal::used_words() * 8;
        let code = server::code_bytes() + literals;
        let allocated = match usage::bytes(Use::All) {
            0 => resident_bytes(),
            counted => counted + literals,
        };
        let heaps = usage::bytes(Use::Heaps) + processes.count() * size_of::<Process>();
        Usage {
            total: allocated.max(heaps),
            processes: heaps,
            atom_names: atoms::name_bytes(),
            atom_table: atoms::count() as usize * ATOM_ENTRY_BYTES,
            binaries: binary::total_bytes(),
            ets: ets::registry::total_words() * 8,
            code,
        }
    }
    fn atoms(&self) -> usize {
        self.atom_names + self.atom_table
    }
    fn system(&self) -> usize {
        self.total.saturating_sub(self.processes)
    }
    /// What no other allocator's name stands for.
    fn rest(&self) -> usize {
        let known = self.atoms() + self.binaries + self.ets + self.code;
        self.system().saturating_sub(known)
    }
    /// Bytes behind one allocator's name.
    fn of_allocator(&self, name: &str) -> usize {
        match name {
            "eheap_alloc" => self.processes,
            "std_alloc" => self.rest() + self.code,
            "ets_alloc" => self.ets,
            "binary_alloc" => self.binaries,
            "ll_alloc" => self.atoms(),
            _ => 0,
        }
    }
}

/// Resident memory as the operating system counts it.
fn resident_bytes() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text.split_whitespace().nth(1).and_then(|n| n.parse().ok());
    pages.unwrap_or(0) * rustix::param::page_size()
}

fn size<'h>(n: usize) -> Term<'h> {
    Term::small(n as i64)
}

/// What `erlang:memory/0` shows, for texts.
pub fn totals() -> [(&'static str, usize); 9] {
    let u = Usage::now();
    [
        ("total", u.total),
        ("processes", u.processes),
        ("processes_used", u.processes),
        ("system", u.system()),
        ("atom", u.atoms()),
        ("atom_used", u.atoms()),
        ("binary", u.binaries),
        ("code", u.code),
        ("ets", u.ets),
    ]
}

/// The same as a list of pairs, as the crash dump has it.
pub fn all<'h>(p: &'h Process) -> Term<'h> {
    let pair = |(key, n): (&str, usize)| p.heap.tuple(&[atom(key), size(n)]);
    p.heap.list(&totals().map(pair))
}

/// The keys of `system_info/1` without arguments.
pub fn by_name<'h>(p: &'h Process, key: Atom) -> Option<BifResult<'h>> {
    Some(Ok(match key.name() {
        "allocated_areas" => allocated_areas(p),
        "alloc_util_allocators" => {
            let names: Vec<_> = ALLOCATORS.iter().map(|n| atom(n)).collect();
            p.heap.list(&names)
        }
        "allocator" => {
            let mut features = vec![atom("sys_alloc")];
            features.extend(ALLOCATORS.iter().map(|n| atom(n)));
            p.heap.tuple(&[
                Term::UNDEFINED,
                Term::NIL,
                p.heap.list(&features),
                Term::NIL,
            ])
        }
        "elib_malloc" => Term::FALSE,
        _ => return None,
    }))
}

fn allocated_areas<'h>(p: &'h Process) -> Term<'h> {
    let u = Usage::now();
    let two = |key: &str, n: usize| p.heap.tuple(&[atom(key), size(n)]);
    p.heap.list(&[
        two("sys_misc", 0),
        two("static", 0),
        p.heap
            .tuple(&[atom("atom_space"), size(u.atom_names), size(u.atom_names)]),
        two("atom_table", u.atom_table),
        two("module_table", 0),
        two("export_table", 0),
        two("export_list", 0),
        two("register_table", 0),
        two("fun_table", 0),
        two("module_refs", 0),
        two("loaded_code", u.code),
        two("dist_table", 0),
        two("node_table", 0),
        two("bif_timer", 0),
        two("process_table", 0),
        two("port_table", 0),
        two("ets_misc", 0),
    ])
}

/// The requests that are tuples: `{Key, …}`.
pub fn by_request<'h>(p: &'h Process, key: Atom, rest: &[Term<'h>]) -> Option<BifResult<'h>> {
    match (key.name(), rest) {
        ("allocator", [name]) => Some(in_erlang("alloc_info", *name)),
        ("allocator_sizes", [name]) => Some(in_erlang("alloc_sizes", *name)),
        ("memory_internal" | "allocator" | "allocator_sizes", [reference, names])
            if reference.is_reference() =>
        {
            Some(answer(p, *reference, *names))
        }
        _ => None,
    }
}

fn in_erlang<'h>(function: &'static str, argument: Term<'h>) -> BifResult<'h> {
    let Ok(name) = Atom::new(function) else {
        return Err(Stop::SYSTEM_LIMIT);
    };
    let names = argument.is_atom() || argument.is_list();
    if !names {
        return Err(Stop::BADARG);
    }
    Err(Stop::Trap(export(am::erlang, name, 1), vec![argument]))
}

/// Sends `{Ref, 0, [{Allocator, Instance, Sizes}]}` to the caller.
fn answer<'h>(p: &'h Process, reference: Term<'h>, names: Term<'h>) -> BifResult<'h> {
    let u = Usage::now();
    let mut entries = Vec::new();
    for name in crate::util::elements(names)? {
        let known = name.as_atom().badarg()?.name();
        if !ALLOCATORS.contains(&known) {
            let unknown = [name, Term::FALSE];
            entries.push(p.heap.tuple(&unknown));
            continue;
        }
        let bytes = u.of_allocator(known);
        let list = |t: Term<'h>| p.heap.cons(t, Term::NIL);
        let pair = |k: &str, v: Term<'h>| p.heap.tuple(&[atom(k), v]);
        let sizes = p
            .heap
            .tuple(&[atom("size"), size(bytes), size(bytes), size(bytes)]);
        let blocks = pair("blocks", list(p.heap.tuple(&[name, list(sizes)])));
        let carriers =
            p.heap
                .tuple(&[atom("carriers_size"), size(bytes), size(bytes), size(bytes)]);
        let mut data = vec![pair("mbcs", p.heap.list(&[blocks, carriers]))];
        // Whoever sums up wants to find carriers of single blocks, too.
        let none = p
            .heap
            .tuple(&[atom("carriers_size"), size(0), size(0), size(0)]);
        data.push(pair(
            "sbcs",
            p.heap.list(&[pair("blocks", Term::NIL), none]),
        ));
        if known == "fix_alloc" {
            let (timers, each) = corten_engine::timer::usage();
            let bytes = size(timers * each);
            let timers = p.heap.tuple(&[atom("bif_timer"), bytes, bytes]);
            data.push(pair("fix_types", list(timers)));
        }
        entries.push(p.heap.tuple(&[name, Term::small(0), p.heap.list(&data)]));
    }
    let message = p
        .heap
        .tuple(&[reference, Term::small(0), p.heap.list(&entries)]);
    send::message(p.pid(), message);
    Ok(Term::TRUE)
}

/// `instrument`'s questions, which this engine's allocator cannot answer.
fn gather<'h>(_: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Err(Stop::NOTSUP)
}
