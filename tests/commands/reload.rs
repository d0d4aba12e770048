//! `ifreload`. Second witness throughout: iproute2.

use super::bed::{
    addresses, assert_same_network, call, example, exists, host, is_up, master, network, until, write_interfaces,
};
use cleat_netns::{self as netns, ip_json, run};

fn bridge(lines: &str) -> String {
    format!(
        "auto lo\niface lo inet loopback\n\niface eno1 inet manual\n\nauto vmbr0\niface vmbr0 inet static\n\
         \taddress 192.168.10.2/24\n\tbridge-ports eno1\n\tbridge-stp off\n\tbridge-fd 0\n{lines}"
    )
}

#[test]
fn a_reload_without_a_change_changes_nothing() {
    let room = netns::enter!();
    host(&room, &["eno1"], &example("default-bridge"));
    call("ifreload -a").quietly();
    let before = network();
    call("ifreload -a").quietly();
    assert_same_network(&network(), &before);
    assert_eq!(call("ifreload -a -n").out, "nothing to do\n");
}

#[test]
fn a_change_is_made_under_a_guest_without_touching_its_port() {
    let room = netns::enter!();
    host(&room, &["eno1"], &bridge(""));
    call("ifreload -a").quietly();
    run("ip link add tap100i0 type veth peer name guest");
    run("ip link set tap100i0 master vmbr0 up");
    run("bridge link set dev tap100i0 learning off isolated on");
    run("ip addr add 203.0.113.9/24 dev vmbr0");
    let mac = ip_json(&["link", "show", "vmbr0"])[0]["address"].clone();
    let is = || netns::bridge_json(&["-d", "link", "show", "dev", "tap100i0"]);
    // The kernel looks at carriers when it has the time: until it has, the state of the port says nothing.
    run("ip link set guest up");
    until("the guest's port forwards", || is()[0]["state"] == "forwarding");
    let port = is();
    write_interfaces(&bridge("\taddress 192.168.11.2/24\n\tbridge-ageing 100\n"));
    call("ifreload -a").quietly();
    let mut found = addresses("vmbr0");
    found.sort();
    assert_eq!(found, ["192.168.10.2/24", "192.168.11.2/24", "203.0.113.9/24"]);
    let data = &ip_json(&["-d", "link", "show", "vmbr0"])[0];
    assert_eq!(data["linkinfo"]["info_data"]["ageing_time"], 10000);
    assert_eq!(data["address"], mac);
    assert_eq!(is(), port);
    assert!(is_up("tap100i0"));

    write_interfaces(&bridge(""));
    call("ifreload -a").quietly();
    let mut found = addresses("vmbr0");
    found.sort();
    assert_eq!(found, ["192.168.10.2/24", "203.0.113.9/24"]);
}

#[test]
fn what_is_no_longer_declared_goes_unless_a_guest_is_in_it() {
    let room = netns::enter!();
    let two = bridge("\nauto vmbr1\niface vmbr1 inet manual\n\tbridge-ports none\n\tbridge-fd 0\n");
    host(&room, &["eno1"], &two);
    call("ifreload -a").quietly();
    write_interfaces(&bridge(""));
    call("ifreload -a").quietly();
    assert!(!exists("vmbr1"));

    write_interfaces(&two);
    call("ifreload -a").quietly();
    run("ip link add veth101i0 type veth peer name guest");
    run("ip link set veth101i0 master vmbr1 up");
    write_interfaces(&bridge(""));
    let reload = call("ifreload -a");
    assert!(
        reload.err.contains("vmbr1") && reload.err.contains("veth101i0"),
        "{reload:?}"
    );
    assert_eq!(master("veth101i0").as_deref(), Some("vmbr1"));
}

#[test]
fn an_error_in_the_file_stops_a_reload_with_nothing_changed() {
    let room = netns::enter!();
    host(&room, &["eno1"], &bridge(""));
    call("ifreload -a").quietly();
    write_interfaces(&bridge("\taddress 192.168.11.2/24\n\tbridge-fd soon\n"));
    let reload = call("ifreload -a");
    assert_eq!(reload.code, 1, "{reload:?}");
    assert!(
        reload
            .err
            .contains("error: vmbr0: `bridge-fd` cannot be `soon` (/etc/network/interfaces:13:12)"),
        "{reload:?}"
    );
    assert!(reload.err.ends_with("nothing was changed\n"), "{reload:?}");
    assert_eq!(addresses("vmbr0"), ["192.168.10.2/24"]);
}

