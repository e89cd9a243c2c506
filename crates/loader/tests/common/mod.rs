//! What the loader's tests share: an encoder for the file format, a small hand-made module, a
//! pseudo-random generator, and the files of an OTP installation if there is one.
#![allow(dead_code)]

use std::path::{Path, PathBuf};

use corten_loader::module::BigInt;
use corten_loader::{Module, Op, Operand};

/// A `.beam` file of these chunks.
pub fn beam(chunks: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut form = b"BEAM".to_vec();
    for (id, content) in chunks {
        form.extend_from_slice(*id);
        form.extend_from_slice(&(content.len() as u32).to_be_bytes());
        form.extend_from_slice(content);
        form.resize(form.len().next_multiple_of(4), 0);
    }
    let mut file = b"FOR1".to_vec();
    file.extend_from_slice(&(form.len() as u32).to_be_bytes());
    file.extend_from_slice(&form);
    file
}

/// Big-endian words.
pub fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|w| w.to_be_bytes()).collect()
}

/// The chunks of a module `m` with one exported function `f/1`, whose code is `body` behind the entry
/// label 2. Labels up to 9 and one import, `erlang:hd/1`, are there to be used; the atoms are 1 `m`,
/// 2 `f`, 3 `erlang`, 4 `hd`, 5 `skip`, 6 `string`.
pub fn module_with(body: &[(Op, &[Operand])]) -> Vec<(&'static [u8; 4], Vec<u8>)> {
    use Operand::{Atom, U};
    let mut code = words(&[16, 0, 191, 10, 1]);
    let mut emit = |op: Op, args: &[Operand]| {
        code.push(op as u8);
        args.iter().for_each(|arg| encode(&mut code, *arg, &[]));
    };
    emit(Op::Label, &[U(1)]);
    emit(Op::FuncInfo, &[Atom(1), Atom(2), U(1)]);
    emit(Op::Label, &[U(2)]);
    body.iter().for_each(|(op, args)| emit(*op, args));
    emit(Op::IntCodeEnd, &[]);
    let atoms = [
        &words(&[6])[..],
        b"\x01m\x01f\x06erlang\x02hd\x04skip\x06string",
    ]
    .concat();
    vec![
        (b"AtU8", atoms),
        (b"Code", code),
        (b"StrT", b"hello".to_vec()),
        (b"ImpT", words(&[1, 3, 4, 1])),
        (b"ExpT", words(&[1, 2, 1, 2])),
    ]
}

/// Appends one operand. A list must be followed by its elements; `big` holds the big integers.
pub fn encode(out: &mut Vec<u8>, operand: Operand, big: &[BigInt]) {
    use Operand::*;
    match operand {
        U(n) => compact(out, 0, n),
        Int(n) => integer(out, n),
        BigInt(i) => big_integer(out, &big[i as usize]),
        Atom(i) => compact(out, 2, i.into()),
        X(n) => compact(out, 3, n.into()),
        Y(n) => compact(out, 4, n.into()),
        Label(n) => compact(out, 5, n.into()),
        List(range) => extended(out, 1, range.len.into()),
        FloatReg(n) => extended(out, 2, n.into()),
        AllocList {
            words,
            floats,
            funs,
        } => {
            extended(out, 3, 3);
            for (amount, kind) in [words, floats, funs].into_iter().zip(0..) {
                compact(out, 0, kind);
                compact(out, 0, amount.into());
            }
        }
        Literal(i) => extended(out, 4, i.into()),
        TypedX(n, t) => {
            compact(out, 7, 5);
            compact(out, 3, n.into());
            compact(out, 0, t.into());
        }
        TypedY(n, t) => {
            compact(out, 7, 5);
            compact(out, 4, n.into());
            compact(out, 0, t.into());
        }
        Overflow => bytes(out, 0, &[0x7f; 12]),
    }
}

/// A module's code as bytes again.
pub fn encode_code(m: &Module) -> Vec<u8> {
    let mut out = Vec::new();
    for instr in &m.code {
        out.push(instr.op as u8);
        for arg in m.args(instr) {
            encode(&mut out, *arg, &m.big_ints);
            if let Operand::List(range) = arg {
                m.list(*range)
                    .iter()
                    .for_each(|e| encode(&mut out, *e, &m.big_ints));
            }
        }
    }
    out
}

fn extended(out: &mut Vec<u8>, kind: u64, value: u64) {
    compact(out, 7, kind);
    compact(out, 0, value);
}

fn compact(out: &mut Vec<u8>, tag: u8, n: u64) {
    match n {
        0..16 => out.push((n as u8) << 4 | tag),
        16..0x800 => out.extend_from_slice(&[(n >> 3) as u8 & 0xe0 | 8 | tag, n as u8]),
        _ => bytes(out, tag, &minimal(&(n as i128).to_be_bytes())),
    }
}

fn integer(out: &mut Vec<u8>, n: i64) {
    match n {
        0.. => compact(out, 1, n as u64),
        -0x8000..0 => bytes(out, 1, &(n as i16).to_be_bytes()),
        _ => {
            // OTP counts the bytes of the magnitude and adds a sign byte if the top bit is lost.
            let size = n
                .unsigned_abs()
                .to_be_bytes()
                .iter()
                .skip_while(|b| **b == 0)
                .count();
            let all = (n as i128).to_be_bytes();
            let short = &all[16 - size..];
            let long = if short[0] & 0x80 == 0 {
                &all[15 - size..]
            } else {
                short
            };
            bytes(out, 1, long);
        }
    }
}

fn big_integer(out: &mut Vec<u8>, big: &BigInt) {
    let mut all = vec![0];
    all.extend_from_slice(&big.magnitude);
    if big.negative {
        let mut carry = true;
        for byte in all.iter_mut().rev() {
            (*byte, carry) = (!*byte).overflowing_add(carry as u8);
        }
    }
    let redundant = (all[0] == 0 && all[1] & 0x80 == 0) || (all[0] == 0xff && all[1] & 0x80 != 0);
    bytes(out, 1, &all[redundant as usize..]);
}

/// Without leading zero bytes, but with one if the top bit would be set.
fn minimal(all: &[u8]) -> Vec<u8> {
    let zeros = all.iter().take_while(|b| **b == 0).count();
    let keep = zeros - (all.get(zeros).is_some_and(|b| b & 0x80 != 0) as usize);
    all[keep..].to_vec()
}

fn bytes(out: &mut Vec<u8>, tag: u8, content: &[u8]) {
    if content.len() <= 8 {
        out.push((content.len() as u8 - 2) << 5 | 0x18 | tag);
    } else {
        out.push(0xf8 | tag);
        compact(out, 0, content.len() as u64 - 9);
    }
    out.extend_from_slice(content);
}

/// Every `.beam` file of the OTP installation that `CORTEN_OTP_ROOT` names; none if it is not set.
pub fn otp_files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    match std::env::var_os("CORTEN_OTP_ROOT") {
        Some(root) => collect(Path::new(&root), &mut files),
        None => println!("note: CORTEN_OTP_ROOT is not set, no OTP files are tried"),
    }
    files.sort();
    files
}

fn collect(dir: &Path, into: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return;
    };
    for path in entries.flatten().map(|e| e.path()) {
        if path.is_dir() {
            collect(&path, into);
        } else if path.extension().is_some_and(|e| e == "beam") {
            into.push(path);
        }
    }
}

/// xorshift64*: the same sequence on every run.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}
