//! Walks a plan: what is independent goes to the kernel in one go, failures are kept, and undone where that is asked.

mod aftermath;
mod observer;
mod piecemeal;

pub use crate::desired::Phase;
use crate::fake::ENODEV;
use crate::journal::{JournalSink, Record};
use crate::kernel::{Kernel, KernelError};
use crate::name::IfName;
use crate::op::{Action, HookRun, Op, Plan, Step, StepId};
pub use aftermath::{Verdict, cannot_judge, is_on_its_way, judge, of_change, of_plan, put_right};
use cleat_diag::{Diagnostic, Place};
pub use observer::{NoObserver, Observer, StepResult};
use piecemeal::Refused;
use std::collections::BTreeSet;

/// What happens when a step fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnError {
    /// The rest goes on, without what needs the failed step: half a network at boot beats none. A request that the kernel
    /// refuses is taken apart, so that it costs no more than the attribute that is at fault.
    KeepGoing,
    /// What was done is undone, last first: a reload that fails leaves the host as it was.
    RollBack,
}

/// One hook command or script that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookFault {
    /// What failed and how: "post-up command failed: exit code 1 (iptables ...)".
    pub text: String,
    /// The line of the command, where there is one.
    pub place: Option<Place>,
}

impl HookFault {
    /// The warning that tells of it.
    pub fn diagnostic(self, iface: IfName) -> Diagnostic {
        let diagnostic = Diagnostic::warning("hook-failed", self.text).on(iface);
        match self.place {
            Some(place) => diagnostic.at(place, ""),
            None => diagnostic,
        }
    }
}

/// What runs hook lines and scripts.
pub trait Hooks {
    /// Runs hooks of one phase for one interface; answers what failed.
    fn run(&mut self, iface: IfName, phase: Phase, run: &HookRun) -> Vec<HookFault>;
}

/// Runs no hooks.
#[derive(Debug, Default)]
pub struct NoHooks;

impl Hooks for NoHooks {
    fn run(&mut self, _iface: IfName, _phase: Phase, _run: &HookRun) -> Vec<HookFault> {
        Vec::new()
    }
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All kernel steps were done.
    Done,
    /// Some failed or were left out, the rest was done.
    Partly,
    /// A step failed, and what was done was undone.
    PutBack,
    /// A step failed, and this many steps could not be undone; after [`judge`]: this many things are not as before.
    Stuck(usize),
}

/// What came of a plan.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How it ended.
    pub ending: Ending,
    /// Steps that were done (and, after [`Ending::PutBack`], undone).
    pub done: Vec<StepId>,
    /// Steps that failed.
    pub failed: Vec<StepId>,
    /// Steps that were left out because they need one that failed.
    pub left_out: Vec<StepId>,
    /// Whether somebody asked for an end before the last step: see [`Observer::stops`].
    pub interrupted: bool,
    /// Of those that were done, what was so already: nothing to undo.
    pub idle: BTreeSet<StepId>,
    /// Links that were deleted and made again on the way back, by [`judge`].
    pub rebuilt: Vec<IfName>,
    /// What could not be undone, with the kernel's words.
    pub stuck: Vec<String>,
    /// What went wrong, and the state that the host is in. After a run that was undone [`judge`] says the latter.
    pub diagnostics: Vec<Diagnostic>,
}

/// Walks the plan.
///
/// Each wave of independent kernel steps is one call of [`Kernel::perform`]; hooks run one by one. Before a wave its
/// steps are written to the journal, after it what was done. The journal is left without an end, which is for the caller
/// to write once it has recorded what is ours now. A failing hook is reported and undoes nothing.
pub fn apply(
    plan: &Plan,
    kernel: &mut dyn Kernel,
    hooks: &mut dyn Hooks,
    journal: &mut dyn JournalSink,
    on_error: OnError,
) -> Outcome {
    apply_observed(plan, kernel, hooks, journal, on_error, &mut NoObserver)
}

