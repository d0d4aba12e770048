//! Options: what is set, changed and taken out of the file again. Second witness: the simulator's refusals are played
//! again on real kernels (`fake/suite`), the values in tests/boundaries.

use crate::attr::{On, Value, Wire};
use crate::desired::Desired;
use crate::table;
use crate::trial::{Host, Say, link, name};
use crate::types::Kind;

fn read(host: &Host, option: &str, of: &str) -> Option<Value> {
    let row = table::find(option).expect("a row");
    row.read(host.kernel.now().get(name(of)).expect("the link is there"))
}

/// The value; where the kernel does not show the option its default.
fn or_default(host: &Host, option: &str, of: &str) -> Option<Value> {
    read(host, option, of).or_else(|| table::find(option).expect("a row").default_value())
}

#[test]
fn the_spanning_tree_goes_off_before_the_forward_delay_goes_to_zero() {
    let bridge = |stp, delay| {
        let bridge = link("vmbr0", Kind::Bridge);
        Desired::new(vec![bridge.set("bridge-stp", stp).set("bridge-fd", delay)])
    };
    let mut host = Host::new(&[]);
    host.up(&bridge("on", "15"));
    let steps = host.reload(&bridge("off", "0"));
    assert_eq!(
        steps,
        [
            "ip link set vmbr0 type bridge stp_state 0",
            "ip link set vmbr0 type bridge forward_delay 0"
        ]
    );
    let steps = host.reload(&bridge("on", "2"));
    assert_eq!(steps, ["ip link set vmbr0 type bridge stp_state 1 forward_delay 200"]);
    assert_eq!(read(&host, "bridge-fd", "vmbr0"), Some(Value::Number(200)));
    let steps = host.reload(&Desired::new(vec![link("vmbr0", Kind::Bridge).set("bridge-fd", "0")]));
    assert_eq!(
        steps,
        [
            "ip link set vmbr0 type bridge stp_state 0",
            "ip link set vmbr0 type bridge forward_delay 0"
        ]
    );
}

/// A bond of one port with these lines.
fn bond(lines: &[(&str, &str)]) -> Desired {
    let mut bond = link("bond0", Kind::Bond)
        .with_ports(&["eno1"])
        .set("bond-miimon", "100");
    for (option, value) in lines {
        bond = bond.set(option, value);
    }
    Desired::new(vec![link("eno1", Kind::Physical).in_master("bond0"), bond])
}

// Second witness: the modes of `bond_opts` in drivers/net/bonding/bond_options.c, and tests/boundaries.
#[test]
fn options_of_a_bond_do_not_come_back_with_their_mode() {
    let lacp: &[(&str, &str)] = &[
        ("bond-mode", "802.3ad"),
        ("bond-lacp-rate", "fast"),
        ("bond-min-links", "2"),
        ("bond-xmit-hash-policy", "layer3+4"),
        ("bond-ad-select", "bandwidth"),
        ("bond-ad-actor-sys-prio", "100"),
        ("bond-ad-user-port-key", "5"),
        ("bond-ad-actor-system", "02:00:00:00:00:09"),
    ];
    let backup: &[(&str, &str)] = &[
        ("bond-mode", "active-backup"),
        ("bond-fail-over-mac", "active"),
        ("bond-num-grat-arp", "5"),
        ("bond-updelay", "200"),
    ];
    let spread: &[(&str, &str)] = &[("bond-mode", "balance-rr"), ("bond-packets-per-slave", "9")];
    let load: &[(&str, &str)] = &[("bond-mode", "balance-tlb"), ("bond-tlb-dynamic-lb", "no")];
    for all in [lacp, backup, spread, load] {
        for between in ["802.3ad", "active-backup", "balance-rr", "balance-xor"] {
            let mode = all[0].1;
            let mut fresh = Host::new(&["eno1"]);
            fresh.up(&bond(&all[..1]));
            let mut host = Host::new(&["eno1"]);
            host.up(&bond(all));
            host.reload(&bond(&[("bond-mode", between)]));
            host.reload(&bond(&[("bond-mode", mode)]));
            for (option, _) in &all[1..] {
                assert_eq!(
                    or_default(&host, option, "bond0"),
                    or_default(&fresh, option, "bond0"),
                    "{option} of {mode} by {between}"
                );
            }
        }
    }
}

