//! What `try` meets on a bad day: it comes back all the same. Second witness: iproute2, flock(1), tmpfs(5), strace(1).

use super::bed::{LIVE, STAGED, command, config, done, exists, host, json, stage, start, text, until};
use crate::commands::bed::addresses;
use cleat_netns as netns;
use std::process::{Child, Command, Stdio};

const OLD: &str = "192.0.2.1/24";
const NEW: &str = "198.51.100.2/24";

#[track_caller]
fn on_trial() {
    until("the trial waits", || json("status")["trial"]["left"].is_number());
    assert_eq!(addresses("eno1"), [NEW]);
}

/// Kernel, file and record are as before.
#[track_caller]
fn is_back() {
    until("the address is back", || addresses("eno1") == [OLD]);
    until("the file is back", || text(LIVE) == config(OLD));
    until("nothing waits", || json("status")["pending"].is_null());
}

/// The guards of this network namespace.
fn guards() -> Vec<u32> {
    let ours = std::fs::read_link("/proc/thread-self/ns/net").unwrap();
    let pids = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let is_guard = |pid: &u32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let here = std::fs::read_link(format!("/proc/{pid}/ns/net")).is_ok_and(|theirs| theirs == ours);
        here && line.split(|byte| *byte == 0).any(|word| word == b"guard-try")
    };
    pids.filter(is_guard).collect()
}

/// Holds the lock of a file for so many seconds.
fn flock(path: &str, seconds: u32) -> Child {
    Command::new("flock")
        .args([path, "sleep", &seconds.to_string()])
        .spawn()
        .unwrap()
}

fn lock_of_runs() -> String {
    let own = crate::commands::state::directory().join("lock");
    match own.exists() {
        true => own.display().to_string(),
        false => "/run/network/.lock".to_owned(),
    }
}

#[test]
fn a_busy_lock_holds_the_guard_up_and_does_not_end_it() {
    let room = netns::enter!(Veth);
    host(&room, OLD);
    std::fs::write("/etc/cleat/cleat.toml", "lock-wait = 1\n").unwrap();
    stage(NEW);
    let mut child = start("try --timeout 3");
    on_trial();
    let mut busy = flock(&lock_of_runs(), 12);
    // The files do not wait for the network.
    until("the file is back", || text(LIVE) == config(OLD));
    busy.wait().unwrap();
    is_back();
    child.wait().unwrap();
}

/// Whoever has opened a lock file before it was closed to others can hold it for ever.
#[test]
fn a_user_who_holds_the_locks_does_not_hold_up_the_guard() {
    let room = netns::enter!(Veth);
    host(&room, OLD);
    stage(NEW);
    let mut child = start("try --timeout 3");
    on_trial();
    let mut others: Vec<Child> = Vec::new();
    for path in [lock_of_runs(), "/etc/network/.pve-interfaces.lock".to_owned()] {
        netns::run(&format!("chmod 644 {path}"));
        let line = format!("setpriv --reuid=65534 --regid=65534 --clear-groups flock {path} sleep 60");
        let mut words = line.split(' ');
        others.push(Command::new(words.next().unwrap()).args(words).spawn().unwrap());
    }
    is_back();
    child.wait().unwrap();
    for mut other in others {
        other.kill().unwrap();
        other.wait().unwrap();
    }
}

#[test]
fn a_full_run_is_not_in_the_way_of_the_guard() {
    let room = netns::enter!(Veth);
    host(&room, OLD);
    netns::run("mount -t tmpfs -o size=96k,mode=755 none /run");
    crate::commands::bed::call("ifreload -a").quietly();
    stage(NEW);
    // /run is full before the guard has anything to do, however busy the machine is.
    let mut child = start("try --timeout 600");
    on_trial();
    std::fs::write("/run/fill", vec![0; 1 << 20]).unwrap_err();
    child.kill().unwrap();
    child.wait().unwrap();
    is_back();
    std::fs::remove_file("/run/fill").unwrap();
    crate::commands::bed::call("ifreload -a").quietly();
    assert_eq!(crate::commands::bed::call("ifreload -n -a").out, "nothing to do\n");
}

