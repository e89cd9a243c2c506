// Any bytes either are a term or an error; a term is printed, and written so that it reads back equal. Funs are
// refused: only the engine knows them. Run by the fuzz target and, over the committed corpus, by a test of the crate.

use corten_term::compare::exact_eq;
use corten_term::etf::{self, DecodeOptions, EncodeOptions, EtfContext, NoFuns};
use corten_term::hash;
use corten_term::{Heap, copy, print};

pub fn check(bytes: &[u8]) {
    let context = EtfContext::new(&NoFuns);
    let heap = Heap::new();
    // Safe, so that the atom table does not fill up.
    let safe = DecodeOptions { safe: true };
    let Ok(decoded) = etf::decode(&heap, bytes, safe, &context) else {
        return;
    };
    assert!(decoded.used <= bytes.len());
    print::to_bytes(decoded.term, 1000);
    let other = Heap::new();
    let copy = copy::copy(decoded.term, &other);
    assert!(exact_eq(copy, decoded.term));
    assert_eq!(hash::phash2(copy), hash::phash2(decoded.term));
    assert_eq!(hash::internal_hash(copy), hash::internal_hash(decoded.term));
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
}
