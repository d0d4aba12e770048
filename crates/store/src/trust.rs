//! Who but root may change what root obeys: files of the configuration, and programs that it runs.

use cleat_diag::Diagnostic;
use cleat_eni::ConfigSet;
use cleat_root::{Root, paths};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Who may change a file beside root: `belongs to user 1000`, `is writable by everybody`, `is writable by group 50`;
/// `None` where nobody may, or there is no file.
///
/// *Shape*: of a link, its own owner counts as well as the file that it leads to. Where root's files are shown as another
/// user's (a container without a map for it), those of the owner of `/` are root's.
pub fn changeable(root: &Root, path: &Path) -> Option<String> {
    let owner_of_all = root.metadata("/").map_or(0, |found| found.uid());
    let trusted = [0, owner_of_all];
    let link = root.metadata_of_link(path).ok()?;
    let found = root.metadata(path).ok()?;
    let stranger = |found: &Metadata| (!trusted.contains(&found.uid())).then_some(found.uid());
    if let Some(user) = stranger(&found).or_else(|| stranger(&link)) {
        return Some(format!("belongs to user {user}"));
    }
    writable(&found)
}

fn writable(found: &Metadata) -> Option<String> {
    if found.mode() & 0o002 != 0 {
        return Some("is writable by everybody".to_owned());
    }
    let by_group = found.mode() & 0o020 != 0 && found.gid() != 0;
    by_group.then(|| format!("is writable by group {}", found.gid()))
}

/// As [`changeable`], of the directory that a file is in: who may write there can put another file in its place. One with
/// the sticky bit keeps that to the owner of the file.
pub fn replaceable<'a>(root: &Root, path: &'a Path) -> Option<(&'a Path, String)> {
    let directory = path.parent()?;
    let found = root.metadata(directory).ok()?;
    if found.mode() & 0o1000 != 0 {
        return None;
    }
    changeable(root, directory).map(|who| (directory, who))
}

/// Errors of a staged configuration that sources files which others may change: whoever may would decide what root does.
pub fn unfit_sources(root: &Root, set: &ConfigSet) -> Vec<Diagnostic> {
    let live = root.metadata(paths::INTERFACES).map(|found| found.uid()).ok();
    let sourced = set.files().skip(1).map(|(_, path)| path);
    let unfit = sourced.filter_map(|path| {
        let who = changeable(root, path)?;
        // Whoever owns the live file decides what root does already.
        let is_known = root
            .metadata(path)
            .is_ok_and(|found| Some(found.uid()) == live && writable(&found).is_none());
        (!is_known).then(|| {
            let message = format!("the staged configuration sources {}, which {who}", path.display());
            Diagnostic::error("staged-source-unfit", message)
                .help("look at what it says; then `chown root` and `chmod go-w` it, or remove the line that sources it")
        })
    });
    unfit.collect()
}
