//! Internal code as text: for `erts_debug:disassemble/1` and `corten disasm --internal`.

use super::machine::{DST_Y, a, b, c, rel};
use super::ops::Op;
use crate::code::module::Function;
use crate::code::{Export, FunEntry, Loaded};
use corten_term::{Term, Word};
use std::fmt::Write;

/// The instructions of a function, one to a line: offset, name, operands.
pub fn function(code: &Loaded, f: &Function) -> String {
    let words = code.code();
    let end = code
        .functions
        .iter()
        .map(|g| g.start)
        .filter(|s| *s > f.start)
        .min()
        .map_or(words.len(), |s| s as usize);
    let mut out = String::new();
    let mut at = f.start as usize;
    while at < end {
        let Some(op) = Op::from_index(words[at] as u16) else {
            let _ = writeln!(out, "{at:6} ?");
            break;
        };
        let _ = write!(out, "{at:6} {}", op.name());
        at += 1 + operands(&mut out, at, words, op.layout());
        out.push('\n');
    }
    out
}

/// Writes the operands of the instruction at `at`; how many words they take behind the first.
fn operands(out: &mut String, at: usize, words: &[Word], layout: &str) -> usize {
    let first = words[at];
    let quarter = |q: u8| match q {
        b'a' => a(first),
        b'b' => b(first),
        b'r' => rel(first) as usize,
        b'1'..=b'9' => words
            .get(at + usize::from(q - b'0'))
            .map_or(0, |w| *w as usize),
        _ => c(first),
    };
    let mut next = 1;
    for token in layout.split(' ').filter(|t| !t.is_empty()) {
        match token.as_bytes() {
            b"rel" => {
                let _ = write!(out, " ->{}", at as isize + rel(first));
            }
            b"rn" => {
                let _ = write!(out, " {}", rel(first));
            }
            [b'(', kinds @ .., b')', b'*', q] => {
                for _ in 0..quarter(*q) {
                    for kind in kinds {
                        word(out, at, words.get(at + next).copied().unwrap_or(0), *kind);
                        next += 1;
                    }
                }
            }
            [q, kind] => {
                let v = quarter(*q);
                let _ = match kind {
                    b'x' => write!(out, " x{v}"),
                    b'y' => write!(out, " y{v}"),
                    b'f' => write!(out, " f{v}"),
                    b'd' if v & DST_Y != 0 => write!(out, " y{}", v & !DST_Y),
                    b'd' => write!(out, " x{v}"),
                    _ => write!(out, " {}", v & 0xFF),
                };
            }
            [kind] => {
                word(out, at, words.get(at + next).copied().unwrap_or(0), *kind);
                next += 1;
            }
            _ => {}
        }
    }
    next - 1
}

fn word(out: &mut String, at: usize, w: Word, kind: u8) {
    let _ = match kind {
        b'S' if w & 7 == 0 => write!(out, " x{}", w >> 3),
        b'S' if w & 3 == 0 => write!(out, " y{}", w >> 3),
        b'S' | b'T' => {
            // SAFETY: constants of loaded code.
            let t = unsafe { Term::from_raw(w) };
            match (t.as_small(), t.as_atom()) {
                (Some(v), _) => write!(out, " {v}"),
                (_, Some(name)) => write!(out, " {}", name.name()),
                _ if t.is_nil() => write!(out, " []"),
                _ => write!(out, " literal({w:#x})"),
            }
        }
        b'L' if w == 0 => write!(out, " -"),
        b'L' => write!(out, " ->{}", at as i64 + w as i64),
        b'E' => {
            // SAFETY: export entries live for ever.
            let e = unsafe { &*(w as *const Export) };
            write!(
                out,
                " {}:{}/{}",
                e.module.name(),
                e.function.name(),
                e.arity
            )
        }
        b'F' => {
            // SAFETY: fun entries live for ever.
            let f = unsafe { &*(w as *const FunEntry) };
            write!(out, " fun#{}/{}", f.index, f.arity)
        }
        _ => write!(out, " {w}"),
    };
}
