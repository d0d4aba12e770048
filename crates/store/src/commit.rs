//! The commit: judged, recorded, written, and taken back where it cannot be.

use crate::candidate::Candidate;
use crate::history::incomplete;
use crate::transaction::{Progress, Transaction};
use crate::{Content, FileChange, Files, Findings, Locked, Occasion, StoreError, Watch, What, generation, live};
use cleat_diag::Diagnostic;
use cleat_eni::ConfigSet;
use cleat_root::paths;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Says what is wrong with a configuration; an error refuses it.
pub type Judge<'a> = dyn Fn(&ConfigSet) -> Vec<Diagnostic> + 'a;

/// How to commit.
#[derive(Clone, Debug)]
pub struct CommitOptions {
    /// What commits; a staged rollback says so by itself.
    pub origin: Occasion,
    /// Who or what asks for it, where the staged file's record does not say.
    pub by: String,
    /// What it waits for before it stands.
    pub watch: Option<Watch>,
    /// Whether a refused staged file is set aside as `interfaces.new.refused-TIME`; else it stays.
    pub keep_refused: bool,
}

/// What became of it.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Nothing is staged.
    Nothing,
    /// The live configuration is that one already; the staged file is gone.
    Unchanged(Findings),
    /// It is not committed; both files are as they were.
    Refused(Refusal),
    /// It is the live configuration.
    Committed(Committed),
}

/// Why a configuration was refused.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// The reasons, and what else was found.
    pub findings: Findings,
    /// Where the staged file is now, if it was set aside.
    pub kept_as: Option<PathBuf>,
}

/// A configuration that became the live one.
#[derive(Clone, Debug)]
pub struct Committed {
    /// Its generation.
    pub number: u32,
    /// The generation before it.
    pub before: u32,
    /// The files that changed.
    pub changed: Vec<PathBuf>,
    /// Whether changes of the live file were merged in.
    pub merged: bool,
    /// Warnings of the judge, and what could not be done behind the commit.
    pub findings: Findings,
}

