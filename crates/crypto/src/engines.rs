//! Engines: libraries that OpenSSL would load to replace its algorithms. OpenSSL has given them up for providers, and
//! a static program cannot load any; every function answers `notsup`, as OTP's library does without engines.

use corten_engine::{Args, Bif, BifResult, Process, bifs};
use corten_term::{Term, am};

pub const BIFS: &[Bif] = bifs![
    crypto:engine_by_id_nif/1 => not_supported [NIF],
    crypto:engine_init_nif/1 => not_supported [NIF],
    crypto:engine_free_nif/1 => not_supported [NIF],
    crypto:engine_load_dynamic_nif/0 => not_supported [NIF],
    crypto:engine_ctrl_cmd_strings_nif/3 => not_supported [NIF],
    crypto:engine_register_nif/2 => not_supported [NIF],
    crypto:engine_unregister_nif/2 => not_supported [NIF],
    crypto:engine_add_nif/1 => not_supported [NIF],
    crypto:engine_remove_nif/1 => not_supported [NIF],
    crypto:engine_get_first_nif/0 => not_supported [NIF],
    crypto:engine_get_next_nif/1 => not_supported [NIF],
    crypto:engine_get_id_nif/1 => not_supported [NIF],
    crypto:engine_get_name_nif/1 => not_supported [NIF],
    crypto:engine_get_all_methods_nif/0 => not_supported [NIF],
    crypto:ensure_engine_loaded_nif/2 => not_supported [NIF],
];

fn not_supported<'h>(_: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(Term::atom(am::notsup))
}
