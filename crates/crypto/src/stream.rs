//! Ciphers without authentication: in one call, and in pieces with a state. OTP calls this its new interface
//! (`ng_crypto_…`).
//!
//! A state is one object that every piece changes. Padding other than PKCS is OTP's own: zeros or random bytes up to
//! a whole block; without the option what does not fill a block is dropped.

use crate::cipher::{self, Cipher};
use crate::error::{badarg, error, error_at, notsup};
use crate::info::key as atom_key;
use crate::{args, sys};
use corten_engine::{Args, Bif, BifResult, Process, Stop, bifs};
use corten_term::reference::Magic;
use corten_term::{Term, am, map};
use openssl::cipher_ctx::CipherCtx;
use openssl::error::ErrorStack;
use std::borrow::Cow;
use std::sync::{Mutex, MutexGuard};

pub const BIFS: &[Bif] = bifs![
    crypto:ng_crypto_init_nif/4 => init [NIF],
    crypto:ng_crypto_update_nif/2 => update [NIF],
    crypto:ng_crypto_final_nif/1 => finish [NIF],
    crypto:ng_crypto_get_data_nif/1 => get_data [NIF],
    crypto:ng_crypto_one_time_nif/5 => one_time [NIF],
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Padding {
    Undefined,
    None,
    Zero,
    Random,
    Pkcs,
}

impl Padding {
    const NAMES: [(&'static str, Padding); 5] = [
        ("undefined", Padding::Undefined),
        ("none", Padding::None),
        ("zero", Padding::Zero),
        ("random", Padding::Random),
        ("pkcs_padding", Padding::Pkcs),
    ];
    fn of(t: Term<'_>) -> Option<Padding> {
        let name = args::name(t)?;
        Self::NAMES.iter().find(|n| n.0 == name).map(|n| n.1)
    }
    fn name(self) -> &'static str {
        Self::NAMES.iter().find(|n| n.1 == self).map_or("", |n| n.0)
    }
}

/// A cipher at work.
struct State {
    ctx: CipherCtx,
    /// `None` until a program says whether to encrypt or to decrypt.
    encrypt: Option<bool>,
    padding: Padding,
    /// Bytes of padding that were added; -1 until the end.
    padded: i64,
    /// Bytes that came in.
    size: u64,
}

/// The longest block of any cipher.
const BLOCK: usize = 32;

/// Whether to encrypt (`None`: to be said later), and how to pad.
fn options<'h>(p: &'h Process, t: Term<'h>, at: i64) -> Result<(Option<bool>, Padding), Stop<'h>> {
    if let Some(encrypt) = t.as_bool() {
        return Ok((Some(encrypt), Padding::Undefined));
    }
    if t.is(am::undefined) {
        return Ok((None, Padding::Undefined));
    }
    let no_list = || badarg(p, at, "Options are not a boolean or a proper list");
    let (mut encrypt, mut padding) = (None, None);
    for option in t.to_vec().ok_or_else(no_list)? {
        let Some([tag, value]) = option.as_tuple_of::<2>() else {
            return Err(badarg(p, at, "Options must be a property list!"));
        };
        match args::name(*tag) {
            Some("encrypt") if encrypt.is_some() => {
                return Err(badarg(p, at, "'encrypt' option is present more than once!"));
            }
            Some("encrypt") => {
                let undefined = value.is(am::undefined);
                if value.as_bool().is_none() && !undefined {
                    return Err(badarg(p, at, "The 'encrypt' option must be a boolean!"));
                }
                encrypt = Some(value.as_bool());
            }
            Some("padding") if padding.is_some() => {
                return Err(badarg(
                    p,
                    at,
                    "The 'padding' option is present more than once!",
                ));
            }
            Some("padding") => {
                let value = Padding::of(*value);
                let value = value.ok_or_else(|| badarg(p, at, "Bad 'padding' option value"))?;
                padding = Some(value);
            }
            _ => {
                let mut text = b"Bad tag in option: ".to_vec();
                corten_term::print::print(&mut text, *tag, 64);
                text.truncate(63);
                return Err(badarg(p, at, &String::from_utf8_lossy(&text)));
            }
        }
    }
    Ok((
        encrypt.unwrap_or(Some(true)),
        padding.unwrap_or(Padding::Undefined),
    ))
}

/// A cipher with its key and its initialisation vector. `a` has cipher, key and vector in front, the options at
/// position `options_at`.
fn start<'h>(p: &'h Process, a: Args<'h>, options_at: usize) -> Result<State, Stop<'h>> {
    let (encrypt, padding) = options(p, a[options_at], options_at as i64)?;
    let key = args::iolist(a[1]).ok_or_else(|| badarg(p, 1, "Bad key"))?;
    if !a[0].is_atom() {
        return Err(badarg(p, 0, "Cipher id is not an atom"));
    }
    let Some(cipher) = cipher::find(a[0], key.len()) else {
        return Err(match cipher::find_any(a[0]) {
            None => badarg(p, 0, "Unknown cipher"),
            Some(_) => badarg(p, 1, "Bad key size"),
        });
    };
    if cipher.mode.is_aead() {
        return Err(badarg(p, 0, "Missing arguments for this cipher"));
    }
    let Some(fetched) = cipher.fetched() else {
        let text = "Cipher not supported in this libcrypto version";
        return Err(notsup(p, 0, text));
    };
    if a[2].is(am::undefined) {
        return Err(notsup(p, -1, "Dynamic IV is not supported since OTP 27.0"));
    }
    let mut vector = Cow::Borrowed(&[][..]);
    if fetched.iv_length() > 0 {
        vector = args::iolist(a[2]).ok_or_else(|| badarg(p, 2, "Bad iv type"))?;
        if vector.len() != fetched.iv_length() {
            return Err(badarg(p, 2, "Bad iv size"));
        }
    }
    let failed = |text| move |_: ErrorStack| error(p, text);
    let mut ctx = CipherCtx::new().map_err(failed("Can't allocate context"))?;
    direct(&mut ctx, Some(cipher), encrypt).map_err(failed("Can't initialize context, step 1"))?;
    ctx.set_key_length(key.len())
        .map_err(|_| error_at(p, 1, "Can't initialize context, key_length"))?;
    if cipher.name == "rc2_cbc" {
        let bits =
            i32::try_from(key.len() * 8).map_err(|_| badarg(p, 1, "To large rc2_cbc key"))?;
        sys::set_rc2_key_bits(&mut ctx, bits).map_err(|_| badarg(p, 1, "ctrl rc2_cbc key"))?;
    }
    let vector = (!vector.is_empty()).then_some(vector.as_ref());
    let set = match encrypt {
        Some(true) => ctx.encrypt_init(None, Some(&key), vector),
        _ => ctx.decrypt_init(None, Some(&key), vector),
    };
    set.map_err(|_| match vector {
        None => badarg(p, 1, "Can't initialize key"),
        Some(_) => error(p, "Can't initialize key or iv"),
    })?;
    ctx.set_padding(padding == Padding::Pkcs);
    Ok(State {
        ctx,
        encrypt,
        padding,
        padded: -1,
        size: 0,
    })
}

fn direct(
    ctx: &mut CipherCtx,
    cipher: Option<&Cipher>,
    encrypt: Option<bool>,
) -> Result<(), ErrorStack> {
    let cipher = cipher.and_then(Cipher::fetched);
    match encrypt {
        Some(true) => ctx.encrypt_init(cipher, None, None),
        _ => ctx.decrypt_init(cipher, None, None),
    }
}

impl State {
    /// The output for a piece of input, behind what is in `out`.
    fn update(&mut self, data: &[u8], out: &mut [u8]) -> Result<usize, ErrorStack> {
        self.size += data.len() as u64;
        self.ctx.cipher_update(data, Some(out))
    }
    /// Pads and finishes; the error is the text for the program.
    fn finish(&mut self) -> Result<Vec<u8>, &'static str> {
        let block = self.ctx.block_size();
        let mut out = vec![0; 2 * block.max(BLOCK)];
        let missing = match self.size % block as u64 {
            0 => 0,
            n => block - n as usize,
        };
        let mut done = 0;
        if self.encrypt == Some(false) {
            if self.padding == Padding::Undefined {
                return Ok(Vec::new());
            }
            done = self
                .ctx
                .cipher_final(&mut out)
                .map_err(|_| "Can't finalize")?;
            out.truncate(done);
            return Ok(out);
        }
        self.padded = match self.padding {
            Padding::Pkcs if missing == 0 => block as i64,
            _ => missing as i64,
        };
        match self.padding {
            Padding::Undefined => return Ok(Vec::new()),
            Padding::Zero | Padding::Random if missing > 0 => {
                let mut padding = vec![0; missing];
                if self.padding == Padding::Random {
                    openssl::rand::rand_bytes(&mut padding).map_err(|_| "Can't pad")?;
                }
                let update = self.ctx.cipher_update(&padding, Some(&mut out));
                done = update.map_err(|_| "Can't pad")?;
            }
            _ => {}
        }
        let last = self
            .ctx
            .cipher_final(&mut out[done..])
            .map_err(|_| match self.padding {
                Padding::None => "Padding 'none' but unfilled last block",
                Padding::Pkcs => "Can't finalize",
                _ => "Padding failed",
            })?;
        out.truncate(done + last);
        Ok(out)
    }
}

