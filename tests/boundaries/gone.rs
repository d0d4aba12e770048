//! Every row: set on a running host, taken out of the file again; the link is then as after a boot without it.
//!
//! Second witness: the kernel, which made the same link without the option.

use super::{BRIDGE, Host, MULTICAST, NICS, VLAN, VXLAN, bond, declared, name, rows, with};
use cleat_model::attr::{Attr, Gone, Grammar, Need, On, Value};
use cleat_model::name::IfName;
use cleat_model::resolve::resolve;
use cleat_model::table;
use cleat_netns as netns;

impl Host {
    /// The host reads that text, live.
    pub(super) fn reads(&mut self, text: &str) {
        let now = self.now();
        let (desired, found) = resolve(&declared(text), Some(&now));
        let errors = found
            .iter()
            .filter(|found| found.severity == cleat_diag::Severity::Error);
        let errors: Vec<&str> = errors.map(|found| found.message.as_str()).collect();
        assert_eq!(errors, [""; 0], "{text}");
        let failed = self.up(&desired, &now);
        assert_eq!(failed, [""; 0], "{text}");
    }

    fn has(&mut self, link: IfName, row: &Attr) -> Option<Value> {
        row.read(self.now().get(link).expect("the link is there"))
    }
}

/// Another value than the link has, as in a file.
fn other(row: &Attr, than: Option<&Value>) -> String {
    let default = row.default_value();
    let default = than.or(default.as_ref());
    let texts: Vec<String> = match row.value {
        Grammar::Range { min, max } => vec![row.example.to_owned(), max.min(200).to_string(), min.to_string()],
        Grammar::Choice(words) => words.iter().map(|(word, _)| (*word).to_owned()).collect(),
        Grammar::Bool => vec!["yes".to_owned(), "no".to_owned()],
        Grammar::Decimal { max, .. } => vec![row.example.to_owned(), max.min(7).to_string()],
        Grammar::WordsOrRange { max, .. } => vec![row.example.to_owned(), max.to_string()],
        Grammar::Mac | Grammar::MacOrRandom => vec!["02:00:00:00:00:07".to_owned()],
        _ => vec![row.example.to_owned()],
    };
    let is_other = |text: &String| row.parse(text).is_ok_and(|value| Some(&value) != default);
    texts.into_iter().find(is_other).expect("a value that is not a default")
}

/// Sets each of the rows in the base, takes it out, and compares.
#[track_caller]
fn all_go_back(on: On, base: &str, of: &str, left_out: &[&str]) {
    let mut host = Host::new();
    let mut wrong = String::new();
    let rows = rows(on).filter(|row| !left_out.contains(&row.name) && !matches!(row.gone(), Gone::Kept(_)));
    for row in rows {
        let base = format!("{NICS}{base}");
        host.plug();
        host.reads(&base);
        let now = host.now();
        let lacks = row.wire.attrs().iter().any(|attr| now.lacks(attr));
        let fresh = host.has(name(of), row);
        host.reads(&with(&base, row.name, &other(row, fresh.as_ref())));
        let set = host.has(name(of), row);
        host.reads(&base);
        let back = host.has(name(of), row);
        let same = match (&fresh, &back) {
            (Some(fresh), Some(back)) => row.same(fresh, back) || row.same(back, fresh),
            (fresh, back) => fresh == back,
        };
        // A kernel that is too old for the option shows nothing of it, before and after.
        if !same || (set == fresh) != lacks {
            wrong += &format!(
                "{}: {fresh:?} at first, {set:?} with it, {back:?} without it\n",
                row.name
            );
        }
        host.clear();
    }
    assert_eq!(wrong, "");
}

#[test]
fn options_of_a_nic_go_back_when_they_are_gone() {
    let _room = netns::enter!(Veth, Inet6);
    // A veth has no permanent address to go back to.
    all_go_back(
        On::Link,
        "auto eno1\niface eno1\n  address 10.0.0.1/24\n",
        "eno1",
        &["hwaddress"],
    );
}

#[test]
fn options_of_a_bridge_and_its_ports_go_back_when_they_are_gone() {
    let _room = netns::enter!(Veth, Bridge);
    let aware = ["bridge-vlan-aware", "bridge-vlan-protocol", "bridge-vlan-stats"];
    all_go_back(On::Bridge, BRIDGE, "t0", &aware);
    all_go_back(On::BridgePort, &format!("{BRIDGE}iface eno1\n"), "eno1", &[]);
}

#[test]
fn options_of_a_vlan_aware_bridge_go_back_when_they_are_gone() {
    let _room = netns::enter!(Veth, VlanFiltering);
    all_go_back(
        On::Bridge,
        &with(BRIDGE, "bridge-vlan-aware", "yes"),
        "t0",
        &["bridge-vlan-aware"],
    );
    all_go_back(On::Bridge, BRIDGE, "t0", &["bridge-vlan-protocol", "bridge-vlan-stats"]);
}

#[test]
fn options_of_a_vxlan_go_back_when_they_are_gone() {
    let _room = netns::enter!(Veth, Vxlan);
    let always = ["vxlan-id", "vxlan-port"];
    all_go_back(On::Vxlan, VXLAN, "t0", &[&always[..], &["vxlan-mcastgrp"]].concat());
    all_go_back(On::Vxlan, MULTICAST, "t0", &always);
}

#[test]
fn options_of_a_vlan_go_back_when_they_are_gone() {
    let _room = netns::enter!(Veth, Vlan, VlanAd, Bridge);
    all_go_back(On::Vlan, VLAN, "eno1.5", &["vlan-id", "vlan-bridge-binding"]);
    // Its MTU is that of the NIC: tests/boundaries/mtu.rs.
    all_go_back(On::Link, VLAN, "eno1.5", &[&SETTINGS[..], &["mtu"]].concat());
}

/// Settings of the kernel: of a link that is made they go back to what the programs read in /proc/sys (tests/commands).
const SETTINGS: [&str; 10] = [
    "ip-forward",
    "proxy-arp",
    "arp-accept",
    "ip6-forward",
    "disable-ipv6",
    "accept-ra",
    "autoconf",
    "privext",
    "dad-transmits",
    "ipv6-addrgen",
];

#[test]
fn options_of_a_bond_go_back_when_they_are_gone() {
    let _room = netns::enter!(Veth, Bond);
    for row in rows(On::Bond).filter(|row| row.name != "bond-use-carrier") {
        let needs = row.needs.iter().filter_map(|need| match need {
            Need::OneOf { attr, values, .. } => Some(format!("{attr} {}", values[0])),
            Need::Set(attr) => Some(format!("{attr} {}", table::find(attr).expect("a row").example)),
            Need::Excludes(_) => None,
        });
        let needs: Vec<String> = needs.collect();
        let base = bond(&needs.iter().map(String::as_str).collect::<Vec<_>>());
        let others: Vec<&str> = rows(On::Bond)
            .map(|other| other.name)
            .filter(|other| *other != row.name)
            .collect();
        all_go_back(On::Bond, &base, "t0", &others);
    }
}
