//! Plans for the spec's configurations and the pains of the peers. Second witness where a state is expected: the golden
//! states that ifupdown2 left on a real kernel for the same files, and the simulator, which is itself held against the
//! real kernel.

use super::*;
use crate::desired::WantLink;
use crate::fake::defaults;
use crate::trial::*;
use crate::types::Kind;

fn default_bridge() -> Desired {
    Desired::new(vec![
        link("lo", Kind::Physical),
        WantLink {
            declared: true,
            ..WantLink::new(name("eno1"), SAID).in_master("vmbr0")
        },
        link("vmbr0", Kind::Bridge)
            .set("bridge-stp", "off")
            .set("bridge-fd", "0")
            .with_ports(&["eno1"])
            .addr("192.168.10.2/24")
            .via("192.168.10.1"),
    ])
}

/// A guest's tap on a bridge, as qemu-server plugs it.
fn plug(host: &mut Host, tap: &str, bridge: &str) {
    let now = host.kernel.now_mut();
    let index = 500 + now.links().len() as u32;
    let master = now.get(name(bridge)).expect("the bridge").index;
    let mut link = defaults::link(index, name(tap), Kind::Other("tun".into()), defaults::mac(index));
    link.flags |= 1;
    link.master = Some(master);
    link.port_kind = Some(Kind::Bridge);
    link.port = defaults::bridge_port();
    now.insert(link);
    now.vlans.insert(index, vec![range(1, 1, true, true)]);
}

#[test]
fn the_default_bridge_comes_up_in_few_waves() {
    let mut host = Host::new(&["eno1"]);
    assert_eq!(
        host.up(&default_bridge()),
        [
            "ip link add vmbr0 type bridge stp_state 0 forward_delay 0",
            "ip link set eno1 master vmbr0",
            "ip link set lo up",
            "ip link set eno1 up",
            "ip link set vmbr0 up",
            "ip addr add 192.168.10.2/24 dev vmbr0",
            "ip route add default via 192.168.10.1 dev vmbr0",
        ]
    );
}

// Witness: issue 2, "what was never declared and never ours stays untouched"; proxmox.md 4.
#[test]
fn a_guest_on_the_bridge_keeps_its_place_over_a_changed_file() {
    let mut host = Host::new(&["eno1", "eno2"]);
    host.up(&default_bridge());
    plug(&mut host, "tap100i0", "vmbr0");
    let changed = Desired::new(vec![
        link("lo", Kind::Physical),
        link("eno2", Kind::Physical).in_master("vmbr0"),
        link("vmbr0", Kind::Bridge)
            .set("bridge-stp", "off")
            .set("bridge-fd", "2")
            .with_ports(&["eno2"])
            .addr("192.168.10.3/24")
            .via("192.168.10.254"),
    ]);
    assert_eq!(
        host.reload(&changed),
        [
            "ip link set vmbr0 address 02:00:00:00:00:02",
            "ip link set eno1 nomaster",
            "ip link set eno1 down",
            "ip link set vmbr0 type bridge forward_delay 200",
            "ip link set eno2 master vmbr0",
            "ip link set eno2 up",
            "ip addr add 192.168.10.3/24 dev vmbr0",
            "ip route replace default via 192.168.10.254 dev vmbr0",
            "ip addr del 192.168.10.2/24 dev vmbr0",
            // The new address was secondary to the old one and went with it, and with the last address all routes.
            "ip addr replace 192.168.10.3/24 dev vmbr0",
            "ip route replace default via 192.168.10.254 dev vmbr0",
        ]
    );
    assert_eq!(host.master_of("tap100i0").as_deref(), Some("vmbr0"));
}

