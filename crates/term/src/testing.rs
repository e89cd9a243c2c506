//! Helpers of this crate's own tests: repeatable random numbers, and terms recorded from the reference engine.

use crate::etf::{self, EtfContext, NoFuns};
use crate::{Heap, Term};

/// How often to try: less under Miri, which takes a hundred times as long.
pub fn fewer(n: usize) -> usize {
    if cfg!(miri) { n.div_ceil(100) } else { n }
}

/// A repeatable source of numbers (SplitMix64).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }
    /// A number below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

/// What the reference engine said about generated terms; `testdata/record.erl` made it. Another recording
/// can be checked by naming its file in `CORTEN_RECORDED`.
pub fn recorded<'h>(heap: &'h Heap) -> &'h [Term<'h>] {
    let bytes = match std::env::var("CORTEN_RECORDED") {
        Ok(file) => std::fs::read(file).expect("the file that CORTEN_RECORDED names"),
        Err(_) => include_bytes!("../testdata/recorded.etf").to_vec(),
    };
    let context = EtfContext::new(&NoFuns);
    let decoded = etf::decode(heap, &bytes, etf::DecodeOptions::default(), &context);
    decoded
        .ok()
        .and_then(|d| d.term.as_tuple())
        .expect("a tuple of facts")
}

/// A term as text.
pub fn show(t: Term<'_>) -> String {
    String::from_utf8_lossy(&crate::print::to_bytes(t, 2000)).into_owned()
}
