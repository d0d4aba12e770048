//! Default routes that go, move or lead nowhere, and other routes that go.

use super::film::{Default, Film, key};
use super::{Interruption, Sort};
use crate::fake::{covers, kept_metric, network};
use crate::name::IfName;
use crate::snapshot::Snapshot;
use crate::types::Route;
use std::collections::BTreeMap;

/// The `rtm_protocol` of the kernel's own routes.
const KERNEL: u8 = 2;

/// The best default route of each family and table, with its link.
fn best(now: &Snapshot) -> BTreeMap<Default, (IfName, Route)> {
    let mut best: BTreeMap<Default, (IfName, Route)> = BTreeMap::new();
    for (index, routes) in &now.routes {
        let Some(link) = now.by_index(*index) else { continue };
        for route in routes.iter().filter(|route| route.is_default()) {
            let better = |old: &(IfName, Route)| {
                let order = |name: IfName, route: &Route| (kept_metric(route), name);
                order(link.name, route) < order(old.0, &old.1)
            };
            if best.get(&key(route)).is_none_or(better) {
                best.insert(key(route), (link.name, route.clone()));
            }
        }
    }
    best
}

/// What becomes of the default routes, by family and table.
pub(super) fn gateways(film: &Film<'_>) -> Vec<(Option<Default>, Interruption)> {
    let before = best(film.start);
    let after = best(&film.end);
    let mut found = Vec::new();
    for (key, (name, route)) in &before {
        let text = match after.get(key) {
            None => Some(format!("the route `{route}` of {name} goes")),
            Some((to, new)) if new.via != route.via => Some(format!(
                "the default route changes from `{route}` of {name} to `{new}` of {to}"
            )),
            Some((to, _)) if to != name => Some(format!("the route `{route}` moves from {name} to {to}")),
            Some(_) if film.without.contains(key) => {
                Some(format!("the route `{route}` of {name} is away for a moment"))
            }
            Some(_) => None,
        };
        found.extend(text.map(|text| (Some(*key), Interruption::new(Sort::Gateway, *name, text))));
    }
    for (key, (name, route)) in &after {
        let is_new = before
            .get(key)
            .is_none_or(|(old, was)| (old, was.via) != (name, route.via));
        if is_new && let Some(text) = nowhere(&film.end, *name, route) {
            found.push((None, Interruption::new(Sort::Gateway, *name, text)));
        }
    }
    found
}

/// A gateway outside all subnets of its link. Where the link has nothing but host addresses, that is meant so.
fn nowhere(now: &Snapshot, name: IfName, route: &Route) -> Option<String> {
    let via = route.via?;
    let index = now.get(name)?.index;
    if matches!(via, std::net::IpAddr::V6(ip) if ip.segments()[0] & 0xffc0 == 0xfe80) {
        return None;
    }
    let widest = if via.is_ipv4() { 32 } else { 128 };
    let of_family = |ip: std::net::IpAddr| ip.is_ipv4() == via.is_ipv4();
    let subnets = now.addresses(index).iter().filter(|has| of_family(has.ip));
    let subnets = subnets.filter(|has| has.scope.0 != 253 && (has.prefix < widest || has.peer.is_some()));
    let (any, reached) = subnets.fold((false, false), |(_, reached), has| (true, reached || covers(has, via)));
    let routed = now.routes(index).iter().any(|to| {
        let plain = to.via.is_none() && !to.is_default() && of_family(to.to.0);
        plain && network(via, to.to.1) == to.to.0
    });
    (any && !reached && !routed).then(|| format!("the new gateway {via} of {name} is in no subnet of {name}"))
}

/// Other routes, whoever made them, that go or move.
pub(super) fn others(film: &Film<'_>) -> Vec<(Route, Interruption)> {
    let mut found = Vec::new();
    for index in &film.touched {
        let Some(link) = film.start.by_index(*index) else {
            continue;
        };
        for route in film.start.routes(*index) {
            let own = route.protocol == KERNEL && route.via.is_none();
            if own || route.is_default() {
                continue;
            }
            let there = |at: u32| {
                let mut all = film.end.routes(at).iter();
                all.any(|has| has.to == route.to && has.table == route.table)
            };
            if there(*index) {
                continue;
            }
            let elsewhere = film.end.links().iter().find(|other| there(other.index));
            let text = match elsewhere {
                Some(other) => format!("the route `{route}` moves from {} to {}", link.name, other.name),
                None => format!("the route `{route}` of {} goes", link.name),
            };
            found.push((route.clone(), Interruption::new(Sort::Route, link.name, text)));
        }
    }
    found
}