/// The old file lies ready beside the new one: to go back takes no room.
#[test]
fn a_full_disk_is_not_in_the_way_of_the_guard() {
    let room = netns::enter!(Veth);
    host(&room, OLD);
    netns::run("mkdir /run/disk");
    netns::run("mount -t tmpfs -o size=256k,mode=755 none /run/disk");
    netns::run("cp -a /etc/network /etc/cleat /run/disk");
    netns::run("mount --bind /run/disk/network /etc/network");
    netns::run("mount --bind /run/disk/cleat /etc/cleat");
    stage(NEW);
    let mut child = start("try --timeout 3");
    on_trial();
    std::fs::write("/run/disk/fill", vec![0; 1 << 20]).unwrap_err();
    is_back();
    child.wait().unwrap();
    std::fs::remove_file("/run/disk/fill").unwrap();
    let left: Vec<_> = std::fs::read_dir("/etc/network")
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert!(
        !left.iter().any(|name| name.to_string_lossy().starts_with(".cleat-")),
        "{left:?}"
    );
}

/// The kernel is as before long before the disk lets the files be so.
#[test]
fn the_network_is_back_before_the_files_can_be() {
    let room = netns::enter!(Veth);
    host(&room, OLD);
    stage(NEW);
    let mut child = start("try --timeout 3");
    on_trial();
    netns::run("mount --bind /etc/network /etc/network");
    netns::run("mount -o remount,bind,ro /etc/network");
    until("the address is back", || addresses("eno1") == [OLD]);
    assert_eq!(text(LIVE), config(NEW));
    // The guard tries again and again, and has a file of it open now and then.
    let umount = || {
        Command::new("umount")
            .arg("/etc/network")
            .stderr(Stdio::null())
            .status()
    };
    until("the disk is back", || umount().unwrap().success());
    is_back();
    child.wait().unwrap();
}

#[test]
fn a_guard_that_is_killed_is_replaced() {
    let room = netns::enter!(Veth);
    host(&room, OLD);
    stage(NEW);
    let mut child = start("try --timeout 600");
    on_trial();
    for _ in 0..3 {
        let now = guards();
        if let Some(pid) = now.first() {
            netns::run(&format!("kill -9 {pid}"));
        }
        until("another one is there", || {
            let then = guards();
            !then.is_empty() && then.iter().any(|pid| !now.contains(pid))
        });
    }
    child.kill().unwrap();
    child.wait().unwrap();
    is_back();
    until("no guard is left", || guards().is_empty());
}

/// Killed at each rename: between the files, the record, the journal and the state, and what lies between these.
#[test]
fn a_trial_that_is_killed_in_any_window_is_put_back_and_no_boot_commits_it() {
    let room = netns::enter!(Veth);
    host(&room, OLD);
    let trace = "/run/trace";
    for when in 1.. {
        stage(NEW);
        let mut strace = Command::new("strace");
        strace.args(["-o", trace, "-e", "trace=rename", "-e"]);
        strace.arg(format!("inject=rename:signal=SIGKILL:when={when}"));
        strace.arg(command("x").get_program()).args(["try", "--timeout", "2"]);
        strace.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        strace.status().unwrap();
        if !std::fs::read_to_string(trace).unwrap().contains("killed by SIGKILL") {
            break;
        }
        until("no guard is left", || guards().is_empty());
        eprintln!("killed at rename {when}");
        is_back();
        crate::commands::bed::call("ifreload -a");
        assert_eq!(addresses("eno1"), [OLD]);
        if exists(STAGED)
            && json("status")["staged"]["judged"]
                .to_string()
                .contains("staged-taken-back")
        {
            assert_eq!(super::bed::commit("boot").code, 1);
        }
        assert_eq!(text(LIVE), config(OLD));
        done("revert");
    }
}
