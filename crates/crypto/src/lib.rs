//! `crypto`: OTP's native library of the same name, over OpenSSL.
//!
//! Each module has `BIFS`; [`TABLES`] lists them all and `cli` hands them to the node. Functions answer as OTP's own
//! library does: a value, or one of the exceptions of [`error`]. Native states (digests, ciphers, MACs) are magic
//! references. What is long starts over on the dirty CPU pool, as it does in OTP ([`args::long`]).
//! `unsafe` is allowed in [`sys`] only: the few functions of OpenSSL that the crate `openssl` has no safe face for.

#![deny(unsafe_code)]

use corten_engine::Bif;

mod aead;
mod args;
mod bignum;
mod cipher;
mod curves;
mod dh;
mod digest;
mod ec;
mod engines;
mod error;
mod info;
mod keys;
mod mac;
mod pkey;
mod rand;
mod raw_keys;
mod stream;
mod sys;

/// All native functions of this crate.
pub const TABLES: &[&[Bif]] = &[
    aead::BIFS,
    bignum::BIFS,
    cipher::BIFS,
    dh::BIFS,
    digest::BIFS,
    ec::BIFS,
    engines::BIFS,
    info::BIFS,
    mac::BIFS,
    pkey::BIFS,
    rand::BIFS,
    raw_keys::BIFS,
    stream::BIFS,
];
