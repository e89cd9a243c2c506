//! Ciphers that authenticate what they encrypt: AES and SM4 in the modes GCM and CCM, ChaCha20-Poly1305.

use crate::args;
use crate::cipher::{self, Cipher, Mode};
use crate::error::{badarg, error, notsup};
use corten_engine::{Args, Bif, BifResult, Process, Stop, bifs};
use corten_term::reference::Magic;
use corten_term::{Term, am};
use openssl::cipher_ctx::CipherCtx;

pub const BIFS: &[Bif] = bifs![
    crypto:aead_cipher_nif/7 => aead [NIF],
    crypto:aead_cipher_init_nif/4 => init [NIF],
    crypto:aead_cipher_nif/4 => next [NIF],
];

/// Why the last steps did not succeed.
enum Fault {
    /// The tag does not fit what was decrypted: an answer, no exception.
    Forged,
    Input(&'static str),
    Failed(&'static str),
}

/// What one call encrypts or decrypts, and which of its arguments errors name.
struct Job<'a> {
    cipher: &'static Cipher,
    key: &'a [u8],
    vector: &'a [u8],
    text: &'a [u8],
    data: &'a [u8],
    /// Given for decrypting.
    tag: Option<&'a [u8]>,
    tag_length: usize,
    numbers: Numbers,
}

#[derive(Clone, Copy)]
struct Numbers {
    vector: i64,
    text: i64,
    data: i64,
    tag: i64,
}

/// What is made of the encrypted text and its tag.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// `{Text, Tag}`.
    Pair,
    /// The text with the tag behind it.
    Joined,
}

fn encrypts<'h>(p: &'h Process, flag: Term<'h>, number: i64) -> Result<bool, Stop<'h>> {
    match flag.as_bool() {
        Some(encrypt) => Ok(encrypt),
        None if flag.is(am::undefined) => Ok(true),
        None => Err(badarg(p, number, "Bad enc flag")),
    }
}

fn known<'h>(p: &'h Process, name: Term<'h>, key: &[u8]) -> Result<&'static Cipher, Stop<'h>> {
    let cipher = cipher::find(name, key.len());
    let cipher = cipher.ok_or_else(|| badarg(p, 0, "Unknown cipher or invalid key size"))?;
    if !cipher.mode.is_aead() {
        return Err(badarg(p, 0, "Not aead cipher"));
    }
    Ok(cipher)
}

/// `(Cipher, Key, Iv, Text, AAD, TagLength | Tag, Encrypt)`.
fn aead<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let encrypt = encrypts(p, a[6], 6)?;
    let bytes = |i: usize, text| args::iolist(a[i]).ok_or_else(|| badarg(p, i as i64, text));
    if !a[0].is_atom() {
        return Err(badarg(p, 0, "non-atom cipher type"));
    }
    let key = bytes(1, "non-binary key")?;
    let vector = bytes(2, "non-binary iv")?;
    let text = bytes(3, "non-binary text")?;
    let data = bytes(4, "non-binary AAD")?;
    let (tag, tag_length) = if encrypt {
        let length = args::uint(a[5]);
        let length = length.ok_or_else(|| badarg(p, 5, "Bad Tag length"))?;
        (None, length as usize)
    } else {
        let tag = bytes(5, "non-binary Tag")?;
        let length = tag.len();
        (Some(tag), length)
    };
    let sizes = [tag_length, key.len(), vector.len(), text.len(), data.len()];
    if sizes.iter().any(|n| *n > args::MOST) {
        return Err(badarg(p, 5, "binary too long"));
    }
    let job = Job {
        cipher: known(p, a[0], &key)?,
        key: &key,
        vector: &vector,
        text: &text,
        data: &data,
        tag: tag.as_deref(),
        tag_length,
        numbers: Numbers {
            vector: 2,
            text: 3,
            data: 4,
            tag: 5,
        },
    };
    run(p, &job, Shape::Pair)
}

/// What `aead_cipher_init_nif` makes: everything but the texts of one message.
struct State {
    cipher: &'static Cipher,
    key: Vec<u8>,
    tag_length: usize,
    encrypt: bool,
}

/// `(Cipher, Key, TagLength, Encrypt)`, since OTP 28.
fn init<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let encrypt = encrypts(p, a[3], 3)?;
    if !a[0].is_atom() {
        return Err(badarg(p, 0, "non-atom cipher type"));
    }
    let key = args::iolist(a[1]).ok_or_else(|| badarg(p, 1, "non-binary key"))?;
    let length = args::uint(a[2]).ok_or_else(|| badarg(p, 2, "Bad Tag length"))?;
    let state = State {
        cipher: known(p, a[0], &key)?,
        key: key.to_vec(),
        tag_length: length as usize,
        encrypt,
    };
    Ok(p.heap.magic_reference(Magic::new(state)))
}

