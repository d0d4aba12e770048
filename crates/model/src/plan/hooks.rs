//! Which hooks run, and what they wait for.
//!
//! An interface that is brought up runs all of them. One that is up already runs the lines that are new in the file,
//! behind the `down` lines of those that went from it, and the scripts where an option that they are given changed.

use super::builder::Builder;
use super::{Request, Verb, down};
use crate::desired::{Desired, HookVars, Phase, WantLink};
use crate::name::IfName;
use crate::op::{HookRun, Op, Plan, Why};
use crate::owned::{Owned, OwnedLink};
use crate::snapshot::Snapshot;
use crate::types::{Kind, Origin};
use std::collections::{BTreeMap, BTreeSet};

const UP: [Phase; 3] = [Phase::PreUp, Phase::Up, Phase::PostUp];
const DOWN: [Phase; 3] = [Phase::PreDown, Phase::Down, Phase::PostDown];

/// The hooks that a plan is to run.
#[derive(Debug, Default)]
pub(super) struct Due {
    runs: BTreeMap<(IfName, Phase), HookRun>,
    /// `pre-down` and `down` of interfaces that are brought up again: before anything else is done.
    first: Vec<(IfName, Phase, HookRun)>,
    /// What comes right before the first hook on the way up: `post-down` of interfaces that are brought up again, and the
    /// `down` lines of what went from the file.
    before_up: BTreeMap<IfName, Vec<(Phase, HookRun)>>,
}

impl Due {
    /// The hooks for the steps of a plan that was made without any.
    pub(super) fn of(desired: &Desired, now: &Snapshot, owned: &Owned, request: &Request, quiet: &Plan) -> Self {
        let mut due = Self::default();
        if request.admin_only {
            return due;
        }
        let basis = Basis {
            desired,
            now,
            owned,
            request,
        };
        let changed: BTreeSet<IfName> = quiet.steps.iter().map(|step| step.iface).collect();
        match request.verb {
            Verb::Down => {
                let was_up = |name: &&IfName| owned.get(**name).is_some_and(|link| link.up);
                let names = request.scope.iter().filter(was_up).chain(&changed);
                names.for_each(|name| due.take_down(&basis, *name));
            }
            Verb::Up | Verb::Reload => {
                let gone = |name: IfName| request.verb == Verb::Reload && down::is_stale(desired, owned, name);
                changed
                    .iter()
                    .filter(|name| gone(**name))
                    .for_each(|name| due.take_down(&basis, *name));
                let scope: BTreeSet<IfName> = request.scope.iter().copied().collect();
                let raised = raised(desired, now, quiet);
                for want in desired.links() {
                    due.bring_up(&basis, want, scope.contains(&want.name), raised.contains(&want.name));
                }
            }
        }
        due
    }

    /// Whether no hook runs.
    pub(super) fn is_empty(&self) -> bool {
        self.runs.is_empty() && self.first.is_empty() && self.before_up.is_empty()
    }

    /// Whether the interface is taken down before it is brought up.
    fn is_again(&self, name: IfName) -> bool {
        let mut before = self.before_up.get(&name).into_iter().flatten();
        before.any(|(_, run)| run.why == Why::TakenDown)
    }

    fn take_down(&mut self, basis: &Basis<'_>, name: IfName) {
        for phase in DOWN {
            if let Some(run) = basis.whole(name, phase, Why::TakenDown) {
                self.runs.insert((name, phase), run);
            }
        }
    }

    fn bring_up(&mut self, basis: &Basis<'_>, want: &WantLink, in_scope: bool, raised: bool) {
        let name = want.name;
        let kept = basis.owned.get(name).filter(|link| link.up);
        let why = match kept {
            _ if in_scope && basis.request.force => Why::Forced,
            None if in_scope => Why::BroughtUp,
            Some(kept) if in_scope && !raised && !basis.is_lost(name, kept) => {
                self.follow_text(basis, want, kept);
                return;
            }
            _ if raised || in_scope => Why::BroughtUp,
            _ => return,
        };
        for phase in UP {
            if let Some(run) = basis.whole(name, phase, why.clone()) {
                self.runs.insert((name, phase), run);
            }
        }
        let stale = basis.request.verb == Verb::Reload && down::is_stale(basis.desired, basis.owned, name);
        if kept.is_some() && why == Why::BroughtUp && !stale {
            self.take_down_first(basis, name);
        }
    }

