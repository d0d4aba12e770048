//! Making, changing, renaming and deleting links.

use super::*;
use cleat_model::snapshot::{IFLA_ADDRESS, IFLA_IFALIAS, IFLA_MTU, IFLA_TXQLEN};
use cleat_netns as netns;
use std::time::{Duration, Instant};

#[test]
fn a_veth_pair_is_made_with_its_settings_and_read_back_as_ip_shows_it() {
    let _room = netns::enter!(Veth);
    let mut kernel = open();
    let mac = [2, 0, 0, 0, 7, 1];
    done(
        &mut kernel,
        &[Op::CreateLink {
            name: name("nic0"),
            kind: Kind::Veth,
            parent: None,
            peer: Some(name("nic0.peer")),
            link: attrs(&[
                (IFLA_MTU, &9000u32.to_ne_bytes()),
                (IFLA_ADDRESS, &mac),
                (IFLA_TXQLEN, &77u32.to_ne_bytes()),
                (IFLA_IFALIAS, b"to the rack"),
            ]),
            data: Attrs::new(),
            up: true,
        }],
    );
    let shown = ip_link("nic0");
    assert_eq!(shown["mtu"], 9000);
    assert_eq!(shown["address"], "02:00:00:00:07:01");
    assert_eq!(shown["txqlen"], 77);
    assert_eq!(shown["ifalias"], "to the rack");
    assert_eq!(shown["link"], "nic0.peer");
    assert!(shown["flags"].to_string().contains("\"UP\""));

    let snapshot = read(&mut kernel);
    let (ours, peer) = (link(&snapshot, "nic0"), link(&snapshot, "nic0.peer"));
    assert_eq!(ours.index, shown["ifindex"]);
    assert_eq!((ours.mtu(), ours.alias().as_deref()), (9000, Some("to the rack")));
    assert_eq!(ours.mac().map(String::from).as_deref(), Some("02:00:00:00:07:01"));
    assert_eq!((ours.parent, peer.parent), (Some(peer.index), Some(ours.index)));
    assert_eq!(
        (ours.kind.clone(), ours.is_up(), ours.partial),
        (Kind::Veth, true, false)
    );
    assert!(!peer.is_up());
}

#[test]
fn the_state_of_a_link_is_the_one_that_ip_shows_once_it_has_carrier() {
    let _room = netns::enter!(Veth);
    let mut kernel = open();
    done(&mut kernel, &[veth("a", "b")]);
    done(&mut kernel, &[up("a"), up("b")]);
    // The kernel works out the state a moment after the carrier came.
    let deadline = Instant::now() + Duration::from_secs(10);
    while ip_link("a")["operstate"] != "UP" {
        assert!(Instant::now() < deadline, "{}", ip_link("a"));
        std::thread::sleep(Duration::from_millis(10));
    }
    let ours = link(&read(&mut kernel), "a");
    // RFC 2863 and linux/if.h: IF_OPER_UP is 6.
    assert_eq!((ours.operstate, ours.has_carrier()), (6, true));
}

#[test]
fn every_link_that_ip_lists_is_in_the_snapshot_with_the_same_facts() {
    let _room = netns::enter!(Veth, Bridge, Vxlan);
    for command in [
        "ip link add br0 type bridge",
        "ip link add name a type veth peer name b",
        "ip link set dev a master br0",
        "ip link property add dev a altname a-name-longer-than-fifteen-bytes",
        "ip link add vx0 type vxlan id 7 dstport 4789 dev a",
        "ip link set lo up",
    ] {
        netns::run(command);
    }
    let snapshot = read(&mut open());
    let shown = netns::ip_json(&["-d", "link"]);
    let shown = shown.as_array().expect("a list");
    assert_eq!(shown.len(), snapshot.links().len());
    for ip in shown {
        let ours = snapshot
            .by_index(ip["ifindex"].as_u64().expect("a number") as u32)
            .expect("in the snapshot");
        assert_eq!(ip["ifname"], ours.name.as_str());
        assert_eq!(ip["mtu"], ours.mtu());
        assert_eq!(ip["linkinfo"]["info_kind"].as_str().unwrap_or(""), ours.kind.word());
        let master = ours.master.and_then(|index| snapshot.by_index(index));
        assert_eq!(ip["master"].as_str(), master.map(|link| link.name.as_str()));
        assert_eq!(ip["flags"].to_string().contains("\"UP\""), ours.is_up());
        assert!(!ours.partial, "{ours:?}");
    }
    let port = link(&snapshot, "a");
    assert_eq!(port.port_kind, Some(Kind::Bridge));
    assert_eq!(port.altnames, ["a-name-longer-than-fifteen-bytes"]);
    assert_eq!(snapshot.find("a-name-longer-than-fifteen-bytes"), Some(&port));
    assert!(link(&snapshot, "lo").is_loopback());
    // IFLA_BR_AGEING_TIME is 4, in hundredths of a second; 300 s is the kernel's default (bridge(8)).
    let ageing = link(&snapshot, "br0").data.get(4).map(<[u8]>::to_vec);
    assert_eq!(ageing, Some(30_000u32.to_ne_bytes().to_vec()));
}

