//! Any bytes either are a term or an error; a term is printed, and written so that it reads back equal.
//! Funs are refused: only the engine knows them.
#![no_main]

use corten_term::compare::exact_eq;
use corten_term::etf::{self, DecodeOptions, EncodeOptions, EtfContext, NoFuns};
use corten_term::{Heap, print};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let context = EtfContext::new(&NoFuns);
    let heap = Heap::new();
    // Safe, so that the atom table does not fill up.
    let safe = DecodeOptions { safe: true };
    let Ok(decoded) = etf::decode(&heap, bytes, safe, &context) else {
        return;
    };
    assert!(decoded.used <= bytes.len());
    print::to_bytes(decoded.term, 1000);
    for minor_version in 1..=2 {
        let options = EncodeOptions {
            minor_version,
            ..EncodeOptions::default()
        };
        let Ok(written) = etf::encode(decoded.term, &options, &context) else {
            continue;
        };
        assert_eq!(
            etf::external_size(decoded.term, &options, &context),
            Ok(written.len())
        );
        let again = etf::decode(&heap, &written, safe, &context);
        assert!(again.is_ok_and(|a| exact_eq(a.term, decoded.term)));
    }
});
