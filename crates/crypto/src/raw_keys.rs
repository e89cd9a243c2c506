//! Keys on the curves whose keys are plain bytes: X25519, X448, Ed25519, Ed448.

use crate::args;
use crate::error::{badarg, error, error_at};
use corten_engine::{Args, Bif, BifResult, Process, Stop, bifs};
use corten_term::{Term, am};
use openssl::derive::Deriver;
use openssl::pkey::{Id, PKey, Private, Public};

pub const BIFS: &[Bif] = bifs![
    crypto:evp_generate_key_nif/2 => generate [NIF],
    crypto:evp_compute_key_nif/3 => compute [NIF],
];

/// The kind of key that a curve's name means; `exchange` says which of the two uses.
fn id(t: Term<'_>, exchange: bool) -> Option<Id> {
    match args::name(t)? {
        "x25519" if exchange => Some(Id::X25519),
        "x448" if exchange => Some(Id::X448),
        "ed25519" if !exchange => Some(Id::ED25519),
        "ed448" if !exchange => Some(Id::ED448),
        _ => None,
    }
}

/// A private key for signing: `[Bytes, Curve]`.
pub fn private_key(t: Term<'_>) -> Option<PKey<Private>> {
    let [key, curve] = t.to_vec()?.try_into().ok()?;
    PKey::private_key_from_raw_bytes(&args::binary(key)?, id(curve, false)?).ok()
}

/// A public key for checking signatures: `[Bytes, Curve]`.
pub fn public_key(t: Term<'_>) -> Option<PKey<Public>> {
    let [key, curve] = t.to_vec()?.try_into().ok()?;
    PKey::public_key_from_raw_bytes(&args::binary(key)?, id(curve, false)?).ok()
}

fn generate<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let id = id(a[0], true).or_else(|| id(a[0], false));
    let id = id.ok_or_else(|| badarg(p, 0, "Bad curve"))?;
    let key = if a[1].is(am::undefined) {
        let new = match id {
            Id::X25519 => PKey::generate_x25519(),
            Id::X448 => PKey::generate_x448(),
            Id::ED25519 => PKey::generate_ed25519(),
            _ => PKey::generate_ed448(),
        };
        new.map_err(|_| error(p, "Can't EVP_PKEY_keygen"))?
    } else {
        let bytes = args::binary(a[1]).ok_or_else(|| error_at(p, 1, "Can't get max size"))?;
        PKey::private_key_from_raw_bytes(&bytes, id)
            .map_err(|_| error_at(p, 1, "Can't EVP_PKEY_new_raw_private_key"))?
    };
    let pair = key
        .raw_public_key()
        .and_then(|public| Ok((public, key.raw_private_key()?)));
    let (public, private) = pair.map_err(|_| error(p, "Can't EVP_PKEY_get_raw_public_key"))?;
    Ok(p.heap
        .tuple(&[p.heap.binary(&public), p.heap.binary(&private)]))
}

/// The shared secret of `(Curve, PublicKey, PrivateKey)`.
fn compute<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let id = id(a[0], true).ok_or_else(|| badarg(p, 0, "Bad curve"))?;
    let bytes = |i: usize| -> Result<_, Stop<'h>> {
        args::binary(a[i]).ok_or_else(|| badarg(p, i as i64, "Binary expected"))
    };
    let own = PKey::private_key_from_raw_bytes(&bytes(2)?, id)
        .map_err(|_| badarg(p, 2, "Not a valid raw private key"))?;
    let peer = PKey::public_key_from_raw_bytes(&bytes(1)?, id)
        .map_err(|_| badarg(p, 1, "Not a raw public peer key"))?;
    let mut deriver = Deriver::new(&own).map_err(|_| error(p, "Can't EVP_PKEY_derive_init"))?;
    deriver
        .set_peer(&peer)
        .map_err(|_| error_at(p, 1, "Can't EVP_PKEY_derive_set_peer"))?;
    let secret = deriver
        .derive_to_vec()
        .map_err(|_| error(p, "Can't EVP_PKEY_derive"))?;
    Ok(p.heap.binary(&secret))
}
