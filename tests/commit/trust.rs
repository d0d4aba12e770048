//! Files of the configuration that others than root may change. Second witness: what chmod(1) and chown(1)
//! were asked for.

use super::bed::{LIVE, STAGED, commit, config, done, host, text};
use crate::commands::bed::{Called, addresses, call, called};
use cleat_netns::{self as netns, run};
use std::process::Command;

fn cleat(line: &str) -> Called {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cleat"));
    let command = command
        .args(line.split(' '))
        .env_remove("RUST_LOG")
        .env_remove("JOURNAL_STREAM");
    called(command.output().unwrap())
}

const SOURCED: &str = "/etc/network/interfaces.d/more";
const SCRIPT: &str = "/etc/network/if-up.d/x";
const HOOK: &str = "/etc/network/hook";

/// A host with a sourced file, a script and a hook line with a program.
fn host_with_all(room: &netns::Room) {
    host(room, "192.0.2.1/24");
    for directory in ["/etc/network/interfaces.d", "/etc/network/if-up.d"] {
        std::fs::create_dir_all(directory).unwrap();
    }
    std::fs::write(SOURCED, "iface eno1\n\taddress 198.51.100.1/24\n").unwrap();
    for program in [SCRIPT, HOOK] {
        std::fs::write(program, "#!/bin/sh\n").unwrap();
        run(&format!("chmod 755 {program}"));
    }
    std::fs::write(
        LIVE,
        format!("{}\tup {HOOK} now\nsource interfaces.d/*\n", config("192.0.2.1/24")),
    )
    .unwrap();
    call("ifreload -a").quietly();
}

#[test]
fn each_file_that_others_may_change_is_a_warning_in_check_plan_and_at_a_boot() {
    let room = netns::enter!(Veth);
    host_with_all(&room);
    for (change, path, who) in [
        ("chmod 666", LIVE, "is writable by everybody"),
        ("chown 65534", LIVE, "belongs to user 65534"),
        ("chown 65534", SOURCED, "belongs to user 65534"),
        ("chmod 777", "/etc/network/interfaces.d", "is writable by everybody"),
        ("chmod 757", SCRIPT, "is writable by everybody"),
        ("chown 65534", HOOK, "belongs to user 65534"),
    ] {
        run(&format!("{change} {path}"));
        let text = format!("{path} {who}: that is enough to have root run anything");
        let told = format!("warning: {text} [changeable-by-others]; help: `chown root` and `chmod go-w` it\n");
        let boot = call("ifup -a");
        assert_eq!((boot.code, boot.err.as_str()), (0, told.as_str()), "{change} {path}");
        for verb in ["check", "plan"] {
            let page = cleat(verb);
            let line = format!("warning[changeable-by-others]: {text}\n");
            assert_eq!((page.code, page.out.matches(&line).count()), (0, 1), "{page:?}");
            assert_eq!(page.out.matches("[changeable-by-others]").count(), 1, "{page:?}");
        }
        run(&format!("chown 0 {path}"));
        run(&format!("chmod 755 {path}"));
    }
    // A group of its own, and root's.
    run(&format!("chgrp 50 {SOURCED}"));
    run(&format!("chmod 664 {SOURCED}"));
    assert!(
        call("ifup -a")
            .err
            .contains(&format!("{SOURCED} is writable by group 50: "))
    );
    run(&format!("chgrp 0 {SOURCED}"));
    call("ifup -a").quietly();
    // Of a file that is not this host's, or of a reload, nothing is said.
    run(&format!("chmod 666 {LIVE}"));
    call("ifreload -a").quietly();
    std::fs::write("/run/other", config("192.0.2.1/24")).unwrap();
    run("chmod 666 /run/other");
    assert!(!cleat("check /run/other").out.contains("changeable-by-others"));
}

#[test]
fn a_staged_file_that_sources_what_others_may_change_is_refused() {
    let room = netns::enter!(Veth);
    host_with_all(&room);
    std::fs::write("/run/next", text(LIVE).replace("192.0.2.1", "192.0.2.2")).unwrap();
    for (change, who) in [
        ("chown 65534", "belongs to user 65534"),
        ("chmod 666", "is writable by everybody"),
    ] {
        run(&format!("{change} {SOURCED}"));
        let error =
            format!("error: the staged configuration sources {SOURCED}, which {who} [staged-source-unfit]; help: ");
        let staged = commit("stage /run/next");
        assert_eq!(staged.code, 1, "{staged:?}");
        assert!(staged.err.contains(&error), "{staged:?}");
        // Staged by another program, or before the file was changed.
        std::fs::copy("/run/next", STAGED).unwrap();
        for verb in ["apply", "boot"] {
            let called = commit(verb);
            assert_eq!(called.code, 1, "{called:?}");
            assert!(called.err.contains(&error), "{called:?}");
        }
        assert_eq!(addresses("eno1"), ["192.0.2.1/24", "198.51.100.1/24"]);
        run(&format!("chown 0 {SOURCED}"));
        run(&format!("chmod 644 {SOURCED}"));
    }
    done("apply");
    assert_eq!(addresses("eno1"), ["198.51.100.1/24", "192.0.2.2/24"]);
    // The way back is open whatever belongs to whom.
    run(&format!("chown 65534 {SOURCED}"));
    assert_eq!(commit("rollback --now").code, 0);
}
