//! A change that is taken back leaves the kernel as it was before, with what others had made; what it cannot give back is
//! named. Second witness: iproute2, before and after.

use super::bed::{LIVE, commit, config, done, host, json, notices, start, text, until};
use cleat_netns::{self as netns, run};
use std::process::Child;

const ADDRESS: &str = "192.0.2.1/24";
/// The host's address moves to another subnet, on a bridge: what others had by the old one has no place meanwhile.
const BRIDGE: &str = "auto lo\niface lo inet loopback\n\nauto eno1\niface eno1 inet manual\n\n\
    auto vmbr0\niface vmbr0 inet static\n\taddress 198.51.100.2/24\n\tbridge-ports eno1\n\tbridge-fd 0\n";

fn stage(config: &str) {
    std::fs::write("/run/next", config).unwrap();
    done("stage /run/next");
}

/// What others have on the host, in the words of iproute2.
fn others() {
    run("ip route add 203.0.113.0/24 via 192.0.2.9 dev eno1 proto static");
    run("ip route add 203.0.113.128/25 via 192.0.2.10 dev eno1 metric 77");
    run("ip neigh add 192.0.2.77 lladdr 02:00:00:00:00:77 dev eno1 nud permanent");
    run("ip address add 192.0.2.200/32 dev eno1");
}

fn shown() -> String {
    let script = "ip -4 -o address show dev eno1 | sed 's/valid_lft.*//'; ip -4 route; ip neigh show nud permanent; \
        ip -br link | sed 's/UP.*//; s/UNKNOWN.*//; s/DOWN.*//'";
    let output = std::process::Command::new("sh").args(["-c", script]).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Starts a trial of this file, and waits until it is live.
fn trial(config: &str) -> Child {
    stage(config);
    let child = start("try --timeout 600");
    until("the trial waits", || json("status")["trial"]["left"].is_number());
    assert_eq!(text(LIVE), config);
    child
}

/// Waits until the trial is taken back whole.
#[track_caller]
fn ends() {
    until("the commit is taken back", || json("status")["pending"].is_null());
    until("the trial is decided", || json("status")["trial"].is_null());
}

#[test]
fn what_others_had_is_back_when_the_guard_takes_a_trial_back() {
    let room = netns::enter!(Veth, Bridge);
    host(&room, ADDRESS);
    others();
    let before = shown();
    let mut child = trial(BRIDGE);
    assert_ne!(shown(), before);
    child.kill().unwrap();
    child.wait().unwrap();
    ends();
    assert_eq!(shown(), before);
    assert_eq!(json("status")["failed"]["left"], serde_json::json!([]));
    assert!(!std::path::Path::new("/run/cleat/try.before").exists());
}

/// A guest that stops, and an address that somebody adds, while the trial is live: neither is undone.
#[test]
fn what_others_changed_during_a_trial_stays_as_they_left_it() {
    let room = netns::enter!(Veth, Bridge);
    host(&room, ADDRESS);
    others();
    run("ip link add tap1 type veth peer name tap1-guest");
    run("ip link set tap1-guest up");
    run("ip route add 203.0.113.0/26 dev tap1-guest metric 9");
    let mut child = trial(BRIDGE);
    run("ip link del tap1");
    run("ip address add 192.0.2.222/32 dev lo");
    child.kill().unwrap();
    child.wait().unwrap();
    ends();
    let now = shown();
    assert!(!now.contains("tap1"), "{now}");
    assert!(now.contains("203.0.113.0/24 via 192.0.2.9 dev eno1"), "{now}");
    assert!(
        netns::ip_json(&["address", "show", "dev", "lo"])
            .to_string()
            .contains("192.0.2.222")
    );
}

/// A bridge that the trial took away is another one when it is back: what nobody reads of a link is not on it.
#[test]
fn what_a_trial_cannot_give_back_is_said_by_status() {
    let room = netns::enter!(Veth, Bridge);
    host(&room, ADDRESS);
    stage(BRIDGE);
    done("apply");
    let mut child = trial(&config(ADDRESS));
    child.kill().unwrap();
    child.wait().unwrap();
    ends();
    let left = serde_json::json!(["rebuilt on the way back: vmbr0"]);
    assert_eq!(json("status")["failed"]["left"], left);
    let told = "generation 3 was taken back: the one who tried it is gone; rebuilt on the way back: vmbr0";
    assert!(notices().iter().any(|notice| notice == told), "{:?}", notices());
    assert!(commit("status").out.contains(told));
    // The next change that stands has nothing to do with it.
    stage(&config(ADDRESS));
    done("apply");
    assert!(json("status")["failed"].is_null());
}

#[test]
fn what_others_had_is_back_after_a_rollback_from_another_login_and_without_a_guard() {
    let room = netns::enter!(Veth, Bridge);
    host(&room, ADDRESS);
    others();
    let before = shown();
    let child = trial(BRIDGE);
    assert_ne!(shown(), before);
    let back = commit("rollback --now");
    assert_eq!(back.code, 0, "{back:?}");
    let ended = crate::commands::bed::end(child);
    assert_eq!(ended.code, 1, "{ended:?}");
    ends();
    assert_eq!(shown(), before);
}
