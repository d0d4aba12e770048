//! Values that the kernel refuses or rounds. Second witness: the kernel, in tests/boundaries.

use super::{addresses, get, knobs, resolve, routes};
use crate::testing::{link, machine};
use crate::types::Kind;

fn fault(text: &str) -> String {
    resolve(text, None).1
}

#[test]
fn a_hardware_address_of_a_group_is_left_out() {
    let (desired, found) = resolve(
        "iface vmbr0\n  bridge-ports none\n  hwaddress 01:00:00:00:00:01\n  mtu 9000\n",
        None,
    );
    assert_eq!(
        found,
        "error[bad-value] vmbr0: `hwaddress` cannot be `01:00:00:00:00:01`\n  3:3 «hwaddress 01:00:00:00:00:01» the \
         address of a group, not of a link\n  help: choose one whose first byte is even, such as `02:00:00:00:00:01`\n"
    );
    assert_eq!(knobs(get(&desired, "vmbr0")), ["mtu 9000"]);
    assert_eq!(
        fault("iface eno1\n  hwaddress 00:00:00:00:00:00\n"),
        "error[bad-value] eno1: `hwaddress` cannot be `00:00:00:00:00:00`\n  2:3 «hwaddress 00:00:00:00:00:00» the \
         kernel refuses an address of zeros\n  help: choose one whose first byte is even, such as `02:00:00:00:00:01`\n"
    );
}

#[test]
fn a_hardware_address_of_lo_is_left_out_since_it_could_not_go_back_to_none() {
    let (desired, found) = resolve("iface lo inet loopback\n  hwaddress 02:00:00:00:00:01\n", None);
    assert_eq!(
        found,
        "warning[no-effect] lo: `hwaddress` has no effect on `lo`\n  2:3 «hwaddress 02:00:00:00:00:01» left out: nothing is \
         sent by it, and it could not go back to none\n"
    );
    assert_eq!(knobs(get(&desired, "lo")), [""; 0]);
}

#[test]
fn an_mtu_beyond_what_a_kind_takes_is_left_out() {
    assert_eq!(
        fault("iface vmbr0\n  bridge-ports none\n  mtu 65536\n"),
        "error[bad-value] vmbr0: `mtu` cannot be `65536` on `vmbr0`\n  3:3 «mtu 65536» a bridge link takes 68 to 65535\n"
    );
    assert_eq!(
        fault("iface d0\n  link-type dummy\n  mtu 65536\n"),
        "",
        "a dummy has no limit"
    );
    let mut facts = machine(&[]);
    let mut nic = link(2, "eno1", Kind::Physical, &[2, 0, 0, 0, 0, 1]);
    nic.attrs.push(50, &68u32.to_ne_bytes());
    nic.attrs.push(51, &9216u32.to_ne_bytes());
    facts.insert(nic);
    assert_eq!(
        resolve("iface eno1\n  mtu 9217\n", Some(&facts)).1,
        "error[bad-value] eno1: `mtu` cannot be `9217` on `eno1`\n  2:3 «mtu 9217» the driver of `eno1` takes 68 to 9216\n"
    );
    assert_eq!(resolve("iface eno1\n  mtu 9216\n", Some(&facts)).1, "");
}

#[test]
fn arp_targets_are_taken_once_and_only_where_a_host_can_have_them() {
    let text = "iface bond0\n  bond-slaves none\n  bond-mode 1\n  bond-arp-interval 250\n  \
                bond-arp-ip-target 192.0.2.1 192.0.2.1 0.0.0.0\n";
    let (desired, found) = resolve(text, None);
    assert_eq!(
        found,
        "warning[bad-value] bond0: `bond-arp-ip-target` cannot have `192.0.2.1`\n  5:3 «bond-arp-ip-target 192.0.2.1 \
         192.0.2.1 0.0.0.0» written twice: once is taken\nerror[bad-value] bond0: `bond-arp-ip-target` cannot have \
         `0.0.0.0`\n  5:3 «bond-arp-ip-target 192.0.2.1 192.0.2.1 0.0.0.0» not the address of a host: left out\n"
    );
    assert_eq!(
        knobs(get(&desired, "bond0")),
        [
            "bond-mode active-backup",
            "bond-arp-interval 250",
            "bond-arp-ip-target 192.0.2.1"
        ]
    );
}

#[test]
fn arp_answers_are_not_checked_beside_mii_monitoring() {
    assert_eq!(
        fault("iface bond0\n  bond-slaves none\n  bond-mode 1\n  bond-miimon 100\n  bond-arp-validate all\n"),
        "error[excluded] bond0: `bond-arp-validate` cannot stand beside `bond-miimon`\n  5:3 «bond-arp-validate all» left \
         out\n  note: `bond-miimon` is set at 4:3\n  help: remove this line, or `bond-miimon 100`\n"
    );
}

#[test]
fn delays_are_wanted_as_the_kernel_rounds_them() {
    let (desired, found) = resolve(
        "iface bond0\n  bond-slaves none\n  bond-miimon 100\n  bond-updelay 150\n  bond-downdelay 300\n",
        None,
    );
    assert_eq!(
        found,
        "warning[delay-rounded] bond0: `bond-updelay 150` is 100 with `bond-miimon 100`\n  4:3 «bond-updelay 150» the \
         kernel rounds it down to a multiple\n  help: write a multiple of 100\n"
    );
    assert_eq!(
        knobs(get(&desired, "bond0")),
        ["bond-miimon 100", "bond-updelay 100", "bond-downdelay 300"]
    );
}

