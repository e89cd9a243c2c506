//! Arithmetic: powers, the secrets of SRP, exclusive or, comparing in constant time.

use crate::args;
use corten_engine::bif::OrBadarg;
use corten_engine::{Args, Bif, BifResult, Process, Stop, bifs};
use corten_term::{Term, am};
use openssl::bn::{BigNum, BigNumContext};
use openssl::error::ErrorStack;

pub const BIFS: &[Bif] = bifs![
    crypto:mod_exp_nif/4 => mod_exp [NIF],
    crypto:srp_value_B_nif/5 => srp_value_b [NIF],
    crypto:srp_user_secret_nif/7 => srp_user_secret [NIF],
    crypto:srp_host_secret_nif/5 => srp_host_secret [NIF],
    crypto:do_exor/2 => exor [NIF],
    crypto:hash_equals_nif/2 => hash_equals [NIF],
];

/// `Base ^ Exponent mod Modulus`, as a number or (last argument 4) with its length in front.
fn mod_exp<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let [base, exponent, modulus] = [0, 1, 2].map(|i| args::plain_number(a[i]));
    let (base, exponent, modulus) = (base?, exponent?, modulus?);
    let prefix = args::uint(a[3]).filter(|n| matches!(n, 0 | 4)).badarg()?;
    let power = || {
        let mut result = BigNum::new()?;
        result.mod_exp(&base, &exponent, &modulus, &mut *BigNumContext::new()?)?;
        Ok::<_, ErrorStack>(result)
    };
    let bytes = power().map_err(|_| Stop::BADARG)?.to_vec();
    if prefix == 0 {
        return Ok(p.heap.binary(&bytes));
    }
    // A set highest bit would be a sign.
    let sign = bytes.first().is_some_and(|b| *b >= 128);
    let mut out = (bytes.len() as u32 + u32::from(sign))
        .to_be_bytes()
        .to_vec();
    out.extend(sign.then_some(0));
    out.extend(bytes);
    Ok(p.heap.binary(&out))
}

/// What an SRP function answers: a number, or `error` where the protocol forbids to go on.
fn srp<'h>(p: &'h Process, result: Result<Option<BigNum>, ErrorStack>) -> BifResult<'h> {
    Ok(match result {
        Ok(Some(n)) => args::number_term(p, &n),
        _ => Term::atom(am::error),
    })
}

fn all<'h, const N: usize>(a: Args<'h>) -> Result<[BigNum; N], Stop<'h>> {
    let numbers: Result<Vec<_>, _> = a.iter().map(|t| args::plain_number(*t)).collect();
    numbers?.try_into().ok().badarg()
}

/// Whether `n` is a multiple of the prime.
fn vanishes(n: &BigNum, prime: &BigNum, ctx: &mut BigNumContext) -> Result<bool, ErrorStack> {
    let mut rest = BigNum::new()?;
    rest.nnmod(n, prime, ctx)?;
    Ok(rest.num_bits() == 0)
}

/// `B = k*v + g^b mod N`.
fn srp_value_b<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let [multiplier, verifier, generator, mut exponent, prime] = all(a)?;
    let mut value = || {
        let ctx = &mut BigNumContext::new()?;
        let (mut kv, mut gb, mut b) = (BigNum::new()?, BigNum::new()?, BigNum::new()?);
        kv.mod_mul(&multiplier, &verifier, &prime, ctx)?;
        exponent.set_const_time();
        gb.mod_exp(&generator, &exponent, &prime, ctx)?;
        b.mod_add(&gb, &kv, &prime, ctx)?;
        Ok((!vanishes(&b, &prime, ctx)?).then_some(b))
    };
    srp(p, value())
}

/// The client's secret: `(B - k*g^x) ^ (a + u*x) mod N`.
fn srp_user_secret<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let [
        own,
        scrambler,
        peer,
        multiplier,
        generator,
        mut exponent,
        prime,
    ] = all(a)?;
    let mut secret = || {
        let ctx = &mut BigNumContext::new()?;
        if vanishes(&peer, &prime, ctx)? {
            return Ok(None);
        }
        let (mut gx, mut kgx, mut base) = (BigNum::new()?, BigNum::new()?, BigNum::new()?);
        exponent.set_const_time();
        gx.mod_exp(&generator, &exponent, &prime, ctx)?;
        kgx.mod_mul(&multiplier, &gx, &prime, ctx)?;
        base.mod_sub(&peer, &kgx, &prime, ctx)?;
        let (mut ux, mut power, mut secret) = (BigNum::new()?, BigNum::new()?, BigNum::new()?);
        ux.checked_mul(&scrambler, &exponent, ctx)?;
        power.checked_add(&own, &ux)?;
        power.set_const_time();
        secret.mod_exp(&base, &power, &prime, ctx)?;
        Ok(Some(secret))
    };
    srp(p, secret())
}

/// The server's secret: `(A * v^u) ^ b mod N`.
fn srp_host_secret<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let [verifier, mut own, mut scrambler, peer, prime] = all(a)?;
    let mut secret = || {
        let ctx = &mut BigNumContext::new()?;
        if vanishes(&peer, &prime, ctx)? {
            return Ok(None);
        }
        let (mut vu, mut base, mut secret) = (BigNum::new()?, BigNum::new()?, BigNum::new()?);
        scrambler.set_const_time();
        vu.mod_exp(&verifier, &scrambler, &prime, ctx)?;
        base.mod_mul(&peer, &vu, &prime, ctx)?;
        own.set_const_time();
        secret.mod_exp(&base, &own, &prime, ctx)?;
        Ok(Some(secret))
    };
    srp(p, secret())
}

fn exor<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let (x, y) = (args::iolist(a[0]).badarg()?, args::iolist(a[1]).badarg()?);
    if x.len() != y.len() {
        return Err(Stop::BADARG);
    }
    args::charge(p, x.len());
    let out: Vec<u8> = x.iter().zip(y.iter()).map(|(x, y)| x ^ y).collect();
    Ok(p.heap.binary(&out))
}

fn hash_equals<'h>(_: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let (x, y) = (args::binary(a[0]).badarg()?, args::binary(a[1]).badarg()?);
    if x.len() != y.len() {
        return Err(Stop::BADARG);
    }
    Ok(Term::bool(openssl::memcmp::eq(&x, &y)))
}
