//! Drift in both directions: `cleat status`, `ifquery -c` and `cleat check` beside a kernel that others changed. Second
//! witness: `ip`, which changes it, and ifupdown2 3.0.0, whose `ifquery -c` answers the same for addresses and ports.

use super::bed::cleat;
use crate::commands::bed::{call, example, host, write_interfaces};
use cleat_netns as netns;

/// The differences that `cleat status --json` has, by interface; those of none at the end.
fn differences() -> Vec<String> {
    let status = cleat("status --json");
    let document: serde_json::Value = serde_json::from_str(&status.out).unwrap();
    let links = document["interfaces"].as_array().unwrap().iter();
    let of_links = links.flat_map(|link| link["differences"].as_array().unwrap());
    let mut texts: Vec<String> = of_links
        .map(|found| found["text"].as_str().unwrap().to_owned())
        .collect();
    let general = document["general"].as_array().unwrap().iter();
    texts.extend(general.map(|text| text.as_str().unwrap().to_owned()));
    assert_eq!(status.code, Some(i32::from(!texts.is_empty())), "{}", status.out);
    texts
}

/// Code, and the values and marks of an option, as `ifquery -c -o json` has them.
fn checked(name: &str, option: &str) -> (i32, serde_json::Value, serde_json::Value) {
    let check = call(&format!("ifquery -c -o json {name}"));
    let found: serde_json::Value = serde_json::from_str(&check.out).unwrap();
    let of = |part: &str| found[0][part][option].clone();
    (check.code, of("config"), of("config_status"))
}

#[test]
fn what_is_there_and_not_declared_is_told_and_guests_and_leases_are_not() {
    let room = netns::enter!(Bridge, Veth);
    host(&room, &["eno1", "eno2"], &example("default-bridge"));
    call("ifup -a").quietly();
    for command in [
        "ip link add tap100i0 type veth peer name guest0",
        "ip link set tap100i0 master vmbr0 up",
        "ip addr add 192.168.10.50/24 dev vmbr0 valid_lft 600 preferred_lft 600",
        "ip route add 198.51.100.0/24 via 192.168.10.9 dev vmbr0 proto bird",
    ] {
        netns::run(command);
    }
    assert_eq!(differences(), [""; 0]);
    assert_eq!(call("ifquery -a -c").code, 0);
    for command in [
        "ip addr add 192.168.10.9/24 dev vmbr0",
        "ip route add 203.0.113.0/24 via 192.168.10.9 dev vmbr0",
        "ip link set eno2 master vmbr0",
    ] {
        netns::run(command);
    }
    assert_eq!(
        differences(),
        [
            "vmbr0 has `address 192.168.10.9/24`, which is not declared",
            "vmbr0 has `route 203.0.113.0/24 via 192.168.10.9`, which is not declared",
            "vmbr0 has `bridge-ports eno2`, which is not declared",
        ]
    );
    assert_eq!(
        checked("vmbr0", "address"),
        (
            1,
            serde_json::json!(["192.168.10.2/24", "192.168.10.9/24"]),
            serde_json::json!(["pass", "fail"])
        )
    );
    // A reload leaves what others added, and does not say that all is as declared.
    call("ifreload -a").quietly();
    assert_eq!(
        cleat("plan").out,
        "nothing to do; what differs all the same is shown by `cleat status`\n"
    );
}

#[test]
fn an_address_on_a_port_is_a_fault_for_status_ifquery_and_check() {
    let room = netns::enter!(Bridge, Veth);
    host(&room, &["eno1"], &example("default-bridge"));
    call("ifup -a").quietly();
    netns::run("ip addr add 192.168.10.7/24 dev eno1 valid_lft 600 preferred_lft 600");
    let told = "eno1 is a port of vmbr0 and has the address 192.168.10.7/24";
    assert_eq!(differences(), [told]);
    let check = cleat("check --json");
    let document: serde_json::Value = serde_json::from_str(&check.out).unwrap();
    assert_eq!(document["diagnostics"][0]["code"], "stray-address", "{}", check.out);
    assert_eq!(document["diagnostics"][0]["message"], told);
    assert_eq!(checked("eno1", "address"), (1, "192.168.10.7/24".into(), "fail".into()));
}

#[test]
fn a_bridge_that_was_kept_for_its_guests_is_not_as_declared() {
    let room = netns::enter!(Bridge, Veth);
    host(&room, &["eno1", "eno2"], &example("default-bridge"));
    call("ifup -a").quietly();
    netns::run("ip link add tap100i0 type veth peer name guest0");
    netns::run("ip link set tap100i0 master vmbr0 up");
    write_interfaces("auto lo\niface lo inet loopback\nauto eno2\niface eno2 inet static\n  address 192.0.2.10/24\n");
    let reload = call("ifreload -a");
    assert!(reload.err.contains("[bridge-has-guests]"), "{reload:?}");
    assert_eq!(differences(), ["vmbr0 is not declared any longer, and still there"]);
    let page = cleat("status --width 100").out;
    assert!(!page.contains("all as declared"), "{page}");
    assert!(!cleat("plan").out.contains("as declared"));
}

#[test]
fn a_failed_address_is_printed_with_its_value_and_with_what_differs() {
    let room = netns::enter!(Veth);
    host(
        &room,
        &["eno1"],
        "auto eno1\niface eno1 inet static\n  address 192.0.2.10/24\n",
    );
    call("ifup -a").quietly();
    netns::run("ip addr change 192.0.2.10/24 dev eno1 valid_lft 3600 preferred_lft 0");
    assert_eq!(
        differences(),
        ["eno1 has `address 192.0.2.10/24 preferred_lft 0sec`, wanted is `192.0.2.10/24 preferred_lft forever`"]
    );
    netns::run("ip addr del 192.0.2.10/24 dev eno1");
    assert_eq!(checked("eno1", "address"), (1, "192.0.2.10/24".into(), "fail".into()));
}
