//! MTUs and hardware addresses over a stack of links. Second witness: a new host that boots with the same text; the
//! kernel's own rules are played again by tests/boundaries and `fake/suite`.

use crate::desired::{Desired, WantLink};
use crate::trial::{Host, Say, all, link, name, said};
use crate::types::Kind;
use crate::verify::verify;

const LINKS: [&str; 9] = [
    "eno1", "eno1.20", "vmbr1", "bond0", "bond0.30", "vmbr4", "vmbr4.40", "vx8", "mv0",
];

/// A NIC with a VLAN, a bridge on a VLAN, a VXLAN and a macvlan; a bond with a VLAN; a bridge with a VLAN.
fn stack(mtu: Option<&str>) -> Desired {
    let with = |link: WantLink| match mtu {
        Some(mtu) => link.set("mtu", mtu),
        None => link,
    };
    Desired::new(vec![
        with(link("eno1", Kind::Physical)),
        link("eno2", Kind::Physical).in_master("bond0"),
        with(link("eno4", Kind::Physical)).in_master("vmbr4"),
        link("eno1.20", Kind::Vlan).on("eno1").set("vlan-id", "20"),
        link("eno1.21", Kind::Vlan)
            .on("eno1")
            .set("vlan-id", "21")
            .in_master("vmbr1"),
        link("vmbr1", Kind::Bridge).with_ports(&["eno1.21"]),
        with(link("bond0", Kind::Bond)).with_ports(&["eno2"]),
        link("bond0.30", Kind::Vlan).on("bond0").set("vlan-id", "30"),
        link("vmbr4", Kind::Bridge).with_ports(&["eno4"]),
        link("vmbr4.40", Kind::Vlan).on("vmbr4").set("vlan-id", "40"),
        link("vx8", Kind::Vxlan).on("eno1").set("vxlan-id", "8"),
        link("mv0", Kind::Macvlan).on("eno1"),
    ])
}

const NICS: [&str; 3] = ["eno1", "eno2", "eno4"];

fn mtus(host: &Host) -> Vec<(&'static str, u32)> {
    let of = |text: &'static str| (text, host.kernel.now().get(name(text)).expect("it is there").mtu());
    LINKS.map(of).into()
}

fn booted(mtu: Option<&str>) -> Vec<(&'static str, u32)> {
    let mut host = Host::new(&NICS);
    host.up(&stack(mtu));
    mtus(&host)
}

#[test]
fn links_without_an_mtu_line_have_at_boot_what_they_stand_on_gives() {
    let found = booted(Some("9000"));
    let wanted = LINKS.map(|link| (link, if link == "vx8" { 8950 } else { 9000 }));
    assert_eq!(found, wanted);
}

#[test]
fn a_running_host_has_the_mtus_of_the_next_boot_whatever_it_had_before() {
    let steps = [
        Some("9000"),
        None,
        Some("1400"),
        None,
        Some("9000"),
        Some("1400"),
        Some("9000"),
    ];
    let mut host = Host::new(&NICS);
    host.up(&stack(None));
    for (at, mtu) in steps.into_iter().enumerate() {
        host.reload(&stack(mtu));
        assert_eq!(mtus(&host), booted(mtu), "step {at}: {mtu:?}");
        let scope = all(crate::plan::Verb::Reload, &stack(mtu)).scope;
        assert_eq!(verify(&stack(mtu), host.kernel.now(), &scope), []);
    }
}

#[test]
fn a_bridge_whose_mtu_line_is_gone_has_that_of_its_ports() {
    let bridge = |mtu: Option<&str>, port: &str| {
        let bridge = link("vmbr0", Kind::Bridge).with_ports(&["eno1"]);
        let bridge = match mtu {
            Some(mtu) => bridge.set("mtu", mtu),
            None => bridge,
        };
        Desired::new(vec![
            link("eno1", Kind::Physical).in_master("vmbr0").set("mtu", port),
            bridge,
        ])
    };
    let mtu = |host: &Host| host.kernel.now().get(name("vmbr0")).expect("it is there").mtu();
    let mut host = Host::new(&["eno1"]);
    host.up(&bridge(Some("4000"), "9000"));
    assert_eq!(mtu(&host), 4000);
    host.reload(&bridge(None, "9000"));
    assert_eq!(mtu(&host), 9000);
    // It no longer follows by itself.
    assert_eq!(
        host.reload(&bridge(None, "2000")),
        ["ip link set eno1 mtu 2000", "ip link set vmbr0 mtu 2000"]
    );
}

