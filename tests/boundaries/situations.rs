//! Values that are only wrong beside others: of two links, of two options, of an address.

use super::{BRIDGE, MACVLAN, NICS, VLAN, VXLAN, all_boot, bond, with};
use cleat_netns as netns;

/// The host's bridge with one more line each.
fn bridges(lines: &[&str]) -> Vec<String> {
    let texts = lines.iter().map(|line| format!("{NICS}{BRIDGE}  {line}\n"));
    texts.collect()
}

#[test]
fn a_bridge_boots_with_whatever_address_or_gateway_stands_beside_its_own() {
    let _room = netns::enter!(Veth, Bridge, Inet6);
    all_boot(bridges(&[
        "gateway 10.0.0.1",
        "gateway 10.0.0.255",
        "gateway 10.0.0.0",
        "gateway 0.0.0.0",
        "gateway 224.0.0.1",
        "gateway 255.255.255.255",
        "gateway 127.0.0.1",
        "gateway fe80::1",
        "gateway 2001:db8::99",
        "gateway ::",
        "gateway ff02::1",
        "gateway ::1",
        "address 10.0.0.7/0",
        "address 10.0.0.255/24",
        "address 10.0.0.0/24",
        "address 224.0.0.5/24",
        "address 0.0.0.0/0",
        "address 127.0.0.5/8",
        "address 240.0.0.1/4",
        "address ff02::5/64",
        "address ::/64",
        "address ::1/64",
        "address ::1/128",
        "address ::ffff:10.0.0.8/96",
        "address 2001:db8::1/0",
        "address fe80::5/64",
        "address 2001:db8::1/64\n  disable-ipv6 yes",
        "gateway fe80::1\n  disable-ipv6 yes",
        "gateway 10.0.0.254\n  metric 4294967295",
        "address 10.0.0.8/24\n  preferred-lifetime 0",
        "address 10.0.0.8/24\n  preferred-lifetime 1",
        "address 10.0.0.8/24\n  preferred-lifetime 4294967294",
        "address 10.0.0.8/24\n  preferred-lifetime 4294967295",
        "address 10.0.0.8/24\n  preferred-lifetime forever",
        "address 2001:db8::1/64\n  preferred-lifetime 0",
        "address 2001:db8::1/64\n  preferred-lifetime 100",
        "address 10.0.0.8/24\n  broadcast 10.0.0.1",
        "address 10.0.0.8/24\n  broadcast 0.0.0.0",
        "address 10.0.0.8/24\n  scope 255",
        "address 10.0.0.8/24\n  scope nowhere",
        "address 10.0.0.8/24\n  pointopoint 224.0.0.1",
        "address 10.0.0.8/32\n  pointopoint 10.9.9.9",
    ]));
    let labels = ["t0:x", "t0:abcdefghijkl", "t0:abcdefghijklm", "t0:abcdefghijklmnopq"];
    all_boot(
        labels
            .iter()
            .map(|label| format!("{NICS}{BRIDGE}auto {label}\niface {label}\n  address 10.0.0.6/24\n")),
    );
}

#[test]
fn a_bridge_boots_whatever_its_spanning_tree_is_to_do() {
    let _room = netns::enter!(Veth, Bridge);
    let lines = [
        "bridge-stp off\n  bridge-fd 0",
        "bridge-fd 0\n  bridge-stp off",
        "bridge-stp on\n  bridge-fd 0",
        "bridge-stp on\n  bridge-fd 30\n  bridge-maxage 6\n  bridge-hello 10",
    ];
    all_boot(bridges(&lines));
}

#[test]
fn a_bond_boots_with_whatever_its_ports_say() {
    let _room = netns::enter!(Veth, Bond);
    let base = bond(&["bond-mode active-backup", "bond-miimon 100"]);
    let ports = [
        "iface eno1\n  bond-queue-id 1\niface eno2\n  bond-queue-id 1\n",
        "iface eno1\n  bond-queue-id 0\niface eno2\n  bond-queue-id 0\n",
        "iface eno1\n  bond-queue-id 16\niface eno2\n  bond-queue-id 17\n",
        "iface eno1\n  mtu 9000\n",
        "iface eno1\n  hwaddress 01:00:00:00:00:01\n",
    ];
    all_boot(ports.iter().map(|text| format!("{NICS}{base}{text}")));
    let lines: [&[&str]; 6] = [
        &[
            "bond-mode active-backup",
            "bond-miimon 100",
            "bond-updelay 150",
            "bond-downdelay 2147483647",
        ],
        &["bond-mode active-backup", "bond-miimon 100", "bond-peer-notif-delay 50"],
        &["bond-mode active-backup", "bond-miimon 100", "bond-arp-validate all"],
        &["bond-mode balance-alb"],
        &["bond-mode 802.3ad", "bond-miimon 0"],
        &[
            "bond-mode active-backup",
            "bond-miimon 100",
            "bond-fail-over-mac follow",
            "bond-primary eno2",
        ],
    ];
    all_boot(lines.iter().map(|lines| format!("{NICS}{}", bond(lines))));
}

#[test]
fn a_vlan_boots_with_whatever_its_nic_is_given() {
    let _room = netns::enter!(Veth, Vlan, Bridge);
    let nic = ["mtu 65536", "mtu 68", "mtu 9000"];
    let vlan = ["mtu 65530", "mtu 9000", "mtu 1500"];
    let pairs = nic.iter().flat_map(|nic| vlan.iter().map(move |vlan| (nic, vlan)));
    all_boot(pairs.map(|(nic, vlan)| format!("{NICS}  {nic}\n{VLAN}  {vlan}\niface eno1\n  {nic}\n")));
    all_boot([format!("{NICS}{}", with(VLAN, "mtu", "9000"))]);
    let on_bridge = "auto b0\niface b0\n  bridge-ports eno1\nauto b0.5\niface b0.5\n  address 10.0.0.1/24\n";
    all_boot([format!("{NICS}{}", with(on_bridge, "vlan-bridge-binding", "on"))]);
}

#[test]
fn links_over_a_nic_boot_with_whatever_they_share_it_with() {
    let _room = netns::enter!(Veth, Bridge, Vxlan, Macvlan);
    all_boot([
        format!("{NICS}{}", with(MACVLAN, "mtu", "9000")),
        format!("{NICS}{BRIDGE}auto m0\niface m0\n  macvlan-raw-device eno1\n  macvlan-mode passthru\n"),
        format!("{NICS}{BRIDGE}auto m0\niface m0\n  macvlan-raw-device eno1\n"),
        format!("{NICS}{}", with(VXLAN, "vxlan-remoteip", "2001:db8::1")),
        format!(
            "{NICS}{}  vxlan-remoteip 192.0.2.2\n",
            with(VXLAN, "vxlan-local-tunnelip", "2001:db8::1")
        ),
        format!(
            "{NICS}{}  vxlan-svcnodeip 2001:db8::2\n",
            with(VXLAN, "vxlan-local-tunnelip", "192.0.2.1")
        ),
        format!("{NICS}{}  vxlan-physdev eno1\n", with(VXLAN, "mtu", "1500")),
    ]);
}
