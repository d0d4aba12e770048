//! The same steps for the simulator and for a real kernel, and what each answers.
//!
//! [`play`] writes a transcript: each step with its answer, and below it what it changed. The transcripts in `witness/`
//! were written by a real kernel (the tests of the `kernel` crate compare them again, `BLESS=DIR` writes them); the
//! simulator must give the same, letter by letter.

mod steps;
mod vrf;

use crate::attrs::bridge;
use crate::kernel::{Kernel, KernelError, Query};
use crate::kernel_attr::Nest;
use crate::name::Mac;
use crate::op::Op;
use crate::snapshot::{IFLA_ADDRESS, Link, Snapshot};
use crate::types::{Address, Kind, Route};
use std::collections::BTreeSet;
use steps::{
    add, alias, conf6, data, del, delete, down, join, leave, mac, make, mtu, name, no_vids, no_way, port, put, remote,
    route, set_mac, up, veth, vids, vlan, way,
};

/// First bytes of the MACs that the scenarios give; all others are chosen by the kernel and not compared.
const OURS: [u8; 3] = [0x0a, 0xbe, 0xef];

/// Mode, miimon, arp_interval, xmit_hash_policy, min_links, lacp_rate, ad_select, tlb_dynamic_lb.
const COMPARED_BOND_OPTIONS: [u16; 8] = [1, 3, 7, 14, 18, 21, 22, 27];

/// Steps that belong together.
#[derive(Debug)]
pub struct Scenario {
    /// Its name, and that of its transcript.
    pub name: &'static str,
    /// The steps, from a machine that has nothing but `lo`.
    pub steps: Vec<Op>,
    /// What a real kernel made of them.
    pub witness: &'static str,
}

/// Takes the steps one by one and writes down what came of each.
///
/// # Errors
/// When the kernel cannot be read.
pub fn play(kernel: &mut dyn Kernel, steps: &[Op]) -> Result<String, KernelError> {
    let mut text = String::new();
    let mut before = state(&kernel.snapshot(Query::ALL)?);
    for op in steps {
        let answer = match kernel.perform(std::slice::from_ref(op)).pop() {
            Some(Err(error)) => format!("errno {}", error.errno),
            _ => "done".to_owned(),
        };
        text += &format!("{op} -> {answer}\n");
        let after = state(&kernel.snapshot(Query::ALL)?);
        for gone in before.difference(&after) {
            text += &format!("  - {gone}\n");
        }
        for come in after.difference(&before) {
            text += &format!("  + {come}\n");
        }
        before = after;
    }
    Ok(text)
}

/// The state as lines that are the same on every kernel: no indexes, no MACs by chance, nothing that the kernel does in
/// its own time (IPv6 link-local addresses, multicast entries).
pub fn state(now: &Snapshot) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for link in now.links() {
        lines.insert(link_line(now, link));
        if link.kind == Kind::Bond {
            let options = COMPARED_BOND_OPTIONS.iter().filter_map(|number| {
                let value = link
                    .data
                    .get(*number)?
                    .iter()
                    .rev()
                    .fold(0u64, |all, byte| all << 8 | u64::from(*byte));
                Some(format!(
                    " {}={value}",
                    crate::show::words::word(Nest::Data, &Kind::Bond, *number)
                ))
            });
            lines.insert(format!("{}: options{}", link.name, options.collect::<String>()));
        }
        for address in now.addresses(link.index).iter().filter(|address| !is_local(address)) {
            let second = if address.ip.is_ipv4() && address.flags & 1 != 0 {
                " secondary"
            } else {
                ""
            };
            lines.insert(format!(
                "{}: addr {address} scope {}{second}",
                link.name, address.scope.0
            ));
        }
        for route in now
            .routes(link.index)
            .iter()
            .filter(|route| route.to.0.is_ipv4() || route.protocol != 2)
        {
            lines.insert(format!("{}: route {route} proto {}", link.name, route.protocol));
        }
        // Without filtering, whether VLANs are kept depends on how the kernel was built.
        let bridge = link.master.and_then(|index| now.by_index(index)).unwrap_or(link);
        let filters = bridge.data.get(bridge::VLAN_FILTERING.number) == Some(&[1]) && bridge.kind == Kind::Bridge;
        for range in now.vlans(link.index).iter().filter(|_| filters) {
            lines.insert(format!("{}: vlan {range}", link.name));
        }
        for fdb in now
            .fdb(link.index)
            .iter()
            .filter(|fdb| is_ours(Some(fdb.mac)) || fdb.dst.is_some())
        {
            lines.insert(format!("{}: fdb {} dst {:?}", link.name, fdb.mac, fdb.dst));
        }
    }
    lines.extend(now.rules.iter().flatten().map(|rule| match rule.v6 {
        true => format!("-6 rule {rule}"),
        false => format!("rule {rule}"),
    }));
    lines
}