#[test]
fn a_vlan_that_has_another_mtu_than_its_parent_is_told() {
    let vlan = || {
        Desired::new(vec![
            link("eno1", Kind::Physical),
            link("eno1.5", Kind::Vlan).on("eno1").set("vlan-id", "5"),
        ])
    };
    let mut host = Host::new(&["eno1"]);
    host.up(&vlan());
    let lower = Desired::new(vec![
        link("eno1.5", Kind::Vlan)
            .on("eno1")
            .set("vlan-id", "5")
            .set("mtu", "1400"),
    ]);
    let mut other = Host::new(&["eno1"]);
    other.up(&lower);
    let found = verify(&vlan(), other.kernel.now(), &[name("eno1.5")]);
    let messages: Vec<&str> = found.iter().map(|found| found.message.as_str()).collect();
    assert_eq!(messages, ["eno1.5 has `mtu 1400`, wanted is `1500`"]);
    other.reload(&vlan());
    assert_eq!(verify(&vlan(), other.kernel.now(), &[name("eno1.5")]), []);
}

#[test]
fn a_hook_that_sets_the_mtu_of_its_link_is_not_fought() {
    let vlan = link("eno1.5", Kind::Vlan)
        .on("eno1")
        .set("vlan-id", "5")
        .hook(crate::desired::Phase::Up, "ip link set eno1.5 mtu 1400");
    let desired = Desired::new(vec![link("eno1", Kind::Physical), vlan]);
    let mut host = Host::new(&["eno1"]);
    host.up(&desired);
    let op = crate::op::Op::SetLink {
        name: name("eno1.5"),
        link: [(4, 1400u32.to_ne_bytes().to_vec())].into_iter().collect(),
    };
    host.kernel.step(&op).expect("the hook's command");
    assert_eq!(
        host.plan(&desired, &all(crate::plan::Verb::Reload, &desired))
            .plan
            .to_string(),
        ""
    );
}

#[test]
fn links_of_others_that_change_with_an_mtu_are_named() {
    let nic = |mtu| Desired::new(vec![link("eno1", Kind::Physical).set("mtu", mtu)]);
    let mut host = Host::new(&["eno1"]);
    host.up(&nic("9000"));
    let guest = Desired::new(vec![link("mv100", Kind::Macvlan).on("eno1")]);
    let planned = host.plan(&guest, &all(crate::plan::Verb::Up, &guest));
    for op in planned.plan.ops() {
        host.kernel.step(op).expect("somebody made a macvlan");
    }
    let desired = nic("1500");
    let planned = host.plan(&desired, &all(crate::plan::Verb::Reload, &desired));
    assert_eq!(
        said(&planned),
        ["warning[interrupts]: MTU 1500 of eno1 changes links that others made: mv100 (1500)"]
    );
}

#[test]
fn a_bond_whose_ports_are_all_replaced_at_once_keeps_its_mac() {
    let bond = |ports: &[&str], declared: &[&str]| {
        let nics = declared.iter().map(|nic| match ports.contains(nic) {
            true => link(nic, Kind::Physical).in_master("bond0"),
            false => link(nic, Kind::Physical),
        });
        let bond = link("bond0", Kind::Bond).with_ports(ports);
        let bond = bond
            .set("bond-mode", "active-backup")
            .set("bond-miimon", "100")
            .addr("10.0.0.1/24");
        Desired::new(nics.chain([bond]).collect())
    };
    let mac = |host: &Host| host.kernel.now().get(name("bond0")).expect("it is there").mac();
    let every = ["eno1", "eno2", "eno3", "eno4"];
    for (first, second) in [
        (bond(&["eno1", "eno2"], &every), bond(&["eno3", "eno4"], &every)),
        // The old ports have left the file as well.
        (
            bond(&["eno1", "eno2"], &["eno1", "eno2"]),
            bond(&["eno3", "eno4"], &["eno3", "eno4"]),
        ),
    ] {
        let mut host = Host::new(&every);
        host.up(&first);
        let before = mac(&host);
        host.reload(&second);
        assert_eq!(mac(&host), before);
        assert_eq!(host.master_of("eno3").as_deref(), Some("bond0"));
        assert_eq!(host.master_of("eno1"), None);
    }
}
