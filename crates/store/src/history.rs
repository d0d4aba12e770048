//! The history: where generations lie, their numbers, their marks, and which of them go.
//!
//! /var may be mounted after the commit of a boot. A generation that cannot be written there waits in the spool
//! beside the intent record, and the next run that finds /var takes it over.

use crate::generation::{directory, numbers};
use crate::summary::summary;
use crate::{Digest, Files, Generation, Health, Locked, Occasion, Store, StoreError, generation, json};
use cleat_diag::Diagnostic;
use cleat_root::{Root, paths};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// How much of the history is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// Most generations.
    pub count: usize,
    /// Most bytes of all their files.
    pub bytes: u64,
}

/// The newest generation, known without /var.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Last {
    number: u32,
    digest: Digest,
}

/// Where generations lie.
const ARCHIVES: [&str; 2] = [paths::SPOOL, paths::GENERATIONS];

impl Store {
    /// All generations that can be read, oldest first, and a warning for each that cannot.
    pub fn history(&self) -> (Vec<Generation>, Vec<Diagnostic>) {
        let (mut all, mut diagnostics) = (Vec::new(), Vec::new());
        for archive in ARCHIVES {
            match numbers(&self.root, archive) {
                Ok(numbers) => {
                    for number in numbers {
                        match Generation::read(&self.root, archive, number) {
                            Ok(generation) => all.push(generation),
                            Err(error) => diagnostics.push(damaged(number, &error)),
                        }
                    }
                }
                Err(error) => diagnostics.push(incomplete(&error)),
            }
        }
        all.sort_by_key(|generation| (generation.number, generation.spooled));
        // One that was taken over from the spool, and not yet removed there.
        all.dedup_by_key(|generation| generation.number);
        (all, diagnostics)
    }

    /// A generation.
    ///
    /// *Errors*: [`StoreError::NoGeneration`], or [`StoreError::Damaged`].
    pub fn generation(&self, number: u32) -> Result<Generation, StoreError> {
        match Generation::read(&self.root, paths::SPOOL, number) {
            Err(StoreError::NoGeneration(_)) => Generation::read(&self.root, paths::GENERATIONS, number),
            read => read,
        }
    }

    /// Whether the live configuration is the one that a generation holds.
    pub fn is_live(&self, number: u32) -> Result<bool, StoreError> {
        Ok(self.generation(number)?.digest == self.live()?.digest())
    }

    /// The newest generation; none where there is no history (yet).
    pub fn newest(&self) -> Result<Option<u32>, StoreError> {
        self.newest_beside(self.last().as_ref())
    }

    fn last(&self) -> Option<Last> {
        json::read(&self.root, paths::LAST_GENERATION).unwrap_or_default()
    }

    fn newest_beside(&self, last: Option<&Last>) -> Result<Option<u32>, StoreError> {
        let newest = last.map(|last| last.number);
        Ok(newest.max(self.numbers()?.last().copied()))
    }

    /// The numbers of all generations, in order.
    fn numbers(&self) -> Result<Vec<u32>, StoreError> {
        let mut all = Vec::new();
        for archive in ARCHIVES {
            all.extend(numbers(&self.root, archive)?);
        }
        all.sort_unstable();
        all.dedup();
        Ok(all)
    }

    /// The newest generation, if the live configuration, by its digest, is still the one that it holds.
    pub fn newest_if(&self, live: &Digest) -> Result<Option<u32>, StoreError> {
        let last = self.last();
        let Some(newest) = self.newest_beside(last.as_ref())? else {
            return Ok(None);
        };
        let digest = match last.filter(|last| last.number == newest) {
            Some(last) => Some(last.digest),
            None => self.generation(newest).ok().map(|generation| generation.digest),
        };
        Ok((digest.as_ref() == Some(live)).then_some(newest))
    }

    /// The newest generation that came up healthy and can be read.
    pub fn newest_healthy(&self) -> Option<Generation> {
        // What one archive has counts also where the other cannot be read.
        let archives = ARCHIVES.iter().map(|archive| numbers(&self.root, archive));
        let mut all: Vec<u32> = archives.flat_map(Result::unwrap_or_default).collect();
        all.sort_unstable();
        all.dedup();
        let mut healthy = all
            .into_iter()
            .rev()
            .filter(|number| matches!(self.health(*number), Health::Healthy { .. }));
        healthy.find_map(|number| self.generation(number).ok())
    }

