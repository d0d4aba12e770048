//! `RTM_NEWADDR` and `RTM_DELADDR`.

use cleat_model::types::Address;
use netlink_packet_route::AddressFamily;
use netlink_packet_route::address::{AddressAttribute, AddressFlags, AddressMessage, CacheInfo};
use std::net::IpAddr;

/// The flags of linux/if_addr.h that can be asked for: `IFA_F_NODAD`, `OPTIMISTIC`, `HOMEADDRESS`, `MANAGETEMPADDR`,
/// `NOPREFIXROUTE` and `MCAUTOJOIN`. The others are the kernel's own word on the state of an address.
const SETTABLE: u32 = 0x02 | 0x04 | 0x10 | 0x100 | 0x200 | 0x400;

/// `ip addr add|change ADDRESS dev ..`
pub(super) fn added(index: u32, address: &Address) -> AddressMessage {
    let mut message = deleted(index, address);
    let Address {
        // In `deleted` already.
        ip: _,
        prefix: _,
        peer: _,
        broadcast,
        scope,
        label,
        preferred,
        valid,
        metric,
        flags,
    } = address;
    message.header.scope = scope.0.into();
    let attributes = &mut message.attributes;
    if let Some(IpAddr::V4(broadcast)) = broadcast {
        attributes.push(AddressAttribute::Broadcast(*broadcast));
    }
    if let Some(label) = label {
        attributes.push(AddressAttribute::Label(label.clone()));
    }
    if preferred.is_some() || valid.is_some() {
        let mut lifetimes = CacheInfo::default();
        lifetimes.ifa_preferred = preferred.unwrap_or(u32::MAX);
        lifetimes.ifa_valid = valid.unwrap_or(u32::MAX);
        attributes.push(AddressAttribute::CacheInfo(lifetimes));
    }
    if *metric != 0 {
        attributes.push(AddressAttribute::RoutePriority(*metric));
    }
    if flags & SETTABLE != 0 {
        let flags = AddressFlags::from_bits_retain(flags & SETTABLE);
        attributes.push(AddressAttribute::Flags(flags));
    }
    message
}

/// `ip addr del ADDRESS dev ..`: what tells the address from others.
pub(super) fn deleted(index: u32, address: &Address) -> AddressMessage {
    let mut message = AddressMessage::default();
    message.header.index = index;
    message.header.prefix_len = address.prefix;
    message.header.family = match address.ip {
        IpAddr::V4(_) => AddressFamily::Inet,
        IpAddr::V6(_) => AddressFamily::Inet6,
    };
    message.attributes = vec![
        AddressAttribute::Local(address.ip),
        AddressAttribute::Address(address.peer.unwrap_or(address.ip)),
    ];
    message
}
