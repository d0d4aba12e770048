//! Second witness: the simulator, which is held against the real kernel; tests/face/interruptions.rs asks a peer.

use super::*;
use crate::desired::{Phase, WantLink};
use crate::fake::defaults;
use crate::op::{Action, Op, Step, StepId};
use crate::plan::Verb;
use crate::snapshot::{IFF_LOWER_UP, IFF_UP, IFLA_MTU};
use crate::trial::*;
use crate::types::{Kind, Leg, Multipath, Route, VlanRange};

fn lo() -> WantLink {
    link("lo", Kind::Physical)
}

fn nic(text: &str) -> WantLink {
    link(text, Kind::Physical)
}

fn bridge(ports: &[&str]) -> WantLink {
    link("vmbr0", Kind::Bridge).with_ports(ports)
}

/// eno1 in vmbr0, which has address and gateway, and more links.
fn bridged(more: Vec<WantLink>) -> Desired {
    let bridge = bridge(&["eno1"]).addr("192.0.2.10/24").via("192.0.2.1");
    let mut links = vec![lo(), nic("eno1").in_master("vmbr0"), bridge];
    links.extend(more);
    Desired::new(links)
}

fn plug(host: &mut Host, tap: &str, mtu: u32, vlans: &[VlanRange]) {
    let now = host.kernel.now_mut();
    let index = 500 + now.links().len() as u32;
    let master = now.get(name("vmbr0")).unwrap().index;
    let mut link = defaults::link(index, name(tap), Kind::Other("tun".into()), defaults::mac(index));
    link.flags |= IFF_UP;
    link.master = Some(master);
    link.port_kind = Some(Kind::Bridge);
    link.attrs.set(IFLA_MTU, &mtu.to_ne_bytes());
    now.insert(link);
    now.vlans.insert(index, vlans.to_vec());
}

fn of(host: &Host, desired: &Desired) -> Impact {
    let planned = host.plan(desired, &all(Verb::Reload, desired));
    assert!(!planned.plan.is_empty(), "there is something to do");
    Impact::of(desired, &host.owned, host.kernel.now(), &planned.plan)
}

fn texts(impact: &Impact) -> Vec<&str> {
    impact.all().map(|found| found.text.as_str()).collect()
}

/// What these steps would interrupt, whatever plan they come from.
fn of_steps(host: &Host, desired: &Desired, ops: Vec<Op>) -> Vec<String> {
    let steps = ops.into_iter().enumerate().map(|(at, op)| Step {
        id: StepId(at as u32),
        iface: op.name(),
        action: Action::Kernel(op),
        undo: Vec::new(),
        theirs: Vec::new(),
        after: Vec::new(),
        needs: Vec::new(),
        origin: SAID,
    });
    let plan = Plan {
        steps: steps.collect(),
        ..Plan::default()
    };
    let impact = Impact::of(desired, &host.owned, host.kernel.now(), &plan);
    texts(&impact).into_iter().map(str::to_owned).collect()
}

fn talk(role: Role, process: &str, local: &str, peer: Option<&str>) -> Conversation {
    Conversation {
        role,
        process: Some(process.to_owned()),
        pid: Some(812),
        local: local.parse().unwrap(),
        peer: peer.map(|peer| peer.parse().unwrap()),
    }
}

#[test]
fn changes_that_nobody_notices_interrupt_nobody() {
    let mut host = Host::new(&["eno1", "eno2"]);
    host.up(&bridged(Vec::new()));
    plug(&mut host, "tap100i0", 1500, &[range(1, 1, true, true)]);
    let more_address = Desired::new(vec![
        lo(),
        nic("eno1").in_master("vmbr0"),
        bridge(&["eno1"])
            .addr("192.0.2.10/24")
            .addr("198.51.100.1/24")
            .via("192.0.2.1"),
    ]);
    let second_bridge = bridged(vec![
        nic("eno2").in_master("vmbr1"),
        link("vmbr1", Kind::Bridge).with_ports(&["eno2"]).addr("10.0.0.1/24"),
    ]);
    let vlan = bridged(vec![
        link("vmbr0.5", Kind::Vlan)
            .on("vmbr0")
            .set("vlan-id", "5")
            .addr("10.0.5.1/24"),
    ]);
    for desired in [more_address, second_bridge, vlan] {
        let impact = of(&host, &desired);
        assert_eq!(texts(&impact), [""; 0]);
        assert!(!impact.interrupts() && !impact.may_cut_conversations());
    }
}

