//! What the options mean beyond the spec's samples.

use super::{addresses, clean, get, knobs, names, ports, resolve, routes, vlans};
use crate::attr::Value;
use crate::testing::{link, machine};
use crate::types::{Kind, Origin, ScopeId};

fn parent(desired: &crate::desired::Desired, name: &str) -> Option<String> {
    get(desired, name).parent.map(|parent| parent.name.to_string())
}

// Second witness: vlan-interfaces(5) on the names; `ip -d link` of golden states 06 to 08 on parent and id.
#[test]
fn vlans_are_known_by_any_of_their_names() {
    let desired = clean(
        "iface eno1.5\niface bond0\n bond-slaves none\niface bond0.7\niface vlan9\n vlan-raw-device eno1\niface storage\n \
         vlan-raw-device eno2\n vlan-id 30\niface eno3.8\n vlan-protocol 802.1ad\niface eno3.8.9\niface eno1.0012\n",
        None,
    );
    for (name, below, id) in [
        ("eno1.5", "eno1", 5),
        ("bond0.7", "bond0", 7),
        ("vlan9", "eno1", 9),
        ("storage", "eno2", 30),
        ("eno3.8", "eno3", 8),
        ("eno3.8.9", "eno3.8", 9),
        ("eno1.0012", "eno1", 12),
    ] {
        assert_eq!(parent(&desired, name).as_deref(), Some(below), "{name}");
        assert_eq!(get(&desired, name).number("vlan-id"), Some(id), "{name}");
    }
    assert_eq!(get(&desired, "eno3.8").number("vlan-protocol"), Some(0x88a8));
    assert!(!get(&desired, "eno2").declared);
}

#[test]
fn links_that_are_only_named_are_added_with_what_they_sit_on() {
    let desired = clean("iface vmbr0\n bridge-ports eno1.5.10\n", None);
    assert_eq!(names(&desired), ["eno1", "eno1.5", "eno1.5.10", "vmbr0"]);
    let implied = get(&desired, "eno1.5");
    assert!(!implied.declared && implied.kind == Kind::Vlan);
    assert!(matches!(implied.origin, Origin::Implied(..)));
    assert_eq!(
        get(&desired, "eno1.5.10")
            .master
            .map(|master| master.name.to_string())
            .as_deref(),
        Some("vmbr0")
    );
}

// Second witness: ifupdown-addons-interfaces(5): `glob` and `regex` in bridge-ports; bridge-utils-interfaces(5) on
// `noregex`.
#[test]
fn patterns_in_port_lists_match_links_that_are_there() {
    let facts = machine(&["eno1", "eno2", "eth0", "swp1", "swp2"]);
    let desired = clean(
        "iface vmbr0\n bridge-ports glob eno* regex swp[0-9] noregex eth0\niface vmbr0.5\niface vmbr1\n bridge-ports none\n",
        Some(&facts),
    );
    assert_eq!(ports(get(&desired, "vmbr0")), ["eno1", "eno2", "swp1", "swp2", "eth0"]);
    assert_eq!(ports(get(&desired, "vmbr1")), [""; 0]);
    let all = clean("iface vmbr0\n bridge-ports regex .*\niface vmbr0.5\n", Some(&facts));
    assert_eq!(ports(get(&all, "vmbr0")), ["eno1", "eno2", "eth0", "swp1", "swp2"]);
}

#[test]
fn a_port_may_name_its_bond_as_ifenslave_writes_it() {
    let desired = clean(
        "iface bond0\n bond-slaves none\n bond-mode 1\niface eno1\n bond-master bond0\niface eno2\n bond-master bond0\n",
        None,
    );
    assert_eq!(ports(get(&desired, "bond0")), ["eno1", "eno2"]);
    assert_eq!(get(&desired, "eno1").kind, Kind::Physical);
}

