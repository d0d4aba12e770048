//! What Linux gives a new link, beside what the rows of its attributes say.

use crate::kernel_attr::{Nest, fresh};
use crate::name::{IfName, Mac};
use crate::nla::Attrs;
use crate::snapshot::{IFF_LOOPBACK, IFF_LOWER_UP, IFLA_ADDRESS, IFLA_BOND_SLAVE_PERM_HWADDR, IFLA_MTU, Link};
use crate::types::Kind;

/// A link with nothing said of it: down, Ethernet, MTU 1500, that MAC.
pub fn link(index: u32, name: IfName, kind: Kind, mac: Mac) -> Link {
    let mut attrs = fresh(Nest::Link, &kind);
    attrs.set(IFLA_ADDRESS, mac.bytes());
    attrs.set(IFLA_MTU, &kind.row().fresh_mtu.to_ne_bytes());
    Link {
        index,
        name,
        altnames: Vec::new(),
        data: fresh(Nest::Data, &kind),
        attrs,
        kind,
        device_type: 1,
        flags: IFF_LOWER_UP,
        operstate: 2,
        perm_mac: None,
        master: None,
        parent: None,
        parent_netns: None,
        port_kind: None,
        port: Attrs::new(),
        conf4: conf4(),
        conf6: conf6(),
        addr_gen_mode: Some(0),
        ethtool: None,
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

/// What a new port of a bridge has; its cost goes by its speed, and this is that of the simulator's links.
pub(crate) fn bridge_port() -> Attrs {
    fresh(Nest::Port, &Kind::Bridge)
}

/// What a new port of a bond has, with the address that it had before (`bond_fill_slave_info`).
pub(crate) fn bond_port(perm: Mac) -> Attrs {
    let mut port = fresh(Nest::Port, &Kind::Bond);
    port.push(IFLA_BOND_SLAVE_PERM_HWADDR, perm.bytes());
    port
}
