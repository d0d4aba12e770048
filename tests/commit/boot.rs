//! `boot` and `check-boot`. Second witness: the files themselves, and iproute2 where the network is changed.

use super::bed::{
    LIVE, STAGED, commit, config, cut_short, done, exists, first_boot, history, host, json, notices, reboot, stage,
    start, text, until,
};
use crate::commands::bed::{addresses, call};
use cleat_netns::{self as netns, run};
use std::os::unix::fs::{PermissionsExt, symlink};

#[test]
fn a_boot_with_nothing_staged_does_nothing_and_makes_nothing() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    std::fs::remove_dir_all("/etc/cleat/commit").unwrap();
    assert_eq!(done("boot"), "");
    assert!(!exists("/var/lib/cleat/generations") && !exists("/etc/cleat/commit"));
    assert_eq!(text(LIVE), config("192.0.2.1/24"));
}

#[test]
fn a_good_staged_file_is_live_with_a_history_and_its_health_is_noted() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    stage("192.0.2.2/24");
    reboot(1);
    assert_eq!(done("boot"), "generation 2 is live: /etc/network/interfaces\n");
    assert_eq!((text(LIVE), exists(STAGED)), (config("192.0.2.2/24"), false));
    call("ifreload -a").quietly();
    assert_eq!(addresses("eno1"), ["192.0.2.2/24"]);
    done("check-boot");
    assert_eq!(history(), pairs(&[("ifup", "healthy"), ("boot", "healthy")]));
    assert_eq!(json("history")["generations"][1]["live"], true);
}

pub fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = list.iter().map(|(one, two)| ((*one).to_owned(), (*two).to_owned()));
    owned.collect()
}

#[test]
fn a_broken_staged_file_is_refused_with_its_place_and_both_files_stay() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    std::fs::write(STAGED, config("192.0.2.300/24")).unwrap();
    let boot = commit("boot");
    assert_eq!(boot.code, 1, "{boot:?}");
    let error = "`address` cannot be `192.0.2.300/24`";
    assert!(
        boot.err.contains(error) && boot.err.contains("interfaces.new:6:10"),
        "{boot:?}"
    );
    assert!(
        boot.err.ends_with(
            "1 error, 0 warnings; /etc/network/interfaces.new is refused and stays where it is; the network comes up \
             as before\n"
        ),
        "{boot:?}"
    );
    assert_eq!(
        (text(LIVE), text(STAGED)),
        (config("192.0.2.1/24"), config("192.0.2.300/24"))
    );
    let status = commit("status");
    assert_eq!(status.code, 1, "{status:?}");
    assert!(status.out.contains("refused when this machine booted"), "{status:?}");
    assert!(status.out.ends_with("it would be refused\n"), "{status:?}");
    assert!(
        json("status")["refused"]["reasons"][0]
            .as_str()
            .unwrap()
            .contains(error)
    );
    let refused = "refused when this machine booted: error: ";
    let notices = notices();
    assert!(
        notices
            .iter()
            .any(|notice| notice.starts_with(refused) && notice.contains(error)),
        "{notices:?}"
    );
    done("revert");
    assert_eq!(super::bed::notices(), [""; 0]);
}

/// Proxmox VE's own unit is held by this file alone (units/pvenetcommit.service.d).
const NOTE: &str = "/run/cleat/refused.json";

/// Whatever the store fails at is reported in `cleat status`, too.
#[test]
fn regress_a_boot_that_fails_leaves_the_reason_behind() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    std::fs::write(STAGED, config("192.0.2.300/24")).unwrap();
    std::fs::create_dir_all("/etc/cleat/commit/transaction.json").unwrap();
    reboot(1);
    let boot = commit("boot");
    assert_eq!(boot.code, 1, "{boot:?}");
    assert!(exists(STAGED) && exists(NOTE), "{boot:?}");
    let reason = "cannot read /etc/cleat/commit/transaction.json: Is a directory";
    assert!(boot.err.contains(reason), "{boot:?}");
    let told = format!("refused when this machine booted: {reason}");
    assert_eq!(notices()[0], told);
    std::fs::remove_dir("/etc/cleat/commit/transaction.json").unwrap();
    std::fs::write(STAGED, config("192.0.2.2/24")).unwrap();
    let told = done("boot");
    assert!(
        told.ends_with("generation 2 is live: /etc/network/interfaces\n"),
        "{told}"
    );
    assert!(!exists(NOTE));
    assert_eq!(notices(), [""; 0]);
}

