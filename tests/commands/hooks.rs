//! Hooks as the programs run them.

use super::bed::{call, host, write_interfaces};
use cleat_netns as netns;
use std::os::unix::fs::PermissionsExt;

const LOG: &str = "/run/hooks.log";

fn log() -> Vec<String> {
    let text = std::fs::read_to_string(LOG).unwrap_or_default();
    let _ = std::fs::remove_file(LOG);
    text.lines().map(str::to_owned).collect()
}

fn script(phase: &str, name: &str) {
    let directory = format!("/etc/network/if-{phase}.d");
    std::fs::create_dir_all(&directory).unwrap();
    let path = format!("{directory}/{name}");
    let text =
        format!("#!/bin/sh\necho \"script if-{phase}.d $IFACE $PHASE $MODE $ADDRFAM $METHOD $IF_ADDRESS\" >> {LOG}\n");
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn stanza(address: &str) -> String {
    let mut text = format!("auto eno1\niface eno1 inet static\n\taddress {address}\n");
    for phase in ["pre-up", "up", "post-up", "pre-down", "down", "post-down"] {
        text += &format!("\t{phase} echo line {phase} $IFACE $PHASE >> {LOG}\n");
    }
    text
}

/// Order and words: interfaces(5) of classic ifupdown; if-post-up.d and if-pre-down.d are ifupdown2's.
#[test]
fn lines_and_scripts_run_in_their_phases_with_their_environment() {
    let room = netns::enter!();
    host(&room, &["eno1"], &stanza("192.0.2.2/24"));
    for phase in ["pre-up", "up", "post-up", "pre-down", "down", "post-down"] {
        script(phase, "tell");
    }
    call("ifup eno1").quietly();
    assert_eq!(
        log(),
        [
            "line pre-up eno1 pre-up",
            "script if-pre-up.d eno1 pre-up start inet static 192.0.2.2",
            "line up eno1 post-up",
            "script if-up.d eno1 post-up start inet static 192.0.2.2",
            "line post-up eno1 post-up",
            "script if-post-up.d eno1 post-up start inet static 192.0.2.2",
        ]
    );
    call("ifdown eno1").quietly();
    assert_eq!(
        log(),
        [
            "line pre-down eno1 pre-down",
            "script if-pre-down.d eno1 pre-down stop inet static 192.0.2.2",
            "line down eno1 pre-down",
            "script if-down.d eno1 pre-down stop inet static 192.0.2.2",
            "line post-down eno1 post-down",
            "script if-post-down.d eno1 post-down stop inet static 192.0.2.2",
        ]
    );
}

#[test]
fn on_a_reload_hooks_run_only_for_what_is_brought_up_or_has_other_options() {
    let room = netns::enter!();
    let other =
        "\nauto eno2\niface eno2 inet static\n\taddress 198.51.100.2/24\n\tup echo line up eno2 >> /run/hooks.log\n";
    host(&room, &["eno1", "eno2"], &(stanza("192.0.2.2/24") + other));
    script("up", "tell");
    call("ifreload -a").quietly();
    assert_eq!(log().len(), 6);
    call("ifreload -a").quietly();
    assert_eq!(log(), Vec::<String>::new());
    write_interfaces(&(stanza("192.0.2.3/24") + other));
    call("ifreload -a").quietly();
    assert_eq!(log(), ["script if-up.d eno1 post-up start inet static 192.0.2.3"]);
}

#[test]
fn no_scripts_keeps_scripts_and_not_lines_from_running() {
    let room = netns::enter!();
    host(
        &room,
        &["eno1"],
        &("no-scripts eno1\n".to_owned() + &stanza("192.0.2.2/24")),
    );
    script("up", "tell");
    call("ifup eno1").quietly();
    assert_eq!(log().len(), 3);
}

#[test]
fn what_hooks_print_is_in_the_log_with_the_interfaces_name() {
    let room = netns::enter!();
    host(
        &room,
        &["eno1"],
        "auto eno1\niface eno1 inet manual\n\tup echo hello; echo there >&2\n",
    );
    let up = call("ifup eno1");
    assert_eq!((up.code, up.err.as_str()), (0, "eno1: up: hello\neno1: up: there\n"));
}

/// Witness: ifupdown2 3.0.0, the same file: `warning: eno1: pre-up cmd 'false' failed: returned 1`, exit code 0, and the
/// address is there. Proxmox VE's worker stops at any other exit code.
#[test]
fn a_failing_hook_is_a_warning_and_an_error_where_the_settings_say_so() {
    let room = netns::enter!();
    let text = "auto eno1\niface eno1 inet static\n\taddress 192.0.2.2/24\n\tpre-up false\n\tup exit 3\n";
    host(&room, &["eno1"], text);
    let failed = "eno1: pre-up command failed: exit code 1: `false` (/etc/network/interfaces:4:9) [hook-failed]";
    for (settings, arguments, code, severity) in [
        ("", "", 0, "warning"),
        ("hook-failure = \"error\"\n", "", 1, "error"),
        ("hook-failure = \"error\"\n", " --ignore-errors", 0, "warning"),
    ] {
        std::fs::create_dir_all("/etc/cleat").unwrap();
        std::fs::write("/etc/cleat/cleat.toml", settings).unwrap();
        let up = call(&format!("ifup -a --force{arguments}"));
        assert_eq!(up.code, code, "{up:?}");
        let found: Vec<&str> = up.err.lines().filter(|line| line.contains("pre-up")).collect();
        assert_eq!(found, [format!("{severity}: {failed}")], "{up:?}");
        assert_eq!(super::bed::addresses("eno1"), ["192.0.2.2/24"]);
    }
}

/// The masquerading example has a blank line before its hooks; they belong to vmbr0.
#[test]
fn a_hook_behind_a_blank_line_still_runs() {
    let room = netns::enter!();
    host(
        &room,
        &["eno1"],
        &format!("auto eno1\niface eno1 inet manual\n\n\tpost-up echo behind >> {LOG}\n"),
    );
    call("ifup eno1").quietly();
    assert_eq!(log(), ["behind"]);
}

#[test]
fn a_mapping_script_picks_the_stanza() {
    let room = netns::enter!();
    host(
        &room,
        &["eno1"],
        "mapping eno*\n\tscript /etc/network/pick\n\tmap home\n\nauto eno1\n\niface home inet static\n\taddress 192.0.2.7/24\n\tup echo $IFACE $LOGICAL >> /run/hooks.log\n\niface eno1 inet manual\n\niface work inet static\n\taddress 192.0.2.9/24\n",
    );
    std::fs::write("/etc/network/pick", "#!/bin/sh\nread -r name\necho \"$name\"\n").unwrap();
    std::fs::set_permissions("/etc/network/pick", std::fs::Permissions::from_mode(0o755)).unwrap();
    call("ifup eno1").quietly();
    assert_eq!(super::bed::addresses("eno1"), ["192.0.2.7/24"]);
    assert_eq!(log(), ["eno1 home"]);
    call("ifdown eno1").quietly();
    call("ifup eno1=work").quietly();
    assert_eq!(super::bed::addresses("eno1"), ["192.0.2.9/24"]);
}
