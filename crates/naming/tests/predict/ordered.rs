//! The names that rules give against real udevs: `udevadm test` in the roots of [`oracle`](crate::oracle), which follows
//! rules files and tells each name that it takes.

use crate::oracle::Oracle;
use cleat_naming::rules::{Rules, ruled};
use cleat_naming::{NicFacts, Scheme, facts, legal};
use cleat_netns as netns;
use std::path::Path;

const FILE: &str = "/etc/udev/rules.d/70-persistent-net.rules";
const NET: &str = "SUBSYSTEM==\"net\", ";

/// Names as people write them, each given by the one rule there is.
const NAMES: &[&str] = &[
    "lan0",
    "a:b",
    "a/b",
    "a b",
    "a=b",
    "a~b",
    "l\u{e4}n0",
    "123",
    "default",
    "fifteen-bytes-a",
    "sixteen-bytes-ab",
    "this-name-is-too-long-for-it",
];

/// Rules that go past others. The NIC has the address 52:54:00:00:00:01.
const JUMPS: &[&str] = &[
    // A guard that lets this NIC through, and one that does not.
    "ATTR{address}!=\"52:54:00:00:00:01\", GOTO=\"end\"\nNAME=\"only0\"\nLABEL=\"end\"\n",
    "ATTR{address}!=\"52:54:00:00:00:02\", GOTO=\"end\"\nNAME=\"only0\"\nLABEL=\"end\"\n",
    // Behind the label, and on its line.
    "GOTO=\"end\"\nNAME=\"no0\"\nLABEL=\"end\", NAME=\"on0\"\n",
    "GOTO=\"end\"\nNAME=\"no0\"\nLABEL=\"end\"\nNAME=\"behind0\"\n",
    // The name on the jump's own line is given.
    "NAME=\"own0\", GOTO=\"end\"\nNAME=\"no0\"\nLABEL=\"end\"\n",
    // No label, one before, another one, and the first of two.
    "GOTO=\"end\"\nNAME=\"one0\"\n",
    "LABEL=\"end\"\nGOTO=\"end\"\nNAME=\"one0\"\n",
    "GOTO=\"end\"\nNAME=\"one0\"\nLABEL=\"other\"\nNAME=\"two0\"\n",
    "GOTO=\"end\"\nNAME=\"no0\"\nLABEL=\"end\"\nNAME=\"two0\"\nLABEL=\"end\"\n",
    // A jump past a jump, and one out of another's reach.
    "GOTO=\"a\"\nGOTO=\"b\"\nLABEL=\"a\"\nNAME=\"one0\"\nLABEL=\"b\"\n",
    "GOTO=\"a\"\nNAME=\"no0\"\nLABEL=\"a\"\nGOTO=\"b\"\nNAME=\"no1\"\nLABEL=\"b\"\nNAME=\"two0\"\n",
    // What is final stays, and a name that says nothing is none.
    "NAME:=\"one0\"\nNAME=\"two0\"\n",
    "NAME=\"one0\"\nNAME=\"\"\nNAME=\"%k\"\n",
];

#[test]
fn debian_12s_udev_takes_the_names_that_rules_give() {
    compare("udev-12");
}

#[test]
fn debian_13s_udev_takes_the_names_that_rules_give() {
    compare("udev-13");
}

#[test]
fn the_newest_udev_takes_the_names_that_rules_give() {
    compare("udev-sid");
}

fn compare(kept: &str) {
    let oracle = match Oracle::enter(kept) {
        Ok(oracle) => oracle,
        Err(reason) => return netns::skip("udevs", &format!("{kept}: {reason}")),
    };
    oracle.invent(&nic());
    let read = facts::read(&oracle.below(), "eth0").unwrap();
    let rules = oracle.root.join(&FILE[1..]);
    std::fs::create_dir_all(rules.parent().unwrap()).unwrap();
    let texts = NAMES.iter().map(|name| format!("NAME=\"{name}\"\n"));
    for text in texts.chain(JUMPS.iter().map(|text| (*text).to_owned())) {
        // Every rule of these is for network interfaces only.
        let text: String = text.lines().map(|line| format!("{NET}{line}\n")).collect();
        std::fs::write(&rules, &text).unwrap();
        for scheme in ["v247", "v252"].map(|name| Scheme::named(name).unwrap()) {
            let parsed = Rules::of(Path::new(FILE), &text);
            let found = ruled(&parsed, &read);
            assert_eq!(found.perhaps, [], "{text}");
            let given = found.by.map(|rule| rule.given(scheme));
            // udev refuses what cannot be a name only when it renames, which a test does not.
            let said = taken(&oracle, scheme).map(|name| legal(&name).map(|()| name));
            assert_eq!(given, said, "udev {} under {scheme}: {text}", oracle.udev.version);
        }
    }
}

/// The name that udev takes from the rules file.
fn taken(oracle: &Oracle, scheme: &Scheme) -> Option<String> {
    let words = ["test", "-a", "add", "/sys/class/net/eth0"];
    let output = oracle.output(&words, Some(scheme), "debug").unwrap();
    let log = [output.stdout, output.stderr].concat();
    let log = String::from_utf8_lossy(&log).into_owned();
    assert!(log.contains("70-persistent-net.rules"), "no rules were followed: {log}");
    // `eth0: /etc/udev/rules.d/70-persistent-net.rules:1 NAME 'lan0'`; the newest says
    // `eth0: /etc/udev/rules.d/70-persistent-net.rules:1 NAME="lan0": Set network interface name: lan0`.
    let said = log.lines().filter(|line| line.contains(FILE));
    let names = said.filter_map(|line| match line.split_once("Set network interface name: ") {
        Some((_, name)) => Some(name),
        None => line.split_once(" NAME '")?.1.strip_suffix('\''),
    });
    names.map(str::to_owned).next_back()
}

fn nic() -> NicFacts {
    let text = r#"{"devices": [
        {"syspath": "/sys/devices/pci0000:00/0000:00:03.0/net/eth0", "subsystem": "net",
         "attributes": {"address": "52:54:00:00:00:01", "type": "1", "ifindex": "77", "iflink": "77", "dev_port": "0",
                        "addr_assign_type": "0", "name_assign_type": "1"}},
        {"syspath": "/sys/devices/pci0000:00/0000:00:03.0", "subsystem": "pci", "header_type": 0}]}"#;
    serde_json::from_str(text).unwrap()
}
