//! Runs the target `session` for cargo-fuzz.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| postcase_fuzz::session(bytes));
