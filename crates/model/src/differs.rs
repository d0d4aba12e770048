//! Whether a kernel is as it was: two snapshots, all that they tell of each link.
//!
//! Where [`crate::verify`] asks whether the kernel has what a file wants, this asks what of the host is another thing than
//! before, whoever made it: the question after a run that was undone.

use crate::attrs::bond;
use crate::conf_names;
use crate::hash::{Map, Set};
use crate::kernel_attr::Nest;
use crate::kinds::Below;
use crate::name::{IfName, Mac};
use crate::nla::Attrs;
use crate::op::Op;
use crate::plan::undo::{is_made_by_kernel, lasts};
use crate::show::words::{attribute, settable, word};
use crate::snapshot::{IFF_UP, IFLA_ADDRESS, IFLA_GROUP, IFLA_IFALIAS, IFLA_MTU, IFLA_TXQLEN, Link, Snapshot};
use crate::types::{Address, Kind, Leg, Multipath};
use crate::vlans::VlanMap;
use std::fmt::{self, Display};

/// `IFF_NOARP`, `IFF_PROMISC`, `IFF_ALLMULTI` and `IFF_MULTICAST` of linux/if.h, with their words in ip-link(8).
const FLAGS: [(u32, &str); 5] = [
    (IFF_UP, "up"),
    (1 << 7, "noarp"),
    (1 << 8, "promisc"),
    (1 << 9, "allmulticast"),
    (1 << 12, "multicast"),
];

/// What became of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It is gone, or has another value.
    Lost,
    /// It was not there before.
    New,
    /// It is gone, and the kernel or a router makes it again in its time.
    Late,
}

/// One thing that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The link, by its name before (of a new one, its name).
    pub link: IfName,
    /// What became of it.
    pub change: Fate,
    /// What takes away what is new, where a step can.
    pub take_away: Option<Op>,
    /// The rest of a sentence that begins with the link: "has no address 10.0.0.1/24", "has mtu 1500, not 9000".
    pub text: String,
}

impl Display for Difference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.link, self.text)
    }
}

/// The index that each link of `before` has in `now`: the one that it had, or, where it was made again, that of its name.
pub(crate) fn matched(before: &Snapshot, now: &Snapshot) -> Map<u32, u32> {
    let mut all: Map<u32, u32> = Map::default();
    let same = |link: &Link| now.by_index(link.index).filter(|is| is.kind == link.kind);
    let (kept, rest): (Vec<&Link>, Vec<&Link>) = before.links().iter().partition(|link| same(link).is_some());
    all.extend(kept.iter().map(|link| (link.index, link.index)));
    let taken: Set<u32> = all.values().copied().collect();
    for link in rest {
        let is = now
            .get(link.name)
            .filter(|is| is.kind == link.kind && !taken.contains(&is.index));
        all.extend(is.map(|is| (link.index, is.index)));
    }
    all
}

/// The links that are there by the name and kind that they had, and are other links all the same.
///
/// What no snapshot tells of a link (its queueing disciplines, filters, multicast groups, alternative neighbours, the
/// settings of its neighbour tables) is that of a new one. A new link may get the index of the old one: one that was not
/// there `between` is a new one, too.
pub fn rebuilt(before: &Snapshot, between: &[&Snapshot], now: &Snapshot) -> Vec<IfName> {
    let all = matched(before, now);
    let links = before.links().iter();
    let stayed = |link: &Link| {
        let there = |then: &&Snapshot| then.by_index(link.index).is_some_and(|is| is.kind == link.kind);
        between.iter().all(there)
    };
    let other = links.filter(|link| {
        let is = all.get(&link.index);
        is.is_some_and(|is| *is != link.index || !stayed(link))
    });
    other.map(|link| link.name).collect()
}

