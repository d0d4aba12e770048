//! Who answers on a link.

use super::*;
use cleat_kernel::Neighbour;
use cleat_netns as netns;
use std::net::IpAddr;
use std::time::Duration;

/// Asks, and waits for what comes of it: an answer at once, or silence after the kernel's three tries.
#[track_caller]
fn asked(kernel: &mut Host, address: &str) -> Neighbour {
    let index = link(&read(kernel), "a").index;
    let address: IpAddr = address.parse().expect("tests use addresses");
    kernel.ask_neighbour(index, address).expect("the kernel asks");
    for _ in 0..1200 {
        match kernel.neighbour(index, address).expect("the kernel can be read") {
            Neighbour::Unknown => std::thread::sleep(Duration::from_millis(50)),
            known => return known,
        }
    }
    panic!("{address}: neither an answer nor silence in a minute");
}

/// Like `ip neigh show`, the state in capitals.
fn ip_state(address: &str) -> Value {
    let all = netns::ip_json(&["neigh", "show", "dev", "a"]);
    let list = all.as_array().cloned().unwrap_or_default();
    let found = list.into_iter().find(|entry| entry["dst"] == address);
    found.map_or(Value::Null, |entry| entry["state"][0].clone())
}

#[test]
fn a_neighbour_answers_and_a_missing_one_is_silent() {
    let _room = netns::enter!(Veth, Inet6);
    for line in [
        "ip netns add there",
        "ip link add name a type veth peer name b netns there",
        "ip link set dev a up",
        "ip -n there link set dev b up",
        "ip addr add 192.0.2.1/24 dev a",
        "ip addr add 2001:db8::1/64 dev a nodad",
        "ip -n there addr add 192.0.2.2/24 dev b",
        "ip -n there addr add 2001:db8::2/64 dev b nodad",
    ] {
        netns::run(line);
    }
    let mut kernel = open();
    for address in ["192.0.2.2", "2001:db8::2"] {
        assert_eq!(asked(&mut kernel, address), Neighbour::Answers);
        assert_eq!(ip_state(address), "REACHABLE");
    }
    for address in ["192.0.2.3", "2001:db8::3"] {
        assert_eq!(asked(&mut kernel, address), Neighbour::Silent);
        assert_eq!(ip_state(address), "FAILED");
    }
    // What answered before counts for nothing.
    netns::run("ip -n there addr del 192.0.2.2/24 dev b");
    assert_eq!(asked(&mut kernel, "192.0.2.2"), Neighbour::Silent);
    netns::run("ip neigh replace 192.0.2.2 lladdr 02:00:00:00:00:01 dev a");
    assert_eq!(asked(&mut kernel, "192.0.2.2"), Neighbour::Fixed);
    assert_eq!(ip_state("192.0.2.2"), "PERMANENT");
    netns::run("ip netns del there");
}
