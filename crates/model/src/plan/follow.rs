//! Routes of others by an address that moves: they follow it, or their loss is reported.

use super::builder::{Builder, Gone};
use super::moving::{masters, port_of};
use super::route::{RTPROT_RA, agrees};
use super::{Verb, members};
use crate::fake::{covers, same_place};
use crate::name::IfName;
use crate::op::Op;
use crate::types::{Origin, Route};
use cleat_diag::Diagnostic;
use std::net::IpAddr;

const WHY: Origin = Origin::Own("follows its subnet");
/// `RTPROT_KERNEL` of linux/rtnetlink.h.
const RTPROT_KERNEL: u8 = 2;

/// Whether the route comes and goes with an address or an advertisement, without anybody's doing.
fn is_by_itself(route: &Route) -> bool {
    route.protocol == RTPROT_RA || route.protocol == RTPROT_KERNEL && route.via.is_none()
}

/// Takes the routes that are left away from a port that has no address of its own: IPv6 routes stay when their address
/// goes, and lead past the master.
pub(super) fn leave_port(builder: &mut Builder<'_>, port: IfName) {
    let said = builder
        .want(port)
        .is_some_and(|want| !want.addresses.is_empty() || !want.routes.is_empty());
    if said || port_of(builder, port).is_none() {
        return;
    }
    let Some(index) = builder.link(port).map(|link| link.index) else {
        return;
    };
    for route in builder.now().routes(index).to_vec() {
        if route.protocol != RTPROT_KERNEL || route.via.is_some() {
            builder.op(port, Op::DelRoute { name: port, route }, WHY);
        }
    }
}

/// Takes away the routes of others whose gateway lies in a subnet that went from here to another link: the kernel keeps
/// them while the link has any other address, and always those of IPv6, and they lead nowhere.
pub(super) fn leave_subnet(builder: &mut Builder<'_>, from: IfName) {
    let (Some(was), Some(is)) = (builder.start.get(from), builder.link(from)) else {
        return;
    };
    let (was, is) = (builder.start.addresses(was.index), is.index);
    let now = builder.now();
    let here = |via| now.addresses(is).iter().any(|has| covers(has, via));
    let elsewhere = |via| {
        now.addresses
            .iter()
            .any(|(index, all)| *index != is && all.iter().any(|has| covers(has, via)))
    };
    let went = |via: &IpAddr| was.iter().any(|had| covers(had, *via)) && !here(*via) && elsewhere(*via);
    let led = |route: &&Route| route.via.filter(|_| !route.onlink).as_ref().is_some_and(went);
    let routes: Vec<Route> = now.routes(is).iter().filter(led).cloned().collect();
    for route in routes {
        if !is_by_itself(&route) && !is_ours(builder, from, &route) {
            builder.op(from, Op::DelRoute { name: from, route }, WHY);
        }
    }
}

/// Finds a place for those routes that a link had before and has no longer.
pub(super) fn lost(builder: &mut Builder<'_>, from: IfName, before: &[Route]) {
    for old in before {
        restore(builder, from, old);
    }
}

