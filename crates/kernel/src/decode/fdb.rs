//! Forwarding entries: `RTM_NEWNEIGH` of family `AF_BRIDGE`.

use super::{AF_BRIDGE, ip, number_at, short};
use cleat_model::name::Mac;
use cleat_model::nla;
use cleat_model::types::Fdb;

/// Bytes of `struct ndmsg`.
const HEADER: usize = 12;
/// `NUD_NOARP` of linux/neighbour.h: static.
pub(crate) const NOARP: u16 = 0x40;
/// `NUD_PERMANENT`.
pub(crate) const PERMANENT: u16 = 0x80;
/// `NTF_SELF`.
pub(crate) const SELF: u8 = 2;
/// `NTF_EXT_LEARNED`: a control plane owns the entry.
const EXT_LEARNED: u8 = 0x10;

const NDA_DST: u16 = 1;
const NDA_LLADDR: u16 = 2;
const NDA_VLAN: u16 = 5;

/// The index of the link, and the entry; `None` for what was learned and what links make by themselves (the
/// multicast addresses that they listen to).
pub(crate) fn fdb(body: &[u8]) -> Option<(u32, Fdb)> {
    let [AF_BRIDGE, _, _, _, _, _, _, _, s0, s1, flags, ..] = *body else {
        return None;
    };
    let index = number_at(body, 4)?;
    let state = u16::from_ne_bytes([s0, s1]);
    if state & (NOARP | PERMANENT) == 0 || flags & EXT_LEARNED != 0 {
        return None;
    }
    let (mut mac, mut dst, mut vlan) = (None, None, None);
    for (kind, bytes) in nla::iter(body.get(HEADER..)?) {
        match kind {
            NDA_LLADDR => mac = Mac::new(bytes),
            NDA_DST => dst = ip(bytes),
            NDA_VLAN => vlan = short(bytes),
            _ => {}
        }
    }
    let mac = mac?;
    let on_self = flags & SELF != 0;
    let listens = on_self && dst.is_none() && mac.bytes().first().is_some_and(|byte| byte & 1 != 0);
    (!listens).then_some((
        index,
        Fdb {
            mac,
            dst,
            vlan,
            on_self,
            // Sources: `fdb_to_nud` in net/bridge/br_fdb.c, `vxlan_fdb_add` in drivers/net/vxlan/vxlan_core.c.
            fixed: on_self == (state & PERMANENT != 0),
        },
    ))
}
