//! The units, judged by systemd itself: `systemd-analyze verify` and `systemd-analyze security`.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The most exposure that `systemd-analyze security` may find, in tenths, and why it is not less.
const BARS: &[(&str, u32, &str)] = &[
    (
        "cleat-sysctl.service",
        32,
        "it writes below /proc/sys/net of the host, with CAP_NET_ADMIN, and a mount namespace would take most of its time; \
         systemd-sysctl.service has 95",
    ),
    (
        "cleat-commit.service",
        21,
        "writes files of any owner, and keeps their owners and modes",
    ),
    (
        "cleat-confirm.service",
        92,
        "runs any command as the check, and hooks where it puts the network back",
    ),
    ("cleat-online.service", 16, "reads files of any owner, and netlink"),
    (
        "cleat-up.service",
        92,
        "runs the hooks of the file and the scripts of packages",
    ),
    (
        "cleat-up@.service",
        92,
        "runs the hooks of the file and the scripts of packages",
    ),
];

/// What the rest of a boot is to our units. *Source*: bootup(7), systemd.special(7).
const TARGETS: &[(&str, &str)] = &[
    ("sysinit.target", "Wants=cleat-commit.service cleat-sysctl.service"),
    ("basic.target", "Requires=sysinit.target\nAfter=sysinit.target"),
    ("network-pre.target", ""),
    ("network.target", "After=network-pre.target"),
    (
        "network-online.target",
        "After=network.target\nWants=cleat-online.service",
    ),
    (
        "multi-user.target",
        "Requires=basic.target\nAfter=basic.target\n\
         Wants=cleat-up.service cleat-confirm.service cleat-up@eno1.service network-online.target",
    ),
    ("shutdown.target", ""),
];

fn units() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("units")
}

/// Names of all units of the tree.
fn names() -> BTreeSet<String> {
    let entries = std::fs::read_dir(units()).expect("units/ is there");
    // Folders hold what is added to units of others.
    let files = entries
        .map(|entry| entry.expect("a readable folder"))
        .filter(|entry| entry.path().is_file());
    let names = files.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names
        .filter(|name| name.contains(".service") || name.contains(".target"))
        .collect()
}

/// A root with our units, and a stand-in for each program that they run.
fn root() -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a directory of our own");
    let system = root.path().join("usr/lib/systemd/system");
    std::fs::create_dir_all(&system).expect("a directory of our own");
    for name in names() {
        let text = std::fs::read_to_string(units().join(&name)).expect("a readable unit");
        for line in text.lines().filter(|line| line.starts_with("Exec")) {
            let command = line
                .split_once('=')
                .expect("a setting")
                .1
                .trim_start_matches(['-', '+', '!', '@', ':']);
            let program = command.split(' ').next().expect("a program");
            let place = root.path().join(program.trim_start_matches('/'));
            std::fs::create_dir_all(place.parent().expect("an absolute path")).expect("a directory of our own");
            std::fs::write(&place, "#!/bin/sh\n").expect("a directory of our own");
            std::fs::set_permissions(&place, std::fs::Permissions::from_mode(0o755)).expect("a file of our own");
        }
        std::fs::write(system.join(&name), text).expect("a directory of our own");
    }
    for (name, text) in TARGETS {
        let text = format!("[Unit]\nDefaultDependencies=no\n{text}\n");
        std::fs::write(system.join(name), text).expect("a directory of our own");
    }
    root
}

/// What systemd finds wrong with a unit and those that start with it.
fn faults(root: &tempfile::TempDir, unit: &str) -> Vec<String> {
    let output = Command::new("systemd-analyze")
        .args(["verify", "--man=no", "--recursive-errors=one"])
        .arg(format!("--root={}", root.path().display()))
        .arg(unit)
        .output()
        .expect("systemd-analyze is installed: cargo xtask test sees to it");
    let told = String::from_utf8_lossy(&output.stderr);
    told.lines().map(str::to_owned).collect()
}

