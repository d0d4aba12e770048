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

/// A fresh, empty directory of ours under the target directory. Those that earlier runs left there are removed, if
/// their process is gone: they are kept only until the next run, to look into what failed.
pub fn fresh_scratch(name: &str) -> Result<PathBuf, String> {
    let ours = target().join("xtask");
    for old in std::fs::read_dir(&ours).into_iter().flatten().filter_map(Result::ok) {
        let file_name = old.file_name();
        let owner = file_name
            .to_str()
            .and_then(|name| name.rsplit_once('-'))
            .map(|(_, pid)| pid);
        if owner.is_some_and(|pid| pid.parse::<u32>().is_ok() && !Path::new("/proc").join(pid).exists()) {
            let _ = std::fs::remove_dir_all(old.path());
        }
    }
    let path = ours.join(format!("{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).map_err(|error| format!("cannot create {}: {error}", path.display()))?;
    Ok(path)
}