    /// An interface that was up and is brought up again is taken down before: else each rule of its `up` lines would be
    /// there twice.
    fn take_down_first(&mut self, basis: &Basis<'_>, name: IfName) {
        if basis.now.get(name).is_some() {
            for phase in [Phase::PreDown, Phase::Down] {
                let run = basis.whole(name, phase, Why::TakenDown);
                self.first.extend(run.map(|run| (name, phase, run)));
            }
        }
        if let Some(run) = basis.whole(name, Phase::PostDown, Why::TakenDown) {
            self.before_up.entry(name).or_default().push((Phase::PostDown, run));
        }
    }

    /// The hooks of an interface that is up and stays so.
    fn follow_text(&mut self, basis: &Basis<'_>, want: &WantLink, kept: &OwnedLink) {
        let name = want.name;
        let (new, old) = (Text::of_wanted(want), Text::of_owned(kept));
        let fresh = new.up.beyond(&old.up);
        let options = kept.vars.changed(&want.vars);
        for phase in UP {
            let run = HookRun {
                lines: lines_of(&fresh, phase),
                scripts: !options.is_empty() && basis.has_scripts(want, phase),
                recorded: false,
                why: Why::Changed {
                    options: options.clone(),
                },
            };
            if !run.is_empty() {
                self.runs.insert((name, phase), run);
            }
        }
        let undone = old.undoing(&old.up.beyond(&new.up), &old.down.beyond(&new.down));
        for phase in DOWN {
            let lines = lines_of(&undone, phase);
            if lines.is_empty() {
                continue;
            }
            let run = HookRun {
                lines,
                scripts: false,
                recorded: true,
                why: Why::Gone,
            };
            self.before_up.entry(name).or_default().push((phase, run));
        }
    }
}

/// What the decision is made from.
struct Basis<'a> {
    desired: &'a Desired,
    now: &'a Snapshot,
    owned: &'a Owned,
    request: &'a Request,
}

impl Basis<'_> {
    /// All hooks of a phase; none where there are none. When an interface goes down, the lines are those that it was
    /// brought up with, where they are known.
    fn whole(&self, name: IfName, phase: Phase, why: Why) -> Option<HookRun> {
        let kept = self.owned.get(name).filter(|link| link.up);
        let run = match (self.desired.get(name), kept) {
            (want, Some(kept)) if DOWN.contains(&phase) || want.is_none() => HookRun {
                lines: lines_of(&kept.hooks, phase),
                scripts: !kept.no_scripts && !kept.vars.is_empty() && self.runs_for(phase, &kept.vars),
                recorded: true,
                why,
            },
            (Some(want), _) => HookRun {
                lines: lines_of(&Text::of_wanted(want).all(), phase),
                scripts: self.has_scripts(want, phase),
                recorded: false,
                why,
            },
            (None, _) => return None,
        };
        (!run.is_empty()).then_some(run)
    }

    fn has_scripts(&self, want: &WantLink, phase: Phase) -> bool {
        !want.no_scripts && want.declared && self.runs_for(phase, &want.vars)
    }

    fn runs_for(&self, phase: Phase, vars: &HookVars) -> bool {
        self.request.scripts.get(&phase).is_some_and(|all| all.run_for(vars))
    }

    /// Whether what hooks made on a link may be gone though no step shows it: the link is not there, or somebody took its
    /// last IPv4 address, with which the kernel drops all its routes.
    fn is_lost(&self, name: IfName, kept: &OwnedLink) -> bool {
        let Some(link) = self.now.get(name) else { return true };
        let had = kept.addresses.iter().any(|address| address.ip.is_ipv4());
        had && !self.now.addresses(link.index).iter().any(|is| is.ip.is_ipv4())
    }
}

