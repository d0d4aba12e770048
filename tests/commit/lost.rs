//! A boot whose interfaces file is lost brings up the newest healthy generation. Second witness: the kernel, by iproute2,
//! and the file itself.

use super::bed::{LIVE, config, done, history, host, json, reboot, text};
use crate::commands::bed::{Called, addresses, call, called};
use cleat_netns as netns;
use std::process::Command;

/// `cleat wait-online`, for so many seconds.
fn wait_online(limit: &str) -> Called {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cleat"));
    let command = command.args(["wait-online", "--timeout", limit]).env_remove("RUST_LOG");
    called(command.output().unwrap())
}

/// What a boot says that brings up generation 1 instead, for this reason.
fn instead(reason: &str) -> String {
    let document = json("history");
    let time = document["generations"][0]["time"].as_u64().unwrap();
    let date = Command::new("date")
        .args(["-d", &format!("@{time}"), "+%F %T %Z"])
        .output()
        .unwrap();
    let date = String::from_utf8(date.stdout).unwrap();
    format!(
        "error: {reason}: generation 1 of {} is brought up instead [configuration-lost]; help: the file stays as it is: \
         `cleat-commit rollback 1 --now` writes that generation back, and an `auto lo` line in the file says that no \
         network is wanted\n",
        date.trim()
    )
}

#[test]
fn a_boot_with_a_lost_file_brings_up_the_newest_healthy_generation_and_leaves_the_file() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    let lo = "auto lo\niface lo inet loopback\n";
    let nuls = "\0".repeat(512);
    let cases = [
        (String::new(), "/etc/network/interfaces is empty"),
        (nuls.clone(), "/etc/network/interfaces holds NUL bytes"),
        // The lines that a power cut took were those of the NIC.
        (format!("{lo}{nuls}"), "/etc/network/interfaces holds NUL bytes"),
        ("# nothing\n\n".to_owned(), "/etc/network/interfaces declares nothing"),
    ];
    for (number, (bytes, reason)) in (1..).zip(cases) {
        std::fs::write(LIVE, &bytes).unwrap();
        reboot(number);
        let before = wait_online("0");
        assert_eq!((before.code, before.out.as_str()), (1, ""), "{before:?}");
        assert!(before.err.contains("eno1"), "{before:?}");
        let boot = call("ifup -a");
        assert_eq!(boot.code, 1, "{boot:?}");
        assert_eq!(boot.err.lines().next().unwrap().to_owned() + "\n", instead(reason));
        assert_eq!(addresses("eno1"), ["192.0.2.1/24"]);
        assert_eq!((text(LIVE), wait_online("30").code), (bytes, 0));
        // A reload replaces a network that works: there it stays an error, and nothing is touched.
        let reload = call("ifreload -a");
        assert_eq!(
            (reload.code, addresses("eno1")),
            (1, vec!["192.0.2.1/24".to_owned()]),
            "{reload:?}"
        );
    }
    done("rollback --now");
    assert_eq!(text(LIVE), config("192.0.2.1/24"));
}

#[test]
fn a_file_that_cannot_be_read_is_lost_as_well() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    std::fs::remove_file(LIVE).unwrap();
    std::fs::create_dir(LIVE).unwrap();
    reboot(1);
    let boot = call("ifup -a");
    let reason = "cannot read /etc/network/interfaces: Is a directory";
    assert!(boot.err.starts_with(&instead(reason)), "{boot:?}");
    assert_eq!((boot.code, addresses("eno1")), (1, vec!["192.0.2.1/24".to_owned()]));
    assert_eq!(wait_online("30").code, 0);
    // Without a generation nobody knows what is to be waited for.
    std::fs::remove_dir_all("/etc/cleat/commit").unwrap();
    let online = wait_online("0");
    assert_eq!(
        (online.code, online.err),
        (1, format!("cleat: what is to be waited for is not known: {reason}\n"))
    );
}

#[test]
fn a_nic_that_comes_late_is_brought_up_by_that_generation_too() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    std::fs::write(LIVE, "").unwrap();
    reboot(1);
    assert_eq!(call("ifup --hotplug eno1").code, 1);
    assert_eq!(addresses("eno1"), ["192.0.2.1/24"]);
}

#[test]
fn a_sourced_file_of_no_bytes_is_lost_where_the_generation_has_some() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    let more = "/etc/network/interfaces.d/more";
    std::fs::create_dir("/etc/network/interfaces.d").unwrap();
    std::fs::write(more, config("192.0.2.2/24")).unwrap();
    std::fs::write(LIVE, "source interfaces.d/*\n").unwrap();
    call("ifreload -a").quietly();
    std::fs::write(more, "").unwrap();
    reboot(1);
    let boot = call("ifup -a");
    assert!(
        boot.err
            .starts_with(&format!("error: {more} is empty: generation 2 of ")),
        "{boot:?}"
    );
    assert_eq!(
        (addresses("eno1"), text(more)),
        (vec!["192.0.2.2/24".to_owned()], String::new())
    );
}

/// An administrator wrote it: a boot does what the file says.
#[test]
fn a_file_that_declares_the_loopback_or_a_link_without_auto_is_meant() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    let lo = "auto lo\niface lo inet loopback\n";
    for (number, file) in (1..).zip([
        lo.to_owned(),
        format!("{lo}iface eno1 inet static\n\taddress 192.0.2.9/24\n"),
    ]) {
        std::fs::write(LIVE, file).unwrap();
        reboot(number);
        call("ifup -a").quietly();
        assert_eq!(addresses("eno1"), [""; 0]);
        assert_eq!(wait_online("30").code, 0);
    }
}

/// A generation that failed does not help, and a host that never had a network loses none.
#[test]
fn without_a_healthy_generation_that_has_a_network_nothing_is_brought_up_instead() {
    let room = netns::enter!(Veth);
    host(&room, "192.0.2.1/24");
    std::fs::remove_dir_all("/etc/cleat/commit").unwrap();
    std::fs::write(LIVE, config("192.0.2.300/24")).unwrap();
    assert_eq!(call("ifreload -a").code, 1);
    assert_eq!(history()[0].1, "failed");
    std::fs::write(LIVE, "").unwrap();
    reboot(1);
    call("ifup -a").quietly();
    assert_eq!(addresses("eno1"), [""; 0]);
}
