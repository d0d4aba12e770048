//! Two files, before and after, over the simulator: with guests on the bridges and a failure at any step a reload ends as
//! written or as before, a second one has nothing to do, and guests keep their place.
//!
//! A good start: `cargo +nightly fuzz run plan_apply fuzz/corpus/plan_apply`; with nothing in it pairs are invented first.

#![no_main]

use cleat_model::trial::two_files::{invented, judge};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    // A short input is the number of an invented pair.
    let pair = match <[u8; 8]>::try_from(input) {
        Ok(number) => invented(u64::from_le_bytes(number)),
        Err(_) => input.to_vec(),
    };
    if let Err(fault) = judge(&pair) {
        panic!("{fault}\n--- of\n{}", String::from_utf8_lossy(&pair));
    }
});
