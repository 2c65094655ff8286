#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| zoufang_fuzz::run("statement", bytes));
