//! Bad input: every part of each diagnostic, and that only what is wrong is left out.

use super::{addresses, get, knobs, names, ports, resolve, routes, vlans};
use crate::testing::{link, machine};
use crate::types::Kind;

fn fault(text: &str) -> String {
    resolve(text, None).1
}

#[test]
fn an_address_on_two_links_is_a_warning_and_both_have_it() {
    let (desired, found) = resolve(
        "iface eno1\n  address 192.0.2.1/24\n  address 198.51.100.1/24\niface eno2\n  address 192.0.2.1/25\n  address 203.0.113.1/24\n",
        None,
    );
    assert_eq!(
        found,
        "warning[duplicate-address] eno2: `192.0.2.1` is set on `eno1` and on `eno2`\n  \
         5:3 «address 192.0.2.1/25» both links have it\n  note: it is set on `eno1` at 2:3\n  \
         help: right where hosts are reached by routes of their own; else give each link an address of its own\n"
    );
    assert_eq!(addresses(get(&desired, "eno1")), ["192.0.2.1/24", "198.51.100.1/24"]);
    assert_eq!(addresses(get(&desired, "eno2")), ["192.0.2.1/25", "203.0.113.1/24"]);
}

#[test]
fn an_address_that_is_set_twice_on_one_link_is_a_warning() {
    let (desired, found) = resolve("iface eno1\n  address 192.0.2.1/24\n  address 192.0.2.1/24\n", None);
    assert_eq!(
        found,
        "warning[duplicate-address] eno1: `192.0.2.1` is set twice on `eno1`\n  \
         3:3 «address 192.0.2.1/24» left out\n  note: it is set at 2:3\n"
    );
    assert_eq!(addresses(get(&desired, "eno1")), ["192.0.2.1/24"]);
}

#[test]
fn two_gateways_of_one_family_and_table_leave_the_first() {
    let (desired, found) = resolve(
        "iface eno1\n  address 192.0.2.2/24\n  gateway 192.0.2.1\niface eno2\n  address 198.51.100.2/24\n  gateway 198.51.100.1\n",
        None,
    );
    assert_eq!(
        found,
        "error[two-gateways] eno2: a second IPv4 gateway: `198.51.100.1`\n  6:11 «198.51.100.1» left out of `eno2`\n  \
         note: `eno1` has one at 3:11\n  help: keep one of them, or give them different metrics\n"
    );
    assert_eq!(routes(get(&desired, "eno1")), ["default via 192.0.2.1"]);
    assert_eq!(routes(get(&desired, "eno2")), [""; 0]);
    assert_eq!(addresses(get(&desired, "eno2")), ["198.51.100.2/24"]);
}

#[test]
fn gateways_of_two_families_metrics_or_tables_stand_beside_each_other() {
    let text = "iface blue\n vrf-table 1001\niface eno1\n  address 192.0.2.2/24\n  gateway 192.0.2.1\n\
                iface eno1 inet6\n  address 2001:db8::2/64\n  gateway fe80::1\n\
                iface eno2\n  address 198.51.100.2/24\n  gateway 198.51.100.1\n  metric 100\n\
                iface eno3\n  vrf blue\n  address 203.0.113.2/24\n  gateway 203.0.113.1\n";
    let (desired, found) = resolve(text, None);
    assert_eq!(found, "");
    assert_eq!(
        routes(get(&desired, "eno1")),
        ["default via 192.0.2.1", "default via fe80::1"]
    );
    assert_eq!(routes(get(&desired, "eno2")), ["default via 198.51.100.1 metric 100"]);
    assert_eq!(routes(get(&desired, "eno3")), ["default via 203.0.113.1 table 1001"]);
}

#[test]
fn a_gateway_that_is_the_link_itself_is_left_out() {
    assert_eq!(
        fault("iface eno1\n  address 192.0.2.1/24\n  gateway 192.0.2.1\n"),
        "error[gateway-is-self] eno1: the gateway `192.0.2.1` is an address of `eno1` itself\n  \
         3:11 «192.0.2.1» left out\n  note: the address is set at 2:3\n  help: write the address of the router\n"
    );
}

