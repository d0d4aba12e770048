//! Staging: a configuration that becomes the live one at the next boot.

use crate::{Companion, Content, Digest, Found, Locked, StageRecord, Staged, StoreError, Timestamp, json};
use cleat_root::{Durability, paths};
use std::path::Path;

/// A configuration to stage.
#[derive(Clone, Debug, Default)]
pub struct Staging {
    /// The staged file's bytes.
    pub bytes: Vec<u8>,
    /// The live file that it was made from; `None` where there was none.
    pub base: Option<Content>,
    /// When another program wrote what it was made from: then the base is not known.
    pub foreign: Option<Timestamp>,
    /// Who or what stages it.
    pub by: String,
    /// What has to hold in the first boot with it, in the caller's words.
    pub confirm: Option<String>,
    /// The generation that it brings back.
    pub rollback_of: Option<u32>,
    /// Why it was taken back when it was live: a boot refuses it.
    pub taken_back: Option<String>,
    /// The files that go with it.
    pub companions: Vec<Companion>,
    /// Whether another staged configuration may be replaced.
    pub replace: bool,
}

impl Staging {
    /// A staged file staged again: it keeps what it was made from, the files that go with it, and what its first boot
    /// has to pass. Who does so, and what changes, is for the caller to say; that it was taken back counts no longer.
    pub fn over(staged: &Staged) -> Self {
        let bytes = staged.bytes.clone();
        let Some(record) = &staged.record else {
            return Self {
                bytes,
                foreign: Some(staged.modified),
                ..Self::default()
            };
        };
        Self {
            bytes,
            base: record.base.clone(),
            foreign: record.foreign,
            by: String::new(),
            confirm: record.confirm.clone(),
            rollback_of: record.rollback_of,
            taken_back: None,
            companions: record.companions.clone(),
            replace: false,
        }
    }
}

impl Locked<'_> {
    /// Stages a configuration for the next boot. The record is written first: a cut between the two leaves a record
    /// that speaks of no staged file, and is passed over.
    ///
    /// *Errors*: [`StoreError::AlreadyStaged`] where something else is staged and may not be replaced.
    pub fn stage(&self, staging: Staging) -> Result<(), StoreError> {
        let Staging {
            bytes,
            base,
            foreign,
            by,
            confirm,
            rollback_of,
            taken_back,
            companions,
            replace,
        } = staging;
        if !replace {
            self.refuse_other(&bytes)?;
        }
        let record = StageRecord {
            staged: Digest::of(&bytes),
            base,
            by,
            time: self.now,
            foreign,
            confirm,
            rollback_of,
            taken_back,
            companions,
        };
        json::write(&self.root, paths::STAGED_RECORD, &record)?;
        // What is staged may be a link or a FIFO: it is replaced, not followed.
        if !self
            .root
            .metadata_of_link(paths::INTERFACES_NEW)
            .is_ok_and(|found| found.is_file())
        {
            self.root.remove(paths::INTERFACES_NEW)?;
        }
        let mode = self.root.metadata(paths::INTERFACES).map_or(0o644, |live| {
            use std::os::unix::fs::MetadataExt;
            live.mode() & 0o755
        });
        self.root
            .write_atomic_as(paths::INTERFACES_NEW, &bytes, mode, Durability::Durable)?;
        Ok(())
    }

    fn refuse_other(&self, bytes: &[u8]) -> Result<(), StoreError> {
        match self.staged()? {
            Found::Fit(staged) if staged.bytes != bytes => Err(StoreError::AlreadyStaged {
                since: staged.record.as_ref().map_or(staged.modified, |record| record.time),
                by: staged.record.map(|record| record.by),
            }),
            _ => Ok(()),
        }
    }

    /// Takes a staged configuration away, of whatever kind it is. Returns whether there was one.
    pub fn revert(&self) -> Result<bool, StoreError> {
        let there = self.root.remove(paths::INTERFACES_NEW)?;
        if there {
            self.root.sync_directory(directory(paths::INTERFACES_NEW))?;
        }
        json::remove(&self.root, paths::STAGED_RECORD)?;
        Ok(there)
    }

    /// Takes the staged file away if it is the one of that digest.
    pub(crate) fn remove_staged(&self, digest: &Digest) -> Result<(), StoreError> {
        if let Found::Fit(staged) = self.staged()?
            && staged.digest == *digest
        {
            self.revert()?;
        }
        Ok(())
    }
}

fn directory(path: &str) -> &Path {
    Path::new(path).parent().unwrap_or(Path::new("/"))
}
