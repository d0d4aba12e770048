//! Our reading of .link files against systemd's own: `udevadm test-builtin net_setup_link` in a room, over files that
//! were invented for it.

// Functions beside the tests are tests too, and the files they write are the room's own.
#![allow(clippy::expect_used, clippy::disallowed_methods)]

#[path = "link_files/odd.rs"]
mod odd;

use cleat_naming::link_file::{Device, HardwareAddress, KeyChange, LinkFile, LinkFiles, Machine, Policy, changed};
use cleat_naming::pins::{AddressKey, NewPin, file_name};
use cleat_netns as netns;
use cleat_root::Root;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Directories of the root that hold .link files, strongest first.
const DIRECTORIES: [&str; 4] = [
    "etc/systemd/network",
    "run/systemd/network",
    "usr/local/lib/systemd/network",
    "usr/lib/systemd/network",
];

/// A file of a case: directory (index into [`DIRECTORIES`]), name below it, bytes; no bytes is a link to /dev/null.
type Files = Vec<(usize, String, Option<Vec<u8>>)>;

/// A root in which one release's udev runs, in a room with three links.
struct Bed {
    root: PathBuf,
    devices: Vec<Device>,
    // Left before the folder is removed: what is mounted below it must not be removed with it.
    _room: netns::Room,
    _directory: tempfile::TempDir,
}

impl Bed {
    /// `kept` is the folder that `cargo xtask udevs` unpacks it in: `udev-12`.
    fn enter(kept: &str) -> Option<Self> {
        let room = netns::room_or_skip(&[])?;
        let Some(unpacked) = unpacked(kept) else {
            netns::skip(kept, "not unpacked: cargo xtask udevs");
            return None;
        };
        let directory = tempfile::tempdir().expect("a directory for the test");
        let root = directory.path().to_owned();
        // Debian 12's packages put some files into /bin and /lib, which link into /usr on hosts.
        let script = format!(
            "cd {root} && mkdir -p usr/local/lib etc/systemd proc run sys && cp -a {from}/usr/. usr/ && \
             for d in bin lib lib64; do \
                 if [ -d {from}/$d ] && ! [ -L {from}/$d ]; then mkdir -p usr/$d; cp -a {from}/$d/. usr/$d/; fi; \
                 ln -s usr/$d $d; \
             done; \
             mount -t proc proc proc && mount -t sysfs sys sys && mount -t tmpfs run run && mkdir -p run/udev/data",
            root = root.display(),
            from = unpacked.display()
        );
        let made = Command::new("sh").args(["-euc", &script]).output().expect("sh runs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        netns::run("ip link add lan0 address bc:24:11:00:00:01 type veth peer name end0");
        netns::run("ip link set end0 address bc:24:11:00:00:02");
        netns::run("ip link add vmbr0 address bc:24:11:00:00:01 type bridge");
        let links = [("lan0", "veth"), ("end0", "veth"), ("vmbr0", "bridge")];
        Some(Self {
            devices: links.map(|(name, kind)| device(&root, name, kind)).into(),
            root,
            _room: room,
            _directory: directory,
        })
    }

    /// What udev says of a device: the file that it gets and its new name.
    fn asked(&self, device: &Device) -> (Option<String>, Option<String>) {
        let output = Command::new("chroot")
            .arg(&self.root)
            .args(["udevadm", "test-builtin", "net_setup_link"])
            .arg(format!("/sys/class/net/{}", device.name))
            .env_clear()
            .env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin")
            .output()
            .expect("udevadm runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let value = |key: &str| {
            let mut lines = text.lines();
            lines.find_map(|line| line.strip_prefix(key)?.strip_prefix('=').map(str::to_owned))
        };
        (value("ID_NET_LINK_FILE"), value("ID_NET_NAME"))
    }

    /// Compares every device's file and name, for one set of files.
    fn compare(&self, files: &Files) -> Result<usize, String> {
        lay_out(&self.root, files);
        let root = Root::at(&self.root);
        let read = LinkFiles::load(&root);
        let machine = Machine::read(&root);
        for device in &self.devices {
            let verdict = read.verdict(device, &machine);
            assert!(verdict.open().next().is_none(), "all is known in a room: {verdict:?}");
            let file = verdict.winner.map(|file| file.path.display().to_string());
            // A file that gives no name leaves the device the one that it has.
            let named = |file: &LinkFile| file.naming.name.clone().unwrap_or_else(|| device.name.clone());
            let name = verdict.winner.map(named);
            let (asked, asked_name) = self.asked(device);
            // Debian 12's udev names its directory as it was before /usr was merged.
            let asked = asked.map(|path| path.replacen("/lib/", "/usr/lib/", usize::from(path.starts_with("/lib/"))));
            if (&file, &name) != (&asked, &asked_name) {
                return Err(format!(
                    "{}: we say {file:?} {name:?}, udev says {asked:?} {asked_name:?}\n{:?}\n{}",
                    device.name,
                    verdict.passed,
                    shown(files)
                ));
            }
        }
        Ok(self.devices.len())
    }
}

fn shown(files: &Files) -> String {
    let one = |(directory, name, bytes): &(usize, String, Option<Vec<u8>>)| {
        let text = bytes.as_ref().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        format!("{}/{name}: {text:?}\n", DIRECTORIES[*directory])
    };
    files.iter().map(one).collect()
}

/// Where `cargo xtask udevs` has unpacked a udev.
fn unpacked(kept: &str) -> Option<PathBuf> {
    let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let base = base.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))?;
    let entries = std::fs::read_dir(base.join("cleat-vm")).ok()?;
    let folders = entries.flatten().map(|entry| entry.path()).filter(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let hash = name.strip_prefix(kept).and_then(|rest| rest.strip_prefix('-'));
        hash.is_some_and(|hash| !hash.contains(['-', '.'])) && path.join("root").is_dir()
    });
    folders.max().map(|newest| newest.join("root"))
}

