//! What is known of a file that was staged through us.

use crate::content::as_path;
use crate::{Content, Digest, StoreError, Timestamp, json};
use cleat_root::{Root, paths};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A file that goes with a staged configuration: a file it sources, a link file, a sysctl snippet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Companion {
    /// Where it goes.
    #[serde(with = "as_path")]
    pub path: PathBuf,
    /// Digest of what was there when it was staged; none where nothing was.
    pub base: Option<Digest>,
    /// What it becomes; none to remove it.
    pub new: Option<Content>,
}

/// Who staged a file, when, from what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageRecord {
    /// Digest of the staged file that this record speaks of.
    pub staged: Digest,
    /// The live file that it was made from; none where there was none.
    pub base: Option<Content>,
    /// Who or what staged it: `root on pts/0`, `cleat-link pin`.
    pub by: String,
    /// When.
    pub time: Timestamp,
    /// When another program wrote what it was made from, so that nothing is known of that one's own base; none where
    /// `base` says it all.
    #[serde(default)]
    pub foreign: Option<Timestamp>,
    /// What has to hold in the first boot with it, in the caller's words; none for no check.
    #[serde(default)]
    pub confirm: Option<String>,
    /// The generation that it brings back, for a rollback.
    #[serde(default)]
    pub rollback_of: Option<u32>,
    /// Why it was taken back when it was live; none where it is new. A boot does not try it again unasked.
    #[serde(default)]
    pub taken_back: Option<String>,
    /// The files that go with it.
    #[serde(default)]
    pub companions: Vec<Companion>,
}

/// What there is of a record.
pub(crate) enum Recorded {
    /// It speaks of the staged file.
    Known(Box<StageRecord>),
    /// There is none, or it speaks of another file.
    Foreign,
    /// It cannot be understood.
    Damaged {
        /// Whether it names the staged file's digest all the same.
        is_of_it: bool,
        reason: String,
    },
}

impl StageRecord {
    /// The record of a staged file.
    pub(crate) fn of(root: &Root, staged: &Digest) -> Result<Recorded, StoreError> {
        let record: Option<Self> = match json::read(root, paths::STAGED_RECORD) {
            Err(error @ StoreError::Damaged { .. }) => {
                // What is left of it may still say which file it was made for.
                let digest = staged.as_str().as_bytes();
                let bytes = root.read(paths::STAGED_RECORD)?;
                return Ok(Recorded::Damaged {
                    is_of_it: bytes.windows(digest.len()).any(|part| part == digest),
                    reason: error.to_string(),
                });
            }
            read => read?,
        };
        Ok(match record.filter(|record| record.staged == *staged) {
            Some(record) => Recorded::Known(Box::new(record)),
            None => Recorded::Foreign,
        })
    }
}
