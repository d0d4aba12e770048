//! The scripts of the packages: in a room with the host's paths, and in a scratch root, as dpkg(1) runs them with `--root`.

// Tests read the tree directly.
#![allow(clippy::disallowed_methods)]

use cleat_netns as netns;
use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const GOOD: &str = "auto lo\niface lo inet loopback\n";
const BAD: &str = "auto lo\niface lo inet loopback\n\nauto vmbr9\niface vmbr9 inet static\n\taddress 10.9.9.9/33\n\
    \tbridge-ports none\n";
/// What `cleat check --takeover` says of it. Second witness: `ip addr add 10.9.9.9/33` is refused, too.
const REPORT: &str = "error[bad-value]: `address` cannot be `10.9.9.9/33`\n --> /etc/network/interfaces:6:10\n  |\n6 |     \
    address 10.9.9.9/33\n  |             ^^^^^^^^^^^ takes an address such as `192.0.2.10/24` or `2001:db8::10/64`\n\n\
    1 error, 0 warnings\n";

fn packaging() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging")
}

/// Runs a script; its exit code, and what it wrote to standard error.
fn run(command: &mut Command, input: &str) -> (i32, String) {
    let mut child = command
        .env_remove("CLEAT_TAKEOVER")
        .env_remove("RUST_LOG")
        .env_remove("JOURNAL_STREAM")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap_or(-1), told)
}

/// A host with `cleat`, perhaps `ifup` of the program before, and a configuration.
struct Host {
    bin: tempfile::TempDir,
}

impl Host {
    fn new(room: &netns::Room, interfaces: &str) -> Self {
        room.private_etc().unwrap();
        let host = Self {
            bin: tempfile::tempdir().unwrap(),
        };
        symlink(env!("CARGO_BIN_EXE_cleat"), host.bin.path().join("cleat")).unwrap();
        symlink("/bin/true", host.bin.path().join("ifup")).unwrap();
        Self::write(interfaces);
        host
    }

    fn write(interfaces: &str) {
        std::fs::write("/etc/network/interfaces", interfaces).unwrap();
    }

    fn command(&self, script: &str, words: &[&str]) -> Command {
        let mut command = Command::new("/bin/sh");
        command.arg(packaging().join(script)).args(words);
        command.env("PATH", self.bin.path());
        command
    }
}

/// dpkg(1): `preinst install` is run before a package that is in conflict with it is removed, and stops dpkg with 1.
#[test]
fn preinst_refuses_where_the_other_program_is_there_and_warns_where_it_is_gone() {
    let room = netns::enter!(Veth);
    let host = Host::new(&room, BAD);
    let preinst = |words: &[&str]| run(&mut host.command("cleat-ifupdown/preinst", words), "");
    let refused = format!(
        "{REPORT}cleat-ifupdown: /etc/network/interfaces says what this program cannot do (above, line by line).\n\
         cleat-ifupdown: not installed; change these lines, or set CLEAT_TAKEOVER=force.\n"
    );
    for _ in 0..2 {
        assert_eq!(preinst(&["install"]), (1, refused.clone()));
        assert_eq!(
            preinst(&["install", "0.1.0"]),
            (1, refused.clone()),
            "installed once more"
        );
    }
    assert_eq!(
        preinst(&["upgrade", "0.1.0"]),
        (0, String::new()),
        "taken over long ago"
    );
    assert_eq!(preinst(&["abort-upgrade", "0.1.0"]), (0, String::new()));

    let left_out = "cleat-ifupdown: warning: the lines above are left out at the next boot; see cleat check \
        --takeover.\ncleat-ifupdown: warning: the network as it runs now is not touched.\n";
    let mut forced = host.command("cleat-ifupdown/preinst", &["install"]);
    let (code, told) = run_with(&mut forced, "force");
    assert_eq!(code, 0);
    assert!(told.starts_with(REPORT) && told.ends_with(left_out), "{told}");
    assert!(!told.contains("was removed"), "{told}");

    std::fs::remove_file(host.bin.path().join("ifup")).unwrap();
    let (code, told) = preinst(&["install"]);
    assert_eq!(code, 0, "a host without a network is worse");
    let gone = "cleat-ifupdown: the program that did these lines was removed before this package was asked.\n";
    assert!(
        told.starts_with(REPORT) && told.ends_with(&format!("{gone}{left_out}")),
        "{told}"
    );

    Host::write(GOOD);
    assert_eq!(preinst(&["install"]), (0, String::new()));
    std::fs::remove_file("/etc/network/interfaces").unwrap();
    assert_eq!(preinst(&["install"]), (0, String::new()), "nothing is declared");
}

