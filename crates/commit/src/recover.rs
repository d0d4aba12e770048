//! What an earlier run left unfinished is ended before anything else is written.

use super::desk::Desk;
use cleat_diag::Diagnostic;
use cleat_store::{Locked, Recovery, Undone};

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Recovered {
    /// There was nothing.
    Nothing,
    /// The live files are others now: a commit stands, or is taken back.
    Changed {
        /// The generation that was made of it and is live now.
        generation: Option<u32>,
    },
    /// It could not be ended, or its record could not be understood.
    Failed {
        /// Why not, in one line.
        reason: String,
    },
}

impl Recovered {
    /// Whether the network has to follow.
    pub fn is_change(&self) -> bool {
        matches!(self, Recovered::Changed { .. })
    }
}

/// Finishes or undoes what an earlier run left, and tells of it.
pub(super) fn recover(desk: &Desk, locked: &Locked<'_>) -> Recovered {
    match locked.recover() {
        Ok(Recovery::Nothing) => Recovered::Nothing,
        Ok(Recovery::Finished { number, warnings }) => {
            warnings.into_iter().for_each(|found| desk.say(found));
            desk.print(&format!(
                "generation {number}, whose commit was cut short, is live now\n"
            ));
            Recovered::Changed {
                generation: Some(number),
            }
        }
        Ok(Recovery::Undone(undone)) => {
            let Undone {
                number,
                reason,
                now,
                changed: _,
                warnings,
            } = undone;
            warnings.into_iter().for_each(|found| desk.say(found));
            desk.say(Diagnostic::warning(
                "undone",
                format!("generation {number} is taken back: {reason}"),
            ));
            Recovered::Changed { generation: now }
        }
        Ok(Recovery::SetAside { path, reason }) => {
            let text = format!(
                "the record of a commit is damaged and was set aside as {}: {reason}",
                path.display()
            );
            let found = Diagnostic::error("transaction-damaged", text.clone());
            desk.refuse(found.note("the files are as they are"));
            Recovered::Failed { reason: text }
        }
        Err(error) => {
            desk.fail(&error);
            Recovered::Failed {
                reason: error.to_string(),
            }
        }
    }
}
