//! Runs that are killed at each of their messages to the kernel, and the next ones in turn, and messages that fail.
//!
//! strace(1) kills them: before the message is sent. Second witness: iproute2, which shows what the next run leaves.
//! A run takes a part of the points; `CLEAT_FAULTS=all` takes all.

use super::bed::{assert_same_network, call, host, network, write_interfaces};
use cleat_netns::{self as netns, run};
use std::process::{Command, Stdio};

const OLD: &str = "auto lo\niface lo inet loopback\n\nauto eno1\niface eno1 inet manual\n\nauto eno2\niface eno2 inet manual\n\n\
    auto vmbr0\niface vmbr0 inet static\n\taddress 10.0.0.1/24\n\taddress 10.7.0.1/24\n\tgateway 10.0.0.254\n\
    \tbridge-ports eno1 eno2\n\tbridge-fd 0\n\n\
    auto vx5\niface vx5\n\tvxlan-id 5\n\tvxlan-remoteip 10.0.0.5\n\tvxlan-remoteip 10.0.0.6\n";
/// Something of each kind goes, comes and moves.
const NEW: &str = "auto lo\niface lo inet loopback\n\nauto eno1\niface eno1 inet manual\n\nauto eno2\niface eno2 inet manual\n\n\
    auto vmbr0\niface vmbr0 inet static\n\taddress 10.0.0.2/24\n\tgateway 10.0.0.253\n\
    \tbridge-ports eno1 vx6\n\tbridge-fd 0\n\tbridge-ageing 100\n\n\
    auto vx6\niface vx6\n\tvxlan-id 6\n\tvxlan-remoteip 10.0.0.7\n\n\
    auto mv1\niface mv1\n\tmacvlan-raw-device vmbr0\n\taddress 10.9.0.1/24\n";

/// Whether every point is to be tried.
pub fn is_whole() -> bool {
    std::env::var("CLEAT_FAULTS").is_ok_and(|which| which == "all")
}

/// `ifreload -a` with a fault at its `when`th call of that kind: a signal or an error. Answers whether it got that far.
fn reload_with(call: &str, fault: &str, when: u32) -> bool {
    let reload = [&crate::programs::path("ifupdown"), "ifreload", "-a"];
    with_fault(&reload, call, fault, when)
}

/// The command of these words with such a fault.
pub fn with_fault(words: &[&str], call: &str, fault: &str, when: u32) -> bool {
    let trace = "/run/trace";
    let mut strace = Command::new("strace");
    strace.args(["-f", "-o", trace, "-e", &format!("trace={call}"), "-e"]);
    strace.arg(format!("inject={call}:{fault}:when={when}")).args(words);
    let status = strace
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.expect("strace is installed");
    let text = std::fs::read_to_string(trace).unwrap();
    text.contains("killed by SIGKILL") || text.contains("(INJECTED)")
}

/// The network as a host that was never disturbed has it with that file; without the numbers that links have.
pub fn shown() -> Vec<serde_json::Value> {
    fn strip(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Array(list) => {
                list.iter_mut().for_each(strip);
                // Which of two subnets was there first is of no matter; `secondary` shows it within one.
                list.sort_by_key(ToString::to_string);
            }
            serde_json::Value::Object(fields) => {
                let moves = [
                    "ifindex",
                    "link_index",
                    "linkmode",
                    "age",
                    "address",
                    "root_id",
                    "bridge_id",
                    "gc_timer",
                ];
                fields.retain(|key, _| !moves.contains(&key.as_str()));
                fields.values_mut().for_each(strip);
            }
            _ => {}
        }
    }
    let mut all = network();
    all.push(netns::ip_json(&["route", "show", "table", "all"]));
    all.iter_mut().for_each(strip);
    all
}

