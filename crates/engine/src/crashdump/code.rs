//! Code in a crash dump: `=loaded_modules`, `=mod:` and `=fun`.

use super::terms::base64;
use crate::code::{Loaded, funs, server};
use std::io::{self, Write};

/// The modules that are loaded, with what old code they have.
pub fn modules(out: &mut dyn Write) -> io::Result<()> {
    let (current, old) = (server::all_loaded(), server::all_old());
    writeln!(out, "=loaded_modules")?;
    for (name, all) in [("Current", &current), ("Old", &old)] {
        let total: usize = all.iter().map(|m| m.bytes()).sum();
        writeln!(out, "{name} code: {total}")?;
    }
    for m in &current {
        writeln!(out, "=mod:{}\nCurrent size: {}", m.module.name(), m.bytes())?;
        describe(out, "Current", m)?;
        if let Some(old) = old.iter().find(|o| o.module == m.module) {
            writeln!(out, "Old size: {}", old.bytes())?;
            describe(out, "Old", old)?;
        }
    }
    Ok(())
}

fn describe(out: &mut dyn Write, which: &str, m: &Loaded) -> io::Result<()> {
    for (what, encoded) in [
        ("attributes", &m.attributes),
        ("compilation info", &m.compile_info),
    ] {
        if !encoded.is_empty() {
            write!(out, "{which} {what}: ")?;
            base64(out, encoded)?;
            writeln!(out)?;
        }
    }
    Ok(())
}

/// The funs of these modules.
pub fn funs(out: &mut dyn Write) -> io::Result<()> {
    for m in server::all_loaded() {
        for (entry, _) in &m.funs {
            writeln!(out, "=fun\nModule: {}", entry.module.name())?;
            writeln!(out, "Uniq: {}\nIndex: {}", entry.old_uniq, entry.index)?;
            writeln!(
                out,
                "Address: {:p}",
                entry.code.load(std::sync::atomic::Ordering::Relaxed)
            )?;
            writeln!(out, "Refc: {}", funs::references(entry))?;
        }
    }
    Ok(())
}