fn link_line(now: &Snapshot, link: &Link) -> String {
    let name = |index: Option<u32>| {
        let link = index.and_then(|index| now.by_index(index));
        link.map(|link| link.name.to_string())
    };
    let mut line = format!("{}: {}", link.name, link.kind);
    if let Some(parent) = name(link.parent.filter(|_| link.kind != Kind::Veth)) {
        line += &format!(" on {parent}");
    }
    line += if link.is_up() { " up" } else { " down" };
    if let Some(master) = name(link.master) {
        line += &format!(" in {master}");
    }
    line += &format!(" mtu {}", link.mtu());
    match link.mac() {
        mac if is_ours(mac) => line += &format!(" mac {}", mac.map(|mac| mac.to_string()).unwrap_or_default()),
        _ => line += " mac by chance",
    }
    if let Some(alias) = link.alias() {
        line += &format!(" alias {alias}");
    }
    line
}

fn is_ours(mac: Option<Mac>) -> bool {
    mac.is_some_and(|mac| mac.bytes().starts_with(&OURS))
}

fn is_local(address: &Address) -> bool {
    address.ip.is_ipv6() && super::scope6(address.ip).0 == 253
}

/// All scenarios.
pub fn scenarios() -> Vec<Scenario> {
    vec![
        bridges(),
        addresses(),
        routes(),
        routes6(),
        vxlans(),
        macvlans(),
        vlans(),
        vlan_filtering(),
        bonds(),
        bond_options(),
        vrf::vrfs(),
        vrf::members(),
        vrf::deleted(),
        vrf::tables(),
        vrf::rules(),
    ]
}

fn bridges() -> Scenario {
    Scenario {
        name: "bridges",
        steps: vec![
            make("br0", Kind::Bridge, 1, &[]),
            make("br0", Kind::Bridge, 2, &[]),
            veth("p0", "q0", 3),
            veth("p1", "p0", 4),
            make("br1", Kind::Bridge, 9, &[]),
            join("br1", "br0"),
            join("p0", "none"),
            join("none", "br0"),
            join("lo", "br0"),
            join("p0", "q0"),
            port("p0", Kind::Bridge, &[(8, vec![0])]),
            join("p0", "br0"),
            port("p0", Kind::Bridge, &[(8, vec![0])]),
            join("p0", "br1"),
            mtu("p0", 1400),
            mtu("br1", 1300),
            mtu("p0", 1450),
            mtu("p0", 60),
            up("br1"),
            up("p0"),
            alias("p0", "uplink"),
            alias("p0", ""),
            set_mac("br1", mac(7)),
            set_mac("br1", vec![1, 0, 0, 0, 0, 1]),
            data("br1", Kind::Bond, &[(3, vec![0; 4])]),
            data("br1", Kind::Bridge, &[(1, 400u32.to_ne_bytes().to_vec())]),
            leave("p0"),
            join("p0", "br0"),
            join("q0", "br0"),
            delete("br0"),
            delete("lo"),
            delete("none"),
            delete("p0"),
            down("br1"),
            Op::RenameLink {
                from: name("br1"),
                to: name("lo"),
            },
            Op::RenameLink {
                from: name("br1"),
                to: name("br7"),
            },
        ],
        witness: include_str!("witness/bridges.txt"),
    }
}

