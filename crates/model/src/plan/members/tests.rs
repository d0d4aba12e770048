//! Members go in, out and from one VRF to another. Second witness: the simulator, which is held against real kernels by
//! the shared suite (`fake/witness/vrfs.txt`).

use crate::desired::{Desired, WantLink};
use crate::trial::*;
use crate::types::Kind;

fn vrf(text: &str, table: &str) -> WantLink {
    link(text, Kind::Vrf).set("vrf-table", table)
}

fn route_in(mut link: WantLink, table: u32) -> WantLink {
    link.routes[0].value.table = table;
    link
}

fn eno1() -> WantLink {
    link("eno1", Kind::Physical)
        .addr("192.0.2.10/24")
        .addr("2001:db8::10/64")
        .via("192.0.2.1")
}

/// A route by hand out of eno1.
fn by_hand(host: &mut Host, table: u32) {
    let route = crate::types::Route {
        to: ("10.0.0.0".parse().expect("ip"), 8),
        table,
        ..gateway("192.0.2.7")
    };
    let op = crate::op::Op::AddRoute {
        name: name("eno1"),
        route,
        replace: false,
    };
    host.kernel.step(&op).expect("the route is taken");
}

fn state(host: &Host, text: &str) -> Vec<String> {
    let now = host.kernel.now();
    let index = now.get(name(text)).expect("the link").index;
    let addresses = now.addresses(index).iter().map(ToString::to_string);
    let mut routes: Vec<String> = now
        .routes(index)
        .iter()
        .filter(|route| route.via.is_some())
        .map(ToString::to_string)
        .collect();
    routes.sort();
    addresses.chain(routes).collect()
}

#[test]
fn at_boot_members_of_every_kind_go_in_before_they_are_up() {
    let mut host = Host::new(&["eno1", "eno2"]);
    let desired = Desired::new(vec![
        vrf("blue", "1010"),
        route_in(eno1().in_vrf("blue"), 1010),
        link("eno2", Kind::Physical).in_master("vmbr1"),
        link("vmbr1", Kind::Bridge)
            .with_ports(&["eno2"])
            .addr("10.0.0.1/24")
            .in_vrf("blue"),
        link("dum", Kind::Dummy).in_vrf("blue"),
    ]);
    assert_eq!(
        host.up(&desired),
        [
            "ip link add blue up type vrf table 1010",
            "ip link add vmbr1 type bridge",
            "ip link add dum type dummy",
            "ip rule add pref 32765 table local",
            "ip rule del pref 0 table local",
            "ip -6 rule add pref 32765 table local",
            "ip -6 rule del pref 0 table local",
            "ip link set eno1 master blue",
            "ip link set eno2 master vmbr1",
            "ip link set vmbr1 master blue",
            "ip link set dum master blue",
            "ip link set eno1 up",
            "ip link set eno2 up",
            "ip link set vmbr1 up",
            "ip link set dum up",
            "ip addr add 192.0.2.10/24 dev eno1",
            "ip addr add 2001:db8::10/64 dev eno1",
            "ip addr add 10.0.0.1/24 dev vmbr1",
            "ip route add default via 192.0.2.1 table 1010 dev eno1",
        ]
    );
}

#[test]
fn a_link_goes_in_and_out_live_with_its_addresses_and_the_routes_of_others() {
    let mut host = Host::new(&["eno1"]);
    host.up(&Desired::new(vec![vrf("blue", "1010"), eno1()]));
    by_hand(&mut host, 254);
    let inside = Desired::new(vec![vrf("blue", "1010"), route_in(eno1().in_vrf("blue"), 1010)]);
    let planned = host.plan(&inside, &all(crate::plan::Verb::Reload, &inside));
    assert_eq!(
        said(&planned),
        ["warning[interrupts]: eno1 is set down and up by the kernel as it goes into blue"]
    );
    host.reload(&inside);
    assert_eq!(host.master_of("eno1").as_deref(), Some("blue"));
    let addresses = ["192.0.2.10/24", "2001:db8::10/64"];
    let inside = [
        "10.0.0.0/8 via 192.0.2.7 table 1010",
        "default via 192.0.2.1 table 1010",
    ];
    assert_eq!(state(&host, "eno1"), [addresses, inside].concat());
    host.reload(&Desired::new(vec![vrf("blue", "1010"), eno1()]));
    assert_eq!(host.master_of("eno1"), None);
    let outside = ["10.0.0.0/8 via 192.0.2.7", "default via 192.0.2.1"];
    assert_eq!(state(&host, "eno1"), [addresses, outside].concat());
}

#[test]
fn a_vrf_in_another_table_takes_its_members_and_their_routes_along() {
    let mut host = Host::new(&["eno1"]);
    host.up(&Desired::new(vec![
        vrf("blue", "1010"),
        route_in(eno1().in_vrf("blue"), 1010),
    ]));
    by_hand(&mut host, 1010);
    host.reload(&Desired::new(vec![
        vrf("blue", "1020"),
        route_in(eno1().in_vrf("blue"), 1020),
    ]));
    assert_eq!(host.master_of("eno1").as_deref(), Some("blue"));
    assert_eq!(
        state(&host, "eno1"),
        [
            "192.0.2.10/24",
            "2001:db8::10/64",
            "10.0.0.0/8 via 192.0.2.7 table 1020",
            "default via 192.0.2.1 table 1020",
        ]
    );
}

/// The default route of a VRF must never become that of the host.
#[test]
fn a_default_route_of_others_in_a_vrf_goes_with_it_and_not_into_main() {
    let mut host = Host::new(&["eno1"]);
    let mut member = eno1();
    member.routes.clear();
    let desired = Desired::new(vec![vrf("blue", "1010"), member.in_vrf("blue")]);
    host.up(&desired);
    by_hand(&mut host, 1010);
    let op = crate::op::Op::AddRoute {
        name: name("eno1"),
        route: crate::types::Route {
            table: 1010,
            ..gateway("192.0.2.7")
        },
        replace: false,
    };
    host.kernel.step(&op).expect("the route is taken");
    host.down(&desired, &["blue"]);
    assert_eq!(
        state(&host, "eno1"),
        ["192.0.2.10/24", "2001:db8::10/64", "10.0.0.0/8 via 192.0.2.7"]
    );
}

#[test]
fn a_member_that_is_taken_down_leaves_its_vrf_and_one_of_a_vrf_taken_down_stays_up() {
    let mut host = Host::new(&["eno1", "eno2"]);
    let bare = link("eno2", Kind::Physical).in_vrf("blue");
    let desired = Desired::new(vec![vrf("blue", "1010"), route_in(eno1().in_vrf("blue"), 1010), bare]);
    host.up(&desired);
    let (steps, _) = host.down(&desired, &["eno1"]);
    assert_eq!(
        steps,
        [
            "ip route del default via 192.0.2.1 table 1010 dev eno1",
            "ip addr del 192.0.2.10/24 dev eno1",
            "ip addr del 2001:db8::10/64 dev eno1",
            "ip link set eno1 down",
            "ip link set eno1 nomaster",
        ]
    );
    let (steps, _) = host.down(&desired, &["blue"]);
    assert_eq!(
        steps,
        [
            "ip link del blue",
            "ip rule add pref 0 table local",
            "ip rule del pref 32765 table local",
            "ip -6 rule add pref 0 table local",
            "ip -6 rule del pref 32765 table local",
        ]
    );
    assert!(
        host.kernel
            .now()
            .get(name("eno2"))
            .is_some_and(crate::snapshot::Link::is_up)
    );
}
