//! Signing and checking signatures; encrypting and decrypting with RSA; RSA keys.

use crate::error::{badarg, error, notsup};
use crate::keys::{self, Algorithm};
use crate::{args, digest};
use corten_engine::{Args, Bif, BifResult, Process, Stop, bifs};
use corten_term::Term;
use openssl::bn::BigNum;
use openssl::error::ErrorStack;
use openssl::md::MdRef;
use openssl::md_ctx::MdCtx;
use openssl::pkey_ctx::{PkeyCtx, PkeyCtxRef};
use openssl::rsa::{Padding, Rsa};
use openssl::sign::RsaPssSaltlen;
use std::borrow::Cow;

pub const BIFS: &[Bif] = bifs![
    crypto:pkey_sign_nif/5 => sign [NIF],
    crypto:pkey_sign_heavy_nif/5 => sign [NIF DIRTY_CPU],
    crypto:pkey_verify_nif/6 => verify [NIF],
    crypto:pkey_crypt_nif/6 => crypt [NIF],
    crypto:privkey_to_pubkey_nif/2 => public_of_private [NIF],
    crypto:rsa_generate_key_nif/2 => rsa_generate_key [NIF DIRTY_CPU],
];

/// ANSI X9.31, which the crate has no name for.
const X931: i32 = 5;

/// The digest that a name means for this algorithm; `None` where there is none.
fn digest_type<'h>(
    p: &'h Process,
    algorithm: Algorithm,
    t: Term<'h>,
    at: i64,
) -> Result<Option<&'static MdRef>, Stop<'h>> {
    let none = args::name(t) == Some("none") && algorithm == Algorithm::Rsa;
    if none || algorithm == Algorithm::Eddsa {
        return Ok(None);
    }
    let digest = digest::find(t).ok_or_else(|| badarg(p, at, "Bad digest type"))?;
    let md = digest.md();
    md.map(Some)
        .ok_or_else(|| badarg(p, at, "Digest type not supported"))
}

/// What a signature is about: algorithm, digest and the bytes to sign, in arguments 0, 1 and 2.
struct Subject<'h> {
    algorithm: Algorithm,
    md: Option<&'static MdRef>,
    bytes: Cow<'h, [u8]>,
}

fn subject<'h>(p: &'h Process, a: Args<'h>) -> Result<Subject<'h>, Stop<'h>> {
    let algorithm = keys::algorithm(p, a[0])?;
    let md = digest_type(p, algorithm, a[1], 1)?;
    let bytes = if let Some(tuple) = a[2].as_tuple() {
        let [tag, digest] = tuple else {
            return Err(badarg(p, 2, "Bad list"));
        };
        if args::name(*tag) != Some("digest") {
            return Err(badarg(p, 2, "Expected 'digest' as head"));
        }
        let digest = args::iolist(*digest);
        let digest = digest.ok_or_else(|| badarg(p, 2, "Bad 2nd element in list"))?;
        if md.is_some_and(|md| md.size() != digest.len()) {
            return Err(badarg(p, 2, "Bad binary size for the algorithm"));
        }
        digest
    } else {
        let text = args::iolist(a[2]);
        let text = text.ok_or_else(|| badarg(p, 2, "Expected a binary or a list"))?;
        match md {
            None => text,
            Some(md) => {
                args::charge(p, text.len());
                let digest = digest::digest(md, &text);
                Cow::Owned(digest.ok_or_else(|| error(p, "Can't create EVP_DigestFinal_ex"))?)
            }
        }
    };
    Ok(Subject {
        algorithm,
        md,
        bytes,
    })
}

/// Options of signatures with RSA.
struct SignOptions {
    mgf1: Option<&'static MdRef>,
    padding: Padding,
    salt: i32,
}

/// The pairs of an option list; only RSA has any.
fn option_pairs<'h>(
    p: &'h Process,
    algorithm: Algorithm,
    t: Term<'h>,
    at: i64,
) -> Result<Vec<&'h [Term<'h>; 2]>, Stop<'h>> {
    if !t.is_list() {
        return Err(badarg(p, at, "Expected a list"));
    }
    if !t.is_nil() && algorithm != Algorithm::Rsa {
        return Err(badarg(p, at, "Only RSA supports Options"));
    }
    t.iter()
        .map(|o| {
            let text = "Expects only two-tuples in the list";
            o.as_tuple_of::<2>().ok_or_else(|| badarg(p, at, text))
        })
        .collect()
}