/// All that differs, link by link. Both must have been read with the same query.
///
/// *Shape*: what moves by itself is left out: carrier and operational state, timers, lifetimes that run down, duplicate
/// address detection.
pub fn differences(before: &Snapshot, now: &Snapshot) -> Vec<Difference> {
    let matched = matched(before, now);
    let mut all = Differences {
        before,
        now,
        matched: &matched,
        found: Vec::new(),
    };
    for link in before.links() {
        match matched.get(&link.index).and_then(|index| now.by_index(*index)) {
            Some(is) => all.link(link, is),
            None => all.lost(link, "is not there".to_owned()),
        }
    }
    all.rules();
    all.multipath();
    let known: Set<u32> = matched.values().copied().collect();
    for new in now.links().iter().filter(|is| !known.contains(&is.index)) {
        all.found_new(new, Op::DeleteLink { name: new.name }, "is there".to_owned());
    }
    all.found
}

struct Differences<'a> {
    before: &'a Snapshot,
    now: &'a Snapshot,
    matched: &'a Map<u32, u32>,
    found: Vec<Difference>,
}

impl Differences<'_> {
    fn add(&mut self, link: &Link, change: Fate, text: String) {
        self.found.push(Difference {
            link: link.name,
            change,
            take_away: None,
            text,
        });
    }

    fn found_new(&mut self, link: &Link, take_away: Op, text: String) {
        self.found.push(Difference {
            link: link.name,
            change: Fate::New,
            take_away: Some(take_away),
            text,
        });
    }

    fn lost(&mut self, link: &Link, text: String) {
        self.add(link, Fate::Lost, text);
    }

    /// Rules of policy routing are of no link: `lo` stands for the host.
    fn rules(&mut self) {
        let (Some(old), Some(new)) = (&self.before.rules, &self.now.rules) else {
            return;
        };
        let Some(host) = self.now.links().iter().find(|link| link.is_loopback()) else {
            return;
        };
        for rule in old.iter().filter(|rule| !new.contains(rule)) {
            self.lost(host, format!("is without the rule `{rule}`"));
        }
        for rule in new.iter().filter(|rule| !old.contains(rule)) {
            let take_away = Op::DelRule {
                name: host.name,
                rule: *rule,
            };
            self.found_new(host, take_away, format!("has the rule `{rule}`"));
        }
    }

    /// Routes over several ways, each of which may have lost its link.
    fn multipath(&mut self) {
        for route in &self.before.multipath {
            let legs = route.legs.iter();
            let legs = legs.map(|leg| leg.over(self.matched.get(&leg.link).copied().unwrap_or(0)));
            let legs: Vec<Leg<u32>> = legs.collect();
            let same = |is: &&Multipath| is.route == route.route && is.legs == legs;
            let first = route.legs.first().and_then(|leg| self.before.by_index(leg.link));
            if let (None, Some(first)) = (self.now.multipath.iter().find(same), first) {
                self.lost(
                    first,
                    format!("is without the route {} over {} ways", route.route, legs.len()),
                );
            }
        }
    }

    fn link(&mut self, was: &Link, is: &Link) {
        if was.name != is.name {
            self.lost(was, format!("is called {}", is.name));
        }
        for (flag, word) in FLAGS {
            match (was.flags & flag != 0, is.flags & flag != 0) {
                (true, false) => self.lost(was, format!("is not {word}")),
                (false, true) => self.lost(was, format!("is {word}")),
                _ => {}
            }
        }
        for name in was.altnames.iter().filter(|name| !is.altnames.contains(name)) {
            self.lost(was, format!("has no altname {name}"));
        }
        for name in is.altnames.iter().filter(|name| !was.altnames.contains(name)) {
            self.add(was, Fate::New, format!("has the altname {name}"));
        }
        self.attributes(was, is);
        let below = [
            ("master", was.master, is.master),
            ("link below", parent(was), parent(is)),
        ];
        for (word, old, new) in below {
            // The other end of a veth pair is not a link below.
            if word == "master" || was.kind != Kind::Veth {
                self.reference(was, word, old, new);
            }
        }
        self.data(was, is);
        self.conf(was, is);
        self.nic(was, is);
        self.addresses(was, is);
        self.routes(was, is);
        self.bridge(was, is);
        self.neighbours(was, is);
    }

    /// A link that this one names by its index.
    fn reference(&mut self, link: &Link, word: &str, was: Option<u32>, is: Option<u32>) {
        let expected = was.map(|index| self.matched.get(&index).copied());
        if expected.unwrap_or(None) == is && (was.is_none() || expected.flatten().is_some()) {
            return;
        }
        let old = was.and_then(|index| self.before.by_index(index)).map(|link| link.name);
        let new = is.and_then(|index| self.now.by_index(index)).map(|link| link.name);
        match (old, new) {
            (Some(old), Some(new)) => self.lost(link, format!("has {word} {new}, not {old}")),
            (Some(old), None) => self.lost(link, format!("has no {word} {old}")),
            (None, Some(new)) => self.lost(link, format!("has {word} {new}")),
            // Links of other network namespaces, or ones that were gone before, too.
            (None, None) => {}
        }
    }

    fn attributes(&mut self, was: &Link, is: &Link) {
        let text = |bytes: Option<&[u8]>, number: u16| {
            let bytes = bytes.filter(|bytes| !bytes.is_empty())?;
            Some(match number {
                IFLA_ADDRESS => Mac::new(bytes)?.to_string(),
                IFLA_IFALIAS => String::from_utf8_lossy(bytes.strip_suffix(b"\0").unwrap_or(bytes)).into_owned(),
                _ => u32::from_ne_bytes(bytes.try_into().ok()?).to_string(),
            })
        };
        let words = [
            (IFLA_ADDRESS, "the hardware address"),
            (IFLA_MTU, "mtu"),
            (IFLA_TXQLEN, "txqueuelen"),
            (IFLA_IFALIAS, "the alias"),
            (IFLA_GROUP, "group"),
        ];
        for (number, word) in words {
            let old = text(was.attrs.get(number), number);
            let new = text(is.attrs.get(number), number);
            self.value(was, word, old, new);
        }
        let mode = |link: &Link| link.addr_gen_mode.map(|mode| mode.to_string());
        self.value(was, "addrgenmode", mode(was), mode(is));
    }

    fn value(&mut self, link: &Link, word: &str, was: Option<String>, is: Option<String>) {
        match (was, is) {
            (was, is) if was == is => {}
            (Some(was), Some(is)) => self.lost(link, format!("has {word} {is}, not {was}")),
            (Some(was), None) => self.lost(link, format!("has no {word} {was}")),
            (None, Some(is)) => self.lost(link, format!("has {word} {is}")),
            (None, None) => {}
        }
    }

    /// Options of the kind, and of the port.
    fn data(&mut self, was: &Link, is: &Link) {
        self.nest(was, (Nest::Data, &was.kind), &was.data, &is.data);
        if let (Some(old), Some(new)) = (&was.port_kind, &is.port_kind)
            && old == new
        {
            self.nest(was, (Nest::Port, old), &was.port, &is.port);
        }
        if was.kind == Kind::Bond {
            let index = |link: &Link| {
                let bytes = link.data.get(bond::PRIMARY.number)?.try_into().ok();
                bytes.map(u32::from_ne_bytes).filter(|index| *index != 0)
            };
            self.reference(was, "primary", index(was), index(is));
        }
    }

    fn nest(&mut self, link: &Link, (nest, kind): (Nest, &Kind), was: &Attrs, is: &Attrs) {
        for (number, old) in was.iter().filter(|(number, _)| settable(nest, kind, *number)) {
            // Whatever it says where it is not set.
            let Some(new) = is.get(number) else {
                if old.iter().any(|byte| *byte != 0) {
                    let old = attribute(nest, kind, number, old);
                    self.lost(link, format!("has no{old}"));
                }
                continue;
            };
            if old != new {
                let old = attribute(nest, kind, number, old);
                let new = attribute(nest, kind, number, new);
                self.lost(link, format!("has{new}, not{old}"));
            }
        }
        let set = |number: u16, bytes: &[u8]| was.get(number).is_none() && bytes.iter().any(|byte| *byte != 0);
        let new = is
            .iter()
            .filter(|(number, bytes)| settable(nest, kind, *number) && set(*number, bytes));
        for (number, bytes) in new {
            let text = match attribute(nest, kind, number, bytes) {
                text if text.trim().is_empty() => format!(" {}", word(nest, kind, number)),
                text => text,
            };
            self.lost(link, format!("has{text}"));
        }
    }

    /// What ethtool(8) shows.
    fn nic(&mut self, was: &Link, is: &Link) {
        let (Some(old), Some(new)) = (&was.ethtool, &is.ethtool) else {
            return;
        };
        for set in old.back(was.name, new) {
            self.lost(was, format!("has other settings, to be put back with `{set}`"));
        }
    }

    fn conf(&mut self, was: &Link, is: &Link) {
        let v4 = conf_names::differing(false, &was.conf4, &is.conf4);
        let v6 = conf_names::differing(true, &was.conf6, &is.conf6);
        for conf in v4.into_iter().chain(v6) {
            let family = if conf.v6 { "net.ipv6" } else { "net.ipv4" };
            self.lost(was, format!("has {family} {} {}, not {}", conf.key, conf.is, conf.was));
        }
        match (was.conf6.is_empty(), is.conf6.is_empty()) {
            (false, true) => self.lost(was, "has no IPv6".to_owned()),
            (true, false) => self.lost(was, "has IPv6".to_owned()),
            _ => {}
        }
    }

    fn addresses(&mut self, was: &Link, is: &Link) {
        let (old, new) = (self.before.addresses(was.index), self.now.addresses(is.index));
        for address in old {
            match new.iter().find(|is| is.same(address)) {
                None => {
                    let late = is_made_by_kernel(address, was) || !lasts(address);
                    let change = if late { Fate::Late } else { Fate::Lost };
                    self.add(was, change, format!("has no address {address}"));
                }
                Some(is) if !alike(address, is) => {
                    self.lost(was, format!("has the address {address} with other properties"));
                }
                Some(_) => {}
            }
        }
        for address in new.iter().filter(|is| !old.iter().any(|old| old.same(is))) {
            // One that the kernel or a router made is nobody's doing.
            if !is_made_by_kernel(address, is) && lasts(address) {
                let take_away = Op::DelAddress {
                    name: is.name,
                    address: address.clone(),
                };
                self.found_new(was, take_away, format!("has the address {address}"));
            }
        }
        for v4 in [true, false] {
            let both = |of: &[Address], other: &[Address]| -> Vec<String> {
                let kept = of.iter().filter(|address| address.ip.is_ipv4() == v4);
                let kept = kept.filter(|address| other.iter().any(|other| other.same(address)));
                let kept = kept.filter(|address| lasts(address) && !is_made_by_kernel(address, was));
                kept.map(ToString::to_string).collect()
            };
            let (old, new) = (both(old, new), both(new, old));
            if old != new {
                let text = format!(
                    "has its addresses in the order {}, not {}",
                    new.join(", "),
                    old.join(", ")
                );
                self.lost(was, text);
            }
        }
    }

    fn routes(&mut self, was: &Link, is: &Link) {
        const RA: u8 = 9;
        let (old, new) = (self.before.routes(was.index), self.now.routes(is.index));
        for route in old.iter().filter(|route| !new.contains(route)) {
            let change = if route.protocol == RA { Fate::Late } else { Fate::Lost };
            self.add(was, change, format!("has no route {route}"));
        }
        for route in new.iter().filter(|route| !old.contains(route) && route.protocol != RA) {
            let take_away = Op::DelRoute {
                name: is.name,
                route: route.clone(),
            };
            self.found_new(was, take_away, format!("has the route {route}"));
        }
    }

    fn bridge(&mut self, was: &Link, is: &Link) {
        let (old, new) = (self.before.vlans(was.index), self.now.vlans(is.index));
        let (old, new) = (VlanMap::of(old), VlanMap::of(new));
        let shown = |all: Vec<crate::types::VlanRange>| {
            let all: Vec<String> = all.iter().map(ToString::to_string).collect();
            all.join(", ")
        };
        let (missing, beyond) = (old.missing_in(&new), new.beyond(&old));
        if !missing.is_empty() {
            self.lost(was, format!("has not VLAN {}", shown(missing)));
        }
        if !beyond.is_empty() {
            let take_away = Op::DelVlans {
                name: is.name,
                on_self: is.kind == Kind::Bridge,
                ranges: beyond.clone(),
            };
            self.found_new(was, take_away, format!("has VLAN {}", shown(beyond)));
        }
        let (old, new) = (self.before.fdb(was.index), self.now.fdb(is.index));
        let shown = |fdb: &crate::types::Fdb| {
            let dst = fdb.dst.map(|dst| format!(" dst {dst}")).unwrap_or_default();
            let vlan = fdb.vlan.map(|vlan| format!(" vlan {vlan}")).unwrap_or_default();
            let state = if fdb.on_self == fdb.fixed {
                "permanent"
            } else {
                "static"
            };
            format!("forwarding entry {}{dst}{vlan} {state}", fdb.mac)
        };
        for fdb in old.iter().filter(|fdb| !new.contains(fdb)) {
            self.lost(was, format!("has no {}", shown(fdb)));
        }
        for fdb in new.iter().filter(|fdb| !old.contains(fdb)) {
            let take_away = Op::DelFdb {
                name: is.name,
                fdb: fdb.clone(),
            };
            self.found_new(was, take_away, format!("has the {}", shown(fdb)));
        }
    }

    fn neighbours(&mut self, was: &Link, is: &Link) {
        let (old, new) = (self.before.neighbours(was.index), self.now.neighbours(is.index));
        for neighbour in old.iter().filter(|old| !new.contains(old)) {
            self.lost(was, format!("has no permanent neighbour {neighbour}"));
        }
        for neighbour in new.iter().filter(|new| !old.contains(new)) {
            self.add(was, Fate::New, format!("has the permanent neighbour {neighbour}"));
        }
    }
}

