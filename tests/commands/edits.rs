//! Edits that would cut the host off: a reload and the checks stop before them. Second witness: iproute2.

use super::bed::{Called, addresses, call, called, exists, host, master, write_interfaces};
use cleat_netns::{self as netns, Room, run};
use std::process::{Command, Stdio};

const LO: &str = "auto lo\niface lo inet loopback\n\n";
const NIC: &str = "auto eno1\niface eno1 inet static\n\taddress 192.0.2.10/24\n\tgateway 192.0.2.1\n";
const BRIDGE: &str = "iface eno1 inet manual\n\nauto vmbr0\niface vmbr0 inet static\n\taddress 192.0.2.10/24\n\
    \tgateway 192.0.2.1\n\tbridge-ports eno1\n\tbridge-stp off\n\tbridge-fd 0\n";

fn cleat(line: &str) -> Called {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cleat"));
    command.args(line.split(' ')).env_remove("RUST_LOG");
    called(command.stdin(Stdio::null()).output().unwrap())
}

/// A host that runs with this file.
fn running(room: &Room, text: &str) {
    host(room, &["eno1", "eno2"], &format!("{LO}{text}"));
    call("ifup -a").quietly();
}

/// A check, a plan and a reload of this file end with 1 and this code, and the link keeps its address.
#[track_caller]
fn refused(text: &str, code: &str, link: &str) {
    write_interfaces(text);
    for ran in [
        cleat("check"),
        cleat("plan"),
        call("ifreload -s -a"),
        call("ifreload -n -a"),
        call("ifreload -a"),
    ] {
        let told = format!("[{code}]");
        assert!(
            ran.code == 1 && (ran.out.contains(&told) || ran.err.contains(&told)),
            "{text}{ran:?}"
        );
    }
    assert_eq!(addresses(link), ["192.0.2.10/24"], "{text}");
    assert!(run("ip route").contains("default via 192.0.2.1"), "{text}");
}

#[test]
fn a_file_without_anything_that_comes_up_is_refused_where_something_did() {
    let room = netns::enter!();
    running(&room, NIC);
    for text in [
        String::new(),
        "# nothing\n".to_owned(),
        LO.to_owned(),
        format!("{LO}{}", NIC.replace("auto eno1\n", "")),
    ] {
        refused(&text, "emptied", "eno1");
    }
    // Whoever means it says so.
    write_interfaces(LO);
    call("ifreload --force -a").quietly();
    assert_eq!(addresses("eno1"), Vec::<String>::new());
}

#[test]
fn a_host_that_never_came_up_by_itself_may_have_an_empty_file() {
    let room = netns::enter!();
    host(&room, &["eno1"], "");
    call("ifreload -a").quietly();
    write_interfaces(&NIC.replace("auto eno1\n", ""));
    call("ifup eno1").quietly();
    call("ifreload -a").quietly();
    assert_eq!(addresses("eno1"), ["192.0.2.10/24"]);
}

#[test]
fn one_letter_does_not_take_an_address_a_gateway_or_a_bridge_away() {
    let room = netns::enter!(Bridge, Veth);
    running(&room, BRIDGE);
    run("ip link add tap100i0 type veth peer name guest");
    run("ip link set tap100i0 master vmbr0");
    for (right, wrong) in [
        ("bridge-ports", "bridge-port"),
        ("bridge-ports", "bridge_prots"),
        ("address", "adress"),
        ("gateway", "gatway"),
    ] {
        let text = format!("{LO}{BRIDGE}").replace(right, wrong);
        refused(&text, "misspelt-option", "vmbr0");
        assert_eq!(master("eno1").as_deref(), Some("vmbr0"), "{wrong}");
        assert_eq!(master("tap100i0").as_deref(), Some("vmbr0"), "{wrong}");
    }
}

/// Left out like another NIC that is absent, the name would take the uplink or the address away.
#[test]
fn a_wrong_name_does_not_take_what_carries_the_host() {
    let room = netns::enter!(Bridge, Veth);
    running(&room, BRIDGE);
    for text in [
        // Another port, and the address at another link.
        BRIDGE.replace("bridge-ports eno1", "bridge-ports eno11"),
        NIC.replace("eno1", "eno11"),
    ] {
        write_interfaces(&format!("{LO}{text}"));
        for ran in [cleat("plan"), call("ifreload -a")] {
            assert!(
                ran.code == 1 && format!("{}{}", ran.out, ran.err).contains("[missing-instead]"),
                "{text}{ran:?}"
            );
        }
        assert_eq!(addresses("vmbr0"), ["192.0.2.10/24"], "{text}");
        assert_eq!(master("eno1").as_deref(), Some("vmbr0"), "{text}");
    }
}