    /// Whether the history can be written: its directory is there, and no file system is still to be mounted over it.
    pub(crate) fn has_history(&self) -> bool {
        self.root.is_dir(paths::GENERATIONS) && !awaits_mount(&self.root, Path::new(paths::GENERATIONS))
    }

    pub(crate) fn archive_of(&self, number: u32) -> Option<&'static str> {
        ARCHIVES
            .into_iter()
            .find(|archive| self.root.is_dir(directory(archive, number)))
    }
}

impl Locked<'_> {
    /// Makes the directory of the history, where /var is there. A boot leaves that to later runs: it cannot know.
    pub fn set_up_history(&self) -> Result<(), StoreError> {
        if !awaits_mount(&self.root, Path::new(paths::GENERATIONS)) {
            self.root.create_dir_all_durable(paths::GENERATIONS)?;
        }
        Ok(())
    }

    /// Marks what became of a generation.
    pub fn mark(&self, number: u32, health: &Health) -> Result<(), StoreError> {
        let archive = self.archive_of(number).ok_or(StoreError::NoGeneration(number))?;
        Generation::mark(&self.root, archive, number, health)
    }

    /// Records files as a generation of that number, in the spool where the history cannot take it.
    pub(crate) fn record(
        &self,
        number: u32,
        origin: Occasion,
        by: &str,
        files: (Files, Digest),
    ) -> Result<(), StoreError> {
        self.record_as(number, origin, (by, Health::Unknown), files)
    }

    /// As [`Locked::record`], with what became of it. The digest is that of the files.
    pub(crate) fn record_as(
        &self,
        number: u32,
        origin: Occasion,
        (by, health): (&str, Health),
        (files, digest): (Files, Digest),
    ) -> Result<(), StoreError> {
        // What changed is for people: a generation that cannot be read does not cost this one.
        let before = self.newest().ok().flatten();
        let before = before.and_then(|newest| self.generation(newest).ok());
        let generation = Generation {
            number,
            time: self.now,
            origin,
            by: by.to_owned(),
            summary: summary(before.map(|before| before.files).as_ref(), &files),
            digest,
            health,
            files,
            spooled: false,
        };
        if self.has_history() && generation.write(&self.root, paths::GENERATIONS).is_ok() {
            return Ok(());
        }
        generation.write(&self.root, paths::SPOOL)
    }

    /// Notes which generation is live.
    pub(crate) fn note_last(&self, number: u32, digest: Digest) -> Result<(), StoreError> {
        json::write(&self.root, paths::LAST_GENERATION, &Last { number, digest })
    }

    /// Takes a generation out of the history: it never was.
    pub(crate) fn forget(&self, number: u32) -> Result<(), StoreError> {
        for archive in ARCHIVES {
            generation::remove(&self.root, archive, number)?;
        }
        Ok(())
    }

    /// Takes over what waits in the spool, once /var is there. Returns the numbers.
    pub fn import_spool(&self) -> Result<Vec<u32>, StoreError> {
        let waiting = numbers(&self.root, paths::SPOOL)?;
        // A commit that is not finished speaks of its generation by number.
        if self.transaction()?.is_some() || !(waiting.is_empty() || self.has_history()) {
            return Ok(Vec::new());
        }
        let mut imported = Vec::new();
        for number in waiting {
            let mut generation = Generation::read(&self.root, paths::SPOOL, number)?;
            match Generation::read(&self.root, paths::GENERATIONS, number) {
                Ok(there) if there.digest == generation.digest && there.time == generation.time => {}
                Err(StoreError::NoGeneration(_)) => generation.write(&self.root, paths::GENERATIONS)?,
                _ => {
                    generation.number = self.newest()?.unwrap_or(0) + 1;
                    generation.write(&self.root, paths::GENERATIONS)?;
                }
            }
            generation::remove(&self.root, paths::SPOOL, number)?;
            imported.push(generation.number);
        }
        // What else lies in it was never finished.
        if self.root.remove_dir_all(paths::SPOOL)? {
            self.root.sync_directory(paths::COMMIT_DIR)?;
        }
        Ok(imported)
    }

    /// Removes the oldest generations until the rest is within bounds. The newest stays, the one before it that held
    /// something else and did not fail, the newest healthy one, the newest healthy one that held something else, and what
    /// an unfinished commit speaks of. Returns the numbers that went.
    pub fn prune(&self, keep: Keep) -> Result<Vec<u32>, StoreError> {
        if self.is_within(keep) {
            return Ok(Vec::new());
        }
        let (history, _) = self.history();
        let transaction = self.transaction()?;
        let healthy = |generation: &&Generation| matches!(generation.health, Health::Healthy { .. });
        let mut protected = vec![history.last().map(|newest| newest.number)];
        protected.push(history.iter().rev().find(healthy).map(|healthy| healthy.number));
        let digest = history.last().map(|newest| &newest.digest);
        let other = |generation: &&Generation| healthy(generation) && Some(&generation.digest) != digest;
        protected.push(history.iter().rev().find(other).map(|other| other.number));
        let failed = |generation: &Generation| matches!(generation.health, Health::Failed { .. });
        let is_before = |generation: &&Generation| Some(&generation.digest) != digest && !failed(generation);
        protected.push(history.iter().rev().find(is_before).map(|before| before.number));
        protected.extend(
            transaction
                .map(|found| [Some(found.number), found.before])
                .into_iter()
                .flatten(),
        );
        let (mut count, mut bytes) = (history.len(), history.iter().map(Generation::size).sum::<u64>());
        let mut gone = Vec::new();
        for generation in &history {
            if count <= keep.count && bytes <= keep.bytes {
                break;
            }
            if !protected.contains(&Some(generation.number)) {
                self.forget(generation.number)?;
                count -= 1;
                bytes -= generation.size();
                gone.push(generation.number);
            }
        }
        Ok(gone)
    }

    /// Whether nothing has to go, by the names and lengths of all files: to read them all takes longer than the rest of a
    /// reload. Also where the manifests alone are too much it is left to [`Locked::prune`] to look.
    fn is_within(&self, keep: Keep) -> bool {
        let (mut count, mut bytes) = (0, 0);
        for archive in ARCHIVES {
            for number in numbers(&self.root, archive).unwrap_or_default() {
                count += 1;
                let directory = directory(archive, number);
                let names = self.root.read_dir(&directory).unwrap_or_default();
                let found = names
                    .iter()
                    .filter_map(|name| self.root.metadata(directory.join(name)).ok());
                bytes += found.map(|found| found.len()).sum::<u64>();
            }
        }
        count <= keep.count && bytes <= keep.bytes
    }
}

