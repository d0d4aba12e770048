//! A run that is killed half-way.

use super::bed::{addresses, call, exists, host, start, write_interfaces};
use cleat_netns as netns;
use std::time::{Duration, Instant};

const ONE: &str = "auto eno1\niface eno1 inet manual\n";
const BRIDGE: &str =
    "\nauto vmbr0\niface vmbr0 inet static\n\taddress 10.0.0.2/24\n\tbridge-ports none\n\tbridge-fd 0\n";

/// The state was never written, only the journal: what the dead run made is known as ours all the same, and goes when
/// nobody declares it any longer.
#[test]
fn what_a_killed_run_made_is_taken_over() {
    let room = netns::enter!();
    host(&room, &["eno1"], &format!("{ONE}{BRIDGE}\tup sleep 3\n"));
    let mut up = start("ifup -a");
    let end = Instant::now() + Duration::from_secs(10);
    while !exists("vmbr0") || addresses("vmbr0").is_empty() {
        assert!(Instant::now() < end, "vmbr0 did not come up");
        std::thread::sleep(Duration::from_millis(20));
    }
    up.kill().unwrap();
    up.wait().unwrap();
    assert_eq!(call("ifquery --state").out, "");
    write_interfaces(ONE);
    let reload = call("ifreload -a");
    assert_eq!(reload.code, 0, "{reload:?}");
    assert!(
        reload.err.contains("warning: a run before did not come to its end: "),
        "{reload:?}"
    );
    assert!(!exists("vmbr0"));
    call("ifreload -a").quietly();
}
