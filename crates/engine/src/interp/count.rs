//! How often instructions follow each other, for choosing which sequences deserve an instruction of their own: only
//! in builds with the feature `op-counts`, which run the loop of [`super::machine::enter`].
//!
//! `CORTEN_OP_COUNTS=FILE` names where `halt` writes the counts: single instructions, pairs, triples, and the native
//! functions that instructions call. Run with one scheduler: others wait for each other.

use super::ops::{Op, op_at};
use crate::code::Export;
use corten_term::Word;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use std::fmt::Write;
use std::sync::LazyLock;

/// Instructions in a row, most recent first; `None` where there are fewer.
type Row = [Option<u16>; 3];

#[derive(Default)]
struct Counts {
    rows: FxHashMap<Row, u64>,
    calls: FxHashMap<(u16, Word), u64>,
    last: Row,
}

static COUNTS: LazyLock<Mutex<Counts>> = LazyLock::new(Mutex::default);

/// Notes that the instruction at `pc` is about to run.
///
/// # Safety
/// `pc` is an instruction.
pub unsafe fn note(pc: *const Word) {
    let mut c = COUNTS.lock();
    // SAFETY: by the caller's promise.
    let op = unsafe { op_at(pc) };
    c.last = [Some(op as u16), c.last[0], c.last[1]];
    let [a, b, d] = c.last;
    for row in [[a, None, None], [a, b, None], [a, b, d]] {
        *c.rows.entry(row).or_default() += 1;
    }
    let export = match op.layout().find('E').map(|_| op) {
        Some(Op::CallBif | Op::BifBody | Op::CallExt | Op::CallExtOnly | Op::CallExtLast) => 1,
        Some(op) if op.layout().starts_with("an bn cd L E") => 2,
        _ => return,
    };
    // SAFETY: the layout says so.
    let export = unsafe { *pc.add(export) };
    *c.calls.entry((op as u16, export)).or_default() += 1;
}

/// Writes the counts.
pub fn dump() {
    let Some(path) = std::env::var_os("CORTEN_OP_COUNTS") else {
        return;
    };
    let c = COUNTS.lock();
    let name = |i: u16| Op::from_index(i).map_or("?", Op::name);
    let mut lines: Vec<(usize, u64, String)> = Vec::new();
    for (row, n) in &c.rows {
        let names: Vec<_> = row.iter().rev().flatten().map(|i| name(*i)).collect();
        lines.push((names.len(), *n, names.join(" ")));
    }
    for ((op, e), n) in &c.calls {
        // SAFETY: an export entry lives for ever.
        let e = unsafe { &*(*e as *const Export) };
        let text = format!(
            "{} {}:{}/{}",
            name(*op),
            e.module.name(),
            e.function.name(),
            e.arity
        );
        lines.push((0, *n, text));
    }
    lines.sort_by(|a, b| b.cmp(a));
    let mut out = String::new();
    for (kind, n, text) in lines {
        // Writing to a string does not fail.
        let _ = writeln!(out, "{kind} {n} {text}");
    }
    if let Err(e) = std::fs::write(&path, out) {
        eprintln!("{}: {e}", path.display());
    }
}
