//! The difference between the wanted network and the real one, as ordered steps.
//!
//! How it works: every step is tried on a simulated kernel as it is planned ([`crate::fake`]), and the next difference is
//! taken from there. So side effects are planned for: a route that vanishes with its link is added again, the VLAN that
//! the kernel gives every new port is not added twice. What nobody declared and we never made is not touched.

mod address;
mod back;
mod builder;
mod down;
mod ethtool;
mod follow;
mod gone;
mod hooks;
mod kept;
mod knobs;
mod link;
mod local_rule;
mod members;
mod moving;
mod mtu;
mod order;
mod owed;
mod ports;
mod repair;
mod route;
mod scope;
mod several;
mod storage;
mod taken;
pub(crate) mod undo;
mod up;

use crate::desired::{Desired, HookVars, Phase};
use crate::name::IfName;
use crate::op::{Action, Plan, Sysctl};
use crate::owned::Owned;
use crate::snapshot::Snapshot;
use crate::types::Origin;
use builder::Builder;
use cleat_diag::Diagnostic;
use hooks::Due;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

pub(crate) use address::{agrees as address_agrees, is_ours_to_judge, same_entry};
pub use back::{back, is_ours, lost_neighbours};
pub use hooks::{gone_lines, undo_lines};
pub(crate) use moving::is_stray;
pub(crate) use mtu::derived as derived_mtu;
pub(crate) use route::agrees as route_agrees;

#[cfg(test)]
mod examples;
#[cfg(test)]
mod option_tests;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod stack_tests;
#[cfg(test)]
mod tests;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// `ifup`
    Up,
    /// `ifdown`
    Down,
    /// `ifreload`: down what we made and nobody declares any longer, then up.
    Reload,
}

/// Which interfaces the scripts of a phase run for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scripts {
    /// Every one.
    All,
    /// Those with an option whose variable ([`HookVars::variable`]) begins with one of these.
    Reading(Vec<&'static str>),
}

impl Scripts {
    /// Whether they run for an interface with these options.
    pub fn run_for(&self, vars: &HookVars) -> bool {
        match self {
            Self::All => true,
            Self::Reading(variables) => vars.has_variable(variables),
        }
    }
}

/// File systems or disks of other hosts that are reached from one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storage {
    /// What goes over it (`NFS`).
    pub service: &'static str,
    /// The hosts that have them.
    pub servers: BTreeSet<IpAddr>,
}

/// What a new link of a name would have of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fresh {
    /// The kernel's number.
    pub value: u64,
    /// sysctl.d says so of this link, rather than the kernel of all new ones.
    pub said: bool,
}

