//! `RTM_NEWROUTE` and `RTM_DELROUTE`.

use crate::decode::route::{FLAG_ONLINK, TYPE_UNICAST};
use cleat_model::types::Route;
use netlink_packet_route::AddressFamily;
use netlink_packet_route::route::{RouteAttribute, RouteFlags, RouteMessage, RouteVia};
use std::net::IpAddr;

/// `RT_TABLE_COMPAT` of linux/rtnetlink.h: the number does not fit into the header.
const TABLE_COMPAT: u8 = 252;
/// `RT_SCOPE_NOWHERE`: any scope, when a route is deleted.
const ANY_SCOPE: u8 = 255;

/// `ip route add|replace ROUTE dev ..`
pub(super) fn added(index: u32, route: &Route) -> RouteMessage {
    let mut message = common(index, route);
    message.header.scope = route.scope.0.into();
    if route.onlink {
        message.header.flags = RouteFlags::from_bits_retain(FLAG_ONLINK);
    }
    message
}

/// `ip route del ROUTE dev ..`
pub(super) fn deleted(index: u32, route: &Route) -> RouteMessage {
    let mut message = common(index, route);
    message.header.scope = ANY_SCOPE.into();
    message
}

fn common(index: u32, route: &Route) -> RouteMessage {
    let Route {
        to: (to, prefix),
        via,
        // When added only.
        onlink: _,
        metric,
        table,
        protocol,
        source,
        // When added only.
        scope: _,
    } = route;
    let mut message = RouteMessage::default();
    message.header.address_family = match to {
        IpAddr::V4(_) => AddressFamily::Inet,
        IpAddr::V6(_) => AddressFamily::Inet6,
    };
    message.header.destination_prefix_length = *prefix;
    message.header.table = u8::try_from(*table).unwrap_or(TABLE_COMPAT);
    message.header.protocol = (*protocol).into();
    message.header.kind = TYPE_UNICAST.into();
    let attributes = &mut message.attributes;
    if *prefix > 0 {
        attributes.push(RouteAttribute::Destination((*to).into()));
    }
    attributes.push(RouteAttribute::Oif(index));
    attributes.push(RouteAttribute::Table(*table));
    match (to, via) {
        // An IPv6 gateway of an IPv4 route (RFC 5549).
        (IpAddr::V4(_), Some(IpAddr::V6(via))) => attributes.push(RouteAttribute::Via(RouteVia::Inet6(*via))),
        (_, Some(via)) => attributes.push(RouteAttribute::Gateway((*via).into())),
        (_, None) => {}
    }
    if *metric != 0 {
        attributes.push(RouteAttribute::Priority(*metric));
    }
    if let Some(source) = source {
        attributes.push(RouteAttribute::PrefSource((*source).into()));
    }
    message
}