#[test]
fn port_options_come_from_the_port_before_the_list_before_the_bridge() {
    let desired = clean(
        "iface vmbr0\n bridge-ports eno1 eno2 eno3\n bridge-learning off\n bridge-learning eno2=on\n bridge_pathcost eno1 100\n \
         bridge-portprios eno1=8 eno2=9\niface eno3\n bridge-learning on\n bridge-isolated on\niface eno2\n bridge-pathcosts 7\n",
        None,
    );
    assert_eq!(
        knobs(get(&desired, "eno1")),
        [
            "bridge-learning off",
            "bridge-pathcosts 100",
            "bridge-portprios 8",
            "disable-ipv6 yes"
        ]
    );
    assert_eq!(
        knobs(get(&desired, "eno2")),
        [
            "bridge-learning on",
            "bridge-portprios 9",
            "bridge-pathcosts 7",
            "disable-ipv6 yes"
        ]
    );
    assert_eq!(
        knobs(get(&desired, "eno3")),
        ["bridge-learning on", "bridge-isolated on", "disable-ipv6 yes"]
    );
}

// Second witness: ifupdown-addons-interfaces(5) on bridge-vids, bridge-pvid, bridge-access, bridge-allow-untagged; golden
// state 07 on the default VLAN 1.
#[test]
fn vlans_of_ports_follow_the_port_then_the_bridge() {
    let desired = clean(
        "iface vmbr0\n bridge-ports eno1 eno2 eno3 eno4 eno5 eno6\n bridge-vlan-aware yes\n bridge-vids 2-20,30 100\n bridge-pvid 10\n \
         bridge-port-vids eno5=7,8-9\n bridge-port-pvids eno5=9\n\
         iface eno2\n bridge-vids 5 6\n bridge-pvid 5\niface eno3\n bridge-access 50\n\
         iface eno4\n bridge-allow-untagged no\niface eno6\n bridge-vids 1-3\n bridge-vids 4094\n bridge-pvid 1\niface vmbr0.30\niface vmbr0.31\n",
        None,
    );
    assert_eq!(
        vlans(get(&desired, "eno1")),
        ["2-9", "10 pvid untagged", "11-20", "30", "100"]
    );
    assert_eq!(vlans(get(&desired, "eno2")), ["5 pvid untagged", "6"]);
    assert_eq!(vlans(get(&desired, "eno3")), ["50 pvid untagged"]);
    assert_eq!(vlans(get(&desired, "eno4")), ["2-20", "30", "100"]);
    assert_eq!(vlans(get(&desired, "eno5")), ["7-8", "9 pvid untagged"]);
    assert_eq!(vlans(get(&desired, "eno6")), ["1 pvid untagged", "2-3", "4094"]);
    assert_eq!(vlans(get(&desired, "vmbr0")), ["1 pvid untagged", "30-31"]);
}

// Second witness: `ip address add 192.0.2.1/24 broadcast +` sets 192.0.2.255; scopes as ip-address(8) names them.
#[test]
fn options_of_addresses_belong_to_the_address_before_them() {
    let desired = clean(
        "iface eno1 inet static\n netmask 255.255.255.0\n address 192.0.2.1\n broadcast +\n address 198.51.100.1\n netmask 25\n \
         scope link\n address 203.0.113.1/24\n netmask 255.0.0.0\n broadcast -\n preferred-lifetime 0\n\
         iface eno1 inet6 static\n address fe80::1/64\n address 2001:db8::1\n netmask 64\n\
         iface eno1:1 inet static\n address 192.0.2.9/24\n",
        None,
    );
    let eno1 = get(&desired, "eno1");
    assert_eq!(
        addresses(eno1),
        [
            "192.0.2.1/24",
            "198.51.100.1/25",
            "203.0.113.1/24",
            "fe80::1/64",
            "2001:db8::1/64",
            "192.0.2.9/24"
        ]
    );
    let found: Vec<_> = eno1
        .addresses
        .iter()
        .map(|address| {
            let address = &address.value;
            let broadcast = address.broadcast.map(|ip| ip.to_string()).unwrap_or_default();
            (broadcast, address.scope, address.preferred, address.label.as_deref())
        })
        .collect();
    let of = |broadcast: &str, scope, preferred, label| (broadcast.to_owned(), ScopeId(scope), preferred, label);
    assert_eq!(
        found,
        [
            of("192.0.2.255", 0, None, None),
            of("", 253, None, None),
            of("203.0.113.0", 0, Some(0), None),
            of("", 253, None, None),
            of("", 0, None, None),
            of("", 0, None, Some("eno1:1")),
        ]
    );
}

