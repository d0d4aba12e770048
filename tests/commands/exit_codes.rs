//! 0 only if what was asked is so.

use super::bed::{call, call_with, exists, host, is_up};
use cleat_netns as netns;

const ONE: &str = "auto eno1\niface eno1 inet static\n\taddress 192.0.2.2/24\n";

#[test]
fn an_unknown_interface_is_an_error_and_the_nearest_is_named() {
    let room = netns::enter!();
    host(&room, &["eno1"], ONE);
    let up = call("ifup eno2");
    assert_eq!(up.code, 1, "{up:?}");
    assert_eq!(
        up.err,
        "error: eno2: no stanza names `eno2` [interface-unknown]; help: did you mean `eno1`?\n\
         1 error, 0 warnings; nothing had to be changed\n"
    );
}

#[test]
fn a_syntax_check_says_what_is_wrong_and_does_nothing() {
    let room = netns::enter!();
    host(
        &room,
        &["eno1"],
        &format!("{ONE}\tmtu many\n\nauto vmbr0\niface vmbr0\n\tbridge-ports none\n"),
    );
    for line in ["ifup -s -a", "ifreload -s -a"] {
        let check = call(line);
        assert_eq!(check.code, 1, "{check:?}");
        assert!(
            check
                .err
                .starts_with("error: eno1: `mtu` cannot be `many` (/etc/network/interfaces:4:6)"),
            "{check:?}"
        );
    }
    assert!(!exists("vmbr0"));
    super::bed::write_interfaces(ONE);
    call("ifreload -s -a").quietly();
}

#[test]
fn bad_arguments_are_90() {
    assert_eq!(call("ifup").code, 90);
    assert_eq!(call("ifup --no-such-flag -a").code, 90);
    assert_eq!(call("ifconfig -a").code, 90);
}

#[test]
fn a_file_that_cannot_be_read_is_an_error() {
    let room = netns::enter!();
    host(&room, &[], "");
    std::fs::remove_file("/etc/network/interfaces").unwrap();
    std::fs::create_dir("/etc/network/interfaces").unwrap();
    for line in ["ifup -a", "ifreload -a", "ifquery -a"] {
        let called = call(line);
        assert_eq!(called.code, 1, "{called:?}");
        assert_eq!(
            called.err.lines().next(),
            Some("error: cannot read /etc/network/interfaces: Is a directory [unreadable]"),
            "{called:?}"
        );
    }
}

#[test]
fn an_error_of_another_interface_does_not_fail_the_one_that_was_named() {
    let room = netns::enter!();
    host(
        &room,
        &["eno1"],
        &format!("{ONE}\nauto vmbr0\niface vmbr0\n\tbridge-ports none\n\tbridge-fd soon\n"),
    );
    let up = call("ifup eno1");
    assert_eq!(up.code, 0, "{up:?}");
    assert_eq!(
        up.err,
        "warning: the file has an error for other interfaces [errors-elsewhere]; help: `cleat check` shows them\n"
    );
    let all = call("ifup -a");
    assert_eq!(all.code, 1, "{all:?}");
    assert!(
        all.err.starts_with("error: vmbr0: `bridge-fd` cannot be `soon`"),
        "{all:?}"
    );
    assert!(exists("vmbr0"));
}

/// The unit of the network hands on /etc/default/networking, as those of ifupdown and ifupdown2 do.
#[test]
fn regress_what_the_file_of_defaults_keeps_down_stays_down() {
    let room = netns::enter!(Veth);
    host(
        &room,
        &["eno1", "eno2"],
        &format!("{ONE}\nauto eno2\niface eno2 inet manual\n"),
    );
    let off = [("CONFIGURE_INTERFACES", "no")];
    let boot = call_with("ifup -a --read-environment", &off);
    assert_eq!((boot.code, boot.out.as_str()), (0, ""));
    assert_eq!(boot.err, "warning: nothing is brought up: CONFIGURE_INTERFACES=no\n");
    assert!(!is_up("eno1") && !is_up("eno2"));
    call_with("ifup -a --read-environment", &[("EXCLUDE_INTERFACES", "eno1 wl*")]).quietly();
    assert!(!is_up("eno1") && is_up("eno2"));
    // Nobody but the unit is bound by it.
    call_with("ifup -a", &off).quietly();
    assert!(is_up("eno1"));
}

/// What cannot be made here has no step: that it is not there must be said all the same.
#[test]
fn a_link_that_nothing_makes_is_an_error_also_where_there_is_nothing_else_to_do() {
    let room = netns::enter!();
    host(
        &room,
        &[],
        "auto tun7\niface tun7\n\ttunnel-mode gre\n\taddress 192.0.2.65/30\n",
    );
    for command in ["ifup -a", "ifup tun7", "ifreload -a", "ifup -a"] {
        let called = call(command);
        assert_eq!(called.code, 1, "{command}: {called:?}");
        assert!(
            called
                .err
                .contains("error: tun7: tun7 is not there (/etc/network/interfaces:2:1) [not-there]"),
            "{command}: {called:?}"
        );
    }
    assert_eq!(call("ifdown tun7").code, 0);
}
