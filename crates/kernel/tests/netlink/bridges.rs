//! Bridge ports, VLANs and forwarding entries.

use super::*;
use cleat_model::types::{Fdb, VlanRange};
use cleat_netns as netns;

fn enslave(port: &str) -> Op {
    Op::SetMaster {
        name: name(port),
        master: Some(name("br0")),
    }
}

fn range(first: u16, last: u16) -> VlanRange {
    VlanRange {
        first,
        last,
        pvid: false,
        untagged: false,
    }
}

#[test]
fn a_bridge_its_port_and_the_settings_of_both_change() {
    let _room = netns::enter!(Bridge, Veth);
    let mut kernel = open();
    done(&mut kernel, &[create("br0", Kind::Bridge), veth("a", "b")]);
    done(&mut kernel, &[enslave("a")]);
    done(
        &mut kernel,
        &[
            Op::SetData {
                name: name("br0"),
                kind: Kind::Bridge,
                // IFLA_BR_FORWARD_DELAY 1 in hundredths of a second, IFLA_BR_PRIORITY 6.
                data: attrs(&[(1, &400u32.to_ne_bytes()), (6, &4096u16.to_ne_bytes())]),
                links: Vec::new(),
            },
            Op::SetPort {
                name: name("a"),
                kind: Kind::Bridge,
                // IFLA_BRPORT_COST 3, IFLA_BRPORT_LEARNING 8, IFLA_BRPORT_ISOLATED 33.
                data: attrs(&[(3, &55u32.to_ne_bytes()), (8, &[0]), (33, &[1])]),
            },
        ],
    );
    let bridge = ip_link("br0");
    assert_eq!(bridge["linkinfo"]["info_data"]["forward_delay"], 400);
    assert_eq!(bridge["linkinfo"]["info_data"]["priority"], 4096);
    let port = ip_link("a");
    assert_eq!(port["master"], "br0");
    assert_eq!(port["linkinfo"]["info_slave_data"]["cost"], 55);
    assert_eq!(port["linkinfo"]["info_slave_data"]["learning"], false);
    assert_eq!(port["linkinfo"]["info_slave_data"]["isolated"], true);
    let snapshot = read(&mut kernel);
    let ours = link(&snapshot, "a");
    assert_eq!(
        (ours.port.get(3), ours.port.get(8)),
        (Some(&55u32.to_ne_bytes()[..]), Some(&[0][..]))
    );
    assert_eq!(snapshot.ports(link(&snapshot, "br0").index).count(), 1);
}

#[test]
fn vlans_of_ports_and_of_the_bridge_go_as_ranges_in_one_request() {
    let _room = netns::enter!(VlanFiltering, Veth);
    let mut kernel = open();
    done(
        &mut kernel,
        &[
            Op::CreateLink {
                name: name("br0"),
                kind: Kind::Bridge,
                parent: None,
                peer: None,
                link: Attrs::new(),
                // IFLA_BR_VLAN_FILTERING 7, IFLA_BR_VLAN_DEFAULT_PVID 39: no VLAN by itself.
                data: attrs(&[(7, &[1]), (39, &0u16.to_ne_bytes())]),
                up: false,
            },
            veth("a", "b"),
        ],
    );
    done(&mut kernel, &[enslave("a")]);
    let own = VlanRange {
        pvid: true,
        untagged: true,
        ..range(1, 1)
    };
    let add = |port: &str, on_self, ranges: &[VlanRange]| Op::AddVlans {
        name: name(port),
        on_self,
        ranges: ranges.to_vec(),
    };
    let before = kernel.requests();
    done(
        &mut kernel,
        &[
            add("a", false, &[own, range(2, 4094)]),
            add("br0", true, &[range(5, 5), range(7, 9)]),
        ],
    );
    assert_eq!(kernel.requests() - before, 2);
    let ranges = |device: &str| -> Vec<(u64, u64, String)> {
        netns::bridge_json(&["-compressvlans", "vlan", "show", "dev", device])[0]["vlans"]
            .as_array()
            .cloned()
            .unwrap_or_default()
            .iter()
            .map(|vlan| {
                let first = vlan["vlan"].as_u64().expect("a number");
                let flags = vlan["flags"].as_array().cloned().unwrap_or_default();
                let flags: Vec<&str> = flags.iter().filter_map(Value::as_str).collect();
                (first, vlan["vlanEnd"].as_u64().unwrap_or(first), flags.join(" "))
            })
            .collect()
    };
    let pvid = "PVID Egress Untagged".to_owned();
    assert_eq!(ranges("a"), [(1, 1, pvid), (2, 4094, String::new())]);
    assert_eq!(ranges("br0"), [(5, 5, String::new()), (7, 9, String::new())]);

    let snapshot = read(&mut kernel);
    assert_eq!(snapshot.vlans(link(&snapshot, "a").index), [own, range(2, 4094)]);
    assert_eq!(snapshot.vlans(link(&snapshot, "br0").index), [range(5, 5), range(7, 9)]);
    let delete = |port: &str, on_self, first, last| Op::DelVlans {
        name: name(port),
        on_self,
        ranges: vec![range(first, last)],
    };
    done(&mut kernel, &[delete("a", false, 100, 4000), delete("br0", true, 8, 8)]);
    let snapshot = read(&mut kernel);
    assert_eq!(
        snapshot.vlans(link(&snapshot, "a").index),
        [own, range(2, 99), range(4001, 4094)]
    );
    assert_eq!(
        snapshot.vlans(link(&snapshot, "br0").index),
        [range(5, 5), range(7, 7), range(9, 9)]
    );
    assert_eq!(ranges("a").last(), Some(&(4001, 4094, String::new())));
}

