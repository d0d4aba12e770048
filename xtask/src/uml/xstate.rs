//! What user-mode Linux lacks on processors with AMX.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::tree;

/// Why it is there and what it does stands in the file.
const SOURCE: &str = "xtask/src/uml/xstate.c";

/// The library to be loaded before user-mode Linux; none on a processor that it runs on as it is. Made once in a process.
///
/// *Errors*: there is no C compiler, which Rust itself links with, or it fails.
pub fn library() -> Result<Option<&'static Path>, String> {
    static LIBRARY: OnceLock<Result<Option<PathBuf>, String>> = OnceLock::new();
    let made = LIBRARY.get_or_init(|| {
        let processor = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        processor
            .split_whitespace()
            .any(|word| word == "amx_tile")
            .then(make)
            .transpose()
    });
    made.as_ref().map(|path| path.as_deref()).map_err(Clone::clone)
}

fn make() -> Result<PathBuf, String> {
    let directory = tree::target().join("uml");
    std::fs::create_dir_all(&directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    let path = directory.join("xstate.so");
    // Several may make it at once: each puts a whole one in place.
    let part = directory.join(format!("xstate.{}.so", std::process::id()));
    let mut compile = Command::new("cc");
    compile.args(["-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o"]);
    compile.arg(&part).arg(tree::top().join(SOURCE));
    let status = compile.status().map_err(|error| format!("cc: {error}"))?;
    if !status.success() {
        return Err(format!("cc of {SOURCE}: {status}"));
    }
    std::fs::rename(&part, &path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path)
}
