//! Trees that were captured in booted machines, with what their own udev said under each scheme.
//!
//! Second witness: `truth.json` holds the output of `udevadm test-builtin net_id` in the machine (QEMU, Debian's kernel
//! and udev), and the name that the NIC had after the boot: its key.

use cleat_naming::facts;
use cleat_naming::link_file::{Device, LinkFiles, Machine as Conditions};
use cleat_naming::policy::choose;
use cleat_naming::rules::Ruled;
use cleat_naming::{NameSource, NicFacts, Scheme, Udev, predict};
use cleat_root::{Durability, Root};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/captured")
}

/// A machine's tree, unpacked, and what was said in it.
struct Machine {
    truth: Value,
    root: Root,
    _directory: tempfile::TempDir,
}

fn machines() -> Vec<(String, Machine)> {
    let truth: Value = serde_json::from_slice(&std::fs::read(folder().join("truth.json")).unwrap()).unwrap();
    let machines = truth.as_object().unwrap().iter();
    machines
        .map(|(name, truth)| {
            let directory = tempfile::tempdir().unwrap();
            let archive = folder().join(format!("{name}.tar.gz"));
            let mut tar = Command::new("tar");
            tar.arg("-xzf").arg(&archive).arg("-C").arg(directory.path());
            assert!(tar.status().unwrap().success(), "cannot unpack {}", archive.display());
            let machine = Machine {
                truth: truth.clone(),
                root: Root::at(directory.path().join("sysroot")),
                _directory: directory,
            };
            (name.clone(), machine)
        })
        .collect()
}

/// The NICs of a machine by name.
fn nics(root: &Root) -> BTreeMap<String, NicFacts> {
    let nics = facts::nics(root).unwrap();
    nics.into_iter().map(|nic| (nic.name().to_owned(), nic)).collect()
}

/// The names that are predicted, by the word that ends their property's name.
fn names(nic: &NicFacts, scheme: &str, udev: Udev) -> BTreeMap<String, String> {
    let prediction = predict(nic, Scheme::named(scheme).unwrap(), udev);
    let word = |origin: NameSource| origin.word().to_uppercase();
    let candidates = prediction.candidates.into_iter();
    candidates.map(|found| (word(found.origin), found.name)).collect()
}

#[test]
fn every_name_of_the_captured_machines_is_predicted_under_every_scheme() {
    let mut compared = 0;
    for (name, machine) in machines() {
        let version = u32::try_from(machine.truth["systemd"].as_u64().unwrap()).unwrap();
        let found = nics(&machine.root);
        let truth = machine.truth["nics"].as_object().unwrap();
        let known: Vec<&String> = truth.keys().collect();
        assert_eq!(found.keys().collect::<Vec<_>>(), known, "the NICs of {name}");
        for (nic, truth) in truth {
            for (scheme, said) in truth["net_id"].as_object().unwrap() {
                let said: BTreeMap<String, String> = serde_json::from_value(said.clone()).unwrap();
                let predicted = names(&found[nic], scheme, Udev { version });
                assert_eq!(predicted, said, "{nic} of {name} under {scheme}");
                compared += 1;
            }
        }
    }
    // 11 schemes of udev 252 in three machines of 13 NICs and one of 20, 15 of udev 257 in one of 13.
    assert!(compared > 700, "only {compared} NIC-scheme pairs compared");
}

/// The two .link files of Debian that name NICs, as the package udev has them.
const LINK_FILES: [(&str, &str); 2] = [
    (
        "/usr/lib/systemd/network/73-usb-net-by-mac.link",
        "[Match]\nPath=*-usb-*\n\n[Link]\nNamePolicy=mac\n",
    ),
    (
        "/usr/lib/systemd/network/99-default.link",
        "[Match]\nOriginalName=*\n\n[Link]\nNamePolicy=keep kernel database onboard slot path\n",
    ),
];

#[test]
fn the_name_that_each_nic_had_after_the_boot_is_the_one_that_is_chosen() {
    for (name, machine) in machines() {
        let version = u32::try_from(machine.truth["systemd"].as_u64().unwrap()).unwrap();
        let udev = Udev { version };
        let scheme = match machine.truth["scheme"].as_str().unwrap() {
            "default" => udev.default_scheme().unwrap(),
            pinned => Scheme::named(pinned).unwrap(),
        };
        for (path, text) in LINK_FILES {
            machine.root.create_dir_all("/usr/lib/systemd/network").unwrap();
            machine
                .root
                .write_atomic(path, text.as_bytes(), Durability::Volatile)
                .unwrap();
        }
        let files = LinkFiles::load(&machine.root);
        for (nic, facts) in nics(&machine.root) {
            let device = Device::read(&machine.root, &nic);
            let file = files.verdict(&device, &Conditions::read(&machine.root)).winner;
            let by = file.map(|file| file.path.display().to_string());
            assert_eq!(
                by.as_deref(),
                machine.truth["nics"][&nic]["link_file"].as_str(),
                "{nic} of {name}"
            );
            let chosen = choose(
                &facts,
                &predict(&facts, scheme, udev),
                file,
                true,
                &Ruled::default(),
                scheme,
            );
            assert_eq!(chosen.name.as_deref(), Some(nic.as_str()), "{nic} of {name}");
        }
    }
}

#[test]
fn facts_written_as_a_tree_are_read_as_they_were() {
    for (name, machine) in machines() {
        let nics = facts::nics(&machine.root).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let copy = Root::at(directory.path());
        facts::write(&copy, &nics).unwrap();
        assert_eq!(facts::nics(&copy).unwrap(), nics, "{name}");
        let text = serde_json::to_string(&nics).unwrap();
        assert_eq!(
            serde_json::from_str::<Vec<NicFacts>>(&text).unwrap(),
            nics,
            "{name} as JSON"
        );
    }
}

#[test]
fn a_captured_virtual_function_is_known_as_one() {
    let (_, machine) = machines()
        .into_iter()
        .find(|(name, _)| name == "debian-12-q35-default")
        .unwrap();
    let nics = nics(&machine.root);
    let function = nics["enp8s0v1"].virtual_function().unwrap();
    assert_eq!(function.number, "1");
    assert_eq!(function.physical[0].sysname(), "0000:08:00.0");
    assert_eq!(nics["enp8s0"].virtual_function(), None);
}