/// The digest in an option's value.
fn option_digest<'h>(
    p: &'h Process,
    name: &str,
    value: Term<'h>,
    at: i64,
) -> Result<Option<&'static MdRef>, Stop<'h>> {
    if !value.is_atom() {
        let text = format!("Atom expected as argument to option {name}");
        return Err(badarg(p, at, &text));
    }
    digest_type(p, Algorithm::Rsa, value, at)
}

fn sign_options<'h>(
    p: &'h Process,
    subject: &Subject<'h>,
    t: Term<'h>,
    at: i64,
) -> Result<SignOptions, Stop<'h>> {
    let mut options = SignOptions {
        mgf1: None,
        padding: Padding::PKCS1,
        salt: -2,
    };
    for [tag, value] in option_pairs(p, subject.algorithm, t, at)? {
        match args::name(*tag) {
            Some(name @ "rsa_mgf1_md") => options.mgf1 = option_digest(p, name, *value, at)?,
            Some("rsa_padding") => match args::name(*value) {
                Some("rsa_pkcs1_padding") => options.padding = Padding::PKCS1,
                Some("rsa_pkcs1_pss_padding") => {
                    options.padding = Padding::PKCS1_PSS;
                    options.mgf1 = options.mgf1.or(subject.md);
                }
                Some("rsa_x931_padding") => options.padding = Padding::from_raw(X931),
                Some("rsa_no_padding") => options.padding = Padding::NONE,
                _ => return Err(badarg(p, at, "Bad value in option rsa_padding")),
            },
            Some("rsa_pss_saltlen") => {
                let salt = value.as_small().and_then(|n| i32::try_from(n).ok());
                let salt = salt.filter(|n| *n >= -2);
                let text = "Bad value in option rsa_pss_saltlen";
                options.salt = salt.ok_or_else(|| badarg(p, at, text))?;
            }
            _ => return Err(badarg(p, at, "Bad option")),
        }
    }
    Ok(options)
}

/// Tells OpenSSL the digest and what is particular to RSA.
fn set_up<'h, T>(
    p: &'h Process,
    ctx: &mut PkeyCtxRef<T>,
    subject: &Subject<'h>,
    options: &SignOptions,
    at: i64,
) -> Result<(), Stop<'h>> {
    let failed = |text| move |_: ErrorStack| error(p, text);
    if let Some(md) = subject.md {
        ctx.set_signature_md(md)
            .map_err(failed("Can't EVP_PKEY_CTX_set_signature_md"))?;
    }
    if subject.algorithm != Algorithm::Rsa {
        return Ok(());
    }
    ctx.set_rsa_padding(options.padding)
        .map_err(failed("Can't EVP_PKEY_CTX_set_rsa_padding"))?;
    if options.padding == Padding::PKCS1_PSS {
        if let Some(md) = options.mgf1 {
            ctx.set_rsa_mgf1_md(md)
                .map_err(failed("Can't EVP_PKEY_CTX_set_rsa_mgf1_md"))?;
        }
        if options.salt > -2 {
            ctx.set_rsa_pss_saltlen(RsaPssSaltlen::custom(options.salt))
                .map_err(|_| badarg(p, at, "Bad rsa_pss_saltlen"))?;
        }
    }
    Ok(())
}

/// `(Algorithm, Digest, Data, Key, Options)`.
fn sign<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let subject = subject(p, a)?;
    let options = sign_options(p, &subject, a[4], 4)?;
    let key = keys::private(p, subject.algorithm, a[3], 3)?;
    let mut signature = Vec::new();
    if subject.algorithm == Algorithm::Eddsa {
        let mut ctx = MdCtx::new().map_err(|_| error(p, "Can't EVP_MD_CTX_new"))?;
        ctx.digest_sign_init(None, &key)
            .map_err(|_| error(p, "Can't EVP_DigestSignInit"))?;
        ctx.digest_sign_to_vec(&subject.bytes, &mut signature)
            .map_err(|_| error(p, "Can't EVP_DigestSign"))?;
    } else {
        let mut ctx =
            PkeyCtx::new(&key).map_err(|_| error(p, "Can't allocate new EVP_PKEY_CTX"))?;
        ctx.sign_init()
            .map_err(|_| error(p, "Can't EVP_PKEY_sign_init"))?;
        set_up(p, &mut ctx, &subject, &options, 4)?;
        ctx.sign_to_vec(&subject.bytes, &mut signature)
            .map_err(|_| error(p, "Can't EVP_PKEY_sign"))?;
    }
    Ok(p.heap.binary(&signature))
}