/// As [`apply`], with somebody who is shown each step as soon as its result is known.
pub fn apply_observed(
    plan: &Plan,
    kernel: &mut dyn Kernel,
    hooks: &mut dyn Hooks,
    journal: &mut dyn JournalSink,
    on_error: OnError,
    observer: &mut dyn Observer,
) -> Outcome {
    let mut walk = Walk::new(plan, journal, observer, on_error);
    walk.record(&Record::Begin {
        steps: plan.steps.len(),
    });
    let mut waves = waves(plan).into_iter();
    for wave in waves.by_ref() {
        walk.wave(&wave, kernel, hooks);
        walk.outcome.interrupted = walk.observer.stops();
        if on_error == OnError::RollBack && (!walk.outcome.failed.is_empty() || walk.outcome.interrupted) {
            walk.roll_back(kernel);
            return walk.outcome;
        }
        if walk.outcome.interrupted {
            break;
        }
    }
    walk.not_begun(waves.flatten());
    walk.tell_left_out();
    if !walk.outcome.failed.is_empty() || walk.partly {
        walk.outcome.ending = Ending::Partly;
    }
    walk.outcome
}

/// Undoes a run that was done, last step first.
pub fn take_back(
    plan: &Plan,
    outcome: Outcome,
    kernel: &mut dyn Kernel,
    journal: &mut dyn JournalSink,
    observer: &mut dyn Observer,
) -> Outcome {
    let mut walk = Walk::new(plan, journal, observer, OnError::RollBack);
    walk.outcome = outcome;
    walk.roll_back(kernel);
    walk.outcome
}

/// Steps by depth, in the order of the plan within each.
fn waves(plan: &Plan) -> Vec<Vec<&Step>> {
    let mut waves: Vec<Vec<&Step>> = Vec::new();
    for (step, depth) in plan.steps.iter().zip(plan.depths()) {
        if waves.len() <= depth {
            waves.resize_with(depth + 1, Vec::new);
        }
        waves[depth].push(step);
    }
    waves
}

struct Walk<'a> {
    plan: &'a Plan,
    journal: &'a mut dyn JournalSink,
    observer: &'a mut dyn Observer,
    journal_failed: bool,
    outcome: Outcome,
    /// Failed or left out.
    off: BTreeSet<StepId>,
    on_error: OnError,
    /// A step was done without an attribute that the kernel refused.
    partly: bool,
    /// Failed, and nobody knows whether the kernel did it: there was no answer.
    unanswered: BTreeSet<StepId>,
}

impl<'a> Walk<'a> {
    fn new(
        plan: &'a Plan,
        journal: &'a mut dyn JournalSink,
        observer: &'a mut dyn Observer,
        on_error: OnError,
    ) -> Self {
        Self {
            plan,
            journal,
            observer,
            journal_failed: false,
            outcome: Outcome {
                ending: Ending::Done,
                done: Vec::new(),
                failed: Vec::new(),
                left_out: Vec::new(),
                interrupted: false,
                idle: BTreeSet::new(),
                rebuilt: Vec::new(),
                stuck: Vec::new(),
                diagnostics: Vec::new(),
            },
            off: BTreeSet::new(),
            on_error,
            partly: false,
            unanswered: BTreeSet::new(),
        }
    }

    fn record(&mut self, record: &Record) {
        if let Err(error) = self.journal.put(&record.line()) {
            if !self.journal_failed {
                let text = format!("cannot write the journal, a crash now could not be undone: {error}");
                self.outcome
                    .diagnostics
                    .push(Diagnostic::warning("journal-unwritable", text));
            }
            self.journal_failed = true;
        }
    }

    fn wave(&mut self, wave: &[&Step], kernel: &mut dyn Kernel, hooks: &mut dyn Hooks) {
        let (ready, off): (Vec<&Step>, Vec<&Step>) = wave
            .iter()
            .copied()
            .partition(|step| !step.needs.iter().any(|id| self.off.contains(id)));
        self.off.extend(off.iter().map(|step| step.id));
        self.outcome.left_out.extend(off.iter().map(|step| step.id));
        for step in &off {
            self.observer.saw(step, &StepResult::LeftOut);
        }
        let mut steps: Vec<&Step> = Vec::new();
        let mut ops: Vec<Op> = Vec::new();
        for step in &ready {
            if let Action::Kernel(op) = &step.action {
                steps.push(step);
                ops.push(op.clone());
            }
        }
        if !ops.is_empty() {
            self.record(&Record::wave(&steps));
            let answers = kernel.perform(&ops);
            let mut done = Vec::new();
            for (step, answer) in steps.iter().zip(answers) {
                if self.is_done(step, answer, kernel) {
                    done.push(step.id);
                }
            }
            let open = steps.iter().map(|step| step.id);
            let open = open.filter(|id| self.unanswered.contains(id)).collect();
            self.record(&Record::Done {
                ids: done.clone(),
                open,
            });
            self.outcome.done.extend(done);
        }
        for step in &ready {
            if let Action::Hook(iface, phase, run) = &step.action {
                if self.observer.stops() {
                    self.not_begun(std::iter::once(*step));
                    continue;
                }
                let iface = *iface;
                let faults = hooks.run(iface, *phase, run);
                let result = match faults.is_empty() {
                    true => StepResult::Done,
                    false => StepResult::HookFailed(&faults),
                };
                self.observer.saw(step, &result);
                let told = faults.into_iter().map(|fault| fault.diagnostic(iface));
                self.outcome.diagnostics.extend(told);
                self.outcome.done.push(step.id);
            }
        }
    }

