//! Steps that the kernel can take, each with the like `ip` command, and the plan made of them.

use crate::desired::Phase;
use crate::engine::Part;
use crate::ethtool::Set;
use crate::name::IfName;
use crate::nla::Attrs;
use crate::types::{Address, Fdb, Kind, Origin, Route, Rule, VlanRange};
use cleat_diag::Place;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One kernel step. Links are named, never numbered: the engine knows the indexes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Op {
    /// `ip link add NAME [link PARENT] type KIND ...` (+ `master`, + `up`).
    CreateLink {
        /// New name.
        name: IfName,
        /// Its kind, never [`Kind::Physical`].
        kind: Kind,
        /// Link below (`IFLA_LINK`; for VXLAN `IFLA_VXLAN_LINK`).
        parent: Option<IfName>,
        /// Name of the other end of a veth pair.
        peer: Option<IfName>,
        /// Attributes of the link itself (`IFLA_MTU`, `IFLA_ADDRESS` …).
        link: Attrs,
        /// `IFLA_INFO_DATA`.
        data: Attrs,
        /// Set up in the same request.
        up: bool,
    },
    /// `ip link del NAME`
    DeleteLink {
        /// Which.
        name: IfName,
    },
    /// `ip link set FROM name TO`
    RenameLink {
        /// Old name.
        from: IfName,
        /// New name.
        to: IfName,
    },
    /// `ip link set NAME mtu|address|alias ...`
    SetLink {
        /// Which.
        name: IfName,
        /// Attributes of the link itself.
        link: Attrs,
    },
    /// `ip link set NAME type KIND ...`
    SetData {
        /// Which.
        name: IfName,
        /// Its kind.
        kind: Kind,
        /// `IFLA_INFO_DATA`.
        data: Attrs,
        /// Attributes of `IFLA_INFO_DATA` whose value is the index of a link; `None` writes 0.
        links: Vec<(u16, Option<IfName>)>,
    },
    /// `ip link set NAME type KIND_slave ...`
    SetPort {
        /// The port.
        name: IfName,
        /// Kind of its master.
        kind: Kind,
        /// `IFLA_INFO_SLAVE_DATA`.
        data: Attrs,
    },
    /// `ip link set NAME master MASTER` or `nomaster`
    SetMaster {
        /// The port.
        name: IfName,
        /// Its master, or none.
        master: Option<IfName>,
    },
    /// `ip link set NAME up|down`
    SetUp {
        /// Which.
        name: IfName,
        /// Up or down.
        up: bool,
    },
    /// `bridge vlan add dev NAME vid ... [self]`
    AddVlans {
        /// The port, or the bridge.
        name: IfName,
        /// On the bridge itself (`self`) rather than on a port (`master`).
        on_self: bool,
        /// Ranges, sent in one request where they fit.
        ranges: Vec<VlanRange>,
    },
    /// `bridge vlan del dev NAME vid ... [self]`
    DelVlans {
        /// The port, or the bridge.
        name: IfName,
        /// On the bridge itself.
        on_self: bool,
        /// Ranges.
        ranges: Vec<VlanRange>,
    },
    /// `ip addr add ADDRESS dev NAME`
    AddAddress {
        /// On which link.
        name: IfName,
        /// The address.
        address: Address,
        /// Change what is there (`ip addr change`: lifetimes, metric).
        replace: bool,
    },
    /// `ip addr del ADDRESS dev NAME`
    DelAddress {
        /// On which link.
        name: IfName,
        /// The address.
        address: Address,
    },
    /// `ip route add|replace ROUTE dev NAME`
    AddRoute {
        /// Out of which link.
        name: IfName,
        /// The route.
        route: Route,
        /// Replace the route that has the same destination, table and metric.
        replace: bool,
    },
    /// `ip route del ROUTE dev NAME`
    DelRoute {
        /// Out of which link.
        name: IfName,
        /// The route.
        route: Route,
    },
    /// `bridge fdb append MAC dev NAME ...`
    AddFdb {
        /// On which link.
        name: IfName,
        /// The entry.
        fdb: Fdb,
    },
    /// `bridge fdb del MAC dev NAME ...`
    DelFdb {
        /// On which link.
        name: IfName,
        /// The entry.
        fdb: Fdb,
    },
    /// `ip rule add pref PRIORITY table TABLE`. Where the kernel refuses it, that is reported and nothing more.
    AddRule {
        /// The VRF for whose sake.
        name: IfName,
        /// The rule.
        rule: Rule,
    },
    /// `ip rule del pref PRIORITY table TABLE`
    DelRule {
        /// The VRF for whose sake.
        name: IfName,
        /// The rule.
        rule: Rule,
    },
    /// `sysctl -w net.ipv4.conf.NAME.KEY=VALUE` (ipv6 where `v6`).
    SetConf {
        /// Which link.
        name: IfName,
        /// net.ipv6 rather than net.ipv4.
        v6: bool,
        /// The last word of the key.
        key: String,
        /// The value.
        value: i64,
    },
    /// `sysctl -w KEY=VALUE`, for a setting of the link that sysctl.d speaks of. Where the kernel refuses it, that is reported
    /// and nothing more: the host is to have its network.
    SetSysctl {
        /// Which link.
        name: IfName,
        /// The setting.
        setting: Sysctl,
    },
    /// `ip link set NAME addrgenmode MODE`
    SetAddrGenMode {
        /// Which link.
        name: IfName,
        /// `IN6_ADDR_GEN_MODE_*`: 0 eui64, 1 none.
        mode: u8,
    },
    /// `ethtool -K NAME ...`, and the like. Where the driver refuses it, that is reported and nothing more: the host is to
    /// have its network.
    Ethtool(Set),
}

