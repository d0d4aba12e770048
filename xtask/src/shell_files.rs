//! Finding the shell files of the tree, for shellcheck.

use std::io::Read;
use std::path::{Path, PathBuf};

/// Every shell file under `top`, sorted: by the ending `.sh` or by its first line.
///
/// *Errors*: a directory that cannot be read.
pub fn find(top: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    walk(top, &mut found)?;
    found.sort();
    Ok(found)
}

fn walk(directory: &Path, found: &mut Vec<PathBuf>) -> Result<(), String> {
    let unreadable = |error| format!("cannot read {}: {error}", directory.display());
    for entry in std::fs::read_dir(directory).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let path = entry.path();
        let kind = entry.file_type().map_err(unreadable)?;
        if kind.is_dir() {
            // Not ours: git's own hooks, cargo's output, and the test fixtures, which hold other people's odd files.
            if !matches!(entry.file_name().to_str(), Some(".git" | "target" | "fixtures")) {
                walk(&path, found)?;
            }
        } else if kind.is_file() && is_shell(&path) {
            found.push(path);
        }
    }
    Ok(())
}

fn is_shell(path: &Path) -> bool {
    if path.extension().is_some_and(|ending| ending == "sh") {
        return true;
    }
    let mut start = [0; 64];
    let read = std::fs::File::open(path).and_then(|mut file| file.read(&mut start));
    read.is_ok_and(|length| names_a_shell(&start[..length]))
}

/// Whether a file that starts so is run by a shell that shellcheck knows.
fn names_a_shell(start: &[u8]) -> bool {
    let first = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let Some(line) = first.strip_prefix(b"#!") else {
        return false;
    };
    let line = String::from_utf8_lossy(line);
    let mut words = line
        .split_whitespace()
        .map(|word| word.rsplit('/').next().unwrap_or(word));
    let program = match words.next() {
        Some("env") => words.next(),
        other => other,
    };
    matches!(program, Some("sh" | "bash" | "dash" | "ksh"))
}

#[cfg(test)]
mod tests {
    use super::names_a_shell;

    // Second witness: the shells of shellcheck(1), option --shell.
    #[test]
    fn a_first_line_that_names_a_shell_makes_a_shell_file() {
        for line in [
            "#!/bin/sh\nset -eu",
            "#! /usr/bin/env bash\n",
            "#!/bin/bash -e",
            "#!/usr/bin/dash",
        ] {
            assert!(names_a_shell(line.as_bytes()), "{line}");
        }
        for line in [
            "#!/usr/bin/python3\n",
            "# /bin/sh",
            "",
            "#!",
            "#!/usr/bin/env python3\n#!/bin/sh",
            "\x7fELF",
        ] {
            assert!(!names_a_shell(line.as_bytes()), "{line}");
        }
    }
}