/// `(Algorithm, Digest, Data, Signature, Key, Options)`.
fn verify<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let subject = subject(p, a)?;
    let options = sign_options(p, &subject, a[5], 5)?;
    let signature = args::binary(a[3]).ok_or_else(|| badarg(p, 3, "Expected a binary"))?;
    let key = keys::public(p, subject.algorithm, a[4], 4)?;
    let good = if subject.algorithm == Algorithm::Eddsa {
        let mut ctx = MdCtx::new().map_err(|_| error(p, "Can't EVP_MD_CTX_new"))?;
        ctx.digest_verify_init(None, &key)
            .map_err(|_| error(p, "Can't EVP_DigestVerifyInit"))?;
        ctx.digest_verify(&subject.bytes, &signature)
    } else {
        let mut ctx =
            PkeyCtx::new(&key).map_err(|_| error(p, "Can't allocate new EVP_PKEY_CTX"))?;
        ctx.verify_init()
            .map_err(|_| error(p, "Can't EVP_PKEY_sign_init"))?;
        set_up(p, &mut ctx, &subject, &options, 5)?;
        ctx.verify(&subject.bytes, &signature)
    };
    Ok(Term::bool(good.unwrap_or(false)))
}

/// Options of encryption with RSA.
struct CryptOptions<'h> {
    padding: Padding,
    mgf1: Option<&'static MdRef>,
    oaep: Option<&'static MdRef>,
    label: Cow<'h, [u8]>,
    signature: Option<&'static MdRef>,
}

fn crypt_options<'h>(
    p: &'h Process,
    algorithm: Algorithm,
    t: Term<'h>,
    at: i64,
) -> Result<CryptOptions<'h>, Stop<'h>> {
    let mut options = CryptOptions {
        padding: Padding::PKCS1,
        mgf1: None,
        oaep: None,
        label: Cow::Borrowed(&[]),
        signature: None,
    };
    for [tag, value] in option_pairs(p, algorithm, t, at)? {
        match args::name(*tag) {
            Some("rsa_padding" | "rsa_pad") => {
                options.padding = match args::name(*value) {
                    Some("rsa_pkcs1_padding") => Padding::PKCS1,
                    Some("rsa_pkcs1_oaep_padding") => Padding::PKCS1_OAEP,
                    Some("rsa_x931_padding") => Padding::from_raw(X931),
                    Some("rsa_no_padding") => Padding::NONE,
                    _ => return Err(badarg(p, at, "Bad padding type in option rsa_padding")),
                }
            }
            Some(name @ "signature_md") => options.signature = option_digest(p, name, *value, at)?,
            Some(name @ "rsa_mgf1_md") => options.mgf1 = option_digest(p, name, *value, at)?,
            Some(name @ "rsa_oaep_md") => options.oaep = option_digest(p, name, *value, at)?,
            Some("rsa_oaep_label") => {
                let text = "Binary expected for option rsa_oaep_label";
                options.label = args::binary(*value).ok_or_else(|| badarg(p, at, text))?;
            }
            _ => return Err(badarg(p, at, "Unknown option")),
        }
    }
    Ok(options)
}

fn set_up_crypt<'h, T>(
    p: &'h Process,
    ctx: &mut PkeyCtxRef<T>,
    algorithm: Algorithm,
    options: &CryptOptions<'h>,
) -> Result<(), Stop<'h>> {
    if algorithm != Algorithm::Rsa {
        return Ok(());
    }
    let failed = |text| move |_: ErrorStack| error(p, text);
    if let Some(md) = options.signature {
        ctx.set_signature_md(md)
            .map_err(failed("Can't EVP_PKEY_CTX_set_signature_md"))?;
    }
    ctx.set_rsa_padding(options.padding)
        .map_err(failed("Couldn't set rsa padding"))?;
    if options.padding == Padding::PKCS1_OAEP {
        if let Some(md) = options.oaep {
            ctx.set_rsa_oaep_md(md)
                .map_err(failed("Couldn't EVP_PKEY_CTX_set_rsa_oaep_md"))?;
        }
        if let Some(md) = options.mgf1 {
            ctx.set_rsa_mgf1_md(md)
                .map_err(failed("Couldn't EVP_PKEY_CTX_set_rsa_mgf1_md"))?;
        }
        if !options.label.is_empty() {
            ctx.set_rsa_oaep_label(&options.label)
                .map_err(failed("Couldn't set RSA oaep label"))?;
        }
    }
    Ok(())
}

