//! The staged file as it is found, and what makes it unfit before a word of it is read.

use crate::record::Recorded;
use crate::{Digest, StageRecord, Store, StoreError, Timestamp};
use cleat_diag::Diagnostic;
use cleat_root::paths;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Most bytes that a staged file may have.
pub const STAGED_LIMIT: u64 = 16 << 20;

/// A staged file that may be read.
#[derive(Clone, Debug)]
pub struct Staged {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Their digest.
    pub digest: Digest,
    /// When it was last written.
    pub modified: Timestamp,
    /// What is known of it, where it was staged through us.
    pub record: Option<StageRecord>,
    /// That the record of some staged file is damaged, and this one is taken for another program's.
    pub damaged: Option<Diagnostic>,
}

/// What there is in the place of a staged file.
#[derive(Clone, Debug)]
pub enum Found {
    /// Nothing.
    Nothing,
    /// A file that may be read.
    Fit(Box<Staged>),
    /// Something that must not be committed: no file, a link that leads nowhere, too large, or writable by others
    /// than those who may write the live file; or one whose record, with the files that go with it, is damaged.
    Unfit(Box<Diagnostic>),
}

impl Store {
    /// What is staged.
    ///
    /// *Errors*: the disk does not give our record of it.
    pub fn staged(&self) -> Result<Found, StoreError> {
        let (bytes, modified) = match self.fit_staged() {
            Ok(Some(read)) => read,
            Ok(None) => return Ok(Found::Nothing),
            Err(unfit) => return Ok(Found::Unfit(unfit)),
        };
        let digest = Digest::of(&bytes);
        let (record, damaged) = match StageRecord::of(&self.root, &digest)? {
            Recorded::Known(record) => (Some(*record), None),
            Recorded::Foreign => (None, None),
            Recorded::Damaged { is_of_it: true, reason } => return Ok(Found::Unfit(Box::new(damaged(&reason)))),
            Recorded::Damaged {
                is_of_it: false,
                reason,
            } => {
                let message = format!("{reason}; what is staged is taken for another program's");
                (None, Some(Diagnostic::warning("staged-record-damaged", message)))
            }
        };
        Ok(Found::Fit(Box::new(Staged {
            bytes,
            digest,
            modified,
            record,
            damaged,
        })))
    }

    fn fit_staged(&self) -> Result<Option<(Vec<u8>, Timestamp)>, Box<Diagnostic>> {
        let path = Path::new(paths::INTERFACES_NEW);
        let link = match self.root.metadata_of_link(path) {
            Ok(found) => found,
            Err(error) if error.is_missing() => return Ok(None),
            Err(error) => return Err(unfit(error.to_string(), None)),
        };
        let (bytes, found) = match self.root.read_with_metadata(path, STAGED_LIMIT) {
            Ok(read) => read,
            Err(error) if error.is_missing() && link.is_symlink() => {
                return Err(unfit(format!("{} is a link that leads nowhere", path.display()), None));
            }
            Err(error) if error.is_missing() => return Ok(None),
            Err(error) => return Err(unfit(error.to_string(), None)),
        };
        if found.mode() & 0o002 != 0 {
            let message = format!("{} is writable by everybody", path.display());
            return Err(unfit(
                message,
                Some("look at what it says; then `chmod o-w` it, or remove it"),
            ));
        }
        let live = self.root.metadata(paths::INTERFACES).map(|live| live.uid()).ok();
        let trusted = [Some(0), Some(nix::unistd::geteuid().as_raw()), live];
        for owner in [found.uid(), link.uid()] {
            if !trusted.contains(&Some(owner)) {
                let message = format!("{} belongs to user {owner}", path.display());
                return Err(unfit(
                    message,
                    Some("look at what it says; then `chown root` it, or remove it"),
                ));
            }
        }
        let modified = Timestamp(u64::try_from(found.mtime()).unwrap_or(0));
        Ok(Some((bytes, modified)))
    }
}

/// The record says what else belongs to the file, and whether a boot may take it: without that it must not be committed.
fn damaged(reason: &str) -> Diagnostic {
    let message = format!("what belongs to {} is not known: {reason}", paths::INTERFACES_NEW);
    Diagnostic::error("staged-record-damaged", message)
        .help("look at what it says; then stage a copy of it anew, or take it away with `cleat-commit revert`")
}

fn unfit(message: String, help: Option<&str>) -> Box<Diagnostic> {
    let error = Diagnostic::error("staged-unfit", message);
    Box::new(match help {
        Some(help) => error.help(help),
        None => error,
    })
}
