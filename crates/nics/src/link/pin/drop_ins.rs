//! Drop-ins of a pin whose file gets another name: they go along.

use super::super::host::Host;
use super::super::work::Work;
use cleat_diag::Diagnostic;
use cleat_naming::link_file::DIRECTORIES;
use cleat_root::paths;
use cleat_store::StoreError;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Moves `FROM.d/*.conf` to `TO.d` in every directory. What cannot go along is reported.
///
/// *Source*: systemd.link(5): a drop-in belongs to the file of its directory's name, wherever the two are.
///
/// # Errors
/// A drop-in cannot be read.
pub(super) fn take_along(host: &Host, work: &mut Work, from: &Path, to: &Path) -> Result<(), StoreError> {
    for directory in DIRECTORIES {
        let (old, new) = (below(directory, from), below(directory, to));
        if old == new {
            continue;
        }
        let names = host.root.read_dir(&old).unwrap_or_default();
        for name in names.iter().filter(|name| name.as_encoded_bytes().ends_with(b".conf")) {
            let (path, target) = (old.join(name), new.join(name));
            let why = if *directory == paths::USR_LINK_FILES {
                Some("it belongs to a package")
            } else if host.root.read_link(&path).is_ok() {
                Some("it is a symbolic link")
            } else if host.root.exists(&target) {
                Some("another is in its place")
            } else {
                None
            };
            if let Some(why) = why {
                let text = format!("{} does nothing any more: {why}, and it stays", path.display());
                let found = Diagnostic::warning("pin-drop-in-left", text);
                work.told
                    .push(found.help(format!("put what it says into {}", target.display())));
                continue;
            }
            let bytes = host.root.read(&path)?;
            work.put(host, path, None)?;
            work.put(host, target, Some(bytes))?;
        }
    }
    Ok(())
}

fn below(directory: &str, file: &Path) -> PathBuf {
    let mut name = file.file_name().map_or_else(OsString::new, OsString::from);
    name.push(".d");
    Path::new(directory).join(name)
}
