//! Programs of other Debian releases, which `cargo xtask udevs` unpacks into the cache.

use std::path::PathBuf;

/// The root of what was unpacked under this name: `udev-13`, `dracut-12`; the newest where there are more.
///
/// *Errors*: it is not there.
pub fn unpacked(kept: &str) -> Result<PathBuf, String> {
    let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let base = base
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))
        .ok_or("neither XDG_CACHE_HOME nor HOME is set")?;
    let folders = std::fs::read_dir(base.join("cleat-vm"));
    let mut found: Vec<PathBuf> = folders
        .map(|entries| entries.filter_map(|entry| Some(entry.ok()?.path())).collect())
        .unwrap_or_default();
    found.retain(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let hash = name.strip_prefix(kept).and_then(|rest| rest.strip_prefix('-'));
        hash.is_some_and(|hash| !hash.contains(['-', '.'])) && path.join("root").is_dir()
    });
    found.sort();
    let newest = found.pop().ok_or("not unpacked: cargo xtask udevs")?;
    Ok(newest.join("root"))
}