#[test]
fn the_settings_of_a_link_change_and_it_can_be_renamed_and_deleted() {
    let _room = netns::enter!(Veth);
    let mut kernel = open();
    done(&mut kernel, &[veth("a", "b")]);
    done(
        &mut kernel,
        &[
            Op::SetLink {
                name: name("a"),
                link: attrs(&[(IFLA_MTU, &1400u32.to_ne_bytes()), (IFLA_IFALIAS, b"one")]),
            },
            up("b"),
        ],
    );
    assert_eq!(
        (&ip_link("a")["mtu"], &ip_link("a")["ifalias"]),
        (&1400.into(), &"one".into())
    );
    let (from, to) = (name("a"), name("vmbr0p1"));
    done(&mut kernel, &[Op::RenameLink { from, to }]);
    // The new name is known without asking the kernel.
    done(&mut kernel, &[up("vmbr0p1")]);
    assert!(ip_link("vmbr0p1")["flags"].to_string().contains("\"UP\""));
    done(&mut kernel, &[Op::SetUp { name: to, up: false }]);
    assert!(!ip_link("vmbr0p1")["flags"].to_string().contains("\"UP\""));
    done(&mut kernel, &[Op::DeleteLink { name: to }]);
    assert_eq!(
        read(&mut kernel)
            .links()
            .iter()
            .filter(|link| link.kind == Kind::Veth)
            .count(),
        0
    );
}

#[test]
fn a_vxlan_over_a_nic_and_a_macvlan_get_their_parents() {
    let _room = netns::enter!(Veth, Vxlan, Macvlan);
    let mut kernel = open();
    done(&mut kernel, &[veth("nic0", "nic0p")]);
    let parent = Some(name("nic0"));
    done(
        &mut kernel,
        &[
            Op::CreateLink {
                name: name("vx7"),
                kind: Kind::Vxlan,
                parent,
                peer: None,
                link: Attrs::new(),
                // IFLA_VXLAN_ID 1, IFLA_VXLAN_PORT 15 (network order), IFLA_VXLAN_LEARNING 7.
                data: attrs(&[(1, &7u32.to_ne_bytes()), (15, &4789u16.to_be_bytes()), (7, &[0])]),
                up: false,
            },
            Op::CreateLink {
                name: name("mv0"),
                kind: Kind::Macvlan,
                parent,
                peer: None,
                link: Attrs::new(),
                // IFLA_MACVLAN_MODE 1: MACVLAN_MODE_BRIDGE is 4.
                data: attrs(&[(1, &4u32.to_ne_bytes())]),
                up: false,
            },
        ],
    );
    let vxlan = ip_link("vx7");
    assert_eq!(vxlan["linkinfo"]["info_data"]["id"], 7);
    assert_eq!(vxlan["linkinfo"]["info_data"]["port"], 4789);
    assert_eq!(vxlan["linkinfo"]["info_data"]["link"], "nic0");
    assert_eq!(vxlan["linkinfo"]["info_data"]["learning"], false);
    let macvlan = ip_link("mv0");
    assert_eq!(macvlan["link"], "nic0");
    assert_eq!(macvlan["linkinfo"]["info_data"]["mode"], "bridge");
    let snapshot = read(&mut kernel);
    assert_eq!(link(&snapshot, "mv0").parent, Some(link(&snapshot, "nic0").index));
}

