//! /run is full, or cannot be written: a boot brings up the network all the same, a reload begins nothing.
//!
//! Second witness: tmpfs(5), filled to the last page or inode, and iproute2.

use super::bed::{addresses, assert_same_network, call, exists, host, network, write_interfaces};
use super::state;
use cleat_netns as netns;
use std::os::unix::fs::PermissionsExt;

const OLD: &str = "auto eno1\niface eno1 inet static\n\taddress 192.0.2.2/24\n\tgateway 192.0.2.1\n";
const NEW: &str = "auto eno1\niface eno1 inet static\n\taddress 192.0.2.3/24\n\tgateway 192.0.2.254\n\n\
    auto vx5\niface vx5\n\tvxlan-id 5\n";

/// Another /run, of that size.
fn mount_run(options: &str) {
    netns::run(&format!("mount -t tmpfs -o mode=755,{options} none /run"));
}

fn fill() {
    let full = std::fs::write("/run/fill", vec![0; 4 << 20]).unwrap_err();
    assert_eq!(full.raw_os_error(), Some(28));
}

fn gateway() -> String {
    let routes = netns::ip_json(&["route", "show", "default"]);
    routes[0]["gateway"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_boot_with_a_full_run_brings_up_the_network() {
    let room = netns::enter!(Veth);
    host(&room, &["eno1"], OLD);
    mount_run("size=16k");
    fill();
    let up = call("ifup -a");
    assert_eq!(up.code, 0, "{up:?}");
    assert_eq!(addresses("eno1"), ["192.0.2.2/24"]);
    assert_eq!(gateway(), "192.0.2.1");
    for line in up.err.lines() {
        assert!(line.starts_with("warning: "), "{up:?}");
    }
    assert!(up.err.contains(" [state-unwritable]\n"), "{up:?}");
    // There is room again: the next run takes what is declared and up for ours, and from then on the file is followed.
    std::fs::remove_file("/run/fill").unwrap();
    call("ifreload -a").quietly();
    write_interfaces(NEW);
    call("ifreload -a").quietly();
    assert_eq!(
        (addresses("eno1"), gateway()),
        (vec!["192.0.2.3/24".to_owned()], "192.0.2.254".to_owned())
    );
}

#[test]
fn a_boot_with_a_run_that_cannot_be_written_brings_up_the_network_without_a_lock() {
    let room = netns::enter!(Veth);
    host(&room, &["eno1"], OLD);
    mount_run("size=16k");
    netns::run("mount -o remount,ro /run");
    let up = call("ifup -a");
    assert_eq!(up.code, 0, "{up:?}");
    assert_eq!(addresses("eno1"), ["192.0.2.2/24"]);
    assert!(up.err.starts_with("warning: cannot make the directory /run/"), "{up:?}");
    assert!(up.err.contains(": Read-only file system [lock]\n"), "{up:?}");
    assert!(!up.err.contains("error: "), "{up:?}");
}

/// No page, or no inode: either way not all that a reload does could be written down.
#[test]
fn a_reload_that_cannot_be_recorded_is_not_begun() {
    let room = netns::enter!(Veth);
    host(&room, &["eno1"], OLD);
    for (options, use_up) in [
        ("size=64k", fill as fn()),
        ("size=1m,nr_inodes=16", || {
            let mut made = (0..32).map(|number| std::fs::write(format!("/run/file{number}"), ""));
            let refused = made.find_map(Result::err).map(|error| error.kind());
            assert_eq!(refused, Some(std::io::ErrorKind::StorageFull));
        }),
    ] {
        mount_run(options);
        call("ifup -a").quietly();
        let before = network();
        use_up();
        write_interfaces(NEW);
        let reload = call("ifreload -a");
        assert_eq!(reload.code, 1, "{reload:?}");
        let told = "error: what is done could not be recorded, and not be undone after a crash: cannot write /run/";
        assert!(reload.err.starts_with(told), "{reload:?}");
        assert!(
            reload.err.contains(": No space left on device [run-unrecorded]\n")
                && reload.err.ends_with("1 error, 0 warnings; nothing was changed\n"),
            "{reload:?}"
        );
        assert_same_network(&network(), &before);
        // The way back is open, with room and without.
        write_interfaces(OLD);
        call("ifreload -a").quietly();
        netns::run("umount /run");
        call("ifdown -a --force").quietly();
    }
    assert!(!exists("vx5"));
}

/// A configuration may hold what others must not read, and the record holds its options and hook lines.
#[test]
fn only_root_may_read_the_state_and_take_the_locks() {
    let room = netns::enter!(Veth);
    host(
        &room,
        &["eno1"],
        &format!(
            "{OLD}\twpa-psk secret\n\tup stat -c %a /run/cleat/journal /run/cleat/*/journal > /run/mode || true\n"
        ),
    );
    call("ifup -a");
    assert_eq!(std::fs::read_to_string("/run/mode").unwrap(), "600\n");
    let directory = state::directory();
    for entry in std::fs::read_dir(&directory).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.path());
    }
    assert!(
        std::fs::read_to_string(directory.join("state.json"))
            .unwrap()
            .contains("secret")
    );
}
