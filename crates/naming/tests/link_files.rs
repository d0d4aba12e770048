//! Our reading of .link files against systemd's own: `udevadm test-builtin net_setup_link` in a room, over files that
//! were invented for it.

// Functions beside the tests are tests too, and the files they write are the room's own.
#![allow(clippy::expect_used, clippy::disallowed_methods)]

use cleat_naming::link_file::{Device, HardwareAddress, LinkFile, LinkFiles, Machine};
use cleat_netns as netns;
use cleat_root::Root;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// Directories of the room that hold .link files, strongest first.
const DIRECTORIES: [&str; 4] = [
    "/etc/systemd/network",
    "/run/systemd/network",
    "/usr/local/lib/systemd/network",
    "/usr/lib/systemd/network",
];

/// A file of a case: directory (index into [`DIRECTORIES`]), name below it, bytes; no bytes is a link to /dev/null.
type Files = Vec<(usize, String, Option<Vec<u8>>)>;

/// A room with three links and udev's database.
struct Bed {
    udevadm: String,
    devices: Vec<Device>,
    _room: netns::Room,
}

impl Bed {
    fn enter() -> Option<Self> {
        let room = netns::room_or_skip(&[])?;
        let Some(udevadm) = udevadm() else {
            netns::skip("udevadm", "no udevadm is installed");
            return None;
        };
        for directory in ["/etc/systemd", "/usr/local/lib", "/usr/lib/systemd/network"] {
            if !Path::new(directory).exists() {
                netns::skip("systemd", &format!("there is no {directory}"));
                return None;
            }
            room.private_dir(directory).expect("the room covers a directory");
        }
        netns::run("ip link add lan0 address bc:24:11:00:00:01 type veth peer name end0");
        netns::run("ip link set end0 address bc:24:11:00:00:02");
        netns::run("ip link add vmbr0 address bc:24:11:00:00:01 type bridge");
        std::fs::create_dir_all("/run/udev/data").expect("/run is the room's own");
        let bed = Self {
            udevadm,
            devices: [("lan0", "veth"), ("end0", "veth"), ("vmbr0", "bridge")]
                .map(|(name, kind)| device(name, kind))
                .into(),
            _room: room,
        };
        Some(bed)
    }