/// The words of a setting of a unit.
fn said(unit: &str, setting: &str) -> BTreeSet<String> {
    let text = std::fs::read_to_string(units().join(unit)).expect("a readable unit");
    let values = text
        .lines()
        .filter_map(|line| line.strip_prefix(setting)?.strip_prefix('='));
    values.flat_map(str::split_whitespace).map(str::to_owned).collect()
}

/// The name that a unit is asked about by: one instance of a template.
fn instance(name: &str) -> String {
    name.replace("@.", "@eno1.")
}

#[test]
fn systemd_finds_no_fault_in_a_unit() {
    let root = root();
    let about = |name: String| (faults(&root, &instance(&name)), name);
    let found: BTreeMap<String, Vec<String>> = names()
        .into_iter()
        .map(about)
        .filter(|(faults, _)| !faults.is_empty())
        .map(|(faults, name)| (name, faults))
        .collect();
    assert_eq!(found, BTreeMap::new());
}

/// All of them in one boot: systemd would leave one out to break a cycle.
#[test]
fn no_unit_waits_for_one_that_waits_for_it() {
    let root = root();
    assert_eq!(faults(&root, "multi-user.target"), Vec::<String>::new());
    // That the witness would tell.
    let unit = root.path().join("usr/lib/systemd/system/cleat-up.service");
    let text = std::fs::read_to_string(&unit).expect("a file of our own");
    let text = text.replacen("[Unit]\n", "[Unit]\nAfter=network-online.target\n", 1);
    std::fs::write(unit, text).expect("a file of our own");
    let told = faults(&root, "multi-user.target");
    assert!(told.iter().any(|line| line.contains("ordering cycle")), "{told:?}");
}

#[test]
fn no_unit_is_more_exposed_than_its_bar() {
    let root = root();
    let with_bar: BTreeSet<String> = BARS.iter().map(|(name, ..)| (*name).to_owned()).collect();
    assert_eq!(with_bar, names(), "each unit has a bar, and each bar a unit");
    let mut over = Vec::new();
    for (name, bar, why) in BARS {
        let output = Command::new("systemd-analyze")
            .args(["security", "--offline=true", "--no-pager", "--threshold=100"])
            .arg(format!("--root={}", root.path().display()))
            .arg(instance(name))
            .output()
            .expect("systemd-analyze is installed: cargo xtask test sees to it");
        let text = String::from_utf8_lossy(&output.stdout);
        let told = text
            .lines()
            .find_map(|line| line.split_once("Overall exposure level for"));
        let figure = told.and_then(|(_, rest)| rest.split(": ").nth(1)?.split(' ').next()?.parse::<f64>().ok());
        let figure = figure.unwrap_or_else(|| panic!("{name}: no figure in {text}"));
        println!("{name}: exposure {figure} of at most {}: {why}", f64::from(*bar) / 10.0);
        if figure * 10.0 > f64::from(*bar) {
            over.push(format!("{name}: {figure}"));
        }
    }
    assert_eq!(over, Vec::<String>::new());
}

