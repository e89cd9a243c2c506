//! The table of ciphers, and what programs may ask about them.

use crate::args;
use crate::info::{self, key};
use corten_engine::bif::OrBadarg;
use corten_engine::{Args, Bif, BifResult, Process, Stop, bifs};
use corten_term::{Term, map};
use openssl::cipher::{Cipher as Fetched, CipherRef};
use std::sync::OnceLock;

pub const BIFS: &[Bif] = bifs![
    crypto:cipher_info_nif/1 => cipher_info [NIF],
];

/// How blocks are chained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Cbc,
    Ccm,
    Cfb,
    Ctr,
    Ecb,
    Gcm,
    Ofb,
    Stream,
    /// ChaCha20-Poly1305: a stream cipher to ask, an AEAD to use.
    StreamAead,
}

impl Mode {
    fn name(self) -> &'static str {
        match self {
            Mode::Cbc => "cbc_mode",
            Mode::Ccm => "ccm_mode",
            Mode::Cfb => "cfb_mode",
            Mode::Ctr => "ctr_mode",
            Mode::Ecb => "ecb_mode",
            Mode::Gcm => "gcm_mode",
            Mode::Ofb => "ofb_mode",
            Mode::Stream | Mode::StreamAead => "stream_cipher",
        }
    }
    pub fn is_aead(self) -> bool {
        matches!(self, Mode::Ccm | Mode::Gcm | Mode::StreamAead)
    }
}

/// One cipher: OTP's name and OpenSSL's.
pub struct Cipher {
    pub name: &'static str,
    pub openssl: &'static str,
    /// The length of its keys; 0 if there are several.
    key: usize,
    pub mode: Mode,
    /// OpenSSL's number for the cipher's object identifier; 0 if it has none.
    number: i64,
    fetched: OnceLock<Option<Fetched>>,
}

macro_rules! ciphers {
    ($($name:ident $openssl:literal $key:literal $mode:ident $number:literal;)*) => {
        /// All ciphers, in the order in which `crypto:supports(ciphers)` has them.
        static CIPHERS: [Cipher; [$($openssl),*].len()] = [$(Cipher {
            name: stringify!($name),
            openssl: $openssl,
            key: $key,
            mode: Mode::$mode,
            number: $number,
            fetched: OnceLock::new(),
        }),*];
    };
}

ciphers! {
    chacha20 "chacha20" 32 Stream 0;
    aes_256_ofb "aes-256-ofb" 32 Ofb 428;
    aes_192_ofb "aes-192-ofb" 24 Ofb 424;
    aes_128_ofb "aes-128-ofb" 16 Ofb 420;
    sm4_ctr "sm4-ctr" 16 Ctr 1139;
    sm4_ofb "sm4-ofb" 16 Ofb 1135;
    sm4_cfb "sm4-cfb" 16 Cfb 1137;
    sm4_ecb "sm4-ecb" 16 Ecb 1133;
    sm4_cbc "sm4-cbc" 16 Cbc 1134;
    blowfish_ecb "BF-ECB" 0 Ecb 0;
    blowfish_ofb64 "BF-OFB" 0 Ofb 0;
    blowfish_cfb64 "BF-CFB" 0 Cfb 0;
    blowfish_cbc "BF-CBC" 0 Cbc 91;
    des_ede3_cfb "des-ede3-cfb" 0 Cfb 61;
    des_ecb "des-ecb" 0 Ecb 29;
    des_cfb "des-cfb" 0 Cfb 30;
    des_cbc "des-cbc" 0 Cbc 31;
    rc4 "rc4" 0 Stream 5;
    rc2_cbc "rc2-cbc" 0 Cbc 37;
    aes_128_cbc "aes-128-cbc" 16 Cbc 419;
    aes_192_cbc "aes-192-cbc" 24 Cbc 423;
    aes_256_cbc "aes-256-cbc" 32 Cbc 427;
    aes_128_cfb128 "aes-128-cfb" 16 Cfb 421;
    aes_192_cfb128 "aes-192-cfb" 24 Cfb 425;
    aes_256_cfb128 "aes-256-cfb" 32 Cfb 429;
    aes_128_cfb8 "aes-128-cfb8" 16 Cfb 421;
    aes_192_cfb8 "aes-192-cfb8" 24 Cfb 425;
    aes_256_cfb8 "aes-256-cfb8" 32 Cfb 429;
    aes_128_ecb "aes-128-ecb" 16 Ecb 418;
    aes_192_ecb "aes-192-ecb" 24 Ecb 422;
    aes_256_ecb "aes-256-ecb" 32 Ecb 426;
    sm4_gcm "sm4-gcm" 16 Gcm 0;
    sm4_ccm "sm4-ccm" 16 Ccm 0;
    chacha20_poly1305 "chacha20-poly1305" 0 StreamAead 0;
    aes_256_gcm "aes-256-gcm" 32 Gcm 901;
    aes_256_ccm "aes-256-ccm" 32 Ccm 902;
    aes_192_gcm "aes-192-gcm" 24 Gcm 898;
    aes_192_ccm "aes-192-ccm" 24 Ccm 899;
    aes_128_gcm "aes-128-gcm" 16 Gcm 895;
    aes_128_ccm "aes-128-ccm" 16 Ccm 896;
    aes_256_ctr "aes-256-ctr" 32 Ctr 0;
    aes_192_ctr "aes-192-ctr" 24 Ctr 0;
    aes_128_ctr "aes-128-ctr" 16 Ctr 0;
    des_ede3_cbc "des-ede3-cbc" 0 Cbc 44;
}

