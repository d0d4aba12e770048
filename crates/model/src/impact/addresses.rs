//! Addresses that go, move or cannot be reached for a moment, and hardware addresses that peers know.

use super::film::{Film, Way, answers};
use super::flaps::Flap;
use super::{Interruption, Sort, is_public, list, vlans};
use crate::fake::stood_on;
use crate::name::IfName;
use crate::snapshot::{Link, Snapshot};
use crate::types::{Address, Kind};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// Where an address answers: the link and its VRF.
type Holder = (IfName, Option<IfName>);

/// Addresses that somebody would miss, each with what becomes of it.
pub(super) fn lost(film: &Film<'_>, flaps: &BTreeMap<IfName, Flap>) -> BTreeMap<IpAddr, Interruption> {
    let mut found = BTreeMap::new();
    for link in film.start.links().iter().filter(|link| answers(link)) {
        for address in film.start.addresses(link.index) {
            if !is_public(address.ip) || found.contains_key(&address.ip) {
                continue;
            }
            if let Some(text) = fate(film, flaps, link, address) {
                let told = Interruption::new(Sort::Address, link.name, text);
                found.insert(address.ip, told);
            }
        }
    }
    found
}

/// What becomes of an address, where that is noticed.
fn fate(film: &Film<'_>, flaps: &BTreeMap<IfName, Flap>, link: &Link, address: &Address) -> Option<String> {
    let before = holders(film.start, address.ip);
    let after = holders(&film.end, address.ip);
    let name = link.name;
    let names = |holders: &BTreeSet<Holder>| {
        list(holders.iter().map(|(name, vrf)| match vrf {
            Some(vrf) => format!("{name} in {vrf}"),
            None => name.to_string(),
        }))
    };
    if after.is_empty() {
        return Some(match port_with(&film.end, address.ip) {
            Some((port, master)) => {
                format!("{address} stays on {port}, a port of {master} then: it does not answer any longer")
            }
            None => format!("{address} of {name} goes"),
        });
    }
    if before != after {
        let more = before.is_subset(&after);
        let host = address.prefix == if address.ip.is_ipv4() { 32 } else { 128 };
        return match more {
            true if host => None,
            true => Some(format!("{address} is on {} at once", names(&after))),
            false => Some(format!("{address} moves from {} to {}", names(&before), names(&after))),
        };
    }
    if film.away.contains(&address.ip) {
        return Some(match flaps.get(&name) {
            Some(flap) => format!("{address} is away meanwhile: {name} {}", flap.text()),
            None => format!("{address} of {name} is away for a moment"),
        });
    }
    if let Some(text) = vlans::of_host(film, link) {
        return Some(format!("{address} of {name} cannot be reached any longer: {text}"));
    }
    let had = film.way(film.start, name) == Way::Yes;
    let has = film.way(&film.end, name) == Way::Yes;
    let meanwhile = film.least.get(&name).is_some_and(|way| *way != Way::Yes);
    (had && has && meanwhile).then(|| format!("{address} cannot be reached meanwhile: {}", cause(film, flaps, name)))
}

/// Why a link has no way out for a moment.
pub(super) fn cause(film: &Film<'_>, flaps: &BTreeMap<IfName, Flap>, name: IfName) -> String {
    let mut below = film.below(film.start, name);
    below.extend(film.below(&film.end, name));
    let flapping = below.iter().filter_map(|lower| Some((lower, flaps.get(lower)?)));
    let mut causes: Vec<String> = flapping
        .map(|(lower, flap)| format!("{lower} {}", flap.text()))
        .collect();
    if causes.is_empty() {
        let out = film.start.links().iter().filter(|link| film.left.contains(&link.index));
        let out = out.filter(|link| below.contains(&link.name));
        causes.extend(out.map(|link| format!("{} leaves its master", link.name)));
    }
    match causes.is_empty() {
        true => format!("{name} has no way out for a moment"),
        false => causes.join(", "),
    }
}

fn holders(now: &Snapshot, ip: IpAddr) -> BTreeSet<Holder> {
    let links = now.links().iter().filter(|link| answers(link));
    let holds = |link: &&Link| now.addresses(link.index).iter().any(|address| address.ip == ip);
    links.filter(holds).map(|link| (link.name, vrf(now, link))).collect()
}

fn vrf(now: &Snapshot, link: &Link) -> Option<IfName> {
    let master = now.by_index(link.master?)?;
    (master.kind == Kind::Vrf).then_some(master.name)
}

/// The port that has the address, and its master.
fn port_with(now: &Snapshot, ip: IpAddr) -> Option<(IfName, IfName)> {
    let holds = |link: &&Link| now.addresses(link.index).iter().any(|address| address.ip == ip);
    let port = now.links().iter().filter(|link| link.master.is_some()).find(holds)?;
    Some((port.name, now.by_index(port.master?)?.name))
}

/// Links whose hardware address their peers have learned and that get another one.
pub(super) fn macs(film: &Film<'_>) -> Vec<Interruption> {
    let mut found = Vec::new();
    for index in &film.touched {
        let (Some(before), Some(after)) = (film.start.by_index(*index), film.end.by_index(*index)) else {
            continue;
        };
        let (Some(old), Some(new)) = (before.mac(), after.mac()) else {
            continue;
        };
        let mut addresses = film.end.addresses(*index).iter();
        let known = answers(before) && answers(after) && addresses.any(|address| is_public(address.ip));
        // A VLAN follows its link; that one is named where it has addresses, else the VLAN is.
        let follows = stood_on(after).filter_map(|below| film.end.by_index(below));
        let told = follows
            .into_iter()
            .any(|below| film.end.addresses(below.index).iter().any(|has| is_public(has.ip)));
        if known && old != new && !told {
            let name = before.name;
            let text = format!("the MAC of {name} changes from {old} to {new}: peers learn it anew");
            found.push(Interruption::new(Sort::Mac, name, text));
        }
    }
    found
}

/// Link-local addresses that go: nobody is reported those, but for a login that came in by one.
pub(super) fn link_local(film: &Film<'_>) -> Vec<(IpAddr, String)> {
    let mut gone = Vec::new();
    for link in film.start.links().iter().filter(|link| !link.is_loopback()) {
        let touched = film.touched.contains(&link.index);
        let all = film.start.addresses(link.index).iter().filter(|_| touched);
        let down = film.down.contains(&link.index) || !film.later(link).is_some_and(answers);
        for address in all.filter(|address| !is_public(address.ip) && down) {
            gone.push((
                address.ip,
                format!("{address} of {} goes, or is away meanwhile", link.name),
            ));
        }
    }
    gone
}