// Second witness: classic ifupdown 0.8.41, ifupdown2 3.0.0 and ifupdown-ng 0.11.4 all give the peer /32.
#[test]
fn only_the_other_end_of_a_point_to_point_link_is_on_it() {
    let desired = clean(
        "iface ppp9\n address 192.0.2.1\n pointopoint 192.0.2.2\n gateway 192.0.2.2\n\
         iface eno1\n address 192.0.2.10/26\n pointopoint 192.0.2.65\n gateway 192.0.2.65\n metric 2\n\
         iface eno2\n pointopoint 192.0.2.66\n netmask 255.255.255.192\n address 192.0.2.11\n\
         iface eno3 inet6\n address 2001:db8::10\n netmask 64\n point-to-point 2001:db8::1\n\
         iface eno4\n address 192.0.2.129\n pointopoint 192.0.2.130/30\n",
        None,
    );
    for (link, address) in [
        ("ppp9", "192.0.2.1 peer 192.0.2.2/32"),
        ("eno1", "192.0.2.10 peer 192.0.2.65/32"),
        ("eno2", "192.0.2.11 peer 192.0.2.66/32"),
        ("eno3", "2001:db8::10 peer 2001:db8::1/128"),
        ("eno4", "192.0.2.129 peer 192.0.2.130/30"),
    ] {
        assert_eq!(addresses(get(&desired, link)), [address], "{link}");
    }
    assert_eq!(routes(get(&desired, "ppp9")), ["default via 192.0.2.2"]);
    assert_eq!(routes(get(&desired, "eno1")), ["default via 192.0.2.65 metric 2"]);
}

// Second witness: the kernel answers "Nexthop has invalid gateway" without the flag; golden state 02 has it set.
#[test]
fn a_gateway_outside_every_subnet_is_on_the_link() {
    let desired = clean(
        "iface eno1\n address 192.0.2.1/32\n gateway 198.51.100.1\niface eno1 inet6\n address 2001:db8::1/64\n gateway 2001:db8:1::1\n",
        None,
    );
    assert_eq!(
        routes(get(&desired, "eno1")),
        ["default via 198.51.100.1 onlink", "default via 2001:db8:1::1 onlink"]
    );
}

// Second witness: Linux answers "No route to host" without the flag until the address is no longer tentative.
#[test]
fn a_gateway_that_is_the_peer_of_an_ipv6_address_is_said_to_be_on_the_link() {
    let peer =
        "iface eno1 inet6 static\n address 2001:db8::10\n netmask 64\n pointopoint 2001:db8::1\n gateway 2001:db8::1\n";
    let desired = clean(peer, None);
    assert_eq!(routes(get(&desired, "eno1")), ["default via 2001:db8::1 onlink"]);
}

#[test]
fn host_addresses_may_repeat_on_unnumbered_links() {
    let desired = clean(
        "iface dummy_fab\n link-type dummy\n address 192.0.2.1/32\niface eno1\n address 192.0.2.1/32\n ip-forward 1\n",
        None,
    );
    assert_eq!(addresses(get(&desired, "eno1")), ["192.0.2.1/32"]);
    assert_eq!(get(&desired, "dummy_fab").kind, Kind::Dummy);
}

#[test]
fn the_same_address_may_stand_in_two_vrfs() {
    let desired = clean(
        "iface blue\n vrf-table auto\niface red\n vrf-table 1001\niface eno1\n vrf blue\n address 192.0.2.1/24\niface eno2\n vrf red\n address 192.0.2.1/24\n",
        None,
    );
    assert_eq!(get(&desired, "blue").number("vrf-table"), Some(1002));
    assert_eq!(addresses(get(&desired, "eno2")), ["192.0.2.1/24"]);
    let order = names(&desired);
    let at = |name: &str| order.iter().position(|found| *found == name).unwrap();
    assert!(at("blue") < at("eno1") && get(&desired, "blue").ports.is_empty());
}

