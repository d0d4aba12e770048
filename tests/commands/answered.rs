//! A reload that is answered as the one before, and all that must keep it from that. Second witnesses: iproute2, and the
//! reload of a host that remembers no answer.

use super::bed::{Called, addresses, call, exists, host, until, write_interfaces};
use super::state::directory;
use crate::face::bed::cleat;
use cleat_netns::{self as netns, Room, run};
use std::fs::{File, create_dir_all, read_to_string, remove_file, write};
use std::os::unix::fs::PermissionsExt;

const ETH: &str = "auto lo\niface lo inet loopback\n\nauto eno1\niface eno1 inet static\n\taddress 192.168.10.2/24\n";
const VRRP: &str = "/etc/network/if-up.d/vrrp";

/// A reload, and whether it was answered as the one before: where file, record and kernel say the same.
fn reload() -> (bool, Called) {
    let called = call("ifreload -a -d");
    (called.err.contains("the kernel is as it was then"), called)
}

/// A host whose reloads are answered.
fn answering(room: &Room, interfaces: &str) {
    host(room, &["eno1"], interfaces);
    call("ifup -a").quietly();
    settled();
}

/// Waits until reloads are answered again: fe80:: addresses take a moment.
fn settled() {
    until("a reload without a change is answered as the one before", || reload().0);
}

/// What is said of this host by a reload that remembers nothing.
fn long_way() -> String {
    remove_file(directory().join("answered.json")).unwrap();
    call("ifreload -a").err
}

/// The configurations in the history, the newest first.
fn generations() -> Vec<String> {
    let mut all = Vec::new();
    for number in 1.. {
        let saved = ["/etc/cleat/commit/spool", "/var/lib/cleat/generations"]
            .map(|archive| format!("{archive}/{number}/1-interfaces"))
            .into_iter()
            .find_map(|path| read_to_string(path).ok());
        let Some(text) = saved else { break };
        all.insert(0, text);
    }
    all
}

#[test]
fn a_comment_is_answered_as_before_and_becomes_a_generation() {
    let room = netns::enter!();
    answering(&room, ETH);
    assert_eq!(generations(), [ETH]);
    let commented = format!(
        "# uplink\n{}\n\n  # the end\n",
        ETH.replace("auto eno1", "#\nauto eno1")
    );
    write_interfaces(&commented);
    let (as_before, called) = reload();
    assert!(as_before, "{called:?}");
    assert_eq!(generations(), [commented.as_str(), ETH]);
    // The next one finds its generation, and makes none.
    assert!(reload().0);
    assert_eq!(generations(), [commented.as_str(), ETH]);
    let log = cleat("log");
    assert!(log.out.trim_end().ends_with("generation 2"), "{log:?}");
    // What was in the comment is said now.
    write_interfaces(&commented.replace("  # the end", "\tmtu 1400"));
    call("ifreload -a").quietly();
    assert_eq!(generations().len(), 3);
    assert_eq!(netns::ip_json(&["link", "show", "eno1"])[0]["mtu"], 1400);
}

#[test]
fn a_comment_does_not_hide_what_somebody_did_to_the_kernel() {
    let room = netns::enter!();
    answering(&room, ETH);
    write_interfaces(&format!("{ETH}# the end\n"));
    run("ip addr del 192.168.10.2/24 dev eno1");
    call("ifreload -a").quietly();
    assert_eq!(addresses("eno1"), ["192.168.10.2/24"]);
}

#[test]
fn a_sourced_file_with_its_old_time_is_read_all_the_same() {
    let room = netns::enter!();
    let more = "/etc/network/interfaces.d/more";
    host(&room, &["eno1"], &format!("{ETH}source interfaces.d/*\n"));
    create_dir_all("/etc/network/interfaces.d").unwrap();
    let text = "auto vmbr1\niface vmbr1\n\tbridge-ports none\n\tmtu 1400\n";
    write(more, text).unwrap();
    call("ifup -a").quietly();
    settled();
    let time = File::open(more).unwrap().metadata().unwrap().modified().unwrap();
    write(more, text.replace("1400", "1300")).unwrap();
    File::options()
        .write(true)
        .open(more)
        .unwrap()
        .set_modified(time)
        .unwrap();
    call("ifreload -a").quietly();
    assert_eq!(netns::ip_json(&["link", "show", "vmbr1"])[0]["mtu"], 1300);
    settled();
    remove_file(more).unwrap();
    call("ifreload -a").quietly();
    assert!(!exists("vmbr1"));
}