/// A fault that only a running system shows: what is not in the order is not ordered.
#[test]
fn the_boot_is_ordered_from_the_commit_to_online() {
    for unit in [
        "network-pre.target",
        "cleat-up.service",
        "networking.service",
        "pvenetcommit.service",
    ] {
        assert!(said("cleat-commit.service", "Before").contains(unit), "{unit}");
    }
    assert!(said("cleat-confirm.service", "After").contains("cleat-up.service"));
    assert!(said("cleat-up.service", "After").contains("network-pre.target"));
    assert!(said("cleat-sysctl.service", "Before").contains("cleat-up.service"));
    // A NIC of class hotplug is brought up by its own unit alone. As ifup@.service of ifupdown and ifupdown2 has it.
    for unit in ["cleat-up.service", "cleat-up@.service"] {
        for target in ["network.target", "network-online.target"] {
            assert!(said(unit, "Before").contains(target), "{unit}: {target}");
        }
        // systemd.service(5): a unit of type oneshot has no limit by itself, and these two hold up a boot.
        assert_eq!(said(unit, "TimeoutStartSec"), ["5min".to_owned()].into(), "{unit}");
    }
    assert!(said("cleat-online.service", "After").contains("cleat-up.service"));
    assert!(said("cleat-online.service", "Before").contains("network-online.target"));
    // Where pins may lie (`link.directory`), and may have to be made again with their directory. Source: file-hierarchy(7)
    // has /usr/local; base-files of Debian brings /usr/local/lib.
    let writable = said("cleat-commit.service", "ReadWritePaths");
    let writable: Vec<&str> = writable.iter().map(|path| path.trim_start_matches('-')).collect();
    assert_eq!(writable, ["/usr/local/lib"]);
    assert!(Path::new("/usr/local/lib/systemd/network").starts_with(writable[0]));
    // At shutdown the network stays as long as the machine: nothing is taken down under what still needs it.
    assert_eq!(said("cleat-up.service", "ExecStop"), BTreeSet::new());
}

/// The package cleat enables nothing, and cleat-ifupdown only the network's unit. A commit that waits for its check is
/// taken back at the second boot: where the check never runs, the good configuration goes.
#[test]
fn regress_whatever_brings_up_the_network_starts_the_check_of_a_first_boot_too() {
    let wanted = said("cleat-up.service", "Wants");
    for unit in ["cleat-commit.service", "cleat-confirm.service", "cleat-sysctl.service"] {
        assert!(wanted.contains(unit), "{unit} is not among {wanted:?}");
    }
    let postinst = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/cleat-ifupdown/postinst");
    let postinst = std::fs::read_to_string(postinst).expect("a readable script");
    assert!(postinst.contains("for unit in cleat-up.service cleat-online.service"));
}

/// systemd.kill(5): with the default, control-group, all that is left of a unit is killed when the unit is stopped, and
/// systemd.service(5): one of type oneshot without RemainAfterExit= is stopped when its program ends.
#[test]
fn regress_what_hooks_start_stays_when_the_unit_ends() {
    let mut with_hooks = 0;
    for unit in names() {
        let text = std::fs::read_to_string(units().join(&unit)).expect("a readable unit");
        let programs = [
            "/usr/sbin/ifup ",
            "/usr/sbin/ifreload ",
            "/usr/sbin/cleat-commit check-boot",
        ];
        if programs.iter().any(|program| text.contains(&format!("={program}"))) {
            with_hooks += 1;
            assert_eq!(said(&unit, "KillMode"), ["process".to_owned()].into(), "{unit}");
        }
    }
    assert_eq!(with_hooks, 3);
    // Instances have a slice of their own by default, which is stopped with all in it when the machine goes down.
    assert_eq!(said("cleat-up@.service", "Slice"), ["system.slice".to_owned()].into());
}

/// systemd makes /run/credentials inaccessible in a mount namespace of a unit that loads none (`setup_namespace`, seen with
/// 252): what systemd-sysctl took from `sysctl.extra` there would be taken back by a run that cannot read it.
#[test]
fn regress_the_settings_are_applied_with_the_credential_in_sight() {
    let unit = "cleat-sysctl.service";
    let loads = said(unit, "LoadCredential").contains("sysctl.extra");
    let namespace = [
        "ProtectSystem",
        "ProtectHome",
        "ProtectProc",
        "ProtectControlGroups",
        "ProtectKernelLogs",
        "ProtectKernelModules",
        "ProtectKernelTunables",
        "PrivateDevices",
        "PrivateTmp",
        "PrivateMounts",
        "ReadWritePaths",
        "ReadOnlyPaths",
        "InaccessiblePaths",
        "BindPaths",
        "TemporaryFileSystem",
    ];
    let hides: Vec<&str> = namespace
        .into_iter()
        .filter(|setting| !said(unit, setting).is_empty())
        .collect();
    assert!(loads || hides.is_empty(), "{hides:?} hide the credential");
}
