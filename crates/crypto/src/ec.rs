//! Keys and shared secrets on elliptic curves.

use crate::args;
use crate::curves::{self, Group};
use crate::error::{badarg, error, error_at};
use corten_engine::bif::OrBadarg;
use corten_engine::{Args, Bif, BifResult, Process, Stop, bifs};
use corten_term::{Term, am};
use openssl::bn::{BigNum, BigNumContext, BigNumRef};
use openssl::ec::{EcGroupRef, EcKey, EcPoint, PointConversionForm};
use openssl::error::ErrorStack;
use openssl::pkey::{Private, Public};

pub const BIFS: &[Bif] = bifs![
    crypto:ec_generate_key_nif/2 => generate [NIF],
    crypto:ecdh_compute_key_nif/3 => compute [NIF],
];

/// The public point of a private key.
fn public(group: &EcGroupRef, private: &BigNumRef) -> Result<EcPoint, ErrorStack> {
    let mut ctx = BigNumContext::new()?;
    let mut point = EcPoint::new(group)?;
    point.mul_generator2(group, private, &mut ctx)?;
    Ok(point)
}

/// A private key `{Curve, PrivateKey}`, for signing.
pub fn private_key(t: Term<'_>) -> Option<EcKey<Private>> {
    let [curve, key] = t.as_tuple_of::<2>()?;
    let key = args::number(*key)?;
    let (group, _) = curves::group(*curve).ok()?;
    let point = public(&group, &key).ok()?;
    EcKey::from_private_components(&group, &key, &point).ok()
}

/// A public key `{Curve, Point}`, for checking signatures.
pub fn public_key(t: Term<'_>) -> Option<EcKey<Public>> {
    let [curve, point] = t.as_tuple_of::<2>()?;
    let point = args::binary(*point)?;
    let (group, _) = curves::group(*curve).ok()?;
    let point = EcPoint::from_bytes(&group, &point, &mut *BigNumContext::new().ok()?).ok()?;
    EcKey::from_public_key(&group, &point).ok()
}

fn group<'h>(p: &'h Process, t: Term<'h>) -> Result<(Group, usize), Stop<'h>> {
    curves::group(t).map_err(|text| error_at(p, 1, text))
}

/// `{Public, Private}`: a new pair, or the pair of a private key.
fn generate<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let (pair, order) = if a[1].is(am::undefined) {
        let curve = curves::group(a[0]);
        let (group, order) = curve.map_err(|_| badarg(p, 0, "Couldn't get Curve definition"))?;
        let key = EcKey::generate(&group).map_err(|_| error(p, "Couldn't generate EC key"))?;
        let private = key.private_key().to_owned().ok();
        (encode(&group, key.public_key()).zip(private), order)
    } else {
        let private = args::number(a[1]).ok_or_else(|| badarg(p, 0, "Bad private key"))?;
        let (group, order) = group(p, a[0])?;
        let point = public(&group, &private).map_err(|_| error(p, "Couldn't multiply POINT"))?;
        (encode(&group, &point).zip(Some(private)), order)
    };
    let (public, private) = pair.ok_or_else(|| error(p, "Couldn't get pub key bytes"))?;
    let private = private.to_vec_padded(order as i32).ok().badarg()?;
    Ok(p.heap
        .tuple(&[p.heap.binary(&public), p.heap.binary(&private)]))
}

fn encode(group: &EcGroupRef, point: &openssl::ec::EcPointRef) -> Option<Vec<u8>> {
    let mut ctx = BigNumContext::new().ok()?;
    point
        .to_bytes(group, PointConversionForm::UNCOMPRESSED, &mut ctx)
        .ok()
}

/// The shared secret of `(PublicKey, Curve, PrivateKey)`: the first coordinate of their product.
fn compute<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let no_peer = || badarg(p, 0, "Bad peer public key; binary expected");
    let peer = args::binary(a[0]).ok_or_else(no_peer)?;
    let (group, _) = group(p, a[1])?;
    let failed = |text| move |_: ErrorStack| error(p, text);
    let mut ctx = BigNumContext::new().map_err(failed("Can't init fromdata"))?;
    let peer = EcPoint::from_bytes(&group, &peer, &mut ctx).map_err(failed("Can't do fromdata"))?;
    let mut private = args::number(a[2]).ok_or_else(no_peer)?;
    private.set_const_time();
    let mut secret = || {
        let mut product = EcPoint::new(&group)?;
        product.mul2(&group, &peer, &private, &mut ctx)?;
        let (mut x, mut y) = (BigNum::new()?, BigNum::new()?);
        product.affine_coordinates(&group, &mut x, &mut y, &mut ctx)?;
        x.to_vec_padded(group.degree().div_ceil(8) as i32)
    };
    let secret = secret().map_err(failed("Can't get result"))?;
    Ok(p.heap.binary(&secret))
}
