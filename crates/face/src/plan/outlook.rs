//! What a plan means to people: grouped by interface, what flaps, and what guests would notice.

use cleat_diag::Sources;
use cleat_model::desired::Desired;
use cleat_model::impact::{Flap, Guests, Impact, Interruption};
use cleat_model::name::IfName;
use cleat_model::op::{Action, Op, Plan, Step};
use cleat_model::snapshot::Snapshot;
use serde_json::{Value, json};
use std::collections::BTreeSet;

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

/// A plan, understood.
#[derive(Clone, Debug, Default)]
pub struct Outlook {
    /// By interface, in the order of their first steps.
    pub groups: Vec<Group>,
    /// Who would notice.
    pub impact: Impact,
    /// Declared interfaces that stay as they are.
    pub untouched: Vec<IfName>,
    /// Whether the kernel is as declared before the plan, and has nothing beyond.
    pub as_declared: bool,
}

impl Outlook {
    /// Understands a plan, with what the simulator says of it.
    pub fn new(plan: &Plan, impact: Impact, desired: &Desired, now: &Snapshot, sources: &Sources) -> Self {
        let mut groups: Vec<Group> = Vec::new();
        for step in &plan.steps {
            let line = line(step, sources);
            match groups.iter_mut().find(|group| group.iface == step.iface) {
                Some(group) => group.lines.push(line),
                None => groups.push(Group {
                    iface: step.iface,
                    exists: now.get(step.iface).is_some(),
                    flap: impact.flaps.get(&step.iface).copied(),
                    lines: vec![line],
                }),
            }
        }
        let touched: BTreeSet<IfName> = groups
            .iter()
            .map(|group| group.iface)
            .chain(plan.ops().map(Op::name))
            .chain(impact.flaps.keys().copied())
            .collect();
        let untouched = desired.links().iter().map(|want| want.name);
        Self {
            untouched: untouched.filter(|name| !touched.contains(name)).collect(),
            as_declared: plan.is_empty(),
            groups,
            impact,
        }
    }

    /// The document of `--json`, without diagnostics.
    ///
    /// *Shape*: `{"interfaces": [{"name", "exists", "flap", "steps": [{"mark", "command", "place"}]}], "interruptions":
    /// [{"sort", "interface", "pid", "text"}], "guests": [{"bridge", "ports": [name], "notice": [text]}], "hooks": [name],
    /// "untouched": [name], "as_declared"}`; `mark` is `+`, `-`, `~` or `$` (hooks). What guests notice is among the interruptions, too;
    /// `hooks` are the interfaces whose hooks run, which are not judged.
    pub fn document(&self) -> Value {
        let Self {
            groups,
            impact,
            untouched,
            as_declared,
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
        let interruptions: Vec<Value> = impact.all().map(interruption).collect();
        let guests: Vec<Value> = impact
            .guests
            .iter()
            .map(|on| {
                let Guests { bridge, ports, notice } = on;
                let ports: Vec<&str> = ports.iter().map(IfName::as_str).collect();
                let notice: Vec<&str> = notice.iter().map(|found| found.text.as_str()).collect();
                json!({"bridge": bridge.as_str(), "ports": ports, "notice": notice})
            })
            .collect();
        let hooks: Vec<&str> = impact.hooks.iter().map(IfName::as_str).collect();
        let untouched: Vec<&str> = untouched.iter().map(IfName::as_str).collect();
        json!({
            "interfaces": interfaces,
            "interruptions": interruptions,
            "guests": guests,
            "hooks": hooks,
            "untouched": untouched,
            "as_declared": as_declared,
        })
    }
}

fn interruption(found: &Interruption) -> Value {
    let Interruption { sort, link, pid, text } = found;
    json!({"sort": sort.word(), "interface": link.map(String::from), "pid": pid, "text": text})
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
        | Op::AddFdb { .. }
        | Op::AddRule { .. } => Mark::Add,
        Op::DeleteLink { .. }
        | Op::DelVlans { .. }
        | Op::DelAddress { .. }
        | Op::DelRoute { .. }
        | Op::DelFdb { .. }
        | Op::DelRule { .. } => Mark::Remove,
        Op::RenameLink { .. }
        | Op::SetLink { .. }
        | Op::SetData { .. }
        | Op::SetPort { .. }
        | Op::SetMaster { .. }
        | Op::SetUp { .. }
        | Op::SetConf { .. }
        | Op::SetSysctl { .. }
        | Op::SetAddrGenMode { .. }
        | Op::Ethtool(_) => Mark::Change,
    }
}
