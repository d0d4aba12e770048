//! The state file.

use super::bed::{addresses, assert_same_network, call, exists, host, network, write_interfaces};
use cleat_netns as netns;
use std::path::PathBuf;

const ONE: &str = "auto eno1\niface eno1 inet static\n\taddress 192.0.2.2/24\n\nauto vmbr9\niface vmbr9 inet manual\n\tbridge-ports none\n\tbridge-fd 0\n";

/// Where the files of this room's namespace are: /run/cleat, or a directory in it where process 1 is in another network.
pub fn directory() -> PathBuf {
    let entries = std::fs::read_dir("/run/cleat").unwrap();
    let mut found = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    found.next().unwrap_or_else(|| PathBuf::from("/run/cleat"))
}

#[test]
fn what_is_up_is_recorded_and_asked_for_by_name() {
    let room = netns::enter!();
    host(&room, &["eno1"], ONE);
    assert_eq!(call("ifquery --state eno1").code, 1);
    call("ifup eno1").quietly();
    let asked = call("ifquery --state eno1");
    assert_eq!((asked.code, asked.out.as_str()), (0, "eno1=eno1\n"));
    assert_eq!(call("ifquery --state eno1 vmbr9").code, 1);
    call("ifdown eno1").quietly();
    assert_eq!(call("ifquery --state").out, "");
}

#[test]
fn a_damaged_state_file_is_reported_set_aside_and_survived() {
    let room = netns::enter!();
    host(&room, &["eno1"], ONE);
    call("ifup -a").quietly();
    std::fs::write(directory().join("state.json"), "{ not json").unwrap();
    let up = call("ifup -a");
    assert_eq!(up.code, 0, "{up:?}");
    assert!(
        up.err.contains("warning: the state file ") && up.err.contains("[state-damaged]"),
        "{up:?}"
    );
    let aside = std::fs::read_to_string(directory().join("state.json.damaged-1")).unwrap();
    assert_eq!(aside, "{ not json");
    assert_eq!(addresses("eno1"), ["192.0.2.2/24"]);
    call("ifup -a").quietly();
}

#[test]
fn what_was_made_is_taken_down_after_its_stanza_is_gone() {
    let room = netns::enter!();
    host(&room, &["eno1"], ONE);
    call("ifup -a").quietly();
    write_interfaces("auto eno1\niface eno1 inet static\n\taddress 192.0.2.2/24\n");
    call("ifdown vmbr9").quietly();
    assert!(!exists("vmbr9"));
}

#[test]
fn no_file_is_left_half_written_and_none_lies_about() {
    let room = netns::enter!();
    host(&room, &["eno1"], ONE);
    call("ifup -a").quietly();
    let entries = std::fs::read_dir(directory()).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names.retain(|name| name != "lock");
    assert_eq!(names, ["runs.jsonl", "state.json"]);
}

/// After a switch from another program: `ip` made the network, nothing of it is recorded.
#[test]
fn a_network_that_another_program_made_is_taken_over_without_a_change() {
    let room = netns::enter!(Veth, Bridge);
    let file = "auto vmbr0\niface vmbr0 inet static\n\taddress 192.0.2.2/24\n\tgateway 192.0.2.1\n\tbridge-ports eno1\n\tbridge-stp off\n\tbridge-fd 0\n\tup echo up >> /run/hooks\n\tdown echo down >> /run/hooks\n\nauto eno2\niface eno2 inet static\n\taddress 198.51.100.2/24\n";
    host(&room, &["eno1", "eno2"], file);
    for line in [
        "ip link add vmbr0 type bridge forward_delay 0",
        "ip link set eno1 master vmbr0 up",
        "ip link set vmbr0 up",
        "ip addr add 192.0.2.2/24 dev vmbr0",
        "ip route add default via 192.0.2.1 dev vmbr0 proto boot onlink",
    ] {
        netns::run(line);
    }
    let before = network();
    call("ifreload --adopt -a").quietly();
    assert_same_network(&network(), &before);
    assert!(!std::path::Path::new("/run/hooks").exists(), "no hook ran");
    // What is not up is not taken for brought up: the reload does that.
    assert_eq!(call("ifquery --state").out, "eno1=eno1\nvmbr0=vmbr0\n");
    let plan = call("ifreload -n -a").out;
    assert!(!plan.contains("vmbr0") && plan.contains("eno2"), "{plan}");
    call("ifreload -a").quietly();
    assert!(
        !std::path::Path::new("/run/hooks").exists(),
        "nothing changed for vmbr0"
    );
    // It is ours now: gone from the file, it goes, by the hooks that it was declared with.
    write_interfaces("auto eno2\niface eno2 inet static\n\taddress 198.51.100.2/24\n");
    call("ifreload -a").quietly();
    assert!(!exists("vmbr0"));
    assert_eq!(std::fs::read_to_string("/run/hooks").unwrap(), "down\n");
}

/// The packages' scripts record a network although a line of the file is wrong (CLEAT_TAKEOVER=force), and one that udev
/// brought up: the other links are ours as before. Second witness: `ip`, for what is up, and `ifreload -n`.
#[test]
fn regress_a_fault_in_the_file_does_not_keep_the_rest_from_being_taken_over() {
    let room = netns::enter!(Veth);
    let good = "auto eno1\niface eno1 inet static\n\taddress 192.0.2.2/24\n\n\
        allow-hotplug eno2\niface eno2 inet static\n\taddress 198.51.100.2/24\n";
    host(
        &room,
        &["eno1", "eno2"],
        &format!("{good}\nauto vmbr9\niface vmbr9 inet static\n\taddress 10.9.9.9/33\n\tbridge-ports none\n"),
    );
    for line in [
        "ip link set eno1 up",
        "ip addr add 192.0.2.2/24 dev eno1",
        "ip link set eno2 up",
        "ip addr add 198.51.100.2/24 dev eno2",
    ] {
        netns::run(line);
    }
    let before = network();
    let called = call("ifreload --adopt -a");
    let told = "warning: vmbr9: `address` cannot be `10.9.9.9/33` (/etc/network/interfaces:11:10) [bad-value]\n";
    assert_eq!((called.code, called.err.as_str()), (0, told));
    assert_same_network(&network(), &before);
    assert_eq!(call("ifquery --state").out, "eno1=eno1\neno2=eno2\n");
    write_interfaces(good);
    assert_eq!(call("ifreload -n -a").out, "nothing to do\n");
}
