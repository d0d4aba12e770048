//! Files that change together.

use crate::content::as_path;
use crate::{Content, StoreError};
use cleat_diag::Diagnostic;
use cleat_root::{Durability, Root};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// One file before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChange {
    /// Which file.
    #[serde(with = "as_path")]
    pub path: PathBuf,
    /// What it holds before; none where it is not there.
    pub old: Option<Content>,
    /// What it holds after; none where it goes.
    pub new: Option<Content>,
}

impl FileChange {
    /// Puts the new content in place. Answers what the file had beside its bytes and has no more.
    pub(crate) fn make(&self, root: &Root) -> Result<Option<Diagnostic>, StoreError> {
        let before = root.attributes(&self.path).unwrap_or_default();
        put(root, &self.path, self.new.as_ref())?;
        if self.new.is_none() || before.is_empty() {
            return Ok(None);
        }
        // Where it cannot be seen what is there nothing is said: the files are in place.
        let after = root.attributes(&self.path).unwrap_or_else(|_| before.clone());
        let lost: Vec<&str> = before
            .iter()
            .filter(|name| !after.contains(name))
            .map(String::as_str)
            .collect();
        Ok((!lost.is_empty()).then(|| {
            let (path, lost) = (self.path.display(), lost.join(", "));
            let message = format!("{path} has lost attributes that only a program with CAP_SYS_ADMIN may set: {lost}");
            Diagnostic::warning("attributes-lost", message).help("setfattr(1) sets them again")
        }))
    }

    /// Keeps the old file beside the new one, so that [`FileChange::undo`] needs no room on the disk. Without that it writes
    /// the old content again.
    pub(crate) fn keep_old(&self, root: &Root, number: u32) {
        let _ = root.keep(&self.path, number);
    }

    /// Removes what was kept.
    pub(crate) fn drop_old(&self, root: &Root, number: u32) {
        // It is only litter, which the next commit sweeps.
        let _ = root.drop_kept(&self.path, number);
    }

    /// Puts the old content back: the kept file of that number where there is one.
    pub(crate) fn undo(&self, root: &Root, number: u32) -> Result<(), StoreError> {
        if let Some(old) = &self.old {
            let now = Content::read(root, &self.path)?;
            let differs = now.is_none_or(|now| now.bytes != old.bytes);
            if differs && root.put_kept_back(&self.path, number, &old.bytes).unwrap_or(false) {
                return Ok(());
            }
        }
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
        Some(content) => {
            // Of a generation that is brought back the directory may be gone as well.
            if !root.is_dir(directory) {
                root.create_dir_all_durable(directory)?;
            }
            root.write_atomic_as(path, &content.bytes, content.mode, Durability::Durable)?;
        }
        None if now.is_none() => {}
        None => {
            root.remove(path)?;
            root.sync_directory(directory)?;
        }
    }
    Ok(())
}
