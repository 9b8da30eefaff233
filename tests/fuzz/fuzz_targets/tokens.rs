//! Runs the target `tokens` for cargo-fuzz.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| postcase_fuzz::tokens(bytes));