#[test]
fn delays_of_a_bond_do_not_come_back_with_its_monitoring() {
    let without = || {
        let bond = link("bond0", Kind::Bond)
            .with_ports(&["eno1"])
            .set("bond-mode", "active-backup");
        Desired::new(vec![link("eno1", Kind::Physical).in_master("bond0"), bond])
    };
    let mut host = Host::new(&["eno1"]);
    host.up(&bond(&[
        ("bond-mode", "active-backup"),
        ("bond-updelay", "200"),
        ("bond-downdelay", "100"),
    ]));
    assert_eq!(
        host.reload(&without()),
        [
            "ip link set bond0 type bond updelay 0 downdelay 0",
            "ip link set bond0 type bond miimon 0"
        ]
    );
    host.reload(&bond(&[("bond-mode", "active-backup")]));
    assert_eq!(read(&host, "bond-updelay", "bond0"), Some(Value::Number(0)));
}

#[test]
fn a_primary_port_and_arp_targets_that_are_no_longer_written_go() {
    let arp = |lines: &[(&str, &str)]| {
        let mut bond = link("bond0", Kind::Bond)
            .with_ports(&["eno1"])
            .set("bond-mode", "active-backup");
        for (option, value) in lines {
            bond = bond.set(option, value);
        }
        Desired::new(vec![link("eno1", Kind::Physical).in_master("bond0"), bond])
    };
    let interval = ("bond-arp-interval", "250");
    let mut host = Host::new(&["eno1"]);
    host.up(&arp(&[interval, ("bond-arp-ip-target", "192.0.2.1 192.0.2.2")]));
    host.reload(&arp(&[interval]));
    assert_eq!(read(&host, "bond-arp-ip-target", "bond0"), Some(Value::Ips(Vec::new())));
    let with_primary = || {
        let bond = link("bond0", Kind::Bond)
            .with_ports(&["eno1"])
            .set("bond-mode", "active-backup");
        let mut bond = bond.set("bond-miimon", "100");
        bond.data_links.push((11, crate::trial::link_ref("eno1")));
        Desired::new(vec![link("eno1", Kind::Physical).in_master("bond0"), bond])
    };
    let mut host = Host::new(&["eno1"]);
    host.up(&with_primary());
    assert_eq!(
        host.reload(&bond(&[("bond-mode", "active-backup")])),
        ["ip link set bond0 type bond primary ''"]
    );
    host.reload(&with_primary());
    let steps = host.reload(&bond(&[("bond-mode", "802.3ad")]));
    let cleared = steps
        .iter()
        .position(|step| step == "ip link set bond0 type bond primary ''");
    let changed = steps.iter().position(|step| step.contains("mode 802.3ad"));
    assert!(cleared.is_some() && cleared < changed, "{steps:?}");
}

/// Every row of any link: set on a NIC that was there before, and taken out again; alone, and with the whole stanza.
#[test]
fn what_a_nic_had_before_an_option_is_back_when_the_option_is_gone() {
    let rows = table::all().filter(|row| row.on == On::Link && row.wire != Wire::None);
    for row in rows {
        for value in values(row) {
            let plain = Desired::new(vec![link("eno1", Kind::Physical)]);
            let mut host = Host::new(&["eno1"]);
            host.up(&plain);
            let before = read(&host, row.name, "eno1");
            let mut with = link("eno1", Kind::Physical);
            with.knobs.push(crate::desired::Knob {
                attr: row,
                value: value.clone(),
                origin: crate::trial::SAID,
            });
            let with = Desired::new(vec![with]);
            host.reload(&with);
            assert_eq!(
                read(&host, row.name, "eno1").as_ref(),
                Some(&value),
                "{} is set",
                row.name
            );
            host.reload(&plain);
            assert_eq!(read(&host, row.name, "eno1"), before, "{} goes back", row.name);
            host.reload(&with);
            host.reload(&Desired::default());
            assert_eq!(
                read(&host, row.name, "eno1"),
                before,
                "{} goes with the stanza",
                row.name
            );
        }
    }
}

