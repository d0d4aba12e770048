//! `edit`: the editor is a script; the terminal is that of script(1), where questions are asked.

use super::bed::{LIVE, STAGED, command, config, exists, host, text};
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
    let line = format!("EDITOR=/run/editor {} edit", env!("CARGO_BIN_EXE_cleat-commit"));
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
