//! What the guests on a bridge would notice.

use super::film::{Film, Way};
use super::flaps::Flap;
use super::vlans::{self, Out};
use super::{Interruption, Sort, addresses, carrier, list};
use crate::name::IfName;
use crate::snapshot::{Link, Snapshot};
use crate::types::Kind;
use std::collections::{BTreeMap, BTreeSet};

/// The guests on one bridge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guests {
    /// The bridge.
    pub bridge: IfName,
    /// Ports that nobody declares.
    pub ports: Vec<IfName>,
    /// What they would notice; empty is nothing.
    pub notice: Vec<Interruption>,
}

/// Bridges with guests that the plan touches, or what lies below them.
pub(super) fn guests(film: &Film<'_>, flaps: &BTreeMap<IfName, Flap>) -> Vec<Guests> {
    let bridges = film.start.links().iter().filter(|link| link.kind == Kind::Bridge);
    let mut all = Vec::new();
    for bridge in bridges {
        let ports = film.start.ports(bridge.index);
        let mut ports: Vec<&Link> = ports.filter(|port| film.is_guest(port)).collect();
        ports.sort_by_key(|port| port.name);
        if ports.is_empty() {
            continue;
        }
        let notice = notice(film, flaps, bridge, &ports);
        if film.touched.contains(&bridge.index) || !notice.is_empty() {
            all.push(Guests {
                bridge: bridge.name,
                ports: ports.iter().map(|port| port.name).collect(),
                notice,
            });
        }
    }
    all
}

fn notice(film: &Film<'_>, flaps: &BTreeMap<IfName, Flap>, bridge: &Link, guests: &[&Link]) -> Vec<Interruption> {
    let name = bridge.name;
    let say = |sort: Sort, text: String| Interruption::new(sort, name, text);
    if let Some(flap) = flaps.get(&name) {
        return vec![say(Sort::Guests, format!("{name} {}: they are cut off", flap.text()))];
    }
    let mut notice = Vec::new();
    notice.extend(moved(film, bridge, guests).map(|text| say(Sort::Guests, text)));
    notice.extend(way_out(film, flaps, bridge).map(|text| say(Sort::Guests, text)));
    let Some(after) = film.later(bridge) else { return notice };
    match (vlans::filters(bridge), vlans::filters(after)) {
        (false, true) => notice.push(say(Sort::Vlan, format!("{name} begins to filter by VLAN"))),
        (true, false) => notice.push(say(Sort::Vlan, format!("{name} ceases to filter by VLAN"))),
        _ => notice.extend(
            lost_vlans(film, bridge, guests)
                .into_iter()
                .map(|text| say(Sort::Vlan, text)),
        ),
    }
    notice.extend(mtu(film, bridge, guests).map(|text| say(Sort::Mtu, text)));
    notice
}

/// Guests that are taken out of the bridge.
fn moved(film: &Film<'_>, bridge: &Link, guests: &[&Link]) -> Option<String> {
    let stays = |guest: &&&Link| {
        film.end
            .by_index(guest.index)
            .is_some_and(|now| now.master == Some(bridge.index))
    };
    let out: Vec<String> = guests
        .iter()
        .filter(|guest| !stays(guest))
        .map(|guest| guest.name.to_string())
        .collect();
    (!out.is_empty()).then(|| format!("{} is taken out of {}", list(out), bridge.name))
}

/// What becomes of the guests' way out.
fn way_out(film: &Film<'_>, flaps: &BTreeMap<IfName, Flap>, bridge: &Link) -> Option<String> {
    let name = bridge.name;
    let after = film.later(bridge)?;
    let below = film.below(&film.end, name);
    let leaves = |port: &&Link| !film.is_guest(port) && !below.contains(&port.name);
    let leaving: Vec<&Link> = film.start.ports(bridge.index).filter(leaves).collect();
    let carried = leaving.iter().any(|port| film.way(film.start, port.name) == Way::Yes);
    let names = || list(leaving.iter().map(|port| port.name.to_string()));
    let had = film.way(film.start, name) == Way::Yes;
    let has = film.way(&film.end, name);
    match (had, has) {
        (true, Way::Yes) if carried => Some(format!("{} leaves {name}", names())),
        (true, Way::Yes) => {
            let meanwhile = film.least.get(&name).is_some_and(|way| *way != Way::Yes);
            meanwhile.then(|| {
                let cause = addresses::cause(film, flaps, name);
                format!("{cause}: they lose the way out meanwhile")
            })
        }
        (true, _) if !leaving.is_empty() => Some(format!("{} leaves {name}: they lose the way out", names())),
        (true, way) => {
            let why = addresses::cause(film, flaps, name);
            let after = carrier::without(film, after, way);
            Some(format!("{name} {after}: they lose the way out ({why})"))
        }
        (false, _) => None,
    }
}

/// Sentences on VLANs, guests that lose the same together.
fn lost_vlans(film: &Film<'_>, bridge: &Link, guests: &[&Link]) -> Vec<String> {
    let Some(out) = Out::of(film, bridge) else {
        return Vec::new();
    };
    let mut by_text: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for guest in guests {
        let Some(after) = film.end.by_index(guest.index) else {
            continue;
        };
        for text in out.lost(guest, after, None) {
            by_text.entry(text).or_default().push(guest.name.to_string());
        }
    }
    let texts = by_text.into_iter();
    texts.map(|(text, names)| format!("{}: {text}", list(names))).collect()
}

/// The least MTU of a bridge and all that carries it, with the link that has it.
fn least_mtu<'a>(film: &Film<'_>, now: &'a Snapshot, name: IfName) -> Option<&'a Link> {
    let below = film.below(now, name);
    let all = below.iter().chain([&name]).filter_map(|name| now.get(*name));
    all.filter(|link| link.kind != Kind::Vrf).min_by_key(|link| link.mtu())
}

/// Guests that may send frames which are too long for their way out at the end, and were not before.
fn mtu(film: &Film<'_>, bridge: &Link, guests: &[&Link]) -> Option<String> {
    let before = least_mtu(film, film.start, bridge.name)?.mtu();
    let narrow = least_mtu(film, &film.end, film.later(bridge)?.name)?;
    let after = narrow.mtu();
    let over = guests.iter().filter(|guest| guest.mtu() > after);
    let over: Vec<String> = over.map(|guest| format!("{} ({})", guest.name, guest.mtu())).collect();
    (after < before && !over.is_empty()).then(|| {
        format!(
            "the MTU of {} is {after} then, below that of {}",
            narrow.name,
            list(over)
        )
    })
}

/// Links that nobody declares whose MTU is lowered with the link that they stand on.
pub(super) fn lowered(film: &Film<'_>) -> Vec<Interruption> {
    let mut found = Vec::new();
    let touched: BTreeSet<u32> = film.touched.clone();
    for link in film.start.links().iter().filter(|link| film.is_guest(link)) {
        let parents = crate::fake::stood_on(link).filter(|index| touched.contains(index));
        for index in parents {
            let (Some(before), Some(after)) = (film.start.by_index(index), film.end.by_index(index)) else {
                continue;
            };
            if after.mtu() < before.mtu() && after.mtu() < link.mtu() {
                let (name, mtu) = (link.name, link.mtu());
                let text = format!(
                    "the MTU of {} is {} then, below that of {name} ({mtu})",
                    after.name,
                    after.mtu()
                );
                found.push(Interruption::new(Sort::Mtu, name, text));
            }
        }
    }
    found
}