/// The record of what the NIC had before outlives `ifdown`: the kernel keeps the values that we set meanwhile.
#[test]
fn what_a_nic_had_before_an_option_is_back_although_the_nic_was_down_in_between() {
    type Step = fn(&mut Host, &Desired, &Desired);
    let down: Step = |host, with, _| drop(host.down(with, &["eno1"]));
    let up: Step = |host, with, _| drop(host.up(with));
    let up_without: Step = |host, _, plain| drop(host.up(plain));
    let reload_without: Step = |host, _, plain| drop(host.reload(plain));
    let reload_empty: Step = |host, _, _| drop(host.reload(&Desired::default()));
    let histories: [(&str, &[Step]); 5] = [
        ("down, up, reload without", &[down, up, reload_without]),
        ("down, down, up, up without", &[down, down, up, up_without]),
        ("down, up without", &[down, up_without]),
        ("down, stanza gone, reload", &[down, reload_empty]),
        ("down, up, stanza gone, reload", &[down, up, reload_empty]),
    ];
    for row in table::all().filter(|row| row.on == On::Link && row.wire != Wire::None) {
        for (value, (history, steps)) in values(row)
            .into_iter()
            .flat_map(|value| histories.map(|one| (value.clone(), one)))
        {
            let plain = Desired::new(vec![link("eno1", Kind::Physical)]);
            let mut host = Host::new(&["eno1"]);
            host.up(&plain);
            let before = read(&host, row.name, "eno1");
            let mut with = link("eno1", Kind::Physical);
            with.knobs.push(crate::desired::Knob {
                attr: row,
                value,
                origin: crate::trial::SAID,
            });
            let with = Desired::new(vec![with]);
            host.reload(&with);
            for step in steps {
                step(&mut host, &with, &plain);
            }
            assert_eq!(read(&host, row.name, "eno1"), before, "{}: {history}", row.name);
        }
    }
}

/// Values that a row takes and that are not its default.
fn values(row: &crate::attr::Attr) -> Vec<Value> {
    use crate::attr::Grammar;
    let texts: &[&str] = match row.value {
        Grammar::Mac | Grammar::MacOrRandom => &["02:00:00:00:00:07"],
        Grammar::Text { .. } => &["a text"],
        Grammar::Range { .. } if row.name == "mtu" => &["1400", "9000"],
        Grammar::Range { .. } => &["0", "3"],
        Grammar::Choice(words) if words.iter().all(|(word, _)| *word != "0") => &["on", "off"],
        _ => &["0", "1"],
    };
    texts.iter().map(|text| row.parse(text).expect("a value")).collect()
}

/// Every option of a bridge, bond, VXLAN or VLAN link that can change on a living link.
#[test]
fn what_a_new_link_has_is_back_when_an_option_is_gone() {
    let kinds = [
        (On::Bridge, Kind::Bridge),
        (On::Bond, Kind::Bond),
        (On::Vxlan, Kind::Vxlan),
        (On::Vlan, Kind::Vlan),
    ];
    for (on, kind) in kinds {
        let base = || {
            let plain = link("t0", kind.clone());
            match kind {
                Kind::Vlan => plain.on("eno1").set("vlan-id", "7"),
                Kind::Vxlan => plain.set("vxlan-id", "7"),
                _ => plain,
            }
        };
        let nic = || link("eno1", Kind::Physical);
        let mut tried = 0;
        for row in table::all().filter(|row| row.on == on && row.wire != Wire::None) {
            let needed = row
                .needs
                .iter()
                .any(|need| !matches!(need, crate::attr::Need::Excludes(_)));
            // What such a link always has written; the port is always said.
            let always = matches!(row.name, "vlan-id" | "vxlan-id" | "vxlan-port");
            if needed || always {
                continue;
            }
            let plain = Desired::new(vec![nic(), base()]);
            let mut host = Host::new(&["eno1"]);
            host.up(&plain);
            let before = read(&host, row.name, "t0");
            host.reload(&Desired::new(vec![nic(), base().set(row.name, row.example)]));
            host.reload(&plain);
            let after = read(&host, row.name, "t0");
            let is_back = match (&before, &after) {
                (Some(before), Some(after)) => row.same(before, after) || row.same(after, before),
                (None, Some(Value::Ips(all))) => all.is_empty(),
                (None, Some(Value::Ip(ip))) => ip.is_unspecified(),
                (None, after) => *after == row.default_value() || after.is_none(),
                (Some(_), None) => false,
            };
            assert!(is_back, "{}: {before:?} before, {after:?} after", row.name);
            tried += 1;
        }
        assert!(tried > 3, "{kind}");
    }
}
