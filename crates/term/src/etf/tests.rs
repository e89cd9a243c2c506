//! Bytes recorded from OTP 27, and input that is not a term.

use super::*;
use crate::compare::exact_eq;
use crate::testing::fewer;
use crate::{Heap, Pid, RefNumbers, Term};
use std::sync::Mutex;

/// Hands out entry words by position.
#[derive(Default)]
struct Table(Mutex<Vec<FunIdentity>>);

impl Table {
    fn entry(&self, f: FunIdentity) -> Option<u64> {
        let mut funs = self.0.lock().unwrap();
        let at = funs.iter().position(|g| *g == f).unwrap_or_else(|| {
            funs.push(f);
            funs.len() - 1
        });
        Some(at as u64)
    }
}

impl FunCodec for Table {
    fn identity(&self, fun: &Fun<'_>) -> Option<FunIdentity> {
        self.0.lock().unwrap().get(fun.entry as usize).copied()
    }
    fn local_entry(&self, fun: &LocalFun) -> Option<(u64, Arc<Magic>)> {
        let entry = self.entry(FunIdentity::Local(*fun))?;
        Some((entry, Magic::new(())))
    }
    fn export_entry(&self, fun: &ExternalFun, existing: bool) -> Option<u64> {
        (!existing).then(|| self.entry(FunIdentity::External(*fun)))?
    }
}

fn unhex(s: &str) -> Vec<u8> {
    (0..s.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&s[i..i + 2], 16).unwrap())
        .collect()
}

/// Terms as OTP writes them: plainly, in minor versions 1 and 0, deterministic, compressed, compressed at
/// level 1; then their sizes, plainly and in minor version 0.
const RECORDED: &str = include_str!("recorded.txt");

#[test]
fn bytes_are_those_of_otp() {
    let table = Table::default();
    let context = EtfContext::new(&table);
    let plain = EncodeOptions::default();
    let options = [
        plain,
        EncodeOptions {
            minor_version: 1,
            ..plain
        },
        EncodeOptions {
            minor_version: 0,
            ..plain
        },
        EncodeOptions {
            deterministic: true,
            ..plain
        },
        EncodeOptions {
            compressed: 6,
            ..plain
        },
        EncodeOptions {
            compressed: 1,
            ..plain
        },
    ];
    for line in RECORDED.lines() {
        let h = Heap::new();
        let fields: Vec<&str> = line.split(' ').collect();
        let bytes = unhex(fields[0]);
        let decoded = decode(&h, &bytes, DecodeOptions::default(), &context).expect(line);
        assert_eq!(decoded.used, bytes.len());
        let t = decoded.term;
        for (option, field) in options.iter().zip(&fields) {
            let expected = unhex(field);
            assert_eq!(encode(t, option, &context).unwrap(), expected, "{option:?}");
            let again = decode(&h, &expected, DecodeOptions::default(), &context).expect(field);
            assert!(exact_eq(t, again.term), "{option:?} {line}");
            assert_eq!(again.used, expected.len());
        }
        for (option, field) in [(options[0], fields[6]), (options[2], fields[7])] {
            let size = external_size(t, &option, &context).unwrap();
            assert_eq!(size, field.parse().unwrap(), "{line}");
        }
        let local = EncodeOptions {
            local: true,
            ..plain
        };
        let sealed = encode(t, &local, &context).unwrap();
        assert_eq!(external_size(t, &local, &context).unwrap(), sealed.len());
        let back = decode(&h, &sealed, DecodeOptions::default(), &context).unwrap();
        assert!(exact_eq(t, back.term));
    }
}

