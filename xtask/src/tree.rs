//! Where things are: the workspace, the target directory, cargo.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The workspace's top directory.
pub fn top() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// The cargo that runs us, so that `cargo +TOOLCHAIN xtask` keeps its toolchain.
pub fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// The target directory, absolute: `CARGO_TARGET_DIR` or `target` at the top.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| top().join("target"), |set| top().join(set))
}

/// A fresh, empty directory of ours under the target directory.
pub fn fresh_scratch(name: &str) -> Result<PathBuf, String> {
    let path = target().join("xtask").join(format!("{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).map_err(|error| format!("cannot create {}: {error}", path.display()))?;
    Ok(path)
}
