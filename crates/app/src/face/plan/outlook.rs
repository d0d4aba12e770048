//! What a plan means to people: grouped by interface, what flaps, and what guests would notice.

use crate::face::links;
use cleat_diag::Sources;
use cleat_model::attr::Value as AttrValue;
use cleat_model::desired::Desired;
use cleat_model::name::IfName;
use cleat_model::nla::Attrs;
use cleat_model::op::{Action, Op, Plan, Step};
use cleat_model::snapshot::{IFLA_MTU, Snapshot};
use cleat_model::table;
use cleat_model::types::Kind;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What a step does to what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Something is added.
    Add,
    /// Something is taken away.
    Remove,
    /// Something is changed.
    Change,
    /// Hooks run.
    Hook,
}

impl Mark {
    /// The sign before the line.
    pub fn sign(self) -> char {
        match self {
            Mark::Add => '+',
            Mark::Remove => '-',
            Mark::Change => '~',
            Mark::Hook => '$',
        }
    }
}

/// One line of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it does.
    pub mark: Mark,
    /// The like command.
    pub command: String,
    /// The line that caused it, as `path:line:column`.
    pub place: Option<String>,
}

/// How a link that is there is interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flap {
    /// Down, and up again.
    DownAndUp,
    /// Deleted, and made anew.
    Recreated,
    /// Down, to stay so.
    Down,
    /// Deleted.
    Deleted,
}

impl Flap {
    /// What happens, as the end of a sentence that starts with the link's name.
    pub fn text(self) -> &'static str {
        match self {
            Flap::DownAndUp => "goes down and comes up again",
            Flap::Recreated => "is deleted and made anew",
            Flap::Down => "goes down",
            Flap::Deleted => "is deleted",
        }
    }
}

/// What happens to one interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The interface.
    pub iface: IfName,
    /// Whether the kernel has it now.
    pub exists: bool,
    /// How it is interrupted.
    pub flap: Option<Flap>,
    /// Its steps in the order of the plan.
    pub lines: Vec<Line>,
}

/// The guests on one bridge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guests {
    /// The bridge.
    pub bridge: IfName,
    /// Ports that nobody declared.
    pub ports: Vec<IfName>,
    /// What they would notice; empty is nothing.
    pub notice: Vec<String>,
}

/// A plan, understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outlook {
    /// By interface, in the order of their first steps.
    pub groups: Vec<Group>,
    /// Bridges of the plan, or above links of the plan, that have guests.
    pub guests: Vec<Guests>,
    /// Declared interfaces that stay as they are.
    pub untouched: Vec<IfName>,
}

impl Outlook {
    /// Understands a plan against the kernel as it is now.
    pub fn new(plan: &Plan, desired: &Desired, now: &Snapshot, sources: &Sources) -> Self {
        let mut groups: Vec<Group> = Vec::new();
        for step in &plan.steps {
            let line = line(step, sources);
            match groups.iter_mut().find(|group| group.iface == step.iface) {
                Some(group) => group.lines.push(line),
                None => groups.push(Group {
                    iface: step.iface,
                    exists: now.get(step.iface).is_some(),
                    flap: None,
                    lines: vec![line],
                }),
            }
        }
        let flaps = flaps(plan, now);
        for group in &mut groups {
            group.flap = flaps.get(&group.iface).copied();
        }
        let touched: BTreeSet<IfName> = groups
            .iter()
            .map(|group| group.iface)
            .chain(plan.ops().map(Op::name))
            .collect();
        // A port that the plan itself takes out was ours, though nobody declares it any longer.
        let taken_out: BTreeSet<IfName> = plan
            .ops()
            .filter(|op| matches!(op, Op::DeleteLink { .. } | Op::SetMaster { .. }))
            .map(Op::name)
            .collect();
        let untouched = desired.links().iter().map(|want| want.name);
        let bridges = now.links().iter().filter(|link| link.kind == Kind::Bridge);
        let guests = bridges.filter_map(|bridge| {
            let ports: Vec<IfName> = links::foreign_ports(bridge.name, desired, now)
                .iter()
                .map(|port| port.name)
                .filter(|port| !taken_out.contains(port))
                .collect();
            let notice = notice(bridge.name, plan, desired, now, &flaps);
            let concerned = touched.contains(&bridge.name) || !notice.is_empty();
            (concerned && !ports.is_empty()).then_some(Guests {
                bridge: bridge.name,
                ports,
                notice,
            })
        });
        Self {
            guests: guests.collect(),
            untouched: untouched.filter(|name| !touched.contains(name)).collect(),
            groups,
        }
    }

    /// Links that are interrupted though they stay, or that go.
    pub fn interrupted(&self) -> impl Iterator<Item = (IfName, Flap)> {
        self.groups.iter().filter_map(|group| Some((group.iface, group.flap?)))
    }

