//! What the kernel does with addresses and routes as subnets change their link or size. Second witness: `ip -d -j addr` and
//! `ip -d -j route` on Linux 6.18 and 6.1 over the same changes.

use super::moves::{add, bridge, nic, others, reload, route, routes};
use super::*;
use crate::op::Op;

fn addresses(host: &Host, link: &str) -> Vec<String> {
    let now = host.kernel.now();
    let index = now.get(name(link)).expect("the link").index;
    now.addresses(index).iter().map(ToString::to_string).collect()
}

fn eno1(addresses: &[&str]) -> Desired {
    let nic = link("eno1", Kind::Physical);
    Desired::new(vec![addresses.iter().fold(nic, |nic, text| nic.addr(text))])
}

// `ipv6_get_ifaddr`: RTM_NEWADDR answers EEXIST, or changes the lifetimes of the old one.
#[test]
fn an_ipv6_address_with_another_prefix_length_takes_the_place_of_the_old_one() {
    for (old, new) in [("/64", "/128"), ("/128", "/64"), ("/64", "/120")] {
        let (old, new) = (format!("2001:db8::10{old}"), format!("2001:db8::10{new}"));
        let mut host = Host::new(&["eno1"]);
        host.up(&eno1(&[&old]));
        assert_eq!(
            host.reload(&eno1(&[&new])),
            [
                format!("ip addr del {old} dev eno1"),
                format!("ip addr add {new} nodad dev eno1")
            ]
        );
        assert_eq!(addresses(&host, "eno1"), [new.as_str()]);
        assert_eq!(host.reload(&eno1(&[&new])), [""; 0]);
    }
}

#[test]
fn an_address_by_hand_in_the_place_of_a_wanted_one_makes_room_and_its_routes_come_back() {
    let mut host = Host::new(&["eno1"]);
    host.up(&eno1(&[]));
    others(
        &mut host,
        vec![add("eno1", "2001:db8::10/64"), route("eno1", "2001:db8:5::/48", |_| {})],
    );
    host.reload(&eno1(&["2001:db8::10/60"]));
    assert_eq!(addresses(&host, "eno1"), ["2001:db8::10/60"]);
    assert_eq!(routes(&host, "eno1"), ["2001:db8:5::/48 via 2001:db8::9 metric 1024"]);
}

// Linux flushes IPv4 routes with the last address of a link alone, and IPv6 routes never.
#[test]
fn a_route_of_others_goes_with_its_subnet_where_two_links_swap_theirs() {
    let two = |first: [&str; 2], second: [&str; 2]| {
        let link = |at: &str, with: [&str; 2]| with.iter().fold(link(at, Kind::Physical), |link, text| link.addr(text));
        Desired::new(vec![link("eno1", first), link("eno2", second)])
    };
    let (a, b) = (
        ["192.0.2.10/24", "2001:db8::10/64"],
        ["198.51.100.10/24", "2001:db8:1::10/64"],
    );
    let mut host = Host::new(&["eno1", "eno2"]);
    host.up(&two(a, b));
    let by_hand = ["203.0.113.0/24", "2001:db8:5::/48"];
    others(&mut host, by_hand.map(|to| route("eno1", to, |_| {})).to_vec());
    let (steps, told) = reload(&mut host, &two(b, a));
    assert_eq!(routes(&host, "eno1"), [""; 0], "{steps:?}");
    assert_eq!(
        routes(&host, "eno2"),
        [
            "203.0.113.0/24 via 192.0.2.9",
            "2001:db8:5::/48 via 2001:db8::9 metric 1024"
        ]
    );
    assert_eq!(
        told,
        [
            "info[route-moved]: the route `203.0.113.0/24 via 192.0.2.9` moves from eno1 to eno2 with its subnet",
            "info[route-moved]: the route `2001:db8:5::/48 via 2001:db8::9 metric 1024` moves from eno1 to eno2 with its subnet",
        ]
    );
}

#[test]
fn a_route_whose_gateway_no_link_reaches_any_longer_stays_where_it_works_all_the_same() {
    let mut host = Host::new(&["eno1"]);
    host.up(&eno1(&["192.0.2.210/24"]));
    others(&mut host, vec![route("eno1", "203.0.113.0/24", |_| {})]);
    host.reload(&eno1(&["192.0.2.210/25"]));
    assert_eq!(routes(&host, "eno1"), ["203.0.113.0/24 via 192.0.2.9"]);
}

#[test]
fn what_carries_a_bridge_that_stays_for_its_guests_keeps_its_settings() {
    let with = |value: &str| {
        Desired::new(vec![
            link("eno1", Kind::Physical).set("mtu", value).in_master("vmbr0"),
            link("vmbr0", Kind::Bridge).with_ports(&["eno1"]),
            link("eno2", Kind::Physical),
        ])
    };
    let mut host = Host::new(&["eno1", "eno2"]);
    host.up(&with("9000"));
    plug(&mut host, "tap100i0", "vmbr0");
    let gone = Desired::new(vec![link("eno2", Kind::Physical)]);
    assert_eq!(host.reload(&gone), [""; 0]);
    let mtu = |link: &str| host.kernel.now().get(name(link)).expect("the link").mtu();
    assert_eq!((mtu("eno1"), mtu("vmbr0")), (9000, 9000));
}

#[test]
fn a_gateway_that_left_the_file_does_not_come_back_in_the_table_of_a_vrf() {
    let mut host = Host::new(&["eno1"]);
    host.up(&nic());
    let member = Desired::new(vec![
        link("blue", Kind::Vrf).set("vrf-table", "1010"),
        link("eno1", Kind::Physical).addr("192.0.2.10/24").in_vrf("blue"),
    ]);
    let (steps, told) = reload(&mut host, &member);
    assert_eq!(routes(&host, "eno1"), [""; 0], "{steps:?} {told:?}");
}

#[test]
fn a_swap_of_subnets_leaves_the_routes_of_a_bridge_that_has_no_part_in_it() {
    let mut host = Host::new(&["eno1"]);
    host.up(&bridge("192.0.2.10/24"));
    others(&mut host, vec![route("vmbr0", "203.0.113.0/24", |_| {})]);
    let gone = Op::DelRoute {
        name: name("vmbr0"),
        route: gateway("192.0.2.1"),
    };
    others(&mut host, vec![gone]);
    assert_eq!(
        host.reload(&bridge("192.0.2.10/24")),
        ["ip route add default via 192.0.2.1 dev vmbr0"]
    );
    assert_eq!(
        routes(&host, "vmbr0"),
        ["203.0.113.0/24 via 192.0.2.9", "default via 192.0.2.1"]
    );
}