/// The change that most hosts make once: the address of the NIC goes to a bridge, a bond or what stands on one. Second
/// witness: the kernel, by which the host had its address on a bridge without a port.
#[test]
fn a_wrong_name_of_a_port_does_not_take_the_address_from_the_nic() {
    let room = netns::enter!(Bridge, Veth);
    running(&room, NIC);
    let on = |link: &str, address: &str| format!("auto {link}\niface {link}\n address {address}\n gateway 192.0.2.1\n");
    let bridge = "auto vmbr0\niface vmbr0\n bridge-ports eno11\n";
    let bond = "auto bond0\niface bond0\n bond-slaves eno11 eno12\n bond-mode active-backup\n bond-miimon 100\n";
    let over = "auto vmbr0\niface vmbr0\n bridge-ports bond0\n";
    for text in [
        format!("{bridge}{}", on("vmbr0", "192.0.2.10/24")),
        format!("{bridge}{}", on("vmbr0", "192.0.2.20/24")),
        format!("{bridge}{}", on("vmbr0.5", "192.0.2.10/24")),
        format!("{bond}{}", on("bond0", "192.0.2.10/24")),
        format!("{bond}{over}{}", on("vmbr0", "192.0.2.10/24")),
    ] {
        write_interfaces(&format!("{LO}{text}"));
        for ran in [cleat("plan"), call("ifreload -a")] {
            assert!(
                ran.code == 1 && format!("{}{}", ran.out, ran.err).contains("[missing-instead]"),
                "{text}{ran:?}"
            );
        }
        assert_eq!(addresses("eno1"), ["192.0.2.10/24"], "{text}");
        assert!(!exists("vmbr0"), "{text}");
    }
    // With one port that is there the host stays reachable, and a bridge that nothing moves to costs nothing.
    write_interfaces(&format!(
        "{LO}{}{}",
        bridge.replace("eno11", "eno1 eno11"),
        on("vmbr0", "192.0.2.10/24")
    ));
    let reload = call("ifreload -a");
    assert!(
        reload.code == 1 && !reload.err.contains("missing-instead"),
        "{reload:?}"
    );
    assert_eq!(addresses("vmbr0"), ["192.0.2.10/24"]);
    assert_eq!(master("eno1").as_deref(), Some("vmbr0"));
}

/// A pattern that matches nothing leaves the bridge without a port, as a wrong name does.
fn stays_whatever_the_pattern(room: &Room, text: &str, loses: &str, link: &str) {
    running(room, text);
    for pattern in ["regex enx.*", "glob enx[1-9]"] {
        let other = BRIDGE.replace("bridge-ports eno1", &format!("bridge-ports {pattern}"));
        write_interfaces(&format!("{LO}{other}"));
        let reload = call("ifreload -a");
        let expected = format!("no link here matches `bridge-ports {pattern}`, and {loses} with nothing in its place");
        assert!(reload.code == 1 && reload.err.contains(&expected), "{reload:?}");
        assert_eq!(addresses(link), ["192.0.2.10/24"], "{text}{pattern}");
        assert!(run("ip route").contains("default via 192.0.2.1"), "{text}{pattern}");
    }
}

#[test]
fn a_pattern_that_matches_no_port_does_not_take_the_uplink_of_a_bridge() {
    let room = netns::enter!(Bridge, Veth);
    stays_whatever_the_pattern(&room, BRIDGE, "`vmbr0` would lose its `eno1`", "vmbr0");
    assert_eq!(master("eno1").as_deref(), Some("vmbr0"));
}

#[test]
fn a_pattern_that_matches_no_port_does_not_take_the_address_of_a_nic() {
    let room = netns::enter!(Bridge, Veth);
    stays_whatever_the_pattern(&room, NIC, "`eno1` would lose its address `192.0.2.10`", "eno1");
}

/// As when a card is taken out: what hangs on it is left out, and the other changes are made.
#[test]
fn an_absent_nic_does_not_stop_the_other_changes_of_a_reload() {
    let room = netns::enter!(Bridge, Veth);
    running(&room, &BRIDGE.replace("bridge-ports eno1", "bridge-ports eno1 eno2"));
    run("ip link del eno2");
    let text = BRIDGE.replace("bridge-ports eno1", "bridge-ports eno1 eno2");
    write_interfaces(&format!("{LO}{}", text.replace("192.0.2.10", "192.0.2.20")));
    let reload = call("ifreload -a");
    assert_eq!(reload.code, 1, "{reload:?}");
    assert!(
        reload
            .err
            .ends_with("\n1 error, 0 warnings; the rest was done; left out, since not there: eno2\n"),
        "{reload:?}"
    );
    assert_eq!(addresses("vmbr0"), ["192.0.2.20/24"]);
    assert_eq!(master("eno1").as_deref(), Some("vmbr0"));
    // One that may come later is not a failure, and the next reload has nothing to do.
    write_interfaces(&format!(
        "{LO}allow-hotplug eno2\niface eno2 inet manual\n{}",
        text.replace("192.0.2.10", "192.0.2.20")
    ));
    let reload = call("ifreload -a");
    assert_eq!(reload.code, 0, "{reload:?}");
    assert!(
        reload.err.ends_with("; left out, since not there: eno2\n"),
        "{reload:?}"
    );
    assert_eq!(call("ifreload -a -n").out, "nothing to do\n");
    assert!(exists("vmbr0"));
}

/// A routed mesh, and a provider's address on NIC and bridge; ifupdown2 3.0.0 sets both, exit code 0.
#[test]
fn one_address_on_two_links_is_set_on_both_and_again_there_is_nothing_to_do() {
    let room = netns::enter!(Bridge, Veth);
    host(
        &room,
        &["eno1", "eno2"],
        &format!(
            "{LO}auto eno1\niface eno1\n\taddress 198.51.100.10/26\n\taddress 2001:db8::2/128\nauto eno2\niface eno2\n\
             \taddress 198.51.100.10/26\nauto vmbr1\niface vmbr1\n\tbridge-ports none\n\taddress 198.51.100.10/32\n\
             \taddress 2001:db8::2/64\n"
        ),
    );
    let up = call("ifup -a");
    assert_eq!(
        (up.code, up.err.matches("[duplicate-address]").count()),
        (0, 3),
        "{up:?}"
    );
    assert_eq!(addresses("eno1"), ["198.51.100.10/26", "2001:db8::2/128"]);
    assert_eq!(addresses("eno2"), ["198.51.100.10/26"]);
    assert_eq!(addresses("vmbr1"), ["198.51.100.10/32", "2001:db8::2/64"]);
    assert_eq!(call("ifreload -a").code, 0);
    assert_eq!(call("ifreload -a -n").out, "nothing to do\n");
}
