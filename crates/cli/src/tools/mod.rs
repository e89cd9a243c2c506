//! The programs around the emulator: what `erlc`, `escript`, `elixir` and the others do before a node runs.

pub mod elixir;
pub mod erlc;
pub mod escript;
pub mod links;
