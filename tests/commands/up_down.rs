//! `ifup` and `ifdown`. Second witness throughout: iproute2.

use super::bed::{addresses, assert_same_network, call, example, exists, host, is_up, master, network};
use cleat_netns::{self as netns, ip_json, run};

const PAIR: &str = "auto lo\niface lo inet loopback\n\niface eno1 inet manual\n\niface eno2 inet manual\n\n\
auto vmbr0\niface vmbr0 inet static\n\taddress 10.0.0.2/24\n\tbridge-ports eno1\n\tbridge-stp off\n\tbridge-fd 0\n\n\
auto vmbr1\niface vmbr1 inet manual\n\tbridge-ports eno2\n\tbridge-stp off\n\tbridge-fd 0\n";

#[test]
fn the_default_bridge_comes_up_and_a_second_run_has_nothing_to_do() {
    let room = netns::enter!();
    host(&room, &["eno1"], &example("default-bridge"));
    call("ifup -a").quietly();
    assert_eq!(addresses("vmbr0"), ["192.168.10.2/24"]);
    assert_eq!(master("eno1").as_deref(), Some("vmbr0"));
    assert!(is_up("lo") && is_up("eno1") && is_up("vmbr0"));
    let routes = ip_json(&["route", "show", "default"]);
    assert_eq!(
        (&routes[0]["gateway"], &routes[0]["dev"]),
        (&"192.168.10.1".into(), &"vmbr0".into())
    );
    let bridge = &ip_json(&["-d", "link", "show", "vmbr0"])[0]["linkinfo"]["info_data"];
    assert_eq!((&bridge["forward_delay"], &bridge["stp_state"]), (&0.into(), &0.into()));

    let plan = call("ifup -a -n");
    assert_eq!((plan.code, plan.out.as_str()), (0, "nothing to do\n"), "{plan:?}");
    let before = network();
    call("ifup -a").quietly();
    assert_same_network(&network(), &before);
}

#[test]
fn the_plan_is_printed_as_ip_commands_and_nothing_is_done() {
    let room = netns::enter!();
    host(&room, &["eno1"], &example("default-bridge"));
    let plan = call("ifup -n vmbr0");
    assert_eq!(plan.code, 0, "{plan:?}");
    for step in [
        "ip link add vmbr0 ",
        "ip link set eno1 master vmbr0",
        "ip addr add 192.168.10.2/24 ",
        "ip route add default via 192.168.10.1 ",
    ] {
        assert!(
            plan.out.lines().any(|line| line.starts_with(step)),
            "{step}: {}",
            plan.out
        );
    }
    assert!(!exists("vmbr0"));
}

#[test]
fn taking_down_removes_what_was_made_and_leaves_the_nic() {
    let room = netns::enter!();
    host(&room, &["eno1"], &example("default-bridge"));
    call("ifup -a").quietly();
    call("ifdown vmbr0").quietly();
    assert!(!exists("vmbr0"));
    assert_eq!(master("eno1"), None);
    assert!(is_up("lo"));
    call("ifup -a").quietly();
    call("ifdown -a").quietly();
    assert!(!exists("vmbr0") && exists("eno1"));
}

#[test]
fn a_bridge_with_a_guest_is_not_taken_down() {
    let room = netns::enter!();
    host(&room, &["eno1"], &example("default-bridge"));
    call("ifup -a").quietly();
    run("ip link add tap100i0 type veth peer name guest");
    run("ip link set tap100i0 master vmbr0 up");
    let down = call("ifdown vmbr0");
    assert_eq!(down.code, 1, "{down:?}");
    assert!(
        down.err.contains("error: vmbr0: ") && down.err.contains("tap100i0"),
        "{down:?}"
    );
    assert_eq!(master("tap100i0").as_deref(), Some("vmbr0"));
}

#[test]
fn a_missing_port_is_reported_and_the_rest_comes_up() {
    let room = netns::enter!();
    host(&room, &["eno2"], PAIR);
    let up = call("ifup -a");
    assert_eq!(up.code, 1, "{up:?}");
    assert!(
        up.err
            .starts_with("error: vmbr0: there is no link `eno1` on this machine (/etc/network/interfaces:"),
        "{up:?}"
    );
    assert!(
        up.err
            .ends_with("\n1 error, 0 warnings; the rest was done; left out, since not there: eno1\n"),
        "{up:?}"
    );
    assert_eq!(addresses("vmbr0"), ["10.0.0.2/24"]);
    assert_eq!(master("eno2").as_deref(), Some("vmbr1"));
}

#[test]
fn only_what_is_named_comes_up() {
    let room = netns::enter!();
    host(&room, &["eno1", "eno2"], PAIR);
    call("ifup vmbr1").quietly();
    assert!(exists("vmbr1") && !exists("vmbr0"));
    call("ifup -a -X vmbr0").quietly();
    assert!(!exists("vmbr0"));
}

#[test]
fn admin_state_sets_links_up_and_does_nothing_else() {
    let room = netns::enter!();
    host(
        &room,
        &["eno1"],
        "auto eno1\niface eno1 inet static\n\taddress 192.0.2.2/24\n",
    );
    call("ifup --admin-state eno1").quietly();
    assert!(is_up("eno1"));
    assert_eq!(addresses("eno1"), Vec::<String>::new());
}

#[test]
fn another_file_can_be_given_and_standard_input_too() {
    let room = netns::enter!();
    host(&room, &["eno1"], "auto lo\niface lo inet loopback\n");
    super::bed::write_interfaces("auto eno1\niface eno1 inet static\n\taddress 192.0.2.2/24\n");
    std::fs::rename("/etc/network/interfaces", "/etc/network/other").unwrap();
    call("ifup -i /etc/network/other eno1").quietly();
    assert_eq!(addresses("eno1"), ["192.0.2.2/24"]);
}

/// The kernel forgets an MTU that a bridge was created with when the bridge gets its first port.
#[test]
fn regress_a_new_bridge_keeps_its_mtu_when_it_gets_its_ports() {
    let room = netns::enter!();
    let text = "iface eno1 inet manual\n\nauto vmbr0\niface vmbr0 inet manual\n\tmtu 1400\n\tbridge-ports eno1\n\tbridge-fd 0\n";
    host(&room, &["eno1"], text);
    call("ifup -a").quietly();
    assert_eq!(ip_json(&["link", "show", "vmbr0"])[0]["mtu"], 1400);
    assert_eq!(call("ifup -a -n").out, "nothing to do\n");
}

/// A power cut's usual trace: blocks that were never written read as NULs.
#[test]
fn a_host_comes_up_from_a_file_with_a_tail_of_nul_bytes_and_no_reload_uses_it() {
    let room = netns::enter!();
    let file = example("default-bridge") + &"\0".repeat(512);
    host(&room, &["eno1"], &file);
    let reload = call("ifreload -a");
    assert!(reload.code == 1 && !exists("vmbr0"), "{reload:?}");
    let up = call("ifup -a");
    assert_eq!(up.code, 1, "{up:?}");
    assert!(
        up.err
            .starts_with("error: a line that holds NUL bytes is left out (/etc/network/interfaces:"),
        "{up:?}"
    );
    assert_eq!(addresses("vmbr0"), ["192.168.10.2/24"]);
    assert_eq!(master("eno1").as_deref(), Some("vmbr0"));
}
