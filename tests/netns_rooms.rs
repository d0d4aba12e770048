//! The test bed itself: a room is apart from the host, and its witnesses tell the truth.
//! Second witness throughout: iproute2 and sysfs.

// Tests read sysfs and write scratch files directly.
#![allow(clippy::disallowed_methods)]

use std::path::Path;

use cleat_netns as netns;

#[test]
fn a_link_made_in_a_room_is_seen_there_and_not_outside() {
    let room = netns::enter!(Veth);
    netns::run("ip link add cleat-in0 type veth peer name cleat-in1");

    let names: Vec<String> = netns::ip_json(&["link"])
        .as_array()
        .expect("ip -j prints a list")
        .iter()
        .map(|link| link["ifname"].as_str().expect("every link has a name").to_owned())
        .filter(|name| name.starts_with("cleat-"))
        .collect();
    assert_eq!(names, ["cleat-in1", "cleat-in0"]);
    assert!(
        Path::new("/sys/class/net/cleat-in0").exists(),
        "the room's /sys must show the room's links"
    );

    drop(room);
    assert!(
        !Path::new("/sys/class/net/cleat-in0").exists(),
        "the host must not see the room's links"
    );
    let outside = netns::ip_json(&["link"]).to_string();
    assert!(
        !outside.contains("cleat-in0"),
        "the host must not see the room's links: {outside}"
    );
}

#[test]
fn a_room_starts_with_nothing_but_lo_and_an_empty_run() {
    let _room = netns::enter!();
    let links = netns::ip_json(&["link"]);
    let links = links.as_array().expect("ip -j prints a list");
    // A kernel may put its fallback tunnels (sit0, tunl0, ...) in every namespace; those are not ours to judge.
    let up: Vec<_> = links
        .iter()
        .filter(|link| link["flags"].to_string().contains("\"UP\""))
        .collect();
    assert!(up.is_empty(), "a fresh room has no link that is up: {up:?}");
    assert_eq!(links[0]["ifname"], "lo");
    assert_eq!(std::fs::read_dir("/run").expect("/run is readable").count(), 0);
}

#[test]
fn what_is_written_to_a_private_etc_network_stays_in_the_room() {
    let name = format!("cleat-probe-{}", std::process::id());
    let path = Path::new("/etc/network").join(&name);
    {
        let room = netns::enter!();
        room.private_etc().expect("a private /etc");
        std::fs::write(&path, "iface lo inet loopback\n").expect("the private /etc/network is writable");
        assert_eq!(
            netns::run(&format!("cat {}", path.display())),
            "iface lo inet loopback\n"
        );
        assert!(Path::new("/etc/passwd").exists(), "the rest of /etc is still there");
    }
    assert!(!path.exists(), "the host's /etc/network must be untouched");
}

#[test]
fn a_bond_with_two_slaves_a_vlan_and_a_filtering_bridge_can_be_made() {
    let _room = netns::enter!(Bond, Dummy, Vlan, VlanFiltering);
    for command in [
        "ip link add bond7 type bond mode 802.3ad lacp_rate fast",
        "ip link add nic1 type dummy",
        "ip link add nic2 type dummy",
        "ip link set nic1 master bond7",
        "ip link set nic2 master bond7",
        "ip link add link bond7 name bond7.5 type vlan id 5",
        "ip link add br7 type bridge vlan_filtering 1",
        "ip link set bond7 master br7",
        "bridge vlan add dev bond7 vid 10-20",
    ] {
        netns::run(command);
    }
    let bond = netns::ip_json(&["-d", "link", "show", "bond7"]);
    assert_eq!(bond[0]["linkinfo"]["info_data"]["mode"], "802.3ad");
    assert_eq!(bond[0]["linkinfo"]["info_data"]["ad_lacp_rate"], "fast");
    assert_eq!(bond[0]["master"], "br7");
    let slaves = std::fs::read_to_string("/sys/class/net/bond7/bonding/slaves").expect("sysfs has the slaves");
    assert_eq!(slaves.trim(), "nic1 nic2");
    let vlan = netns::ip_json(&["-d", "link", "show", "bond7.5"]);
    assert_eq!(vlan[0]["linkinfo"]["info_data"]["id"], 5);

    let ports = netns::bridge_json(&["-compressvlans", "vlan", "show", "dev", "bond7"]);
    let ranges: Vec<(u64, u64)> = ports[0]["vlans"]
        .as_array()
        .expect("a port has a list of VLANs")
        .iter()
        .map(|entry| {
            let first = entry["vlan"].as_u64().expect("a VLAN has a number");
            (first, entry["vlanEnd"].as_u64().unwrap_or(first))
        })
        .collect();
    assert_eq!(ranges, [(1, 1), (10, 20)]);
}

#[test]
fn entering_twice_in_one_thread_gives_two_rooms_and_leads_back() {
    let before = std::fs::read_link("/proc/thread-self/ns/net").expect("a thread has a network namespace");
    let first = netns::enter!();
    let in_first = std::fs::read_link("/proc/thread-self/ns/net").expect("a thread has a network namespace");
    {
        let _second = netns::enter!();
        let in_second = std::fs::read_link("/proc/thread-self/ns/net").expect("a thread has a network namespace");
        assert_ne!(in_second, in_first);
        assert_ne!(in_second, before);
    }
    assert_eq!(
        std::fs::read_link("/proc/thread-self/ns/net").expect("a network namespace"),
        in_first
    );
    drop(first);
    assert_eq!(
        std::fs::read_link("/proc/thread-self/ns/net").expect("a network namespace"),
        before
    );
}

#[test]
fn every_kind_that_a_test_can_ask_for_is_there_in_the_full_kernel() {
    // Skipped by name where one is missing; in user-mode Linux all of them are required.
    let Some(_room) = netns::room_or_skip(netns::Kind::ALL) else {
        return;
    };
    let names: Vec<String> = netns::ip_json(&["link"])
        .as_array()
        .expect("ip -j prints a list")
        .iter()
        .map(|link| link["ifname"].to_string())
        .filter(|name| name.contains("probe"))
        .collect();
    assert!(names.is_empty(), "the probes must leave nothing behind: {names:?}");
}

#[test]
fn regress_a_room_can_be_left_while_a_thread_begun_in_it_still_runs() {
    let before = std::fs::read_link("/proc/thread-self/ns/net").expect("a thread has a network namespace");
    let room = netns::enter!();
    let (end, wait) = std::sync::mpsc::channel::<()>();
    let other = std::thread::spawn(move || {
        let _ = wait.recv();
        std::fs::read_link("/proc/thread-self/ns/net").expect("a network namespace")
    });
    drop(room);
    assert_eq!(
        std::fs::read_link("/proc/thread-self/ns/net").expect("a network namespace"),
        before
    );
    drop(end);
    assert_ne!(
        other.join().expect("the thread ends"),
        before,
        "the thread itself stays in the room"
    );
}