/// A generation that cannot be read.
fn damaged(number: u32, error: &StoreError) -> Diagnostic {
    Diagnostic::warning(
        "generation-damaged",
        format!("generation {number} cannot be read: {error}"),
    )
    .help("the others are not touched by it; remove its directory to be rid of this")
}

/// Something that could not be added to the history.
pub fn incomplete(error: &StoreError) -> Diagnostic {
    Diagnostic::warning("history-incomplete", format!("the history lacks something: {error}"))
        .help("see to the space and the state of /var/lib/cleat and /etc/cleat")
}

/// Whether /etc/fstab names a mount point above (or at) a path where nothing is mounted yet.
///
/// *Source*: fstab(5); proc_pid_mountinfo(5): the fifth word is the mount point, `\040` a space in both.
fn awaits_mount(root: &Root, path: &Path) -> bool {
    let text = |file| root.read_text(file).unwrap_or_default();
    let (fstab, mounts) = (text(paths::FSTAB), text(paths::PROC_MOUNTS));
    let mounted: Vec<&str> = mounts
        .lines()
        .filter_map(|line| line.split_ascii_whitespace().nth(4))
        .collect();
    fstab
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .filter_map(|line| line.split_ascii_whitespace().nth(1))
        .map(|point| {
            if point == "/" {
                point
            } else {
                point.trim_end_matches('/')
            }
        })
        .any(|point| point.len() > 1 && path.starts_with(point) && !mounted.contains(&point))
}