    /// What udev says of a device: the file that it gets and its new name.
    fn asked(&self, device: &Device) -> (Option<String>, Option<String>) {
        let output = Command::new(&self.udevadm)
            .args(["test-builtin", "net_setup_link"])
            .arg(format!("/sys/class/net/{}", device.name))
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
        lay_out(files);
        let root = Root::real();
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

fn udevadm() -> Option<String> {
    let told = std::env::var("CLEAT_UDEVADM").ok();
    let usual = || ["/usr/bin/udevadm", "/bin/udevadm"].map(str::to_owned);
    told.into_iter().chain(usual()).find(|path| Path::new(path).exists())
}

/// A device as sysfs has it, with what only netlink says and the properties that are put into udev's database.
fn device(name: &str, kind: &str) -> Device {
    let index = std::fs::read_to_string(format!("/sys/class/net/{name}/ifindex")).expect("the link is there");
    let entry = format!("E:ID_PATH=pci-0000:00:14.0-usb-{name}\nE:ID_VENDOR=A maker\n");
    std::fs::write(format!("/run/udev/data/n{}", index.trim()), entry).expect("/run is the room's own");
    let device = Device::read(&Root::real(), name);
    Device {
        kind: Some(kind.to_owned()),
        driver: Some(kind.to_owned()),
        ..device
    }
}

fn lay_out(files: &Files) {
    for directory in DIRECTORIES {
        let _ = std::fs::remove_dir_all(directory);
        // The bottom directory is a mount point: only its entries go.
        for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
            let _ = std::fs::remove_file(entry.path());
            let _ = std::fs::remove_dir_all(entry.path());
        }
        std::fs::create_dir_all(directory).expect("the room's own");
    }
    for (directory, name, bytes) in files {
        let path = Path::new(DIRECTORIES[*directory]).join(name);
        std::fs::create_dir_all(path.parent().expect("a file has one")).expect("the room's own");
        match bytes {
            Some(bytes) => std::fs::write(&path, bytes).expect("the room's own"),
            None => std::os::unix::fs::symlink("/dev/null", &path).expect("the room's own"),
        }
    }
}

/// One file of the strongest directory.
fn only(bytes: impl AsRef<[u8]>) -> Files {
    vec![(0, "10-a.link".to_owned(), Some(bytes.as_ref().to_vec()))]
}

/// Files of which something is odd, each with what is odd in it.
fn odd() -> Vec<(&'static str, Files)> {
    let text = |directory: usize, name: &str, text: &str| (directory, name.to_owned(), Some(text.as_bytes().to_vec()));
    let named = |name: &str| format!("[Match]\nOriginalName=*\n[Link]\nName={name}\n");
    vec![
        (
            "byte order mark",
            only("\u{feff}[Match]\nOriginalName=*\n[Link]\nName=bom0\n"),
        ),
        (
            "byte order mark on a comment",
            only("\u{feff}# x\n[Match]\nOriginalName=*\n[Link]\nName=bom0\n"),
        ),
        (
            "CRLF",
            only("[Match]\r\nOriginalName=lan0 end0\r\n[Link]\r\nName=crlf0\r\n"),
        ),
        ("CR alone", only("[Match]\rOriginalName=lan0\r[Link]\rName=cr0\r")),
        (
            "NUL ends a line",
            only("[Match]\0OriginalName=lan0\0[Link]\nName=nul0\n"),
        ),
        ("no final line end", only("[Match]\nOriginalName=*\n[Link]\nName=end9")),
        (
            "bad header behind all",
            only("[Match]\nOriginalName=*\n[Link]\nName=x0\n[Broken\n"),
        ),
        (
            "bad sign in a header",
            only("[Match]\nOriginalName=*\n[Li\"nk]\n[Link]\nName=x0\n"),
        ),
        ("not UTF-8", only(b"[Match]\nOriginalName=*\n[Link]\nName=x0\n# \xff\n")),
        (
            "not UTF-8 in a value",
            only(b"[Match]\nOriginalName=*\n[Link]\nName=x0\nAlias=\xff\n"),
        ),
        (
            "unknown section and keys",
            only("[Mine]\nA=b\n[Match]\nOriginalName=*\nFoo=bar\n[Link]\nBar=foo\nName=x0\n"),
        ),
        (
            "keys in the wrong case",
            only("[Match]\nOriginalName=*\nmacaddress=1:2:3:4:5:6\n[Link]\nname=x0\nName=y0\n"),
        ),
        (
            "key before any section",
            only("OriginalName=*\n[Match]\nType=ether\n[Link]\nName=x0\n"),
        ),
        (
            "no equals sign",
            only("[Match]\nOriginalName=*\nType\n=x\n[Link]\nName=x0\n"),
        ),
        ("empty [Match]", only("[Match]\n[Link]\nName=x0\n")),
        (
            "[Match] with only a bad address",
            only("[Match]\nMACAddress=zz\n[Link]\nName=x0\n"),
        ),
        (
            "bad address beside a type",
            only("[Match]\nMACAddress=zz\nType=ether\n[Link]\nName=x0\n"),
        ),
        (
            "good behind a bad address",
            only("[Match]\nMACAddress=zz bc:24:11:00:00:01\n[Link]\nName=x0\n"),
        ),
        (
            "addresses over lines",
            only("[Match]\nMACAddress=bc:24:11:00:00:01\nMACAddress=BC-24-11-00-00-02\n[Link]\nName=x0\n"),
        ),
        (
            "addresses reset",
            only("[Match]\nMACAddress=bc:24:11:00:00:01\nMACAddress=\nType=ether\n[Link]\nName=x0\n"),
        ),
        (
            "dotted address",
            only("[Match]\nMACAddress=bc24.1100.0002\n[Link]\nName=x0\n"),
        ),
        (
            "short bytes",
            only("[Match]\nMACAddress=bc:24:11:0:0:2\n[Link]\nName=x0\n"),
        ),
        (
            "continued list",
            only("[Match]\nMACAddress=1:2:3:4:5:6 \\\n# comment\n  bc:24:11:00:00:02\n[Link]\nName=x0\n"),
        ),
        (
            "continued header",
            only("[Ma\\\ntch]\nOriginalName=*\n[Link]\nName=x0\n"),
        ),
        (
            "continuation at the end",
            only("[Match]\nOriginalName=*\n[Link]\nName=x0 \\"),
        ),
        ("type with a negation", only("[Match]\nType=!bridge\n[Link]\nName=x0\n")),
        (
            "negated list",
            only("[Match]\nOriginalName=!lan0 vmbr0\n[Link]\nName=x0\n"),
        ),
        (
            "negation and wish",
            only("[Match]\nOriginalName=!lan0\nOriginalName=l* e*\n[Link]\nName=x0\n"),
        ),
        (
            "negation inside a list",
            only("[Match]\nOriginalName=lan0 !end0\n[Link]\nName=x0\n"),
        ),
        ("quotes", only("[Match]\nKind=\"veth\" 'bridge'\n[Link]\nName=x0\n")),
        ("open quote", only("[Match]\nKind=veth \"bridge\n[Link]\nName=x0\n")),
        (
            "quoted original name",
            only("[Match]\nOriginalName=\"lan0\"\n[Link]\nName=x0\n"),
        ),
        (
            "too long original name",
            only("[Match]\nOriginalName=lan0 sixteenbytesname\n[Link]\nName=x0\n"),
        ),
        (
            "only a too long original name",
            only("[Match]\nOriginalName=sixteenbytesname\n[Link]\nName=x0\n"),
        ),
        ("globs", only("[Match]\nOriginalName=[!v]??[0-9]\n[Link]\nName=x0\n")),
        (
            "named class in a glob",
            only("[Match]\nOriginalName=lan[[:digit:]]\n[Link]\nName=x0\n"),
        ),
        (
            "class with a backslash",
            only("[Match]\nKind=[a\\v]eth\n[Link]\nName=x0\n"),
        ),
        ("path", only("[Match]\nPath=*-usb-l*\n[Link]\nName=x0\n")),
        (
            "property",
            only("[Match]\nProperty=\"ID_VENDOR=A maker\" ID_PATH=*lan0\n[Link]\nName=x0\n"),
        ),
        (
            "property with an escape",
            only("[Match]\nProperty=ID_VENDOR=A\\x20maker\n[Link]\nName=x0\n"),
        ),
        (
            "property without a value",
            only("[Match]\nProperty=ID_VENDOR\nType=ether\n[Link]\nName=x0\n"),
        ),
        (
            "negated property",
            only("[Match]\nProperty=!ID_PATH=*lan0\n[Link]\nName=x0\n"),
        ),
        (
            "permanent address where there is none",
            only("[Match]\nPermanentMACAddress=bc:24:11:00:00:01\n[Link]\nName=x0\n"),
        ),
        ("driver", only("[Match]\nDriver=br*\n[Link]\nName=x0\n")),
        ("condition", only("[Match]\nOriginalName=*\nHost=!*\n[Link]\nName=x0\n")),
        ("condition alone", only("[Match]\nHost=*\n[Link]\nName=x0\n")),
        (
            "condition replaced",
            only("[Match]\nHost=!*\nHost=*\n[Link]\nName=x0\n"),
        ),
        (
            "command line",
            only("[Match]\nKernelCommandLine=!no.such.word\n[Link]\nName=x0\n"),
        ),
        (
            "kernel version",
            only("[Match]\nKernelVersion=[0-9]*\n[Link]\nName=x0\n"),
        ),
        ("architecture", only("[Match]\nArchitecture=!x86-64\n[Link]\nName=x0\n")),
        ("bad name", only("[Match]\nOriginalName=*\n[Link]\nName=a:b\n")),
        (
            "bad name behind a good one",
            only("[Match]\nOriginalName=*\n[Link]\nName=good0\nName=123\n"),
        ),
        (
            "name of 16 bytes",
            only("[Match]\nOriginalName=*\n[Link]\nName=sixteenbytesname\n"),
        ),
        (
            "name of 15 bytes",
            only("[Match]\nOriginalName=*\n[Link]\nName=fifteenbytesnam\n"),
        ),
        (
            "name reset",
            only("[Match]\nOriginalName=*\n[Link]\nName=good0\nName=\n"),
        ),
        (
            "name with blanks",
            only("[Match]\nOriginalName=*\n[Link]\nName=good0 bad0\n"),
        ),
        (
            "drop-in renames",
            vec![
                text(3, "10-a.link", &named("main0")),
                text(0, "10-a.link.d/5.conf", "[Link]\nName=five0\n"),
                text(2, "10-a.link.d/6.conf", "[Link]\nName=six0\n"),
                text(1, "10-a.link.d/5.conf", "[Link]\nName=hidden0\n"),
                text(1, "10-a.link.d/7.txt", "[Link]\nName=seven0\n"),
            ],
        ),
        (
            "drop-in narrows",
            vec![
                text(1, "10-a.link", &named("main0")),
                text(3, "10-a.link.d/x.conf", "[Match]\nMACAddress=bc:24:11:00:00:02\n"),
            ],
        ),
        (
            "masked drop-in",
            vec![
                text(1, "10-a.link", &named("main0")),
                text(3, "10-a.link.d/x.conf", "[Link]\nName=drop0\n"),
                (0, "10-a.link.d/x.conf".to_owned(), None),
            ],
        ),
        (
            "broken drop-in",
            vec![
                text(1, "10-a.link", &named("main0")),
                text(3, "10-a.link.d/x.conf", "[Link\n"),
            ],
        ),
        (
            "drop-in that is a directory",
            vec![
                text(1, "10-a.link", &named("main0")),
                text(3, "10-a.link.d/x.conf/y", "[Link]\nName=y0\n"),
            ],
        ),
        (
            "a directory of the name",
            vec![
                text(0, "10-a.link/x", ""),
                text(1, "10-a.link", &named("main0")),
                text(1, "20-a.link", &named("next0")),
            ],
        ),
        (
            "masked",
            vec![(0, "10-a.link".to_owned(), None), text(3, "10-a.link", &named("main0"))],
        ),
        (
            "empty is masked",
            vec![text(0, "10-a.link", ""), text(3, "10-a.link", &named("main0"))],
        ),
        (
            "blank is not masked",
            vec![text(0, "10-a.link", "\n"), text(3, "10-a.link", &named("main0"))],
        ),
        (
            "hidden file",
            vec![
                text(0, ".10-a.link", &named("dot0")),
                text(3, "20-a.link", &named("main0")),
            ],
        ),
        (
            "byte order of names",
            vec![
                text(0, "9-a.link", &named("nine0")),
                text(3, "10-a.link", &named("ten0")),
                text(0, "A.link", &named("letter0")),
            ],
        ),
    ]
}

#[test]
fn odd_files_are_read_as_udev_reads_them() {
    let Some(bed) = Bed::enter() else { return };
    let mut compared = 0;
    let mut wrong = Vec::new();
    for (what, files) in odd() {
        match bed.compare(&files) {
            Ok(count) => compared += count,
            Err(text) => wrong.push(format!("{what}: {text}")),
        }
    }
    assert_eq!(wrong, Vec::<String>::new(), "of {compared}");
    println!("{compared} devices and .link files agreed with udev");
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
fn invented_files_are_read_as_udev_reads_them() {
    let Some(bed) = Bed::enter() else { return };
    let cases = std::env::var("CLEAT_LINK_CASES")
        .ok()
        .and_then(|text| text.parse().ok());
    let config = Config {
        cases: cases.unwrap_or(60),
        failure_persistence: None,
        ..Config::default()
    };
    let seed = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, seed);
    let agrees = |files: Files| bed.compare(&files).map(drop).map_err(TestCaseError::fail);
    if let Err(error) = runner.run(&files(), agrees) {
        panic!("{error}");
    }
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
