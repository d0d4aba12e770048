//! Who is shown each step as it is done.

use super::HookFault;
use super::piecemeal::Refused;
use crate::kernel::KernelError;
use crate::op::Step;
use std::fmt;

/// How one step went.
#[derive(Clone, Debug)]
pub enum StepResult<'a> {
    /// The kernel did it, or the hooks ran without a fault.
    Done,
    /// The kernel has been so before: nothing changed.
    WasSo,
    /// The kernel did it without some attributes: each with its option, value and error.
    Without(&'a [Refused]),
    /// The kernel refused it.
    Failed(&'a KernelError),
    /// Hooks ran, and these failed.
    HookFailed(&'a [HookFault]),
    /// It was not begun, since a step that it needs had failed.
    LeftOut,
    /// It was undone, since another step failed.
    Undone,
    /// It was to be undone, and the kernel refused that.
    NotUndone(&'a KernelError),
}

impl StepResult<'_> {
    /// Whether the kernel or a hook may have changed something, and has not been put back.
    pub fn changed(&self) -> bool {
        matches!(
            self,
            Self::Done | Self::Without(_) | Self::HookFailed(_) | Self::NotUndone(_)
        )
    }

    /// One word for programs: `done`, `was-so`, `partly`, `failed`, `left-out`, `undone`, `not-undone`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::WasSo => "was-so",
            Self::Without(_) => "partly",
            Self::Failed(_) | Self::HookFailed(_) => "failed",
            Self::LeftOut => "left-out",
            Self::Undone => "undone",
            Self::NotUndone(_) => "not-undone",
        }
    }
}

impl fmt::Display for StepResult<'_> {
    /// What stands behind the step: `done`, `failed: Device or resource busy`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => write!(out, "done"),
            Self::WasSo => write!(out, "was so already"),
            Self::Without(refused) => {
                let lacks: Vec<String> = refused.iter().map(Refused::to_string).collect();
                write!(out, "done without {}", lacks.join("; "))
            }
            Self::Failed(error) => write!(out, "failed: {error}"),
            Self::HookFailed(faults) => {
                let faults: Vec<&str> = faults.iter().map(|fault| fault.text.as_str()).collect();
                write!(out, "failed: {}", faults.join("; "))
            }
            Self::LeftOut => write!(out, "left out, since it needs a step that failed"),
            Self::Undone => write!(out, "undone"),
            Self::NotUndone(error) => write!(out, "not undone: {error}"),
        }
    }
}

/// What is shown each step as it is done.
pub trait Observer {
    /// A step and how it went. A step that is undone comes twice.
    fn saw(&mut self, step: &Step, result: &StepResult<'_>);

    /// Whether the run is to end early. It is asked after each wave of steps and before each hook.
    fn stops(&self) -> bool {
        false
    }
}

/// Looks away.
#[derive(Debug, Default)]
pub struct NoObserver;

impl Observer for NoObserver {
    fn saw(&mut self, _step: &Step, _result: &StepResult<'_>) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apply::{Hooks, NoHooks, OnError, apply_observed};
    use crate::desired::{Desired, Phase};
    use crate::fake::refuse;
    use crate::journal::NoJournal;
    use crate::name::IfName;
    use crate::op::{HookRun, Plan};
    use crate::plan::Verb;
    use crate::trial::{Host, Say, all, link};
    use crate::types::Kind;

    /// The account as lines.
    #[derive(Default)]
    struct Lines(Vec<String>);

    impl Observer for Lines {
        fn saw(&mut self, step: &Step, result: &StepResult<'_>) {
            self.0.push(format!("{} ... {result}", step.action));
        }
    }

    fn bridge() -> Desired {
        Desired::new(vec![
            link("eno1", Kind::Physical).in_master("vmbr0"),
            link("vmbr0", Kind::Bridge).with_ports(&["eno1"]).addr("10.0.0.1/24"),
        ])
    }

    fn watched(host: &mut Host, plan: &Plan, hooks: &mut dyn Hooks, on_error: OnError) -> Vec<String> {
        let mut lines = Lines::default();
        apply_observed(plan, &mut host.kernel, hooks, &mut NoJournal, on_error, &mut lines);
        lines.0
    }

    /// What was said of the steps with this result.
    fn with<'a>(lines: &'a [String], result: &str) -> Vec<&'a str> {
        let end = format!(" ... {result}");
        lines
            .iter()
            .filter_map(|line| line.strip_suffix(end.as_str()))
            .collect()
    }

    #[test]
    fn each_step_of_a_plan_is_shown_once_with_its_result() {
        let mut host = Host::new(&["eno1"]);
        let planned = host.plan(&bridge(), &all(Verb::Up, &bridge()));
        let lines = watched(&mut host, &planned.plan, &mut NoHooks, OnError::KeepGoing);
        let mut shown = with(&lines, "done");
        let mut steps: Vec<String> = planned.plan.ops().map(ToString::to_string).collect();
        shown.sort_unstable();
        steps.sort_unstable();
        assert_eq!(shown, steps);
    }

    #[test]
    fn a_refused_step_is_shown_with_the_kernels_words_and_what_needs_it_as_left_out() {
        let mut host = Host::new(&["eno1"]);
        let planned = host.plan(&bridge(), &all(Verb::Up, &bridge()));
        host.kernel.fail_at(0, refuse(95, "Unknown device type"));
        let lines = watched(&mut host, &planned.plan, &mut NoHooks, OnError::KeepGoing);
        let failed = "failed: Operation not supported: Unknown device type";
        assert_eq!(with(&lines, failed), ["ip link add vmbr0 type bridge"], "{lines:?}");
        let out = with(&lines, "left out, since it needs a step that failed");
        assert!(out.contains(&"ip link set eno1 master vmbr0"), "{lines:?}");
        assert_eq!(lines.len(), planned.plan.steps.len(), "{lines:?}");
    }

    #[test]
    fn what_a_failed_reload_puts_back_is_shown_as_undone_last_first() {
        let mut host = Host::new(&["eno1"]);
        let planned = host.plan(&bridge(), &all(Verb::Reload, &bridge()));
        let last = planned.plan.ops().count() - 1;
        host.kernel.fail_at(last, KernelError::errno(16));
        let lines = watched(&mut host, &planned.plan, &mut NoHooks, OnError::RollBack);
        let mut done = with(&lines, "done");
        done.reverse();
        assert_eq!(with(&lines, "undone"), done, "{lines:?}");
        assert_eq!(with(&lines, "failed: Device or resource busy").len(), 1, "{lines:?}");
    }

    struct Broken;

    impl Hooks for Broken {
        fn run(&mut self, _iface: IfName, phase: Phase, _run: &HookRun) -> Vec<HookFault> {
            let text = format!("{phase} command failed: exit code 1");
            vec![HookFault { text, place: None }]
        }
    }

    #[test]
    fn a_hook_is_shown_with_its_fault_and_without_its_command() {
        let mut host = Host::new(&["eno1"]);
        let desired = Desired::new(vec![link("eno1", Kind::Physical).hook(Phase::PostUp, "false secret")]);
        let planned = host.plan(&desired, &all(Verb::Up, &desired));
        let lines = watched(&mut host, &planned.plan, &mut Broken, OnError::KeepGoing);
        assert_eq!(
            lines,
            [
                "ip link set eno1 up ... done",
                "# post-up of eno1 ... failed: post-up command failed: exit code 1"
            ]
        );
    }
}
