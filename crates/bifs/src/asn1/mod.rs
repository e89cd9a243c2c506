//! `asn1rt_nif`: what the code that OTP's ASN.1 compiler writes leaves to native functions: BER to and from nested
//! tag-length-value tuples (`ber`), and the last step of PER encoding (`per`).

mod ber;
mod per;

use crate::prelude::*;
use crate::{iolist, long};

pub const BIFS: &[Bif] = bifs![
    asn1rt_nif:encode_per_complete/1 => encode_per_complete [NIF],
    asn1rt_nif:decode_ber_tlv_raw/1 => decode_ber_tlv [NIF],
    asn1rt_nif:encode_ber_tlv/1 => encode_ber_tlv [NIF],
];

fn error<'h>(p: &'h Process, reason: Term<'h>) -> Term<'h> {
    p.heap.tuple(&[Term::atom(am::error), reason])
}

fn encode_per_complete<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let input = iolist::charged(p, a[0])?;
    Ok(match per::complete(&input) {
        Some(out) => p.heap.binary(&out),
        None => error(p, Term::small(i64::from(b'1'))),
    })
}

/// `{Tlv, Rest}` or `{error, {Reason, Position}}`.
fn decode_ber_tlv<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    let input = iolist::charged(p, a[0])?;
    let mut decoder = ber::Decoder::new(&p.heap, &input);
    Ok(match decoder.decode(input.len(), 0) {
        Ok(tlv) => p.heap.tuple(&[tlv, p.heap.binary(decoder.rest())]),
        Err(fault) => {
            let at = Term::small(decoder.position() as i64);
            error(p, p.heap.tuple(&[crate::util::atom(fault.name()), at]))
        }
    })
}

fn encode_ber_tlv<'h>(p: &'h Process, a: Args<'h>) -> BifResult<'h> {
    long::term(a[0])?;
    let mut out = Vec::new();
    Ok(match ber::encode(a[0], &mut out, 0) {
        Some(()) => {
            out.reverse();
            p.heap.binary(&out)
        }
        None => error(p, Term::small(-1)),
    })
}
