//! Runs that get SIGINT or SIGTERM: they end in order, and say what the host has then.

use super::bed::{
    addresses, assert_same_network, call, called, end, exists, host, network, start, until, write_interfaces,
};
use cleat_netns as netns;
use std::os::unix::process::ExitStatusExt;

const OLD: &str = "auto eno1\niface eno1\n\taddress 10.0.0.1/24\n\tgateway 10.0.0.254\n";
/// The hook comes last, and hangs until somebody ends it.
const NEW: &str =
    "auto eno1\niface eno1\n\taddress 10.0.0.2/24\n\tgateway 10.0.0.253\n\tup touch /run/hangs; sleep 300\n";

fn kill(signal: &str, pid: u32) {
    netns::run(&format!("kill -{signal} {pid}"));
}

fn hangs() -> bool {
    std::path::Path::new("/run/hangs").exists()
}

/// Processes of this room that sleep for 300 s.
fn sleepers() -> usize {
    let found = std::process::Command::new("sh").args(["-c", "ls -l /proc/*/ns/net 2>/dev/null | grep -F \"$(readlink /proc/self/ns/net)\" | sed -E 's!.*/proc/([0-9]+)/.*!\\1!' | while read p; do tr '\\0' ' ' < /proc/$p/cmdline; echo; done | grep -c '^sleep 300'"]).output().unwrap();
    String::from_utf8_lossy(&found.stdout).trim().parse().unwrap()
}

#[test]
fn a_reload_that_is_interrupted_is_undone_and_its_hooks_are_ended() {
    let room = netns::enter!(Veth);
    host(&room, &["eno1"], OLD);
    call("ifup -a").quietly();
    let before = network();
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        write_interfaces(NEW);
        let _ = std::fs::remove_file("/run/hangs");
        let reload = start("ifreload -a -v");
        until("the hook hangs", hangs);
        assert_eq!(addresses("eno1"), ["10.0.0.2/24"]);
        kill(signal, reload.id());
        let reload = end(reload);
        assert_eq!(reload.code, code, "{reload:?}");
        let told = format!("error: interrupted by SIG{signal}: what was begun is undone [interrupted]\n");
        assert!(reload.err.contains(&told), "{reload:?}");
        assert!(
            reload
                .err
                .contains("warning: eno1: up command failed: ended, as the run was interrupted: `touch ...`"),
            "{reload:?}"
        );
        assert!(
            reload
                .err
                .contains("info: everything was put back: the host is as it was before [put-back]\n"),
            "{reload:?}"
        );
        assert_same_network(&network(), &before);
        until("the hook is gone", || sleepers() == 0);
        // The record is that of the host.
        write_interfaces(OLD);
        assert_eq!(call("ifreload -n -a").out, "nothing to do\n");
        assert_eq!(crate::commit::bed::notices(), [""; 0]);
    }
}

/// Whoever asks twice does not want to wait, and the next run takes over what was made.
#[test]
fn a_second_signal_ends_a_run_at_once_and_the_next_one_takes_over() {
    let room = netns::enter!(Veth);
    host(&room, &["eno1"], OLD);
    call("ifup -a").quietly();
    let before = network();
    // Its hook does not go when it is asked to, which leaves 2 s for the second signal.
    write_interfaces(
        &NEW.replace("touch", "trap '' TERM; touch")
            .replace("sleep 300", "while :; do sleep 0.1; done"),
    );
    let mut reload = start("ifreload -a");
    until("the hook hangs", hangs);
    kill("INT", reload.id());
    std::thread::sleep(std::time::Duration::from_millis(300));
    kill("INT", reload.id());
    let status = reload.wait().unwrap();
    assert_eq!(status.signal(), Some(2));
    write_interfaces(OLD);
    let again = call("ifreload -a");
    assert_eq!(again.code, 0, "{again:?}");
    assert!(
        again.err.contains("warning: a run before did not come to its end: "),
        "{again:?}"
    );
    assert_same_network(&network(), &before);
    assert_eq!(call("ifreload -n -a").out, "nothing to do\n");
}

/// What is up at boot stays up; what was not begun is left out, and known to be so.
#[test]
fn an_ifup_that_is_stopped_ends_after_the_steps_under_way() {
    let room = netns::enter!(Veth, Bridge);
    let second = "\nauto vmbr1\niface vmbr1\n\tbridge-ports none\n\tup touch /run/second\n";
    host(&room, &["eno1"], &format!("{NEW}{second}"));
    let up = start("ifup -a");
    until("the hook hangs", hangs);
    kill("TERM", up.id());
    let up = called(up.wait_with_output().unwrap());
    assert_eq!(up.code, 143, "{up:?}");
    assert!(
        up.err
            .contains("error: interrupted by SIGTERM: what was not begun is left out [interrupted]\n"),
        "{up:?}"
    );
    assert_eq!(addresses("eno1"), ["10.0.0.2/24"]);
    assert!(!std::path::Path::new("/run/second").exists());
    assert_eq!(crate::commit::bed::notices(), [""; 0]);
    write_interfaces("auto eno1\niface eno1\n");
    call("ifreload -a");
    assert!(!exists("vmbr1") && addresses("eno1").is_empty());
}
