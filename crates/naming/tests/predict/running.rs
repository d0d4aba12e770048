//! Which .link file a NIC gets at a boot, told from a host that runs: its names are others by now.
//!
//! Real udevs are asked with a tree of the boot, where the kernel has named the NICs and nobody else; we read a tree of the
//! same NICs as they are called afterwards. udev compares `OriginalName=` and its like with names that we no longer see, so
//! each answer of ours is either sure and the same, or a doubt that holds udev's answer among others.

use crate::oracle::Oracle;
use cleat_naming::link_file::{Device, LinkFiles, Machine};
use cleat_naming::{NicFacts, facts};
use cleat_netns as netns;
use cleat_root::{Durability, Root};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::collections::BTreeSet;
use std::io::Write;

const DIRECTORY: &str = "/etc/systemd/network";
/// Names of files, those of the package among them, which ours take the place of.
const FILES: &[&str] = &[
    "10-a.link",
    "20-b.link",
    "30-c.link",
    "73-usb-net-by-mac.link",
    "99-default.link",
];
const DEFAULT: &str = "[Match]\nOriginalName=*\n\n[Link]\nNamePolicy=keep kernel database onboard slot path\n";
/// Sets of files that each udev is asked about; `CLEAT_RUNNING_CASES` sets another number.
const CASES: u64 = 40;

/// A NIC at boot and afterwards.
struct Nic {
    index: u32,
    mac: &'static str,
    slot: u32,
    at_boot: &'static str,
    now: &'static str,
}

const NICS: [Nic; 3] = [
    Nic {
        index: 77,
        mac: "52:54:00:00:00:01",
        slot: 3,
        at_boot: "eth0",
        now: "lan0",
    },
    Nic {
        index: 78,
        mac: "52:54:00:00:00:02",
        slot: 4,
        at_boot: "eth1",
        now: "enp0s4",
    },
    // Nobody renamed this one.
    Nic {
        index: 79,
        mac: "52:54:00:00:00:03",
        slot: 5,
        at_boot: "eth2",
        now: "eth2",
    },
];

impl Nic {
    /// What sysfs and udev's database say of it under that name; `file` is the one that it got at this boot.
    fn facts(&self, name: &str, file: Option<&str>) -> NicFacts {
        let Self { index, mac, slot, .. } = self;
        let assigned = if name == self.at_boot { 1 } else { 4 };
        let noted = match (assigned, file) {
            (_, Some(file)) => format!(r#", "ID_NET_LINK_FILE": "{file}""#),
            (4, None) => format!(r#", "ID_NET_NAME_PATH": "enp0s{slot}""#),
            _ => String::new(),
        };
        let text = format!(
            r#"{{"devices": [
                {{"syspath": "/sys/devices/pci0000:00/0000:00:0{slot}.0/net/{name}", "subsystem": "net",
                 "attributes": {{"address": "{mac}", "type": "1", "ifindex": "{index}", "iflink": "{index}",
                                 "dev_port": "0", "addr_assign_type": "0", "name_assign_type": "{assigned}"}},
                 "properties": {{"ID_PATH": "pci-0000:00:0{slot}.0", "ID_VENDOR": "A maker", "ID_NET_DRIVER": "veth"{noted}}}}},
                {{"syspath": "/sys/devices/pci0000:00/0000:00:0{slot}.0", "subsystem": "pci", "header_type": 0}}]}}"#
        );
        serde_json::from_str(&text).unwrap()
    }
}

#[test]
fn debian_12s_udev_gives_the_files_that_a_running_host_foretells() {
    compare("udev-12");
}

#[test]
fn debian_13s_udev_gives_the_files_that_a_running_host_foretells() {
    compare("udev-13");
}

#[test]
fn the_newest_udev_gives_the_files_that_a_running_host_foretells() {
    compare("udev-sid");
}

fn line() -> impl Strategy<Value = String> {
    let of = |key: &'static str, values: Vec<&'static str>| {
        (
            proptest::collection::vec(select(values), 1..3),
            prop::bool::weighted(0.2),
        )
            .prop_map(move |(list, not)| format!("{key}={}{}", if not { "!" } else { "" }, list.join(" ")))
    };
    prop_oneof![
        4 => of("OriginalName", vec!["eth*", "eth0", "eth1", "e*", "*", "lan0", "en*", "eth?", "wlan*", "[a-z]*0"]),
        4 => of(
            "Property",
            vec![
                "INTERFACE=eth*", "INTERFACE=eth0", "INTERFACE=lan0", "DEVPATH=*/0000:00:03.0/*", "DEVPATH=*/net/eth*",
                "DEVPATH=*/net/eth1", "DEVPATH=*usb*", "SUBSYSTEM=net", "SUBSYSTEM=usb", "IFINDEX=77", "IFINDEX=7?",
                "DEVTYPE=*", "ID_PATH=pci-0000:00:04.0", "\"ID_VENDOR=A maker\"", "NONE=*",
            ],
        ),
        2 => of("Path", vec!["pci-0000:00:03.0", "pci-*", "*-usb-*"]),
        2 => of("Driver", vec!["veth", "e1000e", "v*"]),
        1 => of("MACAddress", vec!["52:54:00:00:00:01", "52:54:00:00:00:02"]).prop_map(|line| line.replace('!', "")),
        1 => of("Type", vec!["ether", "wlan", "e*"]),
        // Older udevs ignore it.
        1 => of("MachineTag", vec!["demo", "role=*", "other"]),
    ]
}

