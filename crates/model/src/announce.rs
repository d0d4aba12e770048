//! Addresses that answer from another hardware address than before. Neighbours keep the old one for half a minute or
//! longer, and send to nobody meanwhile; so they are told.

use crate::name::{IfName, Mac};
use crate::snapshot::{Link, Snapshot};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// `ARPHRD_ETHER` of linux/if_arp.h.
const ETHERNET: u16 = 1;
/// `IFF_NOARP` of linux/if.h.
const IFF_NOARP: u32 = 1 << 7;

/// An address with the hardware address by which it is reached now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The link that has the address.
    pub name: IfName,
    /// Its kernel index.
    pub index: u32,
    /// The address.
    pub address: IpAddr,
    /// The hardware address of the link.
    pub mac: Mac,
    /// Whether the link has carrier: nobody hears it otherwise.
    pub heard: bool,
    /// Whether the link had no carrier before: what it is plugged into may not forward yet.
    pub fresh: bool,
}

/// The addresses that the host had before and has now, by another hardware address: on another link, or on one whose
/// own was changed.
pub fn moved(before: &Snapshot, after: &Snapshot) -> Vec<Moved> {
    let had: BTreeSet<(IpAddr, Mac)> = reachable(before).map(|(_, address, mac)| (address, mac)).collect();
    let hosts: BTreeSet<IpAddr> = had.iter().map(|(address, _)| *address).collect();
    let now = reachable(after).filter(|(_, address, mac)| hosts.contains(address) && !had.contains(&(*address, *mac)));
    let had_carrier = |index| {
        before
            .by_index(index)
            .is_some_and(|link| link.is_up() && link.has_carrier())
    };
    now.map(|(link, address, mac)| Moved {
        name: link.name,
        index: link.index,
        address,
        mac,
        heard: link.has_carrier(),
        fresh: !had_carrier(link.index),
    })
    .collect()
}

/// Each address in use, with its link and the hardware address by which neighbours know it.
fn reachable(snapshot: &Snapshot) -> impl Iterator<Item = (&Link, IpAddr, Mac)> {
    let links = snapshot.links().iter().filter(|link| {
        link.is_up() && link.device_type == ETHERNET && link.flags & IFF_NOARP == 0 && !link.is_loopback()
    });
    links.flat_map(|link| {
        let addresses = snapshot.addresses(link.index).iter();
        let used = addresses.filter(|address| address.is_in_use());
        used.filter_map(move |address| Some((link, address.ip, link.mac()?)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::defaults::nic;
    use crate::snapshot::{IFF_LOWER_UP, IFF_UP, IFLA_ADDRESS};
    use crate::types::Address;

    fn host(links: &[(&str, u8, u32, &[&str])]) -> Snapshot {
        let mut snapshot = Snapshot::new();
        for (at, (name, mac, flags, addresses)) in (2..).zip(links) {
            let mut link = nic(at, IfName::new(name).unwrap());
            link.flags = *flags;
            link.attrs.set(IFLA_ADDRESS, &[2, 0, 0, 0, 0, *mac]);
            snapshot.insert(link);
            let plain = |text: &&str| Address::plain(text.parse().unwrap(), 24);
            snapshot.addresses.insert(at, addresses.iter().map(plain).collect());
        }
        snapshot
    }

    fn told(before: &[(&str, u8, u32, &[&str])], after: &[(&str, u8, u32, &[&str])]) -> Vec<String> {
        let moved = moved(&host(before), &host(after));
        let shown = |one: &Moved| {
            let heard = if one.heard { "" } else { ", not heard" };
            let fresh = if one.fresh { ", fresh" } else { "" };
            format!("{} on {}{heard}{fresh}", one.address, one.name)
        };
        moved.iter().map(shown).collect()
    }

    const UP: u32 = IFF_UP | IFF_LOWER_UP;

    #[test]
    fn an_address_on_a_link_with_another_mac_has_moved() {
        let before: &[(&str, u8, u32, &[&str])] =
            &[("vmbr0", 1, UP, &["192.0.2.1", "192.0.2.9"]), ("eno2", 2, UP, &[])];
        let after: &[(&str, u8, u32, &[&str])] = &[("vmbr0", 1, UP, &["192.0.2.9"]), ("eno2", 2, UP, &["192.0.2.1"])];
        assert_eq!(told(before, after), ["192.0.2.1 on eno2"]);
    }

    #[test]
    fn an_address_on_a_link_whose_mac_was_changed_has_moved() {
        let before: &[(&str, u8, u32, &[&str])] = &[("bond0", 1, UP, &["192.0.2.1"])];
        let after: &[(&str, u8, u32, &[&str])] = &[("bond0", 2, UP, &["192.0.2.1"])];
        assert_eq!(told(before, after), ["192.0.2.1 on bond0"]);
    }

    #[test]
    fn a_new_address_and_a_link_with_the_same_mac_are_left_out() {
        let before: &[(&str, u8, u32, &[&str])] = &[("eno1", 1, UP, &["192.0.2.1"])];
        let bridge: &[(&str, u8, u32, &[&str])] = &[("vmbr0", 1, UP, &["192.0.2.1", "192.0.2.2"])];
        assert_eq!(told(before, bridge), [""; 0]);
    }

    #[test]
    fn a_link_that_has_to_come_up_is_known_as_such() {
        let before: &[(&str, u8, u32, &[&str])] = &[("eno1", 1, UP, &["192.0.2.1"]), ("eno2", 2, 0, &[])];
        let dead: &[(&str, u8, u32, &[&str])] = &[("eno1", 1, UP, &[]), ("eno2", 2, IFF_UP, &["192.0.2.1"])];
        assert_eq!(told(before, dead), ["192.0.2.1 on eno2, not heard, fresh"]);
        let alive: &[(&str, u8, u32, &[&str])] = &[("eno1", 1, UP, &[]), ("eno2", 2, UP, &["192.0.2.1"])];
        assert_eq!(told(before, alive), ["192.0.2.1 on eno2, fresh"]);
    }
}