#[test]
fn vlans_on_a_link_that_is_no_port_are_refused_with_a_reason() {
    let _room = netns::enter!(Veth);
    let mut kernel = open();
    done(&mut kernel, &[veth("a", "b")]);
    let op = Op::AddVlans {
        name: name("a"),
        on_self: false,
        ranges: vec![range(5, 5)],
    };
    assert_eq!(
        refused(&mut kernel, &op).to_string(),
        "Operation not supported: `a` is not a bridge or bridge port, or the running kernel cannot filter VLANs in bridges"
    );
}

#[test]
fn static_entries_of_a_port_and_the_flood_list_of_a_vxlan_are_kept_apart_from_the_rest() {
    let _room = netns::enter!(Bridge, Veth, Vxlan);
    let mut kernel = open();
    done(
        &mut kernel,
        &[
            create("br0", Kind::Bridge),
            veth("a", "b"),
            Op::CreateLink {
                name: name("vx7"),
                kind: Kind::Vxlan,
                parent: None,
                peer: None,
                link: Attrs::new(),
                data: attrs(&[(1, &7u32.to_ne_bytes()), (15, &4789u16.to_be_bytes())]),
                up: false,
            },
        ],
    );
    done(
        &mut kernel,
        &[enslave("a"), enslave("vx7"), up("br0"), up("a"), up("b")],
    );
    let entry = |mac: &str, dst: Option<&str>| Fdb {
        mac: mac.parse().expect("an address"),
        dst: dst.map(|dst| dst.parse().expect("an address")),
        vlan: None,
        on_self: dst.is_some(),
        fixed: true,
    };
    let guest = entry("02:00:00:00:00:77", None);
    let flood = [
        entry("00:00:00:00:00:00", Some("192.0.2.7")),
        entry("00:00:00:00:00:00", Some("192.0.2.8")),
    ];
    let known = entry("02:00:00:00:00:88", Some("192.0.2.8"));
    let add = |port: &str, fdb: &Fdb| Op::AddFdb {
        name: name(port),
        fdb: fdb.clone(),
    };
    done(
        &mut kernel,
        &[
            add("a", &guest),
            add("vx7", &flood[0]),
            add("vx7", &flood[1]),
            add("vx7", &known),
        ],
    );
    let witness = netns::run("bridge fdb show");
    for line in [
        "02:00:00:00:00:77 dev a master br0 static",
        "00:00:00:00:00:00 dev vx7 dst 192.0.2.7 self permanent",
        "00:00:00:00:00:00 dev vx7 dst 192.0.2.8 self permanent",
        "02:00:00:00:00:88 dev vx7 dst 192.0.2.8 self permanent",
    ] {
        assert!(
            witness.lines().any(|found| found.trim_end() == line),
            "{line:?} not in\n{witness}"
        );
    }
    let snapshot = read(&mut kernel);
    // Nothing of what the kernel lists by itself (33:33:.. and the ports' own addresses) is in it. A kernel with VLAN
    // filtering puts an entry into each VLAN of the port besides.
    let ours = snapshot.fdb(link(&snapshot, "a").index);
    assert!(
        ours.contains(&guest) && ours.iter().all(|entry| entry.mac == guest.mac),
        "{ours:?}"
    );
    let mut found = snapshot.fdb(link(&snapshot, "vx7").index).to_vec();
    found.sort();
    assert_eq!(found, [flood[0].clone(), flood[1].clone(), known.clone()]);
    assert!(snapshot.fdb(link(&snapshot, "br0").index).is_empty());

    let del = |port: &str, fdb: &Fdb| Op::DelFdb {
        name: name(port),
        fdb: fdb.clone(),
    };
    done(
        &mut kernel,
        &[del("a", &guest), del("vx7", &flood[0]), del("vx7", &known)],
    );
    let snapshot = read(&mut kernel);
    assert!(snapshot.fdb(link(&snapshot, "a").index).is_empty());
    assert_eq!(snapshot.fdb(link(&snapshot, "vx7").index), &flood[1..]);
}
