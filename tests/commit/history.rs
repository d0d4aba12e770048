//! Boots, reloads and the web interface's apply make generations, and `rollback` finds the way back from each. Second
//! witness: the files, and the kernel by iproute2.

use super::bed::{
    LIVE, STAGED, commit, config, done, exists, history, host, json, notices, reboot, stage, start, text, until,
};
use super::boot::pairs;
use crate::commands::bed::{addresses, call, call_with};
use cleat_netns::{self as netns, run};

/// A field of a generation, counted from the newest.
fn newest(field: &str) -> serde_json::Value {
    let document = json("history");
    let list = document["generations"].as_array().unwrap();
    list.last().unwrap()[field].clone()
}

#[track_caller]
fn reload_with(address: &str) {
    std::fs::write(LIVE, config(address)).unwrap();
    call("ifreload -a").quietly();
    assert_eq!(addresses("eno1"), [address]);
}

#[test]
fn a_boot_and_each_reload_of_other_files_make_a_generation_and_rollback_finds_the_one_before() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    assert_eq!(history(), pairs(&[("ifup", "healthy")]));
    assert_eq!(newest("summary"), "eno1 and lo");
    reload_with("192.0.2.2/24");
    assert_eq!(history(), pairs(&[("ifup", "healthy"), ("ifreload", "healthy")]));
    assert_eq!(newest("summary"), "eno1 changed");
    assert_eq!(newest("live"), true);
    let by = newest("by");
    assert!(by.as_str().unwrap().starts_with("root"), "{by}");
    done("rollback --now");
    assert_eq!(
        (text(LIVE), addresses("eno1")),
        (config("192.0.2.1/24"), vec!["192.0.2.1/24".to_owned()])
    );
    let all = [("ifup", "healthy"), ("ifreload", "healthy"), ("rollback", "healthy")];
    assert_eq!(history(), pairs(&all));
}

/// Proxmox VE's worker renames interfaces.new to interfaces and starts `ifreload -a`.
#[test]
fn what_the_web_interface_applies_is_a_generation_with_the_name_of_its_user() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    std::fs::write(STAGED, config("192.0.2.2/24")).unwrap();
    std::fs::rename(STAGED, LIVE).unwrap();
    // A worker's command line is its first word, as Perl's `$0` sets it.
    let worker = "exec -a 'task UPID:pve1:000A1B2C:0123ABCD:65A1B2C3:srvreload:networking:root@pam:' \
                  sh -c '\"$0\" ifreload -a; true' ";
    let status = std::process::Command::new("bash")
        .args(["-c", &format!("{worker} {}", crate::programs::path("ifupdown"))])
        .env_remove("SSH_CONNECTION")
        .status()
        .unwrap();
    assert!(status.success());
    assert_eq!(addresses("eno1"), ["192.0.2.2/24"]);
    assert_eq!(history(), pairs(&[("ifup", "healthy"), ("ifreload", "healthy")]));
    assert_eq!(newest("by"), "root@pam, in Proxmox VE (srvreload)");
    done("rollback --now");
    assert_eq!(addresses("eno1"), ["192.0.2.1/24"]);
}

#[test]
fn equal_files_make_no_generation_and_those_that_are_sourced_count() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    for _ in 0..3 {
        call("ifreload -a").quietly();
        call("ifup -a").quietly();
    }
    assert_eq!(history().len(), 1);
    std::fs::create_dir("/etc/network/interfaces.d").unwrap();
    std::fs::write(LIVE, config("192.0.2.1/24") + "source interfaces.d/*\n").unwrap();
    call("ifreload -a").quietly();
    assert_eq!(newest("summary"), "no interface changed, only other lines");
    let more = "/etc/network/interfaces.d/more";
    std::fs::write(more, "iface eno1\n\taddress 198.51.100.1/24\n").unwrap();
    call("ifreload -a").quietly();
    assert_eq!(newest("summary"), "eno1 changed");
    assert_eq!(newest("files"), serde_json::json!([LIVE, more]));
    assert_eq!(commit("rollback --now").code, 0);
    assert!(!exists(more));
    assert_eq!(addresses("eno1"), ["192.0.2.1/24"]);
}

#[test]
fn what_failed_to_apply_is_marked_so_told_and_passed_over_by_rollback() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    std::fs::write(LIVE, config("192.0.2.300/24")).unwrap();
    let failed = call("ifreload -a");
    assert_eq!(failed.code, 1, "{failed:?}");
    assert_eq!(history(), pairs(&[("ifup", "healthy"), ("ifreload", "failed")]));
    assert_eq!(newest("reason"), "`address` cannot be `192.0.2.300/24`");
    let told = "generation 2, which is live, failed: `address` cannot be `192.0.2.300/24`: `cleat-commit rollback` goes \
                back to the last healthy one";
    assert_eq!(notices(), [told]);
    assert!(done("status").starts_with(&format!("newest generation: 2\n{told}\n")));
    std::fs::write(LIVE, config("192.0.2.301/24")).unwrap();
    assert_eq!(call("ifreload -a").code, 1);
    done("rollback --now");
    assert_eq!(
        (text(LIVE), addresses("eno1")),
        (config("192.0.2.1/24"), vec!["192.0.2.1/24".to_owned()])
    );
    assert_eq!(notices(), [""; 0]);
}