/// Puts a route of others back that is gone though nobody took it away on purpose: on its link, or on the link that
/// took over its subnet. Where no link can carry it, that is reported.
pub(super) fn restore(builder: &mut Builder<'_>, from: IfName, old: &Route) {
    // Our own does not come back in the table of a VRF either.
    if is_recorded(builder, from, old) {
        return;
    }
    let (was, is) = (builder.start.get(from), builder.link(from));
    let old = match was.zip(is) {
        Some((was, is)) => members::moved(old, (was, builder.start), (is, builder.now())),
        None => Some(old.clone()),
    };
    let Some(old) = &old else { return };
    let taken = builder.now().routes.values().flatten().any(|is| same_place(is, old));
    if taken || builder.is_gone(&Gone::route(from, old)) || is_ours(builder, from, old) {
        return;
    }
    let is_port = port_of(builder, from).is_some();
    // The kernel sends no default route of an advertisement again at once; elsewhere it will come by itself.
    let by_itself = match is_port || builder.is_gone(&Gone::Link(from)) {
        true => is_by_itself(old),
        false => old.via.is_none() && is_by_itself(old),
    };
    if by_itself {
        return;
    }
    let to = heirs(builder, from, old)
        .into_iter()
        .find(|name| builder.takes_route(*name, old));
    match to {
        Some(to) => {
            if to != from {
                let text = format!("the route `{old}` moves from {from} to {to} with its subnet");
                builder.say(Diagnostic::info("route-moved", text).on(from));
            }
            let op = Op::AddRoute {
                name: to,
                route: old.clone(),
                replace: true,
            };
            builder.op(to, op, WHY);
        }
        None if builder.request.verb != Verb::Down => {
            let why = match (old.source, old.via) {
                (Some(source), _) if !has_address(builder, source) => format!("its source {source} goes"),
                (_, Some(via)) => format!("no link reaches its gateway {via} any longer"),
                (_, None) => "no link takes its place".to_owned(),
            };
            let text = format!("the route `{old}` of {from}, which others made, goes: {why}");
            builder.say(Diagnostic::warning("route-lost", text).on(from));
        }
        None => {}
    }
}

/// Whether we added it, or the file asks for one in its place: then it is planned for elsewhere.
fn is_ours(builder: &Builder<'_>, from: IfName, old: &Route) -> bool {
    let mut wanted = builder.desired.links().iter().flat_map(|want| &want.routes);
    let does = |route: &Route| {
        let same_way = route.to == old.to && route.table == old.table && route.via == old.via;
        same_way || same_place(route, old)
    };
    is_recorded(builder, from, old) || wanted.any(|wanted| does(&wanted.value))
}

fn is_recorded(builder: &Builder<'_>, from: IfName, old: &Route) -> bool {
    let record = builder.owned.get(from);
    record.is_some_and(|owned| owned.routes.iter().any(|ours| agrees(ours, old)))
}

fn has_address(builder: &Builder<'_>, ip: IpAddr) -> bool {
    builder.now().addresses.values().flatten().any(|is| is.ip == ip)
}

/// The links that may carry a route of `from`, the likeliest first: itself, the link that has its address now, its
/// masters, and any link in the subnet of the gateway.
fn heirs(builder: &Builder<'_>, from: IfName, route: &Route) -> Vec<IfName> {
    let v4 = route.to.0.is_ipv4();
    let now = builder.now();
    let addresses = |name: IfName| {
        let index = now.get(name).map(|link| link.index);
        let all = index.map_or(&[][..], |index| now.addresses(index)).iter();
        all.filter(move |is| is.ip.is_ipv4() == v4)
    };
    let had: Vec<_> = builder
        .start
        .get(from)
        .map_or(&[][..], |link| builder.start.addresses(link.index))
        .iter()
        .filter(|had| addresses(from).all(|is| is.ip != had.ip))
        .map(|had| had.ip)
        .collect();
    let others = || now.links().iter().map(|link| link.name).filter(|name| *name != from);
    let mut all = Vec::new();
    if builder.request.verb != Verb::Down {
        all.extend(others().filter(|name| addresses(*name).any(|is| had.contains(&is.ip))));
        all.extend(
            masters(builder, from)
                .into_iter()
                .filter(|name| addresses(*name).next().is_some()),
        );
        // A gateway that is not said to be on the link is looked for on all.
        let via = route.via.filter(|_| !route.onlink);
        all.extend(others().filter(|name| via.is_some_and(|via| addresses(*name).any(|is| covers(is, via)))));
    }
    let stays = addresses(from).next().is_some() || all.is_empty();
    if port_of(builder, from).is_none() {
        all.insert(if stays { 0 } else { all.len() }, from);
    }
    all
}
