//! `RTM_NEWROUTE`.

use super::{AF_INET, AF_INET6, ip, number, number_at};
use cleat_model::nla;
use cleat_model::types::{Route, ScopeId};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Bytes of `struct rtmsg`.
const HEADER: usize = 12;
/// `RT_TABLE_LOCAL` of linux/rtnetlink.h.
const TABLE_LOCAL: u32 = 255;
/// `RTN_UNICAST`.
pub(crate) const TYPE_UNICAST: u8 = 1;
/// `RTM_F_CLONED`.
const FLAG_CLONED: u32 = 0x200;
/// `RTNH_F_ONLINK`.
const FLAG_ONLINK: u32 = 4;
/// `RTPROT_KERNEL`.
const PROTOCOL_KERNEL: u8 = 2;

// enum RTA_* of linux/rtnetlink.h.
const RTA_DST: u16 = 1;
const RTA_OIF: u16 = 4;
const RTA_GATEWAY: u16 = 5;
const RTA_PRIORITY: u16 = 6;
const RTA_PREFSRC: u16 = 7;
const RTA_TABLE: u16 = 15;
const RTA_VIA: u16 = 18;

/// The index of the link that it leads out of, and the route; `None` for what [`Route`] cannot hold or nobody
/// declares: the local table, cached routes, types other than unicast, routes over several links or none, and the
/// link-local and multicast routes that the kernel makes for each IPv6 link.
pub(crate) fn route(body: &[u8]) -> Option<(u32, Route)> {
    let [family, prefix, _, tos, table, protocol, scope, kind, ..] = *body else {
        return None;
    };
    let any: IpAddr = match family {
        AF_INET => Ipv4Addr::UNSPECIFIED.into(),
        AF_INET6 => Ipv6Addr::UNSPECIFIED.into(),
        _ => return None,
    };
    let flags = number_at(body, 8)?;
    if kind != TYPE_UNICAST || flags & FLAG_CLONED != 0 || tos != 0 {
        return None;
    }
    let mut route = Route {
        to: (any, prefix),
        via: None,
        onlink: flags & FLAG_ONLINK != 0,
        metric: 0,
        table: table.into(),
        protocol,
        source: None,
        scope: ScopeId(scope),
    };
    let mut out = None;
    for (kind, bytes) in nla::iter(body.get(HEADER..)?) {
        match kind {
            RTA_DST => route.to.0 = ip(bytes)?,
            RTA_OIF => out = number(bytes),
            RTA_GATEWAY => route.via = ip(bytes),
            // struct rtvia: family, then the address.
            RTA_VIA => route.via = bytes.get(2..).and_then(ip),
            RTA_PRIORITY => route.metric = number(bytes).unwrap_or_default(),
            RTA_PREFSRC => route.source = ip(bytes),
            RTA_TABLE => route.table = number(bytes).unwrap_or(route.table),
            _ => {}
        }
    }
    let own = protocol == PROTOCOL_KERNEL
        && matches!(route.to.0, IpAddr::V6(to) if to.is_unicast_link_local() || to.is_multicast());
    (route.table != TABLE_LOCAL && !own).then_some((out?, route))
}
