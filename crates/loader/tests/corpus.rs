//! The `.beam` files of a real OTP installation (see [`common::otp_files`]): all load, nothing is lost,
//! and damaged copies are refused or loaded but never cause a panic.

mod common;

use common::{Random, encode_code, module_with, otp_files};
use corten_loader::{BeamFile, Op, Operand, disasm, load};

#[test]
fn every_file_loads_and_its_code_encodes_to_the_same_bytes() {
    for path in otp_files() {
        let bytes = std::fs::read(&path).unwrap();
        let m = load(&bytes).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let plain = corten_loader::chunks::decompress(&bytes).unwrap();
        let chunk = BeamFile::parse(&plain).unwrap().chunk(b"Code").unwrap();
        let head = u32::from_be_bytes(chunk[..4].try_into().unwrap()) as usize;
        let (again, code) = (encode_code(&m), &chunk[4 + head..]);
        if again != code {
            let at = again.iter().zip(code).take_while(|(a, b)| a == b).count();
            panic!(
                "{}: the code differs at {at}: {:x?} {:x?}",
                path.display(),
                &again[at..][..9],
                &code[at..][..9]
            );
        }
        assert_eq!(Some(m.name()), path.file_stem().and_then(|s| s.to_str()));
    }
}

/// Loads damaged copies of `bytes`. Whatever loads must also disassemble.
fn torture(bytes: &[u8], random: &mut Random, rounds: usize) {
    let mut text = String::new();
    let mut attempt = |bytes: &[u8]| {
        if let Ok(m) = load(bytes) {
            text.clear();
            disasm::write_module(&mut text, &m).unwrap();
        }
    };
    for _ in 0..rounds {
        attempt(&bytes[..random.below(bytes.len())]);
        let mut copy = bytes.to_vec();
        for _ in 0..1 + random.below(4) {
            let at = random.below(copy.len());
            copy[at] = match random.below(4) {
                0 => 0xff,
                1 => copy[at] ^ 1 << random.below(8),
                2 => 0xf8,
                _ => random.next() as u8,
            };
        }
        attempt(&copy);
    }
}

#[test]
fn damaged_files_never_panic() {
    let mut random = Random(0x00c0_27e9);
    let own = module_with(&[
        (
            Op::GcBif1,
            &[
                Operand::Label(0),
                Operand::U(1),
                Operand::U(0),
                Operand::X(0),
                Operand::X(0),
            ],
        ),
        (Op::CallOnly, &[Operand::U(1), Operand::Label(2)]),
    ]);
    torture(&common::beam(&own), &mut random, 20_000);
    let files = otp_files();
    for path in files.iter().step_by(files.len() / 12 + 1) {
        let bytes = std::fs::read(path).unwrap();
        // Debug chunks are not looked at and would take most of the hits.
        let file = BeamFile::parse(&bytes).unwrap();
        let read = [b"Dbgi", b"Docs", b"ExCk", b"Attr", b"CInf"];
        let chunks = file.chunks().iter().filter(|(id, _)| !read.contains(&id));
        let chunks: Vec<_> = chunks.map(|(id, content)| (id, content.to_vec())).collect();
        torture(&common::beam(&chunks), &mut random, 300);
    }
}
