//! A foreign change reaches a document of a tablet.
#![no_main]

use std::sync::Once;

static QUIET: Once = Once::new();

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // A panic inside Automerge is contained; only one that leaves the target is a finding.
    QUIET.call_once(|| drop(std::panic::take_hook()));
    zoufang_fuzz::run("document", bytes);
});
