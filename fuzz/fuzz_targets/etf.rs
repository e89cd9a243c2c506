//! Feeds whatever the fuzzer makes up to `checks/etf.rs`.
#![no_main]

#[path = "../checks/etf.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::check(bytes));
