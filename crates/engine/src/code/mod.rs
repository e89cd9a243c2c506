//! Code: export entries, fun entries, loaded modules, lowering, code loading and purge.
//!
//! Addresses of code are pointers to words (`*const Word`). Before the entry of every function lie four
//! words: the `func_info` instruction, module, function (atom terms) and arity. A continuation pointer is the
//! address of an instruction; its low two bits are zero, so on the stack it looks like a header.

pub mod export;
pub use export::{Export, export, find_export};
