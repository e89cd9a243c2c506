//! What the library is and has: versions, lists of algorithms, FIPS. Also the providers of algorithms, which every
//! table asks for before it looks for one.

use crate::{cipher, curves, digest, error, mac};
use corten_engine::bif::OrBadarg;
use corten_engine::{Args, Bif, BifResult, Process, bifs};
use corten_term::{Term, map};
use openssl::provider::Provider;
use std::sync::LazyLock;

pub const BIFS: &[Bif] = bifs![
    crypto:info_nif/0 => info [NIF],
    crypto:info_lib/0 => info_lib [NIF],
    crypto:info_fips/0 => info_fips [NIF],
    crypto:enable_fips_mode_nif/1 => enable_fips_mode [NIF],
    crypto:hash_algorithms/0 => hash_algorithms [NIF],
    crypto:pubkey_algorithms/0 => pubkey_algorithms [NIF],
    crypto:cipher_algorithms/0 => cipher_algorithms [NIF],
    crypto:mac_algorithms/0 => mac_algorithms [NIF],
    crypto:curve_algorithms/0 => curve_algorithms [NIF DIRTY_CPU],
    crypto:rsa_opts_algorithms/0 => rsa_opts_algorithms [NIF],
    crypto:kem_algorithms_nif/0 => kem_algorithms [NIF],
];

/// Encapsulation of keys (OTP 28) is not here yet.
fn kem_algorithms<'h>(_: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(Term::NIL)
}

/// Old algorithms (MD4, RC4, DES, Blowfish, …) are in a provider of their own. A system's library may come without.
pub fn load_providers() {
    static PROVIDERS: LazyLock<Vec<Provider>> = LazyLock::new(|| {
        let names = ["default", "base", "legacy"];
        let load = |name: &&str| Provider::load(None, name).ok();
        names.iter().filter_map(load).collect()
    });
    LazyLock::force(&PROVIDERS);
}

/// An atom: a key or a value of the maps that functions here answer.
pub fn key(name: &str) -> Term<'static> {
    error::atom(name)
}

fn info<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    let version = |s: &str| p.heap.string(s.chars().map(u32::from));
    let linked = openssl::version::version();
    let pairs = [
        (key("compile_type"), key("normal")),
        (key("link_type"), key("static")),
        (key("cryptolib_version_compiled"), version(linked)),
        (key("cryptolib_version_linked"), version(linked)),
        (key("fips_provider_available"), Term::FALSE),
    ];
    Ok(map::from_pairs(&p.heap, &pairs))
}

/// `[{Name, Number, Version}]`.
fn info_lib<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    let h = &p.heap;
    let library = h.tuple(&[
        h.binary(b"OpenSSL"),
        h.int(openssl::version::number()),
        h.binary(openssl::version::version().as_bytes()),
    ]);
    Ok(h.list(&[library]))
}

/// OpenSSL is built without the FIPS module.
fn info_fips<'h>(_: &'h Process, _: Args<'h>) -> BifResult<'h> {
    Ok(key("not_supported"))
}

fn enable_fips_mode<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let enable = a[0].as_bool().badarg()?;
    Ok(Term::bool(!enable))
}

fn names<'h>(p: &'h Process, names: impl Iterator<Item = &'static str>) -> BifResult<'h> {
    let atoms: Vec<_> = names.map(key).collect();
    Ok(p.heap.list(&atoms))
}

fn hash_algorithms<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    names(p, digest::supported())
}

fn cipher_algorithms<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    names(p, cipher::supported())
}

fn curve_algorithms<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    names(p, curves::supported())
}

fn mac_algorithms<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    names(p, mac::SUPPORTED.into_iter())
}

fn pubkey_algorithms<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    let all = [
        "rsa", "dss", "dh", "ec_gf2m", "ecdsa", "ecdh", "eddsa", "eddh", "srp",
    ];
    names(p, all.into_iter())
}

fn rsa_opts_algorithms<'h>(p: &'h Process, _: Args<'h>) -> BifResult<'h> {
    let all = [
        "rsa_pkcs1_pss_padding",
        "rsa_pss_saltlen",
        "rsa_mgf1_md",
        "rsa_pkcs1_oaep_padding",
        "rsa_oaep_label",
        "rsa_oaep_md",
        "signature_md",
        "rsa_pkcs1_padding",
        "rsa_x931_padding",
        "rsa_no_padding",
    ];
    names(p, all.into_iter())
}