fn addresses() -> Scenario {
    Scenario {
        name: "addresses",
        steps: vec![
            veth("e0", "f0", 1),
            add("none", "10.0.0.1/24"),
            add("e0", "10.0.0.1/24"),
            up("e0"),
            add("e0", "10.0.0.1/24"),
            put("e0", "10.0.0.1/24"),
            add("e0", "10.0.0.2/24"),
            add("e0", "10.0.0.3/25"),
            add("e0", "10.0.0.4/33"),
            add("e0", "192.0.2.1/32"),
            add("e0", "10.1.0.1/24"),
            del("e0", "10.0.0.9/24"),
            del("e0", "10.0.0.1/24"),
            del("e0", "10.0.0.3/25"),
            add("e0", "fd00::1/64"),
            add("e0", "fd00::1/64"),
            add("e0", "fd00::1/128"),
            put("e0", "fd00::1/128"),
            del("e0", "fd00::2/64"),
            down("e0"),
            up("e0"),
            conf6("e0", "disable_ipv6", 1),
            add("e0", "fd00::1/64"),
            conf6("e0", "disable_ipv6", 0),
            add("e0", "fd00::1/64"),
            conf6("e0", "disable_ipv6", 1),
            conf6("e0", "no_such_key", 1),
            add("lo", "fd01::1/128"),
            delete("e0"),
        ],
        witness: include_str!("witness/addresses.txt"),
    }
}

fn routes() -> Scenario {
    let near = |metric| route("0.0.0.0/0", "10.0.0.254", metric, false);
    Scenario {
        name: "routes",
        steps: vec![
            veth("e0", "f0", 1),
            veth("e1", "f1", 2),
            way("e0", near(0), false),
            up("e0"),
            up("f0"),
            way("e0", near(0), false),
            add("e0", "10.0.0.1/24"),
            way("e0", route("0.0.0.0/0", "10.0.0.1", 0, false), false),
            way("e0", route("0.0.0.0/0", "192.0.2.1", 0, false), false),
            way("e0", route("0.0.0.0/0", "192.0.2.1", 5, true), false),
            way("e0", near(0), false),
            way("e0", near(0), false),
            way("e0", route("0.0.0.0/0", "10.0.0.253", 0, false), false),
            way("e0", route("0.0.0.0/0", "10.0.0.253", 0, false), true),
            way("e0", near(7), false),
            way(
                "e0",
                Route {
                    source: "10.0.0.9".parse().ok(),
                    ..near(8)
                },
                false,
            ),
            way(
                "e0",
                Route {
                    source: "10.0.0.1".parse().ok(),
                    ..near(8)
                },
                false,
            ),
            way("e0", Route { table: 1000, ..near(0) }, false),
            no_way("e0", near(0)),
            no_way("e0", near(7)),
            up("e1"),
            up("f1"),
            add("e1", "10.2.0.1/24"),
            way("e1", route("0.0.0.0/0", "10.2.0.254", 0, false), true),
            way("e1", route("10.3.0.0/16", "10.2.0.9", 0, false), false),
            add("e0", "10.0.0.2/24"),
            del("e0", "10.0.0.1/24"),
            down("e1"),
            up("e1"),
        ],
        witness: include_str!("witness/routes.txt"),
    }
}

