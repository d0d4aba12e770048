//! A staged file that others made, such as Proxmox's web interface, or that was made from one: nobody noted what that
//! was made from.

use crate::diff::with_lines;
use crate::{Staged, Store, Timestamp, in_words, unified};
use cleat_diag::Diagnostic;
use cleat_root::{READ_LIMIT, paths};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

/// What is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// How long ago the other program wrote it.
    pub age: Duration,
    /// How long behind it the live file was changed; none where it was not.
    pub behind: Option<Duration>,
    /// What it would undo, as a unified diff from the live file: back to the generation that held when it was
    /// written, where the history knows, else to the staged file itself. Empty where it is not behind.
    pub undoes: String,
}

impl Store {
    /// Age of a staged file of another program, and what it would undo; none where it is known what it was made from.
    pub fn foreign(&self, staged: &Staged) -> Option<Foreign> {
        let written = written_by_others(staged)?;
        let age = self.now.since(written).unwrap_or_default();
        let Ok((live, found)) = self.root.read_with_metadata(paths::INTERFACES, READ_LIMIT) else {
            return Some(Foreign {
                age,
                behind: None,
                undoes: String::new(),
            });
        };
        let changed = Timestamp(u64::try_from(found.mtime()).unwrap_or(0));
        let behind = changed.since(written).filter(|behind| !behind.is_zero());
        let undoes = match behind {
            Some(_) => self.undone(staged, written, &live),
            None => String::new(),
        };
        Some(Foreign { age, behind, undoes })
    }

    fn undone(&self, staged: &Staged, written: Timestamp, live: &[u8]) -> String {
        let path = Path::new(paths::INTERFACES);
        let (history, _) = self.history();
        let then = history.iter().rev().find(|generation| generation.time <= written);
        match then.and_then(|then| Some((then, then.files.0.get(path)?))) {
            Some((then, content)) => {
                let name = format!("generation {}", then.number);
                unified(path, Some(live), Path::new(&name), Some(&content.bytes))
            }
            None => unified(path, Some(live), Path::new(paths::INTERFACES_NEW), Some(&staged.bytes)),
        }
    }

    /// What is to be told of such a staged file.
    pub(crate) fn tell_foreign(&self, staged: &Staged) -> Option<Diagnostic> {
        let Foreign { age, behind, undoes } = self.foreign(staged)?;
        let (file, live, age) = (paths::INTERFACES_NEW, paths::INTERFACES, in_words(age));
        let Some(behind) = behind else {
            let message = format!("another program staged {file} {age} ago; nothing says what it was made from");
            return Some(Diagnostic::info("staged-by-others", message));
        };
        let behind = in_words(behind);
        let message = format!("{file} is {age} old: {live} was changed {behind} behind it, and that change is undone");
        let warning = Diagnostic::warning("staged-stale", message).help("`cleat-commit diff` shows what changes");
        Some(with_lines(warning, &undoes, ["gone", "back"]))
    }
}

/// When another program wrote it, or what it was made from.
fn written_by_others(staged: &Staged) -> Option<Timestamp> {
    match &staged.record {
        None => Some(staged.modified),
        Some(record) => record.foreign,
    }
}
