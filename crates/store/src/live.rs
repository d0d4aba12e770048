//! The files that a generation holds, as they are now.

use crate::{Content, Files, Store, StoreError};
use cleat_eni::ConfigSet;
use cleat_root::{Root, paths};
use std::path::{Path, PathBuf};

impl Store {
    /// The live configuration: interfaces with all that it sources, our link files and our sysctl snippets.
    pub fn live(&self) -> Result<Files, StoreError> {
        let (set, _) = ConfigSet::load(&self.root, Path::new(paths::INTERFACES));
        if let Some(lost) = set.lost.first() {
            return Err(lost.clone().into());
        }
        read(&self.root, paths_of(&self.root, &set)?)
    }
}

/// The paths of a configuration's files, whatever name its first one was read under.
pub(crate) fn paths_of(root: &Root, set: &ConfigSet) -> Result<Vec<PathBuf>, StoreError> {
    let sourced = set.files().skip(1).map(|(_, path)| path.to_owned());
    let mut all = vec![PathBuf::from(paths::INTERFACES)];
    all.extend(sourced);
    for ours in paths::OUR_FILES {
        all.extend(root.try_glob(ours, "/")?);
    }
    Ok(all)
}

pub(crate) fn read(root: &Root, paths: Vec<PathBuf>) -> Result<Files, StoreError> {
    let mut files = Files::default();
    for path in paths {
        if let Some(content) = Content::read(root, &path)? {
            files.0.insert(path, content);
        }
    }
    Ok(files)
}
