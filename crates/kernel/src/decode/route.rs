//! `RTM_NEWROUTE`.

use super::{AF_INET, AF_INET6, ip, number, number_at};
use cleat_model::nla;
use cleat_model::types::{Leg, Multipath, Route, ScopeId};
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
const RTA_MULTIPATH: u16 = 9;
const RTA_TABLE: u16 = 15;
const RTA_VIA: u16 = 18;
const RTA_PREF: u16 = 20;
/// `RTA_METRICS`, `RTA_FLOW`, `RTA_PREF`, `RTA_ENCAP_TYPE`, `RTA_ENCAP`, `RTA_TTL_PROPAGATE` and `RTA_NH_ID`: kept as they are.
const KEPT: [u16; 7] = [8, 11, RTA_PREF, 21, 22, 26, 30];

/// A route as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Out of the link of that index.
    One(u32, Route),
    /// Over several links.
    Several(Multipath),
}

/// The route and the links that it leads out of; `None` for what [`Route`] cannot hold or nobody declares: the local
/// table, cached routes, types other than unicast, routes over no link, and the link-local and multicast routes that the
/// kernel makes for each IPv6 link.
pub(crate) fn route(body: &[u8]) -> Option<Found> {
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
        more: nla::Attrs::new(),
        legs: Vec::new(),
    };
    let (mut out, mut legs) = (None, Vec::new());
    for (kind, bytes) in nla::iter(body.get(HEADER..)?) {
        match kind {
            RTA_DST => route.to.0 = ip(bytes)?,
            RTA_OIF => out = number(bytes),
            RTA_GATEWAY => route.via = ip(bytes),
            // struct rtvia: family, then the address.
            RTA_VIA => route.via = bytes.get(2..).and_then(ip),
            RTA_PRIORITY => route.metric = number(bytes).unwrap_or_default(),
            RTA_MULTIPATH => legs = next_hops(bytes),
            RTA_PREFSRC => route.source = ip(bytes),
            // Medium, the usual one, is reported each route of IPv6.
            RTA_PREF if bytes == [0] => {}
            kind if KEPT.contains(&kind) => drop(route.more.push(kind, bytes)),
            RTA_TABLE => route.table = number(bytes).unwrap_or(route.table),
            _ => {}
        }
    }
    let own = protocol == PROTOCOL_KERNEL
        && matches!(route.to.0, IpAddr::V6(to) if to.is_unicast_link_local() || to.is_multicast());
    if route.table == TABLE_LOCAL || own {
        return None;
    }
    match (out, legs.is_empty()) {
        (Some(out), _) => Some(Found::One(out, route)),
        (None, false) => Some(Found::Several(Multipath { route, legs })),
        (None, true) => None,
    }
}

/// The legs of a route.
///
/// *Shape*: struct rtnexthop (length, flags, hops, index), its attributes, and the next at a multiple of 4 bytes.
fn next_hops(mut bytes: &[u8]) -> Vec<Leg<u32>> {
    const HOP: usize = 8;
    let mut all = Vec::new();
    while let (Some(link), [low, high, flags, hops, ..]) = (number_at(bytes, 4), bytes) {
        let length = usize::from(u16::from_ne_bytes([*low, *high]));
        let Some(attributes) = bytes.get(HOP..length) else {
            break;
        };
        let via = nla::iter(attributes).find_map(|(kind, bytes)| match kind {
            RTA_GATEWAY => ip(bytes),
            RTA_VIA => bytes.get(2..).and_then(ip),
            _ => None,
        });
        all.push(Leg {
            link,
            via,
            hops: *hops,
            onlink: u32::from(*flags) & FLAG_ONLINK != 0,
        });
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    all
}