/// `(State, Iv, Text, AAD)`: the tag is behind the text that was encrypted.
fn next<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let state = a[0].as_magic_of::<State>();
    let state = state.ok_or_else(|| badarg(p, 0, "Bad State"))?;
    let bytes = |i: usize, text| args::iolist(a[i]).ok_or_else(|| badarg(p, i as i64, text));
    let vector = bytes(1, "non-binary iv")?;
    let text = bytes(2, "non-binary text")?;
    let data = bytes(3, "non-binary AAD")?;
    let sizes = [state.tag_length, vector.len(), text.len(), data.len()];
    if sizes.iter().any(|n| *n > args::MOST) {
        return Err(badarg(p, 2, "binary too long"));
    }
    let (text, tag) = if state.encrypt {
        (&text[..], None)
    } else {
        let at = text.len().checked_sub(state.tag_length);
        let (text, tag) = text.split_at(at.ok_or_else(|| error(p, "Bad in data"))?);
        (text, Some(tag))
    };
    let job = Job {
        cipher: state.cipher,
        key: &state.key,
        vector: &vector,
        text,
        data: &data,
        tag,
        tag_length: state.tag_length,
        numbers: Numbers {
            vector: 2,
            text: 2,
            data: 3,
            tag: 2,
        },
    };
    run(p, &job, Shape::Joined)
}

fn run<'h>(p: &'h Process, job: &Job<'_>, result: Shape) -> BifResult<'h> {
    let Job {
        cipher,
        key,
        vector,
        text,
        data,
        tag,
        tag_length,
        numbers,
    } = *job;
    let encrypt = tag.is_none();
    let Some(fetched) = cipher.fetched() else {
        let text = "The cipher is not supported in this libcrypto version";
        return Err(notsup(p, 0, text));
    };
    if key.len() < fetched.key_length() {
        return Err(error(p, "Can't set key and iv"));
    }
    args::long(text.len())?;
    args::charge(p, text.len());

    let ccm = cipher.mode == Mode::Ccm;
    let mut ctx = CipherCtx::new().map_err(|_| error(p, "Can't allocate ctx"))?;
    let begun = if encrypt {
        ctx.encrypt_init(Some(fetched), None, None)
    } else {
        ctx.decrypt_init(Some(fetched), None, None)
    };
    begun.map_err(|_| error(p, "CipherInit failed"))?;
    ctx.set_iv_length(vector.len())
        .map_err(|_| badarg(p, numbers.vector, "Bad IV length"))?;
    if ccm {
        let set = match tag {
            Some(tag) => ctx.set_tag(tag),
            None => ctx.set_tag_length(tag_length),
        };
        set.map_err(|_| badarg(p, numbers.tag, "Can't set tag"))?;
    }
    let set = if encrypt {
        ctx.encrypt_init(None, Some(key), Some(vector))
    } else {
        ctx.decrypt_init(None, Some(key), Some(vector))
    };
    set.map_err(|_| error(p, "Can't set key and iv"))?;
    if ccm {
        ctx.set_data_len(text.len())
            .map_err(|_| error(p, "Can't set text size"))?;
    }
    ctx.cipher_update(data, None)
        .map_err(|_| badarg(p, numbers.data, "Can't set AAD"))?;

    let joined = encrypt && result == Shape::Joined;
    let behind = if joined { tag_length } else { 0 };
    let crypt = |out: &mut [u8]| {
        let (out, last) = out.split_at_mut(text.len());
        let done = ctx.cipher_update(text, Some(out));
        let done = done.map_err(|_| match encrypt {
            true => Fault::Input("Can't set in-text"),
            false => Fault::Forged,
        })?;
        match tag {
            None => {
                let end = ctx.cipher_final(&mut []);
                end.map_err(|_| Fault::Failed("Encrypt error"))?;
                if joined {
                    let got = ctx.tag(last);
                    got.map_err(|_| Fault::Failed("Can't get Tag"))?;
                }
            }
            // CCM has looked at the tag before it decrypted.
            Some(_) if ccm => {}
            Some(tag) => {
                ctx.set_tag(tag).map_err(|_| Fault::Forged)?;
                ctx.cipher_final(&mut []).map_err(|_| Fault::Forged)?;
            }
        }
        Ok(done + behind)
    };
    let out = match args::filled(p, text.len() + behind, crypt) {
        Some(Ok(out)) => out,
        Some(Err(Fault::Forged)) => return Ok(Term::atom(am::error)),
        Some(Err(Fault::Input(text))) => return Err(badarg(p, numbers.text, text)),
        Some(Err(Fault::Failed(text))) => return Err(error(p, text)),
        None => return Err(error(p, "Can't make 'Out' binary")),
    };
    if !encrypt || joined {
        return Ok(out);
    }
    let tag = args::filled(p, tag_length, |tag| ctx.tag(tag).map(|()| tag_length));
    match tag {
        Some(Ok(tag)) => Ok(p.heap.tuple(&[out, tag])),
        _ => Err(error(p, "Can't get Tag")),
    }
}