/// Nothing is staged, and what the boot was started for cannot be understood.
#[test]
fn regress_a_record_of_a_commit_that_is_set_aside_is_told_in_the_status() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    std::fs::create_dir_all("/etc/cleat/commit").unwrap();
    std::fs::write("/etc/cleat/commit/transaction.json", "{").unwrap();
    reboot(1);
    assert_eq!(commit("boot").code, 1);
    let told = "refused when this machine booted: the record of a commit is damaged and was set aside as \
                /etc/cleat/commit/transaction.json.damaged-";
    assert!(notices()[0].starts_with(told), "{:?}", notices());
    assert!(!exists("/etc/cleat/commit/transaction.json"));
}

/// A crash and the unit's time limit leave no time to write anything: the reason is there from the beginning.
#[test]
fn regress_a_boot_that_is_killed_leaves_a_reason_behind() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    std::fs::write(STAGED, config("192.0.2.300/24")).unwrap();
    reboot(1);
    // flock(2): as Proxmox VE's tools hold it.
    let lock = std::fs::File::create("/etc/network/.pve-interfaces.lock").unwrap();
    lock.lock().unwrap();
    let mut boot = start("boot");
    until("it says that it has begun", || exists(NOTE));
    // SIGKILL.
    boot.kill().unwrap();
    boot.wait().unwrap();
    drop(lock);
    assert!(exists(STAGED) && exists(NOTE));
    assert_eq!(
        notices()[0],
        "refused when this machine booted: `cleat-commit boot` began and did not come to its end; \
         `journalctl -b -u cleat-commit` may say why"
    );
}

/// The record speaks of a file that is no more, or of nobody knows which.
#[test]
fn regress_a_damaged_record_is_not_in_the_way_of_a_file_that_others_staged() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    std::fs::create_dir_all("/etc/cleat/commit").unwrap();
    std::fs::write("/etc/cleat/commit/staged.json", "{\n  \"staged\": \"").unwrap();
    std::fs::write(STAGED, config("192.0.2.2/24")).unwrap();
    let status = commit("status");
    assert_eq!(status.code, 0, "{status:?}");
    assert!(
        status
            .out
            .contains("warning[staged-record-damaged]: /etc/cleat/commit/staged.json is damaged: ")
    );
    assert!(status.out.ends_with("it would be committed\n"), "{status:?}");
    let boot = commit("boot");
    assert_eq!(boot.code, 0, "{boot:?}");
    assert!(boot.err.contains("[staged-record-damaged]"), "{boot:?}");
    assert_eq!(text(LIVE), config("192.0.2.2/24"));
    assert!(!exists("/etc/cleat/commit/staged.json"));
}

/// It has the digest of the file in it: what else belongs to that (a link file, that it was taken back) is lost.
#[test]
fn regress_a_file_whose_own_record_is_damaged_is_refused() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    stage("192.0.2.2/24");
    let record = text("/etc/cleat/commit/staged.json");
    std::fs::write("/etc/cleat/commit/staged.json", &record[..record.len() / 2]).unwrap();
    let boot = commit("boot");
    assert_eq!(boot.code, 1, "{boot:?}");
    assert!(
        boot.err
            .starts_with("error: what belongs to /etc/network/interfaces.new is not known: /etc/cleat/commit/staged.json is damaged: "),
        "{boot:?}"
    );
    let status = commit("status");
    assert!(
        status.code == 1 && status.out.ends_with("it would be refused\n"),
        "{status:?}"
    );
    assert_eq!((text(LIVE), exists(STAGED)), (config("192.0.2.1/24"), true));
    done("revert");
    stage("192.0.2.2/24");
    assert_eq!(done("boot"), "generation 2 is live: /etc/network/interfaces\n");
}

#[test]
fn regress_a_generation_that_was_taken_back_is_not_healthy_when_the_boot_is_checked_again() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    std::fs::write("/etc/cleat/cleat.toml", "[confirm]\nlimit = 1\n").unwrap();
    first_boot("--confirm-boot=/bin/false");
    call("ifup -a").quietly();
    assert_eq!(commit("check-boot").code, 1);
    let expected = pairs(&[("ifup", "healthy"), ("boot", "failed"), ("undo", "healthy")]);
    assert_eq!(history(), expected);
    done("check-boot");
    assert_eq!(history(), expected);
}

/// What was seen of the links speaks of what is live, and of nothing else.
#[test]
fn regress_the_health_of_a_boot_is_not_noted_on_a_generation_that_is_live_no_more() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    stage("192.0.2.2/24");
    reboot(1);
    done("boot");
    std::fs::write(LIVE, config("192.0.2.3/24")).unwrap();
    call("ifup -a").quietly();
    done("check-boot");
    let expected = [("ifup", "healthy"), ("boot", "unknown"), ("ifup", "healthy")];
    assert_eq!(history(), pairs(&expected));
}