    /// The document of `--json`, without diagnostics.
    ///
    /// *Shape*: `{"interfaces": [{"name", "exists", "flap", "steps": [{"mark", "command", "place"}]}], "guests":
    /// [{"bridge", "ports": [name], "notice": [text]}], "untouched": [name]}`; `mark` is `+`, `-`, `~` or `$` (hooks).
    pub fn document(&self) -> Value {
        let Self {
            groups,
            guests,
            untouched,
        } = self;
        let step = |line: &Line| {
            let Line { mark, command, place } = line;
            json!({"mark": mark.sign().to_string(), "command": command, "place": place})
        };
        let interfaces: Vec<Value> = groups
            .iter()
            .map(|group| {
                let Group {
                    iface,
                    exists,
                    flap,
                    lines,
                } = group;
                let steps: Vec<Value> = lines.iter().map(step).collect();
                json!({"name": iface.as_str(), "exists": exists, "flap": flap.map(Flap::text), "steps": steps})
            })
            .collect();
        let guests: Vec<Value> = guests
            .iter()
            .map(|on| {
                let Guests { bridge, ports, notice } = on;
                let ports: Vec<&str> = ports.iter().map(IfName::as_str).collect();
                json!({"bridge": bridge.as_str(), "ports": ports, "notice": notice})
            })
            .collect();
        let untouched: Vec<&str> = untouched.iter().map(IfName::as_str).collect();
        json!({"interfaces": interfaces, "guests": guests, "untouched": untouched})
    }
}

fn line(step: &Step, sources: &Sources) -> Line {
    let place = step.origin.place().and_then(|place| sources.locate(place));
    Line {
        mark: mark(&step.action),
        command: step.action.in_full(),
        place: place.map(|(path, at)| format!("{}:{}:{}", path.display(), at.line, at.column)),
    }
}

fn mark(action: &Action) -> Mark {
    let Action::Kernel(op) = action else {
        return Mark::Hook;
    };
    match op {
        Op::CreateLink { .. }
        | Op::AddVlans { .. }
        | Op::AddAddress { .. }
        | Op::AddRoute { .. }
        | Op::AddFdb { .. } => Mark::Add,
        Op::DeleteLink { .. }
        | Op::DelVlans { .. }
        | Op::DelAddress { .. }
        | Op::DelRoute { .. }
        | Op::DelFdb { .. } => Mark::Remove,
        Op::RenameLink { .. }
        | Op::SetLink { .. }
        | Op::SetData { .. }
        | Op::SetPort { .. }
        | Op::SetMaster { .. }
        | Op::SetUp { .. }
        | Op::SetConf { .. }
        | Op::SetSysctl { .. }
        | Op::SetAddrGenMode { .. } => Mark::Change,
    }
}

/// Links that are there and up now, and are taken down or away on the way.
fn flaps(plan: &Plan, now: &Snapshot) -> BTreeMap<IfName, Flap> {
    let mut flaps = BTreeMap::new();
    for op in plan.ops() {
        let name = op.name();
        let is_up = now.get(name).is_some_and(|link| link.is_up());
        match op {
            Op::DeleteLink { .. } if now.get(name).is_some() => {
                flaps.insert(name, Flap::Deleted);
            }
            Op::CreateLink { .. } if flaps.contains_key(&name) => {
                flaps.insert(name, Flap::Recreated);
            }
            Op::SetUp { up: false, .. } if is_up => {
                flaps.entry(name).or_insert(Flap::Down);
            }
            Op::SetUp { up: true, .. } => {
                if let Some(flap) = flaps.get_mut(&name).filter(|flap| **flap == Flap::Down) {
                    *flap = Flap::DownAndUp;
                }
            }
            _ => {}
        }
    }
    flaps
}

/// What the guests on a bridge would notice of the plan.
fn notice(
    bridge: IfName,
    plan: &Plan,
    desired: &Desired,
    now: &Snapshot,
    flaps: &BTreeMap<IfName, Flap>,
) -> Vec<String> {
    let mut notice = Vec::new();
    if let Some(flap) = flaps.get(&bridge) {
        notice.push(format!("{bridge} {}: they are cut off", flap.text()));
    }
    let below = below(bridge, desired, now);
    for (name, flap) in flaps.iter().filter(|(name, _)| below.contains(name)) {
        notice.push(format!("{name} {}: they lose the way out meanwhile", flap.text()));
    }
    let index = now.get(bridge).map(|link| link.index);
    let filtering = |data: &Attrs| match table::find("bridge-vlan-aware")?.get(data)? {
        AttrValue::Number(0) => Some("ceases"),
        _ => Some("begins"),
    };
    for op in plan.ops() {
        match op {
            Op::SetMaster { name, master } if *master != Some(bridge) => {
                let port = now.get(*name);
                if port.is_some_and(|port| port.master.is_some() && port.master == index) {
                    notice.push(format!("{name} leaves {bridge}"));
                }
            }
            Op::SetData { name, data, .. } if *name == bridge => {
                notice.extend(filtering(data).map(|verb| format!("{bridge} {verb} to filter by VLAN")));
            }
            Op::SetLink { name, link } if *name == bridge && link.get(IFLA_MTU).is_some() => {
                notice.push(format!("the MTU of {bridge} changes"));
            }
            _ => {}
        }
    }
    notice
}

/// All links that a bridge rests on, as declared and as the kernel has them; guests' ports left out.
fn below(bridge: IfName, desired: &Desired, now: &Snapshot) -> BTreeSet<IfName> {
    let mut found = BTreeSet::new();
    let mut todo = vec![bridge];
    while let Some(name) = todo.pop() {
        let declared = desired
            .get(name)
            .into_iter()
            .flat_map(|want| want.lower())
            .map(|lower| lower.name);
        let link = now.get(name);
        let parent = link.and_then(|link| now.by_index(links::parent(link)?));
        let ports = link.into_iter().flat_map(|link| now.ports(link.index));
        let real = parent.into_iter().chain(ports).map(|link| link.name);
        for lower in declared.chain(real).filter(|lower| links::guest(*lower).is_none()) {
            if lower != bridge && found.insert(lower) {
                todo.push(lower);
            }
        }
    }
    found
}