#[test]
fn a_port_in_two_bridges_stays_in_the_first() {
    let (desired, found) = resolve(
        "iface vmbr0\n  bridge-ports eno1 eno2\niface vmbr1\n  bridge-ports eno3 eno2\n",
        None,
    );
    assert_eq!(
        found,
        "error[port-in-two] vmbr1: `eno2` cannot be a port of `vmbr0` and `vmbr1`\n  4:21 «eno2» left out of `vmbr1`\n  \
         note: it is a port of `vmbr0` at 2:21\n  help: remove it from one of them\n"
    );
    assert_eq!(ports(get(&desired, "vmbr0")), ["eno1", "eno2"]);
    assert_eq!(ports(get(&desired, "vmbr1")), ["eno3"]);
    assert_eq!(
        get(&desired, "eno2")
            .master
            .map(|master| master.name.to_string())
            .as_deref(),
        Some("vmbr0")
    );
}

#[test]
fn a_slave_missing_from_the_machine_is_told_and_the_bond_keeps_it_for_later() {
    let (desired, found) = resolve(
        "auto bond0\niface bond0\n  bond-slaves eno1 eno9\n",
        Some(&machine(&["eno1", "eno2"])),
    );
    assert_eq!(
        found,
        "error[missing-link] bond0: there is no link `eno9` on this machine\n  3:20 «eno9» needed by `bond0`\n  \
         help: did you mean `eno2`, which is there and not used?\n"
    );
    assert_eq!(ports(get(&desired, "bond0")), ["eno1", "eno9"]);
}

#[test]
fn a_missing_link_is_told_with_its_other_name_or_what_is_free() {
    let mut facts = machine(&["nic0"]);
    let mut renamed = link(9, "nic1", Kind::Physical, &[2, 0, 0, 0, 0, 9]);
    renamed.altnames.push("enp1s0".to_owned());
    facts.insert(renamed);
    assert_eq!(
        resolve(
            "auto enp1s0\niface enp1s0 inet dhcp\nauto vmbr0\niface vmbr0\n  bridge-ports wlan0\nallow-hotplug usb0\niface usb0\n",
            Some(&facts)
        )
        .1
        .split_once("post-up` line\n")
        .unwrap()
        .1,
        "error[missing-link] enp1s0: there is no link `enp1s0` on this machine\n  2:7 «enp1s0» cannot be brought up\n  \
         help: `enp1s0` is another name of `nic1`: write that one\n\
         error[missing-link] vmbr0: there is no link `wlan0` on this machine\n  5:16 «wlan0» needed by `vmbr0`\n  \
         help: links that are there and not used: nic0, nic1\n"
    );
}

/// What lacks the link decides: ifupdown2, run with these files, ends with 0 but for the ports and parents of what is auto.
#[test]
fn a_missing_link_is_an_error_only_where_something_that_is_auto_lacks_it() {
    let severity = |text: &str| {
        let found = resolve(text, Some(&machine(&["eno1"]))).1;
        let lines = found.lines().filter(|line| line.contains("[missing-link]"));
        let words: Vec<&str> = lines.filter_map(|line| line.split('[').next()).collect();
        words.join(" ")
    };
    for (text, expected) in [
        // Nothing hangs on it.
        ("auto eno9\niface eno9 inet manual\n", "warning"),
        ("iface eno9\n  address 192.0.2.1/24\n", ""),
        ("allow-hotplug eno9\niface eno9\n  address 192.0.2.1/24\n", ""),
        ("auto eno9\niface eno9\n  address 192.0.2.1/24\n", "error"),
        // A port, a parent, near and far.
        ("auto vmbr0\niface vmbr0\n  bridge-ports eno1 eno9\n", "error"),
        ("auto eno9.5\niface eno9.5\n", "error"),
        (
            "auto vmbr0\niface vmbr0\n  bridge-ports bond0\niface bond0\n  bond-slaves eno9\n",
            "error",
        ),
        // Nobody asks for the bridge at boot; the NIC may come later.
        ("iface vmbr1\n  bridge-ports eno9\n", "warning"),
        ("allow-hotplug vmbr1\niface vmbr1\n  bridge-ports eno9\n", "warning"),
        (
            "allow-hotplug eno9\niface eno9\nauto vmbr0\niface vmbr0\n  bridge-ports eno1 eno9\n",
            "warning",
        ),
    ] {
        assert_eq!(severity(text), expected, "{text}");
    }
}

