//! A run that is killed half-way, or loses its terminal.

use super::bed::{call, end, exists, host, is_up, start, until_up, write_interfaces};
use cleat_netns as netns;

const ONE: &str = "auto eno1\niface eno1 inet manual\n";
const BRIDGE: &str =
    "\nauto vmbr0\niface vmbr0 inet static\n\taddress 10.0.0.2/24\n\tbridge-ports none\n\tbridge-fd 0\n";

/// The state was never written, only the journal: what the dead run made is known as ours all the same, and goes when
/// nobody declares it any longer.
#[test]
fn what_a_killed_run_made_is_taken_over() {
    let room = netns::enter!();
    host(&room, &["eno1"], &format!("{ONE}{BRIDGE}\tup exec sleep 100\n"));
    let mut up = start("ifup -a");
    until_up("vmbr0");
    up.kill().unwrap();
    up.wait().unwrap();
    assert_eq!(call("ifquery --state").out, "");
    let told = crate::commit::bed::notices();
    assert!(
        told[0].starts_with("a run is under way or was killed: ")
            && told[0].ends_with("the next run takes over what it made"),
        "{told:?}"
    );
    write_interfaces(ONE);
    let reload = call("ifreload -a");
    assert_eq!(reload.code, 0, "{reload:?}");
    assert!(
        reload.err.contains("warning: a run before did not come to its end: "),
        "{reload:?}"
    );
    assert!(!exists("vmbr0"));
    assert_eq!(crate::commit::bed::notices(), [""; 0]);
    call("ifreload -a").quietly();
}

/// Over SSH the reload may cut the line that it was called on; the hooks' own programs still hear a hang-up.
#[test]
fn a_hang_up_does_not_end_a_run() {
    let room = netns::enter!();
    let hook = "\tup sleep 1; kill -HUP $$; echo survived\n";
    let second = "\nauto vmbr1\niface vmbr1\n\tbridge-ports none\n";
    host(&room, &["eno1"], &format!("{ONE}{BRIDGE}{hook}{second}"));
    let up = start("ifup -a");
    until_up("vmbr0");
    cleat_netns::run(&format!("kill -HUP {}", up.id()));
    let up = end(up);
    assert_eq!(up.code, 0, "{up:?}");
    assert!(
        up.err.contains("warning: vmbr0: up command failed: killed by SIGHUP"),
        "{up:?}"
    );
    assert!(is_up("vmbr1"));
}
