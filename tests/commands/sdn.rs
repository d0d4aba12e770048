//! What Proxmox VE's SDN writes to /etc/network/interfaces.d/sdn, a file for each kind of zone. Their form (attributes, order,
//! spelling, stanzas without a family, second stanzas) is that of pve-network's own expected files; addresses and names are
//! our own. Witness of the right end: its worker, which stops at any exit code but 0, and which asks `ifquery -a -c -o json`
//! for "pass".

use super::bed::{call, host};
use cleat_netns::{self as netns, Room};
use std::os::unix::fs::PermissionsExt;

const NICS: [&str; 3] = ["eno1", "eno2", "eno3"];
const ENO1: &str = "auto lo\niface lo inet loopback\n\niface eno1 inet manual\n\n";
const VMBR0: &str = "auto vmbr0\niface vmbr0 inet static\n\taddress 192.0.2.10/24\n\tgateway 192.0.2.1\n\
    \tbridge-ports eno1\n\tbridge-stp off\n\tbridge-fd 0\n";
const AWARE: &str = "\tbridge-vlan-aware yes\n\tbridge-vids 2-4094\n";
const SIX: &str = "\niface vmbr0 inet6 static\n\taddress 2001:db8::10/64\n";

/// The programs of the hook lines, each call noted: this is about when they run, not about what the kernel can filter.
fn iptables(room: &Room) {
    room.private_dir("/usr/local/sbin").unwrap();
    let path = "/usr/local/sbin/iptables";
    std::fs::write(path, "#!/bin/sh\necho \"$3 $4\" >> /run/iptables\n").unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn filtered() -> Vec<String> {
    let text = std::fs::read_to_string("/run/iptables").unwrap_or_default();
    let _ = std::fs::remove_file("/run/iptables");
    text.lines().map(str::to_owned).collect()
}

/// Nothing to do, and all as declared, in the words of the program that asks.
#[track_caller]
fn settled() {
    assert_eq!(call("ifreload -n -a").out, "nothing to do\n");
    let reload = call("ifreload -a");
    assert_eq!(reload.code, 0, "{reload:?}");
    let check = call("ifquery -a -c -o json");
    assert_eq!(check.code, 0, "{check:?}");
    let all: serde_json::Value = serde_json::from_str(&check.out).unwrap();
    for found in all.as_array().unwrap() {
        assert_eq!(found["status"], "pass", "{found:#}");
    }
}

/// On a running host the zone is added by a reload, then it comes up at boot, and goes again.
fn applies(room: &Room, main: &str, zone: &str) {
    host(
        room,
        &NICS,
        &format!("{ENO1}{main}\nsource /etc/network/interfaces.d/*\n"),
    );
    iptables(room);
    std::fs::create_dir_all("/etc/network/interfaces.d").unwrap();
    assert_eq!(call("ifup -a").code, 0);
    std::fs::write("/etc/network/interfaces.d/sdn", zone).unwrap();
    let reload = call("ifreload -a");
    assert_eq!(reload.code, 0, "{reload:?}");
    let rules = zone.matches("post-up iptables").count();
    assert_eq!(filtered().len(), rules);
    settled();
    assert_eq!(filtered().len(), 0);
    let down = call("ifdown -a");
    assert_eq!(down.code, 0, "{down:?}");
    assert_eq!(filtered().len(), rules);
    let up = call("ifup -a");
    assert_eq!(up.code, 0, "{up:?}");
    settled();
    std::fs::write("/etc/network/interfaces.d/sdn", "#version:2\n").unwrap();
    let reload = call("ifreload -a");
    assert_eq!(reload.code, 0, "{reload:?}");
    settled();
    assert_eq!(filtered().len(), 2 * rules);
}

macro_rules! zones {
    ($($test:ident: $file:literal, $main:expr, [$($kind:ident),*];)*) => {
        $(
            #[test]
            fn $test() {
                let room = netns::enter!($($kind),*);
                applies(&room, $main, include_str!(concat!("sdn/", $file)));
            }
        )*
    };
}

zones! {
    a_simple_zone_with_source_nat: "simple", VMBR0, [Bridge];
    a_vlan_zone_on_an_aware_bridge: "vlan-aware", &format!("{VMBR0}{AWARE}"), [Vlan, VlanFiltering];
    a_vlan_zone_on_a_traditional_bridge: "vlan-unaware", VMBR0, [Vlan];
    a_qinq_zone: "qinq", &format!("{VMBR0}{AWARE}"), [Vlan, VlanFiltering];
    a_vxlan_zone: "vxlan", VMBR0, [Vxlan];
    an_evpn_zone_with_an_exit_node: "evpn", VMBR0, [Vrf, Vxlan];
    an_evpn_zone_over_ipv6: "evpn-underlay6", &format!("{VMBR0}{SIX}"), [Vrf, Vxlan];
    a_fabric: "fabric", VMBR0, [Dummy];
}
