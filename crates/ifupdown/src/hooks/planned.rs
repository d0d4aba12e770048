//! The hooks of a plan, on the way there and on the way back.

use super::call::Call;
use super::runner::Runner;
use cleat_diag::Diagnostic;
use cleat_model::apply::{HookFault, Hooks};
use cleat_model::desired::{Desired, Phase};
use cleat_model::hash::Map;
use cleat_model::name::IfName;
use cleat_model::op::{Action, HookRun, Plan, StepId, Why};
use cleat_model::owned::Owned;
use cleat_model::plan::{gone_lines, undo_lines};
use log::info;

const UP: [Phase; 3] = [Phase::PreUp, Phase::Up, Phase::PostUp];
const DOWN: [Phase; 3] = [Phase::PreDown, Phase::Down, Phase::PostDown];

/// Runs the hooks of a plan: those of the file, or those that the interface was brought up with, as each step says.
#[derive(Debug)]
pub struct PlannedHooks<'a> {
    runner: &'a mut Runner,
    desired: &'a Desired,
    owned: &'a Owned,
    logical: Map<IfName, String>,
}

impl<'a> PlannedHooks<'a> {
    /// *Shape*: `logical` has the stanza's name of each interface that a mapping or the command line gave another.
    pub fn new(runner: &'a mut Runner, desired: &'a Desired, owned: &'a Owned, logical: Map<IfName, String>) -> Self {
        Self {
            runner,
            desired,
            owned,
            logical,
        }
    }

    fn call(&self, iface: IfName, phase: Phase, run: &HookRun) -> Option<Call> {
        let vars = match run.recorded {
            true => &self.owned.get(iface)?.vars,
            false => &self.desired.get(iface)?.vars,
        };
        let logical = self.logical.get(&iface).map_or(iface.as_str(), String::as_str);
        Some(Call {
            iface,
            logical: logical.to_owned(),
            phase,
            lines: run.lines.clone(),
            scripts: run.scripts,
            vars: vars.clone(),
        })
    }

    /// Takes back what hooks did in a run whose steps were all put back, last first: the `down` lines of what was brought
    /// up run, and the `up` lines of what was taken down run again. Answers which of the latter failed; that a `down` line
    /// finds its work done already does not matter.
    pub fn put_back(&mut self, plan: &Plan, done: &[StepId]) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        let mut back: Vec<IfName> = Vec::new();
        for id in done.iter().rev() {
            let Some(Action::Hook(iface, phase, run)) = plan.steps.get(id.0 as usize).map(|step| &step.action) else {
                continue;
            };
            let upward = matches!(run.why, Why::TakenDown | Why::Gone);
            if !upward {
                for (phase, run) in self.undoing(*iface, *phase, run) {
                    info!("# {phase} of {iface}, to put back what its hooks did");
                    self.run(*iface, phase, &run);
                }
            } else if !back.contains(iface) {
                // The hooks of all its phases are one.
                back.push(*iface);
                for (phase, run) in self.repeating(*iface, run) {
                    info!("# {phase} of {iface}, to put back what its hooks did");
                    let faults = self.run(*iface, phase, &run);
                    found.extend(faults.into_iter().map(|fault| fault.diagnostic(*iface)));
                }
            }
        }
        found
    }

    /// Says which scripts did not run for an interface because they had run over their time for another.
    pub fn passed_over(&self) -> Vec<Diagnostic> {
        let told = self.runner.passed_over().map(|(path, names)| {
            let names: Vec<&str> = names.iter().map(IfName::as_str).collect();
            let text = format!(
                "{} ran over its time before in this run, and did not run for {}",
                path.display(),
                names.join(", ")
            );
            Diagnostic::warning("hook-passed-over", text)
        });
        told.collect()
    }

    /// What undoes hooks that brought an interface up.
    fn undoing(&self, iface: IfName, phase: Phase, run: &HookRun) -> Vec<(Phase, HookRun)> {
        let Some(want) = self.desired.get(iface) else {
            return Vec::new();
        };
        let ran: Vec<(Phase, String)> = run.lines.iter().map(|line| (phase, line.clone())).collect();
        by_phase(DOWN, &undo_lines(want, &ran), false, Why::TakenDown)
    }

    /// What brings up again what was taken down.
    fn repeating(&self, iface: IfName, run: &HookRun) -> Vec<(Phase, HookRun)> {
        let Some(kept) = self.owned.get(iface) else {
            return Vec::new();
        };
        let lines = match run.why {
            Why::Gone => gone_lines(self.desired.get(iface), kept),
            _ => kept.hooks.clone(),
        };
        by_phase(UP, &lines, run.scripts, Why::BroughtUp)
    }
}

fn by_phase(phases: [Phase; 3], lines: &[(Phase, String)], scripts: bool, why: Why) -> Vec<(Phase, HookRun)> {
    let of_phase = |phase: Phase| {
        let lines = lines.iter().filter(|(when, _)| *when == phase);
        let run = HookRun {
            lines: lines.map(|(_, line)| line.clone()).collect(),
            scripts,
            recorded: why == Why::BroughtUp,
            why: why.clone(),
        };
        (phase, run)
    };
    phases
        .map(of_phase)
        .into_iter()
        .filter(|(_, run)| !run.is_empty())
        .collect()
}

impl Hooks for PlannedHooks<'_> {
    fn run(&mut self, iface: IfName, phase: Phase, run: &HookRun) -> Vec<HookFault> {
        let Some(call) = self.call(iface, phase, run) else {
            return Vec::new();
        };
        let lines = self.desired.get(iface).map_or(&[][..], |want| &want.hooks);
        let place = |what: &str| {
            let found = lines
                .iter()
                .find(|hook| hook.phase == phase && hook.command.value == what);
            found.map(|hook| hook.command.place)
        };
        let failed = self.runner.run(&call);
        let faults = failed.iter().map(|failed| HookFault {
            text: failed.to_string(),
            place: place(&failed.what),
        });
        faults.collect()
    }
}
