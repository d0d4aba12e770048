//! Open vSwitch by its own script. The script here does with files and plain links what that of openvswitch-switch does with
//! ovs-vsctl (Debian 13, /usr/share/openvswitch/scripts/ifupdown.sh): a port fails where its bridge is not there, and a
//! bridge calls ifup and ifdown for its ports. With ovs-vsctl 3.1 in a booted machine the order alone made the difference.

use super::bed::{addresses, call, exists, host, write_interfaces};
use cleat_netns as netns;
use std::os::unix::fs::PermissionsExt;

const SCRIPT: &str = r#"#!/bin/sh
[ -z "$IF_OVS_TYPE" ] && exit 0
echo "$MODE $IFACE" >> /run/ovs
is_there() { ip link show $1 >/dev/null 2>&1; }
add() { is_there $1 || ip link add $1 type veth peer name $1-in; }
case $MODE:$IF_OVS_TYPE in
start:OVSBridge) add $IFACE; PROGRAM ifup --allow=$IFACE $IF_OVS_PORTS; exit ;;
stop:OVSBridge) PROGRAM ifdown --allow=$IFACE $IF_OVS_PORTS; ip link del $IFACE; rm -r /run/$IFACE; exit ;;
esac
is_there $IF_OVS_BRIDGE || { echo "ovs-vsctl: no bridge named $IF_OVS_BRIDGE"; exit 1; }
mkdir -p /run/$IF_OVS_BRIDGE
case $MODE:$IF_OVS_TYPE in
start:OVSIntPort) add $IFACE ;;
stop:OVSIntPort) ip link del $IFACE ;;
esac
case $MODE in
start) touch /run/$IF_OVS_BRIDGE/$IFACE; ip link set $IFACE up ;;
stop) rm /run/$IF_OVS_BRIDGE/$IFACE ;;
esac
"#;

const ENO1: &str = "auto eno1\niface eno1 inet manual\n\tovs_type OVSPort\n\tovs_bridge vmbr0\n\n";
const MGMT: &str = "auto mgmt\niface mgmt inet static\n\taddress 192.0.2.20/24\n\tovs_type OVSIntPort\n\tovs_bridge vmbr0\n\
    \tovs_options tag=5\n\n";
const VMBR0: &str =
    "auto vmbr0\niface vmbr0 inet static\n\taddress 198.51.100.2/24\n\tovs_type OVSBridge\n\tovs_ports eno1 mgmt\n\n";

fn scripts() {
    for phase in ["pre-up", "post-down"] {
        let directory = format!("/etc/network/if-{phase}.d");
        std::fs::create_dir_all(&directory).unwrap();
        let path = format!("{directory}/openvswitch");
        let program = crate::programs::path("ifupdown");
        std::fs::write(&path, SCRIPT.replace("PROGRAM", &program)).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
}

/// The ports of vmbr0.
fn ports() -> Vec<String> {
    let found = std::fs::read_dir("/run/vmbr0").unwrap().flatten();
    let mut names: Vec<String> = found.map(|port| port.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn ran() -> Vec<String> {
    let text = std::fs::read_to_string("/run/ovs").unwrap_or_default();
    let _ = std::fs::remove_file("/run/ovs");
    text.lines().map(str::to_owned).collect()
}

/// Proxmox VE writes ports before their bridge; ifupdown2 is right in every order.
#[test]
fn ports_come_behind_their_bridge_and_go_before_it_in_every_order_of_the_file() {
    let room = netns::enter!();
    let text = format!("{ENO1}{MGMT}{VMBR0}");
    host(&room, &["eno1"], &text);
    scripts();
    for text in [text, format!("{VMBR0}{MGMT}{ENO1}"), format!("{MGMT}{VMBR0}{ENO1}")] {
        write_interfaces(&text);
        for verb in ["ifup -a", "ifreload -a"] {
            let up = call(verb);
            assert_eq!(up.code, 0, "{up:?}");
            assert!(!up.err.contains("hook-failed"), "{up:?}");
            assert_eq!(ran()[0], "start vmbr0");
            assert_eq!(ports(), ["eno1", "mgmt"]);
            assert_eq!(addresses("mgmt"), ["192.0.2.20/24"]);
            assert_eq!(addresses("vmbr0"), ["198.51.100.2/24"]);
            assert_eq!(call("ifreload -n -a").out, "nothing to do\n");
            let down = call("ifdown -a");
            assert_eq!(down.code, 0, "{down:?}");
            assert!(!down.err.contains("hook-failed"), "{down:?}");
            assert_eq!(ran().last().map(String::as_str), Some("stop vmbr0"));
            assert!(!exists("vmbr0") && !exists("mgmt"));
        }
    }
}

/// A second stanza of Proxmox VE's SDN adds ports, and the port's own has the bridge by `ovs_ports` alone.
#[test]
fn a_port_that_only_its_bridge_names_comes_behind_it_too() {
    let room = netns::enter!();
    let port = "auto eno1\niface eno1 inet manual\n\tpre-up ip link show vmbr0\n\n";
    let more = "auto vmbr0\niface vmbr0\n\tovs_ports eno1\n\n";
    host(
        &room,
        &["eno1"],
        &format!("{port}{MGMT}{}{more}", VMBR0.replace("eno1 ", "")),
    );
    scripts();
    let up = call("ifup -a");
    assert_eq!(up.code, 0, "{up:?}");
    assert!(!up.err.contains("hook-failed"), "{up:?}");
    assert_eq!(ports(), ["mgmt"]);
}

/// What left the file goes with the options of then.
#[test]
fn a_port_and_a_bridge_that_leave_the_file_go_in_their_order() {
    let room = netns::enter!();
    host(&room, &["eno1"], &format!("{ENO1}{MGMT}{VMBR0}"));
    scripts();
    assert_eq!(call("ifup -a").code, 0);
    ran();
    write_interfaces("auto eno1\niface eno1 inet manual\n");
    let reload = call("ifreload -a");
    assert!(!reload.err.contains("hook-failed"), "{reload:?}");
    assert!(!exists("vmbr0") && !exists("mgmt"), "{reload:?}");
    assert_eq!(ran(), ["stop mgmt", "stop vmbr0"]);
}
