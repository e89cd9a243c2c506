//! Feeds whatever the fuzzer makes up to `checks/loader.rs`.
#![no_main]

#[path = "../checks/loader.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::check(bytes));
