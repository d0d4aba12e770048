//! NICs that come late.

use super::bed::{addresses, call, end, example, host, is_up, master, start};
use cleat_netns::{self as netns, run};
use std::time::Duration;

#[test]
fn a_nic_that_comes_within_the_limit_is_waited_for() {
    let room = netns::enter!();
    host(&room, &[], &example("default-bridge"));
    let up = start("ifup -a --wait 20");
    std::thread::sleep(Duration::from_millis(500));
    run("ip link add eno1 type veth peer name eno1-wire");
    end(up).quietly();
    assert_eq!(master("eno1").as_deref(), Some("vmbr0"));
}

/// What the udev rule runs when the NIC of an `auto` bridge appears after boot.
#[test]
fn a_late_nic_goes_into_its_bridge() {
    let room = netns::enter!();
    host(&room, &[], &example("default-bridge"));
    assert_eq!(call("ifup -a").code, 1);
    assert_eq!(addresses("vmbr0"), ["192.168.10.2/24"]);
    run("ip link add eno1 type veth peer name eno1-wire");
    call("ifup --hotplug eno1").quietly();
    assert_eq!(master("eno1").as_deref(), Some("vmbr0"));
    assert!(is_up("eno1"));
    call("ifup --hotplug eno1").quietly();
}

/// Otherwise the unit of a bond's first leg ends as failed in every boot without the second.
#[test]
fn regress_a_nic_that_comes_is_no_failure_for_another_that_did_not() {
    let room = netns::enter!();
    host(
        &room,
        &["eno1"],
        "auto vmbr0\niface vmbr0 inet manual\n\tbridge-ports eno1 eno2\n",
    );
    let called = call("ifup --hotplug eno1");
    assert_eq!(master("eno1").as_deref(), Some("vmbr0"));
    assert!(
        called
            .err
            .contains("warning: vmbr0: there is no link `eno2` on this machine"),
        "{}",
        called.err
    );
    assert_eq!(called.code, 0, "{}", called.err);
    assert_eq!(call("ifup -a").code, 1);
}

#[test]
fn a_hotplug_nic_comes_up_alone_and_an_undeclared_one_is_left_alone() {
    let room = netns::enter!();
    host(
        &room,
        &["eno1", "eno2", "eno3"],
        "allow-hotplug eno1 eno2\niface eno1 inet static\n\taddress 192.0.2.2/24\niface eno2 inet static\n\taddress 198.51.100.2/24\n",
    );
    call("ifup --hotplug eno1").quietly();
    assert_eq!(addresses("eno1"), ["192.0.2.2/24"]);
    assert_eq!(addresses("eno2"), Vec::<String>::new());
    call("ifup --hotplug eno3").quietly();
    assert!(!is_up("eno3"));
    call("ifup --allow hotplug eno3").quietly();
    call("ifup --allow=hotplug eno2").quietly();
    assert_eq!(addresses("eno2"), ["198.51.100.2/24"]);
}

/// After a pin or an upgrade the file may still have the name from before, which is another name of the NIC now.
#[test]
fn a_nic_with_another_name_is_brought_up_under_its_old_one_with_a_warning() {
    let room = netns::enter!();
    host(&room, &["lan0"], &example("default-bridge"));
    run("ip link property add dev lan0 altname eno1");
    let warned = |called: &super::bed::Called| {
        assert_eq!(
            called.err,
            "warning: lan0: the NIC that the file calls `eno1` is called `lan0` now, and is brought up so: `eno1` \
             is another name of it [nic-renamed]; help: write `lan0` in the file, or pin the NIC: cleat-link(8)\n"
        );
        assert_eq!(called.code, 0);
    };
    warned(&call("ifup -a"));
    assert_eq!(master("lan0").as_deref(), Some("vmbr0"));
    assert_eq!(addresses("vmbr0"), ["192.168.10.2/24"]);
    assert!(is_up("lan0"));
    // A reload has nothing to do, and says it again; the old name does on the command line too.
    warned(&call("ifreload -a"));
    warned(&call("ifdown eno1"));
    assert!(!is_up("lan0"));
    warned(&call("ifup eno1"));
    assert!(is_up("lan0"));
}

#[test]
fn a_nic_whose_name_looks_like_an_option_comes_up_by_its_name() {
    let room = netns::enter!(Veth);
    host(
        &room,
        &[],
        "auto eno1\niface eno1\nallow-hotplug -a\niface -a\n\taddress 10.0.0.1/24\n",
    );
    run("ip link add name -a type veth peer name wire");
    // As the unit has it.
    let unit = include_str!("../../units/cleat-up@.service");
    let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/sbin/"));
    call(&start.unwrap().replace("%i", "-a")).quietly();
    assert_eq!(addresses("-a"), ["10.0.0.1/24"]);
}