impl Cipher {
    /// OpenSSL's cipher; `None` if this library does not have it.
    pub fn fetched(&self) -> Option<&CipherRef> {
        let fetch = || {
            info::load_providers();
            Fetched::fetch(None, self.openssl, None).ok()
        };
        self.fetched.get_or_init(fetch).as_deref()
    }
}

/// The cipher that an atom names.
pub fn find_any(t: Term<'_>) -> Option<&'static Cipher> {
    let name = args::name(t)?;
    CIPHERS.iter().find(|c| c.name == name)
}

/// The cipher that an atom names, if it takes keys of this length.
pub fn find(t: Term<'_>, key: usize) -> Option<&'static Cipher> {
    find_any(t).filter(|c| c.key == 0 || c.key == key)
}

/// The names of those that this library has.
pub fn supported() -> impl Iterator<Item = &'static str> {
    let have = CIPHERS.iter().filter(|c| c.fetched().is_some());
    have.map(|c| c.name)
}

fn cipher_info<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let cipher = find_any(a[0]).badarg()?;
    let fetched = cipher.fetched().ok_or(Stop::NOTSUP)?;
    let size = |n: usize| Term::small(n as i64);
    let kind = match cipher.number {
        0 => Term::UNDEFINED,
        n => Term::small(n),
    };
    let pairs = [
        (key("type"), kind),
        (key("key_length"), size(fetched.key_length())),
        (key("iv_length"), size(fetched.iv_length())),
        (key("block_size"), size(fetched.block_size())),
        (key("prop_aead"), Term::bool(cipher.mode.is_aead())),
        (key("mode"), key(cipher.mode.name())),
    ];
    Ok(map::from_pairs(&p.heap, &pairs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cipher_is_there() {
        let missing: Vec<_> = CIPHERS
            .iter()
            .filter(|c| c.fetched().is_none())
            .map(|c| c.name)
            .collect();
        // Before OpenSSL 3.1 there is no SM4 in these modes.
        assert!(
            missing.is_empty() || missing == ["sm4_gcm", "sm4_ccm"],
            "{missing:?}"
        );
        for c in CIPHERS.iter().filter(|c| c.key != 0) {
            assert_eq!(
                c.fetched().map_or(c.key, |f| f.key_length()),
                c.key,
                "{}",
                c.name
            );
        }
    }
}