// Second witness: a file as Proxmox VE's SDN writes it (facts: vxlan zone); RFC 7348 on port 4789.
#[test]
fn a_vxlan_zone_of_proxmox_is_understood() {
    let desired = clean(
        "auto vnet1\niface vnet1\n\tbridge_ports vxlan_vnet1\n\tbridge_stp off\n\tbridge_fd 0\n\tmtu 1450\n\n\
         auto vxlan_vnet1\niface vxlan_vnet1\n\tvxlan-id 1000\n\tvxlan_remoteip 192.0.2.2\n\tvxlan_remoteip 192.0.2.3\n\tmtu 1450\n\
         \tbridge-learning off\n\tbridge-arp-nd-suppress on\n\tvxlan-local-tunnelip 192.0.2.1\n",
        None,
    );
    let vxlan = get(&desired, "vxlan_vnet1");
    assert_eq!(
        knobs(vxlan),
        [
            "vxlan-id 1000",
            "mtu 1450",
            "vxlan-local-tunnelip 192.0.2.1",
            "bridge-learning off",
            "bridge-arp-nd-suppress on",
            "vxlan-port 4789",
            "disable-ipv6 yes",
            "vxlan-learning no",
            "bridge-portmcrouter enabled"
        ]
    );
    assert_eq!(vxlan.knob("vxlan-port").unwrap().origin, Origin::Default("vxlan-port"));
    let remotes: Vec<_> = vxlan.fdb.iter().map(|fdb| fdb.value.dst.unwrap().to_string()).collect();
    assert_eq!(remotes, ["192.0.2.2", "192.0.2.3"]);
    assert!(
        vxlan
            .fdb
            .iter()
            .all(|fdb| fdb.value.mac.bytes() == [0; 6] && fdb.value.on_self && fdb.value.fixed)
    );
}

#[test]
fn both_ends_of_a_pair_know_each_other() {
    let desired = clean(
        "iface pr_zone\n link-type veth\n veth-peer-name ln_zone\niface ln_zone\n link-type veth\n veth-peer-name pr_zone\n\
         iface a\n veth-peer-name b\niface c\n link-type veth\niface d\n veth-peer-name c\n",
        None,
    );
    for (name, other) in [
        ("pr_zone", "ln_zone"),
        ("ln_zone", "pr_zone"),
        ("a", "b"),
        ("b", "a"),
        ("c", "d"),
        ("d", "c"),
    ] {
        let link = get(&desired, name);
        assert_eq!(
            link.peer.map(|peer| peer.name.to_string()).as_deref(),
            Some(other),
            "{name}"
        );
        assert_eq!(link.kind, Kind::Veth, "{name}");
    }
    assert!(!get(&desired, "b").declared);
}

#[test]
fn a_macvlan_sits_on_its_link() {
    let desired = clean("iface m0\n macvlan-raw-device eno1\n macvlan-mode bridge\n", None);
    assert_eq!(get(&desired, "m0").kind, Kind::Macvlan);
    assert_eq!(parent(&desired, "m0").as_deref(), Some("eno1"));
    assert_eq!(get(&desired, "m0").number("macvlan-mode"), Some(4));
}

#[test]
fn arp_targets_add_up_over_lines() {
    let desired = clean(
        "iface bond0\n bond-slaves eno1\n bond-mode 1\n bond-arp-interval 250\n bond-arp-ip-target 192.0.2.1,192.0.2.2\n bond-arp-ip-target 192.0.2.3\n \
         bond-primary eno9 eno1\n",
        None,
    );
    let bond0 = get(&desired, "bond0");
    let Value::Ips(ips) = &bond0.knob("bond-arp-ip-target").unwrap().value else {
        panic!("no list")
    };
    assert_eq!(ips.len(), 3);
    assert_eq!(bond0.data_links[0].1.name.as_str(), "eno1");
}

#[test]
fn a_bond_or_bridge_that_is_there_keeps_its_address() {
    let mut facts = machine(&["eno1", "eno2"]);
    facts.insert(link(20, "bond0", Kind::Bond, &[2, 0, 0, 0, 0, 1]));
    facts.insert(link(21, "vmbr0", Kind::Bridge, &[2, 0, 0, 0, 0, 2]));
    let text = "iface bond0\n bond-slaves eno2 eno1\niface vmbr0\n bridge-ports bond0\n";
    let desired = clean(text, Some(&facts));
    assert!(get(&desired, "bond0").knob("hwaddress").is_none());
    assert!(get(&desired, "vmbr0").knob("hwaddress").is_none());
}

