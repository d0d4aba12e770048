//! Routes of others over several links: each way follows its subnet to the link that has it now.

use super::builder::Builder;
use super::moving::port_of;
use crate::fake::{by_leg, covers, same_place};
use crate::name::IfName;
use crate::op::Op;
use crate::types::{Leg, Multipath, Origin, Route};
use cleat_diag::Diagnostic;
use std::net::IpAddr;

const WHY: Origin = Origin::Own("follows its subnet");

/// Gives each route over several links the ways that it had, wherever their gateways are now; what has lost a way for good is
/// reported. Like `ip route replace ... nexthop via GATEWAY dev LINK ...`.
pub(super) fn follow(builder: &mut Builder<'_>) {
    for old in &builder.start.multipath {
        if let Some(was) = old.named(builder.start) {
            follow_one(builder, old, &was);
        }
    }
}

fn follow_one(builder: &mut Builder<'_>, old: &Multipath, was: &Route) {
    let place = |is: &Route| same_place(is, was);
    let declared = builder.desired.links().iter().flat_map(|want| &want.routes);
    let is_taken =
        builder.now().routes.values().flatten().any(place) || declared.map(|wanted| &wanted.value).any(place);
    if is_taken {
        return;
    }
    let mut legs: Vec<Leg> = Vec::new();
    let mut lost: Vec<&Leg> = Vec::new();
    for leg in &was.legs {
        match heir(builder, was, leg) {
            Some(link) => legs.push(leg.over(link)),
            None => lost.push(leg),
        }
    }
    let is = builder.now().multipath.iter().find(|is| place(&is.route));
    let is = is.and_then(|is| is.named(builder.now())).map(|is| is.legs);
    let untouched = is.as_ref() == Some(&was.legs);
    // A way that the kernel still has though it leads nowhere is not for this run to judge.
    if untouched && (legs == was.legs || !lost.is_empty()) || is.as_ref() == Some(&legs) {
        return;
    }
    let Some(first) = legs.first().map(|leg| leg.link) else {
        let from = was.legs.first().map(|leg| leg.link);
        let text = format!(
            "the route `{}` over {} links, which others made, goes with the last of its ways",
            old.route,
            old.legs.len()
        );
        let warning = Diagnostic::warning("route-lost", text);
        builder.say(match from {
            Some(from) => warning.on(from),
            None => warning,
        });
        return;
    };
    for leg in lost {
        let way = match leg.via {
            Some(via) => format!("by {via} on {}", leg.link),
            None => format!("on {}", leg.link),
        };
        let text = format!(
            "the route `{}`, which others made, loses its way {way}: no link takes its place",
            old.route
        );
        builder.say(Diagnostic::warning("route-lost", text).on(leg.link));
    }
    for (old_leg, new) in was
        .legs
        .iter()
        .filter_map(|old| Some((old, legs.iter().find(|new| new.via == old.via)?)))
    {
        if old_leg.link != new.link {
            let text = format!(
                "the route `{}` moves from {} to {} with its subnet",
                old.route, old_leg.link, new.link
            );
            builder.say(Diagnostic::info("route-moved", text).on(old_leg.link));
        }
    }
    let route = Route { legs, ..was.clone() };
    let op = Op::AddRoute {
        name: first,
        route,
        replace: true,
    };
    builder.op(first, op, WHY);
}

/// The link that a way is to lead out of now.
fn heir(builder: &mut Builder<'_>, route: &Route, leg: &Leg) -> Option<IfName> {
    let way = by_leg(route, leg);
    let v4 = route.to.0.is_ipv4();
    let has = |builder: &Builder<'_>, name: IfName| {
        let index = builder.link(name).map(|link| link.index);
        index.is_some_and(|index| builder.now().addresses(index).iter().any(|is| is.ip.is_ipv4() == v4))
    };
    let had = builder
        .start
        .get(leg.link)
        .map_or(&[][..], |link| builder.start.addresses(link.index));
    let had: Vec<IpAddr> = had.iter().filter(|is| is.ip.is_ipv4() == v4).map(|is| is.ip).collect();
    let empty = !had.is_empty() && !has(builder, leg.link);
    if !empty && port_of(builder, leg.link).is_none() && builder.takes_route(leg.link, &way) {
        return Some(leg.link);
    }
    let now = builder.now();
    let near = |index: u32| {
        let mut all = now.addresses(index).iter();
        all.any(|is| match leg.via.filter(|_| !leg.onlink) {
            Some(via) => covers(is, via),
            None => had.contains(&is.ip),
        })
    };
    let links = now
        .links()
        .iter()
        .filter(|link| link.name != leg.link && near(link.index));
    let names: Vec<IfName> = links.map(|link| link.name).collect();
    names.into_iter().find(|name| builder.takes_route(*name, &way))
}
