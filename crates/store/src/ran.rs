//! What a run of `ifup -a` or `ifreload -a` found live: a generation of its own, where nothing holds it yet.

use crate::live::{ours, read};
use crate::{Content, Digest, Files, Generation, Health, Locked, Occasion, Store, StoreError};
use cleat_diag::Sources;
use cleat_eni::ConfigSet;
use cleat_root::Root;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// What a run brought up, and what came of it.
#[derive(Clone, Debug)]
pub struct Ran {
    /// The files that it read.
    pub files: Files,
    /// Their digest.
    pub digest: Digest,
    /// Which run it was.
    pub origin: Occasion,
    /// Who called it.
    pub by: String,
    /// How the host came up with it.
    pub health: Health,
    /// Whether something was brought up or changed. A run that had nothing to do does not clear what failed before.
    pub tried: bool,
}

impl Store {
    /// The files of a configuration as a run has read them, with our own link files and snippets from the disk.
    ///
    /// *Shape*: the bytes are those of `sources`: `set` may have been changed in memory since, to follow NICs.
    pub fn files_of(&self, set: &ConfigSet, sources: &Sources) -> Result<Files, StoreError> {
        let mut files = read(&self.root, ours(&self.root)?)?;
        for (file, path) in set.files() {
            let Some(source) = sources.get(file) else { continue };
            let bytes = source.bytes().to_vec();
            let mode = mode_of(&self.root, path);
            files.0.insert(path.to_owned(), Content { bytes, mode });
        }
        Ok(files)
    }

    /// The commit that is not settled yet, written in whole or in part: until then it speaks of what is live.
    pub fn unsettled(&self) -> Result<Option<u32>, StoreError> {
        Ok(self.transaction()?.map(|found| found.number))
    }

    /// What became of a generation; unknown also where there is none.
    pub fn health(&self, number: u32) -> Health {
        self.archive_of(number).map_or(Health::Unknown, |archive| {
            Generation::health_in(&self.root, archive, number)
        })
    }

    /// Whether a generation is lost: it is not where it would be, though nothing has still to be mounted there.
    fn is_lost(&self, number: u32) -> bool {
        self.archive_of(number).is_none() && self.has_history()
    }

    /// The generation that holds what a run brought up, where the run has nothing to add to it.
    pub fn has_all_of(&self, run: &Ran) -> Result<Option<u32>, StoreError> {
        let newest = self.newest_if(&run.digest)?.filter(|number| !self.is_lost(*number));
        Ok(newest.filter(|number| !self.can_note(*number, run)))
    }

    /// Whether a run tells more of a generation than is known, and the generation is within reach to note it.
    fn can_note(&self, number: u32, run: &Ran) -> bool {
        self.archive_of(number).is_some() && run.says_more(&self.health(number))
    }
}

impl Locked<'_> {
    /// Makes a generation of what a run brought up, where the newest one holds something else; else notes what came of
    /// it with that one. Returns its number. While a commit is not settled nothing is written: that one keeps account.
    pub fn note_run(&self, run: Ran) -> Result<Option<u32>, StoreError> {
        if let Some(number) = self.unsettled()? {
            return Ok(Some(number));
        }
        if let Some(number) = self.newest_if(&run.digest)?.filter(|number| !self.is_lost(*number)) {
            if self.can_note(number, &run) {
                self.mark(number, &run.health)?;
            }
            return Ok(Some(number));
        }
        let Ran {
            files,
            digest,
            origin,
            by,
            health,
            tried: _,
        } = run;
        let number = self.newest()?.unwrap_or(0) + 1;
        self.record_as(number, origin, (&by, health), (files, digest.clone()))?;
        self.note_last(number, digest)?;
        Ok(Some(number))
    }
}

impl Ran {
    /// Whether it tells more than is known: a host that came up with a configuration once can come up with it.
    fn says_more(&self, known: &Health) -> bool {
        match (&self.health, known) {
            (Health::Unknown, _) | (_, Health::Healthy { .. }) => false,
            (_, Health::Unknown) => true,
            (Health::Healthy { .. }, Health::Failed { .. }) => self.tried,
            (Health::Failed { .. }, Health::Failed { .. }) => false,
        }
    }
}

/// The mode of a file, for when it has to be written again; a file that is gone by now gets a private one.
fn mode_of(root: &Root, path: &Path) -> u32 {
    root.metadata(path).map_or(0o600, |found| found.mode() & 0o7777)
}
