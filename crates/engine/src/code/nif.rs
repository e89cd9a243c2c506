//! Static native modules: `erlang:load_nif/2` for the tables that are linked into the program.
//!
//! The compiler puts `nif_start` into every function that may be replaced; lowering moves it to the entry. Loading
//! overwrites that instruction by a call of the native function; the rest of the body is never reached again.

use super::module::Loaded;
use crate::interp::ops::{Op, op_at};
use crate::{Bif, BifFlags, node};
use corten_term::{Atom, Word};
use std::sync::atomic::{AtomicU64, Ordering};

/// Replaces bodies of functions of `code` by native functions of that module. How many there were.
pub fn load(code: &Loaded) -> usize {
    let name = code.module.name();
    node()
        .bifs
        .iter()
        .filter(|b| b.flags.contains(BifFlags::NIF) && b.module == name)
        .filter(|b| patch(code, b))
        .count()
}

/// Whether there is a table for a module.
pub fn is_static(module: Atom) -> bool {
    let name = module.name();
    node()
        .bifs
        .iter()
        .any(|b| b.flags.contains(BifFlags::NIF) && b.module == name)
}

fn patch(code: &Loaded, bif: &'static Bif) -> bool {
    let Some(name) = Atom::existing(bif.name) else {
        return false;
    };
    let Some(f) = code.find(name, bif.arity) else {
        return false;
    };
    let at = code.at(f.entry());
    // SAFETY: words of the code; readers see the operand before the op that uses it.
    unsafe {
        let (op, operand) = (AtomicU64::from_ptr(at), AtomicU64::from_ptr(at.add(1)));
        if op_at(at) != Op::NifStart {
            return false;
        }
        operand.store(bif as *const Bif as Word, Ordering::Release);
        if !crate::trace::breakpoint::replace_hidden(at, Op::NifBody) {
            op.store(Op::NifBody as Word, Ordering::Release);
        }
    }
    let mut nifs = code
        .nifs
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    nifs.push((name, bif.arity));
    true
}
