//! Routes over several links, which others made: ways that none of the links has at the end are named.

use super::film::Film;
use super::flaps::Flap;
use super::{Interruption, Sort, list};
use crate::fake::{covers, same_place};
use crate::name::IfName;
use crate::snapshot::Snapshot;
use crate::types::Leg;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Those that lose a way, and those that go: the kernel drops one with the last of its links that is up, and with any
/// that is deleted (`fib_sync_down_dev`).
pub(super) fn lost(film: &Film<'_>, flaps: &BTreeMap<IfName, Flap>) -> Vec<Interruption> {
    let mut found = Vec::new();
    for several in &film.start.multipath {
        let legs: Vec<(IfName, u32, Option<IpAddr>)> = several
            .legs
            .iter()
            .filter_map(|leg| Some((film.start.by_index(leg.link)?, leg.via)))
            .filter(|(link, _)| link.is_up())
            .map(|(link, via)| (link.name, link.index, via))
            .collect();
        // One that has all its ways at the end, by whatever links, has moved with its subnets.
        let ways = |all: &[Leg<u32>]| all.iter().map(|leg| (leg.via, leg.hops)).collect::<Vec<_>>();
        let ends = film
            .end
            .multipath
            .iter()
            .find(|is| same_place(&is.route, &several.route));
        let leads = |leg: &Leg<u32>| {
            let is_up = film.end.by_index(leg.link).is_some_and(|link| link.is_up());
            let mut all = film.end.addresses(leg.link).iter();
            is_up && leg.via.is_none_or(|via| all.any(|has| covers(has, via)))
        };
        if ends.is_some_and(|is| ways(&is.legs) == ways(&several.legs) && is.legs.iter().all(leads)) {
            continue;
        }
        let is_lost = |(_, index, via): &&(IfName, u32, Option<IpAddr>)| loses(film, *index, *via);
        let lost: Vec<_> = legs.iter().filter(is_lost).collect();
        let flies = |leg: &(IfName, u32, Option<IpAddr>)| flaps.contains_key(&leg.0) || loses(film, leg.1, leg.2);
        let deleted = |leg: &(IfName, u32, Option<IpAddr>)| film.end.by_index(leg.1).is_none();
        let Some((first, ..)) = legs.first().copied() else {
            continue;
        };
        let mut names: Vec<String> = Vec::new();
        for (name, ..) in &legs {
            if !names.contains(&name.to_string()) {
                names.push(name.to_string());
            }
        }
        let route = format!("the route `{}` over {}", several.route, list(names.into_iter()));
        let text = if legs.iter().all(flies) || legs.iter().any(deleted) {
            format!("{route} goes")
        } else if lost.is_empty() {
            continue;
        } else {
            let ways = lost.iter().map(|(name, _, via)| match via {
                Some(via) => format!("by {via} on {name}"),
                None => format!("on {name}"),
            });
            format!("{route} loses its way {}", list(ways))
        };
        found.push(Interruption::new(Sort::Route, first, text));
    }
    found
}

/// Whether a link that was up no longer leads to the gateway at the end.
fn loses(film: &Film<'_>, index: u32, via: Option<IpAddr>) -> bool {
    let of_family = |ip: IpAddr| via.is_none_or(|via| via.is_ipv4() == ip.is_ipv4());
    let has_any = |now: &Snapshot| now.addresses(index).iter().any(|has| of_family(has.ip));
    let reaches = |now: &Snapshot| via.is_none_or(|via| now.addresses(index).iter().any(|has| covers(has, via)));
    let is_up = film.end.by_index(index).is_some_and(|link| link.is_up());
    !is_up || has_any(film.start) && !has_any(&film.end) || reaches(film.start) && !reaches(&film.end)
}