fn routes6() -> Scenario {
    let near = |last: &str, metric| route("::/0", last, metric, false);
    Scenario {
        name: "routes6",
        steps: vec![
            veth("e0", "f0", 1),
            up("e0"),
            up("f0"),
            way("e0", near("fd00::fe", 0), false),
            add("e0", "fd00::1/64"),
            way("e0", near("fd00::fe", 0), false),
            way("e0", near("fd00::fe", 1024), false),
            way("e0", near("fd00::fd", 0), false),
            way("e0", near("fd00::fd", 0), true),
            way("e0", near("fe80::1", 9), false),
            way("e0", near("fd00::1", 10), false),
            way("e0", route("::/0", "fd99::1", 11, true), false),
            no_way("e0", near("fd00::fe", 0)),
            no_way("e0", near("fe80::1", 9)),
            del("e0", "fd00::1/64"),
            down("e0"),
        ],
        witness: include_str!("witness/routes6.txt"),
    }
}

fn vxlans() -> Scenario {
    let id = |id: u32| (1, id.to_ne_bytes().to_vec());
    Scenario {
        name: "vxlans",
        steps: vec![
            make("vx0", Kind::Vxlan, 1, &[id(7)]),
            make("vx1", Kind::Vxlan, 2, &[id(7)]),
            make("vx1", Kind::Vxlan, 2, &[id(1 << 24)]),
            make("vx1", Kind::Vxlan, 2, &[id(7), (15, 4789u16.to_be_bytes().to_vec())]),
            data("vx0", Kind::Vxlan, &[id(8)]),
            Op::AddFdb {
                name: name("vx0"),
                fdb: remote("10.0.0.9"),
            },
            Op::AddFdb {
                name: name("vx0"),
                fdb: remote("10.0.0.9"),
            },
            Op::AddFdb {
                name: name("vx0"),
                fdb: remote("10.0.0.8"),
            },
            Op::DelFdb {
                name: name("vx0"),
                fdb: remote("10.0.0.9"),
            },
            Op::DelFdb {
                name: name("vx0"),
                fdb: remote("10.0.0.7"),
            },
            veth("e0", "f0", 3),
            Op::CreateLink {
                name: name("vx2"),
                kind: Kind::Vxlan,
                parent: Some(name("e0")),
                peer: None,
                link: [(IFLA_ADDRESS, mac(4))].into_iter().collect(),
                data: [id(9)].into_iter().collect(),
                up: true,
            },
            delete("e0"),
        ],
        witness: include_str!("witness/vxlans.txt"),
    }
}

fn macvlans() -> Scenario {
    let on = |text: &str, parent: &str, last: u8| Op::CreateLink {
        name: name(text),
        kind: Kind::Macvlan,
        parent: Some(name(parent)),
        peer: None,
        link: [(IFLA_ADDRESS, mac(last))].into_iter().collect(),
        data: [(1, 4u32.to_ne_bytes().to_vec())].into_iter().collect(),
        up: false,
    };
    Scenario {
        name: "macvlans",
        steps: vec![
            veth("e0", "f0", 1),
            veth("e1", "f1", 2),
            make("br0", Kind::Bridge, 3, &[]),
            on("mv0", "e0", 4),
            join("e0", "br0"),
            join("e1", "br0"),
            on("mv1", "e1", 5),
            on("mv1", "none", 5),
            delete("e0"),
        ],
        witness: include_str!("witness/macvlans.txt"),
    }
}

fn vlans() -> Scenario {
    Scenario {
        name: "vlans",
        steps: vec![
            veth("e0", "f0", 1),
            vlan("e0.5", "none", 5, false),
            vlan("e0.5", "e0", 5, true),
            vlan("e0.5", "e0", 5, false),
            vlan("x5", "e0", 5, false),
            vlan("e0.4095", "e0", 4095, false),
            up("e0.5"),
            up("e0"),
            add("e0.5", "10.5.0.1/24"),
            way("e0.5", route("0.0.0.0/0", "10.5.0.254", 0, false), false),
            mtu("e0.5", 1501),
            mtu("e0", 1400),
            mtu("e0", 1500),
            down("e0"),
            up("e0"),
            set_mac("e0", mac(8)),
            vlan("e0.5.6", "e0.5", 6, true),
            delete("e0"),
        ],
        witness: include_str!("witness/vlans.txt"),
    }
}