fn state<'h>(p: &'h Process, t: Term<'h>) -> Result<MutexGuard<'h, State>, Stop<'h>> {
    let state = t.as_magic_of::<Mutex<State>>();
    let state = state.ok_or_else(|| badarg(p, 0, "Bad State"))?;
    Ok(state.lock().unwrap_or_else(|e| e.into_inner()))
}

fn init<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    if a[0].is_atom() {
        let state = start(p, a, 3)?;
        return Ok(p.heap.magic_reference(Magic::new(Mutex::new(state))));
    }
    if a[0].as_magic_of::<Mutex<State>>().is_none() {
        return Err(badarg(p, 0, "Expected cipher name atom"));
    }
    let mut state = state(p, a[0])?;
    let encrypt = a[3].as_bool();
    let encrypt = encrypt.ok_or_else(|| badarg(p, 3, "Expected true or false"))?;
    state.encrypt = Some(encrypt);
    direct(&mut state.ctx, None, Some(encrypt))
        .map_err(|_| error(p, "Can't initialize encflag"))?;
    Ok(a[0])
}

/// The data of a call: on the pool if it is long.
fn data<'h>(p: &'h Process, t: Term<'h>, at: i64, wrong: &str) -> Result<Cow<'h, [u8]>, Stop<'h>> {
    let data = args::iolist(t).ok_or_else(|| badarg(p, at, wrong))?;
    if data.len() > args::MOST - BLOCK {
        return Err(badarg(p, at, "too long data"));
    }
    args::long(data.len())?;
    args::charge(p, data.len());
    Ok(data)
}