impl Locked<'_> {
    /// Commits a configuration: everything or nothing, whatever fails and whenever the power goes.
    ///
    /// *Errors*: nothing was changed, unless it is [`StoreError::HalfDone`]: then [`Locked::recover`] finishes or
    /// undoes it.
    pub fn commit(&self, what: What, options: &CommitOptions, judge: &Judge<'_>) -> Result<Outcome, StoreError> {
        if let Some(found) = self.transaction()? {
            let number = found.number;
            return Err(match found.state {
                Progress::Writing => StoreError::Unfinished,
                Progress::Watching => StoreError::Pending { number },
            });
        }
        let is_staged = matches!(what, What::Staged);
        let keep = options.keep_refused && is_staged;
        let candidate = match self.candidate(what)? {
            None => return Ok(Outcome::Nothing),
            Some(Err(findings)) => return self.refuse(findings, keep),
            Some(Ok(candidate)) => candidate,
        };
        self.sweep(candidate.companions.iter().map(|companion| companion.path.as_path()));
        let (set, mut findings) = self.judged(&candidate, judge);
        let changes = match candidate.changes(&self.root)? {
            Ok(changes) => changes,
            Err(error) => {
                findings.diagnostics.push(error);
                Vec::new()
            }
        };
        if options.origin == Occasion::Boot {
            findings.diagnostics.extend(candidate.held.clone());
        }
        if findings.has_errors() {
            return self.refuse(findings, keep);
        }
        if changes.is_empty() {
            if is_staged {
                self.revert()?;
            }
            return Ok(Outcome::Unchanged(findings));
        }
        self.write(candidate, changes, &set, options, findings)
            .map(Outcome::Committed)
    }

    /// What cuts of earlier runs left beside the files that are written here: ours, and those that go with this one.
    fn sweep<'b>(&self, companions: impl Iterator<Item = &'b Path>) {
        let ours = [paths::INTERFACES, paths::TRANSACTION]
            .into_iter()
            .chain(paths::OUR_FILES);
        let files = ours.map(Path::new).chain(companions);
        let directories: BTreeSet<&Path> = files.filter_map(Path::parent).collect();
        for directory in directories {
            // It is only litter: what cannot be swept stays.
            let _ = self.root.sweep(directory);
        }
        for archive in [paths::SPOOL, paths::GENERATIONS] {
            let _ = generation::sweep(&self.root, archive);
        }
    }

    fn refuse(&self, findings: Findings, keep: bool) -> Result<Outcome, StoreError> {
        let mut kept_as = None;
        if keep {
            let aside = format!("{}.refused-{}", paths::INTERFACES_NEW, self.now.compact());
            self.root.rename(paths::INTERFACES_NEW, &aside)?;
            self.revert()?;
            kept_as = Some(PathBuf::from(aside));
        }
        Ok(Outcome::Refused(Refusal { findings, kept_as }))
    }

    fn write(
        &self,
        candidate: Candidate,
        changes: Vec<FileChange>,
        set: &ConfigSet,
        options: &CommitOptions,
        mut findings: Findings,
    ) -> Result<Committed, StoreError> {
        let before = self.record_found()?;
        let origin = match candidate.rollback_of {
            Some(of) => Occasion::Rollback { of },
            None => options.origin,
        };
        let mut transaction = Transaction {
            state: Progress::Writing,
            number: self.newest()?.unwrap_or(0) + 1,
            before: Some(before),
            origin,
            by: candidate.by.unwrap_or_else(|| options.by.clone()),
            time: self.now,
            boot: self.boot(),
            watch: options.watch.clone(),
            staged: candidate.staged,
            changes,
        };
        let files = after(
            live::read(&self.root, live::paths_of(&self.root, set)?)?,
            &transaction.changes,
        );
        let done = transaction
            .write(&self.root)
            .and_then(|()| self.carry_out(&mut transaction, files));
        match done {
            Ok(warnings) => findings.diagnostics.extend(warnings),
            Err(first) => return Err(self.take_back(&transaction, first)),
        }
        Ok(Committed {
            number: transaction.number,
            before,
            changed: transaction.changes.into_iter().map(|change| change.path).collect(),
            merged: candidate.merged,
            findings,
        })
    }

    /// The generation that holds the live configuration; it becomes one where none does.
    pub(crate) fn record_found(&self) -> Result<u32, StoreError> {
        let live = self.live()?;
        let digest = live.digest();
        if let Some(number) = self.newest_if(&digest)? {
            return Ok(number);
        }
        let number = self.newest()?.unwrap_or(0) + 1;
        self.record(number, Occasion::Found, "", (live, digest.clone()))?;
        self.note_last(number, digest)?;
        Ok(number)
    }

    /// From the intent to the end. What needs space comes first, then the files, then what no longer can fail the
    /// commit and is only warned of.
    pub(crate) fn carry_out(&self, transaction: &mut Transaction, files: Files) -> Result<Vec<Diagnostic>, StoreError> {
        let digest = files.digest();
        if self.generation(transaction.number).is_err() {
            let files = (files, digest.clone());
            self.record(transaction.number, transaction.origin, &transaction.by, files)?;
        }
        transaction.keep_old(&self.root);
        let mut warnings = transaction.make_changes(&self.root)?;
        if transaction.watch.is_some() {
            transaction.state = Progress::Watching;
            transaction.boot = self.boot();
            transaction.write(&self.root)?;
        }
        if let Err(error) = self.note_last(transaction.number, digest) {
            warnings.push(incomplete(&error));
        }
        let gone = transaction
            .staged
            .as_ref()
            .map_or(Ok(()), |staged| self.remove_staged(staged));
        if let Err(error) = gone {
            let message = format!("it is committed, and is still staged as well: {error}");
            warnings.push(Diagnostic::warning("staged-stays", message));
        }
        if transaction.watch.is_none()
            && let Err(error) = Transaction::remove(&self.root)
        {
            let message = format!("it is committed; the record of that stays: {error}");
            warnings.push(Diagnostic::warning("transaction-stays", message).help("the next run ends it"));
        }
        Ok(warnings)
    }

    /// Takes back what was done of a commit that failed. Returns what to report.
    pub(crate) fn take_back(&self, transaction: &Transaction, first: StoreError) -> StoreError {
        let undone = transaction
            .undo_changes(&self.root)
            .and_then(|()| self.forget(transaction.number))
            .and_then(|()| transaction.settle(&self.root));
        match undone {
            Ok(()) => first,
            Err(then) => StoreError::HalfDone {
                first: Box::new(first),
                then: Box::new(then),
            },
        }
    }
}

/// The files of a configuration once its changes are made.
pub(crate) fn after(mut files: Files, changes: &[FileChange]) -> Files {
    for FileChange { path, new, .. } in changes {
        match new {
            Some(Content { bytes, mode }) => {
                let (bytes, mode) = (bytes.clone(), *mode);
                files.0.insert(path.clone(), Content { bytes, mode });
            }
            None => drop(files.0.remove(path)),
        }
    }
    files
}
