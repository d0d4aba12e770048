//! Small networks for tests, built by hand.

// What is built here is written out: nothing of it can fail but by a slip of the test.
#![allow(clippy::unwrap_used)]

use cleat_diag::{FileId, Place, Span};
use cleat_model::desired::{Desired, LinkRef, WantLink, Wanted};
use cleat_model::name::IfName;
use cleat_model::nla::Attrs;
use cleat_model::snapshot::{IFF_LOWER_UP, IFF_UP, IFLA_MTU, Link, Snapshot};
use cleat_model::types::{Address, Kind, Origin};

/// A link's name.
pub fn name(text: &str) -> IfName {
    IfName::new(text).unwrap()
}

/// The first `length` bytes of the only file.
pub fn said(length: usize) -> Origin {
    Origin::Said(Place {
        file: FileId(0),
        span: Span::new(0, length),
    })
}

/// A link that is up, with carrier and an MTU of 1500; one with a master is a port of a bridge.
pub fn link(index: u32, text: &str, kind: Kind, master: Option<u32>) -> Link {
    Link {
        index,
        name: name(text),
        altnames: Vec::new(),
        kind,
        device_type: 1,
        flags: IFF_UP | IFF_LOWER_UP,
        operstate: 6,
        perm_mac: None,
        master,
        parent: None,
        parent_netns: None,
        attrs: Attrs::from_iter([(IFLA_MTU, 1500u32.to_ne_bytes().to_vec())]),
        data: Attrs::new(),
        port_kind: master.map(|_| Kind::Bridge),
        port: Attrs::new(),
        conf4: Vec::new(),
        conf6: Vec::new(),
        addr_gen_mode: None,
        ethtool: None,
        partial: false,
    }
}

/// An address with its mask: `192.168.10.2/24`.
pub fn address(text: &str) -> Address {
    let (ip, prefix) = text.split_once('/').unwrap();
    Address::plain(ip.parse().unwrap(), prefix.parse().unwrap())
}

/// eno1 and eno2 in vmbr0 as declared; the kernel lacks eno2, and has two guests and a stranger's port in vmbr0.
pub fn bridge_with_guests() -> (Desired, Snapshot) {
    let mut eno1 = WantLink::new(name("eno1"), said(4));
    let mut eno2 = WantLink::new(name("eno2"), said(4));
    let mut bridge = WantLink::new(name("vmbr0"), said(4));
    bridge.kind = Kind::Bridge;
    bridge.classes = vec!["auto".to_owned()];
    bridge.declared = true;
    bridge.addresses = vec![Wanted {
        value: address("192.168.10.2/24"),
        origin: said(4),
    }];
    for port in [&mut eno1, &mut eno2] {
        port.declared = true;
        port.master = Some(LinkRef {
            name: bridge.name,
            origin: said(4),
        });
        bridge.ports.push(LinkRef {
            name: port.name,
            origin: said(4),
        });
    }
    let mut now = Snapshot::new();
    now.insert(link(2, "eno1", Kind::Physical, Some(3)));
    now.insert(link(3, "vmbr0", Kind::Bridge, None));
    now.insert(link(4, "tap100i0", Kind::Other("tun".into()), Some(3)));
    now.insert(link(5, "veth101i0", Kind::Veth, Some(3)));
    now.insert(link(6, "spare", Kind::Veth, Some(3)));
    now.insert(link(7, "docker0", Kind::Bridge, None));
    now.addresses.insert(3, vec![address("192.168.10.2/24")]);
    (Desired::new(vec![eno1, eno2, bridge]), now)
}
