//! `ifquery` against the kernel.

use super::bed::{call, example, host};
use cleat_netns::{self as netns, run};

#[test]
fn a_check_passes_when_all_is_so_and_names_what_is_not() {
    let room = netns::enter!();
    host(&room, &["eno1"], &example("default-bridge"));
    call("ifup -a").quietly();
    let check = call("ifquery -a -c -o json");
    assert_eq!(check.code, 0, "{check:?}");
    let found: serde_json::Value = serde_json::from_str(&check.out).unwrap();
    assert_eq!(found[1]["name"], "vmbr0");
    assert_eq!(found[1]["status"], "pass");
    assert_eq!(found[1]["config_status"]["bridge-ports"], "pass");

    run("ip addr del 192.168.10.2/24 dev vmbr0");
    run("ip link set vmbr0 type bridge forward_delay 200");
    let check = call("ifquery -a -c -o json");
    assert_eq!(check.code, 1, "{check:?}");
    let found: serde_json::Value = serde_json::from_str(&check.out).unwrap();
    assert_eq!(found[0]["status"], "pass");
    assert_eq!(found[1]["status"], "fail");
    let status = &found[1]["config_status"];
    assert_eq!(
        (&status["address"], &status["bridge-fd"]),
        (&"fail".into(), &"fail".into())
    );
    assert_eq!(status["bridge-stp"], "pass");
}

#[test]
fn a_missing_link_fails_the_check() {
    let room = netns::enter!();
    host(&room, &["eno1"], &example("default-bridge"));
    let check = call("ifquery -c vmbr0");
    assert_eq!(check.code, 1, "{check:?}");
    let line = check.out.lines().find(|line| line.starts_with("iface vmbr0")).unwrap();
    assert!(line.ends_with("[fail]"), "{check:?}");
}

#[test]
fn the_running_state_is_shown_as_stanzas() {
    let room = netns::enter!();
    host(&room, &["eno1"], &example("default-bridge"));
    call("ifup -a").quietly();
    let running = call("ifquery -r vmbr0");
    assert_eq!(running.code, 0, "{running:?}");
    for line in [
        "auto vmbr0",
        "iface vmbr0",
        "\tbridge-ports eno1",
        "\tbridge-fd 0",
        "\taddress 192.168.10.2/24",
        "\tgateway 192.168.10.1",
    ] {
        assert!(
            running.out.lines().any(|found| found == line),
            "{line}: {}",
            running.out
        );
    }
}

#[test]
fn dependencies_are_printed_as_a_list_and_for_graphviz() {
    let room = netns::enter!();
    host(&room, &[], &example("default-bridge"));
    assert_eq!(call("ifquery -a -p list").out, "lo : []\neno1 : []\nvmbr0 : ['eno1']\n");
    assert!(call("ifup -a -p dot").out.contains("\t\"vmbr0\" -> \"eno1\";\n"));
}
