//! `edit`: the editor is a script; the terminal is that of script(1), where questions are asked.

use super::bed::{LIVE, STAGED, command, commit, config, done, exists, host, json, stage, text, two};
use crate::commands::bed::{Called, called};
use cleat_netns as netns;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

/// An editor that runs this script on its file, `$1`.
fn editor(script: &str) {
    std::fs::write("/run/editor", format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions("/run/editor", std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn edit() -> Called {
    let mut command = command("edit");
    called(
        command
            .env("EDITOR", "/run/editor")
            .stdin(Stdio::null())
            .output()
            .unwrap(),
    )
}

/// The same on a terminal where these keys are pressed.
fn edit_typing(keys: &str) -> String {
    let line = format!("EDITOR=/run/editor {} edit", crate::programs::path("cleat-commit"));
    let mut child = Command::new("script")
        .args(["-q", "-e", "-c", &line, "/dev/null"])
        .env_remove("VISUAL")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), keys.as_bytes()).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

#[test]
fn a_good_edit_is_staged_and_the_next_one_begins_with_it() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    editor("sed -i s/192.0.2.1/192.0.2.2/ \"$1\"");
    let first = edit();
    assert_eq!((first.code, first.err.as_str()), (0, ""), "{first:?}");
    assert_eq!(
        (text(STAGED), text(LIVE)),
        (config("192.0.2.2/24"), config("192.0.2.1/24"))
    );
    editor("sed -i s/192.0.2.2/192.0.2.3/ \"$1\"");
    assert_eq!(edit().code, 0);
    assert_eq!(text(STAGED), config("192.0.2.3/24"));
}

#[test]
fn an_edit_that_changes_nothing_stages_nothing() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    editor("true");
    assert_eq!(edit().out, "nothing was changed, and nothing is staged anew\n");
    assert!(!exists(STAGED));
    editor("exit 3");
    let failed = edit();
    assert_eq!(
        (failed.code, failed.err.as_str()),
        (
            1,
            "error: the editor `/run/editor` failed (exit status: 3) [edit-failed]\n"
        )
    );
}

#[test]
fn where_nobody_can_be_asked_a_wrong_edit_is_kept_aside() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    editor("sed -i s/192.0.2.1/192.0.2.300/ \"$1\"");
    let wrong = edit();
    assert_eq!(wrong.code, 1, "{wrong:?}");
    assert!(wrong.err.contains("`address` cannot be `192.0.2.300/24`"), "{wrong:?}");
    let kept = wrong.err.lines().last().unwrap();
    let path = kept.strip_prefix("cleat-commit: the edited copy is kept as ").unwrap();
    assert_eq!(text(path), config("192.0.2.300/24"));
    assert!(!exists(STAGED));
}

#[test]
fn on_a_terminal_a_wrong_edit_is_shown_and_edited_again() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    editor(
        "if grep -q 192.0.2.300 \"$1\"; then sed -i s/192.0.2.300/192.0.2.3/ \"$1\"; \
         else sed -i s/192.0.2.1/192.0.2.300/ \"$1\"; fi",
    );
    let said = edit_typing("\n");
    assert!(said.contains("edit again? [Y/n]"), "{said}");
    assert_eq!(text(STAGED), config("192.0.2.3/24"), "{said}");
}

/// Somebody else was at it while the editor was open, or since the file was staged that is edited.
#[test]
fn regress_a_change_of_the_live_file_is_merged_with_an_edit_that_began_before_it() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    let live = |other: &str| std::fs::write(LIVE, two("192.0.2.1/24", other)).unwrap();
    live("198.51.100.1/24");
    editor(&format!(
        "sed -i s/192.0.2.1/192.0.2.2/ \"$1\"; sed -i s/198.51.100.1/198.51.100.2/ {LIVE}"
    ));
    assert_eq!(edit().code, 0);
    assert_eq!(text(STAGED), two("192.0.2.2/24", "198.51.100.1/24"));
    let boot = commit("boot");
    assert!(
        boot.code == 0 && boot.err.contains(" both changes are merged [staged-merged]"),
        "{boot:?}"
    );
    assert_eq!(text(LIVE), two("192.0.2.2/24", "198.51.100.2/24"));

    std::fs::write("/run/next", two("192.0.2.3/24", "198.51.100.2/24")).unwrap();
    done("stage /run/next");
    std::fs::write(LIVE, two("192.0.2.2/24", "198.51.100.3/24")).unwrap();
    assert!(commit("status").out.contains("both changes are merged"));
    editor("sed -i s/192.0.2.3/192.0.2.4/ \"$1\"");
    assert_eq!(edit().code, 0);
    let status = commit("status");
    assert!(status.out.contains("both changes are merged"), "{status:?}");
    assert_eq!(commit("boot").code, 0);
    assert_eq!(text(LIVE), two("192.0.2.4/24", "198.51.100.3/24"));
}

