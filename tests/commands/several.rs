//! Routes of others with more than a gateway: metrics, several ways, a nexthop of its own. They follow their subnets, and
//! are whole again after a reload that fails. Second witness: iproute2.

use super::bed::{call, host, write_interfaces};
use cleat_netns::{self as netns, ip_json, run};
use serde_json::Value;

const NICS: &str = "auto eno1\niface eno1 inet static\n\taddress 10.0.0.1/24\n\taddress 2001:db8:1::1/64\n\n\
    auto eno2\niface eno2 inet static\n\taddress 10.2.0.1/24\n\taddress 2001:db8:2::1/64\n";
const BRIDGE: &str = "auto eno1\niface eno1 inet manual\n\nauto vmbr0\niface vmbr0 inet static\n\taddress 10.0.0.1/24\n\
    \taddress 2001:db8:1::1/64\n\tbridge-ports eno1\n\tbridge-fd 0\n\n\
    auto eno2\niface eno2 inet static\n\taddress 10.2.0.1/24\n\taddress 2001:db8:2::1/64\n";
/// The kernel refuses it last.
const REFUSED: &str = "\nauto zz\niface zz\n\tvxlan-id 99\n";

fn set_up(room: &netns::Room) {
    for key in ["accept_dad", "dad_transmits"] {
        for of in ["all", "default"] {
            std::fs::write(format!("/proc/sys/net/ipv6/conf/{of}/{key}"), "0").unwrap();
        }
    }
    host(room, &["eno1", "eno2"], NICS);
    run("ip link add other99 type vxlan id 99 dstport 4789");
    call("ifup -a").quietly();
}

/// The routes there, as iproute2 shows them, without what it says of carriers.
fn routes(of: &str) -> Vec<Value> {
    let family = if of.contains(':') { "-6" } else { "-4" };
    let mut all = ip_json(&[family, "route", "show", of]).as_array().unwrap().clone();
    for route in &mut all {
        route["flags"] = Value::Null;
        if let Some(hops) = route["nexthops"].as_array_mut() {
            hops.iter_mut().for_each(|hop| hop["flags"] = Value::Null);
        }
    }
    all
}

/// Each way: gateway, link and weight.
fn ways(of: &str) -> Vec<(String, String, i64)> {
    let all = routes(of);
    assert_eq!(all.len(), 1, "{all:?}");
    let hops = all[0]["nexthops"].as_array().unwrap_or_else(|| panic!("{all:?}"));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let way = |hop: &Value| {
        (
            text(&hop["gateway"]),
            text(&hop["dev"]),
            hop["weight"].as_i64().unwrap_or(1),
        )
    };
    let mut all: Vec<_> = hops.iter().map(way).collect();
    all.sort();
    all
}

fn way(via: &str, dev: &str, weight: i64) -> (String, String, i64) {
    (via.to_owned(), dev.to_owned(), weight)
}

#[test]
fn metrics_of_a_route_follow_it_to_another_link_and_back() {
    let room = netns::enter!(Veth, Bridge, Vxlan);
    set_up(&room);
    run("ip route add 203.0.113.0/24 via 10.0.0.9 dev eno1 proto static mtu lock 1400 advmss 1360 initcwnd 20");
    run("ip -6 route add 2001:db8:99::/64 via 2001:db8:1::9 dev eno1 mtu 1380 hoplimit 9");
    let before = (routes("203.0.113.0/24"), routes("2001:db8:99::/64"));
    assert!(before.0[0]["metrics"].to_string().contains("1400"), "{before:?}");
    let over = |dev: &str| {
        let mut all = before.clone();
        all.0[0]["dev"] = dev.into();
        all.1[0]["dev"] = dev.into();
        all
    };
    for (dev, file) in [("vmbr0", BRIDGE), ("eno1", NICS)] {
        write_interfaces(file);
        let reload = call("ifreload -a");
        assert_eq!(reload.code, 0, "{reload:?}");
        assert_eq!((routes("203.0.113.0/24"), routes("2001:db8:99::/64")), over(dev));
    }
    write_interfaces(&format!("{BRIDGE}{REFUSED}"));
    let reload = call("ifreload -a -v");
    assert_eq!(reload.code, 1, "{reload:?}");
    assert!(reload.err.contains("the host is as it was before"), "{reload:?}");
    assert_eq!((routes("203.0.113.0/24"), routes("2001:db8:99::/64")), before);
}

#[test]
fn each_way_of_a_route_over_several_links_follows_its_subnet() {
    let room = netns::enter!(Veth, Bridge, Vxlan);
    set_up(&room);
    run("ip route add 203.0.113.0/24 metric 5 nexthop via 10.0.0.9 dev eno1 weight 3 nexthop via 10.2.0.9 dev eno2");
    run("ip -6 route add 2001:db8:99::/64 nexthop via 2001:db8:1::9 dev eno1 nexthop via 2001:db8:2::9 dev eno2");
    let are = |dev: &str| {
        assert_eq!(
            ways("203.0.113.0/24"),
            [way("10.0.0.9", dev, 3), way("10.2.0.9", "eno2", 1)]
        );
        assert_eq!(
            ways("2001:db8:99::/64"),
            [way("2001:db8:1::9", dev, 1), way("2001:db8:2::9", "eno2", 1)]
        );
    };
    are("eno1");
    let before = routes("203.0.113.0/24");
    for (dev, file) in [("vmbr0", BRIDGE), ("eno1", NICS)] {
        write_interfaces(file);
        let reload = call("ifreload -a");
        assert_eq!(reload.code, 0, "{reload:?}");
        are(dev);
        assert_eq!(call("ifreload -n -a").out, "nothing to do\n");
    }
    write_interfaces(&format!("{BRIDGE}{REFUSED}"));
    let reload = call("ifreload -a -v");
    assert_eq!(reload.code, 1, "{reload:?}");
    assert!(reload.err.contains("the host is as it was before"), "{reload:?}");
    are("eno1");
    assert_eq!(routes("203.0.113.0/24"), before);
    // The subnet of one way goes for good.
    write_interfaces(&NICS.replace("10.0.0.1/24", "10.77.0.1/24"));
    let reload = call("ifreload -a");
    assert_eq!(reload.code, 0, "{reload:?}");
    let told = "the route `203.0.113.0/24 metric 5` over eno1 and eno2 loses its way by 10.0.0.9 on eno1";
    assert!(reload.foretold.iter().any(|line| line.contains(told)), "{reload:?}");
}

/// The nexthop goes with its link, so that the route comes by its gateway.
#[test]
fn a_route_by_the_id_of_a_nexthop_moves_by_its_gateway() {
    let room = netns::enter!(Veth, Bridge, Vxlan);
    set_up(&room);
    run("ip nexthop add id 7 via 10.0.0.9 dev eno1");
    run("ip route add 203.0.113.0/24 nhid 7");
    write_interfaces(BRIDGE);
    let reload = call("ifreload -a");
    assert_eq!(reload.code, 0, "{reload:?}");
    let route = &routes("203.0.113.0/24")[0];
    assert_eq!(
        (&route["gateway"], &route["dev"]),
        (&"10.0.0.9".into(), &"vmbr0".into()),
        "{route}"
    );
}