#[test]
fn a_new_bridge_takes_the_address_that_its_port_has_or_will_have() {
    let mut facts = machine(&["eno2"]);
    let mut slave = link(30, "eno1", Kind::Physical, &[2, 0, 0, 0, 0, 9]);
    slave.perm_mac = crate::name::Mac::new(&[0x52, 0x54, 0, 0, 0, 1]);
    slave.port_kind = Some(Kind::Bond);
    facts.insert(slave);
    let mac = |text: &str, name: &str| {
        let desired = clean(text, Some(&facts));
        get(&desired, name)
            .knob("hwaddress")
            .map(|knob| knob.attr.show(&knob.value))
    };
    assert_eq!(
        mac("iface bond0\n bond-slaves eno1 eno2\n", "bond0").as_deref(),
        Some("52:54:00:00:00:01")
    );
    assert_eq!(
        mac("iface vmbr0\n bridge-ports eno2.7\n", "vmbr0").as_deref(),
        Some("52:54:00:00:10:00")
    );
    let said = "iface eno2\n hwaddress 02:00:00:00:00:05\niface vmbr0\n bridge-ports eno2\n";
    assert_eq!(mac(said, "vmbr0").as_deref(), Some("02:00:00:00:00:05"));
    assert_eq!(mac("iface vmbr0\n bridge-ports none\n", "vmbr0"), None);
    let named = "iface vmbr0\n bridge-ports none\n bridge_hw eno2\n";
    assert_eq!(mac(named, "vmbr0").as_deref(), Some("52:54:00:00:10:00"));
}

#[test]
fn switches_of_the_link_reach_it() {
    let desired = clean("iface eno1\n link-down yes\n address-purge no\niface eno2\n", None);
    assert!(!get(&desired, "eno1").up && !get(&desired, "eno1").address_purge);
    assert!(get(&desired, "eno2").up && get(&desired, "eno2").address_purge);
}

#[test]
fn links_stand_in_dependency_order_and_otherwise_as_in_the_file() {
    let desired = clean(
        "iface vmbr0\n bridge-ports bond0.5\niface z\niface bond0.5\niface bond0\n bond-slaves eno2 eno1\niface a\niface eno1\n",
        None,
    );
    assert_eq!(names(&desired), ["eno2", "eno1", "bond0", "bond0.5", "vmbr0", "z", "a"]);
}

// Second witness: interfaces(5) of ifupdown 0.8.41, `inet6 auto`: accept_ra defaults to 2, autoconf to 1.
#[test]
fn inet6_auto_heeds_router_advertisements() {
    let desired = clean(
        "iface eno1 inet6 auto\n privext 2\niface eno2 inet6 auto\n accept_ra 1\n",
        None,
    );
    assert_eq!(
        knobs(get(&desired, "eno1")),
        ["privext 2", "accept-ra 2", "autoconf yes"]
    );
    assert_eq!(knobs(get(&desired, "eno2")), ["accept-ra 1", "autoconf yes"]);
}

