//! Files that change together.

use crate::content::as_path;
use crate::{Content, StoreError};
use cleat_root::{Durability, Root};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// One file before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Which file.
    #[serde(with = "as_path")]
    pub path: PathBuf,
    /// What it holds before; none where it is not there.
    pub old: Option<Content>,
    /// What it holds after; none where it goes.
    pub new: Option<Content>,
}

impl Change {
    /// Puts the new content in place.
    pub(crate) fn make(&self, root: &Root) -> Result<(), StoreError> {
        put(root, &self.path, self.new.as_ref())
    }

    /// Puts the old content back.
    pub(crate) fn undo(&self, root: &Root) -> Result<(), StoreError> {
        put(root, &self.path, self.old.as_ref())
    }
}

/// Makes a file hold that, durably; nothing is written where it does already.
fn put(root: &Root, path: &Path, content: Option<&Content>) -> Result<(), StoreError> {
    let now = Content::read(root, path)?;
    let directory = path.parent().unwrap_or(Path::new("/"));
    match content {
        Some(content) if now.as_ref().is_some_and(|now| now.bytes == content.bytes) => {
            // It may be there and not on the disk yet: of a write that failed at its last step, or was cut short.
            root.sync_directory(directory)?;
        }
        Some(content) => root.write_atomic_as(path, &content.bytes, content.mode, Durability::Durable)?,
        None if now.is_none() => {}
        None => {
            root.remove(path)?;
            root.sync_directory(directory)?;
        }
    }
    Ok(())
}
