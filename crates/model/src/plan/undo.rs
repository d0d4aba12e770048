//! What takes a step back: from the simulated kernel before and after it.

use super::link;
use crate::attrs::bond;
use crate::fake::{FakeKernel, IFA_F_PERMANENT, Piece, defaults, scope6};
use crate::kernel_attr::Nest;
use crate::name::IfName;
use crate::nla::Attrs;
use crate::op::{Action, Op};
use crate::show::words::settable;
use crate::snapshot::{IFLA_ADDRESS, IFLA_GROUP, IFLA_IFALIAS, IFLA_MTU, IFLA_TXQLEN, Link, Snapshot};
use crate::types::{Address, Kind, Route, ScopeId};
use crate::vlans::VlanMap;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// The steps that lead back from `now` to how the touched links were.
pub(super) fn inverse(op: &Op, touched: &BTreeMap<u32, Option<Piece>>, sim: &mut FakeKernel) -> Vec<Action> {
    let short = match op {
        Op::CreateLink { name, .. } if touched.values().all(Option::is_none) => Some(Op::DeleteLink { name: *name }),
        Op::AddAddress {
            name,
            address,
            replace: false,
        } if touched.len() == 1 && !takes_routes_along(address, touched) => Some(Op::DelAddress {
            name: *name,
            address: address.clone(),
        }),
        Op::SetUp { name, up: true } if touched.len() == 1 => Some(Op::SetUp { name: *name, up: false }),
        // The bridge did not change when the port came, so it does not when the port goes.
        Op::SetMaster {
            name,
            master: Some(master),
        } if touched.len() == 1 => {
            let free = touched.values().flatten().any(|piece| piece.link.master.is_none());
            // A bond changes its port; a VRF one that is up.
            let master = sim.now().get(*master);
            let bond = master.is_some_and(|link| link.kind == Kind::Bond);
            let member = master.is_some_and(|link| link.kind == Kind::Vrf)
                && touched.values().flatten().any(|piece| piece.link.is_up());
            (free && !bond && !member).then_some(Op::SetMaster {
                name: *name,
                master: None,
            })
        }
        Op::AddRule { name, rule } => Some(Op::DelRule {
            name: *name,
            rule: *rule,
        }),
        Op::DelRule { name, rule } => Some(Op::AddRule {
            name: *name,
            rule: *rule,
        }),
        _ => None,
    };
    let several = several(sim.several());
    let steps = match short {
        Some(op) => vec![op],
        None => restore(op, touched, sim),
    };
    steps.into_iter().chain(several).map(Action::Kernel).collect()
}

/// Gives routes over several links back whole.
pub(super) fn several(all: &[Route]) -> Vec<Op> {
    let give = |route: &Route| {
        Some(Op::AddRoute {
            name: route.legs.first()?.link,
            route: route.clone(),
            replace: true,
        })
    };
    all.iter().filter_map(give).collect()
}

/// Whether the address would take routes along that were there before it: with its last IPv4 address a link loses all its
/// IPv4 routes, also those by `onlink` gateways (`fib_disable_ip`).
fn takes_routes_along(address: &Address, touched: &BTreeMap<u32, Option<Piece>>) -> bool {
    let v4 = |ip: &IpAddr| ip.is_ipv4();
    address.ip.is_ipv4()
        && touched.values().flatten().any(|was| {
            let first = !was.addresses.iter().any(|address| v4(&address.ip));
            first && was.routes.iter().any(|route| v4(&route.to.0))
        })
}

/// Leads a kernel in state `now` back to these pieces: what is `None` is deleted, the rest made and set as it was.
fn restore(op: &Op, touched: &BTreeMap<u32, Option<Piece>>, sim: &mut FakeKernel) -> Vec<Op> {
    let part = around(op, touched, sim);
    let now = sim.now();
    // What hangs together with them is to stay as it is now, whatever taking the steps back does to it.
    let mut goal = touched.clone();
    for link in part.links() {
        goal.entry(link.index).or_insert_with(|| Piece::of(now, link.index));
    }
    let goal = &goal;
    let mut back = Back {
        kernel: FakeKernel::new(part),
        ops: Vec::new(),
        start: now,
        goal,
    };
    back.kernel.predict();
    // The other end of a veth pair gets a MAC by chance again: it must not look like the one that it had.
    back.kernel.number_past(goal.keys().copied().max().unwrap_or(0));
    back.walk();
    back.ops
}