#[test]
fn a_link_that_a_pre_up_line_makes_is_not_missed() {
    let text = "auto gre1\niface gre1\n  pre-up ip link add gre1 type gre local 192.0.2.1 remote 192.0.2.2\n";
    assert_eq!(resolve(text, Some(&machine(&[]))).1, "");
}

#[test]
fn vlan_ids_0_and_4095_are_refused_wherever_they_stand() {
    let (desired, found) = resolve(
        "iface eno1.0\niface vlan4095\n  vlan-raw-device eno1\niface mine\n  vlan-raw-device eno1\n  vlan-id 5000\n\
         iface vmbr0\n  bridge-ports eno1.4095 eno2\n  bridge-vlan-aware yes\n  bridge-vids 0 5 4094-4096\n",
        None,
    );
    assert_eq!(
        found,
        "error[bad-value] mine: `vlan-id` cannot be `5000`\n  6:11 «5000» takes a whole number from 1 to 4094\n\
         error[bad-vlan-id] eno1.0: 0 is not a VLAN id\n  1:7 «eno1.0» reserved by IEEE 802.1Q\n  help: choose one from 1 to 4094\n\
         error[bad-vlan-id] vlan4095: 4095 is not a VLAN id\n  2:7 «vlan4095» reserved by IEEE 802.1Q\n  help: choose one from 1 to 4094\n\
         error[bad-vlan-id] vmbr0: 4095 is not a VLAN id\n  8:16 «eno1.4095» reserved by IEEE 802.1Q\n  help: choose one from 1 to 4094\n\
         error[bad-vlan-id] vmbr0: 0 is not a VLAN id\n  10:15 «0» reserved by IEEE 802.1Q\n  help: choose one from 1 to 4094\n\
         error[bad-vlan-id] vmbr0: 4096 is not a VLAN id\n  10:19 «4094-4096» past the last one\n  help: choose one from 1 to 4094\n"
    );
    assert_eq!(names(&desired), ["eno2", "vmbr0"]);
    assert_eq!(vlans(get(&desired, "eno2")), ["1 pvid untagged", "5"]);
}

#[test]
fn a_dependency_cycle_is_named_and_left_out_alone() {
    let (desired, found) = resolve(
        "iface a\n  bridge-ports b.5\niface b\n  bond-slaves c\niface c\n  vlan-raw-device a\n  vlan-id 7\niface d\n  bridge-ports d\niface eno1\n",
        None,
    );
    assert_eq!(
        found,
        "error[dependency-cycle] a: links need each other: a → b.5 → b → c → a\n  \
         2:16 «b.5» left out with all links of the cycle\n  note: `b.5` needs `b` at 2:16\n  note: `b` needs `c` at 4:15\n  \
         note: `c` needs `a` at 6:19\n  help: take one of these lines away\n\
         error[dependency-cycle] d: links need each other: d → d\n  9:16 «d» left out with all links of the cycle\n  \
         help: take one of these lines away\n"
    );
    assert_eq!(names(&desired), ["eno1"]);
}

