//! `RTM_NEWROUTE` and `RTM_DELROUTE`.

use cleat_model::kernel::KernelError;
use cleat_model::types::Route;
use netlink_packet_route::route::RouteMessage;
use rtnetlink::RouteMessageBuilder;
use std::fmt;
use std::net::IpAddr;

/// `RT_SCOPE_NOWHERE` of linux/rtnetlink.h: any scope, when a route is deleted.
const ANY_SCOPE: u8 = 255;

/// `ip route add|replace ROUTE dev ..`
///
/// *Errors*: addresses of two families where the kernel knows no such route.
pub(super) fn added(index: u32, route: &Route) -> Result<RouteMessage, KernelError> {
    let mut message = common(index, route)?.scope(route.scope.0.into());
    if route.onlink {
        message = message.onlink();
    }
    Ok(message.build())
}

/// `ip route del ROUTE dev ..`; errors as [`added`].
pub(super) fn deleted(index: u32, route: &Route) -> Result<RouteMessage, KernelError> {
    Ok(common(index, route)?.scope(ANY_SCOPE.into()).build())
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
    } = route;
    let mut message = RouteMessageBuilder::<IpAddr>::new()
        .destination_prefix(*to, *prefix)
        .map_err(refused)?
        .output_interface(index)
        .table_id(*table)
        .protocol((*protocol).into());
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