/// `dpkg --force-depends` runs it before cleat is there, which would have to be (Pre-Depends).
#[test]
fn preinst_does_not_take_a_lacking_program_for_a_fault_of_the_file() {
    let room = netns::enter!(Veth);
    let host = Host::new(&room, GOOD);
    std::fs::remove_file(host.bin.path().join("cleat")).unwrap();
    let preinst = || host.command("cleat-ifupdown/preinst", &["install"]);
    let unchecked = "cleat-ifupdown: nothing can check /etc/network/interfaces, for cleat is not installed.\n";
    let refused = "cleat-ifupdown: not installed; install cleat first, or set CLEAT_TAKEOVER=force.\n";
    assert_eq!(run(&mut preinst(), ""), (1, format!("{unchecked}{refused}")));
    assert_eq!(run_with(&mut preinst(), "force"), (0, unchecked.to_owned()));
    std::fs::remove_file(host.bin.path().join("ifup")).unwrap();
    assert_eq!(
        run(&mut preinst(), ""),
        (0, unchecked.to_owned()),
        "a host without a network is worse"
    );
}

/// `CLEAT_TAKEOVER` as the administrator set it.
fn run_with(command: &mut Command, word: &str) -> (i32, String) {
    let output = command
        .env("CLEAT_TAKEOVER", word)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap_or(-1), told)
}

/// *Shape* of the input: apt.conf(5), `DPkg::Tools::Options::cmd::Version` 3, as apt 2.6 writes it.
#[test]
fn the_guard_stops_apt_only_where_a_first_install_would_lose_a_line() {
    let room = netns::enter!(Veth);
    let host = Host::new(&room, BAD);
    let input = |old: &str| {
        format!(
            "VERSION 3\nAPT::Architecture=amd64\n\nifupdown2 3.0.0-1.1 all none > - - none **REMOVE**\n\
             cleat-ifupdown {old} < 0.1.0 amd64 none /tmp/cleat-ifupdown_0.1.0_amd64.deb\n"
        )
    };
    let guard = |input: &str| run(&mut host.command("takeover-guard", &[]), input);
    let (code, told) = guard(&input("- - none"));
    assert_eq!(code, 1);
    let end = "cleat-ifupdown: nothing was changed; change these lines, or set CLEAT_TAKEOVER=force.\n";
    assert!(told.starts_with(REPORT) && told.ends_with(end), "{told}");
    assert_eq!(guard(&input("0.1.0 amd64 none")), (0, String::new()), "an upgrade");
    let other = "VERSION 3\n\ncleat - - none < 0.1.0 amd64 none /tmp/cleat_0.1.0_amd64.deb\n";
    assert_eq!(guard(other), (0, String::new()), "cleat alone");
    Host::write(GOOD);
    assert_eq!(guard(&input("- - none")), (0, String::new()));
}

/// A root with the units and a configuration, as dpkg has unpacked the packages into it.
fn scratch() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let system = root.path().join("usr/lib/systemd/system");
    for directory in [
        "usr/sbin",
        "usr/lib/systemd/system",
        "etc/network",
        "var/lib/cleat/generations",
    ] {
        std::fs::create_dir_all(root.path().join(directory)).unwrap();
    }
    for entry in std::fs::read_dir(packaging().join("../units")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            std::fs::copy(&path, system.join(path.file_name().unwrap())).unwrap();
        }
    }
    root
}

/// Runs a script of a package on the root.
#[track_caller]
fn on(root: &Path, script: &str, words: &[&str]) {
    let mut command = Command::new("/bin/sh");
    command.arg(packaging().join(script)).args(words).env("DPKG_ROOT", root);
    // deb-systemd-helper(1p) does nothing where dpkg did not call it.
    command.env("DPKG_MAINTSCRIPT_PACKAGE", script.split('/').next().unwrap());
    assert_eq!(run(&mut command, ""), (0, String::new()), "{script} {words:?}");
}

