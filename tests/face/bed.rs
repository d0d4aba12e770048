//! What the tests of the face stand on.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// What a run of `cleat` did.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

fn command(line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cleat"));
    command.args(line.split_whitespace());
    // The environment of whoever runs the tests must not decide what is tested.
    for name in ["COLUMNS", "NO_COLOR", "TERM", "SSH_CONNECTION"] {
        command.env_remove(name);
    }
    command
}

fn run(mut command: Command, input: &str) -> Ran {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A run that refuses its arguments does not read.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs `cleat` with these words.
pub fn cleat(line: &str) -> Ran {
    run(command(line), "")
}

/// Starts `cleat` with these words; its standard output is to be read by the caller, who ends it.
pub fn starting(line: &str) -> Child {
    let mut command = command(line);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    command.spawn().unwrap()
}

/// Runs `cleat` with these words and a text on standard input.
pub fn cleat_reading(line: &str, input: &str) -> Ran {
    run(command(line), input)
}

/// Runs `cleat` with these words, and these in its environment.
pub fn cleat_with(line: &str, environment: &[(&str, &str)]) -> Ran {
    let mut command = command(line);
    command.envs(environment.iter().copied());
    run(command, "")
}

/// Runs `cleat` with these words, and programs looked for in `path` alone.
pub fn cleat_in_path(line: &str, path: &Path) -> Ran {
    let mut command = command(line);
    command.env("PATH", path);
    run(command, "")
}

/// A fresh directory that is removed when the test ends.
pub struct Directory(PathBuf);

impl Directory {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("cleat-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file into it and gives its path.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