#[test]
fn a_bridge_with_guests_is_not_taken_down_but_reported() {
    let mut host = Host::new(&["eno1"]);
    host.up(&default_bridge());
    plug(&mut host, "tap100i0", "vmbr0");
    let (steps, said) = host.down(&default_bridge(), &["vmbr0"]);
    assert_eq!(steps, [""; 0]);
    assert_eq!(
        said,
        ["error[bridge-has-guests]: bridge vmbr0 stays as it is: still in use by tap100i0"]
    );
    let gone = Desired::new(vec![link("lo", Kind::Physical), link("eno1", Kind::Physical)]);
    let planned = host.plan(&gone, &all(Verb::Reload, &gone));
    assert_eq!(
        lines(&planned),
        [""; 0],
        "eno1 stays a port of the bridge that guests hang on"
    );
}

// Witness: the "no guest is ever unplugged": the bridge stayed, and its uplink was set down under it.
#[test]
fn regress_what_carries_a_bridge_with_guests_stays_up_with_it() {
    let lo = link("lo", Kind::Physical);
    let desired = Desired::new(vec![
        lo.clone(),
        link("eno1", Kind::Physical).in_master("bond0"),
        link("bond0", Kind::Bond)
            .set("bond-mode", "active-backup")
            .with_ports(&["eno1"]),
        link("bond0.5", Kind::Vlan)
            .on("bond0")
            .set("vlan-id", "5")
            .in_master("vmbr0v5"),
        link("vmbr0v5", Kind::Bridge).with_ports(&["bond0.5"]),
    ]);
    let mut host = Host::new(&["eno1"]);
    host.up(&desired);
    plug(&mut host, "tap100i0", "vmbr0v5");
    let every = ["eno1", "bond0", "bond0.5", "vmbr0v5"];
    let (steps, said) = host.down(&desired, &every);
    assert_eq!(steps, [""; 0]);
    let stays = "error[bridge-has-guests]: bridge vmbr0v5 stays as it is: still in use by tap100i0";
    assert_eq!(said, [stays]);
    assert_eq!(
        host.owned.get(name("eno1")).and_then(|link| link.master),
        Some(name("bond0"))
    );
    let gone = Desired::new(vec![lo]);
    let planned = host.plan(&gone, &all(Verb::Reload, &gone));
    assert_eq!(
        (lines(&planned), crate::trial::said(&planned)),
        (vec![], vec![stays.to_owned()])
    );
    // Who names the NIC alone means the NIC.
    let (steps, said) = host.down(&desired, &["eno1"]);
    assert_eq!((steps, said), (vec!["ip link set eno1 down".to_owned()], vec![]));
}

// Witness: golden 01-default-bridge/3-ifdown: no vmbr0, eno1 down.
#[test]
fn ifdown_deletes_the_bridge_and_sets_its_port_down() {
    let mut host = Host::new(&["eno1"]);
    let mut desired = default_bridge();
    host.up(&desired);
    let mut links = desired.links().to_vec();
    links[1].classes.clear();
    desired = Desired::new(links);
    let (steps, said) = host.down(&desired, &["lo", "vmbr0"]);
    assert_eq!(steps, ["ip link del vmbr0", "ip link set eno1 down"]);
    assert_eq!(said, [""; 0]);
    assert!(host.owned.get(name("vmbr0")).is_none());
}

// Witness: peers.md 1.7 and interfaces(5): what stands below is whole before `pre-up`; `up` comes when addresses and
// routes are there.
#[test]
fn hooks_stand_between_the_steps_that_they_rely_on() {
    let desired = Desired::new(vec![
        link("eno1", Kind::Physical)
            .in_master("vmbr0")
            .hook(Phase::PostUp, "ethtool -K eno1 gro off"),
        link("vmbr0", Kind::Bridge)
            .with_ports(&["eno1"])
            .addr("192.168.10.2/24")
            .via("192.168.10.1")
            .hook(Phase::PreUp, "echo before")
            .hook(Phase::PostUp, "echo after"),
    ]);
    let mut host = Host::new(&["eno1"]);
    assert_eq!(
        host.up(&desired),
        [
            "ip link add vmbr0 type bridge",
            "# pre-up of vmbr0: echo before (the interface is brought up)",
            "ip link set eno1 master vmbr0",
            "ip link set eno1 up",
            "ip link set vmbr0 up",
            "ip addr add 192.168.10.2/24 dev vmbr0",
            "ip route add default via 192.168.10.1 dev vmbr0",
            "# post-up of eno1: ethtool -K eno1 gro off (the interface is brought up)",
            "# post-up of vmbr0: echo after (the interface is brought up)",
        ]
    );
    // A change that leaves it up has nothing to do with them.
    let mut links = desired.links().to_vec();
    links[1] = links[1].clone().addr("192.168.10.9/32");
    assert_eq!(
        host.reload(&Desired::new(links)),
        ["ip addr add 192.168.10.9/32 dev vmbr0"]
    );
}