fn vlan_filtering() -> Scenario {
    Scenario {
        name: "vlan-filtering",
        steps: vec![
            make("br0", Kind::Bridge, 1, &[(7, vec![1])]),
            veth("p0", "q0", 2),
            vids("p0", false, 5, 5, false, false),
            join("p0", "br0"),
            vids("p0", false, 2, 4094, false, false),
            vids("p0", false, 5, 5, true, true),
            vids("p0", false, 5, 5, false, false),
            vids("p0", false, 0, 5, false, false),
            vids("p0", false, 5, 4095, false, false),
            vids("p0", false, 9, 5, false, false),
            no_vids("p0", false, 10, 4094),
            no_vids("p0", false, 3000, 3000),
            vids("br0", true, 7, 8, false, false),
            vids("br0", true, 9, 9, true, false),
            no_vids("br0", true, 1, 1),
            leave("p0"),
            data("br0", Kind::Bridge, &[(7, vec![0])]),
            join("p0", "br0"),
        ],
        witness: include_str!("witness/vlan-filtering.txt"),
    }
}

fn bonds() -> Scenario {
    let mode = |mode: u8| (1, vec![mode]);
    Scenario {
        name: "bonds",
        steps: vec![
            make("bond0", Kind::Bond, 1, &[mode(1), (3, 100u32.to_ne_bytes().to_vec())]),
            veth("e0", "f0", 2),
            veth("e1", "f1", 3),
            mtu("e1", 1400),
            up("e0"),
            join("e0", "bond0"),
            down("e0"),
            join("e0", "bond0"),
            join("e1", "bond0"),
            data("bond0", Kind::Bond, &[mode(4)]),
            up("bond0"),
            mtu("bond0", 1300),
            set_mac("bond0", mac(9)),
            leave("e0"),
            leave("e1"),
            set_mac("bond0", mac(9)),
            data("bond0", Kind::Bond, &[mode(4)]),
            down("bond0"),
            data("bond0", Kind::Bond, &[mode(4)]),
            up("bond0"),
            data("bond0", Kind::Bond, &[(21, vec![1])]),
            data("bond0", Kind::Bond, &[(22, vec![1])]),
            data("bond0", Kind::Bond, &[(18, 1u32.to_ne_bytes().to_vec())]),
            join("lo", "bond0"),
            join("bond0", "bond0"),
            join("e1", "bond0"),
            delete("bond0"),
        ],
        witness: include_str!("witness/bonds.txt"),
    }
}

fn bond_options() -> Scenario {
    let mode = |mode: u8| (1, vec![mode]);
    let four = |number: u16, value: u32| (number, value.to_ne_bytes().to_vec());
    let set = |list: &[(u16, Vec<u8>)]| data("bond0", Kind::Bond, list);
    Scenario {
        name: "bond-options",
        steps: vec![
            make("bond0", Kind::Bond, 1, &[mode(1)]),
            set(&[(21, vec![1])]),
            set(&[(22, vec![1])]),
            set(&[four(20, 4)]),
            set(&[(29, vec![0])]),
            set(&[(27, vec![0])]),
            set(&[(14, vec![1])]),
            set(&[four(18, 2)]),
            set(&[four(7, 200)]),
            set(&[four(3, 100)]),
            set(&[mode(4), (21, vec![1]), four(3, 100)]),
            set(&[four(7, 200)]),
            set(&[
                (22, vec![1]),
                (24, 7u16.to_ne_bytes().to_vec()),
                (25, 9u16.to_ne_bytes().to_vec()),
            ]),
            set(&[(26, mac(9))]),
            set(&[mode(0), four(20, 4)]),
            set(&[mode(1), (21, vec![0])]),
            set(&[mode(5), (27, vec![0])]),
            set(&[mode(6)]),
            set(&[(13, vec![1])]),
            set(&[mode(2), four(7, 200)]),
        ],
        witness: include_str!("witness/bond-options.txt"),
    }
}
