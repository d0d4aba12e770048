//! The only program that is copied into the initramfs: compares the .link files there with those of the root.

use cleat_early::Level;
use cleat_root::Root;
use std::process::ExitCode;

fn main() -> ExitCode {
    let (verbose, mut words): (Vec<_>, Vec<_>) = std::env::args_os().skip(1).partition(|word| word == "-v");
    let (Some(root), None) = (words.pop(), words.pop()) else {
        cleat_early::log("usage: cleat-early [-v] ROOT, where ROOT is the directory that the root is mounted on");
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