/// The clean run after it says and does what it would have done on a host that was never disturbed, and so does the way
/// back: nothing is forgotten, and nothing is taken for somebody else's.
#[track_caller]
fn settles(before: &[serde_json::Value], after: &[serde_json::Value], when: &str) {
    for (file, expected) in [(NEW, after), (OLD, before)] {
        write_interfaces(file);
        let reload = call("ifreload -a");
        assert_eq!(reload.code, 0, "{when}: {reload:?}");
        assert!(!reload.err.contains("error: "), "{when}: {reload:?}");
        assert_eq!(call("ifreload -n -a").out, "nothing to do\n", "{when}");
        eprintln!("{when}");
        assert_same_network(&shown(), expected);
    }
}

fn set_up(room: &netns::Room) -> (Vec<serde_json::Value>, Vec<serde_json::Value>) {
    // The kernel's own addresses come when they come.
    for of in ["all", "default"] {
        std::fs::write(format!("/proc/sys/net/ipv6/conf/{of}/disable_ipv6"), "1").unwrap();
    }
    host(room, &["eno1", "eno2"], OLD);
    call("ifup -a").quietly();
    let before = shown();
    write_interfaces(NEW);
    call("ifreload -a").quietly();
    let after = shown();
    write_interfaces(OLD);
    call("ifreload -a").quietly();
    assert_same_network(&shown(), &before);
    (before, after)
}

#[test]
fn a_reload_that_is_killed_at_any_message_forgets_nothing() {
    let room = netns::enter!(Veth, Bridge, Vxlan);
    let (before, after) = set_up(&room);
    for when in 1.. {
        write_interfaces(NEW);
        if !reload_with("sendto", "signal=SIGKILL", when) {
            break;
        }
        settles(&before, &after, &format!("killed at message {when}"));
    }
}

/// The recovery is killed, too: what the first run made is known to the third one.
#[test]
fn a_second_kill_in_the_recovery_forgets_nothing() {
    let room = netns::enter!(Veth, Bridge, Vxlan);
    let (before, after) = set_up(&room);
    let step = if is_whole() { 1 } else { 5 };
    let mut first = 3;
    loop {
        let mut again = true;
        for second in (1..).step_by(step) {
            write_interfaces(NEW);
            again = reload_with("sendto", "signal=SIGKILL", first);
            // Back to the old file, as somebody does who sees that the new one hangs.
            write_interfaces(OLD);
            let was_killed = reload_with("sendto", "signal=SIGKILL", second);
            settles(&before, &after, &format!("killed at message {first}, then at {second}"));
            if !again || !was_killed {
                break;
            }
        }
        if !again {
            break;
        }
        first += step as u32;
    }
}

/// Killed as it writes, links and renames: the journal, the state, and what lies between.
#[test]
fn a_reload_that_is_killed_at_any_change_of_its_records_forgets_nothing() {
    let room = netns::enter!(Veth, Bridge, Vxlan);
    let (before, after) = set_up(&room);
    for kind in ["rename", "unlink", "write"] {
        for when in (1..).step_by(if is_whole() || kind != "write" { 1 } else { 3 }) {
            write_interfaces(NEW);
            if !reload_with(kind, "signal=SIGKILL", when) {
                break;
            }
            settles(&before, &after, &format!("killed at {kind} {when}"));
        }
    }
}

/// The way to the kernel fails: nothing is lost, and the host is as before or as wanted.
#[test]
fn an_error_at_any_message_or_answer_of_a_reload_loses_nothing() {
    let room = netns::enter!(Veth, Bridge, Vxlan);
    let (before, after) = set_up(&room);
    let step = if is_whole() { 1 } else { 7 };
    let mut offset = 0;
    for kind in ["sendto", "recvfrom"] {
        for errno in ["ENOBUFS", "ENOMEM", "EAGAIN", "EINTR"] {
            offset += 1;
            for when in (1 + offset % step as u32..).step_by(step) {
                write_interfaces(NEW);
                if !reload_with(kind, &format!("error={errno}"), when) {
                    break;
                }
                settles(&before, &after, &format!("{errno} at {kind} {when}"));
            }
        }
    }
}

