//! Links that no stanza declares but that others name, and links that are not on the machine.

use super::kinds::bad_vlan_id;
use super::{Build, set_number, vlan_name};
use crate::decl::{Method, Stanza};
use crate::desired::{LinkRef, WantLink};
use crate::hash::{Map, Set};
use crate::name::IfName;
use crate::table;
use crate::types::{Kind, Origin};
use cleat_diag::{Diagnostic, Place};
use std::collections::HashSet;

/// What is written under an interface that this program does not make itself.
const MADE_ELSEWHERE: &[&str] = &[
    "ovs-",
    "tunnel-",
    "wireguard-",
    "wifi-",
    "batman-",
    "xfrm-",
    "ppp-",
    "provider",
];

fn bad_peer(peer: IfName, name: IfName, place: Place, why: String) -> Diagnostic {
    Diagnostic::error("bad-peer", format!("`{peer}` cannot be the other end of `{name}`"))
        .at(place, why)
        .note("the link is left out")
}

impl Build<'_> {
    /// Adds what is only named: `eno1.5` in `bridge-ports`, a NIC without a stanza, the other end of a veth pair.
    pub(super) fn implied(&mut self) {
        let mut at = 0;
        let mut unpaired = HashSet::new();
        while at < self.links.len() {
            let link = &self.links[at];
            let name = link.name;
            let master = matches!(link.kind, Kind::Bridge | Kind::Bond).then_some(name);
            let ports = link.ports.clone();
            let (parent, peer, vrf) = (link.parent, link.peer, link.master);
            for port in ports {
                if self.imply(port, name) {
                    if let Some(link) = self.link_mut(port.name).filter(|link| link.master.is_none()) {
                        link.master = master.map(|name| LinkRef {
                            name,
                            origin: port.origin,
                        });
                    }
                } else if let Some(link) = self.link_mut(name) {
                    link.ports.retain(|other| other.name != port.name);
                }
            }
            for lower in [parent, vrf].into_iter().flatten() {
                self.imply(lower, name);
            }
            if let Some(fault) = peer.and_then(|peer| self.other_end(peer, name)) {
                self.found.push(fault.on(name));
                unpaired.insert(name);
            }
            at += 1;
        }
        if !unpaired.is_empty() {
            self.retain(|link| !unpaired.contains(&link.name));
        }
        self.missing();
    }

    /// Whether the named link is there or could be added.
    fn imply(&mut self, named: LinkRef, by: IfName) -> bool {
        if self.by_name.contains_key(&named.name) {
            return true;
        }
        // A stanza that was reported and left out is not brought back by its name.
        if self.decls.get(named.name).is_some() {
            return false;
        }
        let Some(place) = named.origin.place() else {
            return false;
        };
        let mut link = WantLink::new(named.name, Origin::Implied(place, "named"));
        if let Some((base, id)) = vlan_name(named.name.as_str()) {
            if !(1..=4094).contains(&id) {
                self.found.push(bad_vlan_id(id, place).on(by));
                return false;
            }
            let Ok(base) = IfName::new(base) else { return false };
            let origin = Origin::Implied(place, "vlan-name");
            link.kind = Kind::Vlan;
            link.parent = Some(LinkRef { name: base, origin });
            set_number(&mut link, "vlan-id", id, origin);
        }
        self.insert(link);
        true
    }

    /// Sees to it that both ends of a pair know each other; what is wrong where they do not.
    fn other_end(&mut self, peer: LinkRef, name: IfName) -> Option<Diagnostic> {
        let place = peer.origin.place()?;
        let back = LinkRef {
            name,
            origin: peer.origin,
        };
        // The end that is named by the other one alone was looked at with that one.
        let is_paired = |link: &mut WantLink| link.kind == Kind::Veth && link.peer.is_some_and(|it| it.name == name);
        if peer.name != name && self.link_mut(peer.name).is_some_and(is_paired) {
            return None;
        }
        let there = self.facts.and_then(|facts| facts.get(peer.name));
        let in_the_way = there.filter(|is| is.kind != Kind::Veth && peer.name != name);
        if let Some(is) = in_the_way {
            let why = match is.kind {
                Kind::Physical => "that is a NIC, which is there".to_owned(),
                ref kind => format!("that is a {kind}, which is there"),
            };
            return Some(bad_peer(peer.name, name, place, why));
        }
        let Some(link) = self.link_mut(peer.name) else {
            let mut link = WantLink::new(peer.name, Origin::Implied(place, "veth-peer"));
            link.kind = Kind::Veth;
            link.peer = Some(back);
            self.insert(link);
            return None;
        };
        let itself = peer.name == name;
        let why = match (&link.kind, link.peer) {
            (Kind::Physical | Kind::Veth, _) if itself => "that is the link itself".to_owned(),
            (Kind::Veth, Some(other)) => format!("its other end is `{}`", other.name),
            (Kind::Veth | Kind::Physical, None) => {
                link.kind = Kind::Veth;
                link.peer = Some(back);
                return None;
            }
            (Kind::Physical, Some(_)) => return None,
            (kind, _) => format!("that is {}", kind.row().called),
        };
        Some(bad_peer(peer.name, name, place, why))
    }

    /// Reports physical links that are named and not there: an error where something that is to come up lacks them.
    fn missing(&mut self) {
        let Some(facts) = self.facts else { return };
        let lacked = self.lacked();
        let mut told = HashSet::new();
        let gone: Vec<&WantLink> = self
            .links
            .iter()
            .filter(|link| link.kind == Kind::Physical && facts.get(link.name).is_none() && !self.made_elsewhere(link))
            .collect();
        let named_by = self.named_by();
        let mut found = Vec::new();
        for link in gone {
            let by = named_by.get(&link.name).copied();
            let of_itself = is_in(link, "auto").then_some(link.name);
            let (place, text, on) = match (by, of_itself) {
                (Some((place, upper)), _) => (place, format!("needed by `{upper}`"), upper),
                (None, Some(name)) if !is_in(link, "hotplug") => {
                    let place = self.decls.get(name).map(|decl| decl.name_place).unwrap_or_default();
                    (place, "cannot be brought up".to_owned(), name)
                }
                _ => continue,
            };
            if told.insert(link.name) {
                let message = format!("there is no link `{}` on this machine", link.name);
                let diagnostic = match lacked.contains(&link.name) {
                    true => Diagnostic::error("missing-link", message),
                    false => Diagnostic::warning("missing-link", message),
                };
                found.push(diagnostic.at(place, text).on(on).help(self.instead(link.name)));
            }
        }
        self.found.extend(found);
    }

    /// What an interface that is marked `auto` cannot be without, near or far, and such interfaces themselves where they
    /// have more to do than to be up. One that is marked `allow-hotplug` may come later and is not missed.
    fn lacked(&self) -> HashSet<IfName> {
        let auto = self.links.iter().filter(|link| is_in(link, "auto"));
        let mut all: Vec<IfName> = auto.clone().map(|link| link.name).collect();
        let mut seen: HashSet<IfName> = all.iter().copied().collect();
        let mut lacked: HashSet<IfName> = auto
            .filter(|link| self.has_layer_3(link.name))
            .map(|link| link.name)
            .collect();
        let mut at = 0;
        while let Some(name) = all.get(at).copied() {
            at += 1;
            let lowers = self.link(name).into_iter().flat_map(WantLink::lower);
            let lowers: Vec<IfName> = lowers.map(|lower| lower.name).collect();
            lacked.extend(lowers.iter().copied());
            all.extend(lowers.into_iter().filter(|lower| seen.insert(*lower)));
        }
        lacked.retain(|name| self.link(*name).is_some_and(|link| !is_in(link, "hotplug")));
        lacked
    }

    /// Whether the stanzas of the interface give it an address, or ask for one.
    fn has_layer_3(&self, name: IfName) -> bool {
        self.decls.get(name).is_some_and(|decl| {
            let asks = |stanza: &Stanza| matches!(stanza.method, Method::Dhcp | Method::Auto);
            decl.last("address").is_some() || decl.stanzas.iter().any(asks)
        })
    }

    fn made_elsewhere(&self, link: &WantLink) -> bool {
        let decl = self.decls.get(link.name);
        let foreign = |decl: &crate::decl::Decl| {
            let keys = decl.options.iter().map(|said| said.key.value.as_str());
            let mut keys = keys.filter(|key| MADE_ELSEWHERE.iter().any(|start| key.starts_with(start)));
            keys.next().is_some() || decl.hooks.iter().any(|hook| hook.phase == crate::desired::Phase::PreUp)
        };
        decl.is_some_and(foreign)
    }

    /// Of each link who names it first as its port or parent, and where.
    fn named_by(&self) -> Map<IfName, (Place, IfName)> {
        let mut named = Map::default();
        for upper in &self.links {
            let mut of_upper = Set::default();
            for lower in upper.lower().filter(|lower| of_upper.insert(lower.name)) {
                if let Some(place) = lower.origin.place() {
                    named.entry(lower.name).or_insert((place, upper.name));
                }
            }
        }
        named
    }

    /// What could have been meant by a name that is not there.
    fn instead(&self, name: IfName) -> String {
        let Some(facts) = self.facts else { return String::new() };
        if let Some(link) = facts.find(name.as_str()) {
            return format!("`{name}` is another name of `{}`: write that one", link.name);
        }
        let free = facts.links().iter().filter(|link| {
            link.kind == Kind::Physical && !link.is_loopback() && !self.by_name.contains_key(&link.name)
        });
        let free: Vec<&str> = free.map(|link| link.name.as_str()).collect();
        let near = free.iter().map(|free| (table::distance(name.as_str(), free), *free));
        match near.min().filter(|(distance, _)| *distance <= 2) {
            Some((_, near)) => format!("did you mean `{near}`, which is there and not used?"),
            None if free.is_empty() => "put the card in, or take the name out of the file".to_owned(),
            None => format!("links that are there and not used: {}", free.join(", ")),
        }
    }
}

fn is_in(link: &WantLink, class: &str) -> bool {
    link.classes.iter().any(|found| found == class)
}