impl Op {
    /// The link it changes.
    pub fn name(&self) -> IfName {
        match self {
            Op::CreateLink { name, .. }
            | Op::DeleteLink { name }
            | Op::RenameLink { from: name, .. }
            | Op::SetLink { name, .. }
            | Op::SetData { name, .. }
            | Op::SetPort { name, .. }
            | Op::SetMaster { name, .. }
            | Op::SetUp { name, .. }
            | Op::AddVlans { name, .. }
            | Op::DelVlans { name, .. }
            | Op::AddAddress { name, .. }
            | Op::DelAddress { name, .. }
            | Op::AddRoute { name, .. }
            | Op::DelRoute { name, .. }
            | Op::AddFdb { name, .. }
            | Op::DelFdb { name, .. }
            | Op::AddRule { name, .. }
            | Op::DelRule { name, .. }
            | Op::SetConf { name, .. }
            | Op::SetSysctl { name, .. }
            | Op::SetAddrGenMode { name, .. }
            | Op::Ethtool(Set { name, .. }) => *name,
        }
    }

    /// The part of the host that it changes.
    pub fn part(&self) -> Part {
        match self {
            Op::Ethtool(_) => Part::Ethtool,
            _ => Part::Link,
        }
    }
}

impl Op {
    /// Whether it adds something to a link that is there.
    pub fn adds(&self) -> bool {
        matches!(
            self,
            Op::AddAddress { .. }
                | Op::AddRoute { .. }
                | Op::AddVlans { .. }
                | Op::AddFdb { .. }
                | Op::SetMaster { master: Some(_), .. }
        )
    }

    /// The kind whose options it sets, where it does.
    pub fn kind(&self) -> Option<&Kind> {
        match self {
            Op::CreateLink { kind, .. } | Op::SetData { kind, .. } | Op::SetPort { kind, .. } => Some(kind),
            _ => None,
        }
    }
}

/// A setting of a link below /proc/sys, and its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sysctl {
    /// Its path below /proc/sys: `net/ipv4/conf/vmbr0.5/rp_filter`.
    pub key: String,
    /// The value as it is written.
    pub value: String,
    /// Nothing is said where it is refused.
    pub may_fail: bool,
}