/// Old forms that are read but not written any more, or that have more than one form.
#[test]
fn old_forms_are_read() {
    let context = EtfContext::new(&NoFuns);
    let h = Heap::new();
    let reads = |bytes: &[u8], t: Term<'_>| {
        let mut all = vec![VERSION];
        all.extend_from_slice(bytes);
        let decoded = decode(&h, &all, DecodeOptions::default(), &context).unwrap();
        assert!(exact_eq(decoded.term, t), "{bytes:?}");
    };
    let atom = |n| Term::atom(Atom::new(n).unwrap());
    let host = Atom::new("a@b").unwrap();
    let node = |creation: u64| creation << 32 | u64::from(host.index());
    reads(&[108, 0, 0, 0, 0, 97, 5], Term::small(5));
    reads(&[107, 0, 0], Term::NIL);
    reads(&[110, 1, 7, 5], Term::small(-5));
    reads(&[110, 0, 0], Term::small(0));
    reads(&[110, 4, 1, 0, 0, 0, 0], Term::small(0));
    reads(&[111, 0, 0, 0, 2, 0, 5, 0], Term::small(5));
    reads(b"\x631.50000000000000000000e+00\0\0\0\0\0", h.float(1.5));
    reads(&[77, 0, 0, 0, 1, 8, 255], h.binary(&[255]));
    reads(&[100, 0, 1, 233], atom("é"));
    reads(&[115, 1, 233], atom("é"));
    reads(&[118, 0, 2, 0xC3, 0xA9], atom("é"));
    reads(
        b"\x67\x77\x03a@b\0\0\0\x05\0\0\0\x06\x01",
        h.external_pid(node(1), 6 << 32 | 5),
    );
    reads(
        b"\x67\x77\x0dnonode@nohost\0\0\0\x05\0\0\0\x06\0",
        Term::pid(Pid::from_data(6 << 28 | 5)),
    );
    reads(
        b"\x66\x77\x03a@b\0\0\0\x05\x01",
        h.external_port(node(1), 5),
    );
    reads(
        b"\x59\x77\x03a@b\0\0\0\x05\0\0\0\x09",
        h.external_port(node(9), 5),
    );
    reads(
        b"\x65\x77\x03a@b\0\0\0\x05\x01",
        h.external_reference(node(1), &[5]),
    );
    reads(
        b"\x72\0\x02\x77\x03a@b\x01\0\0\0\x05\0\0\0\x06",
        h.external_reference(node(1), &[5, 6]),
    );
    reads(
        b"\x5a\0\x02\x77\x0dnonode@nohost\0\0\0\0\0\0\0\x01\0\0\0\x02",
        h.reference(RefNumbers::new(1, 2, 0)),
    );
}

#[test]
fn what_is_no_term_is_an_error() {
    let table = Table::default();
    let context = EtfContext::new(&table);
    let h = Heap::new();
    let error = |bytes: &[u8]| {
        let mut all = vec![VERSION];
        all.extend_from_slice(bytes);
        decode(&h, &all, DecodeOptions::default(), &context).err()
    };
    for bytes in [
        &[][..],
        &[70, 0x7F, 0xF8, 0, 0, 0, 0, 0, 0],
        b"\x631.50000000000000000000e+00xxxxx",
        &[77, 0, 0, 0, 1, 0, 255],
        &[77, 0, 0, 0, 1, 9, 255],
        &[77, 0, 0, 0, 0, 0],
        &[77, 0, 0, 0, 0, 3],
        &[116, 0, 0, 0, 2, 97, 1, 97, 2, 97, 1, 97, 3],
        &[119, 1, 233],
        &[119, 3, 0xED, 0xA0, 0x80],
        b"\x67\x77\x03a@b\0\0\0\x05\0\0\0\x06\x04",
        b"\x58\x77\x0dnonode@nohost\x10\0\0\0\0\0\0\x06\0\0\0\0",
        b"\x58\x6a\0\0\0\x05\0\0\0\x06\0\0\0\0",
        b"\x58\x61\x05\0\0\0\x05\0\0\0\x06\0\0\0\0",
        b"\x5a\0\x06\x77\x03a@b\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        b"\x5a\0\x03\x77\x0dnonode@nohost\0\0\0\0\0\x04\0\0\0\0\0\x02\0\0\0\x03",
        b"\x71\x77\x05lists\x77\x03map\x62\xff\xff\xff\xff",
        b"\x71\x77\x05lists\x77\x03map\x62\0\0\x01\0",
        &[82, 0],
        &[67, 0, 0, 0, 0],
        &[117, 0, 0, 0, 0],
        &[104, 1, 121, 0, 0, 0, 0, 97, 1],
        &[121, 0, 0, 0, 0, 97, 1],
        &[104, 2, 97, 1],
        &[105, 0xFF, 0xFF, 0xFF, 0xFF],
        &[108, 0xFF, 0xFF, 0xFF, 0xFF],
        &[116, 0xFF, 0xFF, 0xFF, 0xFF],
        &[109, 0xFF, 0xFF, 0xFF, 0xFF],
        &[111, 0xFF, 0xFF, 0xFF, 0xFF, 0],
        &[80, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3],
    ] {
        assert!(error(bytes).is_some(), "{bytes:?}");
    }
    assert_eq!(error(b"\x76\x01\x00"), Some(DecodeError::Truncated));
    let long = [&[118, 1, 0][..], &[b'a'; 256]].concat();
    assert_eq!(
        error(&long),
        Some(DecodeError::Atom(crate::AtomError::TooLong))
    );
    let other = decode(&h, &[130, 97, 1], DecodeOptions::default(), &context);
    assert_eq!(other.err(), Some(DecodeError::Version));
}