// Witness: IFLA_VXLAN_ID cannot change (the kernel answers "Cannot change VNI", transcript vxlans).
#[test]
fn a_link_that_must_be_made_anew_gets_back_all_that_hung_on_it() {
    let wanted = |id: &str| {
        Desired::new(vec![
            link("vx0", Kind::Vxlan)
                .set("vxlan-id", id)
                .set("mtu", "1400")
                .in_master("vmbr0"),
            link("vmbr0", Kind::Bridge).with_ports(&["vx0"]),
        ])
    };
    let mut host = Host::new(&[]);
    host.up(&wanted("7"));
    let request = all(Verb::Reload, &wanted("8"));
    let planned = host.plan(&wanted("8"), &request);
    assert_eq!(
        said(&planned),
        ["warning[interrupts]: vx0 is deleted and made again: `vxlan-id` cannot be changed on a living link"]
    );
    assert_eq!(
        host.reload(&wanted("8")),
        [
            "ip link del vx0",
            "ip link add vx0 mtu 1400 type vxlan id 8",
            "ip link set vx0 master vmbr0",
            "ip link set vx0 up",
        ]
    );
}

// Witness: BOND_OPTFLAG_NOSLAVES | BOND_OPTFLAG_IFDOWN of the option `mode` in drivers/net/bonding/bond_options.c, and
// transcript bonds.
#[test]
fn a_bond_changes_its_mode_without_its_ports_and_keeps_its_mac_and_routes() {
    let wanted = |mode: &str| {
        Desired::new(vec![
            link("eno1", Kind::Physical).in_master("bond0"),
            link("eno2", Kind::Physical).in_master("bond0"),
            link("bond0", Kind::Bond)
                .set("bond-mode", mode)
                .with_ports(&["eno1", "eno2"])
                .addr("10.0.0.1/24")
                .via("10.0.0.254"),
        ])
    };
    let mut host = Host::new(&["eno1", "eno2"]);
    host.up(&wanted("active-backup"));
    assert_eq!(
        host.reload(&wanted("802.3ad")),
        [
            "ip link set bond0 down",
            "ip link set eno1 nomaster",
            "ip link set eno2 nomaster",
            "ip link set bond0 type bond mode 802.3ad",
            "ip link set bond0 address 02:00:00:00:00:02",
            "ip link set eno1 master bond0",
            "ip link set eno2 master bond0",
            "ip link set bond0 up",
            "ip route replace default via 10.0.0.254 dev bond0",
        ]
    );
}

// Witness: peers.md 4, pain 5: one missing slave must not stop the others.
#[test]
fn a_missing_slave_or_port_does_not_stop_the_others() {
    let desired = Desired::new(vec![
        link("eno1", Kind::Physical).in_master("bond0"),
        link("eno9", Kind::Physical).in_master("bond0"),
        link("bond0", Kind::Bond)
            .with_ports(&["eno9", "eno1"])
            .in_master("vmbr0"),
        link("vmbr0", Kind::Bridge)
            .with_ports(&["bond0", "eno8"])
            .addr("10.0.0.1/24"),
    ]);
    let mut host = Host::new(&["eno1"]);
    host.up(&desired);
    assert_eq!(host.master_of("eno1").as_deref(), Some("bond0"));
    assert_eq!(host.master_of("bond0").as_deref(), Some("vmbr0"));
}

