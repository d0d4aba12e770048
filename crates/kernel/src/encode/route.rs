//! `RTM_NEWROUTE` and `RTM_DELROUTE`.

use cleat_model::kernel::KernelError;
use cleat_model::name::IfName;
use cleat_model::types::Route;
use netlink_packet_core::DefaultNla;
use netlink_packet_route::route::{RouteAttribute, RouteMessage};
use rtnetlink::{RouteMessageBuilder, RouteNextHopBuilder};
use std::fmt;
use std::net::IpAddr;

/// `RT_SCOPE_NOWHERE` of linux/rtnetlink.h: any scope, when a route is deleted.
const ANY_SCOPE: u8 = 255;
/// `RTA_ENCAP`.
const RTA_ENCAP: u16 = 22;
/// `RTA_NH_ID`.
const RTA_NH_ID: u16 = 30;
/// `NLA_F_NESTED` of linux/netlink.h: newer encapsulations ask for it.
const NLA_F_NESTED: u16 = 1 << 15;

/// `ip route add|replace ROUTE dev ..`
///
/// *Errors*: addresses of two families where the kernel knows no such route.
pub(super) fn added(
    index: u32,
    route: &Route,
    link: &mut dyn FnMut(IfName) -> Result<u32, KernelError>,
) -> Result<RouteMessage, KernelError> {
    let mut message = common(index, route)?.scope(route.scope.0.into());
    if route.onlink {
        message = message.onlink();
    }
    if !route.legs.is_empty() {
        let family = match route.to.0 {
            IpAddr::V4(_) => RouteNextHopBuilder::new_ipv4(),
            IpAddr::V6(_) => RouteNextHopBuilder::new_ipv6(),
        };
        let mut hops = Vec::with_capacity(route.legs.len());
        for leg in &route.legs {
            let mut hop = family.clone().interface(link(leg.link)?);
            if let Some(via) = leg.via {
                hop = hop.via(via).map_err(refused)?;
            }
            if leg.onlink {
                hop = hop.onlink();
            }
            let mut hop = hop.build();
            hop.hops = leg.hops;
            hops.push(hop);
        }
        message = message.multipath(hops);
    }
    let mut message = message.build();
    // The id of a nexthop stands in place of link and gateway, which are said here: it may be gone with its link.
    let more = route.more.iter().filter(|(kind, _)| *kind != RTA_NH_ID);
    message.attributes.extend(more.map(|(kind, bytes)| {
        let nested = if kind == RTA_ENCAP { NLA_F_NESTED } else { 0 };
        RouteAttribute::Other(DefaultNla::new(kind | nested, bytes.to_vec()))
    }));
    Ok(message)
}

/// `ip route del ROUTE dev ..`; errors as [`added`].
pub(super) fn deleted(index: u32, route: &Route) -> Result<RouteMessage, KernelError> {
    let message = common(index, route)?.scope(ANY_SCOPE.into());
    let mut message = message.build();
    // One that has a nexthop by its id is known by that, and refused by link and gateway (`fib_nh_match`).
    if let Some(id) = route.more.get(RTA_NH_ID) {
        let names_hop = |found: &RouteAttribute| {
            matches!(
                found,
                RouteAttribute::Oif(_) | RouteAttribute::Gateway(_) | RouteAttribute::Via(_)
            )
        };
        message.attributes.retain(|found| !names_hop(found));
        let id = DefaultNla::new(RTA_NH_ID, id.to_vec());
        message.attributes.push(RouteAttribute::Other(id));
    }
    Ok(message)
}

fn common(index: u32, route: &Route) -> Result<RouteMessageBuilder<IpAddr>, KernelError> {
    let Route {
        to: (to, prefix),
        via,
        // When added only.
        onlink: _,
        metric,
        table,
        protocol,
        source,
        // In `added` and `deleted`.
        scope: _,
        // When added only.
        more: _,
        legs,
    } = route;
    let mut message = RouteMessageBuilder::<IpAddr>::new()
        .destination_prefix(*to, *prefix)
        .map_err(refused)?
        .table_id(*table)
        .protocol((*protocol).into());
    // A route over several links is known by its place alone.
    if legs.is_empty() {
        message = message.output_interface(index);
    }
    if let Some(via) = via {
        message = message.gateway(*via).map_err(refused)?;
    }
    if *metric != 0 {
        message = message.priority(*metric);
    }
    if let Some(source) = source {
        message = message.pref_source(*source).map_err(refused)?;
    }
    Ok(message)
}

fn refused(error: impl fmt::Display) -> KernelError {
    KernelError::text(error.to_string())
}
