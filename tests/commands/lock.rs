//! Two runs at a time.

use super::bed::{addresses, call, end, host, start, until_up};
use cleat_netns as netns;
use std::time::{Duration, Instant};

const SLOW: &str = "auto eno1\niface eno1 inet static\n\taddress 192.0.2.2/24\n\tup sleep 2\n\n\
auto eno2\niface eno2 inet static\n\taddress 198.51.100.2/24\n";

#[test]
fn a_second_run_waits_for_the_first() {
    let room = netns::enter!();
    host(&room, &["eno1", "eno2"], SLOW);
    let first = start("ifup eno1");
    until_up("eno1");
    let began = Instant::now();
    let second = call("ifup eno2");
    assert_eq!(second.code, 0, "{second:?}");
    assert!(second.err.starts_with("warning: waiting up to 60 s: "), "{second:?}");
    assert!(began.elapsed() > Duration::from_millis(500), "{:?}", began.elapsed());
    assert_eq!(end(first).code, 0);
    assert_eq!(addresses("eno2"), ["198.51.100.2/24"]);
}

#[test]
fn a_lock_that_stays_busy_is_told_with_its_holder() {
    let room = netns::enter!();
    host(&room, &["eno1", "eno2"], SLOW);
    let first = start("ifup eno1");
    until_up("eno1");
    let second = call("ifup --lock-wait 0.2 eno2");
    assert_eq!(second.code, 89, "{second:?}");
    let holder = format!("is held by pid {} (", first.id());
    assert!(
        second.err.contains(&holder) && second.err.contains("ifup eno1)"),
        "{second:?}"
    );
    assert_eq!(addresses("eno2"), Vec::<String>::new());
    assert_eq!(end(first).code, 0);
}

/// Classic ifupdown allows it, and configurations use it: a hook that calls ifup.
#[test]
fn a_hook_may_bring_up_another_interface() {
    let room = netns::enter!();
    let program = crate::programs::path("ifupdown");
    let text = format!(
        "auto eno1\niface eno1 inet static\n\taddress 192.0.2.2/24\n\tup {program} ifup eno2\n\n\
         iface eno2 inet static\n\taddress 198.51.100.2/24\n"
    );
    host(&room, &["eno1", "eno2"], &text);
    call("ifup eno1").quietly();
    assert_eq!(addresses("eno2"), ["198.51.100.2/24"]);
    assert_eq!(call("ifquery --state").out, "eno1=eno1\neno2=eno2\n");
}
