//! `stage` and `revert`.

use super::bed::{LIVE, STAGED, changed_on_both_sides, commit, config, done, exists, host, stage, text, two};
use crate::commands::bed::{addresses, called};
use cleat_netns as netns;

#[test]
fn a_good_file_is_staged_and_taken_away_again() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    std::fs::write("/run/next", config("192.0.2.2/24")).unwrap();
    assert_eq!(
        done("stage /run/next"),
        "staged as /etc/network/interfaces.new\n\
         the next boot makes it the live one; `cleat-commit apply` or `try` does so now\n"
    );
    assert_eq!(
        (text(STAGED), text(LIVE)),
        (config("192.0.2.2/24"), config("192.0.2.1/24"))
    );
    assert_eq!(done("revert"), "/etc/network/interfaces.new is gone\n");
    assert!(!exists(STAGED));
    assert_eq!(done("revert"), "nothing is staged\n");
}

#[test]
fn a_file_with_errors_is_not_staged() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    for (text, reason) in [
        (config("192.0.2.300/24"), "`address` cannot be `192.0.2.300/24`"),
        (
            config("192.0.2.2/24").replace("eno1", "eno9"),
            "there is no link `eno9` on this machine",
        ),
        ("iface eno1\n".to_owned(), "none would come up at boot"),
        (String::new(), "no `iface` stanza"),
    ] {
        std::fs::write("/run/next", &text).unwrap();
        let staged = commit("stage /run/next");
        assert_eq!(staged.code, 1, "{staged:?}");
        assert!(staged.err.contains(reason), "{staged:?}");
        assert!(staged.err.ends_with("nothing was staged\n"), "{staged:?}");
        assert!(!exists(STAGED));
    }
    let missing = commit("stage /run/none");
    assert_eq!(
        (missing.code, missing.err.as_str()),
        (
            1,
            "error: cannot read /run/none: No such file or directory [unreadable]\n"
        )
    );
    let check = commit("stage /run/next --confirm-boot=ping");
    assert_eq!(
        (check.code, check.err.as_str()),
        (
            2,
            "cleat-commit: `--confirm-boot` takes links, gateway, or a command that begins with /, not `ping`\n"
        )
    );
}

/// `apply` brings it up under the name that it has.
#[test]
fn a_nic_that_bears_the_name_as_an_alternative_one_is_known_and_told() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    netns::run("ip link property add dev eno1 altname enp3s0");
    std::fs::write("/run/next", config("192.0.2.2/24").replace("eno1", "enp3s0")).unwrap();
    let staged = commit("stage /run/next");
    assert_eq!(staged.code, 0, "{staged:?}");
    assert!(
        staged
            .err
            .starts_with("warning: eno1: the NIC that the file calls `enp3s0` is called `eno1` now"),
        "{staged:?}"
    );
    assert_eq!(commit("apply").code, 0);
    assert_eq!(addresses("eno1"), ["192.0.2.2/24"]);
}

/// Both sides changed since: in different stanzas that is put together, in one it is refused and both are shown.
#[test]
fn a_live_file_that_changed_since_is_merged_or_refused() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    changed_on_both_sides();
    let boot = commit("boot");
    assert!(
        boot.code == 0 && boot.err.contains(" both changes are merged [staged-merged]"),
        "{boot:?}"
    );
    assert_eq!(text(LIVE), two("192.0.2.2/24", "198.51.100.9/24"));

    std::fs::write("/run/next", two("192.0.2.3/24", "198.51.100.9/24")).unwrap();
    done("stage /run/next");
    let mine = two("192.0.2.4/24", "198.51.100.9/24");
    std::fs::write(LIVE, &mine).unwrap();
    let boot = commit("boot");
    assert_eq!(boot.code, 1, "{boot:?}");
    assert_eq!(
        (text(LIVE), text(STAGED)),
        (mine, two("192.0.2.3/24", "198.51.100.9/24"))
    );
    let status = commit("status");
    assert_eq!(status.code, 1, "{status:?}");
    let note = "note: the live file says otherwise at /etc/network/interfaces:";
    assert!(boot.err.contains(note), "{boot:?}");
    for side in ["192.0.2.3/24", "192.0.2.4/24"] {
        assert!(!boot.err.contains(side), "{side}: {boot:?}");
    }
    let apply = commit("apply");
    for side in ["192.0.2.3/24", "192.0.2.4/24"] {
        assert!(apply.err.contains(side), "{side}: {apply:?}");
    }
}

