//! Second witness: ifupdown2 3.0.0, whose `ifquery -c` fails an interface for an address or port that its stanza does not
//! have (and for leased addresses too, which are left out here); ip-route(8) for the protocols.

use super::*;
use crate::desired::Phase;
use crate::fake::defaults;
use crate::plan::Verb;
use crate::trial::*;

fn host() -> (Desired, Snapshot) {
    let desired = Desired::new(vec![
        link("eno1", Kind::Physical).in_master("vmbr0"),
        link("vmbr0", Kind::Bridge)
            .with_ports(&["eno1"])
            .addr("192.0.2.10/24")
            .via("192.0.2.1")
            .hook(Phase::Up, "ip addr add 192.0.2.77/24 dev vmbr0"),
    ]);
    let mut host = Host::new(&["eno1", "eno2", "eno3"]);
    host.run(&desired, &all(Verb::Up, &desired), crate::apply::OnError::RollBack);
    let now = host.kernel.now().clone();
    (desired, now)
}

fn told(desired: &Desired, now: &Snapshot) -> Vec<String> {
    let scope: Vec<IfName> = desired.links().iter().map(|link| link.name).collect();
    let found = drift(desired, now, &scope, |_| Leased::default());
    found
        .iter()
        .map(|found| format!("{}: {}", found.code, found.message))
        .collect()
}

fn index(now: &Snapshot, text: &str) -> u32 {
    now.get(name(text)).unwrap().index
}

fn permanent(text: &str) -> Address {
    Address {
        flags: IFA_F_PERMANENT,
        ..address(text)
    }
}

#[test]
fn a_network_as_declared_has_no_drift() {
    let (desired, now) = host();
    assert_eq!(told(&desired, &now), [""; 0]);
}

#[test]
fn an_address_by_hand_is_drift_and_those_of_others_are_not() {
    let (desired, mut now) = host();
    let bridge = index(&now, "vmbr0");
    let all = now.addresses.get_mut(&bridge).unwrap();
    // A lease, a link-local one, and what the hook line adds.
    all.push(Address {
        preferred: Some(600),
        valid: Some(600),
        ..address("192.0.2.50/24")
    });
    all.push(permanent("fe80::1/64"));
    all.push(permanent("169.254.7.7/16"));
    all.push(permanent("192.0.2.77/24"));
    assert_eq!(told(&desired, &now), [""; 0]);
    now.addresses.get_mut(&bridge).unwrap().push(permanent("192.0.2.9/24"));
    assert_eq!(
        told(&desired, &now),
        ["not-declared: vmbr0 has `address 192.0.2.9/24`, which is not declared"]
    );
}

#[test]
fn a_route_by_hand_is_drift_and_those_of_the_kernel_and_of_daemons_are_not() {
    let (desired, mut now) = host();
    let bridge = index(&now, "vmbr0");
    let to = |protocol: u8| Route {
        to: ("198.51.100.0".parse().unwrap(), 24),
        protocol,
        ..gateway("192.0.2.9")
    };
    // kernel, ra, zebra, bird, dhcp, bgp, ospf.
    for protocol in [2, 9, 11, 12, 16, 186, 188] {
        now.routes.entry(bridge).or_default().push(to(protocol));
    }
    assert_eq!(told(&desired, &now), [""; 0]);
    let all = now.routes.entry(bridge).or_default();
    all.push(to(3));
    all.push(Route {
        metric: 500,
        ..gateway("192.0.2.2")
    });
    assert_eq!(
        told(&desired, &now),
        [
            "not-declared: vmbr0 has `route 198.51.100.0/24 via 192.0.2.9`, which is not declared",
            "not-declared: vmbr0 has `gateway 192.0.2.2`, which is not declared",
        ]
    );
}

#[test]
fn a_nic_plugged_in_by_hand_is_drift_and_guests_are_not() {
    let (desired, mut now) = host();
    let bridge = index(&now, "vmbr0");
    let mut plug = |at: u32, text: &str, kind: Kind, elsewhere: bool| {
        let mut port = defaults::link(at, name(text), kind, defaults::mac(at));
        port.master = Some(bridge);
        port.port_kind = Some(Kind::Bridge);
        port.parent_netns = elsewhere.then_some(0);
        now.insert(port);
    };
    plug(100, "tap100i0", Kind::Other("tun".into()), false);
    plug(101, "veth101i0", Kind::Veth, true);
    plug(102, "fwpr102p0", Kind::Veth, false);
    plug(103, "docker1a2b", Kind::Veth, true);
    assert_eq!(told(&desired, &now), [""; 0]);
    let nic = index(&now, "eno2");
    let nic = now.by_index_mut(nic).unwrap();
    nic.master = Some(bridge);
    nic.port_kind = Some(Kind::Bridge);
    assert_eq!(
        told(&desired, &now),
        ["not-declared: vmbr0 has `bridge-ports eno2`, which is not declared"]
    );
}

#[test]
fn a_vlan_of_the_bridge_itself_by_hand_is_drift_and_that_of_a_link_on_it_is_not() {
    let default = range(1, 1, true, true);
    let desired = Desired::new(vec![
        link("eno1", Kind::Physical).in_master("vmbr0"),
        link("vmbr0", Kind::Bridge)
            .set("bridge-vlan-aware", "yes")
            .with_ports(&["eno1"])
            .with_vlans(&[default]),
        link("vmbr0.7", Kind::Vlan).on("vmbr0").set("vlan-id", "7"),
    ]);
    let mut host = Host::new(&["eno1"]);
    host.up(&desired);
    let mut now = host.kernel.now().clone();
    let bridge = index(&now, "vmbr0");
    now.vlans.insert(bridge, vec![default, range(7, 7, false, false)]);
    assert_eq!(told(&desired, &now), [""; 0]);
    now.vlans.insert(bridge, vec![default, range(99, 99, false, false)]);
    assert_eq!(
        told(&desired, &now),
        ["not-declared: vmbr0 has `bridge-vids 99`, which is not declared"]
    );
}

#[test]
fn a_bridge_of_ours_that_left_the_file_and_stays_is_told() {
    let desired = Desired::new(vec![
        link("eno1", Kind::Physical).in_master("vmbr0"),
        link("vmbr0", Kind::Bridge).with_ports(&["eno1"]),
    ]);
    let mut host = Host::new(&["eno1"]);
    host.up(&desired);
    let bare = Desired::new(vec![link("eno1", Kind::Physical)]);
    let kept = kept(&bare, &host.owned, host.kernel.now());
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].message, "vmbr0 is not declared any longer, and still there");
    assert_eq!(super::kept(&desired, &host.owned, host.kernel.now()), []);
}
