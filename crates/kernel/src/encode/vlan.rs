//! VLANs of bridges and their ports.

use crate::decode::vlan::{PVID, UNTAGGED};
use crate::socket::Request;
use cleat_model::types::VlanRange;
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::link::{AfSpecBridge, BridgeFlag, BridgeVlanInfoFlags, LinkMessage};
use rtnetlink::{LinkBridgeVlan, LinkMessageBuilder};

/// Ranges in one request: at 16 bytes each far below the 64 KiB that one nest can hold, and more than a port can have.
const MOST: usize = 2048;

/// `bridge vlan add|del`, with many ranges in one request; `wrap` is `SetLink` to add and `DelLink` to delete.
pub(super) fn requests(
    index: u32,
    on_self: bool,
    ranges: &[VlanRange],
    wrap: fn(LinkMessage) -> RouteNetlinkMessage,
) -> Vec<Request> {
    let side = if on_self {
        BridgeFlag::LowerDev
    } else {
        BridgeFlag::Controller
    };
    ranges
        .chunks(MOST)
        .map(|ranges| {
            let message = LinkBridgeVlan::new(index).append_af_spec(AfSpecBridge::Flags(side));
            Request {
                message: wrap(ranges.iter().fold(message, with_range).build()),
                flags: 0,
            }
        })
        .collect()
}

fn with_range(message: LinkMessageBuilder<LinkBridgeVlan>, range: &VlanRange) -> LinkMessageBuilder<LinkBridgeVlan> {
    let mut flags = 0;
    if range.pvid {
        flags |= PVID;
    }
    if range.untagged {
        flags |= UNTAGGED;
    }
    let flags = BridgeVlanInfoFlags::from_bits_retain(flags);
    if range.first == range.last {
        return message.vlan(range.first, flags);
    }
    message
        .vlan_range_start(range.first, flags)
        .vlan_range_end(range.last, flags)
}