#[test]
fn an_address_that_moves_to_a_bridge_is_named_with_its_route_and_the_sessions_over_it() {
    let mut host = Host::new(&["eno1", "eno2"]);
    let before = Desired::new(vec![
        lo(),
        nic("eno1").addr("192.0.2.10/24").via("192.0.2.1"),
        nic("eno2").addr("10.0.0.1/24"),
    ]);
    host.up(&before);
    let after = bridged(vec![nic("eno2").addr("10.0.0.1/24")]);
    let mut impact = of(&host, &after);
    let moves = "192.0.2.10/24 moves from eno1 to vmbr0";
    let gateway = "the route `default via 192.0.2.1` moves from eno1 to vmbr0";
    assert_eq!(texts(&impact), [moves, gateway]);
    impact.talk(&[
        talk(Role::Program, "corosync", "192.0.2.10", Some("192.0.2.11")),
        talk(Role::Program, "corosync", "192.0.2.10", Some("192.0.2.12")),
        talk(Role::Program, "kvm", "10.0.0.1", Some("10.0.0.2")),
        talk(Role::Program, "pveproxy", "10.0.0.1", Some("203.0.113.9")),
        talk(Role::Session, "sshd", "192.0.2.10", Some("203.0.113.7")),
        talk(Role::Program, "chronyd", "192.0.2.10", None),
    ]);
    assert_eq!(
        texts(&impact),
        [
            format!("this session, from 203.0.113.7, comes in by 192.0.2.10: {moves}"),
            format!("chronyd (pid 812) is bound to 192.0.2.10: {moves}"),
            format!("corosync (pid 812) talks by 192.0.2.10 to 192.0.2.11 and 192.0.2.12: {moves}"),
            // Its own address stays; its way back does not. kvm talks to a neighbour and notices nothing.
            format!("pveproxy (pid 812) talks by 10.0.0.1 to 203.0.113.9: {gateway}"),
            moves.to_owned(),
            gateway.to_owned(),
        ]
    );
}

#[test]
fn an_address_and_a_default_route_that_go_are_named() {
    let mut host = Host::new(&["eno1"]);
    host.up(&bridged(Vec::new()));
    let bare = Desired::new(vec![lo(), nic("eno1").in_master("vmbr0"), bridge(&["eno1"])]);
    assert_eq!(
        texts(&of(&host, &bare)),
        [
            "192.0.2.10/24 of vmbr0 goes",
            "the route `default via 192.0.2.1` of vmbr0 goes"
        ]
    );
}

#[test]
fn a_new_gateway_in_no_subnet_is_named_and_one_of_a_host_address_is_not() {
    let mut host = Host::new(&["eno1"]);
    let with = |address: &str, via: &str| {
        let mut bridge = bridge(&["eno1"]).addr(address).via(via);
        bridge.routes[0].value.onlink = true;
        Desired::new(vec![lo(), nic("eno1").in_master("vmbr0"), bridge])
    };
    host.up(&with("192.0.2.10/24", "192.0.2.1"));
    assert_eq!(
        texts(&of(&host, &with("192.0.2.10/24", "198.51.100.1"))),
        [
            "the default route changes from `default via 192.0.2.1 onlink` of vmbr0 to `default via 198.51.100.1 onlink` \
             of vmbr0",
            "the new gateway 198.51.100.1 of vmbr0 is in no subnet of vmbr0"
        ]
    );
    let mut unnumbered = Host::new(&["eno1"]);
    unnumbered.up(&Desired::new(vec![
        lo(),
        nic("eno1").in_master("vmbr0"),
        bridge(&["eno1"]),
    ]));
    assert_eq!(texts(&of(&unnumbered, &with("192.0.2.10/32", "198.51.100.1"))), [""; 0]);
}

#[test]
fn a_route_by_hand_that_goes_with_its_address_is_named() {
    let mut host = Host::new(&["eno1"]);
    host.up(&bridged(Vec::new()));
    let index = host.kernel.now().get(name("vmbr0")).unwrap().index;
    let by_hand = Route {
        to: ("198.51.100.0".parse().unwrap(), 24),
        ..gateway("192.0.2.9")
    };
    host.kernel.now_mut().routes.entry(index).or_default().push(by_hand);
    let bare = Desired::new(vec![lo(), nic("eno1").in_master("vmbr0"), bridge(&["eno1"])]);
    assert_eq!(
        texts(&of(&host, &bare))[2],
        "the route `198.51.100.0/24 via 192.0.2.9` of vmbr0 goes"
    );
}

