//! The rule for the host's own addresses: behind that of VRFs while there is one.
//!
//! The kernel asks table local first (priority 0), and VRFs at 1000: a packet in a VRF for an address that the host has
//! outside of it would be taken by the host.
//!
//! *Source*: the kernel's Documentation/networking/vrf.rst, "Applications"; ifupdown2 does the same and leaves it so.

use super::builder::Builder;
use crate::desired::WantLink;
use crate::name::IfName;
use crate::op::{Action, Op, Step, StepId};
use crate::types::{Kind, Origin, Rule};

/// Behind the rule of VRFs (1000), before that of table main (32766); the place that vrf.rst and ifupdown2 give it.
const LATE: u32 = 32765;

/// The same rule in its late place.
fn late(v6: bool) -> Rule {
    Rule {
        priority: LATE,
        ..Rule::first(v6)
    }
}

/// Moves the rule behind that of VRFs, for a VRF that is there: added first, deleted then.
pub(super) fn behind_vrfs(builder: &mut Builder<'_>, want: &WantLink) {
    if want.kind != Kind::Vrf || builder.link(want.name).is_none() {
        return;
    }
    for v6 in [false, true] {
        shift(builder, want.name, (Rule::first(v6), late(v6)), want.origin);
    }
}

/// Moves the rule back to its first place where we moved it and no VRF is left, whoever made it.
pub(super) fn back_in_front(builder: &mut Builder<'_>) {
    if builder.owned.rules.is_empty() || builder.now().links().iter().any(|link| link.kind == Kind::Vrf) {
        return;
    }
    let gone = builder.start.links().iter().find(|link| link.kind == Kind::Vrf);
    let loopback = || builder.start.links().iter().find(|link| link.is_loopback());
    let Some(name) = gone.or_else(loopback).map(|link| link.name) else {
        return;
    };
    for v6 in [false, true]
        .into_iter()
        .filter(|v6| builder.owned.rules.contains(&late(*v6)))
    {
        shift(
            builder,
            name,
            (late(v6), Rule::first(v6)),
            Origin::Own("no VRF is left"),
        );
    }
}

/// The step that adds the rule which stands in for one that is deleted: that one stays where the step failed.
pub(super) fn in_its_place(gone: Rule, steps: &[Step]) -> Option<StepId> {
    let adds = |step: &&Step| match step.action {
        Action::Kernel(Op::AddRule { rule, .. }) => (rule.v6, rule.table) == (gone.v6, gone.table),
        _ => false,
    };
    steps.iter().rev().find(adds).map(|step| step.id)
}

fn shift(builder: &mut Builder<'_>, name: IfName, (from, to): (Rule, Rule), origin: Origin) {
    if !builder.now().has_rule(from) {
        return;
    }
    if !builder.now().has_rule(to) {
        builder.op(name, Op::AddRule { name, rule: to }, origin);
    }
    builder.op(name, Op::DelRule { name, rule: from }, origin);
}

#[cfg(test)]
mod tests;