fn parent(link: &Link) -> Option<u32> {
    match link.kind.row().below {
        Below::Data(..) => link.below(),
        Below::Link(_) | Below::Nothing | Below::Peer(_) => link.parent.filter(|index| *index != 0),
    }
}

/// Whether two addresses that are the same to the kernel have the same properties; lifetimes run down.
fn alike(a: &Address, b: &Address) -> bool {
    use crate::show::{IFA_F_NODAD, IFA_F_NOPREFIXROUTE};
    let flags = IFA_F_NODAD | IFA_F_NOPREFIXROUTE | u32::from(a.ip.is_ipv4());
    a.broadcast == b.broadcast
        && a.scope == b.scope
        && a.label == b.label
        && a.metric == b.metric
        && a.preferred.is_some() == b.preferred.is_some()
        && a.valid.is_some() == b.valid.is_some()
        && a.flags & flags == b.flags & flags
}

/// Differences in one sentence:
/// `vmbr0 has no address 10.0.0.1/24, has mtu 1500, not 9000; eno1 is not up`.
pub fn sentence(all: &[&Difference]) -> String {
    let mut text = String::new();
    let mut last = None;
    for found in all {
        match last {
            Some(link) if link == found.link => text += &format!(", {}", found.text),
            Some(_) => text += &format!("; {found}"),
            None => text += &found.to_string(),
        }
        last = Some(found.link);
    }
    text
}
