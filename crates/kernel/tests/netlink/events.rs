//! What the kernel tells of changes.

use super::*;
use cleat_kernel::{Event, Events};
use cleat_netns as netns;
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(10);

/// Waits for an event that is wanted; others may come before it.
#[track_caller]
fn wait(events: &mut Events, wanted: impl Fn(&Event) -> bool) -> Event {
    let deadline = Instant::now() + LIMIT;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match events.next(Some(left)).expect("the stream goes on") {
            Some(event) if wanted(&event) => return event,
            Some(_) => {}
            None => panic!("no such event within {LIMIT:?}"),
        }
    }
}

#[test]
fn links_addresses_and_routes_are_told_of_as_they_come_and_go() {
    let _room = netns::enter!(Veth);
    let mut events = Events::open().expect("a room has rtnetlink");
    assert_eq!(events.next(Some(Duration::from_millis(20))), Ok(None));
    netns::run("ip link add nic0 type veth peer name nic1");
    let nic0 = Some(name("nic0"));
    let came = wait(
        &mut events,
        |event| matches!(event, Event::Link { name, .. } if *name == nic0),
    );
    let Event::Link { index, flags, .. } = came else {
        panic!("{came:?}")
    };
    assert_eq!(ip_link("nic0")["ifindex"], index);
    assert_eq!(flags & 1, 0);
    netns::run("ip link set dev nic1 up");
    netns::run("ip link set dev nic0 up");
    wait(
        &mut events,
        |event| matches!(event, Event::Link { index: at, flags, .. } if *at == index && flags & 1 == 1),
    );
    netns::run("ip addr add 192.0.2.1/24 dev nic0");
    wait(&mut events, |event| *event == Event::Address { index });
    netns::run("ip route add 198.51.100.0/24 dev nic0");
    wait(&mut events, |event| *event == Event::Route { index });
    netns::run("ip link del dev nic0");
    let gone = Event::LinkGone { index, name: nic0 };
    wait(&mut events, |event| *event == gone);
}

#[test]
fn a_port_that_leaves_its_bridge_is_not_told_of_as_gone() {
    let _room = netns::enter!(Veth, Bridge);
    netns::run("ip link add br0 type bridge");
    netns::run("ip link add nic0 type veth peer name nic1");
    netns::run("ip link set dev nic0 master br0");
    let mut events = Events::open().expect("a room has rtnetlink");
    netns::run("ip link set dev nic0 nomaster");
    netns::run("ip link set dev nic0 alias last");
    let mut seen = 0;
    while let Some(event) = events
        .next(Some(Duration::from_millis(300)))
        .expect("the stream goes on")
    {
        assert!(!matches!(event, Event::LinkGone { .. }), "{event:?}");
        seen += 1;
    }
    assert!(seen >= 2, "the port and its alias");
}