#[test]
fn no_router_has_the_address_of_a_group_or_of_nobody() {
    let (desired, found) = resolve(
        "iface eno1\n  address 192.0.2.2/24\n  gateway 192.0.2.255\niface eno2\n  gateway 224.0.0.1\niface eno3\n  gateway ::\n",
        None,
    );
    assert_eq!(
        found,
        "error[bad-value] eno1: the gateway of `eno1` cannot be `192.0.2.255`\n  3:11 «192.0.2.255» left out: the \
         subnet's broadcast address\nerror[bad-value] eno2: the gateway of `eno2` cannot be `224.0.0.1`\n  5:11 \
         «224.0.0.1» left out: the address of a group\nerror[bad-value] eno3: the gateway of `eno3` cannot be `::`\n  \
         7:11 «::» left out: no address of a router\n"
    );
    assert_eq!(routes(get(&desired, "eno1")), [""; 0]);
    assert_eq!(addresses(get(&desired, "eno1")), ["192.0.2.2/24"]);
}

#[test]
fn a_link_without_ipv6_is_given_none() {
    let (desired, found) = resolve(
        "iface eno1\n  address 192.0.2.2/24\n  address 2001:db8::2/64\n  disable-ipv6 yes\n",
        None,
    );
    assert_eq!(
        found,
        "error[ipv6-off] eno1: `eno1` has no IPv6, and so not this address\n  3:3 «address 2001:db8::2/64» left out\n  \
         note: IPv6 is switched off at 4:3\n  help: remove one of the two lines\n"
    );
    assert_eq!(addresses(get(&desired, "eno1")), ["192.0.2.2/24"]);
}

#[test]
fn a_label_that_is_too_long_does_not_cost_the_address() {
    let (desired, found) = resolve("iface eno1:abcdefghijklmnop\n  address 192.0.2.2/24\n", None);
    assert_eq!(
        found,
        "error[label-too-long] eno1: `eno1:abcdefghijklmnop` cannot be a label\n  1:1 «iface eno1:abcdefghijklmnop» 21 \
         bytes, a label has at most 15\n  help: choose a shorter one: the addresses get none\n"
    );
    assert_eq!(get(&desired, "eno1").addresses[0].value.label, None);
    assert_eq!(addresses(get(&desired, "eno1")), ["192.0.2.2/24"]);
}

#[test]
fn ports_of_a_bond_do_not_share_a_queue() {
    let text = "iface bond0\n  bond-slaves eno1 eno2\niface eno1\n  bond-queue-id 1\niface eno2\n  bond-queue-id 1\n";
    assert_eq!(
        fault(text),
        "error[queue-taken] eno2: queue 1 of `bond0` is that of `eno1`\n  6:3 «bond-queue-id 1» left out\n  note: it is \
         set at 4:3\n  help: give each port a queue of its own\n"
    );
}

#[test]
fn the_ends_of_a_vxlan_are_of_one_family() {
    let text = "iface vx0\n  vxlan-id 5\n  vxlan-local-tunnelip 192.0.2.1\n  vxlan-remoteip 2001:db8::1 192.0.2.2\n";
    let (desired, found) = resolve(text, None);
    assert_eq!(
        found,
        "error[two-families] vx0: `vx0` cannot send to `2001:db8::1`\n  4:18 «2001:db8::1» left out: its outer packets are \
         IPv4\n  help: write an address of that family in `vxlan-local-tunnelip`\n"
    );
    assert_eq!(get(&desired, "vx0").fdb.len(), 1);
    assert_eq!(
        fault("iface vx0\n  vxlan-id 5\n  vxlan-svcnodeip 239.0.0.1\n"),
        "error[vxlan-without-device] vx0: `vxlan-svcnodeip 239.0.0.1` needs `vxlan-physdev`\n  3:3 «vxlan-svcnodeip \
         239.0.0.1» a multicast group is reached by one link\n  help: name the link in `vxlan-physdev`\n"
    );
}

#[test]
fn a_vxlan_cannot_carry_what_its_device_cannot_with_the_outer_packet() {
    let text = "iface eno1\n  mtu 9000\niface vx0\n  vxlan-id 5\n  vxlan-physdev eno1\n  mtu 8951\n";
    assert_eq!(
        fault(text),
        "error[mtu-above-parent] vx0: `vx0` cannot carry 8951 bytes over `eno1`\n  6:3 «mtu 8951» `eno1` carries 9000, 50 \
         of them are for the outer packet\n  note: that is set at 2:3\n  help: write `mtu 9001` under `eno1`, or remove \
         this line: the kernel takes what fits\n"
    );
    assert_eq!(fault(&text.replace("8951", "8950")), "");
    let v6 = text.replace("mtu 8951", "vxlan-local-tunnelip 2001:db8::1\n  mtu 8931");
    assert!(
        fault(&v6).contains("`eno1` carries 9000, 70 of them are for the outer packet"),
        "{}",
        fault(&v6)
    );
    assert_eq!(fault(&v6.replace("8931", "8930")), "");
}

#[test]
fn an_mtu_that_ipv6_cannot_be_had_with_is_left_out() {
    let text = "iface eno1\n  mtu 1279\niface eno1.5\n  address 2001:db8::1/64\n";
    let (desired, found) = resolve(text, None);
    assert_eq!(
        found,
        "error[mtu-below-ipv6] eno1.5: `eno1.5` cannot have IPv6 with an MTU of 1279\n  2:3 «mtu 1279» left out: IPv6 \
         needs 1280 bytes\n  note: IPv6 is asked for at 4:3\n  help: write 1280 or more, or remove what asks for IPv6\n"
    );
    assert_eq!(knobs(get(&desired, "eno1")), [""; 0]);
    assert_eq!(addresses(get(&desired, "eno1.5")), ["2001:db8::1/64"]);
    assert_eq!(fault(&text.replace("1279", "1280")), "");
    assert_eq!(fault("iface eno1\n  mtu 1000\n  address 192.0.2.1/24\n"), "");
}
