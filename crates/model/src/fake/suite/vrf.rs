//! VRFs: members in and out, the routes and addresses that go with them, tables, and the rule for table local.

use super::Scenario;
use super::steps::{
    add, conf6, data, del, delete, down, join, leave, make, name, no_way, route, rule, up, veth, vlan, way,
};
use crate::op::{Op, Sysctl};
use crate::types::{Kind, Route};

fn vrf(text: &str, last: u8, table: u32) -> Op {
    make(text, Kind::Vrf, last, &[(1, table.to_ne_bytes().to_vec())])
}

fn inside(to: &str, via: &str) -> Route {
    Route {
        table: 100,
        ..route(to, via, 0, false)
    }
}

pub(super) fn vrfs() -> Scenario {
    Scenario {
        name: "vrfs",
        steps: vec![
            vrf("blue", 1, 100),
            up("blue"),
            veth("e0", "f0", 2),
            up("f0"),
            up("e0"),
            add("e0", "10.0.0.1/24"),
            add("e0", "fd00::1/64"),
            way("e0", route("0.0.0.0/0", "10.0.0.254", 0, false), false),
            join("e0", "blue"),
            way("e0", inside("0.0.0.0/0", "10.0.0.254"), false),
            add("e0", "10.1.0.1/24"),
            leave("e0"),
            join("blue", "blue"),
            join("lo", "blue"),
            vrf("red", 3, 101),
            join("red", "blue"),
            join("e0", "red"),
            delete("red"),
        ],
        witness: include_str!("../witness/vrfs.txt"),
    }
}

/// In while down and while up, out of a bridge, with a VLAN on top, with IPv6 addresses that go and that are kept.
pub(super) fn members() -> Scenario {
    Scenario {
        name: "vrf-members",
        steps: vec![
            vrf("blue", 1, 100),
            up("blue"),
            veth("e0", "f0", 2),
            up("f0"),
            add("e0", "10.0.0.1/24"),
            join("e0", "blue"),
            up("e0"),
            add("e0", "fd00::1/64"),
            way("e0", inside("::/0", "fd00::fe"), false),
            way("e0", route("::/0", "fd00::fe", 0, false), false),
            no_way("e0", route("::/0", "fd00::fe", 0, false)),
            vlan("e0.5", "e0", 5, true),
            add("e0.5", "10.5.0.1/24"),
            add("e0.5", "fd05::1/64"),
            join("e0.5", "blue"),
            leave("e0"),
            down("e0"),
            join("e0", "blue"),
            up("e0"),
            up("e0.5"),
            down("blue"),
            up("blue"),
            leave("e0.5"),
            delete("e0.5"),
            make("br0", Kind::Bridge, 3, &[]),
            up("br0"),
            join("e0", "br0"),
            join("br0", "blue"),
            add("br0", "10.7.0.1/24"),
            add("br0", "fd07::1/64"),
            join("e0", "blue"),
            leave("br0"),
            keep("e0", 1),
            add("e0", "fd00::2/64"),
            leave("e0"),
            join("e0", "blue"),
            conf6("e0", "disable_ipv6", 1),
            leave("e0"),
        ],
        witness: include_str!("../witness/vrf-members.txt"),
    }
}

/// The VRF goes while members of three kinds are in it.
pub(super) fn deleted() -> Scenario {
    Scenario {
        name: "vrf-deleted",
        steps: vec![
            vrf("blue", 1, 100),
            up("blue"),
            veth("e0", "f0", 2),
            up("f0"),
            up("e0"),
            add("e0", "10.0.0.1/24"),
            make("br0", Kind::Bridge, 3, &[]),
            up("br0"),
            add("br0", "10.7.0.1/24"),
            veth("e1", "f1", 4),
            add("e1", "10.8.0.1/24"),
            join("e0", "blue"),
            join("br0", "blue"),
            join("e1", "blue"),
            add("e0", "fd00::1/64"),
            way("e0", inside("0.0.0.0/0", "10.0.0.254"), false),
            way("e0", inside("::/0", "fd00::fe"), false),
            way("br0", inside("10.9.0.0/16", "10.7.0.9"), false),
            delete("blue"),
            up("e1"),
            vrf("blue", 1, 100),
            join("e0", "blue"),
            delete("e0"),
            delete("blue"),
        ],
        witness: include_str!("../witness/vrf-deleted.txt"),
    }
}

/// The table is given once and for all, and a second VRF may have the same.
pub(super) fn tables() -> Scenario {
    let number = |table: u32| vec![(1u16, table.to_ne_bytes().to_vec())];
    Scenario {
        name: "vrf-tables",
        steps: vec![
            make("blue", Kind::Vrf, 1, &[]),
            vrf("blue", 1, 0),
            vrf("blue", 1, 100),
            vrf("blue", 2, 101),
            data("blue", Kind::Vrf, &number(101)),
            data("blue", Kind::Vrf, &number(100)),
            up("blue"),
            veth("e0", "f0", 3),
            up("f0"),
            up("e0"),
            add("e0", "10.0.0.1/24"),
            join("e0", "blue"),
            vrf("red", 4, 102),
            up("red"),
            join("e0", "red"),
            del("e0", "10.0.0.1/24"),
            add("e0", "10.0.0.2/24"),
            delete("red"),
            delete("blue"),
            vrf("blue", 1, 101),
            up("blue"),
            join("e0", "blue"),
            way(
                "e0",
                Route {
                    table: 101,
                    ..inside("0.0.0.0/0", "10.0.0.254")
                },
                false,
            ),
            leave("e0"),
        ],
        witness: include_str!("../witness/vrf-tables.txt"),
    }
}

/// The rule for table local, in both families: a second one, one that is there, one that is not.
pub(super) fn rules() -> Scenario {
    let mut steps = vec![vrf("blue", 1, 100), up("blue")];
    for v6 in [false, true] {
        steps.extend([
            rule(v6, 32765, 255, true),
            rule(v6, 32765, 255, true),
            rule(v6, 0, 255, false),
            rule(v6, 0, 255, false),
            rule(v6, 0, 254, false),
            rule(v6, 500, 1000, true),
            rule(v6, 0, 255, true),
            rule(v6, 32765, 255, false),
            rule(v6, 500, 1000, false),
        ]);
    }
    steps.push(delete("blue"));
    Scenario {
        name: "rules",
        steps,
        witness: include_str!("../witness/rules.txt"),
    }
}

fn keep(text: &str, value: u8) -> Op {
    Op::SetSysctl {
        name: name(text),
        setting: Sysctl {
            key: format!("net/ipv6/conf/{text}/keep_addr_on_down"),
            value: value.to_string(),
            may_fail: false,
        },
    }
}
