//! The intent record: a commit that is being written, or that waits to be confirmed.

use crate::{Content, Digest, FileChange, Occasion, Store, StoreError, Timestamp, json};
use cleat_diag::Diagnostic;
use cleat_eni::{ConfigSet, Replaced};
use cleat_root::{Root, paths};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What a commit waits for before it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Watch {
    /// A live change: stands when it is confirmed; a reboot before that undoes it.
    Live {
        /// When it is undone; none where only its maker's end does it.
        until: Option<Timestamp>,
    },
    /// The first boot with it: stands when the check passes; another boot before that undoes it.
    FirstBoot {
        /// The check, in the caller's words.
        check: String,
    },
}

/// How far a commit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Progress {
    /// Its files are being changed.
    Writing,
    /// All is written; it waits to be confirmed.
    Watching,
}

/// A commit with all that is needed to finish or undo it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Transaction {
    pub state: Progress,
    /// The generation that it becomes.
    pub number: u32,
    /// The generation that held before, where it is known.
    pub before: Option<u32>,
    pub origin: Occasion,
    pub by: String,
    pub time: Timestamp,
    /// The boot in which it was written.
    pub boot: String,
    pub watch: Option<Watch>,
    /// The staged file that it takes.
    pub staged: Option<Digest>,
    pub changes: Vec<FileChange>,
}

impl Transaction {
    pub fn read(root: &Root) -> Result<Option<Self>, StoreError> {
        json::read(root, paths::TRANSACTION)
    }

    pub fn write(&self, root: &Root) -> Result<(), StoreError> {
        json::write(root, paths::TRANSACTION, self)
    }

    pub fn remove(root: &Root) -> Result<(), StoreError> {
        json::remove(root, paths::TRANSACTION).map(|_| ())
    }

    /// Whether it is finished where it was cut short: what a boot took up the next one takes up again. A live change was
    /// not looked at yet; a commit with a check has missed it, once its boot has gone on without it.
    pub fn finishes(&self, boot: &str) -> bool {
        match self.watch {
            None => true,
            Some(Watch::FirstBoot { .. }) => self.boot != boot,
            Some(Watch::Live { .. }) => false,
        }
    }

    /// Makes the changes. Returns what is to be told of them.
    pub fn make_changes(&self, root: &Root) -> Result<Vec<Diagnostic>, StoreError> {
        let told: Result<Vec<_>, StoreError> = self.changes.iter().map(|change| change.make(root)).collect();
        Ok(told?.into_iter().flatten().collect())
    }

    pub fn undo_changes(&self, root: &Root) -> Result<(), StoreError> {
        let mut changes = self.changes.iter().rev();
        changes.try_for_each(|change| change.undo(root, self.number))
    }

    /// Keeps the old files at hand for as long as the commit may be taken back.
    pub fn keep_old(&self, root: &Root) {
        if self.watch.is_some() {
            self.changes
                .iter()
                .for_each(|change| change.keep_old(root, self.number));
        }
    }

    /// The commit is settled: its record goes, and what was kept for going back.
    pub fn settle(&self, root: &Root) -> Result<(), StoreError> {
        Self::remove(root)?;
        if self.watch.is_some() {
            self.changes
                .iter()
                .for_each(|change| change.drop_old(root, self.number));
        }
        Ok(())
    }

    /// The configuration as it was before.
    fn before(&self) -> Before {
        let bytes = |change: &FileChange| change.old.as_ref().map(|content| content.bytes.clone());
        let mut replaced: Replaced = self
            .changes
            .iter()
            .map(|change| (change.path.clone(), bytes(change)))
            .collect();
        Before {
            number: self.number,
            interfaces: replaced.remove(Path::new(paths::INTERFACES)).flatten(),
            replaced,
        }
    }

    /// Whether it is a change of the running network, of this boot.
    fn is_live_in(&self, boot: &str) -> bool {
        self.boot == boot && matches!(self.watch, Some(Watch::Live { .. }))
    }

    /// Whether any of the files is as before again.
    pub fn is_partly_undone(&self, root: &Root) -> Result<bool, StoreError> {
        for change in &self.changes {
            let now = Content::read(root, &change.path)?.map(|content| content.bytes);
            if now == change.old.as_ref().map(|content| content.bytes.clone()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The files that are neither as before nor as after: somebody changed them since.
    pub fn strayed(&self, root: &Root) -> Result<bool, StoreError> {
        for change in &self.changes {
            let now = Content::read(root, &change.path)?.map(|content| content.bytes);
            let bytes = |content: &Option<Content>| content.as_ref().map(|content| content.bytes.clone());
            if now != bytes(&change.old) && now != bytes(&change.new) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The configuration before a commit that is not settled, in memory: it can be brought up whatever becomes of the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Before {
    /// The generation that is not settled.
    pub number: u32,
    /// The interfaces file; `None` where that one did not change, or was not there.
    interfaces: Option<Vec<u8>>,
    /// The other files that changed.
    replaced: Replaced,
}

impl Before {
    /// Reads the configuration as it was: of files that did not change, as they are.
    pub fn config(&self, root: &Root) -> (ConfigSet, Vec<Diagnostic>) {
        let path = Path::new(paths::INTERFACES);
        match self.interfaces.clone().map_or_else(|| root.read(path), Ok) {
            Ok(bytes) => ConfigSet::with_replaced(path, bytes, root, &self.replaced),
            Err(_) => ConfigSet::load(root, path),
        }
    }
}

/// A change of the running network that is not settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveChange {
    /// What held before it.
    pub before: Before,
    /// Whether all is written and it waits to be confirmed; else its files are being changed, or that was cut short.
    pub waits: bool,
}

/// A commit that waits to be confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Its generation.
    pub number: u32,
    /// The generation that comes back if it is not confirmed, where it is known.
    pub before: Option<u32>,
    /// What made it.
    pub origin: Occasion,
    /// Who.
    pub by: String,
    /// When.
    pub time: Timestamp,
    /// What it waits for.
    pub watch: Watch,
    /// Whether it was made in this boot.
    pub this_boot: bool,
}

impl Store {
    /// The change of the running network of this boot that is not settled, if there is one.
    pub fn live_change(&self) -> Result<Option<LiveChange>, StoreError> {
        let boot = self.boot();
        let transaction = self.transaction()?.filter(|found| found.is_live_in(&boot));
        Ok(transaction.map(|found| LiveChange {
            waits: found.state == Progress::Watching,
            before: found.before(),
        }))
    }

    /// The commit that waits to be confirmed, if there is one.
    pub fn pending(&self) -> Result<Option<Pending>, StoreError> {
        let Some(transaction) = self.transaction()? else {
            return Ok(None);
        };
        let this_boot = transaction.boot == self.boot();
        let watch = match (transaction.state, transaction.watch) {
            (Progress::Watching, Some(watch)) => watch,
            _ => return Ok(None),
        };
        Ok(Some(Pending {
            number: transaction.number,
            before: transaction.before,
            origin: transaction.origin,
            by: transaction.by,
            time: transaction.time,
            watch,
            this_boot,
        }))
    }
}
