//! Hand-made modules: what is accepted, and that each kind of damage is refused for its reason.

mod common;

use common::{beam, module_with, words};
use corten_loader::Operand::{Atom, Int, Label, U, X, Y};
use corten_loader::{Fault, LoadError, Module, Op, Operand, Slot, load};

fn load_body(body: &[(Op, &[Operand])]) -> Result<Module, LoadError> {
    load(&beam(&module_with(body)))
}

fn fault(body: &[(Op, &[Operand])]) -> Fault {
    match load_body(body) {
        Err(LoadError::Code(error)) => error.fault,
        other => panic!("expected a fault, got {:?}", other.map(|m| m.code)),
    }
}

#[test]
fn a_small_module() {
    let m = load_body(&[
        (Op::GcBif1, &[Label(0), U(1), U(0), X(0), X(0)]),
        (Op::IsEqExact, &[Label(3), X(0), Int(-70_000)]),
        (Op::Return, &[]),
        (Op::Label, &[U(3)]),
        (Op::Badmatch, &[X(0)]),
    ])
    .unwrap();
    assert_eq!((m.name(), m.functions.len(), m.on_load), ("m", 1, None));
    let f = &m.functions[0];
    assert_eq!(
        (m.atom(f.name), f.arity, f.info_label, f.entry_label),
        ("f", 1, 1, 2)
    );
    assert_eq!(m.function_at(2), Some(0));
    assert_eq!(m.function_at(3), None);
    let ops: Vec<Op> = m.code_of(f).iter().map(|i| i.op).collect();
    assert_eq!(
        ops[3..],
        [
            Op::GcBif1,
            Op::IsEqExact,
            Op::Return,
            Op::Label,
            Op::Badmatch
        ]
    );
    assert_eq!(m.args(&m.code[4]), [Label(3), X(0), Int(-70_000)]);
    let mut text = String::new();
    corten_loader::disasm::write_module(&mut text, &m).unwrap();
    assert!(
        text.contains("{gc_bif1, {f, 0}, 1, {extfunc, erlang, hd, 1}, {x, 0}, {x, 0}}."),
        "{text}"
    );
    assert!(
        text.contains("{is_eq_exact, {f, 3}, {x, 0}, {integer, -70000}}."),
        "{text}"
    );
}

#[test]
fn gzip_and_legacy_atoms() {
    let mut chunks = module_with(&[(Op::Return, &[])]);
    chunks[0].0 = b"Atom";
    let plain = beam(&chunks);
    let mut packed = Vec::new();
    let mut encoder = flate2::write::GzEncoder::new(&mut packed, flate2::Compression::default());
    std::io::Write::write_all(&mut encoder, &plain).unwrap();
    encoder.finish().unwrap();
    assert_eq!(load(&plain).unwrap().md5, load(&packed).unwrap().md5);
}

#[test]
fn operands_must_fit_their_slots() {
    assert_eq!(
        fault(&[(Op::Move, &[X(0), Int(1)])]),
        Fault::Operand {
            index: 1,
            slot: Slot::Dst
        }
    );
    assert_eq!(
        fault(&[(Op::Jump, &[Label(0)])]),
        Fault::Operand {
            index: 0,
            slot: Slot::Jump
        }
    );
    assert_eq!(
        fault(&[(Op::CatchEnd, &[X(0)])]),
        Fault::Operand {
            index: 0,
            slot: Slot::Y
        }
    );
    assert_eq!(
        fault(&[(Op::Move, &[X(1024), X(0)])]),
        Fault::OutOfRange("register", 1024)
    );
    assert_eq!(
        fault(&[(Op::Move, &[Atom(7), X(0)])]),
        Fault::OutOfRange("atom", 7)
    );
    assert_eq!(
        fault(&[(Op::Jump, &[Label(10)])]),
        Fault::OutOfRange("label", 10)
    );
    assert_eq!(
        fault(&[(Op::Move, &[Operand::Literal(0), X(0)])]),
        Fault::OutOfRange("literal", 0)
    );
    assert_eq!(
        fault(&[(Op::CallExt, &[U(1), U(1)])]),
        Fault::Operand {
            index: 1,
            slot: Slot::Import
        }
    );
    assert_eq!(
        fault(&[(Op::CallExt, &[U(2), U(0)])]),
        Fault::BadImport { arity: 2 }
    );
    assert_eq!(fault(&[(Op::Bif0, &[U(0), X(0)])]), Fault::BadGuardBif);
    let string = [Label(1), X(0), U(41), U(0)];
    assert_eq!(
        fault(&[(Op::BsMatchString, &string)]),
        Fault::OutOfRange("string", 0)
    );
    assert_eq!(
        fault(&[(Op::Allocate, &[U(1025), U(0)])]),
        Fault::Operand {
            index: 0,
            slot: Slot::Frame
        }
    );
}

