//! The only program that is copied into the initramfs: compares the .link files there with those of the root.

use cleat_early::Level;
use cleat_root::Root;
use std::process::ExitCode;

const USAGE: &str = "usage: cleat-early [-v] ROOT, where ROOT is the directory that the root is mounted on";

fn main() -> ExitCode {
    let (verbose, mut words): (Vec<_>, Vec<_>) = std::env::args_os().skip(1).partition(|word| word == "-v");
    let root = words
        .pop()
        .filter(|word| words.is_empty() && !word.as_encoded_bytes().starts_with(b"-"));
    let Some(root) = root else {
        // In the initramfs nobody sees the one, and by hand nobody the other.
        eprintln!("{USAGE}");
        cleat_early::log(USAGE);
        return ExitCode::from(2);
    };
    let level = match verbose.is_empty() {
        true => Level::of(&std::env::var("RUST_LOG").unwrap_or_default()),
        false => Level::Debug,
    };
    match cleat_early::run(&Root::real(), &Root::at(root), level) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