/// The way back, as it is found on a simulated kernel.
pub(super) struct Back<'a> {
    /// The kernel after the steps so far.
    pub(super) kernel: FakeKernel,
    /// The steps so far.
    pub(super) ops: Vec<Op>,
    /// The kernel as the way begins.
    pub(super) start: &'a Snapshot,
    /// What is to be, by the index in `start`; `None`: nothing.
    pub(super) goal: &'a BTreeMap<u32, Option<Piece>>,
}

impl Back<'_> {
    /// Leads the simulated kernel to the goal, step by step.
    pub(super) fn walk(&mut self) {
        let goal = self.goal;
        for (index, piece) in goal {
            let there = self.kernel.now().by_index(*index).map(|link| link.name);
            if let (None, Some(name)) = (piece, there) {
                self.take(Op::DeleteLink { name });
            }
        }
        let pieces = in_order(goal);
        for piece in &pieces {
            self.make(&piece.link);
        }
        for piece in &pieces {
            self.settings(&piece.link);
        }
        // Settings come before ports: a bond without a MAC of its own would take that of its first port.
        for piece in &pieces {
            self.master(&piece.link);
        }
        for piece in &pieces {
            self.port(piece);
        }
        for piece in pieces.iter().rev() {
            if !piece.link.is_up() {
                self.up(&piece.link);
            }
        }
        for piece in &pieces {
            if piece.link.is_up() {
                self.up(&piece.link);
            }
        }
        for piece in &pieces {
            self.settings(&piece.link);
            self.net(piece);
        }
    }

    fn name(&self, index: u32) -> Option<IfName> {
        let before = self
            .goal
            .get(&index)
            .and_then(Option::as_ref)
            .map(|piece| piece.link.name);
        before.or_else(|| self.start.by_index(index).map(|link| link.name))
    }

    pub(super) fn take(&mut self, op: Op) {
        self.takes(op);
    }

    /// Takes the step where the kernel does, and says so.
    fn takes(&mut self, op: Op) -> bool {
        let taken = self.kernel.step(&op).is_ok();
        if taken {
            self.ops.push(op);
        }
        taken
    }

    /// Adds a route as it was. Its gateway may be in no subnet of the link (any longer): the kernel asks for a way to it only
    /// as the route is added (`fib_check_nh`), so one is there for that moment.
    fn route(&mut self, name: IfName, route: &Route) {
        let add = |route: &Route, replace| Op::AddRoute {
            name,
            route: route.clone(),
            replace,
        };
        let Some(via) = route.via.filter(|_| !self.takes(add(route, true))) else {
            return;
        };
        const LINK: ScopeId = ScopeId(253);
        let way = Route {
            to: (via, if via.is_ipv4() { 32 } else { 128 }),
            via: None,
            onlink: false,
            metric: 0,
            source: None,
            scope: if via.is_ipv4() { LINK } else { ScopeId(0) },
            ..route.clone()
        };
        if self.takes(add(&way, false)) {
            self.take(add(route, true));
            self.take(Op::DelRoute { name, route: way });
        }
    }

    fn now(&self, name: IfName) -> Option<&Link> {
        self.kernel.now().get(name)
    }

    fn make(&mut self, was: &Link) {
        if self.now(was.name).is_some() || was.kind == Kind::Physical {
            return;
        }
        let (peer, parent) = (was.peer(), was.below());
        let name = |index: Option<u32>| index.and_then(|index| self.name(index));
        let usual = defaults::link(was.index, was.name, was.kind.clone(), defaults::mac(was.index));
        let mut link = Attrs::new();
        for number in [IFLA_ADDRESS, IFLA_MTU] {
            if let Some(payload) = was.attrs.get(number) {
                link.push(number, payload);
            }
        }
        let op = Op::CreateLink {
            name: was.name,
            kind: was.kind.clone(),
            parent: name(parent),
            peer: name(peer),
            link,
            data: differing(Nest::Data, &was.kind, &was.data, &usual.data),
            up: false,
        };
        self.take(op);
    }

    fn settings(&mut self, was: &Link) {
        let Some(is) = self.now(was.name).cloned() else { return };
        let mut link = Attrs::new();
        for number in [IFLA_MTU, IFLA_ADDRESS, IFLA_IFALIAS, IFLA_TXQLEN, IFLA_GROUP] {
            // A bond gives its ports MAC and MTU, and gives them their own back: these must be their own when they join.
            let by_bond = was.port_kind == Some(Kind::Bond) && is.port_kind != Some(Kind::Bond);
            if by_bond && matches!(number, IFLA_ADDRESS | IFLA_MTU) {
                continue;
            }
            match (was.attrs.get(number), is.attrs.get(number)) {
                // What is not known of the new link is zero there.
                (Some(old), None) if old.iter().all(|byte| *byte == 0) => {}
                (Some(old), new) if new != Some(old) => {
                    link.push(number, old);
                }
                (None, Some(_)) if number == IFLA_IFALIAS => {
                    link.push(number, b"");
                }
                _ => {}
            }
        }
        if !link.is_empty() {
            self.take(Op::SetLink { name: was.name, link });
        }
        let mut data = differing(Nest::Data, &was.kind, &was.data, &is.data);
        // The kernel shows no address where there is none.
        for number in was.kind.row().addresses {
            if let (None, Some(new)) = (was.data.get(*number), is.data.get(*number)) {
                data.push(*number, &vec![0; new.len()]);
            }
        }
        // Which port is active is the bond's own choice; which is primary is ours.
        let links: Vec<(u16, Option<IfName>)> = [bond::PRIMARY.number]
            .into_iter()
            .filter(|number| was.kind == Kind::Bond && was.data.get(*number) != is.data.get(*number))
            .map(|number| (number, was.data.get(number).and_then(|index| self.named(index))))
            .collect();
        if !data.is_empty() || !links.is_empty() {
            self.data(was, data, links);
        }
        self.conf(was, &is);
        let (Some(old), Some(new)) = (&was.ethtool, &is.ethtool) else {
            return;
        };
        for set in old.back(was.name, new) {
            self.take(Op::Ethtool(set));
        }
    }

    /// Sets options of the kind, in one request where the kernel takes that. A bond that goes back to a mode without an
    /// option must have that put back before: the mode comes first in a request, and refuses it then.
    fn data(&mut self, was: &Link, data: Attrs, links: Vec<(u16, Option<IfName>)>) {
        let op = |data: Attrs, links| Op::SetData {
            name: was.name,
            kind: was.kind.clone(),
            data,
            links,
        };
        if let (Kind::Bridge, Some((first, rest))) = (&was.kind, link::spanning_tree_first(&data)) {
            self.take(op(first, Vec::new()));
            self.take(op(rest, links));
            return;
        }
        let all = op(data.clone(), links.clone());
        // Tried on a copy, since a part of what is refused may be done.
        if was.kind != Kind::Bond || data.get(bond::MODE.number).is_none() || self.kernel.clone().step(&all).is_ok() {
            self.take(all);
            return;
        }
        let one = |(number, payload): (u16, &[u8])| [(number, payload.to_vec())].into_iter().collect();
        let (mode, others): (Vec<_>, Vec<_>) = data.iter().partition(|(number, _)| *number == bond::MODE.number);
        let before: Vec<Op> = others.iter().map(|attr| op(one(*attr), Vec::new())).collect();
        let (first, after): (Vec<Op>, Vec<Op>) =
            before.into_iter().partition(|op| self.kernel.clone().step(op).is_ok());
        first.into_iter().for_each(|op| self.take(op));
        mode.into_iter().for_each(|attr| self.take(op(one(attr), Vec::new())));
        after.into_iter().for_each(|op| self.take(op));
        if !links.is_empty() {
            self.take(op(Attrs::new(), links));
        }
    }

    fn named(&self, index: &[u8]) -> Option<IfName> {
        let index = u32::from_ne_bytes(index.try_into().ok()?);
        self.name(index)
    }

    fn conf(&mut self, was: &Link, is: &Link) {
        use crate::attr::Wire;
        let value = |values: &[i32], at: u16| values.get(usize::from(at)).copied();
        for attr in crate::table::all() {
            let (v6, at, key, old, new) = match attr.wire {
                Wire::Conf4(at, key) => (false, at, key, &was.conf4, &is.conf4),
                Wire::Conf6(at, key) => (true, at, key, &was.conf6, &is.conf6),
                _ => continue,
            };
            if let (Some(old), Some(new)) = (value(old, at), value(new, at))
                && old != new
            {
                self.take(Op::SetConf {
                    name: was.name,
                    v6,
                    key: key.to_owned(),
                    value: i64::from(old),
                });
            }
        }
        if let (Some(old), true) = (was.addr_gen_mode, was.addr_gen_mode != is.addr_gen_mode) {
            self.take(Op::SetAddrGenMode {
                name: was.name,
                mode: old,
            });
        }
    }

    fn master(&mut self, was: &Link) {
        let Some(is) = self.now(was.name).cloned() else { return };
        let wanted = was.master.and_then(|index| self.name(index));
        let found = is.master.and_then(|index| self.name(index));
        if wanted == found {
            return;
        }
        let bond = wanted
            .and_then(|name| self.now(name))
            .is_some_and(|master| master.kind == Kind::Bond);
        if bond && is.is_up() {
            self.take(Op::SetUp {
                name: was.name,
                up: false,
            });
        }
        self.take(Op::SetMaster {
            name: was.name,
            master: wanted,
        });
    }

    fn port(&mut self, was: &Piece) {
        let Some(is) = self.now(was.link.name).cloned() else {
            return;
        };
        if let (Some(kind), true) = (&was.link.port_kind, is.port_kind == was.link.port_kind) {
            let data = differing(Nest::Port, kind, &was.link.port, &is.port);
            if !data.is_empty() {
                self.take(Op::SetPort {
                    name: was.link.name,
                    kind: kind.clone(),
                    data,
                });
            }
        }
        let (wanted, found) = (VlanMap::of(&was.vlans), VlanMap::of(self.kernel.now().vlans(is.index)));
        let on_self = is.kind == Kind::Bridge;
        let (missing, beyond) = (wanted.missing_in(&found), found.beyond(&wanted));
        if !missing.is_empty() {
            self.take(Op::AddVlans {
                name: was.link.name,
                on_self,
                ranges: missing,
            });
        }
        if !beyond.is_empty() {
            self.take(Op::DelVlans {
                name: was.link.name,
                on_self,
                ranges: beyond,
            });
        }
    }

    fn up(&mut self, was: &Link) {
        if self.now(was.name).is_some_and(|is| is.is_up() != was.is_up()) {
            self.take(Op::SetUp {
                name: was.name,
                up: was.is_up(),
            });
        }
    }

    fn net(&mut self, was: &Piece) {
        let name = was.link.name;
        let Some(index) = self.now(name).map(|link| link.index) else {
            return;
        };
        for is in self.kernel.now().addresses(index).to_vec() {
            let kept = was.addresses.iter().any(|old| old.same(&is) && alike(old, &is));
            if !kept && self.kernel.now().addresses(index).iter().any(|left| left.same(&is)) {
                self.take(Op::DelAddress { name, address: is });
            }
        }
        // The kernel has the newest IPv6 address of a scope first, and IPv4 addresses in the order in which they came.
        let (v4, v6): (Vec<&Address>, Vec<&Address>) = was.addresses.iter().partition(|old| old.ip.is_ipv4());
        let all = v4.into_iter().chain(v6.into_iter().rev());
        for old in all.filter(|old| returns(old, &was.link)) {
            let there = self.kernel.now().addresses(index).iter().find(|is| old.same(is));
            if !there.is_some_and(|is| is.metric == old.metric && is.preferred == old.preferred) {
                let mut address = old.clone();
                address.flags &= crate::show::IFA_F_NODAD | crate::show::IFA_F_NOPREFIXROUTE;
                self.take(Op::AddAddress {
                    name,
                    address,
                    replace: true,
                });
            }
        }
        for is in self.kernel.now().routes(index).to_vec() {
            if is.protocol != 2 && !was.routes.contains(&is) {
                self.take(Op::DelRoute { name, route: is });
            }
        }
        for old in was.routes.iter().filter(|old| old.protocol != 2 || old.via.is_some()) {
            if !self.kernel.now().routes(index).contains(old) {
                self.route(name, old);
            }
        }
        for is in self.kernel.now().fdb(index).to_vec() {
            if !was.fdb.contains(&is) {
                self.take(Op::DelFdb { name, fdb: is });
            }
        }
        for old in &was.fdb {
            if !self.kernel.now().fdb(index).contains(old) {
                self.take(Op::AddFdb { name, fdb: old.clone() });
            }
        }
    }
}