fn update<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let data = data(p, a[1], 1, "expected binary")?;
    let mut state = state(p, a[0])?;
    let most = data.len() + state.ctx.block_size();
    match args::filled(p, most, |out| state.update(&data, out)) {
        Some(Ok(out)) => Ok(out),
        Some(Err(_)) => Err(error(p, "Can't update")),
        None => Err(error(p, "Can't allocate outdata")),
    }
}

fn finish<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    match state(p, a[0])?.finish() {
        Ok(out) => Ok(p.heap.binary(&out)),
        Err(text) => Err(error(p, text)),
    }
}

fn get_data<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let state = state(p, a[0])?;
    let pairs = [
        (atom_key("size"), p.heap.uint(state.size)),
        (atom_key("padding_size"), Term::small(state.padded)),
        (atom_key("padding_type"), atom_key(state.padding.name())),
        (
            atom_key("encrypt"),
            Term::bool(state.encrypt != Some(false)),
        ),
    ];
    Ok(map::from_pairs(&p.heap, &pairs))
}

fn one_time<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let data = data(p, a[3], 3, "expected binary as data")?;
    let mut state = start(p, a, 4)?;
    let most = data.len() + 3 * BLOCK;
    let all = |out: &mut [u8]| {
        let done = state.update(&data, out).map_err(|_| "Can't update")?;
        let last = state.finish()?;
        out[done..done + last.len()].copy_from_slice(&last);
        Ok(done + last.len())
    };
    match args::filled(p, most, all) {
        Some(Ok(out)) => Ok(out),
        Some(Err(text)) => Err(error(p, text)),
        None => Err(error(p, "Can't allocate outdata")),
    }
}
