//! What the declared links lack to carry traffic: to be online, and to pass the check `links`.

use cleat_diag::{Diagnostic, Sources};
use cleat_model::desired::{Desired, WantLink};
use cleat_model::snapshot::{Link, Snapshot};
use cleat_model::types::{Address, Kind};

/// `IFA_F_TENTATIVE` and `IFA_F_DADFAILED` of linux/if_addr.h.
const TENTATIVE: u32 = 0x40;
const DADFAILED: u32 = 0x08;

/// What is asked of links beyond being there and up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Those with addresses have carrier, and the addresses are there and may be used: a service can bind to any of
    /// them. A bond's leg or a bridge's port may be without a cable.
    Online,
    /// All have carrier that can have it: the cables are where the file says.
    Cables,
}

/// What the links that come up at boot lack, a sentence each.
pub fn lacking(desired: &Desired, now: &Snapshot, ask: Ask) -> Vec<String> {
    let links = desired.links().iter();
    let at_boot = links.filter(|want| want.up && desired.comes_up(want, now));
    at_boot.flat_map(|want| lacks_of(want, desired, now, ask)).collect()
}

/// The links that were left out since they are not on this machine, each once, in the order told.
pub fn left_out(found: &[Diagnostic], sources: &Sources) -> Vec<String> {
    let missing = found.iter().filter(|found| found.code == "missing-link");
    let places = missing.filter_map(|found| Some(found.label.as_ref()?.place));
    let mut names: Vec<String> = Vec::new();
    for name in places.map(|place| sources.text(place)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// NICs that udev has yet to come to, a sentence each, where one that is marked `allow-hotplug` is not there: it may be
/// any of them. `handled` tells whether udev is done with a NIC.
pub fn unnamed(desired: &Desired, now: &Snapshot, handled: &dyn Fn(&str) -> bool) -> Vec<String> {
    let absent = |want: &WantLink| want.classes.iter().any(|class| class == "hotplug") && now.get(want.name).is_none();
    if !desired.links().iter().any(absent) {
        return Vec::new();
    }
    let links = now.links().iter();
    let nics = links.filter(|link| link.kind == Kind::Physical && !link.is_loopback());
    nics.filter(|nic| !handled(nic.name.as_str()))
        .map(|nic| format!("udev has yet to come to {}", nic.name))
        .collect()
}

fn lacks_of(want: &WantLink, desired: &Desired, now: &Snapshot, ask: Ask) -> Vec<String> {
    let name = want.name;
    let Some(link) = now.get(name) else {
        return vec![format!("{name} is not there")];
    };
    if !link.is_up() {
        return vec![format!("{name} is down")];
    }
    let carrier = ask == Ask::Cables || !want.addresses.is_empty();
    if carrier && !link.has_carrier() && has_wire(want, desired) {
        return vec![format!("{name} has no carrier")];
    }
    match ask {
        Ask::Online => lacking_addresses(want, link, now),
        Ask::Cables => Vec::new(),
    }
}

fn lacking_addresses(want: &WantLink, link: &Link, now: &Snapshot) -> Vec<String> {
    let name = want.name;
    let there = now.addresses(link.index);
    let lack = |address: &Address| match there.iter().find(|is| is.same(address)) {
        // 127.0.0.1 and ::1 are lo's own and need not be declared to be there.
        None if link.is_loopback() => None,
        None => Some(format!("{name} lacks {}/{}", address.ip, address.prefix)),
        Some(is) if is.flags & DADFAILED != 0 => {
            Some(format!("{} of {name} is another host's too (duplicate)", address.ip))
        }
        // Duplicate address detection needs carrier, which a bridge without guests has not.
        Some(is) if is.flags & TENTATIVE != 0 && link.has_carrier() => Some(tentative(is, link)),
        Some(_) => None,
    };
    let declared = want.addresses.iter().filter_map(|wanted| lack(&wanted.value));
    // The kernel's own link-local address, too: services bind to it. One that is another host's stays so, and nobody
    // declared it.
    let is_declared = |is: &&Address| want.addresses.iter().any(|wanted| is.same(&wanted.value));
    let others = there.iter().filter(|is| !is_declared(is));
    let open = others.filter(|is| is.flags & (TENTATIVE | DADFAILED) == TENTATIVE && link.has_carrier());
    declared.chain(open.map(|is| tentative(is, link))).collect()
}

fn tentative(is: &Address, link: &Link) -> String {
    format!("{} of {} is still tentative", is.ip, link.name)
}

/// Whether carrier is to be expected: a bridge that only guests plug into has none until the first one does, and what
/// stands on it neither.
fn has_wire(want: &WantLink, desired: &Desired) -> bool {
    let below = want.parent.and_then(|parent| desired.get(parent.name));
    match (want.kind.row().is_layer_2_master(), below) {
        (true, _) => !want.ports.is_empty(),
        (false, Some(below)) => has_wire(below, desired),
        (false, None) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cleat_model::desired::{LinkRef, Wanted};
    use cleat_model::snapshot::{IFF_LOWER_UP, IFF_UP};
    use cleat_networks::{address, bridge_with_guests, link, name, said};

    fn asked(ask: Ask, change: impl FnOnce(&mut Snapshot)) -> Vec<String> {
        let (desired, mut now) = bridge_with_guests();
        let mut eno2 = link(90, "eno2", Kind::Physical, None);
        eno2.master = now.find("vmbr0").map(|bridge| bridge.index);
        now.insert(eno2);
        change(&mut now);
        lacking(&desired, &now, ask)
    }

    fn lacks(change: impl FnOnce(&mut Snapshot)) -> Vec<String> {
        asked(Ask::Online, change)
    }

    fn flags(now: &mut Snapshot, name: &str, flags: u32) {
        let index = now.find(name).unwrap().index;
        now.by_index_mut(index).unwrap().flags = flags;
    }

    /// Second witness: the flags of linux/if_addr.h, and RFC 4862 section 5.4 on what a tentative address is.
    #[test]
    fn a_link_without_carrier_and_an_address_that_is_tentative_are_not_online() {
        let none: [String; 0] = [];
        assert_eq!(lacks(|_| ()), none);
        assert_eq!(lacks(|now| flags(now, "vmbr0", IFF_UP)), ["vmbr0 has no carrier"]);
        assert_eq!(lacks(|now| flags(now, "vmbr0", 0)), ["vmbr0 is down"]);
        assert_eq!(lacks(|now| flags(now, "eno2", IFF_UP)), none, "a port without a cable");
        let set = |flags: u32| {
            lacks(|now| {
                let index = now.find("vmbr0").unwrap().index;
                let mut is = address("192.168.10.2/24");
                is.flags = flags;
                now.addresses.insert(index, vec![is]);
            })
        };
        assert_eq!(set(TENTATIVE), ["192.168.10.2 of vmbr0 is still tentative"]);
        assert_eq!(
            set(DADFAILED | TENTATIVE),
            ["192.168.10.2 of vmbr0 is another host's too (duplicate)"]
        );
        let link_local = |flags: u32| {
            lacks(|now| {
                let index = now.find("vmbr0").unwrap().index;
                let mut own = address("fe80::1/64");
                own.flags = flags;
                now.addresses.entry(index).or_default().push(own);
            })
        };
        assert_eq!(link_local(TENTATIVE), ["fe80::1 of vmbr0 is still tentative"]);
        assert_eq!((link_local(0), link_local(TENTATIVE | DADFAILED)), (vec![], vec![]));
        assert_eq!(
            lacks(|now| {
                let index = now.find("vmbr0").unwrap().index;
                now.addresses.remove(&index);
            }),
            ["vmbr0 lacks 192.168.10.2/24"]
        );
        assert_eq!(
            lacks(|now| {
                let index = now.find("eno1").unwrap().index;
                now.remove(index);
                flags(now, "vmbr0", IFF_UP | IFF_LOWER_UP);
            }),
            ["eno1 is not there"]
        );
    }

    /// Second witness: carrier is `IFF_LOWER_UP` of linux/if.h. Addresses do not depend on the cable.
    #[test]
    fn the_check_of_cables_asks_for_carrier_of_every_link_that_can_have_it() {
        let none: [String; 0] = [];
        let cables = |change: &dyn Fn(&mut Snapshot)| asked(Ask::Cables, |now| change(now));
        assert_eq!(cables(&|_| ()), none);
        assert_eq!(cables(&|now| flags(now, "eno2", IFF_UP)), ["eno2 has no carrier"]);
        assert_eq!(cables(&|now| flags(now, "eno2", 0)), ["eno2 is down"]);
        assert_eq!(
            cables(&|now| {
                let index = now.find("vmbr0").unwrap().index;
                now.addresses.remove(&index);
            }),
            none
        );
    }

    /// Second witness: ifup@.service of ifupdown and of ifupdown2, which bring up such a NIC where it is plugged in, are
    /// ordered before network-online.target.
    #[test]
    fn regress_a_hotplug_link_is_waited_for_where_it_is_plugged_in_and_never_where_it_is_not() {
        let want = |link: &str, kind: Kind, class: &str, below: Option<&str>| {
            let mut want = WantLink::new(name(link), said(4));
            want.kind = kind;
            want.classes = vec![class.to_owned()];
            want.declared = true;
            want.parent = below.map(|below| LinkRef {
                name: name(below),
                origin: said(4),
            });
            want
        };
        let mut eno1 = want("eno1", Kind::Physical, "hotplug", None);
        eno1.addresses = vec![Wanted {
            value: address("192.0.2.1/24"),
            origin: said(4),
        }];
        let vlan = want("eno1.5", Kind::Vlan, "hotplug", Some("eno1"));
        // Nobody brings this one up, nor what it stands on.
        let mut other = want("eno2.6", Kind::Vlan, "other", Some("eno2"));
        other.classes.clear();
        let mut eno2 = want("eno2", Kind::Physical, "", None);
        eno2.classes.clear();
        let desired = Desired::new(vec![eno1, vlan, eno2, other]);

        let mut now = Snapshot::new();
        for ask in [Ask::Online, Ask::Cables] {
            assert_eq!(lacking(&desired, &now, ask), [""; 0], "not plugged in");
        }
        // What it will be called, only udev knows.
        now.insert(link(2, "eth0", Kind::Physical, None));
        assert_eq!(unnamed(&desired, &now, &|_| false), ["udev has yet to come to eth0"]);
        assert_eq!(unnamed(&desired, &now, &|_| true), [""; 0]);
        now.remove(2);
        let mut is = link(2, "eno1", Kind::Physical, None);
        is.flags = 0;
        now.insert(is);
        for ask in [Ask::Online, Ask::Cables] {
            assert_eq!(lacking(&desired, &now, ask), ["eno1 is down", "eno1.5 is not there"]);
        }
        flags(&mut now, "eno1", IFF_UP | IFF_LOWER_UP);
        assert_eq!(
            lacking(&desired, &now, Ask::Online),
            ["eno1 lacks 192.0.2.1/24", "eno1.5 is not there"]
        );
        now.insert(link(4, "eth1", Kind::Physical, None));
        assert_eq!(unnamed(&desired, &now, &|name| name != "eth1").len(), 1, "for eno1.5");
        let mut vlan = link(3, "eno1.5", Kind::Vlan, None);
        vlan.flags = IFF_UP | IFF_LOWER_UP;
        now.insert(vlan);
        now.addresses.insert(2, vec![address("192.0.2.1/24")]);
        assert_eq!(unnamed(&desired, &now, &|_| false), [""; 0], "all are there");
        for ask in [Ask::Online, Ask::Cables] {
            assert_eq!(lacking(&desired, &now, ask), [""; 0]);
        }
    }

    #[test]
    fn a_bridge_that_only_guests_plug_into_needs_no_carrier_and_its_vlan_neither() {
        let mut bridge = WantLink::new(name("vmbr1"), said(4));
        let mut vlan = WantLink::new(name("vmbr1.5"), said(4));
        bridge.kind = Kind::Bridge;
        vlan.kind = Kind::Vlan;
        vlan.parent = Some(LinkRef {
            name: bridge.name,
            origin: said(4),
        });
        let mut now = Snapshot::new();
        for (index, want) in (2..).zip([&mut bridge, &mut vlan]) {
            want.classes = vec!["auto".to_owned()];
            want.declared = true;
            want.addresses = vec![Wanted {
                value: address("192.0.2.1/24"),
                origin: said(4),
            }];
            let mut is = link(index, &want.name.to_string(), want.kind.clone(), None);
            is.flags = IFF_UP;
            now.insert(is);
            now.addresses.insert(index, vec![address("192.0.2.1/24")]);
        }
        let desired = Desired::new(vec![bridge, vlan]);
        assert_eq!(lacking(&desired, &now, Ask::Online), [""; 0]);
        assert_eq!(lacking(&desired, &now, Ask::Cables), [""; 0]);
    }
}