/// A request.
#[derive(Clone, Debug)]
pub struct Request {
    /// What is asked.
    pub verb: Verb,
    /// The interfaces it is asked for, in any order. What they cannot do without is added by the plan.
    pub scope: Vec<IfName>,
    /// All interfaces were asked for at once (`-a`): `no-auto-down` holds.
    pub all: bool,
    /// Do it though guests hang on it, over routes of others, and run hooks though nothing changed.
    pub force: bool,
    /// Only set links up or down (`--admin-state`).
    pub admin_only: bool,
    /// Phases for which there are scripts in /etc/network/if-*.d; empty where scripts are not to run.
    pub scripts: BTreeMap<Phase, Scripts>,
    /// What sysctl.d says of links that are to be made, each setting with its line, in the order of writing; written
    /// before the link is up. What the link's own options say holds against it.
    pub sysctls: BTreeMap<IfName, Vec<(Sysctl, Origin)>>,
    /// Addresses of the host by which it has file systems or disks of another host.
    pub storage: BTreeMap<IpAddr, Storage>,
    /// What a new link of the name would have of an option's setting, by link and option: where it goes back to when the
    /// option is no longer written.
    pub fresh: BTreeMap<(IfName, &'static str), Fresh>,
}

impl Request {
    /// A plain request without scripts.
    pub fn new(verb: Verb, scope: Vec<IfName>) -> Self {
        Self {
            verb,
            scope,
            all: false,
            force: false,
            admin_only: false,
            scripts: BTreeMap::new(),
            sysctls: BTreeMap::new(),
            storage: BTreeMap::new(),
            fresh: BTreeMap::new(),
        }
    }
}

/// A plan, and what is to be said of it.
#[derive(Clone, Debug, Default)]
pub struct Planned {
    /// The steps.
    pub plan: Plan,
    /// What was left out and why (errors), what flaps and what guests would notice (warnings and infos).
    pub diagnostics: Vec<Diagnostic>,
    /// Nothing may be done: the plan is empty, and an error says why.
    pub refused: bool,
}

/// Plans what leads from `now` to `desired` for the interfaces asked for. Pure.
///
/// Hooks run for interfaces that are brought up or taken down; for one that is up and stays so, those whose lines or options
/// changed.
pub fn plan(desired: &Desired, now: &Snapshot, owned: &Owned, request: &Request) -> Planned {
    let quiet = run(Builder::new(desired, now, owned, request, Due::default()));
    if quiet.refused {
        return quiet;
    }
    let due = Due::of(desired, now, owned, request, &quiet.plan);
    if due.is_empty() {
        return quiet;
    }
    run(Builder::new(desired, now, owned, request, due))
}

fn run(mut builder: Builder<'_>) -> Planned {
    let down = builder.request.verb == Verb::Down || builder.request.admin_only;
    if !down && !kept::may_begin(&mut builder) {
        return builder.refuse();
    }
    match builder.request.verb {
        Verb::Up => {
            builder.run_first_hooks();
            ports::pin_macs(&mut builder);
            up::up(&mut builder);
        }
        Verb::Down => down::down(&mut builder),
        Verb::Reload => {
            builder.run_first_hooks();
            ports::pin_macs(&mut builder);
            down::stale(&mut builder);
            up::up(&mut builder);
        }
    }
    if !down {
        several::follow(&mut builder);
    }
    owed::give(&mut builder);
    if !builder.request.admin_only {
        local_rule::back_in_front(&mut builder);
    }
    if builder.request.verb == Verb::Reload && !builder.request.force {
        storage::guard(&mut builder);
    }
    match builder.cuts_storage {
        true => builder.refuse(),
        false => builder.finish(),
    }
}

impl Plan {
    /// The interfaces that the plan changes, each once, in the order of their first step.
    pub fn ifaces(&self) -> Vec<IfName> {
        let mut seen = BTreeSet::new();
        let steps = self.steps.iter().map(|step| step.iface);
        steps.filter(|name| seen.insert(*name)).collect()
    }

    /// The hooks that the plan runs.
    pub fn hooks(&self) -> impl Iterator<Item = (IfName, Phase)> {
        self.steps.iter().filter_map(|step| match step.action {
            Action::Hook(name, phase, _) => Some((name, phase)),
            Action::Kernel(_) => None,
        })
    }

    /// The depth of each step: all of one depth are independent of each other, and depend on lower depths only. A hook has
    /// a depth of its own: what stands before it has a lower one, what stands behind it a higher one.
    pub fn depths(&self) -> Vec<usize> {
        let mut depths: Vec<usize> = Vec::with_capacity(self.steps.len());
        let (mut least, mut next) = (0, 0);
        for step in &self.steps {
            let before = step.after.iter().chain(&step.needs);
            let depth = before
                .map(|id| depths.get(id.0 as usize).map_or(0, |depth| depth + 1))
                .max();
            let mut depth = depth.unwrap_or(0).max(least);
            if matches!(step.action, Action::Hook(..)) {
                depth = depth.max(next);
                least = depth + 1;
            }
            next = next.max(depth + 1);
            depths.push(depth);
        }
        depths
    }
}
