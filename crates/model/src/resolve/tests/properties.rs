//! What holds for any configuration, sensible or not.

use super::resolve;
use crate::testing::machine;
use crate::types::Kind;
use proptest::prelude::*;
use std::collections::{HashMap, HashSet};

/// Names that stack well: NICs, bridges, bonds and VLANs on them.
fn name() -> impl Strategy<Value = String> {
    let base = prop::sample::select(vec![
        "eno1",
        "eno2",
        "eno3",
        "bond0",
        "vmbr0",
        "vmbr1",
        "lo",
        "x",
        "a-name-of-16-byt",
    ]);
    let vlan = prop::option::weighted(0.3, prop::sample::select(vec!["5", "0", "4095", "12", "x"]));
    (base, vlan).prop_map(|(base, vlan)| match vlan {
        Some(vlan) => format!("{base}.{vlan}"),
        None => base.to_owned(),
    })
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::collection::vec(name(), 0..4).prop_map(|names| names.join(" ")),
        2 => any::<u16>().prop_map(|number| number.to_string()),
        2 => prop::sample::select(vec![
            "yes", "off", "802.3ad", "1", "none", "192.0.2.1/24", "2001:db8::1/64", "192.0.2.9", "255.255.255.0",
            "2-4094", "9-3", "eno1=5 eno2=7-9", "glob e*", "regex .*", "auto", "dummy", "veth", "random", "fe80::1", "+",
        ]).prop_map(str::to_owned),
        1 => "[ -~é]{0,12}",
    ]
}

fn option() -> impl Strategy<Value = String> {
    let keys: Vec<&'static str> = crate::table::all().map(|attr| attr.name).collect();
    let structural = vec![
        "bridge-ports",
        "bond-slaves",
        "vlan-raw-device",
        "vlan-id",
        "bridge-vids",
        "bridge-vlan-aware",
        "address",
        "gateway",
        "mtu",
        "bond-mode",
        "bond-master",
        "vrf",
        "veth-peer-name",
        "vxlan-id",
    ];
    let key = prop_oneof![3 => prop::sample::select(structural), 1 => prop::sample::select(keys)];
    (key, value()).prop_map(|(key, value)| format!("  {key} {value}\n"))
}

fn file() -> impl Strategy<Value = String> {
    let stanza = (name(), prop::collection::vec(option(), 0..6), any::<bool>()).prop_map(|(name, options, auto)| {
        let auto = if auto { format!("auto {name}\n") } else { String::new() };
        format!("{auto}iface {name}\n{}", options.concat())
    });
    prop::collection::vec(stanza, 0..8).prop_map(|stanzas| stanzas.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_written_the_wanted_network_is_sound(text in file(), known in any::<bool>()) {
        let facts = machine(&["eno1", "eno2"]);
        let (desired, _) = resolve(&text, known.then_some(&facts));
        let mut before = HashSet::new();
        let mut masters = HashMap::new();
        for link in desired.links() {
            for lower in link.lower() {
                prop_assert!(before.contains(&lower.name), "{} stands before {}", link.name, lower.name);
            }
            prop_assert!(before.insert(link.name), "{} stands twice", link.name);
            for port in &link.ports {
                let other = masters.insert(port.name, link.name);
                prop_assert!(other.is_none(), "{} is a port of two", port.name);
                let found = desired.get(port.name).and_then(|port| port.master).map(|master| master.name);
                prop_assert_eq!(found, Some(link.name));
            }
            for ranges in link.vlans.iter().map(|vlans| &vlans.ranges) {
                prop_assert!(ranges.iter().all(|range| 1 <= range.first && range.first <= range.last && range.last <= 4094));
                prop_assert!(ranges.windows(2).all(|pair| pair[0].last < pair[1].first));
                prop_assert!(ranges.iter().filter(|range| range.pvid).count() <= 1);
            }
            match link.kind {
                Kind::Vlan => {
                    prop_assert!(link.parent.is_some());
                    prop_assert!(link.number("vlan-id").is_some_and(|id| (1..=4094).contains(&id)));
                }
                Kind::Veth => {
                    let other = link.peer.and_then(|peer| desired.get(peer.name)).and_then(|other| other.peer);
                    prop_assert_eq!(other.map(|back| back.name), Some(link.name));
                }
                Kind::Vxlan => prop_assert!(link.number("vxlan-id").is_some()),
                _ => {}
            }
            for knob in &link.knobs {
                prop_assert!(knob.attr.wire != crate::attr::Wire::None);
            }
        }
    }
}

/// A file of many links is resolved in time that grows with it, not with its square: what the reload of a thousand
/// links can afford.
#[test]
fn four_thousand_links_are_no_trouble() {
    let mut text = String::new();
    for at in 0..2000 {
        text += &format!(
            "auto vx{at}\niface vx{at}\n vxlan-id {}\n vxlan-local-tunnelip 192.0.2.1\n mtu 1450\n\n",
            at + 1
        );
        text += &format!(
            "auto br{at}\niface br{at}\n bridge-ports vx{at}\n address 10.{}.{}.1/24\n\n",
            at / 256,
            at % 256
        );
    }
    let start = std::time::Instant::now();
    let (desired, found) = resolve(&text, None);
    assert_eq!(found, "");
    assert_eq!(desired.links().len(), 4000);
    let took = start.elapsed();
    println!("4000 links in {took:?}");
    // Half a second where nothing else runs; squares of the number would be minutes on any machine.
    assert!(took.as_secs() < 60, "{took:?}");
}
