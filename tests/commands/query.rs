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

/// Witness of the words: ifupdown2's own tests/output: `vrf`, `link-down`, `link-type` and a port's `bridge-pvid` pass.
#[test]
fn what_says_something_of_the_whole_link_is_judged_too() {
    let room = netns::enter!(Vrf, Dummy, Bridge, VlanFiltering);
    let file = "auto blue\niface blue\n\tvrf-table auto\n\
        auto dum\niface dum\n\tlink-type dummy\n\tvrf blue\n\tlink-down yes\n\
        auto eno1\niface eno1\n\tbridge-pvid 7\n\
        auto vmbr0\niface vmbr0\n\thwaddress ether 02:00:00:00:00:07\n\tbridge-ports eno1\n\tbridge-ports eno2\n\
        \tbridge-vlan-aware yes\n\tbridge-stp off\n\tbridge-trunk 7-9\n\
        auto eno2\niface eno2\n\taddress-virtual 02:00:00:00:00:09 192.0.2.9/24\n";
    host(&room, &["eno1", "eno2"], file);
    call("ifup -a");
    let ask = || {
        let found: serde_json::Value = serde_json::from_str(&call("ifquery -a -c -o json").out).unwrap();
        let entry = |at: usize| found[at].clone();
        assert_eq!(entry(4)["config_status"]["address-virtual"], "fail", "nobody does it");
        [entry(0), entry(1), entry(2), entry(3)]
    };
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    let [blue, dum, eno1, vmbr0] = ask();
    assert_eq!(blue["config"]["vrf-table"], "1001");
    assert_eq!(
        dum["config_status"],
        json(r#"{"link-type":"pass","vrf":"pass","link-down":"pass"}"#)
    );
    assert_eq!(eno1["config_status"]["bridge-pvid"], "pass");
    assert_eq!(vmbr0["config"]["bridge-ports"], "eno1 eno2");
    assert_eq!(vmbr0["config"]["hwaddress"], "02:00:00:00:00:07");
    assert_eq!(vmbr0["config"]["bridge-vids"], "7-9");
    for entry in [&blue, &dum, &eno1, &vmbr0] {
        assert_eq!(entry["status"], "pass", "{entry}");
    }

    run("ip link set dum nomaster up");
    run("bridge vlan add dev eno1 vid 8 pvid untagged");
    run("ip link set eno2 nomaster");
    let [_, dum, eno1, vmbr0] = ask();
    assert_eq!(
        dum["config_status"],
        json(r#"{"link-type":"pass","vrf":"fail","link-down":"fail"}"#)
    );
    assert_eq!(
        (&dum["config"]["link-down"], &dum["status"]),
        (&"no".into(), &"fail".into())
    );
    assert_eq!(
        (&eno1["config_status"]["bridge-pvid"], &eno1["config"]["bridge-pvid"]),
        (&"fail".into(), &"8".into())
    );
    assert_eq!(
        (
            &vmbr0["config_status"]["bridge-ports"],
            &vmbr0["config"]["bridge-ports"]
        ),
        (&"fail".into(), &"eno1".into())
    );
}
