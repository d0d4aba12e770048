//! What Linux gives a new link.

use crate::name::{IfName, Mac};
use crate::nla::Attrs;
use crate::snapshot::{IFF_LOOPBACK, IFF_LOWER_UP, IFLA_ADDRESS, IFLA_MTU, IFLA_TXQLEN, Link};
use crate::types::Kind;

/// `IFLA_VXLAN_LINK`.
pub(crate) const IFLA_VXLAN_LINK: u16 = 3;

/// A link with nothing said of it: down, Ethernet, MTU 1500, that MAC.
pub fn link(index: u32, name: IfName, kind: Kind, mac: Mac) -> Link {
    // `vrf_setup`: IP6_MAX_MTU.
    let mtu: u32 = if kind == Kind::Vrf { 65575 } else { 1500 };
    Link {
        index,
        name,
        altnames: Vec::new(),
        data: data(&kind),
        kind,
        device_type: 1,
        flags: IFF_LOWER_UP,
        operstate: 2,
        perm_mac: None,
        master: None,
        parent: None,
        parent_netns: None,
        attrs: [
            (IFLA_ADDRESS, mac.bytes().to_vec()),
            (IFLA_MTU, mtu.to_ne_bytes().to_vec()),
            (IFLA_TXQLEN, 1000u32.to_ne_bytes().to_vec()),
        ]
        .into_iter()
        .collect(),
        port_kind: None,
        port: Attrs::new(),
        conf4: conf4(),
        conf6: conf6(),
        addr_gen_mode: Some(0),
        partial: false,
    }
}

/// `lo` of a new network namespace: down, without addresses.
pub fn loopback() -> Link {
    // "lo" is within IfName's rules and six zero bytes are a MAC: both constants are checked by a test.
    let name = IfName::new("lo").unwrap_or_else(|_| unreachable!("lo is a name"));
    let mut lo = link(1, name, Kind::Physical, mac(0));
    lo.flags = IFF_LOOPBACK | IFF_LOWER_UP;
    lo.device_type = 772;
    lo.attrs.set(IFLA_ADDRESS, &[0; 6]);
    lo.attrs.set(IFLA_MTU, &65536u32.to_ne_bytes());
    lo
}

/// A NIC with a permanent MAC made of its index.
pub fn nic(index: u32, name: IfName) -> Link {
    let mac = mac(index);
    let mut nic = link(index, name, Kind::Physical, mac);
    nic.perm_mac = Some(mac);
    nic
}

/// A locally administered MAC made of a number.
pub fn mac(number: u32) -> Mac {
    let [a, b, c, d] = number.to_be_bytes();
    // Six bytes always make a MAC.
    Mac::new(&[2, 0, a, b, c, d]).unwrap_or_else(|| unreachable!("six bytes are a MAC"))
}

/// The device below a VXLAN link (`IFLA_VXLAN_LINK`), where there is one.
pub(crate) fn vxlan_device(link: &Link) -> Option<u32> {
    let bytes = link.data.get(IFLA_VXLAN_LINK)?.try_into().ok()?;
    Some(u32::from_ne_bytes(bytes)).filter(|index| *index != 0)
}

/// *Source*: `ipv4_devconf_dflt` in net/ipv4/devinet.c: accept_redirects, secure_redirects, send_redirects, shared_media.
fn conf4() -> Vec<i32> {
    let mut conf = vec![0; 33];
    for at in [3, 4, 5, 6] {
        conf[at] = 1;
    }
    conf
}

/// *Source*: `ipv6_devconf_dflt` in net/ipv6/addrconf.c: hop limit, MTU, accept_ra, accept_redirects, autoconf, DAD.
fn conf6() -> Vec<i32> {
    let mut conf = vec![0; 58];
    for (at, value) in [
        (1, 64),
        (2, 1500),
        (3, 1),
        (4, 1),
        (5, 1),
        (6, 1),
        (7, -1),
        (8, 4000),
        (9, 1000),
    ] {
        conf[at] = value;
    }
    conf
}