/// Links that come up on the way, or go down and come up again: those that are made or set up, and members of a VRF, which
/// the kernel sets down and up when they go in or out.
fn raised(desired: &Desired, now: &Snapshot, quiet: &Plan) -> BTreeSet<IfName> {
    let is_vrf = |master: IfName| desired.get(master).is_some_and(|link| link.kind == Kind::Vrf);
    let in_vrf = |name: IfName| {
        let master = now.get(name).and_then(|link| now.by_index(link.master?));
        master.is_some_and(|master| master.kind == Kind::Vrf)
    };
    let mut raised = BTreeSet::new();
    for op in quiet.ops() {
        match op {
            Op::CreateLink { name, peer, .. } => {
                raised.insert(*name);
                raised.extend(*peer);
            }
            Op::SetUp { name, up: true } => {
                raised.insert(*name);
            }
            Op::SetMaster { name, master } if master.is_some_and(is_vrf) || in_vrf(*name) => {
                raised.insert(*name);
            }
            _ => {}
        }
    }
    raised
}

fn lines_of(lines: &[(Phase, String)], phase: Phase) -> Vec<String> {
    let of_phase = lines.iter().filter(|(when, _)| *when == phase);
    of_phase.map(|(_, line)| line.clone()).collect()
}

/// The hook lines of an interface, as compared: those on the way up and those on the way down.
struct Text {
    up: Lines,
    down: Lines,
}

/// Lines of one direction, each with what tells it from others.
struct Lines(Vec<((Phase, String), String)>);

impl Text {
    fn of_wanted(want: &WantLink) -> Self {
        let hooks = want.hooks.iter();
        Self::new(hooks.map(|hook| (hook.phase, hook.command.value.clone())), &want.vars)
    }

    fn of_owned(kept: &OwnedLink) -> Self {
        Self::new(kept.hooks.iter().cloned(), &kept.vars)
    }

    fn new(hooks: impl Iterator<Item = (Phase, String)>, vars: &HookVars) -> Self {
        let told = hooks.map(|(phase, line)| {
            let identity = identity(&line, vars);
            ((phase, line), identity)
        });
        let (up, down) = told.partition(|((phase, _), _)| UP.contains(phase));
        Self {
            up: Lines(up),
            down: Lines(down),
        }
    }

    fn all(&self) -> Vec<(Phase, String)> {
        self.up
            .0
            .iter()
            .chain(&self.down.0)
            .map(|(line, _)| line.clone())
            .collect()
    }

    /// Of `gone_down`, the lines that undo one of `gone_up`. Which line undoes which is not written: it is taken to be the
    /// one that has the most words in common with it.
    fn undoing(&self, gone_up: &[(Phase, String)], gone_down: &[(Phase, String)]) -> Vec<(Phase, String)> {
        let undoes_gone = |down: &&(Phase, String)| {
            let words: BTreeSet<&str> = down.1.split_whitespace().collect();
            let common = |up: &str| up.split_whitespace().filter(|word| words.contains(word)).count();
            let best = self
                .up
                .0
                .iter()
                .max_by_key(|(up, _)| (common(&up.1), gone_up.contains(up)));
            best.is_some_and(|(up, _)| gone_up.contains(up))
        };
        gone_down.iter().filter(undoes_gone).cloned().collect()
    }
}

impl Lines {
    /// The lines that the other has not, in the order written; a line that moved to another phase of the same direction is
    /// none of them, for it has run.
    fn beyond(&self, other: &Self) -> Vec<(Phase, String)> {
        let mut left: Vec<&str> = other.0.iter().map(|(_, identity)| identity.as_str()).collect();
        let is_new = |(_, identity): &&((Phase, String), String)| {
            let found = left.iter().position(|old| *old == identity);
            found.map(|at| left.swap_remove(at)).is_none()
        };
        self.0.iter().filter(is_new).map(|(line, _)| line.clone()).collect()
    }
}

/// A line is another where its text or an option that it reads (`$IF_ADDRESS`) is another.
fn identity(line: &str, vars: &HookVars) -> String {
    let mut identity = line.to_owned();
    if line.contains("IF_") {
        let read = vars
            .options()
            .filter(|(key, _)| line.contains(&HookVars::variable(key)));
        for (key, value) in read {
            identity += &format!("\0{key}={value}");
        }
    }
    identity
}

