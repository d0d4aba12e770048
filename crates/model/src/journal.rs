//! The record of a plan that is being walked, from which a crash is undone or finished by the next run.
//!
//! *Shape*: one JSON value a line: `begin`, then for each wave its steps with what takes them back, then which were
//! done; `undone` after a roll-back; `end` once what is ours now is recorded elsewhere: until then the journal is the
//! record. A last line that is cut off is what a crash leaves, and is passed over.

use crate::name::IfName;
use crate::op::{Action, Op, Plan, Step, StepId};
use crate::owned::Owned;
use crate::snapshot::Snapshot;
use crate::types::Origin;
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
    /// It gives back what others had: what it adds does not become ours.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub others: bool,
    /// [`Step::theirs`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub theirs: Vec<Op>,
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
        /// Those of which nobody knows: there was no answer.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        open: Vec<StepId>,
    },
    /// These were undone.
    Undone {
        /// Their names.
        ids: Vec<StepId>,
    },
    /// The plan ended, well or not, and what is ours now is recorded.
    End,
}

/// The line that ends a journal: to be written once the record of what is ours speaks of all that was done.
#[must_use]
pub fn end() -> String {
    Record::End.line()
}

/// How long the journal of a plan becomes. *Units*: bytes.
#[must_use]
pub fn room(plan: &Plan) -> u64 {
    // Each name of a step is written when it is done, and again when it is undone.
    const NAMES: usize = 24;
    const REST: usize = 256;
    let length = |step: &Step| Record::wave(&[step]).line().len() + NAMES;
    let steps: usize = plan.steps.iter().map(length).sum();
    (steps + REST) as u64
}