/// A device as sysfs has it, with what only netlink says and the properties that are put into udev's database.
fn device(root: &Path, name: &str, kind: &str) -> Device {
    let index = root.join(format!("sys/class/net/{name}/ifindex"));
    let index = std::fs::read_to_string(index).expect("the link is there");
    // Since systemd 257 the driver is asked for by another builtin, which leaves it in the database.
    let entry = format!("E:ID_PATH=pci-0000:00:14.0-usb-{name}\nE:ID_VENDOR=A maker\nE:ID_NET_DRIVER={kind}\n");
    std::fs::write(root.join(format!("run/udev/data/n{}", index.trim())), entry).expect("/run is the room's own");
    let device = Device::read(&Root::at(root), name);
    Device {
        kind: Some(kind.to_owned()),
        ..device
    }
}

fn lay_out(root: &Path, files: &Files) {
    for directory in DIRECTORIES {
        let directory = root.join(directory);
        let _ = std::fs::remove_dir_all(&directory);
        std::fs::create_dir_all(directory).expect("the test's own");
    }
    for (directory, name, bytes) in files {
        let path = root.join(DIRECTORIES[*directory]).join(name);
        std::fs::create_dir_all(path.parent().expect("a file has one")).expect("the test's own");
        match bytes {
            Some(bytes) => std::fs::write(&path, bytes).expect("the test's own"),
            None => std::os::unix::fs::symlink("/dev/null", &path).expect("the test's own"),
        }
    }
}

#[test]
fn debian_12s_udev_reads_odd_files_so() {
    odd_files("udev-12");
}

#[test]
fn debian_13s_udev_reads_odd_files_so() {
    odd_files("udev-13");
}

#[test]
fn the_newest_udev_reads_odd_files_so() {
    odd_files("udev-sid");
}

fn odd_files(kept: &str) {
    let Some(bed) = Bed::enter(kept) else { return };
    let mut compared = 0;
    let mut wrong = Vec::new();
    for (what, files) in odd::all() {
        match bed.compare(&files) {
            Ok(count) => compared += count,
            Err(text) => wrong.push(format!("{what}: {text}")),
        }
    }
    assert_eq!(wrong, Vec::<String>::new(), "of {compared}");
    println!("{compared} devices and .link files agreed with udev");
}

#[test]
fn debian_12s_udev_takes_a_pin_for_its_nic_alone() {
    pins_as_written("udev-12");
}

#[test]
fn debian_13s_udev_takes_a_pin_for_its_nic_alone() {
    pins_as_written("udev-13");
}

#[test]
fn the_newest_udev_takes_a_pin_for_its_nic_alone() {
    pins_as_written("udev-sid");
}

