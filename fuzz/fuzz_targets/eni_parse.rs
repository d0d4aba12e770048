//! Any bytes are read as interfaces(5), come back as they were, and every diagnostic renders; renaming an interface to a
//! fresh name and back leaves what the file says.
//!
//! A good start: `cargo +nightly fuzz run eni_parse fuzz/corpus/eni_parse examples tests/fixtures/eni`.

#![no_main]

use cleat_diag::render;
use cleat_eni::{ConfigSet, rename_interface};
use cleat_root::Root;
use libfuzzer_sys::fuzz_target;
use std::path::Path;

fn names(set: &ConfigSet) -> Vec<String> {
    set.ifaces().map(|iface| iface.name.value.clone()).collect()
}

fuzz_target!(|bytes: &[u8]| {
    let (mut set, diagnostics) = ConfigSet::from_bytes(Path::new("/f"), bytes.to_vec(), &Root::at("/nonexistent"));
    assert_eq!(set.documents[0].to_bytes(), bytes);
    for diagnostic in &diagnostics {
        assert!(!render::terminal(diagnostic, &set.sources, false).contains('\x1b'));
        assert!(!render::line(diagnostic, &set.sources).contains('\n'));
    }
    let before = names(&set);
    let all = |_: &str| true;
    let (there, _) = rename_interface(&mut set, "eno1", "fresh-name", &all);
    if there > 0 {
        let (back, _) = rename_interface(&mut set, "fresh-name", "eno1", &all);
        assert_eq!(there, back);
    }
    assert_eq!(names(&set), before);
});
