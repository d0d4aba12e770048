//! What holds for any NIC.

use crate::invented;
use cleat_naming::link_file::{Device, LinkFiles, Machine};
use cleat_naming::policy::choose;
use cleat_naming::rules::{Rules, ruled};
use cleat_naming::{NEWEST, SCHEMES, Udev, facts, legal, predict};
use cleat_root::{Durability, Root};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Second witness: the tree itself, which facts are read from again.
    #[test]
    fn any_nic_is_read_from_its_tree_as_it_was_written(nic in invented::nic()) {
        let directory = tempfile::tempdir().unwrap();
        let root = Root::at(directory.path());
        facts::write(&root, std::slice::from_ref(&nic)).unwrap();
        let again = facts::read(&root, nic.name()).unwrap();
        prop_assert_eq!(invented::as_read(nic), again);
    }

    #[test]
    fn every_predicted_name_is_legal_or_told_to_be_illegal(nic in invented::nic(), version in 238..270u32) {
        for scheme in SCHEMES {
            for candidate in predict(&nic, scheme, Udev { version }).candidates {
                prop_assert!(candidate.name.len() <= 127 && !candidate.reason.is_empty(), "{:?}", candidate);
                let kernel_takes = (1..16).contains(&candidate.name.len())
                    && !candidate.name.contains(|char: char| char == '/' || char == ':' || char.is_whitespace());
                // What is legal the kernel takes too (net/core/dev.c, dev_valid_name).
                prop_assert!(legal(&candidate.name).is_err() || kernel_takes, "{:?}", candidate);
            }
        }
    }

    /// Whatever rules, .link files and the kernel say: the name that a NIC is told to get is one that it can have, and the
    /// one that is passed over is reported.
    #[test]
    fn every_chosen_name_is_legal_or_what_was_refused_is_told(
        nic in invented::nic(),
        rule in proptest::option::weighted(0.3, "[a-z0-9:/ .-]{0,20}"),
        name in "[a-z0-9:/ .%]{0,17}",
        policies in proptest::sample::subsequence(vec!["kernel", "keep", "database", "onboard", "slot", "path", "mac"], 0..7),
        uses_policies in any::<bool>(),
    ) {
        let directory = tempfile::tempdir().unwrap();
        let root = Root::at(directory.path());
        root.create_dir_all("/etc/systemd/network").unwrap();
        let text = format!("[Match]\nOriginalName=*\n[Link]\nName={name}\nNamePolicy={}\n", policies.join(" "));
        root.write_atomic("/etc/systemd/network/10.link", text.as_bytes(), Durability::Volatile).unwrap();
        let files = LinkFiles::load(&root);
        let device = Device { name: "eth0".to_owned(), ..Device::default() };
        let winner = files.verdict(&device, &Machine::default()).winner;
        let text = rule.iter().map(|name| format!("SUBSYSTEM==\"net\", NAME=\"{name}\"\n")).collect::<String>();
        let rules = Rules::of(std::path::Path::new("/etc/udev/rules.d/70.rules"), &text);
        for scheme in SCHEMES {
            let prediction = predict(&nic, scheme, Udev { version: NEWEST.version });
            let choice = choose(&nic, &prediction, winner, uses_policies, &ruled(&rules, &nic), scheme);
            // The kernel's own name is kept as it is.
            let kept = choice.name.as_deref() == Some(nic.name());
            let is_legal = choice.name.as_deref().is_none_or(|name| legal(name).is_ok());
            prop_assert!(kept || is_legal, "{:?}", choice);
            let refused = rule.as_ref().is_some_and(|name| !name.is_empty() && choice.name.as_ref() != Some(name));
            prop_assert!(!refused || !choice.doubts.is_empty(), "{:?} {:?}", rule, choice);
        }
    }

    /// Trees of files with any names and bytes, as no kernel makes them.
    #[test]
    fn reading_any_tree_and_predicting_from_it_never_panics(
        files in proptest::collection::vec(
            (
                prop_oneof![
                    Just("/sys/devices/pci0000:00/0000:00:03.0"),
                    Just("/sys/devices/pci0000:00/0000:00:03.0/net/eth0"),
                    Just("/sys/devices/pci0000:00"),
                    Just("/sys/bus/pci/slots/3"),
                    Just("/run/udev/data"),
                ],
                prop_oneof![
                    Just("uevent"), Just("type"), Just("ifindex"), Just("iflink"), Just("address"), Just("config"),
                    Just("acpi_index"), Just("modalias"), Just("phys_port_name"), Just("dev_port"), Just("n3"), Just("label"),
                    Just("addr_assign_type"),
                ],
                proptest::collection::vec(prop_oneof![Just(b'1'), Just(b'\n'), Just(b':'), Just(b's'), any::<u8>()], 0..20),
            ),
            0..25,
        ),
        subsystem in "[a-z/.]{0,6}",
    ) {
        let directory = tempfile::tempdir().unwrap();
        let at = |path: &str| directory.path().join(path.trim_start_matches('/'));
        std::fs::create_dir_all(at("/sys/class/net")).unwrap();
        let nic = "/sys/devices/pci0000:00/0000:00:03.0/net/eth0";
        std::fs::create_dir_all(at(nic)).unwrap();
        std::os::unix::fs::symlink(format!("../..{}", &nic[4..]), at("/sys/class/net/eth0")).unwrap();
        for (folder, name, bytes) in files {
            std::fs::create_dir_all(at(folder)).unwrap();
            std::fs::write(at(folder).join(name), bytes).unwrap();
        }
        for path in [nic, "/sys/devices/pci0000:00/0000:00:03.0"] {
            let _ = std::os::unix::fs::symlink(&subsystem, at(path).join("subsystem"));
        }
        let root = Root::at(directory.path());
        let facts = facts::read(&root, "eth0").unwrap();
        for scheme in SCHEMES {
            for version in [252, 257, 262] {
                let names = predict(&facts, scheme, Udev { version }).candidates;
                prop_assert!(names.iter().all(|found| found.name.len() <= 127));
            }
        }
    }
}
