//! Runs the target `end_of_data` for cargo-fuzz.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| postcase_fuzz::end_of_data(bytes));
