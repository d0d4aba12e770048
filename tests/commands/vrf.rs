//! VRFs and their members. Second witness: `ip link`, `ip addr` and `ip route` of the kernel.

use super::bed::{addresses, call, host, master, write_interfaces};
use cleat_netns::{self as netns, ip_json};

const FILE: &str = "auto blue\niface blue\n\tvrf-table 1010\n\
    auto eno1\niface eno1\n\taddress 192.0.2.10/24\n\taddress 2001:db8::10/64\n\tgateway 192.0.2.1\n\tvrf blue\n\
    auto vmbr1\niface vmbr1\n\taddress 198.51.100.1/24\n\tbridge-ports none\n\tbridge-fd 0\n\tvrf blue\n\
    auto eno2\niface eno2\n\taddress 203.0.113.10/24\n\tgateway 203.0.113.1\n";

/// Destinations and links of the IPv4 routes of a table, local ones left out, sorted.
fn routes(table: &str) -> Vec<String> {
    let found = ip_json(&["-4", "route", "show", "table", table, "type", "unicast"]);
    let line =
        |route: &serde_json::Value| format!("{} {}", route["dst"].as_str().unwrap(), route["dev"].as_str().unwrap());
    let mut all: Vec<String> = found.as_array().unwrap().iter().map(line).collect();
    all.sort();
    all
}

#[test]
fn members_are_in_their_vrf_at_boot_and_go_in_and_out_with_a_reload() {
    let room = netns::enter!(Vrf, Bridge);
    host(&room, &["eno1", "eno2"], FILE);
    call("ifup -a").quietly();
    assert_eq!(master("eno1").as_deref(), Some("blue"));
    assert_eq!(master("vmbr1").as_deref(), Some("blue"));
    assert_eq!(addresses("eno1"), ["192.0.2.10/24", "2001:db8::10/64"]);
    let inside = ["192.0.2.0/24 eno1", "198.51.100.0/24 vmbr1", "default eno1"];
    assert_eq!(routes("1010"), inside);
    assert_eq!(routes("main"), ["203.0.113.0/24 eno2", "default eno2"]);
    assert_eq!(call("ifreload -n -a").out, "nothing to do\n");
    assert_eq!(call("ifquery -c eno1").code, 0);

    let swapped = FILE
        .replace("\tvrf blue\nauto vmbr1", "auto vmbr1")
        .replace("\tgateway 192.0.2.1\n", "");
    let swapped = swapped.replace("\tgateway 203.0.113.1\n", "\tgateway 203.0.113.1\n\tvrf blue\n");
    write_interfaces(&swapped);
    assert_eq!(call("ifquery -c eno2").code, 1, "it is not in its VRF");
    assert_eq!(call("ifreload -a").code, 0);
    assert_eq!((master("eno1"), master("eno2").as_deref()), (None, Some("blue")));
    assert_eq!(addresses("eno1"), ["192.0.2.10/24", "2001:db8::10/64"]);
    assert_eq!(
        routes("1010"),
        ["198.51.100.0/24 vmbr1", "203.0.113.0/24 eno2", "default eno2"]
    );
    assert_eq!(routes("main"), ["192.0.2.0/24 eno1"]);
    assert_eq!(call("ifreload -n -a").out, "nothing to do\n");
}

/// The rules without a selector and that of VRFs, as iproute2 shows them.
fn rules() -> [Vec<String>; 2] {
    ["-4", "-6"].map(|family| {
        let found = ip_json(&[family, "rule", "show"]);
        let line =
            |rule: &serde_json::Value| format!("{} {}", rule["priority"], rule["table"].as_str().unwrap_or("l3mdev"));
        found.as_array().unwrap().iter().map(line).collect()
    })
}

// Second witness: `ip rule` after ifupdown2 3.0.0 with the same file; Documentation/networking/vrf.rst.
#[test]
fn the_rule_for_table_local_stands_behind_vrfs_while_there_is_one() {
    let room = netns::enter!(Vrf, Bridge, Inet6);
    let without = "auto eno1\niface eno1\n\taddress 192.0.2.10/24\n";
    host(
        &room,
        &["eno1"],
        &format!("{without}auto blue\niface blue\n\tvrf-table 1010\n"),
    );
    let behind = [
        vec!["1000 l3mdev", "32765 local", "32766 main", "32767 default"],
        vec!["1000 l3mdev", "32765 local", "32766 main"],
    ];
    // The kernel keeps its rule of VRFs once it had one.
    let back = [
        vec!["0 local", "1000 l3mdev", "32766 main", "32767 default"],
        vec!["0 local", "1000 l3mdev", "32766 main"],
    ];
    // The room may have had a VRF already, to see whether the kernel can make one.
    assert!(rules().iter().all(|family| family[0] == "0 local"));
    call("ifup -a").quietly();
    assert_eq!(rules(), behind);
    assert_eq!(call("ifquery -c blue").code, 0);
    assert_eq!(call("ifreload -a").code, 0);
    assert_eq!(call("ifreload -n -a").out, "nothing to do\n");
    // Somebody puts it back: the answer noted before does not hold any longer.
    netns::run("ip rule add pref 0 table local");
    assert_eq!(call("ifquery -c blue").code, 1);
    assert_eq!(call("ifreload -n -a").out, "ip rule del pref 0 table local\n");
    assert_eq!(call("ifreload -a").code, 0);
    assert_eq!(rules(), behind);
    write_interfaces(without);
    assert_eq!(call("ifreload -a").code, 0);
    assert_eq!(rules(), back);
    assert_eq!(call("ifreload -n -a").out, "nothing to do\n");
    // One that somebody moved is theirs.
    netns::run("ip rule add pref 32765 table local");
    netns::run("ip rule del pref 0");
    write_interfaces(&format!("{without}auto blue\niface blue\n\tvrf-table 1010\n"));
    assert_eq!(call("ifreload -a").code, 0);
    assert_eq!(rules(), behind);
    write_interfaces(without);
    assert_eq!(call("ifreload -a").code, 0);
    assert_eq!(rules(), [behind[0].clone(), back[1].clone()]);
}

#[test]
fn the_members_of_a_vrf_whose_table_changes_come_along() {
    let room = netns::enter!(Vrf, Bridge);
    host(&room, &["eno1", "eno2"], FILE);
    call("ifup -a").quietly();
    write_interfaces(&FILE.replace("1010", "1020"));
    assert_eq!(call("ifreload -a").code, 0);
    assert_eq!(
        routes("1020"),
        ["192.0.2.0/24 eno1", "198.51.100.0/24 vmbr1", "default eno1"]
    );
    assert_eq!(routes("main"), ["203.0.113.0/24 eno2", "default eno2"]);
    assert_eq!(addresses("eno1"), ["192.0.2.10/24", "2001:db8::10/64"]);
    assert_eq!(call("ifreload -n -a").out, "nothing to do\n");
}
