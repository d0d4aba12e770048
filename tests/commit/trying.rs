//! `try`, `confirm` and what guards them. Second witness: iproute2.

use super::bed::{LIVE, STAGED, commit, config, done, history, host, json, stage, start, text, until};
use super::boot::pairs;
use crate::commands::bed::{addresses, end};
use cleat_netns as netns;
use std::process::{Child, Command, Stdio};

/// Waits until the trial waits for its confirmation, with the new address up.
#[track_caller]
fn on_trial(address: &str) {
    until("the trial waits", || json("status")["trial"]["left"].is_number());
    assert_eq!(addresses("eno1"), [address]);
    assert_eq!(text(LIVE), config(address));
}

/// Everything is as before the trial, and what was tried is staged again.
#[track_caller]
fn is_back(before: &str, tried: &str) {
    until("the address is back", || addresses("eno1") == [before]);
    until("the commit is taken back", || json("status")["pending"].is_null());
    assert_eq!(text(LIVE), config(before));
    until("it is staged again", || {
        super::bed::exists(STAGED) && text(STAGED) == config(tried)
    });
    // What is back came up like what is applied; the guard notes that at its very end.
    let expected = pairs(&[("ifup", "healthy"), ("live", "failed"), ("undo", "healthy")]);
    until("what is back is healthy", || history() == expected);
}

fn setup() {
    stage("198.51.100.2/24");
}

#[test]
fn a_trial_that_nobody_confirms_is_put_back() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    setup();
    let tried = commit("try --timeout 2");
    assert_eq!(tried.code, 1, "{tried:?}");
    assert!(
        tried
            .out
            .starts_with("generation 2 is on trial: press Enter within 2 s"),
        "{tried:?}"
    );
    assert!(
        tried.err.ends_with(
            "cleat-commit: nobody confirmed: the file from before is live again, and the network follows it\n"
        ),
        "{tried:?}"
    );
    is_back("192.0.2.1/24", "198.51.100.2/24");
}

#[test]
fn a_confirmation_from_elsewhere_keeps_it() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    setup();
    let child = start("try --timeout 600");
    on_trial("198.51.100.2/24");
    assert_eq!(done("confirm"), "generation 2 is kept\n");
    let tried = end(child);
    assert_eq!((tried.code, tried.err.as_str()), (0, ""), "{tried:?}");
    assert!(tried.out.ends_with("generation 2 is kept\n"), "{tried:?}");
    assert_eq!(text(LIVE), config("198.51.100.2/24"));
    assert_eq!(history(), pairs(&[("ifup", "healthy"), ("live", "healthy")]));
    let again = commit("confirm");
    assert_eq!(
        (again.code, again.err.as_str()),
        (1, "error: nothing waits to be confirmed [store]\n")
    );
}

/// The record of the trial cannot be written (rename(2) onto a mount point is refused): what the store says holds.
#[test]
fn regress_a_confirmation_that_could_not_be_noted_keeps_it() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    setup();
    let child = start("try --timeout 600");
    on_trial("198.51.100.2/24");
    netns::run("mount --bind /run/cleat/try.json /run/cleat/try.json");
    let confirmed = commit("confirm");
    assert_eq!(
        (confirmed.code, confirmed.out.as_str()),
        (0, "generation 2 is kept\n"),
        "{confirmed:?}"
    );
    assert!(confirmed.err.contains("[trial-unwritable]"), "{confirmed:?}");
    let tried = end(child);
    assert_eq!((tried.code, tried.err.as_str()), (0, ""), "{tried:?}");
    assert!(tried.out.ends_with("generation 2 is kept\n"), "{tried:?}");
    assert_eq!(text(LIVE), config("198.51.100.2/24"));
}

#[test]
fn a_trial_whose_process_is_killed_is_put_back() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    setup();
    let mut child = start("try --timeout 600");
    on_trial("198.51.100.2/24");
    // SIGKILL.
    child.kill().unwrap();
    child.wait().unwrap();
    is_back("192.0.2.1/24", "198.51.100.2/24");
}

/// The disk is read-only when the guard is to put everything back: it goes on trying, since nobody else would.
#[test]
fn regress_a_guard_that_cannot_put_it_back_tries_again() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    setup();
    let mut child = start("try --timeout 600s");
    on_trial("198.51.100.2/24");
    netns::run("mount --bind /etc/network /etc/network");
    netns::run("mount -o remount,bind,ro /etc/network");
    child.kill().unwrap();
    child.wait().unwrap();
    // The guard alone is left; as long as it waits, the commit does.
    std::thread::sleep(std::time::Duration::from_secs(2));
    assert_eq!(text(LIVE), config("198.51.100.2/24"));
    assert!(!json("status")["pending"].is_null());
    netns::run("umount /etc/network");
    is_back("192.0.2.1/24", "198.51.100.2/24");
}

/// The program on a terminal of its own, that of script(1).
fn on_terminal(line: &str) -> Child {
    let line = format!("{} {line}", crate::programs::path("cleat-commit"));
    let mut command = Command::new("script");
    command.args(["-q", "-e", "-c", &line, "/dev/null"]);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.spawn().unwrap()
}

#[test]
fn enter_on_the_terminal_keeps_it() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    setup();
    let mut child = on_terminal("try --timeout 600");
    on_trial("198.51.100.2/24");
    std::io::Write::write_all(child.stdin.as_mut().unwrap(), b"\n").unwrap();
    until("it is confirmed", || json("status")["pending"].is_null());
    child.stdin.take();
    let tried = end(child);
    assert!(tried.out.contains("generation 2 is kept"), "{tried:?}");
    assert_eq!(text(LIVE), config("198.51.100.2/24"));
}

#[test]
fn a_terminal_that_hangs_up_puts_it_back() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    setup();
    let mut child = on_terminal("try --timeout 600");
    on_trial("198.51.100.2/24");
    // The master of the terminal goes with script(1).
    child.kill().unwrap();
    child.wait().unwrap();
    is_back("192.0.2.1/24", "198.51.100.2/24");
}

#[test]
fn while_one_is_on_trial_nothing_else_is_committed_and_it_can_be_undone_at_once() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    setup();
    let child = start("try --timeout 600");
    on_trial("198.51.100.2/24");
    stage("203.0.113.3/24");
    let apply = commit("apply");
    assert_eq!(apply.code, 1, "{apply:?}");
    assert!(
        apply.err.contains("generation 2 waits to be confirmed or undone"),
        "{apply:?}"
    );
    done("revert");
    let second = commit("try");
    assert!(second.err.contains("another trial is under way"), "{second:?}");
    let undone = commit("rollback --now");
    assert_eq!(undone.code, 0, "{undone:?}");
    let tried = end(child);
    assert_eq!(tried.code, 1, "{tried:?}");
    is_back("192.0.2.1/24", "198.51.100.2/24");
}
