//! Message authentication codes: HMAC, CMAC, Poly1305; in one call and in pieces.

use crate::error::{badarg, error, notsup};
use crate::sys::{Mac, MacError};
use crate::{args, cipher, digest};
use corten_engine::{Args, Bif, BifResult, Process, Stop, bifs};
use corten_term::Term;
use corten_term::reference::Magic;
use std::ffi::CStr;
use std::sync::{Mutex, MutexGuard};

pub const BIFS: &[Bif] = bifs![
    crypto:mac_nif/4 => mac [NIF],
    crypto:mac_init_nif/3 => mac_init [NIF],
    crypto:mac_update_nif/2 => mac_update [NIF],
    crypto:mac_final_nif/1 => mac_final [NIF],
];

/// The names for `crypto:supports(macs)`.
pub const SUPPORTED: [&str; 3] = ["cmac", "hmac", "poly1305"];

const POLY1305_KEY: usize = 32;

/// What OpenSSL has to be told: the MAC's name, and a parameter's name with the algorithm below.
type Algorithm = (&'static CStr, Option<(&'static CStr, &'static str)>);

fn algorithm<'h>(p: &'h Process, a: Args<'h>, key: &[u8]) -> Result<Algorithm, Stop<'h>> {
    match args::name(a[0]) {
        Some("hmac") => {
            let digest = digest::find(a[1]);
            let digest = digest.ok_or_else(|| badarg(p, 1, "Bad digest algorithm for HMAC"))?;
            Ok((c"HMAC", Some((c"digest", digest.openssl))))
        }
        Some("cmac") => {
            let Some(cipher) = cipher::find(a[1], key.len()) else {
                return Err(match cipher::find_any(a[1]) {
                    None => badarg(p, 1, "Unknown cipher"),
                    Some(_) => badarg(p, 2, "Bad key size"),
                });
            };
            if cipher.fetched().is_none() {
                return Err(notsup(p, 1, "Unsupported cipher algorithm"));
            }
            Ok((c"CMAC", Some((c"cipher", cipher.openssl))))
        }
        Some("poly1305") if key.len() == POLY1305_KEY => Ok((c"POLY1305", None)),
        Some("poly1305") => Err(badarg(p, 2, "Bad key length")),
        _ => Err(badarg(p, 0, "Unknown mac algorithm")),
    }
}

fn text<'h>(
    p: &'h Process,
    t: Term<'h>,
    argument: i64,
) -> Result<std::borrow::Cow<'h, [u8]>, Stop<'h>> {
    let text = args::iolist(t).ok_or_else(|| badarg(p, argument, "Bad text"))?;
    if text.len() > args::MOST {
        return Err(badarg(p, argument, "Too long text"));
    }
    args::long(text.len())?;
    args::charge(p, text.len());
    Ok(text)
}

fn mac<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let text = text(p, a[3], 3)?;
    let key = args::iolist(a[2]).ok_or_else(|| badarg(p, 2, "Bad key"))?;
    let (name, sub) = algorithm(p, a, &key)?;
    crate::info::load_providers();
    let all = || {
        let mut mac = Mac::new(name, sub, &key).ok()?;
        mac.update(&text).ok()?;
        mac.finish().ok()
    };
    match all() {
        Some(out) => Ok(p.heap.binary(&out)),
        None => Err(error(p, "Couldn't get mac")),
    }
}

fn mac_init<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let key = args::iolist(a[2]).ok_or_else(|| badarg(p, 2, "Bad key"))?;
    let (name, sub) = algorithm(p, a, &key)?;
    crate::info::load_providers();
    match Mac::new(name, sub, &key) {
        Ok(mac) => Ok(p.heap.magic_reference(Magic::new(Mutex::new(mac)))),
        Err(MacError::Unknown) => Err(notsup(p, 0, "Unsupported mac algorithm")),
        Err(MacError::Failed) => Err(error(p, "Can't initialize EVP_MAC_CTX")),
    }
}

fn state<'h>(p: &'h Process, t: Term<'h>) -> Result<MutexGuard<'h, Mac>, Stop<'h>> {
    let mac = t.as_magic_of::<Mutex<Mac>>();
    let mac = mac.ok_or_else(|| badarg(p, 0, "Bad ref"))?;
    Ok(mac.lock().unwrap_or_else(|e| e.into_inner()))
}

/// The state is the same object before and after, unlike that of a hash.
fn mac_update<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let text = text(p, a[1], 1)?;
    let done = state(p, a[0])?.update(&text);
    done.map_err(|_| error(p, "mac update"))?;
    Ok(a[0])
}

fn mac_final<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let out = state(p, a[0])?.finish();
    let out = out.map_err(|_| error(p, "Signing"))?;
    Ok(p.heap.binary(&out))
}