/// Whether an address is put back: those that the kernel made, or got from a router advertisement, come back by
/// themselves.
pub(super) fn returns(address: &Address, link: &Link) -> bool {
    lasts(address) && !is_made_by_kernel(address, link)
}

/// Whether an address is none of those that a router gives and takes.
pub(crate) fn lasts(address: &Address) -> bool {
    address.ip.is_ipv4() || address.flags & IFA_F_PERMANENT != 0
}

/// Whether it is the link-local address that the kernel makes of the MAC or, in the stable modes, of a secret.
///
/// *Source*: `addrconf_addr_gen` in net/ipv6/addrconf.c; RFC 4291, appendix A.
pub(crate) fn is_made_by_kernel(address: &Address, link: &Link) -> bool {
    const STABLE_PRIVACY: u8 = 2;
    let IpAddr::V6(ip) = address.ip else { return false };
    if scope6(address.ip).0 != 253 {
        return false;
    }
    let stable = link.addr_gen_mode.is_some_and(|mode| mode >= STABLE_PRIVACY);
    let of_mac = link.mac().and_then(|mac| match *mac.bytes() {
        [a, b, c, d, e, f] => Some([a ^ 2, b, c, 0xff, 0xfe, d, e, f]),
        _ => None,
    });
    stable || of_mac.is_some_and(|end| ip.octets().ends_with(&end))
}

