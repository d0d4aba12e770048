//! VLANs of bridges and their ports.

use crate::decode::vlan::{PVID, RANGE_BEGIN, RANGE_END, UNTAGGED};
use crate::socket::Request;
use cleat_model::types::VlanRange;
use netlink_packet_route::link::{
    AfSpecBridge, BridgeFlag, BridgeVlanInfo, BridgeVlanInfoFlags, LinkAttribute, LinkMessage,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};

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
            let mut spec = vec![AfSpecBridge::Flags(side)];
            spec.extend(ranges.iter().flat_map(infos));
            let mut message = super::link::at(index);
            message.header.interface_family = AddressFamily::Bridge;
            message.attributes.push(LinkAttribute::AfSpecBridge(spec));
            Request {
                message: wrap(message),
                flags: 0,
            }
        })
        .collect()
}

fn infos(range: &VlanRange) -> impl Iterator<Item = AfSpecBridge> {
    let mut flags = 0;
    if range.pvid {
        flags |= PVID;
    }
    if range.untagged {
        flags |= UNTAGGED;
    }
    let info = |flags, vid| {
        let flags = BridgeVlanInfoFlags::from_bits_retain(flags);
        AfSpecBridge::VlanInfo(BridgeVlanInfo { flags, vid })
    };
    let many = range.first != range.last;
    let begin = many.then(|| info(flags | RANGE_BEGIN, range.first));
    let end = info(if many { flags | RANGE_END } else { flags }, range.last);
    begin.into_iter().chain([end])
}
