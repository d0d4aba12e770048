//! Carriers that are lost, and what hangs on links that go down.

use super::film::{Film, Way};
use super::flaps::{Flap, is_noticed};
use super::{Interruption, Sort, is_public, list};
use crate::name::IfName;
use crate::snapshot::{Link, Snapshot};
use std::collections::BTreeMap;

/// Links with addresses that have a way out now and none at the end, though they stay.
pub(super) fn lost(film: &Film<'_>) -> Vec<Interruption> {
    let has_address = |link: &Link, now: &Snapshot| now.addresses(link.index).iter().any(|has| is_public(has.ip));
    let mut found = Vec::new();
    for after in film.end.links().iter().filter(|link| link.is_up()) {
        let name = after.name;
        let way = film.way(&film.end, name);
        if way == Way::Yes || !has_address(after, &film.end) || after.is_loopback() {
            continue;
        }
        // It had a way out before, or has an address now that had one elsewhere.
        let moved = film.end.addresses(after.index).iter().any(|has| {
            let mut holders = film.start.links().iter().filter(|link| {
                let mut all = film.start.addresses(link.index).iter();
                all.any(|old| old.ip == has.ip)
            });
            is_public(has.ip) && holders.any(|link| film.way(film.start, link.name) == Way::Yes)
        });
        if moved || film.way(film.start, name) == Way::Yes {
            found.push(Interruption::new(
                Sort::Carrier,
                name,
                format!("{name} {}", without(film, after, way)),
            ));
        }
    }
    found
}

/// Why no frame gets out of a link, as the end of a sentence that starts with its name.
pub(super) fn without(film: &Film<'_>, link: &Link, way: Way) -> String {
    let ports: Vec<IfName> = match link.kind.row().is_layer_2_master() {
        true => {
            let ports = film.end.ports(link.index);
            ports
                .filter(|port| !film.is_guest(port))
                .map(|port| port.name)
                .collect()
        }
        false => Vec::new(),
    };
    let names = || list(ports.iter().map(IfName::to_string));
    match (ports.is_empty(), way) {
        (true, _) if link.kind.row().is_layer_2_master() => "has no port left that leads out".to_owned(),
        (true, Way::Unknown) => "may have no carrier: what it stands on is down now".to_owned(),
        (true, _) => "has no carrier then".to_owned(),
        (false, Way::Unknown) => {
            let are = if ports.len() == 1 { "is" } else { "are" };
            format!("may have no carrier: {} {are} down now", names())
        }
        (false, _) => format!("has no port with carrier then ({})", names()),
    }
}

/// Links that nobody declares and that stand on one that goes down: a container's macvlan, somebody's VLAN.
pub(super) fn hanging(film: &Film<'_>, flaps: &BTreeMap<IfName, Flap>) -> Vec<Interruption> {
    let mut found = Vec::new();
    for link in film.start.links().iter().filter(|link| film.is_guest(link)) {
        let parents = crate::fake::stood_on(link).filter_map(|index| film.start.by_index(index));
        for parent in parents {
            let Some(flap) = flaps.get(&parent.name) else { continue };
            if flaps.contains_key(&link.name) || !link.is_up() || !is_noticed(film, link.name) {
                continue;
            }
            found.push(Interruption::new(
                Sort::Guests,
                link.name,
                format!("{} loses its way out: {} {}", link.name, parent.name, flap.text()),
            ));
        }
    }
    found
}

/// Links that a setting of their NIC may cost the carrier for seconds.
pub(super) fn unsteady(film: &Film<'_>) -> Vec<Interruption> {
    let told = film.unsteady.iter();
    let told = told.map(|(name, whys)| {
        let text = format!("{name} may lose its carrier for seconds: {}", whys.join(", "));
        Interruption::new(Sort::Carrier, *name, text)
    });
    told.collect()
}
