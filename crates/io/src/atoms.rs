//! Atoms that only this crate uses. Those that the engine knows too are in `corten_term::am`.

use corten_term::{Atom, heap};

/// Interns a name of ours. A full atom table ends the node, as it does in the reference engine.
pub fn intern(name: &str) -> Atom {
    Atom::new(name).unwrap_or_else(|e| heap::fatal(&e.to_string()))
}

/// `fn name() -> Atom` for each name, interned on first use.
macro_rules! own_atoms {
    ($($name:ident)*) => { $(
        pub fn $name() -> Atom {
            static ATOM: std::sync::LazyLock<Atom> = std::sync::LazyLock::new(|| intern(stringify!($name)));
            *ATOM
        }
    )* };
}

own_atoms! {
    acquired already_initialized append bof buf_error cur data_error device directory dont_need
    file_info finished lock_order_violation mem_error need_dictionary no_reuse not_found not_initialized
    not_on_controlling_process other out_of_memory random read read_write regular sequential skip_type_check
    stream_end stream_error symlink sync unknown_error version_error will_need write empty

}

/// `continue`, which Rust keeps for itself.
pub fn continue_() -> Atom {
    static ATOM: std::sync::LazyLock<Atom> = std::sync::LazyLock::new(|| intern("continue"));
    *ATOM
}
