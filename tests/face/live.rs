//! `cleat plan`, `status` and `graph` beside the running network. Second witness: the `ip` commands that change it.

use super::bed::{cleat, cleat_with, starting};
use crate::commands::bed::{call, example, host, write_interfaces};
use crate::commands::state;
use cleat_netns::{self as netns, Room};
use std::io::{BufRead, BufReader};

/// The spec's default bridge, up, with a guest's port in it.
fn default_bridge_with_a_guest(room: &Room) {
    host(room, &["eno1"], &example("default-bridge"));
    call("ifup -a").quietly();
    for command in [
        "ip link add tap100i0 type veth peer name guest0",
        "ip link set guest0 up",
        "ip link set tap100i0 master vmbr0 up",
    ] {
        netns::run(command);
    }
}

#[test]
fn a_network_as_declared_has_an_empty_plan_and_a_clean_status() {
    let room = netns::enter!(Bridge, Veth);
    default_bridge_with_a_guest(&room);
    let plan = cleat("plan");
    assert_eq!(plan.out, "nothing to do: the network is as declared\n");
    assert_eq!((plan.code, plan.err.as_str()), (Some(0), ""));
    let status = cleat("status --width 100");
    assert_eq!(
        status.out,
        "\
interface  kind      state  ports / master  mtu    addresses
lo         loopback  ● up                   65536
eno1       veth      ● up   in vmbr0        1500
vmbr0      bridge    ● up   eno1 +1 guest   1500   192.168.10.2/24
                                                   gateway 192.168.10.1

3 interfaces, all as declared
not declared, left alone: eno1-wire, guest0
"
    );
    assert_eq!((status.code, status.err.as_str()), (Some(0), ""));
}