#[test]
fn a_file_that_others_staged_long_ago_tells_its_age_and_what_it_undoes() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    std::fs::write(STAGED, config("192.0.2.2/24")).unwrap();
    netns::run(&format!("touch -d @1700000000 {STAGED}"));
    let boot = commit("boot");
    assert_eq!(boot.code, 0, "{boot:?}");
    assert!(
        boot.err.contains("warning: /etc/network/interfaces.new is ") && boot.err.contains(" days old"),
        "{boot:?}"
    );
    let lines: Vec<&str> = boot.err.lines().filter(|line| line.starts_with("note: ")).collect();
    assert_eq!(lines, ["note: gone: line 6", "note: back: line 6"]);
    assert!(!boot.err.contains("192.0.2."), "{boot:?}");
    assert_eq!(text(LIVE), config("192.0.2.2/24"));
}

/// Not older than the live file: nothing is undone, and its age is reported all the same.
#[test]
fn a_file_that_others_staged_now_tells_its_age() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    netns::run(&format!("touch -d @1700000000 {LIVE}"));
    std::fs::write(STAGED, config("192.0.2.2/24")).unwrap();
    let told = done("boot");
    assert!(
        told.starts_with("another program staged /etc/network/interfaces.new ")
            && told.ends_with(
                " s ago; nothing says what it was made from\ngeneration 2 is live: /etc/network/interfaces\n"
            ),
        "{told}"
    );
}

#[test]
fn staging_again_takes_the_place_of_what_was_staged() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    stage("192.0.2.2/24");
    std::fs::write("/run/next", config("192.0.2.3/24")).unwrap();
    assert!(
        done("stage /run/next")
            .starts_with("staged as /etc/network/interfaces.new, in place of what was staged before\n")
    );
    assert_eq!(text(STAGED), config("192.0.2.3/24"));
}

#[test]
fn only_root_may_change_or_look_at_anything() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    // The checkout may lie where only root may go, such as /root.
    let program = "/run/cleat-commit";
    std::fs::copy(crate::programs::path("cleat-commit"), program).unwrap();
    for verb in [
        "stage /etc/hostname",
        "edit",
        "revert",
        "apply",
        "try",
        "confirm",
        "rollback 1",
        "status",
        "history",
        "show 1",
        "diff",
    ] {
        let mut command = std::process::Command::new(program);
        command
            .args(verb.split(' '))
            .env_clear()
            .stdin(std::process::Stdio::null());
        let output = std::os::unix::process::CommandExt::uid(&mut command, 65534)
            .output()
            .unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        let name = verb.split(' ').next().unwrap();
        assert_eq!(
            (output.status.code(), err),
            (
                Some(1),
                format!("error: only root can do this: cleat-commit {name} [not-root]\n")
            )
        );
    }
}

#[test]
fn a_name_with_a_newline_is_a_name_and_never_two_lines() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    let call = || {
        let mut command = super::bed::command("stage");
        called(command.arg("/run/next\nerror: all is lost").output().unwrap())
    };
    let missing = call();
    assert_eq!((missing.code, missing.err.lines().count()), (1, 1), "{missing:?}");
    std::fs::write("/run/next\nerror: all is lost", config("192.0.2.2/24")).unwrap();
    assert_eq!(call().code, 0);
    assert_eq!(text(STAGED), config("192.0.2.2/24"));
}
