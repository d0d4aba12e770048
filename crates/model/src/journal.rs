//! The record of a plan that is being walked, from which a crash is undone or finished by the next run.
//!
//! *Shape*: one JSON value a line: `begin`, then for each wave its steps with what takes them back, then which were
//! done; `undone` after a roll-back; `end`. A last line that is cut off is what a crash leaves, and is passed over.

use crate::name::IfName;
use crate::op::{Action, Op, Step, StepId};
use crate::owned::Owned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Where lines of the journal go. The application keeps them in a file under /run.
pub trait JournalSink {
    /// Appends one line (without its end).
    ///
    /// # Errors
    /// What kept it from being written, in words.
    fn put(&mut self, line: &str) -> Result<(), String>;
}

/// Keeps no journal.
#[derive(Debug, Default)]
pub struct NoJournal;

impl JournalSink for NoJournal {
    fn put(&mut self, _line: &str) -> Result<(), String> {
        Ok(())
    }
}

/// Keeps the journal in memory.
impl JournalSink for Vec<u8> {
    fn put(&mut self, line: &str) -> Result<(), String> {
        self.extend_from_slice(line.as_bytes());
        self.push(b'\n');
        Ok(())
    }
}

/// A step as kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Its name in its plan.
    pub id: StepId,
    /// The interface it is done for.
    pub iface: IfName,
    /// What it does.
    pub action: Action,
    /// What takes it back, in order.
    pub undo: Vec<Action>,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Record {
    /// A plan begins.
    Begin {
        /// How many steps it has.
        steps: usize,
    },
    /// These steps are about to be tried.
    Wave {
        /// The steps.
        steps: Vec<Kept>,
    },
    /// These were done.
    Done {
        /// Their names.
        ids: Vec<StepId>,
    },
    /// These were undone.
    Undone {
        /// Their names.
        ids: Vec<StepId>,
    },
    /// The plan ended, well or not.
    End,
}

impl Record {
    pub(crate) fn wave(steps: &[&Step]) -> Self {
        let keep = |step: &&Step| Kept {
            id: step.id,
            iface: step.iface,
            action: step.action.clone(),
            undo: step.undo.clone(),
        };
        Self::Wave {
            steps: steps.iter().map(keep).collect(),
        }
    }

    pub(crate) fn line(&self) -> String {
        // Only maps with keys that are no text cannot be written as JSON; there are none in a record.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// What a run left that did not come to its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Steps that were done, in order.
    pub done: Vec<Kept>,
    /// Steps that were begun, and of which nobody knows whether they were done.
    pub open: Vec<Kept>,
    /// Lines that could not be read.
    pub damaged: usize,
}

/// Reads a journal. `None`: the run came to its end (or there was none), there is nothing to recover.
pub fn recover(bytes: &[u8]) -> Option<Recovery> {
    let mut left = Recovery::default();
    let mut open: Vec<Kept> = Vec::new();
    let mut begun = false;
    let text = String::from_utf8_lossy(bytes);
    for line in text.lines().filter(|line| !line.is_empty()) {
        match serde_json::from_str::<Record>(line) {
            Ok(Record::Begin { .. }) => {
                begun = true;
                left = Recovery::default();
                open.clear();
            }
            Ok(Record::Wave { steps }) => open.extend(steps),
            Ok(Record::Done { ids }) => {
                let ids: BTreeSet<StepId> = ids.into_iter().collect();
                // What was tried and not done was refused: nothing is left of it.
                left.done.extend(open.drain(..).filter(|kept| ids.contains(&kept.id)));
            }
            Ok(Record::Undone { ids }) => left.done.retain(|kept| !ids.contains(&kept.id)),
            Ok(Record::End) => {
                begun = false;
                left = Recovery::default();
                open.clear();
            }
            Err(_) => left.damaged += 1,
        }
    }
    left.open = open;
    begun.then_some(left)
}

impl Recovery {
    /// What leads back to before the run, in the order to be tried. Steps that were only begun are taken back too;
    /// some of these may be refused because they were never done.
    pub fn undo(&self) -> Vec<Op> {
        let kept = self.open.iter().rev().chain(self.done.iter().rev());
        kept.flat_map(|kept| &kept.undo)
            .filter_map(|action| match action {
                Action::Kernel(op) => Some(op.clone()),
                Action::Hook(..) => None,
            })
            .collect()
    }

    /// Takes what the run made into the record of what is ours, so that the next plan may take it away.
    pub fn adopt(&self, owned: &mut Owned) {
        for kept in self.done.iter().chain(&self.open) {
            if let Action::Kernel(op) = &kept.action {
                owned.record(op);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Kind;

    fn kept(id: u32, text: &str) -> Kept {
        let name = IfName::new(text).expect("a name");
        let create = Op::CreateLink {
            name,
            kind: Kind::Bridge,
            parent: None,
            peer: None,
            link: crate::nla::Attrs::new(),
            data: [(5, vec![0, 0, 0, 0])].into_iter().collect(),
            up: false,
        };
        Kept {
            id: StepId(id),
            iface: name,
            action: Action::Kernel(create),
            undo: vec![Action::Kernel(Op::DeleteLink { name })],
        }
    }

    fn journal(records: &[Record]) -> Vec<u8> {
        let mut all = Vec::new();
        for record in records {
            all.put(&record.line()).expect("memory takes all");
        }
        all
    }

    #[test]
    fn a_run_that_ended_leaves_nothing_to_recover() {
        let done = [
            Record::Begin { steps: 1 },
            Record::Wave {
                steps: vec![kept(0, "vmbr0")],
            },
            Record::Done { ids: vec![StepId(0)] },
            Record::End,
        ];
        assert_eq!(recover(&journal(&done)), None);
        assert_eq!(recover(b""), None);
    }

    #[test]
    fn a_crash_is_undone_last_step_first() {
        let crashed = [
            Record::Begin { steps: 3 },
            Record::Wave {
                steps: vec![kept(0, "vmbr0"), kept(1, "vmbr1")],
            },
            Record::Done { ids: vec![StepId(0)] },
            Record::Wave {
                steps: vec![kept(2, "vmbr2")],
            },
        ];
        let mut bytes = journal(&crashed);
        bytes.extend_from_slice(b"{\"done\":{\"id");
        let left = recover(&bytes).expect("it did not end");
        assert_eq!(left.damaged, 1);
        let undo: Vec<String> = left.undo().iter().map(Op::to_string).collect();
        assert_eq!(undo, ["ip link del vmbr2", "ip link del vmbr0"]);
        let mut owned = Owned::default();
        left.adopt(&mut owned);
        let ours: Vec<&str> = owned.links.keys().map(IfName::as_str).collect();
        assert_eq!(ours, ["vmbr0", "vmbr2"]);
    }

    #[test]
    fn a_crash_while_undoing_is_undone_again() {
        let crashed = [
            Record::Begin { steps: 2 },
            Record::Wave {
                steps: vec![kept(0, "vmbr0"), kept(1, "vmbr1")],
            },
            Record::Done {
                ids: vec![StepId(0), StepId(1)],
            },
            Record::Undone { ids: vec![StepId(1)] },
        ];
        let left = recover(&journal(&crashed)).expect("it did not end");
        let undo: Vec<String> = left.undo().iter().map(Op::to_string).collect();
        assert_eq!(undo, ["ip link del vmbr0"]);
    }
}