#[test]
fn what_sits_on_a_left_out_link_goes_too_and_a_bridge_only_loses_the_port() {
    let (desired, found) = resolve(
        "iface a\n  vlan-raw-device b\n  vlan-id 2\niface b\n  vlan-raw-device a\n  vlan-id 3\niface a.9\niface vmbr0\n  bridge-ports b eno1\n",
        None,
    );
    assert_eq!(
        found,
        "error[dependency-cycle] a: links need each other: a → b → a\n  2:19 «b» left out with all links of the cycle\n  \
         note: `b` needs `a` at 5:19\n  help: take one of these lines away\n\
         error[needs-left-out] a.9: `a.9` sits on `a`, which is left out\n  7:7 «a.9» left out too\n"
    );
    assert_eq!(names(&desired), ["eno1", "vmbr0"]);
    assert_eq!(ports(get(&desired, "vmbr0")), ["eno1"]);
}

/// Found by `whatever_is_written_the_wanted_network_is_sound`.
#[test]
fn the_other_end_of_a_left_out_link_goes_too() {
    let (desired, found) = resolve("iface eno1\n  veth-peer-name b\n  vrf eno1.5\niface b.7\n", None);
    assert_eq!(names(&desired), [""; 0]);
    assert!(
        found.contains(
            "error[needs-left-out] b: `b` is the other end of `eno1`, which is left out\n  2:18 «b» left out too\n"
        ),
        "{found}"
    );
    assert!(
        found.contains("error[needs-left-out] b.7: `b.7` sits on `b`, which is left out\n"),
        "{found}"
    );
}

#[test]
fn names_over_15_bytes_are_refused_in_lists_too() {
    assert_eq!(
        fault("iface vmbr0\n  bridge-ports eno1 averylonginterface\n"),
        "error[bad-name] vmbr0: `averylonginterface` cannot be an interface name\n  \
         2:21 «averylonginterface» 18 bytes long, the kernel allows 15\n"
    );
}

#[test]
fn a_primary_that_is_no_port_is_left_out() {
    let (desired, found) = resolve(
        "iface bond0\n  bond-slaves eno1 eno2\n  bond-mode active-backup\n  bond-primary eno3\n",
        None,
    );
    assert_eq!(
        found,
        "error[primary-no-port] bond0: `eno3` is not a port of `bond0`\n  4:16 «eno3» cannot be the primary port\n  \
         help: choose one of `eno1`, `eno2`\n"
    );
    assert_eq!(get(&desired, "bond0").data_links, []);
}

#[test]
fn a_reversed_range_is_left_out_of_the_list() {
    let (desired, found) = resolve(
        "iface vmbr0\n  bridge-ports eno1\n  bridge-vlan-aware yes\n  bridge-vids 4094-2 10\n",
        None,
    );
    assert_eq!(
        found,
        "error[reversed-range] vmbr0: `4094-2` ends before it begins\n  4:15 «4094-2» left out\n  help: write `2-4094`\n"
    );
    assert_eq!(vlans(get(&desired, "eno1")), ["1 pvid untagged", "10"]);
}

#[test]
fn an_mtu_above_the_parents_is_left_out() {
    let (desired, found) = resolve(
        "iface eno1\n  mtu 4000\niface eno1.5\n  mtu 9000\niface eno2.7\n  mtu 1501\n",
        None,
    );
    assert_eq!(
        found,
        "error[mtu-above-parent] eno1.5: `eno1.5` cannot carry 9000 bytes over `eno1`\n  4:3 «mtu 9000» `eno1` carries 4000\n  \
         note: that is set at 2:3\n  help: write `mtu 9000` under `eno1`, or a smaller one here\n\
         error[mtu-above-parent] eno2.7: `eno2.7` cannot carry 1501 bytes over `eno2`\n  6:3 «mtu 1501» `eno2` carries 1500\n  \
         note: `eno2` has no `mtu` line\n  help: write `mtu 1501` under `eno2`, or a smaller one here\n"
    );
    assert_eq!(knobs(get(&desired, "eno1.5")), ["vlan-id 5"]);
}