/// A commit without a check that the power cut short is finished by the next boot, which is the first with it.
#[test]
fn regress_the_health_of_a_commit_that_was_finished_later_is_noted() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    stage("192.0.2.2/24");
    reboot(1);
    done("boot");
    cut_short("192.0.2.1/24", "192.0.2.2/24");
    reboot(2);
    assert_eq!(done("boot"), "generation 2, whose commit was cut short, is live now\n");
    call("ifup -a").quietly();
    done("check-boot");
    assert_eq!(history(), pairs(&[("ifup", "healthy"), ("boot", "healthy")]));
}

/// The first boot with a check never came to it: the next one is the first with what is back.
#[test]
fn regress_the_health_of_what_a_boot_has_put_back_is_noted() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    first_boot("--confirm-boot=/bin/true");
    reboot(2);
    assert_eq!(commit("boot").code, 0);
    call("ifup -a").quietly();
    done("check-boot");
    assert_eq!(
        history(),
        pairs(&[("ifup", "healthy"), ("boot", "failed"), ("undo", "healthy")])
    );
}

#[test]
fn a_refused_file_is_set_aside_where_the_settings_say_so() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    std::fs::write("/etc/cleat/cleat.toml", "[commit]\nkeep-refused = true\n").unwrap();
    std::fs::write(STAGED, config("192.0.2.300/24")).unwrap();
    assert_eq!(commit("boot").code, 1);
    assert!(!exists(STAGED));
    let entries = std::fs::read_dir("/etc/network").unwrap();
    let names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let aside: Vec<&String> = names
        .iter()
        .filter(|name| name.starts_with("interfaces.new.refused-"))
        .collect();
    assert_eq!(aside.len(), 1, "{names:?}");
    assert_eq!(text(&format!("/etc/network/{}", aside[0])), config("192.0.2.300/24"));
    assert_eq!(text(LIVE), config("192.0.2.1/24"));
}

#[test]
fn what_is_no_plain_file_or_not_roots_own_is_refused_with_the_reason() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    let good = config("192.0.2.2/24");
    /// What it is, how it is made, what is reported it.
    type Case = (&'static str, fn(&str), &'static str);
    let cases: [Case; 9] = [
        (
            "a directory",
            |_| std::fs::create_dir(STAGED).unwrap(),
            "Is a directory",
        ),
        ("a FIFO", |_| drop(run(&format!("mkfifo {STAGED}"))), "it is a FIFO"),
        (
            "a socket",
            |_| drop(std::os::unix::net::UnixListener::bind(STAGED).unwrap()),
            "it is a socket",
        ),
        (
            "a dangling link",
            |_| symlink("nowhere", STAGED).unwrap(),
            "a link that leads nowhere",
        ),
        (
            "a looping link",
            |_| symlink(STAGED, STAGED).unwrap(),
            "Too many levels of symbolic links",
        ),
        (
            "1 GB",
            |_| std::fs::File::create(STAGED).unwrap().set_len(1 << 30).unwrap(),
            "larger than 16 MiB",
        ),
        (
            "of another user",
            |good| {
                std::fs::write(STAGED, good).unwrap();
                std::os::unix::fs::chown(STAGED, Some(1234), None).unwrap();
            },
            "belongs to user 1234",
        ),
        (
            "writable by everybody",
            |good| {
                std::fs::write(STAGED, good).unwrap();
                std::fs::set_permissions(STAGED, std::fs::Permissions::from_mode(0o666)).unwrap();
            },
            "writable by everybody",
        ),
        ("empty", |_| std::fs::write(STAGED, "").unwrap(), "no `iface` stanza"),
    ];
    for (what, make, reason) in cases {
        make(&good);
        let boot = commit("boot");
        assert_eq!(boot.code, 1, "{what}: {boot:?}");
        assert!(boot.err.contains(reason), "{what}: {boot:?}");
        assert!(exists(STAGED), "{what}");
        assert_eq!(text(LIVE), config("192.0.2.1/24"), "{what}");
        if what == "a directory" {
            // Whatever lies in it is not thrown away.
            assert_eq!(commit("revert").code, 1);
            std::fs::remove_dir(STAGED).unwrap();
        }
        done("revert");
        assert!(!exists(STAGED), "{what}");
    }
}

#[test]
fn the_lock_of_proxmoxs_tools_is_waited_for() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    stage("192.0.2.2/24");
    let lock = std::process::Command::new("flock")
        .args(["/etc/network/.pve-interfaces.lock", "sleep", "3"])
        .spawn()
        .unwrap();
    until("the lock is held", || {
        // flock(1) answers 1 where it cannot have the lock.
        let tried = std::process::Command::new("flock")
            .args(["--nonblock", "/etc/network/.pve-interfaces.lock", "true"])
            .status();
        tried.unwrap().code() == Some(1)
    });
    let began = std::time::Instant::now();
    assert_eq!(done("boot"), "generation 2 is live: /etc/network/interfaces\n");
    assert!(
        began.elapsed() > std::time::Duration::from_millis(500),
        "{:?}",
        began.elapsed()
    );
    let mut lock = lock;
    lock.wait().unwrap();
}

