//! Ciphers that authenticate what they encrypt: AES and SM4 in the modes GCM and CCM, ChaCha20-Poly1305.

use crate::args;
use crate::cipher::{self, Mode};
use crate::error::{badarg, error, notsup};
use corten_engine::{Args, Bif, BifResult, Process, bifs};
use corten_term::Term;
use corten_term::am;
use openssl::cipher_ctx::CipherCtx;

pub const BIFS: &[Bif] = bifs![
    crypto:aead_cipher_nif/7 => aead [NIF],
];

/// Why the last steps did not succeed.
enum Fault {
    /// The tag does not fit what was decrypted: an answer, no exception.
    Forged,
    Input(&'static str),
    Failed(&'static str),
}

/// `(Cipher, Key, Iv, Text, AAD, TagLength | Tag, Encrypt)`.
fn aead<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let encrypt = match a[6].as_bool() {
        Some(encrypt) => encrypt,
        None if a[6].is(am::undefined) => true,
        None => return Err(badarg(p, 6, "Bad enc flag")),
    };
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
    let Some(cipher) = cipher::find(a[0], key.len()) else {
        return Err(badarg(p, 0, "Unknown cipher or invalid key size"));
    };
    if !cipher.mode.is_aead() {
        return Err(badarg(p, 0, "Not aead cipher"));
    }
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
        .map_err(|_| badarg(p, 2, "Bad IV length"))?;
    if ccm {
        let set = match &tag {
            Some(tag) => ctx.set_tag(tag),
            None => ctx.set_tag_length(tag_length),
        };
        set.map_err(|_| badarg(p, 5, "Can't set tag"))?;
    }
    let set = if encrypt {
        ctx.encrypt_init(None, Some(&key), Some(&vector))
    } else {
        ctx.decrypt_init(None, Some(&key), Some(&vector))
    };
    set.map_err(|_| error(p, "Can't set key and iv"))?;
    if ccm {
        ctx.set_data_len(text.len())
            .map_err(|_| error(p, "Can't set text size"))?;
    }
    ctx.cipher_update(&data, None)
        .map_err(|_| badarg(p, 4, "Can't set AAD"))?;

    let crypt = |out: &mut [u8]| {
        let done = ctx.cipher_update(&text, Some(out));
        let done = done.map_err(|_| match encrypt {
            true => Fault::Input("Can't set in-text"),
            false => Fault::Forged,
        })?;
        match &tag {
            None => {
                let last = ctx.cipher_final(&mut []);
                last.map_err(|_| Fault::Failed("Encrypt error"))?;
            }
            // CCM has looked at the tag before it decrypted.
            Some(_) if ccm => {}
            Some(tag) => {
                ctx.set_tag(tag).map_err(|_| Fault::Forged)?;
                ctx.cipher_final(&mut []).map_err(|_| Fault::Forged)?;
            }
        }
        Ok(done)
    };
    let out = match args::filled(p, text.len(), crypt) {
        Some(Ok(out)) => out,
        Some(Err(Fault::Forged)) => return Ok(Term::atom(am::error)),
        Some(Err(Fault::Input(text))) => return Err(badarg(p, 3, text)),
        Some(Err(Fault::Failed(text))) => return Err(error(p, text)),
        None => return Err(error(p, "Can't make 'Out' binary")),
    };
    if !encrypt {
        return Ok(out);
    }
    let tag = args::filled(p, tag_length, |tag| ctx.tag(tag).map(|()| tag_length));
    match tag {
        Some(Ok(tag)) => Ok(p.heap.tuple(&[out, tag])),
        _ => Err(error(p, "Can't get Tag")),
    }
}