#[test]
fn a_bond_gives_its_mtu_to_its_ports_and_a_bridge_is_warned_of_its_own() {
    assert_eq!(
        fault(
            "iface eno1\n  mtu 1500\niface bond0\n  bond-slaves eno1 eno2\n  mtu 9000\niface bond0.5\n  mtu 9000\n\
             iface vmbr0\n  bridge-ports bond0 eno3\n  mtu 9000\n"
        ),
        "error[mtu-of-port] eno1: `eno1` cannot have another MTU than its bond `bond0`\n  2:3 «mtu 1500» 1500, the bond has 9000\n  \
         note: the bond's is set at 5:3\n  help: remove this line: the bond gives its MTU to its ports\n\
         warning[mtu-above-port] vmbr0: `vmbr0` carries 9000 bytes, its port `eno3` only 1500\n  \
         10:3 «mtu 9000» larger packets are lost there\n  note: `eno3` has no `mtu` line\n  help: write `mtu 9000` under `eno3` too\n"
    );
}

// Second witness: kernel documentation bonding: lacp_rate is for 802.3ad, packets_per_slave for balance-rr; a kernel
// answers EACCES ("option not valid in current mode").
#[test]
fn options_without_effect_in_the_chosen_mode_are_left_out() {
    let (desired, found) = resolve(
        "iface bond0\n  bond-slaves eno1\n  bond-mode active-backup\n  bond-lacp-rate fast\n  bond-xmit-hash-policy layer2\n  bond-updelay 200\n\
         iface bond1\n  bond-slaves eno2\n  bond-primary eno2\n",
        None,
    );
    assert_eq!(
        found,
        "warning[no-effect] bond0: `bond-lacp-rate` has no effect with `bond-mode active-backup`\n  \
         4:3 «bond-lacp-rate fast» needs `bond-mode` 802.3ad\n  note: `bond-mode` is set at 3:3\n  \
         help: remove this line, or write `bond-mode 802.3ad`\n\
         warning[no-effect] bond0: `bond-xmit-hash-policy` has no effect with `bond-mode active-backup`\n  \
         5:3 «bond-xmit-hash-policy layer2» needs `bond-mode` balance-xor, 802.3ad or balance-tlb\n  \
         note: `bond-mode` is set at 3:3\n  help: remove this line, or write `bond-mode balance-xor`\n\
         warning[no-effect] bond0: `bond-updelay` has no effect without `bond-miimon`\n  6:3 «bond-updelay 200» needs `bond-miimon`\n  \
         help: remove this line, or write `bond-miimon 100`\n\
         warning[no-effect] bond1: `bond-primary` has no effect with `bond-mode balance-rr`\n  \
         9:3 «bond-primary» needs `bond-mode` active-backup, balance-tlb or balance-alb\n  \
         note: `bond-mode` is balance-rr where it is not written\n  help: remove this line, or write `bond-mode active-backup`\n"
    );
    assert_eq!(knobs(get(&desired, "bond0")), ["bond-mode active-backup"]);
}

#[test]
fn what_only_fails_with_another_option_goes_without_a_word() {
    let found = fault(
        "iface bond0\n  bond-slaves eno1\n  bond-mode 802.3ad\n  bond-arp-interval 250\n  bond-arp-ip-target 192.0.2.1\n",
    );
    assert_eq!(
        found,
        "warning[no-effect] bond0: `bond-arp-interval` has no effect with `bond-mode 802.3ad`\n  \
         4:3 «bond-arp-interval 250» needs `bond-mode` balance-rr, active-backup, balance-xor or broadcast\n  \
         note: `bond-mode` is set at 3:3\n  help: remove this line, or write `bond-mode balance-rr`\n"
    );
}

