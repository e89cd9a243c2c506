//! Code: export entries, fun entries, loaded modules, lowering, code loading and purge.
//!
//! Addresses of code are pointers to words (`*const Word`). Before the entry of every function lie four
//! words: the `func_info` instruction, module, function (atom terms) and arity. A continuation pointer is the
//! address of an instruction; its low two bits are zero, so on the stack it looks like a header.
//!
//! - [`export`], [`funs`]: what calls go through;
//! - [`module`]: one instance of a module's code;
//! - [`lower`]: from a decoded file to an instance;
//! - [`server`]: which instances are current and old, loading, deleting, purging;
//! - [`purge`]: taking old code away; [`literals`]: giving literal areas back;
//! - [`nif`]: static native modules.

pub mod export;
pub mod funs;
pub mod literals;
pub mod lower;
pub mod module;
pub mod nif;
pub mod purge;
pub mod records;
pub mod server;

pub use export::{Export, export, find_export};
pub use funs::{Codec, FunEntry, FunRef};
pub use module::Loaded;
pub use server::{find, is_loaded, locate};

use crate::process::Mfa;
use corten_term::{Term, Word};

/// A place in code, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    pub mfa: Mfa,
    /// File and line.
    pub line: Option<(String, u32)>,
}

/// The function whose entry is at `pc`, as the header in front of it says.
///
/// # Safety
/// `pc` is a function's entry.
pub unsafe fn header_mfa(pc: *const Word) -> Mfa {
    // SAFETY: by the caller's promise there are four header words.
    let (m, f, a) = unsafe {
        (
            Term::from_raw(*pc.sub(3)),
            Term::from_raw(*pc.sub(2)),
            *pc.sub(1),
        )
    };
    Mfa {
        module: m.as_atom().unwrap_or(corten_term::am::undefined),
        function: f.as_atom().unwrap_or(corten_term::am::undefined),
        arity: a as u8,
    }
}

/// Connects names with native functions, and the term library with fun entries. Once, when the node starts.
pub fn init(bifs: &[&'static crate::Bif]) {
    corten_term::fun::set_resolver(funs::resolve);
    for bif in bifs {
        if bif.flags.contains(crate::BifFlags::NIF) {
            continue;
        }
        let (Ok(m), Ok(f)) = (
            corten_term::Atom::new(bif.module),
            corten_term::Atom::new(bif.name),
        ) else {
            continue;
        };
        let e = export(m, f, bif.arity);
        let native = std::ptr::from_ref::<crate::Bif>(bif).cast_mut();
        // The first table wins: later ones only fill gaps.
        let _ = e.bif.compare_exchange(
            std::ptr::null_mut(),
            native,
            std::sync::atomic::Ordering::AcqRel,
            std::sync::atomic::Ordering::Relaxed,
        );
    }
}