/// What others have by a bridge that gives way to its NIC: no file names it, and only the killed run knew of it.
#[test]
fn regress_what_others_had_is_given_back_after_a_kill_at_any_message() {
    let room = netns::enter!(Veth, Bridge);
    const ON_BRIDGE: &str = "auto eno1\niface eno1 inet manual\n\nauto vmbr0\niface vmbr0 inet static\n\taddress 10.0.0.1/24\n\
        \tbridge-ports eno1\n\tbridge-fd 0\n";
    const ON_NIC: &str = "auto eno1\niface eno1 inet static\n\taddress 10.0.0.1/24\n";
    for of in ["all", "default"] {
        std::fs::write(format!("/proc/sys/net/ipv6/conf/{of}/disable_ipv6"), "1").unwrap();
    }
    host(&room, &["eno1"], ON_BRIDGE);
    call("ifup -a").quietly();
    run("ip route add 203.0.113.0/24 via 10.0.0.9 dev vmbr0 proto static");
    run("ip route add 203.0.113.0/24 via 10.0.0.10 dev vmbr0 metric 50");
    run("ip address add 10.0.0.77/32 dev vmbr0");
    let routes = |dev: &str| {
        let all = netns::ip_json(&["-4", "route", "show"]);
        let all = all
            .as_array()
            .unwrap()
            .iter()
            .filter(|route| route["dst"] == "203.0.113.0/24");
        let mut all: Vec<String> = all
            .map(|route| format!("{} {}", route["gateway"], route["dev"]))
            .collect();
        all.sort();
        assert_eq!(
            all,
            [format!("\"10.0.0.10\" \"{dev}\""), format!("\"10.0.0.9\" \"{dev}\"")]
        );
    };
    routes("vmbr0");
    let mut kills = 0;
    for (dev, file) in [("eno1", ON_NIC), ("vmbr0", ON_BRIDGE)] {
        for when in 1.. {
            write_interfaces(ON_BRIDGE);
            call("ifreload -a");
            routes("vmbr0");
            write_interfaces(ON_NIC);
            if !reload_with("sendto", "signal=SIGKILL", when) {
                break;
            }
            kills += 1;
            eprintln!("killed at message {when}, then {dev}");
            write_interfaces(file);
            // The recovery is killed, too, now and then: what is owed is still known to the next one.
            if when % 3 == 0 {
                reload_with("sendto", "signal=SIGKILL", 1 + when / 3);
            }
            let reload = call("ifreload -a");
            assert_eq!(reload.code, 0, "{reload:?}");
            routes(dev);
            assert_eq!(call("ifreload -n -a").out, "nothing to do\n");
        }
    }
    assert!(kills > 8, "{kills}");
}

/// The files that were to take the place of others: their writers are dead.
#[test]
fn what_killed_runs_left_of_files_is_swept_by_the_next_run() {
    let room = netns::enter!(Veth);
    host(&room, &["eno1"], "auto eno1\niface eno1\n\taddress 10.0.0.1/24\n");
    let places = ["/etc/network", "/etc/cleat/commit", "/var/lib/cleat", "/run/cleat"];
    // This process is one of ours that is still writing; no process has a number above the kernel's highest (2^22).
    let living = format!(".cleat-{}-0", std::process::id());
    let fill = || {
        for place in places {
            std::fs::create_dir_all(place).unwrap();
            for name in [".cleat-4194305-0", ".cleat-4194306-12", &living] {
                std::fs::write(format!("{place}/{name}"), "").unwrap();
            }
        }
    };
    let left = || {
        let in_place = |place: &&str| -> Vec<String> {
            let names = std::fs::read_dir(place).unwrap();
            let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
            names.filter(|name| name.starts_with(".cleat-")).collect()
        };
        places.iter().flat_map(in_place).collect::<Vec<_>>()
    };
    let only_living = [living.as_str(); 4];
    fill();
    call("ifup -n -a");
    assert_eq!(left().len(), 12, "a run that does nothing holds no lock");
    for line in ["ifup -a", "ifreload -a", "ifdown -a"] {
        fill();
        call(line);
        assert_eq!(left(), only_living, "{line}");
    }
    fill();
    crate::commit::bed::stage("10.0.0.9/24");
    assert_eq!(left(), only_living, "cleat-commit stage");
}