#[test]
fn damage_never_panics() {
    let table = Table::default();
    let context = EtfContext::new(&table);
    let mut random = crate::testing::Random::new(7);
    for line in RECORDED.lines() {
        for field in line.split(' ').take(6).map(unhex) {
            for n in (0..field.len().min(300)).step_by(if cfg!(miri) { 29 } else { 1 }) {
                let h = Heap::new();
                assert!(decode(&h, &field[..n], DecodeOptions::default(), &context).is_err());
                let mut bytes = field.clone();
                bytes[n] = random.next() as u8;
                let options = DecodeOptions { safe: true };
                if let Ok(d) = decode(&h, &bytes, options, &context) {
                    let _ = encode(d.term, &EncodeOptions::default(), &context);
                }
            }
        }
    }
}

#[test]
fn safe_makes_nothing_new() {
    let table = Table::default();
    let context = EtfContext::new(&table);
    let h = Heap::new();
    let safe = |bytes: &[u8]| decode(&h, bytes, DecodeOptions { safe: true }, &context).err();
    let unknown = Some(DecodeError::Unsafe);
    assert_eq!(safe(b"\x83\x77\x09nosuchxyz"), unknown);
    assert_eq!(
        safe(b"\x83\x58\x77\x09nosuchxyz\0\0\0\x05\0\0\0\x06\0\0\0\0"),
        unknown
    );
    assert_eq!(safe(b"\x83\x71\x77\x02ok\x77\x02ok\x61\x09"), unknown);
    assert_eq!(safe(b"\x83\x77\x02ok"), None);
}

#[test]
fn depth_and_what_follows() {
    let context = EtfContext::new(&NoFuns);
    let n = fewer(1_000_000);
    let mut bytes = vec![VERSION];
    bytes.extend([108, 0, 0, 0, 1].repeat(n));
    bytes.push(106);
    bytes.extend(vec![106; n]);
    let h = Heap::new();
    let t = decode(&h, &bytes, DecodeOptions::default(), &context).unwrap();
    assert_eq!(
        encode(t.term, &EncodeOptions::default(), &context).unwrap(),
        bytes
    );
    let decoded = decode(&h, &[131, 97, 1, 99], DecodeOptions::default(), &context).unwrap();
    assert_eq!((decoded.term.as_small(), decoded.used), (Some(1), 3));
    // A stream that holds more than was announced, less, or a term and more.
    let stream = packed::deflate(&[&[97, 1][..], &[0; 98]].concat(), 6).unwrap();
    let wrapped = |size: u8| {
        let bytes = [&[131, 80, 0, 0, 0, size][..], &stream, &[1, 2, 3]].concat();
        decode(&h, &bytes, DecodeOptions::default(), &context)
    };
    assert_eq!(wrapped(99).err(), Some(DecodeError::Compressed));
    assert_eq!(wrapped(101).err(), Some(DecodeError::Compressed));
    assert_eq!(wrapped(100).unwrap().used, 6 + stream.len());
}

#[test]
fn options() {
    let h = Heap::new();
    let a = |n: &str| Term::atom(Atom::new(n).unwrap());
    let of = |o: &[Term<'_>]| {
        EncodeOptions::from_terms(
            h.list(
                &o.iter()
                    .map(|t| crate::copy::copy(*t, &h))
                    .collect::<Vec<_>>(),
            ),
        )
    };
    let pair = |k: &str, v: i64| h.tuple(&[a(k), Term::small(v)]);
    assert_eq!(of(&[a("compressed")]).map(|o| o.compressed), Some(6));
    assert_eq!(
        of(&[pair("compressed", 9), pair("minor_version", 0)]).map(|o| o.minor_version),
        Some(0)
    );
    for bad in [
        &[pair("compressed", 10)][..],
        &[pair("minor_version", 3)],
        &[a("x")],
        &[a("local"), a("deterministic")],
    ] {
        assert_eq!(of(bad), None);
    }
    assert_eq!(EncodeOptions::from_terms(Term::OK), None);
}
