//! The steps that the scenarios are made of, in few words.

use super::OURS;
use crate::name::{IfName, Mac};
use crate::nla::Attrs;
use crate::op::Op;
use crate::snapshot::{IFLA_ADDRESS, IFLA_MTU};
use crate::types::{Address, Fdb, Kind, Route, Rule, ScopeId, VlanRange};

pub(super) fn name(text: &str) -> IfName {
    // The names are written below, each within the rules: a test plays every scenario.
    IfName::new(text).unwrap_or_else(|_| unreachable!("scenarios use good names"))
}

pub(super) fn mac(last: u8) -> Vec<u8> {
    [OURS[0], OURS[1], OURS[2], 0, 0, last].to_vec()
}

/// A new link with a MAC of ours.
pub(super) fn make(text: &str, kind: Kind, last: u8, data: &[(u16, Vec<u8>)]) -> Op {
    Op::CreateLink {
        name: name(text),
        kind,
        parent: None,
        peer: None,
        link: [(IFLA_ADDRESS, mac(last))].into_iter().collect(),
        data: data.iter().cloned().collect(),
        up: false,
    }
}

pub(super) fn veth(text: &str, peer: &str, last: u8) -> Op {
    match make(text, Kind::Veth, last, &[]) {
        Op::CreateLink {
            name, kind, link, data, ..
        } => Op::CreateLink {
            name,
            kind,
            parent: None,
            peer: Some(self::name(peer)),
            link,
            data,
            up: false,
        },
        other => other,
    }
}

pub(super) fn vlan(text: &str, parent: &str, id: u16, up: bool) -> Op {
    Op::CreateLink {
        name: name(text),
        kind: Kind::Vlan,
        parent: Some(name(parent)),
        peer: None,
        link: Attrs::new(),
        data: [(1, id.to_ne_bytes().to_vec())].into_iter().collect(),
        up,
    }
}

pub(super) fn delete(text: &str) -> Op {
    Op::DeleteLink { name: name(text) }
}

pub(super) fn up(text: &str) -> Op {
    Op::SetUp {
        name: name(text),
        up: true,
    }
}

pub(super) fn down(text: &str) -> Op {
    Op::SetUp {
        name: name(text),
        up: false,
    }
}

pub(super) fn join(text: &str, master: &str) -> Op {
    Op::SetMaster {
        name: name(text),
        master: Some(name(master)),
    }
}

pub(super) fn leave(text: &str) -> Op {
    Op::SetMaster {
        name: name(text),
        master: None,
    }
}

pub(super) fn mtu(text: &str, mtu: u32) -> Op {
    Op::SetLink {
        name: name(text),
        link: [(IFLA_MTU, mtu.to_ne_bytes().to_vec())].into_iter().collect(),
    }
}

pub(super) fn set_mac(text: &str, bytes: Vec<u8>) -> Op {
    Op::SetLink {
        name: name(text),
        link: [(IFLA_ADDRESS, bytes)].into_iter().collect(),
    }
}

pub(super) fn alias(text: &str, alias: &str) -> Op {
    Op::SetLink {
        name: name(text),
        link: [(20, alias.as_bytes().to_vec())].into_iter().collect(),
    }
}

pub(super) fn data(text: &str, kind: Kind, data: &[(u16, Vec<u8>)]) -> Op {
    Op::SetData {
        name: name(text),
        kind,
        data: data.iter().cloned().collect(),
        links: Vec::new(),
    }
}

pub(super) fn port(text: &str, kind: Kind, data: &[(u16, Vec<u8>)]) -> Op {
    Op::SetPort {
        name: name(text),
        kind,
        data: data.iter().cloned().collect(),
    }
}

pub(super) fn address(text: &str) -> Address {
    let (ip, prefix) = text.split_once('/').unwrap_or((text, "32"));
    let ip = ip
        .parse()
        .unwrap_or_else(|_| unreachable!("scenarios use good addresses"));
    let mut address = Address::plain(ip, prefix.parse().unwrap_or(32));
    // Without it IPv6 addresses are tentative for a second, and refuse to be a source.
    address.flags = if address.ip.is_ipv6() {
        crate::show::IFA_F_NODAD
    } else {
        0
    };
    address
}

pub(super) fn add(text: &str, ip: &str) -> Op {
    Op::AddAddress {
        name: name(text),
        address: address(ip),
        replace: false,
    }
}

pub(super) fn put(text: &str, ip: &str) -> Op {
    Op::AddAddress {
        name: name(text),
        address: address(ip),
        replace: true,
    }
}

pub(super) fn del(text: &str, ip: &str) -> Op {
    Op::DelAddress {
        name: name(text),
        address: address(ip),
    }
}

pub(super) fn route(to: &str, via: &str, metric: u32, onlink: bool) -> Route {
    let Address { ip, prefix, .. } = address(to);
    Route {
        to: (ip, prefix),
        via: via.parse().ok(),
        onlink,
        metric,
        table: 254,
        protocol: 3,
        source: None,
        scope: ScopeId(0),
        more: Attrs::new(),
        legs: Vec::new(),
    }
}

pub(super) fn way(text: &str, route: Route, replace: bool) -> Op {
    Op::AddRoute {
        name: name(text),
        route,
        replace,
    }
}

pub(super) fn no_way(text: &str, route: Route) -> Op {
    Op::DelRoute {
        name: name(text),
        route,
    }
}

pub(super) fn vids(text: &str, on_self: bool, first: u16, last: u16, pvid: bool, untagged: bool) -> Op {
    Op::AddVlans {
        name: name(text),
        on_self,
        ranges: vec![VlanRange {
            first,
            last,
            pvid,
            untagged,
        }],
    }
}

pub(super) fn no_vids(text: &str, on_self: bool, first: u16, last: u16) -> Op {
    Op::DelVlans {
        name: name(text),
        on_self,
        ranges: vec![VlanRange {
            first,
            last,
            pvid: false,
            untagged: false,
        }],
    }
}

pub(super) fn remote(dst: &str) -> Fdb {
    Fdb {
        // Six bytes are a MAC.
        mac: Mac::new(&[0; 6]).unwrap_or_else(|| unreachable!("six bytes are a MAC")),
        dst: dst.parse().ok(),
        vlan: None,
        on_self: true,
        fixed: true,
    }
}

pub(super) fn rule(v6: bool, priority: u32, table: u32, add: bool) -> Op {
    let (name, rule) = (name("blue"), Rule { v6, priority, table });
    match add {
        true => Op::AddRule { name, rule },
        false => Op::DelRule { name, rule },
    }
}

pub(super) fn conf6(text: &str, key: &str, value: i64) -> Op {
    Op::SetConf {
        name: name(text),
        v6: true,
        key: key.to_owned(),
        value,
    }
}