#[test]
fn options_of_another_kind_have_no_effect() {
    let (desired, found) = resolve(
        "iface eno1\n  bond-mode 1\niface eno2\n  bridge-fd 0\n  bridge-learning off\niface vmbr0\n  bridge-ports none\n  bond-miimon 100\n",
        None,
    );
    assert_eq!(
        found,
        "warning[no-effect] eno2: `bridge-fd` has no effect on `eno2`\n  4:3 «bridge-fd» only for a bridge\n  \
         help: remove this line, or move it to the stanza that it is meant for\n\
         warning[no-effect] vmbr0: `bond-miimon` has no effect on `vmbr0`\n  8:3 «bond-miimon» only for a bond\n  \
         help: remove this line, or move it to the stanza that it is meant for\n\
         warning[no-effect] eno2: `bridge-learning` has no effect on `eno2`\n  5:3 «bridge-learning» only for a bridge or a port of one\n  \
         help: remove this line, or move it to the stanza that it is meant for\n"
    );
    assert_eq!(get(&desired, "eno1").kind, Kind::Bond);
}

#[test]
fn vlan_options_need_an_aware_bridge() {
    assert_eq!(
        fault("iface vmbr0\n  bridge-ports eno1\n  bridge-vids 2-10\niface eno1\n  bridge-access 5\n"),
        "warning[no-effect] vmbr0: `bridge-vids` has no effect: `vmbr0` is not VLAN-aware\n  \
         3:3 «bridge-vids 2-10» needs `bridge-vlan-aware yes`\n  \
         help: remove this line, or write `bridge-vlan-aware yes` under `vmbr0`\n\
         warning[no-effect] eno1: `bridge-access` has no effect: `vmbr0` is not VLAN-aware\n  \
         5:3 «bridge-access 5» needs `bridge-vlan-aware yes`\n  \
         help: remove this line, or write `bridge-vlan-aware yes` under `vmbr0`\n"
    );
}

#[test]
fn an_access_port_has_no_list() {
    assert_eq!(
        fault(
            "iface vmbr0\n  bridge-ports eno1\n  bridge-vlan-aware yes\niface eno1\n  bridge-access 5\n  bridge-vids 7\n"
        ),
        "warning[no-effect] eno1: `bridge-vids` has no effect beside `bridge-access`\n  \
         6:3 «bridge-vids 7» an access port is in one VLAN\n  note: `bridge-access` is set at 5:3\n  help: remove one of the lines\n"
    );
}

#[test]
fn a_link_cannot_be_two_kinds_at_once() {
    assert_eq!(
        fault("iface x0\n  bridge-ports none\n  vxlan-id 7\n"),
        "error[two-kinds] x0: `x0` cannot be a bridge and a vxlan at once\n  3:3 «vxlan-id 7» makes it a vxlan; left out\n  \
         note: `bridge-ports` makes it a bridge at 2:3\n  help: give each its own `iface` stanza\n\
         warning[no-effect] x0: `vxlan-id` has no effect on `x0`\n  3:3 «vxlan-id» only for a VXLAN link\n  \
         help: remove this line, or move it to the stanza that it is meant for\n"
    );
}

#[test]
fn ports_that_the_kernel_would_refuse_are_left_out() {
    let (desired, found) = resolve(
        "iface vmbr1\n  bridge-ports none\niface vmbr0\n  bridge-ports lo vmbr1 eno1 eno1\n",
        None,
    );
    assert_eq!(
        found,
        "error[bad-port] vmbr0: `lo` cannot be a port of `vmbr0`\n  4:16 «lo» it is the loopback link\n  \
         note: it is left out of the list\n\
         error[bad-port] vmbr0: `vmbr1` cannot be a port of `vmbr0`\n  4:19 «vmbr1» the kernel takes no bridge into a bridge\n  \
         note: it is left out of the list\n\
         warning[repeated-port] vmbr0: `eno1` is named twice as a port of `vmbr0`\n  4:30 «eno1» already a port\n  \
         note: named first at 4:25\n"
    );
    assert_eq!(ports(get(&desired, "vmbr0")), ["eno1"]);
}

