//! Forwarding entries: `RTM_NEWNEIGH` and `RTM_DELNEIGH` of family `AF_BRIDGE`.

use crate::decode::fdb::{NOARP, PERMANENT, SELF};
use cleat_model::types::Fdb;
use netlink_packet_core::{NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL};
use netlink_packet_route::AddressFamily;
use netlink_packet_route::neighbour::{
    NeighbourAddress, NeighbourAttribute, NeighbourFlags, NeighbourMessage, NeighbourState,
};
use std::net::IpAddr;

/// `NUD_REACHABLE` of linux/neighbour.h.
const REACHABLE: u16 = 2;
/// `NTF_MASTER`.
const MASTER: u8 = 4;

/// `bridge fdb append` for the flood lists of VXLAN links, `bridge fdb add` for all else: the kernel appends only to
/// the all-zero address and to multicast ones.
pub(super) fn flags(fdb: &Fdb) -> u16 {
    let group =
        fdb.mac.bytes().iter().all(|byte| *byte == 0) || fdb.mac.bytes().first().is_some_and(|byte| byte & 1 != 0);
    NLM_F_CREATE
        | if fdb.dst.is_some() && group {
            NLM_F_APPEND
        } else {
            NLM_F_EXCL
        }
}

/// The entry, as both messages take it.
pub(super) fn message(index: u32, fdb: &Fdb) -> NeighbourMessage {
    let Fdb {
        mac,
        dst,
        vlan,
        on_self,
        fixed,
    } = fdb;
    let mut message = NeighbourMessage::default();
    message.header.family = AddressFamily::Bridge;
    message.header.ifindex = index;
    message.header.flags = NeighbourFlags::from_bits_retain(if *on_self { SELF } else { MASTER });
    // In a bridge NUD_PERMANENT means an address of the host itself, and static is NUD_NOARP (`bridge fdb add static`).
    let state = match (fixed, on_self) {
        (true, true) => NOARP | PERMANENT,
        (true, false) => NOARP | REACHABLE,
        (false, true) => NOARP | REACHABLE,
        (false, false) => PERMANENT,
    };
    message.header.state = NeighbourState::Other(state);
    message.attributes = vec![NeighbourAttribute::LinkLayerAddress(mac.bytes().to_vec())];
    if let Some(dst) = dst {
        let dst = match dst {
            IpAddr::V4(dst) => NeighbourAddress::Inet(*dst),
            IpAddr::V6(dst) => NeighbourAddress::Inet6(*dst),
        };
        message.attributes.push(NeighbourAttribute::Destination(dst));
    }
    if let Some(vlan) = vlan {
        message.attributes.push(NeighbourAttribute::Vlan(*vlan));
    }
    message
}