    /// Steps that an interruption came before.
    fn not_begun<'s>(&mut self, steps: impl Iterator<Item = &'s Step>) {
        for step in steps {
            self.observer.saw(step, &StepResult::LeftOut);
            self.partly = true;
        }
    }

    /// Whether the kernel's answer means that a step is done.
    fn is_done(&mut self, step: &Step, answer: Result<(), KernelError>, kernel: &mut dyn Kernel) -> bool {
        match answer {
            Ok(()) => {
                self.observer.saw(step, &StepResult::Done);
                true
            }
            Err(error) if is_so_already(&step.action, &error) => {
                self.observer.saw(step, &StepResult::WasSo);
                self.outcome.idle.insert(step.id);
                true
            }
            Err(error) if matches!(step.action, Action::Kernel(Op::SetSysctl { .. })) => {
                self.observer.saw(step, &StepResult::Failed(&error));
                self.outcome.idle.insert(step.id);
                self.tell_sysctl(step, &error);
                false
            }
            Err(error) if is_of_nic(&step.action) && error.errno != ENODEV && !error.is_unanswered() => {
                self.observer.saw(step, &StepResult::Failed(&error));
                self.tell_nic(step, &error);
                false
            }
            Err(error) if is_rule(&step.action) && !error.is_unanswered() => {
                self.observer.saw(step, &StepResult::Failed(&error));
                self.off.insert(step.id);
                self.tell_rule(step, &error);
                false
            }
            Err(error) => match self.piecemeal(step, kernel) {
                Some(refused) => {
                    self.observer.saw(step, &StepResult::Without(&refused));
                    self.tell_refused(step, &refused);
                    true
                }
                None => {
                    self.observer.saw(step, &StepResult::Failed(&error));
                    self.failed(step, &error);
                    false
                }
            },
        }
    }

    /// Does what the kernel refused piece by piece, where the rest is to go on.
    fn piecemeal(&self, step: &Step, kernel: &mut dyn Kernel) -> Option<Vec<Refused>> {
        match &step.action {
            Action::Kernel(op) if self.on_error == OnError::KeepGoing => piecemeal::perform(kernel, op),
            _ => None,
        }
    }

    /// Attributes that the kernel refused, each at its line: the link is there all the same.
    fn tell_refused(&mut self, step: &Step, refused: &[Refused]) {
        for Refused {
            name,
            options,
            value,
            op,
            error,
        } in refused
        {
            self.partly = true;
            let line = options
                .iter()
                .find_map(|row| Some((*row, self.plan.line(*name, row.name)?)));
            let text = match line.map(|(row, _)| row).or(options.first().copied()) {
                Some(row) => format!("cannot set `{} {value}` of {name} ({op}): {error}", row.name),
                None => format!("cannot {} ({op}): {error}", deed(op)),
            };
            let diagnostic = Diagnostic::error("option-refused", text)
                .on(step.iface)
                .note("the link is there without it");
            let place = line.map(|(_, place)| place).or(step.origin.place());
            self.outcome.diagnostics.push(match place {
                Some(place) => diagnostic.at(place, ""),
                None => diagnostic,
            });
        }
    }

    fn failed(&mut self, step: &Step, error: &KernelError) {
        self.off.insert(step.id);
        if error.is_unanswered() {
            self.unanswered.insert(step.id);
        }
        self.outcome.failed.push(step.id);
        let Action::Kernel(op) = &step.action else { return };
        let text = format!("cannot {} ({op}): {error}", deed(op));
        let diagnostic = Diagnostic::error("step-failed", text).on(step.iface);
        self.outcome.diagnostics.push(match step.origin.place() {
            Some(place) => diagnostic.at(place, ""),
            None => diagnostic,
        });
    }

    /// A setting of sysctl.d that was refused: the link is there all the same.
    fn tell_sysctl(&mut self, step: &Step, error: &KernelError) {
        let Action::Kernel(op @ Op::SetSysctl { setting, .. }) = &step.action else {
            return;
        };
        if setting.may_fail {
            return;
        }
        let text = format!("cannot {} ({op}): {error}", deed(op));
        let warning = Diagnostic::warning("sysctl-refused", text).on(step.iface);
        self.outcome.diagnostics.push(match step.origin.place() {
            Some(place) => warning.at(place, ""),
            None => warning,
        });
    }

    /// What a driver does not take: the link is there all the same.
    fn tell_nic(&mut self, step: &Step, error: &KernelError) {
        let Action::Kernel(op) = &step.action else { return };
        let text = format!("cannot {} ({op}): {error}", deed(op));
        let warning = Diagnostic::warning("nic-option-refused", text).on(step.iface);
        self.outcome.diagnostics.push(match step.origin.place() {
            Some(place) => warning.at(place, ""),
            None => warning,
        });
    }

    /// A rule that was refused: links, addresses and routes are as they are wanted all the same.
    fn tell_rule(&mut self, step: &Step, error: &KernelError) {
        let Action::Kernel(op) = &step.action else { return };
        let text = format!("cannot {} ({op}): {error}", deed(op));
        let warning = Diagnostic::warning("rule-refused", text).on(step.iface);
        self.outcome.diagnostics.push(match step.origin.place() {
            Some(place) => warning.at(place, ""),
            None => warning,
        });
    }

    fn tell_left_out(&mut self) {
        let mut seen = BTreeSet::new();
        for id in &self.outcome.left_out {
            let Some(step) = self.plan.steps.get(id.0 as usize) else {
                continue;
            };
            if !seen.insert(step.iface) {
                continue;
            }
            let out = |id: &&StepId| {
                self.plan
                    .steps
                    .get(id.0 as usize)
                    .is_some_and(|other| other.iface == step.iface)
            };
            let count = self.outcome.left_out.iter().filter(out).count();
            let steps = if count == 1 { "step was" } else { "steps were" };
            let text = format!(
                "{count} {steps} left out because of what failed before, the first: {}",
                step.action
            );
            self.outcome
                .diagnostics
                .push(Diagnostic::warning("left-out", text).on(step.iface));
        }
    }

    /// Undoes what was done, last first.
    fn roll_back(&mut self, kernel: &mut dyn Kernel) {
        let mut stuck: Vec<String> = Vec::new();
        // A refused request of several parts may have been done in part. What was not done cannot be undone either: what
        // the kernel answers is of no matter here.
        for step in self
            .outcome
            .failed
            .iter()
            .rev()
            .filter_map(|id| self.plan.steps.get(id.0 as usize))
        {
            let may_be_done = may_be_done_in_part(&step.action) || self.unanswered.contains(&step.id);
            for action in step.undo.iter().filter(|_| may_be_done) {
                if let Action::Kernel(op) = action {
                    kernel.perform(std::slice::from_ref(op));
                }
            }
        }
        for id in self
            .outcome
            .done
            .iter()
            .rev()
            .filter(|id| !self.outcome.idle.contains(id))
        {
            let Some(step) = self.plan.steps.get(id.0 as usize) else {
                continue;
            };
            let mut result = None;
            for action in &step.undo {
                let Action::Kernel(op) = action else { continue };
                let answer = kernel.perform(std::slice::from_ref(op)).pop();
                if let Some(Err(error)) = answer.filter(|answer| !is_undone_already(action, answer)) {
                    stuck.push(format!("{op}: {error}"));
                    self.observer.saw(step, &StepResult::NotUndone(&error));
                    result = Some(false);
                }
                result.get_or_insert(true);
            }
            if result == Some(true) {
                self.observer.saw(step, &StepResult::Undone);
            }
        }
        let undone = self.outcome.done.iter().chain(&self.unanswered).copied().collect();
        self.record(&Record::Undone { ids: undone });
        self.outcome.ending = match stuck.len() {
            0 => Ending::PutBack,
            count => Ending::Stuck(count),
        };
        self.outcome.stuck = stuck;
    }
}

