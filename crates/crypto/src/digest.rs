//! Digests: the table of them, one-shot hashes, hashes in pieces, extendable output, PBKDF2.
//!
//! The state of a hash is never changed: every piece makes a new one, as programs expect.

use crate::error::{badarg, error, notsup};
use crate::{args, info, sys};
use corten_engine::bif::OrBadarg;
use corten_engine::{Args, Bif, BifResult, Process, Stop, bifs};
use corten_term::reference::Magic;
use corten_term::{Term, map};
use openssl::hash::MessageDigest;
use openssl::md::{Md, MdRef};
use openssl::md_ctx::MdCtx;
use std::sync::OnceLock;

pub const BIFS: &[Bif] = bifs![
    crypto:hash_info/1 => hash_info [NIF],
    crypto:hash_nif/2 => hash [NIF],
    crypto:hash_init_nif/1 => hash_init [NIF],
    crypto:hash_update_nif/2 => hash_update [NIF],
    crypto:hash_final_nif/1 => hash_final [NIF],
    crypto:hash_final_xof_nif/2 => hash_final_xof [NIF],
    crypto:pbkdf2_hmac_nif/5 => pbkdf2_hmac [NIF],
];

/// One digest: OTP's name and OpenSSL's.
pub struct Digest {
    pub name: &'static str,
    pub openssl: &'static str,
    /// Bytes that a digest of extendable output has when nobody says how many; 0 for all others.
    extendable: usize,
    /// OpenSSL's old name, if the digest may be used for PBKDF2.
    pbkdf2: Option<&'static str>,
    fetched: OnceLock<Option<Md>>,
}

const fn entry(
    name: &'static str,
    openssl: &'static str,
    extendable: usize,
    pbkdf2: Option<&'static str>,
) -> Digest {
    Digest {
        name,
        openssl,
        extendable,
        pbkdf2,
        fetched: OnceLock::new(),
    }
}

/// All digests, in the order in which `crypto:supports(hashs)` has them.
static DIGESTS: [Digest; 17] = [
    entry("blake2s", "BLAKE2s256", 0, None),
    entry("blake2b", "BLAKE2b512", 0, None),
    entry("sm3", "SM3", 0, None),
    entry("shake256", "SHAKE-256", 32, None),
    entry("shake128", "SHAKE-128", 16, None),
    entry("sha3_512", "SHA3-512", 0, None),
    entry("sha3_384", "SHA3-384", 0, None),
    entry("sha3_256", "SHA3-256", 0, None),
    entry("sha3_224", "SHA3-224", 0, None),
    entry("sha512", "SHA2-512", 0, Some("SHA512")),
    entry("sha384", "SHA2-384", 0, Some("SHA384")),
    entry("sha256", "SHA2-256", 0, Some("SHA256")),
    entry("sha224", "SHA2-224", 0, Some("SHA224")),
    entry("sha", "SHA1", 0, Some("SHA1")),
    entry("ripemd160", "RIPEMD160", 0, None),
    entry("md5", "MD5", 0, None),
    entry("md4", "MD4", 0, None),
];

impl Digest {
    /// OpenSSL's digest; `None` if this library does not have it.
    pub fn md(&self) -> Option<&MdRef> {
        let fetch = || {
            info::load_providers();
            Md::fetch(None, self.openssl, None).ok()
        };
        self.fetched.get_or_init(fetch).as_deref()
    }
}

/// The digest that an atom names.
pub fn find(t: Term<'_>) -> Option<&'static Digest> {
    let name = args::name(t)?;
    DIGESTS.iter().find(|d| d.name == name)
}

/// The names of those that this library has.
pub fn supported() -> impl Iterator<Item = &'static str> {
    DIGESTS.iter().filter(|d| d.md().is_some()).map(|d| d.name)
}

fn hash_info<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let md = find(a[0]).badarg()?.md().ok_or(Stop::NOTSUP)?;
    let number = |n: usize| Term::small(n as i64);
    let pairs = [
        (info::key("type"), Term::small(md.type_().as_raw().into())),
        (info::key("size"), number(md.size())),
        (info::key("block_size"), number(md.block_size())),
    ];
    Ok(map::from_pairs(&p.heap, &pairs))
}

fn known<'h>(p: &'h Process, t: Term<'h>) -> Result<(&'static Digest, &'static MdRef), Stop<'h>> {
    let digest = find(t).ok_or_else(|| badarg(p, 0, "Bad digest type"))?;
    let md = digest.md();
    let md = md.ok_or_else(|| notsup(p, 0, "Digest type not supported in this cryptolib"))?;
    Ok((digest, md))
}

/// The digest of `data`.
pub fn digest(md: &MdRef, data: &[u8]) -> Option<Vec<u8>> {
    // Digests of extendable output have no size of their own since OpenSSL 3.4.
    let mut out = vec![0; Some(md.size()).filter(|n| *n > 0)?];
    let mut ctx = MdCtx::new().ok()?;
    ctx.digest_init(md).ok()?;
    ctx.digest_update(data).ok()?;
    ctx.digest_final(&mut out).ok()?;
    Some(out)
}

fn hash<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let (_, md) = known(p, a[0])?;
    let data = args::iolist(a[1]).ok_or_else(|| badarg(p, 1, "Not iolist"))?;
    args::charge(p, data.len());
    match digest(md, &data) {
        Some(digest) => Ok(p.heap.binary(&digest)),
        None => Err(error(p, "Low-level call failed")),
    }
}

