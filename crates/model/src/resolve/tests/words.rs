//! Words of the peers that mean something of ours, or are told to mean nothing here.

use super::{addresses, clean, get, knobs, ports, resolve};
use crate::testing::machine;

// Second witness: vlan-interfaces(5) `hw-mac-address`, `ip-proxy-arp`; ifupdown 0.8.41, which sets the alias by
// `description`; the executors of ifupdown-ng 0.11.4 (`vrf`, `forward`, `bond`).
#[test]
fn other_spellings_are_the_same_options() {
    let desired = clean(
        "iface blue\n vrf-table 10\niface eno1\n hw-mac-address 02:00:5e:10:00:09\n description uplink\n ip-proxy-arp 1\n\
         iface eno2\n vrf-member blue\n forward-ipv4 yes\n forward-ipv6 no\n",
        None,
    );
    assert_eq!(
        knobs(get(&desired, "eno1")),
        ["hwaddress 02:00:5e:10:00:09", "alias uplink", "proxy-arp yes"]
    );
    assert_eq!(knobs(get(&desired, "eno2")), ["ip-forward yes", "ip6-forward no"]);
    assert!(get(&desired, "eno2").vrf().is_some());
}

// Second witness: bridge-utils-interfaces(5): `all` is "eth.* em.* en.* p[0-9].*" of the machine.
#[test]
fn all_stands_for_every_ethernet_nic_and_for_nothing_that_stands_on_one() {
    let facts = machine(&["eno1", "eth0", "p4p1", "wlan0", "pan0"]);
    let desired = clean(
        "iface vmbr0\n bridge_ports all\niface eno1.5\niface enbr\n bridge_ports none\n",
        Some(&facts),
    );
    assert_eq!(ports(get(&desired, "vmbr0")), ["eno1", "eth0", "p4p1"]);
    let bond = clean("iface bond0\n bond-slaves all\n", Some(&facts));
    assert_eq!(ports(get(&bond, "bond0")), ["eno1", "eth0", "p4p1"]);
}

#[test]
fn executors_of_ifupdown_ng_that_are_not_run_are_told() {
    let (_, found) = resolve(
        "iface eno1\n use link\n use static\n use dhcp\niface wg0\n use wireguard\niface vmbr0\n bridge-ports none\n bridge-hw random\n",
        None,
    );
    assert_eq!(
        found,
        "warning[executor-not-run] eno1: `use dhcp` of ifupdown-ng has no effect here\n  \
         4:6 «dhcp» no address is asked for by DHCP\n  help: write `inet dhcp` behind the name in the `iface` line\n\
         warning[executor-not-run] wg0: `use wireguard` of ifupdown-ng has no effect here\n  \
         6:6 «wireguard» this executor is not run\n  help: do what it does in a `pre-up` or `up` line\n\
         warning[no-effect] vmbr0: `bridge-hw random` of ifupdown-ng has no effect here\n  \
         9:12 «random» the bridge has the address of its first port\n  help: write the hardware address that it is to have\n"
    );
}

// Second witness: `ip addr add 0.0.0.0/24 dev eno1` ends with 0 on kernel 6.1 and sets nothing.
#[test]
fn an_address_of_zeros_is_no_address() {
    let desired = clean("iface eno1 inet static\n address 0.0.0.0\n netmask 0.0.0.0\n", None);
    assert_eq!(addresses(get(&desired, "eno1")), [""; 0]);
}

// Second witness: `vlan_dev_open` answers ENETDOWN.
#[test]
fn a_vlan_on_a_link_that_is_kept_down_stays_down_with_all_on_it() {
    let (desired, found) = resolve(
        "iface eno1\n link-down yes\niface eno1.5\n address 192.0.2.1/24\niface eno1.5.6\niface eno1.7\n link-down yes\n\
         iface eno1.8\n vlan-loose-binding on\n",
        None,
    );
    let told = |name: &str, parent: &str, line: usize, note: &str| {
        format!(
            "warning[parent-down] {name}: `{name}` stays down: `{parent}` below it is kept down\n  \
             {line}:7 «{name}» made, and not set up\n{note}  help: remove `link-down` of `{parent}`, or write it here too\n"
        )
    };
    let expected =
        told("eno1.5", "eno1", 3, "  note: `link-down` stands at 2:2\n") + &told("eno1.5.6", "eno1.5", 5, "");
    assert_eq!(found, expected);
    let up = |name: &str| get(&desired, name).up;
    assert_eq!(
        [up("eno1.5"), up("eno1.5.6"), up("eno1.7"), up("eno1.8")],
        [false, false, false, true]
    );
}
