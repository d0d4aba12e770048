//! All .link files of a root: which of them count, in which order, with which drop-ins.

use super::known::{ENERGY_SECTION, sections, unknown_key};
use super::lines;
use super::{FileState, LinkFile};
use crate::carried::LinkSet;
use crate::udev::Udev;
use cleat_diag::{Diagnostic, Sources};
use cleat_root::{Root, RootError, paths};
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

/// Where .link files are, the strongest directory first.
///
/// *Source*: systemd.link(5), DESCRIPTION; Debian 12's `/lib/systemd/network` is `/usr/lib/systemd/network`.
pub const DIRECTORIES: &[&str] = &[
    paths::ETC_LINK_FILES,
    paths::RUN_LINK_FILES,
    paths::LOCAL_LINK_FILES,
    paths::USR_LINK_FILES,
];

/// The .link files of a root, in the order in which udev tries them.
#[derive(Clone, Debug, Default)]
pub struct LinkFiles {
    /// By the bytes of their base names, those that systemd leaves out among them.
    pub files: Vec<LinkFile>,
    /// Files that another of the same name takes the place of, with that one.
    pub overridden: Vec<(PathBuf, PathBuf)>,
    /// What is ignored or wrong, in the order of the files.
    pub diagnostics: Vec<Diagnostic>,
    /// Text of the files, for the diagnostics.
    pub sources: Sources,
    /// The installed udev, which ignores keys that are newer.
    udev: Option<Udev>,
}

impl LinkFiles {
    /// Reads all that systemd would read. Never fails: what cannot be read is reported and left out.
    pub fn load(root: &Root) -> Self {
        let mut all = Self {
            udev: Udev::installed(root),
            ..Self::default()
        };
        let (files, overridden) = strongest(root, DIRECTORIES.iter().map(PathBuf::from), ".link");
        all.overridden = overridden;
        for path in files {
            let file = all.read(root, path);
            all.files.push(file);
        }
        all
    }

    /// What the udev of an initramfs reads of the files that it carries. What is wrong with them is not told: that is reported
    /// of the root's.
    pub fn carried(set: &LinkSet, udev: Option<Udev>) -> Self {
        let mut all = Self {
            udev,
            ..Self::default()
        };
        for name in set.names().filter(|name| !name.contains('/')) {
            let directory = Path::new(paths::USR_LINK_FILES);
            let mut file = LinkFile::at(directory.join(name));
            let below = format!("{name}.d/");
            let parts = set.names().filter(|one| *one == name || one.starts_with(&below));
            for part in parts {
                let path = directory.join(part);
                if part != name {
                    file.drop_ins.push(path.clone());
                }
                let bytes = set.bytes(part).unwrap_or_default().to_vec();
                if !all.take(&path, bytes, &mut file) {
                    file.state = FileState::Refused;
                }
            }
            if file.state == FileState::Read && file.matching.is_empty() {
                file.state = FileState::MatchesNothing;
            }
            all.files.push(file);
        }
        all.diagnostics.clear();
        all
    }

    fn read(&mut self, root: &Root, path: PathBuf) -> LinkFile {
        let mut file = LinkFile::at(path);
        if is_mask(root, &file.path) {
            file.state = FileState::Masked;
            return file;
        }
        file.drop_ins = drop_ins(root, &file.path);
        let mut refused = false;
        for part in std::iter::once(file.path.clone()).chain(file.drop_ins.clone()) {
            match root.read(&part) {
                Ok(bytes) => refused |= !self.take(&part, bytes, &mut file),
                Err(error) => {
                    // A link that leads nowhere is passed over; anything else costs the whole file.
                    refused |= part == file.path || !error.is_missing();
                    self.diagnostics.push(unreadable(&error));
                }
            }
            if refused {
                break;
            }
        }
        if refused {
            file.state = FileState::Refused;
        } else if file.matching.is_empty() {
            file.state = FileState::MatchesNothing;
            let text = format!(
                "systemd leaves {} out: its [Match] asks for nothing",
                file.path.display()
            );
            let found = Diagnostic::warning("link-match-empty", text);
            self.diagnostics
                .push(found.help("write `OriginalName=*` below [Match] where every device is meant"));
        }
        file
    }

    /// Takes the lines of a file or drop-in; false where systemd refuses it.
    fn take(&mut self, path: &Path, bytes: Vec<u8>, into: &mut LinkFile) -> bool {
        let id = self.sources.add(path, bytes.clone());
        let read = lines::read(id, &bytes, &sections(self.udev));
        self.diagnostics.extend(read.found);
        for said in &read.assignments {
            if let Some(ignored) = unknown_key(said, self.udev) {
                self.diagnostics.push(ignored);
                continue;
            }
            match said.section.as_str() {
                "Match" => into.matching.take(said, &mut self.diagnostics),
                "Link" => into.naming.take(said, &mut self.diagnostics),
                _ => {}
            }
            if matches!(said.section.as_str(), "Link" | ENERGY_SECTION) {
                into.settings.retain(|key| *key != said.key);
                // An empty value takes the setting back.
                into.settings.extend((!said.value.is_empty()).then(|| said.key.clone()));
            }
        }
        let whole = read.refused.is_none();
        self.diagnostics.extend(read.refused);
        whole
    }
}

fn unreadable(error: &RootError) -> Diagnostic {
    Diagnostic::warning("link-unreadable", error.to_string())
}

/// The files of that ending in some directories: of equal names the one in the first directory, by name; and those that
/// it hides. Hidden files are none.
pub(crate) fn strongest(
    root: &Root,
    directories: impl Iterator<Item = PathBuf>,
    ending: &str,
) -> (Vec<PathBuf>, Vec<(PathBuf, PathBuf)>) {
    let mut files: BTreeMap<Vec<u8>, PathBuf> = BTreeMap::new();
    let mut hidden = Vec::new();
    let mut seen = BTreeSet::new();
    for directory in directories {
        // On a merged /usr, and in an initramfs, two of the directories can be one.
        if !root.identity(&directory).is_ok_and(|identity| seen.insert(identity)) {
            continue;
        }
        for name in root.read_dir(&directory).unwrap_or_default() {
            let bytes = name.as_encoded_bytes();
            if bytes.starts_with(b".") || !bytes.ends_with(ending.as_bytes()) {
                continue;
            }
            let path = directory.join(&name);
            match files.get(bytes) {
                Some(stronger) => hidden.push((path, stronger.clone())),
                None => drop(files.insert(bytes.to_vec(), path)),
            }
        }
    }
    (files.into_values().collect(), hidden)
}

/// `NAME.link.d/*.conf` in all directories, by name.
fn drop_ins(root: &Root, path: &Path) -> Vec<PathBuf> {
    let Some(name) = path.file_name() else {
        return Vec::new();
    };
    let mut below = name.to_owned();
    below.push(".d");
    let directories = DIRECTORIES.iter().map(|directory| Path::new(directory).join(&below));
    strongest(root, directories, ".conf").0
}

/// An empty file or a device, such as what a link to /dev/null leads to.
fn is_mask(root: &Root, path: &Path) -> bool {
    // A test root has no devices of its own: there the link itself says it.
    if root
        .read_link(path)
        .is_ok_and(|target| target == Path::new("/dev/null"))
    {
        return true;
    }
    root.metadata(path).is_ok_and(|found| {
        let kind = found.file_type();
        kind.is_char_device() || kind.is_block_device() || (kind.is_file() && found.len() == 0)
    })
}
