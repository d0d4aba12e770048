//! VLANs of bridges and their ports: `RTM_NEWLINK` of family `AF_BRIDGE`.

use super::{AF_BRIDGE, number_at, short};
use cleat_model::nla;
use cleat_model::types::VlanRange;

/// Bytes of `struct ifinfomsg`.
const HEADER: usize = 16;
const IFLA_AF_SPEC: u16 = 26;
/// `IFLA_BRIDGE_VLAN_INFO` of linux/if_bridge.h: `struct bridge_vlan_info`, flags and id of two bytes each.
const IFLA_BRIDGE_VLAN_INFO: u16 = 2;
/// `BRIDGE_VLAN_INFO_PVID`.
pub(crate) const PVID: u16 = 2;
/// `BRIDGE_VLAN_INFO_UNTAGGED`.
pub(crate) const UNTAGGED: u16 = 4;
/// `BRIDGE_VLAN_INFO_RANGE_BEGIN`.
const RANGE_BEGIN: u16 = 8;
/// `BRIDGE_VLAN_INFO_RANGE_END`.
const RANGE_END: u16 = 16;

/// The index of a port or bridge, and its VLANs; `None` where it has none.
pub(crate) fn vlans(body: &[u8]) -> Option<(u32, Vec<VlanRange>)> {
    if *body.first()? != AF_BRIDGE {
        return None;
    }
    let index = number_at(body, 4)?;
    let spec = nla::iter(body.get(HEADER..)?)
        .find(|(kind, _)| *kind == IFLA_AF_SPEC)?
        .1;
    let mut ranges = Vec::new();
    let mut begun = None;
    for (_, bytes) in nla::iter(spec).filter(|(kind, _)| *kind == IFLA_BRIDGE_VLAN_INFO) {
        let (Some(flags), Some(vid)) = (bytes.get(..2).and_then(short), bytes.get(2..4).and_then(short)) else {
            continue;
        };
        if flags & RANGE_BEGIN != 0 {
            begun = Some(vid);
            continue;
        }
        let first = begun.take().filter(|_| flags & RANGE_END != 0).unwrap_or(vid);
        ranges.push(VlanRange {
            first,
            last: vid,
            pvid: flags & PVID != 0,
            untagged: flags & UNTAGGED != 0,
        });
    }
    (!ranges.is_empty()).then_some((index, ranges))
}