// Second witness: `ip route` on Linux 6.18 shows such a leg as `dead`, and a route whose links all went as gone.
#[test]
fn a_route_over_several_links_that_loses_one_is_named() {
    let nics = |first: WantLink| Desired::new(vec![lo(), first, nic("eno2").addr("198.51.100.10/24")]);
    let over = |legs: &[(&str, &str)]| {
        let mut host = Host::new(&["eno1", "eno2"]);
        host.up(&nics(nic("eno1").addr("192.0.2.10/24")));
        let index = |link: &str| host.kernel.now().get(name(link)).unwrap().index;
        let legs = legs.iter().map(|(link, via)| Leg {
            link: index(link),
            via: Some(via.parse().unwrap()),
            hops: 0,
            onlink: false,
        });
        let several = Multipath {
            route: Route {
                to: ("203.0.113.0".parse().unwrap(), 24),
                via: None,
                ..gateway("192.0.2.1")
            },
            legs: legs.collect(),
        };
        host.kernel.now_mut().multipath.push(several);
        host
    };
    let bridged = Desired::new(vec![
        lo(),
        nic("eno1").in_master("vmbr0"),
        bridge(&["eno1"]).addr("192.0.2.10/24"),
        nic("eno2").addr("198.51.100.10/24"),
    ]);
    let both = over(&[("eno1", "192.0.2.1"), ("eno2", "198.51.100.1")]);
    // Its ways follow their subnets.
    let is_named = |text: &&str| text.contains("203.0.113.0/24");
    assert!(!texts(&of(&both, &bridged)).iter().any(is_named));
    let told = of(&both, &nics(nic("eno1").addr("203.0.113.77/32")));
    assert!(
        texts(&told).contains(&"the route `203.0.113.0/24` over eno1 and eno2 loses its way by 192.0.2.1 on eno1"),
        "{:?}",
        texts(&told)
    );
    let one = over(&[("eno1", "192.0.2.1"), ("eno1", "192.0.2.2")]);
    assert!(!texts(&of(&one, &bridged)).iter().any(is_named));
    let told = of(&one, &nics(nic("eno1")));
    assert!(
        texts(&told).contains(&"the route `203.0.113.0/24` over eno1 goes"),
        "{:?}",
        texts(&told)
    );
    let renumbered = nics(nic("eno1").addr("192.0.2.10/24").addr("192.0.2.11/24"));
    assert_eq!(texts(&of(&both, &renumbered)), [""; 0]);
}

#[test]
fn an_uplink_without_carrier_in_place_of_one_that_has_it_is_named() {
    for (flags, why) in [
        (IFF_UP, "has no port with carrier then (eno2)"),
        (0, "may have no carrier: eno2 is down now"),
    ] {
        let mut host = Host::new(&["eno1", "eno2"]);
        host.up(&bridged(Vec::new()));
        plug(&mut host, "tap100i0", 1500, &[range(1, 1, true, true)]);
        let now = host.kernel.now_mut();
        let index = now.get(name("eno2")).unwrap().index;
        now.by_index_mut(index).unwrap().flags = flags;
        let other = Desired::new(vec![
            lo(),
            nic("eno2").in_master("vmbr0"),
            bridge(&["eno2"]).addr("192.0.2.10/24").via("192.0.2.1"),
        ]);
        let impact = of(&host, &other);
        let told = texts(&impact);
        assert!(told.contains(&format!("vmbr0 {why}").as_str()), "{told:?}");
        assert!(told.contains(&"eno1 leaves vmbr0: they lose the way out"), "{told:?}");
        assert!(impact.may_cut_conversations());
    }
    // Two that are down are two.
    let mut host = Host::new(&["eno1", "eno2", "eno3"]);
    host.up(&bridged(Vec::new()));
    for nic in ["eno2", "eno3"] {
        let now = host.kernel.now_mut();
        let index = now.get(name(nic)).unwrap().index;
        now.by_index_mut(index).unwrap().flags = 0;
    }
    let others = Desired::new(vec![
        lo(),
        nic("eno2").in_master("vmbr0"),
        nic("eno3").in_master("vmbr0"),
        bridge(&["eno2", "eno3"]).addr("192.0.2.10/24").via("192.0.2.1"),
    ]);
    let impact = of(&host, &others);
    let told = texts(&impact);
    assert!(
        told.contains(&"vmbr0 may have no carrier: eno2 and eno3 are down now"),
        "{told:?}"
    );
    // With carrier on eno2 guests notice that the wire is another one, and the address stays.
    let mut host = Host::new(&["eno1", "eno2"]);
    host.up(&bridged(Vec::new()));
    let both = Desired::new(vec![
        lo(),
        nic("eno1").in_master("vmbr0"),
        nic("eno2").in_master("vmbr0"),
        bridge(&["eno1", "eno2"]).addr("192.0.2.10/24").via("192.0.2.1"),
    ]);
    assert_eq!(texts(&of(&host, &both)), [""; 0]);
}