// Witness: peers.md 4, pain 1 and 17: what was added by hand stays.
#[test]
fn addresses_and_routes_by_hand_outlive_a_flap() {
    let wanted = |mode: &str| {
        Desired::new(vec![
            link("eno1", Kind::Physical).in_master("bond0"),
            link("bond0", Kind::Bond).set("bond-mode", mode).with_ports(&["eno1"]),
        ])
    };
    let mut host = Host::new(&["eno1"]);
    host.up(&wanted("active-backup"));
    let hand = [
        crate::op::Op::AddAddress {
            name: name("bond0"),
            address: address("fd00::5/64"),
            replace: false,
        },
        crate::op::Op::AddAddress {
            name: name("bond0"),
            address: address("10.9.0.1/24"),
            replace: false,
        },
        crate::op::Op::AddRoute {
            name: name("bond0"),
            route: gateway("10.9.0.254"),
            replace: false,
        },
    ];
    for op in hand {
        host.kernel.step(&op).expect("an admin may");
    }
    let steps = host.reload(&wanted("802.3ad"));
    assert_eq!(
        steps[steps.len() - 2..],
        [
            "ip addr replace fd00::5/64 dev bond0",
            "ip route replace default via 10.9.0.254 dev bond0",
        ]
    );
}

#[test]
fn a_default_route_of_somebody_else_is_reported_and_left_alone() {
    let mut host = Host::new(&["eno1", "eno2"]);
    let other = Desired::new(vec![link("eno2", Kind::Physical).addr("10.2.0.1/24")]);
    host.up(&other);
    let hand = crate::op::Op::AddRoute {
        name: name("eno2"),
        route: gateway("10.2.0.254"),
        replace: false,
    };
    host.kernel.step(&hand).expect("an admin may");
    let desired = Desired::new(vec![
        link("eno1", Kind::Physical).addr("10.1.0.1/24").via("10.1.0.254"),
        other.links()[0].clone(),
    ]);
    let mut request = all(Verb::Up, &desired);
    let planned = host.plan(&desired, &request);
    assert_eq!(
        said(&planned),
        [
            "error[route-conflict]: the route `default via 10.1.0.254` of eno1 is taken: somebody else put one via \
          10.2.0.254 on eno2"
        ]
    );
    assert_eq!(
        lines(&planned),
        ["ip link set eno1 up", "ip addr add 10.1.0.1/24 dev eno1"]
    );
    request.force = true;
    assert_eq!(
        lines(&host.plan(&desired, &request)).last().map(String::as_str),
        Some("ip route replace default via 10.1.0.254 dev eno1")
    );
}

// Witness: vlan_dev_change_mtu (ERANGE above the parent) and transcript vlans.
#[test]
fn mtus_are_lowered_from_the_top_and_raised_from_the_bottom() {
    let wanted = |mtu: &str| {
        Desired::new(vec![
            link("eno1", Kind::Physical).set("mtu", mtu),
            link("eno1.5", Kind::Vlan)
                .on("eno1")
                .set("vlan-id", "5")
                .set("mtu", mtu),
        ])
    };
    let mut host = Host::new(&["eno1"]);
    host.up(&wanted("1500"));
    assert_eq!(
        host.reload(&wanted("9000")),
        ["ip link set eno1 mtu 9000", "ip link set eno1.5 mtu 9000"]
    );
    assert_eq!(
        host.reload(&wanted("1500")),
        ["ip link set eno1.5 mtu 1500", "ip link set eno1 mtu 1500"]
    );
}

// Witness: peers.md 4, pain 16.
#[test]
fn no_auto_down_keeps_a_link_up_through_a_reload() {
    let wanted = |rate: &str| {
        let mut bond = link("bond0", Kind::Bond)
            .set("bond-mode", "802.3ad")
            .set("bond-lacp-rate", rate)
            .with_ports(&["eno1"]);
        bond.no_auto_down = true;
        Desired::new(vec![link("eno1", Kind::Physical).in_master("bond0"), bond])
    };
    let mut host = Host::new(&["eno1"]);
    host.up(&wanted("slow"));
    let planned = host.plan(&wanted("fast"), &all(Verb::Reload, &wanted("fast")));
    assert_eq!(lines(&planned), [""; 0]);
    assert_eq!(
        said(&planned),
        ["warning[kept-up]: bond0 has options that can only change while it is down"]
    );
    let nothing = Desired::new(vec![]);
    let planned = host.plan(&nothing, &Request::new(Verb::Reload, Vec::new()));
    assert_eq!(lines(&planned), [""; 0], "its port stays with it");
    let mut request = all(Verb::Down, &wanted("slow"));
    request.all = true;
    assert_eq!(lines(&host.plan(&wanted("slow"), &request)), [""; 0]);
}