/// The state of a hash.
struct State {
    ctx: MdCtx,
    extendable: usize,
    size: usize,
}

fn hash_init<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let (digest, md) = known(p, a[0])?;
    let ctx = MdCtx::new().and_then(|mut ctx| ctx.digest_init(md).map(|()| ctx));
    let ctx = ctx.map_err(|_| error(p, "Low-level call EVP_DigestInit failed"))?;
    let state = State {
        ctx,
        extendable: digest.extendable,
        size: md.size(),
    };
    Ok(p.heap.magic_reference(Magic::new(state)))
}

fn state<'h>(p: &'h Process, t: Term<'h>) -> Result<&'h State, Stop<'h>> {
    t.as_magic_of::<State>()
        .ok_or_else(|| badarg(p, 0, "Bad state"))
}

fn copied<'h>(p: &'h Process, state: &State) -> Result<MdCtx, Stop<'h>> {
    sys::copy_digest(&state.ctx).map_err(|_| error(p, "Low-level call EVP_MD_CTX_copy failed"))
}

fn hash_update<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let old = state(p, a[0])?;
    let data = args::iolist(a[1]).ok_or_else(|| badarg(p, 1, "Not iolist"))?;
    let mut ctx = copied(p, old)?;
    ctx.digest_update(&data)
        .map_err(|_| error(p, "Low-level call EVP_DigestUpdate failed"))?;
    args::charge(p, data.len());
    Ok(p.heap.magic_reference(Magic::new(State { ctx, ..*old })))
}

fn hash_final<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let state = state(p, a[0])?;
    let mut ctx = copied(p, state)?;
    let done = match state.extendable {
        0 => {
            let mut out = vec![0; state.size];
            ctx.digest_final(&mut out).map(|_| out)
        }
        n => {
            let mut out = vec![0; n];
            ctx.digest_final_xof(&mut out).map(|()| out)
        }
    };
    let out = done.map_err(|_| error(p, "Low-level call EVP_DigestFinal failed"))?;
    Ok(p.heap.binary(&out))
}

/// As many bits of a digest of extendable output as are wanted.
fn hash_final_xof<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let state = state(p, a[0])?;
    let bits = args::uint(a[1]).ok_or_else(|| badarg(p, 1, "Bad len"))?;
    let mut ctx = copied(p, state)?;
    let bytes = bits as usize / 8;
    let done = args::filled(p, bytes, |out| ctx.digest_final_xof(out).map(|()| bytes));
    match done {
        Some(Ok(out)) => Ok(out),
        Some(Err(_)) => Err(error(p, "Low-level call EVP_DigestFinalXOF failed")),
        None => Err(error(p, "Can't make a new binary")),
    }
}

/// Calls with more iterations, or longer keys, go to the pool.
const SHORT_PBKDF2: (u64, u64) = (100, 64);

fn pbkdf2_hmac<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let positive = |i: i64| match a[i as usize].as_u64() {
        None => Err(badarg(p, i, "Not integer")),
        Some(0) => Err(badarg(p, i, "Must be > 0")),
        Some(n) => Ok(n),
    };
    let (iterations, length) = (positive(3)?, positive(4)?);
    args::pool_if(iterations > SHORT_PBKDF2.0 || length > SHORT_PBKDF2.1)?;
    let digest = find(a[0]).ok_or_else(|| badarg(p, 0, "Bad digest type"))?;
    let name = digest.pbkdf2;
    let name = name.ok_or_else(|| badarg(p, 0, "Not eligible digest type"))?;
    let password = args::binary(a[1]).ok_or_else(|| badarg(p, 1, "Not binary"))?;
    let salt = args::binary(a[2]).ok_or_else(|| badarg(p, 2, "Not binary"))?;
    let fits = |n: u64| i32::try_from(n).is_ok();
    let md = MessageDigest::from_name(name).filter(|_| {
        fits(iterations) && fits(length) && fits(password.len() as u64) && fits(salt.len() as u64)
    });
    let md = md.ok_or_else(|| error(p, "Low-level call failed"))?;
    let done = args::filled(p, length as usize, |out| {
        openssl::pkcs5::pbkdf2_hmac(&password, &salt, iterations as usize, md, out)
            .map(|()| out.len())
    });
    match done {
        Some(Ok(key)) => Ok(key),
        Some(Err(_)) => Err(error(p, "Low-level call failed")),
        None => Err(error(p, "Can't allocate binary")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_digest_is_there_and_one_is_right() {
        assert_eq!(supported().count(), DIGESTS.len());
        let sha = DIGESTS.iter().find(|d| d.name == "sha").unwrap();
        let out = digest(sha.md().unwrap(), b"abc").unwrap();
        assert_eq!(out[..4], [0xa9, 0x99, 0x3e, 0x36]);
    }

    #[test]
    fn a_copied_state_goes_its_own_way() {
        let md = DIGESTS[9].md().unwrap();
        let mut first = MdCtx::new().unwrap();
        first.digest_init(md).unwrap();
        first.digest_update(b"ab").unwrap();
        let mut second = sys::copy_digest(&first).unwrap();
        first.digest_update(b"x").unwrap();
        second.digest_update(b"c").unwrap();
        let mut out = vec![0; 64];
        second.digest_final(&mut out).unwrap();
        assert_eq!(Some(out), digest(md, b"abc"));
    }
}