#[test]
fn a_fault_in_the_settings_is_reported_although_nothing_else_changed() {
    let room = netns::enter!();
    answering(&room, ETH);
    create_dir_all("/etc/cleat").unwrap();
    write("/etc/cleat/cleat.toml", "lock-wait = \"soon\"\n").unwrap();
    let (as_before, called) = reload();
    assert!(!as_before && called.err.contains("[config-value]"), "{called:?}");
    assert!(!reload().0, "a fault is reported each time");
    write("/etc/cleat/cleat.toml", "lock-wait = 5\n").unwrap();
    assert!(!reload().0);
    assert!(reload().0);
    remove_file("/etc/cleat/cleat.toml").unwrap();
    assert!(!reload().0);
}

#[test]
fn a_script_that_no_longer_serves_an_option_is_missed_although_nothing_else_changed() {
    let room = netns::enter!();
    host(&room, &["eno1"], &format!("{ETH}\tvrrp 1 192.168.10.1\n"));
    create_dir_all("/etc/network/if-up.d").unwrap();
    let script = |text: &str| {
        write(VRRP, text).unwrap();
        std::fs::set_permissions(VRRP, PermissionsExt::from_mode(0o755)).unwrap();
    };
    script("#!/bin/sh\n: $IF_VRRP\n");
    call("ifup -a").quietly();
    settled();
    script("#!/bin/sh\n: $IF_DNS1\n");
    let (as_before, called) = reload();
    assert!(!as_before && called.err.contains("[not-handled]"), "{called:?}");
    script("#!/bin/sh\n: $IF_VRRP\n");
    call("ifreload -a").quietly();
    settled();
    remove_file(VRRP).unwrap();
    let (as_before, called) = reload();
    assert!(!as_before && called.err.contains("[not-handled]"), "{called:?}");
}

#[test]
fn a_hook_line_that_changed_runs_although_nothing_else_changed() {
    let room = netns::enter!();
    let text = |word: &str| format!("{ETH}\tup echo {word} >> /run/ran\n");
    answering(&room, &text("one"));
    write_interfaces(&text("two"));
    call("ifreload -a").quietly();
    assert_eq!(read_to_string("/run/ran").unwrap(), "one\ntwo\n");
}

#[test]
fn a_setting_of_sysctl_d_is_answered_as_without_an_answer() {
    let room = netns::enter!();
    answering(&room, ETH);
    create_dir_all("/run/sysctl.d").unwrap();
    write(
        "/run/sysctl.d/99-test.conf",
        "net.ipv6.conf.eno1.mtu = 1400\nnet.ipv4.conf.eno1.forwarding = 1\n",
    )
    .unwrap();
    let said = call("ifreload -a").err;
    assert_eq!(said, long_way());
}

#[test]
fn a_lost_record_is_not_answered() {
    let room = netns::enter!();
    answering(&room, ETH);
    remove_file(directory().join("state.json")).unwrap();
    let (as_before, called) = reload();
    assert!(!as_before && called.code == 0, "{called:?}");
}

#[test]
fn another_request_is_not_answered_by_the_answer_to_this_one() {
    let room = netns::enter!();
    answering(&room, ETH);
    for options in [
        "-X eno1",
        "--allow hotplug",
        "-w",
        "-c",
        "--ignore-errors",
        "--no-mappings",
        "-L /run/other",
    ] {
        let called = call(&format!("ifreload -a -d {options}"));
        let as_before = called.err.contains("the kernel is as it was then");
        assert!(!as_before, "{options}: {called:?}");
    }
}
