//! corten-loader: from the bytes of a `.beam` file to a validated [`Module`].
//!
//! The only input is untrusted bytes; the only output is a value or an error. No input panics, and
//! memory use is bounded by the input's size (decompression has its own bounds). The crate knows nothing
//! of terms, processes or the engine.
//!
//! - [`chunks`]: the container; also serves the BIFs that look at single chunks;
//! - [`module`]: the result of [`load()`];
//! - [`optab`]: the generic opcodes and what operands they take;
//! - [`disasm`]: a module as text.
#![forbid(unsafe_code)]

pub mod chunks;
mod code;
pub mod disasm;
mod error;
mod load;
pub mod module;
mod operands;
pub mod optab;
mod reader;
mod records;
mod tables;

pub use chunks::BeamFile;
pub use error::{CodeError, Fault, LoadError, Table};
pub use load::{load, load_chunks};
pub use module::{Instr, Module, Operand, Type};
pub use optab::{Op, Slot};
