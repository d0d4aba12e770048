//! The checks that are not tests: formatting, lints, shell files.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::outcome::PartEnd;
use crate::packages::runs;
use crate::{process, shell_files, tree};

const LIMIT: Duration = Duration::from_secs(1200);

/// `cargo fmt --all --check`.
pub fn fmt() -> PartEnd {
    cargo_part("fmt", "rustfmt", &["fmt", "--all", "--check"])
}

/// `cargo clippy` over everything, a warning is an error.
pub fn clippy() -> PartEnd {
    cargo_part(
        "clippy",
        "clippy",
        &[
            "clippy",
            "--quiet",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ],
    )
}

/// A cargo command that a minimal toolchain may lack.
fn cargo_part(command: &str, component: &str, args: &[&str]) -> PartEnd {
    if !runs(&tree::cargo().to_string_lossy(), &[command, "--version"]) {
        return PartEnd::Skipped(format!(
            "cargo {command} is not installed: rustup component add {component}"
        ));
    }
    let run = process::run_limited(Command::new(tree::cargo()).args(args).current_dir(tree::top()), LIMIT);
    match run {
        Ok(end) if end.success() => PartEnd::Passed(String::new()),
        Ok(end) => PartEnd::Failed(end.to_string()),
        Err(error) => PartEnd::Failed(error),
    }
}

/// shellcheck over every shell file of the tree.
pub fn shell() -> PartEnd {
    match shell_files::find(&tree::top()) {
        Err(error) => PartEnd::Failed(error),
        Ok(files) if files.is_empty() => PartEnd::Skipped("no shell files in the tree".to_owned()),
        Ok(files) => {
            let count = files.len();
            let relative = files
                .iter()
                .map(|file| file.strip_prefix(tree::top()).unwrap_or(Path::new(file)));
            let mut command = Command::new("shellcheck");
            match process::run_limited(command.args(relative).current_dir(tree::top()), LIMIT) {
                Ok(end) if end.success() => PartEnd::Passed(format!("{count} files")),
                Ok(end) => PartEnd::Failed(end.to_string()),
                Err(error) => PartEnd::Failed(error),
            }
        }
    }
}
