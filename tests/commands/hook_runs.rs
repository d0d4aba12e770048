//! Hooks that hang, call for themselves, or lose the run that called them.

use super::bed::{addresses, call, call_with, end, host, is_up, start, until};
use crate::programs::path;
use cleat_netns as netns;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

fn script(phase: &str, name: &str, text: &str) {
    let directory = format!("/etc/network/if-{phase}.d");
    std::fs::create_dir_all(&directory).unwrap();
    let path = format!("{directory}/{name}");
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// The processes that run with these words, as /proc has them.
fn running(words: &str) -> Vec<String> {
    let pids = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = pids.filter_map(|pid| std::fs::read(pid.path().join("cmdline")).ok());
    let lines = lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
    lines.filter(|line| line.trim_end() == words).collect()
}

/// A bridge waits for the scripts of its ports: seven interfaces would take seven limits.
#[test]
fn a_script_that_hung_once_does_not_run_for_the_next_interface() {
    let room = netns::enter!();
    let text = "auto eno1\niface eno1 inet manual\n\nauto eno2\niface eno2 inet manual\n\n\
        auto vmbr0\niface vmbr0 inet static\n\taddress 192.0.2.2/24\n\tbridge-ports eno1 eno2\n\tpre-up sleep 30\n";
    host(&room, &["eno1", "eno2"], text);
    script("pre-up", "hang", "#!/bin/sh\nsleep 31\n");
    script("pre-up", "well", "#!/bin/sh\necho $IFACE >> /run/ran\n");
    let up = call_with("ifup -a", &[("CLEAT_HOOK_LIMIT", "0.5")]);
    assert_eq!(up.code, 0, "{up:?}");
    assert_eq!(
        up.err,
        "warning: eno1: pre-up script failed: still running after 0.5 s, killed: `/etc/network/if-pre-up.d/hang` [hook-failed]\n\
         warning: vmbr0: pre-up command failed: still running after 0.5 s, killed: `sleep ...` \
         (/etc/network/interfaces:11:9) [hook-failed]\n\
         warning: /etc/network/if-pre-up.d/hang ran over its time before in this run, and did not run for eno2, vmbr0 \
         [hook-passed-over]\n"
    );
    assert_eq!(std::fs::read_to_string("/run/ran").unwrap(), "eno1\neno2\nvmbr0\n");
    assert_eq!(addresses("vmbr0"), ["192.0.2.2/24"]);
}

/// Witness: ifupdown 0.8.41, `up ifup eno1` in its own stanza: "ifup: recursion detected for interface eno1 in up phase".
#[test]
fn a_hook_that_calls_for_its_own_interface_is_told_so_at_once() {
    let room = netns::enter!();
    for line in [
        "ifup --force eno1",
        "ifdown eno1",
        "ifreload -a",
        "ifup -a",
        "ifreload -a & wait",
    ] {
        let program = path("ifupdown");
        let text = format!("auto eno1\niface eno1 inet static\n\taddress 192.0.2.2/24\n\tup {program} {line}\n");
        if line == "ifup --force eno1" {
            host(&room, &["eno1"], &text);
        }
        super::bed::write_interfaces(&text);
        let began = Instant::now();
        let up = call("ifup -a --force");
        assert_eq!(up.code, 0, "{up:?}");
        let verb = line.split(' ').next().unwrap();
        let told = format!("`{verb}` for eno1 is called by a hook of eno1 itself: nothing is done [hook-recursion]");
        assert!(up.err.contains(&told), "{line}: {up:?}");
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "{line}: {:?}",
            began.elapsed()
        );
        assert_eq!(addresses("eno1"), ["192.0.2.2/24"]);
    }
}

/// The hook of a hook: the lock is held by the outermost run all the time.
#[test]
fn hooks_may_call_for_one_another_to_any_depth_but_not_in_a_ring() {
    let room = netns::enter!();
    let program = path("ifupdown");
    let stanza = |name: &str, next: &str| {
        format!("iface {name} inet manual\n\tup {program} ifup {next}\n\tup echo end of {name} >> /run/ran\n\n")
    };
    let text = stanza("eno1", "eno2") + &stanza("eno2", "eno3") + &stanza("eno3", "eno1");
    host(&room, &["eno1", "eno2", "eno3"], &text);
    let up = call("ifup eno1");
    assert_eq!(up.code, 0, "{up:?}");
    assert!(
        up.err.contains("`ifup` for eno1 is called by a hook of eno1 itself"),
        "{up:?}"
    );
    assert_eq!(
        std::fs::read_to_string("/run/ran").unwrap(),
        "end of eno3\nend of eno2\nend of eno1\n"
    );
    assert_eq!(call("ifquery --state").out, "eno1=eno1\neno2=eno2\neno3=eno3\n");
}

/// The inner run gives its hooks process groups of their own.
#[test]
fn a_hook_that_is_killed_at_its_limit_takes_the_runs_with_it_that_it_called() {
    let room = netns::enter!();
    let program = path("ifupdown");
    let text = format!(
        "iface eno1 inet manual\n\tup CLEAT_HOOK_LIMIT=600 {program} ifup eno2\n\n\
         iface eno2 inet manual\n\tup sleep 4321; true\n"
    );
    host(&room, &["eno1", "eno2"], &text);
    let up = call_with("ifup eno1", &[("CLEAT_HOOK_LIMIT", "1")]);
    assert_eq!(up.code, 0, "{up:?}");
    assert!(up.err.contains("still running after 1 s, killed"), "{up:?}");
    until("nothing of it is left", || running("sleep 4321").is_empty());
    // The lock is free, too.
    let next = call("ifreload -a --lock-wait 0");
    assert_eq!(next.code, 0, "{next:?}");
}

#[test]
fn a_hook_ends_with_a_run_that_is_killed_and_its_daemons_do_not() {
    let room = netns::enter!();
    let text = "auto eno1\niface eno1 inet manual\n\tpre-up sleep 17.25 &\n\tup sleep 6543 & sleep 5432; true\n";
    host(&room, &["eno1"], text);
    let mut run = start("ifup -a");
    until("the hook runs", || !running("sleep 5432").is_empty());
    run.kill().unwrap();
    assert_eq!(end(run).code, -1);
    until("the hook has ended with what it waits for", || {
        running("sleep 5432").is_empty()
    });
    until("and with what it has started", || running("sleep 6543").is_empty());
    assert_eq!(running("sleep 17.25").len(), 1, "the daemon goes on");
    assert!(is_up("eno1"));
}