// Second witness: br_set_forward_delay in net/bridge/br_stp.c: ERANGE outside 2 to 30 s with STP on.
#[test]
fn a_forward_delay_that_the_spanning_tree_cannot_have_is_left_out() {
    let (desired, found) = resolve(
        "iface vmbr0\n  bridge-ports none\n  bridge-stp on\n  bridge-fd 0\n",
        None,
    );
    assert_eq!(
        found,
        "error[forward-delay] vmbr0: `bridge-fd 0` cannot be had with `bridge-stp on`\n  \
         4:3 «bridge-fd 0» the kernel takes 2 to 30 seconds then\n  note: `bridge-stp` is set at 3:3\n  \
         help: write a value from 2 to 30, or `bridge-stp off`\n"
    );
    assert_eq!(knobs(get(&desired, "vmbr0")), ["bridge-stp yes"]);
}

// Second witness: the spec's naming conventions (vmbr0 to vmbr4094, at most 10 characters).
#[test]
fn the_naming_advice_is_a_warning() {
    let found = fault(
        "iface vmbr4095\n  bridge-ports none\niface bridge-of-it\n  bridge-ports none\niface vmbr0v5\n  bridge-ports none\n",
    );
    let help = "help: choose one of vmbr0 to vmbr4094, or up to 10 letters and digits that start with a letter";
    assert_eq!(
        found,
        format!(
            "warning[bridge-name] vmbr4095: `vmbr4095` is not as Proxmox VE advises to name bridges\n  \
             1:7 «vmbr4095» numbers of bridges end at 4094\n  {help}\n\
             warning[bridge-name] bridge-of-it: `bridge-of-it` is not as Proxmox VE advises to name bridges\n  \
             3:7 «bridge-of-it» longer than 10 characters: names of guests' VLANs may not fit\n  {help}\n"
        )
    );
}

#[test]
fn an_address_on_a_port_is_a_warning() {
    assert_eq!(
        fault("iface vmbr0\n  bridge-ports eno1\niface eno1\n  address 192.0.2.1/24\n"),
        "warning[address-on-port] eno1: `eno1` has an address and is a port of `vmbr0`\n  \
         4:3 «address 192.0.2.1/24» packets to it reach the host by the master\n  help: move the address to `vmbr0`\n"
    );
}

#[test]
fn wrong_addresses_are_told_with_what_is_taken() {
    assert_eq!(
        fault(
            "iface eno1\n  address 192.0.2.300/24\n  address 192.0.2.1/33\n  address ::/0\n  address 192.0.2.7\n  \
             address 192.0.2.8\n  netmask 255.0.255.0\n  gateway router\n"
        ),
        "error[bad-value] eno1: `address` cannot be `192.0.2.300/24`\n  2:11 «192.0.2.300/24» takes an address such as `192.0.2.10/24` or `2001:db8::10/64`\n\
         error[bad-value] eno1: `address` cannot be `192.0.2.1/33`\n  3:11 «192.0.2.1/33» takes an address such as `192.0.2.10/24` or `2001:db8::10/64`\n\
         error[bad-value] eno1: `address` cannot be `::/0`\n  4:11 «::/0» takes the address of a host\n\
         error[bad-value] eno1: `netmask` cannot be `255.0.255.0`\n  7:11 «255.0.255.0» takes a mask such as `255.255.255.0`, or a prefix length\n\
         warning[no-prefix-length] eno1: `address 192.0.2.7` has no prefix length\n  5:3 «address 192.0.2.7» /32 is taken: the address alone\n  \
         help: write `address 192.0.2.7/32` if that is meant, or the length of the subnet\n\
         warning[no-prefix-length] eno1: `address 192.0.2.8` has no prefix length\n  6:3 «address 192.0.2.8» /32 is taken: the address alone\n  \
         help: write `address 192.0.2.8/32` if that is meant, or the length of the subnet\n\
         error[bad-value] eno1: `gateway` cannot be `router`\n  8:11 «router» takes an IP address\n"
    );
}

