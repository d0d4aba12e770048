//! The kernel's state as one number. Second witness: `ip` makes each change.

use super::open;
use cleat_kernel::Host;
use cleat_model::kernel::{Kernel, Query};
use cleat_model::op::Op;
use cleat_netns::{self as netns, run};

fn digest(kernel: &mut Host) -> u64 {
    // Addresses of the kernel's own making come and go by themselves for a moment.
    for _ in 0..50 {
        let first = once(kernel);
        std::thread::sleep(std::time::Duration::from_millis(20));
        if let Some(first) = first.filter(|first| once(kernel) == Some(*first)) {
            return first;
        }
    }
    panic!("the room does not come to rest");
}

fn once(kernel: &mut Host) -> Option<u64> {
    kernel.snapshot(Query::ALL).expect("a room can be read");
    kernel.last_digest()
}

fn digesting() -> Host {
    let mut kernel = open();
    kernel.keep_digest();
    kernel
}

#[test]
fn every_change_that_a_plan_could_see_changes_the_digest() {
    let _room = netns::enter!();
    let mut kernel = digesting();
    for line in [
        "ip link add br0 type bridge",
        "ip link add v0 type veth peer name v1",
        "ip link set v0 addrgenmode none",
        "ip link set v1 addrgenmode none",
        "ip link set br0 addrgenmode none",
        "ip link set br0 up",
        "ip link set v0 up",
    ] {
        run(line);
    }
    let mut seen = vec![digest(&mut kernel)];
    for line in [
        "ip link set v0 master br0",
        "ip link set br0 type bridge ageing_time 1000",
        "ip link set v0 type bridge_slave cost 7",
        "ip addr add 192.0.2.1/24 dev br0",
        "ip addr change 192.0.2.1/24 dev br0 metric 5",
        "ip route add 198.51.100.0/24 via 192.0.2.9",
        "ip link set v1 mtu 1400",
        "ip link set v1 alias a-name",
        "ip link set v1 address 02:00:00:00:00:07",
        "ip link set v0 down",
        "sysctl -qw net.ipv4.conf.v1.proxy_arp=1",
        "sysctl -qw net.ipv6.conf.v1.accept_ra=0",
        "bridge fdb add 02:00:00:00:00:08 dev v0 master static",
        "ip link add name br1 type bridge",
        "ip link set br1 name br2",
        "ip link del br2",
    ] {
        run(line);
        let now = digest(&mut kernel);
        let back = line == "ip link del br2";
        assert!(
            back || !seen.contains(&now),
            "{line} leaves the digest as it was before"
        );
        seen.push(now);
    }
}

/// The kernel's timers of a bridge run all the time; carrier is what the wire does, and the spanning tree's
/// state of a port follows it. Second witness: `bridge -j link` shows that the port's state did change.
#[test]
fn timers_carrier_and_the_spanning_tree_do_not_change_the_digest() {
    let _room = netns::enter!();
    let mut kernel = digesting();
    run("ip link add br0 type bridge");
    run("ip link add v0 type veth peer name v1");
    for link in ["br0", "v0", "v1"] {
        run(&format!("ip link set {link} addrgenmode none"));
    }
    run("ip link set v0 master br0 up");
    run("ip link set br0 up");
    let state = || run("bridge -j link show dev v0");
    comes(&|| state().contains("\"disabled\""));
    let before = digest(&mut kernel);
    run("ip link set v1 up");
    comes(&|| state().contains("\"forwarding\""));
    let during = digest(&mut kernel);
    assert_ne!(during, before, "v1 is up");
    std::thread::sleep(std::time::Duration::from_millis(1100));
    assert_eq!(digest(&mut kernel), during, "timers");
    run("ip link set v1 down");
    comes(&|| state().contains("\"disabled\""));
    assert_eq!(digest(&mut kernel), before);
}