impl Sysctl {
    /// The key as sysctl(8) takes it: a `.` in a name is a `/` where the separators are exchanged.
    pub fn shown(&self) -> String {
        match self.key.contains('.') {
            true => self.key.clone(),
            false => self.key.replace('/', "."),
        }
    }

    /// Family and name, where it is one of net/FAMILY/conf/LINK: whether it is of IPv6, and the last word of the key.
    pub fn conf(&self) -> Option<(bool, &str)> {
        let parts: Vec<&str> = self.key.split('/').collect();
        match parts.as_slice() {
            ["net", family @ ("ipv4" | "ipv6"), "conf", _, key] => Some((*family == "ipv6", key)),
            _ => None,
        }
    }
}

/// Names a step of one plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StepId(pub u32);

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// The kernel does it.
    Kernel(Op),
    /// Hook lines and scripts of this phase run for the link.
    Hook(IfName, Phase, HookRun),
}

/// Which hooks of a phase run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HookRun {
    /// The command lines, in the order written.
    pub lines: Vec<String>,
    /// The scripts of the phase's directory run behind them.
    pub scripts: bool,
    /// Lines and options are those that the interface was brought up with, not those of the file.
    pub recorded: bool,
    /// Why they run.
    pub why: Why,
}

/// Why hooks run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Why {
    /// The interface is brought up.
    BroughtUp,
    /// The interface is taken down, be it to come up again.
    TakenDown,
    /// `--force` asks for it.
    Forced,
    /// The lines are new in the file, or an option changed that they read; scripts run where any of these options changed.
    Changed {
        /// The options that scripts are given other values of.
        options: Vec<String>,
    },
    /// The lines went from the file together with those that they undo.
    Gone,
}

impl HookRun {
    /// Whether nothing runs.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty() && !self.scripts
    }
}

/// One step of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its name: its place in the plan.
    pub id: StepId,
    /// The interface it is done for (a port's `SetMaster` is the bridge's step).
    pub iface: IfName,
    /// What it does.
    pub action: Action,
    /// What takes it back, in order; empty where nothing can or need be.
    pub undo: Vec<Action>,
    /// What of others it takes along, by the steps that give it back: for the run after one that was killed.
    pub theirs: Vec<Op>,
    /// Steps that must have been tried before, whether they failed or not.
    pub after: Vec<StepId>,
    /// Steps without which it makes no sense: if one failed or was left out, this one is left out too.
    pub needs: Vec<StepId>,
    /// The line that caused it.
    pub origin: Origin,
}

/// The steps, in an order that respects `after` and `needs`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The steps; `steps[i].id == StepId(i)`.
    pub steps: Vec<Step>,
    /// Where each option of the links that are made or set is written: a request holds several.
    pub lines: BTreeMap<IfName, Vec<(&'static str, Place)>>,
}

impl Plan {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Where the option of that link is written.
    pub fn line(&self, link: IfName, option: &str) -> Option<Place> {
        let lines = self.lines.get(&link)?;
        lines.iter().find(|(name, _)| *name == option).map(|(_, place)| *place)
    }

    /// The kernel steps of these names.
    pub fn ops_of<'a>(&'a self, ids: &'a [StepId]) -> impl Iterator<Item = &'a Op> {
        let steps = ids.iter().filter_map(|id| self.steps.get(id.0 as usize));
        steps.filter_map(|step| match &step.action {
            Action::Kernel(op) => Some(op),
            Action::Hook(..) => None,
        })
    }

    /// The kernel steps in order.
    pub fn ops(&self) -> impl Iterator<Item = &Op> {
        self.steps.iter().filter_map(|step| match &step.action {
            Action::Kernel(op) => Some(op),
            Action::Hook(..) => None,
        })
    }
}