/// `(Algorithm, Data, Key, Options, IsPrivate, IsEncrypt)`. Encrypting with a private key is signing without a
/// digest, decrypting with a public one is getting back what was signed.
fn crypt<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let (is_private, is_encrypt) = (
        a[4].is(corten_term::am::true_),
        a[5].is(corten_term::am::true_),
    );
    let algorithm = keys::algorithm(p, a[0])?;
    let data = args::binary(a[1]).ok_or_else(|| badarg(p, 1, "Binary expected"))?;
    let no_context = |_| error(p, "Can't allocate new EVP_PKEY_CTX");
    let no_start = |_| notsup(p, -1, "Can't initiate encrypt/decrypt");
    let done = if is_private {
        let key = keys::private(p, algorithm, a[2], 2)?;
        let options = crypt_options(p, algorithm, a[3], 3)?;
        let mut ctx = PkeyCtx::new(&key).map_err(no_context)?;
        let init = if is_encrypt {
            ctx.sign_init()
        } else {
            ctx.decrypt_init()
        };
        init.map_err(no_start)?;
        set_up_crypt(p, &mut ctx, algorithm, &options)?;
        let mut out = vec![0; key.size()];
        let n = if is_encrypt {
            ctx.sign(&data, Some(&mut out))
        } else {
            ctx.decrypt(&data, Some(&mut out))
        };
        n.map(|n| (n, out))
    } else {
        let key = keys::public(p, algorithm, a[2], 2)?;
        let options = crypt_options(p, algorithm, a[3], 3)?;
        let mut ctx = PkeyCtx::new(&key).map_err(no_context)?;
        let init = if is_encrypt {
            ctx.encrypt_init()
        } else {
            ctx.verify_recover_init()
        };
        init.map_err(no_start)?;
        set_up_crypt(p, &mut ctx, algorithm, &options)?;
        let mut out = vec![0; key.size()];
        let n = if is_encrypt {
            ctx.encrypt(&data, Some(&mut out))
        } else {
            ctx.verify_recover(&data, Some(&mut out))
        };
        n.map(|n| (n, out))
    };
    let (n, out) = done.map_err(|_| error(p, "Couldn't get the result"))?;
    Ok(p.heap.binary(&out[..n.min(out.len())]))
}

/// `(Algorithm, PrivateKey)`.
fn public_of_private<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let algorithm = keys::algorithm(p, a[0])?;
    let key = keys::private(p, algorithm, a[1], 1)?;
    let number = |n| args::number_term(p, n);
    match algorithm {
        Algorithm::Rsa => {
            let text = "Couldn't get RSA public key from private key";
            let key = key.rsa().map_err(|_| badarg(p, 1, text))?;
            Ok(p.heap.list(&[number(key.e()), number(key.n())]))
        }
        Algorithm::Dss => {
            let text = "Couldn't get DSA public key from private key";
            let key = key.dsa().map_err(|_| badarg(p, 1, text))?;
            let parts = [key.p(), key.q(), key.g(), key.pub_key()];
            Ok(p.heap.list(&parts.map(number)))
        }
        Algorithm::Ecdsa => Err(notsup(p, 0, "ECDSA not implemented")),
        Algorithm::Eddsa => Err(badarg(p, 0, "Bad algorithm")),
    }
}

/// `(Bits, Exponent)`: `[E, N, D, P1, P2, E1, E2, C]`.
fn rsa_generate_key<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let bits = args::uint(a[0]).ok_or_else(|| badarg(p, 0, "Can't get unsigned int"))?;
    if bits < 256 {
        return Err(badarg(p, 0, "Can't be < 256"));
    }
    let no_exponent = || badarg(p, 1, "Can't get binary public exponent");
    let mut exponent = args::binary(a[1]).ok_or_else(no_exponent)?.into_owned();
    // OTP hands the bytes over in the machine's order, so that 16#10003 becomes 16#30001.
    exponent.reverse();
    let failed = |_| error(p, "Can't generate RSA key-pair");
    let exponent = BigNum::from_slice(&exponent).map_err(failed)?;
    if bits < 512 {
        return Err(error(p, "Can't set params"));
    }
    let key = Rsa::generate_with_e(bits, &exponent).map_err(failed)?;
    let parts = [key.p(), key.q(), key.dmp1(), key.dmq1(), key.iqmp()];
    let parts: Option<Vec<_>> = [Some(key.e()), Some(key.n()), Some(key.d())]
        .into_iter()
        .chain(parts)
        .map(|n| n.map(|n| args::number_term(p, n)))
        .collect();
    let parts = parts.ok_or_else(|| error(p, "Can't get RSA keys"))?;
    Ok(p.heap.list(&parts))
}