/// What cannot be foreseen from the file: somebody has switched IPv6 off on the link, and the kernel refuses the address.
#[test]
fn a_step_that_the_kernel_refuses_is_taken_back_with_all_before_it() {
    let room = netns::enter!();
    host(&room, &["eno1", "eno2"], &bridge(""));
    call("ifreload -a").quietly();
    std::fs::write("/proc/sys/net/ipv6/conf/eno2/disable_ipv6", "1").unwrap();
    let before = network();
    write_interfaces(&bridge(
        "\taddress 192.168.11.2/24\n\tbridge-ageing 100\n\nauto eno2\niface eno2 inet6 static\n\taddress 2001:db8::2/64\n",
    ));
    let reload = call("ifreload -a");
    assert_eq!(reload.code, 1, "{reload:?}");
    assert!(
        reload
            .err
            .contains("error: eno2: cannot add address 2001:db8::2/64 to eno2 (ip "),
        "{reload:?}"
    );
    assert!(
        reload
            .err
            .ends_with("nothing was changed: what was begun was put back\n"),
        "{reload:?}"
    );
    assert_same_network(&network(), &before);
}

/// The same file at boot: the rest comes up.
#[test]
fn at_boot_the_rest_goes_on_after_a_step_that_the_kernel_refuses() {
    let room = netns::enter!();
    let text = "auto eno2\niface eno2 inet6 static\n\taddress 2001:db8::2/64\n\n";
    host(&room, &["eno1", "eno2"], &(text.to_owned() + &bridge("")));
    std::fs::write("/proc/sys/net/ipv6/conf/eno2/disable_ipv6", "1").unwrap();
    let up = call("ifup -a");
    assert_eq!(up.code, 1, "{up:?}");
    assert!(up.err.ends_with("the rest was done\n"), "{up:?}");
    assert_eq!(addresses("vmbr0"), ["192.168.10.2/24"]);
}

#[test]
fn what_is_up_without_being_auto_is_reloaded_too() {
    let room = netns::enter!();
    let text = |mtu: &str| format!("allow-hotplug eno1\niface eno1 inet manual\n\tmtu {mtu}\n");
    host(&room, &["eno1"], &text("1400"));
    call("ifreload -a").quietly();
    assert!(!is_up("eno1"));
    call("ifup eno1").quietly();
    write_interfaces(&text("1300"));
    call("ifreload -c").quietly();
    assert_eq!(ip_json(&["link", "show", "eno1"])[0]["mtu"], 1300);
}

/// The second reload is answered from the first; the third sees what somebody did in between, the fourth a changed file.
#[test]
fn a_reload_that_was_answered_before_still_sees_every_change() {
    let room = netns::enter!();
    host(&room, &["eno1"], &bridge("\tmtu 1400\n"));
    call("ifup -a").quietly();
    let answered = || call("ifreload -a -d").err.contains("the kernel is as it was then");
    // fe80:: addresses settle for a moment.
    until("a reload without a change is answered from the one before", answered);
    run("ip addr del 192.168.10.2/24 dev vmbr0");
    call("ifreload -a").quietly();
    assert_eq!(addresses("vmbr0"), ["192.168.10.2/24"]);
    while !answered() {}
    write_interfaces(&bridge("\tmtu 1300\n"));
    call("ifreload -a").quietly();
    assert_eq!(ip_json(&["link", "show", "vmbr0"])[0]["mtu"], 1300);
    while !answered() {}
    std::fs::create_dir("/etc/network/interfaces.d").unwrap();
    write_interfaces(&(bridge("\tmtu 1300\n") + "\nsource interfaces.d/*\n"));
    call("ifreload -a").quietly();
    while !answered() {}
    std::fs::write(
        "/etc/network/interfaces.d/more",
        "auto vmbr1\niface vmbr1\n\tbridge-ports none\n",
    )
    .unwrap();
    call("ifreload -a").quietly();
    assert!(exists("vmbr1"));
}
