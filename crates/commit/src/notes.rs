//! What a boot leaves under /run for those who come later in it.

use cleat_diag::render;
use cleat_root::{Durability, Root, RootError, paths};
use cleat_store::{Refusal, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Why a staged file was not committed at this boot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// When.
    pub time: Timestamp,
    /// The reasons, a line each.
    pub reasons: Vec<String>,
    /// Where the file was set aside, if it was.
    pub kept_as: Option<String>,
}

impl Refused {
    /// The note for as long as a boot's commit has not come to its end: whatever cuts it short, the reason is reported, and
    /// nobody moves the file unjudged.
    pub fn unfinished(time: Timestamp) -> Self {
        let reason =
            "`cleat-commit boot` began and did not come to its end; `journalctl -b -u cleat-commit` may say why";
        Self::because(reason.to_owned(), time)
    }

    /// The note of a commit that failed.
    pub fn because(reason: String, time: Timestamp) -> Self {
        Self {
            time,
            reasons: vec![reason],
            kept_as: None,
        }
    }

    /// The note of a refusal.
    pub fn of(refusal: &Refusal, time: Timestamp) -> Self {
        let errors = refusal.findings.diagnostics.iter();
        let errors = errors.filter(|found| found.severity == cleat_diag::Severity::Error);
        let lines = errors.map(|found| render::line(found, &refusal.findings.sources).trim_end().to_owned());
        Self {
            time,
            reasons: lines.collect(),
            kept_as: refusal.kept_as.as_ref().map(|path| path.display().to_string()),
        }
    }

    /// The refusal of this boot.
    pub fn read(root: &Root) -> Option<Self> {
        read(root, paths::REFUSED)
    }

    /// Writes it down.
    ///
    /// # Errors
    /// /run cannot be written.
    pub fn write(&self, root: &Root) -> Result<(), RootError> {
        write(root, paths::REFUSED, self)
    }

    /// What was refused is not staged any more.
    pub fn forget(root: &Root) {
        // Where it stays, it is reported until the next boot.
        let _ = root.remove(paths::REFUSED);
    }
}

/// That this boot is the first with a generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstBoot {
    /// The generation.
    pub generation: u32,
}

impl FirstBoot {
    /// Takes the note away and answers what it said.
    pub fn take(root: &Root) -> Option<Self> {
        let note = read(root, paths::FIRST_BOOT);
        // It is gone with the next boot in any case.
        let _ = root.remove(paths::FIRST_BOOT);
        note
    }

    /// Writes it down.
    ///
    /// # Errors
    /// /run cannot be written.
    pub fn write(&self, root: &Root) -> Result<(), RootError> {
        write(root, paths::FIRST_BOOT, self)
    }
}

fn read<T: DeserializeOwned>(root: &Root, path: &str) -> Option<T> {
    serde_json::from_slice(&root.read(path).ok()?).ok()
}

fn write(root: &Root, path: &str, note: &impl Serialize) -> Result<(), RootError> {
    root.create_dir_all(paths::RUN_DIR)?;
    // Numbers and texts: there is nothing in it that JSON cannot hold.
    let bytes = serde_json::to_vec(note).unwrap_or_default();
    root.write_atomic(path, &bytes, Durability::Volatile)
}
