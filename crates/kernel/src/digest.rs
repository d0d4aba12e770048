//! The kernel's state as one number: to know that nothing has changed without taking everything apart.

use crate::decode::link::{
    HEADER, IFLA_AF_SPEC, IFLA_IFNAME, IFLA_INET_CONF, IFLA_INET6_ADDR_GEN_MODE, IFLA_INET6_CONF, IFLA_INFO_DATA,
    IFLA_INFO_KIND, IFLA_INFO_SLAVE_DATA, IFLA_INFO_SLAVE_KIND, IFLA_LINK_NETNSID, IFLA_LINKINFO, IFLA_MASTER,
    IFLA_PERM_ADDRESS, IFLA_PROP_LIST,
};
use crate::decode::{AF_INET, AF_INET6};
use cleat_model::hash::Fold;
use cleat_model::nla;
use cleat_model::snapshot::{IFLA_LINK, KEPT_LINK_ATTRS};
use cleat_model::types::Address;
use std::hash::Hash;

/// `IFF_RUNNING`, `IFF_LOWER_UP` and `IFF_DORMANT` of linux/if.h: what the wire does, and no step of a plan changes.
const CARRIER_FLAGS: u32 = 0x40 | 0x1_0000 | 0x2_0000;
/// `IFA_F_TENTATIVE` and `IFA_F_OPTIMISTIC` of linux/if_addr.h: duplicate address detection under way.
const DETECTION_FLAGS: u32 = 0x40 | 0x04;

/// What the spanning tree has come to, and the timers, of a bridge: `IFLA_BR_ROOT_ID`, `IFLA_BR_ROOT_PORT` to
/// `IFLA_BR_GC_TIMER`, and `IFLA_BR_MCAST_QUERIER_STATE`. No option sets them; carrier and other bridges do.
const BRIDGE_COURSE: [u16; 10] = [10, 12, 13, 14, 15, 16, 17, 18, 19, 47];
/// The same of a port: `IFLA_BRPORT_STATE`, `IFLA_BRPORT_ROOT_ID` to `IFLA_BRPORT_DESIGNATED_COST`, and
/// `IFLA_BRPORT_TOPOLOGY_CHANGE_ACK` to `IFLA_BRPORT_HOLD_TIMER`.
const PORT_COURSE: [u16; 10] = [1, 13, 14, 15, 16, 19, 20, 21, 22, 23];

/// Takes in one link: all that [`cleat_model::snapshot::Link`] holds but carrier, operational state, timers and the state
/// of the spanning tree.
pub(crate) fn link(body: &[u8], digest: &mut Fold) {
    let Some((header, attrs)) = body.split_first_chunk::<HEADER>() else {
        return;
    };
    // struct ifinfomsg: family, padding, type, index, flags, change mask.
    let [_, _, t0, t1, i0, i1, i2, i3, f0, f1, f2, f3, ..] = *header;
    let flags = u32::from_ne_bytes([f0, f1, f2, f3]) & !CARRIER_FLAGS;
    ([t0, t1, i0, i1, i2, i3], flags).hash(digest);
    for (kind, bytes) in nla::iter(attrs) {
        match kind {
            IFLA_IFNAME | IFLA_LINK | IFLA_MASTER | IFLA_LINK_NETNSID | IFLA_PROP_LIST | IFLA_PERM_ADDRESS => {
                (kind, bytes).hash(digest);
            }
            kind if KEPT_LINK_ATTRS.contains(&kind) => (kind, bytes).hash(digest),
            IFLA_LINKINFO => info(bytes, digest),
            IFLA_AF_SPEC => families(bytes, digest),
            _ => {}
        }
    }
}

fn info(bytes: &[u8], digest: &mut Fold) {
    let is_bridge = |bytes: &[u8]| bytes.strip_suffix(b"\0").unwrap_or(bytes) == b"bridge";
    // The kernel writes the kind before its data, for the link as for the port.
    let (mut bridge, mut port) = (false, false);
    for (kind, bytes) in nla::iter(bytes) {
        match kind {
            IFLA_INFO_KIND => {
                bridge = is_bridge(bytes);
                (kind, bytes).hash(digest);
            }
            IFLA_INFO_SLAVE_KIND => {
                port = is_bridge(bytes);
                (kind, bytes).hash(digest);
            }
            IFLA_INFO_DATA => all_but(kind, bytes, |attr| bridge && BRIDGE_COURSE.contains(&attr), digest),
            IFLA_INFO_SLAVE_DATA => all_but(kind, bytes, |attr| port && PORT_COURSE.contains(&attr), digest),
            _ => {}
        }
    }
}

fn all_but(kind: u16, bytes: &[u8], skip: impl Fn(u16) -> bool, digest: &mut Fold) {
    kind.hash(digest);
    for pair in nla::iter(bytes).filter(|(attr, _)| !skip(*attr)) {
        pair.hash(digest);
    }
}

fn families(bytes: &[u8], digest: &mut Fold) {
    for (family, bytes) in nla::iter(bytes) {
        let kept: &[u16] = match u8::try_from(family) {
            Ok(AF_INET) => &[IFLA_INET_CONF],
            Ok(AF_INET6) => &[IFLA_INET6_CONF, IFLA_INET6_ADDR_GEN_MODE],
            _ => continue,
        };
        family.hash(digest);
        for pair in nla::iter(bytes).filter(|(kind, _)| kept.contains(kind)) {
            pair.hash(digest);
        }
    }
}

/// Takes in one address of the link of that index.
pub(crate) fn address(index: u32, address: &Address, digest: &mut Fold) {
    let Address {
        ip,
        prefix,
        peer,
        broadcast,
        scope,
        label,
        preferred,
        valid,
        metric,
        flags,
    } = address;
    (index, ip, prefix, peer, broadcast, scope).hash(digest);
    (label, preferred, valid, metric, flags & !DETECTION_FLAGS).hash(digest);
}