/// Nobody knows what the web interface's file was made from, and an edit of it does not change that.
#[test]
fn regress_what_another_program_staged_stays_that_when_it_is_edited_or_staged_again() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    editor("sed -i s/192.0.2.2/192.0.2.3/ \"$1\"");
    type Step = (&'static str, fn());
    let steps: [Step; 2] = [
        ("192.0.2.3/24", || {
            let edited = edit();
            assert_eq!(edited.code, 0, "{edited:?}");
            assert!(
                edited.out.ends_with("`cleat-commit status` tells what it undoes\n"),
                "{edited:?}"
            );
        }),
        ("192.0.2.2/24", || drop(done("stage /etc/network/interfaces.new"))),
    ];
    for (address, step) in steps {
        std::fs::write(STAGED, config("192.0.2.2/24")).unwrap();
        netns::run(&format!("touch -d @1700000000 {STAGED}"));
        let before = commit("status");
        let stale = |called: &Called| {
            let lines = called.out.lines();
            lines
                .filter(|line| line.contains("[staged-stale]"))
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(stale(&before).len(), 1, "{before:?}");
        step();
        assert_eq!(text(STAGED), config(address));
        let status = commit("status");
        assert_eq!(stale(&status).len(), 1, "{status:?}");
        assert!(
            status
                .out
                .contains("staged by root, over what another program staged, "),
            "{status:?}"
        );
        for undone in [
            "gone: `address 192.0.2.1/24`".to_owned(),
            format!("back: `address {address}`"),
        ] {
            assert!(status.out.contains(&undone), "{undone}: {status:?}");
        }
        done("revert");
    }
}

#[test]
fn regress_an_edit_keeps_what_belongs_to_the_staged_configuration() {
    let room = netns::enter!(Veth);
    room.private_copy("/etc/systemd", &["network"]).unwrap();
    host(&room, "192.0.2.1/24");
    let link = "/etc/systemd/network/10-cleat-eno1.link";
    std::fs::create_dir_all("/etc/systemd/network").unwrap();
    std::fs::write(link, "[Match]\nOriginalName=eno1\n").unwrap();
    // A generation of its own, of which the link file is a part.
    crate::commands::bed::call("ifreload -a").quietly();
    stage("192.0.2.2/24");
    done("apply");
    std::fs::remove_file(link).unwrap();
    done("rollback 2");
    editor("sed -i s/192.0.2.1/192.0.2.3/ \"$1\"");
    assert_eq!(edit().code, 0);
    assert_eq!(commit("boot").code, 0);
    assert_eq!(text(LIVE), config("192.0.2.3/24"));
    assert_eq!(text(link), "[Match]\nOriginalName=eno1\n");
    let newest = json("history")["generations"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .clone();
    assert_eq!(
        (newest["origin"].as_str(), newest["of"].as_u64()),
        (Some("rollback"), Some(2))
    );

    std::fs::write("/run/next", config("192.0.2.4/24")).unwrap();
    done("stage /run/next --confirm-boot=gateway");
    editor("sed -i s/192.0.2.4/192.0.2.5/ \"$1\"");
    let edited = edit();
    assert!(
        edited.out.ends_with("the first boot with it has to pass: gateway\n"),
        "{edited:?}"
    );
    assert_eq!(json("status")["staged"]["confirm"], "gateway");
}

/// The editor was open while the web interface staged something: neither is thrown away.
#[test]
fn regress_an_edit_does_not_take_the_place_of_what_was_staged_meanwhile() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    std::fs::write("/run/other", config("192.0.2.9/24")).unwrap();
    editor(&format!("sed -i s/192.0.2.1/192.0.2.2/ \"$1\"; cp /run/other {STAGED}"));
    let edited = edit();
    assert_eq!(edited.code, 1, "{edited:?}");
    assert!(
        edited
            .err
            .starts_with("error: another configuration was staged meanwhile [staged-meanwhile]"),
        "{edited:?}"
    );
    assert_eq!(text(STAGED), config("192.0.2.9/24"));
    let kept = edited.err.lines().last().unwrap();
    let path = kept.strip_prefix("cleat-commit: the edited copy is kept as ").unwrap();
    assert_eq!(text(path), config("192.0.2.2/24"));
}

/// What no boot would read is not staged, and never in part.
#[test]
fn regress_more_than_may_be_staged_is_refused_with_the_reason() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    let much = || {
        let mut file = std::fs::File::create("/run/much").unwrap();
        std::io::Write::write_all(&mut file, config("192.0.2.2/24").as_bytes()).unwrap();
        let line = format!("# {}\n", "x".repeat(1021));
        std::io::Write::write_all(&mut file, line.repeat(17 << 10).as_bytes()).unwrap();
        std::fs::File::open("/run/much").unwrap()
    };
    let staged = called(command("stage -").stdin(much()).output().unwrap());
    assert_eq!(
        (staged.code, staged.err.as_str()),
        (
            1,
            "error: cannot read standard input: it is larger than 16 MiB [unreadable]\n"
        )
    );
    editor("cp /run/much \"$1\"");
    let edited = edit();
    assert_eq!(edited.code, 1, "{edited:?}");
    assert!(
        edited.err.contains("it is larger than 16 MiB [edit-failed]\n"),
        "{edited:?}"
    );
    assert!(!exists(STAGED));
}
