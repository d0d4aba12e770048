//! The configuration that is to become the live one.

use crate::diff::with_lines;
use crate::merge::{merge, report};
use crate::{
    Companion, Content, Digest, FileChange, Findings, Found, Generation, StageRecord, Staged, Staging, Store,
    StoreError, unified,
};
use cleat_diag::Diagnostic;
use cleat_eni::Replaced;
use cleat_root::paths;
use std::path::{Path, PathBuf};

/// What to commit.
#[derive(Clone, Debug)]
pub enum What {
    /// The staged file, with the files that go with it.
    Staged,
    /// An earlier generation.
    Generation(u32),
    /// A configuration that was not staged.
    Given(Staging),
}

/// A configuration to commit, with its base dealt with.
#[derive(Debug)]
pub(crate) struct Candidate {
    /// The bytes of the interfaces file.
    pub interfaces: Vec<u8>,
    /// The name for its diagnostics.
    pub name: PathBuf,
    pub companions: Vec<Companion>,
    pub staged: Option<Digest>,
    pub rollback_of: Option<u32>,
    pub by: Option<String>,
    /// Whether changes of the live file were merged in.
    pub merged: bool,
    /// Why a boot must not take it.
    pub held: Option<Diagnostic>,
    /// What is to be told whatever becomes of it.
    pub notes: Vec<Diagnostic>,
}

impl Store {
    /// The candidate; none where nothing is staged, inner error where it is refused before it is parsed.
    pub(crate) fn candidate(&self, what: What) -> Result<Option<Result<Candidate, Findings>>, StoreError> {
        match what {
            What::Staged => match self.staged()? {
                Found::Nothing => Ok(None),
                Found::Fit(staged) => self.of_staged(*staged).map(Some),
                Found::Unfit(unfit) => Ok(Some(Err(Findings::one(*unfit)))),
            },
            What::Generation(number) => self
                .of_generation(&self.generation(number)?)
                .map(|found| Some(Ok(found))),
            What::Given(staging) => Ok(Some(Ok(Candidate {
                interfaces: staging.bytes,
                name: paths::INTERFACES.into(),
                companions: staging.companions,
                staged: None,
                rollback_of: staging.rollback_of,
                by: Some(staging.by),
                merged: false,
                held: None,
                notes: Vec::new(),
            }))),
        }
    }

    /// A staged file, with its base dealt with.
    pub(crate) fn of_staged(&self, staged: Staged) -> Result<Result<Candidate, Findings>, StoreError> {
        let mut candidate = Candidate {
            interfaces: staged.bytes.clone(),
            name: paths::INTERFACES_NEW.into(),
            companions: Vec::new(),
            staged: Some(staged.digest.clone()),
            rollback_of: None,
            by: None,
            merged: false,
            held: None,
            notes: Vec::new(),
        };
        candidate.notes.extend(staged.damaged.clone());
        candidate.notes.extend(self.tell_foreign(&staged));
        let Some(record) = &staged.record else {
            return Ok(Ok(candidate));
        };
        let live = Content::read(&self.root, Path::new(paths::INTERFACES))?;
        let bytes = |content: &Option<Content>| content.as_ref().map_or(Vec::new(), |content| content.bytes.clone());
        let (base, live) = (bytes(&record.base), bytes(&live));
        if record.foreign.is_none() && live != base && live != staged.bytes {
            match merge(&base, &live, &staged.bytes) {
                Ok(merged) => candidate.take_merged(merged, record),
                Err(clashes) => return Ok(Err(report(&clashes, &live, &staged.bytes, record))),
            }
        }
        candidate.held = record.taken_back.as_deref().map(held);
        candidate.companions.clone_from(&record.companions);
        candidate.rollback_of = record.rollback_of;
        let told = self.tell_rollback(record.rollback_of, &candidate.interfaces, &candidate.companions)?;
        candidate.notes.extend(told);
        candidate.by = Some(record.by.clone());
        Ok(Ok(candidate))
    }

    /// An earlier generation, with the files that it held and those that it did not.
    pub(crate) fn of_generation(&self, generation: &Generation) -> Result<Candidate, StoreError> {
        let staging = self.staging_of(generation)?;
        let notes = self.tell_rollback(Some(generation.number), &staging.bytes, &staging.companions)?;
        Ok(Candidate {
            interfaces: staging.bytes,
            name: paths::INTERFACES.into(),
            companions: staging.companions,
            staged: None,
            rollback_of: staging.rollback_of,
            by: None,
            merged: false,
            held: None,
            notes,
        })
    }
}

/// It failed, or nobody kept it: at a boot nobody is there to look after it.
fn held(reason: &str) -> Diagnostic {
    let message = format!("the staged configuration was live before and was taken back: {reason}");
    Diagnostic::error("staged-taken-back", message).help(
        "`cleat-commit try` tries it again; `cleat-commit stage /etc/network/interfaces.new` has the next boot do so; \
         `cleat-commit revert` takes it away",
    )
}

impl Candidate {
    /// The files that go with it, as they will be.
    pub fn replaced(&self) -> Replaced {
        replaced(&self.companions)
    }

    fn take_merged(&mut self, merged: Vec<u8>, record: &StageRecord) {
        let message = format!(
            "{} was changed since {} was made from it at {}: both changes are merged",
            paths::INTERFACES,
            paths::INTERFACES_NEW,
            record.time
        );
        self.notes.push(Diagnostic::warning("staged-merged", message));
        self.interfaces = merged;
        self.name = format!("{} (merged)", paths::INTERFACES_NEW).into();
        self.merged = true;
    }

    /// The files that change, the interfaces file last: it is what the others are for.
    ///
    /// *Errors*: inner, a file that goes with it was changed since. It is not merged: a link file or a snippet has no
    /// stanzas that could be told apart, and a generation that is brought back is that one or none.
    pub fn changes(&self, root: &cleat_root::Root) -> Result<Result<Vec<FileChange>, Diagnostic>, StoreError> {
        let mut changes = Vec::new();
        for companion in &self.companions {
            let old = Content::read(root, &companion.path)?;
            let digest = old.as_ref().map(Content::digest);
            let bytes = |content: &Option<Content>| content.as_ref().map(|content| content.bytes.clone());
            if bytes(&old) == bytes(&companion.new) {
                continue;
            }
            if digest != companion.base {
                let message = format!("{} was changed since this was staged", companion.path.display());
                let error = Diagnostic::error("staged-companion-changed", message);
                let (live, staged) = (bytes(&old), bytes(&companion.new));
                let diff = unified(&companion.path, live.as_deref(), &companion.path, staged.as_deref());
                let error = with_lines(error, &diff, ["live", "staged"]);
                return Ok(Err(error.help("stage it again, or undo that change")));
            }
            changes.push(FileChange {
                path: companion.path.clone(),
                old,
                new: companion.new.clone(),
            });
        }
        let old = Content::read(root, Path::new(paths::INTERFACES))?;
        if old.as_ref().map(|old| &old.bytes) != Some(&self.interfaces) {
            let mode = old.as_ref().map_or(0o644, |old| old.mode);
            changes.push(FileChange {
                path: paths::INTERFACES.into(),
                old,
                new: Some(Content {
                    bytes: self.interfaces.clone(),
                    mode,
                }),
            });
        }
        Ok(Ok(changes))
    }
}

/// Files that go with a configuration, as they will be.
pub fn replaced(companions: &[Companion]) -> Replaced {
    let bytes = |content: &Content| content.bytes.clone();
    companions
        .iter()
        .map(|companion| (companion.path.clone(), companion.new.as_ref().map(bytes)))
        .collect()
}