#[test]
fn a_nic_that_comes_late_joins_its_bond_and_is_its_primary() {
    let mut bond = link("bond0", Kind::Bond)
        .set("bond-mode", "active-backup")
        .with_ports(&["eno1", "eno2"]);
    bond.data_links.push((11, link_ref("eno2")));
    let desired = Desired::new(vec![
        link("eno1", Kind::Physical).in_master("bond0"),
        link("eno2", Kind::Physical).in_master("bond0"),
        bond,
    ]);
    let mut host = Host::new(&["eno1"]);
    host.up(&desired);
    host.kernel.now_mut().insert(defaults::nic(77, name("eno2")));
    let request = Request::new(Verb::Up, vec![name("eno2")]);
    let (planned, outcome) = host.run(&desired, &request, crate::apply::OnError::KeepGoing);
    assert_eq!(outcome.diagnostics, []);
    assert_eq!(
        lines(&planned),
        [
            "ip link set eno2 master bond0",
            "ip link set bond0 type bond primary eno2"
        ]
    );
}

// Witness: transcript bond-options: `lacp_rate` is refused outside 802.3ad, and what stood before it in the request is
// done all the same.
#[test]
fn a_bond_that_leaves_802_3ad_is_not_asked_for_lacp() {
    let wanted = |mode: &str, options: &[(&str, &str)]| {
        let mut bond = link("bond0", Kind::Bond).set("bond-mode", mode).with_ports(&["eno1"]);
        for (option, value) in options {
            bond = bond.set(option, value);
        }
        Desired::new(vec![link("eno1", Kind::Physical).in_master("bond0"), bond])
    };
    let mut host = Host::new(&["eno1"]);
    host.up(&wanted(
        "802.3ad",
        &[
            ("bond-miimon", "100"),
            ("bond-updelay", "200"),
            ("bond-lacp-rate", "fast"),
        ],
    ));
    assert_eq!(
        host.reload(&wanted("active-backup", &[("bond-arp-interval", "200")])),
        [
            "ip link set bond0 down",
            "ip link set eno1 nomaster",
            "ip link set bond0 type bond updelay 0 lacp_rate slow",
            "ip link set bond0 type bond mode active-backup arp_interval 200 miimon 0",
            "ip link set bond0 address 02:00:00:00:00:02",
            "ip link set eno1 master bond0",
            "ip link set bond0 up",
        ]
    );
}

// Witness: proxmox.md 4: on a bridge without VLANs, guests' tags make `eno1.5` and `vmbr0v5` at run time.
#[test]
fn a_nic_that_guests_vlans_stand_on_stays_up() {
    let mut host = Host::new(&["eno1"]);
    let desired = Desired::new(vec![link("eno1", Kind::Physical)]);
    host.up(&desired);
    let parent = host.kernel.now().get(name("eno1")).expect("the NIC").index;
    let mut vlan = defaults::link(90, name("eno1.5"), Kind::Vlan, defaults::mac(90));
    vlan.parent = Some(parent);
    vlan.flags |= 1;
    host.kernel.now_mut().insert(vlan);
    let gone = Desired::new(vec![]);
    let planned = host.plan(&gone, &Request::new(Verb::Reload, Vec::new()));
    assert_eq!(lines(&planned), [""; 0]);
    assert_eq!(
        said(&planned),
        ["error[link-has-guests]: eno1 stays up: still in use by eno1.5"]
    );
}

mod bonds;
mod kept;
mod killed;
mod moves;
mod subnets;
