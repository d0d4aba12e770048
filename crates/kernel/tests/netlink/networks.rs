//! Addresses and routes.

use super::*;
use cleat_model::nla::Attrs;
use cleat_model::types::{Address, Route, ScopeId};
use cleat_netns as netns;
use std::net::IpAddr;

fn ip(text: &str) -> IpAddr {
    text.parse().expect("tests use addresses")
}

fn add(address: &Address, replace: bool) -> Op {
    Op::AddAddress {
        name: name("a"),
        address: address.clone(),
        replace,
    }
}

/// What `ip -d -j addr show dev a` says of the address.
#[track_caller]
fn shown(address: &str) -> Value {
    let all = netns::ip_json(&["-d", "addr", "show", "dev", "a"]);
    let found = all[0]["addr_info"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|info| info["local"] == address);
    found.cloned().unwrap_or_else(|| panic!("no {address} in {all}"))
}

fn pair(kernel: &mut Host) {
    done(kernel, &[veth("a", "b")]);
    done(kernel, &[up("a"), up("b")]);
}

#[test]
fn an_ipv4_address_goes_in_with_all_its_fields_and_comes_out_the_same() {
    let _room = netns::enter!(Veth);
    let mut kernel = open();
    pair(&mut kernel);
    let full = Address {
        broadcast: Some(ip("192.0.2.127")),
        scope: ScopeId(253),
        label: Some("a:1".to_owned()),
        metric: 77,
        flags: 0x200,
        ..Address::plain(ip("192.0.2.1"), 25)
    };
    let peer = Address {
        peer: Some(ip("198.51.100.9")),
        ..Address::plain(ip("198.51.100.1"), 32)
    };
    done(&mut kernel, &[add(&full, false), add(&peer, false)]);
    let seen = shown("192.0.2.1");
    assert_eq!(seen["prefixlen"], 25);
    assert_eq!(seen["broadcast"], "192.0.2.127");
    assert_eq!(seen["scope"], "link");
    assert_eq!(seen["label"], "a:1");
    assert_eq!(seen["metric"], 77);
    assert_eq!(seen["noprefixroute"], true);
    assert_eq!(shown("198.51.100.1")["address"], "198.51.100.9");

    let snapshot = read(&mut kernel);
    let found = snapshot.addresses(link(&snapshot, "a").index);
    // IFA_F_PERMANENT (0x80) is the kernel's own mark of an address without a lifetime.
    let permanent = |address: &Address| Address {
        flags: address.flags | 0x80,
        ..address.clone()
    };
    assert!(found.contains(&permanent(&full)), "{found:?}");
    assert!(found.contains(&permanent(&peer)), "{found:?}");

    let del = |address: &Address| Op::DelAddress {
        name: name("a"),
        address: address.clone(),
    };
    done(&mut kernel, &[del(&full), del(&peer)]);
    assert!(!netns::run("ip -4 addr show dev a").contains("inet"));
}

#[test]
fn ipv6_addresses_with_lifetimes_are_added_and_changed_in_place() {
    let _room = netns::enter!(Veth, Inet6);
    let mut kernel = open();
    pair(&mut kernel);
    let mut address = Address {
        preferred: Some(600),
        valid: Some(1200),
        // IFA_F_NODAD
        flags: 2,
        ..Address::plain(ip("2001:db8::1"), 64)
    };
    done(&mut kernel, &[add(&address, false)]);
    let seen = shown("2001:db8::1");
    let seconds = |key: &str| seen[key].as_u64().expect("a number");
    assert!((590..=600).contains(&seconds("preferred_life_time")), "{seen}");
    assert!((1190..=1200).contains(&seconds("valid_life_time")), "{seen}");
    assert_eq!((&seen["prefixlen"], &seen["nodad"]), (&64.into(), &true.into()));
    address.preferred = Some(0);
    address.valid = None;
    done(&mut kernel, &[add(&address, true)]);
    let seen = shown("2001:db8::1");
    assert_eq!(
        (&seen["preferred_life_time"], &seen["deprecated"]),
        (&0.into(), &true.into())
    );
    // ip prints INFINITY_LIFE_TIME as 2^32 - 1.
    assert_eq!(seen["valid_life_time"], u32::MAX);

    let snapshot = read(&mut kernel);
    let found = snapshot.addresses(link(&snapshot, "a").index);
    let ours = found.iter().find(|found| found.same(&address)).expect("the address");
    assert_eq!((ours.preferred, ours.valid, ours.peer), (Some(0), None, None));
    // The link-local address that the kernel made is there as well.
    assert!(
        found
            .iter()
            .any(|found| found.scope == ScopeId(253) && found.prefix == 64)
    );
    done(
        &mut kernel,
        &[Op::DelAddress {
            name: name("a"),
            address,
        }],
    );
    assert!(!netns::run("ip -6 addr show dev a").contains("2001:db8::1"));
}