fn is_rule(action: &Action) -> bool {
    matches!(action, Action::Kernel(Op::AddRule { .. } | Op::DelRule { .. }))
}

fn is_of_nic(action: &Action) -> bool {
    matches!(action, Action::Kernel(Op::Ethtool(_)))
}

/// Whether the kernel may have done a part of a step that it refused.
fn may_be_done_in_part(action: &Action) -> bool {
    let Action::Kernel(op) = action else { return false };
    matches!(
        op,
        Op::SetLink { .. } | Op::SetData { .. } | Op::SetPort { .. } | Op::AddVlans { .. } | Op::DelVlans { .. }
    )
}

/// Whether a refused step asks for what is so already: a hook, the kernel or somebody else was faster.
fn is_so_already(action: &Action, error: &KernelError) -> bool {
    use crate::fake::{EADDRNOTAVAIL, EEXIST, ENODEV, ENOENT, ESRCH};
    let Action::Kernel(op) = action else { return false };
    matches!(
        (op, error.errno),
        (Op::AddAddress { .. } | Op::AddFdb { .. }, EEXIST)
            | (Op::DelAddress { .. }, EADDRNOTAVAIL | ENODEV)
            | (Op::DelRoute { .. }, ESRCH | ENODEV)
            | (Op::AddRule { .. }, EEXIST)
            | (Op::DelRule { .. }, ENOENT)
            | (Op::DelFdb { .. }, ENOENT | ENODEV)
            | (Op::DeleteLink { .. }, ENODEV)
    )
}

