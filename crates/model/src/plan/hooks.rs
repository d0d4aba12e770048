//! Which hooks run, and what they wait for.

use super::Request;
use super::builder::Builder;
use crate::desired::{Desired, HookVars, Phase, WantLink};
use crate::name::IfName;
use crate::owned::Owned;
use crate::types::Origin;
use std::collections::BTreeSet;

/// Whether an interface has hook lines or scripts of this phase. When it goes down, the lines are those that it was
/// brought up with, where they are known.
fn has(desired: &Desired, owned: &Owned, request: &Request, name: IfName, phase: Phase) -> bool {
    let downward = matches!(phase, Phase::PreDown | Phase::Down | Phase::PostDown);
    let kept = owned.get(name).filter(|link| link.up);
    let scripts = |vars: &HookVars| request.scripts.get(&phase).is_some_and(|all| all.run_for(vars));
    match (desired.get(name), kept) {
        (want, Some(kept)) if downward || want.is_none() => {
            let lines = kept.hooks.iter().any(|(when, _)| *when == phase);
            lines || !kept.no_scripts && !kept.vars.is_empty() && scripts(&kept.vars)
        }
        (Some(want), _) => {
            let lines = want.hooks.iter().any(|hook| hook.phase == phase);
            lines || !want.no_scripts && want.declared && scripts(&want.vars)
        }
        (None, _) => false,
    }
}

/// Whether the interface has any hooks that the request would run.
pub(super) fn any(desired: &Desired, owned: &Owned, request: &Request, name: IfName) -> bool {
    Phase::ALL
        .into_iter()
        .any(|phase| has(desired, owned, request, name, phase))
}

impl Builder<'_> {
    /// Whether hooks of this phase run for the interface in this plan.
    pub(super) fn has_hook(&self, name: IfName, phase: Phase) -> bool {
        self.runs_hooks(name) && has(self.desired, self.owned, self.request, name, phase)
    }

    /// Whether any hooks of these phases run for the interface in this plan.
    pub(super) fn has_hooks(&self, name: IfName, phases: &[Phase]) -> bool {
        phases.iter().any(|phase| self.has_hook(name, *phase))
    }

    /// Plans the hooks of a phase, behind all that is done for the interface and for those that it stands on.
    pub(super) fn run_hook(&mut self, name: IfName, phase: Phase) {
        if !self.has_hook(name, phase) {
            return;
        }
        let want = self.want(name);
        let around = match phase {
            Phase::PreUp | Phase::Up | Phase::PostUp => want.map(|want| self.lowers(want)).unwrap_or_default(),
            Phase::PreDown | Phase::Down | Phase::PostDown => self.uppers(name),
        };
        let origin = want
            .and_then(|want| want.hooks.iter().find(|hook| hook.phase == phase))
            .map(|hook| Origin::Said(hook.command.place))
            .or(want.map(|want| want.origin))
            .unwrap_or(Origin::Own("hooks kept from when it was brought up"));
        self.hook(name, phase, &around, origin);
    }

    /// All links below, whether near or far.
    pub(super) fn lowers(&self, want: &WantLink) -> Vec<IfName> {
        let mut seen = BTreeSet::new();
        let mut left: Vec<IfName> = want.lower().map(|lower| lower.name).collect();
        while let Some(name) = left.pop() {
            if seen.insert(name) {
                left.extend(
                    self.want(name)
                        .into_iter()
                        .flat_map(WantLink::lower)
                        .map(|lower| lower.name),
                );
            }
        }
        seen.into_iter().collect()
    }

    fn uppers(&self, name: IfName) -> Vec<IfName> {
        let mut seen = BTreeSet::new();
        let mut left = vec![name];
        while let Some(name) = left.pop() {
            for upper in self.desired.uppers(name) {
                if seen.insert(upper.name) {
                    left.push(upper.name);
                }
            }
        }
        seen.into_iter().collect()
    }
}
