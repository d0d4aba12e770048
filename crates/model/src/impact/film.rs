//! The plan as it runs: what is there at its start and its end, and what was missing on the way.

use crate::desired::Desired;
use crate::fake::FakeKernel;
use crate::hash::Map;
use crate::name::IfName;
use crate::op::{Op, Plan};
use crate::owned::{Owned, OwnedLink};
use crate::snapshot::{Link, Snapshot};
use crate::types::{Kind, Route};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Whether frames get out of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    /// It is down, or has no carrier.
    No,
    /// It is down now: whether it gets carrier is not known.
    Unknown,
    /// They do.
    Yes,
}

/// A default route: family, table.
pub(super) type Default = (bool, u32);

/// A plan that was run.
pub(super) struct Film<'a> {
    pub(super) desired: &'a Desired,
    owned: &'a Owned,
    pub(super) start: &'a Snapshot,
    pub(super) end: Snapshot,
    /// Ports and links that the plan itself takes away: those were ours, though nobody declares them any longer.
    pub(super) taken: BTreeSet<IfName>,
    /// Links of the start, by index, that a step changed.
    pub(super) touched: BTreeSet<u32>,
    /// Links of the start that were down or gone at a moment, by index.
    pub(super) down: BTreeSet<u32>,
    /// Addresses that no link held at a moment.
    pub(super) away: BTreeSet<IpAddr>,
    /// Default routes of which none was there at a moment.
    pub(super) without: BTreeSet<Default>,
    /// Ports that were out of the master that they had at the start at a moment.
    pub(super) left: BTreeSet<u32>,
    /// Links of the start that are up with carrier, and that a step may cost it for seconds: why.
    pub(super) unsteady: BTreeMap<IfName, Vec<&'static str>>,
    /// The least way out that a link had on the way, by its name now.
    pub(super) least: BTreeMap<IfName, Way>,
}

impl<'a> Film<'a> {
    pub(super) fn run(desired: &'a Desired, owned: &'a Owned, start: &'a Snapshot, plan: &Plan) -> Self {
        let taken = plan.ops().filter_map(|op| match op {
            Op::DeleteLink { name } | Op::SetMaster { name, master: None } => Some(*name),
            _ => None,
        });
        let mut film = Self {
            desired,
            owned,
            start,
            end: Snapshot::new(),
            taken: taken.collect(),
            touched: BTreeSet::new(),
            down: BTreeSet::new(),
            away: BTreeSet::new(),
            without: BTreeSet::new(),
            left: BTreeSet::new(),
            unsteady: BTreeMap::new(),
            least: BTreeMap::new(),
        };
        let mut sim = FakeKernel::new(start.clone());
        sim.predict();
        for link in start.links().iter().filter(|link| link.kind == Kind::Bridge) {
            let said = |option| desired.get(link.name).is_some_and(|want| want.knob(option).is_some());
            let mac = owned.get(link.name).is_some_and(OwnedLink::has_fixed_mac) || said("hwaddress");
            sim.assume_set(link.index, mac, said("mtu"));
        }
        let mut held = Held::of(start);
        for op in plan.ops() {
            film.note_carrier(op);
            // A step that the simulator refuses was planned for a kernel that takes it: the others still count.
            let _ = sim.step(op);
            let changed: Vec<u32> = sim.touched().keys().copied().collect();
            film.note(&changed, &mut sim, &mut held);
        }
        film.end = sim.now().clone();
        film
    }

    /// Looks whether a step may cost a link its carrier.
    fn note_carrier(&mut self, op: &Op) {
        let Op::Ethtool(set) = op else { return };
        let is_on = self
            .start
            .get(set.name)
            .is_some_and(|link| link.is_up() && link.has_carrier());
        if let Some(why) = set.group.drops_carrier().filter(|_| is_on) {
            self.unsteady.entry(set.name).or_default().push(why);
        }
    }

    /// Looks at the links that the last step changed.
    fn note(&mut self, changed: &[u32], sim: &mut FakeKernel, held: &mut Held) {
        for index in changed {
            let now = sim.now();
            held.update(*index, now);
            let Some(before) = self.start.by_index(*index) else {
                continue;
            };
            self.touched.insert(*index);
            let after = now.by_index(*index);
            if before.is_up() && !after.is_some_and(Link::is_up) {
                self.down.insert(*index);
            }
            if before.master.is_some() && after.and_then(|after| after.master) != before.master {
                self.left.insert(*index);
            }
        }
        let gone = self.start_addresses(changed).filter(|ip| !held.has(*ip));
        let gone: Vec<IpAddr> = gone.collect();
        self.away.extend(gone);
        self.without.extend(held.missing());
        for name in uppers(changed, sim, self.start) {
            let way = self.way(sim.now(), name);
            let least = self.least.entry(name).or_insert(way);
            *least = way.min(*least);
        }
    }

    fn start_addresses(&self, changed: &[u32]) -> impl Iterator<Item = IpAddr> {
        let all = changed.iter().flat_map(|index| self.start.addresses(*index));
        all.map(|address| address.ip)
    }

    /// Whether a port is a guest's, or was put there by hand: nobody declares it, it is not ours, and the plan does not
    /// take it out.
    pub(super) fn is_guest(&self, port: &Link) -> bool {
        let ours = self.owned.get(port.name).is_some();
        self.desired.get(port.name).is_none() && !ours && !self.taken.contains(&port.name)
    }

    /// Whether frames get out of the link of that name; a bridge's guests are not a way out.
    pub(super) fn way(&self, now: &Snapshot, name: IfName) -> Way {
        now.get(name).map_or(Way::No, |link| self.way_of(now, link, 0))
    }

