//! What a port of a bridge has for being one. Second witness: the kernel, by /proc/sys and `ip -d link`.

use super::bed::{call, host, write_interfaces};
use cleat_netns::{self as netns, ip_json};
use std::time::{Duration, Instant};

const BRIDGE: &str = "auto vmbr0\niface vmbr0\n\taddress 192.0.2.1/24\n\tbridge-ports eno1\n\tbridge-fd 0\n";

fn ipv6_is_off(link: &str) -> bool {
    std::fs::read_to_string(format!("/proc/sys/net/ipv6/conf/{link}/disable_ipv6")).unwrap() == "1\n"
}

/// Whether the link has an fe80:: address, or gets one within a second.
fn gets_link_local(link: &str) -> bool {
    let end = Instant::now() + Duration::from_secs(3);
    loop {
        let found = ip_json(&["-6", "addr", "show", "dev", link, "scope", "link"]);
        let has = found[0]["addr_info"].as_array().is_some_and(|all| !all.is_empty());
        if has || Instant::now() > end {
            return has;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_port_has_no_ipv6_address_and_gets_one_again_when_it_leaves() {
    let room = netns::enter!(Bridge);
    let alone = "auto eno1\niface eno1\n\taddress 198.51.100.1/24\n";
    host(&room, &["eno1"], alone);
    call("ifup -a").quietly();
    assert!(gets_link_local("eno1"));
    write_interfaces(BRIDGE);
    assert_eq!(call("ifreload -a").code, 0);
    assert!(ipv6_is_off("eno1") && !ipv6_is_off("vmbr0"));
    assert!(gets_link_local("vmbr0"));
    let found = ip_json(&["-6", "addr", "show", "dev", "eno1"]);
    assert_eq!(
        found[0]["addr_info"],
        serde_json::Value::Null,
        "the bridge alone has the address"
    );
    assert_eq!(call("ifreload -n -a").out, "nothing to do\n");
    write_interfaces(alone);
    assert_eq!(call("ifreload -a").code, 0);
    assert!(!ipv6_is_off("eno1") && gets_link_local("eno1"));
}

#[test]
fn a_port_that_nobody_names_any_longer_or_whose_bridge_goes_down_has_ipv6_again() {
    let room = netns::enter!(Bridge);
    host(&room, &["eno1"], BRIDGE);
    call("ifup -a").quietly();
    assert!(ipv6_is_off("eno1"));
    call("ifdown vmbr0").quietly();
    assert!(!ipv6_is_off("eno1"));
    call("ifup vmbr0").quietly();
    assert!(ipv6_is_off("eno1"));
    write_interfaces(&BRIDGE.replace("eno1", "none"));
    assert_eq!(call("ifreload -a").code, 0);
    assert!(!ipv6_is_off("eno1"));
}

#[test]
fn a_port_whose_stanza_asks_for_ipv6_keeps_it() {
    let room = netns::enter!(Bridge);
    host(
        &room,
        &["eno1"],
        &format!("{BRIDGE}auto eno1\niface eno1\n\tdisable-ipv6 no\n"),
    );
    call("ifup -a").quietly();
    assert!(!ipv6_is_off("eno1"));
}

#[test]
fn a_tunnel_in_a_bridge_does_not_learn_where_its_port_does_not() {
    let room = netns::enter!(Bridge, Vxlan);
    let file = "auto vx9\niface vx9\n\tvxlan-id 9\n\tvxlan-local-tunnelip 192.0.2.9\n\tbridge-learning off\n\
        auto vmbr1\niface vmbr1\n\tbridge-ports vx9\n\tbridge-stp off\n\tbridge-fd 0\n";
    host(&room, &[], file);
    call("ifup -a").quietly();
    let state = || {
        let info = ip_json(&["-d", "link", "show", "dev", "vx9"])[0]["linkinfo"].clone();
        let port = &info["info_slave_data"];
        let numbers = (info["info_data"]["learning"].as_bool(), port["learning"].as_bool());
        (numbers.0, numbers.1, port["multicast_router"].as_u64())
    };
    assert_eq!(state(), (Some(false), Some(false), Some(2)));
    write_interfaces(&file.replace("\tbridge-learning off\n", ""));
    assert_eq!(call("ifreload -a").code, 0);
    assert_eq!(state(), (Some(true), Some(true), Some(2)));
}

/// bridge-utils, which brings up the ports of classic ifupdown's bridges, keeps IPv6 off them by the mode of making
/// addresses: a host that is taken over has nothing to do. An address that is there all the same harms, and goes.
#[test]
fn a_port_that_makes_no_addresses_since_bridge_utils_brought_it_up_is_as_it_is_to_be() {
    let room = netns::enter!(Bridge);
    let text = BRIDGE.replace("\tbridge-fd 0\n", "");
    host(&room, &["eno1"], &text);
    // As a bond has it that is up before it becomes a port; it stays.
    netns::run("ip link set eno1 up");
    assert!(gets_link_local("eno1"));
    for command in [
        "ip link add vmbr0 type bridge",
        "ip link set eno1 addrgenmode none",
        "ip link set eno1 master vmbr0",
        "ip link set eno1 up",
        "ip link set vmbr0 up",
        "ip addr add 192.0.2.1/24 brd + dev vmbr0",
    ] {
        netns::run(command);
    }
    assert_eq!(call("ifreload -n -a").out, "nothing to do\n");
    let checked = call("ifquery -c -a");
    assert_eq!(checked.code, 0, "{checked:?}");
    netns::run("ip addr add 2001:db8::5/64 dev eno1 nodad");
    let reload = call("ifreload -a");
    assert_eq!(reload.code, 0, "{reload:?}");
    assert!(ipv6_is_off("eno1"));
    let found = ip_json(&["-6", "addr", "show", "dev", "eno1"]);
    assert_eq!(found[0]["addr_info"], serde_json::Value::Null);
}

/// The kernel takes every IPv6 address away with IPv6, also those that others gave; none of them can come back.
#[test]
fn what_others_had_of_ipv6_goes_with_it_and_stops_no_reload() {
    let room = netns::enter!(Bridge);
    let alone = "auto eno1\niface eno1\n\taddress 198.51.100.1/24\n";
    host(&room, &["eno1"], alone);
    call("ifup -a").quietly();
    for (new, given) in [
        (BRIDGE.to_owned(), "fe80::5/64"),
        (format!("{alone}\tdisable-ipv6 yes\n"), "2001:db8::5/64"),
    ] {
        netns::run(&format!("ip addr add {given} dev eno1 nodad"));
        write_interfaces(&new);
        let reload = call("ifreload -a");
        assert_eq!(reload.code, 0, "{reload:?}");
        assert!(ipv6_is_off("eno1"));
        // On a port no link-local address answered any longer as it was: the packets to it come in by the bridge.
        let told = "warning: eno1: 2001:db8::5/64 of eno1 goes [interrupts]";
        let is_told = reload.foretold.iter().any(|line| line == told);
        assert_eq!(is_told, given.starts_with("2001"), "{reload:?}");
        assert_eq!(call("ifreload -n -a").out, "nothing to do\n");
        write_interfaces(alone);
        assert_eq!(call("ifreload -a").code, 0);
        assert!(!ipv6_is_off("eno1"));
    }
}
