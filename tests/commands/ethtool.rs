//! Settings of NICs, through the commands. Second witness: ethtool(8).

use super::bed::{call, host, write_interfaces};
use cleat_netns::{self as netns, run};

/// The lines of `ethtool -k` that begin with this, without what is said in brackets.
fn features(link: &str, start: &str) -> Vec<String> {
    let text = run(&format!("ethtool -k {link}"));
    let lines = text.lines().map(str::trim).filter(|line| line.starts_with(start));
    let plain = lines.map(|line| line.split(" [").next().unwrap_or_default().to_owned());
    plain.collect()
}

fn nic(lines: &str) -> String {
    format!("auto eno1\niface eno1 inet static\n  address 10.0.0.1/24\n{lines}")
}

const OFF: &str = "tcp-segmentation-offload: off";
const ON: &str = "tcp-segmentation-offload: on";

#[test]
fn offloads_are_set_at_boot_checked_shown_and_go_back_when_they_are_no_longer_written() {
    let room = netns::enter!(Veth);
    // The words of Debian's ethtool package, and of ifupdown2.
    host(&room, &[], "");
    for option in ["offload-tso", "tso-offload", "ethtool-offload-tso"] {
        run("ip link add eno1 type veth peer name eno1-wire");
        run("ip link set eno1-wire up");
        write_interfaces(&nic(&format!("  {option} off\n")));
        let before = run("ethtool -k eno1");
        assert_eq!(features("eno1", "tcp-segmentation-offload"), [ON]);
        call("ifup -a").quietly();
        assert_eq!(features("eno1", "tcp-segmentation-offload"), [OFF]);
        assert!(features("eno1", "tx-tcp").iter().all(|line| line.ends_with(": off")));
        assert_eq!(call("ifreload -a -n").out, "nothing to do\n");
        call("ifreload -a").quietly();
        call("ifquery -c -a").quietly();
        let shown = call("ifquery -r eno1").out;
        assert!(shown.contains("tso-offload off"), "{shown}");
        assert!(!shown.contains("gro-offload"), "{shown}");
        // Somebody switches it on: it is seen, and set again.
        run("ethtool -K eno1 tso on");
        let checked = call("ifquery -c eno1");
        assert_eq!(checked.code, 1, "{checked:?}");
        let planned = call("ifreload -a -n").out;
        assert!(planned.contains("ethtool -K eno1 "), "{planned}");
        call("ifreload -a").quietly();
        assert_eq!(features("eno1", "tcp-segmentation-offload"), [OFF]);
        write_interfaces(&nic(""));
        call("ifreload -a").quietly();
        assert_eq!(run("ethtool -k eno1"), before);
        assert_eq!(call("ifreload -a -n").out, "nothing to do\n");
        call("ifdown -a").quietly();
        run("ip link del eno1");
    }
}

#[test]
fn what_a_driver_does_not_have_or_take_is_a_warning_and_the_network_is_there() {
    let room = netns::enter!(Veth);
    let lines = "  ring-rx 512\n  ufo-offload on\n  lro-offload on\n  channels-rx 4096\n";
    host(&room, &["eno1"], &nic(lines));
    let booted = call("ifup -a");
    assert_eq!(booted.code, 0, "{booted:?}");
    for told in [
        "`ring-rx 512` of eno1 cannot be set: its driver does not have it",
        "`lro-offload on` of eno1 cannot be set",
        "requested channel count exceeds maximum",
    ] {
        assert!(booted.err.contains(told), "{told}: {}", booted.err);
    }
    assert!(!booted.err.contains("error"), "{}", booted.err);
    assert!(run("ip address show eno1").contains("10.0.0.1/24"));
    assert_eq!(call("ifreload -a").code, 0);
}

#[test]
fn a_bridge_that_is_made_gets_its_settings_in_the_same_run() {
    let room = netns::enter!(Veth, Bridge);
    let text = "auto vmbr0\niface vmbr0\n  bridge-ports eno1\n  tso-offload off\niface eno1\n  gso-offload off\n";
    host(&room, &["eno1"], text);
    call("ifup -a").quietly();
    assert_eq!(features("vmbr0", "tcp-segmentation-offload"), [OFF]);
    assert_eq!(
        features("eno1", "generic-segmentation-offload"),
        ["generic-segmentation-offload: off"]
    );
    assert_eq!(call("ifreload -a -n").out, "nothing to do\n");
}

/// The kernel refuses a VXLAN whose number is taken, which no check can know of; the driver is as before.
#[test]
fn a_reload_that_fails_puts_the_settings_back() {
    let room = netns::enter!(Veth, Vxlan);
    host(&room, &["eno1"], &nic(""));
    run("ip link add other99 type vxlan id 99 dstport 4789");
    call("ifup -a").quietly();
    let before = run("ethtool -k eno1");
    write_interfaces(&nic("  tx-offload off\nauto zz\niface zz\n  vxlan-id 99\n"));
    let failed = call("ifreload -a -v");
    assert_eq!(failed.code, 1, "{failed:?}");
    assert!(failed.err.contains("was put back"), "{}", failed.err);
    // It was set, and set back.
    let steps = format!("{}{}", failed.out, failed.err);
    let undone = steps
        .lines()
        .any(|line| line.contains("ethtool -K eno1 ") && line.contains("undone"));
    assert!(undone, "{steps}");
    assert_eq!(run("ethtool -k eno1"), before);
}