/// A set of files: name and text.
fn files() -> impl Strategy<Value = Vec<(String, String)>> {
    subsequence(FILES[..3].to_vec(), 1..=3).prop_flat_map(|names| {
        let each = names.into_iter().map(|name| {
            proptest::collection::vec(line(), 1..4).prop_map(move |lines| {
                (
                    name.to_owned(),
                    format!("[Match]\n{}\n[Link]\nMTUBytes=1500\n", lines.join("\n")),
                )
            })
        });
        each.collect::<Vec<_>>()
    })
}

fn lay_out(root: &Root, files: &[(String, String)]) {
    for name in FILES {
        let own = files.iter().find(|(of, _)| of == name);
        let path = format!("{DIRECTORY}/{name}");
        match (own, *name) {
            (Some((_, text)), _) => root.write_atomic(&path, text.as_bytes(), Durability::Volatile).unwrap(),
            (None, "99-default.link") => root
                .write_atomic(&path, DEFAULT.as_bytes(), Durability::Volatile)
                .unwrap(),
            (None, "73-usb-net-by-mac.link") => root.write_atomic(&path, b"", Durability::Volatile).unwrap(),
            (None, _) => drop(root.remove(&path).unwrap()),
        }
    }
}

/// The base name of the file that udev gives a NIC.
fn asked(oracle: &Oracle, nic: &Nic) -> Option<String> {
    let path = format!("/sys/class/net/{}", nic.at_boot);
    let output = oracle
        .output(&["test-builtin", "net_setup_link", &path], None, "err")
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let file = text.lines().find_map(|line| line.strip_prefix("ID_NET_LINK_FILE="))?;
    Some(file.rsplit('/').next().unwrap_or_default().to_owned())
}

/// A host that runs, in a folder of its own.
fn running(oracle: &Oracle, files: &[(String, String)], noted: &[Option<String>]) -> (tempfile::TempDir, Root) {
    let directory = tempfile::tempdir().unwrap();
    let root = Root::at(directory.path());
    let facts = NICS.iter().zip(noted).map(|(nic, file)| {
        let file = file.as_ref().map(|file| format!("{DIRECTORY}/{file}"));
        nic.facts(nic.now, file.as_deref())
    });
    facts::write(&root, &facts.collect::<Vec<_>>()).unwrap();
    for path in [DIRECTORY, "/usr/lib/systemd"] {
        root.create_dir_all(path).unwrap();
    }
    let library = format!("/usr/lib/systemd/libsystemd-shared-{}.so", oracle.udev.version);
    root.write_atomic(library, b"", Durability::Volatile).unwrap();
    root.write_atomic("/etc/machine-info", TAGS, Durability::Volatile)
        .unwrap();
    lay_out(&root, files);
    (directory, root)
}

const TAGS: &[u8] = b"TAGS=demo:role=web\n";

fn compare(kept: &str) {
    let oracle = match Oracle::enter(kept) {
        Ok(oracle) => oracle,
        Err(reason) => return netns::skip("udevs", &format!("{kept}: {reason}")),
    };
    let at_boot: Vec<NicFacts> = NICS.iter().map(|nic| nic.facts(nic.at_boot, None)).collect();
    facts::write(&oracle.below(), &at_boot).unwrap();
    oracle.below().create_dir_all(DIRECTORY).unwrap();
    std::fs::write(oracle.root.join("etc/machine-info"), TAGS).unwrap();
    for nic in &NICS {
        // udev asks the kernel for the link of that index.
        let Nic {
            index, mac, at_boot, ..
        } = nic;
        netns::run(&format!(
            "ip link add {at_boot} index {index} address {mac} type veth peer name peer{index}"
        ));
    }
    let cases = std::env::var("CLEAT_RUNNING_CASES")
        .ok()
        .and_then(|text| text.parse().ok());
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]));
    let (mut sure, mut doubtful, mut other) = (0, 0, BTreeSet::new());
    for _ in 0..cases.unwrap_or(CASES) {
        let files = files().new_tree(&mut runner).unwrap().current();
        lay_out(&oracle.below(), &files);
        let said: Vec<Option<String>> = NICS.iter().map(|nic| asked(&oracle, nic)).collect();
        // Once from what is there alone, and once with what udev noted at the boot.
        for noted in [vec![None; NICS.len()], said.clone()] {
            let (_directory, root) = running(&oracle, &files, &noted);
            let read = LinkFiles::load(&root);
            let machine = Machine::read(&root);
            for ((nic, said), noted) in NICS.iter().zip(&said).zip(&noted) {
                let verdict = read.verdict(&Device::read(&root, nic.now), &machine);
                let winner = verdict.winner.map(|file| file.base_name().to_owned());
                let mut may: BTreeSet<Option<String>> = BTreeSet::from([winner.clone()]);
                if noted.is_none() {
                    may.extend(verdict.open().map(|(file, _)| Some(file.base_name().to_owned())));
                    if verdict.unless.is_some() {
                        may.extend(verdict.shadowed().map(|file| Some(file.base_name().to_owned())));
                    }
                }
                assert!(
                    may.contains(said),
                    "udev {}: {} ({}) gets {said:?}, we say {may:?} ({noted:?})\n{:?}\n{files:#?}",
                    oracle.udev.version,
                    nic.at_boot,
                    nic.now,
                    verdict.passed
                );
                match may.len() {
                    1 => sure += 1,
                    _ => doubtful += 1,
                }
                other.insert(winner);
            }
        }
    }
    let line = format!(
        "COMPARED udev {}: {sure} files foretold, {doubtful} left open\n",
        oracle.udev.version
    );
    // Not eprintln!: libtest would swallow it in a passing test.
    let _ = std::io::stderr().write_all(line.as_bytes());
    assert!(sure > 2 * doubtful, "too many doubts: {line}");
    assert!(other.len() > 3, "too few files were taken: {other:?}");
}