/// What `cleat-link pin` writes, for the address that lan0 and the bridge share; then the same file renamed, with what a
/// person wrote into it kept.
fn pins_as_written(kept: &str) {
    let Some(bed) = Bed::enter(kept) else { return };
    let address = HardwareAddress::new(&[0xbc, 0x24, 0x11, 0, 0, 1]).expect("six bytes");
    let pin = NewPin {
        name: "wan0",
        address: &address,
        key: AddressKey::Current,
        before: "lan0",
        alternatives: &[Policy::Database, Policy::Onboard, Policy::Slot, Policy::Path],
        also: Some("lan0"),
    };
    let written = pin.text().into_bytes();
    let by_hand = [
        b"\xef\xbb\xbf; mine\r\n",
        &written[..],
        b"Name=\\\n# in between\n old0\nMTUBytes=1400",
    ]
    .concat();
    let name = KeyChange {
        section: "Link",
        key: "Name",
        value: Some("dmz0"),
    };
    let default = |text: &[u8]| {
        let all = (
            3,
            "99-default.link".to_owned(),
            Some(b"[Match]\nOriginalName=*\n".to_vec()),
        );
        vec![(2, file_name("wan0", 10), Some(text.to_vec())), all]
    };
    for (text, expected) in [(written.clone(), "wan0"), (changed(&by_hand, &name), "dmz0")] {
        let files = default(&text);
        bed.compare(&files).unwrap_or_else(|wrong| panic!("{wrong}"));
        let said: Vec<Option<String>> = bed.devices.iter().map(|device| bed.asked(device).1).collect();
        assert_eq!(
            said,
            [Some(expected), Some("end0"), Some("vmbr0")].map(|name| name.map(str::to_owned)),
            "{}",
            shown(&files)
        );
    }
}

fn line() -> impl Strategy<Value = String> {
    let words = [
        "lan0", "end0", "vmbr*", "*", "l?n0", "[e-l]*0", "!lan0", "\"end0\"", "nothing",
    ];
    let addresses = [
        "bc:24:11:00:00:01",
        "BC-24-11-00-00-02",
        "bc24.1100.0002",
        "1.2.3.4",
        "bad",
        "::1",
        "",
    ];
    let of = |key: &'static str, values: Vec<&'static str>| {
        (proptest::collection::vec(select(values), 0..3), any::<bool>())
            .prop_map(move |(list, not)| format!("{key}={}{}", if not { "!" } else { "" }, list.join(" ")))
    };
    prop_oneof![
        of("OriginalName", words.to_vec()),
        of("Kind", vec!["veth", "bridge", "v*", "'bridge'"]),
        of("Type", vec!["ether", "bridge", "e*"]),
        of("Path", vec!["*-usb-*", "pci-*lan0", "none"]),
        of("Property", vec!["ID_PATH=*end0", "\"ID_VENDOR=A maker\"", "NONE=*"]),
        of("Driver", vec!["veth", "b*"]),
        proptest::collection::vec(select(addresses.to_vec()), 0..3)
            .prop_map(|list| format!("MACAddress={}", list.join(" "))),
        select(vec![
            "Host=*",
            "Host=!*",
            "Architecture=native",
            "Credential=network.link.x",
            "Credential=!any",
            "Firmware=device-tree",
            "Firmware=!uefi",
            "KernelVersion=>=3.10",
            "KernelVersion=!>= 3.10",
            "KernelVersion=>=3 <4000.1",
            "KernelVersion=<3.10",
            "KernelVersion=$=[0-9]* !=1.0",
            "KernelVersion===0",
            "KernelVersion=!>=3 <",
            "KernelCommandLine=!no.such.word",
            "KernelCommandLine=quiet",
            "Host=!nobody-is-called-so",
            "X-Mine=1",
            "Unknown=1",
            "# comment",
            "; other",
            ""
        ])
        .prop_map(str::to_owned),
    ]
}