#[test]
fn a_bond_its_ports_a_vlan_on_it_and_a_vrf_are_made_and_changed() {
    let _room = netns::enter!(Bond, Dummy, Vlan, Vrf);
    let mut kernel = open();
    done(
        &mut kernel,
        &[
            Op::CreateLink {
                name: name("bond0"),
                kind: Kind::Bond,
                parent: None,
                peer: None,
                link: attrs(&[(IFLA_ADDRESS, &[2, 0, 0, 0, 0, 9])]),
                // IFLA_BOND_MODE 1: active-backup is 1; IFLA_BOND_MIIMON 3.
                data: attrs(&[(1, &[1]), (3, &100u32.to_ne_bytes())]),
                up: false,
            },
            create("nic1", Kind::Dummy),
            create("nic2", Kind::Dummy),
            Op::CreateLink {
                name: name("vrf9"),
                kind: Kind::Vrf,
                parent: None,
                peer: None,
                link: Attrs::new(),
                // IFLA_VRF_TABLE 1.
                data: attrs(&[(1, &109u32.to_ne_bytes())]),
                up: true,
            },
        ],
    );
    let enslave = |port| Op::SetMaster {
        name: name(port),
        master: Some(name("bond0")),
    };
    done(
        &mut kernel,
        &[
            enslave("nic1"),
            enslave("nic2"),
            Op::CreateLink {
                name: name("bond0.5"),
                kind: Kind::Vlan,
                parent: Some(name("bond0")),
                peer: None,
                link: Attrs::new(),
                // IFLA_VLAN_ID 1, IFLA_VLAN_PROTOCOL 5 (network order): 802.1ad is 0x88a8.
                data: attrs(&[(1, &5u16.to_ne_bytes()), (5, &0x88a8u16.to_be_bytes())]),
                up: false,
            },
        ],
    );
    done(
        &mut kernel,
        &[
            Op::SetData {
                name: name("bond0"),
                kind: Kind::Bond,
                data: attrs(&[(3, &50u32.to_ne_bytes())]),
                // IFLA_BOND_PRIMARY 11.
                links: vec![(11, Some(name("nic2")))],
            },
            Op::SetPort {
                name: name("nic1"),
                kind: Kind::Bond,
                // IFLA_BOND_SLAVE_QUEUE_ID 5.
                data: attrs(&[(5, &3u16.to_ne_bytes())]),
            },
        ],
    );
    let bond = ip_link("bond0");
    assert_eq!(bond["address"], "02:00:00:00:00:09");
    assert_eq!(bond["linkinfo"]["info_data"]["mode"], "active-backup");
    assert_eq!(bond["linkinfo"]["info_data"]["miimon"], 50);
    assert_eq!(bond["linkinfo"]["info_data"]["primary"], "nic2");
    assert_eq!(ip_link("nic1")["linkinfo"]["info_slave_data"]["queue_id"], 3);
    let vlan = ip_link("bond0.5");
    assert_eq!(vlan["link"], "bond0");
    assert_eq!(vlan["linkinfo"]["info_data"]["protocol"], "802.1ad");
    assert_eq!(vlan["linkinfo"]["info_data"]["id"], 5);
    assert_eq!(ip_link("vrf9")["linkinfo"]["info_data"]["table"], 109);

    let snapshot = read(&mut kernel);
    let (bond, port) = (link(&snapshot, "bond0"), link(&snapshot, "nic1"));
    assert_eq!(
        (port.master, port.port_kind.clone()),
        (Some(bond.index), Some(Kind::Bond))
    );
    assert_eq!(port.port.get(5), Some(&3u16.to_ne_bytes()[..]));
    assert_eq!(
        bond.data.get(11),
        Some(&link(&snapshot, "nic2").index.to_ne_bytes()[..])
    );
    // A port of a bond has the bond's address; its own is IFLA_PERM_ADDRESS where the driver knows one.
    assert_eq!(port.mac(), bond.mac());
    done(
        &mut kernel,
        &[Op::SetMaster {
            name: name("nic1"),
            master: None,
        }],
    );
    assert_eq!(ip_link("nic1").get("master"), None);
}

#[test]
fn settings_under_proc_and_the_address_mode_are_written_and_read_back() {
    let _room = netns::enter!(Veth, Inet6);
    let mut kernel = open();
    done(&mut kernel, &[veth("nic0.5", "b")]);
    let set = |v6, key: &str, value| Op::SetConf {
        name: name("nic0.5"),
        v6,
        key: key.to_owned(),
        value,
    };
    done(
        &mut kernel,
        &[
            set(false, "forwarding", 1),
            set(false, "proxy_arp", 1),
            set(true, "accept_ra", 2),
            set(true, "forwarding", 1),
            Op::SetAddrGenMode {
                name: name("nic0.5"),
                mode: 1,
            },
        ],
    );
    assert_eq!(netns::run("cat /proc/sys/net/ipv4/conf/nic0.5/proxy_arp"), "1\n");
    assert_eq!(netns::run("cat /proc/sys/net/ipv6/conf/nic0.5/accept_ra"), "2\n");
    assert_eq!(ip_link("nic0.5")["inet6_addr_gen_mode"], "none");
    let ours = link(&read(&mut kernel), "nic0.5");
    // linux/ip.h: IPV4_DEVCONF_FORWARDING is 1 and the array starts with it, IPV4_DEVCONF_PROXY_ARP is 3.
    assert_eq!((ours.conf4.first(), ours.conf4.get(2)), (Some(&1), Some(&1)));
    // linux/ipv6.h: DEVCONF_FORWARDING is 0 and the array starts with it, DEVCONF_ACCEPT_RA is 3.
    assert_eq!((ours.conf6.first(), ours.conf6.get(3)), (Some(&1), Some(&2)));
    assert_eq!(ours.addr_gen_mode, Some(1));
}

#[test]
fn a_link_with_forwarding_off_says_so_at_the_same_place() {
    let _room = netns::enter!(Veth, Inet6);
    netns::run("ip link add name a type veth peer name b");
    for (key, value) in [("net/ipv4/conf/a/rp_filter", 2), ("net/ipv6/conf/a/disable_ipv6", 1)] {
        netns::run(&format!("sysctl -q -w {key}={value}"));
    }
    let ours = link(&read(&mut open()), "a");
    // linux/ip.h: IPV4_DEVCONF_RP_FILTER is 8. linux/ipv6.h: DEVCONF_DISABLE_IPV6 is 26.
    assert_eq!((ours.conf4.first(), ours.conf4.get(7)), (Some(&0), Some(&2)));
    assert_eq!(ours.conf6.get(26), Some(&1));
}