#[test]
fn labels_and_calls_must_resolve() {
    assert_eq!(fault(&[(Op::Jump, &[Label(9)])]), Fault::UndefinedLabel(9));
    assert_eq!(fault(&[(Op::Label, &[U(2)])]), Fault::DuplicateLabel(2));
    assert_eq!(
        fault(&[(Op::CallOnly, &[U(2), Label(2)])]),
        Fault::BadTarget { label: 2, arity: 2 }
    );
    assert_eq!(
        fault(&[(Op::CallOnly, &[U(1), Label(1)])]),
        Fault::BadTarget { label: 1, arity: 1 }
    );
    assert!(load_body(&[(Op::CallOnly, &[U(1), Label(2)])]).is_ok());
}

/// Appends instructions that the `Operand` list type cannot express to a module whose code is empty.
fn raw(body: &[u8]) -> Result<Module, LoadError> {
    let mut chunks = module_with(&[]);
    chunks[1].1.pop();
    chunks[1].1.extend_from_slice(body);
    chunks[1].1.push(Op::IntCodeEnd as u8);
    load(&beam(&chunks))
}

#[test]
fn lists_must_have_the_shape_of_their_slot() {
    let select = |list: &[u8]| raw(&[&[Op::SelectVal as u8, 0x03, 0x15, 0x17][..], list].concat());
    // [{integer,5}, {f,1}]
    let m = select(&[0x20, 0x51, 0x15]).unwrap();
    let &[.., Operand::List(range)] = m.args(&m.code[3]) else {
        panic!()
    };
    assert_eq!(m.list(range), [Int(5), Label(1)]);
    // An odd number of elements; a register as a key; a list in a list; more elements than bytes.
    for bad in [
        &[0x10, 0x51][..],
        &[0x20, 0x03, 0x15],
        &[0x20, 0x51, 0x17, 0x00],
        &[0x18, 0xff, 0x51],
    ] {
        assert!(select(bad).is_err(), "{bad:x?}");
    }
    // bs_match: skip 8 is a command, hd is not.
    let matching = |list: &[u8]| raw(&[&[Op::BsMatch as u8, 0x15, 0x03, 0x17][..], list].concat());
    assert!(matching(&[0x20, 0x52, 0x80]).is_ok());
    assert!(matching(&[0x10, 0x52]).is_err());
    assert!(
        matching(&[0x20, 0x42, 0x80])
            .unwrap_err()
            .to_string()
            .contains("invalid sub instruction 'hd'")
    );
}

