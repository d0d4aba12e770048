//! `cargo xtask gen`: the files that are made from the program's tables.
//!
//! The tables are in crates that need C libraries, and this program has to build without any: so the pages are made by
//! the tests that compare them with the tables (tests/manual, tests/completions.rs), run here with `BLESS=1`.

use std::process::{Command, ExitCode};
use std::time::Duration;

use crate::packages::{self, Consent};
use crate::{process, tree};

const LIMIT: Duration = Duration::from_secs(1200);

/// `cargo xtask gen [--check] [--yes]`: with `--check` nothing is written, and the exit status says whether all is fresh.
pub fn main(mut args: lexopt::Parser) -> Result<ExitCode, String> {
    let mut check = false;
    let mut consent = Consent::AskOnTerminal;
    while let Some(arg) = args.next().map_err(|error| error.to_string())? {
        match arg {
            lexopt::Arg::Long("check") => check = true,
            lexopt::Arg::Long("yes") => consent = Consent::Given,
            other => return Err(other.unexpected().to_string()),
        }
    }
    packages::ensure(packages::TO_TEST, consent)?;
    let mut command = Command::new(tree::cargo());
    command
        .args([
            "test",
            "--quiet",
            "--package",
            "cleat",
            "--test",
            "tests",
            "--",
            "manual::",
            "completions::the_files",
        ])
        .current_dir(tree::top())
        .env_remove("BLESS");
    if !check {
        command.env("BLESS", "1");
    }
    let end = process::run_limited(&mut command, LIMIT)?;
    Ok(match end.success() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}
