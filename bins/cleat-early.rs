//! The only program that is copied into the initramfs: compares the .link files there with those of the root.

use cleat_root::Root;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut words = std::env::args_os().skip(1);
    let (Some(root), None) = (words.next(), words.next()) else {
        cleat_early::log("usage: cleat-early ROOT, where ROOT is the directory that the root is mounted on");
        return ExitCode::from(2);
    };
    match cleat_early::run(&Root::real(), &Root::at(root)) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