#[test]
fn what_was_taken_away_by_hand_is_told_and_planned() {
    let room = netns::enter!(Bridge, Veth);
    default_bridge_with_a_guest(&room);
    netns::run("ip addr del 192.168.10.2/24 dev vmbr0");
    let status = cleat("status --json");
    assert_eq!(status.code, Some(1), "{status:?}");
    let document: serde_json::Value = serde_json::from_str(&status.out).unwrap();
    let bridge = &document["interfaces"][2];
    assert_eq!(
        (&bridge["name"], &bridge["addresses"]),
        (&"vmbr0".into(), &serde_json::json!([]))
    );
    let places: Vec<&str> = bridge["differences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| found["place"].as_str().unwrap())
        .collect();
    // Lines 8 and 9 of the example: address and gateway, which the kernel dropped with the address.
    assert_eq!(
        places,
        ["/etc/network/interfaces:8:9", "/etc/network/interfaces:9:17"],
        "{}",
        status.out
    );

    let plan = cleat("plan");
    assert_eq!(
        plan.out,
        "\
vmbr0 changes
  + ip addr add 192.168.10.2/24 dev vmbr0
  + ip route add default via 192.168.10.1 dev vmbr0

interruptions: none
guests on vmbr0 (tap100i0): would notice nothing
stays as it is: lo, eno1
"
    );
    call("ifreload -a").quietly();
    assert_eq!(cleat("status --json").code, Some(0));
}

#[test]
fn a_plan_for_a_file_with_errors_is_refused_as_the_reload_would_be() {
    let room = netns::enter!(Bridge, Veth);
    default_bridge_with_a_guest(&room);
    write_interfaces(&format!("{}\niface eno1.4095 inet manual\n", example("default-bridge")));
    let plan = cleat("plan");
    assert!(
        plan.out.contains("error[bad-vlan-id]: 4095 is not a VLAN id"),
        "{}",
        plan.out
    );
    assert!(
        plan.out
            .ends_with("1 error, 0 warnings\na reload would stop here, with nothing changed\n"),
        "{}",
        plan.out
    );
    assert_eq!(plan.code, Some(1));
}

#[test]
fn looking_leaves_a_damaged_state_file_where_it_is() {
    let room = netns::enter!(Bridge, Veth);
    default_bridge_with_a_guest(&room);
    let directory = state::directory();
    std::fs::write(directory.join("state.json"), "{ \"version\": 1, \"lin").unwrap();
    let plan = cleat("plan");
    let warning = format!(
        "warning[state-damaged]: the state file {}/state.json is damaged",
        directory.display()
    );
    assert!(plan.out.starts_with(&warning), "{}", plan.out);
    let names: Vec<_> = std::fs::read_dir(&directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .filter(|name| name.to_string_lossy().starts_with("state"))
        .collect();
    assert_eq!(names, ["state.json"]);
}

#[test]
fn the_graph_shows_declared_links_that_are_missing() {
    let room = netns::enter!(Bridge, Veth);
    default_bridge_with_a_guest(&room);
    netns::run("ip link del eno1");
    let graph = cleat("graph");
    assert_eq!(
        format!("\n{}", graph.out),
        "
╭╌ NIC ╌╌╮   ╭─ bridge ─────────────╮   ╭─ guests ───────────╮
╎ ✗ eno1 ├───┤ ● vmbr0              ├───┤ ● tap100i0  VM 100 │
╰╌╌╌╌╌╌╌╌╯   │ 192.168.10.2/24      │   ╰────────────────────╯
             │ gateway 192.168.10.1 │
             ╰──────────────────────╯

● up   ✗ missing
"
    );
}

#[test]
fn vlans_of_guests_on_a_vlan_aware_bridge_are_drawn_beside_them() {
    let room = netns::enter!(Bridge, Veth, Vlan, VlanFiltering);
    host(&room, &["eno1"], &example("vlan-aware"));
    call("ifup -a").quietly();
    for command in [
        "ip link add tap100i0 type veth peer name g0",
        "ip link add veth101i0 type veth peer name g1",
        "ip link add fwpr102p0 type veth peer name g2",
        "ip link set tap100i0 master vmbr0 up",
        "ip link set veth101i0 master vmbr0 up",
        "ip link set fwpr102p0 master vmbr0 up",
        "ip link set g0 up",
        "ip link set g1 up",
        "bridge vlan del dev veth101i0 vid 1",
        "bridge vlan add dev veth101i0 vid 5 pvid untagged",
        "bridge vlan add dev fwpr102p0 vid 2-9",
        "bridge vlan add dev fwpr102p0 vid 20",
    ] {
        netns::run(command);
    }
    let graph = cleat("graph --width 100");
    assert_eq!(
        format!("\n{}", graph.out),
        "
                              ╭─ VLAN ───────────────────────────────╮
                            ╭─┤ ● vmbr0.5                            │
╭─ veth ─╮   ╭─ bridge ───╮ │ │ 10.10.10.2/24                        │
│ ● eno1 ├───┤ ● vmbr0    ├─┤ │ gateway 10.10.10.1                   │
╰────────╯   │ VLAN-aware │ │ ╰──────────────────────────────────────╯
             ╰────────────╯ │ ╭─ guests ─────────────────────────────╮
                            ╰─┤ ● tap100i0  VM 100                   │
                              │ ● veth101i0  CT 101  vlan 5          │
                              │ ◐ fwpr102p0  guest 102  trunk 2-9 20 │
                              ╰──────────────────────────────────────╯

● up   ◐ no carrier
"
    );
    let plan = cleat("plan");
    assert_eq!(plan.out, "nothing to do: the network is as declared\n");
}

#[test]
fn a_bond_that_makes_way_is_told_as_an_interruption() {
    let room = netns::enter!(Bridge, Veth, Bond, Vlan);
    host(&room, &["eno1", "eno2"], &example("bond-bridge-port"));
    call("ifup -a").quietly();
    netns::run("ip link add tap100i0 type veth peer name guest0");
    netns::run("ip link set tap100i0 master vmbr0 up");
    let changed = example("bond-bridge-port").replace("bond-mode 802.3ad", "bond-mode active-backup");
    write_interfaces(&changed.replace("        bond-xmit-hash-policy layer2+3\n", ""));
    let plan = cleat("plan");
    let told = plan.out.split("interruptions:").nth(1).unwrap();
    assert!(told.contains("  bond0 goes down and comes up again\n"), "{}", plan.out);
    assert!(
        told.contains(
            "guests on vmbr0 (tap100i0): would notice\n  bond0 goes down and comes up again, eno1 goes down and comes up \
             again, eno2 goes down and comes up again: they lose the way out meanwhile\n"
        ),
        "{}",
        plan.out
    );
}

#[test]
fn watching_shows_a_change_as_it_happens() {
    let room = netns::enter!(Bridge, Veth);
    default_bridge_with_a_guest(&room);
    let mut watch = starting("status --watch");
    let mut lines = BufReader::new(watch.stdout.take().unwrap()).lines();
    let mut until = |wanted: &str| {
        lines
            .find(|line| line.as_ref().unwrap().contains(wanted))
            .unwrap()
            .unwrap()
    };
    until("3 interfaces, all as declared");
    netns::run("ip addr del 192.168.10.2/24 dev vmbr0");
    until("! vmbr0 has no `address 192.168.10.2/24` (/etc/network/interfaces:8:9)");
    until("3 interfaces, 2 as declared, 1 not");
    netns::run("ip addr add 192.168.10.2/24 dev vmbr0");
    netns::run("ip route add default via 192.168.10.1 dev vmbr0");
    until("3 interfaces, all as declared");
    watch.kill().unwrap();
    watch.wait().unwrap();
}

/// Second witness: `ip -6 addr` says whether an address is tentative; RFC 4862: for a second or so after carrier came.
#[test]
fn online_means_carrier_and_addresses_that_are_no_longer_tentative() {
    let room = netns::enter!(Veth, Inet6);
    host(
        &room,
        &["eno1"],
        "auto eno1\niface eno1 inet6 static\n\taddress 2001:db8::2/64\n\niface eno2 inet manual\n",
    );
    let before = cleat("wait-online --timeout 0");
    assert_eq!(before.code, Some(1));
    assert_eq!(before.err, "warning: eno1 is down\ncleat: not online after 0 s\n");
    // What /etc/default/networking keeps down is not waited for.
    for variable in [("CONFIGURE_INTERFACES", "no"), ("EXCLUDE_INTERFACES", "en*")] {
        let kept = cleat_with("wait-online --timeout 0", &[variable]);
        assert_eq!((kept.code, kept.err.as_str()), (Some(0), ""), "{variable:?}");
    }
    netns::run("ip link set eno1-wire down");
    call("ifup -a").quietly();
    let without = cleat("wait-online --timeout 0.2");
    assert_eq!(
        without.err,
        "warning: eno1 has no carrier\ncleat: not online after 0 s\n"
    );
    netns::run("ip link set eno1-wire up");
    let online = cleat("wait-online --timeout 60");
    assert_eq!((online.code, online.err.as_str()), (Some(0), ""));
    assert_eq!(
        netns::run("ip -6 addr show dev eno1 tentative to 2001:db8::/32").trim(),
        ""
    );
}