#[test]
fn record_definitions() {
    let with = |head: &[u32], body: &[u8]| {
        let mut chunks = module_with(&[(Op::Return, &[])]);
        chunks.push((b"Recs", [&words(head)[..], body].concat()));
        chunks[0].1 = [
            &words(&[8])[..],
            b"\x01m\x01f\x06erlang\x02hd\x04skip\x06string\x04true\x05false",
        ]
        .concat();
        load(&beam(&chunks))
    };
    // f, true, [hd = 5, skip]
    let body = [5, 0x22, 0x72, 0x17, 0x40, 0x42, 0x51, 0x52, 0x00];
    let m = with(&[0, 1, 2], &body).unwrap();
    let [record] = &m.records[..] else { panic!() };
    assert_eq!((record.name, record.exported), (2, true));
    assert_eq!(record.fields, [(4, Some(Int(5))), (5, None)]);
    let mut text = String::new();
    corten_loader::disasm::write_module(&mut text, &m).unwrap();
    assert!(
        text.contains("{records, [{f, true, [{hd, {integer, 5}}, skip]}]}."),
        "{text}"
    );
    assert!(with(&[0, 0, 0], &[]).unwrap().records.is_empty());
    let damaged = |head: &[u32], body: &[u8]| {
        let text = with(head, body).unwrap_err().to_string();
        assert!(text.starts_with("corrupt record table"), "{text}");
    };
    damaged(&[1, 1, 2], &body);
    damaged(&[0, 2, 2], &body);
    damaged(&[0, 1, 1], &body);
    damaged(&[0, 1, 3], &body);
    damaged(&[0, u32::MAX, u32::MAX], &body);
    for end in 0..body.len() {
        damaged(&[0, 1, 2], &body[..end]);
    }
    for at in 0..body.len() {
        for bad in [0x0f, 0x43, 0x45, 0xf8, 0x02, 0xf2] {
            let mut copy = body;
            copy[at] = bad;
            // A register, a label, a long number, nil, an unknown atom: some may stand for a value, the rest is refused.
            let _ = with(&[0, 1, 2], &copy);
        }
    }
    // The same field twice; a register as a value; a name that is none.
    damaged(
        &[0, 1, 2],
        &[5, 0x22, 0x72, 0x17, 0x40, 0x42, 0x51, 0x42, 0x00],
    );
    damaged(&[0, 1, 1], &[5, 0x22, 0x72, 0x17, 0x20, 0x42, 0x03]);
    damaged(&[0, 1, 1], &[5, 0x02, 0x72, 0x17, 0x20, 0x42, 0x00]);
    damaged(&[0, 1, 1], &[5, 0x22, 0x12, 0x17, 0x20, 0x42, 0x00]);
}

#[test]
fn the_release_is_checked() {
    let with_max = |max: u32| {
        let mut chunks = module_with(&[(Op::Return, &[])]);
        chunks[1].1[8..12].copy_from_slice(&max.to_be_bytes());
        load(&beam(&chunks))
    };
    assert!(with_max(169).is_ok());
    assert_eq!(with_max(168).unwrap_err(), LoadError::TooOld);
    let too_new = with_max(192).unwrap_err().to_string();
    assert!(too_new.contains("(Use of opcode 192; this emulator supports only up to 191.)"));
    let obsolete = raw(&[Op::PutTuple as u8, 0x20, 0x03])
        .unwrap_err()
        .to_string();
    assert!(obsolete.starts_with("please re-compile"), "{obsolete}");
    assert!(
        raw(&[192])
            .unwrap_err()
            .to_string()
            .starts_with("invalid opcode 192")
    );
}

#[test]
fn tables_must_agree_with_the_code() {
    let damaged = |chunk: usize, content: Vec<u8>| {
        let mut chunks = module_with(&[(Op::Return, &[])]);
        chunks[chunk].1 = content;
        load(&beam(&chunks)).unwrap_err().to_string()
    };
    assert!(damaged(4, words(&[1, 2, 2, 2])).contains("is not a function of arity 2"));
    assert!(damaged(4, words(&[1, 9, 1, 2])).contains("corrupt export table"));
    assert!(damaged(4, words(&[u32::MAX, 2, 1, 2])).contains("corrupt export table"));
    assert!(damaged(3, words(&[1, 3, 4, 256])).contains("corrupt import table"));
    assert!(damaged(1, vec![]).contains("missing code chunk"));
    assert_eq!(
        fault(&[(Op::Trim, &[U(1), Y(0)])]),
        Fault::Operand {
            index: 1,
            slot: Slot::Frame
        }
    );
}