#[test]
fn links_that_do_not_say_what_they_sit_on_are_left_out() {
    let (desired, found) = resolve(
        "iface mine\n  vlan-id 5\niface vlanx\n  vlan-raw-device eno1\niface m0\n  link-type macvlan\niface v0\n  link-type veth\niface x0\n  link-type vxlan\niface y0\n  link-type tun\n",
        None,
    );
    assert_eq!(
        found,
        "error[vlan-without-device] mine: `mine` does not say which link it is on\n  1:7 «mine» left out\n  help: add `vlan-raw-device`\n\
         error[vlan-without-id] vlanx: `vlanx` does not say which VLAN it is\n  3:7 «vlanx» left out\n  help: add `vlan-id`\n\
         error[macvlan-without-device] m0: `m0` does not say which link it is on\n  5:7 «m0» left out\n  help: add `macvlan-raw-device`\n\
         error[veth-without-peer] v0: `v0` does not say what its other end is called\n  7:7 «v0» left out\n  help: add `veth-peer-name`\n\
         error[vxlan-without-id] x0: `x0` does not say which network it is\n  9:7 «x0» left out\n  help: add `vxlan-id`\n\
         warning[unknown-link-type] y0: `link-type tun` is not a kind that is made here\n  12:13 «tun» made here: `bridge`, `bond`, `vxlan`, `vrf`, `veth`, `macvlan`, `dummy` or `vlan`; the link is left alone\n  help: make it in a `pre-up` line\n"
    );
    assert_eq!(names(&desired), ["y0"]);
}

#[test]
fn lists_by_port_name_ports_only() {
    let (desired, found) = resolve(
        "iface vmbr0\n  bridge-ports eno1 eno2\n  bridge-pathcosts eno1=100 eno9=7 eno2=0\n  bridge-portprios 8\n",
        None,
    );
    assert_eq!(
        found,
        "error[no-port] vmbr0: `eno9` is not a port of `vmbr0`\n  3:29 «eno9=7» `bridge-pathcosts` has no effect on it\n  \
         help: name a port of `bridge-ports`\n\
         error[bad-value] vmbr0: `bridge-pathcosts` cannot be `0`\n  3:36 «eno2=0» takes a whole number from 1 to 65535\n\
         error[bad-value] vmbr0: `bridge-portprios` cannot be `8`\n  4:20 «8» takes `port=value` under a bridge, such as `eno1=16`\n"
    );
    assert_eq!(
        knobs(get(&desired, "eno1")),
        ["bridge-pathcosts 100", "disable-ipv6 yes"]
    );
    assert_eq!(knobs(get(&desired, "eno2")), ["disable-ipv6 yes"]);
}

#[test]
fn a_bond_that_is_only_named_by_its_port_is_told() {
    assert_eq!(
        fault("iface eno1\n  bond-master bond0\n"),
        "error[unknown-master] eno1: there is no bond `bond0`\n  2:15 «bond0» has no stanza that makes it a bond\n  \
         help: add `iface bond0` with `bond-slaves none` and a `bond-mode`\n"
    );
}

#[test]
fn a_wrong_regular_expression_is_told() {
    let found = fault("iface vmbr0\n  bridge-ports regex (eno\n");
    assert!(
        found.starts_with("error[bad-regex] vmbr0: `(eno` is not a regular expression\n  2:22 «(eno» "),
        "{found}"
    );
}

#[test]
fn a_pair_has_two_ends_and_no_more() {
    let (desired, found) = resolve(
        "iface a\n  veth-peer-name b\niface c\n  veth-peer-name b\niface d\n  veth-peer-name vmbr0\niface vmbr0\n  bridge-ports none\n\
         iface e\n  veth-peer-name e\n",
        None,
    );
    assert_eq!(
        found,
        "error[bad-peer] c: `b` cannot be the other end of `c`\n  4:18 «b» its other end is `a`\n  note: the link is left out\n\
         error[bad-peer] d: `vmbr0` cannot be the other end of `d`\n  6:18 «vmbr0» that is a bridge\n  note: the link is left out\n\
         error[bad-peer] e: `e` cannot be the other end of `e`\n  10:18 «e» that is the link itself\n  note: the link is left out\n"
    );
    assert_eq!(names(&desired), ["a", "vmbr0", "b"]);
}
