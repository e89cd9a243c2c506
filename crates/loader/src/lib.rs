//! corten-loader: from the bytes of a `.beam` file to a validated [`Module`].
//!
//! The only input is untrusted bytes; the only output is a value or an error. No input panics, and
//! memory use is bounded by the input's size (decompression has its own bounds). The crate knows nothing
//! of terms, processes or the engine.
//!
//! - [`optab`] lists the generic opcodes and what operands they take;
//! - [`module`] is the result.
#![forbid(unsafe_code)]

pub mod module;
pub mod optab;

pub use module::{Instr, Module, Operand, Type};
pub use optab::{Op, Slot};
