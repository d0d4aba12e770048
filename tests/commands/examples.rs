//! Each of the spec's configurations through all four commands.

use super::bed::{assert_same_network, call, example, exists, host, network};
use cleat_netns::{self as netns, ip_json};

/// Up, up again, checked, reloaded, down: after the first step nothing changes any more until the last.
fn through_all_commands(room: &netns::Room, name: &str) {
    host(room, &["eno1", "eno2", "eno3", "ens18"], &example(name));
    call("ifup -a").quietly();
    assert_eq!(call("ifup -a -n").out, "nothing to do\n");
    let before = network();
    call("ifup -a").quietly();
    call("ifreload -a").quietly();
    assert_same_network(&network(), &before);
    let check = call("ifquery -a -c");
    assert_eq!(check.code, 0, "{check:?}");
    call("ifdown -a").quietly();
    let links = ip_json(&["link"]);
    let left: Vec<&str> = links
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|link| link["ifname"].as_str())
        .collect();
    let made = left.iter().filter(|name| **name != "lo" && !name.starts_with("en"));
    assert_eq!(made.count(), 0, "{left:?}");
    assert!(exists("eno1"));
}

macro_rules! examples {
    ($($test:ident: $name:literal, [$($kind:ident),*];)*) => {
        $(
            #[test]
            fn $test() {
                let room = netns::enter!($($kind),*);
                through_all_commands(&room, $name);
            }
        )*
    };
}

examples! {
    default_bridge: "default-bridge", [];
    mac_learning_off: "mac-learning-off", [];
    bond_bridge_port: "bond-bridge-port", [Bond];
    bond_storage: "bond-storage", [Bond];
    bond_vlan: "bond-vlan", [Bond, Vlan];
    vlan_aware: "vlan-aware", [Vlan, VlanFiltering];
    vlan_traditional: "vlan-traditional", [Vlan];
}