impl Record {
    pub(crate) fn wave(steps: &[&Step]) -> Self {
        let keep = |step: &&Step| Kept {
            id: step.id,
            iface: step.iface,
            action: step.action.clone(),
            undo: step.undo.clone(),
            others: matches!(step.origin, Origin::Own(_)) && adds(&step.action),
            theirs: step.theirs.clone(),
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

/// Whether a step adds something to a link that is there.
fn adds(action: &Action) -> bool {
    matches!(action, Action::Kernel(op) if op.adds())
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
    let mut begun_before: BTreeSet<StepId> = BTreeSet::new();
    let mut begun = false;
    let text = String::from_utf8_lossy(bytes);
    for line in text.lines().filter(|line| !line.is_empty()) {
        match serde_json::from_str::<Record>(line) {
            Ok(Record::Begin { .. }) => {
                begun = true;
                left = Recovery::default();
                open.clear();
                begun_before.clear();
            }
            Ok(Record::Wave { steps }) => open.extend(steps),
            Ok(Record::Done { ids, open: unanswered }) => {
                let ids: BTreeSet<StepId> = ids.into_iter().collect();
                for kept in std::mem::take(&mut open) {
                    if ids.contains(&kept.id) {
                        left.done.push(kept);
                    } else if unanswered.contains(&kept.id) || begun_before.contains(&kept.id) {
                        // Still open.
                        begun_before.insert(kept.id);
                        open.push(kept);
                    }
                    // What was tried, not done and answered was refused: nothing is left of it.
                }
            }
            Ok(Record::Undone { ids }) => {
                left.done.retain(|kept| !ids.contains(&kept.id));
                open.retain(|kept| !ids.contains(&kept.id));
            }
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
    ///
    /// Of steps that were only begun those that add something count as done: what is not there after all is dropped as
    /// soon as the kernel is looked at. Those that take something away do not: what stays in the kernel would be
    /// nobody's. What was given back to others stays theirs, and what was taken from others is owed to them.
    pub fn adopt(&self, owned: &mut Owned) {
        for op in self
            .open
            .iter()
            .rev()
            .chain(self.done.iter().rev())
            .flat_map(|kept| &kept.theirs)
        {
            if !owned.owed.contains(op) {
                owned.owed.push(op.clone());
            }
        }
        for kept in self.done.iter().filter(|kept| !kept.others) {
            if let Action::Kernel(op) = &kept.action {
                owned.record(op);
                owned.record_options(op);
            }
        }
        for kept in self.open.iter().filter(|kept| !kept.others) {
            if let Action::Kernel(op) = &kept.action {
                owned.record_begun(op);
                owned.record_options(op);
            }
        }
    }

    /// What [`Recovery::adopt`] cannot know without the kernel: of which master a port is, that of before or the one that
    /// it was about to get.
    pub fn adopt_masters(&self, owned: &mut Owned, now: &Snapshot) {
        for kept in self.open.iter().filter(|kept| !kept.others) {
            let Action::Kernel(Op::SetMaster {
                name,
                master: Some(master),
            }) = &kept.action
            else {
                continue;
            };
            let is = now.get(*name).and_then(|link| now.by_index(link.master?));
            if is.is_some_and(|is| is.name == *master) {
                owned.links.entry(*name).or_default().master = Some(*master);
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
            others: false,
            theirs: Vec::new(),
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
            Record::Done {
                ids: vec![StepId(0)],
                open: Vec::new(),
            },
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
            Record::Done {
                ids: vec![StepId(0)],
                open: Vec::new(),
            },
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
                open: Vec::new(),
            },
            Record::Undone { ids: vec![StepId(1)] },
        ];
        let left = recover(&journal(&crashed)).expect("it did not end");
        let undo: Vec<String> = left.undo().iter().map(Op::to_string).collect();
        assert_eq!(undo, ["ip link del vmbr0"]);
    }

    /// Killed between the journal and the kernel: nobody knows what of it was done, and nothing of ours is forgotten.
    #[test]
    fn regress_of_steps_that_were_only_begun_removals_do_not_count() {
        let name = |text: &str| IfName::new(text).expect("a name");
        let address = |last: u8| crate::types::Address::plain([10, 0, 0, last].into(), 24);
        let (vmbr0, eno2, vx5) = (name("vmbr0"), name("eno2"), name("vx5"));
        let mut owned = Owned::default();
        owned.record(&Op::CreateLink {
            name: vx5,
            kind: Kind::Vxlan,
            parent: None,
            peer: None,
            link: crate::nla::Attrs::new(),
            data: crate::nla::Attrs::new(),
            up: false,
        });
        let master = |master| Op::SetMaster { name: eno2, master };
        let add = |last| Op::AddAddress {
            name: vmbr0,
            address: address(last),
            replace: false,
        };
        owned.record(&master(Some(vmbr0)));
        owned.record(&add(1));
        let begun = [
            master(None),
            Op::DeleteLink { name: vx5 },
            Op::DelAddress {
                name: vmbr0,
                address: address(1),
            },
            add(2),
        ];
        let open = begun.into_iter().zip(0..).map(|(op, id)| Kept {
            id: StepId(id),
            iface: op.name(),
            action: Action::Kernel(op),
            undo: Vec::new(),
            others: false,
            theirs: Vec::new(),
        });
        let left = Recovery {
            open: open.collect(),
            ..Recovery::default()
        };
        left.adopt(&mut owned);
        assert_eq!(owned.links[&vx5].created, Some(Kind::Vxlan));
        assert_eq!(owned.links[&eno2].master, Some(vmbr0));
        assert_eq!(owned.links[&vmbr0].addresses, [address(1), address(2)]);
        // Once they are known to be done, they count.
        let left = Recovery {
            done: left.open,
            ..Recovery::default()
        };
        left.adopt(&mut owned);
        assert_eq!(owned.get(vx5), None);
        assert_eq!(owned.links[&eno2].master, None);
        assert_eq!(owned.links[&vmbr0].addresses, [address(2)]);
    }

    #[test]
    fn a_step_without_an_answer_stays_open() {
        let run = [
            Record::Begin { steps: 3 },
            Record::Wave {
                steps: vec![kept(0, "vmbr0"), kept(1, "vmbr1"), kept(2, "vmbr2")],
            },
            Record::Done {
                ids: vec![StepId(0)],
                open: vec![StepId(1)],
            },
            Record::Wave {
                steps: vec![kept(3, "vmbr3")],
            },
            Record::Done {
                ids: Vec::new(),
                open: Vec::new(),
            },
        ];
        let left = recover(&journal(&run)).expect("it did not end");
        let ids = |kept: &[Kept]| kept.iter().map(|kept| kept.id.0).collect::<Vec<_>>();
        assert_eq!((ids(&left.done), ids(&left.open)), (vec![0], vec![1]));
    }
}