fn bonded(slaves: &[&str]) -> Desired {
    let mut links = vec![lo()];
    links.extend(slaves.iter().map(|slave| nic(slave).in_master("bond0")));
    let bond = link("bond0", Kind::Bond).set("bond-mode", "active-backup");
    links.push(bond.with_ports(slaves).addr("192.0.2.10/24"));
    Desired::new(links)
}

#[test]
fn a_slave_that_goes_down_to_join_is_named_where_somebody_used_it() {
    let mut host = Host::new(&["eno1", "eno2"]);
    host.up(&bonded(&["eno1"]));
    // Down until now: nobody has a carrier to lose.
    assert_eq!(texts(&of(&host, &bonded(&["eno1", "eno2"]))), [""; 0]);
    let mut own = bonded(&["eno1"]).links().to_vec();
    own.push(nic("eno2").addr("10.0.0.1/24"));
    host.up(&Desired::new(own));
    assert_eq!(
        texts(&of(&host, &bonded(&["eno1", "eno2"]))),
        ["eno2 goes down and comes up again", "10.0.0.1/24 of eno2 goes"]
    );
}

#[test]
fn a_bond_with_another_slave_keeps_its_way_out_while_one_goes_down() {
    let flap = |slaves: &[&str]| {
        let mut host = Host::new(&["eno1", "eno2"]);
        host.up(&bonded(slaves));
        let set = |up| Op::SetUp { name: name("eno1"), up };
        of_steps(&host, &bonded(slaves), vec![set(false), set(true)])
    };
    assert_eq!(flap(&["eno1", "eno2"]), ["eno1 goes down and comes up again"]);
    assert_eq!(
        flap(&["eno1"]),
        [
            "eno1 goes down and comes up again",
            "192.0.2.10/24 cannot be reached meanwhile: eno1 goes down and comes up again"
        ]
    );
}

fn aware(uplink: &[VlanRange], own: &[VlanRange]) -> Desired {
    let mut bridge = bridge(&["eno1"]).set("bridge-vlan-aware", "yes");
    bridge = bridge.with_vlans(own);
    Desired::new(vec![
        lo(),
        nic("eno1").in_master("vmbr0").with_vlans(uplink),
        bridge,
        link("vmbr0.7", Kind::Vlan)
            .on("vmbr0")
            .set("vlan-id", "7")
            .addr("10.0.7.1/24"),
    ])
}

#[test]
fn vlans_are_judged_id_by_id_for_guests_and_for_the_host() {
    let default = range(1, 1, true, true);
    let own = [default, range(7, 7, false, false)];
    let mut host = Host::new(&["eno1"]);
    host.up(&aware(&[default, range(2, 100, false, false)], &own));
    plug(&mut host, "tap100i0", 1500, &[range(20, 20, true, true)]);
    plug(&mut host, "tap101i0", 1500, &[range(30, 30, true, true)]);
    plug(&mut host, "tap102i0", 1500, &[default, range(15, 25, false, false)]);
    // 101 to 199 come: nobody loses anything.
    let more = aware(&[default, range(2, 199, false, false)], &own);
    assert_eq!(texts(&of(&host, &more)), [""; 0]);
    let fewer = aware(
        &[default, range(2, 19, false, false), range(26, 100, false, false)],
        &own,
    );
    assert_eq!(
        texts(&of(&host, &fewer)),
        [
            "tap100i0: VLAN 20 is no longer the same on eno1",
            "tap102i0: each of VLANs 20-25 is no longer the same on eno1",
        ]
    );
    let not_seven = aware(&[default, range(2, 6, false, false), range(8, 100, false, false)], &own);
    assert_eq!(
        texts(&of(&host, &not_seven)),
        ["10.0.7.1/24 of vmbr0.7 cannot be reached any longer: VLAN 7 is no longer the same on eno1"]
    );
    let del = Op::DelVlans {
        name: name("tap101i0"),
        on_self: false,
        ranges: vec![range(30, 30, false, false)],
    };
    assert_eq!(
        of_steps(&host, &more, vec![del]),
        ["tap101i0: VLAN 30 changes or goes on the port itself"]
    );
}

