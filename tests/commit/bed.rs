//! What the tests of `cleat-commit` stand on.

pub use crate::commands::bed::until;
use crate::commands::bed::{Called, called};
use cleat_netns::{Room, run};
use std::path::Path;
use std::process::{Child, Command, Stdio};

pub const LIVE: &str = "/etc/network/interfaces";
pub const STAGED: &str = "/etc/network/interfaces.new";

/// A host of its own with one NIC, `eno1`, that has this address; nothing of the machine's /etc and /var/lib is
/// written to.
pub fn host(room: &Room, address: &str) {
    room.private_copy("/etc", &["network", "cleat", "fstab"]).unwrap();
    room.private_copy("/var/lib", &["cleat"]).unwrap();
    std::fs::create_dir_all("/etc/network").unwrap();
    std::fs::create_dir_all("/etc/cleat").unwrap();
    std::fs::write(LIVE, config(address)).unwrap();
    run("ip link add eno1 type veth peer name eno1-wire");
    run("ip link set eno1-wire up");
    let up = crate::commands::bed::call("ifup -a");
    up.quietly();
}

/// The configuration of that host with another address.
pub fn config(address: &str) -> String {
    format!("auto lo\niface lo inet loopback\n\nauto eno1\niface eno1 inet static\n\taddress {address}\n")
}

/// The call of `cleat-commit` with these words.
pub fn command(line: &str) -> Command {
    let mut command = Command::new(crate::programs::path("cleat-commit"));
    command.args(line.split_whitespace());
    // The environment of whoever runs the tests must not decide what is tested.
    for name in [
        "RUST_LOG",
        "JOURNAL_STREAM",
        "COLUMNS",
        "NO_COLOR",
        "TERM",
        "EDITOR",
        "VISUAL",
        "SUDO_USER",
        "SSH_CONNECTION",
    ] {
        command.env_remove(name);
    }
    command
}

/// Runs `cleat-commit` with these words.
pub fn commit(line: &str) -> Called {
    called(command(line).stdin(Stdio::null()).output().unwrap())
}

/// It ended with 0 and said nothing on standard error; answers what it printed.
#[track_caller]
pub fn done(line: &str) -> String {
    let called = commit(line);
    called.quietly();
    called.out
}

/// What `cleat status` says of commits, as its `--json` does; the page has each of them as a line.
#[track_caller]
pub fn notices() -> Vec<String> {
    let status = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cleat"));
        command
            .arg("status")
            .args(more)
            .env_remove("RUST_LOG")
            .env_remove("JOURNAL_STREAM");
        called(command.stdin(Stdio::null()).output().unwrap())
    };
    let document: serde_json::Value = serde_json::from_str(&status(&["--json"]).out).unwrap();
    let list = document["commit"].as_array().unwrap();
    let notices: Vec<String> = list.iter().map(|one| one.as_str().unwrap().to_owned()).collect();
    let page = status(&[]).out;
    for notice in &notices {
        assert!(
            page.lines().any(|line| line.contains(notice.as_str())),
            "{notice}: {page}"
        );
    }
    notices
}

/// Starts `cleat-commit` and does not wait for it.
pub fn start(line: &str) -> Child {
    let mut command = command(line);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// What `--json` prints.
#[track_caller]
pub fn json(line: &str) -> serde_json::Value {
    let called = commit(&format!("{line} --json"));
    serde_json::from_str(&called.out).unwrap_or_else(|error| panic!("{error}: {called:?}"))
}

/// Stages a configuration with this address through `cleat-commit stage`.
#[track_caller]
pub fn stage(address: &str) {
    std::fs::write("/run/next", config(address)).unwrap();
    done("stage /run/next");
}

pub fn text(path: &str) -> String {
    std::fs::read_to_string(path).unwrap()
}

pub fn exists(path: &str) -> bool {
    Path::new(path).symlink_metadata().is_ok()
}

/// Origin and health of each generation, oldest first.
pub fn history() -> Vec<(String, String)> {
    let document = json("history");
    let word = |one: &serde_json::Value, field: &str| one[field].as_str().unwrap().to_owned();
    let list = document["generations"].as_array().unwrap();
    list.iter()
        .map(|one| (word(one, "origin"), word(one, "health")))
        .collect()
}

/// Another boot begins: what only lives until then is gone, and the kernel's name for the boot is another one.
pub fn reboot(number: u32) {
    for path in ["/run/cleat", "/run/network"] {
        // Not there before the first run.
        let _ = std::fs::remove_dir_all(path);
    }
    run("ip addr flush dev eno1");
    run("ip link set eno1 down");
    let name = format!("/run/boot-{number}");
    std::fs::write(&name, format!("00000000-0000-0000-0000-{number:012}\n")).unwrap();
    run(&format!("mount --bind {name} /proc/sys/kernel/random/boot_id"));
}

/// The commit of generation 2, which took this address in place of the other, was cut short: its intent is written and
/// nothing of it was done, in another boot.
pub fn cut_short(before: &str, after: &str) {
    let content = |address: &str| serde_json::json!({ "text": config(address), "mode": 0o644 });
    let transaction = serde_json::json!({
        "state": "writing", "number": 2, "before": 1, "origin": { "kind": "boot" }, "by": "root",
        "time": 1_795_426_812, "boot": "another one\n", "watch": null, "staged": null,
        "changes": [{ "path": LIVE, "old": content(before), "new": content(after) }],
    });
    std::fs::write("/etc/cleat/commit/transaction.json", transaction.to_string()).unwrap();
    std::fs::write(LIVE, config(before)).unwrap();
}

/// A configuration of `eno1` and a dummy link, with an address each.
pub fn two(one: &str, other: &str) -> String {
    config(one) + &format!("\nauto dm0\niface dm0 inet static\n\tlink-type dummy\n\taddress {other}\n")
}

/// A change of `eno1` to 192.0.2.2 is staged, and the live file has got another address of the dummy link since.
pub fn changed_on_both_sides() {
    std::fs::write(LIVE, two("192.0.2.1/24", "198.51.100.1/24")).unwrap();
    std::fs::write("/run/next", two("192.0.2.2/24", "198.51.100.1/24")).unwrap();
    done("stage /run/next");
    std::fs::write(LIVE, two("192.0.2.1/24", "198.51.100.9/24")).unwrap();
}

/// The first boot with 192.0.2.2, staged with these words, has committed it.
pub fn first_boot(words: &str) {
    std::fs::write("/run/next", config("192.0.2.2/24")).unwrap();
    done(&format!("stage /run/next {words}"));
    reboot(1);
    done("boot");
}