fn alike(old: &Address, new: &Address) -> bool {
    old.broadcast == new.broadcast && old.label == new.label && old.scope == new.scope
}

/// The attributes that differ and can be set. Where nothing is known of how it is now, all zero is taken to be so.
pub(super) fn differing(nest: Nest, kind: &Kind, was: &Attrs, is: &Attrs) -> Attrs {
    was.iter()
        .filter(|(number, payload)| match is.get(*number) {
            _ if !settable(nest, kind, *number) => false,
            Some(now) => now != *payload,
            None => payload.iter().any(|byte| *byte != 0),
        })
        .map(|(number, payload)| (number, payload.to_vec()))
        .collect()
}

/// Whether taking the step back may change other links than those that it changed itself.
fn spreads(op: &Op) -> bool {
    match op {
        Op::CreateLink { .. } | Op::DeleteLink { .. } | Op::RenameLink { .. } => true,
        Op::SetMaster { .. } | Op::SetUp { .. } | Op::SetData { .. } => true,
        Op::SetLink { link, .. } => link.get(IFLA_ADDRESS).is_some() || link.get(IFLA_MTU).is_some(),
        Op::SetPort { .. } | Op::AddVlans { .. } | Op::DelVlans { .. } => false,
        Op::AddAddress { .. } | Op::DelAddress { .. } | Op::AddRoute { .. } | Op::DelRoute { .. } => false,
        Op::AddFdb { .. } | Op::DelFdb { .. } | Op::SetConf { .. } | Op::SetAddrGenMode { .. } => false,
        Op::SetSysctl { .. } | Op::AddRule { .. } | Op::DelRule { .. } | Op::Ethtool(_) => false,
    }
}