fn route(to: &str, prefix: u8) -> Route {
    Route {
        to: (ip(to), prefix),
        via: None,
        onlink: false,
        metric: 0,
        table: 254,
        protocol: 4,
        source: None,
        scope: ScopeId(0),
        more: Attrs::new(),
        legs: Vec::new(),
    }
}

#[test]
fn routes_of_both_families_go_in_come_out_and_go_away() {
    let _room = netns::enter!(Veth, Inet6);
    let mut kernel = open();
    pair(&mut kernel);
    let four = Address::plain(ip("192.0.2.1"), 24);
    let six = Address {
        flags: 2,
        ..Address::plain(ip("2001:db8::1"), 64)
    };
    done(&mut kernel, &[add(&four, false), add(&six, false)]);
    let routes = [
        Route {
            via: Some(ip("192.0.2.254")),
            metric: 100,
            source: Some(ip("192.0.2.1")),
            ..route("0.0.0.0", 0)
        },
        Route {
            via: Some(ip("203.0.113.1")),
            onlink: true,
            table: 1000,
            ..route("198.51.100.0", 24)
        },
        Route {
            scope: ScopeId(253),
            ..route("10.9.0.0", 16)
        },
        Route {
            via: Some(ip("2001:db8::ff")),
            metric: 1024,
            ..route("::", 0)
        },
        Route {
            via: Some(ip("2001:db8::ff")),
            metric: 20,
            ..route("10.7.0.0", 16)
        },
    ];
    let ops = |make: fn(Route) -> Op| routes.iter().cloned().map(make).collect::<Vec<_>>();
    done(
        &mut kernel,
        &ops(|route| Op::AddRoute {
            name: name("a"),
            route,
            replace: false,
        }),
    );
    let witness = netns::run("ip route show table all dev a proto static");
    for line in [
        "default via 192.0.2.254 src 192.0.2.1 metric 100",
        "198.51.100.0/24 via 203.0.113.1 table 1000 onlink",
        "10.9.0.0/16 scope link",
        "10.7.0.0/16 via inet6 2001:db8::ff metric 20",
    ] {
        assert!(
            witness.lines().any(|found| found.trim_end() == line),
            "{line:?} not in\n{witness}"
        );
    }
    let witness = netns::run("ip -6 route show default");
    assert!(
        witness.starts_with("default via 2001:db8::ff dev a proto static metric 1024"),
        "{witness}"
    );

    let snapshot = read(&mut kernel);
    let found = snapshot.routes(link(&snapshot, "a").index);
    for route in &routes {
        assert!(found.contains(route), "{route:?} not in {found:?}");
    }
    // The prefix routes are the kernel's (protocol 2); fe80::/64, ff00::/8 and table local are left out.
    let own: Vec<String> = found
        .iter()
        .filter(|route| route.protocol == 2)
        .map(ToString::to_string)
        .collect();
    assert_eq!(own, ["192.0.2.0/24 src 192.0.2.1", "2001:db8::/64 metric 256"]);
    assert!(found.iter().all(|route| route.table != 255));

    done(&mut kernel, &ops(|route| Op::DelRoute { name: name("a"), route }));
    assert_eq!(netns::run("ip route show table all dev a proto static"), "");
    let gone = Op::DelRoute {
        name: name("a"),
        route: routes[2].clone(),
    };
    assert_eq!(
        refused(&mut kernel, &gone).to_string(),
        "No such process: there is no such route"
    );
}

#[test]
fn a_route_replaces_the_one_with_its_destination_and_metric() {
    let _room = netns::enter!(Veth);
    let mut kernel = open();
    pair(&mut kernel);
    done(&mut kernel, &[add(&Address::plain(ip("192.0.2.1"), 24), false)]);
    let to = |via: &str, replace| Op::AddRoute {
        name: name("a"),
        route: Route {
            via: Some(ip(via)),
            ..route("0.0.0.0", 0)
        },
        replace,
    };
    done(&mut kernel, &[to("192.0.2.7", false)]);
    assert_eq!(
        refused(&mut kernel, &to("192.0.2.8", false)).to_string(),
        "File exists: a route to 0.0.0.0/0 with this metric is there already"
    );
    done(&mut kernel, &[to("192.0.2.8", true)]);
    assert_eq!(
        netns::run("ip route show default").trim_end(),
        "default via 192.0.2.8 dev a proto static"
    );
    assert_eq!(
        refused(&mut kernel, &to("203.0.113.1", true)).to_string(),
        "Network is unreachable: Nexthop has invalid gateway"
    );
}