/// *Source*: `br_dev_setup`, `br_stp_timer_init` and `br_multicast_ctx_init` in net/bridge; `bond_setup` and the parameter
/// defaults in drivers/net/bonding/bond_main.c; `vlan_setup` in net/8021q/vlan_dev.c.
fn data(kind: &Kind) -> Attrs {
    let byte = |number: u16, value: u8| (number, vec![value]);
    let two = |number: u16, value: u16| (number, value.to_ne_bytes().to_vec());
    let four = |number: u16, value: u32| (number, value.to_ne_bytes().to_vec());
    let eight = |number: u16, value: u64| (number, value.to_ne_bytes().to_vec());
    match kind {
        Kind::Bridge => [
            four(1, 1500),
            four(2, 200),
            four(3, 2000),
            four(4, 30000),
            four(5, 0),
            two(6, 32768),
            byte(7, 0),
            (8, 0x8100u16.to_be_bytes().to_vec()),
            two(9, 0),
            byte(22, 1),
            byte(23, 1),
            byte(24, 0),
            byte(25, 0),
            four(26, 16),
            four(27, 4096),
            four(28, 2),
            four(29, 2),
            eight(30, 100),
            eight(31, 26000),
            eight(32, 25500),
            eight(33, 12500),
            eight(34, 1000),
            eight(35, 3125),
            byte(36, 0),
            byte(37, 0),
            byte(38, 0),
            two(39, 1),
            byte(41, 0),
            byte(42, 0),
            byte(43, 2),
            byte(44, 1),
            byte(45, 0),
            (46, [0u32.to_ne_bytes(), 7u32.to_ne_bytes()].concat()),
        ]
        .into_iter()
        .collect(),
        Kind::Bond => [
            byte(1, 0),
            four(3, 0),
            four(4, 0),
            four(5, 0),
            byte(6, 1),
            four(7, 0),
            four(9, 0),
            four(10, 0),
            byte(12, 0),
            byte(13, 0),
            byte(14, 0),
            four(15, 1),
            byte(16, 1),
            byte(17, 0),
            four(18, 0),
            four(19, 1),
            four(20, 1),
            byte(21, 0),
            byte(22, 0),
            byte(27, 1),
            four(28, 0),
            byte(29, 1),
            byte(30, 2),
        ]
        .into_iter()
        .collect(),
        Kind::Vlan => [
            (5, 0x8100u16.to_be_bytes().to_vec()),
            (2, [1u32.to_ne_bytes(), u32::MAX.to_ne_bytes()].concat()),
        ]
        .into_iter()
        .collect(),
        Kind::Vxlan => [
            byte(5, 0),
            byte(6, 0),
            byte(7, 1),
            four(8, 300),
            four(9, 0),
            (15, 8472u16.to_be_bytes().to_vec()),
            byte(18, 1),
        ]
        .into_iter()
        .collect(),
        Kind::Macvlan => [four(1, 2), two(2, 0)].into_iter().collect(),
        _ => Attrs::new(),
    }
}

/// *Source*: `new_nbp` and `br_port_flags` defaults in net/bridge/br_if.c (`BR_LEARNING | BR_FLOOD | BR_MCAST_FLOOD |
/// BR_BCAST_FLOOD`, priority 32, cost by speed).
pub(crate) fn bridge_port() -> Attrs {
    let byte = |number: u16, value: u8| (number, vec![value]);
    let mut all: Vec<(u16, Vec<u8>)> = vec![
        byte(1, 0),
        (2, 32u16.to_ne_bytes().to_vec()),
        (3, 100u32.to_ne_bytes().to_vec()),
        byte(8, 1),
        byte(9, 1),
        byte(25, 1),
        byte(27, 1),
        byte(30, 1),
    ];
    all.extend([4, 5, 6, 7, 10, 12, 28, 29, 32, 33, 39].map(|number| byte(number, 0)));
    all.push((31, 0u16.to_ne_bytes().to_vec()));
    all.into_iter().collect()
}

/// *Source*: `bond_fill_slave_info` in drivers/net/bonding/bond_netlink.c.
pub(crate) fn bond_port(perm: Mac) -> Attrs {
    [(4, perm.bytes().to_vec()), (5, vec![0, 0]), (9, vec![0; 4])]
        .into_iter()
        .collect()
}