/// All paths below the root, with what links lead to.
fn state(root: &Path) -> BTreeMap<String, Option<PathBuf>> {
    let mut all = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            if path.is_dir() && !path.is_symlink() {
                open.push(path.clone());
            }
            all.insert(name, std::fs::read_link(path).ok());
        }
    }
    all
}

/// Debian Policy 6.2: what a script has done it may be asked to do once more.
#[test]
fn the_scripts_of_cleat_ifupdown_may_run_twice_and_take_back_what_they_made() {
    let _room = netns::enter!(Veth);
    let root = scratch();
    let root = root.path();
    let before = state(root);
    on(root, "cleat-ifupdown/preinst", &["install"]);
    assert_eq!(state(root), before);
    on(root, "cleat-ifupdown/postinst", &["configure", ""]);
    let installed = state(root);
    let leads = |name: &str| installed.get(name).cloned().flatten();
    for command in ["ifup", "ifdown", "ifreload", "ifquery"] {
        let link = leads(&format!("usr/sbin/{command}"));
        assert_eq!(link, Some("../lib/cleat/ifupdown".into()), "{command}");
    }
    // What Proxmox VE looks for.
    let marker = leads("usr/share/ifupdown2/ifupdown2");
    assert_eq!(marker, Some("../../lib/cleat/ifupdown".into()));
    let unit = |name: &str| Some(PathBuf::from(format!("/lib/systemd/system/{name}")));
    let enabled: BTreeMap<&str, Option<PathBuf>> = installed
        .iter()
        .filter_map(|(name, link)| Some((name.strip_prefix("etc/systemd/system/")?, link.clone())))
        .filter(|(_, link)| link.is_some())
        .map(|(name, link)| {
            (
                name,
                link.map(|link| Path::new("/").join(link.strip_prefix("/usr").unwrap_or(&link))),
            )
        })
        .collect();
    let wanted: BTreeMap<&str, Option<PathBuf>> = BTreeMap::from([
        ("multi-user.target.wants/cleat-up.service", unit("cleat-up.service")),
        (
            "network-online.target.wants/cleat-online.service",
            unit("cleat-online.service"),
        ),
        ("network-online.target.wants/cleat-up.service", unit("cleat-up.service")),
        ("networking.service", unit("cleat-up.service")),
    ]);
    assert_eq!(enabled, wanted);
    for words in [["configure", ""], ["configure", "0.1.0"], ["abort-upgrade", "0.2.0"]] {
        on(root, "cleat-ifupdown/postinst", &words);
        assert_eq!(state(root), installed, "postinst {words:?}");
    }
    on(root, "cleat-ifupdown/prerm", &["upgrade", "0.2.0"]);
    on(root, "cleat-ifupdown/postrm", &["upgrade", "0.2.0"]);
    assert_eq!(state(root), installed);
    // Deconfigured for another package that then does not come: what was switched off stays so, too.
    let networking = root.join("etc/systemd/system/networking.service");
    let link = std::fs::read_link(&networking).unwrap();
    std::fs::remove_file(&networking).unwrap();
    let off = state(root);
    on(
        root,
        "cleat-ifupdown/prerm",
        &["deconfigure", "in-favour", "other", "1", "removing", "cleat", "0.1.0"],
    );
    assert_eq!(state(root), off);
    symlink(link, &networking).unwrap();

    on(root, "cleat-ifupdown/prerm", &["remove"]);
    let removed = state(root);
    let ours = |found: &BTreeMap<String, Option<PathBuf>>| -> Vec<String> {
        let links = found.iter().filter(|(_, link)| link.is_some());
        links.map(|(name, _)| name.clone()).collect()
    };
    assert_eq!(ours(&removed), Vec::<String>::new());
    for (script, words) in [
        ("cleat-ifupdown/prerm", ["remove"]),
        ("cleat-ifupdown/postrm", ["remove"]),
        ("cleat-ifupdown/postrm", ["purge"]),
        ("cleat-ifupdown/postrm", ["purge"]),
    ] {
        on(root, script, &words);
        assert_eq!(state(root), removed, "{script} {words:?}");
    }
    // Installed once more it is what it was, enabled too.
    on(root, "cleat-ifupdown/postinst", &["configure", "0.1.0"]);
    assert_eq!(state(root), installed);
}

