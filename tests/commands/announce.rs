//! Neighbours hear of an address that has another hardware address after a reload. Second witness: the neighbour's own
//! tables (`ip neigh`), which nothing but what it hears changes.

use super::bed::{call, host, until, write_interfaces};
use cleat_netns::{self as netns, ip_json, run};

/// A peer with a switch that has the wires of all NICs, and a place in both subnets.
fn peer(nics: &[&str]) {
    run("ip netns add peer");
    run("ip -n peer link set lo up");
    run("ip -n peer link add sw type bridge forward_delay 0");
    for nic in nics {
        run(&format!("ip link set {nic}-wire netns peer"));
        run(&format!("ip -n peer link set {nic}-wire master sw up"));
    }
    run("ip -n peer link set sw up");
    run("ip -n peer addr add 192.0.2.1/24 dev sw");
    run("ip -n peer addr add 2001:db8::1/64 dev sw nodad");
}

/// The hardware address by which the peer knows an address, which it never asks for again.
fn known(address: &str) -> String {
    let found = ip_json(&["-n", "peer", "neigh", "show", address]);
    found[0]["lladdr"].as_str().unwrap_or_default().to_owned()
}

fn mac(link: &str) -> String {
    ip_json(&["link", "show", link])[0]["address"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn neighbours_hear_of_an_address_that_moves_to_a_link_with_another_mac() {
    let room = netns::enter!(Bridge, Veth);
    let bridge = "auto lo\niface lo inet loopback\n\nauto vmbr0\niface vmbr0\n\taddress 192.0.2.10/24\n\
                  \taddress 2001:db8::10/64\n\tbridge-ports eno1\n\tbridge-stp off\n\tbridge-fd 0\n";
    host(&room, &["eno1", "eno2"], bridge);
    peer(&["eno1", "eno2"]);
    call("ifup -a").quietly();
    // Packets teach the peer the first hardware address.
    until("the peer reaches both addresses", || {
        let reached = |line: &str| netns::try_run(line).is_ok();
        reached("ip netns exec peer ping -c 1 -W 1 192.0.2.10")
            && reached("ip netns exec peer ping -c 1 -W 1 2001:db8::10")
    });
    let before = mac("vmbr0");
    assert_eq!(
        (known("192.0.2.10"), known("2001:db8::10")),
        (before.clone(), before.clone())
    );
    write_interfaces(
        "auto lo\niface lo inet loopback\n\nauto eno2\niface eno2\n\taddress 192.0.2.10/24\n\
         \taddress 2001:db8::10/64\n",
    );
    call("ifreload -a").quietly();
    let after = mac("eno2");
    assert_ne!(before, after);
    until("the peer knows the new hardware address", || {
        (known("192.0.2.10"), known("2001:db8::10")) == (after.clone(), after.clone())
    });
}

#[test]
fn neighbours_hear_of_a_hardware_address_that_is_changed() {
    let room = netns::enter!(Veth);
    let file = |mac: &str| {
        format!(
            "auto lo\niface lo inet loopback\n\nauto eno1\niface eno1\n\taddress 192.0.2.10/24\n\thwaddress {mac}\n"
        )
    };
    host(&room, &["eno1"], &file("02:00:5e:10:00:01"));
    peer(&["eno1"]);
    call("ifup -a").quietly();
    until("the peer reaches the address", || {
        netns::try_run("ip netns exec peer ping -c 1 -W 1 192.0.2.10").is_ok()
    });
    assert_eq!(known("192.0.2.10"), "02:00:5e:10:00:01");
    write_interfaces(&file("02:00:5e:10:00:02"));
    call("ifreload -a").quietly();
    until("the peer knows the new hardware address", || {
        known("192.0.2.10") == "02:00:5e:10:00:02"
    });
    let left = ip_json(&["neigh", "show", "192.0.2.10"]);
    assert_eq!(left, serde_json::json!([]), "no question to ourselves is left");
}
