//! An account of what a run does: each step with its result, and one closing line.

use crate::apply::interrupt;
use cleat_model::apply::{Observer, StepResult};
use cleat_model::kernel::KernelError;
use cleat_model::name::IfName;
use cleat_model::op::{Action, Op, Step, StepId};
use log::{Level, info, log_enabled};
use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal;

/// What a run has done so far.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// Whether each step is printed as it is done.
    prints: bool,
    /// Whether the commands of hooks are printed: they may hold passwords, which a log must not keep.
    in_full: bool,
    entries: Vec<Entry>,
    /// Where a step is in `entries`.
    index: BTreeMap<StepId, usize>,
}

/// One step and how it went.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The step; a hook without its commands.
    pub action: Action,
    /// The interface that it is for.
    pub iface: IfName,
    /// [`StepResult::word`].
    pub result: &'static str,
    /// What the kernel said to it; `None` where it was done, and for hooks, whose words may hold a command.
    pub error: Option<String>,
    /// Whether it may have changed something, and has not been put back.
    pub changed: bool,
}

impl Account {
    /// One that prints steps where the log lets information through (`-v`).
    pub fn new() -> Self {
        Self {
            prints: log_enabled!(Level::Info),
            in_full: std::io::stderr().is_terminal(),
            ..Self::default()
        }
    }

    /// The steps, in the order in which they were done.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Enters a step that is not part of a plan.
    pub fn did(&mut self, op: &Op, answer: &Result<(), KernelError>) {
        let result = match answer {
            Ok(()) => StepResult::Done,
            Err(error) => StepResult::Failed(error),
        };
        if self.prints {
            info!("{op} ... {result}");
        }
        self.entries
            .push(Entry::new(Action::Kernel(op.clone()), op.name(), &result));
    }

    /// The closing line: how many steps changed which links, and what else there is to know.
    ///
    /// *Shape*: `5 steps, eno1 and vmbr0 changed; nothing else touched`. That nothing else was touched is said only where
    /// no hook ran, since what hooks do is not known.
    pub fn closing(&self) -> String {
        if self.entries.iter().all(|entry| entry.result == "was-so") {
            return "nothing to do".to_owned();
        }
        let changed = self.entries.iter().filter(|entry| entry.changed);
        let (hooks, steps): (Vec<&Entry>, Vec<&Entry>) =
            changed.partition(|entry| matches!(entry.action, Action::Hook(..)));
        let ifaces: BTreeSet<IfName> = steps.iter().flat_map(|entry| entry.touched()).collect();
        let mut text = match steps.len() {
            0 => "no link changed".to_owned(),
            count => format!("{}, {} changed", counted(count, "step"), named(&ifaces)),
        };
        for (result, word) in [
            ("failed", "failed"),
            ("left-out", "left out"),
            ("undone", "undone"),
            ("not-undone", "could not be undone"),
        ] {
            let kernel = |entry: &&Entry| matches!(entry.action, Action::Kernel(_)) || result != "failed";
            let all = self.entries.iter().filter(kernel);
            let count = all.filter(|entry| entry.result == result).count();
            if count > 0 {
                text += &format!("; {} {word}", counted(count, "step"));
            }
        }
        match hooks.len() {
            0 => text + "; nothing else touched",
            _ => {
                let ifaces = hooks.iter().map(|entry| entry.iface).collect();
                text + &format!("; hooks ran for {}", named(&ifaces))
            }
        }
    }
}

impl Observer for Account {
    fn stops(&self) -> bool {
        interrupt::asked().is_some()
    }

    fn saw(&mut self, step: &Step, result: &StepResult<'_>) {
        if self.prints {
            match self.in_full {
                true => info!("{} ... {result}", step.action.in_full()),
                false => info!("{} ... {result}", step.action),
            }
        }
        let entry = Entry::new(step.action.clone(), step.iface, result);
        match self.index.get(&step.id) {
            Some(at) => self.entries[*at] = entry,
            None => {
                self.index.insert(step.id, self.entries.len());
                self.entries.push(entry);
            }
        }
    }
}

impl Entry {
    fn new(action: Action, iface: IfName, result: &StepResult<'_>) -> Self {
        let error = match result {
            StepResult::Failed(error) | StepResult::NotUndone(error) => Some(error.to_string()),
            StepResult::Without(_) => Some(result.to_string()),
            _ => None,
        };
        Self {
            action,
            iface,
            result: result.word(),
            error,
            changed: result.changed(),
        }
    }

    /// The links that the step is about: the one that it changes, and the other end of what it joins or makes.
    pub fn touched(&self) -> Vec<IfName> {
        let Action::Kernel(op) = &self.action else {
            return vec![self.iface];
        };
        match op {
            Op::SetMaster {
                name,
                master: Some(master),
            } => vec![*name, *master],
            Op::RenameLink { from, to } => vec![*from, *to],
            Op::CreateLink {
                name, peer: Some(peer), ..
            } => vec![*name, *peer],
            op => vec![op.name()],
        }
    }
}

fn counted(count: usize, word: &str) -> String {
    match count {
        1 => format!("1 {word}"),
        _ => format!("{count} {word}s"),
    }
}

/// `vmbr0`, `eno1 and vmbr0`, `bond0 and 3 others`.
fn named(ifaces: &BTreeSet<IfName>) -> String {
    let names: Vec<&IfName> = ifaces.iter().collect();
    match names.as_slice() {
        [] => "nothing".to_owned(),
        [one] => one.to_string(),
        [one, two] => format!("{one} and {two}"),
        [one, others @ ..] => format!("{one} and {} others", others.len()),
    }
}
