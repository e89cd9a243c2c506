//! The texts of `system_info(info | procs | loaded | dist)`, in the format of a crash dump.

use crate::prelude::*;
use crate::{ets, memory, persistent_term};
use corten_engine::code::server;
use corten_engine::crashdump::Terms;
use corten_engine::process::state;
use corten_engine::{node, registry};
use std::fmt::Write;

/// The text for a key, if the key has one.
pub fn by_name<'h>(p: &'h Process, key: &str) -> Option<BifResult<'h>> {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = match key {
        "info" => info(&mut out),
        "procs" => processes(&mut out),
        "loaded" => loaded(&mut out),
        "dist" => write!(
            out,
            "=node:'{}'\n=no_distribution\n",
            corten_term::node::resolve(0).0.name()
        ),
        _ => return None,
    };
    Some(Ok(p.heap.binary(out.as_bytes())))
}

fn info(out: &mut String) -> std::fmt::Result {
    writeln!(out, "=memory")?;
    for (name, bytes) in memory::totals() {
        writeln!(out, "{name}: {bytes}")?;
    }
    writeln!(out, "=index_table:atom_tab")?;
    writeln!(out, "size: {}", corten_term::atom::count())?;
    writeln!(out, "limit: {}", corten_term::atom::limit())?;
    writeln!(out, "=allocated_areas")?;
    writeln!(out, "atom_space: {}", corten_term::atom::name_bytes())
}

/// Memory, tables and persistent terms, for the crash dump.
pub fn crash_dump(out: &mut dyn std::io::Write, terms: &mut Terms) -> std::io::Result<()> {
    writeln!(out, "=memory")?;
    for (name, bytes) in memory::totals() {
        writeln!(out, "{name}: {bytes}")?;
    }
    for t in ets::registry::all() {
        writeln!(out, "=ets:{:?}", t.owner())?;
        let name = t.name.try_lock().map_or("", |n| n.name());
        writeln!(
            out,
            "Slot: {}\nTable: {name}\nName: {name}",
            t.numbers().numbers()[0]
        )?;
        if t.kind() == ets::Kind::OrderedSet {
            writeln!(out, "Ordered set (AVL tree), Elements: {}", t.len())?;
        } else {
            writeln!(out, "Buckets: {}", t.len())?;
        }
        writeln!(
            out,
            "Fixed: {}\nObjects: {}\nWords: {}",
            t.is_fixed(),
            t.len(),
            t.words()
        )?;
    }
    writeln!(out, "=persistent_terms")?;
    let mut result = Ok(());
    persistent_term::try_for_each(|key, value| {
        if result.is_ok() {
            result = terms.pair(out, [key, value]);
        }
    });
    result
}

fn loaded(out: &mut String) -> std::fmt::Result {
    let modules = server::all_loaded();
    let bytes: usize = modules.iter().map(|m| m.bytes()).sum();
    let old = server::code_bytes().saturating_sub(bytes);
    writeln!(out, "Current code: {bytes}\nOld code: {old}")?;
    for m in modules {
        writeln!(out, "{} {}", m.module.name(), m.bytes())?;
    }
    Ok(())
}

fn processes(out: &mut String) -> std::fmt::Result {
    for pid in node().processes.pids() {
        let guard = crossbeam_epoch::pin();
        let Some(shared) = node().processes.lookup(pid, &guard) else {
            continue;
        };
        let bits = shared.state();
        let has = |bit: u32| bits & bit != 0;
        let shown = if has(state::EXITING) {
            "Exiting"
        } else if has(state::SUSPENDED) {
            "Suspended"
        } else if has(state::RUNNING) {
            "Running"
        } else if has(state::ACTIVE) {
            "Scheduled"
        } else {
            "Waiting"
        };
        writeln!(out, "=proc:{pid:?}\nState: {shown}")?;
        if let Some(name) = registry::name_of(registry::Registered::Process(pid)) {
            writeln!(out, "Name: {}", name.name())?;
        }
    }
    Ok(())
}