/// Waits until the kernel shows it: changes of carrier wait in a queue for up to a second.
fn comes(done: &dyn Fn() -> bool) {
    for _ in 0..500 {
        if done() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    panic!("the kernel does not come to it within 10 s");
}

#[test]
fn a_snapshot_gives_the_number_that_the_digest_gives() {
    let _room = netns::enter!(Veth, Bridge);
    run("ip link add name br0 type bridge");
    run("ip link add name port0 type veth peer name peer0");
    run("ip link set port0 master br0");
    run("ip addr add 192.0.2.1/24 dev br0");
    let mut kernel = digesting();
    let before = digest(&mut kernel);
    assert_eq!(open().digest(&Query::ALL).expect("a room can be read"), Some(before));
}

#[test]
fn a_number_is_made_only_where_it_is_asked_for() {
    let _room = netns::enter!();
    assert_eq!(once(&mut open()), None);
}

/// The dumps are asked for before it is known which are needed; what `Host::snapshot` reads is the second witness.
#[test]
fn what_is_read_ahead_is_what_is_read_at_once() {
    let _room = netns::enter!(Veth, Bridge);
    run("ip link add name br0 type bridge");
    run("ip link add name port0 type veth peer name peer0");
    run("ip link set port0 master br0");
    // The bridge stays down: its timers, which are in a snapshot, stand still then.
    run("ip link set lo up");
    run("ip addr add 192.0.2.1/24 dev lo");
    run("ip route add 198.51.100.0/24 dev lo");
    let mut kernel = digesting();
    let before = digest(&mut kernel);
    for query in [Query::ALL, Query::default()] {
        let mut kernel = digesting();
        kernel.read_ahead().expect("a thread");
        let seen = kernel.snapshot(query.clone()).expect("a room can be read");
        assert_eq!(kernel.last_digest() == Some(before), query == Query::ALL);
        assert_eq!(seen.routes.is_empty(), query != Query::ALL);
        assert_eq!(seen, kernel.snapshot(query).expect("a room can be read"));
    }
}

/// Begun at once, the thread is still at the links, and the rest is read beside it; after a pause it has read all.
#[test]
fn a_digest_of_what_is_read_ahead_is_that_of_a_snapshot() {
    let _room = netns::enter!(Veth);
    for pair in 0..100 {
        run(&format!("ip link add v{pair} type veth peer name w{pair}"));
    }
    run("ip link set lo up");
    run("ip addr add 192.0.2.1/24 dev lo");
    run("ip route add 198.51.100.0/24 dev lo");
    let mut kernel = digesting();
    let before = digest(&mut kernel);
    let links = kernel.snapshot(Query::ALL).expect("a room can be read").links().len();
    for pause in [0, 100] {
        for query in [Query::ALL, Query::default()] {
            let mut kernel = open();
            kernel.read_ahead().expect("a thread");
            std::thread::sleep(std::time::Duration::from_millis(pause));
            let now = kernel.digest(&query).expect("a room can be read");
            assert_eq!(now == Some(before), query == Query::ALL);
            let seen = kernel.snapshot(query).expect("a room can be read");
            assert_eq!(seen.links().len(), links);
        }
    }
}

/// What is read ahead is of that time; the snapshot after it is of its own.
#[test]
fn what_is_read_ahead_is_given_once() {
    let _room = netns::enter!(Veth);
    let mut kernel = open();
    kernel.read_ahead().expect("a thread");
    let first = kernel.snapshot(Query::ALL).expect("a room can be read");
    run("ip link add name port0 type veth peer name peer0");
    let second = kernel.snapshot(Query::ALL).expect("a room can be read");
    assert_eq!(second.links().len(), first.links().len() + 2);
    // Not taken at all.
    kernel.read_ahead().expect("a thread");
    let gone = Op::DeleteLink {
        name: "port0".parse().expect("a name"),
    };
    assert_eq!(kernel.perform(&[gone]), [Ok(())]);
    assert_eq!(kernel.snapshot(Query::ALL).expect("a room can be read"), first);
}