const GATEWAY: &str = "\tgateway 192.0.2.99\n";

/// As the units do it: the commit, the network, the check; the gateway is nobody's.
#[test]
fn a_first_boot_that_does_not_pass_its_check_is_undone_in_the_same_boot() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    std::fs::write("/etc/cleat/cleat.toml", "[confirm]\nlimit = 1\n").unwrap();
    std::fs::write("/run/next", config("192.0.2.2/24") + GATEWAY).unwrap();
    done("stage /run/next --confirm-boot=gateway");
    reboot(1);
    done("boot");
    call("ifup -a").quietly();
    assert_eq!(json("status")["pending"]["check"], "gateway");
    let check = commit("check-boot");
    assert_eq!(check.code, 1, "{check:?}");
    assert!(
        check
            .err
            .contains("error: gateway 192.0.2.99 on eno1 does not answer [check-failed]\n"),
        "{check:?}"
    );
    assert_eq!(text(LIVE), config("192.0.2.1/24"));
    assert_eq!(addresses("eno1"), ["192.0.2.1/24"]);
    assert_eq!(
        history(),
        pairs(&[("ifup", "healthy"), ("boot", "failed"), ("undo", "healthy")])
    );
    assert_eq!(json("status")["pending"], serde_json::Value::Null);
    let told = "generation 2 was taken back: its first boot did not pass the check: gateway 192.0.2.99 on eno1 does not answer\n";
    // It lies staged again, and no boot takes it unasked: nobody would be there to look after it.
    let status = commit("status");
    assert!(status.out.contains(told), "{status:?}");
    assert!(status.out.ends_with("it would be refused\n"), "{status:?}");
    reboot(2);
    let again = commit("boot");
    assert_eq!(again.code, 1, "{again:?}");
    assert!(
        again.err.starts_with(
            "error: the staged configuration was live before and was taken back: its first boot did not pass the check: \
             gateway 192.0.2.99 on eno1 does not answer [staged-taken-back]"
        ),
        "{again:?}"
    );
    assert_eq!(
        (text(LIVE), text(STAGED)),
        (config("192.0.2.1/24"), config("192.0.2.2/24") + GATEWAY)
    );
    // Whoever stages it again means it.
    done(&format!("stage {STAGED}"));
    reboot(3);
    assert_eq!(done("boot"), "generation 4 is live: /etc/network/interfaces\n");
}

#[test]
fn a_first_boot_that_passes_its_check_stands() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    first_boot("--confirm-boot");
    call("ifreload -a").quietly();
    assert_eq!(done("check-boot"), "generation 2 has passed its check (links)\n");
    reboot(2);
    assert_eq!(done("boot"), "");
    assert_eq!(text(LIVE), config("192.0.2.2/24"));
    assert_eq!(history(), pairs(&[("ifup", "healthy"), ("boot", "healthy")]));
}

#[test]
fn a_first_boot_that_never_came_to_its_check_counts_as_failed_at_the_next() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    first_boot("--confirm-boot=/bin/true");
    assert_eq!(text(LIVE), config("192.0.2.2/24"));
    reboot(2);
    let boot = commit("boot");
    assert_eq!(boot.code, 0, "{boot:?}");
    assert_eq!(
        boot.err,
        "warning: generation 2 is taken back: the host went down before it was confirmed [undone]\n"
    );
    assert_eq!(text(LIVE), config("192.0.2.1/24"));
    assert_eq!(history()[1], ("boot".to_owned(), "failed".to_owned()));
}

#[test]
fn the_check_of_the_settings_holds_for_a_file_that_others_staged() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    std::fs::write("/etc/cleat/cleat.toml", "[confirm]\nboot = \"/bin/false\"\nlimit = 3\n").unwrap();
    std::fs::write(STAGED, config("192.0.2.2/24")).unwrap();
    reboot(1);
    done("boot");
    let check = commit("check-boot");
    assert_eq!(check.code, 1, "{check:?}");
    assert!(
        check
            .err
            .contains("error: `/bin/false` failed: exit code 1 [check-failed]\n"),
        "{check:?}"
    );
    assert_eq!(text(LIVE), config("192.0.2.1/24"));
}

#[test]
fn a_broken_settings_file_is_an_error_and_stops_nothing() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    stage("192.0.2.2/24");
    std::fs::write("/etc/cleat/cleat.toml", "[confirm\n").unwrap();
    let boot = commit("boot");
    assert_eq!(boot.code, 0, "{boot:?}");
    assert!(
        boot.err.starts_with("error: /etc/cleat/cleat.toml is not TOML: "),
        "{boot:?}"
    );
    assert_eq!(text(LIVE), config("192.0.2.2/24"));
}