/// The part of the kernel that matters: the touched links and, where that spreads, their masters, ports, parents and
/// children.
fn around(op: &Op, touched: &BTreeMap<u32, Option<Piece>>, sim: &mut FakeKernel) -> Snapshot {
    let mut wanted: BTreeSet<u32> = touched.keys().copied().collect();
    if spreads(op) {
        for piece in touched.values().flatten() {
            wanted.extend(piece.link.master);
            wanted.extend(piece.link.parent);
            wanted.extend(piece.link.below());
        }
        for index in wanted.clone() {
            let (ports, children) = sim.hanging(index);
            wanted.extend(ports.into_iter().chain(children));
        }
        let above: Vec<u32> = wanted
            .iter()
            .filter_map(|index| sim.now().by_index(*index))
            .flat_map(|link| link.master.into_iter().chain(link.parent))
            .collect();
        wanted.extend(above);
    }
    let mut part = Snapshot::new();
    part.release = sim.now().release;
    for piece in wanted.into_iter().filter_map(|index| Piece::of(sim.now(), index)) {
        let index = piece.link.index;
        part.insert(piece.link);
        part.addresses.insert(index, piece.addresses);
        part.routes.insert(index, piece.routes);
        part.vlans.insert(index, piece.vlans);
        part.fdb.insert(index, piece.fdb);
    }
    part
}

/// Lower links first.
fn in_order(goal: &BTreeMap<u32, Option<Piece>>) -> Vec<&Piece> {
    let mut left: Vec<&Piece> = goal.values().flatten().collect();
    let mut done: Vec<&Piece> = Vec::new();
    while !left.is_empty() {
        let waits = |piece: &&Piece| {
            let below = piece.link.below();
            below.is_some() && left.iter().any(|other| Some(other.link.index) == below)
        };
        let (next, rest): (Vec<&Piece>, Vec<&Piece>) = left.iter().copied().partition(|piece| !waits(piece));
        if next.is_empty() {
            done.extend(rest);
            break;
        }
        done.extend(next);
        left = rest;
    }
    done
}