#[test]
fn a_try_that_waits_keeps_its_own_account_and_is_put_back_whatever_is_reloaded_meanwhile() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    stage("192.0.2.2/24");
    let mut trying = start("try --timeout 600");
    until("it is on trial", || json("status")["trial"]["generation"] == 2);
    until("it is up", || addresses("eno1") == ["192.0.2.2/24"]);
    call("ifreload -a").quietly();
    assert_eq!(history(), pairs(&[("ifup", "healthy"), ("live", "unknown")]));
    // With whoever tried it goes the trial.
    trying.kill().unwrap();
    trying.wait().unwrap();
    until("it is put back", || addresses("eno1") == ["192.0.2.1/24"]);
    // The generation is there first, and what came of it when the kernel follows.
    let at_last = pairs(&[("ifup", "healthy"), ("live", "failed"), ("undo", "healthy")]);
    until("the history says so", || history() == at_last);
    assert_eq!(text(LIVE), config("192.0.2.1/24"));
}

#[test]
fn a_history_that_cannot_be_written_is_one_warning_and_stops_nothing() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    std::fs::write(LIVE, config("192.0.2.2/24")).unwrap();
    run("mount -o remount,ro /etc");
    reboot(1);
    for line in ["ifup -a", "ifreload -a", "ifreload -a"] {
        let called = call(line);
        assert_eq!(
            (called.code, addresses("eno1")),
            (0, vec!["192.0.2.2/24".to_owned()]),
            "{called:?}"
        );
        let told = called
            .err
            .lines()
            .filter(|line| line.contains(" [history-incomplete]; help: "));
        assert_eq!((told.count(), called.err.lines().count()), (1, 1), "{called:?}");
    }
    run("mount -o remount,rw /etc");
    call("ifup -a").quietly();
    assert_eq!(history(), pairs(&[("ifup", "healthy"), ("ifup", "healthy")]));
}

#[test]
fn a_host_that_switched_it_off_keeps_only_what_is_committed() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    std::fs::write("/etc/cleat/cleat.toml", "[commit]\nhistory = false\n").unwrap();
    reload_with("192.0.2.2/24");
    assert_eq!(history().len(), 1);
    stage("192.0.2.3/24");
    done("apply");
    let all = [("ifup", "healthy"), ("found", "unknown"), ("live", "healthy")];
    assert_eq!(history(), pairs(&all));
}

/// ifup and ifreload of a part say nothing of the whole, and neither does another file.
#[test]
fn a_run_of_a_part_or_of_another_file_makes_no_generation() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    std::fs::write(LIVE, config("192.0.2.2/24")).unwrap();
    std::fs::write("/run/other", config("192.0.2.3/24")).unwrap();
    for line in [
        "ifup eno1",
        "ifup -a -i /run/other",
        "ifreload -a -n",
        "ifquery -a",
        "ifdown eno1",
    ] {
        call(line).quietly();
    }
    assert_eq!(history().len(), 1);
}

/// The host's own file is brought up by another program until cleat takes over.
#[test]
fn a_takeover_makes_the_first_generation() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    for path in ["/etc/cleat/commit", "/run/cleat"] {
        std::fs::remove_dir_all(path).unwrap();
    }
    call("ifreload --adopt -a").quietly();
    assert_eq!(history(), pairs(&[("takeover", "healthy")]));
    reload_with("192.0.2.2/24");
    done("rollback --now");
    assert_eq!(addresses("eno1"), ["192.0.2.1/24"]);
}

/// Second witness: GNU date in that zone.
#[test]
fn the_history_shows_local_time_who_and_what_changed() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    std::fs::write(LIVE, config("192.0.2.2/24")).unwrap();
    call_with("ifreload -a", &[("SUDO_USER", "alice")]).quietly();
    let time = newest("time").as_u64().unwrap();
    let date = std::process::Command::new("date")
        .env("TZ", "Asia/Kolkata")
        .args(["-d", &format!("@{time}"), "+%F %T %Z"])
        .output()
        .unwrap();
    let date = String::from_utf8(date.stdout).unwrap();
    let shown = super::bed::command("history")
        .env("TZ", "Asia/Kolkata")
        .output()
        .unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    let expected = format!("*   2  {}  healthy  ifreload -a, by alice", date.trim());
    assert!(shown.contains(&expected), "{shown}");
    assert!(shown.ends_with("\n       eno1 changed\n"), "{shown}");
    assert!(commit("show 2").out.starts_with("2  "), "{:?}", commit("show 2"));
}

/// `cleat log` and the journal name the generation of each run; also of one whose answer was known.
#[test]
fn runs_are_told_with_their_generation() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    call("ifreload -a").quietly();
    call("ifreload -a").quietly();
    reload_with("192.0.2.2/24");
    let record = crate::commands::state::directory().join("runs.jsonl");
    let text = std::fs::read_to_string(record).unwrap();
    let generations: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["generation"].clone())
        .collect();
    assert_eq!(generations, [1, 1, 1, 2]);
}