    fn way_of(&self, now: &Snapshot, link: &Link, depth: usize) -> Way {
        // Links stand on each other eight deep at most (`MAX_NEST_DEV`); a ring in a wrong snapshot must end as well.
        const DEEPEST: usize = 16;
        if !link.is_up() || depth > DEEPEST {
            return Way::No;
        }
        let next = |link: &Link| self.way_of(now, link, depth + 1);
        match link.kind {
            Kind::Bridge => {
                let ports = now.ports(link.index).filter(|port| !self.is_guest(port));
                ports.map(next).max().unwrap_or(Way::No)
            }
            Kind::Bond => now.ports(link.index).map(next).max().unwrap_or(Way::No),
            Kind::Vrf => Way::Yes,
            Kind::Physical
            | Kind::Vlan
            | Kind::Vxlan
            | Kind::Veth
            | Kind::Dummy
            | Kind::Macvlan
            | Kind::Row(_)
            | Kind::Other(_) => match link.below() {
                Some(below) => now.by_index(below).map_or(Way::No, next),
                None => self.carrier(link),
            },
        }
    }

    /// The carrier of a link that stands on none.
    fn carrier(&self, link: &Link) -> Way {
        match self.start.by_index(link.index) {
            // Made by the plan: it has what its kind gives.
            None => Way::Yes,
            Some(before) if before.has_carrier() || before.is_loopback() => Way::Yes,
            Some(before) if before.is_up() => Way::No,
            // A driver says nothing of the wire while the link is down.
            Some(_) => Way::Unknown,
        }
    }

    /// The link at the end that was this one at the start: the same index, or else the same name.
    pub(super) fn later(&self, before: &Link) -> Option<&Link> {
        self.end.by_index(before.index).or_else(|| self.end.get(before.name))
    }

    /// All links that one rests on, those that a guest plugged into a bridge left out.
    pub(super) fn below(&self, now: &Snapshot, name: IfName) -> BTreeSet<IfName> {
        let mut found = BTreeSet::new();
        let mut todo = vec![name];
        while let Some(name) = todo.pop() {
            let Some(link) = now.get(name) else { continue };
            let ports = now.ports(link.index).filter(|port| !self.is_guest(port));
            let parents = crate::fake::stood_on(link).filter_map(|index| now.by_index(index));
            for lower in ports.chain(parents) {
                if found.insert(lower.name) {
                    todo.push(lower.name);
                }
            }
        }
        found.remove(&name);
        found
    }
}

/// Links of the start, and those above them, that stand on what changed.
fn uppers(changed: &[u32], sim: &mut FakeKernel, start: &Snapshot) -> BTreeSet<IfName> {
    let mut seen: BTreeSet<u32> = BTreeSet::new();
    let mut todo: Vec<u32> = changed.to_vec();
    while let Some(index) = todo.pop() {
        if !seen.insert(index) {
            continue;
        }
        let (_, children) = sim.hanging(index);
        todo.extend(children);
        todo.extend(sim.now().by_index(index).and_then(|link| link.master));
        todo.extend(start.by_index(index).and_then(|link| link.master));
    }
    let now = |index: u32| sim.now().by_index(index).or_else(|| start.by_index(index));
    let names = seen.into_iter().filter_map(|index| Some(now(index)?.name));
    names.collect()
}

/// Whether an address on that link answers: the link is up and not a port, whose packets go to its master.
pub(super) fn answers(link: &Link) -> bool {
    link.is_up() && !matches!(link.port_kind, Some(Kind::Bridge | Kind::Bond))
}

/// Who holds addresses and default routes at a moment.
struct Held {
    by_ip: Map<IpAddr, BTreeSet<u32>>,
    by_link: Map<u32, Vec<IpAddr>>,
    defaults: Map<u32, Vec<Default>>,
    wanted: BTreeSet<Default>,
}

impl Held {
    fn of(start: &Snapshot) -> Self {
        let mut held = Self {
            by_ip: Map::default(),
            by_link: Map::default(),
            defaults: Map::default(),
            wanted: BTreeSet::new(),
        };
        for link in start.links() {
            held.update(link.index, start);
        }
        held.wanted = held.defaults.values().flatten().copied().collect();
        held
    }

    fn update(&mut self, index: u32, now: &Snapshot) {
        for ip in self.by_link.remove(&index).unwrap_or_default() {
            if let Some(holders) = self.by_ip.get_mut(&ip) {
                holders.remove(&index);
            }
        }
        let link = now.by_index(index);
        if link.is_some_and(answers) {
            let all: Vec<IpAddr> = now.addresses(index).iter().map(|address| address.ip).collect();
            for ip in &all {
                self.by_ip.entry(*ip).or_default().insert(index);
            }
            self.by_link.insert(index, all);
        }
        let defaults = now.routes(index).iter().filter(|route| route.is_default());
        let defaults: Vec<Default> = defaults.map(key).collect();
        match defaults.is_empty() {
            true => self.defaults.remove(&index),
            false => self.defaults.insert(index, defaults),
        };
    }

    fn has(&self, ip: IpAddr) -> bool {
        self.by_ip.get(&ip).is_some_and(|holders| !holders.is_empty())
    }

    /// Default routes of the start of which none is there now.
    fn missing(&self) -> Vec<Default> {
        let there = |key: &Default| self.defaults.values().flatten().any(|has| has == key);
        self.wanted.iter().copied().filter(|key| !there(key)).collect()
    }
}

/// Family (IPv4) and table of a default route.
pub(super) fn key(route: &Route) -> Default {
    (route.to.0.is_ipv4(), route.table)
}