fn is_undone_already(action: &Action, answer: &Result<(), KernelError>) -> bool {
    answer.as_ref().is_err_and(|error| is_so_already(action, error))
}

/// What a step does, in words: "cannot ...".
fn deed(op: &Op) -> String {
    match op {
        Op::CreateLink { name, kind, .. } => format!("create {kind} {name}"),
        Op::DeleteLink { name } => format!("delete {name}"),
        Op::RenameLink { from, to } => format!("rename {from} to {to}"),
        Op::SetLink { name, .. } => format!("set options of {name}"),
        Op::SetData { name, kind, .. } => format!("set {kind} options of {name}"),
        Op::SetPort { name, kind, .. } => format!("set {kind} port options of {name}"),
        Op::SetMaster {
            name,
            master: Some(master),
        } => format!("add port {name} to {master}"),
        Op::SetMaster { name, master: None } => format!("take port {name} out of its master"),
        Op::SetUp { name, up: true } => format!("set {name} up"),
        Op::SetUp { name, up: false } => format!("set {name} down"),
        Op::AddVlans { name, .. } => format!("add VLANs to {name}"),
        Op::DelVlans { name, .. } => format!("delete VLANs of {name}"),
        Op::AddAddress { name, address, .. } => format!("add address {address} to {name}"),
        Op::DelAddress { name, address } => format!("delete address {address} of {name}"),
        Op::AddRoute { name, route, .. } => format!("add route {route} to {name}"),
        Op::DelRoute { name, route } => format!("delete route {route} of {name}"),
        Op::AddFdb { name, .. } => format!("add a forwarding entry to {name}"),
        Op::DelFdb { name, .. } => format!("delete a forwarding entry of {name}"),
        Op::AddRule { rule, .. } => format!("add the rule `{rule}`"),
        Op::DelRule { rule, .. } => format!("delete the rule `{rule}`"),
        Op::SetConf { name, key, .. } => format!("set {key} of {name}"),
        Op::SetSysctl { setting, .. } => format!("set {}", setting.shown()),
        Op::SetAddrGenMode { name, .. } => format!("set how {name} makes its IPv6 address"),
        Op::Ethtool(set) => format!("set the NIC options of {}", set.name),
    }
}

impl Outcome {
    /// Whether all that was asked of the kernel is so.
    pub fn is_done(&self) -> bool {
        self.ending == Ending::Done
    }
}

#[cfg(test)]
mod tests;
