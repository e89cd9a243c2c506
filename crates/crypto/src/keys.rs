//! Keys for signing and encrypting, as programs write them, by algorithm.

use crate::error::badarg;
use crate::{args, ec, raw_keys};
use corten_engine::{Process, Stop};
use corten_term::Term;
use openssl::bn::{BigNum, BigNumContext};
use openssl::dsa::Dsa;
use openssl::pkey::{PKey, Private, Public};
use openssl::rsa::{Rsa, RsaPrivateKeyBuilder};

/// The algorithms with keys of two parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    Rsa,
    Dss,
    Ecdsa,
    Eddsa,
}

/// The algorithm in argument 0.
pub fn algorithm<'h>(p: &'h Process, t: Term<'h>) -> Result<Algorithm, Stop<'h>> {
    Ok(match args::name(t) {
        Some("rsa") => Algorithm::Rsa,
        Some("dss") => Algorithm::Dss,
        Some("ecdsa") => Algorithm::Ecdsa,
        Some("eddsa") => Algorithm::Eddsa,
        _ => return Err(badarg(p, 0, "Bad algorithm")),
    })
}

/// `[E, N, D]` or `[E, N, D, P1, P2, E1, E2, C]`.
fn rsa_private(t: Term<'_>) -> Option<Rsa<Private>> {
    if let Some([e, n, d]) = args::numbers::<3>(t) {
        return Some(RsaPrivateKeyBuilder::new(n, e, d).ok()?.build());
    }
    let [e, n, d, p, q, dp, dq, qi] = args::numbers::<8>(t)?;
    let key = RsaPrivateKeyBuilder::new(n, e, d).ok()?;
    let key = key
        .set_factors(p, q)
        .ok()?
        .set_crt_params(dp, dq, qi)
        .ok()?;
    Some(key.build())
}

/// `[E, N]`.
fn rsa_public(t: Term<'_>) -> Option<Rsa<Public>> {
    let [e, n] = args::numbers::<2>(t)?;
    Rsa::from_public_components(n, e).ok()
}

/// `[P, Q, G, X]`.
fn dsa_private(t: Term<'_>) -> Option<Dsa<Private>> {
    let [p, q, g, mut x] = args::numbers::<4>(t)?;
    let mut y = BigNum::new().ok()?;
    x.set_const_time();
    y.mod_exp(&g, &x, &p, &mut *BigNumContext::new().ok()?)
        .ok()?;
    Dsa::from_private_components(p, q, g, x, y).ok()
}

/// `[P, Q, G, Y]`.
fn dsa_public(t: Term<'_>) -> Option<Dsa<Public>> {
    let [p, q, g, y] = args::numbers::<4>(t)?;
    Dsa::from_public_components(p, q, g, y).ok()
}

/// Keys in engines are not supported: this library has none.
fn no_engine<'h>(p: &'h Process, t: Term<'h>, at: i64) -> Result<(), Stop<'h>> {
    if t.is_map() {
        return Err(badarg(p, at, "No engine support"));
    }
    Ok(())
}

/// The private key in argument `at`.
pub fn private<'h>(
    p: &'h Process,
    algorithm: Algorithm,
    t: Term<'h>,
    at: i64,
) -> Result<PKey<Private>, Stop<'h>> {
    no_engine(p, t, at)?;
    let (key, text) = match algorithm {
        Algorithm::Rsa => (
            rsa_private(t).and_then(|k| PKey::from_rsa(k).ok()),
            "Couldn't get RSA private key",
        ),
        Algorithm::Ecdsa => (
            ec::private_key(t).and_then(|k| PKey::from_ec_key(k).ok()),
            "Couldn't get ECDSA private key",
        ),
        Algorithm::Eddsa => (raw_keys::private_key(t), "Couldn't get EDDSA private key"),
        Algorithm::Dss => (
            dsa_private(t).and_then(|k| PKey::from_dsa(k).ok()),
            "Couldn't get DSA private key",
        ),
    };
    key.ok_or_else(|| badarg(p, at, text))
}

/// The public key in argument `at`.
pub fn public<'h>(
    p: &'h Process,
    algorithm: Algorithm,
    t: Term<'h>,
    at: i64,
) -> Result<PKey<Public>, Stop<'h>> {
    no_engine(p, t, at)?;
    let (key, text) = match algorithm {
        Algorithm::Rsa => (
            rsa_public(t).and_then(|k| PKey::from_rsa(k).ok()),
            "Couldn't get RSA public key",
        ),
        Algorithm::Ecdsa => (
            ec::public_key(t).and_then(|k| PKey::from_ec_key(k).ok()),
            "Couldn't get ECDSA public key",
        ),
        Algorithm::Eddsa => (raw_keys::public_key(t), "Couldn't get EDDSA public key"),
        Algorithm::Dss => (
            dsa_public(t).and_then(|k| PKey::from_dsa(k).ok()),
            "Couldn't get DSA public key",
        ),
    };
    key.ok_or_else(|| badarg(p, at, text))
}
