//! After a commit: what a cut left, what was not confirmed, and what was.

use crate::commit::after;
use crate::history::incomplete;
use crate::transaction::{Progress, Transaction};
use crate::{Files, Found, Health, Locked, Occasion, Staging, StoreError, Watch};
use cleat_diag::Diagnostic;
use cleat_root::paths;
use std::path::PathBuf;

/// What an earlier run left, and what became of it.
#[derive(Clone, Debug)]
pub enum Recovery {
    /// Nothing.
    Nothing,
    /// A commit that was cut short stands now.
    Finished {
        /// Its generation.
        number: u32,
        /// What could not be done behind it.
        warnings: Vec<Diagnostic>,
    },
    /// A commit that was cut short or not confirmed is taken back.
    Undone(Undone),
    /// The record cannot be understood. It is set aside, and the files are as they are.
    SetAside {
        /// Where it is now.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// A commit that was taken back.
#[derive(Clone, Debug)]
pub struct Undone {
    /// The generation that failed.
    pub number: u32,
    /// Why.
    pub reason: String,
    /// The generation that it is live under now, where one was made for it.
    pub now: Option<u32>,
    /// The files that changed back.
    pub changed: Vec<PathBuf>,
    /// What could not be done behind it.
    pub warnings: Vec<Diagnostic>,
}

impl Locked<'_> {
    /// Finishes or undoes what an earlier run left: a commit that was cut short, or one that was not confirmed before
    /// the host went down. Comes before everything else that writes.
    pub fn recover(&self) -> Result<Recovery, StoreError> {
        let transaction = match self.transaction() {
            Ok(None) => return Ok(Recovery::Nothing),
            Ok(Some(transaction)) => transaction,
            Err(StoreError::Damaged { reason, .. }) => {
                let path = PathBuf::from(format!("{}.damaged-{}", paths::TRANSACTION, self.now.compact()));
                self.root.rename(paths::TRANSACTION, &path)?;
                self.root.sync_directory(paths::COMMIT_DIR)?;
                return Ok(Recovery::SetAside { path, reason });
            }
            Err(error) => return Err(error),
        };
        match transaction.state {
            Progress::Watching if transaction.boot == self.boot() => Ok(Recovery::Nothing),
            Progress::Watching => {
                let reason = "the host went down before it was confirmed";
                self.undo_transaction(transaction, reason).map(Recovery::Undone)
            }
            Progress::Writing if transaction.finishes(&self.boot()) => self.finish(transaction),
            Progress::Writing => {
                let reason = "it was cut short while it was written";
                self.undo_writing(transaction, reason).map(Recovery::Undone)
            }
        }
    }

    /// Takes back a commit that was cut short as its files were changed. What was to be tried only, and is still staged,
    /// is no longer for a boot to commit.
    fn undo_writing(&self, transaction: Transaction, reason: &str) -> Result<Undone, StoreError> {
        let number = transaction.number;
        transaction.undo_changes(&self.root)?;
        self.forget(number)?;
        let mut warnings = Vec::new();
        if matches!(transaction.watch, Some(Watch::Live { until: Some(_) }))
            && let Err(error) = self.hold_back(reason)
        {
            warnings.push(not_staged_again(&error));
        }
        transaction.settle(&self.root)?;
        Ok(Undone {
            number,
            reason: reason.to_owned(),
            now: None,
            changed: transaction.changes.into_iter().map(|change| change.path).collect(),
            warnings,
        })
    }

    /// Notes with what is staged that it was taken back.
    fn hold_back(&self, reason: &str) -> Result<(), StoreError> {
        let Found::Fit(staged) = self.staged()? else {
            return Ok(());
        };
        let by = staged.record.as_ref().map(|record| record.by.clone());
        self.stage(Staging {
            by: by.unwrap_or_else(|| "another program".to_owned()),
            taken_back: Some(reason.to_owned()),
            ..Staging::over(&staged)
        })
    }

    /// Stages what was taken back again, with the reason: no boot commits it unasked. Where something else is staged by
    /// now, that stays.
    fn stage_again(&self, number: u32, reason: &str) -> Result<(), StoreError> {
        let generation = self.generation(number)?;
        let mut staging = self.staging_of(&generation)?;
        staging.rollback_of = None;
        staging.by.clone_from(&generation.by);
        staging.taken_back = Some(reason.to_owned());
        match self.stage(staging) {
            Err(StoreError::AlreadyStaged { .. }) => Ok(()),
            staged => staged,
        }
    }

    fn finish(&self, mut transaction: Transaction) -> Result<Recovery, StoreError> {
        let number = transaction.number;
        if transaction.strayed(&self.root)? {
            // All was written, only this record stayed; since then somebody changed a file again.
            transaction.settle(&self.root)?;
            let warnings = Vec::new();
            return Ok(Recovery::Finished { number, warnings });
        }
        let files = match self.generation(number) {
            Ok(generation) => generation.files,
            Err(_) => after(self.live()?, &transaction.changes),
        };
        match self.carry_out(&mut transaction, files) {
            Ok(warnings) => Ok(Recovery::Finished { number, warnings }),
            Err(first) => Err(self.take_back(&transaction, first)),
        }
    }

    /// Takes back the commit that waits to be confirmed, where it is that of `number`. The generation stays in the
    /// history, marked as failed, and is staged again. One that was cut short as its files were changed is taken back, too:
    /// who holds this lock knows that nobody is at it.
    ///
    /// *Errors*: [`StoreError::NothingPending`] where that one does not wait (any more).
    pub fn undo(&self, number: u32, reason: &str) -> Result<Undone, StoreError> {
        match self.transaction()? {
            Some(found) if found.number == number && found.state == Progress::Writing => {
                self.undo_writing(found, reason)
            }
            _ => {
                let transaction = self.watched(number)?;
                self.undo_transaction(transaction, reason)
            }
        }
    }

    /// The commit of a generation that waits to be confirmed. Between a look at it and the lock others may have decided,
    /// and the next commit may wait.
    fn watched(&self, number: u32) -> Result<Transaction, StoreError> {
        match self.transaction()? {
            Some(transaction) if transaction.state != Progress::Watching => Err(StoreError::Unfinished),
            Some(transaction) if transaction.number == number => Ok(transaction),
            Some(_) | None => Err(StoreError::NothingPending),
        }
    }

    fn undo_transaction(&self, transaction: Transaction, reason: &str) -> Result<Undone, StoreError> {
        let mut undone = Vec::new();
        if transaction.strayed(&self.root)? {
            undone.push(self.record_found().map(|_| ()));
        }
        transaction.undo_changes(&self.root)?;
        let failed = Health::Failed {
            time: self.now,
            reason: reason.to_owned(),
        };
        undone.push(self.mark(transaction.number, &failed));
        let origin = Occasion::Undo { of: transaction.number };
        let recorded = self
            .live()
            .and_then(|live| self.record_next(origin, &transaction.by, live));
        let now = recorded.as_ref().ok().copied();
        undone.push(recorded.map(drop));
        let lacks = undone.iter().filter_map(|done| done.as_ref().err());
        let mut warnings: Vec<Diagnostic> = lacks.map(incomplete).collect();
        // The files are back, which is what counts: the caller must bring the network back, too. As long as the staged
        // file is there the record stays, so that no boot takes it up again.
        let staged = transaction.staged.as_ref();
        let ended = staged
            .map_or(Ok(()), |staged| self.remove_staged(staged))
            .and_then(|()| transaction.settle(&self.root));
        if let Err(error) = ended {
            let message = format!("it is taken back; the record of that stays: {error}");
            let found = Diagnostic::warning("transaction-stays", message);
            warnings.push(found.help("`cleat-commit rollback --now` or the next boot ends it"));
        }
        if let Err(error) = self.stage_again(transaction.number, reason) {
            warnings.push(not_staged_again(&error));
        }
        Ok(Undone {
            number: transaction.number,
            reason: reason.to_owned(),
            now,
            changed: transaction.changes.into_iter().map(|change| change.path).collect(),
            warnings,
        })
    }

    fn record_next(&self, origin: Occasion, by: &str, files: Files) -> Result<u32, StoreError> {
        let number = self.newest()?.unwrap_or(0) + 1;
        let digest = files.digest();
        self.record(number, origin, by, (files, digest.clone()))?;
        self.note_last(number, digest)?;
        Ok(number)
    }

    /// Lets the commit that waits stand, where it is that of `number`, and marks it as healthy. Returns what could not
    /// be noted.
    ///
    /// *Errors*: as [`Locked::undo`]; [`StoreError::PartlyUndone`] where it was begun to take it back.
    pub fn confirm(&self, number: u32) -> Result<Vec<Diagnostic>, StoreError> {
        let transaction = self.watched(number)?;
        if transaction.is_partly_undone(&self.root)? {
            return Err(StoreError::PartlyUndone { number });
        }
        transaction.settle(&self.root)?;
        let marked = self.mark(number, &Health::Healthy { time: self.now });
        Ok(marked.err().map(|error| incomplete(&error)).into_iter().collect())
    }
}

fn not_staged_again(error: &StoreError) -> Diagnostic {
    let text = format!("what was taken back could not be staged again: {error}");
    Diagnostic::warning("not-staged-again", text)
}
