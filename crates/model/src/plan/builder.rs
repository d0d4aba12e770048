//! Collects steps: tries each on the simulated kernel, finds what it waits for, and what takes it back.

use super::hooks::Due;
use super::moving::Leaving;
pub(super) use super::taken::Gone;
use super::{Planned, Request};
use super::{local_rule, members, mtu, order, owed, undo};
use crate::desired::{Desired, Phase, WantLink};
use crate::fake::{FakeKernel, Piece};
use crate::hash::{Map, Set};
use crate::name::IfName;
use crate::op::{Action, HookRun, Op, Plan, Step, StepId};
use crate::owned::{Owned, OwnedLink};
use crate::snapshot::{Link, Snapshot};
use crate::types::{Address, Kind, Origin, Route};
use cleat_diag::{Diagnostic, Place};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// What of a link a step reads or changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Facet {
    /// That it is there, its state and settings.
    Link,
    /// Addresses and routes.
    Net,
    /// VLANs and forwarding entries.
    Vlan,
    /// All that is done for the interface: hooks wait for it, and it waits for hooks.
    Whole,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Thing {
    Link(IfName, Facet),
    Route(IpAddr, u8, u32, u32),
    /// Hooks run one after the other.
    Hooks,
    /// What moves is added on one link before it is taken from another.
    Moves,
}

/// Reads go together; adds go together; writes go alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    Read,
    Add,
    Write,
}

#[derive(Debug, Default)]
struct Track {
    written: Option<StepId>,
    adds: Vec<StepId>,
    reads: Vec<StepId>,
}

/// The last step of a sort for each link, to know what a later step cannot do without.
#[derive(Debug, Default)]
struct Last {
    made: Map<IfName, StepId>,
    deleted: Map<IfName, StepId>,
    joined: Map<IfName, StepId>,
    upped: Map<IfName, StepId>,
    downed: Map<IfName, StepId>,
    addressed: Map<IfName, Vec<(Address, StepId)>>,
}