/// What another package put in our place in the meantime stays.
#[test]
fn prerm_leaves_alone_what_is_not_ours() {
    let _room = netns::enter!(Veth);
    let root = scratch();
    let root = root.path();
    on(root, "cleat-ifupdown/postinst", &["configure", ""]);
    let ifup = root.join("usr/sbin/ifup");
    std::fs::remove_file(&ifup).unwrap();
    symlink("/usr/share/ifupdown2/ifupdown2", &ifup).unwrap();
    on(root, "cleat-ifupdown/prerm", &["remove"]);
    assert_eq!(
        std::fs::read_link(ifup).unwrap(),
        Path::new("/usr/share/ifupdown2/ifupdown2")
    );
}

#[test]
fn the_scripts_of_cleat_enable_nothing_and_a_purge_stays_in_its_root() {
    let room = netns::enter!(Veth);
    room.private_dir("/var/lib").unwrap();
    std::fs::create_dir("/var/lib/cleat").unwrap();
    let root = scratch();
    let root = root.path();
    std::fs::create_dir_all(root.join("etc/cleat/commit/spool")).unwrap();
    std::fs::write(root.join("etc/cleat/cleat.toml"), "").unwrap();
    on(root, "cleat/postinst", &["configure", ""]);
    let installed = state(root);
    let links = installed.iter().filter(|(_, link)| link.is_some());
    assert_eq!(links.count(), 0, "{installed:?}");
    on(root, "cleat/postinst", &["configure", "0.1.0"]);
    assert_eq!(state(root), installed);
    let switched_on = root.join("etc/systemd/system/sysinit.target.wants/cleat-commit.service");
    std::fs::create_dir_all(switched_on.parent().unwrap()).unwrap();
    symlink("/lib/systemd/system/cleat-commit.service", &switched_on).unwrap();
    for _ in 0..2 {
        on(root, "cleat/prerm", &["remove"]);
        on(root, "cleat/postrm", &["remove"]);
    }
    on(root, "cleat/postinst", &["configure", "0.1.0"]);
    assert!(
        switched_on.is_symlink(),
        "what the administrator switched on is so when it is installed again"
    );
    assert!(
        root.join("var/lib/cleat/generations").is_dir(),
        "the history stays until a purge"
    );
    on(root, "cleat/postrm", &["purge"]);
    let purged = state(root);
    on(root, "cleat/postrm", &["purge"]);
    assert_eq!(state(root), purged);
    assert!(!root.join("var/lib/cleat").exists() && !root.join("etc/cleat/commit").exists());
    assert!(root.join("etc/cleat/cleat.toml").exists(), "the administrator's");
    std::fs::remove_file(root.join("etc/cleat/cleat.toml")).unwrap();
    on(root, "cleat/postrm", &["purge"]);
    assert!(!root.join("etc/cleat").exists());
    assert!(Path::new("/var/lib/cleat").exists(), "the host's own");
}

/// dpkg gives the version that was there before also where only its conffiles are left (deb-postinst(5), most-recently-
/// configured-version): what another program did since then is to be recorded all the same.
#[test]
fn the_network_is_taken_over_whenever_the_commands_were_not_ours() {
    let room = netns::enter!(Veth);
    let host = Host::new(&room, GOOD);
    room.private_dir("/usr/sbin").unwrap();
    room.private_dir("/usr/share").unwrap();
    std::fs::create_dir_all("/run/systemd/system").unwrap();
    for tool in ["ln", "mkdir", "readlink", "rm", "rmdir"] {
        symlink(Path::new("/usr/bin").join(tool), host.bin.path().join(tool)).unwrap();
    }
    for stand_in in ["deb-systemd-helper", "systemctl", "udevadm"] {
        symlink("/usr/bin/true", host.bin.path().join(stand_in)).unwrap();
    }
    symlink("/usr/bin/echo", host.bin.path().join("ifreload")).unwrap();
    let adopts = |script: &str, words: &[&str]| {
        let output = host.command(script, words).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap() == "--adopt -a\n"
    };
    let postinst = "cleat-ifupdown/postinst";
    assert!(adopts(postinst, &["configure", ""]));
    assert!(!adopts(postinst, &["configure", "0.1.0"]), "a newer version");
    assert!(!adopts(postinst, &["abort-remove"]));
    assert!(!adopts("cleat-ifupdown/prerm", &["remove"]));
    assert!(adopts(postinst, &["configure", "0.1.0"]), "installed once more");
}