fn contents() -> impl Strategy<Value = Option<Vec<u8>>> {
    let name = select(vec![
        "Name=one0",
        "Name=two0",
        "Name=",
        "Name=not/one",
        "Name=sixteenbytesname",
        "MTUBytes=1400",
        "Odd=1",
    ]);
    let ends = select(vec!["\n", "\r\n", "\r", " \n", "\\\n\n"]);
    let file = (
        proptest::collection::vec(line(), 0..4),
        proptest::collection::vec(name, 0..3),
        ends,
        any::<bool>(),
    );
    let text = file.prop_map(|(matches, names, end, mark)| {
        let mut lines = vec!["[Match]".to_owned()];
        lines.extend(matches);
        lines.push("[Link]".to_owned());
        lines.extend(names.into_iter().map(str::to_owned));
        let mark = if mark { "\u{feff}" } else { "" };
        Some(format!("{mark}{}{end}", lines.join(end)).into_bytes())
    });
    prop_oneof![12 => text, 1 => Just(None), 1 => Just(Some(Vec::new()))]
}

fn files() -> impl Strategy<Value = Files> {
    let names = vec![
        "10-a.link",
        "20-b.link",
        "9-c.link",
        "10-a.link.d/1.conf",
        "10-a.link.d/2.conf",
        "zz.link",
    ];
    subsequence(names, 1..=5).prop_flat_map(|names| {
        let each = names
            .into_iter()
            .map(|name| (0..4_usize, Just(name.to_owned()), contents()));
        each.collect::<Vec<_>>()
    })
}

#[test]
fn debian_12s_udev_reads_invented_files_so() {
    invented_files("udev-12");
}

#[test]
fn debian_13s_udev_reads_invented_files_so() {
    invented_files("udev-13");
}

#[test]
fn the_newest_udev_reads_invented_files_so() {
    invented_files("udev-sid");
}

/// `CLEAT_LINK_CASES` asks for another number of cases, `CLEAT_LINK_SEED` for others than the usual ones.
fn invented_files(kept: &str) {
    let Some(bed) = Bed::enter(kept) else { return };
    let from_environment = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u32>().ok());
    let config = Config {
        cases: from_environment("CLEAT_LINK_CASES").unwrap_or(60),
        failure_persistence: None,
        ..Config::default()
    };
    let mut seed = [0; 32];
    seed[..4].copy_from_slice(&from_environment("CLEAT_LINK_SEED").unwrap_or(1).to_le_bytes());
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    let compared = std::cell::Cell::new(0);
    let agrees = |files: Files| {
        let agreed = bed.compare(&files).map_err(TestCaseError::fail)?;
        compared.set(compared.get() + agreed);
        Ok(())
    };
    if let Err(error) = runner.run(&files(), agrees) {
        panic!("{error}");
    }
    // Not eprintln!: libtest would swallow it in a passing test.
    let line = format!(
        "COMPARED {kept}: {} devices over invented .link files, 0 differences\n",
        compared.get()
    );
    let _ = std::io::stderr().write_all(line.as_bytes());
}

/// Not UTF-8, no sections, anything: nothing panics, and reading twice says the same.
#[test]
fn any_bytes_are_read_without_panic() {
    let tree = tempfile::tempdir().expect("a directory for the test");
    let root = Root::at(tree.path());
    root.create_dir_all("/etc/systemd/network").expect("the test's own");
    let mut runner = TestRunner::new(Config {
        failure_persistence: None,
        ..Config::default()
    });
    let parts = prop_oneof![
        select(vec![
            "[Match]\n",
            "[Link]\n",
            "Name=",
            "MACAddress=",
            "\\\n",
            "!",
            "\"",
            "Host=",
            "=",
            "Property=A=\\x"
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
        proptest::collection::vec(any::<u8>(), 0..6),
    ];
    let device = Device {
        name: "eno1".to_owned(),
        address: HardwareAddress::new(&[2, 0, 0, 0, 0, 1]),
        properties: Some(BTreeMap::new()),
        ..Device::default()
    };
    let ran = runner.run(&proptest::collection::vec(parts, 0..20), |parts| {
        let path = "/etc/systemd/network/1.link";
        root.write_atomic(path, &parts.concat(), cleat_root::Durability::Volatile)
            .expect("the test's own");
        let (once, again) = (LinkFiles::load(&root), LinkFiles::load(&root));
        let machine = Machine::default();
        let winner = |files: &LinkFiles| files.verdict(&device, &machine).winner.cloned();
        prop_assert_eq!(winner(&once), winner(&again));
        Ok(())
    });
    ran.unwrap_or_else(|error| panic!("{error}"));
}