pub(super) struct Builder<'a> {
    pub(super) desired: &'a Desired,
    pub(super) start: &'a Snapshot,
    pub(super) owned: &'a Owned,
    pub(super) request: &'a Request,
    /// The hooks that are still to be planned.
    pub(super) due: Due,
    sim: Option<FakeKernel>,
    steps: Vec<Step>,
    tracks: Map<Thing, Track>,
    last: Last,
    /// Links changed by the plan so far, by name.
    touched: BTreeSet<IfName>,
    /// What was taken away on purpose, so that the repair at the end does not put it back.
    gone: Set<Gone>,
    /// Links that stay though they were to go: guests hang on them.
    kept: BTreeSet<IfName>,
    /// What waits for a link that has still to come.
    pub(super) leaving: Vec<Leaving>,
    /// Links that are asked for and not done yet.
    pub(super) coming: Vec<&'a WantLink>,
    /// Bridges that give way, each with the one that takes its place.
    pub(super) renamed: Vec<(IfName, IfName)>,
    /// A step would cut the host off from its own disks: nothing may be done.
    pub(super) cuts_storage: bool,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(
        desired: &'a Desired,
        start: &'a Snapshot,
        owned: &'a Owned,
        request: &'a Request,
        due: Due,
    ) -> Self {
        Self {
            desired,
            start,
            owned,
            request,
            due,
            sim: None,
            steps: Vec::new(),
            tracks: Map::default(),
            last: Last::default(),
            touched: BTreeSet::new(),
            gone: Set::default(),
            kept: BTreeSet::new(),
            leaving: Vec::new(),
            coming: Vec::new(),
            renamed: Vec::new(),
            cuts_storage: false,
            diagnostics: Vec::new(),
        }
    }

    /// The kernel as it will be after the steps so far.
    pub(super) fn now(&self) -> &Snapshot {
        self.sim.as_ref().map_or(self.start, FakeKernel::now)
    }

    pub(super) fn link(&self, name: IfName) -> Option<&Link> {
        self.now().get(name)
    }

    pub(super) fn is_up(&self, name: IfName) -> bool {
        self.link(name).is_some_and(Link::is_up)
    }

    /// The ports of a link, and the links that stand on it.
    pub(super) fn hanging(&mut self, index: u32) -> (Vec<IfName>, Vec<IfName>) {
        let (ports, children) = self.sim().hanging(index);
        let name = |index: u32| self.now().by_index(index).map(|link| link.name);
        let names = |all: Vec<u32>| all.into_iter().filter_map(name).collect();
        (names(ports), names(children))
    }

    /// The name of the master of a link.
    pub(super) fn master(&self, link: &Link) -> Option<IfName> {
        self.now().by_index(link.master?).map(|master| master.name)
    }

    /// How many steps there are by now.
    pub(super) fn count(&self) -> usize {
        self.steps.len()
    }

    pub(super) fn say(&mut self, diagnostic: Diagnostic) {
        if !self.diagnostics.contains(&diagnostic) {
            self.diagnostics.push(diagnostic);
        }
    }

    pub(super) fn gone(&mut self, what: Gone) {
        self.gone.insert(what);
    }

    pub(super) fn is_gone(&self, what: &Gone) -> bool {
        self.gone.contains(what)
    }

    pub(super) fn keep(&mut self, name: IfName) {
        self.kept.insert(name);
    }

    /// Whether any link stays on purpose.
    pub(super) fn keeps_any(&self) -> bool {
        !self.kept.is_empty()
    }

    pub(super) fn is_kept(&self, name: IfName) -> bool {
        self.kept.contains(&name)
    }

    /// Links changed so far.
    pub(super) fn touched(&self) -> &BTreeSet<IfName> {
        &self.touched
    }

    pub(super) fn sim(&mut self) -> &mut FakeKernel {
        let (start, owned) = (self.start, self.owned);
        self.sim.get_or_insert_with(|| {
            let mut sim = FakeKernel::new(start.clone());
            sim.predict();
            for link in start.links().iter().filter(|link| link.kind == Kind::Bridge) {
                // That an option is written does not say that it was set: then the kernel still chooses.
                let ours = owned.get(link.name);
                let mac = ours.is_some_and(OwnedLink::has_fixed_mac);
                // A bridge that does not have the smallest MTU of its ports does not follow them.
                let least = start.ports(link.index).map(Link::mtu).min();
                let apart = least.is_some_and(|least| least != link.mtu());
                let mtu = ours.is_some_and(|ours| ours.sets("mtu")) || apart;
                sim.assume_set(link.index, mac, mtu);
            }
            sim
        })
    }

    /// Plans a kernel step.
    pub(super) fn op(&mut self, iface: IfName, op: Op, origin: Origin) -> StepId {
        debug_assert!(op.kind() != Some(&Kind::Physical), "no step without a kind: {op}");
        let breaks = order::breaks(self, &op);
        let sim = self.sim();
        let answer = sim.step(&op);
        let touched: BTreeMap<u32, Option<Piece>> = sim
            .touched()
            .iter()
            .filter(|(index, before)| Piece::of(sim.now(), **index) != **before)
            .map(|(index, before)| (*index, before.clone()))
            .collect();
        let undo = match answer {
            Ok(()) => undo::inverse(&op, &touched, sim),
            Err(_) => Vec::new(),
        };
        let cycled = members::cycled(self, &op);
        let sim = self.sim();
        let others: Vec<IfName> = touched
            .iter()
            .filter_map(|(index, before)| match before {
                Some(piece) => Some(piece.link.name),
                None => sim.now().by_index(*index).map(|link| link.name),
            })
            .collect();
        self.touched.extend(&others);
        self.touched.insert(op.name());
        let id = self.next();
        let needs = self.needs(&op);
        let mut after = self.access_op(id, iface, &op, &others);
        if breaks {
            // Hooks that were planned before it run before it, not between it and what makes good for it.
            self.access(&mut after, id, Thing::Hooks, Access::Read);
        }
        if let Op::SetMaster { .. } = op {
            for bond in self.bonds_of(&touched) {
                self.access(&mut after, id, Thing::Link(bond, Facet::Link), Access::Write);
            }
            for above in cycled {
                self.access(&mut after, id, Thing::Link(above, Facet::Link), Access::Write);
                self.access(&mut after, id, Thing::Link(above, Facet::Net), Access::Write);
            }
            for left in members::left(self, &touched) {
                self.access(&mut after, id, Thing::Link(left, Facet::Link), Access::Read);
            }
        }
        if let Op::DeleteLink { .. } = op {
            self.access(&mut after, id, Thing::Moves, Access::Read);
            for below in self.stood_on(&touched) {
                self.access(&mut after, id, Thing::Link(below, Facet::Link), Access::Read);
            }
        }
        for place in self.moved_routes(&touched) {
            self.access(&mut after, id, place, Access::Write);
        }
        self.remember(id, &op);
        self.push(iface, Action::Kernel(op), undo, after, needs, origin);
        id
    }

    /// Plans the hooks of a phase.
    pub(super) fn hook(&mut self, iface: IfName, phase: Phase, run: HookRun, lowers: &[IfName], origin: Origin) {
        let id = self.next();
        let mut after = BTreeSet::new();
        self.access(&mut after, id, Thing::Hooks, Access::Write);
        self.access(&mut after, id, Thing::Link(iface, Facet::Whole), Access::Write);
        self.access(&mut after, id, Thing::Link(iface, Facet::Link), Access::Write);
        self.access(&mut after, id, Thing::Link(iface, Facet::Net), Access::Write);
        for lower in lowers {
            self.access(&mut after, id, Thing::Link(*lower, Facet::Whole), Access::Read);
        }
        self.push(
            iface,
            Action::Hook(iface, phase, run),
            Vec::new(),
            after,
            BTreeSet::new(),
            origin,
        );
    }

    /// Takes a link that hooks are to make as being there.
    pub(super) fn expect(&mut self, name: IfName) {
        let sim = self.sim();
        let index = sim.now().links().iter().map(|link| link.index).max().unwrap_or(0) + 100_000;
        sim.now_mut().insert(crate::fake::defaults::nic(index, name));
    }

    fn next(&self) -> StepId {
        // A plan of four thousand million steps does not fit into memory.
        StepId(u32::try_from(self.steps.len()).unwrap_or(u32::MAX))
    }

    fn push(
        &mut self,
        iface: IfName,
        action: Action,
        undo: Vec<Action>,
        after: BTreeSet<StepId>,
        needs: BTreeSet<StepId>,
        origin: Origin,
    ) {
        let id = self.next();
        let keep = |ids: BTreeSet<StepId>| ids.into_iter().filter(|before| *before < id).collect::<Vec<_>>();
        let needs = keep(needs);
        let after = keep(after)
            .into_iter()
            .filter(|before| !needs.contains(before))
            .collect();
        self.steps.push(Step {
            id,
            iface,
            action,
            theirs: owed::theirs(&undo, self.start, self.owned),
            undo,
            after,
            needs,
            origin,
        });
    }

    fn access(&mut self, after: &mut BTreeSet<StepId>, id: StepId, thing: Thing, access: Access) {
        let track = self.tracks.entry(thing).or_default();
        after.extend(track.written);
        match access {
            Access::Read => {
                after.extend(&track.adds);
                track.reads.push(id);
            }
            Access::Add => {
                after.extend(&track.reads);
                track.adds.push(id);
            }
            Access::Write => {
                after.extend(track.adds.drain(..));
                after.extend(track.reads.drain(..));
                track.written = Some(id);
            }
        }
    }

    fn access_op(&mut self, id: StepId, iface: IfName, op: &Op, others: &[IfName]) -> BTreeSet<StepId> {
        let name = op.name();
        let mut after = BTreeSet::new();
        let all = &mut after;
        self.access(all, id, Thing::Link(iface, Facet::Whole), Access::Add);
        let mut net_only = false;
        match op {
            Op::AddAddress { .. } => {
                self.access(all, id, Thing::Moves, Access::Add);
                self.access(all, id, Thing::Link(name, Facet::Link), Access::Read);
                self.access(all, id, Thing::Link(name, Facet::Net), Access::Add);
            }
            Op::DelAddress { .. } => {
                self.access(all, id, Thing::Moves, Access::Read);
                self.access(all, id, Thing::Link(name, Facet::Link), Access::Read);
                self.access(all, id, Thing::Link(name, Facet::Net), Access::Write);
            }
            Op::AddRoute { route, .. } | Op::DelRoute { route, .. } => {
                net_only = true;
                self.access(all, id, place(route), Access::Write);
                self.access(all, id, Thing::Link(name, Facet::Link), Access::Read);
                self.access(all, id, Thing::Link(name, Facet::Net), Access::Read);
                for leg in &route.legs {
                    self.access(all, id, Thing::Link(leg.link, Facet::Link), Access::Read);
                    self.access(all, id, Thing::Link(leg.link, Facet::Net), Access::Read);
                }
            }
            Op::AddVlans { .. } | Op::DelVlans { .. } | Op::AddFdb { .. } | Op::DelFdb { .. } => {
                self.access(all, id, Thing::Link(name, Facet::Link), Access::Read);
                self.access(all, id, Thing::Link(name, Facet::Vlan), Access::Write);
            }
            _ => {
                self.access(all, id, Thing::Link(name, Facet::Link), Access::Write);
                self.access(all, id, Thing::Link(name, Facet::Net), Access::Write);
                self.access(all, id, Thing::Link(name, Facet::Vlan), Access::Write);
            }
        }
        for other in leans_on(op, self.now()).into_iter().chain(mtu::lowered_with(self, op)) {
            self.access(all, id, Thing::Link(other, Facet::Link), Access::Read);
        }
        for other in others.iter().filter(|other| **other != name) {
            self.access(all, id, Thing::Link(*other, Facet::Net), Access::Write);
            if !net_only {
                self.access(all, id, Thing::Link(*other, Facet::Link), Access::Write);
            }
        }
        after
    }

    /// Bonds that a port goes into or comes out of. The first and the last port of a bond are not like the others (its
    /// MAC), so these steps go one after the other.
    fn bonds_of(&self, touched: &BTreeMap<u32, Option<Piece>>) -> Vec<IfName> {
        let before = touched
            .values()
            .flatten()
            .filter_map(|piece| self.start.by_index(piece.link.master?));
        let after = touched
            .keys()
            .filter_map(|index| self.now().by_index(self.now().by_index(*index)?.master?));
        let bonds = before.chain(after).filter(|link| link.kind == Kind::Bond);
        bonds.map(|link| link.name).collect()
    }

    /// Links that a deleted one stood on or was a port of.
    fn stood_on(&self, touched: &BTreeMap<u32, Option<Piece>>) -> Vec<IfName> {
        let links = touched.values().flatten().map(|piece| &piece.link);
        let below = links.flat_map(|link| link.below().into_iter().chain(link.master));
        below
            .filter_map(|index| self.now().by_index(index))
            .map(|link| link.name)
            .collect()
    }

    /// The places of routes that a step took away or brought, on purpose or not.
    fn moved_routes(&self, touched: &BTreeMap<u32, Option<Piece>>) -> Vec<Thing> {
        let mut places = Vec::new();
        for (index, before) in touched {
            let old = before.as_ref().map_or(&[][..], |piece| &piece.routes);
            let new = self.now().routes(*index);
            let gone = old.iter().filter(|route| !new.contains(route));
            let come = new.iter().filter(|route| !old.contains(route));
            places.extend(
                gone.chain(come)
                    .filter(|route| route.protocol != 2 || route.via.is_some())
                    .map(place),
            );
        }
        places
    }

    fn needs(&self, op: &Op) -> BTreeSet<StepId> {
        let name = op.name();
        let mut needs = BTreeSet::new();
        if !matches!(op, Op::CreateLink { .. }) {
            needs.extend(self.last.made.get(&name));
        }
        match op {
            Op::CreateLink { parent, peer, up, .. } => {
                needs.extend(self.last.deleted.get(&name));
                needs.extend(parent.and_then(|parent| self.last.made.get(&parent)));
                needs.extend(peer.and_then(|peer| self.last.deleted.get(&peer)));
                if *up {
                    needs.extend(parent.and_then(|parent| self.last.upped.get(&parent)));
                }
            }
            Op::SetMaster {
                master: Some(master), ..
            } => {
                needs.extend(self.last.made.get(master));
                if self.link(*master).is_some_and(|master| master.kind == Kind::Bond) {
                    needs.extend(self.last.downed.get(&name));
                }
            }
            Op::SetPort { .. } | Op::AddVlans { on_self: false, .. } | Op::DelVlans { on_self: false, .. } => {
                needs.extend(self.last.joined.get(&name))
            }
            Op::SetData { links, .. } => {
                let named = links.iter().filter_map(|(_, link)| *link);
                needs.extend(named.filter_map(|link| self.last.joined.get(&link)));
                if !self.is_up(name) {
                    needs.extend(self.last.downed.get(&name));
                }
            }
            Op::SetUp { up: true, .. } => {
                let parent = self.link(name).and_then(|link| self.now().by_index(link.parent?));
                needs.extend(parent.and_then(|parent| self.last.upped.get(&parent.name)));
            }
            Op::DelRule { rule, .. } => needs.extend(local_rule::in_its_place(*rule, &self.steps)),
            Op::AddRoute { route, .. } => {
                needs.extend(self.last.upped.get(&name));
                let near = self.last.addressed.get(&name).and_then(|all| {
                    let via = route.via?;
                    all.iter().find(|(address, _)| crate::fake::covers(address, via))
                });
                needs.extend(near.map(|(_, id)| id));
            }
            _ => {}
        }
        needs
    }

    fn remember(&mut self, id: StepId, op: &Op) {
        let name = op.name();
        match op {
            Op::CreateLink { peer, up, .. } => {
                self.last.made.insert(name, id);
                if let Some(peer) = peer {
                    self.last.made.insert(*peer, id);
                }
                if *up {
                    self.last.upped.insert(name, id);
                }
            }
            Op::DeleteLink { .. } => {
                self.last.deleted.insert(name, id);
            }
            Op::SetMaster { master: Some(_), .. } => {
                self.last.joined.insert(name, id);
            }
            Op::SetUp { up: true, .. } => {
                self.last.upped.insert(name, id);
            }
            Op::SetUp { up: false, .. } => {
                self.last.downed.insert(name, id);
            }
            Op::AddAddress { address, .. } => {
                let all = self.last.addressed.entry(name).or_default();
                all.push((address.clone(), id));
            }
            _ => {}
        }
    }

    /// What was wanted of the link, where it is declared or implied.
    pub(super) fn want(&self, name: IfName) -> Option<&'a WantLink> {
        self.desired.get(name)
    }

    pub(super) fn finish(self) -> Planned {
        Planned {
            plan: Plan {
                lines: self.lines(),
                steps: order::hooks_late(self.steps),
            },
            diagnostics: self.diagnostics,
            refused: false,
        }
    }

    /// Nothing is done; why was said.
    pub(super) fn refuse(self) -> Planned {
        Planned {
            plan: Plan::default(),
            diagnostics: self.diagnostics,
            refused: true,
        }
    }

    /// Where the options of the links that the plan makes or sets are written.
    fn lines(&self) -> BTreeMap<IfName, Vec<(&'static str, Place)>> {
        let set = self.steps.iter().filter_map(|step| match &step.action {
            Action::Kernel(
                op @ (Op::CreateLink { .. } | Op::SetLink { .. } | Op::SetData { .. } | Op::SetPort { .. }),
            ) => Some(op.name()),
            _ => None,
        });
        let names: BTreeSet<IfName> = set.collect();
        let lines = names.into_iter().filter_map(|name| {
            let knobs = self.want(name)?.knobs.iter();
            let lines = knobs.filter_map(|knob| Some((knob.attr.name, knob.origin.place()?)));
            Some((name, lines.collect()))
        });
        lines.collect()
    }
}

fn place(route: &Route) -> Thing {
    Thing::Route(route.to.0, route.to.1, route.table, crate::fake::kept_metric(route))
}

/// Links that a step refers to besides the one it changes.
fn leans_on(op: &Op, now: &Snapshot) -> Vec<IfName> {
    match op {
        Op::CreateLink { parent, .. } => parent.iter().copied().collect(),
        Op::SetMaster { master, .. } => master.iter().copied().collect(),
        Op::SetData { links, .. } => links.iter().filter_map(|(_, link)| *link).collect(),
        Op::SetUp { name, .. } => {
            let link = now.get(*name);
            let parent = link.and_then(|link| now.by_index(link.parent?));
            let parent = parent.filter(|_| link.is_some_and(|link| link.kind != Kind::Veth));
            parent.map(|parent| parent.name).into_iter().collect()
        }
        Op::AddVlans { name, .. } | Op::DelVlans { name, .. } => {
            let master = now.get(*name).and_then(|link| now.by_index(link.master?));
            master.map(|master| master.name).into_iter().collect()
        }
        _ => Vec::new(),
    }
}