#[test]
fn an_mtu_below_that_of_a_guest_is_named_and_one_above_it_is_not() {
    let with = |mtu: &str| {
        Desired::new(vec![
            lo(),
            nic("eno1").in_master("vmbr0").set("mtu", mtu),
            bridge(&["eno1"]).set("mtu", mtu),
        ])
    };
    let mut host = Host::new(&["eno1"]);
    host.up(&with("9000"));
    plug(&mut host, "tap100i0", 1500, &[range(1, 1, true, true)]);
    assert_eq!(texts(&of(&host, &with("4000"))), [""; 0]);
    plug(&mut host, "tap101i0", 9000, &[range(1, 1, true, true)]);
    let told = of(&host, &with("4000"));
    assert_eq!(
        texts(&told),
        ["the MTU of eno1 is 4000 then, below that of tap101i0 (9000)"]
    );
}

#[test]
fn guests_of_a_bridge_that_goes_are_cut_off() {
    let mut host = Host::new(&["eno1"]);
    host.up(&bridged(Vec::new()));
    plug(&mut host, "tap100i0", 1500, &[range(1, 1, true, true)]);
    let delete = Op::DeleteLink { name: name("vmbr0") };
    let told = of_steps(&host, &Desired::new(vec![lo(), nic("eno1")]), vec![delete]);
    assert_eq!(
        told,
        [
            "vmbr0 is deleted",
            "192.0.2.10/24 of vmbr0 goes",
            "the route `default via 192.0.2.1` of vmbr0 goes",
            "vmbr0 is deleted: they are cut off"
        ]
    );
}

#[test]
fn a_container_on_a_nic_that_goes_down_is_named() {
    let mut host = Host::new(&["eno1"]);
    host.up(&Desired::new(vec![lo(), nic("eno1")]));
    let now = host.kernel.now_mut();
    let below = now.get(name("eno1")).unwrap().index;
    let mut guest = defaults::link(700, name("mv0"), Kind::Macvlan, defaults::mac(700));
    guest.parent = Some(below);
    guest.flags |= IFF_UP | IFF_LOWER_UP;
    now.insert(guest);
    let set = |up| Op::SetUp { name: name("eno1"), up };
    assert_eq!(
        of_steps(
            &host,
            &Desired::new(vec![lo(), nic("eno1")]),
            vec![set(false), set(true)]
        ),
        [
            "eno1 goes down and comes up again",
            "mv0 loses its way out: eno1 goes down and comes up again"
        ]
    );
}

#[test]
fn a_mac_that_peers_know_and_that_changes_is_named() {
    let mut host = Host::new(&["eno1"]);
    host.up(&bridged(Vec::new()));
    let mac = |mac: &str| {
        let bridge = bridge(&["eno1"]).addr("192.0.2.10/24").via("192.0.2.1");
        let bridge = bridge.set("hwaddress", mac);
        Desired::new(vec![lo(), nic("eno1").in_master("vmbr0"), bridge])
    };
    assert_eq!(
        texts(&of(&host, &mac("02:00:00:00:00:99"))),
        ["the MAC of vmbr0 changes from 02:00:00:00:00:02 to 02:00:00:00:00:99: peers learn it anew"]
    );
}

#[test]
fn hooks_that_run_are_named_and_not_judged() {
    let mut host = Host::new(&["eno1"]);
    host.up(&bridged(Vec::new()));
    let hooked = bridged(vec![
        link("vmbr9", Kind::Bridge).hook(Phase::Up, "ip link set eno1 down"),
    ]);
    let impact = of(&host, &hooked);
    assert_eq!(impact.hooks, [name("vmbr9")]);
    assert_eq!(texts(&impact), [""; 0]);
}