/// The `down` lines of the file that undo these lines of it, for a reload that is put back after it ran them.
pub fn undo_lines(want: &WantLink, ran: &[(Phase, String)]) -> Vec<(Phase, String)> {
    let text = Text::of_wanted(want);
    let down: Vec<(Phase, String)> = text.down.0.iter().map(|(line, _)| line.clone()).collect();
    text.undoing(ran, &down)
}

/// The lines on the way up that an interface was brought up with and that the file has not, for a reload that is put back
/// after it undid them.
pub fn gone_lines(want: Option<&WantLink>, kept: &OwnedLink) -> Vec<(Phase, String)> {
    let none = Lines(Vec::new());
    let new = want.map(Text::of_wanted);
    Text::of_owned(kept)
        .up
        .beyond(new.as_ref().map_or(&none, |text| &text.up))
}

impl Builder<'_> {
    /// Whether hooks of this phase run for the interface in this plan.
    pub(super) fn has_hook(&self, name: IfName, phase: Phase) -> bool {
        self.due.runs.contains_key(&(name, phase))
    }

    /// Whether any hooks of these phases run for the interface in this plan.
    pub(super) fn has_hooks(&self, name: IfName, phases: &[Phase]) -> bool {
        self.due.before_up.contains_key(&name) || phases.iter().any(|phase| self.has_hook(name, *phase))
    }

    /// Plans the hooks of interfaces that are brought up again, as far as they come before everything else.
    pub(super) fn run_first_hooks(&mut self) {
        let links: BTreeSet<IfName> = self.to_bring_up().iter().map(|want| want.name).collect();
        for (name, phase, run) in std::mem::take(&mut self.due.first) {
            if links.contains(&name) {
                self.plan_hook(name, phase, run);
            }
        }
    }

    /// Plans the hooks of a phase, behind all that is done for the interface and for those that it stands on.
    pub(super) fn run_hook(&mut self, name: IfName, phase: Phase) {
        // What went from the file is undone as late as can be: it may be what carries this run.
        let waits = phase == Phase::PreUp && !self.has_hook(name, Phase::PreUp) && !self.due.is_again(name);
        if matches!(phase, Phase::PreUp | Phase::Up) && !waits {
            for (phase, run) in self.due.before_up.remove(&name).unwrap_or_default() {
                self.plan_hook(name, phase, run);
            }
        }
        if let Some(run) = self.due.runs.remove(&(name, phase)) {
            self.plan_hook(name, phase, run);
        }
    }

    fn plan_hook(&mut self, name: IfName, phase: Phase, run: HookRun) {
        let want = self.want(name);
        let around = match phase {
            Phase::PreUp | Phase::Up | Phase::PostUp => want.map(|want| self.lowers(want)).unwrap_or_default(),
            Phase::PreDown | Phase::Down | Phase::PostDown => self.uppers(name),
        };
        let is_run = |line: &str| run.lines.iter().any(|of_run| of_run == line);
        let origin = want
            .and_then(|want| {
                let mut hooks = want.hooks.iter();
                hooks.find(|hook| hook.phase == phase && is_run(&hook.command.value))
            })
            .map(|hook| Origin::Said(hook.command.place))
            .or(want.map(|want| want.origin))
            .unwrap_or(Origin::Own("hooks kept from when it was brought up"));
        self.hook(name, phase, run, &around, origin);
    }

    /// All links below, whether near or far.
    pub(super) fn lowers(&self, want: &WantLink) -> Vec<IfName> {
        let mut seen = BTreeSet::new();
        let below = |want: &WantLink| -> Vec<IfName> {
            let lower = want.lower().chain(&want.ovs_bridge);
            lower.map(|lower| lower.name).collect()
        };
        let mut left = below(want);
        while let Some(name) = left.pop() {
            if seen.insert(name) {
                left.extend(self.want(name).into_iter().flat_map(below));
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

#[cfg(test)]
mod tests;