// Second witness: the keys and patterns that pve-network writes for an EVPN zone with a local exit, and for QinQ.
#[test]
fn evpn_and_qinq_zones_of_proxmox_are_understood() {
    let desired = clean(
        "auto vnet1\niface vnet1\n\taddress 10.1.0.1/24\n\thwaddress A2:1D:CB:1A:C0:8B\n\tbridge_ports vxlan_vnet1\n\tbridge_stp off\n\
         \tbridge_fd 0\n\tmtu 1450\n\talias a net\n\tip-forward on\n\tip6-forward on\n\tarp-accept on\n\tvrf vrf_zone1\n\
         auto vxlan_vnet1\niface vxlan_vnet1\n\tvxlan-id 1000\n\tvxlan-local-tunnelip 2001:db8::1\n\tmtu 1450\n\
         auto vrf_zone1\niface vrf_zone1\n\tvrf-table auto\n\tpost-up ip route add vrf vrf_zone1 unreachable default metric 4278198272\n\
         auto vrfbr_zone1\niface vrfbr_zone1\n\tbridge-ports vrfvx_zone1\n\tbridge_stp off\n\tbridge_fd 0\n\tmtu 1450\n\tvrf vrf_zone1\n\
         auto vrfvx_zone1\niface vrfvx_zone1\n\tvxlan-id 10000\n\tvxlan-local-tunnelip 192.0.2.1\n\tbridge-learning off\n\tmtu 1450\n\
         auto xvrf_zone1\niface xvrf_zone1\n\tlink-type veth\n\taddress 10.255.255.1/30\n\tveth-peer-name xvrfp_zone1\n\tmtu 1500\n\
         auto xvrfp_zone1\niface xvrfp_zone1\n\tlink-type veth\n\taddress 10.255.255.2/30\n\tveth-peer-name xvrf_zone1\n\tvrf vrf_zone1\n\tmtu 1500\n\
         auto vmbr0\niface vmbr0\n\tbridge-ports none\n\tbridge-vlan-aware yes\n\
         auto sv_zone2\niface sv_zone2\n\tvlan-raw-device vmbr0\n\tvlan-id 1000\n\tvlan-protocol 802.1ad\n\
         auto z_zone2\niface z_zone2\n\tbridge-stp off\n\tbridge-ports sv_zone2\n\tbridge-fd 0\n\tbridge-vlan-aware yes\n\tbridge-vids 2-4094\n\
         iface vmbr0\n\tbridge-vlan-protocol 802.1ad\n",
        None,
    );
    let vnet1 = get(&desired, "vnet1");
    assert_eq!(
        vnet1.master.map(|master| master.name.to_string()).as_deref(),
        Some("vrf_zone1")
    );
    assert_eq!(get(&desired, "vrf_zone1").number("vrf-table"), Some(1001));
    assert!(knobs(vnet1).contains(&"hwaddress a2:1d:cb:1a:c0:8b".to_owned()));
    assert_eq!(
        get(&desired, "xvrf_zone1")
            .peer
            .map(|peer| peer.name.to_string())
            .as_deref(),
        Some("xvrfp_zone1")
    );
    assert_eq!(vlans(get(&desired, "vmbr0")), ["1 pvid untagged", "1000"]);
    assert_eq!(vlans(get(&desired, "sv_zone2")), ["1 pvid untagged", "2-4094"]);
}

#[test]
fn a_vlan_of_another_tag_needs_no_place_in_the_bridge() {
    let desired = clean(
        "iface vmbr0\n bridge-ports none\n bridge-vlan-aware yes\niface sv\n vlan-raw-device vmbr0\n vlan-id 7\n vlan-protocol 802.1ad\n",
        None,
    );
    assert_eq!(vlans(get(&desired, "vmbr0")), ["1 pvid untagged"]);
}

/// `ip link add a type veth peer name eno1` is refused on Linux 6.18 where eno1 is a NIC: File exists.
#[test]
fn the_other_end_of_a_pair_is_not_a_nic_that_is_there() {
    let mut facts = machine(&[]);
    facts.insert(link(2, "eno1", Kind::Physical, &[2, 0, 0, 0, 0, 1]));
    let text = "auto a\niface a\n veth-peer-name eno1\n";
    let (desired, found) = resolve(text, Some(&facts));
    assert!(!names(&desired).contains(&"a"), "{desired:?}");
    assert!(found.contains("`eno1` cannot be the other end of `a`"), "{found}");
    assert!(found.contains("that is a NIC, which is there"), "{found}");
    // Where it is not there, nothing is wrong with it.
    assert_eq!(get(&clean(text, None), "a").kind, Kind::Veth);
}

#[test]
fn options_of_a_vxlan_alone_make_none() {
    let text = "auto vx5\niface vx5\n vxlan-remoteip 192.0.2.5\n address 10.0.0.1/24\n";
    let (desired, found) = resolve(text, None);
    assert!(!names(&desired).contains(&"vx5"), "{desired:?}");
    assert!(found.contains("`vx5` does not say which network it is"), "{found}");
    // A hook may make the link.
    let (desired, _) = resolve(
        "iface vx5\n pre-up ip link add vx5 type vxlan id 5\n vxlan-ageing 300\n",
        None,
    );
    assert_eq!(get(&desired, "vx5").kind, Kind::Physical);
}
