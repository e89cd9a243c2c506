//! Diffie and Hellman's keys in prime fields.

use crate::args;
use crate::error::{badarg, error};
use corten_engine::{Args, Bif, BifResult, Process, Stop, bifs};
use corten_term::{Term, am};
use openssl::bn::{BigNum, BigNumContext, BigNumRef, MsbOption};
use openssl::dh::Dh;
use openssl::error::ErrorStack;

pub const BIFS: &[Bif] = bifs![
    crypto:dh_generate_key_nif/4 => generate [NIF],
    crypto:dh_compute_key_nif/3 => compute [NIF],
];

/// Bits of the prime that OpenSSL takes.
const PRIME_BITS: std::ops::RangeInclusive<i32> = 512..=10_000;

/// The list `[P, G]` in argument `at`.
fn parameters<'h>(p: &'h Process, t: Term<'h>, at: i64) -> Result<[BigNum; 2], Stop<'h>> {
    let all = t.to_vec().unwrap_or_default();
    let number = |i: usize, text| {
        let n = all.get(i).and_then(|t| args::number(*t));
        n.ok_or_else(|| badarg(p, at, text))
    };
    let prime = number(0, "Bad value of 'p'")?;
    let generator = number(1, "Bad value of 'g'")?;
    if all.len() > 2 {
        return Err(badarg(p, at, "Not a two-element list"));
    }
    Ok([prime, generator])
}

/// `base ^ exponent mod prime` in a time that does not depend on the exponent.
fn power(base: &BigNumRef, exponent: &mut BigNum, prime: &BigNumRef) -> Result<BigNum, ErrorStack> {
    let mut out = BigNum::new()?;
    exponent.set_const_time();
    out.mod_exp(base, exponent, prime, &mut *BigNumContext::new()?)?;
    Ok(out)
}

/// A new pair `{Public, Private}` for `(PrivateKey, [P, G], _, Length)`. OTP with OpenSSL 3 does not use a private
/// key that it is given; neither do we.
fn generate<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    if !a[0].is(am::undefined) && args::number(a[0]).is_none() {
        return Err(badarg(p, 0, "PrivKeyIn"));
    }
    let [prime, generator] = parameters(p, a[1], 1)?;
    let no_length = || badarg(p, 3, "Bad value of length element");
    let length = a[3].as_u64().ok_or_else(no_length)?;
    let pair = pair(prime, generator, length);
    let (public, private) = pair.ok_or_else(|| error(p, "Can't generate DH key pair"))?;
    let out = [
        args::number_term(p, &public),
        args::number_term(p, &private),
    ];
    Ok(p.heap.tuple(&out))
}

fn pair(prime: BigNum, generator: BigNum, length: u64) -> Option<(BigNum, BigNum)> {
    if !PRIME_BITS.contains(&prime.num_bits()) {
        return None;
    }
    if length == 0 {
        let key = Dh::from_pqg(prime, None, generator).ok()?;
        let key = key.generate_key().ok()?;
        return Some((
            key.public_key().to_owned().ok()?,
            key.private_key().to_owned().ok()?,
        ));
    }
    let length = i32::try_from(length).ok();
    let length = length.filter(|n| *n < prime.num_bits())?;
    let mut private = BigNum::new().ok()?;
    private.rand(length, MsbOption::ONE, false).ok()?;
    let public = power(&generator, &mut private, &prime).ok()?;
    Some((public, private))
}

/// The shared secret of `(PublicKey, PrivateKey, [P, G])`, without leading zeros.
fn compute<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let number = |i: usize| {
        let text = "Bad peer public key; binary expected";
        args::number(a[i]).ok_or_else(|| badarg(p, 0, text))
    };
    let peer = number(0)?;
    let [prime, _] = parameters(p, a[2], 2)?;
    let mut private = number(1)?;
    if !PRIME_BITS.contains(&prime.num_bits()) {
        return Err(error(p, "Can't get result"));
    }
    // 0, 1 and -1 would give the secret away.
    let mut last = prime
        .to_owned()
        .map_err(|_| error(p, "Can't do fromdata"))?;
    last.sub_word(1)
        .map_err(|_| error(p, "Can't do fromdata"))?;
    if peer.num_bits() <= 1 || peer >= last {
        return Err(error(p, "Can't get result size"));
    }
    let secret = power(&peer, &mut private, &prime).map_err(|_| error(p, "Can't get result"))?;
    if secret.num_bits() <= 1 {
        return Err(error(p, "Can't get result"));
    }
    Ok(args::number_term(p, &secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_sides_find_the_same_secret() {
        let prime = || BigNum::get_rfc3526_prime_2048().unwrap();
        let generator = || BigNum::from_u32(2).unwrap();
        let (public_a, mut private_a) = pair(prime(), generator(), 0).unwrap();
        let (public_b, mut private_b) = pair(prime(), generator(), 200).unwrap();
        assert_eq!(private_b.num_bits(), 200);
        let one = power(&public_b, &mut private_a, &prime()).unwrap();
        let other = power(&public_a, &mut private_b, &prime()).unwrap();
        assert_eq!(one, other);
        assert!(pair(BigNum::from_u32(23).unwrap(), generator(), 0).is_none());
    }
}
